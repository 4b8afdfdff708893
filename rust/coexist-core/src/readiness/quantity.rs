//! Sizes as Exchange prints them.

/// The bytes of `30 GB (32,212,254,720 bytes)`, whatever the culture's digit grouping, of `1.5 GB` (then as exact as it is written), of a bare number,
/// and of `Unlimited` ([`u64::MAX`]).
pub fn bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("unlimited") {
        return Some(u64::MAX);
    }
    if let Some((_, inside)) = text.split_once('(') {
        let digits: String = inside.chars().filter(char::is_ascii_digit).collect();
        return digits.parse().ok();
    }
    const UNITS: [(&str, u64); 5] = [("TB", 1 << 40), ("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10), ("B", 1)];
    let upper = text.to_ascii_uppercase();
    let (number, unit) = UNITS.iter().find_map(|(name, unit)| upper.strip_suffix(name).map(|number| (number, *unit))).unwrap_or((&upper, 1));
    let number = number.trim().replace(',', ".");
    let (whole, fraction) = number.split_once('.').unwrap_or((&number, ""));
    if whole.is_empty() || whole.len() > 12 || fraction.len() > 6 || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut total = u128::from(whole.parse::<u64>().ok()?) * u128::from(unit);
    if !fraction.is_empty() {
        total += u128::from(fraction.parse::<u64>().ok()?) * u128::from(unit) / 10u128.pow(fraction.len() as u32);
    }
    u64::try_from(total).ok()
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn sizes_are_read_in_every_culture() {
        for (text, size) in [
            ("30 GB (32,212,254,720 bytes)", 32_212_254_720),
            ("30 GB (32.212.254.720 bytes)", 32_212_254_720),
            ("30 GB (32\u{a0}212\u{a0}254\u{a0}720 bytes)", 32_212_254_720),
            ("0 B (0 bytes)", 0),
            ("1.5 GB", 1_610_612_736),
            ("1,5 KB", 1536),
            ("100GB", 107_374_182_400),
            ("12345", 12345),
            ("Unlimited", u64::MAX),
        ] {
            assert_eq!(bytes(text), Some(size), "{text}");
        }
        for text in ["", "GB", "lots", "-1 GB", "1.2.3 GB", "(bytes)", "99999999999999 TB"] {
            assert_eq!(bytes(text), None, "{text}");
        }
    }
}

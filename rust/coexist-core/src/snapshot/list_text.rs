//! A list that was joined into one text, as scripts do before Export-Csv.

/// The items of a joined list of addresses or holds, in order.
///
/// The separator is the first of `;`, `|`, line break, `,` and space that is followed by something that begins like an address (`smtp:`), so that the
/// spaces and commas inside an X500 or X400 address do not cut it; without any such place the text is one item.
pub fn split(text: &str) -> impl Iterator<Item = &str> {
    let separator = SEPARATORS.into_iter().find(|separator| cuts(text, *separator).next().is_some());
    let mut cuts = separator.into_iter().flat_map(move |separator| cuts(text, separator));
    let mut start = Some(0);
    std::iter::from_fn(move || {
        let from = start?;
        let to = cuts.next();
        start = to.map(|to| to + 1);
        Some(text[from..to.unwrap_or(text.len())].trim())
    })
    .filter(|item| !item.is_empty())
}

const SEPARATORS: [char; 6] = [';', '|', '\n', '\r', ',', ' '];

fn cuts(text: &str, separator: char) -> impl Iterator<Item = usize> + '_ {
    text.char_indices().filter(move |(at, c)| *c == separator && begins_address(&text[at + 1..], separator)).map(|(at, _)| at)
}

/// After a space only the prefixes that Exchange itself uses begin an address: a display name may end in a colon.
const KNOWN_PREFIXES: [&str; 7] = ["smtp", "x500", "x400", "sip", "eum", "spo", "mbx"];

fn begins_address(rest: &str, separator: char) -> bool {
    if rest.starts_with(separator) {
        return false; // an X400 address ends in ';' itself
    }
    let rest = rest.trim_start();
    if separator == ';' || separator == '|' || separator == '\n' || separator == '\r' {
        // These separate holds, too, which have no prefix; X400 addresses use ';' inside (`c=us;a= ;p=contoso;`), always before `x=`.
        return !looks_like_x400_part(rest);
    }
    let Some(colon) = rest.find(':') else { return false };
    KNOWN_PREFIXES.iter().any(|prefix| rest[..colon].eq_ignore_ascii_case(prefix))
}

fn looks_like_x400_part(rest: &str) -> bool {
    let name = rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    rest.is_empty() || (name > 0 && name <= 8 && rest.as_bytes().get(name) == Some(&b'='))
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn joined_lists_are_cut_only_between_addresses() {
        let cases: [(&str, &[&str]); 7] = [
            ("SMTP:a@b.c;smtp:d@e.f", &["SMTP:a@b.c", "smtp:d@e.f"]),
            ("SMTP:a@b.c smtp:d@e.f X500:/o=A B/cn=C D", &["SMTP:a@b.c", "smtp:d@e.f", "X500:/o=A B/cn=C D"]),
            ("SMTP:a@b.c, X500:/o=A, Inc/cn=x", &["SMTP:a@b.c", "X500:/o=A, Inc/cn=x"]),
            ("X400:c=us;a= ;p=contoso;o=Exchange;s=Doe;g=Jo;;SMTP:a@b.c", &["X400:c=us;a= ;p=contoso;o=Exchange;s=Doe;g=Jo;", "SMTP:a@b.c"]),
            ("UniH0123;mbx4567:2", &["UniH0123", "mbx4567:2"]),
            ("SMTP:solo@b.c", &["SMTP:solo@b.c"]),
            ("", &[]),
        ];
        for (text, items) in cases {
            assert_eq!(split(text).collect::<Vec<_>>(), items, "{text}");
        }
    }
}

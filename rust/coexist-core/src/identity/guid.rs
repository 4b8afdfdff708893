//! A GUID as .NET and Active Directory hold it.

use std::fmt;
use std::str::FromStr;

use serde::{de, Deserialize, Deserializer, Serialize, Serializer};

/// 16 bytes in the order of .NET's `Guid.ToByteArray` and of AD's octet strings: the first three fields of the text are
/// little-endian, the last eight bytes are as written ([MS-DTYP] 2.3.4.2).
///
/// Ordered by these bytes, not by the text: the order is stable, it is not alphabetical.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Guid([u8; 16]);

/// Where each byte of the text, from left to right, lies in AD order.
const TEXT_ORDER: [usize; 16] = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
/// Where each of those bytes begins in the 36 characters of the canonical text.
const TEXT_OFFSET: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
const DASHES: [usize; 4] = [8, 13, 18, 23];
/// How many hex digits each number of the X form may have: 8, 4, 4, then eight single bytes.
const X_FIELD_BYTES: [usize; 11] = [4, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1];
/// In the X form the eight single bytes stand in braces of their own, from this number on.
const X_INNER: usize = 3;

const HEX_LOWER: &[u8; 16] = b"0123456789abcdef";

impl Guid {
    /// All zeros: Exchange's way of saying "none".
    pub const NIL: Guid = Guid([0; 16]);

    /// From 16 bytes in AD order.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Guid(bytes)
    }

    /// The 16 bytes in AD order.
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0
    }

    /// All zeros.
    pub fn is_nil(self) -> bool {
        self == Self::NIL
    }

    /// The version nibble (RFC 9562): 4 for what AD and Exchange make.
    pub const fn version(self) -> u8 {
        self.0[7] >> 4
    }

    /// Whether the variant bits are those of RFC 9562; the byte that holds them is in the same place in either byte order.
    pub const fn is_rfc_variant(self) -> bool {
        self.0[8] & 0xc0 == 0x80
    }

    /// The GUID that the same bytes are when read big-endian (and back: this is its own inverse).
    pub fn byte_swapped(self) -> Guid {
        Guid(TEXT_ORDER.map(|from| self.0[from]))
    }

    /// Reads every written form: D (dashes), N (32 digits), B (braces), P (parentheses), X (`{0x…,{…}}`) of .NET, and
    /// `urn:uuid:`; upper or lower case; white space around it. Allocates nothing.
    pub fn parse(text: &str) -> Result<Guid, ParseGuidError> {
        let bytes = text.trim().as_bytes();
        let guid = match bytes {
            [b'{', inner @ .., b'}'] => parse_dashed(inner).or_else(|| parse_x(bytes)),
            [b'(', inner @ .., b')'] => parse_dashed(inner),
            _ if bytes.len() == 32 => parse_32(bytes).map(Guid::byte_swapped),
            _ if starts_with_ignore_case(bytes, b"urn:uuid:") => parse_dashed(&bytes[9..]),
            _ => parse_dashed(bytes),
        };
        guid.ok_or(ParseGuidError)
    }

    /// 32 hex digits read as the bytes in AD order, one after the other (not the N form).
    pub fn parse_ad_hex(text: &str) -> Result<Guid, ParseGuidError> {
        parse_32(text.as_bytes()).ok_or(ParseGuidError)
    }

    /// The canonical text: lower case, dashes, no braces.
    pub fn encode(self, buffer: &mut [u8; 36]) -> &str {
        for (&from, at) in TEXT_ORDER.iter().zip(TEXT_OFFSET) {
            let [high, low] = hex_pair(self.0[from]);
            buffer[at] = high;
            buffer[at + 1] = low;
        }
        for at in DASHES {
            buffer[at] = b'-';
        }
        // Only ASCII was written.
        std::str::from_utf8(buffer).unwrap_or_default()
    }
}

/// The text is not a GUID in any written form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a GUID in any written form (00112233-4455-6677-8899-aabbccddeeff, with or without dashes, braces, parentheses, urn:uuid: or {{0x…}})")]
pub struct ParseGuidError;

/// The two lower-case hex digits of a byte.
pub(super) const fn hex_pair(byte: u8) -> [u8; 2] {
    [
        HEX_LOWER[(byte >> 4) as usize],
        HEX_LOWER[(byte & 15) as usize],
    ]
}

/// The value of one hex digit of either case.
pub(super) const fn hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// The byte that two hex digits write.
pub(super) fn hex_byte(high: u8, low: u8) -> Option<u8> {
    Some(hex_value(high)? << 4 | hex_value(low)?)
}

/// Whether `bytes` starts with `prefix`, ASCII case aside.
pub(super) fn starts_with_ignore_case(bytes: &[u8], prefix: &[u8]) -> bool {
    bytes.len() >= prefix.len() && bytes[..prefix.len()].eq_ignore_ascii_case(prefix)
}

fn parse_32(digits: &[u8]) -> Option<Guid> {
    let mut bytes = [0; 16];
    if digits.len() != 32 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = hex_byte(pair[0], pair[1])?;
    }
    Some(Guid(bytes))
}

fn parse_dashed(text: &[u8]) -> Option<Guid> {
    if text.len() != 36 || DASHES.iter().any(|&at| text[at] != b'-') {
        return None;
    }
    let text: &[u8; 36] = text.try_into().ok()?;
    let (mut bytes, mut bad) = ([0; 16], 0);
    for (&to, at) in TEXT_ORDER.iter().zip(TEXT_OFFSET) {
        let (high, low) = (HEX_VALUES[text[at] as usize], HEX_VALUES[text[at + 1] as usize]);
        bytes[to] = high << 4 | low;
        bad |= high | low;
    }
    (bad <= 15).then_some(Guid(bytes))
}

/// The value of each hex digit; of what is none, more than a digit can have.
const HEX_VALUES: [u8; 256] = {
    let mut values = [0xff; 256];
    let mut byte = 0;
    while byte < values.len() {
        if let Some(value) = hex_value(byte as u8) {
            values[byte] = value;
        }
        byte += 1;
    }
    values
};

/// `{0x00112233,0x4455,0x6677,{0x88,0x99,0xaa,0xbb,0xcc,0xdd,0xee,0xff}}`; like .NET, white space anywhere and leading
/// zeros left out are fine.
fn parse_x(text: &[u8]) -> Option<Guid> {
    let mut rest = text.iter().copied().filter(|b| !b.is_ascii_whitespace());
    let mut next = rest.next();
    let mut take = |wanted: u8| -> Option<()> {
        let found = next.is_some_and(|b| b.eq_ignore_ascii_case(&wanted));
        found.then(|| next = rest.next())
    };
    let mut bytes = [0; 16];
    let mut at = 0;
    take(b'{')?;
    for (field, width) in X_FIELD_BYTES.into_iter().enumerate() {
        if field > 0 {
            take(b',')?;
        }
        if field == X_INNER {
            take(b'{')?;
        }
        take(b'0')?;
        take(b'x')?;
        let mut value: u32 = 0;
        let mut digits = 0;
        while let Some(digit) = HEX_LOWER.iter().position(|&d| take(d).is_some()) {
            digits += 1;
            if digits > width * 2 {
                return None;
            }
            value = value << 4 | digit as u32;
        }
        if digits == 0 {
            return None;
        }
        let little = value.to_le_bytes();
        bytes[at..at + width].copy_from_slice(&little[..width]);
        at += width;
    }
    take(b'}')?;
    take(b'}')?;
    next.is_none().then_some(Guid(bytes))
}

impl FromStr for Guid {
    type Err = ParseGuidError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Guid::parse(text)
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.encode(&mut [0; 36]))
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// As the canonical text.
impl Serialize for Guid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.encode(&mut [0; 36]))
    }
}

/// From any written form.
impl<'de> Deserialize<'de> for Guid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = Guid;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a GUID")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Guid, E> {
                Guid::parse(text).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "00112233-4455-6677-8899-aabbccddeeff";
    const BYTES: [u8; 16] = [
        0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee,
        0xff,
    ];

    #[test]
    fn every_written_form_is_the_same_guid() {
        for form in [
            TEXT,
            "00112233-4455-6677-8899-AABBCCDDEEFF",
            "00112233445566778899aabbccddeeff",
            "{00112233-4455-6677-8899-aabbccddeeff}",
            "(00112233-4455-6677-8899-aabbccddeeff)",
            "  00112233-4455-6677-8899-aabbccddeeff\r\n",
            "URN:UUID:00112233-4455-6677-8899-aabbccddeeff",
            "{0x00112233,0x4455,0x6677,{0x88,0x99,0xaa,0xbb,0xcc,0xdd,0xee,0xff}}",
            "{ 0X112233, 0x4455, 0x6677, { 0x88,0x99,0xaa,0xbb,0xcc,0xdd,0xee,0xFF } }",
        ] {
            assert_eq!(Guid::parse(form), Ok(Guid(BYTES)), "{form}");
        }
        assert_eq!(Guid(BYTES).to_string(), TEXT);
        assert_eq!(
            Guid::parse_ad_hex("33221100554477668899AABBCCDDEEFF"),
            Ok(Guid(BYTES))
        );
    }

    #[test]
    fn what_is_not_a_guid_is_refused() {
        for text in [
            "",
            "{}",
            "()",
            "{",
            "urn:uuid:",
            "00112233-4455-6677-8899-aabbccddeef",
            "00112233-4455-6677-8899-aabbccddeefff",
            "00112233-4455-6677-8899_aabbccddeeff",
            "0011223-34455-6677-8899-aabbccddeeff",
            "{00112233-4455-6677-8899-aabbccddeeff)",
            "{00112233445566778899aabbccddeeff}",
            "g0112233-4455-6677-8899-aabbccddeeff",
            "{0x00112233,0x4455,0x6677,{0x88,0x99,0xaa,0xbb,0xcc,0xdd,0xee,0x1ff}}",
            "{0x00112233,0x4455,0x6677,{0x88,0x99,0xaa,0xbb,0xcc,0xdd,0xee,0x}}",
            "{0x00112233,0x4455,0x6677,0x88,0x99,0xaa,0xbb,0xcc,0xdd,0xee,0xff}",
            "{0x00112233,0x4455,0x6677,{0x88,0x99,0xaa,0xbb,0xcc,0xdd,0xee,0xff}}}",
            "ÅÅÅÅÅÅÅÅ-ÅÅÅÅ-ÅÅÅÅ-ÅÅ",
        ] {
            assert_eq!(Guid::parse(text), Err(ParseGuidError), "{text}");
        }
    }

    #[test]
    fn version_variant_and_swapping() {
        let made_by_ad = Guid::parse("30475e40-e7ae-4af3-af75-8b143c81daf5").unwrap();
        assert_eq!(
            (made_by_ad.version(), made_by_ad.is_rfc_variant()),
            (4, true)
        );
        let swapped = made_by_ad.byte_swapped();
        assert_eq!(swapped.to_string(), "405e4730-aee7-f34a-af75-8b143c81daf5");
        assert_eq!(swapped.byte_swapped(), made_by_ad);
        assert!(Guid::NIL.is_nil() && !made_by_ad.is_nil());
    }

    #[test]
    fn json_is_the_canonical_text_and_reads_every_form() {
        let guid: Guid =
            serde_json::from_str("\"{00112233-4455-6677-8899-AABBCCDDEEFF}\"").unwrap();
        assert_eq!(serde_json::to_string(&guid).unwrap(), format!("\"{TEXT}\""));
        assert!(serde_json::from_str::<Guid>("\"System.Byte[]\"").is_err());
    }
}

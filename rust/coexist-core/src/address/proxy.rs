//! One proxy address, as EmailAddresses and proxyAddresses hold them: `prefix:value`.

use super::domain::canonical_domain;
use crate::directory::{ascii_hash, lower_hash, text_hash};
use std::borrow::Cow;

/// What an address is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum AddressType {
    Smtp,
    X500,
    X400,
    Sip,
    Eum,
    Spo,
    Other,
}

impl AddressType {
    /// The name in output.
    pub fn name(self) -> &'static str {
        match self {
            AddressType::Smtp => "SMTP",
            AddressType::X500 => "X500",
            AddressType::X400 => "X400",
            AddressType::Sip => "SIP",
            AddressType::Eum => "EUM",
            AddressType::Spo => "SPO",
            AddressType::Other => "Other",
        }
    }

    fn of(prefix: &str) -> Self {
        const TYPES: [AddressType; 6] =
            [AddressType::Smtp, AddressType::X500, AddressType::X400, AddressType::Sip, AddressType::Eum, AddressType::Spo];
        let same = |kind: &AddressType| kind.name().len() == prefix.len() && kind.name().eq_ignore_ascii_case(prefix);
        TYPES.into_iter().find(same).unwrap_or(AddressType::Other)
    }
}

/// One address. The text is kept as it was written; only comparing knows about case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProxyAddress<'a> {
    /// As it was exported.
    pub text: &'a str,
    /// What it is for.
    pub kind: AddressType,
    /// Before the colon; empty where the export wrote none.
    pub prefix: &'a str,
    /// After the colon.
    pub value: &'a str,
}

impl<'a> ProxyAddress<'a> {
    /// Reads one address. Text without a prefix is SMTP when it has an `@`, as Exchange takes it; every unknown prefix is kept.
    pub fn parse(text: &'a str) -> Self {
        // Nearly every address begins and ends with a character that nothing trims.
        let graphic = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_graphic);
        let text = if graphic(text.as_bytes().first()) && graphic(text.as_bytes().last()) { text } else { text.trim() };
        // A prefix is letters, digits, `-` and `_`: what ends it is a colon, or there is none.
        let end = text.bytes().position(|byte| !(byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'));
        let (prefix, value) = match end {
            Some(end) if end > 0 && text.as_bytes()[end] == b':' => (&text[..end], &text[end + 1..]),
            _ => ("", text),
        };
        let kind = match prefix {
            "" if value.contains('@') => AddressType::Smtp,
            "" => AddressType::Other,
            prefix => AddressType::of(prefix),
        };
        ProxyAddress { text, kind, prefix, value }
    }

    /// True for the SMTP primary: its prefix is written in capitals.
    pub fn is_primary_smtp(&self) -> bool {
        self.prefix == "SMTP"
    }

    /// What stands before the last `@` of an SMTP address.
    pub fn local_part(&self) -> Option<&'a str> {
        self.smtp_parts().map(|(local, _)| local)
    }

    /// The domain of an SMTP address.
    pub fn domain(&self) -> Option<&'a str> {
        self.smtp_parts().map(|(_, domain)| domain)
    }

    fn smtp_parts(&self) -> Option<(&'a str, &'a str)> {
        if self.kind != AddressType::Smtp {
            return None;
        }
        let at = memchr::memrchr(b'@', self.value.as_bytes())?;
        Some((&self.value[..at], &self.value[at + 1..]))
    }

    /// Whether the value is one of its type. Exchange checks SMTP only, so the rest is checked here, and only where the type has a form: X500 begins
    /// with `/`; no address holds control characters.
    pub fn is_well_formed(&self) -> bool {
        if self.value.is_empty() || has_control(self.text) {
            return false;
        }
        match self.kind {
            AddressType::Smtp => self.smtp_parts().is_some_and(|(local, domain)| {
                !local.is_empty() && domain.split('.').all(|label| !label.is_empty()) && !has_white_space(self.value)
            }),
            AddressType::X500 => self.value.starts_with('/') && self.value.len() > 1,
            _ => true,
        }
    }

    /// The text under which two addresses are the same: type and value without case, the domain in canonical spelling. Prefix case is not identity.
    pub fn key(&self) -> String {
        let mut key = String::with_capacity(self.text.len() + 8);
        self.write_key(&mut key);
        key
    }

    /// Appends [`Self::key`].
    pub fn write_key(&self, key: &mut String) {
        match self.kind {
            AddressType::Other => push_lower(key, self.prefix),
            kind => push_lower(key, kind.name()),
        }
        key.push(':');
        match self.smtp_parts() {
            Some((local, domain)) => {
                push_lower(key, local);
                key.push('@');
                key.push_str(&canonical_domain(domain));
            }
            None => push_lower(key, self.value),
        }
    }

    /// Whether two addresses are the same one.
    pub fn same_as(&self, other: &ProxyAddress) -> bool {
        if self.kind != other.kind || (self.kind == AddressType::Other && !self.prefix.eq_ignore_ascii_case(other.prefix)) {
            return false;
        }
        // Of ASCII, canonical spelling is lower case and nothing else.
        if self.value.is_ascii() && other.value.is_ascii() {
            return self.value.eq_ignore_ascii_case(other.value);
        }
        self.value == other.value || self.key() == other.key()
    }

    /// A hash of [`Self::key`], the same in every run.
    pub fn key_hash(&self) -> u64 {
        let seed = match self.kind {
            AddressType::Other => text_hash(self.prefix),
            kind => kind as u64,
        };
        if self.value.is_ascii() {
            ascii_hash(seed, self.value.as_bytes())
        } else {
            // Without the type, which the seed says; canonical spelling may be ASCII.
            let key = self.key();
            let value = key.split_once(':').map_or("", |(_, value)| value);
            lower_hash(seed, value.as_bytes())
        }
    }

    /// The address as Exchange takes it: an SMTP address without a prefix gets `smtp:`.
    pub fn with_prefix(&self) -> Cow<'a, str> {
        if self.prefix.is_empty() && self.kind == AddressType::Smtp {
            Cow::Owned(format!("smtp:{}", self.text))
        } else {
            Cow::Borrowed(self.text)
        }
    }
}

/// Whether a text holds control characters; of ASCII, all of it is looked at at once.
pub(crate) fn has_control(text: &str) -> bool {
    let (control, other) = text.bytes().fold((false, false), |(control, other), byte| (control | byte.is_ascii_control(), other | !byte.is_ascii()));
    control || (other && text.chars().any(char::is_control))
}

/// Whether a text without control characters holds white space.
fn has_white_space(text: &str) -> bool {
    // The other white space of ASCII is control characters.
    if text.is_ascii() { text.contains(' ') } else { text.contains(char::is_whitespace) }
}

fn push_lower(to: &mut String, text: &str) {
    if text.is_ascii() {
        let start = to.len();
        to.push_str(text);
        to[start..].make_ascii_lowercase();
    } else {
        to.extend(text.chars().flat_map(char::to_lowercase));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_exchange_writes_them() {
        let cases = [
            ("SMTP:Zoë+news@Bücher.example", AddressType::Smtp, true, "smtp:zoë+news@xn--bcher-kva.example"),
            ("smtp:a@contoso.com", AddressType::Smtp, false, "smtp:a@contoso.com"),
            ("A@contoso.com", AddressType::Smtp, false, "smtp:a@contoso.com"),
            ("x500:/o=Contoso/cn=Jo Doe", AddressType::X500, false, "x500:/o=contoso/cn=jo doe"),
            ("X400:c=us;a= ;p=contoso;s=Doe;", AddressType::X400, false, "x400:c=us;a= ;p=contoso;s=doe;"),
            ("EUM:123;phone-context=x", AddressType::Eum, false, "eum:123;phone-context=x"),
            ("SPO:SPO_1@SPO_2", AddressType::Spo, false, "spo:spo_1@spo_2"),
            ("notes:CN=Jo/O=Contoso@Contoso", AddressType::Other, false, "notes:cn=jo/o=contoso@contoso"),
            ("/o=Contoso", AddressType::Other, false, ":/o=contoso"),
        ];
        for (text, kind, primary, key) in cases {
            let address = ProxyAddress::parse(text);
            assert_eq!((address.kind, address.is_primary_smtp(), address.key().as_str()), (kind, primary, key), "{text}");
            assert_eq!(address.text, text);
        }
    }

    #[test]
    fn two_unknown_types_with_one_value_are_two_addresses() {
        assert!(!ProxyAddress::parse("a1:x").same_as(&ProxyAddress::parse("b1:x")));
        assert!(ProxyAddress::parse("A1:x").same_as(&ProxyAddress::parse("a1:X")));
    }

    #[test]
    fn malformed_addresses_are_told() {
        for text in ["smtp:@contoso.com", "smtp:a@", "smtp:a b@contoso.com", "smtp:a@contoso..com", "x500:o=Contoso", "x500:/", "x500:/o=a\u{7}", "SIP:"] {
            assert!(!ProxyAddress::parse(text).is_well_formed(), "{text}");
        }
        for text in ["smtp:a@b", "SPO:x", "x500:/o=a", "eum:1", "X400:c=us;"] {
            assert!(ProxyAddress::parse(text).is_well_formed(), "{text}");
        }
    }
}

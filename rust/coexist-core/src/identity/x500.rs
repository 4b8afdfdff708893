//! LegacyExchangeDN and the X500 proxy address: what Outlook's old messages and nickname caches reply to.
//!
//! A mailbox that moves must keep its old LegacyExchangeDN and every X500 of the source as X500 addresses in the target, copied verbatim
//! (Microsoft, "Cross-tenant mailbox migration", target object attributes). Exchange does not validate them (Set-MailUser, EmailAddresses),
//! so this does.

use std::borrow::Cow;
use std::fmt;

use super::error::{IdentityError, Problem};
use super::guid::starts_with_ignore_case;

/// What may stand before the DN: the proxy address type, and MAPI's name of it in message headers and tracking logs.
const PREFIXES: [&str; 2] = ["X500:", "EX:"];
/// The attribute that an X.500 name of a mail system begins with: organization (all of Exchange's) or country.
const ROOTS: [&str; 2] = ["o", "c"];

/// A valid LegacyExchangeDN, exactly as written: no prefix, no white space around it.
///
/// Equality here is of the letters; identity in Exchange is [`X500::compare_key`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct X500<'a>(Cow<'a, str>);

impl<'a> X500<'a> {
    /// Reads a LegacyExchangeDN or an X500 address (prefix in any case). White space around either is not part of it.
    ///
    /// Errors: [`Problem::X500NotRecognized`] with the reason.
    pub fn parse(text: &'a str) -> Result<Self, IdentityError> {
        let dn = without_prefix(text);
        match flaw(dn) {
            None => Ok(X500(Cow::Borrowed(dn))),
            Some(why) => Err(IdentityError::new(
                Problem::X500NotRecognized(why),
                "the value",
                text,
            )),
        }
    }

    /// From a DN without prefix; the reason where it is none.
    pub(super) fn from_dn(dn: String) -> Result<X500<'static>, (&'static str, String)> {
        let trimmed = dn.trim();
        match flaw(trimmed) {
            Some(why) => Err((why, dn)),
            None if trimmed.len() == dn.len() => Ok(X500(Cow::Owned(dn))),
            None => Ok(X500(Cow::Owned(trimmed.to_owned()))),
        }
    }

    /// The DN without prefix: the value of LegacyExchangeDN.
    pub fn legacy_exchange_dn(&self) -> &str {
        &self.0
    }

    /// Two X500 addresses with the same key are the same address to Exchange. See [`compare_key`].
    pub fn compare_key(&self) -> Cow<'_, str> {
        fold(&self.0)
    }

    /// The same without borrowing from the text that it was read from.
    pub fn into_owned(self) -> X500<'static> {
        X500(Cow::Owned(self.0.into_owned()))
    }
}

/// The X500 proxy address: `X500:/o=…`.
impl fmt::Display for X500<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(PREFIXES[0])?;
        f.write_str(&self.0)
    }
}

/// The key under which an X500 address, valid or not, is one and the same: without prefix and white space around it, case aside.
///
/// Microsoft's validation of cross-tenant moves compares X500 addresses case-insensitively. Case is put aside here as .NET's OrdinalIgnoreCase does
/// it: each character by its simple upper case. A character whose upper case is several (ß) and one outside ASCII whose upper case is in ASCII (ı, ſ) stay as they are.
pub fn compare_key(text: &str) -> Cow<'_, str> {
    fold(without_prefix(text))
}

fn fold(dn: &str) -> Cow<'_, str> {
    if dn.is_ascii() {
        return match dn.bytes().any(|b| b.is_ascii_lowercase()) {
            true => Cow::Owned(dn.to_ascii_uppercase()),
            false => Cow::Borrowed(dn),
        };
    }
    Cow::Owned(dn.chars().map(upper).collect())
}

fn upper(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_uppercase();
    }
    let mut upper = c.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(one), None) if !one.is_ascii() => one,
        _ => c,
    }
}

fn without_prefix(text: &str) -> &str {
    let text = text.trim();
    let prefix = PREFIXES
        .iter()
        .find(|prefix| starts_with_ignore_case(text.as_bytes(), prefix.as_bytes()));
    prefix
        .and_then(|prefix| text.get(prefix.len()..))
        .unwrap_or(text)
        .trim_start()
}

/// Why a text is not a DN of this kind.
fn flaw(dn: &str) -> Option<&'static str> {
    if dn.is_empty() {
        return Some("it is empty");
    }
    if crate::address::has_control(dn) {
        return Some("it holds a control character");
    }
    let Some(names) = dn.strip_prefix('/') else {
        return Some(match dn.contains(",DC=") || dn.contains(",dc=") {
            true => "it is the distinguishedName of an AD object, which Exchange does not use as an address",
            false => "it does not begin with a slash",
        });
    };
    let mut first = true;
    for name in names.split('/') {
        let Some((attribute, value)) = name.split_once('=') else {
            return Some("a part between two slashes has no attribute= before its value");
        };
        if attribute.is_empty() || !attribute.bytes().all(|b| b.is_ascii_alphabetic()) {
            return Some("the name of an attribute is not made of letters");
        }
        if first
            && !ROOTS
                .iter()
                .any(|root| attribute.eq_ignore_ascii_case(root))
        {
            return Some("it does not begin with /o= (the Exchange organization)");
        }
        if value.trim().is_empty() {
            return Some("an attribute has no value");
        }
        first = false;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const DN: &str = "/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn=0b6f-Łukasz Żak";

    #[test]
    fn is_copied_verbatim_whatever_the_prefix() {
        for text in [
            DN.to_owned(),
            format!("X500:{DN}"),
            format!("x500:{DN}"),
            format!(" x500: {DN}\n"),
            format!("EX:{DN}"),
        ] {
            let x500 = X500::parse(&text).unwrap();
            assert_eq!(x500.legacy_exchange_dn(), DN);
            assert_eq!(x500.to_string(), format!("X500:{DN}"));
        }
    }

    #[test]
    fn what_is_not_a_legacy_exchange_dn_is_refused_with_the_reason() {
        for (text, why) in [
            ("", "empty"),
            ("X500:", "empty"),
            ("smtp:anna@contoso.com", "slash"),
            ("CN=Anna,OU=Staff,DC=contoso,DC=com", "distinguishedName"),
            ("/o=Contoso/ou=Site/cn=", "no value"),
            ("/o=Contoso//cn=a", "no attribute"),
            ("/o=Contoso/", "no attribute"),
            ("/=Contoso", "letters"),
            ("/o =Contoso", "letters"),
            ("/cn=Recipients/cn=a", "/o="),
            ("/o= /cn=a", "no value"),
            ("/o=Contoso/cn=a\u{1f}b", "control"),
            ("X500:X500:/o=Contoso/cn=a", "slash"),
        ] {
            let error = X500::parse(text).unwrap_err();
            assert_eq!(error.code(), "X500NotRecognized", "{text}");
            assert!(error.message().contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn identity_is_case_insensitive_as_in_dotnet() {
        assert_eq!(
            compare_key("x500:/o=a/cn=Łukasz"),
            compare_key("X500:/O=A/CN=łUKASZ")
        );
        assert_eq!(compare_key("/o=a/cn=é"), compare_key("/o=a/cn=É"));
        assert_ne!(compare_key("/o=a/cn=ı"), compare_key("/o=a/cn=i"));
        assert_ne!(compare_key("/o=a/cn=ſ"), compare_key("/o=a/cn=s"));
        assert_ne!(
            compare_key("/o=a/cn=Straße"),
            compare_key("/o=a/cn=Strasse")
        );
        // What is not valid still has an identity.
        assert_eq!(compare_key("X500: nonsense "), "NONSENSE");
    }
}

//! IMCEAEX: an X500 address as an SMTP address, as it stands in non-delivery reports ([MS-OXCMAIL] 2.1.3.1.8 and 2.2.3.1.2).
//!
//! `"IMCEA" type "-" encoded "@" domain`: letters, digits, `-` and `=` stand for themselves, `_` for `/`, `+` and two hex digits for any other
//! octet. The octets are UTF-8.

use std::fmt::Write;

use super::damage;
use super::error::{IdentityError, Problem};
use super::guid::{hex_byte, hex_pair, starts_with_ignore_case};
use super::x500::X500;

const IMCEA: &[u8] = b"IMCEA";
/// The address type of Exchange's own addresses, and the only one that this reads.
const EX: &str = "EX";

/// An IMCEAEX address, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imceaex {
    /// The address inside.
    pub x500: X500<'static>,
    /// The encapsulation domain, as written.
    pub domain: String,
    /// The address is legal as it stands, but `=3D` and `=2B` in it are likelier the work of quoted-printable.
    pub looks_quoted_printable: bool,
}

/// Whether a text is an IMCEA address, of whatever type; enough to know that it is meant for [`decode`].
pub fn is_imcea(text: &str) -> bool {
    starts_with_ignore_case(text.trim_start().as_bytes(), IMCEA)
}

/// Takes an IMCEAEX address apart, exactly as specified.
///
/// Errors: not of the form; of another type than EX; not UTF-8; no X500 address inside.
pub fn decode(text: &str) -> Result<Imceaex, IdentityError> {
    decode_as(text.trim(), Alphabet::Specified)
        .map_err(|problem| IdentityError::new(problem, "the value", text))
}

/// Like [`decode`], and undoes first what mail programs, browsers and consoles do to a pasted report: text and brackets around the address,
/// quoted-printable, HTML entities, percent-encoding, broken lines; characters that the specification wants encoded are taken as they are.
///
/// A text that [`decode`] accepts gives the same here, unless it [looks quoted-printable](Imceaex::looks_quoted_printable): then that is undone.
pub fn decode_lenient(text: &str) -> Result<Imceaex, IdentityError> {
    let strict = decode(text);
    if matches!(&strict, Ok(address) if !address.looks_quoted_printable) {
        return strict;
    }
    match decode_as(&damage::undo(text), Alphabet::Any) {
        Ok(address) => Ok(Imceaex {
            looks_quoted_printable: false,
            ..address
        }),
        Err(_) if strict.is_ok() => strict,
        Err(problem) => Err(IdentityError::new(problem, "the value", text)),
    }
}

/// Appends the IMCEAEX address of an X500 address.
///
/// `domain` must have passed [`check_domain`].
pub fn push_imceaex(x500: &X500<'_>, domain: &str, out: &mut String) {
    out.push_str("IMCEAEX-");
    for octet in x500.legacy_exchange_dn().bytes() {
        match octet {
            b'/' => out.push('_'),
            _ if stands_for_itself(octet) => out.push(char::from(octet)),
            _ => push_octet(octet, out),
        }
    }
    out.push('@');
    out.push_str(domain);
}

/// A domain that an IMCEAEX address may have (dot-atom, RFC 5322), without white space around it. Names in their own script are accepted.
///
/// Errors: [`Problem::DomainMissing`], [`Problem::DomainNotRecognized`].
pub fn check_domain(domain: &str) -> Result<&str, Problem> {
    let domain = domain.trim();
    if domain.is_empty() {
        return Err(Problem::DomainMissing);
    }
    let is_label = |label: &str| {
        !label.is_empty()
            && label
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
    };
    match domain.split('.').all(is_label) {
        true => Ok(domain),
        false => Err(Problem::DomainNotRecognized),
    }
}

/// `+` and two upper-case hex digits.
pub(super) fn push_octet(octet: u8, out: &mut String) {
    out.push('+');
    for digit in hex_pair(octet) {
        out.push(char::from(digit.to_ascii_uppercase()));
    }
}

pub(super) const fn stands_for_itself(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'=')
}

/// Which characters may stand in the encoded part.
#[derive(Clone, Copy, PartialEq)]
enum Alphabet {
    Specified,
    Any,
}

fn decode_as(text: &str, alphabet: Alphabet) -> Result<Imceaex, Problem> {
    let bad = |why: String| Problem::ImceaexNotRecognized(why);
    if !is_imcea(text) {
        return Err(bad("it does not begin with IMCEAEX-".into()));
    }
    let after = &text[IMCEA.len()..];
    let Some((kind, address)) = after.split_once('-') else {
        return Err(bad("no hyphen ends the address type after IMCEA".into()));
    };
    if !kind.eq_ignore_ascii_case(EX) {
        return Err(Problem::ImceaOfAnotherType(kind.to_owned()));
    }
    let Some((encoded, domain)) = address.rsplit_once('@') else {
        return Err(bad("it has no @ and domain".into()));
    };
    let domain =
        check_domain(domain).map_err(|_| bad("what follows the last @ is not a domain".into()))?;
    let octets = decode_octets(encoded, text.len() - address.len(), alphabet)?;
    let dn = String::from_utf8(octets)
        .map_err(|e| Problem::ImceaexNotUtf8(e.utf8_error().valid_up_to() + 1))?;
    let x500 = X500::from_dn(dn).map_err(|(why, dn)| {
        bad(format!(
            "the address inside, {}, is no LegacyExchangeDN: {why}",
            dn.escape_debug()
        ))
    })?;
    Ok(Imceaex {
        x500,
        domain: domain.to_owned(),
        looks_quoted_printable: damage::looks_quoted_printable(encoded),
    })
}

/// One pass from left to right: what an escape yields is never looked at again, so `+2B20` is the text `+20`, not a space.
fn decode_octets(encoded: &str, offset: usize, alphabet: Alphabet) -> Result<Vec<u8>, Problem> {
    let bytes = encoded.as_bytes();
    let mut octets = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'_' => octets.push(b'/'),
            b'+' => {
                let octet = bytes
                    .get(at + 1)
                    .zip(bytes.get(at + 2))
                    .and_then(|(&high, &low)| hex_byte(high, low));
                octets.push(octet.ok_or_else(|| {
                    flaw(encoded, at, offset, "a + without two hex digits after it")
                })?);
                at += 2;
            }
            _ if stands_for_itself(byte) => octets.push(byte),
            _ if alphabet == Alphabet::Any && !byte.is_ascii_control() && byte != b' ' => {
                octets.push(byte)
            }
            _ => {
                return Err(flaw(
                    encoded,
                    at,
                    offset,
                    "a character that such an address cannot hold",
                ))
            }
        }
        at += 1;
    }
    Ok(octets)
}

/// Names a place in the address: the character and its number, counted from 1.
#[cold]
fn flaw(encoded: &str, at: usize, offset: usize, what: &str) -> Problem {
    let character = encoded
        .get(at..)
        .and_then(|rest| rest.chars().next())
        .unwrap_or(char::REPLACEMENT_CHARACTER);
    let number = offset + encoded.get(..at).map_or(0, |before| before.chars().count()) + 1;
    let mut why = String::new();
    // Writing to a String cannot fail.
    let _ = write!(
        why,
        "{what} stands at character {number} ('{}')",
        character.escape_debug()
    );
    Problem::ImceaexNotRecognized(why)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From Microsoft's article on IMCEAEX non-delivery reports, and [MS-OXCMAIL].
    const VECTORS: [(&str, &str, &str); 3] = [
        (
            "IMCEAEX-_O=MMS_OU=EXCHANGE+20ADMINISTRATIVE+20GROUP+20+28FYDIBOHF23SPDLT+29_CN=RECIPIENTS_CN=User6ed4e168-addd-4b03-95f5-b9c9a421957358d@mgd.domain.com",
            "/O=MMS/OU=EXCHANGE ADMINISTRATIVE GROUP (FYDIBOHF23SPDLT)/CN=RECIPIENTS/CN=User6ed4e168-addd-4b03-95f5-b9c9a421957358d",
            "mgd.domain.com",
        ),
        (
            "IMCEAEX-_o=Contoso_cn=john+5Fjacob+2Esmith@contoso.com",
            "/o=Contoso/cn=john_jacob.smith",
            "contoso.com",
        ),
        (
            "IMCEAEX-_o=Contoso_cn=a+2B20b@contoso.com",
            "/o=Contoso/cn=a+20b",
            "contoso.com",
        ),
    ];

    #[test]
    fn documented_addresses_both_ways() {
        for (imceaex, dn, domain) in VECTORS {
            let decoded = decode(imceaex).unwrap();
            assert_eq!(decoded.x500.legacy_exchange_dn(), dn);
            assert_eq!(decoded.domain, domain);
            assert!(!decoded.looks_quoted_printable);
            let mut encoded = String::new();
            push_imceaex(&decoded.x500, domain, &mut encoded);
            assert_eq!(encoded, imceaex);
        }
    }

    #[test]
    fn prefix_and_hex_in_any_case_and_octets_are_utf8() {
        let decoded = decode(" imceaex-_o=Contoso_cn=+c5+81ukasz+2E@CONTOSO.com\r\n").unwrap();
        assert_eq!(decoded.x500.legacy_exchange_dn(), "/o=Contoso/cn=Łukasz.");
        assert_eq!(decoded.domain, "CONTOSO.com");
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        for (text, code, part) in [
            (
                "anna@contoso.com",
                "ImceaexNotRecognized",
                "begin with IMCEAEX-",
            ),
            ("IMCEAEX", "ImceaexNotRecognized", "no hyphen"),
            ("IMCEAEX-_o=a_cn=b", "ImceaexNotRecognized", "no @"),
            ("IMCEAEX-_o=a_cn=b@", "ImceaexNotRecognized", "not a domain"),
            (
                "IMCEAEX-_o=a_cn=b@con toso.com",
                "ImceaexNotRecognized",
                "not a domain",
            ),
            (
                "IMCEAEX-_o=a_cn=b+2@contoso.com",
                "ImceaexNotRecognized",
                "character 18 ('+')",
            ),
            (
                "IMCEAEX-_o=a_cn=b+zz@contoso.com",
                "ImceaexNotRecognized",
                "character 18 ('+')",
            ),
            (
                "IMCEAEX-_o=a_cn=b@c@contoso.com",
                "ImceaexNotRecognized",
                "character 18 ('@')",
            ),
            (
                "IMCEAEX-_o=a_cn=é%2B@contoso.com",
                "ImceaexNotRecognized",
                "character 17 ('é')",
            ),
            (
                "IMCEAEX-_o=a_cn=b+00@contoso.com",
                "ImceaexNotRecognized",
                "control character",
            ),
            (
                "IMCEAEX-anna@contoso.com",
                "ImceaexNotRecognized",
                "begin with a slash",
            ),
            (
                "IMCEAEX-_o=a_cn=b+C3+28@contoso.com",
                "ImceaexNotUtf8",
                "octet 10 ",
            ),
            (
                "IMCEASMTP-anna+40contoso+2Ecom@fabrikam.com",
                "ImceaOfAnotherType",
                "type 'SMTP'",
            ),
            ("IMCEA-x@fabrikam.com", "ImceaOfAnotherType", "type ''"),
        ] {
            let error = decode(text).unwrap_err();
            assert_eq!(error.code(), code, "{text}");
            assert!(error.message().contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn a_pasted_report_is_repaired_when_asked() {
        let (_, dn, domain) = VECTORS[0];
        let clean = VECTORS[0].0;
        let quoted_printable = clean.replace('=', "=3D");
        let percent = clean.replace('+', "%2B").replace('=', "%3D");
        for pasted in [
            clean.to_owned(),
            format!("<{clean}>"),
            format!("\"{clean}\""),
            format!("'{clean}' "),
            format!("mailto:{clean}?subject=Undeliverable"),
            format!("SMTP:{clean}"),
            format!("Anna Larsson <mailto:{clean}>; Bo"),
            format!("&lt;{clean}&gt;"),
            format!(
                "&lt;{}&gt;<br>",
                clean.replace('+', "&#43;").replace('=', "&#x3d;")
            ),
            format!("{clean}."),
            format!("{clean} said:"),
            percent,
            clean.replace('+', "%2b"),
            quoted_printable.clone(),
            format!("<{}>", quoted_printable.replace('_', "=5F")),
            quoted_printable.replace('+', "=2B"),
            clean.replace('+', "=2B"),
            quoted_printable.replace("RECIPIENTS", "RECI=\r\nPIENTS"),
            quoted_printable.replace("domain.com", "dom= \nain.com"),
            clean.replace("RECIPIENTS", "RECI\r\n   PIENTS"),
            clean.replace("+20", "%20"),
            clean.replace("+28", "("),
        ] {
            let address = decode_lenient(&pasted).unwrap_or_else(|e| panic!("{pasted}: {e}"));
            assert_eq!(address.x500.legacy_exchange_dn(), dn, "{pasted}");
            assert_eq!(address.domain, domain, "{pasted}");
        }
    }

    #[test]
    fn repairing_does_not_guess_what_was_lost() {
        for text in [
            "IMCEAEX-_o=First Organization_cn=a@contoso.com",
            "IMCEAEX-_o=a_cn=b",
            "IMCEASMTP-anna+40contoso+2Ecom@fabrikam.com",
            "nothing of the kind",
        ] {
            assert!(decode_lenient(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_legal_address_that_looks_damaged_is_kept_and_said_so() {
        let strict = decode("IMCEAEX-_o=3DContoso_cn=3Danna@contoso.com").unwrap();
        assert_eq!(strict.x500.legacy_exchange_dn(), "/o=3DContoso/cn=3Danna");
        assert!(strict.looks_quoted_printable);
        let lenient = decode_lenient("IMCEAEX-_o=3DContoso_cn=3Danna@contoso.com").unwrap();
        assert_eq!(lenient.x500.legacy_exchange_dn(), "/o=Contoso/cn=anna");
        // A first = is the attribute's own, whatever hex digits follow it.
        assert_eq!(
            decode_lenient("IMCEAEX-_o=ABC_cn=DEf=2B20g@contoso.com")
                .unwrap()
                .x500
                .legacy_exchange_dn(),
            "/o=ABC/cn=DEf g"
        );
        // One name that begins with 3D is a name.
        assert!(
            !decode("IMCEAEX-_o=3DPrinters@contoso.com")
                .unwrap()
                .looks_quoted_printable
        );
        assert!(
            !decode("IMCEAEX-_o=3D+20Printers_cn=anna@contoso.com")
                .unwrap()
                .looks_quoted_printable
        );
        assert!(
            !decode("IMCEAEX-_o=Contoso_cn=2Banna@contoso.com")
                .unwrap()
                .looks_quoted_printable
        );
    }
}

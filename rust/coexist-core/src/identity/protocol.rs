//! The derivations as delimited text: what the C ABI exports, one call per piped object (cbindings/README.md, "Derivations").
//!
//! Fields are separated by U+001F and notes by U+001E. A missing or blank field is empty. On success the result is appended to `out`, on error
//! `out` is left as it was.

use std::fmt::Write;

use super::damage;
use super::error::{IdentityError, Problem};
use super::guid::Guid;
use super::imceaex::{self, Imceaex};
use super::immutable_id::{self, Candidates};
use super::note::Note;
use super::x500::X500;

/// Between two fields.
pub const FIELD_SEPARATOR: char = '\u{1f}';
/// Between two notes.
pub const NOTE_SEPARATOR: char = '\u{1e}';

/// Value, ConsistencyGuid, ObjectGuid, Known → ImmutableId, Guid, Anchor, AnchorsDiffer, Hex, LdapFilter, ConnectorDn, Notes.
pub fn immutable_id_to(request: &str, out: &mut String) -> Result<(), IdentityError> {
    let [value, consistency_guid, object_guid, known] = fields(request)?;
    let consistency_guid_known = switch(known, "Known")?;
    let chosen = immutable_id::choose(&Candidates {
        value,
        consistency_guid,
        object_guid,
        consistency_guid_known,
    })?;
    immutable_id::push_immutable_id(chosen.guid, out);
    out.push(FIELD_SEPARATOR);
    push_guid(chosen.guid, out);
    push_field(chosen.anchor.name(), out);
    push_field(
        match chosen.anchors_differ {
            Some(true) => "True",
            Some(false) => "False",
            None => "Unknown",
        },
        out,
    );
    push_written_forms(chosen.guid, out);
    push_notes(&chosen.notes, out);
    Ok(())
}

/// Value → Guid, ImmutableId, Form, Hex, LdapFilter, ConnectorDn, Notes.
pub fn immutable_id_from(request: &str, out: &mut String) -> Result<(), IdentityError> {
    let [value] = fields(request)?;
    let reading = immutable_id::read(value)?;
    push_guid(reading.guid, out);
    out.push(FIELD_SEPARATOR);
    immutable_id::push_immutable_id(reading.guid, out);
    push_field(reading.form.name(), out);
    push_written_forms(reading.guid, out);
    push_notes(&reading.notes, out);
    Ok(())
}

/// Value, Lenient → X500, LegacyExchangeDN, Imceaex, Domain, Notes.
pub fn x500_to(request: &str, out: &mut String) -> Result<(), IdentityError> {
    let [value, lenient] = fields(request)?;
    let lenient = switch(lenient, "Lenient")?;
    let (x500, address) = read_address(value, lenient)?;
    // Writing to a String cannot fail.
    let _ = write!(out, "{x500}");
    push_field(x500.legacy_exchange_dn(), out);
    out.push(FIELD_SEPARATOR);
    // Without a domain there is no IMCEAEX address.
    if let Some((domain, _)) = &address {
        imceaex::push_imceaex(&x500, domain, out);
    }
    push_field(address.as_ref().map_or("", |(domain, _)| domain), out);
    let damaged = matches!(address, Some((_, true)));
    push_notes(
        if damaged {
            &[Note::LooksQuotedPrintable]
        } else {
            &[]
        },
        out,
    );
    Ok(())
}

/// Value, Domain → Imceaex, X500, LegacyExchangeDN, Notes.
pub fn imceaex_to(request: &str, out: &mut String) -> Result<(), IdentityError> {
    let [value, domain] = fields(request)?;
    let x500 = X500::parse(value)?;
    let domain = imceaex::check_domain(domain).map_err(|problem| match problem {
        Problem::DomainMissing => IdentityError::new(problem, "Domain", value),
        _ => IdentityError::new(problem, "Domain", domain),
    })?;
    imceaex::push_imceaex(&x500, domain, out);
    out.push(FIELD_SEPARATOR);
    let _ = write!(out, "{x500}");
    push_field(x500.legacy_exchange_dn(), out);
    push_notes(&[], out);
    Ok(())
}

/// The X500 address in a value; for an IMCEAEX address also its domain and whether it looks damaged.
#[allow(clippy::type_complexity)]
fn read_address(
    value: &str,
    lenient: bool,
) -> Result<(X500<'_>, Option<(String, bool)>), IdentityError> {
    let apart = |Imceaex {
                     x500,
                     domain,
                     looks_quoted_printable,
                 }| (x500, Some((domain, looks_quoted_printable)));
    let bare = |x500| (x500, None);
    if !lenient {
        return match imceaex::is_imcea(value) {
            true => imceaex::decode(value).map(apart),
            false => X500::parse(value).map(bare),
        };
    }
    // A DN may hold the letters IMCEA; what is a DN as it stands is one.
    match X500::parse(value) {
        Ok(x500) => Ok(bare(x500)),
        Err(_) if damage::holds_imcea(value) => imceaex::decode_lenient(value).map(apart),
        Err(error) => X500::parse(damage::without_wrapping(value))
            .map(bare)
            .map_err(|_| error),
    }
}

/// The fields of a request. Fewer than `N` are allowed; more mean that a value holds the separator, and then no field is where it should be.
fn fields<const N: usize>(request: &str) -> Result<[&str; N], IdentityError> {
    let mut fields = [""; N];
    let mut rest = request.split(FIELD_SEPARATOR);
    for (field, text) in fields.iter_mut().zip(rest.by_ref()) {
        *field = text;
    }
    match rest.next() {
        None => Ok(fields),
        Some(_) => Err(IdentityError::new(
            Problem::FieldSeparatorInValue,
            "the value",
            request,
        )),
    }
}

fn switch(field: &str, subject: &'static str) -> Result<bool, IdentityError> {
    match field {
        "1" => Ok(true),
        "0" | "" => Ok(false),
        _ => Err(IdentityError::new(
            Problem::SwitchNotRecognized,
            subject,
            field,
        )),
    }
}

fn push_field(text: &str, out: &mut String) {
    out.push(FIELD_SEPARATOR);
    out.push_str(text);
}

fn push_guid(guid: Guid, out: &mut String) {
    out.push_str(guid.encode(&mut [0; 36]));
}

/// Hex, LdapFilter, ConnectorDn.
fn push_written_forms(guid: Guid, out: &mut String) {
    for push in [
        immutable_id::push_hex,
        immutable_id::push_ldap_filter,
        immutable_id::push_connector_dn,
    ] {
        out.push(FIELD_SEPARATOR);
        push(guid, out);
    }
}

fn push_notes(notes: &[Note], out: &mut String) {
    out.push(FIELD_SEPARATOR);
    for (i, note) in notes.iter().enumerate() {
        if i > 0 {
            out.push(NOTE_SEPARATOR);
        }
        let _ = write!(out, "{} {note}", note.code());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Fixtures {
        vectors: Vec<Vector>,
    }

    #[derive(Deserialize)]
    struct Vector {
        call: String,
        r#in: Vec<String>,
        #[serde(default)]
        out: Vec<String>,
        #[serde(default)]
        notes: Vec<String>,
        error: Option<String>,
    }

    fn call(name: &str) -> fn(&str, &mut String) -> Result<(), IdentityError> {
        match name {
            "immutable_id_to" => immutable_id_to,
            "immutable_id_from" => immutable_id_from,
            "x500_to" => x500_to,
            "imceaex_to" => imceaex_to,
            other => panic!("{other}"),
        }
    }

    /// The same vectors are played through the C ABI and the module.
    #[test]
    fn fixtures() {
        let text = include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../tests/fixtures/derivations.json"
        ));
        let contract = include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../cbindings/README.md"
        ));
        let fixtures: Fixtures = serde_json::from_str(text).unwrap();
        assert!(fixtures.vectors.len() > 100);
        for Vector {
            call: name,
            r#in,
            out: expected,
            notes,
            error,
        } in fixtures.vectors
        {
            for code in notes.iter().chain(&error) {
                assert!(
                    contract.contains(&format!("`{code}`")),
                    "{code} is not in the contract"
                );
            }
            let mut out = String::from("kept");
            let result = call(&name)(&r#in.join("\u{1f}"), &mut out);
            let out = out.strip_prefix("kept").unwrap();
            if let Some(code) = error {
                let error = result.unwrap_err();
                assert_eq!((error.code(), out), (code.as_str(), ""), "{name} {in:?}: {error}", in = r#in);
                continue;
            }
            assert_eq!(result, Ok(()), "{name} {in:?}", in = r#in);
            let mut fields: Vec<&str> = out.split('\u{1f}').collect();
            let told: Vec<&str> = fields
                .pop()
                .unwrap()
                .split('\u{1e}')
                .filter(|note| !note.is_empty())
                .collect();
            let codes: Vec<&str> = told
                .iter()
                .map(|note| note.split(' ').next().unwrap())
                .collect();
            assert_eq!((fields, codes), (expected.iter().map(String::as_str).collect(), notes.iter().map(String::as_str).collect()), "{name} {in:?}", in = r#in);
        }
    }

    /// The proven case says more than the suspicion, under the same code.
    #[test]
    fn a_consistency_guid_written_from_text_is_proven_by_the_object_guid() {
        let mut out = String::new();
        let request = "\u{1f}405e4730-aee7-f34a-af75-8b143c81daf5\u{1f}30475e40-e7ae-4af3-af75-8b143c81daf5\u{1f}1";
        immutable_id_to(request, &mut out).unwrap();
        let proven = "LooksByteSwapped mS-DS-ConsistencyGuid is objectGUID 30475e40-e7ae-4af3-af75-8b143c81daf5 with its bytes swapped";
        assert!(out.contains(proven), "{out}");
    }

    #[test]
    fn messages_name_the_cure() {
        for (error, part) in [
            // The right ImmutableId of the GUID whose text was encoded.
            (
                immutable_id_from(
                    "MzA0NzVlNDAtZTdhZS00YWYzLWFmNzUtOGIxNDNjODFkYWY1",
                    &mut String::new(),
                ),
                "is QF5HMK7n80qvdYsUPIHa9Q==",
            ),
            (
                immutable_id_to(
                    "\u{1f}broken\u{1f}30475e40-e7ae-4af3-af75-8b143c81daf5\u{1f}1",
                    &mut String::new(),
                ),
                "mS-DS-ConsistencyGuid 'broken'",
            ),
            (
                immutable_id_from("CN={557365725F31}", &mut String::new()),
                "'User_1'",
            ),
        ] {
            let message = error.unwrap_err().message();
            assert!(message.contains(part), "{message}");
        }
    }
}

//! The ImmutableId: base64 of the 16 bytes of the source anchor, as Entra Connect writes it to `onPremisesImmutableId`.
//!
//! The anchor of a user is mS-DS-ConsistencyGuid where that is set, else objectGUID (Entra Connect since 1.1.524; Microsoft, "Microsoft
//! Entra Connect: Design concepts", section "Using ms-DS-ConsistencyGuid as sourceAnchor"). It is compared letter by letter.
//!
//! How a text is read is decided by its shape alone, in this order, so that one text always means one value:
//!
//! | form | written | note |
//! |---|---|---|
//! | [`Form::Hex`] | 32 digits in a row, also after `0x` | bytes in AD order; without `0x` [`Note::HexReadAsBytes`], because .NET's N form looks the same |
//! | [`Form::Guid`] | D, B, P, X of .NET, `urn:uuid:` | |
//! | [`Form::LdapFilter`] | `\33\22…`, also with `(objectGUID=…)` around it | bytes in AD order |
//! | [`Form::ConnectorDn`] | `CN={hex of the ImmutableId's characters}`, whatever follows after a comma; also the 48 digits alone | |
//! | [`Form::Bytes`] | 16 bytes apart: `33 22 …`, `33-22-…`, `0x33 0x22 …`, decimal `51 34 …`; also in braces | AD order; two digits each are hex, unless one byte has one or three: then all are decimal |
//! | [`Form::Base64`] | 24 characters ending in `==` | |

use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use base64::engine::DecodePaddingMode;
use base64::Engine;

use super::error::{IdentityError, Problem};
use super::guid::{hex_byte, hex_pair, starts_with_ignore_case, Guid};
use super::note::Note;

/// How an anchor was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A GUID's text.
    Guid,
    /// 16 bytes, one by one.
    Bytes,
    /// 16 bytes as 32 digits in a row.
    Hex,
    /// The value of an LDAP filter.
    LdapFilter,
    /// The DN in Entra Connect's connector space.
    ConnectorDn,
    /// The ImmutableId itself.
    Base64,
}

impl Form {
    /// The name that goes to the caller.
    pub const fn name(self) -> &'static str {
        match self {
            Form::Guid => "Guid",
            Form::Bytes => "Bytes",
            Form::Hex => "Hex",
            Form::LdapFilter => "LdapFilter",
            Form::ConnectorDn => "ConnectorDn",
            Form::Base64 => "Base64",
        }
    }
}

/// Which attribute an anchor came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// A bare value was given.
    Value,
    /// mS-DS-ConsistencyGuid.
    ConsistencyGuid,
    /// objectGUID.
    ObjectGuid,
}

impl Anchor {
    /// The name that goes to the caller: AD's own for the attributes.
    pub const fn name(self) -> &'static str {
        match self {
            Anchor::Value => "Value",
            Anchor::ConsistencyGuid => "mS-DS-ConsistencyGuid",
            Anchor::ObjectGuid => "objectGUID",
        }
    }
}

/// What an object offers to derive an ImmutableId from. Empty or blank text is "not there".
#[derive(Clone, Copy, Debug, Default)]
pub struct Candidates<'a> {
    /// A bare value; it beats the attributes.
    pub value: &'a str,
    /// mS-DS-ConsistencyGuid.
    pub consistency_guid: &'a str,
    /// objectGUID.
    pub object_guid: &'a str,
    /// Whether the object carried mS-DS-ConsistencyGuid at all, be it empty: without this, empty is unknown.
    pub consistency_guid_known: bool,
}

/// An anchor and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// The anchor's bytes.
    pub guid: Guid,
    /// Which attribute it is.
    pub anchor: Anchor,
    /// Whether both attributes are set and differ; `None` where one of them is not known.
    pub anchors_differ: Option<bool>,
    /// What the caller must be told.
    pub notes: Vec<Note>,
}

/// A value that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The bytes.
    pub guid: Guid,
    /// How they were written.
    pub form: Form,
    /// What the caller must be told.
    pub notes: Vec<Note>,
}

/// The name of a bare value in messages.
const VALUE: &str = "the value";

/// How `Export-Csv` and string conversion write what is not text: the name of its .NET type.
const TYPE_NAME_PREFIXES: [&[u8]; 2] = [b"System.", b"Microsoft."];

/// Takes the anchor that Entra Connect would take.
///
/// Errors: nothing is given; the attribute that decides cannot be read (a damaged mS-DS-ConsistencyGuid is never passed over in favour
/// of objectGUID, because Entra Connect would not either); all zeros.
pub fn choose(candidates: &Candidates<'_>) -> Result<Chosen, IdentityError> {
    if !is_blank(candidates.value) {
        let Reading { guid, notes, .. } = read(candidates.value)?;
        return Ok(Chosen {
            guid,
            anchor: Anchor::Value,
            anchors_differ: None,
            notes,
        });
    }
    let consistency = known_attribute(candidates.consistency_guid, Anchor::ConsistencyGuid)?;
    let object = known_attribute(candidates.object_guid, Anchor::ObjectGuid)?;
    match (consistency, object) {
        (Some(Reading { guid, notes, .. }), object) => {
            let (anchors_differ, notes) = compare(guid, notes, object);
            Ok(Chosen {
                guid,
                anchor: Anchor::ConsistencyGuid,
                anchors_differ,
                notes,
            })
        }
        (
            None,
            Some(Reading {
                guid, mut notes, ..
            }),
        ) => {
            let known = candidates.consistency_guid_known && is_blank(candidates.consistency_guid);
            if !known {
                notes.push(Note::ConsistencyGuidUnknown);
            }
            Ok(Chosen {
                guid,
                anchor: Anchor::ObjectGuid,
                anchors_differ: known.then_some(false),
                notes,
            })
        }
        (None, None) => Err(if !is_blank(candidates.object_guid) {
            flattened(candidates.object_guid, Anchor::ObjectGuid)
        } else if !is_blank(candidates.consistency_guid) {
            flattened(candidates.consistency_guid, Anchor::ConsistencyGuid)
        } else {
            IdentityError::new(Problem::AnchorMissing, VALUE, "")
        }),
    }
}

/// Whether a mS-DS-ConsistencyGuid differs from the objectGUID beside it, and what is to be said of it then.
fn compare(guid: Guid, mut notes: Vec<Note>, object: Option<Reading>) -> (Option<bool>, Vec<Note>) {
    let Some(object_guid) = object.map(|object| object.guid) else {
        looks_byte_swapped(guid, &mut notes);
        return (None, notes);
    };
    if object_guid == guid {
        // The two agree: the bytes are proven, however odd they look.
        return (Some(false), Vec::new());
    }
    if object_guid.byte_swapped() == guid {
        notes.push(Note::IsByteSwapped(object_guid));
    } else {
        looks_byte_swapped(guid, &mut notes);
    }
    notes.push(Note::AnchorsDiffer(guid, object_guid));
    (Some(true), notes)
}

/// Reads a bare value in any form.
///
/// Errors: no form; all zeros; what is known to be another thing than an anchor (see [`Problem`]).
pub fn read(text: &str) -> Result<Reading, IdentityError> {
    let mut reading = read_as(text, VALUE)?;
    looks_byte_swapped(reading.guid, &mut reading.notes);
    Ok(reading)
}

/// The 24 characters.
pub fn encode(guid: Guid) -> String {
    STANDARD.encode(guid.to_bytes())
}

/// Reads the 24 characters, strictly: the one spelling that [`encode`] gives.
pub fn decode(text: &str) -> Result<Guid, IdentityError> {
    base64_anchor(text).map_err(|problem| IdentityError::new(problem, VALUE, text))
}

/// Appends the 24 characters.
pub fn push_immutable_id(guid: Guid, out: &mut String) {
    let mut buffer = [0; 24];
    // 16 bytes are always 24 characters, and ASCII.
    let written = STANDARD
        .encode_slice(guid.to_bytes(), &mut buffer)
        .unwrap_or_default();
    out.push_str(std::str::from_utf8(&buffer[..written]).unwrap_or_default());
}

/// Appends the bytes in AD order as 32 lower-case digits.
pub fn push_hex(guid: Guid, out: &mut String) {
    for byte in guid.to_bytes() {
        push_pair(hex_pair(byte), out);
    }
}

/// Appends the value for an LDAP filter (RFC 4515): `\33\22…`.
pub fn push_ldap_filter(guid: Guid, out: &mut String) {
    for byte in guid.to_bytes() {
        out.push('\\');
        push_pair(hex_pair(byte), out);
    }
}

/// Appends the DN under which Entra Connect's connector space for Entra ID holds the object: the hex of the ImmutableId's characters, upper
/// case as Entra Connect writes it.
pub fn push_connector_dn(guid: Guid, out: &mut String) {
    let mut buffer = [0; 24];
    let written = STANDARD
        .encode_slice(guid.to_bytes(), &mut buffer)
        .unwrap_or_default();
    out.push_str("CN={");
    for &character in &buffer[..written] {
        push_pair(
            hex_pair(character).map(|digit| digit.to_ascii_uppercase()),
            out,
        );
    }
    out.push('}');
}

fn push_pair(pair: [u8; 2], out: &mut String) {
    out.push(char::from(pair[0]));
    out.push(char::from(pair[1]));
}

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

fn is_type_name(text: &str) -> bool {
    TYPE_NAME_PREFIXES
        .iter()
        .any(|prefix| starts_with_ignore_case(text.as_bytes(), prefix))
}

fn flattened(text: &str, anchor: Anchor) -> IdentityError {
    IdentityError::new(Problem::ValueFlattened, anchor.name(), text)
}

/// An attribute's value; `None` where it is blank or only its type is left.
fn known_attribute(text: &str, anchor: Anchor) -> Result<Option<Reading>, IdentityError> {
    let trimmed = text.trim();
    if trimmed.is_empty() || is_type_name(trimmed) {
        return Ok(None);
    }
    read_as(text, anchor.name()).map(Some)
}

/// RFC 4122 knows the versions 1 to 5, and AD makes version 4. Bytes whose version is none of these as read, but is one when read
/// big-endian, were probably written from a GUID's text by something that is not .NET. A guess: about one swapped GUID in three looks
/// plausible either way and is not noticed.
fn looks_byte_swapped(guid: Guid, notes: &mut Vec<Note>) {
    let plausible = |guid: Guid| (1..=5).contains(&guid.version());
    if guid.is_rfc_variant() && !plausible(guid) && plausible(guid.byte_swapped()) {
        notes.push(Note::LooksByteSwapped(guid));
    }
}

fn read_as(text: &str, subject: &'static str) -> Result<Reading, IdentityError> {
    let fail = |problem| Err(IdentityError::new(problem, subject, text));
    let (guid, form) = match recognize(text.trim()) {
        Ok(found) => found,
        Err(problem) => return fail(problem),
    };
    if guid.is_nil() {
        return fail(Problem::GuidIsNil);
    }
    let mut notes = Vec::new();
    // After 0x nobody means a GUID without dashes.
    if form == Form::Hex && text.trim().len() == 32 {
        notes.push(Note::HexReadAsBytes(guid));
    }
    Ok(Reading { guid, form, notes })
}

fn recognize(text: &str) -> Result<(Guid, Form), Problem> {
    let bytes = text.as_bytes();
    if bytes.is_empty() {
        return Err(Problem::AnchorMissing);
    }
    if let Ok(guid) = Guid::parse_ad_hex(text) {
        return Ok((guid, Form::Hex));
    }
    if let Ok(guid) = Guid::parse(text) {
        return Ok((guid, Form::Guid));
    }
    if let Some(guid) = ldap_filter(text) {
        return Ok((guid, Form::LdapFilter));
    }
    if let Some(digits) = connector_dn_digits(text) {
        return connector_dn(digits).map(|guid| (guid, Form::ConnectorDn));
    }
    if let Some(guid) = starts_with_ignore_case(bytes, b"0x")
        .then(|| {
            text.get(2..)
                .and_then(|digits| Guid::parse_ad_hex(digits).ok())
        })
        .flatten()
    {
        return Ok((guid, Form::Hex));
    }
    if let Some(guid) = separate_bytes(text) {
        return Ok((guid, Form::Bytes));
    }
    if is_type_name(text) {
        return Err(Problem::ValueFlattened);
    }
    if text.contains('@') {
        return Err(Problem::ExchangeImmutableId);
    }
    base64_anchor(text).map(|guid| (guid, Form::Base64))
}

/// `\33\22…`, with or without the `(attribute=…)` of the filter around it.
fn ldap_filter(text: &str) -> Option<Guid> {
    let inner = text
        .strip_prefix('(')
        .and_then(|t| t.strip_suffix(')'))
        .unwrap_or(text);
    let value = match inner.split_once('=') {
        Some((attribute, value)) => {
            let is_name = attribute
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-');
            is_name.then_some(value)?
        }
        None => inner,
    };
    let value = value.as_bytes();
    if value.len() != 48 {
        return None;
    }
    let mut bytes = [0; 16];
    for (byte, escape) in bytes.iter_mut().zip(value.chunks_exact(3)) {
        if escape[0] != b'\\' {
            return None;
        }
        *byte = hex_byte(escape[1], escape[2])?;
    }
    Some(Guid::from_bytes(bytes))
}

/// What stands between the braces of `CN={…}`; or 48 digits, which can be nothing else.
fn connector_dn_digits(text: &str) -> Option<&str> {
    let is_48_digits = |t: &str| t.len() == 48 && t.bytes().all(|b| b.is_ascii_hexdigit());
    if is_48_digits(text) {
        return Some(text);
    }
    if starts_with_ignore_case(text.as_bytes(), b"CN={") {
        let (digits, after) = text.get(4..)?.split_once('}')?;
        let ends = after.trim_start();
        return (ends.is_empty() || ends.starts_with(',')).then_some(digits);
    }
    text.strip_prefix('{')?
        .strip_suffix('}')
        .filter(|t| is_48_digits(t))
}

fn connector_dn(digits: &str) -> Result<Guid, Problem> {
    let not_text = || Problem::ConnectorDnNotAnchor(None);
    let octets = hex::decode(digits).map_err(|_| not_text())?;
    let text = String::from_utf8(octets).map_err(|_| not_text())?;
    base64_anchor(&text).map_err(|problem| match problem {
        Problem::ImmutableIdIsBase64OfText(_) => problem,
        _ => Problem::ConnectorDnNotAnchor(Some(text)),
    })
}

/// 16 bytes with something between them, as ADUC, ADSI Edit, `[BitConverter]::ToString`, `"$bytes"` and Format-List write them.
fn separate_bytes(text: &str) -> Option<Guid> {
    let is_separator = |c: char| c.is_ascii_whitespace() || matches!(c, ',' | '-' | ':' | ';');
    let inner = text
        .strip_prefix('{')
        .and_then(|t| t.strip_suffix('}'))
        .unwrap_or(text);
    let mut groups = [""; 16];
    let mut count = 0;
    for group in inner.split(is_separator).filter(|group| !group.is_empty()) {
        *groups.get_mut(count)? = group;
        count += 1;
    }
    if count != 16 {
        return None;
    }
    let byte = |group: &str| match group.as_bytes() {
        &[high, low] | &[b'0' | b'\\', b'x' | b'X', high, low] => hex_byte(high, low),
        _ => None,
    };
    let decimal = |group: &str| {
        let digits = group.len() <= 3 && group.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| group.parse::<u8>().ok()).flatten()
    };
    // One rule for all sixteen: two digits each are hex. Decimal bytes that all have two digits are fewer than one in ten million.
    each(&groups, byte)
        .or_else(|| each(&groups, decimal))
        .map(Guid::from_bytes)
}

fn each(groups: &[&str; 16], read: impl Fn(&str) -> Option<u8>) -> Option<[u8; 16]> {
    let mut bytes = [0; 16];
    for (byte, group) in bytes.iter_mut().zip(groups) {
        *byte = read(group)?;
    }
    Some(bytes)
}

/// What may have been base64 once: any padding, any unused bits. Only to name what is wrong.
const DAMAGED: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::Indifferent);
const DAMAGED_STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, DAMAGED);
const DAMAGED_URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, DAMAGED);

/// Longer than base64 of the UTF-16 text of the longest written form; beyond it nothing is looked for.
const LONGEST_BASE64_OF_TEXT: usize = 400;

fn base64_anchor(text: &str) -> Result<Guid, Problem> {
    // 24 characters hold 18 bytes where none is padding.
    let mut buffer = [0; 18];
    if text.len() == 24 && STANDARD.decode_slice(text, &mut buffer) == Ok(16) {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&buffer[..16]);
        return Ok(Guid::from_bytes(bytes));
    }
    Err(not_base64_anchor(text))
}

/// Why a text is not an ImmutableId. Off the fast path.
#[cold]
fn not_base64_anchor(text: &str) -> Problem {
    if text.len() > LONGEST_BASE64_OF_TEXT {
        return Problem::GuidNotRecognized;
    }
    let Ok(decoded) = DAMAGED_STANDARD
        .decode(text)
        .or_else(|_| DAMAGED_URL_SAFE.decode(text))
    else {
        return Problem::GuidNotRecognized;
    };
    if let Some(guid) = text_of_guid(&decoded) {
        return Problem::ImmutableIdIsBase64OfText(guid);
    }
    // Any word is base64 of something: only what has the look of an ImmutableId is called a damaged one.
    match decoded.len() {
        16 => Problem::ImmutableIdNotCanonical,
        bytes if text.ends_with('=') || text.len() == 24 => Problem::ImmutableIdWrongLength(bytes),
        _ => Problem::GuidNotRecognized,
    }
}

/// The GUID that these bytes spell out as text, in UTF-8 or in UTF-16 (`[Text.Encoding]::Unicode`).
fn text_of_guid(bytes: &[u8]) -> Option<Guid> {
    // Shorter than 24 characters nothing spells 16 bytes; and so this goes one level deep, not on and on.
    if bytes.len() < 24 {
        return None;
    }
    let utf16 = || {
        let units: Vec<u16> = bytes
            .chunks_exact(2)
            .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
            .collect();
        (bytes.len() % 2 == 0)
            .then(|| String::from_utf16(&units).ok())
            .flatten()
    };
    let spelled = |text: &str| {
        let text = text.trim_start_matches('\u{feff}').trim();
        // Of 32 digits in a row, text that became base64 has come from a GUID's N form far more often than from bytes.
        Guid::parse(text)
            .ok()
            .or_else(|| recognize(text).ok().map(|(guid, _)| guid))
    };
    let utf8 = std::str::from_utf8(bytes).ok();
    utf8.and_then(spelled)
        .or_else(|| utf16().as_deref().and_then(spelled))
}

//! What can be wrong with an identifier, as data: a stable code, PowerShell's category, and a sentence that helps.

use std::fmt;

use super::guid::Guid;

/// One value that cannot be derived from: which, why, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityError {
    problem: Problem,
    /// The property that the value stood in, as the administrator knows it.
    subject: &'static str,
    target: String,
}

/// Why a value was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// Neither a value nor one of the two anchor attributes was given.
    AnchorMissing,
    /// The text is no form of 16 bytes.
    GuidNotRecognized,
    /// All zeros.
    GuidIsNil,
    /// A type name stands where Export-Csv met a list or bytes.
    ValueFlattened,
    /// An address: the `ImmutableId` of Exchange's mail users, which is another value.
    ExchangeImmutableId,
    /// Base64 of a text that writes this GUID, instead of base64 of its 16 bytes.
    ImmutableIdIsBase64OfText(Guid),
    /// Base64 of 16 bytes, but not the one spelling that Entra ID has for them.
    ImmutableIdNotCanonical,
    /// Base64 of this many bytes instead of 16.
    ImmutableIdWrongLength(usize),
    /// A connector-space DN whose hex is this text (or no text at all), not an ImmutableId.
    ConnectorDnNotAnchor(Option<String>),
    /// Not an X500 address or LegacyExchangeDN, for this reason.
    X500NotRecognized(&'static str),
    /// Not an IMCEAEX address, for this reason.
    ImceaexNotRecognized(String),
    /// An IMCEA address of this type, which is not EX.
    ImceaOfAnotherType(String),
    /// The decoded octets are not UTF-8 from this octet on, counted from 1.
    ImceaexNotUtf8(usize),
    /// An IMCEAEX address cannot be written without a domain.
    DomainMissing,
    /// The domain is not one.
    DomainNotRecognized,
    /// More fields than the call takes: a value holds the separator.
    FieldSeparatorInValue,
    /// A switch field holds something else than its values.
    SwitchNotRecognized,
}

/// PowerShell's `ErrorCategory`: the value is not what it should be.
const INVALID_DATA: &str = "InvalidData";
/// PowerShell's `ErrorCategory`: the call is not what it should be.
const INVALID_ARGUMENT: &str = "InvalidArgument";

impl Problem {
    /// The code and the category.
    const fn row(&self) -> (&'static str, &'static str) {
        match self {
            Problem::AnchorMissing => ("AnchorMissing", INVALID_DATA),
            Problem::GuidNotRecognized => ("GuidNotRecognized", INVALID_DATA),
            Problem::GuidIsNil => ("GuidIsNil", INVALID_DATA),
            Problem::ValueFlattened => ("ValueFlattened", INVALID_DATA),
            Problem::ExchangeImmutableId => ("ExchangeImmutableId", INVALID_DATA),
            Problem::ImmutableIdIsBase64OfText(_) => ("ImmutableIdIsBase64OfText", INVALID_DATA),
            Problem::ImmutableIdNotCanonical => ("ImmutableIdNotCanonical", INVALID_DATA),
            Problem::ImmutableIdWrongLength(_) => ("ImmutableIdWrongLength", INVALID_DATA),
            Problem::ConnectorDnNotAnchor(_) => ("ConnectorDnNotAnchor", INVALID_DATA),
            Problem::X500NotRecognized(_) => ("X500NotRecognized", INVALID_DATA),
            Problem::ImceaexNotRecognized(_) => ("ImceaexNotRecognized", INVALID_DATA),
            Problem::ImceaOfAnotherType(_) => ("ImceaOfAnotherType", INVALID_DATA),
            Problem::ImceaexNotUtf8(_) => ("ImceaexNotUtf8", INVALID_DATA),
            Problem::DomainMissing => ("DomainMissing", INVALID_ARGUMENT),
            Problem::DomainNotRecognized => ("DomainNotRecognized", INVALID_ARGUMENT),
            Problem::FieldSeparatorInValue => ("FieldSeparatorInValue", INVALID_DATA),
            Problem::SwitchNotRecognized => ("SwitchNotRecognized", INVALID_ARGUMENT),
        }
    }
}

impl IdentityError {
    pub(super) fn new(problem: Problem, subject: &'static str, target: &str) -> Self {
        IdentityError {
            problem,
            subject,
            target: target.to_owned(),
        }
    }

    /// Why the value was refused.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// The stable code, which becomes PowerShell's ErrorId.
    pub fn code(&self) -> &'static str {
        self.problem.row().0
    }

    /// A name of PowerShell's `ErrorCategory`.
    pub fn category(&self) -> &'static str {
        self.problem.row().1
    }

    /// The value that was refused, whole and as it came.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// What is wrong with which value, why it matters, what to do.
    pub fn message(&self) -> String {
        self.to_string()
    }
}

impl std::error::Error for IdentityError {}

impl fmt::Display for IdentityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subject = self.subject;
        let value = Shown(&self.target);
        match &self.problem {
            Problem::AnchorMissing => write!(
                f,
                "there is nothing to derive an ImmutableId from: no value, and neither mS-DS-ConsistencyGuid nor objectGUID. \
                 Pipe a GUID or an AD object: Get-ADUser -Properties mS-DS-ConsistencyGuid"
            ),
            Problem::GuidNotRecognized => write!(
                f,
                "{subject} {value} is none of the forms in which 16 bytes are written, so no ImmutableId belongs to it. \
                 Give a GUID (00112233-4455-6677-8899-aabbccddeeff), AD's bytes as hex (33 22 11 00 …), \
                 an LDAP filter value (\\33\\22\\11\\00…), a connector-space DN (CN={{4D79…}}) or the ImmutableId itself (24 characters, ending in ==)"
            ),
            Problem::GuidIsNil => write!(
                f,
                "{subject} is all zeros. Exchange writes that for \"none\"; as a source anchor it would be the same for every person. \
                 Take the value again from the AD object: objectGUID is never zero"
            ),
            Problem::ValueFlattened => write!(
                f,
                "{subject} is the type name {value}: Export-Csv wrote it where bytes or a list stood, so the value itself is lost. \
                 Export again with the bytes as text, for example @{{n='mS-DS-ConsistencyGuid';e={{[BitConverter]::ToString($_.'mS-DS-ConsistencyGuid')}}}}"
            ),
            Problem::ExchangeImmutableId => write!(
                f,
                "{subject} {value} is an address, not 16 bytes. A mail user's ImmutableId in Exchange has the form of an address \
                 and is not the source anchor. Use objectGUID or mS-DS-ConsistencyGuid of the AD object, or onPremisesImmutableId of the Entra ID user"
            ),
            Problem::ImmutableIdIsBase64OfText(guid) => write!(
                f,
                "{subject} {value} is base64 of the text of GUID {guid}, not of its 16 bytes: Entra Connect would never match it. \
                 The ImmutableId of that GUID is {}",
                super::immutable_id::encode(*guid)
            ),
            Problem::ImmutableIdNotCanonical => write!(
                f,
                "{subject} {value} decodes to 16 bytes but is not how Entra ID spells them (24 characters of A-Z a-z 0-9 + /, ending in ==, \
                 unused bits zero): a character was lost or changed, and ImmutableIds are compared letter by letter. \
                 Take the value again from onPremisesImmutableId"
            ),
            Problem::ImmutableIdWrongLength(bytes) => write!(
                f,
                "{subject} {value} is base64 of {bytes} bytes; an ImmutableId that Entra Connect makes of a GUID holds 16. \
                 It was cut or is no GUID: take it again from onPremisesImmutableId, or find out which attribute the forest uses as source anchor"
            ),
            Problem::ConnectorDnNotAnchor(Some(text)) => write!(
                f,
                "{subject} {value} stands for {}, which is not the ImmutableId of 16 bytes. Objects made in the cloud (Type_guid) have no source anchor; \
                 any other text is an anchor that the forest takes from another attribute",
                Shown(text)
            ),
            Problem::ConnectorDnNotAnchor(None) => write!(
                f,
                "{subject} {value} looks like a connector-space DN of Entra Connect, but what stands in its braces is not hex of text. \
                 Copy the DN whole: CN={{48 hex digits}}"
            ),
            Problem::X500NotRecognized(why) => write!(
                f,
                "{subject} {value} is not a LegacyExchangeDN or X500 address: {why}. Exchange takes any X500 unchecked, and a wrong one fails silently: \
                 replies to old messages bounce. Copy LegacyExchangeDN, or the X500 address, from the mailbox as it is (/o=…/ou=…/cn=…)"
            ),
            Problem::ImceaexNotRecognized(why) => write!(
                f,
                "{subject} {value} is not an IMCEAEX address: {why}. Decoding it anyway would give an X500 address that resolves nothing. \
                 Copy the address again from the non-delivery report's diagnostic information; -Lenient undoes what mail programs and HTML did to it"
            ),
            Problem::ImceaOfAnotherType(kind) => write!(
                f,
                "{subject} {value} encapsulates an address of type {}, not EX: no X500 address is inside. \
                 Only IMCEAEX addresses stand for a mailbox of Exchange; treat this one as an external address",
                Shown(kind)
            ),
            Problem::ImceaexNotUtf8(octet) => write!(
                f,
                "{subject} {value} decodes to octets that are not UTF-8, from octet {octet} on: its +XX pairs were damaged or made with another code page. \
                 Copy the address again from the non-delivery report, or take LegacyExchangeDN from the mailbox"
            ),
            Problem::DomainMissing => write!(
                f,
                "an IMCEAEX address needs the domain of the organization that made it, and none was given for {value}. \
                 Give -Domain, usually an accepted domain of the source tenant"
            ),
            Problem::DomainNotRecognized => write!(
                f,
                "{subject} {value} is not a domain name, so the IMCEAEX address would not be an address. Give a name such as contoso.com"
            ),
            Problem::FieldSeparatorInValue => write!(
                f,
                "{value} holds the control character U+001F, which no identifier holds and which separates the fields of this call. \
                 The source is damaged there: correct the value and pipe it again"
            ),
            Problem::SwitchNotRecognized => write!(
                f,
                "{subject} is {value}; it takes 1, 0 or nothing. This is a defect of the caller: report it"
            ),
        }
    }
}

/// A value in a sentence: in quotes, cut to what a line of a console holds, control characters made visible.
struct Shown<'a>(&'a str);

const SHOWN_CHARACTERS: usize = 120;

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write;
        f.write_char('\'')?;
        let mut rest = self.0.chars();
        for c in rest.by_ref().take(SHOWN_CHARACTERS) {
            if c.is_control() {
                write!(f, "{}", c.escape_unicode())?;
            } else {
                f.write_char(c)?;
            }
        }
        if rest.next().is_some() {
            f.write_char('…')?;
        }
        f.write_char('\'')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_value_stays_one_short_line_in_the_message() {
        let value = format!("evil\n\u{1f}\u{1b}[31m{}", "x".repeat(1 << 20));
        let error = IdentityError::new(Problem::GuidNotRecognized, "Value", &value);
        let message = error.message();
        assert!(message.len() < 700, "{}", message.len());
        assert!(!message.chars().any(char::is_control), "{message}");
        assert_eq!(error.target(), value);
    }
}

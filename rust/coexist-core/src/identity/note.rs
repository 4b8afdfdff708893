//! What a caller must be told although the value was derived: shown as a warning.

use std::fmt;

use super::guid::Guid;
use super::immutable_id;

/// One remark on a derived value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// As read, the bytes carry no version that RFC 4122 knows; read big-endian they do. Holds the GUID as read.
    LooksByteSwapped(Guid),
    /// mS-DS-ConsistencyGuid is the objectGUID of the same object with its bytes swapped. Holds the objectGUID.
    IsByteSwapped(Guid),
    /// 32 digits in a row were read as bytes in AD order. Holds the GUID that they were read as.
    HexReadAsBytes(Guid),
    /// Nobody looked at mS-DS-ConsistencyGuid, so objectGUID may not be the anchor.
    ConsistencyGuidUnknown,
    /// Both anchors are there and differ. Holds mS-DS-ConsistencyGuid, then objectGUID.
    AnchorsDiffer(Guid, Guid),
    /// A legal IMCEAEX address that is far likelier to be one that quoted-printable has damaged.
    LooksQuotedPrintable,
}

impl Note {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Note::LooksByteSwapped(_) | Note::IsByteSwapped(_) => "LooksByteSwapped",
            Note::HexReadAsBytes(_) => "HexReadAsBytes",
            Note::ConsistencyGuidUnknown => "ConsistencyGuidUnknown",
            Note::AnchorsDiffer(..) => "AnchorsDiffer",
            Note::LooksQuotedPrintable => "LooksQuotedPrintable",
        }
    }
}

/// The sentence. Holds no text of the caller's, so no separator and no control character either.
impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Note::LooksByteSwapped(guid) => {
                let swapped = guid.byte_swapped();
                write!(
                    f,
                    "read in AD's byte order this is {guid}, whose version nibble ({:x}) RFC 4122 does not have; read big-endian it is {swapped}, version {}: \
                     whoever wrote it may have swapped the bytes. Compare with objectGUID of the AD object. If that is {swapped}, the ImmutableId is {}",
                    guid.version(),
                    swapped.version(),
                    immutable_id::encode(swapped)
                )
            }
            Note::IsByteSwapped(object_guid) => write!(
                f,
                "mS-DS-ConsistencyGuid is objectGUID {object_guid} with its bytes swapped: it was written from the text instead of the bytes. \
                 Entra Connect uses it as it stands; if the user in Entra ID carries {}, the two will not match",
                immutable_id::encode(object_guid)
            ),
            Note::HexReadAsBytes(guid) => {
                let other = guid.byte_swapped();
                write!(
                    f,
                    "32 digits in a row were read as bytes in AD order: {guid}. If they are a GUID without its dashes, it is {other} and the ImmutableId is {}. \
                     Write dashes (GUID) or a space between bytes (AD) to say which",
                    immutable_id::encode(other)
                )
            }
            Note::ConsistencyGuidUnknown => f.write_str(
                "mS-DS-ConsistencyGuid was not on the object, which does not mean that it is empty: plain Get-ADUser leaves it out. \
                 Where it is set, it is the source anchor, and this ImmutableId, made of objectGUID, is wrong. \
                 Ask for it: Get-ADUser -Properties mS-DS-ConsistencyGuid",
            ),
            Note::AnchorsDiffer(consistency_guid, object_guid) => write!(
                f,
                "mS-DS-ConsistencyGuid {consistency_guid} is not objectGUID {object_guid}: usual for a user who came from another forest. \
                 Entra Connect takes mS-DS-ConsistencyGuid, and so does this ImmutableId"
            ),
            Note::LooksQuotedPrintable => f.write_str(
                "this is a legal IMCEAEX address, but it reads like one whose equals and plus signs quoted-printable has turned into =3D and =2B. \
                 If it was pasted from a message source, use -Lenient",
            ),
        }
    }
}

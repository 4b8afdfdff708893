//! The lines of the source tenant.

use super::person::Person;
use super::random::Field;
use super::value::{Object, Value};
use crate::identity::guid::Guid;

const GB: u64 = 1 << 30;

/// A size as Exchange prints it: four digits at most, then the exact bytes.
pub(super) fn size(bytes: u64) -> String {
    let (unit, name) = [(1 << 40, "TB"), (GB, "GB"), (1 << 20, "MB"), (1 << 10, "KB")].into_iter().find(|(unit, _)| bytes >= *unit).unwrap_or((1, "B"));
    let whole = bytes / unit;
    let digits = if whole >= 1000 { 0 } else if whole >= 100 { 1 } else if whole >= 10 { 2 } else { 3 };
    let scale = 10u64.pow(digits);
    let fraction = (bytes % unit * scale) / unit;
    let mut text = whole.to_string();
    if fraction > 0 {
        let padded = format!("{fraction:0width$}", width = digits as usize);
        text.push('.');
        text.push_str(padded.trim_end_matches('0'));
    }
    let mut grouped = bytes.to_string();
    for at in (1..grouped.len()).rev().filter(|at| (grouped.len() - at) % 3 == 0).collect::<Vec<_>>() {
        grouped.insert(at, ',');
    }
    format!("{text} {name} ({grouped} bytes)")
}

/// Get-Mailbox.
pub(super) fn mailbox(person: &Person) -> Object {
    let database = "eurprd07.prod.outlook.com";
    let mut locations = vec![format!("1;{};Primary;{database};{}", person.exchange_guid, person.draw.guid(Field::SiteId))];
    locations.extend(person.archive_guid.map(|guid| format!("1;{guid};MainArchive;{database};{}", person.draw.guid(Field::Anchor))));
    let has_archive = person.archive_guid.is_some();
    Object::new([
        ("Alias", person.name.local.clone().into()),
        ("ArchiveGuid", person.archive_guid.unwrap_or(Guid::NIL).into()),
        ("ArchiveState", if has_archive { "Local" } else { "None" }.into()),
        ("ArchiveStatus", if has_archive { "Active" } else { "None" }.into()),
        ("ComplianceTagHoldApplied", false.into()),
        ("DelayHoldApplied", false.into()),
        ("DelayReleaseHoldApplied", false.into()),
        ("DisplayName", person.display_name.clone().into()),
        ("EmailAddresses", person.addresses.clone().into()),
        ("ExchangeGuid", person.exchange_guid.into()),
        ("ExternalDirectoryObjectId", person.source_id.into()),
        ("Guid", person.draw.guid(Field::SourceGuid).into()),
        ("Identity", person.source_id.into()),
        ("InPlaceHolds", Value::List(Vec::new())),
        ("IsDirSynced", false.into()),
        ("LegacyExchangeDN", person.legacy_dn.clone().into()),
        ("LitigationHoldEnabled", false.into()),
        ("MailboxLocations", locations.into()),
        ("Name", person.name.local.clone().into()),
        ("PersistedCapabilities", vec!["BPOS_S_Enterprise".to_string(), "ExchangeT2TMbxMove".to_string()].into()),
        ("PrimarySmtpAddress", person.primary.clone().into()),
        ("RecipientType", "UserMailbox".into()),
        ("RecipientTypeDetails", person.mailbox_type.into()),
        ("RecoverableItemsQuota", size(30 * GB).into()),
        ("UserPrincipalName", person.upn.clone().into()),
    ])
}

/// Get-MailboxStatistics.
pub(super) fn mailbox_statistics(person: &Person) -> Object {
    Object::new([
        ("DisplayName", person.display_name.clone().into()),
        ("MailboxGuid", person.exchange_guid.into()),
        // At most 26 GB: below the 30 GB that a mail user takes.
        ("TotalDeletedItemSize", size(((person.draw.word(Field::ItemSize) >> 32) * ((26 * GB) >> 10)) >> 22).into()),
    ])
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_printed_as_exchange_prints_them() {
        for (bytes, text) in [
            (0, "0 B (0 bytes)"),
            (999, "999 B (999 bytes)"),
            (1024, "1 KB (1,024 bytes)"),
            (32_212_254_720, "30 GB (32,212,254,720 bytes)"),
            (1_366_819_133, "1.272 GB (1,366,819,133 bytes)"),
            (53_150_220_288, "49.5 GB (53,150,220,288 bytes)"),
            (268_800_112, "256.3 MB (268,800,112 bytes)"),
            (1_073_741_824_000, "1000 GB (1,073,741,824,000 bytes)"),
        ] {
            assert_eq!(size(bytes), text);
            assert_eq!(crate::readiness::bytes(text), Some(bytes));
        }
    }
}

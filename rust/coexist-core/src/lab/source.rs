//! The lines of the source tenant.

use super::department::Department;
use super::names::{Region, HABITS};
use super::person::Person;
use super::random::{Draw, Field};
use super::value::{Object, Value};
use super::World;
use crate::identity::guid::Guid;

const GB: u64 = 1 << 30;
const MB: u64 = 1 << 20;

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
pub(super) fn mailbox(world: &World, person: &Person) -> Object {
    let department = Department::of(world, person.number);
    let on_behalf = department.as_ref().map(|department| department.on_behalf(person.number)).unwrap_or_default();
    let on_behalf: Vec<String> = on_behalf.iter().map(|other| Person::new(world, *other).name.local).collect();
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
        ("GrantSendOnBehalfTo", on_behalf.into()),
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
    let bytes = stored(person.draw, Field::MailboxSize, Field::MailboxBytes);
    Object::new([
        ("DisplayName", person.display_name.clone().into()),
        ("IsArchiveMailbox", false.into()),
        ("ItemCount", Value::Number(items(person.draw, bytes))),
        ("MailboxGuid", person.exchange_guid.into()),
        // At most 26 GB: below the 30 GB that a mail user takes.
        ("TotalDeletedItemSize", size(((person.draw.word(Field::ItemSize) >> 32) * ((26 * GB) >> 10)) >> 22).into()),
        ("TotalItemSize", size(bytes).into()),
    ])
}

/// Get-MailboxStatistics -Archive.
pub(super) fn archive_statistics(person: &Person) -> Object {
    let bytes = stored(person.draw, Field::ArchiveSize, Field::ArchiveBytes);
    Object::new([
        ("DisplayName", format!("In-Place Archive - {}", person.display_name).into()),
        ("IsArchiveMailbox", true.into()),
        ("ItemCount", Value::Number(items(person.draw, bytes))),
        ("MailboxGuid", person.archive_guid.unwrap_or(Guid::NIL).into()),
        ("TotalDeletedItemSize", size(bytes >> 10).into()),
        ("TotalItemSize", size(bytes).into()),
    ])
}

/// How much a mailbox holds.
fn stored(draw: Draw, class: Field, bytes: Field) -> u64 {
    let sizes = &HABITS.sizes;
    let class = draw.choose(class, sizes.iter().map(|size| (size, size.percent)), &sizes[0]);
    class.from * MB + (((draw.word(bytes) >> 32) * (((class.to - class.from) * MB) >> 10)) >> 22)
}

/// Mail of 40 to 160 KB each.
fn items(draw: Draw, bytes: u64) -> u64 {
    bytes / ((40 + draw.below(Field::ItemCount, 120)) << 10)
}

/// Where a person works: mostly where their department is.
pub(super) fn region(world: &World, person: u64) -> &'static Region {
    let habits = &HABITS.departments;
    let own = Draw::new(world.seed, person);
    let draw = if own.percent(Field::TimeZone, habits.elsewhere_percent) { own } else { super::department::draw(world, person / habits.people) };
    draw.choose(Field::Region, HABITS.regions.iter().map(|region| (region, region.weight)), &HABITS.regions[0])
}

/// Get-MailboxRegionalConfiguration. Whoever never signed in has no time zone.
pub(super) fn regional_configuration(world: &World, person: u64) -> Object {
    let draw = Draw::new(world.seed, person);
    let region = region(world, person);
    let known = draw.below(Field::TimeZone, 100) < 100 - HABITS.departments.no_time_zone_percent;
    Object::new([
        ("Identity", draw.ranked_guid(Field::SourceId, person, world.people).into()),
        ("Language", known.then_some(region.language.as_str()).into()),
        ("TimeZone", known.then_some(region.time_zone.as_str()).into()),
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

//! People as a source snapshot shows them.

use super::people::{People, Person};
use super::tie::Resolved;
use crate::directory::{display_identity, IDENTITIES};
use crate::readiness::bytes;
use crate::snapshot::{Kind, Property, Record, Snapshot};

/// Everybody whose mailbox is in scope, with sizes and time zones where the snapshot holds them.
pub fn people(snapshot: &Snapshot, mut in_scope: impl FnMut(usize, &Record) -> bool) -> Vec<Person> {
    let Some(mailboxes) = snapshot.table(Kind::Mailboxes) else { return Vec::new() };
    let mut list = Vec::with_capacity(mailboxes.len());
    let mut guids: Vec<(String, usize, bool)> = Vec::new();
    for (row, record) in mailboxes.iter().enumerate() {
        if !in_scope(row, &record) {
            continue;
        }
        for (property, archive) in [(Property::ExchangeGuid, false), (Property::ArchiveGuid, true)] {
            if let Some(guid) = record.text(property).value() {
                guids.push((guid.to_ascii_lowercase(), list.len(), archive));
            }
        }
        list.push(person(&record, (mailboxes.file(), mailboxes.line(row))));
    }
    guids.sort_unstable();
    for statistics in snapshot.table(Kind::MailboxStatistics).into_iter().flat_map(|table| table.iter()) {
        let Some(guid) = statistics.text(Property::MailboxGuid).value().map(str::to_ascii_lowercase) else { continue };
        let size = statistics.text(Property::TotalItemSize).value().and_then(bytes).filter(|size| *size != u64::MAX);
        let items = statistics.text(Property::ItemCount).value().and_then(|text| text.parse().ok());
        let from = guids.partition_point(|(known, ..)| *known < guid);
        for (_, number, archive) in guids[from..].iter().take_while(|(known, ..)| *known == guid) {
            let person = &mut list[*number];
            if *archive {
                person.archive_bytes = size;
            } else {
                person.mailbox_bytes = size;
                person.items = items;
            }
        }
    }
    list
}

/// A recipient under all its names.
pub fn person(record: &Record, place: (&str, u64)) -> Person {
    let mut person = Person { identity: display_identity(record).to_string(), place: Some((place.0.to_string(), place.1)), ..Person::default() };
    person.user_principal_name = record.text(Property::UserPrincipalName).value().map(str::to_string);
    // Permissions and restrictions show people by the names that they have in Exchange, though several may share one.
    for name in IDENTITIES.iter().chain(&[Property::Name, Property::DisplayName]).filter_map(|property| record.text(*property).value()) {
        person.add_name(name);
    }
    if let Some(addresses) = record.list(Property::EmailAddresses).value() {
        for address in addresses {
            if let Some(address) = address.get(..5).filter(|prefix| prefix.eq_ignore_ascii_case("smtp:")).and_then(|_| address.get(5..)) {
                person.add_name(address);
            }
        }
    }
    person
}

/// Adds the time zones of a snapshot, which stand under any identity of the mailbox.
pub fn add_time_zones(people: &mut People, snapshot: &Snapshot) {
    for row in snapshot.table(Kind::RegionalConfigurations).into_iter().flat_map(|table| table.iter()) {
        let (Some(identity), Some(zone)) = (row.text(Property::Identity).value(), row.text(Property::TimeZone).value()) else { continue };
        if let Resolved::One(number) = people.resolve(identity) {
            people.list[number as usize].time_zone.get_or_insert_with(|| zone.to_string());
        }
    }
}

//! Who writes to recipients of the target that take mail from named senders only: in the attribution gap that mail is refused.

use super::people::{People, Person};
use super::survey;
use super::tie::Resolved;
use crate::directory::text_hash;
use crate::snapshot::{Kind, Property, Record, Snapshot};
use rustc_hash::FxHashMap;

/// To how many restricted recipients each of these target objects may write, by name or as a member of a group that is named (one level: what
/// Get-DistributionGroupMember shows).
pub fn restricted(target: &Snapshot, objects: &[Option<Record>]) -> Vec<u32> {
    let mut counts = vec![0u32; objects.len()];
    let restrictions: Vec<Vec<&str>> = target
        .tables
        .iter()
        .filter(|(kind, _)| kind.is_recipient())
        .flat_map(|(_, table)| table.iter())
        .filter_map(|record| Some(record.list(Property::AcceptMessagesOnlyFromSendersOrMembers).value()?.collect::<Vec<_>>()))
        .filter(|senders| !senders.is_empty())
        .collect();
    if restrictions.is_empty() {
        return counts;
    }
    let named = |(number, object): (usize, &Option<Record>)| match object {
        Some(record) => survey::person(record, ("", 0)),
        None => Person { identity: format!("\u{0}{number}"), ..Person::default() },
    };
    // Two people never share a target object, so nobody is lost as a double.
    let (people, _) = People::new(objects.iter().enumerate().map(named).collect());
    if people.len() != objects.len() {
        return counts;
    }
    let mut members: FxHashMap<u64, Vec<u32>> = FxHashMap::default();
    for member in target.table(Kind::Members).into_iter().flat_map(|table| table.iter()) {
        let Some(group) = member.text(Property::Group).value() else { continue };
        let person = [Property::ExternalDirectoryObjectId, Property::Guid, Property::PrimarySmtpAddress, Property::Identity]
            .iter()
            .filter_map(|property| member.text(*property).value())
            .find_map(|text| if let Resolved::One(person) = people.resolve(text) { Some(person) } else { None });
        if let Some(person) = person {
            members.entry(text_hash(group.trim())).or_default().push(person);
        }
    }
    for senders in restrictions {
        let mut allowed: Vec<u32> = Vec::new();
        for sender in senders {
            match people.resolve(sender) {
                Resolved::One(person) => allowed.push(person),
                _ => allowed.extend(members.get(&text_hash(sender.trim())).into_iter().flatten()),
            }
        }
        allowed.sort_unstable();
        allowed.dedup();
        allowed.iter().for_each(|person| counts[*person as usize] += 1);
    }
    counts
}

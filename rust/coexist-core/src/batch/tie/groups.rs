//! Groups and who is in them: permissions and lists name groups where they mean people.

use super::{Gathered, Resolved};
use crate::directory::{same_text, stable_identity, text_hash, Entries, Index, IDENTITIES};
use crate::snapshot::{kinds_of_type, Kind, Property, Record, Snapshot, Table};
use std::collections::{BTreeMap, BTreeSet};

/// A member of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Member {
    Person(u32),
    Group(u32),
    /// Somebody who does not move, or is not to be told: the group is known not to be empty.
    Nobody,
}

/// The groups of a snapshot by every name, with their members.
pub(super) struct Groups<'s> {
    table: Option<&'s Table>,
    index: Index,
    /// Groups that only members name, after those of the table.
    others: BTreeMap<String, u32>,
    /// By group, sorted.
    members: Vec<(u32, Member)>,
}

/// The names of a group that fit a text.
const NAMES: [Property; 2] = [Property::Name, Property::DisplayName];

fn names<'s>(record: &Record<'s>, mut each: impl FnMut(&'s str)) {
    for property in IDENTITIES.iter().chain(&NAMES) {
        record.text(*property).value().into_iter().for_each(&mut each);
    }
    for address in record.list(Property::EmailAddresses).value().into_iter().flatten() {
        if let Some((_, value)) = address.split_once(':') {
            each(value);
        }
    }
}

impl<'s> Groups<'s> {
    pub fn new(snapshot: &'s Snapshot, gathered: &Gathered) -> Self {
        let table = snapshot.table(Kind::Groups);
        let [entries] = Entries::collect(table.map_or(0, Table::len), |number, push| {
            if let Some(table) = table {
                names(&table.get(number as usize), |name| push(0, text_hash(name)));
            }
        });
        let mut groups = Groups { table, index: Index::new(entries), others: BTreeMap::new(), members: Vec::new() };
        if let Some(members) = snapshot.table(Kind::Members) {
            // Members of one group follow each other.
            let mut last: Option<(&str, u32)> = None;
            for record in members.iter() {
                let Some(text) = record.text(Property::Group).value() else { continue };
                let group = match last {
                    Some((name, group)) if name == text => group,
                    _ => groups.number(text),
                };
                last = Some((text, group));
                let member = groups.member(&record, gathered);
                groups.members.push((group, member));
            }
        }
        groups.members.sort_unstable();
        groups.members.dedup();
        groups
    }

    fn member(&mut self, record: &Record, gathered: &Gathered) -> Member {
        let text = stable_identity(record);
        let is_group = record.text(Property::RecipientTypeDetails).value().is_some_and(|name| kinds_of_type(name).first() == Some(&Kind::Groups));
        if is_group {
            return Member::Group(self.number(text));
        }
        match gathered.person(text) {
            Resolved::One(person) => Member::Person(person),
            _ => Member::Nobody,
        }
    }

    /// The group of a text; `None` where it is none, or could be several.
    pub fn find(&self, text: &str) -> Option<u32> {
        let text = text.trim();
        let mut found = None;
        for number in self.index.get(text_hash(text)) {
            let record = self.table?.get(number as usize);
            let mut fits = false;
            names(&record, |name| fits = fits || same_text(name, text));
            if fits && found.replace(number).is_some() {
                return None;
            }
        }
        found.or_else(|| self.others.get(&text.to_lowercase()).copied())
    }

    /// The number of a group, a new one where only this text knows it.
    pub fn number(&mut self, text: &str) -> u32 {
        self.find(text).unwrap_or_else(|| {
            let next = (self.table.map_or(0, Table::len) + self.others.len()) as u32;
            *self.others.entry(text.trim().to_lowercase()).or_insert(next)
        })
    }

    /// Adds the people of a group and of the groups in it; past `most` people it stops. False where nothing is known of its members.
    pub fn people(&self, group: u32, most: usize, people: &mut Vec<u32>) -> bool {
        let (mut seen, mut open) = (BTreeSet::from([group]), vec![group]);
        let mut known = false;
        while let Some(group) = open.pop() {
            let from = self.members.partition_point(|(other, _)| *other < group);
            for (_, member) in self.members[from..].iter().take_while(|(other, _)| *other == group) {
                known = true;
                match member {
                    Member::Person(person) => people.push(*person),
                    Member::Group(group) => {
                        if seen.insert(*group) {
                            open.push(*group);
                        }
                    }
                    Member::Nobody => {}
                }
            }
            if people.len() > most {
                people.sort_unstable();
                people.dedup();
                if people.len() > most {
                    break;
                }
            }
        }
        known
    }
}

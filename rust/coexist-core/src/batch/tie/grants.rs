//! Ties from permissions: mailboxes, recipients, calendars, sending on behalf.

use super::groups::Groups;
use super::snapshot::Unknown;
use super::{is_nobody, Gathered, Resolved};
use crate::directory::stable_identity;
use crate::known::Known;
use crate::snapshot::{Kind, Property, Record, Snapshot};

/// Mailboxes whose type decides the kind of every permission on them: person and kind, sorted.
fn typed(snapshot: &Snapshot, gathered: &Gathered) -> Vec<(u32, u16)> {
    let mut typed = Vec::new();
    for record in snapshot.table(Kind::Mailboxes).into_iter().flat_map(|table| table.iter()) {
        let kind = record.text(Property::RecipientTypeDetails).value().and_then(|name| gathered.kinds.of_type(name));
        if let (Some(kind), Some(person)) = (kind, kind.and_then(|_| one(gathered.person(stable_identity(&record))))) {
            typed.push((person, kind));
        }
    }
    typed.sort_unstable();
    typed
}

fn one(resolved: Resolved) -> Option<u32> {
    match resolved {
        Resolved::One(person) => Some(person),
        _ => None,
    }
}

/// Reads permissions of every form.
pub(super) struct Grants<'g, 's> {
    typed: Vec<(u32, u16)>,
    groups: &'g Groups<'s>,
    most: usize,
    /// Of people who share one grant.
    people: Vec<u32>,
    /// How many grants are to groups whose members are not known.
    pub unknown_groups: u64,
}

impl<'g, 's> Grants<'g, 's> {
    pub fn new(snapshot: &Snapshot, gathered: &Gathered, groups: &'g Groups<'s>, most: usize) -> Self {
        Grants { typed: typed(snapshot, gathered), groups, most, people: Vec::new(), unknown_groups: 0 }
    }

    /// One permission: `principal` is the text of the mailbox, `holder` of who may use it. `kind` may be switched off, and the mailbox's type may decide otherwise.
    fn grant(&mut self, gathered: &mut Gathered, kind: Option<u16>, principal: &str, holder: &str) {
        if is_nobody(holder) || is_nobody(principal) {
            return;
        }
        let from = gathered.person(principal);
        let of_type = one(from).and_then(|person| self.typed.binary_search_by_key(&person, |(person, _)| *person).ok()).map(|at| self.typed[at].1);
        let Some(kind) = of_type.or(kind).filter(|kind| gathered.kinds.get(*kind).weight > 0) else { return };
        let to = gathered.person(holder);
        if to != Resolved::Nobody {
            // Sending as a group is no tie to a person.
            if from == Resolved::Nobody && self.groups.find(principal).is_some() {
                return;
            }
            gathered.tie(kind, from, to);
            return;
        }
        match self.groups.find(holder) {
            None => gathered.tie(kind, from, to),
            Some(group) if from != Resolved::Nobody => {
                self.people.clear();
                if !self.groups.people(group, self.most, &mut self.people) {
                    self.unknown_groups += 1;
                } else if self.people.len() > self.most {
                    gathered.missed(kind).0.too_large += 1;
                } else {
                    for person in &self.people {
                        gathered.tie(kind, from, Resolved::One(*person));
                    }
                }
            }
            Some(_) => {}
        }
    }

    /// Get-MailboxPermission and Get-RecipientPermission.
    pub fn permissions(&mut self, snapshot: &Snapshot, gathered: &mut Gathered, unknown: &mut Unknown) {
        let (full_access, send_as) = (gathered.kinds.index("fullAccess"), gathered.kinds.index("sendAs"));
        for table in [Kind::Permissions, Kind::RecipientPermissions].into_iter().filter_map(|kind| snapshot.table(kind)) {
            for (at, record) in table.iter().enumerate() {
                // What is inherited was given to administrators and services, on every mailbox.
                let inherited = record.flag(Property::IsInherited).value() == Some(true);
                let denied = record.flag(Property::Deny).value() == Some(true)
                    || record.text(Property::AccessControlType).value().is_some_and(|text| text.eq_ignore_ascii_case("deny"));
                if inherited || denied {
                    continue;
                }
                let Some(rights) = unknown.list(table, at, &record, Property::AccessRights) else { continue };
                let has = |kind: Option<u16>| kind.filter(|kind| rights.clone().any(|right| gathered.kinds.has_right(*kind, right)));
                let (opens, sends) = (has(full_access), has(send_as));
                if opens.is_none() && sends.is_none() {
                    continue;
                }
                let holder = match record.text(Property::Trustee) {
                    Known::NotExported => unknown.text(table, at, &record, Property::User),
                    _ => unknown.text(table, at, &record, Property::Trustee),
                };
                let principal = unknown.text(table, at, &record, Property::Identity);
                if let (Some(holder), Some(principal)) = (holder, principal) {
                    [opens, sends].into_iter().flatten().for_each(|kind| self.grant(gathered, Some(kind), principal, holder));
                }
            }
        }
    }

    /// Get-MailboxFolderPermission of the calendar.
    pub fn calendars(&mut self, snapshot: &Snapshot, gathered: &mut Gathered, unknown: &mut Unknown) {
        let (Some(table), Some(kind)) = (snapshot.table(Kind::CalendarPermissions), gathered.kinds.index("calendarDelegate")) else { return };
        for (at, record) in table.iter().enumerate() {
            let Some(mut rights) = unknown.list(table, at, &record, Property::AccessRights) else { continue };
            let flags = unknown.text(table, at, &record, Property::SharingPermissionFlags);
            let writes = rights.any(|right| gathered.kinds.has_right(kind, right));
            if !writes && !flags.is_some_and(|flags| gathered.kinds.has_right(kind, flags)) {
                continue;
            }
            let Some(holder) = unknown.text(table, at, &record, Property::User) else { continue };
            // The cmdlet's Identity is the user; with a folder in it, it is what the cmdlet was asked for.
            let asked = record.text(Property::Identity).value().and_then(|text| text.split_once(":\\")).map(|(mailbox, _)| mailbox);
            let principal = record.text(Property::Mailbox).value().or(asked);
            match principal {
                Some(principal) => self.grant(gathered, Some(kind), principal, holder),
                None if is_nobody(holder) => {}
                None => unknown.note(table, at, Property::Mailbox, false),
            }
        }
    }

    /// GrantSendOnBehalfTo of Get-Mailbox.
    pub fn on_behalf(&mut self, snapshot: &Snapshot, gathered: &mut Gathered, unknown: &mut Unknown) {
        let (Some(table), Some(kind)) = (snapshot.table(Kind::Mailboxes), gathered.kinds.index("sendOnBehalf")) else { return };
        for (at, record) in table.iter().enumerate() {
            let holders = unknown.list(table, at, &record, Property::GrantSendOnBehalfTo);
            holders.into_iter().flatten().for_each(|holder| self.grant(gathered, Some(kind), stable_identity(&record), holder));
        }
    }
}

/// The first name of a record: what [`Gathered::person`] is asked.
pub(super) fn person(gathered: &Gathered, record: &Record) -> Resolved {
    gathered.person(stable_identity(record))
}

//! Ties from the snapshot of the source.

use super::grants::{person, Grants};
use super::groups::Groups;
use super::{is_nobody, Gathered, Kinds, Resolved, Ties};
use crate::directory::{index_table, same_text, text_hash};
use crate::known::Known;
use crate::limits::Limits;
use crate::problem::{Category, Problem};
use crate::snapshot::{Kind, List, Property, Record, Snapshot, Table};
use std::collections::BTreeMap;

/// Where ties of each kind are seen: kind of ties, kind of objects, properties.
const SEEN_IN: [(&str, Kind); 12] = [
    ("fullAccess", Kind::Permissions),
    ("sendAs", Kind::RecipientPermissions),
    ("sendOnBehalf", Kind::Mailboxes),
    ("calendarDelegate", Kind::CalendarPermissions),
    ("sharedMailbox", Kind::Permissions),
    ("roomMailbox", Kind::Permissions),
    ("equipmentMailbox", Kind::Permissions),
    ("manager", Kind::ExchangeUsers),
    ("assistant", Kind::ExchangeUsers),
    ("groupOwner", Kind::Groups),
    ("restrictedSender", Kind::Groups),
    ("flow", Kind::Flows),
];

/// What was not exported, or exported as a type name.
#[derive(Default)]
pub(super) struct Unknown {
    /// By file and property: how many objects, how many of them as a type name, and the line of the first.
    found: BTreeMap<(Kind, Property), (u64, u64, u64)>,
}

impl Unknown {
    pub fn note(&mut self, table: &Table, at: usize, property: Property, flattened: bool) {
        let entry = self.found.entry((table.kind(), property)).or_insert_with(|| (0, 0, table.line(at)));
        entry.0 += 1;
        entry.1 += u64::from(flattened);
    }

    /// The text of a property; one that is not known is noted.
    pub fn text<'r>(&mut self, table: &Table, at: usize, record: &Record<'r>, property: Property) -> Option<&'r str> {
        self.known(table, at, property, record.text(property))
    }

    /// The items of a property; one that is not known is noted.
    pub fn list<'r>(&mut self, table: &Table, at: usize, record: &Record<'r>, property: Property) -> Option<List<'r>> {
        self.known(table, at, property, record.list(property))
    }

    fn known<T>(&mut self, table: &Table, at: usize, property: Property, value: Known<T>) -> Option<T> {
        if value.is_unknown() {
            self.note(table, at, property, matches!(value, Known::Flattened));
        }
        value.value()
    }

    fn problems(&self, snapshot: &Snapshot) -> Vec<Problem> {
        let problem = |(&(kind, property), &(count, flattened, line)): (&(Kind, Property), &(u64, u64, u64))| {
            let file = snapshot.table(kind).map(Table::file).unwrap_or_default();
            let how = match flattened {
                0 => "not exported".to_string(),
                all if all == count => "exported as the name of a type".to_string(),
                some => format!("not exported, or ({some} times) exported as the name of a type"),
            };
            let remedy = match property {
                Property::Mailbox | Property::Group => format!("{} does not emit it: add it to each object with Add-Member before Export-CoexistSnapshot", kind.source()),
                _ => format!("pipe the output of {} straight into Export-CoexistSnapshot", kind.source()),
            };
            let message = format!(
                "{} of {count} objects in {kind} was {how}, so the ties that it shows are unknown and people who belong together may be moved apart. Export again: {remedy}.",
                property.name()
            );
            Problem::new("TiePropertyUnknown", Category::InvalidData, message).about(property.name()).at(file, line)
        };
        self.found.iter().map(problem).collect()
    }
}

/// The ties that the source's snapshot shows. `resolve` is asked with each identity as the export has it: name, display name, UPN, address, alias, DN, GUID
/// or `DOMAIN\user`; it may be asked for groups, who are nobody.
///
/// Every kind of objects that is missing, and every property that was not exported, is a problem of its own (`TiesNotExported`, `TiePropertyUnknown`).
pub fn from_snapshot(snapshot: &Snapshot, kinds: &Kinds, limits: &Limits, resolve: &dyn Fn(&str) -> Resolved) -> Ties {
    let most = limits.value("tiedGroupPeople") as usize;
    let mut gathered = Gathered::new(kinds, resolve);
    let mut unknown = Unknown::default();
    let groups = Groups::new(snapshot, &gathered);

    let mut grants = Grants::new(snapshot, &gathered, &groups, most);
    grants.permissions(snapshot, &mut gathered, &mut unknown);
    if kinds.on("calendarDelegate").is_some() {
        grants.calendars(snapshot, &mut gathered, &mut unknown);
    }
    if kinds.on("sendOnBehalf").is_some() {
        grants.on_behalf(snapshot, &mut gathered, &mut unknown);
    }
    let mut unknown_groups = grants.unknown_groups;

    superiors(snapshot, &mut gathered, &mut unknown);
    owners(snapshot, &mut gathered, &mut unknown, &groups, most);
    unknown_groups += senders(snapshot, &mut gathered, &mut unknown, &groups, most);
    flows(snapshot, &mut gathered, &mut unknown, &groups, most);

    gathered.problems.extend(missing(snapshot, kinds));
    if unknown_groups > 0 {
        let message = format!(
            "{unknown_groups} permissions and lists name groups whose members were not exported, so the ties of these members are unknown. Export them: {} of each group, with the \
             group added to each object as Group.",
            Kind::Members.source()
        );
        gathered.problems.push(Problem::new("TiesNotExported", Category::ObjectNotFound, message).about(Kind::Members.name()));
    }
    gathered.problems.extend(unknown.problems(snapshot));
    gathered.finish()
}

fn missing(snapshot: &Snapshot, kinds: &Kinds) -> Vec<Problem> {
    let mut absent: BTreeMap<Kind, Vec<&str>> = BTreeMap::new();
    for (name, kind) in SEEN_IN.iter().filter(|(name, kind)| kinds.on(name).is_some() && snapshot.table(*kind).is_none()) {
        absent.entry(*kind).or_default().push(name);
    }
    // Get-UnifiedGroup has the owners too, in ManagedBy; of distribution lists alone, teams are unknown.
    let is_team = |record: Record| record.text(Property::RecipientTypeDetails).value().is_some_and(|name| name.eq_ignore_ascii_case("GroupMailbox"));
    let has_teams = snapshot.table(Kind::UnifiedGroupLinks).is_some() || snapshot.table(Kind::Groups).is_some_and(|groups| groups.iter().any(is_team));
    if kinds.on("groupOwner").is_some() && !has_teams {
        absent.entry(Kind::UnifiedGroupLinks).or_default().push("groupOwner");
    }
    let problem = |(kind, names): (Kind, Vec<&str>)| {
        let message = format!(
            "The snapshot has no {kind}, so ties of these kinds are unknown: {}. People who belong together may be moved apart. Export {}, or set the weight of these kinds to 0.",
            names.join(", "),
            kind.source()
        );
        Problem::new("TiesNotExported", Category::ObjectNotFound, message).about(kind.name())
    };
    absent.into_iter().map(problem).collect()
}

/// Manager and AssistantName of Get-User, and Manager of Get-ADUser.
fn superiors(snapshot: &Snapshot, gathered: &mut Gathered, unknown: &mut Unknown) {
    let (manager, assistant) = (gathered.kinds.on("manager"), gathered.kinds.on("assistant"));
    if let Some(table) = snapshot.table(Kind::ExchangeUsers) {
        for (at, record) in table.iter().enumerate() {
            let superior = manager.and_then(|kind| Some((kind, unknown.text(table, at, &record, Property::Manager)?)));
            let helper = assistant.and_then(|kind| Some((kind, unknown.text(table, at, &record, Property::AssistantName)?)));
            if superior.is_none() && helper.is_none() {
                continue;
            }
            let own = person(gathered, &record);
            if let Some((kind, text)) = superior {
                let from = gathered.person(text);
                gathered.tie(kind, from, own);
            }
            // Free text: it counts where it is one person, and says nothing otherwise.
            if let Some((kind, Resolved::One(helper))) = helper.map(|(kind, text)| (kind, gathered.person(text))) {
                gathered.tie(kind, own, Resolved::One(helper));
            }
        }
    }
    let (Some(kind), Some(table)) = (manager, snapshot.table(Kind::AdUsers)) else { return };
    let names = index_table(table, Property::DistinguishedName);
    // What Exchange calls a user of AD.
    let named = |record: &Record| record.first_text(&[Property::UserPrincipalName, Property::Mail, Property::ObjectGuid]).map_or(Resolved::Nobody, |text| gathered.person(text));
    let mut found = Vec::new();
    for record in table.iter() {
        let Some(dn) = record.text(Property::Manager).value() else { continue };
        let superior = names.get(text_hash(dn)).map(|at| table.get(at as usize)).find(|other| other.text(Property::DistinguishedName).value().is_some_and(|own| same_text(own, dn)));
        found.push((superior.map_or_else(|| gathered.person(dn), |superior| named(&superior)), named(&record)));
    }
    found.into_iter().for_each(|(superior, own)| gathered.tie(kind, superior, own));
}

/// What is known of the people of something shared, by its name: of a group, its number.
type Shared = BTreeMap<(u32, String), Vec<u32>>;

/// Adds who a text is, the members of a group one by one.
fn add(gathered: &mut Gathered, groups: &Groups, kind: u16, text: &str, most: usize, people: &mut Vec<u32>) -> Found {
    if is_nobody(text) {
        return Found::All;
    }
    match gathered.person(text) {
        Resolved::One(person) => people.push(person),
        Resolved::Several => gathered.missed(kind).0.several += 1,
        Resolved::Nobody => match groups.find(text) {
            Some(group) if groups.people(group, most, people) => {}
            Some(_) => return Found::UnknownGroup,
            None => return Found::Nobody,
        },
    }
    Found::All
}

#[derive(PartialEq, Eq)]
enum Found {
    All,
    Nobody,
    UnknownGroup,
}

/// Notes the star of people who share something, and that `absent` of them do not move.
fn share(gathered: &mut Gathered, kind: u16, hub: Option<u32>, people: &mut Vec<u32>, absent: u64, most: usize) {
    gathered.star(kind, hub, people, most);
    if absent > 0 && !people.is_empty() && people.len() <= most {
        let (missed, concerned) = gathered.missed(kind);
        missed.nobody += absent;
        concerned.extend_from_slice(people);
    }
}

/// ManagedBy of groups, and the owners of Microsoft 365 groups.
fn owners(snapshot: &Snapshot, gathered: &mut Gathered, unknown: &mut Unknown, groups: &Groups, most: usize) {
    let Some(kind) = gathered.kinds.on("groupOwner") else { return };
    let mut shared = Shared::new();
    let mut absent: BTreeMap<(u32, String), u64> = BTreeMap::new();
    let mut own = |gathered: &mut Gathered, key: (u32, String), text: &str| {
        let people = shared.entry(key.clone()).or_default();
        if add(gathered, groups, kind, text, most, people) == Found::Nobody {
            *absent.entry(key).or_default() += 1;
        }
    };
    if let Some(table) = snapshot.table(Kind::Groups) {
        for (at, record) in table.iter().enumerate() {
            for owner in unknown.list(table, at, &record, Property::ManagedBy).into_iter().flatten() {
                own(gathered, (at as u32, String::new()), owner);
            }
        }
    }
    if let Some(table) = snapshot.table(Kind::UnifiedGroupLinks) {
        for (at, record) in table.iter().enumerate() {
            let link = unknown.text(table, at, &record, Property::LinkType);
            if !link.is_some_and(|link| link.eq_ignore_ascii_case("owners") || link.eq_ignore_ascii_case("owner")) {
                continue;
            }
            let Some(group) = unknown.text(table, at, &record, Property::Group) else { continue };
            let key = groups.find(group).map_or_else(|| (u32::MAX, group.to_lowercase()), |number| (number, String::new()));
            own(gathered, key, crate::directory::stable_identity(&record));
        }
    }
    for (key, mut people) in shared {
        let absent = absent.get(&key).copied().unwrap_or_default();
        share(gathered, kind, None, &mut people, absent, most);
    }
}

/// Who may write to restricted lists: they are tied to the list's first owner, with whom the list moves. Gives the number of groups without known members.
fn senders(snapshot: &Snapshot, gathered: &mut Gathered, unknown: &mut Unknown, groups: &Groups, most: usize) -> u64 {
    let (Some(kind), Some(table)) = (gathered.kinds.on("restrictedSender"), snapshot.table(Kind::Groups)) else { return 0 };
    let mut unknown_groups = 0;
    for (at, record) in table.iter().enumerate() {
        let Some(allowed) = unknown.list(table, at, &record, Property::AcceptMessagesOnlyFromSendersOrMembers) else { continue };
        let (mut people, mut absent) = (Vec::new(), 0);
        for sender in allowed {
            match add(gathered, groups, kind, sender, most, &mut people) {
                Found::All => {}
                Found::Nobody => absent += 1,
                Found::UnknownGroup => unknown_groups += 1,
            }
        }
        let owners = record.list(Property::ManagedBy).value().into_iter().flatten();
        let hub = owners.filter_map(|owner| match gathered.person(owner) {
            Resolved::One(person) => Some(person),
            _ => None,
        });
        let hub = hub.min();
        share(gathered, kind, hub, &mut people, absent, most);
    }
    unknown_groups
}

/// Power Automate: a row for each principal of a flow, or a row for each flow with Owner and Users.
fn flows(snapshot: &Snapshot, gathered: &mut Gathered, unknown: &mut Unknown, groups: &Groups, most: usize) {
    let (Some(kind), Some(table)) = (gathered.kinds.on("flow"), snapshot.table(Kind::Flows)) else { return };
    /// The people of one flow: the first owner, everybody, how many do not move.
    #[derive(Default)]
    struct Flow {
        owner: Option<u32>,
        people: Vec<u32>,
        absent: u64,
    }
    let mut flows: BTreeMap<String, Flow> = BTreeMap::new();
    for (at, record) in table.iter().enumerate() {
        let Some(name) = unknown.text(table, at, &record, Property::FlowName) else { continue };
        let flow = flows.entry(name.trim().to_lowercase()).or_default();
        let everybody = record.text(Property::PrincipalType).value().is_some_and(|text| text.eq_ignore_ascii_case("tenant"));
        let by_hand = record.list(Property::Users).value().is_some() || record.text(Property::Owner).value().is_some();
        let principal = match by_hand {
            true => record.text(Property::PrincipalObjectId).value(),
            false => unknown.text(table, at, &record, Property::PrincipalObjectId),
        };
        let owns = record.text(Property::RoleType).value().is_some_and(|text| text.eq_ignore_ascii_case("owner"));
        let users = match record.list(Property::Users) {
            Known::Flattened => unknown.list(table, at, &record, Property::Users),
            users => users.value(),
        };
        let owner = record.text(Property::Owner).value().map(|owner| (owner, true));
        let principal = principal.filter(|_| !everybody).map(|principal| (principal, owns));
        for (text, owns) in owner.into_iter().chain(principal).chain(users.into_iter().flatten().map(|user| (user, false))) {
            let before = flow.people.len();
            if add(gathered, groups, kind, text, most, &mut flow.people) == Found::Nobody {
                flow.absent += 1;
            }
            if owns {
                flow.owner = flow.people.get(before..).into_iter().flatten().copied().chain(flow.owner).min();
            }
        }
    }
    for mut flow in flows.into_values() {
        share(gathered, kind, flow.owner, &mut flow.people, flow.absent, most);
    }
}

//! Who works with whom in the source: departments with a head, an assistant, shared mailboxes, rooms, lists, teams and flows.
//!
//! A department is a run of people. Who has a planted trouble is in none: a trouble is one thing only.

use super::names::{Habits, HABITS};
use super::person::{legacy_dn, Person};
use super::random::{Draw, Field};
use super::value::{Object, Value};
use super::World;
use crate::identity::guid::Guid;
use crate::snapshot::Kind;

/// Departments draw apart from people.
const FIRST: u64 = 1 << 40;
/// With fewer people a department has no habits.
const FEWEST: usize = 4;
/// Who held a permission and has left: no mailbox of the snapshot is theirs.
const GONE: &str = "svc-backup@contoso.com";

/// What some departments have and others do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Habit {
    Manager,
    Assistant,
    FullAccess,
    SendAs,
    SendOnBehalf,
    CalendarDelegate,
    List,
    RestrictedList,
    Team,
    Flow,
    Gone,
    Explicit,
}

impl Habit {
    fn name(self) -> &'static str {
        match self {
            Habit::Manager => "manager",
            Habit::Assistant => "assistant",
            Habit::FullAccess => "fullAccess",
            Habit::SendAs => "sendAs",
            Habit::SendOnBehalf => "sendOnBehalf",
            Habit::CalendarDelegate => "calendarDelegate",
            Habit::List => "list",
            Habit::RestrictedList => "restrictedList",
            Habit::Team => "team",
            Habit::Flow => "flow",
            Habit::Gone => "gone",
            Habit::Explicit => "explicit",
        }
    }
}

/// A department of which it is known who works with whom.
pub(super) struct Department {
    number: u64,
    draw: Draw,
    /// The head first.
    users: Vec<u64>,
    /// Shared mailboxes, rooms and equipment, with the kind of their ties.
    mailboxes: Vec<(u64, &'static str)>,
}

/// A file of ties: its kind and its lines of one department.
pub(super) struct TieFile {
    pub kind: Kind,
    pub lines: fn(&World, &Department) -> Vec<Object>,
}

/// By their names.
pub(super) const TIE_FILES: [TieFile; 8] = [
    TieFile { kind: Kind::CalendarPermissions, lines: calendar_permissions },
    TieFile { kind: Kind::ExchangeUsers, lines: exchange_users },
    TieFile { kind: Kind::Flows, lines: flows },
    TieFile { kind: Kind::Groups, lines: groups },
    TieFile { kind: Kind::Members, lines: members },
    TieFile { kind: Kind::Permissions, lines: permissions },
    TieFile { kind: Kind::RecipientPermissions, lines: recipient_permissions },
    TieFile { kind: Kind::UnifiedGroupLinks, lines: unified_group_links },
];

/// A tie that a department plants: the name of its kind, and who.
pub(super) type PlantedTie = (&'static str, u64, u64);

impl Habits {
    fn percent(&self, habit: Habit) -> u64 {
        self.percent.get(habit.name()).copied().unwrap_or_default()
    }
}

/// How many departments there are, also those of which nothing is known.
pub(super) fn count(world: &World) -> u64 {
    world.people.div_ceil(HABITS.departments.people)
}

/// What is drawn for a department.
pub(super) fn draw(world: &World, number: u64) -> Draw {
    Draw::new(world.seed, FIRST + number)
}

impl Department {
    /// The department of that number, where anything is known of it.
    pub fn new(world: &World, number: u64) -> Option<Self> {
        let habits = &HABITS.departments;
        let draw = draw(world, number);
        let share = if world.options.bench { habits.bench } else { habits.project };
        if number > 0 && !draw.percent(Field::Department, share) {
            return None;
        }
        let (mut users, mut mailboxes) = (Vec::new(), Vec::new());
        for person in number * habits.people..((number + 1) * habits.people).min(world.people) {
            if world.plantation.of_person(person).is_none() {
                match super::person::mailbox_type(Draw::new(world.seed, person), false) {
                    "SharedMailbox" => mailboxes.push((person, "sharedMailbox")),
                    "RoomMailbox" => mailboxes.push((person, "roomMailbox")),
                    "EquipmentMailbox" => mailboxes.push((person, "equipmentMailbox")),
                    _ => users.push(person),
                }
            }
        }
        (users.len() >= FEWEST).then_some(Department { number, draw, users, mailboxes })
    }

    /// The department of a person.
    pub fn of(world: &World, person: u64) -> Option<Self> {
        Department::new(world, person / HABITS.departments.people)
    }

    fn has(&self, habit: Habit) -> bool {
        // The first shows everything, so that the smallest lab does.
        self.number == 0 || self.draw.nth(Field::Habit, habit as u64) % 100 < HABITS.percent(habit)
    }

    fn has_list(&self) -> bool {
        self.has(Habit::List) || self.has(Habit::RestrictedList)
    }

    /// Who uses a shared mailbox, or looks after a room.
    fn users_of(&self, mailbox: usize, kind: &str) -> Vec<u64> {
        let word = self.draw.nth(Field::MailboxUsers, mailbox as u64);
        let count = if kind == "sharedMailbox" { 2 + (word >> 40) as usize % 5 } else { 1 };
        (0..count.min(self.users.len())).map(|at| self.users[(word as u32 as usize + at) % self.users.len()]).collect()
    }

    /// Who sends on behalf of a person.
    pub fn on_behalf(&self, person: u64) -> &[u64] {
        match self.has(Habit::SendOnBehalf) && self.users[0] == person {
            true => &self.users[1..3],
            false => &[],
        }
    }

    /// Every tie that a right reading finds.
    pub fn ties(&self) -> Vec<PlantedTie> {
        let users = &self.users;
        let head = users[0];
        let mut ties: Vec<PlantedTie> = Vec::new();
        let mut add = |habit, kind: &'static str, pairs: &[(u64, u64)]| {
            if self.has(habit) {
                ties.extend(pairs.iter().map(|(from, to)| (kind, *from, *to)));
            }
        };
        let all: Vec<(u64, u64)> = users[1..].iter().map(|user| (head, *user)).collect();
        add(Habit::Manager, "manager", &all);
        add(Habit::Assistant, "assistant", &all[..1]);
        add(Habit::FullAccess, "fullAccess", &all[..1]);
        add(Habit::SendAs, "sendAs", &[(users[2], users[1])]);
        add(Habit::SendOnBehalf, "sendOnBehalf", &all[..2]);
        add(Habit::CalendarDelegate, "calendarDelegate", &all[..1]);
        add(Habit::RestrictedList, "restrictedSender", &all);
        add(Habit::Team, "groupOwner", &[(users[1], users[2])]);
        add(Habit::Flow, "flow", &[(users[2], users[3])]);
        add(Habit::Explicit, "explicit", &[(users[1], users[3])]);
        if self.has_list() {
            ties.push(("groupOwner", head, users[1]));
        }
        for (at, (mailbox, kind)) in self.mailboxes.iter().enumerate() {
            ties.extend(self.users_of(at, kind).into_iter().map(|user| (*kind, *mailbox, user)));
        }
        ties
    }

    /// Permissions whose holder is gone.
    pub fn gone(&self) -> u64 {
        u64::from(self.has(Habit::Gone))
    }

    /// A line of `ties.csv`.
    pub fn row(&self, world: &World) -> Option<String> {
        let (from, to) = (self.person(world, 1), self.person(world, 3));
        let weight = if self.draw.percent(Field::Department, 50) { "" } else { "150" };
        self.has(Habit::Explicit).then(|| format!("{},{},explicit,{weight}\n", from.primary, to.upn))
    }

    fn person(&self, world: &World, at: usize) -> Person {
        Person::new(world, self.users[at])
    }

    fn group(&self, world: &World, which: u64) -> Guid {
        self.draw.ranked_guid(Field::GroupId, 2 * self.number + which, 2 * count(world))
    }

    fn list_name(&self) -> String {
        format!("list-{}", 1000 + self.number)
    }

    fn team_name(&self) -> String {
        format!("team-{}", 1000 + self.number)
    }
}

fn grant(rights: &[&str], identity: Value, user: String) -> Object {
    let rights: Vec<String> = rights.iter().map(|right| right.to_string()).collect();
    Object::new([("AccessRights", rights.into()), ("Deny", false.into()), ("Identity", identity), ("IsInherited", false.into()), ("User", user.into())])
}

fn permissions(world: &World, department: &Department) -> Vec<Object> {
    let own = |person: &Person| grant(&["FullAccess", "ReadPermission"], person.source_id.into(), "NT AUTHORITY\\SELF".to_string());
    let mut lines = Vec::new();
    if department.has(Habit::FullAccess) {
        let head = department.person(world, 0);
        lines.extend([own(&head), grant(&["FullAccess"], head.source_id.into(), department.person(world, 1).upn)]);
    }
    if department.has(Habit::Gone) {
        lines.push(grant(&["FullAccess"], department.person(world, 1).source_id.into(), GONE.to_string()));
    }
    for (at, (mailbox, kind)) in department.mailboxes.iter().enumerate() {
        let mailbox = Person::new(world, *mailbox);
        lines.push(own(&mailbox));
        lines.extend(department.users_of(at, kind).into_iter().map(|user| grant(&["FullAccess"], mailbox.source_id.into(), Person::new(world, user).upn)));
    }
    lines
}

fn recipient_permissions(world: &World, department: &Department) -> Vec<Object> {
    let line = |identity: &Person, trustee: &Person| {
        Object::new([
            ("AccessControlType", "Allow".into()),
            ("AccessRights", vec!["SendAs".to_string()].into()),
            ("Identity", identity.source_id.into()),
            ("IsInherited", false.into()),
            ("Trustee", trustee.upn.clone().into()),
        ])
    };
    let mut lines = Vec::new();
    if department.has(Habit::SendAs) {
        lines.push(line(&department.person(world, 2), &department.person(world, 1)));
    }
    for (at, (mailbox, kind)) in department.mailboxes.iter().enumerate().filter(|(_, (_, kind))| *kind == "sharedMailbox") {
        // Whoever may send from it may open it as well: one tie.
        if let Some(first) = department.users_of(at, kind).first() {
            lines.push(line(&Person::new(world, *mailbox), &Person::new(world, *first)));
        }
    }
    lines
}

fn calendar_permissions(world: &World, department: &Department) -> Vec<Object> {
    if !department.has(Habit::CalendarDelegate) {
        return Vec::new();
    }
    let head = department.person(world, 0);
    let folder = super::source::region(world, head.number).calendar.as_str();
    let line = |user: String, right: &str, flags: &'static str| {
        Object::new([
            ("AccessRights", vec![right.to_string()].into()),
            ("FolderName", folder.into()),
            ("Identity", user.clone().into()),
            ("Mailbox", head.primary.clone().into()),
            ("SharingPermissionFlags", flags.into()),
            ("User", user.into()),
        ])
    };
    vec![
        line("Default".to_string(), "AvailabilityOnly", ""),
        line(department.person(world, 1).display_name, "Editor", "Delegate, CanViewPrivateItems"),
        line(department.person(world, 2).display_name, "Reviewer", ""),
    ]
}

fn exchange_users(world: &World, department: &Department) -> Vec<Object> {
    let (managed, assisted) = (department.has(Habit::Manager), department.has(Habit::Assistant));
    if !managed && !assisted {
        return Vec::new();
    }
    let head = department.person(world, 0);
    let line = |at: usize| {
        let person = department.person(world, at);
        let assistant = if at == 0 && assisted { department.person(world, 1).display_name } else { String::new() };
        Object::new([
            ("AssistantName", assistant.into()),
            ("ExternalDirectoryObjectId", person.source_id.into()),
            ("Manager", (at > 0 && managed).then(|| head.name.local.clone()).into()),
            ("RecipientTypeDetails", "UserMailbox".into()),
            ("UserPrincipalName", person.upn.into()),
        ])
    };
    (0..department.users.len()).map(line).collect()
}

fn groups(world: &World, department: &Department) -> Vec<Object> {
    let line = |which: u64, name: String, details: &'static str, owners: [usize; 2], senders: Vec<String>| {
        let primary = format!("{name}@{}", super::names::TENANTS.source.people[0].domain);
        let owners = owners.map(|at| department.person(world, at).name.local);
        Object::new([
            ("AcceptMessagesOnlyFromSendersOrMembers", senders.into()),
            ("Alias", name.clone().into()),
            ("DisplayName", format!("Department {} {}", 1000 + department.number, if which == 0 { "list" } else { "team" }).into()),
            ("EmailAddresses", vec![format!("SMTP:{primary}")].into()),
            ("ExternalDirectoryObjectId", department.group(world, which).into()),
            ("LegacyExchangeDN", legacy_dn(department.draw, if which == 0 { Field::ListDn } else { Field::TeamDn }, &name).into()),
            ("ManagedBy", owners.to_vec().into()),
            ("Name", name.into()),
            ("PrimarySmtpAddress", primary.into()),
            ("RecipientTypeDetails", details.into()),
        ])
    };
    let mut lines = Vec::new();
    if department.has_list() {
        let name = department.list_name();
        let senders = if department.has(Habit::RestrictedList) { vec![name.clone()] } else { Vec::new() };
        lines.push(line(0, name, "MailUniversalDistributionGroup", [0, 1], senders));
    }
    if department.has(Habit::Team) {
        lines.push(line(1, department.team_name(), "GroupMailbox", [1, 2], Vec::new()));
    }
    lines
}

fn members(world: &World, department: &Department) -> Vec<Object> {
    if !department.has_list() {
        return Vec::new();
    }
    let line = |user: &u64| {
        Object::new([
            ("ExternalDirectoryObjectId", Person::new(world, *user).source_id.into()),
            ("Group", department.list_name().into()),
            ("RecipientTypeDetails", "UserMailbox".into()),
        ])
    };
    department.users.iter().map(line).collect()
}

fn unified_group_links(world: &World, department: &Department) -> Vec<Object> {
    if !department.has(Habit::Team) {
        return Vec::new();
    }
    let line = |(at, link): (usize, &'static str)| {
        Object::new([
            ("ExternalDirectoryObjectId", department.person(world, at).source_id.into()),
            ("Group", department.team_name().into()),
            ("LinkType", link.into()),
            ("RecipientTypeDetails", "UserMailbox".into()),
        ])
    };
    [(1, "Owners"), (2, "Owners"), (3, "Members")].map(line).into()
}

fn flows(world: &World, department: &Department) -> Vec<Object> {
    if !department.has(Habit::Flow) {
        return Vec::new();
    }
    let line = |(at, role): (usize, &'static str)| {
        Object::new([
            ("FlowName", department.draw.guid(Field::FlowId).into()),
            ("PrincipalObjectId", department.person(world, at).source_id.into()),
            ("PrincipalType", "User".into()),
            ("RoleType", role.into()),
        ])
    };
    [(2, "Owner"), (3, "CanEdit")].map(line).into()
}

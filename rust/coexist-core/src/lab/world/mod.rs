//! The lab as a world: two tenants and a forest that take the commands and requests of a plan, change as the services do, refuse what they refuse, and show
//! late what has changed.
//!
//! Pure: no I/O, no clock. Time is the lab's own; every command and request takes a second of it, and [`World::advance_to`] moves it on. The same calls in the
//! same order give the same world: what is drawn (delays, ids, durations) is drawn from what the objects are called.
//!
//! Uniqueness and refusals look at the objects as they are; reads show them as they were a while ago (`data/lab-visibility.json`).

mod batch;
mod filter;
mod forest;
mod graph;
mod invitation;
mod job;
mod licence;
mod mail_user;
mod object;
mod one_drive;
mod parameters;
mod recipient;
mod refusal;
mod teams;
#[cfg(test)]
mod tests;
mod visibility;

pub use refusal::{Refusal, Reply};

use crate::address::{DomainSet, ProxyAddress};
use crate::finding::Side;
use crate::identity::guid::Guid;
use crate::identity::immutable_id;
use crate::snapshot::Kind;
use hashbrown::HashMap;
use object::{flag, text, texts, Fields, Object, KIND, USER};
use parameters::Parameters;
use refusal::{fault, Fault};
use serde_json::{json, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;
use visibility::{hash, mix, Via};

/// The moment at which every world begins: 2026-11-22T00:00:00Z.
pub const BEGINNING: i64 = 1_795_305_600_000;

/// How long a command or a request takes.
pub const CALL: i64 = 1_000;

/// Who a tenant is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TenantInfo {
    /// Its GUID.
    pub id: String,
    /// Its name, usually its initial domain.
    pub name: String,
    /// `contoso.onmicrosoft.com`.
    pub initial_domain: String,
    /// Every domain that it has accepted.
    pub domains: Vec<String>,
}

/// A tenant with everything in it, its forest included.
struct Tenant {
    info: TenantInfo,
    domains: DomainSet,
    objects: Vec<Object>,
    /// Where to look for an object that goes, or went, by something. What is found is checked against the object.
    index: HashMap<String, Vec<usize>>,
}

/// Two tenants and a forest.
pub struct World {
    tenants: [Tenant; 2],
    now: i64,
    events: BTreeMap<(i64, u64), Event>,
    planned: u64,
    /// How many objects were made of a name: the second of one has another id.
    made: BTreeMap<String, u64>,
    effects: BTreeMap<String, u64>,
}

/// What happens by itself.
#[derive(Debug, Clone)]
enum Event {
    /// Entra Connect runs.
    Synchronization(Side),
    /// A person of a batch goes on; the number is that of the run of the batch, so that what was stopped stays so.
    Person(Side, usize, u64),
    /// A job goes on.
    Job(Side, usize, u64),
    /// OneDrive of somebody goes on.
    OneDrive(Side, usize),
}

type Run = fn(&mut World, Side, &Parameters) -> Result<Vec<Value>, Fault>;

/// Every command that the world takes.
const COMMANDS: [(&str, Run); 31] = [
    ("Get-ADDomain", forest::get_domain),
    ("Get-ADUser", forest::get_user),
    ("Get-AcceptedDomain", recipient::get_accepted_domain),
    ("Get-ConnectionInformation", recipient::get_connection_information),
    ("Get-CsTenant", teams::get_tenant),
    ("Get-CsTenantFederationConfiguration", teams::get_federation),
    ("Get-MailContact", recipient::get_mail_contact),
    ("Get-MailUser", recipient::get_mail_user),
    ("Get-Mailbox", recipient::get_mailbox),
    ("Get-MigrationBatch", batch::get),
    ("Get-MigrationUser", batch::get_user),
    ("Get-Recipient", recipient::get_recipient),
    ("Get-SPOCrossTenantUserContentMoveState", one_drive::get_state),
    ("Get-User", recipient::get_user),
    ("New-MailContact", recipient::new_mail_contact),
    ("New-MailUser", mail_user::new),
    ("New-MigrationBatch", batch::new),
    ("Remove-MailContact", recipient::remove_mail_contact),
    ("Remove-MailUser", mail_user::remove),
    ("Remove-MigrationBatch", batch::remove),
    ("Remove-MigrationUser", batch::remove_user),
    ("Set-ADUser", forest::set_user),
    ("Set-CsTenantFederationConfiguration", teams::set_federation),
    ("Set-MailUser", mail_user::set),
    ("Set-MigrationBatch", batch::set),
    ("Set-User", mail_user::set_user),
    ("Start-MigrationBatch", batch::start),
    ("Start-SPOCrossTenantUserContentMove", one_drive::start),
    ("Stop-MigrationBatch", batch::stop),
    ("Stop-SPOCrossTenantUserContentMove", one_drive::stop),
    ("Test-MigrationServerAvailability", batch::test_server),
];

impl World {
    /// Two tenants without objects.
    pub fn new(source: TenantInfo, target: TenantInfo) -> Self {
        let tenant = |info: TenantInfo| {
            let domains = DomainSet::new(info.domains.iter().chain([&info.initial_domain]));
            Tenant { info, domains, objects: Vec::new(), index: HashMap::new() }
        };
        let tenants = [tenant(source), tenant(target)];
        let mut world = World { tenants, now: BEGINNING, events: BTreeMap::new(), planned: 0, made: BTreeMap::new(), effects: BTreeMap::new() };
        for side in [Side::Source, Side::Target] {
            world.insert(side, teams::federation());
        }
        world
    }

    /// Takes in a record of a snapshot, as it stands in its file; what has nothing to go by is left out.
    pub fn add(&mut self, side: Side, kind: Kind, record: Value) {
        let Value::Object(record) = record else { return };
        match kind {
            Kind::AcceptedDomains => {
                let domain = text(&record, "DomainName").to_string();
                let tenant = self.tenant_mut(side);
                if !tenant.domains.contains(&domain) {
                    tenant.info.domains.push(domain);
                    tenant.domains = DomainSet::new(tenant.info.domains.iter().chain([&tenant.info.initial_domain]));
                }
                self.add_object(side, "acceptedDomain", record);
            }
            Kind::MailUsers => self.add_recipient(side, "mailUser", record),
            Kind::Mailboxes => self.add_recipient(side, "mailbox", record),
            Kind::MailContacts => self.add_recipient(side, "mailContact", record),
            Kind::Groups => self.add_recipient(side, "group", record),
            Kind::ExchangeUsers => self.add_beside(side, "ExternalDirectoryObjectId", record),
            Kind::Users | Kind::Guests => self.add_beside(side, "id", record.into_iter().map(|(name, value)| (begun_small(&name), value)).collect()),
            Kind::AdUsers => self.add_object(side, "adUser", record),
            _ => {}
        }
    }

    fn add_object(&mut self, side: Side, kind: &str, mut record: Fields) {
        record.insert(KIND.into(), kind.into());
        let name = ["ObjectGUID", "DistinguishedName", "Identity", "DomainName"].iter().map(|name| text(&record, name)).find(|text| !text.is_empty());
        if let Some(seed) = name.map(hash) {
            self.insert(side, Object::old(record, seed));
        }
    }

    fn add_recipient(&mut self, side: Side, kind: &str, record: Fields) {
        let id = ["ExternalDirectoryObjectId", "Guid", "DistinguishedName"].iter().map(|name| text(&record, name)).find(|text| !text.is_empty());
        let Some(id) = id.map(String::from) else { return };
        let found = self.all(side, &[format!("i:{}", id.to_lowercase())]).into_iter().next();
        if found.is_some_and(|at| self.at(side, at).truth.contains_key(KIND)) {
            return;
        }
        let mut fields = found.map(|at| std::mem::take(&mut self.at_mut(side, at).truth)).unwrap_or_default();
        fields.extend(record);
        fields.insert(KIND.into(), kind.into());
        fields.entry("ExternalDirectoryObjectId").or_insert_with(|| json!(id));
        if kind == "mailUser" || kind == "mailbox" {
            as_user(&mut fields);
        }
        self.put(side, found, fields, &id);
    }

    /// What is known of a recipient or a user beside: of Exchange's own record there is what it had before, of Entra ID's what comes now.
    fn add_beside(&mut self, side: Side, key: &str, record: Fields) {
        let id = text(&record, key).to_string();
        if id.is_empty() {
            return;
        }
        let found = self.all(side, &[format!("i:{}", id.to_lowercase())]).into_iter().next();
        let mut fields = found.map(|at| std::mem::take(&mut self.at_mut(side, at).truth)).unwrap_or_default();
        if key == "id" {
            fields.extend(record);
        } else {
            for (name, value) in record {
                fields.entry(name).or_insert(value);
            }
        }
        fields.entry("ExternalDirectoryObjectId").or_insert_with(|| json!(id));
        as_user(&mut fields);
        self.put(side, found, fields, &id);
    }

    fn put(&mut self, side: Side, found: Option<usize>, fields: Fields, id: &str) {
        match found {
            Some(at) => {
                self.at_mut(side, at).truth = fields;
                self.index(side, at);
            }
            None => drop(self.insert(side, Object::old(fields, hash(id)))),
        }
    }

    /// Milliseconds since 1970, in the lab's time.
    pub fn now(&self) -> i64 {
        self.now
    }

    /// Goes on to a moment, with everything that happens until then; never back.
    pub fn advance_to(&mut self, now: i64) {
        while let Some(((at, number), event)) = self.events.first_key_value().filter(|((at, _), _)| *at <= now).map(|(key, event)| (*key, event.clone())) {
            self.events.remove(&(at, number));
            self.now = self.now.max(at);
            match event {
                Event::Synchronization(side) => forest::synchronize(self, side),
                Event::Person(side, person, run) => batch::go_on(self, side, person, run),
                Event::Job(side, job, run) => job::go_on(self, side, job, run),
                Event::OneDrive(side, at) => one_drive::go_on(self, side, at),
            }
        }
        self.now = self.now.max(now);
    }

    /// Carries a command out on the tenant of a side.
    ///
    /// # Errors
    /// As the service refuses it.
    pub fn command(&mut self, side: Side, name: &str, parameters: &Value) -> Result<Vec<Value>, Refusal> {
        self.advance_to(self.now + CALL);
        let Some((command, run)) = COMMANDS.iter().find(|(command, _)| command.eq_ignore_ascii_case(name)) else {
            return Err(fault("CommandNotFoundException", &[("name", name)]).refusal(name));
        };
        Parameters::read(command, parameters).and_then(|parameters| run(self, side, &parameters)).map_err(|fault| fault.refusal(command))
    }

    /// Whether there is such a command, and whether it only reads.
    pub fn reads_only(name: &str) -> Option<bool> {
        let (command, _) = COMMANDS.iter().find(|(command, _)| command.eq_ignore_ascii_case(name))?;
        Some(command.starts_with("Get-") || command.starts_with("Test-"))
    }

    /// Every command that the world takes.
    pub fn commands() -> impl Iterator<Item = &'static str> {
        COMMANDS.iter().map(|(name, _)| *name)
    }

    /// Answers a request to Graph; the path has the version and the query: `/v1.0/users/…`.
    pub fn request(&mut self, side: Side, method: &str, path: &str, body: Option<&Value>) -> Reply {
        self.advance_to(self.now + CALL);
        graph::answer(self, side, method, path, body.unwrap_or(&Value::Null))
    }

    /// How many writes were accepted.
    pub fn writes(&self) -> u64 {
        self.effects.values().sum()
    }

    /// How often each write was accepted, by tenant, command, object and parameters: a plan that was carried out, however often it was interrupted, has 1 at
    /// each of its operations.
    pub fn effects(&self) -> &BTreeMap<String, u64> {
        &self.effects
    }

    /// Everything as it is, whatever readers see: a text for each object, sorted.
    pub fn truth(&self, side: Side) -> Vec<String> {
        let objects = self.tenant(side).objects.iter().filter(|object| !object.truth.is_empty());
        // Maps are sorted by name, and texts and numbers cannot fail to serialize.
        let mut lines: Vec<String> = objects.map(|object| serde_json::to_string(&object.truth).unwrap_or_default()).collect();
        lines.sort_unstable();
        lines
    }

    /// Everything of a kind as it is, in the names of its snapshot.
    pub fn objects(&self, side: Side, kind: Kind) -> Vec<Value> {
        let objects = self.tenant(side).objects.iter().map(|object| &object.truth);
        match kind {
            Kind::Users => objects.filter(|fields| flag(fields, USER)).map(graph::user).collect(),
            Kind::AdUsers => objects.filter(|fields| text(fields, KIND) == "adUser").map(forest::shown).collect(),
            kind => objects.filter(|fields| kind_of(fields) == Some(kind)).map(recipient::shown).collect(),
        }
    }

    /// The tenant of an id or a name.
    pub fn side_of(&self, tenant: &str) -> Option<Side> {
        [Side::Source, Side::Target].into_iter().find(|side| {
            let info = &self.tenant(*side).info;
            [&info.id, &info.name, &info.initial_domain].iter().any(|own| own.eq_ignore_ascii_case(tenant))
        })
    }

    /// The name and the id of each tenant, the source first.
    pub fn tenants(&self) -> [(String, String); 2] {
        [Side::Source, Side::Target].map(|side| (self.tenant(side).info.name.clone(), self.tenant(side).info.id.clone()))
    }

    fn tenant(&self, side: Side) -> &Tenant {
        &self.tenants[side as usize]
    }

    fn tenant_mut(&mut self, side: Side) -> &mut Tenant {
        &mut self.tenants[side as usize]
    }

    fn at(&self, side: Side, at: usize) -> &Object {
        &self.tenants[side as usize].objects[at]
    }

    fn at_mut(&mut self, side: Side, at: usize) -> &mut Object {
        &mut self.tenants[side as usize].objects[at]
    }

    /// An object as a surface shows it now.
    fn seen(&self, side: Side, at: usize, reader: Via) -> Cow<'_, Fields> {
        self.at(side, at).seen(reader, self.now)
    }

    fn insert(&mut self, side: Side, object: Object) -> usize {
        let tenant = self.tenant_mut(side);
        tenant.objects.push(object);
        let at = tenant.objects.len() - 1;
        self.index(side, at);
        at
    }

    /// Makes an object. `name` is what it is called, so that it has the same id whenever it is made.
    fn create(&mut self, side: Side, via: Via, name: &str, fields: Fields) -> usize {
        let at = self.insert(side, Object::new(hash(name)));
        self.write(side, at, via, |own| *own = fields);
        at
    }

    fn write(&mut self, side: Side, at: usize, via: Via, change: impl FnOnce(&mut Fields)) {
        let now = self.now;
        let object = self.at_mut(side, at);
        object.forget(now);
        if object.write(via, now, change) {
            self.index(side, at);
        }
    }

    fn index(&mut self, side: Side, at: usize) {
        let Tenant { objects, index, .. } = self.tenant_mut(side);
        for key in keys(&objects[at].truth) {
            let entries = index.entry(key).or_default();
            if !entries.contains(&at) {
                entries.push(at);
            }
        }
    }

    /// The objects that go by one of these now, in their order.
    fn all(&self, side: Side, wanted: &[String]) -> Vec<usize> {
        self.candidates(side, wanted).into_iter().filter(|at| goes_by(&self.at(side, *at).truth, wanted)).collect()
    }

    /// The objects that a surface shows under one of these.
    fn shown(&self, side: Side, reader: Via, wanted: &[String]) -> Vec<usize> {
        self.candidates(side, wanted).into_iter().filter(|at| goes_by(&self.seen(side, *at, reader), wanted)).collect()
    }

    fn candidates(&self, side: Side, wanted: &[String]) -> Vec<usize> {
        let index = &self.tenant(side).index;
        let mut found: Vec<usize> = wanted.iter().filter_map(|key| index.get(key)).flatten().copied().collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Who else owns an address, by name.
    fn owner(&self, side: Side, address: &str, but: Option<usize>) -> Option<String> {
        let key = format!("a:{}", ProxyAddress::parse(address).key());
        let owner = self.all(side, &[key]).into_iter().find(|at| Some(*at) != but)?;
        let fields = &self.at(side, owner).truth;
        Some(["Name", "DisplayName", "PrimarySmtpAddress"].iter().map(|name| text(fields, name)).find(|name| !name.is_empty()).unwrap_or_default().to_string())
    }

    fn is_taken(&self, side: Side, key: String, but: Option<usize>) -> bool {
        self.all(side, &[key]).into_iter().any(|at| Some(at) != but)
    }

    /// An id that depends on what the object is and is called alone; the second of a name has another.
    fn new_id(&mut self, side: Side, what: &str, name: &str) -> String {
        let name = format!("{} {what} {}", side.name(), name.to_lowercase());
        let count = self.made.entry(name.clone()).or_default();
        *count += 1;
        let first = hash(&format!("{name} {count}"));
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&first.to_le_bytes());
        bytes[8..].copy_from_slice(&mix(first).to_le_bytes());
        bytes[7] = bytes[7] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        Guid::from_bytes(bytes).to_string()
    }

    fn plan(&mut self, at: i64, event: Event) {
        self.planned += 1;
        self.events.insert((at, self.planned), event);
    }

    /// Counts a write that was accepted.
    fn effect(&mut self, side: Side, what: &str, whom: &str) {
        *self.effects.entry(format!("{} {what} {whom}", side.name())).or_default() += 1;
    }

    /// As [`Self::effect`], of a command.
    fn done(&mut self, side: Side, parameters: &Parameters, whom: &str) {
        let what = format!("{}({})", parameters.command, parameters.names());
        self.effect(side, &what, whom);
    }
}

fn begun_small(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

/// What an object that Entra ID has a user of shows there, where nothing else is known.
fn as_user(fields: &mut Fields) {
    fields.insert(USER.into(), true.into());
    let id = fields.get("ExternalDirectoryObjectId").cloned().unwrap_or(Value::Null);
    for (name, of) in [("userPrincipalName", "UserPrincipalName"), ("displayName", "DisplayName")] {
        if !fields.contains_key(name) && fields.contains_key(of) {
            fields.insert(name.into(), fields[of].clone());
        }
        if !fields.contains_key(of) && fields.contains_key(name) {
            fields.insert(of.into(), fields[name].clone());
        }
    }
    for (name, value) in [
        ("id", id), ("assignedLicenses", json!([])), ("assignedPlans", json!([])), ("usageLocation", Value::Null), ("userType", json!("Member")),
        ("accountEnabled", json!(true)), ("onPremisesImmutableId", Value::Null), ("onPremisesSyncEnabled", Value::Null),
    ] {
        fields.entry(name).or_insert(value);
    }
}

fn kind_of(fields: &Fields) -> Option<Kind> {
    match text(fields, KIND) {
        "mailUser" => Some(Kind::MailUsers),
        "mailbox" => Some(Kind::Mailboxes),
        "mailContact" => Some(Kind::MailContacts),
        "group" => Some(Kind::Groups),
        "adUser" => Some(Kind::AdUsers),
        "acceptedDomain" => Some(Kind::AcceptedDomains),
        _ => None,
    }
}

/// Everything that an object goes by: a letter for what it is, then the value without case.
fn keys(fields: &Fields) -> Vec<String> {
    let mut keys = Vec::new();
    let mut push = |letter: &str, value: &str| {
        if !value.is_empty() {
            keys.push([letter, ":", &value.to_lowercase()].concat());
        }
    };
    match text(fields, KIND) {
        "adUser" => {
            push("g", text(fields, "ObjectGUID"));
            push("d", text(fields, "DistinguishedName"));
            push("s", text(fields, "SamAccountName"));
            push("v", text(fields, "UserPrincipalName"));
        }
        "migrationBatch" => push("batch", text(fields, "Identity")),
        "migrationUser" => {
            push("person", text(fields, "Identity"));
            push("of", text(fields, "BatchId"));
            push("guid", text(fields, "Guid"));
        }
        "job" => {
            push("job", text(fields, "displayName"));
            push("jobid", text(fields, "id"));
        }
        "oneDriveMove" => push("drive", text(fields, "SourceUserPrincipalName")),
        "federation" => push("federation", "global"),
        "acceptedDomain" => push("domain", text(fields, "DomainName")),
        _ => {
            for id in ["ExternalDirectoryObjectId", "id", "Guid"] {
                push("i", text(fields, id));
            }
            push("u", text(fields, "UserPrincipalName"));
            push("u", text(fields, "userPrincipalName"));
            push("n", text(fields, "Name"));
            push("l", text(fields, "Alias"));
            push("d", text(fields, "DistinguishedName"));
            push("d", text(fields, "LegacyExchangeDN"));
            push("x", text(fields, "ExchangeGuid"));
            if let Ok(anchor) = immutable_id::decode(text(fields, "onPremisesImmutableId")) {
                push("m", &anchor.to_string());
            }
            for address in texts(fields, "EmailAddresses") {
                keys.push(format!("a:{}", ProxyAddress::parse(&address).key()));
            }
        }
    }
    keys
}

fn goes_by(fields: &Fields, wanted: &[String]) -> bool {
    keys(fields).iter().any(|key| wanted.contains(key))
}

/// A moment as the services show it.
fn iso(at: i64) -> String {
    jiff::Timestamp::from_millisecond(at).map(|at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()).unwrap_or_default()
}

/// A moment as somebody wrote it; without an offset it is UTC, as Exchange Online takes it.
fn moment(text: &str) -> Option<i64> {
    let with_zone = text.parse::<jiff::Timestamp>().ok();
    with_zone.or_else(|| format!("{text}Z").parse().ok()).map(|at| at.as_millisecond())
}

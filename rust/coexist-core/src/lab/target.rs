//! The lines of the target tenant.

use super::names::{Name, TENANTS};
use super::person::{legacy_dn, spo, Person};
use super::random::{Draw, Field};
use super::source::size;
use super::state::State;
use super::value::{Object, Value};
use super::World;
use crate::identity::{guid::Guid, immutable_id};
use std::borrow::Cow;

/// One object of the target tenant; which of the files hold it, [`Standing`] says.
pub(super) struct TargetObject {
    pub standing: Standing,
    draw: Draw,
    id: Guid,
    name: Name,
    display_name: String,
    alias: String,
    upn: String,
    primary: String,
    addresses: Vec<String>,
    /// Of a group: who alone may write to it.
    senders: Vec<String>,
    external: String,
    exchange_guid: Guid,
    archive_guid: Guid,
    anchor: Option<Anchor>,
    licensed: bool,
}

/// What an AD user is recognised by.
#[derive(Clone, Copy)]
struct Anchor {
    object_guid: Guid,
    consistency_guid: Option<Guid>,
}

/// What an object of the target is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It stands for a person of the source.
    Person(State),
    /// The target's own.
    Mailbox,
    Contact,
    Group,
    /// Somebody else's mail user, where a planted case needs one.
    MailUser,
}

impl Standing {
    pub fn is_mail_user(self) -> bool {
        match self {
            Standing::Person(state) => state.is_mail_user(),
            other => other == Standing::MailUser,
        }
    }

    pub fn is_mailbox(self) -> bool {
        matches!(self, Standing::Mailbox | Standing::Person(State::Mailbox))
    }

    pub fn is_contact(self) -> bool {
        matches!(self, Standing::Contact | Standing::Person(State::Contact))
    }

    pub fn is_group(self) -> bool {
        matches!(self, Standing::Group | Standing::Person(State::Group))
    }

    pub fn is_user(self) -> bool {
        match self {
            Standing::Person(state) => state.is_user(),
            other => matches!(other, Standing::Mailbox | Standing::MailUser),
        }
    }

    pub fn is_synced(self) -> bool {
        matches!(self, Standing::Person(state) if state.is_synced())
    }
}

impl TargetObject {
    /// What stands for a person.
    pub fn of_person(world: &World, person: &Person) -> Self {
        let target = &TENANTS.target;
        let draw = person.draw;
        let state = person.state;
        let local = match state {
            // Married: nothing of the new name can be guessed from the old.
            State::Mapped => format!("{}.{}", person.name.local.split('.').next().unwrap_or_default(), person.badge),
            _ => person.name.local.clone(),
        };
        let mapped_domain = person.mapped.rsplit_once('@').map_or(target.default_domain.as_str(), |(_, domain)| domain);
        let own_primary = format!("{local}@{mapped_domain}");
        let primary = if state.has_source_addresses() { person.primary.clone() } else { own_primary };
        let upn = match state {
            state if state.is_invited() => format!("{local}_{}#EXT#@{}", person.home.ascii, target.initial_domain),
            State::Mapped => primary.clone(),
            _ => person.mapped_upn.clone(),
        };
        let mut addresses = vec![format!("SMTP:{primary}")];
        if state.is_stamped() {
            addresses.extend(person.carried.iter().filter(|text| !text.starts_with("SMTP:")).cloned());
        }
        if state.is_stamped() || state == State::HalfStamped {
            addresses.push(format!("X500:{}", person.legacy_dn));
        }
        addresses.push(format!("smtp:{local}@{}", target.initial_domain));
        if state.is_invited() {
            addresses.push(format!("smtp:{upn}"));
        }
        let further = [
            format!("X500:{}", legacy_dn(draw, Field::ContactDn, &local)),
            format!("SIP:{primary}"),
            spo(draw, &target.id),
            format!("smtp:{local}@{}", target.hybrid_domain),
            format!("smtp:{}.payroll@{}", person.badge, target.default_domain),
            format!("EUM:{};phone-context={}", &person.badge[1..], target.initial_domain),
        ];
        let wanted = 5 + draw.below(Field::AddressCount, 4) as usize;
        let start = draw.below(Field::AddressStart, further.len() as u64) as usize;
        for at in 0..further.len().min(wanted.saturating_sub(addresses.len())) {
            addresses.push(further[(start + at) % further.len()].clone());
        }
        let stamped = state.is_stamped() || state == State::HalfStamped;
        TargetObject {
            standing: Standing::Person(state),
            draw,
            id: world.target_id(person.number),
            display_name: person.display_name.clone(),
            alias: if state == State::Group { format!("list-{}", person.badge) } else { local },
            name: person.name.clone(),
            upn,
            primary,
            addresses,
            senders: Vec::new(),
            external: if state == State::Mapped { person.moera.clone() } else { person.primary.clone() },
            exchange_guid: match state {
                State::Mailbox => draw.guid(Field::TargetMailbox),
                _ if stamped => person.exchange_guid,
                _ => Guid::NIL,
            },
            archive_guid: person.archive_guid.filter(|_| state.is_stamped()).unwrap_or(Guid::NIL),
            anchor: state.is_synced().then(|| anchor(world, person)),
            licensed: state.is_stamped() || state == State::Mailbox,
        }
    }

    /// An object that nobody in the source is: the target's own, or the further one of a planted case.
    pub fn own(world: &World, slot: u64, standing: Standing) -> Self {
        let target = &TENANTS.target;
        let draw = Draw::new(world.seed, slot);
        let name = world.names.name(slot);
        let outside = format!("{}@{}", name.local, target.outside_domain);
        let inside = format!("{}@{}", name.local, target.default_domain);
        let primary = if standing == Standing::Contact { outside.clone() } else { inside.clone() };
        let mut addresses = vec![format!("SMTP:{primary}")];
        if standing != Standing::Contact {
            addresses.push(format!("smtp:{}@{}", name.local, target.initial_domain));
        }
        if standing == Standing::Mailbox {
            addresses.extend([format!("SIP:{primary}"), spo(draw, &target.id), format!("smtp:{}@{}", name.local, target.hybrid_domain)]);
        }
        TargetObject {
            standing,
            draw,
            id: world.target_id(slot),
            display_name: format!("{} {}", if standing == Standing::Group { "Team" } else { name.given }, name.family),
            alias: name.local.clone(),
            upn: inside,
            primary,
            addresses,
            senders: if standing == Standing::Group { senders(world, draw) } else { Vec::new() },
            external: outside,
            exchange_guid: if standing == Standing::Mailbox { draw.guid(Field::TargetMailbox) } else { Guid::NIL },
            archive_guid: Guid::NIL,
            anchor: None,
            licensed: standing == Standing::Mailbox,
            name,
        }
    }

    fn common(&self, recipient_type: &'static str, details: &'static str) -> Object {
        Object::new([
            ("Alias", self.alias.clone().into()),
            ("DisplayName", self.display_name.clone().into()),
            ("EmailAddresses", self.addresses.clone().into()),
            ("ExternalDirectoryObjectId", self.id.into()),
            ("Guid", self.draw.guid(Field::TargetGuid).into()),
            ("Identity", self.id.into()),
            ("IsDirSynced", self.anchor.is_some().into()),
            ("LegacyExchangeDN", legacy_dn(self.draw, Field::TargetLegacyDn, &self.name.local).into()),
            ("Name", self.alias.clone().into()),
            ("PrimarySmtpAddress", self.primary.clone().into()),
            ("RecipientType", recipient_type.into()),
            ("RecipientTypeDetails", details.into()),
        ])
    }

    /// Get-MailUser.
    pub fn mail_user(&self) -> Object {
        let details = if self.standing == Standing::Person(State::Guest) { "GuestMailUser" } else { "MailUser" };
        let mut object = self.common("MailUser", details);
        object.set("ArchiveGuid", self.archive_guid.into());
        object.set("ExchangeGuid", self.exchange_guid.into());
        object.set("ExternalEmailAddress", format!("SMTP:{}", self.external).into());
        object.set("RecoverableItemsQuota", size(30 << 30).into());
        object.set("UserPrincipalName", self.upn.clone().into());
        object
    }

    /// Get-MailContact.
    pub fn mail_contact(&self) -> Object {
        let mut object = self.common("MailContact", "MailContact");
        object.set("ExternalEmailAddress", format!("SMTP:{}", self.external).into());
        object
    }

    /// Get-DistributionGroup.
    pub fn group(&self) -> Object {
        let mut object = self.common("MailUniversalDistributionGroup", "MailUniversalDistributionGroup");
        object.set("AcceptMessagesOnlyFromSendersOrMembers", self.senders.clone().into());
        object
    }

    /// Get-Mailbox.
    pub fn mailbox(&self) -> Object {
        let mut object = self.common("UserMailbox", "UserMailbox");
        object.set("ArchiveGuid", Guid::NIL.into());
        object.set("ExchangeGuid", self.exchange_guid.into());
        object.set("UserPrincipalName", self.upn.clone().into());
        object
    }

    /// Get-User.
    pub fn exchange_user(&self) -> Object {
        let (recipient_type, details) = match self.standing {
            Standing::Mailbox | Standing::Person(State::Mailbox) => ("UserMailbox", "UserMailbox"),
            Standing::Person(State::PlainUser) => ("User", "User"),
            Standing::Person(State::Guest) => ("MailUser", "GuestMailUser"),
            _ => ("MailUser", "MailUser"),
        };
        Object::new([
            ("DisplayName", self.display_name.clone().into()),
            ("ExternalDirectoryObjectId", self.id.into()),
            ("PreviousRecipientTypeDetails", "None".into()),
            ("RecipientType", recipient_type.into()),
            ("RecipientTypeDetails", details.into()),
            ("UserPrincipalName", self.upn.clone().into()),
        ])
    }

    /// Get-MgUser.
    pub fn user(&self) -> Object {
        let licence = &TENANTS.licence;
        let guest = self.standing == Standing::Person(State::Guest);
        let invited = matches!(self.standing, Standing::Person(state) if state.is_invited());
        let mut plans: Vec<Value> = Vec::new();
        let mut plan = |service: &str, id: &str, status: &'static str| {
            plans.push(Value::Object(vec![
                (Cow::Borrowed("capabilityStatus"), status.into()),
                (Cow::Borrowed("service"), service.to_string().into()),
                (Cow::Borrowed("servicePlanId"), id.to_string().into()),
            ]));
        };
        if self.licensed {
            plan("exchange", &licence.exchange_plan, "Enabled");
        }
        // Not every plan of the family makes a mailbox, and a plan that was taken away stays listed for a while.
        match self.draw.below(Field::Licensing, 10) {
            0 | 1 => licence.other_plans.iter().for_each(|other| plan(&other.service, &other.service_plan_id, "Enabled")),
            2 => plan("exchange", &licence.foundation_plan, "Enabled"),
            3 if !self.licensed => plan("exchange", &licence.exchange_plan, "Deleted"),
            _ => {}
        }
        let licences = if self.licensed {
            let entry = vec![(Cow::Borrowed("disabledPlans"), Value::List(Vec::new())), (Cow::Borrowed("skuId"), licence.sku_id.clone().into())];
            vec![Value::Object(entry)]
        } else {
            Vec::new()
        };
        let has_mail = self.standing != Standing::Person(State::PlainUser);
        Object::new([
            ("accountEnabled", (!self.standing.is_mailbox() || self.licensed).into()),
            ("assignedLicenses", Value::List(licences)),
            ("assignedPlans", Value::List(plans)),
            ("displayName", self.display_name.clone().into()),
            ("externalUserState", invited.then_some("Accepted").into()),
            ("id", self.id.into()),
            ("mail", has_mail.then(|| self.primary.clone()).into()),
            ("onPremisesImmutableId", self.anchor.map(Anchor::immutable_id).into()),
            ("onPremisesSyncEnabled", self.anchor.map(|_| true).into()),
            ("usageLocation", ["DE", "FR", "GB", "JP", "PL", "TR", "US"][self.draw.below(Field::AddressStep, 7) as usize].into()),
            ("userPrincipalName", self.upn.clone().into()),
            ("userType", if guest { "Guest" } else { "Member" }.into()),
        ])
    }

    /// Get-ADUser with the properties that a move needs.
    pub fn ad_user(&self) -> Option<Object> {
        let anchor = self.anchor?;
        let stamped = |guid: Guid| (!guid.is_nil()).then(|| octets(guid));
        // The address in the initial domain is the cloud's own.
        let initial = format!("@{}", TENANTS.target.initial_domain);
        let addresses: Vec<String> = self.addresses.iter().filter(|address| !address.ends_with(&initial)).cloned().collect();
        Some(Object::new([
            ("DisplayName", self.display_name.clone().into()),
            ("DistinguishedName", format!("CN={},OU=People,DC=corp,DC=fabrikam,DC=com", self.alias).into()),
            ("Name", self.alias.clone().into()),
            ("ObjectClass", "user".into()),
            ("ObjectGUID", anchor.object_guid.into()),
            ("SamAccountName", format!("u{:x}", self.draw.word(Field::SiteId) >> 28).into()),
            ("UserPrincipalName", self.upn.clone().into()),
            ("mS-DS-ConsistencyGuid", anchor.consistency_guid.map(octets).into()),
            ("msExchArchiveGUID", stamped(self.archive_guid).into()),
            ("msExchMailboxGuid", stamped(self.exchange_guid).into()),
            ("msExchRemoteRecipientType", Value::Null),
            ("proxyAddresses", addresses.into()),
            ("targetAddress", format!("SMTP:{}", self.external).into()),
        ]))
    }
}

/// Who alone may write to a list of the target: of some lists, a few people who are prepared already.
fn senders(world: &World, draw: Draw) -> Vec<String> {
    let restricted = draw.percent(Field::Senders, 30);
    let people = (0..4).map(|nth| draw.nth(Field::Senders, nth + 1) % world.people);
    let prepared = people.filter(|person| world.plantation.of_person(*person).is_none() && world.state(*person, None) == State::Prepared);
    let mut senders: Vec<String> = prepared.take_while(|_| restricted).map(|person| world.names.name(person).local).collect();
    senders.sort();
    senders.dedup();
    senders
}

/// A byte[] as ConvertTo-Json writes it.
fn octets(guid: Guid) -> Value {
    Value::List(guid.to_bytes().into_iter().map(|byte| Value::Number(u64::from(byte))).collect())
}

impl Anchor {
    fn immutable_id(self) -> String {
        immutable_id::encode(self.consistency_guid.unwrap_or(self.object_guid))
    }
}

/// Most were written back by Entra Connect; some are older than that; some came from another forest and brought theirs along.
fn anchor(world: &World, person: &Person) -> Anchor {
    let object_guid = person.draw.ranked_guid(Field::ObjectGuid, world.forest.place(person.number), world.people);
    let consistency_guid = match person.draw.below(Field::Anchor, 20) {
        0..=2 => None,
        3..=5 => Some(person.draw.guid(Field::ConsistencyGuid)),
        _ => Some(object_guid),
    };
    Anchor { object_guid, consistency_guid }
}

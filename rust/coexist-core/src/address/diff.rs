//! What must change on a target object so that its person's mailbox can move onto it: address by address, each with its reason.

use super::domain::{DomainMap, DomainSet};
use super::proxy::{AddressType, ProxyAddress};
use crate::known::Known;
use crate::limits::Limits;
use crate::snapshot::{Property, Record};
use serde::Serialize;
use std::borrow::Cow;

/// What happens to an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Action {
    /// It stays.
    Keep,
    /// It is added.
    Add,
    /// It is removed.
    Remove,
    /// It becomes the primary SMTP address, and is added where it was not there.
    MakePrimary,
    /// It is needed and somebody else has it: nothing is done until an administrator decides.
    Conflict,
}

/// Which property of the target object holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub enum Field {
    EmailAddresses,
    ExternalEmailAddress,
}

/// Why; the name is the stable code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Reason {
    /// The source's LegacyExchangeDN: replies to old mail, and the move itself, look for it.
    LegacyExchangeDN,
    /// An X500 address of the source.
    SourceX500,
    /// An X400 address of the source; recommended, not required.
    SourceX400,
    /// A source SMTP address under its mapped domain.
    MappedDomain,
    /// The address in the migration's delivery domain, which the move writes into the source's target address.
    DeliveryDomain,
    /// It is on the target in a domain that the target has accepted.
    AcceptedDomain,
    /// It is on the target in a domain that the target has not accepted.
    DomainNotAccepted,
    /// It is on the target and is not SMTP.
    NotSmtp,
    /// It is the primary and may stay so.
    PrimaryAccepted,
    /// The source's primary under its mapped domain.
    MappedPrimary,
    /// The primary cannot stay, and this is the first address that can take its place.
    FirstAccepted,
    /// The external address is an address of the source mailbox.
    SourceAddress,
    /// The external address must be an address of the source mailbox; this is its primary.
    SourcePrimary,
    /// The external address is none of the source mailbox.
    NotSourceAddress,
    /// Another recipient of the target owns it.
    AddressInUse,
    /// Another person of the same batch brings it.
    AddressClaimedTwice,
    /// It is not an address of its type.
    AddressMalformed,
}

const MOVE: &str = "https://learn.microsoft.com/microsoft-365/enterprise/cross-tenant-mailbox-migration (2025-12-11)";
const SET_MAIL_USER: &str = "https://learn.microsoft.com/powershell/module/exchangepowershell/set-mailuser (2026-08-21)";

impl Reason {
    /// Who says so.
    pub fn source(self) -> &'static str {
        match self {
            Reason::AddressMalformed | Reason::NotSmtp | Reason::FirstAccepted | Reason::PrimaryAccepted => SET_MAIL_USER,
            _ => MOVE,
        }
    }
}

/// One address and what happens to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change<'a> {
    /// What happens.
    pub action: Action,
    /// The address with its prefix; of the primary, `SMTP:`.
    pub address: Cow<'a, str>,
    /// Its type.
    pub kind: AddressType,
    /// Why.
    pub reason: Reason,
    /// Where it stands.
    pub field: Field,
    /// Whether the target object holds it today.
    pub present: bool,
    /// Who has it, for a conflict.
    pub owner: Option<String>,
}

/// Who else has an address, or wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// A recipient of the target other than the person's own object; its name.
    Target(String),
    /// Another person of the batch; the name.
    Batch(String),
}

/// Answers who else has an address.
pub trait Ownership {
    /// The first other owner of the address, if there is one; `hash` is its [`ProxyAddress::key_hash`].
    fn other_owner(&self, address: &ProxyAddress, hash: u64) -> Option<Owner>;
}

/// Nobody else has anything: one pair by itself.
pub struct NoOwners;

impl Ownership for NoOwners {
    fn other_owner(&self, _: &ProxyAddress, _: u64) -> Option<Owner> {
        None
    }
}

/// What the target tenant allows and what the specification wants.
pub struct Context<'a> {
    /// Its accepted domains.
    pub accepted: &'a DomainSet,
    /// TargetDeliveryDomain.
    pub delivery_domain: Option<&'a str>,
    /// Under which domain each source domain is carried on.
    pub domain_map: &'a DomainMap,
    /// The limits in force.
    pub limits: &'a Limits,
}

/// The changes of one pair.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Diff<'a> {
    /// One row per address: of the target in its order, then what comes new, then the external address.
    pub changes: Vec<Change<'a>>,
    /// The primary SMTP address that the target object will have, without prefix.
    pub primary: Option<Cow<'a, str>>,
    /// How many addresses it will have at most: before anything is removed.
    pub count: usize,
    /// Properties that had to be known and were not, with the side (`true`: source).
    pub unknown: Vec<(bool, Property, bool)>,
    /// No address in the delivery domain can be made.
    pub delivery_missing: bool,
}

/// The changes that make `target` (a record without properties where there is none yet) ready for the mailbox of `source`.
///
/// Every address of the target gets exactly one row; applying the rows and comparing again gives only `Keep`.
pub fn compare<'a>(source: &Record<'a>, target: &Record<'a>, target_exists: bool, context: &Context, owners: &dyn Ownership) -> Diff<'a> {
    let mut diff = Diff::default();
    let source_addresses = known_list(source, Property::EmailAddresses, true, &mut diff.unknown);
    let legacy_dn = match source.text(Property::LegacyExchangeDN) {
        Known::Value(dn) => Some(dn),
        state => {
            diff.unknown.push((true, Property::LegacyExchangeDN, matches!(state, Known::Flattened)));
            None
        }
    };
    let target_addresses = if target_exists { known_list(target, Property::EmailAddresses, false, &mut diff.unknown) } else { Vec::new() };
    if !diff.unknown.is_empty() {
        return diff;
    }
    let source_primary = source_primary(source);

    let mut rows = Rows { owners, rows: Vec::with_capacity(target_addresses.len() + source_addresses.len() + 4) };
    for address in target_addresses {
        let action_reason = match (address.kind, address.domain()) {
            (AddressType::Smtp, Some(domain)) if context.accepted.contains(domain) => (Action::Keep, Reason::AcceptedDomain),
            (AddressType::Smtp, _) => (Action::Remove, Reason::DomainNotAccepted),
            _ => (Action::Keep, Reason::NotSmtp),
        };
        rows.present(address, action_reason);
    }

    // What the source brings, the required first.
    if let Some(dn) = legacy_dn {
        rows.want_owned(["X500:", dn].concat(), Reason::LegacyExchangeDN);
    }
    for (kind, reason) in [(AddressType::X500, Reason::SourceX500), (AddressType::X400, Reason::SourceX400)] {
        for address in source_addresses.iter().filter(|address| address.kind == kind) {
            rows.want(Cow::Borrowed(address.text), reason);
        }
    }
    let mapped = |address: &ProxyAddress| {
        let target_domain = context.domain_map.get(address.domain()?)?;
        Some(["smtp:", address.local_part()?, "@", target_domain].concat())
    };
    for address in source_addresses.iter() {
        if let Some(mapped) = mapped(address) {
            rows.want_owned(mapped, Reason::MappedDomain);
        }
    }
    let wanted_primary = source_primary.as_ref().and_then(mapped);
    if let Some(primary) = &wanted_primary {
        // A primary that stands only in PrimarySmtpAddress is carried like the rest.
        rows.want_owned(primary.clone(), Reason::MappedDomain);
    }
    if let Some(delivery) = context.delivery_domain {
        let delivery_key = super::canonical_domain(delivery);
        let has_one = rows.rows.iter().any(|row| {
            row.survives() && ProxyAddress::parse(&row.change.address).domain().is_some_and(|d| super::canonical_domain(d) == delivery_key)
        });
        if !has_one {
            let local = source_primary.and_then(|address| address.local_part()).or_else(|| source.text(Property::Alias).value());
            match local {
                Some(local) => rows.want_owned(["smtp:", local, "@", delivery].concat(), Reason::DeliveryDomain),
                None => diff.delivery_missing = true,
            }
        }
    }

    diff.primary = rows.settle_primary(wanted_primary.as_deref());
    diff.count = rows.rows.iter().filter(|row| row.change.action != Action::Conflict).count();
    diff.changes = rows.rows.into_iter().map(|row| row.change).collect();
    external_address(source, &source_addresses, source_primary, target, target_exists, owners, &mut diff);
    diff
}

/// The primary SMTP address of a source mailbox, from the list, else from the property.
pub fn source_primary<'a>(source: &Record<'a>) -> Option<ProxyAddress<'a>> {
    let mut listed = source.list(Property::EmailAddresses).value().into_iter().flatten().map(ProxyAddress::parse);
    let primary = listed.find(ProxyAddress::is_primary_smtp);
    primary.or_else(|| source.text(Property::PrimarySmtpAddress).value().map(ProxyAddress::parse).filter(|address| address.kind == AddressType::Smtp))
}

/// Every address that [`compare`] may add for a source mailbox, whatever its target object holds: what a batch is searched for claims with.
pub fn for_each_wanted(source: &Record, context: &Context, mut each: impl FnMut(&ProxyAddress)) {
    if let Some(dn) = source.text(Property::LegacyExchangeDN).value() {
        each(&ProxyAddress { text: dn, kind: AddressType::X500, prefix: "X500", value: dn });
    }
    let primary = source_primary(source);
    let mut text = String::new();
    let mut smtp = |local: &str, domain: &str, each: &mut dyn FnMut(&ProxyAddress)| {
        text.clear();
        text.push_str("smtp:");
        text.push_str(local);
        text.push('@');
        text.push_str(domain);
        each(&ProxyAddress::parse(&text));
    };
    for address in source.list(Property::EmailAddresses).value().into_iter().flatten().map(ProxyAddress::parse) {
        if matches!(address.kind, AddressType::X500 | AddressType::X400) {
            each(&address);
        }
        if let (Some(local), Some(domain)) = (address.local_part(), address.domain()) {
            if let Some(domain) = context.domain_map.get(domain) {
                smtp(local, domain, &mut each);
            }
        }
    }
    if let Some((local, domain)) = primary.and_then(|address| Some((address.local_part()?, address.domain()?))) {
        if let Some(domain) = context.domain_map.get(domain) {
            smtp(local, domain, &mut each);
        }
    }
    if let Some(delivery) = context.delivery_domain {
        if let Some(local) = primary.and_then(|address| address.local_part()).or_else(|| source.text(Property::Alias).value()) {
            smtp(local, delivery, &mut each);
        }
    }
}

fn known_list<'a>(record: &Record<'a>, property: Property, source: bool, unknown: &mut Vec<(bool, Property, bool)>) -> Vec<ProxyAddress<'a>> {
    match record.list(property) {
        Known::Value(list) => list.map(ProxyAddress::parse).collect(),
        Known::Empty => Vec::new(),
        state => {
            unknown.push((source, property, matches!(state, Known::Flattened)));
            Vec::new()
        }
    }
}

fn external_address<'a>(
    source: &Record<'a>,
    source_addresses: &[ProxyAddress<'a>],
    source_primary: Option<ProxyAddress<'a>>,
    target: &Record<'a>,
    target_exists: bool,
    owners: &dyn Ownership,
    diff: &mut Diff<'a>,
) {
    let row = |action, address: ProxyAddress<'a>, reason, present| Change {
        action,
        address: if address.kind == AddressType::Smtp { Cow::Owned(["SMTP:", address.value].concat()) } else { address.with_prefix() },
        kind: address.kind,
        reason,
        field: Field::ExternalEmailAddress,
        present,
        owner: None,
    };
    let current = match target.text(Property::ExternalEmailAddress) {
        Known::Value(text) => Some(ProxyAddress::parse(text)),
        Known::NotExported | Known::Flattened if target_exists => {
            diff.unknown.push((false, Property::ExternalEmailAddress, target.text(Property::ExternalEmailAddress) == Known::Flattened));
            return;
        }
        _ => None,
    };
    if let Some(current) = current {
        let primary_itself = source.text(Property::PrimarySmtpAddress).value().map(ProxyAddress::parse);
        if source_addresses.iter().chain(primary_itself.as_ref()).any(|address| address.same_as(&current)) {
            diff.changes.push(row(Action::Keep, current, Reason::SourceAddress, true));
            return;
        }
    }
    let Some(wanted) = source_primary else { return };
    if let Some(current) = current {
        diff.changes.push(row(Action::Remove, current, Reason::NotSourceAddress, true));
    }
    // Exchange keeps external addresses unique, too: a contact of the person is the usual owner.
    match owners.other_owner(&wanted, wanted.key_hash()) {
        Some(Owner::Target(owner)) => {
            diff.changes.push(Change { owner: Some(owner), ..row(Action::Conflict, wanted, Reason::AddressInUse, false) })
        }
        _ => diff.changes.push(row(Action::Add, wanted, Reason::SourcePrimary, false)),
    }
}

struct Row<'a> {
    change: Change<'a>,
    hash: u64,
}

impl Row<'_> {
    fn survives(&self) -> bool {
        matches!(self.change.action, Action::Keep | Action::Add | Action::MakePrimary)
    }

    fn is_accepted_smtp(&self) -> bool {
        self.survives() && self.change.kind == AddressType::Smtp
    }
}

struct Rows<'a, 'o> {
    owners: &'o dyn Ownership,
    rows: Vec<Row<'a>>,
}

impl<'a> Rows<'a, '_> {
    fn find(&self, address: &ProxyAddress, hash: u64) -> Option<usize> {
        self.rows.iter().position(|row| row.hash == hash && ProxyAddress::parse(&row.change.address).same_as(address))
    }

    fn present(&mut self, address: ProxyAddress<'a>, (action, reason): (Action, Reason)) {
        let hash = address.key_hash();
        if let Some(at) = self.find(&address, hash) {
            // Written twice in one list it is one address, and the primary if it is so once.
            if address.is_primary_smtp() {
                self.rows[at].change.address = address.with_prefix();
            }
            return;
        }
        let change = Change { action, address: address.with_prefix(), kind: address.kind, reason, field: Field::EmailAddresses, present: true, owner: None };
        self.rows.push(Row { change, hash });
    }

    fn want_owned(&mut self, text: String, reason: Reason) {
        self.want(Cow::Owned(text), reason);
    }

    fn want(&mut self, text: Cow<'a, str>, reason: Reason) {
        let address = ProxyAddress::parse(&text);
        let hash = address.key_hash();
        if let Some(at) = self.find(&address, hash) {
            let change = &mut self.rows[at].change;
            if change.present && change.action == Action::Keep && matches!(change.reason, Reason::AcceptedDomain | Reason::NotSmtp) {
                change.reason = reason;
            }
            return;
        }
        let (action, reason, owner) = if !address.is_well_formed() {
            (Action::Conflict, Reason::AddressMalformed, None)
        } else {
            match self.owners.other_owner(&address, hash) {
                Some(Owner::Target(name)) => (Action::Conflict, Reason::AddressInUse, Some(name)),
                Some(Owner::Batch(name)) => (Action::Conflict, Reason::AddressClaimedTwice, Some(name)),
                None => (Action::Add, reason, None),
            }
        };
        let kind = address.kind;
        self.rows.push(Row { change: Change { action, address: text, kind, reason, field: Field::EmailAddresses, present: false, owner }, hash });
    }

    /// Chooses the primary: the mapped one, else the present one if it may stay, else the first that can take its place.
    fn settle_primary(&mut self, wanted: Option<&str>) -> Option<Cow<'a, str>> {
        let current = self.rows.iter().position(|row| row.change.present && row.change.address.starts_with("SMTP:"));
        let wanted_at = wanted.and_then(|wanted| {
            let address = ProxyAddress::parse(wanted);
            let hash = address.key_hash();
            self.find(&address, hash).filter(|at| self.rows[*at].is_accepted_smtp())
        });
        let (at, reason) = match (wanted_at, current.filter(|at| self.rows[*at].is_accepted_smtp())) {
            (Some(at), _) => (at, Reason::MappedPrimary),
            (None, Some(at)) => (at, Reason::PrimaryAccepted),
            (None, None) => (self.rows.iter().position(Row::is_accepted_smtp)?, Reason::FirstAccepted),
        };
        // A second "SMTP:" on one object is a damaged export; it stays as an ordinary address.
        for (other, row) in self.rows.iter_mut().enumerate() {
            if other != at && row.survives() && row.change.address.starts_with("SMTP:") {
                let value = row.change.address[5..].to_string();
                row.change.address = Cow::Owned(format!("smtp:{value}"));
            }
        }
        let change = &mut self.rows[at].change;
        let value = ProxyAddress::parse(&change.address).value.to_string();
        if current == Some(at) {
            change.reason = if reason == Reason::MappedPrimary { reason } else { Reason::PrimaryAccepted };
        } else {
            change.action = Action::MakePrimary;
            change.reason = reason;
            change.address = Cow::Owned(["SMTP:", &value].concat());
        }
        Some(Cow::Owned(value))
    }
}

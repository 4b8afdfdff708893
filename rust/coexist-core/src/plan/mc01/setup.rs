//! What a run stands on: both snapshots with their look-ups, and the rules of the specification, checked against each other.

use super::map::MapRow;
use super::named::{Identities, Named};
use crate::address::{Context, DomainMap, DomainSet};
use crate::directory::{for_each_address, hash, index_table, text_hash, Entries, Index, RecipientId, Recipients};
use crate::identity::guid::Guid;
use crate::identity::immutable_id;
use crate::limits::Limits;
use crate::problem::{Category, Problem};
use crate::readiness;
use crate::snapshot::{Kind, Property, Record, Snapshot, Table};
use crate::specification::Specification;
use std::collections::BTreeMap;

/// The GUID that Exchange writes where there is none.
const NIL: &str = "00000000-0000-0000-0000-000000000000";

/// What goes in.
pub struct Inputs<'s> {
    /// The rules.
    pub specification: &'s Specification,
    /// What the source tenant holds.
    pub source: &'s Snapshot,
    /// What the target tenant holds.
    pub target: &'s Snapshot,
    /// The map file, or nothing.
    pub map: &'s [MapRow],
}

/// The inputs with everything that is looked up in them.
pub struct Setup<'s> {
    pub(super) specification: &'s Specification,
    pub(super) source: &'s Snapshot,
    pub(super) target: &'s Snapshot,
    pub(super) map: &'s [MapRow],
    pub(super) limits: Limits,
    pub(super) accepted: DomainSet,
    pub(super) delivery_domain: String,
    pub(super) domain_map: DomainMap,
    pub(super) mailboxes: &'s Table,
    /// Retention policies that hold every source mailbox.
    pub(super) organization_holds: Vec<&'s str>,
    pub(super) statistics: Option<Joined<'s>>,
    pub(super) recipients: Recipients<'s>,
    pub(super) addresses: Index,
    pub(super) upns: Index,
    pub(super) exchange_guids: Index,
    pub(super) aliases: Index,
    pub(super) attribute: Option<(Property, Index)>,
    /// The recipients that each row of the map file names, by row.
    pub(super) mapped: Entries,
    pub(super) users: Option<Joined<'s>>,
    pub(super) user_upns: Option<Index>,
    pub(super) exchange_users: Option<Joined<'s>>,
    pub(super) forest: Option<Forest<'s>>,
    /// What makes the outcome less certain, for the administrator.
    pub warnings: Vec<Problem>,
}

/// A table whose objects are joined to recipients by one property.
pub(super) struct Joined<'s> {
    pub table: &'s Table,
    key: Property,
    index: Index,
}

impl<'s> Joined<'s> {
    fn new(snapshot: &'s Snapshot, kind: Kind, key: Property) -> Option<Self> {
        let table = snapshot.table(kind)?;
        Some(Joined { table, key, index: index_table(table, key) })
    }

    fn find(&self, text: &str) -> Option<Record<'s>> {
        self.index.get(text_hash(text)).map(|at| self.table.get(at as usize)).find(|record| self.is(record, text))
    }

    fn is(&self, record: &Record, text: &str) -> bool {
        record.text(self.key).value().is_some_and(|found| found.eq_ignore_ascii_case(text))
    }

    /// The object under each text; for many at once (see [`Index::first_of_each`]).
    pub fn find_each(&self, texts: &[Option<&str>]) -> Vec<Option<Record<'s>>> {
        let hashes: Vec<u64> = texts.iter().map(|text| text.map_or(0, text_hash)).collect();
        let rows = self.index.first_of_each(&hashes);
        let records: Vec<Option<Record>> = rows.iter().map(|row| row.map(|row| self.table.get(row as usize))).collect();
        let check = |(text, record): (&Option<&str>, Option<Record<'s>>)| {
            let (text, record) = (text.as_ref()?, record?);
            // Where two texts share a hash, the first one need not be it.
            if self.is(&record, text) { Some(record) } else { self.find(text) }
        };
        texts.iter().zip(records).map(check).collect()
    }
}

/// The AD users of the target's forest, by the anchor that Entra Connect uses.
pub(super) struct Forest<'s> {
    table: &'s Table,
    anchors: Index,
}

/// mS-DS-ConsistencyGuid where it is set, else objectGUID: what Entra Connect makes the immutable ID of.
fn anchor(user: &Record) -> Option<Guid> {
    let read = |property| user.text(property).value().and_then(|text| immutable_id::read(text).ok()).map(|reading| reading.guid);
    read(Property::MsDsConsistencyGuid).or_else(|| read(Property::ObjectGuid))
}

fn guid_hash(guid: Guid) -> u64 {
    hash(&guid.to_bytes())
}

impl<'s> Forest<'s> {
    fn new(snapshot: &'s Snapshot) -> Option<Self> {
        let table = snapshot.table(Kind::AdUsers)?;
        let [entries] = Entries::collect(table.len(), |at, push| anchor(&table.get(at as usize)).into_iter().for_each(|guid| push(0, guid_hash(guid))));
        Some(Forest { table, anchors: Index::new(entries) })
    }

    /// The AD user behind an Entra user's immutable ID.
    pub fn find(&self, on_premises_immutable_id: &str) -> Option<Record<'s>> {
        let guid = immutable_id::decode(on_premises_immutable_id).ok()?;
        self.anchors.get(guid_hash(guid)).map(|at| self.table.get(at as usize)).find(|user| anchor(user) == Some(guid))
    }
}

fn invalid(code: &'static str, message: String) -> Problem {
    Problem::new(code, Category::InvalidData, message)
}

impl<'s> Setup<'s> {
    /// Checks the inputs against each other and builds the look-ups. What cannot be planned at all is a problem; what only makes the plan less certain
    /// is a warning.
    pub fn new(inputs: &Inputs<'s>) -> Result<Self, Problem> {
        let specification = inputs.specification;
        let (source, target) = (inputs.source, inputs.target);
        let limits = Limits::with(&specification.limits)?;
        same_tenant("source", specification.source.tenant_id.as_deref(), &source.tenant.id, &specification.source.snapshot)?;
        same_tenant("target", specification.target.tenant_id.as_deref(), &target.tenant.id, &specification.target.snapshot)?;
        if source.tenant.id.as_ref().zip(target.tenant.id.as_ref()).is_some_and(|(source, target)| source.eq_ignore_ascii_case(target)) {
            return Err(invalid("TenantsAreTheSame", "The source and the target snapshot are of the same tenant; nothing was planned. Check the folders in the specification.".into()));
        }

        let accepted = match &specification.target.accepted_domains {
            Some(domains) => DomainSet::new(domains),
            None => DomainSet::new(target.tenant.domains.iter().map(String::as_str).chain(accepted_domains(target))),
        };
        if accepted.is_empty() {
            return Err(invalid(
                "AcceptedDomainsUnknown",
                "The accepted domains of the target are not known, so no address could be judged. Export Get-AcceptedDomain of the target tenant, or name target.acceptedDomains in the specification.".into(),
            ));
        }
        let initial = target.tenant.initial_domain.as_deref();
        let delivery_domain = specification.target.delivery_domain.as_deref().or(initial).ok_or_else(|| {
            invalid("DeliveryDomainUnknown", "The delivery domain of the target is not known. Name target.deliveryDomain in the specification: usually its onmicrosoft.com domain.".into())
        })?;
        if !accepted.contains(delivery_domain) {
            return Err(invalid(
                "DeliveryDomainNotAccepted",
                format!("The delivery domain '{delivery_domain}' is not an accepted domain of the target; the move would refuse it. Correct target.deliveryDomain in the specification."),
            ));
        }
        let domain_map = DomainMap::new(&specification.domain_map, &accepted)?;

        let mailboxes = source.table(Kind::Mailboxes).ok_or_else(|| {
            invalid("SourceMailboxesMissing", "The source snapshot holds no mailboxes, so there is nobody to plan for. Pipe Get-Mailbox -ResultSize Unlimited into Export-CoexistSnapshot.".into())
        })?;
        if target.table(Kind::MailUsers).is_none() {
            return Err(invalid(
                "TargetMailUsersMissing",
                "The target snapshot holds no mail users: everybody would look as if they had to be created. Pipe Get-MailUser -ResultSize Unlimited of the target into Export-CoexistSnapshot; if there are none, that writes an empty kind.".into(),
            ));
        }
        let mut warnings = Vec::new();
        let needed = [
            (target, "target", Kind::Mailboxes, "addresses that its mailboxes own are not seen"),
            (target, "target", Kind::MailContacts, "addresses that its contacts own are not seen"),
            (target, "target", Kind::Groups, "addresses that its groups own are not seen"),
            (target, "target", Kind::ExchangeUsers, "previous mailboxes are not seen"),
            (target, "target", Kind::Users, "licences and immutable IDs are not seen"),
            (source, "source", Kind::Configuration, "retention policies on the whole organization, which hold every mailbox, are not seen"),
            (source, "source", Kind::MailboxStatistics, "the size of Recoverable Items is not seen"),
        ];
        for (snapshot, side, kind, consequence) in needed {
            if snapshot.table(kind).is_none() {
                warnings.push(
                    Problem::new(
                        "SnapshotKindMissing",
                        Category::ObjectNotFound,
                        format!("The {side} snapshot holds no {kind} ({}), so {consequence}. Export them for a plan that can be relied on.", kind.source()),
                    )
                    .about(kind.name()),
                );
            }
        }

        let recipients = Recipients::new(target);
        let attribute = specification.matching_attribute();
        let properties = [Some(Property::UserPrincipalName), Some(Property::ExchangeGuid), Some(Property::Alias), attribute];
        let named = Named::new(inputs.map.iter().enumerate().map(|(row, line)| (&line.target, row as u64)));
        let [upns, exchange_guids, aliases, attributes, addresses, mapped] = Entries::collect(recipients.len(), |number, push| {
            let record = recipients.get(RecipientId(number));
            for (list, property) in properties.iter().enumerate() {
                // Nobody is looked for by the GUID that says that there is none, and nearly everybody has it.
                if let Some(text) = property.and_then(|property| record.text(property).value()).filter(|text| *text != NIL) {
                    push(list, text_hash(text));
                }
            }
            for_each_address(&record, |address| push(4, address.key_hash()));
            if !inputs.map.is_empty() {
                named.find(&Identities::of(&record), |row| push(5, *row));
            }
        });
        let [addresses, upns, exchange_guids, aliases, attributes] = Index::each([addresses, upns, exchange_guids, aliases, attributes]);
        let (statistics, (users, exchange_users)) = rayon::join(
            || Joined::new(source, Kind::MailboxStatistics, Property::MailboxGuid),
            || rayon::join(|| Joined::new(target, Kind::Users, Property::Id), || Joined::new(target, Kind::ExchangeUsers, Property::ExternalDirectoryObjectId)),
        );
        let (user_upns, forest) =
            rayon::join(|| target.table(Kind::Users).map(|table| index_table(table, Property::UserPrincipalName)), || Forest::new(target));
        Ok(Setup {
            specification,
            source,
            target,
            map: inputs.map,
            limits,
            accepted,
            delivery_domain: delivery_domain.to_string(),
            domain_map,
            mailboxes,
            organization_holds: source
                .table(Kind::Configuration)
                .into_iter()
                .flat_map(|table| (0..table.len()).map(|at| table.get(at)))
                .flat_map(|configuration| readiness::organization_wide_holds(&configuration))
                .collect(),
            statistics,
            recipients,
            addresses,
            upns,
            exchange_guids,
            aliases,
            attribute: attribute.map(|property| (property, attributes)),
            mapped,
            users,
            user_upns,
            exchange_users,
            forest,
            warnings,
        })
    }

    pub(super) fn context(&self) -> Context<'_> {
        Context { accepted: &self.accepted, delivery_domain: Some(&self.delivery_domain), domain_map: &self.domain_map, limits: &self.limits }
    }
}

/// The domains of the acceptedDomains table, for a snapshot whose tenant.json does not name them.
fn accepted_domains(snapshot: &Snapshot) -> impl Iterator<Item = &str> {
    snapshot.table(Kind::AcceptedDomains).into_iter().flat_map(|table| (0..table.len()).map(move |at| table.get(at))).filter_map(|domain| domain.text(Property::DomainName).value())
}

fn same_tenant(side: &str, wanted: Option<&str>, found: &Option<String>, folder: &str) -> Result<(), Problem> {
    match (wanted, found) {
        (Some(wanted), Some(found)) if !wanted.eq_ignore_ascii_case(found) => Err(invalid(
            "SnapshotOfAnotherTenant",
            format!("The specification names the {side} tenant {wanted}, but the snapshot in '{folder}' is of {found}; nothing was planned. Correct the folder or the tenantId."),
        )),
        _ => Ok(()),
    }
}

/// Counts by name, for the summary.
pub(super) fn count(counts: &mut BTreeMap<String, u64>, name: &str) {
    match counts.get_mut(name) {
        Some(count) => *count += 1,
        None => {
            counts.insert(name.to_string(), 1);
        }
    }
}

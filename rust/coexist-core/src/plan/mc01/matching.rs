//! Who is in scope, and which target object each person is: by the map file, else by every rule that finds something agreeing. Never a guess.

use super::judge::upn_for;
use super::named::{Identities, Named};
use super::setup::Setup;
use super::shape::Forms;
use crate::address::{self, compare, for_each_wanted, Action, Owner, Ownership, ProxyAddress};
use crate::directory::{display_identity, hash, owns, same_text, stable_identity, text_hash, Entries, Index, RecipientId};
use crate::finding::{Finding, Side, Subject};
use crate::identity::guid::Guid;
use crate::snapshot::{Kind, Property, Record};
use crate::specification::MatchRule;
use hashbrown::HashSet;
use rayon::prelude::*;
use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// What matching found for one person.
#[derive(Clone)]
pub(super) enum Matched {
    /// No object of the target is this person.
    Missing,
    /// This one is.
    Found(RecipientId),
    /// It cannot be told, or not be used; the findings say why.
    Blocked(Vec<Finding>),
}

/// Everybody in scope.
pub(super) struct People {
    /// Row in the mailboxes table, by person.
    rows: Vec<u32>,
    matched: Vec<Matched>,
    /// Recipients of the target, by addresses that a person may need and does not have on the target object: hardly any, so that to ask costs nothing.
    contested_addresses: Index,
    /// Wanted addresses that more than one person may want.
    shared_addresses: Index,
    /// ExchangeGuids that more than one source mailbox has.
    shared_guids: Index,
    /// UPNs that more than one person would get.
    shared_upns: Index,
    /// Names, as hashes, that a mail user cannot be created under: a recipient of the target has it, or another person to create wants it.
    taken_names: HashSet<u64>,
    /// What lines of the plan are made of.
    pub forms: Forms,
    /// Findings about no single person in scope.
    pub general: Vec<Finding>,
}

pub(super) fn subject(record: &Record) -> Subject {
    Subject { tenant: Side::Source, kind: Some(Kind::Mailboxes), id: stable_identity(record).to_string(), name: display_identity(record).to_string() }
}

/// The zero GUID and text that is none are no GUID.
pub(super) fn real_guid(text: Option<&str>) -> Option<Guid> {
    text.and_then(|text| Guid::parse(text).ok()).filter(|guid| !guid.is_nil())
}

impl People {
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn row(&self, person: usize) -> usize {
        self.rows[person] as usize
    }

    pub fn matched(&self, person: usize) -> &Matched {
        &self.matched[person]
    }

    /// Finds everybody in scope and their target objects.
    pub fn find(setup: &Setup) -> Self {
        let map = Map::new(setup);
        let Scope { rows, mut matched, findings: general } = scope(setup, &map);
        claimed_twice(setup, &rows, &mut matched);

        let context = setup.context();
        let [wanted, external, guids, upns] = Entries::collect(rows.len(), |person, push| {
            let record = setup.mailboxes.get(rows[person as usize] as usize);
            for_each_wanted(&record, &context, |address| push(0, address.key_hash()));
            if let Some(address) = address::source_primary(&record) {
                push(1, address.key_hash());
            }
            if let Some(guid) = real_guid(record.text(Property::ExchangeGuid).value()) {
                push(2, hash(&guid.to_bytes()));
            }
            if let Some(upn) = upn_for(setup, &record, None, None) {
                push(3, text_hash(&upn));
            }
        });
        let is_own = |person: u32, id: u32| matches!(matched[person as usize], Matched::Found(own) if own.0 == id);
        let contested = |asked: &Entries| setup.addresses.shared_with(asked, |person, id| !is_own(person, id));
        let (contested, more) = rayon::join(|| contested(&wanted), || contested(&external));
        let contested_addresses = Index::new(Entries::new([contested, more].concat()));
        let shared: Vec<Entries> = [wanted, guids, upns].into_par_iter().map(Entries::shared).collect();
        let [shared_addresses, shared_guids, shared_upns] = Index::each(shared.try_into().unwrap_or_default());
        let taken_names = taken_names(setup, &rows, &matched);
        People { rows, matched, contested_addresses, shared_addresses, shared_guids, shared_upns, taken_names, forms: Forms::default(), general }
    }

    /// Whether a mail user cannot be created under this name.
    pub fn name_is_taken(&self, name: &str) -> bool {
        self.taken_names.contains(&text_hash(name))
    }

    /// Another person whose source mailbox has this ExchangeGuid.
    pub fn other_with_guid(&self, setup: &Setup, person: usize, guid: Guid) -> Option<String> {
        let others = self.shared_guids.get(hash(&guid.to_bytes())).filter(|other| *other as usize != person);
        self.first_where(setup, others, |record| real_guid(record.text(Property::ExchangeGuid).value()) == Some(guid))
    }

    /// Another person who would get this user principal name.
    pub fn other_with_upn(&self, setup: &Setup, person: usize, upn: &str) -> Option<String> {
        let others = self.shared_upns.get(text_hash(upn)).filter(|other| *other as usize != person);
        self.first_where(setup, others, |record| upn_for(setup, record, None, None).is_some_and(|other| same_text(&other, upn)))
    }

    fn first_where(&self, setup: &Setup, people: impl Iterator<Item = u32>, holds: impl Fn(&Record) -> bool) -> Option<String> {
        people
            .map(|other| setup.mailboxes.get(self.row(other as usize)))
            .find(|record| holds(record))
            .map(|record| display_identity(&record).to_string())
    }

    fn target(&self, person: usize) -> Option<RecipientId> {
        match self.matched[person] {
            Matched::Found(id) => Some(id),
            _ => None,
        }
    }

    /// Who has or wants addresses besides one person.
    pub fn owners<'p>(&'p self, setup: &'p Setup, person: usize) -> Owners<'p> {
        Owners { setup, people: self, person, own: self.target(person), batch: true }
    }
}

/// A hash stands for its name here: the worst that two names with one hash do is make one of them longer than it need be.
fn taken_names(setup: &Setup, rows: &[u32], matched: &[Matched]) -> HashSet<u64> {
    let (mut wanted, mut taken) = (HashSet::new(), HashSet::new());
    for (row, _) in rows.iter().zip(matched).filter(|(_, matched)| matches!(matched, Matched::Missing)) {
        let hash = text_hash(short_name(setup, full_name(&setup.mailboxes.get(*row as usize)).unwrap_or_default()));
        if !wanted.insert(hash) {
            taken.insert(hash);
        }
    }
    if !wanted.is_empty() {
        let numbers = (0..setup.recipients.len() as u32).into_par_iter().with_min_len(1024);
        let names = numbers.filter_map(|number| setup.recipients.get(RecipientId(number)).text(Property::Name).value().map(text_hash));
        taken.extend(names.filter(|hash| wanted.contains(hash)).collect::<Vec<_>>());
    }
    taken
}

/// What a person is called in full.
pub(super) fn full_name<'a>(source: &Record<'a>) -> Option<&'a str> {
    source.first_text(&[Property::DisplayName, Property::Name, Property::Alias])
}

/// As much of a name as New-MailUser accepts, without a trailing space.
pub(super) fn short_name<'a>(setup: &Setup, name: &'a str) -> &'a str {
    shorten(name, setup.limits.value("nameLength") as usize)
}

/// At most `limit` characters, without a trailing space.
pub(super) fn shorten(text: &str, limit: usize) -> &str {
    match text.char_indices().nth(limit) {
        Some((end, _)) => text[..end].trim_end(),
        None => text,
    }
}

/// Answers for one person who else has an address.
pub(super) struct Owners<'p> {
    setup: &'p Setup<'p>,
    people: &'p People,
    person: usize,
    own: Option<RecipientId>,
    batch: bool,
}

impl Ownership for Owners<'_> {
    fn other_owner(&self, address: &ProxyAddress, hash: u64) -> Option<Owner> {
        let recipients = &self.setup.recipients;
        let owner = self.people.contested_addresses.get(hash).map(RecipientId).find(|id| Some(*id) != self.own && owns(&recipients.get(*id), address));
        if let Some(id) = owner {
            return Some(Owner::Target(display_identity(&recipients.get(id)).to_string()));
        }
        if !self.batch {
            return None;
        }
        let mut others = self.people.shared_addresses.get(hash).filter(|other| *other as usize != self.person);
        others.find_map(|other| self.really_wanted_by(other as usize, address)).map(Owner::Batch)
    }
}

impl Owners<'_> {
    /// The index holds what a person might want; whether they do, only their own comparison tells.
    fn really_wanted_by(&self, other: usize, address: &ProxyAddress) -> Option<String> {
        let setup = self.setup;
        let source = setup.mailboxes.get(self.people.row(other));
        let own = self.people.target(other);
        let target = own.map_or(Record::none(), |id| setup.recipients.get(id));
        let owners = Owners { setup, people: self.people, person: other, own, batch: false };
        let diff = compare(&source, &target, own.is_some(), &setup.context(), &owners);
        let wants = diff
            .changes
            .iter()
            .any(|change| !change.present && matches!(change.action, Action::Add | Action::MakePrimary) && ProxyAddress::parse(&change.address).same_as(address));
        wants.then(|| display_identity(&source).to_string())
    }
}

/// Who is in scope.
struct Scope {
    rows: Vec<u32>,
    matched: Vec<Matched>,
    /// About what the specification names and the snapshot does not hold, and about mailboxes that stay out.
    findings: Vec<Finding>,
}

fn scope(setup: &Setup, map: &Map) -> Scope {
    let scope = &setup.specification.scope;
    let exclude = Named::new(scope.exclude.iter().map(|name| (name, ())));
    let include = scope.include.as_ref().map(|names| Named::new(names.iter().map(|name| (name, AtomicBool::new(false)))));
    let named = !exclude.names.is_empty() || include.is_some() || !setup.map.is_empty();
    let judge = |(row, names): (u32, Names)| -> Option<Result<(u32, Matched), Box<Finding>>> {
        let mailbox = setup.mailboxes.get(row as usize);
        let identities = if named { Identities::of(&mailbox) } else { Identities::none() };
        // A map file may well name people who are out of scope.
        let mapped = map.rows(&identities);
        if let Some(include) = &include {
            let mut named = false;
            include.find(&identities, |seen| {
                named = true;
                seen.store(true, Relaxed);
            });
            if !named {
                return None;
            }
        }
        if exclude.names(&identities) {
            return Some(Err(Finding::new("SourceExcluded", subject(&mailbox)).into()));
        }
        let kind = mailbox.text(Property::RecipientTypeDetails).value();
        match kind.filter(|kind| !scope.types.iter().any(|wanted| wanted.eq_ignore_ascii_case(kind))) {
            Some(kind) => Some(Err(Finding::new("SourceTypeNotInScope", subject(&mailbox)).with("type", kind).into())),
            None => Some(Ok((row, map.ask(setup, &mailbox, &mapped).unwrap_or_else(|| matching(setup, &mailbox, &names))))),
        }
    };
    const PART: u32 = 256;
    let count = setup.mailboxes.len() as u32;
    let part = |part: u32| {
        let rows = part * PART..((part + 1) * PART).min(count);
        let names = look_ahead(setup, rows.clone());
        rows.zip(names).filter_map(judge)
    };
    let judged: Vec<_> = (0..count.div_ceil(PART)).into_par_iter().flat_map_iter(part).collect();
    let (mut rows, mut matched, mut findings) = (Vec::with_capacity(judged.len()), Vec::with_capacity(judged.len()), Vec::new());
    for judged in judged {
        match judged {
            Ok((row, of_row)) => {
                rows.push(row);
                matched.push(of_row);
            }
            Err(finding) => findings.push(*finding),
        }
    }
    let nobody = |name: &str| Subject { tenant: Side::Source, kind: None, id: name.to_string(), name: name.to_string() };
    let not_found = include.iter().flat_map(|include| &include.names).filter(|(_, seen)| !seen.load(Relaxed));
    findings.extend(not_found.map(|(name, _)| Finding::new("ScopeIncludeNotFound", nobody(name))));
    let unused = setup.map.iter().zip(&map.found).filter(|(_, found)| !found.load(Relaxed));
    findings.extend(unused.map(|(row, _)| Finding::new("MapSourceNotFound", nobody(&row.source)).at(map_name(setup), row.line)));
    Scope { rows, matched, findings }
}

/// What a mailbox is looked up by.
struct Names<'s> {
    /// The user principal name that the person shall have.
    upn: Option<(Cow<'s, str>, u64)>,
    /// The primary SMTP address.
    primary: Option<(ProxyAddress<'s>, u64)>,
}

/// What these mailboxes are looked up by. It is asked for here, for all of them at once (see [`Index::first_of_each`]), which costs little, and the answers
/// are forgotten: what was read stays near.
fn look_ahead<'s>(setup: &Setup<'s>, rows: std::ops::Range<u32>) -> Vec<Names<'s>> {
    let names = |source: Record<'s>| Names {
        upn: upn_for(setup, &source, None, None).map(|upn| {
            let hash = text_hash(&upn);
            (upn, hash)
        }),
        primary: source_primary(&source).map(|primary| (primary, primary.key_hash())),
    };
    let names: Vec<Names> = rows.map(|row| names(setup.mailboxes.get(row as usize))).collect();
    let upns: Vec<u64> = names.iter().filter_map(|names| Some(names.upn.as_ref()?.1)).collect();
    let addresses: Vec<u64> = names.iter().filter_map(|names| Some(names.primary?.1)).collect();
    for found in [setup.upns.first_of_each(&upns), setup.addresses.first_of_each(&addresses)] {
        let records = found.into_iter().flatten().map(|number| setup.recipients.get(RecipientId(number)));
        std::hint::black_box(records.fold(0, |touched, record| touched ^ record.touch()));
    }
    names
}

/// The map file, ready to be asked.
struct Map {
    /// The rows of the file, by source.
    by_source: Named<usize>,
    /// The rows that name a source mailbox.
    found: Vec<AtomicBool>,
}

impl Map {
    fn new(setup: &Setup) -> Self {
        let by_source = Named::new(setup.map.iter().enumerate().map(|(row, line)| (&line.source, row)));
        Map { by_source, found: setup.map.iter().map(|_| false.into()).collect() }
    }

    /// The rows that name a mailbox, in their order.
    fn rows(&self, source: &Identities) -> Vec<usize> {
        let mut rows: Vec<usize> = Vec::new();
        self.by_source.find(source, |row| rows.push(*row));
        rows.sort_unstable();
        rows.dedup();
        rows.iter().for_each(|row| self.found[*row].store(true, Relaxed));
        rows
    }

    /// What the map file says of a person whom these rows name, if anything.
    fn ask(&self, setup: &Setup, source: &Record, rows: &[usize]) -> Option<Matched> {
        let first_row = *rows.first()?;
        let first = &setup.map[first_row];
        if let Some(other) = rows.iter().map(|row| &setup.map[*row]).find(|other| !same_text(&other.target, &first.target)) {
            let finding = Finding::new("MapRowDuplicate", subject(source)).with("value", &*first.target).with("other", &*other.target);
            return Some(Matched::Blocked(vec![finding.at(map_name(setup), other.line)]));
        }
        let targets: Vec<RecipientId> = setup.mapped.numbers(first_row as u64).map(RecipientId).collect();
        Some(match &targets[..] {
            [] => Matched::Blocked(vec![Finding::new("MapTargetNotFound", subject(source)).with("value", &*first.target).at(map_name(setup), first.line)]),
            [id] => usable(setup, source, *id),
            ids => ambiguous(setup, source, ids),
        })
    }
}

fn map_name<'s>(setup: &Setup<'s>) -> &'s str {
    setup.specification.matching.map_file.as_deref().unwrap_or("map file")
}

fn matching(setup: &Setup, source: &Record, names: &Names) -> Matched {
    let mut found: Vec<RecipientId> = Vec::new();
    for rule in &setup.specification.matching.rules {
        candidates(setup, *rule, source, names, &mut |id| {
            if !found.contains(&id) {
                found.push(id);
            }
        });
    }
    // A contact or a group that owns the person's address is in the way, but it is not the person: only alone does it stand for them.
    let mut usable_ones: Vec<RecipientId> = found.iter().copied().filter(|id| matches!(setup.recipients.kind(*id), Kind::MailUsers | Kind::Mailboxes)).collect();
    usable_ones.sort_unstable();
    match (&usable_ones[..], found.first()) {
        ([id], _) => usable(setup, source, *id),
        ([], None) => not_mail_enabled(setup, source, names),
        ([], Some(other)) => usable(setup, source, *other),
        (several, _) => ambiguous(setup, source, several),
    }
}

fn candidates(setup: &Setup, rule: MatchRule, source: &Record, names: &Names, push: &mut dyn FnMut(RecipientId)) {
    let recipients = &setup.recipients;
    let mut by_text = |index: &Index, property: Property, text: &str, hash: u64| {
        for id in index.get(hash).map(RecipientId) {
            if recipients.get(id).text(property).value().is_some_and(|found| same_text(found, text)) {
                push(id);
            }
        }
    };
    match rule {
        MatchRule::ExchangeGuid => {
            if let Some(guid) = real_guid(source.text(Property::ExchangeGuid).value()) {
                let mut buffer = [0; 36];
                let text = guid.encode(&mut buffer);
                by_text(&setup.exchange_guids, Property::ExchangeGuid, text, text_hash(text));
            }
        }
        MatchRule::ExternalDirectoryObjectId => {
            if let (Some((property, index)), Some(id)) = (&setup.attribute, source.text(Property::ExternalDirectoryObjectId).value()) {
                by_text(index, *property, id, text_hash(id));
            }
        }
        MatchRule::UserPrincipalName => {
            if let Some((upn, hash)) = &names.upn {
                by_text(&setup.upns, Property::UserPrincipalName, upn, *hash);
            }
        }
        MatchRule::PrimarySmtpAddress => {
            let Some((primary, hash)) = names.primary else { return };
            let mut by_address = |address: &ProxyAddress, hash: u64| {
                for id in setup.addresses.get(hash).map(RecipientId) {
                    if owns(&recipients.get(id), address) {
                        push(id);
                    }
                }
            };
            by_address(&primary, hash);
            let mapped = setup.domain_map.get(primary.domain().unwrap_or_default()).and_then(|domain| Some(["smtp:", primary.local_part()?, "@", domain].concat()));
            if let Some(mapped) = mapped.as_deref().map(ProxyAddress::parse) {
                by_address(&mapped, mapped.key_hash());
            }
        }
    }
}

/// The primary SMTP address of a source mailbox, from the property or from the list.
pub(super) fn source_primary<'a>(source: &Record<'a>) -> Option<ProxyAddress<'a>> {
    let listed = source.list(Property::EmailAddresses).value().and_then(|mut list| list.find(|text| text.starts_with("SMTP:")));
    listed.or(source.text(Property::PrimarySmtpAddress).value()).map(ProxyAddress::parse).filter(|address| address.domain().is_some())
}

fn blocked(setup: &Setup, source: &Record, id: RecipientId, code: &'static str) -> Matched {
    let (file, line) = setup.recipients.origin(id);
    let target = setup.recipients.get(id);
    Matched::Blocked(vec![Finding::new(code, subject(source)).with("target", display_identity(&target)).at(file, line)])
}

/// The object, where it can be prepared.
fn usable(setup: &Setup, source: &Record, id: RecipientId) -> Matched {
    let record = setup.recipients.get(id);
    let kind = record.text(Property::RecipientTypeDetails).value();
    match setup.recipients.kind(id) {
        Kind::Mailboxes => blocked(setup, source, id, "TargetIsMailbox"),
        Kind::MailContacts => blocked(setup, source, id, "TargetIsContact"),
        Kind::Groups => blocked(setup, source, id, "TargetIsGroup"),
        _ if kind.is_some_and(|kind| kind.eq_ignore_ascii_case("GuestMailUser")) => blocked(setup, source, id, "TargetIsGuest"),
        _ => Matched::Found(id),
    }
}

fn ambiguous(setup: &Setup, source: &Record, ids: &[RecipientId]) -> Matched {
    let mut names: Vec<&str> = ids.iter().map(|id| display_identity(&setup.recipients.get(*id))).collect();
    names.sort_unstable();
    let finding = Finding::new("TargetAmbiguous", subject(source)).with("count", ids.len().to_string()).with("candidates", names.join(", "));
    Matched::Blocked(vec![finding])
}

/// No recipient is the person; perhaps a user without mail is.
fn not_mail_enabled(setup: &Setup, source: &Record, names: &Names) -> Matched {
    let Some((upn, hash)) = &names.upn else { return Matched::Missing };
    let (Some(users), Some(index)) = (&setup.users, &setup.user_upns) else { return Matched::Missing };
    let user = index
        .get(*hash)
        .map(|at| (at, users.table.get(at as usize)))
        .find(|(_, user)| user.text(Property::UserPrincipalName).value().is_some_and(|found| same_text(found, upn)));
    match user {
        Some((at, user)) => {
            let finding = Finding::new("TargetNotMailEnabled", subject(source)).with("target", display_identity(&user));
            Matched::Blocked(vec![finding.at(users.table.file(), users.table.line(at as usize))])
        }
        None => Matched::Missing,
    }
}

/// One target object can receive one mailbox: everybody who matched the same one is blocked.
fn claimed_twice(setup: &Setup, rows: &[u32], matched: &mut [Matched]) {
    let found = |(person, matched): (usize, &Matched)| match matched {
        Matched::Found(id) => Some((*id, person)),
        _ => None,
    };
    let mut claims: Vec<(RecipientId, usize)> = matched.iter().enumerate().filter_map(found).collect();
    claims.par_sort_unstable();
    for claims in claims.chunk_by(|a, b| a.0 == b.0).filter(|claims| claims.len() > 1) {
        let (id, people) = (claims[0].0, claims.iter().map(|(_, person)| *person).collect::<Vec<_>>());
        let target = setup.recipients.get(id);
        for (at, person) in people.iter().enumerate() {
            let other = people[if at == 0 { 1 } else { 0 }];
            let (record, other) = (setup.mailboxes.get(rows[*person] as usize), setup.mailboxes.get(rows[other] as usize));
            let finding = Finding::new("TargetClaimedTwice", subject(&record)).with("other", display_identity(&other)).with("target", display_identity(&target));
            matched[*person] = Matched::Blocked(vec![finding]);
        }
    }
}

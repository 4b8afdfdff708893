//! One person: what is found about them, what their target object lacks, and the operations that follow.

use super::matching::{full_name, real_guid, short_name, shorten, source_primary, subject, Matched, People};
use super::setup::{Joined, Setup};
use super::shape::{self, Counted};
use super::wanted::{Create, Replace, Wanted};
use super::licence;
use crate::address::{self, compare, Action, AddressType, Change, Diff, Field, ProxyAddress};
use crate::directory::{display_identity, same_text, stable_identity, text_hash, RecipientId};
use crate::finding::{Finding, Subject};
use crate::identity::guid::Guid;
use crate::identity::x500::X500;
use crate::known::Known;
use crate::plan::{Body, Summary};
use crate::readiness;
use crate::snapshot::{Property, Record};
use crate::specification::{HoldRule, UpnRule};
use std::borrow::Cow;
use std::ops::Range;

/// The objects that belong to one person.
pub(super) struct Person<'a> {
    number: usize,
    source: Record<'a>,
    /// Its Get-MailboxStatistics.
    statistics: Option<Record<'a>>,
    /// The target object's Entra user.
    user: Option<Record<'a>>,
    /// The target object's Get-User.
    exchange_user: Option<Record<'a>>,
}

/// The objects that belong to some people.
pub(super) fn gather<'a>(setup: &'a Setup<'a>, people: &People, numbers: Range<usize>) -> Vec<Person<'a>> {
    let found = |number| match people.matched(number) {
        Matched::Found(id) => setup.recipients.get(*id),
        _ => Record::none(),
    };
    let sources: Vec<Record> = numbers.clone().map(|number| setup.mailboxes.get(people.row(number))).collect();
    let targets: Vec<Record> = numbers.clone().map(found).collect();
    std::hint::black_box(sources.iter().chain(&targets).fold(0, |touched, record| touched ^ record.touch()));
    let guids: Vec<_> = sources.iter().map(|source| source.text(Property::ExchangeGuid).value()).collect();
    let ids: Vec<_> = targets.iter().map(|target| target.text(Property::ExternalDirectoryObjectId).value()).collect();
    let joined = |table: &Option<Joined<'a>>, texts| table.as_ref().map(|table| table.find_each(texts)).unwrap_or_default();
    let (statistics, users, exchange_users) = (joined(&setup.statistics, &guids), joined(&setup.users, &ids), joined(&setup.exchange_users, &ids));
    let of = |records: &[Option<Record<'a>>], at: usize| records.get(at).copied().flatten();
    let person = |(at, number)| Person {
        number,
        source: sources[at],
        statistics: of(&statistics, at),
        user: of(&users, at),
        exchange_user: of(&exchange_users, at),
    };
    numbers.enumerate().map(person).collect()
}

/// What is made of some people.
pub(super) struct Made {
    pub operations: Body,
    pub counted: Counted,
    pub findings: Vec<Finding>,
    pub summary: Summary,
    /// Of everybody whom nothing stops, the row and the primary address that the target object will have; only where no operations are wanted.
    pub primaries: Vec<(usize, String)>,
}

/// Judges one person and appends what follows.
pub(super) fn person<'a>(
    setup: &'a Setup<'a>,
    people: &People,
    person: &Person<'a>,
    with_operations: bool,
    made: &mut Made,
) {
    let source = person.source;
    let place = (setup.mailboxes.file(), setup.mailboxes.line(people.row(person.number)));
    let mut judge = Judge { setup, person, source, subject: subject(&source), findings: Vec::new(), place };
    let judged = judge.run(people, person.number);
    let Made { operations, counted, findings, summary, primaries } = made;
    summary.people += 1;
    let blocked = judge.findings.iter().any(|finding| finding.blocks);
    match judged {
        Some((wanted, target)) if !blocked => {
            if !with_operations {
                primaries.extend(wanted.final_primary.as_deref().map(|primary| (people.row(person.number), primary.to_string())));
            }
            if with_operations && write(setup, people, &source, &wanted, target, operations, counted) == 0 {
                summary.ready += 1;
            }
        }
        _ => summary.blocked += 1,
    }
    findings.append(&mut judge.findings);
}

/// The target object of a person, where there is one.
pub(super) struct Target<'a> {
    pub id: RecipientId,
    pub record: Record<'a>,
    /// The AD user that masters it.
    pub ad_user: Option<Record<'a>>,
    /// Its Entra user.
    pub user: Option<Record<'a>>,
}

/// Writes what one person's target object lacks as operations, and says how many they are.
fn write(setup: &Setup, people: &People, source: &Record, wanted: &Wanted, target: Option<Target>, operations: &mut Body, counted: &mut Counted) -> u64 {
    let target_id = match (&target, &wanted.create) {
        (Some(target), _) => stable_identity(&target.record),
        (None, Some(create)) => &create.upn,
        (None, None) => return 0,
    };
    let ad_user = target.as_ref().and_then(|target| target.ad_user);
    let person = shape::Person { source: stable_identity(source), target: target_id, name: display_identity(source), wanted, ad_user };
    people.forms.write(setup, &person, operations, counted)
}

/// The user principal name that a person shall have; `None` where the rule gives none. `primary` is the primary SMTP address that the target object will
/// have, `present` its present user principal name, where they are known yet.
pub(super) fn upn_for<'a>(setup: &Setup, source: &Record<'a>, primary: Option<&str>, present: Option<&str>) -> Option<Cow<'a, str>> {
    let mapped_primary = || {
        let address = source_primary(source)?;
        Some(Cow::Owned([address.local_part()?, "@", setup.domain_map.get(address.domain()?)?].concat()))
    };
    let mapped = |text: &'a str| -> Option<Cow<'a, str>> {
        let (local, domain) = text.rsplit_once('@')?;
        match setup.domain_map.get(domain) {
            Some(domain) => Some(Cow::Owned([local, "@", domain].concat())),
            // A user principal name in the source's initial domain follows the mapped primary, which is what people sign in with.
            None => mapped_primary(),
        }
    };
    let by_primary = || {
        primary.map(|primary| Cow::Owned(primary.to_string())).or_else(mapped_primary)
    };
    match setup.specification.user_principal_name {
        UpnRule::DomainMap => source.text(Property::UserPrincipalName).value().and_then(mapped),
        UpnRule::PrimarySmtpAddress => by_primary(),
        UpnRule::Keep => present.map(|present| Cow::Owned(present.to_string())).or_else(by_primary),
    }
}

struct Judge<'s, 'p> {
    setup: &'s Setup<'s>,
    person: &'p Person<'s>,
    source: Record<'s>,
    subject: Subject,
    findings: Vec<Finding>,
    place: (&'s str, u64),
}

impl<'s> Judge<'s, '_> {
    fn finding(&self, code: &'static str) -> Finding {
        Finding::new(code, self.subject.clone()).at(self.place.0, self.place.1)
    }

    fn find(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    fn run(&mut self, people: &People, person: usize) -> Option<(Wanted<'s>, Option<Target<'s>>)> {
        self.holds();
        self.archives();
        let guid = self.exchange_guid(people, person);
        let archive = self.archive_guid();
        self.legacy_exchange_dn();

        let target = match people.matched(person) {
            Matched::Blocked(findings) => {
                self.findings.extend(findings.iter().cloned());
                return None;
            }
            Matched::Found(id) => Some(self.target(*id)?),
            Matched::Missing if self.setup.specification.items.mc01.create_missing => None,
            Matched::Missing => {
                let finding = self.finding("TargetMissing");
                self.find(finding);
                return None;
            }
        };
        let record = target.as_ref().map_or(Record::none(), |target| target.record);
        let owners = people.owners(self.setup, person);
        let diff = compare(&self.source, &record, target.is_some(), &self.setup.context(), &owners);
        self.diff_findings(&diff, target.as_ref());
        if !diff.unknown.is_empty() {
            return None;
        }

        let mut wanted = Wanted::default();
        self.stamp(guid, archive, target.as_ref(), &mut wanted);
        self.addresses(&diff, target.as_ref(), &mut wanted);
        self.recoverable_items(target.as_ref(), &mut wanted);
        self.upn(people, person, &diff, target.as_ref(), &mut wanted);
        licence::judge(self.setup, &self.subject, target.as_ref(), &mut wanted, &mut self.findings);
        Some((wanted, target))
    }

    fn holds(&mut self) {
        let mut findings = Vec::new();
        readiness::hold_findings(&self.source, &self.setup.organization_holds, &self.subject, &mut findings);
        let warn = self.setup.specification.items.mc01.holds == HoldRule::Warn;
        for finding in findings {
            let finding = if warn { finding.only_warns() } else { finding };
            self.findings.push(finding.at(self.place.0, self.place.1));
        }
    }

    fn archives(&mut self) {
        readiness::archive_findings(&self.source, &self.subject, &self.setup.limits, &mut self.findings);
    }

    /// A finding for a property that had to be known.
    fn unknown(&mut self, property: Property, flattened: bool, target: Option<&Target<'s>>) {
        let code = if flattened { "PropertyFlattened" } else { "PropertyNotExported" };
        let finding = match target {
            None => self.finding(code),
            Some(target) => {
                let (file, line) = self.setup.recipients.origin(target.id);
                Finding::new(code, self.subject.clone()).at(file, line).with("name", format!("{} (target of {})", display_identity(&target.record), self.subject.name))
            }
        };
        self.find(finding.with("property", property.name()));
    }

    fn known<T>(&mut self, property: Property, known: Known<T>, target: Option<&Target<'s>>) -> Option<T> {
        match known {
            Known::Value(value) => Some(value),
            Known::Empty => None,
            Known::NotExported => {
                self.unknown(property, false, target);
                None
            }
            Known::Flattened => {
                self.unknown(property, true, target);
                None
            }
        }
    }

    fn exchange_guid(&mut self, people: &People, person: usize) -> Option<Guid> {
        let text = self.source.text(Property::ExchangeGuid);
        if text.is_unknown() {
            self.known(Property::ExchangeGuid, text, None);
            return None;
        }
        let Some(guid) = real_guid(text.value()) else {
            let finding = self.finding("SourceExchangeGuidInvalid").with("value", text.value().unwrap_or("(empty)"));
            self.find(finding);
            return None;
        };
        if let Some(other) = people.other_with_guid(self.setup, person, guid) {
            let finding = self.finding("SourceExchangeGuidDuplicate").with("other", other);
            self.find(finding);
        }
        Some(guid)
    }

    /// The archive's GUID; zero means that there is none.
    fn archive_guid(&mut self) -> Option<Guid> {
        let text = self.source.text(Property::ArchiveGuid);
        let text = self.known(Property::ArchiveGuid, text, None)?;
        match Guid::parse(text) {
            Ok(guid) if guid.is_nil() => None,
            Ok(guid) => Some(guid),
            Err(_) => {
                self.unknown(Property::ArchiveGuid, true, None);
                None
            }
        }
    }

    fn legacy_exchange_dn(&mut self) {
        if let Some(dn) = self.source.text(Property::LegacyExchangeDN).value() {
            if X500::parse(dn).is_err() {
                let finding = self.finding("SourceLegacyExchangeDnInvalid").with("value", dn);
                self.find(finding);
            }
        }
    }

    /// The matched object with what masters it; `None` where a finding says that it cannot be written to.
    fn target(&mut self, id: RecipientId) -> Option<Target<'s>> {
        let setup = self.setup;
        let record = setup.recipients.get(id);
        let object_id = record.text(Property::ExternalDirectoryObjectId);
        if object_id.is_unknown() {
            // Names and addresses change while the plan runs, and Graph knows the object by this id only.
            let (file, line) = setup.recipients.origin(id);
            let code = if object_id == Known::Flattened { "PropertyFlattened" } else { "PropertyNotExported" };
            let name = format!("{} (target of {})", display_identity(&record), self.subject.name);
            let finding = Finding::new(code, self.subject.clone()).at(file, line).with("name", name);
            self.find(finding.with("property", Property::ExternalDirectoryObjectId.name()));
            return None;
        }
        let user = self.person.user;
        let synced = match record.flag(Property::IsDirSynced) {
            Known::Value(synced) => synced,
            Known::Empty => false,
            Known::NotExported | Known::Flattened => {
                let finding = self.target_finding("SyncStateUnknown", id, &record);
                self.find(finding);
                return None;
            }
        };
        let mut ad_user = None;
        if synced {
            let immutable_id = user.and_then(|user| user.text(Property::OnPremisesImmutableId).value());
            ad_user = immutable_id.and_then(|immutable_id| setup.forest.as_ref()?.find(immutable_id));
            if ad_user.is_none() {
                let finding = self.target_finding("AdObjectUnknown", id, &record);
                self.find(finding);
                return None;
            }
        }
        Some(Target { id, record, ad_user, user })
    }

    fn target_finding(&self, code: &'static str, id: RecipientId, record: &Record) -> Finding {
        let (file, line) = self.setup.recipients.origin(id);
        Finding::new(code, self.subject.clone()).at(file, line).with("target", display_identity(record))
    }

    fn diff_findings(&mut self, diff: &Diff<'s>, target: Option<&Target<'s>>) {
        let setup = self.setup;
        let record = target.map(|target| &target.record);
        for (on_target, finding) in address::findings(diff, &self.source, record, &self.subject, &setup.limits, &setup.delivery_domain) {
            let (file, line) = match target.filter(|_| on_target) {
                Some(target) => setup.recipients.origin(target.id),
                None => self.place,
            };
            // Strict reading of the LegacyExchangeDN has told it already.
            if finding.code != "SourceLegacyExchangeDnInvalid" || !self.findings.iter().any(|found| found.code == finding.code) {
                self.findings.push(finding.at(file, line));
            }
        }
    }

    fn stamp(&mut self, guid: Option<Guid>, archive: Option<Guid>, target: Option<&Target<'s>>, wanted: &mut Wanted<'s>) {
        let Some(guid) = guid else { return };
        let Some(target) = target else {
            wanted.exchange_guid = Some(guid);
            wanted.archive_guid = archive;
            return;
        };
        let present = self.known_guid(Property::ExchangeGuid, target);
        let present_archive = self.known_guid(Property::ArchiveGuid, target);
        match present {
            Some(present) if present == guid => {}
            Some(present) => {
                let finding = self.target_finding("TargetExchangeGuidDiffers", target.id, &target.record);
                self.find(finding.with("value", present.to_string()).with("expected", guid.to_string()));
            }
            None => wanted.exchange_guid = Some(guid),
        }
        if present_archive != archive {
            match (present_archive, archive) {
                (None, archive) => wanted.archive_guid = archive,
                (Some(present), _) => {
                    let finding = self.target_finding("TargetArchiveGuidDiffers", target.id, &target.record);
                    let expected = archive.map_or("none".to_string(), |archive| archive.to_string());
                    self.find(finding.with("value", present.to_string()).with("expected", expected));
                }
            }
        }
        self.previous_mailbox(target, wanted);
    }

    fn known_guid(&mut self, property: Property, target: &Target<'s>) -> Option<Guid> {
        let text = self.known(property, target.record.text(property), Some(target))?;
        match Guid::parse(text) {
            Ok(guid) => Some(guid).filter(|guid| !guid.is_nil()),
            Err(_) => {
                self.unknown(property, true, Some(target));
                None
            }
        }
    }

    fn previous_mailbox(&mut self, target: &Target<'s>, wanted: &mut Wanted<'s>) {
        // Once the right ExchangeGuid stands there, the previous mailbox was out of the way.
        if wanted.exchange_guid.is_none() {
            return;
        }
        if self.setup.exchange_users.is_none() {
            return; // told once, as a missing kind
        }
        let previous = self.person.exchange_user.map_or(Known::NotExported, |user| user.text(Property::PreviousRecipientTypeDetails));
        match previous {
            Known::Value(previous) if previous.to_ascii_lowercase().ends_with("mailbox") => {
                if self.setup.specification.items.mc01.clear_previous_mailbox {
                    wanted.clear_previous = Some(previous);
                } else {
                    let finding = self.target_finding("PreviousMailboxPresent", target.id, &target.record);
                    self.find(finding.with("value", previous));
                }
            }
            Known::Value(_) | Known::Empty => {}
            Known::NotExported | Known::Flattened => {
                let finding = self.finding("PreviousMailboxUnknown");
                self.find(finding);
            }
        }
    }

    fn addresses(&mut self, diff: &Diff<'s>, target: Option<&Target<'s>>, wanted: &mut Wanted<'s>) {
        let own = |text: &Cow<'s, str>| text.clone();
        let mut old_external = None;
        for change in &diff.changes {
            match (change.field, change.action) {
                (Field::EmailAddresses, Action::Add) => wanted.add.push(own(&change.address)),
                // By the time that it is removed, the former primary is an ordinary address.
                (Field::EmailAddresses, Action::Remove) => wanted.remove.push(match change.address.strip_prefix("SMTP:") {
                    Some(value) => Cow::Owned(["smtp:", value].concat()),
                    None => own(&change.address),
                }),
                (Field::EmailAddresses, Action::MakePrimary) if !change.present => {
                    wanted.add.push(Cow::Owned(["smtp:", ProxyAddress::parse(&change.address).value].concat()));
                }
                (Field::ExternalEmailAddress, Action::Remove) => old_external = Some(own(&change.address)),
                // New-MailUser sets it on a mail user that is yet to be created.
                (Field::ExternalEmailAddress, Action::Add) if target.is_some() => wanted.external = Some(Replace { new: own(&change.address), old: old_external.take() }),
                _ => {}
            }
        }
        wanted.final_primary.clone_from(&diff.primary);
        let moves_primary = diff.changes.iter().any(|change| change.action == Action::MakePrimary);
        let old_primary = target.and_then(|target| target.record.list(Property::EmailAddresses).value()?.find(|text| text.starts_with("SMTP:"))).map(|text| Cow::Borrowed(&text[5..]));
        // Setting ExternalEmailAddress moves the primary by itself, so it is set right behind it even where it was right.
        if let Some(primary) = diff.primary.clone().filter(|_| moves_primary || wanted.external.is_some() || target.is_none()) {
            wanted.primary = Some(Replace { new: primary, old: old_primary });
        }
        // In the cloud the same act leaves the external address among the proxies, where it may not stay; AD's targetAddress is an attribute by itself.
        if target.is_some_and(|target| target.ad_user.is_some()) {
            return;
        }
        if let Some(old) = wanted.external.as_ref().and_then(|external| external.old.as_deref()).map(ProxyAddress::parse) {
            let stays = |change: &Change| {
                change.field == Field::EmailAddresses && change.action == Action::Keep && ProxyAddress::parse(&change.address).same_as(&old)
            };
            if diff.changes.iter().any(stays) {
                wanted.add_again = Some(Cow::Owned(["smtp:", old.value].concat()));
            }
        }
        if let Some(external) = wanted.external.as_ref().map(|external| external.new.clone()).or_else(|| target.is_none().then(|| self.external()).flatten()) {
            let address = ProxyAddress::parse(&external);
            let stays = address.kind != AddressType::Smtp || address.domain().is_some_and(|domain| self.setup.accepted.contains(domain));
            if !stays && !wanted.remove.iter().any(|leaving| ProxyAddress::parse(leaving).same_as(&address)) {
                wanted.remove.push(Cow::Owned(["smtp:", address.value].concat()));
            }
        }
    }

    fn external(&self) -> Option<Cow<'s, str>> {
        source_primary(&self.source).map(|address| Cow::Owned(["SMTP:", address.value].concat()))
    }

    fn recoverable_items(&mut self, target: Option<&Target<'s>>, wanted: &mut Wanted<'s>) {
        if self.setup.statistics.is_none() {
            return; // told once, as a missing kind
        }
        // They are joined by the ExchangeGuid; without one, that is what has been told.
        if real_guid(self.source.text(Property::ExchangeGuid).value()).is_none() {
            return;
        }
        // A created mail user starts with what the service gives, whatever the source mailbox has been given since.
        let quota = match target {
            Some(target) => target.record.text(Property::RecoverableItemsQuota).and_then(readiness::bytes),
            None => Known::Value(self.setup.limits.value("recoverableItemsQuota")),
        };
        let may_raise = self.setup.specification.items.mc01.raise_recoverable_items_quota && target.is_none_or(|target| target.ad_user.is_none());
        wanted.raise_quota =
            readiness::recoverable_items_findings(self.person.statistics.as_ref(), quota, may_raise, &self.subject, &self.setup.limits, &mut self.findings);
    }

    fn upn(&mut self, people: &People, person: usize, diff: &Diff<'s>, target: Option<&Target<'s>>, wanted: &mut Wanted<'s>) {
        let setup = self.setup;
        let present = target.and_then(|target| target.record.text(Property::UserPrincipalName).value());
        let primary = diff.primary.as_deref();
        let upn = upn_for(setup, &self.source, primary, present).or_else(|| if target.is_none() { primary.map(|primary| Cow::Owned(primary.to_string())) } else { None });
        let Some(upn) = upn else {
            let text = self.source.text(Property::UserPrincipalName);
            if let (Some(value), Some(present)) = (self.known(Property::UserPrincipalName, text, None), present) {
                let finding = self.finding("UpnNotMapped").with("value", value).with("other", present);
                self.find(finding);
            }
            return;
        };
        let unchanged = present.is_some_and(|present| same_text(present, &upn));
        if !unchanged {
            self.upn_findings(people, person, &upn, target);
        }
        match target {
            Some(_) if unchanged => {}
            Some(_) => wanted.upn = Some(Replace { new: upn, old: present.map(Cow::Borrowed) }),
            None => self.create(people, upn.into_owned(), wanted),
        }
    }

    fn upn_findings(&mut self, people: &People, person: usize, upn: &str, target: Option<&Target<'s>>) {
        let setup = self.setup;
        let own = target.map(|target| target.id);
        let owner = setup
            .upns
            .get(text_hash(upn))
            .map(RecipientId)
            .filter(|id| Some(*id) != own)
            .map(|id| setup.recipients.get(id))
            .find(|record| record.text(Property::UserPrincipalName).value().is_some_and(|found| same_text(found, upn)))
            .map(|record| display_identity(&record).to_string())
            .or_else(|| self.user_with_upn(upn, target))
            .or_else(|| people.other_with_upn(setup, person, upn));
        if let Some(owner) = owner {
            let finding = self.finding("UpnInUse").with("value", upn).with("other", owner);
            self.find(finding);
        }
    }

    /// An Entra user without mail who has the user principal name.
    fn user_with_upn(&self, upn: &str, target: Option<&Target<'s>>) -> Option<String> {
        let (users, index) = (self.setup.users.as_ref()?, self.setup.user_upns.as_ref()?);
        let own = target.and_then(|target| target.record.text(Property::ExternalDirectoryObjectId).value());
        index
            .get(text_hash(upn))
            .map(|at| users.table.get(at as usize))
            .find(|user| {
                user.text(Property::UserPrincipalName).value().is_some_and(|found| same_text(found, upn))
                    && !user.text(Property::Id).value().zip(own).is_some_and(|(id, own)| same_text(id, own))
            })
            .map(|user| display_identity(&user).to_string())
    }

    fn create(&mut self, people: &People, upn: String, wanted: &mut Wanted<'s>) {
        let setup = self.setup;
        let limit = setup.limits.value("nameLength") as usize;
        let local = upn.rsplit_once('@').map_or(upn.as_str(), |(local, _)| local);
        let alias = self.source.text(Property::Alias).value().unwrap_or(local);
        let alias = short_name(setup, alias).to_string();
        let owner = setup
            .aliases
            .get(text_hash(&alias))
            .map(|id| setup.recipients.get(RecipientId(id)))
            .find(|record| record.text(Property::Alias).value().is_some_and(|found| same_text(found, &alias)));
        if let Some(owner) = owner {
            let finding = self.finding("AliasInUse").with("value", alias.clone()).with("other", display_identity(&owner));
            self.find(finding);
        }
        let name = self.name(people, &alias, limit);
        let Some(external) = self.external() else {
            self.unknown(Property::PrimarySmtpAddress, false, None);
            return;
        };
        let display_name = self.source.text(Property::DisplayName).value().unwrap_or_default();
        wanted.create = Some(Create { name, display_name, alias, upn, external });
    }

    /// The name of a created mail user: what the person is called, with the alias behind it where that is not unique, never longer than `limit`.
    fn name(&mut self, people: &People, alias: &str, limit: usize) -> String {
        let full = full_name(&self.source).unwrap_or(alias);
        let short = short_name(self.setup, full);
        if people.name_is_taken(short) {
            let room = limit.saturating_sub(alias.chars().count() + 1);
            let name = format!("{} {alias}", shorten(full, room)).trim_start().to_string();
            let finding = self.finding("NameNotUnique").with("value", short).with("other", name.clone());
            self.find(finding);
            return name;
        }
        if short.len() < full.len() {
            let finding = self.finding("NameShortened").with("limit", limit.to_string()).with("value", short);
            self.find(finding);
        }
        short.to_string()
    }
}

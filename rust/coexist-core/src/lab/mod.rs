//! The lab: two fictional tenants of any size, with everybody and every trouble that a real project has, in known numbers.
//!
//! [`write()`] gives out a folder: `source/` and `target/` as Export-CoexistSnapshot would write them, a specification `coexist.json` with its `map.csv`, a
//! second specification `pilot.json` for a few people, ties that only an administrator knows in `ties.csv`, and `planted.json`, which says what a right plan
//! of each finds. The bytes depend on the size, the
//! seed and the options alone: every value is a function of the seed and of the object's number (`random.rs`), arithmetic is on integers, and nothing is
//! taken from an unordered collection.
//!
//! Nothing is kept: an object is made again wherever it is needed, so a lab of a million recipients takes no more memory than one of a thousand.

mod bad;
mod department;
mod names;
mod person;
mod planted;
mod random;
mod source;
mod specification;
mod state;
mod target;
#[cfg(test)]
mod tests;
mod trouble;
mod value;
pub mod world;

pub use planted::{Planted, PlantedProblem};

use crate::identity::guid::Guid;
use crate::problem::{Category, Problem};
use crate::snapshot::{Kind, Tenant};
use crate::watch::Watch;
use bad::Way;
use department::{Department, TIE_FILES};
use names::{NameGiver, POPULATION, TENANTS};
use person::Person;
use random::{Draw, Field, Shuffle};
use rayon::prelude::*;
use state::State;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;
use target::{Standing, TargetObject};
use trouble::{Plantation, Planting};
use value::{Object, Value};

/// What kind of lab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Nearly everybody is matched and unstamped, and few troubles are planted: a load for measuring. `planted.json` then counts the findings that come
    /// with healthy people and does not list them.
    pub bench: bool,
    /// How many cases of each trouble are planted among 10,000 people; at least one, as long as there are people enough. 0 for none.
    pub troubles_per_10_000: u32,
    /// How many records that cannot be used are planted, beside the good ones.
    pub bad_records: u32,
}

impl Default for Options {
    fn default() -> Self {
        Options { bench: false, troubles_per_10_000: 20, bad_records: 8 }
    }
}

impl Options {
    /// The lab that is measured.
    pub fn bench() -> Self {
        Options { bench: true, troubles_per_10_000: 1, bad_records: 0 }
    }
}

/// Ids are made of 32 bits of rank, so that files come out sorted; far above any tenant.
const MOST_PEOPLE: u64 = 10_000_000;

/// Takes a part of a file: the path below the lab's folder, with `/`, and the next bytes of it. A file's parts come one after another.
pub type Sink<'a> = dyn FnMut(&str, &[u8]) -> io::Result<()> + 'a;

/// Gives out a lab of `people` source mailboxes. The core does no I/O: `sink` takes the bytes.
///
/// Errors: `LabSizeInvalid` for no people or more than ten million; `LabNotWritten` where the sink fails; `Cancelled`.
pub fn write(people: u64, seed: u64, options: &Options, sink: &mut Sink, watch: &dyn Watch) -> Result<Planted, Problem> {
    if !(1..=MOST_PEOPLE).contains(&people) {
        return Err(Problem::new(
            "LabSizeInvalid",
            Category::InvalidArgument,
            format!("A lab cannot have {people} people; ask for 1 to {MOST_PEOPLE}."),
        )
        .about(people.to_string()));
    }
    let world = World::new(people, seed, options);
    let mut writer = Writer { sink, watch, planted: Planted { people, seed, ..Planted::default() }, done: 0, total: world.places() };
    world.write(&mut writer)?;
    specification::write(&world, &mut writer)?;
    planted::write(&world, &mut writer)?;
    Ok(writer.planted)
}

/// Every object of both tenants, none of them kept.
struct World {
    seed: u64,
    options: Options,
    people: u64,
    names: NameGiver,
    plantation: Plantation,
    /// The target's own recipients.
    natives: u64,
    /// Order of the target's files: slots below `people` stand for people, then come the natives, then one slot for each planted person's extra object.
    slots: Shuffle,
    slot_count: u64,
    /// Order of the mailbox statistics: the primary mailboxes, and above `people` the archives.
    statistics: Shuffle,
    forest: Shuffle,
    states: Vec<(State, u64)>,
}

/// A file of the target: its kind, what is in it, and a line of it.
struct TargetFile {
    kind: Kind,
    holds: fn(Standing) -> bool,
    line: fn(&TargetObject) -> Object,
}

const TARGET_FILES: [TargetFile; 6] = [
    TargetFile { kind: Kind::MailUsers, holds: Standing::is_mail_user, line: TargetObject::mail_user },
    TargetFile { kind: Kind::MailContacts, holds: Standing::is_contact, line: TargetObject::mail_contact },
    TargetFile { kind: Kind::Mailboxes, holds: Standing::is_mailbox, line: TargetObject::mailbox },
    TargetFile { kind: Kind::Groups, holds: Standing::is_group, line: TargetObject::group },
    TargetFile { kind: Kind::ExchangeUsers, holds: Standing::is_user, line: TargetObject::exchange_user },
    TargetFile { kind: Kind::Users, holds: Standing::is_user, line: TargetObject::user },
];

/// What the target's own recipients are, by weight; there is one of each in the smallest lab, since a file
/// without records looks like a failed export.
const NATIVES: [(Standing, u64); 4] = [(Standing::Mailbox, 70), (Standing::Contact, 18), (Standing::Group, 10), (Standing::MailUser, 2)];

/// What the bench leaves out, so that its size is that of the properties that a plan reads.
const NOT_IN_BENCH: [(&str, &[&str]); 5] = [
    ("source/mailboxes.jsonl", &["ArchiveState", "ArchiveStatus", "Guid", "Identity", "Name", "PersistedCapabilities", "RecipientType"]),
    ("source/mailboxStatistics.jsonl", &["DisplayName", "IsArchiveMailbox"]),
    ("target/mailUsers.jsonl", &["DisplayName", "Guid", "Identity", "Name", "RecipientType"]),
    ("target/exchangeUsers.jsonl", &["DisplayName", "RecipientType", "UserPrincipalName"]),
    ("target/users.jsonl", &["accountEnabled", "displayName", "externalUserState"]),
];

fn path(side: &str, kind: Kind) -> String {
    format!("{side}/{kind}.jsonl")
}

impl World {
    fn new(people: u64, seed: u64, options: &Options) -> Self {
        let plantation = Plantation::new(seed, people, options.troubles_per_10_000);
        // A bench is as large in the target as in the source.
        let natives = (people / if options.bench { 50 } else { 10 }).max(NATIVES.len() as u64);
        let slot_count = people + natives + plantation.count();
        World {
            seed,
            options: *options,
            people,
            names: NameGiver::new(seed),
            plantation,
            natives,
            slots: Shuffle::new(seed, Field::TargetOrder, slot_count),
            slot_count,
            statistics: Shuffle::new(seed, Field::StatisticsOrder, 2 * people),
            forest: Shuffle::new(seed, Field::ForestOrder, people),
            states: POPULATION.states.iter().map(|share| (share.state, if options.bench { share.bench } else { share.project })).collect(),
        }
    }

    fn places(&self) -> u64 {
        5 * self.people + TIE_FILES.len() as u64 * department::count(self) + TARGET_FILES.len() as u64 * self.slot_count
    }

    fn state(&self, person: u64, planting: Option<&Planting>) -> State {
        match planting {
            Some(planting) => planting.member.state.unwrap_or(State::Prepared),
            None => Draw::new(self.seed, person).choose(Field::State, self.states.iter().copied(), State::Prepared),
        }
    }

    /// Everybody whom no trouble is planted with, with their states.
    fn healthy(&self) -> impl Iterator<Item = (u64, State)> + '_ {
        (0..self.people).filter(|person| self.plantation.of_person(*person).is_none()).map(|person| (person, self.state(person, None)))
    }

    fn target_id(&self, slot: u64) -> Guid {
        Draw::new(self.seed, slot).ranked_guid(Field::TargetId, self.slots.place(slot), self.slot_count)
    }

    /// The slot of the further object of a planted person.
    fn extra_slot(&self, planting: u64) -> u64 {
        self.people + self.natives + planting
    }

    /// A person's line of a file, as planted; `None` where it is to be absent.
    fn edited(&self, person: &Person, path: &str, object: Object) -> Option<Object> {
        match person.planting.and_then(|planting| planting.member.files.get(path)) {
            Some(edit) => edit.apply(object, &|text, n| person.fill(self, text, n)),
            None => Some(object),
        }
    }

    fn source_mailbox(&self, person: &Person) -> Option<Object> {
        self.edited(person, "source/mailboxes.jsonl", source::mailbox(self, person))
    }

    /// The line of a slot in a file of the target, if it has one there.
    fn target_line(&self, slot: u64, file: &TargetFile, path: &str) -> Option<Object> {
        if slot < self.people {
            let state = self.state(slot, self.plantation.of_person(slot).as_ref());
            if !(file.holds)(Standing::Person(state)) {
                return None;
            }
            let person = Person::new(self, slot);
            return self.edited(&person, path, (file.line)(&TargetObject::of_person(self, &person)));
        }
        if slot < self.people + self.natives {
            let further = Draw::new(self.seed, slot).choose(Field::NativeKind, NATIVES.into_iter(), Standing::Mailbox);
            let standing = NATIVES.get((slot - self.people) as usize).map_or(further, |(first, _)| *first);
            return (file.holds)(standing).then(|| (file.line)(&TargetObject::own(self, slot, standing)));
        }
        let person = self.plantation.person_at(slot - self.people - self.natives)?;
        let planting = self.plantation.of_person(person)?;
        let edit = planting.member.extra.get(path)?;
        let recipient = TARGET_FILES[..4].iter().position(|file| planting.member.extra.contains_key(&self::path("target", file.kind)));
        let standing = match recipient {
            Some(0) => Standing::MailUser,
            Some(1) => Standing::Contact,
            Some(2) => Standing::Mailbox,
            Some(_) => Standing::Group,
            None => Standing::Person(State::PlainUser),
        };
        let person = Person::new(self, person);
        edit.apply((file.line)(&TargetObject::own(self, slot, standing)), &|text, n| person.fill(self, text, n))
    }

    fn write(&self, writer: &mut Writer) -> Result<(), Problem> {
        self.write_tenant(writer, "source")?;
        let mailboxes = path("source", Kind::Mailboxes);
        let spare = |bad: u64| source::mailbox(self, &Person::new(self, self.slot_count + bad));
        self.lines(writer, &mailboxes, self.people, &|place| self.source_mailbox(&Person::new(self, place)), &spare)?;
        let statistics = path("source", Kind::MailboxStatistics);
        let line = |place| {
            let number = self.statistics.at(place);
            if let Some(number) = number.checked_sub(self.people) {
                let has_archive = person::has_archive(Draw::new(self.seed, number), self.plantation.of_person(number).as_ref());
                return has_archive.then(|| source::archive_statistics(&Person::new(self, number)));
            }
            let person = Person::new(self, number);
            self.edited(&person, &statistics, source::mailbox_statistics(&person))
        };
        self.lines(writer, &statistics, 2 * self.people, &line, &spare)?;
        let regional = path("source", Kind::RegionalConfigurations);
        self.lines(writer, &regional, self.people, &|place| Some(source::regional_configuration(self, place)), &spare)?;
        self.write_ties(writer)?;

        self.write_tenant(writer, "target")?;
        for file in &TARGET_FILES {
            let path = path("target", file.kind);
            let spare = |bad: u64| (file.line)(&TargetObject::own(self, self.slot_count + bad, Standing::MailUser));
            self.lines(writer, &path, self.slot_count, &|place| self.target_line(self.slots.at(place), file, &path), &spare)?;
        }
        let forest = path("target", Kind::AdUsers);
        let line = |place| {
            let number = self.forest.at(place);
            let state = self.state(number, self.plantation.of_person(number).as_ref());
            if !Standing::Person(state).is_synced() {
                return None;
            }
            let person = Person::new(self, number);
            self.edited(&person, &forest, TargetObject::of_person(self, &person).ad_user()?)
        };
        self.lines(writer, &forest, self.people, &line, &spare)
    }

    fn write_tenant(&self, writer: &mut Writer, side: &str) -> Result<(), Problem> {
        let (source, target) = (&TENANTS.source, &TENANTS.target);
        let mut kinds = vec![Kind::AcceptedDomains];
        let (tenant, default) = if side == "source" {
            kinds.extend([Kind::Configuration, Kind::Mailboxes, Kind::MailboxStatistics, Kind::RegionalConfigurations]);
            // The first department has every habit.
            if Department::new(self, 0).is_some() {
                kinds.extend(TIE_FILES.iter().map(|file| file.kind));
            }
            let domains = source.people.iter().map(|home| &home.domain).chain([&source.initial_domain, &source.hybrid_domain, &source.retired_domain]);
            let tenant = Tenant { id: Some(source.id.clone()), name: source.name.clone(), domains: domains.cloned().collect(), ..Tenant::default() };
            (Tenant { initial_domain: Some(source.initial_domain.clone()), ..tenant }, &source.people[0].domain)
        } else {
            kinds.extend(TARGET_FILES.iter().map(|file| file.kind).chain([Kind::AdUsers]));
            let domains = target.other_domains.iter().chain([&target.default_domain, &target.initial_domain, &target.hybrid_domain]);
            let tenant = Tenant { id: Some(target.id.clone()), name: target.name.clone(), domains: domains.cloned().collect(), ..Tenant::default() };
            (Tenant { initial_domain: Some(target.initial_domain.clone()), ..tenant }, &target.default_domain)
        };
        let mut tenant = Tenant { sources: kinds.iter().map(|kind| (kind.name().to_string(), kind.source().to_string())).collect(), ..tenant };
        tenant.domains.sort();
        let mut text = serde_json::to_vec_pretty(&tenant).map_err(|error| not_written("tenant.json", &error.to_string()))?;
        text.push(b'\n');
        writer.give(&format!("{side}/tenant.json"), &text)?;

        let mut lines = Vec::new();
        for domain in &tenant.domains {
            let initial = tenant.initial_domain.as_ref() == Some(domain);
            let line = Object::new([
                ("Default", (domain == default).into()),
                ("DomainName", domain.clone().into()),
                ("DomainType", "Authoritative".into()),
                ("Identity", domain.clone().into()),
                ("InitialDomain", initial.into()),
                ("Name", domain.clone().into()),
            ]);
            line.write_line(&mut lines);
        }
        writer.give(&path(side, Kind::AcceptedDomains), &lines)?;
        if side == "source" {
            // A policy on the organization would hold everybody.
            let id = tenant.id.clone().unwrap_or_default();
            let line = Object::new([("Guid", id.into()), ("InPlaceHolds", Value::List(Vec::new())), ("Name", tenant.name.clone().into())]);
            let mut text = Vec::new();
            line.write_line(&mut text);
            writer.give(&path(side, Kind::Configuration), &text)?;
        }
        Ok(())
    }

    /// Every department of which anything is known.
    fn departments(&self) -> impl Iterator<Item = Department> + '_ {
        (0..department::count(self)).filter_map(|number| Department::new(self, number))
    }

    /// Gives out the files that say who works with whom, and `ties.csv`.
    fn write_ties(&self, writer: &mut Writer) -> Result<(), Problem> {
        for file in &TIE_FILES {
            let path = path("source", file.kind);
            self.blocks(writer, &path, department::count(self), &|number, block| {
                for line in Department::new(self, number).map(|department| (file.lines)(self, &department)).unwrap_or_default() {
                    line.write_line(&mut block.bytes);
                    block.lines += 1;
                }
            })?;
        }
        let rows: Vec<String> = self.departments().filter_map(|department| department.row(self)).collect();
        writer.give("ties.csv", format!("From,To,Kind,Weight\n{}", rows.concat()).as_bytes())
    }

    /// Gives out one file, place by place, made block by block on all threads.
    fn lines(
        &self,
        writer: &mut Writer,
        path: &str,
        places: u64,
        line: &(dyn Fn(u64) -> Option<Object> + Sync),
        spare: &(dyn Fn(u64) -> Object + Sync),
    ) -> Result<(), Problem> {
        let bad = bad::of_file(path, self.options.bad_records, places);
        let left_out = NOT_IN_BENCH.iter().find(|(file, _)| self.options.bench && *file == path).map(|(_, names)| *names).unwrap_or_default();
        let lean = |mut object: Object| {
            left_out.iter().for_each(|name| object.drop(name));
            object
        };
        self.blocks(writer, path, places, &|place, block| {
            for bad in bad.iter().filter(|bad| bad.before == place) {
                // Nothing can come twice before anything has come.
                let earlier = (bad.way == Way::Duplicate).then(|| (0..place).rev().find_map(line)).flatten();
                if earlier.is_some() || bad.way != Way::Duplicate {
                    block.bad.push((bad.code, block.lines));
                    bad.write(earlier.map_or_else(|| spare(bad.number), lean), &mut block.bytes);
                    block.lines += 1;
                }
            }
            if let Some(object) = line(place) {
                lean(object).write_line(&mut block.bytes);
                block.lines += 1;
            }
        })
    }

    /// Gives out one file of so many places, block by block on all threads.
    fn blocks(&self, writer: &mut Writer, path: &str, places: u64, fill: &(dyn Fn(u64, &mut Block) + Sync)) -> Result<(), Problem> {
        const BLOCK: u64 = 1024;
        let mut lines = 0;
        let round = BLOCK * 4 * rayon::current_num_threads().max(1) as u64;
        for start in (0..places).step_by(round as usize) {
            if writer.watch.cancelled() {
                return Err(Problem::cancelled());
            }
            let end = (start + round).min(places);
            let blocks: Vec<u64> = (start..end).step_by(BLOCK as usize).collect();
            let written: Vec<Block> = blocks
                .into_par_iter()
                .map(|from| {
                    let mut block = Block { bytes: Vec::with_capacity(1 << 20), ..Block::default() };
                    (from..(from + BLOCK).min(places)).for_each(|place| fill(place, &mut block));
                    block
                })
                .collect();
            for block in written {
                let problem = |(code, at): &(&'static str, u64)| PlantedProblem { code, file: path.to_string(), line: lines + at + 1 };
                writer.planted.problems.extend(block.bad.iter().map(problem));
                lines += block.lines;
                if block.lines > 0 {
                    writer.give(path, &block.bytes)?;
                }
            }
            writer.progress(path, end - start);
        }
        Ok(())
    }
}

/// Lines that were made together.
#[derive(Default)]
struct Block {
    bytes: Vec<u8>,
    lines: u64,
    /// Codes of bad records, and after how many lines each stands.
    bad: Vec<(&'static str, u64)>,
}

/// Where the bytes go, and what is known of them.
struct Writer<'w, 's> {
    sink: &'w mut Sink<'s>,
    watch: &'w dyn Watch,
    planted: Planted,
    done: u64,
    total: u64,
}

impl Writer<'_, '_> {
    fn give(&mut self, path: &str, bytes: &[u8]) -> Result<(), Problem> {
        (self.sink)(path, bytes).map_err(|error| not_written(path, &error.to_string()))?;
        *self.planted.files.entry(path.to_string()).or_default() += bytes.len() as u64;
        Ok(())
    }

    fn progress(&mut self, path: &str, done: u64) {
        self.done += done;
        self.watch.progress("Writing the lab", path, self.done, Some(self.total));
    }
}

fn not_written(path: &str, why: &str) -> Problem {
    Problem::new("LabNotWritten", Category::WriteError, format!("'{path}' of the lab could not be written, so the lab is not whole: {why}. Free the place and run it again."))
        .about(path)
}

/// The findings that come with healthy people, by the state of their target object.
const NATURAL: [(&str, &[State]); 2] = [
    // The old external address stays the primary until the move.
    ("AddressNotAccepted", &[State::External, State::SyncedExternal]),
    // Nobody has told a mail user that is yet to be created where it is.
    ("UsageLocationMissing", &[State::Missing]),
];

/// An id and a name as the planner tells them.
fn subject(world: &World, person: u64) -> (String, String) {
    let person = Person::new(world, person);
    let text = |object: &Object, name| match object.get(name) {
        Some(Value::Text(text)) => Some(text.to_string()),
        _ => None,
    };
    let object = world.source_mailbox(&person).unwrap_or_default();
    let name = text(&object, "PrimarySmtpAddress").or_else(|| text(&object, "UserPrincipalName")).unwrap_or_default();
    (person.source_id.to_string(), name)
}

/// A JSON object of counts.
fn counts(counts: &BTreeMap<String, u64>) -> Value {
    Value::Object(counts.iter().map(|(name, count)| (Cow::Owned(name.clone()), Value::Number(*count))).collect())
}

//! From people, ties and rules to batches on nights.

mod finish;
mod ground;
mod placing;
mod units;


pub(super) use ground::{Ground, Unit};

use super::calendar::clusters::{clusters, Cluster};
use super::calendar::moments::Leads;
use super::calendar::Nights;
use super::caps::{Caps, Counted};
use super::forecast::Durations;
use super::hard_ties::{self, Groups};
use super::options::{Mode, Options};
use super::outcome::BatchPlan;
use super::people::People;
use super::previous::Previous;
use super::rules::Rules;
use super::tie::{Kinds, Resolved, Tie};
use super::time_zone::{self, Zone};
use super::verdict::{Concern, Verdicts};
use crate::finding::{Finding, Side, Subject};
use crate::limits::Limits;
use crate::problem::{Category, Problem};
use crate::specification::LateStage;
use crate::watch::Watch;
use ground::{interval, most_within};
use jiff::civil::Date;
use std::collections::BTreeMap;

/// What it costs per person to leave the night of the previous plan: more than any ties of one person weigh, so that as few people as possible move.
pub const LEAVING: u64 = 1 << 32;

/// The priority where none is said.
const MIDDLE: u8 = 5;

/// What goes in.
pub struct Input<'a> {
    /// Who is to be moved.
    pub people: &'a People,
    /// What ties them together.
    pub ties: &'a [Tie],
    /// The kinds of ties.
    pub kinds: &'a Kinds,
    /// What was found about them.
    pub concerns: &'a [Concern],
    /// The `batches` section of the specification.
    pub options: &'a Options,
    /// The limits in force.
    pub limits: &'a Limits,
    /// In which stage addresses that the target has not accepted are removed; `None` where people were not judged against the target.
    pub removal: Option<LateStage>,
    /// What was planned before.
    pub previous: Option<&'a Previous>,
}

/// Takes into the people what the specification says of them: pilots, VIPs, pins, submitted batches. What names nobody is a problem.
pub fn apply_options(people: &mut People, options: &Options, previous: Option<&Previous>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut each = |list: &str, names: &mut dyn Iterator<Item = (&str, &str)>, set: &mut dyn FnMut(&mut People, usize, &str)| {
        for (name, value) in names {
            match people.resolve(name) {
                Resolved::One(person) => set(people, person as usize, value),
                found => {
                    let what = if found == Resolved::Nobody { "nobody who is to be moved" } else { "more than one person" };
                    let message = format!("batches.{list} names '{name}', which is {what}; it has no effect. Write the primary SMTP address of one person, or take it out.");
                    problems.push(Problem::new("BatchPersonUnknown", Category::ObjectNotFound, message).about(name));
                }
            }
        }
    };
    each("pilots", &mut options.pilots.iter().map(|name| (name.as_str(), "")), &mut |people, at, _| people.list[at].pilot = true);
    each("vips", &mut options.vips.iter().map(|name| (name.as_str(), "")), &mut |people, at, _| people.list[at].vip = true);
    each("pins", &mut options.pins.iter().map(|(name, value)| (name.as_str(), value.as_str())), &mut |people, at, value| match super::people::date(value) {
        Some(date) => people.list[at].night = Some(date),
        None => people.list[at].batch = Some(value.to_string()),
    });
    if let Some(previous) = previous {
        for (person, batch) in people.list.iter_mut().zip(&previous.batch_of) {
            if let Some(batch) = batch.as_ref().filter(|batch| options.submitted.contains(batch)) {
                person.batch = Some(batch.clone());
                person.submitted = true;
            }
        }
    }
    for batch in &options.submitted {
        if !previous.is_some_and(|previous| previous.batches.contains_key(batch)) && !people.list.iter().any(|person| person.submitted && person.batch.as_deref() == Some(batch)) {
            let message = format!("batches.submitted names '{batch}', which the previous plan does not hold; its people would be planned anew. Give the plan that it was made by as -Previous.");
            problems.push(Problem::new("BatchUnknown", Category::ObjectNotFound, message).about(batch.clone()));
        }
    }
    problems
}

/// Plans.
///
/// # Errors
/// `BatchesInfeasible` with a reason from which nothing can be left out; `BatchesNotPlaced` where none was found and none was proven; those of the calendar.
pub fn plan(input: &Input, watch: &dyn Watch) -> Result<BatchPlan, Problem> {
    input.options.check()?;
    Planner::new(input, watch)?.run()
}

struct Planner<'a> {
    input: &'a Input<'a>,
    watch: &'a dyn Watch,
    verdicts: Verdicts,
    /// The nights; `None` without a calendar.
    nights: Option<Nights>,
    /// The zone of each person.
    zones: Vec<Zone>,
    /// Clusters of time zones, and the one of each person.
    clusters: Vec<Cluster>,
    cluster_of: Vec<u16>,
    caps: Caps,
    /// The ties that are never cut: few among all.
    hard: Vec<&'a Tie>,
    findings: Vec<Finding>,
    rules: Rules,
    /// The rules of each person.
    rules_of: Vec<Vec<u16>>,
}

impl<'a> Planner<'a> {
    fn new(input: &'a Input<'a>, watch: &'a dyn Watch) -> Result<Self, Problem> {
        let people = input.people;
        let mut findings = Vec::new();
        let durations = Durations::default();
        let largest = durations.classes().last().map_or(0, |class| class.below_gigabytes);
        let mut concerns = input.concerns.to_vec();
        for (number, person) in people.list.iter().enumerate().filter(|(_, person)| durations.class(person.bytes()).is_none()) {
            let finding = Finding::new("MailboxTooLarge", input.subject(number as u32)).with("count", (person.bytes() >> 30).to_string()).with("limit", largest.to_string());
            concerns.push(Concern { person: number as u32, code: finding.code, blocks: finding.blocks });
            findings.push(finding);
        }
        let mut verdicts = Verdicts::new(people, &concerns, input.options);
        let hard: Vec<&Tie> = input.ties.iter().filter(|tie| tie.hard).collect();
        let pairs: Vec<(u32, u32)> = hard.iter().map(|tie| (tie.from, tie.to)).collect();
        verdicts.take_along(&pairs, |person| people.list[person as usize].submitted);
        let calendar = input.options.calendar.as_ref();
        let nights = calendar.map(|calendar| Nights::new(calendar, input.limits)).transpose()?;

        let utc = Zone::utc();
        let default = nights.as_ref().map_or(&utc, Nights::zone);
        let mut known: BTreeMap<&str, Option<Zone>> = BTreeMap::new();
        let mut zones = Vec::with_capacity(people.len());
        for (number, person) in people.list.iter().enumerate() {
            let name = person.time_zone.as_deref();
            let zone = name.and_then(|name| known.entry(name).or_insert_with(|| time_zone::parse(name)).clone());
            if let (None, Some(name), Some(_)) = (&zone, name, &nights) {
                findings.push(Finding::new("TimeZoneUnknown", input.subject(number as u32)).with("value", name).with("other", default.name()));
            }
            zones.push(zone.unwrap_or_else(|| default.clone()));
        }
        let mut distinct: Vec<&Zone> = (0..people.len()).filter(|person| verdicts.moves(*person as u32)).map(|person| &zones[person]).collect();
        distinct.sort_unstable();
        distinct.dedup();
        let distinct: Vec<Zone> = distinct.into_iter().cloned().collect();
        let clusters = match &nights {
            Some(nights) => clusters(nights, &distinct, input.limits.value("cutoverMinutes"))?,
            None => Vec::new(),
        };
        let number_of: BTreeMap<&Zone, u16> = clusters.iter().enumerate().flat_map(|(at, cluster)| cluster.zones.iter().map(move |zone| (zone, at as u16))).collect();
        let cluster_of = zones.iter().map(|zone| number_of.get(zone).copied().unwrap_or(0)).collect();
        let at_once = match (&nights, input.options.mode) {
            (Some(nights), Mode::Orchestrated) => most_within(nights, Leads::new(nights.calendar(), input.limits, false).pre_stage_days),
            _ => 1,
        };
        let window = nights.as_ref().map(|nights| nights.all().iter().map(|night| nights.window(night, default).minutes()).min().unwrap_or(0));
        let caps = Caps::new(input.options, input.limits, at_once, window, nights.as_ref().map(|nights| interval(nights, input.limits)));
        Ok(Planner { input, watch, verdicts, nights, zones, clusters, cluster_of, caps, hard, findings, rules: Rules::default(), rules_of: vec![Vec::new(); people.len()] })
    }

    fn run(mut self) -> Result<BatchPlan, Problem> {
        self.say("grouping people by hard ties");
        let submitted = self.submitted_nights();
        let grouping = self.group();
        self.say("placing people on nights");
        let (ground, night_of) = self.place(&grouping, &submitted)?;
        self.say("dividing nights into batches");
        self.finish(&grouping, &ground, &submitted, night_of)
    }

    fn say(&self, status: &str) {
        self.watch.progress("Planning batches", status, 0, None);
    }

    fn moves(&self, person: u32) -> bool {
        self.verdicts.moves(person)
    }

    /// The night of each submitted batch, where one is known.
    fn submitted_nights(&self) -> BTreeMap<String, Option<Date>> {
        let mut nights = BTreeMap::new();
        for person in self.input.people.list.iter().filter(|person| person.submitted) {
            if let Some(batch) = &person.batch {
                let known = || self.input.previous.and_then(|previous| previous.night(batch));
                let night: &mut Option<Date> = nights.entry(batch.clone()).or_default();
                *night = night.or(person.night).or_else(known);
            }
        }
        nights
    }

    /// People who move, in groups that stay together.
    fn group(&mut self) -> Groups {
        let people = &self.input.people.list;
        let mut together: Vec<(u32, u32)> = self.hard.iter().filter(|tie| self.moves(tie.from) && self.moves(tie.to)).map(|tie| (tie.from, tie.to)).collect();
        let mut first_of: BTreeMap<&str, u32> = BTreeMap::new();
        for (number, person) in people.iter().enumerate().filter(|(number, person)| self.moves(*number as u32) && !person.submitted) {
            if let Some(batch) = &person.batch {
                let first = *first_of.entry(batch).or_insert(number as u32);
                together.push((first, number as u32));
            }
        }
        hard_ties::groups(people.len(), &together)
    }

    /// What a person takes up of what is counted.
    fn load(&self, person: u32, counted: Counted) -> u64 {
        let row = &self.input.people.list[person as usize];
        match counted {
            Counted::People => 1,
            Counted::Bytes => row.bytes(),
            Counted::Items => row.items.unwrap_or(0),
            Counted::OneDrives => u64::from(row.has_one_drive()),
            Counted::Cluster(cluster) => u64::from(self.cluster_of[person as usize] == cluster),
        }
    }
}

impl Input<'_> {
    /// A person as findings name them.
    fn subject(&self, person: u32) -> Subject {
        let row = &self.people.list[person as usize];
        Subject { tenant: Side::Source, kind: None, id: row.identity.clone(), name: row.identity.clone() }
    }
}

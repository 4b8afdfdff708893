//! From people, ties and rules to batches on nights.

use super::calendar::clusters::{clusters, Cluster};
use super::calendar::moments::{moments, Leads};
use super::calendar::Nights;
use super::caps::{Caps, Counted, Per};
use super::forecast::capacity::{self, Binding};
use super::forecast::{self, Durations, Group};
use super::graph::Graph;
use super::hard_ties::{self, Groups};
use super::night::{self, Draft, Guest};
use super::options::{Mode, Options};
use super::outcome::{Batch, BatchPlan, Moved, NightPlan, Tally, NONE};
use super::partition;
use super::people::People;
use super::placement::{Placement, Rule, NOWHERE};
use super::previous::Previous;
use super::refusal::refuse_if_infeasible;
use super::rules::{self, Places, Rules, Why};
use super::tie::{Kinds, Resolved, Tie};
use super::time_zone::{self, Zone};
use super::verdict::{Concern, Exclusion, Verdicts};
use crate::finding::{Finding, Side, Subject};
use crate::limits::Limits;
use crate::problem::{Category, Problem};
use crate::specification::LateStage;
use crate::watch::Watch;
use jiff::civil::Date;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// What it costs per person to leave the night of the previous plan: more than any ties of one person weigh, so that as few people as possible move.
pub const LEAVING: u64 = 1 << 32;

/// What a night costs that would not be needed, per person and night: everybody goes on the first nights that hold all, unless rules say otherwise.
const LATE: u32 = 1 << 16;

/// What a night costs a person by each step of priority away from the middle.
const PRIORITY: u32 = 4;

/// The priority where none is said.
const MIDDLE: u8 = 5;

/// Room that placing is given beyond what everybody needs, in parts of the need: tightly packed nights leave ties no choice.
const SLACK: u64 = 33;

/// The finding that a person's target object holds addresses that the target has not accepted.
const LOSES_ADDRESSES: &str = "AddressNotAccepted";

/// What a hard tie weighs at least where a group is too large for one batch and its night is divided.
const HARD: u32 = 1 << 20;

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
    findings: Vec<Finding>,
    rules: Rules,
    /// The rules of each person.
    rules_of: Vec<Vec<u16>>,
}

/// Where people can go: the nights of the calendar, or numbered batches.
pub(super) struct Ground {
    /// The dates; empty without a calendar.
    pub(super) dates: Vec<Date>,
    /// What is counted: people first.
    pub(super) counted: Vec<Counted>,
    /// What each place holds, a row for each.
    pub(super) capacities: Vec<u64>,
    /// How many of the first are the pilots'.
    pilots: usize,
    /// How many of the first hold everybody who may go there.
    needed: usize,
}

impl Ground {
    pub(super) fn places(&self) -> usize {
        self.capacities.len() / self.counted.len()
    }
}

/// The minutes from one night to the next, on average; before a single one lies the pre-stage lead.
fn interval(nights: &Nights, limits: &Limits) -> u64 {
    let (all, day) = (nights.all(), 24 * 60);
    match (all.first(), all.last()) {
        (Some(first), Some(last)) if all.len() > 1 => {
            let days = last.date.duration_since(first.date).as_secs() / (24 * 60 * 60);
            u64::try_from(days).unwrap_or(0).saturating_mul(day) / (all.len() as u64 - 1)
        }
        _ => Leads::new(nights.calendar(), limits, false).pre_stage_days.saturating_mul(day),
    }
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
        let hard: Vec<(u32, u32)> = input.ties.iter().filter(|tie| tie.hard).map(|tie| (tie.from, tie.to)).collect();
        verdicts.take_along(&hard, |person| people.list[person as usize].submitted);
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
        Ok(Planner { input, watch, verdicts, nights, zones, clusters, cluster_of, caps, findings, rules: Rules::default(), rules_of: vec![Vec::new(); people.len()] })
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
        let mut together: Vec<(u32, u32)> = self.input.ties.iter().filter(|tie| tie.hard && self.moves(tie.from) && self.moves(tie.to)).map(|tie| (tie.from, tie.to)).collect();
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

    /// The nights, or as many numbered batches as the people need.
    fn ground(&self, placed: &[u32], largest: u64, more: usize) -> Ground {
        let mut counted: Vec<Counted> = self.caps.of_nights().map(|cap| cap.counts).collect();
        counted.sort_unstable();
        let mut row: Vec<u64> = counted.iter().map(|counts| self.caps.binding(Per::Night, *counts).map_or(u64::MAX, |cap| cap.value)).collect();
        let people = placed.len() as u64;
        let (dates, places) = match &self.nights {
            Some(nights) => (nights.all().iter().map(|night| night.date).collect::<Vec<_>>(), nights.all().len()),
            None => {
                let size = self.caps.batch();
                let places = match self.input.options.batch_count {
                    Some(count) => count.max(1),
                    None => people.div_ceil(size).max(1) + more as u64,
                };
                // Of a number of batches that was asked for, none is left nearly empty.
                let even = (people * 103).div_ceil(places * 100).max(largest);
                row[0] = if self.input.options.batch_count.is_some() { size.min(even) } else { size };
                (Vec::new(), places as usize)
            }
        };
        let mut capacities: Vec<u64> = std::iter::repeat_n(row, places).flatten().collect();
        if let (Some(batches), true) = (self.input.options.batches_per_night, self.clusters.len() > 1 && self.nights.is_some()) {
            self.share_batches(placed, batches, places, &mut counted, &mut capacities);
        }
        Ground { dates, counted, capacities, pilots: 0, needed: places }
    }

    /// Where a night has only so many batches, each for one cluster of time zones: how many each cluster has in which night, by its share of the people.
    fn share_batches(&self, placed: &[u32], batches: u64, places: usize, counted: &mut Vec<Counted>, capacities: &mut Vec<u64>) {
        let size = self.caps.batch();
        let clusters = self.clusters.len();
        let mut people = vec![0u64; clusters];
        placed.iter().for_each(|person| people[self.cluster_of[*person as usize] as usize] += 1);
        let total = people.iter().sum::<u64>().max(1);
        let mut owed = vec![0u64; clusters];
        let mut rows = Vec::with_capacity(places * (counted.len() + clusters));
        for place in 0..places {
            let mut slots = vec![0u64; clusters];
            (0..clusters).for_each(|cluster| owed[cluster] += people[cluster] * batches);
            for _ in 0..batches {
                // Whoever is owed most gets the next batch; ties go to the first.
                let most = (0..clusters).max_by_key(|cluster| (owed[*cluster], std::cmp::Reverse(*cluster))).unwrap_or(0);
                slots[most] += 1;
                owed[most] = owed[most].saturating_sub(total);
            }
            rows.extend_from_slice(&capacities[place * counted.len()..][..counted.len()]);
            rows.extend(slots.iter().map(|slots| slots * size));
        }
        counted.extend((0..clusters).map(|cluster| Counted::Cluster(cluster as u16)));
        *capacities = rows;
    }

    /// Everybody on a night. Returns the ground and the place of each person ([`NONE`] for who does not move, or whose submitted batch is on a night before the calendar).
    fn place(&mut self, groups: &Groups, submitted: &BTreeMap<String, Option<Date>>) -> Result<(Ground, Vec<u32>), Problem> {
        let mut more = 0;
        let (verdicts, findings) = (self.verdicts.clone(), self.findings.len());
        loop {
            let (ground, units) = self.units(groups, submitted, more);
            match self.try_place(&ground, &units) {
                Ok(place_of_unit) => {
                    let mut place_of = vec![NONE; self.input.people.len()];
                    for (unit, place) in units.iter().zip(place_of_unit) {
                        unit.people.iter().for_each(|person| place_of[*person as usize] = place);
                    }
                    return Ok((ground, place_of));
                }
                // Without a calendar, and without a number of batches that was asked for, there is always room in one more.
                Err(problem) if self.nights.is_none() && self.input.options.batch_count.is_none() && problem.code != "Cancelled" && more < units.len() => {
                    more = more * 2 + 1;
                    // What was found with fewer batches is found anew.
                    self.rules = Rules::default();
                    self.verdicts = verdicts.clone();
                    self.findings.truncate(findings);
                }
                Err(problem) => return Err(problem),
            }
        }
    }

    /// The groups that can be placed, with what they take up and what is asked of them; those that cannot are excluded with a finding.
    fn units(&mut self, groups: &Groups, submitted: &BTreeMap<String, Option<Date>>, more: usize) -> (Ground, Vec<Unit>) {
        let people = &self.input.people.list;
        let outside = |person: u32| {
            let row = &people[person as usize];
            let night = row.batch.as_ref().filter(|_| row.submitted).and_then(|batch| submitted.get(batch)).copied().flatten();
            matches!((&self.nights, night), (Some(nights), Some(night)) if nights.on(night).is_none())
        };
        let mut units: Vec<Unit> = (0..groups.len() as u32)
            .map(|group| groups.members(group).iter().copied().filter(|person| self.moves(*person) && !outside(*person)).collect::<Vec<u32>>())
            .filter(|members| !members.is_empty())
            .map(|members| Unit { pilot: members.iter().any(|person| people[*person as usize].pilot), people: members, ..Unit::default() })
            .collect();
        let placed: Vec<u32> = units.iter().flat_map(|unit| unit.people.iter().copied()).collect();
        let largest = units.iter().map(|unit| unit.people.len() as u64).max().unwrap_or(0);
        let mut ground = self.ground(&placed, largest, more);
        for unit in &mut units {
            unit.load = ground.counted.iter().map(|counted| unit.people.iter().map(|person| self.load(*person, *counted)).fold(0, u64::saturating_add)).collect();
        }
        ground.pilots = ground.fewest(units.iter().filter(|unit| unit.pilot), 0, 0);
        self.rule(&ground, &mut units, submitted);
        ground.make_room_for_submitted(&units, &self.rules);

        let mut kept = Vec::with_capacity(units.len());
        for unit in units {
            match self.cannot(&ground, &unit) {
                None => kept.push(unit),
                Some(why) => unit.people.iter().for_each(|person| self.verdicts.excluded[*person as usize].push(why.clone())),
            }
        }
        let others = kept.iter().filter(|unit| !unit.pilot);
        ground.needed = (ground.pilots + ground.fewest(others, ground.pilots, SLACK)).min(ground.places());
        (ground, kept)
    }

    /// Fills in the rules of every unit, and where it was before.
    fn rule(&mut self, ground: &Ground, units: &mut [Unit], submitted: &BTreeMap<String, Option<Date>>) {
        let (people, previous) = (self.input.people, self.input.previous);
        let place_of_batch = |batch: &str, night: Option<Date>| match &self.nights {
            Some(nights) => night.and_then(|night| nights.on(night)),
            None => previous.and_then(|previous| (previous.batches.get(batch)?.1 as usize).checked_sub(1)).filter(|place| *place < ground.places()),
        };
        let closed: BTreeMap<&str, (&Zone, Vec<bool>)> = match &self.nights {
            Some(nights) => self.zones.iter().map(|zone| (zone.name(), zone)).collect::<BTreeMap<_, _>>().into_iter().map(|(name, zone)| (name, (zone, nights.all().iter().map(|night| nights.closed(night, zone).is_some()).collect()))).collect(),
            None => BTreeMap::new(),
        };
        let calendar = rules::Calendar {
            dates: &ground.dates,
            pilots: ground.pilots,
            places: ground.places(),
            closed: &|person, place| closed.get(self.zones[person].name()).is_some_and(|(_, closed)| closed[place]),
            zone: &|person| self.zones[person].name(),
            submitted: &|batch| place_of_batch(batch, submitted.get(batch).copied().flatten()),
        };
        let mut rules = std::mem::take(&mut self.rules);
        for unit in units {
            let mut numbers = Vec::new();
            for person in &unit.people {
                let own = calendar.rules_of(people, &self.verdicts, *person as usize, &mut rules);
                numbers.extend_from_slice(&own);
                self.rules_of[*person as usize] = own;
            }
            let pinned = numbers.iter().any(|number| matches!(rules.get(*number).0, Why::Submitted(_)));
            if !unit.pilot && ground.pilots > 0 && !pinned {
                let number = rules.number(Why::NotPilot, || Places::of(ground.places(), |at| at >= ground.pilots));
                numbers.push(number);
                unit.people.iter().for_each(|person| self.rules_of[*person as usize].push(number));
            }
            numbers.sort_unstable();
            numbers.dedup();
            unit.rules = numbers;
            unit.priority = unit.people.iter().filter_map(|person| people.list[*person as usize].priority).min().unwrap_or(MIDDLE);
            // The home of most of its people is the home of the group.
            let mut homes: BTreeMap<usize, usize> = BTreeMap::new();
            if let Some(previous) = previous {
                for batch in unit.people.iter().filter_map(|person| previous.batch_of[*person as usize].as_ref()) {
                    if let Some(place) = place_of_batch(batch, previous.night(batch)) {
                        *homes.entry(place).or_default() += 1;
                    }
                }
            }
            unit.home = homes.into_iter().max_by_key(|(place, count)| (*count, std::cmp::Reverse(*place))).map_or(NOWHERE, |(place, _)| place as u32);
        }
        self.rules = rules;
    }

    /// Why a unit can go nowhere by itself, as a finding and as what it does to its people.
    fn cannot(&mut self, ground: &Ground, unit: &Unit) -> Option<Exclusion> {
        let allowed = self.rules.allowed(&unit.rules, ground.places());
        let first = self.input.subject(unit.people[0]);
        if allowed.is_empty() {
            let conflict = self.rules.conflict(&unit.rules, ground.places());
            let told: Vec<String> = conflict
                .iter()
                .map(|number| {
                    let who = unit.people.iter().find(|person| self.rules_of[**person as usize].contains(number)).map_or("", |person| &self.input.people.list[*person as usize].identity);
                    format!("{who} is {}", self.rules.get(*number).0)
                })
                .collect();
            let code = if unit.people.len() == 1 { "NightImpossible" } else { "NightsConflict" };
            self.findings.push(Finding::new(code, first).with("count", unit.people.len().to_string()).with("reasons", told.join("; ")));
            return Some(Exclusion::RulesConflict);
        }
        let room: Vec<u64> = (0..ground.counted.len()).map(|at| (0..ground.places()).filter(|place| allowed.has(*place)).map(|place| ground.capacity(place)[at]).max().unwrap_or(0)).collect();
        let over = (0..room.len()).find(|at| unit.load[*at] > room[*at])?;
        let cap = self.caps.binding(Per::Night, ground.counted[over]);
        let (rule, limit) = (cap.map_or("batchesPerNight", |cap| &cap.name).to_string(), room[over]);
        let ties: Vec<(u32, u32, u32)> = self.hard_within(unit);
        let loads: Vec<u64> = unit.people.iter().flat_map(|person| ground.counted.iter().map(|counted| self.load(*person, *counted)).collect::<Vec<_>>()).collect();
        match hard_ties::freeing_cut(&unit.people, &ties, &loads, &room) {
            Ok(cut) => {
                let name = |person: u32| self.input.people.list[person as usize].identity.as_str();
                let listed: Vec<String> = cut.ties.iter().take(20).map(|tie| format!("{} - {}", name(ties[*tie].0), name(ties[*tie].1))).collect();
                let rest = cut.ties.len().saturating_sub(listed.len());
                let list = if rest > 0 { format!("{}, and {rest} more", listed.join(", ")) } else { listed.join(", ") };
                self.findings.push(
                    Finding::new("HardTiesTooLarge", first)
                        .with("count", unit.load[over].to_string())
                        .with("what", counted_name(ground.counted[over]))
                        .with("limit", limit.to_string())
                        .with("rule", rule)
                        .with("ties", list)
                        .with("weight", cut.weight.to_string()),
                );
            }
            Err(heavy) => {
                let (person, dimension) = heavy.members[0];
                self.findings.push(
                    Finding::new("PersonTooLarge", self.input.subject(person))
                        .with("count", self.load(person, ground.counted[dimension]).to_string())
                        .with("what", counted_name(ground.counted[dimension]))
                        .with("limit", room[dimension].to_string())
                        .with("rule", rule),
                );
            }
        }
        Some(Exclusion::TooLarge(unit.people.len() as u64))
    }

    /// The hard ties within a unit, those that a common batch makes among them.
    fn hard_within(&self, unit: &Unit) -> Vec<(u32, u32, u32)> {
        let inside = |person: u32| unit.people.binary_search(&person).is_ok();
        let mut ties: Vec<(u32, u32, u32)> = self.input.ties.iter().filter(|tie| tie.hard && inside(tie.from) && inside(tie.to)).map(|tie| (tie.from, tie.to, tie.weight)).collect();
        let mut first_of: BTreeMap<&str, u32> = BTreeMap::new();
        for person in &unit.people {
            let row = &self.input.people.list[*person as usize];
            if let Some(batch) = row.batch.as_deref().filter(|_| !row.submitted) {
                let first = *first_of.entry(batch).or_insert(*person);
                if first != *person {
                    ties.push((first, *person, 1));
                }
            }
        }
        ties
    }
}

/// What a cap counts, in words.
fn counted_name(counted: Counted) -> &'static str {
    match counted {
        Counted::People => "people",
        Counted::Bytes => "bytes",
        Counted::Items => "items",
        Counted::OneDrives => "OneDrives",
        Counted::Cluster(_) => "people of one cluster of time zones",
    }
}

/// People who stay together, with what is asked of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Unit {
    /// Ascending.
    pub(super) people: Vec<u32>,
    pub(super) load: Vec<u64>,
    pub(super) rules: Vec<u16>,
    pilot: bool,
    priority: u8,
    home: u32,
}

impl Ground {
    fn capacity(&self, place: usize) -> &[u64] {
        &self.capacities[place * self.counted.len()..][..self.counted.len()]
    }

    /// How many places from `from` on hold all of these, with `slack` parts of the need to spare where there are that many; at least one where there is anybody.
    fn fewest<'u>(&self, units: impl Iterator<Item = &'u Unit>, from: usize, slack: u64) -> usize {
        let mut need = vec![0u64; self.counted.len()];
        let mut any = false;
        for unit in units {
            any = true;
            need.iter_mut().zip(&unit.load).for_each(|(need, load)| *need = need.saturating_add(*load));
        }
        if !any {
            return 0;
        }
        if slack > 0 {
            need.iter_mut().for_each(|need| *need = need.saturating_add(need.div_ceil(slack)));
        }
        let mut room = vec![0u64; need.len()];
        for place in from..self.places() {
            room.iter_mut().zip(self.capacity(place)).for_each(|(room, capacity)| *room = room.saturating_add(*capacity));
            if room.iter().zip(&need).all(|(room, need)| room >= need) {
                return place + 1 - from;
            }
        }
        self.places().saturating_sub(from)
    }

    /// What the service has got already is not asked whether it fits.
    fn make_room_for_submitted(&mut self, units: &[Unit], rules: &Rules) {
        let width = self.counted.len();
        let mut taken = vec![0u64; self.capacities.len()];
        for unit in units {
            let place = unit.rules.iter().map(|number| rules.get(*number)).find_map(|(why, places)| matches!(why, Why::Submitted(_)).then(|| places.0.iter().position(|has| *has)).flatten());
            if let Some(place) = place {
                unit.load.iter().enumerate().for_each(|(at, load)| taken[place * width + at] = taken[place * width + at].saturating_add(*load));
            }
        }
        self.capacities.iter_mut().zip(taken).for_each(|(capacity, taken)| *capacity = (*capacity).max(taken));
    }
}

/// The most nights that lie within so many days of one another.
fn most_within(nights: &Nights, days: u64) -> u64 {
    let dates: Vec<Date> = nights.all().iter().map(|night| night.date).collect();
    let mut first = 0;
    let mut most = 1;
    for (at, date) in dates.iter().enumerate() {
        while first < at && date.since(dates[first]).map_or(0, |span| i64::from(span.get_days())) > i64::try_from(days).unwrap_or(i64::MAX) {
            first += 1;
        }
        most = most.max((at - first + 1) as u64);
    }
    most
}

impl Input<'_> {
    /// A person as findings name them.
    fn subject(&self, person: u32) -> Subject {
        let row = &self.people.list[person as usize];
        Subject { tenant: Side::Source, kind: None, id: row.identity.clone(), name: row.identity.clone() }
    }
}

impl Planner<'_> {
    /// The place of every unit.
    fn try_place(&self, ground: &Ground, units: &[Unit]) -> Result<Vec<u32>, Problem> {
        if units.is_empty() {
            return Ok(Vec::new());
        }
        let people = &self.input.people.list;
        let mut unit_of = vec![NONE; people.len()];
        units.iter().enumerate().for_each(|(at, unit)| unit.people.iter().for_each(|person| unit_of[*person as usize] = at as u32));
        let between = self.input.ties.iter().filter_map(|tie| {
            let (from, to) = (unit_of[tie.from as usize], unit_of[tie.to as usize]);
            (from != NONE && to != NONE).then_some((from, to, tie.weight))
        });
        let graph = Graph::new(units.len(), between);
        let loads: Vec<u64> = units.iter().flat_map(|unit| unit.load.iter().copied()).collect();
        let mut numbers: BTreeMap<(&[u16], u8), u32> = BTreeMap::new();
        let mut rules = Vec::new();
        let rule: Vec<u32> = units
            .iter()
            .map(|unit| {
                *numbers.entry((&unit.rules, unit.priority)).or_insert_with(|| {
                    rules.push(self.costs(ground, unit));
                    rules.len() as u32 - 1
                })
            })
            .collect();
        let home: Vec<u32> = units.iter().map(|unit| unit.home).collect();
        let placement = Placement {
            graph: &graph,
            loads: &loads,
            dimensions: ground.counted.len(),
            capacities: &ground.capacities,
            rules: &rules,
            rule: &rule,
            home: if self.input.previous.is_some() { &home } else { &[] },
            leaving: LEAVING,
        };
        refuse_if_infeasible(ground, units, &self.rules, &self.caps, |person| people[person as usize].identity.clone())?;
        partition::place(&placement, self.watch).map_err(|stuck| {
            if self.watch.cancelled() {
                return Problem::cancelled();
            }
            let message = format!(
                "No way was found to place {} of {} groups of people, though none was proven to be impossible; nothing was planned. Allow more nights, more people per night, or fewer hard ties.",
                stuck.unplaced.len(),
                units.len()
            );
            Problem::new("BatchesNotPlaced", Category::LimitsExceeded, message)
        })
    }

    /// What each place costs a person of a unit.
    fn costs(&self, ground: &Ground, unit: &Unit) -> Rule {
        let allowed = self.rules.allowed(&unit.rules, ground.places());
        let steps = u32::from(unit.priority.abs_diff(MIDDLE)) * PRIORITY;
        let cost = |place: usize| {
            let late = if place >= ground.needed { LATE.saturating_mul((place - ground.needed + 1) as u32) } else { 0 };
            let far = if unit.priority < MIDDLE { place } else { ground.needed.saturating_sub(1 + place) };
            allowed.has(place).then(|| late.saturating_add(steps.saturating_mul(far as u32)))
        };
        Rule { cost: (0..ground.places()).map(cost).collect() }
    }

    /// The batches of all nights, and what came of it.
    fn finish(mut self, groups: &Groups, ground: &Ground, submitted: &BTreeMap<String, Option<Date>>, place_of: Vec<u32>) -> Result<BatchPlan, Problem> {
        let (input, people) = (self.input, &self.input.people.list);
        // Submitted batches may be on nights before the calendar.
        let mut dates: Vec<Option<Date>> = match &self.nights {
            Some(_) => ground.dates.iter().copied().map(Some).collect(),
            None => vec![None; ground.places()],
        };
        let mut night_of: Vec<u32> = place_of;
        if self.nights.is_some() {
            let mut all: Vec<Date> = ground.dates.iter().copied().chain(submitted.values().copied().flatten()).collect();
            all.sort_unstable();
            all.dedup();
            let number = |date: Date| all.binary_search(&date).map_or(NONE, |at| at as u32);
            for (person, night) in night_of.iter_mut().enumerate() {
                let row = &people[person];
                *night = match *night {
                    NONE if row.submitted && self.verdicts.moves(person as u32) => row.batch.as_ref().and_then(|batch| submitted.get(batch).copied().flatten()).map_or(NONE, number),
                    NONE => NONE,
                    place => number(ground.dates[place as usize]),
                };
            }
            dates = all.into_iter().map(Some).collect();
        }

        let kinds = input.ties.iter().map(|tie| (tie.from, tie.to, if tie.hard { tie.weight.max(HARD) } else { tie.weight }));
        let graph = Graph::new(people.len(), kinds.filter(|(from, to, _)| night_of[*from as usize] == night_of[*to as usize] && night_of[*from as usize] != NONE));
        let mut on: Vec<Vec<u32>> = vec![Vec::new(); dates.len()];
        night_of.iter().enumerate().filter(|(_, night)| **night != NONE).for_each(|(person, night)| on[*night as usize].push(person as u32));
        let mut used: BTreeSet<String> = BTreeSet::new();
        let mut plan = BatchPlan {
            caps: self.caps.clone(),
            nights: Vec::with_capacity(dates.len()),
            batches: Vec::new(),
            batch_of: vec![NONE; people.len()],
            group_of: groups.of().to_vec(),
            rules: Rules::default(),
            rules_of: Vec::new(),
            place_of: Vec::with_capacity(dates.len()),
            gap_minutes: vec![None; people.len()],
            forecast: None,
            ends: [None; 2],
            binding: self.binding(),
            tallies: Vec::new(),
            moved: Vec::new(),
            findings: Vec::new(),
            verdicts: Verdicts::default(),
        };
        for (night, present) in on.iter().enumerate() {
            if self.watch.cancelled() {
                return Err(Problem::cancelled());
            }
            let guests: Vec<Guest> = present
                .iter()
                .map(|person| {
                    let row = &people[*person as usize];
                    Guest {
                        person: *person,
                        group: groups.of()[*person as usize],
                        cluster: self.cluster_of[*person as usize],
                        pinned: row.batch.as_deref(),
                        submitted: row.submitted,
                        previous: input.previous.and_then(|previous| previous.batch_of[*person as usize].as_deref()),
                    }
                })
                .collect();
            let drafts = night::divide(&guests, self.caps.batch(), |person| graph.ties(person), self.watch)?;
            let first = plan.batches.len() as u32;
            let place = dates[night].and_then(|date| self.nights.as_ref()?.on(date));
            let names = self.names(&drafts, dates[night], night, &mut used);
            for (draft, name) in drafts.into_iter().zip(names) {
                draft.people.iter().for_each(|person| plan.batch_of[*person as usize] = plan.batches.len() as u32);
                let bytes = draft.people.iter().map(|person| people[*person as usize].bytes()).fold(0, u64::saturating_add);
                let window = place.and_then(|place| self.clusters.get(draft.cluster as usize)?.windows.get(place).copied().flatten());
                let moments = match (window, &self.nights) {
                    (Some(window), Some(nights)) => Some(moments(window, &Leads::new(nights.calendar(), input.limits, false), None)?),
                    _ => None,
                };
                plan.batches.push(Batch { name, night: night as u32, bytes, submitted: draft.submitted, moments, cut: 0, people: draft.people });
            }
            plan.place_of.push(if self.nights.is_some() { place.map_or(NONE, |place| place as u32) } else { night as u32 });
            let bytes = present.iter().map(|person| people[*person as usize].bytes()).fold(0, u64::saturating_add);
            let capacity = match (&self.nights, place) {
                (Some(_), None) => present.len() as u64,
                (Some(_), Some(place)) => ground.capacity(place)[0],
                (None, _) => ground.capacity(night)[0],
            };
            plan.nights.push(NightPlan { date: dates[night], batches: first..plan.batches.len() as u32, people: present.len() as u64, bytes, capacity });
        }

        let (moving, most) = (plan.nights.iter().map(|night| night.people).sum::<u64>(), input.limits.value("mailboxesWithoutContactingSupport"));
        if moving > most {
            let everybody = Subject { tenant: Side::Source, kind: None, id: String::new(), name: "the source tenant".into() };
            self.findings.push(Finding::new("ManyMailboxes", everybody).with("count", moving.to_string()).with("limit", most.to_string()));
        }

        plan.tallies = vec![Tally::default(); input.kinds.all().count()];
        for tie in input.ties {
            let (from, to) = (night_of[tie.from as usize], night_of[tie.to as usize]);
            if from == NONE || to == NONE || tie.from == tie.to {
                continue;
            }
            let tally = &mut plan.tallies[tie.kind as usize];
            tally.ties += 1;
            tally.weight += u64::from(tie.weight);
            if from != to {
                tally.cut_ties += 1;
                tally.cut_weight += u64::from(tie.weight);
                [tie.from, tie.to].into_iter().for_each(|person| plan.batches[plan.batch_of[person as usize] as usize].cut += u64::from(tie.weight));
            }
        }
        if let Some(previous) = input.previous {
            for (person, from) in previous.batch_of.iter().enumerate() {
                let now = plan.batch_of[person];
                if now != NONE && from.as_deref() != Some(plan.batches[now as usize].name.as_str()) {
                    plan.moved.push(Moved { person: person as u32, from: from.clone() });
                }
            }
        }
        self.gaps(&mut plan);
        self.forecast(&mut plan);
        plan.rules = std::mem::take(&mut self.rules);
        plan.rules_of = std::mem::take(&mut self.rules_of);
        plan.findings = std::mem::take(&mut self.findings);
        plan.verdicts = self.verdicts;
        Ok(plan)
    }

    /// How many nights each cap asks for.
    fn binding(&self) -> Binding {
        let total = |counted| (0..self.input.people.len() as u32).filter(|person| self.moves(*person)).map(|person| self.load(person, counted)).fold(0, u64::saturating_add);
        let caps: Vec<capacity::Cap> = match &self.nights {
            Some(_) => self.caps.of_nights().map(|cap| capacity::Cap { name: &cap.name, total: total(cap.counts), per_night: cap.value }).collect(),
            None => self.caps.binding(Per::Batch, Counted::People).map(|cap| capacity::Cap { name: &cap.name, total: total(cap.counts), per_night: cap.value }).into_iter().collect(),
        };
        capacity::needed(&caps)
    }

    /// How long mail of each person is not attributed, and who writes to restricted recipients then.
    fn gaps(&mut self, plan: &mut BatchPlan) {
        let (Some(removal), people) = (self.input.removal, &self.input.people.list) else { return };
        let mut loses = vec![false; people.len()];
        self.input.concerns.iter().filter(|concern| concern.code == LOSES_ADDRESSES).for_each(|concern| loses[concern.person as usize] = true);
        for (person, row) in people.iter().enumerate() {
            let Some(moments) = plan.batches.get(plan.batch_of[person] as usize).and_then(|batch| batch.moments.as_ref()) else { continue };
            let from = match removal {
                LateStage::PreStage => moments.remove_before_submission(),
                LateStage::Cutover => moments.remove_addresses,
            };
            let minutes = u64::try_from(moments.end.as_second().saturating_sub(from.as_second()) / 60).unwrap_or(0);
            plan.gap_minutes[person] = Some(if loses[person] { minutes } else { 0 });
            if loses[person] && row.restricted > 0 {
                let finding = Finding::new("GapRestrictedWriter", self.input.subject(person as u32));
                self.findings.push(finding.with("count", row.restricted.to_string()).with("hours", minutes.div_ceil(60).to_string()));
            }
        }
    }

    /// When it will be over.
    fn forecast(&self, plan: &mut BatchPlan) {
        let (Some(nights), people) = (&self.nights, &self.input.people.list) else { return };
        let durations = Durations::default();
        let mut counts: BTreeMap<(usize, usize, usize), (u64, Timestamp)> = BTreeMap::new();
        for batch in &plan.batches {
            let place = plan.place_of[batch.night as usize];
            let Some(moments) = batch.moments.as_ref().filter(|_| place != NONE) else { continue };
            for person in &batch.people {
                if let Some(class) = durations.class(people[*person as usize].bytes()) {
                    let cluster = usize::from(self.cluster_of[batch.people[0] as usize]);
                    counts.entry((place as usize, cluster, class)).or_insert((0, moments.submit)).0 += 1;
                }
            }
        }
        let groups: Vec<Group> = counts.into_iter().map(|((night, cluster, class), (people, submit))| Group { class, people, submit, night, cluster }).collect();
        let forecast = forecast::forecast(&durations, &self.clusters, &groups);
        plan.ends = [forecast.p50, forecast.p90].map(|night| night.and_then(|night| Some(nights.all().get(night)?.date)));
        plan.forecast = Some(forecast);
    }

    /// The names of a night's batches: those that are given, and the next numbers of the night.
    fn names(&self, drafts: &[Draft], date: Option<Date>, night: usize, used: &mut BTreeSet<String>) -> Vec<String> {
        let mut names: Vec<Option<String>> = drafts.iter().map(|draft| draft.name.clone().filter(|name| used.insert(name.clone()))).collect();
        let prefix = self.input.options.prefix.as_deref();
        let mut number = 0;
        for name in names.iter_mut().filter(|name| name.is_none()) {
            let next = loop {
                number += 1;
                let next = match date {
                    Some(date) => format!("{}{date}-{number:02}", prefix.unwrap_or_default()),
                    None if number == 1 => format!("{}{:03}", prefix.unwrap_or("Batch-"), night + 1),
                    None => format!("{}{:03}-{number}", prefix.unwrap_or("Batch-"), night + 1),
                };
                if used.insert(next.clone()) {
                    break next;
                }
            };
            *name = Some(next);
        }
        names.into_iter().flatten().collect()
    }
}

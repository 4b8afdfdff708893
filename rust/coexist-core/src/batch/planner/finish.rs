//! The batches of all nights, and what came of it.

use super::{Ground, Planner};
use crate::batch::calendar::moments::{moments, Leads};
use crate::batch::caps::{Counted, Per};
use crate::batch::forecast::capacity::{self, Binding};
use crate::batch::forecast::{self, Durations, Group};
use crate::batch::graph::Graph;
use crate::batch::hard_ties::Groups;
use crate::batch::night::{self, Draft, Guest};
use crate::batch::outcome::{Batch, BatchPlan, Moved, NightPlan, Tally, NONE};
use crate::batch::rules::Rules;
use crate::batch::verdict::Verdicts;
use crate::finding::{Finding, Side, Subject};
use crate::problem::Problem;
use crate::specification::LateStage;
use jiff::civil::Date;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// The finding that a person's target object holds addresses that the target has not accepted.
const LOSES_ADDRESSES: &str = "AddressNotAccepted";

/// What a hard tie weighs at least where a group is too large for one batch and its night is divided.
const HARD: u32 = 1 << 20;

impl Planner<'_> {
    /// The batches of all nights, and what came of it.
    pub(super) fn finish(mut self, groups: &Groups, ground: &Ground, submitted: &BTreeMap<String, Option<Date>>, place_of: Vec<u32>) -> Result<BatchPlan, Problem> {
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
    pub(super) fn binding(&self) -> Binding {
        let total = |counted| (0..self.input.people.len() as u32).filter(|person| self.moves(*person)).map(|person| self.load(person, counted)).fold(0, u64::saturating_add);
        let caps: Vec<capacity::Cap> = match &self.nights {
            Some(_) => self.caps.of_nights().map(|cap| capacity::Cap { name: &cap.name, total: total(cap.counts), per_night: cap.value }).collect(),
            None => self.caps.binding(Per::Batch, Counted::People).map(|cap| capacity::Cap { name: &cap.name, total: total(cap.counts), per_night: cap.value }).into_iter().collect(),
        };
        capacity::needed(&caps)
    }

    /// How long mail of each person is not attributed, and who writes to restricted recipients then.
    pub(super) fn gaps(&mut self, plan: &mut BatchPlan) {
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
    pub(super) fn forecast(&self, plan: &mut BatchPlan) {
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
    pub(super) fn names(&self, drafts: &[Draft], date: Option<Date>, night: usize, used: &mut BTreeSet<String>) -> Vec<String> {
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

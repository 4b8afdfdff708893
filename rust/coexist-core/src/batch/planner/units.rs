//! Groups that can be placed, with what they take up and what is asked of them.

use super::{Ground, Planner, Unit, MIDDLE};
use crate::batch::caps::{Counted, Per};
use crate::batch::hard_ties::{self, Groups};
use crate::batch::placement::NOWHERE;
use crate::batch::rules::{self, Places, Why};
use crate::batch::time_zone::Zone;
use crate::batch::verdict::Exclusion;
use crate::finding::Finding;
use jiff::civil::Date;
use std::collections::BTreeMap;

/// Room that placing is given beyond what everybody needs, in parts of the need: tightly packed nights leave ties no choice.
const SLACK: u64 = 33;

impl Planner<'_> {
    /// The groups that can be placed, with what they take up and what is asked of them; those that cannot are excluded with a finding.
    pub(super) fn units(&mut self, groups: &Groups, submitted: &BTreeMap<String, Option<Date>>, more: usize) -> (Ground, Vec<Unit>) {
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
    pub(super) fn rule(&mut self, ground: &Ground, units: &mut [Unit], submitted: &BTreeMap<String, Option<Date>>) {
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
    pub(super) fn cannot(&mut self, ground: &Ground, unit: &Unit) -> Option<Exclusion> {
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
    pub(super) fn hard_within(&self, unit: &Unit) -> Vec<(u32, u32, u32)> {
        let inside = |person: u32| unit.people.binary_search(&person).is_ok();
        let mut ties: Vec<(u32, u32, u32)> = self.hard.iter().filter(|tie| inside(tie.from) && inside(tie.to)).map(|tie| (tie.from, tie.to, tie.weight)).collect();
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

//! Where people can go, and who goes as one.

use super::Planner;
use crate::batch::calendar::moments::Leads;
use crate::batch::calendar::Nights;
use crate::batch::caps::{Counted, Per};
use crate::batch::rules::{Rules, Why};
use crate::limits::Limits;
use jiff::civil::Date;

/// Where people can go: the nights of the calendar, or numbered batches.
pub(in crate::batch) struct Ground {
    /// The dates; empty without a calendar.
    pub(in crate::batch) dates: Vec<Date>,
    /// What is counted: people first.
    pub(in crate::batch) counted: Vec<Counted>,
    /// What each place holds, a row for each.
    pub(in crate::batch) capacities: Vec<u64>,
    /// How many of the first are the pilots'.
    pub(super) pilots: usize,
    /// How many of the first hold everybody who may go there.
    pub(super) needed: usize,
}

/// People who stay together, with what is asked of them.
#[derive(Debug, Clone, Default)]
pub(in crate::batch) struct Unit {
    /// Ascending.
    pub(in crate::batch) people: Vec<u32>,
    pub(in crate::batch) load: Vec<u64>,
    pub(in crate::batch) rules: Vec<u16>,
    pub(super) pilot: bool,
    pub(super) priority: u8,
    pub(super) home: u32,
}

impl Ground {
    pub(in crate::batch) fn places(&self) -> usize {
        self.capacities.len() / self.counted.len()
    }

    pub(super) fn capacity(&self, place: usize) -> &[u64] {
        &self.capacities[place * self.counted.len()..][..self.counted.len()]
    }

    /// How many places from `from` on hold all of these, with `slack` parts of the need to spare where there are that many; at least one where there is anybody.
    pub(super) fn fewest<'u>(&self, units: impl Iterator<Item = &'u Unit>, from: usize, slack: u64) -> usize {
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
    pub(super) fn make_room_for_submitted(&mut self, units: &[Unit], rules: &Rules) {
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

/// The minutes from one night to the next, on average; before a single one lies the pre-stage lead.
pub(super) fn interval(nights: &Nights, limits: &Limits) -> u64 {
    let (all, day) = (nights.all(), 24 * 60);
    match (all.first(), all.last()) {
        (Some(first), Some(last)) if all.len() > 1 => {
            let days = last.date.duration_since(first.date).as_secs() / (24 * 60 * 60);
            u64::try_from(days).unwrap_or(0).saturating_mul(day) / (all.len() as u64 - 1)
        }
        _ => Leads::new(nights.calendar(), limits, false).pre_stage_days.saturating_mul(day),
    }
}

/// The most nights that lie within so many days of one another.
pub(super) fn most_within(nights: &Nights, days: u64) -> u64 {
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

impl Planner<'_> {
    /// The nights, or as many numbered batches as the people need.
    pub(super) fn ground(&self, placed: &[u32], largest: u64, more: usize) -> Ground {
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
    pub(super) fn share_batches(&self, placed: &[u32], batches: u64, places: usize, counted: &mut Vec<Counted>, capacities: &mut Vec<u64>) {
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
}

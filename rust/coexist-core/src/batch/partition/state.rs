//! A division of one level, and for each vertex how strongly it is tied to the places of its neighbours.

use super::level::{Frame, Level, FORBIDDEN};

/// The weight of a vertex's ties into one place.
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    weight: u64,
    place: u32,
}

/// Where every vertex stands, what the places hold, and what it costs.
#[derive(Debug, Clone)]
pub(super) struct State<'a> {
    pub frame: &'a Frame,
    pub level: &'a Level<'a>,
    pub place: Vec<u32>,
    /// What each place holds: a row each.
    pub held: Vec<u64>,
    /// What each place may hold on this level: the capacities, or a little more on levels that are refined further.
    pub limits: Vec<u64>,
    /// The weight of ties between places, plus prices.
    pub cost: i64,
    /// Where the slots of each vertex start: room for as many places as it has neighbours, at most all.
    starts: Vec<u32>,
    used: Vec<u32>,
    slots: Vec<Slot>,
}

impl<'a> State<'a> {
    pub fn new(frame: &'a Frame, level: &'a Level<'a>, place: Vec<u32>, limits: Vec<u64>) -> Self {
        let mut starts = Vec::with_capacity(level.len() + 1);
        let mut room = 0;
        for vertex in 0..level.len() as u32 {
            starts.push(room as u32);
            room += level.degree(vertex).min(frame.places);
        }
        starts.push(room as u32);
        let mut state = State {
            frame,
            level,
            held: vec![0; frame.places * frame.dimensions],
            limits,
            cost: 0,
            starts,
            used: vec![0; level.len()],
            slots: vec![Slot::default(); room],
            place,
        };
        let mut twice = 0u64;
        for vertex in 0..level.len() as u32 {
            let at = state.place[vertex as usize];
            state.hold(at, vertex, true);
            if state.dense(vertex) {
                let first = state.starts[vertex as usize] as usize;
                for place in 0..frame.places {
                    state.slots[first + place].place = place as u32;
                }
                state.used[vertex as usize] = frame.places as u32;
            }
            for &(other, weight) in level.ties(vertex) {
                let there = state.place[other as usize];
                state.strengthen(vertex, there, u64::from(weight));
                if there != at {
                    twice += u64::from(weight);
                }
            }
            state.cost += level.people(vertex) * state.price(vertex, at);
        }
        state.cost += (twice / 2) as i64;
        state
    }

    #[inline]
    fn dense(&self, vertex: u32) -> bool {
        self.level.degree(vertex) >= self.frame.places
    }

    #[inline]
    fn row(&self, vertex: u32) -> &[Slot] {
        &self.slots[self.starts[vertex as usize] as usize..][..self.used[vertex as usize] as usize]
    }

    fn strengthen(&mut self, vertex: u32, place: u32, weight: u64) {
        let first = self.starts[vertex as usize] as usize;
        if self.dense(vertex) {
            self.slots[first + place as usize].weight += weight;
            return;
        }
        let used = self.used[vertex as usize] as usize;
        match self.slots[first..first + used].iter_mut().find(|slot| slot.place == place) {
            Some(slot) => slot.weight += weight,
            None => {
                self.slots[first + used] = Slot { weight, place };
                self.used[vertex as usize] += 1;
            }
        }
    }

    fn weaken(&mut self, vertex: u32, place: u32, weight: u64) {
        let first = self.starts[vertex as usize] as usize;
        if self.dense(vertex) {
            self.slots[first + place as usize].weight -= weight;
            return;
        }
        let used = self.used[vertex as usize] as usize;
        if let Some(at) = (first..first + used).find(|at| self.slots[*at].place == place) {
            self.slots[at].weight -= weight;
            if self.slots[at].weight == 0 {
                self.slots[at] = self.slots[first + used - 1];
                self.used[vertex as usize] -= 1;
            }
        }
    }

    /// The weight of a vertex's ties into a place.
    #[inline]
    pub fn tied(&self, vertex: u32, place: u32) -> u64 {
        if self.dense(vertex) {
            return self.slots[self.starts[vertex as usize] as usize + place as usize].weight;
        }
        self.row(vertex).iter().find(|slot| slot.place == place).map_or(0, |slot| slot.weight)
    }

    /// The places that a vertex is tied to, with the weight (0 for some where it has many neighbours).
    pub fn tied_places(&self, vertex: u32) -> impl Iterator<Item = (u32, u64)> + '_ {
        self.row(vertex).iter().map(|slot| (slot.place, slot.weight))
    }

    /// The price per person of a place for a vertex.
    #[inline]
    pub fn price(&self, vertex: u32, place: u32) -> i64 {
        if self.frame.indifferent {
            return 0;
        }
        self.frame.price(self.level.rule[vertex as usize], self.level.home[vertex as usize], place)
    }

    /// By how much the cost falls when a vertex goes there; `None` where it may not.
    #[inline]
    pub fn gain(&self, vertex: u32, to: u32) -> Option<i64> {
        let from = self.place[vertex as usize];
        let ties = self.tied(vertex, to) as i64 - self.tied(vertex, from) as i64;
        Some(ties + self.saving(vertex, from, to)?)
    }

    /// By how much prices fall.
    #[inline]
    fn saving(&self, vertex: u32, from: u32, to: u32) -> Option<i64> {
        if self.frame.indifferent {
            return Some(0);
        }
        let price = self.price(vertex, to);
        (price != FORBIDDEN).then(|| self.level.people(vertex) * (self.price(vertex, from) - price))
    }

    /// True where the vertex finds room.
    #[inline]
    pub fn fits(&self, vertex: u32, to: u32) -> bool {
        let row = to as usize * self.frame.dimensions;
        self.level.load(vertex).iter().enumerate().all(|(d, load)| load + self.held[row + d] <= self.limits[row + d])
    }

    /// Where a vertex gains most, and what: among the places of its neighbours, its home and the cheapest ones.
    pub fn best(&self, vertex: u32) -> Option<(i64, u32)> {
        let from = self.place[vertex as usize];
        let tied_here = self.tied(vertex, from) as i64;
        let mut best: Option<(i64, u32)> = None;
        let better = |best: &Option<(i64, u32)>, gain: i64, to: u32| match best {
            None => true,
            Some((most, there)) => gain > *most || (gain == *most && self.emptier(to, *there)),
        };
        for slot in self.row(vertex) {
            if slot.place == from {
                continue;
            }
            let Some(saving) = self.saving(vertex, from, slot.place) else { continue };
            let gain = slot.weight as i64 - tied_here + saving;
            if better(&best, gain, slot.place) && self.fits(vertex, slot.place) {
                best = Some((gain, slot.place));
            }
        }
        if !self.frame.indifferent {
            let home = self.level.home[vertex as usize];
            let cheapest = &self.frame.cheapest[self.level.rule[vertex as usize] as usize];
            let home = Some(home).filter(|home| (*home as usize) < self.frame.places);
            for to in home.into_iter().chain(cheapest.iter().copied().take(4)) {
                if to == from {
                    continue;
                }
                let Some(gain) = self.gain(vertex, to) else { continue };
                if better(&best, gain, to) && self.fits(vertex, to) {
                    best = Some((gain, to));
                }
            }
        }
        best
    }

    /// True where `a` holds fewer people than `b`.
    #[inline]
    fn emptier(&self, a: u32, b: u32) -> bool {
        self.held[a as usize * self.frame.dimensions] < self.held[b as usize * self.frame.dimensions]
    }

    fn hold(&mut self, place: u32, vertex: u32, more: bool) {
        let row = place as usize * self.frame.dimensions;
        for (d, load) in self.level.load(vertex).iter().enumerate() {
            if more {
                self.held[row + d] += load;
            } else {
                self.held[row + d] -= load;
            }
        }
    }

    /// Moves a vertex; `gain` is what [`State::gain`] said.
    pub fn shift(&mut self, vertex: u32, to: u32, gain: i64) {
        let from = self.place[vertex as usize];
        self.hold(from, vertex, false);
        self.hold(to, vertex, true);
        self.place[vertex as usize] = to;
        self.cost -= gain;
        let level = self.level;
        for &(other, weight) in level.ties(vertex) {
            if weight > 0 {
                self.weaken(other, from, u64::from(weight));
                self.strengthen(other, to, u64::from(weight));
            }
        }
    }

    /// True where a vertex has a neighbour elsewhere, or a reason of price to look elsewhere.
    pub fn restless(&self, vertex: u32) -> bool {
        let at = self.place[vertex as usize];
        let row = self.row(vertex);
        if row.iter().any(|slot| slot.place != at && slot.weight > 0) {
            return true;
        }
        if self.frame.indifferent {
            return false;
        }
        let here = self.price(vertex, at);
        let home = self.level.home[vertex as usize];
        let cheapest = self.frame.cheapest[self.level.rule[vertex as usize] as usize].first();
        cheapest.is_some_and(|cheap| self.price(vertex, *cheap) < here) || ((home as usize) < self.frame.places && home != at && self.price(vertex, home) < here)
    }

    /// By how much a place is over its limits: parts in a million of each dimension's limit, added up; not 0 when anything is over.
    pub fn excess(&self, place: u32) -> u64 {
        let row = place as usize * self.frame.dimensions;
        let mut sum = 0u64;
        for d in 0..self.frame.dimensions {
            let (held, limit) = (self.held[row + d], self.limits[row + d]);
            if held > limit {
                let parts = u128::from(held - limit) * 1_000_000 / u128::from(limit.max(1));
                sum = sum.saturating_add(u64::try_from(parts).unwrap_or(u64::MAX).saturating_add(1));
            }
        }
        sum
    }

    /// The excess of all places.
    pub fn total_excess(&self) -> u64 {
        (0..self.frame.places as u32).map(|place| self.excess(place)).fold(0, u64::saturating_add)
    }
}

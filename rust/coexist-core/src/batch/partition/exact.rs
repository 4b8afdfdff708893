//! Branch and bound over a handful of groups: the best placement there is, or the proof that there is none.

use super::level::{Frame, Level, FORBIDDEN};
use super::{Effort, NOWHERE};

/// How many choices are looked at before the search gives up.
const CHOICES: usize = 200_000;

struct Search<'a> {
    frame: &'a Frame,
    level: &'a Level<'a>,
    order: Vec<u32>,
    place: Vec<u32>,
    held: Vec<u64>,
    /// The number of groups in a place.
    members: Vec<u32>,
    /// For each place the first place that nothing tells from it.
    twin: Vec<u32>,
    /// The weight of ties of each group to what is placed, by place.
    tied: Vec<i64>,
    best: Option<(i64, Vec<u32>)>,
    choices: usize,
}

/// A placement that costs less than `known` (any, without one). The flag is true when the search looked at everything that matters.
pub(super) fn search(frame: &Frame, level: &Level, known: Option<i64>, effort: &mut Effort) -> (Option<Vec<u32>>, bool) {
    let mut order: Vec<u32> = (0..level.len() as u32).collect();
    order.sort_by_cached_key(|group| {
        let row = &frame.prices[level.rule[*group as usize] as usize * frame.places..][..frame.places];
        (std::cmp::Reverse(level.load(*group).to_vec()), row.iter().filter(|price| **price != FORBIDDEN).count(), *group)
    });
    let alike = |a: usize, b: usize| {
        frame.capacity(a as u32) == frame.capacity(b as u32)
            && frame.prices.chunks_exact(frame.places).all(|row| row[a] == row[b])
            && !level.home.iter().any(|home| *home as usize == a || *home as usize == b)
    };
    let twin = (0..frame.places).map(|place| (0..place).find(|other| alike(*other, place)).unwrap_or(place) as u32).collect();
    let mut search = Search {
        frame,
        level,
        order,
        place: vec![NOWHERE; level.len()],
        held: vec![0; frame.places * frame.dimensions],
        members: vec![0; frame.places],
        twin,
        tied: vec![0; level.len() * frame.places],
        best: known.map(|cost| (cost, Vec::new())),
        choices: 0,
    };
    search.descend(0, 0);
    effort.spend(search.choices * frame.places);
    (search.best.map(|(_, place)| place).filter(|place| !place.is_empty() || level.len() == 0), search.choices < CHOICES)
}

impl Search<'_> {
    /// What a group costs in a place, given what is placed.
    fn cost(&self, group: u32, place: usize) -> Option<i64> {
        let price = self.frame.price(self.level.rule[group as usize], self.level.home[group as usize], place as u32);
        if price == FORBIDDEN {
            return None;
        }
        let row = &self.tied[group as usize * self.frame.places..][..self.frame.places];
        Some(self.level.people(group) * price + row.iter().sum::<i64>() - row[place])
    }

    fn descend(&mut self, depth: usize, cost: i64) {
        // Each group costs at least this much, wherever it goes.
        let mut least = cost;
        for at in depth..self.order.len() {
            match (0..self.frame.places).filter_map(|place| self.cost(self.order[at], place)).min() {
                Some(cost) => least += cost,
                None => return,
            }
        }
        if self.best.as_ref().is_some_and(|(best, _)| least >= *best) {
            return;
        }
        if depth == self.order.len() {
            self.best = Some((cost, self.place.clone()));
            return;
        }
        let (group, dimensions) = (self.order[depth], self.frame.dimensions);
        let mut options: Vec<(i64, usize)> = (0..self.frame.places).filter_map(|place| Some((self.cost(group, place)?, place))).collect();
        options.sort_unstable();
        for (step, place) in options {
            if self.choices >= CHOICES {
                return;
            }
            self.choices += 1;
            let level = self.level;
            let load = level.load(group);
            let fits = (load.iter().enumerate()).all(|(d, load)| load + self.held[place * dimensions + d] <= self.frame.capacities[place * dimensions + d]);
            // Of empty places that nothing tells apart only the first is tried.
            let first = (0..place).all(|other| self.twin[other] != self.twin[place] || self.members[other] > 0);
            if !fits || (self.members[place] == 0 && !first) {
                continue;
            }
            load.iter().enumerate().for_each(|(d, load)| self.held[place * dimensions + d] += load);
            self.members[place] += 1;
            self.place[group as usize] = place as u32;
            for &(other, weight) in level.ties(group) {
                self.tied[other as usize * self.frame.places + place] += i64::from(weight);
            }
            self.descend(depth + 1, cost + step);
            for &(other, weight) in level.ties(group) {
                self.tied[other as usize * self.frame.places + place] -= i64::from(weight);
            }
            self.place[group as usize] = NOWHERE;
            self.members[place] -= 1;
            load.iter().enumerate().for_each(|(d, load)| self.held[place * dimensions + d] -= load);
        }
    }
}

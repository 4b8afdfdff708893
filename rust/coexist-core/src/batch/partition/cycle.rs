//! One cycle: down to a coarse level and up again.

use super::coarsening::{cluster, contract, Clusters};
use super::level::{Frame, Level, FORBIDDEN};
use super::random::Random;
use super::rebalancing::rebalance;
use super::refinement::Searcher;
use super::state::State;
use super::{chains, initial, Division, Effort, NOWHERE};
use crate::watch::Watch;

/// How often the coarsest level is divided, at most.
const FIRST_DIVISIONS: usize = 8;
/// How many passes a level is refined by, at most.
const ROUNDS: usize = 6;
/// How many steps downhill a search takes before it turns back, at most.
const PATIENCE: usize = 5_000;

/// By how much limits are loosened for a while, in thousandths.
const LOOSENINGS: [u64; 2] = [30, 60];

/// One cycle's luck and effort.
pub(super) struct Cycle<'a> {
    frame: &'a Frame,
    finest: &'a Level<'a>,
    /// How much of the room to spare, in percent, is kept back until the groups themselves are refined.
    pub reserve: u64,
    pub random: Random,
    pub effort: Effort<'a>,
}

/// The levels above the groups: `coarse[i]` has the clusters `clusters[i]` of the level below it.
struct Hierarchy {
    coarse: Vec<Level<'static>>,
    clusters: Vec<Clusters>,
}

impl<'a> Cycle<'a> {
    pub fn new(frame: &'a Frame, finest: &'a Level<'a>, number: u64, watch: &'a dyn Watch) -> Self {
        Cycle { frame, finest, reserve: 0, random: Random::new(number), effort: Effort::new(watch) }
    }

    /// A division from nothing; the coarsest level is divided again and again until the allowance is spent.
    pub fn afresh(&mut self, share: u64, allowance: u64) -> Division {
        let (hierarchy, _) = self.coarsen(None, share);
        let coarsest = hierarchy.coarse.last().unwrap_or(self.finest);
        let mut best: Option<Division> = None;
        for _ in 0..FIRST_DIVISIONS {
            let place = initial::divide(self.frame, coarsest, &mut self.random, &mut self.effort);
            let division = self.refine(coarsest, place);
            if best.as_ref().is_none_or(|best| division.better(best)) {
                best = Some(division);
            }
            if self.effort.spent > allowance || self.effort.cancelled() {
                break;
            }
        }
        let place = best.map(|best| best.place).unwrap_or_default();
        self.uncoarsen(hierarchy, place)
    }

    /// A division that starts from the better of one or two; what either separates is joined on no level.
    pub fn again(&mut self, one: &Division, other: Option<&Division>, share: u64) -> Division {
        let better = other.filter(|other| other.better(one)).unwrap_or(one);
        let places = self.frame.places as u32;
        let labels = match other {
            Some(other) if places < 1 << 16 => one.place.iter().zip(&other.place).map(|(a, b)| a * places + b).collect(),
            _ => one.place.clone(),
        };
        let (hierarchy, _) = self.coarsen(Some(labels), share);
        let mut place = better.place.clone();
        for clusters in &hierarchy.clusters {
            let mut above = vec![0; clusters.count];
            clusters.of.iter().zip(&place).for_each(|(cluster, place)| above[*cluster as usize] = *place);
            place = above;
        }
        self.uncoarsen(hierarchy, place)
    }

    /// A division that starts with everyone at home.
    pub fn homeward(&mut self) -> Division {
        self.settle(self.finest.home.to_vec())
    }

    /// A division that starts from places of which some are missing or not allowed.
    pub fn settle(&mut self, wanted: Vec<u32>) -> Division {
        let mut place = wanted;
        let mut held = vec![0u64; self.frame.places * self.frame.dimensions];
        let mut waiting = Vec::new();
        for group in 0..self.finest.len() as u32 {
            let at = place[group as usize];
            if at == NOWHERE || self.frame.price(self.finest.rule[group as usize], NOWHERE, at) == FORBIDDEN {
                place[group as usize] = NOWHERE;
                waiting.push(group);
            } else {
                add(&mut held, at, self.finest.load(group));
            }
        }
        // The largest first: to where its ties are, if there is room, else where there is most room.
        waiting.sort_by_cached_key(|group| (std::cmp::Reverse(self.finest.load(*group).to_vec()), *group));
        let mut tied = vec![0u64; self.frame.places];
        for group in waiting {
            let ties = self.finest.ties(group);
            for (other, weight) in ties.iter().filter(|(other, _)| place[*other as usize] != NOWHERE) {
                tied[place[*other as usize] as usize] += u64::from(*weight);
            }
            let load = self.finest.load(group);
            let rank = |to: u32| {
                let row = &held[to as usize * self.frame.dimensions..][..self.frame.dimensions];
                let fits = row.iter().zip(load).zip(self.frame.capacity(to)).all(|((held, load), capacity)| held + load <= *capacity);
                let price = self.frame.price(self.finest.rule[group as usize], self.finest.home[group as usize], to);
                let loss = price.saturating_mul(load[0] as i64).saturating_sub(tied[to as usize] as i64);
                let left = self.frame.capacity(to).iter().zip(row).map(|(capacity, held)| capacity.saturating_sub(*held)).min();
                (price == FORBIDDEN, !fits, loss, std::cmp::Reverse(left), to)
            };
            let to = (0..self.frame.places as u32).min_by_key(|to| rank(*to)).unwrap_or(0);
            place[group as usize] = to;
            add(&mut held, to, load);
            for (other, _) in ties.iter().filter(|(other, _)| place[*other as usize] != NOWHERE) {
                tied[place[*other as usize] as usize] = 0;
            }
            self.effort.spend(ties.len() + self.frame.places);
        }
        self.refine(self.finest, place)
    }

    /// Coarsens until few enough vertices are left; vertices of different labels stay apart.
    fn coarsen(&mut self, mut labels: Option<Vec<u32>>, share: u64) -> (Hierarchy, Option<Vec<u32>>) {
        let enough = (self.frame.places * 30).max(400);
        let total = self.finest.total();
        let bound: Vec<u64> = (0..self.frame.dimensions)
            .map(|d| {
                let mut capacities: Vec<u64> = (0..self.frame.places).map(|place| self.frame.capacities[place * self.frame.dimensions + d]).collect();
                capacities.sort_unstable();
                (capacities[capacities.len() / 2].min(total[d] / self.frame.places as u64) / share).max(1)
            })
            .collect();
        let mut hierarchy = Hierarchy { coarse: Vec::new(), clusters: Vec::new() };
        loop {
            let level = hierarchy.coarse.last().unwrap_or(self.finest);
            if level.len() <= enough || self.effort.cancelled() {
                break;
            }
            let clusters = cluster(level, &bound, labels.as_deref(), 3, &mut self.random);
            self.effort.spend(level.edges.len() * 4);
            if clusters.count * 20 > level.len() * 19 {
                break;
            }
            let coarse = contract(level, &clusters);
            if let Some(labels) = &mut labels {
                let mut above = vec![0; clusters.count];
                clusters.of.iter().zip(labels.iter()).for_each(|(cluster, label)| above[*cluster as usize] = *label);
                *labels = above;
            }
            hierarchy.coarse.push(coarse);
            hierarchy.clusters.push(clusters);
        }
        (hierarchy, labels)
    }

    /// Takes a division of the coarsest level down to the groups.
    fn uncoarsen(&mut self, mut hierarchy: Hierarchy, mut place: Vec<u32>) -> Division {
        while let Some(level) = hierarchy.coarse.pop() {
            place = self.refine(&level, place).place;
            let below = hierarchy.clusters.pop().map(|clusters| clusters.of).unwrap_or_default();
            place = below.iter().map(|cluster| place[*cluster as usize]).collect();
        }
        self.refine(self.finest, place)
    }

    /// What places may hold on a level.
    fn limits(&self, level: &Level) -> Vec<u64> {
        let mut limits = self.frame.capacities.clone();
        if self.reserve == 0 || level.len() == self.finest.len() {
            return limits;
        }
        for (d, total) in level.total().into_iter().enumerate() {
            let whole: u128 = limits.iter().skip(d).step_by(self.frame.dimensions).map(|limit| u128::from(*limit)).sum();
            for limit in limits.iter_mut().skip(d).step_by(self.frame.dimensions) {
                let share = (u128::from(*limit) * u128::from(total)).div_ceil(whole.max(1));
                let spare = u128::from(*limit).saturating_sub(share);
                *limit -= (spare * u128::from(self.reserve) / 100) as u64;
            }
        }
        limits
    }

    /// Brings a level under its limits and improves it.
    fn refine(&mut self, level: &Level, place: Vec<u32>) -> Division {
        let finest = level.len() == self.finest.len();
        let mut state = State::new(self.frame, level, place, self.limits(level));
        self.effort.spend(level.edges.len() * 2);
        rebalance(&mut state, &mut self.effort);
        let mut searcher = Searcher::new(level.len());
        let patience = (level.len() / 8).clamp(50, PATIENCE);
        for _ in 0..ROUNDS {
            let before = state.cost;
            let fell = searcher.pass(&mut state, patience, &mut self.random, &mut self.effort);
            if fell * 500 <= before {
                break;
            }
        }
        for loosening in LOOSENINGS {
            self.loosen(&mut state, &mut searcher, patience, loosening);
        }
        // Below the groups a chain need only help; among the groups it is the last means against a place that holds too much.
        let steps = if finest { u64::MAX } else { 4 * level.edges.len() as u64 };
        chains::exchange(&mut state, &mut self.effort, steps);
        Division::of(state)
    }

    /// Full places allow few moves. With a little more room a search goes where it could not; what it found is brought back under the limits, and kept if it
    /// is better even so.
    fn loosen<'b>(&mut self, state: &mut State<'b>, searcher: &mut Searcher, patience: usize, thousandths: u64) {
        let kept = (state.total_excess(), state.cost);
        let place = state.place.clone();
        let limits = state.limits.clone();
        state.limits.iter_mut().for_each(|limit| *limit = limit.saturating_add((u128::from(*limit) * u128::from(thousandths) / 1_000) as u64).saturating_add(1));
        searcher.pass(state, patience, &mut self.random, &mut self.effort);
        state.limits = limits;
        rebalance(state, &mut self.effort);
        searcher.pass(state, patience, &mut self.random, &mut self.effort);
        if (state.total_excess(), state.cost) > kept {
            *state = State::new(state.frame, state.level, place, std::mem::take(&mut state.limits));
            self.effort.spend(state.level.edges.len() * 2);
        }
    }
}

fn add(held: &mut [u64], place: u32, load: &[u64]) {
    held[place as usize * load.len()..][..load.len()].iter_mut().zip(load).for_each(|(held, load)| *held += load);
}

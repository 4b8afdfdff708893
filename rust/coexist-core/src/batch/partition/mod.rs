//! Placing groups so that little tie weight lies between places, and no place ever holds more than it can.
//!
//! A multilevel method: the graph of groups is coarsened by clusters ([`coarsening`]), the coarsest level is divided ([`initial`]), and on the way back every
//! level is brought under its limits ([`rebalancing`]) and improved ([`refinement`], [`chains`]). Further cycles start from the best division so far and
//! coarsen without joining what it separates, so they never lose; where two divisions are combined, nothing is joined that either separates. Where room is
//! the trouble, [`packing`] comes first; a handful of groups is searched through ([`exact`]).
//!
//! Effort is counted in steps, never in time, and what runs at once does not talk: the same input gives the same output on any machine.

mod chains;
mod coarsening;
mod cycle;
mod exact;
mod initial;
mod level;
mod packing;
mod random;
mod rebalancing;
mod refinement;
mod state;
#[cfg(test)]
mod tests;

use rayon::prelude::*;

use self::cycle::Cycle;
use self::level::{Frame, Level, FORBIDDEN};
use self::packing::Packing;
use self::random::Random;
use self::state::State;
use super::placement::{Placement, NOWHERE};
use crate::watch::Watch;

/// No placement was found: what has no place, and where the rest could stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stuck {
    /// The groups without a place, ascending.
    pub unplaced: Vec<u32>,
    /// The place of each group, [`NOWHERE`] for the unplaced; no place holds more than it can.
    pub places: Vec<u32>,
}

/// Steps taken, and whether to go on.
struct Effort<'a> {
    spent: u64,
    watch: &'a dyn Watch,
}

impl<'a> Effort<'a> {
    fn new(watch: &'a dyn Watch) -> Self {
        Effort { spent: 0, watch }
    }

    fn spend(&mut self, steps: usize) {
        self.spent += steps as u64;
    }

    fn cancelled(&self) -> bool {
        self.watch.cancelled()
    }
}

/// A division of all groups.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Division {
    /// By how much places are over their capacities: 0 in a placement.
    excess: u64,
    cost: i64,
    place: Vec<u32>,
}

impl Division {
    fn of(state: State) -> Self {
        Division { excess: state.total_excess(), cost: state.cost, place: state.place }
    }

    fn better(&self, other: &Self) -> bool {
        (self.excess, self.cost) < (other.excess, other.cost)
    }
}

/// How many groups are few enough to search through.
const HANDFUL: usize = 12;
/// How many divisions compete.
const POPULATION: usize = 8;
/// How many cycles run at once; a constant, for the outcome must not depend on how many processors there are.
const ABREAST: usize = 2;
/// The shares of a place that a cluster may fill, one cycle after another: a fine hierarchy sees what a coarse one does not.
const SHARES: [u64; 4] = [3, 500, 18, 60];
/// Where ties hardly cluster, coarse levels fill all places but one to the brim, and nothing moves thereafter; so room is kept back there, in percent of what
/// there is to spare: by divisions from scratch, and by later cycles.
const RESERVES: [u64; 2] = [80, 50];
/// How many times the usual steps such a graph is worth.
const SCATTERED: u64 = 3;

/// The place of each group: every group in one that its rule allows, no place over its capacity in any dimension, and as little tie weight between places, and
/// as low prices, as could be found.
///
/// Once the watch is cancelled, the best placement so far is returned as soon as may be.
pub fn place(placement: &Placement, watch: &dyn Watch) -> Result<Vec<u32>, Stuck> {
    if placement.groups() == 0 {
        return Ok(Vec::new());
    }
    let (frame, rule) = Frame::of(placement);
    let finest = Level::of(placement, &frame, rule);
    if hopeless(&frame, &finest) {
        return Err(stuck(&frame, &finest, None, watch));
    }
    let mut best = search(&frame, &finest, watch);
    if best.excess > 0 && proven(&frame, &finest) {
        return Err(stuck(&frame, &finest, Some(&best.place), watch));
    }
    if best.excess > 0 {
        best = pack(&frame, &finest, best, watch);
    }
    if finest.len() <= HANDFUL || (best.excess > 0 && finest.len() <= 3 * HANDFUL) {
        let known = (best.excess == 0).then_some(best.cost);
        if let (Some(place), _) = exact::search(&frame, &finest, known, &mut Effort::new(watch)) {
            return Ok(place);
        }
    }
    if best.excess > 0 {
        return Err(stuck(&frame, &finest, Some(&best.place), watch));
    }
    Ok(best.place)
}

/// True where a group has no place even when all others are away.
fn hopeless(frame: &Frame, level: &Level) -> bool {
    let fits = |group: u32, place: u32| {
        let price = frame.prices[level.rule[group as usize] as usize * frame.places + place as usize];
        price != FORBIDDEN && level.load(group).iter().zip(frame.capacity(place)).all(|(load, capacity)| load <= capacity)
    };
    (0..level.len() as u32).any(|group| !(0..frame.places as u32).any(|place| fits(group, place)))
}

/// True where a search that found no placement has thereby shown that there is none: all together are too much, or all count alike in the only dimension
/// (chains leave no augmenting path).
fn proven(frame: &Frame, level: &Level) -> bool {
    let alike = frame.dimensions == 1 && level.loads.windows(2).all(|pair| pair[0] == pair[1]);
    let capacity = |d: usize| frame.capacities.iter().skip(d).step_by(frame.dimensions).fold(0u64, |sum, capacity| sum.saturating_add(*capacity));
    alike || level.total().into_iter().enumerate().any(|(d, total)| total > capacity(d))
}

/// What can be placed without any place being over its capacity.
fn stuck(frame: &Frame, level: &Level, division: Option<&[u32]>, watch: &dyn Watch) -> Stuck {
    let mut packing = Packing::new(frame, level);
    if let Some(division) = division {
        packing.follow(division);
    }
    packing.complete(&mut Random::new(1), &mut Effort::new(watch));
    let unplaced = (0..level.len() as u32).filter(|group| packing.place[*group as usize] == NOWHERE).collect();
    Stuck { unplaced, places: packing.place }
}

/// How many steps a search may take: more for each tie of a small graph than of a large one.
fn budget(level: &Level, places: usize) -> u64 {
    let size = (level.len() + level.edges.len()) as u64;
    (size * size / 800 * (50 + places as u64) / 50).min(250_000_000).max((size * 300).min(1_000_000)).max(size * 20)
}

/// Divisions from scratch, or from home, then cycles over the best and combinations of the good, two at a time.
fn search(frame: &Frame, finest: &Level, watch: &dyn Watch) -> Division {
    let budget = budget(finest, frame.places);
    let mut spent = 0;
    let mut population: Vec<Division> = Vec::new();
    let people = |wanted: bool| -> i64 { (0..finest.len() as u32).filter(|group| (finest.home[*group as usize] != NOWHERE) == wanted).map(|group| finest.people(group)).sum() };
    let settled = people(true);
    if settled > 0 {
        let mut cycle = Cycle::new(frame, finest, 0, watch);
        population.push(cycle.homeward());
        spent += cycle.effort.spent;
    }
    let scratch = if settled <= people(false) { POPULATION } else { 0 };
    let weight: i64 = finest.edges.iter().map(|(_, weight)| i64::from(*weight)).sum::<i64>() / 2;
    let mut idle = 0;
    for round in 0u64.. {
        watch.progress("Placing groups", "", spent.min(budget), Some(budget));
        let fresh = population.is_empty() || (population.len() < scratch && spent * 4 < budget);
        // More than half of all tie weight lies between places.
        let scattered = frame.indifferent && population.first().is_some_and(|best| best.cost > weight / 2);
        let task = |lane: usize| {
            let number = round * ABREAST as u64 + lane as u64;
            let mut cycle = Cycle::new(frame, finest, 1 + number, watch);
            if scattered {
                cycle.reserve = RESERVES[usize::from(!fresh)];
            }
            let (division, parents) = if fresh {
                (cycle.afresh(SHARES[round as usize % SHARES.len()], budget / 16), None)
            } else {
                // One lane works on the best, the other on any two.
                let one = if lane == 0 { 0 } else { cycle.random.below(population.len()) };
                let other = cycle.random.below(population.len());
                let other = Some(other).filter(|other| *other != one);
                (cycle.again(&population[one], other.map(|other| &population[other]), SHARES[number as usize % SHARES.len()]), Some((one, other)))
            };
            (division, parents, cycle.effort.spent)
        };
        let children: Vec<_> = (0..ABREAST).into_par_iter().map(task).collect();
        let before = population.first().map(|best| (best.excess, best.cost));
        for (division, parents, steps) in children {
            spent += steps;
            let Some((one, other)) = parents else {
                population.push(division);
                continue;
            };
            // A child takes the place of the parent that it resembles more, so that the population stays varied.
            let like = |parent: usize| division.place.iter().zip(&population[parent].place).filter(|(a, b)| a == b).count();
            let heir = other.filter(|other| like(*other) > like(one)).unwrap_or(one);
            if division.better(&population[heir]) {
                population[heir] = division;
            }
        }
        population.sort();
        population.dedup();
        let after = population.first().map(|best| (best.excess, best.cost));
        idle = if before == after { idle + 1 } else { 0 };
        let allowed = if scattered { SCATTERED * budget } else { budget };
        if spent >= allowed || idle >= 8 || watch.cancelled() || after == Some((0, 0)) {
            break;
        }
    }
    population.swap_remove(0)
}

/// Where a search left places over their capacities: what does not fit goes elsewhere first, in several orders.
fn pack(frame: &Frame, finest: &Level, best: Division, watch: &dyn Watch) -> Division {
    let mut best = best;
    for attempt in 0..6 {
        let mut cycle = Cycle::new(frame, finest, 1_000 + attempt, watch);
        let mut packing = Packing::new(frame, finest);
        if attempt % 2 == 0 {
            packing.follow(&best.place);
        }
        let complete = packing.complete(&mut cycle.random, &mut cycle.effort);
        let division = cycle.settle(packing.place);
        if division.better(&best) {
            best = division;
        }
        if best.excess == 0 {
            let again = cycle.again(&best, None, SHARES[0]);
            return if again.better(&best) { again } else { best };
        }
        if watch.cancelled() || (complete && best.excess > 0) {
            break;
        }
    }
    best
}

//! The first division of the coarsest level: places are halved again and again, and each half grown from a seed.

use std::borrow::Cow;
use std::collections::BinaryHeap;

use super::coarsening::{cluster, contract};
use super::level::{Frame, Level, FORBIDDEN};
use super::random::Random;
use super::rebalancing::rebalance;
use super::refinement::Searcher;
use super::state::State;
use super::{Effort, NOWHERE};

/// Below this many vertices a half is grown directly.
const SMALL: usize = 120;
/// How many times a half is grown, the best being kept.
const TRIES: usize = 4;

/// A place for each vertex of a level; limits may be exceeded.
pub(super) fn divide(frame: &Frame, level: &Level, random: &mut Random, effort: &mut Effort) -> Vec<u32> {
    let mut place = vec![0; level.len()];
    let all: Vec<u32> = (0..level.len() as u32).collect();
    halve(frame, level, &all, 0, frame.places, &mut place, random, effort);
    place
}

#[allow(clippy::too_many_arguments)] // a recursion that carries its ground with it
fn halve(frame: &Frame, level: &Level, vertices: &[u32], from: usize, to: usize, place: &mut [u32], random: &mut Random, effort: &mut Effort) {
    if to - from <= 1 || vertices.is_empty() {
        vertices.iter().for_each(|vertex| place[*vertex as usize] = from as u32);
        return;
    }
    let middle = from + (to - from) / 2;
    let part = induced(level, vertices, |home| match home as usize {
        home if (from..middle).contains(&home) => 0,
        home if (middle..to).contains(&home) => 1,
        _ => NOWHERE,
    });
    let halves = halves(frame, &part, from, middle, to);
    let side = bisect(&halves, &part, random, effort);
    let pick = |wanted: u32| -> Vec<u32> { vertices.iter().zip(&side).filter(|(_, side)| **side == wanted).map(|(vertex, _)| *vertex).collect() };
    let (left, right) = (pick(0), pick(1));
    drop((part, side));
    halve(frame, level, &left, from, middle, place, random, effort);
    halve(frame, level, &right, middle, to, place, random, effort);
}

/// Two places that stand for two ranges of places: a half costs what its cheapest place costs, and may hold its share and a part of the slack.
fn halves(frame: &Frame, part: &Level, from: usize, middle: usize, to: usize) -> Frame {
    let total = part.total();
    let depth = u128::from((to - from).next_power_of_two().trailing_zeros().max(1));
    let mut capacities = vec![0; 2 * frame.dimensions];
    for d in 0..frame.dimensions {
        let sum = |range: std::ops::Range<usize>| range.map(|place| frame.capacities[place * frame.dimensions + d]).fold(0, u64::saturating_add);
        let sides = [sum(from..middle), sum(middle..to)];
        let whole = u128::from(sides[0]) + u128::from(sides[1]);
        for (at, side) in sides.into_iter().enumerate() {
            let share = u128::from(side) * u128::from(total[d]) / whole.max(1);
            let capacity = if side == u64::MAX { side } else { (share + u128::from(side).saturating_sub(share) / depth) as u64 };
            capacities[at * frame.dimensions + d] = capacity.max(share.min(u128::from(side)) as u64);
        }
    }
    let prices = (frame.prices.chunks_exact(frame.places))
        .flat_map(|row| [&row[from..middle], &row[middle..to]].map(|side| side.iter().copied().min().unwrap_or(FORBIDDEN)))
        .collect();
    Frame::new(2, frame.dimensions, capacities, prices, frame.leaving)
}

/// The part of a level that these vertices are, with their homes renamed.
fn induced(level: &Level, vertices: &[u32], rename: impl Fn(u32) -> u32) -> Level<'static> {
    let mut number = vec![u32::MAX; level.len()];
    for (at, vertex) in vertices.iter().enumerate() {
        number[*vertex as usize] = at as u32;
    }
    let mut starts = vec![0];
    let mut edges = Vec::new();
    for vertex in vertices {
        edges.extend(level.ties(*vertex).iter().map(|(other, weight)| (number[*other as usize], *weight)).filter(|(other, _)| *other != u32::MAX));
        starts.push(edges.len());
    }
    Level {
        starts: Cow::Owned(starts),
        edges: Cow::Owned(edges),
        loads: Cow::Owned(vertices.iter().flat_map(|vertex| level.load(*vertex)).copied().collect()),
        dimensions: level.dimensions,
        rule: Cow::Owned(vertices.iter().map(|vertex| level.rule[*vertex as usize]).collect()),
        home: Cow::Owned(vertices.iter().map(|vertex| rename(level.home[*vertex as usize])).collect()),
    }
}

/// Two sides by a hierarchy of its own.
fn bisect(frame: &Frame, level: &Level, random: &mut Random, effort: &mut Effort) -> Vec<u32> {
    if level.len() > SMALL {
        let bound: Vec<u64> = level.total().iter().map(|total| (total / 40).max(1)).collect();
        let clusters = cluster(level, &bound, None, 3, random);
        effort.spend(level.edges.len() * 4);
        if clusters.count * 20 < level.len() * 19 {
            let coarse = contract(level, &clusters);
            let side = bisect(frame, &coarse, random, effort);
            let place = clusters.of.iter().map(|cluster| side[*cluster as usize]).collect();
            let mut state = State::new(frame, level, place, frame.capacities.clone());
            refine(&mut state, random, effort);
            return state.place;
        }
    }
    let tries = if level.len() <= 4 * SMALL { TRIES } else { 3 };
    let mut best: Option<(u64, i64, Vec<u32>)> = None;
    for _ in 0..tries {
        let mut state = grow(frame, level, random, effort);
        refine(&mut state, random, effort);
        let excess = state.total_excess();
        if best.as_ref().is_none_or(|(least, cost, _)| (excess, state.cost) < (*least, *cost)) {
            best = Some((excess, state.cost, state.place));
        }
    }
    best.map(|(.., place)| place).unwrap_or_default()
}

fn refine(state: &mut State, random: &mut Random, effort: &mut Effort) {
    rebalance(state, effort);
    let mut searcher = Searcher::new(state.level.len());
    for _ in 0..3 {
        if searcher.pass(state, 50, random, effort) == 0 {
            break;
        }
    }
}

/// Side 0 grows from a vertex drawn by lot, always by the vertex that costs least, until it has its share.
fn grow<'a>(frame: &'a Frame, level: &'a Level<'a>, random: &mut Random, effort: &mut Effort) -> State<'a> {
    let start: Vec<u32> = level.rule.iter().map(|rule| u32::from(frame.prices[*rule as usize * 2 + 1] != FORBIDDEN)).collect();
    let mut state = State::new(frame, level, start, frame.capacities.clone());
    effort.spend(level.edges.len() * 2);
    let total = level.total();
    // The dimension that fills the places most decides when a side has its share.
    let d = (0..frame.dimensions)
        .max_by_key(|d| {
            let whole = u128::from(frame.capacities[*d]) + u128::from(frame.capacities[frame.dimensions + d]);
            (u128::from(total[*d]) * 1_000_000 / whole.max(1), usize::MAX - d)
        })
        .unwrap_or(0);
    let whole = u128::from(frame.capacities[d]) + u128::from(frame.capacities[frame.dimensions + d]);
    let share = (u128::from(total[d]) * u128::from(frame.capacities[d]) / whole.max(1)) as u64;
    let mut heap = BinaryHeap::new();
    let mut order: Vec<u32> = (0..level.len() as u32).collect();
    random.shuffle(&mut order);
    let mut order = order.into_iter();
    let mut tick = 0u32;
    while state.held[d] < share {
        let (expected, vertex) = match heap.pop() {
            Some((gain, _, vertex)) => (gain, vertex),
            None => match order.next() {
                Some(vertex) => (i64::MIN, vertex),
                None => break,
            },
        };
        if state.place[vertex as usize] == 0 || !state.fits(vertex, 0) {
            continue;
        }
        let Some(gain) = state.gain(vertex, 0) else { continue };
        if gain != expected && expected != i64::MIN {
            continue;
        }
        state.shift(vertex, 0, gain);
        effort.spend(level.degree(vertex) * 2 + 4);
        for (other, _) in level.ties(vertex) {
            if state.place[*other as usize] == 1 {
                if let Some(gain) = state.gain(*other, 0) {
                    tick += 1;
                    heap.push((gain, tick, *other));
                }
            }
        }
    }
    state
}

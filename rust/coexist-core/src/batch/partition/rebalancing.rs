//! Rebalancing: places that hold too much give away what it costs least to move, for its load.

use std::collections::BinaryHeap;

use super::level::FORBIDDEN;
use super::state::State;
use super::Effort;

/// Moves vertices out of places over their limits into places with room, as long as that is possible by single moves.
pub(super) fn rebalance(state: &mut State, effort: &mut Effort) {
    let over: Vec<bool> = (0..state.frame.places as u32).map(|place| state.excess(place) > 0).collect();
    if !over.contains(&true) {
        return;
    }
    let mut heap = BinaryHeap::new();
    for vertex in 0..state.level.len() as u32 {
        let at = state.place[vertex as usize];
        if over[at as usize] && relieves(state, vertex) {
            if let Some((gain, _)) = roomiest(state, vertex) {
                heap.push((worth(state, vertex, gain), vertex));
            }
        }
    }
    effort.spend(state.level.len() + heap.len() * 8);
    while let Some((expected, vertex)) = heap.pop() {
        if !relieves(state, vertex) {
            continue;
        }
        let Some((gain, to)) = roomiest(state, vertex) else { continue };
        let worth = worth(state, vertex, gain);
        if worth < expected {
            heap.push((worth, vertex));
            continue;
        }
        state.shift(vertex, to, gain);
        effort.spend(2 * state.level.degree(vertex) + 8);
    }
}

/// True where the place of a vertex is over a limit that the vertex counts against.
fn relieves(state: &State, vertex: u32) -> bool {
    let row = state.place[vertex as usize] as usize * state.frame.dimensions;
    state.level.load(vertex).iter().enumerate().any(|(d, load)| *load > 0 && state.held[row + d] > state.limits[row + d])
}

/// What a move is worth per unit of load, larger is better; the load is that in the dimensions that are over, in parts of the limit.
fn worth(state: &State, vertex: u32, gain: i64) -> i64 {
    let row = state.place[vertex as usize] as usize * state.frame.dimensions;
    let parts: u64 = (state.level.load(vertex).iter().enumerate())
        .filter(|(d, _)| state.held[row + d] > state.limits[row + d])
        .map(|(d, load)| (u128::from(*load) * 1_000_000 / u128::from(state.limits[row + d].max(1))).min(1_000_000) as u64)
        .sum();
    let parts = i64::try_from(parts).unwrap_or(i64::MAX).clamp(1, 1 << 24);
    if gain >= 0 {
        gain.saturating_mul(parts)
    } else {
        gain.saturating_mul(1 << 20) / parts
    }
}

/// The best place with room: among those it is tied to, else the cheapest, the emptier of equals.
fn roomiest(state: &State, vertex: u32) -> Option<(i64, u32)> {
    let best = state.best(vertex);
    if best.is_some() {
        return best;
    }
    let from = state.place[vertex as usize];
    (0..state.frame.places as u32)
        .filter(|to| *to != from && state.price(vertex, *to) != FORBIDDEN && state.fits(vertex, *to))
        .min_by_key(|to| (state.price(vertex, *to), state.held[*to as usize * state.frame.dimensions]))
        .and_then(|to| Some((state.gain(vertex, to)?, to)))
}

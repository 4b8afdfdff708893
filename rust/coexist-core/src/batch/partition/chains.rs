//! Chains: vertices that change places in a ring, or along a path that ends where there is room.
//!
//! Where places are full, no single move is possible; a ring of moves is. With one vertex a step and an arc from place to place that costs what the cheapest
//! such step costs, a ring that lowers the cost is a negative cycle (Sanders and Schulz 2013 refine perfectly balanced partitions so). One more node stands
//! for all room there is: a cycle through it is a path, and a reward for leaving a place that holds too much makes it an augmenting path. For vertices
//! that count alike in a single dimension this is min-cost flow by cycle cancelling: where it ends with a place over its limit no placement exists, and
//! where prices outweigh all ties they are at their least.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::state::State;
use super::Effort;

/// The reward for leaving a place over its limit: more than all else can cost.
const RELIEF: i128 = 1 << 100;
/// How many candidates a step keeps until they are looked for again.
const DEPTH: usize = 24;
const NONE: u32 = u32::MAX;

/// Improves until no chain does, or the effort is spent. Says whether anything changed.
pub(super) fn exchange(state: &mut State, effort: &mut Effort, steps: u64) -> bool {
    let mut changed = false;
    let end = effort.spent.saturating_add(steps);
    for people in commonest(state) {
        while effort.spent < end && !effort.cancelled() {
            let mut steps = Steps::collect(state, people);
            effort.spend(state.level.len() * 4 + state.frame.places * state.frame.places);
            let mut any = false;
            while effort.spent < end && !effort.cancelled() {
                match steps.improve(state, effort) {
                    Some(true) => any = true,
                    Some(false) => {}
                    None => break,
                }
            }
            changed |= any;
            if !any {
                break;
            }
        }
    }
    changed
}

/// The commonest numbers of people in a vertex, the commonest first.
fn commonest(state: &State) -> Vec<u64> {
    let mut people: Vec<u64> = (0..state.level.len() as u32).map(|vertex| state.level.load(vertex)[0]).collect();
    people.sort_unstable();
    let mut counts: Vec<(Reverse<usize>, u64)> = people.chunk_by(|a, b| a == b).map(|run| (Reverse(run.len()), run[0])).collect();
    counts.sort_unstable();
    counts.into_iter().take(6).map(|(_, people)| people).collect()
}

/// What may step from place to place.
struct Steps {
    people: u64,
    places: usize,
    /// For each pair of places the best candidates that are tied to the second, the best last: (gain, vertex).
    tied: Vec<Vec<(i64, u32)>>,
    /// For each place and each rule and home, the vertices that lose least by leaving, the best last: (place, weight of ties there, vertex).
    loose: Vec<Vec<(u64, u32)>>,
    loose_starts: Vec<usize>,
    /// The arcs between places, and the vertex that would go.
    arc: Vec<i128>,
    goer: Vec<u32>,
}

impl Steps {
    fn collect(state: &State, people: u64) -> Self {
        let places = state.frame.places;
        let mut tied: Vec<BinaryHeap<Reverse<(i64, u32)>>> = vec![BinaryHeap::new(); places * places];
        let mut loose: Vec<(u32, u32, u32, u64, u32)> = Vec::new();
        for vertex in (0..state.level.len() as u32).filter(|vertex| state.level.load(*vertex)[0] == people) {
            let from = state.place[vertex as usize];
            loose.push((from, state.level.rule[vertex as usize], state.level.home[vertex as usize], state.tied(vertex, from), vertex));
            for (to, weight) in state.tied_places(vertex) {
                if to == from || weight == 0 {
                    continue;
                }
                let Some(gain) = state.gain(vertex, to) else { continue };
                let best = &mut tied[from as usize * places + to as usize];
                if best.len() < DEPTH {
                    best.push(Reverse((gain, vertex)));
                } else if best.peek().is_some_and(|least| least.0 < (gain, vertex)) {
                    best.pop();
                    best.push(Reverse((gain, vertex)));
                }
            }
        }
        loose.sort_unstable();
        let mut lists = Vec::new();
        let mut loose_starts = vec![0];
        for run in loose.chunk_by(|a, b| (a.0, a.1, a.2) == (b.0, b.1, b.2)) {
            while loose_starts.len() <= run[0].0 as usize {
                loose_starts.push(lists.len());
            }
            lists.push(run.iter().take(DEPTH).rev().map(|item| (item.3, item.4)).collect());
        }
        loose_starts.resize(places + 1, lists.len());
        let nodes = places + 1;
        // Ascending order of the reversed is descending; the best belongs at the end.
        let tied = tied.into_iter().map(|heap| heap.into_sorted_vec().into_iter().rev().map(|item| item.0).collect()).collect();
        let mut steps = Steps { people, places, tied, loose: lists, loose_starts, arc: vec![i128::MAX; nodes * nodes], goer: vec![NONE; nodes * nodes] };
        (0..places as u32).for_each(|place| steps.row(state, place));
        steps
    }

    /// The arcs that leave a place, from candidates that are still what they were.
    fn row(&mut self, state: &State, from: u32) {
        let nodes = self.places + 1;
        let first = from as usize * nodes;
        for to in 0..self.places {
            (self.arc[first + to], self.goer[first + to]) = (i128::MAX, NONE);
            let list = &mut self.tied[from as usize * self.places + to];
            while let Some(&(gain, vertex)) = list.last() {
                if state.place[vertex as usize] == from && state.gain(vertex, to as u32) == Some(gain) {
                    (self.arc[first + to], self.goer[first + to]) = (-i128::from(gain), vertex);
                    break;
                }
                list.pop();
            }
        }
        for list in &mut self.loose[self.loose_starts[from as usize]..self.loose_starts[from as usize + 1]] {
            while list.last().is_some_and(|(tied, vertex)| state.place[*vertex as usize] != from || state.tied(*vertex, from) != *tied) {
                list.pop();
            }
            let Some(&(_, vertex)) = list.last() else { continue };
            for to in (0..self.places).filter(|to| *to != from as usize) {
                if let Some(gain) = state.gain(vertex, to as u32) {
                    if -i128::from(gain) < self.arc[first + to] {
                        (self.arc[first + to], self.goer[first + to]) = (-i128::from(gain), vertex);
                    }
                }
            }
        }
    }

    /// The arcs from and to the room there is.
    fn room(&mut self, state: &State) {
        let (nodes, dimensions) = (self.places + 1, state.frame.dimensions);
        for place in 0..self.places {
            let over = (0..dimensions).any(|d| state.held[place * dimensions + d] > state.limits[place * dimensions + d]);
            let room = state.held[place * dimensions].saturating_add(self.people) <= state.limits[place * dimensions];
            self.arc[place * nodes + self.places] = if room && !over { 0 } else { i128::MAX };
            self.arc[self.places * nodes + place] = if over { -RELIEF } else { 0 };
        }
        self.arc[self.places * nodes + self.places] = i128::MAX;
    }

    /// Goes along one cycle that promises to lower the cost. `None` when there is none, `Some(false)` when it did not keep the promise.
    fn improve(&mut self, state: &mut State, effort: &mut Effort) -> Option<bool> {
        self.room(state);
        let cycle = self.negative_cycle(effort)?;
        let nodes = self.places + 1;
        let mut moves: Vec<(u32, u32, u32)> = Vec::new();
        for (at, &from) in cycle.iter().enumerate() {
            let to = cycle[(at + 1) % cycle.len()];
            if from < self.places && to < self.places {
                moves.push((self.goer[from * nodes + to], from as u32, to as u32));
            }
        }
        // Arcs of places that no chain has touched may be out of date.
        let stale: Vec<u32> = (moves.iter())
            .filter(|(vertex, from, to)| {
                state.place[*vertex as usize] != *from || state.gain(*vertex, *to).map(|gain| -i128::from(gain)) != Some(self.arc[*from as usize * nodes + *to as usize])
            })
            .map(|(_, from, _)| *from)
            .collect();
        if !stale.is_empty() {
            stale.into_iter().for_each(|from| self.row(state, from));
            return Some(false);
        }
        let touched = |state: &State| moves.iter().flat_map(|(_, from, to)| [*from, *to]).map(|place| state.excess(place)).fold(0, u64::saturating_add);
        let before = (touched(state), state.cost);
        let mut done: Vec<(u32, u32, i64)> = Vec::new();
        for &(vertex, from, to) in &moves {
            if let Some(gain) = state.gain(vertex, to) {
                state.shift(vertex, to, gain);
                done.push((vertex, from, gain));
                effort.spend(2 * state.level.degree(vertex) + 8);
            }
        }
        let better = (touched(state), state.cost) < before;
        if !better {
            for (vertex, from, gain) in done.into_iter().rev() {
                state.shift(vertex, from, -gain);
            }
            // The candidates that disappointed are not tried again before the next collection.
            for &(vertex, from, to) in &moves {
                self.tied[from as usize * self.places + to as usize].retain(|item| item.1 != vertex);
                for list in &mut self.loose[self.loose_starts[from as usize]..self.loose_starts[from as usize + 1]] {
                    list.retain(|item| item.1 != vertex);
                }
            }
        }
        for &(_, from, _) in &moves {
            self.row(state, from);
        }
        Some(better)
    }

    /// The nodes of a cycle of negative length, by Bellman and Ford with every node as a start.
    fn negative_cycle(&self, effort: &mut Effort) -> Option<Vec<usize>> {
        let nodes = self.places + 1;
        let mut distance = vec![0i128; nodes];
        let mut before = vec![usize::MAX; nodes];
        for _ in 0..=nodes {
            effort.spend(nodes * nodes);
            let mut changed = false;
            for from in 0..nodes {
                let reached = distance[from];
                for (to, arc) in self.arc[from * nodes..(from + 1) * nodes].iter().enumerate() {
                    if *arc != i128::MAX && reached + arc < distance[to] {
                        distance[to] = reached + arc;
                        before[to] = from;
                        changed = true;
                    }
                }
            }
            if !changed {
                return None;
            }
            if let Some(cycle) = cycle_of(&before) {
                return Some(cycle);
            }
        }
        None
    }
}

/// A cycle among nodes that each know the one before them, in the direction of travel.
fn cycle_of(before: &[usize]) -> Option<Vec<usize>> {
    let mut seen = vec![usize::MAX; before.len()];
    for start in 0..before.len() {
        let mut at = start;
        while at != usize::MAX && seen[at] == usize::MAX {
            seen[at] = start;
            at = before[at];
        }
        if at != usize::MAX && seen[at] == start {
            let mut cycle = vec![at];
            let mut next = before[at];
            while next != at {
                cycle.push(next);
                next = before[next];
            }
            cycle.reverse();
            return Some(cycle);
        }
    }
    None
}

//! Refinement: searches in the manner of Fiduccia and Mattheyses that also take steps downhill, and go back to the best they saw.

use std::collections::BinaryHeap;

use super::random::Random;
use super::state::State;
use super::Effort;

/// What the searches of one level share.
pub(super) struct Searcher {
    heap: BinaryHeap<(i64, u32, u32)>,
    /// The gain under which a vertex waits in the heap.
    key: Vec<i64>,
    /// Vertices that were moved in this pass.
    moved: Vec<bool>,
    waiting: Vec<u32>,
    trail: Vec<(u32, u32, i64)>,
    tick: u32,
}

/// The key of a vertex that has not waited yet, and of one that found no place with room when its turn came.
const ABSENT: i64 = i64::MIN;
const HOMELESS: i64 = ABSENT + 1;

impl Searcher {
    pub fn new(vertices: usize) -> Self {
        Searcher { heap: BinaryHeap::new(), key: vec![ABSENT; vertices], moved: vec![false; vertices], waiting: Vec::new(), trail: Vec::new(), tick: 0 }
    }

    /// One pass from all restless vertices, the most promising first; each is moved once at most, and what came after the best is undone. `patience` is how
    /// many steps without a new best end it. Says by how much the cost fell.
    pub fn pass(&mut self, state: &mut State, patience: usize, random: &mut Random, effort: &mut Effort) -> i64 {
        let before = state.cost;
        let mut seeds: Vec<u32> = (0..state.level.len() as u32).filter(|vertex| state.restless(*vertex)).collect();
        random.shuffle(&mut seeds);
        self.moved.fill(false);
        effort.spend(seeds.len() + state.level.len());
        self.search(state, &seeds, patience, effort);
        before - state.cost
    }

    fn wait(&mut self, vertex: u32, gain: i64) {
        if self.key[vertex as usize] == ABSENT {
            self.waiting.push(vertex);
        }
        self.key[vertex as usize] = gain;
        self.tick = self.tick.wrapping_add(1);
        self.heap.push((gain, self.tick, vertex));
    }

    fn search(&mut self, state: &mut State, seeds: &[u32], patience: usize, effort: &mut Effort) {
        for &vertex in seeds {
            if let Some((gain, _)) = state.best(vertex) {
                self.wait(vertex, gain);
            }
        }
        let (mut best, mut best_at) = (state.cost, 0);
        while let Some((key, _, vertex)) = self.heap.pop() {
            if self.moved[vertex as usize] || self.key[vertex as usize] != key {
                continue;
            }
            let Some((gain, to)) = state.best(vertex) else {
                self.key[vertex as usize] = HOMELESS;
                continue;
            };
            if gain < key {
                self.wait(vertex, gain);
                continue;
            }
            let from = state.place[vertex as usize];
            self.moved[vertex as usize] = true;
            state.shift(vertex, to, gain);
            self.trail.push((vertex, from, gain));
            effort.spend(2 * state.level.degree(vertex) + 8);
            if state.cost < best {
                (best, best_at) = (state.cost, self.trail.len());
            } else if self.trail.len() - best_at > patience {
                break;
            }
            let level = state.level;
            for &(other, weight) in level.ties(vertex) {
                if self.moved[other as usize] {
                    continue;
                }
                let key = self.key[other as usize];
                let at = state.place[other as usize];
                if key == ABSENT || key == HOMELESS {
                    if let Some((gain, _)) = state.best(other) {
                        self.wait(other, gain);
                    }
                } else if at == from {
                    // All its gains grew by the weight: a bound, made exact when its turn comes.
                    self.wait(other, key + i64::from(weight));
                } else if at != to {
                    if let Some(gain) = state.gain(other, to).filter(|gain| *gain > key) {
                        self.wait(other, gain);
                    }
                }
            }
        }
        for (vertex, from, gain) in self.trail.drain(best_at..).rev() {
            state.shift(vertex, from, -gain);
        }
        self.trail.clear();
        self.heap.clear();
        for vertex in self.waiting.drain(..) {
            self.key[vertex as usize] = ABSENT;
        }
    }
}

//! Packing: where loads are heavy and places tight, room comes first and ties later.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::level::{Frame, Level, FORBIDDEN};
use super::random::Random;
use super::{Effort, NOWHERE};

/// A division in which some vertices may have no place, and no place holds too much.
pub(super) struct Packing<'a> {
    frame: &'a Frame,
    level: &'a Level<'a>,
    pub place: Vec<u32>,
    held: Vec<u64>,
    inside: Vec<Vec<u32>>,
    /// Where a vertex stands in the list of its place.
    at: Vec<u32>,
}

impl<'a> Packing<'a> {
    pub fn new(frame: &'a Frame, level: &'a Level<'a>) -> Self {
        Packing {
            frame,
            level,
            place: vec![NOWHERE; level.len()],
            held: vec![0; frame.places * frame.dimensions],
            inside: vec![Vec::new(); frame.places],
            at: vec![0; level.len()],
        }
    }

    /// Follows a division as far as rules and room allow, the largest first.
    pub fn follow(&mut self, wanted: &[u32]) {
        for vertex in self.by_size() {
            let to = wanted[vertex as usize];
            if (to as usize) < self.frame.places && self.allowed(vertex, to) && self.fits(vertex, to) {
                self.put(vertex, to);
            }
        }
    }

    /// Places what has no place yet where it fits best, in the order of size; what does not fit puts out what is smaller. True when all have a place.
    pub fn complete(&mut self, random: &mut Random, effort: &mut Effort) -> bool {
        let waiting: Vec<u32> = self.by_size().into_iter().filter(|vertex| self.place[*vertex as usize] == NOWHERE).collect();
        let mut misfits = BinaryHeap::new();
        for vertex in waiting {
            match self.tightest(vertex) {
                Some(to) => self.put(vertex, to),
                None => misfits.push((self.size(vertex), Reverse(vertex))),
            }
            effort.spend(self.frame.places);
        }
        for _ in 0..2_000 + 4 * misfits.len().min(10_000) {
            let Some((size, Reverse(vertex))) = misfits.pop() else { break };
            if effort.cancelled() {
                misfits.push((size, Reverse(vertex)));
                break;
            }
            if let Some(to) = self.tightest(vertex) {
                self.put(vertex, to);
            } else if !self.swap_in(vertex, effort) {
                self.force(vertex, random, effort, &mut misfits);
            }
        }
        // What is still outside may fit by chance, the smallest first.
        for (_, Reverse(vertex)) in misfits.into_sorted_vec() {
            if let Some(to) = self.tightest(vertex) {
                self.put(vertex, to);
            }
        }
        !self.place.contains(&NOWHERE)
    }

    /// How much of the place that suits it best a vertex takes, in parts of a million.
    fn size(&self, vertex: u32) -> u64 {
        let part = |place: u32| {
            let row = self.level.load(vertex).iter().zip(self.frame.capacity(place));
            row.map(|(load, capacity)| u64::try_from(u128::from(*load) * 1_000_000 / u128::from((*capacity).max(1))).unwrap_or(u64::MAX)).max()
        };
        (0..self.frame.places as u32).filter(|place| self.allowed(vertex, *place)).filter_map(part).min().unwrap_or(u64::MAX)
    }

    fn by_size(&self) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.level.len() as u32).collect();
        let choice = |vertex: u32| self.frame.prices[self.level.rule[vertex as usize] as usize * self.frame.places..][..self.frame.places].iter();
        order.sort_by_cached_key(|vertex| (Reverse(self.size(*vertex)), choice(*vertex).filter(|price| **price != FORBIDDEN).count(), *vertex));
        order
    }

    fn allowed(&self, vertex: u32, place: u32) -> bool {
        self.frame.prices[self.level.rule[vertex as usize] as usize * self.frame.places + place as usize] != FORBIDDEN
    }

    /// True where a vertex fits, were `without` not there.
    fn fits_without(&self, vertex: u32, place: u32, without: Option<u32>) -> bool {
        let row = place as usize * self.frame.dimensions;
        (self.level.load(vertex).iter().enumerate()).all(|(d, load)| {
            let gone = without.map_or(0, |without| self.level.load(without)[d]);
            load + self.held[row + d] - gone <= self.frame.capacities[row + d]
        })
    }

    fn fits(&self, vertex: u32, place: u32) -> bool {
        self.fits_without(vertex, place, None)
    }

    fn put(&mut self, vertex: u32, place: u32) {
        for (d, load) in self.level.load(vertex).iter().enumerate() {
            self.held[place as usize * self.frame.dimensions + d] += load;
        }
        self.place[vertex as usize] = place;
        self.at[vertex as usize] = self.inside[place as usize].len() as u32;
        self.inside[place as usize].push(vertex);
    }

    fn take(&mut self, vertex: u32) {
        let place = self.place[vertex as usize];
        for (d, load) in self.level.load(vertex).iter().enumerate() {
            self.held[place as usize * self.frame.dimensions + d] -= load;
        }
        self.place[vertex as usize] = NOWHERE;
        let at = self.at[vertex as usize];
        self.inside[place as usize].swap_remove(at as usize);
        if let Some(moved) = self.inside[place as usize].get(at as usize) {
            self.at[*moved as usize] = at;
        }
    }

    /// The place with the least room in which a vertex fits; of equals the cheapest.
    fn tightest(&self, vertex: u32) -> Option<u32> {
        let price = |place: u32| self.frame.price(self.level.rule[vertex as usize], self.level.home[vertex as usize], place);
        (0..self.frame.places as u32).filter(|place| self.allowed(vertex, *place) && self.fits(vertex, *place)).min_by_key(|place| (self.left(*place), price(*place), *place))
    }

    /// The room that a place has left: parts in a million of the dimension that is fullest.
    fn left(&self, place: u32) -> u64 {
        let row = place as usize * self.frame.dimensions;
        let left = |d: usize| u128::from(self.frame.capacities[row + d] - self.held[row + d]) * 1_000_000 / u128::from(self.frame.capacities[row + d].max(1));
        (0..self.frame.dimensions).map(left).min().unwrap_or(0) as u64
    }

    /// Finds a place where one vertex inside can go elsewhere and so make room.
    fn swap_in(&mut self, vertex: u32, effort: &mut Effort) -> bool {
        for place in (0..self.frame.places as u32).filter(|place| self.allowed(vertex, *place)) {
            // The last in the list came last and are small.
            for at in (0..self.inside[place as usize].len()).rev().take(400) {
                let inside = self.inside[place as usize][at];
                effort.spend(1);
                if !self.fits_without(vertex, place, Some(inside)) {
                    continue;
                }
                effort.spend(self.frame.places);
                let elsewhere = (0..self.frame.places as u32).find(|other| *other != place && self.allowed(inside, *other) && self.fits(inside, *other));
                if let Some(elsewhere) = elsewhere {
                    self.take(inside);
                    self.put(inside, elsewhere);
                    self.put(vertex, place);
                    return true;
                }
            }
        }
        false
    }

    /// Puts a vertex into a place drawn by lot, and others out until it fits.
    fn force(&mut self, vertex: u32, random: &mut Random, effort: &mut Effort, misfits: &mut BinaryHeap<(u64, Reverse<u32>)>) {
        let empty = |place: u32| self.level.load(vertex).iter().zip(self.frame.capacity(place)).all(|(load, capacity)| load <= capacity);
        let places: Vec<u32> = (0..self.frame.places as u32).filter(|place| self.allowed(vertex, *place) && empty(*place)).collect();
        if places.is_empty() {
            return;
        }
        let place = places[random.below(places.len())];
        while !self.fits(vertex, place) {
            let inside = &self.inside[place as usize];
            // Of a few drawn by lot, one that makes enough room by itself, the smallest such, else the largest.
            let draw: Vec<u32> = (0..8).map(|_| inside[random.below(inside.len())]).collect();
            let out = (draw.iter().copied())
                .min_by_key(|out| if self.fits_without(vertex, place, Some(*out)) { (0, self.size(*out)) } else { (1, u64::MAX - self.size(*out)) })
                .unwrap_or(inside[0]);
            effort.spend(8 * self.frame.places);
            self.take(out);
            misfits.push((self.size(out), Reverse(out)));
        }
        self.put(vertex, place);
    }
}

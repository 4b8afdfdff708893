//! A placement, where one is easily found: groups follow a flow of what they take up, the heaviest first.

use super::flow::{flow, Flow};
use super::hall::Instance;
use super::places::Places;
use super::view::{Uniform, View};
use std::cmp::Reverse;

/// What a flow gave each kind: (kind, place, amount).
pub(super) type Shares = Vec<(u32, u32, u64)>;

/// The effort that setting aside one group for another may take, in steps.
const REPAIR: u64 = 20_000_000;

const NOWHERE: u32 = u32::MAX;

/// A place for each group, if this finds one. The shares are what the sums and counts allow.
pub(super) fn place(view: &View, uniform: Option<&Uniform>, shares: &[(Instance, Shares)]) -> Option<Vec<u32>> {
    if uniform.is_some() {
        // Alike groups: the flow of their number is a placement.
        let (instance, shares) = shares.last()?;
        let mut placement = vec![NOWHERE; view.problem.groups()];
        let mut waiting = vec![Vec::new(); view.kinds.len()];
        for (group, class) in view.class_of.iter().enumerate() {
            if instance.counts(view, group as u32) {
                waiting[view.classes[*class as usize].kind as usize].push(group as u32);
            } else {
                placement[group] = view.classes[*class as usize].allowed.iter().next()?;
            }
        }
        hand_out(&mut waiting, shares, &mut placement);
        return Some(placement);
    }
    let mut order: Vec<(f64, usize, u32)> = (0..view.problem.groups() as u32)
        .filter(|group| view.size(*group) > 0.0)
        .map(|group| (view.size(group), view.classes[view.class_of[group as usize] as usize].allowed.len(), group))
        .collect();
    order.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    let order: Vec<u32> = order.into_iter().map(|(_, _, group)| group).collect();
    let sums = shares.iter().filter(|(instance, _)| instance.dimension.is_some()).map(|(_, shares)| Some(shares.as_slice()));
    let mut placement = sums.chain([None]).find_map(|quota| Filling::new(view, quota).fill(&order))?;
    // Whoever takes up nothing that matters goes where it may.
    for (place, class) in placement.iter_mut().zip(&view.class_of).filter(|(place, _)| **place == NOWHERE) {
        *place = view.classes[*class as usize].allowed.iter().next()?;
    }
    Some(placement)
}

/// Gives the waiting groups of each kind the places that the flow gave them.
fn hand_out(waiting: &mut [Vec<u32>], shares: &[(u32, u32, u64)], placement: &mut [u32]) {
    waiting.iter_mut().for_each(|groups| groups.reverse());
    for (kind, place, amount) in shares {
        for _ in 0..*amount {
            if let Some(group) = waiting[*kind as usize].pop() {
                placement[group as usize] = *place;
            }
        }
    }
}

struct Filling<'v, 'p> {
    view: &'v View<'p>,
    /// Per kind what it may still use of each place by the flow.
    quota: Vec<Vec<(u32, u64)>>,
    dimension: usize,
    left: Vec<u64>,
    placement: Vec<u32>,
}

impl<'v, 'p> Filling<'v, 'p> {
    fn new(view: &'v View<'p>, shares: Option<&[(u32, u32, u64)]>) -> Self {
        let mut quota = vec![Vec::new(); view.kinds.len()];
        for (kind, place, amount) in shares.into_iter().flatten() {
            quota[*kind as usize].push((*place, *amount));
        }
        Filling {
            view,
            quota,
            dimension: view.relevant.first().copied().unwrap_or(0),
            left: view.problem.capacities.to_vec(),
            placement: vec![NOWHERE; view.problem.groups()],
        }
    }

    fn row(&self, place: u32) -> &[u64] {
        &self.left[place as usize * self.view.dimensions..][..self.view.dimensions]
    }

    fn fits(&self, group: u32, place: u32) -> bool {
        self.view.problem.load(group).iter().zip(self.row(place)).all(|(load, left)| load <= left)
    }

    fn put(&mut self, group: u32, place: u32) {
        let start = place as usize * self.view.dimensions;
        for (at, load) in self.view.problem.load(group).iter().enumerate() {
            if self.left[start + at] != u64::MAX {
                self.left[start + at] -= load;
            }
        }
        self.placement[group as usize] = place;
    }

    fn take(&mut self, group: u32) {
        let start = self.placement[group as usize] as usize * self.view.dimensions;
        for (at, load) in self.view.problem.load(group).iter().enumerate() {
            if self.left[start + at] != u64::MAX {
                self.left[start + at] += load;
            }
        }
        self.placement[group as usize] = NOWHERE;
    }

    fn allowed(&self, group: u32) -> &'v Places {
        &self.view.classes[self.view.class_of[group as usize] as usize].allowed
    }

    fn fill(mut self, order: &[u32]) -> Option<Vec<u32>> {
        // The last ones, if they are alike and one number bounds them, are placed by a flow once the others stand.
        let alike = |group: &u32| self.view.problem.load(*group)[self.dimension];
        let tail = match (self.view.relevant.len(), order.last().map(alike)) {
            (1, Some(load)) if load > 0 => order.iter().rev().take_while(|group| alike(group) == load).count(),
            _ => 0,
        };
        let (head, tail) = order.split_at(order.len() - tail);
        let mut over = Vec::new();
        for group in head {
            match self.best(*group) {
                Some(place) => self.put(*group, place),
                None => over.push(*group),
            }
        }
        if !over.is_empty() && !self.repair(over) {
            return None;
        }
        if let Some(first) = tail.first() {
            self.finish(tail, self.view.problem.load(*first)[self.dimension])?;
        }
        Some(self.placement)
    }

    /// Where a group goes: the place of which the flow gave its kind most, else the allowed one with most left.
    fn best(&mut self, group: u32) -> Option<u32> {
        let load = self.view.problem.load(group)[self.dimension];
        let kind = self.view.classes[self.view.class_of[group as usize] as usize].kind as usize;
        let by_flow = self.quota[kind].iter().enumerate().filter(|(_, (place, amount))| *amount > 0 && self.fits(group, *place));
        if let Some((at, _)) = by_flow.max_by_key(|(at, (_, amount))| (*amount, Reverse(*at))) {
            let (place, amount) = &mut self.quota[kind][at];
            *amount = amount.saturating_sub(load.max(1));
            return Some(*place);
        }
        let mut best: Option<(f64, u32)> = None;
        for place in self.allowed(group).iter().filter(|place| self.fits(group, *place)) {
            let slack = self.slack(place);
            if best.is_none_or(|(most, _)| slack > most) {
                best = Some((slack, place));
            }
        }
        best.map(|(_, place)| place)
    }

    /// What is left of a place in the dimension of which least is left.
    fn slack(&self, place: u32) -> f64 {
        let of = |d: &usize| self.row(place)[*d] as f64 / self.view.problem.capacity(place)[*d].max(1) as f64;
        self.view.relevant.iter().map(of).fold(f64::INFINITY, f64::min)
    }

    /// Makes room for groups that found none by moving one other group each.
    fn repair(&mut self, over: Vec<u32>) -> bool {
        let mut there: Vec<Vec<u32>> = vec![Vec::new(); self.view.places];
        for (group, place) in self.placement.iter().enumerate().filter(|(_, place)| **place != NOWHERE) {
            there[*place as usize].push(group as u32);
        }
        let mut effort = REPAIR;
        'groups: for group in over {
            for place in self.allowed(group).iter() {
                for at in 0..there[place as usize].len() {
                    let other = there[place as usize][at];
                    let Some(rest) = effort.checked_sub(self.view.places as u64) else { return false };
                    effort = rest;
                    let (load, weight) = (self.view.problem.load(group), self.view.problem.load(other));
                    let makes_room = self.row(place).iter().zip(load.iter().zip(weight)).all(|(left, (load, weight))| load.saturating_sub(*weight) <= *left);
                    if !makes_room {
                        continue;
                    }
                    if let Some(to) = self.allowed(other).iter().find(|to| *to != place && self.fits(other, *to)) {
                        self.take(other);
                        self.put(other, to);
                        self.put(group, place);
                        there[place as usize].swap_remove(at);
                        there[place as usize].push(group);
                        there[to as usize].push(other);
                        continue 'groups;
                    }
                }
            }
            // Room may have come with the moves before.
            match self.allowed(group).iter().find(|place| self.fits(group, *place)) {
                Some(place) => self.put(group, place),
                None => return false,
            }
        }
        true
    }

    /// Places groups that all take up `load` of the one dimension that bounds them.
    fn finish(&mut self, tail: &[u32], load: u64) -> Option<()> {
        let mut waiting = vec![Vec::new(); self.view.kinds.len()];
        for group in tail {
            waiting[self.view.classes[self.view.class_of[*group as usize] as usize].kind as usize].push(*group);
        }
        let kinds: Vec<usize> = (0..waiting.len()).filter(|kind| !waiting[*kind].is_empty()).collect();
        let demands: Vec<(&Places, u64)> = kinds.iter().map(|kind| (&self.view.kinds[*kind], waiting[*kind].len() as u64)).collect();
        let room: Vec<Option<u64>> =
            (0..self.view.places as u32).map(|place| Some(self.row(place)[self.dimension]).filter(|left| *left < u64::MAX).map(|left| left / load)).collect();
        let Flow::Fits(shares) = flow(&demands, &room) else { return None };
        let shares: Shares = shares.into_iter().map(|(demand, place, amount)| (kinds[demand as usize] as u32, place, amount)).collect();
        hand_out(&mut waiting, &shares, &mut self.placement);
        Some(())
    }
}

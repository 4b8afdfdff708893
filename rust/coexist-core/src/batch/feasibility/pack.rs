//! Packing decided exactly, as far as an effort allows: every way is looked at, each state once.

use super::places::Places;
use hashbrown::HashSet;
use rustc_hash::FxBuildHasher;

/// What the search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Packing {
    /// Where each item goes.
    Placed(Vec<u32>),
    /// There is no way.
    Impossible,
    /// The effort ran out.
    Unknown,
}

/// Failed states are remembered up to this many.
const REMEMBERED: usize = 50_000;

/// One thing to be packed whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item<'a> {
    pub allowed: Places,
    pub load: &'a [u64],
}

/// Packs items into places with these capacities (a row per place, `u64::MAX` unbounded), spending `effort`.
pub(super) fn pack(items: &[Item], capacities: &[u64], dimensions: usize, effort: &mut u64) -> Packing {
    let places = capacities.len() / dimensions.max(1);
    let boundless = Places::of(places, |place| row(capacities, place, dimensions).iter().all(|cap| *cap == u64::MAX));
    let mut placed = vec![u32::MAX; items.len()];
    let mut order: Vec<u32> = Vec::new();
    for (at, item) in items.iter().enumerate() {
        match item.allowed.iter().find(|place| boundless.has(*place)) {
            Some(place) => placed[at] = place,
            None if item.allowed.is_empty() => return Packing::Impossible,
            None => order.push(at as u32),
        }
    }
    // The heaviest first, by the sum of what they take of the largest place; equals beside each other.
    let largest: Vec<u64> = (0..dimensions).map(|d| (0..places as u32).map(|place| row(capacities, place, dimensions)[d]).max().unwrap_or(0)).collect();
    let weight = |item: &Item| item.load.iter().zip(&largest).map(|(load, cap)| *load as f64 / (*cap).max(1) as f64).sum::<f64>();
    order.sort_by(|a, b| {
        let (one, other) = (&items[*a as usize], &items[*b as usize]);
        weight(other).total_cmp(&weight(one)).then_with(|| one.load.cmp(other.load)).then_with(|| one.allowed.cmp(&other.allowed))
    });
    let sorted: Vec<&Item> = order.iter().map(|at| &items[*at as usize]).collect();
    let mut need = vec![0u128; (sorted.len() + 1) * dimensions];
    for at in (0..sorted.len()).rev() {
        for d in 0..dimensions {
            need[at * dimensions + d] = need[(at + 1) * dimensions + d] + u128::from(sorted[at].load[d]);
        }
    }
    let mut search = Search {
        items: &sorted,
        need,
        dimensions,
        alike: alike(&sorted, places),
        left: capacities.to_vec(),
        chosen: vec![0; sorted.len()],
        failed: HashSet::default(),
        effort,
    };
    match search.from(0) {
        Some(true) => {
            for (at, place) in order.iter().zip(&search.chosen) {
                placed[*at as usize] = *place;
            }
            Packing::Placed(placed)
        }
        Some(false) => Packing::Impossible,
        None => Packing::Unknown,
    }
}

fn row(capacities: &[u64], place: u32, dimensions: usize) -> &[u64] {
    &capacities[place as usize * dimensions..][..dimensions]
}

/// For each place the first place that the same items may go to.
fn alike(items: &[&Item], places: usize) -> Vec<u32> {
    let column = |place: u32| items.iter().map(move |item| item.allowed.has(place));
    (0..places as u32).map(|place| (0..place).find(|other| column(*other).eq(column(place))).unwrap_or(place)).collect()
}

struct Search<'a> {
    items: &'a [&'a Item<'a>],
    /// Per item and dimension what it and all after it need.
    need: Vec<u128>,
    dimensions: usize,
    alike: Vec<u32>,
    left: Vec<u64>,
    chosen: Vec<u32>,
    failed: HashSet<Vec<u64>, FxBuildHasher>,
    effort: &'a mut u64,
}

impl Search<'_> {
    fn fits(&self, at: usize, place: u32) -> bool {
        self.items[at].allowed.has(place) && self.items[at].load.iter().zip(row(&self.left, place, self.dimensions)).all(|(load, left)| load <= left)
    }

    /// Whether the items from `at` on can be packed into what is left; `None` when the effort has run out.
    fn from(&mut self, at: usize) -> Option<bool> {
        if at == self.items.len() {
            return Some(true);
        }
        let places = self.alike.len() as u32;
        let work = ((self.items.len() - at) * places as usize * self.dimensions) as u64;
        match self.effort.checked_sub(work) {
            Some(rest) => *self.effort = rest,
            None => {
                *self.effort = 0;
                return None;
            }
        }
        for d in 0..self.dimensions {
            let bounded = (0..places).all(|place| row(&self.left, place, self.dimensions)[d] != u64::MAX);
            let left: u128 = (0..places).map(|place| u128::from(row(&self.left, place, self.dimensions)[d])).sum();
            if bounded && left < self.need[at * self.dimensions + d] {
                return Some(false);
            }
        }
        if (at..self.items.len()).any(|item| !(0..places).any(|place| self.fits(item, place))) {
            return Some(false);
        }
        // What is left, places that take the same items sorted among themselves: the order in which they were filled does not matter.
        let mut rows: Vec<(u32, &[u64])> = (0..places).map(|place| (self.alike[place as usize], row(&self.left, place, self.dimensions))).collect();
        rows.sort_unstable();
        let mut state: Vec<u64> = vec![at as u64];
        rows.iter().for_each(|(_, left)| state.extend_from_slice(left));
        if self.failed.contains(&state) {
            return Some(false);
        }
        let mut tried: Vec<u32> = Vec::new();
        for place in 0..places {
            let same = |other: &u32| {
                self.alike[*other as usize] == self.alike[place as usize]
                    && row(&self.left, *other, self.dimensions) == row(&self.left, place, self.dimensions)
            };
            if !self.fits(at, place) || tried.iter().any(same) {
                continue;
            }
            tried.push(place);
            let load = self.items[at].load;
            let start = place as usize * self.dimensions;
            // An unbounded dimension stays unbounded.
            let before = self.left[start..][..self.dimensions].to_vec();
            for (left, load) in self.left[start..].iter_mut().zip(load).filter(|(left, _)| **left != u64::MAX) {
                *left -= load;
            }
            self.chosen[at] = place;
            let done = self.from(at + 1)?;
            if done {
                return Some(true);
            }
            self.left[start..][..self.dimensions].copy_from_slice(&before);
        }
        if self.failed.len() < REMEMBERED {
            self.failed.insert(state);
        }
        Some(false)
    }
}

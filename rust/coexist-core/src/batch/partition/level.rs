//! One level of the hierarchy: a graph whose vertices are clusters of the groups below, and what may be done with them.

use std::borrow::Cow;

use super::super::placement::{Placement, NOWHERE};

/// The price of a place where a vertex may not go.
pub(super) const FORBIDDEN: i64 = i64::MAX;

/// What holds on every level: places, capacities and prices.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub places: usize,
    pub dimensions: usize,
    /// A row for each place.
    pub capacities: Vec<u64>,
    /// A row of a price per person and place for each rule.
    pub prices: Vec<i64>,
    /// The cheapest places of each rule.
    pub cheapest: Vec<Vec<u32>>,
    /// The price per person of leaving home.
    pub leaving: i64,
    /// True where every place is open to everyone at the same price, and homes do not matter.
    pub indifferent: bool,
}

impl Frame {
    pub fn new(places: usize, dimensions: usize, capacities: Vec<u64>, prices: Vec<i64>, leaving: i64) -> Self {
        let cheapest = prices
            .chunks_exact(places.max(1))
            .map(|row| {
                let least = row.iter().copied().min().unwrap_or(FORBIDDEN);
                let at_least = |(_, price): &(usize, &i64)| least != FORBIDDEN && **price == least;
                row.iter().enumerate().filter(at_least).map(|(place, _)| place as u32).collect()
            })
            .collect();
        let indifferent = leaving == 0 && prices.iter().all(|price| *price == 0);
        Frame { places, dimensions, capacities, prices, cheapest, leaving, indifferent }
    }

    /// What the placement says, with equal rules made one, and prices bounded so that sums stay far from the end of the numbers.
    pub fn of(placement: &Placement) -> (Self, Vec<u32>) {
        let places = placement.places();
        let people: u128 = (0..placement.groups() as u32).map(|group| u128::from(placement.load(group)[0])).sum();
        let ceiling = ((1u128 << 60) / (people + 1)).clamp(1, 1 << 60) as i64;
        let price = |cost: u64| i64::try_from(cost).unwrap_or(i64::MAX).min(ceiling);
        let row = |rule: usize| placement.rules[rule].cost.iter().map(|cost| cost.map_or(FORBIDDEN, |cost| price(cost.into())));
        let mut order: Vec<u32> = (0..placement.rules.len() as u32).collect();
        order.sort_by(|a, b| placement.rules[*a as usize].cost.cmp(&placement.rules[*b as usize].cost));
        let mut number = vec![0; order.len()];
        let mut prices = Vec::new();
        let mut count = 0;
        for at in 0..order.len() {
            let rule = order[at] as usize;
            if at == 0 || placement.rules[rule].cost != placement.rules[order[at - 1] as usize].cost {
                prices.extend(row(rule));
                count += 1;
            }
            number[rule] = count - 1;
        }
        let homes = placement.home.iter().any(|home| *home != NOWHERE);
        let leaving = if homes { price(placement.leaving) } else { 0 };
        let rule = placement.rule.iter().map(|rule| number[*rule as usize]).collect();
        (Frame::new(places, placement.dimensions, placement.capacities.to_vec(), prices, leaving), rule)
    }

    /// What a place costs one person of this rule and home.
    #[inline]
    pub fn price(&self, rule: u32, home: u32, place: u32) -> i64 {
        let price = self.prices[rule as usize * self.places + place as usize];
        if price == FORBIDDEN || home == NOWHERE || home == place {
            price
        } else {
            price + self.leaving
        }
    }

    pub fn capacity(&self, place: u32) -> &[u64] {
        &self.capacities[place as usize * self.dimensions..][..self.dimensions]
    }
}

/// A graph with what its vertices take up and where they may go.
#[derive(Debug, Clone)]
pub(super) struct Level<'a> {
    pub starts: Cow<'a, [usize]>,
    pub edges: Cow<'a, [(u32, u32)]>,
    /// A row of `dimensions` for each vertex.
    pub loads: Cow<'a, [u64]>,
    pub dimensions: usize,
    pub rule: Cow<'a, [u32]>,
    /// The home of each vertex; [`NOWHERE`] for all where homes do not matter.
    pub home: Cow<'a, [u32]>,
}

impl<'a> Level<'a> {
    /// The level of the groups themselves.
    pub fn of(placement: &Placement<'a>, frame: &Frame, rule: Vec<u32>) -> Self {
        let (starts, edges) = placement.graph.parts();
        // A home that is no place is left by everyone at the same price.
        let known = |home: &u32| if (*home as usize) < frame.places { *home } else { NOWHERE };
        let home = if frame.leaving > 0 { placement.home.iter().map(known).collect() } else { vec![NOWHERE; placement.groups()] };
        Level {
            starts: Cow::Borrowed(starts),
            edges: Cow::Borrowed(edges),
            loads: Cow::Borrowed(placement.loads),
            dimensions: placement.dimensions,
            rule: Cow::Owned(rule),
            home: Cow::Owned(home),
        }
    }

    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    #[inline]
    pub fn ties(&self, vertex: u32) -> &[(u32, u32)] {
        &self.edges[self.starts[vertex as usize]..self.starts[vertex as usize + 1]]
    }

    #[inline]
    pub fn degree(&self, vertex: u32) -> usize {
        self.starts[vertex as usize + 1] - self.starts[vertex as usize]
    }

    #[inline]
    pub fn load(&self, vertex: u32) -> &[u64] {
        &self.loads[vertex as usize * self.dimensions..][..self.dimensions]
    }

    #[inline]
    pub fn people(&self, vertex: u32) -> i64 {
        self.loads[vertex as usize * self.dimensions] as i64
    }

    /// What all vertices take up together.
    pub fn total(&self) -> Vec<u64> {
        let mut total = vec![0u64; self.dimensions];
        for row in self.loads.chunks_exact(self.dimensions) {
            total.iter_mut().zip(row).for_each(|(sum, load)| *sum = sum.saturating_add(*load));
        }
        total
    }
}

//! What is to be placed where: groups with loads, places with capacities, and what each may cost.

use super::graph::Graph;

/// No place.
pub const NOWHERE: u32 = u32::MAX;

/// Groups of people to be placed into places (nights, or batches of one night), each exactly once.
#[derive(Debug, Clone)]
pub struct Placement<'a> {
    /// The ties between groups; a vertex is a group.
    pub graph: &'a Graph,
    /// What a group takes up, one row of `dimensions` numbers for each (people, bytes, …). The first number counts people and is at least 1.
    pub loads: &'a [u64],
    /// How many numbers a row of `loads` and of `capacities` has.
    pub dimensions: usize,
    /// What a place can hold, one row for each; `u64::MAX` where it is unbounded.
    pub capacities: &'a [u64],
    /// Where groups may go; groups share few rules.
    pub rules: &'a [Rule],
    /// The rule of each group.
    pub rule: &'a [u32],
    /// Where each group stood before, or [`NOWHERE`]; empty for a first plan.
    pub home: &'a [u32],
    /// What it costs, per person, to leave home, in tie weight.
    pub leaving: u64,
}

/// Where the groups of one rule may go, and at what price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Per place: `None` where they may not go, else what it costs per person, in tie weight (0 for indifferent).
    pub cost: Vec<Option<u32>>,
}

impl Placement<'_> {
    /// How many groups.
    pub fn groups(&self) -> usize {
        self.graph.len()
    }

    /// How many places.
    pub fn places(&self) -> usize {
        self.capacities.len() / self.dimensions
    }

    /// What a group takes up.
    pub fn load(&self, group: u32) -> &[u64] {
        &self.loads[group as usize * self.dimensions..][..self.dimensions]
    }

    /// What a place can hold.
    pub fn capacity(&self, place: u32) -> &[u64] {
        &self.capacities[place as usize * self.dimensions..][..self.dimensions]
    }

    /// What it costs to put a group into a place, besides its ties: `None` where it may not go there.
    pub fn cost(&self, group: u32, place: u32) -> Option<u64> {
        let people = self.load(group)[0];
        let cost = u64::from(self.rules[self.rule[group as usize] as usize].cost[place as usize]?);
        let leaves = self.home.get(group as usize).is_some_and(|home| *home != NOWHERE && *home != place);
        Some(people * (cost + if leaves { self.leaving } else { 0 }))
    }
}

//! Few groups: decided by looking at every way, and reasons tightened until nothing can be left out.

use super::hall;
use super::pack::{pack, Item, Packing};
use super::reason::{Kind, Reason};
use super::view::View;
use super::{Verdict, EFFORT, PACKED};

/// Groups, constraints and capacities that together may be impossible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Core {
    pub groups: Vec<u32>,
    pub constraints: Vec<u32>,
    /// By their place in the capacities, ascending.
    pub cells: Vec<u32>,
}

impl Core {
    /// Everything that a problem has.
    fn all(view: &View, groups: Vec<u32>) -> Self {
        let mut constraints: Vec<u32> = groups.iter().flat_map(|group| view.problem.constraints_of(*group)).copied().collect();
        constraints.sort_unstable();
        constraints.dedup();
        let capacities = view.problem.capacities;
        Core { groups, constraints, cells: (0..capacities.len() as u32).filter(|cell| capacities[*cell as usize] < u64::MAX).collect() }
    }

    /// Packs the groups under nothing but what the core names.
    pub fn packing(&self, view: &View, effort: &mut u64) -> Packing {
        self.packing_with(view, |_, capacity| capacity, effort)
    }

    /// The same with capacities that are changed on the way.
    pub fn packing_with(&self, view: &View, change: impl Fn(u32, u64) -> u64, effort: &mut u64) -> Packing {
        let mut capacities = vec![u64::MAX; view.problem.capacities.len()];
        for cell in &self.cells {
            capacities[*cell as usize] = change(*cell, view.problem.capacities[*cell as usize]);
        }
        let items: Vec<Item> =
            self.groups.iter().map(|group| Item { allowed: view.allowed(&self.constraints_of(view, *group)), load: view.problem.load(*group) }).collect();
        pack(&items, &capacities, view.dimensions, effort)
    }

    /// The constraints of a group that the core names.
    pub fn constraints_of(&self, view: &View, group: u32) -> Vec<u32> {
        view.problem.constraints_of(group).iter().filter(|id| self.constraints.binary_search(id).is_ok()).copied().collect()
    }

    /// Leaves out one after another what is not needed; what cannot be decided stays.
    fn without(&mut self, view: &View, list: impl Fn(&mut Core) -> &mut Vec<u32>, effort: &mut u64) {
        for entry in list(self).clone() {
            let mut fewer = self.clone();
            list(&mut fewer).retain(|other| *other != entry);
            if fewer.packing(view, effort) == Packing::Impossible {
                *self = fewer;
            }
        }
    }
}

/// The reason that a proof by sums or counts gives; where it is small, freed of what only the sums needed.
pub(super) fn tighten(view: &View, proof: hall::Core) -> Reason {
    let mut core = Core { groups: proof.groups, constraints: proof.constraints, cells: proof.cells };
    if core.groups.len() <= PACKED {
        let mut effort = EFFORT;
        core.without(view, |core| &mut core.constraints, &mut effort);
        core.without(view, |core| &mut core.cells, &mut effort);
        if matches!(Reason::kind(view, &core), Kind::Packing | Kind::TooLarge { .. } | Kind::NoPlace) {
            core.without(view, |core| &mut core.groups, &mut effort);
        }
    }
    Reason::of(view, &core)
}

/// Decides what neither sums nor a placement have decided: everything if it is little, else the heaviest groups alone.
pub(super) fn decide(view: &View) -> Verdict {
    let all = view.problem.groups() as u32;
    let mut groups: Vec<u32> = (0..all).collect();
    if groups.len() > PACKED {
        let size = |group: u32| view.size(group);
        groups.sort_by(|a, b| size(*b).total_cmp(&size(*a)).then(a.cmp(b)));
        groups.truncate(PACKED);
        groups.sort_unstable();
    }
    let mut core = Core::all(view, groups);
    let mut effort = EFFORT;
    match core.packing(view, &mut effort) {
        Packing::Placed(placement) if core.groups.len() == all as usize => Verdict::Feasible(placement),
        Packing::Placed(_) | Packing::Unknown => Verdict::Unknown,
        Packing::Impossible => {
            let mut effort = EFFORT;
            core.without(view, |core| &mut core.groups, &mut effort);
            core.without(view, |core| &mut core.constraints, &mut effort);
            core.without(view, |core| &mut core.cells, &mut effort);
            Verdict::Infeasible(vec![Reason::of(view, &core)])
        }
    }
}

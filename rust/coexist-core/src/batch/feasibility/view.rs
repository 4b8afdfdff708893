//! The classes of a problem, and the questions to be asked of them.

use super::exact::Core;
use super::hall::Instance;
use super::places::Places;
use super::reason::Reason;
use super::Problem;
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

/// How many steps of "so many fit into one place" are asked for heavy groups.
const STEPS: u64 = 8;
/// How many distinct capacities are asked for heavy groups.
const CAPACITIES: usize = 4;

/// Groups with the same constraints and kept out of the same places by what they take up.
pub(super) struct Class {
    /// Where its groups may go and fit when nobody else is there.
    pub allowed: Places,
    /// The same as a number: classes that may go to the same places share it.
    pub kind: u32,
    /// Ascending.
    pub groups: Vec<u32>,
}

/// A problem, ordered.
pub(super) struct View<'a> {
    pub problem: &'a Problem<'a>,
    pub places: usize,
    pub dimensions: usize,
    pub classes: Vec<Class>,
    pub class_of: Vec<u32>,
    /// Where the classes of each kind may go.
    pub kinds: Vec<Places>,
    /// The dimensions in which some place cannot hold everything.
    pub relevant: Vec<usize>,
    /// The largest capacity in each dimension.
    pub largest: Vec<u64>,
}

/// What one constraint or one capacity is called among all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Element {
    Constraint(u32),
    /// By its place in the capacities.
    Cell(u32),
}

/// All groups that take up anything that matters take up the same.
pub(super) struct Uniform {
    pub load: Vec<u64>,
}

impl<'a> View<'a> {
    pub fn new(problem: &'a Problem<'a>) -> Self {
        let (places, dimensions) = (problem.places(), problem.dimensions.len());
        let mut sums = vec![0u128; dimensions];
        for row in problem.loads.chunks_exact(dimensions.max(1)) {
            sums.iter_mut().zip(row).for_each(|(sum, load)| *sum += u128::from(*load));
        }
        let relevant: Vec<usize> =
            (0..dimensions).filter(|d| (0..places as u32).any(|place| u128::from(problem.capacity(place)[*d]) < sums[*d])).collect();
        // A load's rank among the capacities says which of them it exceeds.
        let ranks: Vec<Vec<u64>> = (0..dimensions)
            .map(|d| {
                let mut caps: Vec<u64> = (0..places as u32).map(|place| problem.capacity(place)[d]).collect();
                caps.sort_unstable();
                caps.dedup();
                caps
            })
            .collect();
        let largest: Vec<u64> = ranks.iter().map(|caps| caps.last().copied().unwrap_or(0)).collect();
        let class_of = Vec::with_capacity(problem.groups());
        let mut view = View { problem, places, dimensions, classes: Vec::new(), class_of, kinds: Vec::new(), relevant, largest };
        let mut known: HashMap<(u32, u128), u32, FxBuildHasher> = HashMap::default();
        let mut kinds: HashMap<Places, u32, FxBuildHasher> = HashMap::default();
        for group in 0..problem.groups() as u32 {
            let set = problem.set[group as usize];
            let mut rank = 0u128;
            for (load, caps) in problem.load(group).iter().zip(&ranks) {
                let exceeded = if caps.first().is_some_and(|least| least < load) { caps.partition_point(|cap| cap < load) } else { 0 };
                rank = rank.wrapping_mul(caps.len() as u128 + 1).wrapping_add(exceeded as u128);
            }
            let class = *known.entry((set, rank)).or_insert_with(|| {
                let mut allowed = view.allowed(problem.constraints_of(group));
                view.blocking(group).for_each(|cell| allowed.remove(cell / dimensions as u32));
                let kind = match kinds.get(&allowed) {
                    Some(kind) => *kind,
                    None => {
                        kinds.insert(allowed.clone(), view.kinds.len() as u32);
                        view.kinds.push(allowed.clone());
                        view.kinds.len() as u32 - 1
                    }
                };
                view.classes.push(Class { allowed, kind, groups: Vec::new() });
                view.classes.len() as u32 - 1
            });
            view.classes[class as usize].groups.push(group);
            view.class_of.push(class);
        }
        view
    }

    /// Where these constraints let one go.
    pub fn allowed(&self, constraints: &[u32]) -> Places {
        let mut allowed = Places::all(self.places);
        constraints.iter().filter_map(|id| self.problem.constraints.get(*id as usize)).for_each(|constraint| allowed.keep(&constraint.allowed));
        allowed
    }

    /// The capacities that a group alone exceeds.
    pub fn blocking(&self, group: u32) -> impl Iterator<Item = u32> + use<'a> {
        let (load, capacities, dimensions) = (self.problem.load(group), self.problem.capacities, self.dimensions);
        (0..self.places * dimensions).filter(move |cell| load[cell % dimensions] > capacities[*cell]).map(|cell| cell as u32)
    }

    /// Where one element lets everybody go who has it.
    pub fn lets(&self, element: Element) -> Places {
        match element {
            Element::Constraint(id) => self.allowed(&[id]),
            Element::Cell(cell) => Places::of(self.places, |place| place != cell / self.dimensions as u32),
        }
    }

    /// How heavy a group is: the most that it takes of the largest capacity in a dimension that matters.
    pub fn size(&self, group: u32) -> f64 {
        let load = self.problem.load(group);
        self.relevant.iter().map(|d| load[*d] as f64 / self.largest[*d].max(1) as f64).fold(0.0, f64::max)
    }

    /// A reason for all groups that have nowhere to go even alone; those kept out by the same share one.
    pub fn stuck(&self) -> Vec<Reason> {
        let mut cores: Vec<Core> = Vec::new();
        let mut known: HashMap<(Vec<u32>, Vec<u32>), usize, FxBuildHasher> = HashMap::default();
        for class in self.classes.iter().filter(|class| class.allowed.is_empty()) {
            let core = self.alone(class.groups[0]);
            let at = *known.entry(core).or_insert_with_key(|(constraints, cells)| {
                cores.push(Core { groups: Vec::new(), constraints: constraints.clone(), cells: cells.clone() });
                cores.len() - 1
            });
            cores[at].groups.extend(&class.groups);
        }
        cores.into_iter().map(|core| Reason::alone(self, core)).collect()
    }

    /// The constraints and capacities that leave a group no place, none of them in vain: constraints alone if they do.
    fn alone(&self, group: u32) -> (Vec<u32>, Vec<u32>) {
        let constraints = self.problem.constraints_of(group);
        if self.allowed(constraints).is_empty() {
            return (self.contradiction(constraints), Vec::new());
        }
        let blocking: Vec<u32> = self.blocking(group).collect();
        let blocks = |place: u32| blocking.iter().find(|cell| **cell / self.dimensions as u32 == place);
        let mut core = constraints.to_vec();
        for id in constraints {
            let rest: Vec<u32> = core.iter().filter(|other| *other != id).copied().collect();
            if self.allowed(&rest).iter().all(|place| blocks(place).is_some()) {
                core = rest;
            }
        }
        let cells = self.allowed(&core).iter().filter_map(|place| blocks(place).copied()).collect();
        core.sort_unstable();
        (core, cells)
    }

    /// Constraints that together allow nothing, none of them in vain: one or two if that is enough.
    fn contradiction(&self, constraints: &[u32]) -> Vec<u32> {
        if let Some(one) = constraints.iter().find(|id| self.allowed(&[**id]).is_empty()) {
            return vec![*one];
        }
        for (at, one) in constraints.iter().enumerate() {
            if let Some(other) = constraints[at + 1..].iter().find(|other| self.allowed(&[*one, **other]).is_empty()) {
                return vec![*one.min(other), *one.max(other)];
            }
        }
        let mut core = constraints.to_vec();
        for id in constraints {
            let rest: Vec<u32> = core.iter().filter(|other| *other != id).copied().collect();
            if self.allowed(&rest).is_empty() {
                core = rest;
            }
        }
        core.sort_unstable();
        core
    }

    /// Whether all groups that take up anything that matters take up the same.
    pub fn uniform(&self) -> Option<Uniform> {
        let mut load: Option<&[u64]> = None;
        for row in (0..self.problem.groups() as u32).map(|group| self.problem.load(group)) {
            if self.relevant.iter().all(|d| row[*d] == 0) {
                continue;
            }
            let first = *load.get_or_insert(row);
            if self.relevant.iter().any(|d| first[*d] != row[*d]) {
                return None;
            }
        }
        Some(Uniform { load: (0..self.dimensions).map(|d| if self.relevant.contains(&d) { load.map_or(0, |load| load[d]) } else { 0 }).collect() })
    }

    /// The sum in each dimension; of groups that are all alike their number too.
    pub fn sums(&self, uniform: Option<&Uniform>) -> Vec<Instance> {
        let mut instances: Vec<Instance> = self.relevant.iter().map(|d| Instance::sum(self, *d)).collect();
        instances.extend(uniform.map(|uniform| Instance::count(self, &uniform.load)));
        instances
    }

    /// How many heavy groups one place can hold.
    pub fn counts(&self) -> Vec<Instance> {
        let mut instances = Vec::new();
        for d in &self.relevant {
            let mut caps: Vec<u64> = (0..self.places as u32).map(|place| self.problem.capacity(place)[*d]).filter(|cap| *cap < u64::MAX).collect();
            caps.sort_unstable_by(|a, b| b.cmp(a));
            caps.dedup();
            caps.truncate(CAPACITIES);
            let floor = caps.last().map_or(u64::MAX, |cap| cap / (STEPS + 1));
            let mut heavy: Vec<u64> = (0..self.problem.groups() as u32).map(|group| self.problem.load(group)[*d]).filter(|load| *load > floor).collect();
            heavy.sort_unstable();
            heavy.dedup();
            let mut least: Vec<u64> = Vec::new();
            for cap in caps {
                least.extend((1..=STEPS).filter_map(|step| heavy.get(heavy.partition_point(|load| *load <= cap / (step + 1))).copied()));
            }
            least.sort_unstable();
            least.dedup();
            for least in least.into_iter().filter(|least| *least > 1) {
                let mut row = vec![0; self.dimensions];
                row[*d] = least;
                instances.push(Instance::count(self, &row));
            }
        }
        instances
    }
}

//! Why groups cannot be placed, and how to say it.

use super::exact::Core;
use super::pack::Packing;
use super::places::Places;
use super::view::View;
use super::{Dimension, Problem, What, EFFORT, PACKED};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// No more constraints or groups than this are named one by one in a sentence.
const NAMED: usize = 3;

/// What kind of reason it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// The constraints leave no place to any of the groups.
    NoPlace,
    /// Each of the groups alone exceeds every place where it may go.
    TooLarge {
        /// The dimension in which it does, at the first of these places.
        dimension: Dimension,
        /// What the heaviest takes up of that.
        load: u64,
    },
    /// The places hold less than what may go nowhere else.
    Short {
        /// What they hold too little of.
        dimension: Dimension,
        /// What everybody takes up who may go nowhere else.
        need: u64,
        /// What the places hold.
        room: u64,
        /// How many groups may go nowhere else.
        groups: u64,
    },
    /// The places hold fewer groups of this weight than may go nowhere else.
    Crowded {
        /// What each of them takes up at least, where that matters.
        least: Vec<(Dimension, u64)>,
        /// How many such groups may go nowhere else.
        groups: u64,
        /// How many the places hold.
        room: u64,
    },
    /// The groups do not fit, whichever way they are packed, though their sums would.
    Packing,
}

/// A capacity that is needed for the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity {
    /// Of which place.
    pub place: u32,
    /// In what.
    pub dimension: Dimension,
    /// How much.
    pub holds: u64,
    /// By which rule.
    pub bound: u32,
}

/// Groups of a reason that share the constraints named in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crowd {
    /// These.
    pub constraints: Vec<u32>,
    /// How many groups.
    pub groups: u64,
    /// What they take up, a number per dimension.
    pub loads: Vec<u64>,
}

/// What would free the groups, as far as this reason goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remedy {
    /// This much more room where they may go; less is never enough.
    Room {
        /// Of what.
        dimension: Dimension,
        /// How much.
        amount: u64,
    },
    /// More places like these.
    Places {
        /// How many.
        count: u64,
    },
    /// The rule with a greater number at each of the places.
    Raise {
        /// Which rule.
        bound: u32,
        /// In what.
        dimension: Dimension,
        /// The smallest number that does.
        to: u64,
    },
    /// Giving up any one of the constraints that the reason names.
    Relax,
    /// Letting so much go elsewhere against the constraints that it now has.
    Elsewhere {
        /// Of what; groups without a dimension.
        dimension: Option<Dimension>,
        /// How much; less is never enough.
        amount: u64,
    },
}

/// A reason why groups cannot be placed, from which nothing can be left out: without any one of its constraints or capacities the rest is no proof. The groups
/// of [`Kind::NoPlace`] and [`Kind::TooLarge`] are each a proof alone; those of [`Kind::Short`] and [`Kind::Crowded`] are taken by what they share and may be
/// more than the proof needs; of [`Kind::Packing`] every group is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// What kind it is.
    pub kind: Kind,
    /// The groups that it is about, ascending; of [`Kind::TooLarge`] the heaviest first.
    pub groups: Vec<u32>,
    /// The constraints that it needs, ascending.
    pub constraints: Vec<u32>,
    /// The capacities that it needs, by place.
    pub capacities: Vec<Capacity>,
    /// Where the constraints named here let the groups go.
    pub places: Vec<u32>,
    /// The groups by the constraints that they share.
    pub crowds: Vec<Crowd>,
    /// What would free them.
    pub remedies: Vec<Remedy>,
}

/// What a sentence wants to have named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    /// A group: its person, or the first and how many others.
    Group(u32),
    /// Whom or what a constraint is about, in this group if one is given: "zoë@contoso.com", "Contoso Asia".
    Subject(u32, Option<u32>),
    /// A place: "4 March 2026".
    Place(u32),
    /// So many places: "24 nights".
    Places(u64),
    /// A rule that sets capacities: "peoplePerNight".
    Rule(u32),
}

impl Reason {
    /// The reason of groups of which each is a proof by itself: the heaviest stands for them.
    pub(super) fn alone(view: &View, mut core: Core) -> Self {
        if let Some(cell) = core.cells.first() {
            let load = |group: u32| view.problem.load(group)[*cell as usize % view.dimensions];
            core.groups.sort_by_key(|group| (Reverse(load(*group)), *group));
        }
        let first = Core { groups: core.groups[..1].to_vec(), constraints: core.constraints.clone(), cells: core.cells.clone() };
        let mut reason = Reason::of(view, &first);
        reason.crowds = crowds(view, &core);
        reason.groups = core.groups;
        reason
    }

    /// The reason that a core is.
    pub(super) fn of(view: &View, core: &Core) -> Self {
        let crowds = crowds(view, core);
        let mut places = Places::none(view.places);
        crowds.iter().for_each(|crowd| view.allowed(&crowd.constraints).iter().for_each(|place| places.add(place)));
        let mut reason = Reason {
            kind: Reason::kind(view, core),
            groups: core.groups.clone(),
            constraints: core.constraints.clone(),
            capacities: core.cells.iter().map(|cell| capacity(view, *cell)).collect(),
            places: places.iter().collect(),
            crowds,
            remedies: Vec::new(),
        };
        reason.remedies = remedies(view, core, &reason);
        reason
    }

    /// What kind of reason a core is.
    pub(super) fn kind(view: &View, core: &Core) -> Kind {
        let dimension = |cell: u32| cell as usize % view.dimensions;
        let Some(first) = core.cells.first() else { return Kind::NoPlace };
        if let [group] = core.groups[..] {
            return Kind::TooLarge { dimension: view.problem.dimensions[dimension(*first)], load: view.problem.load(group)[dimension(*first)] };
        }
        let open = open(view, core);
        let rooms = |cells: &mut dyn Iterator<Item = &u32>| -> u128 { cells.map(|cell| u128::from(view.problem.capacities[*cell as usize])).sum() };
        let d = dimension(*first);
        let mut inside = core.cells.iter().filter(|cell| open.has(*cell / view.dimensions as u32));
        let bounded = |place: u32| core.cells.iter().any(|cell| cell / view.dimensions as u32 == place);
        if inside.clone().all(|cell| dimension(*cell) == d) && open.iter().all(bounded) {
            let need = |groups: &[u32]| groups.iter().map(|group| u128::from(view.problem.load(*group)[d])).sum::<u128>();
            let room = rooms(&mut inside);
            if need(&core.groups) > room {
                let whole = whole(view, &open, |group| view.problem.load(group)[d] > 0);
                let clamp = |sum: u128| u64::try_from(sum).unwrap_or(u64::MAX);
                return Kind::Short { dimension: view.problem.dimensions[d], need: clamp(need(&whole)), room: clamp(room), groups: whole.len() as u64 };
            }
        }
        let least = least(view, core);
        let room: u64 = open.iter().map(|place| slots(view, core, place, &least).unwrap_or(u64::MAX)).fold(0, u64::saturating_add);
        if room < core.groups.len() as u64 {
            let whole = whole(view, &open, |group| view.problem.load(group).iter().zip(&least).all(|(load, least)| load >= least));
            let least = view.problem.dimensions.iter().copied().zip(least).filter(|(_, least)| *least > 0).collect();
            return Kind::Crowded { least, groups: whole.len() as u64, room };
        }
        Kind::Packing
    }

    /// The reason as a person would say it: what does not fit, which rule binds with its number, what would free it.
    pub fn sentence(&self, problem: &Problem, names: impl Fn(Name) -> String) -> String {
        let first = self.groups.first().copied().unwrap_or(0);
        let mut text = match &self.kind {
            Kind::NoPlace if self.constraints.is_empty() => format!("{} cannot go anywhere: there are {}", names(Name::Group(first)), names(Name::Places(0))),
            Kind::NoPlace => format!("{} can go nowhere{}", names(Name::Group(first)), self.others(", nor can")),
            Kind::TooLarge { dimension, load } => {
                let than = if self.constraints.is_empty() { "is more than any place holds" } else { "is more than any place holds where it may go" };
                format!("{} takes up {}, which {than}{}", names(Name::Group(first)), amount(*dimension, *load), self.others("; the same is true of"))
            }
            Kind::Short { dimension, need, room, .. } => {
                let (need, room) = amounts(*dimension, *need, *room);
                let places = self.places_text(&names);
                format!("{need} must go on {places}, which {} {room}", if self.bounded_places().len() == 1 { "holds" } else { "hold" })
            }
            Kind::Crowded { least, groups, room } => {
                let least: Vec<String> = least.iter().map(|(dimension, least)| amount(*dimension, *least)).collect();
                let hold = if self.bounded_places().len() == 1 { "holds" } else { "hold" };
                let only = if *room == 0 { "none".to_string() } else { grouped(*room) };
                format!("{} of {} or more each must go on {}, which {hold} {only} of them", groups_text(*groups), least.join(" and "), self.places_text(&names))
            }
            Kind::Packing => {
                let listed: Vec<String> = self.groups.iter().take(2 * NAMED).map(|group| self.group_text(problem, *group, &names)).collect();
                let others = self.groups.len() - listed.len();
                let more = if others > 0 { format!(" and {} more", groups_text(others as u64)) } else { String::new() };
                format!("{}{more} do not fit on {} whichever way they are divided, though their sum would", listed.join(", "), self.places_text(&names))
            }
        };
        if !self.capacities.is_empty() {
            text.push_str(&format!(" ({})", self.rules_text(&names)));
        }
        text.push_str(&self.constraints_text(problem, &names));
        text.push('.');
        let remedies: Vec<String> = self.remedies.iter().map(|remedy| self.remedy_text(remedy, &names)).collect();
        if !remedies.is_empty() {
            text.push_str(&format!(" What would help: {}.", remedies.join(", or ")));
        }
        text
    }

    /// How many more groups the same is true of.
    fn others(&self, so: &str) -> String {
        match self.groups.len().saturating_sub(1) {
            0 => String::new(),
            others => format!("{so} {} more", groups_text(others as u64)),
        }
    }

    fn bounded_places(&self) -> Vec<u32> {
        let mut places: Vec<u32> = self.capacities.iter().map(|capacity| capacity.place).filter(|place| self.places.contains(place)).collect();
        places.dedup();
        places
    }

    fn places_text(&self, names: &impl Fn(Name) -> String) -> String {
        places_text(&self.bounded_places(), names)
    }

    /// Each rule with its number, or the least and the greatest of them.
    fn rules_text(&self, names: &impl Fn(Name) -> String) -> String {
        let mut rules: Vec<(u32, Dimension, u64, u64)> = Vec::new();
        for capacity in &self.capacities {
            match rules.iter_mut().find(|(bound, dimension, ..)| (*bound, *dimension) == (capacity.bound, capacity.dimension)) {
                Some((_, _, least, most)) => (*least, *most) = ((*least).min(capacity.holds), (*most).max(capacity.holds)),
                None => rules.push((capacity.bound, capacity.dimension, capacity.holds, capacity.holds)),
            }
        }
        let text = |(bound, dimension, least, most): &(u32, Dimension, u64, u64)| match least == most {
            true => format!("{}: {}", names(Name::Rule(*bound)), number(*dimension, *most)),
            false => format!("{}: {} to {}", names(Name::Rule(*bound)), number(*dimension, *least), number(*dimension, *most)),
        };
        rules.iter().map(text).collect::<Vec<_>>().join("; ")
    }

    fn constraints_text(&self, problem: &Problem, names: &impl Fn(Name) -> String) -> String {
        let constraints = self.constraints.iter().filter_map(|id| Some((*id, problem.constraints.get(*id as usize)?)));
        match self.constraints.len() {
            0 => String::new(),
            count if count <= NAMED => {
                let clauses: Vec<String> = constraints.map(|(id, constraint)| self.clause(problem, id, constraint.what, names)).collect();
                format!(": {}", clauses.join("; "))
            }
            _ => {
                let whats: BTreeSet<What> = constraints.map(|(_, constraint)| constraint.what).collect();
                format!(", because of {}", whats.into_iter().map(What::plural).collect::<Vec<_>>().join(", "))
            }
        }
    }

    /// What a constraint says, as a clause.
    fn clause(&self, problem: &Problem, id: u32, what: What, names: &impl Fn(Name) -> String) -> String {
        let allowed = &problem.constraints[id as usize].allowed;
        // A sum is about all who share the constraint, every other reason about these very groups.
        let alone = !matches!(self.kind, Kind::Short { .. } | Kind::Crowded { .. });
        let holder = self.groups.iter().copied().find(|group| alone && problem.constraints_of(*group).contains(&id));
        let subject = names(Name::Subject(id, holder));
        let end = |place: Option<u32>| place.map_or_else(|| names(Name::Places(0)), |place| names(Name::Place(place)));
        let first = || end(allowed.iter().next());
        let last = || end(allowed.iter().last());
        let open = || places_text(&allowed.iter().collect::<Vec<_>>(), names);
        let closed = || places_text(&(0..problem.places() as u32).filter(|place| !allowed.has(*place)).collect::<Vec<_>>(), names);
        match what {
            What::NotBefore => format!("{subject} may not move before {}", first()),
            What::NotAfter => format!("{subject} may not move after {}", last()),
            What::Readiness => format!("{subject} is not ready before {}", first()),
            What::Pin => format!("{subject} is pinned to {}", open()),
            What::Freeze => format!("{subject} is already submitted for {}", open()),
            What::Pilot => format!("{subject} goes with the pilots on {}", open()),
            What::AfterPilots => format!("{subject} waits for the pilots until {}", first()),
            What::Vip => format!("{subject} does not go first, so not on {}", closed()),
            What::Blackout => format!("{} is blacked out for {subject}", closed()),
        }
    }

    fn group_text(&self, problem: &Problem, group: u32, names: &impl Fn(Name) -> String) -> String {
        let bounding = |dimension: &Dimension| self.capacities.iter().any(|capacity| capacity.dimension == *dimension);
        let loads: Vec<String> = problem
            .dimensions
            .iter()
            .zip(problem.load(group))
            .filter(|(dimension, _)| bounding(dimension))
            .map(|(dimension, load)| amount(*dimension, *load))
            .collect();
        format!("{} ({})", names(Name::Group(group)), loads.join(", "))
    }

    fn remedy_text(&self, remedy: &Remedy, names: &impl Fn(Name) -> String) -> String {
        match remedy {
            Remedy::Room { dimension, amount: more } => format!("room for {}", more_of(*dimension, *more)),
            Remedy::Places { count } => format!("{} more", names(Name::Places(*count))),
            Remedy::Raise { bound, dimension, to } => format!("{} of {}", names(Name::Rule(*bound)), number(*dimension, *to)),
            Remedy::Elsewhere { dimension: Some(dimension), amount: out } => format!("letting {} go elsewhere", amount(*dimension, *out)),
            Remedy::Elsewhere { dimension: None, amount: out } => format!("letting {} of them go elsewhere", grouped(*out)),
            Remedy::Relax if self.constraints.len() == 1 => "giving up that constraint".to_string(),
            Remedy::Relax => "giving up one of these constraints".to_string(),
        }
    }
}

impl What {
    fn plural(self) -> &'static str {
        match self {
            What::NotBefore => "dates before which people may not move",
            What::NotAfter => "dates after which people may not move",
            What::Pin => "pins",
            What::Freeze => "batches already submitted",
            What::Pilot => "the nights of the pilots",
            What::AfterPilots => "the wait for the pilots",
            What::Vip => "the rule that VIPs do not go first",
            What::Blackout => "blackouts",
            What::Readiness => "delays for readiness",
        }
    }
}

fn capacity(view: &View, cell: u32) -> Capacity {
    let dimensions = view.dimensions as u32;
    Capacity {
        place: cell / dimensions,
        dimension: view.problem.dimensions[(cell % dimensions) as usize],
        holds: view.problem.capacities[cell as usize],
        bound: view.problem.bounds.get(cell as usize).copied().unwrap_or(0),
    }
}

fn crowds(view: &View, core: &Core) -> Vec<Crowd> {
    let mut number: BTreeMap<Vec<u32>, usize> = BTreeMap::new();
    let mut crowds: Vec<Crowd> = Vec::new();
    let mut of_class: Vec<Option<usize>> = vec![None; view.classes.len()];
    for group in &core.groups {
        let known = &mut of_class[view.class_of[*group as usize] as usize];
        let at = *known.get_or_insert_with(|| {
            *number.entry(core.constraints_of(view, *group)).or_insert_with_key(|constraints| {
                crowds.push(Crowd { constraints: constraints.clone(), groups: 0, loads: vec![0; view.dimensions] });
                crowds.len() - 1
            })
        });
        crowds[at].groups += 1;
        crowds[at].loads.iter_mut().zip(view.problem.load(*group)).for_each(|(sum, load)| *sum = sum.saturating_add(*load));
    }
    number.into_values().map(|at| crowds[at].clone()).collect()
}

/// Where some group of a core may go and fit alone, under nothing but what the core names.
fn open(view: &View, core: &Core) -> Places {
    let mut open = Places::none(view.places);
    let mut seen = vec![false; view.classes.len()];
    for group in &core.groups {
        if std::mem::replace(&mut seen[view.class_of[*group as usize] as usize], true) {
            continue;
        }
        let mut allowed = view.allowed(&core.constraints_of(view, *group));
        view.blocking(*group).filter(|cell| core.cells.binary_search(cell).is_ok()).for_each(|cell| allowed.remove(cell / view.dimensions as u32));
        allowed.iter().for_each(|place| open.add(place));
    }
    open
}

/// Every group that takes part and may go nowhere but to these places.
fn whole(view: &View, open: &Places, counts: impl Fn(u32) -> bool) -> Vec<u32> {
    let classes = view.classes.iter().filter(|class| !class.allowed.is_empty() && class.allowed.within(open));
    classes.flat_map(|class| class.groups.iter().copied().filter(|group| counts(*group))).collect()
}

/// What every group of a core takes up in the dimensions that bind it.
fn least(view: &View, core: &Core) -> Vec<u64> {
    let binds = |d: usize| core.cells.iter().any(|cell| *cell as usize % view.dimensions == d);
    (0..view.dimensions).map(|d| if binds(d) { core.groups.iter().map(|group| view.problem.load(*group)[d]).min().unwrap_or(0) } else { 0 }).collect()
}

/// How many groups that take up at least this much a place holds, by the capacities that a core names.
fn slots(view: &View, core: &Core, place: u32, least: &[u64]) -> Option<u64> {
    let cells = core.cells.iter().filter(|cell| **cell / view.dimensions as u32 == place);
    cells.filter_map(|cell| view.problem.capacities[*cell as usize].checked_div(least[*cell as usize % view.dimensions])).min()
}

/// The smallest number above `from`, up to `to`, that does; what does must go on doing.
fn smallest(mut from: u64, mut to: u64, mut does: impl FnMut(u64) -> bool) -> Option<u64> {
    if !does(to) {
        return None;
    }
    while from + 1 < to {
        let middle = from + (to - from) / 2;
        if does(middle) {
            to = middle;
        } else {
            from = middle;
        }
    }
    Some(to)
}

fn remedies(view: &View, core: &Core, reason: &Reason) -> Vec<Remedy> {
    let mut remedies = Vec::new();
    let bounded: Vec<Capacity> = reason.capacities.iter().filter(|capacity| reason.places.contains(&capacity.place)).copied().collect();
    // A rule can be named as the one to raise if it alone sets all the capacities, in one dimension.
    let rule = bounded.first().filter(|first| bounded.iter().all(|other| (other.bound, other.dimension) == (first.bound, first.dimension)));
    let equal = rule.filter(|first| bounded.iter().all(|other| other.holds == first.holds));
    let lowest = bounded.iter().map(|capacity| capacity.holds).min().unwrap_or(0);
    let index = |dimension: Dimension| view.problem.dimensions.iter().position(|other| *other == dimension).unwrap_or(0);
    let mut effort = EFFORT;
    let mut raised = |to: u64| core.packing_with(view, |_, holds| holds.max(to), &mut effort);
    let few = core.groups.len() <= PACKED;
    match &reason.kind {
        Kind::NoPlace => {}
        Kind::TooLarge { dimension, load } => {
            if let Some(rule) = rule {
                remedies.push(Remedy::Raise { bound: rule.bound, dimension: *dimension, to: *load });
            }
        }
        Kind::Short { dimension, need, room, .. } => {
            let short = need.saturating_sub(*room);
            remedies.push(Remedy::Room { dimension: *dimension, amount: short });
            if let Some(equal) = equal.filter(|equal| equal.holds > 0) {
                remedies.push(Remedy::Places { count: short.div_ceil(equal.holds) });
            }
            if let Some(rule) = rule {
                let sum = |to: u64| bounded.iter().map(|capacity| u128::from(capacity.holds.max(to))).sum::<u128>() >= u128::from(*need);
                if let Some(to) = smallest(lowest, *need, |to| sum(to) && (!few || matches!(raised(to), Packing::Placed(_)))) {
                    remedies.push(Remedy::Raise { bound: rule.bound, dimension: *dimension, to });
                }
            }
        }
        Kind::Crowded { least, groups, room } => {
            let missing = groups.saturating_sub(*room);
            if let (Some(rule), [(dimension, least)]) = (rule, least.as_slice()) {
                if let Some(fit) = equal.map(|equal| equal.holds / least).filter(|fit| *fit > 0) {
                    remedies.push(Remedy::Places { count: missing.div_ceil(fit) });
                }
                let sum: u64 = core.groups.iter().map(|group| view.problem.load(*group)[index(*dimension)]).fold(0, u64::saturating_add);
                let enough = |to: u64| bounded.iter().map(|capacity| capacity.holds.max(to) / least).fold(0, u64::saturating_add) >= *groups;
                if let Some(to) = smallest(lowest, sum, |to| enough(to) && (!few || matches!(raised(to), Packing::Placed(_)))) {
                    remedies.push(Remedy::Raise { bound: rule.bound, dimension: *dimension, to });
                }
            }
        }
        Kind::Packing => {
            if let Some(rule) = rule.filter(|_| few) {
                let sum: u64 = core.groups.iter().map(|group| view.problem.load(*group)[index(rule.dimension)]).fold(0, u64::saturating_add);
                if let Some(to) = smallest(lowest, sum, |to| matches!(raised(to), Packing::Placed(_))) {
                    remedies.push(Remedy::Raise { bound: rule.bound, dimension: rule.dimension, to });
                }
            }
        }
    }
    if !reason.constraints.is_empty() {
        remedies.push(match reason.kind {
            Kind::Short { dimension, need, room, .. } => Remedy::Elsewhere { dimension: Some(dimension), amount: need.saturating_sub(room) },
            Kind::Crowded { groups, room, .. } => Remedy::Elsewhere { dimension: None, amount: groups.saturating_sub(room) },
            Kind::NoPlace | Kind::TooLarge { .. } | Kind::Packing => Remedy::Relax,
        });
    }
    remedies
}

fn places_text(places: &[u32], names: &impl Fn(Name) -> String) -> String {
    if places.is_empty() || places.len() > NAMED {
        return names(Name::Places(places.len() as u64));
    }
    places.iter().map(|place| names(Name::Place(*place))).collect::<Vec<_>>().join(", ")
}

fn groups_text(count: u64) -> String {
    format!("{} {}", grouped(count), if count == 1 { "group" } else { "groups" })
}

fn unit(dimension: Dimension, value: u64) -> &'static str {
    match (dimension, value) {
        (Dimension::People, 1) => "person",
        (Dimension::People, _) => "people",
        (Dimension::Bytes, _) => "GB",
        (Dimension::OneDrives, 1) => "OneDrive",
        (Dimension::OneDrives, _) => "OneDrives",
        (Dimension::Items, 1) => "item",
        (Dimension::Items, _) => "items",
    }
}

/// An amount with its unit.
fn amount(dimension: Dimension, value: u64) -> String {
    format!("{} {}", number(dimension, value), unit(dimension, value))
}

/// So much more.
fn more_of(dimension: Dimension, value: u64) -> String {
    format!("{} more {}", number(dimension, value), unit(dimension, value))
}

/// What is needed and what there is; in bytes where gigabytes would show no difference.
fn amounts(dimension: Dimension, need: u64, room: u64) -> (String, String) {
    if dimension == Dimension::Bytes && number(dimension, need) == number(dimension, room) {
        return (format!("{} bytes", grouped(need)), format!("{} bytes", grouped(room)));
    }
    (amount(dimension, need), amount(dimension, room))
}

/// An amount without its unit: bytes as gigabytes (as Exchange counts them) with one digit behind the point, rounded up.
fn number(dimension: Dimension, value: u64) -> String {
    if dimension != Dimension::Bytes {
        return grouped(value);
    }
    let tenths = (u128::from(value) * 10).div_ceil(1 << 30) as u64;
    match tenths % 10 {
        0 => grouped(tenths / 10),
        tenth => format!("{}.{tenth}", grouped(tenths / 10)),
    }
}

/// A number with its thousands apart.
fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

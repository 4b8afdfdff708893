//! Hall's condition: classes whose places together hold less than they need, with nothing in it that could be left out.

use super::flow::{flow, Flow};
use super::places::Places;
use super::view::{Element, View};
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;
use std::collections::BTreeMap;

/// One question in one number: what classes need and what places hold.
pub(super) struct Instance {
    /// Per class.
    pub needs: Vec<u64>,
    /// Per place; `None` is unbounded.
    pub room: Vec<Option<u64>>,
    /// The capacity that sets the room of each place, by its place in the capacities.
    cells: Vec<u32>,
    /// What a group must take up to be counted.
    pub least: Vec<u64>,
    /// The dimension that is summed; without one, groups are counted.
    pub dimension: Option<usize>,
}

impl Instance {
    /// What groups take up in one dimension.
    pub fn sum(view: &View, dimension: usize) -> Self {
        let load = |group: &u32| view.problem.load(*group)[dimension];
        let mut least = vec![0; view.dimensions];
        least[dimension] = 1;
        Instance {
            needs: view.classes.iter().map(|class| class.groups.iter().fold(0u64, |sum, group| sum.saturating_add(load(group)))).collect(),
            room: (0..view.places as u32).map(|place| Some(view.problem.capacity(place)[dimension]).filter(|cap| *cap < u64::MAX)).collect(),
            cells: (0..view.places).map(|place| (place * view.dimensions + dimension) as u32).collect(),
            least,
            dimension: Some(dimension),
        }
    }

    /// How many groups that take up at least this much one place can hold.
    pub fn count(view: &View, least: &[u64]) -> Self {
        let slots = |place: u32| {
            let capacity = view.problem.capacity(place);
            (0..view.dimensions).filter(|d| least[*d] > 0 && capacity[*d] < u64::MAX).map(|d| (capacity[d] / least[d], d)).min()
        };
        let mut instance = Instance { needs: Vec::new(), room: Vec::new(), cells: Vec::new(), least: least.to_vec(), dimension: None };
        instance.needs = view.classes.iter().map(|class| class.groups.iter().filter(|group| instance.counts(view, **group)).count() as u64).collect();
        for place in 0..view.places as u32 {
            let slots = slots(place);
            instance.room.push(slots.map(|(slots, _)| slots));
            instance.cells.push(place * view.dimensions as u32 + slots.map_or(0, |(_, d)| d as u32));
        }
        instance
    }

    /// Whether a group has a part in the question. Where all that matters are alike, whoever takes up nothing has none.
    pub fn counts(&self, view: &View, group: u32) -> bool {
        self.least.iter().any(|least| *least > 0) && view.problem.load(group).iter().zip(&self.least).all(|(load, least)| load >= least)
    }
}

/// How much of each kind goes where, or places that hold less than what may go nowhere else.
pub(super) fn violated(view: &View, instance: &Instance, gone: &[bool]) -> Result<Vec<(u32, u32, u64)>, Places> {
    inside(view, instance, gone, None)
}

fn inside(view: &View, instance: &Instance, gone: &[bool], within: Option<&Places>) -> Result<Vec<(u32, u32, u64)>, Places> {
    let mut needs = vec![0u64; view.kinds.len()];
    for (at, class) in view.classes.iter().enumerate() {
        if !gone[at] && within.is_none_or(|places| class.allowed.within(places)) {
            needs[class.kind as usize] = needs[class.kind as usize].saturating_add(instance.needs[at]);
        }
    }
    let kinds: Vec<u32> = (0..needs.len() as u32).filter(|kind| needs[*kind as usize] > 0).collect();
    let demands: Vec<(&Places, u64)> = kinds.iter().map(|kind| (&view.kinds[*kind as usize], needs[*kind as usize])).collect();
    match flow(&demands, &instance.room) {
        Flow::Fits(shares) => Ok(shares.into_iter().map(|(demand, place, amount)| (kinds[demand as usize], place, amount)).collect()),
        Flow::Short(places) => Err(places),
    }
}

/// Of these places the fewest that still hold too little: none of them can be left out.
pub(super) fn smallest(view: &View, instance: &Instance, gone: &[bool], mut places: Places) -> Places {
    let all: Vec<u32> = places.iter().collect();
    for place in all {
        if !places.has(place) {
            continue;
        }
        let mut fewer = places.clone();
        fewer.remove(place);
        if let Err(short) = inside(view, instance, gone, Some(&fewer)) {
            places = short;
        }
    }
    places
}

/// Why the classes of these places are too many for them.
pub(super) struct Core {
    /// Ascending.
    pub groups: Vec<u32>,
    pub constraints: Vec<u32>,
    /// By their place in the capacities.
    pub cells: Vec<u32>,
    /// Every class that may go nowhere else, whether it was needed for the proof or not.
    pub whole: Vec<u32>,
}

/// The constraints, capacities and groups that the proof needs. `places` must be the smallest.
pub(super) fn core(view: &View, instance: &Instance, gone: &[bool], places: &Places) -> Core {
    let whole: Vec<u32> = (0..view.classes.len() as u32)
        .filter(|at| !gone[*at as usize] && instance.needs[*at as usize] > 0 && view.classes[*at as usize].allowed.within(places))
        .collect();
    let room: u128 = places.iter().map(|place| instance.room[place as usize].map_or(u128::from(u64::MAX), u128::from)).sum();
    let need = |at: u32| u128::from(instance.needs[at as usize]);
    let mut total: u128 = whole.iter().map(|at| need(*at)).sum();

    // What keeps each class out of the other places.
    let mut masks: BTreeMap<Element, Places> = BTreeMap::new();
    let mut users: BTreeMap<Element, Vec<usize>> = BTreeMap::new();
    let mut kept: Vec<Option<Vec<Element>>> = Vec::new();
    for (index, at) in whole.iter().enumerate() {
        let group = view.classes[*at as usize].groups[0];
        let constraints = view.problem.constraints_of(group).iter().map(|id| Element::Constraint(*id));
        let cells = view.blocking(group).filter(|cell| !places.has(*cell / view.dimensions as u32)).map(Element::Cell);
        let mut elements: Vec<Element> = constraints.chain(cells).collect();
        elements.sort_unstable();
        elements.dedup();
        elements.retain(|element| {
            let mask = masks.entry(*element).or_insert_with(|| view.lets(*element));
            (0..view.places as u32).any(|place| !places.has(place) && !mask.has(place))
        });
        elements.iter().for_each(|element| users.entry(*element).or_default().push(index));
        kept.push(Some(elements));
    }
    // What few have goes first, so that what is left is what many share.
    let mut order: Vec<(usize, Element)> = users.iter().map(|(element, users)| (users.len(), *element)).collect();
    order.sort_unstable();
    for (_, element) in order {
        let holds_without = |elements: &[Element]| {
            let mut rest = Places::all(view.places);
            elements.iter().filter(|other| **other != element).filter_map(|other| masks.get(other)).for_each(|mask| rest.keep(mask));
            rest.within(places)
        };
        let depends: Vec<usize> =
            users[&element].iter().copied().filter(|index| kept[*index].as_ref().is_some_and(|elements| !holds_without(elements))).collect();
        let lost: u128 = depends.iter().map(|index| need(whole[*index])).sum();
        if total - lost > room {
            total -= lost;
            depends.iter().for_each(|index| kept[*index] = None);
            for index in &users[&element] {
                if let Some(elements) = kept[*index].as_mut() {
                    elements.retain(|other| *other != element);
                }
            }
        }
    }
    // Classes that are now alike stand and fall together.
    let mut bundles: HashMap<&[Element], usize, FxBuildHasher> = HashMap::default();
    let mut bundled: Vec<(u128, usize, Vec<u32>)> = Vec::new();
    for (index, elements) in kept.iter().enumerate() {
        if let Some(elements) = elements {
            let at = *bundles.entry(elements).or_insert_with(|| {
                bundled.push((0, index, Vec::new()));
                bundled.len() - 1
            });
            bundled[at].0 += need(whole[index]);
            bundled[at].2.push(whole[index]);
        }
    }
    bundled.sort_unstable();
    let mut groups = Vec::new();
    let mut elements: Vec<Element> = Vec::new();
    for (needs, first, classes) in bundled {
        if total - needs > room {
            total -= needs;
            continue;
        }
        elements.extend(kept[first].iter().flatten());
        let members = classes.iter().flat_map(|at| &view.classes[*at as usize].groups);
        groups.extend(members.filter(|group| instance.counts(view, **group)));
    }
    groups.sort_unstable();
    elements.extend(places.iter().map(|place| Element::Cell(instance.cells[place as usize])));
    elements.sort_unstable();
    elements.dedup();
    let constraints = elements.iter().filter_map(|element| match element {
        Element::Constraint(id) => Some(*id),
        Element::Cell(_) => None,
    });
    let cells = elements.iter().filter_map(|element| match element {
        Element::Cell(cell) => Some(*cell),
        Element::Constraint(_) => None,
    });
    Core { groups, constraints: constraints.collect(), cells: cells.collect(), whole }
}

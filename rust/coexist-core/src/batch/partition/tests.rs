use proptest::prelude::*;

use super::*;
use crate::batch::graph::Graph;
use crate::batch::placement::Rule;
use crate::watch::Unwatched;

/// A placement that owns what it works on.
#[derive(Debug, Clone)]
struct Case {
    graph: Graph,
    loads: Vec<u64>,
    dimensions: usize,
    capacities: Vec<u64>,
    rules: Vec<Rule>,
    rule: Vec<u32>,
    home: Vec<u32>,
    leaving: u64,
}

impl Case {
    /// Everyone counts one, may go anywhere, and places are alike.
    fn plain(graph: Graph, places: usize, capacity: u64) -> Self {
        let groups = graph.len();
        Case {
            graph,
            loads: vec![1; groups],
            dimensions: 1,
            capacities: vec![capacity; places],
            rules: vec![Rule { cost: vec![Some(0); places] }],
            rule: vec![0; groups],
            home: Vec::new(),
            leaving: 0,
        }
    }

    fn placement(&self) -> Placement<'_> {
        Placement {
            graph: &self.graph,
            loads: &self.loads,
            dimensions: self.dimensions,
            capacities: &self.capacities,
            rules: &self.rules,
            rule: &self.rule,
            home: &self.home,
            leaving: self.leaving,
        }
    }

    fn solve(&self) -> Result<Vec<u32>, Stuck> {
        place(&self.placement(), &Unwatched)
    }

    fn places(&self) -> usize {
        self.placement().places()
    }

    /// What a division costs; `None` where a rule or a capacity is broken. Groups that are nowhere are left out.
    fn cost(&self, place: &[u32]) -> Option<u64> {
        let placement = self.placement();
        let mut held = vec![0; self.capacities.len()];
        let mut cost = self.graph.cut(place);
        for (group, at) in place.iter().enumerate().filter(|(_, at)| **at != NOWHERE) {
            cost += placement.cost(group as u32, *at)?;
            for (d, load) in placement.load(group as u32).iter().enumerate() {
                held[*at as usize * self.dimensions + d] += load;
            }
        }
        held.iter().zip(&self.capacities).all(|(held, capacity)| held <= capacity).then_some(cost)
    }

    fn check(&self, outcome: &Result<Vec<u32>, Stuck>) -> Result<(), TestCaseError> {
        match outcome {
            Ok(place) => {
                prop_assert_eq!(place.len(), self.graph.len());
                prop_assert!(place.iter().all(|at| (*at as usize) < self.places()));
                prop_assert!(self.cost(place).is_some(), "a rule or a capacity is broken");
            }
            Err(stuck) => {
                prop_assert!(!stuck.unplaced.is_empty());
                let nowhere: Vec<u32> = (0..self.graph.len() as u32).filter(|group| stuck.places[*group as usize] == NOWHERE).collect();
                prop_assert_eq!(&stuck.unplaced, &nowhere);
                prop_assert!(self.cost(&stuck.places).is_some(), "what is placed breaks a rule or a capacity");
            }
        }
        Ok(())
    }

    /// The least cost of all divisions there are.
    fn least(&self) -> Option<u64> {
        let (groups, places) = (self.graph.len(), self.places());
        let mut place = vec![0u32; groups];
        let mut least = None;
        loop {
            if let Some(cost) = self.cost(&place) {
                least = Some(least.map_or(cost, |least: u64| least.min(cost)));
            }
            let Some(at) = place.iter().position(|at| *at as usize + 1 < places) else { return least };
            place[..at].fill(0);
            place[at] += 1;
        }
    }

    /// The least number of people who leave home, everyone counting one: shortest augmenting paths; `None` where no placement exists.
    fn fewest_leavers(&self) -> Option<u64> {
        let (groups, places) = (self.graph.len(), self.places());
        let price = |group: usize, at: usize| {
            self.rules[self.rule[group] as usize].cost[at].map(|_| i64::from(self.home.get(group).is_some_and(|home| *home != NOWHERE && *home as usize != at)))
        };
        let mut place: Vec<Option<usize>> = vec![None; groups];
        let mut held = vec![0; places];
        for next in 0..groups {
            // Distances over places: from `next`, then by moving someone on.
            let mut distance: Vec<Option<(i64, usize)>> = (0..places).map(|at| price(next, at).map(|price| (price, next))).collect();
            for _ in 0..places {
                for (group, from) in place.iter().enumerate() {
                    let Some(from) = *from else { continue };
                    let Some((reached, _)) = distance[from] else { continue };
                    for to in (0..places).filter(|to| *to != from) {
                        let Some(step) = price(group, to) else { continue };
                        let length = reached + step - price(group, from).unwrap();
                        if distance[to].is_none_or(|(known, _)| length < known) {
                            distance[to] = Some((length, group));
                        }
                    }
                }
            }
            let end = (0..places).filter(|at| held[*at] < self.capacities[*at]).filter_map(|at| Some((distance[at]?.0, at))).min()?.1;
            held[end] += 1;
            let mut at = end;
            loop {
                let group = distance[at].unwrap().1;
                let from = place[group].replace(at);
                match from {
                    Some(from) => at = from,
                    None => break,
                }
            }
        }
        Some((0..groups).map(|group| price(group, place[group].unwrap()).unwrap() as u64).sum())
    }
}

/// Random ties, rules, loads and homes; about half of the cases are tight.
fn cases(groups: std::ops::Range<usize>, places: std::ops::Range<usize>, heaviest: u64, dimensions: usize) -> impl Strategy<Value = Case> {
    (groups, places, 1..=dimensions).prop_flat_map(move |(groups, places, dimensions)| {
        let ties = prop::collection::vec((0..groups as u32, 0..groups as u32, 1..20u32), 0..groups * 3);
        let loads = prop::collection::vec(1..=heaviest, groups * dimensions);
        let shares = prop::collection::vec(60..180u64, places * dimensions);
        let rules = prop::collection::vec(prop::collection::vec(prop_oneof![3 => Just(Some(0)), 1 => Just(None), 1 => (1..5u32).prop_map(Some)], places), 1..4);
        let rule = prop::collection::vec(any::<prop::sample::Index>(), groups);
        let home = prop_oneof![
            Just(Vec::new()),
            prop::collection::vec(prop_oneof![4 => 0..places as u32, 1 => Just(NOWHERE)], groups)
        ];
        (ties, loads, shares, rules, rule, home, prop_oneof![Just(0u64), Just(3), Just(1_000_000)]).prop_map(move |(ties, loads, shares, rules, rule, home, leaving)| {
            let mut capacities = vec![0; places * dimensions];
            for d in 0..dimensions {
                let total: u64 = loads.iter().skip(d).step_by(dimensions).sum();
                for place in 0..places {
                    capacities[place * dimensions + d] = total.div_ceil(places as u64) * shares[place * dimensions + d] / 100;
                }
            }
            let rules: Vec<Rule> = rules.into_iter().map(|cost| Rule { cost }).collect();
            let rule = rule.into_iter().map(|index| index.index(rules.len()) as u32).collect();
            Case { graph: Graph::new(groups, ties), loads, dimensions, capacities, rules, rule, home, leaving }
        })
    })
}

/// Departments whose people are tied among themselves, and a little beyond.
fn departments(count: usize, size: usize) -> Graph {
    let mut random = Random::new(7);
    let mut ties = Vec::new();
    for person in 0..count * size {
        let first = person / size * size;
        for _ in 0..6 {
            ties.push((person as u32, (first + random.below(size)) as u32, 3));
        }
        ties.push((person as u32, random.below(count * size) as u32, 1));
    }
    // Nobody stands beside their colleagues.
    let mut name: Vec<u32> = (0..(count * size) as u32).collect();
    random.shuffle(&mut name);
    Graph::new(count * size, ties.into_iter().map(|(a, b, weight)| (name[a as usize], name[b as usize], weight)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn rules_and_capacities_are_kept(case in cases(1..90, 1..7, 9, 3)) {
        case.check(&case.solve())?;
    }

    #[test]
    fn a_handful_is_placed_at_the_least_cost_there_is(case in cases(1..8, 1..4, 5, 2)) {
        let outcome = case.solve();
        case.check(&outcome)?;
        prop_assert_eq!(outcome.ok().and_then(|place| case.cost(&place)), case.least());
    }

    #[test]
    fn people_who_count_alike_are_placed_whenever_it_is_possible(case in cases(40..70, 2..7, 1, 1)) {
        let outcome = case.solve();
        case.check(&outcome)?;
        prop_assert_eq!(outcome.is_ok(), case.fewest_leavers().is_some());
    }

    #[test]
    fn where_leaving_is_dear_the_fewest_leave(case in cases(13..50, 2..6, 1, 1)) {
        let mut case = Case { leaving: 1_000_000, ..case };
        case.rules.iter_mut().flat_map(|rule| &mut rule.cost).for_each(|cost| *cost = cost.map(|_| 0));
        let leavers = |place: &Vec<u32>| (0..place.len()).filter(|at| case.home.get(*at).is_some_and(|home| *home != NOWHERE && *home != place[*at])).count() as u64;
        prop_assert_eq!(case.solve().ok().as_ref().map(leavers), case.fewest_leavers());
    }

    #[test]
    fn who_has_a_home_stays_where_nothing_changed(case in cases(1..60, 1..6, 4, 2)) {
        let first = Case { home: Vec::new(), ..case.clone() }.solve();
        if let Ok(first) = first {
            let again = Case { home: first.clone(), leaving: 1_000_000, ..case };
            prop_assert_eq!(again.solve(), Ok(first));
        }
    }
}

#[test]
fn the_number_of_threads_does_not_matter() {
    let graph = departments(12, 60);
    let case = Case { loads: (0..720).map(|at| 1 + at % 3).collect(), ..Case::plain(graph, 9, 168) };
    let outcomes = [1, 2, 7].map(|threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(|| case.solve()));
    assert!(outcomes[0].is_ok());
    assert_eq!(outcomes[0], outcomes[1]);
    assert_eq!(outcomes[0], outcomes[2]);
}

#[test]
fn departments_that_fill_the_places_exactly_are_found() {
    let graph = departments(10, 40);
    let case = Case::plain(graph, 10, 40);
    let place = case.solve().unwrap();
    let cost = case.cost(&place).unwrap();
    // All that is cut are the ties beyond a department, one a person at most.
    assert!(cost <= 400, "{cost}");
}

#[test]
fn groups_of_half_a_place_are_packed_with_no_room_to_spare() {
    // Three per place, in sizes of which no greedy order finds the right triples.
    let mut random = Random::new(3);
    let mut loads = Vec::new();
    for _ in 0..20 {
        let (a, b) = (26 + random.below(16) as u64, 26 + random.below(16) as u64);
        loads.extend([a, b, 100 - a - b]);
    }
    random.shuffle(&mut loads);
    let case = Case { loads, ..Case::plain(departments(6, 10), 22, 100) };
    let outcome = case.solve();
    case.check(&outcome).unwrap();
    assert!(outcome.is_ok(), "{outcome:?}");
}

#[test]
fn what_cannot_stand_anywhere_is_named() {
    let mut case = Case::plain(departments(2, 10), 2, 20);
    case.loads[7] = 21;
    assert_eq!(case.solve().unwrap_err().unplaced, vec![7]);
    assert_eq!(Case::plain(departments(2, 10), 2, 9).solve().unwrap_err().unplaced.len(), 2);
}

#[test]
fn nothing_is_placed_nowhere() {
    assert_eq!(Case::plain(Graph::new(0, []), 3, 1).solve(), Ok(Vec::new()));
    assert_eq!(Case::plain(Graph::new(0, []), 0, 1).solve(), Ok(Vec::new()));
    assert_eq!(Case::plain(Graph::new(2, []), 0, 1).solve().unwrap_err().unplaced, vec![0, 1]);
}

#[test]
fn a_cancelled_search_still_keeps_the_capacities() {
    struct Cancelled;
    impl Watch for Cancelled {
        fn progress(&self, _: &str, _: &str, _: u64, _: Option<u64>) {}
        fn cancelled(&self) -> bool {
            true
        }
    }
    let case = Case::plain(departments(10, 40), 10, 40);
    case.check(&place(&case.placement(), &Cancelled)).unwrap();
}

#[test]
fn many_levels_keep_windows_and_two_capacities() {
    // Departments may move in windows of four nights, and bytes are as scarce as people.
    let graph = departments(20, 60);
    let groups = graph.len();
    let (places, dimensions) = (10, 2);
    let loads: Vec<u64> = (0..groups as u64).flat_map(|at| [1, 1 + at * 7919 % 50]).collect();
    let bytes: u64 = loads.iter().skip(1).step_by(2).sum();
    let rules: Vec<Rule> = (0..3).map(|window| Rule { cost: (0..places).map(|place| (window * 3..window * 3 + 4).contains(&place).then_some(0)).collect() }).collect();
    let case = Case {
        loads,
        dimensions,
        capacities: [groups as u64 * 105 / 1_000, bytes * 105 / 1_000].repeat(places),
        rule: (0..groups).map(|at| (at % 3) as u32).collect(),
        rules,
        ..Case::plain(graph, places, 0)
    };
    let outcome = case.solve();
    case.check(&outcome).unwrap();
    assert!(outcome.is_ok());
}

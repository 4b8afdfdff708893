//! Units on nights: what each night costs, and the placement of least cost.

use super::{Ground, Planner, Unit, LEAVING, MIDDLE};
use crate::batch::graph::Graph;
use crate::batch::hard_ties::Groups;
use crate::batch::outcome::NONE;
use crate::batch::partition;
use crate::batch::placement::{Placement, Rule};
use crate::batch::refusal::refuse_if_infeasible;
use crate::batch::rules::Rules;
use crate::problem::{Category, Problem};
use jiff::civil::Date;
use std::collections::BTreeMap;

/// What a night costs that would not be needed, per person and night: everybody goes on the first nights that hold all, unless rules say otherwise.
const LATE: u32 = 1 << 16;

/// What a night costs a person by each step of priority away from the middle.
const PRIORITY: u32 = 4;

impl Planner<'_> {
    /// Everybody on a night. Returns the ground and the place of each person ([`NONE`] for who does not move, or whose submitted batch is on a night before the calendar).
    pub(super) fn place(&mut self, groups: &Groups, submitted: &BTreeMap<String, Option<Date>>) -> Result<(Ground, Vec<u32>), Problem> {
        let mut more = 0;
        let (verdicts, findings) = (self.verdicts.clone(), self.findings.len());
        loop {
            let (ground, units) = self.units(groups, submitted, more);
            match self.try_place(&ground, &units) {
                Ok(place_of_unit) => {
                    let mut place_of = vec![NONE; self.input.people.len()];
                    for (unit, place) in units.iter().zip(place_of_unit) {
                        unit.people.iter().for_each(|person| place_of[*person as usize] = place);
                    }
                    return Ok((ground, place_of));
                }
                // Without a calendar, and without a number of batches that was asked for, there is always room in one more.
                Err(problem) if self.nights.is_none() && self.input.options.batch_count.is_none() && problem.code != "Cancelled" && more < units.len() => {
                    more = more * 2 + 1;
                    // What was found with fewer batches is found anew.
                    self.rules = Rules::default();
                    self.verdicts = verdicts.clone();
                    self.findings.truncate(findings);
                }
                Err(problem) => return Err(problem),
            }
        }
    }

    /// The place of every unit.
    pub(super) fn try_place(&self, ground: &Ground, units: &[Unit]) -> Result<Vec<u32>, Problem> {
        if units.is_empty() {
            return Ok(Vec::new());
        }
        let people = &self.input.people.list;
        let mut unit_of = vec![NONE; people.len()];
        units.iter().enumerate().for_each(|(at, unit)| unit.people.iter().for_each(|person| unit_of[*person as usize] = at as u32));
        let between = self.input.ties.iter().filter_map(|tie| {
            let (from, to) = (unit_of[tie.from as usize], unit_of[tie.to as usize]);
            (from != NONE && to != NONE).then_some((from, to, tie.weight))
        });
        let graph = Graph::new(units.len(), between);
        let loads: Vec<u64> = units.iter().flat_map(|unit| unit.load.iter().copied()).collect();
        let mut numbers: BTreeMap<(&[u16], u8), u32> = BTreeMap::new();
        let mut rules = Vec::new();
        let rule: Vec<u32> = units
            .iter()
            .map(|unit| {
                *numbers.entry((&unit.rules, unit.priority)).or_insert_with(|| {
                    rules.push(self.costs(ground, unit));
                    rules.len() as u32 - 1
                })
            })
            .collect();
        let home: Vec<u32> = units.iter().map(|unit| unit.home).collect();
        let placement = Placement {
            graph: &graph,
            loads: &loads,
            dimensions: ground.counted.len(),
            capacities: &ground.capacities,
            rules: &rules,
            rule: &rule,
            home: if self.input.previous.is_some() { &home } else { &[] },
            leaving: LEAVING,
        };
        refuse_if_infeasible(ground, units, &self.rules, &self.caps, |person| people[person as usize].identity.clone())?;
        partition::place(&placement, self.watch).map_err(|stuck| {
            if self.watch.cancelled() {
                return Problem::cancelled();
            }
            let message = format!(
                "No way was found to place {} of {} groups of people, though none was proven to be impossible; nothing was planned. Allow more nights, more people per night, or fewer hard ties.",
                stuck.unplaced.len(),
                units.len()
            );
            Problem::new("BatchesNotPlaced", Category::LimitsExceeded, message)
        })
    }

    /// What each place costs a person of a unit.
    pub(super) fn costs(&self, ground: &Ground, unit: &Unit) -> Rule {
        let allowed = self.rules.allowed(&unit.rules, ground.places());
        let steps = u32::from(unit.priority.abs_diff(MIDDLE)) * PRIORITY;
        let cost = |place: usize| {
            let late = if place >= ground.needed { LATE.saturating_mul((place - ground.needed + 1) as u32) } else { 0 };
            let far = if unit.priority < MIDDLE { place } else { ground.needed.saturating_sub(1 + place) };
            allowed.has(place).then(|| late.saturating_add(steps.saturating_mul(far as u32)))
        };
        Rule { cost: (0..ground.places()).map(cost).collect() }
    }
}

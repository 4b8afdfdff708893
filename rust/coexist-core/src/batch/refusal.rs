//! Says no where not everybody can be placed, with the reason.

use super::caps::{Caps, Counted, Per};
use super::feasibility::{self, Constraint, Dimension, Name, Places, Verdict, What};
use super::planner::{Ground, Unit};
use super::rules::{Rules, Why};
use crate::problem::{Category, Problem};
use std::collections::BTreeMap;

/// Proves that units cannot be placed, or lets them pass.
///
/// # Errors
/// `BatchesInfeasible`: one sentence for each reason, each a proof by itself.
pub(super) fn refuse_if_infeasible(ground: &Ground, units: &[Unit], rules: &Rules, caps: &Caps, identity: impl Fn(u32) -> String) -> Result<(), Problem> {
    let dimensions: Vec<Dimension> = ground.counted.iter().map(|counted| dimension(*counted)).collect();
    let loads: Vec<u64> = units.iter().flat_map(|unit| unit.load.iter().copied()).collect();
    let bounds: Vec<u32> = (0..ground.capacities.len()).map(|at| (at % dimensions.len()) as u32).collect();
    let constraints: Vec<Constraint> = (0..rules.len() as u16)
        .map(|number| {
            let (why, places) = rules.get(number);
            Constraint { what: what(why), allowed: Places::of(ground.places(), |place| places.has(place as usize)) }
        })
        .collect();
    let mut numbers: BTreeMap<&[u16], u32> = BTreeMap::new();
    let mut sets: Vec<Vec<u32>> = Vec::new();
    let set: Vec<u32> = units
        .iter()
        .map(|unit| {
            *numbers.entry(&unit.rules).or_insert_with(|| {
                sets.push(unit.rules.iter().map(|number| u32::from(*number)).collect());
                sets.len() as u32 - 1
            })
        })
        .collect();
    let problem = feasibility::Problem { dimensions: &dimensions, loads: &loads, capacities: &ground.capacities, bounds: &bounds, constraints: &constraints, sets: &sets, set: &set };
    let Verdict::Infeasible(reasons) = feasibility::explain(&problem) else { return Ok(()) };

    let place = |place: u32| ground.dates.get(place as usize).map_or_else(|| format!("batch {}", place + 1), |date| date.to_string());
    let plain = if ground.dates.is_empty() { "batches" } else { "nights" };
    let names = |name: Name| match name {
        Name::Group(group) => {
            let people = &units[group as usize].people;
            match people.len() {
                1 => identity(people[0]),
                count => format!("{} with {} others who may not be parted from them", identity(people[0]), count - 1),
            }
        }
        Name::Subject(constraint, group) => {
            let (why, _) = rules.get(constraint as u16);
            match group {
                Some(group) => format!("{} ({why})", identity(units[group as usize].people[0])),
                None => why.to_string(),
            }
        }
        Name::Place(number) => place(number),
        Name::Places(count) => format!("{count} {}", if count == 1 { plain.trim_end_matches('s').trim_end_matches("e") } else { plain }),
        Name::Rule(at) => {
            let counted = ground.counted[at as usize];
            let per = if ground.dates.is_empty() && counted == Counted::People { Per::Batch } else { Per::Night };
            caps.binding(per, counted).map_or_else(|| "batches.batchesPerNight".to_string(), |cap| cap.name.clone())
        }
    };
    let told: Vec<String> = reasons.iter().map(|reason| reason.sentence(&problem, names)).collect();
    let message = format!("Not everybody can be placed, so nothing was planned: {}", told.join(" Besides: "));
    Err(Problem::new("BatchesInfeasible", Category::LimitsExceeded, message))
}

fn dimension(counted: Counted) -> Dimension {
    match counted {
        Counted::People | Counted::Cluster(_) => Dimension::People,
        Counted::Bytes => Dimension::Bytes,
        Counted::Items => Dimension::Items,
        Counted::OneDrives => Dimension::OneDrives,
    }
}

fn what(why: &Why) -> What {
    match why {
        Why::Submitted(_) => What::Freeze,
        Why::Night(_) => What::Pin,
        Why::NotBefore(_) => What::NotBefore,
        Why::NotAfter(_) => What::NotAfter,
        Why::Delayed(..) => What::Readiness,
        Why::Pilot => What::Pilot,
        Why::NotPilot => What::AfterPilots,
        Why::Vip => What::Vip,
        Why::Blackout(_) => What::Blackout,
    }
}

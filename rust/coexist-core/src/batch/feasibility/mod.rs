//! Why no placement exists: a reason from which nothing can be left out.
//!
//! Groups that share their constraints and are kept out of the same places by what they take up are one class; there are few classes, however many groups.
//! What is asked of the classes is a flow, so that half a million people are decided at once; only few and heavy groups are packed one by one.
//!
//! "Left out" has one meaning throughout: a constraint that is left out allows every place, a capacity that is left out is unbounded.

mod exact;
mod fill;
mod flow;
mod hall;
mod pack;
mod places;
mod reason;
#[cfg(test)]
mod tests;
mod view;

pub use places::Places;
pub use reason::{Capacity, Crowd, Kind, Name, Reason, Remedy};

use view::View;

/// The effort that deciding one question exactly may take, in steps (some tenths of a second).
const EFFORT: u64 = 20_000_000;
/// More groups than this are not packed one by one.
const PACKED: usize = 40;
/// No more independent reasons than this are looked for where places are short.
const REASONS: usize = 16;

/// What is counted in one dimension of loads and capacities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dimension {
    /// People.
    People,
    /// Bytes of mailboxes.
    Bytes,
    /// OneDrive accounts.
    OneDrives,
    /// Items of mailboxes.
    Items,
}

/// What a constraint is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    /// A date before which somebody may not move.
    NotBefore,
    /// A date after which somebody may not move.
    NotAfter,
    /// Somebody is pinned to a place.
    Pin,
    /// Somebody is in a batch already submitted.
    Freeze,
    /// Pilots go on the pilots' nights.
    Pilot,
    /// Whoever is no pilot waits for the pilots.
    AfterPilots,
    /// VIPs do not go first.
    Vip,
    /// Dates that are blacked out for a time zone, a domain or everybody.
    Blackout,
    /// A readiness finding delays somebody.
    Readiness,
}

/// One thing that keeps groups out of places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constraint {
    /// What it is.
    pub what: What,
    /// Where it lets them go.
    pub allowed: Places,
}

/// Groups that are to be placed, each whole, and what bounds that.
#[derive(Debug, Clone, Copy)]
pub struct Problem<'a> {
    /// What is counted; at least one dimension.
    pub dimensions: &'a [Dimension],
    /// What each group takes up, a row of one number per dimension for each.
    pub loads: &'a [u64],
    /// What each place holds, a row for each; `u64::MAX` where it is unbounded.
    pub capacities: &'a [u64],
    /// Which rule set each capacity (a number for [`Name::Rule`]), shaped as the capacities.
    pub bounds: &'a [u32],
    /// Everything that keeps anybody out of a place.
    pub constraints: &'a [Constraint],
    /// Which constraints groups have together, ascending.
    pub sets: &'a [Vec<u32>],
    /// The set of each group.
    pub set: &'a [u32],
}

impl<'a> Problem<'a> {
    /// How many groups.
    pub fn groups(&self) -> usize {
        self.set.len()
    }

    /// How many places.
    pub fn places(&self) -> usize {
        self.capacities.len() / self.dimensions.len().max(1)
    }

    /// What a group takes up.
    pub fn load(&self, group: u32) -> &'a [u64] {
        &self.loads[group as usize * self.dimensions.len()..][..self.dimensions.len()]
    }

    /// What a place holds.
    pub fn capacity(&self, place: u32) -> &'a [u64] {
        &self.capacities[place as usize * self.dimensions.len()..][..self.dimensions.len()]
    }

    /// The constraints of a group.
    pub fn constraints_of(&self, group: u32) -> &'a [u32] {
        self.set.get(group as usize).and_then(|set| self.sets.get(*set as usize)).map_or(&[], Vec::as_slice)
    }
}

/// Whether groups can be placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// They can: a place for each.
    Feasible(Vec<u32>),
    /// They cannot: at least one reason, each a proof by itself.
    Infeasible(Vec<Reason>),
    /// No placement was found and none excluded within the effort that was allowed.
    Unknown,
}

/// Says whether the groups can be placed, and if not, why.
pub fn explain(problem: &Problem) -> Verdict {
    let view = View::new(problem);
    let uniform = view.uniform();
    let mut asked = Asked { view: &view, reasons: view.stuck(), gone: view.classes.iter().map(|class| class.allowed.is_empty()).collect(), found: 0 };
    // The sums, and of groups that are all alike their number, which decides; then a placement; then, if there was none to be had, how many heavy ones fit.
    let shares: Vec<_> = view.sums(uniform.as_ref()).into_iter().filter_map(|instance| asked.ask(instance)).collect();
    if asked.reasons.is_empty() {
        if let Some(placement) = fill::place(&view, uniform.as_ref(), &shares) {
            return Verdict::Feasible(placement);
        }
    }
    if uniform.is_none() {
        for instance in view.counts() {
            asked.ask(instance);
        }
    }
    if asked.reasons.is_empty() {
        exact::decide(&view)
    } else {
        Verdict::Infeasible(asked.reasons)
    }
}

/// What has come of the questions so far.
struct Asked<'v, 'p> {
    view: &'v View<'p>,
    reasons: Vec<Reason>,
    /// Classes that have their reason.
    gone: Vec<bool>,
    found: usize,
}

impl Asked<'_, '_> {
    /// Asks until nobody is short any more: the question with what the flow gave each kind.
    fn ask(&mut self, instance: hall::Instance) -> Option<(hall::Instance, fill::Shares)> {
        while self.found < REASONS {
            match hall::violated(self.view, &instance, &self.gone) {
                Ok(shares) => return Some((instance, shares)),
                Err(places) => {
                    let places = hall::smallest(self.view, &instance, &self.gone, places);
                    let core = hall::core(self.view, &instance, &self.gone, &places);
                    core.whole.iter().for_each(|class| self.gone[*class as usize] = true);
                    self.reasons.push(exact::tighten(self.view, core));
                    self.found += 1;
                }
            }
        }
        None
    }
}

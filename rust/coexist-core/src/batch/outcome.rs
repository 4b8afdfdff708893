//! What planning gives: nights, batches, who is in which, who is in none, and what it cost.

use super::calendar::moments::Moments;
use super::caps::Caps;
use super::forecast::capacity::Binding;
use super::forecast::Forecast;
use super::rules::Rules;
use super::verdict::Verdicts;
use crate::finding::Finding;
use jiff::civil::Date;

/// In no batch, or on no night.
pub const NONE: u32 = u32::MAX;

/// One night, or one numbered batch where there is no calendar.
#[derive(Debug, Clone, PartialEq)]
pub struct NightPlan {
    /// Its date; `None` without a calendar.
    pub date: Option<Date>,
    /// Its batches.
    pub batches: std::ops::Range<u32>,
    /// People in it.
    pub people: u64,
    /// Bytes of their mailboxes and archives.
    pub bytes: u64,
    /// How many people it would take.
    pub capacity: u64,
}

/// One batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// Its name, unique in the plan.
    pub name: String,
    /// Its night.
    pub night: u32,
    /// Its people, ascending.
    pub people: Vec<u32>,
    /// Bytes of their mailboxes and archives.
    pub bytes: u64,
    /// It has been submitted, and stays as it is.
    pub submitted: bool,
    /// What happens when; `None` without a calendar.
    pub moments: Option<Moments>,
    /// Weight of the ties that lead from it to other nights.
    pub cut: u64,
}

/// Ties of one kind, counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// All between people who move.
    pub ties: u64,
    /// Their weight.
    pub weight: u64,
    /// Those that lead from one night to another.
    pub cut_ties: u64,
    /// Their weight.
    pub cut_weight: u64,
}

/// Somebody who is not where the previous plan had them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The person.
    pub person: u32,
    /// The batch that they were in; `None` for somebody new.
    pub from: Option<String>,
}

/// A plan of batches.
#[derive(Debug, Clone)]
pub struct BatchPlan {
    /// What bounded it.
    pub caps: Caps,
    /// The nights, in order, empty ones included.
    pub nights: Vec<NightPlan>,
    /// The batches, in the order of their nights.
    pub batches: Vec<Batch>,
    /// The batch of each person, or [`NONE`].
    pub batch_of: Vec<u32>,
    /// Who is in none and why, and what else is known about people.
    pub verdicts: Verdicts,
    /// The group of each person: those whom hard ties, or a common batch, hold together.
    pub group_of: Vec<u32>,
    /// The rules, with the places that each allows.
    pub rules: Rules,
    /// The rules that applied to each person.
    pub rules_of: Vec<Vec<u16>>,
    /// The place, among those of the rules, of each night; [`NONE`] for a night before the calendar.
    pub place_of: Vec<u32>,
    /// Ties by kind, in the order of the kinds.
    pub tallies: Vec<Tally>,
    /// Who is elsewhere than in the previous plan.
    pub moved: Vec<Moved>,
    /// Per person: from the removal of addresses to the end of the night, in minutes; 0 for who keeps all, `None` where it cannot be told.
    pub gap_minutes: Vec<Option<u64>>,
    /// When it will be over, and how many miss their night; `None` without a calendar.
    pub forecast: Option<Forecast>,
    /// The last night's date by which all are done in half of all cases, and in nine of ten.
    pub ends: [Option<Date>; 2],
    /// How many nights each cap asks for, and which binds.
    pub binding: Binding,
    /// What was found.
    pub findings: Vec<Finding>,
}

impl BatchPlan {
    /// The night of a person, or [`NONE`].
    pub fn night_of(&self, person: u32) -> u32 {
        match self.batch_of[person as usize] {
            NONE => NONE,
            batch => self.batches[batch as usize].night,
        }
    }

    /// Whether a rule keeps people from a night.
    pub fn rule_forbids(&self, rule: u16, night: usize) -> bool {
        match self.place_of[night] {
            NONE => true,
            place => !self.rules.get(rule).1.has(place as usize),
        }
    }

    /// Weight of all ties between nights.
    pub fn cut(&self) -> u64 {
        self.tallies.iter().map(|tally| tally.cut_weight).sum()
    }
}

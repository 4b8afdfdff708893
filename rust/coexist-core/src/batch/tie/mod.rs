//! What ties people together: kinds with weights (`data/ties.json`), and where ties are found: in the source's snapshot and in a CSV.
//!
//! People are numbers here; which text is which person, the caller's `resolve` says. A tie to somebody who does not move is no tie, but it is counted, with
//! the people whom it leaves behind. What was not exported is told as a problem and never taken for empty.

mod file;
mod grants;
mod groups;
mod snapshot;
#[cfg(test)]
pub(crate) mod tests;

pub use file::{from_csv, from_rows, TieRow, Weight};
pub use snapshot::from_snapshot;

use crate::directory::same_text;
use crate::problem::{Category, Problem};
use once_cell::sync::Lazy;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A kind of ties: a row of `data/ties.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TieKind {
    /// Its name in specifications, files and outputs.
    pub name: String,
    /// What it costs to move the two on different nights; 0 for a kind that is switched off.
    pub weight: u32,
    /// Never cut.
    pub hard: bool,
    /// The rights that make such a tie.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rights: Vec<String>,
    /// The types of mailboxes whose permissions are of this kind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    recipient_types: Vec<String>,
    /// What it is.
    pub what: String,
    /// Why it matters.
    pub why: String,
    /// Who says so.
    pub source: String,
    /// When they said so.
    pub date: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    kinds: Vec<TieKind>,
    not_people: NotPeople,
}

#[derive(Deserialize)]
struct NotPeople {
    names: Vec<String>,
    prefixes: Vec<String>,
}

static FILE: Lazy<File> = Lazy::new(|| crate::data::parse("ties.json", include_str!("../../../../../data/ties.json")));

/// True for a principal that is nobody: `NT AUTHORITY\SELF`, `Default`, the SID of a deleted account.
pub fn is_nobody(text: &str) -> bool {
    let text = text.trim();
    // DOMAIN\Domain Admins is as little a person as the name alone.
    let name = text.rsplit_once('\\').map_or(text, |(_, name)| name);
    let begins = |prefix: &String| text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    text.is_empty() || FILE.not_people.prefixes.iter().any(begins) || FILE.not_people.names.iter().any(|nobody| same_text(nobody, name))
}

/// What a specification changes about a kind of ties.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Override {
    /// Another weight; 0 switches the kind off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    /// Whether ties of the kind may be cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hard: Option<bool>,
}

/// The kinds in force: the table, with the overrides of one specification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kinds(Vec<TieKind>);

impl Default for Kinds {
    fn default() -> Self {
        Kinds(FILE.kinds.clone())
    }
}

impl Kinds {
    /// The table with some kinds changed; a name that it does not hold is a problem (`TieKindUnknown`).
    pub fn with(overrides: &BTreeMap<String, Override>) -> Result<Self, Problem> {
        let mut kinds = Kinds::default();
        for (name, change) in overrides {
            let Some(kind) = kinds.0.iter_mut().find(|kind| kind.name == *name) else {
                return Err(unknown_kind(name, "it would have no effect"));
            };
            kind.weight = change.weight.unwrap_or(kind.weight);
            kind.hard = change.hard.unwrap_or(kind.hard);
            kind.source = "overridden by the administrator".to_string();
        }
        Ok(kinds)
    }

    /// The number of the kind of that name, whatever its case.
    pub fn index(&self, name: &str) -> Option<u16> {
        self.0.iter().position(|kind| kind.name.eq_ignore_ascii_case(name)).map(|index| index as u16)
    }

    /// The kind of a number that [`Self::index`] or a tie gave.
    pub fn get(&self, index: u16) -> &TieKind {
        &self.0[index as usize]
    }

    /// Every kind, in the order of their numbers.
    pub fn all(&self) -> impl Iterator<Item = &TieKind> {
        self.0.iter()
    }

    /// The number of a kind of the table, where it is switched on.
    fn on(&self, name: &str) -> Option<u16> {
        self.index(name).filter(|index| self.get(*index).weight > 0)
    }

    /// Whether a right makes a tie of this kind. What was joined into one text counts as its parts.
    fn has_right(&self, kind: u16, right: &str) -> bool {
        let rights = &self.get(kind).rights;
        right.split([',', ';', ' ']).any(|part| rights.iter().any(|known| known.eq_ignore_ascii_case(part)))
    }

    /// The kind of every permission on a mailbox of that type, where the type decides.
    fn of_type(&self, recipient_type: &str) -> Option<u16> {
        self.0.iter().position(|kind| kind.recipient_types.iter().any(|known| known.eq_ignore_ascii_case(recipient_type))).map(|index| index as u16)
    }
}

fn unknown_kind(name: &str, effect: &str) -> Problem {
    let known: Vec<&str> = FILE.kinds.iter().map(|kind| kind.name.as_str()).collect();
    let message = format!("There is no kind of ties named '{name}'; {effect}. Known kinds: {}.", known.join(", "));
    Problem::new("TieKindUnknown", Category::InvalidArgument, message).about(name)
}

/// One tie between two people, by their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Tie {
    /// Who is served: the owner of the mailbox, the manager, the first owner of a group or flow.
    pub from: u32,
    /// Who serves or uses.
    pub to: u32,
    /// The kind's number in [`Kinds`].
    pub kind: u16,
    /// What it costs to cut it.
    pub weight: u32,
    /// It is never cut.
    pub hard: bool,
}

/// Who a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolved {
    /// The person of that number.
    One(u32),
    /// Nobody who moves.
    Nobody,
    /// It fits several people.
    Several,
}

/// Ties of one kind that could not be made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Missed {
    /// Ties of somebody who moves with somebody who does not.
    pub nobody: u64,
    /// Ties whose other end fits several people.
    pub several: u64,
    /// People who move and lose such a tie, each counted once.
    pub people: u64,
    /// Lists, groups and flows that more people share than the limit `tiedGroupPeople`.
    pub too_large: u64,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ties {
    /// Every tie once, by its ends and kind; of equal ones the heaviest.
    pub ties: Vec<Tie>,
    /// By kind, where anything was missed.
    pub missed: BTreeMap<u16, Missed>,
    /// Rows that cannot be used, and properties that were not exported and so may hide ties.
    pub problems: Vec<Problem>,
}

impl Ties {
    /// Adds what was found elsewhere. People who lose ties in both are counted in both.
    pub fn merge(&mut self, other: Ties) {
        self.ties.extend(other.ties);
        self.ties = tidy(std::mem::take(&mut self.ties));
        for (kind, more) in other.missed {
            let missed = self.missed.entry(kind).or_default();
            missed.nobody += more.nobody;
            missed.several += more.several;
            missed.people += more.people;
            missed.too_large += more.too_large;
        }
        self.problems.extend(other.problems);
    }
}

/// Sorted by ends and kind; of those that are equal in that, the heaviest, and hard if one is.
fn tidy(mut ties: Vec<Tie>) -> Vec<Tie> {
    ties.sort_unstable_by_key(|tie| (tie.from, tie.to, tie.kind));
    ties.dedup_by(|next, kept| {
        let same = (next.from, next.to, next.kind) == (kept.from, kept.to, kept.kind);
        if same {
            kept.weight = kept.weight.max(next.weight);
            kept.hard |= next.hard;
        }
        same
    });
    ties.shrink_to_fit();
    ties
}

/// Gathers ties one by one.
struct Gathered<'a> {
    kinds: &'a Kinds,
    resolve: &'a dyn Fn(&str) -> Resolved,
    ties: Vec<Tie>,
    missed: BTreeMap<u16, (Missed, Vec<u32>)>,
    problems: Vec<Problem>,
}

impl<'a> Gathered<'a> {
    fn new(kinds: &'a Kinds, resolve: &'a dyn Fn(&str) -> Resolved) -> Self {
        Gathered { kinds, resolve, ties: Vec::new(), missed: BTreeMap::new(), problems: Vec::new() }
    }

    /// Who a text is; nobody for what is no person at all.
    fn person(&self, text: &str) -> Resolved {
        if is_nobody(text) { Resolved::Nobody } else { (self.resolve)(text.trim()) }
    }

    fn missed(&mut self, kind: u16) -> &mut (Missed, Vec<u32>) {
        self.missed.entry(kind).or_default()
    }

    /// Notes a tie of the kind's own weight.
    fn tie(&mut self, kind: u16, from: Resolved, to: Resolved) {
        let row = self.kinds.get(kind);
        self.weighted(kind, from, to, row.weight, row.hard);
    }

    fn weighted(&mut self, kind: u16, from: Resolved, to: Resolved, weight: u32, hard: bool) {
        let (person, other) = match (from, to) {
            (Resolved::One(from), Resolved::One(to)) => {
                if from != to {
                    self.ties.push(Tie { from, to, kind, weight, hard });
                }
                return;
            }
            (Resolved::One(person), other) | (other, Resolved::One(person)) => (Some(person), other),
            // Whether somebody who moves is at one of its ends is not known either.
            (Resolved::Several, other) | (other, Resolved::Several) => (None, if other == Resolved::Several { other } else { Resolved::Several }),
            (Resolved::Nobody, Resolved::Nobody) => return,
        };
        let (missed, people) = self.missed(kind);
        match other {
            Resolved::Several => missed.several += 1,
            _ => missed.nobody += 1,
        }
        people.extend(person);
    }

    /// Notes the ties of people who share something: all with the hub, else with the first of them, so that n people make n ties at most and not n².
    fn star(&mut self, kind: u16, hub: Option<u32>, people: &mut Vec<u32>, most: usize) {
        people.sort_unstable();
        people.dedup();
        if people.len() > most {
            self.missed(kind).0.too_large += 1;
            return;
        }
        let Some(hub) = hub.or(people.first().copied()) else { return };
        for person in people.iter() {
            self.tie(kind, Resolved::One(hub), Resolved::One(*person));
        }
    }

    fn finish(self) -> Ties {
        let missed = self.missed.into_iter().map(|(kind, (missed, mut people))| {
            people.sort_unstable();
            people.dedup();
            (kind, Missed { people: people.len() as u64, ..missed })
        });
        Ties { ties: tidy(self.ties), missed: missed.collect(), problems: self.problems }
    }
}

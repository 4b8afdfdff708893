//! What the lab plants: `data/lab-troubles.json`, and which person gets which row of it.

use super::random::{Field, Shuffle};
use super::state::State;
use super::value::{Object, Value};
use crate::limits::Limits;
use once_cell::sync::Lazy;
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// One finding code and how it is brought about.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    pub code: String,
    /// Codes that cannot but come with it, for the same people.
    #[serde(default)]
    pub also: Vec<String>,
    /// Ways to bring it about, taken in turn; each with as many people as the first.
    pub variants: Vec<Vec<Member>>,
}

impl Row {
    /// How many people collide in one case.
    pub fn people(&self) -> u64 {
        self.variants.first().map_or(1, Vec::len) as u64
    }
}

/// One person of one case.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Member {
    pub state: Option<State>,
    /// The mailbox has an archive.
    pub archive: bool,
    /// What differs in the person's own lines, by file.
    pub files: BTreeMap<String, Edit>,
    /// A further object of the target, by file.
    pub extra: BTreeMap<String, Edit>,
    /// Lines of the map file.
    pub map: Vec<(String, String)>,
    /// A name for scope.exclude.
    pub exclude: Option<String>,
    /// The finding is about this name, and the person is healthy.
    pub ghost: Option<String>,
}

/// How one line differs.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Edit {
    absent: bool,
    drop: Vec<String>,
    set: BTreeMap<String, serde_json::Value>,
    push: BTreeMap<String, Vec<serde_json::Value>>,
}

impl Edit {
    /// The line as edited; `None` where it is absent.
    pub fn apply(&self, mut object: Object, fill: &dyn Fn(&str, u64) -> String) -> Option<Object> {
        if self.absent {
            return None;
        }
        for name in &self.drop {
            object.drop(name);
        }
        for (name, value) in &self.set {
            object.set(name, filled(value, fill));
        }
        for (name, items) in &self.push {
            object.push(name, items.iter().flat_map(|item| repeated(item, fill)).collect());
        }
        Some(object)
    }
}

fn filled(value: &serde_json::Value, fill: &dyn Fn(&str, u64) -> String) -> Value {
    match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(flag) => Value::Flag(*flag),
        serde_json::Value::Number(number) => Value::Number(number.as_u64().unwrap_or_default()),
        serde_json::Value::String(text) => fill(text, 0).into(),
        serde_json::Value::Array(items) => Value::List(items.iter().map(|item| filled(item, fill)).collect()),
        serde_json::Value::Object(entries) => {
            // serde_json may be built with either order of entries; the lab's order is its own.
            let sorted: BTreeMap<&String, &serde_json::Value> = entries.iter().collect();
            Value::Object(sorted.into_iter().map(|(name, value)| (Cow::Owned(name.clone()), filled(value, fill))).collect())
        }
    }
}

/// An item of `push`; `{"repeat": "<limit>", "plus": n, "of": "…{n}…"}` is as many as a limit of the table, and n more.
fn repeated(item: &serde_json::Value, fill: &dyn Fn(&str, u64) -> String) -> Vec<Value> {
    #[derive(Deserialize)]
    struct Repeat {
        repeat: String,
        #[serde(default)]
        plus: u64,
        of: String,
    }
    match Repeat::deserialize(item) {
        Ok(repeat) => {
            let count = Limits::default().value(&repeat.repeat) + repeat.plus;
            (1..=count).map(|n| fill(&repeat.of, n).into()).collect()
        }
        Err(_) => vec![filled(item, fill)],
    }
}

#[derive(Deserialize)]
struct File {
    rows: Vec<Row>,
}

static ROWS: Lazy<Vec<Row>> = Lazy::new(|| {
    let file: File = crate::data::parse("lab-troubles.json", include_str!("../../../../data/lab-troubles.json"));
    file.rows
});

/// Everything that can be planted.
pub(super) fn rows() -> &'static [Row] {
    &ROWS
}

/// One planted person.
#[derive(Clone, Copy)]
pub(super) struct Planting {
    /// Their number among the planted people.
    pub number: u64,
    pub member: &'static Member,
    /// The person whom they collide with.
    pub other: Option<u64>,
}

/// Who is planted with what: rows one after another over a shuffling of the people, so that no person has two troubles.
pub(super) struct Plantation {
    people: Shuffle,
    /// Row, and the number of its first planted person.
    starts: Vec<(&'static Row, u64)>,
    count: u64,
}

impl Plantation {
    /// Each row in `per_10_000` of 10,000 cases, at least once as long as a third of the people stays the bound.
    pub fn new(seed: u64, people: u64, per_10_000: u32) -> Self {
        let cases = if per_10_000 == 0 { 0 } else { (people * u64::from(per_10_000) / 10_000).max(1) };
        let mut starts = Vec::new();
        let mut count = 0;
        for row in rows() {
            let planted = cases * row.people();
            if planted > 0 && count + planted <= people / 3 {
                starts.push((row, count));
                count += planted;
            }
        }
        Plantation { people: Shuffle::new(seed, Field::Planting, people), starts, count }
    }

    /// How many people are planted.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// What a person is planted with.
    pub fn of_person(&self, person: u64) -> Option<Planting> {
        let number = self.people.at(person);
        (number < self.count).then(|| self.planting(number)).flatten()
    }

    /// The planted people of one row.
    pub fn of_row(&self, at: usize) -> impl Iterator<Item = u64> + '_ {
        let start = self.starts[at].1;
        let end = self.starts.get(at + 1).map_or(self.count, |next| next.1);
        (start..end).map(|number| self.people.place(number))
    }

    /// The rows that are planted.
    pub fn rows(&self) -> impl Iterator<Item = &'static Row> + '_ {
        self.starts.iter().map(|(row, _)| *row)
    }

    /// Every planted person, in the order of the rows.
    pub fn everybody(&self) -> impl Iterator<Item = u64> + '_ {
        (0..self.count).map(|number| self.people.place(number))
    }

    /// The planted person of a number.
    pub fn person_at(&self, number: u64) -> Option<u64> {
        (number < self.count).then(|| self.people.place(number))
    }

    fn planting(&self, number: u64) -> Option<Planting> {
        let (row, start) = *self.starts.get(self.starts.partition_point(|(_, start)| *start <= number).checked_sub(1)?)?;
        let (group, member) = ((number - start) / row.people(), (number - start) % row.people());
        let variant = &row.variants[(group % row.variants.len() as u64) as usize];
        let other = (row.people() == 2).then(|| self.people.place(start + group * 2 + (1 - member)));
        Some(Planting { number, member: variant.get(member as usize)?, other })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_findings_and_whole() {
        let mut codes: Vec<&str> = Vec::new();
        for row in rows() {
            for code in std::iter::once(&row.code).chain(&row.also) {
                assert_eq!(&crate::finding::rule(code).code, code);
            }
            assert!(!codes.contains(&row.code.as_str()), "{} twice", row.code);
            codes.push(&row.code);
            assert!((1..=2).contains(&row.people()), "{}", row.code);
            assert!(row.variants.iter().all(|variant| variant.len() as u64 == row.people()), "{}", row.code);
        }
    }

    #[test]
    fn every_finding_is_planted_somewhere() {
        // Of the rest, two come with pilot.json, and one with every external member.
        let mut elsewhere = vec!["ScopeIncludeNotFound", "TargetMissing", "AddressNotAccepted"];
        // Those of batches depend on nights and caps, or are told by a people file.
        elsewhere.extend(["TimeZoneUnknown", "NightImpossible", "NightsConflict", "HardTiesTooLarge", "PersonTooLarge", "MailboxTooLarge", "ManyMailboxes"]);
        elsewhere.extend(["GapRestrictedWriter", "EncryptedContent", "FormsOwned", "VivaEngageAccess", "LicensedByGovernance"]);
        for rule in crate::finding::rules() {
            let planted = rows().iter().any(|row| row.code == rule.code);
            assert!(planted != elsewhere.contains(&rule.code.as_str()), "{}", rule.code);
        }
    }

    #[test]
    fn nobody_is_planted_twice_and_pairs_know_each_other() {
        let plantation = Plantation::new(5, 5000, 20);
        let mut seen = std::collections::BTreeSet::new();
        for person in plantation.everybody() {
            assert!(seen.insert(person));
            let planting = plantation.of_person(person).unwrap();
            if let Some(other) = planting.other {
                assert_eq!(plantation.of_person(other).unwrap().other, Some(person));
            }
        }
        assert_eq!((0..5000).filter(|person| plantation.of_person(*person).is_some()).count() as u64, plantation.count());
    }
}

//! What was planted: what a right plan must find.

use super::specification::{ghosts, pilot};
use super::state::State;
use super::value::Value;
use super::{counts, subject, World, Writer, NATURAL};
use crate::problem::Problem;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The version of the format of `planted.json`.
const VERSION: u64 = 1;

/// What a lab holds, by the numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Planted {
    /// Mailboxes of the source.
    pub people: u64,
    /// The seed.
    pub seed: u64,
    /// How many findings of each code a plan of `coexist.json` makes.
    pub findings: BTreeMap<String, u64>,
    /// How many findings of each code a plan of `pilot.json` makes.
    pub pilot: BTreeMap<String, u64>,
    /// People by the state of their target object: whoever is `stamped` or `syncedStamped` needs nothing more.
    pub states: BTreeMap<String, u64>,
    /// How many ties of each kind the source shows, and `ties.csv` (`explicit`).
    pub ties: BTreeMap<String, u64>,
    /// Permissions of people who move for somebody who does not.
    pub ties_missed: u64,
    /// Records that cannot be used.
    pub problems: Vec<PlantedProblem>,
    /// The size of every file in bytes, by path.
    pub files: BTreeMap<String, u64>,
}

/// A record that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlantedProblem {
    /// The code of the problem that reading makes of it.
    pub code: &'static str,
    /// The file, below the lab's folder.
    pub file: String,
    /// The line, from 1.
    pub line: u64,
}

/// Where the findings of one code come from.
#[derive(Default)]
struct Origin {
    /// Rows of the plantation.
    rows: Vec<usize>,
    /// States of healthy people.
    states: &'static [State],
}

/// Counts what was planted, and gives out `planted.json`: one line for each person.
pub(super) fn write(world: &World, writer: &mut Writer) -> Result<(), Problem> {
    let mut origins: BTreeMap<&'static str, Origin> = BTreeMap::new();
    for (at, row) in world.plantation.rows().enumerate() {
        for code in std::iter::once(&row.code).chain(&row.also) {
            origins.entry(code).or_default().rows.push(at);
        }
    }
    for (code, states) in NATURAL {
        origins.entry(code).or_default().states = states;
    }

    let mut states: BTreeMap<State, u64> = BTreeMap::new();
    for (_, state) in world.healthy() {
        *states.entry(state).or_default() += 1;
    }
    let natural = |of: &[State]| -> u64 { of.iter().filter_map(|state| states.get(state)).sum() };
    for (code, origin) in &origins {
        let count = natural(origin.states) + origin.rows.iter().map(|row| world.plantation.of_row(*row).count() as u64).sum::<u64>();
        if count > 0 {
            writer.planted.findings.insert(code.to_string(), count);
        }
    }
    for (state, count) in &states {
        writer.planted.states.insert(state.name().to_string(), *count);
    }
    count_pilot(world, &mut writer.planted.pilot);
    for department in world.departments() {
        for (kind, ..) in department.ties() {
            *writer.planted.ties.entry(kind.to_string()).or_default() += 1;
        }
        writer.planted.ties_missed += department.gone();
    }
    give(world, writer, &origins)
}

fn count_pilot(world: &World, findings: &mut BTreeMap<String, u64>) {
    let people = pilot(world);
    let mut add = |code: &str, count: u64| {
        if count > 0 {
            findings.insert(code.to_string(), count);
        }
    };
    add("ScopeIncludeNotFound", ghosts().len() as u64);
    // It creates nobody, so nobody is without a usage location.
    add("TargetMissing", people.iter().filter(|(_, state)| *state == State::Missing).count() as u64);
    let outside = NATURAL[0];
    add(outside.0, people.iter().filter(|(_, state)| outside.1.contains(state)).count() as u64);
}

fn give(world: &World, writer: &mut Writer, origins: &BTreeMap<&'static str, Origin>) -> Result<(), Problem> {
    const PATH: &str = "planted.json";
    let planted = writer.planted.clone();
    let mut text = Vec::new();
    let entry = |name: &str, value: Value, text: &mut Vec<u8>| {
        text.extend_from_slice(format!("  \"{name}\": ").as_bytes());
        value.write(text);
        text.extend_from_slice(b",\n");
    };
    text.extend_from_slice(b"{\n");
    entry("version", Value::Number(VERSION), &mut text);
    entry("people", Value::Number(planted.people), &mut text);
    entry("seed", Value::Number(planted.seed), &mut text);
    entry("states", counts(&planted.states), &mut text);
    entry("pilot", counts(&planted.pilot), &mut text);
    entry("ties", counts(&planted.ties), &mut text);
    entry("tiesMissed", Value::Number(planted.ties_missed), &mut text);
    let problems = planted.problems.iter().map(|problem| {
        Value::Object(vec![
            (Cow::Borrowed("code"), problem.code.into()),
            (Cow::Borrowed("file"), problem.file.clone().into()),
            (Cow::Borrowed("line"), Value::Number(problem.line)),
        ])
    });
    entry("problems", Value::List(problems.collect()), &mut text);
    text.extend_from_slice(b"  \"findings\": [");
    for (at, (code, count)) in planted.findings.iter().enumerate() {
        text.extend_from_slice(if at > 0 { b",\n" } else { b"\n" });
        text.extend_from_slice(format!("    {{\"code\": \"{code}\", \"count\": {count}").as_bytes());
        if let Some(origin) = origins.get(code.as_str()) {
            give_people(world, writer, origin, PATH, &mut text)?;
        }
        text.push(b'}');
    }
    text.extend_from_slice(b"\n  ]\n}\n");
    writer.give(PATH, &text)
}

fn give_people(world: &World, writer: &mut Writer, origin: &Origin, path: &str, text: &mut Vec<u8>) -> Result<(), Problem> {
    const PART: usize = 1 << 20;
    let planted = origin.rows.iter().flat_map(|row| world.plantation.of_row(*row));
    let listed = !origin.states.is_empty() && !world.options.bench;
    let natural = world.healthy().take_while(|_| listed).filter(|(_, state)| origin.states.contains(state)).map(|(person, _)| person);
    text.extend_from_slice(b", \"people\": [");
    for (at, person) in planted.chain(natural).enumerate() {
        let member = world.plantation.of_person(person).map(|planting| planting.member);
        let (id, name) = match member.and_then(|member| member.ghost.as_ref()) {
            Some(ghost) => {
                let ghost = super::Person::new(world, person).fill(world, ghost, 0);
                (ghost.clone(), ghost)
            }
            None => subject(world, person),
        };
        text.extend_from_slice(if at > 0 { b",\n      " } else { b"\n      " });
        Value::Object(vec![(Cow::Borrowed("id"), id.into()), (Cow::Borrowed("name"), name.into())]).write(text);
        if text.len() > PART {
            writer.give(path, text)?;
            text.clear();
        }
    }
    text.push(b']');
    Ok(())
}

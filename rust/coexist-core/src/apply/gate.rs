//! Whether a gate is open: which states of a service count as reached, and which as broken, is data (`data/gates.json`).

use super::condition::{property, texts};
use super::operation::Gate;
use once_cell::sync::Lazy;
use serde::Deserialize;
use serde_json::Value;

/// The states of one kind of object that a gate, or the check of a place, looks at.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reached {
    /// The gate, or `check`.
    pub wait_for: String,
    /// The read of a gate, or the cmdlet of a check.
    pub read: String,
    /// The property that has the state.
    pub property: String,
    /// Where the property is a list of details: the member of each that has the state.
    #[serde(default)]
    pub member: Option<String>,
    /// Only objects, or details, with this in that property count.
    #[serde(default)]
    pub only: Option<(String, String)>,
    /// What it waits for is begun by somebody at another time: where there is no such object, its time does not run yet.
    #[serde(default)]
    pub begun_elsewhere: bool,
    /// States that open it.
    pub reached: Vec<String>,
    /// States from which it does not open by itself.
    #[serde(default)]
    pub broken: Vec<String>,
    /// Who says so.
    pub source: String,
    /// When they said so.
    pub date: String,
}

#[derive(Deserialize)]
struct File {
    gates: Vec<Reached>,
}

static TABLE: Lazy<Vec<Reached>> = Lazy::new(|| {
    let file: File = crate::data::parse("gates.json", include_str!("../../../../data/gates.json"));
    file.gates
});

/// How a gate stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stand {
    /// Open.
    Open,
    /// Closed; the text says what is seen instead.
    Closed(String),
    /// What it waits for has not been begun; the text says what is missing.
    NotBegun(String),
    /// It does not open by itself; the text says why.
    Broken(String),
}

/// How a gate stands, given the objects that its read shows.
pub fn stand(gate: &Gate, objects: &[Value]) -> Stand {
    let nothing = || Stand::Closed(format!("'{}' is not there yet", gate.identity));
    match gate.wait_for.as_str() {
        "objectVisible" => objects.first().map_or_else(nothing, |_| Stand::Open),
        "propertyVisible" => {
            let Some(object) = objects.first() else { return nothing() };
            match gate.conditions.iter().find(|condition| !condition.holds(object)) {
                None => Stand::Open,
                Some(condition) => Stand::Closed(format!("until {}; it is {}", condition.text(), condition.shown(object))),
            }
        }
        wait_for => of_table(wait_for, &gate.read, objects).unwrap_or_else(nothing),
    }
}

/// How the check of a place stands.
pub fn check(read: &str, objects: &[Value]) -> Stand {
    of_table("check", read, objects).unwrap_or_else(|| Stand::Closed("nothing came back".into()))
}

fn of_table(wait_for: &str, read: &str, objects: &[Value]) -> Option<Stand> {
    let row = TABLE.iter().find(|row| row.wait_for == wait_for && row.read.eq_ignore_ascii_case(read))?;
    let has = |list: &[String], state: &str| list.iter().any(|one| one.eq_ignore_ascii_case(state));
    let counts = |object: &&Value| row.only.as_ref().is_none_or(|(name, value)| texts(property(object, name)).iter().any(|text| text.eq_ignore_ascii_case(value)));
    let state = |object: &Value, name: &str| texts(property(object, name)).join(" ");
    let states: Vec<String> = match &row.member {
        None => objects.iter().filter(counts).map(|object| state(object, &row.property)).collect(),
        Some(member) => {
            let details = objects.iter().filter_map(|object| property(object, &row.property).as_array()).flatten();
            details.filter(counts).map(|detail| state(detail, member)).collect()
        }
    };
    let open = states.iter().filter(|state| has(&row.reached, state)).count();
    if states.is_empty() {
        return row.begun_elsewhere.then(|| Stand::NotBegun("nothing of it is there yet".into()));
    }
    if let Some(state) = states.iter().find(|state| has(&row.broken, state)) {
        let count = states.iter().filter(|state| has(&row.broken, state)).count();
        return Some(Stand::Broken(format!("{count} of {} are {state}", states.len())));
    }
    Some(match states.iter().find(|state| !has(&row.reached, state)) {
        None => Stand::Open,
        Some(state) => Stand::Closed(format!("{open} of {}; another is {state}", states.len())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_row_has_its_source_and_states() {
        for row in TABLE.iter() {
            assert!(!row.reached.is_empty() && !row.source.is_empty() && !row.date.is_empty(), "{row:?}");
            assert!(row.reached.iter().all(|state| !row.broken.contains(state)), "{row:?}");
        }
    }

    #[test]
    fn a_batch_is_synced_when_every_mailbox_of_it_is() {
        let gate = |wait_for: &str, read: &str| Gate { wait_for: wait_for.into(), read: read.into(), identity: "B1".into(), conditions: Vec::new(), deadline_minutes: 1 };
        let tasks = gate("batchSynced", "migrationTasks");
        // As https://learn.microsoft.com/graph/api/resources/crosstenantmigrationtask shows a task.
        let task = |mailbox: &str, drive: &str| json!({"taskType": "Users", "currentStatus": [{"service": "Exchange", "status": mailbox}, {"service": "ODSP", "status": drive}]});
        assert_eq!(stand(&tasks, &[task("synced", "notStarted"), task("completed", "failed")]), Stand::Open);
        assert!(matches!(stand(&tasks, &[task("synced", "synced"), task("syncing", "synced")]), Stand::Closed(_)));
        assert!(matches!(stand(&tasks, &[task("synced", "synced"), task("failed", "synced")]), Stand::Broken(_)));
        assert_eq!(check("migrationTasks", &[task("completed", "completed")]), Stand::Open);
        assert!(matches!(check("migrationTasks", &[task("completed", "syncing")]), Stand::Closed(_)));
        assert!(matches!(stand(&tasks, &[]), Stand::Closed(_)));
        assert_eq!(stand(&gate("mailboxSynced", "migrationUser"), &[json!({"Status": "Synced"})]), Stand::Open);
        assert!(matches!(stand(&gate("mailboxSynced", "migrationUser"), &[]), Stand::NotBegun(_)));
        assert!(matches!(stand(&gate("batchCompleted", "migrationBatch"), &[json!({"Status": "Failed"})]), Stand::Broken(_)));
        assert!(matches!(stand(&gate("unheardOf", "x"), &[json!({})]), Stand::Closed(_)));
    }
}

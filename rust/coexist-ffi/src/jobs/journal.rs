//! What a plan's journal says, one entry for each thing that was done.

use std::collections::HashMap;
use std::path::PathBuf;

use coexist_core::apply::journal::{Act, Line, Run};
use coexist_core::watch::Watch;
use coexist_files::applying::{read_plan, surface_of};
use coexist_files::journal::{folder_of, Reader};
use serde::{Deserialize, Serialize};
use serde_json::{json, Map, Value};

use super::host::emit;
use crate::error::Failure;
use crate::job::Work;
use crate::operation::{decode, encode};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    plan: PathBuf,
}

/// With the names that PowerShell shows.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    at: String,
    act: &'static str,
    operation: String,
    name: Option<String>,
    target: Option<String>,
    step: String,
    outcome: String,
    code: Option<String>,
    message: Option<String>,
    surface: &'static str,
    tenant: &'static str,
    run: Option<String>,
    host: Option<String>,
    user: Option<String>,
    ended: Option<String>,
    before: Option<Map<String, Value>>,
    after: Option<Map<String, Value>>,
}

pub(super) fn prepare(request: Value) -> Result<Work, Failure> {
    let request: Request = decode(request)?;
    Ok(Box::new(move |context| {
        // Whose an operation is stands in the plan; without it, the journal is told all the same.
        let plan = read_plan(&request.plan).ok();
        let mut entries: Vec<Entry> = Vec::new();
        let mut runs: HashMap<String, Run> = HashMap::new();
        // By file and operation: the intent that has no outcome yet.
        let mut open: HashMap<(String, String, Act), usize> = HashMap::new();
        let torn = Reader::open(&folder_of(&request.plan))?.read(&mut |file, line| {
            let Some((side, surface)) = surface_of(file) else { return };
            let mut entry = |id: &str, act, at: &str, run: Option<&Run>| {
                let subject = plan.as_ref().and_then(|plan| Some(plan.subject(plan.find(id)?)));
                let (name, target) = subject.map_or((None, None), |subject| (Some(subject.name), Some(subject.target)));
                entries.push(Entry {
                    at: at.into(),
                    act: if act == Act::Apply { "Apply" } else { "Undo" },
                    operation: id.into(),
                    name,
                    target,
                    step: id.rsplit('/').next().unwrap_or_default().into(),
                    outcome: "Open".into(),
                    code: None,
                    message: None,
                    surface: surface.name(),
                    tenant: side.name(),
                    run: run.map(|run| run.run.clone()),
                    host: run.map(|run| run.host.clone()),
                    user: run.map(|run| run.user.clone()),
                    ended: None,
                    before: None,
                    after: None,
                });
                entries.len() - 1
            };
            match line {
                Line::Run(run) => drop(runs.insert(file.to_string(), run)),
                Line::End { .. } => {}
                Line::Intent(intent) => {
                    let at = entry(&intent.id, intent.act, &intent.at, runs.get(file));
                    entries[at].before = intent.before;
                    open.insert((file.to_string(), intent.id, intent.act), at);
                }
                Line::Outcome(outcome) => {
                    let key = (file.to_string(), outcome.id.clone(), outcome.act);
                    let pending = outcome.outcome == coexist_core::apply::journal::Result::Pending;
                    let known = if pending { open.get(&key).copied() } else { open.remove(&key) };
                    let at = known.unwrap_or_else(|| entry(&outcome.id, outcome.act, &outcome.at, runs.get(file)));
                    let entry = &mut entries[at];
                    let name = serde_json::to_value(outcome.outcome).ok().and_then(|name| name.as_str().map(String::from)).unwrap_or_default();
                    entry.outcome = name[..1].to_uppercase() + &name[1..];
                    (entry.code, entry.message, entry.after, entry.ended) = (outcome.code, outcome.message, outcome.after, Some(outcome.at));
                }
            }
        })?;
        entries.sort_by(|a, b| a.at.cmp(&b.at));
        if context.cancelled() {
            return Err(Failure::cancelled());
        }
        emit(context, "entries", &entries)?;
        encode(&json!({"entries": entries.len(), "torn": torn}))
    }))
}

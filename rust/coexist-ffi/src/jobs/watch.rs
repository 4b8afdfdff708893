//! How a plan stands now.

use std::collections::BTreeMap;
use std::path::PathBuf;

use coexist_core::apply::host::{Call, Tenants};
use coexist_core::apply::{explain_row, states, State, WatchRow};
use coexist_core::finding::Side;
use coexist_core::plan::Surface;
use coexist_core::problem::Problem;
use coexist_files::applying::{read_plan, surface_of, Journals};
use coexist_graph::Cancel;
use serde::Deserialize;
use serde_json::{json, Map, Value};

use super::apply::{clock, Connections, Given, Select, Sessions};
use super::host::emit;
use crate::error::Failure;
use crate::job::Work;
use crate::operation::{decode, encode};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    plan: PathBuf,
    #[serde(default)]
    select: Select,
    #[serde(default)]
    connections: Vec<Given>,
    /// Whether what is done is told, too.
    #[serde(default)]
    done: bool,
    /// How many rows are told of what is due, waits or is done; of a large plan nobody reads them all.
    #[serde(default)]
    most: Option<u64>,
}

pub(super) fn prepare(request: Value) -> Result<Work, Failure> {
    let request: Request = decode(request)?;
    Ok(Box::new(move |context| {
        let plan = read_plan(&request.plan)?;
        let selected = request.select.of(&plan)?;
        let connections = Connections::of(&plan, request.connections)?;
        let lab = connections.labs(context)?;
        let clock = clock(context, &lab);
        let mut journals = Journals::look(&request.plan)?;
        let ledger = journals.ledger(false)?;
        let holders = journals.holders();
        let alive: Vec<(Side, Surface)> = holders.iter().filter(|holder| holder.alive).filter_map(|holder| surface_of(&holder.name)).collect();
        let now = clock.now();
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        let mut next: Option<String> = None;
        let mut rows: Vec<WatchRow> = Vec::new();
        states(&plan, &ledger, &selected, now, &|side, surface| alive.contains(&(side, surface)), &mut |row| {
            let count = counts.entry(name(row.state)).or_default();
            *count += 1;
            let enough = matches!(row.state, State::Due | State::Waiting | State::Done) && request.most.is_some_and(|most| *count > most);
            if let (State::Waiting, Some(due)) = (row.state, &row.due_at) {
                if coexist_core::apply::time_of(due) > now && next.as_ref().is_none_or(|next| due < next) {
                    next = Some(due.clone());
                }
            }
            if !enough && (row.state != State::Done || request.done) {
                rows.push(row);
            }
            Ok(())
        })?;
        let cancel = Cancel::new();
        let mut sessions = Sessions::new(context, &connections, &lab, &cancel)?;
        moves(&plan, &ledger, &mut sessions, &mut rows)?;
        rows.sort_by(|a, b| (a.state, &a.since, &a.operation).cmp(&(b.state, &b.since, &b.operation)));
        emit(context, "states", &rows)?;
        let holders: Vec<Value> = holders
            .iter()
            .map(|holder| json!({"Surface": holder.name, "Host": holder.run.host, "Pid": holder.run.pid, "User": holder.run.user, "Since": holder.run.at, "Alive": holder.alive}))
            .collect();
        let mut result: Map<String, Value> = [State::Running, State::Due, State::Waiting, State::Pending, State::Failed, State::Skipped, State::Done]
            .into_iter()
            .map(|state| (name(state).to_string(), json!(counts.get(name(state)).copied().unwrap_or_default())))
            .collect();
        result.insert("Now".into(), json!(coexist_core::apply::time_text(now)));
        result.insert("Holders".into(), Value::Array(holders));
        result.insert("NextDue".into(), json!(next));
        encode(&Value::Object(result))
    }))
}

fn name(state: State) -> &'static str {
    match state {
        State::Running => "Running",
        State::Due => "Due",
        State::Waiting => "Waiting",
        State::Pending => "Pending",
        State::Failed => "Failed",
        State::Skipped => "Skipped",
        State::Done => "Done",
    }
}

/// What the service says of the people in batches that run: those whose move has failed, with cause and action.
fn moves(plan: &coexist_core::apply::Plan, ledger: &coexist_core::apply::Ledger, sessions: &mut Sessions, rows: &mut Vec<WatchRow>) -> Result<(), Failure> {
    for number in 0..plan.entries.len() as u32 {
        let entry = plan.entry(number);
        let started = entry.item() == "batch" && matches!(entry.step(), "start" | "migrate");
        let (side, surface) = (entry.common.tenant, entry.common.surface);
        if !started || !ledger.of_id(&entry.id).is_some_and(|record| record.known.is_done()) || !sessions.reaches(side, surface) {
            continue;
        }
        let users = match surface {
            Surface::Exchange => {
                let call = Call::Command { name: "Get-MigrationUser".into(), parameters: json!({"BatchId": entry.source()}), secrets: Value::Null, properties: Value::Null };
                sessions.read(side, surface, &call)
            }
            _ => tasks(plan, entry.source(), sessions, side),
        };
        let users = match users {
            Ok(users) => users,
            // What cannot be asked now is asked again when it is looked at again.
            Err(refusal) => {
                if refusal.means == coexist_core::apply::host::Means::Cancelled {
                    return Err(Problem::cancelled().into());
                }
                continue;
            }
        };
        for user in users {
            for Failed { whom, since, code, message } in failed(&user) {
                let mut row = WatchRow {
                    state: State::Failed,
                    operation: entry.id.to_string(),
                    name: whom.clone(),
                    target: whom,
                    step: "move".into(),
                    stage: "cutover",
                    surface: surface.name(),
                    waits_for: None,
                    since,
                    due_at: None,
                    code: Some(code),
                    message,
                    cause: None,
                    action: None,
                };
                explain_row(&mut row, surface);
                rows.push(row);
            }
        }
    }
    Ok(())
}

/// A move that has failed, as a service says it.
struct Failed {
    whom: String,
    since: Option<String>,
    code: String,
    message: Option<String>,
}

/// What has failed of somebody: of a migration user one thing, of a task of the orchestrator each workload for itself.
fn failed(user: &Value) -> Vec<Failed> {
    const FAILED: [&str; 6] = ["failed", "error", "invalid", "corrupted", "completionfailed", "incrementalfailed"];
    let text = |of: &Value, names: &[&str]| names.iter().find_map(|name| of[*name].as_str().filter(|text| !text.is_empty())).map(String::from);
    let (whom, since) = (text(user, &["Identity", "id", "userId"]).unwrap_or_default(), text(user, &["LastSuccessfulSyncTime", "lastUpdatedDateTime"]));
    let details = match &user["currentStatus"] {
        Value::Array(details) => details.iter().collect(),
        _ => vec![user],
    };
    let of = |detail: &Value| {
        let status = text(detail, &["Status", "status", "currentStatus"]).filter(|status| FAILED.contains(&status.to_lowercase().as_str()))?;
        let error = &detail["errors"][0];
        let message = text(detail, &["ErrorSummary", "errorMessage", "Error"]).or_else(|| text(error, &["message"])).or_else(|| text(detail, &["message"]));
        Some(Failed { whom: whom.clone(), since: since.clone(), code: text(error, &["code"]).unwrap_or(status), message })
    };
    details.into_iter().filter_map(of).collect()
}

fn tasks(plan: &coexist_core::apply::Plan, batch: &str, sessions: &mut Sessions, side: Side) -> Result<Vec<Value>, coexist_core::apply::host::Refusal> {
    let (Some(job), Some(tasks)) = (plan.reads.get("migrationJob"), plan.reads.get("migrationTasks")) else { return Ok(Vec::new()) };
    let Some(call) = job.call(batch) else { return Ok(Vec::new()) };
    let found = sessions.read(side, Surface::Graph, &call)?;
    let Some(call) = found.first().and_then(|job| job["id"].as_str()).and_then(|id| tasks.call(id)) else { return Ok(Vec::new()) };
    let listed = sessions.read(side, Surface::Graph, &call)?;
    Ok(listed.into_iter().flat_map(|page| page["value"].as_array().cloned().unwrap_or_default()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_move_that_failed_is_found_in_either_service() {
        let told = |user: Value| failed(&user).into_iter().map(|failed| (failed.whom, failed.code, failed.message.unwrap_or_default())).collect::<Vec<_>>();
        let user = json!({"Identity": "anna@f", "Status": "Failed", "ErrorSummary": "MissingExchangeGuidException: …"});
        assert_eq!(told(user), [("anna@f".into(), "Failed".into(), "MissingExchangeGuidException: …".into())]);
        assert!(told(json!({"Identity": "anna@f", "Status": "Synced", "ErrorSummary": ""})).is_empty());
        // As https://learn.microsoft.com/graph/api/resources/crosstenantmigrationtask shows it.
        let detail = |service: &str, status: &str, errors: Value| json!({"service": service, "status": status, "message": "", "errors": errors});
        let errors = json!([{"code": "MissingExchangeGuidException", "message": "It has no ExchangeGuid."}]);
        let task = json!({"id": "1", "taskType": "Users", "currentStatus": [detail("Exchange", "failed", errors), detail("ODSP", "completed", json!([]))]});
        assert_eq!(told(task), [("1".into(), "MissingExchangeGuidException".into(), "It has no ExchangeGuid.".into())]);
        assert!(told(json!({"id": "1", "currentStatus": 7})).is_empty() && told(json!([])).is_empty());
    }
}

//! How every operation of a plan stands, by the journals alone: no tenant is asked.

use super::journal::Effect;
use super::ledger::{self, Known, Ledger, Record};
use super::plan::Plan;
use super::advice::advice;
use crate::finding::Side;
use crate::plan::Surface;
use crate::problem::Problem;
use crate::service_error;
use serde::Serialize;

/// How an operation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum State {
    /// Refused by the service, or never seen.
    Failed,
    /// Left out for a reason that lies in the object or in the plan.
    Skipped,
    /// Begun by a process that is at work.
    Running,
    /// Carried out and not seen yet, or begun by a process that is gone.
    Pending,
    /// Its turn has come.
    Due,
    /// It waits for a time, a gate or another operation.
    Waiting,
    /// Done and verified.
    Done,
}

/// One operation, with the names that PowerShell shows.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct WatchRow {
    /// How it stands.
    pub state: State,
    /// Its id.
    pub operation: String,
    /// What a person calls the subject.
    pub name: String,
    /// Its identity in the tenant.
    pub target: String,
    /// The last part of the id.
    pub step: String,
    /// When in the life of the move.
    pub stage: &'static str,
    /// Where.
    pub surface: &'static str,
    /// What it waits for.
    pub waits_for: Option<String>,
    /// Since when it stands so (UTC).
    pub since: Option<String>,
    /// When it is due (UTC).
    pub due_at: Option<String>,
    /// Why; stable.
    pub code: Option<String>,
    /// In the service's words.
    pub message: Option<String>,
    /// What is behind it.
    pub cause: Option<String>,
    /// What to do: of the service's errors, whether to resume or to move to another batch.
    pub action: Option<String>,
}

/// Says of every selected operation how it stands.
///
/// # Errors
/// `PlanLineInvalid`, and those of `each`.
pub fn states(
    plan: &Plan, ledger: &Ledger, selected: &[bool], now: i64, at_work: &dyn Fn(Side, Surface) -> bool, each: &mut dyn FnMut(WatchRow) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let record = |number: u32| {
        ledger.of_id(&plan.entry(number).id)?;
        ledger.of(&plan.entry(number).id, &plan.fingerprint(number))
    };
    let records: Vec<Option<&Record>> = (0..plan.entries.len() as u32).map(record).collect();
    let done = |number: u32| records[number as usize].is_some_and(|record| record.known.is_done() && !record.is_being_undone());
    for number in (0..plan.entries.len() as u32).filter(|number| selected[*number as usize]) {
        let (entry, record) = (plan.entry(number), records[number as usize]);
        if done(number) {
            // Of most there is no more to say, and they are not put together for that.
            let subject = plan.subject(number);
            each(WatchRow {
                state: State::Done,
                operation: entry.id.to_string(),
                name: subject.name,
                target: subject.target,
                step: entry.step().into(),
                stage: entry.common.stage.name(),
                surface: entry.common.surface.name(),
                waits_for: None,
                since: record.map(|record| ledger::text(record.at)),
                due_at: None,
                code: None,
                message: None,
                cause: None,
                action: None,
            })?;
            continue;
        }
        let (operation, _) = plan.operation(number)?;
        let known = record.map(|record| record.known);
        let mut row = WatchRow {
            state: State::Done,
            operation: operation.id.clone(),
            name: operation.subject.name.clone(),
            target: operation.subject.target.clone(),
            step: entry.step().into(),
            stage: operation.stage.name(),
            surface: operation.surface.name(),
            waits_for: None,
            since: record.map(|record| ledger::text(record.at)),
            due_at: operation.not_before.clone(),
            code: record.and_then(|record| record.code.clone()),
            message: record.and_then(|record| record.message.clone()),
            cause: None,
            action: None,
        };
        row.state = match known {
            // It was being taken back.
            Some(Known::Done | Known::AlreadyDone) if at_work(operation.tenant, operation.surface) => State::Running,
            Some(Known::Done | Known::AlreadyDone) => State::Pending,
            Some(Known::Open) if at_work(operation.tenant, operation.surface) => State::Running,
            Some(Known::Open | Known::Pending) => State::Pending,
            Some(Known::Failed(Effect::None | Effect::Unknown)) => State::Failed,
            Some(Known::Skipped) => State::Skipped,
            None => {
                let stage = |other: &&u32| plan.entry(**other).common.stage < entry.common.stage;
                let open = |other: &&u32| !done(**other);
                let order = &plan.order;
                let blocker = order.depends_on(number).iter().find(open).or_else(|| order.of_subject(entry.subject).iter().filter(stage).find(open));
                let early = operation.not_before.as_deref().filter(|from| now < ledger::milliseconds(from));
                row.waits_for = match (blocker, early, operation.gates.first()) {
                    (Some(other), ..) => Some(plan.entry(*other).id.to_string()),
                    (None, Some(from), _) => Some(format!("time {from}")),
                    (None, None, Some(gate)) => Some(format!("{} of {}", gate.wait_for, gate.identity)),
                    (None, None, None) if operation.surface == Surface::Manual => Some("what is done by hand".into()),
                    (None, None, None) => None,
                };
                if row.waits_for.is_some() { State::Waiting } else { State::Due }
            }
        };
        if matches!(row.state, State::Failed | State::Skipped | State::Pending) {
            explain(&mut row, operation.surface);
        }
        each(row)?;
    }
    Ok(())
}

/// Cause and action of a code: Coexist's own, or the service's.
pub fn explain(row: &mut WatchRow, surface: Surface) {
    let code = row.code.as_deref().unwrap_or_default();
    if let Some(action) = advice(code) {
        row.action = Some(action.into());
    } else if let Some(error) = service_error::find(Some(surface.name()), code, row.message.as_deref().unwrap_or_default()) {
        (row.code, row.cause, row.action) = (Some(error.name.clone()), Some(error.cause.clone()), Some(error.action.clone()));
    }
}

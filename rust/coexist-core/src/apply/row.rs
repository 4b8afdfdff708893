//! What a run says: a row for each operation that it looked at, and a summary.

use serde::Serialize;

/// What came of an operation in this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Kind {
    /// Carried out, and seen.
    Done,
    /// Its end state was there.
    AlreadyDone,
    /// Taken back, and seen.
    Undone,
    /// Carried out; reads do not show it yet.
    Pending,
    /// Its turn has not come.
    Waiting,
    /// Left out, for a reason that lies in the object, in the plan or in an answer.
    Skipped,
    /// Refused, or never seen.
    Failed,
    /// It would be done.
    WhatIf,
}

/// One operation, with the names that PowerShell shows.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Row {
    /// Its id.
    pub operation: String,
    /// What came of it.
    pub outcome: Kind,
    /// What a person calls the subject.
    pub name: String,
    /// Its identity in the tenant.
    pub target: String,
    /// The last part of the id.
    pub step: String,
    /// What the step does.
    pub what: String,
    /// When in the life of the move.
    pub stage: &'static str,
    /// Where.
    pub surface: &'static str,
    /// In which tenant.
    pub tenant: String,
    /// Why, where there is something to say; stable.
    pub code: Option<String>,
    /// The same in words.
    pub message: Option<String>,
    /// What to do.
    pub action: Option<String>,
    /// What it waits for by name.
    pub depends_on: Vec<String>,
    /// How long it took.
    pub seconds: f64,
}

/// What a run came to.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Summary {
    /// Operations that were selected.
    pub operations: u64,
    /// Of them, those that earlier runs had done.
    pub earlier: u64,
    /// Carried out, and seen.
    pub done: u64,
    /// Their end state was there.
    pub already_done: u64,
    /// Taken back, and seen.
    pub undone: u64,
    /// Carried out; reads do not show them yet.
    pub pending: u64,
    /// Their turn has not come.
    pub waiting: u64,
    /// Left out.
    pub skipped: u64,
    /// Refused, or never seen.
    pub failed: u64,
    /// Of `-WhatIf`: what would be done.
    pub what_if: u64,
    /// Why it stopped before the end, where it did: `StopOn`, `MaxOperations`.
    pub stopped: Option<&'static str>,
    /// When the next operation is due (UTC), where that is known.
    pub next_due: Option<String>,
    /// 0 everything selected is done; 2 something is pending or waiting; 3 something was left out; 4 something failed; 5 stopped early.
    pub exit_code: u32,
}

impl Summary {
    /// Counts a row.
    pub fn count(&mut self, kind: Kind, times: u64) {
        let counter = match kind {
            Kind::Done => &mut self.done,
            Kind::AlreadyDone => &mut self.already_done,
            Kind::Undone => &mut self.undone,
            Kind::Pending => &mut self.pending,
            Kind::Waiting => &mut self.waiting,
            Kind::Skipped => &mut self.skipped,
            Kind::Failed => &mut self.failed,
            Kind::WhatIf => &mut self.what_if,
        };
        *counter += times;
    }

    /// Works out the exit code: the worst counts.
    pub fn close(&mut self) {
        self.exit_code = match self {
            Summary { stopped: Some("StopOn"), .. } => 5,
            Summary { failed: 1.., .. } => 4,
            Summary { skipped: 1.., .. } => 3,
            Summary { pending: 1.., .. } | Summary { waiting: 1.., .. } => 2,
            _ => 0,
        };
    }
}

//! The lines of a journal: what was about to be done, what came of it, by whom and when.

use crate::finding::Side;
use crate::plan::Surface;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What is done with an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Act {
    /// It is carried out.
    Apply,
    /// It is taken back.
    Undo,
}

/// What came of it, as far as a journal keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Result {
    /// Carried out, and seen afterwards.
    Done,
    /// What it was to bring about was there before.
    AlreadyDone,
    /// Carried out; reads do not show it yet.
    Pending,
    /// Not carried out, for a reason that lies in the object or in the plan.
    Skipped,
    /// The service refused it, or it never showed.
    Failed,
}

/// Whether something that failed may have had its effect all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Effect {
    /// The service said no.
    None,
    /// Nobody knows: the answer was lost, or says nothing about it.
    #[default]
    Unknown,
}

/// One process at work on one surface of one tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// Names this run in what is shown; 16 hexadecimal digits.
    pub run: String,
    /// When it began: ISO 8601, UTC, as every moment in a journal.
    pub at: String,
    /// The machine.
    pub host: String,
    /// The process on it.
    pub pid: u32,
    /// The account.
    pub user: String,
    /// The SHA-256 of the plan.
    pub plan: String,
    /// The tenant that the session really belongs to.
    pub tenant_id: Option<String>,
    /// Of Coexist.
    pub version: String,
    /// What stood torn at the end of the journal, and was cut off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub torn: Option<String>,
}

/// An operation is about to be carried out, or taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// The operation.
    pub id: String,
    /// Whether it is carried out or taken back.
    pub act: Act,
    /// The fingerprint of the operation as it stands in the plan: under the same id a later plan may have another.
    pub operation: String,
    /// When.
    pub at: String,
    /// What the object was before, of the properties that the operation is about; nothing where there was no object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Map<String, Value>>,
}

/// What came of an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The operation.
    pub id: String,
    /// Whether it was carried out or taken back.
    pub act: Act,
    /// Its fingerprint.
    pub operation: String,
    /// When.
    pub at: String,
    /// What came of it.
    pub outcome: Result,
    /// Why, where there is something to say; stable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The same in words; of a service, its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Of what failed: whether it may have had its effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<Effect>,
    /// What the object was afterwards, of the same properties.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Map<String, Value>>,
}

/// A line of a journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "camelCase")]
pub enum Line {
    /// A process begins.
    Run(Run),
    /// Something is about to be done.
    Intent(Intent),
    /// Something came of it.
    Outcome(Outcome),
    /// The process ends, having said everything.
    End {
        /// When.
        at: String,
    },
}

/// The name of the journal of one surface of one tenant: `target-exchange`.
pub fn name(side: Side, surface: Surface) -> String {
    format!("{}-{}", side.name(), surface.name())
}

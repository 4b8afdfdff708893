//! What a runner needs of the world: tenants, a journal, a clock, somebody who is asked and told.

use super::journal::{Intent, Line, Outcome};
use super::row::Row;
use crate::finding::Side;
use crate::plan::Surface;
use crate::problem::Problem;
use serde_json::Value;

/// What a surface is asked: a cmdlet with its parameters, or a Graph request.
#[derive(Debug, Clone, PartialEq)]
pub enum Call {
    /// A cmdlet, without a connection's prefix.
    Command {
        /// Its name.
        name: String,
        /// Its parameters, as they stand in a plan.
        parameters: Value,
        /// Parameters that are made at the moment of use.
        secrets: Value,
        /// For reads: the properties that are wanted; `Null` for all.
        properties: Value,
    },
    /// A Graph request.
    Request {
        /// GET, POST, PATCH, PUT, DELETE.
        method: String,
        /// From the version on: `/v1.0/users/…`.
        path: String,
        /// JSON, or `Null`.
        body: Value,
    },
}

impl Call {
    /// The cmdlet, or the method and path without the query: for messages.
    pub fn label(&self) -> String {
        match self {
            Call::Command { name, .. } => name.clone(),
            Call::Request { method, path, .. } => format!("{method} {}", path.split('?').next().unwrap_or_default()),
        }
    }
}

/// What a refusal means for going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Means {
    /// The object is not there.
    NotFound,
    /// Throttled or busy; it had no effect, and may be tried again.
    Transient,
    /// The service said no; it had no effect.
    Refused,
    /// It may have had its effect.
    Unknown,
    /// The surface cannot be reached any more.
    Unreachable,
    /// The session belongs to another tenant: nothing more may be done.
    WrongTenant,
    /// The work was stopped.
    Cancelled,
}

/// Why a surface did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What it means for going on.
    pub means: Means,
    /// Stable: the service's own id of the error, or the row of the table of service errors.
    pub code: String,
    /// In the service's words.
    pub message: String,
    /// What to do about it, where that is known.
    pub action: Option<String>,
    /// How long to wait before it is tried again, where the service said so.
    pub wait_seconds: Option<u64>,
}

impl Refusal {
    /// A refusal that says no more than this.
    pub fn new(means: Means, code: &str, message: impl Into<String>) -> Self {
        Refusal { means, code: code.into(), message: message.into(), action: None, wait_seconds: None }
    }
}

/// Both tenants, as far as this process reaches them.
pub trait Tenants {
    /// Whether this process reaches a surface of a tenant.
    fn reaches(&self, side: Side, surface: Surface) -> bool;
    /// Asks without changing anything; the objects that came back.
    ///
    /// # Errors
    /// What the surface said instead.
    fn read(&mut self, side: Side, surface: Surface, call: &Call) -> Result<Vec<Value>, Refusal>;
    /// Changes something.
    ///
    /// # Errors
    /// What the surface said instead.
    fn write(&mut self, side: Side, surface: Surface, call: &Call) -> Result<(), Refusal>;
}

/// The journals of the surfaces that this process works on, and those of others.
pub trait Log {
    /// Says what is about to be done; it is on the disk when this returns.
    ///
    /// # Errors
    /// The journal cannot be written: nothing may be done.
    fn intent(&mut self, side: Side, surface: Surface, intent: Intent) -> Result<(), Problem>;
    /// Says what came of it.
    ///
    /// # Errors
    /// The journal cannot be written: nothing more may be done.
    fn outcome(&mut self, side: Side, surface: Surface, outcome: Outcome) -> Result<(), Problem>;
    /// What other processes wrote since this was asked last.
    ///
    /// # Errors
    /// A journal is damaged.
    fn news(&mut self, each: &mut dyn FnMut(Side, Surface, Line)) -> Result<(), Problem>;
    /// Whether another process works on a surface now.
    fn at_work(&self, side: Side, surface: Surface) -> bool;
}

/// Time, in milliseconds.
pub trait Clock {
    /// Since 1970, UTC; may be put back and forth.
    fn now(&self) -> i64;
    /// Since some moment; never goes back.
    fn ticks(&self) -> i64;
    /// Waits so long.
    ///
    /// # Errors
    /// `Cancelled`.
    fn wait(&self, milliseconds: i64) -> Result<(), Problem>;
}

/// Who is asked and told.
pub trait Audience {
    /// One operation's outcome.
    ///
    /// # Errors
    /// Nobody listens any more.
    fn row(&mut self, row: &Row) -> Result<(), Problem>;
    /// Something that must be said aloud, and stops nothing.
    ///
    /// # Errors
    /// Nobody listens any more.
    fn notice(&mut self, code: &'static str, message: &str) -> Result<(), Problem>;
    /// Whether a change may be made: a sentence's object and its verb.
    ///
    /// # Errors
    /// Nobody can be asked.
    fn may_write(&mut self, target: &str, action: &str) -> Result<bool, Problem>;
    /// Whether what cannot be taken back may be done, once for each kind of operation.
    ///
    /// # Errors
    /// Nobody can be asked.
    fn may_for_good(&mut self, message: &str, count: u64) -> Result<bool, Problem>;
    /// Where the work is.
    fn progress(&mut self, status: &str, done: u64, total: u64);
    /// Whether the work shall stop.
    fn cancelled(&self) -> bool;
}

/// Everything outside.
pub struct Host<'h> {
    /// Both tenants.
    pub tenants: &'h mut dyn Tenants,
    /// The journals.
    pub log: &'h mut dyn Log,
    /// Time.
    pub clock: &'h dyn Clock,
    /// Who is asked and told.
    pub audience: &'h mut dyn Audience,
}

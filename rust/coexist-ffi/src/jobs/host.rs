//! A job's context as the host of work on files.

use coexist_core::finding::Finding;
use coexist_core::problem::Problem;
use coexist_core::watch::Watch;
use coexist_files::host::Host;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Failure;
use crate::job::Context;

/// What happens to a file that is there already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Replace {
    /// The host is asked.
    #[default]
    Ask,
    Yes,
    No,
}

/// Items of one event: enough to make crossing the boundary cheap, few enough to show soon.
pub(super) const ITEMS: usize = 256;

/// Reports to the host of a job.
pub(super) struct JobHost<'c> {
    pub context: &'c Context,
    pub replace: Replace,
    /// Whether findings are told one by one: a plan holds them itself.
    pub tells_findings: bool,
}

#[derive(Serialize)]
struct Items<'i, T> {
    event: &'static str,
    items: &'i [T],
}

/// Emits items in portions.
pub(super) fn emit<T: Serialize>(context: &Context, event: &'static str, items: &[T]) -> Result<(), Problem> {
    items.chunks(ITEMS).try_for_each(|items| context.emit(&Items { event, items })).map_err(|_| Problem::cancelled())
}

impl Watch for JobHost<'_> {
    fn progress(&self, activity: &str, status: &str, done: u64, total: Option<u64>) {
        self.context.progress(activity, status, done, total);
    }

    fn cancelled(&self) -> bool {
        self.context.cancelled()
    }
}

impl Host for JobHost<'_> {
    fn problems(&self, problems: &[Problem]) -> Result<(), Problem> {
        emit(self.context, "problems", problems)
    }

    fn findings(&self, findings: &[Finding]) -> Result<(), Problem> {
        if self.tells_findings {
            emit(self.context, "findings", findings)?;
        }
        Ok(())
    }

    fn may_replace(&self, path: &str) -> Result<bool, Problem> {
        match self.replace {
            Replace::Yes => Ok(true),
            Replace::No => Ok(false),
            Replace::Ask => {
                let answer = self.context.ask("replaceFile", path).map_err(|_: Failure| Problem::cancelled())?;
                Ok(answer == Value::Bool(true))
            }
        }
    }
}

//! Whom long work reports to: progress, bad records, findings, a question.

use coexist_core::finding::Finding;
use coexist_core::problem::Problem;
use coexist_core::watch::Watch;

/// The host of long work. An error of a method ends the work with it.
pub trait Host: Watch {
    /// Bad records and what makes a result less certain; the work goes on.
    fn problems(&self, problems: &[Problem]) -> Result<(), Problem>;
    /// What was found about people.
    fn findings(&self, findings: &[Finding]) -> Result<(), Problem>;
    /// Whether a file that is there may be replaced.
    fn may_replace(&self, path: &str) -> Result<bool, Problem>;
}

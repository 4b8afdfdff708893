//! What `coexist_job_start` can start, one file per operation.
//!
//! An operation reads its request (a struct with `deny_unknown_fields`, by `operation::decode`) before it starts, so a
//! wrong request fails at once; what it returns then runs as the job, with a `Context` to report to.

use serde_json::Value;

use crate::error::Failure;
use crate::job::Work;
use crate::operation::Table;

mod apply;
mod batches;
mod commit_snapshot;
mod compare_addresses;
mod graph;
mod graph_export;
mod graph_tenant;
mod host;
mod journal;
mod lab;
mod plan;
mod read_snapshot;
mod readiness;
#[cfg(feature = "test-abi")]
mod test_count;
mod watch;

type Prepare = fn(Value) -> Result<Work, Failure>;

/// Name to function.
pub(crate) const TABLE: Table<Prepare> = &[
    ("plan", plan::prepare),
    ("readiness", readiness::prepare),
    ("compareAddresses", compare_addresses::prepare),
    ("readSnapshot", read_snapshot::prepare),
    ("commitSnapshot", commit_snapshot::prepare),
    ("graphTenant", graph_tenant::prepare),
    ("graphExport", graph_export::prepare),
    ("lab", lab::prepare),
    ("batches", batches::prepare),
    ("apply", apply::prepare),
    ("journal", journal::prepare),
    ("watch", watch::prepare),
    #[cfg(feature = "test-abi")]
    ("test.count", test_count::prepare),
];

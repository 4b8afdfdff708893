//! Coexist's logic: deriving, diffing and planning for two Microsoft 365 tenants.
//!
//! Pure: no I/O, no clock, no unsafe, no randomness that is not seeded; the same input gives the same bytes on every platform and any number of threads.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod address;
pub mod apply;
pub mod batch;
pub mod csv;
mod data;
pub mod directory;
mod exchange_plans;
pub mod finding;
pub mod fnv;
pub mod identity;
pub mod known;
pub mod lab;
pub mod limits;
pub mod plan;
pub mod problem;
pub mod readiness;
pub mod service_error;
pub mod snapshot;
pub mod specification;
pub mod watch;

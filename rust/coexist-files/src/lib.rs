//! Reads and writes what Coexist keeps on disk: snapshots, specifications, plans. The only crate that opens files.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod applying;
pub mod batching;
pub mod export;
pub mod host;
pub mod journal;
pub mod lab;
pub mod lab_world;
pub mod planning;
pub mod read;
pub mod specification;
pub mod write;

//! The C ABI of Coexist: the only crate with unsafe code. Its contract is `cbindings/README.md`.
//!
//! The exports are `extern "C"`, but callable from Rust too (tests, examples).

#![deny(unsafe_op_in_unsafe_fn)]
#![warn(clippy::undocumented_unsafe_blocks)]
// The "Ownership" and "Threads" lines of every export are its safety section; they are written for the C header.
#![allow(clippy::missing_safety_doc)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod boundary;
mod call;
mod calls;
mod derive;
mod engine;
mod error;
mod job;
mod lab;
mod jobs;
mod memory;
mod operation;
mod secret;
mod status;
mod version;

#[cfg(test)]
mod exports;

pub use call::coexist_call;
pub use derive::{coexist_imceaex_to, coexist_immutable_id_from, coexist_immutable_id_to, coexist_x500_to};
pub use engine::{coexist_engine_free, coexist_engine_new, Engine};
pub use job::{coexist_job_answer, coexist_job_cancel, coexist_job_free, coexist_job_start, coexist_job_wait, Job};
pub use memory::coexist_bytes_free;
pub use secret::{coexist_secret_free, coexist_secret_new};
pub use status::*;
pub use version::{coexist_abi_version, coexist_version, COEXIST_ABI_VERSION};

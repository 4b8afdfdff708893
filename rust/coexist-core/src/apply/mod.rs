//! Carrying a plan out, and taking it back.
//!
//! [`Plan`] is the file, [`Ledger`] what journals say was done of it, [`Selection`] which part of it is meant. A [`Runner`] visits operations in an order in
//! which each finds done what it depends on; what a visit does is the same for carrying out and for taking back: a [`task::Task`] has a premise, a change and a
//! goal. Tenants, journal, clock and the person at the console are traits ([`host`]), so nothing here does I/O or knows what time it is.

mod advice;
pub mod condition;
mod gate;
pub mod host;
pub mod journal;
mod ledger;
mod operation;
mod order;
mod plan;
mod row;
mod runner;
pub(crate) mod selection;
mod task;
mod watch;

pub use ledger::{milliseconds as time_of, text as time_text, Known, Ledger};
pub use operation::Operation;
pub use plan::{Plan, Read};
pub use row::{Kind, Row, Summary};
pub use runner::{Options, Runner, StopOn};
pub use selection::Selection;
pub use watch::{explain as explain_row, states, State, WatchRow};

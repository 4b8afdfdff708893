//! Making a snapshot: piped objects wait in a spool until all have come, then each kind is merged with what the folder has and written in canonical form.

mod commit;
mod delta;
mod merge;
mod pages;
mod spool;

pub use commit::{check, commit, Commit, Committed, FromPages, KindCommitted};
pub use delta::Members;
pub use pages::{Anew, Mark, Pages};
pub use spool::{append, discard, Spooled};

#[cfg(test)]
mod tests;

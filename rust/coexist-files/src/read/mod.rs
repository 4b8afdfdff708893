//! Reading of snapshot files: JSON Lines, JSON of ConvertTo-Json and Graph, CSV of Export-Csv, in UTF-8 or UTF-16.
//!
//! A file is read in blocks that are cut between records, parsed on every core and put together in order; at most two batches of blocks are in memory
//! beside what was read. A bad record is one [`Problem`] with file and line, and the rest goes on.

mod csv;
mod cut;
mod decode;
mod describe;
mod fault;
pub(crate) mod index;
mod lines;
mod parse;
pub(crate) mod snapshot;
mod source;
mod table;
pub(crate) mod text;

#[cfg(test)]
mod tests;

pub use describe::{describe, Description, KindDescription};
pub use lines::read_lines;
pub use snapshot::{read_snapshot, KindRead, SnapshotRead, TENANT_FILE};
pub use table::{read_table, TableRead, Unknown};
pub use text::read_text;

use coexist_core::problem::Problem;
use coexist_core::snapshot::Kind;

/// Sizes of the work; one value in use, others in tests.
#[derive(Clone, Copy)]
struct Sizes {
    /// How many bytes are read at once.
    block: usize,
    /// How many blocks are parsed between two looks at the host.
    batch: usize,
}

/// Half of a core's second-level cache; enough blocks that every core has some and none waits long for the last.
const SIZES: Sizes = Sizes { block: 512 << 10, batch: 16 };

/// What the whole reading of one file shares.
struct Context<'a> {
    kind: Kind,
    /// The file as the user named it.
    file: &'a str,
    /// How many problems are kept of one file.
    problems: usize,
}

/// Problems up to a number, and how many there were.
#[derive(Default)]
pub(crate) struct Problems {
    pub(crate) kept: Vec<Problem>,
    pub(crate) count: u64,
}

impl Problems {
    pub(crate) fn push(&mut self, limit: usize, problem: impl FnOnce() -> Problem) {
        self.count += 1;
        if self.kept.len() < limit {
            self.kept.push(problem());
        }
    }

    pub(crate) fn append(&mut self, limit: usize, other: Problems) {
        self.count += other.count;
        let room = limit.saturating_sub(self.kept.len());
        self.kept.extend(other.kept.into_iter().take(room));
    }
}

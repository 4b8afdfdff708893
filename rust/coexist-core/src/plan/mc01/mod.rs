//! MC-01: every person's target object made ready for the mailbox (what Cross-Tenant Identity Mapping stamps, and what it does not).
//!
//! [`run`] matches people to target objects, judges each, and gives out operations and findings block by block in the order of the source snapshot,
//! whatever the number of threads.

mod cloud;
mod comparison;
mod judge;
mod licence;
mod map;
mod matching;
mod on_premises;
mod setup;
mod steps;
mod wanted;

pub use comparison::compare_addresses;
pub use map::{parse as parse_map, MapRow};
pub use setup::{Inputs, Setup};
pub use steps::STEPS;

use super::writer::Body;
use super::Summary;
use crate::finding::Finding;
use crate::problem::Problem;
use crate::watch::Watch;
use rayon::prelude::*;

/// What one run of people gives: operations as lines of a plan, and findings.
pub struct Block {
    /// The operations, written.
    pub operations: Body,
    /// The findings, in the order of the people.
    pub findings: Vec<Finding>,
    /// What was counted.
    pub summary: Summary,
}

/// People judged together by one thread; small enough that progress moves and memory stays flat.
const BLOCK: usize = 2048;

/// Judges everybody in scope. `with_operations` is false where only findings are wanted. `each` gets the blocks in order.
pub fn run(setup: &Setup, with_operations: bool, watch: &dyn Watch, mut each: impl FnMut(Block) -> Result<(), Problem>) -> Result<Summary, Problem> {
    let mut total = Summary::default();
    let activity = if with_operations { "Planning" } else { "Judging" };
    let mut give = |block: Block, total: &mut Summary| {
        total.add(&block.summary);
        each(block)
    };

    watch.progress(activity, "matching people to target objects", 0, None);
    let people = matching::People::find(setup);
    if watch.cancelled() {
        return Err(Problem::cancelled());
    }
    give(finish(Body::new(), people.general.clone(), Summary::default()), &mut total)?;

    let count = people.len();
    let round = BLOCK * rayon::current_num_threads().max(1);
    for start in (0..count).step_by(round) {
        if watch.cancelled() {
            return Err(Problem::cancelled());
        }
        watch.progress(activity, "people", start as u64, Some(count as u64));
        let end = (start + round).min(count);
        let blocks: Vec<Block> = (start..end)
            .collect::<Vec<_>>()
            .par_chunks(BLOCK)
            .map(|chunk| {
                let mut operations = Body::new();
                let mut findings = Vec::new();
                let mut summary = Summary::default();
                for person in chunk {
                    judge::person(setup, &people, *person, with_operations, &mut operations, &mut findings, &mut summary);
                }
                finish(operations, findings, summary)
            })
            .collect();
        for block in blocks {
            give(block, &mut total)?;
        }
    }
    watch.progress(activity, "people", count as u64, Some(count as u64));
    Ok(total)
}

fn finish(operations: Body, findings: Vec<Finding>, mut summary: Summary) -> Block {
    for finding in &findings {
        *summary.findings.entry(finding.code.to_string()).or_default() += 1;
    }
    Block { operations, findings, summary }
}

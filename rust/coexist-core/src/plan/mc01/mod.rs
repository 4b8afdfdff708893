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
mod named;
mod on_premises;
mod setup;
mod shape;
mod steps;
mod survey;
mod wanted;

pub use comparison::compare_addresses;
pub use map::{parse as parse_map, MapRow};
pub use setup::{Inputs, Setup};
pub use steps::STEPS;
pub use survey::{survey, Surveyed};

use super::writer::Body;
use super::Summary;
use crate::finding::Finding;
use crate::problem::Problem;
use crate::watch::Watch;
use shape::Counted;
use rayon::prelude::*;
use std::ops::Range;
use std::sync::mpsc::sync_channel;

/// The backlog item.
const ITEM: &str = "MC-01";

/// What one run of people gives: operations as lines of a plan, and findings.
pub struct Block {
    /// The operations, written.
    pub operations: Body,
    /// The findings, in the order of the people.
    pub findings: Vec<Finding>,
    /// What was counted.
    pub summary: Summary,
    /// Of everybody whom nothing stops, the row of the source mailbox and the primary address that the target object will have; only without operations.
    pub primaries: Vec<(usize, String)>,
}

/// People judged together by one thread; small enough that progress moves and memory stays flat.
const BLOCK: usize = 256;

/// Blocks that a thread has to do between two looks at the host: enough that none waits long for the last.
const BLOCKS_PER_THREAD: usize = 16;

/// Judges everybody in scope. `with_operations` is false where only findings are wanted. `each` gets the blocks in order, while the next are being made.
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
    let round = BLOCK * BLOCKS_PER_THREAD * rayon::current_num_threads().max(1);
    let make = |start: usize| -> Vec<Block> {
        let end = (start + round).min(count);
        let starts: Vec<usize> = (start..end).step_by(BLOCK).collect();
        starts.into_par_iter().map(|from| block(setup, &people, from..(from + BLOCK).min(end), with_operations)).collect()
    };
    let mut take = |start: usize, made: Vec<Block>| {
        if watch.cancelled() {
            return Err(Problem::cancelled());
        }
        watch.progress(activity, "people", start as u64, Some(count as u64));
        made.into_iter().try_for_each(|block| give(block, &mut total))
    };
    let mut starts = (0..count).step_by(round);
    if rayon::current_thread_index().is_some() {
        // A thread that makes blocks itself must not wait for those who do.
        starts.try_for_each(|start| take(start, make(start)))?;
    } else {
        // What `each` does with a round (most of it is waiting for the system to take what is written) and the making of the next go on at once.
        std::thread::scope(|scope| {
            let (sender, receiver) = sync_channel(1);
            // Nobody receives any more where `each` failed or the host wants it to stop.
            scope.spawn(move || starts.try_for_each(|start| sender.send((start, make(start))).map_err(drop)));
            receiver.iter().try_for_each(|(start, made)| take(start, made))
        })?;
    }
    watch.progress(activity, "people", count as u64, Some(count as u64));
    Ok(total)
}

fn block(setup: &Setup, people: &matching::People, persons: Range<usize>, with_operations: bool) -> Block {
    let mut made = judge::Made {
        // A person with every operation takes some two kilobytes.
        operations: if with_operations { Body::with_capacity(persons.len() << 11) } else { Body::new() },
        counted: Counted::default(),
        findings: Vec::with_capacity(persons.len()),
        summary: Summary::default(),
        primaries: Vec::new(),
    };
    for person in &judge::gather(setup, people, persons) {
        judge::person(setup, people, person, with_operations, &mut made);
    }
    let judge::Made { operations, counted, findings, mut summary, primaries } = made;
    counted.add_to(&mut summary);
    Block { primaries, ..finish(operations, findings, summary) }
}

fn finish(operations: Body, findings: Vec<Finding>, mut summary: Summary) -> Block {
    findings.iter().for_each(|finding| setup::count(&mut summary.findings, finding.code));
    Block { operations, findings, summary, primaries: Vec::new() }
}

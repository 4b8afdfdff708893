//! Visits the operations of a plan in order, each until it has an outcome.

mod change;
mod due;
mod look;
mod place;
mod preview;
mod tell;
mod turns;

use super::host::Host;
use super::journal::{Act, Result as Came};
use super::ledger::{Ledger, Record};
use super::operation::{Operation, Undo};
use super::plan::Plan;
use super::row::{Kind, Summary};
use super::task::Task;
use crate::finding::Side;
use crate::limits::Limits;
use crate::plan::Surface;
use crate::problem::Problem;
use hashbrown::{HashMap, HashSet};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;

/// For how many milliseconds what was read is not read again: the look after a change is the look before the next one of the same person.
const FRESH: i64 = 5_000;

/// Longer than anything takes to show, and not so long that times can no longer be added: a year in milliseconds.
const NIGHTS: i64 = 366 * 86_400_000;

/// When a run stops because too much fails.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct StopOn {
    /// After so many failures.
    pub errors: Option<u64>,
    /// When so many of a hundred fail.
    pub percent: Option<f64>,
}

/// How a plan is carried out.
#[derive(Debug, Clone)]
pub struct Options {
    /// Carried out, or taken back.
    pub act: Act,
    /// Look and tell, and change nothing.
    pub what_if: bool,
    /// End when there is nothing to do at the moment.
    pub no_wait: bool,
    /// What cannot be taken back may be done without asking.
    pub for_good: bool,
    /// Carry out at most so many.
    pub max_operations: Option<u64>,
    /// When to stop.
    pub stop_on: StopOn,
    /// Places where an administrator has done what stands there.
    pub passed: Vec<String>,
    /// Times and tries.
    pub limits: Limits,
}

impl Options {
    /// Carrying out, with nothing else said.
    pub fn new(act: Act) -> Self {
        let limits = Limits::default();
        Options { act, what_if: false, no_wait: false, for_good: false, max_operations: None, stop_on: StopOn::default(), passed: Vec::new(), limits }
    }
}

/// How an operation stands in this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    /// No part of this run.
    Out,
    /// It waits for others.
    Idle,
    /// Its turn will come, now or at a time.
    Queued,
    /// It has its outcome in this run.
    Ended(Kind),
}

/// What is known of an operation that was visited and has no outcome yet.
#[derive(Debug, Clone)]
struct Attempt {
    began: i64,
    /// Looks since something was written.
    tries: u32,
    /// Reads in a row that the service was too busy for, and writes.
    busy: [u32; 2],
    /// It may have had an effect that does not show yet: until when that is waited for, and whether this run or the service said so.
    doubt: Option<(i64, Doubt)>,
    /// Until when the effect of something that is to be taken back may show.
    shows_until: Option<i64>,
    /// Why it waits.
    code: &'static str,
    message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doubt {
    /// An earlier run began it.
    Earlier,
    /// The service took it.
    Taken,
    /// The answer was lost.
    Lost,
    /// An earlier run began to take it back.
    Undoing,
}

/// What comes after a visit.
enum Next {
    End(Kind, Option<String>, Option<String>),
    /// Again at this tick; and why.
    Later(i64, &'static str, String),
    /// Not in this run.
    Leave(&'static str, String),
}

fn end(kind: Kind) -> Next {
    Next::End(kind, None, None)
}

fn left_out(code: &str, message: impl Into<String>) -> Next {
    Next::End(Kind::Skipped, Some(code.into()), Some(message.into()))
}

/// One run over a plan.
pub struct Runner<'r, 'h> {
    plan: &'r Plan,
    ledger: &'r mut Ledger,
    host: Host<'h>,
    options: Options,
    status: Vec<Status>,
    /// By number: done and verified; when taking back: not done, or no longer.
    settled: Vec<bool>,
    ready: BTreeSet<(u64, u32)>,
    timers: BTreeSet<(i64, u32)>,
    attempts: HashMap<u32, Attempt>,
    /// When something of a subject was written last in this run.
    touched: HashMap<u32, i64>,
    lost: HashSet<(Side, Surface)>,
    allowed: HashMap<String, bool>,
    /// What was agreed to, and not done because the service was too busy.
    agreed: HashSet<u32>,
    /// What was read last, as long as nothing was written and no time went by.
    fresh: Option<(String, i64, Vec<Value>)>,
    advised: HashMap<u32, String>,
    /// When taking back: what is taken back together with an operation, and the operation that something goes with.
    along: HashMap<u32, Vec<u32>>,
    base: HashMap<u32, u32>,
    /// Every surface of the plan.
    surfaces: BTreeSet<(Side, Surface)>,
    /// Of how many operations journals know something that was done under their ids, and of how many of them that was another operation.
    here: (u64, u64),
    /// When other processes were listened to last.
    heard: i64,
    /// Whether it is the turn of what is looked at again, where both that and something new could be.
    again: bool,
    /// What is left alone once enough is done.
    parked: BTreeSet<(i64, u32)>,
    /// When the next operation is due, of those that were found not to be.
    next_due: Option<i64>,
    began: i64,
    /// When something was carried out last, or the run began.
    acted: i64,
    carried_out: u64,
    summary: Summary,
}

impl<'r, 'h> Runner<'r, 'h> {
    /// Prepares a run over the operations that `selected` says.
    pub fn new(plan: &'r Plan, ledger: &'r mut Ledger, selected: &[bool], options: Options, host: Host<'h>) -> Self {
        let began = host.clock.ticks();
        let count = plan.entries.len();
        let mut runner = Runner {
            plan,
            ledger,
            host,
            options,
            status: vec![Status::Out; count],
            settled: vec![false; count],
            ready: BTreeSet::new(),
            timers: BTreeSet::new(),
            attempts: HashMap::new(),
            touched: HashMap::new(),
            lost: HashSet::new(),
            allowed: HashMap::new(),
            agreed: HashSet::new(),
            fresh: None,
            advised: HashMap::new(),
            along: HashMap::new(),
            base: HashMap::new(),
            surfaces: plan.entries.iter().map(|entry| (entry.common.tenant, entry.common.surface)).collect(),
            here: (0, 0),
            heard: began,
            again: false,
            parked: BTreeSet::new(),
            next_due: None,
            began,
            acted: began,
            carried_out: 0,
            summary: Summary::default(),
        };
        if runner.options.act == Act::Undo {
            for number in 0..count as u32 {
                if let Some(base) = plan.base(number) {
                    runner.base.insert(number, base);
                    runner.along.entry(base).or_default().push(number);
                }
            }
        }
        for number in 0..count as u32 {
            let record = runner.record(number);
            let (settled, known) = (runner.stands(number, record), record.is_some_and(Record::has_effect));
            if runner.ledger.has_effect(&plan.entry(number).id) {
                runner.here.0 += 1;
                runner.here.1 += u64::from(!known);
            }
            runner.settled[number as usize] = settled;
            if selected[number as usize] {
                match (settled, runner.options.act) {
                    // Of what was never done there is nothing to take back.
                    (true, Act::Undo) => continue,
                    (true, Act::Apply) => runner.summary.earlier += 1,
                    (false, _) => runner.status[number as usize] = Status::Idle,
                }
                runner.summary.operations += 1;
            }
        }
        (0..count as u32).for_each(|number| runner.queue(number));
        runner
    }

    /// Runs until nothing is left to do, or nothing can be done now.
    ///
    /// # Errors
    /// A journal that cannot be written or read, a plan that is damaged, a session of the wrong tenant, `Cancelled`. What was done until then stands in the
    /// journal.
    pub fn run(mut self) -> Result<Summary, Problem> {
        self.compare()?;
        if self.options.what_if {
            self.rehearse()?;
        } else {
            self.work()?;
        }
        self.tell_the_rest()?;
        self.summary.close();
        Ok(self.summary)
    }

    /// Says aloud what the journal and the plan do not have in common, and what was said to be done and is not in the plan.
    fn compare(&mut self) -> Result<(), Problem> {
        let (here, otherwise) = self.here;
        let gone = self.ledger.effects().saturating_sub(here);
        if gone + otherwise > 0 {
            let message = format!(
                "The plan is not the one that the journal was written for: of what was carried out, {gone} operations are not in it any more, and {otherwise} stand in it otherwise.                  These are not taken for done, and Undo-CoexistPlan takes them back with the plan that they were carried out by only: keep that file."
            );
            self.host.audience.notice("PlanChanged", &message)?;
        }
        let unknown = |id: &&String| self.plan.find(id).is_none() && !self.plan.entries.iter().any(|entry| super::selection::is_like(id, &entry.id));
        let unknown: Vec<String> = self.options.passed.iter().filter(unknown).cloned().collect();
        for id in unknown {
            let message = format!("'{id}' was said to be done, and the plan has no such place: nothing is passed by that. The ids of places stand in the plan, and in the rows with the code ByHand.");
            self.host.audience.notice("PlaceUnknown", &message)?;
        }
        Ok(())
    }

    fn work(&mut self) -> Result<(), Problem> {
        loop {
            if self.host.audience.cancelled() {
                return Err(Problem::cancelled());
            }
            if self.stops() {
                return Ok(());
            }
            let now = self.host.clock.ticks();
            if now - self.heard >= self.seconds("othersPollSeconds") && !self.is_closing() {
                self.hear()?;
            }
            let due = self.timers.first().filter(|(at, _)| *at <= now).copied();
            // A thousand gates take longer to look at than until the first is to be looked at again: what is new has its turn, too.
            self.again = !self.again || self.ready.is_empty();
            let number = match due.filter(|_| self.again) {
                Some(timer) => {
                    self.timers.remove(&timer);
                    timer.1
                }
                None => match self.ready.pop_first() {
                    Some((_, number)) => number,
                    None if due.is_some() => continue,
                    None if !self.is_closing() && self.hear()? => continue,
                    None => match self.pause() {
                        Some(wait) => {
                            self.fresh = None;
                            self.progress();
                            self.host.clock.wait(wait)?;
                            continue;
                        }
                        None => return Ok(()),
                    },
                },
            };
            self.visit(number)?;
            self.progress();
        }
    }

    /// Whether so much failed, or was done, that the run is over.
    fn stops(&mut self) -> bool {
        let StopOn { errors, percent } = self.options.stop_on;
        let Summary { failed, done, undone, .. } = self.summary;
        let tried = failed + done + undone;
        let many = errors.is_some_and(|errors| failed > 0 && failed >= errors);
        let often = tried >= self.options.limits.value("stopOnPercentAfter") && percent.is_some_and(|percent| failed > 0 && failed as f64 * 100.0 >= percent * tried as f64);
        if many || often {
            self.summary.stopped = Some("StopOn");
        }
        if !self.is_closing() {
            return self.summary.stopped.is_some();
        }
        // Nothing more is begun; what was begun is seen to its end.
        self.ready.clear();
        let begun = |number: u32| self.attempts.get(&number).and_then(|attempt| attempt.doubt).is_some_and(|(_, doubt)| matches!(doubt, Doubt::Taken | Doubt::Lost));
        if self.parked.is_empty() {
            let parked: BTreeSet<(i64, u32)> = self.timers.iter().filter(|(_, number)| !begun(*number)).copied().collect();
            self.timers.retain(|timer| !parked.contains(timer));
            self.parked = parked;
        }
        self.timers.is_empty()
    }

    /// Whether as many operations as were asked for have been carried out.
    fn is_closing(&self) -> bool {
        self.summary.stopped == Some("MaxOperations")
    }

    fn seconds(&self, limit: &str) -> i64 {
        i64::try_from(self.options.limits.value(limit)).unwrap_or(i64::MAX).saturating_mul(1000)
    }

    fn night(&self) -> i64 {
        self.seconds("applyWaitHours").saturating_mul(3600)
    }

    fn visit(&mut self, number: u32) -> Result<(), Problem> {
        // Another one took it along, or another process did it.
        if self.status[number as usize] != Status::Queued {
            return Ok(());
        }
        let (operation, fingerprint) = self.plan.operation(number)?;
        let now = self.host.clock.ticks();
        self.attempts.entry(number).or_insert_with(|| Attempt { began: now, tries: 0, busy: [0; 2], doubt: None, shows_until: None, code: "", message: String::new() });
        match self.step(number, &operation, &fingerprint)? {
            Next::End(kind, code, message) => self.ended(number, &operation, &fingerprint, kind, code, message),
            Next::Later(at, code, message) => {
                if let Some(attempt) = self.attempts.get_mut(&number) {
                    (attempt.code, attempt.message) = (code, message);
                }
                self.timers.insert((at, number));
                Ok(())
            }
            Next::Leave(code, message) => {
                let kind = self.left(number);
                self.ended(number, &operation, &fingerprint, kind, Some(code.into()), Some(message))
            }
        }
    }

    /// One visit of one operation.
    fn step(&mut self, number: u32, operation: &Operation, fingerprint: &str) -> Result<Next, Problem> {
        let record = self.ledger.of(&operation.id, fingerprint).cloned();
        let act = self.options.act;
        // What may have been begun is settled first, whatever time it is.
        let in_doubt = record.as_ref().is_some_and(|record| record.known.is_in_doubt() || record.is_being_undone()) || self.attempts[&number].doubt.is_some();
        if !in_doubt {
            if let Some(next) = self.hindered(number, operation)? {
                return Ok(next);
            }
        }
        let task = match act {
            Act::Apply => Task::apply(operation),
            Act::Undo => match Task::undo(operation, record.as_ref().and_then(|record| record.before.as_ref())) {
                Some(task) => task,
                None => {
                    let Some(Undo::Irreversible(why)) = &operation.undo else { return Ok(end(Kind::Undone)) };
                    return Ok(left_out("Irreversible", format!("It cannot be taken back: {why}")));
                }
            },
        };
        let Some(change) = task.change.clone() else {
            return match act {
                Act::Apply => self.pass(number, operation, fingerprint),
                Act::Undo => {
                    let Some(Undo::With(step)) = &operation.undo else { return Ok(end(Kind::Undone)) };
                    if self.is_without_base(number) {
                        self.write_outcome(operation, fingerprint, Came::Done, None, None, None, None)?;
                        return Ok(end(Kind::Undone));
                    }
                    Ok(left_out("TakenBackWith", format!("It is taken back together with '{step}', which Coexist has not done here.")))
                }
            };
        };
        if let Some(next) = self.examine(number, operation, fingerprint, &task, record.as_ref())? {
            return Ok(next);
        }
        if in_doubt {
            // It was begun in its time, and had no effect.
            if let Some(next) = self.hindered(number, operation)? {
                return Ok(next);
            }
        }
        let looked = self.host.clock.ticks();
        if let Some(next) = self.may(number, operation, &change)? {
            return Ok(next);
        }
        // Whoever was asked may have thought for long.
        if self.host.clock.ticks() - looked >= FRESH {
            let changed = match self.hindered(number, operation)? {
                None => self.examine(number, operation, fingerprint, &task, record.as_ref())?,
                hindered => hindered,
            };
            if let Some(next) = changed {
                return Ok(next);
            }
        }
        self.carry_out(number, operation, fingerprint, &task, &change)
    }
}

//! Visits the operations of a plan in order, each until it has an outcome.

use super::condition::same_text;
use super::gate::{self, Stand};
use super::host::{Call, Host, Means, Refusal};
use super::journal::{Act, Effect, Intent, Line, Outcome, Result as Came};
use super::ledger::{self, Known, Ledger, Record};
use super::operation::{Gate, Operation, Undo};
use super::plan::Plan;
use super::row::{Kind, Row, Summary};
use super::task::{is_creation, Task};
use crate::finding::Side;
use crate::limits::Limits;
use crate::plan::Surface;
use crate::problem::Problem;
use hashbrown::{HashMap, HashSet};
use once_cell::sync::Lazy;
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

#[derive(Deserialize)]
struct Advice {
    code: String,
    action: String,
}

#[derive(Deserialize)]
struct Outcomes {
    outcomes: Vec<Advice>,
}

static ADVICE: Lazy<HashMap<String, String>> = Lazy::new(|| {
    let file: Outcomes = crate::data::parse("outcomes.json", include_str!("../../../../data/outcomes.json"));
    file.outcomes.into_iter().map(|row| (row.code, row.action)).collect()
});

/// What to do about a code of Coexist's own.
pub(super) fn advice(code: &str) -> Option<&'static str> {
    ADVICE.get(code).map(String::as_str)
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

    fn record(&self, number: u32) -> Option<&Record> {
        // Only what a journal knows is put together to be compared with it.
        self.ledger.of_id(&self.plan.entry(number).id)?;
        self.ledger.of(&self.plan.entry(number).id, &self.plan.fingerprint(number))
    }

    /// Whether what something goes with was taken back: a process may have died before it said that this went, too, or have no part in its surface.
    fn is_without_base(&self, number: u32) -> bool {
        self.plan.base(number).is_some_and(|base| self.ledger.of_id(&self.plan.entry(base).id).is_none())
    }

    /// Whether what something goes with was taken back since it was done, or may have been.
    fn went(&self, number: u32, record: &Record) -> bool {
        let Some(base) = self.plan.base(number) else { return false };
        self.ledger.of_id(&self.plan.entry(base).id).is_none_or(|base| base.is_being_undone() || base.at > record.at)
    }

    fn is_settled(&self, number: u32) -> bool {
        self.stands(number, self.record(number))
    }

    fn stands(&self, number: u32, record: Option<&Record>) -> bool {
        let known = record.map(|record| record.known);
        match self.options.act {
            Act::Apply => record.is_some_and(|record| record.known.is_done() && !record.is_being_undone() && !self.went(number, record)),
            Act::Undo => !known.is_some_and(|known| known == Known::Done || known.is_in_doubt()),
        }
    }

    /// The first operation that another one waits for.
    fn blocker(&self, number: u32) -> Option<u32> {
        let (entry, order) = (self.plan.entry(number), &self.plan.order);
        let open = |other: &&u32| !self.settled[**other as usize];
        match self.options.act {
            Act::Apply => {
                let earlier = |other: &&u32| self.plan.entry(**other).common.stage < entry.common.stage;
                order.depends_on(number).iter().find(open).or_else(|| order.of_subject(entry.subject).iter().filter(earlier).find(open)).copied()
            }
            Act::Undo => {
                if let Some(base) = self.base.get(&number).filter(open) {
                    return Some(*base);
                }
                // With it goes what goes with it, so what was built on that has to go before.
                let mut together = vec![number];
                let mut at = 0;
                while let Some(member) = together.get(at).copied() {
                    let more = self.along.get(&member).into_iter().flatten().filter(open).filter(|other| !together.contains(other));
                    let more: Vec<u32> = more.copied().collect();
                    together.extend(more);
                    at += 1;
                }
                // What goes with something that this stands on would otherwise wait for this, and this for that.
                let under = |other: &u32| self.base.get(other).is_some_and(|base| order.depends_on(number).contains(base));
                let apart = |other: &&u32| !together.contains(*other) && !under(other);
                together.iter().find_map(|member| order.dependants(*member).iter().filter(open).find(apart)).copied()
            }
        }
    }

    /// Puts an operation in the queue, if its turn has come.
    fn queue(&mut self, number: u32) {
        let common = &self.plan.entry(number).common;
        if self.status[number as usize] == Status::Idle && self.reaches(common.tenant, common.surface) && self.blocker(number).is_none() {
            self.status[number as usize] = Status::Queued;
            self.ready.insert((self.turn(number), number));
        }
    }

    /// Stages come one after another, what belongs to one person together; taking back goes the other way.
    fn turn(&self, number: u32) -> u64 {
        let turn = (self.plan.entry(number).common.stage as u64) << 32 | u64::from(number);
        match self.options.act {
            Act::Apply => turn,
            Act::Undo => u64::MAX - turn,
        }
    }

    fn reaches(&self, side: Side, surface: Surface) -> bool {
        !self.lost.contains(&(side, surface)) && (surface == Surface::Manual || self.host.tenants.reaches(side, surface))
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

    /// Takes in what other processes wrote; whether that gave this one something to do.
    fn hear(&mut self) -> Result<bool, Problem> {
        self.heard = self.host.clock.ticks();
        let mut lines: Vec<(Side, Surface, Line)> = Vec::new();
        self.host.log.news(&mut |side, surface, line| lines.push((side, surface, line)))?;
        let mut heard: Vec<u32> = Vec::new();
        for (side, surface, line) in lines {
            if let Line::Outcome(Outcome { id, .. }) | Line::Intent(Intent { id, .. }) = &line {
                if let Some(number) = self.plan.find(id) {
                    heard.push(number);
                    // What goes with it may have gone.
                    heard.extend(self.along.get(&number).into_iter().flatten());
                }
            }
            self.ledger.take(side, surface, line);
        }
        for number in heard {
            let (before, settled) = (self.settled[number as usize], self.is_settled(number));
            self.settled[number as usize] = settled;
            if settled && !before {
                if self.status[number as usize] == Status::Idle {
                    // Another process did it; it has told so itself.
                    self.status[number as usize] = Status::Out;
                    self.summary.earlier += 1;
                }
                self.release(number);
            }
        }
        Ok(!self.ready.is_empty())
    }

    /// How long there is nothing to do; nothing where there is nothing to wait for.
    fn pause(&self) -> Option<i64> {
        let now = self.host.clock.ticks();
        let night = self.night();
        if self.options.no_wait || now - self.acted >= night {
            return None;
        }
        let timer = self.timers.first().map(|(at, _)| (at - now).clamp(1, (self.acted.saturating_add(night) - now).max(1)));
        if self.is_closing() {
            return timer;
        }
        // Somebody else may be about to make a turn come.
        let others: BTreeSet<(Side, Surface)> =
            self.surfaces.iter().filter(|(side, surface)| !self.reaches(*side, *surface) && self.host.log.at_work(*side, *surface)).copied().collect();
        let waits = |number: u32| {
            let common = &self.plan.entry(number).common;
            self.status[number as usize] == Status::Idle && self.reaches(common.tenant, common.surface) && self.may_come(number, &others)
        };
        let others = (!others.is_empty() && (0..self.status.len() as u32).any(waits)).then(|| self.seconds("othersPollSeconds").max(1));
        match (timer, others) {
            (Some(timer), Some(others)) => Some(timer.min(others)),
            (timer, others) => timer.or(others),
        }
    }

    /// Whether others may bring what an operation waits for: what stands before it, and before that, must not be something that this process has given up.
    fn may_come(&self, number: u32, others: &BTreeSet<(Side, Surface)>) -> bool {
        let mut at = number;
        // A plan that is not as it was written may go round in a circle.
        for _ in 0..self.status.len() {
            let Some(blocker) = self.blocker(at) else { break };
            let common = &self.plan.entry(blocker).common;
            let ours = self.reaches(common.tenant, common.surface);
            if ours && self.status[blocker as usize] != Status::Idle || !ours && !others.contains(&(common.tenant, common.surface)) {
                return false;
            }
            at = blocker;
        }
        let common = &self.plan.entry(at).common;
        others.contains(&(common.tenant, common.surface))
    }

    fn night(&self) -> i64 {
        self.seconds("applyWaitHours").saturating_mul(3600)
    }

    fn progress(&mut self) {
        let Summary { operations, earlier, done, already_done, undone, skipped, failed, .. } = self.summary;
        let (ended, total) = (done + already_done + undone + skipped + failed, operations - earlier);
        let spent = (self.host.clock.ticks() - self.began).max(0) as u64 / 1000;
        let left = if ended >= 5 { format!(", about {} left", duration(spent * total.saturating_sub(ended) / ended)) } else { String::new() };
        let waiting = if self.timers.is_empty() { String::new() } else { format!(", {} waiting", self.timers.len()) };
        let trouble = if failed + skipped > 0 { format!(", {failed} failed, {skipped} left out") } else { String::new() };
        self.host.audience.progress(&format!("{ended} of {total}{trouble}{waiting}{left}"), ended, total);
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

    /// What was carried out and has not been seen yet is pending, whatever keeps it from being looked at.
    fn left(&self, number: u32) -> Kind {
        let ticks = self.host.clock.ticks();
        let begun = |(until, doubt): (i64, Doubt)| matches!(doubt, Doubt::Taken | Doubt::Lost) || ticks < until;
        let pending = match self.attempts.get(&number).and_then(|attempt| attempt.doubt) {
            Some(doubt) => begun(doubt),
            None => self.options.act == Act::Apply && self.record(number).is_some_and(|record| matches!(record.known, Known::Open | Known::Pending)),
        };
        if pending { Kind::Pending } else { Kind::Waiting }
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

    /// Whether its time or a gate keeps an operation from being carried out; nothing does from being taken back.
    fn hindered(&mut self, number: u32, operation: &Operation) -> Result<Option<Next>, Problem> {
        if self.options.act == Act::Undo {
            return Ok(None);
        }
        match self.not_due(operation) {
            None => self.closed(number, operation),
            early => Ok(early),
        }
    }

    /// Whether its time has not come, or is over.
    fn not_due(&mut self, operation: &Operation) -> Option<Next> {
        let (now, ticks) = (self.host.clock.now(), self.host.clock.ticks());
        if let Some(from) = operation.not_before.as_deref().map(ledger::milliseconds).filter(|from| now < *from) {
            let message = format!("It is due at {}.", ledger::text(from));
            self.next_due = Some(self.next_due.map_or(from, |next| if next > now { next.min(from) } else { from }));
            if from - now > self.night() {
                return Some(Next::Leave("NotDue", message));
            }
            return Some(Next::Later(ticks + (from - now), "NotDue", message));
        }
        let until = operation.not_after.as_deref().map(ledger::milliseconds).filter(|until| now > *until)?;
        Some(left_out("TooLate", format!("It had to be done until {}.", ledger::text(until))))
    }

    /// Whether a gate is closed.
    fn closed(&mut self, number: u32, operation: &Operation) -> Result<Option<Next>, Problem> {
        for gate in &operation.gates {
            let surface = self.read_on(&gate.read, operation.surface);
            if !self.reaches(operation.tenant, surface) {
                if self.was_seen(number, operation.tenant, gate)? {
                    continue;
                }
                let message = format!(
                    "It waits for {} of '{}', which is read on the surface {} of {}, and this process is not connected there.",
                    gate.wait_for,
                    gate.identity,
                    surface.name(),
                    self.plan.tenant(operation.tenant).name
                );
                return Ok(Some(Next::Leave("NotConnected", message)));
            }
            let objects = match self.objects(operation.tenant, &gate.read, &gate.identity)? {
                Ok(objects) => objects,
                Err(refusal) => return self.unread(number, operation, surface, refusal).map(Some),
            };
            self.answered(number);
            let (now, ticks) = (self.host.clock.now(), self.host.clock.ticks());
            match gate::stand(gate, &objects) {
                Stand::Open => {}
                // Plans are made long before batches are submitted.
                Stand::NotBegun(why) => return Ok(Some(Next::Leave("GateClosed", format!("It waits for {} of '{}': {why}.", gate.wait_for, gate.identity)))),
                Stand::Broken(why) => return Ok(Some(left_out("GateBroken", format!("It waits for {} of '{}', which does not come: {why}.", gate.wait_for, gate.identity)))),
                Stand::Closed(why) => {
                    let due = self.due_since(number, operation);
                    let deadline = due.saturating_add(i64::try_from(gate.deadline_minutes).unwrap_or(i64::MAX).saturating_mul(60_000));
                    let message = format!("It waits for {} of '{}': {why}.", gate.wait_for, gate.identity);
                    if now > deadline {
                        return Ok(Some(left_out("GateExpired", format!("{message} That was given {} minutes.", gate.deadline_minutes))));
                    }
                    // What has taken a day does not come within the next minute.
                    let first = self.seconds("gatePollSeconds").max(1);
                    let poll = ((now - due) / 10).clamp(first, self.seconds("gatePollMostSeconds").max(first));
                    return Ok(Some(Next::Later(ticks.saturating_add(poll.min((deadline - now).saturating_add(1))), "GateClosed", message)));
                }
            }
        }
        Ok(None)
    }

    /// Since when an operation could run: its own time, or the moment when what it depends on, and the stages before it, were done.
    fn due_since(&self, number: u32, operation: &Operation) -> i64 {
        let (entry, order) = (self.plan.entry(number), &self.plan.order);
        let first_seen = || {
            let attempt = self.attempts.get(&number).map_or(self.began, |attempt| attempt.began);
            self.host.clock.now() - (self.host.clock.ticks() - attempt)
        };
        let own = operation.not_before.as_deref().map(ledger::milliseconds);
        // Where the clock was behind, nobody knows when it was done.
        let done = |other: &u32| self.ledger.of_id(&self.plan.entry(*other).id).map(|record| if record.suspect { first_seen() } else { record.at });
        let earlier = order.of_subject(entry.subject).iter().filter(|other| self.plan.entry(**other).common.stage < entry.common.stage);
        let before = order.depends_on(number).iter().chain(earlier).filter_map(done).max();
        own.max(before).unwrap_or_else(first_seen)
    }

    /// The surface on which an object is read.
    fn read_on(&self, read: &str, otherwise: Surface) -> Surface {
        self.plan.reads.get(read).and_then(|form| form.surface).unwrap_or(otherwise)
    }

    /// Whether what a gate waits for was seen when something that its operation depends on was verified: by another process, on the surface where it is read.
    fn was_seen(&self, number: u32, side: Side, gate: &Gate) -> Result<bool, Problem> {
        if !matches!(gate.wait_for.as_str(), "objectVisible" | "propertyVisible") {
            return Ok(false);
        }
        for other in self.plan.order.depends_on(number) {
            if !self.record(*other).is_some_and(|record| record.known.is_done()) {
                continue;
            }
            let (other, _) = self.plan.operation(*other)?;
            let same = other.tenant == side && other.read == gate.read && same_text(other.identity(), &gate.identity);
            if same && gate.conditions.iter().all(|condition| other.verify.contains(condition)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The objects that a read of the plan shows; none where the service says that there is none.
    fn objects(&mut self, side: Side, read: &str, identity: &str) -> Result<Result<Vec<Value>, Refusal>, Problem> {
        let Some(form) = self.plan.reads.get(read) else {
            let message = format!("The plan does not say how '{read}' is read; it is not as it was written. Make it again.");
            return Err(Problem::new("PlanInvalid", crate::problem::Category::InvalidData, message));
        };
        let mut identity = identity.to_string();
        if let Some(first) = &form.id_from {
            let object = match self.objects(side, first, &identity)? {
                Ok(objects) => objects.into_iter().next(),
                Err(refusal) => return Ok(Err(refusal)),
            };
            match object.as_ref().and_then(|object| object["id"].as_str()) {
                Some(id) => identity = id.to_string(),
                None => return Ok(Ok(Vec::new())),
            }
        }
        let (Some(call), Some(surface)) = (form.call(&identity), form.surface) else {
            let message = format!("The plan says of '{read}' neither a cmdlet nor a request; it is not as it was written. Make it again.");
            return Err(Problem::new("PlanInvalid", crate::problem::Category::InvalidData, message));
        };
        self.ask(side, surface, &call)
    }

    fn ask(&mut self, side: Side, surface: Surface, call: &Call) -> Result<Result<Vec<Value>, Refusal>, Problem> {
        let key = format!("{side:?} {surface:?} {call:?}");
        let now = self.host.clock.ticks();
        if let Some((known, at, objects)) = &self.fresh {
            if *known == key && now - at < FRESH {
                return Ok(Ok(objects.clone()));
            }
        }
        let read = self.host.tenants.read(side, surface, call);
        Ok(match read {
            // A list of Graph is the objects in it.
            Ok(objects) => {
                let objects: Vec<Value> = match objects.as_slice() {
                    [one] if one["value"].is_array() => one["value"].as_array().cloned().unwrap_or_default(),
                    _ => objects,
                };
                self.fresh = Some((key, self.host.clock.ticks(), objects.clone()));
                Ok(objects)
            }
            Err(refusal) => match refusal.means {
                Means::NotFound => Ok(Vec::new()),
                Means::Cancelled => return Err(Problem::cancelled()),
                Means::WrongTenant => return Err(wrong_tenant(&refusal)),
                _ => Err(refusal),
            },
        })
    }

    /// An object cannot be read.
    fn unread(&mut self, number: u32, operation: &Operation, surface: Surface, refusal: Refusal) -> Result<Next, Problem> {
        match refusal.means {
            Means::Transient | Means::Unknown => self.again(number, &refusal, 0),
            Means::Unreachable => self.gone(operation.tenant, surface, &refusal),
            _ => {
                self.advise(number, &refusal);
                Ok(Next::End(Kind::Failed, Some(refusal.code), Some(refusal.message)))
            }
        }
    }

    /// A service is busy for too long only where that was in a row.
    fn answered(&mut self, number: u32) {
        if let Some(attempt) = self.attempts.get_mut(&number) {
            attempt.busy[0] = 0;
        }
    }

    fn advise(&mut self, number: u32, refusal: &Refusal) {
        if let Some(action) = &refusal.action {
            self.advised.insert(number, action.clone());
        }
    }

    /// Tries again later what the service was too busy for; not for ever.
    fn again(&mut self, number: u32, refusal: &Refusal, writes: usize) -> Result<Next, Problem> {
        self.advise(number, refusal);
        let limits = &self.options.limits;
        let (most, base) = (limits.value("transientTries") as u32, limits.value("transientWaitSeconds"));
        let Some(attempt) = self.attempts.get_mut(&number) else { return Ok(Next::Leave("Busy", refusal.message.clone())) };
        attempt.busy[writes] += 1;
        let busy = attempt.busy[writes];
        if busy >= most || self.options.what_if {
            return Ok(Next::Leave("Busy", refusal.message.clone()));
        }
        let wait = refusal.wait_seconds.unwrap_or(base.saturating_mul(1 << (busy - 1).min(6)));
        let wait = i64::try_from(wait).unwrap_or(i64::MAX).saturating_mul(1000);
        Ok(Next::Later(self.host.clock.ticks().saturating_add(wait), "Busy", refusal.message.clone()))
    }

    /// A surface is not reached any more.
    fn gone(&mut self, side: Side, surface: Surface, refusal: &Refusal) -> Result<Next, Problem> {
        if self.lost.insert((side, surface)) {
            let message = format!("{} on the surface {} is not reached any more, so nothing more is done there in this run: {}", self.plan.tenant(side).name, surface.name(), refusal.message);
            self.host.audience.notice("SurfaceLost", &message)?;
            let plan = self.plan;
            let is_there = |number: u32| (plan.entry(number).common.tenant, plan.entry(number).common.surface) == (side, surface);
            let gone: Vec<u32> = self.ready.iter().map(|(_, number)| *number).chain(self.timers.iter().map(|(_, number)| *number)).filter(|number| is_there(*number)).collect();
            self.ready.retain(|(_, number)| !is_there(*number));
            self.timers.retain(|(_, number)| !is_there(*number));
            gone.into_iter().for_each(|number| self.status[number as usize] = Status::Idle);
        }
        Ok(Next::Leave("NotConnected", refusal.message.clone()))
    }

    /// Reads the object and compares it with the plan; nothing where the change is to be made.
    fn examine(&mut self, number: u32, operation: &Operation, fingerprint: &str, task: &Task, record: Option<&Record>) -> Result<Option<Next>, Problem> {
        let objects = match self.objects(operation.tenant, &operation.read, operation.identity())? {
            Ok(objects) => objects,
            Err(refusal) => return self.unread(number, operation, self.read_on(&operation.read, operation.surface), refusal).map(Some),
        };
        self.answered(number);
        if let Some(next) = ambiguous(operation, &objects) {
            return Ok(Some(next));
        }
        let object = objects.first();
        let ticks = self.host.clock.ticks();
        if let Some(until) = self.not_settled(number, task, record, object) {
            return Ok(Some(self.look_again(number, until)));
        }
        let doubt = self.doubt(number, task, record);
        let made = if doubt.is_some() { task.is_made(object) } else { task.goal.is_reached(object) && !task.goal.is_blind() };
        if made && !doubt.is_some_and(|(until, doubt)| doubt == Doubt::Undoing && ticks < until) {
            let (came, kind, message) = match (doubt, task.act) {
                (Some((_, Doubt::Undoing)), _) => (Came::Done, Kind::Done, Some("An earlier run had begun to take it back; it is found done.".to_string())),
                (Some((_, Doubt::Earlier)), Act::Apply) => (Came::Done, Kind::Done, Some("An earlier run had begun it; it is found done.".to_string())),
                (Some(_), Act::Apply) => (Came::Done, Kind::Done, None),
                (None, Act::Apply) => (Came::AlreadyDone, Kind::AlreadyDone, None),
                (_, Act::Undo) => (Came::Done, Kind::Undone, None),
            };
            let after = object.map(|object| task.image(operation, object));
            self.write_outcome(operation, fingerprint, came, None, message.clone(), None, after)?;
            return Ok(Some(Next::End(kind, None, message)));
        }
        if let Some((until, doubt)) = doubt {
            if doubt == Doubt::Undoing && !made {
                return self.premise(number, operation, task, object);
            }
            if ticks < until {
                // The time that is waited from now on counts for the next run, too.
                let suspect = |record: &Record| match task.act {
                    Act::Apply => record.suspect && record.known.is_in_doubt(),
                    Act::Undo => record.undo.is_some_and(|undoing| undoing.suspect && undoing.known.is_in_doubt()),
                };
                if record.is_some_and(suspect) {
                    self.write_outcome(operation, fingerprint, Came::Pending, Some("NotShownYet"), None, None, None)?;
                }
                return Ok(Some(self.look_again(number, until)));
            }
            let (code, message) = match doubt {
                Doubt::Taken => ("NotShown", "The service took the change, and does not show it."),
                Doubt::Lost => ("AnswerLost", "The answer of the service was lost, and the change does not show."),
                // It was given its time, and does not show: it had no effect, and is done now.
                Doubt::Earlier | Doubt::Undoing => return self.premise(number, operation, task, object),
            };
            self.write_outcome(operation, fingerprint, Came::Failed, Some(code), Some(message.into()), Some(Effect::Unknown), None)?;
            return Ok(Some(Next::End(Kind::Failed, Some(code.into()), Some(message.into()))));
        }
        self.premise(number, operation, task, object)
    }

    /// Whether the object is what the plan expects.
    fn premise(&mut self, number: u32, operation: &Operation, task: &Task, object: Option<&Value>) -> Result<Option<Next>, Problem> {
        let wrong = match object {
            None if is_creation(operation) && task.act == Act::Apply => None,
            None => Some(("ObjectNotFound", format!("'{}' is not there.", operation.identity()))),
            Some(object) => task.premise.iter().find(|condition| !condition.holds(object)).map(|condition| {
                ("ObjectDrifted", format!("The plan expects that {}; it is {}.", condition.text(), condition.shown(object)))
            }),
        };
        let Some((code, message)) = wrong else { return Ok(None) };
        // Shortly after a write of one's own, a read that shows something else proves nothing.
        let settle = self.settle();
        let touched = self.touched.get(&self.plan.entry(number).subject).map(|at| at + settle).filter(|until| self.host.clock.ticks() < *until);
        Ok(Some(match touched {
            Some(until) => self.look_again(number, until),
            None => left_out(code, message),
        }))
    }

    /// What is taken back may have been begun a moment ago, so that its effect does not show yet: until when that is waited for.
    fn not_settled(&mut self, number: u32, task: &Task, record: Option<&Record>, object: Option<&Value>) -> Option<i64> {
        let record = record.filter(|record| task.act == Act::Undo && !record.is_being_undone() && record.known.is_in_doubt())?;
        let shows = object.is_some_and(|object| task.premise.iter().all(|condition| condition.holds(object)));
        let (settle, ticks) = (self.settle(), self.host.clock.ticks());
        let left = if record.suspect { settle } else { (record.at + settle - self.host.clock.now()).clamp(0, settle) };
        let attempt = self.attempts.get_mut(&number)?;
        let until = *attempt.shows_until.get_or_insert(ticks + left);
        (!shows && ticks < until).then_some(until)
    }

    fn settle(&self) -> i64 {
        self.seconds("settleMinutes").saturating_mul(60).min(NIGHTS)
    }

    /// Whether an operation may have had an effect that does not show yet, and until when that is waited for.
    fn doubt(&mut self, number: u32, task: &Task, record: Option<&Record>) -> Option<(i64, Doubt)> {
        let settle = self.settle();
        let (now, ticks) = (self.host.clock.now(), self.host.clock.ticks());
        let attempt = self.attempts.get_mut(&number)?;
        if attempt.doubt.is_none() {
            let record = record?;
            let (known, at, suspect, doubt) = match (task.act, record.undo) {
                (Act::Apply, Some(undoing)) if undoing.known.is_in_doubt() => (undoing.known, undoing.at, undoing.suspect, Doubt::Undoing),
                (Act::Apply, _) => (record.known, record.at, record.suspect, Doubt::Earlier),
                (Act::Undo, undo) => undo.map(|undoing| (undoing.known, undoing.at, undoing.suspect, Doubt::Earlier))?,
            };
            if known.is_in_doubt() {
                // A clock that was put back makes it wait a whole time again, never less.
                let left = if suspect { settle } else { (at + settle - now).clamp(0, settle) };
                attempt.doubt = Some((ticks + left, doubt));
            }
        }
        attempt.doubt
    }

    fn look_again(&mut self, number: u32, until: i64) -> Next {
        let limits = &self.options.limits;
        let (first, most) = (limits.value("settleFirstPollSeconds"), limits.value("settlePollSeconds"));
        let tries = self.attempts.get_mut(&number).map_or(0, |attempt| {
            attempt.tries += 1;
            attempt.tries - 1
        });
        let wait = first.max(1).saturating_mul(1 << tries.min(16)).min(most.max(1));
        let wait = i64::try_from(wait).unwrap_or(i64::MAX).saturating_mul(1000);
        let at = self.host.clock.ticks().saturating_add(wait).min(until);
        Next::Later(at, "NotShownYet", "The change does not show yet.".into())
    }

    /// Whether it may be done; nothing if so.
    fn may(&mut self, number: u32, operation: &Operation, change: &Call) -> Result<Option<Next>, Problem> {
        if self.options.max_operations.is_some_and(|most| self.carried_out >= most) {
            self.summary.stopped = Some("MaxOperations");
            return Ok(Some(Next::Leave("EnoughDone", "As many operations as were asked for have been carried out.".into())));
        }
        let entry = self.plan.entry(number);
        let step = entry.step().to_string();
        if let (Some(why), Act::Apply) = (&entry.common.irreversible, self.options.act) {
            if !self.options.for_good && !self.options.what_if {
                let allowed = match self.allowed.get(&step) {
                    Some(allowed) => *allowed,
                    None => {
                        let alike = |(at, other): (usize, &super::plan::Entry)| self.status[at] != Status::Out && other.step() == step && other.common.irreversible.is_some();
                        let count = self.plan.entries.iter().enumerate().filter(|(at, other)| alike((*at, other))).count() as u64;
                        let message = format!("{} ({step}) cannot be taken back: {why}", self.plan.what(&step).trim_end_matches('.'));
                        let allowed = self.host.audience.may_for_good(&message, count)?;
                        self.allowed.insert(step, allowed);
                        allowed
                    }
                };
                if !allowed {
                    return Ok(Some(left_out("ForGood", format!("It cannot be taken back: {why}"))));
                }
            }
        }
        if self.agreed.contains(&number) {
            return Ok(None);
        }
        let (target, action) = self.sentence(number, operation, change);
        if !self.host.audience.may_write(&target, &action)? && !self.options.what_if {
            return Ok(Some(left_out("Declined", "It was declined.")));
        }
        Ok(None)
    }

    /// What is done to what, as a person would say it.
    fn sentence(&self, number: u32, operation: &Operation, change: &Call) -> (String, String) {
        let what = self.plan.what(self.plan.entry(number).step()).trim_end_matches('.');
        let what = match self.options.act {
            Act::Apply => what.to_string(),
            Act::Undo => format!("Take back: {what}"),
        };
        (format!("{} in {}", operation.whom(), self.plan.tenant(operation.tenant).name), format!("{what} ({})", change.label()))
    }

    fn carry_out(&mut self, number: u32, operation: &Operation, fingerprint: &str, task: &Task, change: &Call) -> Result<Next, Problem> {
        let before = match self.objects(operation.tenant, &operation.read, operation.identity())? {
            Ok(objects) => objects.first().map(|object| task.image(operation, object)),
            Err(refusal) => return self.unread(number, operation, self.read_on(&operation.read, operation.surface), refusal),
        };
        let entry = self.plan.entry(number);
        let (side, surface) = (entry.common.tenant, entry.common.surface);
        let at = ledger::text(self.host.clock.now());
        let intent = Intent { id: operation.id.clone(), act: task.act, operation: fingerprint.into(), at, before };
        self.host.log.intent(side, surface, intent.clone())?;
        self.ledger.take(side, surface, Line::Intent(intent));
        self.fresh = None;
        self.carried_out += 1;
        let answer = self.host.tenants.write(side, surface, change);
        let ticks = self.host.clock.ticks();
        self.acted = ticks;
        match answer {
            Ok(()) => {
                self.touched.insert(entry.subject, ticks);
                self.verify(number, operation, fingerprint, task, Doubt::Taken)
            }
            Err(refusal) => match refusal.means {
                Means::Cancelled => Err(Problem::cancelled()),
                Means::WrongTenant => {
                    self.refused(operation, fingerprint, &refusal)?;
                    Err(wrong_tenant(&refusal))
                }
                Means::Unreachable => {
                    self.refused(operation, fingerprint, &refusal)?;
                    self.gone(side, surface, &refusal)
                }
                Means::Transient => {
                    self.refused(operation, fingerprint, &refusal)?;
                    self.carried_out -= 1;
                    self.agreed.insert(number);
                    self.again(number, &refusal, 1)
                }
                Means::Unknown => {
                    self.touched.insert(entry.subject, ticks);
                    self.advise(number, &refusal);
                    self.verify(number, operation, fingerprint, task, Doubt::Lost)
                }
                Means::Refused | Means::NotFound => {
                    self.refused(operation, fingerprint, &refusal)?;
                    self.advise(number, &refusal);
                    Ok(Next::End(Kind::Failed, Some(refusal.code), Some(refusal.message)))
                }
            },
        }
    }

    fn refused(&mut self, operation: &Operation, fingerprint: &str, refusal: &Refusal) -> Result<(), Problem> {
        self.write_outcome(operation, fingerprint, Came::Failed, Some(&refusal.code), Some(refusal.message.clone()), Some(Effect::None), None).map(drop)
    }

    /// Looks whether a change shows; if it does not, it is given time.
    fn verify(&mut self, number: u32, operation: &Operation, fingerprint: &str, task: &Task, doubt: Doubt) -> Result<Next, Problem> {
        let kind = if task.act == Act::Apply { Kind::Done } else { Kind::Undone };
        let objects = self.objects(operation.tenant, &operation.read, operation.identity())?;
        let until = self.host.clock.ticks() + self.settle();
        if let Some(attempt) = self.attempts.get_mut(&number) {
            (attempt.doubt, attempt.tries) = (Some((until, doubt)), 0);
        }
        if let (Ok(objects), true) = (&objects, objects.as_ref().is_ok_and(|objects| objects.len() < 2)) {
            let reached = if task.goal.is_blind() { doubt == Doubt::Taken } else { task.goal.is_reached(objects.first()) };
            if reached {
                let after = objects.first().map(|object| task.image(operation, object));
                self.write_outcome(operation, fingerprint, Came::Done, None, None, None, after)?;
                return Ok(end(kind));
            }
        }
        // That the service took it is worth knowing after a reboot; that it is unknown is what an intent alone says.
        if doubt == Doubt::Taken {
            self.write_outcome(operation, fingerprint, Came::Pending, Some("NotShownYet"), None, None, None)?;
        }
        Ok(self.look_again(number, until))
    }

    /// A place: it is passed when its gates are open and its check is good, or somebody says that what stands there is done.
    fn pass(&mut self, number: u32, operation: &Operation, fingerprint: &str) -> Result<Next, Problem> {
        let message = match self.place(number, operation)? {
            Ok(message) => message,
            Err(next) => return Ok(next),
        };
        if !self.write_outcome(operation, fingerprint, Came::Done, None, message.clone(), None, None)? {
            return Ok(Next::Leave("OtherProcess", "Another process keeps the journal of what is done by hand.".into()));
        }
        Ok(Next::End(Kind::Done, None, message))
    }

    /// Whether a place can be passed, and what is to be said of that; else what comes instead.
    fn place(&mut self, number: u32, operation: &Operation) -> Result<Result<Option<String>, Next>, Problem> {
        let said = self.options.passed.iter().any(|id| super::selection::is_like(id, &operation.id));
        let own = operation.id.starts_with("batch/") && !self.plan.order.depends_on(number).iter().all(|other| self.plan.entry(*other).subject == self.plan.entry(number).subject);
        if said {
            return Ok(Ok(Some("Said to be done.".to_string())));
        }
        if let Some(check) = &operation.check {
            let surface = check["read"].as_str().map_or(operation.surface, |read| self.read_on(read, operation.surface));
            return Ok(match self.check(operation, check)? {
                Ok(Stand::Open) => Ok(None),
                Ok(Stand::Broken(why)) => Err(Next::End(Kind::Failed, Some("CheckFailed".into()), Some(format!("The check says: {why}.")))),
                Ok(Stand::Closed(why) | Stand::NotBegun(why)) => {
                    let poll = self.seconds("gatePollSeconds").max(1);
                    Err(Next::Later(self.host.clock.ticks().saturating_add(poll), "GateClosed", format!("The check says: {why}.")))
                }
                Err(refusal) => Err(self.unread(number, operation, surface, refusal)?),
            });
        }
        // What others do there is not all, where something is missing.
        if operation.gates.is_empty() && (!own || !operation.missing.is_empty()) {
            let what = self.plan.what(self.plan.entry(number).step());
            let lacks = if operation.missing.is_empty() { String::new() } else { format!(" The specification or the people lack {}.", operation.missing.join(", ")) };
            return Ok(Err(Next::Leave("ByHand", format!("{what}{lacks}"))));
        }
        Ok(Ok(None))
    }

    fn check(&mut self, operation: &Operation, check: &Value) -> Result<Result<Stand, Refusal>, Problem> {
        if let (Some(read), Some(identity)) = (check["read"].as_str(), check["identity"].as_str()) {
            let objects = self.objects(operation.tenant, read, identity)?;
            return Ok(objects.map(|objects| gate::check(read, &objects)));
        }
        let name = check["command"]["name"].as_str().unwrap_or_default();
        let call = Call::Command { name: name.into(), parameters: check["command"]["parameters"].clone(), secrets: Value::Null, properties: Value::Null };
        let objects = self.ask(operation.tenant, operation.surface, &call)?;
        Ok(objects.map(|objects| gate::check(name, &objects)))
    }

    /// Whether it could be written: what is done by hand is said by one process at a time.
    #[allow(clippy::too_many_arguments)]
    fn write_outcome(
        &mut self, operation: &Operation, fingerprint: &str, came: Came, code: Option<&str>, message: Option<String>, effect: Option<Effect>,
        after: Option<serde_json::Map<String, Value>>,
    ) -> Result<bool, Problem> {
        let at = ledger::text(self.host.clock.now());
        let act = self.options.act;
        let outcome = Outcome { id: operation.id.clone(), act, operation: fingerprint.into(), at, outcome: came, code: code.map(String::from), message, effect, after };
        match self.host.log.outcome(operation.tenant, operation.surface, outcome.clone()) {
            Err(problem) if operation.surface == Surface::Manual && problem.code.starts_with("PlanLocked") => {
                self.lost.insert((operation.tenant, operation.surface));
                return Ok(false);
            }
            written => written?,
        }
        self.ledger.take(operation.tenant, operation.surface, Line::Outcome(outcome));
        Ok(true)
    }

    /// An operation has its outcome in this run.
    fn ended(&mut self, number: u32, operation: &Operation, fingerprint: &str, kind: Kind, code: Option<String>, message: Option<String>) -> Result<(), Problem> {
        // What was left out for a reason in the object stands in the journal, too, so that others see why its dependants do not come.
        let said = |record: &Record| record.code.is_some() && record.code == code;
        let known = self.ledger.of(&operation.id, fingerprint).is_some_and(said);
        if kind == Kind::Skipped && !known && !matches!(code.as_deref(), Some("Declined" | "ForGood" | "Irreversible" | "TakenBackWith")) {
            self.write_outcome(operation, fingerprint, Came::Skipped, code.as_deref(), message.clone(), None, None)?;
        }
        self.tell(number, operation, kind, code, message)?;
        match kind {
            Kind::Done | Kind::AlreadyDone | Kind::Undone => {
                self.settled[number as usize] = true;
                if self.options.act == Act::Undo {
                    self.take_along(number)?;
                }
                self.release(number);
            }
            Kind::Skipped | Kind::Failed => self.cascade(number)?,
            Kind::Pending | Kind::Waiting | Kind::WhatIf => {}
        }
        Ok(())
    }

    /// What is taken back together with an operation is taken back now.
    fn take_along(&mut self, number: u32) -> Result<(), Problem> {
        let on = |number: u32| (self.plan.entry(number).common.tenant, self.plan.entry(number).common.surface);
        let mut gone = vec![number];
        let mut at = 0;
        while let Some(member) = gone.get(at).copied() {
            at += 1;
            // What has its journal elsewhere has its own turn.
            let along = self.along.get(&member).into_iter().flatten().copied().filter(|other| on(*other) == on(number) && !self.settled[*other as usize]);
            let along: Vec<u32> = along.collect();
            for other in along {
                let (operation, fingerprint) = self.plan.operation(other)?;
                self.write_outcome(&operation, &fingerprint, Came::Done, None, None, None, None)?;
                self.settled[other as usize] = true;
                if self.status[other as usize] != Status::Out {
                    self.tell(other, &operation, Kind::Undone, None, None)?;
                }
                gone.push(other);
            }
        }
        gone.into_iter().skip(1).for_each(|other| self.release(other));
        Ok(())
    }

    /// Queues what waited for an operation.
    fn release(&mut self, number: u32) {
        let order = &self.plan.order;
        let waiting: Vec<u32> = match self.options.act {
            Act::Apply => order.dependants(number).iter().chain(order.of_subject(self.plan.entry(number).subject)).copied().collect(),
            Act::Undo => {
                // What it stood on may go with something that waited for this.
                let subject = |other: &u32| self.plan.entry(*other).subject;
                let own = subject(&number);
                let others = order.depends_on(number).iter().filter(|other| subject(other) != own).flat_map(|other| order.of_subject(subject(other)));
                order.of_subject(own).iter().chain(others).copied().collect()
            }
        };
        waiting.into_iter().for_each(|other| self.queue(other));
    }

    /// What depends on something that was not done is not done either.
    fn cascade(&mut self, number: u32) -> Result<(), Problem> {
        let mut reached = vec![number];
        while let Some(from) = reached.pop() {
            let order = &self.plan.order;
            let next: Vec<u32> = match self.options.act {
                Act::Apply => order.dependants(from).to_vec(),
                Act::Undo => order.depends_on(from).to_vec(),
            };
            for other in next {
                if self.status[other as usize] == Status::Idle {
                    let (operation, _) = self.plan.operation(other)?;
                    let message = format!("'{}' was not done.", self.plan.entry(from).id);
                    let code = if self.options.act == Act::Apply { "DependencyNotDone" } else { "DependantFirst" };
                    self.tell(other, &operation, Kind::Skipped, Some(code.into()), Some(message))?;
                    reached.push(other);
                }
            }
        }
        Ok(())
    }

    fn tell(&mut self, number: u32, operation: &Operation, kind: Kind, code: Option<String>, message: Option<String>) -> Result<(), Problem> {
        self.status[number as usize] = Status::Ended(kind);
        self.summary.count(kind, 1);
        let entry = self.plan.entry(number);
        let began = self.attempts.remove(&number).map(|attempt| attempt.began);
        let seconds = began.map_or(0.0, |began| (self.host.clock.ticks() - began) as f64 / 1000.0);
        let action = code.as_deref().and_then(advice).map(String::from).or_else(|| self.advised.remove(&number));
        let row = Row {
            operation: operation.id.clone(),
            outcome: kind,
            name: operation.subject.name.clone(),
            target: operation.subject.target.clone(),
            step: entry.step().into(),
            what: self.plan.what(entry.step()).into(),
            stage: stage_name(operation.stage),
            surface: operation.surface.name(),
            tenant: self.plan.tenant(operation.tenant).name.clone(),
            code,
            message,
            action: action.filter(|_| !matches!(kind, Kind::Done | Kind::AlreadyDone | Kind::Undone)),
            depends_on: self.plan.order.depends_on(number).iter().map(|other| self.plan.entry(*other).id.to_string()).collect(),
            seconds,
        };
        self.host.audience.row(&row)
    }

    /// Looks at everything and changes nothing.
    fn rehearse(&mut self) -> Result<(), Problem> {
        let mut order: Vec<u32> = (0..self.status.len() as u32).filter(|number| self.status[*number as usize] != Status::Out).collect();
        order.sort_by_key(|number| self.turn(*number));
        self.ready.clear();
        for number in order {
            if self.host.audience.cancelled() {
                return Err(Problem::cancelled());
            }
            if !matches!(self.status[number as usize], Status::Idle | Status::Queued) {
                continue;
            }
            let common = self.plan.entry(number).common.clone();
            if !self.reaches(common.tenant, common.surface) {
                continue;
            }
            let (operation, fingerprint) = self.plan.operation(number)?;
            let now = self.host.clock.ticks();
            self.attempts.insert(number, Attempt { began: now, tries: 0, busy: [0; 2], doubt: None, shows_until: None, code: "", message: String::new() });
            let record = self.ledger.of(&operation.id, &fingerprint).cloned();
            let next = self.would(number, &operation, record.as_ref())?;
            match next {
                Next::End(kind, code, message) => self.tell(number, &operation, kind, code, message)?,
                Next::Later(_, code, message) | Next::Leave(code, message) => self.tell(number, &operation, Kind::Waiting, Some(code.into()), Some(message))?,
            }
            if matches!(self.status[number as usize], Status::Ended(Kind::Skipped | Kind::Failed)) {
                self.cascade(number)?;
            }
            self.progress();
        }
        Ok(())
    }

    /// What would come of an operation.
    fn would(&mut self, number: u32, operation: &Operation, record: Option<&Record>) -> Result<Next, Problem> {
        let task = match self.options.act {
            Act::Apply => Task::apply(operation),
            Act::Undo => match Task::undo(operation, record.and_then(|record| record.before.as_ref())) {
                Some(task) => task,
                None => return Ok(left_out("Irreversible", "It cannot be taken back.")),
            },
        };
        if self.options.act == Act::Apply {
            if let Some(next) = self.not_due(operation) {
                return Ok(next);
            }
        }
        let stands = |other: &&u32| !self.settled[**other as usize] && self.status[**other as usize] != Status::Ended(Kind::WhatIf);
        let waits = match self.options.act {
            Act::Apply => self.plan.order.depends_on(number).iter().find(stands).copied(),
            Act::Undo => None,
        };
        let blocker = self.blocker(number);
        if let Some(blocker) = waits.or(blocker) {
            let before = &self.plan.entry(blocker).id;
            if !matches!(self.status[blocker as usize], Status::Ended(Kind::WhatIf)) {
                return Ok(Next::Leave("DependencyWaits", format!("'{before}' is not done.")));
            }
            if task.change.is_none() && self.options.act == Act::Apply {
                if let Err(next @ (Next::Leave(..) | Next::End(..))) = self.place(number, operation)? {
                    return Ok(next);
                }
            }
            let message = format!("After '{before}'.");
            if let Some(change) = &task.change {
                let (target, action) = self.sentence(number, operation, change);
                self.host.audience.may_write(&target, &action)?;
            }
            return Ok(Next::End(Kind::WhatIf, None, Some(message)));
        }
        if self.options.act == Act::Apply {
            if let Some(next) = self.closed(number, operation)? {
                return Ok(next);
            }
        }
        let Some(change) = task.change.clone() else {
            return Ok(match (&operation.undo, self.options.act) {
                (_, Act::Apply) => self.place(number, operation)?.map_or_else(|next| next, |message| Next::End(Kind::WhatIf, None, message)),
                (Some(Undo::With(step)), Act::Undo) if !self.is_without_base(number) => left_out("TakenBackWith", format!("It is taken back together with '{step}', which Coexist has not done here.")),
                _ => end(Kind::WhatIf),
            });
        };
        let objects = match self.objects(operation.tenant, &operation.read, operation.identity())? {
            Ok(objects) => objects,
            Err(refusal) => return self.unread(number, operation, self.read_on(&operation.read, operation.surface), refusal),
        };
        if let Some(next) = ambiguous(operation, &objects) {
            return Ok(next);
        }
        let object = objects.first();
        if task.goal.is_reached(object) && !task.goal.is_blind() {
            return Ok(end(if self.options.act == Act::Apply { Kind::AlreadyDone } else { Kind::Undone }));
        }
        if record.is_some_and(|record| record.known.is_in_doubt() && self.options.act == Act::Apply) {
            return Ok(Next::End(Kind::Pending, Some("NotShownYet".into()), Some("An earlier run had begun it, and it does not show.".into())));
        }
        if let Some(next) = self.premise(number, operation, &task, object)? {
            return Ok(next);
        }
        match self.may(number, operation, &change)? {
            Some(next) => Ok(next),
            None => Ok(end(Kind::WhatIf)),
        }
    }

    /// Says of everything that has no outcome why that is so.
    fn tell_the_rest(&mut self) -> Result<(), Problem> {
        let stopped = self.summary.stopped;
        let mut at_work: HashMap<(Side, Surface), bool> = HashMap::new();
        let timers = std::mem::take(&mut self.timers).into_iter().chain(std::mem::take(&mut self.parked));
        for (_, number) in timers {
            let (operation, _) = self.plan.operation(number)?;
            let Some(attempt) = self.attempts.get(&number).cloned() else { continue };
            let kind = self.left(number);
            self.tell(number, &operation, kind, Some(attempt.code.into()), Some(attempt.message))?;
        }
        for number in 0..self.status.len() as u32 {
            let entry = self.plan.entry(number);
            let (kind, code, message) = match (self.status[number as usize], stopped) {
                (Status::Out | Status::Ended(_), _) => continue,
                // As many as there may be of these, each with the same to say.
                (_, Some(_)) => {
                    self.summary.count(Kind::Waiting, 1);
                    continue;
                }
                (_, None) if !self.reaches(entry.common.tenant, entry.common.surface) => {
                    let (side, surface) = (entry.common.tenant, entry.common.surface);
                    let code = if *at_work.entry((side, surface)).or_insert_with(|| self.host.log.at_work(side, surface)) { "OtherProcess" } else { "NotConnected" };
                    (self.left(number), code, format!("{} on the surface {} is not connected in this process.", self.plan.tenant(side).name, surface.name()))
                }
                (_, None) => match self.blocker(number) {
                    Some(blocker) => self.why_blocked(number, blocker),
                    None => (Kind::Waiting, "Stopped", "Its turn did not come.".to_string()),
                },
            };
            let (operation, _) = self.plan.operation(number)?;
            self.tell(number, &operation, kind, Some(code.into()), Some(message))?;
        }
        let now = self.host.clock.now();
        self.summary.next_due = self.next_due.filter(|due| *due > now).map(ledger::text);
        Ok(())
    }

    fn why_blocked(&self, number: u32, blocker: u32) -> (Kind, &'static str, String) {
        let (before, order) = (self.plan.entry(blocker), &self.plan.order);
        if self.options.act == Act::Undo {
            return (Kind::Waiting, "DependantFirst", format!("'{}' is not taken back.", before.id));
        }
        let known = self.ledger.of_id(&before.id).map(|record| record.known);
        let named = order.depends_on(number).contains(&blocker);
        match (self.status[blocker as usize], known) {
            (_, Some(Known::Failed(_) | Known::Skipped)) if named => (Kind::Skipped, "DependencyNotDone", format!("'{}' was not done.", before.id)),
            (Status::Out, _) => (Kind::Waiting, "DependencyNotSelected", format!("'{}' is not done, and was not selected.", before.id)),
            _ if named => (Kind::Waiting, "DependencyWaits", format!("'{}' is not done yet.", before.id)),
            _ => (Kind::Waiting, "StageNotOpen", format!("'{}' belongs to an earlier stage, and is not done.", before.id)),
        }
    }
}

/// Several objects of one identity.
fn ambiguous(operation: &Operation, objects: &[Value]) -> Option<Next> {
    (objects.len() > 1).then(|| left_out("ObjectAmbiguous", format!("{} objects are found as '{}'.", objects.len(), operation.identity())))
}

fn wrong_tenant(refusal: &Refusal) -> Problem {
    Problem::new("TenantMismatch", crate::problem::Category::OperationStopped, refusal.message.clone())
}

fn duration(seconds: u64) -> String {
    match seconds {
        0..=90 => format!("{seconds} s"),
        91..=5400 => format!("{} min", seconds / 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// The stage as plans write it.
pub(super) fn stage_name(stage: crate::plan::Stage) -> &'static str {
    use crate::plan::Stage;
    match stage {
        Stage::Prepare => "prepare",
        Stage::PreStage => "preStage",
        Stage::Cutover => "cutover",
        Stage::Settle => "settle",
        Stage::CleanUp => "cleanUp",
    }
}

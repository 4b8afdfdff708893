//! What came of operations, told one by one, and what follows for those that stand on them.

use super::{Doubt, Runner, Status};
use crate::apply::advice::advice;
use crate::apply::journal::{Act, Result as Came};
use crate::apply::ledger::{self, Known, Record};
use crate::apply::operation::Operation;
use crate::apply::row::{Kind, Row, Summary};
use crate::finding::Side;
use crate::plan::Surface;
use crate::problem::Problem;
use hashbrown::HashMap;

impl Runner<'_, '_> {
    /// An operation has its outcome in this run.
    pub(super) fn ended(&mut self, number: u32, operation: &Operation, fingerprint: &str, kind: Kind, code: Option<String>, message: Option<String>) -> Result<(), Problem> {
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
    pub(super) fn take_along(&mut self, number: u32) -> Result<(), Problem> {
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

    /// What depends on something that was not done is not done either.
    pub(super) fn cascade(&mut self, number: u32) -> Result<(), Problem> {
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

    pub(super) fn tell(&mut self, number: u32, operation: &Operation, kind: Kind, code: Option<String>, message: Option<String>) -> Result<(), Problem> {
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
            stage: operation.stage.name(),
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

    /// Says of everything that has no outcome why that is so.
    pub(super) fn tell_the_rest(&mut self) -> Result<(), Problem> {
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

    pub(super) fn why_blocked(&self, number: u32, blocker: u32) -> (Kind, &'static str, String) {
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

    /// What was carried out and has not been seen yet is pending, whatever keeps it from being looked at.
    pub(super) fn left(&self, number: u32) -> Kind {
        let ticks = self.host.clock.ticks();
        let begun = |(until, doubt): (i64, Doubt)| matches!(doubt, Doubt::Taken | Doubt::Lost) || ticks < until;
        let pending = match self.attempts.get(&number).and_then(|attempt| attempt.doubt) {
            Some(doubt) => begun(doubt),
            None => self.options.act == Act::Apply && self.record(number).is_some_and(|record| matches!(record.known, Known::Open | Known::Pending)),
        };
        if pending { Kind::Pending } else { Kind::Waiting }
    }

    pub(super) fn progress(&mut self) {
        let Summary { operations, earlier, done, already_done, undone, skipped, failed, .. } = self.summary;
        let (ended, total) = (done + already_done + undone + skipped + failed, operations - earlier);
        let spent = (self.host.clock.ticks() - self.began).max(0) as u64 / 1000;
        let left = if ended >= 5 { format!(", about {} left", duration(spent * total.saturating_sub(ended) / ended)) } else { String::new() };
        let waiting = if self.timers.is_empty() { String::new() } else { format!(", {} waiting", self.timers.len()) };
        let trouble = if failed + skipped > 0 { format!(", {failed} failed, {skipped} left out") } else { String::new() };
        self.host.audience.progress(&format!("{ended} of {total}{trouble}{waiting}{left}"), ended, total);
    }
}

fn duration(seconds: u64) -> String {
    match seconds {
        0..=90 => format!("{seconds} s"),
        91..=5400 => format!("{} min", seconds / 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

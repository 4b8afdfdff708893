//! Whose turn it is: what waits for what, what other processes did meanwhile, how long there is nothing to do.

use super::{Runner, Status};
use crate::apply::journal::{Act, Intent, Line, Outcome};
use crate::apply::ledger::{Known, Record};
use crate::finding::Side;
use crate::plan::Surface;
use crate::problem::Problem;
use std::collections::BTreeSet;

impl Runner<'_, '_> {
    pub(super) fn record(&self, number: u32) -> Option<&Record> {
        // Only what a journal knows is put together to be compared with it.
        self.ledger.of_id(&self.plan.entry(number).id)?;
        self.ledger.of(&self.plan.entry(number).id, &self.plan.fingerprint(number))
    }

    /// Whether what something goes with was taken back: a process may have died before it said that this went, too, or have no part in its surface.
    pub(super) fn is_without_base(&self, number: u32) -> bool {
        self.plan.base(number).is_some_and(|base| self.ledger.of_id(&self.plan.entry(base).id).is_none())
    }

    /// Whether what something goes with was taken back since it was done, or may have been.
    pub(super) fn went(&self, number: u32, record: &Record) -> bool {
        let Some(base) = self.plan.base(number) else { return false };
        self.ledger.of_id(&self.plan.entry(base).id).is_none_or(|base| base.is_being_undone() || base.at > record.at)
    }

    pub(super) fn is_settled(&self, number: u32) -> bool {
        self.stands(number, self.record(number))
    }

    pub(super) fn stands(&self, number: u32, record: Option<&Record>) -> bool {
        let known = record.map(|record| record.known);
        match self.options.act {
            Act::Apply => record.is_some_and(|record| record.known.is_done() && !record.is_being_undone() && !self.went(number, record)),
            Act::Undo => !known.is_some_and(|known| known == Known::Done || known.is_in_doubt()),
        }
    }

    /// The first operation that another one waits for.
    pub(super) fn blocker(&self, number: u32) -> Option<u32> {
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
    pub(super) fn queue(&mut self, number: u32) {
        let common = &self.plan.entry(number).common;
        if self.status[number as usize] == Status::Idle && self.reaches(common.tenant, common.surface) && self.blocker(number).is_none() {
            self.status[number as usize] = Status::Queued;
            self.ready.insert((self.turn(number), number));
        }
    }

    /// Stages come one after another, what belongs to one person together; taking back goes the other way.
    pub(super) fn turn(&self, number: u32) -> u64 {
        let turn = (self.plan.entry(number).common.stage as u64) << 32 | u64::from(number);
        match self.options.act {
            Act::Apply => turn,
            Act::Undo => u64::MAX - turn,
        }
    }

    pub(super) fn reaches(&self, side: Side, surface: Surface) -> bool {
        !self.lost.contains(&(side, surface)) && (surface == Surface::Manual || self.host.tenants.reaches(side, surface))
    }

    /// Queues what waited for an operation.
    pub(super) fn release(&mut self, number: u32) {
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

    /// Takes in what other processes wrote; whether that gave this one something to do.
    pub(super) fn hear(&mut self) -> Result<bool, Problem> {
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
    pub(super) fn pause(&self) -> Option<i64> {
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
    pub(super) fn may_come(&self, number: u32, others: &BTreeSet<(Side, Surface)>) -> bool {
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
}

//! -WhatIf: looks at everything and changes nothing.

use super::look::ambiguous;
use super::{Attempt, Next, Runner, Status, end, left_out};
use crate::apply::journal::Act;
use crate::apply::ledger::Record;
use crate::apply::operation::{Operation, Undo};
use crate::apply::row::Kind;
use crate::apply::task::Task;
use crate::problem::Problem;

impl Runner<'_, '_> {
    /// Looks at everything and changes nothing.
    pub(super) fn rehearse(&mut self) -> Result<(), Problem> {
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
    pub(super) fn would(&mut self, number: u32, operation: &Operation, record: Option<&Record>) -> Result<Next, Problem> {
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
}

//! Making a change: leave for it, the intent, the call, the look afterwards.

use super::look::wrong_tenant;
use super::{end, left_out, Doubt, Next, Runner, Status};
use crate::apply::host::{Call, Means, Refusal};
use crate::apply::journal::{Act, Effect, Intent, Line, Outcome, Result as Came};
use crate::apply::ledger;
use crate::apply::operation::Operation;
use crate::apply::plan::Entry;
use crate::apply::row::Kind;
use crate::apply::task::Task;
use crate::plan::Surface;
use crate::problem::Problem;
use serde_json::{Map, Value};

impl Runner<'_, '_> {
    /// Whether it may be done; nothing if so.
    pub(super) fn may(&mut self, number: u32, operation: &Operation, change: &Call) -> Result<Option<Next>, Problem> {
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
                        let alike = |(at, other): (usize, &Entry)| self.status[at] != Status::Out && other.step() == step && other.common.irreversible.is_some();
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
    pub(super) fn sentence(&self, number: u32, operation: &Operation, change: &Call) -> (String, String) {
        let what = self.plan.what(self.plan.entry(number).step()).trim_end_matches('.');
        let what = match self.options.act {
            Act::Apply => what.to_string(),
            Act::Undo => format!("Take back: {what}"),
        };
        (format!("{} in {}", operation.whom(), self.plan.tenant(operation.tenant).name), format!("{what} ({})", change.label()))
    }

    pub(super) fn carry_out(&mut self, number: u32, operation: &Operation, fingerprint: &str, task: &Task, change: &Call) -> Result<Next, Problem> {
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

    pub(super) fn refused(&mut self, operation: &Operation, fingerprint: &str, refusal: &Refusal) -> Result<(), Problem> {
        self.write_outcome(operation, fingerprint, Came::Failed, Some(&refusal.code), Some(refusal.message.clone()), Some(Effect::None), None).map(drop)
    }

    /// Looks whether a change shows; if it does not, it is given time.
    pub(super) fn verify(&mut self, number: u32, operation: &Operation, fingerprint: &str, task: &Task, doubt: Doubt) -> Result<Next, Problem> {
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

    /// Whether it could be written: what is done by hand is said by one process at a time.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn write_outcome(
        &mut self, operation: &Operation, fingerprint: &str, came: Came, code: Option<&str>, message: Option<String>, effect: Option<Effect>,
        after: Option<Map<String, Value>>,
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
}

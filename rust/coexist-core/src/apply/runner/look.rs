//! Reading, and what a look says: reached, in doubt, drifted.

use super::{Doubt, FRESH, NIGHTS, Next, Runner, Status, left_out};
use crate::apply::host::{Call, Means, Refusal};
use crate::apply::journal::{Act, Effect, Result as Came};
use crate::apply::ledger::Record;
use crate::apply::operation::Operation;
use crate::apply::row::Kind;
use crate::apply::task::{is_creation, Task};
use crate::finding::Side;
use crate::plan::Surface;
use crate::problem::{Category, Problem};
use serde_json::Value;

impl Runner<'_, '_> {
    /// The objects that a read of the plan shows; none where the service says that there is none.
    pub(super) fn objects(&mut self, side: Side, read: &str, identity: &str) -> Result<Result<Vec<Value>, Refusal>, Problem> {
        let Some(form) = self.plan.reads.get(read) else {
            let message = format!("The plan does not say how '{read}' is read; it is not as it was written. Make it again.");
            return Err(Problem::new("PlanInvalid", Category::InvalidData, message));
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
            return Err(Problem::new("PlanInvalid", Category::InvalidData, message));
        };
        self.ask(side, surface, &call)
    }

    pub(super) fn ask(&mut self, side: Side, surface: Surface, call: &Call) -> Result<Result<Vec<Value>, Refusal>, Problem> {
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
    pub(super) fn unread(&mut self, number: u32, operation: &Operation, surface: Surface, refusal: Refusal) -> Result<Next, Problem> {
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
    pub(super) fn answered(&mut self, number: u32) {
        if let Some(attempt) = self.attempts.get_mut(&number) {
            attempt.busy[0] = 0;
        }
    }

    pub(super) fn advise(&mut self, number: u32, refusal: &Refusal) {
        if let Some(action) = &refusal.action {
            self.advised.insert(number, action.clone());
        }
    }

    /// Tries again later what the service was too busy for; not for ever.
    pub(super) fn again(&mut self, number: u32, refusal: &Refusal, writes: usize) -> Result<Next, Problem> {
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
    pub(super) fn gone(&mut self, side: Side, surface: Surface, refusal: &Refusal) -> Result<Next, Problem> {
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
    pub(super) fn examine(&mut self, number: u32, operation: &Operation, fingerprint: &str, task: &Task, record: Option<&Record>) -> Result<Option<Next>, Problem> {
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
    pub(super) fn premise(&mut self, number: u32, operation: &Operation, task: &Task, object: Option<&Value>) -> Result<Option<Next>, Problem> {
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
    pub(super) fn not_settled(&mut self, number: u32, task: &Task, record: Option<&Record>, object: Option<&Value>) -> Option<i64> {
        let record = record.filter(|record| task.act == Act::Undo && !record.is_being_undone() && record.known.is_in_doubt())?;
        let shows = object.is_some_and(|object| task.premise.iter().all(|condition| condition.holds(object)));
        let (settle, ticks) = (self.settle(), self.host.clock.ticks());
        let left = if record.suspect { settle } else { (record.at + settle - self.host.clock.now()).clamp(0, settle) };
        let attempt = self.attempts.get_mut(&number)?;
        let until = *attempt.shows_until.get_or_insert(ticks + left);
        (!shows && ticks < until).then_some(until)
    }

    pub(super) fn settle(&self) -> i64 {
        self.seconds("settleMinutes").saturating_mul(60).min(NIGHTS)
    }

    /// Whether an operation may have had an effect that does not show yet, and until when that is waited for.
    pub(super) fn doubt(&mut self, number: u32, task: &Task, record: Option<&Record>) -> Option<(i64, Doubt)> {
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

    pub(super) fn look_again(&mut self, number: u32, until: i64) -> Next {
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
}

/// Several objects of one identity.
pub(super) fn ambiguous(operation: &Operation, objects: &[Value]) -> Option<Next> {
    (objects.len() > 1).then(|| left_out("ObjectAmbiguous", format!("{} objects are found as '{}'.", objects.len(), operation.identity())))
}

pub(super) fn wrong_tenant(refusal: &Refusal) -> Problem {
    Problem::new("TenantMismatch", Category::OperationStopped, refusal.message.clone())
}

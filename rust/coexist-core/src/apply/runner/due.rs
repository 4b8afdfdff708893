//! Whether an operation's time has come and its gates are open.

use super::{Next, Runner, left_out};
use crate::apply::condition::same_text;
use crate::apply::gate::{self, Stand};
use crate::apply::journal::Act;
use crate::apply::ledger;
use crate::apply::operation::{Gate, Operation};
use crate::finding::Side;
use crate::plan::Surface;
use crate::problem::Problem;

impl Runner<'_, '_> {
    /// Whether its time or a gate keeps an operation from being carried out; nothing does from being taken back.
    pub(super) fn hindered(&mut self, number: u32, operation: &Operation) -> Result<Option<Next>, Problem> {
        if self.options.act == Act::Undo {
            return Ok(None);
        }
        match self.not_due(operation) {
            None => self.closed(number, operation),
            early => Ok(early),
        }
    }

    /// Whether its time has not come, or is over.
    pub(super) fn not_due(&mut self, operation: &Operation) -> Option<Next> {
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
    pub(super) fn closed(&mut self, number: u32, operation: &Operation) -> Result<Option<Next>, Problem> {
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
    pub(super) fn due_since(&self, number: u32, operation: &Operation) -> i64 {
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
    pub(super) fn read_on(&self, read: &str, otherwise: Surface) -> Surface {
        self.plan.reads.get(read).and_then(|form| form.surface).unwrap_or(otherwise)
    }

    /// Whether what a gate waits for was seen when something that its operation depends on was verified: by another process, on the surface where it is read.
    pub(super) fn was_seen(&self, number: u32, side: Side, gate: &Gate) -> Result<bool, Problem> {
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
}

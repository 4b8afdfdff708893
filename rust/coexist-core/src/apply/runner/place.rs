//! Places in the order, where nothing is changed: passed when gates are open and checks good, or when somebody says that it is done.

use super::{Next, Runner};
use crate::apply::gate::{self, Stand};
use crate::apply::host::{Call, Refusal};
use crate::apply::journal::Result as Came;
use crate::apply::operation::Operation;
use crate::apply::row::Kind;
use crate::apply::selection::is_like;
use crate::problem::Problem;
use serde_json::Value;

impl Runner<'_, '_> {
    /// A place: it is passed when its gates are open and its check is good, or somebody says that what stands there is done.
    pub(super) fn pass(&mut self, number: u32, operation: &Operation, fingerprint: &str) -> Result<Next, Problem> {
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
    pub(super) fn place(&mut self, number: u32, operation: &Operation) -> Result<Result<Option<String>, Next>, Problem> {
        let said = self.options.passed.iter().any(|id| is_like(id, &operation.id));
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

    pub(super) fn check(&mut self, operation: &Operation, check: &Value) -> Result<Result<Stand, Refusal>, Problem> {
        if let (Some(read), Some(identity)) = (check["read"].as_str(), check["identity"].as_str()) {
            let objects = self.objects(operation.tenant, read, identity)?;
            return Ok(objects.map(|objects| gate::check(read, &objects)));
        }
        let name = check["command"]["name"].as_str().unwrap_or_default();
        let call = Call::Command { name: name.into(), parameters: check["command"]["parameters"].clone(), secrets: Value::Null, properties: Value::Null };
        let objects = self.ask(operation.tenant, operation.surface, &call)?;
        Ok(objects.map(|objects| gate::check(name, &objects)))
    }
}

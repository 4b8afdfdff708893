//! One operation as a plan says it, ready to be carried out.

use super::condition::Condition;
use super::host::Call;
use crate::finding::Side;
use crate::plan::{Stage, Surface};
use crate::problem::{Category, Problem};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{json, Value};

/// One change on one surface of one tenant; or a place in the order, where nothing is changed and something is waited for.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Operation {
    /// `<item>/<source identity>/<step>`.
    pub id: String,
    /// When in the life of the move.
    pub stage: Stage,
    /// Where it runs.
    #[serde(default = "by_hand")]
    pub surface: Surface,
    /// In which tenant.
    #[serde(default = "in_target")]
    pub tenant: Side,
    /// Whom it is about.
    #[serde(default)]
    pub subject: Subject,
    /// The cmdlet.
    #[serde(default)]
    pub command: Option<Command>,
    /// The Graph request.
    #[serde(default)]
    pub request: Option<Request>,
    /// Parameters that are made at the moment of use.
    #[serde(default)]
    pub secrets: Value,
    /// What is waited for.
    #[serde(default)]
    pub gates: Vec<Gate>,
    /// Not before this moment.
    #[serde(default)]
    pub not_before: Option<String>,
    /// Not after this moment.
    #[serde(default)]
    pub not_after: Option<String>,
    /// How the object is read.
    #[serde(default)]
    pub read: String,
    /// What must hold before.
    #[serde(default)]
    pub expect: Vec<Condition>,
    /// What must hold after.
    #[serde(default)]
    pub verify: Vec<Condition>,
    /// How it is taken back; a place has nothing to take back.
    #[serde(default)]
    pub undo: Option<Undo>,
    /// Of a place: what is looked at to see whether it can be passed.
    #[serde(default)]
    pub check: Option<Value>,
    /// Of a place: what the specification or the people lack for an operation to stand here.
    #[serde(default)]
    pub missing: Vec<String>,
}

fn by_hand() -> Surface {
    Surface::Manual
}

fn in_target() -> Side {
    Side::Target
}

/// Whom an operation is about.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Subject {
    /// The identity in the tenant where it runs.
    pub target: String,
    /// What a person calls it.
    pub name: String,
}

/// A cmdlet with its parameters.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Command {
    /// Without a connection's prefix.
    pub name: String,
    /// By name.
    #[serde(default)]
    pub parameters: Value,
}

/// A Graph request.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Request {
    /// GET, POST, PATCH, PUT, DELETE.
    pub method: String,
    /// Below the version.
    pub path: String,
    /// `v1.0` or `beta`.
    pub version: String,
    /// JSON.
    #[serde(default)]
    pub body: Value,
}

/// A condition that is polled before an operation runs.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Gate {
    /// What is waited for.
    pub wait_for: String,
    /// How it is read.
    pub read: String,
    /// Of which object.
    pub identity: String,
    /// For `propertyVisible`: what must hold.
    #[serde(default)]
    pub conditions: Vec<Condition>,
    /// How long it may take from the moment that the operation is due.
    pub deadline_minutes: u64,
}

/// How an operation is taken back.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Undo {
    /// By this cmdlet.
    Command(Command),
    /// By this request.
    Request(Request),
    /// Not at all, and why.
    Irreversible(String),
    /// Together with this step of the same person.
    With(String),
}

impl Command {
    /// As a call, with what is made at the moment of use.
    pub fn call(&self, secrets: &Value) -> Call {
        Call::Command { name: self.name.clone(), parameters: self.parameters.clone(), secrets: secrets.clone(), properties: Value::Null }
    }
}

impl Request {
    /// As a call.
    pub fn call(&self) -> Call {
        Call::Request { method: self.method.clone(), path: format!("/{}{}", self.version, self.path), body: self.body.clone() }
    }
}

impl Operation {
    /// Reads an operation that [`crate::plan::expand`] has put together.
    ///
    /// # Errors
    /// `PlanLineInvalid`: it lacks something, or says something unknown.
    pub fn read(mut whole: Value) -> Result<Self, Problem> {
        write_out(&mut whole);
        let id = whole["id"].as_str().unwrap_or_default().to_string();
        let invalid = |cause: String| {
            let message = format!("The operation '{id}' cannot be read ({cause}): the plan is not as it was written, and what it would do is not known. Make it again.");
            Problem::new("PlanLineInvalid", Category::InvalidData, message).about(&id)
        };
        let operation: Operation = serde_json::from_value(whole).map_err(|cause| invalid(cause.to_string()))?;
        [&operation.not_before, &operation.not_after].into_iter().flatten().try_for_each(|text| moment(text)).map_err(invalid)?;
        Ok(operation)
    }

    /// What carries it out; a place has nothing.
    pub fn call(&self) -> Option<Call> {
        self.command.as_ref().map(|command| command.call(&self.secrets)).or_else(|| self.request.as_ref().map(Request::call))
    }

    /// The identity of the object that its conditions are about: the one that the command names; else the subject's, as of an object that it creates.
    pub fn identity(&self) -> &str {
        self.command.as_ref().and_then(|command| command.parameters["Identity"].as_str()).unwrap_or(&self.subject.target)
    }

    /// Whom it is about, as a person would say it.
    pub fn whom(&self) -> String {
        let Subject { target, name } = &self.subject;
        match (name.is_empty(), target.is_empty() || name == target) {
            (true, _) => target.clone(),
            (false, true) => name.clone(),
            (false, false) => format!("{name} ({target})"),
        }
    }
}

/// Whether a text is a moment with its zone; what is none would be due at once, and what has no zone at another hour in every office.
pub(super) fn moment(text: &str) -> Result<(), String> {
    text.parse::<Timestamp>().map(drop).map_err(|cause| format!("'{text}' is no moment with a time zone, as 2026-11-22T02:00:00Z is: {cause}"))
}

/// Puts the lists that the command adds and removes where the rest of the operation says `$added` and `$removed`.
fn write_out(whole: &mut Value) {
    for (mark, key) in [("$added", "Add"), ("$removed", "Remove")] {
        if let Some(list) = listed(&whole["command"]["parameters"], key) {
            for member in ["expect", "verify", "undo"] {
                replace(&mut whole[member], mark, &list);
            }
            // Indexing made what was not there.
            if let Some(members) = whole.as_object_mut() {
                members.retain(|_, value| !value.is_null());
            }
        }
    }
}

/// The list under `Add` or `Remove`: of Exchange's `@{Add=…}`, or of AD's `-Add @{attribute=…}`.
fn listed(parameters: &Value, key: &str) -> Option<Value> {
    parameters.as_object()?.iter().find_map(|(name, value)| {
        if name == key {
            return value.as_object()?.values().find(|list| list.is_array()).cloned();
        }
        value.as_object()?.get(key).filter(|list| list.is_array()).cloned()
    })
}

fn replace(value: &mut Value, mark: &str, list: &Value) {
    match value {
        Value::String(text) if text == mark => *value = list.clone(),
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, mark, list)),
        Value::Object(members) => members.values_mut().for_each(|member| replace(member, mark, list)),
        _ => {}
    }
}

/// What a plan says of how objects are read.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReadForm {
    /// Where.
    pub surface: Option<Surface>,
    /// The cmdlet.
    pub command: Option<String>,
    /// The parameter that takes the identity.
    pub identity: Option<String>,
    /// Further parameters.
    pub parameters: Value,
    /// The properties that must be asked for by name.
    pub properties: Value,
    /// The request, with `{id}` for the identity.
    pub request: Option<Request>,
    /// The read whose object's `id` is the identity of this one.
    pub id_from: Option<String>,
}

impl ReadForm {
    /// The call that reads an object.
    pub fn call(&self, identity: &str) -> Option<Call> {
        if let Some(request) = &self.request {
            let quoted = request.path.contains("'{id}'");
            let id = if quoted { identity.replace('\'', "''") } else { identity.to_string() };
            let path = request.path.replace("{id}", &crate::plan::escaped(&id));
            return Some(Request { path, ..request.clone() }.call());
        }
        let mut parameters = match &self.parameters {
            Value::Object(members) => Value::Object(members.clone()),
            _ => json!({}),
        };
        parameters[self.identity.as_deref().unwrap_or("Identity")] = identity.into();
        // AD gives attributes beyond its default ones only where they are named.
        if !self.properties.is_null() {
            parameters["Properties"] = self.properties.clone();
        }
        Some(Call::Command { name: self.command.clone()?, parameters, secrets: Value::Null, properties: Value::Null })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apply::condition::Test;

    #[test]
    fn lists_stand_once_in_a_plan_and_everywhere_in_an_operation() {
        let whole = json!({
            "id": "MC-01/1/stamp", "stage": "prepare", "surface": "exchange", "tenant": "target", "subject": {"target": "t", "name": "n"}, "read": "mailUser",
            "command": {"name": "Set-MailUser", "parameters": {"Identity": "t", "EmailAddresses": {"Add": ["x"], "Remove": ["y"]}}},
            "expect": [], "verify": [{"property": "EmailAddresses", "contains": "$added"}, {"property": "EmailAddresses", "lacks": "$removed"}],
            "undo": {"command": {"name": "Set-MailUser", "parameters": {"Identity": "t", "EmailAddresses": {"Remove": "$added"}}}}
        });
        let operation = Operation::read(whole).unwrap();
        assert_eq!(operation.verify[0].test, Test::Contains(vec!["x".into()]));
        assert_eq!(operation.verify[1].test, Test::Lacks(vec!["y".into()]));
        let Some(Undo::Command(undo)) = operation.undo else { panic!() };
        assert_eq!(undo.parameters["EmailAddresses"]["Remove"], json!(["x"]));
        let ad = json!({"Add": {"proxyAddresses": ["a"]}, "Replace": {"Add": "no list"}});
        assert_eq!(listed(&ad, "Add"), Some(json!(["a"])));
    }

    #[test]
    fn what_is_missing_is_a_problem_that_names_the_operation() {
        let problem = Operation::read(json!({"id": "MC-01/1/stamp"})).unwrap_err();
        assert_eq!((problem.code, problem.target.as_deref()), ("PlanLineInvalid", Some("MC-01/1/stamp")));
    }

    #[test]
    fn an_identity_is_put_into_a_path_so_that_it_stays_one() {
        let read = ReadForm { request: Some(Request { method: "GET".into(), path: "/jobs(displayName='{id}')?$select=id".into(), version: "beta".into(), body: Value::Null }), ..Default::default() };
        let Some(Call::Request { path, .. }) = read.call("O'Brien #1") else { panic!() };
        assert_eq!(path, "/beta/jobs(displayName='O%27%27Brien%20%231')?$select=id");
        let read = ReadForm { command: Some("Get-SPOCrossTenantUserContentMoveState".into()), identity: Some("SourceUserPrincipalName".into()), parameters: json!({"Url": "u"}), ..Default::default() };
        let Some(Call::Command { parameters, .. }) = read.call("a@b") else { panic!() };
        assert_eq!(parameters, json!({"Url": "u", "SourceUserPrincipalName": "a@b"}));
    }
}

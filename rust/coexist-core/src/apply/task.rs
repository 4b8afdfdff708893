//! What carrying out and taking back have in common: a premise that must hold, a change, and a goal that shows that it was made.

use super::condition::{is_empty, property, same_text, texts, Condition, Test};
use super::host::Call;
use super::journal::Act;
use super::operation::{Operation, Undo};
use serde_json::{Map, Value};

/// What an object is to be.
#[derive(Debug, Clone, PartialEq)]
pub enum Goal {
    /// There, and this holds of it.
    Holds(Vec<Condition>),
    /// Not there.
    Gone,
}

/// One change, whichever way it goes.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// Which way.
    pub act: Act,
    /// What must hold before.
    pub premise: Vec<Condition>,
    /// The change; nothing where it is passed as soon as its gates are open, or taken back with another.
    pub change: Option<Call>,
    /// What shows that it was made.
    pub goal: Goal,
}

impl Goal {
    /// Whether an object, or its absence, is what it is to be.
    pub fn is_reached(&self, object: Option<&Value>) -> bool {
        match self {
            Goal::Gone => object.is_none(),
            Goal::Holds(conditions) => object.is_some_and(|object| conditions.iter().all(|condition| condition.holds(object))),
        }
    }

    /// Nothing that could be looked at.
    pub fn is_blind(&self) -> bool {
        *self == Goal::Holds(Vec::new())
    }
}

impl Task {
    /// Carrying it out.
    pub fn apply(operation: &Operation) -> Self {
        Task { act: Act::Apply, premise: operation.expect.clone(), change: operation.call(), goal: Goal::Holds(operation.verify.clone()) }
    }

    /// Taking it back; nothing where that cannot be.
    pub fn undo(operation: &Operation, before: Option<&Map<String, Value>>) -> Option<Self> {
        let change = match operation.undo.as_ref()? {
            Undo::Command(command) => {
                let mut command = command.clone();
                if let Some(before) = before {
                    spare(&mut command.parameters, before);
                }
                Some(command.call(&Value::Null))
            }
            Undo::Request(request) => Some(request.call()),
            Undo::With(_) => None,
            Undo::Irreversible(_) => return None,
        };
        let goal = match before {
            None if is_creation(operation) => Goal::Gone,
            None => Goal::Holds(Vec::new()),
            Some(before) => Goal::Holds(operation.verify.iter().filter_map(|condition| opposite(condition, before)).collect()),
        };
        Some(Task { act: Act::Undo, premise: operation.verify.clone(), change, goal })
    }

    /// Whether an object shows that the change was made, which may have been. Where nothing is known of what it is to be afterwards, what is taken back shows
    /// by no longer being there.
    pub fn is_made(&self, object: Option<&Value>) -> bool {
        if self.goal.is_blind() && self.act == Act::Undo && !self.premise.is_empty() {
            return !object.is_some_and(|object| self.premise.iter().all(|condition| condition.holds(object)));
        }
        self.goal.is_reached(object)
    }

    /// Which properties it is about: what a journal keeps of the object.
    pub fn image(&self, operation: &Operation, object: &Value) -> Map<String, Value> {
        let names = operation.expect.iter().chain(&operation.verify).map(|condition| condition.property.as_str());
        names.map(|name| (name.to_string(), property(object, name).clone())).collect()
    }
}

/// Whether an operation makes its object: it names none to change.
pub fn is_creation(operation: &Operation) -> bool {
    match (&operation.command, &operation.request) {
        (Some(command), _) => command.parameters.get("Identity").is_none(),
        (None, Some(request)) => request.method == "POST" && operation.expect.is_empty() && !request.path.contains(&operation.subject.target),
        _ => false,
    }
}

/// Leaves in the lists that taking back adds or removes only what was otherwise before: what somebody had added already stays, and what somebody had removed
/// does not come back.
fn spare(parameters: &mut Value, before: &Map<String, Value>) {
    const VERBS: [&str; 2] = ["Add", "Remove"];
    let Some(members) = parameters.as_object_mut() else { return };
    members.retain(|name, value| {
        let Some(table) = value.as_object_mut() else { return true };
        // AD's `-Add @{attribute=…}`, else Exchange's `-Attribute @{Add=…}`.
        table.retain(|key, list| match VERBS.iter().find(|verb| **verb == name || **verb == key) {
            Some(verb) => spare_list(verb, if *verb == name { key } else { name }, list, before),
            None => true,
        });
        !table.is_empty()
    });
}

/// The same of one list; whether anything is left of it.
fn spare_list(verb: &str, property: &str, list: &mut Value, before: &Map<String, Value>) -> bool {
    let was = before.iter().find(|(name, _)| name.eq_ignore_ascii_case(property));
    let (Some((_, was)), Some(items)) = (was, list.as_array_mut()) else { return true };
    let was = texts(was);
    let had = |item: &str| was.iter().any(|own| same_text(own, item));
    // The primary of AD is the address in capitals: moving it takes away one spelling and gives another.
    let had_so = |item: &str| was.iter().any(|own| same_text(own, item) && own.starts_with("SMTP:") == item.starts_with("SMTP:"));
    items.retain(|item| item.as_str().is_none_or(|item| if verb == "Add" { had(item) } else { !had_so(item) }));
    !items.is_empty()
}

/// What holds again once an operation is taken back, of a property that was so before.
fn opposite(condition: &Condition, before: &Map<String, Value>) -> Option<Condition> {
    let was = before.iter().find(|(name, _)| name.eq_ignore_ascii_case(&condition.property)).map(|(_, value)| value)?;
    let had = |item: &&String| texts(was).iter().any(|own| same_text(own, item));
    let test = match &condition.test {
        Test::Contains(items) => Test::Lacks(items.iter().filter(|item| !had(item)).cloned().collect()),
        Test::Lacks(items) => Test::Contains(items.iter().filter(had).cloned().collect()),
        Test::Equals(_) | Test::Empty(_) if is_empty(was) => Test::Empty(true),
        Test::Equals(_) => Test::Equals(was.clone()),
        Test::Empty(_) => return None,
    };
    match &test {
        Test::Contains(items) | Test::Lacks(items) if items.is_empty() => None,
        _ => Some(Condition { property: condition.property.clone(), test }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_goal_of_taking_back_is_what_was_there_before() {
        let operation: Operation = Operation::read(json!({
            "id": "MC-01/1/stamp", "stage": "prepare", "surface": "exchange", "tenant": "target", "subject": {"target": "t", "name": "n"}, "read": "mailUser",
            "command": {"name": "Set-MailUser", "parameters": {"Identity": "t"}}, "expect": [{"property": "ExchangeGuid", "empty": true}],
            "verify": [{"property": "ExchangeGuid", "equals": "35fd9c29-4120-4f5b-b12f-eb0eeeb98bf9"}, {"property": "EmailAddresses", "contains": ["a", "b"]}],
            "undo": {"command": {"name": "Set-MailUser", "parameters": {"Identity": "t"}}}
        }))
        .unwrap();
        let object = json!({"exchangeGuid": "00000000-0000-0000-0000-000000000000", "EmailAddresses": ["B", "c"], "Other": 1});
        let apply = Task::apply(&operation);
        assert!(apply.premise.iter().all(|condition| condition.holds(&object)) && !apply.goal.is_reached(Some(&object)));
        let before = apply.image(&operation, &object);
        assert_eq!(before.len(), 2);
        let undo = Task::undo(&operation, Some(&before)).unwrap();
        // b was there before, and stays.
        assert_eq!(undo.goal, Goal::Holds(vec![
            Condition { property: "ExchangeGuid".into(), test: Test::Empty(true) },
            Condition { property: "EmailAddresses".into(), test: Test::Lacks(vec!["a".into()]) },
        ]));
        assert!(undo.goal.is_reached(Some(&object)) && !undo.goal.is_reached(None));
    }
}

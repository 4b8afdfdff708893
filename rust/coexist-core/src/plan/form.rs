//! What many operations have in common, written once: a form is an operation in which `{name}` stands for what its line in the plan says under that name.

use super::operation::Operation;
use crate::problem::{Category, Problem};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::sync::Arc;

/// An operation without what is one person's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// The kind of operation.
    pub step: &'static str,
    /// What lines call it, made of its text: the same form has the same name in every plan.
    pub name: String,
    /// The operation in JSON.
    pub text: Arc<str>,
    /// The places, in the list of names that it was made with, of those that it needs.
    pub values: Vec<usize>,
}

impl Form {
    /// The form that an operation written with `{name}` is; `names` are those that lines can give, in the order in which they stand there.
    pub fn new<'n>(operation: &Operation, names: impl Iterator<Item = &'n str>) -> Self {
        // Text, numbers and lists cannot fail to serialize.
        let text = serde_json::to_string(operation).unwrap_or_default();
        let values = names.enumerate().filter(|(_, name)| text.contains(&["{", name, "}"].concat())).map(|(at, _)| at).collect();
        Form { step: operation.step.name, name: format!("{:012x}", fingerprint(&text)), text: text.into(), values }
    }
}

/// FNV-1a, folded into 48 bits: it names forms, so it must be the same in every version.
fn fingerprint(text: &str) -> u64 {
    let hash = crate::fnv::hash(text.bytes());
    (hash ^ (hash >> 48)) & 0xffff_ffff_ffff
}

/// The text that stands in forms for the value of a name.
macro_rules! value {
    ($name:literal) => {
        concat!("{", $name, "}")
    };
}
pub(crate) use value;

/// The complete operation that a line of a plan is, `steps` being what the plan says of its steps: `{name}` in the form becomes the value of that name in
/// the line. A text that is nothing else becomes the value itself; inside a longer text it becomes the value's text, in a `path` escaped.
///
/// # Errors
/// `PlanLineInvalid`: the line names a form that `steps` does not have, or lacks a value that its form needs.
pub fn expand(steps: &Value, line: &Value) -> Result<Value, Problem> {
    let id = line["id"].as_str().unwrap_or_default();
    let step = id.rsplit('/').next().unwrap_or_default();
    let form = line["form"].as_str().and_then(|form| steps.get(step)?.get("forms")?.get(form)?.as_object());
    let form = form.ok_or_else(|| invalid(id, format!("has no form that stands under the step '{step}'")))?;
    let mut whole = Map::from_iter([("id".to_string(), line["id"].clone())]);
    for (name, member) in form {
        whole.insert(name.clone(), fill(member, line, false).map_err(|missing| invalid(id, format!("lacks '{missing}', which its form needs")))?);
    }
    Ok(Value::Object(whole))
}

/// The same of one member of a form.
///
/// # Errors
/// The name that the line lacks.
pub(crate) fn expand_member(member: &Value, line: &Value) -> Result<Value, String> {
    fill(member, line, false)
}

fn invalid(id: &str, what: String) -> Problem {
    let message = format!("The operation '{id}' {what}: the plan is not as it was written, and what it would do is not known. Make it again with New-CoexistPlan.");
    Problem::new("PlanLineInvalid", Category::InvalidData, message).about(id)
}

/// A part of a form with the values of a line; else the name that the line does not have.
fn fill(part: &Value, line: &Value, is_path: bool) -> Result<Value, String> {
    Ok(match part {
        Value::String(text) => fill_text(text, line, is_path)?,
        Value::Array(items) => Value::Array(items.iter().map(|item| fill(item, line, false)).collect::<Result<_, _>>()?),
        Value::Object(entries) => {
            let filled = entries.iter().map(|(name, entry)| Ok((name.clone(), fill(entry, line, name == "path")?)));
            Value::Object(filled.collect::<Result<_, String>>()?)
        }
        other => other.clone(),
    })
}

fn fill_text(text: &str, line: &Value, is_path: bool) -> Result<Value, String> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, (name, after))) = rest.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?))) {
        let value = line.get(name).ok_or_else(|| name.to_string())?;
        if name.len() + 2 == text.len() {
            return Ok(value.clone());
        }
        let value = value.as_str().ok_or_else(|| name.to_string())?;
        filled.push_str(before);
        filled.push_str(&if is_path { escaped(value) } else { value.into() });
        rest = after;
    }
    filled.push_str(rest);
    Ok(Value::String(filled))
}

/// A value as a path takes it. A user principal name may hold `#` (every invited guest's does) and `'`, which would end the path or the key.
pub(crate) fn escaped(value: &str) -> Cow<'_, str> {
    let stays = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte);
    if value.bytes().all(stays) {
        return value.into();
    }
    value.bytes().map(|byte| if stays(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_take_the_place_of_their_names_once() {
        let steps = json!({"stamp": {"what": "", "why": "", "forms": {"f": {
            "stage": "prepare", "a": "{list}", "b": ["{text}", "x{text}y{other}", "{", "}{", "$added"], "number": 3, "request": {"path": "/users/{text}/assign", "{text}": true}
        }}}});
        let line = json!({"id": "MC-01/1/stamp", "form": "f", "text": "o'b#{list}@c.d", "other": "ü", "list": ["1", "{text}"]});
        let whole = expand(&steps, &line).unwrap();
        assert_eq!(
            whole,
            json!({"id": "MC-01/1/stamp", "stage": "prepare", "a": ["1", "{text}"], "b": ["o'b#{list}@c.d", "xo'b#{list}@c.dyü", "{", "}{", "$added"], "number": 3,
                "request": {"path": "/users/o%27b%23%7Blist%7D@c.d/assign", "{text}": true}})
        );
        for (name, value) in [("id", json!("MC-01/1/other")), ("form", json!("g")), ("form", Value::Null), ("text", json!(["x"]))] {
            let mut spoiled = line.clone();
            spoiled[name] = value;
            assert_eq!(expand(&steps, &spoiled).unwrap_err().code, "PlanLineInvalid", "{name}");
        }
        let mut without = line.clone();
        without.as_object_mut().unwrap().remove("list");
        assert!(expand(&steps, &without).unwrap_err().message.contains("lacks 'list'"));
    }

    #[test]
    fn a_name_of_a_form_is_the_same_in_every_version() {
        assert_eq!(format!("{:012x}", fingerprint("a form")), "2b58a2eb3334");
    }
}

//! A validator for as much of JSON Schema (draft-07) as the published schemas use. A keyword that it does not know is a failure: nothing is passed over.

use serde_json::Value;
use std::collections::BTreeSet;

/// A schema, and which of its properties have been met.
pub struct Schema {
    root: Value,
    met: BTreeSet<String>,
}

/// Only say something to whoever reads the schema.
const REMARKS: [&str; 5] = ["$schema", "title", "description", "default", "definitions"];

/// The patterns that the schemas use, each with what it means.
fn matches(pattern: &str, text: &str) -> bool {
    let all = |text: &str, good: fn(char) -> bool| !text.is_empty() && text.chars().all(good);
    match pattern {
        "^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$" => {
            let lengths: Vec<usize> = text.split('-').map(str::len).collect();
            lengths == [8, 4, 4, 4, 12] && text.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
        }
        "^[0-9a-f]{12}$" => text.len() == 12 && text.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c)),
        "^[0-9a-f]{16}$" => text.len() == 16 && text.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c)),
        "^[0-9a-f]{64}$" => text.len() == 64 && text.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c)),
        "^[A-Z]{2}$" => text.len() == 2 && text.chars().all(|c| c.is_ascii_uppercase()),
        "^[A-Z][A-Za-z]+$" => text.len() > 1 && text.starts_with(|c: char| c.is_ascii_uppercase()) && all(text, |c| c.is_ascii_alphabetic()),
        "^[A-Z][A-Za-z]+-[A-Z][A-Za-z]+$" => {
            text.split_once('-').is_some_and(|(verb, noun)| [verb, noun].iter().all(|part| matches("^[A-Z][A-Za-z]+$", part)))
        }
        "^[^/]+/.+/[^/]+$" => {
            let (first, last) = (text.find('/'), text.rfind('/'));
            first.zip(last).is_some_and(|(first, last)| first > 0 && last > first + 1 && last + 1 < text.len())
        }
        "^/" => text.starts_with('/'),
        // 9 stands for any digit.
        "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" => looks_like(text, "9999-99-99"),
        "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$" => looks_like(text, "9999-99-99T99:99:99Z"),
        "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$" => looks_like(text, "9999-99-99T99:99:99.999Z"),
        "^([01][0-9]|2[0-3]):[0-5][0-9]$" => looks_like(text, "99:99") && text < "24:00" && &text[3..] < "60",
        other => panic!("the pattern {other} is not known to the validator"),
    }
}

fn looks_like(text: &str, shape: &str) -> bool {
    text.len() == shape.len() && text.bytes().zip(shape.bytes()).all(|(found, shape)| if shape == b'9' { found.is_ascii_digit() } else { found == shape })
}

impl Schema {
    pub fn new(text: &str) -> Self {
        let root: Value = serde_json::from_str(text).unwrap();
        assert_eq!(root["$schema"], "http://json-schema.org/draft-07/schema#");
        Schema { root, met: BTreeSet::new() }
    }

    pub fn root(&self) -> &Value {
        &self.root
    }

    /// What is wrong with a document.
    pub fn errors(&mut self, document: &Value) -> Vec<String> {
        let root = self.root.clone();
        let (mut errors, mut met) = (Vec::new(), BTreeSet::new());
        Check { root: &root, met: &mut met }.value(&root, "#", document, "", &mut errors);
        self.met.append(&mut met);
        errors
    }

    /// The properties that no document has had so far, as pointers into the schema.
    pub fn never_met(&self) -> Vec<String> {
        let mut all = BTreeSet::new();
        collect(&self.root, "#", &mut all);
        all.difference(&self.met).cloned().collect()
    }
}

/// Every property that a schema names; every keyword in it must be one that the validator knows.
fn collect(schema: &Value, at: &str, all: &mut BTreeSet<String>) {
    for (keyword, value) in schema.as_object().unwrap() {
        match keyword.as_str() {
            "properties" | "definitions" => {
                for (name, inner) in value.as_object().unwrap() {
                    if keyword == "properties" {
                        all.insert(format!("{at}/{keyword}/{name}"));
                    }
                    collect(inner, &format!("{at}/{keyword}/{name}"), all);
                }
            }
            "items" | "additionalProperties" if value.is_object() => collect(value, &format!("{at}/{keyword}"), all),
            "oneOf" => value.as_array().unwrap().iter().enumerate().for_each(|(number, inner)| collect(inner, &format!("{at}/oneOf/{number}"), all)),
            _ => {}
        }
    }
}

struct Check<'s> {
    root: &'s Value,
    met: &'s mut BTreeSet<String>,
}

impl Check<'_> {
    fn value(&mut self, schema: &Value, at: &str, value: &Value, path: &str, errors: &mut Vec<String>) {
        let schema = schema.as_object().unwrap_or_else(|| panic!("{at} is no schema"));
        let mut fail = |what: String| errors.push(format!("{path}: {what}"));
        let length = value.as_array().map_or(0, Vec::len);
        for (keyword, rule) in schema {
            match keyword.as_str() {
                keyword if REMARKS.contains(&keyword) => {}
                "type" => {
                    let kinds: Vec<&str> = rule.as_array().map_or_else(|| vec![rule.as_str().unwrap()], |list| list.iter().map(|kind| kind.as_str().unwrap()).collect());
                    if !kinds.iter().any(|kind| is(value, kind)) {
                        fail(format!("{value} is not {}", kinds.join(" or ")));
                    }
                }
                "const" if value != rule => fail(format!("{value} is not {rule}")),
                "enum" if !rule.as_array().unwrap().contains(value) => fail(format!("{value} is none of {rule}")),
                "pattern" if value.as_str().is_some_and(|text| !matches(rule.as_str().unwrap(), text)) => fail(format!("{value} does not match {rule}")),
                "minLength" if value.as_str().is_some_and(|text| text.chars().count() < rule.as_u64().unwrap() as usize) => fail("too short".into()),
                "minItems" if value.is_array() && length < rule.as_u64().unwrap() as usize => fail("too few items".into()),
                "minProperties" if value.as_object().is_some_and(|object| object.len() < rule.as_u64().unwrap() as usize) => fail("too few properties".into()),
                "minimum" if value.as_f64().is_some_and(|number| number < rule.as_f64().unwrap()) => fail(format!("{value} is less than {rule}")),
                "maximum" if value.as_f64().is_some_and(|number| number > rule.as_f64().unwrap()) => fail(format!("{value} is more than {rule}")),
                "uniqueItems" if rule == true => {
                    let texts: BTreeSet<String> = value.as_array().into_iter().flatten().map(Value::to_string).collect();
                    if texts.len() != length {
                        fail("an item stands there twice".into());
                    }
                }
                "required" => {
                    for name in rule.as_array().unwrap() {
                        if value.as_object().is_some_and(|object| !object.contains_key(name.as_str().unwrap())) {
                            fail(format!("{name} is missing"));
                        }
                    }
                }
                "const" | "enum" | "pattern" | "minLength" | "minItems" | "minProperties" | "minimum" | "maximum" | "uniqueItems" => {}
                // These look inside.
                "$ref" | "properties" | "additionalProperties" | "propertyNames" | "items" | "oneOf" => {}
                other => panic!("the keyword {other} at {at} is not known to the validator"),
            }
        }
        if let Some(target) = schema.get("$ref").map(|target| target.as_str().unwrap()) {
            let definition = self.root.pointer(&target[1..]).unwrap_or_else(|| panic!("{target} is not there"));
            self.value(definition, target, value, path, errors);
        }
        if let Some(object) = value.as_object() {
            for (name, inner) in object {
                let inner_path = format!("{path}/{name}");
                if let Some(rule) = schema.get("propertyNames") {
                    self.value(rule, &format!("{at}/propertyNames"), &Value::from(name.as_str()), &inner_path, errors);
                }
                if let Some(rule) = schema.get("properties").and_then(|properties| properties.get(name)) {
                    let inner_at = format!("{at}/properties/{name}");
                    self.value(rule, &inner_at, inner, &inner_path, errors);
                    self.met.insert(inner_at);
                    continue;
                }
                match schema.get("additionalProperties") {
                    None | Some(Value::Bool(true)) => {}
                    Some(Value::Bool(false)) => errors.push(format!("{inner_path}: not known")),
                    Some(rule) => self.value(rule, &format!("{at}/additionalProperties"), inner, &inner_path, errors),
                }
            }
        }
        if let (Some(items), Some(rule)) = (value.as_array(), schema.get("items")) {
            for (number, item) in items.iter().enumerate() {
                self.value(rule, &format!("{at}/items"), item, &format!("{path}/{number}"), errors);
            }
        }
        if let Some(choices) = schema.get("oneOf").map(|choices| choices.as_array().unwrap()) {
            let mut good = 0;
            let mut reasons = Vec::new();
            for (number, choice) in choices.iter().enumerate() {
                let (mut wrong, mut met) = (Vec::new(), BTreeSet::new());
                Check { root: self.root, met: &mut met }.value(choice, &format!("{at}/oneOf/{number}"), value, path, &mut wrong);
                if wrong.is_empty() {
                    good += 1;
                    self.met.append(&mut met);
                }
                reasons.append(&mut wrong);
            }
            if good != 1 {
                errors.push(format!("{path}: {good} choices fit ({})", reasons.join("; ")));
            }
        }
    }
}

fn is(value: &Value, kind: &str) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "number" => value.is_number(),
        "integer" => value.is_u64() || value.is_i64(),
        other => panic!("the type {other} is not known to the validator"),
    }
}

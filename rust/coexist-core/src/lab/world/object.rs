//! An object as it is, and as readers still see it: every write shows later, on each surface after a delay of its own.

use super::visibility::{self, Via};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Properties by name. Exchange's and AD's are as those show them; what only Entra ID knows begins small; what only the world knows begins with `$`.
pub(super) type Fields = Map<String, Value>;

/// What an object is in Exchange, in AD or among the batches.
pub(super) const KIND: &str = "$kind";
/// Whether Entra ID has a user of it.
pub(super) const USER: &str = "$user";

/// An object of a tenant, of its forest, or of a service.
#[derive(Debug, Clone, Default)]
pub(super) struct Object {
    /// As it is.
    pub truth: Fields,
    /// As it was before the oldest write that somebody may not see yet.
    base: Option<Box<Fields>>,
    recent: Vec<Write>,
    /// How many writes it has seen: with its seed, what delays are drawn from.
    writes: u64,
    /// A hash of what the object is called.
    seed: u64,
}

/// What one write changed.
#[derive(Debug, Clone)]
struct Write {
    via: Via,
    at: i64,
    number: u64,
    changes: Vec<(String, Option<Value>)>,
}

impl Object {
    /// One that was there before the world began: everybody sees it.
    pub fn old(truth: Fields, seed: u64) -> Self {
        Object { truth, seed, ..Object::default() }
    }

    /// One that nobody has seen; its first write makes it.
    pub fn new(seed: u64) -> Self {
        Object { seed, ..Object::default() }
    }

    /// Changes it. False where that changes nothing.
    pub fn write(&mut self, via: Via, at: i64, change: impl FnOnce(&mut Fields)) -> bool {
        let before = self.truth.clone();
        change(&mut self.truth);
        let mut changes: Vec<(String, Option<Value>)> =
            self.truth.iter().filter(|(name, value)| before.get(*name) != Some(*value)).map(|(name, value)| (name.clone(), Some(value.clone()))).collect();
        changes.extend(before.keys().filter(|name| !self.truth.contains_key(*name)).map(|name| (name.clone(), None)));
        if changes.is_empty() {
            return false;
        }
        self.writes += 1;
        self.base.get_or_insert_with(|| Box::new(before));
        self.recent.push(Write { via, at, number: self.writes, changes });
        true
    }

    /// Forgets what everybody has seen by now; true when no write is left that somebody may not see.
    pub fn forget(&mut self, now: i64) -> bool {
        while self.recent.first().is_some_and(|write| write.at + visibility::longest() < now) {
            let write = self.recent.remove(0);
            if let Some(base) = &mut self.base {
                write.apply(base);
            }
        }
        if self.recent.is_empty() {
            self.base = None;
        }
        self.recent.is_empty()
    }

    /// As a surface shows it at a moment.
    pub fn seen(&self, reader: Via, now: i64) -> Cow<'_, Fields> {
        let Some(base) = &self.base else { return Cow::Borrowed(&self.truth) };
        let mut fields = (**base).clone();
        for write in &self.recent {
            if write.at + visibility::delay(write.via, reader, self.seed, write.number) <= now {
                write.apply(&mut fields);
            }
        }
        Cow::Owned(fields)
    }
}

impl Write {
    fn apply(&self, fields: &mut Fields) {
        for (name, value) in &self.changes {
            match value {
                Some(value) => drop(fields.insert(name.clone(), value.clone())),
                None => drop(fields.remove(name)),
            }
        }
    }
}

/// A property as text; empty where it is absent or no text.
pub(super) fn text<'f>(fields: &'f Fields, name: &str) -> &'f str {
    fields.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A property as a list of texts.
pub(super) fn texts(fields: &Fields, name: &str) -> Vec<String> {
    fields.get(name).map(list).unwrap_or_default()
}

/// A value as a list of texts: one text is a list of one.
pub(super) fn list(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().filter_map(Value::as_str).map(String::from).collect(),
        Value::String(text) => vec![text.clone()],
        _ => Vec::new(),
    }
}

/// Whether a property is true.
pub(super) fn flag(fields: &Fields, name: &str) -> bool {
    fields.get(name).and_then(Value::as_bool).unwrap_or(false)
}

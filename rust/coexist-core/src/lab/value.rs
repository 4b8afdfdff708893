//! One line of a snapshot: properties in the order of their names, written as compact JSON.

use std::borrow::Cow;

/// A value of a property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Null,
    Flag(bool),
    Number(u64),
    Text(Cow<'static, str>),
    List(Vec<Value>),
    Object(Vec<(Cow<'static, str>, Value)>),
}

impl From<&'static str> for Value {
    fn from(text: &'static str) -> Self {
        Value::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Text(Cow::Owned(text))
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Value::Flag(flag)
    }
}

impl From<crate::identity::guid::Guid> for Value {
    fn from(guid: crate::identity::guid::Guid) -> Self {
        Value::from(guid.to_string())
    }
}

impl From<Vec<String>> for Value {
    fn from(items: Vec<String>) -> Self {
        Value::List(items.into_iter().map(Value::from).collect())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

impl Value {
    /// Appends the value as JSON.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Value::Null => out.extend_from_slice(b"null"),
            Value::Flag(true) => out.extend_from_slice(b"true"),
            Value::Flag(false) => out.extend_from_slice(b"false"),
            Value::Number(number) => out.extend_from_slice(itoa::Buffer::new().format(*number).as_bytes()),
            Value::Text(text) => write_text(text, out),
            Value::List(items) => {
                out.push(b'[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push(b',');
                    }
                    item.write(out);
                }
                out.push(b']');
            }
            Value::Object(entries) => write_entries(entries, out),
        }
    }
}

fn write_entries(entries: &[(Cow<'static, str>, Value)], out: &mut Vec<u8>) {
    out.push(b'{');
    for (at, (name, value)) in entries.iter().enumerate() {
        debug_assert!(at == 0 || entries[at - 1].0 < *name, "{name} is not in the order of names");
        if at > 0 {
            out.push(b',');
        }
        write_text(name, out);
        out.push(b':');
        value.write(out);
    }
    out.push(b'}');
}

/// Appends a text as JSON: only what must be is escaped.
pub(super) fn write_text(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    if !text.bytes().any(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f)) {
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
        return;
    }
    for byte in text.bytes() {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            0..=0x1f => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            byte => out.push(byte),
        }
    }
    out.push(b'"');
}

/// The properties of one object, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Object(Vec<(Cow<'static, str>, Value)>);

impl Object {
    /// From properties that already stand in the order of their names.
    pub fn new<const N: usize>(properties: [(&'static str, Value); N]) -> Self {
        Object(properties.map(|(name, value)| (Cow::Borrowed(name), value)).into())
    }

    fn find(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(own, _)| own.as_ref().cmp(name))
    }

    /// Gives a property its value, or another one.
    pub fn set(&mut self, name: &str, value: Value) {
        match self.find(name) {
            Ok(at) => self.0[at].1 = value,
            Err(at) => self.0.insert(at, (Cow::Owned(name.to_string()), value)),
        }
    }

    /// Takes a property away, as if it had not been exported.
    pub fn drop(&mut self, name: &str) {
        if let Ok(at) = self.find(name) {
            self.0.remove(at);
        }
    }

    /// Puts items behind those of a list.
    pub fn push(&mut self, name: &str, items: Vec<Value>) {
        match self.find(name) {
            Ok(at) => match &mut self.0[at].1 {
                Value::List(own) => own.extend(items),
                other => *other = Value::List(items),
            },
            Err(_) => self.set(name, Value::List(items)),
        }
    }

    /// The value of a property.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.find(name).ok().map(|at| &self.0[at].1)
    }

    /// Appends the object as one line.
    pub fn write_line(&self, out: &mut Vec<u8>) {
        write_entries(&self.0, out);
        out.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_canonical_json() {
        let mut object = Object::new([("A", true.into()), ("C", Value::Null)]);
        object.set("B", "a\"b\\c\u{1}ğ山".into());
        object.push("D", vec![Value::Number(7)]);
        object.push("D", vec![Value::Object(vec![("x".into(), false.into())])]);
        object.drop("C");
        object.drop("nothing");
        let mut line = Vec::new();
        object.write_line(&mut line);
        assert_eq!(std::str::from_utf8(&line).unwrap(), "{\"A\":true,\"B\":\"a\\\"b\\\\c\\u0001ğ山\",\"D\":[7,{\"x\":false}]}\n");
        assert_eq!(object.get("A"), Some(&Value::Flag(true)));
    }
}

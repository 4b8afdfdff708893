//! Whether a statement of a plan holds of an object as its service shows it.

use crate::identity::guid::Guid;
use crate::identity::immutable_id;
use hashbrown::HashSet;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

/// A statement about one property.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Condition {
    /// Its name, as the read emits it; without case.
    pub property: String,
    /// What it must be.
    #[serde(flatten)]
    pub test: Test,
}

/// What a property is compared with.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Test {
    /// It equals this text, without case; a GUID in any form, a moment in any.
    Equals(Value),
    /// The list holds these, without case.
    Contains(Vec<String>),
    /// The list, or the one value, is none of these.
    Lacks(Vec<String>),
    /// It is empty or a zero GUID.
    Empty(bool),
}

/// The value of a property by its name in any case; `Null` where it is not there.
pub fn property<'o>(object: &'o Value, name: &str) -> &'o Value {
    let Some(members) = object.as_object() else { return &Value::Null };
    members.get(name).or_else(|| members.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)).unwrap_or(&Value::Null)
}

/// Whether a value is none: nothing, empty, a zero GUID.
pub fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty() || is_nil(text),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// A GUID as AD keeps it: sixteen octets.
fn octets(items: &[Value]) -> Option<Guid> {
    let bytes: Option<Vec<u8>> = items.iter().map(|item| item.as_u64().and_then(|byte| u8::try_from(byte).ok())).collect();
    bytes?.try_into().ok().map(Guid::from_bytes)
}

/// The values of a list, or the one value, as text; of objects such as licences their `skuId`, of octets the GUID that they are.
pub fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) if octets(items).is_some() => octets(items).map(|guid| guid.to_string()).into_iter().collect(),
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::String(text) => vec![text.clone()],
        Value::Object(members) => members.get("skuId").map(texts).unwrap_or_default(),
        Value::Bool(flag) => vec![if *flag { "True".into() } else { "False".into() }],
        Value::Number(number) => vec![number.to_string()],
    }
}

/// Whether two texts say the same: without case, GUIDs in any form, moments in any zone.
pub fn same_text(a: &str, b: &str) -> bool {
    a == b || key(a) == key(b)
}

fn is_nil(text: &str) -> bool {
    text.len() >= 32 && text.bytes().all(|byte| matches!(byte, b'0' | b'-' | b'{' | b'}' | b' ')) || text == "AAAAAAAAAAAAAAAAAAAAAA=="
}

fn moment(text: &str) -> Option<Timestamp> {
    // Without this, every comparison of addresses would try to read a date.
    if !text.starts_with(|first: char| first.is_ascii_digit()) || !text.contains('T') {
        return None;
    }
    text.parse().ok().or_else(|| format!("{text}Z").parse().ok())
}

/// What all texts have in common that say the same, as [`same_text`] has it.
fn key(text: &str) -> String {
    if is_nil(text) {
        return "\0".into();
    }
    if let Some(moment) = moment(text) {
        return moment.to_string();
    }
    // Without this, every address would be tried as a GUID in all its forms.
    let may_be_guid = (22..200).contains(&text.len()) && !text.contains('@') && (text.len() == 24 || !text.contains('/'));
    let read = may_be_guid.then(|| immutable_id::read(text).ok()).flatten();
    read.map_or_else(|| text.to_lowercase(), |read| read.guid.to_string())
}

/// Of addresses the one in capitals is the primary; where that is asked for, one that is not the primary is another one.
const PRIMARY: &str = "SMTP:";

impl Condition {
    /// Whether it holds of an object.
    pub fn holds(&self, object: &Value) -> bool {
        let value = property(object, &self.property);
        // Hundreds of addresses against hundreds: by sets.
        let keys = || texts(value).iter().map(|text| key(text)).collect::<HashSet<String>>();
        match &self.test {
            Test::Equals(wanted) => match (texts(value).as_slice(), texts(wanted).as_slice()) {
                ([own], [wanted]) => same_text(own, wanted),
                (own, []) => own.is_empty(),
                _ => false,
            },
            Test::Contains(wanted) => {
                let (own, texts) = (keys(), texts(value));
                let is_primary = |wanted: &String| texts.iter().any(|own| own.starts_with(PRIMARY) && same_text(own, wanted));
                wanted.iter().all(|wanted| own.contains(&key(wanted)) && (!wanted.starts_with(PRIMARY) || is_primary(wanted)))
            }
            Test::Lacks(unwanted) => {
                let own = keys();
                !unwanted.iter().any(|unwanted| own.contains(&key(unwanted)))
            }
            Test::Empty(empty) => (is_empty(value) || texts(value).iter().all(|text| is_nil(text))) == *empty,
        }
    }

    /// What it asks for, in words.
    pub fn text(&self) -> String {
        let list = |items: &[String]| match items {
            [one] => format!("'{one}'"),
            [first, rest @ ..] => format!("'{first}' and {} more", rest.len()),
            [] => "nothing".into(),
        };
        let name = &self.property;
        match &self.test {
            Test::Equals(value) => format!("{name} is '{}'", texts(value).join(", ")),
            Test::Contains(items) => format!("{name} has {}", list(items)),
            Test::Lacks(items) => format!("{name} has not {}", list(items)),
            Test::Empty(true) => format!("{name} is empty"),
            Test::Empty(false) => format!("{name} is set"),
        }
    }

    /// What the object has instead, in words.
    pub fn shown(&self, object: &Value) -> String {
        match texts(property(object, &self.property)).as_slice() {
            [] => "empty".into(),
            [one] => format!("'{one}'"),
            [first, rest @ ..] => format!("'{first}' and {} more", rest.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn octets_of_ad_are_the_guid_that_they_are() {
        let stamped = json!({"msExchMailboxGuid": [0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff], "nil": vec![0; 16], "short": [1, 2]});
        let holds = |condition: Value| serde_json::from_value::<Condition>(condition).unwrap().holds(&stamped);
        assert!(holds(json!({"property": "msExchMailboxGuid", "equals": "00112233-4455-6677-8899-AABBCCDDEEFF"})));
        assert!(!holds(json!({"property": "msExchMailboxGuid", "empty": true})));
        assert!(holds(json!({"property": "nil", "empty": true})));
        assert!(!holds(json!({"property": "short", "equals": "00112233-4455-6677-8899-AABBCCDDEEFF"})));
    }
}

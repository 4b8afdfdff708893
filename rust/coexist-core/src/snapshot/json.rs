//! Reading one object from the JSON that Export-CoexistSnapshot, ConvertTo-Json and Graph write.

use super::property::Property;
use super::record::RecordBuilder;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// Appends one JSON object as a record. On an error nothing is appended.
///
/// The message is serde_json's, whose line and column count within `text`.
pub fn push_json(builder: &mut RecordBuilder, text: &[u8]) -> Result<(), serde_json::Error> {
    builder.begin();
    let mut json = serde_json::Deserializer::from_slice(text);
    let result = json.deserialize_map(Object(builder)).and_then(|()| json.end());
    if result.is_err() {
        builder.discard();
    }
    result
}

struct Object<'b>(&'b mut RecordBuilder);

impl<'de> Visitor<'de> for Object<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(property) = map.next_key_seed(Name)? {
            match property {
                Some(property) => map.next_value_seed(Value { builder: self.0, property })?,
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// A property's name, read without keeping it.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Option<Property>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for Name {
    type Value = Option<Property>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a property name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Property::parse(name))
    }
}

struct Value<'b> {
    builder: &'b mut RecordBuilder,
    property: Property,
}

impl Value<'_> {
    fn text(self, text: &str) {
        if self.property.is_list() {
            if super::record::is_type_name(text) {
                self.builder.push_flattened(self.property);
            } else {
                self.builder.begin_list();
                super::list_text::split(text).for_each(|item| self.builder.push_item(item));
                self.builder.end_list(self.property);
            }
        } else {
            self.builder.push_text(self.property, text);
        }
    }
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.text(text);
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.text(if value { "True" } else { "False" });
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.text(itoa::Buffer::new().format(value));
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.text(itoa::Buffer::new().format(value));
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.text(&value.to_string());
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.builder.push_empty(self.property);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        self.builder.begin_list();
        let mut octets = Octets::default();
        while let Some(()) = items.next_element_seed(Item { builder: self.builder, octets: &mut octets })? {}
        match octets.hex() {
            // A byte[] (ObjectGUID, mS-DS-ConsistencyGuid) is numbers in ConvertTo-Json.
            Some(hex) if !self.property.is_list() => self.builder.push_text(self.property, &hex),
            _ => self.builder.end_list(self.property),
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        match pick(map)? {
            Some(text) => self.text(&text),
            None => self.builder.push_flattened(self.property),
        }
        Ok(())
    }
}

/// The members under which PowerShell's and Graph's objects carry the text that matters, best first.
const TEXT_MEMBERS: [&str; 6] = ["ProxyAddressString", "servicePlanId", "skuId", "Value", "AddressString", "Address"];

/// The text of an object (an address of Exchange's own class, a licence plan of Graph, a quota), or none.
fn pick<'de, A: MapAccess<'de>>(mut map: A) -> Result<Option<String>, A::Error> {
    let mut best: Option<(usize, String)> = None;
    let mut dead = false;
    while let Some(name) = map.next_key::<std::borrow::Cow<'de, str>>()? {
        let rank = TEXT_MEMBERS.iter().position(|member| member.eq_ignore_ascii_case(&name));
        match map.next_value::<serde_json::Value>()? {
            serde_json::Value::String(text) => {
                // A plan that was taken away stays on the list for a while (capabilityStatus: Enabled, Warning, Suspended, Deleted, LockedOut).
                dead |= name.eq_ignore_ascii_case("capabilityStatus") && text.eq_ignore_ascii_case("Deleted");
                if let Some(rank) = rank.filter(|rank| best.as_ref().is_none_or(|(best, _)| rank < best)) {
                    best = Some((rank, text));
                }
            }
            serde_json::Value::Object(inner) if rank.is_some() => {
                if let Some(text) = inner.get("Value").or_else(|| inner.get("value")).and_then(|value| value.as_str()) {
                    best.get_or_insert((TEXT_MEMBERS.len(), text.to_string()));
                }
            }
            _ => {}
        }
    }
    Ok(best.map(|(_, text)| if dead { String::new() } else { text }))
}

/// Whether a list is the bytes of a byte[]: 16 numbers below 256 and nothing else.
#[derive(Default)]
struct Octets {
    bytes: Vec<u8>,
    other: bool,
}

impl Octets {
    fn hex(&self) -> Option<String> {
        (!self.other && self.bytes.len() == 16).then(|| hex::encode(&self.bytes))
    }
}

struct Item<'b, 'o> {
    builder: &'b mut RecordBuilder,
    octets: &'o mut Octets,
}

impl<'de> DeserializeSeed<'de> for Item<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Item<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an item")
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.octets.other = true;
        self.builder.push_item(text);
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.octets.other = true;
        self.builder.push_item(if value { "True" } else { "False" });
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        match u8::try_from(value) {
            Ok(byte) => self.octets.bytes.push(byte),
            Err(_) => self.octets.other = true,
        }
        self.builder.push_item(itoa::Buffer::new().format(value));
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.octets.other = true;
        self.builder.push_item(itoa::Buffer::new().format(value));
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.octets.other = true;
        self.builder.push_item(&value.to_string());
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.octets.other = true;
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        self.octets.other = true;
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        self.octets.other = true;
        if let Some(text) = pick(map)? {
            self.builder.push_item(&text);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Chunk, Kind, Property, Table};
    use super::*;
    use crate::known::Known;

    fn table(json: &str) -> Table {
        let mut builder = RecordBuilder::default();
        push_json(&mut builder, json.as_bytes()).unwrap();
        let mut table = Table::new(Kind::Mailboxes, "t.jsonl");
        table.push(Chunk::new(builder, vec![1]));
        table
    }

    #[test]
    fn what_was_not_exported_is_not_empty() {
        let t = table(
            r#"{"Alias":null,"Name":"","DisplayName":"Zoë","EmailAddresses":"System.Collections.ArrayList","InPlaceHolds":[],"IsDirSynced":false}"#,
        );
        let r = t.get(0);
        assert_eq!(r.text(Property::Alias), Known::Empty);
        assert_eq!(r.text(Property::Name), Known::Empty);
        assert_eq!(r.text(Property::DisplayName), Known::Value("Zoë"));
        assert_eq!(r.text(Property::LegacyExchangeDN), Known::NotExported);
        assert!(matches!(r.list(Property::EmailAddresses), Known::Flattened));
        assert!(matches!(r.list(Property::InPlaceHolds), Known::Empty));
        assert_eq!(r.flag(Property::IsDirSynced), Known::Value(false));
    }

    #[test]
    fn objects_of_exchange_and_graph_are_read_for_their_text() {
        let t = table(
            r#"{"emailAddresses":[{"Prefix":{"PrimaryPrefix":"SMTP"},"ProxyAddressString":"SMTP:a@contoso.com","SmtpAddress":"a@contoso.com"},"smtp:b@contoso.com"],
                "assignedPlans":[{"capabilityStatus":"Enabled","servicePlanId":"p1"},{"servicePlanId":"p2","capabilityStatus":"Deleted"}],
                "ObjectGUID":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16],"RecoverableItemsQuota":{"IsUnlimited":false,"Value":"30 GB (32,212,254,720 bytes)"}}"#,
        );
        let r = t.get(0);
        assert_eq!(r.list(Property::EmailAddresses).value().unwrap().collect::<Vec<_>>(), ["SMTP:a@contoso.com", "smtp:b@contoso.com"]);
        assert_eq!(r.list(Property::AssignedPlans).value().unwrap().collect::<Vec<_>>(), ["p1"]);
        assert_eq!(r.text(Property::ObjectGuid), Known::Value("0102030405060708090a0b0c0d0e0f10"));
        assert_eq!(r.text(Property::RecoverableItemsQuota), Known::Value("30 GB (32,212,254,720 bytes)"));
    }

    #[test]
    fn a_bad_object_leaves_nothing_behind() {
        let mut builder = RecordBuilder::default();
        push_json(&mut builder, br#"{"Alias":"a"}"#).unwrap();
        for bad in ["", "{", "[]", "1", r#"{"Alias":"b""#, r#"{"Alias":"b"} x"#, "{\"Alias\":\"\u{0}\"}", r#"{"Alias":"\ud800"}"#] {
            assert!(push_json(&mut builder, bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(push_json(&mut builder, b"{\"Alias\":\"\xff\"}").is_err());
        let bomb = format!("{{\"Alias\":{}", "[".repeat(100_000));
        assert!(push_json(&mut builder, bomb.as_bytes()).is_err());
        assert_eq!(builder.len(), 1);
    }
}

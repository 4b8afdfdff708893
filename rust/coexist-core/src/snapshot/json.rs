//! Reading one object from the JSON that Export-CoexistSnapshot, ConvertTo-Json and Graph write.

use super::property::{Property, COUNT};
use super::record::RecordBuilder;
use super::scan::{Bad, Scanner, MAX_DEPTH};
use std::borrow::Cow;
use std::fmt;

/// Why a text is not one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotAnObject {
    /// It is not JSON, or not an object; what serde_json says about it.
    Syntax(String),
    /// It is JSON, but not an object.
    Kind(&'static str),
    /// It ends before the object does.
    Ends,
    /// It is nested deeper than anything that Exchange, Graph or AD emit.
    Depth,
}

impl fmt::Display for NotAnObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotAnObject::Syntax(message) => f.write_str(message),
            NotAnObject::Kind(kind) => write!(f, "{kind} where an object was expected"),
            NotAnObject::Ends => f.write_str("the text ends inside the object"),
            NotAnObject::Depth => write!(f, "nested deeper than {MAX_DEPTH} levels"),
        }
    }
}

/// Appends one JSON object as a record. On an error nothing is appended.
pub fn push_json(builder: &mut RecordBuilder, text: &str) -> Result<(), NotAnObject> {
    JsonReader::default().push(builder, text)
}

/// Reads objects that mostly have the same properties in the same order, as an export has them.
#[derive(Default)]
pub struct JsonReader {
    shape: Shape,
}

impl JsonReader {
    /// As [`push_json`].
    pub fn push(&mut self, builder: &mut RecordBuilder, text: &str) -> Result<(), NotAnObject> {
        builder.begin();
        let mut scanner = Scanner::new(text);
        let result = self.object(builder, &mut scanner).and_then(|()| scanner.end());
        result.map_err(|bad| {
            builder.discard();
            explain(text, bad)
        })
    }

    fn object<'a>(&mut self, builder: &mut RecordBuilder, scanner: &mut Scanner<'a>) -> Result<(), Bad> {
        scanner.expect(b'{')?;
        if scanner.take(b'}') {
            return Ok(());
        }
        self.shape.next = 0;
        loop {
            match self.shape.name(scanner)? {
                Some(property) => push_value(builder, scanner, property)?,
                None => scanner.skip(1)?,
            }
            if !scanner.take(b',') {
                return scanner.expect(b'}');
            }
        }
    }
}

/// Says what is wrong with a text that could not be read.
#[cold]
pub(super) fn explain(text: &str, bad: Bad) -> NotAnObject {
    if bad == Bad::Depth {
        return NotAnObject::Depth;
    }
    match serde_json::from_str::<serde::de::IgnoredAny>(text) {
        Err(error) if error.is_eof() && text.trim_start().starts_with('{') => NotAnObject::Ends,
        Err(error) => NotAnObject::Syntax(error.to_string()),
        Ok(_) => NotAnObject::Kind(match Scanner::new(text).peek() {
            b'[' => "an array",
            b'"' => "a text",
            b't' | b'f' => "true or false",
            b'n' => "null",
            b'{' => "an object with an escape that stands for no character", // serde_json does not look into what it ignores
            _ => "a number",
        }),
    }
}

/// The property names of the objects read so far, in their order: what comes next is mostly known, and comparing is cheaper than looking up.
#[derive(Default)]
struct Shape {
    names: Vec<ShapeName>,
    // Where a property's name stands among them, plus one.
    places: Vec<u16>,
    next: usize,
}

struct ShapeName {
    /// With its quotes and colon.
    text: Box<[u8]>,
    property: Option<Property>,
}

/// More names than any cmdlet emits; a hostile file shall not make the list long.
const SHAPE_NAMES: usize = 512;

/// How far ahead a name is looked for before it is looked up: an object may lack some.
const SHAPE_AHEAD: usize = 3;

impl Shape {
    /// Takes a name and its colon.
    fn name(&mut self, scanner: &mut Scanner) -> Result<Option<Property>, Bad> {
        for place in self.next..self.names.len().min(self.next + SHAPE_AHEAD) {
            if scanner.take_all(&self.names[place].text) {
                self.next = place + 1;
                return Ok(self.names[place].property);
            }
        }
        let from = scanner.at();
        let name = scanner.string()?;
        scanner.expect(b':')?;
        let property = Property::parse(&name);
        self.learn(&name, property, scanner.since(from));
        Ok(property)
    }

    #[cold]
    fn learn(&mut self, name: &str, property: Option<Property>, written: &str) {
        self.places.resize(COUNT, 0);
        let known = property.and_then(|property| self.places.get(property as usize)).map_or(0, |place| usize::from(*place));
        if known > 0 {
            self.next = known;
        } else if self.names.len() < SHAPE_NAMES {
            let text: Box<[u8]> = format!("\"{name}\":").into_bytes().into();
            // Only a name written without escapes can be found again by its bytes.
            if written.as_bytes().starts_with(&text) {
                self.names.push(ShapeName { text, property });
                self.next = self.names.len();
                if let Some(place) = property.and_then(|property| self.places.get_mut(property as usize)) {
                    *place = self.next as u16;
                }
            }
        }
    }
}

fn push_value(builder: &mut RecordBuilder, scanner: &mut Scanner, property: Property) -> Result<(), Bad> {
    match scanner.peek() {
        b'"' => builder.push_text(property, &scanner.string()?),
        b'[' => push_list(builder, scanner, property, 1)?,
        b'{' => push_object(builder, scanner, property)?,
        b't' | b'f' | b'n' => match literal_text(scanner)? {
            Some(text) => builder.push_text(property, text),
            None => builder.push_empty(property),
        },
        _ => builder.push_text(property, scanner.number()?),
    }
    Ok(())
}

/// `True` and `False` as PowerShell writes them; none for null.
fn literal_text(scanner: &mut Scanner) -> Result<Option<&'static str>, Bad> {
    Ok(scanner.literal()?.map(|value| if value { "True" } else { "False" }))
}

fn push_list(builder: &mut RecordBuilder, scanner: &mut Scanner, property: Property, depth: usize) -> Result<(), Bad> {
    builder.begin_list(property);
    let mut octets = Octets::default();
    scanner.array(|scanner| {
        match scanner.peek() {
            b'"' => {
                octets.other = true;
                builder.push_item(property, &scanner.string()?);
            }
            b'{' => {
                octets.other = true;
                match pick(scanner, depth + 1)?.text {
                    Some(text) => builder.push_item(property, &text),
                    None => builder.push_flattened_item(),
                }
            }
            b'[' => {
                octets.other = true;
                scanner.skip(depth + 1)?;
                builder.push_flattened_item();
            }
            b't' | b'f' | b'n' => {
                octets.other = true;
                literal_text(scanner)?.into_iter().for_each(|text| builder.push_item(property, text));
            }
            _ => {
                let number = scanner.number()?;
                octets.push(number);
                builder.push_item(property, number);
            }
        }
        Ok::<(), Bad>(())
    })?;
    match octets.hex() {
        // A byte[] (ObjectGUID, mS-DS-ConsistencyGuid) is numbers in ConvertTo-Json.
        Some(hex) if !property.is_list() => {
            builder.cancel_list(property);
            builder.push_text(property, &hex);
        }
        _ => builder.end_list(property),
    }
    Ok(())
}

fn push_object(builder: &mut RecordBuilder, scanner: &mut Scanner, property: Property) -> Result<(), Bad> {
    let picked = pick(scanner, 1)?;
    match (picked.text, picked.list) {
        (Some(text), _) => builder.push_text(property, &text),
        // Windows PowerShell 5.1 writes some arrays as {"value":[…],"Count":n}.
        (None, Some(mut list)) => push_list(builder, &mut list, property, 2)?,
        (None, None) => builder.push_flattened(property),
    }
    Ok(())
}

/// The members under which PowerShell's and Graph's objects carry the text that matters, best first.
const TEXT_MEMBERS: [&str; 6] = ["ProxyAddressString", "servicePlanId", "skuId", "Value", "AddressString", "Address"];

/// What an object stands for.
#[derive(Default)]
struct Picked<'a> {
    text: Option<Cow<'a, str>>,
    /// The array that it wraps.
    list: Option<Scanner<'a>>,
}

/// Takes an object (an address of Exchange's own class, a licence plan of Graph, a quota, a wrapped array); `depth` arrays and objects stand around it.
fn pick<'a>(scanner: &mut Scanner<'a>, depth: usize) -> Result<Picked<'a>, Bad> {
    if depth >= MAX_DEPTH {
        return Err(Bad::Depth);
    }
    let mut best = TEXT_MEMBERS.len() + 1;
    let mut picked = Picked::default();
    let mut dead = false;
    scanner.object(|scanner, name| {
        let rank = TEXT_MEMBERS.iter().position(|member| member.eq_ignore_ascii_case(&name));
        match (scanner.peek(), rank) {
            (b'"', _) => {
                let text = scanner.string()?;
                // A plan that was taken away stays on the list for a while (capabilityStatus: Enabled, Warning, Suspended, Deleted, LockedOut).
                dead |= name.eq_ignore_ascii_case("capabilityStatus") && text.eq_ignore_ascii_case("Deleted");
                if let Some(rank) = rank.filter(|rank| *rank < best) {
                    (best, picked.text) = (rank, Some(text));
                }
            }
            (b'{', Some(_)) => {
                let inner = pick(scanner, depth + 1)?;
                if best > TEXT_MEMBERS.len() && inner.text.is_some() {
                    (best, picked.text) = (TEXT_MEMBERS.len(), inner.text);
                }
            }
            (b'[', Some(_)) if name.eq_ignore_ascii_case("value") => {
                picked.list = Some(*scanner);
                scanner.skip(depth + 1)?;
            }
            _ => scanner.skip(depth + 1)?,
        }
        Ok::<(), Bad>(())
    })?;
    if dead {
        picked.text = Some(Cow::Borrowed(""));
    }
    Ok(picked)
}

/// Whether a list is the bytes of a byte[]: 16 numbers below 256 and nothing else.
#[derive(Default)]
struct Octets {
    bytes: [u8; 16],
    len: usize,
    other: bool,
}

impl Octets {
    fn push(&mut self, number: &str) {
        match (number.parse(), self.bytes.get_mut(self.len)) {
            (Ok(byte), Some(place)) => *place = byte,
            _ => self.other = true,
        }
        self.len += 1;
    }

    fn hex(&self) -> Option<String> {
        (!self.other && self.len == self.bytes.len()).then(|| hex::encode(self.bytes))
    }
}
#[cfg(test)]
mod tests {
    use super::super::{Chunk, Kind, Property, Table};
    use super::*;
    use crate::known::Known;
    use proptest::prelude::*;

    fn table(json: &str) -> Table {
        let mut builder = RecordBuilder::default();
        push_json(&mut builder, json).unwrap();
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
        push_json(&mut builder, r#"{"Alias":"a"}"#).unwrap();
        for bad in ["", "{", "[]", "1", r#"{"Alias":"b""#, r#"{"Alias":"b"} x"#, "{\"Alias\":\"\u{0}\"}", r#"{"Alias":"\ud800"}"#] {
            assert!(push_json(&mut builder, bad).is_err(), "{bad}");
        }
        let bomb = format!("{{\"Alias\":{}", "[".repeat(100_000));
        assert_eq!(push_json(&mut builder, &bomb), Err(NotAnObject::Depth));
        assert_eq!(push_json(&mut builder, &bomb.replace("Alias", "x")), Err(NotAnObject::Depth));
        assert_eq!(builder.len(), 1);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let cases = [
            (r#"{"Alias":"a""#, NotAnObject::Ends),
            ("", NotAnObject::Syntax("EOF while parsing a value at line 1 column 0".into())),
            ("[1]", NotAnObject::Kind("an array")),
            ("null", NotAnObject::Kind("null")),
            ("12", NotAnObject::Kind("a number")),
            (r#"{"Alias":"b"} x"#, NotAnObject::Syntax("trailing characters at line 1 column 15".into())),
        ];
        for (text, error) in cases {
            assert_eq!(push_json(&mut RecordBuilder::default(), text), Err(error), "{text}");
        }
    }

    #[test]
    fn a_list_that_holds_something_unreadable_is_unknown_as_a_whole() {
        for items in ["{}", "[\"a\"]", "\"System.Object\"", "\"@{Prefix=SMTP; Address=a}\""] {
            let t = table(&format!(r#"{{"EmailAddresses":["SMTP:a@b.c",{items}],"Alias":"x"}}"#));
            assert!(matches!(t.get(0).list(Property::EmailAddresses), Known::Flattened), "{items}");
            assert_eq!(t.get(0).text(Property::Alias), Known::Value("x"));
        }
    }

    #[test]
    fn arrays_that_windows_powershell_wrapped_are_lists() {
        let t = table(r#"{"EmailAddresses":{"value":["SMTP:a@b.c","smtp:d@e.f"],"Count":2},"InPlaceHolds":{"value":[],"Count":0}}"#);
        assert_eq!(t.get(0).list(Property::EmailAddresses).value().unwrap().count(), 2);
        assert!(matches!(t.get(0).list(Property::InPlaceHolds), Known::Empty));
    }

    type Row = Vec<(Property, Known<Vec<String>>)>;

    /// What a record must hold, worked out from serde_json's tree.
    fn expected(value: &serde_json::Value) -> Row {
        let scalar = |value: &serde_json::Value| match value {
            serde_json::Value::String(text) => text.clone(),
            serde_json::Value::Bool(value) => if *value { "True" } else { "False" }.to_string(),
            serde_json::Value::Number(number) => number.to_string(),
            _ => String::new(),
        };
        let mut properties = std::collections::BTreeMap::new();
        for (name, value) in value.as_object().unwrap() {
            let Some(property) = Property::parse(name) else { continue };
            let items = match value {
                serde_json::Value::Array(items) => items.iter().map(scalar).filter(|item| !item.is_empty()).collect(),
                value if scalar(value).is_empty() => vec![],
                value => vec![scalar(value)],
            };
            properties.insert(property, if items.is_empty() { Known::Empty } else { Known::Value(items) });
        }
        properties.into_iter().collect()
    }

    fn read(text: &str, reader: &mut JsonReader) -> Result<Row, NotAnObject> {
        let mut builder = RecordBuilder::default();
        reader.push(&mut builder, text)?;
        let record = builder.last();
        Ok(Property::ALL
            .iter()
            .map(|property| (*property, record.list(*property).and_then(|list| Some(list.map(str::to_string).collect::<Vec<_>>()))))
            .filter(|(_, list)| *list != Known::NotExported)
            .collect())
    }

    fn json_text() -> impl Strategy<Value = String> {
        let text = prop_oneof!["[a-z]{0,40}", "\\PC{0,12}", "[\\x00-\\x7f]{0,12}"].prop_map(|text| serde_json::to_string(&text).unwrap());
        let escaped = "[a-zA-Z\\u{e9}\\u{1f600}]{0,6}".prop_map(|text: String| {
            format!("\"{}\"", text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect::<String>())
        });
        let number = prop_oneof![any::<i64>().prop_map(|n| n.to_string()), any::<u64>().prop_map(|n| n.to_string())];
        let scalar = prop_oneof![text, escaped, number, Just("true".into()), Just("false".into()), Just("null".into())];
        let space = prop_oneof![Just(""), Just(" "), Just("\t"), Just(" \r\n ")];
        let list = (proptest::collection::vec(scalar.clone(), 0..6), space.clone()).prop_map(|(items, space)| format!("[{space}{}]", items.join(&format!(" ,{space}"))));
        let nested = scalar.clone().prop_map(|scalar| format!("{{\"a\":[{scalar},{{}},[]],\"b\":{{\"c\":{scalar}}}}}"));
        let names = Property::ALL.iter().filter(|property| !property.is_list()).map(|property| property.name()).collect::<Vec<_>>();
        let read = (proptest::sample::select(names), any::<bool>(), prop_oneof![scalar.clone(), list])
            .prop_map(|(name, lower, value)| (if lower { name.to_lowercase() } else { name.to_string() }, value));
        let unread = ("[b-z]{1,3}x", prop_oneof![scalar, nested]);
        (proptest::collection::vec(prop_oneof![3 => read, 1 => unread], 0..12), space).prop_map(|(members, space)| {
            // Names that differ only in case are one property; which of two values stands is not what is tested.
            let members: std::collections::BTreeMap<String, (String, String)> =
                members.into_iter().map(|(name, value)| (name.to_lowercase(), (name, value))).collect();
            let members: Vec<String> = members.values().map(|(name, value)| format!("{space}\"{name}\"{space}:{space}{value}")).collect();
            format!("{{{}{space}}}", members.join(","))
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn objects_read_as_serde_json_reads_them(texts in proptest::collection::vec(json_text(), 1..8)) {
            let mut reader = JsonReader::default();
            for text in texts {
                let value: serde_json::Value = serde_json::from_str(&text).unwrap();
                // Type names and byte arrays have tests of their own; 16 small numbers in a row are rare enough to be let through.
                prop_assert_eq!(read(&text, &mut reader).unwrap(), expected(&value), "{}", text);
            }
        }

        #[test]
        fn what_serde_json_refuses_is_refused(text in json_text(), at in any::<prop::sample::Index>(), with in "[\\x00-\\x7f]{0,2}", cut in 0..3usize) {
            let mut places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            places.push(text.len());
            let from = places[at.index(places.len())];
            let to = places[(at.index(places.len()) + cut).min(places.len() - 1)];
            let broken = format!("{}{with}{}", &text[..from], &text[to..]);
            let judged = serde_json::from_str::<serde_json::Value>(&broken);
            // A number beyond f64 is JSON all the same, and is kept as it is written.
            prop_assume!(!judged.as_ref().is_err_and(|error| error.to_string().contains("out of range")));
            prop_assert_eq!(read(&broken, &mut JsonReader::default()).is_ok(), judged.is_ok_and(|value| value.is_object()), "{}", broken);
        }
    }
}

//! One object of a snapshot, packed: only the properties that Coexist reads, each with its state.
//!
//! A million of these are in memory at once, so a record is a part of a text and not a struct of strings: absent properties cost nothing.

use super::property::{Property, COUNT};
use crate::known::Known;

/// Records one after another in one text.
///
/// A record is a head and its values. The head says how many values there are, which property each belongs to, and where each ends; the items of a list are
/// values of one property, next to each other, and an empty property is an empty value. Whoever asks for one property looks through the head and then at the
/// value, one or two places in memory, which among a million records in no order is what costs. The head is written in ASCII: all of it is one `str`, so
/// that a value is a part of it and need not be checked again.
#[derive(Default)]
pub(super) struct Records {
    text: String,
    /// Where each record begins.
    starts: Vec<u32>,
}

impl Records {
    pub(super) fn get(&self, index: usize) -> Record<'_> {
        self.at(self.starts[index])
    }

    /// The record that begins here.
    pub(super) fn at(&self, start: u32) -> Record<'_> {
        // What follows the record stays there: to cut it off would touch one more place in memory.
        Record { text: self.text.get(start as usize..).unwrap_or_default() }
    }

    /// Where each record begins.
    pub(super) fn starts(&self) -> &[u32] {
        &self.starts
    }

    pub(super) fn push(&mut self, record: Record) {
        self.starts.push(self.text.len() as u32);
        self.text.push_str(record.whole());
    }
}

/// A number of the head: four characters of seven bits.
const NUMBER: usize = 4;

/// In the end of a value: a type name stands in its place.
const FLATTENED: u32 = 1 << 27;

fn digits(number: u32) -> [u8; NUMBER] {
    std::array::from_fn(|digit| (number >> (7 * digit)) as u8 & 0x7f)
}

fn number(text: &str, at: usize) -> u32 {
    match text.as_bytes().get(at..at + NUMBER) {
        Some(&[a, b, c, d]) => u32::from(a) | u32::from(b) << 7 | u32::from(c) << 14 | u32::from(d) << 21,
        _ => 0,
    }
}

/// Where a tag first stands. Eight at once: to call a library costs more than to look at the few that there are.
fn position(tags: &[u8], tag: u8) -> Option<usize> {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    let wanted = u64::from(tag) * 0x0101_0101_0101_0101;
    let mut at = 0;
    while let Some(Ok(eight)) = tags.get(at..at + 8).map(<[u8; 8]>::try_from) {
        // Tags have seven bits, so what differs carries into the eighth and nothing beyond.
        let same = !((u64::from_le_bytes(eight) ^ wanted) + LOW) & !LOW;
        if same != 0 {
            return Some(at + same.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    tags[at..].iter().position(|other| *other == tag).map(|further| at + further)
}

/// Packs one record after another.
#[derive(Default)]
pub struct RecordBuilder {
    records: Records,
    /// The record that was begun last is not among them yet.
    open: bool,
    /// Its values, the property of each, and where each ends among them.
    values: String,
    tags: Vec<u8>,
    ends: Vec<u32>,
    head: Vec<u8>,
    /// Its properties, one bit each.
    present: u128,
    // Of the list that is being pushed: its first value, and whether an item of it was a type name.
    list: usize,
    list_is_flattened: bool,
}

const _: () = assert!(COUNT <= 0x7f && COUNT <= u128::BITS as usize);

impl RecordBuilder {
    /// With room for this many bytes of records.
    pub fn with_capacity(bytes: usize) -> Self {
        RecordBuilder { records: Records { text: String::with_capacity(bytes), starts: Vec::new() }, ..RecordBuilder::default() }
    }

    /// Begins a record; what is pushed from here belongs to it.
    pub fn begin(&mut self) {
        self.close();
        self.open = true;
        self.present = 0;
    }

    /// Puts the record that was begun last behind the others.
    fn close(&mut self) {
        if !std::mem::take(&mut self.open) {
            return;
        }
        let Records { text, starts } = &mut self.records;
        starts.push(text.len() as u32);
        self.head.clear();
        self.head.extend(digits(self.tags.len() as u32));
        self.head.extend_from_slice(&self.tags);
        let length = self.head.len() + self.ends.len() * NUMBER;
        self.ends.iter().for_each(|end| self.head.extend(digits(*end + length as u32)));
        text.push_str(std::str::from_utf8(&self.head).unwrap_or_default());
        text.push_str(&self.values);
        self.truncate(0);
    }

    /// Keeps only the first values of the record that was begun last.
    fn truncate(&mut self, values: usize) {
        self.tags.truncate(values);
        self.ends.truncate(values);
        self.values.truncate(self.ends.last().map_or(0, |end| (end & !FLATTENED) as usize));
    }

    /// Forgets the record that was begun last: it turned out to be bad.
    pub fn discard(&mut self) {
        self.close();
        if let Some(start) = self.records.starts.pop() {
            self.records.text.truncate(start as usize);
        }
    }

    /// The record that was begun last; it is complete.
    pub fn last(&mut self) -> Record<'_> {
        self.close();
        self.records.starts.len().checked_sub(1).map_or(Record::none(), |last| self.records.get(last))
    }

    /// How many records have been begun and kept.
    pub fn len(&self) -> usize {
        self.records.starts.len() + usize::from(self.open)
    }

    /// True before the first record.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every property begins here: where a record names one twice, the last one counts.
    fn property(&mut self, property: Property) {
        let bit = 1 << property as u8;
        if self.present & bit != 0 {
            self.forget(property);
        }
        self.present |= bit;
    }

    #[cold]
    fn forget(&mut self, property: Property) {
        let (values, tags, ends) = (std::mem::take(&mut self.values), std::mem::take(&mut self.tags), std::mem::take(&mut self.ends));
        let mut from = 0;
        for (tag, end) in tags.into_iter().zip(ends) {
            let to = (end & !FLATTENED) as usize;
            if tag != property as u8 {
                self.push(tag, &values[from..to], end & FLATTENED);
            }
            from = to;
        }
    }

    fn push(&mut self, tag: u8, value: &str, flattened: u32) {
        self.values.push_str(value);
        self.tags.push(tag);
        self.ends.push(self.values.len() as u32 | flattened);
    }

    /// The property was exported and is empty.
    pub fn push_empty(&mut self, property: Property) {
        self.property(property);
        self.push(property as u8, "", 0);
    }

    /// The property was exported as a type name.
    pub fn push_flattened(&mut self, property: Property) {
        self.property(property);
        self.push(property as u8, "", FLATTENED);
    }

    /// The property was exported with this text; no text is an empty property, and a type name is none at all. The text of a list property is the joined
    /// list (see [`super::list_text`]).
    pub fn push_text(&mut self, property: Property, text: &str) {
        if text.is_empty() {
            self.push_empty(property);
        } else if is_type_name(text) {
            self.push_flattened(property);
        } else if property.is_list() {
            self.begin_list(property);
            super::list_text::split(text).for_each(|item| self.push_item(property, item));
            self.end_list(property);
        } else {
            self.property(property);
            self.push(property as u8, text, 0);
        }
    }

    /// Begins a list; items follow by [`Self::push_item`], then [`Self::end_list`].
    pub fn begin_list(&mut self, property: Property) {
        self.property(property);
        self.list = self.tags.len();
        self.list_is_flattened = false;
    }

    /// Adds one item; empty ones are left out, as Exchange itself has none. A type name in place of an item makes the whole list unknown.
    pub fn push_item(&mut self, property: Property, text: &str) {
        if is_type_name(text) {
            self.list_is_flattened = true;
        } else if !text.is_empty() {
            self.push(property as u8, text, 0);
        }
    }

    /// An item is there that cannot be read: the whole list is unknown.
    pub fn push_flattened_item(&mut self) {
        self.list_is_flattened = true;
    }

    /// Ends the list: without items the property is empty.
    pub fn end_list(&mut self, property: Property) {
        if self.list_is_flattened {
            self.cancel_list(property);
            self.push_flattened(property);
        } else if self.tags.len() == self.list {
            self.cancel_list(property);
            self.push_empty(property);
        }
    }

    /// Forgets the list that is being pushed: the property turned out to be no list.
    pub fn cancel_list(&mut self, property: Property) {
        self.truncate(self.list);
        self.present &= !(1 << property as u8);
    }

    /// The records, without room for more.
    pub(super) fn finish(mut self) -> Records {
        self.close();
        self.records.text.shrink_to_fit();
        self.records
    }
}

/// The names that lists and objects of the source cmdlets carry.
const TYPE_NAMES: [&str; 10] = [
    "System.Collections.",
    "System.Object",
    "System.String[]",
    "System.Byte[]",
    "System.Guid[]",
    "System.Management.Automation.PS",
    "Microsoft.Exchange.",
    "Microsoft.Graph.",
    "Microsoft.ActiveDirectory.",
    "Deserialized.",
];

/// True for the text that Export-Csv and a too shallow ConvertTo-Json write in place of a list or an object: a type name, or `@{Name=Value; …}`.
pub fn is_type_name(text: &str) -> bool {
    match text.as_bytes().first() {
        Some(b'S' | b'M' | b'D') => {
            TYPE_NAMES.iter().any(|name| text.starts_with(name))
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._+`[],=".contains(&byte))
        }
        Some(b'@') => text.starts_with("@{") && text.ends_with('}'),
        _ => false,
    }
}

/// One record.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    /// From its head on; what follows the last value belongs to others.
    text: &'a str,
}

impl<'a> Record<'a> {
    /// A record without properties: an object that does not exist.
    pub const fn none() -> Self {
        Record { text: "" }
    }

    /// The property of each value.
    fn tags(&self) -> &'a [u8] {
        let count = number(self.text, 0) as usize;
        self.text.as_bytes().get(NUMBER..NUMBER + count).unwrap_or_default()
    }

    /// The values `from..to`, and whether a type name stands in place of the first one.
    fn values(&self, count: usize, from: usize, to: usize) -> (List<'a>, bool) {
        let ends = NUMBER + count;
        let begin = if from == 0 { (ends + count * NUMBER) as u32 } else { number(self.text, ends + (from - 1) * NUMBER) & !FLATTENED };
        let flattened = number(self.text, ends + from * NUMBER) & FLATTENED != 0;
        let ends = self.text.get(ends + from * NUMBER..ends + to * NUMBER).unwrap_or_default();
        (List { text: self.text, begin, ends }, flattened)
    }

    fn whole(&self) -> &'a str {
        let count = self.tags().len();
        let last = count.checked_sub(1).map_or(0, |last| number(self.text, NUMBER + count + last * NUMBER) & !FLATTENED);
        self.text.get(..last.max(NUMBER as u32) as usize).unwrap_or_default()
    }

    /// Looks at every place in memory where the record is. Whoever does so for many records first waits for them all at once, and not for one after another.
    pub fn touch(&self) -> u8 {
        const LINE: usize = 64;
        self.whole().as_bytes().iter().step_by(LINE).fold(0, |touched, byte| touched ^ byte)
    }

    /// The property's values as [`List`] takes them; a bare text is one of them.
    fn items(&self, property: Property) -> Known<List<'a>> {
        let tags = self.tags();
        let Some(from) = position(tags, property as u8) else { return Known::NotExported };
        let count = tags[from..].iter().take_while(|tag| **tag == property as u8).count();
        match self.values(tags.len(), from, from + count) {
            (_, true) => Known::Flattened,
            (list, false) if list.is_one_empty() => Known::Empty,
            (list, false) => Known::Value(list),
        }
    }

    /// The property as one text; of a list, its first item.
    pub fn text(&self, property: Property) -> Known<&'a str> {
        let tags = self.tags();
        let Some(at) = position(tags, property as u8) else { return Known::NotExported };
        let ends = NUMBER + tags.len();
        let begin = if at == 0 { (ends + tags.len() * NUMBER) as u32 } else { number(self.text, ends + (at - 1) * NUMBER) & !FLATTENED };
        let end = number(self.text, ends + at * NUMBER);
        if end & FLATTENED != 0 {
            return Known::Flattened;
        }
        match self.text.get(begin as usize..end as usize) {
            Some("") | None => Known::Empty,
            Some(text) => Known::Value(text),
        }
    }

    /// The property as a list; one text is a list of one.
    pub fn list(&self, property: Property) -> Known<List<'a>> {
        self.items(property)
    }

    /// True where the record holds nothing at all that Coexist reads.
    pub fn is_empty(&self) -> bool {
        self.tags().is_empty()
    }

    /// The property as true or false, as PowerShell or JSON write them.
    pub fn flag(&self, property: Property) -> Known<bool> {
        self.text(property).and_then(|text| {
            if text.eq_ignore_ascii_case("true") {
                Some(true)
            } else if text.eq_ignore_ascii_case("false") {
                Some(false)
            } else {
                None
            }
        })
    }

    /// The first of the properties that holds text.
    pub fn first_text(&self, properties: &[Property]) -> Option<&'a str> {
        properties.iter().find_map(|property| self.text(*property).value())
    }
}

/// The items of a list property, in the order of the export.
#[derive(Clone, Copy, Default)]
pub struct List<'a> {
    text: &'a str,
    begin: u32,
    ends: &'a str,
}

impl List<'_> {
    fn is_one_empty(&self) -> bool {
        number(self.ends, 0) == self.begin
    }
}

impl<'a> Iterator for List<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.ends.get(NUMBER..)?;
        let end = number(self.ends, 0);
        let item = self.text.get(self.begin as usize..end as usize);
        (self.begin, self.ends) = (end, rest);
        item
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let count = self.ends.len() / NUMBER;
        (count, Some(count))
    }
}

/// What a set of records says about each property.
#[derive(Clone)]
pub struct Seen {
    records: u64,
    present: [u32; COUNT],
    flattened: [u32; COUNT],
}

impl Default for Seen {
    fn default() -> Self {
        Seen { records: 0, present: [0; COUNT], flattened: [0; COUNT] }
    }
}

impl Seen {
    /// Counts one record.
    pub fn add(&mut self, record: &Record) {
        self.records += 1;
        for (property, flattened) in states(record) {
            self.present[property] += 1;
            self.flattened[property] += u32::from(flattened);
        }
    }

    /// Takes back one record that was counted.
    pub fn remove(&mut self, record: &Record) {
        self.records -= 1;
        for (property, flattened) in states(record) {
            self.present[property] -= 1;
            self.flattened[property] -= u32::from(flattened);
        }
    }

    /// Adds what another part of the same table says.
    pub fn merge(&mut self, other: &Seen) {
        self.records += other.records;
        for index in 0..COUNT {
            self.present[index] += other.present[index];
            self.flattened[index] += other.flattened[index];
        }
    }

    /// How many records say nothing about a property: (it was not exported, a type name stands in its place).
    pub fn unknown(&self, property: Property) -> (u64, u64) {
        (self.records - u64::from(self.present[property as usize]), u64::from(self.flattened[property as usize]))
    }
}

/// The number of each property that a record has, and whether a type name stands in its place.
fn states<'a>(record: &Record<'a>) -> impl Iterator<Item = (usize, bool)> + 'a {
    let (record, tags) = (*record, record.tags());
    let mut from = 0;
    tags.chunk_by(|a, b| a == b).map(move |run| {
        let flattened = record.values(tags.len(), from, from + 1).1;
        from += run.len();
        (usize::from(run[0]), flattened)
    })
}

#[cfg(test)]
mod tests {
    use super::super::{push_json, Chunk};
    use super::*;

    fn chunk(lines: &[&str]) -> Chunk {
        let mut builder = RecordBuilder::default();
        lines.iter().for_each(|line| push_json(&mut builder, line).unwrap());
        Chunk::new(builder, vec![1; lines.len()])
    }

    fn list<'a>(record: &Record<'a>, property: Property) -> Vec<&'a str> {
        record.list(property).value().into_iter().flatten().collect()
    }

    #[test]
    fn of_a_property_that_is_named_twice_the_last_one_counts() {
        let chunk = chunk(&[
            r#"{"EmailAddresses":["a","b"],"EmailAddresses":["c"],"Alias":"x"}"#,
            r#"{"Alias":"x","EmailAddresses":["a","b"],"Name":"System.Object","Alias":null,"EmailAddresses":"d"}"#,
            r#"{"Alias":"System.Object","Name":"n","Alias":"y"}"#,
        ]);
        assert_eq!((list(&chunk.get(0), Property::EmailAddresses), chunk.get(0).text(Property::Alias)), (vec!["c"], Known::Value("x")));
        assert_eq!((list(&chunk.get(1), Property::EmailAddresses), chunk.get(1).text(Property::Alias)), (vec!["d"], Known::Empty));
        assert_eq!(chunk.get(1).text(Property::Name), Known::Flattened);
        assert_eq!((chunk.get(2).text(Property::Alias), chunk.get(2).text(Property::Name)), (Known::Value("y"), Known::Value("n")));
        let mut seen = Seen::default();
        (0..3).for_each(|index| seen.add(&chunk.get(index)));
        assert_eq!((seen.unknown(Property::Alias), seen.unknown(Property::Name), seen.unknown(Property::EmailAddresses)), ((0, 0), (1, 1), (1, 0)));
    }

    #[test]
    fn long_and_many_values_are_kept_whole_also_when_others_go() {
        let long = "ü".repeat(100_000);
        let many: Vec<String> = (0..300).map(|number| format!("smtp:{number}@contoso.com")).collect();
        let lines = [r#"{"Alias":"first"}"#.to_string(), serde_json::json!({"DisplayName": long, "EmailAddresses": many, "Alias": "second"}).to_string(), "{}".to_string()];
        let mut chunk = chunk(&lines.iter().map(String::as_str).collect::<Vec<_>>());
        chunk.retain(|index| index > 0);
        assert_eq!(chunk.len(), 2);
        assert_eq!(chunk.get(0).text(Property::DisplayName), Known::Value(long.as_str()));
        assert_eq!(list(&chunk.get(0), Property::EmailAddresses), many);
        assert_eq!(chunk.get(0).text(Property::Alias), Known::Value("second"));
        assert!(chunk.get(1).is_empty() && Record::none().is_empty());
    }
}

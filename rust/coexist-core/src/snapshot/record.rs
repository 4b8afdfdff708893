//! One object of a snapshot, packed: only the properties that Coexist reads, each with its state, in one run of bytes.
//!
//! A million of these are in memory at once, so a record is bytes and not a struct of strings: absent properties cost nothing.

use super::property::{Property, COUNT};
use crate::known::Known;

const EMPTY: u8 = 0;
const TEXT: u8 = 1;
const LIST: u8 = 2;
const FLATTENED: u8 = 3;

/// Packs one record after another into one buffer.
#[derive(Default)]
pub struct RecordBuilder {
    bytes: Vec<u8>,
    starts: Vec<u32>,
    // Of the list that is being pushed: where it began, and whether an item of it was a type name.
    list: usize,
    list_is_flattened: bool,
}

impl RecordBuilder {
    /// With room for this many bytes of records.
    pub fn with_capacity(bytes: usize) -> Self {
        RecordBuilder { bytes: Vec::with_capacity(bytes), ..RecordBuilder::default() }
    }

    /// Begins a record; what is pushed from here belongs to it.
    pub fn begin(&mut self) {
        self.starts.push(self.bytes.len() as u32);
    }

    /// Forgets the record that was begun last: it turned out to be bad.
    pub fn discard(&mut self) {
        if let Some(start) = self.starts.pop() {
            self.bytes.truncate(start as usize);
        }
    }

    /// The record that was begun last, as it stands.
    pub fn last(&self) -> Record<'_> {
        self.starts.last().map_or(Record::none(), |start| Record::new(&self.bytes[*start as usize..]))
    }

    /// How many records have been begun and kept.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// True before the first record.
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// How many bytes the records take so far.
    pub fn byte_len(&self) -> usize {
        self.bytes.len()
    }

    /// The property was exported and is empty.
    pub fn push_empty(&mut self, property: Property) {
        self.bytes.extend_from_slice(&[property as u8, EMPTY]);
    }

    /// The property was exported as a type name.
    pub fn push_flattened(&mut self, property: Property) {
        self.bytes.extend_from_slice(&[property as u8, FLATTENED]);
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
            super::list_text::split(text).for_each(|item| self.push_item(item));
            self.end_list(property);
        } else {
            self.bytes.extend_from_slice(&[property as u8, TEXT]);
            push_length(&mut self.bytes, text.len());
            self.bytes.extend_from_slice(text.as_bytes());
        }
    }

    /// Begins a list; items follow, then [`Self::end_list`].
    pub fn begin_list(&mut self, property: Property) {
        self.list = self.bytes.len();
        self.list_is_flattened = false;
        self.bytes.extend_from_slice(&[property as u8, LIST, 0, 0, 0, 0]);
    }

    /// Adds one item; empty ones are left out, as Exchange itself has none. A type name in place of an item makes the whole list unknown.
    pub fn push_item(&mut self, text: &str) {
        if is_type_name(text) {
            self.list_is_flattened = true;
        } else if !text.is_empty() {
            push_length(&mut self.bytes, text.len());
            self.bytes.extend_from_slice(text.as_bytes());
        }
    }

    /// An item is there that cannot be read: the whole list is unknown.
    pub fn push_flattened_item(&mut self) {
        self.list_is_flattened = true;
    }

    /// Ends the list: without items the property is empty.
    pub fn end_list(&mut self, property: Property) {
        let items = self.list + LIST_HEAD;
        let length = self.bytes.len() - items;
        if self.list_is_flattened {
            self.cancel_list();
            self.push_flattened(property);
        } else if length == 0 {
            self.cancel_list();
            self.push_empty(property);
        } else {
            self.bytes[items - 4..items].copy_from_slice(&(length as u32).to_le_bytes());
        }
    }

    /// Forgets the list that is being pushed: the property turned out to be no list.
    pub fn cancel_list(&mut self) {
        self.bytes.truncate(self.list);
    }

    /// The packed records and where each begins.
    pub fn finish(mut self) -> (Vec<u8>, Vec<u32>) {
        self.bytes.shrink_to_fit();
        (self.bytes, self.starts)
    }
}

/// Property, state and the length of the items: fixed, because it is known only at the end of the list.
const LIST_HEAD: usize = 6;

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

fn push_length(bytes: &mut Vec<u8>, mut length: usize) {
    while length >= 0x80 {
        bytes.push(length as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
}

fn take_length(bytes: &[u8], at: &mut usize) -> usize {
    let (mut length, mut shift) = (0usize, 0);
    while let Some(byte) = bytes.get(*at) {
        *at += 1;
        length |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            break;
        }
        shift += 7;
    }
    length
}

/// Where the values of a payload begin and end; the end is where the next property begins.
fn items(bytes: &[u8], state: u8, at: usize) -> (usize, usize) {
    match state {
        TEXT => {
            let mut text = at;
            let length = take_length(bytes, &mut text);
            (at, text + length)
        }
        LIST => {
            let length = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>()).map_or(0, |length| u32::from_le_bytes(*length));
            (at + 4, at + 4 + length as usize)
        }
        _ => (at, at),
    }
}

/// One record, its properties found.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    bytes: &'a [u8],
    // Where the payload of each property begins, its state being the byte before; 0 where the record does not have the property.
    at: [u32; COUNT],
    // The properties whose state is FLATTENED, one bit each.
    flattened: u128,
}

const _: () = assert!(COUNT <= u128::BITS as usize);

impl<'a> Record<'a> {
    /// Finds the properties of one packed record.
    pub fn new(bytes: &'a [u8]) -> Self {
        let mut at = [0u32; COUNT];
        let mut flattened = 0;
        let mut position = 0;
        while let Some([property, state]) = bytes.get(position..).and_then(|rest| rest.first_chunk::<2>()) {
            position += 2;
            if let Some(slot) = at.get_mut(usize::from(*property)) {
                *slot = position as u32;
                flattened = flattened & !(1 << property) | u128::from(*state == FLATTENED) << property;
            }
            position = items(bytes, *state, position).1;
        }
        Record { bytes, at, flattened }
    }

    /// A record without properties: an object that does not exist.
    pub const fn none() -> Self {
        Record { bytes: &[], at: [0; COUNT], flattened: 0 }
    }

    /// The property's values as [`List`] takes them; a bare text is one of them.
    fn items(&self, property: Property) -> Known<&'a [u8]> {
        let at = self.at[property as usize] as usize;
        if at == 0 {
            return Known::NotExported;
        }
        match self.bytes[at - 1] {
            EMPTY => Known::Empty,
            FLATTENED => Known::Flattened,
            state => {
                let (from, to) = items(self.bytes, state, at);
                Known::Value(self.bytes.get(from..to).unwrap_or_default())
            }
        }
    }

    /// The property as one text; of a list, its first item.
    pub fn text(&self, property: Property) -> Known<&'a str> {
        self.items(property).and_then(|bytes| List { bytes }.next())
    }

    /// The property as a list; one text is a list of one.
    pub fn list(&self, property: Property) -> Known<List<'a>> {
        self.items(property).and_then(|bytes| Some(List { bytes }))
    }

    /// True where the record holds nothing at all that Coexist reads.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
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
    bytes: &'a [u8],
}

impl<'a> Iterator for List<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if self.bytes.is_empty() {
            return None;
        }
        let mut at = 0;
        let length = take_length(self.bytes, &mut at);
        let item = self.bytes.get(at..at + length)?;
        self.bytes = &self.bytes[at + length..];
        std::str::from_utf8(item).ok()
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
        for (present, at) in self.present.iter_mut().zip(&record.at) {
            *present += u32::from(*at != 0);
        }
        flattened(record).for_each(|index| self.flattened[index] += 1);
    }

    /// Takes back one record that was counted.
    pub fn remove(&mut self, record: &Record) {
        self.records -= 1;
        for (present, at) in self.present.iter_mut().zip(&record.at) {
            *present -= u32::from(*at != 0);
        }
        flattened(record).for_each(|index| self.flattened[index] -= 1);
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

/// The numbers of the properties of a record whose state is FLATTENED.
fn flattened(record: &Record) -> impl Iterator<Item = usize> {
    let mut rest = record.flattened;
    std::iter::from_fn(move || {
        let index = rest.trailing_zeros() as usize;
        rest &= rest.wrapping_sub(1);
        (index < COUNT).then_some(index)
    })
}

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
    item_bytes: Vec<u8>,
    item_count: u64,
}

impl RecordBuilder {
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
        self.bytes.extend_from_slice(&[property as u8, EMPTY, 0]);
    }

    /// The property was exported as a type name.
    pub fn push_flattened(&mut self, property: Property) {
        self.bytes.extend_from_slice(&[property as u8, FLATTENED, 0]);
    }

    /// The property was exported with this text; no text is an empty property, and a type name is none at all.
    pub fn push_text(&mut self, property: Property, text: &str) {
        if text.is_empty() {
            self.push_empty(property);
        } else if is_type_name(text) {
            self.push_flattened(property);
        } else {
            self.bytes.extend_from_slice(&[property as u8, TEXT]);
            push_length(&mut self.bytes, text.len());
            self.bytes.extend_from_slice(text.as_bytes());
        }
    }

    /// Begins a list; items follow, then [`Self::end_list`].
    pub fn begin_list(&mut self) {
        self.item_bytes.clear();
        self.item_count = 0;
    }

    /// Adds one item; empty ones are left out, as Exchange itself has none.
    pub fn push_item(&mut self, text: &str) {
        if !text.is_empty() {
            push_length(&mut self.item_bytes, text.len());
            self.item_bytes.extend_from_slice(text.as_bytes());
            self.item_count += 1;
        }
    }

    /// Ends the list: without items the property is empty.
    pub fn end_list(&mut self, property: Property) {
        if self.item_count == 0 {
            self.push_empty(property);
        } else {
            self.bytes.extend_from_slice(&[property as u8, LIST]);
            push_length(&mut self.bytes, self.item_bytes.len());
            self.bytes.extend_from_slice(&self.item_bytes);
        }
    }

    /// The packed records and where each begins.
    pub fn finish(mut self) -> (Vec<u8>, Vec<u32>) {
        self.bytes.shrink_to_fit();
        (self.bytes, self.starts)
    }
}

/// The names that lists and objects of the source cmdlets carry.
const TYPE_NAMES: [&str; 8] = [
    "System.Collections.",
    "System.Object",
    "System.String[]",
    "System.Byte[]",
    "Microsoft.Exchange.",
    "Microsoft.Graph.",
    "Microsoft.ActiveDirectory.",
    "Deserialized.",
];

/// True for the text that Export-Csv and a too shallow ConvertTo-Json write in place of a list or an object.
pub fn is_type_name(text: &str) -> bool {
    TYPE_NAMES.iter().any(|name| text.starts_with(name))
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._+`[],=".contains(&byte))
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

/// One record, its properties found.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    bytes: &'a [u8],
    // Offset of the state byte of each property, plus one; 0 where the record does not have it.
    at: [u32; COUNT],
}

impl<'a> Record<'a> {
    /// Finds the properties of one packed record.
    pub fn new(bytes: &'a [u8]) -> Self {
        let mut at = [0u32; COUNT];
        let mut position = 0;
        while position + 1 < bytes.len() {
            if let Some(slot) = at.get_mut(usize::from(bytes[position])) {
                *slot = position as u32 + 2;
            }
            position += 2;
            let length = take_length(bytes, &mut position);
            position += length;
        }
        Record { bytes, at }
    }

    /// A record without properties: an object that does not exist.
    pub const fn none() -> Self {
        Record { bytes: &[], at: [0; COUNT] }
    }

    fn payload(&self, property: Property) -> Known<(u8, &'a [u8])> {
        let at = self.at[property as usize] as usize;
        if at == 0 {
            return Known::NotExported;
        }
        let mut position = at;
        match self.bytes[at - 1] {
            EMPTY => Known::Empty,
            FLATTENED => Known::Flattened,
            state => {
                let length = take_length(self.bytes, &mut position);
                Known::Value((state, self.bytes.get(position..position + length).unwrap_or_default()))
            }
        }
    }

    /// The property as one text; of a list, its first item.
    pub fn text(&self, property: Property) -> Known<&'a str> {
        self.payload(property).and_then(|(state, bytes)| match state {
            LIST => List { bytes }.next(),
            _ => std::str::from_utf8(bytes).ok(),
        })
    }

    /// The property as a list; one text is a list of one.
    pub fn list(&self, property: Property) -> Known<List<'a>> {
        self.payload(property).and_then(|(state, bytes)| match state {
            LIST => Some(List { bytes }),
            // A bare text has no length in front of it: step back onto the one it was stored with.
            _ => {
                let mut at = self.at[property as usize] as usize;
                let start = at;
                let length = take_length(self.bytes, &mut at);
                self.bytes.get(start..at + length).map(|bytes| List { bytes })
            }
        })
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

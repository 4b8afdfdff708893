//! What tells two objects of one kind apart.

use super::{Kind, Property, Record, Table};
use hashbrown::HashTable;
use std::hash::{DefaultHasher, Hasher};

/// The GUID that Exchange writes where there is none.
const NO_GUID: &str = "00000000-0000-0000-0000-000000000000";

/// The key of an object: which property it is and its text, which compares without regard to ASCII case; none where the object has no property that could be one.
pub fn key<'a>(kind: Kind, record: &Record<'a>) -> Option<(Property, &'a str)> {
    kind.key().iter().find_map(|property| {
        let text = record.text(*property).value()?.trim();
        (!text.is_empty() && text != NO_GUID).then_some((*property, text))
    })
}

/// A number that equal keys share. SipHash, so that no file can be written whose keys all fall together.
pub fn hash(key: (Property, &str)) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write_u8(key.0 as u8);
    let mut lower = [0; 64];
    for chunk in key.1.as_bytes().chunks(lower.len()) {
        for (to, from) in lower.iter_mut().zip(chunk) {
            *to = from.to_ascii_lowercase();
        }
        hasher.write(&lower[..chunk.len()]);
    }
    hasher.finish()
}

/// The keys of a table that grows.
#[derive(Default)]
pub struct Keys(HashTable<(u64, u32)>);

impl Keys {
    /// Notes the key of the object at an index of the table, `hash` being [`hash`] of it; gives the index of an earlier object with the same key, which
    /// stays the one that is noted.
    pub fn note(&mut self, table: &Table, index: usize, hash: u64) -> Option<usize> {
        let kind = table.kind();
        let same = |other: &(u64, u32)| {
            other.0 == hash
                && match (key(kind, &table.get(other.1 as usize)), key(kind, &table.get(index))) {
                    (Some((a, left)), Some((b, right))) => a == b && left.eq_ignore_ascii_case(right),
                    _ => false,
                }
        };
        match self.0.find(hash, same) {
            Some((_, first)) => Some(*first as usize),
            None => {
                self.0.insert_unique(hash, (hash, index as u32), |(hash, _)| *hash);
                None
            }
        }
    }

    /// Takes back the key of the object at an index.
    pub fn forget(&mut self, index: usize, hash: u64) {
        if let Ok(entry) = self.0.find_entry(hash, |other| other.1 as usize == index) {
            entry.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{push_json, Chunk, RecordBuilder};
    use super::*;

    fn table(kind: Kind, lines: &[&str]) -> Table {
        let mut builder = RecordBuilder::default();
        lines.iter().for_each(|line| push_json(&mut builder, line).unwrap());
        let mut table = Table::new(kind, "t");
        table.push(Chunk::new(builder, vec![1; lines.len()]));
        table
    }

    #[test]
    fn the_best_property_that_an_object_has_is_its_key() {
        let t = table(
            Kind::Mailboxes,
            &[
                r#"{"ExternalDirectoryObjectId":"A1","ExchangeGuid":"g1"}"#,
                r#"{"ExternalDirectoryObjectId":"","ExchangeGuid":"00000000-0000-0000-0000-000000000000","Guid":"g2"}"#,
                r#"{"Alias":"x"}"#,
                r#"{"ExternalDirectoryObjectId":"a1"}"#,
                r#"{"ExchangeGuid":"a1"}"#,
            ],
        );
        let keys: Vec<_> = t.iter().map(|record| key(Kind::Mailboxes, &record)).collect();
        use Property::*;
        assert_eq!(
            keys,
            [Some((ExternalDirectoryObjectId, "A1")), Some((Guid, "g2")), None, Some((ExternalDirectoryObjectId, "a1")), Some((ExchangeGuid, "a1"))]
        );
        let mut noted = Keys::default();
        let firsts: Vec<_> = keys.iter().enumerate().map(|(index, key)| key.and_then(|key| noted.note(&t, index, hash(key)))).collect();
        assert_eq!(firsts, [None, None, None, Some(0), None]);
        // A collision of hashes is no equality of keys.
        assert_eq!(noted.note(&t, 4, hash(keys[0].unwrap())), None);
    }
}

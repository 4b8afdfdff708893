//! Lists of names that people write: exclusions, inclusions, map files.

use crate::directory::{same_text, text_hash, Entries, Index, IDENTITIES};
use crate::snapshot::Record;

/// Identities as people write them, each with what it leads to, found without regard to case or surrounding space.
pub(super) struct Named<T> {
    pub names: Vec<(String, T)>,
    index: Index,
}

impl<T> Named<T> {
    pub fn new<S: AsRef<str>>(names: impl IntoIterator<Item = (S, T)>) -> Self {
        let names: Vec<(String, T)> = names.into_iter().map(|(name, value)| (name.as_ref().trim().to_string(), value)).collect();
        let entries = names.iter().enumerate().map(|(at, (name, _))| (text_hash(name), at as u32)).collect();
        Named { names, index: Index::new(Entries::new(entries)) }
    }

    /// What the identities lead to.
    pub fn find(&self, identities: &Identities, mut each: impl FnMut(&T)) {
        for (text, hash) in identities.0.iter().flatten() {
            for at in self.index.get(*hash) {
                let (name, value) = &self.names[at as usize];
                if same_text(name, text) {
                    each(value);
                }
            }
        }
    }

    /// Whether one of the identities is named.
    pub fn names(&self, identities: &Identities) -> bool {
        let mut found = false;
        self.find(identities, |_| found = true);
        found
    }
}

/// The names of one record, ready to be looked up in several lists.
pub(super) struct Identities<'a>([Option<(&'a str, u64)>; IDENTITIES.len()]);

impl<'a> Identities<'a> {
    pub fn of(record: &Record<'a>) -> Self {
        Identities(IDENTITIES.map(|property| record.text(property).value().map(|text| (text.trim(), text_hash(text.trim())))))
    }

    /// For where no list has names: to make them costs more than all the rest.
    pub fn none() -> Self {
        Identities([None; IDENTITIES.len()])
    }
}

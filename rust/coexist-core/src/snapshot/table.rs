//! All objects of one kind in one snapshot.

use super::record::{Record, RecordBuilder, Records};
use super::Kind;

/// Records that were parsed together, and the line that each began on.
pub struct Chunk {
    records: Records,
    lines: Vec<u32>,
}

impl Chunk {
    /// The records of a builder; `lines[i]` is the line that record `i` began on.
    pub fn new(builder: RecordBuilder, lines: Vec<u32>) -> Self {
        debug_assert_eq!(builder.len(), lines.len());
        Chunk { records: builder.finish(), lines }
    }

    /// How many records it holds.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// True without records.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Keeps only the records for whose index `keep` is true.
    pub fn retain(&mut self, mut keep: impl FnMut(usize) -> bool) {
        let (mut records, mut lines) = (Records::default(), Vec::new());
        for index in (0..self.len()).filter(|index| keep(*index)) {
            records.push(self.get(index));
            lines.push(self.lines[index]);
        }
        *self = Chunk { records, lines };
    }

    /// One of its records.
    pub fn get(&self, index: usize) -> Record<'_> {
        self.records.get(index)
    }
}

/// All objects of one kind, in the order of the file.
pub struct Table {
    kind: Kind,
    file: String,
    chunks: Vec<Chunk>,
    firsts: Vec<u32>,
    /// The chunk of each object and where it begins there: who asks for objects in no order waits for memory, and so waits once less.
    places: Vec<(u32, u32)>,
}

impl Table {
    /// An empty table; `file` is its name in messages.
    pub fn new(kind: Kind, file: impl Into<String>) -> Self {
        Table { kind, file: file.into(), chunks: Vec::new(), firsts: Vec::new(), places: Vec::new() }
    }

    /// Adds what was parsed next.
    pub fn push(&mut self, chunk: Chunk) {
        if !chunk.is_empty() {
            self.firsts.push(self.len() as u32);
            let number = self.chunks.len() as u32;
            self.places.extend(chunk.records.starts().iter().map(|start| (number, *start)));
            self.chunks.push(chunk);
        }
    }

    /// Keeps only those records of the last chunk for whose index in it `keep` is true.
    pub fn retain_last(&mut self, keep: impl FnMut(usize) -> bool) {
        let Some(mut chunk) = self.chunks.pop() else { return };
        self.firsts.pop();
        self.places.truncate(self.len() - chunk.len());
        chunk.retain(keep);
        self.push(chunk);
    }

    /// What the table holds.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The file that it was read from, as the user named it.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// How many objects it holds.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// True without objects.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The object at an index below [`Self::len`].
    pub fn get(&self, index: usize) -> Record<'_> {
        let (chunk, start) = self.places[index];
        self.chunks[chunk as usize].records.at(start)
    }

    /// The line, from 1, that the object at an index began on.
    pub fn line(&self, index: usize) -> u64 {
        let chunk = self.places[index].0 as usize;
        u64::from(self.chunks[chunk].lines[index - self.firsts[chunk] as usize])
    }

    /// Every object, in order.
    pub fn iter(&self) -> impl Iterator<Item = Record<'_>> {
        self.chunks.iter().flat_map(|chunk| (0..chunk.len()).map(move |index| chunk.get(index)))
    }
}

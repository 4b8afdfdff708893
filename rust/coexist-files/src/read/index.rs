//! Where the objects of a JSON Lines file stand, in the order of their keys.

use super::fault;
use super::parse::Layout;
use super::source::{Block, Format, Source};
use super::table::{open, HEAD};
use super::{Context, Problems};
use coexist_core::limits::Limits;
use coexist_core::problem::{Category, Problem};
use coexist_core::snapshot::{key, push_canonical, JsonReader, Kind, NotAnObject, RecordBuilder};
use coexist_core::watch::Watch;
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::path::Path;

/// One object of a file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    key: (usize, usize),
    /// Where its text begins in the file.
    pub(crate) at: u64,
    /// How long it is.
    pub(crate) length: usize,
}

/// The objects of a file.
#[derive(Default)]
pub(crate) struct Index {
    keys: Vec<u8>,
    /// In the order of the file.
    pub(crate) entries: Vec<Entry>,
    pub(crate) problems: Problems,
}

impl Index {
    /// What tells an object from others of its kind, and what it is sorted by.
    pub(crate) fn key(&self, entry: &Entry) -> &[u8] {
        &self.keys[entry.key.0..entry.key.1]
    }

    fn append(&mut self, limit: usize, part: Index) {
        let base = self.keys.len();
        self.keys.extend_from_slice(&part.keys);
        self.entries.extend(part.entries.iter().map(|entry| Entry { key: (entry.key.0 + base, entry.key.1 + base), ..*entry }));
        self.problems.append(limit, part.problems);
    }
}

/// Bytes that are read at once; records are divided among the cores.
const BLOCK: usize = 8 << 20;
const RECORDS_AT_ONCE: usize = 512;

/// Of an object that has no key, so much of its text that files read well; a hash behind it tells them apart.
const TEXT_IN_KEY: usize = 160;

/// Reads where the objects of a JSON Lines file stand.
///
/// # Errors
/// `FileUnreadable`, `FileNotUtf8`, `Cancelled`; bad records are in [`Index::problems`].
pub(crate) fn index(path: &Path, kind: Kind, watch: &dyn Watch) -> Result<Index, Problem> {
    let unreadable = |error: std::io::Error| fault::unreadable(path, &error);
    let name = path.display().to_string();
    let limits = Limits::default();
    let context = Context { kind, file: &name, problems: limits.value("problemsPerFile") as usize };
    let file = open(path).map_err(unreadable)?;
    let length = file.metadata().ok().map(|metadata| metadata.len());
    let mut source = Source::open(file, Some(Format::JsonLines), HEAD, limits.value("recordBytes") as usize).map_err(unreadable)?;
    if source.encoding.is_some() || source.refused.is_some() {
        let message = format!("'{name}' is not UTF-8, so nothing can be added to it; replace it (-Replace), or remove it and export the kind again.");
        return Err(Problem::new("FileNotUtf8", Category::ResourceExists, message).about(name));
    }
    let mut whole = Index::default();
    let mut block = Block::default();
    let mut offset = source.prefix;
    while source.fill(&mut block, BLOCK).map_err(unreadable)? {
        if watch.cancelled() {
            return Err(Problem::cancelled());
        }
        watch.progress("Sorting", &name, source.bytes, length);
        let text = block.text();
        let spans: Vec<Index> = block
            .spans
            .par_chunks(RECORDS_AT_ONCE)
            .map(|spans| {
                let mut part = Part::default();
                for span in spans {
                    let layout = Layout { header: None, encoding: None };
                    let result = block.record(text, span).and_then(|record| {
                        // Where the text begins within the file: it was trimmed.
                        let skipped = record.as_ptr() as usize - block.bytes.as_ptr() as usize;
                        if record.is_empty() {
                            return Ok(());
                        }
                        part.push(kind, record, offset + skipped as u64).map_err(|bad| layout.explain_json(bad, record, span.open))
                    });
                    if let Err(fault) = result {
                        part.index.problems.push(context.problems, || fault.problem(&context, span.line));
                    }
                }
                part.index
            })
            .collect();
        spans.into_iter().for_each(|part| whole.append(context.problems, part));
        offset += block.bytes.len() as u64;
    }
    Ok(whole)
}

#[derive(Default)]
struct Part {
    index: Index,
    reader: JsonReader,
    builder: RecordBuilder,
    canonical: Vec<u8>,
}

impl Part {
    fn push(&mut self, kind: Kind, text: &str, at: u64) -> Result<(), NotAnObject> {
        self.reader.push(&mut self.builder, text)?;
        let keys = &mut self.index.keys;
        let start = keys.len();
        match key(kind, &self.builder.last()) {
            Some((property, text)) => {
                keys.extend(text.bytes().map(|byte| byte.to_ascii_lowercase()));
                keys.extend_from_slice(&[0, property as u8]);
            }
            None => {
                self.canonical.clear();
                push_canonical(&mut self.canonical, text)?;
                keys.extend_from_slice(&self.canonical[..self.canonical.len().min(TEXT_IN_KEY)]);
                keys.push(0);
                keys.extend_from_slice(&Sha256::digest(&self.canonical));
            }
        }
        self.builder.discard();
        let entry = Entry { key: (start, keys.len()), at, length: text.len() };
        self.index.entries.push(entry);
        Ok(())
    }
}

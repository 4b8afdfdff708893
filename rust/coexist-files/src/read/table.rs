//! One file of a snapshot.

use super::parse::{parse, Layout, Parsed};
use super::source::{Block, Format, Source};
use super::{fault, Context, Problems, Sizes, SIZES};
use coexist_core::limits::Limits;
use coexist_core::problem::Problem;
use coexist_core::snapshot::{key, Keys, Kind, Property, Seen, Table};
use coexist_core::watch::Watch;
use fault::Fault;
use rayon::prelude::*;
use serde::{Serialize, Serializer};
use sha2::Digest;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// A property of a table that some records say nothing about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Unknown {
    /// The property.
    #[serde(serialize_with = "name")]
    pub property: Property,
    /// How many records do not have it.
    pub not_exported: u64,
    /// How many have a type name in its place.
    pub flattened: u64,
}

fn name<S: Serializer>(property: &Property, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(property.name())
}

/// What a file held.
pub struct TableRead {
    /// The records that could be read, without those that have the key of an earlier one.
    pub table: Table,
    /// One for each bad record, up to the limit `problemsPerFile`, then one that says how many there were.
    pub problems: Vec<Problem>,
    /// How many problems there were.
    pub problem_count: u64,
    /// SHA-256 of the file's bytes, in hexadecimal.
    pub fingerprint: String,
    /// How long the file is, in bytes.
    pub bytes: u64,
    /// The properties of the kind that some records say nothing about, in the order of the kind's properties.
    pub unknown: Vec<Unknown>,
}

/// Reads one file of a kind: JSON Lines, JSON or CSV, by its extension, or by its content where the extension says nothing.
///
/// # Errors
/// `FileNotFound`, `FileUnreadable`, `Cancelled`. What is wrong with single records, or with all of them (`FileEmpty`, `InvalidEncoding`,
/// `ColumnsUnknown`), is in [`TableRead::problems`].
pub fn read_table(path: &Path, kind: Kind, watch: &dyn Watch) -> Result<TableRead, Problem> {
    read_named(path, &path.display().to_string(), kind, watch)
}

/// As [`read_table`]; `name` is the file's name in messages.
pub(crate) fn read_named(path: &Path, name: &str, kind: Kind, watch: &dyn Watch) -> Result<TableRead, Problem> {
    let file = open(path).map_err(|error| fault::unreadable(path, &error))?;
    let length = file.metadata().ok().map(|metadata| metadata.len());
    let format = path.extension().and_then(|extension| Format::of_extension(extension.to_str()?));
    let limits = Limits::default();
    let context = Context { kind, file: name, problems: limits.value("problemsPerFile") as usize };
    let reading = Reading { context, sizes: SIZES, head: HEAD, record: limits.value("recordBytes") as usize, length };
    reading.run(file, format, watch).map_err(|error| match error {
        Stopped::Cancelled => Problem::cancelled(),
        Stopped::Failed(error) => fault::unreadable(path, &error),
    })
}

/// Long enough for any header.
pub(super) const HEAD: usize = 64 << 10;

pub(super) fn open(path: &Path) -> io::Result<File> {
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(io::Error::other("it is a folder"));
    }
    Ok(file)
}

enum Stopped {
    Cancelled,
    Failed(io::Error),
}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Self {
        Stopped::Failed(error)
    }
}

struct Reading<'a> {
    context: Context<'a>,
    sizes: Sizes,
    head: usize,
    /// How long a record may be.
    record: usize,
    /// Of the whole file, where it is known.
    length: Option<u64>,
}

impl Reading<'_> {
    fn run<R: Read + Send>(&self, file: R, format: Option<Format>, watch: &dyn Watch) -> Result<TableRead, Stopped> {
        let context = &self.context;
        let mut source = Source::open(file, format, self.head, self.record)?;
        let mut gathered = Gathered::new(context);
        let header = source.header.take();
        let layout = Layout { header: header.as_ref(), encoding: source.encoding };
        let mut unusable = source.refused.map(|name| fault::encoding(context, name));
        if let Some(header) = layout.header.filter(|header| header.bytes > 0) {
            for name in &header.twice {
                gathered.problems.push(context.problems, || Fault::ColumnDuplicate(name.clone()).problem(context, header.lines));
            }
            if header.is_cut() {
                gathered.problems.push(context.problems, || Fault::Truncated.problem(context, header.lines));
            } else if !header.is_useful() {
                unusable = unusable.or_else(|| Some(fault::no_columns(context, &header.text)));
            }
        }
        let use_records = unusable.is_none();

        let mut hash = source.prefix_hash.clone();
        let (mut now, mut next) = (Batch::default(), Batch::default());
        let mut parsed = Vec::new();
        now.fill(&mut source, self.sizes)?;
        let mut records = !now.is_empty();
        while !now.is_empty() {
            if watch.cancelled() {
                return Err(Stopped::Cancelled);
            }
            watch.progress("Reading", context.file, source.bytes, self.length);
            // Three things at once: the fingerprint of this batch, its records, and behind them the putting together of the last batch and the next read.
            let ((), (new, filled)) = rayon::join(
                || now.blocks().iter().for_each(|block| hash.update(&block.bytes)),
                || {
                    rayon::join(
                        || if use_records { now.blocks().par_iter().map(|block| parse(block, layout, context)).collect() } else { Vec::new() },
                        || {
                            gathered.add(std::mem::take(&mut parsed));
                            next.fill(&mut source, self.sizes)
                        },
                    )
                },
            );
            filled?;
            parsed = new;
            std::mem::swap(&mut now, &mut next);
            records |= !now.is_empty();
        }
        gathered.add(parsed);
        // Export-CoexistSnapshot writes a kind of which the tenant has nothing as a file without lines: that is known, and not a failed export.
        let has_none = source.bytes == 0 && format == Some(Format::JsonLines);
        if !has_none && (source.bytes == 0 || (!records && layout.header.is_none_or(|header| header.bytes == 0))) {
            unusable = unusable.or_else(|| Some(fault::empty(context)));
        }
        if let Some(problem) = unusable {
            gathered.problems.push(usize::MAX, || problem);
        }
        let bytes = source.bytes;
        watch.progress("Reading", context.file, bytes, self.length);
        Ok(gathered.finish(source.fingerprint(hash), bytes))
    }
}

/// Blocks that are parsed together; they are used again and again.
#[derive(Default)]
struct Batch {
    blocks: Vec<Block>,
    used: usize,
}

impl Batch {
    fn fill<R: Read>(&mut self, source: &mut Source<R>, sizes: Sizes) -> io::Result<()> {
        self.blocks.resize_with(sizes.batch, Block::default);
        self.used = 0;
        for block in &mut self.blocks {
            if !source.fill(block, sizes.block)? {
                break;
            }
            self.used += 1;
        }
        Ok(())
    }

    fn blocks(&self) -> &[Block] {
        &self.blocks[..self.used]
    }

    fn is_empty(&self) -> bool {
        self.used == 0
    }
}

/// What was read so far.
struct Gathered<'a> {
    context: &'a Context<'a>,
    table: Table,
    keys: Keys,
    seen: Seen,
    problems: Problems,
}

impl<'a> Gathered<'a> {
    fn new(context: &'a Context<'a>) -> Self {
        let table = Table::new(context.kind, context.file);
        Gathered { context, table, keys: Keys::default(), seen: Seen::default(), problems: Problems::default() }
    }

    fn add(&mut self, parsed: Vec<Parsed>) {
        for part in parsed {
            self.problems.append(self.context.problems, part.problems);
            self.seen.merge(&part.seen);
            let base = self.table.len();
            self.table.push(part.chunk);
            let mut twice = vec![];
            for (index, hash) in part.keys.iter().enumerate() {
                if let Some(first) = hash.and_then(|hash| self.keys.note(&self.table, base + index, hash)) {
                    twice.push((index, first));
                }
            }
            if !twice.is_empty() {
                self.remove(base, &part.keys, &twice);
            }
        }
    }

    /// Takes the records of the last chunk that have the key of an earlier one out again.
    #[cold]
    fn remove(&mut self, base: usize, keys: &[Option<u64>], twice: &[(usize, usize)]) {
        let kind = self.context.kind;
        for (index, first) in twice {
            let record = self.table.get(base + index);
            self.seen.remove(&record);
            let (line, first) = (self.table.line(base + index), self.table.line(*first));
            self.problems.push(self.context.problems, || {
                let key = key(kind, &record).map_or(String::new(), |(_, text)| text.to_string());
                Fault::Duplicate { key, first }.problem(self.context, line)
            });
        }
        // The records behind them move up, so their keys are noted anew.
        keys.iter().enumerate().filter_map(|(index, hash)| Some((index, (*hash)?))).for_each(|(index, hash)| self.keys.forget(base + index, hash));
        let is_kept = |index: &usize| twice.binary_search_by_key(index, |(index, _)| *index).is_err();
        self.table.retain_last(|index| is_kept(&index));
        let kept = keys.iter().enumerate().filter(|(index, _)| is_kept(index));
        for (index, hash) in kept.map(|(_, hash)| hash).enumerate() {
            hash.and_then(|hash| self.keys.note(&self.table, base + index, hash));
        }
    }

    fn finish(self, fingerprint: String, bytes: u64) -> TableRead {
        let Problems { kept: mut problems, count } = self.problems;
        // Duplicates are found after the other problems of their batch.
        problems.sort_by_key(|problem| problem.line);
        if count > problems.len() as u64 {
            problems.push(fault::omitted(self.context, problems.len(), count));
        }
        let unknown = self.context.kind.properties().iter().map(|property| {
            let (not_exported, flattened) = self.seen.unknown(*property);
            Unknown { property: *property, not_exported, flattened }
        });
        let unknown = unknown.filter(|unknown| unknown.not_exported + unknown.flattened > 0).collect();
        TableRead { table: self.table, problems, problem_count: count, fingerprint, bytes, unknown }
    }
}

/// Reads what is no file, in other sizes than those in use.
#[cfg(test)]
pub(super) fn read_stream(
    stream: impl Read + Send,
    format: Option<Format>,
    kind: Kind,
    sizes: Sizes,
    head: usize,
    record: usize,
    watch: &dyn Watch,
) -> Result<TableRead, String> {
    let context = Context { kind, file: "test", problems: Limits::default().value("problemsPerFile") as usize };
    Reading { context, sizes, head, record, length: None }.run(stream, format, watch).map_err(|stopped| match stopped {
        Stopped::Cancelled => "cancelled".to_string(),
        Stopped::Failed(error) => error.to_string(),
    })
}

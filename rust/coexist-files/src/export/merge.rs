//! One kind: what a snapshot folder has and what was piped, by key, the new one winning.

use super::delta::{Members, REMOVED};
use crate::read::index::{index, Entry, Index};
use crate::read::Problems;
use crate::write::failed;
use coexist_core::problem::{Category, Problem};
use coexist_core::snapshot::{push_canonical, Kind};
use coexist_core::watch::Watch;
use rayon::prelude::*;
use serde::Serialize;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};

/// How many objects of a kind there are now, and where they came from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// In the file.
    pub objects: u64,
    /// Of them, with a key that was not there before.
    pub added: u64,
    /// Of them, in place of one that was there before.
    pub replaced: u64,
    /// No longer in it; known where the service told what changed.
    pub removed: u64,
}

/// Where an object comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Origin {
    Piped,
    There,
}

/// Makes of an object and its changes what the service would have told of it in whole; true where there was no such object.
pub(super) type Complete<'c> = dyn Fn(&mut Members, bool) + 'c;

/// Both sides of one kind.
pub(super) struct Merge<'a> {
    kind: Kind,
    piped: Side<'a>,
    there: Option<Side<'a>>,
}

struct Side<'a> {
    path: &'a Path,
    index: Index,
    file: BufReader<File>,
    /// Where the next read begins.
    position: u64,
}

impl<'a> Side<'a> {
    fn open(path: &'a Path, kind: Kind, watch: &dyn Watch) -> Result<Self, Problem> {
        let index = index(path, kind, watch)?;
        let file = File::open(path).map_err(|error| failed(path, &error))?;
        Ok(Side { path, index, file: BufReader::new(file), position: 0 })
    }

    /// The canonical text of one object; what is `canonical` is so already.
    fn read(&mut self, entry: &Entry, canonical: bool, raw: &mut Vec<u8>, out: &mut Vec<u8>) -> Result<(), Problem> {
        let result = (|| {
            // Within the buffer where the order of the file is that of the keys, as in every file that was written here.
            self.file.seek_relative(entry.at as i64 - self.position as i64)?;
            self.position = entry.at + entry.length as u64;
            raw.resize(entry.length, 0);
            self.file.read_exact(raw)?;
            if canonical {
                std::mem::swap(raw, out);
                return Ok(());
            }
            let text = std::str::from_utf8(raw).map_err(io::Error::other)?;
            push_canonical(out, text).map_err(|bad| io::Error::other(bad.to_string()))
        })();
        // It was read a moment ago.
        result.map_err(|error| {
            let message = format!("'{}' was changed while it was read ({error}); nothing was written. Export again.", self.path.display());
            Problem::new("FileChanged", Category::ReadError, message).about(self.path.display().to_string())
        })
    }
}

/// How many objects are written between two looks at the host.
const OBJECTS_AT_ONCE: u64 = 4096;

impl<'a> Merge<'a> {
    /// Reads where the objects stand. What was wrong with single ones is given with it; they are left out.
    pub(super) fn open(kind: Kind, piped: &'a Path, there: Option<&'a PathBuf>, watch: &dyn Watch) -> Result<(Self, Vec<Problem>), Problem> {
        let mut piped = Side::open(piped, kind, watch)?;
        let mut there = there.map(|path| Side::open(path, kind, watch)).transpose()?;
        let mut problems = std::mem::take(&mut piped.index.problems.kept);
        if let Some(there) = &mut there {
            problems.append(&mut there.index.problems.kept);
        }
        Ok((Merge { kind, piped, there }, problems))
    }

    /// Writes the objects in the order of their keys; `each` sees every one of them. With `complete`, the piped ones are changes to those that are there.
    // What is written, whereto, how, and who is told.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn write(
        mut self,
        path: &Path,
        out: &mut dyn Write,
        complete: Option<&Complete>,
        problems: &mut Problems,
        limit: usize,
        watch: &dyn Watch,
        mut each: impl FnMut(&[u8]),
    ) -> Result<Counts, Problem> {
        let order = self.order();
        let total = order.len() as u64;
        let mut counts = Counts::default();
        let (mut raw, mut line, mut other) = (Vec::new(), Vec::new(), Vec::new());
        let mut rest = order.as_slice();
        let mut buffer = Vec::with_capacity(1 << 20);
        while let Some((origin, first)) = rest.first().copied() {
            let group = rest.iter().take_while(|(origin, entry)| self.key(*origin, entry) == self.key(rest[0].0, &first)).count();
            let piped = rest[..group].iter().take_while(|(origin, _)| *origin == Origin::Piped).count();
            line.clear();
            if let Some(complete) = complete {
                let was = piped < group;
                let is = self.changed(&rest[..group], piped, complete, &mut raw, &mut line)?;
                counts.removed += u64::from(was && !is);
                if !is {
                    rest = &rest[group..];
                    continue;
                }
            } else {
                self.side(origin).read(&first, origin == Origin::Piped, &mut raw, &mut line)?;
            }
            // Of several piped ones the greatest text stands, because in which order they came must not matter; of several that were there, the first, as
            // in reading.
            for (_, entry) in rest[..piped].iter().skip(1).filter(|_| complete.is_none()) {
                other.clear();
                self.piped.read(entry, true, &mut raw, &mut other)?;
                if other != line {
                    problems.push(limit, || twice(self.kind, self.piped.index.key(entry)));
                }
                if other > line {
                    std::mem::swap(&mut other, &mut line);
                }
            }
            counts.objects += 1;
            counts.added += u64::from(piped == group);
            counts.replaced += u64::from(piped > 0 && piped < group);
            each(&line);
            line.push(b'\n');
            buffer.extend_from_slice(&line);
            if buffer.len() >= 1 << 20 {
                out.write_all(&buffer).map_err(|error| failed(path, &error))?;
                buffer.clear();
            }
            if counts.objects % OBJECTS_AT_ONCE == 0 {
                if watch.cancelled() {
                    return Err(Problem::cancelled());
                }
                watch.progress("Writing", self.kind.name(), counts.objects, Some(total));
            }
            rest = &rest[group..];
        }
        out.write_all(&buffer).map_err(|error| failed(path, &error))?;
        Ok(counts)
    }

    /// One object with its changes in the order in which they came; false where it is no longer there. `group` is its changes, so many, then itself.
    fn changed(
        &mut self,
        group: &[(Origin, Entry)],
        changes: usize,
        complete: &Complete,
        raw: &mut Vec<u8>,
        line: &mut Vec<u8>,
    ) -> Result<bool, Problem> {
        let mut object: Option<Members> = None;
        let mut is_new = true;
        if let Some((origin, entry)) = group.get(changes) {
            self.side(*origin).read(entry, false, raw, line)?;
            if changes == 0 {
                return Ok(true);
            }
            object = Some(members(self.kind, line)?);
            is_new = false;
        }
        for (origin, entry) in &group[..changes] {
            line.clear();
            self.side(*origin).read(entry, true, raw, line)?;
            let change = members(self.kind, line)?;
            if change.contains_key(REMOVED) {
                object = None;
                // What comes back afterwards is told in whole.
                is_new = true;
            } else {
                object.get_or_insert_with(Members::new).extend(change);
            }
        }
        line.clear();
        let Some(mut object) = object else { return Ok(false) };
        complete(&mut object, is_new);
        // Names and values that were JSON are JSON.
        let text = serde_json::to_string(&object).unwrap_or_default();
        push_canonical(line, &text).map_err(|bad| unreadable(self.kind, &bad.to_string()))?;
        Ok(true)
    }

    /// All objects by key, the piped ones of a key first, then in the order of their files.
    fn order(&self) -> Vec<(Origin, Entry)> {
        let mut order: Vec<(Origin, Entry)> = self.piped.index.entries.iter().map(|entry| (Origin::Piped, *entry)).collect();
        order.extend(self.there.iter().flat_map(|side| &side.index.entries).map(|entry| (Origin::There, *entry)));
        order.par_sort_unstable_by(|(left, a), (right, b)| {
            let keys = self.key(*left, a).cmp(self.key(*right, b));
            keys.then(left.cmp(right)).then(a.at.cmp(&b.at))
        });
        order
    }

    fn key(&self, origin: Origin, entry: &Entry) -> &[u8] {
        match (origin, &self.there) {
            (Origin::There, Some(there)) => there.index.key(entry),
            _ => self.piped.index.key(entry),
        }
    }

    fn side(&mut self, origin: Origin) -> &mut Side<'a> {
        match (origin, &mut self.there) {
            (Origin::There, Some(there)) => there,
            _ => &mut self.piped,
        }
    }
}

fn members(kind: Kind, line: &[u8]) -> Result<Members, Problem> {
    serde_json::from_slice(line).map_err(|error| unreadable(kind, &error.to_string()))
}

/// It was indexed a moment ago.
fn unreadable(kind: Kind, why: &str) -> Problem {
    Problem::new("FileChanged", Category::ReadError, format!("The {kind} were changed while they were read ({why}); nothing was written. Export again."))
}

fn twice(kind: Kind, key: &[u8]) -> Problem {
    let key = String::from_utf8_lossy(key.split(|byte| *byte == 0).next().unwrap_or_default()).into_owned();
    let message = format!(
        "'{key}' was piped twice with different properties; one of the two was kept, and which one does not depend on their order. Export {kind} once, with one \
         set of properties."
    );
    Problem::new("DuplicateRecord", Category::InvalidData, message).about(key)
}

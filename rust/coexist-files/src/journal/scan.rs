//! A file's lines, one after the other: which count, which are torn, which are damage.

use super::refusal;
use coexist_core::apply::journal::{Intent, Line, Outcome, Run};
use coexist_core::problem::Problem;
use serde::Deserialize;
use std::borrow::Cow;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// Bytes that are read at once.
const BLOCK: usize = 256 << 10;
/// As much of what is torn is kept to be looked at.
const TORN: usize = 4 << 10;

/// How far a file was read: always to the end of a whole line.
pub(super) struct Cursor {
    pub path: PathBuf,
    /// Behind the last line that was read.
    pub offset: u64,
    /// How many these were.
    pub lines: u64,
    /// The version of the last run, where it is newer than this one.
    newer: Option<String>,
    /// The last run, and whether it came to its end.
    pub last: Option<(Run, bool)>,
}

/// What stands behind the last whole line.
#[derive(Default)]
pub(super) struct Torn {
    /// How much.
    pub bytes: u64,
    head: Vec<u8>,
}

impl Torn {
    fn push(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        let room = TORN.saturating_sub(self.head.len()).min(bytes.len());
        self.head.extend_from_slice(&bytes[..room]);
    }

    /// To be shown and kept; the zeros that a loss of power leaves are counted only.
    pub fn text(&self) -> String {
        let text = String::from_utf8_lossy(&self.head).replace('\0', "");
        format!("{} ({} bytes)", text.trim_end(), self.bytes).trim_start().to_string()
    }
}

impl Cursor {
    pub fn new(path: &Path) -> Self {
        Cursor { path: path.to_path_buf(), offset: 0, lines: 0, newer: None, last: None }
    }

    /// Reads on, from a reader that stands where this does.
    pub fn read(&mut self, from: impl Read, each: &mut dyn FnMut(Line)) -> Result<Torn, Problem> {
        let mut from = BufReader::with_capacity(BLOCK, from);
        let (mut bytes, mut torn) = (Vec::new(), Torn::default());
        loop {
            bytes.clear();
            from.read_until(b'\n', &mut bytes).map_err(|error| refusal::not_read(&self.path, &error))?;
            let whole = bytes.ends_with(b"\n");
            // After a loss of power a file may be as long as it was, with zeros for what was not on the disk: no line has any.
            if !whole || memchr::memchr(0, &bytes).is_some() {
                torn.push(&bytes);
                if !whole {
                    return Ok(torn);
                }
                continue;
            }
            let line = self.lines + 1;
            // Something whole behind it: what was taken for the torn end is none.
            if torn.bytes > 0 {
                return Err(refusal::damaged(&self.path, line, &"zeros"));
            }
            let parsed = parse(&bytes).map_err(|why| self.unreadable(&bytes, line, &why))?;
            self.lines = line;
            self.offset += bytes.len() as u64;
            match &parsed {
                Line::Run(run) => {
                    self.newer = is_newer(&run.version).then(|| run.version.clone());
                    self.last = Some((run.clone(), false));
                }
                Line::End { .. } => self.last.iter_mut().for_each(|(_, ended)| *ended = true),
                _ => {}
            }
            each(parsed);
        }
    }

    /// A line that this version does not know is either damaged or of a newer one.
    fn unreadable(&self, bytes: &[u8], line: u64, why: &serde_json::Error) -> Problem {
        match serde_json::from_slice::<Kind>(bytes) {
            Ok(kind) if self.newer.is_some() || !KINDS.contains(&&*kind.line) => refusal::newer(&self.path, line, self.newer.as_deref(), &kind.line),
            _ => refusal::damaged(&self.path, line, why),
        }
    }
}

/// What a line is.
#[derive(Deserialize)]
struct Kind<'l> {
    #[serde(borrow)]
    line: Cow<'l, str>,
}

const KINDS: [&str; 4] = ["run", "intent", "outcome", "end"];

/// Reads a line. What it is stands at its beginning when Coexist wrote it; going by that takes about half the time that serde's own way takes.
fn parse(bytes: &[u8]) -> Result<Line, serde_json::Error> {
    if bytes.starts_with(br#"{"line":"intent","#) {
        return serde_json::from_slice::<Intent>(bytes).map(Line::Intent);
    }
    if bytes.starts_with(br#"{"line":"outcome","#) {
        return serde_json::from_slice::<Outcome>(bytes).map(Line::Outcome);
    }
    serde_json::from_slice(bytes)
}

/// Whether a version is newer than this one.
fn is_newer(version: &str) -> bool {
    let numbers = |version: &str| version.split(['.', '-', '+']).take(3).map(|part| part.parse::<u64>().ok()).collect::<Option<Vec<_>>>();
    numbers(version) > numbers(env!("CARGO_PKG_VERSION"))
}

//! What journals say was done: every operation with what is known of it last.

use super::journal::{Act, Effect, Line, Result as Came, Run};
use crate::finding::Side;
use crate::plan::Surface;
use hashbrown::HashMap;
use jiff::Timestamp;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What is known of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// It was about to be carried out, and nobody wrote down what came of it.
    Open,
    /// Carried out, and seen.
    Done,
    /// Its end state was there without it.
    AlreadyDone,
    /// Carried out, and not seen yet.
    Pending,
    /// Left out.
    Skipped,
    /// Refused, or never seen.
    Failed(Effect),
}

impl Known {
    /// Whether what it was to bring about is there.
    pub fn is_done(self) -> bool {
        matches!(self, Known::Done | Known::AlreadyDone)
    }

    /// Whether it may have had an effect that nobody has seen yet.
    pub fn is_in_doubt(self) -> bool {
        matches!(self, Known::Open | Known::Pending | Known::Failed(Effect::Unknown))
    }
}

/// What journals say of one operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The fingerprint of what was carried out.
    pub operation: String,
    /// What is known.
    pub known: Known,
    /// When its last intent was written, else its last outcome; milliseconds since 1970.
    pub at: i64,
    /// The clock was behind when that was written: nobody knows how long ago it was.
    pub suspect: bool,
    /// What the object was before it was first touched; nothing where there was no object.
    pub before: Option<Map<String, Value>>,
    /// How taking it back stands, where that was begun.
    pub undo: Option<Undoing>,
    /// Why, of what failed or was left out.
    pub code: Option<String>,
    /// The same in words.
    pub message: Option<String>,
}

/// How taking an operation back stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Undoing {
    /// What is known of it.
    pub known: Known,
    /// When its last intent was written; milliseconds since 1970.
    pub at: i64,
    /// The clock was behind when that was written.
    pub suspect: bool,
}

/// The journals of all surfaces.
#[derive(Debug, Default)]
pub struct Ledger {
    records: HashMap<Box<str>, Record>,
    /// The last run on each surface, and whether it said that it ended.
    pub runs: BTreeMap<(Side, Surface), (Run, bool)>,
    keeps_before: bool,
    /// The latest moment in any line, by surface: each has a journal of its own, in order of time.
    latest: BTreeMap<(Side, Surface), i64>,
}

/// Clocks of several machines on one plan may differ by so many milliseconds without being wrong.
const CLOCKS_DIFFER: i64 = 60_000;

/// A moment of a journal, in milliseconds since 1970.
pub fn milliseconds(at: &str) -> i64 {
    at.parse::<Timestamp>().map_or(0, Timestamp::as_millisecond)
}

/// Milliseconds since 1970, as a journal writes them.
pub fn text(milliseconds: i64) -> String {
    Timestamp::from_millisecond(milliseconds).map_or_else(|_| String::new(), |at| format!("{at:.3}"))
}

impl Ledger {
    /// An empty one; for taking back it keeps what objects were before, also of what is done.
    pub fn new(keeps_before: bool) -> Self {
        Ledger { keeps_before, ..Ledger::default() }
    }

    /// When a line was written, and whether that is before lines above it.
    fn when(&mut self, side: Side, surface: Surface, at: &str) -> (i64, bool) {
        let at = milliseconds(at);
        let latest = self.latest.entry((side, surface)).or_insert(at);
        let suspect = at < *latest - CLOCKS_DIFFER;
        *latest = at.max(*latest);
        (at, suspect)
    }

    /// Takes in a line of the journal of a surface.
    pub fn take(&mut self, side: Side, surface: Surface, line: Line) {
        match line {
            Line::Run(run) => {
                self.when(side, surface, &run.at);
                self.runs.insert((side, surface), (run, false));
            }
            Line::End { .. } => {
                if let Some((_, ended)) = self.runs.get_mut(&(side, surface)) {
                    *ended = true;
                }
            }
            Line::Intent(intent) => {
                let (at, suspect) = self.when(side, surface, &intent.at);
                let known = self.records.get_mut(intent.id.as_str());
                match (intent.act, known) {
                    (Act::Apply, Some(record)) if record.operation == intent.operation && record.known.is_in_doubt() => {
                        // What the object was before it was touched the first time is what undoing goes back to.
                        (record.known, record.at, record.suspect) = (Known::Open, at, suspect);
                    }
                    (Act::Apply, _) => {
                        let record = Record { operation: intent.operation, known: Known::Open, at, suspect, before: intent.before, undo: None, code: None, message: None };
                        self.records.insert(intent.id.into_boxed_str(), record);
                    }
                    (Act::Undo, Some(record)) => record.undo = Some(Undoing { known: Known::Open, at, suspect }),
                    (Act::Undo, None) => {}
                }
            }
            Line::Outcome(outcome) => {
                let (at, suspect) = self.when(side, surface, &outcome.at);
                let known = match outcome.outcome {
                    Came::Done => Known::Done,
                    Came::AlreadyDone => Known::AlreadyDone,
                    Came::Pending => Known::Pending,
                    Came::Skipped => Known::Skipped,
                    Came::Failed => Known::Failed(outcome.effect.unwrap_or_default()),
                };
                if outcome.act == Act::Undo && known.is_done() {
                    self.records.remove(outcome.id.as_str());
                    return;
                }
                let record = self.records.entry(outcome.id.into_boxed_str()).or_insert_with(|| Record {
                    operation: outcome.operation.clone(),
                    known,
                    at,
                    suspect,
                    before: None,
                    undo: None,
                    code: None,
                    message: None,
                });
                (record.code, record.message) = (outcome.code, outcome.message);
                match outcome.act {
                    Act::Undo => {
                        let earlier = record.undo.unwrap_or(Undoing { known, at, suspect });
                        // As below.
                        if known == Known::Skipped && earlier.known.is_in_doubt() {
                            return;
                        }
                        let anew = known == Known::Pending && earlier.suspect;
                        record.undo = Some(if anew { Undoing { known, at, suspect } } else { Undoing { known, ..earlier } });
                    }
                    Act::Apply => {
                        // Leaving it out does not change what an earlier attempt may have done.
                        if known == Known::Skipped && record.operation == outcome.operation && record.known.is_in_doubt() {
                            return;
                        }
                        if record.operation != outcome.operation {
                            (record.operation, record.before, record.at) = (outcome.operation, None, at);
                        }
                        // Whoever found the clock behind began to wait anew.
                        if known == Known::Pending && record.suspect {
                            (record.at, record.suspect) = (at, suspect);
                        }
                        record.known = known;
                        if known.is_done() && !self.keeps_before {
                            record.before = None;
                        }
                    }
                }
            }
        }
    }

    /// What is known of an operation of this id and fingerprint; under another fingerprint it was another operation.
    pub fn of(&self, id: &str, fingerprint: &str) -> Option<&Record> {
        self.records.get(id).filter(|record| record.operation == fingerprint)
    }

    /// What is known of an id, whatever its operation was.
    pub fn of_id(&self, id: &str) -> Option<&Record> {
        self.records.get(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn line(value: Value) -> Line {
        serde_json::from_value(value).unwrap()
    }

    fn ledger(lines: &[Value]) -> Ledger {
        let mut ledger = Ledger::new(true);
        lines.iter().for_each(|value| ledger.take(Side::Target, Surface::Exchange, line(value.clone())));
        ledger
    }

    fn intent(act: &str, at: &str, before: Value) -> Value {
        json!({"line": "intent", "id": "a/b/c", "act": act, "operation": "f", "at": at, "before": before})
    }

    fn outcome(act: &str, outcome: &str) -> Value {
        json!({"line": "outcome", "id": "a/b/c", "act": act, "operation": "f", "at": "2026-01-01T00:10:00.000Z", "outcome": outcome})
    }

    #[test]
    fn the_last_line_says_how_an_operation_stands() {
        let first = intent("apply", "2026-01-01T00:00:00.000Z", json!({"x": 1}));
        let open = ledger(std::slice::from_ref(&first));
        assert_eq!(open.of("a/b/c", "f").unwrap().known, Known::Open);
        assert!(open.of("a/b/c", "g").is_none());
        // What it was before its first attempt stays.
        let again = ledger(&[first.clone(), outcome("apply", "failed"), intent("apply", "2026-01-01T00:20:00.000Z", json!({"x": 2}))]);
        assert_eq!(again.of("a/b/c", "f").unwrap().before, Some(Map::from_iter([("x".into(), json!(1))])));
        assert_eq!(again.of("a/b/c", "f").unwrap().at, milliseconds("2026-01-01T00:20:00Z"));
        let done = ledger(&[first.clone(), outcome("apply", "done")]);
        assert!(done.of("a/b/c", "f").unwrap().known.is_done());
        let undoing = ledger(&[first.clone(), outcome("apply", "done"), intent("undo", "2026-01-02T00:00:00.000Z", Value::Null)]);
        assert_eq!(undoing.of("a/b/c", "f").unwrap().undo.unwrap().known, Known::Open);
        let undone = ledger(&[first.clone(), outcome("apply", "done"), intent("undo", "2026-01-02T00:00:00.000Z", Value::Null), outcome("undo", "done")]);
        assert!(undone.of("a/b/c", "f").is_none());
        // A doubt stays one when a later run leaves the operation out.
        let skipped = ledger(&[first, outcome("apply", "skipped")]);
        assert_eq!(skipped.of("a/b/c", "f").unwrap().known, Known::Open);
    }

    #[test]
    fn moments_are_written_as_they_are_read() {
        let at = "2026-11-22T02:00:00.123Z";
        assert_eq!(text(milliseconds(at)), at);
        assert_eq!(text(0), "1970-01-01T00:00:00.000Z");
    }
}

//! What journals say was done: every operation with what is known of it last.

use super::journal::{Act, Effect, Line, Outcome, Result as Came};
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
    rare: Option<Box<Rare>>,
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

/// What few records have.
#[derive(Debug, Clone, Default, PartialEq)]
struct Rare {
    /// When an attempt before the last one was made of which nobody knows whether it had an effect. A refusal of the last one says nothing about that one.
    doubted: Option<(i64, bool)>,
    /// The same of taking it back.
    undo_doubted: Option<(i64, bool)>,
    /// What was done under this id as another plan says it, and can be taken back with that plan.
    under: Option<Box<Record>>,
}

impl Record {
    fn new(operation: String, known: Known, at: i64, suspect: bool) -> Self {
        Record { operation, known, at, suspect, before: None, undo: None, code: None, message: None, rare: None }
    }

    /// Whether it has, or may have, an effect that can be taken back.
    pub fn has_effect(&self) -> bool {
        self.known == Known::Done || self.known.is_in_doubt()
    }

    /// Whether nobody knows if it was taken back.
    pub fn is_being_undone(&self) -> bool {
        self.undo.is_some_and(|undoing| undoing.known.is_in_doubt())
    }

    fn under(&self) -> Option<&Record> {
        self.rare.as_ref()?.under.as_deref()
    }

    /// This record or the one under it, if it is of this operation and nothing was done over it.
    fn of(&self, fingerprint: &str) -> Option<&Record> {
        if self.operation == fingerprint {
            return Some(self);
        }
        self.under().filter(|_| !self.has_effect())?.of(fingerprint)
    }

    fn of_mut(&mut self, fingerprint: &str) -> Option<&mut Record> {
        if self.operation == fingerprint {
            return Some(self);
        }
        let has_effect = self.has_effect();
        self.rare.as_mut()?.under.as_deref_mut().filter(|_| !has_effect)?.of_mut(fingerprint)
    }

    /// What is kept of it under a record of another operation: nothing that had no effect.
    fn put_under(mut self) -> Option<Box<Record>> {
        if self.has_effect() {
            return Some(Box::new(self));
        }
        self.rare.as_mut()?.under.take()
    }
}

/// The journals of all surfaces.
#[derive(Debug, Default)]
pub struct Ledger {
    records: HashMap<Box<str>, Record>,
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
            Line::Run(run) => drop(self.when(side, surface, &run.at)),
            Line::End { .. } => {}
            Line::Intent(intent) => {
                let (at, suspect) = self.when(side, surface, &intent.at);
                let known = self.records.get_mut(intent.id.as_str());
                match (intent.act, known) {
                    (Act::Apply, Some(record)) if record.operation == intent.operation && record.known.is_in_doubt() => {
                        // What the object was before it was touched the first time is what undoing goes back to.
                        record.rare.get_or_insert_default().doubted = Some((record.at, record.suspect));
                        (record.known, record.at, record.suspect, record.undo) = (Known::Open, at, suspect, None);
                    }
                    (Act::Apply, known) => {
                        let mut record = Record { before: intent.before, ..Record::new(intent.operation, Known::Open, at, suspect) };
                        match known {
                            // It was undone, or had no effect: what is under it stays.
                            Some(old) if old.operation == record.operation => {
                                let under = old.rare.as_mut().and_then(|rare| rare.under.take());
                                record.rare = under.map(|under| Box::new(Rare { under: Some(under), ..Rare::default() }));
                                *old = record;
                            }
                            Some(old) => {
                                let under = std::mem::replace(old, record).put_under();
                                old.rare = under.map(|under| Box::new(Rare { under: Some(under), ..Rare::default() }));
                            }
                            None => drop(self.records.insert(intent.id.into_boxed_str(), record)),
                        }
                    }
                    (Act::Undo, Some(record)) => {
                        if let Some(record) = record.of_mut(&intent.operation) {
                            if let Some(earlier) = record.undo.filter(|undoing| undoing.known.is_in_doubt()) {
                                record.rare.get_or_insert_default().undo_doubted = Some((earlier.at, earlier.suspect));
                            }
                            record.undo = Some(Undoing { known: Known::Open, at, suspect });
                        }
                    }
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
                if outcome.act == Act::Undo {
                    self.undone(known, at, suspect, outcome);
                    return;
                }
                let keeps_before = self.keeps_before;
                let record = self
                    .records
                    .entry(outcome.id.into_boxed_str())
                    .or_insert_with(|| Record::new(outcome.operation.clone(), known, at, suspect));
                if record.operation != outcome.operation {
                    let under = std::mem::replace(record, Record::new(outcome.operation, known, at, suspect)).put_under();
                    record.rare = under.map(|under| Box::new(Rare { under: Some(under), ..Rare::default() }));
                }
                (record.code, record.message) = (outcome.code, outcome.message);
                // Leaving it out does not change what an earlier attempt may have done.
                if known == Known::Skipped && record.known.is_in_doubt() {
                    return;
                }
                // Nor does a refusal.
                let doubted = record.rare.as_ref().and_then(|rare| rare.doubted);
                if let (Known::Failed(Effect::None), Some((at, suspect))) = (known, doubted) {
                    (record.known, record.at, record.suspect) = (Known::Failed(Effect::Unknown), at, suspect);
                    return;
                }
                // Whoever found the clock behind began to wait anew.
                if known == Known::Pending && record.suspect {
                    (record.at, record.suspect) = (at, suspect);
                }
                record.known = known;
                if known.is_done() {
                    (record.undo, record.code, record.message) = (None, None, None);
                    if !keeps_before {
                        record.before = None;
                    }
                }
            }
        }
    }

    /// What came of taking something back.
    fn undone(&mut self, known: Known, at: i64, suspect: bool, outcome: Outcome) {
        let Some(record) = self.records.get_mut(outcome.id.as_str()) else { return };
        let Some(found) = record.of_mut(&outcome.operation) else { return };
        if known.is_done() {
            // What was found over it was found because of it.
            match found.rare.as_mut().and_then(|rare| rare.under.take()) {
                Some(under) => *record = *under,
                None => drop(self.records.remove(outcome.id.as_str())),
            }
            return;
        }
        (found.code, found.message) = (outcome.code, outcome.message);
        let doubted = found.rare.as_ref().and_then(|rare| rare.undo_doubted);
        let earlier = found.undo.unwrap_or(Undoing { known, at, suspect });
        found.undo = Some(match (known, doubted) {
            // As of carrying out: what an earlier attempt may have done is changed neither by leaving it out nor by a refusal.
            (Known::Skipped, _) if earlier.known.is_in_doubt() => return,
            (Known::Failed(Effect::None), Some((at, suspect))) => Undoing { known: Known::Failed(Effect::Unknown), at, suspect },
            (Known::Pending, _) if earlier.suspect => Undoing { known, at, suspect },
            _ => Undoing { known, ..earlier },
        });
    }

    /// What is known of an operation of this id and fingerprint; under another fingerprint it was another operation.
    pub fn of(&self, id: &str, fingerprint: &str) -> Option<&Record> {
        self.records.get(id)?.of(fingerprint)
    }

    /// What is known of an id, whatever its operation was.
    pub fn of_id(&self, id: &str) -> Option<&Record> {
        self.records.get(id)
    }

    /// Whether something was done under an id, whatever its operation was, that can be taken back.
    pub fn has_effect(&self, id: &str) -> bool {
        self.records.get(id).is_some_and(|record| record.has_effect() || record.under().is_some())
    }

    /// How many ids there are of which that is so.
    pub fn effects(&self) -> u64 {
        // Only counted: their order does not matter.
        self.records.values().filter(|record| record.has_effect() || record.under().is_some()).count() as u64
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

//! One block of records, parsed; runs on every core at once.

use super::csv::Header;
use super::decode;
use super::fault::Fault;
use super::source::Block;
use super::{Context, Problems};
use coexist_core::snapshot::{key, key_hash, Chunk, JsonReader, NotAnObject, Property, RecordBuilder, Seen};
use encoding_rs::Encoding;

/// What the blocks of one file are.
#[derive(Clone, Copy)]
pub(super) struct Layout<'a> {
    pub(super) header: Option<&'a Header>,
    pub(super) encoding: Option<&'static Encoding>,
}

/// What a block held.
pub(super) struct Parsed {
    pub(super) chunk: Chunk,
    /// The hash of each record's key.
    pub(super) keys: Vec<Option<u64>>,
    pub(super) seen: Seen,
    pub(super) problems: Problems,
}

pub(super) fn parse(block: &Block, layout: Layout, context: &Context) -> Parsed {
    let mut builder = RecordBuilder::with_capacity(block.bytes.len());
    let mut reader = JsonReader::default();
    let mut lines = Vec::with_capacity(block.spans.len());
    let mut keys = Vec::with_capacity(block.spans.len());
    let mut seen = Seen::default();
    let mut problems = Problems::default();
    let whole = block.text();
    let mut types = Types::default();
    for span in &block.spans {
        let result = block.record(whole, span).and_then(|text| {
            if text.is_empty() {
                return Ok(false);
            }
            layout.check(text, span.open)?;
            match layout.header {
                Some(header) => header.push(&mut builder, text).map_err(|fault| layout.explain_csv(fault, text, span.open))?,
                None => reader.push(&mut builder, text).map_err(|bad| layout.explain_json(bad, text, span.open))?,
            }
            let record = builder.last();
            let verdict = if record.is_empty() {
                Err(Fault::WrongKind(format!("has none of the properties of {}", context.kind.source())))
            } else if let Some(kind) = record.text(Property::RecipientTypeDetails).value().filter(|kind| types.contradict(context, kind)) {
                Err(Fault::WrongKind(format!("has the RecipientTypeDetails {kind}")))
            } else {
                seen.add(&record);
                keys.push(key(context.kind, &record).map(key_hash));
                Ok(true)
            };
            if verdict.is_err() {
                builder.discard();
            }
            verdict
        });
        match result {
            Ok(true) => lines.push(u32::try_from(span.line).unwrap_or(u32::MAX)),
            Ok(false) => {}
            Err(fault) => problems.push(context.problems, || fault.problem(context, span.line)),
        }
    }
    Parsed { chunk: Chunk::new(builder, lines), keys, seen, problems }
}

impl Layout<'_> {
    /// What can be wrong with a record that looks right. A NUL in JSON is found by reading it.
    pub(super) fn check(&self, text: &str, open: bool) -> Result<(), Fault> {
        match self.header {
            Some(_) if text.contains('\0') => Err(Fault::MixedEncoding),
            Some(header) if open && header.is_doubtful(text) => Err(Fault::Truncated),
            _ => Ok(()),
        }
    }

    fn is_mixed(&self, text: &str) -> bool {
        text.contains('\0') || self.encoding.is_some_and(|encoding| decode::was_eight_bit(text, encoding))
    }

    #[cold]
    pub(super) fn explain_json(&self, bad: NotAnObject, text: &str, open: bool) -> Fault {
        match bad {
            _ if self.is_mixed(text) => Fault::MixedEncoding,
            NotAnObject::Ends if open => Fault::Truncated,
            NotAnObject::Depth => Fault::TooDeep,
            bad => Fault::NotJson(bad.to_string()),
        }
    }

    #[cold]
    pub(super) fn explain_csv(&self, fault: Fault, text: &str, open: bool) -> Fault {
        match fault {
            _ if self.is_mixed(text) => Fault::MixedEncoding,
            Fault::NotCsv(_) if open => Fault::Truncated,
            fault => fault,
        }
    }
}

/// Whether values of RecipientTypeDetails contradict the kind; the last answer is kept, because neighbours mostly have the same.
#[derive(Default)]
struct Types {
    last: String,
    contradicts: bool,
}

impl Types {
    fn contradict(&mut self, context: &Context, kind: &str) -> bool {
        if self.last != kind {
            self.last = kind.to_string();
            self.contradicts = context.kind.contradicts(kind);
        }
        self.contradicts
    }
}

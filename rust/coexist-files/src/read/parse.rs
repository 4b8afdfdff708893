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
    // Mostly all of it is UTF-8, and one look at all is cheaper than one at each.
    let whole = std::str::from_utf8(&block.bytes).ok();
    let mut types = Types::default();
    for span in &block.spans {
        let text = match (&span.fault, whole) {
            (Some(fault), _) => Err(fault.clone()),
            (None, Some(whole)) => Ok(&whole[span.from..span.to]),
            (None, None) => decode_span(&block.bytes[span.from..span.to]),
        };
        let result = text.and_then(|text| {
            // A byte order mark stands where files were joined.
            let text = text.trim_start_matches('\u{feff}').trim_ascii();
            if text.is_empty() {
                return Ok(false);
            }
            match layout.header {
                Some(header) => {
                    let result = if text.contains('\0') {
                        Err(Fault::MixedEncoding)
                    } else if span.open && header.is_doubtful(text) {
                        Err(Fault::Truncated)
                    } else {
                        header.push(&mut builder, text)
                    };
                    result.map_err(|fault| explain_csv(fault, text, span.open, layout))?;
                }
                None => reader.push(&mut builder, text).map_err(|bad| explain_json(bad, text, span.open, layout))?,
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

fn decode_span(bytes: &[u8]) -> Result<&str, Fault> {
    std::str::from_utf8(bytes).map_err(|_| if bytes.contains(&0) { Fault::MixedEncoding } else { Fault::Encoding })
}

fn is_mixed(text: &str, layout: Layout) -> bool {
    text.contains('\0') || layout.encoding.is_some_and(|encoding| decode::was_eight_bit(text, encoding))
}

#[cold]
fn explain_json(bad: NotAnObject, text: &str, open: bool, layout: Layout) -> Fault {
    match bad {
        _ if is_mixed(text, layout) => Fault::MixedEncoding,
        NotAnObject::Ends if open => Fault::Truncated,
        NotAnObject::Depth => Fault::TooDeep,
        bad => Fault::NotJson(bad.to_string()),
    }
}

#[cold]
fn explain_csv(fault: Fault, text: &str, open: bool, layout: Layout) -> Fault {
    match fault {
        _ if is_mixed(text, layout) => Fault::MixedEncoding,
        Fault::NotCsv(_) if open => Fault::Truncated,
        fault => fault,
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

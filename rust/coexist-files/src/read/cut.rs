//! Where one record ends and the next begins.

use super::fault::Fault;
use memchr::{memchr, memchr2, memchr3};

/// One record in a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: usize,
    pub(super) to: usize,
    /// The line that it begins on, from 1.
    pub(super) line: u64,
    /// The file ended before the record did; perhaps it is whole all the same.
    pub(super) open: bool,
    /// Already known to be bad.
    pub(super) fault: Option<Fault>,
}

impl Span {
    fn bad(line: u64, fault: Fault) -> Self {
        Span { from: 0, to: 0, line, open: false, fault: Some(fault) }
    }
}

/// Cuts a stream of bytes into records.
pub(super) trait Cut: Send {
    /// Adds the records that end in `bytes` and says how many bytes are done with; the rest comes again, with more behind it. With `last`, nothing more
    /// comes, and all are done with.
    fn cut(&mut self, bytes: &[u8], last: bool, spans: &mut Vec<Span>) -> usize;
}

/// JSON Lines: a record is a line.
pub(super) struct Lines {
    limit: usize,
    line: u64,
    /// Up to where there is no line end.
    at: usize,
    /// Inside a line that was found too long.
    skipping: bool,
}

impl Lines {
    pub(super) fn new(limit: usize) -> Self {
        Lines { limit, line: 1, at: 0, skipping: false }
    }

    fn record(&mut self, from: usize, to: usize, open: bool, spans: &mut Vec<Span>) {
        if self.skipping {
            return;
        }
        let line = self.line;
        if to - from > self.limit {
            spans.push(Span::bad(line, Fault::TooLong { limit: self.limit as u64 }));
        } else if to > from {
            spans.push(Span { from, to, line, open, fault: None });
        }
    }
}

impl Cut for Lines {
    fn cut(&mut self, bytes: &[u8], last: bool, spans: &mut Vec<Span>) -> usize {
        let mut from = 0;
        while let Some(length) = memchr(b'\n', &bytes[self.at..]) {
            let to = self.at + length;
            self.record(from, to, false, spans);
            self.skipping = false;
            self.line += 1;
            from = to + 1;
            self.at = from;
        }
        self.at = bytes.len();
        if last || bytes.len() - from > self.limit {
            self.record(from, bytes.len(), true, spans);
            self.skipping = true;
            from = bytes.len();
        }
        self.at -= from;
        from
    }
}

/// JSON of ConvertTo-Json or Graph: an array of objects, an object that wraps such an array under `value`, or objects one after another.
pub(super) struct Json {
    limit: usize,
    line: u64,
    at: usize,
    /// Where the record began, and on which line.
    record: Option<(usize, u64)>,
    /// How many arrays and objects of the record are open.
    depth: usize,
    in_string: bool,
    /// Inside the array of records; with `true`, an object is around it.
    array: Option<bool>,
    /// The record is none, or no longer one: it is passed over.
    skipping: bool,
    /// Of an object that may be a wrapper: the last text at its own level, and whether a colon stands behind it.
    name: (usize, usize),
    colon: bool,
}

impl Json {
    pub(super) fn new(limit: usize) -> Self {
        Json {
            limit,
            line: 1,
            at: 0,
            record: None,
            depth: 0,
            in_string: false,
            array: None,
            skipping: false,
            name: (0, 0),
            colon: false,
        }
    }

    fn end(&mut self, to: usize, open: bool, spans: &mut Vec<Span>) {
        if let Some((from, line)) = self.record.take() {
            if self.skipping {
                // It was reported when it became too long, or is the rest of a wrapper.
            } else if to - from > self.limit {
                spans.push(Span::bad(line, Fault::TooLong { limit: self.limit as u64 }));
            } else {
                spans.push(Span { from, to, line, open, fault: None });
            }
        }
        self.depth = 0;
        self.skipping = false;
        self.in_string = false;
    }

    /// Goes on inside a text; false where the bytes end in it.
    fn string(&mut self, bytes: &[u8]) -> bool {
        while let Some(length) = memchr3(b'"', b'\\', b'\n', &bytes[self.at..]) {
            let at = self.at + length;
            match bytes[at] {
                b'\\' if at + 1 == bytes.len() => {
                    self.at = at;
                    return false;
                }
                b'\\' if bytes[at + 1] != b'\n' => self.at = at + 2,
                b'\\' => self.at = at + 1,
                b'\n' => {
                    // No text of JSON has a line break, so the record will be refused. Going on outside of the text loses that one where the file is
                    // indented, instead of all that follow.
                    self.in_string = false;
                    self.at = at;
                    return true;
                }
                _ => {
                    self.name.1 = at;
                    self.in_string = false;
                    self.at = at + 1;
                    return true;
                }
            }
        }
        self.at = bytes.len();
        false
    }

    fn is_wrapper(&self, bytes: &[u8]) -> bool {
        self.array.is_none() && self.depth == 1 && self.colon && bytes.get(self.name.0..self.name.1).is_some_and(|name| name.eq_ignore_ascii_case(b"value"))
    }
}

impl Cut for Json {
    fn cut(&mut self, bytes: &[u8], last: bool, spans: &mut Vec<Span>) -> usize {
        loop {
            if self.in_string && !self.string(bytes) {
                break;
            }
            let Some(byte) = bytes.get(self.at) else { break };
            let at = self.at;
            self.at += 1;
            match (byte, self.record) {
                (b'\n', _) => {
                    self.line += 1;
                    // A record that is no object ends with its line at the latest.
                    if self.depth == 0 {
                        self.end(at, false, spans);
                    }
                }
                (b' ' | b'\t' | b'\r', _) => {}
                (b',', _) if self.depth == 0 => self.end(at, false, spans),
                (b']', _) if self.depth == 0 && self.array.is_some() => {
                    self.end(at, false, spans);
                    if self.array.take() == Some(true) {
                        // The rest of the object around the array says nothing about the records.
                        self.record = Some((at, self.line));
                        self.depth = 1;
                        self.skipping = true;
                    }
                }
                (b'[', None) if self.array.is_none() => self.array = Some(false),
                (b'[', Some(_)) if self.is_wrapper(bytes) && !self.skipping => {
                    self.record = None;
                    self.depth = 0;
                    self.array = Some(true);
                }
                (b'{' | b'[' | b'"', record) => {
                    if record.is_none() {
                        self.record = Some((at, self.line));
                    }
                    if *byte == b'"' {
                        self.in_string = true;
                        if self.depth == 1 {
                            self.name = (at + 1, at + 1);
                        }
                    } else {
                        self.depth += 1;
                    }
                    self.colon = false;
                }
                (b'}' | b']', Some(_)) if self.depth > 0 => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        self.end(at + 1, false, spans);
                    }
                }
                (b':', Some(_)) => self.colon = true,
                (_, None) => self.record = Some((at, self.line)),
                _ => self.colon = false,
            }
        }
        if last {
            let inside = self.depth > 0 || self.in_string;
            let whole = !inside && self.array.is_none();
            let line = self.line;
            if inside && !self.skipping {
                let line = self.record.map_or(line, |(_, line)| line);
                spans.push(Span::bad(line, Fault::Truncated));
                self.record = None;
            } else {
                self.end(bytes.len(), true, spans);
                if !whole {
                    spans.push(Span::bad(line, Fault::Truncated));
                }
            }
            return bytes.len();
        }
        let mut from = self.record.map_or(self.at, |(from, _)| from);
        if self.at - from > self.limit || self.skipping {
            if !self.skipping {
                let line = self.record.map_or(self.line, |(_, line)| line);
                spans.push(Span::bad(line, Fault::TooLong { limit: self.limit as u64 }));
                self.skipping = true;
            }
            from = self.at;
        }
        self.at -= from;
        self.record = self.record.map(|(begin, line)| (begin.saturating_sub(from), line));
        self.name = (self.name.0.saturating_sub(from), self.name.1.saturating_sub(from));
        from
    }
}

/// CSV: a record is a line, but for line breaks inside quotes.
pub(super) struct Csv {
    limit: usize,
    line: u64,
    delimiter: u8,
    skipping: bool,
}

/// Where a CSV record ends.
enum CsvEnd {
    /// At this line break, with so many inside the record.
    At(usize, u64),
    /// Not in these bytes.
    Beyond,
    /// Not in these bytes, which end inside quotes.
    BeyondInQuotes,
    /// Nowhere: something stands between a closing quote and the next delimiter.
    Never,
}

impl Csv {
    /// `line` is the line that the first record begins on.
    pub(super) fn new(limit: usize, line: u64, delimiter: u8) -> Self {
        Csv { limit, line, delimiter, skipping: false }
    }

    fn find_end(&self, bytes: &[u8]) -> CsvEnd {
        let (mut at, mut breaks) = (0, 0);
        while let Some(length) = memchr2(b'"', b'\n', &bytes[at..]) {
            let found = at + length;
            at = found + 1;
            if bytes[found] == b'\n' {
                return CsvEnd::At(found, breaks);
            }
            // A quote opens a field only at its beginning; elsewhere it is a character like any other.
            if found > 0 && bytes[found - 1] != self.delimiter {
                continue;
            }
            loop {
                let Some(length) = memchr(b'"', &bytes[at..]) else { return CsvEnd::BeyondInQuotes };
                breaks += memchr::memchr_iter(b'\n', &bytes[at..at + length]).count() as u64;
                at += length + 1;
                match bytes.get(at) {
                    Some(b'"') => at += 1,
                    Some(b'\r' | b'\n') | None => break,
                    Some(byte) if *byte == self.delimiter => break,
                    Some(_) => return CsvEnd::Never,
                }
            }
        }
        CsvEnd::Beyond
    }
}

impl Cut for Csv {
    fn cut(&mut self, bytes: &[u8], last: bool, spans: &mut Vec<Span>) -> usize {
        let mut from = 0;
        while from < bytes.len() {
            let rest = &bytes[from..];
            let first_line = memchr(b'\n', rest);
            let (line, limit) = (self.line, self.limit);
            if self.skipping {
                // The rest of the line that a bad record began on.
                let Some(to) = first_line else { return bytes.len() };
                self.skipping = false;
                self.line += 1;
                from += to + 1;
                continue;
            }
            let fault = match self.find_end(rest) {
                CsvEnd::At(to, breaks) if to <= limit => {
                    spans.push(Span { from, to: from + to, line, open: false, fault: None });
                    self.line += breaks + 1;
                    from += to + 1;
                    continue;
                }
                CsvEnd::At(..) => Fault::TooLong { limit: limit as u64 },
                CsvEnd::Never => Fault::NotCsv("a quote in a field is not doubled".to_string()),
                _ if rest.len() > limit => Fault::TooLong { limit: limit as u64 },
                _ if !last => return from,
                CsvEnd::Beyond => {
                    spans.push(Span { from, to: bytes.len(), line, open: true, fault: None });
                    return bytes.len();
                }
                CsvEnd::BeyondInQuotes if first_line.is_none() => Fault::Truncated,
                CsvEnd::BeyondInQuotes => Fault::NotCsv("a quote is never closed".to_string()),
            };
            // Only the line that the record began on is given up: the quote that spoiled it says nothing about the next.
            spans.push(Span::bad(line, fault));
            self.skipping = true;
        }
        from
    }
}

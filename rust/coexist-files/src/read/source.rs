//! A file as blocks of whole records.

use super::csv::Header;
use super::cut::{Csv, Cut, Json, Lines, Span};
use super::decode::{self, Decoder, Form};
use super::fault::Fault;
use super::text::hexadecimal;
use encoding_rs::Encoding;
use sha2::{Digest, Sha256};
use std::io::{self, Read};

/// Bytes that begin and end between records, and the records in them.
#[derive(Default)]
pub(super) struct Block {
    pub(super) bytes: Vec<u8>,
    pub(super) spans: Vec<Span>,
}

impl Block {
    /// The bytes as text, where all of them are: one look at all is cheaper than one at each record.
    pub(super) fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok()
    }

    /// The text of one record without white space and byte order marks around it (they stand where files were joined); `whole` is [`Block::text`].
    pub(super) fn record<'a>(&'a self, whole: Option<&'a str>, span: &Span) -> Result<&'a str, Fault> {
        let text = match (&span.fault, whole) {
            (Some(fault), _) => return Err(fault.clone()),
            (None, Some(whole)) => &whole[span.from..span.to],
            (None, None) => {
                let bytes = &self.bytes[span.from..span.to];
                std::str::from_utf8(bytes).map_err(|_| if bytes.contains(&0) { Fault::MixedEncoding } else { Fault::Encoding })?
            }
        };
        Ok(text.trim_start_matches('\u{feff}').trim_ascii())
    }
}

/// How the file's name says that it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    JsonLines,
    Json,
    Csv,
}

impl Format {
    /// Of a file name's extension; its content decides where that says nothing.
    pub(super) fn of_extension(extension: &str) -> Option<Format> {
        const TABLE: [(&str, Format); 5] =
            [("jsonl", Format::JsonLines), ("ndjson", Format::JsonLines), ("json", Format::Json), ("csv", Format::Csv), ("tsv", Format::Csv)];
        TABLE.iter().find(|(name, _)| name.eq_ignore_ascii_case(extension)).map(|(_, format)| *format)
    }

    /// What the content is: JSON under the name of JSON Lines is read all the same.
    fn of_content(named: Option<Format>, head: &[u8]) -> Format {
        let head = head.trim_ascii_start();
        let first_line = head.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii_end();
        match (named, head.first()) {
            (Some(Format::JsonLines), Some(b'[')) => Format::Json,
            (Some(Format::JsonLines), _) if first_line == b"{" => Format::Json,
            (Some(named), _) => named,
            (None, Some(b'[' | b'{')) => Format::Json,
            (None, _) => Format::Csv,
        }
    }
}

/// A file that is being read.
pub(super) struct Source<R> {
    file: R,
    decoder: Option<Decoder>,
    /// Of a file that is decoded: its bytes as they came.
    raw: Vec<u8>,
    raw_hash: Sha256,
    /// What was read but not yet given out.
    carry: Vec<u8>,
    cutter: Box<dyn Cut>,
    /// Nothing more comes from the file.
    ended: bool,
    /// Everything was given out.
    finished: bool,
    /// How many bytes were read.
    pub(super) bytes: u64,
    /// The encoding, where it is not UTF-8.
    pub(super) encoding: Option<&'static Encoding>,
    /// The header, where it is CSV.
    pub(super) header: Option<Header>,
    /// Why nothing of the file can be used.
    pub(super) refused: Option<&'static str>,
    /// Hashes what [`Source::fill`] never gives out, and how long that is.
    pub(super) prefix_hash: Sha256,
    pub(super) prefix: u64,
}

impl<R: Read> Source<R> {
    /// Reads the first `head` bytes, decides what they are, and takes the header off.
    pub(super) fn open(file: R, named: Option<Format>, head: usize, limit: usize) -> io::Result<Self> {
        let mut source = Source {
            file,
            decoder: None,
            raw: Vec::new(),
            raw_hash: Sha256::new(),
            carry: Vec::new(),
            cutter: Box::new(Lines::new(limit)),
            ended: false,
            finished: false,
            bytes: 0,
            encoding: None,
            header: None,
            refused: None,
            prefix_hash: Sha256::new(),
            prefix: 0,
        };
        source.bytes = source.file.by_ref().take(head.max(decode::SNIFFED) as u64).read_to_end(&mut source.carry)? as u64;
        let (form, mark) = decode::sniff(&source.carry);
        match form {
            Form::Utf8 => {
                source.prefix_hash.update(&source.carry[..mark]);
                source.prefix += mark as u64;
                source.carry.drain(..mark);
            }
            Form::Utf16(encoding) => {
                source.raw_hash.update(&source.carry);
                let mut decoder = Decoder::new(encoding);
                let mut text = Vec::new();
                decoder.push(&source.carry[mark..], false, &mut text);
                source.carry = text;
                source.decoder = Some(decoder);
                source.encoding = Some(encoding);
            }
            Form::Other(name) => source.refused = Some(name),
        }
        match Format::of_content(named, &source.carry) {
            Format::JsonLines => {}
            Format::Json => source.cutter = Box::new(Json::new(limit)),
            Format::Csv => {
                // What is not UTF-8 is no property name either; its bytes are counted as they are.
                let text = String::from_utf8_lossy(&source.carry);
                let mut header = Header::read(&text);
                header.bytes = source.carry.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(header.lines as usize - 1).map_or(source.carry.len(), |(at, _)| at + 1);
                source.prefix_hash.update(&source.carry[..header.bytes]);
                source.prefix += header.bytes as u64;
                source.carry.drain(..header.bytes);
                source.cutter = Box::new(Csv::new(limit, header.lines + 1, header.delimiter));
                source.header = Some(header);
            }
        }
        Ok(source)
    }

    /// Puts the next records into a block of about `size` bytes; false when there are none left.
    pub(super) fn fill(&mut self, block: &mut Block, size: usize) -> io::Result<bool> {
        block.bytes.clear();
        block.spans.clear();
        if self.finished {
            return Ok(false);
        }
        block.bytes.append(&mut self.carry);
        loop {
            if !self.ended {
                self.read(&mut block.bytes, size)?;
            }
            let done = self.cutter.cut(&block.bytes, self.ended, &mut block.spans);
            if done > 0 || self.ended {
                self.finished = self.ended;
                self.carry.extend_from_slice(&block.bytes[done..]);
                block.bytes.truncate(done);
                return Ok(!block.bytes.is_empty() || !block.spans.is_empty());
            }
        }
    }

    fn read(&mut self, out: &mut Vec<u8>, size: usize) -> io::Result<()> {
        let target = if self.decoder.is_some() { &mut self.raw } else { &mut *out };
        target.reserve(size);
        let read = self.file.by_ref().take(size as u64).read_to_end(target)?;
        self.bytes += read as u64;
        self.ended = read < size;
        if let Some(decoder) = &mut self.decoder {
            self.raw_hash.update(&self.raw);
            decoder.push(&self.raw, self.ended, out);
            self.raw.clear();
        }
        Ok(())
    }

    /// The SHA-256 of the file, given that of the blocks after [`Source::prefix_hash`].
    pub(super) fn fingerprint(self, blocks: Sha256) -> String {
        let hash = if self.decoder.is_some() { self.raw_hash } else { blocks };
        hexadecimal(&hash.finalize())
    }
}

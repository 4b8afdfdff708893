//! One JSON text, taken apart where it stands: nothing is copied that has no escapes, nothing is built that nobody asked for.
//!
//! serde_json would do the same work at less than half the speed, and a snapshot is a gigabyte; it stays the judge of what is JSON (the tests compare)
//! and the one who says what is wrong with a text that is not.

use std::borrow::Cow;

/// How deep arrays and objects may stand in each other: as deep as serde_json goes.
pub const MAX_DEPTH: usize = 127;

/// Why a text is not one JSON value that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bad {
    /// It is not JSON.
    Syntax,
    /// It is nested deeper than [`MAX_DEPTH`].
    Depth,
}

/// A place in a JSON text.
#[derive(Clone, Copy)]
pub struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    /// Stands at the first value of the text.
    pub fn new(text: &'a str) -> Self {
        let mut scanner = Scanner { text, at: 0 };
        scanner.space();
        scanner
    }

    /// Where it stands, in bytes from the beginning of the text.
    pub fn at(&self) -> usize {
        self.at
    }

    /// The text from a place up to here.
    pub fn since(&self, from: usize) -> &'a str {
        &self.text[from..self.at]
    }

    /// The next byte; 0 at the end, which is no beginning of anything in JSON.
    #[inline]
    pub fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    #[inline]
    fn space(&mut self) {
        while matches!(self.peek(), b' ' | b'\n' | b'\r' | b'\t') {
            self.at += 1;
        }
    }

    /// Takes one structural byte and the white space after it; false where another one stands.
    pub fn take(&mut self, byte: u8) -> bool {
        let taken = self.peek() == byte;
        if taken {
            self.at += 1;
            self.space();
        }
        taken
    }

    /// As [`Self::take`]; anything else is an error.
    pub fn expect(&mut self, byte: u8) -> Result<(), Bad> {
        if self.take(byte) {
            Ok(())
        } else {
            Err(Bad::Syntax)
        }
    }

    /// Takes these very bytes and the white space after them; false where others stand.
    pub fn take_all(&mut self, bytes: &[u8]) -> bool {
        let taken = self.text.as_bytes()[self.at..].starts_with(bytes);
        if taken {
            self.at += bytes.len();
            self.space();
        }
        taken
    }

    /// The text must end here.
    pub fn end(&self) -> Result<(), Bad> {
        if self.at == self.text.len() {
            Ok(())
        } else {
            Err(Bad::Syntax)
        }
    }

    /// Goes through an array: `item` takes each value.
    pub fn array<E: From<Bad>>(&mut self, mut item: impl FnMut(&mut Self) -> Result<(), E>) -> Result<(), E> {
        self.expect(b'[')?;
        if self.take(b']') {
            return Ok(());
        }
        loop {
            item(self)?;
            if !self.take(b',') {
                return Ok(self.expect(b']')?);
            }
        }
    }

    /// Goes through an object: `member` takes the name, which is already past, and must take the value.
    pub fn object<E: From<Bad>>(&mut self, mut member: impl FnMut(&mut Self, Cow<'a, str>) -> Result<(), E>) -> Result<(), E> {
        self.expect(b'{')?;
        if self.take(b'}') {
            return Ok(());
        }
        loop {
            let name = self.string()?;
            self.expect(b':')?;
            member(self, name)?;
            if !self.take(b',') {
                return Ok(self.expect(b'}')?);
            }
        }
    }

    /// Takes a string; borrowed where it has no escapes.
    #[inline]
    pub fn string(&mut self) -> Result<Cow<'a, str>, Bad> {
        if self.peek() != b'"' {
            return Err(Bad::Syntax);
        }
        let bytes = self.text.as_bytes();
        let from = self.at + 1;
        let to = plain_end(bytes, from);
        match bytes.get(to) {
            Some(b'"') => {
                self.at = to + 1;
                self.space();
                Ok(Cow::Borrowed(&self.text[from..to]))
            }
            Some(b'\\') => self.escaped(from, to).map(Cow::Owned),
            _ => Err(Bad::Syntax),
        }
    }

    #[cold]
    fn escaped(&mut self, from: usize, mut to: usize) -> Result<String, Bad> {
        let bytes = self.text.as_bytes();
        let mut out = String::from(&self.text[from..to]);
        loop {
            match bytes.get(to) {
                Some(b'"') => {
                    self.at = to + 1;
                    self.space();
                    return Ok(out);
                }
                Some(b'\\') => {}
                _ => return Err(Bad::Syntax),
            }
            let (c, length) = match bytes.get(to + 1) {
                Some(b'"') => ('"', 2),
                Some(b'\\') => ('\\', 2),
                Some(b'/') => ('/', 2),
                Some(b'b') => ('\u{8}', 2),
                Some(b'f') => ('\u{c}', 2),
                Some(b'n') => ('\n', 2),
                Some(b'r') => ('\r', 2),
                Some(b't') => ('\t', 2),
                Some(b'u') => unicode(bytes, to).ok_or(Bad::Syntax)?,
                _ => return Err(Bad::Syntax),
            };
            out.push(c);
            let from = to + length;
            to = plain_end(bytes, from);
            out.push_str(&self.text[from..to]);
        }
    }

    /// Takes a number, as it is written.
    pub fn number(&mut self) -> Result<&'a str, Bad> {
        let from = self.at;
        if self.peek() == b'-' {
            self.at += 1;
        }
        // No digit may follow a leading zero; the next `expect` refuses it.
        if self.peek() == b'0' {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == b'.' {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), b'e' | b'E') {
            self.at += 1;
            if matches!(self.peek(), b'+' | b'-') {
                self.at += 1;
            }
            self.digits()?;
        }
        let number = self.since(from);
        self.space();
        Ok(number)
    }

    fn digits(&mut self) -> Result<(), Bad> {
        if !self.peek().is_ascii_digit() {
            return Err(Bad::Syntax);
        }
        while self.peek().is_ascii_digit() {
            self.at += 1;
        }
        Ok(())
    }

    /// Takes `true`, `false` or `null`: `Some(true)`, `Some(false)`, `None`.
    pub fn literal(&mut self) -> Result<Option<bool>, Bad> {
        [("true", Some(true)), ("false", Some(false)), ("null", None)]
            .into_iter()
            .find_map(|(name, value)| self.take_all(name.as_bytes()).then_some(value))
            .ok_or(Bad::Syntax)
    }

    /// Takes one value of any kind and forgets it; `depth` arrays and objects stand around it.
    pub fn skip(&mut self, depth: usize) -> Result<(), Bad> {
        match self.peek() {
            b'"' => self.skip_string(),
            b'{' | b'[' if depth >= MAX_DEPTH => Err(Bad::Depth),
            b'{' => self.object(|scanner, _| scanner.skip(depth + 1)),
            b'[' => self.array(|scanner| scanner.skip(depth + 1)),
            b't' | b'f' | b'n' => self.literal().map(drop),
            _ => self.number().map(drop),
        }
    }

    fn skip_string(&mut self) -> Result<(), Bad> {
        self.string().map(drop)
    }
}

/// The character of `\uXXXX` at a place, a surrogate pair being one, and how many bytes it took.
fn unicode(bytes: &[u8], at: usize) -> Option<(char, usize)> {
    let unit = |at: usize| -> Option<u32> {
        let digits = bytes.get(at..at + 6).filter(|escape| escape.starts_with(b"\\u"))?;
        digits[2..].iter().try_fold(0, |value, digit| Some(value * 16 + char::from(*digit).to_digit(16)?))
    };
    let first = unit(at)?;
    match first {
        0xd800..=0xdbff => {
            let second = unit(at + 6).filter(|second| (0xdc00..=0xdfff).contains(second))?;
            char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)).map(|c| (c, 12))
        }
        _ => char::from_u32(first).map(|c| (c, 6)),
    }
}

/// The first place from `at` on that holds a quote, a backslash or a control character; the length where none does.
#[inline]
fn plain_end(bytes: &[u8], mut at: usize) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    // Eight bytes at once; a borrow can only spoil bytes above a true hit, and the lowest one is taken.
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*chunk);
        let quote = word ^ (ONES * b'"' as u64);
        let slash = word ^ (ONES * b'\\' as u64);
        let hits = (word.wrapping_sub(ONES * 0x20) & !word | quote.wrapping_sub(ONES) & !quote | slash.wrapping_sub(ONES) & !slash) & HIGH;
        if hits != 0 {
            return at + (hits.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while bytes.get(at).is_some_and(|byte| *byte >= 0x20 && *byte != b'"' && *byte != b'\\') {
        at += 1;
    }
    at
}

//! CSV as people and programs write it: RFC 4180 by csv-core, with the delimiters and first lines that Excel and Export-Csv add.

/// What cultures and people separate fields with: Export-Csv -UseCulture and Excel write `;` where `,` is the decimal sign.
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

/// Reads one record after another; no more than one is in memory.
pub struct Reader<'t> {
    reader: csv_core::Reader,
    text: &'t str,
    /// Where the next record begins.
    at: usize,
    /// The line of `counted`.
    line: u64,
    counted: usize,
    output: Vec<u8>,
    ends: Vec<usize>,
}

/// One record.
#[derive(Debug, Clone, Copy)]
pub struct Row<'r> {
    /// The line that it begins on, from 1.
    pub line: u64,
    /// The file ends inside a quoted field: what is missing is unknown.
    pub is_cut: bool,
    text: &'r str,
    ends: &'r [usize],
}

impl<'r> Row<'r> {
    /// How many fields it has.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// True without fields, which no record is.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// A field without white space around it; empty where the record has no such field.
    pub fn get(&self, index: usize) -> &'r str {
        let start = if index == 0 { 0 } else { self.ends.get(index - 1).copied().unwrap_or(usize::MAX) };
        let end = self.ends.get(index).copied().unwrap_or_default();
        self.text.get(start..end).unwrap_or_default().trim()
    }

    /// Where the first field of these names stands, whatever its case.
    pub fn find(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| (0..self.len()).find(|index| self.get(*index).eq_ignore_ascii_case(name)))
    }
}

impl<'t> Reader<'t> {
    /// Of a text with or without byte order mark. The header is the first record.
    pub fn new(text: &'t str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let (mut at, mut delimiter) = (0, None);
        let delimiter = loop {
            let rest = &text[at..];
            let length = memchr::memchr(b'\n', rest.as_bytes()).map_or(rest.len(), |end| end + 1);
            let line = rest[..length].trim_end_matches(['\r', '\n']);
            // Excel's own way to say how it separates, and Export-Csv's to say what it had.
            if let Some(separator) = line.strip_prefix("sep=").filter(|separator| separator.len() == 1) {
                delimiter = separator.bytes().next();
            } else if length == 0 || !(line.starts_with("#TYPE") || line.trim().is_empty()) {
                break delimiter.unwrap_or_else(|| most_frequent(line));
            }
            at += length;
        };
        let reader = csv_core::ReaderBuilder::new().delimiter(delimiter).build();
        Reader { reader, text, at, line: 1, counted: 0, output: vec![0; 1024], ends: vec![0; 64] }
    }

    /// The next record; lines without anything are none.
    #[allow(clippy::should_implement_trait)] // A record is a part of the reader, so that millions of them take no memory.
    pub fn next(&mut self) -> Option<Row<'_>> {
        let mut input = &self.text.as_bytes()[self.at..];
        let blank = input.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        input = &input[blank..];
        let begin = self.at + blank;
        self.line += memchr::memchr_iter(b'\n', &self.text.as_bytes()[self.counted..begin]).count() as u64;
        self.counted = begin;
        let (mut written, mut fields) = (0, 0);
        loop {
            let (result, used, wrote, found) = self.reader.read_record(input, &mut self.output[written..], &mut self.ends[fields..]);
            input = &input[used..];
            written += wrote;
            fields += found;
            match result {
                csv_core::ReadRecordResult::InputEmpty => continue,
                csv_core::ReadRecordResult::OutputFull => self.output.resize(self.output.len() * 2, 0),
                csv_core::ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                csv_core::ReadRecordResult::Record => break,
                csv_core::ReadRecordResult::End => return None,
            }
        }
        self.at = self.text.len() - input.len();
        let is_cut = input.is_empty() && memchr::memchr_iter(b'"', &self.text.as_bytes()[begin..]).count() % 2 == 1;
        Some(Row { line: self.line, is_cut, text: std::str::from_utf8(&self.output[..written]).unwrap_or_default(), ends: &self.ends[..fields] })
    }
}

/// What separates the fields of a line: of the delimiters outside of quotes the most frequent, a comma where there is none.
pub fn most_frequent(line: &str) -> u8 {
    let mut in_quotes = false;
    let mut counts = [0; DELIMITERS.len()];
    for byte in line.bytes() {
        in_quotes ^= byte == b'"';
        if let Some(index) = DELIMITERS.iter().position(|delimiter| *delimiter == byte && !in_quotes) {
            counts[index] += 1;
        }
    }
    (0..counts.len()).rev().max_by_key(|index| counts[*index]).map_or(DELIMITERS[0], |index| DELIMITERS[index])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Vec<(u64, Vec<String>)> {
        let mut reader = Reader::new(text);
        let mut rows = Vec::new();
        while let Some(row) = reader.next() {
            rows.push((row.line, (0..row.len()).map(|index| row.get(index).to_string()).collect()));
        }
        rows
    }

    fn row(line: u64, fields: &[&str]) -> (u64, Vec<String>) {
        (line, fields.iter().map(|field| field.to_string()).collect())
    }

    #[test]
    fn records_are_read_with_their_lines_however_they_are_written() {
        assert_eq!(read("\u{feff}a,b\r\n\r\n\"x\r\ny\",\" z\"\r\nü,ö"), [row(1, &["a", "b"]), row(3, &["x\r\ny", "z"]), row(5, &["ü", "ö"])]);
        assert_eq!(read("#TYPE X\n\"a\";\"b,c\"\n1;2\n"), [row(2, &["a", "b,c"]), row(3, &["1", "2"])]);
        assert_eq!(read("sep=|\na|b\n\"q\"\"q\"|2"), [row(2, &["a", "b"]), row(3, &["q\"q", "2"])]);
        assert!(read("").is_empty() && read("\n\r\n").is_empty());
        let long = "é".repeat(5000);
        assert_eq!(read(&format!("a\tb\n{long}\t{}", "\t".repeat(99)))[1].1[0], long);
    }

    #[test]
    fn a_file_that_ends_inside_quotes_is_cut() {
        for (text, is_cut) in [("a,b\n\"x\",\"y", true), ("a,b\n\"x\",\"y\"", false), ("a,b\n\"x\",\"y\"\"", true), ("a,b\nx,y", false)] {
            let mut reader = Reader::new(text);
            reader.next().unwrap();
            assert_eq!(reader.next().unwrap().is_cut, is_cut, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_quoted_comes_back(rows in proptest::collection::vec(proptest::collection::vec("[a-zü山,;\"\n\r x]{0,8}", 2..5), 1..9), delimiter in 0usize..3) {
            let delimiter = [",", ";", "\t"][delimiter];
            let quote = |field: &String| format!("\"{}\"", field.replace('"', "\"\""));
            let line = |row: &Vec<String>| row.iter().map(quote).collect::<Vec<_>>().join(delimiter);
            let text: String = std::iter::once(["H".to_string(), "I".to_string()].join(delimiter)).chain(rows.iter().map(line)).map(|line| line + "\r\n").collect();
            let wanted: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|field| field.trim().to_string()).collect()).collect();
            prop_assert_eq!(read(&text).into_iter().skip(1).map(|(_, row)| row).collect::<Vec<_>>(), wanted);
        }

        #[test]
        fn no_text_is_too_odd(text: String) {
            read(&text);
        }
    }
}

//! CSV as Export-Csv writes it: a header of property names, perhaps after a `#TYPE` line, fields in quotes with quotes doubled.

use super::fault::Fault;
use coexist_core::snapshot::{push_string, Property, RecordBuilder};
use std::borrow::Cow;

/// The columns of one file.
pub(super) struct Header {
    /// As it is written.
    pub(super) text: String,
    pub(super) delimiter: u8,
    columns: Vec<Option<Property>>,
    /// Its names are in quotes, as Export-Csv writes them; then the fields of every record are.
    quoted: bool,
    /// The names that stand in it twice.
    pub(super) twice: Vec<String>,
    /// How many bytes of the file it takes, and how many lines.
    pub(super) bytes: usize,
    pub(super) lines: u64,
}

impl Header {
    /// Reads the header at the beginning of a file.
    pub(super) fn read(text: &str) -> Header {
        let (mut bytes, mut lines, mut delimiter) = (0, 0, None);
        loop {
            let rest = &text[bytes..];
            let length = rest.find('\n').map_or(rest.len(), |end| end + 1);
            let line = rest[..length].trim_end_matches(['\r', '\n']);
            bytes += length;
            lines += 1;
            // Excel's own way to say how it separates.
            if let Some(separator) = line.strip_prefix("sep=").filter(|separator| separator.len() == 1) {
                delimiter = separator.bytes().next();
            } else if length == 0 || !(line.starts_with("#TYPE") || line.trim().is_empty()) {
                let delimiter = delimiter.unwrap_or_else(|| coexist_core::csv::most_frequent(line));
                let (columns, twice) = columns(line, delimiter);
                let quoted = line.starts_with('"');
                return Header { text: line.to_string(), quoted, delimiter, columns, twice, bytes, lines };
            }
        }
    }

    /// True where at least one column is a property that Coexist reads.
    pub(super) fn is_useful(&self) -> bool {
        self.columns.iter().any(Option::is_some)
    }

    /// True where the file ends inside the header.
    pub(super) fn is_cut(&self) -> bool {
        self.quoted && !self.text.ends_with('"')
    }

    /// True for a last record without a line end that may have lost something: its last field does not end as the fields of this file do.
    pub(super) fn is_doubtful(&self, text: &str) -> bool {
        self.quoted && !text.ends_with('"')
    }

    /// Appends one record as a JSON object with every column, its values as the texts that they are.
    pub(super) fn push_object(&self, out: &mut Vec<u8>, text: &str) -> Result<(), Fault> {
        let fields: Vec<Cow<str>> = fields(text, self.delimiter).collect();
        if fields.len() != self.columns.len() {
            return Err(self.wrong_count(fields.len()));
        }
        let names = self::fields(&self.text, self.delimiter);
        // Of two columns with one name the first stands.
        let mut members: Vec<(Cow<str>, Cow<str>)> = Vec::new();
        for (name, field) in names.zip(fields) {
            if !members.iter().any(|(known, _)| known.eq_ignore_ascii_case(name.trim())) {
                members.push((Cow::Owned(name.trim().to_string()), field));
            }
        }
        members.sort();
        out.push(b'{');
        for (index, (name, field)) in members.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            push_string(out, name);
            out.push(b':');
            push_string(out, field);
        }
        out.push(b'}');
        Ok(())
    }

    fn wrong_count(&self, count: usize) -> Fault {
        Fault::NotCsv(format!("it has {count} fields where the header has {}", self.columns.len()))
    }

    /// Appends one record. On an error nothing is appended.
    pub(super) fn push(&self, builder: &mut RecordBuilder, text: &str) -> Result<(), Fault> {
        builder.begin();
        let mut columns = self.columns.iter();
        let mut count = 0;
        for field in fields(text, self.delimiter) {
            count += 1;
            if let Some(Some(property)) = columns.next() {
                builder.push_text(*property, &field);
            }
        }
        if count == self.columns.len() {
            return Ok(());
        }
        builder.discard();
        Err(self.wrong_count(count))
    }
}

fn columns(line: &str, delimiter: u8) -> (Vec<Option<Property>>, Vec<String>) {
    let mut twice = Vec::new();
    let mut columns: Vec<Option<Property>> = Vec::new();
    for name in fields(line, delimiter) {
        let property = Property::parse(name.trim());
        if property.is_some() && columns.contains(&property) {
            twice.push(name.into_owned());
            columns.push(None);
        } else {
            columns.push(property);
        }
    }
    (columns, twice)
}

/// The fields of one record.
fn fields(text: &str, delimiter: u8) -> impl Iterator<Item = Cow<'_, str>> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(quoted) = text.strip_prefix('"') else {
            let end = memchr::memchr(delimiter, text.as_bytes());
            rest = end.map(|end| &text[end + 1..]);
            return Some(Cow::Borrowed(&text[..end.unwrap_or(text.len())]));
        };
        let (mut at, mut doubled) = (0, false);
        let end = loop {
            let Some(length) = memchr::memchr(b'"', &quoted.as_bytes()[at..]) else { break quoted.len() };
            at += length + 1;
            if quoted.as_bytes().get(at) != Some(&b'"') {
                break at - 1;
            }
            doubled = true;
            at += 1;
        };
        let field = &quoted[..end];
        let after = memchr::memchr(delimiter, quoted.as_bytes().get(end..).unwrap_or_default());
        rest = after.map(|length| &quoted[end + length + 1..]);
        Some(if doubled { Cow::Owned(field.replace("\"\"", "\"")) } else { Cow::Borrowed(field) })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_taken_out_of_their_quotes() {
        let cases: [(&str, &[&str]); 7] = [
            ("", &[""]),
            (",", &["", ""]),
            ("\"a\",b,\"\"", &["a", "b", ""]),
            ("\"a\"\"b\",\"c,d\ne\"", &["a\"b", "c,d\ne"]),
            ("5\" disk,x", &["5\" disk", "x"]),
            ("\"Zoë, Ltd\",ü", &["Zoë, Ltd", "ü"]),
            ("\"open", &["open"]),
        ];
        for (text, expected) in cases {
            assert_eq!(fields(text, b',').collect::<Vec<_>>(), expected, "{text}");
        }
    }

    #[test]
    fn headers_are_found_whatever_stands_before_them() {
        let cases = [
            ("\"Alias\",\"Name\"\r\n\"a\",\"n\"", b',', 16, 1),
            ("#TYPE Deserialized.Microsoft.Exchange.Data\r\nAlias;Name\r\n", b';', 56, 2),
            ("sep=;\nAlias;Name\n", b';', 17, 2),
            ("\n\nAlias\tName\n", b'\t', 13, 3),
            ("Alias", b',', 5, 1),
            ("alias;\"name, given\"", b';', 19, 1),
        ];
        for (text, delimiter, bytes, lines) in cases {
            let header = Header::read(text);
            assert_eq!((header.delimiter, header.bytes, header.lines), (delimiter, bytes, lines), "{text}");
            assert_eq!(header.columns.first(), Some(&Some(Property::Alias)));
        }
        assert_eq!(Header::read("Alias,ALIAS,x").twice, ["ALIAS"]);
        assert!(!Header::read("").is_useful());
        assert!(!Header::read("#TYPE x").is_useful());
    }
}

//! Records that cannot be used, for the files that are asked to hold some.

use super::value::Object;

/// The files that get some, in turn, each with a recipient type that does not belong into it.
const FILES: [(&str, &str); 2] = [("source/mailboxes.jsonl", "MailUser"), ("target/mailUsers.jsonl", "UserMailbox")];

/// How a record is bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Cut off in the middle.
    Truncated,
    /// A NUL among the letters, as a UTF-16 tail has them.
    Nul,
    /// A letter in the code page of one machine.
    CodePage,
    /// The record before it once more.
    Duplicate,
    /// A list and no object.
    List,
    /// Two objects on one line.
    Trailing,
    /// A line of a CSV.
    Csv,
    /// An object of another kind.
    OtherKind,
}

/// In turn, with the code of the problem that reading makes of each.
const WAYS: [(Way, &str); 8] = [
    (Way::Truncated, "RecordNotJson"),
    (Way::Nul, "MixedEncoding"),
    (Way::CodePage, "InvalidEncoding"),
    (Way::Duplicate, "DuplicateRecord"),
    (Way::List, "RecordNotJson"),
    (Way::Trailing, "RecordNotJson"),
    (Way::Csv, "RecordNotJson"),
    (Way::OtherKind, "RecordWrongKind"),
];

/// One bad record.
pub(super) struct Bad {
    pub way: Way,
    /// The code of the problem.
    pub code: &'static str,
    /// A RecipientTypeDetails that does not belong into the file.
    other_type: &'static str,
    /// Before which place of its file it stands.
    pub before: u64,
    /// Among all bad records of the lab.
    pub number: u64,
}

impl Bad {
    /// Appends the bad record that comes of a good one.
    pub fn write(&self, mut good: Object, out: &mut Vec<u8>) {
        if self.way == Way::OtherKind {
            good.set("RecipientTypeDetails", self.other_type.into());
        }
        let mut line = Vec::new();
        good.write_line(&mut line);
        line.pop();
        match self.way {
            Way::Duplicate | Way::OtherKind => {}
            Way::Truncated => {
                line.truncate(line.len() / 2);
                // Not within a letter of several bytes: that is another trouble.
                while line.last().is_some_and(|byte| !byte.is_ascii()) {
                    line.pop();
                }
            }
            // Within the alias, which comes first.
            Way::Nul => line.insert(11, 0),
            Way::CodePage => line.insert(11, 0xeb),
            Way::List => line = b"[\"SMTP:a@contoso.com\",\"smtp:b@contoso.com\"]".to_vec(),
            Way::Trailing => line.extend_from_slice(b",{}"),
            Way::Csv => line = b"\"Alias\",\"EmailAddresses\"".to_vec(),
        }
        out.append(&mut line);
        out.push(b'\n');
    }
}

/// The bad records of a file with so many places, spread evenly, where `count` are asked for in the whole lab.
pub(super) fn of_file(path: &str, count: u32, places: u64) -> Vec<Bad> {
    let Some(file) = FILES.iter().position(|(file, _)| *file == path) else { return Vec::new() };
    let numbers: Vec<usize> = (file..count as usize).step_by(FILES.len()).collect();
    let share = numbers.len() as u64 + 1;
    let bad = |(at, number): (usize, &usize)| {
        // Half of the ways apart, so that a few bad records already show different troubles.
        let (way, code) = WAYS[(number / FILES.len() + file * WAYS.len() / 2) % WAYS.len()];
        Bad { way, code, other_type: FILES[file].1, before: (at as u64 + 1) * places / share, number: *number as u64 }
    };
    numbers.iter().enumerate().map(bad).collect()
}

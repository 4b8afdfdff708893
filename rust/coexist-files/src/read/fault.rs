//! What can be wrong with a file or one of its records, in words.

use super::Context;
use coexist_core::problem::{Category, Problem};
use std::io;
use std::path::Path;

/// What is wrong with one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// Longer than the limit, in bytes.
    TooLong { limit: u64 },
    /// The file ends inside a record, or inside the array around the records.
    Truncated,
    /// Bytes that are no UTF-8 (or no UTF-16 in a UTF-16 file).
    Encoding,
    /// Another encoding than the beginning of the file.
    MixedEncoding,
    /// No JSON object; what is wrong with it.
    NotJson(String),
    /// No CSV record of this header; what is wrong with it.
    NotCsv(String),
    /// Nested deeper than the limit.
    TooDeep,
    /// An object of another kind; what it is.
    WrongKind(String),
    /// Has the key of an earlier object: the key, and the earlier one's line.
    Duplicate { key: String, first: u64 },
    /// A column name that another column already has.
    ColumnDuplicate(String),
}

/// How to export again, for messages.
const REWRITE: &str = "write it again with 'Export-Csv -Encoding UTF8' or 'Out-File -Encoding utf8', or use Export-CoexistSnapshot";

impl Fault {
    pub(super) fn problem(self, context: &Context, line: u64) -> Problem {
        let kind = context.kind;
        let source = kind.source();
        let (code, category, message) = match &self {
            Fault::TooLong { limit } => (
                "RecordTooLong",
                Category::LimitsExceeded,
                format!(
                    "The record is longer than {limit} bytes (limit recordBytes) and was left out. No object of {source} is that long: the file is damaged or \
                     is something else; export it again, or raise the limit if the object is real."
                ),
            ),
            Fault::Truncated => (
                "TruncatedFile",
                Category::InvalidData,
                format!(
                    "The file ends in the middle of a record: the export was interrupted or the disk was full. Objects of {kind} are missing, and what they \
                     hold would be planned as absent; export the file again."
                ),
            ),
            Fault::Encoding => (
                "InvalidEncoding",
                Category::InvalidData,
                format!(
                    "The record is not UTF-8 and was left out: a name in it may have been written in the code page of one machine, which Coexist never guesses; \
                     {REWRITE}."
                ),
            ),
            Fault::MixedEncoding => (
                "MixedEncoding",
                Category::InvalidData,
                format!(
                    "The file changes its encoding here, as when Out-File -Append or Add-Content continues a file of another encoding; the record was left out. \
                     Export the file in one go, or {REWRITE}."
                ),
            ),
            Fault::NotJson(why) => (
                "RecordNotJson",
                Category::InvalidData,
                format!("The record is not a JSON object ({why}) and was left out; export the object again with ConvertTo-Json or Export-CoexistSnapshot."),
            ),
            Fault::NotCsv(why) => (
                "RecordNotCsv",
                Category::InvalidData,
                format!("The record does not fit the header of the file ({why}) and was left out; export it again with Export-Csv, which quotes every field."),
            ),
            Fault::TooDeep => (
                "NestedTooDeep",
                Category::LimitsExceeded,
                format!("The record is nested deeper than any object of {source} and was left out; export it again with 'ConvertTo-Json -Depth 4'."),
            ),
            Fault::WrongKind(what) => (
                "RecordWrongKind",
                Category::InvalidData,
                format!(
                    "The record {what}, so it is no object for {kind} ({source}) and was left out: it would be planned as something that it is not. Move it to the \
                     file of its kind."
                ),
            ),
            Fault::Duplicate { key, first } => (
                "DuplicateRecord",
                Category::InvalidData,
                format!("'{key}' is in the file twice; the first one (line {first}) stands and this one was left out. Export the kind again if they differ."),
            ),
            Fault::ColumnDuplicate(name) => (
                "ColumnDuplicate",
                Category::InvalidData,
                format!("The column '{name}' is in the header twice; the first one is read and the other ignored. Remove one of them if they differ."),
            ),
        };
        let problem = Problem::new(code, category, message).at(context.file, line);
        match self {
            Fault::Duplicate { key, .. } | Fault::ColumnDuplicate(key) => problem.about(key),
            _ => problem,
        }
    }
}

/// The file could not be opened or read.
pub(super) fn unreadable(path: &Path, error: &io::Error) -> Problem {
    let name = path.display();
    let (code, category, message) = match error.kind() {
        io::ErrorKind::NotFound => ("FileNotFound", Category::ObjectNotFound, format!("There is no file '{name}'; check the path.")),
        io::ErrorKind::PermissionDenied => (
            "FileUnreadable",
            Category::ReadError,
            format!("'{name}' may not be read by this account, or another program holds it ({error}); close that program or run as an account that may read it."),
        ),
        _ => ("FileUnreadable", Category::ReadError, format!("'{name}' could not be read ({error}); what was read of it is not used.")),
    };
    Problem::new(code, category, message).about(name.to_string())
}

/// The file holds nothing at all.
pub(super) fn empty(context: &Context) -> Problem {
    let source = context.kind.source();
    let message = format!(
        "The file is empty: nothing was exported, or the export failed. If {source} really returns nothing, remove the file or write '[]' into it (as .json)."
    );
    Problem::new("FileEmpty", Category::InvalidData, message).at(context.file, 1)
}

/// An encoding that no export of PowerShell needs and Coexist does not read.
pub(super) fn encoding(context: &Context, name: &str) -> Problem {
    Problem::new("InvalidEncoding", Category::InvalidData, format!("The file is {name}, which Coexist does not read; {REWRITE}.")).at(context.file, 1)
}

/// No column of a CSV file is a property of its kind.
pub(super) fn no_columns(context: &Context, header: &str) -> Problem {
    let header: String = header.chars().take(100).collect();
    let message = format!(
        "None of the columns of '{header}' is a property that Coexist reads of {} ({}), so nothing of the file can be used. Export the cmdlet's own properties \
         under their own names, separated by comma, semicolon or tab.",
        context.kind,
        context.kind.source()
    );
    Problem::new("ColumnsUnknown", Category::InvalidData, message).at(context.file, 1)
}

/// More problems than are kept.
pub(super) fn omitted(context: &Context, kept: usize, count: u64) -> Problem {
    let message = format!(
        "{count} records of the file are bad, of which the first {kept} were reported one by one (limit problemsPerFile). So many mean one cause: look at the \
         first, and export the file again."
    );
    let mut problem = Problem::new("ProblemsOmitted", Category::LimitsExceeded, message);
    problem.file = Some(context.file.to_string());
    problem
}

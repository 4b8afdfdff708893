//! Ties from a CSV: From, To, and perhaps Kind and Weight.

use super::{unknown_kind, Gathered, Kinds, Resolved, Ties};
use crate::csv::{Reader, Row};
use crate::limits::Limits;
use crate::problem::{Category, Problem};

/// One row of a file of ties, or one object of the pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TieRow<'a> {
    /// Any identity of the one.
    pub from: &'a str,
    /// Any identity of the other.
    pub to: &'a str,
    /// The name of a kind; `explicit` where it is empty.
    pub kind: &'a str,
    /// A positive whole number, or `hard`; the kind's own weight where there is none.
    pub weight: Option<&'a str>,
    /// The file and the line in it, from 1, for messages.
    pub place: (&'a str, u64),
}

/// What the column Weight says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// Nothing: as the kind has it.
    OfKind,
    /// So much.
    Number(u32),
    /// Never to be cut.
    Hard,
}

impl Weight {
    /// Reads it; `None` for anything else.
    pub fn parse(text: &str) -> Option<Weight> {
        match text.trim() {
            "" => Some(Weight::OfKind),
            text if text.eq_ignore_ascii_case("hard") => Some(Weight::Hard),
            text if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok().filter(|number| *number > 0).map(Weight::Number),
            _ => None,
        }
    }
}

/// Reads a file of ties. Columns stand in any order and case: From, To, Kind (else `explicit`), Weight (a positive whole number, or `hard`; else the kind's
/// own); further columns are ignored. `file` names it in messages.
///
/// A row that cannot be used is a problem with file and line (`TieRowInvalid`, `TieKindUnknown`), and the rest go on; after the limit `problemsPerFile` they
/// are only counted.
///
/// # Errors
/// `TiesFileInvalid`: there is no header with From and To.
pub fn from_csv(text: &str, file: &str, kinds: &Kinds, limits: &Limits, resolve: &dyn Fn(&str) -> Resolved) -> Result<Ties, Problem> {
    let mut reader = Reader::new(text);
    let header = reader.next().ok_or_else(|| missing(file, "it is empty"))?;
    let column = |name: &str| header.find(&[name]);
    let from = column("From").ok_or_else(|| missing(file, "it has no column From"))?;
    let to = column("To").ok_or_else(|| missing(file, "it has no column To"))?;
    let (kind, weight, fields) = (column("Kind"), column("Weight"), header.len());
    let mut rows = Rows::new(kinds, limits, resolve);
    while let Some(row) = reader.next() {
        let noted = whole(&row, fields, file).and_then(|()| {
            let optional = |column: Option<usize>| column.map(|column| row.get(column)).filter(|text| !text.is_empty());
            let row = TieRow { from: row.get(from), to: row.get(to), kind: optional(kind).unwrap_or_default(), weight: optional(weight), place: (file, row.line) };
            rows.gathered.row(&row)
        });
        rows.note(noted);
    }
    Ok(rows.finish(file))
}

/// The same of rows that come from elsewhere, such as the pipeline; `name` stands for their file in the message of what was omitted.
pub fn from_rows<'r>(rows: impl Iterator<Item = TieRow<'r>>, name: &str, kinds: &Kinds, limits: &Limits, resolve: &dyn Fn(&str) -> Resolved) -> Ties {
    let mut noted = Rows::new(kinds, limits, resolve);
    for row in rows {
        let result = noted.gathered.row(&row);
        noted.note(result);
    }
    noted.finish(name)
}

/// Rows as they come: bad ones are told one by one up to a limit.
struct Rows<'a> {
    gathered: Gathered<'a>,
    most: u64,
    bad: u64,
}

impl<'a> Rows<'a> {
    fn new(kinds: &'a Kinds, limits: &Limits, resolve: &'a dyn Fn(&str) -> Resolved) -> Self {
        Rows { gathered: Gathered::new(kinds, resolve), most: limits.value("problemsPerFile"), bad: 0 }
    }

    fn note(&mut self, noted: Result<(), Problem>) {
        if let Err(problem) = noted {
            self.bad += 1;
            if self.bad <= self.most {
                self.gathered.problems.push(problem);
            }
        }
    }

    fn finish(mut self, name: &str) -> Ties {
        let Rows { bad, most, .. } = self;
        if bad > most {
            let message = format!("{bad} rows of '{name}' cannot be used, of which the first {most} were reported one by one (limit problemsPerFile).");
            self.gathered.problems.push(Problem::new("ProblemsOmitted", Category::LimitsExceeded, message).about(name));
        }
        self.gathered.finish()
    }
}

impl Gathered<'_> {
    /// Notes the tie of one row.
    pub(super) fn row(&mut self, row: &TieRow) -> Result<(), Problem> {
        let (file, line) = row.place;
        let bad = |what: String| Err(invalid(file, line, &what));
        if row.from.trim().is_empty() || row.to.trim().is_empty() {
            return bad(format!("{} is empty", if row.from.trim().is_empty() { "From" } else { "To" }));
        }
        let name = if row.kind.trim().is_empty() { "explicit" } else { row.kind.trim() };
        let Some(kind) = self.kinds.index(name) else {
            return Err(unknown_kind(name, "the row is left out").at(file, line));
        };
        let own = self.kinds.get(kind);
        let Some(weight) = Weight::parse(row.weight.unwrap_or_default()) else {
            return bad(format!("its Weight '{}' is neither a positive whole number nor 'hard'", row.weight.unwrap_or_default()));
        };
        if own.weight == 0 {
            return Ok(());
        }
        let (weight, hard) = match weight {
            Weight::OfKind => (own.weight, own.hard),
            Weight::Number(number) => (number, own.hard),
            Weight::Hard => (own.weight, true),
        };
        let (from, to) = (self.person(row.from), self.person(row.to));
        self.weighted(kind, from, to, weight, hard);
        Ok(())
    }
}

fn whole(row: &Row, fields: usize, file: &str) -> Result<(), Problem> {
    if row.is_cut {
        return Err(invalid(file, row.line, "the file ends inside it"));
    }
    if row.len() != fields {
        return Err(invalid(file, row.line, &format!("it has {} fields where the header has {fields}", row.len())));
    }
    Ok(())
}

fn invalid(file: &str, line: u64, what: &str) -> Problem {
    let message = format!("A tie cannot be used: {what}. The two may be moved apart; correct the row.");
    Problem::new("TieRowInvalid", Category::InvalidData, message).at(file, line)
}

fn missing(file: &str, what: &str) -> Problem {
    let message = format!("The file of ties '{file}' cannot be used: {what}. It is a CSV file whose first line names the columns From and To, and perhaps Kind and Weight.");
    Problem::new("TiesFileInvalid", Category::InvalidData, message).about(file)
}

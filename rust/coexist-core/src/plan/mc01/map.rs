//! The map file: which source person is which target object, where no rule can tell.

use crate::problem::{Category, Problem};

/// One line of a map file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapRow {
    /// Any identity of the source person.
    pub source: String,
    /// Any identity of the target object.
    pub target: String,
    /// The line in the file, from 1.
    pub line: u64,
}

/// The columns that name the source and the target, best first. The `External…` ones are those of Cross-Tenant Identity Mapping's own CSV.
const SOURCE_COLUMNS: [&str; 6] =
    ["Source", "SourceIdentity", "SourceExternalDirectoryObjectId", "ExternalDirectoryObjectId", "SourceUserPrincipalName", "SourcePrimarySmtpAddress"];
const TARGET_COLUMNS: [&str; 6] =
    ["Target", "TargetIdentity", "TargetExternalDirectoryObjectId", "TargetUserPrincipalName", "TargetPrimarySmtpAddress", "TargetPrimarySMTP"];

/// Reads a map file: CSV with a header line, columns in any order, further columns ignored, lines without a target left out (CTIM lists everybody).
pub fn parse(text: &str) -> Result<Vec<MapRow>, Problem> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut rows = read(text).into_iter();
    let Some((_, header)) = rows.next() else {
        return Err(missing("it is empty"));
    };
    let find = |columns: &[&str]| columns.iter().find_map(|column| header.iter().position(|name| name.trim().eq_ignore_ascii_case(column)));
    let source = find(&SOURCE_COLUMNS).ok_or_else(|| missing("it has no source column"))?;
    let target = find(&TARGET_COLUMNS).ok_or_else(|| missing("it has no target column"))?;
    let cell = |row: &[String], at: usize| row.get(at).map(|cell| cell.trim().to_string()).unwrap_or_default();
    Ok(rows
        .map(|(line, row)| MapRow { source: cell(&row, source), target: cell(&row, target), line })
        .filter(|row| !row.source.is_empty() && !row.target.is_empty())
        .collect())
}

fn missing(what: &str) -> Problem {
    Problem::new(
        "MapFileInvalid",
        Category::InvalidData,
        format!(
            "The map file cannot be used: {what}. It is a comma-separated file whose first line names a source column ({}) and a target column ({}).",
            SOURCE_COLUMNS.join(", "),
            TARGET_COLUMNS.join(", ")
        ),
    )
}

fn read(text: &str) -> Vec<(u64, Vec<String>)> {
    let mut reader = csv_core::Reader::new();
    let mut rows = Vec::new();
    let (mut line, mut counted) = (1, 0);
    let (mut input, mut output, mut ends) = (text.as_bytes(), vec![0u8; text.len().max(64)], vec![0usize; 64]);
    loop {
        // csv-core counts the line of where it is, which behind CRLF is still the line before.
        let blank = input.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        input = &input[blank..];
        let here = text.len() - input.len();
        line += memchr::memchr_iter(b'\n', &text.as_bytes()[counted..here]).count() as u64;
        counted = here;
        let (mut written, mut fields) = (0, 0);
        let ended = loop {
            let (result, used, wrote, found) = reader.read_record(input, &mut output[written..], &mut ends[fields..]);
            input = &input[used..];
            written += wrote;
            fields += found;
            match result {
                csv_core::ReadRecordResult::InputEmpty => continue,
                csv_core::ReadRecordResult::OutputFull => output.resize(output.len() * 2, 0),
                csv_core::ReadRecordResult::OutputEndsFull => ends.resize(ends.len() * 2, 0),
                csv_core::ReadRecordResult::Record => break false,
                csv_core::ReadRecordResult::End => break true,
            }
        };
        if ended {
            return rows;
        }
        let mut start = 0;
        let cells = ends[..fields]
            .iter()
            .map(|end| {
                let cell = String::from_utf8_lossy(&output[start..*end]).into_owned();
                start = *end;
                cell
            })
            .collect();
        rows.push((line, cells));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn map_files_are_read_with_ctims_columns_too() {
        let text = "\u{feff}\"TargetExternalDirectoryObjectId\",Extra,SourceExternalDirectoryObjectId\r\nt1,\"a,b\",s1\r\n,,s2\r\n\"t\"\"3\",x,s3\r\n";
        let rows = parse(text).unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!((rows[0].source.as_str(), rows[0].target.as_str(), rows[0].line), ("s1", "t1", 2));
        assert_eq!((rows[1].source.as_str(), rows[1].target.as_str(), rows[1].line), ("s3", "t\"3", 4));
        assert_eq!(parse("").unwrap_err().code, "MapFileInvalid");
        assert_eq!(parse("Source,Other\na,b").unwrap_err().code, "MapFileInvalid");
        assert!(parse("Source,Target\n").unwrap().is_empty());
    }
}

//! The map file: which source person is which target object, where no rule can tell.

use crate::csv::Reader;
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
    let mut reader = Reader::new(text);
    let Some(header) = reader.next() else {
        return Err(missing("it is empty"));
    };
    let source = header.find(&SOURCE_COLUMNS).ok_or_else(|| missing("it has no source column"))?;
    let target = header.find(&TARGET_COLUMNS).ok_or_else(|| missing("it has no target column"))?;
    let mut rows = Vec::new();
    while let Some(row) = reader.next() {
        if row.is_cut {
            return Err(missing(&format!("it ends within the row that begins in line {}, so somebody may be mapped to half a name", row.line)));
        }
        let (source, target) = (row.get(source), row.get(target));
        if !source.is_empty() && !target.is_empty() {
            rows.push(MapRow { source: source.to_string(), target: target.to_string(), line: row.line });
        }
    }
    Ok(rows)
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
        assert_eq!(parse("Source;Target\na;b\n").unwrap()[0].target, "b");
        assert!(parse("Source,Target\na,\"b").unwrap_err().message.contains("line 2"));
    }
}

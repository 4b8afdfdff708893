//! What the errors of the services mean: their texts, causes and what to do about them (`data/service-errors.json`).

use once_cell::sync::Lazy;
use regex::RegexSet;
use serde::{Deserialize, Serialize};

/// What an error says about the change that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// The object is not there.
    NotFound,
    /// The service had no room for the call; it had no effect and may be made again.
    Transient,
    /// The service said no; the call had no effect.
    Refused,
    /// The call may have had its effect.
    Unknown,
}

/// What is done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Remedy {
    /// What is wrong is mended, then the batch is resumed.
    Resume,
    /// The person is taken out of the batch and goes with another.
    RemoveAndRebatch,
    /// The call is made again.
    Retry,
    /// Somebody has to mend the object or the plan.
    Fix,
    /// Nothing but what the action says.
    None,
}

/// An error that is known.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceError {
    /// What it is called: where the service has a name for it, that one.
    pub name: String,
    /// A regular expression, without case, that is looked for in `id: message`.
    #[serde(rename = "match")]
    pub pattern: String,
    /// Only on this surface.
    pub surface: Option<String>,
    /// A text of it; `{…}` where a value stands.
    pub example: String,
    /// Why it happens.
    pub cause: String,
    /// What to do, in a sentence.
    pub action: String,
    /// The same, sorted.
    #[serde(rename = "do")]
    pub remedy: Remedy,
    /// What it says about the change.
    pub kind: Kind,
    /// How long to wait before the call is made again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_seconds: Option<u64>,
    /// The type of the exception, in PowerShell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exception: Option<String>,
    /// The category of the error record, in PowerShell, where it is another than NotSpecified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// The beginning of FullyQualifiedErrorId, in PowerShell, where it is another than the exception's type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fqid: Option<String>,
    /// The code, in Graph.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The status, in HTTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Where the text was read.
    pub source: String,
    /// Of when that is.
    pub date: String,
}

#[derive(Deserialize)]
struct File {
    errors: Vec<ServiceError>,
}

static ROWS: Lazy<Vec<ServiceError>> = Lazy::new(|| {
    let file: File = crate::data::parse("service-errors.json", include_str!("../../../data/service-errors.json"));
    file.errors
});

static PATTERNS: Lazy<RegexSet> = Lazy::new(|| patterns(&ROWS));

/// A pattern that does not compile is a defect that every test meets: the one place beside [`crate::data::parse`] that may panic over it.
#[allow(clippy::panic)]
fn patterns(rows: &[ServiceError]) -> RegexSet {
    match regex::RegexSetBuilder::new(rows.iter().map(|row| &row.pattern)).case_insensitive(true).build() {
        Ok(set) => set,
        Err(error) => panic!("data/service-errors.json: {error}"),
    }
}

/// Every error that is known.
pub fn all() -> &'static [ServiceError] {
    &ROWS
}

/// The first row that an error matches, by its id (FullyQualifiedErrorId, Graph's code, the type of the exception) and its message.
pub fn find(surface: Option<&str>, id: &str, message: &str) -> Option<&'static ServiceError> {
    let text = [id, ": ", message].concat();
    let fits = |row: &ServiceError| match (&row.surface, surface) {
        (Some(own), Some(asked)) => own == asked,
        _ => true,
    };
    PATTERNS.matches(&text).into_iter().filter_map(|at| ROWS.get(at)).find(|row| fits(row))
}

/// The row of a name.
pub fn by_name(name: &str) -> Option<&'static ServiceError> {
    ROWS.iter().find(|row| row.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_says_where_it_was_read_and_matches_its_own_example() {
        for row in all() {
            assert!(!row.source.is_empty() && !row.date.is_empty(), "{} has no source", row.name);
            assert!(["https://", "Read in", "Coexist's own wording"].iter().any(|way| row.source.starts_with(way)), "{}: {}", row.name, row.source);
            assert!(row.cause.ends_with('.') && row.action.ends_with('.'), "{} is no sentence", row.name);
            assert_eq!(row.kind == Kind::Transient, row.wait_seconds.is_some(), "{}: only what is tried again is waited for", row.name);
            let found = find(row.surface.as_deref(), "", &row.example).unwrap_or_else(|| panic!("{} does not match its example", row.name));
            assert_eq!(found.name, row.name, "the example of {} is taken for {}", row.name, found.name);
            if let Some(code) = &row.code {
                let found = find(row.surface.as_deref(), code, &row.example).unwrap();
                assert_eq!(found.name, row.name, "with its code {code}");
            }
        }
        let mut names: Vec<&str> = all().iter().map(|row| row.name.as_str()).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count, "a name stands there twice");
    }

    #[test]
    fn an_error_is_found_by_id_or_message_and_only_on_its_surface() {
        let rest = "[Server=AS8PR01MB0001,RequestId=0bf40c30-2584-9980-e501-7659b045e73a,TimeStamp=Sun, 22 Nov 2026 02:00:00 GMT],Write-ErrorMessage";
        let message = "Ex6F9304|Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException|The operation couldn't be performed because object \
                       'anna@fabrikam.com' couldn't be found on 'CY4PR04A10DC003.NAMPR04A010.PROD.OUTLOOK.COM'.";
        assert_eq!(find(Some("exchange"), rest, message).unwrap().kind, Kind::NotFound);
        assert_eq!(find(Some("graph"), "Request_ResourceNotFound", "").unwrap().kind, Kind::NotFound);
        assert!(find(Some("exchange"), "Request_ResourceNotFound", "").is_none());
        assert!(find(None, "Request_ResourceNotFound", "").is_some());
        assert_eq!(find(None, "", "The operation has timed out.").unwrap().kind, Kind::Unknown);
        assert!(find(Some("exchange"), "", "Something that nobody has seen").is_none());
    }

    #[test]
    fn a_number_in_a_name_is_no_status() {
        let name = |surface, id, message| find(Some(surface), id, message).unwrap().name.as_str();
        assert_eq!(name("exchange", "", "The name \"Room 503\" is already being used. Please try another name."), "NameNotAvailable");
        assert_eq!(name("exchange", "", "The operation couldn't be performed because object 'timeout 500' couldn't be found on 'DC'."), "ManagementObjectNotFoundException");
        assert!(find(Some("exchange"), "", "The mailbox 401 of 403 is odd").is_none());
        assert_eq!(name("exchange", "", "Error while querying REST service. HttpStatusCode=503 ErrorMessage="), "ServiceUnavailable");
        assert_eq!(name("graph", "429", "anything"), "TooManyRequests");
        assert_eq!(name("sharePoint", "", "The remote server returned an error: (429)."), "TooManyRequests");
    }
}

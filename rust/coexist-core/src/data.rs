//! Data files that are compiled in: tables with their sources.

/// Parses a compiled-in table. A file that does not parse is a defect that every test meets, so this is the one place that may panic over it.
#[allow(clippy::panic)]
pub(crate) fn parse<T: serde::de::DeserializeOwned>(name: &str, text: &str) -> T {
    match serde_json::from_str(text) {
        Ok(value) => value,
        Err(error) => panic!("data/{name}: {error}"),
    }
}

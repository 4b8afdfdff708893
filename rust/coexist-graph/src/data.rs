//! The tables in `data/` that are compiled in.

use serde::de::DeserializeOwned;

/// Reads a table. One that does not parse is a defect that every test of its module meets.
#[allow(clippy::panic)]
pub(crate) fn parse<T: DeserializeOwned>(name: &str, text: &str) -> T {
    serde_json::from_str(text).unwrap_or_else(|cause| panic!("data/{name}: {cause}"))
}

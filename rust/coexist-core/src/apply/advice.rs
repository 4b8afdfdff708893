//! What to do about a code of Coexist's own (`data/outcomes.json`).

use hashbrown::HashMap;
use once_cell::sync::Lazy;
use serde::Deserialize;

#[derive(Deserialize)]
struct Advice {
    code: String,
    action: String,
}

#[derive(Deserialize)]
struct Outcomes {
    outcomes: Vec<Advice>,
}

static ADVICE: Lazy<HashMap<String, String>> = Lazy::new(|| {
    let file: Outcomes = crate::data::parse("outcomes.json", include_str!("../../../../data/outcomes.json"));
    file.outcomes.into_iter().map(|row| (row.code, row.action)).collect()
});

/// What to do about a code of Coexist's own.
pub(super) fn advice(code: &str) -> Option<&'static str> {
    ADVICE.get(code).map(String::as_str)
}

//! Numbers that a service imposes, with their sources; data in `data/limits.json`, overridable per specification.

use crate::problem::{Category, Problem};
use once_cell::sync::Lazy;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One number with what it bounds and who says so.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
pub struct Limit {
    /// Its name in specifications and findings.
    pub name: String,
    /// The number, in `unit`.
    pub value: u64,
    /// What is counted.
    pub unit: String,
    /// What it bounds.
    pub rule: String,
    /// Who says so.
    pub source: String,
    /// When they said so.
    pub date: String,
}

#[derive(Deserialize)]
struct File {
    limits: Vec<Limit>,
}

static TABLE: Lazy<BTreeMap<String, Limit>> = Lazy::new(|| {
    let file: File = crate::data::parse("limits.json", include_str!("../../../data/limits.json"));
    file.limits.into_iter().map(|limit| (limit.name.clone(), limit)).collect()
});

/// The limits in force: the table, with the overrides of one specification.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits(BTreeMap<String, Limit>);

impl Default for Limits {
    fn default() -> Self {
        Limits(TABLE.clone())
    }
}

impl Limits {
    /// The table with some values replaced; a name that it does not hold is a problem (`LimitUnknown`).
    pub fn with(overrides: &BTreeMap<String, u64>) -> Result<Self, Problem> {
        let mut limits = TABLE.clone();
        for (name, value) in overrides {
            let Some(limit) = limits.get_mut(name) else {
                let known: Vec<&str> = TABLE.keys().map(String::as_str).collect();
                return Err(Problem::new(
                    "LimitUnknown",
                    Category::InvalidArgument,
                    format!("There is no limit named '{name}'; it would have no effect. Known limits: {}.", known.join(", ")),
                )
                .about(name));
            };
            if limit.value != *value {
                limit.value = *value;
                limit.source = "overridden by the administrator".to_string();
            }
        }
        Ok(Limits(limits))
    }

    /// The value of a limit of the table; 0 for a name that it does not hold, which the tests exclude.
    pub fn value(&self, name: &str) -> u64 {
        self.0.get(name).map_or(0, |limit| limit.value)
    }

    /// A limit of the table, with its source.
    pub fn get(&self, name: &str) -> Option<&Limit> {
        self.0.get(name)
    }

    /// Every limit, by name.
    pub fn all(&self) -> impl Iterator<Item = &Limit> {
        self.0.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overrides_replace_and_unknown_names_are_told() {
        let limits = Limits::with(&BTreeMap::from([("proxyAddressesError".to_string(), 400)])).unwrap();
        assert_eq!(limits.value("proxyAddressesError"), 400);
        assert_eq!(limits.value("proxyAddressesWarn"), Limits::default().value("proxyAddressesWarn"));
        let problem = Limits::with(&BTreeMap::from([("proxyAdresses".to_string(), 1)])).unwrap_err();
        assert_eq!(problem.code, "LimitUnknown");
        assert!(problem.message.contains("proxyAddressesError"));
    }

    #[test]
    fn every_limit_has_a_source_and_a_date() {
        for limit in Limits::default().all() {
            assert!(!limit.source.is_empty() && !limit.date.is_empty() && limit.value > 0, "{limit:?}");
        }
    }
}

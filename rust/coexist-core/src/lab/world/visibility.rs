//! How late a write shows, by the surface that it was made on and the one that reads it (`data/lab-visibility.json`).

use crate::lab::random;
use once_cell::sync::Lazy;
use serde::Deserialize;

/// Where a write is made, or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Via {
    Exchange,
    Graph,
    Teams,
    SharePoint,
    ActiveDirectory,
    /// Entra Connect, which carries AD's changes into the cloud.
    Synchronization,
    /// What a service does by itself: moving, provisioning.
    Service,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Row {
    written: Via,
    read: Via,
    min_ms: u64,
    max_ms: u64,
    #[cfg_attr(not(test), allow(dead_code))]
    source: String,
    #[cfg_attr(not(test), allow(dead_code))]
    date: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    delays: Vec<Row>,
    synchronization_cycle_ms: i64,
}

static FILE: Lazy<File> = Lazy::new(|| crate::data::parse("lab-visibility.json", include_str!("../../../../../data/lab-visibility.json")));
static LONGEST: Lazy<i64> = Lazy::new(|| FILE.delays.iter().map(|row| row.max_ms as i64).max().unwrap_or(0));

/// The longest delay that there is, in milliseconds.
pub(super) fn longest() -> i64 {
    *LONGEST
}

/// How often Entra Connect runs, in milliseconds.
pub(super) fn cycle() -> i64 {
    FILE.synchronization_cycle_ms.max(1)
}

/// How long a write of an object does not show on a surface: between the bounds of the row, drawn from the object and the number of the write.
pub(super) fn delay(written: Via, read: Via, seed: u64, number: u64) -> i64 {
    let Some(row) = FILE.delays.iter().find(|row| row.written == written && row.read == read) else { return 0 };
    let drawn = mix(seed ^ mix(number ^ ((read as u64) << 32)));
    (row.min_ms + drawn % (row.max_ms.saturating_sub(row.min_ms) + 1)) as i64
}

/// SplitMix64's finalizer: neighbouring numbers come out far apart.
pub(super) fn mix(number: u64) -> u64 {
    random::mix(number.wrapping_add(random::GOLDEN))
}

/// FNV-1a, mixed: the same in every version, since delays and ids depend on it.
pub(super) fn hash(text: &str) -> u64 {
    mix(crate::fnv::hash(text.bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_a_source_and_its_bounds_hold() {
        for row in &FILE.delays {
            assert!(!row.source.is_empty() && !row.date.is_empty(), "{:?} {:?}", row.written, row.read);
            assert!(row.min_ms <= row.max_ms);
            for number in 0..200 {
                let delay = delay(row.written, row.read, 7, number);
                assert!((row.min_ms as i64..=row.max_ms as i64).contains(&delay));
            }
        }
        let spread: std::collections::BTreeSet<i64> = (0..50).map(|number| delay(Via::Exchange, Via::Graph, 7, number)).collect();
        assert!(spread.len() > 10, "the delays of one object are all the same");
        for written in [Via::Exchange, Via::Graph, Via::Synchronization, Via::Service] {
            for read in [Via::Exchange, Via::Graph] {
                assert!(FILE.delays.iter().any(|row| row.written == written && row.read == read), "{written:?} {read:?}");
            }
        }
    }
}

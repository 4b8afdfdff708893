//! How many nights are needed, by which cap, and what a night can carry.

use super::GIGABYTE;
use crate::problem::{Category, Problem};
use serde::{Deserialize, Serialize};

/// Something of which a night takes only so much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cap<'a> {
    /// Its name in the plan: a limit, or what the administrator set.
    pub name: &'a str,
    /// How much there is of it altogether.
    pub total: u64,
    /// How much of it one night takes.
    pub per_night: u64,
}

/// How many nights a cap asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Needed {
    /// The cap.
    pub name: String,
    /// The least number of nights; `None` where no number is enough.
    pub nights: Option<u64>,
}

/// What every cap asks for, and which binds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Binding {
    /// Every cap, in the order in which they were given.
    pub caps: Vec<Needed>,
    /// The cap that asks for the most nights, among equals the first; `None` where nothing is to be moved.
    pub binding: Option<usize>,
}

impl Binding {
    /// The cap that binds.
    pub fn cap(&self) -> Option<&Needed> {
        self.caps.get(self.binding?)
    }
}

/// The least number of nights that each cap asks for. It is a lower bound: people come whole, and hard ties keep them together.
pub fn needed(caps: &[Cap]) -> Binding {
    let nights = |cap: &Cap| if cap.total == 0 { Some(0) } else { (cap.per_night > 0).then(|| cap.total.div_ceil(cap.per_night)) };
    let caps: Vec<Needed> = caps.iter().map(|cap| Needed { name: cap.name.to_string(), nights: nights(cap) }).collect();
    let weight = |at: usize| caps[at].nights.unwrap_or(u64::MAX);
    let mut binding = None;
    for at in 0..caps.len() {
        if weight(at) > binding.map_or(0, weight) {
            binding = Some(at);
        }
    }
    Binding { binding, caps }
}

/// How fast one move is, in gigabytes (2^30 bytes) per hour. There is no default: Microsoft publishes none for moves between tenants, and throttles as it must.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Throughput {
    /// On a bad night.
    pub low: f64,
    /// As a rule.
    pub likely: f64,
    /// On a good night.
    pub high: f64,
}

impl Throughput {
    /// Whether it is a range.
    ///
    /// # Errors
    /// `ThroughputInvalid`.
    pub fn check(&self) -> Result<(), Problem> {
        let Throughput { low, likely, high } = *self;
        if low > 0.0 && low <= likely && likely <= high && high.is_finite() {
            return Ok(());
        }
        let message = format!(
            "The throughput ({low}, {likely}, {high} gigabytes per hour and move) is not a range of positive numbers in ascending order, so no capacity \
             follows from it. Correct it, or leave it out to plan without."
        );
        Err(Problem::new("ThroughputInvalid", Category::InvalidData, message))
    }
}

/// A number with what it may be less and more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct Range {
    pub low: u64,
    pub likely: u64,
    pub high: u64,
}

/// The bytes that can be moved in a window: what is left of it after waiting in the queue, by throughput, by the moves that run at a time
/// (`endpointConcurrentMoves` where nothing else is known). A throughput that is none is a problem (`ThroughputInvalid`).
///
/// The window is that in which data moves: the night where batches are completed as they are submitted, but days or weeks where they are pre-staged.
pub fn bytes(window_minutes: u64, queue_minutes: u64, concurrent_moves: u64, throughput: &Throughput) -> Result<Range, Problem> {
    throughput.check()?;
    let Throughput { low, likely, high } = *throughput;
    let hours = window_minutes.saturating_sub(queue_minutes) as f64 / 60.0;
    // Too much for a number of bytes is as good as no bound; the conversion stops at the greatest.
    let bytes = |speed: f64| (hours * speed * concurrent_moves as f64 * GIGABYTE as f64) as u64;
    Ok(Range { low: bytes(low), likely: bytes(likely), high: bytes(high) })
}

/// The people who can be moved with so many bytes, at their average size; `None` where they have no data, which bounds nothing.
pub fn people(bytes: Range, total_bytes: u64, total_people: u64) -> Option<Range> {
    let people = |bytes: u64| Some(u64::try_from((u128::from(bytes) * u128::from(total_people)).checked_div(u128::from(total_bytes))?).unwrap_or(u64::MAX));
    Some(Range { low: people(bytes.low)?, likely: people(bytes.likely)?, high: people(bytes.high)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cap(name: &str, total: u64, per_night: u64) -> Cap<'_> {
        Cap { name, total, per_night }
    }

    #[test]
    fn the_cap_that_asks_for_the_most_nights_binds() {
        let caps = [cap("peoplePerNight", 50_000, 2_000), cap("batches", 50_000, 20 * 100), cap("bytesPerNight", 900, 36), cap("oneDriveQueue", 40_000, 4_000)];
        let found = needed(&caps);
        assert_eq!(found.caps.iter().map(|cap| cap.nights).collect::<Vec<_>>(), [Some(25), Some(25), Some(25), Some(10)]);
        assert_eq!(found.cap().unwrap().name, "peoplePerNight");
        let found = needed(&[cap("peoplePerNight", 50_000, 2_000), cap("bytesPerNight", 901, 36)]);
        assert_eq!((found.cap().unwrap().name.as_str(), found.cap().unwrap().nights), ("bytesPerNight", Some(26)));
        let found = needed(&[cap("peoplePerNight", 50_000, 2_000), cap("oneDriveQueue", 1, 0)]);
        assert_eq!((found.cap().unwrap().name.as_str(), found.cap().unwrap().nights), ("oneDriveQueue", None));
        assert_eq!(needed(&[cap("peoplePerNight", 0, 0)]).cap(), None);
        assert_eq!(needed(&[]).cap(), None);
    }

    #[test]
    fn a_night_carries_what_is_left_of_it_times_throughput() {
        let throughput = Throughput { low: 0.3, likely: 0.5, high: 1.0 };
        // Seven hours less one of waiting, a hundred moves at half a gigabyte per hour: 300 GB.
        let carried = bytes(420, 60, 100, &throughput).unwrap();
        assert_eq!((carried.likely, carried.high), (300 << 30, 600 << 30));
        assert!(carried.low.abs_diff(180 << 30) <= 1);
        assert_eq!(bytes(60, 61, 100, &throughput).unwrap(), Range { low: 0, likely: 0, high: 0 });
        assert_eq!(bytes(u64::MAX, 0, u64::MAX, &throughput).unwrap().high, u64::MAX);
        // 2,000 people with 10 TB between them.
        assert_eq!(people(carried, 10 << 40, 2_000).unwrap().likely, 58);
        assert_eq!(people(carried, 0, 2_000), None);
        for (low, likely, high) in [(0.0, 1.0, 2.0), (-1.0, 1.0, 2.0), (2.0, 1.0, 3.0), (1.0, 3.0, 2.0), (f64::NAN, 1.0, 2.0), (1.0, f64::NAN, 2.0), (1.0, 2.0, f64::INFINITY)] {
            assert_eq!(bytes(420, 60, 100, &Throughput { low, likely, high }).unwrap_err().code, "ThroughputInvalid");
        }
    }
}

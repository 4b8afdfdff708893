//! What bounds a batch and a night, by whose rule.

use super::forecast::capacity;
use super::options::{Mode, Options, Workload};
use crate::limits::Limits;
use serde::Serialize;

/// What a cap counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Counted {
    /// People, and shared, room and equipment mailboxes.
    People,
    /// Bytes of mailboxes and archives.
    Bytes,
    /// Items in mailboxes.
    Items,
    /// People whose OneDrive moves.
    OneDrives,
    /// People of one cluster of time zones, who share the moment of their cutover.
    Cluster(u16),
}

/// What a cap is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Per {
    /// One batch.
    Batch,
    /// One night.
    Night,
}

/// One cap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cap {
    /// Its name in the specification or in the table of limits.
    pub name: String,
    /// What it is for.
    pub per: Per,
    /// What it counts.
    pub counts: Counted,
    /// How much at most.
    pub value: u64,
    /// What it says.
    pub rule: String,
    /// Who says so.
    pub source: String,
    /// When they said so.
    pub date: String,
    /// Of those that count the same for the same, the least: this one binds.
    pub binds: bool,
}

/// All caps of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caps {
    /// In the order in which they are told.
    pub all: Vec<Cap>,
}

impl Caps {
    /// The caps that options and limits give. `nights_at_once` is how many nights lie within the pre-stage lead of another, itself included; `window_minutes`
    /// how long a night is, `interval_minutes` how much time there is from one night to the next.
    pub fn new(options: &Options, limits: &Limits, nights_at_once: u64, window_minutes: Option<u64>, interval_minutes: Option<u64>) -> Self {
        let mut all = Vec::new();
        let own = |name: &str, per: Per, counts: Counted, value: u64, rule: String| Cap {
            name: name.to_string(),
            per,
            counts,
            value,
            rule,
            source: "the specification".into(),
            date: String::new(),
            binds: false,
        };
        let service = |name: &str, per: Per, counts: Counted, value: u64, rule: Option<String>| {
            let (said, source, date) = limits.get(name).map(|limit| (limit.rule.clone(), limit.source.clone(), limit.date.clone())).unwrap_or_default();
            Cap { name: name.to_string(), per, counts, value, rule: rule.unwrap_or(said), source, date, binds: false }
        };
        if let Some(size) = options.batch_size {
            all.push(own("batches.batchSize", Per::Batch, Counted::People, size, format!("A batch holds {size} people at most.")));
        }
        let names: &[&str] = match options.mode {
            Mode::Standalone => &["batchSizeStandalone"],
            Mode::Orchestrated => &["batchSizeOrchestrated", "jobResources"],
        };
        all.extend(names.iter().map(|name| service(name, Per::Batch, Counted::People, limits.value(name), None)));
        let batch = all.iter().map(|cap| cap.value).min().unwrap_or(u64::MAX);

        if let Some(people) = options.people_per_night {
            all.push(own("batches.peoplePerNight", Per::Night, Counted::People, people, format!("{people} people are cut over in one night at most.")));
        }
        let batches = options.batches_per_night.or(if options.people_per_night.is_none() { Some(1) } else { None });
        if let Some(batches) = batches {
            let rule = format!("{batches} batch(es) of {batch} people are completed in one night at most.");
            all.push(own("batches.batchesPerNight", Per::Night, Counted::People, batches.saturating_mul(batch), rule));
        }
        if let (Some(minutes), Some(window)) = (options.minutes_per_cutover.filter(|minutes| *minutes > 0), window_minutes) {
            let moves = limits.value("endpointConcurrentMoves");
            let value = (window / minutes).saturating_mul(moves);
            let rule = format!("{moves} moves at once on one endpoint, {minutes} minutes each, in a night of {window} minutes.");
            all.push(service("endpointConcurrentMoves", Per::Night, Counted::People, value, Some(rule)));
        }
        if let Some(gigabytes) = options.gigabytes_per_night {
            all.push(own("batches.gigabytesPerNight", Per::Night, Counted::Bytes, gigabytes.saturating_mul(1 << 30), format!("{gigabytes} GB are cut over in one night at most.")));
        }
        // What is cut over in a night has been synchronized before: in the long run, no more than the time from one night to the next carries.
        let moves = limits.value("endpointConcurrentMoves");
        let carried = options.throughput.zip(interval_minutes).and_then(|(throughput, minutes)| Some((throughput, minutes, capacity::bytes(minutes, 0, moves, &throughput).ok()?)));
        if let Some((throughput, minutes, carried)) = carried {
            let gigabytes = |bytes: u64| bytes >> 30;
            let rule = format!(
                "{} GB per hour and move, {moves} moves at once: {} GB are synchronized in the {} hours from one night to the next ({} to {} GB).",
                throughput.likely,
                gigabytes(carried.likely),
                minutes / 60,
                gigabytes(carried.low),
                gigabytes(carried.high)
            );
            all.push(own("batches.throughput", Per::Night, Counted::Bytes, carried.likely, rule));
        }
        if let Some(items) = options.items_per_night {
            all.push(own("batches.itemsPerNight", Per::Night, Counted::Items, items, format!("{items} items are cut over in one night at most.")));
        }
        if options.workloads.has(Workload::OneDrive) {
            let queue = limits.value("oneDriveQueue");
            let rule = format!("{queue} OneDrives are moved and queued at once at most; the batches of {nights_at_once} night(s) are with the service at once.");
            all.push(service("oneDriveQueue", Per::Night, Counted::OneDrives, (queue / nights_at_once.max(1)).max(1), Some(rule)));
        }
        let mut caps = Caps { all };
        for at in 0..caps.all.len() {
            let cap = &caps.all[at];
            let first_least = caps.all.iter().enumerate().filter(|(_, other)| (other.per, other.counts) == (cap.per, cap.counts)).min_by_key(|(at, other)| (other.value, *at)).map(|(at, _)| at);
            caps.all[at].binds = first_least == Some(at);
        }
        caps
    }

    /// The cap that binds.
    pub fn binding(&self, per: Per, counts: Counted) -> Option<&Cap> {
        self.all.iter().find(|cap| cap.binds && (cap.per, cap.counts) == (per, counts))
    }

    /// How many people a batch takes.
    pub fn batch(&self) -> u64 {
        self.binding(Per::Batch, Counted::People).map_or(u64::MAX, |cap| cap.value)
    }

    /// What the nights bound.
    pub fn of_nights(&self) -> impl Iterator<Item = &Cap> {
        self.all.iter().filter(|cap| cap.binds && cap.per == Per::Night)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_of_the_rules_binds_and_is_named() {
        let limits = Limits::default();
        let binding = |options: &Options, per| {
            let caps = Caps::new(options, &limits, 2, Some(420), Some(2 * 24 * 60));
            caps.binding(per, Counted::People).map(|cap| (cap.name.clone(), cap.value)).unwrap()
        };
        let mut options = Options::default();
        assert_eq!(binding(&options, Per::Batch), ("batchSizeStandalone".into(), 2000));
        assert_eq!(binding(&options, Per::Night), ("batches.batchesPerNight".into(), 2000));
        options.batch_size = Some(500);
        options.people_per_night = Some(1200);
        assert_eq!(binding(&options, Per::Batch), ("batches.batchSize".into(), 500));
        assert_eq!(binding(&options, Per::Night), ("batches.peoplePerNight".into(), 1200));
        options.batches_per_night = Some(2);
        assert_eq!(binding(&options, Per::Night), ("batches.batchesPerNight".into(), 1000));
        options.minutes_per_cutover = Some(100);
        assert_eq!(binding(&options, Per::Night), ("endpointConcurrentMoves".into(), 400));
        options.mode = Mode::Orchestrated;
        assert_eq!(binding(&options, Per::Batch), ("batchSizeOrchestrated".into(), 100));
        options.workloads.0.push(Workload::OneDrive);
        let caps = Caps::new(&options, &limits, 2, None, None);
        assert_eq!(caps.binding(Per::Night, Counted::OneDrives).unwrap().value, 2000);
        assert_eq!(caps.binding(Per::Night, Counted::People).unwrap().value, 200);
        assert!(caps.all.iter().all(|cap| !cap.source.is_empty() && !cap.rule.is_empty()));
        // Two days of a hundred moves at half a gigabyte per hour.
        options.throughput = Some(capacity::Throughput { low: 0.25, likely: 0.5, high: 1.0 });
        options.gigabytes_per_night = Some(3000);
        let caps = Caps::new(&options, &limits, 2, None, Some(2 * 24 * 60));
        let cap = caps.binding(Per::Night, Counted::Bytes).unwrap();
        assert_eq!((cap.name.as_str(), cap.value), ("batches.throughput", 2400 << 30));
        assert!(cap.rule.contains("(1200 to 4800 GB)"), "{}", cap.rule);
        assert_eq!(Caps::new(&options, &limits, 2, None, None).binding(Per::Night, Counted::Bytes).unwrap().name, "batches.gigabytesPerNight");
    }
}

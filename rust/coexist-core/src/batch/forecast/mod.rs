//! When it will be over, and what binds.
//!
//! # The model
//!
//! A person's data synchronizes from the submission of the batch on. How long that takes is uncertain, by size class (`data/move-durations.json`): half are
//! done within P50, nine of ten within P90. In between, and before, the chance of being done grows in a straight line; beyond P90 the chance of *not* being
//! done falls to a tenth with every further P90, again in straight lines: no source says anything about that tail, and the end of a large migration hangs on
//! it, so measure, and replace the table. People are independent of each other. Who is not synchronized when the night comes is completed on the first night
//! of the calendar that comes after; the end is the last person's night.
//!
//! So all are done on a night with a probability that is the product, over the groups of people submitted together, of each one's chance to the power of
//! their number. Only `+ - × ÷` are used, in a fixed order: every machine gets the same bits.

pub mod capacity;

use super::calendar::clusters::Cluster;
use crate::problem::{Category, Problem};
use jiff::Timestamp;
use once_cell::sync::Lazy;
use serde::{Deserialize, Serialize};

const DAY: f64 = 86_400.0;
const GIGABYTE: u64 = 1 << 30;

/// What must be said of a forecast wherever it is shown, where the durations are those of the table.
pub const CAVEAT: &str = "The forecast takes Microsoft's move durations for Multi-Geo, the only ones published; none are for moves between tenants, and nothing is \
                          known about the slowest tenth. Replace them with what the pilot batches took.";

/// The durations of one size class.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Duration {
    /// It is for data of less than so many gigabytes (2^30 bytes), and of at least what the class before it ends with.
    pub below_gigabytes: u64,
    /// Half are synchronized within so many days.
    pub p50_days: f64,
    /// Nine of ten are synchronized within so many days.
    pub p90_days: f64,
}

/// Durations by size class, the smallest first: those of the table, or the administrator's.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Durations(Vec<Duration>);

#[derive(Deserialize)]
struct File {
    durations: Vec<Duration>,
}

static TABLE: Lazy<File> = Lazy::new(|| crate::data::parse("move-durations.json", include_str!("../../../../../data/move-durations.json")));

impl Default for Durations {
    fn default() -> Self {
        Durations(TABLE.durations.clone())
    }
}

impl Durations {
    /// Checks what an administrator wrote (`DurationsInvalid`): sizes ascend, days are positive, and P90 is not less than P50.
    pub fn new(durations: Vec<Duration>) -> Result<Self, Problem> {
        let invalid = |what: String| {
            let message = format!("The move durations cannot be used: {what}. A forecast from them would mean nothing; correct them, or leave them out.");
            Err(Problem::new("DurationsInvalid", Category::InvalidData, message))
        };
        if durations.is_empty() {
            return invalid("there are none".to_string());
        }
        let mut below = 0;
        for Duration { below_gigabytes, p50_days, p90_days } in &durations {
            if *below_gigabytes <= below {
                return invalid(format!("the class below {below_gigabytes} GB comes after that below {below} GB"));
            }
            // Written so that what is not a number is refused, too.
            if !(*p50_days > 0.0 && *p50_days <= *p90_days && *p90_days <= 36_500.0) {
                return invalid(format!("half of the class below {below_gigabytes} GB within {p50_days} days and nine of ten within {p90_days} is impossible"));
            }
            below = *below_gigabytes;
        }
        Ok(Durations(durations))
    }

    /// The classes, the smallest first.
    pub fn classes(&self) -> &[Duration] {
        &self.0
    }

    /// The class of so many bytes; `None` for more than is supported.
    pub fn class(&self, bytes: u64) -> Option<usize> {
        self.0.iter().position(|class| bytes / GIGABYTE < class.below_gigabytes)
    }

    /// The chance that a person of a class is synchronized so many seconds after submission.
    pub fn chance(&self, class: usize, seconds: i64) -> f64 {
        let Some(Duration { p50_days, p90_days, .. }) = self.0.get(class) else { return 0.0 };
        let days = seconds as f64 / DAY;
        if days <= 0.0 {
            return 0.0;
        }
        if days < *p50_days {
            return 0.5 * (days / p50_days);
        }
        if days < *p90_days {
            return 0.5 + 0.4 * ((days - p50_days) / (p90_days - p50_days));
        }
        let mut spans = (days - p90_days) / p90_days;
        let mut open = 0.1;
        // Beyond 10^-20 nothing changes in a double near 1.
        for _ in 0..20 {
            if spans < 1.0 {
                return 1.0 - (open - 0.9 * open * spans);
            }
            spans -= 1.0;
            open *= 0.1;
        }
        1.0
    }
}

/// People of one size class who are submitted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    /// Their size class, as [`Durations::class`] numbers it.
    pub class: usize,
    /// How many they are.
    pub people: u64,
    /// When their batch is submitted.
    pub submit: Timestamp,
    /// The night on which they are to be completed.
    pub night: usize,
    /// The cluster of their zones, among those that the forecast is given: it has the moments of the nights.
    pub cluster: usize,
}

/// What is to be expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Forecast {
    /// The night by which all are done with a probability of one half; `None` when that is after the calendar's last night.
    pub p50: Option<usize>,
    /// The same with a probability of nine tenths.
    pub p90: Option<usize>,
    /// Every night of the calendar.
    pub nights: Vec<Expected>,
    /// [`CAVEAT`], where the durations are those of the table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caveat: Option<&'static str>,
}

/// What is to be expected of one night.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Expected {
    /// How many people are to be completed on it.
    pub planned: u64,
    /// How many of these are expected to miss it, to the nearest person: they need a later night.
    pub missed: u64,
    /// How many people, of this night and those before it, are expected to be still open after it.
    pub open: u64,
}

/// The forecast of a schedule over the nights of its clusters; a group of a class, night or cluster that there is not is passed over.
pub fn forecast(durations: &Durations, clusters: &[Cluster], groups: &[Group]) -> Forecast {
    let nights = clusters.iter().map(|cluster| cluster.windows.len()).max().unwrap_or(0);
    let known = |group: &&Group| group.night < nights && group.cluster < clusters.len() && group.class < durations.0.len() && group.people > 0;
    // In one order, whatever the caller's: sums of doubles depend on it.
    let mut groups: Vec<&Group> = groups.iter().filter(known).collect();
    groups.sort_by_key(|group| (group.night, group.submit, group.class, group.cluster, group.people));
    let last_planned = groups.iter().map(|group| group.night).max();

    // Per cluster, the last night so far on which its people can be completed, and the moment: a night that is closed for them completes nobody.
    let mut reached: Vec<Option<(usize, Timestamp)>> = vec![None; clusters.len()];
    let (mut p50, mut p90) = (None, None);
    let mut expected = Vec::with_capacity(nights);
    for night in 0..nights {
        for (cluster, reached) in clusters.iter().zip(&mut reached) {
            *reached = cluster.moment(night).map(|moment| (night, moment)).or(*reached);
        }
        let begun = &groups[..groups.partition_point(|group| group.night <= night)];
        let mut of_night = Expected::default();
        let (mut missed, mut open, mut all) = (0.0, 0.0, 1.0);
        for group in begun {
            let completed = reached[group.cluster].filter(|(night, _)| *night >= group.night);
            let chance = completed.map_or(0.0, |(_, moment)| durations.chance(group.class, moment.as_second().saturating_sub(group.submit.as_second())));
            let late = group.people as f64 * (1.0 - chance);
            open += late;
            all *= power(chance, group.people);
            if group.night == night {
                of_night.planned = of_night.planned.saturating_add(group.people);
                missed += late;
            }
        }
        expected.push(Expected { missed: rounded(missed), open: rounded(open), ..of_night });
        if last_planned.is_none_or(|last| night >= last) {
            p50 = p50.or((all >= 0.5).then_some(night));
            p90 = p90.or((all >= 0.9).then_some(night));
        }
    }
    Forecast { p50, p90, nights: expected, caveat: (*durations == Durations::default()).then_some(CAVEAT) }
}

fn rounded(people: f64) -> u64 {
    (people + 0.5) as u64
}

/// A number to a whole power, by squaring.
fn power(base: f64, exponent: u64) -> f64 {
    let (mut result, mut square, mut rest) = (1.0, base, exponent);
    while rest > 0 {
        if rest & 1 == 1 {
            result *= square;
        }
        square *= square;
        rest >>= 1;
    }
    result
}

#[cfg(test)]
mod tests;

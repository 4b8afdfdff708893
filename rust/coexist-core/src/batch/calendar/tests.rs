use super::*;
use proptest::prelude::*;

fn read(calendar: &str) -> Calendar {
    serde_json::from_str(calendar).unwrap()
}

fn nights(calendar: &str) -> Result<Nights, Problem> {
    Nights::new(&read(calendar), &Limits::default())
}

fn dates(nights: &Nights) -> Vec<String> {
    nights.all().iter().map(|night| night.date.to_string()).collect()
}

fn window(nights: &Nights, date: &str, zone: &str) -> (String, String) {
    let window = nights.window(&nights.all()[nights.on(date.parse().unwrap()).unwrap()], &time_zone::parse(zone).unwrap());
    (text::iso(window.start), text::iso(window.end))
}

#[test]
fn a_calendar_is_read_and_written_as_it_stands() {
    let whole = r#"{"timeZone":"Europe/Berlin","first":"2027-01-01","last":"2027-06-30","days":["friday","saturday"],"blackouts":[{"from":"2027-03-26","to":"2027-03-29","why":"Easter","timeZones":["W. Europe Standard Time"]}],"start":"21:30","end":"04:00","preStageDays":21}"#;
    assert_eq!(serde_json::to_string(&read(whole)).unwrap(), whole);
    let small = read(r#"{"nights": ["2027-01-08"]}"#);
    assert_eq!(serde_json::to_string(&small).unwrap(), r#"{"timeZone":"UTC","nights":["2027-01-08"],"start":"22:00","end":"05:00"}"#);
    for spoiled in [
        r#"{"nights": ["2027-02-29"]}"#,
        r#"{"nights": ["2027-02-08T22:00"]}"#,
        r#"{"nights": ["08.02.2027"]}"#,
        r#"{"nights": ["2027-02-8"]}"#,
        r#"{"first": "tomorrow"}"#,
        r#"{"first": 20270101}"#,
        r#"{"start": "24:00"}"#,
        r#"{"start": "9:00"}"#,
        r#"{"end": "05:00:00"}"#,
        r#"{"end": "5 am"}"#,
        r#"{"days": ["Friday"]}"#,
        r#"{"blackouts": [{"from": "2027-01-01"}]}"#,
        r#"{"blackouts": [{"from": "2027-01-01", "why": "x", "zone": "UTC"}]}"#,
        r#"{"preStageDays": -1}"#,
        r#"{"timezone": "UTC"}"#,
    ] {
        assert!(serde_json::from_str::<Calendar>(spoiled).is_err(), "{spoiled}");
    }
    let error = serde_json::from_str::<Calendar>(r#"{"start": "24:00"}"#).unwrap_err();
    assert!(error.to_string().starts_with("'24:00' is not a time of day (HH:mm)"), "{error}");
}

#[test]
fn nights_of_days_and_of_a_list() {
    let weekly = nights(r#"{"first": "2027-01-01", "last": "2027-01-16", "days": ["saturday", "friday"]}"#).unwrap();
    assert_eq!(dates(&weekly), ["2027-01-01", "2027-01-02", "2027-01-08", "2027-01-09", "2027-01-15", "2027-01-16"]);
    let listed = nights(r#"{"nights": ["2027-02-05", "2027-01-08", "2027-02-05", "2026-12-31", "2027-04-01"], "first": "2027-01-01", "last": "2027-03-31"}"#).unwrap();
    assert_eq!(dates(&listed), ["2027-01-08", "2027-02-05"]);
    let removed = |date: &str, why| Removed { date: date.parse().unwrap(), why };
    assert_eq!(listed.removed(), [removed("2026-12-31", Why::BeforeFirst), removed("2027-04-01", Why::AfterLast)]);
    let open = nights(r#"{"first": "2027-01-01", "days": ["friday"]}"#).unwrap();
    assert_eq!((open.all().len(), open.all()[999].date.to_string().as_str()), (1000, "2046-02-23"));
    assert_eq!(open.on("2027-01-08".parse().unwrap()), Some(1));
    assert_eq!(open.on("2027-01-09".parse().unwrap()), None);
}

#[test]
fn blackouts_take_nights_that_touch_them_and_those_of_zones_close_them_for_these() {
    let calendar = r#"{"first": "2026-12-21", "last": "2026-12-31", "days": ["monday", "tuesday", "wednesday", "thursday", "friday"], "timeZone": "Europe/Berlin",
        "blackouts": [{"from": "2026-12-24", "to": "2026-12-26", "why": "Christmas"}, {"from": "2026-12-25", "to": "2026-12-28", "why": "year end"},
                      {"from": "2026-12-30", "why": "audit in London", "timeZones": ["GMT Standard Time"]}]}"#;
    let found = nights(calendar).unwrap();
    // The night of the 23rd lasts into Christmas; that of the 28th begins within the year end.
    assert_eq!(dates(&found), ["2026-12-21", "2026-12-22", "2026-12-29", "2026-12-30", "2026-12-31"]);
    let whys: Vec<(i8, Why)> = found.removed().iter().map(|removed| (removed.date.day(), removed.why)).collect();
    assert_eq!(whys, [(23, Why::Blackout(0)), (24, Why::Blackout(0)), (25, Why::Blackout(0)), (28, Why::Blackout(1))]);
    let closed = |date: &str, zone: &str| {
        let night = &found.all()[found.on(date.parse().unwrap()).unwrap()];
        found.closed(night, &time_zone::parse(zone).unwrap()).map(|blackout| blackout.why.clone())
    };
    assert_eq!(closed("2026-12-29", "Europe/London").as_deref(), Some("audit in London"));
    assert_eq!(closed("2026-12-30", "Europe/London").as_deref(), Some("audit in London"));
    assert_eq!(closed("2026-12-31", "Europe/London"), None);
    assert_eq!(closed("2026-12-30", "Europe/Berlin"), None);
    // A night that ends at midnight, or before it, does not touch the next day.
    for end in ["00:00", "23:30"] {
        let found = nights(&calendar.replace(r#""timeZone""#, &format!(r#""end": "{end}", "timeZone""#))).unwrap();
        assert!(dates(&found).contains(&"2026-12-23".to_string()), "{end}");
    }
}

#[test]
fn a_night_is_another_stretch_of_time_in_every_zone() {
    let found = nights(r#"{"nights": ["2027-03-27", "2027-03-28", "2027-10-30", "2027-01-15"]}"#).unwrap();
    let utc = |start: &str, end: &str| (start.to_string(), end.to_string());
    assert_eq!(window(&found, "2027-01-15", "Asia/Tokyo"), utc("2027-01-15T13:00:00Z", "2027-01-15T20:00:00Z"));
    assert_eq!(window(&found, "2027-01-15", "India Standard Time"), utc("2027-01-15T16:30:00Z", "2027-01-15T23:30:00Z"));
    assert_eq!(window(&found, "2027-01-15", "Europe/Berlin"), utc("2027-01-15T21:00:00Z", "2027-01-16T04:00:00Z"));
    assert_eq!(window(&found, "2027-01-15", "America/New_York"), utc("2027-01-16T03:00:00Z", "2027-01-16T10:00:00Z"));
    assert_eq!(window(&found, "2027-01-15", "Pacific/Auckland"), utc("2027-01-15T09:00:00Z", "2027-01-15T16:00:00Z"));
    // Six hours when clocks go forward, eight when they go back.
    assert_eq!(window(&found, "2027-03-27", "Europe/Berlin"), utc("2027-03-27T21:00:00Z", "2027-03-28T03:00:00Z"));
    assert_eq!(window(&found, "2027-03-28", "Europe/Berlin"), utc("2027-03-28T20:00:00Z", "2027-03-29T03:00:00Z"));
    assert_eq!(window(&found, "2027-10-30", "Europe/Berlin"), utc("2027-10-30T20:00:00Z", "2027-10-31T04:00:00Z"));
    // By day.
    let noon = nights(r#"{"nights": ["2027-03-27"], "start": "08:00", "end": "17:00"}"#).unwrap();
    assert_eq!(window(&noon, "2027-03-27", "Europe/Berlin"), utc("2027-03-27T07:00:00Z", "2027-03-27T16:00:00Z"));
}

#[test]
fn what_is_wrong_with_a_calendar_is_told() {
    for (calendar, told) in [
        (r#"{"first": "2027-01-01"}"#, "neither days nor nights"),
        (r#"{"first": "2027-01-01", "days": ["friday"], "nights": ["2027-01-01"]}"#, "both days and nights"),
        (r#"{"days": ["friday"]}"#, "not the first date"),
        (r#"{"first": "2027-01-02", "last": "2027-01-01", "days": ["friday"]}"#, "last (2027-01-01) is before first (2027-01-02)"),
        (r#"{"first": "2027-01-02", "last": "2027-01-05", "days": ["friday"]}"#, "none of its days lies"),
        (r#"{"first": "2027-01-02", "nights": ["2027-01-01"]}"#, "the night of 2027-01-01, for one, is not between"),
        (r#"{"nights": ["2027-01-01"], "blackouts": [{"from": "2027-01-02", "why": "freeze"}]}"#, "the blackout 'freeze'"),
        (r#"{"nights": ["2027-01-01"], "blackouts": [{"from": "2027-01-02", "to": "2027-01-01", "why": "freeze"}]}"#, "before it begins"),
        (r#"{"nights": ["2027-01-01"], "blackouts": [{"from": "2027-01-02", "why": " "}]}"#, "has no why"),
        (r#"{"nights": ["2027-01-01"], "blackouts": [{"from": "2027-02-02", "why": "x", "timeZones": ["Bonn"]}]}"#, "names 'Bonn'"),
        (r#"{"nights": ["2027-01-01"], "timeZone": ""}"#, "timeZone names ''"),
        (r#"{"nights": ["2027-01-01"], "start": "05:00"}"#, "both 05:00"),
        (r#"{"nights": ["2027-01-01"], "preStageDays": 367}"#, "preStageDays is 367"),
        (r#"{"first": "2027-01-01", "last": "2100-01-01", "days": ["friday"]}"#, "more than 1000 nights"),
        (r#"{"first": "0001-01-01", "last": "9999-12-31", "days": ["friday", "monday"]}"#, "more than 1000 nights"),
        (r#"{"first": "9999-12-31", "days": ["monday"]}"#, "none of its days"),
    ] {
        let problem = nights(calendar).unwrap_err();
        assert_eq!((problem.code, problem.category), ("CalendarInvalid", Category::InvalidData), "{calendar}");
        assert!(problem.message.contains(told), "{calendar}: {}", problem.message);
    }
    // The last day that there is.
    let end = nights(r#"{"first": "9999-12-31", "days": ["friday"]}"#).unwrap();
    assert_eq!(end.window(&end.all()[0], &Zone::utc()).minutes(), 0);
}

fn some_date() -> impl Strategy<Value = Date> {
    (0i32..100).prop_map(|days| Date::constant(2026, 12, 1).saturating_add(jiff::Span::new().days(days)))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    /// By the hours of the night, not by the rule that the code has: no hour of a night is on a blackout date, and no night is removed without one that is.
    #[test]
    fn no_night_is_in_a_blackout(
        first in some_date(), blackouts in proptest::collection::vec((some_date(), 0i32..5, proptest::bool::ANY), 0..6), start in 0i8..24, hours in 1i8..24
    ) {
        let blackouts: Vec<Blackout> = blackouts.into_iter().map(|(from, days, some)| Blackout {
            from, to: Some(from.saturating_add(jiff::Span::new().days(days))), why: "x".into(),
            time_zones: if some { vec!["Asia/Tokyo".into()] } else { Vec::new() },
        }).collect();
        let calendar = Calendar {
            first: Some(first), last: Some(first.saturating_add(jiff::Span::new().days(60))), days: vec![Weekday::Tuesday, Weekday::Wednesday, Weekday::Sunday],
            blackouts, start: Time::constant(start, 0, 0, 0), end: Time::constant((start + hours) % 24, 0, 0, 0), ..read(r#"{}"#)
        };
        let nights = Nights::new(&calendar, &Limits::default()).unwrap();
        let on = |date: Date, blackout: &Blackout| {
            (0..hours).any(|hour| {
                let at = if start + hour < 24 { date } else { date.tomorrow().unwrap() };
                blackout.from <= at && at <= blackout.last()
            })
        };
        let tokyo = time_zone::parse("Asia/Tokyo").unwrap();
        for night in nights.all() {
            prop_assert!(!calendar.blackouts.iter().any(|blackout| blackout.time_zones.is_empty() && on(night.date, blackout)), "{}", night.date);
            prop_assert_eq!(nights.closed(night, &tokyo).is_some(), calendar.blackouts.iter().any(|blackout| on(night.date, blackout)));
            prop_assert!(nights.closed(night, &Zone::utc()).is_none());
        }
        for removed in nights.removed() {
            let Why::Blackout(at) = removed.why else { panic!("{removed:?}") };
            prop_assert!(on(removed.date, &calendar.blackouts[at]) && calendar.blackouts[at].time_zones.is_empty());
        }
        let mut all: Vec<Date> = nights.all().iter().map(|night| night.date).chain(nights.removed().iter().map(|removed| removed.date)).collect();
        all.sort();
        let days = std::iter::successors(Some(first), |date| date.tomorrow().ok()).take(61).filter(|date| calendar.days.contains(&Weekday::of(*date)));
        prop_assert_eq!(all, days.collect::<Vec<_>>());
        prop_assert!(nights.all().windows(2).all(|pair| pair[0].date < pair[1].date));
    }
}

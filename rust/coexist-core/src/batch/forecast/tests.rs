use super::*;
use crate::batch::calendar::clusters::clusters;
use crate::batch::calendar::moments::{moments, Leads};
use crate::batch::calendar::{Calendar, Nights};
use crate::batch::time_zone;
use crate::limits::Limits;
use proptest::collection::vec;
use proptest::prelude::*;

/// Every Friday and Saturday of a quarter; Berlin, and Tokyo, which rests for a while in May.
fn calendar() -> Vec<Cluster> {
    let calendar: Calendar = serde_json::from_str(
        r#"{"first": "2027-04-02", "last": "2027-06-26", "days": ["friday", "saturday"],
            "blackouts": [{"from": "2027-04-29", "to": "2027-05-09", "why": "Golden Week", "timeZones": ["Asia/Tokyo"]}]}"#,
    )
    .unwrap();
    let nights = Nights::new(&calendar, &Limits::default()).unwrap();
    let zones: Vec<_> = ["Europe/Berlin", "Asia/Tokyo"].iter().map(|name| time_zone::parse(name).unwrap()).collect();
    let mut found = clusters(&nights, &zones, 120).unwrap();
    found.reverse();
    assert_eq!(found.iter().map(|cluster| cluster.zones[0].name()).collect::<Vec<_>>(), ["Europe/Berlin", "Asia/Tokyo"]);
    found
}

fn group(clusters: &[Cluster], class: usize, people: u64, night: usize, days: u64) -> Group {
    let leads = Leads { pre_stage_days: days, validation_days: 7, scope_minutes: 60, address_minutes: 30 };
    let submit = moments(clusters[0].windows[night].unwrap(), &leads, None).unwrap().submit;
    Group { class, people, submit, night, cluster: 0 }
}

fn days(days: f64) -> i64 {
    (days * DAY) as i64
}

#[test]
fn the_table_is_microsofts() {
    let durations = Durations::default();
    let rows: Vec<(u64, f64, f64)> = durations.classes().iter().map(|class| (class.below_gigabytes, class.p50_days, class.p90_days)).collect();
    assert_eq!(rows, [(1, 1.0, 7.0), (10, 1.0, 10.0), (50, 3.0, 30.0), (100, 15.0, 45.0), (200, 30.0, 60.0)]);
    assert_eq!(Durations::new(durations.classes().to_vec()).unwrap(), durations);
    let class = |gigabytes: f64| durations.class((gigabytes * GIGABYTE as f64) as u64);
    assert_eq!([0.0, 0.99, 1.0, 9.9, 10.0, 50.0, 100.0, 199.9].map(class), [0, 0, 1, 1, 2, 3, 4, 4].map(Some));
    assert_eq!([200.0, 1e9].map(class), [None, None]);
    assert_eq!(durations.class(u64::MAX), None);
}

#[test]
fn chances_go_through_p50_and_p90_and_fall_tenfold_beyond() {
    let durations = Durations::default();
    for (after, chance) in [(0.0, 0.0), (0.5, 0.25), (1.0, 0.5), (5.5, 0.7), (10.0, 0.9), (15.0, 0.945), (20.0, 0.99), (25.0, 0.9945), (30.0, 0.999), (1e6, 1.0)] {
        assert!((durations.chance(1, days(after)) - chance).abs() < 1e-12, "{after}: {}", durations.chance(1, days(after)));
    }
    assert_eq!((durations.chance(1, -5), durations.chance(1, i64::MIN), durations.chance(1, i64::MAX), durations.chance(9, 5)), (0.0, 0.0, 1.0, 0.0));
    // Half and nine of ten at once: a step.
    let step = Durations::new(vec![Duration { below_gigabytes: 1, p50_days: 2.0, p90_days: 2.0 }]).unwrap();
    assert_eq!((step.chance(0, days(1.0)), step.chance(0, days(2.0))), (0.25, 0.9));
}

#[test]
fn durations_that_mean_nothing_are_told() {
    let row = |below_gigabytes, p50_days, p90_days| Duration { below_gigabytes, p50_days, p90_days };
    for durations in [
        vec![],
        vec![row(0, 1.0, 2.0)],
        vec![row(1, 1.0, 2.0), row(1, 1.0, 2.0)],
        vec![row(1, 0.0, 2.0)],
        vec![row(1, 2.0, 1.0)],
        vec![row(1, f64::NAN, 1.0)],
        vec![row(1, 1.0, f64::NAN)],
        vec![row(1, 1.0, f64::INFINITY)],
    ] {
        assert_eq!(Durations::new(durations).unwrap_err().code, "DurationsInvalid");
    }
}

#[test]
fn what_two_thousand_people_may_expect() {
    let clusters = calendar();
    let durations = Durations::default();
    // 14 days after submission, 6.4 of 100 people with up to 10 GB are not synchronized by the model; a day later, 5.5.
    let found = forecast(&durations, &clusters, &[group(&clusters, 1, 2_000, 0, 14)]);
    assert_eq!(found.nights[0], Expected { planned: 2_000, missed: 128, open: 128 });
    assert_eq!(found.nights[1], Expected { planned: 0, missed: 0, open: 110 });
    // For an even chance of all, a person may be late with 3.5 in 10,000: that is 37.3 days, 23.3 after the first night, so the Friday of the fifth week.
    // For nine in ten it is 0.5 in 10,000: 45.3 days, the Friday of the sixth.
    assert_eq!((found.p50, found.p90), (Some(8), Some(10)));
    let open: Vec<u64> = found.nights.iter().map(|night| night.open).collect();
    assert!(open.windows(2).all(|pair| pair[0] >= pair[1]) && open[25] == 0, "{open:?}");
    assert_eq!(found.caveat, Some(CAVEAT));

    // The same, person by person: one after the other is multiplied.
    for (night, expected) in found.nights.iter().enumerate() {
        let seconds = clusters[0].moment(night).unwrap().as_second() - group(&clusters, 1, 1, 0, 14).submit.as_second();
        let chance = durations.chance(1, seconds);
        let all = (0..2_000).fold(1.0, |all, _| all * chance);
        assert_eq!(all >= 0.5, found.p50.is_some_and(|p50| night >= p50), "{night} {all}");
        assert_eq!(all >= 0.9, found.p90.is_some_and(|p90| night >= p90), "{night} {all}");
        assert!((2_000.0 * (1.0 - chance) - expected.open as f64).abs() <= 0.5 + 1e-9);
    }
}

#[test]
fn the_end_is_the_last_persons_and_not_before_the_last_planned_night() {
    let clusters = calendar();
    let durations = Durations::new(vec![Duration { below_gigabytes: 100, p50_days: 1.0, p90_days: 2.0 }]).unwrap();
    let found = forecast(&durations, &clusters, &[group(&clusters, 0, 1, 0, 200), group(&clusters, 0, 1, 7, 200)]);
    assert_eq!((found.p50, found.p90), (Some(7), Some(7)));
    assert_eq!(found.caveat, None);
    // One submitted only on the last night has not begun.
    let found = forecast(&durations, &clusters, &[group(&clusters, 0, 1, 25, 0)]);
    assert_eq!((found.p50, found.p90, found.nights[25].missed), (None, None, 1));
    // Nobody is done at once.
    let found = forecast(&durations, &clusters, &[]);
    assert_eq!((found.p50, found.p90), (Some(0), Some(0)));
    assert_eq!(forecast(&durations, &[], &[group(&clusters, 0, 1, 0, 1)]), Forecast { p50: None, p90: None, nights: vec![], caveat: None });
}

#[test]
fn a_night_that_is_closed_completes_nobody() {
    let clusters = calendar();
    let durations = Durations::new(vec![Duration { below_gigabytes: 100, p50_days: 10.0, p90_days: 20.0 }]).unwrap();
    // Night 8 is April 30; the first on which Tokyo works again is night 12, May 14.
    assert_eq!(clusters[1].moment(7).unwrap().to_string(), "2027-04-24T13:00:00Z");
    assert_eq!((8..12).map(|night| clusters[1].moment(night)).collect::<Vec<_>>(), [None; 4]);
    let open = Group { people: 100, ..group(&clusters, 0, 1, 6, 10) };
    let tokyo = Group { cluster: 1, ..open };
    let found = |group: Group| forecast(&durations, &clusters, &[group]).nights.iter().skip(6).take(7).map(|night| night.open).collect::<Vec<_>>();
    assert_eq!(found(open), [50, 46, 22, 18, 8, 8, 5]);
    // It is night seven hours earlier in Tokyo, and who was not done on the eve of the holidays waits for their end.
    assert_eq!(found(tokyo), [51, 47, 47, 47, 47, 47, 5]);
    // A group that is planned for a closed night is not completed by a moment before it.
    let planned = Group { night: 9, ..tokyo };
    assert_eq!(found(planned), [0, 0, 0, 100, 100, 100, 5]);
}

fn schedule() -> impl Strategy<Value = Vec<Group>> {
    let clusters = calendar();
    vec((0usize..5, 0u64..3_000, 0usize..20, 0u64..60, 0usize..2), 1..12).prop_map(move |groups| {
        groups.into_iter().map(|(class, people, night, days, cluster)| Group { cluster, ..group(&clusters, class, people, night, days) }).collect()
    })
}

fn end(night: Option<usize>) -> usize {
    night.unwrap_or(usize::MAX)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn more_people_or_later_submission_never_end_earlier(groups in schedule(), which in 0usize..12, more in 0u64..500, later in 0i64..20) {
        let clusters = calendar();
        let durations = Durations::default();
        let found = forecast(&durations, &clusters, &groups);
        prop_assert!(end(found.p50) <= end(found.p90));
        for night in &found.nights {
            prop_assert!(night.missed <= night.planned && night.missed <= night.open);
        }
        prop_assert_eq!(found.nights.iter().map(|night| night.planned).sum::<u64>(), groups.iter().map(|group| group.people).sum::<u64>());

        let mut harder = groups.clone();
        let at = which % harder.len();
        harder[at].people += more;
        harder[at].submit = Timestamp::from_second(harder[at].submit.as_second() + later * 86_400).unwrap();
        let harder = forecast(&durations, &clusters, &harder);
        prop_assert!(end(found.p50) <= end(harder.p50) && end(found.p90) <= end(harder.p90));
        for (found, harder) in found.nights.iter().zip(&harder.nights) {
            prop_assert!(found.open <= harder.open && found.missed <= harder.missed);
        }

        let mut reversed = groups;
        reversed.reverse();
        prop_assert_eq!(forecast(&durations, &clusters, &reversed), found);
    }

    #[test]
    fn chances_never_fall(class in 0usize..5, a in 0i64..20_000_000, b in 0i64..20_000_000) {
        let durations = Durations::default();
        let (earlier, later) = (durations.chance(class, a.min(b)), durations.chance(class, a.max(b)));
        prop_assert!((0.0..=1.0).contains(&earlier) && earlier <= later && later <= 1.0);
    }

    #[test]
    fn powers_are_those_of_the_library(base in 0.5f64..1.0, exponent in 0u64..200) {
        let (own, library) = (power(base, exponent), base.powi(exponent as i32));
        prop_assert!((own - library).abs() <= library * 1e-12);
    }
}

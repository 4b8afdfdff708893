//! Plans of batches, held against what must hold of every plan: everybody once, hard ties whole, caps, dates, pins and submitted batches kept.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use coexist_core::batch::calendar::Calendar;
use coexist_core::batch::options::{Consequence, Mode, Options};
use coexist_core::batch::outcome::{BatchPlan, NONE};
use coexist_core::batch::people::{People, Person};
use coexist_core::batch::planner::{apply_options, plan, Input};
use coexist_core::batch::previous::Previous;
use coexist_core::batch::report::Report;
use coexist_core::batch::restricted::restricted;
use coexist_core::batch::survey;
use coexist_core::batch::tie::{Kinds, Resolved, Tie};
use coexist_core::batch::verdict::{Concern, Exclusion};
use coexist_core::limits::Limits;
use coexist_core::snapshot::{push_json, Chunk, Kind, RecordBuilder, Snapshot, Table};
use coexist_core::specification::LateStage;
use coexist_core::watch::Unwatched;
use serde_json::json;
use jiff::civil::Date;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Everything that a plan is made from, owned.
#[derive(Debug, Clone, Default)]
struct World {
    people: Vec<Person>,
    ties: Vec<Tie>,
    concerns: Vec<Concern>,
    options: Options,
    limits: Limits,
    removal: Option<LateStage>,
    previous: Option<String>,
}

impl World {
    fn of(count: usize) -> Self {
        World { people: (0..count).map(|number| Person { identity: format!("p{number}@contoso.com"), ..Person::default() }).collect(), ..World::default() }
    }

    fn nights(mut self, dates: &[&str]) -> Self {
        let calendar: Calendar = serde_json::from_value(serde_json::json!({ "nights": dates })).unwrap();
        self.options.calendar = Some(calendar);
        self
    }

    fn tie(mut self, from: u32, to: u32, weight: u32, hard: bool) -> Self {
        self.ties.push(Tie { from, to, kind: Kinds::default().index("explicit").unwrap(), weight, hard });
        self
    }

    fn plan_with<T>(&self, then: impl FnOnce(&Input, Result<BatchPlan, coexist_core::problem::Problem>) -> T) -> T {
        let (mut people, problems) = People::new(self.people.clone());
        assert!(problems.is_empty());
        let previous = self.previous.as_ref().map(|text| Previous::parse(text, &people).unwrap());
        apply_options(&mut people, &self.options, previous.as_ref());
        let kinds = Kinds::with(&self.options.ties).unwrap();
        let input = Input {
            people: &people,
            ties: &self.ties,
            kinds: &kinds,
            concerns: &self.concerns,
            options: &self.options,
            limits: &self.limits,
            removal: self.removal,
            previous: previous.as_ref(),
        };
        let made = plan(&input, &Unwatched);
        then(&input, made)
    }

    fn plan(&self) -> BatchPlan {
        self.plan_with(|_, made| made.unwrap_or_else(|problem| panic!("{problem}")))
    }

    /// The file that the plan is written to.
    fn text(&self) -> String {
        self.plan_with(|input, made| {
            let made = made.unwrap_or_else(|problem| panic!("{problem}"));
            let mut text = Vec::new();
            Report::new(input, &made, &BTreeMap::new())
                .write(&[], None, &mut |bytes| {
                    text.extend_from_slice(bytes);
                    Ok(())
                })
                .unwrap();
            String::from_utf8(text).unwrap()
        })
    }

    fn refusal(&self) -> String {
        self.plan_with(|_, made| {
            let problem = made.map(|_| ()).unwrap_err();
            assert_eq!(problem.code, "BatchesInfeasible", "{problem}");
            problem.message
        })
    }
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

const NIGHTS: [&str; 6] = ["2027-01-11", "2027-01-12", "2027-01-13", "2027-01-18", "2027-01-19", "2027-01-20"];

/// What must hold of every plan.
fn check(world: &World, plan: &BatchPlan) {
    let night_date = |person: u32| plan.nights[plan.night_of(person) as usize].date;
    let mut seen = BTreeSet::new();
    for (number, batch) in plan.batches.iter().enumerate() {
        assert!(!batch.people.is_empty(), "{} is empty", batch.name);
        for person in &batch.people {
            assert!(seen.insert(*person), "{person} is in two batches");
            assert_eq!(plan.batch_of[*person as usize], number as u32);
        }
        assert!(batch.submitted || batch.people.len() as u64 <= plan.caps.batch(), "{} has {} people", batch.name, batch.people.len());
    }
    let names: BTreeSet<&str> = plan.batches.iter().map(|batch| batch.name.as_str()).collect();
    assert_eq!(names.len(), plan.batches.len(), "two batches of one name");
    for (number, person) in world.people.iter().enumerate() {
        let excluded = !plan.verdicts.excluded[number].is_empty();
        assert_ne!(seen.contains(&(number as u32)), excluded, "{} is in a batch and excluded, or neither", person.identity);
        assert_eq!(plan.batch_of[number] == NONE, excluded);
        if excluded {
            continue;
        }
        let Some(night) = night_date(number as u32) else { continue };
        if person.submitted {
            continue;
        }
        assert!(person.not_before.is_none_or(|date| night >= date), "{} is too early", person.identity);
        assert!(person.not_after.is_none_or(|date| night <= date), "{} is too late", person.identity);
        assert!(person.night.is_none_or(|date| night == date), "{} is not on the pinned night", person.identity);
        assert!(!person.vip || person.pilot || plan.nights.len() == 1 || plan.night_of(number as u32) > 0, "{} is a VIP and goes first", person.identity);
    }
    for tie in world.ties.iter().filter(|tie| tie.hard) {
        let (from, to) = (tie.from, tie.to);
        let moves = |person: u32| plan.batch_of[person as usize] != NONE;
        let submitted = |person: u32| world.people[person as usize].submitted;
        assert!(moves(from) == moves(to) || submitted(from) || submitted(to), "a hard tie is left behind");
        assert!(!moves(from) || !moves(to) || plan.night_of(from) == plan.night_of(to) || (submitted(from) && submitted(to)), "a hard tie is cut");
    }
    for (number, night) in plan.nights.iter().enumerate() {
        let people = plan.batches.iter().filter(|batch| batch.night == number as u32).map(|batch| batch.people.len() as u64).sum::<u64>();
        assert_eq!(night.people, people);
        let all_submitted = plan.batches.iter().filter(|batch| batch.night == number as u32).all(|batch| batch.submitted);
        assert!(people <= night.capacity || all_submitted, "night {number} has {people} of {}", night.capacity);
    }
    let cut: u64 = world
        .ties
        .iter()
        .filter(|tie| plan.batch_of[tie.from as usize] != NONE && plan.batch_of[tie.to as usize] != NONE && plan.night_of(tie.from) != plan.night_of(tie.to))
        .map(|tie| u64::from(tie.weight))
        .sum();
    assert_eq!(plan.cut(), cut);
    // What several of one cluster share: the moment.
    for batch in &plan.batches {
        if let (Some(moments), Some(date)) = (&batch.moments, plan.nights[batch.night as usize].date) {
            assert!(moments.submit <= moments.remove_addresses && moments.remove_addresses <= moments.complete && moments.complete < moments.end);
            let day = moments.complete.to_string();
            let near = [date.yesterday().unwrap(), date, date.tomorrow().unwrap()].iter().any(|near| day.starts_with(&near.to_string()));
            assert!(near, "{day} is not the night of {date}");
        }
    }
}

#[test]
fn a_tenant_of_50_000_fits_into_26_nights_of_2_000_and_not_into_24() {
    let all: Vec<String> = (1..=26).map(|day| format!("2027-03-{day:02}")).collect();
    let dates: Vec<&str> = all.iter().map(String::as_str).collect();
    let mut world = World::of(50_000).nights(&dates);
    for number in 0..60_000u32 {
        let (from, to) = (number.wrapping_mul(2_654_435_761) % 50_000, (number / 3).wrapping_mul(40_503) % 50_000);
        if from != to {
            world = world.tie(from, to, 1 + number % 5, false);
        }
    }
    check(&world, &world.plan());
    let refused = world.nights(&dates[..24]).refusal();
    for part in ["50,000", "48,000", "batches.batchesPerNight"] {
        assert!(refused.replace(' ', "").contains(part) || refused.contains(&part.replace(',', "")), "{part} is not in: {refused}");
    }
}

#[test]
fn ties_are_kept_together_where_they_fit() {
    // Two departments of 50, one night each.
    let mut world = World::of(100).nights(&NIGHTS[..2]);
    world.options.people_per_night = Some(50);
    for number in 0..50u32 {
        for step in [1, 2, 7] {
            world = world.tie(number, (number + step) % 50, 3, false).tie(50 + number, 50 + (number + step) % 50, 3, false);
        }
    }
    world = world.tie(0, 50, 1, false);
    let plan = world.plan();
    check(&world, &plan);
    assert_eq!(plan.cut(), 1);
}

#[test]
fn rules_are_kept_and_impossible_ones_are_told_with_the_fewest_reasons() {
    let mut world = World::of(12).nights(&NIGHTS);
    world.options.people_per_night = Some(4);
    world.people[0].not_before = Some(date("2027-01-18"));
    world.people[1].not_after = Some(date("2027-01-12"));
    world.people[2].night = Some(date("2027-01-20"));
    world.people[3].pilot = true;
    world.people[4].vip = true;
    world.people[5].not_before = Some(date("2027-01-19"));
    world.people[6].not_after = Some(date("2027-01-12"));
    world.people[7].night = Some(date("2027-02-01"));
    world = world.tie(5, 6, 1, true).tie(5, 8, 1, true);
    let plan = world.plan();
    check(&world, &plan);
    assert_eq!(plan.night_of(3), 0, "the pilot goes first");
    assert!((0..12).filter(|person| plan.night_of(*person) == 0).all(|person| person == 3), "nobody goes with the pilot");
    for person in [5, 6, 8] {
        assert_eq!(plan.verdicts.excluded[person], [Exclusion::RulesConflict]);
    }
    let conflict = plan.findings.iter().find(|finding| finding.code == "NightsConflict").unwrap().message();
    assert!(conflict.contains("p5@contoso.com is not before 2027-01-19") && conflict.contains("p6@contoso.com is not after 2027-01-12"), "{conflict}");
    assert!(!conflict.contains("pilot"), "{conflict}");
    assert!(plan.findings.iter().any(|finding| finding.code == "NightImpossible" && finding.subject.id == "p7@contoso.com"));
}

#[test]
fn hard_ties_that_are_too_large_are_told_with_a_cut_that_frees_them() {
    // Two cliques of 4 that one tie joins: 8 people, and a night takes 5.
    let mut world = World::of(10).nights(&NIGHTS);
    world.options.people_per_night = Some(5);
    for base in [0, 4] {
        for a in 0..4 {
            for b in a + 1..4 {
                world = world.tie(base + a, base + b, 10, true);
            }
        }
    }
    world = world.tie(3, 4, 2, true);
    let plan = world.plan();
    check(&world, &plan);
    let finding = plan.findings.iter().find(|finding| finding.code == "HardTiesTooLarge").unwrap();
    assert!(finding.message().contains("p3@contoso.com - p4@contoso.com") && finding.message().contains("(weight 2)"), "{}", finding.message());
    assert_eq!((0..10).filter(|person| plan.batch_of[*person as usize] == NONE).count(), 8);
    // Released, they go.
    world.ties.last_mut().unwrap().hard = false;
    let plan = world.plan();
    check(&world, &plan);
    assert_eq!(plan.verdicts.excluded.iter().filter(|why| !why.is_empty()).count(), 0);
}

#[test]
fn findings_exclude_delay_and_warn_as_the_specification_says() {
    let mut world = World::of(6).nights(&NIGHTS);
    world.options.readiness = BTreeMap::from([("HoldDelay".to_string(), Consequence::DelayDays(7)), ("HoldLitigation".to_string(), Consequence::Warn)]);
    world.concerns = vec![
        Concern { person: 0, code: "HoldDelay", blocks: true },
        Concern { person: 1, code: "HoldLitigation", blocks: true },
        Concern { person: 2, code: "TargetIsMailbox", blocks: true },
    ];
    world = world.tie(2, 3, 1, true);
    let plan = world.plan();
    check(&world, &plan);
    assert!(plan.nights[plan.night_of(0) as usize].date.unwrap() >= date("2027-01-18"));
    assert_eq!(plan.verdicts.warned[1], ["HoldLitigation"]);
    assert_eq!(plan.verdicts.excluded[3], [Exclusion::TiedTo(2)]);
}

#[test]
fn time_zones_are_cut_over_in_their_own_night() {
    let mut world = World::of(30).nights(&NIGHTS[..2]);
    for (number, person) in world.people.iter_mut().enumerate() {
        person.time_zone = Some(["W. Europe Standard Time", "Asia/Tokyo", "America/Los_Angeles"][number % 3].to_string());
    }
    let plan = world.plan();
    check(&world, &plan);
    for batch in &plan.batches {
        let zones: BTreeSet<u32> = batch.people.iter().map(|person| person % 3).collect();
        assert_eq!(zones.len(), 1, "a batch has one moment");
        let complete = batch.moments.unwrap().complete.to_string();
        let hour = ["T21:00", "T13:00", "T06:00"][*zones.first().unwrap() as usize];
        assert!(complete.contains(hour), "{complete} is not 22:00 of its people");
    }
}

#[test]
fn a_new_plan_after_a_change_moves_only_whom_it_must() {
    let mut world = World::of(40).nights(&NIGHTS);
    world.options.people_per_night = Some(10);
    for number in 0..40u32 {
        world = world.tie(number, (number * 7 + 3) % 40, 2, false);
    }
    world.ties.retain(|tie| tie.from != tie.to);
    let first = world.plan();
    check(&world, &first);
    world.previous = Some(world.text());
    // Nothing changed: nobody moves.
    let again = world.plan();
    assert!(again.moved.is_empty(), "{:?}", again.moved);
    assert_eq!(again.batch_of, first.batch_of);
    // One person cannot go on their night any more: they move, and one for whom they make room at the most.
    let night = first.nights[first.night_of(7) as usize].date.unwrap();
    world.people[7].not_before = Some(night.tomorrow().unwrap());
    if night == date(NIGHTS[3]) {
        world.people[7].not_before = Some(date(NIGHTS[4]));
    }
    let changed = world.plan();
    check(&world, &changed);
    let elsewhere: Vec<u32> = (0..40).filter(|person| first.nights[first.night_of(*person) as usize].date != changed.nights[changed.night_of(*person) as usize].date).collect();
    assert!(elsewhere.contains(&7) && elsewhere.len() <= 2, "{elsewhere:?}");
    assert!(changed.moved.iter().any(|moved| moved.person == 7 && moved.from.is_some()));
}

#[test]
fn submitted_batches_stay_as_they_are() {
    let mut world = World::of(20).nights(&NIGHTS);
    world.options.people_per_night = Some(5);
    let first = world.plan();
    world.previous = Some(world.text());
    let batch = first.batches[0].name.clone();
    world.options.submitted = vec![batch.clone()];
    // Its people would rather be elsewhere, its night is gone, and one of them is on hold.
    world = world.nights(&NIGHTS[1..]);
    let inside = first.batches[0].people.clone();
    world.concerns = vec![Concern { person: inside[0], code: "HoldLitigation", blocks: true }];
    world = world.tie(inside[1], inside[1] + 1 - 2 * (inside[1] % 2), 9, false);
    let second = world.plan();
    let kept = second.batches.iter().find(|known| known.name == batch).unwrap();
    assert!(kept.submitted);
    assert_eq!(kept.people, inside);
    assert_eq!(second.nights[kept.night as usize].date, first.nights[0].date);
    assert_eq!(second.verdicts.warned[inside[0] as usize], ["HoldLitigation"]);
}

#[test]
fn a_pinned_batch_holds_whom_it_names_and_numbers_go_on_without_a_calendar() {
    let mut world = World::of(50);
    world.options.batch_count = Some(4);
    for number in [3, 17, 40] {
        world.people[number].batch = Some("Board".to_string());
    }
    let plan = world.plan();
    check(&world, &plan);
    let board = plan.batches.iter().find(|batch| batch.name == "Board").unwrap();
    assert_eq!(board.people, [3, 17, 40]);
    assert!(plan.batches.iter().any(|batch| batch.name == "Batch-001"));
    assert!(plan.nights.iter().all(|night| night.people <= 13 && night.date.is_none()));
}

#[test]
fn the_orchestrator_has_smaller_batches_and_the_plan_says_whose_rule_it_is() {
    let mut world = World::of(450).nights(&NIGHTS);
    world.options.mode = Mode::Orchestrated;
    world.options.batches_per_night = Some(2);
    let plan = world.plan();
    check(&world, &plan);
    assert!(plan.batches.iter().all(|batch| batch.people.len() <= 100));
    let text = world.text();
    assert!(text.contains("batchSizeOrchestrated") && text.contains("how-to") || text.contains("learn.microsoft.com"), "{}", &text[..2000]);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["people"].as_array().unwrap().len(), 450);
    assert_eq!(value["summary"]["people"], 450);
    assert_eq!(value["binding"]["caps"][0]["nights"], 3);
}

fn table(kind: Kind, objects: &[serde_json::Value]) -> Table {
    let mut builder = RecordBuilder::default();
    for object in objects {
        push_json(&mut builder, &object.to_string()).unwrap();
    }
    let mut table = Table::new(kind, format!("{}.jsonl", kind.name()));
    table.push(Chunk::new(builder, (1..=objects.len() as u32).collect()));
    table
}

#[test]
fn people_of_a_snapshot_have_their_sizes_zones_and_every_name() {
    let mut snapshot = Snapshot::default();
    let mailbox = |name: &str, guid: &str, archive: Option<&str>| json!({"PrimarySmtpAddress": format!("{name}@contoso.com"), "Alias": name, "DisplayName": name, "ExchangeGuid": guid,
        "ArchiveGuid": archive, "EmailAddresses": [format!("SMTP:{name}@contoso.com"), format!("smtp:{name}.old@contoso.com"), "X500:/o=x"]});
    let mailboxes = [mailbox("zoë", "11111111-0000-0000-0000-000000000001", Some("22222222-0000-0000-0000-000000000001")), mailbox("bert", "11111111-0000-0000-0000-000000000002", None)];
    snapshot.tables.insert(Kind::Mailboxes, table(Kind::Mailboxes, &mailboxes));
    let statistics = [
        json!({"MailboxGuid": "11111111-0000-0000-0000-000000000001", "TotalItemSize": "1.5 GB (1,610,612,736 bytes)", "ItemCount": 12}),
        json!({"MailboxGuid": "22222222-0000-0000-0000-000000000001", "TotalItemSize": "1 KB (1,024 bytes)", "ItemCount": 5}),
        json!({"MailboxGuid": "11111111-0000-0000-0000-000000000002", "TotalItemSize": "System.Object", "ItemCount": null}),
    ];
    snapshot.tables.insert(Kind::MailboxStatistics, table(Kind::MailboxStatistics, &statistics));
    snapshot.tables.insert(Kind::RegionalConfigurations, table(Kind::RegionalConfigurations, &[json!({"Identity": "zoë", "TimeZone": "Tokyo Standard Time"}), json!({"Identity": "gone", "TimeZone": "UTC"})]));
    let (mut people, problems) = People::new(survey::people(&snapshot, |_, _| true));
    survey::add_time_zones(&mut people, &snapshot);
    assert!(problems.is_empty());
    let zoe = &people.list[0];
    assert_eq!((zoe.identity.as_str(), zoe.mailbox_bytes, zoe.archive_bytes, zoe.items), ("zoë@contoso.com", Some(1_610_612_736), Some(1024), Some(12)));
    assert_eq!(zoe.time_zone.as_deref(), Some("Tokyo Standard Time"));
    assert_eq!(people.resolve("ZOË.old@contoso.com"), Resolved::One(0));
    let bert = &people.list[1];
    assert_eq!((bert.mailbox_bytes, bert.items, bert.time_zone.as_deref()), (None, None, None), "what was flattened is unknown");
}

#[test]
fn who_writes_to_restricted_recipients_is_counted_by_name_and_by_group() {
    let mut target = Snapshot::default();
    let user = |name: &str, senders: serde_json::Value| json!({"PrimarySmtpAddress": format!("{name}@fabrikam.com"), "DisplayName": name, "AcceptMessagesOnlyFromSendersOrMembers": senders});
    let users = [user("ann", json!([])), user("bert", json!(["ann", "Sales"])), user("cleo", json!(["Sales"]))];
    target.tables.insert(Kind::MailUsers, table(Kind::MailUsers, &users));
    let group = json!({"PrimarySmtpAddress": "board@fabrikam.com", "AcceptMessagesOnlyFromSendersOrMembers": ["bert@fabrikam.com", "ANN"]});
    target.tables.insert(Kind::Groups, table(Kind::Groups, &[group]));
    target.tables.insert(Kind::Members, table(Kind::Members, &[json!({"Group": "sales", "PrimarySmtpAddress": "ann@fabrikam.com"}), json!({"Group": "sales", "PrimarySmtpAddress": "cleo@fabrikam.com"})]));
    let objects: Vec<_> = (0..3).map(|row| Some(target.table(Kind::MailUsers).unwrap().get(row))).chain([None]).collect();
    // Ann: to Bert once though twice allowed, to Cleo as one of Sales, to the board.
    assert_eq!(restricted(&target, &objects), [3, 1, 2, 0]);
}

#[test]
fn the_gap_lasts_from_the_removal_of_addresses_to_the_end_of_the_night() {
    for (stage, hours) in [(LateStage::Cutover, 7.5), (LateStage::PreStage, 14.0 * 24.0 + 7.5)] {
        let mut world = World::of(3).nights(&NIGHTS[..1]);
        world.concerns = vec![Concern { person: 1, code: "AddressNotAccepted", blocks: false }];
        world.people[1].restricted = 2;
        world.removal = Some(stage);
        world.plan_with(|input, made| {
            let plan = made.unwrap();
            let missed = BTreeMap::new();
            let gaps: Vec<Option<f64>> = Report::new(input, &plan, &missed).people().map(|row| row.attribution_gap_hours).collect();
            assert_eq!(gaps, [Some(0.0), Some(hours), Some(0.0)]);
            assert!(plan.findings.iter().any(|finding| finding.code == "GapRestrictedWriter" && finding.subject.id == "p1@contoso.com"));
        });
    }
}

prop_compose! {
    fn worlds()(count in 1usize..40)(
        people in proptest::collection::vec((0u8..12, 0usize..6, 0u64..40, 0u8..10), count),
        ties in proptest::collection::vec((0..count as u32, 0..count as u32, 1u32..9, 0u8..10), 0..80),
        concerns in proptest::collection::vec((0..count as u32, 0usize..3), 0..4),
        per_night in 5u64..30,
        batch_size in 2u64..20,
        gigabytes in proptest::option::of(40u64..400),
        nights in 1usize..6,
        dated in any::<bool>(),
    ) -> World {
        let mut world = World::of(people.len());
        for (person, (what, night, size, zone)) in world.people.iter_mut().zip(&people) {
            let date = date(NIGHTS[*night]);
            match what {
                0 => person.not_before = Some(date),
                1 => person.not_after = Some(date),
                2 => person.night = Some(date),
                3 => person.pilot = true,
                4 => person.vip = true,
                5 => person.batch = Some("Board".to_string()),
                6 => person.priority = Some(1 + (*size % 9) as u8),
                _ => {}
            }
            person.mailbox_bytes = Some(*size << 30);
            person.time_zone = Some(["Europe/Berlin", "Tokyo Standard Time", "Nowhere", "Europe/London"][*zone as usize % 4].to_string());
        }
        for (from, to, weight, hard) in ties {
            if from != to {
                world = world.tie(from, to, weight, hard == 0);
            }
        }
        world.concerns = concerns.into_iter().map(|(person, code)| Concern { person, code: ["HoldLitigation", "NameShortened", "TargetIsMailbox"][code], blocks: code != 1 }).collect();
        world.options.batch_size = Some(batch_size);
        if dated {
            world = world.nights(&NIGHTS[..nights]);
            world.options.people_per_night = Some(per_night);
            world.options.gigabytes_per_night = gigabytes;
        }
        world
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_plan_keeps_every_rule_or_says_why_not(world in worlds()) {
        world.plan_with(|_, made| match made {
            Ok(plan) => check(&world, &plan),
            Err(problem) => assert!(["BatchesInfeasible", "BatchesNotPlaced"].contains(&problem.code), "{problem}"),
        });
    }

    #[test]
    fn the_same_people_give_the_same_bytes_and_their_own_plan_moves_nobody(mut world in worlds()) {
        if world.plan_with(|_, made| made.is_err()) {
            return Ok(());
        }
        let text = world.text();
        prop_assert_eq!(&text, &world.text());
        world.previous = Some(text);
        let plan = world.plan();
        check(&world, &plan);
        prop_assert!(plan.moved.is_empty(), "{:?}", plan.moved);
    }
}

//! Carrying plans out and taking them back, on a tenant that lags, refuses, loses answers and outlives the process.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod apply_world;

use apply_world::*;
use coexist_core::apply::journal::Act;
use coexist_core::apply::{Kind, Options, StopOn};
use coexist_core::plan::Surface;
use proptest::prelude::*;
use serde_json::{json, Value};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

fn apply() -> Options {
    Options::new(Act::Apply)
}

fn undo() -> Options {
    Options::new(Act::Undo)
}

#[test]
fn a_chain_is_done_in_order_and_seen_although_reads_lag() {
    let operations = [make("x/1/a", "t"), set("x/1/b", "t", "Guid", Value::Null, "g", &["a"]), set("x/1/c", "t", "Mail", Value::Null, "m", &["b"])];
    let mut stage = Stage::new(&operations, Objects::new());
    stage.world.lag = 90_000;
    let summary = stage.run(apply()).unwrap();
    assert_eq!((summary.done, summary.operations, summary.exit_code), (3, 3, 0));
    assert!(stage.world.effects.values().all(|count| *count == 1));
    assert_eq!(stage.listener.rows.iter().map(|row| row.step.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
    // Nothing is left to do, and nothing is read to find that out.
    stage.world.reads = 0;
    let again = stage.run(apply()).unwrap();
    assert_eq!((again.earlier, again.exit_code, stage.world.reads), (3, 0, 0));
}

#[test]
fn what_does_not_show_is_pending_and_a_later_run_settles_it() {
    let operations = [set("x/1/a", "t", "Guid", Value::Null, "g", &[]), set("x/1/b", "t", "Mail", Value::Null, "m", &["a"])];
    let mut stage = Stage::new(&operations, Objects::from_iter([thing("t")]));
    stage.world.lag = 600_000;
    let summary = stage.run(Options { no_wait: true, ..apply() }).unwrap();
    assert_eq!((summary.pending, summary.waiting, summary.exit_code), (1, 1, 2));
    assert_eq!(stage.row("x/1/a").outcome, Kind::Pending);
    assert_eq!(stage.row("x/1/b").code.as_deref(), Some("DependencyWaits"));
    let summary = stage.run(apply()).unwrap();
    assert_eq!((summary.done, summary.exit_code), (2, 0));
    assert!(stage.world.effects.values().all(|count| *count == 1));
}

#[test]
fn what_never_shows_has_failed_and_is_made_again_by_the_next_run() {
    let operations = [set("x/1/a", "t", "Guid", Value::Null, "g", &[])];
    let mut stage = Stage::new(&operations, Objects::from_iter([thing("t")]));
    stage.world.fates = VecDeque::from([Fate::LostBefore]);
    let summary = stage.run(apply()).unwrap();
    assert_eq!((summary.failed, stage.row("x/1/a").code.as_deref(), summary.exit_code), (1, Some("AnswerLost"), 4));
    let summary = stage.run(apply()).unwrap();
    assert_eq!((summary.done, stage.world.effects["x/1/a"]), (1, 1));
}

#[test]
fn drift_is_named_and_takes_the_dependants_along() {
    let operations = [set("x/1/a", "t", "Guid", json!("old"), "g", &[]), set("x/1/b", "t", "Mail", Value::Null, "m", &["a"]), set("x/2/a", "u", "Guid", Value::Null, "g", &[])];
    let mut objects = Objects::from_iter([thing("t"), thing("u")]);
    objects.get_mut("t").unwrap().insert("Guid".into(), json!("somebody's"));
    let mut stage = Stage::new(&operations, objects.clone());
    let summary = stage.run(apply()).unwrap();
    assert_eq!((summary.done, summary.skipped, summary.exit_code), (1, 2, 3));
    let row = stage.row("x/1/a");
    assert_eq!(row.code.as_deref(), Some("ObjectDrifted"));
    assert!(row.message.as_deref().unwrap().contains("'old'") && row.message.as_deref().unwrap().contains("'somebody's'"), "{row:?}");
    assert!(row.action.is_some());
    assert_eq!(stage.row("x/1/b").code.as_deref(), Some("DependencyNotDone"));
    assert_eq!(stage.world.objects["t"], objects["t"]);
}

#[test]
fn an_end_state_that_is_there_is_recorded_and_not_repeated_and_not_taken_back() {
    let operations = [set("x/1/a", "t", "Name", json!("T"), "t", &[]), set("x/1/b", "t", "Mail", Value::Null, "m", &["a"])];
    let mut stage = Stage::new(&operations, Objects::from_iter([thing("t")]));
    let summary = stage.run(apply()).unwrap();
    assert_eq!((summary.already_done, summary.done), (1, 1));
    let summary = stage.run(undo()).unwrap();
    assert_eq!((summary.undone, summary.operations), (1, 1));
    assert_eq!(stage.world.effects.keys().cloned().collect::<Vec<_>>(), ["x/1/b", "x/1/b undone"]);
}

#[test]
fn later_stages_of_a_person_wait_for_the_earlier_ones_and_other_people_do_not() {
    let mut late = set("x/1/b", "t", "Mail", Value::Null, "m", &[]);
    late["stage"] = json!("preStage");
    let mut other = set("x/2/b", "u", "Mail", Value::Null, "m", &[]);
    other["stage"] = json!("preStage");
    let operations = [set("x/1/a", "t", "Guid", Value::Null, "g", &[]), late, other];
    let mut stage = Stage::new(&operations, Objects::from_iter([thing("t"), thing("u")]));
    stage.world.fates = VecDeque::from([Fate::Refused]);
    let summary = stage.run(apply()).unwrap();
    assert_eq!((summary.failed, summary.waiting, summary.done, summary.exit_code), (1, 1, 1, 4));
    assert_eq!(stage.row("x/1/b").code.as_deref(), Some("StageNotOpen"));
}

#[test]
fn gates_are_polled_until_they_open_or_their_time_is_over() {
    let mut gated = set("x/1/a", "t", "Mail", Value::Null, "m", &[]);
    gated["gates"] = json!([{"waitFor": "propertyVisible", "read": "thing", "identity": "u", "conditions": [{"property": "Guid", "equals": "g"}], "deadlineMinutes": 30}]);
    let operations = [set("x/2/a", "u", "Guid", Value::Null, "g", &[]), gated.clone()];
    let mut stage = Stage::new(&operations, Objects::from_iter([thing("t"), thing("u")]));
    stage.world.lag = 200_000;
    assert_eq!(stage.run(apply()).unwrap().done, 2);
    let mut stage = Stage::new(&[gated.clone()], Objects::from_iter([thing("t"), thing("u")]));
    let summary = stage.run(Options { no_wait: true, ..apply() }).unwrap();
    assert_eq!((summary.waiting, stage.row("x/1/a").code.as_deref()), (1, Some("GateClosed")));
    let before = stage.time.0.get();
    let summary = stage.run(apply()).unwrap();
    assert_eq!((summary.skipped, stage.row("x/1/a").code.as_deref()), (1, Some("GateExpired")));
    assert!((30..33).contains(&((stage.time.0.get() - before) / 60_000)));
}

#[test]
fn time_is_waited_for_within_a_night_and_no_longer() {
    let at = |hours: i64| coexist_core_text(START + hours * 3_600_000);
    let mut soon = set("x/1/a", "t", "Mail", Value::Null, "m", &[]);
    soon["notBefore"] = json!(at(5));
    let mut far = set("x/2/a", "u", "Mail", Value::Null, "m", &[]);
    far["notBefore"] = json!(at(50));
    let mut over = set("x/3/a", "v", "Mail", Value::Null, "m", &[]);
    over["notAfter"] = json!(at(-1));
    let mut stage = Stage::new(&[soon, far, over], Objects::from_iter([thing("t"), thing("u"), thing("v")]));
    let summary = stage.run(Options { no_wait: true, ..apply() }).unwrap();
    assert_eq!((summary.waiting, summary.skipped, summary.next_due), (2, 1, Some(at(5))));
    let summary = stage.run(apply()).unwrap();
    assert_eq!((summary.done, summary.waiting, summary.skipped), (1, 1, 1));
    assert_eq!((stage.row("x/2/a").code.as_deref(), stage.row("x/3/a").code.as_deref()), (Some("NotDue"), Some("TooLate")));
    assert!(stage.time.0.get() < 6 * 3_600_000);
}

fn coexist_core_text(milliseconds: i64) -> String {
    format!("{:.3}", jiff::Timestamp::from_millisecond(milliseconds).unwrap())
}

#[test]
fn what_cannot_be_taken_back_is_asked_for_by_itself() {
    let mut destroys = set("x/1/a", "t", "Previous", json!("UserMailbox"), "None", &[]);
    destroys["undo"] = json!({"irreversible": "It destroys."});
    let mut objects = Objects::from_iter([thing("t")]);
    objects.get_mut("t").unwrap().insert("Previous".into(), json!("UserMailbox"));
    let mut stage = Stage::new(&[destroys], objects);
    let summary = stage.run(apply()).unwrap();
    assert_eq!((summary.skipped, stage.row("x/1/a").code.as_deref(), stage.listener.for_good.len()), (1, Some("ForGood"), 1));
    assert!(stage.listener.for_good[0].contains("It destroys."));
    stage.listener.allows = true;
    assert_eq!(stage.run(apply()).unwrap().done, 1);
    let summary = stage.run(undo()).unwrap();
    assert_eq!((summary.skipped, stage.row("x/1/a").code.as_deref(), summary.exit_code), (1, Some("Irreversible"), 3));
}

#[test]
fn what_if_reads_and_asks_and_changes_nothing() {
    let operations = [make("x/1/a", "t"), set("x/1/b", "t", "Guid", Value::Null, "g", &["a"]), set("x/2/a", "u", "Guid", json!("old"), "g", &[])];
    let mut stage = Stage::new(&operations, Objects::from_iter([thing("u")]));
    let summary = stage.run(Options { what_if: true, ..apply() }).unwrap();
    assert_eq!((summary.what_if, summary.skipped), (2, 1));
    assert_eq!(stage.listener.asked.len(), 2);
    assert_eq!(stage.listener.asked[0], ("T (t) in fabrikam".to_string(), "Do a (New-Thing)".to_string()));
    assert!(stage.memory.lines.is_empty() && stage.world.effects.is_empty());
}

#[test]
fn a_no_is_a_no_until_the_next_run() {
    let mut stage = Stage::new(&[set("x/1/a", "t", "Guid", Value::Null, "g", &[])], Objects::from_iter([thing("t")]));
    stage.listener.declines = true;
    assert_eq!((stage.run(apply()).unwrap().skipped, stage.memory.lines.len()), (1, 0));
    stage.listener.declines = false;
    assert_eq!(stage.run(apply()).unwrap().done, 1);
}

#[test]
fn too_many_failures_and_enough_done_stop_a_run() {
    let names: Vec<String> = (0..50).map(|number| format!("t{number}")).collect();
    let operations: Vec<Value> = names.iter().map(|name| set(&format!("x/{name}/a"), name, "Guid", Value::Null, "g", &[])).collect();
    let objects = || names.iter().map(|name| thing(name)).collect::<Objects>();
    let mut stage = Stage::new(&operations, objects());
    stage.world.fates = (0..50).map(|_| Fate::Refused).collect();
    let summary = stage.run(Options { stop_on: StopOn { errors: Some(3), percent: None }, ..apply() }).unwrap();
    assert_eq!((summary.failed, summary.waiting, summary.stopped, summary.exit_code), (3, 47, Some("StopOn"), 5));
    let mut stage = Stage::new(&operations, objects());
    stage.world.fates = (0..50).map(|number| if number % 4 == 0 { Fate::Refused } else { Fate::Good }).collect();
    let summary = stage.run(Options { stop_on: StopOn { errors: None, percent: Some(20.0) }, ..apply() }).unwrap();
    assert_eq!((summary.failed + summary.done, summary.stopped), (20, Some("StopOn")));
    let mut stage = Stage::new(&operations, objects());
    let summary = stage.run(Options { max_operations: Some(7), ..apply() }).unwrap();
    assert_eq!((summary.done, summary.waiting, summary.stopped, summary.exit_code), (7, 43, Some("MaxOperations"), 2));
    assert_eq!(stage.run(apply()).unwrap().done, 43);
}

#[test]
fn a_busy_service_is_given_time_and_not_for_ever() {
    let mut stage = Stage::new(&[set("x/1/a", "t", "Guid", Value::Null, "g", &[])], Objects::from_iter([thing("t")]));
    stage.world.fates = VecDeque::from([Fate::Busy, Fate::Busy]);
    assert_eq!(stage.run(apply()).unwrap().done, 1);
    let mut stage = Stage::new(&[set("x/1/a", "t", "Guid", Value::Null, "g", &[])], Objects::from_iter([thing("t")]));
    stage.world.fates = (0..100).map(|_| Fate::Busy).collect();
    let summary = stage.run(apply()).unwrap();
    assert_eq!((summary.waiting, stage.row("x/1/a").code.as_deref()), (1, Some("Busy")));
}

#[test]
fn each_process_does_what_it_reaches_and_leaves_the_rest() {
    let mut ad = set("x/1/b", "t", "Mail", Value::Null, "m", &["a"]);
    (ad["surface"], ad["read"]) = (json!("activeDirectory"), json!("adThing"));
    let operations = [set("x/1/a", "t", "Guid", Value::Null, "g", &[]), ad, set("x/1/c", "t", "Other", Value::Null, "o", &["b"])];
    let mut stage = Stage::new(&operations, Objects::from_iter([thing("t")]));
    stage.surfaces = vec![Surface::Exchange];
    let summary = stage.run(apply()).unwrap();
    assert_eq!((summary.done, summary.waiting, summary.exit_code), (1, 2, 2));
    assert_eq!((stage.row("x/1/b").code.as_deref(), stage.row("x/1/c").code.as_deref()), (Some("NotConnected"), Some("DependencyWaits")));
    stage.surfaces = vec![Surface::ActiveDirectory];
    assert_eq!(stage.run(apply()).unwrap().done, 1);
    stage.surfaces = vec![Surface::Exchange];
    let summary = stage.run(apply()).unwrap();
    assert_eq!((summary.done, summary.exit_code), (1, 0));
}

/// A random plan: people with chains and forks of steps over objects that are there or made, some in later stages, some tied across people.
#[derive(Debug, Clone)]
struct Random {
    operations: Vec<Value>,
    objects: Objects,
    for_good: BTreeSet<String>,
}

fn random_plan() -> impl Strategy<Value = Random> {
    let step = (0..3_usize, any::<u8>(), any::<bool>(), 0..20_u8);
    let person = (any::<bool>(), prop::collection::vec(step, 1..6));
    prop::collection::vec(person, 1..6).prop_map(|people| {
        let (mut operations, mut objects, mut for_good): (Vec<Value>, _, _) = (Vec::new(), Objects::new(), BTreeSet::new());
        for (number, (made, steps)) in people.into_iter().enumerate() {
            let name = format!("p{number}");
            if made {
                operations.push(make(&format!("x/{name}/make"), &name));
            } else {
                objects.extend([thing(&name)]);
            }
            for (at, (stage, bits, across, irreversible)) in steps.into_iter().enumerate() {
                let id = format!("x/{name}/s{at}");
                let mut depends_on: Vec<String> = (0..at).filter(|other| bits >> other & 1 == 1).map(|other| format!("s{other}")).collect();
                if made {
                    depends_on.push("make".into());
                }
                // Only backwards, so that there is no circle: neither by names nor by stages.
                if across && number > 0 {
                    depends_on.push(format!("x/p{}/s0", number - 1));
                }
                let names: Vec<&str> = depends_on.iter().map(String::as_str).collect();
                let mut operation = set(&id, &name, &format!("P{at}"), Value::Null, "new", &names);
                // Stages never go back along the steps of a person.
                operation["stage"] = json!(["prepare", "preStage", "cutover"][if at == 0 { 0 } else { stage.max(at.min(2)) }]);
                if irreversible == 0 {
                    operation["undo"] = json!({"irreversible": "for good"});
                    for_good.insert(id.clone());
                }
                operations.push(operation);
            }
        }
        Random { operations, objects, for_good }
    })
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        8 => Just(Fate::Good), 1 => Just(Fate::Refused), 1 => Just(Fate::Busy), 1 => Just(Fate::Lost), 1 => Just(Fate::LostBefore), 1 => Just(Fate::DieBefore),
        1 => Just(Fate::DieAfter)
    ]
}

/// Runs until nothing is left, dying and failing on the way; then the tenant is well again.
fn to_the_end(stage: &mut Stage, options: &Options, jump: i64) {
    for _ in 0..60 {
        let result = stage.run(options.clone());
        // A clock that is put back by hours between two runs changes nothing.
        stage.time.1.set(stage.time.1.get() + jump);
        match result {
            Ok(summary) if summary.exit_code == 0 => return,
            Ok(summary)
                if options.act == Act::Undo
                    && summary.failed + summary.pending + summary.undone == 0
                    && stage.listener.rows.iter().all(|row| row.code.as_deref() != Some("Busy")) =>
            {
                return
            }
            _ => {}
        }
    }
    panic!("it does not come to an end: {:#?}", stage.listener.rows);
}

fn dependencies(operations: &[Value]) -> BTreeMap<String, Vec<String>> {
    let whole = |id: &str, name: &str| if name.contains('/') { name.to_string() } else { format!("{}/{name}", id.rsplit_once('/').unwrap().0) };
    operations
        .iter()
        .map(|operation| {
            let id = operation["id"].as_str().unwrap();
            (id.to_string(), operation["dependsOn"].as_array().unwrap().iter().map(|name| whole(id, name.as_str().unwrap())).collect())
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    /// Whatever fails and dies on the way: nothing takes effect before what it depends on did, nothing twice, nothing is lost.
    #[test]
    fn every_effect_once_and_none_before_what_it_depends_on(
        random in random_plan(), fates in prop::collection::vec(fate(), 0..40), lag in 0..1_200_000_i64, jump in -7_200_000..1_i64, no_wait: bool
    ) {
        let mut stage = Stage::new(&random.operations, random.objects.clone());
        stage.listener.allows = true;
        stage.world.lag = lag;
        stage.world.fates = fates.into();
        let depends = dependencies(&random.operations);
        let options = Options { no_wait, ..apply() };
        for _ in 0..8 {
            let _ = stage.run(options.clone());
            for (id, needs) in &depends {
                if stage.world.effects.contains_key(id) {
                    prop_assert!(needs.iter().all(|need| stage.world.effects.contains_key(need)), "{} without {:?}", id, needs);
                }
            }
            stage.time.1.set(stage.time.1.get() + jump);
        }
        // The clock is put right, and scheduled runs have time between them.
        stage.time.1.set(START);
        // Of a clock that jumps forward nobody could tell that the time to settle has not gone by: what was done before shows by then.
        stage.time.0.set(stage.time.0.get() + lag);
        for _ in 0..40 {
            let _ = stage.run(options.clone());
            stage.time.0.set(stage.time.0.get() + 700_000);
        }

        to_the_end(&mut stage, &apply(), 0);
        prop_assert_eq!(stage.world.effects.len(), random.operations.len());
        prop_assert!(stage.world.effects.values().all(|count| *count == 1), "{:?}", stage.world.effects);
        for object in stage.world.objects.values() {
            prop_assert!(object.iter().all(|(name, value)| name == "Name" || value == "new"));
        }
    }

    /// Taking back after any prefix, through failures and deaths, returns the first world, save what cannot be taken back and what that stands on.
    #[test]
    fn taking_back_returns_the_first_world(
        random in random_plan(), done in 0..30_u64, lag in 0..600_000_i64, dies: bool, fates in prop::collection::vec(fate(), 0..20)
    ) {
        let mut stage = Stage::new(&random.operations, random.objects.clone());
        stage.listener.allows = true;
        stage.world.lag = lag;
        if dies {
            stage.world.fates = (0..done).map(|_| Fate::Good).chain([Fate::DieAfter]).collect();
        }
        let _ = stage.run(Options { max_operations: Some(done + 1), ..apply() });
        let stays: BTreeSet<&String> = random.for_good.iter().filter(|id| stage.world.effects.contains_key(*id)).collect();
        stage.world.fates = fates.into();
        to_the_end(&mut stage, &undo(), 0);
        if stays.is_empty() {
            prop_assert_eq!(&normal(&stage.world.objects), &normal(&random.objects));
        }
        // What stands on nothing that stays is back.
        let depends = dependencies(&random.operations);
        let mut held: BTreeSet<String> = stays.into_iter().cloned().collect();
        loop {
            let more: Vec<String> = held.iter().flat_map(|id| depends[id].clone()).filter(|id| !held.contains(id)).collect();
            if more.is_empty() { break }
            held.extend(more);
        }
        for id in depends.keys() {
            let (forth, back) = (stage.world.effects.get(id), stage.world.effects.get(&format!("{id} undone")));
            if held.contains(id) {
                prop_assert_eq!(back, None, "{}", id);
            } else {
                prop_assert_eq!(forth, back, "{}", id);
            }
            prop_assert!(back.is_none_or(|count| *count == 1));
        }
    }
}

/// Without what is empty.
fn normal(objects: &Objects) -> Objects {
    objects.iter().map(|(name, object)| (name.clone(), object.iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.clone(), value.clone())).collect())).collect()
}

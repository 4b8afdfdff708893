//! Carrying plans out where it is easily got wrong: what changes while somebody thinks, what a death leaves half said, what another process has.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[allow(dead_code)]
mod apply_world;

use apply_world::*;
use coexist_core::apply::journal::{Act, Line, Outcome, Result as Came};
use coexist_core::apply::{time_text, Kind, Options, Plan};
use coexist_core::plan::Surface;
use proptest::prelude::*;
use serde_json::{json, Map, Value};
use std::collections::VecDeque;

fn apply() -> Options {
    Options::new(Act::Apply)
}

fn undo() -> Options {
    Options::new(Act::Undo)
}

fn things(names: &[&str]) -> Objects {
    names.iter().map(|name| (name.to_string(), Map::from_iter([("Name".to_string(), json!(name))]))).collect()
}

fn code<'s>(stage: &'s Stage, id: &str) -> Option<&'s str> {
    stage.row(id).code.as_deref()
}

fn on(surface: &str, mut operation: Value) -> Value {
    operation["surface"] = json!(surface);
    if surface == "activeDirectory" {
        operation["read"] = json!("adThing");
    }
    operation
}

fn with(step: &str, mut operation: Value) -> Value {
    operation["undo"] = json!({"with": step});
    operation
}

fn gate(mut operation: Value, read: &str, thing: &str, property: &str, value: &str) -> Value {
    operation["gates"] = json!([{"waitFor": "propertyVisible", "read": read, "identity": thing, "conditions": [{"property": property, "equals": value}], "deadlineMinutes": 60}]);
    operation
}

/// A plan of operations and places.
fn file(operations: &[Value], places: &[Value]) -> Result<Plan, coexist_core::problem::Problem> {
    let reads = json!({"thing": {"surface": "exchange", "command": "Get-Thing"}, "adThing": {"surface": "activeDirectory", "command": "Get-Thing"}});
    let file = json!({"version": 1, "source": {"name": "contoso"}, "target": {"name": "fabrikam"}, "reads": reads, "steps": {}, "operations": operations, "places": places});
    Plan::parse(file.to_string().into_bytes(), "1".repeat(64))
}

// ---- What somebody else changes.

#[test]
fn what_changes_while_somebody_is_asked_is_seen() {
    let mut stage = Stage::new(&[set("x/1/a", "t", "Guid", Value::Null, "g", &[])], things(&["t"]));
    stage.listener.thinks = Some((stage.time.clone(), 300_000));
    stage.world.others = vec![(60_000, "t".into(), "Guid".into(), json!("somebody's"))];
    let summary = stage.run(apply()).unwrap();
    assert_eq!((summary.skipped, code(&stage, "x/1/a")), (1, Some("ObjectDrifted")));
    assert!(stage.world.effects.is_empty());
    // Who did in the meantime what was to be done has done it.
    let mut stage = Stage::new(&[set("x/1/a", "t", "Guid", Value::Null, "g", &[])], things(&["t"]));
    stage.listener.thinks = Some((stage.time.clone(), 300_000));
    stage.world.others = vec![(60_000, "t".into(), "Guid".into(), json!("g"))];
    assert_eq!(stage.run(apply()).unwrap().already_done, 1);
    // Whose time is over meanwhile is too late.
    let mut late = set("x/1/a", "t", "Guid", Value::Null, "g", &[]);
    late["notAfter"] = json!(time_text(START + 60_000));
    let mut stage = Stage::new(&[late], things(&["t"]));
    stage.listener.thinks = Some((stage.time.clone(), 300_000));
    stage.run(apply()).unwrap();
    assert_eq!(code(&stage, "x/1/a"), Some("TooLate"));
}

#[test]
fn taking_back_leaves_what_was_there_before() {
    let mut stamp = set("x/1/a", "t", "Guid", Value::Null, "g", &[]);
    stamp["command"]["parameters"]["EmailAddresses"] = json!({"Add": ["smtp:a", "X500:/o=b"]});
    stamp["verify"] = json!([{"property": "Guid", "equals": "g"}, {"property": "EmailAddresses", "contains": "$added"}]);
    stamp["undo"]["command"]["parameters"]["EmailAddresses"] = json!({"Remove": "$added"});
    let mut objects = things(&["t"]);
    // Somebody has given it one of the addresses since the snapshot.
    objects.get_mut("t").unwrap().insert("EmailAddresses".into(), json!(["SMTP:t", "x500:/O=B"]));
    let mut stage = Stage::new(&[stamp], objects.clone());
    assert_eq!(stage.run(apply()).unwrap().done, 1);
    assert_eq!(stage.run(undo()).unwrap().undone, 1);
    assert_eq!(stage.world.objects["t"]["EmailAddresses"], objects["t"]["EmailAddresses"]);
}

#[test]
fn the_primary_of_ad_is_the_address_in_capitals() {
    let mut primary = set("x/1/a", "t", "x", Value::Null, "y", &[]);
    primary["command"]["parameters"] = json!({"Identity": "t", "Set": {"proxyAddresses": ["SMTP:new@f", "smtp:old@f"]}, "Mark": "x/1/a", "Add": {"proxyAddresses": ["SMTP:new@f", "smtp:old@f"]}});
    primary["expect"] = json!([]);
    primary["verify"] = json!([{"property": "proxyAddresses", "contains": "$added"}]);
    primary["undo"]["command"]["parameters"] = json!({"Identity": "t", "Set": {"proxyAddresses": ["smtp:new@f", "SMTP:old@f"]}, "Mark": "x/1/a undone"});
    let mut objects = things(&["t"]);
    objects.get_mut("t").unwrap().insert("proxyAddresses".into(), json!(["smtp:new@f", "SMTP:old@f"]));
    let mut stage = Stage::new(&[primary.clone()], objects.clone());
    let summary = stage.run(apply()).unwrap();
    assert_eq!((summary.done, summary.already_done), (1, 0));
    // Nothing but the spelling shows whether it was taken back, also where a death left that open.
    stage.world.fates = VecDeque::from([Fate::DieBefore]);
    stage.run(undo()).unwrap_err();
    assert_eq!(stage.run(undo()).unwrap().undone, 1);
    assert_eq!(stage.world.objects, objects);
}

// ---- What a death leaves half said.

#[test]
fn what_was_being_taken_back_is_done_again_only_if_it_is_gone() {
    let operations = [make("x/1/a", "t"), set("x/1/b", "t", "Guid", Value::Null, "g", &["a"])];
    for (fate, makes) in [(Fate::DieAfter, 2), (Fate::DieBefore, 1)] {
        let mut stage = Stage::new(&operations, Objects::new());
        stage.world.lag = 60_000;
        assert_eq!(stage.run(apply()).unwrap().done, 2);
        stage.world.fates = VecDeque::from([Fate::Good, fate]);
        stage.run(undo()).unwrap_err();
        let summary = stage.run(apply()).unwrap();
        assert_eq!((summary.exit_code, stage.world.effects["x/1/a"]), (0, makes), "{fate:?} {:#?}", stage.listener.rows);
        assert_eq!(stage.world.objects["t"]["Guid"], json!("g"), "{fate:?}");
        // And it can be taken back.
        assert_eq!(stage.run(undo()).unwrap().undone, 2);
        assert!(stage.world.objects.is_empty());
    }
}

#[test]
fn what_goes_with_something_is_never_lost_with_it() {
    let operations = [make("x/1/a", "t"), with("a", set("x/1/b", "t", "Guid", Value::Null, "g", &["a"])), with("a", set("x/1/c", "t", "Mail", Value::Null, "m", &["b"]))];
    // The process dies before it has said of everything that it is gone.
    for after in 0..4 {
        for again in [true, false] {
            let mut stage = Stage::new(&operations, Objects::new());
            assert_eq!(stage.run(apply()).unwrap().done, 3);
            stage.memory.dies_after = Some(after);
            let _ = stage.run(undo());
            stage.memory.dies_after = None;
            if again {
                assert_eq!(stage.run(apply()).unwrap().exit_code, 0);
                let object = &stage.world.objects["t"];
                assert_eq!((&object["Guid"], &object["Mail"]), (&json!("g"), &json!("m")), "{after}");
            }
            let summary = stage.run(undo()).unwrap();
            assert_eq!((summary.exit_code, summary.skipped), (0, 0), "{after} {:#?}", stage.listener.rows);
            assert!(stage.world.objects.is_empty());
            assert_eq!(stage.run(undo()).unwrap().operations, 0);
        }
    }
}

#[test]
fn what_goes_with_something_on_another_surface_is_left_to_its_process() {
    let operations = [make("x/1/a", "t"), with("a", on("activeDirectory", set("x/1/b", "t", "Guid", Value::Null, "g", &["a"])))];
    let mut stage = Stage::new(&operations, Objects::new());
    assert_eq!(stage.run(apply()).unwrap().done, 2);
    stage.surfaces = vec![Surface::Exchange];
    stage.memory.locked = vec![Surface::ActiveDirectory];
    assert_eq!(stage.run(undo()).unwrap().undone, 1);
    (stage.surfaces, stage.memory.locked) = (vec![Surface::ActiveDirectory], Vec::new());
    assert_eq!(stage.run(undo()).unwrap().undone, 1);
    stage.surfaces = vec![Surface::Exchange, Surface::ActiveDirectory];
    assert_eq!(stage.run(apply()).unwrap().done, 2);
}

#[test]
fn nothing_goes_before_what_stands_on_what_goes_with_it() {
    // The job, its validation, which goes with it, and the migration that stands on that.
    let operations = [make("x/1/a", "t"), with("a", set("x/1/b", "t", "Guid", Value::Null, "g", &["a"])), set("x/1/c", "t", "Mail", Value::Null, "m", &["b"])];
    let mut stage = Stage::new(&operations, Objects::new());
    assert_eq!(stage.run(apply()).unwrap().done, 3);
    stage.world.fates = VecDeque::from([Fate::Refused]);
    let summary = stage.run(undo()).unwrap();
    assert_eq!((summary.failed, summary.undone), (1, 0), "{:#?}", stage.listener.rows);
    assert_eq!(stage.run(undo()).unwrap().undone, 3);
    assert!(stage.world.objects.is_empty());
    // The same where it stands under somebody else.
    let operations = [make("x/1/a", "t"), with("a", set("x/1/b", "t", "Guid", Value::Null, "g", &["a"])), set("x/2/c", "u", "Mail", Value::Null, "m", &["x/1/b"])];
    let mut stage = Stage::new(&operations, things(&["u"]));
    assert_eq!(stage.run(apply()).unwrap().done, 3);
    assert_eq!(stage.run(undo()).unwrap().undone, 3);
}

#[test]
fn a_clock_that_was_put_back_makes_taking_back_wait_too() {
    let operations = [set("x/1/a", "t", "Guid", Value::Null, "g", &[])];
    // It was carried out by a process whose clock was behind, and does not show yet: it is not taken for undone.
    let mut stage = Stage::new(&operations, things(&["t", "u"]));
    stage.world.lag = 600_000;
    stage.memory.lines.push((coexist_core::finding::Side::Target, Surface::Exchange, run_line(START + 7_200_000)));
    stage.world.fates = VecDeque::from([Fate::DieAfter]);
    stage.run(apply()).unwrap_err();
    stage.time.1.set(START + 7_200_000);
    stage.run(undo()).unwrap();
    assert!(stage.world.objects["t"].get("Guid").is_none_or(Value::is_null), "{:?}", stage.world.objects);
    // It was taken back by a process whose clock was behind: not twice.
    let mut stage = Stage::new(&operations, things(&["t"]));
    stage.time.1.set(START + 7_200_000);
    assert_eq!(stage.run(apply()).unwrap().done, 1);
    stage.world.lag = 600_000;
    stage.time.0.set(3_600_000);
    stage.time.1.set(START);
    stage.world.fates = VecDeque::from([Fate::DieAfter]);
    stage.run(undo()).unwrap_err();
    stage.time.1.set(START + 7_200_000);
    assert_eq!(stage.run(undo()).unwrap().undone, 1);
    assert_eq!(stage.world.effects["x/1/a undone"], 1);
}

fn run_line(at: i64) -> Line {
    serde_json::from_value(json!({"line": "run", "run": "0", "at": time_text(at), "host": "h", "pid": 1, "user": "u", "plan": "", "tenantId": null, "version": "0"})).unwrap()
}

#[test]
fn a_doubt_outlives_a_later_refusal() {
    // The first attempt shows later than is waited for; the second one is refused because of it.
    let operations = [make("x/1/a", "t")];
    let mut stage = Stage::new(&operations, Objects::new());
    stage.world.lag = 2_000_000;
    stage.world.fates = VecDeque::from([Fate::Lost]);
    assert_eq!(stage.run(apply()).unwrap().failed, 1);
    assert_eq!(stage.run(apply()).unwrap().failed, 1);
    stage.time.0.set(stage.time.0.get() + 4_000_000);
    assert_eq!(stage.run(apply()).unwrap().done, 1);
    stage.world.lag = 0;
    assert_eq!(stage.run(undo()).unwrap().undone, 1);
    assert!(stage.world.objects.is_empty());
}

#[test]
fn another_plan_with_the_same_ids_does_not_make_forget_what_this_one_did() {
    let old = set("x/1/a", "t", "Guid", Value::Null, "g", &[]);
    let gone = set("x/2/a", "u", "Guid", Value::Null, "g", &[]);
    let mut stage = Stage::new(&[old.clone(), gone], things(&["t", "u"]));
    assert_eq!(stage.run(apply()).unwrap().done, 2);
    assert!(stage.listener.notices.is_empty());
    let mut new = old.clone();
    new["why"] = json!("said otherwise");
    for expects in [json!([]), json!([{"property": "Guid", "equals": "else"}])] {
        new["expect"] = expects.clone();
        new["verify"] = if expects == json!([]) { old["verify"].clone() } else { json!([{"property": "Guid", "equals": "other"}]) };
        stage.plan = plan_of(&[new.clone()]);
        let summary = stage.run(apply()).unwrap();
        assert_eq!(summary.already_done + summary.skipped, 1);
        let (code, message) = &stage.listener.notices[0];
        assert_eq!((*code, stage.listener.notices.len()), ("PlanChanged", 1));
        assert!(message.contains("1 ") && message.contains("Undo-CoexistPlan"), "{message}");
    }
    // Nothing is told where nothing is lost.
    stage.plan = plan_of(&[old, set("x/2/a", "u", "Guid", Value::Null, "g", &[])]);
    let summary = stage.run(undo()).unwrap();
    assert_eq!((summary.undone, stage.listener.notices.len()), (2, 0));
    assert_eq!(stage.world.effects["x/1/a undone"], 1);
}

// ---- What another process has.

#[test]
fn a_gate_on_a_surface_of_another_process_closes_nothing_else() {
    let stamp = set("x/1/a", "t", "Guid", Value::Null, "g", &[]);
    let licence = gate(on("activeDirectory", set("x/1/b", "t", "Licence", Value::Null, "E3", &["a"])), "thing", "t", "Guid", "g");
    let foreign = gate(on("activeDirectory", set("x/2/b", "u", "Licence", Value::Null, "E3", &[])), "thing", "u", "Guid", "g");
    let other = on("activeDirectory", set("x/3/b", "v", "Licence", Value::Null, "E3", &[]));
    let mut stage = Stage::new(&[stamp, licence, foreign, other], things(&["t", "u", "v"]));
    stage.surfaces = vec![Surface::Exchange];
    assert_eq!(stage.run(apply()).unwrap().done, 1);
    stage.surfaces = vec![Surface::ActiveDirectory];
    let summary = stage.run(apply()).unwrap();
    // What the journal says was seen there need not be looked at again; what nobody has seen waits alone.
    assert_eq!((summary.done, summary.waiting), (2, 1), "{:#?}", stage.listener.rows);
    assert_eq!(code(&stage, "x/2/b"), Some("NotConnected"));
    assert!(stage.row("x/2/b").message.as_deref().unwrap().contains("exchange"));
    assert!(stage.listener.notices.is_empty());
}

#[test]
fn what_is_done_by_hand_is_said_by_one_process() {
    let place = |step: &str, before: &[&str]| json!({"id": format!("batch/B1/{step}"), "stage": "prepare", "dependsOn": before});
    let mut stage = Stage::new(&[], things(&["t"]));
    let operation = set("batch/B1/c", "t", "Guid", Value::Null, "g", &["a"]);
    stage.plan = file(&[operation, set("x/2/a", "t", "Mail", Value::Null, "m", &[])], &[place("a", &[])]).unwrap();
    stage.memory.locked = vec![Surface::Manual];
    let options = Options { passed: vec!["batch/B1/a".into()], ..apply() };
    let summary = stage.run(options.clone()).unwrap();
    assert_eq!((summary.done, summary.waiting, code(&stage, "batch/B1/a")), (1, 2, Some("OtherProcess")));
    stage.memory.locked.clear();
    assert_eq!(stage.run(options).unwrap().done, 2);
    // Also what is too late is said by whoever may.
    let mut late = place("a", &[]);
    late["notAfter"] = json!(time_text(START - 1));
    stage.plan = file(&[set("x/3/a", "t", "Other", Value::Null, "m", &[])], &[late]).unwrap();
    stage.memory = Memory { locked: vec![Surface::Manual], ..Memory::default() };
    let summary = stage.run(apply()).unwrap();
    assert_eq!((summary.done, summary.skipped), (1, 1));
}

#[test]
fn two_processes_do_not_wait_for_each_other() {
    // What stands before everything is done by hand: neither has anything to wait for.
    let place = json!({"id": "x/1/hand", "stage": "prepare", "dependsOn": []});
    let there = on("activeDirectory", set("x/1/b", "t", "Mail", Value::Null, "m", &["hand"]));
    let here = set("x/1/c", "t", "Guid", Value::Null, "g", &["b"]);
    let mut stage = Stage::new(&[], things(&["t"]));
    stage.plan = file(&[there, here], &[place]).unwrap();
    stage.surfaces = vec![Surface::Exchange];
    stage.memory.busy = vec![Surface::ActiveDirectory];
    assert_eq!(stage.run(apply()).unwrap().waiting, 3);
    assert!(stage.time.0.get() < 60_000, "{}", stage.time.0.get());
}

#[test]
fn others_are_heard_and_turns_come_while_gates_are_polled() {
    // More closed gates than can be looked at before the first is due again.
    let mut operations: Vec<Value> = (0..60).map(|number| gate(set(&format!("x/{number}/a"), &format!("t{number}"), "Mail", Value::Null, "m", &[]), "thing", "never", "Guid", "g")).map(|mut operation| {
        operation["gates"][0]["deadlineMinutes"] = json!(10_000);
        operation
    }).collect();
    let names: Vec<String> = (0..60).map(|number| format!("t{number}")).chain(["u".into(), "never".into()]).collect();
    operations.push(on("activeDirectory", set("y/1/a", "u", "Guid", Value::Null, "g", &[])));
    operations.push(set("y/1/b", "u", "Mail", Value::Null, "m", &["a"]));
    let mut stage = Stage::new(&operations, things(&names.iter().map(String::as_str).collect::<Vec<_>>()));
    stage.surfaces = vec![Surface::Exchange];
    let (_, fingerprint) = stage.plan.operation(60).unwrap();
    let done = Outcome { id: "y/1/a".into(), act: Act::Apply, operation: fingerprint, at: time_text(START), outcome: Came::Done, code: None, message: None, effect: None, after: None };
    stage.memory.news = vec![(5, Line::Outcome(done))];
    stage.world.slow = 20_000;
    stage.run(apply()).unwrap();
    let place = stage.listener.rows.iter().position(|row| row.operation == "y/1/b").unwrap();
    assert_eq!((stage.row("y/1/b").outcome, place), (Kind::Done, 0));
}

// ---- Times.

#[test]
fn a_moment_that_is_none_is_no_moment() {
    for (name, value) in [("notBefore", "tomorrow"), ("notBefore", "2026-11-22T02:00:00"), ("notAfter", "22.11.2026")] {
        let mut operation = set("x/1/a", "t", "Guid", Value::Null, "g", &[]);
        operation[name] = json!(value);
        let problem = file(&[operation], &[]).err().expect(value);
        assert!(problem.message.contains(value) && problem.message.contains("x/1/a"), "{problem:?}");
    }
}

#[test]
fn what_is_not_due_is_not_looked_at() {
    let mut far = gate(set("x/1/a", "t", "Mail", Value::Null, "m", &[]), "thing", "t", "Guid", "g");
    far["notBefore"] = json!(time_text(START + 50 * 3_600_000));
    let mut stage = Stage::new(&[far], things(&["t"]));
    let summary = stage.run(apply()).unwrap();
    assert_eq!((summary.waiting, stage.world.reads, summary.next_due), (1, 0, Some(time_text(START + 50 * 3_600_000))));
}

#[test]
fn the_time_of_a_gate_begins_when_the_stages_before_are_done() {
    // The stamp is old, the licence has just come: what is waited for afterwards has its whole time.
    let stamp = set("x/1/a", "t", "Guid", Value::Null, "g", &[]);
    let mut licence = set("x/1/b", "t", "Licence", Value::Null, "E3", &[]);
    licence["stage"] = json!("preStage");
    let mut removal = gate(set("x/1/c", "t", "Mail", Value::Null, "m", &["a"]), "thing", "u", "Status", "Synced");
    removal["stage"] = json!("cutover");
    let mut stage = Stage::new(&[stamp, licence, removal], things(&["t", "u"]));
    stage.world.fates = VecDeque::from([Fate::Good, Fate::Refused]);
    stage.run(apply()).unwrap();
    stage.time.0.set(stage.time.0.get() + 86_400_000);
    let summary = stage.run(Options { no_wait: true, ..apply() }).unwrap();
    assert_eq!((summary.done, code(&stage, "x/1/c")), (1, Some("GateClosed")));
}

#[test]
fn a_busy_moment_does_not_end_a_wait() {
    let mut stage = Stage::new(&[set("x/1/a", "t", "Guid", Value::Null, "g", &[]), set("x/1/b", "t", "Mail", Value::Null, "m", &["a"])], things(&["t"]));
    stage.world.lag = 900_000;
    stage.world.others = Vec::new();
    let mut gated = gate(set("x/2/a", "u", "Mail", Value::Null, "m", &[]), "thing", "t", "Guid", "g");
    gated["gates"][0]["deadlineMinutes"] = json!(600);
    stage.plan = plan_of(&[set("x/1/a", "t", "Guid", Value::Null, "g", &[]), gated]);
    stage.world.objects.extend(things(&["u"]));
    // After several looks the service is too busy for one: that is one, not the sixth.
    let summary = {
        let options = Options { no_wait: true, ..apply() };
        stage.run(options).unwrap();
        stage.world.busy_reads = 2;
        stage.run(apply()).unwrap()
    };
    assert_eq!((summary.done, summary.exit_code), (2, 0), "{:#?}", stage.listener.rows);
    // Where it stays busy, what was carried out is pending, not waiting.
    let mut stage = Stage::new(&[set("x/1/a", "t", "Guid", Value::Null, "g", &[])], things(&["t"]));
    stage.world.lag = 600_000;
    stage.run(Options { no_wait: true, ..apply() }).unwrap();
    stage.world.busy_reads = 1000;
    let summary = stage.run(apply()).unwrap();
    assert_eq!((summary.pending, summary.waiting), (1, 0), "{:#?}", stage.listener.rows);
}

#[test]
fn enough_is_counted_and_what_was_begun_is_seen_to_its_end() {
    let operations: Vec<Value> = (0..5).map(|number| set(&format!("x/{number}/a"), &format!("t{number}"), "Guid", Value::Null, "g", &[])).collect();
    let mut stage = Stage::new(&operations, things(&["t0", "t1", "t2", "t3", "t4"]));
    stage.world.lag = 600_000;
    let summary = stage.run(Options { max_operations: Some(2), ..apply() }).unwrap();
    assert_eq!((summary.done, summary.pending, summary.waiting, summary.stopped), (2, 0, 3, Some("MaxOperations")));
    assert_eq!(stage.world.effects.len(), 2);
    let summary = stage.run(Options { max_operations: Some(2), no_wait: true, ..apply() }).unwrap();
    assert_eq!((summary.pending, summary.waiting), (2, 1));
}

#[test]
fn what_is_left_out_for_the_same_reason_again_is_not_written_again() {
    let mut stage = Stage::new(&[set("x/1/a", "t", "Guid", json!("old"), "g", &[])], things(&["t"]));
    for _ in 0..3 {
        assert_eq!(stage.run(apply()).unwrap().skipped, 1);
    }
    assert_eq!(stage.memory.lines.len(), 1);
}

// ---- Places and looking only.

#[test]
fn what_if_says_of_places_what_would_come_of_them() {
    let place = |step: &str| json!({"id": format!("batch/B1/{step}"), "stage": "prepare", "dependsOn": []});
    let mut stage = Stage::new(&[], things(&["t"]));
    stage.plan = file(&[set("batch/B1/c", "t", "Guid", Value::Null, "g", &["a"]), set("batch/B1/d", "t", "Mail", Value::Null, "m", &["b"])], &[place("a"), place("b")]).unwrap();
    let summary = stage.run(Options { what_if: true, passed: vec!["batch/B1/b".into()], ..apply() }).unwrap();
    assert_eq!((code(&stage, "batch/B1/a"), stage.row("batch/B1/b").outcome), (Some("ByHand"), Kind::WhatIf));
    assert_eq!((code(&stage, "batch/B1/c"), stage.row("batch/B1/d").outcome, summary.what_if), (Some("DependencyWaits"), Kind::WhatIf, 2));
    assert!(stage.memory.lines.is_empty());
}

#[test]
fn a_place_that_lacks_something_is_not_passed_by_itself() {
    let place = json!({"id": "batch/B1/moveOneDrive", "stage": "prepare", "dependsOn": ["x/1/a"], "missing": ["UserPrincipalName"]});
    let mut stage = Stage::new(&[], things(&["t"]));
    stage.plan = file(&[set("x/1/a", "t", "Guid", Value::Null, "g", &[])], &[place]).unwrap();
    stage.run(apply()).unwrap();
    assert_eq!(code(&stage, "batch/B1/moveOneDrive"), Some("ByHand"));
}

#[test]
fn a_place_that_is_said_to_be_done_and_is_none_is_told() {
    let mut stage = Stage::new(&[set("x/1/a", "t", "Guid", Value::Null, "g", &[])], things(&["t"]));
    stage.run(Options { passed: vec!["x/1/hand".into()], ..apply() }).unwrap();
    assert_eq!(stage.listener.notices.iter().map(|(code, _)| *code).collect::<Vec<_>>(), ["PlaceUnknown"]);
}

// ---- Plans that are not as they were written.

#[test]
fn spoiled_plans_are_refused() {
    // A person's later stage before the earlier one.
    let mut late = set("x/1/b", "t", "Mail", Value::Null, "m", &[]);
    late["stage"] = json!("cutover");
    let early = set("x/1/a", "t", "Guid", Value::Null, "g", &["b"]);
    assert_eq!(file(&[early, late], &[]).err().unwrap().code, "PlanInvalid");
    // A list where an operation should be.
    let text = json!({"version": 1, "reads": {}, "steps": {"a": {"forms": {"f": {"stage": "prepare", "surface": "exchange", "tenant": "target"}}}}, "operations": [["x/1/a", "f"]]});
    assert!(Plan::parse(text.to_string().into_bytes(), String::new()).is_err());
    // A read that goes round in a circle.
    let read = json!({"surface": "graph", "request": {"method": "GET", "path": "/x/{id}", "version": "v1.0"}, "idFrom": "a"});
    let text = json!({"version": 1, "reads": {"a": read}, "steps": {}, "operations": []});
    assert_eq!(Plan::parse(text.to_string().into_bytes(), String::new()).err().unwrap().code, "PlanInvalid");
    // A deadline beyond all time.
    let mut far = gate(set("x/1/a", "t", "Mail", Value::Null, "m", &[]), "thing", "t", "Guid", "g");
    far["gates"][0]["deadlineMinutes"] = json!(u64::MAX);
    let mut stage = Stage::new(&[far], things(&["t"]));
    assert_eq!(stage.run(Options { no_wait: true, ..apply() }).unwrap().waiting, 1);
}

// ---- What is said.

/// What the code calls outcomes stands in the table, with what to do, and the other way round. Problems, notices and the rest of the words are others.
#[test]
fn every_code_of_an_outcome_is_in_the_table_and_used() {
    const OTHERS: [&str; 15] = [
        "PlanInvalid", "PlanLineInvalid", "PlanNewer", "PlanLocked", "PlanChanged", "PlaceUnknown", "SurfaceLost", "TenantMismatch", "StopOn", "MaxOperations", "BatchUnknown",
        "Identity", "Properties", "Add", "Remove",
    ];
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let table: Value = serde_json::from_str(&std::fs::read_to_string(root.join("../data/outcomes.json")).unwrap()).unwrap();
    let codes: Vec<&str> = table["outcomes"].as_array().unwrap().iter().map(|row| row["code"].as_str().unwrap()).collect();
    assert!(table["outcomes"].as_array().unwrap().iter().all(|row| row["action"].as_str().is_some_and(|action| action.ends_with('.'))));
    let mut used: Vec<String> = Vec::new();
    let runner = std::fs::read_dir(root.join("coexist-core/src/apply/runner")).unwrap().map(|file| format!("coexist-core/src/apply/runner/{}", file.unwrap().file_name().to_str().unwrap()));
    let others = ["coexist-core/src/apply/task.rs", "coexist-core/src/apply/gate.rs", "coexist-ffi/src/jobs/apply/tenants.rs", "../module/Private/Invoke-SurfaceCommand.ps1"];
    for file in runner.chain(others.map(String::from)) {
        let text = std::fs::read_to_string(root.join(&file)).unwrap();
        let text = text.split("#[cfg(test)]").next().unwrap();
        let is_code = |word: &str| word.len() > 2 && word.starts_with(|first: char| first.is_ascii_uppercase()) && word.chars().all(|one| one.is_ascii_alphabetic()) && word.chars().any(|one| one.is_ascii_lowercase());
        let quote = if file.ends_with(".rs") { '"' } else { '\'' };
        let words: Vec<&str> = text.split(quote).filter(|word| is_code(word)).collect();
        let told = |word: &&&str| codes.contains(*word) || file.contains("/runner/");
        used.extend(words.iter().filter(told).map(|word| word.to_string()));
    }
    let unknown: Vec<&String> = used.iter().filter(|word| !codes.contains(&word.as_str()) && !OTHERS.contains(&word.as_str())).collect();
    assert_eq!(unknown, Vec::<&String>::new(), "codes without an action");
    let unused: Vec<&&str> = codes.iter().filter(|code| !used.iter().any(|word| word == **code)).collect();
    assert_eq!(unused, Vec::<&&str>::new(), "actions for what does not come");
}

#[test]
fn a_batch_of_which_nobody_is_found_is_no_empty_success() {
    let mut stage = Stage::new(&[set("MC-01/1/a", "t", "Guid", Value::Null, "g", &[])], things(&["t"]));
    stage.selection.batches = vec!["B1".into()];
    let of = |stage: &Stage, person: &str| stage.selection.of(&stage.plan, &hashbrown::HashMap::from_iter([(person.into(), "B1".into())]));
    assert_eq!(of(&stage, "ANNA").unwrap_err().code, "BatchEmpty");
    for person in ["1", "T"] {
        assert_eq!(of(&stage, person).unwrap(), [true]);
    }
    // Who is in it and has nothing of what else is asked for is no mistake.
    stage.selection.items = vec!["MF-02".into()];
    assert_eq!(of(&stage, "t").unwrap(), [false]);
}

// ---- Back and forth.

/// Somebody's operations: made or there, with steps that stand on each other, of which some go with the making.
fn somebody() -> impl Strategy<Value = (bool, Vec<(u8, bool)>)> {
    (any::<bool>(), prop::collection::vec((any::<u8>(), any::<bool>()), 1..5))
}

fn world_of(people: &[(bool, Vec<(u8, bool)>)]) -> (Vec<Value>, Objects) {
    let (mut operations, mut objects) = (Vec::new(), Objects::new());
    for (number, (made, steps)) in people.iter().enumerate() {
        let name = format!("p{number}");
        if *made {
            operations.push(make(&format!("x/{name}/make"), &name));
        } else {
            objects.extend(things(&[&name]));
        }
        for (at, (bits, along)) in steps.iter().enumerate() {
            let mut depends_on: Vec<String> = (0..at).filter(|other| bits >> other & 1 == 1).map(|other| format!("s{other}")).collect();
            if *made {
                depends_on.push("make".into());
            }
            let names: Vec<&str> = depends_on.iter().map(String::as_str).collect();
            let operation = set(&format!("x/{name}/s{at}"), &name, &format!("P{at}"), Value::Null, "new", &names);
            operations.push(if *made && *along { with("make", operation) } else { operation });
        }
    }
    (operations, objects)
}

fn plain(objects: &Objects) -> Objects {
    objects.iter().map(|(name, object)| (name.clone(), object.iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.clone(), value.clone())).collect())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// However often it is carried out and taken back in parts, dying on the way: at last it is all there, or all gone.
    #[test]
    fn back_and_forth_comes_to_either_end(
        people in prop::collection::vec(somebody(), 1..4), lag in 0..600_000_i64,
        runs in prop::collection::vec((any::<bool>(), 0..8_u64, 0..6_u8, 0..12_u32), 0..8)
    ) {
        let (operations, objects) = world_of(&people);
        let mut stage = Stage::new(&operations, objects.clone());
        stage.world.lag = lag;
        for (forth, most, fate, outcomes) in runs {
            let good = std::iter::repeat_n(Fate::Good, most as usize);
            let fate = [Fate::Good, Fate::DieBefore, Fate::DieAfter, Fate::Lost, Fate::LostBefore, Fate::Busy][fate as usize];
            stage.world.fates = good.chain([fate]).collect();
            stage.memory.dies_after = Some(outcomes);
            let _ = stage.run(Options { max_operations: Some(most + 1), ..if forth { apply() } else { undo() } });
        }
        stage.memory.dies_after = None;
        stage.world.fates.clear();
        for act in [Act::Apply, Act::Undo, Act::Apply, Act::Undo] {
            let ended = (0..10).any(|_| stage.run(Options::new(act)).unwrap().exit_code == 0);
            prop_assert!(ended, "{:?} {:#?} {:#?}", act, stage.listener.rows, stage.memory.lines);
            match act {
                Act::Undo => prop_assert_eq!(plain(&stage.world.objects), plain(&objects)),
                Act::Apply => {
                    prop_assert_eq!(stage.world.objects.len(), people.len());
                    for (object, (_, steps)) in stage.world.objects.values().zip(&people) {
                        prop_assert!((0..steps.len()).all(|at| object[&format!("P{at}")] == "new"), "{:?}", object);
                    }
                }
            }
        }
    }
}

#[test]
fn who_has_said_yes_is_not_asked_again_because_a_service_is_busy() {
    let mut stage = Stage::new(&[set("x/1/a", "t", "Guid", Value::Null, "g", &[])], things(&["t"]));
    stage.world.fates = VecDeque::from([Fate::Busy, Fate::Busy]);
    let summary = stage.run(apply()).unwrap();
    assert_eq!((summary.done, stage.listener.asked.len()), (1, 1));
}

//! A lab's whole plan, carried out on the lab's tenants and taken back: planner, runner, journal and world together.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use coexist_core::apply::host::{Audience, Call, Clock, Host, Means, Refusal, Tenants};
use coexist_core::apply::journal::{Act, Run};
use coexist_core::apply::{time_of, time_text, Kind, Options, Row, Runner, Selection, Summary};
use coexist_core::finding::{Finding, Side};
use coexist_core::lab;
use coexist_core::plan::{Stage, Surface};
use coexist_core::problem::Problem;
use coexist_core::service_error;
use coexist_core::watch::{Unwatched, Watch};
use coexist_files::applying::{read_plan, Journals};
use coexist_files::batching;
use coexist_files::host;
use coexist_files::lab::write_lab;
use coexist_files::lab_world::LabWorld;
use coexist_files::planning;
use serde_json::{json, Value};
use std::cell::RefCell;
use base64::Engine;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

struct Quiet;

impl Watch for Quiet {
    fn progress(&self, _: &str, _: &str, _: u64, _: Option<u64>) {}
    fn cancelled(&self) -> bool {
        false
    }
}

impl host::Host for Quiet {
    fn problems(&self, _: &[Problem]) -> Result<(), Problem> {
        Ok(())
    }
    fn findings(&self, _: &[Finding]) -> Result<(), Problem> {
        Ok(())
    }
    fn may_replace(&self, _: &str) -> Result<bool, Problem> {
        Ok(true)
    }
}

type World = Rc<RefCell<LabWorld>>;

struct Lab {
    world: World,
    /// Where the files are that operations hand over.
    export: PathBuf,
}

impl Lab {
    fn ask(&self, side: Side, surface: Surface, call: &Call) -> Result<Vec<Value>, Refusal> {
        let mut world = self.world.borrow_mut();
        let refusal = |id: &str, message: &str| {
            let known = service_error::find(Some(surface.name()), id, message);
            let means = match known.map(|known| known.kind) {
                Some(service_error::Kind::NotFound) => Means::NotFound,
                Some(service_error::Kind::Transient) => Means::Transient,
                Some(service_error::Kind::Unknown) => Means::Unknown,
                _ => Means::Refused,
            };
            Refusal::new(means, id, message)
        };
        match call {
            Call::Command { name, parameters, secrets, .. } => {
                let mut parameters = parameters.clone();
                for secret in secrets.as_array().into_iter().flatten() {
                    parameters[secret["parameter"].as_str().unwrap()] = json!({"secret": true});
                }
                if let Some(file) = parameters["CSVData"]["file"].as_str() {
                    let bytes = std::fs::read(self.export.join(file)).unwrap();
                    parameters["CSVData"] = json!({"bytes": base64::engine::general_purpose::STANDARD.encode(bytes)});
                }
                world.command(side, name, &parameters).unwrap().map_err(|refused| refusal(&refused.id, &refused.message))
            }
            Call::Request { method, path, body } => {
                let reply = world.request(side, method, path, (!body.is_null()).then_some(body)).unwrap();
                if reply.status < 300 {
                    return Ok(if reply.body.is_null() { Vec::new() } else { vec![reply.body] });
                }
                let error = &reply.body["error"];
                Err(refusal(error["code"].as_str().unwrap_or_default(), error["message"].as_str().unwrap_or_default()))
            }
        }
    }
}

impl Tenants for Lab {
    fn reaches(&self, _: Side, _: Surface) -> bool {
        true
    }
    fn read(&mut self, side: Side, surface: Surface, call: &Call) -> Result<Vec<Value>, Refusal> {
        self.ask(side, surface, call)
    }
    fn write(&mut self, side: Side, surface: Surface, call: &Call) -> Result<(), Refusal> {
        self.ask(side, surface, call).map(drop)
    }
}

struct Time(World);

impl Clock for Time {
    fn now(&self) -> i64 {
        self.0.borrow_mut().now().unwrap()
    }
    fn ticks(&self) -> i64 {
        self.now()
    }
    fn wait(&self, milliseconds: i64) -> Result<(), Problem> {
        let until = self.now() + milliseconds;
        self.0.borrow_mut().advance_to(until).map(drop)
    }
}

#[derive(Default)]
struct Rows(Vec<Row>);

impl Audience for Rows {
    fn row(&mut self, row: &Row) -> Result<(), Problem> {
        self.0.push(row.clone());
        Ok(())
    }
    fn notice(&mut self, code: &'static str, message: &str) -> Result<(), Problem> {
        panic!("{code}: {message}")
    }
    fn may_write(&mut self, _: &str, _: &str) -> Result<bool, Problem> {
        Ok(true)
    }
    fn may_for_good(&mut self, _: &str, _: u64) -> Result<bool, Problem> {
        Ok(true)
    }
    fn progress(&mut self, _: &str, _: u64, _: u64) {}
    fn cancelled(&self) -> bool {
        false
    }
}

fn run(plan: &Path, world: &World, options: Options) -> (Summary, Vec<Row>) {
    run_part(plan, world, options, &Selection::default())
}

fn run_part(plan: &Path, world: &World, options: Options, selection: &Selection) -> (Summary, Vec<Row>) {
    let text = read_plan(plan).unwrap();
    let batches = plan.with_file_name("batches.json");
    let members = if batches.exists() { read_plan(&batches).unwrap().batches } else { Default::default() };
    let selected = selection.of(&text, &members).unwrap();
    let who = Run {
        run: "0".repeat(16), at: String::new(), host: "here".into(), pid: 1, user: "me".into(), plan: text.sha256.clone(), tenant_id: None, version: "0".into(), torn: None,
    };
    let surfaces: BTreeSet<(Side, Surface)> = text.entries.iter().map(|entry| (entry.common.tenant, entry.common.surface)).filter(|(_, surface)| *surface != Surface::Manual).collect();
    let surfaces: Vec<_> = surfaces.into_iter().collect();
    let clock = world.clone();
    let now = Box::new(move || time_text(clock.borrow_mut().now().unwrap()));
    let mut journals = Journals::open(plan, &surfaces, who, BTreeMap::new(), false, now).unwrap();
    let mut ledger = journals.ledger(options.act == Act::Undo).unwrap();
    let (mut tenants, time, mut rows) = (Lab { world: world.clone(), export: plan.with_file_name("export") }, Time(world.clone()), Rows::default());
    let host = Host { tenants: &mut tenants, log: &mut journals, clock: &time, audience: &mut rows };
    let summary = Runner::new(&text, &mut ledger, &selected, options, host).run().unwrap();
    journals.close().unwrap();
    (summary, rows.0)
}

fn codes(rows: &[Row]) -> BTreeMap<String, u64> {
    let mut codes = BTreeMap::new();
    for row in rows {
        *codes.entry(format!("{:?} {} {}", row.outcome, row.step, row.code.as_deref().unwrap_or_default())).or_default() += 1;
    }
    codes
}

#[test]
fn a_labs_plan_is_carried_out_as_far_as_the_batches_and_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lab");
    write_lab(&path, 120, 7, &lab::Options::default(), false, &Unwatched).unwrap();
    let plan = path.join("plan.json");
    planning::plan(&path.join("coexist.json"), &["MC-01".to_string()], &plan, &Quiet).unwrap();
    let world: World = Rc::new(RefCell::new(LabWorld::open(&path, &Unwatched).unwrap()));
    let first = settled(&world);

    // A scheduled run does what can be done now; the next one settles the rest.
    let (summary, rows) = run(&plan, &world, Options { no_wait: true, ..Options::new(Act::Apply) });
    assert!(summary.done > 200 && summary.skipped == 0, "{summary:?} {:#?}", codes(&rows));
    let (summary, rows) = run(&plan, &world, Options::new(Act::Apply));
    assert_eq!((summary.pending, summary.skipped), (0, 0), "{:#?}", codes(&rows));
    // Nobody is licensed whose usage location is not known, as the plan has warned; nobody's addresses go before their mailbox is synced.
    for row in rows {
        match (row.step.as_str(), row.outcome) {
            (_, Kind::Done) => {}
            ("assignLicence", Kind::Failed) => assert!(row.message.unwrap().contains("usage location")),
            ("removeAddresses", Kind::Waiting) => assert!(["GateClosed", "StageNotOpen"].contains(&row.code.as_deref().unwrap())),
            _ => panic!("{row:?}"),
        }
    }
    assert_ne!(settled(&world), first);
    let writes = world.borrow_mut().writes().unwrap();

    let (summary, rows) = run(&plan, &world, Options::new(Act::Undo));
    assert_eq!((summary.undone, summary.exit_code), (summary.operations, 0), "{:#?}", codes(&rows));
    assert_eq!(differences(&first, &settled(&world)), Vec::<String>::new());
    // Again there is nothing to take back, and nothing is written.
    let after = world.borrow_mut().writes().unwrap();
    assert!(after > writes);
    let (summary, _) = run(&plan, &world, Options::new(Act::Undo));
    assert_eq!((summary.operations, world.borrow_mut().writes().unwrap()), (0, after));
}

/// From the first operation to the last mailbox: MC-01 in advance, batches submitted two weeks before, addresses removed in the night itself.
#[test]
fn people_arrive_in_their_nights() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lab");
    let options = lab::Options { troubles_per_10_000: 0, ..lab::Options::default() };
    write_lab(&path, 30, 3, &options, false, &Unwatched).unwrap();
    let specification = path.join("coexist.json");
    let mut text: Value = serde_json::from_slice(&std::fs::read(&specification).unwrap()).unwrap();
    text["batches"]["sourceEndpoint"] = json!("contoso");
    text["items"]["MC-01"]["licence"]["usageLocation"] = json!("DE");
    std::fs::write(&specification, text.to_string()).unwrap();
    let (plan, batches) = (path.join("plan.json"), path.join("batches.json"));
    planning::plan(&specification, &["MC-01".to_string()], &plan, &Quiet).unwrap();
    let request = batching::Request { specification: Some(specification), ..Default::default() };
    let batched = batching::Batched::plan(&request, &Quiet).unwrap();
    batched.write(&batches, &Quiet).unwrap();
    batched.export(&path.join("export"), &Quiet).unwrap();
    let names: BTreeSet<String> = read_plan(&batches).unwrap().batches.values().map(|batch| batch.to_string()).collect();
    assert!(names.len() > 3);

    let world: World = Rc::new(RefCell::new(LabWorld::open(&path, &Unwatched).unwrap()));
    let mailboxes = |world: &World| settled(world).iter().filter(|line| line.contains("\"$kind\":\"mailbox\"")).count();
    let before = mailboxes(&world);
    let quick = || Options { no_wait: true, for_good: true, ..Options::new(Act::Apply) };
    let early = Selection { stages: vec![Stage::Prepare, Stage::PreStage], ..Selection::default() };
    let (summary, rows) = run_part(&plan, &world, Options { for_good: true, ..Options::new(Act::Apply) }, &early);
    assert_eq!(summary.exit_code, 0, "{:#?}", codes(&rows));
    // What an administrator does by hand, here as soon as it may be done.
    let mut passed: Vec<String> = ["scope", "checkAgain", "convert", "license", "invite"].map(|step| format!("batch/*/{step}")).to_vec();
    let mut last = Vec::new();
    for _ in 0..2_000 {
        let (summary, rows) = run(&batches, &world, Options { passed: passed.clone(), ..quick() });
        if summary.exit_code == 0 {
            last.clear();
            break;
        }
        assert_eq!((summary.failed, summary.skipped), (0, 0), "{:#?}", rows.iter().filter(|row| matches!(row.outcome, Kind::Failed | Kind::Skipped)).collect::<Vec<_>>());
        for row in rows.iter().filter(|row| row.step == "removeAddresses" && row.code.as_deref() == Some("ByHand")) {
            // The place of MC-01's removals in the night of a batch.
            let batch = row.operation.split('/').nth(1).unwrap().to_string();
            let (summary, rows) = run_part(&plan, &world, quick(), &Selection { stages: vec![Stage::Cutover], batches: vec![batch], ..Selection::default() });
            assert_eq!(summary.failed + summary.skipped, 0, "{:#?}", codes(&rows));
            if summary.exit_code == 0 {
                passed.push(row.operation.clone());
            }
        }
        last = rows;
        let (now, due) = (world.borrow_mut().now().unwrap(), summary.next_due.map(|due| time_of(&due)));
        let soon = now + 10 * 60_000;
        world.borrow_mut().advance_to(due.filter(|due| *due > soon && last.iter().all(|row| row.code.as_deref() == Some("NotDue") || row.code.as_deref() == Some("DependencyWaits"))).unwrap_or(soon)).unwrap();
    }
    assert!(last.is_empty(), "{:#?}", codes(&last));
    let moved = read_plan(&batches).unwrap().batches.len();
    assert_eq!(mailboxes(&world) - before, moved);
}

/// The target when everything has arrived everywhere.
fn settled(world: &World) -> Vec<String> {
    let mut world = world.borrow_mut();
    let until = world.now().unwrap() + 4 * 3_600_000;
    world.advance_to(until).unwrap();
    world.look(|world| world.truth(Side::Target)).unwrap()
}

/// An object of the world with nothing in it that has no order or no value: addresses are a set, and what is empty is not there.
fn plain(line: &str) -> Value {
    fn walk(value: Value) -> Value {
        match value {
            Value::Object(members) => {
                // A licence that was taken away leaves its plans as deleted ones.
                let gone = |plan: &Value| plan["capabilityStatus"] == "Deleted";
                let members = members.into_iter().map(|(name, value)| match value {
                    Value::Array(plans) if name == "assignedPlans" => (name, Value::Array(plans.into_iter().filter(|plan| !gone(plan)).collect())),
                    value => (name, value),
                });
                let nothing = |value: &Value| value.is_null() || *value == json!("") || *value == json!([]) || *value == json!("00000000-0000-0000-0000-000000000000");
                Value::Object(members.map(|(name, value)| (name, walk(value))).filter(|(name, value)| !name.starts_with('$') && !nothing(value)).collect())
            }
            Value::Array(items) if items.iter().all(Value::is_string) => {
                let mut items = items;
                items.sort_by_key(|item| item.as_str().unwrap_or_default().to_string());
                Value::Array(items)
            }
            other => other,
        }
    }
    walk(serde_json::from_str(line).unwrap())
}

/// The objects of one and not of the other.
fn differences(a: &[String], b: &[String]) -> Vec<String> {
    let set = |lines: &[String]| lines.iter().map(|line| plain(line).to_string()).collect::<std::collections::BTreeSet<_>>();
    let (a, b) = (set(a), set(b));
    a.difference(&b).map(|line| format!("- {line}")).chain(b.difference(&a).map(|line| format!("+ {line}"))).collect()
}

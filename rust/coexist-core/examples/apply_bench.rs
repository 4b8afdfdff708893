//! How long a plan of many people takes to be read, selected, resumed and carried out on a tenant that answers at once: `apply_bench [people] [done]`.
//!
//! Four operations for each person, as MC-01 has them. With `done`, journals know so many of a hundred of them to be done.
#![allow(clippy::unwrap_used, clippy::panic)]

use coexist_core::apply::host::{Audience, Call, Clock, Host, Log, Refusal, Tenants};
use coexist_core::apply::journal::{Act, Intent, Line, Outcome};
use coexist_core::apply::{states, Ledger, Options, Plan, Row, Runner, Selection};
use coexist_core::finding::Side;
use coexist_core::plan::Surface;
use coexist_core::problem::Problem;
use hashbrown::HashMap;
use serde_json::{json, Map, Value};
use std::cell::Cell;
use std::io::Write;
use std::time::Instant;

fn plan(people: usize) -> Vec<u8> {
    let form = |surface: &str, stage: &str, depends_on: Value, undo: Value| {
        json!({
            "stage": stage, "surface": surface, "tenant": "target", "subject": {"target": "{target}", "name": "{name}"}, "read": "mailUser", "dependsOn": depends_on,
            "command": {"name": "Set-Thing", "parameters": {"Identity": "{target}", "Guid": "{guid}", "EmailAddresses": {"Add": "{add}"}}},
            "expect": [{"property": "Guid", "empty": true}], "verify": [{"property": "Step", "equals": "{step}"}, {"property": "EmailAddresses", "contains": "$added"}], "undo": undo
        })
    };
    let back = json!({"command": {"name": "Set-Thing", "parameters": {"Identity": "{target}", "EmailAddresses": {"Remove": "$added"}}}});
    let steps = json!({
        "create": {"what": "Create.", "forms": {"f1": form("exchange", "prepare", json!([]), back.clone())}},
        "stamp": {"what": "Stamp.", "forms": {"f2": form("exchange", "prepare", json!(["create"]), json!({"with": "create"}))}},
        "license": {"what": "License.", "forms": {"f3": form("graph", "preStage", json!(["create", "stamp"]), back.clone())}},
        "remove": {"what": "Remove.", "forms": {"f4": form("exchange", "cutover", json!(["stamp"]), back)}},
    });
    let mut text = Vec::new();
    let reads = json!({"mailUser": {"surface": "exchange", "command": "Get-MailUser"}});
    write!(text, "{{\"version\":1,\"source\":{{\"name\":\"contoso\"}},\"target\":{{\"name\":\"fabrikam\"}},\"reads\":{reads},\"steps\":{steps},\"operations\":[").unwrap();
    for person in 0..people {
        for (at, step) in ["create", "stamp", "license", "remove"].iter().enumerate() {
            let add: Vec<String> = (0..6).map(|address| format!("X500:/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn={person:032x}-{address}")).collect();
            let line = json!({
                "id": format!("MC-01/{person:08x}-4120-4f5b-b12f-eb0eeeb98bf9/{step}"), "form": format!("f{}", at + 1), "target": format!("person{person}@fabrikam.com"),
                "name": format!("Person.Müller{person}@contoso.com"), "guid": format!("{person:08x}-4120-4f5b-b12f-eb0eeeb98bf9"), "add": add, "step": step
            });
            write!(text, "{}{line}", if person + at == 0 { "" } else { "," }).unwrap();
        }
    }
    text.extend_from_slice(b"]}");
    text
}

/// Everybody as they are; what is set shows at once.
#[derive(Default)]
struct Instantly {
    object: Option<Value>,
    calls: u64,
}

impl Tenants for Instantly {
    fn reaches(&self, _: Side, surface: Surface) -> bool {
        surface != Surface::Teams
    }
    fn read(&mut self, _: Side, _: Surface, _: &Call) -> Result<Vec<Value>, Refusal> {
        self.calls += 1;
        Ok(vec![self.object.take().unwrap_or_else(|| json!({"Step": ""}))])
    }
    fn write(&mut self, _: Side, _: Surface, call: &Call) -> Result<(), Refusal> {
        self.calls += 1;
        let Call::Command { parameters, .. } = call else { panic!() };
        let step = ["create", "stamp", "license", "remove"];
        self.object = Some(json!({"Step": step[STEP.get()], "EmailAddresses": parameters["EmailAddresses"]["Add"]}));
        Ok(())
    }
}

thread_local! {
    /// The step of whoever was asked for last.
    static STEP: Cell<usize> = const { Cell::new(0) };
}

struct Nowhere;

impl Log for Nowhere {
    fn intent(&mut self, _: Side, _: Surface, intent: Intent) -> Result<(), Problem> {
        let step = ["create", "stamp", "license", "remove"];
        STEP.set(step.iter().position(|step| intent.id.ends_with(step)).unwrap());
        Ok(())
    }
    fn outcome(&mut self, _: Side, _: Surface, _: Outcome) -> Result<(), Problem> {
        Ok(())
    }
    fn news(&mut self, _: &mut dyn FnMut(Side, Surface, Line)) -> Result<(), Problem> {
        Ok(())
    }
    fn at_work(&self, _: Side, _: Surface) -> bool {
        false
    }
}

#[derive(Default)]
struct Nobody(u64);

impl Audience for Nobody {
    fn row(&mut self, _: &Row) -> Result<(), Problem> {
        self.0 += 1;
        Ok(())
    }
    fn notice(&mut self, _: &'static str, _: &str) -> Result<(), Problem> {
        Ok(())
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

struct Time(Instant);

impl Clock for Time {
    fn now(&self) -> i64 {
        1_800_000_000_000 + self.ticks()
    }
    fn ticks(&self) -> i64 {
        self.0.elapsed().as_millis() as i64
    }
    fn wait(&self, _: i64) -> Result<(), Problem> {
        Ok(())
    }
}

/// How much memory the process has and had, in MiB; nothing where the system does not say so.
fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let of = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)?.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()).unwrap_or_default() / 1024;
    format!("{} MiB, {} at most", of("VmRSS:"), of("VmHWM:"))
}

fn main() {
    let argument = |at: usize, otherwise: usize| std::env::args().nth(at).and_then(|text| text.parse().ok()).unwrap_or(otherwise);
    let (people, done) = (argument(1, 75_000), argument(2, 0));
    let text = plan(people);
    println!("{} operations, {} MB; {}", people * 4, text.len() / 1_000_000, memory());
    let clock = Time(Instant::now());
    let took = |what: &str, from: Instant, count: usize| {
        let spent = from.elapsed().as_secs_f64();
        println!("{what}: {spent:.2} s, {:.1} µs each; {}", spent * 1e6 / count as f64, memory());
    };
    let count = people * 4;
    let from = Instant::now();
    let plan = Plan::parse(text, String::new()).unwrap();
    took("parse", from, count);
    let from = Instant::now();
    let selection = Selection { subjects: vec!["*müller1*".into()], ..Selection::default() };
    let some = selection.of(&plan, &HashMap::new()).unwrap();
    took("select by name", from, count);
    println!("  {} selected", some.iter().filter(|one| **one).count());
    let selected = Selection::default().of(&plan, &HashMap::new()).unwrap();
    let mut ledger = Ledger::new(false);
    let from = Instant::now();
    for number in 0..(count * done / 100) as u32 {
        let entry = plan.entry(number);
        let (id, operation, at) = (entry.id.to_string(), plan.fingerprint(number), "2026-11-22T02:00:00.000Z".to_string());
        let intent = Intent { id: id.clone(), act: Act::Apply, operation: operation.clone(), at: at.clone(), before: Some(Map::from_iter([("Guid".into(), json!(null))])) };
        ledger.take(Side::Target, Surface::Exchange, Line::Intent(intent));
        let done: Outcome = serde_json::from_value(json!({"id": id, "act": "apply", "operation": operation, "at": at, "outcome": "done"})).unwrap();
        ledger.take(Side::Target, Surface::Exchange, Line::Outcome(done));
    }
    took("ledger", from, count);
    let from = Instant::now();
    let mut rows = 0;
    states(&plan, &ledger, &selected, 1_800_000_000_000, &|_, _| false, &mut |_| {
        rows += 1;
        Ok(())
    })
    .unwrap();
    took("watch", from, count);
    let (mut tenants, mut audience, mut log) = (Instantly::default(), Nobody::default(), Nowhere);
    let from = Instant::now();
    let host = Host { tenants: &mut tenants, log: &mut log, clock: &clock, audience: &mut audience };
    let runner = Runner::new(&plan, &mut ledger, &selected, Options::new(Act::Apply), host);
    took("begin", from, count);
    let from = Instant::now();
    let summary = runner.run().unwrap();
    took("run", from, count);
    println!("  {} calls, {} rows; {summary:?}", tenants.calls, audience.0);
}

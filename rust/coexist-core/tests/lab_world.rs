//! The lab's world takes the plans that the planner makes, and agrees with the small model that the planner's own tests rely on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[allow(dead_code)]
mod apply_world;
#[allow(dead_code)]
mod batches;
mod model;
mod world;

use base64::Engine;
use apply_world::{Listener, Memory};
use coexist_core::apply::host::{Call, Clock, Host, Means, Refusal, Tenants};
use coexist_core::apply::journal::Act;
use coexist_core::apply::{Kind as Came, Ledger, Options, Plan, Runner, Selection, Summary};
use coexist_core::finding::Side;
use coexist_core::identity::guid::Guid;
use coexist_core::lab::world::{TenantInfo, World as Lab};
use coexist_core::plan::Surface;
use coexist_core::problem::Problem;
use coexist_core::service_error::{self, Kind as Says};
use coexist_core::snapshot::Kind;
use serde_json::{json, Value};
use std::cell::RefCell;
use std::rc::Rc;
use world::{written_out, World};

const HOUR: i64 = 3_600_000;

fn lab_of(world: &World) -> Lab {
    let info = |name: &str, id: &str, domains: &[&str]| TenantInfo {
        id: id.into(),
        name: name.into(),
        initial_domain: name.into(),
        domains: domains.iter().map(|domain| domain.to_string()).collect(),
    };
    let accepted: Vec<&str> = world.specification["target"]["acceptedDomains"].as_array().into_iter().flatten().map(|domain| domain.as_str().unwrap()).collect();
    let mut lab = Lab::new(info("contoso.onmicrosoft.com", "c0de", &["contoso.com", "contoso.net"]), info("fabrikam.onmicrosoft.com", "fab0", &accepted));
    for (side, tables) in [(Side::Source, &world.source), (Side::Target, &world.target)] {
        for (kind, records) in tables {
            records.iter().for_each(|record| lab.add(side, *kind, record.clone()));
        }
    }
    lab
}

/// Carries out one operation, or what takes it back; and goes on until AD's changes have arrived.
fn act(lab: &mut Lab, holder: &Value) -> Result<(), String> {
    if let Some(request) = holder.get("request") {
        let path = format!("/{}{}", request["version"].as_str().unwrap(), request["path"].as_str().unwrap());
        let reply = lab.request(Side::Target, request["method"].as_str().unwrap(), &path, request.get("body"));
        return if reply.status < 300 { Ok(()) } else { Err(format!("{}: {}", reply.status, reply.body)) };
    }
    let command = &holder["command"];
    let mut parameters = command["parameters"].clone();
    for secret in holder["secrets"].as_array().into_iter().flatten() {
        parameters[secret["parameter"].as_str().unwrap()] = json!({"secret": true});
    }
    lab.command(Side::Target, command["name"].as_str().unwrap(), &parameters).map(|_| ()).map_err(|refusal| format!("{refusal:?}"))?;
    if command["name"] == "Set-ADUser" {
        lab.advance_to(lab.now() + HOUR);
    }
    Ok(())
}

/// The small model's world with the objects of the lab's, so that its picture can be drawn of both.
fn as_model(lab: &Lab, like: &World) -> World {
    let mut world = World { specification: like.specification.clone(), source: Vec::new(), target: Vec::new(), map: Vec::new() };
    for kind in [Kind::MailUsers, Kind::Users, Kind::AdUsers] {
        *world.target(kind) = lab.objects(Side::Target, kind);
    }
    for user in world.target(Kind::Users).iter_mut() {
        *user = json!({"Id": user["id"], "AssignedLicenses": user["assignedLicenses"]});
    }
    world
}

/// Octets as the model writes them: GUIDs as texts.
fn as_texts(world: &mut World) {
    for user in world.target(Kind::AdUsers).iter_mut() {
        for name in ["msExchMailboxGuid", "msExchArchiveGUID"] {
            if let Some(bytes) = user[name].as_array() {
                let bytes: Vec<u8> = bytes.iter().map(|byte| byte.as_u64().unwrap() as u8).collect();
                user[name] = json!(Guid::from_bytes(bytes.try_into().unwrap()).to_string());
            }
        }
    }
}

/// Without the ids that either has made up for itself: what was created goes by its user principal name.
fn picture(world: &mut World, old: &[Value]) -> Vec<String> {
    as_texts(world);
    let names: Vec<(String, String)> = world
        .target(Kind::MailUsers)
        .iter()
        .filter(|user| !old.contains(&user["ExternalDirectoryObjectId"]))
        .map(|user| (user["ExternalDirectoryObjectId"].as_str().unwrap().to_lowercase(), user["UserPrincipalName"].as_str().unwrap().to_string()))
        .collect();
    let mut lines: Vec<String> = model::picture(world)
        .into_iter()
        .map(|line| names.iter().fold(line, |line, (id, name)| line.replace(id.as_str(), name)))
        .collect();
    lines.sort();
    lines
}

#[test]
fn a_plan_of_a_lab_does_the_same_in_the_lab_s_world_as_in_the_small_model() {
    for (people, seed) in [(60, 1), (200, 7)] {
        let mut small = world::lab::world(people, seed);
        // Whoever is created has no usage location, which the lab leaves out on purpose.
        small.specification["items"]["MC-01"]["licence"]["usageLocation"] = json!("FR");
        let outcome = small.plan();
        assert!(outcome.operations.len() > people as usize, "a small plan: {}", outcome.operations.len());
        let mut lab = lab_of(&small);
        let old: Vec<Value> = small.target(Kind::MailUsers).iter().map(|user| user["ExternalDirectoryObjectId"].clone()).collect();
        assert_eq!(picture(&mut as_model(&lab, &small), &old), picture(&mut copy(&small), &old), "before anything is done");
        let before = lab.truth(Side::Target);

        model::apply(&mut small, &outcome.operations).unwrap();
        let mut order: Vec<Value> = outcome.operations.iter().map(written_out).collect();
        order.sort_by_key(model::stage);
        for operation in &order {
            lab.advance_to(lab.now() + HOUR);
            act(&mut lab, operation).unwrap_or_else(|what| panic!("{}: {what}", operation["id"]));
        }
        let (own, theirs) = (picture(&mut as_model(&lab, &small), &old), picture(&mut small, &old));
        for line in &own {
            assert!(theirs.contains(line), "only the lab's world has\n{line}");
        }
        assert_eq!(own, theirs);
        assert_eq!(lab.writes(), order.len() as u64);
        assert!(lab.effects().values().all(|count| *count == 1), "{:?}", lab.effects().iter().find(|(_, count)| **count != 1));

        for operation in order.iter().rev() {
            let undo = &operation["undo"];
            if undo.get("command").is_some() || undo.get("request").is_some() {
                lab.advance_to(lab.now() + HOUR);
                act(&mut lab, undo).unwrap_or_else(|what| panic!("{} taken back: {what}", operation["id"]));
            }
        }
        model::undo(&mut small, &outcome.operations).unwrap();
        assert_eq!(picture(&mut as_model(&lab, &small), &old), picture(&mut small, &old), "after everything was taken back");
        assert_eq!(lab.truth(Side::Target).len(), before.len());
    }
}

fn copy(world: &World) -> World {
    World { specification: world.specification.clone(), source: world.source.clone(), target: world.target.clone(), map: Vec::new() }
}

/// The lab's world as a runner meets it, and the files that are beside the plan: errors are understood by the map, time is the lab's.
#[derive(Clone)]
struct Reached(Rc<RefCell<Lab>>, Rc<Vec<(String, String)>>);

impl Reached {
    fn ask(&self, side: Side, surface: Surface, call: &Call) -> Result<Vec<Value>, Refusal> {
        let mut lab = self.0.borrow_mut();
        let csv = |file: &str| self.1.iter().find(|(name, _)| name == file).map(|(_, text)| json!({"bytes": base64::engine::general_purpose::STANDARD.encode(text)})).unwrap();
        let refused = |id: &str, message: &str| {
            let known = service_error::find(Some(surface.name()), id, message).unwrap_or_else(|| panic!("nobody knows {id}: {message}"));
            let means = match known.kind {
                Says::NotFound => Means::NotFound,
                Says::Transient => Means::Transient,
                Says::Refused => Means::Refused,
                Says::Unknown => Means::Unknown,
            };
            Refusal::new(means, &known.name, message)
        };
        match call {
            Call::Command { name, parameters, secrets, .. } => {
                let mut parameters = parameters.clone();
                for secret in secrets.as_array().into_iter().flatten() {
                    parameters[secret["parameter"].as_str().unwrap()] = json!({"secret": true});
                }
                if let Some(file) = parameters["CSVData"]["file"].as_str().map(String::from) {
                    parameters["CSVData"] = csv(&file);
                }
                lab.command(side, name, &parameters).map_err(|refusal| refused(&refusal.id, &refusal.message))
            }
            Call::Request { method, path, body } => {
                let reply = lab.request(side, method, path, Some(body));
                match reply.status {
                    200..=299 => Ok(reply.body.get("value").and_then(Value::as_array).cloned().unwrap_or_else(|| vec![reply.body.clone()])),
                    _ => Err(refused(reply.body["error"]["code"].as_str().unwrap(), reply.body["error"]["message"].as_str().unwrap())),
                }
            }
        }
    }
}

impl Tenants for Reached {
    fn reaches(&self, _: Side, _: Surface) -> bool {
        true
    }
    fn read(&mut self, side: Side, surface: Surface, call: &Call) -> Result<Vec<Value>, Refusal> {
        self.ask(side, surface, call)
    }
    fn write(&mut self, side: Side, surface: Surface, call: &Call) -> Result<(), Refusal> {
        self.ask(side, surface, call).map(|_| ())
    }
}

impl Clock for Reached {
    fn now(&self) -> i64 {
        self.0.borrow().now()
    }
    fn ticks(&self) -> i64 {
        self.now()
    }
    fn wait(&self, milliseconds: i64) -> Result<(), Problem> {
        let mut lab = self.0.borrow_mut();
        let until = lab.now() + milliseconds;
        lab.advance_to(until);
        Ok(())
    }
}

fn run(plan: &Plan, reached: &Reached, memory: &mut Memory, options: Options) -> (Summary, Listener) {
    let mut ledger = Ledger::new(options.act == Act::Undo);
    memory.lines.iter().for_each(|(side, surface, line)| ledger.take(*side, *surface, line.clone()));
    let selected = Selection::default().of(plan, &hashbrown::HashMap::new()).unwrap();
    let mut listener = Listener { allows: true, ..Listener::default() };
    let host = Host { tenants: &mut reached.clone(), log: memory, clock: &reached.clone(), audience: &mut listener };
    let summary = Runner::new(plan, &mut ledger, &selected, options, host).run().unwrap();
    (summary, listener)
}

#[test]
fn a_project_from_the_plan_to_the_mailboxes_that_have_arrived() {
    let mut project = world::lab::world(60, 1);
    project.specification["items"]["MC-01"]["licence"]["usageLocation"] = json!("FR");
    let outcome = project.plan();
    let lab = Reached(Rc::new(RefCell::new(lab_of(&project))), Rc::default());
    let plan = Plan::parse(outcome.document.clone().into_bytes(), "0".repeat(64)).unwrap();
    let mut memory = Memory::default();

    // Until there is a batch, the addresses of the source stay.
    let (summary, listener) = run(&plan, &lab, &mut memory, Options { no_wait: true, ..Options::new(Act::Apply) });
    assert_eq!(summary.failed + summary.skipped, 0, "{:#?}", listener.rows.iter().find(|row| matches!(row.outcome, Came::Failed | Came::Skipped)));
    let mut rounds = 0;
    let is_late = |operation: &&Value| operation["gates"].to_string().contains("mailboxSynced");
    let late = outcome.operations.iter().filter(is_late).count() as u64;
    assert!(late > 5, "too few to see anything: {late}");
    let mut left = summary.pending + summary.waiting;
    while left > late {
        let soon = lab.now() + HOUR / 2;
        lab.0.borrow_mut().advance_to(soon);
        let (summary, listener) = run(&plan, &lab, &mut memory, Options { no_wait: true, ..Options::new(Act::Apply) });
        assert_eq!(summary.failed + summary.skipped, 0, "{:#?}", listener.rows.iter().find(|row| matches!(row.outcome, Came::Failed | Came::Skipped)));
        left = summary.pending + summary.waiting;
        rounds += 1;
        assert!(rounds < 50, "{:#?}", listener.rows);
    }

    let text = |value: &Value| value.as_str().unwrap().to_string();
    let mut people: Vec<String> = outcome.operations.iter().filter(is_late).map(|operation| text(&operation["gates"][0]["identity"])).collect();
    people.sort();
    let csv = format!("EmailAddress\r\n{}\r\n", people.join("\r\n"));
    let bytes = base64::engine::general_purpose::STANDARD.encode(csv);
    let complete = lab.now() + 72 * HOUR;
    let complete_after = jiff::Timestamp::from_millisecond(complete).unwrap().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let batch = json!({"Name": "Wave-1", "SourceEndpoint": "Contoso", "TargetDeliveryDomain": "fabrikam.onmicrosoft.com", "CSVData": {"bytes": bytes}, "CompleteAfter": complete_after});
    {
        let mut lab = lab.0.borrow_mut();
        let made = lab.command(Side::Target, "New-MigrationBatch", &batch).unwrap();
        assert_eq!((&made[0]["Status"], &made[0]["CompleteAfterUTC"]), (&json!("Created"), &json!(complete_after)));
        lab.command(Side::Target, "Start-MigrationBatch", &json!({"Identity": "Wave-1"})).unwrap();
        let soon = lab.now() + 12 * HOUR;
        lab.advance_to(soon);
    }
    let state = |lab: &Reached| lab.0.borrow_mut().command(Side::Target, "Get-MigrationBatch", &json!({"Identity": "Wave-1"})).unwrap()[0].clone();
    let synced = state(&lab);
    assert!(synced["Status"] == "Synced", "{synced}");

    let (summary, listener) = run(&plan, &lab, &mut memory, Options::new(Act::Apply));
    assert_eq!((summary.failed, summary.skipped, summary.pending, summary.waiting), (0, 0, 0, 0), "{:#?}", listener.rows.iter().find(|row| row.outcome != Came::Done));
    assert_eq!(lab.0.borrow().effects().iter().find(|(what, count)| **count != 1 && !what.contains("MigrationBatch")), None);

    lab.0.borrow_mut().advance_to(complete + 3 * HOUR);
    let ended = state(&lab);
    assert_eq!((&ended["Status"], &ended["FinalizedCount"]), (&json!("Completed"), &json!(people.len())), "{ended}");
    let mut lab = lab.0.borrow_mut();
    for person in &people {
        let mailbox = lab.command(Side::Target, "Get-Mailbox", &json!({"Identity": person})).unwrap()[0].clone();
        let old = lab.objects(Side::Source, Kind::MailUsers).into_iter().find(|user| user["ExchangeGuid"] == mailbox["ExchangeGuid"]).unwrap();
        assert!(text(&old["ExternalEmailAddress"]).to_lowercase().ends_with("@fabrikam.onmicrosoft.com"), "{old}");
    }
}

/// People as a plan of batches has them, prepared by everything that MC-01 does.
fn prepared(scene: &batches::Scene) -> Lab {
    let mut world = World::new();
    for (number, person) in scene.people.iter().enumerate() {
        let (number, name) = (number as u32, person.target_address.as_deref().unwrap().split('@').next().unwrap().to_string());
        let mut from = world::mailbox(number + 0x100, &name);
        from["PersistedCapabilities"] = json!(["ExchangeT2TMbxMove"]);
        let mut to = world::mail_user(number, &name);
        to["ExternalDirectoryObjectId"] = json!(person.target_id);
        to["ExchangeGuid"] = from["ExchangeGuid"].clone();
        to["EmailAddresses"] = json!([format!("SMTP:{name}@fabrikam.com"), format!("smtp:{name}@fabrikam.onmicrosoft.com"), format!("X500:{}", from["LegacyExchangeDN"].as_str().unwrap())]);
        to["PrimarySmtpAddress"] = json!(format!("{name}@fabrikam.com"));
        world.source(Kind::Mailboxes).push(from);
        world.target(Kind::MailUsers).push(to);
    }
    lab_of(&world)
}

#[test]
fn batches_of_every_mode_are_carried_out_by_the_lab_s_services() {
    for name in ["standalone", "orchestrated", "mailbox and OneDrive"] {
        let scene = batches::scenes().into_iter().find(|scene| scene.name == name).unwrap();
        let text = scene.text();
        let file: Value = serde_json::from_str(&text).unwrap();
        let plan = Plan::parse(text.into_bytes(), "0".repeat(64)).unwrap();
        let csv_of = |batch: &Value| {
            let people = file["people"].as_array().unwrap().iter().zip(&scene.people).filter(|(row, _)| row["batch"] == batch["name"]);
            let addresses: Vec<&str> = people.map(|(_, person)| person.target_address.as_deref().unwrap()).collect();
            format!("EmailAddress\n{}\n", addresses.join("\n"))
        };
        let operations = file["operations"].as_array().unwrap();
        let file_of = |batch: &Value| {
            let id = format!("batch/{}/submit", batch["name"].as_str().unwrap());
            let submit = operations.iter().find(|operation| operation["id"] == id.as_str());
            submit.map(|submit| (submit["command"]["parameters"]["CSVData"]["file"].as_str().unwrap().to_string(), csv_of(batch)))
        };
        let files = file["batches"].as_array().unwrap().iter().filter_map(file_of).collect();
        let reached = Reached(Rc::new(RefCell::new(prepared(&scene))), Rc::new(files));
        let (mut memory, mut last) = (Memory::default(), None);
        // What stands between the operations is done by hand, and in time.
        let passed: Vec<String> = file["places"].as_array().unwrap().iter().map(|place| place["id"].as_str().unwrap().to_string()).collect();
        let end = coexist_core::apply::time_of("2027-02-01T00:00:00Z");
        while reached.now() < end {
            let options = Options { no_wait: true, passed: passed.clone(), ..Options::new(Act::Apply) };
            let (summary, listener) = run(&plan, &reached, &mut memory, options);
            assert_eq!((summary.failed, summary.skipped), (0, 0), "{name}: {:#?}", listener.rows.iter().find(|row| matches!(row.outcome, Came::Failed | Came::Skipped)));
            let ended = summary.pending + summary.waiting == 0;
            let due = summary.next_due.as_deref().map(coexist_core::apply::time_of);
            last = Some((summary, listener));
            if ended {
                break;
            }
            let soon = reached.now() + 2 * HOUR;
            reached.0.borrow_mut().advance_to(due.map_or(soon, |due| due.min(soon)));
        }
        let (summary, listener) = last.unwrap();
        assert_eq!((summary.pending, summary.waiting), (0, 0), "{name}: {:#?}", listener.rows);
        let mut lab = reached.0.borrow_mut();
        assert!(lab.effects().values().all(|count| *count == 1), "{name}: {:#?}", lab.effects());
        lab.advance_to(end + 240 * HOUR);
        assert_eq!(lab.objects(Side::Target, Kind::Mailboxes).len(), scene.people.len(), "{name}: not everybody has arrived");
        assert_eq!(lab.objects(Side::Source, Kind::MailUsers).len(), scene.people.len(), "{name}");
    }
}

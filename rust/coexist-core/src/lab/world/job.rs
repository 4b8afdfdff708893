//! Jobs of the migration orchestrator: created, validated, migrated, cancelled (https://learn.microsoft.com/graph/api/resources/crosstenantmigrationjob).

use super::batch::{check, convert, drawn};
use super::graph::{selected, Path};
use super::object::{text, Fields, KIND};
use super::refusal::{fault, Fault, Reply};
use super::visibility::Via;
use super::{iso, moment, Event, World};
use crate::finding::Side;
use serde_json::{json, Value};

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

/// A validation holds so long: https://learn.microsoft.com/graph/api/crosstenantmigrationjob-migrate
const VALIDATION_HOLDS: i64 = 7 * DAY;

/// States from which a job does not go on by itself. The page of errors lets only those be deleted that are "Completed, Failed, or Cancelled"; a job that has
/// never been asked to migrate is taken for one that can be, too.
const IDLE: [&str; 7] = ["submitted", "validatePassed", "validateFailed", "completed", "completedWithErrors", "failed", "cancelled"];

const COLLECTION: &str = "crossTenantMigrationJobs";

pub(super) fn answer(world: &mut World, side: Side, method: &str, rest: &[&str], path: &Path, body: &Value) -> Reply {
    let result = match (method, rest) {
        ("POST", [COLLECTION]) => create(world, side, body),
        ("GET", [COLLECTION]) => Ok(all(world, side, path)),
        (method, [COLLECTION, key]) => find(world, side, method == "GET", key).and_then(|at| one(world, side, method, at, path, body)),
        ("GET", [COLLECTION, key, "users"]) => find(world, side, true, key).map(|at| users(world, side, at)),
        ("POST", [COLLECTION, key, action]) => find(world, side, false, key).and_then(|at| act(world, side, at, action)),
        (method, [keyed]) if keyed.starts_with(COLLECTION) => find(world, side, method == "GET", keyed).and_then(|at| one(world, side, method, at, path, body)),
        ("GET", [keyed, "users"]) if keyed.starts_with(COLLECTION) => find(world, side, true, keyed).map(|at| users(world, side, at)),
        ("POST", [keyed, action]) if keyed.starts_with(COLLECTION) => find(world, side, false, keyed).and_then(|at| act(world, side, at, action)),
        _ => Err(fault("UnknownSegment", &[("segment", rest.first().copied().unwrap_or_default())])),
    };
    result.unwrap_or_else(Fault::reply)
}

/// The job of a key: `crossTenantMigrationJobs(displayName='…')`, where an apostrophe is written twice, or its id.
fn find(world: &World, side: Side, reads: bool, key: &str) -> Result<usize, Fault> {
    let named = key.strip_prefix(COLLECTION).and_then(|key| key.strip_prefix("(displayName='")).and_then(|key| key.strip_suffix("')"));
    let (wanted, name) = match named {
        Some(name) => (format!("job:{}", name.replace("''", "'").to_lowercase()), name),
        None => (format!("jobid:{}", key.to_lowercase()), key),
    };
    let found = if reads { world.shown(side, Via::Graph, &[wanted]) } else { world.all(side, &[wanted]) };
    found.first().copied().ok_or_else(|| fault("MigrationJobNotFound", &[("identity", name)]))
}

fn shown(fields: &Fields) -> Value {
    Value::Object(fields.iter().filter(|(name, _)| !name.starts_with('$')).map(|(name, value)| (name.clone(), value.clone())).collect())
}

fn all(world: &World, side: Side, path: &Path) -> Reply {
    let jobs = (0..world.tenant(side).objects.len()).map(|at| world.seen(side, at, Via::Graph)).filter(|fields| text(fields, KIND) == "job");
    Reply::ok(json!({"value": jobs.map(|fields| selected(shown(&fields), path.select())).collect::<Vec<_>>()}))
}

fn create(world: &mut World, side: Side, body: &Value) -> Result<Reply, Fault> {
    let needed = |name: &'static str| body[name].as_str().filter(|text| !text.is_empty()).ok_or_else(|| fault("Request_BadRequest", &[("property", name)]));
    let (name, source) = (needed("displayName")?, needed("sourceTenantId")?);
    let resources: Vec<String> = super::object::list(&body["resources"]);
    if resources.is_empty() {
        return Err(fault("Request_BadRequest", &[("property", "resources")]));
    }
    if !world.all(side, &[format!("job:{}", name.to_lowercase())]).is_empty() {
        return Err(fault("duplicateDisplayNameJob", &[]));
    }
    let complete = body["completeAfterDateTime"].as_str().and_then(moment);
    if complete.is_some_and(|complete| complete < world.now) {
        return Err(fault("minThresholdFailed", &[]));
    }
    let id = world.new_id(side, "job", name);
    let people: Vec<Value> = resources.iter().map(|id| json!({"id": id, "status": "notStarted", "error": null})).collect();
    let Value::Object(fields) = json!({
        KIND: "job", "id": id, "displayName": name, "status": "submitted", "jobType": "validate", "sourceTenantId": source, "targetTenantId": world.tenant(side).info.id,
        "completeAfterDateTime": complete.map(iso), "exchangeSettings": body["exchangeSettings"], "resources": resources, "resourceType": "Users",
        "workloads": body["workloads"], "message": null, "createdDateTime": iso(world.now), "lastUpdatedDateTime": iso(world.now), "$people": people, "$run": 0,
    }) else {
        return Err(fault("Request_BadRequest", &[("property", "body")]));
    };
    let at = world.create(side, Via::Graph, name, fields);
    world.effect(side, "POST crossTenantMigrationJobs()", name);
    Ok(Reply::with(201, shown(&world.at(side, at).truth)))
}

fn one(world: &mut World, side: Side, method: &str, at: usize, path: &Path, body: &Value) -> Result<Reply, Fault> {
    let fields = &world.at(side, at).truth;
    let (name, status) = (text(fields, "displayName").to_string(), text(fields, "status").to_string());
    match method {
        "GET" => Ok(Reply::ok(selected(shown(&world.seen(side, at, Via::Graph)), path.select()))),
        "DELETE" => {
            if !IDLE.contains(&status.as_str()) {
                return Err(fault("resourceTypeMismatch", &[("identity", text(fields, "id"))]));
            }
            world.write(side, at, Via::Graph, Fields::clear);
            world.effect(side, "DELETE crossTenantMigrationJobs()", &name);
            Ok(Reply::none())
        }
        "PATCH" => {
            let complete = body["completeAfterDateTime"].as_str().and_then(moment).ok_or_else(|| fault("Request_BadRequest", &[("property", "completeAfterDateTime")]))?;
            if complete < world.now {
                return Err(fault("minThresholdFailed", &[]));
            }
            let run = run_of(fields);
            world.write(side, at, Via::Graph, |fields| drop(fields.insert("completeAfterDateTime".into(), json!(iso(complete)))));
            world.plan(complete, Event::Job(side, at, run));
            world.effect(side, "PATCH crossTenantMigrationJobs(completeAfterDateTime)", &name);
            Ok(Reply::none())
        }
        _ => Err(fault("UnknownSegment", &[("segment", method)])),
    }
}

fn run_of(fields: &Fields) -> u64 {
    fields.get("$run").and_then(Value::as_u64).unwrap_or(0)
}

fn act(world: &mut World, side: Side, at: usize, action: &str) -> Result<Reply, Fault> {
    let now = world.now;
    let fields = &world.at(side, at).truth;
    let (name, status, run) = (text(fields, "displayName").to_string(), text(fields, "status").to_string(), run_of(fields) + 1);
    let refused = || fault("JobStateInvalid", &[("identity", &name), ("status", &status), ("act", match action { "validate" => "validated", "migrate" => "migrated", _ => "cancelled" })]);
    let validated = fields.get("$validated").and_then(Value::as_i64);
    let complete = moment(text(fields, "completeAfterDateTime"));
    let (next, after, kind) = match action {
        "validate" if matches!(status.as_str(), "submitted" | "validatePassed" | "validateFailed") => ("validateSubmitted", 2 * MINUTE, "validate"),
        "migrate" if status == "validatePassed" && validated.is_some_and(|at| now - at <= VALIDATION_HOLDS) => ("processing", 5 * MINUTE, "migrate"),
        // Only before the moment of completion has passed.
        "cancel" if !matches!(status.as_str(), "completed" | "completedWithErrors" | "failed" | "cancelled" | "cuttingOver") && complete.is_none_or(|at| now < at) => {
            ("pendingCancel", 5 * MINUTE, text(fields, "jobType"))
        }
        "validate" | "migrate" | "cancel" => return Err(refused()),
        _ => return Err(fault("UnknownSegment", &[("segment", action)])),
    };
    let kind = kind.to_string();
    update(world, side, at, Via::Graph, next, |fields| {
        fields.insert("$run".into(), json!(run));
        fields.insert("jobType".into(), json!(kind));
    });
    world.plan(now + after, Event::Job(side, at, run));
    world.effect(side, &format!("POST crossTenantMigrationJobs/{action}()"), &name);
    Ok(match action {
        "cancel" => Reply::ok(json!({"status": "pendingCancel", "message": ""})),
        _ => Reply::ok(shown(&world.at(side, at).truth)),
    })
}

fn update(world: &mut World, side: Side, at: usize, via: Via, status: &str, more: impl FnOnce(&mut Fields)) {
    let now = iso(world.now);
    world.write(side, at, via, |fields| {
        fields.insert("status".into(), json!(status));
        fields.insert("lastUpdatedDateTime".into(), json!(now));
        more(fields);
    });
}

/// The tasks of a job: one for each person, with the state of each service (https://learn.microsoft.com/graph/api/resources/crosstenantmigrationtask).
fn users(world: &World, side: Side, at: usize) -> Reply {
    let fields = world.seen(side, at, Via::Graph);
    let task = |person: &Value| {
        let errors: Vec<Value> = person["error"].as_str().map(|error| json!({"code": error.split(':').next(), "message": error})).into_iter().collect();
        let status = json!([{"service": "Exchange", "status": person["status"], "message": null, "errors": errors}]);
        json!({"id": person["id"], "taskType": "Users", "currentStatus": status, "lastUpdatedDateTime": fields.get("lastUpdatedDateTime")})
    };
    let people = fields.get("$people").and_then(Value::as_array).into_iter().flatten();
    Reply::ok(json!({"value": people.map(task).collect::<Vec<_>>()}))
}

/// A job goes on by one step.
pub(super) fn go_on(world: &mut World, side: Side, at: usize, run: u64) {
    let fields = &world.at(side, at).truth;
    if fields.is_empty() || run_of(fields) != run {
        return;
    }
    let (name, status) = (text(fields, "displayName").to_string(), text(fields, "status").to_string());
    let delivery = fields.get("exchangeSettings").and_then(|settings| settings["targetDeliveryDomain"].as_str()).unwrap_or_default().to_string();
    let complete = moment(text(fields, "completeAfterDateTime"));
    let mut people = fields.get("$people").and_then(Value::as_array).cloned().unwrap_or_default();
    let now = world.now;
    let mut judge = |world: &mut World, from: &str, good: &str, bad: &str, converting: bool| {
        for person in people.iter_mut().filter(|person| from.is_empty() || person["status"] == from) {
            let id = person["id"].as_str().unwrap_or_default().to_string();
            match check(world, side, &id, &delivery, converting) {
                Ok((target, source)) => {
                    if converting {
                        convert(world, side, target, source, &delivery);
                    }
                    person["status"] = json!(good);
                    person["error"] = Value::Null;
                }
                Err(fault) => {
                    person["status"] = json!(bad);
                    person["error"] = json!(fault.text());
                }
            }
        }
    };
    let mut validated = None;
    let (next, after) = match status.as_str() {
        "validateSubmitted" => ("validateInProgress", Some(now + 10 * MINUTE)),
        "validateInProgress" => {
            judge(world, "", "valid", "invalid", false);
            validated = Some(now);
            (if people.iter().all(|person| person["status"] == "valid") { "validatePassed" } else { "validateFailed" }, None)
        }
        "processing" => {
            judge(world, "", "syncing", "failed", false);
            ("inProgress", Some(now + drawn(&name, "sync", 60 * MINUTE, 600 * MINUTE)))
        }
        "inProgress" => {
            people.iter_mut().filter(|person| person["status"] == "syncing").for_each(|person| person["status"] = json!("synced"));
            match complete {
                Some(complete) if complete > now => ("inProgress", Some(complete)),
                _ => ("cuttingOver", Some(now + drawn(&name, "completion", 20 * MINUTE, 90 * MINUTE))),
            }
        }
        "cuttingOver" => {
            judge(world, "synced", "completed", "failed", true);
            let completed = people.iter().filter(|person| person["status"] == "completed").count();
            let status = if completed == people.len() { "completed" } else if completed == 0 { "failed" } else { "completedWithErrors" };
            (status, None)
        }
        "pendingCancel" => {
            people.iter_mut().filter(|person| person["status"] != "completed").for_each(|person| person["status"] = json!("cancelled"));
            ("cancelled", None)
        }
        _ => return,
    };
    update(world, side, at, Via::Service, next, |fields| {
        fields.insert("$people".into(), json!(people));
        if let Some(validated) = validated {
            fields.insert("$validated".into(), json!(validated));
        }
    });
    if let Some(after) = after {
        world.plan(after, Event::Job(side, at, run));
    }
}

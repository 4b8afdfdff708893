//! The published schemas say what the engine reads and writes, no more and no less; and a plan is one document in canonical order.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod batches;
mod schema;
mod world;

use coexist_core::batch::steps::STEPS;
use coexist_core::batch::tie::Kinds;
use coexist_core::finding::{rules, Finding, Side, Subject};
use coexist_core::limits::Limits;
use coexist_core::plan::{Header, Input, TenantRef};
use coexist_core::snapshot::{Kind, Tenant};
use coexist_core::specification::Specification;
use schema::Schema;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::{json, Value};
use std::collections::{BTreeMap, BTreeSet};
use world::{guid, scenes};

fn specification_schema() -> Schema {
    Schema::new(include_str!("../../../schema/coexist.schema.json"))
}

fn plan_schema() -> Schema {
    Schema::new(include_str!("../../../schema/plan.schema.json"))
}

fn batches_schema() -> Schema {
    Schema::new(include_str!("../../../schema/batches.schema.json"))
}

/// A specification that says everything.
fn whole() -> Value {
    json!({
        "$schema": "./coexist.schema.json", "version": 1,
        "source": {"name": "contoso.onmicrosoft.com", "tenantId": guid(1), "snapshot": "source"},
        "target": {"name": "fabrikam.onmicrosoft.com", "tenantId": guid(2), "snapshot": "target", "deliveryDomain": "fabrikam.onmicrosoft.com",
                   "acceptedDomains": ["fabrikam.com"]},
        "trust": "low", "domainMap": {"contoso.com": "fabrikam.com"}, "userPrincipalName": "keep",
        "match": {"mapFile": "map.csv", "attribute": "CustomAttribute15", "rules": ["exchangeGuid"]},
        "scope": {"types": ["UserMailbox"], "include": ["a"], "exclude": ["b"]},
        "items": {"MC-01": {"createMissing": false, "clearPreviousMailbox": true, "raiseRecoverableItemsQuota": true, "holds": "warn",
                            "unacceptedAddresses": "preStage", "licence": {"skuId": guid(3), "disabledPlans": [guid(4)], "usageLocation": "DE"}}},
        "batches": {
            "mode": "orchestrated", "workloads": ["mailbox", "oneDrive"], "prefix": "Wave ", "batchSize": 90, "batchCount": 7, "batchesPerNight": 3, "peoplePerNight": 200,
            "gigabytesPerNight": 4000, "itemsPerNight": 9000000, "minutesPerCutover": 20, "throughput": {"low": 0.3, "likely": 0.5, "high": 1.5},
            "calendar": {
                "timeZone": "W. Europe Standard Time", "first": "2027-01-04", "last": "2027-06-30", "days": ["tuesday", "friday"], "nights": ["2027-02-01"],
                "blackouts": [{"from": "2027-03-26", "to": "2027-03-29", "why": "Easter", "timeZones": ["Europe/Berlin"]}], "start": "21:30", "end": "05:00", "preStageDays": 21
            },
            "ties": Kinds::default().all().map(|kind| (kind.name.clone(), json!({"weight": 1, "hard": true}))).collect::<serde_json::Map<_, _>>(),
            "readiness": {"FormsOwned": "exclude", "HoldDelay": {"delayDays": 30}, "HoldLitigation": "warn"},
            "pilots": ["a"], "vips": ["b"], "pins": {"c": "2027-02-01", "d": "Wave 1"}, "submitted": ["Wave 0"],
            "sourceEndpoint": "contoso", "oneDriveHostUrl": "https://fabrikam-my.sharepoint.com/", "graphVersion": "beta"
        },
        "limits": Limits::default().all().map(|limit| (limit.name.clone(), json!(limit.value))).collect::<serde_json::Map<_, _>>()
    })
}

fn small() -> Value {
    json!({"version": 1, "source": {"name": "a", "snapshot": "source"}, "target": {"name": "b", "snapshot": "target"}})
}

/// What the engine makes of a specification, written out again.
fn read(specification: &Value) -> Result<Value, String> {
    let specification = Specification::parse(&specification.to_string()).map_err(|problem| problem.message)?;
    Ok(serde_json::from_str(&specification.to_text()).unwrap())
}

#[test]
fn the_schema_of_the_specification_has_the_fields_of_the_specification() {
    let mut schema = specification_schema();
    let written = read(&whole()).unwrap();
    assert_eq!(written, whole(), "nothing is lost between reading and writing");
    assert_eq!(schema.errors(&written), Vec::<String>::new());
    assert_eq!(schema.never_met(), Vec::<String>::new());
    assert_eq!(schema.errors(&small()), Vec::<String>::new());
    // Of batches, about which nothing was said, nothing is written; else what was said, and what everybody must decide.
    assert_eq!(read(&small()).unwrap().get("batches"), None);
    let mut sized = small();
    sized["batches"] = json!({"batchSize": 100});
    assert_eq!(read(&sized).unwrap()["batches"], json!({"mode": "standalone", "workloads": ["mailbox"], "batchSize": 100}));
    assert_eq!(schema.errors(&sized), Vec::<String>::new());
    assert_eq!(schema.errors(&read(&small()).unwrap()), Vec::<String>::new());
}

#[test]
fn every_property_is_described_and_no_object_is_open() {
    fn walk(at: &str, schema: &Value) {
        if let Some(properties) = schema["properties"].as_object() {
            assert!(schema["additionalProperties"].is_boolean(), "{at}");
            for (name, property) in properties {
                let described = property["description"].as_str().is_some_and(|text| text.len() > 10 && text.ends_with(['.', ')']));
                assert!(described || property.get("$ref").is_some(), "{at}/{name}");
                walk(&format!("{at}/{name}"), property);
            }
        }
        for choice in schema["oneOf"].as_array().into_iter().flatten() {
            walk(at, choice);
        }
        for part in ["items", "additionalProperties"] {
            if schema[part].is_object() {
                walk(at, &schema[part]);
            }
        }
        for (name, definition) in schema["definitions"].as_object().into_iter().flatten() {
            walk(name, definition);
        }
    }
    walk("specification", specification_schema().root());
    walk("plan", plan_schema().root());
    walk("batches", batches_schema().root());
}

#[test]
fn every_line_of_a_journal_is_as_the_schema_says() {
    let at = coexist_core::apply::time_text(1_800_000_000_123);
    let image = json!({"ExchangeGuid": null, "EmailAddresses": ["smtp:a@b.example"]});
    let named = |line: &str, more: Value| {
        let mut whole = json!({"line": line, "id": "MC-01/1/stamp", "act": "undo", "operation": "0123456789abcdef", "at": at});
        whole.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        whole
    };
    let lines = [
        json!({"line": "run", "run": "0123456789abcdef", "at": at, "host": "h", "pid": 1, "user": "u", "plan": "0".repeat(64), "tenantId": null, "version": "0.1.0", "torn": "{"}),
        named("intent", json!({"before": image})),
        named("intent", json!({})),
        named("outcome", json!({"outcome": "done", "after": image})),
        named("outcome", json!({"outcome": "failed", "code": "c", "message": "m", "effect": "unknown"})),
        json!({"line": "end", "at": at}),
    ];
    let mut schema = Schema::new(include_str!("../../../schema/journal.schema.json"));
    for line in &lines {
        assert_eq!(schema.errors(line), Vec::<String>::new(), "{line}");
        // What the engine writes is what it read.
        let read: coexist_core::apply::journal::Line = serde_json::from_value(line.clone()).unwrap();
        assert_eq!(serde_json::to_value(read).unwrap(), *line);
    }
    assert_eq!(schema.never_met(), Vec::<String>::new());
    for (name, value) in [("line", json!("outcomes")), ("act", json!("redo")), ("operation", json!("xyz")), ("at", json!("yesterday")), ("more", json!(1)), ("outcome", json!("perhaps"))] {
        let mut spoiled = lines[3].clone();
        spoiled[name] = value;
        assert_ne!(schema.errors(&spoiled), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn defaults_and_choices_are_the_engines() {
    // What the schema calls a default is what the engine takes where nothing is written.
    fn defaults(schema: &Value, taken: &Value, at: &str) {
        if taken.is_null() {
            return;
        }
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let taken = &taken[name];
            match property.get("default") {
                Some(default) if property["properties"].is_object() && !default.is_null() => assert_eq!(default, &json!({}), "{at}/{name}"),
                Some(default) if at.ends_with("/limits") => assert_eq!(default.as_u64().unwrap(), Limits::default().value(name), "{at}/{name}"),
                // What is empty may be left out when it is written.
                Some(default) if taken.is_null() && (default == &json!([]) || default == &json!({}) || name == "graphVersion") => {}
                Some(Value::Null) if name == "batchSize" || name == "calendar" => {}
                Some(default) => assert_eq!(default, taken, "{at}/{name}"),
                None => {}
            }
            defaults(property, taken, &format!("{at}/{name}"));
        }
    }
    let schema = specification_schema();
    defaults(schema.root(), &read(&small()).unwrap(), "");
    let mut sized = small();
    sized["batches"] = json!({"batchSize": 100, "calendar": {}});
    defaults(&schema.root()["properties"]["batches"], &read(&sized).unwrap()["batches"], "/batches");
    let mut licensed = small();
    licensed["items"] = json!({"MC-01": {"licence": {"skuId": guid(3)}}});
    let licence = &schema.root()["properties"]["items"]["properties"]["MC-01"]["properties"]["licence"];
    defaults(licence, read(&licensed).unwrap().pointer("/items/MC-01/licence").unwrap(), "/licence");

    // Every choice that an editor offers is one that the engine takes, and no other is.
    fn choices(schema: &Value, at: &str, found: &mut BTreeMap<String, Vec<Value>>) {
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let at = format!("{at}/{name}");
            let list = if property["items"]["oneOf"].is_array() { &property["items"] } else { property };
            let mut values: Vec<Value> = list["oneOf"].as_array().into_iter().flatten().map(|choice| choice["const"].clone()).collect();
            values.extend(property["enum"].as_array().into_iter().flatten().cloned());
            if !values.is_empty() {
                let wrap = |value: Value| if property["items"].is_object() { json!([value]) } else { value };
                found.insert(at.clone(), values.into_iter().map(wrap).collect());
            }
            choices(property, &at, found);
        }
    }
    let mut found = BTreeMap::new();
    choices(schema.root(), "", &mut found);
    let places: Vec<&str> = found.keys().map(String::as_str).collect();
    assert_eq!(places, ["/batches/graphVersion", "/batches/mode", "/batches/workloads", "/items/MC-01/holds", "/items/MC-01/unacceptedAddresses", "/match/attribute", "/match/rules", "/trust", "/userPrincipalName"]);
    for (at, values) in &found {
        for value in values {
            let mut specification = whole();
            // Meetings move with their mailbox only.
            let value = if value == &json!(["meetings"]) { json!(["mailbox", "meetings"]) } else { value.clone() };
            *specification.pointer_mut(at).unwrap() = value.clone();
            let written = read(&specification).unwrap();
            // What is the default may be left out when it is written.
            let left_out = if at == "/batches/graphVersion" { json!("v1.0") } else { Value::Null };
            assert_eq!(written.pointer(at).unwrap_or(&left_out), &value, "{at}");
        }
        let mut specification = whole();
        *specification.pointer_mut(at).unwrap() = if at == "/match/rules" || at == "/batches/workloads" { json!(["other"]) } else { json!("other") };
        assert!(read(&specification).is_err() && !specification_schema().errors(&specification).is_empty(), "{at}");
    }
}

#[test]
fn a_spoiled_specification_is_told_by_schema_and_engine() {
    type Spoil = fn(&mut Value);
    let cases: &[Spoil] = &[
        |s| s["version"] = json!(2),
        |s| drop(s.as_object_mut().unwrap().remove("source")),
        |s| drop(s["target"].as_object_mut().unwrap().remove("snapshot")),
        |s| s["domainmap"] = json!({}),
        |s| s["domainMap"] = json!(["contoso.com"]),
        |s| s["domainMap"]["contoso.com"] = Value::Null,
        |s| s["target"]["acceptedDomains"] = json!("fabrikam.com"),
        |s| s["match"]["attribute"] = json!("CustomAttribute16"),
        |s| s["match"]["rule"] = json!([]),
        |s| s["scope"]["types"] = Value::Null,
        |s| s["items"]["MC-1"] = json!({}),
        |s| s["items"]["MC-01"]["createMissing"] = json!("true"),
        |s| s["items"]["MC-01"]["unacceptedAddresses"] = json!("prepare"),
        |s| s["items"]["MC-01"]["licence"]["skuId"] = json!("SPE_E5"),
        |s| s["items"]["MC-01"]["licence"]["usageLocation"] = json!("Germany"),
        |s| s["items"]["MC-01"]["licence"]["disabledPlans"] = json!(["EXCHANGE_S_ENTERPRISE"]),
        |s| s["batches"]["batchsize"] = json!(100),
        |s| s["batches"]["batchSize"] = json!(0),
        |s| s["batches"]["workloads"] = json!([]),
        |s| s["batches"]["throughput"]["likely"] = json!("0.5"),
        |s| drop(s["batches"]["throughput"].as_object_mut().unwrap().remove("low")),
        |s| s["batches"]["calendar"]["nights"] = json!(["12.01.2027"]),
        |s| s["batches"]["calendar"]["start"] = json!("24:00"),
        |s| s["batches"]["calendar"]["days"] = json!(["Tuesday"]),
        |s| s["batches"]["calendar"]["blackouts"][0] = json!({"from": "2027-03-26"}),
        |s| s["batches"]["ties"]["fullAccess"]["weight"] = json!("100"),
        |s| s["batches"]["readiness"]["FormsOwned"] = json!("delay"),
        |s| s["batches"]["readiness"]["FormsOwned"] = json!({"delayDays": -1}),
        |s| s["batches"]["readiness"]["FormOwned"] = json!("warn"),
        |s| s["batches"]["pins"]["c"] = Value::Null,
        |s| s["limits"]["proxyAddressesError"] = json!(-1),
        |s| s["limits"]["proxyAddressesError"] = json!("333"),
    ];
    for (number, spoil) in cases.iter().enumerate() {
        let mut specification = whole();
        spoil(&mut specification);
        assert!(!specification_schema().errors(&specification).is_empty(), "the schema takes case {number}");
        assert!(read(&specification).is_err(), "the engine takes case {number}");
    }
    // The engine reads a limit that it does not know, and says so when it plans.
    let mut specification = whole();
    specification["limits"]["nonsense"] = json!(1);
    specification["batches"]["ties"]["nonsense"] = json!({"weight": 1});
    assert_eq!(specification_schema().errors(&specification).len(), 2);
    // What a schema cannot say the engine does.
    type Alter = fn(&mut Value);
    let cases: &[Alter] = &[
        |s| s["batches"]["throughput"]["likely"] = json!(2),
        |s| s["batches"]["workloads"] = json!(["meetings"]),
        |s| s["batches"] = json!({"workloads": ["mailbox", "teamsChat"]}),
        |s| s["batches"]["calendar"]["nights"] = json!(["2027-02-30"]),
    ];
    for (number, alter) in cases.iter().enumerate() {
        let mut specification = whole();
        alter(&mut specification);
        assert_eq!(specification_schema().errors(&specification), Vec::<String>::new(), "{number}");
        assert!(read(&specification).is_err(), "the engine takes case {number}");
    }
}

#[test]
fn every_plan_is_what_its_schema_says() {
    let mut schema = plan_schema();
    let mut worlds = scenes::all();
    worlds.push(("lab", world::lab::world(200, 3)));
    for (name, world) in &worlds {
        assert_eq!(specification_schema().errors(&world.specification), Vec::<String>::new(), "{name}");
        let plan: Value = serde_json::from_str(&world.plan().document).unwrap();
        assert_eq!(schema.errors(&plan), Vec::<String>::new(), "{name}");
    }
    // Times come with the calendar; paths of inputs with the files.
    let expected = ["#/definitions/form/properties/notAfter", "#/definitions/form/properties/notBefore"];
    let inputs = schema.never_met().into_iter().filter(|at| !at.contains("/inputs/") && !at.contains("/bytes")).collect::<Vec<_>>();
    assert_eq!(inputs, expected);
}

#[test]
fn a_spoiled_plan_is_told_by_the_schema() {
    let (_, world) = scenes::all().remove(2);
    let whole: Value = serde_json::from_str(&world.plan().document).unwrap();
    fn form(plan: &mut Value) -> &mut Value {
        plan["steps"]["stamp"]["forms"].as_object_mut().unwrap().values_mut().next().unwrap()
    }
    type Spoil = fn(&mut Value);
    let cases: &[Spoil] = &[
        |p| p["version"] = json!("1"),
        |p| drop(p.as_object_mut().unwrap().remove("reads")),
        |p| p["made"] = json!("2026-11-22"),
        |p| p["inputs"] = json!([{"path": "a", "sha256": "ABC"}]),
        |p| p["reads"]["mailUser"] = json!({"surface": "exchange"}),
        |p| p["steps"]["stamp"]["why"] = json!(""),
        |p| p["operations"][0]["id"] = json!("MC-01/stamp"),
        |p| form(p)["stage"] = json!("pre-stage"),
        |p| form(p)["surface"] = json!("manual"),
        |p| form(p)["request"] = json!({"method": "GET", "path": "/users/a", "version": "v1.0"}),
        |p| drop(form(p).as_object_mut().unwrap().remove("command")),
        |p| form(p)["command"]["name"] = json!("Set-MailUser; Remove-MailUser"),
        |p| form(p)["command"]["parameters"]["Identity"] = json!(false),
        |p| form(p)["dependsOn"] = json!(["stamp", "stamp"]),
        |p| form(p)["verify"] = json!([]),
        |p| form(p)["expect"][0]["contains"] = json!(["x"]),
        |p| form(p)["verify"][0] = json!({"property": "ExchangeGuid"}),
        |p| form(p)["undo"] = json!({"irreversible": ""}),
        |p| form(p)["undo"] = json!({"with": "create", "irreversible": "because"}),
        |p| form(p)["secrets"] = json!([{"parameter": "Password", "kind": "text", "value": "x"}]),
        |p| p["operations"][0]["form"] = json!("stamp"),
        |p| drop(p["operations"][0].as_object_mut().unwrap().remove("target")),
        |p| p["operations"][0]["add"] = json!("smtp:a@b.c"),
        |p| p["operations"][0]["stage"] = json!("prepare"),
        |p| p["steps"]["stamp"]["forms"] = json!({}),
        |p| p["summary"]["people"] = json!(-1),
        |p| p["findings"][0]["severity"] = json!("fatal"),
    ];
    for (number, spoil) in cases.iter().enumerate() {
        let mut plan = whole.clone();
        spoil(&mut plan);
        assert!(!plan_schema().errors(&plan).is_empty(), "case {number}");
    }
}

#[test]
fn every_finding_is_what_its_schema_says() {
    let mut schema = Schema::new(include_str!("../../../schema/finding.schema.json"));
    for (kind, place) in [(None, None), (Some(Kind::Mailboxes), Some(("source/mailboxes.jsonl", 7)))] {
        for rule in rules() {
            let subject = Subject { tenant: Side::Source, kind, id: guid(1), name: "anna@contoso.com".into() };
            let finding = Finding::new(&rule.code, subject).with("value", "x");
            let finding = match place {
                Some((file, line)) => finding.at(file, line),
                None => finding,
            };
            assert_eq!(schema.errors(&serde_json::to_value(&finding).unwrap()), Vec::<String>::new(), "{}", rule.code);
        }
    }
    assert_eq!(schema.never_met(), Vec::<String>::new());
    let finding = serde_json::to_value(Finding::new("TargetMissing", Subject { tenant: Side::Source, kind: None, id: "a".into(), name: "b".into() })).unwrap();
    for (name, value) in [("Severity", json!("Error")), ("Blocks", json!("true")), ("Line", json!(0)), ("Evidence", json!(["x"])), ("Kind", json!("mailbox")), ("Extra", json!(1))] {
        let mut spoiled = finding.clone();
        spoiled[name] = value;
        assert!(!schema.errors(&spoiled).is_empty(), "{name}");
    }
}

#[test]
fn the_tenant_of_a_snapshot_is_what_its_schema_says() {
    let mut schema = Schema::new(include_str!("../../../schema/snapshot-tenant.schema.json"));
    let sources = Kind::ALL.iter().map(|kind| (kind.name().to_string(), kind.source().to_string())).collect();
    let tenant = Tenant { id: Some(guid(1)), name: "a".into(), domains: vec!["b".into()], initial_domain: Some("c".into()), sources };
    let mut tenant = serde_json::to_value(tenant).unwrap();
    // What coexist-files adds: its tests hold what it writes against the same names.
    tenant["delta"] = json!({"users": {"link": "/users/delta()?$deltatoken=x", "properties": "id", "sha256": "0"}});
    assert_eq!(schema.errors(&tenant), Vec::<String>::new());
    tenant["delta"] = json!({"mailboxes": {"link": "x"}});
    assert!(!schema.errors(&tenant).is_empty());
    assert_eq!(schema.never_met(), Vec::<String>::new());
    assert!(!schema.errors(&json!({"name": "a", "domains": [], "sources": {"mailbox": "Get-Mailbox"}})).is_empty());
}

/// The names of an object's members in the order in which they stand.
struct Names(Vec<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Names;
            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Names, A::Error> {
                let mut names = Vec::new();
                while let Some((name, IgnoredAny)) = map.next_entry::<String, IgnoredAny>()? {
                    names.push(name);
                }
                Ok(Names(names))
            }
        }
        json.deserialize_map(Collect)
    }
}

fn names(text: &str) -> Vec<String> {
    serde_json::from_str::<Names>(text).unwrap().0
}

#[test]
fn a_plan_is_one_document_in_canonical_order() {
    const FORM: [&str; 15] = [
        "stage", "surface", "tenant", "subject", "command", "request", "secrets", "dependsOn", "gates", "notBefore", "notAfter", "read", "expect", "verify", "undo",
    ];
    const OPERATION: [&str; 26] = [
        "id", "form", "target", "name", "object", "newName", "alias", "displayName", "previousType", "exchangeGuid", "exchangeGuidBytes", "archiveGuid", "archiveGuidBytes",
        "external", "oldExternal", "add", "addedAnew", "addProxies", "remove", "removeProxies", "primary", "oldPrimary", "finalPrimary", "upn", "oldUpn", "usageLocation",
    ];
    let in_order = |names: &[String], order: &[&str]| {
        let places: Vec<usize> = names.iter().map(|name| order.iter().position(|known| known == name).unwrap_or_else(|| panic!("{name}"))).collect();
        assert!(places.windows(2).all(|pair| pair[0] < pair[1]), "{names:?}");
    };
    for (name, world) in scenes::all() {
        let plan = world.plan();
        assert_eq!(plan.document, world.plan().document, "{name}: two runs differ");
        let top = ["$schema", "version", "items", "source", "target", "inputs", "reads", "operations", "findings", "rules", "steps", "summary"];
        assert_eq!(names(&plan.document), top, "{name}");
        assert!(plan.document.ends_with("}\n") && !plan.document.contains('\r'), "{name}");

        // One operation and one finding a line, so that two plans can be compared line by line.
        let lines: Vec<&str> = plan.document.lines().map(|line| line.trim_end_matches(',')).collect();
        let operations: Vec<&&str> = lines.iter().filter(|line| line.starts_with("{\"id\":")).collect();
        assert_eq!(operations.len(), plan.operations.len(), "{name}");
        assert_eq!(lines.iter().filter(|line| line.starts_with("{\"code\":")).count(), plan.findings.len(), "{name}");
        for line in operations {
            in_order(&names(line), &OPERATION);
        }
        // So do the forms, under the names that lines give.
        let forms: BTreeMap<&str, &str> = lines.iter().filter_map(|line| line.strip_prefix('"')?.split_once("\":")).filter(|(name, _)| name.len() == 12).collect();
        for form in forms.values() {
            let form = Names::deserialize(&mut serde_json::Deserializer::from_str(form)).unwrap();
            in_order(&form.0, &FORM);
        }
        let used: BTreeSet<String> = plan.lines().iter().map(|line| line["form"].as_str().unwrap().to_string()).collect();
        assert_eq!(forms.keys().map(|name| name.to_string()).collect::<BTreeSet<_>>(), used, "{name}");
        let summary: Value = serde_json::from_str(&plan.document).unwrap();
        let counted: u64 = summary["summary"]["findings"].as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum();
        assert_eq!(counted as usize, plan.findings.len(), "{name}");
        let codes: BTreeSet<&str> = plan.findings.iter().map(|finding| finding.code).collect();
        assert_eq!(summary["rules"].as_object().unwrap().keys().map(String::as_str).collect::<BTreeSet<_>>(), codes, "{name}");
    }
}

#[test]
fn inputs_stand_in_the_order_of_their_paths() {
    let tenant = || TenantRef { name: "a\"b".into(), tenant_id: Some(guid(1)) };
    let input = |path: &str| Input { path: path.into(), sha256: "0f".repeat(32) };
    let header = |inputs: Vec<Input>| Header { items: vec!["MC-01"], source: tenant(), target: tenant(), inputs }.text();
    let text = header(vec![input("target/b"), input("source/a")]);
    assert_eq!(text, header(vec![input("source/a"), input("target/b")]));
    let whole: Value = serde_json::from_str(&format!("{text}],\"findings\":[],\"rules\":{{}},\"steps\":{{}},\"summary\":{{\"people\":0,\"ready\":0,\"blocked\":0,\"operations\":0,\"steps\":{{}},\"findings\":{{}}}}}}")).unwrap();
    assert_eq!(plan_schema().errors(&whole), Vec::<String>::new());
    assert_eq!(whole["inputs"][0]["path"], "source/a");
    assert_eq!(whole["source"]["name"], "a\"b");
}

#[test]
fn every_plan_of_batches_is_what_its_schema_says() {
    let mut schema = batches_schema();
    for scene in batches::scenes() {
        assert_eq!(schema.errors(&scene.file()), Vec::<String>::new(), "{}", scene.name);
    }
    // Findings of the planner name no file and no kind of object.
    let expected = ["file", "line", "subject/properties/kind"].map(|name| format!("#/definitions/finding/properties/{name}"));
    assert_eq!(schema.never_met(), expected);
}

#[test]
fn names_of_steps_and_findings_are_the_engines() {
    let texts = |names: &Value| names.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_string()).collect::<Vec<_>>();
    let batches = batches_schema();
    assert_eq!(texts(&batches.root()["properties"]["steps"]["propertyNames"]["enum"]), STEPS.map(|step| step.name));
    let specification = specification_schema();
    let readiness = &specification.root()["properties"]["batches"]["properties"]["readiness"];
    assert_eq!(texts(&readiness["propertyNames"]["enum"]), rules().iter().map(|rule| rule.code.to_string()).collect::<Vec<_>>());
}

#[test]
fn a_plan_of_batches_is_one_document_in_canonical_order() {
    for scene in batches::scenes() {
        let text = scene.text();
        assert_eq!(text, scene.text(), "{}: two runs differ", scene.name);
        let top = [
            "$schema", "version", "source", "target", "inputs", "reads", "steps", "caps", "ties", "nights", "batches", "people", "excluded", "cutTies", "operations", "places", "findings",
            "forecast", "binding", "summary",
        ];
        // Without a specification nobody knows the tenants.
        let known = !scene.name.ends_with("without a specification");
        assert_eq!(names(&text), top.into_iter().filter(|name| known || !["source", "target"].contains(name)).collect::<Vec<_>>(), "{}", scene.name);
        assert!(text.ends_with("}\n") && !text.contains('\r'), "{}", scene.name);
        let file: Value = serde_json::from_str(&text).unwrap();
        let lines = text.lines().filter(|line| line.starts_with("{\"id\":")).count();
        assert_eq!(lines, file["operations"].as_array().unwrap().len() + file["places"].as_array().unwrap().len(), "{}", scene.name);
    }
}

#[test]
fn a_spoiled_plan_of_batches_is_told_by_the_schema() {
    let file = |name: &str| batches::scenes().into_iter().find(|scene| scene.name == name).unwrap().file();
    let (whole, slow) = (file("standalone"), file("slow"));
    type Spoil = fn(&mut Value);
    let cases: &[(&Value, Spoil)] = &[
        (&whole, |f| f["version"] = json!(2)),
        (&whole, |f| f["batch"] = json!([])),
        (&whole, |f| drop(f.as_object_mut().unwrap().remove("places"))),
        (&whole, |f| f["batches"][0]["night"] = json!("12.01.2027")),
        (&whole, |f| f["batches"][0]["moments"]["complete"] = json!("2027-01-12T22:00:00")),
        (&whole, |f| f["batches"][0]["moments"]["late"] = json!(true)),
        (&whole, |f| f["people"][0]["batch"] = Value::Null),
        (&whole, |f| f["caps"][0]["counts"] = json!("mailboxes")),
        (&whole, |f| f["steps"]["other"] = f["steps"]["submit"].clone()),
        (&whole, |f| f["operations"][0]["stage"] = json!("cleanUp")),
        (&whole, |f| f["operations"][0]["surface"] = json!("activeDirectory")),
        (&whole, |f| f["operations"][0]["notBefore"] = json!("2027-01-12")),
        (&whole, |f| drop(f["operations"][0].as_object_mut().unwrap().remove("command"))),
        (&whole, |f| f["operations"][0]["command"]["parameters"]["CSVData"] = json!({"bytes": "AA=="})),
        (&whole, |f| f["operations"][0]["verify"] = json!([])),
        (&whole, |f| f["operations"][0]["undo"] = json!({})),
        (&whole, |f| f["places"][0]["id"] = json!("scope")),
        (&whole, |f| f["places"][0]["check"] = json!({"surface": "exchange", "tenant": "target"})),
        (&whole, |f| f["places"][3]["gates"][0]["waitFor"] = json!("mailboxSynced")),
        (&slow, |f| f["excluded"][0]["reason"] = json!("")),
        (&slow, |f| f["findings"][0]["message"] = Value::Null),
        (&slow, |f| f["forecast"]["p50"] = json!(-1)),
        (&slow, |f| f["summary"]["endP50"] = json!("soon")),
    ];
    for (number, (good, spoil)) in cases.iter().enumerate() {
        let mut spoiled = (*good).clone();
        spoil(&mut spoiled);
        assert!(!batches_schema().errors(&spoiled).is_empty(), "the schema takes case {number}");
    }
}

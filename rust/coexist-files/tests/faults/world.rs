//! A tenant that shows changes late, counts them, and takes every change as often as it is asked for: what is done twice is seen.

use crate::disks::Random;
use serde_json::{json, Map, Value};
use std::collections::BTreeMap;

const STEPS: [&str; 5] = ["create", "stamp", "usage", "licence", "primary"];
const SKU: &str = "0e142028-345e-45da-8d92-8bfd4093bbb9";
/// 2026-11-22, in milliseconds since 1970.
const BEGIN: i64 = 1_795_305_600_000;

/// A plan of five operations for each of so many people, on two surfaces, in two stages.
pub fn plan(people: usize) -> String {
    let form = |stage: &str, surface: &str, read: &str, after: &[&str], rest: Value| {
        let subject = json!({"target": "{target}", "name": "{name}"});
        let mut form = json!({"stage": stage, "surface": surface, "tenant": "target", "subject": subject, "read": read, "dependsOn": after});
        rest.as_object().unwrap().iter().for_each(|(name, value)| form[name] = value.clone());
        json!({"what": "Does it.", "forms": {"f": form}})
    };
    let set = |parameters: Value| {
        let mut parameters = parameters;
        parameters["Identity"] = json!("{target}");
        json!({"command": {"name": "Set-MailUser", "parameters": parameters}})
    };
    let request = |method: &str, path: &str, body: Value| json!({"request": {"method": method, "version": "v1.0", "path": path, "body": body}});
    let usage = |value: Value| request("PATCH", "/users/{target}", json!({"usageLocation": value}));
    let licence = |add: Value, remove: Value| request("POST", "/users/{target}/assignLicense", json!({"addLicenses": add, "removeLicenses": remove}));
    let step = |does: Value, undo: Value, expect: Value, verify: Value, gates: Value| {
        let mut step = does;
        (step["undo"], step["expect"], step["verify"], step["gates"]) = (undo, expect, verify, gates);
        step
    };
    let create = json!({"command": {"name": "New-MailUser", "parameters": {"Name": "{target}", "Alias": "{target}"}}});
    let remove = json!({"command": {"name": "Remove-MailUser", "parameters": {"Identity": "{target}"}}});
    let steps = json!({
        "create": form("prepare", "exchange", "mailUser", &[], step(create, remove, json!([]), json!([{"property": "Alias", "equals": "{target}"}]), json!([]))),
        "stamp": form("prepare", "exchange", "mailUser", &["create"], step(
            set(json!({"ExchangeGuid": "{guid}", "EmailAddresses": {"Add": ["{x500}"]}})),
            set(json!({"ExchangeGuid": null, "EmailAddresses": {"Remove": ["{x500}"]}})),
            json!([{"property": "ExchangeGuid", "empty": true}]),
            json!([{"property": "ExchangeGuid", "equals": "{guid}"}, {"property": "EmailAddresses", "contains": ["{x500}"]}]),
            json!([]),
        )),
        "usage": form("prepare", "graph", "user", &["create"], step(
            usage(json!("DE")),
            usage(Value::Null),
            json!([{"property": "usageLocation", "empty": true}]),
            json!([{"property": "usageLocation", "equals": "DE"}]),
            json!([{"waitFor": "objectVisible", "read": "user", "identity": "{target}", "deadlineMinutes": 60}]),
        )),
        "licence": form("prepare", "graph", "user", &["stamp", "usage"], step(
            licence(json!([{"skuId": SKU}]), json!([])),
            licence(json!([]), json!([SKU])),
            json!([{"property": "assignedLicenses", "lacks": [SKU]}]),
            json!([{"property": "assignedLicenses", "contains": [SKU]}]),
            json!([]),
        )),
        "primary": form("cutover", "exchange", "mailUser", &["licence"], step(
            set(json!({"WindowsEmailAddress": "{target}@fabrikam.com"})),
            set(json!({"WindowsEmailAddress": null})),
            json!([{"property": "WindowsEmailAddress", "empty": true}]),
            json!([{"property": "WindowsEmailAddress", "equals": "{target}@fabrikam.com"}]),
            json!([]),
        )),
    });
    let line = |number: usize, step: &str| {
        let mut line = json!({"id": format!("MC-01/{number}/{step}"), "form": "f", "target": format!("p{number}"), "name": format!("Zoë Ångström {number}")});
        if step == "stamp" {
            (line["guid"], line["x500"]) = (guid(number).into(), x500(number).into());
        }
        line
    };
    let operations: Vec<Value> = (0..people).flat_map(|number| STEPS.map(|step| line(number, step))).collect();
    let reads = json!({
        "mailUser": {"surface": "exchange", "command": "Get-MailUser"},
        "user": {"surface": "graph", "request": {"method": "GET", "version": "v1.0", "path": "/users/{id}"}}
    });
    json!({"version": 1, "source": {"name": "contoso"}, "target": {"name": "fabrikam"}, "reads": reads, "steps": steps, "operations": operations}).to_string()
}

fn guid(number: usize) -> String {
    format!("{number:08x}-0000-4000-8000-000000000000")
}

fn x500(number: usize) -> String {
    format!("x500:/o=Contoso/cn={number}")
}

/// What the plan leads to.
pub fn end(people: usize) -> BTreeMap<String, Value> {
    let of = |number: usize| {
        json!({
            "Alias": format!("p{number}"), "ExchangeGuid": guid(number), "EmailAddresses": [x500(number)],
            "usageLocation": "DE", "assignedLicenses": [{"skuId": SKU}], "WindowsEmailAddress": format!("p{number}@fabrikam.com")
        })
    };
    (0..people).map(|number| (format!("p{number}"), of(number))).collect()
}

/// An object as it was from a moment on, for readers of either surface; nothing where it was gone.
#[derive(Clone)]
struct Version {
    seen: [i64; 2],
    object: Option<Map<String, Value>>,
}

#[derive(Clone)]
pub struct World {
    /// Milliseconds since the beginning; never goes back.
    pub ticks: i64,
    /// What the clock on the wall is wrong by, and by how much less it shows with every question.
    pub wrong: i64,
    pub back: i64,
    objects: BTreeMap<String, Vec<Version>>,
    /// How often what took effect.
    pub effects: BTreeMap<String, u32>,
    pub random: Random,
    /// Shows changes late, and sometimes loses an answer or is busy.
    pub late: bool,
}

impl World {
    pub fn new(seed: u64, late: bool) -> Self {
        World { ticks: 0, wrong: 0, back: 0, objects: BTreeMap::new(), effects: BTreeMap::new(), random: Random(seed), late }
    }

    pub fn now(&self) -> i64 {
        BEGIN + self.ticks + self.wrong
    }

    /// What really is.
    pub fn truth(&self) -> BTreeMap<String, Value> {
        self.objects.iter().filter_map(|(id, versions)| Some((id.clone(), Value::Object(versions.last()?.object.clone()?)))).collect()
    }

    /// What took effect otherwise than once.
    pub fn not_once(&self) -> Vec<(&String, &u32)> {
        self.effects.iter().filter(|(_, count)| **count != 1).collect()
    }

    /// Answers a question: a name, which of a request is its method and path, with parameters or a body.
    pub fn ask(&mut self, name: &str, parameters: &Value) -> Result<Vec<Value>, [String; 3]> {
        self.ticks += 200;
        self.wrong -= self.back;
        let words: Vec<&str> = name.split(' ').collect();
        let (graph, id) = match words.as_slice() {
            [_, path] => (1, path.split('/').nth(3).unwrap()),
            _ => (0, parameters["Identity"].as_str().or(parameters["Name"].as_str()).unwrap()),
        };
        let id = id.to_string();
        let refused = |means: &str, text: &str| Err([means.to_string(), text.to_string(), format!("'{id}': {text}")]);
        if matches!(words[0], "Get-MailUser" | "GET") {
            let shown = self.objects.get(&id).and_then(|versions| versions.iter().rev().find(|version| version.seen[graph] <= self.ticks)?.object.clone());
            return shown.map_or_else(|| refused("NotFound", "NoSuchObject"), |object| Ok(vec![Value::Object(object)]));
        }
        let luck = if self.late { self.random.below(100) } else { 50 };
        if luck == 0 {
            return refused("Transient", "ServerBusy");
        }
        let last = self.objects.get(&id).and_then(|versions| versions.last()?.object.clone());
        let mut object = match (words[0], last) {
            ("New-MailUser", None) => Some(Map::new()),
            // Another one of the same name, as services that know no names allow.
            ("New-MailUser", Some(mut object)) => {
                object.insert("twice".into(), true.into());
                Some(object)
            }
            (_, None) => return refused("Refused", "NoSuchObject"),
            ("Remove-MailUser", Some(_)) => None,
            (_, Some(object)) => Some(object),
        };
        let mut changes = vec![words[0].to_string()];
        if let (Some(object), Some(parameters)) = (&mut object, parameters.as_object()) {
            for (name, value) in parameters.iter().filter(|(name, _)| !matches!(name.as_str(), "Identity" | "Name")) {
                changes.push(format!("{name}={value}"));
                change(object, name, value);
            }
        }
        *self.effects.entry(format!("{id} {}", changes.join(" "))).or_default() += 1;
        let own = match (self.late, self.random.below(10)) {
            (false, _) | (_, 0..=6) => 0,
            (_, 7 | 8) => self.random.below(20_000),
            _ => self.random.below(900_000),
        };
        let other = if self.late { own + self.random.below(120_000) } else { 0 };
        let mut seen = [self.ticks + own as i64; 2];
        seen[1 - graph] = self.ticks + other as i64;
        self.objects.entry(id.clone()).or_default().push(Version { seen, object });
        match luck {
            1 => refused("Unknown", "TimedOut"),
            _ => Ok(Vec::new()),
        }
    }
}

fn change(object: &mut Map<String, Value>, name: &str, value: &Value) {
    let list = |object: &mut Map<String, Value>, name: &str| match object.get(name) {
        Some(Value::Array(items)) => items.clone(),
        _ => Vec::new(),
    };
    let (name, items) = match (name, value) {
        ("addLicenses", Value::Array(added)) => ("assignedLicenses", [list(object, "assignedLicenses"), added.clone()].concat()),
        ("removeLicenses", Value::Array(removed)) => {
            ("assignedLicenses", list(object, "assignedLicenses").into_iter().filter(|item| !removed.contains(&item["skuId"])).collect())
        }
        (name, Value::Object(members)) => {
            let (add, remove) = (members.get("Add").and_then(Value::as_array), members.get("Remove").and_then(Value::as_array));
            let mut items = list(object, name);
            items.retain(|item| !remove.is_some_and(|remove| remove.contains(item)));
            items.extend(add.into_iter().flatten().cloned());
            (name, items)
        }
        (name, Value::Null) => {
            object.remove(name);
            return;
        }
        (name, value) => {
            object.insert(name.into(), value.clone());
            return;
        }
    };
    object.insert(name.into(), items.into());
}

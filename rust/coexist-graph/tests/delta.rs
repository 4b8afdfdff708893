//! Reading again only what changed: whatever happens in a tenant, and wherever a reading is killed, the chain of deltas ends where a full reading does.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

// The loopback Graph knows no change; here is a tenant that is nothing else.
#[allow(dead_code)]
#[path = "loopback/keep.rs"]
mod keep;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use coexist_files::export::{Anew, Committed};
use coexist_graph::read::{read, Note, Reading};
use coexist_graph::{Cancel, Engine, Options, Request, Response, Sending, Transport};
use keep::Keep;
use proptest::prelude::*;
use serde_json::{json, Map, Value};

const KINDS: [(&str, &str); 3] = [("users", "users"), ("groups", "groups"), ("orgContacts", "contacts")];
const COLLECTIONS: [&str; 5] = ["assignedLicenses", "assignedPlans", "groupTypes", "otherMails", "proxyAddresses"];

type Object = Map<String, Value>;

/// One tenant: what it holds, and everything that happened in it.
#[derive(Default)]
struct State {
    objects: [BTreeMap<usize, Object>; 3],
    /// Resource, object, and what a delta query says of it.
    log: Vec<(usize, Value)>,
    /// `$select` and place of each link that was given out.
    tokens: Vec<(String, usize)>,
    page: usize,
    /// Links of before this place of the log are refused, with this status and code.
    forgotten: usize,
    refusal: (u16, &'static str),
    asked: Vec<String>,
}

struct Tenant(Mutex<State>);

fn id(resource: usize, number: usize) -> String {
    format!("c0e81570-0000-0000-{resource:04}-{number:012}")
}

/// What a random number makes of one property: unset where it is null.
fn value(name: &str, salt: u32) -> Value {
    match name {
        "groupTypes" if salt % 3 == 0 => json!(["Unified"]),
        "groupTypes" => json!([]),
        "mailEnabled" | "securityEnabled" | "accountEnabled" => json!(salt % 2 == 0),
        "onPremisesSyncEnabled" if salt % 2 == 0 => Value::Null,
        "onPremisesSyncEnabled" => json!(true),
        "proxyAddresses" => json!([format!("SMTP:a{salt}@contoso.com")]),
        _ if salt % 4 == 0 => Value::Null,
        _ => json!(format!("Zoë {salt}")),
    }
}

const OF: [&[&str]; 3] = [
    &["displayName", "mail", "usageLocation", "accountEnabled", "proxyAddresses", "onPremisesSyncEnabled"],
    &["displayName", "mailEnabled", "securityEnabled", "groupTypes", "mailNickname", "onPremisesSyncEnabled"],
    &["displayName", "surname", "mail", "proxyAddresses"],
];

#[derive(Debug, Clone)]
struct Event {
    resource: usize,
    number: usize,
    remove: bool,
    /// Graph tells the changed properties alone, or everything that was set.
    minimal: bool,
    salts: Vec<(usize, u32)>,
}

fn event() -> impl Strategy<Value = Event> {
    let salts = proptest::collection::vec((0..6usize, any::<u32>()), 1..4);
    (0..3usize, 0..12usize, 0..4u8, any::<bool>(), salts).prop_map(|(resource, number, remove, minimal, salts)| Event { resource, number, remove: remove == 0, minimal, salts })
}

impl State {
    fn happen(&mut self, event: &Event) {
        let Event { resource, number, .. } = *event;
        let id = id(resource, number);
        if event.remove {
            if self.objects[resource].remove(&number).is_some() {
                let reason = if event.minimal { "changed" } else { "deleted" };
                self.log.push((resource, json!({"id": id, "@removed": {"reason": reason}})));
            }
            return;
        }
        let is_new = !self.objects[resource].contains_key(&number);
        let object = self.objects[resource].entry(number).or_default();
        let mut change = Object::new();
        for (place, salt) in &event.salts {
            let name = OF[resource][place % OF[resource].len()];
            let value = value(name, *salt);
            change.insert(name.to_owned(), value.clone());
            object.insert(name.to_owned(), value);
        }
        if is_new {
            change.retain(|_, value| !value.is_null());
        } else if !event.minimal {
            // Unset by now, and told as such; never set is not told.
            change = object.clone();
        }
        change.insert("id".to_owned(), json!(id));
        change.insert("@odata.type".to_owned(), json!("#microsoft.graph.x"));
        self.log.push((resource, Value::Object(change)));
    }

    fn token(&mut self, select: &str, place: usize) -> usize {
        self.tokens.push((select.to_owned(), place));
        self.tokens.len() - 1
    }

    fn answer(&mut self, path: &str) -> (u16, Value) {
        self.asked.push(path.to_owned());
        let (bare, query) = path.split_once('?').unwrap_or((path, ""));
        let option = |name: &str| query.split('&').find_map(|option| option.strip_prefix(name)?.strip_prefix('='));
        let parts: Vec<&str> = bare.trim_start_matches('/').split('/').collect();
        let resource = KINDS.iter().position(|(_, path)| *path == parts[0]).unwrap();
        match parts[1..] {
            ["$count"] => (200, json!(self.objects[resource].len())),
            ["delta" | "delta()"] => self.delta(resource, parts[0], option("$select"), option("$deltatoken"), option("$skiptoken")),
            _ => {
                let (select, after) = (option("$select").unwrap(), option("$skiptoken").map_or(0, |after| after.parse::<usize>().unwrap() + 1));
                let mut value = Vec::new();
                let mut last = None;
                for (number, object) in self.objects[resource].range(after..).take(self.page) {
                    last = Some(*number);
                    let full = select.split(',').map(|name| {
                        let empty = if COLLECTIONS.contains(&name) { json!([]) } else { Value::Null };
                        let value = if name == "id" { json!(id(resource, *number)) } else { object.get(name).cloned().unwrap_or(empty) };
                        (name.to_owned(), value)
                    });
                    value.push(Value::Object(full.collect()));
                }
                let mut page = json!({"value": value});
                if let Some(last) = last.filter(|last| self.objects[resource].range(last + 1..).next().is_some()) {
                    page["@odata.nextLink"] = json!(format!("https://graph.microsoft.com/v1.0/{}?$select={select}&$skiptoken={last}", parts[0]));
                }
                (200, page)
            }
        }
    }

    fn delta(&mut self, resource: usize, name: &str, select: Option<&str>, delta: Option<&str>, skip: Option<&str>) -> (u16, Value) {
        let link = |token: usize, option: &str| json!(format!("https://graph.microsoft.com/v1.0/{name}/delta()?${option}={token}"));
        if delta == Some("latest") {
            let token = self.token(select.unwrap(), self.log.len());
            return (200, json!({"value": [], "@odata.deltaLink": link(token, "deltatoken")}));
        }
        let (select, place) = self.tokens[delta.or(skip).unwrap().parse::<usize>().unwrap()].clone();
        if place < self.forgotten {
            return (self.refusal.0, json!({"error": {"code": self.refusal.1, "message": "The delta token is expired and data must be synchronized again."}}));
        }
        let mut value = Vec::new();
        let mut next = place;
        while next < self.log.len() && value.len() < self.page {
            let (of, object) = &self.log[next];
            next += 1;
            if *of == resource {
                let mut object = object.as_object().unwrap().clone();
                object.retain(|name, _| name.contains('@') || select.split(',').any(|known| known == name));
                value.push(Value::Object(object));
            }
        }
        let token = self.token(&select, next);
        let mut page = json!({"value": value});
        if next < self.log.len() {
            page["@odata.nextLink"] = link(token, "skiptoken");
        } else {
            page["@odata.deltaLink"] = link(token, "deltatoken");
        }
        (200, page)
    }
}

impl Transport for Tenant {
    fn send<'a>(&'a self, request: &'a Request, _: &'a Cancel) -> Sending<'a> {
        let path = request.url.split_once("/v1.0").map_or(request.url.as_str(), |(_, path)| path);
        let (status, body) = self.0.lock().unwrap().answer(path);
        Box::pin(async move { Ok(Response { status, headers: vec![], body: body.to_string().into_bytes() }) })
    }
}

fn reading(more: &[&str]) -> Reading {
    Reading::new::<()>(&KINDS.map(|(kind, _)| kind.to_owned()), &more.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap()
}

fn tenant() -> Arc<Tenant> {
    Arc::new(Tenant(Mutex::new(State { page: 5, ..State::default() })))
}

/// One run; none where it died after so many marks.
fn run(tenant: &Arc<Tenant>, folder: &Path, reading: &Reading, dies_after: u64) -> Option<(Committed, Vec<Note>, Vec<Anew>)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let (mut keep, anew) = Keep::track(folder, reading);
    keep.dies_after = dies_after;
    let engine = Engine::new(tenant.clone(), Options { seed: 7, ..Options::default() }, Cancel::new());
    let notes = runtime.block_on(read(&engine, reading, &mut keep)).ok()?;
    Some((keep.try_commit(folder, Some(reading)).unwrap(), notes, anew))
}

fn files(folder: &Path) -> Vec<String> {
    KINDS.iter().map(|(kind, _)| std::fs::read_to_string(folder.join(format!("{kind}.jsonl"))).unwrap()).collect()
}

fn afresh(tenant: &Arc<Tenant>, reading: &Reading) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    run(tenant, folder.path(), reading, u64::MAX).unwrap();
    files(folder.path())
}

fn happen(tenant: &Tenant, events: &[Event]) {
    events.iter().for_each(|event| tenant.0.lock().unwrap().happen(event));
}

/// The lists that were read whole since this was last asked.
fn whole(tenant: &Tenant) -> usize {
    std::mem::take(&mut tenant.0.lock().unwrap().asked).iter().filter(|path| !path.contains("/delta") && !path.contains("$count") && !path.contains("$skiptoken")).count()
}

fn some(numbers: std::ops::Range<usize>, salt: u32) -> Vec<Event> {
    let event = |resource| move |number| Event { resource, number, remove: false, minimal: true, salts: vec![(0, salt), (1, salt), (2, salt), (3, salt)] };
    (0..3).flat_map(|resource| numbers.clone().map(event(resource))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_chain_of_deltas_ends_where_a_full_reading_does(
        before in proptest::collection::vec(event(), 0..30),
        rounds in proptest::collection::vec((proptest::collection::vec((0..6u64, proptest::collection::vec(event(), 0..6)), 0..4), proptest::collection::vec(event(), 0..30), 1..7usize), 1..5),
    ) {
        let (tenant, reading, folder) = (tenant(), reading(&[]), tempfile::tempdir().unwrap());
        happen(&tenant, &before);
        for (kills, events, page) in &rounds {
            tenant.0.lock().unwrap().page = *page;
            for (dies_after, meanwhile) in kills {
                run(&tenant, folder.path(), &reading, *dies_after);
                happen(&tenant, meanwhile);
            }
            run(&tenant, folder.path(), &reading, u64::MAX).unwrap();
            happen(&tenant, events);
        }
        whole(&tenant);
        run(&tenant, folder.path(), &reading, u64::MAX).unwrap();
        prop_assert_eq!(whole(&tenant), 0);
        let (chain, full) = (files(folder.path()), afresh(&tenant, &reading));
        prop_assert_eq!(chain, full);
    }
}

#[test]
fn what_was_changed_is_read_and_nothing_else() {
    let (tenant, reading, folder) = (tenant(), reading(&[]), tempfile::tempdir().unwrap());
    happen(&tenant, &some(0..50, 1));
    run(&tenant, folder.path(), &reading, u64::MAX).unwrap();
    assert_eq!(whole(&tenant), 3);
    happen(&tenant, &some(49..51, 2));
    happen(&tenant, &[Event { resource: 0, number: 7, remove: true, minimal: true, salts: vec![] }]);
    let (committed, notes, anew) = run(&tenant, folder.path(), &reading, u64::MAX).unwrap();
    let counts: Vec<_> = committed.kinds.values().map(|kind| (kind.counts.objects, kind.counts.added, kind.counts.replaced, kind.counts.removed)).collect();
    // groups, orgContacts, users.
    assert_eq!(counts, [(51, 1, 1, 0), (51, 1, 1, 0), (50, 1, 1, 1)]);
    assert_eq!((notes, anew), (vec![], vec![]));
    let asked = std::mem::take(&mut tenant.0.lock().unwrap().asked);
    assert!(asked.iter().all(|path| path.contains("/delta()?$")), "{asked:?}");
    // Nothing at all: one request for each kind, and the same bytes.
    let before = files(folder.path());
    run(&tenant, folder.path(), &reading, u64::MAX).unwrap();
    assert_eq!((tenant.0.lock().unwrap().asked.len(), files(folder.path()) == before), (3, true));
}

#[test]
fn a_link_that_graph_no_longer_knows_is_a_full_reading_and_said() {
    for refusal in [(410, "resyncRequired"), (400, "syncStateNotFound"), (400, "Request_BadRequest"), (404, "itemNotFound")] {
        let (tenant, reading, folder) = (tenant(), reading(&[]), tempfile::tempdir().unwrap());
        happen(&tenant, &some(0..12, 1));
        run(&tenant, folder.path(), &reading, u64::MAX).unwrap();
        happen(&tenant, &some(5..30, 2));
        // Killed after some pages of changes; then even the next link of that round is gone.
        assert!(run(&tenant, folder.path(), &reading, 4).is_none());
        {
            let mut state = tenant.0.lock().unwrap();
            (state.forgotten, state.refusal) = (state.log.len() + 1, refusal);
        }
        happen(&tenant, &some(0..2, 3));
        whole(&tenant);
        let (_, notes, _) = run(&tenant, folder.path(), &reading, u64::MAX).unwrap();
        assert_eq!(notes.iter().map(|note| note.code).collect::<Vec<_>>(), ["DeltaExpired"; 3], "{refusal:?}");
        assert_eq!((whole(&tenant), files(folder.path())), (3, afresh(&tenant, &reading)));
        // And from there on changes again.
        happen(&tenant, &some(1..3, 5));
        whole(&tenant);
        assert!(run(&tenant, folder.path(), &reading, u64::MAX).unwrap().1.is_empty());
        assert_eq!((whole(&tenant), files(folder.path())), (0, afresh(&tenant, &reading)));
    }
}

#[test]
fn other_properties_are_a_full_reading_and_sign_in_activity_always_is() {
    let (tenant, folder) = (tenant(), tempfile::tempdir().unwrap());
    happen(&tenant, &some(0..12, 1));
    run(&tenant, folder.path(), &reading(&[]), u64::MAX).unwrap();
    whole(&tenant);
    let (_, _, anew) = run(&tenant, folder.path(), &reading(&["jobTitle"]), u64::MAX).unwrap();
    // Users have it, and contacts; groups do not.
    assert_eq!((anew, whole(&tenant)), (vec![Anew::OtherProperties; 2], 2));
    for name in ["signInActivity", "licenseAssignmentStates", "signInActivity"] {
        let (_, _, anew) = run(&tenant, folder.path(), &reading(&[name]), u64::MAX).unwrap();
        assert!(anew.len() <= 1);
        assert!(tenant.0.lock().unwrap().asked.iter().any(|path| path.starts_with("/users?")));
        whole(&tenant);
    }
    assert!(!std::fs::read_to_string(folder.path().join("tenant.json")).unwrap().contains("/users/delta"));
}

#[test]
fn a_file_that_was_changed_by_hand_is_read_whole() {
    let (tenant, reading, folder) = (tenant(), reading(&[]), tempfile::tempdir().unwrap());
    happen(&tenant, &some(0..12, 1));
    let users = folder.path().join("users.jsonl");
    let edit = || std::fs::write(&users, std::fs::read_to_string(&users).unwrap().replace("Zoë 1", "Zoé 1")).unwrap();
    run(&tenant, folder.path(), &reading, u64::MAX).unwrap();
    edit();
    whole(&tenant);
    assert_eq!(run(&tenant, folder.path(), &reading, u64::MAX).unwrap().2, [Anew::FileChanged]);
    assert_eq!((whole(&tenant), files(folder.path())), (1, afresh(&tenant, &reading)));
    // While changes to it are under way: they are not put on top of it.
    happen(&tenant, &some(3..12, 2));
    assert!(run(&tenant, folder.path(), &reading, 4).is_none());
    edit();
    whole(&tenant);
    assert_eq!(run(&tenant, folder.path(), &reading, u64::MAX).unwrap().2, [Anew::FileChanged]);
    assert_eq!((whole(&tenant), files(folder.path())), (1, afresh(&tenant, &reading)));
    std::fs::remove_file(&users).unwrap();
    whole(&tenant);
    assert_eq!(run(&tenant, folder.path(), &reading, u64::MAX).unwrap().2, [Anew::FileChanged]);
    assert_eq!((whole(&tenant), files(folder.path())), (1, afresh(&tenant, &reading)));
    // Between the reading and the commit.
    happen(&tenant, &some(3..5, 4));
    let (mut keep, _) = Keep::track(folder.path(), &reading);
    let engine = Engine::new(tenant.clone(), Options::default(), Cancel::new());
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(read(&engine, &reading, &mut keep)).unwrap();
    std::fs::write(&users, "").unwrap();
    assert_eq!(keep.try_commit(folder.path(), Some(&reading)).unwrap_err().code, "FileChanged");
    assert_eq!(std::fs::read_to_string(&users).unwrap(), "");
    drop(keep);
    assert_eq!(run(&tenant, folder.path(), &reading, u64::MAX).unwrap().2, [Anew::FileChanged]);
    assert_eq!(files(folder.path()), afresh(&tenant, &reading));
}

#[test]
fn a_link_to_elsewhere_is_not_followed() {
    let (tenant, reading, folder) = (tenant(), reading(&[]), tempfile::tempdir().unwrap());
    happen(&tenant, &some(0..3, 1));
    run(&tenant, folder.path(), &reading, u64::MAX).unwrap();
    let file = folder.path().join("tenant.json");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("\"/users/delta()?$deltatoken="), "{text}");
    let tenant_file: Value = serde_json::from_str(&text).unwrap();
    let kinds = tenant_file["delta"].as_object().unwrap();
    assert_eq!(kinds.keys().collect::<Vec<_>>(), ["groups", "orgContacts", "users"]);
    // As schema/snapshot-tenant.schema.json says.
    assert!(kinds.values().all(|left| left.as_object().unwrap().keys().eq(["link", "properties", "sha256"])));
    for elsewhere in ["https://graph.example.com/users/delta()?$x=", "/groups/delta()?$deltatoken=", "/users/delta()/../x?", ""] {
        std::fs::write(&file, text.replace("/users/delta()?$deltatoken=", elsewhere)).unwrap();
        whole(&tenant);
        run(&tenant, folder.path(), &reading, u64::MAX).unwrap();
        assert_eq!(whole(&tenant), 1, "{elsewhere}");
    }
}

#[test]
fn killed_within_a_round_it_goes_on_there() {
    let (tenant, reading, folder) = (tenant(), reading(&[]), tempfile::tempdir().unwrap());
    happen(&tenant, &some(0..12, 1));
    run(&tenant, folder.path(), &reading, u64::MAX).unwrap();
    happen(&tenant, &some(0..40, 2));
    tenant.0.lock().unwrap().asked.clear();
    let before = files(folder.path());
    let mut runs = 1;
    while run(&tenant, folder.path(), &reading, 3).is_none() {
        assert_eq!(files(folder.path()), before);
        runs += 1;
    }
    assert!(runs > 3);
    let asked = std::mem::take(&mut tenant.0.lock().unwrap().asked);
    let mut times: BTreeMap<&String, usize> = BTreeMap::new();
    asked.iter().for_each(|path| *times.entry(path).or_default() += 1);
    assert!(asked.iter().all(|path| path.contains("/delta()?$")));
    // Only the page of each kind that was under way is asked again.
    assert!(times.values().sum::<usize>() <= times.len() + 6 * runs, "{times:?}");
    assert_eq!(files(folder.path()), afresh(&tenant, &reading));
}

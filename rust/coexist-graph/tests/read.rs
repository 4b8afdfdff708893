//! Reading a whole tenant into a snapshot, against the loopback Graph in paused time.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod loopback;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use coexist_graph::read::{self, read, Reading};
use coexist_graph::{Cancel, Engine, Options};
use loopback::keep::Keep;
use loopback::memory::Memory;
use loopback::{Config, Graph, Troubles};
use serde_json::Value;

fn options() -> Options {
    Options { seed: 11, ..Options::default() }
}

fn all() -> Reading {
    let kinds: Vec<String> = read::kinds().into_iter().map(str::to_owned).collect();
    Reading::new::<()>(&kinds, &[]).unwrap()
}

/// The objects of each file, by name; hidden files too.
fn contents(folder: &Path) -> BTreeMap<String, Vec<Value>> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let lines = |path: &Path| std::fs::read_to_string(path).unwrap_or_default().lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    files.map(|file| (file.file_name().to_string_lossy().into_owned(), lines(&file.path()))).collect()
}

fn check(folder: &Path, config: &Config) {
    let contents = contents(folder);
    let ids = |name: &str, property: &str| -> Vec<String> { contents[name].iter().map(|object| object[property].as_str().unwrap().to_owned()).collect() };
    let numbered = |kind, count: usize| (0..count).map(|number| loopback::guid(kind, number)).collect::<Vec<_>>();
    let (users, groups) = (ids("users.jsonl", "id"), ids("groups.jsonl", "ExternalDirectoryObjectId"));
    assert_eq!((users.len(), groups.len()), (config.users, config.groups));
    assert!(users == numbered(0, config.users) && groups == numbered(1, config.groups));
    let mut members: Vec<(String, String)> = ids("members.jsonl", "Group").into_iter().zip(ids("members.jsonl", "ExternalDirectoryObjectId")).collect();
    members.sort();
    let expected = (0..config.groups).flat_map(|group| (0..loopback::members(group)).map(move |place| (loopback::guid(1, group), loopback::guid(0, group * 7 + place))));
    let mut expected: Vec<_> = expected.collect();
    expected.sort();
    assert_eq!(members.len(), expected.len());
    assert!(members == expected);
    assert_eq!((contents["orgContacts.jsonl"].len(), contents["licences.jsonl"].len(), contents["policy.jsonl"].len()), (150, 1, 5));
    assert!(contents.keys().all(|name| !name.starts_with('.')), "{:?}", contents.keys());
    assert_eq!(contents.len(), 8);
}

async fn snapshot(config: Config) -> Arc<Graph> {
    let folder = tempfile::tempdir().unwrap();
    let graph = Arc::new(Graph::new(config.clone()));
    let engine = Engine::new(Memory::new(graph.clone()), options(), Cancel::new());
    let mut keep = Keep::open(folder.path());
    let notes = read(&engine, &all(), &mut keep).await.unwrap();
    assert_eq!(notes.len(), usize::from(config.forget_page.is_some()), "{notes:?}");
    keep.commit(folder.path());
    check(folder.path(), &config);
    assert_eq!(graph.ledger().wrong, Vec::<String>::new());
    graph
}

#[tokio::test(start_paused = true)]
async fn a_tenant_is_read_whole() {
    let graph = snapshot(Config { users: 5_000, groups: 600, ..Config::default() }).await;
    let done = graph.ledger().done;
    // Large pages, each asked once; $select and the page size stay through all of them.
    assert!(done.values().all(|times| *times == 1));
    let users: Vec<_> = done.keys().filter(|path| path.starts_with("/users?")).collect();
    assert_eq!(users.len(), 6 + 10);
    assert!(done.keys().filter(|path| !path.contains("$count")).all(|path| path.contains("?$select=")), "{done:?}");
    assert!(users.iter().all(|path| path.contains("$top=999") != path.contains("signInActivity") && path.contains("signInActivity") == path.contains("$top=500")));
}

#[tokio::test(start_paused = true)]
async fn a_tenant_is_read_whole_under_every_trouble() {
    let troubles = Troubles {
        inner_429: 50, whole_429: 50, whole_429_bare: 20, whole_503: 50, whole_504_done: 30, reset: 50, reset_done: 30, half: 50, slow: 10, twice: 20, missing: 20,
        shuffled: true, ..Troubles::default()
    };
    snapshot(Config { users: 20_000, groups: 3_000, troubles, ..Config::default() }).await;
}

#[tokio::test(start_paused = true)]
async fn a_list_whose_place_is_forgotten_is_read_anew_without_doubles() {
    snapshot(Config { users: 8_000, forget_page: Some(4), ..Config::default() }).await;
}

#[tokio::test(start_paused = true)]
async fn killed_after_any_page_it_goes_on_there() {
    let config = Config { users: 4_000, groups: 2_500, ..Config::default() };
    let graph = Arc::new(Graph::new(config.clone()));
    let folder = tempfile::tempdir().unwrap();
    let mut runs = 0;
    loop {
        let engine = Engine::new(Memory::new(graph.clone()), options(), Cancel::new());
        let mut keep = Keep::open(folder.path());
        assert_eq!(keep.pages.resumed(), runs > 1);
        keep.dies_after = runs % 4;
        runs += 1;
        if read(&engine, &all(), &mut keep).await.is_ok() {
            keep.commit(folder.path());
            break;
        }
    }
    assert!(runs > 6, "{runs}");
    check(folder.path(), &config);
    // Pages that were marked were not asked again: at most the one of each kind that was under way.
    let pages = graph.ledger().done.iter().filter(|(path, _)| path.starts_with("/users?$select=accountEnabled,assigned")).map(|(_, times)| *times).collect::<Vec<_>>();
    assert_eq!(pages.len(), 5);
    assert!(pages.iter().sum::<u32>() <= 5 + runs as u32, "{pages:?} in {runs} runs");
}

#[tokio::test(start_paused = true)]
async fn cancelled_at_any_moment_the_snapshot_is_untouched_and_goes_on() {
    let config = Config { users: 3_000, groups: 300, ..Config::default() };
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("users.jsonl"), "before").unwrap();
    for moment in 0..25u64 {
        let graph = Arc::new(Graph::new(config.clone()));
        let cancel = Cancel::new();
        let engine = Engine::new(Memory::new(graph.clone()), options(), cancel.clone());
        let mut keep = Keep::open(folder.path());
        let reading = all();
        let reading = read(&engine, &reading, &mut keep);
        let (outcome, ()) = tokio::join!(reading, async {
            tokio::time::sleep(std::time::Duration::from_millis(moment * 17)).await;
            cancel.cancel();
        });
        assert_eq!((graph.ledger().at_once, engine.load().0), (0, 0));
        let names: Vec<_> = contents(folder.path()).into_keys().collect();
        if outcome.is_err() {
            assert_eq!(std::fs::read_to_string(folder.path().join("users.jsonl")).unwrap(), "before");
            assert_eq!(names.len(), 2, "{names:?}");
        }
    }
    let engine = Engine::new(Memory::new(Arc::new(Graph::new(config.clone()))), options(), Cancel::new());
    let mut keep = Keep::open(folder.path());
    assert!(keep.pages.resumed());
    read(&engine, &all(), &mut keep).await.unwrap();
    keep.commit(folder.path());
    check(folder.path(), &config);
}

#[tokio::test(start_paused = true)]
async fn what_a_tenant_does_not_give_is_said_and_the_rest_is_read() {
    let with = |config: Config| async move {
        let folder = tempfile::tempdir().unwrap();
        let engine = Engine::new(Memory::new(Arc::new(Graph::new(config))), options(), Cancel::new());
        let mut keep = Keep::open(folder.path());
        let notes = read(&engine, &all(), &mut keep).await?;
        keep.commit(folder.path());
        Ok::<_, read::ReadError<_>>((notes, contents(folder.path())))
    };
    let (notes, contents) = with(Config { users: 700, groups: 60, premium: false, hidden: Some(20), ..Config::default() }).await.unwrap();
    let mut codes: Vec<_> = notes.iter().map(|note| (note.code, note.target.clone())).collect();
    codes.sort();
    let hidden = [0, 20, 40].map(|group| ("MembersNotReadable", loopback::guid(1, group)));
    assert_eq!(codes, [&hidden[..], &[("SignInActivityUnavailable", "guests".to_owned())]].concat());
    assert!(notes[1].message.contains("request-id"), "{notes:?}");
    assert_eq!((contents["guests.jsonl"].len(), contents["groups.jsonl"].len()), (700, 60));
    assert!(!contents["members.jsonl"].is_empty());
    // Where no group's members may be read, it is no property of the groups.
    let error = with(Config { groups: 10, hidden: Some(1), ..Config::default() }).await.unwrap_err();
    assert!(matches!(error, read::ReadError::Graph(error) if error.code() == "PermissionDenied"));
}

#[test]
fn kinds_and_properties_are_those_that_there_are() {
    let strings = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let reading = Reading::new::<()>(&strings(&["Members", "users", "USERS"]), &strings(&["DEPARTMENT", "signinactivity"])).unwrap();
    assert_eq!(reading.kinds(), ["users", "members"]);
    assert!(reading.fingerprint().contains(",department,signInActivity&$top=999"), "{}", reading.fingerprint());
    assert!(Reading::new::<()>(&strings(&["mailboxes"]), &[]).is_err());
    assert!(Reading::new::<()>(&strings(&["users"]), &strings(&["favouriteColour"])).is_err());
    assert!(Reading::new::<()>(&strings(&["licences"]), &strings(&["department"])).is_err());
}

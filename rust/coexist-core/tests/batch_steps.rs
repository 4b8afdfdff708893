//! The steps of batches: what they emit is what cmdlets and requests accept, dated and in order.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod batches;
mod truth;
mod world;

use batches::{scenes, Scene};
use serde_json::{json, Value};
use std::collections::{BTreeMap, BTreeSet};
use truth::Truth;

fn scene(name: &str) -> Scene {
    scenes().into_iter().find(|scene| scene.name == name).unwrap()
}

fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value[name].as_array().unwrap()
}

fn step(item: &Value) -> &str {
    item["id"].as_str().unwrap().rsplit('/').next().unwrap()
}

/// Operations and places of one batch: a chain, of which each waits for the one before it.
fn of_batch<'v>(file: &'v Value, batch: &str) -> Vec<&'v Value> {
    let prefix = format!("batch/{batch}/");
    let all = list(file, "operations").iter().chain(list(file, "places"));
    let mut items: Vec<&Value> = all.filter(|item| item["id"].as_str().unwrap().starts_with(&prefix)).collect();
    let mut ordered: Vec<&Value> = Vec::new();
    while !items.is_empty() {
        let before: Vec<&str> = ordered.last().map(|item| step(item)).into_iter().collect();
        let at = items.iter().position(|item| item["dependsOn"] == json!(before)).expect("the chain is broken");
        ordered.push(items.remove(at));
    }
    ordered
}

fn names(items: &[&Value]) -> Vec<String> {
    items.iter().map(|item| step(item).to_string()).collect()
}

#[test]
fn every_operation_check_and_read_is_what_its_cmdlet_or_request_accepts() {
    let truth = Truth::read();
    let mut steps = BTreeSet::new();
    for scene in scenes() {
        let file = scene.file();
        let complaints = truth.complaints(&file);
        assert!(complaints.is_empty(), "{}: {complaints:#?}", scene.name);
        for operation in list(&file, "operations") {
            steps.insert(format!("{} {}", operation["surface"].as_str().unwrap(), step(operation)));
        }
    }
    // A step that no scene plans is one that nobody has checked.
    let all = ["exchange reschedule", "exchange start", "exchange submit", "graph create", "graph migrate", "graph reschedule", "graph validate", "sharePoint moveOneDrive"];
    assert_eq!(steps.iter().map(String::as_str).collect::<Vec<_>>(), all);
}

#[test]
fn what_is_wrong_in_steps_is_told() {
    let whole = scene("standalone").file();
    type Spoil = fn(&mut Value);
    let cases: &[(&str, Spoil)] = &[
        ("is a System.DateTime", |file| file["operations"][0]["command"]["parameters"]["CompleteAfter"] = json!("2027-01-12 22:00")),
        ("does not exist in Exchange Online", |file| file["operations"][0]["command"]["parameters"]["BadItemLimit"] = json!("10")),
        ("is a Byte[]", |file| file["operations"][0]["command"]["parameters"]["CSVData"] = json!("a.csv")),
        ("does not only look", |file| file["places"][1]["check"]["command"]["name"] = json!("New-MigrationBatch")),
        ("there is no read", |file| file["places"][3]["gates"][0]["read"] = json!("batch")),
    ];
    for (expected, spoil) in cases {
        let mut file = whole.clone();
        spoil(&mut file);
        let complaints = Truth::read().complaints(&file);
        assert!(complaints.iter().any(|text| text.contains(expected)), "{expected}: {complaints:?}");
    }
    let mut file = scene("orchestrated").file();
    file["operations"][1]["request"]["path"] = json!("/solutions/migrations/crossTenantMigrationJobs(displayName='O'B')/validate");
    assert!(Truth::read().complaints(&file).iter().any(|text| text.contains("not escaped")));
}

#[test]
fn the_steps_of_a_batch_stand_in_order_and_are_dated() {
    let late = ["checkAgain", "synced", "removeAddresses", "convert", "license", "complete", "verify", "invite"];
    let expected: &[(&str, &[&str])] = &[
        ("standalone", &["scope", "validate", "submit", "start"]),
        ("orchestrated", &["scope", "create", "validate", "migrate"]),
        ("standalone, one batch submitted", &["reschedule"]),
        ("orchestrated, one batch submitted", &["reschedule"]),
    ];
    for (name, first) in expected {
        let file = scene(name).file();
        let batch = &file["batches"][0];
        let items = of_batch(&file, batch["name"].as_str().unwrap());
        assert_eq!(names(&items), [first, &late[..]].concat(), "{name}");
        let mut before = String::new();
        for item in &items {
            // Texts of instants in UTC compare as the instants do.
            let (from, to) = (item["notBefore"].as_str().unwrap_or_default(), item["notAfter"].as_str().unwrap());
            assert!(from <= to && before.as_str() <= to, "{name} {item}");
            before = from.to_string();
        }
        let at = |step_name: &str| items.iter().find(|item| step(item) == step_name).unwrap();
        let moments = &batch["moments"];
        assert_eq!(at("removeAddresses")["notBefore"], moments["removeAddresses"]);
        assert_eq!(at("removeAddresses")["notAfter"], moments["complete"]);
        assert_eq!(at("complete")["notBefore"], moments["complete"]);
        assert_eq!(at("complete")["notAfter"], moments["end"]);
        // A night of 22:00 to 05:00, and two weeks less half an hour.
        assert_eq!(at("complete")["gates"][0]["deadlineMinutes"], 7 * 60);
        assert_eq!(at("synced")["gates"][0]["deadlineMinutes"], 14 * 24 * 60 - 30);
        assert_eq!(at("checkAgain")["notBefore"], moments["checkAgainFrom"]);
        if first.len() > 1 {
            // Within seven days of submission, with as much time to mend as to be late, and an hour after the last change of the groups.
            let instant = |text: &Value| text.as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_second();
            let (scope, validate, submit) = (instant(&at("scope")["notAfter"]), instant(&at("validate")["notBefore"]), instant(&moments["submit"]));
            assert_eq!((submit - validate, validate - scope), (7 * 12 * 60 * 60, 60 * 60), "{name}");
        }
    }
    let early = scene("addresses removed before submission").file();
    let items = of_batch(&early, early["batches"][0]["name"].as_str().unwrap());
    assert_eq!(names(&items)[..5], ["scope", "validate", "removeAddresses", "submit", "start"]);
    // The gap that people are told begins where the addresses go: two weeks, half an hour before, and a night.
    let person = list(&early, "people").iter().find(|person| person["attributionGapHours"] != 0.0).unwrap();
    assert_eq!(person["attributionGapHours"], 14.0 * 24.0 + 0.5 + 7.0);
    assert_eq!((items[2]["notBefore"].as_str(), &items[2]["notAfter"]), (Some("2026-12-29T21:30:00Z"), &early["batches"][0]["moments"]["submit"]));
    assert!(!names(&items)[5..].contains(&"removeAddresses".to_string()));
}

#[test]
fn a_batch_of_mailboxes_is_submitted_with_its_csv_and_its_moment() {
    let file = scene("standalone").file();
    for batch in list(&file, "batches") {
        let items = of_batch(&file, batch["name"].as_str().unwrap());
        let submit = items.iter().find(|item| step(item) == "submit").unwrap();
        let parameters = &submit["command"]["parameters"];
        assert_eq!(parameters["CompleteAfter"], batch["moments"]["complete"]);
        assert_eq!(submit.get("leftOut"), None);
        assert_eq!(parameters["CSVData"]["file"].as_str().unwrap(), format!("{}.csv", batch["name"].as_str().unwrap().replace('/', "_")));
        assert_eq!((submit["notBefore"].as_str(), submit["undo"]["command"]["name"].as_str()), (batch["moments"]["submit"].as_str(), Some("Remove-MigrationBatch")));
    }
    let bare = scene("without a specification").file();
    assert_eq!(list(&bare, "operations"), &[] as &[Value]);
    let submit = list(&bare, "places").iter().find(|place| step(place) == "submit").unwrap();
    assert_eq!(submit["missing"], json!(["batches.sourceEndpoint", "target.deliveryDomain"]));
    assert_eq!(list(&scene("without a calendar").file(), "places"), &[] as &[Value]);
}

#[test]
fn a_job_holds_the_people_of_its_batch_and_says_whom_it_lacks() {
    for (name, version, lacking) in [("orchestrated", "v1.0", 0), ("orchestrated in beta", "beta", 0), ("some targets unknown", "v1.0", 1)] {
        let file = scene(name).file();
        let mut people: BTreeMap<&str, u64> = BTreeMap::new();
        list(&file, "people").iter().for_each(|person| *people.entry(person["batch"].as_str().unwrap()).or_default() += 1);
        let mut left_out = 0;
        for create in list(&file, "operations").iter().filter(|operation| step(operation) == "create") {
            let body = &create["request"]["body"];
            let without = create["leftOut"].as_u64().unwrap_or(0);
            assert_eq!(list(body, "resources").len() as u64 + without, people[body["displayName"].as_str().unwrap()], "{name}");
            left_out += without;
        }
        assert_eq!(left_out, lacking, "{name}");
        assert!(list(&file, "operations").iter().all(|operation| operation["request"]["version"] == version), "{name}");
    }
    let unknown = scene("orchestrated without a specification").file();
    let create = list(&unknown, "places").iter().find(|place| step(place) == "create").unwrap();
    assert_eq!(create["missing"], json!(["source.tenantId", "target.deliveryDomain"]));
}

#[test]
fn what_a_link_carries_between_two_nights_bounds_the_bytes_of_one() {
    let file = scene("slow").file();
    let cap = list(&file, "caps").iter().find(|cap| cap["name"] == "batches.throughput").unwrap();
    // Nights on the 12th, 14th and 19th: three days and a half between two, a hundred moves.
    let value = cap["value"].as_u64().unwrap();
    assert_eq!((value >> 20, &cap["binds"]), (84 * 100 * 1024 / 2000, &json!(true)));
    let nights = list(&file, "nights");
    assert!(nights.iter().all(|night| night["bytes"].as_u64().unwrap() <= value) && nights.iter().filter(|night| night["people"] != 0).count() > 1, "{nights:?}");
}

#[test]
fn one_drives_move_one_by_one_where_everything_is_known() {
    let moves = |name: &str| list(&scene(name).file(), "operations").iter().filter(|operation| step(operation) == "moveOneDrive").count();
    assert_eq!((moves("mailbox and OneDrive"), moves("OneDrive alone"), moves("OneDrive without a host")), (6, 4, 0));
    let file = scene("OneDrive alone").file();
    let places: Vec<&Value> = list(&file, "places").iter().filter(|place| place.get("missing").is_some()).collect();
    assert_eq!((places.len(), step(places[0]), &places[0]["missing"], &places[0]["leftOut"]), (1, "moveOneDrive", &json!(["TargetUserPrincipalName"]), &json!(1)));
    let batches: BTreeSet<String> = list(&file, "batches").iter().map(|batch| format!("batch/{}/license", batch["name"].as_str().unwrap())).collect();
    for operation in list(&file, "operations") {
        assert!(list(operation, "dependsOn").iter().all(|id| batches.contains(id.as_str().unwrap())), "{operation}");
    }
    let file = scene("OneDrive without a host").file();
    let place = list(&file, "places").iter().find(|place| step(place) == "moveOneDrive").unwrap();
    assert_eq!(place["missing"], json!(["batches.oneDriveHostUrl"]));
}

//! Small plans of batches of every mode and workload.

use crate::world::guid;
use coexist_core::batch::handover::Handover;
use coexist_core::batch::options::Options;
use coexist_core::batch::people::{People, Person};
use coexist_core::batch::planner::{apply_options, plan, Input};
use coexist_core::batch::previous::Previous;
use coexist_core::batch::report::Report;
use coexist_core::batch::tie::{Kinds, Tie};
use coexist_core::batch::verdict::Concern;
use coexist_core::limits::Limits;
use coexist_core::plan::{Input as Fingerprint, TenantRef};
use coexist_core::specification::LateStage;
use coexist_core::watch::Unwatched;
use serde_json::{json, Value};

/// What a plan is made from.
#[derive(Clone)]
pub struct Scene {
    pub name: &'static str,
    pub options: Value,
    pub removal: Option<LateStage>,
    pub handover: Option<Handover>,
    pub people: Vec<Person>,
    pub ties: Vec<(u32, u32, &'static str)>,
    pub concerns: Vec<Concern>,
    /// The text of the plan before.
    pub previous: Option<String>,
}

fn person(number: u32) -> Person {
    let name = ["ann", "böb", "o'carol", "dåve", "eve", "frank"][number as usize % 6];
    Person {
        identity: format!("{name}{number}@contoso.com"),
        mailbox_bytes: Some(u64::from(number + 1) << 30),
        one_drive_bytes: Some(1 << 30),
        items: Some(1000),
        target_address: Some(format!("{name}{number}@fabrikam.com")),
        target_id: Some(guid(number)),
        user_principal_name: Some(format!("{name}{number}@contoso.com")),
        target_user_principal_name: Some(format!("{name}{number}@fabrikam.com")),
        ..Person::default()
    }
}

impl Scene {
    pub fn new(name: &'static str, options: Value) -> Self {
        let tenant = |name: &str, number| TenantRef { name: name.into(), tenant_id: Some(guid(number)) };
        let handover = Handover { source: tenant("contoso.onmicrosoft.com", 900), target: tenant("fabrikam.onmicrosoft.com", 901), delivery_domain: Some("fabrikam.onmicrosoft.com".into()) };
        let ties = vec![(0, 1, "flow"), (1, 2, "fullAccess"), (2, 3, "manager"), (0, 5, "assistant"), (1, 4, "sendAs")];
        let people = (0..6).map(person).collect();
        Scene { name, options, removal: Some(LateStage::Cutover), handover: Some(handover), people, ties, concerns: Vec::new(), previous: None }
    }

    /// The text of the file.
    pub fn text(&self) -> String {
        let options: Options = serde_json::from_value(self.options.clone()).unwrap();
        let kinds = Kinds::with(&options.ties).unwrap();
        let limits = Limits::default();
        let (mut people, twice) = People::new(self.people.clone());
        assert!(twice.is_empty());
        let previous = self.previous.as_ref().map(|text| Previous::parse(text, &people).unwrap());
        assert!(apply_options(&mut people, &options, previous.as_ref()).is_empty());
        let tie = |(from, to, kind): &(u32, u32, &str)| {
            let index = kinds.index(kind).unwrap();
            Tie { from: *from, to: *to, kind: index, weight: kinds.get(index).weight, hard: kinds.get(index).hard }
        };
        let ties: Vec<Tie> = self.ties.iter().map(tie).collect();
        let input = Input {
            people: &people,
            ties: &ties,
            kinds: &kinds,
            concerns: &self.concerns,
            options: &options,
            limits: &limits,
            removal: self.removal,
            previous: previous.as_ref(),
        };
        let plan = plan(&input, &Unwatched).unwrap();
        let inputs = [Fingerprint { path: "people.csv".into(), sha256: "0f".repeat(32) }];
        let mut text = Vec::new();
        let write = |bytes: &[u8]| {
            text.extend_from_slice(bytes);
            Ok(())
        };
        let mut write = write;
        let missed = std::collections::BTreeMap::from([(0, coexist_core::batch::tie::Missed { nobody: 2, several: 1, people: 2, too_large: 1 })]);
        Report::new(&input, &plan, &missed).write(&inputs, self.handover.as_ref(), &mut write).unwrap();
        String::from_utf8(text).unwrap()
    }

    pub fn file(&self) -> Value {
        serde_json::from_str(&self.text()).unwrap()
    }
}

/// Every mode with every workload, whole and with something missing.
pub fn scenes() -> Vec<Scene> {
    let calendar = json!({"nights": ["2027-01-12", "2027-01-14", "2027-01-19"]});
    let with = |more: Value| {
        let mut options = json!({"calendar": calendar, "peoplePerNight": 3, "batchSize": 2, "sourceEndpoint": "contoso", "prefix": "Wave 1/O'B "});
        options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        options
    };
    let all = json!(["mailbox", "oneDrive", "teamsChat", "meetings"]);
    let host = "https://fabrikam-my.sharepoint.com/";
    let standalone = Scene::new("standalone", with(json!({})));
    let mut early = standalone.clone();
    (early.name, early.removal) = ("addresses removed before submission", Some(LateStage::PreStage));
    early.concerns = vec![Concern { person: 0, code: "AddressNotAccepted", blocks: false }];
    let mut bare = standalone.clone();
    (bare.name, bare.handover, bare.removal) = ("without a specification", None, None);
    bare.options.as_object_mut().unwrap().remove("sourceEndpoint");
    bare.people[0].target_address = None;
    let orchestrated = Scene::new("orchestrated", with(json!({"mode": "orchestrated", "workloads": all})));
    let beta = Scene::new("orchestrated in beta", with(json!({"mode": "orchestrated", "graphVersion": "beta"})));
    let mut unknown = orchestrated.clone();
    (unknown.name, unknown.handover) = ("orchestrated without a specification", None);
    let mut half = orchestrated.clone();
    half.name = "some targets unknown";
    half.people[1].target_id = None;
    let both = Scene::new("mailbox and OneDrive", with(json!({"workloads": ["mailbox", "oneDrive"], "oneDriveHostUrl": host})));
    let mut drives = Scene::new("OneDrive alone", with(json!({"workloads": ["oneDrive"], "oneDriveHostUrl": host})));
    drives.people[2].one_drive_bytes = None;
    drives.people[3].target_user_principal_name = None;
    let homeless = Scene::new("OneDrive without a host", with(json!({"workloads": ["oneDrive"]})));
    let mut scenes = vec![standalone, early, bare, orchestrated, beta, unknown, half, both, drives, homeless];
    for at in [0, 3] {
        let mut again = scenes[at].clone();
        let previous = again.text();
        let file: Value = serde_json::from_str(&previous).unwrap();
        again.name = ["standalone, one batch submitted", "orchestrated, one batch submitted"][at / 3];
        again.options["submitted"] = json!([file["batches"][0]["name"]]);
        again.previous = Some(previous);
        scenes.push(again);
    }
    let mut slow = Scene::new("slow", with(json!({"throughput": {"low": 0.0001, "likely": 0.0005, "high": 0.001}, "peoplePerNight": 6, "batchesPerNight": 3})));
    slow.people.truncate(5);
    slow.ties.retain(|tie| tie.1 < 5);
    slow.concerns = vec![
        Concern { person: 4, code: "HoldLitigation", blocks: true },
        Concern { person: 3, code: "FormsOwned", blocks: false },
        Concern { person: 4, code: "FormsOwned", blocks: false },
        Concern { person: 0, code: "AddressNotAccepted", blocks: false },
    ];
    slow.people[0].restricted = 2;
    slow.people[2].time_zone = Some("Mars/Olympus".into());
    scenes.push(slow);
    let mut moved = scenes[0].clone();
    let previous = moved.text();
    let file: Value = serde_json::from_str(&previous).unwrap();
    let night = |at: usize| file["batches"].as_array().unwrap().iter().find(|batch| batch["name"] == file["people"][at]["batch"]).unwrap()["night"].clone();
    let other = if night(0) == "2027-01-12" { "2027-01-14" } else { "2027-01-12" };
    moved.options["pins"] = json!({"ann0@contoso.com": other});
    (moved.name, moved.previous) = ("planned again with a pin", Some(previous));
    scenes.push(moved);
    scenes.push(Scene::new("without a calendar", json!({"batchSize": 2})));
    scenes
}

//! A plan of batches from a lab on disk: what operations name is what is written beside them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use coexist_core::finding::Finding;
use coexist_core::lab::Options;
use coexist_core::problem::Problem;
use coexist_core::watch::{Unwatched, Watch};
use coexist_files::batching::{Batched, Request};
use coexist_files::host::Host;
use coexist_files::lab::write_lab;
use serde_json::{json, Value};
use std::fs::{read_to_string, write};

struct Nobody;

impl Watch for Nobody {
    fn progress(&self, _: &str, _: &str, _: u64, _: Option<u64>) {}
    fn cancelled(&self) -> bool {
        false
    }
}

impl Host for Nobody {
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

#[test]
fn operations_name_the_files_that_are_written_for_them_and_the_people_in_them() {
    let folder = tempfile::tempdir().unwrap();
    let lab = folder.path().join("lab");
    write_lab(&lab, 60, 3, &Options::default(), false, &Unwatched).unwrap();
    for mode in ["standalone", "orchestrated"] {
        let specification = lab.join("coexist.json");
        let mut wanted: Value = serde_json::from_str(&read_to_string(&specification).unwrap()).unwrap();
        wanted["batches"] = json!({"mode": mode, "sourceEndpoint": "contoso", "batchSize": 20, "peoplePerNight": 40, "calendar": {"nights": ["2027-01-12", "2027-01-14", "2027-01-19"]}});
        write(&specification, wanted.to_string()).unwrap();
        let batched = Batched::plan(&Request { specification: Some(specification), ..Request::default() }, &Nobody).unwrap();
        let (path, export) = (folder.path().join("batches.json"), folder.path().join(mode));
        batched.write(&path, &Nobody).unwrap();
        batched.export(&export, &Nobody).unwrap();
        assert!(read_to_string(folder.path().join("batches.schema.json")).unwrap().contains("Coexist plan of batches"));

        let plan: Value = serde_json::from_str(&read_to_string(&path).unwrap()).unwrap();
        let operations = plan["operations"].as_array().unwrap();
        let mut submitted = 0;
        for operation in operations {
            let people = plan["people"].as_array().unwrap().iter().filter(|person| person["batch"] == operation["subject"]["name"]).count() as u64;
            let inside = match (&operation["command"]["parameters"]["CSVData"]["file"], operation["request"].get("body")) {
                (Value::String(name), None) => read_to_string(export.join(name)).unwrap().lines().count() as u64 - 1,
                (_, Some(body)) => {
                    let file: Value = serde_json::from_str(&read_to_string(export.join(format!("{}.job.json", operation["subject"]["name"].as_str().unwrap()))).unwrap()).unwrap();
                    assert_eq!(&file, body, "the exported job is the one that is created");
                    body["resources"].as_array().unwrap().len() as u64
                }
                _ => continue,
            };
            assert!(inside > 0, "{operation}");
            assert_eq!(inside + operation["leftOut"].as_u64().unwrap_or(0), people, "{operation}");
            submitted += 1;
        }
        assert_eq!(submitted, plan["batches"].as_array().unwrap().len(), "{mode}");
        assert!(submitted > 1, "{mode}");
    }
}

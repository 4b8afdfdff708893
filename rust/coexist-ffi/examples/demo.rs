//! The story of Coexist through its C ABI, for machines where PowerShell is not there yet: `./build.sh demo` runs it then.
//!
//! Makes a lab, plans it, and holds what the plan found against what the lab planted. Exits with 1 where they differ.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::ExitCode;
use std::ptr::null_mut;

use coexist::*;
use serde_json::{json, Value};

const PEOPLE: u64 = 2000;

fn main() -> ExitCode {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "out/demo-native".into());
    let lab = Path::new(&folder).join("lab");
    let engine = Engine::new();

    println!("{}: the demo, through the C ABI\n", version());
    println!("1. A lab: two fictional tenants, {PEOPLE} people, every trouble in known numbers.");
    let made = engine.run(&json!({"job": "lab", "path": lab, "people": PEOPLE, "seed": 1, "replace": true}));
    println!("   {}\n", made.result["path"].as_str().unwrap());

    println!("2. The plan: what must be done to each target object before its mailbox can move.");
    let request = json!({"job": "plan", "specification": lab.join("coexist.json"), "items": ["MC-01"], "path": lab.join("plan.json"), "replace": "yes"});
    let planned = engine.run(&request);
    let result = &planned.result;
    println!("   {} people, {} operations, {} ready, {} kept out by findings", result["people"], result["operations"], result["ready"], result["blocked"]);
    println!("   {} bad records were left out, each with file and line, as this one:", planned.problems.len());
    if let Some(problem) = planned.problems.first() {
        println!("   {}, line {}: {}\n", problem["file"].as_str().unwrap_or_default(), problem["line"], problem["message"].as_str().unwrap_or_default());
    }
    show_person(&lab.join("plan.json"));

    println!("3. Planted against found:\n");
    let planted = counts(&made.result["planted"]["findings"]);
    let found = counts(&result["findings"]);
    let bad_planted = by_code(made.result["planted"]["problems"].as_array().unwrap());
    let bad_found = by_code(&planned.problems);
    let agree = table(&planted, &found) & table(&bad_planted, &bad_found);
    println!("\n{}", if agree { "Everything that was planted was found, and nothing else." } else { "Planted and found differ: this is a defect." });
    if agree {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn counts(of: &Value) -> BTreeMap<String, u64> {
    of.as_object().unwrap().iter().map(|(code, count)| (code.clone(), count.as_u64().unwrap())).collect()
}

fn by_code(problems: &[Value]) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for problem in problems {
        *counts.entry(problem["code"].as_str().unwrap().to_string()).or_default() += 1;
    }
    counts
}

fn table(planted: &BTreeMap<String, u64>, found: &BTreeMap<String, u64>) -> bool {
    let codes: BTreeSet<&String> = planted.keys().chain(found.keys()).collect();
    println!("   {:<32}{:>8}{:>8}", "Code", "Planted", "Found");
    for code in &codes {
        let (planted, found) = (planted.get(*code).unwrap_or(&0), found.get(*code).unwrap_or(&0));
        println!("   {code:<32}{planted:>8}{found:>8}{}", if planted == found { "" } else { "   <- differ" });
    }
    planted == found
}

/// The operations of the first person who needs more than one.
fn show_person(plan: &Path) {
    let plan: Value = serde_json::from_str(&std::fs::read_to_string(plan).unwrap()).unwrap();
    let operations = plan["operations"].as_array().unwrap();
    let of = |operation: &Value| operation["id"].as_str().unwrap().rsplit_once('/').map(|(person, _)| person.to_string()).unwrap();
    let person = operations.windows(2).find(|pair| of(&pair[0]) == of(&pair[1])).map(|pair| of(&pair[0])).unwrap();
    let mine: Vec<&Value> = operations.iter().filter(|operation| of(operation) == person).collect();
    println!("   What it says of {}:", mine[0]["subject"]["name"].as_str().unwrap());
    for operation in mine {
        let step = operation["id"].as_str().unwrap().rsplit('/').next().unwrap();
        let by = operation["command"]["name"].as_str().or(operation["request"]["method"].as_str()).unwrap();
        println!("   {:<10} {:<18} {:<14} {}", operation["stage"].as_str().unwrap(), step, by, plan["steps"][step]["what"].as_str().unwrap());
    }
    println!();
}

fn version() -> String {
    // SAFETY: the version is a static string that ends with NUL.
    unsafe { std::ffi::CStr::from_ptr(coexist_version()) }.to_string_lossy().into_owned()
}

/// The bytes that an export gave out, taken over and freed.
fn take(bytes: *mut u8, length: usize) -> Value {
    if bytes.is_null() {
        return Value::Null;
    }
    // SAFETY: the library gave out `length` bytes here, and nothing else holds them; they are freed once, right after.
    let value = unsafe { serde_json::from_slice(std::slice::from_raw_parts(bytes, length)) }.unwrap();
    // SAFETY: as above.
    unsafe { coexist_bytes_free(bytes, length) };
    value
}

struct Engine(*mut coexist::Engine);

struct Ended {
    result: Value,
    problems: Vec<Value>,
}

impl Engine {
    fn new() -> Self {
        let (mut engine, mut out, mut length) = (null_mut(), null_mut(), 0);
        // SAFETY: all three are places for results.
        let status = unsafe { coexist_engine_new(&mut engine, &mut out, &mut length) };
        assert_eq!(status, COEXIST_OK, "{}", take(out, length));
        Engine(engine)
    }

    /// Runs a job to its end; says its progress on the error stream.
    fn run(&self, request: &Value) -> Ended {
        let request = request.to_string();
        let (mut job, mut out, mut length) = (null_mut(), null_mut(), 0);
        // SAFETY: the engine lives, the request is as long as it says, the rest are places for results.
        let status = unsafe { coexist_job_start(self.0, request.as_ptr(), request.len(), &mut job, &mut out, &mut length) };
        assert_eq!(status, COEXIST_OK, "{}", take(out, length));
        let mut problems = Vec::new();
        loop {
            // SAFETY: the job lives until it is freed below.
            let status = unsafe { coexist_job_wait(job, 200, &mut out, &mut length) };
            let value = take(out, length);
            match status {
                COEXIST_PENDING => {}
                COEXIST_EVENT if value["event"] == "problems" => problems.extend(value["items"].as_array().unwrap().iter().cloned()),
                COEXIST_EVENT => {}
                COEXIST_DONE => {
                    // SAFETY: freed once, and not used again.
                    unsafe { coexist_job_free(job) };
                    return Ended { result: value, problems };
                }
                _ => panic!("{value}"),
            }
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // SAFETY: freed once.
        unsafe { coexist_engine_free(self.0) };
    }
}

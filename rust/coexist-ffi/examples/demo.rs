//! The story of Coexist through its C ABI, for machines where PowerShell is not there yet: `./build.sh demo` runs it then.
//!
//! Makes a lab, plans it, and holds what the plan found against what the lab planted; then carries the plan out on the lab's tenants, is killed in the middle,
//! goes on, and takes one person back. Exits with 1 where something is not as it should be.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::ExitCode;
use std::ptr::null_mut;

use coexist::*;
use serde_json::{json, Value};

/// How many people the lab has; a test asks for fewer.
fn people() -> u64 {
    std::env::var("COEXIST_DEMO_PEOPLE").ok().and_then(|people| people.parse().ok()).unwrap_or(2000)
}

fn main() -> ExitCode {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "out/demo-native".into());
    let lab = std::path::absolute(&folder).unwrap().join("lab");
    let engine = Engine::new();
    if std::env::args().nth(2).as_deref() == Some("apply") {
        engine.run(&apply(&lab, "apply", &json!({})));
        return ExitCode::SUCCESS;
    }

    println!("{}: the demo, through the C ABI\n", version());
    println!("1. A lab: two fictional tenants, {} people, every trouble in known numbers.", people());
    let made = engine.run(&json!({"job": "lab", "path": lab, "people": people(), "seed": 1, "replace": true}));
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
    println!("\n{}\n", if agree { "Everything that was planted was found, and nothing else." } else { "Planted and found differ: this is a defect." });
    let held = night(&engine, &folder, &lab, result["operations"].as_u64().unwrap());
    if agree && held {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// The request that carries the plan out on the lab's target tenant, or takes it back.
fn apply(lab: &Path, act: &str, select: &Value) -> Value {
    let specification: Value = serde_json::from_str(&std::fs::read_to_string(lab.join("coexist.json")).unwrap()).unwrap();
    let target = &specification["target"];
    let surfaces = ["exchange", "graph", "activeDirectory"];
    let connections: Vec<Value> = surfaces.iter().map(|surface| json!({"tenant": target["name"], "tenantId": target["tenantId"], "surface": surface, "lab": lab})).collect();
    json!({"job": "apply", "plan": lab.join("plan.json"), "act": act, "irreversible": true, "select": select, "connections": connections})
}

/// The plan carried out: killed in the middle, resumed, looked at, and taken back for one person. Whether all that held.
fn night(engine: &Engine, folder: &str, lab: &Path, operations: u64) -> bool {
    println!("4. A process carries the plan out on the lab's tenants, and is killed in the middle.");
    let mut process = std::process::Command::new(std::env::current_exe().unwrap()).args([folder, "apply"]).spawn().unwrap();
    let journal = lab.join("plan.journal");
    while done(&journal).values().sum::<u64>() < operations / 4 {
        assert!(process.try_wait().unwrap().is_none(), "it ended before it was killed");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    process.kill().unwrap();
    process.wait().unwrap();
    println!("   It had done {} of {operations} operations.\n", done(&journal).len());

    println!("5. The next one goes on.");
    let resumed = engine.run(&apply(lab, "apply", &json!({})));
    resumed.notices.iter().for_each(|notice| println!("   {}", notice["message"].as_str().unwrap()));
    let result = &resumed.result;
    println!("   {} were done before, {} are done now, {} wait, {} failed\n", result["Earlier"], result["Done"], result["Waiting"], result["Failed"]);
    if let Some(failed) = resumed.rows.iter().find(|row| row["Outcome"] == "Failed") {
        println!("   One that failed: {} for {}\n   {}\n   {}\n", failed["Step"], failed["Name"], failed["Message"], failed["Action"]);
    }

    println!("6. One person is taken back.");
    let person = resumed.rows.iter().find(|row| row["Outcome"] == "Done" && row["Step"] == "assignLicence").map(|row| row["Target"].clone()).unwrap();
    let undone = engine.run(&apply(lab, "undo", &json!({"subjects": [person]})));
    undone.rows.iter().for_each(|row| println!("   {:<10} {}", row["Outcome"].as_str().unwrap(), row["Operation"].as_str().unwrap()));

    let checks = [
        ("the next process took over from one that had died", resumed.notices.iter().any(|notice| notice["code"] == "JournalTakenOver")),
        ("no operation was done twice", done(&journal).values().all(|count| *count == 1)),
        ("nothing is left in doubt, nothing was left out", result["Pending"] == 0 && result["Skipped"] == 0),
        ("only licences failed, of people without a usage location", resumed.rows.iter().all(|row| row["Outcome"] != "Failed" || row["Step"] == "assignLicence")),
        ("the person was taken back, and nobody else", undone.result["ExitCode"] == 0 && undone.rows.iter().all(|row| row["Outcome"] == "Undone" && row["Target"] == person)),
    ];
    println!();
    checks.iter().for_each(|(what, holds)| println!("   {}  {what}", if *holds { "yes" } else { "NO " }));
    checks.iter().all(|(_, holds)| *holds)
}

/// How often the journal says of each operation that it was done.
fn done(journal: &Path) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for file in std::fs::read_dir(journal).into_iter().flatten().flatten().filter(|file| file.path().extension().is_some_and(|extension| extension == "jsonl")) {
        let text = std::fs::read_to_string(file.path()).unwrap_or_default();
        for line in text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
            if line["line"] == "outcome" && line["act"] == "apply" && line["outcome"] == "done" {
                *counts.entry(line["id"].as_str().unwrap().to_string()).or_default() += 1;
            }
        }
    }
    counts
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
    let lines = plan["operations"].as_array().unwrap();
    let of = |line: &Value| line["id"].as_str().unwrap().rsplit_once('/').map(|(person, _)| person.to_string()).unwrap();
    let person = lines.windows(2).find(|pair| of(&pair[0]) == of(&pair[1])).map(|pair| of(&pair[0])).unwrap();
    let mine: Vec<Value> = lines.iter().filter(|line| of(line) == person).map(|line| coexist_core::plan::expand(&plan["steps"], line).unwrap()).collect();
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
    rows: Vec<Value>,
    notices: Vec<Value>,
}

impl Engine {
    fn new() -> Self {
        let (mut engine, mut out, mut length) = (null_mut(), null_mut(), 0);
        // SAFETY: all three are places for results.
        let status = unsafe { coexist_engine_new(&mut engine, &mut out, &mut length) };
        assert_eq!(status, COEXIST_OK, "{}", take(out, length));
        Engine(engine)
    }

    /// What a host does: says yes, and runs cmdlets, here those of the lab.
    fn answer(&self, job: *mut Job, asked: &Value) {
        let request = &asked["request"];
        let answer = match asked["question"].as_str().unwrap() {
            "command" => {
                let mut parameters = request["parameters"].clone();
                for secret in request["secrets"].as_array().into_iter().flatten() {
                    parameters[secret["parameter"].as_str().unwrap()] = json!({"secret": true});
                }
                let lab = std::path::absolute(std::env::args().nth(1).unwrap_or_else(|| "out/demo-native".into())).unwrap().join("lab");
                self.call(&json!({"call": "labCommand", "lab": lab, "tenant": request["tenantId"], "name": request["name"], "parameters": parameters}))
            }
            _ => Value::Bool(true),
        };
        let answer = json!({"id": asked["id"], "answer": answer}).to_string();
        let (mut out, mut length) = (null_mut(), 0);
        // SAFETY: the job lives, the answer is as long as it says, the rest are places for results.
        let status = unsafe { coexist_job_answer(job, answer.as_ptr(), answer.len(), &mut out, &mut length) };
        assert_eq!(status, COEXIST_OK, "{}", take(out, length));
    }

    /// Asks a quick question.
    fn call(&self, request: &Value) -> Value {
        let request = request.to_string();
        let (mut out, mut length) = (null_mut(), 0);
        // SAFETY: the engine lives, the request is as long as it says, the rest are places for results.
        let status = unsafe { coexist_call(self.0, request.as_ptr(), request.len(), &mut out, &mut length) };
        let value = take(out, length);
        assert_eq!(status, COEXIST_OK, "{value}");
        value
    }

    /// Runs a job to its end; says its progress on the error stream.
    fn run(&self, request: &Value) -> Ended {
        let request = request.to_string();
        let (mut job, mut out, mut length) = (null_mut(), null_mut(), 0);
        // SAFETY: the engine lives, the request is as long as it says, the rest are places for results.
        let status = unsafe { coexist_job_start(self.0, request.as_ptr(), request.len(), &mut job, &mut out, &mut length) };
        assert_eq!(status, COEXIST_OK, "{}", take(out, length));
        let (mut problems, mut rows, mut notices) = (Vec::new(), Vec::new(), Vec::new());
        loop {
            // SAFETY: the job lives until it is freed below.
            let status = unsafe { coexist_job_wait(job, 200, &mut out, &mut length) };
            let value = take(out, length);
            match status {
                COEXIST_PENDING => {}
                COEXIST_EVENT => match value["event"].as_str().unwrap() {
                    "problems" => problems.extend(value["items"].as_array().unwrap().iter().cloned()),
                    "operations" => rows.extend(value["items"].as_array().unwrap().iter().cloned()),
                    "notices" => notices.extend(value["items"].as_array().unwrap().iter().cloned()),
                    "ask" => self.answer(job, &value),
                    _ => {}
                },
                COEXIST_DONE => {
                    // SAFETY: freed once, and not used again.
                    unsafe { coexist_job_free(job) };
                    return Ended { result: value, problems, rows, notices };
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

//! What `build.ps1 Bench` runs, one process per measurement: prints one line of JSON with seconds and peak memory.
//!
//! `bench parse DIR` parses the snapshots of a lab: parses their bytes with serde_json on one thread into borrowed structs; `bench plan DIR`
//! reads, diffs and plans them, and writes the plan to `DIR/plan.json`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use coexist_core::finding::Finding;
use coexist_core::problem::Problem;
use coexist_core::watch::Watch;
use coexist_files::host::Host;
use coexist_files::planning;
use serde::Deserialize;

struct Silent;

impl Watch for Silent {
    fn progress(&self, _: &str, _: &str, _: u64, _: Option<u64>) {}
    fn cancelled(&self) -> bool {
        false
    }
}

impl Host for Silent {
    fn problems(&self, problems: &[Problem]) -> Result<(), Problem> {
        problems.iter().for_each(|problem| eprintln!("{problem}"));
        Ok(())
    }
    fn findings(&self, _: &[Finding]) -> Result<(), Problem> {
        Ok(())
    }
    fn may_replace(&self, _: &str) -> Result<bool, Problem> {
        Ok(true)
    }
}

/// serde copies a `Cow` unless it is told to borrow, and inside a list it can only be told so by a type of its own.
#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// What a snapshot line holds, borrowed from it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
#[allow(dead_code)]
struct Recipient<'a> {
    #[serde(borrow)]
    alias: Option<Text<'a>>,
    #[serde(borrow)]
    archive_guid: Option<Text<'a>>,
    compliance_tag_hold_applied: Option<bool>,
    delay_hold_applied: Option<bool>,
    delay_release_hold_applied: Option<bool>,
    #[serde(borrow)]
    display_name: Option<Text<'a>>,
    #[serde(borrow)]
    email_addresses: Option<Vec<Text<'a>>>,
    #[serde(borrow)]
    exchange_guid: Option<Text<'a>>,
    #[serde(borrow)]
    external_directory_object_id: Option<Text<'a>>,
    #[serde(borrow)]
    external_email_address: Option<Text<'a>>,
    #[serde(borrow)]
    in_place_holds: Option<Vec<Text<'a>>>,
    is_dir_synced: Option<bool>,
    #[serde(borrow, rename = "LegacyExchangeDN")]
    legacy_exchange_dn: Option<Text<'a>>,
    litigation_hold_enabled: Option<bool>,
    #[serde(borrow)]
    mailbox_guid: Option<Text<'a>>,
    #[serde(borrow)]
    mailbox_locations: Option<Vec<Text<'a>>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    primary_smtp_address: Option<Text<'a>>,
    #[serde(borrow)]
    recipient_type_details: Option<Text<'a>>,
    #[serde(borrow)]
    recoverable_items_quota: Option<Text<'a>>,
    #[serde(borrow)]
    total_deleted_item_size: Option<Text<'a>>,
    #[serde(borrow)]
    user_principal_name: Option<Text<'a>>,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let directory = PathBuf::from(arguments.get(1).expect("a folder"));
    let (bytes, seconds) = match arguments[0].as_str() {
        "parse" => parse(&directory),
        "plan" => plan(&directory),
        "judge" => judge(&directory),
        other => panic!("{other}: not a measurement"),
    };
    println!("{{\"seconds\":{seconds:.3},\"bytes\":{bytes},\"peakKiB\":{}}}", peak_kib());
}

fn snapshots(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for side in ["source", "target"] {
        files.extend(std::fs::read_dir(directory.join(side)).unwrap().map(|entry| entry.unwrap().path()));
    }
    files.retain(|file| file.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort();
    files
}

fn parse(directory: &Path) -> (u64, f64) {
    let (mut bytes, mut seconds, mut addresses) = (0, 0.0, 0);
    for file in snapshots(directory) {
        let text = std::fs::read(&file).unwrap();
        bytes += text.len() as u64;
        let start = Instant::now();
        for line in text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let recipient: Recipient = serde_json::from_slice(line).unwrap();
            addresses += recipient.email_addresses.map_or(0, |addresses| addresses.len());
        }
        seconds += start.elapsed().as_secs_f64();
    }
    assert!(addresses > 0);
    (bytes, seconds)
}

/// As a plan, without operations.
fn judge(directory: &Path) -> (u64, f64) {
    let start = Instant::now();
    planning::judge(&directory.join("coexist.json"), &[], &Silent).unwrap();
    (0, start.elapsed().as_secs_f64())
}

fn plan(directory: &Path) -> (u64, f64) {
    let start = Instant::now();
    let planned = planning::plan(&directory.join("coexist.json"), &[], &directory.join("plan.json"), &Silent).unwrap();
    let seconds = start.elapsed().as_secs_f64();
    eprintln!("{} people, {} operations, {} blocked", planned.summary.people, planned.summary.operations, planned.summary.blocked);
    (std::fs::metadata(directory.join("plan.json")).unwrap().len(), seconds)
}

/// The most memory that the process ever held, where the system says so (Linux).
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
}

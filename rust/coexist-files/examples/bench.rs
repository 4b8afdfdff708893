//! What `build.ps1 Bench` runs, one process per measurement: prints one line of JSON with seconds and peak memory.
//!
//! `bench lab DIR PEOPLE` writes the lab that is measured; `bench parse DIR` parses its snapshots with serde_json on one thread into borrowed structs;
//! `bench plan DIR` reads, diffs and plans them, and writes the plan to `DIR/plan.json`; `bench judge DIR` does the same without operations.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::borrow::Cow;
use std::fs::{create_dir_all, File};
use std::hint::black_box;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Instant;

use coexist_core::finding::Finding;
use coexist_core::lab;
use coexist_core::problem::Problem;
use coexist_core::watch::Watch;
use coexist_files::host::Host;
use coexist_files::planning;
use serde::Deserialize;

/// Notes when each phase of the work begins, and answers everything with yes.
#[derive(Default)]
struct Silent {
    phases: Mutex<Vec<(String, Instant, f64)>>,
}

impl Silent {
    /// Seconds by the clock and of all processors (Linux), phase by phase.
    fn print_phases(&self) {
        let mut phases = self.phases.lock().unwrap();
        phases.push((String::new(), Instant::now(), processor_seconds()));
        for pair in phases.windows(2) {
            eprintln!("{:<44} {:6.2} s, {:6.2} s of processors", pair[0].0, (pair[1].1 - pair[0].1).as_secs_f64(), pair[1].2 - pair[0].2);
        }
    }
}

impl Watch for Silent {
    fn progress(&self, activity: &str, what: &str, _: u64, _: Option<u64>) {
        let name = format!("{activity} {}", if activity == "Reading" { "" } else { what });
        let mut phases = self.phases.lock().unwrap();
        if phases.last().is_none_or(|(last, ..)| *last != name) {
            phases.push((name, Instant::now(), processor_seconds()));
        }
    }
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
#[allow(dead_code)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// A type for the lines of some kinds: every property that the lab writes of them, borrowed.
macro_rules! line {
    ($name:ident {
        texts: $($text:ident $text_name:literal)*; lists: $($list:ident $list_name:literal)*; flags: $($flag:ident $flag_name:literal)*; others: $($other:ident $other_name:literal $type:ty)*;
    }) => {
        #[derive(Deserialize)]
        #[allow(dead_code)]
        struct $name<'a> {
            $(#[serde(borrow, rename = $text_name)] $text: Option<Text<'a>>,)*
            $(#[serde(borrow, rename = $list_name)] $list: Option<Vec<Text<'a>>>,)*
            $(#[serde(rename = $flag_name)] $flag: Option<bool>,)*
            $(#[serde(rename = $other_name)] $other: Option<$type>,)*
        }
    };
}

line! { Recipient {
    texts: alias "Alias" archive_guid "ArchiveGuid" display_name "DisplayName" exchange_guid "ExchangeGuid" external_directory_object_id "ExternalDirectoryObjectId"
        external_email_address "ExternalEmailAddress" guid "Guid" identity "Identity" legacy_exchange_dn "LegacyExchangeDN" name "Name"
        primary_smtp_address "PrimarySmtpAddress" recipient_type "RecipientType" recipient_type_details "RecipientTypeDetails"
        recoverable_items_quota "RecoverableItemsQuota" user_principal_name "UserPrincipalName";
    lists: email_addresses "EmailAddresses" in_place_holds "InPlaceHolds" mailbox_locations "MailboxLocations";
    flags: compliance_tag_hold_applied "ComplianceTagHoldApplied" delay_hold_applied "DelayHoldApplied" delay_release_hold_applied "DelayReleaseHoldApplied"
        is_dir_synced "IsDirSynced" litigation_hold_enabled "LitigationHoldEnabled";
    others:;
} }

line! { Statistics { texts: mailbox_guid "MailboxGuid" total_deleted_item_size "TotalDeletedItemSize"; lists:; flags:; others:; } }

line! { ExchangeUser {
    texts: external_directory_object_id "ExternalDirectoryObjectId" previous_recipient_type_details "PreviousRecipientTypeDetails"
        recipient_type_details "RecipientTypeDetails";
    lists:; flags:; others:;
} }

line! { AdUser {
    texts: display_name "DisplayName" distinguished_name "DistinguishedName" name "Name" object_class "ObjectClass" object_guid "ObjectGUID"
        sam_account_name "SamAccountName" user_principal_name "UserPrincipalName" target_address "targetAddress";
    lists: proxy_addresses "proxyAddresses";
    flags:;
    others: consistency_guid "mS-DS-ConsistencyGuid" Vec<u8> archive_guid "msExchArchiveGUID" Vec<u8> mailbox_guid "msExchMailboxGuid" Vec<u8>
        remote_recipient_type "msExchRemoteRecipientType" u64;
} }

line! { Plan { texts: capability_status "capabilityStatus" service "service" service_plan_id "servicePlanId" sku_id "skuId"; lists:; flags:; others:; } }

#[derive(Deserialize)]
#[allow(dead_code)]
#[serde(rename_all = "camelCase")]
struct User<'a> {
    #[serde(borrow)]
    assigned_licenses: Vec<Plan<'a>>,
    #[serde(borrow)]
    assigned_plans: Vec<Plan<'a>>,
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    mail: Option<Text<'a>>,
    #[serde(borrow)]
    on_premises_immutable_id: Option<Text<'a>>,
    on_premises_sync_enabled: Option<bool>,
    #[serde(borrow)]
    usage_location: Option<Text<'a>>,
    #[serde(borrow)]
    user_principal_name: Option<Text<'a>>,
    #[serde(borrow)]
    user_type: Option<Text<'a>>,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let directory = PathBuf::from(arguments.get(1).expect("a folder"));
    let (bytes, seconds) = match arguments[0].as_str() {
        "lab" => write_lab(&directory, arguments.get(2).expect("how many people").parse().expect("a number of people")),
        "parse" => parse(&directory),
        "plan" => plan(&directory),
        "judge" => judge(&directory),
        other => panic!("{other}: not a measurement"),
    };
    println!("{{\"seconds\":{seconds:.3},\"bytes\":{bytes},\"peakKiB\":{}}}", peak_kib());
}

/// The same people in every run: the figures of two builds are about the same bytes.
const SEED: u64 = 1;

fn write_lab(directory: &Path, people: u64) -> (u64, f64) {
    let start = Instant::now();
    let mut bytes = 0;
    let mut open: Option<(String, BufWriter<File>)> = None;
    let mut sink = |path: &str, part: &[u8]| {
        bytes += part.len() as u64;
        if open.as_ref().is_none_or(|(name, _)| name != path) {
            let place = directory.join(path);
            create_dir_all(place.parent().unwrap())?;
            if let Some((_, mut file)) = open.replace((path.to_string(), BufWriter::new(File::create(place)?))) {
                file.flush()?;
            }
        }
        open.as_mut().map_or(Ok(()), |(_, file)| file.write_all(part))
    };
    lab::write(people, SEED, &lab::Options::bench(), &mut sink, &Silent::default()).unwrap();
    open.map(|(_, mut file)| file.flush()).transpose().unwrap();
    (bytes, start.elapsed().as_secs_f64())
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
    let (mut bytes, mut seconds) = (0, 0.0);
    for file in snapshots(directory) {
        let text = std::fs::read(&file).unwrap();
        bytes += text.len() as u64;
        let start = Instant::now();
        match file.file_stem().and_then(|name| name.to_str()).unwrap() {
            "mailboxStatistics" => lines::<Statistics>(&text),
            "exchangeUsers" => lines::<ExchangeUser>(&text),
            "adUsers" => lines::<AdUser>(&text),
            "users" => lines::<User>(&text),
            _ => lines::<Recipient>(&text),
        }
        seconds += start.elapsed().as_secs_f64();
    }
    (bytes, seconds)
}

/// Each line is parsed and dropped, so that memory costs the parse nothing: the least that a reader on serde_json does.
fn lines<'a, T: Deserialize<'a>>(text: &'a [u8]) {
    let (mut all, mut refused) = (0, 0);
    for line in text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        all += 1;
        refused += u64::from(black_box(serde_json::from_slice::<T>(line)).is_err());
    }
    // What is planted as flattened is no list.
    assert!(refused * 1000 <= all, "{refused} of {all} lines do not fit their type");
}

/// As a plan, without operations.
fn judge(directory: &Path) -> (u64, f64) {
    let start = Instant::now();
    let watch = Silent::default();
    planning::judge(&directory.join("coexist.json"), &[], &watch).unwrap();
    let seconds = start.elapsed().as_secs_f64();
    watch.print_phases();
    (0, seconds)
}

fn plan(directory: &Path) -> (u64, f64) {
    let start = Instant::now();
    let watch = Silent::default();
    let planned = planning::plan(&directory.join("coexist.json"), &[], &directory.join("plan.json"), &watch).unwrap();
    let seconds = start.elapsed().as_secs_f64();
    watch.print_phases();
    eprintln!("{} people, {} operations, {} blocked", planned.summary.people, planned.summary.operations, planned.summary.blocked);
    (std::fs::metadata(directory.join("plan.json")).unwrap().len(), seconds)
}

/// The most memory that the process ever held, where the system says so (Linux).
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
}

/// What the process has used of all processors, where the system says so (Linux, in hundredths).
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

//! The journal, through everything that happens to files and processes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod disks;

use coexist_core::apply::journal::{Act, Intent, Line, Outcome, Result as Came, Run};
use coexist_core::apply::host::Log;
use coexist_core::finding::Side;
use coexist_core::plan::Surface;
use coexist_files::applying::Journals;
use coexist_files::journal::{folder_of, holders, Disk, Files, Reader, Writer};
use disks::{Faulty, Forgetting, Random, ReadOnly};
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Barrier;
use std::thread::sleep;
use std::time::Duration;
use tempfile::TempDir;

const NAME: &str = "target-exchange";
const AT: &str = "2026-11-22T02:00:00.000Z";

fn run(host: &str) -> Run {
    Run {
        run: "00000000deadbeef".into(),
        at: AT.into(),
        host: host.into(),
        pid: std::process::id(),
        user: "CONTOSO\\kovács".into(),
        plan: "ab".repeat(32),
        tenant_id: None,
        version: "0.1.0".into(),
        torn: None,
    }
}

fn intent(number: u64, at: &str) -> Line {
    let before = json!({"emailAddresses": [format!("SMTP:anna.kovács{number}@contoso.com"), "x500:/o=First/ou=\u{2028}\n"], "customAttribute1": null});
    Line::Intent(Intent { id: format!("o{number}"), act: Act::Apply, operation: "f".repeat(16), at: at.into(), before: before.as_object().cloned() })
}

fn outcome(number: u64) -> Line {
    Line::Outcome(Outcome {
        id: format!("o{number}"),
        act: Act::Apply,
        operation: "f".repeat(16),
        at: AT.into(),
        outcome: Came::Done,
        code: None,
        message: Some("Zwölf Boxkämpfer".into()),
        effect: None,
        after: json!({"hidden": true}).as_object().cloned(),
    })
}

struct Place {
    _temporary: TempDir,
    folder: PathBuf,
    file: PathBuf,
}

fn place() -> Place {
    place_in(tempfile::tempdir().unwrap())
}

/// The same in memory, where there is such a place: for a test that makes a thousand of them.
fn quick_place() -> Place {
    place_in(tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap())
}

fn place_in(temporary: TempDir) -> Place {
    let folder = folder_of(&temporary.path().join("plan.json"));
    Place { file: folder.join(format!("{NAME}.jsonl")), folder, _temporary: temporary }
}

fn open(folder: &Path, disk: &dyn Disk) -> Writer {
    Writer::open(folder, NAME, run("JUMP01"), false, disk).unwrap().writer
}

/// Everything that a journal says, and how many files are torn.
fn read(folder: &Path) -> (Vec<Line>, u64) {
    let mut lines = Vec::new();
    let torn = Reader::open(folder).unwrap().read(&mut |_, line| lines.push(line)).unwrap();
    (lines, torn)
}

fn refused(folder: &Path) -> coexist_core::problem::Problem {
    Reader::open(folder).unwrap().read(&mut |_, _| {}).unwrap_err()
}

/// A journal of a run that was killed, with its bytes.
fn killed(place: &Place) -> Vec<u8> {
    let mut writer = open(&place.folder, &Faulty::default());
    for number in 0..3 {
        writer.append(&intent(number, AT)).unwrap();
        writer.sync().unwrap();
        writer.append(&outcome(number)).unwrap();
    }
    drop(writer);
    fs::read(&place.file).unwrap()
}

#[test]
fn a_plan_and_the_folder_of_its_journal() {
    for (plan, folder) in [("plan.json", "plan.journal"), ("a/PLAN.JSON", "a/PLAN.journal"), ("plan.v2", "plan.v2.journal"), ("plan", "plan.journal")] {
        assert_eq!(folder_of(Path::new(plan)), Path::new(folder));
    }
}

#[test]
fn what_is_written_is_read_and_what_is_added_later_too() {
    let place = place();
    let mut reader = Reader::open(&place.folder).unwrap();
    let mut seen = Vec::new();
    assert_eq!(reader.read(&mut |_, _| panic!("nothing is there")).unwrap(), 0);
    let mut writer = open(&place.folder, &Files);
    // A clock may go backwards.
    for (number, at) in [(1, AT), (2, "2026-11-22T01:59:59.000Z"), (3, "1970-01-01T00:00:00.000Z")] {
        writer.append(&intent(number, at)).unwrap();
        writer.sync().unwrap();
        writer.append(&outcome(number)).unwrap();
        assert_eq!(reader.read(&mut |name, line| seen.push((name.to_string(), line))).unwrap(), 0);
        assert_eq!(seen.len(), 1 + 2 * number as usize);
    }
    let mut other = Writer::open(&place.folder, "source-graph", run("JUMP02"), false, &Files).unwrap().writer;
    other.append(&intent(9, AT)).unwrap();
    writer.close(AT).unwrap();
    reader.read(&mut |name, line| seen.push((name.to_string(), line))).unwrap();
    let of = |name: &str| seen.iter().filter(|(of, _)| of == name).map(|(_, line)| line.clone()).collect::<Vec<_>>();
    assert_eq!(of("source-graph"), [Line::Run(run("JUMP02")), intent(9, AT)]);
    let ours = of(NAME);
    assert_eq!(ours[..3], [Line::Run(run("JUMP01")), intent(1, AT), outcome(1)]);
    assert_eq!(ours[5], intent(3, "1970-01-01T00:00:00.000Z"));
    assert_eq!(ours[7..], [Line::End { at: AT.into() }]);
    assert_eq!(reader.read(&mut |_, _| panic!("nothing was added")).unwrap(), 0);
    // One that begins now sees the same.
    assert_eq!(read(&place.folder).0.len(), seen.len());
}

#[test]
fn cut_at_every_byte_of_its_last_two_lines_it_is_read_and_gone_on_with() {
    let place = place();
    let bytes = killed(&place);
    let ends: Vec<usize> = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect();
    let whole = read(&place.folder).0;
    for cut in ends[ends.len() - 3]..=bytes.len() {
        for zeros in [0, 1, 700] {
            let mut torn = bytes[..cut].to_vec();
            torn.resize(cut + zeros, 0);
            // A file that is emptied and written again is on the disk when it is closed: that takes time.
            fs::remove_file(&place.file).unwrap();
            fs::write(&place.file, &torn).unwrap();
            let lines = ends.iter().filter(|end| **end <= cut).count();
            let is_torn = zeros > 0 || !ends.contains(&cut);
            assert_eq!(read(&place.folder), (whole[..lines].to_vec(), u64::from(is_torn)), "cut at {cut}");
            let opened = Writer::open(&place.folder, NAME, run("jump01"), false, &Faulty::default()).unwrap();
            let codes: Vec<_> = opened.notices.iter().map(|notice| notice.code).collect();
            assert_eq!(codes, if is_torn { vec!["JournalTakenOver", "JournalTornLine"] } else { vec!["JournalTakenOver"] });
            opened.writer.close(AT).unwrap();
            let (after, torn) = read(&place.folder);
            assert_eq!((&after[..lines], after.len(), torn), (&whole[..lines], lines + 2, 0));
            let Line::Run(run) = &after[lines] else { panic!("the run's line comes next") };
            assert_eq!(run.torn.is_some(), is_torn);
            let rest = String::from_utf8_lossy(&bytes[*ends[..lines].last().unwrap()..cut]).into_owned();
            assert!(run.torn.as_ref().is_none_or(|torn| torn.starts_with(rest.trim_end())), "{:?} {rest}", run.torn);
        }
    }
}

#[test]
fn zeros_over_the_end_of_whole_lines_are_torn_too() {
    let place = place();
    let bytes = killed(&place);
    // The page that begins within the last line but one was not written, the one behind it was.
    let ends: Vec<usize> = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect();
    let last = ends.len() - 1;
    for (from, to) in [(ends[last] - 20, ends[last] - 10), (ends[last - 1] - 5, ends[last - 1] + 5), (ends[last - 1], ends[last])] {
        let mut torn = bytes.clone();
        torn[from..to].fill(0);
        fs::write(&place.file, &torn).unwrap();
        let lines = ends.iter().filter(|end| **end <= from).count();
        let (kept, torn) = read(&place.folder);
        assert_eq!((kept.len(), torn), (lines, 1));
        open(&place.folder, &Files).close(AT).unwrap();
        assert_eq!(read(&place.folder).0.len(), lines + 2);
    }
}

#[test]
fn damage_is_named_and_nothing_is_run_over_it() {
    let place = place();
    let bytes = killed(&place);
    let text = String::from_utf8(bytes.clone()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let with = |at: usize, line: &str| {
        let mut lines = lines.clone();
        lines[at] = line;
        fs::write(&place.file, lines.join("\n") + "\n").unwrap();
        let problem = refused(&place.folder);
        assert_eq!(problem.line, Some(at as u64 + 1));
        assert!(problem.file.as_ref().unwrap().ends_with("target-exchange.jsonl"));
        let opened = Writer::open(&place.folder, NAME, run("JUMP01"), true, &Files);
        assert_eq!(opened.err().unwrap(), problem, "reader and writer say the same");
        problem.code
    };
    assert_eq!(with(2, "rubbish"), "JournalDamaged");
    assert_eq!(with(2, &lines[2][..40]), "JournalDamaged");
    assert_eq!(with(3, "{}"), "JournalDamaged");
    assert_eq!(with(3, "[]"), "JournalDamaged");
    assert_eq!(with(3, ""), "JournalDamaged");
    assert_eq!(with(6, "a last line that is whole and none"), "JournalDamaged");
    assert_eq!(with(1, "{\"line\":\"intent\",\"id\":\"o0\",\"act\":\"sing\",\"operation\":\"f\",\"at\":\"\"}"), "JournalDamaged");
    assert_eq!(with(1, &lines[1].replacen("intent", "in\0ent", 1)), "JournalDamaged");
    // A kind of line that is not known here, and lines of a version that is newer.
    assert_eq!(with(4, "{\"line\":\"hold\",\"at\":\"x\"}"), "JournalNewer");
    let newer = lines[0].replace("\"0.1.0\"", "\"0.10.0\"");
    fs::write(&place.file, format!("{newer}\n{}\n{{\"line\":\"outcome\",\"outcome\":\"postponed\"}}\n", lines[1])).unwrap();
    let problem = refused(&place.folder);
    assert_eq!((problem.code, problem.line), ("JournalNewer", Some(3)));
    assert!(problem.message.contains("0.10.0"), "{}", problem.message);
    // A newer version whose lines can be read is no trouble, nor are members that are not known here.
    fs::write(&place.file, format!("{}\n{}\n", newer.replacen("\"at\"", "\"mood\":{\"good\":[1]},\"at\"", 1), lines[1])).unwrap();
    assert_eq!(read(&place.folder).0.len(), 2);
    // Members in another order, as another hand may have written them.
    fs::write(&place.file, format!("{}\n{{ \"at\": \"x\", \"line\": \"end\" }}\r\n", lines[0])).unwrap();
    assert_eq!(read(&place.folder).0[1], Line::End { at: "x".into() });
    // What was read is gone.
    let mut reader = Reader::open(&place.folder).unwrap();
    reader.read(&mut |_, _| {}).unwrap();
    fs::write(&place.file, "").unwrap();
    assert_eq!(reader.read(&mut |_, _| {}).unwrap_err().code, "JournalDamaged");
    assert_eq!(reader.read(&mut |_, _| {}).unwrap_err().code, "JournalDamaged");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_bytes_a_file_has_nothing_panics_and_no_whole_line_goes_unseen(at in 0usize..5_000, bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        let place = quick_place();
        let good = killed(&place);
        let whole = read(&place.folder).0;
        let at = at % good.len();
        let mut damaged = good[..at].to_vec();
        damaged.extend_from_slice(&bytes);
        damaged.extend_from_slice(&good[(at + bytes.len()).min(good.len())..]);
        fs::write(&place.file, &damaged).unwrap();
        let mut lines = Vec::new();
        let result = Reader::open(&place.folder).unwrap().read(&mut |_, line| lines.push(line));
        let before = good[..at].iter().filter(|byte| **byte == b'\n').count();
        prop_assert!(lines.len() >= before);
        prop_assert_eq!(&lines[..before], &whole[..before]);
        let opened = Writer::open(&place.folder, NAME, run("JUMP01"), false, &Faulty::default());
        prop_assert_eq!(opened.is_ok(), result.is_ok());
    }
}

#[test]
fn another_host_is_refused_and_forced() {
    let place = place();
    killed(&place);
    let before = fs::read(&place.file).unwrap();
    let problem = Writer::open(&place.folder, NAME, run("JUMP02"), false, &Files).err().unwrap();
    assert_eq!(problem.code, "PlanLockedElsewhere");
    for said in ["JUMP01", "CONTOSO\\kovács", AT, &std::process::id().to_string(), "-Force"] {
        assert!(problem.message.contains(said), "{said}: {}", problem.message);
    }
    assert_eq!(fs::read(&place.file).unwrap(), before, "nothing was changed");
    let opened = Writer::open(&place.folder, NAME, run("JUMP02"), true, &Files).unwrap();
    assert_eq!(opened.notices.iter().map(|notice| notice.code).collect::<Vec<_>>(), ["JournalTakenOver"]);
    opened.writer.close(AT).unwrap();
    // One that came to its end is anybody's.
    let opened = Writer::open(&place.folder, NAME, run("JUMP03"), false, &Files).unwrap();
    assert!(opened.notices.is_empty());
}

#[test]
fn a_disk_that_is_full_at_any_byte_leaves_whole_lines_and_is_gone_on_with() {
    let all = {
        let place = place();
        killed(&place).len() as i64
    };
    for room in 0..all {
        let place = quick_place();
        let disk = Faulty::full_after(room);
        let mut appended = 0;
        let problem = match Writer::open(&place.folder, NAME, run("JUMP01"), false, &disk) {
            Err(problem) => problem,
            Ok(opened) => {
                let mut writer = opened.writer;
                appended = 1;
                let mut lines = (0..3).flat_map(|number| [intent(number, AT), outcome(number)]);
                let problem = lines.find_map(|line| writer.append(&line).map(|()| appended += 1).err()).unwrap();
                // Room that comes back is not used: the run stops.
                disk.room.store(i64::MAX, Ordering::SeqCst);
                assert_eq!(writer.append(&outcome(7)).unwrap_err(), problem);
                assert_eq!(writer.sync().unwrap_err(), problem);
                assert_eq!(writer.close(AT).unwrap_err(), problem);
                problem
            }
        };
        assert_eq!(problem.code, "JournalNotWritten");
        assert!(problem.message.contains("full"), "{}", problem.message);
        let (lines, torn) = read(&place.folder);
        assert_eq!((lines.len(), torn), (appended, 0), "room for {room} bytes");
        open(&place.folder, &Faulty::default()).close(AT).unwrap();
        assert_eq!(read(&place.folder).0.len(), appended + 2);
    }
}

#[test]
fn after_a_sync_that_failed_nothing_more_is_written() {
    let place = place();
    let opened = Writer::open(&place.folder, NAME, run("JUMP01"), false, &Faulty::failing_after(0));
    assert_eq!(opened.err().unwrap().code, "JournalNotWritten");
    let disk = Faulty::failing_after(2);
    let mut writer = open(&place.folder, &disk);
    writer.append(&intent(1, AT)).unwrap();
    writer.sync().unwrap();
    writer.sync().expect("nothing is to be synced");
    writer.append(&intent(2, AT)).unwrap();
    let problem = writer.sync().unwrap_err();
    assert_eq!(problem.code, "JournalNotWritten");
    disk.syncs.store(i64::MAX, Ordering::SeqCst);
    assert_eq!(writer.append(&outcome(2)).unwrap_err(), problem);
    assert_eq!(writer.sync().unwrap_err(), problem);
    assert_eq!(writer.close(AT).unwrap_err(), problem);
    assert!(!holders(&place.folder).unwrap()[0].alive, "the lock is free");
}

#[test]
fn a_folder_that_may_not_be_written_is_said_before_anything_is_done() {
    let place = place();
    let problem = Writer::open(&place.folder, NAME, run("JUMP01"), false, &ReadOnly).err().unwrap();
    assert_eq!(problem.code, "JournalNotWritten");
    assert!(problem.message.contains("read-only") && problem.message.contains("nothing is done"), "{}", problem.message);
    // The folder of the plan is a file, or is not there.
    let file = place.folder.with_file_name("file");
    fs::write(&file, "").unwrap();
    for folder in [file.clone(), file.join("x"), file.with_file_name("nowhere").join("plan.journal")] {
        assert_eq!(Writer::open(&folder, NAME, run("JUMP01"), false, &Files).err().unwrap().code, "JournalNotWritten");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::create_dir(&place.folder).unwrap();
        fs::set_permissions(&place.folder, fs::Permissions::from_mode(0o555)).unwrap();
        // Who may do everything is not refused.
        if fs::write(place.folder.join("probe"), "").is_err() {
            assert_eq!(Writer::open(&place.folder, NAME, run("JUMP01"), false, &Files).err().unwrap().code, "JournalNotWritten");
            assert!(read(&place.folder).0.is_empty());
        }
        fs::set_permissions(&place.folder, fs::Permissions::from_mode(0o755)).unwrap();
    }
}

#[test]
fn a_reader_never_takes_half_a_line_for_damage() {
    const LINES: u64 = 300;
    let place = place();
    let (done, folder) = (AtomicBool::new(false), place.folder.clone());
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut reader = Reader::open(&folder).unwrap();
                    let (mut next, mut torn) = (0, 0);
                    loop {
                        let last = done.load(Ordering::SeqCst);
                        torn += reader
                            .read(&mut |_, line| {
                                if let Line::Intent(intent) = line {
                                    assert_eq!(intent.id, format!("o{next}"));
                                    next += 1;
                                }
                            })
                            .unwrap();
                        if last {
                            return (next, torn);
                        }
                    }
                })
            })
            .collect();
        let mut writer = open(&place.folder, &Faulty { piecewise: true, ..Faulty::default() });
        for number in 0..LINES {
            writer.append(&intent(number, AT)).unwrap();
        }
        writer.close(AT).unwrap();
        done.store(true, Ordering::SeqCst);
        let seen: Vec<_> = readers.into_iter().map(|reader| reader.join().unwrap()).collect();
        assert!(seen.iter().all(|(next, _)| *next == LINES));
        assert!(seen.iter().any(|(_, torn)| *torn > 0), "half lines were there to be seen");
    });
}

#[test]
fn what_was_synced_outlives_a_loss_of_power_and_the_rest_is_torn_at_most() {
    let place = place();
    let mut random = Random(7);
    let mut durable = 0;
    for seed in 0..200 {
        let opened = Writer::open(&place.folder, NAME, run("JUMP01"), false, &Forgetting::new(seed)).unwrap();
        let before = read(&place.folder).0.len();
        assert!(before > durable, "{before} lines, {durable} were synced");
        durable = before;
        let mut writer = opened.writer;
        let mut pending = 0;
        for number in 0..random.below(12) {
            writer.append(&intent(number, AT)).unwrap();
            pending += 1;
            if random.below(3) == 0 {
                writer.sync().unwrap();
                durable += pending;
                pending = 0;
            }
        }
    }
    assert!(durable > 300);
}

const CHILD: &str = "COEXIST_TEST_JOURNAL";

/// What another process does: opens the journal, and then as it is told.
#[test]
fn child() {
    let Some(folder) = std::env::var_os(CHILD) else { return };
    let mut writer = match Writer::open(Path::new(&folder), NAME, run("JUMP01"), false, &Files) {
        Ok(opened) => {
            println!("\nsays opened {}", opened.notices.iter().map(|notice| notice.code).collect::<String>());
            opened.writer
        }
        Err(problem) => return println!("\nsays {} {}", problem.code, problem.message),
    };
    for (number, line) in std::io::stdin().lines().enumerate() {
        match line.unwrap().as_str() {
            "append" => writer.append(&intent(number as u64, AT)).unwrap(),
            "close" => return writer.close(AT).unwrap(),
            other => panic!("{other}"),
        }
        println!("\nsays did");
    }
}

struct Other {
    child: Child,
    says: BufReader<ChildStdout>,
}

impl Other {
    fn start(folder: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child", "--nocapture", "--test-threads=1"])
            .env(CHILD, folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let says = BufReader::new(child.stdout.take().unwrap());
        Other { child, says }
    }

    fn tell(&mut self, what: &str) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{what}").unwrap();
    }

    fn said(&mut self) -> String {
        let mut line = String::new();
        loop {
            line.clear();
            assert!(self.says.read_line(&mut line).unwrap() > 0, "it died");
            if let Some(said) = line.strip_prefix("says ") {
                return said.trim().to_string();
            }
        }
    }
}

#[test]
fn a_second_process_is_refused_and_a_killed_one_taken_over() {
    let place = place();
    let mut first = Other::start(&place.folder);
    assert_eq!(first.said(), "opened");
    first.tell("append");
    assert_eq!(first.said(), "did");
    let pid = first.child.id();
    let mut second = Other::start(&place.folder);
    let said = second.said();
    assert!(said.starts_with("PlanLocked "), "{said}");
    for who in [&format!("process {pid} "), "JUMP01", "CONTOSO\\kovács", AT] {
        assert!(said.contains(who), "{who}: {said}");
    }
    second.child.wait().unwrap();
    // It has this name; another is free.
    Writer::open(&place.folder, "target-graph", run("JUMP01"), false, &Files).unwrap().writer.close(AT).unwrap();
    let holding = holders(&place.folder).unwrap();
    assert_eq!(holding.iter().map(|holder| (holder.name.as_str(), holder.run.pid, holder.alive)).collect::<Vec<_>>(), [(NAME, pid, true)]);
    first.child.kill().unwrap();
    first.child.wait().unwrap();
    let dead = holders(&place.folder).unwrap();
    assert_eq!((dead.len(), dead[0].run.pid, dead[0].alive), (1, pid, false));
    let mut third = Other::start(&place.folder);
    assert_eq!(third.said(), "opened JournalTakenOver");
    third.tell("close");
    third.child.wait().unwrap();
    assert!(holders(&place.folder).unwrap().is_empty());
    let kinds: Vec<_> = read(&place.folder).0.into_iter().filter(|line| !matches!(line, Line::Run(run) if run.pid == std::process::id())).collect();
    assert!(matches!(kinds[..], [Line::Run(_), Line::Intent(_), Line::Run(_), Line::End { .. }, Line::End { .. }]), "{kinds:?}");
}

#[test]
fn whoever_only_looks_at_a_lock_keeps_nobody_from_it() {
    let place = place();
    open(&place.folder, &Files).close(AT).unwrap();
    let looks = Barrier::new(2);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let lock = fd_lock::RwLock::new(fs::File::open(place.folder.join(format!("{NAME}.lock"))).unwrap());
            let look = lock.try_read().unwrap();
            looks.wait();
            sleep(Duration::from_millis(15));
            drop(look);
        });
        looks.wait();
        let writer = open(&place.folder, &Files);
        for _ in 0..20 {
            assert!(holders(&place.folder).unwrap()[0].alive);
        }
        writer.close(AT).unwrap();
        assert!(holders(&place.folder).unwrap().is_empty());
    });
}

#[test]
fn what_is_passed_by_hand_keeps_no_other_process_from_the_plan() {
    let place = place();
    let plan = place.folder.with_extension("json");
    let open = |surface| Journals::open(&plan, &[(Side::Target, surface)], run("JUMP01"), BTreeMap::new(), false, Box::new(|| AT.to_string())).unwrap();
    let (mut exchange, mut graph) = (open(Surface::Exchange), open(Surface::Graph));
    let said = |number| match outcome(number) {
        Line::Outcome(outcome) => outcome,
        _ => unreachable!(),
    };
    exchange.outcome(Side::Target, Surface::Exchange, said(0)).unwrap();
    exchange.outcome(Side::Target, Surface::Manual, said(1)).unwrap();
    graph.outcome(Side::Target, Surface::Manual, said(2)).unwrap();
    exchange.outcome(Side::Target, Surface::Manual, said(3)).unwrap();
    let mut heard = Vec::new();
    graph
        .news(&mut |_, surface, line| {
            if let Line::Outcome(outcome) = line {
                heard.push((surface, outcome.id));
            }
        })
        .unwrap();
    assert_eq!(heard, [(Surface::Exchange, "o0".into()), (Surface::Manual, "o1".into()), (Surface::Manual, "o2".into()), (Surface::Manual, "o3".into())]);
    assert!(graph.at_work(Side::Target, Surface::Exchange) && !graph.at_work(Side::Target, Surface::Graph) && !graph.at_work(Side::Target, Surface::Manual));
    // Neither holds the other's surface, and both have ends.
    graph.close().unwrap();
    exchange.close().unwrap();
    assert!(holders(&place.folder).unwrap().is_empty());
}

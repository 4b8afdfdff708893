//! Plans that are carried out, and taken back, while processes are killed, disks forget or are full, journals are torn and clocks go wrong: the tenant is in
//! the end as it is when nothing of that happens, and no operation took effect twice.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../disks/mod.rs"]
mod disks;
mod process;
mod run;
mod world;

use coexist_core::apply::journal::Act;
use coexist_core::plan::Surface;
use coexist_core::problem::Problem;
use coexist_files::journal::{folder_of, holders, Disk, Reader};
use disks::{Faulty, Random, ReadOnly};
use process::{Kill, On, Task};
use run::{apply, Came, Line};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use world::World;

const DAY: i64 = 86_400_000;
const BOTH: [Surface; 2] = [Surface::Exchange, Surface::Graph];

#[test]
fn child() {
    process::child();
}

struct Place {
    _folder: TempDir,
    plan: PathBuf,
    people: usize,
}

fn place(people: usize) -> Place {
    let folder = tempfile::tempdir().unwrap();
    let plan = folder.path().join("plan.json");
    fs::write(&plan, world::plan(people)).unwrap();
    Place { plan, people, _folder: folder }
}

/// The world in this process, which goes away after so many writes.
struct Here<'w> {
    world: &'w mut World,
    writes: u64,
}

impl Line for Here<'_> {
    fn ask(&mut self, question: &Value) -> Option<Value> {
        if question["writes"] == true {
            self.writes = self.writes.checked_sub(1)?;
        }
        Some(process::answer(self.world, question))
    }
}

fn here(place: &Place, world: &mut World, act: Act, disk: impl Disk + 'static, writes: u64) -> Result<Came, Problem> {
    apply(&place.plan, act, &BOTH, Arc::new(disk), &mut Here { world, writes })
}

/// Runs until everything is done; a run may fail because an answer was lost, and the next one mends it.
fn finish(place: &Place, world: &mut World, act: Act) {
    for _ in 0..20 {
        let came = here(place, world, act, Faulty::default(), u64::MAX).unwrap();
        if came.summary.exit_code == 0 {
            return;
        }
        assert!(!came.trouble.iter().any(|row| is_trouble(row)), "{:?}", came.trouble);
    }
    panic!("it does not come to an end");
}

#[test]
fn nothing_happens_and_everything_is_done_once() {
    for late in [false, true] {
        let (place, mut world) = (place(40), World::new(1, late));
        finish(&place, &mut world, Act::Apply);
        assert_eq!(world.truth(), world::end(40));
        assert_eq!((world.not_once(), world.effects.len()), (vec![], 200));
        finish(&place, &mut world, Act::Undo);
        assert!(world.truth().is_empty(), "{:?}", world.truth());
        assert_eq!(world.not_once(), vec![]);
    }
}

/// What the tenant must be after carrying out, or taking back.
fn expect(world: &World, people: usize, act: Act) {
    let end = if act == Act::Apply { world::end(people) } else { Default::default() };
    let truth = world.truth();
    let differs: Vec<_> = truth.iter().filter(|(id, object)| end.get(*id) != Some(object)).take(3).collect();
    assert!(truth == end, "{} objects, {} expected; {differs:?}", truth.len(), end.len());
    assert_eq!(world.not_once(), vec![], "what took effect otherwise than once");
}

/// Whether something went wrong with an operation that the next run does not mend.
fn is_trouble(row: &str) -> bool {
    // A gate whose time began while the clock was behind is over when it is right again; the next run finds it open.
    !["AnswerLost", "DependencyNotDone", "DependantFirst", "GateExpired"].iter().any(|code| row.contains(code))
}

/// Runs a child on some surfaces, killing it at random instants so many times, until everything there is done. The exit code 2 says that it waits for others.
fn killing(place: &Place, world: &Mutex<World>, act: Act, surfaces: &[Surface], random: &mut Random, kills: u64, disk: On) {
    // Each operation takes about four.
    let operations = place.people as u64 * 5 / (kills + 1);
    let (mut left, mut ends, journal) = (kills, 0, folder_of(&place.plan).join("target-graph.jsonl"));
    while ends < 200 {
        let kill = (left > 0).then(|| Kill::some(random, operations * 4));
        let task = Task { plan: place.plan.clone(), act, surfaces: surfaces.to_vec(), disk: disk.draw(random, operations, left > 0), kill };
        // Whoever is alone finds the clock on the wall a month behind every other time. That it is so can be known from a journal that was begun when it was right.
        if surfaces.len() == 2 {
            world.lock().unwrap().wrong = if journal.exists() { -30 * DAY * random.below(2) as i64 } else { 0 };
        }
        let Some(said) = process::run(&task, world) else {
            left = left.checked_sub(1).expect("it died by itself");
            continue;
        };
        assert!(said["problem"].is_null(), "{said}");
        let trouble: Vec<String> = serde_json::from_value(said["trouble"].clone()).unwrap();
        assert!(!trouble.iter().any(|row| is_trouble(row)), "{trouble:?}");
        if said["exitCode"] == 0 && left == 0 {
            return;
        }
        ends += 1;
    }
    panic!("it does not come to an end");
}

/// How many runs a journal has, and how many of them found a torn end.
fn runs(place: &Place) -> (usize, usize) {
    let (mut runs, mut torn) = (0, 0);
    let mut reader = Reader::open(&folder_of(&place.plan)).unwrap();
    let count = |_: &str, line: coexist_core::apply::journal::Line| {
        if let coexist_core::apply::journal::Line::Run(run) = line {
            runs += 1;
            torn += usize::from(run.torn.is_some());
        }
    };
    assert_eq!(reader.read(&mut { count }).unwrap(), 0);
    (runs, torn)
}

/// Two hundred kills over two plans of 2,000 operations, which are carried out; one is taken back, too.
fn killed(seed: u64, disk: On) -> usize {
    let mut random = Random(seed);
    let mut found = 0;
    for kills in [[100, 0], [60, 40]] {
        let (place, world) = (place(400), Mutex::new(World::new(random.next(), true)));
        for (act, kills) in [Act::Apply, Act::Undo].into_iter().zip(kills).filter(|(_, kills)| *kills > 0) {
            killing(&place, &world, act, &BOTH, &mut random, kills, disk);
            expect(&world.lock().unwrap(), 400, act);
        }
        let (runs, torn) = runs(&place);
        // On two surfaces; some processes died before they began.
        assert!(runs > 120, "{runs} runs");
        found += torn;
    }
    found
}

#[test]
fn killed_at_any_instant_it_goes_on_and_does_everything_once() {
    killed(11, On::Quick);
}

#[test]
fn with_a_disk_that_forgets_too() {
    let torn = killed(12, On::Forgetting(0, 0));
    assert!(torn > 20, "{torn} journals were torn");
}

#[test]
fn two_processes_share_a_plan_and_are_killed_both() {
    let (place, world) = (place(60), Mutex::new(World::new(5, true)));
    for (act, kills) in [(Act::Apply, 0), (Act::Undo, 0), (Act::Apply, 10), (Act::Undo, 10)] {
        world.lock().unwrap().effects.clear();
        std::thread::scope(|scope| {
            for (surface, seed) in [(Surface::Exchange, 1), (Surface::Graph, 2)] {
                let (place, world) = (&place, &world);
                scope.spawn(move || killing(place, world, act, &[surface], &mut Random(seed + kills), kills, On::Files));
            }
            if kills == 0 {
                // A third one finds out who works there.
                while !holders(&folder_of(&place.plan)).unwrap().iter().any(|holder| holder.alive && holder.name == "target-exchange") {
                    std::thread::yield_now();
                }
                let task = Task { plan: place.plan.clone(), act, surfaces: vec![Surface::Exchange], disk: On::Files, kill: None };
                let said = process::run(&task, &world).unwrap();
                assert_eq!(said["problem"]["code"], "PlanLocked", "{said}");
            }
        });
        expect(&world.lock().unwrap(), 60, act);
    }
}

#[test]
fn a_journal_torn_at_any_byte_is_resumed() {
    for (writes, file) in [(4, "target-exchange.jsonl"), (8, "target-graph.jsonl")] {
        let (begun, mut world) = (place(2), World::new(3, false));
        // The next change is written down, and not made.
        assert_eq!(here(&begun, &mut world, Act::Apply, Faulty::default(), writes).err().unwrap().code, "Cancelled");
        let folder = folder_of(&begun.plan);
        let bytes = fs::read(folder.join(file)).unwrap();
        let ends: Vec<usize> = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect();
        // The line that says that it ended was never written.
        let (first, last) = (ends[ends.len() - 4], ends[ends.len() - 2]);
        for cut in first..=last {
            let resumed = place(2);
            fs::create_dir(folder_of(&resumed.plan)).unwrap();
            for name in ["target-exchange.jsonl", "target-graph.jsonl"] {
                fs::copy(folder.join(name), folder_of(&resumed.plan).join(name)).unwrap();
            }
            fs::write(folder_of(&resumed.plan).join(file), &bytes[..cut]).unwrap();
            let mut world = world.clone();
            finish(&resumed, &mut world, Act::Apply);
            expect(&world, 2, Act::Apply);
        }
    }
}

/// Every change that took effect was written down before.
fn all_written_down(place: &Place, world: &World) {
    let mut intents = std::collections::BTreeSet::new();
    let mut reader = Reader::open(&folder_of(&place.plan)).unwrap();
    reader
        .read(&mut |_, line| {
            if let coexist_core::apply::journal::Line::Intent(intent) = line {
                intents.insert(intent.id);
            }
        })
        .unwrap();
    assert!(world.effects.len() <= intents.len(), "{} effects, {} intents", world.effects.len(), intents.len());
}

#[test]
fn a_disk_that_is_full_or_fails_stops_it_before_the_next_change() {
    let (whole, mut world) = (place(4), World::new(6, true));
    finish(&whole, &mut world, Act::Apply);
    let size: u64 = fs::read_dir(folder_of(&whole.plan)).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
    let full = (0..size as i64).step_by(61).map(Faulty::full_after);
    let failing = (0..24).map(Faulty::failing_after);
    let mut stopped = 0;
    for (number, disk) in full.chain(failing).enumerate() {
        let (place, mut world) = (place(4), World::new(number as u64, true));
        let came = here(&place, &mut world, Act::Apply, disk, u64::MAX);
        if let Err(problem) = came {
            assert_eq!(problem.code, "JournalNotWritten");
            stopped += 1;
        }
        all_written_down(&place, &world);
        finish(&place, &mut world, Act::Apply);
        expect(&world, 4, Act::Apply);
    }
    assert!(stopped > 100, "{stopped}");
}

#[test]
fn without_a_journal_nothing_is_done() {
    let (place, mut world) = (place(4), World::new(6, true));
    let problem = here(&place, &mut world, Act::Apply, ReadOnly, u64::MAX).err().unwrap();
    assert_eq!(problem.code, "JournalNotWritten");
    assert!(problem.message.contains("nothing is done"), "{}", problem.message);
    assert!(world.effects.is_empty() && !folder_of(&place.plan).exists());
    finish(&place, &mut world, Act::Apply);
    expect(&world, 4, Act::Apply);
    // Nor over one that is damaged.
    let path = folder_of(&place.plan).join("target-graph.jsonl");
    let damaged = fs::read_to_string(&path).unwrap().replacen("\"outcome\"", "\"outc", 1);
    fs::write(&path, damaged).unwrap();
    world.effects.clear();
    assert_eq!(here(&place, &mut world, Act::Undo, Faulty::default(), u64::MAX).err().unwrap().code, "JournalDamaged");
    assert!(world.effects.is_empty());
}

#[test]
fn a_clock_that_goes_backwards_all_the_time_only_takes_longer() {
    let (place, mut world) = (place(20), World::new(8, true));
    world.back = 5_000;
    // Stopped again and again, each time with a change begun.
    for writes in 1..20 {
        let came = here(&place, &mut world, Act::Apply, Faulty::default(), writes);
        assert!(came.is_ok_and(|came| came.summary.exit_code == 0) || writes < 19, "100 changes are not 190");
    }
    finish(&place, &mut world, Act::Apply);
    expect(&world, 20, Act::Apply);
}

//! An application in a process of its own, which asks its parent for everything, and which its parent kills.

use crate::disks::{Faulty, Forgetting, Random};
use crate::run::{apply, Line};
use crate::world::World;
use coexist_core::apply::journal::Act;
use coexist_core::plan::Surface;
use coexist_files::journal::{Disk, Files};
use serde::{Deserialize, Serialize};
use serde_json::{json, Value};
use std::io::{BufRead, BufReader, Lines, StdinLock, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const CHILD: &str = "COEXIST_TEST_APPLY";
/// What begins a line that is meant for the parent; the test harness writes others.
const MARK: char = '\u{1}';

struct Pipe(Lines<StdinLock<'static>>);

fn say(value: &Value) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{MARK}{value}").and_then(|()| out.flush());
}

impl Line for Pipe {
    fn ask(&mut self, question: &Value) -> Option<Value> {
        say(question);
        serde_json::from_str(&self.0.next()?.ok()?).ok()
    }
}

/// The child: carries a plan out as it is told, and says what came of it.
pub fn child() {
    let Ok(task) = std::env::var(CHILD) else { return };
    let task: Value = serde_json::from_str(&task).unwrap();
    let surfaces: Vec<Surface> = serde_json::from_value(task["surfaces"].clone()).unwrap();
    let act: Act = serde_json::from_value(task["act"].clone()).unwrap();
    let disk: Arc<dyn Disk> = match serde_json::from_value(task["disk"].clone()).unwrap() {
        On::Files => Arc::new(Files),
        On::Quick => Arc::new(Faulty::default()),
        On::Forgetting(seed, dies) => Arc::new(Forgetting { seed, dies: Arc::new(dies.into()) }),
    };
    let came = apply(Path::new(task["plan"].as_str().unwrap()), act, &surfaces, disk, &mut Pipe(std::io::stdin().lines()));
    say(&match came {
        Ok(came) => json!({"exitCode": came.summary.exit_code, "trouble": came.trouble, "notices": came.notices}),
        Err(problem) => json!({"problem": problem}),
    });
}

/// What a child is to do, and what is done to it.
#[derive(Clone)]
pub struct Task {
    pub plan: std::path::PathBuf,
    pub act: Act,
    pub surfaces: Vec<Surface>,
    /// Where its journal is.
    pub disk: On,
    /// When it is killed.
    pub kill: Option<Kill>,
}

/// A disk.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub enum On {
    /// This machine's.
    Files,
    /// The same, without the time that it takes.
    Quick,
    /// Of a machine that loses its power when the process dies, or in the middle of some sync.
    Forgetting(u64, i64),
}

impl On {
    /// The same with other chances; every other time its power is lost after so many operations on the average.
    pub fn draw(self, random: &mut Random, operations: u64, dies: bool) -> Self {
        match self {
            On::Forgetting(..) if dies && random.below(2) == 0 => On::Forgetting(random.next(), 1 + random.below(4 * operations) as i64),
            On::Forgetting(..) => On::Forgetting(random.next(), i64::MAX),
            other => other,
        }
    }
}

#[derive(Clone, Copy)]
pub enum Kill {
    /// After so many microseconds, wherever it is.
    After(u64),
    /// At the question of this number, counted from zero.
    At(u64, Instant),
    /// At the write of this number, counted from zero.
    AtWrite(u64, Instant),
}

#[derive(Clone, Copy)]
pub enum Instant {
    /// It has asked, and nothing took effect.
    Before,
    /// It took effect, and the answer is not given.
    Between,
    /// It has its answer, and so many microseconds to go on.
    Answered(u64),
}

impl Kill {
    /// Some instant, so that this many questions are answered on the average.
    pub fn some(random: &mut Random, questions: u64) -> Self {
        let instant = match random.below(3) {
            0 => Instant::Before,
            1 => Instant::Between,
            _ => Instant::Answered(random.below(600)),
        };
        match random.below(4) {
            0 => Kill::After(random.below(150_000)),
            1 => Kill::At(random.below(2 * questions), instant),
            _ => Kill::AtWrite(random.below(questions / 2), instant),
        }
    }
}

/// Runs a child to its end or its death; what it said at its end.
pub fn run(task: &Task, world: &Mutex<World>) -> Option<Value> {
    let act = serde_json::to_value(task.act).unwrap();
    let told = json!({"plan": task.plan, "act": act, "surfaces": task.surfaces, "disk": task.disk});
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture", "--test-threads=1"])
        .env(CHILD, told.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut to, from) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
    let child = Arc::new(Mutex::new(child));
    if let Some(Kill::After(microseconds)) = task.kill {
        let child = child.clone();
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_micros(microseconds));
            // One that has ended by now has been waited for, and its id is nobody's: the handle knows.
            let _ = child.lock().unwrap().kill();
        });
    }
    let said = converse(task.kill, world, &child, &mut to, from);
    // What it asked last may have been asked in vain, and it may still be at work.
    drop(to);
    let status = child.lock().unwrap().wait().unwrap();
    assert!(said.is_some() || status.code() != Some(101), "it panicked");
    said
}

fn converse(kill: Option<Kill>, world: &Mutex<World>, child: &Mutex<Child>, to: &mut ChildStdin, from: impl BufRead) -> Option<Value> {
    let (mut questions, mut writes, mut said) = (0, 0, None);
    for line in from.lines() {
        let line = line.ok()?;
        let Some(text) = line.split_once(MARK).map(|(_, text)| text) else { continue };
        let question: Value = serde_json::from_str(text).ok()?;
        if question.get("exitCode").or(question.get("problem")).is_some() {
            // The test harness has something to say yet.
            said = Some(question);
            continue;
        }
        let is_write = question["writes"] == true;
        let here = match kill {
            Some(Kill::At(number, instant)) if number == questions => Some(instant),
            Some(Kill::AtWrite(number, instant)) if is_write && number == writes => Some(instant),
            _ => None,
        };
        questions += 1;
        writes += u64::from(is_write);
        let dies = || child.lock().unwrap().kill().unwrap();
        if let Some(Instant::Before) = here {
            dies();
            return None;
        }
        let answer = answer(&mut world.lock().unwrap(), &question);
        if let Some(Instant::Between) = here {
            dies();
            return None;
        }
        if question["wait"].as_i64().is_some_and(|wait| wait > 0) {
            // Whoever waits lets others work.
            std::thread::sleep(Duration::from_micros(100));
        }
        // To one that is dead it cannot be given; what it asked last has had its effect all the same.
        let given = writeln!(to, "{answer}");
        if let Some(Instant::Answered(microseconds)) = here {
            std::thread::sleep(Duration::from_micros(microseconds));
            dies();
            return None;
        }
        given.ok()?;
    }
    said
}

/// What the world answers.
pub fn answer(world: &mut World, question: &Value) -> Value {
    let answer = match question["wait"].as_i64() {
        Some(wait) => {
            world.ticks += wait;
            Ok(Vec::new())
        }
        None => world.ask(question["name"].as_str().unwrap(), &question["parameters"]),
    };
    let (ticks, now) = (world.ticks, world.now());
    match answer {
        Ok(objects) => json!({"ticks": ticks, "now": now, "objects": objects}),
        Err(refused) => json!({"ticks": ticks, "now": now, "refused": refused}),
    }
}

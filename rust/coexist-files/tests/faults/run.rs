//! One application of a plan, over whatever carries its questions to the world.

use coexist_core::apply::host::{Audience, Call, Clock, Host, Means, Refusal, Tenants};
use coexist_core::apply::journal::{Act, Run};
use coexist_core::apply::{time_text, Options, Row, Runner, Summary};
use coexist_core::finding::Side;
use coexist_core::plan::Surface;
use coexist_core::problem::{Category, Problem};
use coexist_files::applying::{read_plan, Journals};
use coexist_files::journal::Disk;
use serde_json::{json, Value};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

/// Carries a question to the world.
pub trait Line {
    /// Asks, and answers with the ticks and the time of the world; nothing where nobody answers.
    fn ask(&mut self, question: &Value) -> Option<Value>;
}

struct Shared<'l> {
    line: RefCell<&'l mut dyn Line>,
    /// The ticks, and the clock on the wall.
    time: Rc<Cell<(i64, i64)>>,
}

impl Shared<'_> {
    fn ask(&self, question: &Value) -> Option<Value> {
        let answer = self.line.borrow_mut().ask(question)?;
        self.time.set((answer["ticks"].as_i64().unwrap(), answer["now"].as_i64().unwrap()));
        Some(answer)
    }
}

struct Reached<'s, 'l> {
    shared: &'s Shared<'l>,
    surfaces: &'s [Surface],
}

impl Reached<'_, '_> {
    fn call(&self, call: &Call, writes: bool) -> Result<Vec<Value>, Refusal> {
        let question = match call {
            Call::Command { name, parameters, .. } => json!({"name": name, "parameters": parameters, "writes": writes}),
            Call::Request { method, path, body } => json!({"name": format!("{method} {path}"), "parameters": body, "writes": writes}),
        };
        let Some(answer) = self.shared.ask(&question) else { return Err(Refusal::new(Means::Cancelled, "", "")) };
        if let Some(objects) = answer["objects"].as_array() {
            return Ok(objects.clone());
        }
        let refused: [String; 3] = serde_json::from_value(answer["refused"].clone()).unwrap();
        let means = match refused[0].as_str() {
            "NotFound" => Means::NotFound,
            "Transient" => Means::Transient,
            "Refused" => Means::Refused,
            _ => Means::Unknown,
        };
        Err(Refusal::new(means, &refused[1], refused[2].clone()))
    }
}

impl Tenants for Reached<'_, '_> {
    fn reaches(&self, side: Side, surface: Surface) -> bool {
        side == Side::Target && self.surfaces.contains(&surface)
    }

    fn read(&mut self, _: Side, _: Surface, call: &Call) -> Result<Vec<Value>, Refusal> {
        self.call(call, false)
    }

    fn write(&mut self, _: Side, _: Surface, call: &Call) -> Result<(), Refusal> {
        self.call(call, true).map(|_| ())
    }
}

struct Time<'s, 'l>(&'s Shared<'l>);

impl Clock for Time<'_, '_> {
    fn now(&self) -> i64 {
        self.0.time.get().1
    }

    fn ticks(&self) -> i64 {
        self.0.time.get().0
    }

    fn wait(&self, milliseconds: i64) -> Result<(), Problem> {
        self.0.ask(&json!({"wait": milliseconds})).map(|_| ()).ok_or_else(Problem::cancelled)
    }
}

/// Says yes to everything, and keeps the rows of what went wrong.
#[derive(Default)]
struct Silent(Vec<String>);

impl Audience for Silent {
    fn row(&mut self, row: &Row) -> Result<(), Problem> {
        use coexist_core::apply::Kind;
        if matches!(row.outcome, Kind::Skipped | Kind::Failed) {
            self.0.push(format!("{} {:?} {} {}", row.operation, row.outcome, row.code.as_deref().unwrap_or_default(), row.message.as_deref().unwrap_or_default()));
        }
        Ok(())
    }

    fn notice(&mut self, code: &'static str, message: &str) -> Result<(), Problem> {
        Err(Problem::new(code, Category::NotSpecified, message))
    }

    fn may_write(&mut self, _: &str, _: &str) -> Result<bool, Problem> {
        Ok(true)
    }

    fn may_for_good(&mut self, _: &str, _: u64) -> Result<bool, Problem> {
        Ok(true)
    }

    fn progress(&mut self, _: &str, _: u64, _: u64) {}

    fn cancelled(&self) -> bool {
        false
    }
}

/// What came of an application.
pub struct Came {
    pub summary: Summary,
    /// What went wrong with operations.
    pub trouble: Vec<String>,
    /// Codes of what was said aloud.
    pub notices: Vec<&'static str>,
}

pub fn apply(path: &Path, act: Act, surfaces: &[Surface], disk: Arc<dyn Disk>, line: &mut dyn Line) -> Result<Came, Problem> {
    let shared = Shared { line: RefCell::new(line), time: Rc::default() };
    shared.ask(&json!({"wait": 0})).ok_or_else(Problem::cancelled)?;
    let clock = Time(&shared);
    let plan = read_plan(path)?;
    let run = Run {
        run: "0123456789abcdef".into(),
        at: String::new(),
        host: "JUMP01".into(),
        pid: std::process::id(),
        user: "CONTOSO\\admin".into(),
        plan: plan.sha256.clone(),
        tenant_id: None,
        version: "0.1.0".into(),
        torn: None,
    };
    let time = shared.time.clone();
    let now = Box::new(move || time_text(time.get().1));
    let keys: Vec<_> = surfaces.iter().map(|surface| (Side::Target, *surface)).collect();
    let mut journals = Journals::open_on(path, &keys, run, BTreeMap::new(), false, now, disk)?;
    let mut ledger = journals.ledger(act == Act::Undo)?;
    let notices = journals.notices.iter().map(|notice| notice.code).collect();
    let (mut tenants, mut audience) = (Reached { shared: &shared, surfaces }, Silent::default());
    let host = Host { tenants: &mut tenants, log: &mut journals, clock: &clock, audience: &mut audience };
    let ran = Runner::new(&plan, &mut ledger, &vec![true; plan.entries.len()], Options::new(act), host).run();
    // A run that stops for a reason has its end, too, where that can be written.
    let closed = journals.close();
    let summary = ran?;
    closed?;
    Ok(Came { summary, trouble: audience.0, notices })
}

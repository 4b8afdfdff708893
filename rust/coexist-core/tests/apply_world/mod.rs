//! A tenant that is nothing but objects with properties, whose reads lag behind its writes; a journal in memory; a clock that goes when somebody waits.

use coexist_core::apply::host::{Audience, Call, Clock, Host, Log, Means, Refusal, Tenants};
use coexist_core::apply::journal::{Act, Intent, Line, Outcome};
use coexist_core::apply::{Ledger, Options, Plan, Row, Runner, Selection, Summary};
use coexist_core::finding::Side;
use coexist_core::plan::Surface;
use coexist_core::problem::Problem;
use hashbrown::HashMap;
use serde_json::{json, Map, Value};
use std::cell::Cell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

pub const START: i64 = 1_800_000_000_000;

/// What becomes of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Good,
    /// Refused, without effect.
    Refused,
    /// Too busy, without effect.
    Busy,
    /// It has its effect, and its answer is lost.
    Lost,
    /// It has no effect, and its answer is lost.
    LostBefore,
    /// The process dies before the effect.
    DieBefore,
    /// The process dies after the effect.
    DieAfter,
}

pub type Objects = BTreeMap<String, Map<String, Value>>;

#[derive(Default)]
pub struct World {
    pub objects: Objects,
    /// Earlier states with the time until which they were true.
    past: VecDeque<(i64, Objects)>,
    pub lag: i64,
    /// By operation's mark: how often it took effect.
    pub effects: BTreeMap<String, u32>,
    pub fates: VecDeque<Fate>,
    pub reads: u64,
    /// What somebody else changes, and when.
    pub others: Vec<(i64, String, String, Value)>,
    /// So many of the next reads find the service too busy.
    pub busy_reads: u32,
    /// How much longer a read takes.
    pub slow: i64,
}

/// The process died: the run ends here.
pub const DEAD: &str = "dead";

impl World {
    fn shown(&self, now: i64) -> &Objects {
        self.past.iter().find(|(until, _)| now - self.lag < *until).map_or(&self.objects, |(_, objects)| objects)
    }

    fn others(&mut self, now: i64) {
        let (due, later) = std::mem::take(&mut self.others).into_iter().partition(|(at, ..)| *at <= now);
        self.others = later;
        for (at, id, property, value) in due {
            self.change(at, |objects| drop(objects.entry(id).or_default().insert(property, value)));
        }
    }

    fn change(&mut self, now: i64, change: impl FnOnce(&mut Objects)) {
        self.past.push_back((now, self.objects.clone()));
        if self.past.len() > 400 {
            self.past.pop_front();
        }
        change(&mut self.objects);
    }
}

#[derive(Clone)]
pub struct Time(pub Rc<Cell<i64>>, pub Rc<Cell<i64>>);

impl Clock for Time {
    fn now(&self) -> i64 {
        self.0.get() + self.1.get()
    }
    fn ticks(&self) -> i64 {
        self.0.get()
    }
    fn wait(&self, milliseconds: i64) -> Result<(), Problem> {
        assert!(milliseconds > 0, "a wait that waits for nothing never ends");
        self.0.set(self.0.get() + milliseconds);
        Ok(())
    }
}

pub struct Reached<'w> {
    pub world: &'w mut World,
    pub time: Time,
    pub surfaces: Vec<Surface>,
}

impl Tenants for Reached<'_> {
    fn reaches(&self, _: Side, surface: Surface) -> bool {
        self.surfaces.contains(&surface)
    }

    fn read(&mut self, side: Side, surface: Surface, call: &Call) -> Result<Vec<Value>, Refusal> {
        if !self.reaches(side, surface) {
            return Err(Refusal::new(Means::Unreachable, "NotConnected", "not connected"));
        }
        self.world.reads += 1;
        self.time.0.set(self.time.0.get() + 100 + self.world.slow);
        self.world.others(self.time.ticks());
        if self.world.busy_reads > 0 {
            self.world.busy_reads -= 1;
            return Err(Refusal::new(Means::Transient, "ServerBusy", "busy"));
        }
        let Call::Command { parameters, .. } = call else { panic!("{call:?}") };
        let id = parameters["Identity"].as_str().unwrap();
        match self.world.shown(self.time.ticks()).get(id) {
            Some(object) => Ok(vec![Value::Object(object.clone())]),
            None => Err(Refusal::new(Means::NotFound, "NotFound", format!("'{id}' couldn't be found"))),
        }
    }

    fn write(&mut self, _: Side, _: Surface, call: &Call) -> Result<(), Refusal> {
        self.time.0.set(self.time.0.get() + 1000);
        let now = self.time.ticks();
        self.world.others(now);
        let fate = self.world.fates.pop_front().unwrap_or(Fate::Good);
        match fate {
            Fate::Refused => return Err(Refusal::new(Means::Refused, "Refused", "no")),
            Fate::Busy => return Err(Refusal::new(Means::Transient, "ServerBusy", "busy")),
            Fate::LostBefore => return Err(Refusal::new(Means::Unknown, "Timeout", "no answer")),
            Fate::DieBefore => return Err(Refusal::new(Means::Cancelled, DEAD, "dead")),
            _ => {}
        }
        let Call::Command { name, parameters, .. } = call else { panic!("{call:?}") };
        let id = parameters["Identity"].as_str().or(parameters["Name"].as_str()).unwrap().to_string();
        let there = self.world.objects.contains_key(&id);
        match name.as_str() {
            "New-Thing" if there => return Err(Refusal::new(Means::Refused, "Exists", "is already being used")),
            "New-Thing" => self.world.change(now, |objects| drop(objects.insert(id.clone(), Map::from_iter([("Name".to_string(), json!(id))])))),
            "Remove-Thing" | "Set-Thing" if !there => return Err(Refusal::new(Means::NotFound, "NotFound", "couldn't be found")),
            "Remove-Thing" => self.world.change(now, |objects| drop(objects.remove(&id))),
            _ => {
                let set = parameters["Set"].as_object().unwrap().clone();
                let addresses = parameters.get("EmailAddresses").cloned();
                self.world.change(now, |objects| {
                    let object = objects.get_mut(&id).unwrap();
                    object.extend(set);
                    if let Some(addresses) = addresses {
                        let list = |verb: &str| addresses[verb].as_array().cloned().unwrap_or_default();
                        let mut own = object.remove("EmailAddresses").and_then(|own| own.as_array().cloned()).unwrap_or_default();
                        let same = |a: &Value, b: &Value| a.as_str().unwrap().eq_ignore_ascii_case(b.as_str().unwrap());
                        own.retain(|own| !list("Remove").iter().any(|gone| same(own, gone)));
                        let new: Vec<Value> = list("Add").into_iter().filter(|new| !own.iter().any(|own| same(own, new))).collect();
                        own.extend(new);
                        object.insert("EmailAddresses".into(), Value::Array(own));
                    }
                });
            }
        }
        *self.world.effects.entry(parameters["Mark"].as_str().unwrap().to_string()).or_default() += 1;
        match fate {
            Fate::Lost => Err(Refusal::new(Means::Unknown, "Timeout", "no answer")),
            Fate::DieAfter => Err(Refusal::new(Means::Cancelled, DEAD, "dead")),
            _ => Ok(()),
        }
    }
}

#[derive(Default, Clone)]
pub struct Memory {
    pub lines: Vec<(Side, Surface, Line)>,
    pub heard: usize,
    pub busy: Vec<Surface>,
    /// Somebody else has these.
    pub locked: Vec<Surface>,
    /// What others will write when it was asked for news so often.
    pub news: Vec<(u32, Line)>,
    pub asked: u32,
    /// The process dies when it has written so many outcomes more.
    pub dies_after: Option<u32>,
}

impl Log for Memory {
    fn intent(&mut self, side: Side, surface: Surface, intent: Intent) -> Result<(), Problem> {
        if self.locked.contains(&surface) {
            return Err(Problem::new("PlanLocked", coexist_core::problem::Category::ResourceExists, "somebody else"));
        }
        self.lines.push((side, surface, Line::Intent(intent)));
        self.heard = self.lines.len();
        Ok(())
    }
    fn outcome(&mut self, side: Side, surface: Surface, outcome: Outcome) -> Result<(), Problem> {
        if self.locked.contains(&surface) {
            return Err(Problem::new("PlanLocked", coexist_core::problem::Category::ResourceExists, "somebody else"));
        }
        match &mut self.dies_after {
            Some(0) => return Err(Problem::cancelled()),
            Some(left) => *left -= 1,
            None => {}
        }
        self.lines.push((side, surface, Line::Outcome(outcome)));
        self.heard = self.lines.len();
        Ok(())
    }
    fn news(&mut self, each: &mut dyn FnMut(Side, Surface, Line)) -> Result<(), Problem> {
        self.asked += 1;
        let (due, later) = std::mem::take(&mut self.news).into_iter().partition(|(at, _)| *at <= self.asked);
        self.news = later;
        self.lines.extend(due.into_iter().map(|(_, line)| (Side::Target, Surface::ActiveDirectory, line)));
        for (side, surface, line) in &self.lines[self.heard..] {
            each(*side, *surface, line.clone());
        }
        self.heard = self.lines.len();
        Ok(())
    }
    fn at_work(&self, _: Side, surface: Surface) -> bool {
        self.busy.contains(&surface)
    }
}

#[derive(Default)]
pub struct Listener {
    pub rows: Vec<Row>,
    pub asked: Vec<(String, String)>,
    pub for_good: Vec<String>,
    pub allows: bool,
    pub declines: bool,
    /// Whoever is asked thinks for so long.
    pub thinks: Option<(Time, i64)>,
    pub notices: Vec<(&'static str, String)>,
}

impl Audience for Listener {
    fn row(&mut self, row: &Row) -> Result<(), Problem> {
        self.rows.push(row.clone());
        Ok(())
    }
    fn notice(&mut self, code: &'static str, message: &str) -> Result<(), Problem> {
        self.notices.push((code, message.into()));
        Ok(())
    }
    fn may_write(&mut self, target: &str, action: &str) -> Result<bool, Problem> {
        self.asked.push((target.into(), action.into()));
        if let Some((time, thinks)) = &self.thinks {
            time.0.set(time.0.get() + thinks);
        }
        Ok(!self.declines)
    }
    fn may_for_good(&mut self, message: &str, _: u64) -> Result<bool, Problem> {
        self.for_good.push(message.into());
        Ok(self.allows)
    }
    fn progress(&mut self, _: &str, _: u64, _: u64) {}
    fn cancelled(&self) -> bool {
        false
    }
}

/// Both, and what is between them.
pub struct Stage {
    pub plan: Plan,
    pub world: World,
    pub memory: Memory,
    pub time: Time,
    pub surfaces: Vec<Surface>,
    pub selection: Selection,
    pub listener: Listener,
}

pub fn plan_of(operations: &[Value]) -> Plan {
    let reads = json!({"thing": {"surface": "exchange", "command": "Get-Thing"}, "adThing": {"surface": "activeDirectory", "command": "Get-Thing"}});
    let tenant = |name: &str| json!({"name": name, "tenantId": null});
    let file = json!({"version": 1, "source": tenant("contoso"), "target": tenant("fabrikam"), "reads": reads, "steps": {"a": {"what": "Do a."}}, "operations": operations});
    Plan::parse(file.to_string().into_bytes(), "0".repeat(64)).unwrap()
}

impl Stage {
    pub fn new(operations: &[Value], objects: Objects) -> Self {
        let world = World { objects, ..World::default() };
        let surfaces = vec![Surface::Exchange, Surface::ActiveDirectory];
        let time = Time(Rc::new(Cell::new(0)), Rc::new(Cell::new(START)));
        Stage { plan: plan_of(operations), world, memory: Memory::default(), time, surfaces, selection: Selection::default(), listener: Listener::default() }
    }

    /// One process over what earlier ones left.
    pub fn run(&mut self, options: Options) -> Result<Summary, Problem> {
        let mut ledger = Ledger::new(options.act == Act::Undo);
        self.memory.lines.iter().for_each(|(side, surface, line)| ledger.take(*side, *surface, line.clone()));
        self.memory.heard = self.memory.lines.len();
        self.listener = Listener { allows: self.listener.allows, declines: self.listener.declines, thinks: self.listener.thinks.take(), ..Listener::default() };
        let selected = self.selection.of(&self.plan, &HashMap::new())?;
        let mut tenants = Reached { world: &mut self.world, time: self.time.clone(), surfaces: self.surfaces.clone() };
        let host = Host { tenants: &mut tenants, log: &mut self.memory, clock: &self.time, audience: &mut self.listener };
        Runner::new(&self.plan, &mut ledger, &selected, options, host).run()
    }

    pub fn row(&self, id: &str) -> &Row {
        self.listener.rows.iter().find(|row| row.operation == id).unwrap_or_else(|| panic!("no row for {id}: {:#?}", self.listener.rows))
    }
}

/// An operation that sets one property of a thing.
pub fn set(id: &str, thing: &str, property: &str, from: Value, to: &str, depends_on: &[&str]) -> Value {
    let empty = from.is_null();
    let expect = if empty { json!({"property": property, "empty": true}) } else { json!({"property": property, "equals": from}) };
    json!({
        "id": id, "stage": "prepare", "surface": "exchange", "tenant": "target", "subject": {"target": thing, "name": thing.to_uppercase()}, "read": "thing",
        "command": {"name": "Set-Thing", "parameters": {"Identity": thing, "Set": {property: to}, "Mark": id}}, "dependsOn": depends_on,
        "expect": [expect], "verify": [{"property": property, "equals": to}],
        "undo": {"command": {"name": "Set-Thing", "parameters": {"Identity": thing, "Set": {property: from}, "Mark": format!("{id} undone")}}}
    })
}

/// An operation that makes a thing.
pub fn make(id: &str, thing: &str) -> Value {
    json!({
        "id": id, "stage": "prepare", "surface": "exchange", "tenant": "target", "subject": {"target": thing, "name": thing.to_uppercase()}, "read": "thing",
        "command": {"name": "New-Thing", "parameters": {"Name": thing, "Mark": id}}, "dependsOn": [], "expect": [], "verify": [{"property": "Name", "equals": thing}],
        "undo": {"command": {"name": "Remove-Thing", "parameters": {"Identity": thing, "Mark": format!("{id} undone")}}}
    })
}

pub fn thing(name: &str) -> (String, Map<String, Value>) {
    (name.to_string(), Map::from_iter([("Name".to_string(), json!(name))]))
}

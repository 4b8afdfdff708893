//! A plan's file, read so that millions of operations take little memory: the text stays as it is, an operation is put together when its turn comes.

use super::operation::{Operation, ReadForm, Subject};
use super::order::Order;
use crate::finding::Side;
use crate::plan::{expand, expand_member, Stage, Surface, TenantRef, VERSION};
use crate::problem::{Category, Problem};
use hashbrown::HashMap;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{json, Value};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// How the objects of a plan are read, by name.
pub type Read = BTreeMap<String, ReadForm>;

/// What many operations have in common.
#[derive(Debug, Clone, PartialEq)]
pub struct Common {
    /// When in the life of the move.
    pub stage: Stage,
    /// Where it runs.
    pub surface: Surface,
    /// In which tenant.
    pub tenant: Side,
    /// What it waits for, as the plan names it.
    pub depends_on: Vec<String>,
    /// Why it cannot be taken back, where it cannot.
    pub irreversible: Option<String>,
    /// The step whose undo takes it along.
    pub with: Option<String>,
}

/// One operation, without its text.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its id.
    pub id: Box<str>,
    /// Where its text stands.
    text: Range<usize>,
    /// What it has in common with others.
    pub common: Arc<Common>,
    /// The number of its subject: operations of one person, or of one batch.
    pub subject: u32,
}

impl Entry {
    /// The last part of its id.
    pub fn step(&self) -> &str {
        self.id.rsplit('/').next().unwrap_or_default()
    }

    /// The part between item and step: the identity in the source, or a batch's name.
    pub fn source(&self) -> &str {
        let inner = self.id.split_once('/').map_or(&*self.id, |(_, rest)| rest);
        inner.rsplit_once('/').map_or(inner, |(source, _)| source)
    }

    /// The first part of its id: the backlog item, `batch` or `oneDrive`.
    pub fn item(&self) -> &str {
        self.id.split('/').next().unwrap_or_default()
    }
}

/// A plan, or the file of batches, which has operations and places of its own.
pub struct Plan {
    text: Vec<u8>,
    /// The SHA-256 of the file.
    pub sha256: String,
    /// The tenant that people move out of.
    pub source: TenantRef,
    /// The tenant that people move into.
    pub target: TenantRef,
    /// How objects are read.
    pub reads: Read,
    steps: Value,
    /// Every operation, in the plan's order; places of a batch stand before its operations' dependants.
    pub entries: Vec<Entry>,
    /// What waits for what.
    pub order: Order,
    by_id: HashMap<Box<str>, u32>,
    /// Of the file of batches: who is in which.
    pub batches: HashMap<Box<str>, Box<str>>,
}

#[derive(Deserialize)]
struct File<'f> {
    version: u32,
    #[serde(default)]
    source: Option<TenantRef>,
    #[serde(default)]
    target: Option<TenantRef>,
    #[serde(default)]
    reads: Read,
    #[serde(borrow, default)]
    operations: Vec<&'f RawValue>,
    #[serde(borrow, default)]
    places: Vec<&'f RawValue>,
    #[serde(default)]
    steps: Value,
    #[serde(default)]
    people: Vec<Person>,
}

/// A person in the file of batches.
#[derive(Deserialize)]
struct Person {
    identity: Box<str>,
    #[serde(default)]
    batch: Option<Box<str>>,
}

/// What a line says of itself.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    id: Box<str>,
    #[serde(default)]
    form: Option<Box<str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Whole {
    stage: Stage,
    #[serde(default)]
    surface: Option<Surface>,
    #[serde(default)]
    tenant: Option<Side>,
    #[serde(default)]
    depends_on: Vec<String>,
    #[serde(default)]
    gates: Vec<Value>,
    #[serde(default)]
    undo: Value,
    #[serde(default)]
    check: Value,
    #[serde(default)]
    not_before: Option<String>,
    #[serde(default)]
    not_after: Option<String>,
}

fn invalid(what: impl std::fmt::Display) -> Problem {
    let message = format!("The plan cannot be used: {what}. It is not as it was written, so nothing of it is carried out; make it again.");
    Problem::new("PlanInvalid", Category::InvalidData, message)
}

impl Plan {
    /// Reads a plan's text.
    ///
    /// # Errors
    /// `PlanInvalid`, `PlanLineInvalid`, `PlanNewer`.
    pub fn parse(text: Vec<u8>, sha256: String) -> Result<Self, Problem> {
        let start = text.as_ptr() as usize;
        let file: File = serde_json::from_slice(&text).map_err(invalid)?;
        if file.version > VERSION {
            let message = format!("The plan has version {}, and this Coexist knows {VERSION}: what it would do is not known. Use the Coexist that made it.", file.version);
            return Err(Problem::new("PlanNewer", Category::InvalidData, message));
        }
        for (name, form) in &file.reads {
            // The object that another one's identity comes from is read by what is known of it.
            if form.id_from.as_ref().is_some_and(|first| file.reads.get(first).is_none_or(|first| first.id_from.is_some())) {
                return Err(invalid(format!("the read '{name}' takes its identity from a read that has none of its own")));
            }
        }
        let mut commons: HashMap<(String, String), Arc<Common>> = HashMap::new();
        let mut subjects: HashMap<Box<str>, u32> = HashMap::new();
        let mut entries = Vec::with_capacity(file.operations.len() + file.places.len());
        let mut by_id = HashMap::with_capacity(entries.capacity());
        let places = file.places.iter().map(|place| (place, true));
        for (raw, place) in places.chain(file.operations.iter().map(|operation| (operation, false))) {
            let at = raw.get().as_ptr() as usize - start;
            // To serde, a list of values is as good as an object.
            if !raw.get().starts_with('{') {
                return Err(invalid("an operation is no object"));
            }
            let line: Line = serde_json::from_str(raw.get()).map_err(invalid)?;
            let step = line.id.rsplit('/').next().unwrap_or_default();
            let common = match &line.form {
                Some(form) => {
                    let key = (step.to_string(), form.to_string());
                    match commons.get(&key) {
                        Some(common) => common.clone(),
                        None => {
                            let whole = file.steps[step]["forms"][&**form].clone();
                            let common = Arc::new(common(whole, place, &file.reads).map_err(|cause| invalid(format!("the form {form} of '{step}': {cause}")))?);
                            commons.insert(key, common.clone());
                            common
                        }
                    }
                }
                None => {
                    let whole = serde_json::from_str(raw.get()).map_err(invalid)?;
                    Arc::new(common(whole, place, &file.reads).map_err(|cause| invalid(format!("'{}': {cause}", line.id)))?)
                }
            };
            let Some((subject, _)) = line.id.rsplit_once('/') else { return Err(invalid(format!("'{}' is no id of an operation", line.id))) };
            let next = subjects.len() as u32;
            let subject = *subjects.entry_ref(subject).or_insert(next);
            if by_id.insert(line.id.clone(), entries.len() as u32).is_some() {
                return Err(invalid(format!("'{}' stands in it twice", line.id)));
            }
            entries.push(Entry { id: line.id, text: at..at + raw.get().len(), common, subject });
        }
        let batches: HashMap<Box<str>, Box<str>> = file.people.into_iter().filter_map(|person| Some((person.identity, person.batch?))).collect();
        let order = Order::new(&entries, &by_id, subjects.len(), &batches)?;
        let (source, target) = (file.source.unwrap_or_default(), file.target.unwrap_or_default());
        let (reads, steps) = (file.reads, file.steps);
        Ok(Plan { sha256, source, target, reads, steps, entries, order, by_id, batches, text })
    }

    /// The tenant of a side.
    pub fn tenant(&self, side: Side) -> &TenantRef {
        match side {
            Side::Source => &self.source,
            Side::Target => &self.target,
        }
    }

    /// The number of an operation.
    pub fn find(&self, id: &str) -> Option<u32> {
        self.by_id.get(id).copied()
    }

    /// One operation, by its number.
    pub fn entry(&self, number: u32) -> &Entry {
        &self.entries[number as usize]
    }

    /// The operation that another one is taken back with.
    pub fn base(&self, number: u32) -> Option<u32> {
        let entry = self.entry(number);
        let with = entry.common.with.as_ref()?;
        let (subject, _) = entry.id.rsplit_once('/')?;
        self.find(&[subject, with].join("/")).filter(|base| *base != number)
    }

    /// What a step does, in words.
    pub fn what<'s>(&'s self, step: &'s str) -> &'s str {
        self.steps[step]["what"].as_str().unwrap_or(step)
    }

    /// One operation, put together, with its fingerprint.
    ///
    /// # Errors
    /// `PlanLineInvalid`.
    pub fn operation(&self, number: u32) -> Result<(Operation, String), Problem> {
        let entry = self.entry(number);
        let mut whole = self.whole(number)?;
        let fingerprint = fingerprint(&whole.to_string());
        whole["surface"] = json!(entry.common.surface);
        whole["tenant"] = json!(entry.common.tenant);
        let mut operation = Operation::read(whole)?;
        if operation.subject.name.is_empty() {
            // A place is about its batch.
            operation.subject.name = entry.source().into();
        }
        Ok((operation, fingerprint))
    }

    /// The fingerprint of an operation alone; empty where it cannot be put together.
    pub fn fingerprint(&self, number: u32) -> String {
        self.whole(number).map(|whole| fingerprint(&whole.to_string())).unwrap_or_default()
    }

    /// Whom an operation is about; nobody where it cannot be put together.
    pub fn subject(&self, number: u32) -> Subject {
        let read = || {
            let line = self.line(number).ok()?;
            let subject = match line.get("form") {
                Some(form) => expand_member(self.steps[self.entry(number).step()]["forms"][form.as_str()?].get("subject")?, &line).ok()?,
                None => line.get("subject")?.clone(),
            };
            serde_json::from_value(subject).ok()
        };
        let place = || Subject { name: self.entry(number).source().into(), ..Subject::default() };
        read().unwrap_or_else(place)
    }

    fn line(&self, number: u32) -> Result<Value, Problem> {
        serde_json::from_slice(&self.text[self.entry(number).text.clone()]).map_err(invalid)
    }

    fn whole(&self, number: u32) -> Result<Value, Problem> {
        let line = self.line(number)?;
        if line.get("form").is_some() { expand(&self.steps, &line) } else { Ok(line) }
    }
}

fn common(whole: Value, place: bool, reads: &Read) -> Result<Common, String> {
    if whole.is_null() {
        return Err("is not there".into());
    }
    let whole: Whole = serde_json::from_value(whole).map_err(|cause| cause.to_string())?;
    for moment in [&whole.not_before, &whole.not_after].into_iter().flatten() {
        // In a form a name may stand for it; a line is looked at when its turn comes.
        if !moment.starts_with('{') {
            super::operation::moment(moment)?;
        }
    }
    // A place is the business of the surface where it is seen whether it can be passed.
    let seen = || {
        let gate = whole.gates.first().and_then(|gate| reads.get(gate["read"].as_str()?)?.surface);
        gate.or_else(|| serde_json::from_value(whole.check["surface"].clone()).ok())
    };
    let surface = if place { seen() } else { whole.surface };
    let text = |value: &Value| value.as_str().map(String::from);
    Ok(Common {
        stage: whole.stage,
        surface: surface.unwrap_or(Surface::Manual),
        tenant: whole.tenant.unwrap_or(Side::Target),
        depends_on: whole.depends_on,
        irreversible: text(&whole.undo["irreversible"]),
        with: text(&whole.undo["with"]),
    })
}

/// FNV-1a: it tells operations of the same id in two plans apart, so it must be the same in every version.
fn fingerprint(text: &str) -> String {
    format!("{:016x}", crate::fnv::hash(text.bytes()))
}

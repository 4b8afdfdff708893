//! A plan of batches as it is shown and written.

use super::calendar::moments::Moments;
use super::calendar::text::iso;
use super::explain::{exclusion, night_name};
use super::handover::Handover;
use super::outcome::{BatchPlan, NONE};
use super::planner::Input;
use super::steps::{self, Item, STEPS};
use super::tie::Missed;
use super::verdict::Exclusion;
use crate::plan::{Input as Fingerprint, PlanFinding};
use crate::problem::Problem;
use serde::Serialize;
use std::collections::BTreeMap;

/// The version of the format.
pub const VERSION: u32 = 1;

/// One person, as the cmdlet emits them.
#[derive(Debug, Clone, PartialEq)]
pub struct PersonRow<'a> {
    /// The person.
    pub identity: &'a str,
    /// The batch; `None` for who is in none.
    pub batch: Option<&'a str>,
    /// The night's date; `None` without a calendar.
    pub night: Option<String>,
    /// When the batch is completed (ISO 8601, UTC).
    pub complete_after: Option<String>,
    /// How many ties lead to people of other nights.
    pub cut_ties: u64,
    /// What those weigh.
    pub cut_weight: u64,
    /// Whether the person is elsewhere than in the previous plan.
    pub moved: bool,
    /// The batch of the previous plan, where it was another.
    pub previous_batch: Option<&'a str>,
    /// From the removal of addresses until the target account is an internal member with a licensed mailbox, in hours; `None` where no moments are known.
    pub attribution_gap_hours: Option<f64>,
    /// Finding codes that do not keep the person from moving.
    pub warnings: &'a [&'static str],
    /// Why the person is in no batch.
    pub reason: Option<String>,
}

/// One batch, as the cmdlet emits it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct BatchRow<'a> {
    /// Its name.
    pub batch: &'a str,
    /// The night's date.
    pub night: Option<String>,
    /// When it is completed (ISO 8601, UTC).
    pub complete_after: Option<String>,
    /// When it is submitted.
    pub submit: Option<String>,
    /// How many people are in it.
    pub people: u64,
    /// Bytes of their mailboxes and archives.
    pub bytes: u64,
    /// What its ties to other nights weigh.
    pub cut_weight: u64,
    /// It has been submitted.
    pub submitted: bool,
}

/// One night, as the cmdlet emits it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct NightRow {
    /// Its date, or its batch where there is no calendar.
    pub night: String,
    /// How many batches it has.
    pub batches: u64,
    /// How many people.
    pub people: u64,
    /// How many it would take.
    pub capacity: u64,
    /// Bytes of their mailboxes and archives.
    pub bytes: u64,
    /// What its ties to other nights weigh.
    pub cut_weight: u64,
}

/// What is counted about the whole, in the result and at the end of the file.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// People in batches.
    pub people: u64,
    /// People in none.
    pub excluded: u64,
    /// Batches.
    pub batches: u64,
    /// Nights with anybody.
    pub nights: u64,
    /// Ties between people who move.
    pub ties: u64,
    /// What they weigh.
    pub tie_weight: u64,
    /// Ties with people who do not move.
    pub missed_ties: u64,
    /// Those between different nights.
    pub cut_ties: u64,
    /// What those weigh.
    pub cut_weight: u64,
    /// People who are elsewhere than in the previous plan.
    pub moved: u64,
    /// By which date everybody is done in half of all cases.
    pub end_p50: Option<String>,
    /// By which date in nine of ten.
    pub end_p90: Option<String>,
    /// What bounds the speed.
    pub binding: Option<String>,
    /// Findings by code.
    pub findings: BTreeMap<String, u64>,
}

/// What rows are made from.
pub struct Report<'a> {
    input: &'a Input<'a>,
    plan: &'a BatchPlan,
    missed: &'a BTreeMap<u16, Missed>,
    /// Per person: ties that are cut, and their weight.
    cut: Vec<(u64, u64)>,
    /// Per person: whether elsewhere, and where before.
    moved: BTreeMap<u32, Option<&'a str>>,
}

impl<'a> Report<'a> {
    /// Over a plan, what it was made from, and the ties that lead out of it, by kind.
    pub fn new(input: &'a Input<'a>, plan: &'a BatchPlan, missed: &'a BTreeMap<u16, Missed>) -> Self {
        let mut cut = vec![(0, 0); input.people.len()];
        for tie in input.ties {
            let (from, to) = (plan.night_of(tie.from), plan.night_of(tie.to));
            if from != to && from != NONE && to != NONE {
                for person in [tie.from, tie.to] {
                    cut[person as usize].0 += 1;
                    cut[person as usize].1 += u64::from(tie.weight);
                }
            }
        }
        let moved = plan.moved.iter().map(|moved| (moved.person, moved.from.as_deref())).collect();
        Report { input, plan, missed, cut, moved }
    }

    /// Everybody, in the order of the input.
    pub fn people(&self) -> impl Iterator<Item = PersonRow<'a>> + '_ {
        (0..self.input.people.len() as u32).map(|person| self.person(person))
    }

    fn person(&self, person: u32) -> PersonRow<'a> {
        let (plan, at) = (self.plan, person as usize);
        let batch = (plan.batch_of[at] != NONE).then(|| &plan.batches[plan.batch_of[at] as usize]);
        let reasons: Vec<String> = plan.verdicts.excluded[at].iter().map(|why| exclusion(self.input, why)).collect();
        PersonRow {
            identity: &self.input.people.list[at].identity,
            batch: batch.map(|batch| batch.name.as_str()),
            night: batch.and_then(|batch| plan.nights[batch.night as usize].date).map(|date| date.to_string()),
            complete_after: batch.and_then(|batch| batch.moments.as_ref()).map(|moments| iso(moments.complete)),
            cut_ties: self.cut[at].0,
            cut_weight: self.cut[at].1,
            moved: self.moved.contains_key(&person),
            previous_batch: self.moved.get(&person).copied().flatten(),
            attribution_gap_hours: plan.gap_minutes[at].map(hours),
            warnings: &plan.verdicts.warned[at],
            reason: (!reasons.is_empty()).then(|| reasons.join(" ")),
        }
    }

    /// Every batch, in the order of the nights.
    pub fn batches(&self) -> impl Iterator<Item = BatchRow<'a>> + '_ {
        self.plan.batches.iter().map(|batch| BatchRow {
            batch: &batch.name,
            night: self.plan.nights[batch.night as usize].date.map(|date| date.to_string()),
            complete_after: batch.moments.as_ref().map(|moments| iso(moments.complete)),
            submit: batch.moments.as_ref().map(|moments| iso(moments.submit)),
            people: batch.people.len() as u64,
            bytes: batch.bytes,
            cut_weight: batch.cut,
            submitted: batch.submitted,
        })
    }

    /// Every night with anybody.
    pub fn nights(&self) -> impl Iterator<Item = NightRow> + '_ {
        self.plan.nights.iter().enumerate().filter(|(_, night)| night.people > 0).map(|(at, night)| NightRow {
            night: night_name(self.plan, at as u32).unwrap_or_default(),
            batches: u64::from(night.batches.end - night.batches.start),
            people: night.people,
            capacity: night.capacity,
            bytes: night.bytes,
            cut_weight: night.batches.clone().map(|batch| self.plan.batches[batch as usize].cut).sum(),
        })
    }

    /// What is counted.
    pub fn summary(&self) -> Summary {
        let plan = self.plan;
        let mut summary = Summary {
            people: plan.batches.iter().map(|batch| batch.people.len() as u64).sum(),
            excluded: plan.verdicts.excluded.iter().filter(|why| !why.is_empty()).count() as u64,
            batches: plan.batches.len() as u64,
            nights: plan.nights.iter().filter(|night| night.people > 0).count() as u64,
            moved: plan.moved.len() as u64,
            missed_ties: self.missed.values().map(|missed| missed.nobody).sum(),
            end_p50: plan.ends[0].map(|date| date.to_string()),
            end_p90: plan.ends[1].map(|date| date.to_string()),
            binding: plan.binding.cap().map(|cap| cap.name.clone()),
            ..Summary::default()
        };
        for tally in &plan.tallies {
            summary.ties += tally.ties;
            summary.tie_weight += tally.weight;
            summary.cut_ties += tally.cut_ties;
            summary.cut_weight += tally.cut_weight;
        }
        let codes = plan.verdicts.excluded.iter().flatten().filter_map(|why| if let Exclusion::Finding(code) = why { Some(*code) } else { None });
        let warned = plan.verdicts.warned.iter().flatten().copied();
        for code in plan.findings.iter().map(|finding| finding.code).chain(codes).chain(warned) {
            *summary.findings.entry(code.to_string()).or_default() += 1;
        }
        summary
    }

    /// The file: one JSON document, one night, batch, person, tie, finding and step a line, in canonical order, without the time of its making.
    ///
    /// # Errors
    /// Those of `write`.
    pub fn write(&self, inputs: &[Fingerprint], handover: Option<&Handover>, write: &mut dyn FnMut(&[u8]) -> Result<(), Problem>) -> Result<(), Problem> {
        let (input, plan) = (self.input, self.plan);
        let mut inputs: Vec<&Fingerprint> = inputs.iter().collect();
        inputs.sort_by(|a, b| a.path.cmp(&b.path));
        let what: BTreeMap<&str, &steps::Step> = STEPS.iter().map(|step| (step.name, step)).collect();
        let (reads, what) = (json(&steps::reads(input.options)), json(&what));
        let inputs = json(&inputs);
        let tenants = handover.map_or_else(String::new, |handover| format!("\"source\":{},\n\"target\":{},\n", json(&handover.source), json(&handover.target)));
        write(format!("{{\"$schema\":\"./batches.schema.json\",\n\"version\":{VERSION},\n{tenants}\"inputs\":{inputs},\n\"reads\":{reads},\n\"steps\":{what},\n").as_bytes())?;
        section(write, "caps", &mut plan.caps.all.iter().map(json))?;
        let kinds = input.kinds.all().zip(&plan.tallies).enumerate().map(|(number, (kind, tally))| (kind, tally, self.missed.get(&(number as u16))));
        let kinds = kinds.filter(|(_, tally, missed)| tally.ties > 0 || missed.is_some());
        section(write, "ties", &mut kinds.map(|(kind, tally, missed)| {
            json(&KindLine { kind: &kind.name, hard: kind.hard, ties: tally.ties, weight: tally.weight, cut_ties: tally.cut_ties, cut_weight: tally.cut_weight, missed })
        }))?;
        section(write, "nights", &mut plan.nights.iter().filter_map(|night| {
            let line = NightLine { date: night.date?.to_string(), people: night.people, capacity: night.capacity, bytes: night.bytes };
            Some(json(&line))
        }))?;
        section(write, "batches", &mut plan.batches.iter().map(|batch| {
            json(&BatchLine {
                name: &batch.name,
                night: plan.nights[batch.night as usize].date.map(|date| date.to_string()),
                number: batch.night + 1,
                people: batch.people.len() as u64,
                bytes: batch.bytes,
                cut_weight: batch.cut,
                submitted: batch.submitted,
                moments: batch.moments,
            })
        }))?;
        section(write, "people", &mut self.people().filter_map(|row| {
            let line = PersonLine {
                identity: row.identity,
                batch: row.batch?,
                cut_ties: row.cut_ties,
                cut_weight: row.cut_weight,
                previous_batch: row.previous_batch,
                attribution_gap_hours: row.attribution_gap_hours,
                warnings: row.warnings,
            };
            Some(json(&line))
        }))?;
        section(write, "excluded", &mut self.people().filter_map(|row| Some(json(&ExcludedLine { identity: row.identity, reason: row.reason?, warnings: row.warnings }))))?;
        let cut = input.ties.iter().filter(|tie| {
            let (from, to) = (plan.night_of(tie.from), plan.night_of(tie.to));
            from != to && from != NONE && to != NONE
        });
        section(write, "cutTies", &mut cut.map(|tie| {
            let name = |person: u32| input.people.list[person as usize].identity.as_str();
            json(&TieLine { from: name(tie.from), to: name(tie.to), kind: &input.kinds.get(tie.kind).name, weight: tie.weight })
        }))?;
        // OneDrives are many: steps are made anew for each section instead of waiting in memory.
        let mut operations = Section::new("operations", write);
        steps::steps(input, plan, handover, &mut |item| if let Item::Operation(operation) = item { operations.push(&json(&operation)) });
        operations.end()?;
        let mut places = Section::new("places", write);
        steps::steps(input, plan, handover, &mut |item| if let Item::Place(place) = item { places.push(&json(&place)) });
        places.end()?;
        section(write, "findings", &mut plan.findings.iter().map(|finding| json(&PlanFinding(finding))))?;
        write(format!("\"forecast\":{},\n\"binding\":{},\n", json(&plan.forecast), json(&plan.binding)).as_bytes())?;
        write(format!("\"summary\":{}\n}}\n", json(&self.summary())).as_bytes())
    }
}

/// A list, one value a line.
struct Section<'w> {
    write: &'w mut dyn FnMut(&[u8]) -> Result<(), Problem>,
    text: String,
    separator: &'static str,
    outcome: Result<(), Problem>,
}

impl<'w> Section<'w> {
    fn new(name: &str, write: &'w mut dyn FnMut(&[u8]) -> Result<(), Problem>) -> Self {
        Section { write, text: format!("\"{name}\":["), separator: "\n", outcome: Ok(()) }
    }

    fn push(&mut self, line: &str) {
        self.text.push_str(self.separator);
        self.text.push_str(line);
        self.separator = ",\n";
        if self.text.len() > 1 << 20 {
            if self.outcome.is_ok() {
                self.outcome = (self.write)(self.text.as_bytes());
            }
            self.text.clear();
        }
    }

    fn end(mut self) -> Result<(), Problem> {
        self.text.push_str(if self.separator == "\n" { "],\n" } else { "\n],\n" });
        self.outcome?;
        (self.write)(self.text.as_bytes())
    }
}

fn section(write: &mut dyn FnMut(&[u8]) -> Result<(), Problem>, name: &str, lines: &mut dyn Iterator<Item = String>) -> Result<(), Problem> {
    let mut section = Section::new(name, write);
    lines.for_each(|line| section.push(&line));
    section.end()
}

/// With one decimal.
fn hours(minutes: u64) -> f64 {
    (minutes * 10 / 60) as f64 / 10.0
}

fn json(value: &impl Serialize) -> String {
    // Text, numbers and lists cannot fail to serialize.
    serde_json::to_string(value).unwrap_or_default()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KindLine<'a> {
    kind: &'a str,
    hard: bool,
    ties: u64,
    weight: u64,
    cut_ties: u64,
    cut_weight: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    missed: Option<&'a Missed>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NightLine {
    date: String,
    people: u64,
    capacity: u64,
    bytes: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BatchLine<'a> {
    name: &'a str,
    night: Option<String>,
    number: u32,
    people: u64,
    bytes: u64,
    cut_weight: u64,
    submitted: bool,
    moments: Option<Moments>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PersonLine<'a> {
    identity: &'a str,
    batch: &'a str,
    cut_ties: u64,
    cut_weight: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_batch: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attribution_gap_hours: Option<f64>,
    #[serde(skip_serializing_if = "<[&str]>::is_empty")]
    warnings: &'a [&'static str],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExcludedLine<'a> {
    identity: &'a str,
    reason: String,
    #[serde(skip_serializing_if = "<[&str]>::is_empty")]
    warnings: &'a [&'static str],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TieLine<'a> {
    from: &'a str,
    to: &'a str,
    kind: &'a str,
    weight: u32,
}

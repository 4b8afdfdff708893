//! Puts people into batches on nights, shows them, writes the plan and what each batch needs.

use std::path::PathBuf;

use coexist_core::batch::report::{Report, Summary};
use coexist_core::problem::Problem;
use coexist_files::batching::{Batched, Request as Batching};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::host::{emit, JobHost, Replace, ITEMS};
use crate::error::Failure;
use crate::job::{Context, Work};
use crate::operation::{decode, encode};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Request {
    specification: Option<PathBuf>,
    snapshot: Option<PathBuf>,
    people: Option<String>,
    people_path: Option<PathBuf>,
    ties_path: Option<PathBuf>,
    previous: Option<PathBuf>,
    batch_size: Option<u64>,
    batch_count: Option<u64>,
    people_per_night: Option<u64>,
    nights: Option<Vec<String>>,
    time_zone: Option<String>,
    #[serde(default)]
    submitted: Vec<String>,
    explain: Option<String>,
    #[serde(default)]
    r#as: Shape,
    path: Option<PathBuf>,
    export_path: Option<PathBuf>,
    #[serde(default)]
    replace: Replace,
}

/// What is emitted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Shape {
    #[default]
    Person,
    Batch,
    Night,
    Finding,
    Summary,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    path: Option<String>,
    #[serde(flatten)]
    summary: Summary,
    /// Findings of the planning itself.
    told: u64,
    problems: u64,
}

pub(super) fn prepare(request: Value) -> Result<Work, Failure> {
    let request: Request = decode(request)?;
    Ok(Box::new(move |context| {
        // Findings of the judge come with Test-CoexistReadiness; here they decide who moves.
        let host = JobHost { context, replace: request.replace, tells_findings: false };
        let batched = Batched::plan(
            &Batching {
                specification: request.specification,
                snapshot: request.snapshot,
                people: request.people,
                people_path: request.people_path,
                ties_path: request.ties_path,
                previous: request.previous,
                batch_size: request.batch_size,
                batch_count: request.batch_count,
                people_per_night: request.people_per_night,
                nights: request.nights,
                time_zone: request.time_zone,
                submitted: request.submitted,
            },
            &host,
        )?;
        if let Some(path) = &request.path {
            batched.write(path, &host)?;
        }
        if let Some(folder) = &request.export_path {
            batched.export(folder, &host)?;
        }
        if let Some(identity) = &request.explain {
            emit(context, "explanations", &[batched.explain(identity)?])?;
        }
        let shape = if request.explain.is_some() { Shape::Summary } else { request.r#as };
        let summary = batched.show(|report| {
            match shape {
                Shape::Person => people(context, report)?,
                Shape::Batch => portions(context, "batches", report.batches())?,
                Shape::Night => portions(context, "nights", report.nights())?,
                Shape::Finding => emit(context, "findings", batched.findings())?,
                Shape::Summary => {}
            }
            Ok(report.summary())
        })?;
        let path = request.path.map(|path| path.display().to_string());
        encode(&Outcome { path, summary: summary.unwrap_or_default(), told: batched.findings().len() as u64, problems: batched.problems })
    }))
}

/// One event of people: a record for each (U+001E), its fields (U+001F) in the order of `PersonRow`. As JSON a row would cost the host three times as much.
#[derive(Serialize)]
struct People<'t> {
    event: &'static str,
    text: &'t str,
}

/// People as delimited text, as derivations have it.
fn people(context: &Context, report: &Report) -> Result<(), Problem> {
    let send = |text: &str| context.emit(&People { event: "people", text }).map_err(|_| Problem::cancelled());
    let mut text = String::new();
    for (number, row) in report.people().enumerate() {
        if number > 0 {
            if number % ITEMS == 0 {
                send(&text)?;
                text.clear();
            } else {
                text.push('\u{1e}');
            }
        }
        let gap = row.attribution_gap_hours.map(|hours| format!("{hours:.1}")).unwrap_or_default();
        let (cut_ties, cut_weight, warnings) = (row.cut_ties.to_string(), row.cut_weight.to_string(), row.warnings.join(" "));
        let fields = [
            row.identity,
            row.batch.unwrap_or_default(),
            row.night.as_deref().unwrap_or_default(),
            row.complete_after.as_deref().unwrap_or_default(),
            &cut_ties,
            &cut_weight,
            if row.moved { "1" } else { "" },
            row.previous_batch.unwrap_or_default(),
            &gap,
            &warnings,
            row.reason.as_deref().unwrap_or_default(),
        ];
        for (at, field) in fields.into_iter().enumerate() {
            if at > 0 {
                text.push('\u{1f}');
            }
            // A name with a separator in it would shift what follows.
            text.extend(field.chars().map(|char| if matches!(char, '\u{1e}' | '\u{1f}') { char::REPLACEMENT_CHARACTER } else { char }));
        }
    }
    if text.is_empty() {
        return Ok(());
    }
    send(&text)
}

/// Emits rows as they are made.
fn portions<T: Serialize>(context: &Context, event: &'static str, rows: impl Iterator<Item = T>) -> Result<(), Problem> {
    let mut portion = Vec::with_capacity(ITEMS);
    for row in rows {
        portion.push(row);
        if portion.len() == ITEMS {
            emit(context, event, &portion)?;
            portion.clear();
        }
    }
    emit(context, event, &portion)
}

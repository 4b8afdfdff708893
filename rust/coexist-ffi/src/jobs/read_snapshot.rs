//! A snapshot in numbers, or the objects of one kind.

use std::path::PathBuf;

use coexist_core::snapshot::Kind;
use coexist_files::read::{describe, read_lines};
use serde::{Deserialize, Serialize};
use serde_json::{json, Value};

use super::host::emit;
use crate::calls::kind;
use crate::error::Failure;
use crate::job::Work;
use crate::operation::{decode, encode};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    path: PathBuf,
    #[serde(default)]
    kind: Option<String>,
}

/// A snapshot, as Get-CoexistSnapshot emits it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Described<'d> {
    name: &'d str,
    tenant_id: Option<&'d str>,
    initial_domain: Option<&'d str>,
    domains: &'d [String],
    path: String,
    kinds: Vec<Found<'d>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Found<'d> {
    kind: Kind,
    objects: u64,
    problems: u64,
    /// Properties that some objects say nothing about.
    unknown: Vec<&'static str>,
    source: &'static str,
    file: &'d str,
    bytes: u64,
    sha256: &'d str,
}

pub(super) fn prepare(request: Value) -> Result<Work, Failure> {
    let request: Request = decode(request)?;
    let kind = request.kind.as_deref().map(kind).transpose()?;
    Ok(Box::new(move |context| match kind {
        Some(kind) => {
            let mut lines = 0u64;
            let problems = read_lines(&request.path, kind, context, |text| {
                lines += text.lines().count() as u64;
                context.emit(&json!({"event": "lines", "text": text})).map_err(|_| coexist_core::problem::Problem::cancelled())
            })?;
            emit(context, "problems", &problems)?;
            encode(&json!({"Kind": kind, "Objects": lines}))
        }
        None => {
            let described = describe(&request.path, context)?;
            emit(context, "problems", &described.problems)?;
            let kinds = described.kinds.iter().map(|(kind, found)| Found {
                kind: *kind,
                objects: found.objects,
                problems: found.read.problems,
                unknown: found.read.unknown.iter().map(|unknown| unknown.property.name()).collect(),
                source: found.source,
                file: &found.read.file,
                bytes: found.read.bytes,
                sha256: &found.read.fingerprint,
            });
            let tenant = &described.tenant;
            encode(&Described {
                name: &tenant.name,
                tenant_id: tenant.id.as_deref(),
                initial_domain: tenant.initial_domain.as_deref(),
                domains: &tenant.domains,
                path: request.path.display().to_string(),
                kinds: kinds.collect(),
            })
        }
    }))
}

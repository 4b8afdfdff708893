//! A snapshot in numbers, or the objects of one kind.

use std::path::PathBuf;

use coexist_files::read::{describe, read_lines};
use serde::Deserialize;
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
            let kinds: Vec<Value> = described
                .kinds
                .iter()
                .map(|(kind, found)| {
                    let read = &found.read;
                    json!({
                        "Kind": kind, "Objects": found.objects, "Problems": read.problems, "Source": found.source, "File": read.file, "Bytes": read.bytes,
                        "Sha256": read.fingerprint, "Unknown": read.unknown,
                    })
                })
                .collect();
            let tenant = described.tenant;
            encode(&json!({
                "Name": tenant.name, "TenantId": tenant.id, "InitialDomain": tenant.initial_domain, "Domains": tenant.domains,
                "Path": request.path.display().to_string(), "Kinds": kinds,
            }))
        }
    }))
}

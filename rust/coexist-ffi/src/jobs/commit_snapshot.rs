//! Merges a spool into its snapshot.

use std::path::PathBuf;

use coexist_files::export::{commit, Commit};
use serde::Deserialize;
use serde_json::{json, Value};

use super::host::emit;
use crate::error::Failure;
use crate::job::Work;
use crate::operation::{decode, encode};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Request {
    path: PathBuf,
    spool: String,
    #[serde(default)]
    tenant: Tenant,
    #[serde(default)]
    replace_kinds: bool,
    #[serde(default)]
    force: bool,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tenant {
    name: Option<String>,
    id: Option<String>,
}

pub(super) fn prepare(request: Value) -> Result<Work, Failure> {
    let request: Request = decode(request)?;
    Ok(Box::new(move |context| {
        let Request { path, spool, tenant, replace_kinds, force } = &request;
        let committed = commit(
            &Commit { folder: path, spool, name: tenant.name.as_deref(), id: tenant.id.as_deref(), replace_kinds: *replace_kinds, force: *force },
            context,
        )?;
        emit(context, "problems", &committed.problems)?;
        let kinds: Vec<Value> = committed
            .kinds
            .iter()
            .map(|(kind, written)| {
                let counts = &written.counts;
                let path = path.join(&written.file).display().to_string();
                json!({"Kind": kind, "Objects": counts.objects, "Added": counts.added, "Replaced": counts.replaced, "Path": path})
            })
            .collect();
        encode(&json!({"tenant": committed.tenant, "kinds": kinds}))
    }))
}

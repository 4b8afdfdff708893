//! Merges a spool into its snapshot.

use std::path::{Path, PathBuf};

use coexist_core::snapshot::Kind;
use coexist_files::export::{commit, Commit, Committed};
use serde::{Deserialize, Serialize};
use serde_json::Value;

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

#[derive(Serialize)]
struct Outcome<'c> {
    tenant: &'c coexist_core::snapshot::Tenant,
    kinds: Vec<Written>,
    /// It went on where an earlier run had stopped.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    resumed: bool,
}

/// One kind, as Export-CoexistSnapshot emits it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Written {
    kind: Kind,
    objects: u64,
    added: u64,
    replaced: u64,
    path: String,
}

pub(super) fn prepare(request: Value) -> Result<Work, Failure> {
    let request: Request = decode(request)?;
    Ok(Box::new(move |context| {
        let Request { path, spool, tenant, replace_kinds, force } = &request;
        let committed = commit(
            &Commit {
                folder: path,
                spool,
                name: tenant.name.as_deref(),
                id: tenant.id.as_deref(),
                source: None,
                replace_kinds: *replace_kinds,
                force: *force,
            },
            context,
        )?;
        emit(context, "problems", &committed.problems)?;
        outcome(path, &committed, false)
    }))
}

/// What a commit came to, as Export-CoexistSnapshot emits it.
pub(super) fn outcome(path: &Path, committed: &Committed, resumed: bool) -> Result<Vec<u8>, Failure> {
    let kinds = committed.kinds.iter().map(|(kind, written)| Written {
        kind: *kind,
        objects: written.counts.objects,
        added: written.counts.added,
        replaced: written.counts.replaced,
        path: path.join(&written.file).display().to_string(),
    });
    encode(&Outcome { tenant: &committed.tenant, kinds: kinds.collect(), resumed })
}

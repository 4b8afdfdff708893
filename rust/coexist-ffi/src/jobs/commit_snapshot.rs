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
    /// Why kinds of which changes alone could have been read were read whole.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    anew: &'c [Anew],
}

/// One kind that was read whole although an earlier reading had left a delta link.
#[derive(Serialize)]
pub(super) struct Anew {
    pub(super) code: &'static str,
    pub(super) kind: String,
    pub(super) message: String,
}

/// One kind, as Export-CoexistSnapshot emits it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Written {
    kind: Kind,
    objects: u64,
    added: u64,
    replaced: u64,
    removed: u64,
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
                pages: None,
            },
            context,
        )?;
        emit(context, "problems", &committed.problems)?;
        outcome(path, &committed, false, &[])
    }))
}

/// What a commit came to, as Export-CoexistSnapshot emits it.
pub(super) fn outcome(path: &Path, committed: &Committed, resumed: bool, anew: &[Anew]) -> Result<Vec<u8>, Failure> {
    let kinds = committed.kinds.iter().map(|(kind, written)| Written {
        kind: *kind,
        objects: written.counts.objects,
        added: written.counts.added,
        replaced: written.counts.replaced,
        removed: written.counts.removed,
        path: path.join(&written.file).display().to_string(),
    });
    encode(&Outcome { tenant: &committed.tenant, kinds: kinds.collect(), resumed, anew })
}

//! Piped objects into the spool of a snapshot.

use std::path::PathBuf;

use coexist_core::snapshot::Kind;
use coexist_files::export::append;
use serde::Deserialize;
use serde_json::Value;

use crate::engine::Engine;
use crate::error::Failure;
use crate::operation::{decode, encode};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    path: PathBuf,
    #[serde(default)]
    spool: Option<String>,
    #[serde(default)]
    kind: Option<String>,
    lines: String,
}

/// The kind of that name, or an error that lists what there is.
pub(crate) fn kind(name: &str) -> Result<Kind, Failure> {
    Kind::parse(name).ok_or_else(|| {
        let known: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        Failure::invalid_argument("KindUnknown", format!("'{name}' is not a kind of objects; kinds: {}.", known.join(", "))).about(name)
    })
}

pub(super) fn run(_engine: &Engine, request: Value) -> Result<Vec<u8>, Failure> {
    let request: Request = decode(request)?;
    let kind = request.kind.as_deref().map(kind).transpose()?;
    encode(&append(&request.path, request.spool.as_deref(), kind, &request.lines)?)
}

//! The data tables: limits, finding codes, kinds of a snapshot, kinds of ties.

use coexist_core::{batch::tie, finding, limits::Limits, snapshot};
use serde::Deserialize;
use serde_json::{json, Value};

use crate::engine::Engine;
use crate::error::Failure;
use crate::operation::{decode, encode};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    name: String,
}

pub(super) fn run(_engine: &Engine, request: Value) -> Result<Vec<u8>, Failure> {
    let request: Request = decode(request)?;
    match request.name.as_str() {
        "limits" => encode(&Limits::default().all().collect::<Vec<_>>()),
        "findings" => encode(&finding::rules()),
        "snapshot" => encode(&json!({ "kinds": snapshot::schema() })),
        "ties" => encode(&tie::Kinds::default().all().collect::<Vec<_>>()),
        name => Err(Failure::invalid_argument("UnknownTable", format!("there is no table {name:?}; there are: limits, findings, snapshot, ties")).about(name)),
    }
}

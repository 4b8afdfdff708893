//! The data tables: limits, finding codes.

use coexist_core::{finding, limits::Limits};
use serde::Deserialize;
use serde_json::Value;

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
        name => Err(Failure::invalid_argument("UnknownTable", format!("there is no table {name:?}; there are: limits, findings")).about(name)),
    }
}

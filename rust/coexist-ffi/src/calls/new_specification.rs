//! A new specification on disk.

use std::path::PathBuf;

use coexist_files::specification::new_specification;
use serde::Deserialize;
use serde_json::{json, Value};

use crate::engine::Engine;
use crate::error::Failure;
use crate::operation::{decode, encode};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    path: PathBuf,
    #[serde(default)]
    replace: bool,
    specification: Value,
}

pub(super) fn run(_engine: &Engine, request: Value) -> Result<Vec<u8>, Failure> {
    let request: Request = decode(request)?;
    let path = new_specification(&request.path, request.specification, request.replace)?;
    encode(&json!({ "path": path }))
}

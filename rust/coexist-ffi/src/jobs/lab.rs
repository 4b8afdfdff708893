//! Writes a lab.

use std::path::PathBuf;

use coexist_core::lab::Options;
use coexist_files::lab::write_lab;
use serde::Deserialize;
use serde_json::{json, Value};

use crate::error::Failure;
use crate::job::Work;
use crate::operation::{decode, encode};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    path: PathBuf,
    people: u64,
    seed: u64,
    #[serde(default)]
    replace: bool,
}

pub(super) fn prepare(request: Value) -> Result<Work, Failure> {
    let request: Request = decode(request)?;
    Ok(Box::new(move |context| {
        let Request { path, people, seed, replace } = request;
        let planted = write_lab(&path, people, seed, &Options::default(), replace, context)?;
        let specification = path.join("coexist.json").display().to_string();
        encode(&json!({"path": path.display().to_string(), "specification": specification, "people": people, "seed": seed, "planted": planted}))
    }))
}

//! Judges everybody in scope, and tells the findings alone.

use std::path::PathBuf;

use coexist_files::planning;
use serde::Deserialize;
use serde_json::Value;

use super::host::{JobHost, Replace};
use crate::error::Failure;
use crate::job::Work;
use crate::operation::{decode, encode};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    specification: PathBuf,
    #[serde(default)]
    items: Vec<String>,
}

pub(super) fn prepare(request: Value) -> Result<Work, Failure> {
    let request: Request = decode(request)?;
    planning::items(&request.items)?;
    Ok(Box::new(move |context| {
        let host = JobHost { context, replace: Replace::No, tells_findings: true };
        encode(&planning::judge(&request.specification, &request.items, &host)?)
    }))
}

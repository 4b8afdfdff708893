//! Plans from a specification on disk, and writes the plan.

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
    path: PathBuf,
    #[serde(default)]
    replace: Replace,
}

pub(super) fn prepare(request: Value) -> Result<Work, Failure> {
    let request: Request = decode(request)?;
    planning::items(&request.items)?;
    Ok(Box::new(move |context| {
        let host = JobHost { context, replace: request.replace, tells_findings: false };
        encode(&planning::plan(&request.specification, &request.items, &request.path, &host)?)
    }))
}

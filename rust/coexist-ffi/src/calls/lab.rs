//! What the stand-in cmdlets of a lab ask.

use std::path::PathBuf;

use coexist_core::apply::{time_of, time_text};
use coexist_core::watch::Unwatched;
use serde::Deserialize;
use serde_json::{json, Value};

use crate::engine::Engine;
use crate::error::Failure;
use crate::operation::{decode, encode};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Command {
    lab: PathBuf,
    tenant: String,
    name: String,
    #[serde(default)]
    parameters: Value,
}

/// A cmdlet of one of the lab's tenants.
pub(super) fn command(engine: &Engine, request: Value) -> Result<Vec<u8>, Failure> {
    let Command { lab, tenant, name, parameters } = decode(request)?;
    match engine.labs.open(&lab, &Unwatched)?.command(&tenant, &name, &parameters)? {
        Ok(objects) => encode(&json!({"objects": objects})),
        Err(refused) => encode(&json!({"refused": refused})),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Time {
    lab: PathBuf,
    #[serde(default)]
    advance_to: Option<String>,
    #[serde(default)]
    advance_minutes: Option<u32>,
}

/// The lab's time, and letting it go on.
pub(super) fn time(engine: &Engine, request: Value) -> Result<Vec<u8>, Failure> {
    let Time { lab, advance_to, advance_minutes } = decode(request)?;
    let lab = engine.labs.open(&lab, &Unwatched)?;
    if let Some(moment) = advance_to {
        lab.advance_to(time_of(&moment))?;
    }
    if let Some(minutes) = advance_minutes {
        lab.wait(i64::from(minutes) * 60_000)?;
    }
    encode(&json!({"now": time_text(lab.now())}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tenants {
    lab: PathBuf,
}

/// The lab's tenants: name and id, the source first.
pub(super) fn tenants(engine: &Engine, request: Value) -> Result<Vec<u8>, Failure> {
    let Tenants { lab } = decode(request)?;
    let tenants = engine.labs.open(&lab, &Unwatched)?.tenants();
    encode(&json!({"tenants": tenants.map(|(name, id)| json!({"name": name, "id": id}))}))
}

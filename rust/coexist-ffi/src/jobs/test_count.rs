//! Test only: counts, and does on the way whatever a job can do.

use std::time::Duration;

use coexist_core::watch::Watch;
use serde::Deserialize;
use serde_json::{json, Value};

use crate::error::Failure;
use crate::job::Work;
use crate::operation::{decode, encode};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    to: u64,
    /// Ask before counting; the answer is part of the result.
    #[serde(default)]
    ask: bool,
    /// Emit an event for every number.
    #[serde(default)]
    emit: bool,
    panic_at: Option<u64>,
    /// Between two numbers.
    #[serde(default)]
    sleep_ms: u64,
    /// Do not look whether the job was cancelled.
    #[serde(default)]
    stubborn: bool,
    /// The result tells how long this secret is.
    secret: Option<u64>,
}

#[allow(clippy::panic)] // what it is for
pub(super) fn prepare(request: Value) -> Result<Work, Failure> {
    let request: Request = decode(request)?;
    Ok(Box::new(move |context| {
        let secret = request.secret.map(|id| context.secrets.get(id)).transpose()?;
        let answer = if request.ask { context.ask("count", "numbers")? } else { Value::Null };
        for n in 0..request.to {
            if request.panic_at == Some(n) {
                panic!("test.count was asked to panic at {n}");
            }
            if context.cancelled() && !request.stubborn {
                return Err(Failure::cancelled());
            }
            context.progress("Counting", "numbers", n, Some(request.to));
            if request.emit {
                context.emit(&json!({"event":"number","n":n}))?;
            }
            std::thread::sleep(Duration::from_millis(request.sleep_ms));
        }
        encode(&json!({"counted":request.to,"answer":answer,"secret":secret.map(|secret| secret.bytes().len())}))
    }))
}

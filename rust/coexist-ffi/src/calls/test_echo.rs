//! Test only: returns what it got, or panics.

use serde::Deserialize;
use serde_json::Value;

use crate::engine::Engine;
use crate::error::Failure;
use crate::operation::{decode, encode};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    value: Value,
    #[serde(default)]
    panic: bool,
}

#[allow(clippy::panic)] // what it is for
pub(super) fn run(_engine: &Engine, request: Value) -> Result<Vec<u8>, Failure> {
    let request: Request = decode(request)?;
    if request.panic {
        panic!("test.echo was asked to panic");
    }
    encode(&request.value)
}

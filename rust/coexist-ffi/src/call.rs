//! Quick questions: JSON in, JSON out, at once.

use crate::boundary::{self, Out, Reply};
use crate::engine::{self, Engine};
use crate::{calls, memory, operation};

/// Answers a quick question; the request names its operation in "call".
///
/// Ownership: the caller frees the output with coexist_bytes_free.
/// Errors: INVALID_ARGUMENT (NULL, unknown operation), INVALID_UTF8, INVALID_JSON, and those of the operation.
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn coexist_call(
    engine: *mut Engine,
    request: *const u8,
    request_len: usize,
    out: *mut *mut u8,
    out_len: *mut usize,
) -> i32 {
    // SAFETY: the caller passes NULL or valid places and handles, and leaves `request` alone during the call.
    unsafe {
        boundary::status(Out { bytes: out, len: out_len }, || {
            let engine = engine::borrow(engine)?;
            let (run, request) = operation::find("call", calls::TABLE, memory::input("request", request, request_len)?)?;
            Ok(Reply::ok(run(engine, request)?))
        })
    }
}

//! The numbers that exports return. Never renumbered; a retired one stays here as a comment.

/// Done: the output holds the result.
pub const COEXIST_OK: i32 = 0;
/// Wait: nothing happened within the timeout; the output is NULL.
pub const COEXIST_PENDING: i32 = 1;
/// Wait: the job has ended well; the output holds its result, again at every later wait.
pub const COEXIST_DONE: i32 = 2;
/// Wait: the output holds one event.
pub const COEXIST_EVENT: i32 = 3;

/// A NULL that may not be, a number out of range, an unknown operation.
pub const COEXIST_INVALID_ARGUMENT: i32 = 10;
/// The input is not UTF-8.
pub const COEXIST_INVALID_UTF8: i32 = 11;
/// The input is not the JSON that the operation takes.
pub const COEXIST_INVALID_JSON: i32 = 12;
/// An unknown secret.
pub const COEXIST_INVALID_HANDLE: i32 = 13;
/// Another thread is waiting on this job.
pub const COEXIST_BUSY: i32 = 14;

/// The value is not what the operation derives from.
pub const COEXIST_VALIDATION: i32 = 20;
/// What is there already forbids it.
pub const COEXIST_CONFLICT: i32 = 21;
/// A file or folder is missing.
pub const COEXIST_NOT_FOUND: i32 = 22;
/// Reading or writing failed.
pub const COEXIST_IO: i32 = 23;

/// A service refused, or was not reached.
pub const COEXIST_SERVICE: i32 = 30;
// 31 to 39 are kept for the transport.

/// The job was cancelled.
pub const COEXIST_CANCELLED: i32 = 40;

/// A defect of Coexist: report it.
pub const COEXIST_PANIC: i32 = 90;
/// A defect of Coexist: report it.
pub const COEXIST_INTERNAL: i32 = 91;

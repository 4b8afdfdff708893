//! Secrets: raw bytes in, a number out, wiped when freed.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use zeroize::Zeroizing;

use crate::boundary::{self, lock, Out, Reply};
use crate::engine::{self, Engine};
use crate::error::Failure;
use crate::memory;
use crate::status::*;

/// Bytes that are wiped when the last user lets go of them, and that no formatting shows.
pub(crate) struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// The secrets of one engine.
#[derive(Debug, Default)]
pub(crate) struct Secrets(Mutex<HashMap<u64, Arc<Secret>>>);

impl Secrets {
    fn insert(&self, bytes: &[u8]) -> u64 {
        // Of the process, not of the engine: a number never means a secret of another engine.
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        // to_vec allocates once and exactly, so no earlier copy stays behind.
        lock(&self.0).insert(id, Arc::new(Secret(Zeroizing::new(bytes.to_vec()))));
        id
    }

    /// The secret behind a number that a request names.
    pub fn get(&self, id: u64) -> Result<Arc<Secret>, Failure> {
        lock(&self.0).get(&id).cloned().ok_or_else(|| unknown(id))
    }

    /// The secret behind a number that was made for one use.
    pub fn take(&self, id: u64) -> Result<Arc<Secret>, Failure> {
        lock(&self.0).remove(&id).ok_or_else(|| unknown(id))
    }

    fn remove(&self, id: u64) -> Result<(), Failure> {
        lock(&self.0).remove(&id).map(drop).ok_or_else(|| unknown(id))
    }

    /// Wipes all. A job that is using one at this moment keeps its share until it lets go.
    pub fn clear(&self) {
        *lock(&self.0) = HashMap::new();
    }
}

fn unknown(id: u64) -> Failure {
    let message = format!("there is no secret {id} in this engine (it was freed, or belongs to another engine); hand the secret over again");
    Failure::new(COEXIST_INVALID_HANDLE, "UnknownSecret", "ObjectNotFound", message).about(id.to_string())
}

/// Copies raw bytes into memory that is wiped when freed, and returns a number that requests may name.
///
/// Ownership: the caller keeps `bytes` and wipes them; frees the number with coexist_secret_free, or lets the engine do it.
/// Errors: INVALID_ARGUMENT (NULL, no bytes).
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn coexist_secret_new(
    engine: *mut Engine,
    bytes: *const u8,
    len: usize,
    secret: *mut u64,
    out: *mut *mut u8,
    out_len: *mut usize,
) -> i32 {
    // SAFETY: the caller passes NULL or valid places and handles, and leaves `bytes` alone during the call.
    unsafe {
        boundary::create(secret, 0, Out { bytes: out, len: out_len }, || {
            let engine = engine::borrow(engine)?;
            let bytes = memory::input("bytes", bytes, len)?;
            if bytes.is_empty() {
                return Err(Failure::invalid_argument("SecretEmpty", "a secret of no bytes opens nothing; pass the secret"));
            }
            Ok(engine.secrets.insert(bytes))
        })
    }
}

/// Wipes a secret and forgets its number.
///
/// Ownership: the number is spent.
/// Errors: INVALID_ARGUMENT (NULL), INVALID_HANDLE (no such secret in this engine).
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn coexist_secret_free(engine: *mut Engine, secret: u64, out: *mut *mut u8, out_len: *mut usize) -> i32 {
    // SAFETY: the caller passes NULL or valid places and handles.
    unsafe {
        boundary::status(Out { bytes: out, len: out_len }, || {
            engine::borrow(engine)?.secrets.remove(secret)?;
            Ok(Reply::ok(Vec::new()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_not_reused_and_not_shared() {
        let (one, two) = (Secrets::default(), Secrets::default());
        let (a, b) = (one.insert(b"a"), two.insert(b"b"));
        assert_ne!(a, b);
        assert_eq!(two.get(a).unwrap_err().status, COEXIST_INVALID_HANDLE);
        assert_eq!(one.get(a).unwrap().bytes(), b"a");
        one.remove(a).unwrap();
        assert_eq!(one.remove(a).unwrap_err().status, COEXIST_INVALID_HANDLE);
    }

    #[test]
    fn debug_shows_nothing() {
        let secrets = Secrets::default();
        let id = secrets.insert(b"hunter2");
        let shown = format!("{:?} {:?}", secrets, secrets.get(id).unwrap());
        assert!(!shown.contains("hunter2") && !shown.contains("104"), "{shown}");
    }

    #[test]
    fn an_engine_takes_its_secrets_along() {
        let engine = Engine::default();
        let id = engine.secrets.insert(b"s");
        let seen_by_a_job = engine.secrets.clone();
        drop(engine);
        assert_eq!(seen_by_a_job.get(id).unwrap_err().status, COEXIST_INVALID_HANDLE);
    }

    #[test]
    fn a_user_keeps_its_share_until_it_lets_go() {
        let secrets = Secrets::default();
        let id = secrets.insert(b"s");
        let held = secrets.get(id).unwrap();
        secrets.clear();
        assert_eq!(held.bytes(), b"s");
        assert_eq!(Arc::strong_count(&held), 1);
    }
}

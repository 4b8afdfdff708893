//! The one way out of an export: no panic passes, and outputs hold either what was promised or nothing.

use std::any::Any;
use std::cell::Cell;
use std::panic::{catch_unwind, set_hook, take_hook, AssertUnwindSafe, PanicHookInfo};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use once_cell::sync::OnceCell;

use crate::error::Failure;
use crate::memory;
use crate::status::*;

/// What an export returns when it succeeds: a status up to 3 and bytes for the caller.
pub(crate) struct Reply {
    pub status: i32,
    pub bytes: Vec<u8>,
}

impl Reply {
    pub fn ok(bytes: Vec<u8>) -> Self {
        Self { status: COEXIST_OK, bytes }
    }
}

/// Where an export leaves bytes: the caller's `uint8_t **out, size_t *out_len`.
#[derive(Clone, Copy)]
pub(crate) struct Out {
    pub bytes: *mut *mut u8,
    pub len: *mut usize,
}

impl Out {
    /// # Safety
    /// Each pointer is NULL or may be written.
    unsafe fn set(self, bytes: *mut u8, len: usize) -> bool {
        // SAFETY: checked against NULL; writable by this function's contract.
        unsafe {
            put(self.bytes, bytes);
            put(self.len, len);
        }
        !self.bytes.is_null() && !self.len.is_null()
    }
}

/// # Safety
/// `slot` is NULL or may be written.
unsafe fn put<T>(slot: *mut T, value: T) {
    if !slot.is_null() {
        // SAFETY: not NULL; writable by this function's contract. T is a pointer or a number: nothing is dropped.
        unsafe { slot.write(value) }
    }
}

/// Runs the body of an export that returns a status and bytes.
///
/// # Safety
/// Both pointers of `out` are NULL or may be written.
pub(crate) unsafe fn status(out: Out, body: impl FnOnce() -> Result<Reply, Failure>) -> i32 {
    // SAFETY: the caller vouches for `out`.
    let whole = unsafe { out.set(std::ptr::null_mut(), 0) };
    if !whole {
        return COEXIST_INVALID_ARGUMENT; // and nowhere to say more
    }
    let (status, bytes) = match guard(body).and_then(|result| result) {
        Ok(reply) => (reply.status, reply.bytes),
        Err(failure) => (failure.status, failure.to_json()),
    };
    let (bytes, len) = memory::give(bytes);
    // SAFETY: the caller vouches for `out`.
    unsafe { out.set(bytes, len) };
    status
}

/// Runs the body of an export that makes a handle or a number and puts it into `slot`; `empty` stands there otherwise.
///
/// # Safety
/// `slot` and both pointers of `out` are NULL or may be written.
pub(crate) unsafe fn create<T: Copy>(slot: *mut T, empty: T, out: Out, body: impl FnOnce() -> Result<T, Failure>) -> i32 {
    // SAFETY: the caller vouches for `slot` and `out`.
    unsafe {
        put(slot, empty);
        status(out, || {
            if slot.is_null() {
                return Err(Failure::null("the place for the new handle"));
            }
            put(slot, body()?);
            Ok(Reply::ok(Vec::new()))
        })
    }
}

/// Runs the body of an export that has no way to report an error.
pub(crate) fn silent<T>(fallback: T, body: impl FnOnce() -> T) -> T {
    guard(body).unwrap_or(fallback)
}

/// Runs `body`; a panic becomes a failure with its message and place, and nothing is printed.
pub(crate) fn guard<T>(body: impl FnOnce() -> T) -> Result<T, Failure> {
    install_hook();
    let outer = INSIDE.replace(true);
    // Whatever a panic leaves behind is dropped with the operation, or sits under a lock that `lock` recovers.
    let result = catch_unwind(AssertUnwindSafe(body)).map_err(|payload| Failure::panic(&describe(payload)));
    INSIDE.set(outer);
    result
}

/// Locks, also after a panic under the lock: one defect must not take the library away for good. What the locks of
/// this crate protect is whole between any two statements.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

thread_local! {
    /// Whether this thread is inside `guard`.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Tells threads apart that are alive at the same time. std's own ThreadId would allocate on threads of the host.
fn thread_id() -> usize {
    INSIDE.with(|place| std::ptr::from_ref(place).addr())
}

struct Note {
    thread: usize,
    message: String,
    place: String,
}

/// The places of recent panics, until the guard that catches them comes for them. Not thread-local: a panic in a
/// thread pool is caught on another thread.
static NOTES: Mutex<[Option<Note>; 16]> = Mutex::new([const { None }; 16]);

type Hook = Box<dyn Fn(&PanicHookInfo<'_>) + Send + Sync>;
static PREVIOUS: OnceCell<Hook> = OnceCell::new();

/// Once, not per call: the hook belongs to the whole process (in a shared library, to all of its Rust code).
fn install_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let _ = PREVIOUS.set(take_hook());
        set_hook(Box::new(|info| {
            // Pool threads are nameless and ours. A panic elsewhere is that of a Rust program that links this crate
            // (a test, an example) and keeps its message on the console.
            if !INSIDE.get() && std::thread::current().name().is_some() {
                return PREVIOUS.get().into_iter().for_each(|hook| hook(info));
            }
            let place = info.location().map(ToString::to_string).unwrap_or_default();
            let mut notes = lock(&NOTES);
            notes.rotate_right(1);
            notes[0] = Some(Note { thread: thread_id(), message: message(info.payload()).to_owned(), place });
        }));
    });
}

fn message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("a panic without a message")
}

fn describe(payload: Box<dyn Any + Send>) -> String {
    let text = message(payload.as_ref()).to_owned();
    let here = thread_id();
    let mut notes = lock(&NOTES);
    let noted = |same: &dyn Fn(&Note) -> bool| notes.iter().position(|note| note.as_ref().is_some_and(same));
    let index = noted(&|note| note.message == text && note.thread == here).or_else(|| noted(&|note| note.message == text));
    let note = index.and_then(|index| notes[index].take());
    drop(notes);
    // A payload may panic when it is dropped; that must not pass either.
    std::mem::forget(catch_unwind(AssertUnwindSafe(|| drop(payload))));
    match note {
        Some(note) => format!("{text} (at {})", note.place),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_comes_back_with_message_and_place() {
        let failure = guard(|| -> () { panic!("seven {}", 7) }).unwrap_err();
        assert_eq!(failure.status, COEXIST_PANIC);
        assert!(failure.error.message.contains("seven 7 (at "), "{failure:?}");
        assert!(failure.error.message.contains("boundary.rs:"), "{failure:?}");
        assert!(!INSIDE.get());
    }

    #[test]
    fn a_panic_of_another_thread_keeps_its_place() {
        let caught = guard(|| -> () {
            let worker = std::thread::spawn(|| panic!("from a worker"));
            std::panic::resume_unwind(worker.join().unwrap_err())
        });
        let failure: Failure = caught.unwrap_err();
        assert!(failure.error.message.contains("from a worker (at "), "{failure:?}");
    }

    #[test]
    fn a_payload_that_panics_on_drop_does_not_pass() {
        struct Nasty;
        impl Drop for Nasty {
            fn drop(&mut self) {
                panic!("again");
            }
        }
        let failure = guard(|| -> () { std::panic::panic_any(Nasty) }).unwrap_err();
        assert_eq!(failure.status, COEXIST_PANIC);
    }

    #[test]
    fn outputs_are_emptied_even_when_one_is_missing() {
        let mut bytes = 8 as *mut u8;
        let mut slot = 5_u64;
        let out = Out { bytes: &mut bytes, len: std::ptr::null_mut() };
        // SAFETY: NULL or a place on this stack.
        let status = unsafe { create(&mut slot, 0, out, || Ok(1)) };
        assert_eq!((status, bytes.is_null(), slot), (COEXIST_INVALID_ARGUMENT, true, 0));
    }
}

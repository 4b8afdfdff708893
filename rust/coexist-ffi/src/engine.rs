//! The engine: what belongs to one user of the library, shared by its threads.

use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use once_cell::sync::OnceCell;
use tokio::runtime::{Builder, Runtime};

use crate::boundary::{self, lock, Out};
use crate::error::Failure;
use crate::job::Job;
use crate::lab::Labs;
use crate::secret::Secrets;

/// How long freeing an engine or a job waits for work to notice that it was cancelled. Work looks between records, so
/// this is generous; what is slower is left to itself, with its own share of everything that it touches.
pub(crate) const FREE_WAIT: Duration = Duration::from_millis(500);

/// Two threads drive all requests of an engine: they wait for the network, they do not compute. Each runspace has an
/// engine, so more would add up.
const ASYNC_THREADS: usize = 2;

/// The threads, secrets and jobs of one user of the library.
#[derive(Debug, Default)]
pub struct Engine {
    pub(crate) secrets: Arc<Secrets>,
    pub(crate) labs: Arc<Labs>,
    /// Made by the first job: deriving needs no threads, and an import is not to be noticed.
    runtime: OnceCell<Runtime>,
    jobs: Mutex<Vec<Weak<Job>>>,
}

impl Engine {
    /// Runs `work` on a thread that may block, as a job of this engine.
    pub(crate) fn spawn(&self, job: &Arc<Job>, work: impl FnOnce() + Send + 'static) -> Result<(), Failure> {
        let make = || Builder::new_multi_thread().worker_threads(ASYNC_THREADS).enable_all().build();
        let runtime = self.runtime.get_or_try_init(make).map_err(|cause| Failure::internal(format!("no thread can be started: {cause}")))?;
        let mut jobs = lock(&self.jobs);
        jobs.retain(|job| job.strong_count() > 0);
        jobs.push(Arc::downgrade(job));
        runtime.spawn_blocking(work);
        Ok(())
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        for job in lock(&self.jobs).drain(..).filter_map(|job| job.upgrade()) {
            job.cancel();
        }
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(FREE_WAIT);
        }
        self.secrets.clear();
    }
}

/// # Safety
/// `engine` is NULL or an engine that is not freed while the result is in use.
pub(crate) unsafe fn borrow<'a>(engine: *mut Engine) -> Result<&'a Engine, Failure> {
    // SAFETY: valid by this function's contract; an Engine is only ever shared, never borrowed mutably, until it is freed.
    unsafe { engine.as_ref() }.ok_or_else(|| Failure::null("engine"))
}

/// Makes an engine, which jobs, secrets and quick questions belong to.
///
/// Ownership: the caller frees the engine with coexist_engine_free.
/// Errors: INVALID_ARGUMENT (NULL).
/// Threads: any; one engine serves any number of threads.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn coexist_engine_new(engine: *mut *mut Engine, out: *mut *mut u8, out_len: *mut usize) -> i32 {
    // SAFETY: the caller passes NULL or places that may be written.
    unsafe {
        boundary::create(engine, std::ptr::null_mut(), Out { bytes: out, len: out_len }, || {
            Ok(Box::into_raw(Box::default()))
        })
    }
}

/// Cancels the jobs of an engine, wipes its secrets and frees it, within about half a second.
///
/// Ownership: takes the engine; its job handles stay valid until freed. NULL is ignored.
/// Errors: none.
/// Threads: any, when no other thread is in a call with this engine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn coexist_engine_free(engine: *mut Engine) {
    boundary::silent((), || {
        if !engine.is_null() {
            // SAFETY: the caller hands back what coexist_engine_new made, once.
            drop(unsafe { Box::from_raw(engine) });
        }
    })
}

//! Jobs: work on a thread of its own, events out, answers in, cancelled from anywhere.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use coexist_core::watch::Watch;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::boundary::{self, lock, Out, Reply};
use crate::engine::{self, Engine, FREE_WAIT};
use crate::error::Failure;
use crate::lab::Labs;
use crate::memory;
use crate::operation;
use crate::secret::Secrets;
use crate::status::*;

/// The longest wait of one call: a PowerShell pipeline notices Ctrl+C only between calls.
const WAIT_MAX: Duration = Duration::from_millis(200);

/// Progress comes at most four times a second: more only costs the host, which shows no more than that.
const PROGRESS_EVERY: Duration = Duration::from_millis(250);

/// How far work may run ahead of a host that picks up its events slowly, in events and in bytes.
const QUEUE_EVENTS: usize = 64;
const QUEUE_BYTES: usize = 8 << 20;

/// Work that lasted longer than this gives its memory back when it is over.
const LONG: Duration = Duration::from_millis(250);

/// What a job does: given its context, it returns the JSON of its result.
pub(crate) type Work = Box<dyn FnOnce(&Context) -> Result<Vec<u8>, Failure> + Send>;

/// The job was cancelled while it waited for the host.
#[derive(Debug)]
pub(crate) struct Cancelled;

impl From<Cancelled> for Failure {
    fn from(_: Cancelled) -> Self {
        Failure::cancelled()
    }
}

/// One piece of work and its conversation with the host.
#[derive(Debug, Default)]
pub struct Job {
    state: Mutex<State>,
    /// For the host: there is something to pick up.
    ready: Condvar,
    /// For the work: there is room in the queue, an answer, or no more interest.
    heard: Condvar,
    cancelled: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    events: VecDeque<Vec<u8>>,
    event_bytes: usize,
    /// The latest progress that nobody has picked up.
    progress: Option<Progress>,
    progress_due: Option<Instant>,
    asked: u64,
    /// Open questions by id, each with its answer as soon as there is one.
    questions: BTreeMap<u64, Option<Value>>,
    outcome: Option<Result<Vec<u8>, Failure>>,
    waiting: bool,
}

#[derive(Debug, Serialize)]
#[serde(tag = "event", rename = "progress")]
struct Progress {
    activity: String,
    status: String,
    done: u64,
    total: Option<u64>,
}

impl Job {
    /// Starts `work` as a job of `engine`.
    pub(crate) fn start(engine: &Engine, work: Work) -> Result<Arc<Job>, Failure> {
        let job = Arc::new(Job::default());
        let run = Run { context: Context { job: job.clone(), secrets: engine.secrets.clone(), labs: engine.labs.clone() }, work: Some(work) };
        engine.spawn(&job, move || run.go())?;
        Ok(job)
    }

    /// Waits for an event or the end, `timeout` at most.
    pub(crate) fn wait(&self, timeout: Duration) -> Result<Reply, Failure> {
        let deadline = Instant::now() + timeout.min(WAIT_MAX);
        let mut state = lock(&self.state);
        if state.waiting {
            let message = "another thread is already waiting on this job; let one thread wait and hand on what it gets";
            return Err(Failure::new(COEXIST_BUSY, "JobBusy", "ResourceBusy", message));
        }
        state.waiting = true;
        let reply = loop {
            let now = Instant::now();
            if let Some(reply) = self.next(&mut state, now) {
                break reply;
            }
            if now >= deadline {
                break Ok(Reply { status: COEXIST_PENDING, bytes: Vec::new() });
            }
            let until = match state.progress_due {
                Some(due) if state.progress.is_some() => deadline.min(due),
                _ => deadline,
            };
            state = self.ready.wait_timeout(state, until.duration_since(now)).unwrap_or_else(PoisonError::into_inner).0;
        };
        state.waiting = false;
        reply
    }

    /// What the host gets next, if there is anything.
    fn next(&self, state: &mut State, now: Instant) -> Option<Result<Reply, Failure>> {
        // Progress first: it is rare by its interval, and behind a full queue it would come too late to be one.
        if state.progress_due.is_none_or(|due| now >= due) {
            if let Some(progress) = state.progress.take() {
                state.progress_due = Some(now + PROGRESS_EVERY);
                return Some(event(&progress).map(|bytes| Reply { status: COEXIST_EVENT, bytes }));
            }
        }
        if let Some(bytes) = state.events.pop_front() {
            state.event_bytes -= bytes.len();
            self.heard.notify_all();
            return Some(Ok(Reply { status: COEXIST_EVENT, bytes }));
        }
        state.outcome.clone().map(|outcome| outcome.map(|bytes| Reply { status: COEXIST_DONE, bytes }))
    }

    pub(crate) fn answer(&self, id: u64, answer: Value) -> Result<(), Failure> {
        let mut state = lock(&self.state);
        match state.questions.get_mut(&id) {
            Some(place @ None) => *place = Some(answer),
            _ => {
                let message = format!("the job has no open question {id}; answer each ask event once, with its id");
                return Err(Failure::invalid_argument("NoSuchQuestion", message).about(id.to_string()));
            }
        }
        self.heard.notify_all();
        Ok(())
    }

    /// Ends the interest in this job. What it had still to say is dropped; a job that has ended stays as it ended.
    pub(crate) fn cancel(&self) {
        let mut state = lock(&self.state);
        if state.outcome.is_none() {
            self.cancelled.store(true, Ordering::Relaxed);
            state.events.clear();
            state.event_bytes = 0;
            state.progress = None;
            self.heard.notify_all();
        }
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    fn end(&self, outcome: Result<Vec<u8>, Failure>) {
        let mut state = lock(&self.state);
        state.outcome.get_or_insert(outcome);
        self.ready.notify_all();
        self.heard.notify_all();
    }

    /// Waits until the work has ended, `limit` at most.
    fn settle(&self, limit: Duration) {
        let going = |state: &mut State| state.outcome.is_none();
        drop(self.heard.wait_timeout_while(lock(&self.state), limit, going));
    }

    /// Puts `bytes` into the queue as soon as there is room.
    fn enqueue(&self, bytes: Vec<u8>) -> Result<MutexGuard<'_, State>, Cancelled> {
        let full = |state: &mut State| {
            let crowded = state.events.len() >= QUEUE_EVENTS || state.event_bytes + bytes.len() > QUEUE_BYTES;
            crowded && !state.events.is_empty() && !self.is_cancelled()
        };
        let mut state = self.heard.wait_while(lock(&self.state), full).unwrap_or_else(PoisonError::into_inner);
        if self.is_cancelled() {
            return Err(Cancelled);
        }
        state.event_bytes += bytes.len();
        state.events.push_back(bytes);
        self.ready.notify_all();
        Ok(state)
    }
}

/// What the work of a job can say and ask. Usable from any of its threads; clones are the same conversation.
#[derive(Clone)]
pub(crate) struct Context {
    job: Arc<Job>,
    /// What the numbers in a request stand for.
    pub secrets: Arc<Secrets>,
    /// The labs that are open.
    pub labs: Arc<Labs>,
}

impl Context {
    /// Hands an event to the host. Waits when the host is far behind.
    pub fn emit(&self, what: &impl Serialize) -> Result<(), Failure> {
        let bytes = event(what)?;
        Ok(self.job.enqueue(bytes).map(drop)?)
    }

    /// Asks the host, and waits for its answer.
    pub fn ask(&self, question: &str, target: &str) -> Result<Value, Failure> {
        self.ask_with(question, target, Value::Null)
    }

    /// Asks the host to carry out a request, and waits for what came of it.
    pub fn ask_with(&self, question: &str, target: &str, request: Value) -> Result<Value, Failure> {
        #[derive(Serialize)]
        #[serde(tag = "event", rename = "ask")]
        struct Ask<'a> {
            id: u64,
            question: &'a str,
            target: &'a str,
            #[serde(skip_serializing_if = "Value::is_null")]
            request: Value,
        }
        let id = {
            let mut state = lock(&self.job.state);
            state.asked += 1;
            let id = state.asked;
            state.questions.insert(id, None);
            id
        };
        let asked = event(&Ask { id, question, target, request }).and_then(|bytes| {
            let open = |state: &mut State| matches!(state.questions.get(&id), Some(None)) && !self.job.is_cancelled();
            let state = self.job.enqueue(bytes)?;
            drop(self.job.heard.wait_while(state, open));
            Ok(())
        });
        let answer = lock(&self.job.state).questions.remove(&id).flatten();
        asked?;
        answer.ok_or_else(Failure::cancelled)
    }
}

impl Watch for Context {
    fn progress(&self, activity: &str, status: &str, done: u64, total: Option<u64>) {
        let mut state = lock(&self.job.state);
        if self.job.is_cancelled() {
            return;
        }
        // In place: what nobody picked up is overwritten, and its memory is used again.
        let progress = state.progress.get_or_insert_with(|| {
            self.job.ready.notify_all();
            Progress { activity: String::new(), status: String::new(), done, total }
        });
        for (text, new) in [(&mut progress.activity, activity), (&mut progress.status, status)] {
            text.clear();
            text.push_str(new);
        }
        (progress.done, progress.total) = (done, total);
    }

    fn cancelled(&self) -> bool {
        self.job.is_cancelled()
    }
}

/// The work on its way to a thread. Whatever becomes of it, the job ends: also when the engine goes before a thread is free.
struct Run {
    context: Context,
    work: Option<Work>,
}

impl Run {
    fn go(mut self) {
        let Some(work) = self.work.take() else { return };
        let started = Instant::now();
        let outcome = boundary::guard(|| work(&self.context)).and_then(|result| result);
        self.context.job.end(outcome);
        if started.elapsed() > LONG {
            memory::give_back();
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.context.job.end(Err(Failure::cancelled()));
    }
}

fn event(what: &impl Serialize) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(what).map_err(|cause| Failure::internal(format!("an event has no JSON form: {cause}")))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    id: u64,
    answer: Value,
}

/// # Safety
/// `job` is NULL or a job that is not freed before this returns.
unsafe fn share(job: *mut Job) -> Result<Arc<Job>, Failure> {
    if job.is_null() {
        return Err(Failure::null("job"));
    }
    // SAFETY: a job handle is an Arc turned raw by coexist_job_start and alive by this function's contract. The share
    // keeps the job while the call lasts, even if another thread frees the handle meanwhile.
    unsafe {
        Arc::increment_strong_count(job);
        Ok(Arc::from_raw(job))
    }
}

/// Starts the operation that the request names, and returns a handle on it at once.
///
/// Ownership: the caller frees the job with coexist_job_free.
/// Errors: INVALID_ARGUMENT (NULL, unknown operation), INVALID_UTF8, INVALID_JSON.
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn coexist_job_start(
    engine: *mut Engine,
    request: *const u8,
    request_len: usize,
    job: *mut *mut Job,
    out: *mut *mut u8,
    out_len: *mut usize,
) -> i32 {
    // SAFETY: the caller passes NULL or valid places and handles, and leaves `request` alone during the call.
    unsafe {
        boundary::create(job, std::ptr::null_mut(), Out { bytes: out, len: out_len }, || {
            let engine = engine::borrow(engine)?;
            let (prepare, request) = operation::find("job", crate::jobs::TABLE, memory::input("request", request, request_len)?)?;
            Ok(Arc::into_raw(Job::start(engine, prepare(request)?)?).cast_mut())
        })
    }
}

/// Waits until the job has an event (EVENT) or has ended (DONE or its error), timeout_ms and 200 ms at most (PENDING).
///
/// Ownership: the caller frees the output with coexist_bytes_free.
/// Errors: INVALID_ARGUMENT (NULL), BUSY (another thread is waiting), CANCELLED, PANIC, and those of the operation.
/// Threads: any, one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn coexist_job_wait(job: *mut Job, timeout_ms: u32, out: *mut *mut u8, out_len: *mut usize) -> i32 {
    // SAFETY: the caller passes NULL or valid places and handles.
    unsafe {
        boundary::status(Out { bytes: out, len: out_len }, || {
            share(job)?.wait(Duration::from_millis(timeout_ms.into()))
        })
    }
}

/// Answers a question that the job asked by an event: {"id":1,"answer":...}.
///
/// Ownership: the caller frees the output with coexist_bytes_free.
/// Errors: INVALID_ARGUMENT (NULL, no such open question), INVALID_UTF8, INVALID_JSON.
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn coexist_job_answer(
    job: *mut Job,
    answer: *const u8,
    answer_len: usize,
    out: *mut *mut u8,
    out_len: *mut usize,
) -> i32 {
    // SAFETY: the caller passes NULL or valid places and handles, and leaves `answer` alone during the call.
    unsafe {
        boundary::status(Out { bytes: out, len: out_len }, || {
            let job = share(job)?;
            let Answer { id, answer } = operation::parse(memory::input("answer", answer, answer_len)?)?;
            job.answer(id, answer)?;
            Ok(Reply::ok(Vec::new()))
        })
    }
}

/// Asks the job to stop; it ends soon with CANCELLED, or as it would have when it was already ending.
///
/// Ownership: the caller keeps the job. NULL is ignored.
/// Errors: none; cancelling again, or after the end, does nothing.
/// Threads: any, also while another thread waits.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn coexist_job_cancel(job: *mut Job) {
    boundary::silent((), || {
        // SAFETY: the caller passes NULL or a valid handle.
        if let Ok(job) = unsafe { share(job) } {
            job.cancel();
        }
    })
}

/// Cancels the job if it still runs, waits for it half a second at most, and frees the handle.
///
/// Ownership: takes the job. NULL is ignored.
/// Errors: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn coexist_job_free(job: *mut Job) {
    boundary::silent((), || {
        if !job.is_null() {
            // SAFETY: the caller hands back what coexist_job_start made, once. Work that outlives the wait has its own share.
            let job = unsafe { Arc::from_raw(job) };
            job.cancel();
            job.settle(FREE_WAIT);
        }
    })
}

#[cfg(test)]
mod tests;

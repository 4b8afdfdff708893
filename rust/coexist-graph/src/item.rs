//! One call on its way to its outcome: what each reply means, and what is tried next.

use std::time::Duration;

use crate::call::{Answer, Call};
use crate::engine::{retry_after, Engine};
use crate::error::{Problem, TransportError};
use crate::fault::{Fault, GraphError};
use crate::transport::Method;

/// What came back for a call.
#[derive(Debug)]
pub(crate) enum Reply {
    Answer(Answer),
    /// Nothing, and what became of the call is not known.
    Lost(TransportError),
    /// It never got there.
    NotSent(TransportError),
}

impl Reply {
    pub fn of(error: TransportError) -> Self {
        match error.problem() {
            Problem::TimedOut | Problem::ConnectionBroken => Self::Lost(error),
            _ => Self::NotSent(error),
        }
    }
}

/// What is to be done about a reply.
#[derive(Debug)]
pub(crate) enum Step {
    /// This is the outcome.
    Done(Result<Answer, GraphError>),
    /// Again, after this.
    After(Duration),
    /// Again with another token; without one, this is the end of everything.
    Renew(GraphError),
    /// Nothing else will go better.
    Stop(GraphError),
}

/// A call, and what has happened to it so far.
#[derive(Debug)]
pub(crate) struct Item {
    call: Call,
    failures: u32,
    throttles: u32,
    throttled: Duration,
    /// How often it was looked for in vain until there was no more hope.
    missed: u32,
    renewed: bool,
    /// An answer was lost: it may have been done.
    doubtful: bool,
    /// It is being looked for, for the how-manieth time.
    settling: Option<usize>,
}

impl Item {
    pub fn new(call: Call) -> Self {
        Self { call, failures: 0, throttles: 0, throttled: Duration::ZERO, missed: 0, renewed: false, doubtful: false, settling: None }
    }

    pub fn call(&self) -> &Call {
        &self.call
    }

    pub fn is_settling(&self) -> bool {
        self.settling.is_some()
    }

    /// What is sent next: the call, or the look for what it made.
    pub fn next(&self) -> Call {
        match (&self.settling, &self.call.probe) {
            (Some(_), Some(probe)) => Call { headers: probe.headers.clone(), ..Call::get(probe.path.clone()) },
            _ => self.call.clone(),
        }
    }

    /// A reply to it came as the answer of something before it was missing.
    pub fn doubt(&mut self) {
        self.doubtful = true;
        if !self.call.repeatable && self.call.probe.is_some() {
            self.settling.get_or_insert(0);
        }
    }

    pub fn take(&mut self, reply: Reply, id: &str, engine: &Engine) -> Step {
        let answer = match reply {
            Reply::Answer(answer) => answer,
            Reply::NotSent(cause) if cause.problem() == Problem::ConnectFailed => return self.failed(GraphError::lost(Fault::NotSent, &self.call, cause, id), None, engine),
            Reply::NotSent(cause) => return Step::Stop(GraphError::lost(Fault::NotSent, &self.call, cause, id)),
            Reply::Lost(cause) => return self.lost(GraphError::lost(Fault::ServiceUnavailable, &self.call, cause, id), None, engine),
        };
        let retry_after = retry_after(&answer).map(|seconds| engine.seconds(seconds as f64));
        match answer.status {
            200..=299 if self.is_settling() => return self.looked(&answer, id, engine),
            404 if self.is_settling() => return self.looked(&answer, id, engine),
            200..=299 => return Step::Done(Ok(answer)),
            // What was to go is gone; by whom, nobody can say.
            404 if self.call.method == Method::Delete && self.doubtful => return Step::Done(Ok(Answer { settled: true, ..answer })),
            _ => {}
        }
        let error = GraphError::of(&answer, &self.call, id);
        match (error.fault(), answer.status) {
            (Fault::TokenExpired, _) if self.renewed => Step::Stop(error),
            (Fault::TokenExpired, _) => {
                self.renewed = true;
                Step::Renew(error)
            }
            (Fault::Throttled, _) => {
                self.throttles += 1;
                let wait = retry_after.unwrap_or_else(|| engine.backoff(self.throttles));
                self.throttled += wait;
                match self.throttled > engine.seconds(engine.options().patience as f64) {
                    true => Step::Done(Err(error)),
                    false => Step::After(wait),
                }
            }
            // The call before it in the batch was not done, so this one was not tried.
            (_, 424) => self.failed(error, None, engine),
            (_, 408 | 500..) => self.lost(error, retry_after, engine),
            _ => Step::Done(Err(error)),
        }
    }

    /// It may have been done, or not.
    fn lost(&mut self, error: GraphError, wait: Option<Duration>, engine: &Engine) -> Step {
        if self.call.repeatable || self.is_settling() {
            self.doubtful = true;
            return self.failed(error, wait, engine);
        }
        // Never again at once: a second guest, or a second invitation, would be the price.
        if self.call.probe.is_none() {
            return Step::Done(Err(error.with_fault(Fault::OutcomeUnknown)));
        }
        self.doubtful = true;
        self.settling = Some(0);
        self.look_again(0, error, engine)
    }

    /// The service was asked for what the call makes.
    fn looked(&mut self, answer: &Answer, id: &str, engine: &Engine) -> Step {
        let looks = self.settling.map_or(1, |looks| looks + 1);
        let found = answer.status != 404 && answer.json().get("value").is_none_or(|value| value.as_array().is_none_or(|list| !list.is_empty()));
        if found {
            return Step::Done(Ok(Answer { settled: true, ..answer.clone() }));
        }
        self.settling = Some(looks);
        self.failures = 0;
        let mut error = GraphError::new(Fault::OutcomeUnknown, &self.call);
        error.client_request_id = Some(id.to_owned());
        self.look_again(looks, error, engine)
    }

    fn look_again(&mut self, looks: usize, error: GraphError, engine: &Engine) -> Step {
        match engine.options().settle.get(looks) {
            Some(seconds) => Step::After(engine.seconds(*seconds as f64)),
            None => {
                // Looked for so often and so long, it was not done.
                self.settling = None;
                self.missed += 1;
                match self.missed >= engine.options().attempts {
                    true => Step::Done(Err(error.with_fault(Fault::OutcomeUnknown))),
                    false => Step::After(Duration::ZERO),
                }
            }
        }
    }

    /// It was not done, or may be done twice.
    fn failed(&mut self, error: GraphError, wait: Option<Duration>, engine: &Engine) -> Step {
        self.failures += 1;
        if self.failures >= engine.options().attempts {
            return match error.fault() {
                Fault::NotSent => Step::Stop(error),
                _ => Step::Done(Err(error)),
            };
        }
        engine.repeated();
        Step::After(wait.unwrap_or_else(|| engine.backoff(self.failures)))
    }
}

//! The engine: sends calls by themselves or in batches, keeps within the quotas, and repeats what may be repeated until each has its outcome.
//!
//! It starts no task of its own. Dropping the future of [`Engine::send`] or [`Engine::run`] gives up on everything under way.

use std::collections::{BTreeSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::StreamExt;
use tokio::time::{sleep_until, timeout, Instant};

use crate::batch;
use crate::call::{Answer, Call};
use crate::cancel::Cancel;
use crate::error::{Problem, TransportError};
use crate::fault::{Fault, GraphError};
use crate::gate::{Gate, Load, Place};
use crate::item::{Item, Reply, Step};
use crate::quota::{add, Charges, Pacer, Quotas};
use crate::transport::{bare, Method, Request, Response, Transport};

/// How an engine works. The defaults are for Graph; tests and measurements change them.
#[derive(Debug, Clone)]
pub struct Options {
    /// What the service allows.
    pub quotas: Quotas,
    /// How long a second of the service lasts: of its quotas, its Retry-After, our waiting. One second, unless a service is simulated faster.
    pub second: Duration,
    /// Requests under way at once, at most; the transport may want fewer.
    pub at_once: usize,
    /// How often a call is tried that gets no answer, or 5xx.
    pub attempts: u32,
    /// How long a call may be refused for load altogether, in seconds of the service.
    pub patience: u64,
    /// After how many seconds, again and again, a POST whose answer was lost is looked for; after the last it counts as not done.
    pub settle: Vec<u64>,
    /// For one request and its whole answer.
    pub timeout: Duration,
    /// The version of Graph that paths are of.
    pub version: &'static str,
    /// Where jitter and request ids begin.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        // The standard library seeds each of these from the operating system.
        let seed = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), 0);
        Self {
            quotas: Quotas::default(),
            second: Duration::from_secs(1),
            at_once: 16,
            attempts: 10,
            patience: 3600,
            settle: vec![5, 10, 20, 40, 80, 160],
            timeout: Duration::from_secs(120),
            version: "v1.0",
            seed,
        }
    }
}

/// What an engine has done so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// HTTP requests, a batch being one.
    pub requests: u64,
    /// Calls in them.
    pub calls: u64,
    /// Calls that were refused for load.
    pub throttled: u64,
    /// Calls that were repeated because of something else.
    pub repeated: u64,
}

/// Sends calls through a transport.
pub struct Engine {
    transport: Arc<dyn Transport>,
    options: Options,
    cancel: Cancel,
    gate: Gate,
    pacer: Mutex<Pacer>,
    random: AtomicU64,
    counts: [AtomicU64; 4],
}

impl Engine {
    /// An engine over a transport; `cancel` ends everything that it has under way.
    pub fn new(transport: Arc<dyn Transport>, options: Options, cancel: Cancel) -> Self {
        let most = options.at_once.min(transport.at_once());
        Self {
            gate: Gate::new(4, most),
            pacer: Mutex::new(Pacer::new(&options.quotas, options.second)),
            random: AtomicU64::new(options.seed),
            counts: Default::default(),
            transport,
            options,
            cancel,
        }
    }

    /// How it works.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// What it has done so far.
    pub fn counts(&self) -> Counts {
        let [requests, calls, throttled, repeated] = [0, 1, 2, 3].map(|count: usize| self.counts[count].load(Ordering::Relaxed));
        Counts { requests, calls, throttled, repeated }
    }

    /// How many requests are under way, and how many may be.
    pub fn load(&self) -> (usize, usize) {
        (self.gate.under_way(), self.gate.limit())
    }

    fn count(&self, which: usize, more: u64) {
        self.counts[which].fetch_add(more, Ordering::Relaxed);
    }

    fn pacer(&self) -> MutexGuard<'_, Pacer> {
        self.pacer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next random number (SplitMix64): for jitter and ids, nothing that must be secret.
    pub(crate) fn random(&self) -> u64 {
        let mut z = self.random.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed).wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn request_id(&self) -> String {
        let (high, low) = (self.random(), self.random());
        // RFC 9562, version 4.
        format!("{:08x}-{:04x}-4{:03x}-{:x}{:03x}-{:012x}", high >> 32, high >> 16 & 0xffff, high & 0xfff, 8 + (low >> 62), low >> 48 & 0xfff, low & 0xffff_ffff_ffff)
    }

    /// Seconds of the service.
    pub(crate) fn seconds(&self, seconds: f64) -> Duration {
        self.options.second.mul_f64(seconds)
    }

    /// How long to wait before the next try where the service does not say: twice as long each time, up to a minute, the last half of it by chance.
    pub(crate) fn backoff(&self, tries: u32) -> Duration {
        let most = f64::from(1u32 << tries.clamp(1, 6)).min(60.0);
        let chance = (self.random() >> 11) as f64 / (1u64 << 53) as f64;
        self.seconds(most * (0.5 + 0.5 * chance))
    }

    /// Waits until the quotas have room, and the service is willing.
    async fn admit(&self, charges: &Charges) {
        let now = Instant::now();
        let at = self.pacer().reserve(charges, now);
        // A timer costs a millisecond also where it is due already.
        if at > now {
            sleep_until(at).await;
        }
        loop {
            let closed = self.pacer().closed_until(charges).filter(|until| *until > Instant::now());
            match closed {
                Some(until) => sleep_until(until).await,
                None => return,
            }
        }
    }

    /// One HTTP request. The place is to be left once it is known what the answer says about the load.
    async fn exchange(&self, request: &Request, charges: &Charges, calls: u64) -> (Result<Response, TransportError>, Place<'_>) {
        self.admit(charges).await;
        let place = self.gate.enter().await;
        self.count(0, 1);
        self.count(1, calls);
        let sent = timeout(self.options.timeout, self.transport.send(request, &self.cancel)).await;
        (sent.unwrap_or_else(|_| Err(TransportError::new(Problem::TimedOut, bare(&request.url)))), place)
    }

    fn request(&self, method: Method, path: &str, headers: &[(String, String)], body: Option<Vec<u8>>, id: &str) -> Request {
        let url = if path.contains("://") { path.to_owned() } else { format!("/{}{path}", self.options.version) };
        let mut headers = headers.to_vec();
        headers.push(("Accept".to_owned(), "application/json".to_owned()));
        headers.push(("client-request-id".to_owned(), id.to_owned()));
        if body.is_some() {
            headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
        }
        Request { method, url, headers, body }
    }

    /// Tells quotas and counts what came back for a call.
    fn note(&self, status: u16, retry_after: Option<u64>, charges: &Charges) {
        if status == 429 {
            self.count(2, 1);
            let now = Instant::now();
            if let Some(seconds) = retry_after {
                self.pacer().refused(charges, now + self.seconds(seconds as f64), now);
            }
        }
    }

    /// Sends one call by itself, until it has an outcome.
    ///
    /// # Errors
    /// What Graph refused; what got no answer in so many attempts.
    pub async fn send(&self, call: Call) -> Result<Answer, GraphError> {
        let given_up = self.given_up(&call);
        self.unless_cancelled(given_up, self.send_until_done(call)).await
    }

    fn given_up(&self, call: &Call) -> GraphError {
        GraphError::lost(Fault::NotSent, call, TransportError::new(Problem::Cancelled, bare(&call.path)), "")
    }

    async fn unless_cancelled<T>(&self, given_up: GraphError, work: impl std::future::Future<Output = Result<T, GraphError>>) -> Result<T, GraphError> {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(given_up),
            done = work => done,
        }
    }

    async fn send_until_done(&self, call: Call) -> Result<Answer, GraphError> {
        let mut item = Item::new(call);
        loop {
            let (call, id) = (item.next(), self.request_id());
            let charges = self.options.quotas.charges(&call);
            let body = call.body.as_ref().map(|body| body.to_string().into_bytes());
            let sent_at = Instant::now();
            let (result, place) = self.exchange(&self.request(call.method, &call.path, &call.headers, body, &id), &charges, 1).await;
            let reply = match result {
                Ok(response) => {
                    let answer = Answer { status: response.status, headers: response.headers, body: response.body, settled: false };
                    self.note(answer.status, retry_after(&answer), &charges);
                    match answer.status {
                        // A page of a portal or a proxy, or half an answer, is no answer of Graph.
                        200..=299 if !is_json(&answer) => Reply::Lost(TransportError::new(Problem::ConnectionBroken, bare(&call.path))),
                        _ => Reply::Answer(answer),
                    }
                }
                Err(error) => Reply::of(error),
            };
            place.leave(load(&reply));
            match item.take(reply, &id, self) {
                Step::Done(outcome) => return outcome,
                Step::Stop(error) => return Err(error),
                Step::After(wait) => tokio::time::sleep(wait).await,
                Step::Renew(error) => match self.transport.renew(sent_at, &self.cancel).await {
                    Ok(true) => {}
                    Ok(false) => return Err(error),
                    Err(cause) => return Err(GraphError::lost(Fault::NotSent, item.call(), cause, &id)),
                },
            }
        }
    }

    /// Sends sequences of calls in batches, until each call has an outcome; `each` gets it with the places of the sequence and the call in it.
    ///
    /// A call begins when the one before it in its sequence has succeeded; sequences do not wait for each other.
    ///
    /// # Errors
    /// What makes going on useless: the token is no longer taken, no connection, cancelled. Calls without an outcome by then were told to nobody.
    pub async fn run(&self, sequences: Vec<Vec<Call>>, each: impl FnMut(usize, usize, Result<Answer, GraphError>)) -> Result<(), GraphError> {
        let given_up = self.given_up(&Call::new(Method::Post, "/$batch"));
        self.unless_cancelled(given_up, self.run_until_done(sequences, each)).await
    }

    async fn run_until_done(&self, sequences: Vec<Vec<Call>>, mut each: impl FnMut(usize, usize, Result<Answer, GraphError>)) -> Result<(), GraphError> {
        let mut work = Work::new(sequences);
        let mut flying: FuturesUnordered<BoxFuture<'_, Flight>> = FuturesUnordered::new();
        loop {
            work.wake(Instant::now());
            while !work.ready.is_empty() && flying.len() < self.gate.limit() {
                flying.push(Box::pin(self.fly(work.next_batch(&self.options.quotas, &self.pacer()))));
            }
            let due = work.delayed.first().map(|(due, _)| *due);
            let landed = match (flying.is_empty(), due) {
                (true, None) => return Ok(()),
                (true, Some(due)) => {
                    sleep_until(due).await;
                    continue;
                }
                (false, None) => flying.next().await,
                // What becomes due while every place is taken waits for a place.
                (false, Some(due)) => tokio::select! {
                    biased;
                    landed = flying.next() => landed,
                    () = sleep_until(due) => {
                        if flying.len() < self.gate.limit() { continue }
                        flying.next().await
                    }
                },
            };
            if let Some(landed) = landed {
                self.land(landed, &mut work, &mut each).await?;
            }
        }
    }

    /// Sends one batch.
    async fn fly(&self, mut flight: Flight) -> Flight {
        flight.id = self.request_id();
        let calls: Vec<&Call> = flight.calls.iter().collect();
        let body = batch::encode(&calls, flight.sequential);
        let charges: Vec<Charges> = calls.iter().map(|call| self.options.quotas.charges(call)).collect();
        let mut total = Charges::new();
        charges.iter().for_each(|charge| add(&mut total, charge));
        let request = self.request(Method::Post, "/$batch", &[], Some(body), &flight.id);
        flight.sent_at = Some(Instant::now());
        let (result, place) = self.exchange(&request, &total, calls.len() as u64).await;
        let broken = || TransportError::new(Problem::ConnectionBroken, bare(&request.url));
        flight.replies = match result {
            Ok(response) if response.status == 200 => match batch::decode(&response.body, calls.len()) {
                Some(answers) => answers.into_iter().map(|answer| answer.map_or_else(|| Reply::Lost(broken()), Reply::Answer)).collect(),
                None => calls.iter().map(|_| Reply::Lost(broken())).collect(),
            },
            Ok(response) => {
                let answer = Answer { status: response.status, headers: response.headers, body: response.body, settled: false };
                calls.iter().map(|_| Reply::Answer(answer.clone())).collect()
            }
            Err(error) => calls.iter().map(|_| Reply::of(error.clone())).collect(),
        };
        // One that was refused inside a batch says as much as a batch that was.
        let loads = flight.replies.iter().map(load);
        place.leave(loads.max().unwrap_or(Load::Unknown));
        for (reply, charges) in flight.replies.iter().zip(&charges) {
            if let Reply::Answer(answer) = reply {
                self.note(answer.status, retry_after(answer), charges);
            }
        }
        flight
    }

    /// Hands the answers of a batch to their items.
    async fn land(&self, flight: Flight, work: &mut Work, each: &mut impl FnMut(usize, usize, Result<Answer, GraphError>)) -> Result<(), GraphError> {
        let Flight { sequences, sequential, replies, id, sent_at, .. } = flight;
        let mut renewed = false;
        // In a parallel batch each reply is the first call of another sequence, in a sequential one they are the calls of one.
        let (mut stopped, mut finished) = (false, 0);
        for (place, reply) in replies.into_iter().enumerate() {
            let sequence = if sequential { sequences[0] } else { sequences[place] };
            if stopped {
                // What follows a call that has to be repeated was not tried; only where an answer is missing one cannot know.
                if matches!(&reply, Reply::Lost(_)) || matches!(&reply, Reply::Answer(answer) if answer.status >= 500) {
                    if let Some(item) = work.sequences[sequence].1.get_mut(place - finished) {
                        item.doubt();
                    }
                }
                continue;
            }
            let step = match work.head(sequence) {
                Some(item) => item.take(reply, &id, self),
                None => continue,
            };
            match step {
                Step::Done(outcome) => {
                    let failed = outcome.is_err();
                    work.finish(sequence, outcome, each);
                    finished += 1;
                    stopped = sequential && failed;
                    if !sequential {
                        work.again(sequence, None);
                    }
                }
                Step::After(wait) => {
                    work.again(sequence, Some(Instant::now() + wait));
                    stopped = sequential;
                }
                Step::Renew(error) => {
                    if !renewed {
                        match self.transport.renew(sent_at.unwrap_or_else(Instant::now), &self.cancel).await {
                            Ok(true) => renewed = true,
                            Ok(false) => return Err(error),
                            Err(cause) => return Err(GraphError::lost(Fault::NotSent, &Call::new(Method::Post, "/$batch"), cause, &id)),
                        }
                    }
                    work.again(sequence, None);
                    stopped = sequential;
                }
                Step::Stop(error) => return Err(error),
            }
        }
        if sequential && !stopped {
            work.again(sequences[0], None);
        }
        Ok(())
    }

    pub(crate) fn repeated(&self) {
        self.count(3, 1);
    }
}

/// A batch on its way.
struct Flight {
    sequences: Vec<usize>,
    sequential: bool,
    calls: Vec<Call>,
    replies: Vec<Reply>,
    id: String,
    sent_at: Option<Instant>,
}

/// What is still to do.
struct Work {
    /// What is left of each sequence, and the place of its first.
    sequences: Vec<(usize, VecDeque<Item>)>,
    ready: VecDeque<usize>,
    delayed: BTreeSet<(Instant, usize)>,
}

impl Work {
    fn new(sequences: Vec<Vec<Call>>) -> Self {
        let sequences: Vec<(usize, VecDeque<Item>)> = sequences.into_iter().map(|calls| (0, calls.into_iter().map(Item::new).collect())).collect();
        let ready = (0..sequences.len()).filter(|sequence| !sequences[*sequence].1.is_empty()).collect();
        Self { sequences, ready, delayed: BTreeSet::new() }
    }

    fn wake(&mut self, now: Instant) {
        while self.delayed.first().is_some_and(|(due, _)| *due <= now) {
            self.ready.extend(self.delayed.pop_first().map(|(_, sequence)| sequence));
        }
    }

    fn head(&mut self, sequence: usize) -> Option<&mut Item> {
        self.sequences[sequence].1.front_mut()
    }

    /// The first call of a sequence has its outcome; where it failed, the others have theirs with it.
    fn finish(&mut self, sequence: usize, outcome: Result<Answer, GraphError>, each: &mut impl FnMut(usize, usize, Result<Answer, GraphError>)) {
        let (first, items) = &mut self.sequences[sequence];
        let failed = outcome.is_err();
        items.pop_front();
        each(sequence, *first, outcome);
        *first += 1;
        if failed {
            for item in items.drain(..) {
                each(sequence, *first, Err(GraphError::new(Fault::DependencyFailed, item.call())));
                *first += 1;
            }
        }
    }

    /// What is left of a sequence goes on, now or later.
    fn again(&mut self, sequence: usize, due: Option<Instant>) {
        if self.sequences[sequence].1.is_empty() {
            return;
        }
        match due {
            None => self.ready.push_back(sequence),
            Some(due) => {
                self.delayed.insert((due, sequence));
            }
        }
    }

    /// The next batch: the first calls of as many sequences as fit; where few sequences are left, one whole sequence, each call depending on the one before.
    fn next_batch(&mut self, quotas: &Quotas, pacer: &Pacer) -> Flight {
        let most = quotas.size("batch");
        let (mut sequences, mut calls, mut total) = (Vec::new(), Vec::new(), Charges::new());
        let mut fits = |call: &Call| {
            let mut more = total.clone();
            add(&mut more, &quotas.charges(call));
            let fits = pacer.fits(&more);
            if fits {
                total = more;
            }
            fits
        };
        let whole = self.ready.len() < most && self.ready.iter().any(|sequence| self.is_chain(*sequence));
        if whole {
            // The longest way is begun first.
            let chosen = self.ready.iter().enumerate().max_by_key(|(place, sequence)| (self.sequences[**sequence].1.len(), usize::MAX - place));
            if let Some(sequence) = chosen.map(|(place, _)| place).and_then(|place| self.ready.remove(place)) {
                for item in self.sequences[sequence].1.iter().take(most) {
                    let call = item.next();
                    if item.is_settling() && !calls.is_empty() || !fits(&call) && !calls.is_empty() {
                        break;
                    }
                    calls.push(call);
                }
                sequences.push(sequence);
            }
        } else {
            while calls.len() < most {
                let Some(sequence) = self.ready.front().copied() else { break };
                let Some(item) = self.sequences[sequence].1.front() else {
                    self.ready.pop_front();
                    continue;
                };
                let call = item.next();
                if !fits(&call) && !calls.is_empty() {
                    break;
                }
                self.ready.pop_front();
                calls.push(call);
                sequences.push(sequence);
            }
        }
        Flight { sequences, sequential: whole, calls, replies: Vec::new(), id: String::new(), sent_at: None }
    }

    fn is_chain(&self, sequence: usize) -> bool {
        let items = &self.sequences[sequence].1;
        items.len() > 1 && items.front().is_some_and(|item| !item.is_settling())
    }
}

fn load(reply: &Reply) -> Load {
    match reply {
        Reply::Answer(answer) if matches!(answer.status, 429 | 500..) => Load::TooMuch,
        Reply::Answer(_) => Load::Fine,
        Reply::Lost(_) => Load::TooMuch,
        Reply::NotSent(_) => Load::Unknown,
    }
}

/// The seconds of a Retry-After.
pub(crate) fn retry_after(answer: &Answer) -> Option<u64> {
    answer.header("retry-after")?.trim().parse().ok()
}

fn is_json(answer: &Answer) -> bool {
    let text = answer.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&answer.body);
    text.is_empty() || serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok()
}

//! The engine against the loopback Graph, in paused time: over 100,000 requests of each scenario, nothing lost, nothing twice.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod loopback;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use coexist_graph::{Call, Cancel, Engine, Fault, Method, Options, Quotas};
use loopback::memory::Memory;
use loopback::{Allowance, Config, Graph, Ledger, Troubles};
use serde_json::json;
use tokio::time::Instant;

/// Requests of a scenario.
const MANY: usize = 100_000;

fn options() -> Options {
    Options { seed: 7, quotas: Quotas::unlimited(), ..Options::default() }
}

struct Ran {
    graph: Arc<Graph>,
    ledger: Ledger,
    outcomes: HashMap<(usize, usize), Result<coexist_graph::Answer, coexist_graph::GraphError>>,
    took: Duration,
    engine: Engine,
}

async fn run(config: Config, options: Options, sequences: Vec<Vec<Call>>) -> Ran {
    let graph = Arc::new(Graph::new(config));
    let engine = Engine::new(Memory::new(graph.clone()), options, Cancel::new());
    let mut outcomes = HashMap::new();
    let begun = Instant::now();
    let ran = engine.run(sequences, |sequence, place, outcome| assert!(outcomes.insert((sequence, place), outcome).is_none(), "{sequence} {place} twice")).await;
    ran.unwrap();
    let ledger = graph.ledger();
    assert_eq!(ledger.wrong, Vec::<String>::new());
    assert_eq!((ledger.at_once, engine.load().0), (0, 0));
    Ran { graph, ledger, outcomes, took: begun.elapsed(), engine }
}

/// Reads every user by itself.
fn reads(count: usize) -> Vec<Vec<Call>> {
    (0..count).map(|number| vec![Call::get(format!("/users/{number}?$select=id,displayName"))]).collect()
}

/// Every read has its answer, which is of the object that was asked for.
fn all_read(ran: &Ran, count: usize) {
    assert_eq!(ran.outcomes.len(), count);
    for ((sequence, _), outcome) in &ran.outcomes {
        let answer = outcome.as_ref().unwrap_or_else(|error| panic!("{sequence}: {error:?}"));
        assert_eq!(answer.json()["id"], loopback::guid(0, *sequence));
    }
    assert!(ran.ledger.requests >= count as u64 / 20);
}

async fn many_reads(troubles: Troubles) -> Ran {
    let config = Config { users: MANY, troubles, ..Config::default() };
    let ran = run(config, options(), reads(MANY)).await;
    all_read(&ran, MANY);
    assert_eq!(ran.ledger.done.len(), MANY);
    ran
}

#[tokio::test(start_paused = true)]
async fn refused_inside_a_batch_with_retry_after() {
    let ran = many_reads(Troubles { inner_429: 100, ..Troubles::default() }).await;
    // To the second, and alone: what was answered is never asked again.
    assert_eq!(ran.ledger.too_early, 0);
    assert!(ran.ledger.done.values().all(|times| *times == 1));
    assert!(ran.ledger.refused > 10_000);
    assert_eq!(ran.engine.counts().throttled, ran.ledger.refused);
}

#[tokio::test(start_paused = true)]
async fn refused_inside_a_batch_without_retry_after() {
    let ran = many_reads(Troubles { inner_429_bare: 100, ..Troubles::default() }).await;
    assert!(ran.ledger.done.values().all(|times| *times == 1));
}

#[tokio::test(start_paused = true)]
async fn whole_batches_refused_with_and_without_retry_after() {
    let ran = many_reads(Troubles { whole_429: 100, whole_429_bare: 100, ..Troubles::default() }).await;
    assert!(ran.ledger.done.values().all(|times| *times == 1));
}

#[tokio::test(start_paused = true)]
async fn unavailable_and_gateway_timeouts() {
    many_reads(Troubles { whole_503: 50, inner_503: 20, whole_504_done: 50, inner_504_done: 20, ..Troubles::default() }).await;
}

#[tokio::test(start_paused = true)]
async fn connections_cut_and_half_and_silent_answers() {
    many_reads(Troubles { reset: 50, reset_done: 50, half: 50, slow: 20, ..Troubles::default() }).await;
}

#[tokio::test(start_paused = true)]
async fn answers_twice_missing_and_in_another_order() {
    many_reads(Troubles { twice: 50, missing: 50, shuffled: true, ..Troubles::default() }).await;
}

/// Everything at once that may go wrong.
fn all_troubles() -> Troubles {
    Troubles {
        inner_429: 30,
        inner_429_bare: 10,
        whole_429: 20,
        whole_429_bare: 10,
        whole_503: 10,
        inner_503: 5,
        whole_504_done: 10,
        inner_504_done: 10,
        reset: 20,
        reset_done: 20,
        half: 10,
        slow: 5,
        twice: 20,
        missing: 20,
        shuffled: true,
    }
}

#[tokio::test(start_paused = true)]
async fn sequences_of_writes_under_every_trouble() {
    let sequence = |number: usize| {
        let patch = |step: u32| Call::new(Method::Patch, format!("/users/{number}")).with_body(json!({"step": step}));
        vec![patch(1), patch(2), patch(3), patch(4)]
    };
    let config = Config { troubles: all_troubles(), ..Config::default() };
    let ran = run(config, options(), (0..MANY / 4).map(sequence).collect()).await;
    assert_eq!(ran.outcomes.len(), MANY);
    assert!(ran.outcomes.values().all(Result::is_ok));
    // The last write of each is what stands: none overtook another.
    let patched = ran.graph.patched();
    assert_eq!(patched.len(), MANY / 4);
    assert!(patched.values().all(|body| *body == json!({"step": 4})));
}

#[tokio::test(start_paused = true)]
async fn invitations_whose_answers_are_lost_are_made_once() {
    // Looking for them doubles the requests.
    let count = MANY / 2;
    let invite = |number: usize| {
        let mail = format!("guest{number}@fabrikam.com");
        let probe = format!("/users?$select=id&$filter=mail eq '{mail}'");
        vec![Call::new(Method::Post, "/invitations").with_body(json!({"invitedUserEmailAddress": mail, "inviteRedirectUrl": "https://x"})).with_probe(probe)]
    };
    let config = Config { troubles: all_troubles(), ..Config::default() };
    let ran = run(config, options(), (0..count).map(invite).collect()).await;
    assert_eq!(ran.outcomes.len(), count);
    let failed: Vec<_> = ran.outcomes.values().filter_map(|outcome| outcome.as_ref().err()).collect();
    assert!(failed.is_empty(), "{} {:?}", failed.len(), failed[0]);
    let invited: Vec<u32> = ran.ledger.done.iter().filter(|(what, _)| what.starts_with("POST ")).map(|(_, times)| *times).collect();
    assert_eq!(invited.len(), count);
    assert!(invited.iter().all(|times| *times == 1), "{:?}", invited.iter().max());
    assert!(ran.outcomes.values().filter(|outcome| outcome.as_ref().unwrap().settled).count() > count / 50);
    assert!(ran.ledger.calls > MANY as u64 / 2);
}

#[tokio::test(start_paused = true)]
async fn deleting_what_is_gone_already_is_done() {
    let config = Config { troubles: Troubles { reset_done: 200, ..Troubles::default() }, ..Config::default() };
    let deletes = (0..2_000).map(|number| vec![Call::new(Method::Delete, format!("/users/{number}"))]).collect();
    let ran = run(config, options(), deletes).await;
    assert!(ran.outcomes.values().all(Result::is_ok));
    assert!(ran.outcomes.values().any(|outcome| outcome.as_ref().unwrap().settled));
}

#[tokio::test(start_paused = true)]
async fn a_lost_post_that_cannot_be_looked_for_is_said_to_be_unknown_and_not_sent_again() {
    let config = Config { troubles: Troubles { reset_done: 1000, ..Troubles::default() }, ..Config::default() };
    let call = Call::new(Method::Post, "/invitations").with_body(json!({"invitedUserEmailAddress": "a@b.c"}));
    let ran = run(config, options(), vec![vec![call.clone()], vec![Call::new(Method::Post, "/invitations")]]).await;
    for outcome in ran.outcomes.values() {
        assert_eq!(outcome.as_ref().unwrap_err().fault(), Fault::OutcomeUnknown);
    }
    assert_eq!(ran.ledger.done["POST a@b.c"], 1);
    let engine = Engine::new(Memory::new(ran.graph.clone()), options(), Cancel::new());
    assert_eq!(engine.send(call).await.unwrap_err().code(), "OutcomeUnknown");
    assert_eq!(ran.graph.ledger().done["POST a@b.c"], 2);
}

#[tokio::test(start_paused = true)]
async fn what_follows_a_failure_is_not_tried() {
    let get = |number: &str| Call::get(format!("/users/{number}?$select=id"));
    let sequences = vec![vec![get("1"), get("none"), get("2"), get("3")], vec![get("4")]];
    let ran = run(Config::default(), options(), sequences).await;
    let codes: Vec<_> = [(0, 0), (0, 1), (0, 2), (0, 3), (1, 0)].iter().map(|place| ran.outcomes[place].as_ref().map(|answer| answer.status).map_err(|error| error.code())).collect();
    assert_eq!(codes, [Ok(200), Err("GraphObjectNotFound"), Err("DependencyFailed"), Err("DependencyFailed"), Ok(200)]);
    let error = ran.outcomes[&(0, 1)].as_ref().unwrap_err();
    assert_eq!(error.request_id.as_deref(), Some("11111111-2222-3333-4444-555555555555"));
    assert!(error.client_request_id.is_some());
    assert!(error.message().contains("request-id 11111111-") && error.message().contains("Request_ResourceNotFound"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn the_quotas_are_kept_so_that_the_service_need_not_say_no() {
    let second = Duration::from_secs(1);
    let directory = Allowance { paths: "/users", writes_only: false, units: 8000, window: 10 * second };
    let config = Config { users: MANY, allowances: vec![directory], ..Config::default() };
    let ran = run(config, Options { quotas: Quotas::default(), ..options() }, reads(MANY)).await;
    all_read(&ran, MANY);
    assert_eq!(ran.ledger.refused, 0);
    // What the quota alone takes: the first window is full at once.
    let alone = second * 10 * (MANY as u32 / 8000 - 1);
    assert!(ran.took < alone.mul_f64(1.15), "{:?} of {alone:?}", ran.took);
}

#[tokio::test(start_paused = true)]
async fn a_smaller_tenant_is_noticed() {
    let second = Duration::from_secs(1);
    let directory = Allowance { paths: "/users", writes_only: false, units: 3500, window: 10 * second };
    let config = Config { users: 40_000, allowances: vec![directory], ..Config::default() };
    let ran = run(config, Options { quotas: Quotas::default(), ..options() }, reads(40_000)).await;
    all_read(&ran, 40_000);
    assert!(ran.ledger.refused < 8_000, "{}", ran.ledger.refused);
}

#[tokio::test(start_paused = true)]
async fn writes_and_reports_have_quotas_of_their_own() {
    let second = Duration::from_secs(1);
    let writes = Allowance { paths: "/users", writes_only: true, units: 3000, window: 150 * second };
    let config = Config { allowances: vec![writes], ..Config::default() };
    let patches = (0..10_000).map(|number| vec![Call::new(Method::Patch, format!("/users/{number}")).with_body(json!({}))]).collect();
    let ran = run(config, Options { quotas: Quotas::default(), ..options() }, patches).await;
    assert_eq!((ran.ledger.refused, ran.outcomes.len()), (0, 10_000));
    assert!(ran.took > 450 * second && ran.took < 520 * second, "{:?}", ran.took);

    let graph = Arc::new(Graph::new(Config { allowances: vec![Allowance { paths: "/auditLogs", writes_only: false, units: 5, window: 10 * second }], ..Config::default() }));
    let engine = Engine::new(Memory::new(graph.clone()), Options { quotas: Quotas::default(), ..options() }, Cancel::new());
    let begun = Instant::now();
    let calls = (0..23).map(|_| vec![Call::get("/auditLogs/signIns")]).collect();
    engine.run(calls, |_, _, outcome| assert_eq!(outcome.unwrap_err().status, Some(400))).await.unwrap();
    assert_eq!(graph.ledger().refused, 0);
    assert!(begun.elapsed() > 40 * second && begun.elapsed() < 46 * second, "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn concurrency_finds_its_level() {
    // Seven at once are what this service takes.
    let config = Config { users: MANY, at_once: 7, ..Config::default() };
    let ran = run(config, options(), reads(MANY)).await;
    all_read(&ran, MANY);
    let refused = ran.ledger.refused as f64 / ran.ledger.requests as f64;
    assert!(refused < 0.15, "{refused} {:?}", ran.engine.load());
    assert!(ran.ledger.done.values().all(|times| *times == 1));
    assert!(ran.engine.load().1 <= 8, "{refused}");
    assert!(ran.engine.load().1 <= 8, "{:?}", ran.engine.load());
}

#[tokio::test(start_paused = true)]
async fn an_expired_token_ends_it_at_once_and_is_called_that() {
    let graph = Arc::new(Graph::new(Config { users: 10_000, token_lives: Some(100), ..Config::default() }));
    let engine = Engine::new(Memory::new(graph.clone()), options(), Cancel::new());
    let mut told = 0;
    let error = engine.run(reads(10_000), |_, _, outcome| told += usize::from(outcome.is_ok())).await.unwrap_err();
    assert_eq!((error.code(), error.category(), error.status), ("TokenExpired", "AuthenticationError", Some(401)));
    assert_eq!(told, 100 * 20);
    // Those that were under way already, and no others.
    assert!(graph.ledger().requests <= 100 + 16, "{}", graph.ledger().requests);
    assert_eq!(graph.ledger().at_once, 0);
}

#[tokio::test(start_paused = true)]
async fn another_token_is_taken_where_there_is_one() {
    let graph = Arc::new(Graph::new(Config { users: 10_000, token_lives: Some(200), ..Config::default() }));
    let memory = Memory::new(graph.clone());
    *memory.tokens.lock().unwrap() = (0..20).map(|number| format!("Bearer {number}")).collect();
    let engine = Engine::new(memory, options(), Cancel::new());
    let mut told = 0;
    engine.run(reads(10_000), |_, _, outcome| told += usize::from(outcome.is_ok())).await.unwrap();
    assert_eq!(told, 10_000);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_down_is_given_up_after_so_many_attempts() {
    let graph = Arc::new(Graph::new(Config { troubles: Troubles { whole_503: 1000, ..Troubles::default() }, ..Config::default() }));
    let engine = Engine::new(Memory::new(graph.clone()), options(), Cancel::new());
    let error = engine.send(Call::get("/users?$select=id")).await.unwrap_err();
    assert_eq!((error.code(), graph.ledger().requests), ("ServiceUnavailable", 10));
    let graph = Arc::new(Graph::new(Config { troubles: Troubles { whole_429: 1000, ..Troubles::default() }, ..Config::default() }));
    let engine = Engine::new(Memory::new(graph.clone()), Options { patience: 20, ..options() }, Cancel::new());
    assert_eq!(engine.send(Call::get("/users?$select=id")).await.unwrap_err().code(), "Throttled");
    assert_eq!(graph.ledger().requests, 11);
}

#[tokio::test(start_paused = true)]
async fn cancelled_at_any_moment_nothing_stays_under_way() {
    for moment in 0..60 {
        let graph = Arc::new(Graph::new(Config { users: 2_000, troubles: all_troubles(), ..Config::default() }));
        let cancel = Cancel::new();
        let engine = Engine::new(Memory::new(graph.clone()), options(), cancel.clone());
        let (run, stop) = (engine.run(reads(2_000), |_, _, _| {}), tokio::time::sleep(Duration::from_millis(moment * 23)));
        let (ran, ()) = tokio::join!(run, async {
            stop.await;
            cancel.cancel();
        });
        if let Err(error) = ran {
            assert_eq!((error.code(), error.category()), ("Cancelled", "OperationStopped"));
        }
        assert_eq!((graph.ledger().at_once, engine.load().0), (0, 0), "{moment}");
        assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_gives_the_same_run() {
    let config = Config { users: 3_000, troubles: all_troubles(), ..Config::default() };
    let one = run(config.clone(), options(), reads(3_000)).await;
    let two = run(config, options(), reads(3_000)).await;
    assert_eq!((one.took, one.engine.counts()), (two.took, two.engine.counts()));
}

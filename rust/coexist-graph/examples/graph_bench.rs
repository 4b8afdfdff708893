//! What tools/bench/Graph.ps1 measures, one measurement a process; the last line of output is JSON.
//!
//!     graph_bench serve USERS LATENCY_MS UNITS SPEED   a Graph on this machine, until its input ends; UNITS in 10 s, seconds SPEED times as fast
//!     graph_bench each ROOT COUNT SPEED [noquota]      so many users, each by itself, in batches
//!     graph_bench one-by-one ROOT COUNT                the same, one request after another
//!     graph_bench snapshot ROOT FOLDER                 every user by pages into a snapshot

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../tests/loopback/mod.rs"]
mod loopback;

use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use coexist_graph::read::{read, Reading};
use coexist_graph::{Call, Cancel, Engine, NativeTransport, Options, Quotas, Timeouts, Token};
use loopback::keep::Keep;
use loopback::server::serve;
use loopback::{Allowance, Config, Graph};
use serde_json::json;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        match words.as_slice() {
            ["serve", users, latency, units, speed] => {
                let second = Duration::from_secs(1).div_f64(speed.parse().unwrap());
                let units: u64 = units.parse().unwrap();
                let allowances = if units == 0 { vec![] } else { vec![Allowance { paths: "/users", writes_only: false, units, window: 10 * second }] };
                let latency = Duration::from_millis(latency.parse().unwrap());
                let graph = Arc::new(Graph::new(Config { users: users.parse().unwrap(), allowances, second, latency, ..Config::default() }));
                let server = serve(graph.clone(), None).await;
                println!("{}", server.root);
                tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await.unwrap().unwrap();
                assert!(graph.ledger().wrong.is_empty());
            }
            ["each", root, count, speed, rest @ ..] => {
                let quotas = if rest.is_empty() { Quotas::default() } else { Quotas::unlimited() };
                let engine = engine(root, Options { quotas, second: Duration::from_secs(1).div_f64(speed.parse().unwrap()), ..Options::default() });
                let count: usize = count.parse().unwrap();
                let begun = Instant::now();
                let mut done = 0;
                let calls = (0..count).map(|number| vec![user(number)]).collect();
                engine.run(calls, |_, _, outcome| done += usize::from(outcome.unwrap().status == 200)).await.unwrap();
                assert_eq!(done, count);
                let counts = engine.counts();
                println!("{}", json!({"seconds": begun.elapsed().as_secs_f64(), "requests": counts.requests, "throttled": counts.throttled}));
            }
            ["one-by-one", root, count] => {
                let engine = engine(root, Options { quotas: Quotas::unlimited(), ..Options::default() });
                let begun = Instant::now();
                for number in 0..count.parse::<usize>().unwrap() {
                    engine.send(user(number)).await.unwrap();
                }
                println!("{}", json!({"seconds": begun.elapsed().as_secs_f64()}));
            }
            ["snapshot", root, folder] => {
                let engine = engine(root, Options { quotas: Quotas::unlimited(), ..Options::default() });
                let reading = Reading::new::<()>(&["users".to_owned()], &[]).unwrap();
                let begun = Instant::now();
                let mut keep = Keep::open(Path::new(folder));
                read(&engine, &reading, &mut keep).await.unwrap();
                let read = begun.elapsed().as_secs_f64();
                keep.commit(Path::new(folder));
                let bytes = std::fs::metadata(Path::new(folder).join("users.jsonl")).unwrap().len();
                println!("{}", json!({"seconds": begun.elapsed().as_secs_f64(), "readSeconds": read, "bytes": bytes, "peakKiB": peak()}));
            }
            _ => panic!("see the head of graph_bench.rs"),
        }
    });
}

fn engine(root: &str, options: Options) -> Engine {
    let transport = NativeTransport::new(root, Token::new(b"bench".to_vec()).unwrap(), Timeouts::default()).unwrap();
    Engine::new(Arc::new(transport), options, Cancel::new())
}

fn user(number: usize) -> Call {
    Call::get(format!("/users/{number}?$select=id,displayName"))
}

/// The largest memory that this process has had, in KiB; 0 where the system does not say.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

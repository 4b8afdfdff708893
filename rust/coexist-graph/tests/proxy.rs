//! The native transport behind a proxy that HTTPS_PROXY names. A program of its own, because the environment belongs to the whole process.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[allow(dead_code)]
mod loopback;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use coexist_graph::{Call, Cancel, Engine, NativeTransport, Options, Quotas, Timeouts, Token};
use loopback::server::{serve, Tls, FAR};
use loopback::{Config, Graph};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const TOKEN: &str = "eyJ0eXAi.cGxhbnRlZA-proxied.c2ln";

/// Answers CONNECT with a tunnel to this machine, whatever name it was asked for, and keeps what it was told before the tunnel stood.
async fn proxy(heads: Arc<Mutex<Vec<String>>>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let heads = heads.clone();
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(client.read_u8().await.unwrap());
                }
                let head = String::from_utf8(head).unwrap();
                let port = head.split([' ', ':']).nth(2).unwrap().parse::<u16>().unwrap();
                heads.lock().unwrap().push(head);
                let mut server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_go_through_the_tunnel_of_the_proxy_and_the_proxy_sees_no_token() {
    const MANY: usize = 200;
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root.pem");
    let tls = Tls::new(&root);
    std::env::set_var("SSL_CERT_FILE", &root);
    let second = Duration::from_millis(10);
    let graph = Arc::new(Graph::new(Config { users: MANY, second, latency: Duration::ZERO, ..Config::default() }));
    let server = serve(graph.clone(), Some(tls)).await;
    let heads = Arc::new(Mutex::new(Vec::new()));
    std::env::set_var("HTTPS_PROXY", format!("http://127.0.0.1:{}", proxy(heads.clone()).await));

    // A service on this machine is asked directly; this one looks as if it were elsewhere.
    let root = server.root.replace("localhost", FAR);
    let transport = Arc::new(NativeTransport::new(&root, Token::new(TOKEN.into()).unwrap(), Timeouts::default()).unwrap());
    let engine = Engine::new(transport, Options { quotas: Quotas::unlimited(), second, ..Options::default() }, Cancel::new());
    let calls = (0..MANY).map(|number| vec![Call::get(format!("/users/{number}?$select=id,displayName"))]).collect();
    let mut seen = vec![0; MANY];
    engine.run(calls, |sequence, _, outcome| seen[sequence] += usize::from(outcome.is_ok())).await.unwrap();

    assert!(seen.iter().all(|times| *times == 1));
    assert_eq!(graph.ledger().tokens.keys().collect::<Vec<_>>(), [&format!("Bearer {TOKEN}")], "it arrived");
    let heads = heads.lock().unwrap();
    let authority = root.trim_start_matches("https://").split('/').next().unwrap();
    assert!(!heads.is_empty() && heads.iter().all(|head| head.starts_with(&format!("CONNECT {authority} HTTP/1.1\r\n"))), "{heads:?}");
    assert!(heads.iter().all(|head| !head.contains("cGxhbnRlZA-proxied")), "before the tunnel stands, nothing secret is said");
}

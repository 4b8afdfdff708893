//! The engine over the native transport: TLS with a root of our own, real connections cut, halved and left silent.
//!
//! The same scenarios as in `engine.rs`, where over 100,000 requests pass in paused time; here seconds of the service are short, and requests fewer.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod loopback;

use std::sync::atomic::Ordering;
use std::sync::{Arc, Once};
use std::time::Duration;

use coexist_graph::read::{read, Reading};
use coexist_graph::{Call, Cancel, Credential, Engine, IdentityEndpoint, Method, NativeTransport, Options, Problem, Quotas, Request, Timeouts, Token, Transport};
use loopback::keep::Keep;
use loopback::server::{serve, Server, Tls};
use loopback::{Config, Graph, Troubles};
use serde_json::json;

const TOKEN: &str = "eyJ0eXAi.cGxhbnRlZA-secret.c2ln";

/// A server whose root this process trusts as it does those of the operating system.
async fn secure(graph: Arc<Graph>) -> Server {
    static ROOT: Once = Once::new();
    static FOLDER: std::sync::OnceLock<(tempfile::TempDir, std::sync::Mutex<Option<Tls>>)> = std::sync::OnceLock::new();
    let folder = FOLDER.get_or_init(|| (tempfile::tempdir().unwrap(), std::sync::Mutex::new(None)));
    let file = folder.0.path().join("root.pem");
    ROOT.call_once(|| {
        *folder.1.lock().unwrap() = Some(Tls::new(&file));
        std::env::set_var("SSL_CERT_FILE", &file);
    });
    let tls = folder.1.lock().unwrap().clone().unwrap();
    serve(graph, Some(tls)).await
}

fn options() -> Options {
    // A second of this service is ten milliseconds; whoever is silent for two seconds is given up.
    Options { seed: 3, quotas: Quotas::unlimited(), second: Duration::from_millis(10), timeout: Duration::from_secs(2), ..Options::default() }
}

fn config(users: usize, troubles: Troubles) -> Config {
    Config { users, troubles, second: Duration::from_millis(10), latency: Duration::ZERO, lag: Duration::from_millis(100), ..Config::default() }
}

fn transport(server: &Server) -> Arc<NativeTransport> {
    Arc::new(NativeTransport::new(&server.root, Token::new(TOKEN.into()).unwrap(), Timeouts::default()).unwrap())
}

fn troubles() -> Troubles {
    Troubles {
        inner_429: 30, inner_429_bare: 10, whole_429: 30, whole_429_bare: 10, whole_503: 20, whole_504_done: 10, inner_504_done: 10, reset: 30, reset_done: 30,
        half: 30, slow: 2, twice: 20, missing: 20, shuffled: true, ..Troubles::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_under_every_trouble_over_tls() {
    const MANY: usize = 6_000;
    let graph = Arc::new(Graph::new(config(MANY, troubles())));
    let server = secure(graph.clone()).await;
    let engine = Engine::new(transport(&server), options(), Cancel::new());
    let calls = (0..MANY).map(|number| vec![Call::get(format!("/users/{number}?$select=id,displayName"))]).collect();
    let mut seen = vec![0; MANY];
    engine
        .run(calls, |sequence, _, outcome| {
            assert_eq!(outcome.unwrap().json()["id"], loopback::guid(0, sequence));
            seen[sequence] += 1;
        })
        .await
        .unwrap();
    assert!(seen.iter().all(|times| *times == 1));
    assert_eq!(graph.ledger().wrong, Vec::<String>::new());
    assert_eq!(graph.ledger().tokens.keys().collect::<Vec<_>>(), [&format!("Bearer {TOKEN}")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_and_invitations_under_every_trouble_over_tls() {
    const MANY: usize = 1_500;
    let graph = Arc::new(Graph::new(config(10, troubles())));
    let server = secure(graph.clone()).await;
    let engine = Engine::new(transport(&server), options(), Cancel::new());
    let calls = (0..MANY).map(|number| {
        let mail = format!("guest{number}@fabrikam.com");
        let invite = Call::new(Method::Post, "/invitations").with_body(json!({"invitedUserEmailAddress": mail})).with_probe(format!("/users?$select=id&$filter=mail eq '{mail}'"));
        vec![invite, Call::new(Method::Patch, format!("/users/{number}")).with_body(json!({"after": "invitation"}))]
    });
    let mut done = 0;
    engine.run(calls.collect(), |_, _, outcome| done += usize::from(outcome.is_ok())).await.unwrap();
    assert_eq!(done, 2 * MANY);
    let ledger = graph.ledger();
    let invited: Vec<u32> = ledger.done.iter().filter(|(what, _)| what.starts_with("POST ")).map(|(_, times)| *times).collect();
    assert_eq!((invited.len(), invited.iter().max()), (MANY, Some(&1)));
    assert_eq!(graph.patched().len(), MANY);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelled_at_any_moment_no_connection_task_or_half_file_stays() {
    let folder = tempfile::tempdir().unwrap();
    for moment in 0..12u64 {
        let graph = Arc::new(Graph::new(Config { latency: Duration::from_millis(3), ..config(3_000, troubles()) }));
        let server = secure(graph.clone()).await;
        let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
        let cancel = Cancel::new();
        {
            let engine = Engine::new(transport(&server), options(), cancel.clone());
            let reading = Reading::new::<()>(&["users".into(), "groups".into(), "members".into()], &[]).unwrap();
            let mut keep = Keep::open(folder.path());
            let (_, ()) = tokio::join!(read(&engine, &reading, &mut keep), async {
                tokio::time::sleep(Duration::from_millis(moment * 9)).await;
                cancel.cancel();
            });
            assert_eq!(engine.load().0, 0);
        }
        // The client has gone, and with it everything that it had open; the server notices when it next looks.
        for _ in 0..400 {
            if server.connections.load(Ordering::SeqCst) == 0 && tasks() <= 1 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!((server.connections.load(Ordering::SeqCst), graph.ledger().at_once), (0, 0), "{moment}");
        // The server's own, which accepts.
        assert!(tasks() <= 1, "{moment}: {} tasks", tasks());
        let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        assert!(names.len() == 1 && names[0].starts_with(".coexist-spool-"), "{names:?}");
    }
}

#[tokio::test]
async fn a_certificate_of_a_stranger_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let graph = Arc::new(Graph::new(config(10, Troubles::default())));
    let _trusted = secure(graph.clone()).await;
    let stranger = serve(graph, Some(Tls::new(&folder.path().join("other.pem")))).await;
    let error = transport(&stranger).send(&Request::get("/v1.0/users"), &Cancel::new()).await.unwrap_err();
    assert_eq!(error.problem(), Problem::TlsFailed);
}

#[tokio::test]
async fn a_planted_token_is_nowhere_but_in_its_header() {
    let folder = tempfile::tempdir().unwrap();
    let graph = Arc::new(Graph::new(Config { token_lives: Some(6), ..config(3_000, Troubles::default()) }));
    let server = secure(graph.clone()).await;
    let transport = transport(&server);
    let engine = Engine::new(transport.clone(), options(), Cancel::new());
    let reading = Reading::new::<()>(&["users".into(), "guests".into()], &[]).unwrap();
    let mut keep = Keep::open(folder.path());
    // The service says the token back in its error; so does this one.
    let error = read(&engine, &reading, &mut keep).await.unwrap_err();
    let coexist_graph::read::ReadError::Graph(inner) = &error else { panic!("{error:?}") };
    assert_eq!(inner.code(), "TokenExpired");
    assert!(inner.message().contains("the token is expired: Bearer ****"), "{inner}");
    let mut shown = format!("{error:?} {error} {error:#?} {transport:?} {keep}", keep = "");
    shown += &format!("{:?}", Token::new(TOKEN.into()).unwrap());
    let mut folders = vec![folder.path().to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => shown += &std::fs::read_to_string(path).unwrap(),
            }
        }
    }
    assert!(shown.contains("marks") || shown.contains("reading"));
    assert!(!shown.contains("cGxhbnRlZA") && !shown.contains("c2ln"), "{shown}");
}

#[tokio::test]
async fn each_credential_gets_its_token_and_the_next_one_when_that_is_refused() {
    let graph = Arc::new(Graph::new(Config { token_lives: Some(2), ..config(100, Troubles::default()) }));
    let server = secure(graph.clone()).await;
    let (login, tenant, client) = (server.root.clone(), "contoso.onmicrosoft.com".to_owned(), "app".to_owned());
    let secret = |text: &str| Credential::ClientSecret { login: login.clone(), tenant: tenant.clone(), client: client.clone(), secret: Arc::new(zeroize::Zeroizing::new(text.into())) };
    let asked = Arc::new(std::sync::Mutex::new(Vec::new()));
    let audiences = asked.clone();
    let sign: coexist_graph::Sign = Arc::new(move |audience: &str| {
        audiences.lock().unwrap().push(audience.to_owned());
        Ok(b"signed".to_vec())
    });
    let credentials = [
        secret("s&cr=t+"),
        Credential::Certificate { login: login.clone(), tenant: tenant.clone(), client: client.clone(), sign },
        Credential::ManagedIdentity { client: None, endpoint: IdentityEndpoint::Machine { root: server.root.clone() } },
        Credential::ManagedIdentity {
            client: Some("app".into()),
            endpoint: IdentityEndpoint::App { endpoint: format!("{}/oauth2/msi", server.root), header: Arc::new(zeroize::Zeroizing::new("h".into())) },
        },
    ];
    let mut granted = 0;
    for credential in credentials {
        let shown = format!("{credential:?}");
        let transport = Arc::new(NativeTransport::with_credential(&server.root, credential, Timeouts::default()).unwrap());
        let engine = Engine::new(transport.clone(), options(), Cancel::new());
        for number in 0..5 {
            assert_eq!(engine.send(Call::get(format!("/users/{number}?$select=id"))).await.unwrap().status, 200, "{shown}");
        }
        // Two requests by each token, the refused third gets the next.
        granted += 3;
        let tokens: Vec<String> = graph.ledger().tokens.into_keys().collect();
        assert_eq!(tokens.len(), granted, "{tokens:?}");
        assert!(tokens.iter().all(|token| token.starts_with("Bearer granted")));
        assert!(!format!("{transport:?} {shown}").contains("granted") && !shown.contains("s&cr"));
    }
    assert_eq!(asked.lock().unwrap()[0], format!("{login}/{tenant}/oauth2/v2.0/token"));

    let engine = Engine::new(Arc::new(NativeTransport::with_credential(&server.root, secret("wrong"), Timeouts::default()).unwrap()), options(), Cancel::new());
    let error = engine.send(Call::get("/users/1?$select=id")).await.unwrap_err();
    assert_eq!((error.code(), error.category()), ("SignInRefused", "AuthenticationError"));
    assert!(error.transport.as_ref().unwrap().causes()[0].contains("AADSTS7000215") && !format!("{error:?}").contains("wrong"));
}

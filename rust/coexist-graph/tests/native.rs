//! The native transport against a server on this machine.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::future::Future;
use std::time::{Duration, Instant};

use coexist_graph::{Cancel, Method, NativeTransport, Problem, Request, Response, Timeouts, Token, Transport, TransportError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

const TOKEN: &str = "eyJ0eXAi.c2VjcmV0-_~+/.c2ln==";

/// Takes one connection, reads one request, sends `answer` and closes. Returns where it listens, and what it will have read.
async fn serve(answer: impl Into<Vec<u8>>) -> (String, JoinHandle<String>) {
    let answer = answer.into();
    listen(move |mut stream| async move {
        let request = read(&mut stream).await;
        stream.write_all(&answer).await.unwrap();
        request
    })
    .await
}

async fn listen<F: Future<Output = String> + Send + 'static>(serve: impl FnOnce(TcpStream) -> F + Send + 'static) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let root = format!("http://{}", listener.local_addr().unwrap());
    (root, tokio::spawn(async move { serve(listener.accept().await.unwrap().0).await }))
}

/// Reads a head, and a body of the length that it tells.
async fn read(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(|n| n.parse().unwrap()));
            if body.len() >= length.unwrap_or(0) {
                return text.into_owned();
            }
        }
        let mut buffer = [0; 4096];
        let count = stream.read(&mut buffer).await.unwrap();
        assert_ne!(count, 0, "the client went away: {bytes:?}");
        bytes.extend_from_slice(&buffer[..count]);
    }
}

fn transport(root: &str, timeouts: Timeouts) -> NativeTransport {
    NativeTransport::new(root, Token::new(TOKEN.into()).unwrap(), timeouts).unwrap()
}

async fn send(root: &str, request: Request) -> Result<Response, TransportError> {
    transport(root, Timeouts::default()).send(&request, &Cancel::new()).await
}

/// An error of this kind; whoever it is, it does not show the token.
fn expect(result: Result<Response, TransportError>, problem: Problem) -> TransportError {
    let error = result.unwrap_err();
    assert_eq!(error.problem(), problem, "{error:?}");
    let shown = format!("{error} {error:?} {:#?} {} {:?}", error, error.message(), error.causes());
    assert!(!shown.contains("eyJ0eXAi") && !shown.contains("c2VjcmV0"), "{shown}");
    assert!(!shown.contains("anna"), "a query holds people: {shown}");
    error
}

#[tokio::test]
async fn an_answer_comes_back_as_it_was_sent() {
    let (root, server) = serve(b"HTTP/1.1 200 OK\r\nrequest-id: 7\r\nContent-Length: 5\r\n\r\n\xef\xbb\xbf{}").await;
    let response = send(&root, Request::get("/v1.0/users?$filter=x eq 'anna'")).await.unwrap();
    assert_eq!(response.status, 200);
    assert_eq!(response.body, b"\xef\xbb\xbf{}");
    assert_eq!(response.header("Request-ID"), Some("7"));
    assert_eq!(response.header("none"), None);
    let asked = server.await.unwrap();
    assert!(asked.starts_with("GET /v1.0/users?$filter=x%20eq%20%27anna%27 HTTP/1.1\r\n"), "{asked}");
    assert!(asked.contains(&format!("authorization: Bearer {TOKEN}\r\n")), "{asked}");
}

#[tokio::test]
async fn a_body_and_headers_go_out_and_the_token_stays_ours() {
    let (root, server) = serve("HTTP/1.1 204 No Content\r\n\r\n").await;
    let headers = [("ConsistencyLevel", "eventual"), ("Authorization", "Bearer other")];
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let request = Request { method: Method::Patch, url: "/v1.0/users/1".into(), headers, body: Some(b"{\"a\":1}".to_vec()) };
    assert_eq!(send(&root, request).await.unwrap().status, 204);
    let asked = server.await.unwrap();
    assert!(asked.starts_with("PATCH /v1.0/users/1 ") && asked.ends_with("\r\n\r\n{\"a\":1}"), "{asked}");
    assert!(asked.contains("consistencylevel: eventual\r\n") && !asked.contains("other"), "{asked}");
}

#[tokio::test]
async fn throttling_is_an_answer() {
    let (root, _server) = serve("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 12\r\nContent-Length: 9\r\n\r\n{\"e\":429}").await;
    let response = send(&root, Request::get("/v1.0/users")).await.unwrap();
    assert_eq!((response.status, response.header("retry-after"), response.body.as_slice()), (429, Some("12"), &b"{\"e\":429}"[..]));
}

#[tokio::test]
async fn a_redirect_is_an_answer() {
    let (root, _server) = serve("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n").await;
    let response = send(&root, Request::get("/v1.0/reports/x")).await.unwrap();
    assert_eq!((response.status, response.header("location")), (302, Some("http://127.0.0.1:9/")));
}

#[test]
fn plain_http_leaves_no_machine() {
    for (root, problem) in [
        ("http://graph.microsoft.com", Problem::InsecureUrl),
        ("http://localhost.example.com", Problem::InsecureUrl),
        ("http://127.0.0.1.example.com/?anna", Problem::InsecureUrl),
        ("http://127.0.0.1@example.com", Problem::InsecureUrl),
        ("http://0.0.0.0", Problem::InsecureUrl),
        ("ftp://graph.microsoft.com", Problem::UrlNotRecognized),
        ("graph.microsoft.com", Problem::UrlNotRecognized),
        ("", Problem::UrlNotRecognized),
    ] {
        let made = NativeTransport::new(root, Token::new(TOKEN.into()).unwrap(), Timeouts::default());
        expect(made.map(|_| unreachable!()), problem);
    }
    for root in ["https://graph.microsoft.com", "http://localhost:1", "http://127.9.9.9", "http://[::1]:80"] {
        transport(root, Timeouts::default());
    }
}

#[tokio::test]
async fn the_token_goes_to_its_service_only() {
    let (root, server) = serve("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    let port = root.rsplit(':').next().unwrap();
    for url in [
        "http://127.0.0.1:9/v1.0/users?anna".to_owned(),
        "https://graph.microsoft.com/v1.0/users".to_owned(),
        format!("https://127.0.0.1:{port}/"),
        "//example.com/v1.0".to_owned(),
        "\\\\example.com/v1.0".to_owned(),
        format!("http://user@127.0.0.1:{port}/"),
    ] {
        expect(send(&root, Request::get(url)).await, Problem::UrlOutsideService);
    }
    expect(send(&root, Request::get("http://[")).await, Problem::UrlNotRecognized);
    // A nextLink is a whole address.
    assert_eq!(send(&root, Request::get(format!("{root}/v1.0/users?$skiptoken=x"))).await.unwrap().status, 200);
    server.await.unwrap();
}

#[tokio::test]
async fn what_http_cannot_carry_is_refused() {
    for (name, value) in [("a b", "c"), ("", "c"), ("a", "c\r\nX-Injected: 1"), ("ü", "c")] {
        let mut request = Request::get("/");
        request.headers.push((name.into(), value.into()));
        let error = expect(send("http://127.0.0.1:9", request).await, Problem::HeaderNotRecognized);
        assert_eq!(error.target(), name);
    }
    for token in ["", "=", "Bearer eyJ0eXAi", "eyJ0eXAi\n", "eyJ0eXAi\0", "c2VjcmV0=x", "ü"] {
        expect(Token::new(token.into()).map(|_| unreachable!()), Problem::TokenNotRecognized);
    }
}

#[tokio::test]
async fn failures_are_told_apart() {
    // Nobody listens on a port that was just given back.
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let error = expect(send(&format!("http://127.0.0.1:{port}"), Request::get("/v1.0?anna")).await, Problem::ConnectFailed);
    assert!(!error.causes().is_empty());
    assert_eq!(error.target(), format!("http://127.0.0.1:{port}/v1.0"));

    // A server that speaks no TLS.
    let (root, _server) = listen(|mut stream| async move {
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        String::new()
    })
    .await;
    expect(send(&root.replace("http:", "https:"), Request::get("/?anna")).await, Problem::TlsFailed);

    let (root, _server) = serve("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf").await;
    expect(send(&root, Request::get("/?anna")).await, Problem::ConnectionBroken);

    let (root, _server) = serve("nonsense").await;
    expect(send(&root, Request::get("/?anna")).await, Problem::ConnectionBroken);

    let (root, _server) = listen(|stream| async move {
        tokio::time::sleep(Duration::from_secs(60)).await;
        drop(stream);
        String::new()
    })
    .await;
    let timeouts = Timeouts { total: Duration::from_millis(100), ..Timeouts::default() };
    expect(transport(&root, timeouts).send(&Request::get("/?anna"), &Cancel::new()).await, Problem::TimedOut);
}

#[tokio::test]
async fn cancelling_ends_the_request_and_its_connection() {
    let (root, server) = listen(|mut stream| async move {
        read(&mut stream).await;
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
        "the client went away".to_owned()
    })
    .await;
    let cancel = Cancel::new();
    let other = cancel.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(50)).await;
        other.cancel();
    });
    let started = Instant::now();
    let transport = transport(&root, Timeouts::default());
    let request = Request::get("/v1.0/users?anna");
    expect(transport.send(&request, &cancel).await, Problem::Cancelled);
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!(server.await.unwrap(), "the client went away");
    expect(transport.send(&request, &cancel).await, Problem::Cancelled);
}

#[test]
fn debug_forms_show_no_secret_and_no_people() {
    let transport = transport("https://graph.microsoft.com", Timeouts::default());
    let request = Request { method: Method::Post, url: "/a?b=anna".into(), headers: vec![("x".into(), "anna".into())], body: Some(b"anna".to_vec()) };
    let response = Response { status: 200, headers: Vec::new(), body: b"anna".to_vec() };
    let shown = format!("{transport:?} {request:?} {response:?} {:?}", Token::new(TOKEN.into()).unwrap());
    assert!(!shown.contains("anna") && !shown.contains("eyJ0eXAi"), "{shown}");
    assert!(shown.contains("Post /a (4 bytes) 200 (4 bytes) Token"), "{shown}");
}

//! The loopback Graph over TCP, with or without TLS of a root of its own.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Bytes, Frame, Incoming as Body};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::{sleep, Instant};
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::TlsAcceptor;

use super::{Graph, Incoming, Reaction, SERVICE};

pub struct Server {
    pub root: String,
    /// Connections that are open.
    pub connections: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// A name that no resolver knows, for whoever comes through a proxy.
#[allow(dead_code)]
pub const FAR: &str = "graph.coexist.invalid";

/// A certificate for this machine by a root that nobody knows; the root is written where `SSL_CERT_FILE` may point.
#[derive(Clone)]
pub struct Tls(ServerConfig);

impl Tls {
    pub fn new(root_file: &Path) -> Self {
        let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let root_key = rcgen::KeyPair::generate().unwrap();
        let root = params.self_signed(&root_key).unwrap();
        std::fs::write(root_file, root.pem()).unwrap();
        let key = rcgen::KeyPair::generate().unwrap();
        let leaf = rcgen::CertificateParams::new(vec!["localhost".to_owned(), FAR.to_owned()]).unwrap().signed_by(&key, &root, &root_key).unwrap();
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        Self(config.with_single_cert(vec![leaf.der().clone()], PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()))).unwrap())
    }
}

/// Serves until dropped.
pub async fn serve(graph: Arc<Graph>, tls: Option<Tls>) -> Server {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let root = if tls.is_some() { format!("https://localhost:{port}") } else { format!("http://127.0.0.1:{port}") };
    let acceptor = tls.map(|tls| TlsAcceptor::from(Arc::new(tls.0)));
    let connections = Arc::new(AtomicUsize::new(0));
    let (open, address) = (connections.clone(), root.clone());
    let accepting = tokio::spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            let _ = stream.set_nodelay(true);
            let (graph, acceptor, open, address) = (graph.clone(), acceptor.clone(), open.clone(), address.clone());
            tokio::spawn(async move {
                let _open = Open::new(open);
                match acceptor {
                    None => connection(stream, graph, address).await,
                    Some(acceptor) => {
                        if let Ok(stream) = acceptor.accept(stream).await {
                            connection(stream, graph, address).await;
                        }
                    }
                }
            });
        }
    });
    Server { root, connections, accepting }
}

struct Open(Arc<AtomicUsize>);

impl Open {
    fn new(open: Arc<AtomicUsize>) -> Self {
        open.fetch_add(1, Ordering::SeqCst);
        Self(open)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Counts down also when the client goes away.
struct UnderWay(Arc<Graph>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.end();
    }
}

type Answer = http_body_util::combinators::UnsyncBoxBody<Bytes, std::io::Error>;

async fn connection(stream: impl AsyncRead + AsyncWrite + Unpin + 'static, graph: Arc<Graph>, address: String) {
    let service = service_fn(move |request: Request<Body>| respond(request, graph.clone(), address.clone()));
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// An error cuts the connection.
async fn respond(request: Request<Body>, graph: Arc<Graph>, address: String) -> Result<Response<Answer>, std::io::Error> {
    let excess = graph.begin();
    let _under_way = UnderWay(graph.clone());
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).replace("%20", " ").replace("%27", "'");
    let headers: Vec<(String, String)> = request.headers().iter().map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())).collect();
    let method = request.method().to_string();
    let body = request.into_body().collect().await.map_err(std::io::Error::other)?.to_bytes();
    if !graph.config.latency.is_zero() {
        sleep(graph.config.latency).await;
    }
    let incoming = Incoming { method: &method, path: &path, headers: &headers, body: &body, excess };
    let cut = || std::io::Error::other("cut");
    let whole = |body: Vec<u8>| StreamBody::new(futures_util::stream::iter([Ok::<_, std::io::Error>(Frame::data(Bytes::from(body)))])).boxed_unsync();
    match graph.handle(&incoming, Instant::now()) {
        Reaction::Answer { status, headers, body } => {
            let mut response = Response::builder().status(status).header("content-type", "application/json");
            for (name, value) in headers {
                response = response.header(name, value);
            }
            let body = match String::from_utf8(body) {
                Ok(text) if text.contains(SERVICE) => text.replace(SERVICE, &address).into_bytes(),
                Ok(text) => text.into_bytes(),
                Err(bytes) => bytes.into_bytes(),
            };
            // 204 has no body, not even an empty one in chunks.
            let body = if body.is_empty() { http_body_util::Empty::new().map_err(|never: Infallible| match never {}).boxed_unsync() } else { whole(body) };
            response.body(body).map_err(std::io::Error::other)
        }
        Reaction::Reset => Err(cut()),
        Reaction::Half { body } => {
            let parts = [Ok(Frame::data(Bytes::from(body))), Err(cut())];
            Response::builder().status(200).body(StreamBody::new(futures_util::stream::iter(parts)).boxed_unsync()).map_err(std::io::Error::other)
        }
        Reaction::Silence => {
            sleep(Duration::from_secs(3600)).await;
            Err(cut())
        }
    }
}

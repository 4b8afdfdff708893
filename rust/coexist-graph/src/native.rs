//! The way that needs nobody: HTTPS from this process, with a token.

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue, AUTHORIZATION};
use reqwest::{redirect, Client, Url};
use tokio::time::Instant;

use crate::cancel::Cancel;
use crate::credential::{Credential, Tokens};
use crate::error::{Problem, TransportError};
use crate::token::Token;
use crate::transport::{bare, Method, Renewing, Request, Response, Sending, Transport};

/// How long the native transport waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For a connection. By default 15 s: a lost SYN is repeated after 1, 3 and 7 s (RFC 6298, section 5), so what has
    /// not answered by then does not.
    pub connect: Duration,
    /// For the whole answer. By default 100 s, like .NET's HttpClient and therefore Graph's own SDKs.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(15), total: Duration::from_secs(100) }
    }
}

/// Sends requests to one service with the tokens of one credential. Trusts the machine's certificate store; proxies come from the
/// environment (`HTTPS_PROXY`, `NO_PROXY`).
#[derive(Debug)]
pub struct NativeTransport {
    client: Client,
    root: Url,
    tokens: Tokens,
}

impl NativeTransport {
    /// A transport for the service at `root`, such as `https://graph.microsoft.com`, with an access token.
    ///
    /// # Errors
    /// As [`NativeTransport::with_credential`].
    pub fn new(root: &str, token: Token, timeouts: Timeouts) -> Result<Self, TransportError> {
        Self::with_credential(root, Credential::Token(token), timeouts)
    }

    /// A transport for the service at `root`.
    ///
    /// # Errors
    /// [`Problem::UrlNotRecognized`]; [`Problem::InsecureUrl`] for plain http, unless it goes to this machine (the lab,
    /// tests); [`Problem::ClientUnavailable`].
    pub fn with_credential(root: &str, credential: Credential, timeouts: Timeouts) -> Result<Self, TransportError> {
        let (client, url) = client(root, timeouts)?;
        let asks = match &credential {
            Credential::Token(_) => client.clone(),
            Credential::ClientSecret { login, .. } | Credential::Certificate { login, .. } => self::client(login, timeouts)?.0,
            Credential::ManagedIdentity { .. } => {
                let identity = Client::builder().connect_timeout(timeouts.connect).timeout(timeouts.total).redirect(redirect::Policy::none()).no_proxy();
                identity.build().map_err(|cause| TransportError::new(Problem::ClientUnavailable, bare(root)).because(&cause))?
            }
        };
        let resource = url.as_str().trim_end_matches('/').to_owned();
        Ok(Self { client, root: url, tokens: Tokens::new(credential, asks, resource) })
    }
    /// The whole address of a request, which must lie in the service that the token is for.
    fn resolve(&self, request: &Request) -> Result<Url, TransportError> {
        let refuse = |problem| TransportError::new(problem, bare(&request.url));
        let url = self.root.join(&request.url).map_err(|cause| refuse(Problem::UrlNotRecognized).because(&cause))?;
        if url.origin() != self.root.origin() || !url.username().is_empty() || url.password().is_some() {
            return Err(refuse(Problem::UrlOutsideService));
        }
        Ok(url)
    }

    async fn exchange(&self, request: &Request) -> Result<Response, TransportError> {
        let url = self.resolve(request)?;
        let target = bare(url.as_str()).to_owned();
        let mut headers = headers(request)?;
        let token = self.tokens.current().await?;
        headers.insert(AUTHORIZATION, token.authorization()?);
        let mut sent = self.client.request(method(request.method), url).headers(headers);
        if let Some(body) = &request.body {
            sent = sent.body(body.clone());
        }
        let failed = |cause: reqwest::Error| TransportError::new(classify(&cause), &target).because(&cause.without_url());
        let answer = sent.send().await.map_err(failed)?;
        let status = answer.status().as_u16();
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = answer.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
        let mut body: Vec<u8> = answer.bytes().await.map_err(failed)?.into();
        // What repeats a request back to us must not put the token into an error.
        if status >= 400 {
            token.hide_in(&mut body);
        }
        Ok(Response { status, headers, body })
    }
}

impl Transport for NativeTransport {
    fn send<'a>(&'a self, request: &'a Request, cancel: &'a Cancel) -> Sending<'a> {
        Box::pin(async move {
            tokio::select! {
                biased;
                () = cancel.cancelled() => Err(TransportError::new(Problem::Cancelled, bare(&request.url))),
                answer = self.exchange(request) => answer,
            }
        })
    }

    fn renew<'a>(&'a self, sent: Instant, cancel: &'a Cancel) -> Renewing<'a> {
        Box::pin(async move {
            tokio::select! {
                biased;
                () = cancel.cancelled() => Err(TransportError::new(Problem::Cancelled, "")),
                renewed = self.tokens.renew(sent) => renewed,
            }
        })
    }
}

/// A client for one service, and the service's address: https with the machine's roots and proxies; plain http to this machine alone.
fn client(root: &str, timeouts: Timeouts) -> Result<(Client, Url), TransportError> {
    let url = Url::parse(root).map_err(|cause| TransportError::new(Problem::UrlNotRecognized, bare(root)).because(&cause))?;
    let mut client = Client::builder()
        .connect_timeout(timeouts.connect)
        .timeout(timeouts.total)
        // What a redirect points to may be another service, and the token is not for that one.
        .redirect(redirect::Policy::none());
    match (url.scheme(), is_this_machine(&url)) {
        ("http" | "https", true) => client = client.no_proxy(),
        ("https", false) => client = client.https_only(true),
        ("http", false) => return Err(TransportError::new(Problem::InsecureUrl, bare(root))),
        _ => return Err(TransportError::new(Problem::UrlNotRecognized, bare(root))),
    }
    let client = client.build().map_err(|cause| TransportError::new(Problem::ClientUnavailable, bare(root)).because(&cause))?;
    Ok((client, url))
}

pub(crate) fn is_this_machine(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    // RFC 6761, section 6.3: localhost is always loopback.
    address.map_or(host == "localhost", |address| address.is_loopback())
}

fn method(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
    }
}

fn headers(request: &Request) -> Result<HeaderMap, TransportError> {
    let header = |(name, value): &(String, String)| Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?));
    let all = request.headers.iter();
    all.map(|pair| header(pair).ok_or_else(|| TransportError::new(Problem::HeaderNotRecognized, &pair.0))).collect()
}

fn classify(error: &reqwest::Error) -> Problem {
    // rustls reports through io::Error, as invalid data; every other failure to connect has another kind. An io::Error
    // that wraps one does not name it as its source, so both ways down are taken.
    fn is_tls(error: &(dyn std::error::Error + 'static)) -> bool {
        let io = error.downcast_ref::<io::Error>();
        io.is_some_and(|io| io.kind() == io::ErrorKind::InvalidData)
            || io.and_then(io::Error::get_ref).is_some_and(|inner| is_tls(inner))
            || error.source().is_some_and(is_tls)
    }
    match error {
        _ if error.is_timeout() => Problem::TimedOut,
        _ if error.is_connect() && is_tls(error) => Problem::TlsFailed,
        _ if error.is_connect() => Problem::ConnectFailed,
        _ => Problem::ConnectionBroken,
    }
}

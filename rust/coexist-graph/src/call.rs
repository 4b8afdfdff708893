//! What the engine is asked to do, and what came of it.

use std::fmt;

use serde_json::Value;

use crate::transport::{bare, Method};

/// One request of Graph, sent by itself or inside a batch. Its `Debug` form shows neither the query nor the body.
#[derive(Clone, PartialEq)]
pub struct Call {
    /// What to do.
    pub method: Method,
    /// From the version on: `/users?$top=999`. Or a whole address, as in `@odata.nextLink`.
    pub path: String,
    /// Besides what the engine and the transport add.
    pub headers: Vec<(String, String)>,
    /// JSON.
    pub body: Option<Value>,
    /// Doing it twice does what doing it once does. True of everything but a POST, unless it is said.
    pub repeatable: bool,
    /// Where to look for what a POST makes, when its answer was lost.
    pub probe: Option<Probe>,
}

/// Tells whether a POST whose answer was lost did its work.
#[derive(Clone, PartialEq)]
pub struct Probe {
    /// A GET: an object (404 where it is not there), or a list (`value` is empty then).
    pub path: String,
    /// Such as `ConsistencyLevel`.
    pub headers: Vec<(String, String)>,
}

impl Call {
    /// A call of this method without headers and body.
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), headers: Vec::new(), body: None, repeatable: method != Method::Post, probe: None }
    }

    /// A GET.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::Get, path)
    }

    /// With a JSON body.
    pub fn with_body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// With a header more.
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a place to look for what it makes.
    pub fn with_probe(mut self, path: impl Into<String>) -> Self {
        self.probe = Some(Probe { path: path.into(), headers: Vec::new() });
        self
    }

    /// The method and the address without its query, for messages.
    pub(crate) fn label(&self) -> String {
        format!("{} {}", self.method.name(), bare(&self.path))
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.label())
    }
}

impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GET {}", bare(&self.path))
    }
}

/// What Graph answered to one call. Its `Debug` form does not show the body.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status: 2xx, everything else is an error.
    pub status: u16,
    /// Of this answer, not of the batch around it.
    pub headers: Vec<(String, String)>,
    /// JSON as it came, or nothing.
    pub body: Vec<u8>,
    /// The answer itself was lost; this is what the call's probe found later.
    pub settled: bool,
}

impl Answer {
    /// The first header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; `Null` where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes{})", self.status, self.body.len(), if self.settled { ", settled" } else { "" })
    }
}

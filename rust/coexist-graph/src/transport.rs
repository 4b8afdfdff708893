//! What every way to Graph has in common.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use serde::Deserialize;
use tokio::time::Instant;

use crate::cancel::Cancel;
use crate::error::TransportError;

/// The methods that Graph knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs)]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// As HTTP writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// One request. Its `Debug` form shows neither the query nor the body: both hold people.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// What to do.
    pub method: Method,
    /// A path from the root of the service (`/v1.0/users?$top=999`), or a whole address as in `@odata.nextLink`.
    pub url: String,
    /// Besides `Authorization`, which is the transport's.
    pub headers: Vec<(String, String)>,
    /// Sent as it is; say in `headers` what it is.
    pub body: Option<Vec<u8>>,
}

impl Request {
    /// A GET without headers.
    pub fn get(url: impl Into<String>) -> Self {
        Self { method: Method::Get, url: url.into(), headers: Vec::new(), body: None }
    }
}

/// One answer, whatever its status.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// In the order in which they came. What is not ASCII in a value comes as U+FFFD.
    pub headers: Vec<(String, String)>,
    /// The bytes as they came.
    pub body: Vec<u8>,
}

impl Response {
    /// The first header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// An answer under way. Dropping it gives up on it.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<Response, TransportError>> + Send + 'a>>;

/// A token under way.
pub type Renewing<'a> = Pin<Box<dyn Future<Output = Result<bool, TransportError>> + Send + 'a>>;

/// A way to Graph: by this process, or by a session that lives elsewhere.
pub trait Transport: Send + Sync {
    /// Sends a request and waits for the whole answer. Nothing is repeated and no redirect is followed.
    ///
    /// # Errors
    /// When there is no whole answer, or `cancel` comes first. After [`Problem::TimedOut`], [`Problem::ConnectionBroken`] and
    /// [`Problem::Cancelled`] the request may have had its effect.
    ///
    /// [`Problem::TimedOut`]: crate::Problem::TimedOut
    /// [`Problem::ConnectionBroken`]: crate::Problem::ConnectionBroken
    /// [`Problem::Cancelled`]: crate::Problem::Cancelled
    fn send<'a>(&'a self, request: &'a Request, cancel: &'a Cancel) -> Sending<'a>;

    /// Gets another token, because the one of a request that was sent then was refused. False where there is no way to one.
    ///
    /// # Errors
    /// When the way to one fails.
    fn renew<'a>(&'a self, _sent: Instant, _cancel: &'a Cancel) -> Renewing<'a> {
        Box::pin(async { Ok(false) })
    }

    /// How many requests it takes at once.
    fn at_once(&self) -> usize {
        usize::MAX
    }
}

/// An address without its query.
pub(crate) fn bare(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.body.as_ref().map_or(0, Vec::len);
        write!(f, "{:?} {} ({size} bytes)", self.method, bare(&self.url))
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.status, self.body.len())
    }
}

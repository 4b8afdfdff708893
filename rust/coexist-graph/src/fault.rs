//! What Graph refused, and what came of requests that got no answer.

use std::fmt;

use serde::Deserialize;

use crate::call::{Answer, Call};
use crate::error::TransportError;

/// A call that did not do what it was for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphError {
    fault: Fault,
    target: String,
    /// The HTTP status, where there was an answer.
    pub status: Option<u16>,
    /// Graph's own word: `error.code`.
    pub reason: Option<String>,
    /// What Graph said, or what became of the connection.
    pub detail: String,
    /// Graph's id of the request, for Microsoft's support.
    pub request_id: Option<String>,
    /// Our id of the request, likewise.
    pub client_request_id: Option<String>,
    /// The error of the transport, where there was no answer.
    pub transport: Option<TransportError>,
}

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// 401: the token has expired, or was revoked.
    TokenExpired,
    /// 403.
    PermissionDenied,
    /// 404.
    ObjectNotFound,
    /// 410, or 400 with a skiptoken that is no longer known.
    PageGone,
    /// Refused for load for longer than we are patient.
    Throttled,
    /// 5xx, or no answer, again and again.
    ServiceUnavailable,
    /// Any other 4xx.
    RequestRefused,
    /// A POST whose answer was lost, and whose effect was not seen.
    OutcomeUnknown,
    /// An earlier call of the same sequence failed.
    DependencyFailed,
    /// An answer that is none of Graph's.
    AnswerNotUnderstood,
    /// Not sent, or given up: see `transport`.
    NotSent,
}

impl Fault {
    /// Code, PowerShell's `ErrorCategory`, and what it means and what to do.
    #[rustfmt::skip]
    const fn row(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::TokenExpired => ("TokenExpired", "AuthenticationError", "the token is no longer accepted, so nothing more was asked with it; connect again, and run the command again: it goes on where it stopped"),
            Self::PermissionDenied => ("PermissionDenied", "PermissionDenied", "the account or application may not do this; give it the permission that the documentation of the request names, and connect again"),
            Self::ObjectNotFound => ("GraphObjectNotFound", "ObjectNotFound", "the object is not in this tenant, or not visible yet"),
            Self::PageGone => ("PageGone", "ResourceUnavailable", "the service no longer knows where the list was interrupted; it is read anew from its beginning"),
            Self::Throttled => ("Throttled", "LimitsExceeded", "the service kept refusing for load; run it again later, or at a quieter time"),
            Self::ServiceUnavailable => ("ServiceUnavailable", "ResourceUnavailable", "the service did not do it in several tries; run it again later"),
            Self::RequestRefused => ("RequestRefused", "InvalidOperation", "the service refused the request; see what it said"),
            Self::OutcomeUnknown => ("OutcomeUnknown", "OperationTimeout", "the answer was lost and what the request makes was not seen; it may still appear, so look before repeating it"),
            Self::DependencyFailed => ("DependencyFailed", "InvalidOperation", "not tried, because an earlier request of the same sequence failed"),
            Self::AnswerNotUnderstood => ("AnswerNotUnderstood", "InvalidResult", "what came is no answer of Graph; something between here and Graph may have answered in its place"),
            Self::NotSent => ("NotSent", "ConnectionError", "the request was not sent, or given up"),
        }
    }
}

/// The body of every error of Graph.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ErrorBody {
    error: Inner,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Inner {
    code: Option<String>,
    message: Option<String>,
    #[serde(rename = "innerError")]
    inner: Ids,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Ids {
    #[serde(rename = "request-id")]
    request_id: Option<String>,
    #[serde(rename = "client-request-id")]
    client_request_id: Option<String>,
}

impl ErrorBody {
    /// What an error body says; nothing where it is none.
    pub fn of(body: &[u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_default()
    }

    pub fn code(&self) -> Option<&str> {
        self.error.code.as_deref()
    }

    pub fn message(&self) -> &str {
        self.error.message.as_deref().unwrap_or_default()
    }
}

/// Graph's words for tokens that it no longer takes.
const TOKEN_CODES: [&str; 3] = ["InvalidAuthenticationToken", "CompactToken", "TokenExpired"];

/// What Graph says in place of 410 about a `$skiptoken` or `$deltatoken` that it no longer knows.
const SKIPTOKEN_CODES: [&str; 5] = ["Directory_ExpiredPageToken", "Directory_InvalidPageToken", "InvalidSkipToken", "syncStateNotFound", "resyncRequired"];

impl GraphError {
    pub(crate) fn new(fault: Fault, call: &Call) -> Self {
        Self {
            fault,
            target: call.label(),
            status: None,
            reason: None,
            detail: String::new(),
            request_id: None,
            client_request_id: None,
            transport: None,
        }
    }

    /// What an answer with an error status means.
    pub(crate) fn of(answer: &Answer, call: &Call, client_request_id: &str) -> Self {
        let body = ErrorBody::of(&answer.body);
        let reason = body.code().unwrap_or_default();
        let is_skiptoken = SKIPTOKEN_CODES.iter().any(|code| code.eq_ignore_ascii_case(reason)) || body.message().to_ascii_lowercase().contains("skiptoken");
        let fault = match answer.status {
            401 => Fault::TokenExpired,
            _ if TOKEN_CODES.contains(&reason) => Fault::TokenExpired,
            403 => Fault::PermissionDenied,
            404 => Fault::ObjectNotFound,
            410 => Fault::PageGone,
            400 if is_skiptoken => Fault::PageGone,
            429 => Fault::Throttled,
            500.. => Fault::ServiceUnavailable,
            _ => Fault::RequestRefused,
        };
        let mut error = Self::new(fault, call);
        error.status = Some(answer.status);
        error.reason = body.code().map(str::to_owned);
        error.detail = body.message().to_owned();
        error.request_id = answer.header("request-id").map(str::to_owned).or(body.error.inner.request_id);
        error.client_request_id = body.error.inner.client_request_id.or(Some(client_request_id.to_owned()));
        error
    }

    /// There was no answer.
    pub(crate) fn lost(fault: Fault, call: &Call, cause: TransportError, client_request_id: &str) -> Self {
        let mut error = Self::new(fault, call);
        error.detail = cause.message();
        error.transport = Some(cause);
        error.client_request_id = Some(client_request_id.to_owned());
        error
    }

    pub(crate) fn with_fault(mut self, fault: Fault) -> Self {
        self.fault = fault;
        self
    }

    /// What went wrong.
    pub fn fault(&self) -> Fault {
        self.fault
    }

    /// The stable code, which becomes PowerShell's ErrorId. What the transport refused keeps its own.
    pub fn code(&self) -> &'static str {
        match (&self.fault, &self.transport) {
            (Fault::NotSent, Some(transport)) => transport.code(),
            _ => self.fault.row().0,
        }
    }

    /// A name of PowerShell's `ErrorCategory`.
    pub fn category(&self) -> &'static str {
        match (&self.fault, &self.transport) {
            (Fault::NotSent, Some(transport)) => transport.category(),
            _ => self.fault.row().1,
        }
    }

    /// The method and the address without its query.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// What is wrong with which request, why it matters, what to do, and what support asks for.
    pub fn message(&self) -> String {
        if let (Fault::NotSent, Some(transport)) = (&self.fault, &self.transport) {
            return transport.message();
        }
        let mut text = format!("{}: {}", self.target, self.fault.row().2);
        let said: Vec<_> = [self.status.map(|status| status.to_string()), self.reason.clone()].into_iter().flatten().collect();
        if !said.is_empty() || !self.detail.is_empty() {
            text += &format!(" ({}{}{})", said.join(" "), if said.is_empty() || self.detail.is_empty() { "" } else { ": " }, self.detail);
        }
        for (name, id) in [("request-id", &self.request_id), ("client-request-id", &self.client_request_id)] {
            if let Some(id) = id {
                text += &format!("; {name} {id}");
            }
        }
        text
    }
}

impl fmt::Display for GraphError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())
    }
}

impl std::error::Error for GraphError {}

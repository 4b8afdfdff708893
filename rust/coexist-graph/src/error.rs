//! Why a request had no answer. An answer with an HTTP error status is an answer, not one of these.

use std::fmt;

/// A request that could not be sent, or whose answer did not come whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransportError {
    problem: Problem,
    target: String,
    causes: Vec<String>,
}

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// Plain http to a host that is not this machine.
    InsecureUrl,
    /// Not an http or https address.
    UrlNotRecognized,
    /// Another host, port or scheme than the transport is for.
    UrlOutsideService,
    /// A header that HTTP cannot carry.
    HeaderNotRecognized,
    /// Not the text of an access token.
    TokenNotRecognized,
    /// The sign-in gave no token.
    SignInRefused,
    /// This machine cannot make secure connections at all.
    ClientUnavailable,
    /// No connection.
    ConnectFailed,
    /// A connection, but not a trusted one.
    TlsFailed,
    /// No whole answer in time.
    TimedOut,
    /// The connection ended before the answer did.
    ConnectionBroken,
    /// The caller gave up.
    Cancelled,
}

impl Problem {
    /// Code, PowerShell's `ErrorCategory`, and a sentence in which `{}` stands for the target.
    #[rustfmt::skip]
    const fn row(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::InsecureUrl => ("InsecureUrl", "SecurityError", "{} is plain http, and the token could be read on the way; use https"),
            Self::UrlNotRecognized => ("UrlNotRecognized", "InvalidArgument", "{} is no http address; write it as in https://graph.microsoft.com"),
            Self::UrlOutsideService => ("UrlOutsideService", "SecurityError", "{} is not part of the service that the token is for, so nothing was sent there; check where the address comes from"),
            Self::HeaderNotRecognized => ("HeaderNotRecognized", "InvalidArgument", "the header {} cannot be sent; header names are ASCII words, and values hold no line ends"),
            Self::TokenNotRecognized => ("TokenNotRecognized", "AuthenticationError", "the access token holds characters that no token has, so the service would refuse it; pass the token alone, without 'Bearer' or line ends"),
            Self::SignInRefused => ("SignInRefused", "AuthenticationError", "{} gave no token; check the application, its secret or certificate, and the tenant; what it said is the cause"),
            Self::ClientUnavailable => ("ClientUnavailable", "ResourceUnavailable", "secure connections cannot be made, so {} is out of reach; check this machine's certificate store and proxy settings"),
            Self::ConnectFailed => ("ConnectFailed", "ConnectionError", "no connection to {}; check the network, the name and HTTPS_PROXY"),
            Self::TlsFailed => ("TlsFailed", "SecurityError", "no trusted connection to {}; if a proxy inspects TLS here, its certificate must be in this machine's store"),
            Self::TimedOut => ("TimedOut", "OperationTimeout", "no whole answer from {} in time; the request may have had its effect all the same, so look before repeating a change"),
            Self::ConnectionBroken => ("ConnectionBroken", "ConnectionError", "the connection to {} ended before its answer did; the request may have had its effect all the same, so look before repeating a change"),
            Self::Cancelled => ("Cancelled", "OperationStopped", "the request to {} was cancelled; it may have had its effect all the same"),
        }
    }
}

impl TransportError {
    /// `target` is the address without its query, which may hold names of people, or the name of a header.
    pub fn new(problem: Problem, target: impl Into<String>) -> Self {
        Self { problem, target: target.into(), causes: Vec::new() }
    }

    /// With the chain of errors behind it, which must not show a secret.
    pub fn because(mut self, error: &dyn std::error::Error) -> Self {
        let chain = std::iter::successors(Some(error), |error| error.source());
        self.causes.extend(chain.map(ToString::to_string));
        self
    }

    /// What went wrong.
    pub fn problem(&self) -> Problem {
        self.problem
    }

    /// The stable code, which becomes PowerShell's ErrorId.
    pub fn code(&self) -> &'static str {
        self.problem.row().0
    }

    /// A name of PowerShell's `ErrorCategory`.
    pub fn category(&self) -> &'static str {
        self.problem.row().1
    }

    /// What is wrong with which address, why it matters, what to do.
    pub fn message(&self) -> String {
        self.problem.row().2.replace("{}", &self.target)
    }

    /// The address (without its query) or header that the error is about; empty for a token.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// What the network libraries said, outermost first.
    pub fn causes(&self) -> &[String] {
        &self.causes
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())
    }
}

impl std::error::Error for TransportError {}

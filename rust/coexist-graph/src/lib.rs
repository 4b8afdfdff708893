//! The way to Microsoft Graph: one request out, one answer back.
//!
//! A [`Transport`] carries a request and judges nothing: 429 and 404 are answers. Paging, batching and retrying belong to
//! the engine above it, so that every transport gets them.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod batch;
mod call;
mod cancel;
pub mod cloud;
mod credential;
mod data;
mod engine;
mod error;
mod fault;
mod gate;
mod item;
mod native;
mod quota;
pub mod read;
mod token;
mod transport;

pub use call::{Answer, Call, Probe};
pub use cancel::Cancel;
pub use credential::{Credential, IdentityEndpoint, Sign};
pub use engine::{Counts, Engine, Options};
pub use error::{Problem, TransportError};
pub use fault::{Fault, GraphError};
pub use native::{NativeTransport, Timeouts};
pub use quota::{Charges, Quota, Quotas};
pub use token::Token;
pub use transport::{Method, Renewing, Request, Response, Sending, Transport};

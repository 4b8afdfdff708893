//! The way to Microsoft Graph: one request out, one answer back.
//!
//! A [`Transport`] carries a request and judges nothing: 429 and 404 are answers. Paging, batching and retrying belong to
//! the engine above it, so that every transport gets them.

mod cancel;
mod error;
mod native;
mod token;
mod transport;

pub use cancel::Cancel;
pub use error::{Problem, TransportError};
pub use native::{NativeTransport, Timeouts};
pub use token::Token;
pub use transport::{Method, Request, Response, Sending, Transport};

//! The identifiers that carry a person from one tenant to the other, in every form in which administrators meet them.
//!
//! - [`guid`]: the 16 bytes of `objectGUID`, `mS-DS-ConsistencyGuid` and `ExchangeGuid`.
//! - [`immutable_id`]: the source anchor that Entra ID calls `onPremisesImmutableId`, and which attribute it comes from.
//! - [`x500`]: `LegacyExchangeDN` and the X500 proxy address made of it.
//! - [`imceaex`]: the SMTP address in which a non-delivery report shows an X500 address.
//! - [`protocol`]: all of it as delimited text, one call per piped object; what the C ABI exports.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

mod damage;
mod error;
pub mod guid;
pub mod imceaex;
pub mod immutable_id;
mod note;
pub mod protocol;
pub mod x500;

#[cfg(test)]
mod properties;

pub use error::{IdentityError, Problem};
pub use guid::Guid;
pub use note::Note;
pub use x500::X500;

//! Proxy addresses: what they are, where they may live, and what must change between a source recipient and its target object.

mod diff;
mod domain;
mod proxy;
mod report;

pub use diff::{compare, for_each_wanted, source_primary, Action, Change, Context, Diff, Field, NoOwners, Owner, Ownership, Reason};
pub use domain::{canonical_domain, DomainMap, DomainSet};
pub(crate) use proxy::has_control;
pub use proxy::{AddressType, ProxyAddress};
pub use report::{findings, rows, Row};

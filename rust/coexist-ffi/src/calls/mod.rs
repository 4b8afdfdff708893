//! What `coexist_call` can be asked, one file per operation.
//!
//! An operation is a request struct with `deny_unknown_fields`, read by `operation::decode`; a function of the core or
//! of the files crate; and its result, written by `operation::encode`.

use serde_json::Value;

use crate::engine::Engine;
use crate::error::Failure;
use crate::operation::Table;

mod addresses;
mod lab;
mod new_specification;
mod spool;
mod table;
#[cfg(feature = "test-abi")]
mod test_echo;

pub(crate) use spool::kind;

type Call = fn(&Engine, Value) -> Result<Vec<u8>, Failure>;

/// Name to function.
pub(crate) const TABLE: Table<Call> = &[
    ("table", table::run),
    ("addresses", addresses::run),
    ("spool", spool::run),
    ("newSpecification", new_specification::run),
    ("labCommand", lab::command),
    ("labTime", lab::time),
    ("labTenants", lab::tenants),
    #[cfg(feature = "test-abi")]
    ("test.echo", test_echo::run),
];

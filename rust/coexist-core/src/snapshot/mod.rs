//! What one tenant (or one AD forest) held at one moment.

mod canonical;
mod classify;
mod json;
mod key;
mod kind;
pub mod list_text;
mod property;
mod record;
pub mod scan;
mod table;

pub use canonical::{push_canonical, push_string};
pub use classify::classify;
pub use json::{push_json, JsonReader, NotAnObject};
pub use key::{hash as key_hash, key, Keys};
pub use kind::{kinds_of_type, schema, Kind, KindSchema};
pub use property::{Property, COUNT as PROPERTY_COUNT};
pub use record::{is_type_name, List, Record, RecordBuilder, Seen};
pub use table::{Chunk, Table};

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `tenant.json`: whose objects the snapshot holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tenant {
    /// The tenant's GUID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The name that the administrator gave it, usually its initial domain.
    #[serde(default)]
    pub name: String,
    /// The accepted domains, sorted.
    #[serde(default)]
    pub domains: Vec<String>,
    /// The initial domain (`contoso.onmicrosoft.com`), whose addresses every object gets (MOERA).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_domain: Option<String>,
    /// By which cmdlets the kinds were read, by kind.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sources: BTreeMap<String, String>,
}

/// A snapshot in memory.
#[derive(Default)]
pub struct Snapshot {
    /// Whose objects these are.
    pub tenant: Tenant,
    /// The objects, by kind; a kind that was not exported is not there.
    pub tables: BTreeMap<Kind, Table>,
}

impl Snapshot {
    /// The objects of one kind; `None` where the kind was not exported.
    pub fn table(&self, kind: Kind) -> Option<&Table> {
        self.tables.get(&kind)
    }
}

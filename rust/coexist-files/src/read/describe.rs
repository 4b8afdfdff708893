//! What a snapshot folder holds, in numbers.

use super::snapshot::{each_table, KindRead};
use coexist_core::problem::Problem;
use coexist_core::snapshot::{Kind, Tenant};
use coexist_core::watch::Watch;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// A snapshot folder in numbers: the result of the job `readSnapshot`.
#[derive(Debug, Clone, Serialize)]
pub struct Description {
    /// Whose it is.
    pub tenant: Tenant,
    /// What it has of each kind.
    pub kinds: BTreeMap<Kind, KindDescription>,
    /// Everything that was wrong, file by file.
    #[serde(skip)]
    pub problems: Vec<Problem>,
}

/// One kind of a snapshot in numbers.
#[derive(Debug, Clone, Serialize)]
pub struct KindDescription {
    /// How many objects of it can be used.
    pub objects: u64,
    /// The cmdlet whose output it holds.
    pub source: &'static str,
    /// Its file.
    #[serde(flatten)]
    pub read: KindRead,
}

/// Reads every file of a snapshot folder, keeping no object.
///
/// # Errors
/// As `read_snapshot`.
pub fn describe(folder: &Path, watch: &dyn Watch) -> Result<Description, Problem> {
    let mut kinds = BTreeMap::new();
    let whole = each_table(folder, watch, |kind, read, table| {
        kinds.insert(kind, KindDescription { objects: table.len() as u64, source: kind.source(), read });
    })?;
    Ok(Description { tenant: whole.tenant, kinds, problems: whole.problems })
}

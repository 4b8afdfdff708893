//! Where the next reading of a kind from a service goes on, kept in `tenant.json` beside the kind.

use super::spool::file_name;
use crate::read::snapshot::find;
use crate::read::text::hexadecimal;
use crate::read::{read_text, TENANT_FILE};
use coexist_core::snapshot::Kind;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// The member of `tenant.json`.
const MEMBER: &str = "delta";

/// In an object of a round of changes: it is no longer there.
pub(super) const REMOVED: &str = "@removed";

/// The properties of an object, each value as it is written.
pub type Members = BTreeMap<String, Box<RawValue>>;

/// What a reading under way gives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Round {
    /// SHA-256 of the file that these are changes to; none where they are everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) since: Option<String>,
    /// What tells the changes after this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) link: Option<String>,
}

/// What a finished reading left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Left {
    /// It tells what changed since.
    pub(super) link: String,
    /// Of which properties.
    pub(super) properties: String,
    /// Of the file that the reading wrote. Whatever else writes it, and a commit of which only half the files got their names, is seen by it.
    pub(super) sha256: String,
}

impl Left {
    /// The file is the one that the reading wrote.
    pub(super) fn holds(&self, folder: &Path, kind: Kind) -> bool {
        let name = find(folder).ok().and_then(|mut found| found.files.remove(&kind)).unwrap_or_else(|| file_name(kind));
        fingerprint(&folder.join(name)).is_ok_and(|sha256| sha256 == self.sha256)
    }
}

/// What the last reading of a kind left in a snapshot folder.
pub(super) fn left(folder: &Path, kind: Kind) -> Option<Left> {
    let name = find(folder).ok()?.has_tenant.unwrap_or_else(|| TENANT_FILE.to_string());
    let (text, _) = read_text(&folder.join(name)).ok()?;
    let tenant: Value = serde_json::from_str(&text).ok()?;
    Left::deserialize(tenant.get(MEMBER)?.get(kind.name())?).ok()
}

/// Notes in the members of `tenant.json` what a reading left, or that it left nothing.
pub(super) fn leave(tenant: &mut Map<String, Value>, kind: Kind, left: Option<Left>) {
    let mut all = match tenant.remove(MEMBER) {
        Some(Value::Object(all)) => all,
        _ => Map::new(),
    };
    all.remove(kind.name());
    // A struct of texts is JSON.
    all.extend(left.and_then(|left| Some((kind.name().to_string(), serde_json::to_value(left).ok()?))));
    if !all.is_empty() {
        tenant.insert(MEMBER.to_string(), Value::Object(all));
    }
}

/// The SHA-256 of a file.
pub(super) fn fingerprint(path: &Path) -> io::Result<String> {
    let mut hash = Hashing { out: &mut io::sink(), hash: Sha256::new() };
    io::copy(&mut File::open(path)?, &mut hash)?;
    Ok(hash.finish())
}

/// Hashes what it writes.
pub(super) struct Hashing<'o> {
    out: &'o mut dyn Write,
    hash: Sha256,
}

impl<'o> Hashing<'o> {
    pub(super) fn new(out: &'o mut dyn Write) -> Self {
        Hashing { out, hash: Sha256::new() }
    }

    pub(super) fn finish(self) -> String {
        hexadecimal(&self.hash.finalize())
    }
}

impl Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

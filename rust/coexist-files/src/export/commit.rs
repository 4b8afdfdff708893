//! A spool becomes part of a snapshot.

use super::delta::{self, fingerprint, Hashing, Left, Members};
use super::merge::{Complete, Counts, Merge};
use super::pages::Pages;
use super::spool::{self, clean, file_name};
use crate::read::snapshot::{find, folder_name, read_tenant, Domains, Found};
use crate::read::{read_text, Problems, TENANT_FILE};
use crate::write::{failed, Written};
use coexist_core::limits::Limits;
use coexist_core::problem::{Category, Problem};
use coexist_core::snapshot::{push_json, Chunk, Kind, RecordBuilder, Table, Tenant};
use coexist_core::watch::Watch;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What is committed, and how.
#[derive(Debug, Clone, Copy)]
pub struct Commit<'a> {
    /// The snapshot folder.
    pub folder: &'a Path,
    /// The spool in it.
    pub spool: &'a str,
    /// The tenant's name, where it is known.
    pub name: Option<&'a str>,
    /// The tenant's GUID, where it is known.
    pub id: Option<&'a str>,
    /// Where the objects come from, where it is not the cmdlet that the kind is usually piped from.
    pub source: Option<&'a str>,
    /// What the folder has of the spooled kinds goes away, instead of being merged.
    pub replace_kinds: bool,
    /// Even where the folder holds another tenant.
    pub force: bool,
    /// The objects were read from a service, some of the kinds perhaps as changes.
    pub pages: Option<FromPages<'a>>,
}

/// What a commit must know of objects that were read from a service.
#[derive(Clone, Copy)]
pub struct FromPages<'a> {
    /// What was read.
    pub pages: &'a Pages,
    /// Makes of an object and its changes what the service would have told of it in whole; true where there was no such object.
    pub complete: &'a dyn Fn(Kind, &mut Members, bool),
}

impl std::fmt::Debug for FromPages<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.pages.fmt(f)
    }
}

/// What was committed.
#[derive(Debug, Clone, Serialize)]
pub struct Committed {
    /// Whose snapshot it is now.
    pub tenant: Tenant,
    /// The kinds that were written.
    pub kinds: BTreeMap<Kind, KindCommitted>,
    /// What was left out.
    #[serde(skip)]
    pub problems: Vec<Problem>,
}

/// One kind that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KindCommitted {
    /// Its file.
    pub file: String,
    /// How many objects it has.
    #[serde(flatten)]
    pub counts: Counts,
}

/// Merges a spool into its snapshot folder and removes it.
///
/// Each kind becomes `<kind>.jsonl`: one object per line, in canonical form, sorted by key; the same objects give the same bytes in whatever order they came.
/// A piped object replaces the one with its key. All files are written before the first gets its name, `tenant.json` last; where anything fails or is stopped,
/// the spool stays, and the commit can be repeated.
///
/// # Errors
/// `SpoolNotFound`, `TenantConflict`, `TenantUnreadable`, `KindInOtherFormat`, `FileNotUtf8`, `FileNotWritten`, `FileChanged`, `Cancelled`.
pub fn commit(commit: &Commit, watch: &dyn Watch) -> Result<Committed, Problem> {
    let Commit { folder, .. } = *commit;
    let spool = spool::path(folder, commit.spool)?;
    let found = find(folder).unwrap_or(Found { files: BTreeMap::new(), has_tenant: None, problems: Vec::new() });
    let tenant_path = folder.join(found.has_tenant.as_deref().unwrap_or(TENANT_FILE));
    let mut tenant = TenantFile::read(&tenant_path, found.has_tenant.is_some(), commit)?;

    let limit = Limits::default().value("problemsPerFile") as usize;
    let mut problems = Problems::default();
    let mut written = Vec::new();
    let mut kinds = BTreeMap::new();
    for (kind, piped) in spool::kinds(&spool) {
        let there = there(folder, kind, &found, commit)?;
        let file = there.as_ref().map_or_else(|| file_name(kind), |(name, _)| name.clone());
        let path = folder.join(&file);
        let round = commit.pages.and_then(|from| from.pages.kind_round(kind));
        let since = round.and_then(|(_, round)| round.since.as_deref());
        if since.is_some_and(|since| fingerprint(&path).ok().as_deref() != Some(since)) {
            return Err(changed(&path));
        }
        let merged = there.filter(|_| since.is_some() || !commit.replace_kinds).map(|(_, path)| path);
        let complete = commit.pages.filter(|_| since.is_some()).map(|from| move |members: &mut Members, is_new| (from.complete)(kind, members, is_new));
        let complete = complete.as_ref().map(|complete| complete as &Complete);
        let (merge, bad) = Merge::open(kind, &piped, merged.as_ref(), watch)?;
        bad.into_iter().for_each(|problem| problems.push(usize::MAX, || problem));
        let mut counts = Counts::default();
        let mut domains = RecordBuilder::default();
        let mut sha256 = String::new();
        written.push(Written::new(&path, |out| {
            let mut out = Hashing::new(out);
            counts = merge.write(&path, &mut out, complete, &mut problems, limit, watch, |line| {
                if kind == Kind::AcceptedDomains {
                    // What was written a line ago is an object.
                    let _ = push_json(&mut domains, &String::from_utf8_lossy(line));
                }
            })?;
            sha256 = out.finish();
            Ok(())
        })?);
        if commit.pages.is_some() {
            let left = round.and_then(|(properties, round)| Some(Left { link: round.link.clone()?, properties: properties.to_string(), sha256 }));
            delta::leave(&mut tenant.members, kind, left);
        }
        tenant.add(kind, commit.source, domains);
        kinds.insert(kind, KindCommitted { file, counts });
    }
    let (tenant, text) = tenant.finish(folder, commit);
    written.push(Written::new(&tenant_path, |out| out.write_all(text.as_bytes()).map_err(|error| failed(&tenant_path, &error)))?);
    if watch.cancelled() {
        return Err(Problem::cancelled());
    }
    written.into_iter().try_for_each(Written::publish)?;
    // What is committed is on the disk; a spool that cannot be removed is cleaned later.
    let _ = fs::remove_dir_all(&spool);
    clean(folder, SystemTime::now());
    Ok(Committed { tenant, kinds, problems: problems.kept })
}

/// Checks, before anything is read from a service, that its objects may be committed: the folder holds no other tenant, and no kind from cmdlets that tell more
/// about its objects than the service does.
///
/// # Errors
/// `TenantConflict`, `TenantUnreadable`, `KindInOtherFormat`; `KindOfAnotherSource` unless kinds are to be replaced.
pub fn check(commit: &Commit, kinds: &[Kind]) -> Result<(), Problem> {
    let Ok(found) = find(commit.folder) else { return Ok(()) };
    let path = commit.folder.join(found.has_tenant.as_deref().unwrap_or(TENANT_FILE));
    let tenant = TenantFile::read(&path, found.has_tenant.is_some(), commit)?.tenant;
    for kind in kinds {
        there(commit.folder, *kind, &found, commit)?;
        // What Graph's own cmdlets emit is what Graph gives.
        let (source, usual) = (commit.source.unwrap_or(kind.source()), kind.source());
        let more = |from: &&String| from.as_str() == usual && usual != source && !usual.starts_with("Get-Mg") && !usual.starts_with(source);
        if let Some(from) = tenant.sources.get(kind.name()).filter(more).filter(|_| !commit.replace_kinds) {
            let message = format!(
                "'{}' holds {kind} that were exported with {from}, which tells more about them (LegacyExchangeDN, for one) than {source} does; they would be \
                 replaced. Use another -Path, leave {kind} out, or say -Replace.",
                commit.folder.display()
            );
            return Err(Problem::new("KindOfAnotherSource", Category::ResourceExists, message).about(kind.name()));
        }
    }
    Ok(())
}

fn changed(path: &Path) -> Problem {
    let message = format!(
        "'{}' was changed while the changes to what it held were read, so they cannot be put together; nothing was written. Export again: all objects are read then.",
        path.display()
    );
    Problem::new("FileChanged", Category::ReadError, message).about(path.display().to_string())
}

/// The file that the folder has of a kind, which must be JSON Lines: two files of one kind would contradict each other.
fn there(folder: &Path, kind: Kind, found: &Found, commit: &Commit) -> Result<Option<(String, PathBuf)>, Problem> {
    let Some(name) = found.files.get(&kind) else { return Ok(None) };
    let path = folder.join(name);
    if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("jsonl")) {
        return Ok(Some((name.clone(), path)));
    }
    let message = format!(
        "'{}' already holds {kind} in another form, and the folder of a snapshot has one file for each kind; move '{name}' away, then export into '{}' again.",
        path.display(),
        commit.folder.display()
    );
    Err(Problem::new("KindInOtherFormat", Category::ResourceExists, message).about(path.display().to_string()))
}

/// `tenant.json` while it is brought up to date; what Coexist does not know of it stays.
struct TenantFile {
    members: Map<String, Value>,
    tenant: Tenant,
}

impl TenantFile {
    fn read(path: &Path, is_there: bool, commit: &Commit) -> Result<Self, Problem> {
        let mut file = TenantFile { members: Map::new(), tenant: Tenant::default() };
        if is_there {
            match read_tenant(path) {
                Ok((tenant, _)) => {
                    file.tenant = tenant;
                    // It parsed a moment ago, and to an object.
                    if let Ok(Value::Object(members)) = read_text(path).map(|(text, _)| serde_json::from_str(&text).unwrap_or(Value::Null)) {
                        file.members = members;
                    }
                }
                Err(problem) if !commit.force => return Err(problem),
                Err(_) => {}
            }
        }
        if !commit.force && file.is_another(commit) {
            return Err(file.conflict(path, commit));
        }
        Ok(file)
    }

    /// Ids decide where both are known: a tenant may be given another name, but two tenants may not share a folder.
    fn is_another(&self, commit: &Commit) -> bool {
        match (self.tenant.id.as_deref(), commit.id, commit.name) {
            (Some(there), Some(new), _) => !there.eq_ignore_ascii_case(new),
            (_, _, Some(new)) => !self.tenant.name.is_empty() && !self.tenant.name.eq_ignore_ascii_case(new),
            _ => false,
        }
    }

    fn conflict(&self, path: &Path, commit: &Commit) -> Problem {
        let called = |name: Option<&str>, id: Option<&str>| format!("'{}' ({})", name.unwrap_or("?"), id.unwrap_or("id not known"));
        let message = format!(
            "'{}' is a snapshot of {}, and these objects are of {}: two tenants in one snapshot would be planned as one. Use another -Path; if it is the same \
             tenant under another name, use -Force.",
            commit.folder.display(),
            called(Some(&self.tenant.name), self.tenant.id.as_deref()),
            called(commit.name, commit.id)
        );
        Problem::new("TenantConflict", Category::ResourceExists, message).about(path.display().to_string())
    }

    fn add(&mut self, kind: Kind, source: Option<&str>, domains: RecordBuilder) {
        self.tenant.sources.insert(kind.name().to_string(), source.unwrap_or(kind.source()).to_string());
        if kind == Kind::AcceptedDomains {
            let lines = vec![1; domains.len()];
            let mut table = Table::new(kind, file_name(kind));
            table.push(Chunk::new(domains, lines));
            let found = Domains::of(&table);
            self.tenant.domains = found.names;
            self.tenant.initial_domain = found.initial.or(self.tenant.initial_domain.take());
        }
    }

    /// The tenant as it is now, and the text of its file.
    fn finish(mut self, folder: &Path, commit: &Commit) -> (Tenant, String) {
        let tenant = &mut self.tenant;
        tenant.id = commit.id.map(str::to_string).or(tenant.id.take());
        if let Some(name) = commit.name {
            tenant.name = name.to_string();
        } else if tenant.name.is_empty() {
            tenant.name = folder_name(folder);
        }
        // A struct of texts is a JSON object.
        if let Ok(Value::Object(known)) = serde_json::to_value(&*tenant) {
            self.members.extend(known);
        }
        let mut text = serde_json::to_string_pretty(&self.members).unwrap_or_default();
        text.push('\n');
        (self.tenant, text)
    }
}

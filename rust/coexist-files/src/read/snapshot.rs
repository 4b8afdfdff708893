//! A snapshot folder: `tenant.json` and one file for each kind.

use super::source::Format;
use super::table::{read_named, TableRead, Unknown};
use super::{fault, read_text};
use coexist_core::problem::{Category, Problem};
use coexist_core::snapshot::{Kind, Property, Snapshot, Table, Tenant};
use coexist_core::watch::Watch;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The file that says whose snapshot it is.
pub const TENANT_FILE: &str = "tenant.json";

/// Files that may lie in a snapshot folder without being of a kind: what Coexist itself writes.
const OTHERS: [&str; 5] = [TENANT_FILE, "coexist.json", "coexist.schema.json", "plan.json", "plan.schema.json"];

/// What a snapshot folder held.
pub struct SnapshotRead {
    /// The tenant and its objects.
    pub snapshot: Snapshot,
    /// Everything that was wrong, file by file.
    pub problems: Vec<Problem>,
    /// The SHA-256 of each file that was read, by its name in the folder.
    pub fingerprints: BTreeMap<String, String>,
    /// What is known beside the objects, by kind.
    pub kinds: BTreeMap<Kind, KindRead>,
}

/// What the file of one kind was.
#[derive(Debug, Clone, Serialize)]
pub struct KindRead {
    /// Its name in the folder.
    pub file: String,
    /// The SHA-256 of its bytes.
    pub fingerprint: String,
    /// How long it is.
    pub bytes: u64,
    /// How many of its records were bad.
    pub problems: u64,
    /// The properties that some records say nothing about.
    pub unknown: Vec<Unknown>,
}

/// Reads a snapshot folder: `tenant.json`, and for every kind `<kind>.jsonl`, `<kind>.json` or `<kind>.csv`, whatever the case of the names.
///
/// # Errors
/// `SnapshotNotFound`, `SnapshotEmpty`, `FileUnreadable`, `Cancelled`. Everything that leaves something to go on with is in [`SnapshotRead::problems`].
pub fn read_snapshot(folder: &Path, watch: &dyn Watch) -> Result<SnapshotRead, Problem> {
    let mut tables = BTreeMap::new();
    let mut kinds = BTreeMap::new();
    let Whole { tenant, problems, fingerprints } = each_table(folder, watch, |kind, read, table| {
        kinds.insert(kind, read);
        tables.insert(kind, table);
    })?;
    Ok(SnapshotRead { snapshot: Snapshot { tenant, tables }, problems, fingerprints, kinds })
}

/// What belongs to a snapshot folder as a whole.
pub(super) struct Whole {
    pub(super) tenant: Tenant,
    pub(super) problems: Vec<Problem>,
    pub(super) fingerprints: BTreeMap<String, String>,
}

/// Reads a snapshot folder kind by kind.
pub(super) fn each_table(folder: &Path, watch: &dyn Watch, mut take: impl FnMut(Kind, KindRead, Table)) -> Result<Whole, Problem> {
    let Found { files, has_tenant, mut problems } = find(folder)?;
    let mut fingerprints = BTreeMap::new();
    let mut tenant = Tenant { name: folder_name(folder), ..Tenant::default() };
    match &has_tenant {
        Some(name) => match read_tenant(&folder.join(name)) {
            Ok((read, fingerprint)) => {
                fingerprints.insert(name.clone(), fingerprint);
                let name = if read.name.is_empty() { tenant.name } else { read.name };
                tenant = Tenant { name, ..read };
            }
            Err(problem) => problems.push(problem),
        },
        None => problems.push(without_tenant(folder, &tenant.name)),
    }
    for (kind, file) in files {
        let path = folder.join(&file);
        let TableRead { table, problems: found, problem_count, fingerprint, bytes, unknown } = read_named(&path, &path.display().to_string(), kind, watch)?;
        problems.extend(found);
        fingerprints.insert(file.clone(), fingerprint.clone());
        if kind == Kind::AcceptedDomains {
            let found = Domains::of(&table);
            if tenant.domains.is_empty() {
                tenant.domains = found.names;
            }
            tenant.initial_domain = tenant.initial_domain.or(found.initial);
        }
        take(kind, KindRead { file, fingerprint, bytes, problems: problem_count, unknown }, table);
    }
    Ok(Whole { tenant, problems, fingerprints })
}

/// The domains that Get-AcceptedDomain names.
pub(crate) struct Domains {
    /// Sorted, in lower case.
    pub(crate) names: Vec<String>,
    /// `<name>.onmicrosoft.com`.
    pub(crate) initial: Option<String>,
}

impl Domains {
    pub(crate) fn of(table: &Table) -> Domains {
        let mut names = Vec::new();
        let mut initial = None;
        for record in table.iter() {
            let Some(name) = record.first_text(&[Property::DomainName, Property::Name]) else { continue };
            let name = name.trim().to_lowercase();
            if record.flag(Property::InitialDomain).value() == Some(true) {
                initial = Some(name.clone());
            }
            names.push(name);
        }
        names.sort();
        names.dedup();
        // Plain exports have no InitialDomain; the name itself says it, unless several do (mail.onmicrosoft.com is Exchange's own, of hybrid).
        let initial = initial.or_else(|| {
            let mut candidates = names.iter().filter(|name| is_initial(name));
            candidates.next().filter(|_| candidates.next().is_none()).cloned()
        });
        Domains { names, initial }
    }
}

/// True for `<name>.onmicrosoft.com` with no further dot, the form of a tenant's first domain.
fn is_initial(domain: &str) -> bool {
    domain.strip_suffix(".onmicrosoft.com").is_some_and(|name| !name.contains('.'))
}

/// Reads `tenant.json`; gives it with the SHA-256 of the file.
pub(crate) fn read_tenant(path: &Path) -> Result<(Tenant, String), Problem> {
    let (text, fingerprint) = read_text(path)?;
    let tenant = serde_json::from_str(&text).map_err(|error| {
        let message = format!(
            "'{}' does not say whose snapshot it is ({error}); the folder's name stands in. Write it again with Export-CoexistSnapshot -Tenant.",
            path.display()
        );
        Problem::new("TenantUnreadable", Category::InvalidData, message).at(path.display().to_string(), error.line() as u64)
    })?;
    Ok((tenant, fingerprint))
}

/// What a folder has, by name.
pub(crate) struct Found {
    /// One file for each kind, the one that is read.
    pub(crate) files: BTreeMap<Kind, String>,
    /// The name of `tenant.json`, as it is written there.
    pub(crate) has_tenant: Option<String>,
    /// Files that no kind or two of one kind have.
    pub(crate) problems: Vec<Problem>,
}

/// Looks at what a snapshot folder has.
pub(crate) fn find(folder: &Path) -> Result<Found, Problem> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned())).collect())
        .map_err(|error| unreadable_folder(folder, &error))?;
    names.sort();
    let mut found = Found { files: BTreeMap::new(), has_tenant: None, problems: Vec::new() };
    let mut ignored = Vec::new();
    for name in names {
        let path = Path::new(&name);
        let is_data = path.extension().and_then(|extension| Format::of_extension(extension.to_str()?)).is_some();
        if name.starts_with('.') || !is_data {
            continue;
        }
        if name.eq_ignore_ascii_case(TENANT_FILE) {
            found.has_tenant = Some(name);
            continue;
        }
        match path.file_stem().and_then(|stem| Kind::parse(stem.to_str()?)) {
            Some(kind) => match found.files.get(&kind) {
                Some(first) => found.problems.push(two_files(folder, kind, first, &name)),
                None => {
                    found.files.insert(kind, name);
                }
            },
            None if OTHERS.iter().any(|other| other.eq_ignore_ascii_case(&name)) => {}
            None => ignored.push(name),
        }
    }
    if found.files.is_empty() && found.has_tenant.is_none() {
        return Err(nothing_there(folder, &ignored));
    }
    found.problems.extend(ignored.iter().map(|name| kind_unknown(folder, name)));
    Ok(found)
}

/// The name that a folder itself has.
pub(crate) fn folder_name(folder: &Path) -> String {
    let absolute = fs::canonicalize(folder).unwrap_or_else(|_| PathBuf::from(folder));
    absolute.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn kind_names() -> String {
    Kind::ALL.map(Kind::name).join(", ")
}

fn unreadable_folder(folder: &Path, error: &std::io::Error) -> Problem {
    if error.kind() == std::io::ErrorKind::NotFound {
        let message = format!("There is no snapshot folder '{}'; check the path, or make one with Export-CoexistSnapshot.", folder.display());
        return Problem::new("SnapshotNotFound", Category::ObjectNotFound, message).about(folder.display().to_string());
    }
    fault::unreadable(folder, error)
}

fn nothing_there(folder: &Path, ignored: &[String]) -> Problem {
    let other = if ignored.is_empty() { String::new() } else { format!(" What is there ({}) has the name of no kind.", ignored.join(", ")) };
    let message = format!(
        "'{}' holds no snapshot: a file is named after its kind, for example mailboxes.jsonl or mailboxes.csv.{other} Kinds: {}.",
        folder.display(),
        kind_names()
    );
    Problem::new("SnapshotEmpty", Category::ObjectNotFound, message).about(folder.display().to_string())
}

fn without_tenant(folder: &Path, name: &str) -> Problem {
    let message = format!(
        "'{}' has no {TENANT_FILE}, so the tenant is called '{name}' after the folder and its id is not known; the plan cannot make sure that it runs in the \
         right tenant. Export with Export-CoexistSnapshot -Tenant.",
        folder.display()
    );
    Problem::new("TenantMissing", Category::ObjectNotFound, message).about(folder.display().to_string())
}

fn two_files(folder: &Path, kind: Kind, first: &str, second: &str) -> Problem {
    let message = format!("'{first}' and '{second}' both hold {kind}; only '{first}' is read, so what only the other one has is missing. Remove one of them.");
    Problem::new("KindTwice", Category::InvalidData, message).at(folder.join(second).display().to_string(), 1).about(kind.name())
}

fn kind_unknown(folder: &Path, name: &str) -> Problem {
    let message = format!(
        "'{name}' has the name of no kind and was not read; if it belongs to the snapshot, name it after its kind, else move it elsewhere. Kinds: {}.",
        kind_names()
    );
    Problem::new("KindUnknown", Category::InvalidData, message).at(folder.join(name).display().to_string(), 1).about(name)
}

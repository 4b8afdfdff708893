//! Where piped objects wait.

use crate::write::{failed, TEMPORARY};
use coexist_core::limits::Limits;
use coexist_core::problem::{Category, Problem};
use coexist_core::snapshot::{classify, push_canonical, JsonReader, Kind, NotAnObject, Property, Record, RecordBuilder};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// What became of piped objects.
#[derive(Debug, Clone, Serialize)]
pub struct Spooled {
    /// The name of the spool, for the next call and the commit.
    pub spool: String,
    /// One for each object that was not taken.
    pub problems: Vec<Problem>,
}

/// Puts objects into a spool of a snapshot folder; the folder is made where it is not there, the spool where none is named.
///
/// `lines` is JSON Lines, each line one object as PowerShell gave it. Without `kind`, each is told by what it has; one that cannot be is a problem, and so is
/// one that is no object or contradicts `kind`. Every property is kept.
///
/// # Errors
/// `SpoolNotFound`, `FileNotWritten`; then nothing of `lines` was taken.
pub fn append(folder: &Path, spool: Option<&str>, kind: Option<Kind>, lines: &str) -> Result<Spooled, Problem> {
    let name = match spool {
        Some(name) => {
            path(folder, name)?;
            name.to_string()
        }
        None => create(folder)?,
    };
    let spool = folder_of(folder, &name);
    let limit = Limits::default().value("recordBytes");
    let mut reader = JsonReader::default();
    let mut kinds: BTreeMap<Kind, Vec<u8>> = BTreeMap::new();
    let mut problems = Vec::new();
    if let Some(kind) = kind.filter(|_| lines.trim_ascii().is_empty()) {
        // Of a kind that is named there may be nothing: "none" is known then, which is not "not exported".
        kinds.entry(kind).or_default();
    }
    for line in lines.split('\n').map(str::trim_ascii).filter(|line| !line.is_empty()) {
        if line.len() as u64 > limit {
            problems.push(too_long(line, limit));
            continue;
        }
        let mut builder = RecordBuilder::default();
        let kind = reader.push(&mut builder, line).map_err(|bad| not_an_object(bad, line)).and_then(|()| choose(kind, line, &builder.last()));
        let taken = kind.and_then(|kind| {
            let out = kinds.entry(kind).or_default();
            push_canonical(out, line).map_err(|bad| not_an_object(bad, line))?;
            out.push(b'\n');
            Ok(())
        });
        problems.extend(taken.err());
    }
    let mut lengths: Vec<(PathBuf, u64)> = Vec::new();
    for (kind, text) in &kinds {
        let path = spool.join(file_name(*kind));
        if let Err(error) = append_to(&path, text, &mut lengths) {
            // All or nothing: half a line would spoil the next one.
            for (path, length) in &lengths {
                let _ = OpenOptions::new().write(true).open(path).and_then(|file| file.set_len(*length));
            }
            return Err(failed(&path, &error));
        }
    }
    Ok(Spooled { spool: name, problems })
}

/// Removes a spool: the export was given up.
///
/// # Errors
/// `SpoolNotFound`, `FileNotWritten`.
pub fn discard(folder: &Path, spool: &str) -> Result<(), Problem> {
    let path = path(folder, spool)?;
    fs::remove_dir_all(&path).map_err(|error| failed(&path, &error))
}

fn append_to(path: &Path, text: &[u8], lengths: &mut Vec<(PathBuf, u64)>) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    lengths.push((path.to_path_buf(), file.metadata()?.len()));
    file.write_all(text)
}

/// The file of a kind, in a spool and in a snapshot folder.
pub(super) fn file_name(kind: Kind) -> String {
    format!("{kind}.jsonl")
}

/// The kinds of which a spool has objects, with their files.
pub(super) fn kinds(spool: &Path) -> Vec<(Kind, PathBuf)> {
    Kind::ALL.into_iter().map(|kind| (kind, spool.join(file_name(kind)))).filter(|(_, path)| path.is_file()).collect()
}

fn folder_of(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{TEMPORARY}spool-{name}"))
}

/// The folder of a spool that is there. The name comes from outside: it must be one that [`create`] gives, and no path.
pub(super) fn path(folder: &Path, name: &str) -> Result<PathBuf, Problem> {
    let is_name = name.len() == NAME_LENGTH && name.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    let path = folder_of(folder, name);
    if is_name && path.is_dir() {
        return Ok(path);
    }
    let message = format!("'{}' has no spool '{name}': it was committed, given up, or removed as too old; begin the export again.", folder.display());
    Err(Problem::new("SpoolNotFound", Category::ObjectNotFound, message).about(name))
}

pub(super) const NAME_LENGTH: usize = 32;

pub(super) fn create(folder: &Path) -> Result<String, Problem> {
    fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
    loop {
        // The standard library seeds each of these from the operating system.
        let random = || RandomState::new().hash_one(std::process::id());
        let name = format!("{:016x}{:016x}", random(), random());
        let path = folder_of(folder, &name);
        match fs::create_dir(&path) {
            Ok(()) => return Ok(name),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed(&path, &error)),
        }
    }
}

/// Removes what runs that died left in a snapshot folder, once it is older than the limit `spoolHours`. What cannot be removed stays.
pub(super) fn clean(folder: &Path, now: SystemTime) {
    let oldest = Duration::from_secs(Limits::default().value("spoolHours") * 3600);
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(TEMPORARY)) {
        let path = entry.path();
        let Some(touched) = last_touched(&path) else { continue };
        if now.duration_since(touched).is_ok_and(|age| age > oldest) {
            // Only one of them can succeed.
            let _ = fs::remove_dir_all(&path).or_else(|_| fs::remove_file(&path));
        }
    }
}

/// When a file, or a folder or one of its files, was last written.
fn last_touched(path: &Path) -> Option<SystemTime> {
    let modified = |path: &Path| File::open(path).ok().map_or_else(|| fs::metadata(path), |file| file.metadata()).and_then(|metadata| metadata.modified()).ok();
    let within = fs::read_dir(path).into_iter().flatten().flatten().filter_map(|entry| modified(&entry.path())).max();
    modified(path).max(within)
}

fn choose(kind: Option<Kind>, line: &str, record: &Record) -> Result<Kind, Problem> {
    let recipient_type = record.text(Property::RecipientTypeDetails).value();
    let who = who(record).unwrap_or_else(|| beginning(line));
    match kind {
        None => classify(line, record).ok_or_else(|| {
            let message = format!(
                "'{who}' is not recognized as the output of a cmdlet that a snapshot holds, so it was left out. Pipe the cmdlet's own output, or say what it is \
                 with -Kind."
            );
            Problem::new("KindNotRecognized", Category::InvalidData, message).about(&who)
        }),
        Some(kind) => match recipient_type.filter(|recipient_type| kind.contradicts(recipient_type)) {
            None => Ok(kind),
            Some(recipient_type) => {
                let message = format!(
                    "'{who}' has the RecipientTypeDetails {recipient_type}, so it is no object for {kind} and was left out: it would be planned as something that \
                     it is not. Leave -Kind away."
                );
                Err(Problem::new("RecordWrongKind", Category::InvalidData, message).about(&who))
            }
        },
    }
}

/// What an administrator knows an object by, best first.
const NAMES: [Property; 9] = [
    Property::PrimarySmtpAddress,
    Property::UserPrincipalName,
    Property::DisplayName,
    Property::Identity,
    Property::Name,
    Property::DomainName,
    Property::DistinguishedName,
    Property::Id,
    Property::Guid,
];

fn who(record: &Record) -> Option<String> {
    record.first_text(&NAMES).map(str::to_string)
}

/// The beginning of a text, for messages.
fn beginning(text: &str) -> String {
    const SHOWN: usize = 80;
    let shown: String = text.chars().take(SHOWN).collect();
    if shown.len() < text.len() {
        shown + "…"
    } else {
        shown
    }
}

pub(super) fn not_an_object(bad: NotAnObject, line: &str) -> Problem {
    let (code, category) = match bad {
        NotAnObject::Depth => ("NestedTooDeep", Category::LimitsExceeded),
        _ => ("RecordNotJson", Category::InvalidData),
    };
    let who = beginning(line);
    Problem::new(code, category, format!("'{who}' cannot be kept ({bad}) and was left out; pipe the objects of a cmdlet.")).about(who)
}

fn too_long(line: &str, limit: u64) -> Problem {
    let who = beginning(line);
    let message = format!(
        "'{who}' takes {} bytes, more than the {limit} of the limit recordBytes, and was left out: it could not be read again. Select fewer properties.",
        line.len()
    );
    Problem::new("RecordTooLong", Category::LimitsExceeded, message).about(who)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_from_outside_is_no_path() {
        let folder = tempfile::tempdir().unwrap();
        let name = create(folder.path()).unwrap();
        assert!(path(folder.path(), &name).is_ok());
        assert_ne!(create(folder.path()).unwrap(), name);
        for bad in ["", "..", "/../../etc", &name.to_uppercase(), &format!("{name}/.."), "0123456789abcdef0123456789abcdef"] {
            if bad != name {
                assert_eq!(path(folder.path(), bad).unwrap_err().code, "SpoolNotFound", "{bad}");
            }
        }
    }

    #[test]
    fn only_what_is_old_is_cleaned() {
        let folder = tempfile::tempdir().unwrap();
        let name = append(folder.path(), None, None, r#"{"RecipientTypeDetails":"UserMailbox"}"#).unwrap().spool;
        fs::write(folder.path().join(format!("{TEMPORARY}x.tmp")), "").unwrap();
        fs::write(folder.path().join("mailboxes.jsonl"), "").unwrap();
        clean(folder.path(), SystemTime::now());
        assert!(path(folder.path(), &name).is_ok());
        clean(folder.path(), SystemTime::now() + Duration::from_secs(49 * 3600));
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["mailboxes.jsonl"]);
    }
}

//! A spool that is filled page by page from a service, and goes on after a kill where it was last marked.

use super::delta::{self, Left, Round};
use super::spool::{self, clean, file_name, NAME_LENGTH};
use crate::write::{failed, write_atomically, TEMPORARY};
use coexist_core::problem::{Category, Problem};
use coexist_core::snapshot::{push_canonical, Kind};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The file in a spool that says how far each kind has come.
const MARKS: &str = "marks.json";

/// How far a kind has come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Mark {
    /// So many bytes of its file are kept; what stands behind them was not marked.
    bytes: u64,
    /// So many objects.
    pub objects: u64,
    /// Where the service goes on; what it means is the service's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Everything of the kind is there.
    pub done: bool,
    /// Whether it is everything or changes.
    #[serde(default)]
    round: Round,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Marks {
    /// Whose objects, and which: only the very same reading goes on.
    reading: String,
    kinds: BTreeMap<Kind, Mark>,
}

/// A spool under way.
#[derive(Debug)]
pub struct Pages {
    name: String,
    path: PathBuf,
    marks: Marks,
    files: BTreeMap<Kind, Writing>,
    resumed: bool,
    rounds: BTreeMap<Kind, Round>,
    tracked: BTreeMap<Kind, Tracked>,
}

/// A kind whose changes the service tells.
#[derive(Debug)]
pub(super) struct Tracked {
    /// With these properties.
    pub(super) properties: String,
    /// What an earlier reading left, where it still holds.
    left: Option<Left>,
}

/// Why what an earlier reading left does not hold: everything is read anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anew {
    /// It was made with other properties.
    OtherProperties,
    /// The kind's file was changed since.
    FileChanged,
}

/// The file of a kind, and what stands in it.
#[derive(Debug)]
struct Writing {
    file: File,
    bytes: u64,
    objects: u64,
}

impl Pages {
    /// Goes on with the unfinished spool of the same reading in a snapshot folder, or begins one; the folder is made where it is not there.
    ///
    /// A spool is taken over under a new name, so that of two processes that read the same one alone goes on; the other one is told `SpoolNotFound`.
    ///
    /// # Errors
    /// `FileNotWritten`.
    pub fn open(folder: &Path, reading: &str) -> Result<Self, Problem> {
        fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
        clean(folder, SystemTime::now());
        let name = spool::create(folder)?;
        let path = spool::path(folder, &name)?;
        for old in unfinished(folder, reading) {
            // A folder takes the place of an empty one (on Windows of none).
            let _ = fs::remove_dir(&path);
            if fs::rename(&old, &path).is_ok() {
                if let Some(marks) = read_marks(&path, reading) {
                    let resumed = !marks.kinds.is_empty();
                    let rounds = marks.kinds.iter().map(|(kind, mark)| (*kind, mark.round.clone())).collect();
                    return Ok(Self { name, path, marks, files: BTreeMap::new(), resumed, rounds, tracked: BTreeMap::new() });
                }
            }
        }
        fs::create_dir_all(&path).map_err(|error| failed(&path, &error))?;
        let marks = Marks { reading: reading.to_string(), kinds: BTreeMap::new() };
        let pages = Self { name, path, marks, files: BTreeMap::new(), resumed: false, rounds: BTreeMap::new(), tracked: BTreeMap::new() };
        pages.write_marks()?;
        Ok(pages)
    }

    /// The name of the spool, for the commit.
    pub fn spool(&self) -> &str {
        &self.name
    }

    /// There is something of an earlier run in it.
    pub fn resumed(&self) -> bool {
        self.resumed
    }

    /// How far a kind has come; none where it was not begun.
    pub fn mark(&self, kind: Kind) -> Option<&Mark> {
        self.marks.kinds.get(&kind)
    }

    /// Says that the service tells changes of these properties of a kind, and looks whether what an earlier reading left in the snapshot folder still holds;
    /// what is under way from a state that no longer is there begins anew. With `anew` nothing that was left is used.
    ///
    /// # Errors
    /// `FileNotWritten`, `SpoolNotFound`.
    pub fn track(&mut self, folder: &Path, kind: Kind, properties: &str, anew: bool) -> Result<Option<Anew>, Problem> {
        let (left, why) = match delta::left(folder, kind).filter(|_| !anew) {
            None => (None, None),
            Some(left) if left.properties != properties => (None, Some(Anew::OtherProperties)),
            Some(left) if !left.holds(folder, kind) => (None, Some(Anew::FileChanged)),
            Some(left) => (Some(left), None),
        };
        let since = self.rounds.get(&kind).and_then(|round| round.since.as_ref());
        if since.is_some() && since != left.as_ref().map(|left| &left.sha256) {
            self.restart(kind)?;
        }
        self.tracked.insert(kind, Tracked { properties: properties.to_string(), left });
        Ok(why)
    }

    /// The link that an earlier reading left.
    pub fn delta(&self, kind: Kind) -> Option<&str> {
        self.tracked.get(&kind)?.left.as_ref().map(|left| left.link.as_str())
    }

    /// Whether what is read are changes, and the link that tells what changes after it.
    pub fn round(&self, kind: Kind) -> (bool, Option<&str>) {
        self.rounds.get(&kind).map_or((false, None), |round| (round.since.is_some(), round.link.as_deref()))
    }

    /// Says whether what is read are changes; durable with the next mark.
    pub fn set_round(&mut self, kind: Kind, changes: bool, link: Option<String>) {
        let known = self.rounds.get(&kind).and_then(|round| round.since.clone());
        let left = || self.tracked.get(&kind)?.left.as_ref().map(|left| left.sha256.clone());
        let since = if changes { known.or_else(left) } else { None };
        self.rounds.insert(kind, Round { since, link });
    }

    pub(super) fn kind_round(&self, kind: Kind) -> Option<(&str, &Round)> {
        Some((self.tracked.get(&kind)?.properties.as_str(), self.rounds.get(&kind)?))
    }

    /// How many objects of a kind there are, marked or not.
    pub fn objects(&self, kind: Kind) -> u64 {
        self.files.get(&kind).map_or_else(|| self.mark(kind).map_or(0, |mark| mark.objects), |writing| writing.objects)
    }

    /// Adds objects; until they are marked, a kill takes them away again.
    ///
    /// # Errors
    /// `RecordNotJson`, `NestedTooDeep`, `FileNotWritten`, `SpoolNotFound`.
    pub fn add(&mut self, kind: Kind, objects: &[Cow<str>]) -> Result<(), Problem> {
        let mut text = Vec::with_capacity(objects.iter().map(|object| object.len() + 1).sum());
        for object in objects {
            push_canonical(&mut text, object).map_err(|bad| spool::not_an_object(bad, object))?;
            text.push(b'\n');
        }
        let path = self.path.join(file_name(kind));
        let writing = self.writing(kind)?;
        writing.file.write_all(&text).map_err(|error| failed(&path, &error))?;
        writing.bytes += text.len() as u64;
        writing.objects += objects.len() as u64;
        Ok(())
    }

    /// Makes what was added durable together with the place where the service goes on.
    ///
    /// # Errors
    /// `FileNotWritten`, `SpoolNotFound`: another process has taken the spool over.
    pub fn put_mark(&mut self, kind: Kind, next: Option<&str>) -> Result<(), Problem> {
        let path = self.path.join(file_name(kind));
        let round = self.rounds.get(&kind).cloned().unwrap_or_default();
        let writing = self.writing(kind)?;
        writing.file.sync_data().map_err(|error| failed(&path, &error))?;
        let mark = Mark { bytes: writing.bytes, objects: writing.objects, next: next.map(str::to_string), done: next.is_none(), round };
        self.marks.kinds.insert(kind, mark);
        self.write_marks()
    }

    /// Drops everything of a kind.
    ///
    /// # Errors
    /// `FileNotWritten`, `SpoolNotFound`.
    pub fn restart(&mut self, kind: Kind) -> Result<(), Problem> {
        self.files.remove(&kind);
        self.marks.kinds.remove(&kind);
        self.rounds.remove(&kind);
        self.write_marks()
    }

    /// The file of a kind, as it was last marked: what a killed process wrote behind that is cut off.
    fn writing(&mut self, kind: Kind) -> Result<&mut Writing, Problem> {
        if !self.files.contains_key(&kind) {
            let path = self.path.join(file_name(kind));
            let mark = self.marks.kinds.get(&kind).cloned().unwrap_or_default();
            let open = || -> std::io::Result<File> {
                let mut file = OpenOptions::new().write(true).create(true).truncate(false).open(&path)?;
                file.set_len(mark.bytes)?;
                file.seek(SeekFrom::End(0))?;
                Ok(file)
            };
            let file = open().map_err(|error| self.gone_or(&path, &error))?;
            self.files.insert(kind, Writing { file, bytes: mark.bytes, objects: mark.objects });
        }
        self.files.get_mut(&kind).ok_or_else(|| failed(&self.path, &std::io::ErrorKind::NotFound.into()))
    }

    fn write_marks(&self) -> Result<(), Problem> {
        let path = self.path.join(MARKS);
        if !self.path.is_dir() {
            return Err(self.gone_or(&path, &std::io::ErrorKind::NotFound.into()));
        }
        // A struct of texts and numbers is JSON.
        let text = serde_json::to_vec(&self.marks).unwrap_or_default();
        write_atomically(&path, |file| file.write_all(&text).map_err(|error| failed(&path, &error)))
    }

    fn gone_or(&self, path: &Path, error: &std::io::Error) -> Problem {
        if self.path.is_dir() {
            return failed(path, error);
        }
        let message = format!("The spool '{}' is no longer there: another run of the same export has taken it over. Let that one end.", self.path.display());
        Problem::new("SpoolNotFound", Category::ObjectNotFound, message).about(&self.name)
    }
}

/// The spools in a snapshot folder that hold part of this reading, the latest first.
fn unfinished(folder: &Path, reading: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let is_spool = |name: &str| name.strip_prefix(TEMPORARY).and_then(|name| name.strip_prefix("spool-")).is_some_and(|name| name.len() == NAME_LENGTH);
    let spools = entries.filter(|entry| is_spool(&entry.file_name().to_string_lossy())).map(|entry| entry.path());
    let mut found: Vec<_> = spools.filter(|path| read_marks(path, reading).is_some()).collect();
    found.sort_by_key(|path| std::cmp::Reverse(fs::metadata(path.join(MARKS)).and_then(|metadata| metadata.modified()).ok()));
    found
}

fn read_marks(path: &Path, reading: &str) -> Option<Marks> {
    let marks: Marks = serde_json::from_slice(&fs::read(path.join(MARKS)).ok()?).ok()?;
    // A file that is shorter than its mark is not the one that was marked.
    let whole = |(kind, mark): (&Kind, &Mark)| fs::metadata(path.join(file_name(*kind))).map_or(0, |metadata| metadata.len()) >= mark.bytes;
    (marks.reading == reading && marks.kinds.iter().all(whole)).then_some(marks)
}

#[cfg(test)]
mod tests {
    use super::super::{commit, Commit};
    use super::*;
    use coexist_core::watch::Unwatched;
    use proptest::prelude::*;

    fn object(number: usize) -> String {
        format!(r#"{{ "id": "{number:03}", "displayName": "Zoë",
            "userPrincipalName": "u{number}@contoso.com" }}"#)
    }

    fn add(pages: &mut Pages, numbers: std::ops::Range<usize>) {
        let objects: Vec<_> = numbers.map(object).collect();
        pages.add(Kind::Users, &objects.iter().map(|text| Cow::Borrowed(text.as_str())).collect::<Vec<_>>()).unwrap();
    }

    fn committed(folder: &Path, pages: &Pages) -> String {
        let request = Commit { folder, spool: pages.spool(), name: Some("contoso"), id: None, source: Some("Microsoft Graph"), replace_kinds: true, force: false, pages: None };
        // The spool itself is right: the commit would forgive doubles, and say what it cannot read.
        let spooled = fs::read_to_string(pages.path.join("users.jsonl")).unwrap();
        assert_eq!(commit(&request, &Unwatched).unwrap().problems, []);
        let written = fs::read_to_string(folder.join("users.jsonl")).unwrap();
        assert_eq!(spooled.lines().count(), written.lines().count());
        written
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]
        #[test]
        fn killed_anywhere_nothing_is_lost_and_nothing_twice(kills in proptest::collection::vec((0..6usize, 0..3u8, 0..200usize), 0..12)) {
            const PAGES: usize = 12;
            let folder = tempfile::tempdir().unwrap();
            let mut kills = kills.into_iter();
            let text = loop {
                let mut pages = Pages::open(folder.path(), "r").unwrap();
                let kill = kills.next();
                let mut page: usize = pages.mark(Kind::Users).and_then(|mark| mark.next.as_ref()).map_or(0, |next| next.parse().unwrap());
                let mut done = 0;
                while page < PAGES {
                    add(&mut pages, page * 10..page * 10 + 10);
                    if let Some((after, how, cut)) = kill.filter(|(after, ..)| *after == done) {
                        let file = pages.path.join("users.jsonl");
                        match how {
                            // Before the mark; after half of the last write; with rubbish behind it.
                            0 => {}
                            1 => {
                                let length = fs::metadata(&file).unwrap().len();
                                let marked = pages.mark(Kind::Users).map_or(0, |mark| mark.bytes);
                                OpenOptions::new().write(true).open(&file).unwrap().set_len(length.saturating_sub(cut as u64).max(marked)).unwrap();
                            }
                            _ => OpenOptions::new().append(true).open(&file).unwrap().write_all(b"{\"half").unwrap(),
                        }
                        let _ = after;
                        break;
                    }
                    page += 1;
                    done += 1;
                    pages.put_mark(Kind::Users, (page < PAGES).then(|| page.to_string()).as_deref()).unwrap();
                }
                if page == PAGES {
                    break committed(folder.path(), &pages);
                }
            };
            let ids: Vec<String> = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].as_str().unwrap().to_string()).collect();
            prop_assert_eq!(ids, (0..PAGES * 10).map(|number| format!("{number:03}")).collect::<Vec<_>>());
            let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).filter(|name| name.to_string_lossy().starts_with('.')).collect();
            prop_assert_eq!(left, Vec::<std::ffi::OsString>::new());
        }
    }

    #[test]
    fn another_reading_begins_anew_and_leaves_the_other_alone() {
        let folder = tempfile::tempdir().unwrap();
        let mut one = Pages::open(folder.path(), "users of a").unwrap();
        add(&mut one, 0..10);
        one.put_mark(Kind::Users, Some("x")).unwrap();
        drop(one);
        let other = Pages::open(folder.path(), "users of b").unwrap();
        assert!(!other.resumed() && other.mark(Kind::Users).is_none());
        let one = Pages::open(folder.path(), "users of a").unwrap();
        assert!(one.resumed());
        assert_eq!((one.objects(Kind::Users), one.mark(Kind::Users).unwrap().next.as_deref()), (10, Some("x")));
    }

    #[test]
    fn who_is_taken_over_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = Pages::open(folder.path(), "r").unwrap();
        add(&mut first, 0..10);
        first.put_mark(Kind::Users, Some("1")).unwrap();
        let mut second = Pages::open(folder.path(), "r").unwrap();
        assert!(second.resumed());
        add(&mut first, 10..20);
        assert_eq!(first.put_mark(Kind::Users, Some("2")).unwrap_err().code, "SpoolNotFound");
        assert_eq!(first.restart(Kind::Users).unwrap_err().code, "SpoolNotFound");
        add(&mut second, 10..20);
        second.put_mark(Kind::Users, None).unwrap();
        assert_eq!(committed(folder.path(), &second).lines().count(), 20);
    }

    #[test]
    fn a_kind_that_begins_anew_keeps_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut pages = Pages::open(folder.path(), "r").unwrap();
        add(&mut pages, 0..500);
        pages.put_mark(Kind::Users, Some("1")).unwrap();
        pages.restart(Kind::Users).unwrap();
        add(&mut pages, 3..5);
        pages.put_mark(Kind::Users, None).unwrap();
        assert_eq!(pages.objects(Kind::Users), 2);
        assert_eq!(committed(folder.path(), &pages).lines().count(), 2);
    }

    #[test]
    fn what_is_no_object_is_refused_and_nothing_of_it_kept() {
        let folder = tempfile::tempdir().unwrap();
        let mut pages = Pages::open(folder.path(), "r").unwrap();
        let bad = [Cow::Borrowed(r#"{"id":"1"}"#), Cow::Borrowed("[1]")];
        assert_eq!(pages.add(Kind::Users, &bad).unwrap_err().code, "RecordNotJson");
        pages.put_mark(Kind::Users, None).unwrap();
        assert_eq!(committed(folder.path(), &pages), "");
    }
}

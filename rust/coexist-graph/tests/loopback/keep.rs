//! A snapshot folder as what keeps a reading.

use std::borrow::Cow;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use coexist_core::problem::Problem;
use coexist_core::snapshot::Kind;
use coexist_core::watch::Unwatched;
use coexist_files::export::{commit, Anew, Commit, Committed, FromPages, Members, Pages};
use coexist_graph::read::{complete, Position, Reading, Round, Sink};

pub struct Keep {
    pub pages: Pages,
    /// So many marks, then the process dies.
    pub dies_after: u64,
    pub marks: AtomicU64,
}

impl Keep {
    pub fn open(folder: &Path) -> Self {
        Self { pages: Pages::open(folder, "reading").unwrap(), dies_after: u64::MAX, marks: AtomicU64::new(0) }
    }

    /// As a job of the engine opens it: what an earlier reading left is used where it holds.
    pub fn track(folder: &Path, reading: &Reading) -> (Self, Vec<Anew>) {
        let mut keep = Self { pages: Pages::open(folder, &reading.fingerprint()).unwrap(), dies_after: u64::MAX, marks: AtomicU64::new(0) };
        let tracked = reading.kinds().iter().filter_map(|name| Some((kind(name), reading.tracked(name)?)));
        let anew = tracked.filter_map(|(kind, properties)| keep.pages.track(folder, kind, &properties, false).unwrap()).collect();
        (keep, anew)
    }

    pub fn commit(&self, folder: &Path) {
        self.try_commit(folder, None).unwrap();
    }

    pub fn try_commit(&self, folder: &Path, reading: Option<&Reading>) -> Result<Committed, Problem> {
        let unset: Vec<_> = reading.map_or(Vec::new(), |reading| reading.kinds().iter().map(|name| (kind(name), reading.unset(name))).collect());
        let of = |kind| unset.iter().find(|(known, _)| *known == kind).unwrap().1.as_slice();
        let whole = |kind: Kind, members: &mut Members, is_new| complete(kind.name(), members, of(kind), is_new);
        let pages = reading.map(|_| FromPages { pages: &self.pages, complete: &whole });
        let request = Commit { folder, spool: self.pages.spool(), name: Some("contoso"), id: None, source: Some("Microsoft Graph"), replace_kinds: true, force: false, pages };
        commit(&request, &Unwatched)
    }
}

fn kind(name: &str) -> Kind {
    Kind::parse(name).unwrap()
}

impl Sink for Keep {
    type Error = Problem;

    fn position(&self, name: &str) -> Position {
        match self.pages.mark(kind(name)) {
            None => Position::Begin,
            Some(mark) if mark.done => Position::Done,
            Some(mark) => mark.next.clone().map_or(Position::Begin, Position::At),
        }
    }

    fn add(&mut self, name: &str, objects: &[Cow<'_, str>]) -> Result<(), Problem> {
        self.pages.add(kind(name), objects)
    }

    fn mark(&mut self, name: &str, position: Position) -> Result<(), Problem> {
        if self.marks.fetch_add(1, Ordering::Relaxed) >= self.dies_after {
            return Err(Problem::cancelled());
        }
        match position {
            Position::At(next) => self.pages.put_mark(kind(name), Some(&next)),
            _ => self.pages.put_mark(kind(name), None),
        }
    }

    fn restart(&mut self, name: &str) -> Result<(), Problem> {
        self.pages.restart(kind(name))
    }

    fn delta(&self, name: &str) -> Option<String> {
        self.pages.delta(kind(name)).map(str::to_owned)
    }

    fn round(&self, name: &str) -> Round {
        let (changes, link) = self.pages.round(kind(name));
        Round { changes, link: link.map(str::to_owned) }
    }

    fn set_round(&mut self, name: &str, round: Round) {
        self.pages.set_round(kind(name), round.changes, round.link);
    }

    fn progress(&self, _: &str, _: Option<u64>) {}
}

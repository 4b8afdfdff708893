//! A snapshot folder as what keeps a reading.

use std::borrow::Cow;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use coexist_core::problem::Problem;
use coexist_core::snapshot::Kind;
use coexist_core::watch::Unwatched;
use coexist_files::export::{commit, Commit, Pages};
use coexist_graph::read::{Position, Sink};

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

    pub fn commit(&self, folder: &Path) {
        let request = Commit { folder, spool: self.pages.spool(), name: Some("contoso"), id: None, source: Some("Microsoft Graph"), replace_kinds: true, force: false };
        commit(&request, &Unwatched).unwrap();
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

    fn progress(&self, _: &str, _: Option<u64>) {}
}

//! A plan on disk with its journal, as a runner needs them.

use crate::journal::{folder_of, Disk, Files, Holder, Reader, Writer};
use crate::read::read_text;
use coexist_core::apply::host::Log;
use coexist_core::apply::journal::{name, Intent, Line, Outcome, Run};
use coexist_core::apply::{Ledger, Plan};
use coexist_core::finding::Side;
use coexist_core::plan::Surface;
use coexist_core::problem::Problem;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Reads a plan.
///
/// # Errors
/// `FileNotFound`, `FileUnreadable`, and those of [`Plan::parse`].
pub fn read_plan(path: &Path) -> Result<Plan, Problem> {
    let (text, sha256) = read_text(path)?;
    Plan::parse(text.into_bytes(), sha256).map_err(|problem| if problem.target.is_none() { problem.about(path.display().to_string()) } else { problem })
}

/// The side and the surface that a journal's file is about; nothing of a file that is none of Coexist's.
pub fn surface_of(file: &str) -> Option<(Side, Surface)> {
    let all = [Side::Source, Side::Target].into_iter().flat_map(|side| Surface::ALL.map(|surface| (side, surface)));
    all.into_iter().find(|(side, surface)| name(*side, *surface) == file)
}

/// The journals of a plan: those that this process writes, and those of others.
pub struct Journals {
    folder: PathBuf,
    reader: Reader,
    writers: BTreeMap<(Side, Surface), Writer>,
    run: Run,
    tenants: BTreeMap<Side, Option<String>>,
    force: bool,
    disk: Arc<dyn Disk>,
    now: Box<dyn Fn() -> String>,
    /// What should be said aloud.
    pub notices: Vec<Problem>,
}

impl Journals {
    /// Takes the surfaces that this process works on; none where it only looks. `tenants` are the tenants that the sessions really belong to, `now` says the
    /// time.
    ///
    /// # Errors
    /// Those of [`Writer::open`]; what was taken by then is given back.
    pub fn open(
        plan: &Path, surfaces: &[(Side, Surface)], run: Run, tenants: BTreeMap<Side, Option<String>>, force: bool, now: Box<dyn Fn() -> String>,
    ) -> Result<Self, Problem> {
        Self::open_on(plan, surfaces, run, tenants, force, now, Arc::new(Files))
    }

    /// Only looks: takes and writes nothing.
    ///
    /// # Errors
    /// `JournalNotRead`.
    pub fn look(plan: &Path) -> Result<Self, Problem> {
        let nobody = Run { run: String::new(), at: String::new(), host: String::new(), pid: 0, user: String::new(), plan: String::new(), tenant_id: None, version: String::new(), torn: None };
        Self::open(plan, &[], nobody, BTreeMap::new(), false, Box::new(String::new))
    }

    /// As [`Journals::open`], over a disk that a test has made.
    ///
    /// # Errors
    /// As of [`Journals::open`].
    pub fn open_on(
        plan: &Path, surfaces: &[(Side, Surface)], run: Run, tenants: BTreeMap<Side, Option<String>>, force: bool, now: Box<dyn Fn() -> String>, disk: Arc<dyn Disk>,
    ) -> Result<Self, Problem> {
        let folder = folder_of(plan);
        let reader = Reader::open(&folder)?;
        let mut journals = Journals { folder, reader, writers: BTreeMap::new(), run, tenants, force, disk, now, notices: Vec::new() };
        // Always in the same order; none is waited for.
        let mut surfaces = surfaces.to_vec();
        surfaces.sort();
        for (side, surface) in surfaces {
            match journals.begin(side, surface) {
                Ok(writer) => journals.writers.insert((side, surface), writer),
                Err(problem) => {
                    let _ = journals.close();
                    return Err(problem);
                }
            };
        }
        Ok(journals)
    }

    /// The folder of the journal.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn begin(&mut self, side: Side, surface: Surface) -> Result<Writer, Problem> {
        let run = Run { at: (self.now)(), tenant_id: self.tenants.get(&side).cloned().flatten(), ..self.run.clone() };
        let opened = Writer::open(&self.folder, &name(side, surface), run, self.force, &*self.disk)?;
        self.notices.extend(opened.notices);
        Ok(opened.writer)
    }

    /// A line that is on the disk when this returns. What was not taken at the beginning is taken for this line only: places that an administrator passes by
    /// hand are the business of every process on the plan, and none may keep the others from them.
    fn write(&mut self, side: Side, surface: Surface, line: &Line) -> Result<(), Problem> {
        if let Some(writer) = self.writers.get_mut(&(side, surface)) {
            writer.append(line)?;
            return writer.sync();
        }
        let mut writer = self.begin(side, surface)?;
        writer.append(line)?;
        writer.close(&(self.now)())
    }

    /// Everything that was written until now.
    ///
    /// # Errors
    /// Those of [`Reader::read`].
    pub fn ledger(&mut self, keeps_before: bool) -> Result<Ledger, Problem> {
        let mut ledger = Ledger::new(keeps_before);
        self.reader.read(&mut |file, line| {
            if let Some((side, surface)) = surface_of(file) {
                ledger.take(side, surface, line);
            }
        })?;
        Ok(ledger)
    }

    /// Who works on which surface, or died doing so, as far as was read.
    pub fn holders(&self) -> Vec<Holder> {
        self.reader.holders()
    }

    /// Says that this process ends, and gives its surfaces back.
    ///
    /// # Errors
    /// `JournalNotWritten`; everything is given back all the same.
    pub fn close(self) -> Result<(), Problem> {
        let at = (self.now)();
        let closed: Vec<_> = self.writers.into_values().map(|writer| writer.close(&at)).collect();
        closed.into_iter().collect()
    }
}

impl Log for Journals {
    fn intent(&mut self, side: Side, surface: Surface, intent: Intent) -> Result<(), Problem> {
        self.write(side, surface, &Line::Intent(intent))
    }

    fn outcome(&mut self, side: Side, surface: Surface, outcome: Outcome) -> Result<(), Problem> {
        // On the disk before anything that relies on it is begun, here on another surface or by another process: who finds a mail user gone must also find that
        // the licence was taken back before. Against what a service takes to answer this is nothing.
        self.write(side, surface, &Line::Outcome(outcome))
    }

    fn news(&mut self, each: &mut dyn FnMut(Side, Surface, Line)) -> Result<(), Problem> {
        let writers = &self.writers;
        let read = self.reader.read(&mut |file, line| {
            // What this process wrote itself it knows.
            if let Some((side, surface)) = surface_of(file).filter(|key| !writers.contains_key(key)) {
                each(side, surface, line);
            }
        });
        read.map(drop)
    }

    fn at_work(&self, side: Side, surface: Surface) -> bool {
        let wanted = name(side, surface);
        !self.writers.contains_key(&(side, surface)) && self.reader.holders().iter().any(|holder| holder.name == wanted && holder.alive)
    }
}

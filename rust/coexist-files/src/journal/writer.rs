//! One process' part of a journal: one surface of one tenant.

use super::disk::{Appended, Disk};
use super::scan::Cursor;
use super::{refusal, LINES, LOCK};
use coexist_core::apply::journal::{Line, Run};
use coexist_core::problem::Problem;
use std::any::Any;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often a lock is asked for, and after how long again. It is held for a moment by whoever only looks whether it is held, and on Unix, after its holder
/// gave it back, by a program that the holder is just starting, which has a copy of every handle at first.
const TRIES: u32 = 10;
const TRY_AGAIN_AFTER: Duration = Duration::from_millis(10);

/// Writes lines of one surface of one tenant, and keeps everybody else from doing so. Dropped without [`close`](Writer::close), it leaves no end, like a
/// process that died.
pub struct Writer {
    path: PathBuf,
    file: Box<dyn Appended>,
    /// How long the file is, of whole lines.
    len: u64,
    /// Whether something was appended since the last sync.
    dirty: bool,
    /// The first refusal of the disk. Nothing is written after it: what a failed sync left behind is not known, whatever a later one says.
    refused: Option<Problem>,
    /// Released last.
    _lock: Box<dyn Any + Send>,
}

/// A journal that may be written.
pub struct Opened {
    /// Writes it.
    pub writer: Writer,
    /// What should be said aloud: it was taken over from a process that died, a torn line was cut off.
    pub notices: Vec<Problem>,
}

impl Writer {
    /// Begins a run: takes the lock, cuts off what is torn, and makes the run's line durable.
    ///
    /// # Errors
    /// `PlanLocked`, `PlanLockedElsewhere` (not with `force`), `JournalDamaged`, `JournalNewer`, `JournalNotRead`, `JournalNotWritten`, `JournalNotLocked`.
    pub fn open(folder: &Path, name: &str, mut run: Run, force: bool, disk: &dyn Disk) -> Result<Opened, Problem> {
        disk.create_folder(folder).map_err(|error| refusal::not_begun(folder, &error))?;
        let (path, lock_path) = (folder.join(name).with_extension(LINES), folder.join(name).with_extension(LOCK));
        let lock = match lock(disk, &lock_path).map_err(|error| refusal::not_locked(&lock_path, &error))? {
            Some(lock) => lock,
            None => return Err(refusal::locked(name, holder(&path).as_ref())),
        };
        let mut file = disk.open(&path).map_err(|error| refusal::not_begun(&path, &error))?;
        let mut cursor = Cursor::new(&path);
        let torn = cursor.read(&mut file, &mut |_| {})?;
        let mut notices = Vec::new();
        if let Some((last, false)) = &cursor.last {
            let elsewhere = !last.host.eq_ignore_ascii_case(&run.host);
            if elsewhere && !force {
                return Err(refusal::locked_elsewhere(name, last));
            }
            notices.push(refusal::taken_over(name, last, elsewhere));
        }
        if torn.bytes > 0 {
            let text = torn.text();
            notices.push(refusal::torn(&path, &text));
            run.torn = Some(text);
            file.set_len(cursor.offset).map_err(|error| refusal::not_begun(&path, &error))?;
        }
        let mut writer = Writer { path, file, len: cursor.offset, dirty: false, refused: None, _lock: lock };
        // Whatever a process that was killed left in memory becomes durable with this line.
        writer.append(&Line::Run(run)).and_then(|()| writer.sync())?;
        Ok(Opened { writer, notices })
    }

    /// Appends a line, which outlives this process, but a loss of power only after [`sync`](Writer::sync).
    ///
    /// # Errors
    /// `JournalNotWritten`, and the same ever after.
    pub fn append(&mut self, line: &Line) -> Result<(), Problem> {
        self.usable()?;
        let mut bytes = serde_json::to_vec(line).map_err(|error| self.refuse(&error.into()))?;
        bytes.push(b'\n');
        if let Err(error) = self.file.append(&bytes) {
            // Half a line at the end does no harm, but the room may be wanted.
            let _ = self.file.set_len(self.len);
            return Err(self.refuse(&error));
        }
        self.len += bytes.len() as u64;
        self.dirty = true;
        Ok(())
    }

    /// Returns when every line that was appended is on the disk.
    ///
    /// # Errors
    /// `JournalNotWritten`, and the same ever after.
    pub fn sync(&mut self) -> Result<(), Problem> {
        self.usable()?;
        if self.dirty {
            self.file.sync().map_err(|error| self.refuse(&error))?;
            self.dirty = false;
        }
        Ok(())
    }

    /// Ends the run: everything was said.
    ///
    /// # Errors
    /// `JournalNotWritten`; the lock is released all the same.
    pub fn close(mut self, at: &str) -> Result<(), Problem> {
        self.append(&Line::End { at: at.to_string() })?;
        self.sync()
    }

    fn usable(&self) -> Result<(), Problem> {
        self.refused.clone().map_or(Ok(()), Err)
    }

    fn refuse(&mut self, error: &io::Error) -> Problem {
        let problem = refusal::not_written(&self.path, error);
        self.refused = Some(problem.clone());
        problem
    }
}

fn lock(disk: &dyn Disk, path: &Path) -> io::Result<Option<Box<dyn Any + Send>>> {
    for _ in 1..TRIES {
        match disk.lock(path)? {
            None => std::thread::sleep(TRY_AGAIN_AFTER),
            held => return Ok(held),
        }
    }
    disk.lock(path)
}

/// Who holds a lock, if that can be known: whoever has only just taken it has not written its line yet.
fn holder(path: &Path) -> Option<Run> {
    let mut cursor = Cursor::new(path);
    cursor.read(File::open(path).ok()?, &mut |_| {}).ok()?;
    cursor.last.and_then(|(run, ended)| (!ended).then_some(run))
}

//! All that a journal says, and then what was added.

use super::disk::is_held;
use super::scan::Cursor;
use super::{refusal, LINES, LOCK};
use coexist_core::apply::journal::{Line, Run};
use coexist_core::problem::Problem;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Reads every file of a journal, while others write them. Locks nothing, makes nothing, and holds no file open between two readings.
pub struct Reader {
    folder: PathBuf,
    /// By name, so that files are read in the same order everywhere.
    cursors: BTreeMap<String, Cursor>,
}

/// A process that has a surface of a tenant, or died having it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Which surface of which tenant: `target-exchange`.
    pub name: String,
    /// Who it is, and since when.
    pub run: Run,
    /// Whether the process lives, as its lock says; of a process on another machine this may not be seen.
    pub alive: bool,
}

impl Reader {
    /// Will read a journal from its beginning. One that is not there yet is empty.
    ///
    /// # Errors
    /// `JournalNotRead`.
    pub fn open(folder: &Path) -> Result<Self, Problem> {
        let mut reader = Reader { folder: folder.to_path_buf(), cursors: BTreeMap::new() };
        reader.find()?;
        Ok(reader)
    }

    /// Looks for files; processes that begin make new ones.
    fn find(&mut self) -> Result<(), Problem> {
        let failed = |error: io::Error| refusal::not_read(&self.folder, &error);
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failed(error)),
        };
        for entry in entries {
            let path = entry.map_err(failed)?.path();
            if let (Some(name), true) = (path.file_stem().and_then(OsStr::to_str), path.extension() == Some(OsStr::new(LINES))) {
                self.cursors.entry(name.to_string()).or_insert_with(|| Cursor::new(&path));
            }
        }
        Ok(())
    }

    /// Tells every line that is new, file by file; within a file in their order. Answers how many files end in a torn line now: somebody died while writing
    /// it, or writes it at this moment.
    ///
    /// # Errors
    /// `JournalDamaged`, `JournalNewer`, `JournalNotRead`; the same again when read again.
    pub fn read(&mut self, each: &mut dyn FnMut(&str, Line)) -> Result<u64, Problem> {
        self.find()?;
        let mut torn = 0;
        for (name, cursor) in &mut self.cursors {
            torn += u64::from(cursor.read_on(&mut |line| each(name, line))?);
        }
        Ok(torn)
    }

    /// Who holds which surface now, or died holding it, as far as was read; in order of names.
    pub fn holders(&self) -> Vec<Holder> {
        let of = |(name, cursor): (&String, &Cursor)| {
            let (run, ended) = cursor.last.clone()?;
            (!ended).then(|| Holder { name: name.clone(), run, alive: is_held(&self.folder.join(name).with_extension(LOCK)) })
        };
        self.cursors.iter().filter_map(of).collect()
    }
}

impl Cursor {
    /// Reads what was added to the file; whether it ends in a torn line.
    fn read_on(&mut self, each: &mut dyn FnMut(Line)) -> Result<bool, Problem> {
        let path = self.path.clone();
        let failed = |error: io::Error| refusal::not_read(&path, &error);
        let mut file = File::open(&path).map_err(failed)?;
        let len = file.metadata().map_err(failed)?.len();
        if len < self.offset {
            return Err(refusal::cut(&path, self.lines));
        }
        if len == self.offset {
            return Ok(false);
        }
        file.seek(SeekFrom::Start(self.offset)).map_err(failed)?;
        Ok(self.read(file, each)?.bytes > 0)
    }
}

/// Who holds which surface of a plan now, or died holding it, in order of names.
///
/// # Errors
/// Those of [`Reader::read`].
pub fn holders(folder: &Path) -> Result<Vec<Holder>, Problem> {
    let mut reader = Reader::open(folder)?;
    reader.read(&mut |_, _| {})?;
    Ok(reader.holders())
}

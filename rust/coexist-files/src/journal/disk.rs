//! What a journal asks of a disk; tests have disks that forget, are full or fail.

use crate::write::sync_folder;
use fd_lock::RwLock;
use std::any::Any;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Where a journal is kept.
pub trait Disk: Send + Sync {
    /// Makes a folder that is there after a loss of power; one that is there already is fine.
    ///
    /// # Errors
    /// Those of the disk.
    fn create_folder(&self, folder: &Path) -> io::Result<()>;

    /// Takes the lock that a file stands for, which is made where it is not there; nothing where somebody else holds it. It is held until what is
    /// returned is dropped, or the process ends in whatever way. Never waits.
    ///
    /// # Errors
    /// Those of the disk.
    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn Any + Send>>>;

    /// Opens a file to be read from its beginning and appended to. One that is not there is made, and its name is there after a loss of power.
    ///
    /// # Errors
    /// Those of the disk.
    fn open(&self, path: &Path) -> io::Result<Box<dyn Appended>>;
}

/// A file that is read once and then appended to.
pub trait Appended: Read + Send {
    /// Appends bytes; where it fails, some of them may be there.
    ///
    /// # Errors
    /// Those of the disk.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Returns when everything that was appended, by whomever, outlives a loss of power.
    ///
    /// # Errors
    /// Those of the disk.
    fn sync(&mut self) -> io::Result<()>;

    /// Cuts the file.
    ///
    /// # Errors
    /// Those of the disk.
    fn set_len(&mut self, len: u64) -> io::Result<()>;
}

/// The files of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct Files;

impl Disk for Files {
    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        if folder.is_dir() {
            return Ok(());
        }
        match fs::create_dir(folder) {
            // Somebody else may have made it since, and not have come as far as making it durable.
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists || !folder.is_dir() => return Err(error),
            _ => {}
        }
        sync_parent(folder);
        Ok(())
    }

    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn Any + Send>>> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let mut lock = RwLock::new(file);
        match lock.try_write() {
            // The guard borrows from the lock; what it would do at its end, closing the file does.
            Ok(guard) => std::mem::forget(guard),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
            Err(error) => return Err(error),
        }
        Ok(Some(Box::new(lock)))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn Appended>> {
        // Not opened to append: on Windows such a file could not be cut.
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        sync_parent(path);
        Ok(Box::new(Lines(file)))
    }
}

fn sync_parent(path: &Path) {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => sync_folder(parent),
        _ => sync_folder(Path::new(".")),
    }
}

/// The lines of a journal.
struct Lines(File);

impl Read for Lines {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Appended for Lines {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.seek(SeekFrom::End(0))?;
        self.0.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn set_len(&mut self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }
}

/// Whether somebody holds the lock that a file stands for. Nothing is made, and a lock that may not be looked at counts as free.
pub(super) fn is_held(path: &Path) -> bool {
    // A shared lock, so that several may look at once. Whoever wants to have it at this very moment tries again.
    File::open(path).is_ok_and(|file| matches!(RwLock::new(file).try_read(), Err(error) if error.kind() == io::ErrorKind::WouldBlock))
}

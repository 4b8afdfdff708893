//! Disks that do to a journal what disks do.
#![allow(dead_code)] // Each test takes what it wants.

use coexist_files::journal::{Appended, Disk, Files};
use std::any::Any;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::Arc;

/// A generator of numbers, the same for the same seed.
#[derive(Clone)]
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

/// A machine that loses its power when the process dies: whatever was not synced was in its memory only. Of that, some of the beginning reached the disk by
/// chance, and the file may be as long as if everything had, with zeros.
pub struct Forgetting {
    /// Of chance.
    pub seed: u64,
    /// It loses its power in the middle of the sync of this number, counted from one over all files.
    pub dies: Arc<AtomicI64>,
}

impl Forgetting {
    pub fn new(seed: u64) -> Self {
        Forgetting { seed, dies: Arc::new(i64::MAX.into()) }
    }
}

struct Memory {
    file: File,
    durable: u64,
    pending: Vec<u8>,
    random: Random,
    dies: Arc<AtomicI64>,
}

impl Disk for Forgetting {
    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        Files.create_folder(folder)
    }

    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn Any + Send>>> {
        Files.lock(path)
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn Appended>> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let durable = file.metadata()?.len();
        Ok(Box::new(Memory { file, durable, pending: Vec::new(), random: Random(self.seed), dies: self.dies.clone() }))
    }
}

impl Memory {
    fn write(&mut self, count: usize) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.durable))?;
        self.file.write_all(&self.pending[..count])
    }
}

impl Read for Memory {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer)
    }
}

impl Appended for Memory {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.pending.extend_from_slice(bytes);
        match self.random.below(4) {
            0 => {
                let some = self.random.below(self.pending.len() as u64) as usize;
                self.write(some)
            }
            1 => {
                let some = self.random.below(self.pending.len() as u64) as usize;
                self.write(some)?;
                self.file.set_len(self.durable + self.pending.len() as u64)
            }
            _ => Ok(()),
        }
    }

    fn sync(&mut self) -> io::Result<()> {
        if self.dies.fetch_sub(1, Ordering::SeqCst) == 1 {
            let some = self.random.below(self.pending.len() as u64 + 1) as usize;
            self.write(some)?;
            std::process::abort();
        }
        self.write(self.pending.len())?;
        self.durable += self.pending.len() as u64;
        self.pending.clear();
        Ok(())
    }

    fn set_len(&mut self, len: u64) -> io::Result<()> {
        self.durable = self.durable.min(len);
        self.pending.truncate((len - self.durable) as usize);
        self.file.set_len(self.durable)
    }
}

/// A disk that takes so many bytes and no more, fails after so many syncs, or takes bytes one after the other while others look. Otherwise it is the quickest
/// there is: it says that everything is durable at once, which for the death of a process is true.
#[derive(Clone)]
pub struct Faulty {
    pub room: Arc<AtomicI64>,
    pub syncs: Arc<AtomicI64>,
    pub piecewise: bool,
}

impl Default for Faulty {
    fn default() -> Self {
        Faulty { room: Arc::new(i64::MAX.into()), syncs: Arc::new(i64::MAX.into()), piecewise: false }
    }
}

impl Faulty {
    pub fn full_after(bytes: i64) -> Self {
        Faulty { room: Arc::new(bytes.into()), ..Faulty::default() }
    }

    pub fn failing_after(syncs: i64) -> Self {
        Faulty { syncs: Arc::new(syncs.into()), ..Faulty::default() }
    }
}

impl Disk for Faulty {
    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        std::fs::create_dir_all(folder)
    }

    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn Any + Send>>> {
        Files.lock(path)
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn Appended>> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        Ok(Box::new(FaultyFile { file, disk: self.clone() }))
    }
}

struct FaultyFile {
    file: File,
    disk: Faulty,
}

impl Read for FaultyFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer)
    }
}

impl Appended for FaultyFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::End(0))?;
        let room = self.disk.room.fetch_sub(bytes.len() as i64, Ordering::SeqCst).clamp(0, bytes.len() as i64) as usize;
        if self.disk.piecewise {
            for piece in bytes.chunks(7) {
                self.file.write_all(piece)?;
                std::thread::yield_now();
            }
            return Ok(());
        }
        self.file.write_all(&bytes[..room])?;
        if room < bytes.len() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        if self.disk.syncs.fetch_sub(1, Ordering::SeqCst) <= 0 {
            return Err(io::Error::other("the disk does not answer"));
        }
        Ok(())
    }

    fn set_len(&mut self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }
}

/// A disk that refuses everything.
pub struct ReadOnly;

impl Disk for ReadOnly {
    fn create_folder(&self, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn lock(&self, _: &Path) -> io::Result<Option<Box<dyn Any + Send>>> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn open(&self, _: &Path) -> io::Result<Box<dyn Appended>> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }
}

//! Writing a file so that it is there whole or not at all.

use coexist_core::problem::{Category, Problem};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{sync_channel, SyncSender};
use tempfile::{Builder, NamedTempFile};

/// Writes a file under a temporary name in its folder, makes sure that it is on the disk, and gives it its name; a file that has the name is replaced.
///
/// Where `write` fails, the disk is full or the process dies, what had the name before still has it. Whether a file may be replaced is for the caller to
/// ask.
///
/// # Errors
/// Those of `write`, `FileNotWritten`, `FolderNotFound`.
pub fn write_atomically(path: &Path, write: impl FnOnce(&mut dyn Write) -> Result<(), Problem>) -> Result<(), Problem> {
    Written::new(path, write)?.publish()
}

/// Bytes after which what is written goes to the disk, so that there is little left to wait for at the end.
const FLUSHED_EVERY: u64 = 32 << 20;

/// A file that says when so much was written.
struct Flushed<'f> {
    file: &'f mut File,
    written: u64,
    due: SyncSender<()>,
}

impl Write for Flushed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.written += count as u64;
        if self.written >= FLUSHED_EVERY {
            self.written = 0;
            // Where the last is not done yet, the next takes both; where it failed, the end tells.
            let _ = self.due.try_send(());
        }
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// How often a rename is tried, and after how long again.
const TRIES: u32 = 10;
const TRY_AGAIN_AFTER: std::time::Duration = std::time::Duration::from_millis(50);

/// A file that is written, on the disk, and does not have its name yet; dropped, it is gone.
pub(crate) struct Written {
    file: NamedTempFile,
    /// As the user named it.
    path: PathBuf,
    target: PathBuf,
    folder: PathBuf,
}

impl Written {
    /// The first half of [`write_atomically`].
    pub(crate) fn new(path: &Path, write: impl FnOnce(&mut dyn Write) -> Result<(), Problem>) -> Result<Self, Problem> {
        let failed = |error: io::Error| failed(path, &error);
        // A link stays a link: what it points to is replaced.
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        let folder = match target.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
            _ => PathBuf::from("."),
        };
        if !folder.is_dir() {
            let message = format!("'{}' cannot be written because the folder '{}' is not there; create it first.", path.display(), folder.display());
            return Err(Problem::new("FolderNotFound", Category::ObjectNotFound, message).about(folder.display().to_string()));
        }
        let mut file = create(&folder, &target).map_err(failed)?;
        let disk = file.as_file().try_clone().map_err(failed)?;
        std::thread::scope(|scope| {
            let (due, asked) = sync_channel(1);
            // Without a thread, all goes to the disk at the end.
            let flushing = std::thread::Builder::new().spawn_scoped(scope, move || asked.iter().try_for_each(|()| disk.sync_data())).ok();
            let mut flushed = Flushed { file: file.as_file_mut(), written: 0, due };
            let written = write(&mut flushed);
            drop(flushed);
            // What the disk refused is told once, to whoever asks first.
            let flushing = flushing.and_then(|thread| thread.join().ok()).unwrap_or(Ok(()));
            written.and(flushing.map_err(failed))
        })?;
        file.as_file().sync_all().map_err(failed)?;
        Ok(Written { file, path: path.to_path_buf(), target, folder })
    }

    /// The second half: gives the file its name.
    pub(crate) fn publish(self) -> Result<(), Problem> {
        self.rename_with(|mut file, target| {
            let mut tries = 1;
            loop {
                let error = match file.persist(target) {
                    Ok(_) => return Ok(()),
                    Err(error) => error,
                };
                // On Windows a virus scanner or an indexer may hold either file for a moment.
                if !cfg!(windows) || tries == TRIES {
                    return Err(error.error);
                }
                tries += 1;
                file = error.file;
                std::thread::sleep(TRY_AGAIN_AFTER);
            }
        })
    }

    /// The renaming is given from outside, so that tests can let it fail.
    fn rename_with(self, rename: impl Fn(NamedTempFile, &Path) -> io::Result<()>) -> Result<(), Problem> {
        rename(self.file, &self.target).map_err(|error| failed(&self.path, &error))?;
        sync_folder(&self.folder);
        Ok(())
    }
}

/// What a temporary file's name begins with; a dead process may leave one.
pub(crate) const TEMPORARY: &str = ".coexist-";

fn create(folder: &Path, target: &Path) -> io::Result<NamedTempFile> {
    let mut builder = Builder::new();
    builder.prefix(TEMPORARY).suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // As if the file were made under its own name (the umask applies), or as it was.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let file = builder.tempfile_in(folder)?;
    #[cfg(unix)]
    if let Ok(metadata) = fs::metadata(target) {
        file.as_file().set_permissions(metadata.permissions())?;
    }
    #[cfg(not(unix))]
    let _ = target;
    Ok(file)
}

/// Makes the new name itself durable where a folder can be opened as a file; elsewhere (Windows) the rename is durable already.
pub(crate) fn sync_folder(folder: &Path) {
    #[cfg(unix)]
    if let Ok(folder) = File::open(folder) {
        // Some file systems refuse it; the file itself is on the disk.
        let _ = folder.sync_all();
    }
    #[cfg(not(unix))]
    let _ = folder;
}

/// A file could not be written.
pub fn failed(path: &Path, cause: &io::Error) -> Problem {
    let why = match cause.kind() {
        io::ErrorKind::PermissionDenied => "this account may not write there, or another program holds the file; close that program or choose another path",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "the disk or the quota is full; make room and run it again",
        io::ErrorKind::ReadOnlyFilesystem => "the disk is read-only; choose another path",
        _ => "see the cause",
    };
    let name = path.display();
    let mut problem = Problem::new("FileNotWritten", Category::WriteError, format!("'{name}' was not written and is as it was before: {why} ({cause})."));
    problem.causes.push(cause.to_string());
    problem.about(name.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_there_whole_and_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plan.json");
        for text in ["first", "second, longer", "3"] {
            write_atomically(&path, |file| file.write_all(text.as_bytes()).map_err(|cause| failed(&path, &cause))).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
            assert_eq!(names(folder.path()), ["plan.json"]);
        }
    }

    #[test]
    fn whatever_fails_leaves_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plan.json");
        fs::write(&path, "before").unwrap();
        let cancelled = write_atomically(&path, |file| file.write_all(b"half").map_err(|cause| failed(&path, &cause)).and(Err(Problem::cancelled())));
        assert_eq!(cancelled.unwrap_err().code, "Cancelled");
        let full = write_atomically(&path, |_| Err(failed(&path, &io::Error::from(io::ErrorKind::StorageFull)))).unwrap_err();
        assert_eq!(full.code, "FileNotWritten");
        assert!(full.message.contains("full"), "{}", full.message);
        let written = Written::new(&path, |file| file.write_all(b"new").map_err(|cause| failed(&path, &cause))).unwrap();
        assert_eq!(names(folder.path()).len(), 2);
        assert_eq!(written.rename_with(|_, _| Err(io::ErrorKind::PermissionDenied.into())).unwrap_err().code, "FileNotWritten");
        assert_eq!(fs::read_to_string(&path).unwrap(), "before");
        assert_eq!(names(folder.path()), ["plan.json"]);
    }

    #[test]
    fn a_panic_while_writing_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plan.json");
        let result = std::panic::catch_unwind(|| write_atomically(&path, |_| panic!("a defect")));
        assert!(result.is_err());
        assert!(names(folder.path()).is_empty());
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let problem = write_atomically(&folder.path().join("nowhere").join("plan.json"), |_| Ok(())).unwrap_err();
        assert_eq!(problem.code, "FolderNotFound");
        assert!(problem.target.unwrap().ends_with("nowhere"));
    }

    #[cfg(unix)]
    #[test]
    fn permissions_and_links_stay() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("plan.json"), folder.path().join("link.json"));
        fs::write(&path, "before").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        write_atomically(&link, |file| file.write_all(b"after").map_err(|cause| failed(&link, &cause))).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&path).unwrap(), "after");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    }
}

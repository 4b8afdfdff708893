//! The lab on disk: a folder that is there whole or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use coexist_core::lab::{self, Options, Planted};
use coexist_core::problem::{Category, Problem};
use coexist_core::watch::Watch;

use crate::specification::SCHEMA;
use crate::write::failed;

/// What only a lab has: a folder without it is never replaced.
const MARK: &str = "planted.json";

/// Writes a lab into a new folder `path`; a lab that is there is replaced where `replace` says so, anything else never.
///
/// # Errors
/// `LabExists`, `FolderNotALab`, `LabSizeInvalid`, `Cancelled`, and those of writing.
pub fn write_lab(path: &Path, people: u64, seed: u64, options: &Options, replace: bool, watch: &dyn Watch) -> Result<Planted, Problem> {
    let name = path.display().to_string();
    let there = fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some());
    if there && !path.join(MARK).is_file() {
        let message = format!("'{name}' exists and is not a lab, so it was not touched. Name another folder.");
        return Err(Problem::new("FolderNotALab", Category::ResourceExists, message).about(name));
    }
    if there && !replace {
        let message = format!("'{name}' holds a lab already and was not replaced. Use -Force, or another folder.");
        return Err(Problem::new("LabExists", Category::ResourceExists, message).about(name));
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).map_or(PathBuf::from("."), PathBuf::from);
    fs::create_dir_all(&parent).map_err(|cause| failed(&parent, &cause))?;
    // Dropped on every way out but the good one, with all that is in it.
    let aside = tempfile::Builder::new().prefix(".coexist-lab-").tempdir_in(&parent).map_err(|cause| failed(&parent, &cause))?;

    let mut files = Files { folder: aside.path().to_path_buf(), open: None };
    let planted = lab::write(people, seed, options, &mut |path, bytes| files.write(path, bytes), watch)?;
    files.close().and_then(|()| fs::write(aside.path().join("coexist.schema.json"), SCHEMA)).map_err(|cause| failed(path, &cause))?;

    let old = parent.join(format!("{}-old", aside.path().file_name().unwrap_or_default().to_string_lossy()));
    let had = path.exists();
    let swap = || -> io::Result<()> {
        if had {
            fs::rename(path, &old)?;
        }
        fs::rename(aside.path(), path)?;
        if had {
            fs::remove_dir_all(&old)?;
        }
        Ok(())
    };
    swap().map_err(|cause| failed(path, &cause))?;
    Ok(planted)
}

/// The file that is being written; its parts come one after another.
struct Files {
    folder: PathBuf,
    open: Option<(String, BufWriter<File>)>,
}

impl Files {
    fn write(&mut self, path: &str, bytes: &[u8]) -> io::Result<()> {
        if self.open.as_ref().is_none_or(|(open, _)| open != path) {
            self.close()?;
            let full = self.folder.join(path);
            if let Some(parent) = full.parent() {
                fs::create_dir_all(parent)?;
            }
            self.open = Some((path.to_string(), BufWriter::with_capacity(1 << 20, File::create(full)?)));
        }
        match &mut self.open {
            Some((_, file)) => file.write_all(bytes),
            None => Ok(()),
        }
    }

    fn close(&mut self) -> io::Result<()> {
        match self.open.take() {
            Some((_, file)) => file.into_inner().map_err(|error| error.into_error())?.sync_all(),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use coexist_core::watch::Unwatched;

    struct Stopped;
    impl Watch for Stopped {
        fn progress(&self, _: &str, _: &str, _: u64, _: Option<u64>) {}
        fn cancelled(&self) -> bool {
            true
        }
    }

    #[test]
    fn a_lab_is_there_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lab");
        let entries = || fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(write_lab(&path, 300, 1, &Options::default(), false, &Stopped).unwrap_err().code, "Cancelled");
        assert_eq!(entries(), 0, "something was left behind");
        write_lab(&path, 300, 1, &Options::default(), false, &Unwatched).unwrap();
        assert!(path.join("source/mailboxes.jsonl").is_file() && path.join("coexist.schema.json").is_file());
        assert_eq!(write_lab(&path, 300, 1, &Options::default(), false, &Unwatched).unwrap_err().code, "LabExists");
        fs::write(path.join("stray"), "").unwrap();
        write_lab(&path, 300, 2, &Options::default(), true, &Unwatched).unwrap();
        assert!(!path.join("stray").exists());
        assert_eq!(entries(), 1);
    }

    #[test]
    fn a_folder_that_is_no_lab_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("thesis.doc"), "years").unwrap();
        assert_eq!(write_lab(folder.path(), 300, 1, &Options::default(), true, &Unwatched).unwrap_err().code, "FolderNotALab");
        assert!(folder.path().join("thesis.doc").exists());
    }
}

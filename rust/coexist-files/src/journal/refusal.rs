//! What is said when a journal cannot be had, read or written.

use coexist_core::apply::journal::Run;
use coexist_core::problem::{Category, Problem};
use std::io;
use std::path::Path;

const DAMAGED: &str = "so what it told about an operation is lost, and nothing is run: an operation could take effect twice. Restore the file from a backup. \
     Where there is none, move the folder of the journal away: what was done is then found by looking at each object, but can no longer be undone";

/// A whole line that is none.
pub(super) fn damaged(path: &Path, line: u64, why: &dyn std::fmt::Display) -> Problem {
    let message = format!("Line {line} of the journal '{}' is damaged, {DAMAGED}.", path.display());
    let mut problem = Problem::new("JournalDamaged", Category::InvalidData, message).about(path.display().to_string()).at(path.display().to_string(), line);
    problem.causes.push(why.to_string());
    problem
}

/// A file that has become shorter than what was read of it.
pub(super) fn cut(path: &Path, line: u64) -> Problem {
    let message = format!("The journal '{}' has lost lines that were there before, {DAMAGED}.", path.display());
    Problem::new("JournalDamaged", Category::InvalidData, message).about(path.display().to_string()).at(path.display().to_string(), line)
}

/// A line that a newer version wrote.
pub(super) fn newer(path: &Path, line: u64, version: Option<&str>, kind: &str) -> Problem {
    let version = version.map(|version| format!(" {version}")).unwrap_or_default();
    let message = format!(
        "Line {line} of the journal '{}' was written by a newer Coexist{version} and cannot be read by this one ({}), so nothing is run: it may say what \
         must not be done. Use that version, or a newer one, for this plan.",
        path.display(),
        env!("CARGO_PKG_VERSION")
    );
    let mut problem = Problem::new("JournalNewer", Category::InvalidData, message).about(path.display().to_string()).at(path.display().to_string(), line);
    problem.causes.push(format!("a line of the kind '{kind}'"));
    problem
}

/// A file that could not be read.
pub(super) fn not_read(path: &Path, cause: &io::Error) -> Problem {
    let message = format!(
        "The journal '{}' cannot be read ({cause}), so it is not known what was done, and nothing is run. Let this account read it, or close the program \
         that holds it.",
        path.display()
    );
    caused(Problem::new("JournalNotRead", Category::ReadError, message).about(path.display().to_string()), cause)
}

/// Why a disk refused, and what to do about it.
fn remedy(cause: &io::Error) -> &'static str {
    match cause.kind() {
        io::ErrorKind::PermissionDenied => "this account may not write there, or another program holds the file; let it write, or close that program",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "the disk or the quota is full; make room and run it again",
        io::ErrorKind::ReadOnlyFilesystem => "the disk is read-only; keep the plan where it can be written to",
        io::ErrorKind::NotFound => "the folder of the plan is not there; look for what moved or removed it",
        _ => "look at the disk, then run it again",
    }
}

/// A journal that cannot be begun.
pub(super) fn not_begun(path: &Path, cause: &io::Error) -> Problem {
    let message = format!(
        "The journal '{}' cannot be written ({cause}), so nothing is done: what is not written down could not be resumed or undone. Probably {}.",
        path.display(),
        remedy(cause)
    );
    caused(Problem::new("JournalNotWritten", Category::WriteError, message).about(path.display().to_string()), cause)
}

/// A journal that cannot be gone on with.
pub(super) fn not_written(path: &Path, cause: &io::Error) -> Problem {
    let message = format!(
        "The journal '{}' could not be written ({cause}), so the work stops before the next operation; what was written down before is there. Probably {}: \
         it goes on where it stopped.",
        path.display(),
        remedy(cause)
    );
    caused(Problem::new("JournalNotWritten", Category::WriteError, message).about(path.display().to_string()), cause)
}

/// A lock that cannot be asked for: its file cannot be made, or the file system has no locks.
pub(super) fn not_locked(path: &Path, cause: &io::Error) -> Problem {
    use io::ErrorKind::{NotADirectory, NotFound, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    if matches!(cause.kind(), NotADirectory | NotFound | PermissionDenied | QuotaExceeded | ReadOnlyFilesystem | StorageFull) {
        return not_begun(path, cause);
    }
    let message = format!(
        "'{}' cannot be locked ({cause}), so nothing is done: two processes at once could do the same operation twice. Some network shares have no locks; \
         keep the plan on a disk of this machine.",
        path.display()
    );
    caused(Problem::new("JournalNotLocked", Category::WriteError, message).about(path.display().to_string()), cause)
}

fn caused(mut problem: Problem, cause: &io::Error) -> Problem {
    problem.causes.push(cause.to_string());
    problem
}

/// Who, since when.
fn who(run: &Run) -> String {
    format!("process {} of {} on {}, since {}", run.pid, run.user, run.host, run.at)
}

/// Another process is at work.
pub(super) fn locked(name: &str, run: Option<&Run>) -> Problem {
    let who = run.map_or_else(|| "a process that has only just begun".to_string(), who);
    let message = format!(
        "{name} is being worked on by another process on this plan: {who}. Two at once would do the same operations twice. Wait for its end or stop it, or \
         leave this surface to it and work on the others."
    );
    Problem::new("PlanLocked", Category::ResourceExists, message).about(name)
}

/// A process of another machine has not come to its end, as far as is known.
pub(super) fn locked_elsewhere(name: &str, run: &Run) -> Problem {
    let message = format!(
        "{name} was being worked on by {}, and that run has no end. From here it cannot be seen whether it still goes on; two at once would do the same \
         operations twice. Run it on {} again, or make sure that the process is gone and use -Force.",
        who(run),
        run.host
    );
    Problem::new("PlanLockedElsewhere", Category::ResourceExists, message).about(name)
}

/// A dead process' place was taken.
pub(super) fn taken_over(name: &str, run: &Run, forced: bool) -> Problem {
    let how = if forced { "has no end and was taken over by force; it must not go on" } else { "ended without saying so; it was taken over" };
    let message = format!(
        "{name} was being worked on by {}, which {how}. What it was about to do last is looked at again, and not repeated where it was done.",
        who(run)
    );
    Problem::new("JournalTakenOver", Category::NotSpecified, message).about(name)
}

/// What was torn was cut off.
pub(super) fn torn(path: &Path, torn: &str) -> Problem {
    let message = format!(
        "The journal '{}' ended in the middle of a line, as it does when a process is killed or a machine loses its power. The rest was cut off and is kept \
         in the line of this run: {torn}",
        path.display()
    );
    Problem::new("JournalTornLine", Category::NotSpecified, message).about(path.display().to_string())
}

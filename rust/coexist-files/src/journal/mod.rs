//! The journal of a plan on disk: what was about to be done, and what came of it, for several processes at once and through any death of them.
//!
//! Beside `plan.json` the folder `plan.journal` holds two files for each surface of each tenant: `target-exchange.jsonl`, to which one process at a time
//! appends lines, and `target-exchange.lock`, empty, on which that process holds a lock of the operating system for as long as it lives. They are two
//! because a locked file cannot be read on Windows. Whether a process lives is what its lock says, never a process id.
//!
//! A line counts once its newline is there. What stands behind the last whole line is torn: a process died while it wrote, or the machine lost its power.
//! The next writer cuts that off. Whatever else cannot be read is damage, and nothing is run over it.
//!
//! **Limits.** On a network share, locks and durability are as good as that share's: SMB keeps both, NFS from version 4 keeps locks, and some file systems
//! have none, which is an error. A journal that another machine left without an end is not taken over unless forced, since its lock may not reach here.

mod disk;
mod reader;
mod refusal;
mod scan;
mod writer;

pub use disk::{Appended, Disk, Files};
pub use reader::{holders, Holder, Reader};
pub use writer::{Opened, Writer};

use std::path::{Path, PathBuf};

/// What the name of a journal's file ends with.
const LINES: &str = "jsonl";
/// What the name of its lock ends with.
const LOCK: &str = "lock";

/// The folder of a plan's journal: `plan.json` → `plan.journal`.
pub fn folder_of(plan: &Path) -> PathBuf {
    if plan.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json")) {
        return plan.with_extension("journal");
    }
    let mut folder = plan.as_os_str().to_owned();
    folder.push(".journal");
    folder.into()
}

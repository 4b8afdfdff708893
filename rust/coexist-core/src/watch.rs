//! How long work tells its caller where it stands, and learns that nobody wants the answer any more.

/// The caller of long work, seen from the work. Work calls it often and from any of its threads; neither method blocks.
pub trait Watch: Sync {
    /// Says what is being done. `done` and `total` count the same things; `total` is `None` while it is not known.
    fn progress(&self, activity: &str, status: &str, done: u64, total: Option<u64>);

    /// True once the caller has given up. Work then stops soon, and leaves nothing half done.
    fn cancelled(&self) -> bool;
}

/// Nobody watches: progress goes nowhere, and the work is never cancelled.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unwatched;

impl Watch for Unwatched {
    fn progress(&self, _activity: &str, _status: &str, _done: u64, _total: Option<u64>) {}

    fn cancelled(&self) -> bool {
        false
    }
}

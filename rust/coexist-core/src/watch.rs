//! How long work tells its host where it is, and hears that it shall stop.

/// The host's view of one piece of long work.
pub trait Watch: Sync {
    /// Says where the work is: `activity` for the whole, `status` for the part at hand, `done` of `total` in whatever unit the part counts.
    fn progress(&self, activity: &str, status: &str, done: u64, total: Option<u64>);
    /// True once the host wants the work to stop; asked often, so it must be cheap.
    fn cancelled(&self) -> bool;
}

/// Nobody watches: tests and small inputs.
pub struct Unwatched;

impl Watch for Unwatched {
    fn progress(&self, _: &str, _: &str, _: u64, _: Option<u64>) {}
    fn cancelled(&self) -> bool {
        false
    }
}

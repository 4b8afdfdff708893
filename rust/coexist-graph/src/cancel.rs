//! Giving up on requests under way.

use tokio::sync::watch;

/// Tells any number of requests, once, that nobody wants their answers any more.
#[derive(Debug, Clone)]
pub struct Cancel(watch::Sender<bool>);

impl Cancel {
    /// Not cancelled yet. Clones are the same signal.
    pub fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    /// Ends all that waits for this signal. Idempotent; from any thread.
    pub fn cancel(&self) {
        self.0.send_replace(true);
    }

    /// Whether [`Cancel::cancel`] was called.
    pub fn is_cancelled(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns when [`Cancel::cancel`] is called; at once if it was.
    pub async fn cancelled(&self) {
        // The sender that would have to be gone for an error is `self`.
        let _ = self.0.subscribe().wait_for(|cancelled| *cancelled).await;
    }
}

impl Default for Cancel {
    fn default() -> Self {
        Self::new()
    }
}

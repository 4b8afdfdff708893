//! How many requests are under way at once: one more for each round that went well, half where the service cannot keep up.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// What a request told about the load of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Load {
    /// Nothing: it did not get there, or was given up.
    Unknown,
    Fine,
    TooMuch,
}

#[derive(Debug)]
struct State {
    limit: f64,
    under_way: usize,
    /// Counts the reductions: what was sent before one says nothing about the time after it.
    reductions: u64,
}

/// The gate that every request passes.
#[derive(Debug)]
pub(crate) struct Gate {
    state: Mutex<State>,
    most: f64,
    freed: Notify,
}

/// A request's place among those under way; dropped, it is free again.
pub(crate) struct Place<'g> {
    gate: &'g Gate,
    reductions: u64,
}

impl Gate {
    pub fn new(first: usize, most: usize) -> Self {
        let most = most.max(1);
        let limit = first.clamp(1, most) as f64;
        Self { state: Mutex::new(State { limit, under_way: 0, reductions: 0 }), most: most as f64, freed: Notify::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many may be under way now.
    pub fn limit(&self) -> usize {
        self.lock().limit as usize
    }

    pub fn under_way(&self) -> usize {
        self.lock().under_way
    }

    pub async fn enter(&self) -> Place<'_> {
        loop {
            let freed = self.freed.notified();
            {
                let mut state = self.lock();
                if state.under_way < state.limit as usize {
                    state.under_way += 1;
                    return Place { gate: self, reductions: state.reductions };
                }
            }
            freed.await;
        }
    }
}

impl Place<'_> {
    pub fn leave(self, load: Load) {
        let mut state = self.gate.lock();
        match load {
            Load::Fine if state.reductions == self.reductions => state.limit = (state.limit + 1.0 / state.limit).min(self.gate.most),
            Load::TooMuch if state.reductions == self.reductions => {
                state.limit = (state.limit / 2.0).max(1.0);
                state.reductions += 1;
            }
            Load::Fine | Load::TooMuch | Load::Unknown => {}
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.gate.lock().under_way -= 1;
        // Both: the limit may have risen, and a waiter that gives up must not take the only call with it.
        self.gate.freed.notify_waiters();
        self.gate.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_rises_by_one_a_round_and_falls_by_half_once_a_round() {
        let gate = Gate::new(4, 100);
        for _ in 0..2 {
            let round: Vec<_> = futures_util::future::join_all((0..gate.limit()).map(|_| gate.enter())).await;
            round.into_iter().for_each(|place| place.leave(Load::Fine));
        }
        assert_eq!(gate.limit(), 5);
        let round: Vec<_> = futures_util::future::join_all((0..5).map(|_| gate.enter())).await;
        round.into_iter().for_each(|place| place.leave(Load::TooMuch));
        assert_eq!((gate.limit(), gate.under_way()), (2, 0));
        for _ in 0..20 {
            gate.enter().await.leave(Load::TooMuch);
        }
        assert_eq!(gate.limit(), 1);
        for _ in 0..100_000 {
            gate.enter().await.leave(Load::Fine);
        }
        assert_eq!(gate.limit(), 100);
    }

    #[tokio::test]
    async fn who_gives_up_takes_no_place_along() {
        let gate = Gate::new(1, 1);
        let place = gate.enter().await;
        for _ in 0..10 {
            let mut waiting = Box::pin(gate.enter());
            assert!(futures_util::poll!(&mut waiting).is_pending());
        }
        let mut waiting = Box::pin(gate.enter());
        assert!(futures_util::poll!(&mut waiting).is_pending());
        drop(place);
        assert!(futures_util::poll!(&mut waiting).is_ready());
        drop(waiting);
        assert_eq!(gate.under_way(), 0);
    }
}

//! Time: the machine's, or the lab's.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use coexist_core::apply::host::Clock;
use coexist_core::problem::Problem;
use coexist_core::watch::Watch;

use crate::job::Context;
use crate::lab::Lab;

/// How often a wait looks whether it shall end.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The clock that tenants go by.
pub(in super::super) fn clock(context: &Context, lab: &Option<Arc<Lab>>) -> Arc<dyn Clock> {
    match lab {
        Some(lab) => Arc::new(LabClock { lab: lab.clone(), context: context.clone() }),
        None => Arc::new(MachineClock { began: Instant::now(), context: context.clone() }),
    }
}

struct MachineClock {
    began: Instant,
    context: Context,
}

impl Clock for MachineClock {
    fn now(&self) -> i64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
    }

    fn ticks(&self) -> i64 {
        self.began.elapsed().as_millis() as i64
    }

    fn wait(&self, milliseconds: i64) -> Result<(), Problem> {
        let until = Instant::now() + Duration::from_millis(milliseconds.max(0) as u64);
        loop {
            if self.context.cancelled() {
                return Err(Problem::cancelled());
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            std::thread::sleep(left.min(LOOK_EVERY));
        }
    }
}

/// In a lab nobody waits: its time goes on by as much. A moment of real time passes, so that others who share the lab have their turn.
struct LabClock {
    lab: Arc<Lab>,
    context: Context,
}

impl Clock for LabClock {
    fn now(&self) -> i64 {
        self.lab.now()
    }

    fn ticks(&self) -> i64 {
        self.lab.now()
    }

    fn wait(&self, milliseconds: i64) -> Result<(), Problem> {
        if self.context.cancelled() {
            return Err(Problem::cancelled());
        }
        std::thread::sleep(Duration::from_millis((milliseconds / 1000).clamp(1, 20) as u64));
        self.lab.wait(milliseconds)
    }
}

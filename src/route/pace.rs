//! Calls a second: dials are spread evenly, because carriers count short windows.

use std::time::{Duration, Instant};

/// Allows one dial each `1 / cps` seconds.
#[derive(Debug)]
pub(super) struct Pace {
    interval: Duration,
    free_at: Instant,
}

impl Pace {
    pub(super) fn new(cps: u32, now: Instant) -> Pace {
        Pace { interval: Duration::from_secs(1) / cps, free_at: now }
    }

    pub(super) fn free_at(&self) -> Instant {
        self.free_at
    }

    /// A dial leaves now. Lateness of up to one interval is made good, so that the rate is reached.
    pub(super) fn take(&mut self, now: Instant) {
        let base = self.free_at.max(now - self.interval.min(Duration::from_millis(100)));
        self.free_at = base + self.interval;
    }
}

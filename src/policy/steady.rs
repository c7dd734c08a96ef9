//! Time that never runs back, for limits: a wall clock that is set back must neither free nor hold
//! anybody.

use crate::job::UnixMs;

/// Wall time, and what it was set back by since the start.
#[derive(Debug, Default)]
pub(super) struct Steady {
    latest: UnixMs,
    behind_ms: u64,
}

impl Steady {
    /// The steady time at this wall time: it runs on where the wall clock was set back.
    pub(super) fn at(&mut self, wall: UnixMs) -> UnixMs {
        let now = UnixMs(wall.0.saturating_add(self.behind_ms));
        if now < self.latest {
            self.behind_ms += self.latest.0 - now.0;
            return self.latest;
        }
        self.latest = now;
        now
    }

    /// The last moment that was asked for.
    pub(super) fn latest(&self) -> UnixMs {
        self.latest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_back_goes_on_from_where_it_was() {
        let mut steady = Steady::default();
        assert_eq!(steady.at(UnixMs(100_000)), UnixMs(100_000));
        assert_eq!(steady.at(UnixMs(40_000)), UnixMs(100_000));
        assert_eq!(steady.at(UnixMs(41_000)), UnixMs(101_000));
        assert_eq!(steady.at(UnixMs(900_000)), UnixMs(960_000));
    }
}

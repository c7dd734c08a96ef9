//! The timer values of RFC 3261 §17, table 4 (appendix A), and the retransmission clock.

use std::time::{Duration, Instant};

/// Estimate of the round-trip time (RFC 3261 §17.1.1.1).
pub const T1: Duration = Duration::from_millis(500);
/// Longest interval between retransmissions of non-INVITE requests and INVITE responses.
pub const T2: Duration = Duration::from_secs(4);
/// Longest time a message stays in the network.
pub const T4: Duration = Duration::from_secs(5);
/// 64·T1: Timers B, F, H, J, L and M, and the wait after a CANCEL (RFC 3261 §9.1).
pub const T1_X64: Duration = Duration::from_secs(32);
/// Timer D for unreliable transports: at least 32 s (RFC 3261 §17.1.1.2).
pub const TIMER_D: Duration = Duration::from_secs(32);

/// The value of a timer that only has to outwait stray messages: zero on reliable transports.
pub(crate) fn unless_reliable(value: Duration, reliable: bool) -> Duration {
    if reliable { Duration::ZERO } else { value }
}

/// When to send again: the interval doubles from T1 up to a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retransmission {
    due: Instant,
    interval: Duration,
    limit: Duration,
}

impl Retransmission {
    /// Starts at T1 after `now`. `limit` is T2 for Timers E and G; Timer A has none.
    pub fn start(now: Instant, limit: Duration) -> Retransmission {
        Retransmission { due: now + T1, interval: T1, limit }
    }

    /// When to send next.
    pub fn due(&self) -> Instant {
        self.due
    }

    /// The clock after a retransmission at `now`: the interval doubles, up to the limit.
    #[must_use]
    pub fn next(self, now: Instant) -> Retransmission {
        let interval = (self.interval * 2).min(self.limit);
        Retransmission { due: now + interval, interval, limit: self.limit }
    }

    /// The clock with the interval at its limit from now on (RFC 3261 §17.1.2.2, Proceeding).
    #[must_use]
    pub fn at_limit(self) -> Retransmission {
        Retransmission { interval: self.limit, ..self }
    }
}

//! The walk of a media thread through time: sub-slots with absolute deadlines.

use std::time::{Duration, Instant};

use rustix::thread::{ClockId, Timespec, clock_nanosleep_absolute};
use rustix::time::clock_gettime;

use crate::gateway::clock;

/// Length of a sub-slot: the largest that divides every packet length that we agree.
pub(super) const SUB_SLOT: Duration = Duration::from_millis(5);
/// A thread that is so far behind (the machine slept) does not make up for it.
const GIVE_UP: Duration = Duration::from_secs(1);

/// Sub-slots count on for ever; number `n` is due at `start + (n - first) × 5 ms`, computed and
/// never a sum of sleeps.
#[derive(Debug)]
pub(super) struct Pace {
    first: u64,
    start: Instant,
    /// The start as the kernel counts it.
    kernel_start: Duration,
    next: u64,
}

impl Pace {
    /// Begins a walk: the sub-slot `next` is due now.
    pub(super) fn begin(next: u64) -> Pace {
        let kernel = clock_gettime(ClockId::Monotonic);
        let kernel_start = Duration::new(kernel.tv_sec.unsigned_abs(), kernel.tv_nsec as u32);
        Pace { first: next, start: clock::now(), kernel_start, next }
    }

    /// The number of the sub-slot that is next.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// When a sub-slot is due.
    pub(super) fn due(&self, n: u64) -> Instant {
        self.start + self.since_start(n)
    }

    /// Sleeps until the next sub-slot is due and goes on to it; tells its number.
    pub(super) fn wait(&mut self) -> u64 {
        let n = self.next;
        let late = clock::now().saturating_duration_since(self.due(n));
        if late > GIVE_UP {
            *self = Pace::begin(n);
        } else if late.is_zero() {
            sleep_until(self.kernel_start + self.since_start(n));
        }
        self.next = n + 1;
        n
    }

    fn since_start(&self, n: u64) -> Duration {
        Duration::from_millis(SUB_SLOT.as_millis() as u64 * n.saturating_sub(self.first))
    }
}

fn sleep_until(at: Duration) {
    let at = Timespec { tv_sec: at.as_secs() as i64, tv_nsec: i64::from(at.subsec_nanos()) };
    // A signal may wake us early; the deadline is absolute, so the same call sleeps the rest.
    while clock_nanosleep_absolute(ClockId::Monotonic, &at) == Err(rustix::io::Errno::INTR) {}
}

//! The two clocks: wall time of jobs and records, monotonic time of cores.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::job::UnixMs;

/// Monotonic time now.
#[expect(clippy::disallowed_methods, reason = "this is where the edge reads its clocks")]
pub fn now() -> Instant {
    Instant::now()
}

/// Wall time now.
#[expect(clippy::disallowed_methods, reason = "this is where the edge reads its clocks")]
pub fn wall() -> UnixMs {
    let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMs(u64::try_from(unix.as_millis()).unwrap_or(u64::MAX))
}

/// The monotonic time of a moment of wall time, as the clocks stand to each other now.
pub fn instant_of(at: UnixMs) -> Instant {
    let (now, wall) = (now(), wall());
    if at >= wall {
        now + Duration::from_millis(at.0 - wall.0)
    } else {
        // Before the machine's start there is no monotonic time; nothing of ours is that old.
        now.checked_sub(Duration::from_millis(wall.0 - at.0)).unwrap_or(now)
    }
}

/// A moment in nanoseconds of the kernel's monotonic clock, which all processes share.
pub fn monotonic_ns(at: Instant) -> u64 {
    let (read, now) = (rustix::time::clock_gettime(rustix::time::ClockId::Monotonic), now());
    let read_ns = i128::from(read.tv_sec) * 1_000_000_000 + i128::from(read.tv_nsec);
    let ago = now.saturating_duration_since(at).as_nanos() as i128;
    let ahead = at.saturating_duration_since(now).as_nanos() as i128;
    u64::try_from(read_ns - ago + ahead).unwrap_or(0)
}

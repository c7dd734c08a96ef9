//! Deadlines of many calls: the earliest first.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

/// A heap of wake-ups. An entry may be stale: whoever is woken asks its core what is really due.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    heap: BinaryHeap<Reverse<(Instant, u64)>>,
}

impl Timers {
    /// Wakes this call at this time.
    pub(crate) fn wake(&mut self, at: Instant, call: u64) {
        self.heap.push(Reverse((at, call)));
    }

    /// When the next call is to be woken.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    /// A call that is due.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<u64> {
        if self.next()? > now {
            return None;
        }
        self.heap.pop().map(|Reverse((_, call))| call)
    }
}

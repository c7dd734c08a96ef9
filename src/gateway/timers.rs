//! Deadlines of many calls: the earliest first.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

/// A heap of wake-ups. An entry may be stale: whoever is woken asks its core what is really due.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    heap: BinaryHeap<Reverse<(Instant, u64)>>,
}

/// The wake-up that one call has asked for: it asks again only for an earlier one.
#[derive(Debug, Default)]
pub(crate) struct Alarm {
    armed: Option<Instant>,
}

impl Alarm {
    /// The call is woken: what was due is due no more.
    pub(crate) fn ring(&mut self, now: Instant) {
        self.armed.take_if(|at| *at <= now);
    }

    /// Wakes this call at the earliest of its deadlines.
    pub(crate) fn arm(&mut self, at: Option<Instant>, call: u64, timers: &mut Timers) {
        if let Some(at) = at
            && self.armed.is_none_or(|armed| at < armed)
        {
            self.armed = Some(at);
            timers.wake(at, call);
        }
    }
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

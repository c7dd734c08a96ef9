//! One entry: digits until `#`.

use std::time::{Duration, Instant};

use crate::leg::key::Digit;

/// From one key of an entry to the next; whoever takes longer has given up, or pressed a `#` that did
/// not come through.
const INTER_DIGIT: Duration = Duration::from_secs(5);
/// More keys than any PIN has; those after them only make the entry wrong.
const MOST_KEYS: usize = 32;
/// Damage this long before the first key of an entry is none of it (contract, section 2, as for a `#`).
const NEAR: Duration = Duration::from_secs(3);
/// Keys that did not count, remembered; one is enough.
const MOST_DOUBTS: usize = 8;
/// A trace that ends less than a pause between two keys before a key is that key's own (ITU-T Q.24).
pub(super) const PAUSE: Duration = Duration::from_millis(40);

/// The keys of an entry so far. Prints them masked.
#[derive(Debug)]
pub(super) struct Entry {
    /// When it was asked for, or begun anew.
    since: Instant,
    keys: Vec<Digit>,
    /// Onsets of its keys, that of a `*` which began it included.
    onsets: Vec<Instant>,
    /// Onsets of keys that must not count: what is left may not be what was keyed.
    doubts: Vec<Instant>,
}

impl Entry {
    /// An entry that is asked for now.
    pub(super) fn new(now: Instant) -> Entry {
        Entry { since: now, keys: Vec::new(), onsets: Vec::new(), doubts: Vec::new() }
    }

    /// Takes a digit.
    pub(super) fn push(&mut self, digit: Digit, began: Instant) {
        self.note(began);
        if self.keys.len() < MOST_KEYS {
            self.keys.push(digit);
        }
    }

    /// Begins anew at the wish of the person (`*`).
    pub(super) fn restart(&mut self, began: Instant) {
        *self = Entry::new(began);
        self.note(began);
    }

    /// A key was heard that must not count.
    pub(super) fn doubt(&mut self, began: Instant) {
        if self.doubts.len() < MOST_DOUBTS {
            self.doubts.push(began);
        }
    }

    /// The digits keyed.
    pub(super) fn digits(&self) -> &[Digit] {
        &self.keys
    }

    /// Whether no digit was keyed.
    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// When it is given up, if it was begun.
    pub(super) fn until(&self) -> Option<Instant> {
        self.onsets.last().map(|last| *last + INTER_DIGIT)
    }

    /// Whether something of the entry that `hash` closes was not heard: a trace of a digit that is no
    /// key's own, or a key that must not count. `traces` are the ends of traces.
    pub(super) fn is_damaged<'a>(
        &self,
        hash: Instant,
        traces: impl IntoIterator<Item = &'a Instant>,
    ) -> bool {
        let first = self.onsets.first().copied().unwrap_or(hash);
        let since = first.checked_sub(NEAR).map_or(self.since, |near| near.max(self.since));
        let within = |at: &Instant| (since..=hash).contains(at);
        let keys = || self.onsets.iter().chain([&hash]);
        let own = |trace: &Instant| {
            keys().any(|key| key.checked_duration_since(*trace).is_some_and(|after| after < PAUSE))
        };
        self.doubts.iter().any(within) || traces.into_iter().any(|trace| within(trace) && !own(trace))
    }

    fn note(&mut self, began: Instant) {
        if self.onsets.len() == MOST_KEYS {
            self.onsets.remove(0);
        }
        self.onsets.push(began);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digit(c: char) -> Digit {
        Digit::from_char(c).unwrap()
    }

    /// ITU-T Q.24: keys are 40 ms apart at least, so that what ends nearer to one is part of it.
    #[test]
    fn a_trace_damages_an_entry_unless_it_is_part_of_a_key() {
        #[expect(clippy::disallowed_methods, reason = "any instant serves as the virtual zero")]
        let zero = Instant::now();
        let at = |ms: u64| zero + Duration::from_millis(ms);
        let mut entry = Entry::new(zero);
        entry.push(digit('4'), at(1_000));
        entry.push(digit('7'), at(1_500));
        for (trace_ms, damaged) in [(960, true), (961, false), (1_000, false), (1_200, true), (1_499, false)]
        {
            assert_eq!(entry.is_damaged(at(2_000), &[at(trace_ms)]), damaged, "trace at {trace_ms} ms");
        }
        assert!(!entry.is_damaged(at(2_000), &[at(2_001)]), "what comes after the # is none of it");
        let later = Entry::new(at(900));
        assert!(!later.is_damaged(at(2_000), &[at(899)]), "what came before it was asked for is none of it");
        let late = Entry { onsets: vec![at(9_000)], ..Entry::new(at(900)) };
        assert!(!late.is_damaged(at(9_500), &[at(5_999)]), "three seconds before its first key");
        entry.doubt(at(1_800));
        assert!(entry.is_damaged(at(2_000), &[]));
        entry.restart(at(2_100));
        assert!(!entry.is_damaged(at(2_500), &[]) && entry.is_empty());
        assert_eq!(entry.until(), Some(at(7_100)));
    }

    #[test]
    fn an_entry_without_end_takes_no_memory_without_end_and_prints_no_digit() {
        #[expect(clippy::disallowed_methods, reason = "any instant serves as the virtual zero")]
        let zero = Instant::now();
        let mut entry = Entry::new(zero);
        for _ in 0..1_000 {
            entry.push(digit('7'), zero);
        }
        assert_eq!((entry.digits().len(), entry.onsets.len()), (MOST_KEYS, MOST_KEYS));
        assert!(!format!("{:?}", entry.keys).contains('7'), "{:?}", entry.keys);
    }
}

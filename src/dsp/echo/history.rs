//! What was received of late, by sample position.

use super::trial::LEARNT_FROM;
use crate::dsp::units::Samples;

/// Samples kept: what a path is learnt from.
pub(super) const KEPT: usize = LEARNT_FROM;

/// A ring of samples; what was never put reads as silence.
#[derive(Debug, Clone)]
pub(super) struct History {
    ring: [i16; KEPT],
    /// The position after the newest sample.
    end: u64,
}

impl History {
    /// Silence so far.
    pub(super) fn new() -> Self {
        Self { ring: [0; KEPT], end: 0 }
    }

    /// The position after the newest sample.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// Puts samples that begin at a position; silence fills a hole before them, and what is there
    /// already is replaced.
    pub(super) fn put(&mut self, at: Samples, samples: &[i16]) {
        let kept = &samples[samples.len().saturating_sub(KEPT)..];
        let from = at.0.saturating_add((samples.len() - kept.len()) as u64);
        self.silence(Samples(from));
        let first = index(from);
        let (head, tail) = kept.split_at(kept.len().min(KEPT - first));
        self.ring[first..first + head.len()].copy_from_slice(head);
        self.ring[..tail.len()].copy_from_slice(tail);
        self.end = self.end.max(from.saturating_add(kept.len() as u64));
    }

    /// Silence up to a position, if the newest sample lies before it.
    pub(super) fn silence(&mut self, until: Samples) {
        let missing = until.0.saturating_sub(self.end);
        if missing >= KEPT as u64 {
            self.ring.fill(0);
        } else {
            (self.end..until.0).for_each(|position| self.ring[index(position)] = 0);
        }
        self.end = self.end.max(until.0);
    }

    /// Reads from a position on; what is not kept, or lies before the beginning, is silence.
    #[inline(always)]
    pub(super) fn read(&self, from: i64, out: &mut [f32]) {
        let oldest = self.end.saturating_sub(KEPT as u64) as i64;
        let until = from.saturating_add(out.len() as i64);
        let begin = from.max(oldest).min(until);
        let end = until.min(self.end as i64).max(begin);
        let (before, rest) = out.split_at_mut((begin - from) as usize);
        let (middle, after) = rest.split_at_mut((end - begin) as usize);
        before.fill(0.0);
        after.fill(0.0);
        let first = index(begin as u64);
        let (head, tail) = middle.split_at_mut(middle.len().min(KEPT - first));
        widen(&self.ring[first..first + head.len()], head);
        widen(&self.ring[..tail.len()], tail);
    }
}

fn index(position: u64) -> usize {
    (position % KEPT as u64) as usize
}

/// As many samples as both have.
#[inline(always)]
pub(super) fn widen(samples: &[i16], out: &mut [f32]) {
    for (wide, sample) in out.iter_mut().zip(samples) {
        *wide = f32::from(*sample);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(history: &History, from: i64, count: usize) -> Vec<f32> {
        let mut out = vec![9.0; count];
        history.read(from, &mut out);
        out
    }

    #[test]
    fn what_was_put_is_read_where_it_was_put() {
        let mut history = History::new();
        history.put(Samples(3), &[1, 2, 3]);
        history.put(Samples(8), &[4]);
        assert_eq!(read(&history, 2, 8), [0.0, 1.0, 2.0, 3.0, 0.0, 0.0, 4.0, 0.0]);
        assert_eq!(read(&history, -4, 3), [0.0; 3]);
        assert_eq!(read(&history, 100, 3), [0.0; 3]);
    }

    #[test]
    fn only_the_newest_is_kept() {
        let mut history = History::new();
        let long: Vec<i16> = (0..10_000).map(|n| (n % 7000) as i16).collect();
        history.put(Samples(5), &long);
        assert_eq!(history.end(), 10_005);
        assert_eq!(read(&history, 10_002, 4), [2997.0, 2998.0, 2999.0, 0.0]);
        assert_eq!(read(&history, 10_005 - KEPT as i64 - 1, 2), [0.0, long[10_000 - KEPT].into()]);
    }

    #[test]
    fn a_long_hole_is_silent() {
        let mut history = History::new();
        history.put(Samples(0), &[7; 4000]);
        history.put(Samples(9000), &[8]);
        assert!(read(&history, 9000 - KEPT as i64 + 1, KEPT - 1).iter().all(|x| *x == 0.0));
        assert_eq!(read(&history, 9000, 1), [8.0]);
    }
}

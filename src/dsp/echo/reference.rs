//! What was played, to be asked for when it is needed.

use std::sync::Arc;

use super::history::widen;
use crate::dsp::units::Samples;

/// What was played on one line, as the far end decodes it.
///
/// Positions are those of the received stream: what is played at a position left here when the sample
/// received at that position came in. An echo comes later, so that nothing is asked for before it left.
pub trait Reference {
    /// The position after the last sample of ours that is known; 0 as long as nothing was played.
    fn end(&self) -> Samples;

    /// Reads from a position on; silence where nothing was played.
    fn read(&self, from: i64, out: &mut [f32]);
}

/// A recording of what was played.
#[derive(Debug, Clone, Default)]
pub struct Recording {
    samples: Arc<[i16]>,
    at: Samples,
}

impl Recording {
    /// Of samples that were played from a position on.
    pub fn new(samples: impl Into<Arc<[i16]>>, at: Samples) -> Self {
        Self { samples: samples.into(), at }
    }
}

impl Reference for Recording {
    fn end(&self) -> Samples {
        match self.samples.len() {
            0 => Samples(0),
            count => self.at + Samples(count as u64),
        }
    }

    fn read(&self, from: i64, out: &mut [f32]) {
        out.fill(0.0);
        let (late, skipped) = shared(from, out.len(), self.at.0, self.samples.len());
        let played = self.samples.get(skipped..).unwrap_or_default();
        widen(played, &mut out[late..]);
    }
}

/// Where a stretch of `count` samples from `at` on meets one of `wanted` from `from` on: how many of the
/// wanted ones lie before it, and how many of its own lie before the wanted ones.
pub fn shared(from: i64, wanted: usize, at: u64, count: usize) -> (usize, usize) {
    let apart = (at as i64).saturating_sub(from);
    let late = usize::try_from(apart).unwrap_or(0).min(wanted);
    let skipped = usize::try_from(apart.saturating_neg()).unwrap_or(0).min(count);
    (late, skipped)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(recording: &Recording, from: i64, count: usize) -> Vec<f32> {
        let mut out = vec![9.0; count];
        recording.read(from, &mut out);
        out
    }

    #[test]
    fn what_was_played_is_read_where_it_was_played() {
        let recording = Recording::new([1, 2, 3, 4, 5], Samples(10));
        assert_eq!(read(&recording, 8, 4), [0.0, 0.0, 1.0, 2.0]);
        assert_eq!(read(&recording, 12, 2), [3.0, 4.0]);
        assert_eq!(read(&recording, 13, 4), [4.0, 5.0, 0.0, 0.0]);
        assert_eq!(read(&recording, -20, 3), [0.0; 3]);
        assert_eq!(read(&recording, 99, 3), [0.0; 3]);
        assert_eq!(recording.end(), Samples(15));
        assert_eq!(Recording::default().end(), Samples(0));
    }
}

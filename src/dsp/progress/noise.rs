//! What a line has by itself, whatever else is heard on it.

use std::sync::LazyLock;

use super::bank::BINS;
use crate::dsp::units::Dbm0;

/// Noise that is louder than this is a voice until it has been found to stay.
static AT_FIRST: LazyLock<Loudness> = LazyLock::new(|| Loudness::of(Dbm0(-45.0).mean_square()));

/// Hops in which a speaker pauses at least once: 1.5 s.
const HOPS: u16 = 47;

/// How loud a hop is: as a whole, and in each bin where the bins were looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Loudness {
    /// Mean squares.
    pub(super) whole: f32,
    pub(super) bins: [f32; BINS],
}

impl Loudness {
    /// Of a hop of which no more is known: no bin can hold more than the whole.
    pub(super) fn of(whole: f32) -> Self {
        Self { whole, bins: [whole; BINS] }
    }

    const MOST: Self = Self { whole: f32::MAX, bins: [f32::MAX; BINS] };

    fn min(&self, other: &Self) -> Self {
        let bins = std::array::from_fn(|bin| self.bins[bin].min(other.bins[bin]));
        Self { whole: self.whole.min(other.whole), bins }
    }
}

/// The least of late: what the line has by itself.
#[derive(Debug, Clone)]
pub(super) struct Noise {
    least: Loudness,
    /// [`Loudness::MOST`] until it is known.
    least_before: Loudness,
    hops: u16,
}

impl Default for Noise {
    fn default() -> Self {
        Self { least: Loudness::MOST, least_before: Loudness::MOST, hops: 0 }
    }
}

impl Noise {
    pub(super) fn take(&mut self, loudness: &Loudness) {
        self.least = self.least.min(loudness);
        self.hops += 1;
        if self.hops == HOPS {
            *self = Self { least_before: self.least, ..Self::default() };
        }
    }

    /// The noise, once a speaker would have paused.
    pub(super) fn known(&self) -> Option<Loudness> {
        (self.least_before.whole < Loudness::MOST.whole).then(|| self.least.min(&self.least_before))
    }

    /// The noise as far as it is known.
    pub(super) fn floor(&self) -> Loudness {
        self.known().unwrap_or_else(|| self.least.min(&AT_FIRST))
    }
}

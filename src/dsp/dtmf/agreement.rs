//! Windows of late that found one and the same key.

use super::key::Key;
use super::limits::{
    AGREEING_WINDOWS, DOUBTFUL_AGREEING_WINDOWS, DOUBTFUL_RECENT_WINDOWS, Limits, RECENT_WINDOWS,
};
use super::window::{Pair, Purity};
use crate::dsp::units::Samples;

/// The windows of late, and the key that they found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Agreement {
    pub(super) key: Key,
    pub(super) onset: Samples,
    /// One bit a window, the newest lowest; set where it found the key.
    windows: u32,
    /// The first window's tones were there before it, so that more windows
    /// must agree, and on their levels too.
    pub(super) is_doubtful: bool,
    /// The mean squares that the windows must agree on.
    levels: [f32; 2],
}

impl Agreement {
    /// The first window that found `key`.
    pub(super) fn begin(key: Key, onset: Samples, pair: &Pair, is_doubtful: bool) -> Self {
        Self { key, onset, windows: 1, is_doubtful, levels: levels(pair) }
    }

    /// The newest window found it again. In doubt, another level begins anew.
    pub(super) fn agree(self, limits: &Limits, pair: &Pair, purity: Purity) -> Self {
        if !self.is_doubtful && purity == Purity::Buried {
            return self;
        }
        if self.is_doubtful && !self.is_steady(limits, pair) {
            return Self { windows: 1, levels: levels(pair), ..self };
        }
        Self { windows: self.windows | 1, ..self }
    }

    fn is_steady(&self, limits: &Limits, pair: &Pair) -> bool {
        let [least, most] = limits.steady;
        let pairs = levels(pair).into_iter().zip(self.levels);
        pairs.into_iter().all(|(level, first)| level >= first * least && level <= first * most)
    }

    /// A window later; `None` once none of late found it.
    pub(super) fn age(self) -> Option<Self> {
        let windows = self.windows << 1;
        (windows & mask(RECENT_WINDOWS) != 0).then_some(Self { windows, ..self })
    }

    /// True once enough windows found it.
    pub(super) fn is_sure(self) -> bool {
        let (agreeing, recent) = if self.is_doubtful {
            (DOUBTFUL_AGREEING_WINDOWS, DOUBTFUL_RECENT_WINDOWS)
        } else {
            (AGREEING_WINDOWS, RECENT_WINDOWS)
        };
        (self.windows & mask(recent)).count_ones() >= agreeing
    }
}

fn levels(pair: &Pair) -> [f32; 2] {
    pair.tones.map(|tone| tone.mean_square)
}

/// The newest `count` windows.
fn mask(count: u32) -> u32 {
    (1 << count) - 1
}

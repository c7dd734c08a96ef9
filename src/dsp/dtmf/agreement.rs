//! Windows of late that found one and the same key.

use super::exam::Before;
use super::key::Key;
use super::limits::{
    AGREEING_WINDOWS, DOUBTFUL_AGREEING_WINDOWS, DOUBTFUL_RECENT_WINDOWS, Limits, RECENT_WINDOWS,
};
use super::standing::Standing;
use super::window::{Found, Pair, Purity};
use crate::dsp::units::Samples;

/// Why more windows must agree, and on their levels too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubt {
    /// They need not.
    None,
    /// They need not, if the key is pure: its tones were there before the first
    /// window, and just as they are in it.
    Same,
    /// The first window's tones were there before it.
    Lingering,
    /// The tones were not as a key's are when enough windows agreed.
    Failed,
}

/// The windows of late, and the key that they found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Agreement {
    pub(super) key: Key,
    pub(super) onset: Samples,
    /// One bit a window, the newest lowest; set where it found the key.
    windows: u32,
    pub(super) doubt: Doubt,
    /// The first window, on which the others must agree.
    pub(super) first: Pair,
    /// What was there before the key.
    pub(super) before: Before,
    /// The dial tone that it was found under, if it was.
    pub(super) standing: Option<Standing>,
}

impl Agreement {
    /// The first window that found `key`.
    pub(super) fn begin(key: Key, onset: Samples, found: &Found, doubt: Doubt, before: Before) -> Self {
        Self { key, onset, windows: 1, doubt, first: found.pair, before, standing: found.standing }
    }

    /// The newest window found it again. In doubt, another level begins anew.
    pub(super) fn agree(self, limits: &Limits, found: &Found) -> Self {
        let is_doubtful = self.is_doubtful();
        if !is_doubtful && found.purity == Purity::Buried {
            return self;
        }
        if is_doubtful && !self.is_steady(limits, &found.pair) {
            return self.anew(&found.pair);
        }
        Self { windows: self.windows | 1, ..self }
    }

    fn is_doubtful(&self) -> bool {
        match self.doubt {
            Doubt::None | Doubt::Same => false,
            Doubt::Lingering | Doubt::Failed => true,
        }
    }

    /// The newest window is the first on which the others must agree.
    pub(super) fn anew(self, pair: &Pair) -> Self {
        Self { windows: 1, first: *pair, ..self }
    }

    /// The tones are not as a key's are.
    pub(super) fn fail(self, pair: &Pair) -> Self {
        Self { doubt: Doubt::Failed, ..self.anew(pair) }
    }

    fn is_steady(&self, limits: &Limits, pair: &Pair) -> bool {
        let [least, most] = limits.steady;
        let pairs = levels(pair).into_iter().zip(levels(&self.first));
        pairs.into_iter().all(|(level, first)| level >= first * least && level <= first * most)
    }

    /// A window later; `None` once none of late found it.
    pub(super) fn age(self) -> Option<Self> {
        let windows = self.windows << 1;
        (windows & mask(RECENT_WINDOWS) != 0).then_some(Self { windows, ..self })
    }

    /// True once enough windows found it.
    pub(super) fn is_sure(&self) -> bool {
        let (agreeing, recent) = if self.is_doubtful() {
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

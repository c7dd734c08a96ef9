//! Windows of late that found one and the same key.

use super::key::Key;
use super::limits::{AGREEING_WINDOWS, RECENT_WINDOWS};
use crate::dsp::units::Samples;

/// The windows of late, and the key that they found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Agreement {
    pub(super) key: Key,
    pub(super) onset: Samples,
    /// One bit a window, the newest lowest; set where it found the key.
    windows: u32,
}

const RECENT: u32 = (1 << RECENT_WINDOWS) - 1;

impl Agreement {
    /// The first window that found `key`.
    pub(super) fn begin(key: Key, onset: Samples) -> Self {
        Self { key, onset, windows: 1 }
    }

    /// The newest window found it again.
    pub(super) fn agree(self) -> Self {
        Self { windows: self.windows | 1, ..self }
    }

    /// A window later; `None` once none of late found it.
    pub(super) fn age(self) -> Option<Self> {
        let windows = self.windows << 1;
        (windows & RECENT != 0).then_some(Self { windows, ..self })
    }

    /// True once enough windows found it.
    pub(super) fn is_sure(self) -> bool {
        (self.windows & RECENT).count_ones() >= AGREEING_WINDOWS
    }
}

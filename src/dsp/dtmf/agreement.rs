//! Windows of late that found one and the same key.

use super::exam::Before;
use super::key::Key;
use super::limits::{
    AGREEING_WINDOWS, BRIDGED_AGREEING_WINDOWS, BRIDGED_RECENT_WINDOWS, CHORD_AGREEING_WINDOWS,
    CHORD_RECENT_WINDOWS, CLEARED, DOUBTFUL_AGREEING_WINDOWS, DOUBTFUL_RECENT_WINDOWS,
    FAINT_AGREEING_WINDOWS, FAINT_RECENT_WINDOWS, FAINT_TRACE_WINDOWS, Limits, PARTED_WINDOWS,
    RECENT_WINDOWS, SPLICE_WINDOWS, VOICED_AGREEING_WINDOWS, VOICED_RECENT_WINDOWS,
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
    /// Another tone stood beside them when enough windows agreed: they may be
    /// notes of a chord.
    Chord,
}

/// The windows of late, and the key that they found. Sets of windows have one
/// bit a window, the newest lowest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Agreement {
    pub(super) key: Key,
    pub(super) onset: Samples,
    /// Windows that agree on it.
    agreeing: u32,
    /// Windows that found it, whether or not they agree on its levels.
    found: u32,
    /// The same with those in which it is faint.
    faint: u32,
    /// The same with those that hold a trace of it.
    traced: u32,
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
        let (agreeing, first, standing) = (1, found.pair, found.standing);
        let (faint, traced) = (0, 0);
        Self { key, onset, agreeing, found: 0, faint, traced, doubt, first, before, standing }.finds(found)
    }

    /// The same, after windows that found the key but do not count for what begins.
    pub(super) fn after(self, known: Option<&Self>) -> Self {
        let Some(known) = known else {
            return self;
        };
        let (found, faint) = (self.found | known.found, self.faint | known.faint);
        Self { found, faint, traced: self.traced | known.traced, ..self }
    }

    /// The newest window found it again. In doubt, another level begins anew.
    pub(super) fn agree(self, limits: &Limits, found: &Found) -> Self {
        let this = self.finds(found);
        if !self.is_doubtful() && found.purity != Purity::Clear {
            return this;
        }
        if self.is_doubtful() && !self.is_steady(limits, &found.pair) {
            return this.anew(&found.pair);
        }
        Self { agreeing: self.agreeing | 1, ..this }
    }

    fn finds(self, found: &Found) -> Self {
        let [is_found, is_faint] = match found.purity {
            Purity::Clear | Purity::Buried => [1, 1],
            Purity::Faint => [0, 1],
            Purity::Trace => [0, 0],
        };
        Self { found: self.found | is_found, faint: self.faint | is_faint, traced: self.traced | 1, ..self }
    }

    fn is_doubtful(&self) -> bool {
        match self.doubt {
            Doubt::None | Doubt::Same => false,
            Doubt::Lingering | Doubt::Failed | Doubt::Chord => true,
        }
    }

    /// The newest window is the first on which the others must agree.
    pub(super) fn anew(self, pair: &Pair) -> Self {
        Self { agreeing: 1, first: *pair, ..self }
    }

    /// The tones are not as a key's are, for which `doubt` stands.
    pub(super) fn fail(self, pair: &Pair, doubt: Doubt) -> Self {
        Self { doubt, found: 1, faint: 1, traced: 1, ..self.anew(pair) }
    }

    /// True for a window in which nothing stands beside the tones any more, so
    /// soon after one in which something did: that was a splice, which leaves
    /// the window at once, and no note of a chord.
    pub(super) fn is_cleared_by(&self, found: &Found) -> bool {
        let left = |pair: &Pair| 1.0 - pair.share;
        let is_gone = left(&found.pair) <= CLEARED * left(&self.first);
        self.doubt == Doubt::Chord && self.found < 1 << SPLICE_WINDOWS && is_gone
    }

    /// What stood beside the tones is gone: it was a splice, and no note of a chord.
    pub(super) fn clear(self, found: &Found) -> Self {
        Self { doubt: Doubt::None, ..self.finds(found).anew(&found.pair) }
    }

    /// True for the key's own tones and levels, as in its first window.
    fn is_steady(&self, limits: &Limits, pair: &Pair) -> bool {
        let [least, most] = limits.steady;
        let pairs = levels(pair).into_iter().zip(levels(&self.first));
        pairs.into_iter().all(|(level, first)| level >= first * least && level <= first * most)
    }

    /// True if a window that found the key goes on where the others ended: right
    /// after them, or after a frame that was lost, as it was before it. Where
    /// there were but traces of late, the key begins.
    pub(super) fn goes_on(&self, limits: &Limits, found: &Found) -> bool {
        if self.is_recent() {
            return found.purity == Purity::Trace || self.faint & mask(RECENT_WINDOWS) != 0;
        }
        self.is_steady(limits, &found.pair)
    }

    /// True if windows right before this one found the key.
    pub(super) fn is_recent(&self) -> bool {
        self.traced & mask(RECENT_WINDOWS) != 0
    }

    /// True if the next window that finds the key may begin before what follows
    /// a lost frame does.
    pub(super) fn is_parted(&self) -> bool {
        self.traced & mask(PARTED_WINDOWS) == 0
    }

    /// A window later; `None` once so many found nothing that a lost frame is
    /// no reason.
    pub(super) fn age(self) -> Option<Self> {
        let sets = [self.agreeing, self.found, self.faint, self.traced];
        let [agreeing, found, faint, traced] = sets.map(|windows| windows << 1);
        // Under a dial tone a key is told or found anew.
        let is_bridged = !self.is_doubtful() && self.standing.is_none();
        let kept = if is_bridged { BRIDGED_RECENT_WINDOWS } else { RECENT_WINDOWS };
        (traced & mask(kept) != 0).then_some(Self { agreeing, found, faint, traced, ..self })
    }

    /// True once enough windows found it; where our own voice may be heard
    /// beside it, any that found it count, if they are many.
    pub(super) fn is_sure(&self, has_voice: bool) -> bool {
        let enough = match self.doubt {
            Doubt::None | Doubt::Same => {
                of(self.agreeing, RECENT_WINDOWS) >= AGREEING_WINDOWS
                    || of(self.agreeing, BRIDGED_RECENT_WINDOWS) >= BRIDGED_AGREEING_WINDOWS
            }
            Doubt::Lingering | Doubt::Failed => {
                of(self.agreeing, DOUBTFUL_RECENT_WINDOWS) >= DOUBTFUL_AGREEING_WINDOWS
            }
            Doubt::Chord => of(self.agreeing, CHORD_RECENT_WINDOWS) >= CHORD_AGREEING_WINDOWS,
        };
        enough || has_voice && self.is_sure_in_voice()
    }

    fn is_sure_in_voice(&self) -> bool {
        of(self.found, VOICED_RECENT_WINDOWS) >= VOICED_AGREEING_WINDOWS
            || of(self.faint, FAINT_RECENT_WINDOWS) >= FAINT_AGREEING_WINDOWS
    }

    /// True once it is no accident that windows found it, however faint it is.
    pub(super) fn is_trace(&self) -> bool {
        of(self.traced, FAINT_RECENT_WINDOWS) >= FAINT_TRACE_WINDOWS
    }
}

fn levels(pair: &Pair) -> [f32; 2] {
    pair.tones.map(|tone| tone.mean_square)
}

/// How many of the newest windows are in a set.
fn of(windows: u32, newest: u32) -> u32 {
    (windows & mask(newest)).count_ones()
}

/// The newest `count` windows.
fn mask(count: u32) -> u32 {
    (1 << count) - 1
}

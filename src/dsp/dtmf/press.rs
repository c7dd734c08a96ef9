//! A key that is down: whether its tones are still there, and where they end.

use super::fit::{Tone, Wave, solve};
use super::key::Key;
use super::limits::{Limits, RELEASE_HOPS};
use super::window::Pair;
use crate::dsp::goertzel::HOP;
use crate::dsp::units::Samples;

/// One key held down.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Press {
    pub(super) key: Key,
    pub(super) onset: Samples,
    pub(super) told_at: Samples,
    /// The window that made it sure, which lies inside the tones and not on their edge.
    pub(super) pair: Pair,
    /// Where the tones were last present.
    pub(super) end: Samples,
    /// Hops received since then.
    absent: u8,
}

impl Press {
    /// A key whose last window ended at `told_at` and holds `pair`.
    pub(super) fn new(key: Key, onset: Samples, told_at: Samples, pair: Pair) -> Self {
        Self { key, onset, told_at, pair, end: told_at, absent: 0 }
    }

    #[inline(always)]
    /// Looks for the tones in the hop that begins at `begin`. True once they
    /// have been away for so long that the key is up. A voice beside them may
    /// hide one of them for so long, but not both: they end together.
    pub(super) fn is_up_after(
        &mut self,
        limits: &Limits,
        hop: &[f32; HOP],
        begin: Samples,
        has_voice: bool,
    ) -> bool {
        let [low, high] = presences(hop, &self.pair).tones;
        let presence = if has_voice { (low * high).sqrt() } else { low.min(high) };
        if presence >= limits.present {
            self.end = begin + filled(presence);
            self.absent = 0;
        } else {
            // The tones' last milliseconds may fill less than half a hop.
            if self.absent == 0 && self.end == begin {
                self.end = begin + filled(presence);
            }
            self.absent += 1;
        }
        self.absent >= RELEASE_HOPS
    }
}

/// How much of a hop is filled by tones that are `presence` of their energy.
fn filled(presence: f32) -> Samples {
    let share = presence.sqrt();
    // Noise moves a full hop's amplitude by a few per cent and makes an empty
    // one's: neither is an edge.
    let share = if share > 0.9 {
        1.0
    } else if share < 0.1 {
        0.0
    } else {
        share
    };
    Samples((share * HOP as f32).round() as u64)
}

/// The energy of a key's tones in a hop beside their energy in the key; that of
/// the tone which is further down.
#[inline(always)]
pub(super) fn presence(hop: &[f32; HOP], pair: &Pair) -> f32 {
    let [low, high] = presences(hop, pair).tones;
    low.min(high)
}

/// A key's tones in a stretch.
pub(super) struct Presences {
    /// The energy of each beside its energy in the key.
    pub(super) tones: [f32; 2],
    /// The energy of both, of all energy.
    pub(super) share: f32,
}

/// How much of a stretch the key's tones are.
#[inline(always)]
pub(super) fn presences<const N: usize>(stretch: &[f32; N], pair: &Pair) -> Presences {
    let [low, high] = pair.tones.map(|tone| Wave::<N>::from_zero(tone.frequency.radians_per_sample()));
    let Some((x, z)) = solve([&low.cos, &low.sin, &high.cos, &high.sin], stretch) else {
        return Presences { tones: [0.0; 2], share: 0.0 };
    };
    let beside = |re: f32, im: f32, tone: Tone| (re * re + im * im) / 2.0 / tone.mean_square;
    let explained: f32 = z.iter().map(|z| z * z).sum();
    let energy: f32 = stretch.iter().map(|x| x * x).sum();
    Presences {
        tones: [beside(x[0], x[1], pair.tones[0]), beside(x[2], x[3], pair.tones[1])],
        share: explained / energy.max(1.0),
    }
}

//! The last 36 ms of a line, as they came.

use crate::dsp::goertzel::{BLOCK, HOP};
use crate::dsp::highpass::Highpass;
use crate::dsp::units::Samples;

/// Hops kept: a window of six, the one before it, in which an onset may lie,
/// and two more on which the high-pass settles.
pub(super) const KEPT_HOPS: usize = 9;

/// Hops of one of the gate's blocks.
const BLOCK_HOPS: usize = BLOCK / HOP;

/// Samples kept.
pub(super) const KEPT: usize = KEPT_HOPS * HOP;

const _: () = assert!(KEPT_HOPS.is_multiple_of(BLOCK_HOPS), "each of the gate's blocks lies in one piece");

/// A ring of the newest samples.
#[derive(Debug, Clone)]
pub(super) struct History {
    /// Samples received or known to be missing, up to the last whole hop.
    pub(super) at: Samples,
    /// The hop that is being filled, 0 to [`KEPT_HOPS`] − 1.
    hop: u8,
    /// Samples in it, 0 to [`HOP`] − 1.
    filled: u8,
    /// Whole hops since the last hole, as far as anybody asks.
    unbroken: u8,
    ring: [[i16; HOP]; KEPT_HOPS],
}

impl History {
    /// Nothing heard yet, at a place in time.
    pub(super) fn starting(at: Samples) -> Self {
        Self { at, hop: 0, filled: 0, unbroken: 0, ring: [[0; HOP]; KEPT_HOPS] }
    }

    /// Where the next sample stands in time.
    pub(super) fn position(&self) -> Samples {
        self.at + Samples(u64::from(self.filled))
    }

    /// Whole hops since the last hole, [`KEPT_HOPS`] at most.
    pub(super) fn unbroken(&self) -> usize {
        usize::from(self.unbroken)
    }

    /// Takes samples up to the end of the hop; returns those that are left and
    /// whether the hop is whole.
    #[inline(always)]
    pub(super) fn take<'a>(&mut self, samples: &'a [i16]) -> (&'a [i16], bool) {
        let Some(hop) = self.ring.get_mut(usize::from(self.hop)) else {
            return (&[], false);
        };
        let filled = usize::from(self.filled);
        // The usual case, a copy of a known length.
        if let (0, Some((now, later))) = (filled, samples.split_first_chunk()) {
            *hop = *now;
            self.end_hop();
            return (later, true);
        }
        let (now, later) = samples.split_at(samples.len().min(HOP.saturating_sub(filled)));
        let end = filled + now.len();
        hop[filled..end].copy_from_slice(now);
        let is_whole = end == HOP;
        if is_whole {
            self.end_hop();
        } else {
            self.filled = end as u8;
        }
        (later, is_whole)
    }

    #[inline(always)]
    fn end_hop(&mut self) {
        self.at += Samples(HOP as u64);
        self.filled = 0;
        self.hop = if usize::from(self.hop) == KEPT_HOPS - 1 { 0 } else { self.hop + 1 };
        self.unbroken = (self.unbroken + 1).min(KEPT_HOPS as u8);
    }

    /// Passes over samples that never came. A started hop is dropped: half of
    /// it would come from elsewhere.
    pub(super) fn skip(&mut self, missing: Samples) {
        self.at = self.position() + missing;
        (self.hop, self.filled, self.unbroken) = (0, 0, 0);
    }

    /// The block of the gate that the newest hop has made whole, if it has.
    #[inline(always)]
    pub(super) fn whole_block(&self) -> Option<&[i16; BLOCK]> {
        let end = if self.hop == 0 { KEPT_HOPS } else { usize::from(self.hop) };
        if !end.is_multiple_of(BLOCK_HOPS) {
            return None;
        }
        self.ring.get(end - BLOCK_HOPS..end)?.as_flattened().first_chunk()
    }

    /// The newest `N` samples but for the last `back`, all of them received
    /// since the last hole; whole hops.
    #[inline(always)]
    pub(super) fn newest<const N: usize>(&self, back: usize) -> [i16; N] {
        let mut samples = [0; N];
        for (hop, kept) in samples.as_chunks_mut::<HOP>().0.iter_mut().zip(self.newest_hops(N, back)) {
            *hop = *kept;
        }
        samples
    }

    /// The hops of the newest `count` samples but for the last `back`.
    #[inline(always)]
    fn newest_hops(&self, count: usize, back: usize) -> impl Iterator<Item = &[i16; HOP]> {
        let first = (usize::from(self.hop) + 2 * KEPT_HOPS - (back + count) / HOP) % KEPT_HOPS;
        let (older, newer) = self.ring.split_at(first);
        newer.iter().chain(older)
    }

    /// The newest `N` samples after the high-pass, which settles on as much as
    /// is known before them; whole hops. What lies before a hole is zero.
    #[inline(always)]
    pub(super) fn filtered<const N: usize>(&self, filter: &Highpass) -> [f32; N] {
        let mut samples = [0.0; N];
        let known = (self.unbroken() * HOP).min(N);
        let kept = self.newest_hops(known, 0);
        let known = &mut samples[N - known..];
        for (hop, kept) in known.as_chunks_mut::<HOP>().0.iter_mut().zip(kept) {
            let mut converted = [0.0; HOP];
            for (sample, kept) in converted.iter_mut().zip(kept) {
                *sample = f32::from(*kept);
            }
            *hop = converted;
        }
        filter.run(&mut Highpass::resting_on(known.first().copied().unwrap_or(0.0)), known);
        samples
    }
}

//! The last 36 ms of a line, as they came.

use crate::dsp::goertzel::{BLOCK, HOP};
use crate::dsp::highpass::Highpass;
use crate::dsp::units::Samples;

/// Hops kept: a window of six, the one before it, in which an onset may lie,
/// and two more on which the high-pass settles.
pub(super) const KEPT_HOPS: usize = 9;

/// Samples kept: whole blocks of the gate, so that each lies in one piece.
pub(super) const KEPT: usize = KEPT_HOPS * HOP;

const _: () = assert!(KEPT.is_multiple_of(BLOCK), "a block lies in one piece");

/// A ring of the newest samples.
#[derive(Debug, Clone)]
pub(super) struct History {
    /// Samples received or known to be missing, up to the last whole hop.
    pub(super) at: Samples,
    ring: [i16; KEPT],
    /// Where the next sample goes, 0 to [`KEPT`] − 1.
    next: u16,
    /// Whole hops since the last hole, as far as anybody asks.
    unbroken: u8,
}

impl History {
    /// Nothing heard yet, at a place in time.
    pub(super) fn starting(at: Samples) -> Self {
        Self { at, ring: [0; KEPT], next: 0, unbroken: 0 }
    }

    /// Where the next sample stands in time.
    pub(super) fn position(&self) -> Samples {
        self.at + Samples(u64::from(self.next) % HOP as u64)
    }

    /// Whole hops since the last hole, [`KEPT_HOPS`] at most.
    pub(super) fn unbroken(&self) -> usize {
        usize::from(self.unbroken)
    }

    /// Takes samples up to the end of the hop; returns those that are left and
    /// whether the hop is whole.
    #[inline(always)]
    pub(super) fn take<'a>(&mut self, samples: &'a [i16]) -> (&'a [i16], bool) {
        let next = usize::from(self.next) % KEPT;
        let filled = next % HOP;
        let (now, later) = samples.split_at(samples.len().min(HOP - filled));
        match (now.first_chunk::<HOP>(), self.ring[next..].first_chunk_mut::<HOP>()) {
            // The usual case, a copy of a known length.
            (Some(hop), Some(kept)) => *kept = *hop,
            (None, _) | (Some(_), None) => self.ring[next..next + now.len()].copy_from_slice(now),
        }
        let end = next + now.len();
        self.next = if end == KEPT { 0 } else { end as u16 };
        let is_whole = filled + now.len() == HOP;
        if is_whole {
            self.at += Samples(HOP as u64);
            self.unbroken = (self.unbroken + 1).min(KEPT_HOPS as u8);
        }
        (later, is_whole)
    }

    /// Passes over samples that never came. A started hop is dropped: half of
    /// it would come from elsewhere.
    pub(super) fn skip(&mut self, missing: Samples) {
        self.at = self.position() + missing;
        self.next = 0;
        self.unbroken = 0;
    }

    /// The block of the gate that the newest hop has made whole, if it has.
    #[inline(always)]
    pub(super) fn whole_block(&self) -> Option<&[i16; BLOCK]> {
        let end = if self.next == 0 { KEPT } else { usize::from(self.next) };
        if !end.is_multiple_of(BLOCK) {
            return None;
        }
        self.ring.get(end - BLOCK..end)?.first_chunk()
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
        let hops = self.ring.as_chunks::<HOP>().0;
        let first = (usize::from(self.next) + 2 * KEPT - back - count) / HOP % KEPT_HOPS;
        let (older, newer) = hops.split_at(first);
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

//! Where the echo is: the delay at which received and played samples agree.
//!
//! Both are narrowed to the lower speech band, brought to 2 kHz and to an even level, so that no
//! single loud vowel and no pitch decides; then they are correlated at every delay that an echo may
//! have. A quarter of the samples and a quarter of the delays make it a sixteenth of the work.

use std::sync::LazyLock;

use pulp::Simd;

use super::slide::{SUMS, energy, slide};
use crate::dsp::units::{Dbm0, Hz};

/// Samples that become one.
const DECIMATION: usize = 4;

/// Decimated samples worked at once.
const GROUP: usize = 16;

/// Samples worked at once.
pub(super) const GROUP_SAMPLES: usize = DECIMATION * GROUP;

/// Delays looked at, in decimated samples: 0 to 320 ms, for the 300 ms and what the line's ends add.
const LAGS: usize = 640;

/// The same in samples.
pub(super) const REACH_SAMPLES: u64 = (LAGS * DECIMATION) as u64;

/// Taps of the band-pass.
const BAND_TAPS: usize = 24;

/// The middle of the pass-band, which reaches about 350 Hz to either side.
const BAND: Hz = Hz(600.0);

/// What a group leaves of the past: a memory of 0.6 s.
const MEMORY: f32 = 0.987;

/// What a group leaves of the level before it: levels are made even over 12 ms.
const LEVEL_MEMORY: f32 = 0.5;

/// Quieter than this holds no echo worth knowing.
const FLOOR: Dbm0 = Dbm0(-52.0);

/// Room for the decimated reference: when it is full, what is still needed moves to the front.
const ROOM: usize = 1024;

/// Steps of the kept reference to its own level, over which its peaks reach by 15 dB at most.
const STEPS: f32 = 20.0;

/// A delay at which an echo may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Candidate {
    /// The delay of the strongest agreement, in samples.
    pub(super) lag: usize,
    /// Its correlation beside the root mean square of all delays'.
    pub(super) prominence: f32,
}

/// The band-pass.
static BAND_PASS: LazyLock<[f32; BAND_TAPS]> = LazyLock::new(|| {
    let middle = (BAND_TAPS - 1) as f32 / 2.0;
    std::array::from_fn(|n| {
        let off = n as f32 - middle;
        let window = 0.5 + 0.5 * (std::f32::consts::PI * off / (middle + 1.0)).cos();
        window * (BAND.radians_per_sample() * off).cos() / 6.0
    })
});

/// The correlation of one line.
#[derive(Debug, Clone)]
pub(super) struct Search {
    /// In 8 bits, which is noise 30 dB down.
    reference: [i8; ROOM],
    /// Where the next group of the reference goes.
    filled: usize,
    /// By delay, the longest first.
    correlation: [f32; LAGS],
    /// Power of the reference and of the received samples of late.
    power: [f32; 2],
    floor: f32,
}

impl Search {
    /// Nothing correlated yet.
    pub(super) fn new() -> Self {
        Self {
            reference: [0; ROOM],
            filled: LAGS,
            correlation: [0.0; LAGS],
            power: [0.0; 2],
            floor: FLOOR.mean_square(),
        }
    }

    /// Takes the group of what was played that ends at `end`.
    #[inline(always)]
    pub(super) fn take_played<S: Simd>(&mut self, simd: S, read: impl Fn(i64, &mut [f32]), end: u64) {
        if self.filled + GROUP > ROOM {
            self.reference.copy_within(self.filled - LAGS..self.filled, 0);
            self.filled = LAGS;
        }
        let group = self.decimate(simd, 0, read, end);
        for (kept, x) in self.reference[self.filled..].iter_mut().zip(group) {
            *kept = (STEPS * x) as i8;
        }
        self.filled += GROUP;
    }

    /// Correlates the group of what was received that ends at `end` with what was played until then.
    #[inline(always)]
    pub(super) fn take_received<S: Simd>(&mut self, simd: S, read: impl Fn(i64, &mut [f32]), end: u64) {
        let group = self.decimate(simd, 1, read, end);
        if self.power[1] > self.floor {
            self.correlate(simd, &group.map(|x| x / STEPS));
        }
    }

    /// The group that ends at `end`, narrowed, decimated and at an even level.
    #[inline(always)]
    fn decimate<S: Simd>(
        &mut self,
        simd: S,
        which: usize,
        read: impl Fn(i64, &mut [f32]),
        end: u64,
    ) -> [f32; GROUP] {
        let mut samples = [0.0; GROUP_SAMPLES + BAND_TAPS];
        read(end as i64 - samples.len() as i64, &mut samples);
        let group = narrowed(&samples);
        let power = &mut self.power[which];
        *power = LEVEL_MEMORY * *power + (1.0 - LEVEL_MEMORY) * energy(simd, &group) / GROUP as f32;
        let scale = 1.0 / (*power + self.floor).sqrt();
        group.map(|x| x * scale)
    }

    #[inline(always)]
    fn correlate<S: Simd>(&mut self, simd: S, group: &[f32; GROUP]) {
        let mut reference = [0.0; LAGS + GROUP];
        for (wide, kept) in
            reference.iter_mut().zip(&self.reference[self.filled - GROUP - LAGS + 1..self.filled])
        {
            *wide = f32::from(*kept);
        }
        for (index, row) in self.correlation.as_chunks_mut::<SUMS>().0.iter_mut().enumerate() {
            for c in row.iter_mut() {
                *c *= MEMORY;
            }
            slide(simd, group, &reference[SUMS * index..], row);
        }
    }

    /// The delay at which both agree best.
    #[inline(always)]
    pub(super) fn candidate<S: Simd>(&self, simd: S) -> Candidate {
        let energy = energy(simd, &self.correlation);
        let rms = (energy / LAGS as f32).sqrt().max(1e-6);
        let mut peaks = [0.0f32; SUMS];
        for row in self.correlation.as_chunks::<SUMS>().0 {
            for (peak, c) in peaks.iter_mut().zip(row) {
                *peak = if c.abs() > *peak { c.abs() } else { *peak };
            }
        }
        let peak = peaks.into_iter().fold(0.0, f32::max);
        let index = self.correlation.iter().position(|c| c.abs() == peak).unwrap_or(0);
        Candidate { lag: DECIMATION * (LAGS - 1 - index), prominence: peak / rms }
    }
}

/// A group of samples through the band-pass, every fourth of them: four sums of every fourth tap, for
/// which the samples lie side by side.
#[inline(always)]
fn narrowed(samples: &[f32; GROUP_SAMPLES + BAND_TAPS]) -> [f32; GROUP] {
    const EACH: usize = (GROUP_SAMPLES + BAND_TAPS) / DECIMATION;
    let mut phases = [[0.0; EACH]; DECIMATION];
    for (n, four) in samples.as_chunks::<DECIMATION>().0.iter().enumerate() {
        for (phase, x) in phases.iter_mut().zip(four) {
            phase[n] = *x;
        }
    }
    let mut group = [0.0; GROUP];
    for (tap, weights) in BAND_PASS.as_chunks::<DECIMATION>().0.iter().enumerate() {
        for (phase, weight) in phases.iter().zip(weights) {
            for (sum, x) in group.iter_mut().zip(&phase[tap + 1..]) {
                *sum += weight * x;
            }
        }
    }
    group
}

#[cfg(test)]
mod tests {
    use pulp::Scalar;

    use super::super::history::widen;
    use super::super::tests::noise;
    use super::*;

    /// A second and a half of noise, correlated with what `received` makes of it.
    fn candidate(received: impl Fn(&[i16]) -> Vec<i16>) -> Candidate {
        let said = noise(12_000, Dbm0(-10.0), 1);
        let heard = received(&said);
        let reading = |samples: &[i16], from: i64, out: &mut [f32]| {
            out.fill(0.0);
            let before = usize::try_from(-from).unwrap_or(0).min(out.len());
            widen(&samples[usize::try_from(from).unwrap_or(0)..], &mut out[before..]);
        };
        let mut search = Search::new();
        for end in (GROUP_SAMPLES..=said.len()).step_by(GROUP_SAMPLES) {
            search.take_played(Scalar, |from, out| reading(&said, from, out), end as u64);
            search.take_received(Scalar, |from, out| reading(&heard, from, out), end as u64);
        }
        search.candidate(Scalar)
    }

    fn late(said: &[i16], by: usize, gain: f32) -> Vec<i16> {
        let echo = said.iter().map(|x| (gain * f32::from(*x)) as i16);
        std::iter::repeat_n(0, by).chain(echo).take(said.len()).collect()
    }

    /// "10 to 300 ms late", 0 to 30 dB down.
    #[test]
    fn an_echo_stands_out_at_its_delay() {
        for (by, gain) in [(80, 1.0), (403, 0.1), (1_600, -0.3), (2_400, 0.03)] {
            let Candidate { lag, prominence } = candidate(|said| late(said, by, gain));
            assert!(lag.abs_diff(by) <= 2 * DECIMATION, "{by}: {lag}");
            assert!(prominence > 8.0, "{by}: {prominence}");
        }
    }

    #[test]
    fn what_is_no_echo_has_no_delay() {
        let stranger = candidate(|said| noise(said.len(), Dbm0(-10.0), 99));
        assert!(stranger.prominence < 5.5, "{stranger:?}");
        assert_eq!(candidate(|said| vec![0; said.len()]).prominence, 0.0);
    }
}

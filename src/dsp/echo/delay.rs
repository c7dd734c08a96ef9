//! The delay of the echo to a fraction of a sample, and how it drifts.
//!
//! The two ends' clocks differ by up to 200 ppm, a sample and a half a second. An echo that comes τ
//! later than the model leaves −τ times the slope of the model's echo; from that a Kalman filter
//! keeps the delay and the drift.

use std::sync::LazyLock;

use pulp::Simd;

use super::canceller::BLOCK;
use super::reference::Reference;
use super::slide::{energy, product, slide};

/// Samples that an in-between one is made of.
const SPAN: usize = 8;

/// Steps from one sample to the next.
const PHASES: usize = 64;

/// The clocks' difference as far as it is believed, in samples a sample: twice 200 ppm.
const MOST_DRIFT: f64 = 400e-6;

/// How much less a block tells than white noise would: its samples are not independent.
const COLOUR: f32 = 10.0;

/// Uncertainty squared in samples and in samples a block, when a path was just learnt: a tenth of a
/// sample and 150 ppm.
const AT_FIRST: [f32; 2] = [1e-2, 2.3e-5];

/// What a block adds to both: the taps move too, and clocks wander.
const WANDER: [f32; 2] = [1e-6, 1e-10];

/// Variance of a delay that was not heard for long: a sample.
const FARTHEST: f32 = 1.0;

/// Windowed sines-over-arguments, one row a phase.
static ROWS: LazyLock<[[f32; SPAN]; PHASES + 1]> =
    LazyLock::new(|| std::array::from_fn(|phase| row(phase as f32 / PHASES as f32)));

fn row(fraction: f32) -> [f32; SPAN] {
    let half = SPAN as f32 / 2.0;
    std::array::from_fn(|n| {
        let off = n as f32 - (half - 1.0) - fraction;
        let window = (std::f32::consts::FRAC_PI_2 * off / (half + 0.25)).cos().powi(2);
        let angle = std::f32::consts::PI * off;
        if angle.abs() < 1e-4 { 1.0 } else { window * angle.sin() / angle }
    })
}

/// A delay that drifts.
#[derive(Debug, Clone)]
pub(super) struct Delay {
    /// Now, in samples.
    samples: f64,
    /// In samples a sample.
    drift: f64,
    /// Variance of the delay, covariance, variance of the drift a block.
    spread: [f32; 3],
}

impl Delay {
    /// A delay of whole samples, and any drift.
    pub(super) fn new(samples: i64) -> Self {
        let [delay, drift] = AT_FIRST;
        Self { samples: samples as f64, drift: 0.0, spread: [delay, 0.0, drift] }
    }

    /// Now, in samples.
    pub(super) fn samples(&self) -> f64 {
        self.samples
    }

    /// Moves on by so many samples.
    #[inline(always)]
    pub(super) fn pass(&mut self, count: u64) {
        self.samples += self.drift * count as f64;
        let blocks = count as f32 / BLOCK as f32;
        let [delay, both, drift] = &mut self.spread;
        *delay += blocks * (2.0 * *both + blocks * *drift + WANDER[0]);
        *delay = if *delay > FARTHEST { FARTHEST } else { *delay };
        *both += blocks * *drift;
        *drift += blocks * WANDER[1];
    }

    /// What was played as it comes back in the [`BLOCK`] samples that end at `end`.
    #[inline(always)]
    pub(super) fn read<S: Simd>(&self, simd: S, played: &impl Reference, end: i64) -> [f32; BLOCK] {
        let place = (end - BLOCK as i64) as f64 - self.samples;
        let whole = place.floor();
        let mut near = [0.0; BLOCK + SPAN - 1];
        played.read(whole as i64 - (SPAN as i64 / 2 - 1), &mut near);
        let phase = ((place - whole) * PHASES as f64).round() as usize;
        let mut out = [0.0; BLOCK];
        slide(simd, &ROWS[phase.min(PHASES)], &near, &mut out);
        out
    }

    /// Learns from the echo that was made of a block and what it left of the received samples.
    #[inline(always)]
    pub(super) fn learn<S: Simd>(&mut self, simd: S, made: &[f32; BLOCK], left: &[f32; BLOCK]) {
        let mut slope = [0.0; BLOCK];
        for n in 1..BLOCK - 1 {
            slope[n] = (made[n + 1] - made[n - 1]) / 2.0;
        }
        let (slopes, rest) = (energy(simd, &slope), energy(simd, left));
        let common = product(simd, &slope, left);
        if slopes < BLOCK as f32 {
            return;
        }
        let [delay, both, drift] = &mut self.spread;
        let late = -common / slopes;
        let noise = COLOUR * (rest / BLOCK as f32 + 1.0) / slopes;
        let [to_delay, to_drift] = [*delay, *both].map(|spread| spread / (*delay + noise));
        *drift -= to_drift * *both;
        *both *= 1.0 - to_delay;
        *delay *= 1.0 - to_delay;
        self.samples += f64::from(to_delay * late);
        let drift = self.drift + f64::from(to_drift * late) / BLOCK as f64;
        self.drift = drift.clamp(-MOST_DRIFT, MOST_DRIFT);
    }
}

#[cfg(test)]
mod tests {
    use pulp::Scalar;

    use super::super::Recording;
    use super::*;
    use crate::dsp::units::Samples;

    /// Something that is known between its samples too: sines that no block holds whole.
    fn sound(at: f64) -> f32 {
        [0.11, 0.37, 0.83, 1.29].iter().map(|step| 2_000.0 * (step * at).sin() as f32).sum()
    }

    fn said(count: usize) -> Recording {
        Recording::new((0..count).map(|n| sound(n as f64).round() as i16).collect::<Vec<_>>(), Samples(0))
    }

    /// The block that ends at `end`, of an echo that is so late.
    fn echo(end: usize, late: impl Fn(f64) -> f64) -> [f32; BLOCK] {
        std::array::from_fn(|n| {
            let at = (end - BLOCK + n) as f64;
            sound(at - late(at))
        })
    }

    #[test]
    fn what_was_played_is_read_between_its_samples() {
        let mut delay = Delay::new(100);
        for fraction in [0.0, 0.25, 0.5, 0.9] {
            delay.samples = 100.0 + fraction;
            let read = delay.read(Scalar, &said(2_000), 1_000);
            let wanted = echo(1_000, |_| 100.0 + fraction);
            let off = read.iter().zip(wanted).map(|(a, b)| (a - b).powi(2)).sum::<f32>();
            assert!(off < 1e-3 * energy(Scalar, &wanted), "{fraction}: {off}");
        }
    }

    /// "Drifting 200 ppm", either way: the delay is followed to a twentieth of a sample.
    #[test]
    fn a_drifting_echo_is_followed() {
        let played = said(34_000);
        for ppm in [-200.0, 0.0, 200.0] {
            let late = |at: f64| 300.3 + ppm * 1e-6 * at;
            let mut delay = Delay::new(300);
            for end in (BLOCK..32_000).step_by(BLOCK) {
                delay.pass(BLOCK as u64);
                let made = delay.read(Scalar, &played, end as i64);
                let mut left = echo(end, late);
                left.iter_mut().zip(made).for_each(|(left, made)| *left -= made);
                delay.learn(Scalar, &made, &left);
            }
            let off = delay.samples() - late(32_000.0);
            assert!(off.abs() < 0.05, "{ppm} ppm: {off}");
            assert!((delay.drift * 1e6 - ppm).abs() < 30.0, "{ppm} ppm: {}", delay.drift * 1e6);
        }
    }

    /// Between two sentences the drift that is known goes on.
    #[test]
    fn a_pause_moves_the_delay_by_its_drift() {
        let mut delay = Delay { drift: 100e-6, ..Delay::new(300) };
        delay.pass(80_000);
        assert!((delay.samples() - 308.0).abs() < 1e-6);
    }

    #[test]
    fn silence_teaches_nothing() {
        let mut delay = Delay::new(300);
        delay.learn(Scalar, &[0.0; BLOCK], &[100.0; BLOCK]);
        assert_eq!(delay.samples(), 300.0);
    }
}

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

//! Eight bins between 250 and 2,250 Hz, in blocks of 4 ms.

use std::f32::consts::{PI, TAU};
use std::ops::{Add, AddAssign, Mul};

use crate::dsp::units::{Hz, SAMPLE_RATE};

/// Samples from one block to the next: 4 ms.
pub(super) const BLOCK: usize = 32;

/// How many bins there are.
pub(super) const BINS: usize = 8;

/// From bin to bin: where one is 6 dB down, so is its neighbour.
const SPACING: Hz = Hz(250.0);

/// The lowest bin's centre.
const LOWEST: Hz = Hz(375.0);

/// Blocks a second: the frequencies that look alike from block to block are this far apart.
pub(super) const BLOCK_RATE: Hz = Hz(SAMPLE_RATE as f32 / BLOCK as f32);

/// The centre of a bin.
pub(super) fn centre(bin: usize) -> Hz {
    Hz(LOWEST.0 + SPACING.0 * bin as f32)
}

/// The amplitude that a bin shows of a tone this far from its centre.
///
/// The transform of a Hann window of two blocks.
pub(super) fn response(offset: Hz) -> f32 {
    let bins = offset.0.abs() * (2 * BLOCK) as f32 / SAMPLE_RATE as f32;
    if bins < 1e-3 {
        return 1.0;
    }
    if (bins - 1.0).abs() < 1e-3 {
        return 0.5;
    }
    (PI * bins).sin() / (PI * bins * (1.0 - bins * bins))
}

/// A complex number.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Complex {
    pub(super) re: f32,
    pub(super) im: f32,
}

impl Complex {
    /// Of length one, at an angle in radians.
    pub(super) fn unit(angle: f32) -> Self {
        let (im, re) = angle.sin_cos();
        Self { re, im }
    }

    pub(super) fn conjugate(self) -> Self {
        Self { im: -self.im, ..self }
    }

    pub(super) fn scaled(self, factor: f32) -> Self {
        Self { re: self.re * factor, im: self.im * factor }
    }

    pub(super) fn power(self) -> f32 {
        self.re * self.re + self.im * self.im
    }

    pub(super) fn angle(self) -> f32 {
        self.im.atan2(self.re)
    }
}

impl Mul for Complex {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        Self { re: self.re * other.re - self.im * other.im, im: self.re * other.im + self.im * other.re }
    }
}

impl Add for Complex {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { re: self.re + other.re, im: self.im + other.im }
    }
}

impl AddAssign for Complex {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

/// What the bins show of one block: of a sine in a bin's centre its peak, and its phase in the
/// middle of the two blocks that the window spans.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Bins {
    pub(super) re: [f32; BINS],
    pub(super) im: [f32; BINS],
}

impl Bins {
    pub(super) fn at(&self, bin: usize) -> Complex {
        Complex { re: self.re[bin], im: self.im[bin] }
    }
}

/// The windowed waves that all lines share, folded about the middle of the window: a cosine is even
/// and a sine odd, which halves the work.
#[derive(Debug)]
pub(super) struct Bank {
    cos: [[f32; BINS]; BLOCK],
    sin: [[f32; BINS]; BLOCK],
}

impl Default for Bank {
    fn default() -> Self {
        let wave = |part: fn(f32) -> f32| {
            std::array::from_fn(|n| {
                let from_middle = n as f32 + 0.5;
                let hann = (PI * from_middle / (2 * BLOCK) as f32).cos().powi(2);
                let step = |bin: usize| TAU * centre(bin).0 / SAMPLE_RATE as f32;
                std::array::from_fn(|bin| hann * 2.0 / BLOCK as f32 * part(step(bin) * from_middle))
            })
        };
        Self { cos: wave(f32::cos), sin: wave(|angle| -angle.sin()) }
    }
}

impl Bank {
    /// The bins of `N` windows of two blocks, each window a block later than the one before.
    ///
    /// Side by side, so that the sum of one window does not wait for itself.
    #[inline(always)]
    pub(super) fn pass<const N: usize>(&self, samples: &[f32]) -> [Bins; N] {
        let samples = &samples[..(N + 1) * BLOCK];
        let mut bins = [Bins::default(); N];
        for n in 0..BLOCK {
            let (cos, sin) = (&self.cos[n], &self.sin[n]);
            for (block, bins) in bins.iter_mut().enumerate() {
                let middle = (block + 1) * BLOCK;
                let (later, earlier) = (samples[middle + n], samples[middle - 1 - n]);
                let (even, odd) = (later + earlier, later - earlier);
                for bin in 0..BINS {
                    bins.re[bin] += even * cos[bin];
                    bins.im[bin] += odd * sin[bin];
                }
            }
        }
        bins
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bins_of(frequency: f32, peak: f32) -> Bins {
        let step = TAU * frequency / 8000.0;
        let samples: Vec<f32> = (0..2 * BLOCK).map(|n| peak * (step * n as f32).sin()).collect();
        let [bins] = Bank::default().pass(&samples);
        bins
    }

    #[test]
    fn a_bin_shows_the_peak_of_a_sine_as_its_response_says() {
        for (bin, offset) in [(1, 0.0), (3, 60.0), (5, -100.0), (7, 125.0)] {
            let shown = bins_of(centre(bin).0 + offset, 10_000.0).at(bin).power().sqrt();
            let told = 10_000.0 * response(Hz(offset));
            assert!((shown - told).abs() < 150.0, "bin {bin}, {offset} Hz off: {shown}, not {told}");
        }
    }
}

//! Short-time spectra for the eye: power at each frequency from 0 to 4 kHz.

use std::f32::consts::TAU;

use crate::dsp::units::Dbm0;

/// Samples of a window: 32 ms, which tells the lines of the low group apart.
const WINDOW: usize = 256;
/// Frequencies at which the power is taken, 15.6 Hz apart.
pub(super) const BINS: usize = 256;

/// Sines, cosines and the window, made once a picture.
pub(super) struct Spectrum {
    window: Vec<f32>,
    turns: Vec<(f32, f32)>,
}

impl Spectrum {
    pub(super) fn new() -> Spectrum {
        let phase = |n: usize, of: usize| TAU * n as f32 / of as f32;
        let window = (0..WINDOW).map(|n| 0.5 - 0.5 * phase(2 * n + 1, 2 * WINDOW).cos()).collect();
        // A bin is half a cycle a window, so that one turn has twice as many steps.
        let turns = (0..2 * BINS).map(|n| (phase(n, 2 * BINS).cos(), phase(n, 2 * BINS).sin())).collect();
        Spectrum { window, turns }
    }

    /// The level at each bin around sample `centre`; a sine has its own level at its frequency.
    pub(super) fn at(&self, samples: &[i16], centre: usize) -> [Dbm0; BINS] {
        let sample = |n: usize| {
            let index = (centre + n).checked_sub(WINDOW / 2);
            index.and_then(|index| samples.get(index)).map_or(0.0, |x| f32::from(*x))
        };
        let windowed: Vec<f32> = self.window.iter().enumerate().map(|(n, w)| w * sample(n)).collect();
        std::array::from_fn(|bin| {
            let (mut re, mut im) = (0.0, 0.0);
            for (n, x) in windowed.iter().enumerate() {
                let (cos, sin) = self.turns[(n * bin) % (2 * BINS)];
                re += x * cos;
                im += x * sin;
            }
            // The window sums to half its length, and half of a sine's power lies at -f.
            let amplitude_square = (re * re + im * im) * 16.0 / (WINDOW * WINDOW) as f32;
            Dbm0::from_mean_square(amplitude_square / 2.0)
        })
    }
}

/// The frequency of a bin.
pub(super) fn frequency(bin: usize) -> f32 {
    4_000.0 * bin as f32 / BINS as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sine_shows_at_its_frequency_with_its_level() {
        let peak = Dbm0(-13.0).sine_peak();
        let sine: Vec<i16> =
            (0..1_000).map(|n| ((TAU * 1_000.0 * n as f32 / 8_000.0).sin() * peak) as i16).collect();
        let levels = Spectrum::new().at(&sine, 500);
        let (bin, level) = levels.iter().enumerate().max_by(|a, b| a.1.0.total_cmp(&b.1.0)).unwrap();
        assert_eq!(frequency(bin), 1_000.0);
        assert!((level.0 + 13.0).abs() < 0.2, "{level}");
        assert!(levels[bin + 20].0 < -60.0);
    }
}

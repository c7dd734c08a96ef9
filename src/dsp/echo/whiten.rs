//! A short predictor of the reference, whose error is nearly white.

use pulp::Simd;

use super::slide::{SUMS, product, slide};

/// Samples by which the next one is predicted.
pub(super) const ORDER: usize = 8;

/// Blocks learnt from between two looks at the spectrum.
const EVERY: u32 = 3;

/// White noise thought of as lying under the reference, 30 dB down: without it a pure tone would be
/// predicted wholly and the rest be rounding.
const NOISE: f32 = 1e-3;

/// The predictor of one reference.
#[derive(Debug, Clone)]
pub(super) struct Whitener {
    /// What each sample counts in the prediction error, the oldest first.
    weights: [f32; ORDER + 1],
    countdown: u32,
}

impl Whitener {
    /// Predicts nothing yet.
    pub(super) fn new() -> Self {
        let mut weights = [0.0; ORDER + 1];
        weights[ORDER] = 1.0;
        Self { weights, countdown: 0 }
    }

    /// Looks at the reference every so often and takes its spectrum over.
    #[inline(always)]
    pub(super) fn watch<S: Simd>(&mut self, simd: S, line: &[f32]) {
        if self.countdown > 0 {
            self.countdown -= 1;
            return;
        }
        self.countdown = EVERY - 1;
        let mut products = [0.0; ORDER + 1];
        for (lag, sum) in products.iter_mut().enumerate() {
            *sum = product(simd, &line[lag..], line);
        }
        if products[0] < 1.0 {
            return;
        }
        products[0] *= 1.0 + NOISE;
        for (back, weight) in levinson(&products).into_iter().enumerate() {
            self.weights[ORDER - 1 - back] = -weight;
        }
    }

    /// The prediction errors of the last [`SUMS`] samples, before which [`ORDER`] more stand.
    #[inline(always)]
    pub(super) fn run<S: Simd>(&self, simd: S, samples: &[f32]) -> [f32; SUMS] {
        let first = samples.len() - SUMS - ORDER;
        let mut errors = [0.0; SUMS];
        slide(simd, &self.weights, &samples[first..], &mut errors);
        errors
    }
}

/// The Levinson–Durbin recursion: the best predictor from products at lags 0, 1, …
#[inline(always)]
fn levinson(products: &[f32; ORDER + 1]) -> [f32; ORDER] {
    let mut weights = [0.0; ORDER];
    let mut error = products[0];
    for order in 0..ORDER {
        let known: f32 = (0..order).map(|k| weights[k] * products[order - k]).sum();
        let reflection = ((products[order + 1] - known) / error).clamp(-0.999, 0.999);
        let before = weights;
        weights[order] = reflection;
        for k in 0..order {
            weights[k] = before[k] - reflection * before[order - 1 - k];
        }
        error *= 1.0 - reflection * reflection;
    }
    weights
}

#[cfg(test)]
mod tests {
    use pulp::Scalar;

    use super::super::tests::noise;
    use super::*;
    use crate::dsp::units::Dbm0;

    /// What is left of the newest samples, as a share of their energy.
    fn share_left(whitener: &Whitener, line: &[f32]) -> f32 {
        let newest = &line[line.len() - SUMS..];
        let errors = whitener.run(Scalar, line);
        product(Scalar, &errors, &errors) / product(Scalar, newest, newest)
    }

    fn white() -> Vec<f32> {
        noise(160, Dbm0(-10.0), 1).into_iter().map(f32::from).collect()
    }

    /// A vowel's formant: noise through a resonance at 500 Hz.
    fn vowel() -> Vec<f32> {
        let (mut one, mut two) = (0.0, 0.0);
        let resonance = |x: f32| {
            let now = x + 2.0 * 0.97 * std::f32::consts::FRAC_PI_8.cos() * one - 0.97 * 0.97 * two;
            (one, two) = (now, one);
            now
        };
        white().into_iter().map(resonance).collect()
    }

    #[test]
    fn before_the_first_look_nothing_is_predicted() {
        assert_eq!(share_left(&Whitener::new(), &vowel()), 1.0);
    }

    /// A vowel alone would teach a path nothing but its own few harmonics.
    #[test]
    fn a_vowel_becomes_nearly_white_and_noise_stays_as_it_is() {
        let mut whitener = Whitener::new();
        whitener.watch(Scalar, &vowel());
        assert!(share_left(&whitener, &vowel()) < 0.15);
        let mut whitener = Whitener::new();
        whitener.watch(Scalar, &white());
        assert!((0.7..1.1).contains(&share_left(&whitener, &white())));
    }

    /// A pure tone is predicted as far as the noise thought of under it allows, and never to nonsense.
    #[test]
    fn a_tone_and_silence_leave_the_weights_finite() {
        let tone: Vec<f32> = (0..160).map(|n| 8_000.0 * (0.7 * n as f32).sin()).collect();
        for line in [tone, vec![0.0; 160]] {
            let mut whitener = Whitener::new();
            whitener.watch(Scalar, &line);
            assert!(whitener.weights.iter().all(|weight| weight.abs() < 10.0), "{whitener:?}");
        }
    }
}

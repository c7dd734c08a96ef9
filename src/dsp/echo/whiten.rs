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

//! The exact test: which two tones explain a stretch of samples best.
//!
//! A least-squares fit of two sines whose frequencies are free. Unlike a
//! transform it is not blurred by the stretch's length: over 24 ms at 15 dB it
//! tells each frequency to about a hertz, and whatever it leaves unexplained
//! is no key tone.

use crate::dsp::goertzel::HOP;
use crate::dsp::units::{Db, Hz};

/// Hops of a window.
pub(super) const WINDOW_HOPS: usize = 6;

/// Samples of a window: 24 ms, just over the 23 ms that must not be a key.
pub(super) const WINDOW: usize = WINDOW_HOPS * HOP;

/// Time is counted from the window's middle, so that cosines are even and
/// sines odd about it and the fit falls into two halves of half the length.
const HALF: usize = WINDOW / 2;

/// Three rounds bring frequencies from the gate's guess to within noise.
const ROUNDS: usize = 3;

/// A correction beyond this, in radians a sample (64 Hz), means that the guess
/// was not near any tone.
const WILD_STEP: f32 = 0.05;

/// One tone as fitted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Tone {
    /// Its frequency.
    pub(super) frequency: Hz,
    /// Its mean square, in squared sample units.
    pub(super) mean_square: f32,
}

/// Two tones as fitted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Fit {
    /// The tone that began nearest to the low group's bin.
    pub(super) low: Tone,
    /// The tone that began nearest to the high group's bin.
    pub(super) high: Tone,
    /// Energy that both explain, of all energy.
    pub(super) share: f32,
}

/// Fits two tones that lie near the phase steps `near` (radians a sample).
/// `None` where the fit runs away: there are no two such tones.
pub(super) fn fit(window: &[f32; WINDOW], near: [f32; 2]) -> Option<Fit> {
    let energy = dot(window, window);
    let (even, odd) = fold(window);
    let mut steps = near;
    let mut found = None;
    for _ in 0..ROUNDS {
        let (round, corrections) = correct(&even, &odd, steps)?;
        if !corrections.iter().all(|c| c.abs() < WILD_STEP) {
            return None;
        }
        steps = [steps[0] + corrections[0], steps[1] + corrections[1]];
        found = Some(round);
    }
    let found = found?;
    let tone = |index: usize| Tone {
        frequency: Hz::from_radians_per_sample(steps[index]),
        mean_square: found.mean_squares[index],
    };
    Some(Fit { low: tone(0), high: tone(1), share: found.explained / energy.max(1.0) })
}

/// Sums and differences of the samples equally far from the middle.
fn fold(window: &[f32; WINDOW]) -> ([f32; HALF], [f32; HALF]) {
    let after = |n: usize| window[HALF + n];
    let before = |n: usize| window[HALF - 1 - n];
    (std::array::from_fn(|n| after(n) + before(n)), std::array::from_fn(|n| after(n) - before(n)))
}

/// What one round of the fit found.
struct Round {
    mean_squares: [f32; 2],
    explained: f32,
}

/// One Gauss–Newton round: amplitudes at the given frequencies and, by their
/// derivatives, how far the frequencies are off.
///
/// x(t) = Σ a·cos ωt + b·sin ωt, dx/dω = −a·t·sin ωt + b·t·cos ωt.
fn correct(even: &[f32; HALF], odd: &[f32; HALF], steps: [f32; 2]) -> Option<(Round, [f32; 2])> {
    let [low, high] = steps.map(Wave::<HALF>::centred);
    let (low_ramped, high_ramped) = (low.ramped(), high.ramped());
    let columns = [&low.cos, &high.cos, &low_ramped.sin, &high_ramped.sin];
    let (a, z_even) = solve(columns, even)?;
    let columns = [&low.sin, &high.sin, &low_ramped.cos, &high_ramped.cos];
    let (b, z_odd) = solve(columns, odd)?;
    // Folding doubled the amplitudes: a and b are twice the model's, so a
    // tone's mean square, (a² + b²) / 2, is an eighth of these squares.
    let square = |i: usize| a[i] * a[i] + b[i] * b[i];
    let correction = |i: usize| (b[i] * b[i + 2] - a[i] * a[i + 2]) / (HALF as f32 * square(i).max(1e-6));
    // Only what two steady tones explain counts: the ramped columns would
    // also explain a tone that fills half the window.
    let steady = |z: [f32; 4]| z[0] * z[0] + z[1] * z[1];
    let round = Round {
        mean_squares: [square(0) / 8.0, square(1) / 8.0],
        explained: (steady(z_even) + steady(z_odd)) / 2.0,
    };
    Some((round, [correction(0), correction(1)]))
}

/// A complex exponential over `N` samples.
pub(super) struct Wave<const N: usize> {
    /// Its real part.
    pub(super) cos: [f32; N],
    /// Its imaginary part.
    pub(super) sin: [f32; N],
}

/// Samples made at once by rotating so many phasors side by side.
const LANES: usize = 8;

impl<const N: usize> Wave<N> {
    /// At half a sample past zero and then a sample apart.
    fn centred(step: f32) -> Self {
        Self::starting(step, 0.5)
    }

    /// From zero, a sample apart.
    pub(super) fn from_zero(step: f32) -> Self {
        Self::starting(step, 0.0)
    }

    fn starting(step: f32, first: f32) -> Self {
        const { assert!(N.is_multiple_of(LANES), "whole rows of lanes only") };
        let mut re: [f32; LANES] = [0.0; LANES];
        let mut im = [0.0; LANES];
        let (sin, cos) = step.sin_cos();
        (im[0], re[0]) = (step * first).sin_cos();
        for lane in 1..LANES {
            re[lane] = re[lane - 1] * cos - im[lane - 1] * sin;
            im[lane] = re[lane - 1] * sin + im[lane - 1] * cos;
        }
        let (sin, cos) = (step * LANES as f32).sin_cos();
        let mut wave = Self { cos: [0.0; N], sin: [0.0; N] };
        let rows = wave.cos.as_chunks_mut::<LANES>().0.iter_mut();
        for (row_cos, row_sin) in rows.zip(wave.sin.as_chunks_mut::<LANES>().0) {
            (*row_cos, *row_sin) = (re, im);
            for lane in 0..LANES {
                let turned = re[lane] * cos - im[lane] * sin;
                im[lane] = re[lane] * sin + im[lane] * cos;
                re[lane] = turned;
            }
        }
        wave
    }

    /// Each sample times its time, the end of the range being 1.
    fn ramped(&self) -> Self {
        let time = |n: usize| (n as f32 + 0.5) / N as f32;
        Self {
            cos: std::array::from_fn(|n| self.cos[n] * time(n)),
            sin: std::array::from_fn(|n| self.sin[n] * time(n)),
        }
    }
}

/// Linear least squares with four columns: the coefficients, and for each
/// column the root of the energy that it explains beyond those before it.
/// `None` where the columns do not tell themselves apart.
pub(super) fn solve<const N: usize>(
    columns: [&[f32; N]; 4],
    data: &[f32; N],
) -> Option<([f32; 4], [f32; 4])> {
    // Cholesky: G = L·Lᵀ, then L·z = Aᵀ·data and Lᵀ·x = z.
    let mut l = [[0.0f32; 4]; 4];
    let mut z = [0.0f32; 4];
    for row in 0..4 {
        for column in 0..row {
            let known: f32 = (0..column).map(|k| l[row][k] * l[column][k]).sum();
            l[row][column] = (dot(columns[row], columns[column]) - known) / l[column][column];
        }
        let own = dot(columns[row], columns[row]);
        let known: f32 = (0..row).map(|k| l[row][k] * l[row][k]).sum();
        if own - known <= own * 1e-3 {
            return None;
        }
        l[row][row] = (own - known).sqrt();
        let known: f32 = (0..row).map(|k| l[row][k] * z[k]).sum();
        z[row] = (dot(columns[row], data) - known) / l[row][row];
    }
    let mut x = z;
    for row in (0..4).rev() {
        let known: f32 = (row + 1..4).map(|k| l[k][row] * x[k]).sum();
        x[row] = (x[row] - known) / l[row][row];
    }
    Some((x, z))
}

/// Dot product in lanes that the compiler keeps in vector registers.
fn dot<const N: usize>(left: &[f32; N], right: &[f32; N]) -> f32 {
    let mut sums = [0.0; LANES];
    let rows = left.as_chunks::<LANES>().0.iter().zip(right.as_chunks::<LANES>().0);
    for (l, r) in rows {
        for lane in 0..LANES {
            sums[lane] += l[lane] * r[lane];
        }
    }
    sums.iter().sum()
}

impl Fit {
    /// Both tones' energy over the rest. Of white noise the fit explains as
    /// many parts in [`WINDOW`] as it has free numbers: an amplitude, a phase
    /// and a frequency a tone.
    pub(super) fn snr(&self) -> Db {
        let rest = (1.0 - self.share).max(0.0) * WINDOW as f32 / (WINDOW - 6) as f32;
        Db::of_powers(self.share, rest.max(1e-6))
    }
}

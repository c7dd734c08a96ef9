//! The exact test: which tones explain a stretch of samples best.
//!
//! A least-squares fit of sines whose frequencies are free. Unlike a
//! transform it is not blurred by the stretch's length: over 24 ms at 15 dB it
//! tells each frequency to about a hertz, and whatever it leaves unexplained
//! is no key tone.
//!
//! Time is counted from the stretch's middle, so that cosines are even and
//! sines odd about it and the fit falls into two halves of half the length.

use crate::dsp::goertzel::HOP;
use crate::dsp::units::{Db, Hz};

/// Hops of a window.
pub(super) const WINDOW_HOPS: usize = 6;

/// Samples of a window: 24 ms, just over the 23 ms that must not be a key.
pub(super) const WINDOW: usize = WINDOW_HOPS * HOP;

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
    /// By how much its amplitude grows from the stretch's middle to its end, as
    /// a share of itself.
    pub(super) slope: f32,
}

/// Tones as fitted to one stretch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Fit<const TONES: usize> {
    /// Each beside the guess that it began from.
    pub(super) tones: [Tone; TONES],
    /// Energy that all of them explain, of all energy.
    pub(super) share: f32,
    /// The stretch's energy.
    pub(super) energy: f32,
    /// What neither the tones nor their slopes explain of it.
    pub(super) rest: f32,
}

/// Fits tones that lie near the phase steps `near` (radians a sample) to twice
/// `HALF` samples. `None` where the fit runs away: there are no such tones.
/// `COLUMNS` is twice `TONES`. Three rounds bring frequencies from the gate's
/// guess to within noise.
#[inline(always)]
pub(super) fn fit<const HALF: usize, const TONES: usize, const COLUMNS: usize>(
    stretch: &[f32],
    near: [f32; TONES],
    rounds: usize,
) -> Option<Fit<TONES>> {
    const { assert!(COLUMNS == 2 * TONES, "a column and its slope for each tone") };
    let (before, after) = (stretch.first_chunk::<HALF>()?, stretch.last_chunk::<HALF>()?);
    let (even, odd) = fold(before, after);
    let mut steps = near;
    let mut found = None;
    for _ in 0..rounds {
        let round = correct::<HALF, TONES, COLUMNS>(&even, &odd, steps)?;
        if !round.corrections.iter().all(|c| c.abs() < WILD_STEP) {
            return None;
        }
        for (step, correction) in steps.iter_mut().zip(round.corrections) {
            *step += correction;
        }
        found = Some(round);
    }
    let found = found?;
    let energy = dot(before, before) + dot(after, after);
    let tones = std::array::from_fn(|index| Tone {
        frequency: Hz::from_radians_per_sample(steps[index]),
        mean_square: found.mean_squares[index],
        slope: found.slopes[index],
    });
    let rest = (energy - found.explained_by_all).max(0.0);
    Some(Fit { tones, share: found.explained / energy.max(1.0), energy, rest })
}

/// Sums and differences of the samples equally far from the middle.
#[inline(always)]
fn fold<const HALF: usize>(before: &[f32; HALF], after: &[f32; HALF]) -> ([f32; HALF], [f32; HALF]) {
    let pair = |n: usize| (after[n], before[HALF - 1 - n]);
    let (sum, difference) = (|(a, b): (f32, f32)| a + b, |(a, b): (f32, f32)| a - b);
    (std::array::from_fn(|n| sum(pair(n))), std::array::from_fn(|n| difference(pair(n))))
}

/// What one round of the fit found.
struct Round<const TONES: usize> {
    mean_squares: [f32; TONES],
    /// Energy that the tones explain.
    explained: f32,
    /// The same with the ramped columns.
    explained_by_all: f32,
    /// How much each amplitude grows from the middle to the end, as a share of itself.
    slopes: [f32; TONES],
    /// How far each frequency is off, in radians a sample.
    corrections: [f32; TONES],
}

/// One Gauss–Newton round: amplitudes at the given frequencies and, by their
/// derivatives, how far the frequencies are off and how the amplitudes grow.
///
/// x(t) = Σ a·cos ωt + b·sin ωt, dx/dω = −a·t·sin ωt + b·t·cos ωt, and an
/// amplitude of 1 + s·t adds s·a·t·cos ωt + s·b·t·sin ωt.
#[inline(always)]
fn correct<const HALF: usize, const TONES: usize, const COLUMNS: usize>(
    even: &[f32; HALF],
    odd: &[f32; HALF],
    steps: [f32; TONES],
) -> Option<Round<TONES>> {
    let waves = steps.map(Wave::<HALF>::centred);
    let ramped = waves.each_ref().map(Wave::ramped);
    let plain = |c: usize| waves.get(c);
    let slope = |c: usize| &ramped[c % TONES];
    let columns: [&[f32; HALF]; COLUMNS] =
        std::array::from_fn(|c| plain(c).map_or_else(|| &slope(c).sin, |wave| &wave.cos));
    let (a, z_even) = solve(columns, even)?;
    let columns: [&[f32; HALF]; COLUMNS] =
        std::array::from_fn(|c| plain(c).map_or_else(|| &slope(c).cos, |wave| &wave.sin));
    let (b, z_odd) = solve(columns, odd)?;
    // Folding doubled the amplitudes: a and b are twice the model's, so a
    // tone's mean square, (a² + b²) / 2, is an eighth of these squares.
    let square = |i: usize| a[i] * a[i] + b[i] * b[i];
    let turn = |i: usize| b[i] * b[i + TONES] - a[i] * a[i + TONES];
    let growth = |i: usize| a[i] * b[i + TONES] + b[i] * a[i + TONES];
    // Only what steady tones explain counts: the ramped columns would also
    // explain a tone that fills half the window.
    let steady = |z: [f32; COLUMNS]| z.iter().take(TONES).map(|z| z * z).sum::<f32>();
    let all = |z: [f32; COLUMNS]| z.iter().map(|z| z * z).sum::<f32>();
    Some(Round {
        mean_squares: std::array::from_fn(|i| square(i) / 8.0),
        explained: (steady(z_even) + steady(z_odd)) / 2.0,
        explained_by_all: (all(z_even) + all(z_odd)) / 2.0,
        slopes: std::array::from_fn(|i| growth(i) / square(i).max(1e-6)),
        corrections: std::array::from_fn(|i| turn(i) / (HALF as f32 * square(i).max(1e-6))),
    })
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
    #[inline(always)]
    fn centred(step: f32) -> Self {
        Self::starting(step, 0.5)
    }

    /// From zero, a sample apart.
    #[inline(always)]
    pub(super) fn from_zero(step: f32) -> Self {
        Self::starting(step, 0.0)
    }

    /// From `first` on, in samples, a sample apart.
    #[inline(always)]
    pub(super) fn starting(step: f32, first: f32) -> Self {
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
    #[inline(always)]
    fn ramped(&self) -> Self {
        let time = |n: usize| (n as f32 + 0.5) / N as f32;
        Self {
            cos: std::array::from_fn(|n| self.cos[n] * time(n)),
            sin: std::array::from_fn(|n| self.sin[n] * time(n)),
        }
    }
}

/// Linear least squares: the coefficients, and for each column the root of the
/// energy that it explains beyond those before it. `None` where the columns do
/// not tell themselves apart.
#[inline(always)]
pub(super) fn solve<const N: usize, const COLUMNS: usize>(
    columns: [&[f32; N]; COLUMNS],
    data: &[f32; N],
) -> Option<([f32; COLUMNS], [f32; COLUMNS])> {
    // Cholesky: G = L·Lᵀ, then L·z = Aᵀ·data and Lᵀ·x = z.
    let mut l = [[0.0f32; COLUMNS]; COLUMNS];
    let mut z = [0.0f32; COLUMNS];
    for row in 0..COLUMNS {
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
    for row in (0..COLUMNS).rev() {
        let known: f32 = (row + 1..COLUMNS).map(|k| l[k][row] * x[k]).sum();
        x[row] = (x[row] - known) / l[row][row];
    }
    Some((x, z))
}

/// Dot product in lanes that the compiler keeps in vector registers.
#[inline(always)]
pub(super) fn dot<const N: usize>(left: &[f32; N], right: &[f32; N]) -> f32 {
    let mut sums = [0.0; LANES];
    let rows = left.as_chunks::<LANES>().0.iter().zip(right.as_chunks::<LANES>().0);
    for (l, r) in rows {
        for lane in 0..LANES {
            sums[lane] += l[lane] * r[lane];
        }
    }
    sums.iter().sum()
}

impl<const TONES: usize> Fit<TONES> {
    /// The variance, in noise like what is left unexplained of `count`
    /// samples, of a tone's slope; and of its phase at the end of the stretch.
    pub(super) fn variance(&self, tone: &Tone, count: usize) -> f32 {
        let noise = self.rest / (count - 4 * TONES) as f32;
        3.0 * noise / (count as f32 * tone.mean_square.max(1e-6))
    }

    /// All tones' energy over the rest of `count` samples. Of white noise the
    /// fit explains as many parts in them as it has free numbers: an
    /// amplitude, a phase and a frequency a tone.
    pub(super) fn snr(&self, count: usize) -> Db {
        let rest = (1.0 - self.share).max(0.0) * count as f32 / (count - 3 * TONES) as f32;
        Db::of_powers(self.share, rest.max(1e-6))
    }
}

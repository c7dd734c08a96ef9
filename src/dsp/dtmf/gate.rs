//! The gate: cheap, always on, open where a key may be.

use super::key::Key;
use super::limits::Limits;
use crate::dsp::goertzel::{BINS, BLOCK, Bank, Bins, bin_frequency};
use crate::dsp::pairs::{Pairs, Unit, WIDTH, WithPairs};
use crate::dsp::units::Hz;

/// A finite impulse response that makes the energy blind to what lies under
/// the keys: a zero at 400 Hz, among the dial tones (ITU-T E.180), 12 dB or
/// more off mains hum, and a double zero at 4 kHz against hiss. Between them
/// it tilts, by which the bins are weighed too.
const SHAPE: [f32; 5] = [1.0, 0.1, -1.8, 0.1, 1.0];

/// The gate's tables, shared by every line.
#[derive(Debug)]
pub(super) struct Gate {
    bank: Bank,
    unit: Unit,
    /// What [`SHAPE`] leaves of a tone's energy at each bin.
    weights: [f32; BINS],
}

/// A pair of tones that the gate found in a block.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Look {
    /// The key whose tones they would be.
    pub(super) key: Key,
    /// Their share of the block's energy, hum and dial tones left out.
    pub(super) share: f32,
    /// Their energy.
    pub(super) energy: f32,
    /// The block as the bins see it.
    pub(super) bins: Bins,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            bank: Bank::default(),
            unit: Unit::default(),
            weights: std::array::from_fn(|bin| weight(bin_frequency(bin))),
        }
    }
}

/// The power gain of [`SHAPE`], which is even about its middle.
fn weight(frequency: Hz) -> f32 {
    let step = frequency.radians_per_sample();
    let gain = SHAPE[2] + 2.0 * SHAPE[1] * step.cos() + 2.0 * SHAPE[0] * (2.0 * step).cos();
    gain * gain
}

impl Gate {
    /// The strongest pair of tones, where both are loud enough and their
    /// levels are near enough to each other.
    #[inline(always)]
    pub(super) fn look(&self, limits: &Limits, block: &[i16; BLOCK]) -> Option<Look> {
        let shaped = self.unit.run(ShapedEnergy(block));
        if shaped < limits.gate_quiet {
            return None;
        }
        let bins = self.bank.bins(block);
        let energies = bins.energies();
        let (row, low) = strongest(&energies[..4]);
        let (column, high) = strongest(&energies[4..]);
        let is_pair = low.min(high) >= limits.gate_floor
            && high >= low * limits.gate_twist[0]
            && high <= low * limits.gate_twist[1];
        let share = (low * self.weights[row & 3] + high * self.weights[4 + (column & 3)]) / shaped;
        is_pair.then(|| Look { key: Key::at(row, column), share, energy: low + high, bins })
    }
}

/// A block's energy through [`SHAPE`].
struct ShapedEnergy<'a>(&'a [i16; BLOCK]);

impl WithPairs for ShapedEnergy<'_> {
    type Output = f32;

    #[inline(always)]
    fn with<P: Pairs>(self, pairs: P) -> f32 {
        let mut sums = [0.0; WIDTH / 2];
        for row in 0..BLOCK / WIDTH {
            // The last row overlaps the one before it by the response's length, and counts no less for it.
            let first = (row * WIDTH).min(BLOCK - WIDTH - SHAPE.len() + 1);
            let shaped = shape(self.0, first);
            let squares = pairs.multiply_add(shaped, shaped);
            for (sum, square) in sums.iter_mut().zip(squares) {
                *sum += square as f32;
            }
        }
        SHAPED_ONE * SHAPED_ONE * sums.iter().sum::<f32>()
    }
}

/// What 1 stands for in what [`shape`] gives.
const SHAPED_ONE: f32 = 4.0;

/// A row of a block through [`SHAPE`], quartered, for sixteen bits to hold it.
#[inline(always)]
fn shape(block: &[i16; BLOCK], first: usize) -> [i16; WIDTH] {
    const TENTH: i32 = 6554;
    let mut shaped = [0; WIDTH];
    for (lane, shaped) in shaped.iter_mut().enumerate() {
        let at = |n: usize| block[first + lane + n] >> 2;
        let twice = at(2) << 1;
        let tenth = ((i32::from(at(1) + twice + at(3)) * TENTH) >> 16) as i16;
        *shaped = at(0) - twice + at(4) + tenth;
    }
    shaped
}

/// Written without a branch, which noise would make the processor guess wrong.
#[inline(always)]
fn strongest(group: &[f32]) -> (usize, f32) {
    let (mut best, mut most) = (0, 0.0);
    for (index, energy) in group.iter().enumerate() {
        let is_more = *energy > most;
        best = if is_more { index } else { best };
        most = if is_more { *energy } else { most };
    }
    (best, most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::pairs::Plain;

    /// Blocks of all loudnesses, and of full-scale steps, which strain every sum.
    fn blocks() -> impl Iterator<Item = [i16; BLOCK]> {
        let mut state = 7u32;
        (0..4000).map(move |round| {
            std::array::from_fn(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let sample = (state >> 16) as i16;
                let is_full_scale = round % 8 == 0;
                if !is_full_scale {
                    sample >> (round % 8)
                } else if sample < 0 {
                    i16::MIN
                } else {
                    i16::MAX
                }
            })
        })
    }

    #[test]
    fn every_unit_gives_the_same_shaped_energy() {
        for block in blocks() {
            let plain = ShapedEnergy(&block).with(Plain);
            assert_eq!(plain.to_bits(), Unit::default().run(ShapedEnergy(&block)).to_bits());
        }
    }

    /// The integers lose nothing that matters at the quietest level that is looked at.
    #[test]
    fn the_shaped_energy_is_that_of_the_response() {
        let quiet = Limits::default().gate_quiet;
        for block in blocks() {
            let x = block.map(f32::from);
            let tap = |n: usize| (0..SHAPE.len()).map(|k| SHAPE[k] * x[n + k]).sum::<f32>();
            let counted_twice = BLOCK - WIDTH - SHAPE.len() + 1..BLOCK - WIDTH;
            let exact: f32 = (0..BLOCK - SHAPE.len() + 1).chain(counted_twice).map(|n| tap(n).powi(2)).sum();
            let ours = ShapedEnergy(&block).with(Plain);
            assert!((ours - exact).abs() <= 0.02 * (exact + quiet), "{ours} for {exact}");
        }
    }

    /// The five samples of a response, each at either end of the range.
    #[test]
    fn no_full_scale_samples_run_over() {
        for signs in 0..1 << SHAPE.len() {
            let sample = |n: usize| if (signs >> (n % SHAPE.len())) & 1 == 0 { i16::MIN } else { i16::MAX };
            let block: [i16; BLOCK] = std::array::from_fn(sample);
            let exact: f32 = (0..SHAPE.len()).map(|n| SHAPE[n] * f32::from(block[n])).sum();
            let ours = SHAPED_ONE * f32::from(shape(&block, 0)[0]);
            assert!((ours - exact).abs() < 5.0 * SHAPED_ONE, "{ours} for {exact}");
        }
    }
}

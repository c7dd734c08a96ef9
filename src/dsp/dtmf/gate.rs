//! The gate: cheap, always on, open where a key may be.

use super::key::Key;
use super::limits::Limits;
use crate::dsp::goertzel::{BINS, BLOCK, Bank, Bins, bin_frequency};
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
    /// The block as the bins see it.
    pub(super) bins: Bins,
}

impl Default for Gate {
    fn default() -> Self {
        Self { bank: Bank::default(), weights: std::array::from_fn(|bin| weight(bin_frequency(bin))) }
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
        let shaped = shaped_energy(block);
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
        is_pair.then(|| Look { key: Key::at(row, column), share, bins })
    }
}

/// The block's energy through [`SHAPE`].
#[inline(always)]
fn shaped_energy(block: &[i16; BLOCK]) -> f32 {
    const LANES: usize = 16;
    const COUNT: usize = BLOCK - LANES;
    let samples: [f32; BLOCK] = block.map(f32::from);
    let mut sums = [0.0; LANES];
    for row in 0..COUNT / LANES + 1 {
        // The last row overlaps the one before it by the response's length, and counts no less for it.
        let first = (row * LANES).min(BLOCK - LANES - SHAPE.len() + 1);
        for (lane, sum) in sums.iter_mut().enumerate() {
            let at = |n: usize| samples[first + lane + n];
            let y = at(0) + at(4) + SHAPE[1] * (at(1) + at(3)) + SHAPE[2] * at(2);
            *sum += y * y;
        }
    }
    sums.iter().sum()
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

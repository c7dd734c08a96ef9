//! Eight Goertzel bins at the DTMF frequencies.
//!
//! A Goertzel bin is the dot product of the samples with the bin's complex
//! exponential. The recurrence computes it with one multiplication a sample
//! but each step waits for the one before; the dot product written out waits
//! for nothing. Time is counted from the block's middle, about which cosines
//! are even and sines odd, so that each needs one multiplication for two
//! samples; and the bins lie side by side, so that a vector unit takes two
//! samples' worth of four bins at once and has no sums to collect at the end.

use super::dtmf::{HIGH_GROUP, LOW_GROUP};
use super::pairs::{Pairs, Sums, Unit, WIDTH, WithPairs};
use super::units::Hz;

/// Samples a hop: the ear works every 4 ms.
pub const HOP: usize = 32;

/// Samples of a block, over which a bin is summed: 12 ms.
pub const BLOCK: usize = 3 * HOP;

/// Bins: four of the low group, then four of the high group.
pub const BINS: usize = 8;

/// Samples on either side of a block's middle.
const HALF: usize = BLOCK / 2;

/// Steps of the sums: two samples on either side each.
const STEPS: usize = HALF / 2;

/// What stands for 1 in the tables: the largest power of two at which a sum
/// over a block of full-scale samples stays within 32 bits.
const ONE: f32 = 1024.0;

/// One block as the eight bins see it, phases counted from its middle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bins {
    /// Real parts, in sample units.
    pub re: [f32; BINS],
    /// Imaginary parts.
    pub im: [f32; BINS],
}

/// The tables of the bank, shared by every line.
#[derive(Debug)]
pub struct Bank {
    /// For each step and each group of tones: its four bins, of each two
    /// cosines and two negated sines.
    steps: [[[i16; WIDTH]; 2]; STEPS],
    unit: Unit,
}

/// The frequency of each bin.
pub fn bin_frequency(bin: usize) -> Hz {
    if bin < 4 { LOW_GROUP[bin & 3] } else { HIGH_GROUP[bin & 3] }
}

impl Default for Bank {
    fn default() -> Self {
        Self::on(Unit::default())
    }
}

impl Bank {
    /// A bank that works on `unit`.
    pub fn on(unit: Unit) -> Self {
        let entry = |step: usize, group: usize, place: usize| {
            let bin = 4 * group + place / 4;
            let angle = bin_frequency(bin).radians_per_sample() * ((2 * step + place % 2) as f32 + 0.5);
            let wave = if place % 4 < 2 { angle.cos() } else { -angle.sin() };
            (ONE * wave).round() as i16
        };
        let row = |step, group| std::array::from_fn(|place| entry(step, group, place));
        Self { steps: std::array::from_fn(|step| std::array::from_fn(|group| row(step, group))), unit }
    }

    /// The eight bins of one block.
    #[inline(always)]
    pub fn bins(&self, block: &[i16; BLOCK]) -> Bins {
        Bins::of(self.unit.run(Project { steps: &self.steps, block }))
    }
}

/// A block's dot product with each bin's cosines and negated sines.
struct Project<'a> {
    steps: &'a [[[i16; WIDTH]; 2]; STEPS],
    block: &'a [i16; BLOCK],
}

impl WithPairs for Project<'_> {
    type Output = [Sums; 2];

    #[inline(always)]
    fn with<P: Pairs>(self, pairs: P) -> [Sums; 2] {
        let mut sums = [[0; WIDTH / 2]; 2];
        for (rows, folded) in self.steps.iter().zip(&fold(self.block)) {
            let [a, b, c, d] = *folded;
            let folded = [a, b, c, d, a, b, c, d, a, b, c, d, a, b, c, d];
            for (sums, row) in sums.iter_mut().zip(rows) {
                let products = pairs.multiply_add(*row, folded);
                for (sum, product) in sums.iter_mut().zip(products) {
                    *sum += product;
                }
            }
        }
        sums
    }
}

/// The block's even part and its odd part about the middle, by steps: two
/// samples of the one, then two of the other. They are halved, for sixteen bits
/// to hold them.
#[inline(always)]
fn fold(block: &[i16; BLOCK]) -> [[i16; 4]; STEPS] {
    let (mut even, mut odd) = ([0; HALF], [0; HALF]);
    for n in 0..HALF {
        let (after, before) = (block[HALF + n] >> 1, block[HALF - 1 - n] >> 1);
        even[n] = after + before;
        odd[n] = after - before;
    }
    let mut folded = [[0; 4]; STEPS];
    for (step, folded) in folded.iter_mut().enumerate() {
        let (first, second) = (2 * step, 2 * step + 1);
        *folded = [even[first], even[second], odd[first], odd[second]];
    }
    folded
}

impl Bins {
    #[inline(always)]
    fn of(sums: [Sums; 2]) -> Self {
        let (mut re, mut im) = ([0.0; BINS], [0.0; BINS]);
        for bin in 0..BINS {
            let sums = &sums[bin / 4];
            re[bin] = sums[2 * (bin % 4)] as f32 * (2.0 / ONE);
            im[bin] = sums[2 * (bin % 4) + 1] as f32 * (2.0 / ONE);
        }
        Self { re, im }
    }

    /// The energy that each bin explains of its block.
    #[inline(always)]
    pub fn energies(&self) -> [f32; BINS] {
        const SCALE: f32 = 2.0 / BLOCK as f32;
        std::array::from_fn(|bin| (self.re[bin] * self.re[bin] + self.im[bin] * self.im[bin]) * SCALE)
    }

    /// How far a tone near `bin` lies from it, by how its phase moved from the
    /// block before to this one, as a phase step a sample.
    pub fn offset(&self, before: &Bins, bin: usize) -> f32 {
        let (sin, cos) = (bin_frequency(bin).radians_per_sample() * BLOCK as f32).sin_cos();
        let (old_re, old_im) = (before.re[bin], before.im[bin]);
        let (re, im) = (old_re * cos - old_im * sin, old_re * sin + old_im * cos);
        let turned = (self.im[bin] * re - self.re[bin] * im).atan2(self.re[bin] * re + self.im[bin] * im);
        turned / BLOCK as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_scale_samples_stay_within_32_bits() {
        let bank = Bank::default();
        for (group, place) in (0..2).flat_map(|group| (0..WIDTH).step_by(2).map(move |place| (group, place)))
        {
            let entries = bank.steps.iter().flat_map(|rows| [rows[group][place], rows[group][place + 1]]);
            let most: i64 = entries.map(|entry| i64::from(entry.abs()) * 32_768).sum();
            assert!(most <= i64::from(i32::MAX), "{most}");
        }
    }

    #[test]
    fn every_unit_gives_the_same_bins() {
        let (plain, best) = (Bank::on(Unit::Plain), Bank::default());
        let mut state = 1u32;
        for round in 0..1000 {
            let block: [i16; BLOCK] = std::array::from_fn(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let sample = (state >> 16) as i16;
                match (round % 2 == 0, sample < 0) {
                    (true, _) => sample,
                    (false, true) => i16::MIN,
                    (false, false) => i16::MAX,
                }
            });
            assert_eq!(plain.bins(&block), best.bins(&block));
        }
    }

    #[test]
    fn the_phase_between_blocks_tells_how_far_off_a_tone_is() {
        let bank = Bank::default();
        for off in [-20.0, 0.0, 14.0] {
            let step = Hz(941.0 + off).radians_per_sample();
            let tone = |first: usize| -> [i16; BLOCK] {
                std::array::from_fn(|n| (8000.0 * (step * (first + n) as f32).sin()) as i16)
            };
            let told = bank.bins(&tone(BLOCK)).offset(&bank.bins(&tone(0)), 3);
            assert!((Hz::from_radians_per_sample(told).0 - off).abs() < 3.0, "{off}: {told}");
        }
    }
}

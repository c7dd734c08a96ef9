//! Eight Goertzel bins at the DTMF frequencies.
//!
//! A Goertzel bin is the dot product of the samples with the bin's complex
//! exponential. The recurrence computes it with one multiplication a sample
//! but each step waits for the one before; the dot product written out costs
//! two and waits for nothing, and in 16-bit integers the compiler turns it
//! into vector code that multiplies and adds 32 pairs at once.

use super::dtmf::{HIGH_GROUP, LOW_GROUP};
use super::units::Hz;

/// Samples a hop: the ear works every 4 ms.
pub const HOP: usize = 32;

/// Samples of a block, over which a bin is summed: 12 ms.
pub const BLOCK: usize = 3 * HOP;

/// Bins: four of the low group, then four of the high group.
pub const BINS: usize = 8;

/// What stands for 1 in the tables: the largest power of two at which a sum
/// over a block of full-scale samples stays within 32 bits.
const ONE: f32 = 1024.0;

/// One block as the eight bins see it, phases counted from its first sample.
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
    cosines: [[i16; BLOCK]; BINS],
    negated_sines: [[i16; BLOCK]; BINS],
}

/// The frequency of each bin.
pub fn bin_frequency(bin: usize) -> Hz {
    if bin < 4 { LOW_GROUP[bin & 3] } else { HIGH_GROUP[bin & 3] }
}

impl Default for Bank {
    fn default() -> Self {
        let angle = |bin: usize, n: usize| bin_frequency(bin).radians_per_sample() * n as f32;
        let table = |wave: fn(f32) -> f32| {
            std::array::from_fn(|bin| std::array::from_fn(|n| (ONE * wave(angle(bin, n))).round() as i16))
        };
        Self { cosines: table(f32::cos), negated_sines: table(|angle| -angle.sin()) }
    }
}

impl Bank {
    /// The eight bins of one block.
    #[inline(always)]
    pub fn bins(&self, block: &[i16; BLOCK]) -> Bins {
        Bins { re: project(&self.cosines, block), im: project(&self.negated_sines, block) }
    }
}

/// The block's dot product with each row of a table.
#[inline(always)]
fn project(table: &[[i16; BLOCK]; BINS], block: &[i16; BLOCK]) -> [f32; BINS] {
    let mut sums = [0.0; BINS];
    for (sum, row) in sums.iter_mut().zip(table) {
        *sum = dot(row, block) as f32 * (1.0 / ONE);
    }
    sums
}

#[inline(always)]
fn dot(left: &[i16; BLOCK], right: &[i16; BLOCK]) -> i32 {
    left.iter().zip(right).map(|(l, r)| i32::from(*l) * i32::from(*r)).sum()
}

impl Bins {
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
        for table in bank.cosines.iter().chain(&bank.negated_sines) {
            let most: i64 = table.iter().map(|c| i64::from(c.abs()) * 32_768).sum();
            assert!(most <= i64::from(i32::MAX), "{most}");
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

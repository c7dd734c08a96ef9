//! Eight Goertzel bins at the DTMF frequencies.
//!
//! A Goertzel bin is the dot product of the samples with the bin's complex
//! exponential. The recurrence computes it with one multiplication a sample
//! but each step waits for the one before; the dot product written out costs
//! two and waits for nothing, so that the compiler turns it into vector code.

use super::dtmf::{HIGH_GROUP, LOW_GROUP};
use super::units::Hz;

/// Samples a hop: the ear works every 4 ms.
pub const HOP: usize = 32;

/// Bins: four of the low group, then four of the high group.
pub const BINS: usize = 8;

/// One hop seen by the eight bins: real parts, then imaginary parts.
pub type Partial = [f32; 2 * BINS];

/// The tables of the bank, shared by every line.
#[derive(Debug)]
pub struct Bank {
    /// For each sample of a hop the eight cosines, then the eight negated sines.
    rows: [[f32; 2 * BINS]; HOP],
    /// The rotation of each bin by one hop: cosines, then sines.
    turn: [[f32; BINS]; 2],
}

/// The frequency of each bin.
pub fn bin_frequency(bin: usize) -> Hz {
    if bin < 4 { LOW_GROUP[bin & 3] } else { HIGH_GROUP[bin & 3] }
}

impl Default for Bank {
    fn default() -> Self {
        let angle = |bin: usize, n: usize| bin_frequency(bin).radians_per_sample() * n as f32;
        Self {
            rows: std::array::from_fn(|n| {
                std::array::from_fn(|lane| match lane {
                    0..BINS => angle(lane, n).cos(),
                    BINS.. => -angle(lane - BINS, n).sin(),
                })
            }),
            turn: [
                std::array::from_fn(|bin| angle(bin, HOP).cos()),
                std::array::from_fn(|bin| angle(bin, HOP).sin()),
            ],
        }
    }
}

impl Bank {
    /// The eight bins of one hop, with phases counted from its first sample.
    #[inline(always)]
    pub fn hop(&self, samples: &[f32; HOP]) -> Partial {
        // Two sums, for even and odd samples, so that no addition has to wait
        // for the one before it.
        let mut even = [0.0; 2 * BINS];
        let mut odd = [0.0; 2 * BINS];
        let (rows, _) = self.rows.as_chunks::<2>();
        let (pairs, _) = samples.as_chunks::<2>();
        for ([row0, row1], [x0, x1]) in rows.iter().zip(pairs) {
            for lane in 0..2 * BINS {
                even[lane] += row0[lane] * x0;
                odd[lane] += row1[lane] * x1;
            }
        }
        for lane in 0..2 * BINS {
            even[lane] += odd[lane];
        }
        even
    }

    /// The bins over hops that follow each other, the newest last, with phases
    /// counted from the first sample of the newest.
    #[inline(always)]
    pub fn join(&self, hops: &[Partial; 3]) -> Partial {
        let mut joined = hops[0];
        for newer in &hops[1..] {
            for bin in 0..BINS {
                let (re, im) = (joined[bin], joined[bin + BINS]);
                let (cos, sin) = (self.turn[0][bin], self.turn[1][bin]);
                joined[bin] = re * cos - im * sin + newer[bin];
                joined[bin + BINS] = re * sin + im * cos + newer[bin + BINS];
            }
        }
        joined
    }

    /// How far a tone near `bin` lies from it, by how its phase moved from one
    /// hop to the next, as a phase step a sample.
    pub fn offset(&self, bin: usize, hops: &[Partial; 3]) -> f32 {
        let (mut re, mut im) = (0.0, 0.0);
        for pair in hops.windows(2) {
            let (old_re, old_im) = (pair[0][bin], pair[0][bin + BINS]);
            let turned_re = old_re * self.turn[0][bin] - old_im * self.turn[1][bin];
            let turned_im = old_re * self.turn[1][bin] + old_im * self.turn[0][bin];
            re += pair[1][bin] * turned_re + pair[1][bin + BINS] * turned_im;
            im += pair[1][bin + BINS] * turned_re - pair[1][bin] * turned_im;
        }
        im.atan2(re) / HOP as f32
    }
}

/// The energy that each bin explains of the `count` samples it was summed over.
#[inline(always)]
pub fn energies(bins: &Partial, count: usize) -> [f32; BINS] {
    let scale = 2.0 / count as f32;
    std::array::from_fn(|bin| (bins[bin].powi(2) + bins[bin + BINS].powi(2)) * scale)
}

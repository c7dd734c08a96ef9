//! One hop of 32 ms: how loud it is, how tonal, and the tone that it may be.

use std::f32::consts::TAU;

use super::bank::{BINS, BLOCK, BLOCK_RATE, Bank, Bins, Complex, centre, response};
use crate::dsp::units::{Db, Hz, SAMPLE_RATE};

/// Blocks in a hop.
pub(super) const HOP_BLOCKS: usize = 8;

/// Samples in a hop.
pub(super) const HOP: usize = HOP_BLOCKS * BLOCK;

/// The cosine of the frequency above which the bins see little: 2,200 Hz.
const SINE_ABOVE: f32 = -0.156;

/// What noise 14 dB below a sine takes off its correlations.
const SINE_OFF: f32 = 0.12;

/// What the powers summed over a hop's pairs of blocks are divided by: their number, and two, since a sine's
/// mean square is half the square of the amplitude that its bin shows.
const SUMMED: f32 = (2 * (HOP_BLOCKS - 1)) as f32;

/// The bins of a whole hop, oldest block first.
pub(super) type Blocks = [Bins; HOP_BLOCKS];

/// One steady sine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Tone {
    pub(super) frequency: Hz,
    /// Mean square.
    pub(super) power: f32,
    /// Its part of all that the hop holds.
    pub(super) share: f32,
}

/// A tone that has less of its hop is of no account, and not looked at twice.
const IN_DOUBT: f32 = 0.8;

/// The least part of a tone's power that its samples show of it; some Hz off, they show less.
const PROVEN: f32 = 0.7;

/// How far a tone that does not change may seem to, from one hop to the next.
const UNCHANGED: Hz = Hz(6.0);
const UNCHANGED_LEVEL: Db = Db(1.0);

impl Tone {
    /// True if this is still the same tone as a hop ago.
    pub(super) fn continues(&self, before: &Tone) -> bool {
        let step = UNCHANGED_LEVEL.power_ratio();
        (self.frequency.0 - before.frequency.0).abs() <= UNCHANGED.0
            && self.power <= before.power * step
            && before.power <= self.power * step
    }
}

/// The bins of a hop of samples, `before` being the block before it.
#[inline(always)]
pub(super) fn bins(bank: &Bank, before: &[i16; BLOCK], hop: &[i16; HOP]) -> Blocks {
    let mut samples = [0.0; BLOCK + HOP];
    for (sample, x) in samples.iter_mut().zip(before.iter().chain(hop)) {
        *sample = f32::from(*x);
    }
    let first: [Bins; HOP_BLOCKS / 2] = bank.pass(&samples);
    let second: [Bins; HOP_BLOCKS / 2] = bank.pass(&samples[HOP / 2..]);
    std::array::from_fn(
        |block| {
            if block < HOP_BLOCKS / 2 { first[block] } else { second[block - HOP_BLOCKS / 2] }
        },
    )
}

/// How the bins move from block to block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Motion {
    /// Power in each bin, over the hop's pairs of neighbouring blocks.
    power: [f32; BINS],
    /// Each block times the conjugate of the one before it, summed.
    turn: Bins,
    /// From 0 to 1: 1 where each bin holds one steady frequency.
    pub(super) coherence: f32,
}

impl Motion {
    #[inline(always)]
    pub(super) fn of(blocks: &Blocks) -> Self {
        let mut power = [0.0; BINS];
        let mut turn = Bins::default();
        for pair in blocks.windows(2) {
            let (a, b) = (&pair[0], &pair[1]);
            for (bin, power) in power.iter_mut().enumerate() {
                let ([re, im], [next_re, next_im]) = ([a.re[bin], a.im[bin]], [b.re[bin], b.im[bin]]);
                *power += 0.5 * (re * re + im * im + (next_re * next_re + next_im * next_im));
                turn.re[bin] += next_re * re + next_im * im;
                turn.im[bin] += next_im * re - next_re * im;
            }
        }
        let turned: f32 = (0..BINS).map(|bin| turn.at(bin).power().sqrt()).sum();
        let all: f32 = power.iter().sum();
        Self { power, turn, coherence: turned / all.max(1e-3) }
    }

    /// The power in each bin, as a mean square of a signal in its middle.
    pub(super) fn bins(&self) -> [f32; BINS] {
        self.power.map(|power| power / SUMMED)
    }

    /// The power in all bins, as a mean square of a signal in their middles.
    pub(super) fn in_band(&self) -> f32 {
        self.power.iter().sum::<f32>() / SUMMED
    }

    /// The part of it in the two lowest bins, 250 to 750 Hz.
    pub(super) fn low_share(&self) -> f32 {
        (self.power[0] + self.power[1]) / self.power.iter().sum::<f32>().max(1e-3)
    }

    fn strongest(&self) -> usize {
        (1..BINS).fold(0, |best, bin| if self.power[bin] > self.power[best] { bin } else { best })
    }

    /// How steady the one frequency is that a bin holds, from 0 to 1.
    pub(super) fn coherence_of(&self, bin: usize) -> f32 {
        self.turn.at(bin).power().sqrt() / self.power[bin].max(1e-3)
    }

    /// The frequency of a bin.
    pub(super) fn frequency(&self, bin: usize) -> Hz {
        let turns = self.turn.at(bin).angle() / TAU;
        let nearest = (centre(bin).0 / BLOCK_RATE.0 - turns).round() + turns;
        let offset = nearest * BLOCK_RATE.0 - centre(bin).0;
        // Half-way between two bins the angle fits one frequency above and one below.
        let above = self.power.get(bin + 1).copied().unwrap_or_default();
        let below = if bin == 0 { 0.0 } else { self.power[bin - 1] };
        let offset = match offset {
            high if high > BLOCK_RATE.0 * 0.4 && below > above => high - BLOCK_RATE.0,
            low if low < -BLOCK_RATE.0 * 0.4 && above > below => low + BLOCK_RATE.0,
            plain => plain,
        };
        Hz(centre(bin).0 + offset)
    }

    /// The strongest tone of a hop of this mean square, by the two bins that show most of it.
    pub(super) fn tone(&self, blocks: &Blocks, mean_square: f32) -> Tone {
        let bin = self.strongest();
        let frequency = self.frequency(bin);
        let neighbour = neighbour(bin, frequency);
        let bins = if neighbour == bin { &[bin][..] } else { &[bin, neighbour] };
        let (mut sum, mut seen) = (Complex::default(), 0.0);
        for bin in bins {
            let response = response(Hz(frequency.0 - centre(*bin).0));
            sum += steady_part(blocks, *bin, frequency).scaled(response);
            seen += response * response;
        }
        let power = sum.power() / (2.0 * seen * seen);
        Tone { frequency, power, share: power / mean_square.max(1e-3) }
    }
}

/// The bin that shows most of a frequency besides its own; its own, where there is none on that side.
pub(super) fn neighbour(bin: usize, frequency: Hz) -> usize {
    if frequency.0 > centre(bin).0 { (bin + 1).min(BINS - 1) } else { bin.max(1) - 1 }
}

/// What a bin holds of this very frequency.
fn steady_part(blocks: &Blocks, bin: usize, frequency: Hz) -> Complex {
    let back = Complex::unit(-TAU * frequency.0 / BLOCK_RATE.0);
    let (mut sum, mut wave) = (Complex::default(), Complex { re: 1.0, im: 0.0 });
    for block in blocks {
        sum += block.at(bin) * wave;
        wave = wave * back;
    }
    sum.scaled(1.0 / HOP_BLOCKS as f32)
}

/// A tone that is all of a hop by its bins, as the samples themselves show it.
///
/// The harmonics of a note of 250 Hz, the blocks' own rate, turn alike in every bin and pass for one tone.
pub(super) fn proven(tone: Tone, hop: &[i16; HOP], mean_square: f32) -> Tone {
    if tone.share < IN_DOUBT {
        return tone;
    }
    let turn = Complex::unit(-TAU * tone.frequency.0 / SAMPLE_RATE as f32);
    let (mut sum, mut wave) = (Complex::default(), Complex { re: 1.0, im: 0.0 });
    for sample in hop {
        sum += wave.scaled(f32::from(*sample));
        wave = wave * turn;
    }
    let power = 2.0 * sum.power() / (HOP * HOP) as f32;
    if power >= PROVEN * tone.power { tone } else { Tone { power, share: power / mean_square, ..tone } }
}

/// True if one sine above the bins is nearly all that a hop holds.
///
/// The correlations of a sine with itself one and two samples later are cos ω and cos 2ω.
pub(super) fn is_high_sine(hop: &[i16; HOP], mean_square: f32) -> bool {
    let correlation = |lag: usize| {
        let products = hop.iter().zip(&hop[lag..]).map(|(a, b)| f32::from(*a) * f32::from(*b));
        products.sum::<f32>() / ((HOP - lag) as f32 * mean_square.max(1.0))
    };
    let (one, two) = (correlation(1), correlation(2));
    one < SINE_ABOVE && (two - (2.0 * one * one - 1.0)).abs() < SINE_OFF
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::level::mean_square;

    fn hop_of(frequency: f32) -> (Blocks, f32) {
        let step = TAU * frequency / 8000.0;
        let at = |n: usize| (8000.0 * (step * n as f32).sin()).round() as i16;
        let bins = bins(&Bank::default(), &std::array::from_fn(at), &std::array::from_fn(|n| at(n + BLOCK)));
        (bins, 32e6)
    }

    #[test]
    fn every_frequency_from_330_to_2200_hz_is_found() {
        for frequency in (330..2200).step_by(7) {
            let (blocks, mean_square) = hop_of(frequency as f32);
            let motion = Motion::of(&blocks);
            let tone = motion.tone(&blocks, mean_square);
            assert!((tone.frequency.0 - frequency as f32).abs() < 1.0, "{frequency}: {tone:?}");
            assert!((tone.share - 1.0).abs() < 0.06, "{frequency}: {tone:?}");
            assert!(motion.coherence > 0.98, "{frequency}: {motion:?}");
        }
    }

    /// A held note whose pitch is the blocks' own rate, with its harmonics, is no single tone.
    #[test]
    fn a_note_of_many_harmonics_is_not_one_tone() {
        let at = |n: usize| {
            let harmonic = |k: f32, peak: f32| peak * (TAU * 250.0 * k * n as f32 / 8000.0 + k).sin();
            (harmonic(1.0, 3000.0) + harmonic(2.0, 1800.0) + harmonic(3.0, 900.0)).round() as i16
        };
        let hop: [i16; HOP] = std::array::from_fn(at);
        let all = mean_square(&hop);
        let half = Tone { frequency: Hz(500.0), power: 0.95 * all, share: 0.95 };
        assert!(proven(half, &hop, all).share < 0.4);
        let sine: [i16; HOP] =
            std::array::from_fn(|n| (3000.0 * (TAU * 500.0 * n as f32 / 8000.0).sin()) as i16);
        let all = mean_square(&sine);
        let whole = Tone { frequency: Hz(502.0), power: 0.95 * all, share: 0.95 };
        assert_eq!(proven(whole, &sine, all), whole);
    }

    #[test]
    fn what_is_far_above_the_bins_is_no_tone_in_them() {
        for frequency in [2400.0, 2700.0, 3300.0] {
            let (blocks, mean_square) = hop_of(frequency);
            assert!(Motion::of(&blocks).tone(&blocks, mean_square).share < 0.2, "{frequency}");
        }
    }
}

//! Two tones at once, over two hops, whose frequencies are nearly known.

use std::f32::consts::TAU;

use super::bank::{BLOCK_RATE, Complex, centre, response};
use super::hop::{Blocks, HOP_BLOCKS};
use crate::dsp::units::{Db, Hz};

/// The bins that the tones of all plans lie in.
pub(super) const LOW_BINS: usize = 2;

/// The low bins of one hop.
pub(super) type LowBlocks = [[Complex; HOP_BLOCKS]; LOW_BINS];

/// The furthest that a tone may be from its nominal frequency; 1.5 % is a plan's own tolerance.
const FURTHEST_OFF: f32 = 0.024;

/// Japan's ringing tones are but 32 Hz apart: each round takes off more of what the other one spoils.
const REFINED: usize = 3;

/// The furthest that one tone may stand over the other.
const TWIST: Db = Db(8.0);

/// The low bins of a hop.
pub(super) fn low_blocks(blocks: &Blocks) -> LowBlocks {
    std::array::from_fn(|bin| std::array::from_fn(|block| blocks[block].at(bin)))
}

/// The power of the tones near these two frequencies in two hops on end, if both are there.
pub(super) fn power(hops: [&LowBlocks; 2], nominal: [Hz; 2]) -> Option<f32> {
    let mut found = nominal;
    for _ in 0..REFINED {
        let waves = tones(hops, found);
        for (frequency, [first, second]) in found.iter_mut().zip(waves) {
            // How far the phase ran ahead from one hop to the next tells the frequency.
            let ahead = (second * first.conjugate()).angle();
            frequency.0 += ahead / (TAU * HOP_BLOCKS as f32) * BLOCK_RATE.0;
        }
    }
    let is_near = |(found, nominal): (Hz, Hz)| (found.0 / nominal.0 - 1.0).abs() <= FURTHEST_OFF;
    if !found.into_iter().zip(nominal).all(is_near) {
        return None;
    }
    let powers = tones(hops, found).map(|[first, second]| (first + second).scaled(0.5).power() / 2.0);
    let weakest = powers[0].min(powers[1]);
    let is_pair = weakest * TWIST.power_ratio() >= powers[0].max(powers[1]);
    is_pair.then_some(powers[0] + powers[1])
}

/// Each tone's amplitude and phase in either hop, both against a wave that runs through.
fn tones(hops: [&LowBlocks; 2], frequencies: [Hz; 2]) -> [[Complex; 2]; 2] {
    let turns = frequencies.map(|frequency| TAU * frequency.0 / BLOCK_RATE.0);
    let mut found = [[Complex::default(); 2]; 2];
    for (tone, frequency) in frequencies.into_iter().enumerate() {
        let bin = nearest_bin(frequency);
        let scale = 1.0 / response(Hz(frequency.0 - centre(bin).0));
        for (hop, blocks) in hops.into_iter().enumerate() {
            let passed = Complex::unit(-turns[tone] * (hop * HOP_BLOCKS) as f32);
            found[tone][hop] = fit(&blocks[bin], turns)[tone].scaled(scale) * passed;
        }
    }
    found
}

fn nearest_bin(frequency: Hz) -> usize {
    let off = |bin: usize| (centre(bin).0 - frequency.0).abs();
    (1..LOW_BINS).fold(0, |best, bin| if off(bin) < off(best) { bin } else { best })
}

/// Least squares of two waves that turn so far from block to block.
fn fit(blocks: &[Complex; HOP_BLOCKS], turns: [f32; 2]) -> [Complex; 2] {
    let count = HOP_BLOCKS as f32;
    let first = along(blocks, turns[0]);
    let second = along(blocks, turns[1]);
    let crosstalk = along(&[Complex { re: 1.0, im: 0.0 }; HOP_BLOCKS], turns[0] - turns[1]);
    let determinant = (count * count - crosstalk.power()).max(1e-3);
    let solved = |own: Complex, other: Complex, cross: Complex| {
        (own.scaled(count) + (cross * other).scaled(-1.0)).scaled(1.0 / determinant)
    };
    [solved(first, second, crosstalk), solved(second, first, crosstalk.conjugate())]
}

/// The sum of the blocks, each turned back.
fn along(blocks: &[Complex; HOP_BLOCKS], turn: f32) -> Complex {
    let back = Complex::unit(-turn);
    let (mut sum, mut wave) = (Complex::default(), Complex { re: 1.0, im: 0.0 });
    for block in blocks {
        sum += *block * wave;
        wave = wave * back;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::super::bank::{BLOCK, Bank};
    use super::super::hop::{HOP, bins};
    use super::*;

    fn low_of(tones: [f32; 2], hop: usize) -> LowBlocks {
        let at = |n: usize| {
            let wave = |frequency: f32| (TAU * frequency * (n + hop * HOP) as f32 / 8000.0).sin();
            (4000.0 * (wave(tones[0]) + wave(tones[1]))).round() as i16
        };
        let before = std::array::from_fn(at);
        low_blocks(&bins(&Bank::default(), &before, &std::array::from_fn(|n| at(n + BLOCK))))
    }

    #[test]
    fn pairs_are_found_within_their_tolerance_and_others_are_not() {
        let pairs = [[350.0, 440.0], [440.0, 480.0], [400.0, 450.0], [384.0, 416.0], [480.0, 620.0]];
        for nominal in pairs {
            for off in [[1.0, 1.0], [1.015, 0.985], [0.985, 0.985], [1.015, 1.015]] {
                let tones = [nominal[0] * off[0], nominal[1] * off[1]];
                let hops = [low_of(tones, 0), low_of(tones, 1)];
                let found = power([&hops[0], &hops[1]], nominal.map(Hz)).unwrap_or_default();
                assert!((found / 16e6 - 1.0).abs() < 0.12, "{tones:?} as {nominal:?}: {found}");
            }
        }
        let hops = [low_of([440.0, 480.0], 0), low_of([440.0, 480.0], 1)];
        let found = power([&hops[0], &hops[1]], [Hz(400.0), Hz(450.0)]).unwrap_or_default();
        assert!(found < 0.7 * 16e6, "ringback of the US as that of Britain: {found}");
    }
}

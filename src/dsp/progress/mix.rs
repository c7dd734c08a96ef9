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

/// Each round takes off more of what the other tone spoils.
const REFINED: usize = 3;

/// Tones that are closer are heard as one whose strength beats, which 400 Hz modulated by 16 Hz is.
const CLOSE: Hz = Hz(40.0);

/// The part of a beating tone's power that is beside its middle.
const BEATS: f32 = 0.12;

/// The part of all power that a pair shows even where its frequencies are not yet known well.
const WORTH_REFINING: f32 = 0.5;

/// The furthest that one tone may stand over the other.
const TWIST: Db = Db(8.0);

/// The low bins of a hop.
pub(super) fn low_blocks(blocks: &Blocks) -> LowBlocks {
    std::array::from_fn(|bin| std::array::from_fn(|block| blocks[block].at(bin)))
}

/// The power of the tones near these two frequencies in two hops on end of this mean square, if both
/// are there and make up most of it.
pub(super) fn power(hops: [&LowBlocks; 2], nominal: [Hz; 2], mean_square: f32) -> Option<f32> {
    if is_close(nominal) {
        let middle = Hz(0.5 * (nominal[0].0 + nominal[1].0));
        return beating_power(hops, middle);
    }
    let mut found = nominal;
    for round in 0..REFINED {
        let waves = tones(hops, found);
        let seen: f32 = waves.as_flattened().iter().map(|wave| wave.power() / 4.0).sum();
        if round == 0 && seen < WORTH_REFINING * mean_square {
            return None;
        }
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

/// True of two tones that are heard as one that beats.
pub(super) fn is_close(frequencies: [Hz; 2]) -> bool {
    frequencies[1].0 - frequencies[0].0 < CLOSE.0
}

/// The power of a tone near `nominal` whose strength beats.
fn beating_power(hops: [&LowBlocks; 2], nominal: Hz) -> Option<f32> {
    let bin = nearest_bin(nominal);
    let blocks: [Complex; 2 * HOP_BLOCKS] =
        std::array::from_fn(|block| hops[block / HOP_BLOCKS][bin][block % HOP_BLOCKS]);
    let turn = blocks.windows(2).fold(Complex::default(), |sum, pair| sum + pair[1] * pair[0].conjugate());
    let turns = turn.angle() / TAU;
    let carrier = ((nominal.0 / BLOCK_RATE.0 - turns).round() + turns) * BLOCK_RATE.0;
    if (carrier / nominal.0 - 1.0).abs() > FURTHEST_OFF {
        return None;
    }
    // So far apart that each is blind to the others over the two hops.
    let apart = BLOCK_RATE.0 / blocks.len() as f32;
    let powers = [-2.0, -1.0, 0.0, 1.0, 2.0f32].map(|place| {
        let frequency = carrier + place * apart;
        let sum = along(&blocks, Complex::unit(-TAU * frequency / BLOCK_RATE.0));
        let seen = blocks.len() as f32 * response(Hz(frequency - centre(bin).0));
        sum.power() / (2.0 * seen * seen)
    });
    let all: f32 = powers.iter().sum();
    (powers[2] <= (1.0 - BEATS) * all).then_some(all)
}

/// Each tone's amplitude and phase in either hop, both against a wave that runs through.
///
/// Least squares of two waves in the bin nearest to each.
fn tones(hops: [&LowBlocks; 2], frequencies: [Hz; 2]) -> [[Complex; 2]; 2] {
    let count = HOP_BLOCKS as f32;
    let back = frequencies.map(|frequency| Complex::unit(-TAU * frequency.0 / BLOCK_RATE.0));
    let crosstalk = along(&[Complex { re: 1.0, im: 0.0 }; HOP_BLOCKS], back[0] * back[1].conjugate());
    let determinant = (count * count - crosstalk.power()).max(1e-3);
    let bins = frequencies.map(nearest_bin);
    let mut found = [[Complex::default(); 2]; 2];
    for (hop, blocks) in hops.into_iter().enumerate() {
        for tone in 0..2 {
            let own = along(&blocks[bins[tone]], back[tone]);
            let other = along(&blocks[bins[tone]], back[1 - tone]);
            let cross = if tone == 0 { crosstalk } else { crosstalk.conjugate() };
            let solved = own.scaled(count) + (cross * other).scaled(-1.0);
            let response = response(Hz(frequencies[tone].0 - centre(bins[tone]).0));
            found[tone][hop] = solved.scaled(1.0 / (determinant * response));
        }
    }
    for (waves, back) in found.iter_mut().zip(back) {
        let twice = back * back;
        let fourfold = twice * twice;
        waves[1] = waves[1] * (fourfold * fourfold);
    }
    found
}

fn nearest_bin(frequency: Hz) -> usize {
    let off = |bin: usize| (centre(bin).0 - frequency.0).abs();
    (1..LOW_BINS).fold(0, |best, bin| if off(bin) < off(best) { bin } else { best })
}

/// The sum of the blocks, each turned back once more than the one before.
fn along(blocks: &[Complex], back: Complex) -> Complex {
    // From the last to the first: one product a block.
    blocks.iter().rev().fold(Complex::default(), |sum, block| sum * back + *block)
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
        let pairs = [[350.0, 440.0], [440.0, 480.0], [400.0, 450.0], [480.0, 620.0]];
        for nominal in pairs {
            for off in [[1.0, 1.0], [1.015, 0.985], [0.985, 0.985], [1.015, 1.015]] {
                let tones = [nominal[0] * off[0], nominal[1] * off[1]];
                let hops = [low_of(tones, 0), low_of(tones, 1)];
                let found = power([&hops[0], &hops[1]], nominal.map(Hz), 16e6).unwrap_or_default();
                assert!((found / 16e6 - 1.0).abs() < 0.12, "{tones:?} as {nominal:?}: {found}");
            }
        }
        let nominal = [384.0, 416.0].map(Hz);
        for tones in [[384.0, 416.0], [390.0, 410.0], [378.5, 410.0], [390.0, 422.0]] {
            let hops = [low_of(tones, 0), low_of(tones, 1)];
            let found = power([&hops[0], &hops[1]], nominal, 16e6).unwrap_or_default();
            assert!((found / 16e6 - 1.0).abs() < 0.2, "{tones:?}: {found}");
        }
        let hops = [low_of([400.0, 400.0], 0), low_of([400.0, 400.0], 1)];
        assert_eq!(power([&hops[0], &hops[1]], nominal, 64e6), None, "it does not beat");
        let hops = [low_of([440.0, 480.0], 0), low_of([440.0, 480.0], 1)];
        let found = power([&hops[0], &hops[1]], [Hz(400.0), Hz(450.0)], 16e6).unwrap_or_default();
        assert!(found < 0.7 * 16e6, "ringback of the US as that of Britain: {found}");
    }
}

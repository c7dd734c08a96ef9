//! Other tones in a key's window: explained, so that they do not pass for noise.
//!
//! A chord's third note and its harmonics hide how its two loudest tones fade;
//! with them explained, what is left is as little as a key's noise.

use std::ops::{Range, RangeInclusive};

use super::fit::{Fit, Tone, WINDOW, Wave, dot, fit, solve};
use super::history::KEPT;
use super::limits::{COMPANION_APART, COMPANION_SHARE, LITTLE};
use super::window::{Filtered, Pair};
use crate::dsp::goertzel::HOP;
use crate::dsp::units::Hz;

/// Where companions are looked for, in hertz: all that the high-pass and a
/// telephone line let through, in steps from which the fit finds them.
const GRID: (u16, u16, usize) = (120, 3_760, 40);

/// The step in which the strongest tone is looked for that is not fitted: half
/// a window's width, so that no tone falls between.
const FINE_STEP: usize = 25;

/// Where a voice's period is looked for, in samples: 80 to 400 Hz.
const LAGS: Range<usize> = 20..101;

/// Where a dial tone of one frequency lies, in hertz (ITU-T E.180), and where the two of one of two do.
const DIAL_TONE: [RangeInclusive<f32>; 3] = [398.0..=452.0, 340.0..=360.0, 430.0..=450.0];

/// The lowest note that is looked for, in hertz: the hum of 150 and 180 Hz that the high-pass has left is
/// none.
const LOWEST_NOTE: u16 = 220;

/// Where no note is looked for: a dial tone under a key is none, and it reaches
/// beyond its own frequency.
const AROUND_DIAL_TONES: RangeInclusive<f32> = 290.0..=520.0;

/// How much earlier a note must stand there too: two hops.
const EARLIER: usize = 2 * HOP;

/// The pair as the window holds it once up to four other tones are explained.
pub(super) fn explained(window: &[f32; WINDOW], pair: &Pair) -> Pair {
    let steps = pair.tones.map(|tone| tone.frequency.radians_per_sample());
    let Some(three) = one_more::<2, 4, 8, 3, 6>(window, pair, steps) else {
        return *pair;
    };
    let Some(four) = one_more::<3, 6, 12, 4, 8>(window, &three, steps) else {
        return key_of(&three);
    };
    let Some(five) = one_more::<4, 8, 16, 5, 10>(window, &four, steps) else {
        return key_of(&four);
    };
    one_more::<5, 10, 20, 6, 12>(window, &five, steps).map_or_else(|| key_of(&five), |six| key_of(&six))
}

/// The first two tones of a fit, and what all of them leave, as noise would
/// leave it beside two.
fn key_of<const TONES: usize>(found: &Fit<TONES>) -> Pair {
    let Fit { share, energy, .. } = *found;
    let rest = found.rest * (WINDOW - 8) as f32 / (WINDOW - 4 * TONES) as f32;
    Fit { tones: [found.tones[0], found.tones[1]], share, energy, rest }
}

/// The fit with one more tone, where that explains more of what was left
/// than noise would grant it.
/// `HALVES` and `COLUMNS` are twice and four times `TONES`, `MORE` is one more,
/// `MORE_HALVES` twice that.
fn one_more<
    const TONES: usize,
    const HALVES: usize,
    const COLUMNS: usize,
    const MORE: usize,
    const MORE_HALVES: usize,
>(
    window: &[f32; WINDOW],
    found: &Fit<TONES>,
    key: [f32; 2],
) -> Option<Fit<MORE>> {
    let rest = left_by::<TONES, COLUMNS>(window, found)?;
    let another = strongest(&rest, &found.tones)?;
    let known = |index: usize| found.tones.get(index).map(|tone| tone.frequency.radians_per_sample());
    let near = std::array::from_fn(|index| known(index).unwrap_or(another));
    let more = fit::<{ WINDOW / 2 }, MORE, MORE_HALVES>(window, near, 3)?;
    let is_key = more.tones.iter().zip(key).all(|(tone, step)| is_near(tone, step));
    let is_apart = more.tones.iter().skip(2).all(|tone| key.iter().all(|step| !is_near(tone, *step)));
    (is_key && is_apart && more.rest <= COMPANION_SHARE * found.rest).then_some(more)
}

/// Whether the strongest tone in what the pair leaves of its window explains more than this of that, in the
/// newest window and in the one [`EARLIER`]: a note is in both. Not where next to nothing is left.
pub(super) fn has_note(filtered: &Filtered, pair: &Pair, much: f32) -> bool {
    let windows = [filtered.last_chunk(), filtered[..KEPT - EARLIER].last_chunk()];
    windows.into_iter().flatten().all(|window| tonality(window, pair) > much)
}

fn tonality(window: &[f32; WINDOW], pair: &Pair) -> f32 {
    let Some(rest) = left_by::<2, 8>(window, pair) else {
        return 0.0;
    };
    let left = energy(&rest);
    let own = pair.tones.iter().map(|tone| tone.mean_square).sum::<f32>() * WINDOW as f32;
    if left < LITTLE * own {
        return 0.0;
    }
    let notes =
        (LOWEST_NOTE..=GRID.1).step_by(FINE_STEP).map(f32::from).filter(|hz| !AROUND_DIAL_TONES.contains(hz));
    let steps = notes.map(|hz| Hz(hz).radians_per_sample());
    steps.map(|step| tone_energy(&rest, step)).fold(0.0, f32::max) * 2.0 / (WINDOW as f32 * left)
}

/// Whether what the pair leaves of the newest window is more than this alike to itself a while before: of
/// noise little at any lag, of a voice's other harmonics and of a chord's few other notes nearly all at one.
/// A dial tone is left out.
pub(super) fn recurs(window: &[f32; WINDOW], pair: &Pair, much: f32) -> bool {
    let [low, high] = pair.tones.map(|tone| tone.frequency.radians_per_sample());
    let [single, lower, upper] =
        DIAL_TONE.map(|range| Hz((range.start() + range.end()) / 2.0).radians_per_sample());
    let is_dial = |tones: &[Tone], ranges: &[RangeInclusive<f32>]| {
        tones.iter().skip(2).zip(ranges).all(|(tone, range)| range.contains(&tone.frequency.0))
    };
    let one = || {
        let one = fit::<{ WINDOW / 2 }, 3, 6>(window, [low, high, single], 3)?;
        is_dial(&one.tones, &DIAL_TONE[..1]).then(|| left_by::<3, 12>(window, &one))?
    };
    let two = || {
        let two = fit::<{ WINDOW / 2 }, 4, 8>(window, [low, high, lower, upper], 3)?;
        is_dial(&two.tones, &DIAL_TONE[1..]).then(|| left_by::<4, 16>(window, &two))?
    };
    let still = |rest: Option<[f32; WINDOW]>| rest.is_none_or(|rest| recurrence(&rest) > much);
    still(left_by::<2, 8>(window, pair)) && still(one()) && still(two())
}

/// How much of what the pair leaves of its window is third-order products of its own two tones: what an
/// overdriven or clipped line makes of a key, and recurs as a voice does.
pub(super) fn distortion(window: &[f32; WINDOW], pair: &Pair) -> f32 {
    let Some(rest) = left_by::<2, 8>(window, pair) else {
        return 0.0;
    };
    let [low, high] = pair.tones.map(|tone| tone.frequency.radians_per_sample());
    let products = [2.0 * low - high, 2.0 * high - low, 3.0 * low, 2.0 * low + high];
    let waves = products.map(Wave::<WINDOW>::from_zero);
    let columns: [&[f32; WINDOW]; 8] = std::array::from_fn(|column| {
        let wave = &waves[column / 2];
        if column % 2 == 0 { &wave.cos } else { &wave.sin }
    });
    let explained = solve(columns, &rest).map_or(0.0, |(_, z)| energy(&z));
    explained / energy(&rest).max(1.0)
}

/// The sum of the squares of any number of samples.
pub(super) fn energy(samples: &[f32]) -> f32 {
    samples.iter().map(|x| x * x).sum()
}

/// How alike a window is to itself a while before, at the lag at which it is most so.
fn recurrence(rest: &[f32; WINDOW]) -> f32 {
    let at = |lag: usize| {
        let (later, earlier) = (&rest[lag..], &rest[..WINDOW - lag]);
        let common: f32 = later.iter().zip(earlier).map(|(x, y)| x * y).sum();
        common / (energy(later) * energy(earlier)).sqrt().max(1.0)
    };
    LAGS.map(at).fold(0.0, f32::max)
}

/// The squared sum of what a tone has in common with a window.
fn tone_energy(rest: &[f32; WINDOW], step: f32) -> f32 {
    let wave = Wave::<WINDOW>::from_zero(step);
    dot(rest, &wave.cos).powi(2) + dot(rest, &wave.sin).powi(2)
}

fn is_near(tone: &Tone, step: f32) -> bool {
    (tone.frequency.0 - Hz::from_radians_per_sample(step).0).abs() < COMPANION_APART.0
}

/// What tones with slopes leave of a window.
fn left_by<const TONES: usize, const COLUMNS: usize>(
    window: &[f32; WINDOW],
    found: &Fit<TONES>,
) -> Option<[f32; WINDOW]> {
    const { assert!(COLUMNS == 4 * TONES, "a wave and its ramp, in two phases, for each tone") };
    let first = 0.5 - WINDOW as f32 / 2.0;
    let waves = found.tones.map(|tone| Wave::<WINDOW>::starting(tone.frequency.radians_per_sample(), first));
    let ramp = |n: usize| (n as f32 + first) * 2.0 / WINDOW as f32;
    let ramped = waves.each_ref().map(|wave| {
        [&wave.cos, &wave.sin].map(|wave| std::array::from_fn::<f32, WINDOW, _>(|n| wave[n] * ramp(n)))
    });
    let columns: [&[f32; WINDOW]; COLUMNS] = std::array::from_fn(|column| {
        let (wave, ramped) = (&waves[column / 4], &ramped[column / 4]);
        match column % 4 {
            0 => &wave.cos,
            1 => &wave.sin,
            ramp => &ramped[ramp % 2],
        }
    });
    let (amplitudes, _) = solve(columns, window)?;
    let mut rest = *window;
    for (column, amplitude) in columns.iter().zip(amplitudes) {
        for (sample, wave) in rest.iter_mut().zip(*column) {
            *sample -= amplitude * wave;
        }
    }
    Some(rest)
}

/// The phase step of the strongest tone that is not one of `known`.
fn strongest(rest: &[f32; WINDOW], known: &[Tone]) -> Option<f32> {
    let (lowest, highest, apart) = GRID;
    let is_new = |hz: &f32| known.iter().all(|tone| (tone.frequency.0 - hz).abs() >= COMPANION_APART.0);
    let steps = (lowest..=highest).step_by(apart).map(f32::from).filter(is_new);
    let energies = steps.map(|hz| Hz(hz).radians_per_sample()).map(|step| (step, tone_energy(rest, step)));
    energies.max_by(|(_, one), (_, other)| one.total_cmp(other)).map(|(step, _)| step)
}

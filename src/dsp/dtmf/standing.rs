//! Tones that stood on the line before a key: a dial tone is taken out from
//! under the key that is pressed in it.

use super::fit::{Fit, Tone, WINDOW, Wave, fit, solve};
use super::history::KEPT;
use super::limits::{DIAL_TONES, STOOD_LEVEL, STOOD_LOUDNESS, STOOD_OFF, STOOD_SHARE};
use super::window::{BEFORE, BEGIN, Filtered};
use crate::dsp::units::Hz;

/// Samples at the begin of [`Filtered`] in which the high-pass settles.
const SETTLING: usize = 24;

/// Samples before a key that show what stood there.
const STOOD: usize = BEFORE - SETTLING;

/// The tones that stand: one, and then nothing; or two.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Standing([Tone; 2]);

/// What was heard of late without the tones that stand in it: those of
/// `known`, or any dial tone that was there before the newest window. The
/// key's own tones lie near the phase steps `near`.
#[inline(always)]
pub(super) fn take_out(
    filtered: &Filtered,
    near: [f32; 2],
    known: Option<Standing>,
) -> Option<(Filtered, Standing)> {
    if known.is_none() && !stood(filtered) {
        return None;
    }
    let [low, high] = near;
    let guess = |frequency: f32| Hz(frequency).radians_per_sample();
    let [single, lower, upper] = [425.0, 350.0, 440.0].map(guess);
    let (cleaned, standing) = explained::<3, 6>(filtered, [low, high, single])
        .or_else(|| explained::<4, 8>(filtered, [low, high, lower, upper]))?;
    let is_proven = match known {
        Some(known) => standing.is_like(&known),
        None => left_of_stood(filtered, &cleaned) <= 1.0 - STOOD_SHARE,
    };
    is_proven.then_some((cleaned, standing))
}

/// True if what came before the newest window is as loud as a dial tone under
/// a key may be, and made of tones where dial tones are. Over 5 ms these two
/// make up any such pair.
#[inline(always)]
fn stood(filtered: &Filtered) -> bool {
    let Some(before) = filtered[SETTLING..].first_chunk::<STOOD>() else {
        return false;
    };
    let energy = |samples: &[f32]| samples.iter().map(|x| x * x).sum::<f32>();
    let (own, window) = (energy(before), energy(&filtered[BEGIN..]));
    if own / (STOOD as f32) < STOOD_LOUDNESS * window / WINDOW as f32 {
        return false;
    }
    let [lower, upper] = [350.0, 440.0].map(|hz| Wave::<STOOD>::from_zero(Hz(hz).radians_per_sample()));
    let columns = [&lower.cos, &lower.sin, &upper.cos, &upper.sin];
    solve(columns, before).is_some_and(|(_, z)| z.iter().map(|z| z * z).sum::<f32>() >= STOOD_SHARE * own)
}

/// The energy left of what came before the newest window.
fn left_of_stood(filtered: &Filtered, cleaned: &Filtered) -> f32 {
    let energy = |samples: &Filtered| samples[SETTLING..BEFORE].iter().map(|x| x * x).sum::<f32>();
    energy(cleaned) / energy(filtered).max(1.0)
}

/// The line without the tones beside the key's, if these and the key's make up
/// the newest window. `COLUMNS` is twice `TONES`.
#[inline(always)]
fn explained<const TONES: usize, const COLUMNS: usize>(
    filtered: &Filtered,
    near: [f32; TONES],
) -> Option<(Filtered, Standing)> {
    let found = fit::<{ WINDOW / 2 }, TONES, COLUMNS>(&filtered[BEGIN..], near, 4)?;
    let beside = &found.tones[2..];
    let is_dial_tone = beside.iter().all(|tone| DIAL_TONES.contains(&tone.frequency.0));
    if found.share < STOOD_SHARE || !is_dial_tone {
        return None;
    }
    let silent = Tone { frequency: Hz(0.0), mean_square: 0.0, slope: 0.0 };
    let standing = std::array::from_fn(|index| beside.get(index).copied().unwrap_or(silent));
    Some((without::<TONES, COLUMNS>(filtered, &found)?, Standing(standing)))
}

/// All that was heard of late without the tones beside the key's as they are
/// in the newest window, run on before it. What is left of the high-pass's
/// settling is silenced.
#[inline(always)]
fn without<const TONES: usize, const COLUMNS: usize>(
    filtered: &Filtered,
    found: &Fit<TONES>,
) -> Option<Filtered> {
    let begin = -(BEGIN as f32);
    let waves = found.tones.map(|tone| Wave::<KEPT>::starting(tone.frequency.radians_per_sample(), begin));
    let whole = |column: usize| {
        let wave = &waves[column / 2];
        if column.is_multiple_of(2) { &wave.cos } else { &wave.sin }
    };
    let window = filtered.last_chunk::<WINDOW>()?;
    let mut columns = [window; COLUMNS];
    for (index, column) in columns.iter_mut().enumerate() {
        *column = whole(index).last_chunk::<WINDOW>()?;
    }
    let (amplitudes, _) = solve(columns, window)?;
    let mut cleaned = *filtered;
    for (index, amplitude) in amplitudes.into_iter().enumerate().skip(4) {
        for (sample, wave) in cleaned.iter_mut().zip(whole(index)) {
            *sample -= amplitude * wave;
        }
    }
    cleaned[..SETTLING].fill(0.0);
    Some(cleaned)
}

impl Standing {
    /// True if each tone is where it was and as loud.
    fn is_like(&self, known: &Standing) -> bool {
        self.0.iter().zip(&known.0).all(|(tone, known)| {
            let (least, most) = (known.mean_square / STOOD_LEVEL, known.mean_square * STOOD_LEVEL);
            (tone.frequency.0 - known.frequency.0).abs() <= STOOD_OFF.0
                && (least..=most).contains(&tone.mean_square)
        })
    }
}

//! The last look before a key is told: whether its tones are as steady as a
//! key's are, and alone in having begun.

use super::agreement::{Agreement, Doubt};
use super::companions::{self, distortion, energy, explained, recurs};
use super::fit::{WINDOW, Wave, solve};
use super::history::{History, KEPT_HOPS};
use super::limits::{
    ALONE, DISTORTION, DOUBTFUL, DRIFT, FADING, FADING_A_LITTLE, FADING_NOTE, FALLEN, GROWTH, LITTLE,
    LOUD_NOTE, NOTE, PURE, RECURRING, RECURRING_BESIDE_PURE, SAME_SHARE, SLOPE, SWELLING, TOLERANCE, TURN,
};
use super::window::{BEFORE, BEGIN, Filtered, Pair};

/// What was on the line before a key: its mean square as it came, hum and all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Before(pub(super) f32);

impl Before {
    /// Before the newest window and the hop in which its tones may have begun.
    pub(super) fn newest_window(history: &History) -> Self {
        let samples = history.newest::<BEFORE>(WINDOW + BEGIN - BEFORE);
        Self(samples.iter().map(|x| f32::from(*x).powi(2)).sum::<f32>() / BEFORE as f32)
    }
}

/// What the last look makes of the windows that agree on a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is told.
    Key,
    /// As many must agree once more: the first of them may have held the edge
    /// of a repeated frame.
    Again,
    /// More must agree.
    Doubtful,
    /// Many more must agree: another tone stands beside it.
    Chord,
}

/// The last look at the newest window of an agreement, which is `filtered`'s.
pub(super) fn verdict(
    agreement: &Agreement,
    history: &History,
    filtered: &Filtered,
    newest: &Pair,
) -> Verdict {
    let alone = filtered.last_chunk().map_or(*newest, |window| explained(window, newest));
    let plain = Unsteadiness::between(&agreement.first, newest);
    let freed = Unsteadiness::between(&agreement.first, &alone);
    let slope = plain.slope.max(freed.slope);
    let fading = plain.fading.max(freed.fading);
    let falls = fading.max(plain.fell).max(freed.fell);
    let moves = falls > FADING_A_LITTLE || plain.fading.min(freed.fading) < -SWELLING;
    let fades = slope > SLOPE || fading > FADING;
    let has_fallen = plain.falls().max(freed.falls()) > FALLEN;
    let is_impure = agreement.first.share.max(newest.share) < PURE.share;
    let is_chord = || fades && has_grown(agreement, history, newest);
    let window = filtered.last_chunk();
    let is_distorted = || window.is_some_and(|window| distortion(window, newest) > DISTORTION);
    // What lies beside a key and comes again and again is no noise: the key is two harmonics of a voice, or
    // notes of a chord; unless it is next to nothing, as what a codec leaves, or the key's own distortion.
    let recurs = |much: f32| {
        let recurs = |window| recurs(window, newest, much);
        newest.share < ALONE && window.is_some_and(recurs) && !is_distorted()
    };
    let has_note = |much: f32| companions::has_note(filtered, newest, much);
    match agreement.doubt {
        Doubt::None | Doubt::Same if (has_fallen || fading > FADING) && recurs(RECURRING_BESIDE_PURE) => {
            Verdict::Chord
        }
        // After a hole the high-pass still settles in the window, and nothing is known of before it.
        Doubt::None if history.unbroken() < KEPT_HOPS => Verdict::Key,
        Doubt::None | Doubt::Same if is_impure && recurs(RECURRING) => Verdict::Chord,
        Doubt::None if is_impure && has_grown(agreement, history, newest) && !is_distorted() => {
            Verdict::Chord
        }
        // Another tone stands beside a key whose level moves, or a loud one beside any.
        Doubt::None | Doubt::Same if has_note(if moves { FADING_NOTE } else { LOUD_NOTE }) => Verdict::Chord,
        Doubt::Same if newest.share < SAME_SHARE => Verdict::Again,
        Doubt::Same if slope > SLOPE => Verdict::Doubtful,
        Doubt::Same => Verdict::Key,
        Doubt::None if slope > SLOPE || is_chord() => Verdict::Doubtful,
        Doubt::None if plain.drift > DRIFT => Verdict::Again,
        Doubt::None => Verdict::Key,
        Doubt::Lingering | Doubt::Failed if has_note(NOTE) || recurs(RECURRING) => Verdict::Chord,
        Doubt::Chord if has_fallen || recurs(RECURRING) => Verdict::Again,
        Doubt::Lingering | Doubt::Failed | Doubt::Chord => {
            let step = plain.step.max(freed.step);
            let is_steady = slope.max(step) <= DOUBTFUL && plain.drift <= DRIFT && !is_chord();
            if is_steady { Verdict::Key } else { Verdict::Again }
        }
    }
}

/// True if what is on the line beside a key began with it.
fn has_grown(agreement: &Agreement, history: &History, newest: &Pair) -> bool {
    let own: f32 = newest.tones.iter().map(|tone| tone.mean_square).sum();
    beside(history, newest) > GROWTH * agreement.before.0.max(LITTLE * own)
}

/// How far two tones are from being steady, in squared deviations of what noise
/// would do to steady ones, summed over both: 2 on average, and above 20 once
/// in 20,000 times.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Unsteadiness {
    /// Of their levels' slopes within the newest window.
    slope: f32,
    /// Of how far their frequencies moved since the first window.
    drift: f32,
    /// Of how far their levels did.
    step: f32,
    /// By how many deviations their levels fall within the newest window, taken
    /// together.
    fading: f32,
    /// The same from the first window to the newest.
    fell: f32,
}

impl Unsteadiness {
    /// By how much their levels fall, within the newest window and up to it: of
    /// steady tones 0 give or take 1.4.
    fn falls(&self) -> f32 {
        self.fading + self.fell
    }

    fn between(first: &Pair, newest: &Pair) -> Self {
        let mut sums = Self { slope: 0.0, drift: 0.0, step: 0.0, fading: 0.0, fell: 0.0 };
        for (before, tone) in first.tones.iter().zip(&newest.tones) {
            let (own, first) = (newest.variance(tone, WINDOW), first.variance(before, WINDOW));
            let level = TOLERANCE * TOLERANCE;
            let drift = tone.frequency.radians_per_sample() - before.frequency.radians_per_sample();
            let step = (tone.mean_square / before.mean_square).ln() / 2.0;
            sums.slope += tone.slope.powi(2) / (own + level);
            sums.fading -= tone.slope / (2.0 * (own + level)).sqrt();
            sums.drift += (drift * WINDOW as f32 / 2.0).powi(2) / (own + first + TURN * TURN);
            let noise = (own + first) / 3.0 + level;
            sums.step += step.powi(2) / noise;
            sums.fell -= step / (2.0 * noise).sqrt();
        }
        sums
    }
}

/// What is on the line beside the key's tones, its mean square as it came.
fn beside(history: &History, pair: &Pair) -> f32 {
    let samples = history.newest::<WINDOW>(0).map(f32::from);
    let [low, high] = pair.tones.map(|tone| Wave::<WINDOW>::from_zero(tone.frequency.radians_per_sample()));
    let Some((_, z)) = solve([&low.cos, &low.sin, &high.cos, &high.sin], &samples) else {
        return 0.0;
    };
    (energy(&samples) - energy(&z)).max(0.0) / WINDOW as f32
}

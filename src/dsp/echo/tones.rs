//! Whether two tones that were received had been played before.
//!
//! This needs no echo path and so holds from the first sample on: a key's tones that stood in the
//! reference when an echo of it would have been played are our own. A path changes how strong a tone
//! is and shifts its phase, but both by the same for as long as the tone lasts: what was received is
//! compared with what was played stretch by stretch. Voices that stand in the reference beside the
//! tones may come back weaker than they, so that the tones' share of what was played says little.

use super::history::History;
use super::reference::Reference;
use super::slide::energy;
use crate::dsp::dtmf::{Began, Key};
use crate::dsp::units::{Db, Hz};

/// Samples looked at together: 12 ms, over which a tone 1.8 % off still counts as itself.
const STRETCH: usize = 96;

/// From one stretch to the next, and from one delay to the next.
const STEP: usize = 48;

/// Stretches of a key looked at most: its last 36 ms.
const STRETCHES: usize = 5;

/// The shortest and the longest delay of an echo, 10 to 300 ms, and 10 ms more for what the line adds.
const DELAYS: [usize; 2] = [40, 2480];

/// Looks at the reference between the two delays.
const LOOKS: usize = (DELAYS[1] - DELAYS[0]) / STEP + STRETCHES;

/// Where the two tones are so much of what was said, so much of what is heard at them must be the said
/// ones: a path that lets one of them hardly through leaves it in the line's noise.
const ALONE: f32 = 0.7;
const ALONE_SAME: f32 = 0.8;

/// Where a voice was said over them, they must be more of what is heard, and each of them; no voice keeps
/// pitch and loudness so well.
const BESIDE: f32 = 0.1;
const BESIDE_SAME: f32 = 0.95;
const BESIDE_EACH: f32 = 0.8;

/// An echo is no louder than what was played, but for what a narrow band and two quantisers add.
const LOUDEST_ECHO: Db = Db(9.0);

/// A tone's amplitude and phase in a stretch, as a complex number.
type Phasor = [f32; 2];

/// What a stretch holds.
#[derive(Debug, Clone, Copy, Default)]
struct Stretch {
    tones: [Phasor; 2],
    /// The energy of both tones, and of everything.
    of_tones: f32,
    all: f32,
}

/// Tells whether the tones of a key that was received were in `played` at some delay of an echo.
pub(super) fn explains(
    played: &impl Reference,
    received: &History,
    &Began { key, onset, told_at }: &Began,
) -> bool {
    let length = told_at.saturating_sub(onset).0 as usize;
    let count = (length.saturating_sub(STRETCH) / STEP + 1).min(STRETCHES);
    let end = |back: usize| told_at.0 as i64 - (back * STEP) as i64;
    let heard: [Stretch; STRETCHES] =
        std::array::from_fn(|n| look(key, end(n), |from, out| received.read(from, out)));
    let said: [Stretch; LOOKS] =
        std::array::from_fn(|n| look(key, end(n) - DELAYS[0] as i64, |from, out| played.read(from, out)));
    said.windows(STRETCHES).any(|said| could_echo(&said[..count], &heard[..count]))
}

/// True if what was said holds the two tones, and if they come back as what was heard.
fn could_echo(said: &[Stretch], heard: &[Stretch]) -> bool {
    let sum = |of: fn(&Stretch) -> f32| said.iter().map(of).sum::<f32>();
    let share = sum(|stretch| stretch.of_tones) / sum(|stretch| stretch.all).max(1.0);
    if share < BESIDE {
        return false;
    }
    let (low, high) = (Same::of(0, said, heard), Same::of(1, said, heard));
    if low.is_too_loud || high.is_too_loud {
        return false;
    }
    let both = (low.same + high.same) / (low.all + high.all).max(1.0);
    let is_each = [low, high].iter().all(|tone| tone.same >= BESIDE_EACH * tone.all);
    share >= ALONE && both >= ALONE_SAME || both >= BESIDE_SAME && is_each
}

/// A heard tone beside the said one.
#[derive(Debug, Clone, Copy)]
struct Same {
    /// Energy that is the said tone, fainter and at another phase, but by the same throughout.
    same: f32,
    /// All that was heard at the tone.
    all: f32,
    /// Louder than an echo can be.
    is_too_loud: bool,
}

impl Same {
    fn of(tone: usize, said: &[Stretch], heard: &[Stretch]) -> Same {
        let (mut common, mut of_said, mut all) = ([0.0; 2], 0.0, 0.0);
        for (said, heard) in said.iter().zip(heard) {
            let ([a, b], [c, d]) = (said.tones[tone], heard.tones[tone]);
            common = [common[0] + a * c + b * d, common[1] + a * d - b * c];
            of_said += a * a + b * b;
            all += c * c + d * d;
        }
        let same = (common[0] * common[0] + common[1] * common[1]) / f32::max(of_said, 1.0);
        Same { same, all, is_too_loud: of_said * LOUDEST_ECHO.power_ratio() < all }
    }
}

/// The stretch that ends at a position.
fn look(key: Key, end: i64, read: impl Fn(i64, &mut [f32])) -> Stretch {
    let mut samples = [0.0; STRETCH];
    read(end - STRETCH as i64, &mut samples);
    let tones = [key.low(), key.high()].map(|tone| phasor(&samples, tone));
    let of_tones = tones.iter().flatten().map(|part| part * part).sum::<f32>() * 2.0 / STRETCH as f32;
    Stretch { tones, of_tones, all: energy(pulp::Scalar, &samples) }
}

/// A tone in a stretch, by the plain recurrence.
fn phasor(samples: &[f32; STRETCH], tone: Hz) -> Phasor {
    let (sine, cosine) = tone.radians_per_sample().sin_cos();
    let (mut newer, mut older) = (0.0, 0.0);
    for x in samples {
        (newer, older) = (x + 2.0 * cosine * newer - older, newer);
    }
    [newer - cosine * older, sine * older]
}

#[cfg(test)]
mod tests {
    use super::super::Recording;
    use super::*;
    use crate::dsp::units::Samples;

    const LATE: usize = 1_000;

    /// A key's tones with a vowel of 300 Hz under them, from a sample on; the vowel so loud.
    fn key_over_a_vowel(key: Key, from: usize, count: usize, vowel: f32) -> Vec<i16> {
        let wave = |tone: Hz, n: usize| (tone.radians_per_sample() * n as f32).sin();
        let sample = |n: usize| {
            let tones = if (from..from + count).contains(&n) {
                wave(key.low(), n) + wave(key.high(), n)
            } else {
                0.0
            };
            (1_000.0 * tones + vowel * wave(Hz(300.0), n)).round() as i16
        };
        (0..6_000).map(sample).collect()
    }

    /// Whether a key told 33 ms after `onset` is ours, by what was said and what was received.
    fn is_own(said: &[i16], received: &[i16], key: Key, onset: usize) -> bool {
        let told_at = onset + 264;
        let mut heard = History::new();
        heard.put(Samples(0), &received[..told_at]);
        let began = Began { key, onset: Samples(onset as u64), told_at: Samples(told_at as u64) };
        explains(&Recording::new(said, Samples(0)), &heard, &began)
    }

    fn key(of: char) -> Key {
        Key::from_char(of).unwrap()
    }

    /// What was said, so late and so faint.
    fn echo(said: &[i16], gain: f32) -> Vec<i16> {
        let late = std::iter::repeat_n(0, LATE).chain(said.iter().map(|x| (gain * f32::from(*x)) as i16));
        late.take(said.len()).collect()
    }

    /// "Our own prompt makes no key, not even one that contains tones", though a voice drowns them in it.
    #[test]
    fn a_key_that_we_said_under_a_loud_voice_is_ours() {
        for of in ['1', '5', '#', 'D'] {
            let said = key_over_a_vowel(key(of), 2_000, 320, 2_500.0);
            // The path lets no vowel through.
            let received = echo(&key_over_a_vowel(key(of), 2_000, 320, 0.0), 0.2);
            assert!(is_own(&said, &received, key(of), 2_000 + LATE), "{of}");
        }
    }

    /// "While another key pressed meanwhile is heard."
    #[test]
    fn another_key_is_not_ours() {
        let said = key_over_a_vowel(key('5'), 2_000, 2_400, 0.0);
        let received = key_over_a_vowel(key('8'), 3_400, 800, 0.0);
        assert!(!is_own(&said, &received, key('8'), 3_400));
    }

    #[test]
    fn a_key_louder_than_what_we_said_is_not_ours() {
        let said = key_over_a_vowel(key('5'), 2_000, 800, 0.0);
        assert!(is_own(&said, &echo(&said, 1.5), key('5'), 2_000 + LATE));
        assert!(!is_own(&said, &echo(&said, 5.0), key('5'), 2_000 + LATE));
    }

    /// What wanders in pitch through a key's two tones was not the key.
    #[test]
    fn a_voice_that_passes_through_the_tones_is_no_key_of_ours() {
        let glide = |tone: Hz, n: usize| {
            let off = 1.0 + 0.12 * (n as f32 - 2_132.0) / 264.0;
            (tone.radians_per_sample() * off * n as f32).sin()
        };
        let said: Vec<i16> = (0..6_000)
            .map(|n| (2_000.0 * (glide(key('5').low(), n) + glide(key('5').high(), n))) as i16)
            .collect();
        let received = key_over_a_vowel(key('5'), 3_000, 800, 0.0);
        assert!(!is_own(&said, &received, key('5'), 3_000));
    }

    /// Samples long before and long after an echo hold nothing to compare with.
    #[test]
    fn a_key_said_too_long_ago_is_not_ours() {
        let said = key_over_a_vowel(key('5'), 100, 400, 0.0);
        let received = key_over_a_vowel(key('5'), 4_000, 800, 0.0);
        assert!(!is_own(&said, &received, key('5'), 4_000));
    }
}

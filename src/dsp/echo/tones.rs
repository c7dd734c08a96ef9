//! Whether two tones that were received had been played before.
//!
//! This needs no echo path and so holds from the first sample on: a key's tones that stood in the
//! reference when an echo of it would have been played are our own. A path changes how strong a tone is
//! and shifts its phase, but both by the same for as long as the tone lasts: what was received is
//! compared with what was played stretch by stretch. Voices that stand in the reference beside the
//! tones may come back weaker than they, so that the tones' share of what was played says little; where
//! a path is known, what it makes of all of them is compared too.

use super::canceller::{BLOCK, Canceller};
use super::history::History;
use super::reference::Reference;
use super::slide::energy;
use crate::dsp::dtmf::{Began, Key};
use crate::dsp::units::{Db, Hz};

/// Samples summed at once.
const CELL: usize = 8;

/// Cells looked at together: 12 ms, over which a tone 1.8 % off still counts as itself.
const STRETCH: usize = 12;

/// From one stretch to the next, in cells.
const STEP: usize = 6;

/// Stretches of a key looked at most: its last 36 ms.
const STRETCHES: usize = 5;

/// Stretches before those: of a key that just began, how it began.
const BEFORE: usize = 2;

/// Cells in all of them.
const SPAN: usize = STRETCH + STEP * (STRETCHES + BEFORE - 1);

/// The shortest and the longest delay of an echo in cells, 10 to 300 ms, and 10 ms more for what the line
/// adds; looked at every 2 ms, since a voice over the tones changes faster than they.
const DELAYS: [usize; 2] = [5, 310];
const DELAY_STEP: usize = 2;

/// Cells of what was said in which those delays lie.
const REACH: usize = (DELAYS[1] + SPAN).next_multiple_of(STRETCH);

/// Where the two tones are so much of what was said, so much of what is heard at them must be the said
/// ones: a path that lets one of them hardly through leaves it in the line's noise.
const ALONE: f32 = 0.7;
const ALONE_SAME: Alike = Alike { both: 0.8, each: 0.0 };

/// Where a voice was said over them, they must be more of what is heard, and each of them; no voice keeps
/// pitch and loudness so well.
const BESIDE: f32 = 0.1;
const BESIDE_SAME: Alike = Alike { both: 0.985, each: 0.7 };

/// The same with what was heard before: a person does not begin to press when our voice begins to hold
/// the key's tones.
const BEGUN_SAME: Alike = Alike { both: 0.94, each: 0.5 };

/// An echo is no louder than what was played, but for what a narrow band and two quantisers add.
const LOUDEST_ECHO: Db = Db(9.0);

/// A tone's amplitude and phase, as a complex number.
type Phasor = [f32; 2];

/// What a few samples hold; what a stretch holds is the sum of its cells'.
#[derive(Debug, Clone, Copy, Default)]
struct Sound {
    tones: [Phasor; 2],
    /// The energy of everything.
    all: f32,
}

impl Sound {
    fn plus(self, other: &Sound) -> Sound {
        let add = |[a, b]: Phasor, [c, d]: Phasor| [a + c, b + d];
        let [low, high] = self.tones;
        let [other_low, other_high] = other.tones;
        Sound { tones: [add(low, other_low), add(high, other_high)], all: self.all + other.all }
    }

    /// The energy of both tones in a stretch.
    fn of_tones(&self) -> f32 {
        self.tones.iter().flatten().map(|part| part * part).sum::<f32>() * 2.0 / (STRETCH * CELL) as f32
    }
}

/// The stretches of a key, the newest first, and those before it.
type Stretches = [Sound; STRETCHES + BEFORE];

/// Tells whether the tones of a key that was received were in `played` at some delay of an echo.
pub(super) fn explains(
    played: &impl Reference,
    received: &History,
    path: Option<&Canceller>,
    &Began { key, onset, told_at }: &Began,
) -> bool {
    let cells_long = told_at.saturating_sub(onset).0 as usize / CELL;
    let during = (cells_long.saturating_sub(STRETCH) / STEP + 1).min(STRETCHES);
    let end = told_at.0 as i64;
    let heard = stretches(&cells::<SPAN>(key, end, |from, out| received.read(from, out)));
    let said = cells::<REACH>(key, end, |from, out| played.read(from, out));
    path.is_some_and(|path| {
        let returned = stretches(&cells::<SPAN>(key, end, |from, out| echo(path, played, from, out)));
        BESIDE_SAME.holds(&beside(&returned, &heard, during))
    }) || (DELAYS[0]..=DELAYS[1])
        .step_by(DELAY_STEP)
        .any(|delay| could_echo(&stretches(&said[delay..]), &heard, during))
}

/// What was played as it comes back from a position on.
fn echo(path: &Canceller, played: &impl Reference, from: i64, out: &mut [f32]) {
    for (block, out) in out.chunks_exact_mut(BLOCK).enumerate() {
        let end = from + ((block + 1) * BLOCK) as i64;
        out.copy_from_slice(&path.echo(pulp::Scalar, played, end));
    }
}

/// True if what was said holds the two tones, and if they come back as what was heard: in the stretches
/// during the key alone, or with those before.
fn could_echo(said: &Stretches, heard: &Stretches, during: usize) -> bool {
    let sum = |of: fn(&Sound) -> f32| said[..during].iter().map(of).sum::<f32>();
    let share = sum(Sound::of_tones) / sum(|stretch| stretch.all).max(1.0);
    if share < BESIDE {
        return false;
    }
    let key = beside(said, heard, during);
    share >= ALONE && ALONE_SAME.holds(&key)
        || BESIDE_SAME.holds(&key)
        || BEGUN_SAME.holds(&beside(said, heard, during + BEFORE))
}

/// Each tone that was heard in so many stretches beside the said one.
fn beside(said: &Stretches, heard: &Stretches, count: usize) -> [Same; 2] {
    [0, 1].map(|tone| Same::of(tone, &said[..count], &heard[..count]))
}

/// How much of what is heard at a key's tones must be the said ones: of both together, and of each.
#[derive(Debug, Clone, Copy)]
struct Alike {
    both: f32,
    each: f32,
}

impl Alike {
    fn holds(&self, [low, high]: &[Same; 2]) -> bool {
        low.same + high.same >= self.both * (low.all + high.all).max(1.0)
            && [low, high].iter().all(|tone| tone.same >= self.each * tone.all && !tone.is_too_loud)
    }
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
    fn of(tone: usize, said: &[Sound], heard: &[Sound]) -> Same {
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

/// The stretches of which the newest ends where the cells begin.
fn stretches(cells: &[Sound]) -> Stretches {
    std::array::from_fn(|n| {
        cells[n * STEP..n * STEP + STRETCH].iter().fold(Sound::default(), |sum, cell| sum.plus(cell))
    })
}

/// The cells before a position, the newest first.
fn cells<const COUNT: usize>(key: Key, end: i64, read: impl Fn(i64, &mut [f32])) -> [Sound; COUNT] {
    let mut waves = [key.low(), key.high()].map(Wave::new);
    let mut cells = [Sound::default(); COUNT];
    let mut samples = [0.0; STRETCH * CELL];
    let mut until = end;
    for stretch in cells.chunks_mut(STRETCH) {
        until -= samples.len() as i64;
        read(until, &mut samples);
        for (cell, samples) in stretch.iter_mut().zip(samples.as_chunks::<CELL>().0.iter().rev()) {
            *cell = Sound {
                tones: waves.each_mut().map(|wave| wave.next(samples)),
                all: energy(pulp::Scalar, samples),
            };
        }
    }
    cells
}

/// A tone that is looked for in one cell after the other, back in time.
struct Wave {
    /// Its phase at the samples of a cell.
    samples: [Phasor; CELL],
    /// Its phase at the next cell, and from one cell to the one before it.
    at: Phasor,
    turn: Phasor,
}

impl Wave {
    fn new(tone: Hz) -> Self {
        let phase = |samples: usize| {
            let (sine, cosine) = (tone.radians_per_sample() * samples as f32).sin_cos();
            [cosine, sine]
        };
        Self { samples: std::array::from_fn(phase), at: [1.0, 0.0], turn: phase(CELL) }
    }

    /// The tone in the next cell.
    fn next(&mut self, samples: &[f32; CELL]) -> Phasor {
        let mut sum = [0.0; 2];
        for (x, [cosine, sine]) in samples.iter().zip(self.samples) {
            sum = [sum[0] + x * cosine, sum[1] - x * sine];
        }
        let found = product(sum, self.at);
        self.at = product(self.at, self.turn);
        found
    }
}

fn product([a, b]: Phasor, [c, d]: Phasor) -> Phasor {
    [a * c - b * d, a * d + b * c]
}

#[cfg(test)]
mod tests {
    use super::super::tests::noise;
    use super::super::{Recording, trial};
    use super::*;
    use crate::dsp::units::{Dbm0, Samples};

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
        is_own_by(None, said, received, key, onset)
    }

    fn is_own_by(path: Option<&Canceller>, said: &[i16], received: &[i16], key: Key, onset: usize) -> bool {
        let told_at = onset + 264;
        let mut heard = History::new();
        heard.put(Samples(0), &received[..told_at]);
        let began = Began { key, onset: Samples(onset as u64), told_at: Samples(told_at as u64) };
        explains(&Recording::new(said, Samples(0)), &heard, path, &began)
    }

    /// A path that was learnt from a noise, [`LATE`] and so loud.
    fn path(gain: f32) -> Canceller {
        let said = noise(6_000, Dbm0(-10.0), 1);
        let mut heard = History::new();
        heard.put(Samples(0), &echo(&said, gain));
        let said = Recording::new(said, Samples(0));
        let from = [Samples(3_600), Samples(6_000)];
        trial::learn(pulp::Scalar, &said, &heard, LATE, from).expect("an echo is there").0
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

    /// A voice over the tones comes back through its own resonances; that they began together tells.
    #[test]
    fn a_key_that_we_said_is_ours_though_the_voice_beside_it_comes_back_louder() {
        let vowel = |n: usize| (Hz(760.0).radians_per_sample() * n as f32).sin();
        let with = |tones: &[i16], peak: f32| -> Vec<i16> {
            tones.iter().enumerate().map(|(n, x)| x + (peak * vowel(n)) as i16).collect()
        };
        let tones = key_over_a_vowel(key('1'), 2_000, 320, 2_500.0);
        let received = echo(&with(&tones, 900.0), 0.2);
        assert!(is_own(&with(&tones, 300.0), &received, key('1'), 2_000 + LATE));
    }

    /// Where a path is known, tones that a voice of ours hides are told by what the path makes of both.
    #[test]
    fn a_key_that_our_voice_drowns_is_ours_by_the_path() {
        let said = key_over_a_vowel(key('#'), 2_000, 320, 8_000.0);
        let (received, onset) = (echo(&said, 0.2), 2_000 + LATE);
        assert!(!is_own(&said, &received, key('#'), onset));
        assert!(is_own_by(Some(&path(0.2)), &said, &received, key('#'), onset));
        let pressed = key_over_a_vowel(key('#'), onset, 320, 0.0);
        assert!(!is_own_by(Some(&path(0.2)), &said, &pressed, key('#'), onset + 100));
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

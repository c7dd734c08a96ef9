//! Voice activity: what is louder than the line's noise, moves, and is no tone.

use std::sync::LazyLock;

use super::hop::HOP;
use super::noise::{Loudness, Noise};
use super::{Sound, SoundEvent};
use crate::dsp::units::{Db, Dbm0, Samples};

/// How far over the line's noise a voice is.
const OVER_NOISE: Db = Db(9.0);

/// Or so far where noise is nearly as loud: in some bins a voice is further over the noise than it is as a
/// whole. An echo of ours that noise hides is not so loud.
const OVER_LOUD_NOISE: Db = Db(5.0);
const OVER_BIN: Db = Db(10.0);
const BINS_OVER: usize = 2;

/// Nothing fainter is a voice, however quiet the line.
const FAINTEST: Dbm0 = Dbm0(-48.0);

/// Pauses up to this long are part of the speech.
const HANGOVER: Samples = Samples::from_ms(200);

/// Speech has at least this many hops of sound that is far from any tone: 96 ms.
const SPOKEN_HOPS: u16 = 3;

/// Or at least this many of vowels, 256 ms: those of a clear voice are nearly tones, and what is between
/// them may be short or lost in the noise.
const VOWEL_HOPS: u16 = 8;

/// Hops that wait for what follows: a tone's edge and, of a pair, its first hop.
const WAITING: usize = 2;

/// A voice's level moves at least this much; a hiss's does not.
const MOVES: Db = Db(5.0);

/// The level of its vowels moves at least this much; that of a tone in noise does not.
const VOWELS_MOVE: Db = Db(7.0);

/// Silence is told from here on.
const SILENCE: Samples = Samples::from_ms(500);

/// The constants, as mean squares and their ratios; the same for every line.
static THRESHOLDS: LazyLock<Thresholds> = LazyLock::new(|| Thresholds {
    over_noise: OVER_NOISE.power_ratio(),
    over_loud_noise: OVER_LOUD_NOISE.power_ratio(),
    over_bin: OVER_BIN.power_ratio(),
    faintest: FAINTEST.mean_square(),
    moves: MOVES.power_ratio(),
    vowels_move: VOWELS_MOVE.power_ratio(),
});

struct Thresholds {
    over_noise: f32,
    over_loud_noise: f32,
    over_bin: f32,
    faintest: f32,
    moves: f32,
    vowels_move: f32,
}

/// How tonal a hop is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tonality {
    /// Many frequencies at once, or moving ones: only voices and noises are like that.
    None,
    /// A tone, or something of one, or a vowel.
    Some,
    /// A tone for certain: it has gone on without a change.
    Steady,
}

/// Hops that count for one thing.
#[derive(Debug, Clone, Copy)]
struct Counted {
    hops: u16,
    /// Mean squares.
    faintest: f32,
    loudest: f32,
}

impl Counted {
    const NONE: Counted = Counted { hops: 0, faintest: f32::MAX, loudest: 0.0 };

    fn count(&mut self, mean_square: f32) {
        self.hops = self.hops.saturating_add(1);
        self.faintest = self.faintest.min(mean_square);
        self.loudest = self.loudest.max(mean_square);
    }

    fn are(&self, hops: u16, moves: f32) -> bool {
        self.hops >= hops && self.loudest >= self.faintest * moves
    }
}

/// A stretch of sound.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    begin: Samples,
    end: Samples,
    /// Hops that are far from any tone.
    sure: Counted,
    vowels: Counted,
}

impl Stretch {
    fn at(begin: Samples) -> Self {
        Self { begin, end: begin, sure: Counted::NONE, vowels: Counted::NONE }
    }

    fn is_speech(&self) -> bool {
        let Thresholds { moves, vowels_move, .. } = *THRESHOLDS;
        self.sure.are(SPOKEN_HOPS, moves) || self.vowels.are(VOWEL_HOPS, vowels_move)
    }
}

/// A stretch of silence.
#[derive(Debug, Clone, Copy, Default)]
struct Quiet {
    begin: Samples,
    end: Samples,
    /// Those that were received; 0: there is no silence.
    hops: u16,
}

/// A hop that may be a voice's, while it is not yet known whether a tone begins beside it.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    begin: Samples,
    mean_square: f32,
    /// Part of speech, if there is speech around it.
    is_voice: bool,
    /// Proof of speech: far from any tone.
    is_proof: bool,
    /// Like a tone that does not stay, and no edge of one: there is sound on either side.
    is_vowel: bool,
}

/// Follows the voice of one line.
#[derive(Debug, Clone)]
pub(super) struct Voice {
    noise: Noise,
    speech: Option<Stretch>,
    /// The last hops, oldest first.
    waiting: [Option<Waiting>; WAITING],
    before: Tonality,
    quiet: Quiet,
    /// Loud hops on end.
    loud: u16,
}

impl Default for Voice {
    fn default() -> Self {
        Self {
            noise: Noise::default(),
            speech: None,
            waiting: [None; WAITING],
            before: Tonality::None,
            quiet: Quiet::default(),
            loud: 0,
        }
    }
}

impl Voice {
    /// Takes the next hop. What is mostly our own echo is neither a voice nor the line's noise.
    pub(super) fn step(
        &mut self,
        begin: Samples,
        loudness: &Loudness,
        tonality: Tonality,
        is_echo: bool,
        tell: &mut impl FnMut(SoundEvent),
    ) {
        if tonality < Tonality::Steady && !is_echo {
            self.noise.take(loudness);
        }
        let is_loud = self.is_loud(loudness);
        self.follow_quiet(begin, is_loud || tonality == Tonality::Steady, tell);
        self.follow_speech(begin, loudness.whole, is_loud && !is_echo, tonality, tell);
    }

    /// Whether a hop holds more than the line's noise.
    fn is_loud(&self, loudness: &Loudness) -> bool {
        let Thresholds { over_noise, over_loud_noise, over_bin, faintest, .. } = *THRESHOLDS;
        let floor = self.noise.floor();
        let is_over = |(bin, floor): &(&f32, &f32)| **bin >= **floor * over_bin;
        let bins_over = || loudness.bins.iter().zip(&floor.bins).filter(is_over).count();
        loudness.whole >= faintest
            && loudness.whole >= floor.whole * over_loud_noise
            && (loudness.whole >= floor.whole * over_noise || bins_over() >= BINS_OVER)
    }

    fn follow_quiet(&mut self, begin: Samples, is_loud: bool, tell: &mut impl FnMut(SoundEvent)) {
        if is_loud {
            self.loud = self.loud.saturating_add(1);
            // One loud hop alone is a click.
            if self.loud == 2 {
                self.end_quiet(tell);
            }
            return;
        }
        self.loud = 0;
        let quiet = &mut self.quiet;
        if quiet.hops == 0 {
            quiet.begin = begin;
        }
        quiet.end = begin + Samples(HOP as u64);
        quiet.hops = quiet.hops.saturating_add(1);
    }

    fn follow_speech(
        &mut self,
        begin: Samples,
        mean_square: f32,
        is_loud: bool,
        tonality: Tonality,
        tell: &mut impl FnMut(SoundEvent),
    ) {
        // The hops beside a tone hold its edges, and a pair of tones is known by its second hop only.
        for waiting in self.waiting.iter_mut().flatten() {
            waiting.is_proof &= tonality == Tonality::None;
            waiting.is_voice &= tonality < Tonality::Steady;
        }
        if let Some(last) = &mut self.waiting[WAITING - 1] {
            last.is_vowel &= is_loud;
        }
        let is_voice = is_loud && tonality.max(self.before) < Tonality::Steady;
        let is_proof = is_voice && tonality.max(self.before) == Tonality::None;
        let is_vowel =
            tonality == Tonality::Some && self.waiting[WAITING - 1].is_some_and(|last| last.is_voice);
        self.before = tonality;
        if let Some(oldest) = self.waiting[0] {
            self.judge(oldest, tell);
        }
        self.waiting.rotate_left(1);
        self.waiting[WAITING - 1] = Some(Waiting { begin, mean_square, is_voice, is_proof, is_vowel });
    }

    /// Where the voice began that is heard now, pauses of a moment included; `None`: nobody speaks for
    /// certain.
    pub(super) fn since(&self) -> Option<Samples> {
        self.speech.filter(Stretch::is_speech).map(|speech| speech.begin)
    }

    fn judge(&mut self, hop: Waiting, tell: &mut impl FnMut(SoundEvent)) {
        if hop.is_voice {
            let speech = self.speech.get_or_insert(Stretch::at(hop.begin));
            speech.end = hop.begin + Samples(HOP as u64);
            if hop.is_proof {
                speech.sure.count(hop.mean_square);
            }
            if hop.is_vowel {
                speech.vowels.count(hop.mean_square);
            }
        } else if self.speech.is_some_and(|speech| hop.begin >= speech.end + HANGOVER) {
            self.end_speech(tell);
        }
    }

    fn end_speech(&mut self, tell: &mut impl FnMut(SoundEvent)) {
        if let Some(speech) = self.speech.take()
            && speech.is_speech()
        {
            let Stretch { begin, end, sure, vowels } = speech;
            let confidence = 1.0 - 1.0 / f32::from(sure.hops.max(vowels.hops));
            tell(SoundEvent { sound: Sound::Speech, begin, end, confidence });
        }
    }

    fn end_quiet(&mut self, tell: &mut impl FnMut(SoundEvent)) {
        let Quiet { begin, end, hops } = std::mem::take(&mut self.quiet);
        let received = Samples(u64::from(hops) * HOP as u64);
        if received >= SILENCE {
            let length = end.saturating_sub(begin).0.max(1);
            let confidence = (received.0 as f32 / length as f32).min(1.0);
            tell(SoundEvent { sound: Sound::Silence, begin, end, confidence });
        }
    }

    /// Silence that the sender told of goes on, up to `end`.
    pub(super) fn rest(&mut self, end: Samples) {
        if self.quiet.hops > 0 {
            self.quiet.end = end;
            self.quiet.hops = u16::MAX;
        }
    }

    /// Nothing is known of what follows: what was heard ends here.
    pub(super) fn close(&mut self, tell: &mut impl FnMut(SoundEvent)) {
        for hop in std::mem::take(&mut self.waiting).into_iter().flatten() {
            self.judge(hop, tell);
        }
        self.end_speech(tell);
        self.end_quiet(tell);
        self.before = Tonality::None;
        self.loud = 0;
    }
}

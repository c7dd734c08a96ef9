//! What else a line says: voices, silence, call-progress tones, fax machines, beeps.
//!
//! One pass over hops of 32 ms. A hop above the floor goes through eight bins; what holds one steady
//! frequency, or one pair of the plan's, is followed as a burst, and bursts make beeps and cadences.
//! Everything else that is louder than the line's noise, as a whole or in some bins, and moves, is a
//! voice. Samples that were never received are neither tone nor silence.
//!
//! ```
//! use octothorpe::dsp::progress::{Listener, Sound, TonePlan};
//!
//! // 0.6 s of 1,000 Hz between two stretches of silence.
//! let tone = |n: usize| (8000.0 * (std::f32::consts::TAU * n as f32 / 8.0).sin()) as i16;
//! let samples: Vec<i16> =
//!     (0..16_000).map(|n| if (8000..12_800).contains(&n) { tone(n) } else { 0 }).collect();
//!
//! let mut heard = Vec::new();
//! let mut listener = Listener::new(TonePlan::for_region("US"));
//! for packet in samples.chunks(160) {
//!     listener.feed(packet, &mut |event| heard.push(event));
//! }
//! listener.finish(&mut |event| heard.push(event));
//!
//! let beep = heard.iter().find(|event| event.sound == Sound::Beep).expect("it beeped");
//! assert_eq!(beep.sound.name(), "beep");
//! assert!((beep.begin.as_ms() - 1000.0).abs() < 10.0);
//! assert!((beep.end.as_ms() - 1600.0).abs() < 10.0);
//! ```

mod bank;
mod buried;
mod burst;
mod cadence;
mod hop;
mod mix;
mod noise;
mod plan;
mod single;
mod voice;

use std::sync::LazyLock;

pub use plan::{ProgressTone, TonePlan};

use bank::{BLOCK, Bank};
use buried::Buried;
use burst::{Burst, Follower, Heard};
use cadence::Cadences;
use hop::{Blocks, HOP, Motion, Tone};
use mix::LowBlocks;
use noise::Loudness;
use single::Singles;
use voice::{Tonality, Voice};

use super::dtmf::Gap;
use super::level::mean_square;
use super::units::{Db, Dbm0, Hz, Samples};
use super::{ARCH, feed_silence};

/// What a line may say, but for keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sound {
    /// Somebody, or something, speaks or sings.
    Speech,
    /// Nothing but the line's noise, for 500 ms or more.
    Silence,
    /// The exchange waits for digits.
    DialTone,
    /// The called telephone rings.
    Ringback,
    /// The called line is engaged.
    Busy,
    /// The network has no way to the called line: "congestion" in ITU-T E.180.
    Reorder,
    /// An announcement follows of why the call cannot be made.
    SpecialInformation,
    /// CNG: a fax machine calls (ITU-T T.30).
    FaxCalling,
    /// CED: a fax machine or modem answers (ITU-T T.30, V.25).
    FaxAnswering,
    /// An answering machine begins to record.
    Beep,
}

impl Sound {
    /// In one word, or two with a hyphen.
    pub fn name(self) -> &'static str {
        match self {
            Sound::Speech => "speech",
            Sound::Silence => "silence",
            Sound::DialTone => "dial-tone",
            Sound::Ringback => "ringback",
            Sound::Busy => "busy",
            Sound::Reorder => "reorder",
            Sound::SpecialInformation => "special-information",
            Sound::FaxCalling => "fax-calling",
            Sound::FaxAnswering => "fax-answering",
            Sound::Beep => "beep",
        }
    }
}

/// One sound, told once it is over and sure; not always in the order of begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SoundEvent {
    /// What it is.
    pub sound: Sound,
    /// Its first sample, to within some 10 ms; of speech and silence to a hop of 32 ms.
    pub begin: Samples,
    /// The end of its last sample; of a cadence, of its last burst.
    pub end: Samples,
    /// From 0 to 1: how clean it was, and how often it repeated.
    pub confidence: f32,
}

/// Hops that are fainter hold no tone that anybody would act on: a mean square.
static FAINTEST_TONE: LazyLock<f32> = LazyLock::new(|| Dbm0(-42.0).mean_square());

/// Bins that move together so well hold steady tones: one, or a key's two.
const TONAL_COHERENCE: f32 = 0.9;

/// The part of a hop's power that the bins must hold for that.
const TONAL_SHARE: f32 = 0.4;

/// Below this coherence no single tone is worth the looking.
const TONE_COHERENCE: f32 = 0.8;

/// The part of the bins' power that the lowest two hold of every pair.
const PAIR_LOW_SHARE: f32 = 0.85;

/// How much the power of a beating pair may differ from one hop to the next.
const PAIR_STEP: Db = Db(4.5);

/// A hole up to this long is bridged: a burst on either side is one.
const BRIDGED: Samples = Samples::from_ms(100);

/// Beyond so much silence nothing is left that could go on.
const LONGEST_SILENCE: Samples = Samples::from_ms(8000);

/// The most pairs of tones that a plan has.
const PAIRS: usize = 3;

static BANK: LazyLock<Bank> = LazyLock::new(Bank::default);

/// The low bins of the hop before, while they may be the first half of a pair's window.
#[derive(Debug, Clone)]
struct Before {
    low: LowBlocks,
    mean_square: f32,
}

/// A hop to be looked at by the machine's widest vector code, which changes no result.
struct Look<'a> {
    before: &'a [i16; BLOCK],
    hop: &'a [i16; HOP],
}

impl pulp::WithSimd for Look<'_> {
    type Output = (Blocks, Motion);

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> (Blocks, Motion) {
        let blocks = hop::bins(&BANK, self.before, self.hop);
        (blocks, Motion::of(&blocks))
    }
}

/// Listens to one line. Feeding it allocates nothing.
#[derive(Debug, Clone)]
pub struct Listener {
    plan: &'static TonePlan,
    pairs: [Option<(u8, [Hz; 2])>; PAIRS],
    /// Samples received or known to be missing, up to the hop that is being filled.
    at: Samples,
    pending: [i16; HOP],
    pending_count: usize,
    /// Whether some of it is our own echo.
    is_echo: bool,
    /// The block before that hop; its last samples only where a hole is just behind.
    last_block: [i16; BLOCK],
    is_primed: bool,
    before: Option<Before>,
    tone_before: Option<Tone>,
    bursts: Follower,
    buried: Buried,
    cadences: Cadences,
    singles: Singles,
    voice: Voice,
}

impl Listener {
    /// One that has heard nothing yet.
    pub fn new(plan: &'static TonePlan) -> Self {
        let mut pairs = [None; PAIRS];
        for (place, pair) in pairs.iter_mut().zip(Cadences::pairs(plan)) {
            *place = Some(pair);
        }
        Self {
            plan,
            pairs,
            at: Samples(0),
            pending: [0; HOP],
            pending_count: 0,
            is_echo: false,
            last_block: [0; BLOCK],
            is_primed: true,
            before: None,
            tone_before: None,
            bursts: Follower::default(),
            buried: Buried::default(),
            cadences: Cadences::new(plan),
            singles: Singles::default(),
            voice: Voice::default(),
        }
    }

    /// The samples fed so far, missing ones included.
    pub fn position(&self) -> Samples {
        self.at + Samples(self.pending_count as u64)
    }

    /// Where the voice began that is heard now; `None`: nobody speaks for certain. Its end is told as
    /// [`Sound::Speech`].
    pub fn voice_since(&self) -> Option<Samples> {
        self.voice.since()
    }

    /// Where the tone began that a machine makes now, whatever it will turn out to be. It is known while it
    /// sounds; its name is told as an event once it is over and sure.
    pub fn tone_since(&self) -> Option<Samples> {
        let burst = self.bursts.so_far().filter(single::is_machines).map(|burst| burst.begin);
        burst.or(self.buried.since())
    }

    /// Where the burst of ringing began that is heard now; `None`: no telephone rings for certain. It is
    /// known while it sounds, and in the pauses between bursts nothing does.
    pub fn ringing_since(&self) -> Option<Samples> {
        let rings = |burst: &Burst| single::is_machines(burst) && self.cadences.rings(burst);
        self.bursts.so_far().filter(rings).map(|burst| burst.begin)
    }

    /// Where the busy or congestion tone began that is heard now; `None`: there is none for certain. It is
    /// known after its third burst, and forgotten when it has stopped.
    pub fn engaged_since(&self) -> Option<Samples> {
        self.cadences.engaged_since()
    }

    /// Hears what is left of samples that were mostly our own echo: no voice.
    pub fn feed_echo(&mut self, samples: &[i16], tell: &mut impl FnMut(SoundEvent)) {
        self.hear(samples, true, tell);
    }

    /// Hears samples that were received.
    pub fn feed(&mut self, samples: &[i16], tell: &mut impl FnMut(SoundEvent)) {
        self.hear(samples, false, tell);
    }

    fn hear(&mut self, samples: &[i16], is_echo: bool, tell: &mut impl FnMut(SoundEvent)) {
        let mut rest = samples;
        while !rest.is_empty() {
            let size = if self.is_primed { HOP } else { BLOCK };
            let (now, later) = rest.split_at((size - self.pending_count).min(rest.len()));
            self.pending[self.pending_count..self.pending_count + now.len()].copy_from_slice(now);
            self.pending_count += now.len();
            self.is_echo |= is_echo;
            rest = later;
            if self.pending_count == size {
                self.hear_pending(tell);
            }
        }
    }

    /// Passes over samples that were not received.
    pub fn feed_gap(&mut self, missing: Samples, gap: Gap, tell: &mut impl FnMut(SoundEvent)) {
        match gap {
            Gap::Lost => self.skip(missing, tell),
            Gap::Silence => {
                let heard = missing.min(LONGEST_SILENCE);
                feed_silence::<BLOCK>(heard, |silence| self.feed(silence, tell));
                let rest = missing.saturating_sub(heard);
                if rest > Samples(0) {
                    self.at += rest;
                    self.voice.rest(self.at);
                }
            }
        }
    }

    /// The audio is over: everything that still sounds ends here.
    pub fn finish(&mut self, tell: &mut impl FnMut(SoundEvent)) {
        self.at = self.position();
        self.close(tell);
        *self = Self { at: self.at, ..Self::new(self.plan) };
    }

    fn skip(&mut self, missing: Samples, tell: &mut impl FnMut(SoundEvent)) {
        if missing == Samples(0) {
            return;
        }
        // A started hop is dropped: half of it would come from elsewhere.
        self.at = self.position() + missing;
        self.pending_count = 0;
        self.is_echo = false;
        self.is_primed = false;
        self.before = None;
        self.tone_before = None;
        if missing > BRIDGED {
            self.close(tell);
        }
        self.bursts.skip();
    }

    fn close(&mut self, tell: &mut impl FnMut(SoundEvent)) {
        if let Some(burst) = self.bursts.close() {
            self.take(&burst, tell);
        }
        self.buried.close();
        self.cadences.close(tell);
        self.singles.close(tell);
        self.voice.close(tell);
    }

    fn hear_pending(&mut self, tell: &mut impl FnMut(SoundEvent)) {
        let filled = std::mem::take(&mut self.pending_count);
        if self.is_primed {
            self.hear_hop(tell);
        }
        self.is_primed = true;
        self.is_echo = false;
        self.last_block.copy_from_slice(&self.pending[filled - BLOCK..filled]);
        self.at += Samples(filled as u64);
    }

    fn hear_hop(&mut self, tell: &mut impl FnMut(SoundEvent)) {
        let mean_square = mean_square(&self.pending);
        let (heard, tonality, loudness) = if mean_square >= *FAINTEST_TONE {
            self.look(mean_square)
        } else {
            self.before = None;
            self.tone_before = None;
            let loudness = Loudness::of(mean_square);
            self.buried.pass(&loudness);
            (Heard { begin: self.at, mean_square, tone: None, pair: None }, Tonality::None, loudness)
        };
        if let Some(burst) = self.bursts.step(&heard) {
            self.take(&burst, tell);
        }
        let sounding = self.bursts.sounding_since();
        self.cadences.pass(heard.begin, sounding, tell);
        self.singles.pass(&heard, sounding, tell);
        self.voice.step(self.at, &loudness, tonality, self.is_echo, tell);
    }

    fn take(&mut self, burst: &Burst, tell: &mut impl FnMut(SoundEvent)) {
        self.cadences.take(burst, tell);
        self.singles.take(self.plan, burst, tell);
    }

    /// What the bins show of the hop, how tonal that is, and how loud each bin.
    fn look(&mut self, mean_square: f32) -> (Heard, Tonality, Loudness) {
        let (blocks, motion) = ARCH.dispatch(Look { before: &self.last_block, hop: &self.pending });
        let tone = (motion.coherence >= TONE_COHERENCE)
            .then(|| hop::proven(motion.tone(&blocks, mean_square), &self.pending, mean_square));
        let mut pair = None;
        let before = self.before.take();
        if motion.low_share() >= PAIR_LOW_SHARE && self.pairs[0].is_some() {
            let now = Before { low: mix::low_blocks(&blocks), mean_square };
            pair = before.and_then(|before| self.pair(&before, &now));
            self.before = Some(now);
        }
        let loudness = Loudness { whole: mean_square, bins: motion.bins() };
        self.buried.step(self.at, &motion, &loudness);
        let tonality = self.tonality(&motion, tone, pair.is_some(), mean_square);
        (Heard { begin: self.at, mean_square, tone, pair }, tonality, loudness)
    }

    fn tonality(&mut self, motion: &Motion, tone: Option<Tone>, is_pair: bool, mean_square: f32) -> Tonality {
        let before = std::mem::replace(&mut self.tone_before, tone);
        let is_in_band = motion.in_band() >= TONAL_SHARE * mean_square;
        if is_pair
            || self.buried.since().is_some()
            || !is_in_band && hop::is_high_sine(&self.pending, mean_square)
        {
            return Tonality::Steady;
        }
        if !is_in_band || motion.coherence < TONAL_COHERENCE {
            return Tonality::None;
        }
        let goes_on = before.zip(tone).is_some_and(|(before, now)| now.continues(&before));
        if goes_on { Tonality::Steady } else { Tonality::Some }
    }

    /// The pair of the plan that makes up most of two hops.
    fn pair(&self, before: &Before, now: &Before) -> Option<(u8, Tone)> {
        let mean_square = 0.5 * (before.mean_square + now.mean_square);
        let (fainter, louder) =
            (before.mean_square.min(now.mean_square), before.mean_square.max(now.mean_square));
        let is_even = louder <= fainter * PAIR_STEP.power_ratio();
        let found = self.pairs.iter().flatten().filter_map(|(index, frequencies)| {
            if !is_even && !mix::is_close(*frequencies) {
                return None;
            }
            let power = mix::power([&before.low, &now.low], *frequencies, mean_square)?;
            Some((*index, Tone { frequency: frequencies[0], power, share: power / mean_square }))
        });
        found
            .filter(|(_, tone)| tone.share >= burst::PAIR_SHARE)
            .max_by(|(_, a), (_, b)| a.power.total_cmp(&b.power))
    }
}

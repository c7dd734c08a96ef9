//! Single tones that say something by their frequency and length: beeps, special information tones,
//! fax machines.

use super::burst::{Burst, Heard, Pitch};
use super::cadence::NEAR;
use super::hop::HOP;
use super::plan::TonePlan;
use super::{Sound, SoundEvent};
use crate::dsp::units::{Db, Hz, Samples};

/// A beep's frequencies; below `ALWAYS` only away from the plan's own tones.
const BEEP_LOWEST: Hz = Hz(350.0);
const BEEP_ALWAYS: Hz = Hz(600.0);
const BEEP_HIGHEST: Hz = Hz(2000.0);

/// What a frequency at the edge of a range may be heard off.
const HEARD_OFF: Hz = Hz(4.0);

/// A beep's length: 250 to 1,500 ms, and what edges are heard to.
pub(super) const BEEP_MS: [u64; 2] = [238, 1524];

/// A beep keeps its level; plucked and blown notes do not.
const BEEP_SPREAD: Db = Db(1.3);

/// A beep's mean share of what was heard: 9.5 dB over everything else, which a key's stronger tone,
/// at most 8 dB over the other, never is.
const BEEP_SHARE: f32 = 0.9;

/// Hops within a beep that something else may spoil.
const BEEP_SPOILT: u8 = 1;

/// A tone that goes on so little fainter after its end fades away, as a note does.
const FADING: Db = Db(14.0);
const FADING_OFF: Hz = Hz(12.0);

/// After a beep the line is at least this much fainter: the machine listens.
const DROP: Db = Db(4.0);

/// A beep stands alone: what follows sooner at another pitch makes it a part of something.
const ALONE: Samples = Samples::from_ms(150);

/// Low tones that come again at the same pitch are another country's busy tone.
const LOW_ALONE: Samples = Samples::from_ms(700);
const SAME: Hz = Hz(10.0);

/// ITU-T T.30 §4.1: CNG, 1,100 ± 38 Hz for 0.5 s, a pause of 3 s, both within 15 %.
const CNG: Hz = Hz(1100.0);
const CNG_OFF: Hz = Hz(38.0);
const CNG_ON_MS: [u64; 2] = [415, 585];
const CNG_PAUSE_MS: [u64; 2] = [2540, 3460];

/// A CNG of which the audio's end left one burst only: as made, not as tolerated.
const LONE_CNG_OFF: Hz = Hz(12.0);
const LONE_CNG_MS: [u64; 2] = [475, 525];

/// ITU-T T.30 §4.1: CED, 2,100 ± 15 Hz for 2.6 to 4 s; V.8's goes on to 5 s. Its begin may be missed.
const CED: Hz = Hz(2100.0);
const CED_OFF: Hz = Hz(20.0);
const CED_MS: u64 = 2000;

/// ITU-T E.180: the special information tone's three parts, each ± 50 Hz, 330 ± 70 ms, pauses up to
/// 30 ms. North America's are 274 or 380 ms. Where one goes over into the next, either edge is heard
/// to a hop only.
const SIT: [Hz; 3] = [Hz(950.0), Hz(1400.0), Hz(1800.0)];
const SIT_OFF: Hz = Hz(55.0);
const SIT_MS: [u64; 2] = [230, 440];
const SIT_PAUSE: Samples = Samples::from_ms(60);

/// The calling tones of a fax machine, so far.
#[derive(Debug, Clone, Copy)]
struct Calling {
    first: Burst,
    end: Samples,
    bursts: u16,
}

/// The parts of a special information tone, so far.
#[derive(Debug, Clone, Copy)]
struct Parts {
    count: usize,
    begin: Samples,
    end: Samples,
}

/// Follows the single tones of one line.
#[derive(Debug, Clone, Default)]
pub(super) struct Singles {
    /// A beep, if nothing follows.
    held: Option<Burst>,
    /// Where the last burst ended, and its frequency.
    last: Option<(Samples, Hz)>,
    parts: Option<Parts>,
    calling: Option<Calling>,
}

impl Singles {
    /// Takes the next burst.
    pub(super) fn take(&mut self, plan: &TonePlan, burst: &Burst, tell: &mut impl FnMut(SoundEvent)) {
        let is_alone = self.last.is_none_or(|(end, frequency)| {
            let repeats = near(frequency, burst.frequency, SAME);
            burst.begin > end + if repeats { alone(burst) } else { ALONE }
        });
        self.last = Some((burst.end, burst.frequency));
        if let Some(held) = self.held.take()
            && is_alone
            && !near(held.frequency, burst.frequency, SAME)
        {
            self.decide(held, tell);
        }
        if burst.pitch != Pitch::Single {
            return;
        }
        if let Some(begin) = self.information(burst) {
            tell(event(Sound::SpecialInformation, begin, burst.end, burst.share));
        } else if near(burst.frequency, CED, CED_OFF) {
            if burst.duration() >= Samples::from_ms(CED_MS) {
                tell(event(Sound::FaxAnswering, burst.begin, burst.end, burst.share));
            }
        } else if is_alone && is_beep(plan, burst) {
            self.held = Some(*burst);
        }
    }

    /// Where the special information tone began whose third part the burst is.
    fn information(&mut self, burst: &Burst) -> Option<Samples> {
        let is_part =
            |part: usize| near(burst.frequency, SIT[part], SIT_OFF) && in_ms(burst.duration(), SIT_MS);
        let follows = |parts: &Parts| is_part(parts.count) && parts.end + SIT_PAUSE >= burst.begin;
        self.parts = match self.parts.filter(follows) {
            Some(parts) => Some(Parts { count: parts.count + 1, end: burst.end, ..parts }),
            None => is_part(0).then_some(Parts { count: 1, begin: burst.begin, end: burst.end }),
        };
        let whole = self.parts.filter(|parts| parts.count == SIT.len())?;
        self.parts = None;
        Some(whole.begin)
    }

    /// A hop has passed; `sounding` is where the burst of now began.
    pub(super) fn pass(
        &mut self,
        heard: &Heard,
        sounding: Option<Samples>,
        tell: &mut impl FnMut(SoundEvent),
    ) {
        if self.held.is_some_and(|held| fades(&held, heard) || goes_over(&held, heard)) {
            self.held = None;
        }
        let is_over = |end: Samples, pause: Samples| sounding.unwrap_or(heard.begin) > end + pause;
        if let Some(held) = self.held.filter(|held| is_over(held.end, alone(held))) {
            self.held = None;
            self.decide(held, tell);
        }
        let longest = Samples::from_ms(CNG_PAUSE_MS[1]);
        // A burst that has just ended is held for a moment before it is counted.
        let waits = self.held.is_some_and(|held| is_calling(&held));
        if self.calling.is_some_and(|calling| !waits && is_over(calling.end, longest)) {
            self.close_calling(false, tell);
        }
    }

    /// Nothing more comes.
    pub(super) fn close(&mut self, tell: &mut impl FnMut(SoundEvent)) {
        if let Some(held) = self.held.take() {
            self.decide(held, tell);
        }
        self.close_calling(true, tell);
        *self = Self::default();
    }

    /// Tells a tone that stood alone, or keeps it until a fax machine would have called again.
    fn decide(&mut self, held: Burst, tell: &mut impl FnMut(SoundEvent)) {
        if !is_calling(&held) {
            tell(event(Sound::Beep, held.begin, held.end, held.share));
            return;
        }
        if let Some(calling) = &mut self.calling
            && in_ms(held.begin.saturating_sub(calling.end), CNG_PAUSE_MS)
        {
            calling.end = held.end;
            calling.bursts = calling.bursts.saturating_add(1);
            return;
        }
        self.close_calling(false, tell);
        self.calling = Some(Calling { first: held, end: held.end, bursts: 1 });
    }

    fn close_calling(&mut self, is_audio_over: bool, tell: &mut impl FnMut(SoundEvent)) {
        let Some(Calling { first, end, bursts }) = self.calling.take() else {
            return;
        };
        let is_exact = near(first.frequency, CNG, LONE_CNG_OFF) && in_ms(first.duration(), LONE_CNG_MS);
        if bursts > 1 {
            tell(event(Sound::FaxCalling, first.begin, end, first.share));
        } else if is_audio_over && is_exact {
            tell(event(Sound::FaxCalling, first.begin, end, 0.5 * first.share));
        } else {
            tell(event(Sound::Beep, first.begin, end, first.share));
        }
    }
}

/// True of a burst that may be one of a fax machine's calling tones.
fn is_calling(burst: &Burst) -> bool {
    near(burst.frequency, CNG, CNG_OFF) && in_ms(burst.duration(), CNG_ON_MS)
}

/// True of a tone, or a pair of the plan, that sounds as steadily and for as long as a beep, however long it
/// will go on: no voice does.
pub(super) fn is_machines(burst: &Burst) -> bool {
    let is_clean = match burst.pitch {
        Pitch::Single => burst.share >= BEEP_SHARE,
        Pitch::Pair(_) => true,
    };
    is_clean && burst.duration() >= Samples::from_ms(BEEP_MS[0]) && burst.spread <= BEEP_SPREAD
}

/// True of a burst that is a beep if it stands alone.
fn is_beep(plan: &TonePlan, burst: &Burst) -> bool {
    let frequency = burst.frequency.0;
    let is_high = (BEEP_ALWAYS.0..=BEEP_HIGHEST.0 + HEARD_OFF.0).contains(&frequency);
    let is_low = (BEEP_LOWEST.0 - HEARD_OFF.0..BEEP_ALWAYS.0).contains(&frequency)
        && !plan.is_near(burst.frequency, NEAR);
    (is_high || is_low)
        && in_ms(burst.duration(), BEEP_MS)
        && burst.spread <= BEEP_SPREAD
        && burst.share >= BEEP_SHARE
        && burst.spoilt <= BEEP_SPOILT
        // Something as loud took the line over.
        && burst.behind * DROP.power_ratio() <= burst.power
}

/// How long nothing must follow a beep.
fn alone(burst: &Burst) -> Samples {
    if burst.frequency < BEEP_ALWAYS { LOW_ALONE } else { ALONE }
}

/// True if the first hop behind a tone is as loud: what sounded may go on under it.
fn goes_over(held: &Burst, heard: &Heard) -> bool {
    let is_first = heard.begin > held.end && heard.begin <= held.end + Samples(HOP as u64);
    is_first && heard.mean_square * DROP.power_ratio() > held.power
}

/// True if the tone goes on, fainter, behind the hop that holds its end.
fn fades(held: &Burst, heard: &Heard) -> bool {
    heard.begin > held.end
        && heard.tone.is_some_and(|tone| {
            near(tone.frequency, held.frequency, FADING_OFF)
                && tone.share >= 0.5
                && tone.power * FADING.power_ratio() >= held.power
        })
}

fn near(frequency: Hz, nominal: Hz, off: Hz) -> bool {
    (frequency.0 - nominal.0).abs() <= off.0
}

fn in_ms(time: Samples, [least, most]: [u64; 2]) -> bool {
    (Samples::from_ms(least)..=Samples::from_ms(most)).contains(&time)
}

fn event(sound: Sound, begin: Samples, end: Samples, confidence: f32) -> SoundEvent {
    SoundEvent { sound, begin, end, confidence: confidence.clamp(0.0, 1.0) }
}

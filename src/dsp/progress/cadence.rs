//! Trains of bursts with pauses between them, held against the plan's cadences.

use super::burst::{Burst, Pitch};
use super::plan::{ProgressTone, TonePlan};
use super::{Sound, SoundEvent};
use crate::dsp::units::{Hz, Samples};

/// The furthest that a single tone may be from a plan's frequency; what is further is no tone of it.
pub(super) const NEAR: Hz = Hz(15.0);

/// What a time may be off: a tenth of it (ITU-T E.180's tolerance) and what edges are heard to.
const TOLERANCE_SHARE: f32 = 0.1;
const TOLERANCE_MS: f32 = 22.0;

/// A tone without pauses is told when it has lasted this much longer than any burst of its plan.
const CONTINUOUS_MS: f32 = 500.0;

/// No burst of any plan is this short; what is, is an edge of another.
const SHORTEST: Samples = Samples::from_ms(120);

/// So many bursts of a busy tone are one for certain while it goes on: machines beep twice.
const ENGAGED_BURSTS: u16 = 3;

/// The most places in a plan at which a train may begin.
const PLACES: usize = 8;

/// One cadence, from one of its bursts on.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Place {
    /// The row of the plan.
    row: u8,
    /// Of the row's times, the first that was heard.
    first: u8,
    fits: bool,
}

/// A train of bursts of the same tones.
#[derive(Debug, Clone)]
struct Train {
    tones: u8,
    begin: Samples,
    end: Samples,
    /// Times that were heard: bursts and the pauses between.
    times: u16,
    bursts: u16,
    share: f32,
    /// The first burst's begin was not heard: its length tells nothing.
    is_cut: bool,
    places: [Place; PLACES],
}

/// Follows the trains of one line.
#[derive(Debug, Clone)]
pub(super) struct Cadences {
    plan: &'static TonePlan,
    train: Option<Train>,
}

impl Cadences {
    pub(super) fn new(plan: &'static TonePlan) -> Self {
        Self { plan, train: None }
    }

    /// The pairs of the plan, each once, by the number of the first row that has it.
    pub(super) fn pairs(plan: &'static TonePlan) -> impl Iterator<Item = (u8, [Hz; 2])> {
        let rows = plan.tones();
        rows.iter().enumerate().filter_map(move |(index, row)| {
            let is_first = rows.iter().position(|other| other.frequencies == row.frequencies) == Some(index);
            match row.frequencies {
                [low, high] if is_first => Some((index as u8, [*low, *high])),
                _ => None,
            }
        })
    }

    /// The first row of the plan with the tones of a burst.
    fn tones_of(&self, burst: &Burst) -> Option<u8> {
        let rows = self.plan.tones();
        let index = match burst.pitch {
            Pitch::Pair(index) => usize::from(index),
            Pitch::Single => rows.iter().position(|row| match row.frequencies {
                [only] => (only.0 - burst.frequency.0).abs() <= NEAR.0,
                _ => false,
            })?,
        };
        let [least, greatest] = rows[index].levels;
        (least..=greatest).contains(&burst.level()).then_some(index as u8)
    }

    /// True of a burst in which a called telephone rings, be it over or not: it has the tones of the plan's
    /// ringing, and is longer than those of its other cadences that sound the same.
    pub(super) fn rings(&self, burst: &Burst) -> bool {
        let Some(row) = self.tones_of(burst).map(|tones| &self.plan.tones()[usize::from(tones)]) else {
            return false;
        };
        let alike = || self.plan.tones().iter().filter(|other| other.frequencies == row.frequencies);
        let others = alike().filter(|other| other.sound != Sound::Ringback);
        let longest = others.flat_map(|other| other.cadence.iter().step_by(2)).max().copied().unwrap_or(0);
        let longest = f32::from(longest) * (1.0 + TOLERANCE_SHARE) + TOLERANCE_MS;
        alike().any(|other| other.sound == Sound::Ringback)
            && burst.duration() >= Samples::from_ms(longest as u64)
    }

    /// Where the train of bursts began that says by now that the line is engaged; `None`: none does yet, or
    /// it is over.
    pub(super) fn engaged_since(&self) -> Option<Samples> {
        let train = self.train.as_ref().filter(|train| train.bursts >= ENGAGED_BURSTS)?;
        let told = train.told(self.plan)?;
        matches!(told.sound, Sound::Busy | Sound::Reorder).then_some(told.begin)
    }

    /// Takes the next burst.
    pub(super) fn take(&mut self, burst: &Burst, tell: &mut impl FnMut(SoundEvent)) {
        let Some(tones) = self.tones_of(burst).filter(|_| burst.duration() >= SHORTEST) else {
            return;
        };
        if let Some(train) = self.train.as_mut().filter(|train| train.tones == tones)
            && train.goes_on(self.plan, burst)
        {
            return;
        }
        self.close(tell);
        self.train = Some(Train::new(self.plan, tones, burst));
    }

    /// Time has passed up to `now`; `sounding` is where the burst of now began.
    pub(super) fn pass(
        &mut self,
        now: Samples,
        sounding: Option<Samples>,
        tell: &mut impl FnMut(SoundEvent),
    ) {
        let Some(train) = &self.train else {
            return;
        };
        let pause = sounding.unwrap_or(now).saturating_sub(train.end);
        if pause > train.longest_pause(self.plan) {
            self.close(tell);
        }
    }

    /// Nothing more comes: tells the train if it says something.
    pub(super) fn close(&mut self, tell: &mut impl FnMut(SoundEvent)) {
        if let Some(train) = self.train.take()
            && let Some(event) = train.told(self.plan)
        {
            tell(event);
        }
    }
}

impl Train {
    fn new(plan: &'static TonePlan, tones: u8, burst: &Burst) -> Self {
        let wanted = plan.tones()[usize::from(tones)].frequencies;
        let mut places = [Place::default(); PLACES];
        let same = plan.tones().iter().enumerate().filter(|(_, row)| row.frequencies == wanted);
        let firsts = same.flat_map(|(index, row)| {
            (0..row.cadence.len().max(1)).step_by(2).map(move |first| (index, row, first))
        });
        for (place, (index, row, first)) in places.iter_mut().zip(firsts) {
            let fits = first_fits(plan, row, first, burst);
            *place = Place { row: index as u8, first: first as u8, fits };
        }
        Self {
            tones,
            begin: burst.begin,
            end: burst.end,
            times: 1,
            bursts: 1,
            share: burst.share,
            is_cut: burst.is_cut,
            places,
        }
    }

    /// True if the burst continues a cadence that still fits; the others are struck out.
    fn goes_on(&mut self, plan: &'static TonePlan, burst: &Burst) -> bool {
        let times = [burst.begin.saturating_sub(self.end), burst.duration()];
        let mut places = self.places;
        for place in places.iter_mut().filter(|place| place.fits) {
            let cadence = plan.tones()[usize::from(place.row)].cadence;
            let next = usize::from(place.first) + usize::from(self.times);
            place.fits = !cadence.is_empty()
                && times
                    .iter()
                    .enumerate()
                    .all(|(ahead, time)| fits(*time, cadence[(next + ahead) % cadence.len()]));
        }
        let any = places.iter().any(|place| place.fits);
        if any {
            self.places = places;
            self.end = burst.end;
            // Two times further, without ever leaving the parity and the place in the cadence: no
            // cadence has a length that does not divide 60 times 12.
            self.times = if self.times > 1440 { self.times - 720 + 2 } else { self.times + 2 };
            self.bursts = self.bursts.saturating_add(1);
            self.share += (burst.share - self.share) / f32::from(self.bursts);
        }
        any
    }

    /// The longest pause that may still come.
    fn longest_pause(&self, plan: &'static TonePlan) -> Samples {
        let pauses = self.places.iter().filter(|place| place.fits).filter_map(|place| {
            let cadence = plan.tones()[usize::from(place.row)].cadence;
            let next = usize::from(place.first) + usize::from(self.times);
            (!cadence.is_empty()).then(|| cadence[next % cadence.len()])
        });
        let longest = f32::from(pauses.max().unwrap_or(0));
        Samples::from_ms((longest * (1.0 + TOLERANCE_SHARE) + TOLERANCE_MS) as u64)
    }

    /// What the train says, if it is long enough to say it.
    fn told(&self, plan: &'static TonePlan) -> Option<SoundEvent> {
        let rows = self.places.iter().filter(|place| place.fits);
        let rows = rows.map(|place| &plan.tones()[usize::from(place.row)]);
        let cut = if self.is_cut { 2 } else { 0 };
        let enough = rows.filter(|row| {
            let cut = if row.cadence.is_empty() { 0 } else { cut };
            usize::from(self.times) >= times_needed(row) + cut
        });
        let row = enough.min_by_key(|row| row.cadence.len())?;
        let sureness = if row.cadence.is_empty() { 0.95 } else { 1.0 - 0.5f32.powi(i32::from(self.bursts)) };
        Some(SoundEvent {
            sound: row.sound,
            begin: self.begin,
            end: self.end,
            confidence: (self.share * sureness).clamp(0.0, 1.0),
        })
    }
}

/// Times, bursts and pauses, after which a cadence is sure.
fn times_needed(row: &ProgressTone) -> usize {
    // One ring is a ring: people answer after it. Whatever repeats faster must be seen to repeat.
    let whole = row.cadence.len().saturating_sub(1);
    if row.sound == Sound::Ringback { whole } else { whole.max(if row.cadence.is_empty() { 1 } else { 3 }) }
}

fn first_fits(plan: &'static TonePlan, row: &ProgressTone, first: usize, burst: &Burst) -> bool {
    let on = burst.duration();
    match row.cadence.get(first) {
        Some(nominal) => fits(on, *nominal) || (burst.is_cut && on <= longest(*nominal)),
        None => {
            let same = plan.tones().iter().filter(|other| other.frequencies == row.frequencies);
            let others = same.flat_map(|other| other.cadence.iter().step_by(2)).max().copied().unwrap_or(0);
            on > Samples::from_ms((f32::from(others) * (1.0 + TOLERANCE_SHARE) + CONTINUOUS_MS) as u64)
        }
    }
}

fn longest(nominal: u16) -> Samples {
    Samples::from_ms((f32::from(nominal) * (1.0 + TOLERANCE_SHARE) + TOLERANCE_MS) as u64)
}

fn fits(time: Samples, nominal_ms: u16) -> bool {
    let off = (time.as_ms() as f32 - f32::from(nominal_ms)).abs();
    off <= TOLERANCE_SHARE * f32::from(nominal_ms) + TOLERANCE_MS
}

//! The ear: tells the sixteen keys of ITU-T Q.23 in audio, as ITU-T Q.24 asks.
//!
//! Two stages. A `gate` of eight bins runs always and opens where a low and
//! a high tone make up most of the energy. Where it stays open over 24 ms, a
//! `fit` of two tones with free frequencies decides; three windows, 4 ms
//! apart, must agree. So a key is told 32 to 36 ms after its onset, which is
//! about as early as a tone of 23 ms, which must not be a key, allows.
//!
//! Everything happens on hops of 4 ms counted from the first sample, so that
//! what is told and when does not depend on the blocks that come in.

mod fit;
mod gate;
mod key;
mod limits;
mod press;

use std::sync::LazyLock;

pub use key::{HIGH_GROUP, Key, LOW_GROUP};

use fit::{Fit, Tone, WINDOW, WINDOW_HOPS, fit};
use gate::{GATE_HOPS, Gate};
use limits::{
    AGREEING_WINDOWS, BRIDGED_HOLE_MS, DISTURBED, LONGEST_HOLE_MS, Limits, PURE, RECENT_WINDOWS, on_the_line,
};
use press::{Press, presence};

use super::goertzel::{Bank, HOP, bin_frequency};
use super::highpass::{Highpass, Past};
use super::units::{Db, Dbm0, Samples};

/// What the ear tells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Event {
    /// A key is down.
    Began(Began),
    /// The key told last is up.
    Ended(Ended),
}

/// A key that is down, told as soon as that is sure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Began {
    /// Which one.
    pub key: Key,
    /// Its first sample.
    pub onset: Samples,
    /// The end of the last sample that the decision used.
    pub told_at: Samples,
}

/// A key that is up again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ended {
    /// Which one.
    pub key: Key,
    /// Its first sample.
    pub onset: Samples,
    /// Where [`Began`] was told.
    pub told_at: Samples,
    /// The end of its last sample.
    pub end: Samples,
    /// The level of both tones together.
    pub level: Dbm0,
    /// The high tone's level over the low one's.
    pub twist: Db,
    /// Both tones' power over that of everything else on the line above 300 Hz.
    pub snr: Db,
}

/// Why samples are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gap {
    /// They were sent and never received: neither tone nor pause.
    Lost,
    /// The sender said that it was silent (comfort noise, RFC 3389; or
    /// discontinuous transmission): a pause.
    Silence,
}

/// Constants that all lines share.
struct Tables {
    highpass: Highpass,
    bank: Bank,
    limits: Limits,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| Tables {
    highpass: Highpass::default(),
    bank: Bank::default(),
    limits: Limits::default(),
});

/// The widest vector code of this machine, chosen once. It changes no result: the compiler makes the
/// same operations in the same order of all of them.
static ARCH: LazyLock<pulp::Arch> = LazyLock::new(pulp::Arch::new);

/// Hops kept: a window and the one before it, in which an onset may lie.
const KEPT_HOPS: usize = WINDOW_HOPS + 1;

/// Windows of late that found one and the same key.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Agreement {
    key: Key,
    onset: Samples,
    /// One bit a window, the newest lowest; set where it found the key.
    windows: u32,
}

/// What one line is doing.
#[derive(Debug, Clone, PartialEq)]
enum State {
    /// No key is down.
    Up,
    /// A key was told and its end was not.
    Down(Press),
}

/// The ear of one line. Feeding it allocates nothing.
#[derive(Debug, Clone)]
pub struct Detector {
    /// Samples received or known to be missing, up to the last whole hop.
    at: Samples,
    /// The hop that is being filled.
    pending: [i16; HOP],
    pending_count: usize,
    past: Past,
    gate: Gate,
    /// What the gate said of the last hops, newest first.
    candidates: [Option<Key>; GATE_HOPS + 1],
    /// The last hops after the high-pass, rounded to halve their room.
    kept: [[i16; HOP]; KEPT_HOPS],
    /// Hops since the last hole, as far as anybody asks.
    unbroken: usize,
    agreement: Option<Agreement>,
    state: State,
}

impl Default for Detector {
    fn default() -> Self {
        Self::new()
    }
}

impl Detector {
    /// An ear that has heard nothing yet.
    pub fn new() -> Self {
        Self {
            at: Samples(0),
            pending: [0; HOP],
            pending_count: 0,
            past: Past::default(),
            gate: Gate::default(),
            candidates: [None; GATE_HOPS + 1],
            kept: [[0; HOP]; KEPT_HOPS],
            unbroken: 0,
            agreement: None,
            state: State::Up,
        }
    }

    /// The samples fed so far, missing ones included.
    pub fn position(&self) -> Samples {
        self.at + Samples(self.pending_count as u64)
    }

    /// Hears samples that were received.
    pub fn feed(&mut self, samples: &[i16], tell: &mut impl FnMut(Event)) {
        ARCH.dispatch(
            #[inline(always)]
            || self.hear(samples, tell),
        );
    }

    #[inline(always)]
    fn hear(&mut self, samples: &[i16], tell: &mut impl FnMut(Event)) {
        let mut rest = samples;
        while !rest.is_empty() {
            let wanted = (HOP - self.pending_count).min(rest.len());
            let (now, later) = rest.split_at(wanted);
            self.pending[self.pending_count..self.pending_count + wanted].copy_from_slice(now);
            self.pending_count += wanted;
            rest = later;
            if self.pending_count == HOP {
                self.pending_count = 0;
                self.hear_hop(tell);
            }
        }
    }

    /// Passes over samples that were not received.
    pub fn feed_gap(&mut self, missing: Samples, gap: Gap, tell: &mut impl FnMut(Event)) {
        match gap {
            Gap::Lost => self.skip(missing, tell),
            Gap::Silence => {
                // Beyond a second of silence nothing is left to end.
                let heard = missing.0.min(Samples::from_ms(LONGEST_HOLE_MS).0);
                for _ in 0..heard {
                    self.feed(&[0], tell);
                }
                self.skip(missing.saturating_sub(Samples(heard)), tell);
            }
        }
    }

    /// The audio is over: a key that is still down ends here.
    pub fn finish(&mut self, tell: &mut impl FnMut(Event)) {
        let position = self.position();
        if let State::Down(press) = &mut self.state
            && press.end == self.at
        {
            // The hop that was never filled is still of the key.
            press.end = position;
        }
        self.release(tell);
        *self = Self { at: position, ..Self::new() };
    }

    fn skip(&mut self, missing: Samples, tell: &mut impl FnMut(Event)) {
        if missing == Samples(0) {
            return;
        }
        // A started hop is dropped: half of it would come from elsewhere.
        self.at = self.position() + missing;
        self.pending_count = 0;
        self.unbroken = 0;
        self.candidates = [None; GATE_HOPS + 1];
        if missing > Samples::from_ms(BRIDGED_HOLE_MS) {
            self.agreement = None;
        }
        if missing >= Samples::from_ms(LONGEST_HOLE_MS) {
            self.release(tell);
        }
    }

    /// Works on the hop that has just become full.
    #[inline(always)]
    fn hear_hop(&mut self, tell: &mut impl FnMut(Event)) {
        let tables = &*TABLES;
        let begin = self.at;
        self.at += Samples(HOP as u64);
        self.unbroken = (self.unbroken + 1).min(KEPT_HOPS);
        let mut hop = self.pending.map(f32::from);
        tables.highpass.run(&mut self.past, &mut hop);
        self.keep(&hop);
        let candidate = self.gate.pass(&tables.bank, &tables.limits, &hop);
        self.candidates.rotate_right(1);
        self.candidates[0] = candidate.filter(|_| self.unbroken >= GATE_HOPS);
        if let State::Down(press) = &mut self.state
            && press.is_up_after(&tables.limits, &hop, begin)
        {
            self.release(tell);
        }
        self.judge(tables, tell);
    }

    #[inline(always)]
    fn keep(&mut self, hop: &[f32; HOP]) {
        // Adding 1.5 · 2²³ leaves the rounded value in the lowest bits, in
        // vector code where a saturating cast is not.
        const ROUND: f32 = 12_582_912.0;
        self.kept.rotate_left(1);
        for (kept, x) in self.kept[KEPT_HOPS - 1].iter_mut().zip(hop) {
            let clipped = if *x > 32767.0 { 32767.0 } else { *x };
            let clipped = if clipped < -32768.0 { -32768.0 } else { clipped };
            *kept = (clipped + ROUND).to_bits() as i16;
        }
    }

    /// Asks the exact test where the gate was open over a whole window, and
    /// tells a key on which enough windows agree.
    fn judge(&mut self, tables: &Tables, tell: &mut impl FnMut(Event)) {
        if let Some(agreement) = &mut self.agreement {
            agreement.windows <<= 1;
            if agreement.windows & ((1 << RECENT_WINDOWS) - 1) == 0 {
                self.agreement = None;
            }
        }
        let Some(key) = self.candidates[0].filter(|key| self.is_open_for(*key)) else {
            return;
        };
        let Some(fit) = self.test(tables, key) else {
            return;
        };
        let agreement = self.agree(key, &fit);
        let agreeing = agreement.windows & ((1 << RECENT_WINDOWS) - 1);
        if agreeing.count_ones() >= AGREEING_WINDOWS {
            self.agreement = None;
            self.begin(agreement, fit, tell);
        }
    }

    /// True if the gate's two windows that make up the test's say `key`, and it
    /// is not the one that is known to be down.
    fn is_open_for(&self, key: Key) -> bool {
        let is_down = match &self.state {
            State::Up => false,
            State::Down(press) => press.key == key,
        };
        !is_down && self.unbroken >= WINDOW_HOPS && self.candidates[GATE_HOPS] == Some(key)
    }

    /// The exact test of the newest window.
    fn test(&self, tables: &Tables, key: Key) -> Option<Fit> {
        let kept = self.kept.as_flattened();
        let window: [f32; WINDOW] = std::array::from_fn(|n| f32::from(kept[n + HOP]));
        let [low, high] = self.gate.offsets(&tables.bank, key);
        let step = |bin: usize, off: f32| bin_frequency(bin).radians_per_sample() + off;
        let found = fit(&window, [step(key.row(), low), step(4 + key.column(), high)])?;
        let line = |tone: Tone| on_the_line(&tables.highpass, tone.frequency, tone.mean_square);
        let (low, high) = (line(found.low), line(found.high));
        let tones = [(found.low.frequency, key.low()), (found.high.frequency, key.high())];
        let twist = Db::of_powers(high, low);
        let is_key = low.min(high) >= tables.limits.floor
            && [PURE, DISTURBED].iter().any(|grade| grade.admits(found.share, twist, tones));
        is_key.then_some(found)
    }

    /// Counts the newest window, which found `key`.
    fn agree(&mut self, key: Key, fit: &Fit) -> Agreement {
        let known = self.agreement.filter(|agreement| agreement.key == key);
        let agreement = match known {
            Some(known) => Agreement { windows: known.windows | 1, ..known },
            None => Agreement { key, onset: self.onset(fit), windows: 1 },
        };
        self.agreement = Some(agreement);
        agreement
    }

    /// Where the tones of the newest window began: in its first hop or in the
    /// one before it, whichever they fill only in part.
    fn onset(&self, fit: &Fit) -> Samples {
        let window_begin = Samples(self.at.0.saturating_sub(WINDOW as u64));
        let filled = |hop: &[i16; HOP]| {
            let share = presence(&hop.map(f32::from), fit).sqrt().min(1.0);
            let share = if share < 0.1 { 0.0 } else { share };
            (share * HOP as f32).round() as u64
        };
        let in_first = filled(&self.kept[1]);
        if in_first < HOP as u64 * 9 / 10 {
            return Samples(window_begin.0 + HOP as u64 - in_first);
        }
        let before = if self.unbroken == KEPT_HOPS { filled(&self.kept[0]) } else { 0 };
        Samples(window_begin.0.saturating_sub(before))
    }

    /// Tells a key whose newest window fits as `fit` says.
    fn begin(&mut self, agreement: Agreement, fit: Fit, tell: &mut impl FnMut(Event)) {
        self.release(tell);
        let Agreement { key, onset, windows: _ } = agreement;
        tell(Event::Began(Began { key, onset, told_at: self.at }));
        self.state = State::Down(Press::new(key, onset, self.at, fit));
    }

    /// Ends the key that is down, if one is.
    fn release(&mut self, tell: &mut impl FnMut(Event)) {
        match std::mem::replace(&mut self.state, State::Up) {
            State::Up => {}
            State::Down(press) => tell(Event::Ended(ended(&press))),
        }
    }
}

fn ended(press: &Press) -> Ended {
    let filter = &TABLES.highpass;
    let line = |tone: Tone| on_the_line(filter, tone.frequency, tone.mean_square);
    let (low, high) = (line(press.fit.low), line(press.fit.high));
    Ended {
        key: press.key,
        onset: press.onset,
        told_at: press.told_at,
        end: press.end,
        level: Dbm0::from_mean_square(low + high),
        twist: Db::of_powers(high, low),
        snr: press.fit.snr(),
    }
}

//! The ear of one line.

use pulp::{Simd, WithSimd};

use super::agreement::{Agreement, Doubt};
use super::event::{Began, Ended, Event, Gap};
use super::exam::{self, Before, Verdict};
use super::fit::{WINDOW, WINDOW_HOPS};
use super::gate::Look;
use super::history::{History, KEPT};
use super::key::Key;
use super::limits::{BRIDGED_HOLE_MS, EVIDENCE_GATE_SHARE, GATE_FIRST_SHARE, LONGEST_HOLE_MS, confidence};
use super::press::Press;
use super::trace::Trace;
use super::window::{self, Filtered, Found, Pair, Purity};
use super::{TABLES, Tables};
use crate::dsp::goertzel::{BLOCK, HOP};
use crate::dsp::units::{Db, Dbm0, Samples};
use crate::dsp::{ARCH, feed_silence};

/// Hops of one of the gate's blocks.
const GATE_HOPS: usize = BLOCK / HOP;

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
    history: History,
    /// Whether the gate's last whole block may hold a part of a key.
    is_open: bool,
    agreement: Option<Agreement>,
    trace: Trace,
    state: State,
    /// The end of what may hold a voice of ours.
    voice_until: Samples,
}

/// What [`Detector::feed`] does, to be compiled for each vector unit. That changes no result: the compiler
/// makes the same operations in the same order for all of them.
struct Hear<'a, F> {
    ear: &'a mut Detector,
    samples: &'a [i16],
    tell: &'a mut F,
}

impl<F: FnMut(Event)> WithSimd for Hear<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        self.ear.hear(&TABLES, self.samples, self.tell);
    }
}

/// What [`Detector::feed_each`] does.
struct HearEach<'a, F> {
    ears: &'a mut [Detector],
    frames: &'a [&'a [i16]],
    tell: &'a mut F,
}

impl<F: FnMut(usize, Event)> WithSimd for HearEach<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let tables = &*TABLES;
        for (n, (ear, samples)) in self.ears.iter_mut().zip(self.frames).enumerate() {
            ear.hear(tables, samples, &mut |event| (self.tell)(n, event));
        }
    }
}

impl Default for Detector {
    fn default() -> Self {
        Self::new()
    }
}

impl Detector {
    /// An ear that has heard nothing yet.
    pub fn new() -> Self {
        Self::starting(Samples(0))
    }

    fn starting(at: Samples) -> Self {
        Self {
            history: History::starting(at),
            is_open: false,
            agreement: None,
            trace: Trace::default(),
            state: State::Up,
            voice_until: Samples(0),
        }
    }

    /// The samples fed so far, missing ones included.
    pub fn position(&self) -> Samples {
        self.history.position()
    }

    /// What is heard next may hold, for so long, what is left of our own voice. Beside a key that is no
    /// sign of a chord.
    pub fn expect_voice(&mut self, samples: Samples) {
        self.voice_until = self.position() + samples;
    }

    /// Hears samples that were received.
    pub fn feed(&mut self, samples: &[i16], tell: &mut impl FnMut(Event)) {
        ARCH.dispatch(Hear { ear: self, samples, tell });
    }

    /// Hears a turn of many lines: `frames[n]` goes to `ears[n]`, which tells
    /// what it would tell by itself, with its `n`.
    pub fn feed_each(ears: &mut [Detector], frames: &[&[i16]], tell: &mut impl FnMut(usize, Event)) {
        ARCH.dispatch(HearEach { ears, frames, tell });
    }

    #[inline(always)]
    fn hear(&mut self, tables: &Tables, samples: &[i16], tell: &mut impl FnMut(Event)) {
        if !samples.is_empty() {
            self.trace.hear_again(self.position(), tell);
        }
        let mut rest = samples;
        while !rest.is_empty() {
            let (later, is_whole) = self.history.take(rest);
            rest = later;
            if is_whole {
                self.hear_hop(tables, tell);
            }
        }
    }

    /// Passes over samples that were not received.
    pub fn feed_gap(&mut self, missing: Samples, gap: Gap, tell: &mut impl FnMut(Event)) {
        if missing == Samples(0) {
            return;
        }
        match gap {
            Gap::Lost => self.skip(missing, tell),
            Gap::Silence => {
                // Beyond a second of silence nothing is left to end.
                let heard = missing.min(Samples::from_ms(LONGEST_HOLE_MS));
                feed_silence::<HOP>(heard, |silence| self.feed(silence, tell));
                self.skip(missing.saturating_sub(heard), tell);
                self.trace.lose_nothing();
            }
        }
    }

    /// The audio is over: a key that is still down ends here.
    pub fn finish(&mut self, tell: &mut impl FnMut(Event)) {
        let position = self.position();
        if let State::Down(press) = &mut self.state
            && press.end == self.history.at
        {
            // The hop that was never filled is still of the key.
            press.end = position;
        }
        self.release(tell);
        self.trace.hear_again(position, tell);
        self.trace.fall_short(tell);
        *self = Self::starting(position);
    }

    fn skip(&mut self, missing: Samples, tell: &mut impl FnMut(Event)) {
        if missing == Samples(0) {
            return;
        }
        self.trace.lose(self.position());
        self.history.skip(missing);
        self.is_open = false;
        if missing > Samples::from_ms(BRIDGED_HOLE_MS) {
            self.agreement = None;
        }
        if missing >= Samples::from_ms(LONGEST_HOLE_MS) {
            self.release(tell);
        }
    }

    /// Works on the hop that has just become whole.
    #[inline(always)]
    fn hear_hop(&mut self, tables: &Tables, tell: &mut impl FnMut(Event)) {
        let block = self.history.whole_block();
        let is_new = block.is_some();
        if let Some(block) = block {
            let look = tables.gate.look(&tables.limits, block);
            self.is_open = look.is_some_and(|look| look.share >= GATE_FIRST_SHARE);
        }
        let is_up = matches!(self.state, State::Up);
        if self.is_open || !is_up || self.agreement.is_some() || self.trace.is_waiting() {
            self.attend(tables, is_new, tell);
        }
    }

    /// Looks closely at the newest hop.
    #[inline(always)]
    fn attend(&mut self, tables: &Tables, is_new: bool, tell: &mut impl FnMut(Event)) {
        self.follow(tables, tell);
        // In a hole and right after it lies no window that could have found the key again.
        if self.history.unbroken() >= WINDOW_HOPS {
            self.agreement = self.agreement.and_then(Agreement::age);
        }
        if self.is_open {
            self.judge(tables, is_new, tell);
        }
        self.trace.wait(self.history.at, tell);
    }

    /// Follows the key that is down, if one is.
    #[inline(always)]
    fn follow(&mut self, tables: &Tables, tell: &mut impl FnMut(Event)) {
        let has_voice = self.history.at <= self.voice_until;
        let State::Down(press) = &mut self.state else {
            return;
        };
        let settled = self.history.filtered::<{ 3 * HOP }>(&tables.highpass);
        let Some(hop) = settled.last_chunk() else {
            return;
        };
        let begin = self.history.at.saturating_sub(Samples(HOP as u64));
        let is_up = press.is_up_after(&tables.limits, hop, begin, has_voice);
        self.trace.key_lasts(press.key, press.end);
        if is_up {
            self.release(tell);
        }
    }

    /// Looks at the newest block, at the one that makes a window with it and,
    /// once one of the gate's is whole, at those between: they may hold a trace
    /// that ended before its own end.
    #[inline(always)]
    fn judge(&mut self, tables: &Tables, is_new: bool, tell: &mut impl FnMut(Event)) {
        let mut looks = [None; GATE_HOPS + 1];
        for (hops, look) in looks.iter_mut().enumerate() {
            let is_wanted = hops == 0 || is_new || hops == GATE_HOPS;
            *look = if is_wanted { window::look(tables, &self.history, hops * HOP) } else { None };
            if hops == 0 && look.is_none() && !is_new {
                return;
            }
        }
        let [newest, between @ .., older] = looks;
        let (mut best, mut back) = (newest, 0);
        for (hops, look) in between.into_iter().enumerate() {
            if look.is_some_and(|look| best.is_none_or(|best| look.share > best.share)) {
                (best, back) = (look, (hops + 1) * HOP);
            }
        }
        let Some(best) = best else {
            return;
        };
        let is_trace = best.share >= EVIDENCE_GATE_SHARE;
        let is_key = older.zip(newest).is_some_and(|(older, newest)| older.key == newest.key);
        if !is_trace && !is_key {
            return;
        }
        let filtered = self.history.filtered::<KEPT>(&tables.highpass);
        if is_trace && window::is_evidence(tables, &best, &filtered, back) {
            let to = self.history.at.saturating_sub(Samples(back as u64));
            self.trace.see(best.key, to.saturating_sub(Samples(BLOCK as u64)), to, tell);
        }
        if let (Some(older), Some(newest)) = (older, newest) {
            self.test(tables, [older, newest], filtered, tell);
        }
    }

    /// Asks the exact test of the newest window, and tells a key on which
    /// enough windows agree.
    #[inline(always)]
    fn test(
        &mut self,
        tables: &Tables,
        looks: [Look; 2],
        mut filtered: Filtered,
        tell: &mut impl FnMut(Event),
    ) {
        let key = looks[1].key;
        if key != looks[0].key || matches!(&self.state, State::Down(press) if press.key == key) {
            return;
        }
        let has_voice = self.history.at <= self.voice_until;
        let known = self.agreement.filter(|known| known.key == key);
        let standing = known.and_then(|known| known.standing);
        let Some(found) = window::find(tables, looks, &mut filtered, standing, has_voice) else {
            return;
        };
        let Some(agreement) = self.agreement_with(tables, known, key, &found, &filtered) else {
            return;
        };
        self.agreement = Some(agreement);
        if found.purity.is_faint() && agreement.is_trace() {
            let at = self.history.at;
            self.trace.see(key, at.saturating_sub(Samples(WINDOW as u64)), at, tell);
        }
        if !agreement.is_sure(has_voice) {
            return;
        }
        let pair = &found.pair;
        let verdict = match has_voice {
            true => Verdict::Key,
            false => exam::verdict(&agreement, &self.history, &filtered, pair),
        };
        self.agreement = match verdict {
            Verdict::Key => None,
            Verdict::Again => Some(agreement.anew(pair)),
            Verdict::Doubtful => Some(agreement.fail(pair, Doubt::Failed)),
            Verdict::Chord => Some(agreement.fail(pair, Doubt::Chord)),
        };
        if self.agreement.is_none() {
            self.begin(agreement, *pair, tell);
        }
    }

    /// What the newest window, which found `key`, makes of the windows before it that did; `None` where it
    /// may be the edge of a stretch that only the next can tell.
    #[inline(always)]
    fn agreement_with(
        &self,
        tables: &Tables,
        known: Option<Agreement>,
        key: Key,
        found: &Found,
        filtered: &Filtered,
    ) -> Option<Agreement> {
        let is_edge = |known: Agreement| found.purity != Purity::Clear && known.is_parted();
        if known.is_some_and(is_edge) {
            return None;
        }
        let known = known.filter(|known| known.goes_on(&tables.limits, found));
        let doubt = || window::doubt(&self.history, filtered, found);
        Some(match known {
            Some(known) if known.is_cleared_by(found) => known.clear(found),
            Some(known) if known.doubt != Doubt::Lingering || doubt() == Doubt::Lingering => {
                known.agree(&tables.limits, found)
            }
            Some(_) | None => {
                let onset = window::onset(&self.history, filtered, &found.pair);
                let before = Before::newest_window(&self.history);
                Agreement::begin(key, onset, found, doubt(), before).after(known.as_ref())
            }
        })
    }

    /// Tells a key whose newest window holds `pair`.
    fn begin(&mut self, agreement: Agreement, pair: Pair, tell: &mut impl FnMut(Event)) {
        self.release(tell);
        let (key, onset, told_at) = (agreement.key, agreement.onset, self.history.at);
        self.trace.became(key, onset, tell);
        tell(Event::Began(Began { key, onset, told_at }));
        self.trace.key_lasts(key, told_at);
        self.state = State::Down(Press::new(key, onset, told_at, pair));
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
    let [low, high] = window::levels(&TABLES, &press.pair);
    Ended {
        key: press.key,
        onset: press.onset,
        told_at: press.told_at,
        end: press.end,
        level: Dbm0::from_mean_square(low + high),
        twist: Db::of_powers(high, low),
        snr: press.pair.snr(WINDOW),
        confidence: confidence(&window::measure(&TABLES, press.key, &press.pair)),
    }
}

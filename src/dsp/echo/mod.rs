//! Knowing what we say: the part of the received samples that is our own voice coming back.
//!
//! [`EchoModel`] takes the echo of what was played out of what is received, so that the ear hears a key
//! under our prompt and none in it. One a line. It does nothing while nothing was played and holds
//! nothing while nothing comes back, for so are most lines of a busy hour.
//!
//! - `reference`: what was played, asked for when it is needed.
//! - `history`: what was received of late.
//! - `search`: at which delay the echo comes.
//! - `trial`: whether an echo comes at a delay.
//! - `canceller`: the path it takes, learnt while it is heard; `whiten` makes that quick, `delay` follows
//!   the clocks.
//! - `tones`: whether a key's tones were played before, by the path that is known or, before one is, by any.

mod canceller;
mod delay;
mod history;
mod listening;
mod reference;
mod search;
mod slide;
mod tones;
mod trial;
mod whiten;

use pulp::Simd;

pub use reference::{Recording, Reference, shared};

use super::ARCH;
use super::dtmf::Began;
use super::units::{Db, Dbm0, Samples};
use canceller::Canceller;
use listening::Listening;

/// How long after the last sample of ours an echo of it is looked for: the latest echo of 300 ms, the
/// length of its path and 10 ms more.
const LATEST_ECHO: Samples = Samples::from_ms(322);

/// What is received below this holds no echo that could make a key or hide one.
const WORTH_HEARING: Dbm0 = Dbm0(-54.0);

/// After what was worth hearing, this much is heard too: pauses within speech.
const HANGOVER: Samples = Samples::from_ms(100);

/// After so much that was not worth hearing, all but the path is forgotten.
const FORGOTTEN_AFTER: Samples = Samples::from_ms(2000);

/// What is left of our own voice at most, where it is nobody else's: half of what came.
const TAKEN_OUT: Db = Db(-3.0);

/// While we speak, what is left and fainter may be what the line's noise keeps from being found or taken
/// out; it is 20 dB under a prompt of ours, and voices are louder.
const FAINTEST_VOICE: Dbm0 = Dbm0(-36.0);

/// The same as long as even a loud echo may not have been found; one that is louder is found at once.
const FAINTEST_AT_FIRST: Dbm0 = Dbm0(-26.0);

/// What one line knows of its own echo.
#[derive(Debug, Clone, Default)]
pub struct EchoModel {
    /// The position after the last sample received or lost.
    at: Samples,
    /// What is received before that is worth hearing.
    worth_until: Samples,
    /// The path, once it is known.
    canceller: Option<Box<Canceller>>,
    /// Made by the first sound that is received while we speak.
    listening: Option<Box<Listening>>,
}

impl EchoModel {
    /// What a model holds at most, itself included: on a line that sends sound while we speak.
    pub const MOST_BYTES: usize = size_of::<Self>() + size_of::<Listening>() + size_of::<Canceller>();

    /// Of a line on which nothing was played yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// What listens, if it heard what was received last.
    fn heard_last(&self) -> Option<&Listening> {
        self.listening.as_deref().filter(|listening| listening.end() == self.at)
    }

    /// Takes our echo out of samples received from a position on. Where no echo is known, and wherever
    /// taking it out would leave more than there was, the samples stay as they are.
    pub fn take_out(&mut self, played: &impl Reference, at: Samples, received: &mut [i16]) {
        if at > self.at {
            self.pass_over(at.saturating_sub(self.at));
        }
        self.at = at + Samples(received.len() as u64);
        let said_until = played.end();
        if said_until == Samples(0) || at >= said_until + LATEST_ECHO {
            return self.rest();
        }
        if is_worth_hearing(received) {
            self.worth_until = self.at + HANGOVER;
        }
        if at >= self.worth_until {
            return self.rest();
        }
        let listening = self.listening.get_or_insert_with(|| Box::new(Listening::new(at)));
        ARCH.dispatch(Hear { listening, canceller: &mut self.canceller, played, at, received });
    }

    /// Nothing is to be done with what is received; after a while, nothing is kept of it.
    fn rest(&mut self) {
        let heard_until = self.listening.as_ref().map(|listening| listening.end());
        if heard_until.is_some_and(|end| self.at >= end + FORGOTTEN_AFTER) {
            self.listening = None;
        }
    }

    /// Passes over samples that were not received.
    pub fn pass_over(&mut self, missing: Samples) {
        self.at += missing;
        if let Some(listening) = &mut self.listening {
            listening.break_off(self.at);
        }
    }

    /// True if the two tones of a key had been played 10 to 300 ms before they were received, alone
    /// enough and loud enough to come back as what was heard: the key is our own.
    pub fn explains(&self, played: &impl Reference, began: &Began) -> bool {
        let Some(listening) = &self.listening else {
            return false;
        };
        let path = self.canceller.as_deref();
        began.onset < played.end() + LATEST_ECHO && tones::explains(played, listening.received(), path, began)
    }

    /// True if our own voice may be in what was received last, be it taken out for the most part.
    pub fn may_be_heard(&self) -> bool {
        self.heard_last().is_some_and(|listening| self.canceller.is_some() || listening.expects_echo())
    }

    /// True if what was received of late is our own voice, as far as can be told: taken out for the most
    /// part, or left so faint that it may be what could not be taken out.
    pub fn is_echo(&self) -> bool {
        let Some(listening) = self.heard_last() else { return false };
        let faintest = match self.canceller {
            Some(_) if listening.share_left() <= TAKEN_OUT.power_ratio() => return true,
            None if listening.expects_loud_echo() => FAINTEST_AT_FIRST,
            Some(_) | None => FAINTEST_VOICE,
        };
        listening.mean_square_left() < faintest.mean_square()
    }
}

/// True if samples are as loud as a tone that is worth hearing.
fn is_worth_hearing(samples: &[i16]) -> bool {
    // Of a sine, the mean of the amounts is 2/π of its peak.
    let least = std::f32::consts::FRAC_2_PI * WORTH_HEARING.sine_peak();
    let sum: u64 = samples.iter().map(|sample| u64::from(sample.unsigned_abs())).sum();
    sum as f32 >= least * samples.len() as f32
}

/// Samples to be heard by the machine's widest vector code; sums differ by their rounding only.
struct Hear<'a, R> {
    listening: &'a mut Listening,
    canceller: &'a mut Option<Box<Canceller>>,
    played: &'a R,
    at: Samples,
    received: &'a mut [i16],
}

impl<R: Reference> pulp::WithSimd for Hear<'_, R> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.listening.work(simd, self.canceller, self.played, self.at, self.received);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A second of something like a voice.
    fn voice(level: Dbm0) -> Vec<i16> {
        noise(8000, level, 1)
    }

    /// White noise whose peaks are those of a tone at a level, by a generator of its own.
    pub(super) fn noise(count: usize, level: Dbm0, seed: u32) -> Vec<i16> {
        let peak = level.sine_peak() as i32;
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) as i32 % (2 * peak + 1) - peak
        };
        (0..count).map(|_| next() as i16).collect()
    }

    fn hear(model: &mut EchoModel, played: &Recording, received: &[i16]) {
        for packet in received.chunks(160) {
            model.take_out(played, model.at, &mut packet.to_vec());
        }
    }

    /// A thousand calls are to be held at once, and most far ends are silent while they are spoken to.
    #[test]
    fn a_line_that_sends_nothing_holds_nothing() {
        let played = Recording::new(voice(Dbm0(-10.0)).repeat(4), Samples(0));
        let mut model = EchoModel::new();
        hear(&mut model, &played, &[8; 8000]);
        hear(&mut model, &played, &voice(Dbm0(-60.0)));
        assert!(model.listening.is_none());
        hear(&mut model, &played, &voice(Dbm0(-20.0)));
        assert!(model.listening.is_some());
        hear(&mut model, &played, &[0; 20_000]);
        assert!(model.listening.is_none(), "what was heard long ago is forgotten");
    }

    // A line that sends sound holds little too.
    const _: () = assert!(EchoModel::MOST_BYTES <= 11 * 1024);
}

//! What is held of a line on which something comes back while we speak.

use pulp::Simd;

use super::WORTH_HEARING;
use super::canceller::{BLOCK, Canceller};
use super::history::{History, widen};
use super::reference::Reference;
use super::search::{Candidate, GROUP_SAMPLES, REACH_SAMPLES, Search};
use super::slide::energy;
use super::trial;
use crate::dsp::units::{Db, Samples};

/// How a delay must stand out to be tried.
const PROMINENCE: f32 = 4.0;

/// What a path must leave of the received energy at most to be believed.
const BELIEVED: Db = Db(-3.0);

/// By how much a path at another delay must leave less than the one known.
const BETTER: Db = Db(-3.0);

/// From one look for a delay to the next, in samples: at first, and at most after trials that failed.
const LOOK_EVERY: [u64; 2] = [320, 5120];

/// The same while a path is known.
const LOOK_AGAIN_EVERY: u64 = 2048;

/// After a trial that failed, the next one is made where two looks in a row agree so closely, in samples.
const STEADY: usize = 8;

/// A line on which no delay stands out has no echo worth much work: after each so many samples, one more
/// group is left out for each that is correlated.
const SEEK_MORE_SELDOM_AFTER: Samples = Samples::from_ms(4000);

/// As long as the delay was not sought in so many samples, an echo is to be expected.
const EXPECTED: Samples = Samples::from_ms(1500);

/// An echo that is louder than most voices would have been found in so many.
const FOUND: Samples = Samples::from_ms(600);

/// After trials that failed and long seeking, one group of so many is correlated at least.
const SEEK_EVERY: u64 = 6;

/// While a path is known, one group of so many is correlated, in the first of so many turns.
const WATCH_EVERY: u64 = 4;
const WATCH_TURNS: u64 = 4;
const WATCH_TURN: Samples = Samples::from_ms(1000);

/// What a block leaves of the energies before it: a memory of 100 ms.
const LEVEL_MEMORY: f32 = 0.96;

/// The received samples of late, and the search for the echo in them.
#[derive(Debug, Clone)]
pub(super) struct Listening {
    received: History,
    /// The last received sample's position since which none was lost.
    unbroken_since: Samples,
    search: Search,
    searched_until: u64,
    /// Samples in which the delay was sought so far.
    sought: u64,
    look_at: Samples,
    look_every: u64,
    /// The delay that stood out at the last look.
    looked_at: usize,
    /// Energies of late, received and left.
    energies: [f32; 2],
    /// The energy of a block under which nothing is done with it.
    faintest: f32,
}

impl Listening {
    /// Nothing was heard before a position.
    pub(super) fn new(at: Samples) -> Self {
        Self {
            received: History::new(),
            unbroken_since: at,
            search: Search::new(),
            searched_until: 0,
            sought: 0,
            look_at: Samples(0),
            look_every: LOOK_EVERY[0],
            looked_at: 0,
            energies: [0.0; 2],
            faintest: WORTH_HEARING.mean_square() * BLOCK as f32,
        }
    }

    /// The position after the last sample heard.
    pub(super) fn end(&self) -> Samples {
        Samples(self.received.end())
    }

    /// What was received of late.
    pub(super) fn received(&self) -> &History {
        &self.received
    }

    /// Samples were lost before a position.
    pub(super) fn break_off(&mut self, at: Samples) {
        self.unbroken_since = at;
    }

    /// The share of the received energy that was left of late.
    pub(super) fn share_left(&self) -> f32 {
        let [received, left] = self.energies;
        left / received.max(1.0)
    }

    /// The mean square of what was left of late.
    pub(super) fn mean_square_left(&self) -> f32 {
        self.energies[1] * (1.0 - LEVEL_MEMORY) / BLOCK as f32
    }

    /// True as long as it is not to be told whether there is an echo.
    pub(super) fn expects_echo(&self) -> bool {
        self.sought < EXPECTED.0
    }

    /// True as long as even a loud echo may not have been found.
    pub(super) fn expects_loud_echo(&self) -> bool {
        self.sought < FOUND.0
    }

    /// Takes the echo out of received samples.
    #[inline(always)]
    pub(super) fn work<S: Simd>(
        &mut self,
        simd: S,
        canceller: &mut Option<Box<Canceller>>,
        played: &impl Reference,
        at: Samples,
        samples: &mut [i16],
    ) {
        if self.received.end() != at.0 {
            self.received.silence(at);
            self.unbroken_since = self.unbroken_since.max(at);
        }
        let mut begin = at;
        for block in samples.chunks_mut(BLOCK) {
            self.received.put(begin, block);
            self.cancel(simd, canceller, played, begin, block);
            begin += Samples(block.len() as u64);
            self.search(simd, canceller, played, begin);
        }
    }

    /// Takes the echo out of a block at most.
    #[inline(always)]
    fn cancel<S: Simd>(
        &mut self,
        simd: S,
        canceller: &mut Option<Box<Canceller>>,
        played: &impl Reference,
        at: Samples,
        block: &mut [i16],
    ) {
        let fresh = BLOCK - block.len();
        let mut wide = [0.0; BLOCK];
        widen(block, &mut wide[fresh..]);
        let received = energy(simd, &wide);
        if received < self.faintest {
            return;
        }
        if let Some(canceller) = canceller {
            canceller.run(simd, played, at, &mut wide, block.len());
            narrow(&wide[fresh..], block);
        }
        let left = energy(simd, &wide);
        self.energies = [LEVEL_MEMORY * self.energies[0] + received, LEVEL_MEMORY * self.energies[1] + left];
    }

    /// Correlates what has become whole up to a position, and looks for a delay every so often.
    #[inline(always)]
    fn search<S: Simd>(
        &mut self,
        simd: S,
        canceller: &mut Option<Box<Canceller>>,
        played: &impl Reference,
        end: Samples,
    ) {
        let every = match canceller {
            Some(_) if !(end.0 / WATCH_TURN.0).is_multiple_of(WATCH_TURNS) => return,
            Some(_) => WATCH_EVERY,
            None => {
                (self.look_every / LOOK_EVERY[0] + self.sought / SEEK_MORE_SELDOM_AFTER.0).min(SEEK_EVERY)
            }
        };
        self.searched_until = self.searched_until.max(oldest_group(end));
        while self.searched_until + GROUP_SAMPLES as u64 <= end.0 {
            self.searched_until += GROUP_SAMPLES as u64;
            self.sought += GROUP_SAMPLES as u64;
            let end = self.searched_until;
            self.search.take_played(simd, |from, out| played.read(from, out), end);
            if (end / GROUP_SAMPLES as u64).is_multiple_of(every) {
                self.search.take_received(simd, |from, out| self.received.read(from, out), end);
            }
        }
        if end >= self.look_at {
            self.look(simd, canceller, played, end);
            let known = canceller.as_ref().map_or(0, |_| LOOK_AGAIN_EVERY);
            self.look_at = end + Samples(self.look_every.max(known));
        }
    }

    /// Tries the delay at which the echo seems to be, unless it is the one known.
    #[inline(always)]
    fn look<S: Simd>(
        &mut self,
        simd: S,
        canceller: &mut Option<Box<Canceller>>,
        played: &impl Reference,
        end: Samples,
    ) {
        let Candidate { lag, prominence } = self.search.candidate(simd);
        let is_known = canceller.as_ref().is_some_and(|canceller| canceller.covers(lag));
        let is_steady = lag.abs_diff(self.looked_at) <= STEADY || self.look_every == LOOK_EVERY[0];
        self.looked_at = lag;
        if is_known || !is_steady || prominence < PROMINENCE {
            return;
        }
        let Some(begin) = trial::beginning(self.unbroken_since, end) else { return };
        let allowed = match canceller {
            Some(_) => BETTER.power_ratio() * self.share_left(),
            None => BELIEVED.power_ratio(),
        };
        match trial::learn(simd, played, &self.received, lag, [begin, end]) {
            Some((learnt, left)) if left < allowed => {
                *canceller = Some(Box::new(learnt));
                self.look_every = LOOK_EVERY[0];
            }
            Some(_) | None => self.look_every = (2 * self.look_every).min(LOOK_EVERY[1]),
        }
    }
}

/// The end of the oldest group that can still come back.
fn oldest_group(at: Samples) -> u64 {
    at.0.saturating_sub(REACH_SAMPLES).next_multiple_of(GROUP_SAMPLES as u64)
}

/// Rounds to samples.
#[inline(always)]
fn narrow(wide: &[f32], out: &mut [i16]) {
    // Adding 1.5 · 2²³ leaves the rounded value in the lowest bits, in vector code where a saturating
    // cast is not.
    const ROUND: f32 = 12_582_912.0;
    for (sample, x) in out.iter_mut().zip(wide) {
        let clipped = if *x > 32767.0 { 32767.0 } else { *x };
        let clipped = if clipped < -32768.0 { -32768.0 } else { clipped };
        *sample = (clipped + ROUND).to_bits() as i16;
    }
}

//! Knowing what we say: the part of the received samples that is our own voice coming back.
//!
//! [`EchoModel`] is told what was played and takes its echo out of what is received, so that the ear
//! hears a key under our prompt and none in it. One a line; it does nothing while nothing was played.
//!
//! - `history`: the last half second of a stream.
//! - `search`: at which delay the echo comes.
//! - `canceller`: the path it takes, learnt while it is heard; `whiten` makes that quick.
//! - `tones`: whether a key's tones were played before, for the time in which no path is known yet.

mod canceller;
mod delay;
mod history;
mod search;
mod slide;
mod tones;
mod whiten;

use pulp::Simd;

use super::ARCH;
use super::units::{Db, Dbm0, Hz, Samples};
use canceller::{BLOCK, Canceller};
use history::{History, KEPT};
use search::{Candidate, GROUP_SAMPLES, Search};
use slide::energy;

/// How long after the last audible sample an echo of it is looked for, in milliseconds: the latest
/// echo, the length of its path and 10 ms more.
const LATEST_ECHO_MS: u64 = 322;

/// A peak like that of a tone of this level is a sound.
const AUDIBLE: Dbm0 = Dbm0(-60.0);

/// What is received below this over [`LEARNT_FROM`] samples is not worth a trial.
const WORTH_A_TRIAL: Dbm0 = Dbm0(-50.0);

/// Samples from which a path is learnt when a delay is found.
const LEARNT_FROM: usize = 2400;

/// The fewest of them.
const LEARNT_FROM_AT_LEAST: usize = 640;

/// Times that they are gone through.
const PASSES: usize = 2;

/// How a delay must stand out to be tried.
const PROMINENCE: f32 = 4.0;

/// A trial that leaves more than this share in any pass is given up.
const HOPELESS: f32 = 0.9;

/// What a path must leave of the received energy at most to be believed.
const BELIEVED: Db = Db(-3.0);

/// By how much a path at another delay must leave less than the one known.
const BETTER: Db = Db(-3.0);

/// From one look for a delay to the next, in samples: at first, and at most after trials that failed.
const LOOK_EVERY: [u64; 2] = [320, 5120];

/// After a trial that failed, the next one is made where two looks in a row agree so closely, in samples.
const STEADY: usize = 8;

/// After a trial that failed, one group of so many is correlated.
const SEEK_EVERY: u64 = 2;

/// While a path is known, one group of so many is correlated.
const WATCH_EVERY: u64 = 8;

/// What a block leaves of the energies before it: a memory of 100 ms.
const LEVEL_MEMORY: f32 = 0.96;

/// What one line knows of its own echo.
///
/// Positions are those of the received stream: what is played at a position left here when the
/// sample received at that position came in.
#[derive(Debug, Clone, Default)]
pub struct EchoModel {
    /// The position after the last sample received or lost.
    at: Samples,
    /// Made by the first sound that is played, kept from then on.
    model: Option<Box<Model>>,
}

#[derive(Debug, Clone)]
struct Model {
    played: History,
    received: History,
    /// An echo may come until then.
    echo_until: Samples,
    /// The last received sample's position since which none was lost.
    unbroken_since: Samples,
    /// Made by the first sound that is received: a line that sends nothing has no echo.
    search: Option<Search>,
    searched_until: u64,
    look_at: Samples,
    look_every: u64,
    /// The delay that stood out at the last look.
    looked_at: usize,
    canceller: Option<Canceller>,
    /// Energies of late, received and left.
    energies: [f32; 2],
}

impl EchoModel {
    /// Of a line on which nothing was played yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Samples that are played from a position on, as the far end decodes them. They are told before
    /// the received samples of the same position, by 100 ms at most; what is never told was silence.
    pub fn played(&mut self, at: Samples, samples: &[i16]) {
        let audible = AUDIBLE.sine_peak() as u16;
        let is_audible = samples.iter().any(|sample| sample.unsigned_abs() > audible);
        if self.model.is_none() && !is_audible {
            return;
        }
        let model = self.model.get_or_insert_with(|| Box::new(Model::new(self.at)));
        model.played.put(at, samples);
        if is_audible {
            let end = at + Samples(samples.len() as u64);
            model.echo_until = model.echo_until.max(end + Samples::from_ms(LATEST_ECHO_MS));
        }
    }

    /// Takes our echo out of samples received from a position on; writes as many as both slices hold.
    /// Where no echo is known, and wherever taking it out would leave more than there was, the samples
    /// stay as they are.
    pub fn residual(&mut self, at: Samples, received: &[i16], out: &mut [i16]) {
        if at > self.at {
            self.lost(at.saturating_sub(self.at));
        }
        let mut begin = at;
        for (block, out) in received.chunks(BLOCK).zip(out.chunks_mut(BLOCK)) {
            let block = &block[..block.len().min(out.len())];
            match &mut self.model {
                Some(model) if begin < model.echo_until && model.hears(block) => {
                    ARCH.dispatch(Hear { model, at: begin, block, out });
                }
                Some(_) | None => out[..block.len()].copy_from_slice(block),
            }
            begin += Samples(block.len() as u64);
        }
        self.at = begin;
    }

    /// Passes over samples that were not received.
    pub fn lost(&mut self, missing: Samples) {
        self.at += missing;
        if let Some(model) = &mut self.model {
            model.unbroken_since = self.at;
        }
    }

    /// True if two tones that were received between two moments had been played 10 to 300 ms before,
    /// alone enough and loud enough to come back as what was heard: a key made of them is our own.
    pub fn explains(&self, low: Hz, high: Hz, from: Samples, to: Samples) -> bool {
        let Some(model) = &self.model else {
            return false;
        };
        let likeness = match model.canceller {
            Some(_) => tones::KNOWN_PATH,
            None => tones::ANY_PATH,
        };
        from < model.echo_until
            && tones::explains(&model.played, &model.received, [low, high], [from, to], likeness)
    }

    /// True if what was received of late is our own voice, as far as can be told: taken out for the
    /// most part or, while no echo path is known, to be expected.
    pub fn is_echo(&self) -> bool {
        let Some(model) = self.model.as_ref().filter(|model| self.at < model.echo_until) else {
            return false;
        };
        let [received, left] = model.energies;
        model.canceller.is_none() || left <= Db(-6.0).power_ratio() * received
    }
}

/// A block to be heard by the machine's widest vector code; sums differ by their rounding only.
struct Hear<'a> {
    model: &'a mut Model,
    at: Samples,
    block: &'a [i16],
    out: &'a mut [i16],
}

impl pulp::WithSimd for Hear<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.model.work(simd, self.at, self.block, self.out);
    }
}

impl Model {
    fn new(at: Samples) -> Self {
        Self {
            played: History::new(),
            received: History::new(),
            echo_until: Samples(0),
            unbroken_since: at,
            search: None,
            searched_until: 0,
            look_at: Samples(0),
            look_every: LOOK_EVERY[0],
            looked_at: 0,
            canceller: None,
            energies: [0.0; 2],
        }
    }

    /// Whether there is anything to be done with a block: nothing comes back on a line that sends none.
    fn hears(&self, block: &[i16]) -> bool {
        !self.received.is_silent() || block.iter().any(|sample| *sample != 0)
    }

    /// Takes the echo out of a block at most.
    #[inline(always)]
    fn work<S: Simd>(&mut self, simd: S, at: Samples, block: &[i16], out: &mut [i16]) {
        if self.received.end() != at.0 {
            self.resume(simd, at);
        }
        self.received.put(at, block);
        out[..block.len()].copy_from_slice(block);
        let fresh = BLOCK - block.len();
        let mut wide = [0.0; BLOCK];
        for (wide, sample) in wide[fresh..].iter_mut().zip(block) {
            *wide = f32::from(*sample);
        }
        let received = energy(simd, &wide);
        if let Some(canceller) = &mut self.canceller {
            canceller.run(simd, &self.played, at, &mut wide, block.len());
            narrow(&wide[fresh..], out);
        }
        let left = energy(simd, &wide);
        self.energies = [LEVEL_MEMORY * self.energies[0] + received, LEVEL_MEMORY * self.energies[1] + left];
        self.search(simd, at + Samples(block.len() as u64));
    }

    /// Begins anew after a hole in what is received, or after silence of ours.
    fn resume<S: Simd>(&mut self, simd: S, at: Samples) {
        self.received.silence(at);
        self.unbroken_since = self.unbroken_since.max(at);
        self.searched_until = self.searched_until.max(oldest_group(at));
        if let Some(canceller) = &mut self.canceller {
            canceller.jump(simd, &self.played, at);
        }
    }

    #[inline(always)]
    fn search<S: Simd>(&mut self, simd: S, end: Samples) {
        if self.received.is_silent() {
            return;
        }
        let every = match self.canceller {
            Some(_) => WATCH_EVERY,
            None if self.look_every > LOOK_EVERY[0] => SEEK_EVERY,
            None => 1,
        };
        let search = self.search.get_or_insert_with(Search::new);
        self.searched_until = self.searched_until.max(oldest_group(end));
        while self.searched_until + GROUP_SAMPLES as u64 <= end.0 {
            self.searched_until += GROUP_SAMPLES as u64;
            let correlate = (self.searched_until / GROUP_SAMPLES as u64).is_multiple_of(every);
            search.take(simd, [&self.played, &self.received], self.searched_until, correlate);
        }
        if end >= self.look_at {
            self.look(simd, end);
            self.look_at = end + Samples(self.look_every);
        }
    }

    /// Tries the delay at which the echo seems to be, unless it is the one known.
    #[inline(always)]
    fn look<S: Simd>(&mut self, simd: S, end: Samples) {
        let Some(search) = &self.search else { return };
        let Candidate { lag, prominence } = search.candidate(simd);
        let is_known = self.canceller.as_ref().is_some_and(|canceller| canceller.covers(lag));
        let is_steady = lag.abs_diff(self.looked_at) <= STEADY || self.look_every == LOOK_EVERY[0];
        self.looked_at = lag;
        if is_known || !is_steady || prominence < PROMINENCE {
            return;
        }
        let begin = self.unbroken_since.max(end.saturating_sub(Samples(LEARNT_FROM as u64)));
        if end.saturating_sub(begin) < Samples(LEARNT_FROM_AT_LEAST as u64) {
            return;
        }
        let [received, left] = self.energies;
        let allowed = match self.canceller {
            Some(_) => BETTER.power_ratio() * left / received.max(1.0),
            None => BELIEVED.power_ratio(),
        };
        match self.learnt(simd, lag, begin, end).filter(|(_, left)| *left < allowed) {
            Some((canceller, _)) => {
                self.canceller = Some(canceller);
                self.look_every = LOOK_EVERY[0];
            }
            None => self.look_every = (2 * self.look_every).min(LOOK_EVERY[1]),
        }
    }

    /// A path at a delay, learnt from what was received between two moments, and the share of its
    /// later half that is left. `None` if there is little to hear, or if nothing is learnt at once.
    #[inline(always)]
    fn learnt<S: Simd>(&self, simd: S, lag: usize, begin: Samples, end: Samples) -> Option<(Canceller, f32)> {
        let mut canceller = Canceller::new(lag);
        let mut left = 1.0;
        for _ in 0..PASSES {
            canceller.jump(simd, &self.played, begin);
            left = self.pass(simd, &mut canceller, begin, end)?;
            if left > HOPELESS {
                return None;
            }
        }
        canceller.trust();
        Some((canceller, left))
    }

    /// Teaches a path what was received between two moments; the share of the later half's energy
    /// that it left. `None` if there is little to hear.
    #[inline(always)]
    fn pass<S: Simd>(&self, simd: S, canceller: &mut Canceller, begin: Samples, end: Samples) -> Option<f32> {
        let (mut received, mut left) = (0.0f32, 0.0f32);
        let mut at = begin;
        while at < end {
            let count = end.saturating_sub(at).0.min(BLOCK as u64);
            let mut block = [0.0; BLOCK];
            self.received.read(at.0 as i64, &mut block[BLOCK - count as usize..]);
            let now = canceller.teach(simd, &self.played, at, &block, count as usize);
            at += Samples(count);
            if 2 * at.0 > begin.0 + end.0 {
                received += energy(simd, &block);
                left += now;
            }
        }
        let half = end.saturating_sub(begin).0 as f32 / 2.0;
        (received > WORTH_A_TRIAL.mean_square() * half).then(|| left / received)
    }
}

/// The end of the oldest group that the histories hold whole.
fn oldest_group(at: Samples) -> u64 {
    at.0.saturating_sub(KEPT as u64).next_multiple_of(GROUP_SAMPLES as u64)
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

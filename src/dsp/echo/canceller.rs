//! The echo path at one delay: what was played, as it comes back.
//!
//! A filter in the foreground makes the residual; one in the background learns. The foreground takes
//! the background's taps over only where those have left less for a while, so that a key or a voice,
//! which throws the learning one off, leaves the other as it was (the two-path method of Ochiai,
//! Araseki and Ogihara, 1977). Learning goes by whitened signals: a vowel alone would teach the
//! filter nothing but its own few harmonics.

use std::ops::Range;

use pulp::Simd;

use super::delay::Delay;
use super::reference::Reference;
use super::slide::{SUMS, energy, slide};
use super::whiten::{ORDER, Whitener};
use crate::dsp::units::{Db, Dbm0, Samples};

/// Taps of the echo path: 12 ms.
pub(super) const TAPS: usize = 96;

/// Samples worked at once at most.
pub(super) const BLOCK: usize = SUMS;

/// Taps before the delay that the search found: a path may begin well before its strongest tap.
const LEAD: usize = 32;

/// Samples that a block's outputs look at, and one more for whole blocks.
const LINE: usize = TAPS + BLOCK;

/// How far each block goes towards what it would have wanted; stable below 1.
const STEP: f32 = 0.6;

/// The reference's level under which nothing is learnt.
const LEARN_FLOOR: Dbm0 = Dbm0(-50.0);

/// An echo that is fainter hides no key and makes none, nor is it a voice.
const WORTH_TAKING_OUT: Dbm0 = Dbm0(-57.0);

/// Taps at either end that together make so much less than all are left out, so many at a time.
const UNHEARD: Db = Db(-25.0);
const STRIDE: usize = 8;

/// An echo so far under what is received hides no key, and is not taken out.
const HIDES_NOTHING: Db = Db(-16.0);

/// What a block leaves of the energies before it, by which the two filters are compared: 16 ms.
const COMPARE_MEMORY: f32 = 0.75;

/// How much more than usual is left where somebody else is heard.
const DOUBLE_TALK: Db = Db(9.0);

/// What a block leaves of the usual energies: 130 ms.
const USUAL_MEMORY: f32 = 0.97;

/// What each block of somebody else adds to what is usual: 3 dB in 0.14 s.
const GETTING_USED: f32 = 1.02;

/// Blocks in a row that are learnt from after the background did better: 0.25 s.
const EAGER: u32 = 64;

/// A path that leaves so much less than was received is known well enough.
const WELL_KNOWN: Db = Db(-20.0);

/// Else one block of so many is learnt from: a path that is known moves slowly.
const LEARN_EVERY: u32 = 16;

/// A model of the echo at one delay.
#[derive(Debug, Clone)]
pub(super) struct Canceller {
    /// The delay of the first tap.
    delay: Delay,
    /// The reference as it reaches the filters, newest last.
    line: [f32; LINE],
    /// The position after it.
    end: Samples,
    whitener: Whitener,
    /// Oldest sample's tap first.
    foreground: [f32; TAPS],
    background: [f32; TAPS],
    /// Energies of late: received, left by the foreground, left by the background.
    energies: [f32; 3],
    /// Blocks still to be learnt from one by one; then counts those between two that are.
    eager: u32,
    rested: u32,
    /// Energies over a longer time without others' sounds: received, left by the foreground.
    usual: [f32; 2],
    /// The foreground's taps but for those before and behind that make next to nothing.
    heard: Range<usize>,
    /// What the foreground makes of a white reference's power.
    gain: f32,
    learn_floor: f32,
    worth_taking_out: f32,
}

impl Canceller {
    /// A model that knows nothing yet but that the echo comes about `lag` samples late.
    pub(super) fn new(lag: usize) -> Self {
        Self {
            delay: Delay::new(lag as i64 - LEAD as i64),
            line: [0.0; LINE],
            end: Samples(0),
            whitener: Whitener::new(),
            foreground: [0.0; TAPS],
            background: [0.0; TAPS],
            energies: [0.0; 3],
            eager: EAGER,
            rested: 0,
            usual: [1.0; 2],
            heard: 0..TAPS,
            gain: 0.0,
            learn_floor: LEARN_FLOOR.mean_square(),
            worth_taking_out: WORTH_TAKING_OUT.mean_square(),
        }
    }

    /// True if an echo at `lag` lies well within the taps.
    pub(super) fn covers(&self, lag: usize) -> bool {
        (8..TAPS as i64 - 16).contains(&(lag as i64 - self.delay.samples() as i64))
    }

    /// Begins anew at a position that does not follow the one before.
    #[inline(always)]
    pub(super) fn jump<S: Simd>(&mut self, simd: S, played: &impl Reference, at: Samples) {
        self.line = self.line_before(simd, played, at.0 as i64);
        self.end = at;
    }

    /// The reference as it reaches the filters up to a position.
    #[inline(always)]
    fn line_before<S: Simd>(&self, simd: S, played: &impl Reference, end: i64) -> [f32; LINE] {
        let mut line = [0.0; LINE];
        for begin in (0..LINE).step_by(BLOCK) {
            let end = end - (LINE - BLOCK - begin) as i64;
            line[begin..begin + BLOCK].copy_from_slice(&self.delay.read(simd, played, end));
        }
        line
    }

    /// The echo in the block that ends at a position not long ago, as the path that is known now makes it.
    #[inline(always)]
    pub(super) fn echo<S: Simd>(&self, simd: S, played: &impl Reference, end: i64) -> [f32; BLOCK] {
        let mut made = [0.0; BLOCK];
        slide(simd, &self.foreground, &self.line_before(simd, played, end)[1..], &mut made);
        made
    }

    /// Takes the echo out of a block of received samples, of which the last `count` are new and
    /// begin at `at`; those before are 0, and stay it.
    #[inline(always)]
    pub(super) fn run<S: Simd>(
        &mut self,
        simd: S,
        played: &impl Reference,
        at: Samples,
        block: &mut [f32; BLOCK],
        count: usize,
    ) {
        self.follow(simd, played, at, count);
        let wanted = *block;
        let received = energy(simd, &wanted);
        let echo = energy(simd, &self.line) * self.gain / LINE as f32;
        let hides_nothing = HIDES_NOTHING.power_ratio() * received / BLOCK as f32;
        if echo < self.worth_taking_out || echo < hides_nothing {
            return;
        }
        let taps = self.heard.clone();
        let mut made = [0.0; BLOCK];
        slide(simd, &self.foreground[taps.clone()], &self.line[1 + taps.start..], &mut made);
        let foreground = rest(&wanted, &made, count);
        let energies = [received, energy(simd, &foreground)];
        if energies[1] <= energies[0] {
            *block = foreground;
        }
        if self.is_double_talk(energies) {
            return;
        }
        if count == BLOCK {
            self.delay.learn(simd, &made, &foreground);
        }
        let is_eager = self.eager > 0 && energies[1] > WELL_KNOWN.power_ratio() * energies[0];
        if !is_eager && self.rested + 1 < LEARN_EVERY {
            self.rested += 1;
            return;
        }
        self.rested = 0;
        self.eager = self.eager.saturating_sub(1);
        let background = self.learn(simd, &wanted, count);
        self.compare([energies[0], energies[1], background]);
    }

    /// True if so much more than usual is left that somebody else must be heard. What stays so becomes
    /// usual, since a path that changed leaves as much.
    #[inline(always)]
    fn is_double_talk(&mut self, [received, left]: [f32; 2]) -> bool {
        let [usual_received, usual_left] = &mut self.usual;
        if left * *usual_received > DOUBLE_TALK.power_ratio() * *usual_left * received {
            *usual_left *= GETTING_USED;
            return true;
        }
        *usual_received = USUAL_MEMORY * *usual_received + received;
        *usual_left = USUAL_MEMORY * *usual_left + left;
        false
    }

    /// Teaches the background a block; tells the energy that it left before.
    #[inline(always)]
    pub(super) fn teach<S: Simd>(
        &mut self,
        simd: S,
        played: &impl Reference,
        at: Samples,
        block: &[f32; BLOCK],
        count: usize,
    ) -> f32 {
        self.follow(simd, played, at, count);
        self.learn(simd, block, count)
    }

    /// Moves the line on by the `count` samples from `at` on.
    #[inline(always)]
    fn follow<S: Simd>(&mut self, simd: S, played: &impl Reference, at: Samples, count: usize) {
        if self.end != at {
            self.delay.pass(at.saturating_sub(self.end).0);
            self.jump(simd, played, at);
        }
        self.line.copy_within(count.., 0);
        self.delay.pass(count as u64);
        self.end = at + Samples(count as u64);
        let newest = self.delay.read(simd, played, self.end.0 as i64);
        self.line[LINE - BLOCK..].copy_from_slice(&newest);
    }

    /// The line whitened, but for its first samples, before which nothing is kept.
    #[inline(always)]
    fn white<S: Simd>(&self, simd: S) -> [f32; LINE] {
        let mut white = [0.0; LINE];
        for end in [ORDER + BLOCK, 2 * BLOCK, 3 * BLOCK, LINE] {
            white[end - BLOCK..end].copy_from_slice(&self.whitener.run(simd, &self.line[..end]));
        }
        white
    }

    /// One step of the background towards leaving nothing of this block; the energy left before it.
    #[inline(always)]
    fn learn<S: Simd>(&mut self, simd: S, wanted: &[f32; BLOCK], count: usize) -> f32 {
        let left = rest(wanted, &filter(simd, &self.background, &self.line), count);
        if count > ORDER && energy(simd, &self.line) >= self.learn_floor * LINE as f32 {
            self.whitener.watch(simd, &self.line);
            let white = self.white(simd);
            let step = STEP / (energy(simd, &white) + self.learn_floor);
            let slopes = gradient(simd, &self.whitened(simd, &left, count), &white);
            for (tap, slope) in self.background.iter_mut().zip(slopes) {
                *tap += step * slope;
            }
        }
        energy(simd, &left)
    }

    /// What was left of the last `count` samples, whitened as the reference is. The first samples
    /// after which nothing is known stay 0.
    #[inline(always)]
    fn whitened<S: Simd>(&self, simd: S, left: &[f32; BLOCK], count: usize) -> [f32; BLOCK] {
        let mut after = [0.0; ORDER + BLOCK];
        after[ORDER..].copy_from_slice(left);
        let mut errors = self.whitener.run(simd, &after);
        errors[..BLOCK - count + ORDER].fill(0.0);
        errors
    }

    /// Weighs the two filters by what they left of late.
    #[inline(always)]
    fn compare(&mut self, left: [f32; 3]) {
        for (late, now) in self.energies.iter_mut().zip(left) {
            *late = COMPARE_MEMORY * *late + now;
        }
        let [received, foreground, background] = self.energies;
        if background < 0.7 * foreground && background < received {
            self.trust();
            self.energies[1] = background;
            if background < 0.5 * foreground {
                self.eager = EAGER;
            }
        } else if background > 2.0 * foreground {
            self.background = self.foreground;
            self.energies[2] = foreground;
        }
    }

    /// Lets the foreground be what was learnt so far.
    pub(super) fn trust(&mut self) {
        self.foreground = self.background;
        let energy = |taps: &[f32]| taps.iter().map(|tap| tap * tap).sum::<f32>();
        self.gain = energy(&self.foreground);
        let unheard = UNHEARD.power_ratio() * self.gain;
        let steps = || (0..TAPS).step_by(STRIDE);
        let begin = steps().take_while(|end| energy(&self.foreground[..*end]) <= unheard).last();
        let end = steps()
            .map(|begin| TAPS - begin)
            .take_while(|begin| energy(&self.foreground[*begin..]) <= unheard);
        self.heard = begin.unwrap_or(0)..end.last().unwrap_or(TAPS);
    }
}

/// Wanted minus made, of the last `count` samples.
#[inline(always)]
fn rest(wanted: &[f32; BLOCK], made: &[f32; BLOCK], count: usize) -> [f32; BLOCK] {
    let mut left = [0.0; BLOCK];
    for n in BLOCK - count..BLOCK {
        left[n] = wanted[n] - made[n];
    }
    left
}

#[inline(always)]
fn filter<S: Simd>(simd: S, taps: &[f32; TAPS], line: &[f32; LINE]) -> [f32; BLOCK] {
    let mut made = [0.0; BLOCK];
    slide(simd, taps, &line[1..], &mut made);
    made
}

/// By each tap, how the block's energy falls as it grows.
#[inline(always)]
fn gradient<S: Simd>(simd: S, errors: &[f32; BLOCK], line: &[f32; LINE]) -> [f32; TAPS] {
    let mut slopes = [0.0; TAPS];
    for (index, row) in slopes.as_chunks_mut::<BLOCK>().0.iter_mut().enumerate() {
        slide(simd, errors, &line[1 + BLOCK * index..], row);
    }
    slopes
}

#[cfg(test)]
mod tests {
    use pulp::Scalar;

    use super::super::Recording;
    use super::super::tests::noise;
    use super::*;

    const LAG: usize = 500;

    /// What comes back of what was said: two reflections, 8 dB down.
    fn echo(said: &[i16]) -> Vec<f32> {
        let at = |n: usize| said.get(n).copied().map_or(0.0, f32::from);
        let late = |n: usize, by: usize| n.checked_sub(by).map_or(0.0, at);
        (0..said.len()).map(|n| 0.35 * late(n, LAG) - 0.15 * late(n, LAG + 9)).collect()
    }

    /// Takes the echo out of what is received from a position on; the share of its energy that is left.
    fn run(canceller: &mut Canceller, played: &Recording, received: &[f32], at: usize) -> f32 {
        let (mut before, mut after) = (0.0, 0.0);
        for (n, samples) in received.as_chunks::<BLOCK>().0.iter().enumerate() {
            let mut block = *samples;
            canceller.run(Scalar, played, Samples((at + n * BLOCK) as u64), &mut block, BLOCK);
            before += energy(Scalar, samples);
            after += energy(Scalar, &block);
        }
        after / before
    }

    /// Noise for 2.5 s, its echo, and a model that has learnt from its first second.
    fn learnt() -> (Recording, Vec<f32>, Canceller) {
        let said = noise(20_000, Dbm0(-10.0), 1);
        let received = echo(&said);
        let played = Recording::new(said, Samples(0));
        let mut canceller = Canceller::new(LAG);
        canceller.jump(Scalar, &played, Samples(0));
        for (n, block) in received[..8_000].as_chunks::<BLOCK>().0.iter().enumerate() {
            canceller.teach(Scalar, &played, Samples((n * BLOCK) as u64), block, BLOCK);
        }
        canceller.trust();
        (played, received, canceller)
    }

    #[test]
    fn a_path_that_was_learnt_leaves_next_to_nothing() {
        let (played, received, mut canceller) = learnt();
        let left = run(&mut canceller, &played, &received[8_000..], 8_000);
        assert!(left < Db(-25.0).power_ratio(), "{left}");
    }

    /// A key under our voice: it is what remains, and the path is known as well as before.
    #[test]
    fn a_key_stays_and_does_not_spoil_the_path() {
        let (played, received, mut canceller) = learnt();
        run(&mut canceller, &played, &received[8_000..12_000], 8_000);
        let tones = |n: usize| (0.74 * n as f32).sin() + (1.16 * n as f32).sin();
        let key: Vec<f32> = (0..1_600).map(|n| 6_000.0 * tones(n)).collect();
        let both: Vec<f32> =
            received[12_000..13_600].iter().zip(&key).map(|(echo, key)| echo + key).collect();
        let mut off = 0.0;
        for (n, (samples, key)) in
            both.as_chunks::<BLOCK>().0.iter().zip(key.as_chunks::<BLOCK>().0).enumerate()
        {
            let mut block = *samples;
            canceller.run(Scalar, &played, Samples((12_000 + n * BLOCK) as u64), &mut block, BLOCK);
            off += block.iter().zip(key).map(|(left, key)| (left - key).powi(2)).sum::<f32>();
        }
        assert!(off < Db(-15.0).power_ratio() * energy(Scalar, &key), "the key comes out as it went in");
        let left = run(&mut canceller, &played, &received[13_600..], 13_600);
        assert!(left < Db(-20.0).power_ratio(), "{left}");
    }

    /// Where the echo is no more, the model's own voice must not be added to what is received.
    #[test]
    fn a_path_that_is_gone_adds_nothing() {
        let (played, _, mut canceller) = learnt();
        let stranger: Vec<f32> = noise(6_400, Dbm0(-14.0), 7).into_iter().map(f32::from).collect();
        assert!(run(&mut canceller, &played, &stranger, 8_000) <= 1.0);
    }

    /// A far end that moved its phone: the new path is learnt while it is heard.
    #[test]
    fn a_path_that_changed_is_learnt_anew() {
        let (played, received, mut canceller) = learnt();
        let turned: Vec<f32> = received.iter().map(|x| -0.6 * x).collect();
        run(&mut canceller, &played, &turned[8_000..14_400], 8_000);
        let left = run(&mut canceller, &played, &turned[14_400..], 14_400);
        assert!(left < Db(-12.0).power_ratio(), "{left}");
    }

    #[test]
    fn a_delay_within_the_taps_is_covered() {
        let canceller = Canceller::new(LAG);
        assert!(canceller.covers(LAG) && canceller.covers(LAG + 40));
        assert!(!canceller.covers(LAG - 30) && !canceller.covers(LAG + 60));
    }
}

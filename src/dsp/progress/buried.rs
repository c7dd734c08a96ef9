//! A tone in noise so loud that it is no burst: what it stands over is its own part of the noise, and nothing
//! but the line's noise is beside it.

use super::FAINTEST_TONE;
use super::bank::BINS;
use super::hop::{HOP, Motion, neighbour};
use super::noise::{Loudness, Noise};
use super::single::BEEP_MS;
use crate::dsp::units::{Db, Hz, Samples};

/// How far over the least noise of its bin a tone is.
const OVER: Db = Db(6.0);

/// How far over their least noise the other bins are together, while nothing else sounds.
const NOISE_MOVES: Db = Db(6.0);

/// A bin turns so evenly where one frequency is most of it: 5 dB over the noise in it.
const COHERENCE: f32 = 0.8;

/// How far its frequency may go, as noise shows it.
const STEADY: Hz = Hz(12.0);

/// The part that a hop has in the mean of it.
const NEWEST: f32 = 0.25;

/// Hops on end that noise may spoil.
const SPOILT: u8 = 1;

#[derive(Debug, Clone, Copy)]
struct Open {
    begin: Samples,
    end: Samples,
    frequency: Hz,
    spoilt: u8,
}

/// Follows the tone that one line's noise buries.
#[derive(Debug, Clone, Default)]
pub(super) struct Buried {
    /// Our echo in it makes it louder than it is, and a tone less sure.
    noise: Noise,
    open: Option<Open>,
}

impl Buried {
    /// Takes the next hop.
    pub(super) fn step(&mut self, begin: Samples, motion: &Motion, loudness: &Loudness) {
        let noise = self.noise.known().filter(|noise| noise.whole >= *FAINTEST_TONE);
        let found = noise.and_then(|noise| tone(motion, &loudness.bins, &noise.bins));
        let end = begin + Samples(HOP as u64);
        self.open = match (self.open, found) {
            (Some(open), Some(frequency)) if (frequency.0 - open.frequency.0).abs() <= STEADY.0 => {
                let frequency = Hz(open.frequency.0 + NEWEST * (frequency.0 - open.frequency.0));
                Some(Open { end, frequency, spoilt: 0, ..open })
            }
            (Some(open), _) if open.spoilt < SPOILT => Some(Open { spoilt: open.spoilt + 1, ..open }),
            (_, found) => found.map(|frequency| Open { begin, end, frequency, spoilt: 0 }),
        };
        if self.open.is_none() {
            self.noise.take(loudness);
        }
    }

    /// Passes over a hop in which nothing is buried.
    pub(super) fn pass(&mut self, loudness: &Loudness) {
        self.open = None;
        self.noise.take(loudness);
    }

    /// Nothing is known of what follows.
    pub(super) fn close(&mut self) {
        self.open = None;
    }

    /// Where the tone began that is heard now and has been for as long as a beep.
    pub(super) fn since(&self) -> Option<Samples> {
        self.open.filter(|open| open.end >= open.begin + Samples::from_ms(BEEP_MS[0])).map(|open| open.begin)
    }
}

/// The frequency of the one tone that stands over the noise.
fn tone(motion: &Motion, bins: &[f32; BINS], noise: &[f32; BINS]) -> Option<Hz> {
    let over = |bin: usize| bins[bin] / noise[bin].max(1.0);
    let bin = (1..BINS).fold(0, |best, bin| if over(bin) > over(best) { bin } else { best });
    if over(bin) < OVER.power_ratio() || motion.coherence_of(bin) < COHERENCE {
        return None;
    }
    let frequency = motion.frequency(bin);
    let beside = neighbour(bin, frequency);
    let others =
        |of: &[f32; BINS]| (0..BINS).filter(|n| *n != bin && *n != beside).map(|n| of[n]).sum::<f32>();
    (others(bins) <= others(noise) * NOISE_MOVES.power_ratio()).then_some(frequency)
}

//! Audio made for the ear's tests, and the scoring of what was heard.
//!
//! One stream holds many trials, each in a slot of its own, so that our ear and
//! a foreign one hear the same samples and are scored by the same rule.
#![allow(dead_code, unreachable_pub, clippy::print_stdout, reason = "each test crate uses its own part")]

use octothorpe::dsp::dtmf::{Detector, Ended, Event, Key};
use octothorpe::dsp::g711::Law;
use octothorpe::dsp::units::{Db, Dbm0, Hz, Samples};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

pub mod beeps;
pub mod calls;
pub mod damage;
pub mod echoes;
pub mod points;
pub mod schedules;
#[path = "../support/seed.rs"]
pub mod seed;
pub mod sounds;
pub mod spandsp;
pub mod timing;
pub mod voices;
#[path = "../support/wav.rs"]
pub mod wav;

/// Room for one trial: 600 ms, the signal begins about 150 ms into it.
pub const SLOT: usize = 4800;

/// The random numbers of one test, whose seed is printed; `OCTOTHORPE_SEED` sets another.
pub fn seeded(test: &str, seed: u64) -> StdRng {
    let seed = seed::asked().unwrap_or(seed);
    println!("{test}: seed {seed}");
    StdRng::seed_from_u64(seed)
}

/// The random numbers of one trial of a row.
pub fn random(seed: u64, row: &str, trial: usize) -> StdRng {
    // FNV-1a: rows of like names shall have nothing in common.
    let octets = row.bytes().chain(seed.to_le_bytes()).chain(trial.to_le_bytes());
    let hash = octets.fold(0xcbf2_9ce4_8422_2325_u64, |hash, octet| {
        (hash ^ u64::from(octet)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    StdRng::seed_from_u64(hash)
}

/// So many of something, or more with `OCTOTHORPE_LONG`.
pub fn short_or_long(short: usize, long: usize) -> usize {
    if std::env::var_os("OCTOTHORPE_LONG").is_some() { long } else { short }
}

/// Gaussian noise of unit variance.
pub fn gauss(rng: &mut StdRng) -> f32 {
    let radius = (-2.0 * rng.random_range(1e-9f32..1.0).ln()).sqrt();
    radius * (std::f32::consts::TAU * rng.random::<f32>()).cos()
}

/// One sine on the line.
#[derive(Clone, Copy, Debug)]
pub struct Sine {
    pub frequency: Hz,
    pub level: Dbm0,
    pub begin: usize,
    pub count: usize,
}

/// Audio before quantisation.
pub struct Audio(pub Vec<f32>);

impl Audio {
    pub fn silence(count: usize) -> Self {
        Self(vec![0.0; count])
    }

    /// Adds a sine of random phase, switched hard.
    pub fn sine(&mut self, rng: &mut StdRng, sine: Sine) -> &mut Self {
        let step = f64::from(sine.frequency.0) * std::f64::consts::TAU / 8000.0;
        let phase = rng.random::<f64>() * std::f64::consts::TAU;
        let peak = f64::from(sine.level.sine_peak());
        let end = (sine.begin + sine.count).min(self.0.len());
        for (n, sample) in self.0[sine.begin..end].iter_mut().enumerate() {
            *sample += (peak * (step * n as f64 + phase).sin()) as f32;
        }
        self
    }

    /// Adds white noise at a level, over all of it.
    pub fn noise(&mut self, rng: &mut StdRng, level: Dbm0) -> &mut Self {
        let deviation = level.mean_square().sqrt();
        for sample in &mut self.0 {
            *sample += deviation * gauss(rng);
        }
        self
    }

    /// Silences a stretch.
    pub fn cut(&mut self, begin: usize, count: usize) -> &mut Self {
        self.0[begin..begin + count].fill(0.0);
        self
    }

    /// As linear samples, through a companding law if one is given.
    pub fn quantised(&self, law: Option<Law>) -> Vec<i16> {
        let linear = self.0.iter().map(|x| x.round() as i16);
        match law {
            Some(law) => linear.map(|s| law.decode(law.encode(s))).collect(),
            None => linear.collect(),
        }
    }
}

/// A key press as a point of the tests describes it.
#[derive(Clone, Copy, Debug)]
pub struct Press {
    pub low: Dbm0,
    pub high: Dbm0,
    pub low_off: f32,
    pub high_off: f32,
    pub count: usize,
}

impl Press {
    /// Nominal frequencies, both tones at `level`.
    pub fn plain(level: f32, ms: f32) -> Self {
        Self {
            low: Dbm0(level),
            high: Dbm0(level),
            low_off: 0.0,
            high_off: 0.0,
            count: (ms * 8.0).round() as usize,
        }
    }

    /// The stronger tone at `level`, the high one `twist` over the low one.
    pub fn twisted(level: f32, twist: f32, ms: f32) -> Self {
        Self {
            low: Dbm0(level - twist.max(0.0)),
            high: Dbm0(level + twist.min(0.0)),
            ..Self::plain(level, ms)
        }
    }

    pub fn off(self, low: f32, high: f32) -> Self {
        Self { low_off: low, high_off: high, ..self }
    }

    /// The power of both tones together.
    pub fn level(&self) -> Dbm0 {
        Dbm0::from_mean_square(self.low.mean_square() + self.high.mean_square())
    }

    pub fn put(&self, rng: &mut StdRng, audio: &mut Audio, key: Key, begin: usize) {
        for (nominal, level, off) in
            [(key.low(), self.low, self.low_off), (key.high(), self.high, self.high_off)]
        {
            let frequency = Hz(nominal.0 * (1.0 + off / 100.0));
            audio.sine(rng, Sine { frequency, level, begin, count: self.count });
        }
    }
}

/// One of the sixteen keys by chance.
pub fn any_key(rng: &mut StdRng) -> Key {
    Key::all().nth(rng.random_range(0..16)).expect("there are sixteen keys")
}

/// Many trials in a row, and what each must give.
#[derive(Default)]
pub struct Stream {
    pub samples: Vec<i16>,
    pub expected: Vec<String>,
    /// The end of each trial.
    ends: Vec<usize>,
}

/// How a detector did on a stream.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Score {
    pub trials: usize,
    /// Trials that gave exactly what was expected.
    pub right: usize,
    /// Trials that gave anything at all.
    pub fired: usize,
    /// Trials that gave more than was expected.
    pub doubled: usize,
}

impl Score {
    pub fn share_right(&self) -> f64 {
        self.right as f64 / self.trials.max(1) as f64
    }
}

impl Stream {
    pub fn push(&mut self, samples: &[i16], expected: String) {
        self.samples.extend_from_slice(samples);
        self.expected.push(expected);
        self.ends.push(self.samples.len());
    }

    /// The keys of each trial, of reports `(digit, sample where told)`.
    pub fn heard(&self, reports: &[(char, u64)]) -> Vec<String> {
        let mut heard = vec![String::new(); self.expected.len()];
        for (digit, at) in reports {
            let trial = self.ends.partition_point(|end| *end as u64 <= *at);
            heard[trial.min(self.ends.len() - 1)].push(*digit);
        }
        heard
    }

    /// Scores reports `(digit, sample where told)`.
    pub fn score(&self, reports: &[(char, u64)]) -> Score {
        let heard = self.heard(reports);
        let count = |is: fn(&str, &str) -> bool| {
            heard.iter().zip(&self.expected).filter(|(heard, expected)| is(heard, expected)).count()
        };
        Score {
            trials: heard.len(),
            right: count(|heard, expected| heard == expected),
            fired: count(|heard, _| !heard.is_empty()),
            doubled: count(|heard, expected| heard.len() > expected.len()),
        }
    }
}

/// What our ear makes of samples.
pub fn listen(samples: &[i16]) -> Vec<Event> {
    let mut events = Vec::new();
    let mut ear = Detector::new();
    ear.feed(samples, &mut |event| events.push(event));
    ear.finish(&mut |event| events.push(event));
    events
}

/// The keys that our ear tells, each with the sample where it was told.
pub fn reports(samples: &[i16]) -> Vec<(char, u64)> {
    ends(&listen(samples)).iter().map(|key| (key.key.as_char(), key.told_at.0)).collect()
}

/// The ended keys among events.
pub fn ends(events: &[Event]) -> Vec<Ended> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Began(_) | Event::Undecided { .. } => None,
            Event::Ended(ended) => Some(*ended),
        })
        .collect()
}

/// `ms` as samples.
pub fn ms(ms: f32) -> usize {
    (ms * 8.0).round() as usize
}

/// A stretch of samples as time.
pub fn span(samples: usize) -> Samples {
    Samples(samples as u64)
}

/// A noise level so far under a signal's.
pub fn below(level: Dbm0, snr: f32) -> Dbm0 {
    level + Db(-snr)
}

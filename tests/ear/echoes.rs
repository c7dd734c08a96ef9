//! Our own prompt back at us: echo paths, and calls in which a key is pressed under it or it holds keys.
//!
//! Paths are made: 10 to 300 ms late, up to 8 ms long, drifting up to 200 ppm, through both G.711 laws,
//! from the first sample of the call. The prompts are our own.

use std::sync::LazyLock;

use octothorpe::dsp::dtmf::Key;
use octothorpe::dsp::ear::{Ear, Heard};
use octothorpe::dsp::echo::Recording;
use octothorpe::dsp::g711::Law;
use octothorpe::dsp::units::{Db, Dbm0, Samples};
use rand::RngExt;
use rand::rngs::StdRng;

use super::calls::{PACKET, prompts};
use super::{any_key, gauss, ms, reports};

/// A call's samples: four seconds.
pub const CALL: usize = 32_000;

/// Every clip of `prompts/en-US`, as the far end decodes it.
static CLIPS: LazyLock<Vec<Vec<i16>>> =
    LazyLock::new(|| prompts().iter().map(|clip| through(Law::Mu, clip)).collect());

pub fn through(law: Law, samples: &[i16]) -> Vec<i16> {
    samples.iter().map(|sample| law.decode(law.encode(*sample))).collect()
}

pub fn rounded(samples: &[f32]) -> Vec<i16> {
    samples.iter().map(|x| x.round() as i16).collect()
}

/// Clips by chance, one after the other, for a call.
pub fn prompt(rng: &mut StdRng) -> Vec<i16> {
    prompt_of(rng, CALL)
}

/// The same, so long.
pub fn prompt_of(rng: &mut StdRng, samples: usize) -> Vec<i16> {
    let mut said = vec![0; rng.random_range(0..1600)];
    while said.len() < samples {
        said.extend(&CLIPS[rng.random_range(0..CLIPS.len())]);
    }
    said.truncate(samples);
    said
}

/// How what we say comes back.
pub struct EchoPath {
    taps: Vec<f32>,
    /// In samples.
    pub delay: f64,
    drift_ppm: f64,
}

impl EchoPath {
    /// A noise that dies away within 8 ms, as a whole so many decibels down.
    pub fn any(rng: &mut StdRng, [least, most]: [f32; 2]) -> Self {
        let down = Db(rng.random_range(least..most));
        let count = rng.random_range(1..64usize);
        let fall = count as f32 / rng.random_range(2.0..5.0);
        let mut taps: Vec<f32> = (0..count).map(|n| gauss(rng) * (-(n as f32) / fall).exp()).collect();
        let gain = 1.0 / (down.amplitude_ratio() * taps.iter().map(|tap| tap * tap).sum::<f32>().sqrt());
        taps.iter_mut().for_each(|tap| *tap *= gain);
        Self { taps, delay: rng.random_range(80.0..2400.0), drift_ppm: rng.random_range(-200.0..200.0) }
    }

    pub fn echo(&self, said: &[i16]) -> Vec<f32> {
        let place = |n: usize| n as f64 * (1.0 + self.drift_ppm * 1e-6) - self.delay;
        let late: Vec<f32> = (0..said.len()).map(|n| between(said, place(n))).collect();
        let tapped = |n: usize| late[..=n].iter().rev().zip(&self.taps).map(|(x, tap)| x * tap).sum();
        (0..late.len()).map(tapped).collect()
    }
}

/// Steps from one sample to the next.
const PHASES: usize = 512;

/// Windowed sines over their arguments, one row a phase.
static SINCS: LazyLock<Vec<[f32; 24]>> = LazyLock::new(|| {
    let weight = |off: f64| {
        let angle = std::f64::consts::PI * off;
        let sinc = if angle.abs() < 1e-6 { 1.0 } else { angle.sin() / angle };
        (sinc * (angle / 26.0).cos().powi(2)) as f32
    };
    let row = |phase| std::array::from_fn(|n| weight(n as f64 - 11.0 - phase as f64 / PHASES as f64));
    (0..=PHASES).map(row).collect()
});

/// A sample at any place.
fn between(samples: &[i16], place: f64) -> f32 {
    let row = &SINCS[(place.rem_euclid(1.0) * PHASES as f64).round() as usize];
    let first = place.floor() as i64 - 11;
    let at = |index: i64| usize::try_from(index).ok().and_then(|index| samples.get(index));
    (first..).zip(row).map(|(index, weight)| weight * f32::from(*at(index).unwrap_or(&0))).sum()
}

/// The level of the frames of 20 ms that are not 20 dB under the loudest.
pub fn active_level(samples: &[f32]) -> Dbm0 {
    let power = |frame: &[f32]| frame.iter().map(|x| x * x).sum::<f32>() / frame.len() as f32;
    let mut powers: Vec<f32> = samples.chunks(PACKET).map(power).collect();
    let loudest = powers.iter().copied().fold(0.0, f32::max);
    powers.retain(|power| *power > loudest / 100.0);
    Dbm0::from_mean_square(powers.iter().sum::<f32>() / powers.len() as f32)
}

/// Adds a key, both tones together at `level`.
pub fn press(rng: &mut StdRng, audio: &mut [f32], key: Key, begin: usize, count: usize, level: Dbm0) {
    for tone in [key.low(), key.high()] {
        let phase = rng.random_range(0.0..std::f32::consts::TAU);
        let peak = level.sine_peak() / std::f32::consts::SQRT_2;
        for (n, x) in audio[begin..begin + count].iter_mut().enumerate() {
            *x += peak * (tone.radians_per_sample() * n as f32 + phase).sin();
        }
    }
}

/// A call in which something comes back, or is pressed, while we speak.
pub struct EchoCall {
    pub said: Vec<i16>,
    pub received: Vec<i16>,
    /// What is to be heard.
    pub expected: String,
}

impl EchoCall {
    /// A key of 100 ms, `sir` over the echo of our prompt, anywhere from 0.8 s on. The echo is up to
    /// 10 dB down, so that the key's own level is one that Q.24 accepts.
    pub fn with_key(rng: &mut StdRng, sir: Db) -> Self {
        let said = prompt(rng);
        let path = EchoPath::any(rng, [0.0, 10.0]);
        let mut line = path.echo(&said);
        let (key, begin) = (any_key(rng), rng.random_range(6400..CALL - 2000));
        let level = active_level(&line) + sir;
        press(rng, &mut line, key, begin, ms(100.0), level);
        let received = through(any_law(rng), &rounded(&line));
        Self { said, received, expected: key.as_char().to_string() }
    }

    /// Our prompt with the tones of every other key in it, 0 to 20 dB down, and nobody who presses.
    pub fn with_own_tones(rng: &mut StdRng, odd: bool) -> Self {
        let mut said: Vec<f32> = prompt(rng).into_iter().map(f32::from).collect();
        for (index, key) in Key::all().enumerate().filter(|(index, _)| (index % 2 == 1) == odd) {
            let (begin, count) = (400 + 1900 * index, rng.random_range(320..1200));
            if rng.random() {
                said[begin..begin + count].fill(0.0);
            }
            let level = Dbm0(rng.random_range(-22.0..-6.0));
            press(rng, &mut said, key, begin, count, level);
        }
        Self::back(rng, through(Law::Mu, &rounded(&said)), [0.0, 20.0])
    }

    /// What we said and nothing else comes back, so many decibels down.
    pub fn back(rng: &mut StdRng, said: Vec<i16>, down: [f32; 2]) -> Self {
        let path = EchoPath::any(rng, down);
        let law = any_law(rng);
        let received = through(law, &rounded(&path.echo(&said)));
        Self { said, received, expected: String::new() }
    }

    /// What is left of each packet when our echo is taken out, as a call does it, and whether that is
    /// mostly our own.
    pub fn residuals(&self, mut take: impl FnMut(&[i16], bool)) {
        self.hear(&mut |_| {}, &mut take);
    }

    /// The keys heard with the prompt as reference.
    pub fn heard(&self) -> String {
        let mut keys = String::new();
        let mut tell = |heard| match heard {
            Heard::Began(began) => keys.push(began.key.as_char()),
            Heard::Ended(_) | Heard::OwnEcho(_) | Heard::Undecided { .. } => {}
        };
        self.hear(&mut tell, &mut |_, _| {});
        keys
    }

    fn hear(&self, tell: &mut impl FnMut(Heard), take: &mut impl FnMut(&[i16], bool)) {
        let mut ear = Ear::new(Recording::new(&*self.said, Samples(0)));
        for packet in self.received.clone().chunks_mut(PACKET) {
            ear.hear(packet, tell);
            take(packet, ear.hears_echo());
        }
    }

    /// The keys heard without a reference.
    pub fn heard_blind(&self) -> String {
        reports(&self.received).iter().map(|(digit, _)| *digit).collect()
    }
}

fn any_law(rng: &mut StdRng) -> Law {
    if rng.random() { Law::Mu } else { Law::A }
}

//! What happens to samples on the way: lost frames, holes, slips, drift, silence that is not sent.

use octothorpe::dsp::dtmf::{Detector, Event, Gap, Key};
use octothorpe::dsp::g711::Law;
use octothorpe::dsp::units::{Dbm0, Samples};
use rand::RngExt;
use rand::rngs::StdRng;

use super::calls::PACKET;
use super::points::{Must, Point};
use super::{Audio, Press, SLOT, any_key, ms};

/// One packet of a key lost, without a map of the losses.
pub fn lost_frames() -> Vec<Point> {
    let kinds = [(80.0, false), (80.0, true), (160.0, false), (160.0, true)];
    let point = |(length_ms, repeats)| {
        let fill = if repeats { "repetition" } else { "silence" };
        let name = format!("one frame lost in {length_ms} ms, filled by {fill}");
        Point::of(Must::Accept, name, move |rng| lost_frame(rng, length_ms, repeats))
    };
    kinds.into_iter().map(point).collect()
}

/// Raw audio has no map of what was lost: short holes are bridged, long ones are pauses.
pub fn holes() -> Vec<Point> {
    let kinds = [("5 to 20 ms: one key", [5.0, 20.0]), ("40 to 200 ms: two", [40.0, 200.0])];
    let point = |(name, hole_ms)| {
        Point::of(Must::Accept, format!("raw audio, hole of {name}"), move |rng| hole(rng, hole_ms))
    };
    kinds.into_iter().map(point).collect()
}

/// Two clocks that differ, and a gateway between them that does not resample.
pub fn slips() -> [Point; 2] {
    [
        Point::of(Must::Accept, "a slip: one sample more or less in a key of 40 to 400 ms", slip),
        Point::of(Must::Accept, "drift of 200 ppm, a slip every 5,000 samples, keys of 1 to 3 s", drift),
    ]
}

fn any_law(rng: &mut StdRng) -> Law {
    if rng.random() { Law::Mu } else { Law::A }
}

/// A key somewhere in a slot over quiet noise, and where it begins.
fn quiet(rng: &mut StdRng, press: Press, key: Key, slot: usize) -> (Vec<i16>, usize) {
    let begin = rng.random_range(1_100..1_300);
    let mut audio = Audio::silence(slot);
    press.put(rng, &mut audio, key, begin);
    audio.noise(rng, Dbm0(-45.0));
    (audio.quantised(Some(any_law(rng))), begin)
}

/// One packet of a key lost, without a map of the losses.
fn lost_frame(rng: &mut StdRng, length_ms: f32, repeats: bool) -> (Vec<i16>, String) {
    let key = any_key(rng);
    let (mut samples, begin) = quiet(rng, Press::plain(-10.0, length_ms), key, SLOT);
    let first = begin.div_ceil(PACKET) * PACKET;
    let packets = (ms(length_ms) - PACKET) / PACKET;
    let lost = first + PACKET * rng.random_range(0..packets);
    if repeats {
        samples.copy_within(lost - PACKET..lost, lost);
    } else {
        samples[lost..lost + PACKET].fill(0);
    }
    (samples, key.as_char().to_string())
}

/// A hole anywhere in a key; where it is a pause, what stands on either side is a key's length.
fn hole(rng: &mut StdRng, [least, most]: [f32; 2]) -> (Vec<i16>, String) {
    let (key, hole) = (any_key(rng), ms(rng.random_range(least..most)));
    let is_pause = hole >= ms(40.0);
    let part = ms(40.0);
    let press = Press::plain(-10.0, rng.random_range(100.0..150.0) + if is_pause { most } else { 0.0 });
    let (mut samples, begin) = quiet(rng, press, key, SLOT);
    let within = if is_pause { part..press.count - hole - part } else { 0..press.count - hole };
    let at = begin + rng.random_range(within);
    samples[at..at + hole].fill(0);
    (samples, key.as_char().to_string().repeat(if is_pause { 2 } else { 1 }))
}

/// A sample more or less: two clocks that differ, and a gateway between them that does not resample.
fn slip(rng: &mut StdRng) -> (Vec<i16>, String) {
    let key = any_key(rng);
    let press = Press::plain(rng.random_range(-20.0..-6.0), rng.random_range(40.0..400.0));
    let (mut samples, begin) = quiet(rng, press, key, SLOT);
    let at = begin + rng.random_range(0..press.count);
    if rng.random() {
        samples.remove(at);
    } else {
        samples.insert(at, samples[at]);
    }
    (samples, key.as_char().to_string())
}

/// Every 5,000 samples a slip, as 200 ppm make it; and the tones as much off.
fn drift(rng: &mut StdRng) -> (Vec<i16>, String) {
    const EVERY: usize = 5_000;
    let (key, is_fast) = (any_key(rng), rng.random::<bool>());
    let off = if is_fast { 0.02 } else { -0.02 };
    let press = Press::plain(rng.random_range(-20.0..-6.0), rng.random_range(1_000.0..3_000.0)).off(off, off);
    let (mut samples, begin) = quiet(rng, press, key, SLOT + press.count);
    for at in (begin + rng.random_range(0..EVERY)..begin + press.count).step_by(EVERY) {
        if is_fast {
            samples.remove(at);
        } else {
            samples.insert(at, samples[at]);
        }
    }
    (samples, key.as_char().to_string())
}

/// A line whose sender stops sending in pauses (DTX), or sends comfort noise there.
pub struct Discontinuous {
    pub samples: Vec<i16>,
    /// Nothing was sent from here to there.
    unsent: [usize; 2],
    pub expected: String,
}

impl Discontinuous {
    pub fn any(rng: &mut StdRng) -> Self {
        let (key, again) = (any_key(rng), rng.random::<bool>());
        let press = Press::twisted(-8.0, rng.random_range(-6.0..3.0), rng.random_range(65.0..300.0));
        let begin = rng.random_range(1_100..1_300);
        // The sender's own look at what is silent ends a packet or more after the key.
        let from = (begin + press.count).div_ceil(PACKET) * PACKET + PACKET * rng.random_range(0..4);
        let to = from + PACKET * rng.random_range(2..60);
        let mut audio = Audio::silence(to + SLOT);
        press.put(rng, &mut audio, key, begin);
        if again {
            let later = to + rng.random_range(0..PACKET);
            press.put(rng, &mut audio, key, later);
        }
        let noise = Dbm0(rng.random_range(-65.0..-45.0));
        audio.noise(rng, noise);
        let samples = audio.quantised(Some(any_law(rng)));
        let unsent = if rng.random() { [from, to] } else { [from, from] };
        let expected = key.as_char().to_string().repeat(if again { 2 } else { 1 });
        Self { samples, unsent, expected }
    }

    pub fn heard(&self) -> String {
        let [from, to] = self.unsent;
        let (mut ear, mut keys) = (Detector::new(), String::new());
        let mut tell = |event| {
            if let Event::Began(began) = event {
                keys.push(began.key.as_char());
            }
        };
        ear.feed(&self.samples[..from], &mut tell);
        ear.feed_gap(Samples((to - from) as u64), Gap::Silence, &mut tell);
        ear.feed(&self.samples[to..], &mut tell);
        ear.finish(&mut tell);
        keys
    }

    pub fn silenced(&self) -> Vec<i16> {
        let mut samples = self.samples.clone();
        samples[self.unsent[0]..self.unsent[1]].fill(0);
        samples
    }
}

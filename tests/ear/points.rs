//! The points of ITU-T Q.24, Annex A (AT&T), as streams of trials.

use octothorpe::dsp::dtmf::Key;
use octothorpe::dsp::g711::Law;
use octothorpe::dsp::units::{Dbm0, Hz};
use rand::RngExt;
use rand::rngs::StdRng;

use super::{Audio, Press, SLOT, Sine, Stream, any_key, below, ms};

/// What a detector must do at a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Must {
    /// Tell the key, once.
    Accept,
    /// Tell nothing.
    Refuse,
    /// Nothing is asked; the share is told.
    Measure,
}

/// How a trial of a point is made: samples, and what they must give.
type Make = Box<dyn Fn(&mut StdRng) -> (Vec<i16>, String) + Send + Sync>;

/// One point: its name, what it asks, and its trials.
pub struct Point {
    pub name: String,
    pub must: Must,
    make: Make,
}

impl Point {
    /// Trials of any length.
    pub fn of(
        must: Must,
        name: impl Into<String>,
        make: impl Fn(&mut StdRng) -> (Vec<i16>, String) + Send + Sync + 'static,
    ) -> Self {
        Self { name: name.into(), must, make: Box::new(make) }
    }

    /// Trials of one slot each, by µ-law.
    fn new(
        must: Must,
        name: impl Into<String>,
        make: impl Fn(&mut StdRng, &mut Audio, Key) -> String + Send + Sync + 'static,
    ) -> Self {
        Self::by_law(Some(Law::Mu), must, name, make)
    }

    fn by_law(
        law: Option<Law>,
        must: Must,
        name: impl Into<String>,
        make: impl Fn(&mut StdRng, &mut Audio, Key) -> String + Send + Sync + 'static,
    ) -> Self {
        Self::of(must, name, move |rng| {
            let mut audio = Audio::silence(SLOT);
            let key = any_key(rng);
            let expected = make(rng, &mut audio, key);
            (audio.quantised(law), expected)
        })
    }

    /// One trial, and what it must give.
    pub fn trial(&self, rng: &mut StdRng) -> (Vec<i16>, String) {
        (self.make)(rng)
    }

    /// So many trials in a row.
    pub fn stream(&self, rng: &mut StdRng, trials: usize) -> Stream {
        let mut stream = Stream::default();
        for _ in 0..trials {
            let (samples, expected) = self.trial(rng);
            stream.push(&samples, expected);
        }
        stream
    }
}

/// Where a trial's signal begins: somewhere, so that no detector's blocks are favoured.
fn begin(rng: &mut StdRng) -> usize {
    rng.random_range(1100..1300)
}

/// One press in noise so far under it, or in none.
fn press(must: Must, name: &str, press: Press, snr: Option<f32>) -> Point {
    let name = match snr {
        Some(snr) => format!("{name}, SNR {snr} dB"),
        None => name.to_owned(),
    };
    Point::new(must, name, move |rng, audio, key| {
        let at = begin(rng);
        press.put(rng, audio, key, at);
        if let Some(snr) = snr {
            audio.noise(rng, below(press.level(), snr));
        }
        match must {
            Must::Refuse => String::new(),
            Must::Accept | Must::Measure => key.as_char().to_string(),
        }
    })
}

/// The same press clean and in noise of 20 and 15 dB.
fn in_noise(name: &str, made: Press) -> [Point; 3] {
    [None, Some(20.0), Some(15.0)].map(|snr| press(Must::Accept, name, made, snr))
}

/// Every point that Q.24 says to accept, edges and corners included.
pub fn accepted() -> Vec<Point> {
    let mut points = Vec::new();
    for level in [-3.0, -10.0, -25.0] {
        points.extend(in_noise(&format!("{level} dBm0, 50 ms"), Press::plain(level, 50.0)));
    }
    points.extend(in_noise("40 ms", Press::plain(-10.0, 40.0)));
    points.extend(in_noise("400 ms", Press::plain(-10.0, 400.0)));
    for twist in [-8.0, -4.0, 4.0] {
        let made = Press::twisted(-7.0, twist, 50.0);
        points.extend(in_noise(&format!("twist {twist:+} dB"), made));
    }
    for (low, high) in [(1.5, 0.0), (-1.5, 0.0), (0.0, 1.5), (0.0, -1.5)] {
        let made = Press::plain(-10.0, 50.0).off(low, high);
        points.extend(in_noise(&format!("off {low:+}/{high:+} %"), made));
    }
    points.extend(corners());
    for (law, name) in [(None, "linear"), (Some(Law::A), "A-law")] {
        let name = format!("45 ms, -16 dBm0, {name}");
        points.push(Point::by_law(law, Must::Accept, name, |rng, audio, key| {
            let at = begin(rng);
            Press::plain(-16.0, 45.0).put(rng, audio, key, at);
            key.as_char().to_string()
        }));
    }
    points.push(pause(Must::Accept, 40.0));
    points.push(broken());
    points.push(sequence());
    points
}

/// 40 ms, both frequencies 1.5 % off, twist and level at their bounds, all at once; so of two presses
/// 40 ms apart, and of one with a break of 10 ms.
fn corners() -> Vec<Point> {
    let mut points = Vec::new();
    for (low, high) in [(1.5, 1.5), (1.5, -1.5), (-1.5, 1.5), (-1.5, -1.5)] {
        for (twist, level) in [(-8.0, -3.0), (-8.0, -17.0), (4.0, -3.0), (4.0, -21.0)] {
            let made = Press::twisted(level, twist, 40.0).off(low, high);
            let name = format!("corner {low:+}/{high:+} %, {twist:+} dB, {level} dBm0");
            points.extend(in_noise(&name, made));
            points.push(two(&format!("{name}, twice"), made, 40.0, 2));
            points.push(two(&format!("{name}, with a break"), made, 10.0, 1));
        }
    }
    points
}

/// One press, a hole, and the same again, all in noise of 15 dB: so many keys.
fn two(name: &str, made: Press, hole_ms: f32, keys: usize) -> Point {
    Point::new(Must::Accept, format!("{name}, SNR 15 dB"), move |rng, audio, key| {
        let at = begin(rng);
        audio.noise(rng, below(made.level(), 15.0));
        for begin in [at, at + made.count + ms(hole_ms)] {
            made.put(rng, audio, key, begin);
        }
        key.as_char().to_string().repeat(keys)
    })
}

/// A pause separates two presses of one key: Q.24 asks for 40 ms, NTT for 30.
fn pause(must: Must, length_ms: f32) -> Point {
    Point::new(must, format!("pause of {length_ms} ms in one key"), move |rng, audio, key| {
        let (made, at) = (Press::plain(-10.0, 50.0), begin(rng));
        made.put(rng, audio, key, at);
        made.put(rng, audio, key, at + made.count + ms(length_ms));
        format!("{0}{0}", key.as_char())
    })
}

/// Q.24: a break of 10 ms is bridged.
fn broken() -> Point {
    Point::new(Must::Accept, "break of 10 ms in one key", |rng, audio, key| {
        let at = begin(rng);
        Press::plain(-10.0, 100.0).put(rng, audio, key, at);
        audio.cut(at + ms(50.0), ms(10.0));
        key.as_char().to_string()
    })
}

/// Q.24: signalling at 93 ms a digit.
fn sequence() -> Point {
    Point::new(Must::Accept, "four keys at 93 ms", |rng, audio, _| {
        let at = begin(rng);
        let keys: Vec<Key> = (0..4).map(|_| any_key(rng)).collect();
        for (n, key) in keys.iter().enumerate() {
            Press::plain(-10.0, 46.5).put(rng, audio, *key, at + n * ms(93.0));
        }
        keys.iter().map(|key| key.as_char()).collect()
    })
}

/// Every point at which nothing may be told.
pub fn refused() -> Vec<Point> {
    let mut points = vec![
        press(Must::Refuse, "-55 dBm0", Press::plain(-55.0, 100.0), None),
        press(Must::Refuse, "23 ms", Press::plain(-10.0, 23.0), None),
        press(Must::Refuse, "23 ms", Press::plain(-10.0, 23.0), Some(20.0)),
        press(Must::Refuse, "23 ms, -3 dBm0", Press::plain(-3.0, 23.0), None),
    ];
    for (low, high) in [(3.5, 0.0), (-3.5, 0.0), (0.0, 3.5), (0.0, -3.5), (3.5, 3.5)] {
        let made = Press::plain(-10.0, 100.0).off(low, high);
        let name = format!("off {low:+}/{high:+} %");
        points.push(press(Must::Refuse, &name, made, None));
        points.push(press(Must::Refuse, &name, made, Some(20.0)));
    }
    for frequency in [350.0, 1000.0, 1800.0, 2600.0] {
        points.push(third_tone(frequency));
    }
    points.push(two_keys());
    points.push(single_tone());
    points.push(Point::new(Must::Refuse, "white noise, -10 dBm0", |rng, audio, _| {
        audio.noise(rng, Dbm0(-10.0));
        String::new()
    }));
    points
}

/// A third tone as strong as each of the key's.
fn third_tone(frequency: f32) -> Point {
    Point::new(Must::Refuse, format!("third tone, {frequency} Hz"), move |rng, audio, key| {
        let at = begin(rng);
        let made = Press::plain(-10.0, 100.0);
        made.put(rng, audio, key, at);
        let third = Sine { frequency: Hz(frequency), level: made.low, begin: at, count: made.count };
        audio.sine(rng, third);
        String::new()
    })
}

/// Two keys at once, of different rows and columns.
fn two_keys() -> Point {
    Point::new(Must::Refuse, "two keys at once", |rng, audio, key| {
        let at = begin(rng);
        let other = Key::all().nth((key.row() * 4 + key.column() + 5) % 16);
        for key in [Some(key), other].into_iter().flatten() {
            Press::plain(-10.0, 100.0).put(rng, audio, key, at);
        }
        String::new()
    })
}

fn single_tone() -> Point {
    Point::new(Must::Refuse, "single tone", |rng, audio, key| {
        let frequency = if rng.random() { key.low() } else { key.high() };
        let begin = begin(rng);
        audio.sine(rng, Sine { frequency, level: Dbm0(-10.0), begin, count: ms(200.0) });
        String::new()
    })
}

/// What no row asks for and every reader wants to know: where the ear stops, and other standards' edges.
pub fn told() -> Vec<Point> {
    let told = |name: &str, made| press(Must::Measure, name, made, None);
    let mut points = vec![told("0 dBm0", Press::plain(0.0, 50.0))];
    for level in [-27.0, -29.0, -30.0, -33.0, -36.0, -38.0, -39.0, -42.0] {
        let name = if level == -29.0 { "-29 dBm0 (NTT refuses)" } else { &format!("{level} dBm0") };
        points.push(told(name, Press::plain(level, 50.0)));
    }
    points.push(off("both tones 1.8 % off (NTT accepts)", [1.8, 1.8]));
    points.push(off("one tone 3.0 % off (NTT refuses)", [3.0, 0.0]));
    points.push(off("both tones 3.0 % off (NTT refuses)", [3.0, 3.0]));
    for (name, twist) in [("+5 dB (NTT accepts)", 5.0), ("+6 dB (ETSI accepts)", 6.0), ("-10 dB", -10.0)] {
        points.push(told(&format!("twist {name}"), Press::twisted(-7.0, twist, 50.0)));
    }
    for name in ["20 ms (ETSI refuses)", "24 ms (NTT refuses)", "30 ms"] {
        let length_ms = name[..2].parse().expect("two digits");
        points.push(told(name, Press::plain(-10.0, length_ms)));
    }
    points.push(pause(Must::Measure, 30.0));
    points.push(press(Must::Measure, "50 ms", Press::plain(-10.0, 50.0), Some(12.0)));
    points.push(press(Must::Measure, "100 ms", Press::plain(-10.0, 100.0), Some(9.0)));
    points
}

/// 50 ms with the tones off by so many per cent at most, up or down by chance; either may be the one.
fn off(name: &str, by: [f32; 2]) -> Point {
    Point::new(Must::Measure, name, move |rng, audio, key| {
        let [one, other] = by.map(|by| if rng.random() { by } else { -by });
        let (low, high) = if rng.random() { (one, other) } else { (other, one) };
        let at = begin(rng);
        Press::plain(-10.0, 50.0).off(low, high).put(rng, audio, key, at);
        key.as_char().to_string()
    })
}

/// What lines add to a key.
pub fn measured() -> Vec<Point> {
    let mut points = told();
    for (name, tones, over) in [
        ("hum of 50 Hz, 10 dB over the key", [50.0, 150.0], [10.0, -5.0]),
        ("hum of 60 Hz, 10 dB over the key", [60.0, 180.0], [10.0, -5.0]),
        ("dial tone 350+440, 12 dB under the key", [350.0, 440.0], [-15.0, -15.0]),
        ("dial tone 350+440, 9 dB under the key", [350.0, 440.0], [-12.0, -12.0]),
        ("dial tone 350+440, 6 dB under the key", [350.0, 440.0], [-9.0, -9.0]),
        ("dial tone 425, 9 dB under the key", [425.0, 425.0], [-15.0, -15.0]),
        ("dial tone 350+440, each 3 dB over each key tone", [350.0, 440.0], [0.0, 0.0]),
        ("dial tone 425, 3 dB over each key tone", [425.0, 425.0], [0.0, -80.0]),
    ] {
        points.push(under(name, tones, over));
    }
    points
}

/// Q.24 all at once: level, twist, frequency, length, and 20 to 40 dB SNR by chance.
pub fn random_inside() -> Point {
    Point::new(Must::Accept, "random inside the accepted range, 20 to 40 dB SNR", |rng, audio, key| {
        let press = Press::twisted(
            rng.random_range(-21.0..-3.0),
            rng.random_range(-8.0..4.0),
            rng.random_range(40.0..300.0),
        );
        let press = press.off(rng.random_range(-1.5..1.5), rng.random_range(-1.5..1.5));
        let at = begin(rng);
        press.put(rng, audio, key, at);
        let snr = rng.random_range(20.0..40.0);
        audio.noise(rng, below(press.level(), snr));
        key.as_char().to_string()
    })
}

/// A key of 100 ms in two steady tones, each so far over both key tones together.
fn under(name: &str, tones: [f32; 2], over: [f32; 2]) -> Point {
    Point::new(Must::Measure, name, move |rng, audio, key| {
        let made = Press::plain(-16.0, 100.0);
        let at = begin(rng);
        made.put(rng, audio, key, at);
        for (frequency, over) in tones.map(Hz).into_iter().zip(over) {
            let level = below(made.level(), -over);
            audio.sine(rng, Sine { frequency, level, begin: 0, count: SLOT });
        }
        key.as_char().to_string()
    })
}

//! The ear's whole test as files that any detector can hear, with its truth table and its seed:
//! `cargo bench --bench ear_material -- DIRECTORY [TRIALS [SEED]]` (40 trials a point; minutes of every
//! other sound). Needs espeak-ng and flite for the voices.
//!
//! - `labels.tsv`: `path<TAB>keys` of each file that asks for something, as `octothorpe replay --labels`
//!   reads it.
//! - `truth.tsv`: each trial's file, what is asked, its span in ms, and its keys.
//! - `played/`: what we said meanwhile, by the names of the files under `echo/` and `calls/`.
#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used, reason = "a bench is no product")]

#[path = "../tests/ear/mod.rs"]
mod ear;

use std::fmt::Write;
use std::path::PathBuf;

use ear::Audio;
use ear::calls::{Call, prompts};
use ear::damage::{holes, lost_frames, slips};
use ear::echoes::EchoCall;
use ear::points::{Must, Point, accepted, measured, random_inside, refused};
use ear::sounds::{at_speed, music, speech};
use ear::voices::voice;
use ear::wav;
use octothorpe::dsp::g711::Law;
use octothorpe::dsp::units::Db;
use rand::SeedableRng;
use rand::rngs::StdRng;

/// Speeds of sounds that hold no key.
const SPEEDS: [f64; 5] = [0.8, 0.9, 1.0, 1.15, 1.3];

struct Material {
    directory: PathBuf,
    trials: usize,
    seed: u64,
    labels: String,
    truth: String,
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let Some(directory) = words.first() else {
        // `cargo bench` starts every bench: this one only writes where it is told to.
        println!("ear_material: name a directory");
        return;
    };
    let number = |place: usize| words.get(place).and_then(|word| word.parse().ok());
    let mut material = Material {
        directory: directory.into(),
        trials: number(1).unwrap_or(40) as usize,
        seed: number(2).unwrap_or(20_261_122),
        labels: String::new(),
        truth: "file\tmust\tbegin_ms\tend_ms\tkeys\n".into(),
    };
    material.points();
    material.calls();
    material.echoes();
    material.talk_off();
    std::fs::write(material.directory.join("labels.tsv"), &material.labels).unwrap();
    std::fs::write(material.directory.join("truth.tsv"), &material.truth).unwrap();
    println!("{directory}: {} labels, seed {}", material.labels.lines().count(), material.seed);
}

impl Material {
    /// Each file has random numbers of its own, so that more trials of one change no other.
    fn random(&self, name: &str) -> StdRng {
        let hash =
            name.bytes().fold(self.seed, |hash, octet| hash.wrapping_mul(31).wrapping_add(octet.into()));
        StdRng::seed_from_u64(hash)
    }

    /// Writes a file of trials in a row.
    fn file(&mut self, name: &str, must: Must, trials: &[(Vec<i16>, String)]) {
        let (mut samples, mut keys) = (Vec::new(), String::new());
        for (trial, expected) in trials {
            let begin = samples.len() / 8;
            samples.extend_from_slice(trial);
            keys += expected;
            let end = samples.len() / 8;
            writeln!(self.truth, "{name}\t{must:?}\t{begin}\t{end}\t{expected}").unwrap();
        }
        match must {
            Must::Accept | Must::Refuse => writeln!(self.labels, "{name}\t{keys}").unwrap(),
            Must::Measure => {}
        }
        wav::write(&self.directory.join(name), &samples);
        println!("{name}");
    }

    fn points(&mut self) {
        let points = accepted().into_iter().chain(refused()).chain(measured()).chain([random_inside()]);
        let damaged = lost_frames().into_iter().chain(holes()).chain(slips());
        for point in points.chain(damaged) {
            let Point { name, must, .. } = &point;
            let name = format!("points/{}.wav", file_name(name));
            let mut rng = self.random(&name);
            let trials: Vec<_> = (0..self.trials).map(|_| point.trial(&mut rng)).collect();
            self.file(&name, *must, &trials);
        }
    }

    /// Packets that were lost are silent: a file has no map of them.
    fn calls(&mut self) {
        let prompts = prompts();
        for keys in ["#", "0#"] {
            for call in 0..self.trials {
                let name = format!("calls/{}-{call}.wav", if keys == "#" { "hash" } else { "zero-hash" });
                let call = Call::with_keys(&mut self.random(&name), keys, &prompts);
                wav::write(&self.directory.join("played").join(&name), &call.played);
                self.file(&name, Must::Accept, &[(call.silenced(), keys.to_owned())]);
            }
        }
    }

    fn echoes(&mut self) {
        for sir in [12.0, 6.0, 0.0] {
            for call in 0..self.trials {
                let name = format!("echo/sir-{sir}-{call}.wav");
                let call = EchoCall::with_key(&mut self.random(&name), Db(sir));
                self.echo(&name, Must::Accept, call);
            }
        }
        for call in 0..self.trials {
            let name = format!("echo/own-tones-{call}.wav");
            let call = EchoCall::with_own_tones(&mut self.random(&name), call % 2 == 1);
            self.echo(&name, Must::Refuse, call);
        }
    }

    fn echo(&mut self, name: &str, must: Must, call: EchoCall) {
        wav::write(&self.directory.join("played").join(name), &call.said);
        self.file(name, must, &[(call.received, call.expected)]);
    }

    /// A minute of each kind at each speed.
    fn talk_off(&mut self) {
        const MINUTE: usize = 60 * 8_000;
        let scratch = self.directory.join("voice.wav");
        for (speed, kind) in SPEEDS.into_iter().flat_map(|speed| [0, 1, 2].map(|kind| (speed, kind))) {
            let kind_name = ["formants", "voices", "music"][kind];
            let name = format!("talk-off/{kind_name}-{speed}.wav");
            let mut rng = self.random(&name);
            let samples = match kind {
                0 => speech(&mut rng, MINUTE),
                1 => voice(&mut rng, &scratch),
                _ => music(&mut rng, MINUTE),
            };
            let samples = at_speed(&samples, speed);
            let samples = Audio(samples.into_iter().map(f32::from).collect()).quantised(Some(Law::Mu));
            self.file(&name, Must::Refuse, &[(samples, String::new())]);
        }
        // The last voice's own file is no part of the material.
        let _ = std::fs::remove_file(scratch);
    }
}

/// A point's name as a file's.
fn file_name(name: &str) -> String {
    let letter =
        |letter: char| if letter.is_ascii_alphanumeric() || "+-.".contains(letter) { letter } else { '_' };
    name.chars().map(letter).collect()
}

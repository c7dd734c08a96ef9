//! Synthesised voices: espeak-ng and flite read what means nothing, in many languages and voices.

use std::path::Path;
use std::process::{Command, Stdio};

use octothorpe::audio::decode_file;
use rand::RngExt;
use rand::rngs::StdRng;

use super::sounds::levelled;

const ESPEAK_LANGUAGES: [&str; 10] = ["en-us", "en-gb", "de", "es", "fr-fr", "it", "pt-br", "nl", "pl", "sv"];
const ESPEAK_VARIANTS: [&str; 12] = ["m1", "m2", "m3", "m4", "m5", "m6", "m7", "f1", "f2", "f3", "f4", "f5"];
const FLITE_VOICES: [&str; 4] = ["slt", "rms", "awb", "kal16"];

/// Half a minute or so of somebody who reads digits, letters and words, at -16 dBm0; `scratch` is a file
/// of the caller's own.
pub fn voice(rng: &mut StdRng, scratch: &Path) -> Vec<i16> {
    let text = text(rng);
    let mut command = if rng.random_bool(0.2) { flite(rng) } else { espeak(rng) };
    let is_flite = command.get_program() == "flite";
    command.args(if is_flite { ["-o"] } else { ["-w"] }).arg(scratch);
    command.args(if is_flite { vec!["-t", &text] } else { vec![text.as_str()] });
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(status.is_ok_and(|status| status.success()), "espeak-ng and flite are needed: {command:?}");
    let samples = decode_file(scratch).unwrap_or_else(|error| panic!("{command:?}: {error}"));
    levelled(samples.into_iter().map(f32::from).collect())
}

fn any<'a>(rng: &mut StdRng, of: &[&'a str]) -> &'a str {
    of[rng.random_range(0..of.len())]
}

fn espeak(rng: &mut StdRng) -> Command {
    let mut command = Command::new("espeak-ng");
    let voice = format!("{}+{}", any(rng, &ESPEAK_LANGUAGES), any(rng, &ESPEAK_VARIANTS));
    command.arg("-v").arg(voice);
    command.arg("-p").arg(rng.random_range(0..100).to_string());
    command.arg("-s").arg(rng.random_range(110..260).to_string());
    command
}

fn flite(rng: &mut StdRng) -> Command {
    let mut command = Command::new("flite");
    command.arg("-voice").arg(any(rng, &FLITE_VOICES));
    command
}

/// Digits, letters and words of made syllables, in sentences.
fn text(rng: &mut StdRng) -> String {
    const BEGINS: [&str; 16] =
        ["b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "t", "v", "st", "tr", "pl"];
    const VOWELS: [&str; 8] = ["a", "e", "i", "o", "u", "ee", "oo", "ai"];
    let mut text = String::new();
    for word in 1..=rng.random_range(40..80) {
        match rng.random_range(0..10u8) {
            0..3 => text += &rng.random_range(0..10).to_string(),
            3..5 => text.push(char::from(rng.random_range(b'A'..=b'Z'))),
            5 => text += any(rng, &["pound", "star", "hash", "enter", "code", "number", "hello"]),
            6.. => {
                for _ in 0..rng.random_range(1..4) {
                    text += any(rng, &BEGINS);
                    text += any(rng, &VOWELS);
                }
            }
        }
        text += if word % 9 == 0 { ". " } else { " " };
    }
    text
}

//! Sounds that hold no key: made speech and music, and recorded prompts.

use std::path::{Path, PathBuf};

use octothorpe::dsp::units::Dbm0;
use rand::RngExt;
use rand::rngs::StdRng;

use super::gauss;

/// Something like a voice: syllables of a gliding buzz through three moving
/// formants, with hiss between, at about −16 dBm0.
pub fn speech(rng: &mut StdRng, samples: usize) -> Vec<i16> {
    let mut out = Vec::with_capacity(samples + 4000);
    while out.len() < samples {
        let length = rng.random_range(600..2800);
        if rng.random_bool(0.75) {
            voiced(rng, length, &mut out);
        } else {
            let loudness = rng.random_range(50.0..900.0);
            out.extend((0..length / 3).map(|_| gauss(rng) * loudness));
        }
        out.extend(std::iter::repeat_n(0.0, rng.random_range(0..900)));
    }
    out.truncate(samples);
    levelled(out)
}

fn voiced(rng: &mut StdRng, length: usize, out: &mut Vec<f32>) {
    let pitch = rng.random_range(80.0..320.0f32);
    let glide = rng.random_range(-0.3..0.3f32);
    let formants: [(f32, f32); 3] = [(250.0, 950.0), (850.0, 2300.0), (2300.0, 3300.0)]
        .map(|(low, high)| (rng.random_range(low..high), rng.random_range(-0.2..0.2)));
    let gains = [1.0, rng.random_range(0.2..1.2), rng.random_range(0.05..0.5)];
    let mut states = [[0.0f32; 2]; 3];
    let mut phase = 0.0;
    for n in 0..length {
        let along = n as f32 / length as f32;
        phase += pitch * (1.0 + glide * along) / 8000.0;
        let pulse = if phase >= 1.0 { 1.0 } else { 0.0 };
        phase -= pulse;
        let source = pulse + 0.01 * gauss(rng);
        let mut sample = 0.0;
        for ((state, (centre, drift)), gain) in states.iter_mut().zip(formants).zip(gains) {
            let step = std::f32::consts::TAU * centre * (1.0 + drift * along) / 8000.0;
            let value = source + 2.0 * 0.97 * step.cos() * state[0] - 0.97 * 0.97 * state[1];
            *state = [value, state[0]];
            sample += gain * value;
        }
        out.push(sample * (std::f32::consts::PI * along).sin() * 1000.0);
    }
}

/// Something like music: chords of plucked and held notes with harmonics.
pub fn music(rng: &mut StdRng, samples: usize) -> Vec<i16> {
    let mut out = vec![0.0f32; samples];
    let mut at = 0;
    while at < samples {
        for _ in 0..rng.random_range(1..5) {
            let semitone = rng.random_range(0..49) as f32;
            note(rng, 110.0 * (semitone / 12.0).exp2(), &mut out[at..]);
        }
        at += rng.random_range(700..4000);
    }
    levelled(out)
}

fn note(rng: &mut StdRng, pitch: f32, out: &mut [f32]) {
    let (length, decay) = (rng.random_range(800..8000), rng.random_range(0.0..6.0));
    for harmonic in 1..=rng.random_range(1..9) {
        let frequency = pitch * harmonic as f32;
        let loudness = rng.random_range(0.2..1.0) / harmonic as f32;
        if frequency > 3800.0 {
            return;
        }
        let step = std::f32::consts::TAU * frequency / 8000.0;
        for (n, sample) in out.iter_mut().take(length).enumerate() {
            let along = n as f32 / length as f32;
            *sample += loudness * (-decay * along).exp() * (1.0 - along) * (step * n as f32).sin();
        }
    }
}

/// Brought to −16 dBm0, as the talk-off measurements of others are, and clipped.
pub fn levelled(samples: Vec<f32>) -> Vec<i16> {
    let energy: f64 = samples.iter().map(|s| f64::from(*s).powi(2)).sum();
    let mean_square = (energy / samples.len().max(1) as f64).max(1e-9) as f32;
    let gain = (Dbm0(-16.0).mean_square() / mean_square).sqrt();
    samples.into_iter().map(|sample| (sample * gain).round() as i16).collect()
}

/// The same at another speed, by linear interpolation: other pitches, other formants.
pub fn at_speed(samples: &[i16], speed: f64) -> Vec<i16> {
    let count = (samples.len().saturating_sub(1) as f64 / speed) as usize;
    let at = |n: usize| {
        let place = n as f64 * speed;
        let (index, along) = (place as usize, place.fract());
        let (here, next) = (f64::from(samples[index]), f64::from(samples[index + 1]));
        (here + (next - here) * along).round() as i16
    };
    (0..count).map(at).collect()
}

/// Debian's recorded prompts of one language (`asterisk-core-sounds-LANGUAGE-wav`).
pub fn recorded(language: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let sounds = Path::new("/usr/share/asterisk/sounds");
    for voice in entries(sounds) {
        let name = voice.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with(&format!("{language}_")) && !voice.is_symlink() {
            wavs(&voice, &mut files);
        }
    }
    files.sort();
    files
}

fn wavs(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in entries(dir) {
        if entry.is_dir() {
            wavs(&entry, files);
        } else if entry.extension().is_some_and(|extension| extension == "wav") {
            files.push(entry);
        }
    }
}

fn entries(dir: &Path) -> Vec<PathBuf> {
    let listed = std::fs::read_dir(dir).into_iter().flatten().flatten();
    listed.map(|entry| entry.path()).collect()
}

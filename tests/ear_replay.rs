//! `octothorpe replay` over recordings of every kind, good and bad.
#![allow(clippy::unwrap_used, reason = "a test's helpers fail as its assertions do")]

mod ear;

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Parser;
use octothorpe::cli::replay::{ReplayArgs, run};
use octothorpe::dsp::dtmf::Key;
use octothorpe::dsp::g711::Law;
use octothorpe::dsp::tone::KeyTone;
use octothorpe::dsp::units::{Dbm0, Samples};

#[derive(Debug, Parser)]
struct Command {
    #[command(flatten)]
    replay: ReplayArgs,
}

/// A directory of this test, gone when it ends.
struct Scratch(PathBuf);

impl Scratch {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("octothorpe-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Exit code, standard output, standard error.
fn replay_from(input: &mut dyn Read, args: &[&str], json: bool) -> (u8, String, String) {
    let command = Command::parse_from(["replay"].iter().chain(args));
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = run(&command.replay, json, input, &mut out, &mut err).unwrap();
    (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

fn replay(args: &[&str]) -> (u8, String, String) {
    replay_from(&mut std::io::empty(), args, false)
}

/// 300 ms of silence, `#` for 120 ms, 200 ms of silence.
fn recording() -> Vec<i16> {
    let mut samples = vec![0; 2400];
    let mut tone = vec![0; 960];
    let key = Key::from_char('#').unwrap();
    KeyTone::new(key, Dbm0(-13.0), Samples(960)).with_ramp(Samples(0)).fill(&mut tone);
    samples.extend(tone);
    samples.resize(4960, 0);
    samples
}

fn raw(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

/// A WAV file: format tag, channels, rate, bits, and the audio's bytes.
fn wav(tag: u16, channels: u16, rate: u32, bits: u16, data: &[u8]) -> Vec<u8> {
    let frame = channels.wrapping_mul(bits / 8);
    let extension: &[u8] = if tag == 6 || tag == 7 { &[0, 0] } else { &[] };
    let format_length = 16 + extension.len() as u32;
    let mut file = b"RIFF".to_vec();
    file.extend((20 + format_length + data.len() as u32).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(format_length.to_le_bytes());
    file.extend(tag.to_le_bytes());
    file.extend(channels.to_le_bytes());
    file.extend(rate.to_le_bytes());
    file.extend((rate * u32::from(frame)).to_le_bytes());
    file.extend(frame.to_le_bytes());
    file.extend(bits.to_le_bytes());
    file.extend(extension);
    file.extend(b"data");
    file.extend((data.len() as u32).to_le_bytes());
    file.extend(data);
    file
}

fn float(samples: &[i16], gain: f32, shift: f32) -> Vec<u8> {
    let scaled = samples.iter().map(|s| f32::from(*s) / 32768.0 * gain + shift);
    scaled.flat_map(f32::to_le_bytes).collect()
}

const HEARD: &str = "# 300 420 332\n";

/// Every format that WAV has here holds the same key at the same place.
#[test]
fn wav_of_every_format_is_heard() {
    let scratch = Scratch::new("wav");
    let samples = recording();
    let eight: Vec<u8> = samples.iter().map(|s| ((s >> 8) + 128) as u8).collect();
    let twenty_four: Vec<u8> =
        samples.iter().flat_map(|s| (i32::from(*s) << 8).to_le_bytes().into_iter().take(3)).collect();
    let law = |law: Law| samples.iter().map(|s| law.encode(*s)).collect::<Vec<u8>>();
    let files = [
        ("pcm16", wav(1, 1, 8000, 16, &raw(&samples))),
        ("pcm8", wav(1, 1, 8000, 8, &eight)),
        ("pcm24", wav(1, 1, 8000, 24, &twenty_four)),
        ("float", wav(3, 1, 8000, 32, &float(&samples, 1.0, 0.0))),
        ("clipped", wav(3, 1, 8000, 32, &float(&samples, 8.0, 0.0))),
        ("shifted", wav(3, 1, 8000, 32, &float(&samples, 1.0, 0.3))),
        ("a-law", wav(6, 1, 8000, 8, &law(Law::A))),
        ("mu-law", wav(7, 1, 8000, 8, &law(Law::Mu))),
    ];
    for (name, bytes) in files {
        let file = scratch.file(&format!("{name}.wav"), &bytes);
        assert_eq!(replay(&[&file]), (0, HEARD.into(), String::new()), "{name}");
    }
}

/// 44.1 kHz, stereo, 24 bits.
#[test]
fn another_rate_and_two_channels_are_heard_at_the_same_place() {
    let scratch = Scratch::new("rate");
    let frames = 27_342;
    let mut data = Vec::new();
    for n in 0..frames {
        let at = f64::from(n) / 44_100.0;
        let sounds = (0.3..0.42).contains(&at);
        let wave = |hz: f64| (std::f64::consts::TAU * hz * at).sin() * 1_500_000.0;
        let sample = if sounds { (wave(941.0) + wave(1477.0)) as i32 } else { 0 };
        for _ in 0..2 {
            data.extend(sample.to_le_bytes().into_iter().take(3));
        }
    }
    let file = scratch.file("stereo.wav", &wav(1, 2, 44_100, 24, &data));
    let (code, out, err) = replay(&[&file]);
    assert_eq!((code, err.as_str()), (0, ""));
    let fields: Vec<f64> = out[2..].split_whitespace().map(|field| field.parse().unwrap()).collect();
    let near = |value: f64, wanted: f64| (value - wanted).abs() <= 4.0;
    assert!(near(fields[0], 300.0) && near(fields[1], 420.0) && near(fields[2], 332.0), "{out}");
}

/// FLAC, MP3 and Ogg Vorbis, made of the same recording.
#[test]
fn compressed_files_are_heard() {
    for name in ["hash.flac", "hash.mp3", "hash.ogg"] {
        let file = format!("{}/tests/ear/recordings/{name}", env!("CARGO_MANIFEST_DIR"));
        let (code, out, err) = replay(&[&file]);
        assert_eq!((code, err.as_str()), (0, ""), "{name}");
        let fields: Vec<&str> = out.split_whitespace().collect();
        assert_eq!((fields.len(), fields[0]), (4, "#"), "{name}: {out}");
        assert!((fields[1].parse::<f64>().unwrap() - 300.0).abs() < 5.0, "{name}: {out}");
    }
}

/// Contract, section 5: `.raw`, and `-` for raw on standard input.
#[test]
fn raw_is_heard_from_a_file_and_from_standard_input() {
    let scratch = Scratch::new("raw");
    let bytes = raw(&recording());
    let file = scratch.file("key.raw", &bytes);
    assert_eq!(replay(&[&file]), (0, HEARD.into(), String::new()));
    let told = replay_from(&mut bytes.as_slice(), &["-"], false);
    assert_eq!(told, (0, HEARD.into(), String::new()));
}

/// Audio that arrives block by block, counted.
struct Live<'a> {
    blocks: std::slice::Chunks<'a, u8>,
    read: std::rc::Rc<std::cell::Cell<usize>>,
}

impl Read for Live<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let block = self.blocks.next().unwrap_or_default();
        buffer[..block.len()].copy_from_slice(block);
        self.read.set(self.read.get() + block.len() / 2);
        Ok(block.len())
    }
}

/// Notes how much was read when each line came.
struct Lines {
    read: std::rc::Rc<std::cell::Cell<usize>>,
    at: Vec<usize>,
}

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if bytes.ends_with(b"\n") {
            self.at.push(self.read.get());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The line appears when the key ends, while reading.
#[test]
fn a_line_comes_as_soon_as_its_key_ends() {
    let mut samples = recording();
    samples.resize(80_000, 0);
    let bytes = raw(&samples);
    let read = std::rc::Rc::default();
    let mut live = Live { blocks: bytes.chunks(320), read: std::rc::Rc::clone(&read) };
    let mut lines = Lines { read, at: Vec::new() };
    let command = Command::parse_from(["replay", "-"]);
    run(&command.replay, false, &mut live, &mut lines, &mut Vec::new()).unwrap();
    assert_eq!(lines.at.len(), 1);
    assert!(lines.at[0] <= 3360 + 480, "told after {} samples", lines.at[0]);
}

#[test]
fn json_tells_level_twist_snr_and_path() {
    let bytes = raw(&recording());
    let (code, out, _) = replay_from(&mut bytes.as_slice(), &["-"], true);
    assert_eq!(code, 0);
    let told: serde_json::Value = serde_json::from_str(out.trim()).unwrap();
    assert_eq!((&told["digit"], &told["path"]), (&"#".into(), &"in_band".into()));
    assert_eq!((&told["start_ms"], &told["report_ms"]), (&300.0.into(), &332.0.into()));
    assert!((told["level"].as_f64().unwrap() + 10.0).abs() < 0.3, "{out}");
    assert!(told["twist"].as_f64().unwrap().abs() < 0.3, "{out}");
    assert!(told["snr"].as_f64().unwrap() > 30.0, "{out}");
}

#[test]
fn several_files_are_told_apart_and_a_bad_one_does_not_stop_the_others() {
    let scratch = Scratch::new("several");
    let good = scratch.file("good.raw", &raw(&recording()));
    let bad = scratch.file("bad.wav", b"");
    let (code, out, err) = replay(&[&bad, &good]);
    assert_eq!(code, 2);
    assert_eq!(out, format!("# {bad}\n# {good}\n{HEARD}"));
    assert_eq!(err, format!("{bad}: holds no audio\n"));
}

/// Bad input: a clear sentence with file and place, exit 2, never a panic and never silence.
#[test]
fn every_bad_file_has_its_sentence() {
    let scratch = Scratch::new("bad");
    let good = wav(1, 1, 8000, 16, &raw(&recording()));
    let mut odd = float(&recording(), 1.0, 0.0);
    odd[4000..4004].copy_from_slice(&f32::NAN.to_le_bytes());
    let mut infinite = float(&recording(), 1.0, 0.0);
    infinite[8000..8004].copy_from_slice(&f32::INFINITY.to_le_bytes());
    let noise: Vec<u8> = (0..20_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let cases = [
        ("empty.wav", vec![], "holds no audio"),
        ("empty.raw", vec![], "holds no audio"),
        ("none.wav", wav(1, 1, 8000, 16, &[]), "holds no audio"),
        ("cut.wav", good[..44 + 4000].to_vec(), "is cut off at 250 ms of 620 ms"),
        ("header.wav", good[..30].to_vec(), "is no recording that can be read"),
        ("nan.wav", wav(3, 1, 8000, 32, &odd), "not a number at 125 ms"),
        ("infinite.wav", wav(3, 1, 8000, 32, &infinite), "not a number at 250 ms"),
        ("odd.raw", vec![0; 4001], "ends in the middle of a 16-bit sample, at byte 4001"),
        ("noise.wav", noise, "is no recording that can be read"),
        ("channels.wav", wav(1, 40_000, 8000, 8, &raw(&recording())), "has 40000 channels"),
        ("rate.wav", wav(1, 1, 100, 16, &raw(&recording())), "sample rate of 100 Hz"),
        ("text.txt", b"not audio at all, only words\n".repeat(40), "is no recording that can be read"),
    ];
    for (name, bytes, sentence) in cases {
        let file = scratch.file(name, &bytes);
        let (code, _, err) = replay(&[&file]);
        assert_eq!(code, 2, "{name}");
        assert!(err.starts_with(&format!("{file}: ")) && err.contains(sentence), "{name}: {err}");
    }
    let (code, _, err) = replay(&[scratch.0.to_str().unwrap()]);
    assert!(code == 2 && err.contains("is a directory"), "{err}");
    let (code, _, err) = replay(&["no-such-file.wav"]);
    assert!(code == 2 && err.starts_with("no-such-file.wav: No such file"), "{err}");
}

/// What is there of a recording that breaks off is heard, to its last sample.
#[test]
fn a_key_before_the_break_is_heard_and_the_break_told() {
    let scratch = Scratch::new("break");
    let good = wav(1, 1, 8000, 16, &raw(&recording()));
    let file = scratch.file("cut.wav", &good[..44 + 2 * 2800]);
    let (code, out, err) = replay(&[&file]);
    assert_eq!((code, out.as_str()), (2, "# 300 350 332\n"));
    assert!(err.contains("is cut off at 350 ms of 620 ms"), "{err}");
}

/// A compressed file of which only a part arrived is told too.
#[test]
fn a_broken_off_compressed_file_is_told() {
    let scratch = Scratch::new("part");
    for name in ["hash.flac", "hash.mp3", "hash.ogg"] {
        let whole = format!("{}/tests/ear/recordings/{name}", env!("CARGO_MANIFEST_DIR"));
        let bytes = std::fs::read(whole).unwrap();
        let file = scratch.file(name, &bytes[..bytes.len() / 2]);
        let (code, _, err) = replay(&[&file]);
        assert!(code == 2 && err.starts_with(&format!("{file}: ")), "{name}: {code} {err}");
    }
}

/// Recorders that write to a pipe cannot fill in the length.
#[test]
fn a_wav_of_unknown_length_is_heard_to_its_end() {
    let scratch = Scratch::new("pipe");
    for length in [0u32, 0x7FFF_FFFF, u32::MAX] {
        let mut bytes = wav(1, 1, 8000, 16, &raw(&recording()));
        bytes[40..44].copy_from_slice(&length.to_le_bytes());
        let file = scratch.file("pipe.wav", &bytes);
        assert_eq!(replay(&[&file]), (0, HEARD.into(), String::new()), "{length:#x}");
    }
}

#[test]
fn the_name_does_not_deceive() {
    let scratch = Scratch::new("name");
    let bytes = wav(1, 1, 8000, 16, &raw(&recording()));
    for name in ["wav.flac", "wav.raw", "wav"] {
        let file = scratch.file(name, &bytes);
        assert_eq!(replay(&[&file]), (0, HEARD.into(), String::new()), "{name}");
    }
}

/// Contract: what is not built is refused by its name, exit 2, never accepted and ignored.
#[test]
fn what_is_not_built_is_refused_by_name() {
    let asked: [(&[&str], &str); 6] = [
        (&["--played", "x.wav", "a.wav"], "--played"),
        (&["--played-at", "20", "a.wav"], "--played-at"),
        (&["--labels", "l.txt", "a.wav"], "--labels"),
        (&["--picture", "p.png", "a.wav"], "--picture"),
        (&["--events", "a.wav"], "--events"),
        (&["call.pcap"], ".pcap"),
    ];
    for (args, name) in asked {
        let (code, out, err) = replay(args);
        assert_eq!((code, out.as_str()), (2, ""));
        assert_eq!(err, format!("replay {name}: not in this version\n"));
    }
}

/// Damaged bytes of every format never panic.
#[test]
fn mutated_files_never_panic() {
    use rand::RngExt;
    let scratch = Scratch::new("mutated");
    let mut rng = ear::seeded("mutated", 8);
    let recordings = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ear/recordings");
    let mut originals = vec![wav(1, 1, 8000, 16, &raw(&recording()))];
    for name in ["hash.flac", "hash.mp3", "hash.ogg"] {
        originals.push(std::fs::read(recordings.join(name)).unwrap());
    }
    for _ in 0..ear::short_or_long(60, 2000) {
        for original in &originals {
            let mut bytes = original.clone();
            for _ in 0..rng.random_range(1..12) {
                let at = rng.random_range(0..bytes.len().min(600));
                bytes[at] = rng.random();
            }
            bytes.truncate(rng.random_range(1..=original.len()));
            let file = scratch.file("mutated.wav", &bytes);
            let (code, _, err) = replay(&[&file]);
            assert!(code == 0 || (code == 2 && !err.is_empty()), "exit {code}: {err}");
        }
    }
}

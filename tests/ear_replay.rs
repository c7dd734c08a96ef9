//! `octothorpe replay` over recordings of every kind, good and bad.
#![allow(clippy::unwrap_used, reason = "a test's helpers fail as its assertions do")]

#[path = "ear/capture.rs"]
mod capture;
mod ear;

use std::io::Read;
use std::path::{Path, PathBuf};

use capture::{Capture, Link, Press, Stream, at, described, info};
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

// --- Captures, by the real binary -----------------------------------------------------------------

/// Exit code, standard output, standard error of the real binary.
fn octothorpe(args: &[&str]) -> (i32, String, String) {
    let ran = std::process::Command::new(env!("CARGO_BIN_EXE_octothorpe")).arg("replay").args(args).output();
    let ran = ran.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (ran.status.code().unwrap(), text(ran.stdout), text(ran.stderr))
}

fn phone() -> Stream {
    Stream { from: at("192.0.2.2:4000"), to: at("192.0.2.1:10000"), ssrc: 7, payload_type: 0 }
}

fn gateway() -> Stream {
    Stream { from: at("192.0.2.1:10000"), to: at("192.0.2.2:4000"), ssrc: 9, payload_type: 0 }
}

fn events(stream: Stream) -> Stream {
    Stream { payload_type: 101, ..stream }
}

/// One party's audio with the key of [`recording`], on this kind of link.
fn tone_capture(link: Link, stream: Stream) -> Capture {
    let mut capture = Capture::new(link);
    capture.audio(0, stream, &recording(), |_| true);
    capture
}

/// Contract §5: a `.pcap`'s RTP through the ear, in audio time; by any link, both families, both laws.
#[test]
fn rtp_in_captures_of_every_kind_is_heard() {
    let scratch = Scratch::new("links");
    let v6 = Stream { from: at("[2001:db8::2]:4000"), to: at("[2001:db8::1]:10000"), ..phone() };
    let alaw = Stream { payload_type: 8, ..phone() };
    for (link, stream) in [
        (Link::Ethernet, phone()),
        (Link::Ethernet, v6),
        (Link::Ethernet, alaw),
        (Link::Vlan, phone()),
        (Link::Raw, phone()),
        (Link::Raw, v6),
        (Link::Loopback, phone()),
        (Link::Cooked, phone()),
        (Link::Cooked2, v6),
    ] {
        let capture = tone_capture(link, stream);
        for (name, bytes) in [("a.pcap", capture.pcap()), ("b.pcapng", capture.pcapng())] {
            let file = scratch.file(name, &bytes);
            assert_eq!(octothorpe(&[&file]), (0, HEARD.into(), String::new()), "{link:?} {stream:?} {name}");
        }
    }
    let misnamed = scratch.file("call.wav", &tone_capture(Link::Ethernet, phone()).pcap());
    assert_eq!(octothorpe(&[&misnamed]), (0, HEARD.into(), String::new()), "told by its mark, not its name");
}

/// A lost packet is told to the ear as lost: the key neither breaks nor doubles.
#[test]
fn a_packet_lost_within_a_key_does_not_double_it() {
    let scratch = Scratch::new("lost");
    let mut capture = Capture::new(Link::Ethernet);
    capture.audio(0, phone(), &recording(), |n| n != 18);
    let (code, out, err) = octothorpe(&[&scratch.file("lost.pcap", &capture.pcap())]);
    assert_eq!((code, out.lines().count(), err.as_str()), (0, 1, ""), "{out}");
    assert!(out.starts_with("# 300 420 "), "{out}");
}

/// A press by tone, by event (RFC 4733) and by INFO is one press, with its paths.
#[test]
fn one_press_by_three_paths_is_one_with_its_paths() {
    let scratch = Scratch::new("paths");
    let mut capture = Capture::new(Link::Ethernet);
    let press = Press { event: 11, onset: 2400, samples: 960 };
    capture.audio_and_event(phone(), 101, &recording(), press);
    capture.audio(0, gateway(), &[0; 4960], |_| true);
    let (here, there) = (at("192.0.2.2:5060"), at("192.0.2.1:5060"));
    let invite = described(
        "INVITE sip:p@192.0.2.2 SIP/2.0",
        "one",
        gateway().from,
        "0 101",
        &["101 telephone-event/8000"],
    );
    capture.udp(0, there, here, &invite);
    let ok = described("SIP/2.0 200 OK", "one", phone().from, "0 101", &["101 telephone-event/8000"]);
    capture.udp(10, here, there, &ok);
    for _ in 0..2 {
        capture.udp(430_000, here, there, &info("one", 2, "Signal=#\r\nDuration=120\r\n"));
    }
    let file = scratch.file("call.pcap", &capture.pcap());
    let (code, out, err) = octothorpe(&[&file, "--json"]);
    assert_eq!((code, err.as_str(), out.lines().count()), (0, "", 1), "{out}");
    let told: serde_json::Value = serde_json::from_str(&out).unwrap();
    let mut paths: Vec<&str> =
        told["paths"].as_array().unwrap().iter().map(|p| p.as_str().unwrap()).collect();
    paths.sort_unstable();
    assert_eq!(paths, ["in_band", "rfc4733", "sip_info"], "{out}");
    assert_eq!((&told["digit"], &told["stream"]), (&"#".into(), &"192.0.2.2:4000 > 192.0.2.1:10000".into()));
    assert_eq!((&told["start_ms"], &told["end_ms"]), (&300.0.into(), &420.0.into()), "{out}");
    assert!((told["level"].as_f64().unwrap() + 10.0).abs() < 0.3, "{out}");
}

/// Events alone, with and without a description that says which payload type they have.
#[test]
fn telephone_events_without_audio_or_description_are_heard() {
    let scratch = Scratch::new("events");
    let mut capture = Capture::new(Link::Raw);
    for (n, event) in [1, 2, 2, 11].into_iter().enumerate() {
        let press = Press { event, onset: 4_000 * n as u32, samples: 800 };
        capture.event(500_000 * n as u64, events(phone()), 20 * n as u16, press);
    }
    let (code, out, err) = octothorpe(&[&scratch.file("events.pcap", &capture.pcap())]);
    assert_eq!((code, err.as_str()), (0, ""));
    let digits: String = out.lines().filter_map(|line| line.chars().next()).collect();
    assert_eq!(digits, "122#", "{out}");
    let lengths: Vec<f64> = out.lines().map(|line| field(line, 2) - field(line, 1)).collect();
    assert_eq!(lengths, [100.0; 4], "{out}");
}

fn field(line: &str, index: usize) -> f64 {
    line.split_whitespace().nth(index).unwrap().parse().unwrap()
}

/// SIP in the capture says what a payload type means; INFO by itself is heard too, once however often
/// it is repeated; a description in fragments is put together.
#[test]
fn sip_in_the_capture_is_used() {
    let scratch = Scratch::new("sip");
    let (here, there) = (at("192.0.2.2:5060"), at("192.0.2.1:5060"));
    let mut capture = Capture::new(Link::Ethernet);
    let ok = described("SIP/2.0 200 OK", "one", phone().from, "0 98", &["98 telephone-event/8000"]);
    capture.fragmented(0, here, there, &ok);
    let press = Press { event: 5, onset: 1_600, samples: 800 };
    let mut audio = phone();
    audio.ssrc = 4;
    capture.audio_and_event(audio, 98, &[0; 8_000], press);
    let (_, out, err) = octothorpe(&[&scratch.file("described.pcap", &capture.pcap())]);
    assert_eq!((out.as_str(), err.as_str()), ("5 200 300 220\n", ""));

    let mut capture = Capture::new(Link::Ethernet);
    capture.udp(
        0,
        there,
        here,
        &described("INVITE sip:p@192.0.2.2 SIP/2.0", "one", gateway().from, "0", &[]),
    );
    for (ms, cseq) in [(1_000, 2), (1_500, 2), (2_000, 3)] {
        capture.udp(ms * 1_000, here, there, &info("one", cseq, "Signal=4\r\nDuration=100\r\n"));
    }
    let (_, out, err) = octothorpe(&[&scratch.file("info.pcap", &capture.pcap())]);
    assert_eq!((out.as_str(), err.as_str()), ("4 900 1000 1000\n4 1900 2000 2000\n", ""));
}

/// Both directions of one call held keys: each is named.
#[test]
fn keys_of_several_streams_are_told_apart() {
    let scratch = Scratch::new("both");
    let mut capture = tone_capture(Link::Ethernet, phone());
    capture.audio(0, gateway(), &recording(), |_| true);
    let (code, out, _) = octothorpe(&[&scratch.file("both.pcap", &capture.pcap())]);
    let (phone, gateway) = ("# 192.0.2.2:4000 > 192.0.2.1:10000", "# 192.0.2.1:10000 > 192.0.2.2:4000");
    assert_eq!(code, 0);
    let mut parts = [format!("{phone}\n{HEARD}"), format!("{gateway}\n{HEARD}")];
    parts.sort();
    assert_eq!(out, parts.concat());
}

/// Bad input: "a pcap of two calls or none".
#[test]
fn captures_of_no_call_or_of_several_are_refused() {
    let scratch = Scratch::new("calls");
    let other = Stream { from: at("192.0.2.7:4000"), to: at("192.0.2.1:10002"), ..phone() };
    let mut hosts = tone_capture(Link::Ethernet, phone());
    hosts.audio(0, other, &recording(), |_| true);

    let local = |from: u16, to: u16| Stream {
        from: at(&format!("127.0.0.1:{from}")),
        to: at(&format!("127.0.0.1:{to}")),
        ..phone()
    };
    let mut ports = Capture::new(Link::Ethernet);
    for (from, to) in [(1, 2), (2, 1), (3, 4), (4, 3)] {
        ports.audio(0, local(4_000 + from, 4_000 + to), &recording(), |_| true);
    }

    let mut call_ids = tone_capture(Link::Ethernet, phone());
    call_ids.audio(0, gateway(), &recording(), |_| true);
    let (here, there) = (at("192.0.2.2:5060"), at("192.0.2.1:5060"));
    for (id, media) in [("one", phone().from), ("two", gateway().from)] {
        call_ids.udp(0, here, there, &described("SIP/2.0 200 OK", id, media, "0", &[]));
    }

    let mut dns = Capture::new(Link::Ethernet);
    for n in 0..20 {
        dns.udp(
            n * 1_000,
            here,
            at("192.0.2.53:53"),
            b"\x81\x80\x01\x00\x00\x01\x00\x01\x00\x00\x00\x00\x07example",
        );
    }
    let mut g729 = Capture::new(Link::Ethernet);
    g729.audio(0, Stream { payload_type: 18, ..phone() }, &recording(), |_| true);
    let wireless = tone_capture(Link::Wireless, phone());
    let none = Capture::new(Link::Ethernet);
    for (name, bytes, sentence) in [
        (
            "hosts.pcap",
            hosts.pcap(),
            "holds more than one call (media between 192.0.2.1 and 192.0.2.2, and between 192.0.2.1 and 192.0.2.7)",
        ),
        ("ports.pcap", ports.pcap(), "holds more than one call (media 127.0.0.1:4001 > "),
        ("ids.pcap", call_ids.pcap(), "holds more than one call (Call-IDs one and two)"),
        ("dns.pcap", dns.pcap(), "holds no call: in its 20 packets there is no RTP and no key in SIP INFO"),
        ("none.pcap", none.pcap(), "holds no call: in its 0 packets"),
        ("g729.pcapng", g729.pcapng(), "holds RTP of payload type 18 only"),
        ("wlan.pcap", wireless.pcap(), "has frames of link type 105 at packet 1;"),
        ("words.pcap", b"no capture at all".to_vec(), "is no capture: it begins with the mark of neither"),
        ("empty.pcap", Vec::new(), "holds no audio"),
        ("head.pcap", none.pcap()[..20].to_vec(), "is cut off after packet 0"),
        ("head.pcapng", none.pcapng()[..20].to_vec(), "is cut off after packet 0"),
    ] {
        let file = scratch.file(name, &bytes);
        let (code, out, err) = octothorpe(&[&file]);
        assert_eq!((code, out.as_str()), (2, ""), "{name}: {err}");
        assert!(err.starts_with(&format!("{file}: {sentence}")), "{name}: {err}");
        assert_eq!(err.lines().count(), 1, "{name}: {err}");
    }
}

/// What a damaged capture holds is heard, and where it breaks off is told.
#[test]
fn a_damaged_capture_is_heard_to_its_damage() {
    let scratch = Scratch::new("damaged");
    let capture = tone_capture(Link::Ethernet, phone());
    let whole = capture.pcap();
    let file = scratch.file("cut.pcap", &whole[..whole.len() - 100]);
    assert_eq!(octothorpe(&[&file]), (2, HEARD.into(), format!("{file}: is cut off after packet 30\n")));
    let file = scratch.file("snapped.pcap", &capture.snapped(96));
    let (code, _, err) = octothorpe(&[&file]);
    assert_eq!(code, 2);
    assert_eq!(
        err,
        format!("{file}: keeps only 54 of 172 bytes of packet 1; capture whole packets (tcpdump -s 0)\n")
    );
}

/// Nothing read from a file may panic: captures with any of their bytes changed.
#[test]
fn mutated_captures_never_panic() {
    let scratch = Scratch::new("mutated-captures");
    use rand::RngExt;
    let mut rng = ear::seeded("mutated_captures_never_panic", 20);
    let mut capture = tone_capture(Link::Ethernet, phone());
    capture.fragmented(
        0,
        phone().from,
        gateway().from,
        &described("SIP/2.0 200 OK", "one", phone().from, "0 98", &[]),
    );
    for original in [capture.pcap(), capture.pcapng()] {
        for _ in 0..150 {
            let mut bytes = original.clone();
            for _ in 0..rng.random_range(1..8) {
                let at = rng.random_range(0..bytes.len());
                bytes[at] = rng.random();
            }
            bytes.truncate(rng.random_range(0..=bytes.len()));
            let file = scratch.file("a.pcap", &bytes);
            let (code, _, err) = replay(&[&file]);
            assert!((code == 0) == err.is_empty(), "{code}: {err}");
        }
    }
}

// --- Labels ---------------------------------------------------------------------------------------

/// Contract §5: `--labels FILE` scores; exit 1 for a key missed, doubled, wrong or extra.
#[test]
fn labels_score_what_was_heard() {
    let scratch = Scratch::new("labels");
    scratch.file("a.raw", &raw(&recording()));
    scratch.file("b.wav", &wav(1, 1, 8000, 16, &raw(&[recording(), recording()].concat())));
    scratch.file("c.raw", &raw(&[0; 8000]));
    scratch.file("call.pcap", &tone_capture(Link::Ethernet, phone()).pcap());
    let good = scratch.file("good.tsv", b"a.raw\t#\nb.wav\t##\r\n\nc.raw\t\ncall.pcap\t#\n");
    let (code, out, err) = octothorpe(&["--labels", &good]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert_eq!(
        out,
        "ok a.raw: expected #, heard #: 1 right, 0 missed, 0 doubled, 0 wrong, 0 extra\n\
         ok b.wav: expected ##, heard ##: 2 right, 0 missed, 0 doubled, 0 wrong, 0 extra\n\
         ok c.raw: expected nothing, heard nothing: 0 right, 0 missed, 0 doubled, 0 wrong, 0 extra\n\
         ok call.pcap: expected #, heard #: 1 right, 0 missed, 0 doubled, 0 wrong, 0 extra\n\
         4 files, 4 keys: 4 right, 0 missed, 0 doubled, 0 wrong, 0 extra\n"
    );
    for (labels, mistake) in [
        ("a.raw\t1#\n", "1 right, 1 missed, 0 doubled, 0 wrong, 0 extra"),
        ("b.wav\t#\n", "1 right, 0 missed, 1 doubled, 0 wrong, 0 extra"),
        ("a.raw\t5\n", "0 right, 0 missed, 0 doubled, 1 wrong, 0 extra"),
        ("a.raw\t\n", "0 right, 0 missed, 0 doubled, 0 wrong, 1 extra"),
    ] {
        let file = scratch.file("labels.tsv", labels.as_bytes());
        let (code, out, _) = octothorpe(&["--labels", &file]);
        assert_eq!(code, 1, "{labels:?}: {out}");
        assert!(out.lines().all(|line| line.ends_with(mistake)), "{out}");
    }
    let one = scratch.0.join("b.wav");
    let (code, out, _) = octothorpe(&["--labels", &good, one.to_str().unwrap(), "--json"]);
    assert_eq!((code, out.lines().count()), (0, 2), "only the file that was named: {out}");
    let object: serde_json::Value = serde_json::from_str(out.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&object["file"], &object["heard"], &object["right"]),
        (&"b.wav".into(), &"##".into(), &2.into())
    );
    let last: serde_json::Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    assert_eq!((&last["summary"]["files"], &last["summary"]["doubled"]), (&1.into(), &0.into()));
}

/// Bad input: a label file that names nothing, or nothing that is there: file and line, exit 2.
#[test]
fn bad_labels_have_their_sentence() {
    let scratch = Scratch::new("bad-labels");
    let audio = scratch.file("a.raw", &raw(&recording()));
    scratch.file("empty.wav", b"");
    for (labels, sentence) in [
        (&b""[..], ": names no recording"),
        (b"\n\n", ": names no recording"),
        (b"a.raw\t#\nnone.wav\t1\n", ":2: none.wav: No such file or directory"),
        (b"a.raw #\n", ":1: has no tab; a line is a path, a tab and the digits pressed"),
        (b"a.raw\t#x\n", ":1: 'x' is no key; a line is"),
        (b"a.raw\t#\n\na.raw\t#\n", ":3: a.raw has a line already"),
        (b"a.raw\t#\n\xff\t1\n", ":2: is no UTF-8"),
    ] {
        let file = scratch.file("l.tsv", labels);
        let (code, out, err) = octothorpe(&["--labels", &file]);
        assert_eq!((code, out.as_str()), (2, ""), "{err}");
        assert!(err.starts_with(&format!("{file}{sentence}")), "{err}");
    }
    let file = scratch.file("l.tsv", b"empty.wav\t#\n");
    let (code, _, err) = octothorpe(&["--labels", &file]);
    assert!(code == 2 && err.ends_with("empty.wav: holds no audio\n"), "{err}");
    let (code, _, err) = octothorpe(&["--labels", &file, &audio]);
    assert_eq!((code, err), (2, format!("{audio}: has no line in {file}\n")));
    let (code, _, err) = octothorpe(&["--labels", "no-such.tsv"]);
    assert!(code == 2 && err.starts_with("no-such.tsv: No such file"), "{err}");
}

/// Many files are heard in parallel and told in the order of the arguments, each one's output whole.
#[test]
fn many_files_are_told_in_order() {
    let scratch = Scratch::new("many");
    let mut names = Vec::new();
    let mut expected = String::new();
    for n in 0..40_usize {
        let name = scratch.file(&format!("{n}.raw"), &raw(&recording().repeat(1 + (41 * n) % 7)));
        let keys = (0..1 + (41 * n) % 7)
            .map(|k| 620 * k)
            .map(|at| format!("# {} {} {}\n", at + 300, at + 420, at + 332));
        expected += &format!("# {name}\n{}", keys.collect::<String>());
        names.push(name);
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(octothorpe(&names), (0, expected, String::new()));
    let (code, _, err) = octothorpe(&[names[0], "-"]);
    assert_eq!((code, err.as_str()), (2, "-: standard input can be heard by itself only\n"));
}

/// Headerless G.711 goes by its name.
#[test]
fn g711_without_a_head_is_heard() {
    let scratch = Scratch::new("g711");
    for (name, law) in [("a.ulaw", Law::Mu), ("a.al", Law::A), ("a.PCMA", Law::A)] {
        let octets: Vec<u8> = recording().iter().map(|sample| law.encode(*sample)).collect();
        assert_eq!(octothorpe(&[&scratch.file(name, &octets)]), (0, HEARD.into(), String::new()), "{name}");
    }
    let (code, _, err) = octothorpe(&[&scratch.file("empty.ulaw", b"")]);
    assert!(code == 2 && err.ends_with(": holds no audio\n"), "{err}");
}

// --- What else is told ----------------------------------------------------------------------------

/// One second of a 1,000 Hz tone, 500 ms of it heard, in silence, then a tone pair too short for a key.
fn beep_and_trace() -> Vec<i16> {
    use octothorpe::dsp::units::Hz;
    let mut samples = vec![0_i16; 16_000];
    let mut add = |hz: Hz, level: Dbm0, from: usize, count: usize| {
        for n in 0..count {
            let phase = hz.radians_per_sample() * n as f32;
            samples[from + n] += (phase.sin() * level.sine_peak()) as i16;
        }
    };
    add(Hz(1_000.0), Dbm0(-13.0), 4_000, 4_000);
    add(Hz(770.0), Dbm0(-12.0), 12_000, 160);
    add(Hz(1_336.0), Dbm0(-12.0), 12_000, 160);
    samples
}

/// Contract §5: `--events` also tells speech, silence, beep and the line's tones; no line of a key is
/// touched by it.
#[test]
fn events_are_told_beside_keys() {
    let scratch = Scratch::new("sounds");
    let file = scratch.file("beep.raw", &raw(&[beep_and_trace(), recording()].concat()));
    let (code, out, err) = octothorpe(&["--events", &file]);
    assert_eq!((code, err.as_str()), (0, ""));
    let key = "# 2300 2420 2332";
    assert!(out.lines().any(|line| line == key), "{out}");
    let find = |name: &str| {
        out.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name} in {out}"))
    };
    let (beep, trace) = (find("beep "), find("undecided "));
    assert!((field(beep, 1) - 500.0).abs() < 40.0 && (field(beep, 2) - 1_000.0).abs() < 40.0, "{beep}");
    assert!((0.5..=1.0).contains(&field(beep, 3)), "{beep}");
    assert!((field(trace, 1) - 1_500.0).abs() < 15.0 && (field(trace, 2) - 1_520.0).abs() < 15.0, "{trace}");
    let (_, json, _) = octothorpe(&["--events", "--json", &file]);
    let objects: Vec<serde_json::Value> =
        json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let beep = objects.iter().find(|object| object["event"] == "beep").unwrap();
    assert!((beep["begin_ms"].as_f64().unwrap() - 500.0).abs() < 40.0, "{beep}");
    assert_eq!(objects.iter().filter(|object| object["digit"] == "#").count(), 1);
    assert_eq!(octothorpe(&[&file]), (0, format!("{key}\n"), String::new()), "without it keys only");
}

/// `--picture`: a PNG of one file, of the part around the first key where the file is long.
#[test]
fn a_picture_is_drawn() {
    let scratch = Scratch::new("picture");
    let size = |path: &Path| {
        let decoder = png::Decoder::new(std::io::BufReader::new(std::fs::File::open(path).unwrap()));
        let mut reader = decoder.read_info().unwrap();
        let mut octets = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut octets).unwrap();
        // The reports' red and the keys' green are in it.
        let has = |colour: [u8; 3]| octets.as_chunks::<3>().0.contains(&colour);
        (info.width, has([220, 30, 30]), has([60, 150, 80]))
    };
    let long = [vec![0; 8_000 * 40], recording(), vec![0; 8_000 * 40]].concat();
    let mut call = Capture::new(Link::Ethernet);
    call.audio_and_event(phone(), 101, &recording(), Press { event: 11, onset: 2400, samples: 960 });
    for (name, bytes) in
        [("short.raw", raw(&recording())), ("long.raw", raw(&long)), ("call.pcap", call.pcap())]
    {
        let file = scratch.file(name, &bytes);
        let picture = scratch.0.join("picture.png");
        let (code, out, err) = octothorpe(&["--picture", picture.to_str().unwrap(), &file]);
        assert_eq!((code, out.lines().count(), err.as_str()), (0, 1, ""), "{name}: {out}");
        assert_eq!(size(&picture), (1_800, true, true), "{name}");
    }
    let file = scratch.file("a.raw", &raw(&recording()));
    let (code, _, err) = octothorpe(&["--picture", "p.png", &file, &file]);
    assert_eq!((code, err.as_str()), (2, "--picture: draws one file, and several are named\n"));
    let (code, _, err) = octothorpe(&["--picture", "/no/such/place.png", &file]);
    assert!(code == 3 && err.starts_with("/no/such/place.png: No such file"), "{err}");
}

/// `--played`: a key in our own prompt that comes back is none; one pressed is.
#[test]
fn what_we_said_makes_no_key() {
    let scratch = Scratch::new("played");
    let prompt = [vec![0; 4_000], recording(), vec![0; 12_000]].concat();
    let mut echo = vec![0_i16; prompt.len()];
    for (n, sample) in prompt.iter().enumerate().take(prompt.len() - 800) {
        echo[n + 800] = sample / 4;
    }
    let pressed = recording().repeat(2);
    let heard: Vec<i16> = echo
        .iter()
        .enumerate()
        .map(|(n, x)| x + n.checked_sub(12_000).and_then(|n| pressed.get(n)).map_or(0, |p| p / 2))
        .collect();
    let (prompt, heard) =
        (scratch.file("prompt.raw", &raw(&prompt)), scratch.file("heard.raw", &raw(&heard)));
    let (_, blind, _) = octothorpe(&[&heard]);
    assert_eq!(blind.lines().count(), 3, "{blind}");
    let (code, out, err) = octothorpe(&[&heard, "--played", &prompt]);
    assert_eq!((code, out.lines().count(), err.as_str()), (0, 2, ""), "{out}");
    assert!(out.starts_with("# 1800 "), "{out}");
    let (code, _, err) = octothorpe(&[&heard, "--played", "no-such.wav"]);
    assert!(code == 2 && err.starts_with("no-such.wav: No such file"), "{err}");
    let (code, _, err) = octothorpe(&[&heard, "--played-at", "20"]);
    assert!(code == 2 && err.contains("--played"), "{err}");
}

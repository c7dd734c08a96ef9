//! `octothorpe replay FILE…`: recorded audio through the very ear that calls use.
//!
//! One line a digit, `DIGIT START_MS END_MS REPORT_MS`, in milliseconds of
//! audio time; an eighth of a millisecond is the finest step. Where several
//! files are given, a line `# FILE` stands before each one's digits. With
//! `--json`, one object a digit, which names its file.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use crate::audio::{AudioError, Recording};
use crate::dsp::dtmf::{Detector, Ended, Event};

/// All files were heard to their end.
const DONE: u8 = 0;
/// A file could not be heard, or the command is not in this version.
const WRONG_USAGE: u8 = 2;

/// Arguments of `replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// WAV, FLAC, MP3, Ogg Vorbis; `.raw` for 16-bit little-endian 8 kHz mono; `-` for such on standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// What we said meanwhile (not in this version)
    #[arg(long, value_name = "FILE", hide = true)]
    played: Option<PathBuf>,
    /// When we said it (not in this version)
    #[arg(long, value_name = "MS", hide = true)]
    played_at: Option<String>,
    /// Score against labels (not in this version)
    #[arg(long, value_name = "FILE", hide = true)]
    labels: Option<PathBuf>,
    /// Draw what was heard (not in this version)
    #[arg(long, value_name = "FILE", hide = true)]
    picture: Option<PathBuf>,
    /// Tell what else the line says (not in this version)
    #[arg(long, hide = true)]
    events: bool,
}

impl ReplayArgs {
    /// What was asked for and is not built.
    fn not_built(&self) -> Option<&'static str> {
        let asked = [
            (self.played.is_some(), "--played"),
            (self.played_at.is_some(), "--played-at"),
            (self.labels.is_some(), "--labels"),
            (self.picture.is_some(), "--picture"),
            (self.events, "--events"),
            (self.files.iter().any(|file| is_pcap(file)), ".pcap"),
        ];
        asked.into_iter().find_map(|(is_asked, name)| is_asked.then_some(name))
    }
}

fn is_pcap(file: &Path) -> bool {
    file.extension().is_some_and(|ext| ext.eq_ignore_ascii_case("pcap"))
}

/// Carries out `replay`; `input` is read where a file is `-`. Digits go to
/// `out`, one a line and each at once, all else to `err`; the value is the
/// exit code. A file that cannot be heard does not keep the others from it.
pub fn run(
    args: &ReplayArgs,
    json: bool,
    input: &mut dyn Read,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> io::Result<u8> {
    if let Some(name) = args.not_built() {
        writeln!(err, "replay {name}: not in this version")?;
        return Ok(WRONG_USAGE);
    }
    let mut code = DONE;
    for file in &args.files {
        if args.files.len() > 1 && !json {
            writeln!(out, "# {}", file.display())?;
        }
        let heard = match recording(file, input) {
            Ok(recording) => hear(recording, &mut |key| tell(file, key, json, out)),
            Err(error) => Err(Stop::Audio(error)),
        };
        match heard {
            Ok(()) => {}
            Err(Stop::Audio(error)) => {
                writeln!(err, "{}: {error}", file.display())?;
                code = WRONG_USAGE;
            }
            Err(Stop::Output(error)) => return Err(error),
        }
    }
    Ok(code)
}

fn recording<'a>(file: &Path, input: &'a mut dyn Read) -> Result<Recording<'a>, AudioError> {
    if file == Path::new("-") { Ok(Recording::from_raw(input)) } else { Recording::open(file) }
}

/// Why a file was not heard to its end.
enum Stop {
    Audio(AudioError),
    Output(io::Error),
}

/// Tells every key of a recording as soon as it ends. What a damaged recording
/// holds before its damage is heard.
fn hear(mut recording: Recording<'_>, tell: &mut dyn FnMut(&Ended) -> io::Result<()>) -> Result<(), Stop> {
    let mut ear = Detector::new();
    let mut keys = Vec::new();
    loop {
        let block = recording.next_block();
        let mut keep = |event| match event {
            Event::Began(_) => {}
            Event::Ended(key) => keys.push(key),
        };
        match &block {
            Ok(Some(samples)) => ear.feed(samples, &mut keep),
            Ok(None) | Err(_) => ear.finish(&mut keep),
        }
        keys.drain(..).try_for_each(|key| tell(&key)).map_err(Stop::Output)?;
        match block {
            Ok(Some(_)) => {}
            Ok(None) => return Ok(()),
            Err(error) => return Err(Stop::Audio(error)),
        }
    }
}

/// One key as `--json` tells it.
#[derive(Serialize)]
struct Told<'a> {
    file: &'a str,
    digit: char,
    start_ms: f64,
    end_ms: f64,
    report_ms: f64,
    /// Both tones together, dBm0.
    level: f64,
    /// High tone over low tone, dB.
    twist: f64,
    /// Both tones over all else, dB.
    snr: f64,
    path: &'static str,
}

fn tell(file: &Path, key: &Ended, json: bool, out: &mut dyn Write) -> io::Result<()> {
    let digit = key.key.as_char();
    let (start_ms, end_ms) = (key.onset.as_ms(), key.end.as_ms());
    let report_ms = key.told_at.as_ms();
    if json {
        let told = Told {
            file: &file.to_string_lossy(),
            digit,
            start_ms,
            end_ms,
            report_ms,
            level: tenth(key.level.0),
            twist: tenth(key.twist.0),
            snr: tenth(key.snr.0),
            path: "in_band",
        };
        serde_json::to_writer(&mut *out, &told)?;
        writeln!(out)?;
    } else {
        writeln!(out, "{digit} {start_ms} {end_ms} {report_ms}")?;
    }
    out.flush()
}

fn tenth(value: f32) -> f64 {
    (f64::from(value) * 10.0).round() / 10.0
}

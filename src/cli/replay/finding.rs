//! What was heard, and how it is printed: a line or a JSON object each.

use std::io::{self, Write};

use serde::Serialize;

use crate::dsp::dtmf::Ended;
use crate::dsp::units::Samples;
use crate::leg::key::KeyPath;

/// One thing that was heard in a file.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Finding {
    /// A key, told once it has ended.
    Key(HeardKey),
}

impl Finding {
    /// The stream of a capture that held it.
    pub(super) fn stream(&self) -> Option<&str> {
        match self {
            Finding::Key(key) => key.stream.as_deref(),
        }
    }
}

/// One press of a key. Times are audio time: samples from the first sample of its stream.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct HeardKey {
    /// Which key.
    pub(super) digit: char,
    /// Where it began.
    pub(super) start: Samples,
    /// Where it ended.
    pub(super) end: Samples,
    /// Where it was told: the end of the last sample that the decision used.
    pub(super) report: Samples,
    /// The paths that brought it, the one that told it first.
    pub(super) paths: Vec<KeyPath>,
    /// The tones, where it was heard as tones.
    pub(super) tones: Option<Tones>,
    /// The stream of a capture that held it, `FROM > TO`.
    pub(super) stream: Option<String>,
}

/// What the ear measured of a key's tones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Tones {
    /// Both tones together, dBm0.
    pub(super) level: f32,
    /// High tone over low tone, dB.
    pub(super) twist: f32,
    /// Both tones over all else, dB.
    pub(super) snr: f32,
}

impl From<&Ended> for HeardKey {
    fn from(key: &Ended) -> HeardKey {
        HeardKey {
            digit: key.key.as_char(),
            start: key.onset,
            end: key.end,
            report: key.told_at,
            paths: vec![KeyPath::InBand],
            tones: Some(Tones::from(key)),
            stream: None,
        }
    }
}

impl From<&Ended> for Tones {
    fn from(key: &Ended) -> Tones {
        Tones { level: key.level.0, twist: key.twist.0, snr: key.snr.0 }
    }
}

/// One key as `--json` tells it.
#[derive(Serialize)]
struct KeyObject<'a> {
    file: &'a str,
    digit: char,
    start_ms: f64,
    end_ms: f64,
    report_ms: f64,
    /// Both tones together, dBm0; null where no tones were heard.
    level: Option<f64>,
    /// High tone over low tone, dB.
    twist: Option<f64>,
    /// Both tones over all else, dB.
    snr: Option<f64>,
    /// The path that told it first.
    path: Option<KeyPath>,
    /// All paths that brought it.
    paths: &'a [KeyPath],
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<&'a str>,
}

/// Prints findings of one file.
pub(super) struct Printer<'a> {
    file: &'a str,
    json: bool,
    out: &'a mut dyn Write,
    /// The stream whose keys are being told, as far as it has been named.
    stream: Option<String>,
}

impl<'a> Printer<'a> {
    pub(super) fn new(file: &'a str, json: bool, out: &'a mut dyn Write) -> Printer<'a> {
        Printer { file, json, out, stream: None }
    }

    /// Prints one finding, at once.
    pub(super) fn tell(&mut self, finding: &Finding) -> io::Result<()> {
        match finding {
            Finding::Key(key) if self.json => self.object(&KeyObject::of(self.file, key))?,
            Finding::Key(key) => self.key_line(key)?,
        }
        self.out.flush()
    }

    /// Names the stream of what follows: several streams of one capture told keys.
    pub(super) fn head(&mut self, stream: &str) -> io::Result<()> {
        if !self.json && self.stream.as_deref() != Some(stream) {
            writeln!(self.out, "# {stream}")?;
            self.stream = Some(stream.to_owned());
        }
        Ok(())
    }

    fn key_line(&mut self, key: &HeardKey) -> io::Result<()> {
        let (start, end, report) = (key.start.as_ms(), key.end.as_ms(), key.report.as_ms());
        writeln!(self.out, "{} {start} {end} {report}", key.digit)
    }

    fn object(&mut self, object: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut *self.out, object)?;
        writeln!(self.out)
    }
}

impl<'a> KeyObject<'a> {
    fn of(file: &'a str, key: &'a HeardKey) -> KeyObject<'a> {
        KeyObject {
            file,
            digit: key.digit,
            start_ms: key.start.as_ms(),
            end_ms: key.end.as_ms(),
            report_ms: key.report.as_ms(),
            level: key.tones.map(|tones| tenth(tones.level)),
            twist: key.tones.map(|tones| tenth(tones.twist)),
            snr: key.tones.map(|tones| tenth(tones.snr)),
            path: key.paths.first().copied(),
            paths: &key.paths,
            stream: key.stream.as_deref(),
        }
    }
}

fn tenth(value: f32) -> f64 {
    (f64::from(value) * 10.0).round() / 10.0
}

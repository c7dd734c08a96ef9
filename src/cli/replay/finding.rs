//! What was heard, and how it is printed: a line or a JSON object each.

use std::io::{self, Write};

use serde::Serialize;

use crate::dsp::dtmf::Ended;
use crate::dsp::progress::SoundEvent;
use crate::dsp::units::Samples;
use crate::leg::key::KeyPath;

/// One thing that was heard in a file.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Finding {
    /// A key, told once it has ended.
    Key(HeardKey),
    /// Evidence of two tones that fell short of a key, or a stretch in which one may have been lost.
    Undecided {
        /// Where it began.
        from: Samples,
        /// Where it ended.
        to: Samples,
        /// As in [`HeardKey`].
        stream: Option<String>,
    },
    /// What else the line says, told once it is over.
    Sound {
        /// What, from when to when.
        sound: SoundEvent,
        /// As in [`HeardKey`].
        stream: Option<String>,
    },
}

impl Finding {
    /// The stream of a capture that held it.
    pub(super) fn stream(&self) -> Option<&str> {
        match self {
            Finding::Key(HeardKey { stream, .. })
            | Finding::Undecided { stream, .. }
            | Finding::Sound { stream, .. } => stream.as_deref(),
        }
    }

    /// The same, as of this stream of a capture.
    pub(super) fn of_stream(self, name: &str) -> Finding {
        let stream = Some(name.to_owned());
        match self {
            Finding::Key(key) => Finding::Key(HeardKey { stream, ..key }),
            Finding::Undecided { from, to, stream: _ } => Finding::Undecided { from, to, stream },
            Finding::Sound { sound, stream: _ } => Finding::Sound { sound, stream },
        }
    }

    /// Where it was told.
    pub(super) fn told_at(&self) -> Samples {
        match self {
            Finding::Key(key) => key.first.report,
            Finding::Undecided { to, .. } => *to,
            Finding::Sound { sound, .. } => sound.end,
        }
    }
}

/// One press of a key. Times are audio time: samples from the first sample of its stream.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct HeardKey {
    /// Which key.
    pub(super) digit: char,
    /// The path that told it first.
    pub(super) first: ByPath,
    /// Further paths that brought it.
    pub(super) further: Vec<ByPath>,
    /// The tones, where it was heard as tones.
    pub(super) tones: Option<Tones>,
    /// The stream of a capture that held it, `FROM > TO`.
    pub(super) stream: Option<String>,
}

/// A press as one path has it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct ByPath {
    /// Which path.
    pub(super) path: KeyPath,
    /// Where it began.
    pub(super) start: Samples,
    /// Where it ended.
    pub(super) end: Samples,
    /// Where it was told: the end of the last sample that the decision used.
    pub(super) report: Samples,
}

impl HeardKey {
    /// The press as every path has it, the one that told it first at the front.
    pub(super) fn paths(&self) -> impl Iterator<Item = &ByPath> {
        std::iter::once(&self.first).chain(&self.further)
    }

    /// Likewise, to be written.
    pub(super) fn paths_mut(&mut self) -> impl Iterator<Item = &mut ByPath> {
        std::iter::once(&mut self.first).chain(&mut self.further)
    }
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
    /// How sure the ear is, 0 to 1.
    pub(super) confidence: f32,
}

impl From<&Ended> for HeardKey {
    fn from(key: &Ended) -> HeardKey {
        HeardKey {
            digit: key.key.as_char(),
            first: ByPath { path: KeyPath::InBand, start: key.onset, end: key.end, report: key.told_at },
            further: Vec::new(),
            tones: Some(Tones::from(key)),
            stream: None,
        }
    }
}

impl From<&Ended> for Tones {
    fn from(key: &Ended) -> Tones {
        Tones { level: key.level.0, twist: key.twist.0, snr: key.snr.0, confidence: key.confidence }
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
    /// How sure the ear is, 0 to 1.
    confidence: Option<f64>,
    /// The path that told it first.
    path: KeyPath,
    /// All paths that brought it.
    paths: Vec<KeyPath>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<&'a str>,
}

/// Anything but a key as `--json` tells it.
#[derive(Serialize)]
struct EventObject<'a> {
    file: &'a str,
    event: &'a str,
    begin_ms: f64,
    end_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    confidence: Option<f64>,
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

    /// Prints one finding, at once, under the name of its stream if several have some.
    pub(super) fn tell(&mut self, finding: &Finding, several: bool) -> io::Result<()> {
        if several && let Some(stream) = finding.stream() {
            self.head(stream)?;
        }
        match finding {
            Finding::Key(key) if self.json => self.object(&KeyObject::of(self.file, key))?,
            Finding::Key(key) => self.key_line(key)?,
            Finding::Undecided { from, to, stream } => {
                self.event("undecided", (*from, *to), None, stream.as_deref())?;
            }
            Finding::Sound { sound, stream } => {
                let SoundEvent { sound, begin, end, confidence } = *sound;
                self.event(sound.name(), (begin, end), Some(hundredth(confidence)), stream.as_deref())?;
            }
        }
        self.out.flush()
    }

    fn head(&mut self, stream: &str) -> io::Result<()> {
        if !self.json && self.stream.as_deref() != Some(stream) {
            writeln!(self.out, "# {stream}")?;
            self.stream = Some(stream.to_owned());
        }
        Ok(())
    }

    fn key_line(&mut self, key: &HeardKey) -> io::Result<()> {
        let ByPath { start, end, report, path: _ } = key.first;
        let (start, end, report) = (start.as_ms(), end.as_ms(), report.as_ms());
        writeln!(self.out, "{} {start} {end} {report}", key.digit)
    }

    /// `EVENT BEGIN_MS END_MS CONFIDENCE`; an event's name has more than one letter, a key's has not.
    fn event(
        &mut self,
        event: &str,
        (begin, end): (Samples, Samples),
        confidence: Option<f64>,
        stream: Option<&str>,
    ) -> io::Result<()> {
        let (begin_ms, end_ms) = (begin.as_ms(), end.as_ms());
        if self.json {
            return self.object(&EventObject {
                file: self.file,
                event,
                begin_ms,
                end_ms,
                confidence,
                stream,
            });
        }
        match confidence {
            Some(confidence) => writeln!(self.out, "{event} {begin_ms} {end_ms} {confidence}"),
            None => writeln!(self.out, "{event} {begin_ms} {end_ms}"),
        }
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
            start_ms: key.first.start.as_ms(),
            end_ms: key.first.end.as_ms(),
            report_ms: key.first.report.as_ms(),
            level: key.tones.map(|tones| tenth(tones.level)),
            twist: key.tones.map(|tones| tenth(tones.twist)),
            snr: key.tones.map(|tones| tenth(tones.snr)),
            confidence: key.tones.map(|tones| hundredth(tones.confidence)),
            path: key.first.path,
            paths: key.paths().map(|told| told.path).collect(),
            stream: key.stream.as_deref(),
        }
    }
}

fn tenth(value: f32) -> f64 {
    (f64::from(value) * 10.0).round() / 10.0
}

fn hundredth(value: f32) -> f64 {
    (f64::from(value) * 100.0).round() / 100.0
}

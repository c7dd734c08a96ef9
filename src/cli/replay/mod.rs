//! `octothorpe replay FILE…`: recorded audio through the very ear that calls use.
//!
//! One line a digit, `DIGIT START_MS END_MS REPORT_MS`, in milliseconds of
//! audio time; an eighth of a millisecond is the finest step. Where several
//! files are given, a line `# FILE` stands before each one's digits. With
//! `--json`, one object a digit, which names its file.
//!
//! - `source`: what a file is; `capture`: calls as they were captured.
//! - `input`, `hearing`: one input through the ear; `finding`: what is told of it.
//! - `film`, `picture`: the samples that a picture shows, and the picture.
//! - `many`: many files in parallel.
//! - `labels`, `score`, `scoring`: what was heard beside what was pressed.

mod capture;
mod film;
mod finding;
mod hearing;
mod input;
mod labels;
mod many;
mod picture;
mod score;
mod scoring;
mod source;

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use crate::audio::decode_file;
use crate::dsp::echo::Recording;
use crate::dsp::progress::TonePlan;
use crate::dsp::units::Samples;
use film::Film;
use finding::{Finding, Printer};
use hearing::Wishes;
use input::{Heard, Stop, hear};
use source::{Source, SourceError};

/// All files were heard to their end.
const DONE: u8 = 0;
/// With labels: a key was missed, doubled, wrong or extra.
const MISTAKES: u8 = 1;
/// A file could not be heard, or the command is not in this version.
const WRONG_USAGE: u8 = 2;
/// The picture cannot be written.
const CANNOT_RUN: u8 = 3;

/// Arguments of `replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// WAV, FLAC, MP3, Ogg Vorbis; headerless G.711 (`.ulaw`, `.alaw`); a capture of a call (pcap, pcapng);
    /// `.raw` for 16-bit little-endian 8 kHz mono; `-` for such on standard input
    #[arg(required_unless_present = "labels", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// What we said meanwhile: its echo makes no key and hides none
    #[arg(long, value_name = "FILE")]
    played: Option<PathBuf>,
    /// When we began to say it, from the beginning of the recording
    #[arg(long, value_name = "MS", requires = "played", default_value_t = 0)]
    played_at: u64,
    /// Score against labels: lines `path<TAB>digits`, relative to that file; exit 1 for any mistake
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// Draw what was heard in one file: waveform, spectrogram, paths, and what decided
    #[arg(long, value_name = "FILE.png", conflicts_with = "labels")]
    picture: Option<PathBuf>,
    /// Also tell speech, silence, call-progress and fax tones, beeps, and stretches that stayed undecided
    #[arg(long, conflicts_with = "labels")]
    events: bool,
    /// Whose tones `--events` and `--picture` look for: an ISO 3166 region
    #[arg(long, value_name = "REGION", default_value = "US")]
    tones: String,
}

impl ReplayArgs {
    /// What is to listen beside the ear; else what we said cannot be read, and why.
    fn wishes(&self) -> Result<Wishes, String> {
        let wants = self.events || self.picture.is_some();
        let events = wants.then(|| TonePlan::for_region(&self.tones));
        let played = self.played.as_deref().map(|path| {
            let samples = decode_file(path).map_err(|error| format!("{}: {error}", path.display()))?;
            Ok::<_, String>(Recording::new(samples, Samples::from_ms(self.played_at)))
        });
        Ok(Wishes { events, film: self.picture.is_some(), played: played.transpose()? })
    }
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
    let wishes = match args.wishes() {
        Ok(wishes) => wishes,
        Err(wrong) => {
            writeln!(err, "{wrong}")?;
            return Ok(WRONG_USAGE);
        }
    };
    let is_input = |file: &Path| file == Path::new("-");
    let job = Job { wishes, events: args.events, picture: args.picture.as_deref(), json };
    match (&args.labels, args.files.as_slice()) {
        (Some(labels), files) => scoring::run(labels, files, &job.wishes, json, out, err),
        (None, [file]) => {
            let source = if is_input(file) { Ok(Source::from_raw(input)) } else { Source::open(file) };
            job.replay_one(file, source, out, err)
        }
        (None, files) if files.iter().any(|file| is_input(file)) => {
            writeln!(err, "-: standard input can be heard by itself only")?;
            Ok(WRONG_USAGE)
        }
        (None, _) if args.picture.is_some() => {
            writeln!(err, "--picture: draws one file, and several are named")?;
            Ok(WRONG_USAGE)
        }
        (None, files) => job.replay_many(files, out, err),
    }
}

/// What is to be done with each file.
struct Job<'a> {
    wishes: Wishes,
    /// Whether more than keys is told.
    events: bool,
    picture: Option<&'a Path>,
    json: bool,
}

impl Job<'_> {
    /// Hears one file; every finding is told while reading goes on.
    fn replay_one(
        &self,
        file: &Path,
        source: Result<Source<'_>, SourceError>,
        out: &mut dyn Write,
        err: &mut dyn Write,
    ) -> io::Result<u8> {
        let name = file.to_string_lossy();
        let mut printer = Printer::new(&name, self.json, out);
        let mut kept: Vec<Finding> = Vec::new();
        let mut tell = |finding: &Finding, several: bool| {
            if self.picture.is_some() {
                kept.push(finding.clone());
            }
            let is_told = self.events || matches!(finding, Finding::Key(_));
            if is_told { printer.tell(finding, several) } else { Ok(()) }
        };
        let heard = match source {
            Ok(source) => hear(source, &self.wishes, &mut tell),
            Err(error) => Heard { film: None, ended: Err(error.into()) },
        };
        let code = match heard.ended {
            Ok(()) => DONE,
            Err(Stop::Output(error)) => return Err(error),
            Err(Stop::Source(error)) => {
                writeln!(err, "{}: {error}", file.display())?;
                WRONG_USAGE
            }
        };
        Ok(code.max(self.draw(&name, heard.film, &kept, err)?))
    }

    /// Draws the picture, if one is wanted and there is anything to draw.
    fn draw(
        &self,
        name: &str,
        film: Option<Film>,
        findings: &[Finding],
        err: &mut dyn Write,
    ) -> io::Result<u8> {
        let (Some(path), Some(film)) = (self.picture, film.filter(|film| !film.samples().is_empty())) else {
            return Ok(DONE);
        };
        match picture::draw(name, &film, findings, path) {
            Ok(()) => Ok(DONE),
            Err(error) => {
                writeln!(err, "{}: {error}", path.display())?;
                Ok(CANNOT_RUN)
            }
        }
    }

    /// Hears many files at once; each one's output is told whole, in the order of the arguments.
    fn replay_many(&self, files: &[PathBuf], out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
        let work = |index: usize| {
            let file: &Path = &files[index];
            let (mut told, mut wrong) = (Vec::new(), Vec::new());
            let code = self.replay_one(file, Source::open(file), &mut told, &mut wrong);
            (code, told, wrong)
        };
        let mut worst = DONE;
        many::in_order(files.len(), &many::bar(files.len()), work, |index, (code, told, wrong)| {
            if !self.json {
                writeln!(out, "# {}", files[index].display())?;
            }
            out.write_all(&told)?;
            out.flush()?;
            err.write_all(&wrong)?;
            worst = worst.max(code?);
            Ok(())
        })?;
        Ok(worst)
    }
}

//! `octothorpe replay FILE…`: recorded audio through the very ear that calls use.
//!
//! One line a digit, `DIGIT START_MS END_MS REPORT_MS`, in milliseconds of
//! audio time; an eighth of a millisecond is the finest step. Where several
//! files are given, a line `# FILE` stands before each one's digits. With
//! `--json`, one object a digit, which names its file.

mod capture;
mod finding;
mod hearing;
mod source;

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use finding::{Finding, Printer};
use hearing::Hearing;
use source::{Source, SourceError};

/// All files were heard to their end.
const DONE: u8 = 0;
/// A file could not be heard, or the command is not in this version.
const WRONG_USAGE: u8 = 2;

/// Arguments of `replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// WAV, FLAC, MP3, Ogg Vorbis; headerless G.711 (`.ulaw`, `.alaw`); a capture of a call (pcap, pcapng);
    /// `.raw` for 16-bit little-endian 8 kHz mono; `-` for such on standard input
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
        ];
        asked.into_iter().find_map(|(is_asked, name)| is_asked.then_some(name))
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
    if let Some(name) = args.not_built() {
        writeln!(err, "replay {name}: not in this version")?;
        return Ok(WRONG_USAGE);
    }
    let mut code = DONE;
    for file in &args.files {
        if args.files.len() > 1 && !json {
            writeln!(out, "# {}", file.display())?;
        }
        let name = file.to_string_lossy();
        let mut printer = Printer::new(&name, json, out);
        let source =
            if file == Path::new("-") { Ok(Source::from_raw(&mut *input)) } else { Source::open(file) };
        let heard = match source {
            Ok(source) => hear(source, &mut printer),
            Err(error) => Err(Stop::Source(error)),
        };
        match heard {
            Ok(()) => {}
            Err(Stop::Source(error)) => {
                writeln!(err, "{}: {error}", file.display())?;
                code = WRONG_USAGE;
            }
            Err(Stop::Output(error)) => return Err(error),
        }
    }
    Ok(code)
}

/// Why a file was not heard to its end.
enum Stop {
    Source(SourceError),
    Output(io::Error),
}

impl<E: Into<SourceError>> From<E> for Stop {
    fn from(error: E) -> Stop {
        Stop::Source(error.into())
    }
}

/// Tells everything that is heard in a source as soon as it is sure. What a damaged one holds before
/// its damage is heard.
fn hear(source: Source<'_>, printer: &mut Printer<'_>) -> Result<(), Stop> {
    match source {
        Source::Recording(mut recording) => {
            hear_blocks(|take| recording.next_block().map(|block| block.map(take).is_some()), printer)
        }
        Source::G711(mut octets) => {
            hear_blocks(|take| octets.next_block().map(|block| block.map(take).is_some()), printer)
        }
        Source::Capture(path) => {
            let (findings, ended) = capture::hear(&path)?;
            tell_streams(&findings, printer).map_err(Stop::Output)?;
            ended.map_or(Ok(()), |error| Err(error.into()))
        }
    }
}

/// Hears blocks of samples: `next` hands one to what it is given, and says whether there was one.
fn hear_blocks<E: Into<SourceError>>(
    mut next: impl FnMut(&mut dyn FnMut(&[i16])) -> Result<bool, E>,
    printer: &mut Printer<'_>,
) -> Result<(), Stop> {
    let mut hearing = Hearing::default();
    let mut findings: Vec<Finding> = Vec::new();
    loop {
        let more = next(&mut |block| hearing.feed(block, &mut |finding| findings.push(finding)));
        if !matches!(more, Ok(true)) {
            hearing.finish(&mut |finding| findings.push(finding));
        }
        findings.drain(..).try_for_each(|finding| printer.tell(&finding)).map_err(Stop::Output)?;
        if !more? {
            return Ok(());
        }
    }
}

/// Tells what was heard in a capture; where several of its streams held something, each is named.
fn tell_streams(findings: &[Finding], printer: &mut Printer<'_>) -> io::Result<()> {
    let several = findings.iter().any(|finding| finding.stream() != findings[0].stream());
    for finding in findings {
        if let Some(stream) = finding.stream().filter(|_| several) {
            printer.head(stream)?;
        }
        printer.tell(finding)?;
    }
    Ok(())
}

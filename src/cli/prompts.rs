//! `octothorpe prompts lint|list`: what is wrong with a pack, and what it would say.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde::Serialize;

use crate::dsp::units::Samples;
use crate::prompt::lint::{self, PackReport};
use crate::prompt::{ClipName, Pack, PackError, packs_at};

/// Done, and nothing was found.
const DONE: u8 = 0;
/// Findings were reported.
const FINDINGS: u8 = 1;
/// There is no pack to judge, or the command is not in this version.
const WRONG_USAGE: u8 = 2;

/// Arguments of `prompts`.
#[derive(Debug, Args)]
pub struct PromptsArgs {
    #[command(subcommand)]
    command: PromptsCommand,
}

#[derive(Debug, Subcommand)]
enum PromptsCommand {
    /// Tell what a person on a telephone would miss: length, level, clipping, hidden key tones
    Lint(PackArgs),
    /// Tell what a call would say
    List(PackArgs),
    /// Render clips from their texts (not in this version)
    #[command(hide = true)]
    Render {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<String>,
    },
}

/// Which pack or packs.
#[derive(Debug, Args)]
pub struct PackArgs {
    /// A pack, or a directory of packs [default: `[prompts] path` of the configuration]
    path: Option<PathBuf>,
}

/// Carries out `prompts`; `configured` is `[prompts] path`. Results go to `out`, one a line, all else
/// to `err`; the value is the exit code.
pub fn run(
    args: &PromptsArgs,
    configured: &Path,
    json: bool,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> io::Result<u8> {
    match &args.command {
        PromptsCommand::Lint(which) => run_lint(which.or(configured), json, out, err),
        PromptsCommand::List(which) => run_list(which.or(configured), json, out, err),
        PromptsCommand::Render { rest: _ } => {
            writeln!(err, "prompts render: not in this version")?;
            Ok(WRONG_USAGE)
        }
    }
}

impl PackArgs {
    fn or<'a>(&'a self, configured: &'a Path) -> &'a Path {
        self.path.as_deref().unwrap_or(configured)
    }
}

fn run_lint(path: &Path, json: bool, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    let reports = match lint::lint(path) {
        Ok(reports) => reports,
        Err(error) => return refuse(&error, err),
    };
    for report in &reports {
        for finding in &report.findings {
            if json {
                write_json(out, finding)?
            } else {
                writeln!(out, "{finding}")?
            }
        }
        writeln!(err, "{}", summary(report))?;
    }
    let clean = reports.iter().all(|report| report.findings.is_empty());
    Ok(if clean { DONE } else { FINDINGS })
}

fn summary(report: &PackReport) -> String {
    let PackReport {
        pack,
        clips,
        findings,
    } = report;
    match findings.len() {
        0 => format!("{pack}: {clips} clips, nothing found"),
        1 => format!("{pack}: {clips} clips, 1 finding"),
        many => format!("{pack}: {clips} clips, {many} findings"),
    }
}

/// One clip as `prompts list` tells it.
#[derive(Serialize)]
struct Listed<'a> {
    pack: &'a str,
    locale: &'a str,
    clip: ClipName,
    length_ms: u64,
    text: &'a str,
}

fn run_list(path: &Path, json: bool, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    let loaded = packs_at(path).and_then(|dirs| dirs.iter().map(|dir| Pack::load(dir)).collect());
    let packs: Vec<Pack> = match loaded {
        Ok(packs) => packs,
        Err(error) => return refuse(&error, err),
    };
    for listed in packs.iter().flat_map(clips_of) {
        if json {
            write_json(out, &listed)?
        } else {
            write_line(out, &listed)?
        }
    }
    Ok(DONE)
}

fn clips_of(pack: &Pack) -> impl Iterator<Item = Listed<'_>> {
    ClipName::ALL.into_iter().filter_map(|name| {
        let length = Samples(pack.clip(name)?.pcm().len() as u64);
        Some(Listed {
            pack: pack.name(),
            locale: pack.locale(),
            clip: name,
            length_ms: length.as_ms().round() as u64,
            text: pack.text(name)?,
        })
    })
}

fn write_line(out: &mut dyn Write, listed: &Listed<'_>) -> io::Result<()> {
    let Listed {
        pack,
        locale: _,
        clip,
        length_ms,
        text,
    } = listed;
    let seconds = *length_ms as f64 / 1000.0;
    writeln!(out, "{pack}/{:<22} {seconds:5.2} s  {text}", clip.as_str())
}

fn write_json(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    writeln!(out)
}

fn refuse(error: &PackError, err: &mut dyn Write) -> io::Result<u8> {
    writeln!(err, "{error}")?;
    Ok(WRONG_USAGE)
}

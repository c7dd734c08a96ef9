//! `octothorpe prompts lint|list|render|install`: what is wrong with a pack, what a call would say, and a
//! tenant's own recordings.

mod install;
mod render;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde::Serialize;

use crate::config::PromptsConfig;
use crate::dsp::units::Samples;
use crate::job::ModeKind;
use crate::prompt::lint::{self, PackReport};
use crate::prompt::{ClipName, Pack, PackError, packs_at};

/// Done, and nothing was found.
const DONE: u8 = 0;
/// Findings were reported.
const FINDINGS: u8 = 1;
/// There is no pack to judge or to hear.
const WRONG_USAGE: u8 = 2;

/// Arguments of `prompts`.
#[derive(Debug, Args)]
pub struct PromptsArgs {
    #[command(subcommand)]
    command: PromptsCommand,
}

impl PromptsArgs {
    /// Whether the packs are named, so that no configuration has to be read for them.
    pub(super) fn names_a_path(&self) -> bool {
        match &self.command {
            PromptsCommand::Lint(which) | PromptsCommand::List(which) => which.path.is_some(),
            PromptsCommand::Render(_) | PromptsCommand::Install(_) => false,
        }
    }
}

#[derive(Debug, Subcommand)]
enum PromptsCommand {
    /// Tell what a person on a telephone would miss: length, level, clipping, hidden key tones
    Lint(PackArgs),
    /// Tell what a call would say
    List(PackArgs),
    /// Take a tenant's own recording, if it is one of speech
    Install(install::InstallArgs),
    /// Tell what a call would say, and write its sound
    Render(render::RenderArgs),
}

/// Which pack or packs.
#[derive(Debug, Args)]
pub struct PackArgs {
    /// A pack, or a directory of packs [default: `[prompts] path` of the configuration]
    path: Option<PathBuf>,
}

/// Carries out `prompts`; `configured` is `[prompts]`. Results go to `out`, one a line, all else
/// to `err`; the value is the exit code.
pub fn run(
    args: &PromptsArgs,
    configured: &PromptsConfig,
    json: bool,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> io::Result<u8> {
    match &args.command {
        PromptsCommand::Lint(which) => run_lint(which.or(&configured.path), json, out, err),
        PromptsCommand::List(which) => run_list(which.or(&configured.path), json, out, err),
        PromptsCommand::Install(args) => install::run(args, &configured.tenants, out, err),
        PromptsCommand::Render(args) => render::run(args, configured, json, out, err),
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
            if json { write_json(out, finding)? } else { writeln!(out, "{finding}")? }
        }
        writeln!(err, "{}", summary(report))?;
    }
    let clean = reports.iter().all(|report| report.findings.is_empty());
    Ok(if clean { DONE } else { FINDINGS })
}

fn summary(report: &PackReport) -> String {
    let PackReport { pack, clips, unserved, findings } = report;
    let found = match findings.len() {
        0 => "nothing found".to_owned(),
        1 => "1 finding".to_owned(),
        many => format!("{many} findings"),
    };
    let lacking = |(mode, clip): &(ModeKind, ClipName)| format!("; no {} without {clip}", mode.name());
    let unserved: String = unserved.iter().map(lacking).collect();
    format!("{pack}: {clips} clips, {found}{unserved}")
}

/// One clip as `prompts list` tells it.
#[derive(Serialize)]
struct Listed<'a> {
    pack: &'a str,
    locale: &'a str,
    draft: bool,
    native_read: bool,
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
    for pack in &packs {
        for listed in clips_of(pack) {
            if json { write_json(out, &listed)? } else { write_line(out, &listed)? }
        }
        if let Some(marks) = marks(pack) {
            writeln!(err, "{}: {marks}", pack.name())?;
        }
    }
    Ok(DONE)
}

/// What a listener has to know of a pack's standing.
fn marks(pack: &Pack) -> Option<&'static str> {
    match (pack.is_draft(), pack.is_native_read()) {
        (false, true) => None,
        (true, true) => Some("a draft: better audio is to replace it"),
        (false, false) => Some("not yet read by a native speaker"),
        (true, false) => Some("a draft: better audio is to replace it; not yet read by a native speaker"),
    }
}

fn clips_of(pack: &Pack) -> impl Iterator<Item = Listed<'_>> {
    ClipName::ALL.into_iter().filter_map(|name| {
        let length = Samples(pack.clip(name)?.pcm().len() as u64);
        Some(Listed {
            pack: pack.name(),
            locale: pack.locale(),
            draft: pack.is_draft(),
            native_read: pack.is_native_read(),
            clip: name,
            length_ms: length.as_ms().round() as u64,
            text: pack.text(name)?,
        })
    })
}

fn write_line(out: &mut dyn Write, listed: &Listed<'_>) -> io::Result<()> {
    let Listed { pack, locale: _, draft: _, native_read: _, clip, length_ms, text } = listed;
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

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Command {
        #[command(flatten)]
        prompts: PromptsArgs,
    }

    /// Exit code, standard output and standard error of `prompts` over the shipped packs.
    pub(super) fn told(args: &[&str], json: bool) -> (u8, String, String) {
        let configured = PromptsConfig { path: shipped("").into(), ..PromptsConfig::default() };
        told_with(&configured, args, json)
    }

    pub(super) fn told_with(configured: &PromptsConfig, args: &[&str], json: bool) -> (u8, String, String) {
        let command = Command::parse_from(["prompts"].iter().chain(args));
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = run(&command.prompts, configured, json, &mut out, &mut err).unwrap();
        (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    }

    pub(super) fn shipped(pack: &str) -> String {
        format!("{}/prompts/{pack}", env!("CARGO_MANIFEST_DIR"))
    }

    /// Contract, section 5: exit 0 done, 1 findings were reported, 2 wrong usage.
    #[test]
    fn lint_of_the_configured_packs_is_silent_and_done() {
        let (code, out, err) = told(&["lint"], false);
        assert_eq!((code, out.as_str()), (DONE, ""));
        assert_eq!(err.lines().count(), 12, "{err}");
        assert!(err.lines().all(|line| line.ends_with(": 42 clips, nothing found")), "{err}");
    }

    #[test]
    fn findings_are_told_one_a_line_and_by_the_exit_code() {
        let dir = std::env::temp_dir().join(format!("octothorpe-lint-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let manifest = "locale = 'en'\nvoice = 'none'\nlicence = 'MIT'\nfraud_key = '0'\n[clips]\n";
        std::fs::write(dir.join("pack.toml"), manifest).unwrap();
        let path = dir.to_str().unwrap();
        let (code, out, err) = told(&["lint", path], false);
        let (_, json, _) = told(&["lint", path], true);
        std::fs::remove_dir_all(&dir).unwrap();
        assert_eq!((code, out.lines().count()), (FINDINGS, 4), "{out}");
        assert!(err.contains("0 clips, 4 findings; no confirm without instruction; no challenge"), "{err}");
        let first: serde_json::Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
        assert_eq!((&first["clip"], &first["check"]), (&"context_sign_in".into(), &"missing".into()));
    }

    #[test]
    fn a_path_without_a_pack_is_wrong_usage_and_names_the_remedy() {
        let (code, out, err) = told(&["lint", "src"], false);
        assert_eq!((code, out.as_str()), (WRONG_USAGE, ""));
        assert!(err.contains("no pack here; give a directory with a pack.toml"), "{err}");
    }

    #[test]
    fn list_tells_what_a_call_would_say() {
        let (code, out, _) = told(&["list", &shipped("en-US")], false);
        assert_eq!((code, out.lines().count()), (DONE, 42));
        let first = out.lines().next().unwrap();
        assert!(first.starts_with("en-US/context_sign_in "), "{first}");
        assert!(first.ends_with(" s  Hello, this is your sign-in verification call."), "{first}");
    }

    /// Nobody is to take a robot's voice, or words that no native speaker has read, for finished work.
    #[test]
    fn drafts_and_texts_that_no_native_speaker_has_read_are_marked() {
        let (_, _, err) = told(&["list", &shipped("de")], false);
        assert_eq!(err, "de: a draft: better audio is to replace it; not yet read by a native speaker\n");
        let (_, _, err) = told(&["list", &shipped("fr")], false);
        assert_eq!(err, "fr: not yet read by a native speaker\n");
        let (_, out, _) = told(&["list", &shipped("de")], true);
        let listed: serde_json::Value = serde_json::from_str(out.lines().next().unwrap()).unwrap();
        assert_eq!((&listed["draft"], &listed["native_read"]), (&true.into(), &false.into()));
    }

    /// Contract, section 5: `--json` is one JSON object a line.
    #[test]
    fn json_is_one_object_a_line() {
        let (_, out, _) = told(&["list", &shipped("en-US")], true);
        for line in out.lines() {
            let listed: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!(listed["locale"], "en-US");
            assert!(listed["length_ms"].as_u64().unwrap() > 300, "{listed}");
        }
    }
}

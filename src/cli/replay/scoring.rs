//! `--labels`: recordings scored against what was pressed in them.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::finding::Finding;
use super::hearing::Wishes;
use super::input::{Stop, hear};
use super::labels::{self, Label};
use super::many;
use super::score::Score;
use super::source::{Source, SourceError};
use super::{DONE, MISTAKES, WRONG_USAGE};

/// One recording's score as `--json` tells it.
#[derive(Serialize)]
struct FileObject<'a> {
    file: &'a str,
    expected: &'a str,
    heard: &'a str,
    #[serde(flatten)]
    score: Score,
}

/// The last object of `--json`.
#[derive(Serialize)]
struct SummaryObject {
    summary: Summary,
}

/// All recordings together.
#[derive(Serialize)]
struct Summary {
    files: usize,
    /// Files that could not be heard to their end.
    failed: usize,
    keys: usize,
    #[serde(flatten)]
    score: Score,
}

/// Scores the labelled recordings, or those of them that `files` names; tells one line each and a last
/// one for all. The value is the exit code.
pub(super) fn run(
    labels_file: &Path,
    files: &[PathBuf],
    wishes: &Wishes,
    json: bool,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> io::Result<u8> {
    let labels = labels::read(labels_file).and_then(|all| labels::chosen(all, files, labels_file));
    let labels = match labels {
        Ok(labels) => labels,
        Err(error) => {
            writeln!(err, "{error}")?;
            return Ok(WRONG_USAGE);
        }
    };
    let mut summary = Summary { files: labels.len(), failed: 0, keys: 0, score: Score::default() };
    let bar = many::bar(labels.len());
    many::in_order(
        labels.len(),
        &bar,
        |index| heard_in(&labels[index].path, wishes),
        |index, (heard, failed)| {
            let label = &labels[index];
            let score = Score::of(&label.digits, &heard);
            summary.add(label, &score, failed.is_some());
            tell(label, &heard, score, json, out)?;
            failed.map_or(Ok(()), |error| writeln!(err, "{}: {error}", label.path.display()))
        },
    )?;
    summary.tell(json, out)?;
    Ok(match (summary.failed, summary.score.is_clean()) {
        (0, true) => DONE,
        (0, false) => MISTAKES,
        (1.., _) => WRONG_USAGE,
    })
}

/// The keys heard in a file, in order, and why it was not heard to its end, if so.
fn heard_in(path: &Path, wishes: &Wishes) -> (String, Option<SourceError>) {
    let mut keys = Vec::new();
    let ended = Source::open(path).map_err(Stop::from).and_then(|source| {
        let mut tell = |finding: &Finding, _| {
            match finding {
                Finding::Key(key) => keys.push((key.first.report, key.digit)),
                Finding::Undecided { .. } | Finding::Sound { .. } => {}
            }
            Ok(())
        };
        hear(source, wishes, &mut tell).ended
    });
    keys.sort_by_key(|(report, _)| *report);
    let failed = match ended {
        Ok(()) => None,
        Err(Stop::Source(error)) => Some(error),
        Err(Stop::Output(error)) => Some(crate::audio::AudioError::Io(error).into()),
    };
    (keys.into_iter().map(|(_, digit)| digit).collect(), failed)
}

fn tell(label: &Label, heard: &str, score: Score, json: bool, out: &mut dyn Write) -> io::Result<()> {
    let Label { name, path: _, digits } = label;
    if json {
        return write_json(out, &FileObject { file: name, expected: digits, heard, score });
    }
    let word = if score.is_clean() { "ok" } else { "MISTAKES" };
    writeln!(out, "{word} {name}: expected {}, heard {}: {score}", shown(digits), shown(heard))
}

fn shown(digits: &str) -> &str {
    if digits.is_empty() { "nothing" } else { digits }
}

impl Summary {
    fn add(&mut self, label: &Label, score: &Score, failed: bool) {
        self.keys += label.digits.len();
        self.failed += usize::from(failed);
        self.score.add(score);
    }

    fn tell(&self, json: bool, out: &mut dyn Write) -> io::Result<()> {
        let Summary { files, failed, keys, score } = *self;
        if json {
            return write_json(out, &SummaryObject { summary: Summary { files, failed, keys, score } });
        }
        let failed = if failed > 0 { format!(" ({failed} not heard to their end)") } else { String::new() };
        writeln!(out, "{files} files{failed}, {keys} keys: {score}")
    }
}

fn write_json(out: &mut dyn Write, object: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, object)?;
    writeln!(out)
}

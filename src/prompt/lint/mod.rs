//! `prompts lint`: what a person on a telephone would miss in a pack.

mod measure;
mod sound;

use std::fmt;
use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;

pub(super) use sound::keys_in;

use serde::Serialize;

use super::library::packs_at;
use super::manifest::{ClipEntry, MANIFEST_FILE, Manifest};
use super::name::ClipName;
use super::pack::{PackError, name_of, read_pcm};
use crate::dsp::units::Samples;
use crate::job::ModeKind;

/// A context says who calls and what is being confirmed in this time (contract, section 1).
const CONTEXT: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(3);
/// Context and instruction together; also the most for any other clip. Three sayings of this length,
/// each with 6 s of waiting, and a farewell end within the 60 s of an unanswered call.
const SAYING_MAX: Duration = Duration::from_secs(8);

/// What was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// A clip that every pack needs is not there.
    Missing,
    /// A clip has no text beside it: nobody can tell what a call says.
    Text,
    /// The audio cannot be decoded, or holds nothing.
    Unreadable,
    /// Too short or too long.
    Length,
    /// The active speech level is not that of the other clips and of telephony.
    Level,
    /// The highest sample leaves too little room for the codecs of the way.
    Peak,
    /// The recording was cut off at its highest level.
    Clipping,
    /// The samples do not average to zero.
    Dc,
    /// Most of the sound lies where a telephone carries none.
    Bandwidth,
    /// The clip begins or ends in the middle of a sound.
    Cut,
    /// Our own ear hears a key in it.
    Key,
}

/// One finding, for one clip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The pack's name.
    pub pack: String,
    /// The clip.
    pub clip: ClipName,
    /// What was looked at.
    pub check: Check,
    /// What was found, what is wanted, and the remedy.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}: {}", self.pack, self.clip, self.message)
    }
}

/// All findings of one pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackReport {
    /// The pack's name.
    pub pack: String,
    /// How many clips it holds.
    pub clips: usize,
    /// The modes that it does not serve, each with the first clip that it lacks for it: no finding, but a
    /// job in that mode ends as `prompt_missing`.
    pub unserved: Vec<(ModeKind, ClipName)>,
    /// What was found, clip by clip.
    pub findings: Vec<Finding>,
}

/// Lints the pack at `path`, or every pack in the directory `path`.
///
/// An error means that there is no pack to judge: no manifest, or one that cannot be read.
pub fn lint(path: &Path) -> Result<Vec<PackReport>, PackError> {
    packs_at(path)?.iter().map(|dir| lint_pack(dir)).collect()
}

fn lint_pack(dir: &Path) -> Result<PackReport, PackError> {
    let manifest = Manifest::read(dir)?;
    let pack = name_of(dir);
    let mut found = Found::default();
    let lengths = ClipName::ALL.map(|name| lint_entry(dir, name, manifest.clips.get(&name), &mut found));
    lint_sayings(&lengths, &mut found);
    lint_hash_name(&manifest, &mut found);
    let findings = found
        .0
        .into_iter()
        .map(|(clip, check, message)| Finding { pack: pack.clone(), clip, check, message })
        .collect();
    let lacks = |mode: ModeKind| {
        ClipName::needed_by(mode).find(|name| !manifest.clips.contains_key(name)).map(|name| (mode, name))
    };
    let unserved = ModeKind::ALL.into_iter().filter_map(lacks).collect();
    Ok(PackReport { pack, clips: manifest.clips.len(), unserved, findings })
}

/// Findings as they come, before they bear the pack's name.
#[derive(Default)]
struct Found(Vec<(ClipName, Check, String)>);

impl Found {
    fn add(&mut self, clip: ClipName, check: Check, message: impl Into<String>) {
        self.0.push((clip, check, message.into()));
    }
}

/// Lints one clip; its length, if its audio can be read.
fn lint_entry(dir: &Path, name: ClipName, entry: Option<&ClipEntry>, found: &mut Found) -> Option<Duration> {
    let Some(entry) = entry else {
        if !name.is_optional() {
            let problem = PackError::MissingClip { path: dir.join(MANIFEST_FILE), name };
            found.add(name, Check::Missing, problem.to_string());
        }
        return None;
    };
    if entry.text.trim().is_empty() {
        found.add(name, Check::Text, format!("no text; write what is spoken into [clips.{name}] text"));
    }
    match read_pcm(&dir.join(&entry.file)) {
        Ok(pcm) => {
            sound::lint(&pcm, |check, message| found.add(name, check, message));
            let length = length_of(&pcm);
            lint_length(name, length, found);
            Some(length)
        }
        Err(problem) => {
            found.add(name, Check::Unreadable, problem.to_string());
            None
        }
    }
}

fn lint_length(name: ClipName, length: Duration, found: &mut Found) {
    let seconds = length.as_secs_f64();
    if name.is_context() && !CONTEXT.contains(&length) {
        found.add(name, Check::Length, format!("{seconds:.2} s long; a context takes 1 to 3 s"));
    } else if length > SAYING_MAX {
        found.add(name, Check::Length, format!("{seconds:.2} s long; no clip takes more than 8 s"));
    }
}

/// A person looks for the key by its name in the language of the call.
fn lint_hash_name(manifest: &Manifest, found: &mut Found) {
    let Some(hash_name) = &manifest.hash_name else {
        return;
    };
    for (name, entry) in manifest.clips.iter().filter(|(name, _)| name.is_instruction()) {
        if !entry.text.contains(hash_name) {
            found.add(*name, Check::Text, format!("its text does not name the # key as {hash_name:?}"));
        }
    }
}

/// `lengths` in the order of [`ClipName::ALL`].
fn lint_sayings(lengths: &[Option<Duration>], found: &mut Found) {
    let measured: Vec<(ClipName, Duration)> = ClipName::ALL
        .into_iter()
        .zip(lengths)
        .filter_map(|(name, length)| Some((name, (*length)?)))
        .collect();
    for &(context, opening) in measured.iter().filter(|(name, _)| name.is_context()) {
        for &(instruction, length) in measured.iter().filter(|(name, _)| name.is_instruction()) {
            let whole = opening + length;
            if whole > SAYING_MAX {
                let seconds = whole.as_secs_f64();
                let message = format!("{seconds:.2} s with {instruction}; a saying takes at most 8 s");
                found.add(context, Check::Length, message);
            }
        }
    }
}

fn length_of(pcm: &[i16]) -> Duration {
    Samples(pcm.len() as u64).as_duration()
}

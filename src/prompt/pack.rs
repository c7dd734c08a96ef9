//! One pack, decoded and encoded, ready for any number of calls.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::manifest::{ClipEntry, MANIFEST_FILE, Manifest};
use super::name::ClipName;
use crate::audio::{self, AudioError};
use crate::clip::Clip;
use crate::job::{ModeKind, Purpose};

/// One voice in one language: every required clip, and the optional ones it has.
#[derive(Debug, Clone)]
pub struct Pack {
    name: String,
    locale: String,
    draft: bool,
    native_read: bool,
    fraud_key: char,
    lines: BTreeMap<ClipName, Line>,
}

#[derive(Debug, Clone)]
struct Line {
    clip: Arc<Clip>,
    text: String,
}

/// Why a pack cannot be used; each message names the file and the remedy.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// A file or directory cannot be read.
    #[error("{path}: {source}; make it readable, or point `[prompts] path` elsewhere", path = path.display())]
    Unreadable {
        /// Which one.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// `pack.toml` is not as it has to be.
    #[error("{path}: {problem}", path = path.display())]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong with it, with its line where there is one, and what is expected.
        problem: String,
    },
    /// A clip that every pack needs is not in the manifest.
    #[error("{path}: the clip {name} is missing; add [clips.{name}] with its file and text", path = path.display())]
    MissingClip {
        /// The manifest.
        path: PathBuf,
        /// The clip.
        name: ClipName,
    },
    /// A clip's audio cannot be decoded.
    #[error("{path}: {source}; record or render it again as mono WAV or FLAC", path = path.display())]
    Audio {
        /// The audio file.
        path: PathBuf,
        /// What the decoder says.
        source: AudioError,
    },
    /// A clip's audio holds no sample.
    #[error("{path}: there is no audio in it; record or render it again, or leave it out where it is optional", path = path.display())]
    Empty {
        /// The audio file.
        path: PathBuf,
    },
    /// A directory holds no pack.
    #[error("{path}: no pack here; give a directory with a {MANIFEST_FILE}, or one of such", path = path.display())]
    NoPack {
        /// The directory.
        path: PathBuf,
    },
    /// No pack speaks the default locale.
    #[error("{path}: no pack for the default locale {locale}; add {path}/{locale}/pack.toml", path = path.display())]
    NoDefault {
        /// The directory of packs.
        path: PathBuf,
        /// The default locale.
        locale: String,
    },
}

impl Pack {
    /// Reads a pack's manifest and all its audio. Takes some milliseconds a clip: for the start only.
    pub fn load(dir: &Path) -> Result<Pack, PackError> {
        let manifest = Manifest::read(dir)?;
        let missing = |name: &ClipName| !name.is_optional() && !manifest.clips.contains_key(name);
        if let Some(name) = ClipName::ALL.into_iter().find(missing) {
            return Err(PackError::MissingClip { path: dir.join(MANIFEST_FILE), name });
        }
        let lines = manifest
            .clips
            .into_iter()
            .map(|(name, entry)| Ok((name, Line::load(dir, name, entry)?)))
            .collect::<Result<_, PackError>>()?;
        let Manifest { locale, draft, native_read, fraud_key, .. } = manifest;
        Ok(Pack { name: name_of(dir), locale, draft, native_read, fraud_key, lines })
    }

    /// The pack's name: that of its directory.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The language it speaks, a BCP 47 tag as its manifest writes it.
    pub fn locale(&self) -> &str {
        &self.locale
    }

    /// Whether the audio is for trying only, and better audio is to replace it.
    pub fn is_draft(&self) -> bool {
        self.draft
    }

    /// Whether somebody who grew up with the language has read the texts.
    pub fn is_native_read(&self) -> bool {
        self.native_read
    }

    /// The digit that its instruction names for reporting fraud; `[script] fraud_key` has to be the same.
    pub fn fraud_key(&self) -> char {
        self.fraud_key
    }

    /// One saying of a mode that the pack serves, in order: the context for this purpose, then the
    /// instruction. The gate opens when the last sample of the first has been sent.
    pub fn saying(&self, purpose: Purpose, mode: ModeKind) -> [Arc<Clip>; 2] {
        let instruction = self.clip(ClipName::instruction_for(mode)).cloned();
        let plainest = || self.required(ClipName::Instruction);
        [self.required(ClipName::context_for(purpose)), instruction.unwrap_or_else(plainest)]
    }

    /// The first clip that it lacks to serve a mode; `None`: it serves it.
    pub fn lacks(&self, mode: ModeKind) -> Option<ClipName> {
        ClipName::needed_by(mode).find(|name| self.clip(*name).is_none())
    }

    /// The first clip that it lacks to ask for two spoken digits, without which nobody is verified on an
    /// unclean call.
    pub fn lacks_spoken(&self) -> Option<ClipName> {
        ClipName::needed_to_ask().find(|name| self.clip(*name).is_none())
    }

    /// A clip by name; `None` for an optional one that this pack leaves out.
    pub fn clip(&self, name: ClipName) -> Option<&Arc<Clip>> {
        self.lines.get(&name).map(|line| &line.clip)
    }

    /// The words of a clip, as its manifest writes them.
    pub fn text(&self, name: ClipName) -> Option<&str> {
        self.lines.get(&name).map(|line| line.text.as_str())
    }

    /// Puts another recording in a clip's place.
    pub(super) fn replace(&mut self, name: ClipName, clip: Arc<Clip>, text: &str) {
        self.lines.insert(name, Line { clip, text: text.to_owned() });
    }

    /// Has every context begin with the caller's name. Joined here, once, so that a call still hears one
    /// clip whose end opens the gate.
    pub(super) fn name_the_caller(&mut self, name: &[i16]) {
        for (clip, line) in self.lines.iter_mut().filter(|(clip, _)| clip.is_context()) {
            let pcm = [name, line.clip.pcm()].concat();
            let text = format!("(own name) {}", line.text);
            *line = Line { clip: Arc::new(Clip::new(clip.as_str(), pcm)), text };
        }
    }

    fn required(&self, name: ClipName) -> Arc<Clip> {
        Arc::clone(self.clip(name).expect("Pack::load refuses a pack without a required clip"))
    }
}

impl Line {
    fn load(dir: &Path, name: ClipName, entry: ClipEntry) -> Result<Line, PackError> {
        let pcm = read_pcm(&dir.join(entry.file))?;
        Ok(Line { clip: Arc::new(Clip::new(name.as_str(), pcm)), text: entry.text })
    }
}

/// A clip's audio as 8 kHz mono samples.
pub(super) fn read_pcm(path: &Path) -> Result<Vec<i16>, PackError> {
    let pcm =
        audio::decode_file(path).map_err(|source| PackError::Audio { path: path.to_owned(), source })?;
    if pcm.is_empty() {
        return Err(PackError::Empty { path: path.to_owned() });
    }
    Ok(pcm)
}

/// The directory's own name, also where the path ends in `.` or goes through a link.
pub(super) fn name_of(dir: &Path) -> String {
    let full = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    full.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

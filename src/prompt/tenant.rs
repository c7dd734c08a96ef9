//! A tenant's own voice: its name, said before the context, and its own recordings of a pack's clips.
//!
//! They lie in `tenants/NAME/LOCALE/CLIP.wav` (or `.flac`, `.mp3`) beside the configuration; the clip
//! `name` is the tenant's name. They are heard only where the pack that a job hears speaks the same
//! language.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use super::greeting::{GreetingError, read_greeting};
use super::name::ClipName;
use super::pack::Pack;
use crate::clip::Clip;
use crate::locale;

/// What a tenant may record itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OwnClip {
    /// Its name, at most 2 s.
    Name,
    /// A clip in place of the pack's.
    Of(ClipName),
}

/// Why a tenant's recordings cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {problem}", path = path.display())]
pub struct TenantError {
    path: PathBuf,
    problem: String,
}

/// A tenant's recordings in one language.
#[derive(Debug, Clone)]
struct Spoken {
    locale: String,
    clips: BTreeMap<OwnClip, Vec<i16>>,
}

/// All recordings of one tenant.
#[derive(Debug, Clone, Default)]
pub(super) struct TenantVoice {
    languages: Vec<Spoken>,
}

impl FromStr for OwnClip {
    type Err = String;

    fn from_str(word: &str) -> Result<OwnClip, String> {
        if word == "name" {
            return Ok(OwnClip::Name);
        }
        let named = ClipName::ALL.into_iter().find(|name| name.as_str() == word);
        named.map(OwnClip::Of).ok_or_else(|| {
            format!("{word:?} is no clip; write name, or one that `prompts list` names, as context_sign_in")
        })
    }
}

impl OwnClip {
    /// The word for it in a file's name.
    pub fn as_str(self) -> &'static str {
        match self {
            OwnClip::Name => "name",
            OwnClip::Of(clip) => clip.as_str(),
        }
    }
}

impl TenantVoice {
    /// Reads `dir`, one directory a language.
    pub(super) fn load(dir: &Path) -> Result<TenantVoice, TenantError> {
        let dirs = entries(dir)?;
        let languages = dirs.iter().filter(|path| path.is_dir()).map(|path| Spoken::load(path));
        Ok(TenantVoice { languages: languages.collect::<Result<_, _>>()? })
    }

    /// The languages in which it has recordings, but neither of its name nor of a context, which may say
    /// it.
    pub(super) fn nameless(&self) -> impl Iterator<Item = &str> {
        let says_it = |own: &OwnClip| match own {
            OwnClip::Name => true,
            OwnClip::Of(clip) => clip.is_context(),
        };
        let nameless = move |spoken: &&Spoken| !spoken.clips.keys().any(says_it);
        self.languages.iter().filter(nameless).map(|spoken| spoken.locale.as_str())
    }

    /// The pack with this tenant's recordings in it; `None` if it has none in the pack's language.
    pub(super) fn voiced(&self, pack: &Pack) -> Option<Pack> {
        let tags: Vec<&str> = self.languages.iter().map(|spoken| spoken.locale.as_str()).collect();
        let spoken = &self.languages[locale::lookup(pack.locale(), &tags)?];
        let mut voiced = pack.clone();
        for (own, pcm) in &spoken.clips {
            if let OwnClip::Of(name) = own {
                voiced.replace(*name, clip(*name, pcm.clone()), "(own recording)");
            }
        }
        if let Some(name) = spoken.clips.get(&OwnClip::Name) {
            voiced.name_the_caller(name);
        }
        Some(voiced)
    }
}

fn clip(name: ClipName, pcm: Vec<i16>) -> Arc<Clip> {
    Arc::new(Clip::new(name.as_str(), pcm))
}

impl Spoken {
    fn load(dir: &Path) -> Result<Spoken, TenantError> {
        let wrong = |path: &Path, problem: String| TenantError { path: path.to_owned(), problem };
        let locale = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !locale::is_well_formed(&locale) {
            return Err(wrong(dir, format!("{locale:?} is no language tag; name it as en-US")));
        }
        let mut clips = BTreeMap::new();
        for path in entries(dir)? {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let own = OwnClip::from_str(&stem).map_err(|problem| wrong(&path, problem))?;
            let refused = |error: GreetingError| wrong(&path, error.to_string());
            let pcm = read_greeting(&path, own).map_err(refused)?;
            if clips.insert(own, pcm).is_some() {
                return Err(wrong(&path, format!("another file is {stem} too; take one away")));
            }
        }
        Ok(Spoken { locale, clips })
    }
}

/// What a directory holds, in the order of names, without hidden files.
pub(super) fn entries(dir: &Path) -> Result<Vec<PathBuf>, TenantError> {
    let unreadable = |error: std::io::Error| TenantError {
        path: dir.to_owned(),
        problem: format!("{error}; make it readable, or take it away"),
    };
    let mut paths = Vec::new();
    for entry in fs::read_dir(dir).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if !path.file_name().unwrap_or_default().to_string_lossy().starts_with('.') {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

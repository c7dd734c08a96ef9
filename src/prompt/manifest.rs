//! `pack.toml`: what a pack says of itself.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;

use super::name::ClipName;
use super::pack::PackError;
use crate::locale;

/// The file that makes a directory a pack.
pub const MANIFEST_FILE: &str = "pack.toml";

/// `pack.toml` as written; unknown keys are refused with their line.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The language spoken, a BCP 47 tag.
    pub locale: String,
    /// Who speaks: model and voice, or a person.
    pub voice: String,
    /// The licence of the audio, an SPDX expression.
    pub licence: String,
    /// The command that made the audio, if a program did.
    pub render: Option<String>,
    /// Whether the audio is for trying only, and better audio is to replace it.
    #[serde(default)]
    pub draft: bool,
    /// Whether somebody who grew up with the language has read the texts.
    #[serde(default)]
    pub native_read: bool,
    /// The digit that the instruction names for reporting fraud.
    pub fraud_key: char,
    /// What the instructions call the `#` key, as they say it.
    pub hash_name: Option<String>,
    /// The clips there are.
    pub clips: BTreeMap<ClipName, ClipEntry>,
}

/// One clip of a manifest.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClipEntry {
    /// The audio's file name beside the manifest.
    pub file: PathBuf,
    /// The words spoken.
    #[serde(default)]
    pub text: String,
    /// For the renderer: the words as the voice has to be given them, where the text misleads it.
    pub spoken: Option<String>,
    /// For the renderer: silence in front of the speech, in milliseconds.
    pub gap_ms: Option<u32>,
    /// For the renderer: the speed of speech, 1 being the voice's own.
    pub speed: Option<f32>,
}

impl Manifest {
    /// Reads and checks `dir/pack.toml`; the audio is not looked at.
    pub fn read(dir: &Path) -> Result<Manifest, PackError> {
        let path = dir.join(MANIFEST_FILE);
        let written = fs::read_to_string(&path)
            .map_err(|source| PackError::Unreadable { path: path.clone(), source })?;
        let manifest: Manifest = toml::from_str(&written)
            .map_err(|error| PackError::Manifest { path: path.clone(), problem: error.to_string() })?;
        match manifest.problem() {
            Some(problem) => Err(PackError::Manifest { path, problem }),
            None => Ok(manifest),
        }
    }

    fn problem(&self) -> Option<String> {
        if !locale::is_well_formed(&self.locale) {
            return Some(format!("locale = {:?} is no language tag; write one like \"en-US\"", self.locale));
        }
        if !self.fraud_key.is_ascii_digit() {
            return Some(format!(
                "fraud_key = {:?} is no digit; write the one that is spoken",
                self.fraud_key
            ));
        }
        let (name, entry) = self.clips.iter().find(|(_, entry)| !is_plain_name(&entry.file))?;
        Some(format!(
            "[clips.{name}] file = {:?} is not beside the manifest; write a file name without a path",
            entry.file
        ))
    }
}

/// A pack may come from a tenant, so it names no file outside its own directory.
fn is_plain_name(file: &Path) -> bool {
    let mut components = file.components();
    matches!(components.next(), Some(Component::Normal(_))) && components.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pack_cannot_name_a_file_outside_its_directory() {
        for file in ["", ".", "..", "/etc/passwd", "../en-US/thanks.flac", "a/b.flac", "./a/../b.flac"] {
            assert!(!is_plain_name(Path::new(file)), "{file:?}");
        }
        assert!(is_plain_name(Path::new("thanks.flac")));
    }
}

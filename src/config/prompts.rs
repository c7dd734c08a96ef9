//! `[prompts]`: where the packs lie.

use std::path::PathBuf;

use super::source::Source;
use super::written;

/// Where the prompt packs lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromptsConfig {
    /// The directory that holds one directory a pack.
    pub path: PathBuf,
}

impl PromptsConfig {
    pub(super) fn check(written: written::Prompts, source: &Source) -> PromptsConfig {
        PromptsConfig { path: source.path(written.path.as_ref().map_or("../prompts", |path| path.get_ref())) }
    }
}

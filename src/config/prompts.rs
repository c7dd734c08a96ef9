//! `[prompts]`: where the packs lie.

use std::path::PathBuf;

use super::source::Source;
use super::written;

/// Where the prompt packs lie.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PromptsConfig {
    /// The directory that holds one directory a pack.
    pub path: PathBuf,
    /// The directory `tenants/` beside the gateway's file: in it one directory a tenant with recordings
    /// of its own.
    pub tenants: PathBuf,
}

impl PromptsConfig {
    pub(super) fn check(written: written::Prompts, source: &Source) -> PromptsConfig {
        let path = written.path.as_ref().map_or("../prompts", |path| path.get_ref());
        PromptsConfig { path: source.path(path), tenants: source.path("tenants") }
    }
}

//! All packs of a directory, and which one a job hears.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::locale;
use super::manifest::MANIFEST_FILE;
use super::pack::{Pack, PackError};

/// Every pack under `[prompts] path`, loaded.
///
/// A pack whose directory is named by its locale (`en-US/`) is that language's shared pack; any other
/// is reached by its name only, so that one tenant's voice is never heard by another's users.
#[derive(Debug, Clone)]
pub struct Library {
    packs: Vec<Arc<Pack>>,
    default: Arc<Pack>,
}

impl Library {
    /// Loads each sub-directory of `path` that holds a `pack.toml`; one of them has to be shared and
    /// speak `default_locale`.
    pub fn load(path: &Path, default_locale: &str) -> Result<Library, PackError> {
        let packs = pack_dirs(path)?
            .iter()
            .map(|dir| Pack::load(dir).map(Arc::new))
            .collect::<Result<Vec<_>, _>>()?;
        let default = packs
            .iter()
            .find(|pack| is_shared(pack) && pack.locale().eq_ignore_ascii_case(default_locale))
            .cloned()
            .ok_or_else(|| PackError::NoDefault {
                path: path.to_owned(),
                locale: default_locale.to_owned(),
            })?;
        Ok(Library { packs, default })
    }

    /// All packs, by name.
    pub fn packs(&self) -> &[Arc<Pack>] {
        &self.packs
    }

    /// The pack with this name; `None` ends a job as `prompt_missing`.
    pub fn named(&self, name: &str) -> Option<&Arc<Pack>> {
        self.packs.iter().find(|pack| pack.name() == name)
    }

    /// The shared pack that speaks `wanted` best: the same tag, else its language, else the default.
    pub fn for_locale(&self, wanted: &str) -> &Arc<Pack> {
        // The default stands first, so that it wins among regions of one language.
        let shared: Vec<&Arc<Pack>> =
            std::iter::once(&self.default).chain(self.packs.iter().filter(|pack| is_shared(pack))).collect();
        let tags: Vec<&str> = shared.iter().map(|pack| pack.locale()).collect();
        locale::lookup(wanted, &tags).map_or(&self.default, |at| shared[at])
    }

    /// The pack of a job that asks for no locale and no pack.
    pub fn default_pack(&self) -> &Arc<Pack> {
        &self.default
    }
}

/// The pack at `path` itself, or every pack in the directory `path`, by name; at least one.
pub fn packs_at(path: &Path) -> Result<Vec<PathBuf>, PackError> {
    if path.join(MANIFEST_FILE).exists() {
        return Ok(vec![path.to_owned()]);
    }
    match pack_dirs(path)? {
        none if none.is_empty() => Err(PackError::NoPack { path: path.to_owned() }),
        dirs => Ok(dirs),
    }
}

fn pack_dirs(path: &Path) -> Result<Vec<PathBuf>, PackError> {
    let unreadable = |source| PackError::Unreadable { path: path.to_owned(), source };
    let mut dirs = Vec::new();
    for entry in fs::read_dir(path).map_err(unreadable)? {
        let dir = entry.map_err(unreadable)?.path();
        if dir.join(MANIFEST_FILE).exists() {
            dirs.push(dir);
        }
    }
    dirs.sort();
    Ok(dirs)
}

fn is_shared(pack: &Pack) -> bool {
    pack.name().eq_ignore_ascii_case(pack.locale())
}

//! All packs of a directory, and which one a job hears.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::manifest::MANIFEST_FILE;
use super::pack::{Pack, PackError, name_of};
use super::tenant::{self, TenantError, TenantVoice};
use crate::locale;

/// What is spoken where neither the job nor its tenant says otherwise.
pub const DEFAULT_LOCALE: &str = "en-US";

/// Every pack under `[prompts] path`, loaded.
///
/// A pack whose directory is named by its locale (`en-US/`) is that language's shared pack; any other
/// is reached by its name only, so that one tenant's voice is never heard by another's users.
#[derive(Debug, Clone)]
pub struct Library {
    packs: Vec<Arc<Pack>>,
    default: Arc<Pack>,
    /// By tenant and pack: the packs in which a tenant's own recordings stand.
    voiced: BTreeMap<(String, String), Arc<Pack>>,
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
        Ok(Library { packs, default, voiced: BTreeMap::new() })
    }

    /// Adds every tenant's own recordings: `path` holds one directory a tenant, and may be missing.
    pub fn with_tenants(mut self, path: &Path) -> Result<Library, TenantError> {
        for (tenant, voice) in tenant_voices(path)? {
            for pack in &self.packs {
                if let Some(voiced) = voice.voiced(pack) {
                    self.voiced.insert((tenant.clone(), pack.name().to_owned()), Arc::new(voiced));
                }
            }
        }
        Ok(self)
    }

    /// The pack as this tenant's users hear it.
    pub fn as_heard_by(&self, tenant: &str, pack: &Arc<Pack>) -> Arc<Pack> {
        let voiced = self.voiced.get(&(tenant.to_owned(), pack.name().to_owned()));
        Arc::clone(voiced.unwrap_or(pack))
    }

    /// All packs, by name.
    pub fn packs(&self) -> &[Arc<Pack>] {
        &self.packs
    }

    /// The pack with this name; `None` ends a job as `prompt_missing`.
    pub fn named(&self, name: &str) -> Option<&Arc<Pack>> {
        self.packs.iter().find(|pack| pack.name() == name)
    }

    /// The shared pack that speaks the first of `wanted` that any speaks: the same tag, else its language;
    /// else the default.
    pub fn for_locales<'w>(&self, wanted: impl IntoIterator<Item = &'w str>) -> &Arc<Pack> {
        // The default stands first, so that it wins among regions of one language.
        let shared: Vec<&Arc<Pack>> =
            std::iter::once(&self.default).chain(self.packs.iter().filter(|pack| is_shared(pack))).collect();
        let tags: Vec<&str> = shared.iter().map(|pack| pack.locale()).collect();
        let found = wanted.into_iter().find_map(|wanted| locale::lookup(wanted, &tags));
        found.map_or(&self.default, |at| shared[at])
    }
}

/// The languages in which a tenant's recordings lack its name, by tenant: the pack's neutral context is
/// heard there.
pub fn nameless_tenants(path: &Path) -> Result<Vec<(String, String)>, TenantError> {
    let voices = tenant_voices(path)?;
    let nameless = |(tenant, voice): &(String, TenantVoice)| {
        voice.nameless().map(|locale| (tenant.clone(), locale.to_owned())).collect::<Vec<_>>()
    };
    Ok(voices.iter().flat_map(nameless).collect())
}

fn tenant_voices(path: &Path) -> Result<Vec<(String, TenantVoice)>, TenantError> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let named = |dir: PathBuf| Ok((name_of(&dir), TenantVoice::load(&dir)?));
    tenant::entries(path)?.into_iter().filter(|dir| dir.is_dir()).map(named).collect()
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

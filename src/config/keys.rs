//! `[keys]`: the keys that PIN verifiers are made with.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use toml::Spanned;

use super::secret::Secret;
use super::source::Source;
use super::written;

/// A key shorter than this can be guessed; RFC 2104 §3 gains nothing from one longer than a block.
const OCTETS: std::ops::RangeInclusive<usize> = 16..=64;
/// The longest name of a key.
const LONGEST_ID: usize = 64;

/// One key, which masks itself when printed.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey(Vec<u8>);

impl VerifierKey {
    /// The octets, for the HMAC.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VerifierKey(…)")
    }
}

/// The keys by the `key_id` that jobs name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeysConfig(BTreeMap<String, VerifierKey>);

impl KeysConfig {
    /// The key of this name.
    pub fn get(&self, id: &str) -> Option<&VerifierKey> {
        self.0.get(id)
    }

    /// All names.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub(super) fn check(written: written::Keys, source: &mut Source) -> Option<KeysConfig> {
        let keys: Vec<_> = written
            .into_iter()
            .map(|(id, key)| Some((check_id(id, &key, source)?, read(&key, source)?)))
            .collect();
        keys.into_iter().collect::<Option<_>>().map(KeysConfig)
    }
}

fn check_id(id: String, key: &Spanned<written::Key>, source: &mut Source) -> Option<String> {
    let fits = (1..=LONGEST_ID).contains(&id.len())
        && id.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"._-".contains(&octet))
        && !id.starts_with('.');
    if fits {
        return Some(id);
    }
    source.refuse(
        key.span(),
        format!("`[keys]` has {id:?}, expected a name of 1 to {LONGEST_ID} of A-Z a-z 0-9 . _ -"),
        "",
    )
}

fn read(key: &Spanned<written::Key>, source: &mut Source) -> Option<VerifierKey> {
    let (secret, at) = match (&key.get_ref().file, &key.get_ref().env) {
        (Some(file), None) => (Secret::of_file("file", file, source)?, file.span()),
        (None, Some(env)) => (Secret::of_env("env", env, source)?, env.span()),
        (Some(_), Some(_)) | (None, None) => {
            return source.refuse(key.span(), "a key wants `file` or `env`, expected one", "");
        }
    };
    let octets = STANDARD.decode(secret.expose()).ok().filter(|octets| OCTETS.contains(&octets.len()));
    match octets {
        Some(octets) => Some(VerifierKey(octets)),
        None => source.refuse(
            at,
            format!("the key is expected to be {} to {} octets in Base64", OCTETS.start(), OCTETS.end()),
            "Make one with: head -c 32 /dev/urandom | base64",
        ),
    }
}

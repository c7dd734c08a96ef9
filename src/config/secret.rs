//! A password or key: read with care, never printed.

use std::fmt;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use toml::Spanned;

use super::source::Source;

/// The mode bits by which group and others reach a file.
const OTHERS: u32 = 0o077;
/// A secret is one line; a longer file is another one by mistake.
const LONGEST_BYTES: u64 = 1024;

/// A secret that masks itself when printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// Why a secret's file is not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum SecretError {
    #[error("cannot be read: {0}")]
    Io(#[from] std::io::Error),
    #[error("is no plain file")]
    NoFile,
    #[error("can be read by others (mode {0:03o}), expected mode 600 or 400")]
    Open(u32),
    #[error("is expected to hold one line with the secret, at most 1024 bytes")]
    Malformed,
}

impl Secret {
    /// Takes a secret; `None` when it is empty, of several lines, or too long.
    pub fn new(text: &str) -> Option<Secret> {
        let line = text.strip_suffix('\n').unwrap_or(text);
        let line = line.strip_suffix('\r').unwrap_or(line);
        let fits = !line.is_empty() && line.len() as u64 <= LONGEST_BYTES && !line.contains(char::is_control);
        fits.then(|| Secret(line.to_owned()))
    }

    /// Reads a secret's file, which nobody but its owner may reach.
    ///
    /// The mode is asked of the open file, so that it cannot be another one by the time it is read.
    pub(super) fn read(path: &Path) -> Result<Secret, SecretError> {
        let file = std::fs::File::open(path)?;
        let facts = file.metadata()?;
        if !facts.is_file() {
            return Err(SecretError::NoFile);
        }
        let mode = facts.mode() & 0o777;
        if mode & OTHERS != 0 {
            return Err(SecretError::Open(mode));
        }
        let mut text = String::new();
        file.take(LONGEST_BYTES + 2).read_to_string(&mut text)?;
        Secret::new(&text).ok_or(SecretError::Malformed)
    }

    /// The secret in the file that `key` of the configuration names.
    pub(super) fn of_file(key: &str, written: &Spanned<String>, source: &mut Source) -> Option<Secret> {
        let path = source.path(written.get_ref());
        match Secret::read(&path) {
            Ok(secret) => Some(secret),
            Err(error) => source.refuse(
                written.span(),
                format!("`{key}` {} {error}", path.display()),
                match error {
                    SecretError::Open(_) => format!("Run chmod 600 {}", path.display()),
                    SecretError::Io(_) | SecretError::NoFile | SecretError::Malformed => String::new(),
                },
            ),
        }
    }

    /// The secret in the environment variable that `key` of the configuration names.
    pub(super) fn of_env(key: &str, written: &Spanned<String>, source: &mut Source) -> Option<Secret> {
        let name = written.get_ref();
        // A name with these would make the look-up itself panic on some platforms.
        let named = !name.is_empty() && !name.contains(['=', '\0']);
        let secret = named.then(|| std::env::var(name).ok()).flatten().and_then(|text| Secret::new(&text));
        if secret.is_some() {
            return secret;
        }
        source.refuse(
            written.span(),
            format!("`{key}` names {name:?}, expected an environment variable that holds the secret"),
            "Set it in the gateway's environment",
        )
    }

    /// The secret itself, for the digest.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_is_a_password_and_is_never_printed() {
        let secret = Secret::new("wonder land\r\n").unwrap();
        assert_eq!(secret.expose(), "wonder land");
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        for text in ["", "\n", "a\nb\n", &"x".repeat(1025)] {
            assert_eq!(Secret::new(text), None);
        }
    }
}

//! One configuration file while it is checked: its text, and what was found wrong in it.

use std::io::Read;
use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use toml::Spanned;

use super::error::ConfigError;

/// No configuration file of ours comes near this; a larger one is another file by mistake.
const LARGEST_FILE_BYTES: u64 = 1 << 20;

/// A file, its text, and the errors found so far.
pub(super) struct Source {
    file: PathBuf,
    text: String,
    errors: Vec<ConfigError>,
}

impl Source {
    /// Reads the file.
    pub(super) fn read(file: &Path) -> Result<Source, ConfigError> {
        let refuse = |problem: String| {
            ConfigError::of_file(
                file,
                problem,
                "Name the gateway's file with --config, or make this one readable",
            )
        };
        let handle = std::fs::File::open(file).map_err(|error| refuse(format!("cannot be read: {error}")))?;
        let mut text = String::new();
        handle
            .take(LARGEST_FILE_BYTES + 1)
            .read_to_string(&mut text)
            .map_err(|error| refuse(format!("cannot be read as UTF-8 text: {error}")))?;
        if text.len() as u64 > LARGEST_FILE_BYTES {
            return Err(refuse("is larger than 1 MiB, so it is no configuration".to_owned()));
        }
        Ok(Source { file: file.to_owned(), text, errors: Vec::new() })
    }

    /// Parses the text; what does not fit is an error with its line.
    pub(super) fn parse<T: DeserializeOwned>(&mut self) -> Option<T> {
        match toml::from_str(&self.text) {
            Ok(parsed) => Some(parsed),
            Err(error) => {
                let line = error.span().map(|span| self.line(&span));
                let problem = error.message().trim_end().replace('\n', "; ");
                self.errors.push(ConfigError {
                    file: self.file.clone(),
                    line,
                    problem,
                    remedy: String::new(),
                });
                None
            }
        }
    }

    /// Notes an error at a place and gives `None`, so that a check ends with it.
    pub(super) fn refuse<T>(
        &mut self,
        at: Range<usize>,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Option<T> {
        let line = Some(self.line(&at));
        self.errors.push(ConfigError {
            file: self.file.clone(),
            line,
            problem: problem.into(),
            remedy: remedy.into(),
        });
        None
    }

    /// Refuses a key of the contract that this version does not have.
    pub(super) fn not_built<T>(&mut self, key: &str, value: Option<&Spanned<T>>) {
        if let Some(value) = value {
            self.refuse::<()>(value.span(), format!("`{key}` is not in this version"), "Remove it");
        }
    }

    /// A whole number within a range, or the default when it is not written.
    pub(super) fn number(
        &mut self,
        key: &str,
        value: Option<Spanned<i64>>,
        default: u32,
        range: RangeInclusive<u32>,
        unit: &str,
    ) -> Option<u32> {
        let Some(value) = value else { return Some(default) };
        match u32::try_from(*value.get_ref()) {
            Ok(number) if range.contains(&number) => Some(number),
            Ok(_) | Err(_) => self.refuse(
                value.span(),
                format!(
                    "`{key}` is {}, expected {} to {} {unit}",
                    value.get_ref(),
                    range.start(),
                    range.end()
                ),
                format!("Without the key it is {default}"),
            ),
        }
    }

    /// A path, relative to the directory of this file.
    pub(super) fn path(&self, written: &str) -> PathBuf {
        self.file.parent().unwrap_or(Path::new("")).join(written)
    }

    /// The errors found.
    pub(super) fn into_errors(self) -> Vec<ConfigError> {
        self.errors
    }

    /// The line, from 1, on which a span begins.
    fn line(&self, span: &Range<usize>) -> usize {
        let before = self.text.as_bytes().get(..span.start).unwrap_or(self.text.as_bytes());
        before.iter().filter(|&&byte| byte == b'\n').count() + 1
    }
}

//! Files of labels: which keys each recording holds.

use std::fs;
use std::path::{Path, PathBuf};

use crate::leg::key::Digit;

/// One line of a file of labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Label {
    /// The recording as the line names it.
    pub(super) name: String,
    /// Where it is.
    pub(super) path: PathBuf,
    /// The keys pressed in it, in order.
    pub(super) digits: String,
}

/// What is wrong with a file of labels, or with what is asked of it.
#[derive(Debug, thiserror::Error)]
pub(super) enum LabelError {
    /// It cannot be read.
    #[error("{file}: {error}")]
    Unreadable { file: String, error: std::io::Error },
    /// A line is none.
    #[error("{file}:{line}: {what}; a line is a path, a tab and the digits pressed")]
    Malformed { file: String, line: usize, what: String },
    /// A line names a file that is not there.
    #[error("{file}:{line}: {name}: {error}")]
    Missing { file: String, line: usize, name: String, error: std::io::Error },
    /// A recording is named twice.
    #[error("{file}:{line}: {name} has a line already")]
    Twice { file: String, line: usize, name: String },
    /// No line is left.
    #[error("{file}: names no recording")]
    Empty { file: String },
    /// A file was to be scored that has no line.
    #[error("{name}: has no line in {file}")]
    Unlabelled { name: String, file: String },
}

/// Reads a file of labels: lines `path<TAB>digits`, paths relative to the file; no digits where a
/// recording holds no key. Blank lines are passed over.
pub(super) fn read(path: &Path) -> Result<Vec<Label>, LabelError> {
    let file = path.display().to_string();
    let text = fs::read(path).map_err(|error| LabelError::Unreadable { file: file.clone(), error })?;
    let text = String::from_utf8(text).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        LabelError::Malformed { file: file.clone(), line, what: "is no UTF-8".to_owned() }
    })?;
    let directory = path.parent().unwrap_or(Path::new(""));
    let mut labels: Vec<Label> = Vec::new();
    let lines = text.trim_start_matches('\u{feff}').lines().enumerate();
    for (index, text) in lines.filter(|(_, text)| !text.trim().is_empty()) {
        let (file, line) = (file.clone(), index + 1);
        let label = match label(text, directory) {
            Ok(label) => label,
            Err(what) => return Err(LabelError::Malformed { file, line, what }),
        };
        let name = label.name.clone();
        if let Err(error) = fs::metadata(&label.path) {
            return Err(LabelError::Missing { file, line, name, error });
        }
        if labels.iter().any(|known| known.path == label.path) {
            return Err(LabelError::Twice { file, line, name });
        }
        labels.push(label);
    }
    if labels.is_empty() { Err(LabelError::Empty { file }) } else { Ok(labels) }
}

/// The labels of `files` in their order; all labels if no file is named.
pub(super) fn chosen(labels: Vec<Label>, files: &[PathBuf], from: &Path) -> Result<Vec<Label>, LabelError> {
    if files.is_empty() {
        return Ok(labels);
    }
    let real = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let known: Vec<(PathBuf, Label)> = labels.into_iter().map(|label| (real(&label.path), label)).collect();
    let chosen = files.iter().map(|file| {
        let wanted = real(file);
        let found = known.iter().find(|(path, _)| *path == wanted);
        found.map(|(_, label)| label.clone()).ok_or_else(|| LabelError::Unlabelled {
            name: file.display().to_string(),
            file: from.display().to_string(),
        })
    });
    chosen.collect()
}

fn label(text: &str, directory: &Path) -> Result<Label, String> {
    let text = text.trim_end_matches('\r');
    let (name, digits) = text.split_once('\t').ok_or("has no tab")?;
    if name.is_empty() {
        return Err("names no file".to_owned());
    }
    let digits = digits.trim();
    let digit = |c| Digit::from_char(c).map(Digit::as_char).ok_or_else(|| format!("{c:?} is no key"));
    let digits = digits.chars().map(digit).collect::<Result<String, String>>()?;
    Ok(Label { name: name.to_owned(), path: directory.join(name), digits })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_path_a_tab_and_digits() {
        let read = |text| label(text, Path::new("/d")).map(|label| (label.path, label.digits));
        assert_eq!(read("a b.wav\t12#a\r"), Ok((PathBuf::from("/d/a b.wav"), "12#A".to_owned())));
        assert_eq!(read("speech.wav\t"), Ok((PathBuf::from("/d/speech.wav"), String::new())));
        assert_eq!(read("/e/a.wav\t1"), Ok((PathBuf::from("/e/a.wav"), "1".to_owned())));
        assert_eq!(read("a.wav 12"), Err("has no tab".to_owned()));
        assert_eq!(read("a.wav\t1 2"), Err("' ' is no key".to_owned()));
        assert_eq!(read("\t12"), Err("names no file".to_owned()));
    }
}

//! What an office's attendant is dialled behind the number.

use std::fmt;

/// Contract §2: 1 to 20 of `0-9 * # ,`.
const MAX_CHARS: usize = 20;

/// An office extension: keys, and commas of a second each. `Display` and `Debug` show its length only.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Extension(String);

/// One key of an extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExtensionKey {
    /// One of `0-9 * #`.
    pub key: char,
    /// Seconds to wait before it, besides the usual pause.
    pub pause_s: u32,
}

impl Extension {
    /// Reads what stands behind `x`; `None` where it is not 1 to 20 of `0-9 * # ,`.
    pub(super) fn parse(text: &str) -> Option<Extension> {
        let text = text.trim_matches(' ');
        let is_key = |byte| matches!(byte, b'0'..=b'9' | b'*' | b'#' | b',');
        let fits = (1..=MAX_CHARS).contains(&text.len()) && text.bytes().all(is_key);
        fits.then(|| Extension(text.to_owned()))
    }

    /// The clear form: for the store and the call, never for a log.
    pub(super) fn clear(&self) -> &str {
        &self.0
    }

    /// Its keys without the pauses: two that dial the same keys reach the same person.
    pub(super) fn keys(&self) -> String {
        self.0.replace(',', "")
    }

    /// What is dialled, in order; empty where it has pauses alone. A pause behind the last key is none.
    pub fn dialled(&self) -> Vec<ExtensionKey> {
        let mut pause_s = 0;
        let mut dialled = Vec::new();
        for key in self.0.chars() {
            if key == ',' {
                pause_s += 1;
            } else {
                dialled.push(ExtensionKey { key, pause_s: std::mem::take(&mut pause_s) });
            }
        }
        dialled
    }
}

impl fmt::Display for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&"*".repeat(self.0.len()))
    }
}

impl fmt::Debug for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Extension({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_are_seconds_before_the_next_key() {
        let dialled = |text: &str| -> Vec<(char, u32)> {
            let extension = Extension::parse(text).unwrap();
            extension.dialled().iter().map(|step| (step.key, step.pause_s)).collect()
        };
        assert_eq!(dialled("12"), [('1', 0), ('2', 0)]);
        assert_eq!(dialled(",,1,2#,"), [('1', 2), ('2', 1), ('#', 0)]);
        assert_eq!(dialled(",,"), []);
    }

    #[test]
    fn an_extension_shows_its_length_alone() {
        let extension = Extension::parse(" 12,45 ").unwrap();
        assert_eq!(
            (extension.to_string(), format!("{extension:?}")),
            ("*****".into(), "Extension(*****)".into())
        );
        assert_eq!(format!("{:?}", Extension::parse(&"1".repeat(21))), "None");
    }
}

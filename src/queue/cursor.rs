//! Who reads results, and how far.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A reader of results by name, and whose results it sees.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Consumer {
    tenant: Option<String>,
    name: String,
}

impl Consumer {
    /// A consumer of one tenant's results, or with `None` of everybody's. `None` if the name is not 1
    /// to 64 of `A-Z a-z 0-9 . _ -`.
    pub fn new(tenant: Option<&str>, name: &str) -> Option<Self> {
        let fits = (1..=64).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
        fits.then(|| Self { tenant: tenant.map(str::to_owned), name: name.to_owned() })
    }

    /// Whose results it sees; `None` is everybody's.
    pub fn tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// A place in a sequence that only the engine that made it can read; durable.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Cursor(String);

impl Cursor {
    /// A cursor as an outsider hands it back.
    pub fn from_text(text: &str) -> Self {
        Self(text.to_owned())
    }

    pub(super) fn of_row(row: i64) -> Self {
        Self(format!("e{row:x}"))
    }

    pub(super) fn row(&self) -> Option<i64> {
        let row = i64::from_str_radix(self.0.strip_prefix('e')?, 16).ok()?;
        (Self::of_row(row) == *self && row >= 0).then_some(row)
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_only_in_the_spelling_that_was_given_out() {
        assert_eq!(Cursor::of_row(255).row(), Some(255));
        for text in ["", "e", "ff", "e0ff", "eFF", "e-1", "e+1", "effffffffffffffffff"] {
            assert_eq!(Cursor::from_text(text).row(), None, "{text}");
        }
    }

    #[test]
    fn a_consumer_without_a_proper_name_is_none() {
        assert!(Consumer::new(None, "core-1.a_b").is_some());
        for name in ["", "a b", "a/b", &"a".repeat(65)] {
            assert!(Consumer::new(Some("acme"), name).is_none(), "{name}");
        }
    }
}

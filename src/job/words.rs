//! The alphabets of the job's short names (contract §2).

use crate::locale;

/// `id`: 1 to 64 of `A-Z a-z 0-9 . _ : -`.
pub(super) fn is_id(text: &str) -> bool {
    is_word(text, b"._:-")
}

/// `tenant`: 1 to 64 of `A-Z a-z 0-9 _ -`.
pub fn is_tenant(text: &str) -> bool {
    is_word(text, b"_-")
}

/// The name of a prompt pack: 1 to 64 of `A-Z a-z 0-9 . _ -`, not beginning with a dot, so that no
/// name leads out of the directory of packs.
pub fn is_pack_name(text: &str) -> bool {
    is_word(text, b"._-") && !text.starts_with('.')
}

/// The name of a trunk: that of its file without `.toml`, under the same rule as a pack's.
pub fn is_trunk_name(text: &str) -> bool {
    is_pack_name(text)
}

/// `caller_id`: what may stand as the user part of a From header without escaping.
pub(super) fn is_caller_id(text: &str) -> bool {
    is_word(text, b"+*#._-")
}

/// A language tag; RFC 5646 §4.4.1 has the longest that one has to expect.
pub(super) fn is_locale(text: &str) -> bool {
    text.len() <= 35 && locale::is_well_formed(text)
}

fn is_word(text: &str, also: &[u8]) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || also.contains(&b))
}

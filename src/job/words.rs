//! The alphabets of the job's short names (contract §2).

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

/// RFC 5646 §2.1, as far as it can be told without the registry: a language of 2 to 8 letters, then
/// subtags of 1 to 8 letters or digits.
pub(super) fn is_locale(text: &str) -> bool {
    let mut subtags = text.split('-');
    let language = subtags.next().unwrap_or_default();
    text.len() <= 35
        && (2..=8).contains(&language.len())
        && language.bytes().all(|b| b.is_ascii_alphabetic())
        && subtags.all(|s| (1..=8).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_alphanumeric()))
}

fn is_word(text: &str, also: &[u8]) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || also.contains(&b))
}

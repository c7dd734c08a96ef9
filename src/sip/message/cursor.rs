//! A position in one header value, which counts what it passes over.

use super::HeaderFlaw;
use std::borrow::Cow;

/// Walks over a value once, from left to right. Every byte passed is counted, passed again after a
/// look-ahead included, so that a test can hold the reader to linear work.
#[derive(Debug, Clone)]
pub struct Cursor<'a> {
    text: &'a str,
    at: usize,
    visited: usize,
}

/// One flag set for each class of bytes that the grammar of RFC 3261 §25.1 asks for.
const CLASS: [u8; 256] = classes();

const TOKEN: u8 = 1;
const SCHEME: u8 = 2;
const VALUE: u8 = 4;
const URI: u8 = 8;
const HOST: u8 = 16;
const WORD: u8 = 32;

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut b = 0;
    while b < 256 {
        table[b] = class(b as u8);
        b += 1;
    }
    table
}

const fn class(b: u8) -> u8 {
    let alphanumeric = b.is_ascii_alphanumeric();
    let visible = b > 0x20 && b != 0x7f;
    let token =
        alphanumeric || matches!(b, b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~');
    let mut flags = 0;
    if token {
        flags |= TOKEN;
    }
    if token || b >= 0x80 {
        flags |= WORD;
    }
    if alphanumeric || matches!(b, b'+' | b'-' | b'.') {
        flags |= SCHEME;
    }
    if alphanumeric || matches!(b, b'-' | b'.' | b'_') {
        flags |= HOST;
    }
    if visible && !matches!(b, b';' | b',' | b'"' | b'<' | b'>' | b'\\') {
        flags |= VALUE;
    }
    if visible && !matches!(b, b'"' | b'<' | b'>' | b'\\') {
        flags |= URI;
    }
    flags
}

const fn has(b: u8, flag: u8) -> bool {
    CLASS[b as usize] & flag != 0
}

/// Whether a byte may stand in a token (RFC 3261 §25.1).
pub(super) const fn is_token(b: u8) -> bool {
    has(b, TOKEN)
}

/// Whether a byte may stand in a parameter's unquoted value. Wider than the grammar's token and host:
/// carriers put `=` and `/` there.
pub(super) const fn is_value(b: u8) -> bool {
    has(b, VALUE)
}

/// Whether a byte may stand anywhere in a URI at all.
pub(super) const fn is_uri(b: u8) -> bool {
    has(b, URI)
}

/// Whether a byte may stand in a host name; `_` is none of RFC 3261's but is met in the field.
pub(super) const fn is_host(b: u8) -> bool {
    has(b, HOST)
}

/// Whether a byte may stand in a URI scheme (RFC 3986 §3.1).
pub(super) const fn is_scheme(b: u8) -> bool {
    has(b, SCHEME)
}

/// Whether a byte may stand in an unquoted display name; bytes past ASCII are none of the grammar's
/// but are met in the field and harm nobody.
pub(super) const fn is_word(b: u8) -> bool {
    has(b, WORD)
}

impl<'a> Cursor<'a> {
    /// At the start of a value.
    #[must_use]
    pub const fn new(text: &'a str) -> Self {
        Self { text, at: 0, visited: 0 }
    }

    /// How many bytes were passed over so far, those passed twice counted twice.
    #[must_use]
    pub const fn visited(&self) -> usize {
        self.visited
    }

    /// The byte offset in the value.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.at
    }

    /// What was not passed yet.
    #[must_use]
    pub fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Whether everything was passed.
    #[must_use]
    pub const fn at_end(&self) -> bool {
        self.at >= self.text.len()
    }

    /// The next byte, not passed.
    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Passes `expected` if it is next.
    pub(super) fn eat(&mut self, expected: u8) -> bool {
        let found = self.peek() == Some(expected);
        if found {
            self.at += 1;
            self.visited += 1;
        }
        found
    }

    /// Passes `expected` or tells where it is missing.
    pub(super) fn expect(&mut self, expected: u8) -> Result<(), HeaderFlaw> {
        if self.eat(expected) { Ok(()) } else { Err(self.unexpected()) }
    }

    /// Passes the bytes that `wanted` accepts. It must accept all bytes from 0x80 or none.
    pub(super) fn take_while(&mut self, wanted: impl Fn(u8) -> bool) -> &'a str {
        self.take_at_most(usize::MAX, wanted)
    }

    /// Like [`Self::take_while`], with an end to the work.
    pub(super) fn take_at_most(&mut self, limit: usize, wanted: impl Fn(u8) -> bool) -> &'a str {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let end = bytes.len().min(start.saturating_add(limit));
        let mut at = start;
        while at < end && wanted(bytes[at]) {
            at += 1;
        }
        // A limit may fall inside a character; the run then ends before it.
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        self.at = at;
        self.visited += at - start;
        self.text.get(start..at).unwrap_or_default()
    }

    /// Goes back to an earlier position; what is passed again counts again.
    pub(super) fn rewind(&mut self, position: usize) {
        self.at = position.min(self.at);
    }

    /// What lies between an earlier position and here.
    pub(super) fn since(&self, position: usize) -> &'a str {
        self.text.get(position..self.at).unwrap_or_default()
    }

    /// What lies before a position.
    pub(super) fn before(&self, position: usize) -> &'a str {
        self.text.get(..position).unwrap_or_default()
    }

    /// Passes spaces and tabs; whether there was one. Folds are gone since the lines were read.
    pub(super) fn skip_lws(&mut self) -> bool {
        !self.take_while(|b| matches!(b, b' ' | b'\t')).is_empty()
    }

    /// A token (RFC 3261 §25.1), at least one byte of it.
    pub(super) fn token(&mut self) -> Result<&'a str, HeaderFlaw> {
        let token = self.take_while(is_token);
        if token.is_empty() { Err(self.unexpected()) } else { Ok(token) }
    }

    /// Decimal digits that fit in 32 bits; leading zeros are allowed (RFC 4475 §3.1.1.1).
    pub(super) fn number(&mut self) -> Result<u32, HeaderFlaw> {
        let digits = self.take_while(|b| b.is_ascii_digit());
        if digits.is_empty() {
            return Err(self.unexpected());
        }
        digits.parse().map_err(|_| HeaderFlaw::Number)
    }

    /// A quoted string as it stands, its quotes included.
    pub(super) fn quoted(&mut self) -> Result<&'a str, HeaderFlaw> {
        let start = self.at;
        self.expect(b'"')?;
        loop {
            self.take_while(|b| b != b'"' && b != b'\\');
            if self.eat(b'"') {
                return Ok(self.since(start));
            }
            if !self.eat(b'\\') || self.at_end() {
                return Err(HeaderFlaw::Quote);
            }
            self.pass_character();
        }
    }

    /// Passes one whole character.
    fn pass_character(&mut self) {
        let length = self.rest().chars().next().map_or(0, char::len_utf8);
        self.at += length;
        self.visited += length;
    }

    /// Spaces to the end, and nothing else.
    pub(super) fn finish(&mut self) -> Result<(), HeaderFlaw> {
        self.skip_lws();
        if self.at_end() { Ok(()) } else { Err(self.unexpected()) }
    }

    /// The error for the byte that is next.
    pub(super) fn unexpected(&self) -> HeaderFlaw {
        HeaderFlaw::Unexpected { at: u32::try_from(self.at).unwrap_or(u32::MAX) }
    }
}

/// What a quoted string says: without its quotes and escapes (RFC 3261 §25.1). Text that is not quoted
/// is returned as it is.
#[must_use]
pub(super) fn unquote(text: &str) -> Cow<'_, str> {
    let Some(inner) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return Cow::Borrowed(text);
    };
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let mut plain = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        let kept = if c == '\\' { chars.next() } else { Some(c) };
        plain.extend(kept);
    }
    Cow::Owned(plain)
}

/// Text as a quoted string.
#[must_use]
pub(crate) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') || c.is_ascii_control() {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}

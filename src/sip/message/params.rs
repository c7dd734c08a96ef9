//! The `;name=value` parameters of headers and URIs (RFC 3261 §7.3.1, §19.1.1, §25.1).

use super::cursor::{is_token, is_uri, is_value, unquote};
use super::{Cursor, HeaderFlaw};
use std::borrow::Cow;
use std::fmt;

/// Parameters in their order. Names compare without regard to case (RFC 3261 §7.3.1).
///
/// One string holds them all as they are written, one list where each begins: a message has dozens of
/// parameters, and two allocations a header are few.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Params {
    text: String,
    spans: Vec<Span>,
}

/// Offsets of one parameter in the text: its `;`, the end of its name, its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    start: u32,
    name_end: u32,
    end: u32,
}

/// Where parameters stand, which decides the bytes that end one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// After a header's value: spaces around the separators, quoted values.
    Header,
    /// Inside a URI: neither.
    Uri,
}

impl Params {
    /// No parameters.
    #[must_use]
    pub const fn new() -> Self {
        Self { text: String::new(), spans: Vec::new() }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Whether the parameter is there, with or without a value.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// The value as it is written, quotes included; `None` also where there is a name alone.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.find(name).and_then(|span| self.value(span))
    }

    /// The value without quotes and escapes.
    #[must_use]
    pub fn get_unquoted(&self, name: &str) -> Option<Cow<'_, str>> {
        self.get(name).map(unquote)
    }

    /// Names and values in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.spans.iter().map(|&span| (self.name(span), self.value(span)))
    }

    /// Replaces the parameter, or appends it. The value is written as given.
    pub fn set(&mut self, name: &str, value: Option<&str>) {
        let mut changed = Self::new();
        let mut done = false;
        for (old_name, old_value) in self.iter() {
            let same = old_name.eq_ignore_ascii_case(name);
            if !same {
                changed.push(old_name, old_value);
            } else if !done {
                changed.push(name, value);
                done = true;
            }
        }
        if !done {
            changed.push(name, value);
        }
        *self = changed;
    }

    /// The same with the parameter set, for building in one expression.
    #[must_use]
    pub fn with(mut self, name: &str, value: Option<&str>) -> Self {
        self.set(name, value);
        self
    }

    /// Removes the parameter.
    pub fn remove(&mut self, name: &str) {
        let mut changed = Self::new();
        for (old_name, old_value) in self.iter() {
            if !old_name.eq_ignore_ascii_case(name) {
                changed.push(old_name, old_value);
            }
        }
        *self = changed;
    }

    /// Reads parameters up to the first byte that cannot begin one.
    pub(super) fn read(cursor: &mut Cursor<'_>, place: Place) -> Result<Self, HeaderFlaw> {
        let mut params = Self::new();
        loop {
            place.skip_lws(cursor);
            if !cursor.eat(b';') {
                return Ok(params);
            }
            let (name, value) = place.read_one(cursor)?;
            params.push(name, value);
        }
    }

    fn push(&mut self, name: &str, value: Option<&str>) {
        if self.text.is_empty() {
            let length = name.len() + value.map_or(0, str::len) + 2;
            self.text.reserve(length);
            self.spans.reserve(2);
        }
        let start = self.offset();
        self.text.push(';');
        self.text.push_str(name);
        let name_end = self.offset();
        if let Some(value) = value {
            self.text.push('=');
            self.text.push_str(value);
        }
        self.spans.push(Span { start, name_end, end: self.offset() });
    }

    /// Values are at most [`super::MAX_HEADER_LEN`] bytes, or our own.
    fn offset(&self) -> u32 {
        u32::try_from(self.text.len()).unwrap_or(u32::MAX)
    }

    fn find(&self, name: &str) -> Option<Span> {
        self.spans.iter().copied().find(|&span| self.name(span).eq_ignore_ascii_case(name))
    }

    fn name(&self, span: Span) -> &str {
        self.slice(span.start + 1, span.name_end)
    }

    fn value(&self, span: Span) -> Option<&str> {
        (span.name_end < span.end).then(|| self.slice(span.name_end + 1, span.end))
    }

    fn slice(&self, start: u32, end: u32) -> &str {
        self.text.get(start as usize..end as usize).unwrap_or_default()
    }
}

impl Place {
    fn skip_lws(self, cursor: &mut Cursor<'_>) {
        match self {
            Self::Header => {
                cursor.skip_lws();
            }
            Self::Uri => {}
        }
    }

    fn read_one<'a>(self, cursor: &mut Cursor<'a>) -> Result<(&'a str, Option<&'a str>), HeaderFlaw> {
        self.skip_lws(cursor);
        let name = match self {
            Self::Header => cursor.take_while(is_token),
            Self::Uri => cursor.take_while(|b| is_uri(b) && !matches!(b, b';' | b'?' | b'=' | b'@')),
        };
        if name.is_empty() {
            return Err(cursor.unexpected());
        }
        self.skip_lws(cursor);
        if !cursor.eat(b'=') {
            return Ok((name, None));
        }
        self.skip_lws(cursor);
        Ok((name, Some(self.read_value(cursor)?)))
    }

    fn read_value<'a>(self, cursor: &mut Cursor<'a>) -> Result<&'a str, HeaderFlaw> {
        if self == Self::Header && cursor.peek() == Some(b'"') {
            return cursor.quoted();
        }
        let value = match self {
            Self::Header => cursor.take_while(is_value),
            Self::Uri => cursor.take_while(|b| is_uri(b) && !matches!(b, b';' | b'?')),
        };
        if value.is_empty() { Err(cursor.unexpected()) } else { Ok(value) }
    }
}

impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

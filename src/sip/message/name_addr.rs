//! `"Display" <uri>;params`: From, To, Contact, Route and their kin (RFC 3261 §20.10, §25.1).

use super::cursor::{is_token, is_word, quote, unquote};
use super::params::Place;
use super::uri_reader::{self, Bounds};
use super::{Cursor, HeaderFlaw, HeaderValue, Params, Uri};
use std::fmt;

/// An address with its display name and the header's parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameAddr {
    /// The display name, without quotes and escapes.
    pub display: Option<String>,
    /// The address.
    pub uri: Uri,
    /// The header's parameters, `tag` among them; those of the URI are in the URI.
    pub params: Params,
}

impl NameAddr {
    /// An address alone.
    #[must_use]
    pub fn new(uri: impl Into<Uri>) -> Self {
        Self { display: None, uri: uri.into(), params: Params::new() }
    }

    /// The same with a tag (RFC 3261 §19.3).
    #[must_use]
    pub fn with_tag(mut self, tag: &str) -> Self {
        self.params.set("tag", Some(tag));
        self
    }

    /// The same with a display name.
    #[must_use]
    pub fn with_display(mut self, display: impl Into<String>) -> Self {
        self.display = Some(display.into());
        self
    }

    /// The tag (RFC 3261 §19.3).
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.params.get("tag")
    }

    /// The `q` value in thousandths; one that is malformed is as if it were not there.
    #[must_use]
    pub fn q_thousandths(&self) -> Option<u16> {
        let (whole, fraction) = self.params.get("q")?.split_once('.').unwrap_or((self.params.get("q")?, "0"));
        let digits = fraction.len() <= 3 && fraction.bytes().all(|b| b.is_ascii_digit());
        let whole: u16 = whole.parse().ok().filter(|&whole| whole <= 1)?;
        let thousandths: u16 = digits.then(|| format!("{fraction:0<3}").parse().ok())??;
        Some(whole * 1000 + thousandths).filter(|&q| q <= 1000)
    }

    /// Reads the display name, if there is one, and the URI.
    fn address(cursor: &mut Cursor<'_>) -> Result<(Option<String>, Uri), HeaderFlaw> {
        let display = match cursor.peek() {
            Some(b'"') => {
                let display = unquote(cursor.quoted()?).into_owned();
                cursor.skip_lws();
                Some(display)
            }
            Some(b'<') => None,
            _ => {
                let start = cursor.position();
                let run = cursor.take_while(is_token);
                // A colon is in no token, so behind one this is a scheme and the URI stands bare.
                if cursor.peek() == Some(b':') {
                    return Ok((None, uri_reader::read_after(cursor, run, Bounds::Bare)?));
                }
                Some(unquoted_display(cursor, start)?)
            }
        };
        cursor.expect(b'<')?;
        let uri = uri_reader::read(cursor, Bounds::Bracketed)?;
        cursor.expect(b'>')?;
        Ok((display, uri))
    }
}

/// The words up to the `<`.
fn unquoted_display(cursor: &mut Cursor<'_>, start: usize) -> Result<String, HeaderFlaw> {
    cursor.take_while(|b| is_word(b) || matches!(b, b' ' | b'\t'));
    let display = cursor.since(start).trim_end_matches([' ', '\t']);
    if display.is_empty() || cursor.peek() != Some(b'<') {
        return Err(cursor.unexpected());
    }
    Ok(display.to_owned())
}

impl HeaderValue for NameAddr {
    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, HeaderFlaw> {
        let (display, uri) = Self::address(cursor)?;
        let params = Params::read(cursor, Place::Header)?;
        Ok(Self { display, uri, params })
    }
}

impl fmt::Display for NameAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(display) = &self.display {
            write!(f, "{} ", quote(display))?;
        }
        write!(f, "<{}>{}", self.uri, self.params)
    }
}

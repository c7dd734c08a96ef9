//! Reason (RFC 3326) and Retry-After (RFC 3261 §20.33).

use super::params::Place;
use super::{Cursor, HeaderFlaw, HeaderValue, Params};
use std::borrow::Cow;
use std::fmt;

/// Why a request or response was sent, in another protocol's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// `Q.850`, `SIP` or another protocol.
    pub protocol: String,
    /// `cause`, `text` and the others.
    pub params: Params,
}

impl Reason {
    /// The cause, if it is a number.
    #[must_use]
    pub fn cause(&self) -> Option<u16> {
        self.params.get("cause").and_then(|cause| cause.parse().ok())
    }

    /// The Q.850 cause, if this reason speaks Q.850.
    #[must_use]
    pub fn q850(&self) -> Option<u16> {
        self.cause().filter(|_| self.protocol.eq_ignore_ascii_case("Q.850"))
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> Option<Cow<'_, str>> {
        self.params.get_unquoted("text")
    }
}

impl HeaderValue for Reason {
    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, HeaderFlaw> {
        let protocol = cursor.token()?.to_owned();
        Ok(Self { protocol, params: Params::read(cursor, Place::Header)? })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.protocol, self.params)
    }
}

/// How long not to come again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryAfter {
    /// Seconds to wait.
    pub seconds: u32,
    /// `duration` and the others.
    pub params: Params,
}

impl HeaderValue for RetryAfter {
    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, HeaderFlaw> {
        let seconds = cursor.number()?;
        cursor.skip_lws();
        if cursor.peek() == Some(b'(') {
            comment(cursor)?;
        }
        Ok(Self { seconds, params: Params::read(cursor, Place::Header)? })
    }
}

/// Passes a comment, which may hold comments (RFC 3261 §25.1).
fn comment(cursor: &mut Cursor<'_>) -> Result<(), HeaderFlaw> {
    let mut depth = 0_u32;
    loop {
        cursor.take_while(|b| !matches!(b, b'(' | b')' | b'\\'));
        if cursor.eat(b'(') {
            depth += 1;
        } else if cursor.eat(b')') {
            depth -= 1;
        } else if cursor.eat(b'\\') {
            cursor.take_at_most(1, |b| b < 0x80);
        } else {
            return Err(HeaderFlaw::Quote);
        }
        if depth == 0 {
            return Ok(());
        }
    }
}

impl fmt::Display for RetryAfter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.seconds, self.params)
    }
}

//! Challenges and credentials: `Digest realm="…", nonce="…"` (RFC 3261 §20.44, RFC 7235 §2.1).

use super::cursor::{is_token, is_value, unquote};
use super::{Cursor, HeaderFlaw, HeaderValue, MAX_LIST};

/// One challenge of WWW-Authenticate or Proxy-Authenticate, or the credentials of Authorization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// `Digest` or another scheme, as written.
    pub scheme: String,
    /// Names and values, the values without quotes and escapes.
    pub params: Vec<(String, String)>,
}

impl Challenge {
    /// A parameter's value; names compare without regard to case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.params.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

impl HeaderValue for Challenge {
    /// Reads up to the comma before the next challenge: a name without `=` behind a comma is its scheme.
    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, HeaderFlaw> {
        let scheme = cursor.token()?.to_owned();
        cursor.skip_lws();
        let mut params = Vec::new();
        loop {
            let start = cursor.position();
            let name = cursor.take_while(is_token);
            cursor.skip_lws();
            if name.is_empty() || !cursor.eat(b'=') {
                // What was passed is the next challenge's scheme; its comma must be seen again too.
                cursor.rewind(if params.is_empty() { start } else { comma_before(cursor, start) });
                return Ok(Self { scheme, params });
            }
            if params.len() >= MAX_LIST {
                return Err(HeaderFlaw::TooMany);
            }
            params.push((name.to_owned(), value(cursor)?));
            cursor.skip_lws();
            if !cursor.eat(b',') {
                return Ok(Self { scheme, params });
            }
            cursor.skip_lws();
        }
    }
}

/// Where the comma stands before a position that only spaces part from it.
fn comma_before(cursor: &Cursor<'_>, start: usize) -> usize {
    cursor.before(start).trim_end_matches([' ', '\t']).len().saturating_sub(1)
}

/// A parameter's value, quoted or not.
fn value(cursor: &mut Cursor<'_>) -> Result<String, HeaderFlaw> {
    cursor.skip_lws();
    if cursor.peek() == Some(b'"') {
        return Ok(unquote(cursor.quoted()?).into_owned());
    }
    let value = cursor.take_while(is_value);
    if value.is_empty() { Err(cursor.unexpected()) } else { Ok(value.to_owned()) }
}

//! Content-Type and the items of Accept (RFC 3261 §20.15, §20.1).

use super::params::Place;
use super::{Cursor, HeaderFlaw, HeaderValue, Params};
use std::fmt;

/// A media type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentType {
    /// `application`, or `*` in Accept.
    pub kind: String,
    /// `sdp`, or `*` in Accept.
    pub subtype: String,
    /// `charset`, `boundary` and the others.
    pub params: Params,
}

impl ContentType {
    /// Whether it is this type, without regard to case and parameters.
    #[must_use]
    pub fn is(&self, kind: &str, subtype: &str) -> bool {
        self.kind.eq_ignore_ascii_case(kind) && self.subtype.eq_ignore_ascii_case(subtype)
    }

    /// Whether an Accept item with this range takes the type (RFC 3261 §20.1).
    #[must_use]
    pub fn takes(&self, kind: &str, subtype: &str) -> bool {
        let same = |range: &str, one: &str| range == "*" || range.eq_ignore_ascii_case(one);
        same(&self.kind, kind) && same(&self.subtype, subtype)
    }
}

impl HeaderValue for ContentType {
    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, HeaderFlaw> {
        let kind = cursor.token()?.to_owned();
        cursor.skip_lws();
        cursor.expect(b'/')?;
        cursor.skip_lws();
        let subtype = cursor.token()?.to_owned();
        Ok(Self { kind, subtype, params: Params::read(cursor, Place::Header)? })
    }
}

impl fmt::Display for ContentType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}{}", self.kind, self.subtype, self.params)
    }
}

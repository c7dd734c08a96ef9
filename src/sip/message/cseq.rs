//! CSeq (RFC 3261 §20.16).

use super::typed::HeaderValue;
use super::{Cursor, HeaderFlaw, Method};
use std::fmt;

/// The sequence number of a request within its dialog, with its method.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CSeq {
    /// Below 2^31 (§8.1.1.5).
    pub number: u32,
    /// The request's method.
    pub method: Method,
}

impl HeaderValue for CSeq {
    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, HeaderFlaw> {
        let number = cursor.number()?;
        // RFC 3261 §8.1.1.5: the sequence number is less than 2**31.
        if number >= 1 << 31 {
            return Err(HeaderFlaw::Number);
        }
        if !cursor.skip_lws() {
            return Err(cursor.unexpected());
        }
        let method = Method::from_token(cursor.token()?);
        Ok(Self { number, method })
    }
}

impl fmt::Display for CSeq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number, self.method)
    }
}

//! What all typed header values have in common.

use super::{Cursor, HeaderFlaw, MAX_LIST};

/// A type that one header value, or one item of a list, is read into.
pub trait HeaderValue: Sized {
    /// Reads one item and stops behind it.
    ///
    /// # Errors
    /// What the grammar of RFC 3261 §25.1 does not allow, and where.
    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, HeaderFlaw>;

    /// Reads a value that holds exactly one item.
    ///
    /// # Errors
    /// As [`Self::parse`]; also whatever stands behind the item.
    fn parse_whole(cursor: &mut Cursor<'_>) -> Result<Self, HeaderFlaw> {
        cursor.skip_lws();
        let item = Self::parse(cursor)?;
        cursor.finish()?;
        Ok(item)
    }

    /// Reads the items of a comma-separated value (RFC 3261 §7.3.1) and appends them. An empty value
    /// has none.
    ///
    /// # Errors
    /// As [`Self::parse`], and [`HeaderFlaw::TooMany`] past [`MAX_LIST`].
    fn parse_list(cursor: &mut Cursor<'_>, items: &mut Vec<Self>) -> Result<(), HeaderFlaw> {
        cursor.skip_lws();
        if cursor.at_end() {
            return Ok(());
        }
        loop {
            if items.len() >= MAX_LIST {
                return Err(HeaderFlaw::TooMany);
            }
            items.push(Self::parse(cursor)?);
            cursor.skip_lws();
            if !cursor.eat(b',') {
                return cursor.finish();
            }
            cursor.skip_lws();
        }
    }
}

/// A token: an option tag or a method name.
impl HeaderValue for String {
    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, HeaderFlaw> {
        Ok(cursor.token()?.to_owned())
    }
}

/// A number alone: Max-Forwards, Min-SE, RSeq.
impl HeaderValue for u32 {
    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, HeaderFlaw> {
        cursor.number()
    }
}

//! Warning (RFC 3261 §20.43).

use super::cursor::{is_value, unquote};
use super::{Cursor, HeaderFlaw, HeaderValue};

/// One remark about a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Three digits, 300 to 399 for those of the registry.
    pub code: u16,
    /// Who warns: a host with a port, or a pseudonym.
    pub agent: String,
    /// What it says, without quotes and escapes.
    pub text: String,
}

impl HeaderValue for Warning {
    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, HeaderFlaw> {
        let code = cursor.number()?;
        // RFC 3261 §25.1: warn-code = 3DIGIT.
        let code = u16::try_from(code).ok().filter(|code| (100..=999).contains(code));
        let code = code.ok_or(HeaderFlaw::Number)?;
        cursor.skip_lws();
        let agent = cursor.take_while(is_value).to_owned();
        cursor.skip_lws();
        let text = unquote(cursor.quoted()?).into_owned();
        Ok(Self { code, agent, text })
    }
}

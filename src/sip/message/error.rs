//! What can be wrong with a message on its way in, and with a value on its way out.

use super::{Name, Response};
use thiserror::Error;

/// Why a message was refused and what may be said to its sender.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{flaw}")]
pub struct ReadError {
    /// What is wrong.
    pub flaw: Flaw,
    /// For a request whose Via, From, To, Call-ID and CSeq can be copied: the final response to send
    /// statelessly (RFC 3261 §8.2, §21.4.1), without a To tag. Never present for ACK and for responses.
    pub refusal: Option<Box<Response>>,
}

/// What makes a whole message unusable (RFC 3261 §7, §16.3, §18.3).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Flaw {
    /// More than [`super::MAX_MESSAGE`] bytes.
    #[error("the message is too large")]
    MessageTooLarge,
    /// More than [`super::MAX_HEADERS`] header lines.
    #[error("too many header lines")]
    TooManyHeaders,
    /// A start line past [`super::MAX_START_LINE`].
    #[error("the start line is too long")]
    StartLineTooLong,
    /// A name past [`super::MAX_NAME_LEN`] or a value past [`super::MAX_HEADER_LEN`].
    #[error("a header line is too long")]
    HeaderTooLong,
    /// Nothing but line ends: a keep-alive (RFC 5626 §3.5.1).
    #[error("the message is empty")]
    Empty,
    /// Neither `METHOD SP URI SP SIP/2.0` nor `SIP/2.0 SP CODE SP phrase` (§7.1, §7.2).
    #[error("the start line is malformed")]
    StartLine,
    /// A version that is not SIP/2.0: 505 (§21.5.6).
    #[error("the SIP version is not 2.0")]
    Version,
    /// The Request-URI is no URI, or has headers or brackets (§19.1.1 table 1).
    #[error("the Request-URI is malformed")]
    RequestUri,
    /// The status code is not three digits from 100 to 699.
    #[error("the status code is malformed")]
    StatusCode,
    /// A header line without a colon, or one whose name is no token.
    #[error("a header line has no valid name")]
    HeaderName,
    /// A CR without LF, or a NUL that no backslash quotes: either could end a line for somebody else.
    #[error("a header line holds a control byte")]
    ControlByte,
    /// More than [`super::MAX_LATIN1`] bytes that are neither ASCII nor UTF-8.
    #[error("the headers are no text")]
    NotText,
    /// The headers have no end.
    #[error("the headers do not end")]
    HeadersUnfinished,
    /// A header that must be there is missing or unreadable.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// The method in CSeq is not the request's (§8.1.1.5).
    #[error("the CSeq method is not the request's")]
    CSeqMismatch,
    /// The body is shorter than `Content-Length` says (§18.3).
    #[error("the body is shorter than Content-Length")]
    BodyTooShort,
}

/// A header that could not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{name}: {flaw}")]
pub struct HeaderError {
    /// Which header.
    pub name: Name,
    /// What is wrong with it.
    pub flaw: HeaderFlaw,
}

/// What is wrong with one header's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum HeaderFlaw {
    /// It must be there and is not.
    #[error("missing")]
    Missing,
    /// It may stand once and stands twice (RFC 3261 §7.3.1).
    #[error("more than once")]
    Duplicate,
    /// More than [`super::MAX_LIST`] values.
    #[error("too many values")]
    TooMany,
    /// Something other than what the grammar asks for at byte `at` of the value.
    #[error("unexpected at byte {at}")]
    Unexpected {
        /// Offset into the unfolded value.
        at: u32,
    },
    /// A quoted string without its end.
    #[error("unbalanced quotes")]
    Quote,
    /// A number that is none or is out of its range.
    #[error("number out of range")]
    Number,
    /// A URI that is malformed.
    #[error("malformed URI")]
    Uri,
    /// A host that is malformed.
    #[error("malformed host")]
    Host,
    /// A URI with `?`, `;` or `,` that needs angle brackets (RFC 3261 §20.10).
    #[error("the URI needs angle brackets")]
    Unbracketed,
}

/// Why a message was not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum WriteError {
    /// The start line would break: CR, LF or NUL in it, or a space where none may be.
    #[error("the start line holds a byte that would break it")]
    StartLine,
    /// A header name that is no token, or a value with CR, LF or an unquoted NUL.
    #[error("a header holds a byte that would break it")]
    Header,
}

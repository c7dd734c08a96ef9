//! SIP messages: the model, its reader, its writer and the typed headers (RFC 3261 §7, §20, §25).
//!
//! This is the facade over the `rsip` crate, which holds the generic header model and is named nowhere
//! else. Every byte is read and written by this module; `rsip`'s own parser and printer are never used.
//! Header values are kept as text and read into types on demand, so that a header nobody asks for can
//! neither fail nor cost anything.

mod challenge;
mod contact;
mod content_type;
mod cseq;
mod cursor;
mod error;
mod generic;
mod headers;
mod host;
mod limits;
pub(crate) mod lines;
mod method;
mod name;
mod name_addr;
mod params;
mod reader;
mod reason;
mod request;
mod response;
mod start_line;
mod status;
mod transport;
mod typed;
mod uri;
mod uri_reader;
mod via;
mod warning;
mod writer;

pub use challenge::Challenge;
pub use contact::Contacts;
pub use content_type::ContentType;
pub use cseq::CSeq;
pub use cursor::Cursor;
pub(crate) use cursor::quote;
pub use error::{Flaw, HeaderError, HeaderFlaw, ReadError, WriteError};
pub use headers::Headers;
pub use host::Host;
pub use limits::{
    MAX_HEADER_LEN, MAX_HEADERS, MAX_LATIN1, MAX_LIST, MAX_MESSAGE, MAX_NAME_LEN, MAX_START_LINE,
    MAX_USER_LEN,
};
pub use method::Method;
pub use name::Name;
pub use name_addr::NameAddr;
pub use params::Params;
pub(crate) use reader::content_length;
pub use reader::read_counted;
pub use reason::{Reason, RetryAfter};
pub use request::Request;
pub use response::Response;
pub use status::Status;
pub use transport::Transport;
pub use typed::HeaderValue;
pub use uri::{OtherUri, SipUri, TelUri, Uri};
pub use via::{Rport, Via};
pub use warning::Warning;

/// A SIP message (RFC 3261 §7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// A request (§7.1).
    Request(Request),
    /// A response (§7.2).
    Response(Response),
}

impl Message {
    /// Reads one whole message: a datagram, or what [`crate::sip::framing::StreamFramer`] cut from a stream.
    ///
    /// Bytes past `Content-Length` are cut off (RFC 3261 §18.3).
    ///
    /// # Errors
    /// The [`Flaw`] that makes it unusable and, for a request that can be answered, the response.
    pub fn read(bytes: &[u8]) -> Result<Self, ReadError> {
        read_counted(bytes).0
    }

    /// The headers of either kind.
    #[must_use]
    pub const fn headers(&self) -> &Headers {
        match self {
            Self::Request(request) => &request.headers,
            Self::Response(response) => &response.headers,
        }
    }

    /// The body of either kind.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        match self {
            Self::Request(request) => &request.body,
            Self::Response(response) => &response.body,
        }
    }

    /// The bytes for the wire, `Content-Length` included.
    ///
    /// # Errors
    /// A value that would break out of its line ([`WriteError`]).
    pub fn write(&self) -> Result<Vec<u8>, WriteError> {
        match self {
            Self::Request(request) => request.write(),
            Self::Response(response) => response.write(),
        }
    }
}

impl From<Request> for Message {
    fn from(request: Request) -> Self {
        Self::Request(request)
    }
}

impl From<Response> for Message {
    fn from(response: Response) -> Self {
        Self::Response(response)
    }
}

//! Responses (RFC 3261 §7.2).

use super::{Headers, Name, Status, WriteError, writer};

/// A response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: Status,
    /// The reason phrase as it came, possibly empty.
    pub reason: String,
    /// The headers, without `Content-Length`.
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// Adds our tag to To unless it has one (RFC 3261 §8.2.6.2). A To that is malformed stays as it is.
    pub fn set_to_tag(&mut self, tag: &str) {
        if let Ok(to) = self.headers.to()
            && to.tag().is_none()
        {
            self.headers.set(Name::To, to.with_tag(tag).to_string());
        }
    }

    /// Sets the body and its type.
    pub fn set_body(&mut self, content_type: &str, body: impl Into<Vec<u8>>) {
        self.headers.set(Name::ContentType, content_type);
        self.body = body.into();
    }

    /// The bytes for the wire.
    ///
    /// # Errors
    /// A value that would break out of its line.
    pub fn write(&self) -> Result<Vec<u8>, WriteError> {
        writer::response(self)
    }
}

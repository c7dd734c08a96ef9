//! Requests (RFC 3261 §7.1, §8.1.1).

use super::{CSeq, Headers, Method, Name, NameAddr, Response, Status, Uri, Via, WriteError, writer};

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The Request-URI.
    pub uri: Uri,
    /// The headers, without `Content-Length`.
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// A request without headers.
    #[must_use]
    pub fn new(method: Method, uri: Uri) -> Self {
        Self { method, uri, headers: Headers::new(), body: Vec::new() }
    }

    /// A request with the six headers that each must have (RFC 3261 §8.1.1); Max-Forwards is 70.
    #[must_use]
    pub fn with_basics(
        method: Method,
        uri: Uri,
        via: &Via,
        from: &NameAddr,
        to: &NameAddr,
        call_id: &str,
        cseq: u32,
    ) -> Self {
        let cseq = CSeq { number: cseq, method: method.clone() };
        let mut request = Self::new(method, uri);
        let headers = &mut request.headers;
        headers.push(Name::Via, via.to_string());
        headers.push(Name::MaxForwards, "70");
        headers.push(Name::From, from.to_string());
        headers.push(Name::To, to.to_string());
        headers.push(Name::CallId, call_id);
        headers.push(Name::CSeq, cseq.to_string());
        request
    }

    /// Sets the body and its type.
    pub fn set_body(&mut self, content_type: &str, body: impl Into<Vec<u8>>) {
        self.headers.set(Name::ContentType, content_type);
        self.body = body.into();
    }

    /// A response with what RFC 3261 §8.2.6.2 copies: Via, From, To, Call-ID, CSeq; Record-Route where
    /// it can establish a dialog (§12.1.1); Timestamp in a 100 (§8.2.6.1). The To tag is the caller's
    /// to add, `received` and `rport` are there if [`Headers::stamp_source`] was called on arrival.
    #[must_use]
    pub fn response(&self, status: Status, reason: &str) -> Response {
        let mut headers = Headers::new();
        headers.copy(Name::Via, &self.headers);
        headers.copy(Name::From, &self.headers);
        headers.copy(Name::To, &self.headers);
        headers.copy(Name::CallId, &self.headers);
        headers.copy(Name::CSeq, &self.headers);
        if self.method.forms_dialog() && (101..300).contains(&status.code()) {
            headers.copy(Name::RecordRoute, &self.headers);
        }
        if status == Status::TRYING {
            headers.copy(Name::Timestamp, &self.headers);
        }
        Response { status, reason: reason.to_owned(), headers, body: Vec::new() }
    }

    /// The bytes for the wire.
    ///
    /// # Errors
    /// A value that would break out of its line.
    pub fn write(&self) -> Result<Vec<u8>, WriteError> {
        writer::request(self)
    }
}

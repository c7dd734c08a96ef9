//! Reads one whole message (RFC 3261 §7, §18.3).

use super::lines::{Lines, Text};
use super::start_line::{self, StartLine};
use super::typed::HeaderValue;
use super::{
    CSeq, Cursor, Flaw, HeaderError, HeaderFlaw, Headers, MAX_HEADER_LEN, MAX_HEADERS, MAX_LATIN1,
    MAX_MESSAGE, MAX_NAME_LEN, MAX_START_LINE, Message, Method, Name, NameAddr, ReadError, Request, Response,
    Status, Via,
};

/// Reads one whole message and tells how many bytes the reader looked at, those looked at twice counted
/// twice: at most four times the message's length and a constant, whatever the bytes are.
pub fn read_counted(bytes: &[u8]) -> (Result<Message, ReadError>, usize) {
    let mut reader = Reader { lines: Lines::new(bytes), visited: 0 };
    let result = reader.message(bytes);
    (result, reader.visited + reader.lines.visited())
}

struct Reader<'a> {
    lines: Lines<'a>,
    visited: usize,
}

/// The headers, and the first thing that is wrong with any of them.
struct Head {
    headers: Headers,
    content_length: Option<usize>,
    flaw: Option<Flaw>,
    /// Bytes of the header lines as they would be written: names in their long form, values in UTF-8.
    written_len: usize,
}

impl Reader<'_> {
    fn message(&mut self, bytes: &[u8]) -> Result<Message, ReadError> {
        if bytes.len() > MAX_MESSAGE {
            return Err(unanswerable(Flaw::MessageTooLarge));
        }
        let line = self.lines.start_line().map_err(unanswerable)?;
        if line.len() > MAX_START_LINE {
            return Err(unanswerable(Flaw::StartLineTooLong));
        }
        self.visited += 3 * line.len();
        let start = start_line::read(line).map_err(unanswerable)?;
        let head = self.head().map_err(unanswerable)?;
        let body = bytes.get(self.lines.position()..).unwrap_or_default();
        let written_len = head.written_len + FRAME_LEN;
        let message = match start {
            StartLine::Request { method, uri } => self.request(method, uri, head, body),
            StartLine::Response { status, reason } => self.response(status, reason, head, body),
        }?;
        if can_be_written(&message, line.len(), written_len) {
            Ok(message)
        } else {
            Err(unanswerable(Flaw::MessageTooLarge))
        }
    }

    fn request(
        &mut self,
        method: Method,
        uri: Result<super::Uri, Flaw>,
        head: Head,
        body: &[u8],
    ) -> Result<Message, ReadError> {
        let checked = uri.and_then(|uri| {
            let cseq = self.check(&head)?;
            // RFC 3261 §8.1.1.5: the method part of CSeq must match that of the request.
            if cseq.method != method {
                return Err(Flaw::CSeqMismatch);
            }
            Ok((uri, cut(body, &head)?))
        });
        match checked {
            Ok((uri, body)) => {
                let request = Request { method, uri, headers: head.headers, body: body.to_vec() };
                Ok(Message::Request(request))
            }
            Err(flaw) => {
                let refusal = refusal(&method, &flaw, &head.headers).map(Box::new);
                Err(ReadError { flaw, refusal })
            }
        }
    }

    fn response(
        &mut self,
        status: Status,
        reason: String,
        head: Head,
        body: &[u8],
    ) -> Result<Message, ReadError> {
        self.check(&head).map_err(unanswerable)?;
        let body = cut(body, &head).map_err(unanswerable)?.to_vec();
        Ok(Message::Response(Response { status, reason, headers: head.headers, body }))
    }

    /// Reads all header lines. A line that is malformed is left out and remembered, so that the others
    /// can serve an answer.
    fn head(&mut self) -> Result<Head, Flaw> {
        let mut head =
            Head { headers: Headers::with_room(), content_length: None, flaw: None, written_len: 0 };
        let (mut count, mut latin1) = (0, 0);
        loop {
            let line = match self.lines.header() {
                Ok(Some(line)) => line,
                Ok(None) => return Ok(head),
                Err(flaw @ (Flaw::ControlByte | Flaw::HeaderName)) => {
                    head.flaw.get_or_insert(flaw);
                    continue;
                }
                Err(flaw) => return Err(flaw),
            };
            count += 1;
            if count > MAX_HEADERS {
                return Err(Flaw::TooManyHeaders);
            }
            self.visited += line.value.len();
            let Text { text, grown_by } = line.unfolded();
            latin1 += grown_by;
            if latin1 > MAX_LATIN1 {
                return Err(Flaw::NotText);
            }
            head.add(line.name, text)?;
        }
    }

    /// The headers that every message must have (RFC 3261 §8.1.1). Max-Forwards is none of them: clients
    /// of RFC 2543 leave it out (RFC 4475 §3.4.1).
    fn check(&mut self, head: &Head) -> Result<CSeq, Flaw> {
        if let Some(flaw) = &head.flaw {
            return Err(flaw.clone());
        }
        let headers = &head.headers;
        self.vias(headers)?;
        self.one::<NameAddr>(headers, Name::From)?;
        self.one::<NameAddr>(headers, Name::To)?;
        self.visited += headers.call_id()?.len();
        let cseq = self.one(headers, Name::CSeq)?;
        self.visited += headers.get(Name::MaxForwards).map_or(0, str::len);
        headers.max_forwards()?;
        Ok(cseq)
    }

    fn vias(&mut self, headers: &Headers) -> Result<(), HeaderError> {
        let error = |flaw| HeaderError { name: Name::Via, flaw };
        let mut vias: Vec<Via> = Vec::new();
        for value in headers.all(Name::Via) {
            let mut cursor = Cursor::new(value);
            let result = Via::parse_list(&mut cursor, &mut vias);
            self.visited += cursor.visited();
            result.map_err(error)?;
        }
        if vias.is_empty() { Err(error(HeaderFlaw::Missing)) } else { Ok(()) }
    }

    fn one<T: HeaderValue>(&mut self, headers: &Headers, name: Name) -> Result<T, HeaderError> {
        let error = |flaw| HeaderError { name, flaw };
        let mut values = headers.all(name);
        let value = values.next().ok_or(error(HeaderFlaw::Missing))?;
        if values.next().is_some() {
            return Err(error(HeaderFlaw::Duplicate));
        }
        let mut cursor = Cursor::new(value);
        let result = T::parse_whole(&mut cursor);
        self.visited += cursor.visited();
        result.map_err(error)
    }
}

impl Head {
    fn add(&mut self, name: &str, value: String) -> Result<(), Flaw> {
        if name.len() > MAX_NAME_LEN || value.len() > MAX_HEADER_LEN {
            return Err(Flaw::HeaderTooLong);
        }
        let known = Name::from_token(name);
        if known == Some(Name::ContentLength) {
            if let Err(flaw) = self.set_content_length(&value) {
                self.flaw.get_or_insert(flaw.into());
            }
            return Ok(());
        }
        self.written_len +=
            known.map_or(name.len(), |known| known.as_str().len()) + value.len() + ": \r\n".len();
        match known {
            Some(known) => self.headers.push(known, value),
            None => self.headers.push_named(name, value),
        }
        Ok(())
    }

    /// RFC 4475 §3.3.9: two lengths make it unknowable where the message ends.
    fn set_content_length(&mut self, value: &str) -> Result<(), HeaderError> {
        let error = |flaw| HeaderError { name: Name::ContentLength, flaw };
        if self.content_length.is_some() {
            return Err(error(HeaderFlaw::Duplicate));
        }
        self.content_length = Some(content_length(value.as_bytes()).map_err(error)?);
        Ok(())
    }
}

/// Digits, leading zeros allowed, no more than a message may hold twice over.
pub(crate) fn content_length(value: &[u8]) -> Result<usize, HeaderFlaw> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return Err(HeaderFlaw::Number);
    }
    value
        .iter()
        .try_fold(0_usize, |sum, digit| {
            let sum = sum.checked_mul(10)?.checked_add(usize::from(digit - b'0'))?;
            (sum <= u32::MAX as usize).then_some(sum)
        })
        .ok_or(HeaderFlaw::Number)
}

/// RFC 3261 §18.3: bytes past Content-Length are cut, fewer are an error; on datagrams a message without
/// it goes to the datagram's end.
fn cut<'a>(body: &'a [u8], head: &Head) -> Result<&'a [u8], Flaw> {
    match head.content_length {
        Some(length) => body.get(..length).ok_or(Flaw::BodyTooShort),
        None => Ok(body),
    }
}

/// What every written message has besides its start line, its header lines and its body.
const FRAME_LEN: usize = "Content-Length: 65536\r\n\r\n".len();

/// Whether the message stays inside the limits when it is written: compact names grow, Latin-1 becomes
/// UTF-8, and a URI's host is printed in its usual form.
fn can_be_written(message: &Message, line_len: usize, headers_len: usize) -> bool {
    let rest_len = headers_len + "\r\n".len() + message.body().len();
    let fits = |line_len: usize| line_len <= MAX_START_LINE && line_len + rest_len <= MAX_MESSAGE;
    // Twice covers whatever a line can grow by, so that the everyday message is not printed for this.
    fits(2 * line_len) || fits(start_line::written_len(message))
}

fn unanswerable(flaw: impl Into<Flaw>) -> ReadError {
    ReadError { flaw: flaw.into(), refusal: None }
}

/// The answer to a request that is malformed: what can be copied is copied as it came, one of each, so
/// that the client finds its transaction. ACK is never answered (RFC 3261 §17.1.1.3).
fn refusal(method: &Method, flaw: &Flaw, headers: &Headers) -> Option<Response> {
    if *method == Method::Ack || !Via::begins_well(&mut Cursor::new(headers.get(Name::Via)?)) {
        return None;
    }
    let status = match flaw {
        Flaw::Version => Status::VERSION_NOT_SUPPORTED,
        // RFC 4475 §3.1.2.18: for a method that nobody here knows, 501 is the better answer.
        Flaw::CSeqMismatch if method.is_unknown() => Status::NOT_IMPLEMENTED,
        Flaw::MessageTooLarge
        | Flaw::TooManyHeaders
        | Flaw::StartLineTooLong
        | Flaw::HeaderTooLong
        | Flaw::Empty
        | Flaw::StartLine
        | Flaw::RequestUri
        | Flaw::StatusCode
        | Flaw::HeaderName
        | Flaw::ControlByte
        | Flaw::NotText
        | Flaw::HeadersUnfinished
        | Flaw::Header(_)
        | Flaw::CSeqMismatch
        | Flaw::BodyTooShort => Status::BAD_REQUEST,
    };
    let mut copied = Headers::new();
    copied.copy(Name::Via, headers);
    for name in [Name::From, Name::To, Name::CallId, Name::CSeq] {
        copied.push(name, headers.get(name)?);
    }
    Some(Response { status, reason: status.phrase().to_owned(), headers: copied, body: Vec::new() })
}

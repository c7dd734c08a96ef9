//! The start line (RFC 3261 §7.1, §7.2).

use super::cursor::is_token;
use super::lines::Text;
use super::{Flaw, Message, Method, Status, Uri};

/// A start line that was read.
#[derive(Debug)]
pub(super) enum StartLine {
    Request { method: Method, uri: Result<Uri, Flaw> },
    Response { status: Status, reason: String },
}

/// Reads a start line. The bytes looked at are at most three times its length and [`super::MAX_USER_LEN`].
pub(super) fn read(line: &[u8]) -> Result<StartLine, Flaw> {
    let is_response = line.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"SIP/"));
    if is_response { status_line(line) } else { request_line(line) }
}

/// RFC 3261 §7.2: SIP-Version SP Status-Code SP Reason-Phrase CRLF. The space before an empty phrase is
/// left out by some and then not missed.
fn status_line(line: &[u8]) -> Result<StartLine, Flaw> {
    let (version, rest) = split_space(line).ok_or(Flaw::StartLine)?;
    check_version(version)?;
    let (code, reason) = split_space(rest).unwrap_or((rest, b""));
    let digits = code.len() == 3 && code.iter().all(u8::is_ascii_digit);
    let code = std::str::from_utf8(code).ok().filter(|_| digits).and_then(|code| code.parse().ok());
    let status = code.and_then(Status::new).ok_or(Flaw::StatusCode)?;
    Ok(StartLine::Response { status, reason: Text::decode(reason).text })
}

/// RFC 3261 §7.1: Method SP Request-URI SP SIP-Version CRLF, each space exactly one.
fn request_line(line: &[u8]) -> Result<StartLine, Flaw> {
    let (method, rest) = split_space(line).ok_or(Flaw::StartLine)?;
    if method.is_empty() || !method.iter().copied().all(is_token) {
        return Err(Flaw::StartLine);
    }
    let method = std::str::from_utf8(method).map_err(|_| Flaw::StartLine)?;
    let method = Method::from_token(method);
    let uri = request_uri(rest);
    Ok(StartLine::Request { method, uri })
}

fn request_uri(rest: &[u8]) -> Result<Uri, Flaw> {
    let (uri, version) = split_space(rest).ok_or(Flaw::StartLine)?;
    if uri.is_empty() || version.contains(&b' ') {
        return Err(Flaw::StartLine);
    }
    check_version(version)?;
    let text = std::str::from_utf8(uri).map_err(|_| Flaw::RequestUri)?;
    let uri = Uri::parse(text).map_err(|_| Flaw::RequestUri)?;
    // RFC 3261 §19.1.1: the headers component is not allowed in a Request-URI.
    if uri.sip().is_some_and(|uri| uri.headers.is_some()) {
        return Err(Flaw::RequestUri);
    }
    Ok(uri)
}

/// RFC 3261 §7.1: case-insensitive, and SIP/2.0 for every message of this version.
fn check_version(version: &[u8]) -> Result<(), Flaw> {
    if version.eq_ignore_ascii_case(b"SIP/2.0") {
        return Ok(());
    }
    let number = version.get(4..).unwrap_or_default();
    let well_formed = version.get(..4).is_some_and(|sip| sip.eq_ignore_ascii_case(b"SIP/"))
        && number.iter().all(|b| b.is_ascii_digit() || *b == b'.')
        && !number.is_empty();
    Err(if well_formed { Flaw::Version } else { Flaw::StartLine })
}

fn split_space(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|&b| b == b' ')?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// Bytes of the start line as it would be written, without its end.
pub(super) fn written_len(message: &Message) -> usize {
    match message {
        Message::Request(request) => {
            request.method.as_str().len() + request.uri.to_string().len() + "  SIP/2.0".len()
        }
        Message::Response(response) => "SIP/2.0 200 ".len() + response.reason.len(),
    }
}

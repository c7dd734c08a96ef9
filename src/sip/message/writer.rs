//! Writes messages. Nothing that could end a line early leaves.

use super::cursor::{is_token, is_uri};
use super::{Headers, Method, Name, Request, Response, WriteError};
use std::io::Write;

/// What a message without a large body takes; the buffer grows past it.
const USUAL_LEN: usize = 1_024;

/// A request's bytes.
pub(super) fn request(request: &Request) -> Result<Vec<u8>, WriteError> {
    let mut bytes = Vec::with_capacity(USUAL_LEN + request.body.len());
    let method = method_token(&request.method)?;
    append(&mut bytes, format_args!("{method} {}", request.uri));
    let uri = bytes.get(method.len() + 1..).unwrap_or_default();
    if !uri.iter().copied().all(is_uri) {
        return Err(WriteError::StartLine);
    }
    bytes.extend_from_slice(b" SIP/2.0\r\n");
    rest(bytes, &request.headers, &request.body)
}

/// A response's bytes.
pub(super) fn response(response: &Response) -> Result<Vec<u8>, WriteError> {
    let mut bytes = Vec::with_capacity(USUAL_LEN + response.body.len());
    if !stays_on_its_line(&response.reason) {
        return Err(WriteError::StartLine);
    }
    append(&mut bytes, format_args!("SIP/2.0 {} {}\r\n", response.status, response.reason));
    rest(bytes, &response.headers, &response.body)
}

fn method_token(method: &Method) -> Result<&str, WriteError> {
    let token = method.as_str();
    if is_name(token) { Ok(token) } else { Err(WriteError::StartLine) }
}

/// Headers, `Content-Length` and body. RFC 3261 §18.3: the length is always told, which a stream needs.
fn rest(mut bytes: Vec<u8>, headers: &Headers, body: &[u8]) -> Result<Vec<u8>, WriteError> {
    for (name, value) in headers.iter() {
        if name.eq_ignore_ascii_case(Name::ContentLength.as_str()) {
            continue;
        }
        if !is_name(name) || !stays_on_its_line(value) {
            return Err(WriteError::Header);
        }
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    append(&mut bytes, format_args!("{}: {}\r\n\r\n", Name::ContentLength, body.len()));
    bytes.extend_from_slice(body);
    Ok(bytes)
}

fn append(bytes: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    bytes.write_fmt(text).expect("writing to a vector does not fail");
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(is_token)
}

/// No CR, no LF, and NUL only in a quoted pair, as the reader takes it (RFC 3261 §25.1).
fn stays_on_its_line(value: &str) -> bool {
    let mut previous = 0;
    value.bytes().all(|b| {
        let safe = !matches!(b, b'\r' | b'\n') && (b != 0 || previous == b'\\');
        previous = b;
        safe
    })
}

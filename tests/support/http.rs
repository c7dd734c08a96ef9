//! As much HTTP/1.1 as the front door's tests need: one request a connection.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// The front door of a gateway that a test serves.
pub(crate) const FRONT_DOOR: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 8080));

/// Whether the gateway behind it takes jobs.
pub(crate) fn is_ready() -> bool {
    request(FRONT_DOOR, "GET", "/readyz", None).is_some_and(|answer| answer.status == 200)
}

/// A response: its status and its body, which as JSON is null if it is none.
#[derive(Debug)]
pub(crate) struct Response {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The JSON body.
    pub(crate) body: Value,
    /// The body as it came.
    pub(crate) text: String,
}

/// Sends one request; `None` when nobody listens, or the connection ends before the response does.
pub(crate) fn request(
    server: SocketAddr,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> Option<Response> {
    let mut stream = TcpStream::connect_timeout(&server, Duration::from_secs(5)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(40))).ok()?;
    let body = body.map(Value::to_string).unwrap_or_default();
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all((head + &body).as_bytes()).ok()?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).ok()?;
    parse(&bytes)
}

fn parse(bytes: &[u8]) -> Option<Response> {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let length = |line: &str| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    };
    // A body that was cut by the server's death is no response.
    if head.lines().find_map(length).is_some_and(|length| body.len() < length) {
        return None;
    }
    let json = serde_json::from_str(body).unwrap_or(Value::Null);
    Some(Response { status, body: json, text: body.to_owned() })
}

//! A far end written by hand, for what no tool sends: bytes split anywhere, and several messages in
//! one breath. It is told what to send, and keeps no state of its own but its sockets.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

use super::trace::Message;

/// Where the far end takes calls in a test's own network.
pub(crate) const PORT: u16 = 5070;
/// Longer than any silence of a healthy call.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug)]
enum Wire {
    Udp { socket: UdpSocket, gateway: Option<SocketAddr> },
    Tcp { listener: TcpListener, stream: Option<TcpStream>, buffer: Vec<u8> },
}

/// One far end with one call.
#[derive(Debug)]
pub(crate) struct Uas {
    wire: Wire,
    /// Where its SDP says that its media is.
    pub(crate) rtp: UdpSocket,
    /// The INVITE that it took.
    invite: Option<Message>,
}

impl Uas {
    /// Listens on 127.0.0.1 over `udp` or `tcp`.
    pub(crate) fn listen(transport: &str) -> Uas {
        let address = ("127.0.0.1", PORT);
        let wire = if transport == "tcp" {
            let listener = TcpListener::bind(address).expect("the network is this test's own");
            listener.set_nonblocking(true).expect("a socket can be polled");
            Wire::Tcp { listener, stream: None, buffer: Vec::new() }
        } else {
            let socket = UdpSocket::bind(address).expect("the network is this test's own");
            socket.set_read_timeout(Some(PATIENCE)).expect("the time-out is not zero");
            Wire::Udp { socket, gateway: None }
        };
        let rtp = UdpSocket::bind(("127.0.0.1", 6000)).expect("the network is this test's own");
        Uas { wire, rtp, invite: None }
    }

    /// The next message; panics when none comes, or what comes is none.
    #[track_caller]
    pub(crate) fn receive(&mut self) -> Message {
        let text = match &mut self.wire {
            Wire::Udp { socket, gateway } => {
                let mut bytes = [0; 65_536];
                let (length, from) =
                    uninterrupted(|| socket.recv_from(&mut bytes)).expect("a message comes in time");
                *gateway = Some(from);
                String::from_utf8_lossy(&bytes[..length]).into_owned()
            }
            Wire::Tcp { listener, stream, buffer } => receive_framed(listener, stream, buffer),
        };
        Message { at_s: 0.0, sent: false, text: text.replace('\r', "") }
    }

    /// Skips to the next request with this method, or response to it.
    #[track_caller]
    pub(crate) fn expect(&mut self, method: &str) -> Message {
        loop {
            let message = self.receive();
            let to_method = message.header("CSeq").is_some_and(|cseq| cseq.ends_with(method));
            if message.method() == Some(method) || (message.method().is_none() && to_method) {
                return message;
            }
        }
    }

    /// Waits that long for each message from now on.
    pub(crate) fn be_patient(&mut self, limit: Duration) {
        if let Wire::Udp { socket, .. } = &self.wire {
            socket.set_read_timeout(Some(limit)).expect("the time-out is not zero");
        }
    }

    /// Takes the call.
    #[track_caller]
    pub(crate) fn take_call(&mut self) {
        self.invite = Some(self.expect("INVITE"));
    }

    /// Sends these bytes: a datagram, or a segment of the stream.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        match &mut self.wire {
            Wire::Udp { socket, gateway } => {
                let gateway = gateway.expect("the gateway spoke first");
                socket.send_to(bytes, gateway).expect("loopback takes it");
            }
            Wire::Tcp { stream, .. } => {
                let stream = stream.as_mut().expect("the gateway connected first");
                stream.write_all(bytes).expect("the connection is up");
            }
        }
    }

    /// Closes the stream, as a proxy does when it restarts; the gateway may connect again.
    pub(crate) fn disconnect(&mut self) {
        if let Wire::Tcp { stream, buffer, .. } = &mut self.wire {
            *stream = None;
            buffer.clear();
        }
    }

    fn invite(&self) -> &Message {
        self.invite.as_ref().expect("the call was taken")
    }

    fn transport(&self) -> &'static str {
        match self.wire {
            Wire::Udp { .. } => "UDP",
            Wire::Tcp { .. } => "TCP",
        }
    }

    /// A response to the INVITE, with our SDP if `has_sdp`.
    pub(crate) fn response(&self, status: &str, has_sdp: bool) -> String {
        let body = if has_sdp { SDP } else { "" };
        let contact = format!("Contact: <sip:127.0.0.1:{PORT};transport={}>\r\n", self.transport());
        respond(self.invite(), status, &contact, body)
    }

    /// A request inside the dialog.
    pub(crate) fn request(&self, method: &str, cseq: u32, content_type: &str, body: &str) -> String {
        let header = |name| self.invite().header(name).expect("every INVITE has it");
        let contact = header("Contact");
        let target =
            contact.split_once('<').map_or(contact, |(_, rest)| rest.split('>').next().unwrap_or(rest));
        let content =
            if body.is_empty() { String::new() } else { format!("Content-Type: {content_type}\r\n") };
        format!(
            "{method} {target} SIP/2.0\r\nVia: SIP/2.0/{} 127.0.0.1:{PORT};branch=z9hG4bK-{cseq}-{method}\r\n\
             Max-Forwards: 70\r\nFrom: {};tag=far\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {cseq} {method}\r\n\
             {content}Content-Length: {}\r\n\r\n{body}",
            self.transport(),
            header("To"),
            header("From"),
            header("Call-ID"),
            body.len()
        )
    }

    /// The key `#` as INFO.
    pub(crate) fn pound_info(&self, cseq: u32) -> String {
        self.request("INFO", cseq, "application/dtmf-relay", "Signal=#\r\nDuration=160\r\n")
    }

    /// Answers a request of the gateway with 200.
    pub(crate) fn accept(&mut self, request: &Message) {
        let text = respond(request, "200 OK", "", "");
        self.send(text.as_bytes());
    }

    /// Where the gateway's SDP says that it listens for RTP.
    pub(crate) fn gateway_media(&self) -> SocketAddr {
        let line = self.invite().body().lines().find_map(|line| line.strip_prefix("m=audio "));
        let port = line.and_then(|line| line.split(' ').next()?.parse().ok());
        SocketAddr::from(([127, 0, 0, 1], port.expect("the offer has an audio line")))
    }
}

const SDP: &str = "v=0\r\no=far 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
    m=audio 6000 RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n";

/// Sound of a far end as PCMU in RTP (RFC 3551 §4.5.14); every packet of a call is as long as this one.
pub(crate) fn frame(stream: u8, number: u16, octets: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x80, 0];
    bytes.extend(number.to_be_bytes());
    bytes.extend((u32::from(number) * octets.len() as u32).to_be_bytes());
    bytes.extend([0, 0, 0, stream]);
    bytes.extend(octets);
    bytes
}

/// RFC 3261 §8.2.6: Via, From, To, Call-ID and CSeq of the request come back.
fn respond(request: &Message, status: &str, extra: &str, body: &str) -> String {
    let mut text = format!("SIP/2.0 {status}\r\n");
    for line in request.head().lines().filter(|line| line.to_ascii_lowercase().starts_with("via:")) {
        text += &format!("{line}\r\n");
    }
    for name in ["From", "To", "Call-ID", "CSeq"] {
        let value = request.header(name).expect("every request has it");
        let tag = if name == "To" && !value.contains(";tag=") { ";tag=far" } else { "" };
        text += &format!("{name}: {value}{tag}\r\n");
    }
    let content = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    text + &format!("{extra}{content}Content-Length: {}\r\n\r\n{body}", body.len())
}

/// RFC 3261 §18.3: on a stream, Content-Length tells where a message ends.
#[track_caller]
fn receive_framed(listener: &TcpListener, stream: &mut Option<TcpStream>, buffer: &mut Vec<u8>) -> String {
    loop {
        // RFC 5626 §3.5.1: a keep-alive may be answered by one empty line.
        let empty = buffer.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        buffer.drain(..empty);
        let text = String::from_utf8_lossy(buffer).into_owned();
        if let Some((head, rest)) = text.split_once("\r\n\r\n") {
            let line = head.lines().find_map(|line| line.strip_prefix("Content-Length:"));
            let length: usize =
                line.and_then(|value| value.trim().parse().ok()).expect("a length on a stream");
            if rest.len() >= length {
                let end = head.len() + 4 + length;
                buffer.drain(..end);
                return text[..end].to_owned();
            }
        }
        let connection = stream.get_or_insert_with(|| accept(listener));
        let mut bytes = [0; 65_536];
        let length = uninterrupted(|| connection.read(&mut bytes)).expect("a message comes in time");
        assert!(length > 0, "the gateway closed the connection; unread: {text:?}");
        buffer.extend_from_slice(&bytes[..length]);
    }
}

/// A wait with a time-out is not taken up again by itself after a signal (signal(7)).
pub(crate) fn uninterrupted<T>(mut wait: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match wait() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

fn accept(listener: &TcpListener) -> TcpStream {
    let mut taken = None;
    super::wait_until(PATIENCE, || {
        taken = listener.accept().ok();
        taken.is_some()
    });
    let (stream, _) = taken.expect("the gateway connects in time");
    stream.set_nonblocking(false).expect("a socket can be waited for");
    stream.set_read_timeout(Some(PATIENCE)).expect("the time-out is not zero");
    stream.set_nodelay(true).expect("TCP can send at once");
    stream
}

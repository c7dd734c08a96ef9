//! SIP messages as a peer meets them: what is written stays on its line, what is read has bounds, what
//! carriers and phones send is understood.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use octothorpe::sip::framing::{Frame, FrameError, StreamFramer};
use octothorpe::sip::message::{
    Contacts, Flaw, Headers, MAX_HEADER_LEN, MAX_HEADERS, MAX_LATIN1, MAX_LIST, MAX_MESSAGE, Message, Method,
    Name, NameAddr, Request, Response, Rport, SipUri, Status, Transport, Uri, Via, WriteError,
};
use std::net::SocketAddr;

const BASICS: &str = "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa;rport\r\nFrom: <sip:a@h>;tag=1\r\n\
To: <sip:b@h>\r\nCall-ID: c@h\r\nCSeq: 1 INVITE\r\n";

fn invite(more: &str) -> Vec<u8> {
    format!("INVITE sip:b@h SIP/2.0\r\n{BASICS}{more}\r\n").into_bytes()
}

fn read_request(bytes: &[u8]) -> Request {
    match Message::read(bytes).unwrap() {
        Message::Request(request) => request,
        Message::Response(_) => panic!("a response"),
    }
}

fn flaw(bytes: &[u8]) -> Flaw {
    Message::read(bytes).unwrap_err().flaw
}

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

#[test]
fn nothing_that_ends_a_line_is_written() {
    // A value from a job or from a peer must not become a header or a message of its own.
    for evil in ["a\r\nX: y", "a\nX: y", "a\rX: y", "a\0", "\r\n\r\nINVITE"] {
        let mut request = read_request(&invite(""));
        request.headers.push(Name::Subject, evil);
        assert_eq!(request.write(), Err(WriteError::Header), "{evil:?}");
        let mut response = read_request(&invite("")).response(Status::OK, evil);
        assert_eq!(response.write(), Err(WriteError::StartLine), "{evil:?}");
        response.reason = "OK".to_owned();
        assert!(response.write().is_ok());
        let uri = SipUri::new("192.0.2.1".parse::<std::net::IpAddr>().unwrap().into()).with_user(evil);
        assert_eq!(Request::new(Method::Options, uri.into()).write(), Err(WriteError::StartLine), "{evil:?}");
        let method = Method::Other(evil.to_owned());
        assert_eq!(Request::new(method, request.uri.clone()).write(), Err(WriteError::StartLine));
    }
    let mut request = read_request(&invite(""));
    request.headers.push_named("X Y", "z");
    assert_eq!(request.write(), Err(WriteError::Header), "RFC 3261 §25.1: a header name is a token");
}

#[test]
fn content_length_is_always_written_once_and_right() {
    // RFC 3261 §18.3, and a peer that counts characters instead of bytes would cut the body.
    let mut request = read_request(&invite(""));
    request.headers.push(Name::ContentLength, "9999");
    request.set_body("text/plain", "né");
    let written = String::from_utf8(request.write().unwrap()).unwrap();
    assert_eq!(written.matches("Content-Length: 3\r\n\r\nné").count(), 1);
    assert_eq!(written.matches("Content-Length").count(), 1);
}

#[test]
fn each_limit_refuses_what_is_past_it_and_takes_what_is_not() {
    let lines = |count: usize| "X: y\r\n".repeat(count);
    assert!(Message::read(&invite(&lines(MAX_HEADERS - 5))).is_ok());
    assert_eq!(flaw(&invite(&lines(MAX_HEADERS - 4))), Flaw::TooManyHeaders);
    let subject = |length: usize| format!("Subject: {}\r\n", "x".repeat(length));
    assert!(Message::read(&invite(&subject(MAX_HEADER_LEN))).is_ok());
    assert_eq!(flaw(&invite(&subject(MAX_HEADER_LEN + 1))), Flaw::HeaderTooLong);
    let routes = |count: usize| format!("Route: {}\r\n", vec!["<sip:h>"; count].join(","));
    assert_eq!(read_request(&invite(&routes(MAX_LIST))).headers.routes().unwrap().len(), MAX_LIST);
    assert!(read_request(&invite(&routes(MAX_LIST + 1))).headers.routes().is_err());
    let latin1 = |count: usize| [b"Subject: ".as_slice(), &vec![0xe9; count], b"\r\n\r\n"].concat();
    let head = &invite("")[..invite("").len() - 2];
    assert!(Message::read(&[head, &latin1(MAX_LATIN1)].concat()).is_ok());
    assert_eq!(flaw(&[head, &latin1(MAX_LATIN1 + 1)].concat()), Flaw::NotText);
    let mut bytes = invite("");
    bytes.resize(MAX_MESSAGE + 1, b'x');
    assert_eq!(flaw(&bytes), Flaw::MessageTooLarge);
}

#[test]
fn lines_may_end_with_lf_alone_but_never_with_cr_alone() {
    let lf_only = String::from_utf8(invite("Subject: x\r\n")).unwrap().replace('\r', "");
    assert_eq!(read_request(lf_only.as_bytes()), read_request(&invite("Subject: x\r\n")));
    assert_eq!(flaw(&invite("Subject: x\rVia: y\r\n")), Flaw::ControlByte);
    assert_eq!(flaw(&invite("Subject: x\0y\r\n")), Flaw::ControlByte);
    // RFC 3261 §7.5: line ends before the start line are ignored.
    let padded = [b"\r\n\r\n".as_slice(), &invite("")].concat();
    assert_eq!(read_request(&padded), read_request(&invite("")));
    assert_eq!(flaw(b"\r\n\r\n"), Flaw::Empty);
}

#[test]
fn compact_names_folds_and_latin_1_are_understood() {
    let bytes = b"INVITE sip:b@h SIP/2.0\r\nv:SIP/2.0/UDP h;branch=z9hG4bKa\r\nf:\"J\xe9r\xf4me\"\r\n\t<sip:a@h>\r\n ;tag=1\r\n\
t : sip:b@h\r\ni: c\r\nCSeq: 1\r\n INVITE\r\nm: <tel:+14255550100>, \"x,y;z\" <sip:a@[2001:db8::1]:5070>;q=0.5\r\nl: 0\r\n\r\n";
    let headers = read_request(bytes).headers;
    assert_eq!(headers.from().unwrap().display.as_deref(), Some("Jérôme"));
    assert_eq!(headers.from_tag().as_deref(), Some("1"));
    let Contacts::List(contacts) = headers.contacts().unwrap() else { panic!("a star") };
    assert_eq!(contacts[0].uri, Uri::parse("tel:+14255550100").unwrap());
    assert_eq!(contacts[1].display.as_deref(), Some("x,y;z"));
    assert_eq!(contacts[1].uri.host().unwrap().address(), Some("2001:db8::1".parse().unwrap()));
    assert_eq!(contacts[1].q_thousandths(), Some(500));
}

#[test]
fn an_ack_is_never_answered_however_malformed() {
    // RFC 3261 §17.1.1.3: there is no response to ACK.
    let ack = String::from_utf8(invite("")).unwrap().replace("INVITE", "ACK").replace("<sip:b@h>", "\"");
    assert_eq!(Message::read(ack.as_bytes()).unwrap_err().refusal, None);
}

#[test]
fn a_response_finds_its_way_back() {
    // RFC 3581 §4: received and rport are filled in; a NAT's address is answered, not the Via's.
    let mut request = read_request(&invite("Record-Route: <sip:p;lr>\r\nTimestamp: 5\r\n"));
    request.headers.stamp_source(address("198.51.100.9:1024"));
    let via = request.headers.top_via().unwrap();
    assert_eq!(via.received(), Some("198.51.100.9".parse().unwrap()));
    assert_eq!(via.rport(), Rport::Port(1024));
    let trying = request.response(Status::TRYING, "Trying");
    assert_eq!(trying.headers.get(Name::Timestamp), Some("5"), "RFC 3261 §8.2.6.1");
    assert_eq!(trying.headers.get(Name::RecordRoute), None);
    let mut ringing = request.response(Status::RINGING, "Ringing");
    ringing.set_to_tag("x");
    ringing.set_to_tag("y");
    assert_eq!(ringing.headers.to_tag().as_deref(), Some("x"), "RFC 3261 §8.2.6.2: one tag");
    assert_eq!(ringing.headers.get(Name::RecordRoute), Some("<sip:p;lr>"), "RFC 3261 §12.1.1");
    assert_eq!(ringing.headers.top_via().unwrap().response_target(), Some(address("198.51.100.9:1024")));
}

#[test]
fn vias_without_rport_are_answered_at_their_port() {
    // RFC 3261 §18.2.2.
    let stamped = |value: &str, source: &str| {
        let mut headers = Headers::new();
        headers.push(Name::Via, value);
        headers.stamp_source(address(source));
        (headers.get(Name::Via).unwrap().to_owned(), headers.top_via().unwrap().response_target())
    };
    let (value, target) = stamped("SIP/2.0/UDP h;branch=z9hG4bKa, SIP/2.0/UDP i", "192.0.2.9:7000");
    assert_eq!(value, "SIP/2.0/UDP h;branch=z9hG4bKa;received=192.0.2.9, SIP/2.0/UDP i");
    assert_eq!(target, Some(address("192.0.2.9:5060")));
    let (value, target) = stamped("SIP/2.0/UDP 192.0.2.9:5070;branch=z9hG4bKa", "192.0.2.9:7000");
    assert_eq!(value, "SIP/2.0/UDP 192.0.2.9:5070;branch=z9hG4bKa");
    assert_eq!(target, Some(address("192.0.2.9:5070")));
    let (_, target) = stamped("SIP/2.0/UDP [2001:db8::1];branch=z9hG4bKa;rport", "[2001:db8::2]:7000");
    assert_eq!(target, Some(address("[2001:db8::2]:7000")));
}

#[test]
fn our_own_request_is_what_a_peer_reads() {
    let via = Via::new(Transport::Udp, address("[2001:db8::1]:5060"), "abc");
    let uri = Uri::parse("sip:+14255550100@[2001:db8::9]").unwrap();
    let from = NameAddr::new(uri.clone()).with_display("A \"B\" \\").with_tag("t");
    let to = NameAddr::new(uri.clone());
    let request = Request::with_basics(Method::Invite, uri, &via, &from, &to, "id@h", 7);
    let read = read_request(&request.write().unwrap());
    assert_eq!(read, request);
    assert_eq!(read.headers.top_via(), Ok(via));
    assert_eq!(read.headers.from(), Ok(from));
    assert_eq!(read.headers.cseq().unwrap().to_string(), "7 INVITE");
    assert_eq!(read.headers.max_forwards(), Ok(Some(70)));
}

#[test]
fn what_a_failure_says_is_read() {
    let bytes = b"SIP/2.0 480 \r\nVia: SIP/2.0/UDP h;branch=z9hG4bKa\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:b@h>;tag=2\r\n\
Call-ID: c@h\r\nCSeq: 1 INVITE\r\nReason: SIP;cause=480, q.850 ;cause=18;text=\"no, answer\"\r\nRetry-After: 30 (busy (very))\r\n\
Warning: 399 h:5060 \"x\", 301 y \"z\"\r\nUnsupported: a\r\nUnsupported: b, c\r\nRSeq: 5\r\n\r\n";
    let Message::Response(Response { headers, status, .. }) = Message::read(bytes).unwrap() else {
        panic!("a request")
    };
    assert_eq!(status.code(), 480);
    assert_eq!(headers.q850_cause(), Some(18));
    assert_eq!(headers.reasons().unwrap()[1].text().as_deref(), Some("no, answer"));
    assert_eq!(headers.retry_after().unwrap().unwrap().seconds, 30);
    assert_eq!(headers.tokens(Name::Unsupported).unwrap(), ["a", "b", "c"]);
    assert_eq!(headers.rseq(), Ok(Some(5)));
    let warnings = headers.list::<octothorpe::sip::message::Warning>(Name::Warning).unwrap();
    assert_eq!((warnings[0].agent.as_str(), warnings[1].text.as_str()), ("h:5060", "z"));
}

#[test]
fn headers_are_set_in_place_and_removed() {
    let mut headers =
        read_request(&invite("Subject: x\r\nReason: SIP\r\nX-One: 1\r\nreason: Q.850\r\n")).headers;
    assert_eq!(headers.all(Name::Reason).count(), 2, "a name that rsip does not know is found too");
    headers.set(Name::Reason, "Q.850;cause=16");
    assert_eq!(headers.reasons().unwrap().len(), 1);
    let names: Vec<&str> = headers.iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["Via", "From", "To", "Call-ID", "CSeq", "Subject", "Reason", "X-One"]);
    headers.remove(Name::Subject);
    headers.push_front(Name::Via, "SIP/2.0/UDP proxy;branch=z9hG4bKp");
    assert_eq!(headers.get(Name::Subject), None);
    assert_eq!(headers.get_named("x-one"), Some("1"));
    assert_eq!(headers.top_via().unwrap().host.to_string(), "proxy");
}

#[test]
fn keep_alives_on_a_stream_are_told_from_messages() {
    // RFC 5626 §3.5.1: a double CRLF is a ping; a single one is a pong and means nothing to us.
    let mut framer = StreamFramer::new();
    let message = [invite("Content-Length: 2\r\n"), b"xy".to_vec()].concat();
    framer.push(b"\r\n\r\n\r\n");
    assert_eq!(framer.next_frame(), Ok(Some(Frame::Ping)));
    assert_eq!(framer.next_frame(), Ok(None));
    framer.push(&message[..message.len() - 1]);
    assert_eq!(framer.next_frame(), Ok(None), "the body is not whole");
    framer.push(b"y\r\n");
    assert_eq!(framer.next_frame(), Ok(Some(Frame::Message(message))));
    assert_eq!(framer.next_frame(), Ok(None));
}

#[test]
fn a_stream_that_cannot_be_cut_is_given_up() {
    let fails = |bytes: &[u8]| {
        let mut framer = StreamFramer::new();
        framer.push(bytes);
        framer.next_frame().unwrap_err()
    };
    assert!(matches!(fails(&invite("")), FrameError::ContentLength(_)));
    assert!(matches!(fails(&invite("Content-Length: 1\r\nl: 1\r\n")), FrameError::ContentLength(_)));
    assert_eq!(fails(&invite("Content-Length: 65536\r\n")), FrameError::TooLarge);
    assert_eq!(fails(&vec![b'x'; MAX_MESSAGE + 1]), FrameError::TooLarge);
    let lines = "X: y\r\n".repeat(MAX_HEADERS + 1);
    assert_eq!(fails(&invite(&lines)), FrameError::Head(Flaw::TooManyHeaders));
    // A malformed line is the reader's to refuse: the stream goes on behind it.
    let mut framer = StreamFramer::new();
    framer.push(&invite("no colon\r\nContent-Length: 0\r\n"));
    let Ok(Some(Frame::Message(message))) = framer.next_frame() else { panic!("no message") };
    assert_eq!(flaw(&message), Flaw::HeaderName);
}

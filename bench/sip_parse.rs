//! Reading and writing SIP: the two messages of every call, and the worst that 64 KiB can hold.
//!
//! `cargo bench --bench sip_parse`. A call makes about a dozen messages; at 1,000 calls of 10 s that is
//! some 1,500 messages a second.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use octothorpe::sip::framing::StreamFramer;
use octothorpe::sip::message::{Message, Name, NameAddr};
use std::hint::black_box;

const SDP: &str = "v=0\r\no=- 3724394400 1 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\n\
m=audio 10000 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n\
a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n";

fn invite() -> Vec<u8> {
    let head = "INVITE sip:+14255550100@carrier.example.com;user=phone SIP/2.0\r\n\
Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK74bf9a8d2c;rport\r\n\
Max-Forwards: 70\r\n\
From: \"Example Bank\" <sip:+14255550101@gw.example.com>;tag=9fxced76sl\r\n\
To: <sip:+14255550100@carrier.example.com;user=phone>\r\n\
Call-ID: 3848276298220188511@gw.example.com\r\n\
CSeq: 1 INVITE\r\n\
Contact: <sip:gw@192.0.2.10:5060;transport=udp>\r\n\
Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE\r\n\
Supported: replaces\r\n\
P-Asserted-Identity: <sip:+14255550101@gw.example.com>\r\n\
User-Agent: octothorpe\r\n\
Content-Type: application/sdp\r\n";
    format!("{head}Content-Length: {}\r\n\r\n{SDP}", SDP.len()).into_bytes()
}

fn ok() -> Vec<u8> {
    let head = "SIP/2.0 200 OK\r\n\
Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK74bf9a8d2c;received=192.0.2.10;rport=5060\r\n\
Record-Route: <sip:p2.carrier.example.com;lr;ftag=9fxced76sl>,<sip:p1.carrier.example.com;lr>\r\n\
From: \"Example Bank\" <sip:+14255550101@gw.example.com>;tag=9fxced76sl\r\n\
To: <sip:+14255550100@carrier.example.com;user=phone>;tag=314159\r\n\
Call-ID: 3848276298220188511@gw.example.com\r\n\
CSeq: 1 INVITE\r\n\
Contact: <sip:+14255550100@198.51.100.7:5060>\r\n\
Allow: INVITE, ACK, BYE, CANCEL, OPTIONS\r\n\
Server: carrier\r\n\
Content-Type: application/sdp\r\n";
    format!("{head}Content-Length: {}\r\n\r\n{SDP}", SDP.len()).into_bytes()
}

/// An INVITE with the lines put in behind its start line.
fn stuffed(line: &str, lines: usize) -> Vec<u8> {
    let invite = String::from_utf8(invite()).expect("the INVITE is ASCII");
    let (start, rest) = invite.split_once("\r\n").expect("the INVITE has lines");
    format!("{start}\r\n{}{rest}", line.repeat(lines)).into_bytes()
}

/// What a machine does with each message: reads it and asks for what decides where it goes.
fn read_and_route(bytes: &[u8]) -> usize {
    let message = Message::read(bytes).expect("the message is well-formed");
    let headers = message.headers();
    let via = headers.top_via().expect("it has a Via");
    let cseq = headers.cseq().expect("it has a CSeq");
    let from = headers.from_tag().map_or(0, |tag| tag.len());
    let to = headers.to_tag().map_or(0, |tag| tag.len());
    let contact = headers.contact().expect("its Contact is well-formed");
    via.params.has("rport") as usize + cseq.number as usize + from + to + contact.is_some() as usize
}

fn usual(criterion: &mut Criterion) {
    let pair = [invite(), ok()];
    let mut group = criterion.benchmark_group("INVITE and 200");
    group.throughput(Throughput::Elements(2));
    group.bench_function("read", |b| {
        b.iter(|| pair.each_ref().map(|bytes| Message::read(black_box(bytes)).is_ok()));
    });
    group.bench_function("read and route", |b| {
        b.iter(|| pair.each_ref().map(|bytes| read_and_route(black_box(bytes))));
    });
    let messages = pair.each_ref().map(|bytes| Message::read(bytes).expect("the message is well-formed"));
    group.bench_function("write", |b| {
        b.iter(|| messages.each_ref().map(|message| black_box(message).write().is_ok()));
    });
    let stream = pair.concat();
    group.bench_function("cut from a stream", |b| {
        b.iter(|| {
            let mut framer = StreamFramer::new();
            framer.push(black_box(&stream));
            (framer.next_frame().is_ok(), framer.next_frame().is_ok())
        });
    });
    group.finish();
}

fn worst(criterion: &mut Criterion) {
    let vias = "Via: ".to_owned() + &["SIP/2.0/UDP h;branch=z9hG4bKa"; 16].join(",") + "\r\n";
    let routes = "Route: ".to_owned() + &["<sip:h;lr>"; 16].join(",") + "\r\n";
    let parameters = "Via: SIP/2.0/UDP h".to_owned() + &";a".repeat(4_000) + "\r\n";
    let folds = "Subject: ".to_owned() + &"a\r\n ".repeat(2_000) + "\r\n";
    let names = "X: \r\n".to_owned();
    let mut group = criterion.benchmark_group("worst of 64 KiB");
    for (name, bytes) in [
        ("128 Vias", stuffed(&vias, 7)),
        ("128 Routes", stuffed(&routes, 8)),
        ("28,000 parameters", stuffed(&parameters, 7)),
        ("folds", stuffed(&folds, 7)),
        ("240 empty headers", stuffed(&names, 240)),
        ("a body", [stuffed("", 0), vec![b'x'; 64_000]].concat()),
    ] {
        assert!(bytes.len() <= 65_536, "{name}");
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function(name, |b| {
            b.iter(|| {
                let message = Message::read(black_box(&bytes)).expect("the message is well-formed");
                message.headers().list::<NameAddr>(Name::Route).map_or(0, |routes| routes.len())
            });
        });
    }
    group.finish();
}

criterion_group!(benches, usual, worst);
criterion_main!(benches);

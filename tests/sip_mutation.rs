//! Hostile bytes: mutated messages neither panic, nor hang, nor make the reader work more than in
//! proportion to their length; what is accepted is written and read again unchanged; where rsip's own
//! parser takes a message too, it reads the same.
//!
//! `OCTOTHORPE_SEED=N` repeats a run, `OCTOTHORPE_LONG=1` runs 10 million messages.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by panicking and tells its seed")]
#![allow(clippy::wildcard_enum_match_arm, reason = "headers without a type of their own are all alike here")]

#[path = "support/seed.rs"]
mod seed;

use octothorpe::sip::framing::{Frame, FrameError, StreamFramer};
use octothorpe::sip::message::{
    CSeq, Challenge, ContentType, Cursor, HeaderValue, Headers, MAX_LATIN1, MAX_MESSAGE, MAX_USER_LEN,
    Message, Name, NameAddr, Reason, RetryAfter, Via, Warning, read_counted,
};
use rand::rngs::SmallRng;
use rand::{Rng, RngExt, SeedableRng};

/// What the reader may look at besides four times a message's length: the look-ahead for an `@` in From,
/// To and the Request-URI, twice each; what Latin-1 grows by, twice; and short lines.
const CONSTANT: usize = 6 * MAX_USER_LEN + 2 * MAX_LATIN1 + 1_024;

const INVITE: &[u8] = b"INVITE sip:+14255550100@carrier.example.com;user=phone SIP/2.0\r\n\
Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK74bf9;rport, SIP/2.0/TCP [2001:db8::9:1];branch=z9hG4bKx;received=[2001:db8::9:255]\r\n\
Max-Forwards: 70\r\n\
From: \"Bank, \\\"Inc\\\"\" <sip:+14255550101@gw.example.com>;tag=9fxced76sl\r\n\
To: <tel:+1-425-555-0100;ext=12>\r\n\
Call-ID: 3848276298220188511@gw.example.com\r\n\
CSeq: 1 INVITE\r\n\
Contact: <sip:gw@192.0.2.10:5060;transport=udp>;q=0.7;+sip.instance=\"<urn:uuid:0>\"\r\n\
Route: <sip:p1.example.com;lr>,<sip:[2001:db8::1]:5062;lr>\r\n\
P-Asserted-Identity: \"B\" <sip:+14255550101@gw.example.com>, <tel:+14255550101>\r\n\
Supported: timer, replaces\r\n\
Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE\r\n\
Proxy-Authorization: Digest username=\"gw\", realm=\"c\", nonce=\"x\", uri=\"sip:c\", response=\"0\", qop=auth, nc=00000001\r\n\
Min-SE: 90\r\n\
Content-Type: application/sdp\r\n\
Content-Length: 131\r\n\r\n\
v=0\r\no=- 1 1 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\nm=audio 10000 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\n";

const RESPONSE: &[u8] = b"SIP/2.0 407 Proxy Authentication Required\r\n\
v: SIP / 2.0 / UDP 192.0.2.10:5060 ;branch=z9hG4bK74bf9;rport=5060\r\n ;received=192.0.2.10\r\n\
f: sip:+14255550101@gw.example.com;tag=9fxced76sl\r\n\
t: \"J\xe9r\xf4me\" <sip:+14255550100@carrier.example.com>;tag=314159\r\n\
i: 3848276298220188511@gw.example.com\r\n\
CSeq: 1 INVITE\r\n\
Record-Route: <sip:p2.example.com;lr>, \"P1\" <sip:p1.example.com;lr>\r\n\
Proxy-Authenticate: Digest realm=\"a\", nonce=\"1,2\", algorithm=SHA-256, qop=\"auth,auth-int\", Digest realm=\"a\", nonce=\"3\"\r\n\
Reason: Q.850;cause=17;text=\"User busy\", SIP;cause=486\r\n\
Retry-After: 120 (I'm in a (meeting\\)) );duration=60\r\n\
Warning: 399 carrier.example.com \"say \\\"no\\\"\", 301 x \"y\"\r\n\
RSeq: 988789\r\n\
l: 0\r\n\r\n";

/// What breaks parsers when it stands in the wrong place.
const MORSELS: &[&[u8]] = &[
    b"\r\n",
    b"\n",
    b"\r",
    b"\0",
    b"\\\0",
    b"\\",
    b"\"",
    b"<",
    b">",
    b";",
    b",",
    b"=",
    b":",
    b"@",
    b"?",
    b"[",
    b"]",
    b"%",
    b" ",
    b"\t",
    b"\r\n ",
    b"\r\n\r\n",
    b"\xff",
    b"\xc3\xa9",
    b"\xef\xbb\xbf",
    b"SIP/2.0",
    b"sip:",
    b"tel:",
    b"Content-Length: 5\r\n",
    b"l:0\r\n",
    b"Via: SIP/2.0/UDP h;branch=z9hG4bKa\r\n",
    b"Route: <sip:h;lr>,<sip:a@h>\r\n",
    b"4294967296",
    b"-1",
    b";tag=",
    b";rport",
    b";received=::1",
    b"(",
    b")",
    b"*",
    b"Digest a=b, ",
    b"[::ffff:1.2.3.4]",
];

struct Mutator {
    seeds: Vec<Vec<u8>>,
    rng: SmallRng,
}

impl Mutator {
    fn new(seed: u64) -> Self {
        let directory = std::path::Path::new(file!()).with_extension("").with_file_name("rfc4475");
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut files: Vec<_> =
            std::fs::read_dir(root.join(directory)).unwrap().map(|f| f.unwrap().path()).collect();
        files.retain(|path| path.extension().is_some_and(|extension| extension == "dat"));
        files.sort();
        assert_eq!(files.len(), 49);
        let mut seeds: Vec<Vec<u8>> = files.iter().map(|path| std::fs::read(path).unwrap()).collect();
        // The everyday messages come up as often as all the odd ones together.
        for _ in 0..25 {
            seeds.extend([INVITE.to_vec(), RESPONSE.to_vec()]);
        }
        Self { seeds, rng: SmallRng::seed_from_u64(seed) }
    }

    fn below(&mut self, end: usize) -> usize {
        self.rng.random_range(0..end.max(1))
    }

    fn range(&mut self, length: usize) -> std::ops::Range<usize> {
        let start = self.below(length + 1);
        let most = if self.below(8) == 0 { length } else { 24 };
        start..(start + self.below(most + 1)).min(length)
    }

    fn message(&mut self) -> Vec<u8> {
        let pick = self.below(self.seeds.len());
        let mut bytes = self.seeds[pick].clone();
        for _ in 0..=self.below(4) {
            self.mutate(&mut bytes);
        }
        bytes.truncate(MAX_MESSAGE + 1);
        bytes
    }

    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        let length = bytes.len();
        let range = self.range(length);
        match self.below(9) {
            0 if length > 0 => {
                let at = self.below(length);
                bytes[at] = self.rng.next_u32().to_le_bytes()[0];
            }
            1 if length > 0 => {
                let at = self.below(length);
                bytes[at] ^= 1 << self.below(8);
            }
            2 => drop(bytes.drain(range)),
            3 => {
                let piece = bytes[range].to_vec();
                let at = self.below(length + 1);
                bytes.splice(at..at, piece);
            }
            4 => {
                let other = self.below(self.seeds.len());
                let other_range = self.range(self.seeds[other].len());
                bytes.splice(range, self.seeds[other][other_range].iter().copied());
            }
            5 if self.below(64) == 0 => {
                // Long runs of the same: lists, parameters, folds, folded again.
                let piece = bytes[range].to_vec();
                let times = self.below(MAX_MESSAGE) / piece.len().max(1);
                let at = self.below(length + 1);
                bytes.splice(at..at, piece.repeat(times));
            }
            _ => {
                let morsel = MORSELS[self.below(MORSELS.len())];
                let times = if self.below(64) == 0 { self.below(2_000) } else { 1 };
                let at = self.below(length + 1);
                bytes.splice(at..at, morsel.repeat(times));
            }
        }
    }
}

/// Reads every header that has a type, as often as a call would, and counts the bytes looked at.
fn typed_visits(headers: &Headers) -> usize {
    headers.iter().map(|(name, value)| typed_visit(Name::from_token(name), value)).sum()
}

fn typed_visit(name: Option<Name>, value: &str) -> usize {
    fn visit<T: HeaderValue>(value: &str) -> usize {
        let mut cursor = Cursor::new(value);
        let _ = T::parse_list(&mut cursor, &mut Vec::new());
        cursor.visited()
    }
    let Some(name) = name else { return 0 };
    match name {
        Name::Via => visit::<Via>(value),
        Name::From | Name::To | Name::Contact | Name::Route | Name::RecordRoute | Name::PAssertedIdentity => {
            visit::<NameAddr>(value)
        }
        Name::CSeq => visit::<CSeq>(value),
        Name::MaxForwards | Name::MinSe | Name::RSeq => visit::<u32>(value),
        Name::Reason => visit::<Reason>(value),
        Name::RetryAfter => visit::<RetryAfter>(value),
        Name::Warning => visit::<Warning>(value),
        Name::ContentType | Name::Accept => visit::<ContentType>(value),
        Name::Supported | Name::Require | Name::Allow | Name::Unsupported => visit::<String>(value),
        Name::WwwAuthenticate | Name::ProxyAuthenticate | Name::Authorization | Name::ProxyAuthorization => {
            visit::<Challenge>(value)
        }
        _ => 0,
    }
}

/// What was found out about one message.
#[derive(Default)]
struct Counts {
    accepted: usize,
    answered: usize,
    compared: usize,
}

fn examine(bytes: &[u8], counts: &mut Counts) {
    let (result, visited) = read_counted(bytes);
    let typed = result.as_ref().map_or(0, |message| typed_visits(message.headers()));
    let bound = 4 * bytes.len() + CONSTANT;
    assert!(visited + typed <= bound, "{visited} and {typed} bytes visited of {}", bytes.len());
    match result {
        Ok(message) => {
            counts.accepted += 1;
            let written = message.write().unwrap();
            assert_eq!(Message::read(&written).as_ref(), Ok(&message), "written and read again");
            counts.compared += usize::from(agrees_with_rsip(bytes, &message));
        }
        Err(error) => {
            if let Some(refusal) = error.refusal {
                counts.answered += 1;
                refusal.write().unwrap();
            }
        }
    }
}

/// Whether rsip reads the message too, and then the same: names, values and what it takes for the body.
///
/// Left out is what rsip is known to read otherwise: lines that end with a bare LF; spaces at the end of a
/// value, which it keeps; bodies, which go to the datagram's end whatever Content-Length says; and a
/// Request-URI of another scheme, which it looks for over the ends of lines.
fn agrees_with_rsip(bytes: &[u8], ours: &Message) -> bool {
    let has_bare_lf = bytes.iter().zip(bytes.iter().skip(1)).any(|(&a, &b)| a != b'\r' && b == b'\n');
    let is_sip = match ours {
        Message::Request(request) => request.uri.sip().is_some(),
        Message::Response(_) => true,
    };
    if has_bare_lf || !is_sip {
        return false;
    }
    let Ok(theirs) = rsip::SipMessage::try_from(bytes) else { return false };
    let (headers, body) = match &theirs {
        rsip::SipMessage::Request(request) => (&request.headers, &request.body),
        rsip::SipMessage::Response(response) => (&response.headers, &response.body),
    };
    let long = |name: &str| Name::from_token(name).map_or(name.to_owned(), |known| known.as_str().to_owned());
    let lines: Vec<String> = headers.iter().map(ToString::to_string).collect();
    let theirs = lines.iter().filter_map(|line| line.split_once(':'));
    let theirs: Vec<(String, &str)> = theirs
        .map(|(name, value)| (long(name), value.trim_matches([' ', '\t'])))
        .filter(|(name, _)| name != Name::ContentLength.as_str())
        .collect();
    let ours_listed: Vec<(String, &str)> =
        ours.headers().iter().map(|(name, value)| (name.to_owned(), value)).collect();
    assert_eq!(ours_listed, theirs, "the same headers as rsip");
    assert!(body.starts_with(ours.body()), "the same body as rsip");
    true
}

fn seed() -> u64 {
    let seed = seed::asked().unwrap_or_else(rand::random);
    println!("OCTOTHORPE_SEED={seed}");
    seed
}

/// Tells the message that a failing assertion was about.
struct Witness<'a>(&'a [u8]);

impl Drop for Witness<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("the message: {}", self.0.escape_ascii());
        }
    }
}

#[test]
fn mutated_messages_are_read_safely_and_in_linear_work() {
    let rounds = if std::env::var_os("OCTOTHORPE_LONG").is_some() { 10_000_000 } else { 200_000 };
    let mut mutator = Mutator::new(seed());
    let mut counts = Counts::default();
    for _ in 0..rounds {
        let bytes = mutator.message();
        let _witness = Witness(&bytes);
        examine(&bytes, &mut counts);
    }
    let Counts { accepted, answered, compared } = counts;
    println!(
        "{rounds} messages: {accepted} accepted, {answered} refused with an answer, {compared} compared with rsip"
    );
    assert!(accepted > rounds / 10 && answered > rounds / 20, "the mutations keep reaching the inner parts");
    assert!(compared > rounds / 100, "rsip takes some of them too");
}

#[test]
fn a_stream_yields_the_same_however_it_is_split() {
    // RFC 3261 §18.3: a stream has no boundaries but those that Content-Length gives.
    let mut mutator = Mutator::new(seed());
    for _ in 0..2_000 {
        let mut stream = Vec::new();
        for _ in 0..mutator.below(4) + 1 {
            let whole = Message::read(&mutator.message()).ok().and_then(|message| message.write().ok());
            stream.extend(whole.unwrap_or_else(|| b"\r\n\r\n".to_vec()));
        }
        if mutator.below(4) == 0 {
            stream.extend(mutator.message());
        }
        let _witness = Witness(&stream);
        let whole = frames(std::iter::once(stream.as_slice()));
        let bytewise = frames(stream.chunks(1));
        let size = mutator.below(97) + 1;
        assert_eq!(whole, bytewise);
        assert_eq!(whole, frames(stream.chunks(size)));
    }
}

/// All frames of a stream that comes in pieces, and how it failed, if it did.
fn frames<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<Frame>, Option<FrameError>) {
    let mut framer = StreamFramer::new();
    let mut found = Vec::new();
    for piece in pieces {
        framer.push(piece);
        loop {
            match framer.next_frame() {
                Ok(Some(frame)) => found.push(frame),
                Ok(None) => break,
                Err(error) => return (found, Some(error)),
            }
        }
    }
    (found, None)
}

#[test]
fn the_worst_that_64_kib_can_hold_stays_linear() {
    let mut counts = Counts::default();
    for (name, value) in [
        ("Via", "SIP/2.0/UDP h,"),
        ("Via", "SIP/2.0/UDP h;a=b;c;d=\"e\","),
        ("Route", "<sip:hhhhhhhhhhhhhhhhhhhhhhhh>,"),
        ("Route", "<sip:h>,"),
        ("Contact", "\"\\\"\" <sip:a@h>,"),
        ("From", ";;;;"),
        ("To", "\"\\\\"),
        ("From", "a "),
        ("Proxy-Authenticate", "Digestttttttttttttttttttttt a=b,"),
        ("Warning", "300 a \"b\","),
        ("Retry-After", "1("),
        ("Supported", "a,"),
        ("Reason", "Q.850;cause=1,"),
        ("Call-ID", "aaaa"),
        ("CSeq", "1111"),
        ("To", "sip:hhhhh"),
        ("Subject", "a\r\n "),
        ("Subject", "\r\n "),
        ("Subject", "\u{c3}\u{1f4de}"),
        ("X", "\\\0"),
    ] {
        for lines in [1, 8, 64] {
            let line = format!("{name}: {}\r\n", value.repeat(60_000 / lines / value.len()));
            let usual = std::str::from_utf8(INVITE).unwrap().split_inclusive("\r\n");
            let others: Vec<&str> =
                usual.filter(|usual| name == "Via" || !usual.starts_with(&format!("{name}:"))).collect();
            let bytes = [others[0], &line.repeat(lines), &others[1..].concat()].concat();
            let _witness = Witness(name.as_bytes());
            examine(bytes.as_bytes(), &mut counts);
        }
    }
    assert!(counts.accepted > 10, "some of them are accepted: {}", counts.accepted);
}

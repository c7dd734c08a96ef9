//! A leg on a virtual clock with a far end written as text.
//!
//! What is random in our messages has a name in the tests: `{CALL}`, `{US}` (our tag), `{B1}`, `{B2}`…
//! (our branches in the order of their first sight), `{SID}`. The far end's text uses the same names.

use std::time::{Duration, Instant};

use octothorpe::leg::signal::{
    Cleanup, Incoming, MediaSetup, Outgoing, OutgoingSetup, Peer, RecordRequest, Target, Transmit, Us,
};
use octothorpe::leg::{Codec, SignalEvent};
use octothorpe::sip::message::{Message, NameAddr, SipUri, Transport, Uri};
use octothorpe::sip::transaction::Deadline;

/// The trunk of most tests.
pub(crate) const TRUNK: &str = "192.0.2.1:5060";

/// A leg under test, whichever of the three.
pub(crate) trait Leg {
    fn message(&mut self, now: Instant, message: Message, source: &Peer);
    fn timeout(&mut self, now: Instant);
    fn deadline(&self) -> Option<Deadline>;
    fn transmit(&mut self) -> Option<Transmit>;
    fn event(&mut self) -> Option<SignalEvent>;
    fn record(&mut self) -> Option<RecordRequest>;
    fn finished(&self) -> bool;
}

macro_rules! leg {
    ($name:ident, $event:expr, $record:expr) => {
        impl Leg for $name {
            fn message(&mut self, now: Instant, message: Message, source: &Peer) {
                self.handle_message(now, message, source);
            }
            fn timeout(&mut self, now: Instant) {
                self.handle_timeout(now);
            }
            fn deadline(&self) -> Option<Deadline> {
                self.poll_timeout()
            }
            fn transmit(&mut self) -> Option<Transmit> {
                self.poll_transmit()
            }
            fn event(&mut self) -> Option<SignalEvent> {
                $event(self)
            }
            fn record(&mut self) -> Option<RecordRequest> {
                $record(self)
            }
            fn finished(&self) -> bool {
                self.is_finished()
            }
        }
    };
}
leg!(Outgoing, Outgoing::poll_event, Outgoing::poll_record);
leg!(Incoming, Incoming::poll_event, |_: &mut Incoming| None);
leg!(Cleanup, |_: &mut Cleanup| None, |_: &mut Cleanup| None);

/// A leg, its clock, and the names of its random words.
pub(crate) struct Stage<L: Leg> {
    pub(crate) leg: L,
    start: Instant,
    pub(crate) now: Instant,
    names: Vec<(String, String)>,
    branches: usize,
    pub(crate) source: Peer,
}

impl<L: Leg> Stage<L> {
    pub(crate) fn new(leg: L, start: Instant) -> Stage<L> {
        let source = peer(Transport::Udp, TRUNK);
        Stage { leg, start, now: start, names: Vec::new(), branches: 0, source }
    }

    /// Knows the names that another stage has given.
    pub(crate) fn adopt<M: Leg>(&mut self, other: &mut Stage<M>) {
        self.names = other.names.clone();
        self.branches = other.branches;
    }

    pub(crate) fn ms(&self) -> u64 {
        u64::try_from((self.now - self.start).as_millis()).unwrap()
    }

    /// Everything that is to be sent now.
    pub(crate) fn sent(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.leg.transmit())
            .collect::<Vec<_>>()
            .iter()
            .map(|transmit| self.hide(std::str::from_utf8(&transmit.bytes).unwrap()))
            .collect()
    }

    /// The one message that is to be sent now.
    #[track_caller]
    pub(crate) fn sent_one(&mut self) -> String {
        let sent = self.sent();
        assert_eq!(sent.len(), 1, "one message expected: {sent:#?}");
        sent.into_iter().next().unwrap()
    }

    /// The start lines of everything that is to be sent now, a response with its CSeq's method.
    pub(crate) fn sent_lines(&mut self) -> Vec<String> {
        self.sent().iter().map(|text| summary(text)).collect()
    }

    /// Where everything that is to be sent now goes, with its start line.
    pub(crate) fn sent_where(&mut self) -> Vec<(String, String)> {
        let mut list = Vec::new();
        while let Some(transmit) = self.leg.transmit() {
            let text = self.hide(std::str::from_utf8(&transmit.bytes).unwrap());
            let place = format!("{}:{}", transmit.transport, transmit.destination);
            list.push((place, summary(&text)));
        }
        list
    }

    /// The far end's message, by its text.
    #[track_caller]
    pub(crate) fn receive(&mut self, text: &str) {
        let source = self.source.clone();
        let message = read(&self.show(text));
        self.leg.message(self.now, message, &source);
    }

    /// The events so far, in short words.
    pub(crate) fn events(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.leg.event()).map(|event| word(&event)).collect()
    }

    /// The last event as it is.
    pub(crate) fn last_event(&mut self) -> SignalEvent {
        std::iter::from_fn(|| self.leg.event()).last().expect("an event")
    }

    /// Lets time pass up to `ms` from the start; what was sent meanwhile, and when.
    pub(crate) fn run(&mut self, ms: u64) -> Vec<(u64, String)> {
        let end = self.start + Duration::from_millis(ms);
        let mut seen = Vec::new();
        for _ in 0..10_000 {
            let Some((due, _)) = self.leg.deadline().filter(|(due, _)| *due <= end) else {
                self.now = end;
                return seen;
            };
            self.now = due.max(self.now);
            self.leg.timeout(self.now);
            let at = self.ms();
            seen.extend(self.sent_lines().into_iter().map(|line| (at, line)));
        }
        panic!("a timer that never stops: {:?}", self.leg.deadline());
    }

    /// Lets everything linger out; whether the leg may be freed then.
    pub(crate) fn is_freed_by(&mut self, ms: u64) -> bool {
        self.run(ms);
        while self.leg.event().is_some() || self.leg.record().is_some() {}
        self.leg.finished()
    }

    /// Puts names for what is random in our message.
    pub(crate) fn hide(&mut self, text: &str) -> String {
        let line = |start: &str| text.lines().find_map(|line| line.strip_prefix(start));
        for branch in text.match_indices("branch=z9hG4bK").map(|(at, _)| &text[at + 7..]) {
            let real = branch.split([';', '\r', ',']).next().unwrap().to_owned();
            if !self.names.iter().any(|(known, _)| *known == real) && real.len() > 20 {
                self.branches += 1;
                self.names.push((real, format!("{{B{}}}", self.branches)));
            }
        }
        if let Some(call_id) = line("Call-ID: ").filter(|id| id.len() == 32) {
            self.name(call_id, "{CALL}");
        }
        for start in ["From: ", "To: "] {
            let tag = line(start).and_then(|value| value.split(";tag=").nth(1));
            if let Some(tag) = tag.filter(|tag| tag.len() == 16) {
                self.name(tag, "{US}");
            }
        }
        if let Some(origin) = line("o=- ") {
            self.name(origin.split(' ').next().unwrap(), "{SID}");
        }
        let mut text = text.to_owned();
        for (real, name) in &self.names {
            text = text.replace(real, name);
        }
        text
    }

    fn name(&mut self, real: &str, name: &str) {
        if !self.names.iter().any(|(known, _)| known == real) {
            self.names.push((real.to_owned(), name.to_owned()));
        }
    }

    fn show(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (real, name) in &self.names {
            text = text.replace(name, real);
        }
        assert!(!text.contains("{B") && !text.contains("{CALL}"), "a name is not known yet:\n{text}");
        text
    }
}

/// The messages of a script, with the line ends and the Content-Length of the wire.
#[track_caller]
pub(crate) fn read(text: &str) -> Message {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let head = head.trim_start().lines().map(str::trim).collect::<Vec<_>>().join("\r\n");
    let body = body.lines().map(str::trim).map(|line| format!("{line}\r\n")).collect::<String>();
    let wire = format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    Message::read(wire.as_bytes()).unwrap_or_else(|error| panic!("{error}:\n{wire}"))
}

/// A message of ours as a test writes it: one line end, no Content-Length.
pub(crate) fn plain(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.starts_with("Content-Length"));
    lines.collect::<Vec<_>>().join("\n").trim_end().to_owned()
}

/// Asserts a whole message, header for header.
#[track_caller]
pub(crate) fn assert_message(sent: &str, expected: &str) {
    let expected: Vec<&str> = expected.trim().lines().map(str::trim).collect();
    assert_eq!(plain(sent), expected.join("\n"));
}

/// The value of a header of ours.
pub(crate) fn header<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

fn summary(text: &str) -> String {
    let first = text.lines().next().unwrap();
    match first.strip_prefix("SIP/2.0 ") {
        Some(status) => format!("{status} ({})", header(text, "CSeq").unwrap()),
        None => first.trim_end_matches(" SIP/2.0").to_owned(),
    }
}

/// A response of the far end to a request of ours, with its To tag, further header lines and a body.
pub(crate) fn response(request: &str, status: &str, tag: &str, extra: &str) -> String {
    let get = |name| header(request, name).unwrap();
    let to = get("To");
    let to = if tag.is_empty() || to.contains(";tag=") { to.to_owned() } else { format!("{to};tag={tag}") };
    let (via, from, call, cseq) = (get("Via"), get("From"), get("Call-ID"), get("CSeq"));
    let head = format!("SIP/2.0 {status}\nVia: {via}\nFrom: {from}\nTo: {to}\nCall-ID: {call}\nCSeq: {cseq}");
    if extra.is_empty() { head } else { format!("{head}\n{extra}") }
}

/// A request of the far end in the dialog with this tag of its own.
pub(crate) fn request(method: &str, cseq: u32, tag: &str, extra: &str) -> String {
    let head = format!(
        "{method} sip:gateway@192.0.2.9:5060 SIP/2.0
         Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKfar{method}{cseq};rport
         Max-Forwards: 70
         From: <sip:+14255550123@192.0.2.1>;tag={tag}
         To: <sip:+14255550100@192.0.2.9>;tag={{US}}
         Call-ID: {{CALL}}
         CSeq: {cseq} {method}"
    );
    if extra.is_empty() { head } else { format!("{head}\n{extra}") }
}

/// A Contact line and a session description with this media line's port and law.
pub(crate) fn sdp(port: u16, attributes: &str) -> String {
    format!(
        "Contact: <sip:bob@192.0.2.4:5080>
         Content-Type: application/sdp

         v=0
         o=bob 1 1 IN IP4 192.0.2.4
         s=-
         c=IN IP4 192.0.2.4
         t=0 0
         m=audio {port} RTP/AVP 0 101
         a=rtpmap:101 telephone-event/8000{attributes}"
    )
    .lines()
    .map(str::trim_start)
    .collect::<Vec<_>>()
    .join("\n")
}

fn word(event: &SignalEvent) -> String {
    let port = |format: &octothorpe::leg::MediaFormat| {
        format.remote.map_or("none".to_owned(), |remote| remote.port().to_string())
    };
    match event {
        SignalEvent::Trying => "trying".to_owned(),
        SignalEvent::Ringing => "ringing".to_owned(),
        SignalEvent::EarlyMedia(format) => format!("early {}", port(format)),
        SignalEvent::Answered(format) => format!("answered {}", port(format)),
        SignalEvent::Renegotiated(format) => format!("renegotiated {}", port(format)),
        SignalEvent::Held(held) => format!("held {held}"),
        SignalEvent::Key(press) => format!("key {}", press.digit.as_char()),
        SignalEvent::Untrusted { why, .. } => format!("ignored {why:?}"),
        SignalEvent::Diverted => "diverted".to_owned(),
        SignalEvent::HungUp(cause) => format!("hung up {:?}", cause.stage),
        SignalEvent::Ended(cause) => {
            let code = cause.code.map_or("-".to_owned(), |code| code.to_string());
            format!("ended {:?} {:?} {code}", cause.kind, cause.stage)
        }
    }
}

pub(crate) fn peer(transport: Transport, address: &str) -> Peer {
    Peer { transport, address: address.parse().unwrap() }
}

pub(crate) fn us() -> std::sync::Arc<Us> {
    let contact = sip("gateway", "192.0.2.9").with_port(Some(5060));
    std::sync::Arc::new(Us {
        contact: NameAddr::new(contact),
        sent_by: "192.0.2.9:5060".parse().unwrap(),
        user_agent: "Octothorpe".to_owned(),
    })
}

pub(crate) fn media() -> MediaSetup {
    MediaSetup {
        address: "192.0.2.9:10000".parse().unwrap(),
        codecs: vec![Codec::Pcmu, Codec::Pcma],
        events: true,
    }
}

pub(crate) fn sip(user: &str, host: &str) -> SipUri {
    SipUri::new(octothorpe::sip::message::Host::parse(host).unwrap()).with_user(user)
}

pub(crate) fn target(transport: Transport, address: &str) -> Target {
    Target { peer: peer(transport, address), us: us(), local: "192.0.2.9:5060".parse().unwrap() }
}

pub(crate) fn setup() -> OutgoingSetup {
    OutgoingSetup {
        request_uri: Uri::from(sip("+14255550123", "192.0.2.1")),
        from: NameAddr::new(sip("+14255550100", "192.0.2.9")),
        to: NameAddr::new(sip("+14255550123", "192.0.2.1")),
        asserted_identity: None,
        targets: vec![target(Transport::Udp, TRUNK)],
        credentials: None,
        media: media(),
        ring_timeout: Duration::from_secs(30),
        ringing_means_183: false,
        seed: 1,
    }
}

#[expect(clippy::disallowed_methods, reason = "any Instant serves as the zero of virtual time")]
pub(crate) fn zero() -> Instant {
    Instant::now()
}

impl Stage<Outgoing> {
    /// An attempt whose first INVITE has left; the INVITE's text.
    pub(crate) fn calling(setup: OutgoingSetup) -> (Stage<Outgoing>, String) {
        let start = zero();
        let mut stage = Stage::new(Outgoing::new(setup), start);
        stage.leg.start(start);
        let invite = stage.permit();
        (stage, invite)
    }

    /// Stores the record that is asked for; the INVITE that leaves then.
    #[track_caller]
    pub(crate) fn permit(&mut self) -> String {
        assert_eq!(self.sent(), [""; 0], "an INVITE left before its record");
        let record = self.leg.poll_record();
        assert!(matches!(record, Some(RecordRequest::BeforeInvite(_))), "{record:?}");
        self.leg.handle_recorded(self.now);
        self.sent_one()
    }

    /// A call that is up: the remote tag is `bob`, media at 192.0.2.4:20000.
    pub(crate) fn up(setup: OutgoingSetup) -> (Stage<Outgoing>, String) {
        let (mut stage, invite) = Stage::calling(setup);
        stage.receive(&response(&invite, "200 OK", "bob", &sdp(20_000, "")));
        assert_eq!(stage.events(), ["trying", "answered 20000"][1..]);
        assert_eq!(stage.sent_lines(), ["ACK sip:bob@192.0.2.4:5080"]);
        assert!(matches!(stage.leg.poll_record(), Some(RecordRequest::Answered(_))));
        (stage, invite)
    }
}

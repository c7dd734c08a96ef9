//! The SIP of a capture: whose media lies where, what its payload types mean, and keys by INFO.
//!
//! Deviation: SIP over TCP and bodies of several parts (RFC 2046) are not read.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use super::datagram::Datagram;
use crate::leg::Codec;
use crate::leg::key::Digit;
use crate::leg::signal::info::{self, Info};
use crate::sdp::{Agreed, Encoding, Local, SdpError, Session, Settings};
use crate::sip::message::{Message, Method};

/// All SIP calls of a capture.
#[derive(Debug, Default)]
pub(super) struct Signalling {
    pub(super) calls: Vec<SipCall>,
}

/// One call, as its Call-ID tells it apart.
#[derive(Debug, Default)]
pub(super) struct SipCall {
    pub(super) call_id: String,
    sides: Vec<Side>,
    pub(super) formats: Formats,
    pub(super) keys: Vec<InfoKey>,
}

/// One party of a call.
#[derive(Debug)]
struct Side {
    tag: String,
    /// Where it receives, which is where nearly everybody sends from.
    media: Vec<SocketAddr>,
}

/// What payload types mean, as all descriptions of a call say together.
#[derive(Debug, Default, Clone)]
pub(super) struct Formats {
    pub(super) audio: Vec<(u8, Codec)>,
    pub(super) events: Vec<u8>,
}

/// A key in an INFO; its repeats are left out.
#[derive(Debug, Clone)]
pub(super) struct InfoKey {
    /// The packet that held it.
    pub(super) packet: u64,
    pub(super) digit: Digit,
    pub(super) held: Duration,
    pub(super) from: IpAddr,
    tag: String,
    cseq: u32,
}

impl Signalling {
    /// Looks at a datagram; `false` if it is no SIP.
    pub(super) fn take(&mut self, datagram: &Datagram<'_>) -> bool {
        if !looks_like_sip(&datagram.payload) {
            return false;
        }
        if let Ok(message) = Message::read(&datagram.payload)
            && let Ok(call_id) = message.headers().call_id()
        {
            let known = self.calls.iter().position(|call| call.call_id == call_id);
            let index = known.unwrap_or_else(|| {
                self.calls.push(SipCall { call_id: call_id.to_owned(), ..SipCall::default() });
                self.calls.len() - 1
            });
            self.calls[index].take(&message, datagram);
        }
        true
    }
}

/// Whether a datagram's first line is one of SIP (RFC 3261 §7.1, §7.2).
fn looks_like_sip(payload: &[u8]) -> bool {
    let line = payload.split(|byte| *byte == b'\n').next().unwrap_or_default();
    payload.first().is_some_and(u8::is_ascii_uppercase) && line.windows(8).any(|part| part == b" SIP/2.0")
        || line.starts_with(b"SIP/2.0 ")
}

impl SipCall {
    /// Whether this address is one that the call named for its media.
    pub(super) fn names(&self, address: SocketAddr) -> bool {
        self.sides.iter().any(|side| side.media.contains(&address))
    }

    /// Whether a stream from `from` may be what the sender of an INFO says.
    pub(super) fn is_of_sender(&self, key: &InfoKey, from: SocketAddr) -> bool {
        let side = self.sides.iter().find(|side| side.tag == key.tag && !side.media.is_empty());
        side.map_or(from.ip() == key.from, |side| side.media.contains(&from))
    }

    fn take(&mut self, message: &Message, datagram: &Datagram<'_>) {
        let headers = message.headers();
        let is_sdp = headers.content_type().ok().flatten().is_some_and(|kind| kind.is("application", "sdp"));
        let tag = match message {
            Message::Request(_) => headers.from_tag(),
            Message::Response(_) => headers.to_tag(),
        };
        let tag = tag.unwrap_or_default();
        if is_sdp && let Some(agreed) = described(message.body()) {
            self.describe(tag, &agreed);
        } else if let Message::Request(request) = message
            && request.method == Method::Info
            && let Ok(cseq) = headers.cseq()
        {
            let Info::Key(digit, held) = info::of(headers, message.body()) else { return };
            let (packet, from, cseq) = (datagram.packet, datagram.from.ip(), cseq.number);
            // The same request again: repeated by its sender, or captured at a further hop.
            if !self.keys.iter().any(|key| key.tag == tag && key.cseq == cseq) {
                self.keys.push(InfoKey { packet, digit, held, from, tag, cseq });
            }
        }
    }

    fn describe(&mut self, tag: String, agreed: &Agreed) {
        let known = self.sides.iter().position(|side| side.tag == tag);
        let index = known.unwrap_or_else(|| {
            self.sides.push(Side { tag, media: Vec::new() });
            self.sides.len() - 1
        });
        let media = &mut self.sides[index].media;
        media.extend(agreed.remote_rtp.filter(|address| !media.contains(address)));
        for &(number, encoding) in &agreed.receive_payloads {
            self.formats.add_audio(number, codec(encoding));
        }
        self.formats.add_events(agreed.send_events);
    }
}

impl Formats {
    fn add_audio(&mut self, number: u8, codec: Codec) {
        if self.codec(number).is_none() {
            self.audio.push((number, codec));
        }
    }

    /// Adds a payload type of telephone-event.
    pub(super) fn add_events(&mut self, number: Option<u8>) {
        self.events.extend(number.filter(|number| !self.events.contains(number)));
    }

    /// The law of a payload type.
    pub(super) fn codec(&self, number: u8) -> Option<Codec> {
        self.audio.iter().find(|(known, _)| *known == number).map(|(_, codec)| *codec)
    }

    /// Without any description: the static types (RFC 3551 §6).
    pub(super) fn of_static_types() -> Formats {
        Formats { audio: vec![(0, Codec::Pcmu), (8, Codec::Pcma)], events: Vec::new() }
    }
}

fn codec(encoding: Encoding) -> Codec {
    match encoding {
        Encoding::Pcmu => Codec::Pcmu,
        Encoding::Pcma => Codec::Pcma,
    }
}

/// What a description says, read as an answer to an offer of all that we speak.
fn described(body: &[u8]) -> Option<Agreed> {
    let hosts: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    hosts.into_iter().find_map(|address| {
        let mut session = Session::new(0, Local { address, port: 9 }, Settings::default());
        session.offer();
        match session.handle_answer(body) {
            Ok(agreed) => Some(agreed),
            // The audio may stand behind another medium: there an offer is looked through.
            Err(SdpError::NoAudio) => session.handle_offer(body).ok().map(|answer| answer.agreed),
            Err(
                SdpError::TooLarge
                | SdpError::Malformed
                | SdpError::Refused
                | SdpError::Profile
                | SdpError::NoCodec
                | SdpError::Address
                | SdpError::Unexpected,
            ) => None,
        }
    })
}

//! The text that we send.

use std::fmt::Write as _;
use std::net::IpAddr;

use ezk_sdp_types::{
    Connection, Fmtp, Media, MediaDescription, MediaType, Origin, RtpMap, SessionDescription, Time,
    TransportProtocol, UnknownAttribute,
};

use super::agreed::Direction;
use super::description::MediaLine;
use super::encoding::{CLOCK_HZ, Encoding};

/// One section of what we send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SentSection {
    /// A stream that we refuse: its line again, with port 0 (RFC 3264 §6).
    Refused(MediaLine),
    /// Our audio.
    Audio(SentAudio),
}

/// Our audio stream as we describe it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SentAudio {
    pub(super) port: u16,
    pub(super) profile: String,
    pub(super) encodings: Vec<(u8, Encoding)>,
    pub(super) events: Option<u8>,
    pub(super) direction: Direction,
}

/// Writes a whole description.
pub(super) fn description(
    session_id: u64,
    version: u64,
    address: IpAddr,
    sections: &[SentSection],
) -> String {
    let mut text = session(session_id, version, address).to_string();
    for section in sections {
        // A String takes every write.
        let _ = match section {
            SentSection::Refused(line) => {
                write!(text, "m={} 0 {} {}\r\n", line.media, line.proto, line.formats)
            }
            SentSection::Audio(audio) => write!(text, "{}", media(audio)),
        };
    }
    text
}

fn session(session_id: u64, version: u64, address: IpAddr) -> SessionDescription {
    SessionDescription {
        origin: Origin {
            username: "-".into(),
            session_id: session_id.to_string().into(),
            session_version: version.to_string().into(),
            address: address.into(),
        },
        name: "-".into(),
        connection: Some(Connection { address: address.into(), ttl: None, num: None }),
        bandwidth: vec![],
        time: Time { start: 0, stop: 0 },
        direction: ezk_sdp_types::Direction::SendRecv,
        group: vec![],
        extmap: vec![],
        extmap_allow_mixed: false,
        ice_lite: false,
        ice_options: Default::default(),
        ice_ufrag: None,
        ice_pwd: None,
        setup: None,
        fingerprint: vec![],
        attributes: vec![],
        media_descriptions: vec![],
    }
}

fn media(audio: &SentAudio) -> MediaDescription {
    let numbers = audio.encodings.iter().map(|(number, _)| *number).chain(audio.events);
    let mut description = MediaDescription::rejected(MediaType::Audio);
    description.media = Media {
        media_type: MediaType::Audio,
        port: audio.port,
        ports_num: None,
        proto: TransportProtocol::Other(audio.profile.as_str().into()),
        fmts: numbers.collect(),
    };
    description.direction = direction(audio.direction);
    let laws = audio.encodings.iter().map(|(number, encoding)| rtpmap(*number, encoding.name()));
    description.rtpmap = laws.collect();
    if let Some(number) = audio.events {
        description.rtpmap.push(rtpmap(number, "telephone-event"));
        // RFC 4733 §2.4.1: the events that we take. 16 (flash) is no key, so it is left out.
        description.fmtp.push(Fmtp { format: number, params: "0-15".into() });
    }
    let ptime = UnknownAttribute { name: "ptime".into(), value: Some("20".into()) };
    description.attributes.push(ptime);
    description
}

fn rtpmap(payload: u8, name: &'static str) -> RtpMap {
    RtpMap { payload, encoding: name.into(), clock_rate: CLOCK_HZ, params: None }
}

fn direction(ours: Direction) -> ezk_sdp_types::Direction {
    match ours {
        Direction::SendRecv => ezk_sdp_types::Direction::SendRecv,
        Direction::SendOnly => ezk_sdp_types::Direction::SendOnly,
        Direction::RecvOnly => ezk_sdp_types::Direction::RecvOnly,
        Direction::Inactive => ezk_sdp_types::Direction::Inactive,
    }
}

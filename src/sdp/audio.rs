//! One received audio section, with all that we take from it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use ezk_sdp_types::{Connection, MediaDescription, TaggedAddress, TransportProtocol};

use super::agreed::Direction;
use super::description::Description;
use super::encoding::{CLOCK_HZ, Encoding};
use super::error::SdpError;

/// The packet length where the far end asks for none (RFC 3551 §4.2).
const DEFAULT_PTIME_MS: u32 = 20;

/// What an audio section of the far end says.
#[derive(Debug)]
pub(super) struct Audio {
    /// Where it wants its RTP, or `None` with the address 0.0.0.0 (or `::`).
    pub(super) rtp: Option<SocketAddr>,
    /// Where it wants its RTCP.
    pub(super) rtcp: Option<SocketAddr>,
    /// Its audio payload types that we speak, in its order of preference.
    pub(super) encodings: Vec<(u8, Encoding)>,
    /// Its payload type of telephone-event/8000.
    pub(super) events: Option<u8>,
    /// The packet length that it asks for.
    pub(super) ptime: Duration,
    /// Its direction turned round: what we may do.
    pub(super) direction: Direction,
    /// The profile as written, which an answer repeats.
    pub(super) profile: String,
}

impl Audio {
    /// Reads section `index`; `ours` tells the IP family that we can send in.
    pub(super) fn read(description: &Description, index: usize, ours: IpAddr) -> Result<Audio, SdpError> {
        let section = description.sections.get(index).ok_or(SdpError::NoAudio)?;
        let media = section.audio.as_ref().ok_or(SdpError::NoAudio)?;
        // RFC 3264 §6: port zero in the answer rejects the stream; in an offer it ends it.
        if media.media.port == 0 {
            return Err(SdpError::Refused);
        }
        if !is_plain(&media.media.proto) {
            return Err(SdpError::Profile);
        }
        let encodings: Vec<_> = encodings(media).collect();
        if encodings.is_empty() {
            return Err(SdpError::NoCodec);
        }
        let connection = media.connection.as_ref().or(description.connection.as_ref());
        let host = host(connection.ok_or(SdpError::Address)?, ours)?;
        let direction = turned(media.direction);
        Ok(Audio {
            rtp: host.map(|ip| SocketAddr::new(ip, media.media.port)),
            rtcp: host.and_then(|ip| rtcp(media, ip, ours)),
            encodings,
            events: events(media),
            ptime: ptime(media),
            direction: if host.is_some() { direction } else { direction.without_sending() },
            profile: section.line.proto.clone(),
        })
    }
}

/// Plain RTP; the feedback profile asks nothing of a side that sends no feedback (RFC 4585 §4).
fn is_plain(proto: &TransportProtocol) -> bool {
    matches!(proto, TransportProtocol::RtpAvp | TransportProtocol::RtpAvpf)
}

fn encodings(media: &MediaDescription) -> impl Iterator<Item = (u8, Encoding)> + '_ {
    let formats = media.media.fmts.iter().copied().filter(|&number| number < 128);
    formats.filter_map(|number| encoding(media, number).map(|encoding| (number, encoding)))
}

/// An `rtpmap` wins over the static meaning; a static type needs none (RFC 3551 §6).
fn encoding(media: &MediaDescription, number: u8) -> Option<Encoding> {
    match media.rtpmap.iter().find(|map| map.payload == number) {
        Some(map) => Encoding::of_rtpmap(&map.encoding, map.clock_rate),
        None => Encoding::of_static(number),
    }
}

/// RFC 4733 §2.4.1: the events' clock is that of the audio, so other rates are not for us.
fn events(media: &MediaDescription) -> Option<u8> {
    let mut maps = media.rtpmap.iter().filter(|map| media.media.fmts.contains(&map.payload));
    let map = maps.find(|map| {
        let name: &str = &map.encoding;
        name.eq_ignore_ascii_case("telephone-event") && map.clock_rate == CLOCK_HZ
    });
    map.map(|map| map.payload).filter(|&number| number < 128)
}

/// The wished packet length, cut to 10 to 60 ms and to whole tens (RFC 8866 §6.4: a wish).
fn ptime(media: &MediaDescription) -> Duration {
    let limit = attribute_ms(media, "maxptime").unwrap_or(u32::MAX);
    let wished = attribute_ms(media, "ptime").unwrap_or(DEFAULT_PTIME_MS).min(limit);
    Duration::from_millis(u64::from(wished.clamp(10, 60) / 10 * 10))
}

fn attribute_ms(media: &MediaDescription, name: &str) -> Option<u32> {
    let attribute = media.attributes.iter().find(|attribute| &*attribute.name == name)?;
    let value: &str = attribute.value.as_ref()?;
    // Some write fractions of a millisecond; whole ones are enough.
    value.trim().split('.').next()?.parse().ok().filter(|&ms| ms > 0)
}

fn rtcp(media: &MediaDescription, rtp_host: IpAddr, ours: IpAddr) -> Option<SocketAddr> {
    // RFC 3605 §2.1: an explicit port, with the stream's own address unless it names another.
    let beside = media.media.port.checked_add(1).map(|port| SocketAddr::new(rtp_host, port));
    let Some(named) = media.rtcp.as_ref().filter(|rtcp| rtcp.port != 0) else {
        return beside;
    };
    let host = named.address.as_ref().and_then(|address| usable(address, ours).ok().flatten());
    Some(SocketAddr::new(host.unwrap_or(rtp_host), named.port))
}

fn host(connection: &Connection, ours: IpAddr) -> Result<Option<IpAddr>, SdpError> {
    usable(&connection.address, ours)
}

/// `None` for the unspecified address, which means hold (RFC 3264 §8.4).
///
/// Deviation: RFC 8866 §5.7 allows a name in `c=`; the media path must not wait for a resolver.
fn usable(address: &TaggedAddress, ours: IpAddr) -> Result<Option<IpAddr>, SdpError> {
    match address {
        TaggedAddress::IP4(ip) if ip.is_unspecified() => Ok(None),
        TaggedAddress::IP6(ip) if ip.is_unspecified() => Ok(None),
        TaggedAddress::IP4(ip) if ours.is_ipv4() && is_unicast4(*ip) => Ok(Some((*ip).into())),
        TaggedAddress::IP6(ip) if ours.is_ipv6() && is_unicast6(*ip) => Ok(Some((*ip).into())),
        TaggedAddress::IP4(_)
        | TaggedAddress::IP6(_)
        | TaggedAddress::IP4FQDN(_)
        | TaggedAddress::IP6FQDN(_) => Err(SdpError::Address),
    }
}

fn is_unicast4(ip: Ipv4Addr) -> bool {
    // 0.0.0.0/8 and 240.0.0.0/4 are nobody's (RFC 6890 §2.2.2).
    (1..224).contains(&ip.octets()[0])
}

fn is_unicast6(ip: Ipv6Addr) -> bool {
    // A link-local address needs a scope, which SDP cannot say.
    !ip.is_multicast() && !ip.is_unicast_link_local()
}

fn turned(theirs: ezk_sdp_types::Direction) -> Direction {
    match theirs {
        ezk_sdp_types::Direction::SendRecv => Direction::SendRecv,
        ezk_sdp_types::Direction::SendOnly => Direction::RecvOnly,
        ezk_sdp_types::Direction::RecvOnly => Direction::SendOnly,
        ezk_sdp_types::Direction::Inactive => Direction::Inactive,
    }
}

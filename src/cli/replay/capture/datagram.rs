//! UDP datagrams out of captured frames, by the crate etherparse.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use etherparse::defrag::IpDefragPool;
use etherparse::{EtherType, LaxNetSlice, LaxSlicedPacket, SlicedPacket, TransportSlice, UdpSlice};
use pcap_file::DataLink;

use super::error::CaptureError;
use super::file::Frame;

/// BSD's raw IP has these numbers in files of some systems.
const RAW_IP_OF_OLD: [u32; 2] = [12, 14];
/// Bytes of the heads of a Linux cooked capture, and where its EtherType lies.
const COOKED: (usize, usize) = (16, 14);
const COOKED_2: (usize, usize) = (20, 0);
/// Bytes of the address family before a packet of the loopback.
const LOOPBACK: usize = 4;
/// Fragments of so many datagrams are kept; a call has one or two under way.
const MOST_FRAGMENTED: usize = 256;

/// Bytes of a UDP header (RFC 768).
const UDP_HEADER: usize = 8;

/// One datagram.
#[derive(Debug)]
pub(super) struct Datagram<'a> {
    /// The frame that completed it.
    pub(super) packet: u64,
    pub(super) at: Duration,
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) payload: Cow<'a, [u8]>,
    /// Bytes of payload that it had on the wire.
    pub(super) sent: usize,
}

/// Takes frames apart; keeps fragments until they are whole.
#[derive(Default)]
pub(super) struct Unpacker {
    fragments: IpDefragPool<(), ()>,
    fragmented: usize,
}

/// Where the IP packet of a frame lies.
enum Inside<'a> {
    Ethernet(&'a [u8]),
    EtherType(EtherType, &'a [u8]),
    Ip(&'a [u8]),
}

impl Unpacker {
    /// The datagram in a frame; `None` for all that is no UDP.
    pub(super) fn unpack<'a>(&mut self, frame: &'a Frame) -> Result<Option<Datagram<'a>>, CaptureError> {
        let Some(inside) = inside(frame)? else { return Ok(None) };
        let sliced = match inside {
            Inside::Ethernet(bytes) => LaxSlicedPacket::from_ethernet(bytes).ok(),
            Inside::EtherType(kind, bytes) => Some(LaxSlicedPacket::from_ether_type(kind, bytes)),
            Inside::Ip(bytes) => LaxSlicedPacket::from_ip(bytes).ok(),
        };
        let Some((net, transport)) = sliced.and_then(|sliced| Some((sliced.net?, sliced.transport))) else {
            return Ok(None);
        };
        let Some((from, to)) = addresses(&net) else { return Ok(None) };
        if net.ip_payload_ref().is_some_and(|payload| payload.fragmented) {
            return Ok(self.join(frame, inside, from, to));
        }
        Ok(match transport {
            Some(TransportSlice::Udp(udp)) => Some(datagram(frame, from, to, &udp)),
            Some(TransportSlice::Tcp(_) | TransportSlice::Icmpv4(_) | TransportSlice::Icmpv6(_)) | None => {
                None
            }
        })
    }

    /// Keeps a fragment; the datagram that it completes, if it does (RFC 791 §3.2, RFC 8200 §4.5).
    fn join(
        &mut self,
        frame: &Frame,
        inside: Inside<'_>,
        from: IpAddr,
        to: IpAddr,
    ) -> Option<Datagram<'static>> {
        let sliced = match inside {
            Inside::Ethernet(bytes) => SlicedPacket::from_ethernet(bytes),
            Inside::EtherType(kind, bytes) => SlicedPacket::from_ether_type(kind, bytes),
            Inside::Ip(bytes) => SlicedPacket::from_ip(bytes),
        };
        self.fragmented += 1;
        if self.fragmented > MOST_FRAGMENTED {
            *self = Unpacker::default();
        }
        let whole = self.fragments.process_sliced_packet(&sliced.ok()?, (), ()).ok()??;
        self.fragmented = self.fragmented.saturating_sub(1);
        let udp = UdpSlice::from_slice(&whole.payload).ok()?;
        let found = datagram(frame, from, to, &udp);
        Some(Datagram { payload: Cow::Owned(found.payload.into_owned()), ..found })
    }
}

fn datagram<'a>(frame: &Frame, from: IpAddr, to: IpAddr, udp: &UdpSlice<'a>) -> Datagram<'a> {
    let payload = udp.payload();
    let told = usize::from(udp.length()).saturating_sub(UDP_HEADER);
    Datagram {
        packet: frame.number,
        at: frame.at,
        from: SocketAddr::new(from, udp.source_port()),
        to: SocketAddr::new(to, udp.destination_port()),
        payload: Cow::Borrowed(payload),
        sent: told.max(payload.len()),
    }
}

fn addresses(net: &LaxNetSlice<'_>) -> Option<(IpAddr, IpAddr)> {
    match net {
        LaxNetSlice::Ipv4(ip) => {
            let header = ip.header();
            Some((header.source_addr().into(), header.destination_addr().into()))
        }
        LaxNetSlice::Ipv6(ip) => {
            let header = ip.header();
            Some((header.source_addr().into(), header.destination_addr().into()))
        }
        LaxNetSlice::Arp(_) => None,
    }
}

/// Looks past the head of the link; `None` where a frame is too short for one.
#[expect(clippy::wildcard_enum_match_arm, reason = "two hundred foreign link types, all refused alike")]
fn inside(frame: &Frame) -> Result<Option<Inside<'_>>, CaptureError> {
    let bytes = frame.bytes.as_slice();
    let cooked = |(head, kind): (usize, usize)| {
        let kind = EtherType(u16::from_be_bytes([*bytes.get(kind)?, *bytes.get(kind + 1)?]));
        Some(Inside::EtherType(kind, bytes.get(head..)?))
    };
    Ok(match frame.link {
        DataLink::ETHERNET => Some(Inside::Ethernet(bytes)),
        DataLink::RAW | DataLink::IPV4 | DataLink::IPV6 => Some(Inside::Ip(bytes)),
        DataLink::NULL | DataLink::LOOP => bytes.get(LOOPBACK..).map(Inside::Ip),
        DataLink::LINUX_SLL => cooked(COOKED),
        DataLink::LINUX_SLL2 => cooked(COOKED_2),
        other if RAW_IP_OF_OLD.contains(&other.into()) => Some(Inside::Ip(bytes)),
        other => return Err(CaptureError::LinkType { packet: frame.number, link: other.into() }),
    })
}

//! One RTP packet: read in place, written into a buffer that keeps room for SRTP.

use rtp_rs::{RtpPacketBuilder, RtpReader};

use super::seq::Seq;
use super::timestamp::RtpTimestamp;

/// Bytes of a header without contributing sources and extension (RFC 3550 §5.1).
pub const HEADER: usize = 12;
/// Free bytes kept behind every packet, for an SRTP tag and index (RFC 3711 §3.1).
pub const TAIL: usize = 32;
/// The longest payload that we send: 60 ms of G.711.
pub const MAX_PAYLOAD: usize = 480;
/// A buffer of this size takes every packet of ours.
pub const BUFFER: usize = HEADER + MAX_PAYLOAD + TAIL;

/// The header fields that we write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Payload type, 0 to 127.
    pub payload_type: u8,
    /// Marker: the first packet after a pause, or of an event (RFC 3551 §4.1, RFC 4733 §2.3.1).
    pub marker: bool,
    /// Sequence number.
    pub seq: Seq,
    /// Timestamp of the first sample.
    pub timestamp: RtpTimestamp,
    /// Synchronisation source.
    pub ssrc: u32,
}

/// A received packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Its header, as far as we use it.
    pub header: Header,
    /// Its payload, without padding.
    pub payload: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Reads a datagram; `None` for what is no RTP (RFC 3550 §5.1) or is RTCP on the RTP port.
    pub fn read(datagram: &'a [u8]) -> Option<Packet<'a>> {
        // RFC 5761 §4: second octets 192 to 223 are RTCP packet types.
        if datagram.get(1).is_some_and(|octet| (192..=223).contains(octet)) {
            return None;
        }
        let reader = RtpReader::new(datagram).ok()?;
        let header = Header {
            payload_type: reader.payload_type(),
            marker: reader.mark(),
            seq: Seq(reader.sequence_number().into()),
            timestamp: RtpTimestamp(reader.timestamp()),
            ssrc: reader.ssrc(),
        };
        Some(Packet { header, payload: reader.payload() })
    }
}

/// Writes a packet to the front of `buffer` and tells its length.
///
/// # Panics
///
/// If the buffer does not keep [`TAIL`] bytes free behind it: every buffer is our own.
pub fn write(header: &Header, payload: &[u8], buffer: &mut [u8]) -> usize {
    let room = buffer.len().saturating_sub(TAIL);
    RtpPacketBuilder::new()
        .payload_type(header.payload_type)
        .marked(header.marker)
        .sequence(header.seq.0.into())
        .timestamp(header.timestamp.0)
        .ssrc(header.ssrc)
        .payload(payload)
        .build_into(&mut buffer[..room])
        .expect("a packet of ours fits its buffer and has a payload type below 128")
}

/// The in-place transform of every datagram, each way: the one place where SRTP changes bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Transform {
    /// Plain RTP: nothing changes.
    #[default]
    Plain,
}

impl Transform {
    /// Protects the packet of `len` bytes at the front of `buffer`, which has [`TAIL`] more bytes;
    /// tells the new length.
    pub fn protect(&mut self, _buffer: &mut [u8], len: usize) -> usize {
        match self {
            Transform::Plain => len,
        }
    }

    /// Opens a received datagram; `None` if it does not prove to be the far end's.
    pub fn open<'a>(&mut self, datagram: &'a mut [u8]) -> Option<&'a [u8]> {
        match self {
            Transform::Plain => Some(datagram),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        Header {
            payload_type: 8,
            marker: true,
            seq: Seq(65_535),
            timestamp: RtpTimestamp(0xDEAD_BEEF),
            ssrc: 7,
        }
    }

    #[test]
    fn what_is_written_reads_the_same_and_leaves_room_for_srtp() {
        let mut buffer = [0; BUFFER];
        let len = write(&header(), &[1; MAX_PAYLOAD], &mut buffer);
        assert_eq!(buffer.len() - len, TAIL);
        let packet = Packet::read(&buffer[..len]).unwrap();
        assert_eq!(packet.header, header());
        assert_eq!(packet.payload, [1; MAX_PAYLOAD]);
    }

    /// RFC 3550 §5.1: contributing sources, an extension and padding are not payload.
    #[test]
    fn only_the_payload_is_payload() {
        let mut bytes = vec![0x80 | 0x20 | 0x10 | 1, 0];
        bytes.extend([0; 10]);
        bytes.extend([0xAA; 4]);
        bytes.extend([0xBE, 0xDE, 0, 1, 1, 2, 3, 4]);
        bytes.extend([5, 6, 0, 2]);
        assert_eq!(Packet::read(&bytes).unwrap().payload, [5, 6]);
    }

    #[test]
    fn what_is_no_rtp_is_refused() {
        let rtcp = [0x80, 200, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(Packet::read(&rtcp), None, "RFC 5761 §4");
        let stun = [0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42, 0, 0, 0, 0, 0];
        assert_eq!(Packet::read(&stun), None);
        assert_eq!(Packet::read(&[0x80; 11]), None);
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_datagrams_never_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..80)) {
            let _ = Packet::read(&bytes);
        }
    }
}

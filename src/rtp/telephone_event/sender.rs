//! One key sent as an event (RFC 4733 §2.5.1).

use super::payload::Payload;
use crate::rtp::timestamp::RtpTimestamp;

/// The final packet is sent three times in all (RFC 4733 §2.5.1.4).
const END_PACKETS: u8 = 3;

/// A key that is being sent.
#[derive(Debug, Clone, Copy)]
pub struct Sender {
    event: u8,
    onset: RtpTimestamp,
    /// Full length in samples.
    length: u16,
    sent: u16,
    ends_left: u8,
}

/// One packet of the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventPacket {
    /// Set on the first packet only (RFC 4733 §2.3.1).
    pub marker: bool,
    /// The onset, the same on every packet (RFC 4733 §2.3.2).
    pub timestamp: RtpTimestamp,
    /// The payload's octets.
    pub payload: [u8; 4],
}

impl Sender {
    /// Begins the event at `onset`, `length` samples long. Beyond 65,535 samples (8 s) it is cut:
    /// nobody holds a key of ours for longer.
    pub fn new(event: u8, onset: RtpTimestamp, length: u32) -> Sender {
        let length = u16::try_from(length).unwrap_or(u16::MAX).max(1);
        Sender { event, onset, length, sent: 0, ends_left: END_PACKETS }
    }

    /// How much time the packets took that only repeated the end of an event, at `samples` each.
    pub fn repeated(samples: u32) -> u32 {
        u32::from(END_PACKETS - 1) * samples
    }

    /// The packet for the next `samples` of time; `None` when the event is over.
    pub fn next_packet(&mut self, samples: u32) -> Option<EventPacket> {
        self.ends_left.checked_sub(1)?;
        let marker = self.sent == 0;
        let samples = u16::try_from(samples).unwrap_or(u16::MAX);
        self.sent = self.sent.saturating_add(samples).min(self.length);
        let end = self.sent == self.length;
        self.ends_left -= u8::from(end);
        let payload = Payload { event: self.event, end, duration: self.sent };
        Some(EventPacket { marker, timestamp: self.onset, payload: payload.write() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_grows_ends_and_repeats_its_end() {
        let mut sender = Sender::new(11, RtpTimestamp(8_000), 400);
        let packets: Vec<EventPacket> = std::iter::from_fn(|| sender.next_packet(160)).collect();
        let seen: Vec<(bool, bool, u16)> = packets
            .iter()
            .map(|packet| {
                let payload = Payload::read(&packet.payload).unwrap();
                (packet.marker, payload.end, payload.duration)
            })
            .collect();
        let end = (false, true, 400);
        assert_eq!(seen, [(true, false, 160), (false, false, 320), end, end, end]);
        assert!(packets.iter().all(|packet| packet.timestamp == RtpTimestamp(8_000)));
    }
}

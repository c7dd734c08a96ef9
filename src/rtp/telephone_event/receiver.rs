//! Events in, presses out: each press once, at its first packet that arrives.
//!
//! A press is known by its timestamp (RFC 4733 §2.5.1.2), not by the marker or the E bit: either
//! may be lost or never sent. Packets may repeat, even with one and the same sequence number.

use super::payload::Payload;
use crate::rtp::timestamp::RtpTimestamp;

/// Presses remembered, so that a stray packet of an older one is not told again.
const REMEMBERED: usize = 8;
/// A shorter gap than the shortest pause between two presses, in samples, is no pause: what follows is
/// the next segment of a press, whatever its marker and the E bit before it say (ITU-T Q.24: 40 ms).
const PAUSE: i32 = 320;
/// Where neither a marker nor an E bit tells of two presses, the packets that would have filled the gap
/// may be lost; two presses lie further apart, in samples: 80 ms.
const UNMARKED_PAUSE: i32 = 640;

/// The receiver of one stream's events.
#[derive(Debug, Default)]
pub struct Receiver {
    /// The latest presses, newest last.
    told: [Option<RtpTimestamp>; REMEMBERED],
    current: Option<Current>,
}

#[derive(Debug, Clone, Copy)]
struct Current {
    event: u8,
    timestamp: RtpTimestamp,
    duration: u16,
    ended: bool,
}

/// A press, as its first packet tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heard {
    /// Event code, 0 to 15.
    pub event: u8,
    /// Its onset on the stream's clock.
    pub onset: RtpTimestamp,
    /// Samples from the onset to the packet that told it.
    pub since_onset: u16,
}

impl Receiver {
    /// Takes one event packet; tells the press if it is a new one.
    pub fn handle_packet(
        &mut self,
        timestamp: RtpTimestamp,
        marker: bool,
        payload: Payload,
    ) -> Option<Heard> {
        let fresh =
            Current { event: payload.event, timestamp, duration: payload.duration, ended: payload.end };
        if self.told.contains(&Some(timestamp)) {
            self.refresh(fresh);
            return None;
        }
        let goes_on = self.current.is_some_and(|current| current.goes_on_as(&fresh, marker));
        self.remember(timestamp);
        self.current = Some(fresh);
        let since_onset = payload.duration;
        (!goes_on).then_some(Heard { event: payload.event, onset: timestamp, since_onset })
    }

    fn refresh(&mut self, fresh: Current) {
        if let Some(current) = self.current.as_mut().filter(|c| c.timestamp == fresh.timestamp) {
            current.duration = current.duration.max(fresh.duration);
            current.ended |= fresh.ended;
        }
    }

    fn remember(&mut self, timestamp: RtpTimestamp) {
        self.told.rotate_left(1);
        self.told[REMEMBERED - 1] = Some(timestamp);
    }
}

impl Current {
    /// Whether `next`, under another timestamp, is still this press: the next segment of a long
    /// event (RFC 4733 §2.5.1.3: it begins where the last one reached its full duration), or the
    /// next packet of a sender that moves the timestamp though it must not.
    fn goes_on_as(&self, next: &Current, marker: bool) -> bool {
        let ahead = next.timestamp.since(self.timestamp);
        let pause = if marker || self.ended { PAUSE } else { UNMARKED_PAUSE };
        let reach = i32::from(self.duration) + pause;
        self.event == next.event && (0..reach).contains(&ahead)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `(timestamp, marker, event, end, duration)` of each packet that arrives.
    type Arrived = (u32, bool, u8, bool, u16);

    fn told(packets: &[Arrived]) -> Vec<(u8, u32, u16)> {
        let mut receiver = Receiver::default();
        let heard = packets.iter().filter_map(|&(timestamp, marker, event, end, duration)| {
            let payload = Payload { event, end, duration };
            receiver.handle_packet(RtpTimestamp(timestamp), marker, payload)
        });
        heard.map(|heard| (heard.event, heard.onset.0, heard.since_onset)).collect()
    }

    #[test]
    fn a_press_is_told_once_at_its_first_packet() {
        let packets = [
            (1_000, true, 11, false, 160),
            (1_000, false, 11, false, 320),
            (1_000, false, 11, true, 480),
            (1_000, false, 11, true, 480),
            (1_000, false, 11, true, 480),
        ];
        assert_eq!(told(&packets), [(11, 1_000, 160)]);
    }

    /// Pain 1: livekit/sip#585.
    #[test]
    fn a_lost_marker_costs_nothing() {
        assert_eq!(told(&[(1_000, false, 11, false, 480)]), [(11, 1_000, 480)]);
    }

    /// pjsip #1542: one end packet is all that comes.
    #[test]
    fn an_end_packet_alone_is_a_press() {
        assert_eq!(told(&[(1_000, false, 11, true, 800)]), [(11, 1_000, 800)]);
    }

    #[test]
    fn two_presses_of_one_key_are_two_though_end_and_marker_were_lost() {
        let packets = [(1_000, true, 1, false, 160), (2_440, false, 1, false, 160)];
        assert_eq!(told(&packets).len(), 2);
    }

    /// Two presses 80 ms apart, end to onset, are two; a gap of under 40 ms is no pause (ITU-T Q.24).
    #[test]
    fn a_pause_of_40_ms_separates_and_a_shorter_gap_does_not() {
        for (gap, marker, ended, presses) in [
            (319, true, true, 1),
            (320, true, true, 2),
            (320, false, true, 2),
            (320, true, false, 2),
            (639, false, false, 1),
            (640, false, false, 2),
        ] {
            let packets = [(1_000, true, 1, ended, 400), (1_400 + gap, marker, 1, false, 160)];
            assert_eq!(told(&packets).len(), presses, "gap {gap}, marker {marker}, ended {ended}");
        }
    }

    /// Pain 2, RFC 4733 §2.5.1.3.
    #[test]
    fn a_long_press_in_segments_is_one() {
        let packets = [
            (1_000, true, 11, false, 65_280),
            (1_000, false, 11, false, 65_535),
            (66_535, false, 11, false, 160),
            (66_535, false, 11, true, 320),
        ];
        assert_eq!(told(&packets), [(11, 1_000, 65_280)]);
    }

    /// RestComm/media-core #62.
    #[test]
    fn a_moving_timestamp_makes_no_further_presses() {
        let packets: Vec<Arrived> =
            (0..9_u16).map(|n| (1_000 + 160 * u32::from(n), n == 0, 5, false, 160)).collect();
        assert_eq!(told(&packets).len(), 1);
    }

    #[test]
    fn stray_packets_of_an_older_press_are_not_told_again() {
        let packets = [
            (1_000, true, 1, false, 160),
            (3_000, true, 2, false, 160),
            (1_000, false, 1, true, 800),
            (3_000, false, 2, true, 800),
        ];
        assert_eq!(told(&packets), [(1, 1_000, 160), (2, 3_000, 160)]);
    }

    #[test]
    fn another_key_is_another_press_without_any_bit() {
        assert_eq!(told(&[(1_000, false, 1, false, 160), (1_160, false, 2, false, 160)]).len(), 2);
    }
}

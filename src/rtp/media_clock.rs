//! The moment on our clock at which a sample of the far end was made.
//!
//! The packet that came fastest tells it best: the others were held up on the way. So the clock
//! follows the earliest arrivals and otherwise gives way slowly, as two crystals drift apart.

use std::time::{Duration, Instant};

use super::timestamp::{RtpTimestamp, span_of};

/// The share of the time by which the clock gives way, to follow a drift: 0.5 ms a second, where
/// crystals differ by less than 0.2.
const DRIFT_SHARE: u32 = 2_000;
/// A packet this far from its moment is on another timeline: the clock is set anew.
const JUMP: Duration = Duration::from_millis(500);

/// Maps timestamps of one stream to moments.
#[derive(Debug, Default)]
pub struct MediaClock {
    mark: Option<Mark>,
}

#[derive(Debug, Clone, Copy)]
struct Mark {
    timestamp: RtpTimestamp,
    at: Instant,
}

impl MediaClock {
    /// Learns from a packet whose last sample ends at `end` and that came at `arrival`.
    pub fn handle_packet(&mut self, arrival: Instant, end: RtpTimestamp) {
        let at = match self.instant(end) {
            Some(due) if due <= arrival && arrival - due < JUMP => self.relaxed(due, arrival),
            Some(_) | None => arrival,
        };
        self.mark = Some(Mark { timestamp: end, at });
    }

    /// `due`, moved towards `arrival` by the drift since the last packet.
    fn relaxed(&self, due: Instant, arrival: Instant) -> Instant {
        let since = self.mark.map_or(Duration::ZERO, |mark| due.saturating_duration_since(mark.at));
        arrival.min(due + since / DRIFT_SHARE)
    }

    /// The moment of `timestamp`; `None` before the first packet, or outside the clock's reach.
    pub fn instant(&self, timestamp: RtpTimestamp) -> Option<Instant> {
        let mark = self.mark?;
        let ahead = timestamp.since(mark.timestamp);
        let span = span_of(ahead.unsigned_abs());
        if ahead >= 0 { mark.at.checked_add(span) } else { mark.at.checked_sub(span) }
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "any moment serves as the zero of a virtual clock")]
mod tests {
    use super::*;

    #[test]
    fn the_fastest_packets_set_the_clock() {
        let start = Instant::now();
        let mut clock = MediaClock::default();
        let delays = [30, 5, 50, 40, 5, 90, 60];
        for (n, delay) in delays.into_iter().enumerate() {
            let made = Duration::from_millis(20) * (n as u32 + 1);
            let end = RtpTimestamp(160 * (n as u32 + 1));
            clock.handle_packet(start + made + Duration::from_millis(delay), end);
        }
        let told = clock.instant(RtpTimestamp(160 * 7)).unwrap();
        let truth = start + Duration::from_millis(140 + 5);
        assert!(told >= truth && told < truth + Duration::from_millis(1));
    }

    #[test]
    fn a_jump_sets_the_clock_anew() {
        let start = Instant::now();
        let mut clock = MediaClock::default();
        clock.handle_packet(start, RtpTimestamp(160));
        clock.handle_packet(start + Duration::from_millis(20), RtpTimestamp(0x7000_0000));
        let told = clock.instant(RtpTimestamp(0x7000_0000 - 80)).unwrap();
        assert_eq!(told, start + Duration::from_millis(10));
    }
}

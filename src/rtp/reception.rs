//! What one received stream tells of the network: validity, loss, jitter (RFC 3550 appendix A).

use std::time::Instant;

use super::packet::Header;
use super::seq::{ExtSeq, Seq};
use super::timestamp::{CLOCK_HZ, RtpTimestamp, samples_in};

/// A step forward of this many packets or more is no loss but a fault (RFC 3550 §A.1).
const MAX_DROPOUT: u16 = 3_000;
/// A packet this far behind is still a late one (RFC 3550 §A.1).
const MAX_MISORDER: u16 = 100;

/// The receiver's account of one synchronisation source.
#[derive(Debug)]
pub struct Reception {
    ssrc: u32,
    first: ExtSeq,
    highest: ExtSeq,
    /// The number that would prove a restart: two packets in a row after a jump (RFC 3550 §A.1).
    bad_next: Option<Seq>,
    received: u64,
    transit: Option<Transit>,
    /// Interarrival jitter in samples, times 16 (RFC 3550 §A.8).
    jitter_16: u32,
    reported_expected: u64,
    reported_received: u64,
}

#[derive(Debug, Clone, Copy)]
struct Transit {
    arrival: Instant,
    timestamp: RtpTimestamp,
}

/// What a packet is to its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// A packet of the stream, with its extended number.
    Valid(ExtSeq),
    /// A jump in the sequence that nothing confirms yet: to be dropped.
    Doubtful,
    /// Another source sends (RFC 3550 §8), or the same one began anew; this packet is the first of
    /// another stream.
    Restarted,
}

impl Reception {
    /// A stream that begins with this packet.
    pub fn new(header: &Header) -> Reception {
        let first = ExtSeq::first(header.seq);
        Reception {
            ssrc: header.ssrc,
            first,
            highest: first,
            bad_next: None,
            received: 0,
            transit: None,
            jitter_16: 0,
            reported_expected: 0,
            reported_received: 0,
        }
    }

    /// A stream of which this packet is counted as the first, with the packet's number.
    pub fn begin(now: Instant, header: &Header, is_paced: bool) -> (Reception, ExtSeq) {
        let mut reception = Reception::new(header);
        let seq = reception.count(now, header, is_paced);
        (reception, seq)
    }

    /// Whose stream this is.
    pub fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// Counts one packet. `is_paced` says that its timestamp moves with time, which an event's
    /// does not, so that it counts for the jitter.
    pub fn handle_packet(&mut self, now: Instant, header: &Header, is_paced: bool) -> Validity {
        if header.ssrc != self.ssrc {
            return Validity::Restarted;
        }
        let ahead = header.seq.0.wrapping_sub(self.highest.0 as u16);
        if (MAX_DROPOUT..=u16::MAX - MAX_MISORDER).contains(&ahead) {
            if self.bad_next == Some(header.seq) {
                return Validity::Restarted;
            }
            self.bad_next = Some(header.seq.next());
            return Validity::Doubtful;
        }
        Validity::Valid(self.count(now, header, is_paced))
    }

    fn count(&mut self, now: Instant, header: &Header, is_paced: bool) -> ExtSeq {
        self.bad_next = None;
        let seq = self.highest.nearest(header.seq);
        self.highest = self.highest.max(seq);
        self.received += 1;
        if is_paced {
            self.measure_jitter(now, header.timestamp);
        }
        seq
    }

    /// RFC 3550 §A.8, with the difference of two transits taken directly.
    fn measure_jitter(&mut self, arrival: Instant, timestamp: RtpTimestamp) {
        if let Some(last) = self.transit {
            let waited = i64::from(samples_in(arrival.saturating_duration_since(last.arrival)));
            let difference = (waited - i64::from(timestamp.since(last.timestamp))).unsigned_abs();
            // A jump of the timestamp (a pause, another clock) says nothing of the network.
            if difference < u64::from(CLOCK_HZ) {
                let step = difference as i64 - i64::from((self.jitter_16 + 8) >> 4);
                self.jitter_16 = self.jitter_16.saturating_add_signed(step as i32);
            }
        }
        self.transit = Some(Transit { arrival, timestamp });
    }

    /// The highest number received.
    pub fn highest(&self) -> ExtSeq {
        self.highest
    }

    /// Packets received, late ones and duplicates too (RFC 3550 §6.4.1).
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Packets that the sender must have sent, by their numbers.
    pub fn expected(&self) -> u64 {
        self.highest.since(self.first) + 1
    }

    /// Packets lost; negative where duplicates outnumber the losses (RFC 3550 §A.3).
    pub fn lost(&self) -> i64 {
        self.expected() as i64 - self.received as i64
    }

    /// Interarrival jitter in samples (RFC 3550 §6.4.1).
    pub fn jitter_samples(&self) -> u32 {
        self.jitter_16 >> 4
    }

    /// The share lost since the last call, in 256ths (RFC 3550 §A.3): once a report.
    pub fn take_fraction_lost(&mut self) -> u8 {
        let expected = self.expected() - self.reported_expected;
        let received = self.received - self.reported_received;
        self.reported_expected = self.expected();
        self.reported_received = self.received;
        let lost = expected.saturating_sub(received);
        lost.saturating_mul(256).checked_div(expected).unwrap_or(0).min(255) as u8
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "any moment serves as the zero of a virtual clock")]
mod tests {
    use std::time::Duration;

    use super::*;

    fn header(seq: u16, timestamp: u32) -> Header {
        let (seq, timestamp) = (Seq(seq), RtpTimestamp(timestamp));
        Header { payload_type: 0, marker: false, seq, timestamp, ssrc: 1 }
    }

    fn received(seqs: &[u16]) -> Reception {
        let mut reception = Reception::new(&header(seqs[0], 0));
        for (n, &seq) in seqs.iter().enumerate() {
            let now = Instant::now() + Duration::from_millis(20) * n as u32;
            reception.handle_packet(now, &header(seq, 160 * n as u32), true);
        }
        reception
    }

    #[test]
    fn loss_is_counted_by_numbers_across_the_wrap() {
        let reception = received(&[65_533, 65_535, 0, 4]);
        assert_eq!((reception.expected(), reception.received(), reception.lost()), (8, 4, 4));
    }

    #[test]
    fn late_packets_and_duplicates_count_as_received() {
        assert_eq!(received(&[1, 3, 2, 3]).lost(), -1, "RFC 3550 §A.3");
    }

    /// RFC 3550 §6.4.1: "fraction lost … since the previous SR or RR packet was sent".
    #[test]
    fn the_fraction_is_of_the_last_interval() {
        let mut reception = received(&[1, 2, 4, 5]);
        assert_eq!(reception.take_fraction_lost(), 51);
        assert_eq!(reception.take_fraction_lost(), 0);
    }

    #[test]
    fn even_packets_have_no_jitter_and_uneven_ones_approach_it() {
        assert_eq!(received(&[1, 2, 3, 4, 5, 6]).jitter_samples(), 0);
        let mut reception = Reception::new(&header(0, 0));
        let start = Instant::now();
        for n in 0..400_u16 {
            let swing = Duration::from_millis(if n % 2 == 0 { 0 } else { 10 });
            let now = start + Duration::from_millis(20) * u32::from(n) + swing;
            reception.handle_packet(now, &header(n, 160 * u32::from(n)), true);
        }
        assert!((70..=81).contains(&reception.jitter_samples()), "{}", reception.jitter_samples());
    }

    #[test]
    fn a_timestamp_jump_is_no_jitter() {
        let mut reception = received(&[1, 2, 3]);
        let now = Instant::now() + Duration::from_millis(60);
        reception.handle_packet(now, &header(4, 0x8000_0000), true);
        assert!(reception.jitter_samples() < 3);
    }

    #[test]
    fn one_wild_packet_is_dropped_and_two_in_a_row_are_a_new_stream() {
        let mut reception = received(&[1, 2, 3]);
        let now = Instant::now();
        let mut handle = |seq| reception.handle_packet(now, &header(seq, 0), true);
        assert_eq!(handle(30_000), Validity::Doubtful);
        assert!(matches!(handle(4), Validity::Valid(_)));
        assert_eq!(handle(30_001), Validity::Doubtful);
        assert_eq!(handle(30_002), Validity::Restarted);
    }
}

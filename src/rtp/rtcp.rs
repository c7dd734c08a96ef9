//! Sender and receiver reports (RFC 3550 §6.4), written and read by rtcp-types.

use std::time::{Duration, Instant};

use rand::{Rng, RngExt as _};
use rtcp_types::{
    Compound, Packet, ReceiverReport, ReportBlock, RtcpPacketWriterExt as _, Sdes, SdesChunk, SdesItem,
    SenderReport,
};

use super::reception::Reception;
use super::timestamp::RtpTimestamp;

/// The mean interval between two reports (RFC 3550 §6.2).
const INTERVAL: Duration = Duration::from_secs(5);
/// e − 3/2: makes up for the bias of reconsideration (RFC 3550 §6.3.1).
const COMPENSATION: f64 = 1.218_28;
/// The longest compound packet that we write: report, one block, one name.
pub const MAX_REPORT: usize = 128;

/// What we have sent so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sent {
    /// RTP packets.
    pub packets: u64,
    /// Octets of payload.
    pub octets: u64,
}

/// What the far end told of our stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Told {
    /// Packets of ours that it lost (RFC 3550 §6.4.1, never below 0 here).
    pub lost: Option<u64>,
    /// The shortest way there and back that its reports allow to reckon: whoever reads reports at
    /// intervals adds to it, and never takes away.
    pub round_trip: Option<Duration>,
}

/// The reporting half of one session.
#[derive(Debug)]
pub struct Reporter {
    ssrc: u32,
    /// Our name, random a call, so that calls cannot be linked (RFC 7022 §4.2).
    cname: u64,
    /// Our reports' time begins here (RFC 3550 §6.4.1: a clock of the session's own will do).
    epoch: Instant,
    next: Instant,
    last_sender_report: Option<LastReport>,
    told: Told,
    received_any: bool,
}

#[derive(Debug, Clone, Copy)]
struct LastReport {
    middle: u32,
    at: Instant,
}

impl Reporter {
    /// Begins a session for our stream `ssrc`; the first report comes after half an interval.
    pub fn new(now: Instant, ssrc: u32, rng: &mut impl Rng) -> Reporter {
        let cname = rng.random();
        Reporter {
            ssrc,
            cname,
            epoch: now,
            next: now + randomised(INTERVAL / 2, rng),
            last_sender_report: None,
            told: Told::default(),
            received_any: false,
        }
    }

    /// When the next report is due.
    pub fn poll_timeout(&self) -> Instant {
        self.next
    }

    /// What the far end told last.
    pub fn told(&self) -> Told {
        self.told
    }

    /// Whether any RTCP came.
    pub fn received_any(&self) -> bool {
        self.received_any
    }

    /// Writes the report that is due into `buffer` and tells its length: a sender report if we
    /// send, else a receiver report, each with our name (RFC 3550 §6.1).
    ///
    /// Call it once [`poll_timeout`](Reporter::poll_timeout) has passed.
    pub fn report(
        &mut self,
        now: Instant,
        sent: Option<(Sent, RtpTimestamp)>,
        reception: Option<&mut Reception>,
        rng: &mut impl Rng,
        buffer: &mut [u8],
    ) -> Option<usize> {
        self.next = now + randomised(INTERVAL, rng);
        let block = reception.map(|reception| self.block(now, reception));
        let name = format!("{:016x}", self.cname);
        let item = SdesItem::builder(SdesItem::CNAME, &name);
        let names = Sdes::builder().add_chunk(SdesChunk::builder(self.ssrc).add_item(item));
        let compound = match sent {
            Some((sent, timestamp)) => {
                let report = SenderReport::builder(self.ssrc)
                    .ntp_timestamp(self.session_time(now))
                    .rtp_timestamp(timestamp.0)
                    .packet_count(sent.packets as u32)
                    .octet_count(sent.octets as u32);
                let report = block.into_iter().fold(report, |r, block| r.add_report_block(block));
                Compound::builder().add_packet(report)
            }
            None => {
                let report = ReceiverReport::builder(self.ssrc);
                let report = block.into_iter().fold(report, |r, block| r.add_report_block(block));
                Compound::builder().add_packet(report)
            }
        };
        compound.add_packet(names).write_into(buffer).ok()
    }

    fn block(&self, now: Instant, reception: &mut Reception) -> rtcp_types::ReportBlockBuilder {
        // RFC 3550 §6.4.1: 24 bits with a sign; rtcp-types takes the bits as they are.
        let lost = reception.lost().clamp(-0x80_0000, 0x7F_FFFF) as u32 & 0xFF_FFFF;
        let block = ReportBlock::builder(reception.ssrc())
            .fraction_lost(reception.take_fraction_lost())
            .cumulative_lost(lost)
            .extended_sequence_number(reception.highest().as_report())
            .interarrival_jitter(reception.jitter_samples());
        match self.last_sender_report {
            Some(last) => {
                let delay = compact(now.saturating_duration_since(last.at));
                block
                    .last_sender_report_timestamp(last.middle)
                    .delay_since_last_sender_report_timestamp(delay)
            }
            None => block,
        }
    }

    /// Reads a datagram of the far end. What is no RTCP changes nothing.
    pub fn handle_packet(&mut self, now: Instant, datagram: &[u8]) -> bool {
        let Ok(compound) = Compound::parse(datagram) else { return false };
        let mut known = false;
        for packet in compound.map_while(Result::ok) {
            known |= self.handle_part(now, &packet);
        }
        self.received_any |= known;
        known
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "names, goodbyes and feedback tell us nothing")]
    fn handle_part(&mut self, now: Instant, packet: &Packet<'_>) -> bool {
        match packet {
            Packet::Sr(report) => {
                // RFC 3550 §6.4.1, LSR: the middle 32 bits of the sender's time.
                let middle = (report.ntp_timestamp() >> 16) as u32;
                self.last_sender_report = Some(LastReport { middle, at: now });
                report.report_blocks().for_each(|block| self.handle_block(now, &block));
                true
            }
            Packet::Rr(report) => {
                report.report_blocks().for_each(|block| self.handle_block(now, &block));
                true
            }
            _ => false,
        }
    }

    fn handle_block(&mut self, now: Instant, block: &ReportBlock<'_>) {
        if block.ssrc() != self.ssrc {
            return;
        }
        // Sign-extends the 24 bits.
        let lost = ((block.cumulative_lost() << 8) as i32) >> 8;
        self.told.lost = Some(u64::try_from(lost).unwrap_or(0));
        let sent_at = block.last_sender_report_timestamp();
        if sent_at == 0 {
            return;
        }
        // RFC 3550 §6.4.1: A − LSR − DLSR, in 65,536ths of a second.
        let delay = block.delay_since_last_sender_report_timestamp();
        let arrived = (self.session_time(now) >> 16) as u32;
        let there_and_back = arrived.wrapping_sub(sent_at).wrapping_sub(delay);
        // More than half the range is a negative time: the far end's clock is broken.
        if there_and_back < 0x8000_0000 {
            let span = Duration::from_secs_f64(f64::from(there_and_back) / 65_536.0);
            let shortest = self.told.round_trip.map_or(span, |known| known.min(span));
            self.told.round_trip = Some(shortest);
        }
    }

    /// The session's time in NTP's form: seconds above, fractions below.
    fn session_time(&self, now: Instant) -> u64 {
        // One second at the start, so that no report of ours has the time 0, which means none.
        let elapsed = now.saturating_duration_since(self.epoch) + Duration::from_secs(1);
        let fraction = (u64::from(elapsed.subsec_nanos()) << 32) / 1_000_000_000;
        (elapsed.as_secs() << 32) | fraction
    }
}

/// A span in 65,536ths of a second (RFC 3550 §6.4.1, DLSR).
fn compact(span: Duration) -> u32 {
    (span.as_secs_f64() * 65_536.0) as u32
}

/// RFC 3550 §6.3.1: uniformly between half and one and a half of the interval.
fn randomised(interval: Duration, rng: &mut impl Rng) -> Duration {
    interval.mul_f64(rng.random_range(0.5..1.5) / COMPENSATION)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "any moment serves as the zero of a virtual clock")]
mod tests {
    use rand::{SeedableRng as _, rngs::StdRng};

    use super::*;
    use crate::rtp::packet::Header;
    use crate::rtp::seq::Seq;

    fn pair() -> (Instant, Reporter, Reporter, StdRng) {
        let mut rng = StdRng::seed_from_u64(1);
        let now = Instant::now();
        (now, Reporter::new(now, 1, &mut rng), Reporter::new(now, 2, &mut rng), rng)
    }

    fn lossy_reception(now: Instant) -> Reception {
        let header = |seq| Header {
            payload_type: 0,
            marker: false,
            seq: Seq(seq),
            timestamp: RtpTimestamp(u32::from(seq) * 160),
            ssrc: 1,
        };
        let mut reception = Reception::new(&header(10));
        for seq in [10, 11, 14, 19] {
            reception.handle_packet(now, &header(seq), true);
        }
        reception
    }

    #[test]
    fn losses_and_the_round_trip_come_back_in_a_report() {
        let (start, mut ours, mut theirs, mut rng) = pair();
        let ms = Duration::from_millis;
        let mut buffer = [0; MAX_REPORT];
        let sent = Some((Sent { packets: 10, octets: 1_600 }, RtpTimestamp(3_200)));
        let len = ours.report(start, sent, None, &mut rng, &mut buffer).unwrap();
        assert!(theirs.handle_packet(start + ms(30), &buffer[..len]));

        let mut reception = lossy_reception(start);
        let at = start + ms(1_030);
        let len = theirs.report(at, None, Some(&mut reception), &mut rng, &mut buffer).unwrap();
        assert_eq!(buffer[1], 201, "RFC 3550 §6.4: who does not send writes a receiver report");
        assert!(ours.handle_packet(start + ms(1_070), &buffer[..len]));
        let told = ours.told();
        assert_eq!(told.lost, Some(6));
        let round_trip = told.round_trip.unwrap().as_millis();
        assert!((69..=71).contains(&round_trip), "30 ms there, 40 ms back: {round_trip}");
    }

    /// RFC 3550 §6.1: every compound packet starts with a report and has a CNAME.
    #[test]
    fn a_report_is_a_compound_packet_with_our_name() {
        let (start, mut ours, _, mut rng) = pair();
        let mut buffer = [0; MAX_REPORT];
        let mut reception = lossy_reception(start);
        let sent = Some((Sent::default(), RtpTimestamp(0)));
        let len = ours.report(start, sent, Some(&mut reception), &mut rng, &mut buffer).unwrap();
        let types: Vec<bool> = Compound::parse(&buffer[..len])
            .unwrap()
            .map(|packet| matches!(packet.unwrap(), Packet::Sr(_) | Packet::Sdes(_)))
            .collect();
        assert_eq!(types, [true, true]);
        assert_eq!(buffer[1], 200);
    }

    /// RFC 3550 §6.2: "between 0.5 and 1.5 times the calculated interval", the first one halved.
    #[test]
    fn intervals_are_randomised_about_five_seconds() {
        let (start, mut ours, _, mut rng) = pair();
        let first = ours.poll_timeout() - start;
        assert!(first >= Duration::from_millis(1_026) && first <= Duration::from_millis(3_079));
        let mut seen = Vec::new();
        for _ in 0..200 {
            ours.report(start, None, None, &mut rng, &mut [0; MAX_REPORT]);
            seen.push(ours.poll_timeout() - start);
        }
        assert!(*seen.iter().min().unwrap() >= Duration::from_millis(2_052));
        assert!(*seen.iter().max().unwrap() <= Duration::from_millis(6_157));
        assert!(seen.iter().max().unwrap().as_millis() > 5_500);
    }

    #[test]
    fn a_negative_loss_is_none_and_reports_on_others_are_not_ours() {
        let (start, mut ours, mut theirs, mut rng) = pair();
        let mut reception = lossy_reception(start);
        let again =
            Header { payload_type: 0, marker: false, seq: Seq(19), timestamp: RtpTimestamp(0), ssrc: 1 };
        for _ in 0..9 {
            reception.handle_packet(start, &again, true);
        }
        let mut buffer = [0; MAX_REPORT];
        let len = theirs.report(start, None, Some(&mut reception), &mut rng, &mut buffer).unwrap();
        let mut stranger = Reporter::new(start, 99, &mut rng);
        assert!(stranger.handle_packet(start, &buffer[..len]));
        assert_eq!(stranger.told().lost, None);
        assert!(ours.handle_packet(start, &buffer[..len]));
        assert_eq!(ours.told().lost, Some(0));
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_datagrams_never_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let (start, mut ours, _, _) = pair();
            ours.handle_packet(start, &bytes);
        }
    }
}

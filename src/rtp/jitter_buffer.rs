//! The reorder ring: audio in the order in which it was spoken, with every gap told.
//!
//! Nobody listens to what we receive but the ear, so nothing is played out at a pace: a packet in
//! order passes at once, from the caller's own buffer. Only a packet behind a hole waits, and not
//! longer than [`HOLE_PACKETS`] or [`HOLE_WAIT`] allow. The ear is told which samples are real,
//! which were lost, and where the far end itself was silent.

use std::time::{Duration, Instant};

use super::seq::ExtSeq;
use super::timestamp::{CLOCK_HZ, RtpTimestamp};

/// A hole is given up when a packet this far behind its first missing one has come.
pub const HOLE_PACKETS: u64 = 6;
/// A hole is given up when a packet has waited behind it for so long.
pub const HOLE_WAIT: Duration = Duration::from_millis(60);

/// Packets that can wait; one fewer than the numbers within the hole's reach.
const SLOTS: usize = HOLE_PACKETS as usize;
/// Bytes of the waiting packets: twice what 60 ms of G.711 need.
const ARENA: usize = 960;
/// The longest gap that is told at once: beyond it the length means nothing to the ear.
const MAX_GAP_SAMPLES: u32 = CLOCK_HZ;

/// A packet in the stream's order of numbers.
#[derive(Debug, Clone, Copy)]
pub struct Arrival<'a> {
    /// Its extended number.
    pub seq: ExtSeq,
    /// The timestamp of its first sample.
    pub timestamp: RtpTimestamp,
    /// When it came.
    pub at: Instant,
    /// Its payload type.
    pub payload_type: u8,
    /// Its audio, one octet a sample; `None` for what has a number but no audio (an event).
    pub audio: Option<&'a [u8]>,
}

/// What the ring gives out, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chunk<'a> {
    /// Real audio.
    Audio {
        /// The packet's payload type.
        payload_type: u8,
        /// One octet a sample.
        octets: &'a [u8],
        /// The timestamp after the last sample.
        end: RtpTimestamp,
        /// When its packet came.
        arrived: Instant,
    },
    /// So many samples were lost on the way.
    Lost(u32),
    /// So many samples were never sent: the far end was silent, or pressed a key as an event.
    Unsent(u32),
}

/// What became of the packet that was handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It passed, or waits behind a hole.
    Taken,
    /// The same packet was here before.
    Duplicate,
    /// Its place had been given up.
    Late,
}

/// The ring of one stream. It takes its 1.5 KiB of room at the first hole of the stream, and keeps it.
#[derive(Debug, Default)]
pub struct JitterBuffer {
    order: Order,
    /// How many packets wait: nearly always none, and then nothing else here is looked at.
    waiting: usize,
    room: Option<Box<WaitingRoom>>,
}

/// The packets that wait behind a hole.
#[derive(Debug)]
struct WaitingRoom {
    slots: [Option<Slot>; SLOTS],
    arena: [u8; ARENA],
    /// End of the used part of the arena, which begins anew when nobody waits.
    used: usize,
}

/// How far the stream has passed.
#[derive(Debug, Default)]
struct Order {
    /// What is due; `None` before the first packet.
    due: Option<Due>,
    /// Which of the 64 numbers below the due one have passed: bit 0 is the one just below.
    passed: u64,
}

#[derive(Debug, Clone, Copy)]
struct Due {
    seq: ExtSeq,
    timestamp: RtpTimestamp,
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    seq: ExtSeq,
    timestamp: RtpTimestamp,
    at: Instant,
    payload_type: u8,
    is_audio: bool,
    start: u16,
    len: u16,
}

impl WaitingRoom {
    fn new() -> Box<WaitingRoom> {
        Box::new(WaitingRoom { slots: [None; SLOTS], arena: [0; ARENA], used: 0 })
    }

    /// Copies a packet in; `false` if there is no place for it.
    fn hold(&mut self, packet: &Arrival<'_>) -> bool {
        let audio = packet.audio.unwrap_or_default();
        let end = self.used + audio.len();
        let free = self.slots.iter_mut().find(|slot| slot.is_none());
        let (Some(free), true) = (free, end <= ARENA) else { return false };
        self.arena[self.used..end].copy_from_slice(audio);
        *free = Some(Slot {
            seq: packet.seq,
            timestamp: packet.timestamp,
            at: packet.at,
            payload_type: packet.payload_type,
            is_audio: packet.audio.is_some(),
            start: self.used as u16,
            len: audio.len() as u16,
        });
        self.used = end;
        true
    }

    /// The first packet in the stream's order leaves its place; its audio stays until the next comes in.
    fn leave(&mut self) -> Option<Arrival<'_>> {
        let first = self.slots.iter_mut().filter(|slot| slot.is_some());
        let slot = first.min_by_key(|slot| slot.map(|slot| slot.seq))?.take()?;
        let octets = &self.arena[usize::from(slot.start)..][..usize::from(slot.len)];
        Some(Arrival {
            seq: slot.seq,
            timestamp: slot.timestamp,
            at: slot.at,
            payload_type: slot.payload_type,
            audio: slot.is_audio.then_some(octets),
        })
    }
}

impl JitterBuffer {
    /// Takes a packet; what is in order now goes to `sink`.
    pub fn handle_packet(&mut self, packet: &Arrival<'_>, sink: &mut impl FnMut(Chunk<'_>)) -> Outcome {
        let due = self.order.due_or(packet);
        if packet.seq < due.seq {
            return self.order.judge_old(due, packet.seq);
        }
        if self.waiting == 0 && packet.seq == due.seq {
            self.order.release(packet, sink);
            return Outcome::Taken;
        }
        if self.holds(packet.seq) {
            return Outcome::Duplicate;
        }
        while self.is_too_far_ahead(packet) && self.release_first(sink) {}
        if self.must_pass(packet) || !self.hold(packet) {
            while self.holds_before(packet.seq) && self.release_first(sink) {}
            self.order.release(packet, sink);
        }
        self.release_in_order(sink);
        Outcome::Taken
    }

    /// Gives up holes behind which a packet has waited for [`HOLE_WAIT`].
    pub fn handle_timeout(&mut self, now: Instant, sink: &mut impl FnMut(Chunk<'_>)) {
        while self.poll_timeout().is_some_and(|due| due <= now) && self.release_first(sink) {
            self.release_in_order(sink);
        }
    }

    /// When [`handle_timeout`](JitterBuffer::handle_timeout) is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.waiting == 0 {
            return None;
        }
        self.held().map(|slot| slot.at + HOLE_WAIT).min()
    }

    /// Gives out all that waits: the stream is over.
    pub fn finish(&mut self, sink: &mut impl FnMut(Chunk<'_>)) {
        while self.release_first(sink) {}
    }

    /// Whether a packet leaves the hole before it too far behind to be waited for.
    fn is_too_far_ahead(&self, packet: &Arrival<'_>) -> bool {
        packet.seq.since(self.order.due_or(packet).seq) > HOLE_PACKETS
    }

    /// Whether a packet needs no place: it is the next one, or its hole is given up.
    fn must_pass(&self, packet: &Arrival<'_>) -> bool {
        packet.seq == self.order.due_or(packet).seq || self.is_too_far_ahead(packet)
    }

    fn holds_before(&self, seq: ExtSeq) -> bool {
        self.held().any(|slot| slot.seq < seq)
    }

    /// Has a packet wait; `false` if there is no place for it.
    fn hold(&mut self, packet: &Arrival<'_>) -> bool {
        let is_held = self.room.get_or_insert_with(WaitingRoom::new).hold(packet);
        self.waiting += usize::from(is_held);
        is_held
    }

    fn held(&self) -> impl Iterator<Item = &Slot> {
        self.room.iter().flat_map(|room| &room.slots).flatten()
    }

    fn release_in_order(&mut self, sink: &mut impl FnMut(Chunk<'_>)) {
        while self.order.due.is_some_and(|due| self.holds(due.seq)) && self.release_first(sink) {}
    }

    fn holds(&self, seq: ExtSeq) -> bool {
        self.held().any(|slot| slot.seq == seq)
    }

    /// Gives out the first packet that waits, and the hole before it; `false` if none waits.
    fn release_first(&mut self, sink: &mut impl FnMut(Chunk<'_>)) -> bool {
        let Some(room) = &mut self.room else { return false };
        let Some(packet) = room.leave() else { return false };
        self.order.release(&packet, sink);
        self.waiting -= 1;
        if self.waiting == 0 {
            room.used = 0;
        }
        true
    }
}

impl Order {
    /// What is due; with nothing before it, the packet itself.
    fn due_or(&self, packet: &Arrival<'_>) -> Due {
        self.due.unwrap_or(Due { seq: packet.seq, timestamp: packet.timestamp })
    }

    fn judge_old(&self, due: Due, seq: ExtSeq) -> Outcome {
        let behind = due.seq.since(seq) - 1;
        let passed = behind < 64 && self.passed & (1 << behind) != 0;
        if passed { Outcome::Duplicate } else { Outcome::Late }
    }

    /// Gives out a packet and the gap before it; the next number is due then.
    fn release(&mut self, packet: &Arrival<'_>, sink: &mut impl FnMut(Chunk<'_>)) {
        let due = self.due_or(packet);
        let missing = packet.seq.since(due.seq);
        self.mark_passed(missing);
        let mut next = Due { seq: packet.seq.next(), timestamp: due.timestamp };
        if let Some(octets) = packet.audio {
            let len = octets.len() as u32;
            tell_gap(packet.timestamp.since(due.timestamp), missing, len, sink);
            next.timestamp = packet.timestamp.plus(len);
            let payload_type = packet.payload_type;
            sink(Chunk::Audio { payload_type, octets, end: next.timestamp, arrived: packet.at });
        }
        self.due = Some(next);
    }

    fn mark_passed(&mut self, missing: u64) {
        let shift = u32::try_from(missing + 1).unwrap_or(u32::MAX);
        self.passed = self.passed.checked_shl(shift).unwrap_or(0) | 1;
    }
}

/// Tells what lies between the due sample and the one that came.
///
/// Missing numbers are losses; a timestamp that jumps without a missing number is the sender's
/// own pause (RFC 3551 §4.1), which must never be filled with what was heard before it.
fn tell_gap(ahead: i32, missing: u64, len: u32, sink: &mut impl FnMut(Chunk<'_>)) {
    let by_number = u32::try_from(missing).unwrap_or(u32::MAX).saturating_mul(len);
    let by_number = by_number.min(MAX_GAP_SAMPLES);
    // A timestamp that stands still or runs back tells no length: the numbers do.
    let ahead = u32::try_from(ahead).unwrap_or(0).min(MAX_GAP_SAMPLES);
    let lost = if ahead == 0 { by_number } else { by_number.min(ahead) };
    if lost > 0 {
        sink(Chunk::Lost(lost));
    }
    if ahead > lost {
        sink(Chunk::Unsent(ahead - lost));
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "any moment serves as the zero of a virtual clock")]
mod tests {
    use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

    use super::*;
    use crate::rtp::seq::Seq;

    const LEN: u32 = 160;

    /// What came out: `A(n)` the audio of packet n, `L` and `U` gaps in samples.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Out {
        A(u8),
        L(u32),
        U(u32),
    }
    use Out::{A, L, U};

    struct Bench {
        start: Instant,
        ring: JitterBuffer,
        out: Vec<Out>,
    }

    impl Bench {
        fn new() -> Bench {
            Bench { start: Instant::now(), ring: JitterBuffer::default(), out: Vec::new() }
        }

        /// Packet `n` of an even stream, come at `ms`.
        fn arrive(&mut self, ms: u64, n: u64) -> Outcome {
            self.arrive_as(ms, n, n as u32 * LEN, true)
        }

        fn arrive_as(&mut self, ms: u64, n: u64, timestamp: u32, is_audio: bool) -> Outcome {
            let octets = [n as u8; LEN as usize];
            let packet = Arrival {
                seq: ExtSeq(ExtSeq::first(Seq(65_530)).0 + n),
                timestamp: RtpTimestamp(u32::MAX - 500).plus(timestamp),
                at: self.start + Duration::from_millis(ms),
                payload_type: 0,
                audio: is_audio.then_some(&octets[..]),
            };
            let out = &mut self.out;
            self.ring.handle_packet(&packet, &mut |chunk| out.push(told(chunk)))
        }

        fn wait_until(&mut self, ms: u64) {
            let out = &mut self.out;
            let now = self.start + Duration::from_millis(ms);
            self.ring.handle_timeout(now, &mut |chunk| out.push(told(chunk)));
        }
    }

    fn told(chunk: Chunk<'_>) -> Out {
        match chunk {
            Chunk::Audio { octets, .. } => A(octets[0]),
            Chunk::Lost(samples) => L(samples),
            Chunk::Unsent(samples) => U(samples),
        }
    }

    #[test]
    fn packets_in_order_pass_at_once() {
        let mut bench = Bench::new();
        for n in 0..10 {
            assert_eq!(bench.arrive(20 * n, n), Outcome::Taken);
            assert_eq!(bench.out.len() as u64, n + 1);
        }
        assert_eq!(bench.ring.poll_timeout(), None);
    }

    #[test]
    fn a_swapped_pair_is_put_right() {
        let mut bench = Bench::new();
        for (ms, n) in [(0, 0), (20, 2), (40, 1), (60, 3)] {
            bench.arrive(ms, n);
        }
        assert_eq!(bench.out, [A(0), A(1), A(2), A(3)]);
    }

    #[test]
    fn a_hole_is_given_up_after_60_ms_and_told_as_lost() {
        let mut bench = Bench::new();
        bench.arrive(0, 0);
        bench.arrive(40, 2);
        bench.wait_until(99);
        assert_eq!(bench.out, [A(0)]);
        bench.wait_until(100);
        assert_eq!(bench.out, [A(0), L(160), A(2)]);
        assert_eq!(bench.arrive(101, 1), Outcome::Late);
        assert_eq!(bench.arrive(102, 2), Outcome::Duplicate);
        assert_eq!(bench.arrive(120, 3), Outcome::Taken);
        assert_eq!(bench.out.len(), 4);
    }

    #[test]
    fn a_hole_is_given_up_when_six_packets_wait_and_a_seventh_comes() {
        let mut bench = Bench::new();
        bench.arrive(0, 0);
        for n in 2..8 {
            bench.arrive(1, n);
        }
        assert_eq!(bench.out, [A(0)]);
        bench.arrive(1, 8);
        assert_eq!(bench.out, [A(0), L(160), A(2), A(3), A(4), A(5), A(6), A(7), A(8)]);
    }

    /// signalwire/freeswitch #563: a pause of the sender is silence, not loss and not old audio.
    #[test]
    fn a_timestamp_jump_without_a_missing_number_was_never_sent() {
        let mut bench = Bench::new();
        bench.arrive_as(0, 0, 0, true);
        bench.arrive_as(500, 1, 4_000, true);
        assert_eq!(bench.out, [A(0), U(3_840), A(1)]);
        bench.arrive_as(520, 3, 8_000, true);
        bench.wait_until(600);
        assert_eq!(bench.out[3..], [L(160), U(3_680), A(3)], "one lost, the rest a pause");
    }

    #[test]
    fn events_take_their_number_and_leave_a_pause() {
        let mut bench = Bench::new();
        bench.arrive_as(0, 0, 0, true);
        bench.arrive_as(20, 1, 160, false);
        bench.arrive_as(40, 2, 160, false);
        bench.arrive_as(60, 3, 480, true);
        assert_eq!(bench.out, [A(0), U(320), A(3)]);
    }

    #[test]
    fn timestamps_that_stand_still_lose_no_audio() {
        let mut bench = Bench::new();
        for n in 0..3 {
            bench.arrive_as(20 * n, n, 0, true);
        }
        assert_eq!(bench.out, [A(0), A(1), A(2)]);
    }

    #[test]
    fn an_absurd_jump_is_told_as_one_second() {
        let mut bench = Bench::new();
        bench.arrive_as(0, 0, 0, true);
        bench.arrive_as(20, 1, 0x4000_0000, true);
        assert_eq!(bench.out, [A(0), U(8_000), A(1)]);
    }

    /// A hundred packets with delays up to 120 ms, losses and duplicates, as `(ms, n)`.
    fn arrivals(rng: &mut StdRng) -> Vec<(u64, u64)> {
        let mut arrivals = vec![(0, 0)];
        for n in 1..100 {
            let copies = match rng.random_range(0..100) {
                0..10 => 0,
                10..15 => 2,
                _ => 1,
            };
            for _ in 0..copies {
                arrivals.push((20 * n + rng.random_range(1..120), n));
            }
        }
        arrivals.sort_unstable();
        arrivals
    }

    /// Any order, losses and duplicates: numbers come out rising, each once, and every sample of
    /// the timeline is told as real or as lost.
    #[test]
    fn whatever_the_network_does_the_timeline_stays_whole() {
        for seed in 0..300 {
            let mut rng = StdRng::seed_from_u64(seed);
            let mut bench = Bench::new();
            let arrivals = arrivals(&mut rng);
            for (ms, n) in &arrivals {
                bench.wait_until(*ms);
                bench.arrive(*ms, *n);
                let limit = bench.start + Duration::from_millis(*ms) + HOLE_WAIT;
                assert!(bench.ring.poll_timeout().is_none_or(|due| due <= limit), "seed {seed}");
            }
            bench.wait_until(10_000);
            assert_eq!(bench.ring.poll_timeout(), None, "seed {seed}: nothing waits for ever");
            let audio: Vec<u8> = bench
                .out
                .iter()
                .filter_map(|o| match o {
                    A(n) => Some(*n),
                    L(_) | U(_) => None,
                })
                .collect();
            assert!(audio.is_sorted_by(|a, b| a < b), "seed {seed}: {audio:?}");
            let samples: u32 = bench
                .out
                .iter()
                .map(|o| match o {
                    A(_) => LEN,
                    L(n) | U(n) => *n,
                })
                .sum();
            let last = u32::from(*audio.last().unwrap());
            assert_eq!(samples, (last + 1) * LEN, "seed {seed}");
            assert!(bench.out.iter().all(|o| !matches!(o, U(_))), "seed {seed}: nothing was a pause");
        }
    }
}

//! One line with its sockets, and when it is due.

use std::time::{Duration, Instant};

use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::TrySendError;

use super::pace::SUB_SLOT;
use super::sockets::{Sockets, receive};
use crate::leg::media::{Heard, Line};
use crate::leg::{MediaCommand, MediaEvent};

/// Datagrams read at a time: a flood must not keep the thread from its other lines.
const READ_AT_ONCE: usize = 32;
/// Datagrams read at the end; the socket's buffer holds fewer.
const READ_AT_CLOSE: usize = 4_096;
/// Longer datagrams are cut, which no packet of G.711 is.
const DATAGRAM: usize = 2_048;

/// Where a thread reads and writes datagrams: one for all its lines, so that it stays in the cache.
pub(super) type Scratch = [u8; DATAGRAM];
/// An empty one.
pub(super) const SCRATCH: Scratch = [0; DATAGRAM];
/// Sub-slots between two looks at the RTCP port, which bounds the error of the round trip. A look
/// is dear for what it finds: the kernel's side of that socket is never in the cache.
const RTCP_PERIOD: u64 = 40;
/// Sub-slots after a report in which the next cannot come (RFC 3550 §6.3.1: 0.5 × 5 s / 1.22).
const RTCP_REST: u64 = 400;
/// Every so many reads one comes a sub-slot early, to find out when packets really come.
const PROBE_EVERY: u8 = 16;
/// Early or late looks at an empty socket before it is left alone for a packet length.
const LOOKS: u8 = 3;
/// Reads at a steady phase after which sending follows it.
const ALIGN_AFTER: u8 = 4;
/// Rounds of reading in a row that went as expected, after which a stream is steady.
const STEADY: u8 = 8;
/// Every so many steady rounds one goes on until nothing waits, in case the far end sends more.
const DRAIN_EVERY: u8 = 4;
/// Packets a round of a steady stream: the second read costs a third of the first, which has to
/// fetch socket and line from memory. A key is told 10 ms later on average.
const STEADY_PACKETS: u8 = 2;

/// When a line is due, in numbers of sub-slots. Kept apart from the lines, so that a thread looks
/// at all of them without touching theirs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Due {
    pub(super) read: u64,
    pub(super) send: u64,
    pub(super) rtcp: u64,
    /// Events wait because the queue to the event loop was full.
    pub(super) events: bool,
    /// All is told: the line can go.
    pub(super) over: bool,
    round: Round,
    /// Rounds since the last early one.
    rounds: u8,
    /// Rounds in a row that went as expected, as far as anybody asks.
    steady: u8,
    /// Whether sending was brought to the phase of reading.
    aligned: bool,
}

/// One round of reading: the packets that are expected, and the looks for them.
#[derive(Debug, Clone, Copy)]
struct Round {
    size: u8,
    found: u8,
    /// Looks that did not find all that is expected.
    misses: u8,
}

impl Round {
    const FIRST: Round = Round::of(1);

    const fn of(size: u8) -> Round {
        Round { size, found: 0, misses: 0 }
    }

    fn is_complete(&self) -> bool {
        self.found >= self.size
    }
}

/// What one look at a socket found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Look {
    packets: usize,
    /// Whether all of them were audio of the call.
    plain: bool,
}

impl Due {
    /// A new line: read at once, sent in the one of the four sub-slots that its number names, so
    /// that lines are spread.
    pub(super) fn new(line: u64, next: u64) -> Due {
        Due {
            read: next,
            send: next + (line % 4 + 4 - next % 4) % 4,
            rtcp: next + line % RTCP_PERIOD,
            events: false,
            over: false,
            round: Round::FIRST,
            rounds: 0,
            steady: 0,
            aligned: false,
        }
    }

    /// Whether anything is to be done in sub-slot `n`.
    pub(super) fn is_due(&self, n: u64) -> bool {
        self.read <= n || self.send <= n || self.rtcp <= n || self.events
    }

    /// Packets to read in this look. The look that would find the socket of a steady stream empty
    /// is left out mostly.
    fn limit(&self) -> usize {
        let drains = self.steady < STEADY || self.steady.is_multiple_of(DRAIN_EVERY);
        if drains { READ_AT_ONCE } else { usize::from(self.round.size - self.round.found) }
    }

    /// Packets of a steady stream that this look is for; of any other, the next.
    fn awaited(&self) -> usize {
        let is_steady = self.steady >= STEADY;
        if is_steady { usize::from(self.round.size.saturating_sub(self.round.found)) } else { 1 }
    }

    /// Plans the next look after one in sub-slot `n`.
    ///
    /// Packets come once a packet length, at a phase that only they know. Reading right after
    /// they came tells keys up to 15 ms sooner at the price of a look in vain now and then.
    fn plan_read(&mut self, n: u64, period: u64, look: Look) {
        self.round.found = self.round.found.saturating_add(look.packets.min(READ_AT_ONCE) as u8);
        if !look.plain {
            self.steady = 0;
        }
        if self.round.is_complete() {
            self.finish_round(n, period);
        } else {
            self.look_again(n, period);
        }
    }

    fn look_again(&mut self, n: u64, period: u64) {
        self.round.misses = self.round.misses.saturating_add(1);
        if self.round.misses <= LOOKS {
            self.read = n + 1;
        } else {
            self.steady = 0;
            self.round = Round { misses: self.round.misses, ..Round::FIRST };
            self.read = n + period;
        }
    }

    fn finish_round(&mut self, n: u64, period: u64) {
        let Round { size, found, misses } = self.round;
        // An early look may miss; any other that does tells of packets held up on their way.
        let as_expected = found == size && misses <= u8::from(self.rounds == 0);
        self.steady = match (as_expected, self.steady) {
            (false, _) => 0,
            (true, steady) if steady + 1 == STEADY + DRAIN_EVERY => STEADY,
            (true, steady) => steady + 1,
        };
        // An early look that found everything keeps looking early: the packets came sooner still.
        self.rounds = match (self.rounds, misses) {
            (0, 0) => 0,
            (_, 0) => (self.rounds + 1) % PROBE_EVERY,
            (_, 1..) => 1,
        };
        if self.rounds == ALIGN_AFTER && !self.aligned {
            self.align_send(n, period);
        }
        let early = u64::from(self.rounds == 0);
        self.round = Round::of(if self.steady < STEADY { 1 } else { STEADY_PACKETS });
        self.read = n + period * u64::from(self.round.size) - early;
    }

    /// Moves sending, once a call and by half a packet length at most, into the sub-slot in which
    /// packets come: one visit then serves both ways, while socket and line are in the cache.
    fn align_send(&mut self, n: u64, period: u64) {
        self.aligned = true;
        let ahead = (n % period + period - self.send % period) % period;
        let moved = self.send + ahead;
        self.send = if ahead > period / 2 && moved >= n + period { moved - period } else { moved };
    }
}

/// One line with its sockets.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) id: u64,
    pub(super) port: u16,
    pub(super) sockets: Sockets,
    pub(super) line: Line,
}

impl Slot {
    /// Reads what came.
    pub(super) fn read(&mut self, n: u64, now: Instant, due: &mut Due, scratch: &mut Scratch) {
        // It comes while the kernel looks at the socket.
        self.line.prefetch_attention();
        let look = self.read_rtp(due.limit(), due.awaited(), now, scratch);
        due.plan_read(n, self.period(), look);
        self.sockets.connect(self.line.only_peer());
    }

    /// Sends the packet that is due, unless it is to be lost on the way.
    pub(super) fn send(&mut self, now: Instant, due: &mut Due, lost: bool, scratch: &mut Scratch) {
        if let Some((to, len)) = self.line.tick(now, scratch)
            && !lost
        {
            self.sockets.send(to, &scratch[..len]);
        }
        due.send += self.period();
    }

    /// Reads and writes reports.
    pub(super) fn report(&mut self, now: Instant, due: &mut Due, scratch: &mut Scratch) {
        let reported = self.read_rtcp(now, scratch);
        if let Some((to, len)) = self.line.poll_rtcp(now, scratch) {
            // A report that cannot be sent is made good by the next.
            let _ = self.sockets.rtcp.send_to(&scratch[..len], to);
        }
        due.rtcp += if reported { RTCP_REST } else { RTCP_PERIOD };
    }

    /// Obeys an order; before the last one everything that has come is heard.
    pub(super) fn obey(&mut self, now: Instant, command: MediaCommand, scratch: &mut Scratch) {
        match &command {
            MediaCommand::Close => {
                self.read_rtp(READ_AT_CLOSE, 1, now, scratch);
                self.read_rtcp(now, scratch);
            }
            MediaCommand::Negotiated(_)
            | MediaCommand::Play { .. }
            | MediaCommand::Attend { .. }
            | MediaCommand::Stop
            | MediaCommand::Press(_)
            | MediaCommand::Bridge { .. }
            | MediaCommand::Hold(_) => {}
        }
        self.line.handle_command(now, command);
        self.sockets.connect(self.line.only_peer());
    }

    /// Hands events to the event loop; what finds no room stays in the line.
    pub(super) fn tell(&mut self, events: &Sender<(u64, MediaEvent)>, due: &mut Due) {
        due.events = false;
        while let Some(event) = self.line.poll_event() {
            let is_last = matches!(event, MediaEvent::Closed(_));
            match events.try_send((self.id, event)) {
                Ok(()) => due.over |= is_last,
                Err(TrySendError::Full((_, event))) => {
                    self.line.requeue_event(event);
                    due.events = true;
                    return;
                }
                // Nobody listens any more: the process ends.
                Err(TrySendError::Closed(_)) => due.over |= is_last,
            }
        }
    }

    /// Reads at most `limit` datagrams, or more where one of them is no plain audio of the call: a
    /// key's event shows itself so, and none waits longer than for the audio before it. Those that are
    /// `awaited` together count as come a packet length apart, for so they did until now: the jitter
    /// that is told would be our own otherwise.
    fn read_rtp(&mut self, mut limit: usize, awaited: usize, now: Instant, scratch: &mut Scratch) -> Look {
        let mut look = Look { packets: 0, plain: true };
        while look.packets < limit
            && let Some((from, len)) = self.sockets.receive(scratch)
        {
            look.packets += 1;
            let came = before(now, self.line.ptime(), awaited.saturating_sub(look.packets));
            if self.line.handle_rtp(came, from, &mut scratch[..len]) != Heard::Audio {
                look.plain = false;
                limit = limit.max(READ_AT_ONCE);
            }
        }
        look
    }

    /// Reads what came to the RTCP port; tells whether there was anything.
    fn read_rtcp(&mut self, now: Instant, scratch: &mut Scratch) -> bool {
        for count in 0..READ_AT_ONCE {
            let Some((from, len)) = receive(&self.sockets.rtcp, scratch) else { return count > 0 };
            self.line.handle_rtcp(now, from, &scratch[..len]);
        }
        true
    }

    /// Sub-slots a packet.
    fn period(&self) -> u64 {
        (self.line.ptime().as_millis() / SUB_SLOT.as_millis()).max(1) as u64
    }
}

/// So many packet lengths before a moment.
fn before(now: Instant, ptime: Duration, packets: usize) -> Instant {
    let packets = u32::try_from(packets).unwrap_or(0);
    now.checked_sub(ptime * packets).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A far end whose packets come every 20 ms, and what became of them.
    #[derive(Default)]
    struct Walk {
        /// Sub-slots in which packets that wait have come.
        waiting: std::collections::VecDeque<u64>,
        looks: usize,
        /// Sub-slots that the newest and the oldest packet of a look at two waited at most.
        waited: [u64; 2],
    }

    impl Walk {
        fn look(&mut self, due: &mut Due, n: u64, plain: bool) {
            let found: Vec<u64> = self.waiting.drain(..due.limit().min(self.waiting.len())).collect();
            self.looks += 1;
            if let [first, .., last] = found[..] {
                self.waited = [self.waited[0].max(n - last), self.waited[1].max(n - first)];
            }
            due.plan_read(n, 4, Look { packets: found.len(), plain });
        }
    }

    /// Walks to sub-slot 800 with packets `phase` sub-slots after ours; tells of the second half.
    fn walk(phase: u64) -> Walk {
        let mut due = Due::new(0, 0);
        let mut walk = Walk::default();
        for n in 0..800 {
            if n >= phase && (n - phase).is_multiple_of(4) {
                walk.waiting.push_back(n);
            }
            if n == 400 {
                walk = Walk { waiting: walk.waiting, ..Walk::default() };
            }
            if due.read <= n {
                walk.look(&mut due, n, true);
            }
        }
        walk
    }

    #[test]
    fn reads_find_the_phase_of_the_packets_and_take_two_a_look() {
        for phase in 0..8 {
            let walk = walk(phase);
            assert_eq!(walk.waited, [0, 4], "read in the sub-slot in which they came, phase {phase}");
            assert!(walk.looks <= 56, "100 packets, two a look, few looks in vain: {}", walk.looks);
        }
    }

    /// Two packets of a steady stream that one look finds came 20 ms apart: no jitter is told of it.
    #[test]
    fn packets_that_are_read_together_did_not_come_together() {
        let (now, ptime) = (crate::gateway::clock::now(), Duration::from_millis(20));
        let mut due = Due::new(0, 0);
        assert_eq!(due.awaited(), 1, "nothing is known of a new stream");
        (due.steady, due.round) = (STEADY + 1, Round::of(STEADY_PACKETS));
        let came = |packet: usize| now - before(now, ptime, due.awaited().saturating_sub(packet));
        assert_eq!([1, 2, 3].map(came), [ptime, Duration::ZERO, Duration::ZERO]);
    }

    #[test]
    fn what_is_no_plain_audio_ends_the_steady_rounds() {
        let mut due = Due::new(0, 0);
        (due.steady, due.round) = (STEADY + 1, Round::of(STEADY_PACKETS));
        assert_eq!(due.limit(), 2);
        due.plan_read(8, 4, Look { packets: 3, plain: false });
        assert_eq!((due.limit(), due.read), (READ_AT_ONCE, 12 - u64::from(due.rounds == 0)));
    }

    /// More packets than a round expects are not left to pile up.
    #[test]
    fn a_second_stream_of_packets_is_found_within_four_rounds() {
        let mut due = Due::new(0, 0);
        let mut walk = Walk::default();
        for n in 0..600 {
            if n % 4 == 0 {
                walk.waiting.extend(std::iter::repeat_n(n, if n < 400 { 1 } else { 2 }));
            }
            if due.read <= n {
                walk.look(&mut due, n, true);
            }
        }
        assert!(walk.waited[1] <= 40, "{:?}", walk.waited);
        assert!(walk.waiting.len() <= 2);
    }

    #[test]
    fn sending_moves_once_to_the_phase_of_reading() {
        for (send, n) in [(8, 5), (8, 6), (8, 7), (5, 5), (7, 4)] {
            let mut due = Due::new(0, 0);
            due.send = send;
            due.align_send(n, 4);
            assert_eq!(due.send % 4, n % 4);
            assert!(due.send >= n && due.send.abs_diff(send) <= 2, "{send} became {}", due.send);
        }
    }

    /// Contract §7.5: what the event loop does not fetch waits in its line and comes all the same.
    #[test]
    fn no_event_is_lost_though_the_loop_falls_behind() {
        let now = crate::gateway::clock::now();
        let sockets = Sockets::bind(std::net::Ipv4Addr::LOCALHOST.into(), 42_000).unwrap();
        let line = Line::new(now, &mut rand::rng());
        let mut slot = Slot { id: 7, port: 42_000, sockets, line };
        let mut due = Due::new(7, 0);
        let (sender, mut receiver) = tokio::sync::mpsc::channel(1);
        slot.line.requeue_event(MediaEvent::Pressed { first_packet: now });
        slot.line.requeue_event(MediaEvent::Played { saying: 1, clip: 0, at: now });
        slot.obey(now, MediaCommand::Close, &mut SCRATCH.clone());
        let mut told = Vec::new();
        for waits in [true, true, false] {
            slot.tell(&sender, &mut due);
            assert_eq!((due.events, due.over), (waits, !waits));
            told.push(receiver.try_recv().unwrap());
        }
        assert!(told.iter().all(|(line, _)| *line == 7));
        assert!(matches!(told[0].1, MediaEvent::Played { .. }));
        assert!(matches!(told[1].1, MediaEvent::Pressed { .. }));
        assert!(matches!(told[2].1, MediaEvent::Closed(_)));
    }

    #[test]
    fn a_silent_port_is_looked_at_once_a_packet_length() {
        let mut due = Due::new(0, 0);
        let reads = (0..1_000).filter(|n| {
            let reads = due.read <= *n;
            if reads {
                due.plan_read(*n, 4, Look { packets: 0, plain: true });
            }
            reads
        });
        assert!(reads.count() <= 253);
    }

    #[test]
    fn lines_are_spread_over_the_four_sub_slots() {
        for next in 0..8 {
            let sends: Vec<u64> = (0..4).map(|line| Due::new(line, next).send % 4).collect();
            assert_eq!(sends, [0, 1, 2, 3]);
            assert!((0..4).all(|line| (next..next + 4).contains(&Due::new(line, next).send)));
        }
    }
}

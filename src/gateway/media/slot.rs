//! One line with its sockets, and when it is due.

use std::time::Instant;

use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::TrySendError;

use super::lateness::Histogram;
use super::pace::SUB_SLOT;
use super::sockets::{Sockets, receive};
use crate::leg::media::Line;
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
    reads: u8,
    misses: u8,
    /// Whether sending was brought to the phase of reading.
    aligned: bool,
}

impl Due {
    /// A new line: read at once, sent in the one of the four sub-slots that its number names, so
    /// that lines are spread.
    pub(super) fn new(line: u64, next: u64) -> Due {
        let send = next + (line % 4 + 4 - next % 4) % 4;
        let rtcp = next + line % RTCP_PERIOD;
        Due { read: next, send, rtcp, events: false, over: false, reads: 0, misses: 0, aligned: false }
    }

    /// Plans the next read after one in sub-slot `n` that found something or nothing.
    ///
    /// Packets come once a packet length, at a phase that only they know. Reading right after
    /// they came tells keys up to 15 ms sooner at the price of a look in vain now and then.
    fn plan_read(&mut self, n: u64, period: u64, found: bool) {
        if !found {
            self.misses = self.misses.saturating_add(1);
            let soon = self.misses <= LOOKS;
            self.read = n + if soon { 1 } else { period };
            return;
        }
        // An early look that found something keeps looking early: the packets came sooner still.
        self.reads = match (self.reads, self.misses) {
            (0, 0) => 0,
            (_, 0) => (self.reads + 1) % PROBE_EVERY,
            (_, 1..) => 1,
        };
        self.misses = 0;
        if self.reads == ALIGN_AFTER && !self.aligned {
            self.align_send(n, period);
        }
        let early = u64::from(self.reads == 0);
        self.read = n + period - early;
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
    /// When a packet came last, where that is watched.
    pub(super) heard: Option<Instant>,
}

impl Slot {
    /// Reads what came, and tells what it held; whether anything came.
    pub(super) fn read(&mut self, n: u64, now: Instant, due: &mut Due, scratch: &mut Scratch) -> bool {
        let found = self.read_rtp(READ_AT_ONCE, now, scratch);
        due.plan_read(n, self.period(), found);
        self.sockets.connect(self.line.only_peer());
        found
    }

    /// Counts how long after the one before a packet came, and looks again in the next sub-slot.
    pub(super) fn watch(&mut self, n: u64, now: Instant, found: bool, due: &mut Due, spacing: &Histogram) {
        due.read = n + 1;
        if found && let Some(before) = self.heard.replace(now) {
            spacing.count(now.saturating_duration_since(before));
        }
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
                self.read_rtp(READ_AT_CLOSE, now, scratch);
                self.read_rtcp(now, scratch);
            }
            MediaCommand::Negotiated(_)
            | MediaCommand::Play { .. }
            | MediaCommand::Stop
            | MediaCommand::Press(_)
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

    /// Reads at most `limit` datagrams; tells whether there were any.
    fn read_rtp(&mut self, limit: usize, now: Instant, scratch: &mut Scratch) -> bool {
        for count in 0..limit {
            let Some((from, len)) = self.sockets.receive(scratch) else { return count > 0 };
            self.line.handle_rtp(now, from, &mut scratch[..len]);
        }
        true
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Walks 400 sub-slots with packets that come every 20 ms, `phase` sub-slots after ours; tells
    /// the looks in the second half and how many sub-slots packets waited there at most.
    fn walk(phase: u64) -> (u64, u64) {
        let mut due = Due::new(0, 0);
        let (mut looks, mut waited, mut next) = (0, 0, phase);
        for n in 0..400 {
            if due.read > n {
                continue;
            }
            let found = next <= n;
            if n >= 200 {
                looks += 1;
                waited = waited.max(n.saturating_sub(next));
            }
            while next <= n {
                next += 4;
            }
            due.plan_read(n, 4, found);
        }
        (looks, waited)
    }

    #[test]
    fn reads_find_the_phase_of_the_packets() {
        for phase in 0..8 {
            let (looks, waited) = walk(phase);
            assert_eq!(waited, 0, "read in the sub-slot in which they came, phase {phase}");
            assert!(looks <= 55, "50 packets and few looks in vain: {looks}");
        }
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
        let mut slot = Slot { id: 7, port: 42_000, sockets, line, heard: None };
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
                due.plan_read(*n, 4, false);
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

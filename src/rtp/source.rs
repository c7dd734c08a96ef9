//! Whose packets count: the lock on one source address.
//!
//! Anybody may send to an open port. A packet from the signalled address locks at once, since a
//! phone's first packet may be the key itself. A phone behind a NAT sends from elsewhere: such an
//! address is taken only if it keeps sending while the signalled one is silent. Once locked, only
//! signalling brings a new address, which the signalled one always is.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Packets that an address which was not signalled must have sent.
const CANDIDATE_PACKETS: u32 = 10;
/// For how long it must have sent, with none from the signalled address meanwhile.
const CANDIDATE_SPAN: Duration = Duration::from_millis(200);

/// Decides by address which packets belong to the call.
#[derive(Debug, Default)]
pub struct SourceLock {
    signalled: Option<SocketAddr>,
    state: State,
}

#[derive(Debug, Default)]
enum State {
    /// Nobody was taken yet.
    #[default]
    Open,
    /// An address that was not signalled sends.
    Watching(Candidate),
    /// Only this address counts.
    Locked(SocketAddr),
}

#[derive(Debug)]
struct Candidate {
    address: SocketAddr,
    packets: u32,
    first: Instant,
    last: Instant,
}

/// What is to be done with a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// From the locked source.
    Ours,
    /// From the source that has just been locked: everything before was somebody else's.
    NewlyOurs,
    /// From elsewhere: dropped and counted.
    Foreign,
}

impl SourceLock {
    /// Signalling names the far end's address. A change opens the lock; the same address again
    /// (a re-INVITE that changes something else) keeps it, and so does a hold without address.
    pub fn signal(&mut self, address: Option<SocketAddr>) {
        if address.is_some() && address != self.signalled {
            self.signalled = address;
            self.state = State::Open;
        }
    }

    /// The locked address, if there is one.
    pub fn locked(&self) -> Option<SocketAddr> {
        match &self.state {
            State::Locked(address) => Some(*address),
            State::Open | State::Watching(_) => None,
        }
    }

    /// Judges one RTP packet that came from `from`.
    pub fn admit(&mut self, now: Instant, from: SocketAddr) -> Admission {
        if self.locked() == Some(from) {
            return Admission::Ours;
        }
        if self.signalled == Some(from) {
            self.state = State::Locked(from);
            return Admission::NewlyOurs;
        }
        match &mut self.state {
            State::Locked(_) => return Admission::Foreign,
            State::Watching(candidate) if candidate.is_alive(now, from) => {
                if candidate.counts(now) {
                    self.state = State::Locked(from);
                    return Admission::NewlyOurs;
                }
            }
            // The first stranger is watched; others have to wait until it falls silent.
            State::Watching(candidate) if now < candidate.last + CANDIDATE_SPAN => {}
            State::Watching(_) | State::Open => {
                let candidate = Candidate { address: from, packets: 1, first: now, last: now };
                self.state = State::Watching(candidate);
            }
        }
        Admission::Foreign
    }
}

impl Candidate {
    fn is_alive(&self, now: Instant, from: SocketAddr) -> bool {
        self.address == from && now < self.last + CANDIDATE_SPAN
    }

    fn counts(&mut self, now: Instant) -> bool {
        self.packets += 1;
        self.last = now;
        // The packet after the tenth is the first that counts, and 200 ms must have gone by.
        self.packets > CANDIDATE_PACKETS && now >= self.first + CANDIDATE_SPAN
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "any moment serves as the zero of a virtual clock")]
mod tests {
    use super::*;

    const SIGNALLED: &str = "198.51.100.7:4000";
    const OTHER: &str = "203.0.113.9:4000";

    fn lock() -> SourceLock {
        let mut lock = SourceLock::default();
        lock.signal(Some(at(SIGNALLED)));
        lock
    }

    fn at(address: &str) -> SocketAddr {
        address.parse().unwrap()
    }

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// Sends every 20 ms from `from`; tells at which packet, counted from 1, it was taken.
    fn taken_at(lock: &mut SourceLock, start: Instant, every: Duration, from: &str) -> Option<u32> {
        (0..50).find_map(|n| {
            let admitted = lock.admit(start + every * n, at(from));
            (admitted != Admission::Foreign).then_some(n + 1)
        })
    }

    #[test]
    fn the_signalled_address_locks_at_once() {
        let mut lock = lock();
        assert_eq!(lock.admit(Instant::now(), at(SIGNALLED)), Admission::NewlyOurs);
        assert_eq!(lock.admit(Instant::now(), at(SIGNALLED)), Admission::Ours);
        assert_eq!(lock.admit(Instant::now(), at(OTHER)), Admission::Foreign);
        assert_eq!(lock.locked(), Some(at(SIGNALLED)));
    }

    #[test]
    fn another_address_needs_ten_packets_and_200_ms() {
        let start = Instant::now();
        assert_eq!(taken_at(&mut lock(), start, ms(20), OTHER), Some(11), "10 packets, 200 ms");
        assert_eq!(taken_at(&mut lock(), start, ms(10), OTHER), Some(21), "200 ms");
        assert_eq!(taken_at(&mut lock(), start, ms(60), OTHER), Some(11), "10 packets");
        assert_eq!(taken_at(&mut lock(), start, ms(200), OTHER), None, "never a steady stream");
    }

    #[test]
    fn the_signalled_address_ends_a_strangers_hope() {
        let mut lock = lock();
        let start = Instant::now();
        for n in 0..9 {
            assert_eq!(lock.admit(start + ms(20) * n, at(OTHER)), Admission::Foreign);
        }
        assert_eq!(lock.admit(start + ms(190), at(SIGNALLED)), Admission::NewlyOurs);
        assert_eq!(taken_at(&mut lock, start + ms(200), ms(20), OTHER), None);
    }

    #[test]
    fn a_locked_stranger_gives_way_to_the_signalled_address_only() {
        let mut lock = lock();
        let start = Instant::now();
        assert!(taken_at(&mut lock, start, ms(20), OTHER).is_some());
        assert_eq!(taken_at(&mut lock, start + ms(300), ms(20), "192.0.2.66:1"), None);
        assert_eq!(lock.admit(start + ms(400), at(SIGNALLED)), Admission::NewlyOurs);
    }

    #[test]
    fn after_the_lock_a_new_address_needs_signalling() {
        let mut lock = lock();
        let start = Instant::now();
        lock.admit(start, at(SIGNALLED));
        assert_eq!(taken_at(&mut lock, start + ms(5_000), ms(20), OTHER), None);
        lock.signal(Some(at(SIGNALLED)));
        lock.signal(None);
        assert_eq!(lock.locked(), Some(at(SIGNALLED)), "nothing new was signalled");
        lock.signal(Some(at(OTHER)));
        assert_eq!(lock.locked(), None);
        assert_eq!(lock.admit(start + ms(5_000), at(OTHER)), Admission::NewlyOurs);
        assert_eq!(lock.admit(start + ms(5_000), at(SIGNALLED)), Admission::Foreign);
    }
}

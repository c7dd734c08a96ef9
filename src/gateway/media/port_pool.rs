//! Even ports for RTP, each with its successor for RTCP (RFC 3550 §11).
//!
//! The choice is random, so that nobody can guess the next call's port, and a port rests after its
//! call, so that late packets of that call are not taken for another's.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use rand::{Rng, RngExt as _};

use crate::config::PortRange;

/// No port is free, or none of those tried could be bound: the call has to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no media port is free")]
pub struct NoPort;

/// The ports that no line has.
#[derive(Debug)]
pub(super) struct PortPool {
    free: Vec<u16>,
    /// Ports at rest with the end of their rest, the earliest first.
    resting: VecDeque<(Instant, u16)>,
    rest: Duration,
}

impl PortPool {
    /// All even ports of a range that have their successor in it.
    pub(super) fn new(range: PortRange, rest: Duration) -> PortPool {
        let even = (range.first()..=range.last()).filter(|port| port % 2 == 0);
        let free = even.filter(|port| *port < range.last()).collect();
        PortPool { free, resting: VecDeque::new(), rest }
    }

    /// A random free port.
    pub(super) fn take(&mut self, now: Instant, rng: &mut impl Rng) -> Result<u16, NoPort> {
        while let Some(&(until, port)) = self.resting.front()
            && until <= now
        {
            self.resting.pop_front();
            self.free.push(port);
        }
        if self.free.is_empty() {
            return Err(NoPort);
        }
        Ok(self.free.swap_remove(rng.random_range(0..self.free.len())))
    }

    /// Lays a port to rest.
    pub(super) fn give_back(&mut self, now: Instant, port: u16) {
        self.resting.push_back((now + self.rest, port));
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand::rngs::StdRng;

    use super::*;

    fn pool(first: u16, last: u16) -> (PortPool, Instant, StdRng) {
        let range = PortRange::new(first, last).unwrap();
        let pool = PortPool::new(range, Duration::from_secs(5));
        (pool, crate::gateway::clock::now(), StdRng::seed_from_u64(9))
    }

    #[test]
    fn every_even_port_with_its_successor_is_given_once() {
        let (mut pool, now, mut rng) = pool(10_001, 10_008);
        let mut ports: Vec<u16> = std::iter::from_fn(|| pool.take(now, &mut rng).ok()).collect();
        assert_ne!(ports, [10_002, 10_004, 10_006], "seed 9: in no order that can be guessed");
        ports.sort_unstable();
        assert_eq!(ports, [10_002, 10_004, 10_006]);
    }

    /// Attack "stale RTP on a reused port": a port rests before another call has it.
    #[test]
    fn a_port_rests_after_its_call() {
        let (mut pool, now, mut rng) = pool(10_000, 10_001);
        let port = pool.take(now, &mut rng).unwrap();
        pool.give_back(now, port);
        assert_eq!(pool.take(now + Duration::from_millis(4_999), &mut rng), Err(NoPort));
        assert_eq!(pool.take(now + Duration::from_secs(5), &mut rng), Ok(port));
    }
}

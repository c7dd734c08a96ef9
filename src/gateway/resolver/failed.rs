//! Next hops where nobody was lately, so that a dead host costs one call its 32 s of Timer B, and not
//! each call.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::leg::signal::{Peer, TargetNews};
use crate::sip::locate::Hop;
use crate::sip::message::Transport;

/// How long a hop that failed is tried after the others.
const REST: Duration = Duration::from_secs(60);
/// Then one call tries it first again, and knows within Timer B; the others wait for what it finds.
const TRIAL: Duration = Duration::from_secs(40);
/// Hops that are remembered; more are no trunk's.
const MOST: usize = 1_024;

/// The hops that failed, with the time until which each comes last.
#[derive(Debug, Default)]
pub(super) struct FailedHops(HashMap<(Transport, SocketAddr), Instant>);

impl FailedHops {
    /// Takes in what a call found.
    pub(super) fn note(&mut self, now: Instant, news: TargetNews) {
        match news {
            TargetNews::Failed(peer) => {
                self.0.retain(|_, until| now < *until + REST);
                if self.0.len() < MOST {
                    self.0.insert(key(peer), now + REST);
                }
            }
            TargetNews::Answered(peer) => {
                self.0.remove(&key(peer));
            }
        }
    }

    /// The hops with those that failed behind the others. RFC 2782 has a client attempt "the target host
    /// with the lowest-numbered priority it can reach".
    pub(super) fn order(&mut self, now: Instant, hops: Vec<Hop>) -> Vec<Hop> {
        let (mut first, last): (Vec<Hop>, Vec<Hop>) =
            hops.into_iter().partition(|hop| self.may_lead(now, hop));
        first.extend(last);
        first
    }

    /// Whether a hop keeps its place; one whose rest is over does for this call alone.
    fn may_lead(&mut self, now: Instant, hop: &Hop) -> bool {
        match self.0.get_mut(&(hop.transport.clone(), hop.address)) {
            Some(until) if now < *until => false,
            Some(until) => {
                *until = now + TRIAL;
                true
            }
            None => true,
        }
    }
}

fn key(peer: Peer) -> (Transport, SocketAddr) {
    (peer.transport, peer.address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::clock;

    fn hop(last: u8) -> Hop {
        let address = SocketAddr::from(([192, 0, 2, last], 5060));
        Hop { transport: Transport::Udp, address, found_by: String::new() }
    }

    fn peer(last: u8) -> Peer {
        Peer { transport: Transport::Udp, address: hop(last).address }
    }

    /// The last octets of three hops in their order, `ms` after the start.
    fn order(failed: &mut FailedHops, start: Instant, ms: u64) -> Vec<u8> {
        let ordered = failed.order(start + Duration::from_millis(ms), vec![hop(1), hop(2), hop(3)]);
        ordered.iter().map(|hop| hop.address.to_string().as_bytes()[8] - b'0').collect()
    }

    #[test]
    fn a_hop_that_failed_comes_last_until_one_call_tries_it_again() {
        let start = clock::now();
        let mut failed = FailedHops::default();
        assert_eq!(order(&mut failed, start, 0), [1, 2, 3]);
        failed.note(start, TargetNews::Failed(peer(1)));
        assert_eq!(order(&mut failed, start, 59_999), [2, 3, 1]);
        assert_eq!(order(&mut failed, start, 60_000), [1, 2, 3], "one call tries it");
        assert_eq!(order(&mut failed, start, 60_001), [2, 3, 1], "the others wait for what it finds");
        failed.note(start + Duration::from_secs(92), TargetNews::Failed(peer(1)));
        assert_eq!(order(&mut failed, start, 151_999), [2, 3, 1], "it found nobody");
        assert_eq!(order(&mut failed, start, 152_000), [1, 2, 3]);
        failed.note(start + Duration::from_secs(153), TargetNews::Answered(peer(1)));
        assert_eq!(order(&mut failed, start, 153_000), [1, 2, 3], "it is back");
    }

    #[test]
    fn hops_that_all_failed_keep_their_order() {
        let start = clock::now();
        let mut failed = FailedHops::default();
        for last in [3, 1, 2] {
            failed.note(start, TargetNews::Failed(peer(last)));
        }
        assert_eq!(order(&mut failed, start, 1), [1, 2, 3]);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let start = clock::now();
        let mut failed = FailedHops::default();
        for port in 0..5_000 {
            let address = SocketAddr::from(([192, 0, 2, 1], port));
            failed.note(start, TargetNews::Failed(Peer { transport: Transport::Udp, address }));
        }
        assert_eq!(failed.0.len(), MOST);
        failed.note(start + 2 * REST, TargetNews::Failed(peer(1)));
        assert_eq!(failed.0.len(), 1, "what is long over is forgotten");
    }
}

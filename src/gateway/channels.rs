//! A trunk's channel, waited for: the router behind a lock, and who waits at it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;

use super::clock;
use crate::config::Trunk;
use crate::number::Number;
use crate::reason::Reason;
use crate::route::{Callee, Choice, Router};

/// The router of all jobs. It is asked once an attempt, never a packet.
#[derive(Debug, Clone)]
pub(super) struct Channels {
    router: Arc<Mutex<Router>>,
    freed: Arc<Notify>,
}

/// One channel of a trunk, given back when dropped.
#[derive(Debug)]
pub(super) struct Channel {
    pub(super) index: usize,
    pub(super) trunk: Trunk,
    /// The From user of a call by it.
    pub(super) caller_id: String,
    channels: Channels,
}

impl Channels {
    pub(super) fn new(trunks: Vec<Trunk>) -> Channels {
        let router = Router::new(trunks, clock::now());
        Channels { router: Arc::new(Mutex::new(router)), freed: Arc::default() }
    }

    /// A channel of a fitting trunk, with the caller id to show. Waits while they are busy, and while each
    /// caller id was shown as often as it may be, without taking anything.
    ///
    /// # Errors
    /// The reason why none will ever be had.
    pub(super) async fn acquire(
        &self,
        pinned: Option<&str>,
        tried: &[usize],
        callee: Callee<'_>,
    ) -> Result<Channel, Reason> {
        loop {
            let freed = self.freed.notified();
            let choice = self.router().choose(clock::now(), pinned, tried, callee);
            match choice {
                Choice::Trunk(index, caller_id) => {
                    let trunk = self.router().trunk(index).clone();
                    return Ok(Channel { index, trunk, caller_id, channels: self.clone() });
                }
                Choice::Wait(until) => {
                    let _ = tokio::time::timeout_at(until.into(), freed).await;
                }
                Choice::NotInPool => return Err(Reason::CallerIdRejected),
                Choice::None => return Err(Reason::NoRoute),
            }
        }
    }

    /// This number refused the caller id that it was shown.
    pub(super) fn caller_id_refused(&self, number: &Number) {
        self.router().caller_id_refused(clock::now(), number);
    }

    /// The trunk asked to be left alone until then.
    pub(super) fn rest(&self, index: usize, until: Instant) {
        self.router().rest(index, until);
    }

    /// Every trunk's name and how many of its channels are in use.
    pub(super) fn in_use(&self) -> Vec<(String, usize)> {
        self.router().trunks().map(|(trunk, in_use)| (trunk.name.clone(), in_use)).collect()
    }

    /// Every trunk, as it is configured.
    pub(super) fn trunks(&self) -> Vec<Trunk> {
        self.router().trunks().map(|(trunk, _)| trunk.clone()).collect()
    }

    fn router(&self) -> MutexGuard<'_, Router> {
        self.router.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.channels.router().release(self.index);
        self.channels.freed.notify_waiters();
    }
}

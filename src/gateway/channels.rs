//! A trunk's channel, waited for: the router behind a lock, and who waits at it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;

use super::clock;
use crate::config::Trunk;
use crate::number::Number;
use crate::route::{Callee, Choice, Router, Shown};

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
    channels: Channels,
}

impl Channels {
    pub(super) fn new(trunks: Vec<Trunk>) -> Channels {
        let router = Router::new(trunks, clock::now());
        Channels { router: Arc::new(Mutex::new(router)), freed: Arc::default() }
    }

    /// A channel of a fitting trunk; `None` if no trunk leads there. Waits while they are busy.
    pub(super) async fn acquire(&self, pinned: Option<&str>, tried: &[usize]) -> Option<Channel> {
        loop {
            let freed = self.freed.notified();
            match self.choose(pinned, tried) {
                Choice::Trunk(index) => {
                    let trunk = self.router().trunk(index).clone();
                    return Some(Channel { index, trunk, channels: self.clone() });
                }
                Choice::Wait(until) => {
                    let _ = tokio::time::timeout_at(until.into(), freed).await;
                }
                Choice::None => return None,
            }
        }
    }

    fn choose(&self, pinned: Option<&str>, tried: &[usize]) -> Choice {
        self.router().choose(clock::now(), pinned, tried)
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

    fn router(&self) -> MutexGuard<'_, Router> {
        self.router.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Channel {
    /// The From user of a call by this channel; `None` if the job asks for one that is in no pool. Waits
    /// while each of the pool was shown as often as it may be.
    pub(super) async fn caller_id(&self, callee: Callee<'_>) -> Option<String> {
        loop {
            let shown = self.channels.router().caller_id(clock::now(), self.index, callee);
            match shown {
                Shown::As(id) => return Some(id),
                Shown::Wait(until) => tokio::time::sleep_until(until.into()).await,
                Shown::NotInPool => return None,
            }
        }
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.channels.router().release(self.index);
        self.channels.freed.notify_waiters();
    }
}

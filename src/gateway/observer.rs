//! What happens to jobs, told to whoever watches: the `call` and `demo` commands, the load run.
//!
//! Watchers that fall behind lose events, and are told how many; jobs never wait for them. What
//! must not be lost stands in the store.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use tokio::sync::broadcast;

use crate::job::{JobKey, UnixMs};
use crate::report::progress::Progress;
use crate::report::record::{AttemptRecord, JobResult, KeyRecord};

/// Events kept for a slow watcher.
const KEPT: usize = 16_384;

/// One event of one job.
#[derive(Debug, Clone)]
pub struct JobEvent {
    /// Whose.
    pub job: JobKey,
    /// When, by the wall.
    pub at: UnixMs,
    /// When, by the monotonic clock.
    pub instant: Instant,
    /// What happened.
    pub news: News,
}

/// What happened to a job.
#[derive(Debug, Clone)]
pub enum News {
    /// It went one step on.
    Progress(Progress),
    /// A SIP message of its call passed.
    Message(Arc<Rung>),
    /// Its result is durable.
    Finished(Arc<JobResult>),
    /// Fraud was reported after its verdict, which stays.
    FraudReported,
    /// Calls to its user and number are blocked from now on.
    Blocked,
    /// An attempt ended, with what was not known at its verdict.
    Ended(Arc<AttemptRecord>, Option<KeyRecord>),
}

/// One rung of the SIP ladder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rung {
    /// Whether we sent it.
    pub sent: bool,
    /// What was said: `INVITE`, `180 Ringing`, `200 OK (BYE)`.
    pub what: String,
    /// Whether SDP came along.
    pub sdp: bool,
}

/// The sending side.
#[derive(Debug, Clone)]
pub struct Observer {
    events: broadcast::Sender<JobEvent>,
    ladder: Arc<AtomicBool>,
}

impl Default for Observer {
    fn default() -> Observer {
        Observer { events: broadcast::Sender::new(KEPT), ladder: Arc::default() }
    }
}

impl Observer {
    /// Tells an event, if anybody watches.
    pub(super) fn tell(&self, job: &JobKey, news: News) {
        if self.events.receiver_count() > 0 {
            let (at, instant) = (super::clock::wall(), super::clock::now());
            // The only error is that the last watcher has just gone.
            let _ = self.events.send(JobEvent { job: job.clone(), at, instant, news });
        }
    }

    /// Whether anybody wants the ladder, so that no message is read again for nobody.
    pub(super) fn wants_ladder(&self) -> bool {
        self.ladder.load(Ordering::Relaxed)
    }

    /// Watches from now on, without [`News::Message`].
    pub fn watch(&self) -> broadcast::Receiver<JobEvent> {
        self.events.subscribe()
    }

    /// Watches from now on; every message of every call is told.
    pub fn watch_with_ladder(&self) -> broadcast::Receiver<JobEvent> {
        self.ladder.store(true, Ordering::Relaxed);
        self.events.subscribe()
    }
}

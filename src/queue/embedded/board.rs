//! What the store tells its callers without being asked, and what it keeps in memory only.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};

use crate::job::JobKey;
use crate::report::progress::Progress;

/// Shared by the handle, the writer and the reader.
pub(super) struct Board {
    /// There may be something to claim.
    pub(super) work: Notify,
    /// Counts commits that published results.
    pub(super) published: watch::Sender<u64>,
    /// Jobs that wait to be claimed.
    waiting: AtomicI64,
    /// The last event of each job that is held; bounded by the jobs claimed.
    held: Mutex<HashMap<JobKey, Progress>>,
    /// Held jobs to be given up, not told yet.
    to_give_up: Mutex<BTreeSet<JobKey>>,
    given_up: Notify,
}

/// What one commit changed, told only after it is durable.
#[derive(Default)]
pub(super) struct Told {
    /// Change of the number of jobs that wait.
    pub(super) waiting: i64,
    /// Something became claimable.
    pub(super) work: bool,
    /// Results were published.
    pub(super) results: bool,
    /// Jobs now held, and by which event.
    pub(super) held: Vec<(JobKey, Progress)>,
    /// Jobs not held any more.
    pub(super) let_go: Vec<JobKey>,
    /// Held jobs to be given up.
    pub(super) cancelled: Vec<JobKey>,
    /// The log is to be emptied into the database.
    pub(super) checkpoint: bool,
}

/// A panic elsewhere does not make these maps wrong: each change is one call.
fn open<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Board {
    pub(super) fn new(waiting: i64) -> Self {
        Self {
            work: Notify::new(),
            published: watch::Sender::new(0),
            waiting: AtomicI64::new(waiting),
            held: Mutex::default(),
            to_give_up: Mutex::default(),
            given_up: Notify::new(),
        }
    }

    pub(super) fn depth(&self) -> usize {
        usize::try_from(self.waiting.load(Ordering::Relaxed)).unwrap_or(0)
    }

    pub(super) fn note(&self, key: &JobKey, event: Progress) {
        if let Some(last) = open(&self.held).get_mut(key) {
            *last = event;
        }
    }

    pub(super) fn last_event(&self, key: &JobKey) -> Option<Progress> {
        open(&self.held).get(key).copied()
    }

    pub(super) async fn cancelled(&self) -> JobKey {
        loop {
            // The wish to be woken is older than the look, so that no cancellation is missed.
            let woken = self.given_up.notified();
            if let Some(key) = open(&self.to_give_up).pop_first() {
                return key;
            }
            woken.await;
        }
    }

    pub(super) fn tell(&self, told: Told) {
        self.waiting.fetch_add(told.waiting, Ordering::Relaxed);
        let mut held = open(&self.held);
        held.extend(told.held);
        for key in &told.let_go {
            held.remove(key);
        }
        drop(held);
        let mut to_give_up = open(&self.to_give_up);
        for key in &told.let_go {
            to_give_up.remove(key);
        }
        let news = !told.cancelled.is_empty();
        to_give_up.extend(told.cancelled);
        drop(to_give_up);
        if news {
            self.given_up.notify_one();
        }
        if told.work {
            self.work.notify_one();
        }
        if told.results {
            self.published.send_modify(|commits| *commits += 1);
        }
    }
}

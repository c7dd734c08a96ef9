//! What the store tells its callers without being asked, and what it keeps in memory only.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, broadcast, watch};

use super::events;
use crate::job::{JobKey, UnixMs};
use crate::queue::Placed;
use crate::report::progress::Progress;

/// Shared by the handle, the writer and the reader.
pub(super) struct Board {
    /// There may be something to claim.
    pub(super) work: Notify,
    /// Counts commits that published results.
    pub(super) published: watch::Sender<u64>,
    /// Jobs that wait to be claimed.
    waiting: AtomicI64,
    /// Events that became durable.
    pub(super) followed: broadcast::Sender<Arc<Placed>>,
    /// Each job that is held; bounded by the jobs claimed.
    held: Mutex<HashMap<JobKey, Held>>,
    /// Held jobs to be given up, not told yet.
    to_give_up: Mutex<BTreeSet<JobKey>>,
    given_up: Notify,
}

/// A job in somebody's hands.
struct Held {
    row: i64,
    last: Progress,
    /// Events that are not written yet.
    noted: Vec<(UnixMs, Progress)>,
}

/// Events of one job that may wait to be written: a call's worth.
const MAX_NOTED: usize = 100;

/// What one commit changed, told only after it is durable.
#[derive(Default)]
pub(super) struct Told {
    /// Change of the number of jobs that wait.
    pub(super) waiting: i64,
    /// Something became claimable.
    pub(super) work: bool,
    /// Results were published.
    pub(super) results: bool,
    /// Jobs now held, their rows, and by which event.
    pub(super) held: Vec<(JobKey, i64, Progress)>,
    /// How many of the events noted of a job are written now.
    pub(super) written: HashMap<JobKey, usize>,
    /// Events that were written, where somebody follows them.
    pub(super) events: Vec<Placed>,
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
            followed: broadcast::Sender::new(events::MAX_WAITING),
            held: Mutex::default(),
            to_give_up: Mutex::default(),
            given_up: Notify::new(),
        }
    }

    pub(super) fn depth(&self) -> usize {
        usize::try_from(self.waiting.load(Ordering::Relaxed)).unwrap_or(0)
    }

    /// Notes an event of a job that is held; its row, if it is.
    pub(super) fn note(&self, key: &JobKey, event: Progress, at: UnixMs) -> Option<i64> {
        let mut all = open(&self.held);
        let held = all.get_mut(key)?;
        held.last = event;
        if held.noted.len() < MAX_NOTED {
            held.noted.push((at, event));
        }
        Some(held.row)
    }

    /// The events of a job that are not told as written.
    pub(super) fn noted(&self, key: &JobKey) -> Vec<(UnixMs, Progress)> {
        open(&self.held).get(key).map(|held| held.noted.clone()).unwrap_or_default()
    }

    /// Every job that has such events, with its row.
    pub(super) fn all_noted(&self) -> Vec<(JobKey, i64)> {
        let all = open(&self.held);
        let some = all.iter().filter(|(_, held)| !held.noted.is_empty());
        some.map(|(key, held)| (key.clone(), held.row)).collect()
    }

    pub(super) fn last_event(&self, key: &JobKey) -> Option<Progress> {
        open(&self.held).get(key).map(|held| held.last)
    }

    pub(super) fn followers(&self) -> usize {
        self.followed.receiver_count()
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
        for (key, written) in told.written {
            if let Some(held) = held.get_mut(&key) {
                held.noted.drain(..written.min(held.noted.len()));
            }
        }
        for (key, row, last) in told.held {
            held.entry(key).or_insert_with(|| Held { row, last, noted: Vec::new() }).last = last;
        }
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
        self.feed(told.events);
        if told.results {
            self.published.send_modify(|commits| *commits += 1);
        }
    }
}

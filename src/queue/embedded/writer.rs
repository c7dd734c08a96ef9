//! The one thread that writes: group commit, and what to do when the disk is full.

use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};
use tokio::sync::oneshot;

use super::board::{Board, Told};
use super::open::Facts;
use super::room::Room;
use super::task::{Class, Outcome, Request, Step, task};
use crate::queue::StoreError;

/// Requests of one commit. At 16 KiB a job it writes at most 8 MiB.
const MAX_BATCH: usize = 512;
/// The first pause before what did not fit is tried again, doubled up to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LAST_PAUSE: Duration = Duration::from_secs(2);
/// Commits begin so far apart for each request of the one before, up to the longest pace: what comes in
/// meanwhile shares the sync, which is what costs. Who asks alone, or after a quiet time, waits little.
const PACE: Duration = Duration::from_millis(10);
const LONGEST_PACE: Duration = Duration::from_millis(40);
/// How long what nobody waits for may wait for company.
const UNHURRIED: Duration = Duration::from_secs(1);

type Batch = Vec<Box<dyn Request>>;

/// The writer's inbox; the thread ends, its inbox emptied, when this is dropped.
pub(super) struct Writer {
    inbox: Option<mpsc::Sender<Box<dyn Request>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(
        db: Connection,
        facts: Facts,
        room: Room,
        board: Arc<Board>,
    ) -> std::io::Result<Self> {
        let (inbox, requests) = mpsc::channel();
        let state = State { db, facts, room, board, kept: Vec::new(), pause: None, next: None };
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || state.run(&requests))?;
        Ok(Self { inbox: Some(inbox), thread: Some(thread) })
    }

    /// Hands a request over; requests are done in the order of these calls.
    pub(super) fn send<T, F>(&self, class: Class, f: F) -> oneshot::Receiver<Result<T, StoreError>>
    where
        T: Send + 'static,
        F: FnMut(&mut Step<'_>) -> Outcome<T> + Send + 'static,
    {
        let (request, answer) = task(class, f);
        if let Some(inbox) = &self.inbox {
            // A writer that is gone drops the request, which tells the asker.
            let _ = inbox.send(request);
        }
        answer
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.inbox = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct State {
    db: Connection,
    facts: Facts,
    room: Room,
    board: Arc<Board>,
    /// What must land and did not fit yet, in order.
    kept: Batch,
    /// When to try it again, and the pause after that.
    pause: Option<(Instant, Duration)>,
    /// When the next commit may begin.
    next: Option<Instant>,
}

#[expect(clippy::disallowed_methods, reason = "a thread of the edge: it paces its own retries")]
fn clock() -> Instant {
    Instant::now()
}

impl State {
    fn run(mut self, requests: &mpsc::Receiver<Box<dyn Request>>) {
        while let Some(batch) = self.gather(requests) {
            let paused = self.pause.is_some_and(|(until, _)| clock() < until);
            if paused {
                self.set_aside(batch, &StoreError::NoRoom);
            } else {
                let mut all = std::mem::take(&mut self.kept);
                all.extend(batch);
                self.commit(all);
            }
        }
        // One last try; what does not fit now is told as lost to its askers.
        let kept = std::mem::take(&mut self.kept);
        if !kept.is_empty() {
            self.commit(kept);
            self.kept.drain(..).for_each(|r| r.answer(Err(StoreError::Closed)));
        }
    }

    /// All that has come in since the last commit began; empty when a pause is over.
    fn gather(&self, requests: &mpsc::Receiver<Box<dyn Request>>) -> Option<Batch> {
        let first = match self.pause {
            None => Some(requests.recv().ok()?),
            Some((until, _)) => match requests.recv_timeout(until.saturating_duration_since(clock())) {
                Ok(first) => Some(first),
                Err(mpsc::RecvTimeoutError::Timeout) => None,
                Err(mpsc::RecvTimeoutError::Disconnected) => return None,
            },
        };
        let mut batch: Batch = first.into_iter().collect();
        self.await_company(&mut batch, requests);
        self.keep_pace();
        batch.extend(requests.try_iter().take(MAX_BATCH.saturating_sub(batch.len())));
        Some(batch)
    }

    /// A sleep and no wait for the inbox: a request that joins a batch wakes nobody.
    fn keep_pace(&self) {
        if let Some(left) = self.next.and_then(|next| next.checked_duration_since(clock())) {
            std::thread::sleep(left);
        }
    }

    /// What nobody waits for goes along with the next request that somebody does wait for, if one comes
    /// soon, so that it costs no sync of its own.
    fn await_company(&self, batch: &mut Batch, requests: &mpsc::Receiver<Box<dyn Request>>) {
        let is_unhurried = |batch: &Batch| batch.iter().all(|r| r.class() == Class::Unhurried);
        let until = clock() + UNHURRIED;
        while !batch.is_empty() && is_unhurried(batch) && batch.len() < MAX_BATCH {
            match requests.recv_timeout(until.saturating_duration_since(clock())) {
                Ok(request) => batch.push(request),
                Err(mpsc::RecvTimeoutError::Timeout | mpsc::RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn commit(&mut self, batch: Batch) {
        let mut batch = self.refuse_intake_if_short(batch);
        if batch.is_empty() {
            self.pause = None;
            return;
        }
        self.next = Some(clock() + pace(batch.len()));
        let mut told = Told::default();
        match self.transact(&mut batch, &mut told) {
            Ok(()) => {
                if told.checkpoint {
                    self.checkpoint();
                }
                self.board.tell(told);
                batch.into_iter().for_each(|request| request.answer(Ok(())));
                self.pause = None;
                self.room.refill();
            }
            Err(error) if is_full(&error) => self.full(batch, &error),
            Err(error) => self.broken(batch, &error),
        }
    }

    fn transact(&self, batch: &mut Batch, told: &mut Told) -> rusqlite::Result<()> {
        let tx = Transaction::new_unchecked(&self.db, TransactionBehavior::Immediate)?;
        let mut step = Step { db: &tx, board: &self.board, facts: &self.facts, told };
        for request in batch {
            request.run(&mut step)?;
        }
        tx.commit()
    }

    fn refuse_intake_if_short(&self, batch: Batch) -> Batch {
        let intake = batch.iter().any(|r| r.class() == Class::Intake);
        if !intake || !self.room.is_short() {
            return batch;
        }
        let (refused, rest): (Batch, Batch) = batch.into_iter().partition(|r| r.class() == Class::Intake);
        refused.into_iter().for_each(|r| r.answer(Err(StoreError::NoRoom)));
        rest
    }

    /// Keeps what must land, refuses the rest.
    fn set_aside(&mut self, batch: Batch, why: &StoreError) {
        for request in batch {
            match request.class() {
                Class::MustLand | Class::Unhurried => self.kept.push(request),
                Class::Intake | Class::Ordinary => request.answer(Err(why.clone())),
            }
        }
    }

    fn full(&mut self, batch: Batch, error: &rusqlite::Error) {
        tracing::error!(%error, "the store's disk is full");
        self.set_aside(batch, &StoreError::NoRoom);
        let pause = self.pause.map_or(FIRST_PAUSE, |(_, pause)| (pause * 2).min(LAST_PAUSE));
        let wait = if self.room.release() { Duration::ZERO } else { pause };
        self.pause = (!self.kept.is_empty()).then(|| (clock() + wait, pause));
    }

    /// One request that cannot be done must not take the others with it.
    fn broken(&mut self, batch: Batch, error: &rusqlite::Error) {
        if batch.len() > 1 {
            for request in batch {
                // What must land stays in order: behind the first that did not fit, nothing runs.
                if self.kept.is_empty() {
                    self.commit(vec![request]);
                } else {
                    self.set_aside(vec![request], &StoreError::NoRoom);
                }
            }
            return;
        }
        tracing::error!(%error, "the store failed");
        self.pause = None;
        let why = StoreError::Broken(error.to_string());
        batch.into_iter().for_each(|request| request.answer(Err(why.clone())));
    }

    /// Erased secrets stand in the log until it is emptied; a reader under way puts that off to the
    /// next time.
    fn checkpoint(&self) {
        let emptied =
            self.db.execute_batch("PRAGMA incremental_vacuum(2000); PRAGMA wal_checkpoint(TRUNCATE);");
        if let Err(error) = emptied {
            tracing::warn!(%error, "the store's log could not be emptied");
        }
    }
}

/// How long after a commit of so many requests the next one begins. More wait behind a full one.
fn pace(requests: usize) -> Duration {
    if requests >= MAX_BATCH {
        return Duration::ZERO;
    }
    let requests = u32::try_from(requests).unwrap_or(u32::MAX);
    PACE.saturating_mul(requests).min(LONGEST_PACE)
}

/// A write-ahead log or its index that cannot grow is told as an I/O error by some file systems.
fn is_full(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure | ErrorCode::CannotOpen)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who submits one job after the other waits less for each than a crowd that shares its commits; and
    /// nobody waits where a whole batch does.
    #[test]
    fn commits_are_further_apart_the_more_they_do_but_for_full_ones() {
        let ms = Duration::from_millis;
        assert_eq!([1, 2, 4, 5, MAX_BATCH - 1].map(pace), [ms(10), ms(20), ms(40), ms(40), ms(40)]);
        assert_eq!(pace(MAX_BATCH), Duration::ZERO);
    }
}

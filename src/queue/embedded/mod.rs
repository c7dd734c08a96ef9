//! The engine with nothing to install: SQLite in a directory. One thread writes, many requests a
//! commit; another reads. Part of the edge: it names files, threads and a clock.

mod aside;
mod audit;
mod board;
mod claiming;
mod dialling;
mod events;
mod finishing;
mod intake;
mod keeping;
mod lock;
mod open;
mod outbox;
mod reading;
mod records;
mod room;
mod schema;
mod sealing;
mod task;
mod tokens;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tokio::sync::Semaphore;

pub use aside::Aside;
pub use events::Followed;
pub use open::{OpenError, Settings};

use self::board::Board;
use self::reading::Reader;
use self::task::{Class, Outcome, Step};
use self::writer::Writer;
use super::{
    After, Audited, CallEnd, Cancelled, Claim, Claimed, Consumer, Cursor, DialId, DialRefused, EventFilter,
    EventPage, EventStore, Finished, JobStore, JobView, Keep, Kept, ListFilter, Noted, Orphan, Page, Permit,
    Place, Published, RecordFilter, RecordPage, RecordStore, StoreError, Submitted, TokenStore,
};
use crate::access::{Actor, Admission, NewToken, Presented, Scope, TokenId, TokenOrder, TokenView};
use crate::job::{Fingerprint, Job, JobKey, UnixMs};
use crate::leg::record::LegRecord;
use crate::report::progress::Progress;
use crate::report::record::{AttemptRecord, JobResult};
use crate::report::recorded::{Record, Tally, TallyBy};

/// How soon a producer may try again when as many jobs wait as may: some of them will have ended.
const RETRY_QUEUE_FULL: Duration = Duration::from_secs(5);
/// How soon when the disk is full: somebody has to make room.
const RETRY_STORE_FULL: Duration = Duration::from_secs(30);
/// Requests under way at once; past it a caller waits (contract §7.5).
const MAX_REQUESTS: usize = 4096;
/// Jobs, results and rows in one answer.
const MAX_PAGE: usize = 1000;

/// A handle of the store; clones share it. It closes when the last one is dropped.
#[derive(Clone)]
pub struct Embedded(Arc<Inner>);

struct Inner {
    board: Arc<Board>,
    writer: Writer,
    reader: Reader,
    /// Another one, for what may take long: records and counts.
    archive: Reader,
    requests: Semaphore,
    /// Of the fingerprints, and what every other secret of the store is made of.
    key: [u8; 32],
}

impl Embedded {
    /// Does one thing in the writer and answers once it is durable.
    async fn write<T, F>(&self, class: Class, f: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Step<'_>) -> Outcome<T> + Send + 'static,
    {
        // Held until the answer, so that the writer's inbox is bounded by it.
        let _slot = self.0.requests.acquire().await.map_err(|_| StoreError::Closed)?;
        let answer = self.0.writer.send(class, f);
        answer.await.unwrap_or(Err(StoreError::Closed))
    }

    async fn read<T, F>(&self, f: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&rusqlite::Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let _slot = self.0.requests.acquire().await.map_err(|_| StoreError::Closed)?;
        self.0.reader.run(f).await
    }

    fn board(&self) -> Arc<Board> {
        Arc::clone(&self.0.board)
    }
}

/// A key of its own for each use, from the store's.
fn derived(key: &[u8; 32], of: &str) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(of.as_bytes());
    mac.finalize().into_bytes().into()
}

/// The row that this cursor stands for.
fn row_of(cursor: &Cursor) -> Result<i64, StoreError> {
    cursor.row().ok_or(StoreError::BadCursor)
}

impl JobStore for Embedded {
    async fn submit(&self, job: Job, now: UnixMs) -> Result<Submitted, StoreError> {
        let print: Fingerprint = job.content.fingerprint(&self.0.key);
        let taken = self.write(Class::Intake, move |step| intake::submit(step, &job, print, now));
        match taken.await {
            Err(StoreError::NoRoom) => Ok(Submitted::StoreFull { retry_after: RETRY_STORE_FULL }),
            taken => taken,
        }
    }

    async fn claim(&self, capacity: usize, now: UnixMs) -> Result<Claimed, StoreError> {
        let capacity = capacity.min(MAX_PAGE);
        self.write(Class::Ordinary, move |step| claiming::claim(step, capacity, now)).await
    }

    async fn work(&self) {
        self.0.board.work.notified().await;
    }

    async fn release(&self, claim: Claim, not_before: UnixMs) -> Result<(), StoreError> {
        self.write(Class::Ordinary, move |step| claiming::release(step, &claim, not_before)).await
    }

    async fn begin_dial(
        &self,
        claim: &Claim,
        leg: LegRecord,
        now: UnixMs,
    ) -> Result<Result<Permit, DialRefused>, StoreError> {
        let claim = claim.clone();
        self.write(Class::Ordinary, move |step| dialling::begin(step, &claim, &leg, now)).await
    }

    fn note_leg(&self, permit: &Permit, leg: LegRecord) -> Noted {
        // Takes no slot, since nothing may wait here; a call sends a handful in its life.
        let (fence, number) = (permit.claim.fence, permit.number);
        let noted = move |step: &mut Step<'_>| dialling::note(step, fence, number, &leg);
        let answer = self.0.writer.send(Class::MustLand, noted);
        Noted::new(async { answer.await.unwrap_or(Err(StoreError::Closed)) })
    }

    fn leg_over(&self, dial: DialId) {
        drop(self.0.writer.send(Class::Unhurried, move |step| dialling::leg_over(step, dial)));
    }

    async fn end_attempt(
        &self,
        permit: Permit,
        facts: AttemptRecord,
        now: UnixMs,
    ) -> Result<Claim, StoreError> {
        self.write(Class::MustLand, move |step| dialling::end(step, &permit, &facts, now)).await
    }

    async fn finish(&self, claim: &Claim, result: JobResult) -> Result<Finished, StoreError> {
        let (fence, job) = (claim.fence, Arc::clone(&claim.job));
        self.write(Class::MustLand, move |step| finishing::finish(step, fence, &job.to, &result)).await
    }

    async fn expire(&self, now: UnixMs) -> Result<usize, StoreError> {
        self.write(Class::Ordinary, move |step| finishing::expire(step, now)).await
    }

    async fn cancel(&self, key: JobKey, now: UnixMs) -> Result<Cancelled, StoreError> {
        self.write(Class::Ordinary, move |step| finishing::cancel(step, &key, now)).await
    }

    async fn cancelled(&self) -> JobKey {
        self.0.board.cancelled().await
    }

    fn progress(&self, key: &JobKey, event: Progress, now: UnixMs) {
        let Some(row) = self.0.board.note(key, event, now) else { return };
        if self.0.board.followers() > 0 {
            let key = key.clone();
            drop(self.0.writer.send(Class::MustLand, move |step| {
                events::noted(step, events::Of { row, key: &key }).map(Ok)
            }));
        }
    }

    async fn get(&self, key: JobKey) -> Result<Option<JobView>, StoreError> {
        let board = self.board();
        self.read(move |db| reading::get(db, &board, &key)).await
    }

    async fn list(
        &self,
        filter: ListFilter,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        let after = after.as_ref().map_or(Ok(0), row_of)?;
        let (board, limit) = (self.board(), limit.clamp(1, MAX_PAGE));
        self.read(move |db| reading::list(db, &board, &filter, after, limit)).await
    }

    async fn results(
        &self,
        consumer: &Consumer,
        limit: usize,
        wait: Duration,
    ) -> Result<Vec<Published>, StoreError> {
        let mut published = self.0.board.published.subscribe();
        let limit = limit.clamp(1, MAX_PAGE);
        if !self.known(consumer).await? {
            let new = consumer.clone();
            self.write(Class::Ordinary, move |step| outbox::register(step, &new)).await?;
        }
        let first = self.unacknowledged(consumer, limit).await?;
        if !first.is_empty() || wait.is_zero() {
            return Ok(first);
        }
        let news = async {
            loop {
                // The subscription is older than the read before it, so that no news is missed.
                published.changed().await.map_err(|_| StoreError::Closed)?;
                let results = self.unacknowledged(consumer, limit).await?;
                if !results.is_empty() {
                    return Ok(results);
                }
            }
        };
        tokio::time::timeout(wait, news).await.unwrap_or_else(|_| Ok(Vec::new()))
    }

    async fn ack(&self, consumer: &Consumer, cursor: Cursor) -> Result<(), StoreError> {
        let row = row_of(&cursor)?;
        let consumer = consumer.clone();
        self.write(Class::Ordinary, move |step| outbox::ack(step, &consumer, row)).await
    }

    async fn orphans(&self) -> Result<Vec<Orphan>, StoreError> {
        self.write(Class::Ordinary, dialling::orphans).await
    }

    async fn prune(&self, now: UnixMs) -> Result<usize, StoreError> {
        self.write(Class::Ordinary, move |step| outbox::prune(step, now)).await
    }

    fn keep(&self, rows: Vec<Keep>) {
        // Takes no slot, since nothing may wait here; a job sends two in its life.
        drop(self.0.writer.send(Class::Unhurried, move |step| keeping::keep(step, &rows)));
    }

    async fn keep_now(&self, rows: Vec<Keep>) -> Result<(), StoreError> {
        self.write(Class::MustLand, move |step| keeping::keep(step, &rows)).await
    }

    async fn kept(&self, kind: u8, before: Option<Vec<u8>>, limit: usize) -> Result<Vec<Kept>, StoreError> {
        self.read(move |db| keeping::kept(db, kind, before.as_deref(), limit)).await
    }

    fn secret(&self, of: &str) -> [u8; 32] {
        derived(&self.0.key, of)
    }

    fn depth(&self) -> usize {
        self.0.board.depth()
    }
}

impl Embedded {
    async fn known(&self, consumer: &Consumer) -> Result<bool, StoreError> {
        let consumer = consumer.clone();
        self.read(move |db| outbox::acked(db, &consumer)).await.map(|acked| acked.is_some())
    }

    async fn unacknowledged(&self, consumer: &Consumer, limit: usize) -> Result<Vec<Published>, StoreError> {
        let consumer = consumer.clone();
        self.read(move |db| outbox::unacknowledged(db, &consumer, limit)).await
    }
}

impl TokenStore for Embedded {
    async fn admit(&self, presented: Option<Presented>) -> Result<Admission, StoreError> {
        self.read(move |db| tokens::admit(db, presented.as_ref())).await
    }

    async fn create_token(
        &self,
        new: NewToken,
        order: TokenOrder,
        actor: Actor,
        now: UnixMs,
    ) -> Result<TokenView, StoreError> {
        self.write(Class::Ordinary, move |step| tokens::create(step.db, &new, &order, &actor, now)).await
    }

    async fn tokens(&self) -> Result<Vec<TokenView>, StoreError> {
        self.read(tokens::list).await
    }

    async fn revoke_token(
        &self,
        id: TokenId,
        actor: Actor,
        now: UnixMs,
    ) -> Result<Option<TokenView>, StoreError> {
        self.write(Class::Ordinary, move |step| tokens::revoke(step.db, &id, &actor, now).map(Ok)).await
    }
}

impl EventStore for Embedded {
    type Feed = Followed;

    fn call_ended(&self, claim: &Claim, end: CallEnd, now: UnixMs) {
        let (row, key) = (claim.fence.row, claim.job.key.clone());
        let class = if self.0.board.followers() > 0 { Class::MustLand } else { Class::Unhurried };
        let ended = move |step: &mut Step<'_>| events::ended(step, events::Of { row, key: &key }, &end, now);
        drop(self.0.writer.send(class, ended));
    }

    fn fraud_reported(&self, claim: &Claim, now: UnixMs) {
        let (row, key) = (claim.fence.row, claim.job.key.clone());
        let reported =
            move |step: &mut Step<'_>| events::fraud_reported(step, events::Of { row, key: &key }, now);
        drop(self.0.writer.send(Class::MustLand, reported));
    }

    async fn follow(&self) -> Result<Followed, StoreError> {
        if self.0.board.followers() >= events::MAX_FOLLOWERS {
            return Err(StoreError::TooManyFollowers);
        }
        let feed = Followed(self.0.board.followed.subscribe());
        // What was noted for nobody so far is this follower's too.
        self.write(Class::MustLand, events::all_noted).await?;
        Ok(feed)
    }

    async fn events(&self, filter: EventFilter, after: After) -> Result<Option<EventPage>, StoreError> {
        self.read(move |db| events::page(db, &filter, after)).await
    }

    async fn latest(&self) -> Result<Place, StoreError> {
        self.read(events::latest).await
    }
}

impl RecordStore for Embedded {
    async fn records(
        &self,
        filter: RecordFilter,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<RecordPage, StoreError> {
        let after = after.as_ref().map_or(Ok(0), row_of)?;
        let limit = limit.clamp(1, MAX_PAGE);
        self.look_up(move |db| records::page(db, &filter, after, limit)).await
    }

    async fn record(
        &self,
        key: JobKey,
        discloses_to: Option<Actor>,
        now: UnixMs,
    ) -> Result<Option<Record>, StoreError> {
        match discloses_to {
            None => self.look_up(move |db| records::one(db, &key)).await,
            Some(actor) => {
                self.write(Class::Ordinary, move |step| records::disclose(step, &key, &actor, now)).await
            }
        }
    }

    async fn erase_user(
        &self,
        tenant: String,
        user: String,
        actor: Actor,
        now: UnixMs,
    ) -> Result<usize, StoreError> {
        let mut count = 0;
        loop {
            let (tenant, user) = (tenant.clone(), user.clone());
            let some = self.write(Class::Ordinary, move |step| records::erase(step, &tenant, &user)).await?;
            count += some;
            if some < records::ERASED_AT_ONCE {
                break;
            }
        }
        self.write(Class::Ordinary, move |step| records::erased(step, &tenant, count, &actor, now)).await?;
        Ok(count)
    }

    async fn tally(&self, filter: RecordFilter, by: TallyBy) -> Result<Vec<Tally>, StoreError> {
        self.look_up(move |db| records::tally(db, &filter, by)).await
    }

    async fn audit(&self, scope: Scope, limit: usize) -> Result<Vec<Audited>, StoreError> {
        let limit = limit.clamp(1, MAX_PAGE);
        self.look_up(move |db| audit::latest(db, scope.tenant(), limit)).await
    }
}

impl Embedded {
    /// As [`Embedded::read`], where nobody who waits for a call is held up.
    async fn look_up<T, F>(&self, f: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&rusqlite::Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let _slot = self.0.requests.acquire().await.map_err(|_| StoreError::Closed)?;
        self.0.archive.run(f).await
    }
}

//! Jobs in, results out: one trait, one file an engine, the same semantics (contract §7).
//!
//! Time that decides anything is an argument, in [`UnixMs`]; an engine's own threads and files are
//! part of the edge.

mod answer;
mod claim;
mod cursor;
pub mod embedded;
mod events;
mod records;
mod tokens;

use std::future::Future;
use std::time::Duration;

pub use answer::{
    Cancelled, DialRefused, Finished, JobView, Keep, Kept, ListFilter, Page, Published, StoreError, Submitted,
};
pub use claim::{Claim, Claimed, DialId, Fence, Noted, Orphan, Permit};
pub use cursor::{Consumer, Cursor};
pub use events::{After, CallEnd, Event, EventFilter, EventPage, EventStore, Fed, Feed, Place, Placed};
pub use records::{Audited, RecordFilter, RecordPage, RecordStore};
pub use tokens::TokenStore;

use crate::access::{Actor, Admission, NewToken, Presented, Scope, TokenId, TokenOrder, TokenView};
use crate::job::{Job, JobKey, UnixMs};
use crate::leg::record::LegRecord;
use crate::report::progress::Progress;
use crate::report::record::{AttemptRecord, JobResult};
use crate::report::recorded::{Record, Tally, TallyBy};

/// A durable store of jobs and results. What an answer says has survived `kill -9` already.
pub trait JobStore: Send + Sync {
    /// Takes a job in. The first deadline stands when the same job comes again.
    fn submit(&self, job: Job, now: UnixMs) -> impl Future<Output = Result<Submitted, StoreError>> + Send;

    /// Hands out up to `capacity` jobs, priority 9 first, then the nearest deadline. Jobs past their
    /// deadline end as `expired` instead. Does not wait; see [`JobStore::work`].
    fn claim(&self, capacity: usize, now: UnixMs)
    -> impl Future<Output = Result<Claimed, StoreError>> + Send;

    /// Returns once there may be something new to claim. One waiter; a wake-up between two calls
    /// is not lost.
    fn work(&self) -> impl Future<Output = ()> + Send;

    /// Gives the job back, not to be claimed before `not_before`. Only before `begin_dial`.
    fn release(
        &self,
        claim: Claim,
        not_before: UnixMs,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Records that an INVITE is about to leave, and what is needed to end its leg after a crash.
    /// The INVITE may leave only with the permit in hand (contract §7.2).
    fn begin_dial(
        &self,
        claim: &Claim,
        leg: LegRecord,
        now: UnixMs,
    ) -> impl Future<Output = Result<Result<Permit, DialRefused>, StoreError>> + Send;

    /// Adds what is needed to end the leg. In order with every other call; await the answer before
    /// an INVITE is repeated, drop it where nothing waits (the first 2xx).
    fn note_leg(&self, permit: &Permit, leg: LegRecord) -> Noted;

    /// Drops what [`JobStore::begin_dial`] and [`JobStore::note_leg`] kept of a leg that is known to be
    /// over: nothing is left to be ended after a crash, and the number in it is gone. In order with every
    /// other call; nobody waits for it, and a crash before it is durable costs a needless BYE.
    fn leg_over(&self, dial: DialId);

    /// Closes the permit without an outcome for the job; the claim returned is for the next dial. What
    /// is kept of the leg stays until [`JobStore::leg_over`].
    fn end_attempt(
        &self,
        permit: Permit,
        facts: AttemptRecord,
        now: UnixMs,
    ) -> impl Future<Output = Result<Claim, StoreError>> + Send;

    /// Ends the job: final state and result in one step. Repeated by the store until it is durable;
    /// again with another result it changes nothing and tells the first one. The job's number is erased
    /// with it, but for what is kept of a leg: the farewell may still be playing, so that this stays
    /// until [`JobStore::leg_over`].
    fn finish(
        &self,
        claim: &Claim,
        result: JobResult,
    ) -> impl Future<Output = Result<Finished, StoreError>> + Send;

    /// Ends every job that is past its deadline and holds no permit, as `expired`. Tells how many.
    fn expire(&self, now: UnixMs) -> impl Future<Output = Result<usize, StoreError>> + Send;

    /// Withdraws a job: at once where no permit is live, else by asking its holder.
    fn cancel(&self, key: JobKey, now: UnixMs) -> impl Future<Output = Result<Cancelled, StoreError>> + Send;

    /// The next job of this holder that is to be given up: a call to end, or a claim to drop. One
    /// waiter; none is lost and none is told twice.
    fn cancelled(&self) -> impl Future<Output = JobKey> + Send;

    /// Notes the latest event of a job that is held; see [`EventStore`].
    fn progress(&self, key: &JobKey, event: Progress, now: UnixMs);

    /// One job as outsiders see it.
    fn get(&self, key: JobKey) -> impl Future<Output = Result<Option<JobView>, StoreError>> + Send;

    /// A page of jobs, oldest first.
    fn list(
        &self,
        filter: ListFilter,
        after: Option<Cursor>,
        limit: usize,
    ) -> impl Future<Output = Result<Page, StoreError>> + Send;

    /// The results that this consumer has not acknowledged, in order; waits up to `wait` for the
    /// first. A new consumer starts at the oldest kept.
    fn results(
        &self,
        consumer: &Consumer,
        limit: usize,
        wait: Duration,
    ) -> impl Future<Output = Result<Vec<Published>, StoreError>> + Send;

    /// All results up to the cursor are done with.
    fn ack(&self, consumer: &Consumer, cursor: Cursor)
    -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The dials of earlier runs whose legs may be up still, to be ended. Where one comes with its
    /// permit the job is to be finished as `outcome_unknown` and never dialled again. Each is told
    /// again until [`JobStore::leg_over`].
    fn orphans(&self) -> impl Future<Output = Result<Vec<Orphan>, StoreError>> + Send;

    /// Removes what its days have passed for, at most some thousand at a time; tells how many, events aside. What is
    /// kept of a leg goes a day after its job's end at the latest. Also hands disk space back and drops
    /// erased secrets from the store's own log.
    fn prune(&self, now: UnixMs) -> impl Future<Output = Result<usize, StoreError>> + Send;

    /// Remembers rows for another room. Nobody waits for it: in order with every other call, so that it
    /// is durable no later than what is asked for next, in the same commit where it can.
    fn keep(&self, rows: Vec<Keep>);

    /// Remembers rows for another room, all or none; answers once they are durable.
    fn keep_now(&self, rows: Vec<Keep>) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// A page of what is remembered of one kind: keys below `before`, the greatest first.
    fn kept(
        &self,
        kind: u8,
        before: Option<Vec<u8>>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Kept>, StoreError>> + Send;

    /// A secret of this store for this use, the same at every opening.
    fn secret(&self, of: &str) -> [u8; 32];

    /// How many jobs wait to be claimed.
    fn depth(&self) -> usize;
}

/// The engine chosen at run time.
#[derive(Clone)]
pub enum Store {
    /// SQLite in a directory.
    Embedded(embedded::Embedded),
}

impl JobStore for Store {
    async fn submit(&self, job: Job, now: UnixMs) -> Result<Submitted, StoreError> {
        match self {
            Store::Embedded(store) => store.submit(job, now).await,
        }
    }

    async fn claim(&self, capacity: usize, now: UnixMs) -> Result<Claimed, StoreError> {
        match self {
            Store::Embedded(store) => store.claim(capacity, now).await,
        }
    }

    async fn work(&self) {
        match self {
            Store::Embedded(store) => store.work().await,
        }
    }

    async fn release(&self, claim: Claim, not_before: UnixMs) -> Result<(), StoreError> {
        match self {
            Store::Embedded(store) => store.release(claim, not_before).await,
        }
    }

    async fn begin_dial(
        &self,
        claim: &Claim,
        leg: LegRecord,
        now: UnixMs,
    ) -> Result<Result<Permit, DialRefused>, StoreError> {
        match self {
            Store::Embedded(store) => store.begin_dial(claim, leg, now).await,
        }
    }

    fn note_leg(&self, permit: &Permit, leg: LegRecord) -> Noted {
        match self {
            Store::Embedded(store) => store.note_leg(permit, leg),
        }
    }

    fn leg_over(&self, dial: DialId) {
        match self {
            Store::Embedded(store) => store.leg_over(dial),
        }
    }

    async fn end_attempt(
        &self,
        permit: Permit,
        facts: AttemptRecord,
        now: UnixMs,
    ) -> Result<Claim, StoreError> {
        match self {
            Store::Embedded(store) => store.end_attempt(permit, facts, now).await,
        }
    }

    async fn finish(&self, claim: &Claim, result: JobResult) -> Result<Finished, StoreError> {
        match self {
            Store::Embedded(store) => store.finish(claim, result).await,
        }
    }

    async fn expire(&self, now: UnixMs) -> Result<usize, StoreError> {
        match self {
            Store::Embedded(store) => store.expire(now).await,
        }
    }

    async fn cancel(&self, key: JobKey, now: UnixMs) -> Result<Cancelled, StoreError> {
        match self {
            Store::Embedded(store) => store.cancel(key, now).await,
        }
    }

    async fn cancelled(&self) -> JobKey {
        match self {
            Store::Embedded(store) => store.cancelled().await,
        }
    }

    fn progress(&self, key: &JobKey, event: Progress, now: UnixMs) {
        match self {
            Store::Embedded(store) => store.progress(key, event, now),
        }
    }

    async fn get(&self, key: JobKey) -> Result<Option<JobView>, StoreError> {
        match self {
            Store::Embedded(store) => store.get(key).await,
        }
    }

    async fn list(
        &self,
        filter: ListFilter,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        match self {
            Store::Embedded(store) => store.list(filter, after, limit).await,
        }
    }

    async fn results(
        &self,
        consumer: &Consumer,
        limit: usize,
        wait: Duration,
    ) -> Result<Vec<Published>, StoreError> {
        match self {
            Store::Embedded(store) => store.results(consumer, limit, wait).await,
        }
    }

    async fn ack(&self, consumer: &Consumer, cursor: Cursor) -> Result<(), StoreError> {
        match self {
            Store::Embedded(store) => store.ack(consumer, cursor).await,
        }
    }

    async fn orphans(&self) -> Result<Vec<Orphan>, StoreError> {
        match self {
            Store::Embedded(store) => store.orphans().await,
        }
    }

    async fn prune(&self, now: UnixMs) -> Result<usize, StoreError> {
        match self {
            Store::Embedded(store) => store.prune(now).await,
        }
    }

    fn keep(&self, rows: Vec<Keep>) {
        match self {
            Store::Embedded(store) => store.keep(rows),
        }
    }

    async fn keep_now(&self, rows: Vec<Keep>) -> Result<(), StoreError> {
        match self {
            Store::Embedded(store) => store.keep_now(rows).await,
        }
    }

    async fn kept(&self, kind: u8, before: Option<Vec<u8>>, limit: usize) -> Result<Vec<Kept>, StoreError> {
        match self {
            Store::Embedded(store) => store.kept(kind, before, limit).await,
        }
    }

    fn secret(&self, of: &str) -> [u8; 32] {
        match self {
            Store::Embedded(store) => store.secret(of),
        }
    }

    fn depth(&self) -> usize {
        match self {
            Store::Embedded(store) => store.depth(),
        }
    }
}

impl TokenStore for Store {
    async fn admit(&self, presented: Option<Presented>) -> Result<Admission, StoreError> {
        match self {
            Store::Embedded(store) => store.admit(presented).await,
        }
    }

    async fn create_token(
        &self,
        new: NewToken,
        order: TokenOrder,
        actor: Actor,
        now: UnixMs,
    ) -> Result<TokenView, StoreError> {
        match self {
            Store::Embedded(store) => store.create_token(new, order, actor, now).await,
        }
    }

    async fn tokens(&self) -> Result<Vec<TokenView>, StoreError> {
        match self {
            Store::Embedded(store) => store.tokens().await,
        }
    }

    async fn revoke_token(
        &self,
        id: TokenId,
        actor: Actor,
        now: UnixMs,
    ) -> Result<Option<TokenView>, StoreError> {
        match self {
            Store::Embedded(store) => store.revoke_token(id, actor, now).await,
        }
    }
}

impl EventStore for Store {
    type Feed = embedded::Followed;

    fn call_ended(&self, claim: &Claim, end: CallEnd, now: UnixMs) {
        match self {
            Store::Embedded(store) => store.call_ended(claim, end, now),
        }
    }

    fn fraud_reported(&self, claim: &Claim, now: UnixMs) {
        match self {
            Store::Embedded(store) => store.fraud_reported(claim, now),
        }
    }

    async fn follow(&self) -> Result<embedded::Followed, StoreError> {
        match self {
            Store::Embedded(store) => store.follow().await,
        }
    }

    async fn events(&self, filter: EventFilter, after: After) -> Result<Option<EventPage>, StoreError> {
        match self {
            Store::Embedded(store) => store.events(filter, after).await,
        }
    }

    async fn latest(&self) -> Result<Place, StoreError> {
        match self {
            Store::Embedded(store) => store.latest().await,
        }
    }
}

impl RecordStore for Store {
    async fn records(
        &self,
        filter: RecordFilter,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<RecordPage, StoreError> {
        match self {
            Store::Embedded(store) => store.records(filter, after, limit).await,
        }
    }

    async fn record(
        &self,
        key: JobKey,
        discloses_to: Option<Actor>,
        now: UnixMs,
    ) -> Result<Option<Record>, StoreError> {
        match self {
            Store::Embedded(store) => store.record(key, discloses_to, now).await,
        }
    }

    async fn erase_user(
        &self,
        tenant: String,
        user: String,
        actor: Actor,
        now: UnixMs,
    ) -> Result<usize, StoreError> {
        match self {
            Store::Embedded(store) => store.erase_user(tenant, user, actor, now).await,
        }
    }

    async fn tally(&self, filter: RecordFilter, by: TallyBy) -> Result<Vec<Tally>, StoreError> {
        match self {
            Store::Embedded(store) => store.tally(filter, by).await,
        }
    }

    async fn audit(&self, scope: Scope, limit: usize) -> Result<Vec<Audited>, StoreError> {
        match self {
            Store::Embedded(store) => store.audit(scope, limit).await,
        }
    }
}

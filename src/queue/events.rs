//! A job's events as outsiders follow them (contract §3): in order, numbered, resumable.

use std::future::Future;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer::StoreError;
use super::claim::Claim;
use super::cursor::Cursor;
use crate::job::{JobKey, UnixMs};
use crate::report::progress::Progress;
use crate::report::record::{AttemptRecord, JobResult, KeyRecord};

/// One event of one job.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Event {
    /// The job's id.
    pub job: String,
    /// Whose job.
    pub tenant: String,
    /// Its place among the job's events, from 1.
    pub n: u32,
    /// What happened.
    pub event: Progress,
    /// When.
    pub at: UnixMs,
    /// With `finished`: the result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<JobResult>,
    /// With `ended`: the attempt, with what was not known at the verdict.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub ended: Option<CallEnd>,
}

/// What is known of a call once it is over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CallEnd {
    /// The dial, with its end and the figures of its line.
    pub attempt: AttemptRecord,
    /// The key that decided, with every path that brought it.
    pub key: Option<KeyRecord>,
}

/// An event and its place among those of all jobs.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    /// For resuming; later events have later places.
    pub place: Place,
    /// The event.
    pub event: Event,
}

/// A place among the events of all jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Place(pub(super) i64);

impl Place {
    /// The place as an outsider hands it back; `None` if no engine of ours gave it out.
    pub fn from_text(text: &str) -> Option<Place> {
        Cursor::from_text(text).row().map(Place)
    }

    /// The place as it is handed out.
    pub fn cursor(self) -> Cursor {
        Cursor::of_row(self.0)
    }
}

/// Which events to follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventFilter {
    /// Of one job.
    Job(JobKey),
    /// Of one tenant's jobs.
    Tenant(String),
    /// Of every job.
    Everybody,
}

impl EventFilter {
    /// Whether this event is among them.
    pub fn takes(&self, event: &Event) -> bool {
        match self {
            EventFilter::Job(key) => event.job == key.id && event.tenant == key.tenant,
            EventFilter::Tenant(tenant) => event.tenant == *tenant,
            EventFilter::Everybody => true,
        }
    }
}

/// Some events, in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EventPage {
    /// The events; may be none though more follow.
    pub events: Vec<Placed>,
    /// Where to go on; `None` at the end.
    pub next: Option<Place>,
}

/// Where a follower begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// After this place among the events of all jobs.
    Place(Place),
    /// After the job's event of this number.
    Number(u32),
}

/// What a feed brings.
#[derive(Debug, Clone)]
pub enum Fed {
    /// An event, durable.
    Event(std::sync::Arc<Placed>),
    /// Too many to wait for this follower: it reads on in the store.
    Behind,
    /// The store has closed.
    Closed,
}

/// Events as they become durable, from the moment of the subscription.
pub trait Feed: Send {
    /// The next of them.
    fn next(&mut self) -> impl Future<Output = Fed> + Send;
}

/// Events, kept for a day, and told to whoever follows them once they are durable. An event that nobody
/// follows costs no sync of its own: it becomes durable with what else the job writes.
pub trait EventStore: Send + Sync {
    /// What [`EventStore::follow`] gives.
    type Feed: Feed;

    /// Notes that a call of a held job is over. Nobody waits for it.
    fn call_ended(&self, claim: &Claim, end: CallEnd, now: UnixMs);

    /// Notes that fraud was reported after the result of a job. It is told at once; nobody waits for it.
    fn fraud_reported(&self, claim: &Claim, now: UnixMs);

    /// Begins to follow: what becomes durable from now on is fed.
    fn follow(&self) -> impl Future<Output = Result<Self::Feed, StoreError>> + Send;

    /// Kept events in order; with [`EventFilter::Job`] `None` if there is no such job.
    fn events(
        &self,
        filter: EventFilter,
        after: After,
    ) -> impl Future<Output = Result<Option<EventPage>, StoreError>> + Send;

    /// The place of the latest event of all.
    fn latest(&self) -> impl Future<Output = Result<Place, StoreError>> + Send;
}

//! What a store answers.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::cursor::Cursor;
use crate::job::UnixMs;
use crate::report::progress::Progress;
use crate::report::record::JobResult;

/// A job as outsiders see it: the object of `POST`, `GET` and `DELETE` (contract §6).
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Call")]
pub struct JobView {
    /// The job's id.
    pub id: String,
    /// The name of its last event.
    pub state: Progress,
    /// Null until final.
    pub result: Option<JobResult>,
}

/// What became of a job handed in.
#[derive(Debug, Clone, PartialEq)]
pub enum Submitted {
    /// It is durable.
    New(JobView),
    /// It was there already.
    Same(JobView),
    /// Another job was there under this id.
    Conflict,
    /// As many jobs wait as may.
    QueueFull {
        /// When to try again.
        retry_after: Duration,
    },
    /// The disk has no room but for jobs that were accepted before.
    StoreFull {
        /// When to try again.
        retry_after: Duration,
    },
}

/// Why no INVITE may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DialRefused {
    /// The deadline has passed; the job is finished as `expired`.
    Expired,
    /// The job was withdrawn; it is finished as `cancelled`.
    Cancelled,
    /// The claim is not this holder's any more, or its permit is out already.
    NotHeld,
}

/// What `finish` did.
#[derive(Debug, Clone, PartialEq)]
pub enum Finished {
    /// This result is the job's.
    Now,
    /// The job had this one before, and keeps it.
    Already(Box<JobResult>),
}

/// What `cancel` did.
#[derive(Debug, Clone, PartialEq)]
pub enum Cancelled {
    /// The job is finished as `cancelled`.
    Finished(JobView),
    /// A call is up; its holder has been told.
    Asked(JobView),
    /// It was finished before.
    Already(JobView),
    /// There is no such job.
    NotFound,
}

/// One result and where it stands.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Published {
    /// For `ack`.
    pub cursor: Cursor,
    /// The result.
    pub result: JobResult,
}

/// Which jobs to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListFilter {
    /// Of this tenant only.
    pub tenant: Option<String>,
    /// In this state only.
    pub state: Option<Progress>,
}

/// Some jobs, oldest first.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Calls")]
pub struct Page {
    /// The jobs; may be fewer than asked for though more follow.
    pub jobs: Vec<JobView>,
    /// For `after`; null at the end.
    pub next: Option<Cursor>,
}

/// A row that another room has to remember, to be written, replaced or dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keep {
    /// Whose memory it belongs to.
    pub kind: u8,
    /// Which row of it.
    pub key: Vec<u8>,
    /// The row may be forgotten then.
    pub until: UnixMs,
    /// What it holds; `None` drops it.
    pub record: Option<Vec<u8>>,
}

/// A row that is remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Which row.
    pub key: Vec<u8>,
    /// What it holds.
    pub record: Vec<u8>,
}

/// Why a store could not do as told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The claim or permit is not this holder's any more.
    #[error("the job is not held by this claim any more")]
    NotHeld,
    /// No room on the disk; nothing was done.
    #[error("the store's disk is full")]
    NoRoom,
    /// The cursor was not given out by this store.
    #[error("the cursor is not one of this store")]
    BadCursor,
    /// As many consumers are known as may be.
    #[error("the store knows as many consumers as it may")]
    TooManyConsumers,
    /// As many follow events as may.
    #[error("as many follow events as may")]
    TooManyFollowers,
    /// As many tokens were made as may be.
    #[error("the store knows as many tokens as it may")]
    TooManyTokens,
    /// The store is shutting down.
    #[error("the store is closed")]
    Closed,
    /// The store itself failed.
    #[error("the store failed: {0}")]
    Broken(String),
}

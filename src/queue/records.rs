//! Records of what became of jobs, kept beyond the results: to look up, to export, to count, to erase.

use std::future::Future;

use schemars::JsonSchema;
use serde::Serialize;

use super::answer::StoreError;
use super::cursor::Cursor;
use crate::access::{Actor, Scope};
use crate::job::{JobKey, UnixMs};
use crate::report::recorded::{Record, Tally, TallyBy};

/// Which records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordFilter {
    /// Of this tenant only.
    pub tenant: Option<String>,
    /// Of this user only.
    pub user: Option<String>,
    /// That ended by this reason only.
    pub reason: Option<String>,
    /// With this verdict only.
    pub verdict: Option<String>,
    /// Finished then or later.
    pub from: Option<UnixMs>,
    /// Finished before then.
    pub to: Option<UnixMs>,
}

/// Some records, in the order in which their jobs were accepted.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Records")]
pub struct RecordPage {
    /// The records; may be fewer than asked for though more follow.
    pub records: Vec<Record>,
    /// For `after`; null at the end.
    pub next: Option<Cursor>,
}

/// One act that somebody may ask about later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Act")]
pub struct Audited {
    /// When.
    pub at: UnixMs,
    /// By whom.
    pub actor: String,
    /// What: `token_created`, `token_revoked`, `number_disclosed`, `user_erased`.
    pub action: String,
    /// Whose; `*` is everybody.
    pub tenant: String,
    /// With what.
    pub about: String,
}

/// A durable store of records.
pub trait RecordStore: Send + Sync {
    /// A page of records.
    fn records(
        &self,
        filter: RecordFilter,
        after: Option<Cursor>,
        limit: usize,
    ) -> impl Future<Output = Result<RecordPage, StoreError>> + Send;

    /// One job's record. With an actor the full number is told to it, and that is audited first.
    fn record(
        &self,
        key: JobKey,
        discloses_to: Option<Actor>,
        now: UnixMs,
    ) -> impl Future<Output = Result<Option<Record>, StoreError>> + Send;

    /// Erases what is recorded of a user: every record, and the user in results that are still kept. What
    /// is counted stays, of nobody. Tells how many records; audited.
    fn erase_user(
        &self,
        tenant: String,
        user: String,
        actor: Actor,
        now: UnixMs,
    ) -> impl Future<Output = Result<usize, StoreError>> + Send;

    /// How jobs went, counted by what they have in common.
    fn tally(
        &self,
        filter: RecordFilter,
        by: TallyBy,
    ) -> impl Future<Output = Result<Vec<Tally>, StoreError>> + Send;

    /// The latest acts, the latest first.
    fn audit(
        &self,
        scope: Scope,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Audited>, StoreError>> + Send;
}

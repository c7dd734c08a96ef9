//! What a holder has in its hands.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::answer::StoreError;
use crate::job::{Job, UnixMs};
use crate::leg::record::LegRecord;
use crate::report::record::AttemptRecord;

/// What tells a holder's claim from an older one of the same job; opaque to holders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fence {
    pub(super) row: i64,
    pub(super) number: i64,
}

/// A job handed out. Lost by a crash before `begin_dial`, it is handed out again.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The job.
    pub job: Arc<Job>,
    /// When it was durable.
    pub accepted_at: UnixMs,
    /// The dials that were made already and came to nothing.
    pub attempts: Vec<AttemptRecord>,
    /// This claim.
    pub fence: Fence,
}

/// What [`super::JobStore::claim`] found.
#[derive(Debug, Clone, Default)]
pub struct Claimed {
    /// The jobs, most urgent first.
    pub claims: Vec<Claim>,
    /// When the next released job can be claimed, if there is one.
    pub wake_at: Option<UnixMs>,
}

/// The right to let one INVITE leave, with its repeats. A job has one at a time.
#[derive(Debug)]
pub struct Permit {
    pub(super) claim: Claim,
    pub(super) number: i64,
}

impl Permit {
    /// The claim that it was given for; `finish` takes it and closes the permit.
    pub fn claim(&self) -> &Claim {
        &self.claim
    }
}

/// A job that a crash left with a live permit.
#[derive(Debug)]
pub struct Orphan {
    /// The permit, to be closed by `finish`.
    pub permit: Permit,
    /// What is needed to end its leg, in the order in which it was noted.
    pub legs: Vec<LegRecord>,
}

/// A record on its way to the store. Dropping it does not take the record back.
#[derive(Debug)]
pub struct Noted(pub(super) oneshot::Receiver<Result<(), StoreError>>);

impl Noted {
    /// Returns once the record is durable.
    ///
    /// # Errors
    /// [`StoreError::NotHeld`] when the permit is closed, [`StoreError::Closed`] when the store is.
    pub async fn durable(self) -> Result<(), StoreError> {
        self.0.await.unwrap_or(Err(StoreError::Closed))
    }
}

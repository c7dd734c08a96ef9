//! What a holder has in its hands.

use std::pin::Pin;
use std::sync::Arc;

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

    /// The dial that it allowed, to be named when its leg is over.
    pub fn dial(&self) -> DialId {
        DialId { row: self.claim.fence.row, number: self.number }
    }
}

/// One dial of one job; it outlives the permit, as the leg may outlive the outcome. Opaque to holders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DialId {
    pub(super) row: i64,
    pub(super) number: i64,
}

/// A dial of an earlier run whose leg may still be up.
#[derive(Debug)]
pub struct Orphan {
    /// To be named when the leg has been ended.
    pub dial: DialId,
    /// The permit, to be closed by `finish`; `None` where the dial's outcome is known already, so that
    /// nothing but its leg is left to be ended.
    pub permit: Option<Permit>,
    /// When its job was dialled last; `None` in a store of a gateway that did not note it.
    pub dialled_at: Option<UnixMs>,
    /// What is needed to end its leg, in the order in which it was noted.
    pub legs: Vec<LegRecord>,
}

/// A record on its way to the store. Dropping it does not take the record back.
pub struct Noted(Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send>>);

impl Noted {
    /// A record that is durable when the engine's answer says so.
    pub(super) fn new(answer: impl Future<Output = Result<(), StoreError>> + Send + 'static) -> Self {
        Self(Box::pin(answer))
    }

    /// Returns once the record is durable.
    ///
    /// # Errors
    /// [`StoreError::NotHeld`] when the permit is closed, [`StoreError::Closed`] when the store is.
    pub async fn durable(self) -> Result<(), StoreError> {
        self.0.await
    }
}

//! After a crash: calls that an earlier process left up are ended, and their numbers held until they must
//! be over; jobs without an outcome are told as unknown.

use std::sync::Arc;

use super::Shared;
use super::clock;
use super::driver::unknown;
use super::legs::called;
use super::observer::News;
use crate::config::Trunk;
use crate::leg::record::LegRecord;
use crate::number::Number;
use crate::queue::{JobStore, Orphan, Permit};

/// Ends every leg that is not known to be over. No job that has one without an outcome is dialled again.
pub(super) async fn end(shared: &Arc<Shared>) {
    let orphans = match shared.store.orphans().await {
        Ok(orphans) => orphans,
        Err(error) => {
            tracing::error!(%error, "calls of an earlier run could not be read");
            return;
        }
    };
    if !orphans.is_empty() {
        tracing::warn!(calls = orphans.len(), "an earlier run left calls; they are ended");
    }
    let trunks = shared.channels.trunks();
    for orphan in orphans {
        finish(shared, orphan, &trunks).await;
    }
}

async fn finish(shared: &Arc<Shared>, mut orphan: Orphan, trunks: &[Trunk]) {
    // All records of a dial are of one Call-ID, and the last one knows most of it.
    if let Some(leg) = orphan.legs.pop() {
        let held = hold(shared, &orphan, &leg, trunks);
        shared.lines.cleanup(orphan.dial, leg, held).await;
    }
    let Some(permit) = orphan.permit else { return };
    let claim = permit.claim();
    let result = unknown(claim, shared, clock::wall());
    match shared.store.finish(claim, result.clone()).await {
        Ok(_) => shared.observer.tell(&claim.job.key, News::Finished(Arc::new(result))),
        Err(error) => tracing::error!(job = %claim.job.key.id, %error, "the job's end could not be stored"),
    }
}

/// Holds the number as long as its phone may ring or talk yet, by the longest call of our trunks.
fn hold(shared: &Shared, orphan: &Orphan, leg: &LegRecord, trunks: &[Trunk]) -> Option<Number> {
    let now = clock::wall();
    let longest = trunks.iter().map(|trunk| trunk.ring_timeout + trunk.max_call).max()?;
    let dialled_at = orphan.dialled_at.unwrap_or(now).min(now);
    let left = longest.checked_sub(now.since(dialled_at))?;
    let number = match orphan.permit.as_ref().map(Permit::claim) {
        Some(claim) => claim.job.to.clone(),
        // Its job is over and has given its number up; the leg has it yet.
        None => called(leg, trunks)?,
    };
    shared.admission.hold(&number, left);
    Some(number)
}

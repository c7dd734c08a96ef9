//! After a crash: calls that an earlier process left up are ended; jobs without an outcome are told as
//! unknown.

use std::sync::Arc;

use super::Shared;
use super::clock;
use super::driver::unknown;
use super::observer::News;
use crate::queue::{JobStore, Orphan};

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
    for orphan in orphans {
        finish(shared, orphan).await;
    }
}

async fn finish(shared: &Arc<Shared>, orphan: Orphan) {
    let Orphan { dial, permit, mut legs } = orphan;
    // All records of a dial are of one Call-ID, and the last one knows most of it.
    if let Some(leg) = legs.pop() {
        shared.lines.cleanup(dial, leg).await;
    }
    let Some(permit) = permit else { return };
    let claim = permit.claim();
    let result = unknown(claim, shared, clock::wall());
    match shared.store.finish(claim, result.clone()).await {
        Ok(_) => shared.observer.tell(&claim.job.key, News::Finished(Arc::new(result))),
        Err(error) => tracing::error!(job = %claim.job.key.id, %error, "the job's end could not be stored"),
    }
}

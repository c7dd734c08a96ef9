//! Claims to drivers: as many jobs at a time as there is room for calls.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use super::clock;
use super::driver::drive;
use super::orphans;
use super::{Phase, Shared};
use crate::queue::{Claim, JobStore};

/// Jobs claimed at a time: few enough that an urgent job does not wait behind many claimed ones.
const BATCH: usize = 64;
/// Without any news the store is asked this often: for deadlines and released jobs.
const LOOK: Duration = Duration::from_secs(1);
/// How often what its days have passed for is removed.
const PRUNE: Duration = Duration::from_secs(60);

/// Claims jobs and drives them until draining; then waits for the drivers.
pub(super) async fn run(shared: Arc<Shared>, capacity: usize) {
    orphans::end(&shared).await;
    let mut drivers = JoinSet::new();
    let room = Arc::new(Semaphore::new(capacity));
    let housekeeping = tokio::spawn(keep_house(shared.clone()));
    let cancelling = tokio::spawn(forward_cancels(shared.clone()));
    loop {
        while drivers.try_join_next().is_some() {}
        tokio::select! {
            biased;
            () = shared.drained() => break,
            claims = next_claims(&shared, &room) => {
                for (claim, place) in claims {
                    let shared = shared.clone();
                    drivers.spawn(async move {
                        drive(shared, claim).await;
                        drop(place);
                    });
                }
            }
        }
    }
    finish(&shared, &mut drivers).await;
    housekeeping.abort();
    cancelling.abort();
}

/// Waits for the last driver; ends the calls when that is ordered.
async fn finish(shared: &Shared, drivers: &mut JoinSet<()>) {
    let mut ended = false;
    loop {
        tokio::select! {
            driver = drivers.join_next() => if driver.is_none() { return },
            () = shared.reached(Phase::Ending), if !ended => {
                ended = true;
                shared.lines.end_all().await;
            }
        }
    }
}

/// Waits for room and for work; each claim comes with its place.
async fn next_claims(shared: &Shared, room: &Arc<Semaphore>) -> Vec<(Claim, OwnedSemaphorePermit)> {
    let Ok(first) = room.clone().acquire_owned().await else { return Vec::new() };
    let mut places = vec![first];
    while places.len() < BATCH
        && let Ok(place) = room.clone().try_acquire_owned()
    {
        places.push(place);
    }
    match shared.store.claim(places.len(), clock::wall()).await {
        Ok(claimed) if !claimed.claims.is_empty() => claimed.claims.into_iter().zip(places).collect(),
        Ok(_) => {
            let _ = tokio::time::timeout(LOOK, shared.store.work()).await;
            Vec::new()
        }
        Err(error) => {
            tracing::error!(%error, "the store gave no jobs");
            tokio::time::sleep(LOOK).await;
            Vec::new()
        }
    }
}

async fn forward_cancels(shared: Arc<Shared>) {
    loop {
        let job = shared.store.cancelled().await;
        shared.lines.withdraw(job).await;
    }
}

/// Ends what is past its deadline each second, and removes what its days have passed for.
async fn keep_house(shared: Arc<Shared>) {
    let mut pruned = clock::now();
    loop {
        tokio::time::sleep(LOOK).await;
        if let Err(error) = shared.store.expire(clock::wall()).await {
            tracing::warn!(%error, "deadlines could not be enforced; they are with the next claim");
        }
        if clock::now() - pruned >= PRUNE {
            pruned = clock::now();
            shared.admission.sweep(clock::wall());
            if let Err(error) = shared.store.prune(clock::wall()).await {
                tracing::warn!(%error, "old results could not be removed");
            }
        }
    }
}

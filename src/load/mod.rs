//! The load run: many jobs at a rate through a real gateway, and the figures of contract §8.
//!
//! The gateway is this process, the far end another one, so that each can have a core of its own
//! and is measured alone.

mod far_end;
mod figures;
mod process;
mod samples;

use std::time::Duration;

use tokio::sync::broadcast;
use tokio::task::{JoinError, JoinSet};

pub use far_end::{FarEnd, FarEndError, FarEndOrder};
pub use figures::{Figures, Quantiles};

use crate::gateway::Gateway;
use crate::gateway::clock;
use crate::gateway::observer::{JobEvent, News};
use crate::job::Job;
use crate::queue::{JobStore, Store, StoreError};
use process::{Usage, Usages};
use samples::Samples;

/// Memory is read at each new peak that is a multiple of this.
const PEAK_STEP: u64 = 10;
/// Between two looks at what the gateway told.
const LOOK: Duration = Duration::from_millis(20);
/// After the last job's deadline nothing more is waited for.
const LATEST: Duration = Duration::from_secs(180);

/// What a load run places.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// How many jobs.
    pub jobs: u32,
    /// New jobs a second.
    pub rate: u32,
}

/// Places the jobs and waits for every call's end; `job` makes the job with this number, `tell` is
/// called with the count of finished jobs.
///
/// # Errors
/// The store took no more jobs.
pub async fn run(
    plan: Plan,
    gateway: &Gateway,
    store: &Store,
    far_end: &mut FarEnd,
    job: impl Fn(u32) -> Job,
    tell: impl Fn(u64),
) -> Result<Figures, StoreError> {
    let mut events = gateway.observer().watch();
    let mut samples = Samples::default();
    let jobs: Vec<Job> = (0..plan.jobs).map(job).collect();
    let before = Usage::now();
    let placing = tokio::spawn(place(plan.rate, store.clone(), jobs));
    let deadline = tokio::time::Instant::now()
        + Duration::from_secs_f64(f64::from(plan.jobs) / f64::from(plan.rate))
        + LATEST;
    let mut peak = (before, 0);
    while samples.ended() < u64::from(plan.jobs) {
        tokio::select! {
            event = events.recv() => match event {
                Ok(event) => {
                    take(&mut samples, event, &mut peak, &tell);
                    // Each event tells its own moment: a run that looked at once would measure itself.
                    while let Ok(event) = events.try_recv() {
                        take(&mut samples, event, &mut peak, &tell);
                    }
                    tokio::time::sleep(LOOK).await;
                }
                // What is missed counts as lost, which the figures then say.
                Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => break,
            },
            () = tokio::time::sleep_until(deadline) => break,
        }
    }
    let after = Usage::now();
    if let Ok(placed) = placing.await {
        placed?;
    }
    let lateness = gateway.snapshots().borrow().lateness;
    let seen = far_end.finish().await;
    Ok(figures::draw(plan, &samples, &seen, Usages { before, peak, after }, lateness))
}

fn take(samples: &mut Samples, event: JobEvent, peak: &mut (Usage, u64), tell: &impl Fn(u64)) {
    match event.news {
        News::Progress(progress) => {
            // Reading the kernel's figures is work of our own, so that it is done seldom.
            if samples.step(progress, event.instant) && samples.peak.is_multiple_of(PEAK_STEP) {
                *peak = (Usage::now(), samples.peak);
            }
        }
        News::Finished(result) => {
            samples.finished(&result, event.instant);
            tell(samples.results());
        }
        News::Ended(attempt, _) => samples.attempt_ended(&attempt),
        News::Message(_) | News::FraudReported | News::Blocked => {}
    }
}

/// Hands jobs in, evenly spread, whatever the store takes for each. Their deadlines count from there.
async fn place(rate: u32, store: Store, jobs: Vec<Job>) -> Result<(), StoreError> {
    let made = clock::wall();
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / rate);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Burst);
    let mut placing = JoinSet::new();
    for mut job in jobs {
        ticks.tick().await;
        while let Some(placed) = placing.try_join_next() {
            taken(placed)?;
        }
        let now = clock::wall();
        let waited = now.0.saturating_sub(made.0);
        job.expires_at.0 += waited;
        job.answer_by.0 += waited;
        let store = store.clone();
        placing.spawn(async move { store.submit(job, now).await });
    }
    while let Some(placed) = placing.join_next().await {
        taken(placed)?;
    }
    Ok(())
}

fn taken<T>(placed: Result<Result<T, StoreError>, JoinError>) -> Result<(), StoreError> {
    placed.map_err(|error| StoreError::Broken(error.to_string()))?.map(|_| ())
}

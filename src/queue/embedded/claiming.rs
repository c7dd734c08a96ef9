//! Handing jobs out and taking them back.

use std::sync::Arc;

use rusqlite::{Row, params};

use super::finishing;
use super::schema::{self, ms, must, record};
use super::task::{Outcome, Step};
use crate::job::UnixMs;
use crate::queue::{Claim, Claimed, Fence, StoreError};
use crate::report::progress::Progress;

pub(super) fn claim(step: &mut Step<'_>, capacity: usize, now: UnixMs) -> Outcome<Claimed> {
    // Contract §7.4: what is past its deadline is never handed out, it ends.
    finishing::expire_due(step, now)?;
    step.db
        .prepare_cached("UPDATE jobs SET phase = 0 WHERE phase = 1 AND not_before <= ?1")?
        .execute([ms(now)])?;
    let claims = due(step, capacity, now)?;
    for claim in &claims {
        step.db
            .prepare_cached("UPDATE jobs SET phase = 2, fence = fence + 1, run = ?2 WHERE seq = ?1")?
            .execute([claim.fence.row, step.facts.run])?;
        step.told.held.push((claim.job.key.clone(), claim.fence.row, Progress::Queued));
        step.told.waiting -= 1;
    }
    let wake_at = step
        .db
        .prepare_cached("SELECT min(not_before) AS at FROM jobs WHERE phase = 1")?
        .query_row([], |row| row.get::<_, Option<i64>>("at")?.map(|_| schema::time(row, "at")).transpose())?;
    Ok(Ok(Claimed { claims, wake_at }))
}

fn due(step: &Step<'_>, capacity: usize, now: UnixMs) -> rusqlite::Result<Vec<Claim>> {
    let sql = "SELECT seq, fence + 1 AS fence, accepted_at, job, attempts FROM jobs
               WHERE phase = 0 AND expires_at > ?1 ORDER BY urgency, expires_at, seq LIMIT ?2";
    let capacity = i64::try_from(capacity).unwrap_or(i64::MAX);
    step.db.prepare_cached(sql)?.query_map([ms(now), capacity], claim_of)?.collect()
}

/// The claim in a row of `seq`, `fence`, `accepted_at`, `job` and `attempts`.
pub(super) fn claim_of(row: &Row<'_>) -> rusqlite::Result<Claim> {
    Ok(Claim {
        job: Arc::new(must(record(row, "job")?)?),
        accepted_at: schema::time(row, "accepted_at")?,
        attempts: record(row, "attempts")?.unwrap_or_default(),
        fence: Fence { row: row.get("seq")?, number: row.get("fence")? },
    })
}

pub(super) fn release(step: &mut Step<'_>, claim: &Claim, not_before: UnixMs) -> Outcome<()> {
    let sql = "UPDATE jobs SET phase = 1, not_before = ?3, fence = fence + 1
               WHERE seq = ?1 AND fence = ?2 AND phase = 2";
    let Fence { row, number } = claim.fence;
    let released = step.db.prepare_cached(sql)?.execute(params![row, number, ms(not_before)])?;
    if released == 0 {
        return Ok(Err(StoreError::NotHeld));
    }
    step.told.waiting += 1;
    step.told.work = true;
    step.told.let_go.push(claim.job.key.clone());
    Ok(Ok(()))
}

//! Dial permits, what is needed to end a leg, and what a crash left of them.

use rusqlite::{OptionalExtension, params};

use super::claiming::claim_of;
use super::events::{self, Of};
use super::finishing;
use super::schema::{self, blob, ms, phase};
use super::task::{Outcome, Step};
use crate::job::UnixMs;
use crate::leg::record::LegRecord;
use crate::queue::{Claim, DialId, DialRefused, Fence, Orphan, Permit, StoreError};
use crate::reason::Reason;
use crate::report::progress::Progress;
use crate::report::record::{AttemptRecord, JobResult};

/// Records of one permit; more than a dial with every repeat and some forked answers makes. Past it
/// the last one is replaced.
const MAX_LEGS: i64 = 32;

pub(super) fn begin(
    step: &mut Step<'_>,
    claim: &Claim,
    leg: &LegRecord,
    now: UnixMs,
) -> Outcome<Result<Permit, DialRefused>> {
    let number = match next_permit(step, claim, now)? {
        Ok(number) => number,
        Err(refused) => return Ok(Ok(Err(refused))),
    };
    let sql = "UPDATE jobs SET phase = 3, permit = ?2, dialled_at = ?3 WHERE seq = ?1";
    step.db.prepare_cached(sql)?.execute([claim.fence.row, number, ms(now)])?;
    add_leg(step, claim.fence.row, number, leg)?;
    let key = &claim.job.key;
    events::noted(step, Of { row: claim.fence.row, key })?;
    step.told.held.push((key.clone(), claim.fence.row, Progress::Dialling));
    Ok(Ok(Ok(Permit { claim: claim.clone(), number })))
}

/// The number of the permit that the job may have, or why it may have none.
fn next_permit(
    step: &mut Step<'_>,
    claim: &Claim,
    now: UnixMs,
) -> rusqlite::Result<Result<i64, DialRefused>> {
    let sql = "SELECT phase, fence, permit, result FROM jobs WHERE seq = ?1";
    let found = step
        .db
        .prepare_cached(sql)?
        .query_row([claim.fence.row], |row| {
            let result: Option<JobResult> = schema::record(row, "result")?;
            let numbers = [row.get::<_, i64>("fence")?, row.get("permit")?];
            Ok((row.get::<_, i64>("phase")?, numbers, result.map(|r| r.reason)))
        })
        .optional()?;
    Ok(Err(match found {
        // A job that ended by itself while it was held: the holder is told why.
        Some((phase::FINISHED, _, Some(Reason::Expired))) => DialRefused::Expired,
        Some((phase::FINISHED, _, Some(Reason::Cancelled))) => DialRefused::Cancelled,
        Some((phase::CLAIMED, [fence, last], _)) if fence == claim.fence.number => {
            if claim.job.expires_at > now {
                return Ok(Ok(last + 1));
            }
            finishing::end_undialled(step, claim.fence.row, Reason::Expired, now)?;
            DialRefused::Expired
        }
        Some(_) | None => DialRefused::NotHeld,
    }))
}

pub(super) fn note(step: &mut Step<'_>, fence: Fence, number: i64, leg: &LegRecord) -> Outcome<()> {
    if !is_live(step, fence, number)? {
        return Ok(Err(StoreError::NotHeld));
    }
    add_leg(step, fence.row, number, leg)?;
    Ok(Ok(()))
}

fn is_live(step: &Step<'_>, fence: Fence, number: i64) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM jobs WHERE seq = ?1 AND fence = ?2 AND permit = ?3 AND phase = 3";
    step.db.prepare_cached(sql)?.exists([fence.row, fence.number, number])
}

fn add_leg(step: &Step<'_>, row: i64, number: i64, leg: &LegRecord) -> rusqlite::Result<usize> {
    let sql = "INSERT OR REPLACE INTO legs(job, permit, n, record) VALUES(?1, ?2,
               (SELECT min(count(*), ?4) FROM legs WHERE job = ?1 AND permit = ?2), ?3)";
    let last = MAX_LEGS - 1;
    step.db.prepare_cached(sql)?.execute(params![row, number, blob(leg)?, last])
}

pub(super) fn end(
    step: &mut Step<'_>,
    permit: &Permit,
    facts: &AttemptRecord,
    now: UnixMs,
) -> Outcome<Claim> {
    let fence = permit.claim.fence;
    if !is_live(step, fence, permit.number)? {
        return Ok(Err(StoreError::NotHeld));
    }
    let mut claim = permit.claim.clone();
    claim.attempts.push(facts.clone());
    claim.fence.number += 1;
    let sql = "UPDATE jobs SET phase = 2, fence = ?2, attempts = ?3 WHERE seq = ?1";
    let attempts = blob(&claim.attempts)?;
    step.db.prepare_cached(sql)?.execute(params![fence.row, claim.fence.number, attempts])?;
    let of = Of { row: fence.row, key: &claim.job.key };
    events::noted(step, of)?;
    events::happened(step, of, Progress::Queued, now)?;
    step.told.held.push((claim.job.key.clone(), fence.row, Progress::Queued));
    Ok(Ok(claim))
}

pub(super) fn leg_over(step: &mut Step<'_>, dial: DialId) -> Outcome<()> {
    let sql = "DELETE FROM legs WHERE job = ?1 AND permit = ?2";
    step.db.prepare_cached(sql)?.execute([dial.row, dial.number])?;
    Ok(Ok(()))
}

pub(super) fn orphans(step: &mut Step<'_>) -> Outcome<Vec<Orphan>> {
    let mut orphans = Vec::new();
    for permit in live_permits(step)? {
        orphans.push(orphan(step, permit.dial(), Some(permit))?);
    }
    for dial in outlived_outcomes(step)? {
        orphans.push(orphan(step, dial, None)?);
    }
    Ok(Ok(orphans))
}

fn orphan(step: &Step<'_>, dial: DialId, permit: Option<Permit>) -> rusqlite::Result<Orphan> {
    let sql = "SELECT dialled_at FROM jobs WHERE seq = ?1";
    let dialled_at = step
        .db
        .prepare_cached(sql)?
        .query_row([dial.row], |row| row.get::<_, Option<i64>>("dialled_at"))?
        .map(|ms| UnixMs(u64::try_from(ms).unwrap_or(0)));
    Ok(Orphan { dial, permit, dialled_at, legs: legs(step, dial)? })
}

fn live_permits(step: &Step<'_>) -> rusqlite::Result<Vec<Permit>> {
    let sql = "SELECT seq, fence, permit, accepted_at, job, attempts FROM jobs
               WHERE phase = 3 AND run < ?1 ORDER BY seq";
    let mut rows = step.db.prepare_cached(sql)?;
    rows.query_map([step.facts.run], |row| {
        let number = row.get("permit")?;
        Ok(Permit { claim: claim_of(row)?, number })
    })?
    .collect()
}

/// Dials whose outcome is known, by the job's result or by the end of the attempt, and whose leg is not
/// known to be over.
fn outlived_outcomes(step: &Step<'_>) -> rusqlite::Result<Vec<DialId>> {
    let sql = "SELECT DISTINCT l.job AS job, l.permit AS permit FROM legs l JOIN jobs j ON j.seq = l.job
               WHERE j.run < ?1 AND NOT (j.phase = 3 AND l.permit = j.permit) ORDER BY l.job, l.permit";
    let mut rows = step.db.prepare_cached(sql)?;
    rows.query_map([step.facts.run], |row| Ok(DialId { row: row.get("job")?, number: row.get("permit")? }))?
        .collect()
}

/// A record that cannot be read is left out with a word in the log: the job has to end all the same.
fn legs(step: &Step<'_>, dial: DialId) -> rusqlite::Result<Vec<LegRecord>> {
    let sql = "SELECT record FROM legs WHERE job = ?1 AND permit = ?2 ORDER BY n";
    let mut kept = step.db.prepare_cached(sql)?;
    let rows = kept.query_map([dial.row, dial.number], |row| {
        Ok(schema::record::<LegRecord>(row, "record").map_err(|error| {
            tracing::error!(%error, row = dial.row, "unreadable leg record");
        }))
    })?;
    Ok(rows.collect::<rusqlite::Result<Vec<_>>>()?.into_iter().flat_map(Result::ok).flatten().collect())
}

//! Final states: state, result and outbox in one step, and the secrets gone with it.

use rusqlite::{OptionalExtension, Row, params};

use super::board::Board;
use super::events::{self, Of};
use super::reading::{self, Seen};
use super::records;
use super::schema::{self, blob, ms, must, phase, record};
use super::task::{Outcome, Step};
use crate::job::{Job, JobKey, UnixMs};
use crate::number::Number;
use crate::queue::{Cancelled, Fence, Finished, JobView, StoreError};
use crate::reason::Reason;
use crate::report::record::{JobResult, Span};

/// Jobs that end as `expired` in one step; what is left follows with the next one, and cannot be
/// dialled meanwhile.
const MAX_EXPIRED: i64 = 1000;

pub(super) fn finish(
    step: &mut Step<'_>,
    fence: Fence,
    number: &Number,
    result: &JobResult,
) -> Outcome<Finished> {
    let sql = "SELECT phase, fence, result FROM jobs WHERE seq = ?1";
    let found = step
        .db
        .prepare_cached(sql)?
        .query_row([fence.row], |row| {
            Ok((row.get::<_, i64>("phase")?, row.get::<_, i64>("fence")?, record(row, "result")?))
        })
        .optional()?;
    match found {
        Some((phase::FINISHED, _, Some(first))) => Ok(Ok(Finished::Already(Box::new(first)))),
        Some((phase::CLAIMED | phase::DIALLING, held, _)) if held == fence.number => {
            close(step, fence.row, number, result)?;
            Ok(Ok(Finished::Now))
        }
        Some(_) | None => Ok(Err(StoreError::NotHeld)),
    }
}

/// Ends a job that no phone can have rung for. Tells its key.
pub(super) fn end_undialled(
    step: &mut Step<'_>,
    row: i64,
    reason: Reason,
    now: UnixMs,
) -> rusqlite::Result<JobResult> {
    let sql = "SELECT phase, accepted_at, job, attempts FROM jobs WHERE seq = ?1";
    let (before, number, result) = step.db.prepare_cached(sql)?.query_row([row], |row| {
        let job: Job = must(record(row, "job")?)?;
        let accepted_at = schema::time(row, "accepted_at")?;
        let attempts = record(row, "attempts")?.unwrap_or_default();
        let span = Span { accepted_at, finished_at: now };
        let result = JobResult::new(&job, reason, attempts, &step.facts.server, span);
        Ok((row.get::<_, i64>("phase")?, job.to, result))
    })?;
    close(step, row, &number, &result)?;
    if before == phase::CLAIMED {
        step.told.cancelled.push(result.key());
    } else {
        step.told.waiting -= 1;
    }
    Ok(result)
}

/// The final state: the result stays, the number and whatever else the job held goes. What would end
/// its leg stays until the leg is over: the farewell may still be playing.
fn close(step: &mut Step<'_>, row: i64, number: &Number, result: &JobResult) -> rusqlite::Result<()> {
    let sql = "UPDATE jobs SET phase = 4, fence = fence + 1, job = NULL, attempts = NULL,
               result = ?2, finished_at = ?3 WHERE seq = ?1";
    let (at, body) = (ms(result.finished_at), blob(result)?);
    step.db.prepare_cached(sql)?.execute(params![row, body, at])?;
    records::add(step, row, number, result, &body)?;
    step.db.prepare_cached("INSERT INTO outbox(job, tenant, at) VALUES(?1, ?2, ?3)")?.execute(params![
        row,
        result.tenant,
        at
    ])?;
    let key = result.key();
    events::finished(step, Of { row, key: &key }, result)?;
    step.told.results = true;
    step.told.let_go.push(key);
    Ok(())
}

pub(super) fn expire(step: &mut Step<'_>, now: UnixMs) -> Outcome<usize> {
    expire_due(step, now).map(Ok)
}

/// Contract §7.4: nothing is dialled after `expires_at`, however long it waited.
pub(super) fn expire_due(step: &mut Step<'_>, now: UnixMs) -> rusqlite::Result<usize> {
    let sql = "SELECT seq FROM jobs WHERE phase < 3 AND expires_at <= ?1
               ORDER BY expires_at LIMIT ?2";
    let due: Vec<i64> = step
        .db
        .prepare_cached(sql)?
        .query_map([ms(now), MAX_EXPIRED], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for row in &due {
        end_undialled(step, *row, Reason::Expired, now)?;
    }
    Ok(due.len())
}

pub(super) fn cancel(step: &mut Step<'_>, key: &JobKey, now: UnixMs) -> Outcome<Cancelled> {
    let sql = "SELECT seq, tenant, id, content, phase, result FROM jobs
               WHERE tenant = ?1 AND id = ?2";
    let found: Option<(i64, Seen)> = step
        .db
        .prepare_cached(sql)?
        .query_row(params![key.tenant, key.id], |row: &Row<'_>| Ok((row.get("seq")?, reading::seen(row)?)))
        .optional()?;
    let Some((row, seen)) = found else { return Ok(Ok(Cancelled::NotFound)) };
    Ok(Ok(match seen.phase {
        phase::FINISHED => Cancelled::Already(seen.view(step.board)),
        phase::DIALLING => {
            step.told.cancelled.push(key.clone());
            Cancelled::Asked(seen.view(step.board))
        }
        _ => {
            let result = end_undialled(step, row, Reason::Cancelled, now)?;
            Cancelled::Finished(finished_view(step.board, seen, result))
        }
    }))
}

fn finished_view(board: &Board, seen: Seen, result: JobResult) -> JobView {
    Seen { phase: phase::FINISHED, result: Some(result), ..seen }.view(board)
}

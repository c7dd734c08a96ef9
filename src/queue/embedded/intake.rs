//! A job in: new, the same again, or another under the same id.

use rusqlite::{OptionalExtension, params};

use super::RETRY_QUEUE_FULL;
use super::events::{self, Of};
use super::reading::{self, Seen};
use super::schema::{blob, ms};
use super::task::{Outcome, Step};
use crate::job::{Fingerprint, Job, UnixMs};
use crate::queue::{JobView, Submitted};
use crate::report::progress::Progress;

pub(super) fn submit(step: &mut Step<'_>, job: &Job, print: Fingerprint, now: UnixMs) -> Outcome<Submitted> {
    if let Some(seen) = same_id(step, job)? {
        return Ok(Ok(if seen.content == print.0 {
            Submitted::Same(seen.view(step.board))
        } else {
            Submitted::Conflict
        }));
    }
    let waiting = i64::try_from(step.board.depth()).unwrap_or(i64::MAX) + step.told.waiting;
    if usize::try_from(waiting).unwrap_or(0) >= step.facts.max_waiting {
        return Ok(Ok(Submitted::QueueFull { retry_after: RETRY_QUEUE_FULL }));
    }
    insert(step, job, print, now)?;
    let of = Of { row: step.db.last_insert_rowid(), key: &job.key };
    events::accepted(step, of, now)?;
    step.told.waiting += 1;
    step.told.work = true;
    let id = job.key.id.clone();
    Ok(Ok(Submitted::New(JobView { id, state: Progress::Queued, result: None })))
}

fn same_id(step: &Step<'_>, job: &Job) -> rusqlite::Result<Option<Seen>> {
    let sql = "SELECT tenant, id, content, phase, result FROM jobs WHERE tenant = ?1 AND id = ?2";
    let mut rows = step.db.prepare_cached(sql)?;
    rows.query_row(params![job.key.tenant, job.key.id], reading::seen).optional()
}

fn insert(step: &Step<'_>, job: &Job, print: Fingerprint, now: UnixMs) -> rusqlite::Result<usize> {
    let sql = "INSERT INTO jobs(tenant, id, content, phase, urgency, accepted_at, expires_at, job)
               VALUES(?1, ?2, ?3, 0, ?4, ?5, ?6, ?7)";
    step.db.prepare_cached(sql)?.execute(params![
        job.key.tenant,
        job.key.id,
        print.0,
        // Ascending in the index: 9 is the most urgent.
        9 - i64::from(job.priority),
        ms(now),
        ms(job.expires_at),
        blob(job)?,
    ])
}

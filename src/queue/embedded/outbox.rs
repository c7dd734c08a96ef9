//! Results out: in order, until every consumer has acknowledged them or their days have passed.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};

use super::keeping;
use super::records;
use super::schema::{ms, must, record};
use super::task::{Outcome, Step};
use crate::job::UnixMs;
use crate::queue::{Consumer, Cursor, Published, StoreError};

/// Consumers that a store knows. Each holds results back, so that a made-up name an hour must not
/// fill the disk.
const MAX_CONSUMERS: i64 = 64;
/// Rows that one prune removes of each kind.
const MAX_PRUNED: i64 = 5000;
/// Contract §2: an id is kept 7 days.
const ID_KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Long enough for whoever follows a job to come back; what is to be kept longer is the record.
const EVENTS_KEPT: Duration = Duration::from_secs(24 * 60 * 60);
/// A job has about a dozen.
const MAX_EVENTS_PRUNED: i64 = 4 * MAX_PRUNED;
/// No call lasts so long: a leg whose end was not seen by then is over all the same.
const LEG_KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// A tenant's name is never empty, so that the empty one can stand for everybody.
fn scope(consumer: &Consumer) -> &str {
    consumer.tenant().unwrap_or_default()
}

/// How far the consumer has acknowledged; `None` if it is a new one.
pub(super) fn acked(db: &Connection, consumer: &Consumer) -> rusqlite::Result<Option<i64>> {
    let sql = "SELECT acked FROM consumers WHERE tenant = ?1 AND name = ?2";
    let mut rows = db.prepare_cached(sql)?;
    rows.query_row([scope(consumer), consumer.name()], |row| row.get(0)).optional()
}

pub(super) fn register(step: &mut Step<'_>, consumer: &Consumer) -> Outcome<()> {
    if acked(step.db, consumer)?.is_some() {
        return Ok(Ok(()));
    }
    let known: i64 = step.db.query_row("SELECT count(*) FROM consumers", [], |row| row.get(0))?;
    if known >= MAX_CONSUMERS {
        return Ok(Err(StoreError::TooManyConsumers));
    }
    step.db.execute(
        "INSERT INTO consumers(tenant, name, acked) VALUES(?1, ?2, 0)",
        [scope(consumer), consumer.name()],
    )?;
    Ok(Ok(()))
}

pub(super) fn unacknowledged(
    db: &Connection,
    consumer: &Consumer,
    limit: usize,
) -> rusqlite::Result<Vec<Published>> {
    let of_tenant = match consumer.tenant() {
        Some(_) => "AND o.tenant = ?2",
        // The parameter must occur; a tenant's name is never null.
        None => "AND ?2 IS NOT NULL",
    };
    let sql = format!(
        "SELECT o.seq AS seq, j.result AS result FROM outbox o JOIN jobs j ON j.seq = o.job
         WHERE o.seq > ?1 {of_tenant} ORDER BY o.seq LIMIT ?3"
    );
    let after = acked(db, consumer)?.unwrap_or(0);
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = db.prepare_cached(&sql)?;
    rows.query_map(params![after, scope(consumer), limit], |row| {
        let cursor = Cursor::of_row(row.get("seq")?);
        Ok(Published { cursor, result: must(record(row, "result")?)? })
    })?
    .collect()
}

pub(super) fn ack(step: &mut Step<'_>, consumer: &Consumer, row: i64) -> Outcome<()> {
    let last: i64 = step
        .db
        .prepare_cached("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'outbox'")?
        .query_row([], |row| row.get(0))?;
    if row > last {
        return Ok(Err(StoreError::BadCursor));
    }
    if let Err(refused) = register(step, consumer)? {
        return Ok(Err(refused));
    }
    // Never back: an acknowledgement that comes late must not bring results again.
    step.db
        .prepare_cached("UPDATE consumers SET acked = max(acked, ?3) WHERE tenant = ?1 AND name = ?2")?
        .execute(params![scope(consumer), consumer.name(), row])?;
    Ok(Ok(()))
}

pub(super) fn prune(step: &mut Step<'_>, now: UnixMs) -> Outcome<usize> {
    let days_passed = past_their_days(step, now)?;
    let done_with = acknowledged_by_all(step)?;
    let legs = forgotten_legs(step, now)?;
    old_events(step, now)?;
    records::prune(step, before(now, step.facts.records_kept), MAX_PRUNED)?;
    let jobs = finished_jobs(step, now)?;
    let kept = keeping::forget(step, now)?;
    step.told.checkpoint = true;
    Ok(Ok(days_passed + done_with + legs + jobs + kept))
}

fn before(now: UnixMs, kept: Duration) -> i64 {
    ms(now).saturating_sub(i64::try_from(kept.as_millis()).unwrap_or(i64::MAX))
}

fn past_their_days(step: &Step<'_>, now: UnixMs) -> rusqlite::Result<usize> {
    // The oldest rows only, so that a full outbox is not walked through every time.
    let sql = "DELETE FROM outbox WHERE seq IN (SELECT seq FROM
               (SELECT seq, at FROM outbox ORDER BY seq LIMIT ?2) WHERE at < ?1)";
    let cutoff = before(now, step.facts.results_kept);
    step.db.prepare_cached(sql)?.execute([cutoff, MAX_PRUNED])
}

/// A consumer of everybody's results holds back all of them, one of a tenant only that tenant's.
fn acknowledged_by_all(step: &Step<'_>) -> rusqlite::Result<usize> {
    let floors: Vec<(String, i64)> = step
        .db
        .prepare_cached("SELECT tenant, min(acked) FROM consumers GROUP BY tenant")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let everybody = floors.iter().find(|(tenant, _)| tenant.is_empty()).map(|(_, floor)| *floor);
    let mut removed = 0;
    for (tenant, floor) in floors.iter().filter(|(tenant, _)| !tenant.is_empty()) {
        let sql = "DELETE FROM outbox WHERE seq IN (SELECT seq FROM outbox
                   WHERE tenant = ?1 AND seq <= ?2 ORDER BY seq LIMIT ?3)";
        let floor = everybody.map_or(*floor, |all| all.min(*floor));
        removed += step.db.prepare_cached(sql)?.execute(params![tenant, floor, MAX_PRUNED])?;
    }
    if let Some(floor) = everybody {
        let sql = "DELETE FROM outbox WHERE seq IN (SELECT seq FROM outbox WHERE seq <= ?1
                   AND tenant NOT IN (SELECT tenant FROM consumers) ORDER BY seq LIMIT ?2)";
        removed += step.db.prepare_cached(sql)?.execute([floor, MAX_PRUNED])?;
    }
    Ok(removed)
}

/// Whose end nobody saw: a record that cannot be read, or a store that was not opened for a day.
fn forgotten_legs(step: &Step<'_>, now: UnixMs) -> rusqlite::Result<usize> {
    let sql = "DELETE FROM legs WHERE job IN
               (SELECT seq FROM jobs WHERE phase = 4 AND finished_at < ?1 AND seq IN (SELECT job FROM legs))";
    step.db.prepare_cached(sql)?.execute([before(now, LEG_KEPT)])
}

/// The oldest first, as [`past_their_days`].
fn old_events(step: &Step<'_>, now: UnixMs) -> rusqlite::Result<usize> {
    let sql = "DELETE FROM events WHERE seq IN (SELECT seq FROM
               (SELECT seq, at FROM events ORDER BY seq LIMIT ?2) WHERE at < ?1)";
    step.db.prepare_cached(sql)?.execute([before(now, EVENTS_KEPT), MAX_EVENTS_PRUNED])
}

/// The row of a finished job is its dedupe key and holds its result: it goes when both have had
/// their days.
fn finished_jobs(step: &Step<'_>, now: UnixMs) -> rusqlite::Result<usize> {
    let sql = "DELETE FROM jobs WHERE seq IN (SELECT seq FROM jobs
               WHERE phase = 4 AND finished_at < ?1 ORDER BY finished_at LIMIT ?2)
               AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.job = jobs.seq)";
    let cutoff = before(now, ID_KEPT.max(step.facts.results_kept));
    step.db.prepare_cached(sql)?.execute([cutoff, MAX_PRUNED])
}

//! Events of jobs: rows beside what else a job writes, in the same transaction.
//!
//! Progress is noted on the [`Board`] in memory and written with the job's next row, or at once where
//! somebody follows. It is told only when it is durable, so that no number is ever given twice.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row, params};
use tokio::sync::broadcast;

use super::board::Board;
use super::records;
use super::schema::{self, blob, ms, record};
use super::task::{Outcome, Step};
use crate::job::{JobKey, UnixMs};
use crate::queue::{After, CallEnd, Event, EventFilter, EventPage, Fed, Feed, Place, Placed};
use crate::report::progress::Progress;
use crate::report::record::JobResult;

/// One row an event. `data` is the end of a call; a result is read from its job.
pub(super) const TABLES: &str = "
CREATE TABLE events(
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  job INTEGER NOT NULL,
  tenant TEXT NOT NULL,
  n INTEGER NOT NULL,
  at INTEGER NOT NULL,
  event INTEGER NOT NULL,
  data BLOB
) STRICT;
CREATE UNIQUE INDEX events_job ON events(job, n);
";

/// Events that a job may have; more presses and sayings than any call has room for.
const MAX_OF_JOB: u32 = 200;
/// Rows read at a time, whether they fit the filter or not.
const MAX_SCAN: usize = 1000;
const PAGE: usize = 100;
/// Followers at one time: each holds a page of events.
pub(super) const MAX_FOLLOWERS: usize = 256;
/// Events that may wait for the slowest follower; past it that one reads them from the tables.
pub(super) const MAX_WAITING: usize = 1024;

/// A job's row and name.
#[derive(Clone, Copy)]
pub(super) struct Of<'a> {
    pub(super) row: i64,
    pub(super) key: &'a JobKey,
}

/// What an event has beside its name.
enum With<'a> {
    Nothing,
    Result(&'a JobResult),
    /// The end of a call, and how it stands in the tables.
    End(&'a CallEnd, &'a [u8]),
}

/// The first two events of every job.
pub(super) fn accepted(step: &mut Step<'_>, of: Of<'_>, now: UnixMs) -> rusqlite::Result<()> {
    add(step, of, 1, Progress::Accepted, now, With::Nothing)?;
    add(step, of, 2, Progress::Queued, now, With::Nothing)
}

/// An event of a job that is not held, or that the store itself brings about.
pub(super) fn happened(
    step: &mut Step<'_>,
    of: Of<'_>,
    event: Progress,
    now: UnixMs,
) -> rusqlite::Result<()> {
    let n = next(step, of.row)?;
    if n <= MAX_OF_JOB { add(step, of, n, event, now, With::Nothing) } else { Ok(()) }
}

/// The last but one event of a job whose call goes on, the last of all others.
pub(super) fn finished(step: &mut Step<'_>, of: Of<'_>, result: &JobResult) -> rusqlite::Result<()> {
    noted(step, of)?;
    let n = next(step, of.row)?;
    add(step, of, n, Progress::Finished, result.finished_at, With::Result(result))
}

/// The end of a call.
pub(super) fn ended(step: &mut Step<'_>, of: Of<'_>, end: &CallEnd, now: UnixMs) -> Outcome<()> {
    if !is_kept(step, of.row)? {
        return Ok(Ok(()));
    }
    noted(step, of)?;
    let n = next(step, of.row)?;
    let written = blob(end)?;
    add(step, of, n, Progress::Ended, now, With::End(end, &written))?;
    records::ended(step, of.row, &written)?;
    Ok(Ok(()))
}

/// Fraud was reported after the result.
pub(super) fn fraud_reported(step: &mut Step<'_>, of: Of<'_>, now: UnixMs) -> Outcome<()> {
    if is_kept(step, of.row)? {
        happened(step, of, Progress::FraudReported, now)?;
    }
    Ok(Ok(()))
}

/// Not a job whose days have passed, or another store's.
fn is_kept(step: &Step<'_>, row: i64) -> rusqlite::Result<bool> {
    step.db.prepare_cached("SELECT 1 FROM jobs WHERE seq = ?1")?.exists([row])
}

/// Writes what the board holds of a job.
pub(super) fn noted(step: &mut Step<'_>, of: Of<'_>) -> rusqlite::Result<()> {
    let written = step.told.written.get(of.key).copied().unwrap_or(0);
    let noted = step.board.noted(of.key);
    let Some(new) = noted.get(written..).filter(|new| !new.is_empty()) else { return Ok(()) };
    let first = next(step, of.row)?;
    for (n, (at, event)) in (first..=MAX_OF_JOB).zip(new) {
        add(step, of, n, *event, *at, With::Nothing)?;
    }
    step.told.written.insert(of.key.clone(), noted.len());
    Ok(())
}

/// Writes what the board holds of every job, for a follower who comes while calls are up.
pub(super) fn all_noted(step: &mut Step<'_>) -> Outcome<()> {
    for (key, row) in step.board.all_noted() {
        noted(step, Of { row, key: &key })?;
    }
    Ok(Ok(()))
}

fn next(step: &Step<'_>, row: i64) -> rusqlite::Result<u32> {
    let sql = "SELECT coalesce(max(n), 0) + 1 FROM events WHERE job = ?1";
    step.db.prepare_cached(sql)?.query_row([row], |row| row.get(0))
}

fn add(
    step: &mut Step<'_>,
    of: Of<'_>,
    n: u32,
    event: Progress,
    at: UnixMs,
    with: With<'_>,
) -> rusqlite::Result<()> {
    let data = match with {
        With::Nothing | With::Result(_) => None,
        With::End(_, written) => Some(written),
    };
    let sql = "INSERT INTO events(job, tenant, n, at, event, data) VALUES(?1, ?2, ?3, ?4, ?5, ?6)";
    let number = number(event);
    step.db.prepare_cached(sql)?.execute(params![of.row, of.key.tenant, n, ms(at), number, data])?;
    if step.board.followers() > 0 {
        let (result, ended) = match with {
            With::Nothing => (None, None),
            With::Result(result) => (Some(result.clone()), None),
            With::End(end, _) => (None, Some(end.clone())),
        };
        let JobKey { tenant, id } = of.key.clone();
        let event = Event { job: id, tenant, n, event, at, result, ended };
        step.told.events.push(Placed { place: Place(step.db.last_insert_rowid()), event });
    }
    Ok(())
}

/// An event's number in the tables: its place in the list of all.
fn number(event: Progress) -> i64 {
    event as i64
}

fn named(number: i64) -> Option<Progress> {
    Progress::ALL.get(usize::try_from(number).ok()?).copied()
}

/// What a page reads of each row.
const COLUMNS: &str = "e.seq AS seq, e.tenant AS tenant, j.id AS id, e.n AS n, e.at AS at, e.event AS event,
    e.data AS data, CASE e.event WHEN 10 THEN j.result END AS result";

pub(super) fn page(
    db: &Connection,
    filter: &EventFilter,
    after: After,
) -> rusqlite::Result<Option<EventPage>> {
    match (filter, after) {
        (EventFilter::Job(key), After::Number(n)) => of_job(db, key, n),
        (EventFilter::Job(key), After::Place(place)) => of_job_after(db, key, place),
        (EventFilter::Tenant(_) | EventFilter::Everybody, After::Place(place)) => {
            of_all(db, filter, place).map(Some)
        }
        (EventFilter::Tenant(_) | EventFilter::Everybody, After::Number(_)) => {
            of_all(db, filter, Place(0)).map(Some)
        }
    }
}

fn of_job_after(db: &Connection, key: &JobKey, place: Place) -> rusqlite::Result<Option<EventPage>> {
    let sql = "SELECT coalesce(max(e.n), 0) FROM events e JOIN jobs j ON j.seq = e.job
               WHERE j.tenant = ?1 AND j.id = ?2 AND e.seq <= ?3";
    let n = db.prepare_cached(sql)?.query_row(params![key.tenant, key.id, place.0], |row| row.get(0))?;
    of_job(db, key, n)
}

fn of_job(db: &Connection, key: &JobKey, after: u32) -> rusqlite::Result<Option<EventPage>> {
    let job: Option<i64> = db
        .prepare_cached("SELECT seq FROM jobs WHERE tenant = ?1 AND id = ?2")?
        .query_row(params![key.tenant, key.id], |row| row.get(0))
        .optional()?;
    let Some(job) = job else { return Ok(None) };
    let sql = format!(
        "SELECT {COLUMNS} FROM events e JOIN jobs j ON j.seq = e.job
         WHERE e.job = ?1 AND e.n > ?2 ORDER BY e.n LIMIT ?3"
    );
    let mut rows = db.prepare_cached(&sql)?;
    let events: Vec<Placed> =
        rows.query_map(params![job, after, PAGE as i64], placed)?.collect::<rusqlite::Result<_>>()?;
    let next = events.last().filter(|_| events.len() == PAGE).map(|last| last.place);
    Ok(Some(EventPage { events, next }))
}

fn of_all(db: &Connection, filter: &EventFilter, after: Place) -> rusqlite::Result<EventPage> {
    // A tenant that has few events must not hold the reader for long: the rows looked at are bounded.
    let sql = format!(
        "SELECT {COLUMNS} FROM events e JOIN jobs j ON j.seq = e.job WHERE e.seq > ?1 ORDER BY e.seq LIMIT ?2"
    );
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query(params![after.0, MAX_SCAN as i64])?;
    let mut page = EventPage::default();
    let (mut last, mut scanned) = (after, 0);
    while let Some(row) = rows.next()? {
        let wanted = match filter {
            EventFilter::Tenant(tenant) => row.get_ref("tenant")?.as_str()? == tenant,
            EventFilter::Job(_) | EventFilter::Everybody => true,
        };
        if wanted {
            page.events.push(placed(row)?);
        }
        last = Place(row.get("seq")?);
        scanned += 1;
        if page.events.len() == PAGE {
            break;
        }
    }
    page.next = (scanned == MAX_SCAN || page.events.len() == PAGE).then_some(last);
    Ok(page)
}

fn placed(row: &Row<'_>) -> rusqlite::Result<Placed> {
    let number: i64 = row.get("event")?;
    let event = Event {
        job: row.get("id")?,
        tenant: row.get("tenant")?,
        n: row.get("n")?,
        event: schema::must(named(number))?,
        at: schema::time(row, "at")?,
        result: record(row, "result")?,
        ended: record(row, "data")?,
    };
    Ok(Placed { place: Place(row.get("seq")?), event })
}

pub(super) fn latest(db: &Connection) -> rusqlite::Result<Place> {
    let sql = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'events'";
    db.prepare_cached(sql)?.query_row([], |row| row.get(0)).map(Place)
}

/// Events as their commits are told.
pub struct Followed(pub(super) broadcast::Receiver<Arc<Placed>>);

impl Feed for Followed {
    async fn next(&mut self) -> Fed {
        match self.0.recv().await {
            Ok(event) => Fed::Event(event),
            Err(broadcast::error::RecvError::Lagged(_)) => Fed::Behind,
            Err(broadcast::error::RecvError::Closed) => Fed::Closed,
        }
    }
}

impl Board {
    /// Tells what a commit made durable.
    pub(super) fn feed(&self, events: Vec<Placed>) {
        for event in events {
            // The only error is that the last follower has just gone.
            let _ = self.followed.send(Arc::new(event));
        }
    }
}

//! The record: narrow rows to filter and count by, their bodies beside them.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};

use super::audit;
use super::schema::{blob, ms, must, record};
use super::task::{Outcome, Step};
use crate::access::Actor;
use crate::job::{JobKey, UnixMs};
use crate::number::Number;
use crate::queue::{CallEnd, Cursor, RecordFilter, RecordPage};
use crate::reason::Verdict;
use crate::report::record::{AttemptRecord, JobResult};
use crate::report::recorded::{Record, Tally, TallyBy};

/// A record has its job's row. Of an erased user the body is gone, and the row is nobody's.
pub(super) const TABLES: &str = "
CREATE TABLE records(
  seq INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  tenant TEXT NOT NULL,
  job TEXT,
  user TEXT,
  verdict TEXT NOT NULL,
  reason TEXT NOT NULL,
  country TEXT NOT NULL,
  prefix TEXT NOT NULL,
  trunk TEXT NOT NULL,
  language TEXT NOT NULL,
  rung INTEGER NOT NULL,
  answered INTEGER NOT NULL
) STRICT;
CREATE INDEX records_user ON records(tenant, user) WHERE user IS NOT NULL;
CREATE TABLE bodies(seq INTEGER PRIMARY KEY, body BLOB NOT NULL, number BLOB NOT NULL) STRICT;
";

/// The end of a job's call, learnt after its result.
pub(super) const ENDED: &str = "ALTER TABLE bodies ADD COLUMN ended BLOB;";

/// Rows that one erasure takes at a time; the asker asks until none is left.
pub(super) const ERASED_AT_ONCE: usize = 500;
/// Rows looked at for one page, whether they fit or not.
const MAX_SCAN: i64 = 20_000;

/// A job has its result.
pub(super) fn add(
    step: &Step<'_>,
    row: i64,
    number: &Number,
    result: &JobResult,
    body: &[u8],
) -> rusqlite::Result<()> {
    let last = result.attempts.last();
    let sql =
        "INSERT INTO records(seq, at, tenant, job, user, verdict, reason, country, prefix, trunk, language,
               rung, answered) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
    step.db.prepare_cached(sql)?.execute(params![
        row,
        ms(result.finished_at),
        result.tenant,
        result.job,
        result.user,
        verdict(result.verdict),
        result.reason.word(),
        country(number),
        number.prefix(),
        last.map_or("", |last| last.trunk.as_str()),
        result.locale_played.as_deref().unwrap_or_default(),
        result.attempts.iter().any(|attempt| attempt.rung),
        result.attempts.iter().any(|attempt| attempt.answered_ms.is_some()),
    ])?;
    let sealed = step.facts.seal.seal(row, number);
    let sql = "INSERT INTO bodies(seq, body, number) VALUES(?1, ?2, ?3)";
    step.db.prepare_cached(sql)?.execute(params![row, body, sealed])?;
    Ok(())
}

fn verdict(verdict: Verdict) -> String {
    serde_json::to_value(verdict).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

fn country(number: &Number) -> String {
    match number.validity(&[]) {
        Ok(region) => region.region.to_owned(),
        Err(_) => number.calling_code().map_or_else(String::new, |code| format!("+{code}")),
    }
}

/// What was not known at the verdict is known now: `end` as its event has it, beside the body.
pub(super) fn ended(step: &Step<'_>, row: i64, end: &[u8]) -> rusqlite::Result<()> {
    step.db.prepare_cached("UPDATE bodies SET ended = ?2 WHERE seq = ?1")?.execute(params![row, end])?;
    Ok(())
}

/// The result in a row of `body` and `ended`, with what the end of its call told.
fn told(row: &Row<'_>) -> rusqlite::Result<JobResult> {
    let mut result: JobResult = must(record(row, "body")?)?;
    let end: Option<CallEnd> = record(row, "ended")?;
    let Some(end) = end else { return Ok(result) };
    let same = |attempt: &&mut AttemptRecord| attempt.call_id == end.attempt.call_id;
    if let Some(attempt) = result.attempts.iter_mut().find(same) {
        *attempt = end.attempt;
        result.key = end.key.or(result.key);
    }
    Ok(result)
}

/// What a filter asks of the narrow rows; the parameters in the order of their numbers.
fn wanted(filter: &RecordFilter) -> (String, Vec<Value>) {
    let mut sql = String::new();
    let mut values = Vec::new();
    let texts = [
        ("tenant", &filter.tenant),
        ("user", &filter.user),
        ("reason", &filter.reason),
        ("verdict", &filter.verdict),
    ];
    for (column, text) in texts {
        if let Some(text) = text {
            values.push(Value::from(text.clone()));
            sql.push_str(&format!(" AND r.{column} = ?{}", values.len()));
        }
    }
    for (comparison, at) in [(">=", filter.from), ("<", filter.to)] {
        if let Some(at) = at {
            values.push(Value::from(ms(at)));
            sql.push_str(&format!(" AND r.at {comparison} ?{}", values.len()));
        }
    }
    (sql, values)
}

pub(super) fn page(
    db: &Connection,
    filter: &RecordFilter,
    after: i64,
    limit: usize,
) -> rusqlite::Result<RecordPage> {
    let (wanted, mut values) = wanted(filter);
    let first = values.len() + 1;
    // A filter that matches little must not hold the reader for long: the rows looked at are bounded.
    let scanned: i64 = db
        .prepare_cached("SELECT coalesce(max(seq), 0) FROM (SELECT seq FROM records WHERE seq > ?1 ORDER BY seq LIMIT ?2)")?
        .query_row([after, MAX_SCAN], |row| row.get(0))?;
    values.extend([after, scanned, limit as i64].map(Value::from));
    let sql = format!(
        "SELECT r.seq AS seq, b.body AS body, b.ended AS ended FROM records r JOIN bodies b ON b.seq = r.seq
         WHERE r.seq > ?{first} AND r.seq <= ?{}{wanted} ORDER BY r.seq LIMIT ?{}",
        first + 1,
        first + 2
    );
    let mut statement = db.prepare(&sql)?;
    let read = |row: &Row<'_>| Ok((row.get::<_, i64>("seq")?, told(row)?));
    let found: Vec<(i64, JobResult)> =
        statement.query_map(params_from_iter(values), read)?.collect::<rusqlite::Result<_>>()?;
    let full = found.len() == limit;
    let last = found.last().filter(|_| full).map_or(scanned, |(seq, _)| *seq);
    let more = db.prepare_cached("SELECT 1 FROM records WHERE seq > ?1 LIMIT 1")?.exists([last])?;
    let records = found.into_iter().map(|(_, result)| Record::of(result, None)).collect();
    Ok(RecordPage { records, next: more.then(|| Cursor::of_row(last)) })
}

/// One record, with its row.
fn find(db: &Connection, key: &JobKey) -> rusqlite::Result<Option<(i64, JobResult, Vec<u8>)>> {
    // The same id may come again after its days; the latest is meant.
    let sql = "SELECT r.seq AS seq, b.body AS body, b.ended AS ended, b.number AS number
               FROM records r JOIN bodies b ON b.seq = r.seq
               WHERE r.tenant = ?1 AND r.job = ?2 ORDER BY r.seq DESC LIMIT 1";
    let read = |row: &Row<'_>| Ok((row.get("seq")?, told(row)?, row.get("number")?));
    db.prepare_cached(sql)?.query_row(params![key.tenant, key.id], read).optional()
}

pub(super) fn one(db: &Connection, key: &JobKey) -> rusqlite::Result<Option<Record>> {
    Ok(find(db, key)?.map(|(_, result, _)| Record::of(result, None)))
}

/// As [`one`], with the full number; noted before it is told.
pub(super) fn disclose(
    step: &mut Step<'_>,
    key: &JobKey,
    actor: &Actor,
    now: UnixMs,
) -> Outcome<Option<Record>> {
    let Some((row, result, sealed)) = find(step.db, key)? else { return Ok(Ok(None)) };
    audit::note(step.db, actor, "number_disclosed", &key.tenant, &format!("of job {}", key.id), now)?;
    Ok(Ok(Some(Record::of(result, step.facts.seal.open(row, sealed)))))
}

/// Erases some records of a user; tells how many.
pub(super) fn erase(step: &mut Step<'_>, tenant: &str, user: &str) -> Outcome<usize> {
    let sql = "SELECT seq FROM records WHERE tenant = ?1 AND user = ?2 LIMIT ?3";
    let rows: Vec<i64> = step
        .db
        .prepare_cached(sql)?
        .query_map(params![tenant, user, ERASED_AT_ONCE as i64], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for row in &rows {
        step.db.prepare_cached("DELETE FROM bodies WHERE seq = ?1")?.execute([row])?;
        step.db
            .prepare_cached("UPDATE records SET user = NULL, job = NULL WHERE seq = ?1")?
            .execute([row])?;
        step.db.prepare_cached("DELETE FROM events WHERE job = ?1")?.execute([row])?;
        forget_in_result(step, *row)?;
    }
    step.told.checkpoint = true;
    Ok(Ok(rows.len()))
}

/// The result that consumers may still ask for names the user no more.
fn forget_in_result(step: &Step<'_>, row: i64) -> rusqlite::Result<()> {
    let sql = "SELECT result FROM jobs WHERE seq = ?1 AND phase = 4";
    let kept = step.db.prepare_cached(sql)?.query_row([row], |row| record::<JobResult>(row, "result"));
    let Some(mut result) = kept.optional()?.flatten() else { return Ok(()) };
    (result.user, result.client_ip) = (None, None);
    step.db
        .prepare_cached("UPDATE jobs SET result = ?2 WHERE seq = ?1")?
        .execute(params![row, blob(&result)?])?;
    Ok(())
}

pub(super) fn erased(
    step: &mut Step<'_>,
    tenant: &str,
    count: usize,
    actor: &Actor,
    now: UnixMs,
) -> Outcome<()> {
    // The user's name is what was to be erased, so that the trail has only how much there was.
    audit::note(step.db, actor, "user_erased", tenant, &format!("{count} records"), now)?;
    Ok(Ok(()))
}

pub(super) fn tally(db: &Connection, filter: &RecordFilter, by: TallyBy) -> rusqlite::Result<Vec<Tally>> {
    let (wanted, values) = wanted(filter);
    let column = by.name();
    let sql = format!(
        "SELECT r.{column} AS k, r.reason AS reason, count(*) AS asked, sum(r.rung) AS rung,
         sum(r.answered) AS answered, sum(r.verdict = 'verified') AS verified
         FROM records r WHERE 1{wanted} GROUP BY r.{column}, r.reason ORDER BY r.{column}, r.reason"
    );
    let mut statement = db.prepare(&sql)?;
    let mut rows = statement.query(params_from_iter(values))?;
    let mut tallies: Vec<Tally> = Vec::new();
    while let Some(row) = rows.next()? {
        let of: String = row.get("k")?;
        if tallies.last().is_none_or(|last| last.of != of) {
            tallies.push(Tally { of, ..Tally::default() });
        }
        let Some(tally) = tallies.last_mut() else { continue };
        let count = |name: &str| row.get::<_, i64>(name).map(|count| u64::try_from(count).unwrap_or(0));
        tally.asked += count("asked")?;
        tally.rung += count("rung")?;
        tally.answered += count("answered")?;
        tally.verified += count("verified")?;
        tally.reasons.insert(row.get("reason")?, count("asked")?);
    }
    Ok(tallies)
}

/// Removes records that are older than this, some at a time.
pub(super) fn prune(step: &Step<'_>, before: i64, limit: i64) -> rusqlite::Result<usize> {
    let old = "(SELECT seq FROM (SELECT seq, at FROM records ORDER BY seq LIMIT ?2) WHERE at < ?1)";
    step.db.prepare_cached(&format!("DELETE FROM bodies WHERE seq IN {old}"))?.execute([before, limit])?;
    step.db.prepare_cached(&format!("DELETE FROM records WHERE seq IN {old}"))?.execute([before, limit])
}

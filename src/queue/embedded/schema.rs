//! Tables, and how times and records stand in them.

use rusqlite::config::DbConfig;
use rusqlite::types::{FromSqlError, Type};
use rusqlite::{Connection, Row};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{events, records, tokens};
use crate::job::UnixMs;

/// What makes each version of the tables out of the one before; a new store takes every step. Steps are
/// only ever added: a store of any older gateway opens.
const STEPS: &[&str] =
    &[TABLES, KEPT, tokens::TABLES, events::TABLES, records::TABLES, records::ENDED, DIALLED];

/// Grows with [`STEPS`]; a store of a newer gateway is refused.
pub(super) const VERSION: i64 = STEPS.len() as i64;

/// The version of the tables that are there; 0 where there are none.
pub(super) fn version(db: &Connection) -> rusqlite::Result<i64> {
    db.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Takes the steps that the tables have not taken yet, all or none. Tells the version they are at then.
pub(super) fn renew(db: &Connection) -> rusqlite::Result<i64> {
    let tx = db.unchecked_transaction()?;
    let found = version(&tx)?;
    for step in STEPS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        tx.execute_batch(step)?;
    }
    if found < VERSION {
        tx.pragma_update(None, "user_version", VERSION)?;
    }
    tx.commit()?;
    version(db)
}

/// Where a job stands in the store, as far as its holder and outsiders see a difference; before
/// these come 0, queued, and 1, released and not to be claimed yet.
pub(super) mod phase {
    /// Held, not dialled.
    pub(in super::super) const CLAIMED: i64 = 2;
    /// Held, with a live permit.
    pub(in super::super) const DIALLING: i64 = 3;
    /// Has its result.
    pub(in super::super) const FINISHED: i64 = 4;
}

/// `jobs.job`, `jobs.attempts` and `legs` hold the number in the clear. The first two go at the final
/// state, a row of `legs` when the leg is known to be over, which may be some seconds later.
/// The partial indexes name the phases by their figures.
const TABLES: &str = "
CREATE TABLE meta(name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
CREATE TABLE jobs(
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant TEXT NOT NULL,
  id TEXT NOT NULL,
  content BLOB NOT NULL,
  phase INTEGER NOT NULL,
  urgency INTEGER NOT NULL,
  accepted_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  not_before INTEGER NOT NULL DEFAULT 0,
  fence INTEGER NOT NULL DEFAULT 0,
  run INTEGER NOT NULL DEFAULT 0,
  permit INTEGER NOT NULL DEFAULT 0,
  job BLOB,
  attempts BLOB,
  result BLOB,
  finished_at INTEGER,
  UNIQUE(tenant, id)
) STRICT;
CREATE INDEX jobs_due ON jobs(urgency, expires_at, seq) WHERE phase = 0;
CREATE INDEX jobs_waiting ON jobs(not_before) WHERE phase = 1;
CREATE INDEX jobs_claimed ON jobs(seq) WHERE phase = 2;
CREATE INDEX jobs_dialling ON jobs(seq) WHERE phase = 3;
CREATE INDEX jobs_expiring ON jobs(expires_at) WHERE phase < 3;
CREATE INDEX jobs_finished ON jobs(finished_at) WHERE phase = 4;
CREATE TABLE legs(
  job INTEGER NOT NULL,
  permit INTEGER NOT NULL,
  n INTEGER NOT NULL,
  record BLOB NOT NULL,
  PRIMARY KEY(job, permit, n)
) STRICT, WITHOUT ROWID;
CREATE TABLE outbox(
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  job INTEGER NOT NULL,
  tenant TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX outbox_tenant ON outbox(tenant, seq);
CREATE UNIQUE INDEX outbox_job ON outbox(job);
CREATE TABLE consumers(
  tenant TEXT NOT NULL,
  name TEXT NOT NULL,
  acked INTEGER NOT NULL,
  PRIMARY KEY(tenant, name)
) STRICT, WITHOUT ROWID;
";

/// When the job's last permit was given.
const DIALLED: &str = "ALTER TABLE jobs ADD COLUMN dialled_at INTEGER;";

/// What other rooms have to remember, by kind and key; the store does not read it.
const KEPT: &str = "
CREATE TABLE kept(
  kind INTEGER NOT NULL,
  key BLOB NOT NULL,
  until INTEGER NOT NULL,
  record BLOB NOT NULL,
  PRIMARY KEY(kind, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX kept_until ON kept(until);
";

/// WAL with a sync at every commit: what is committed survives a loss of power. Freed bytes are
/// overwritten, since they held numbers.
pub(super) fn prepare(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch(
        "PRAGMA auto_vacuum = INCREMENTAL;
         PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA secure_delete = ON;
         PRAGMA temp_store = MEMORY;
         PRAGMA busy_timeout = 5000;",
    )?;
    // A plan that hangs on the values bound to it would be made anew for each of them.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    db.set_prepared_statement_cache_capacity(64);
    Ok(())
}

/// A moment as the tables hold it.
pub(super) fn ms(time: UnixMs) -> i64 {
    i64::try_from(time.0).unwrap_or(i64::MAX)
}

/// The moment in this column.
pub(super) fn time(row: &Row<'_>, column: &str) -> rusqlite::Result<UnixMs> {
    let ms: i64 = row.get(column)?;
    Ok(UnixMs(u64::try_from(ms).unwrap_or(0)))
}

/// A record as the tables hold it.
pub(super) fn blob<T: Serialize>(record: &T) -> rusqlite::Result<Vec<u8>> {
    serde_json::to_vec(record).map_err(|e| rusqlite::Error::ToSqlConversionFailure(e.into()))
}

/// The record in this column, if there is one.
pub(super) fn record<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<T>> {
    let bytes: Option<Vec<u8>> = row.get(column)?;
    let read = bytes.map(|bytes| serde_json::from_slice(&bytes)).transpose();
    read.map_err(|e| rusqlite::Error::FromSqlConversionFailure(0, Type::Blob, e.into()))
}

/// The record in this column, which its phase says must be there.
pub(super) fn must<T>(record: Option<T>) -> rusqlite::Result<T> {
    record.ok_or_else(|| {
        rusqlite::Error::FromSqlConversionFailure(0, Type::Null, FromSqlError::InvalidType.into())
    })
}

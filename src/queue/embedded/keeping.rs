//! What other rooms have to remember: rows by kind and key that nobody here reads.

use rusqlite::{Connection, params};

use super::schema::ms;
use super::task::{Outcome, Step};
use crate::job::UnixMs;
use crate::queue::{Keep, Kept};

/// Rows that one prune removes.
const MAX_PRUNED: i64 = 5000;

pub(super) fn keep(step: &mut Step<'_>, rows: &[Keep]) -> Outcome<()> {
    for row in rows {
        match &row.record {
            Some(record) => {
                let sql = "INSERT OR REPLACE INTO kept(kind, key, until, record) VALUES(?1, ?2, ?3, ?4)";
                step.db.prepare_cached(sql)?.execute(params![row.kind, row.key, ms(row.until), record])?;
            }
            None => {
                let sql = "DELETE FROM kept WHERE kind = ?1 AND key = ?2";
                step.db.prepare_cached(sql)?.execute(params![row.kind, row.key])?;
            }
        }
    }
    Ok(Ok(()))
}

/// A page of one kind, the greatest keys first.
pub(super) fn kept(
    db: &Connection,
    kind: u8,
    before: Option<&[u8]>,
    limit: usize,
) -> rusqlite::Result<Vec<Kept>> {
    let sql = "SELECT key, record FROM kept WHERE kind = ?1 AND (?2 IS NULL OR key < ?2)
               ORDER BY key DESC LIMIT ?3";
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = db.prepare_cached(sql)?;
    rows.query_map(params![kind, before, limit], |row| Ok(Kept { key: row.get(0)?, record: row.get(1)? }))?
        .collect()
}

/// Removes what may be forgotten; tells how many rows.
pub(super) fn forget(step: &Step<'_>, now: UnixMs) -> rusqlite::Result<usize> {
    let sql = "DELETE FROM kept WHERE (kind, key) IN
               (SELECT kind, key FROM kept WHERE until < ?1 ORDER BY until LIMIT ?2)";
    step.db.prepare_cached(sql)?.execute([ms(now), MAX_PRUNED])
}

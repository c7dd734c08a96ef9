//! Who did what that somebody may ask about later.

use rusqlite::{Connection, Row, params};

use super::schema::{self, ms};
use crate::access::Actor;
use crate::job::UnixMs;
use crate::queue::Audited;

/// Notes an act in the transaction that does it, so that neither stands without the other.
pub(super) fn note(
    db: &Connection,
    actor: &Actor,
    action: &str,
    tenant: &str,
    about: &str,
    now: UnixMs,
) -> rusqlite::Result<usize> {
    let sql = "INSERT INTO audit(at, actor, action, tenant, about) VALUES(?1, ?2, ?3, ?4, ?5)";
    db.prepare_cached(sql)?.execute(params![ms(now), actor.to_string(), action, tenant, about])
}

/// The latest acts of one tenant, or of all.
pub(super) fn latest(db: &Connection, tenant: Option<&str>, limit: usize) -> rusqlite::Result<Vec<Audited>> {
    let sql = "SELECT at, actor, action, tenant, about FROM audit WHERE ?1 IS NULL OR tenant = ?1
               ORDER BY seq DESC LIMIT ?2";
    let read = |row: &Row<'_>| {
        Ok(Audited {
            at: schema::time(row, "at")?,
            actor: row.get("actor")?,
            action: row.get("action")?,
            tenant: row.get("tenant")?,
            about: row.get("about")?,
        })
    };
    db.prepare_cached(sql)?.query_map(params![tenant, limit as i64], read)?.collect()
}

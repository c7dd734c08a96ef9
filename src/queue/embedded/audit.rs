//! Who did what that somebody may ask about later.

use rusqlite::{Connection, params};

use super::schema::ms;
use crate::access::Actor;
use crate::job::UnixMs;

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

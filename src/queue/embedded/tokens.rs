//! Tokens by their digests.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::audit;
use super::schema::{self, must, record};
use crate::access::{
    Actor, Admission, Digest, Grant, NewToken, Presented, Scope, TokenId, TokenOrder, TokenView,
};
use crate::job::UnixMs;
use crate::queue::StoreError;

/// Far more than an organisation has services; a loop that makes tokens is stopped by it.
const MAX_TOKENS: i64 = 10_000;

/// A revoked token keeps its row: a door that once asked for tokens never opens by itself again.
pub(super) const TABLES: &str = "
CREATE TABLE tokens(
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  digest BLOB NOT NULL,
  name TEXT NOT NULL,
  tenant TEXT NOT NULL,
  roles BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  revoked_at INTEGER
) STRICT;
CREATE TABLE audit(
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  tenant TEXT NOT NULL,
  about TEXT NOT NULL
) STRICT;
";

pub(super) fn admit(db: &Connection, presented: Option<&Presented>) -> rusqlite::Result<Admission> {
    if !db.prepare_cached("SELECT 1 FROM tokens LIMIT 1")?.exists([])? {
        return Ok(Admission::Open);
    }
    let Some(presented) = presented else { return Ok(Admission::Unknown) };
    let sql = "SELECT id, digest, tenant, roles FROM tokens WHERE id = ?1 AND revoked_at IS NULL";
    let found = db.prepare_cached(sql)?.query_row([&presented.id.0], |row| {
        let grant = Grant {
            token: TokenId(row.get("id")?),
            scope: Scope::from(row.get::<_, String>("tenant")?),
            roles: must(record(row, "roles")?)?,
        };
        Ok((Digest::from_bytes(row.get("digest")?), grant))
    });
    Ok(match found.optional()? {
        Some((digest, grant)) if presented.is(&digest) => Admission::Granted(grant),
        Some(_) | None => Admission::Unknown,
    })
}

pub(super) fn create(
    db: &Connection,
    new: &NewToken,
    order: &TokenOrder,
    actor: &Actor,
    now: UnixMs,
) -> rusqlite::Result<Result<TokenView, StoreError>> {
    let known: i64 = db.query_row("SELECT count(*) FROM tokens", [], |row| row.get(0))?;
    if known >= MAX_TOKENS {
        return Ok(Err(StoreError::TooManyTokens));
    }
    let sql =
        "INSERT INTO tokens(id, digest, name, tenant, roles, created_at) VALUES(?1, ?2, ?3, ?4, ?5, ?6)";
    let tenant = order.tenant.to_string();
    let roles = schema::blob(&order.roles)?;
    db.execute(sql, params![new.id.0, new.digest.as_bytes(), order.name, tenant, roles, schema::ms(now)])?;
    let about = format!("{} {:?}, roles {}", new.id, order.name, order.roles);
    audit::note(db, actor, "token_created", &tenant, &about, now)?;
    Ok(Ok(TokenView {
        id: new.id.clone(),
        name: order.name.clone(),
        tenant: order.tenant.clone(),
        roles: order.roles.clone(),
        created_at: now,
        revoked_at: None,
    }))
}

pub(super) fn list(db: &Connection) -> rusqlite::Result<Vec<TokenView>> {
    let sql = "SELECT id, name, tenant, roles, created_at, revoked_at FROM tokens ORDER BY seq";
    db.prepare_cached(sql)?.query_map([], view)?.collect()
}

fn view(row: &Row<'_>) -> rusqlite::Result<TokenView> {
    let revoked: Option<i64> = row.get("revoked_at")?;
    Ok(TokenView {
        id: TokenId(row.get("id")?),
        name: row.get("name")?,
        tenant: Scope::from(row.get::<_, String>("tenant")?),
        roles: must(record(row, "roles")?)?,
        created_at: schema::time(row, "created_at")?,
        revoked_at: revoked.map(|_| schema::time(row, "revoked_at")).transpose()?,
    })
}

pub(super) fn revoke(
    db: &Connection,
    id: &TokenId,
    actor: &Actor,
    now: UnixMs,
) -> rusqlite::Result<Option<TokenView>> {
    let sql = "UPDATE tokens SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL";
    let changed = db.execute(sql, params![id.0, schema::ms(now)])?;
    let sql = "SELECT id, name, tenant, roles, created_at, revoked_at FROM tokens WHERE id = ?1";
    let found = db.prepare_cached(sql)?.query_row([&id.0], view).optional()?;
    if let Some(token) = found.as_ref().filter(|_| changed > 0) {
        let about = format!("{} {:?}", token.id, token.name);
        audit::note(db, actor, "token_revoked", &token.tenant.to_string(), &about, now)?;
    }
    Ok(found)
}

//! `/v1/blocks`: whom not to call, by whom and until when.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Front;
use super::caller::Caller;
use super::calls::ScopeQuery;
use super::params::{JsonBytes, Params, number, read_body};
use super::problem::Problem;
use crate::access::{Actor, Role};
use crate::gateway::NotBlocked;
use crate::job::UnixMs;
use crate::policy::{Audited, Block, BlockFilter, BlockKind, BlockOrder, ListDefaults};

const DEFAULT_PAGE: u32 = 100;
const LARGEST_PAGE: u32 = 1_000;
/// A list of 100,000 lines with reasons; more comes in several.
pub(super) const LARGEST_LIST_BYTES: usize = 32 << 20;
/// Bad lines that one answer tells; their number is told whole.
const MOST_BAD_TOLD: usize = 1_000;
const MOST_DAYS: u32 = 3_650;
const DAY: Duration = Duration::from_secs(86_400);
/// Who orders, where nobody says.
const DEFAULT_ACTOR: &str = "http";
/// `?tenant=` of everybody.
const EVERYBODY: &str = "*";

/// Whose jobs a block is for; `None` is everybody's, which only a token of tenant `*` may change.
fn operated(caller: &Caller, tenant: Option<String>) -> Result<Option<String>, Problem> {
    if tenant.as_deref() == Some(EVERYBODY) {
        caller.must_for_all(Role::Operate)?;
        return Ok(None);
    }
    caller.changes(Role::Operate, tenant).map(Some)
}

/// Whose blocks are read; `None` is everybody's.
fn read_scope(caller: &Caller, tenant: Option<String>) -> Result<Option<String>, Problem> {
    Ok(caller.reads_any(tenant)?.tenant().map(str::to_owned))
}

/// Who orders, for the audit trail: a token by its id, with the name that it gives.
fn actor(caller: &Caller, named: Option<String>) -> String {
    match (caller.actor(), named) {
        (Actor::Token(id), Some(name)) => format!("token {id} ({name})"),
        (Actor::Token(id), None) => format!("token {id}"),
        (Actor::Local | Actor::Door, named) => named.unwrap_or_else(|| DEFAULT_ACTOR.to_owned()),
    }
}

/// `?tenant=&kind=&value=&after=&limit=`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    /// The tenant, or `*` for every one.
    #[schemars(regex(pattern = r"^(\*|[A-Za-z0-9_-]{1,64})$"))]
    tenant: Option<String>,
    /// Only of this kind.
    #[schemars(with = "Option<BlockKind>")]
    kind: Option<String>,
    /// Only this one; needs `kind`.
    value: Option<String>,
    /// The `next` of the page before.
    after: Option<String>,
    /// At most so many.
    #[schemars(with = "Option<u32>", range(min = 1, max = LARGEST_PAGE))]
    limit: Option<String>,
}

/// Some blocks.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Blocks {
    blocks: Vec<Block>,
    /// For `after`; null at the end.
    next: Option<String>,
}

/// `GET /v1/blocks`: those for the jobs of one tenant, or of everybody.
pub(super) async fn list(
    State(front): State<Front>,
    caller: Caller,
    Params(query): Params<ListQuery>,
) -> Result<Json<Blocks>, Problem> {
    let kind = query.kind.as_deref().map(kind_of).transpose()?;
    if query.value.is_some() && kind.is_none() {
        return Err(Problem::field("kind", "a value has to have its kind", "send kind= with value="));
    }
    let filter = BlockFilter { tenant: read_scope(&caller, query.tenant)?, kind, value: query.value };
    let limit = number("limit", query.limit.as_deref(), DEFAULT_PAGE, 1..=LARGEST_PAGE)?;
    let (blocks, next) = front.admission.blocks(&filter, query.after.as_deref(), limit as usize);
    Ok(Json(Blocks { blocks, next }))
}

/// The body of `POST /v1/blocks`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "BlockOrder")]
pub(super) struct Ordered {
    #[schemars(with = "BlockKind")]
    kind: String,
    value: String,
    reason: String,
    actor: Option<String>,
    /// How long; without it and `until` for ever.
    #[schemars(range(min = 1, max = MOST_DAYS))]
    days: Option<u32>,
    until: Option<UnixMs>,
}

/// `POST /v1/blocks`: 201 when the block is durable and holds.
pub(super) async fn block(
    State(front): State<Front>,
    caller: Caller,
    Params(query): Params<ScopeQuery>,
    JsonBytes(body): JsonBytes,
) -> Result<(StatusCode, Json<Block>), Problem> {
    let ordered: Ordered = read_body(&body, "see /v1/openapi.json")?;
    let order = BlockOrder {
        kind: kind_of(&ordered.kind)?,
        value: ordered.value,
        tenant: operated(&caller, query.tenant)?,
        reason: ordered.reason,
        actor: actor(&caller, ordered.actor),
        until: until((front.now)(), ordered.days, ordered.until)?,
    };
    match front.admission.block(order).await.map_err(refused)? {
        Some(block) => Ok((StatusCode::CREATED, Json(block))),
        None => Err(Problem::field("value", "nothing was blocked", "send another value")),
    }
}

/// The body of `POST /v1/blocks/list`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "BlockList")]
pub(super) struct List {
    csv: String,
    #[serde(default)]
    partial: bool,
    /// Of the lines that do not say; `number` without it.
    #[schemars(with = "Option<BlockKind>")]
    kind: Option<String>,
    reason: String,
    actor: Option<String>,
    #[schemars(range(min = 1, max = MOST_DAYS))]
    days: Option<u32>,
    until: Option<UnixMs>,
}

/// What became of a list.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Listed {
    taken: usize,
    bad: usize,
    /// The first of the bad lines.
    problems: Vec<BadLine>,
}

/// One line that was not taken.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct BadLine {
    line: u64,
    problem: String,
}

/// `POST /v1/blocks/list`: 201 when the lines are durable and hold, 200 when some were bad: then none is
/// taken, or with `partial` the good ones.
pub(super) async fn block_list(
    State(front): State<Front>,
    caller: Caller,
    Params(query): Params<ScopeQuery>,
    JsonBytes(body): JsonBytes,
) -> Result<(StatusCode, Json<Listed>), Problem> {
    let list: List = read_body(&body, "see /v1/openapi.json")?;
    let defaults = ListDefaults {
        kind: list.kind.as_deref().map_or(Ok(BlockKind::Number), kind_of)?,
        tenant: operated(&caller, query.tenant)?,
        reason: list.reason,
        actor: actor(&caller, list.actor),
        until: until((front.now)(), list.days, list.until)?,
    };
    let listed = front.admission.block_list(&list.csv, &defaults, list.partial).await.map_err(refused)?;
    let status = if listed.bad.is_empty() { StatusCode::CREATED } else { StatusCode::OK };
    let bad = listed.bad.len();
    let told = listed.bad.into_iter().take(MOST_BAD_TOLD);
    let problems = told.map(|bad| BadLine { line: bad.line, problem: bad.problem }).collect();
    Ok((status, Json(Listed { taken: listed.taken, bad, problems })))
}

/// `?tenant=&reason=&actor=`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UnblockQuery {
    /// The tenant, or `*` for every one.
    #[schemars(regex(pattern = r"^(\*|[A-Za-z0-9_-]{1,64})$"))]
    tenant: Option<String>,
    reason: Option<String>,
    actor: Option<String>,
}

/// `DELETE /v1/blocks/{id}`: the block that was lifted.
pub(super) async fn unblock(
    State(front): State<Front>,
    caller: Caller,
    Path(id): Path<String>,
    Params(query): Params<UnblockQuery>,
) -> Result<Json<Block>, Problem> {
    let scope = operated(&caller, query.tenant)?;
    let actor = actor(&caller, query.actor);
    let reason = query.reason.unwrap_or_default();
    let lifted = front.admission.unblock(&id, scope.as_deref(), &actor, &reason).await?;
    lifted.map(Json).ok_or_else(|| {
        Problem::not_found("this tenant has no block of this id", "look at the id, and at ?tenant=")
    })
}

/// `?tenant=&before=&limit=`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AuditQuery {
    /// The tenant, or `*` for every one.
    #[schemars(regex(pattern = r"^(\*|[A-Za-z0-9_-]{1,64})$"))]
    tenant: Option<String>,
    /// The `next` of the page before.
    before: Option<String>,
    /// At most so many.
    #[schemars(with = "Option<u32>", range(min = 1, max = LARGEST_PAGE))]
    limit: Option<String>,
}

/// Some lines of the audit trail, the latest first.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Trail {
    entries: Vec<Audited>,
    /// For `before`; null at the end.
    next: Option<String>,
}

/// `GET /v1/blocks/audit`.
pub(super) async fn audit(
    State(front): State<Front>,
    caller: Caller,
    Params(query): Params<AuditQuery>,
) -> Result<Json<Trail>, Problem> {
    let scope = read_scope(&caller, query.tenant)?;
    let before = query.before.as_deref().map(place).transpose()?;
    let limit = number("limit", query.limit.as_deref(), DEFAULT_PAGE, 1..=LARGEST_PAGE)? as usize;
    let page = front.admission.audit(before, limit).await?;
    let next = page.last().filter(|_| page.len() == limit).map(|(key, _)| HEXLOWER.encode(key));
    let seen = |entry: &Audited| scope.is_none() || entry.block.tenant == scope;
    let entries = page.into_iter().map(|(_, entry)| entry).filter(seen).collect();
    Ok(Json(Trail { entries, next }))
}

fn place(text: &str) -> Result<Vec<u8>, Problem> {
    HEXLOWER_PERMISSIVE
        .decode(text.as_bytes())
        .map_err(|_| Problem::field("before", "no place of the trail", "send the next of the page before"))
}

fn kind_of(name: &str) -> Result<BlockKind, Problem> {
    BlockKind::from_name(name).ok_or_else(|| {
        let names = BlockKind::ALL.map(BlockKind::name).join(", ");
        Problem::field("kind", "there is no such kind", format!("send one of {names}"))
    })
}

fn until(now: UnixMs, days: Option<u32>, until: Option<UnixMs>) -> Result<Option<UnixMs>, Problem> {
    match (days, until) {
        (Some(_), Some(_)) => Err(Problem::field("days", "days and until contradict", "send one of them")),
        (Some(days), None) if !(1..=MOST_DAYS).contains(&days) => {
            Err(Problem::field("days", "outside its range", format!("send 1 to {MOST_DAYS}")))
        }
        (Some(days), None) => Ok(Some(now.plus(DAY * days))),
        (None, until) => Ok(until),
    }
}

fn refused(why: NotBlocked) -> Problem {
    match why {
        NotBlocked::Malformed(problem) => Problem::field("value", problem, "correct it and send it again"),
        NotBlocked::Store(error) => error.into(),
    }
}

//! `/v1/results`: verdicts out, in order, until they are acknowledged.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::caller::Caller;
use super::calls::ScopeQuery;
use super::params::{JsonBytes, Params, number, read_body};
use super::problem::Problem;
use super::{Front, closed};
use crate::access::Scope;
use crate::queue::{Consumer, Cursor, JobStore, Published};

const DEFAULT_LIMIT: u32 = 100;
const LARGEST_LIMIT: u32 = 1_000;
/// Proxies on the way cut silent connections after a minute or more.
const LONGEST_WAIT_S: u32 = 60;

/// `?consumer=&wait=&limit=`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ResultsQuery {
    /// The tenant, or `*` for every one.
    #[schemars(regex(pattern = r"^(\*|[A-Za-z0-9_-]{1,64})$"))]
    tenant: Option<String>,
    /// Under which name to read: each has its own place in the sequence.
    #[schemars(required, regex(pattern = r"^[A-Za-z0-9._-]{1,64}$"))]
    consumer: Option<String>,
    /// How many seconds to wait for the first result.
    #[schemars(with = "Option<u32>", range(max = LONGEST_WAIT_S))]
    wait: Option<String>,
    /// At most so many results.
    #[schemars(with = "Option<u32>", range(min = 1, max = LARGEST_LIMIT))]
    limit: Option<String>,
}

/// The answer of `GET /v1/results`.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Results {
    /// In order.
    results: Vec<Published>,
}

/// `GET /v1/results`: what this consumer has not acknowledged; waits up to `wait` seconds for it.
pub(super) async fn results(
    State(front): State<Front>,
    caller: Caller,
    Params(query): Params<ResultsQuery>,
) -> Result<Json<Results>, Problem> {
    let scope = caller.reads_any(query.tenant)?;
    let consumer = consumer(&scope, query.consumer.as_deref())?;
    let wait = number("wait", query.wait.as_deref(), 0, 0..=LONGEST_WAIT_S)?;
    let limit = number("limit", query.limit.as_deref(), DEFAULT_LIMIT, 1..=LARGEST_LIMIT)? as usize;
    let wait = Duration::from_secs(wait.into());
    let results = tokio::select! {
        biased;
        results = front.store.results(&consumer, limit, wait) => results?,
        () = closed(front.closing.clone()) => Vec::new(),
    };
    Ok(Json(Results { results }))
}

/// The body of `POST /v1/results/ack`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Ack {
    /// The reader's name.
    #[schemars(regex(pattern = r"^[A-Za-z0-9._-]{1,64}$"))]
    consumer: String,
    /// All up to this one are done with.
    cursor: String,
}

/// `POST /v1/results/ack`: all up to the cursor are done with.
pub(super) async fn ack(
    State(front): State<Front>,
    caller: Caller,
    Params(query): Params<ScopeQuery>,
    JsonBytes(body): JsonBytes,
) -> Result<StatusCode, Problem> {
    let scope = caller.reads_any(query.tenant)?;
    let ack: Ack = read_body(&body, "send {\"consumer\":\"NAME\",\"cursor\":\"…\"}")?;
    let consumer = consumer(&scope, Some(&ack.consumer))?;
    front.store.ack(&consumer, Cursor::from_text(&ack.cursor)).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn consumer(scope: &Scope, name: Option<&str>) -> Result<Consumer, Problem> {
    const REMEDY: &str = "send 1 to 64 of A-Z a-z 0-9 . _ -";
    let Some(name) = name else { return Err(Problem::field("consumer", "the parameter is missing", REMEDY)) };
    Consumer::new(scope.tenant(), name)
        .ok_or_else(|| Problem::field("consumer", "this is no consumer's name", REMEDY))
}

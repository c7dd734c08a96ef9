//! `/v1/calls`: jobs in, shown, listed, withdrawn.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use super::Front;
use super::caller::Caller;
use super::params::{JsonBytes, Params, number};
use super::problem::Problem;
use crate::access::Role;
use crate::job::{Job, JobKey};
use crate::queue::{Cancelled, Cursor, JobStore, JobView, ListFilter, Page, Submitted};
use crate::report::progress::Progress;

/// A drain is over, or the process is, after about this long.
const DRAIN_RETRY: Duration = Duration::from_secs(30);
const DEFAULT_PAGE: u32 = 100;
const LARGEST_PAGE: u32 = 500;

/// `?tenant=`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TenantQuery {
    /// Whose; without it the token's own tenant, else `default`.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,64}$"))]
    pub(super) tenant: Option<String>,
}

/// `?tenant=`, or `?tenant=*` for every one.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ScopeQuery {
    /// The tenant, or `*` for every one.
    #[schemars(regex(pattern = r"^(\*|[A-Za-z0-9_-]{1,64})$"))]
    pub(super) tenant: Option<String>,
}

/// `POST /v1/calls`: 202 when the job is durable, 200 when it was there already.
pub(super) async fn submit(
    State(front): State<Front>,
    caller: Caller,
    Params(query): Params<TenantQuery>,
    headers: HeaderMap,
    JsonBytes(body): JsonBytes,
) -> Result<Response, Problem> {
    let named = query.tenant.is_some();
    let tenant = caller.submits(query.tenant)?;
    let job = Job::read(&body, &tenant, (front.now)(), rand::random())
        .and_then(|job| front.rules.borrow().check(&job).map(|()| job))
        .map_err(|refused| Problem::refused(&refused))?;
    if named && job.key.tenant != tenant {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "tenant",
            "the job is for another tenant than the call",
            "send ?tenant= and the field alike",
        ));
    }
    caller.must_submit_for(&job.key.tenant)?;
    same_idempotency_key(&headers, &job.key)?;
    if front.gateway().draining {
        return Err(Problem::unavailable("the gateway is shutting down", DRAIN_RETRY));
    }
    let key = job.key.clone();
    submitted(&key, front.store.submit(job, (front.now)()).await?)
}

/// A client that trusts in `Idempotency-Key` must not be called twice for it: here the key is `id`.
fn same_idempotency_key(headers: &HeaderMap, key: &JobKey) -> Result<(), Problem> {
    match headers.get("idempotency-key") {
        Some(value) if value.as_bytes() != key.id.as_bytes() => Err(Problem::field(
            "Idempotency-Key",
            "the header is not the job's id",
            "send the key as the job's field id",
        )),
        Some(_) | None => Ok(()),
    }
}

/// What became of the job, as HTTP tells it.
fn submitted(key: &JobKey, outcome: Submitted) -> Result<Response, Problem> {
    match outcome {
        Submitted::New(view) => Ok(accepted(key, StatusCode::ACCEPTED, view)),
        Submitted::Same(view) => Ok(accepted(key, StatusCode::OK, view)),
        Submitted::Conflict => Err(Problem::new(
            StatusCode::CONFLICT,
            "id",
            "another job was sent under this id",
            "send another order under a new id",
        )),
        Submitted::QueueFull { retry_after } => Err(Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "",
            "as many jobs wait as may",
            "send it again after Retry-After, under the same id",
        )
        .retry_after(retry_after)),
        Submitted::StoreFull { retry_after } => {
            Err(Problem::unavailable("the disk has no room for new jobs", retry_after))
        }
    }
}

fn accepted(key: &JobKey, status: StatusCode, view: JobView) -> Response {
    let mut response = (status, Json(view)).into_response();
    // Both names consist of characters that stand in a URI as they are.
    if let Ok(location) = HeaderValue::from_str(&format!("/v1/calls/{}?tenant={}", key.id, key.tenant)) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

/// `GET /v1/calls/{id}`.
pub(super) async fn show(
    State(front): State<Front>,
    caller: Caller,
    Path(id): Path<String>,
    Params(query): Params<TenantQuery>,
) -> Result<Json<JobView>, Problem> {
    let key = JobKey { tenant: caller.reads(query.tenant)?, id };
    front.store.get(key).await?.map(Json).ok_or_else(no_such_job)
}

/// `DELETE /v1/calls/{id}`: works also while it rings.
pub(super) async fn cancel(
    State(front): State<Front>,
    caller: Caller,
    Path(id): Path<String>,
    Params(query): Params<TenantQuery>,
) -> Result<Json<JobView>, Problem> {
    let key = JobKey { tenant: caller.changes(Role::Submit, query.tenant)?, id };
    match front.store.cancel(key, (front.now)()).await? {
        Cancelled::Finished(view) | Cancelled::Asked(view) | Cancelled::Already(view) => Ok(Json(view)),
        Cancelled::NotFound => Err(no_such_job()),
    }
}

pub(super) fn no_such_job() -> Problem {
    Problem::not_found("this tenant has no job of this id", "look at the id, and at ?tenant=")
}

/// `?state=&after=&limit=`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    /// The tenant, or `*` for every one.
    #[schemars(regex(pattern = r"^(\*|[A-Za-z0-9_-]{1,64})$"))]
    tenant: Option<String>,
    /// Only jobs in this state; empty is any.
    #[schemars(schema_with = "state_schema")]
    state: Option<String>,
    /// The `next` of the page before.
    after: Option<String>,
    /// At most so many jobs.
    #[schemars(with = "Option<u32>", range(min = 1, max = LARGEST_PAGE))]
    limit: Option<String>,
}

/// The names of the states, and the empty one.
fn state_schema(_: &mut SchemaGenerator) -> Schema {
    let names: Vec<&str> = Progress::states().map(Progress::name).chain([""]).collect();
    json_schema!({ "type": "string", "enum": names })
}

/// `GET /v1/calls`: a page of jobs, oldest first.
pub(super) async fn list(
    State(front): State<Front>,
    caller: Caller,
    Params(query): Params<ListQuery>,
) -> Result<Json<Page>, Problem> {
    let tenant = caller.reads_any(query.tenant)?.tenant().map(str::to_owned);
    let state = query.state.filter(|state| !state.is_empty()).map(|state| named_state(&state)).transpose()?;
    let after = query.after.filter(|after| !after.is_empty()).map(|after| Cursor::from_text(&after));
    let limit = number("limit", query.limit.as_deref(), DEFAULT_PAGE, 1..=LARGEST_PAGE)?;
    Ok(Json(front.store.list(ListFilter { tenant, state }, after, limit as usize).await?))
}

fn named_state(name: &str) -> Result<Progress, Problem> {
    Progress::state_named(name).ok_or_else(|| {
        let names: Vec<_> = Progress::states().map(Progress::name).collect();
        Problem::field("state", "there is no such state", format!("send one of {}", names.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use axum::http::header::RETRY_AFTER;

    use super::*;

    /// Contract §6: 429 and 503 come with Retry-After, and only when intake is full or closing.
    #[test]
    fn a_full_intake_is_told_with_the_time_to_come_again() {
        let key = JobKey { tenant: "default".to_owned(), id: "a".to_owned() };
        let retry_after = Duration::from_millis(1_500);
        for (outcome, status) in [
            (Submitted::QueueFull { retry_after }, StatusCode::TOO_MANY_REQUESTS),
            (Submitted::StoreFull { retry_after }, StatusCode::SERVICE_UNAVAILABLE),
        ] {
            let response = submitted(&key, outcome).unwrap_err().into_response();
            assert_eq!(response.status(), status);
            assert_eq!(response.headers()[RETRY_AFTER], "2");
        }
    }
}

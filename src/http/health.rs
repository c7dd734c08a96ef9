//! `/healthz` and `/readyz`.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;

use super::Front;
use super::problem::Problem;

/// A gateway that starts is ready about as soon.
const RETRY: Duration = Duration::from_secs(2);

/// The answer where all is well.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Status {
    /// One word.
    status: &'static str,
}

/// Liveness: the process answers.
pub(super) async fn healthz() -> Json<Status> {
    Json(Status { status: "ok" })
}

/// Readiness: a job that comes now is worked on.
pub(super) async fn readyz(State(front): State<Front>) -> Result<Json<Status>, Problem> {
    let gateway = front.gateway();
    if gateway.draining {
        Err(Problem::unavailable("the gateway is shutting down", RETRY))
    } else if !gateway.ready {
        Err(Problem::unavailable("the gateway is starting", RETRY))
    } else {
        Ok(Json(Status { status: "ready" }))
    }
}

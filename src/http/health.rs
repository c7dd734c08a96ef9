//! `/healthz` and `/readyz`.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::Front;
use super::problem::Problem;

/// A gateway that starts is ready about as soon.
const RETRY: Duration = Duration::from_secs(2);

/// Liveness: the process answers.
pub(super) async fn healthz() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// Readiness: a job that comes now is worked on.
pub(super) async fn readyz(State(front): State<Front>) -> Result<Json<Value>, Problem> {
    let gateway = front.gateway();
    if gateway.draining {
        Err(Problem::unavailable("the gateway is shutting down", RETRY))
    } else if !gateway.ready {
        Err(Problem::unavailable("the gateway is starting", RETRY))
    } else {
        Ok(Json(json!({ "status": "ready" })))
    }
}

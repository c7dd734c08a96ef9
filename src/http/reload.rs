//! `POST /v1/reload`: policy and prompts anew, without a lost call.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Front;
use super::caller::Caller;
use super::params::{JsonBytes, read_body};
use super::problem::Problem;
use crate::access::Role;
use crate::report::reload::{NotReloaded, Reloaded};

/// Reads the gateway's files anew; all of what is wrong in them, if anything is.
pub type Reload = Arc<dyn Fn() -> Reloading + Send + Sync>;

/// A reload under way.
pub type Reloading = Pin<Box<dyn Future<Output = Result<Reloaded, Vec<NotReloaded>>> + Send>>;

/// The body: an empty object, so that no page of a browser can send it unasked (contract §6).
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// 200 when the new files are in force; 422 when they are wrong and the old ones stay.
pub(super) async fn reload(
    State(front): State<Front>,
    caller: Caller,
    JsonBytes(body): JsonBytes,
) -> Result<Json<Reloaded>, Problem> {
    caller.must_for_all(Role::Operate)?;
    read_body::<Nothing>(&body, "send {}")?;
    (front.reload)().await.map(Json).map_err(Problem::not_reloaded)
}

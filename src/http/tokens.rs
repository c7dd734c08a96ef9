//! `/v1/tokens`: who may come in by this door.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;

use super::Front;
use super::caller::Caller;
use super::params::{JsonBytes, read_body};
use super::problem::Problem;
use crate::access::{NewToken, Role, TokenId, TokenOrder, TokenView};
use crate::queue::TokenStore;

/// The answer of `GET /v1/tokens`.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Tokens {
    /// Every token that was ever made, oldest first.
    tokens: Vec<TokenView>,
}

/// The answer of `POST /v1/tokens`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "NewToken")]
pub(super) struct Created {
    /// The token, as lists show it.
    #[serde(flatten)]
    view: TokenView,
    /// Its text; never told again.
    token: String,
}

/// `POST /v1/tokens`: the token's text is in this answer alone.
pub(super) async fn create(
    State(front): State<Front>,
    caller: Caller,
    JsonBytes(body): JsonBytes,
) -> Result<(StatusCode, Json<Created>), Problem> {
    caller.must_for_all(Role::Operate)?;
    let remedy = "send {\"name\":\"…\",\"tenant\":\"…\",\"roles\":[\"submit\"]}";
    let order: TokenOrder = read_body(&body, remedy)?;
    order.check().map_err(|refused| Problem::field(refused.field(), refused.to_string(), remedy))?;
    caller.must_cover(&order.tenant, &order.roles)?;
    let new = NewToken::make(rand::random());
    let token = new.expose().to_owned();
    let view = front.store.create_token(new, order, caller.actor(), (front.now)()).await?;
    Ok((StatusCode::CREATED, Json(Created { view, token })))
}

/// `GET /v1/tokens`.
pub(super) async fn list(State(front): State<Front>, caller: Caller) -> Result<Json<Tokens>, Problem> {
    caller.must_for_all(Role::Operate)?;
    Ok(Json(Tokens { tokens: front.store.tokens().await? }))
}

/// `DELETE /v1/tokens/{id}`: it is good no more from this answer on.
pub(super) async fn revoke(
    State(front): State<Front>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<TokenView>, Problem> {
    caller.must_for_all(Role::Operate)?;
    let revoked = front.store.revoke_token(TokenId(id), caller.actor(), (front.now)()).await?;
    revoked.map(Json).ok_or_else(|| Problem::not_found("there is no token of this id", "see GET /v1/tokens"))
}

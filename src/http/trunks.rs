//! `GET /v1/trunks`: state and figures of each trunk.

use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;

use super::Front;
use super::caller::Caller;
use super::calls::TenantQuery;
use super::params::Params;
use super::problem::Problem;
use crate::access::Role;
use crate::report::snapshot::TrunkSnapshot;

/// The answer.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Trunks {
    /// In the order of their names.
    trunks: Vec<TrunkSnapshot>,
}

/// The trunks are everybody's; a tenant that is named has to be one all the same.
pub(super) async fn trunks(
    State(front): State<Front>,
    caller: Caller,
    Params(query): Params<TenantQuery>,
) -> Result<Json<Trunks>, Problem> {
    caller.must_for_all(Role::Read)?;
    caller.reads_any(query.tenant)?;
    Ok(Json(Trunks { trunks: front.gateway().trunks.clone() }))
}

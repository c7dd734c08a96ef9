//! `GET /v1/trunks`: state and figures of each trunk.

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use super::Front;
use super::calls::TenantQuery;
use super::params::{Params, tenant};
use super::problem::Problem;
use crate::report::snapshot::TrunkSnapshot;

/// The answer.
#[derive(Debug, Serialize)]
pub(super) struct Trunks {
    trunks: Vec<TrunkSnapshot>,
}

/// The trunks are everybody's; a tenant that is named has to be one all the same.
pub(super) async fn trunks(
    State(front): State<Front>,
    Params(query): Params<TenantQuery>,
) -> Result<Json<Trunks>, Problem> {
    tenant(query.tenant)?;
    Ok(Json(Trunks { trunks: front.gateway().trunks.clone() }))
}

//! Calls of the contract that this version does not have, refused by name.

use super::problem::Problem;

/// `/v1/webhooks`.
pub(super) async fn webhooks() -> Problem {
    Problem::not_built("webhooks", "poll GET /v1/results?consumer=NAME&wait=60")
}

//! Calls of the contract that this version does not have, refused by name.

use super::problem::Problem;

/// `/v1/events` and `/v1/calls/{id}/events`.
pub(super) async fn events() -> Problem {
    Problem::not_built("events", "poll GET /v1/calls/{id}, or GET /v1/results?consumer=NAME&wait=60")
}

/// `/v1/tokens`.
pub(super) async fn tokens() -> Problem {
    Problem::not_built("tokens", "keep the door on loopback")
}

/// `/v1/webhooks`.
pub(super) async fn webhooks() -> Problem {
    Problem::not_built("webhooks", "poll GET /v1/results?consumer=NAME&wait=60")
}

//! A refusal as RFC 9457 has it, with the fields at fault and what to do.

use std::time::Duration;

use axum::Json;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;

use crate::job;
use crate::queue::StoreError;
use crate::report::reload::NotReloaded;

/// When to come again after a fault of the store that may pass.
const STORE_RETRY: Duration = Duration::from_secs(5);

/// One fault: which field, what is wrong, what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
struct Fault {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    field: String,
    problem: String,
    remedy: String,
}

/// A problem document. Its type is `about:blank`: the status says what kind it is (RFC 9457 §4.2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    status: StatusCode,
    faults: Vec<Fault>,
    retry_after: Option<Duration>,
}

/// The document's members (RFC 9457 §3.1), and `problems` as our extension (§3.2).
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub(super) struct Document {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    detail: String,
    problems: Vec<Fault>,
}

impl Problem {
    /// A problem with one fault; `field` may be empty.
    pub(super) fn new(
        status: StatusCode,
        field: &str,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Problem {
        let fault = Fault { field: field.to_owned(), problem: problem.into(), remedy: remedy.into() };
        Problem { status, faults: vec![fault], retry_after: None }
    }

    /// A field or parameter that is malformed.
    pub(super) fn field(field: &str, problem: impl Into<String>, remedy: impl Into<String>) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, field, problem, remedy)
    }

    /// Something of the contract that this version does not have (the contract's head: HTTP 400).
    pub(super) fn not_built(what: &str, remedy: &str) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, "", format!("{what}: not in this version"), remedy)
    }

    /// No token, or none that is good (RFC 6750 §3).
    pub(super) fn unauthorized(problem: &str, remedy: &str) -> Problem {
        Problem::new(StatusCode::UNAUTHORIZED, "Authorization", problem, remedy)
    }

    /// A good token that does not allow this.
    pub(super) fn forbidden(field: &str, problem: impl Into<String>, remedy: impl Into<String>) -> Problem {
        Problem::new(StatusCode::FORBIDDEN, field, problem, remedy)
    }

    /// There is no such thing, or not for this tenant.
    pub(super) fn not_found(problem: &str, remedy: &str) -> Problem {
        Problem::new(StatusCode::NOT_FOUND, "", problem, remedy)
    }

    /// The path exists, the method does not; `Allow` tells which do.
    pub(super) fn method_not_allowed() -> Problem {
        let problem = "this path does not take this method";
        Problem::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "",
            problem,
            "use one of those that the Allow header names",
        )
    }

    /// An order that is no job, with everything that is wrong about it.
    pub(super) fn refused(refused: &job::JobRefused) -> Problem {
        let fault =
            |fault: job::Problem| Fault { field: fault.field, problem: fault.problem, remedy: fault.remedy };
        let faults = refused.problems().into_iter().map(fault).collect();
        Problem { status: StatusCode::BAD_REQUEST, faults, retry_after: None }
    }

    /// Files that are wrong, each fault with its file and line; nothing was changed.
    pub(super) fn not_reloaded(wrong: Vec<NotReloaded>) -> Problem {
        let fault =
            |wrong: NotReloaded| Fault { field: wrong.place, problem: wrong.problem, remedy: wrong.remedy };
        let faults = wrong.into_iter().map(fault).collect();
        Problem { status: StatusCode::UNPROCESSABLE_ENTITY, faults, retry_after: None }
    }

    /// The same problem with a time to come again.
    pub(super) fn retry_after(mut self, retry_after: Duration) -> Problem {
        self.retry_after = Some(retry_after);
        self
    }

    /// Intake is closed for a while, or the gateway's room is used up.
    pub(super) fn unavailable(problem: &str, retry_after: Duration) -> Problem {
        Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "",
            problem,
            "send it again after Retry-After, under the same id",
        )
        .retry_after(retry_after)
    }

    fn detail(&self) -> String {
        let told = |fault: &Fault| match fault.field.as_str() {
            "" => format!("{}: {}", fault.problem, fault.remedy),
            field => format!("{field}: {}: {}", fault.problem, fault.remedy),
        };
        self.faults.iter().map(told).collect::<Vec<_>>().join("; ")
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Problem {
        match error {
            StoreError::NoRoom => Problem::unavailable("the store's disk is full", STORE_RETRY),
            StoreError::Closed => Problem::unavailable("the gateway is shutting down", STORE_RETRY),
            StoreError::BadCursor => Problem::field(
                "cursor",
                "this cursor was not given out here",
                "send a cursor as it was received",
            ),
            StoreError::TooManyConsumers => Problem::new(
                StatusCode::CONFLICT,
                "consumer",
                "the store knows as many consumers as it may",
                "use the name of an earlier consumer",
            ),
            StoreError::TooManyFollowers => Problem::unavailable("as many follow events as may", STORE_RETRY),
            StoreError::TooManyTokens => Problem::new(
                StatusCode::CONFLICT,
                "",
                "the store knows as many tokens as it may",
                "use one that there is",
            ),
            // What is broken within is for the log, not for the one who asked.
            StoreError::NotHeld | StoreError::Broken(_) => {
                tracing::error!(%error, "the store failed a request");
                Problem::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "",
                    "the store failed",
                    "see the gateway's log",
                )
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let detail = self.detail();
        let Problem { status, faults, retry_after } = self;
        let document = Document {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail,
            problems: faults,
        };
        let mut response = (status, Json(document)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"octothorpe\""));
        }
        if let Some(wait) = retry_after {
            // RFC 9110 §10.2.3: whole seconds; rounded up, so that nobody comes too early.
            headers.insert(RETRY_AFTER, HeaderValue::from(wait.as_millis().div_ceil(1000).max(1) as u64));
        }
        response
    }
}

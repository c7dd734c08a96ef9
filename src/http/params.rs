//! Query parameters and JSON bodies, read so that what is wrong is told by name.

use std::ops::RangeInclusive;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;

use super::problem::Problem;

/// The query as fields of strings; unknown and repeated ones are refused by name.
pub(super) struct Params<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Params<T>, Problem> {
        let read: Result<Query<T>, QueryRejection> = Query::from_request_parts(parts, state).await;
        match read {
            Ok(Query(params)) => Ok(Params(params)),
            Err(rejection) => {
                let text = rejection.body_text();
                let told = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(&text);
                // serde names the parameter between backticks.
                let name = told.split('`').nth(1).unwrap_or_default();
                Err(Problem::field(
                    name,
                    format!("the query is not understood: {told}"),
                    "correct or leave out the parameter",
                ))
            }
        }
    }
}

/// The bytes of a body that says it is JSON, at most as long as a job.
pub(super) struct JsonBytes(pub(super) Bytes);

impl<S: Send + Sync> FromRequest<S> for JsonBytes {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<JsonBytes, Problem> {
        if !is_json(request.headers()) {
            let problem = "the body is not announced as JSON";
            let remedy = "send Content-Type: application/json";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Content-Type", problem, remedy));
        }
        let read: Result<Bytes, BytesRejection> = Bytes::from_request(request, state).await;
        read.map(JsonBytes).map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "",
                "the body is longer than 16384 bytes",
                "send less",
            ),
            _ => Problem::field("", "the body cannot be read", "send it whole"),
        })
    }
}

/// The object of a body; what does not fit is told by the field's name.
pub(super) fn read_body<T: DeserializeOwned>(body: &[u8], remedy: &str) -> Result<T, Problem> {
    // serde would take a list of the members' values too.
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err(Problem::field("", "the body is no JSON object", remedy));
    }
    serde_json::from_slice(body).map_err(|error| {
        let told = error.to_string();
        // serde names the field between backticks.
        let field = told.split('`').nth(1).unwrap_or_default().to_owned();
        Problem::field(&field, told, remedy)
    })
}

/// RFC 9110 §8.3.1: type and subtype, in any case, with any parameters.
fn is_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (types.next(), types.next()) else { return false };
    let media_type = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case("application/json")
}

/// A whole number within a range, or the default.
pub(super) fn number(
    name: &str,
    text: Option<&str>,
    default: u32,
    range: RangeInclusive<u32>,
) -> Result<u32, Problem> {
    let Some(text) = text else { return Ok(default) };
    match text.parse::<u32>() {
        Ok(number) if range.contains(&number) => Ok(number),
        Ok(_) | Err(_) => Err(Problem::field(
            name,
            "not a number within its limits",
            format!("send {} to {}, or leave it out for {default}", range.start(), range.end()),
        )),
    }
}

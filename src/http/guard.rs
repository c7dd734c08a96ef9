//! What every request has to pass before it is looked at.

use std::net::IpAddr;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, HOST};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Front;
use super::caller::Caller;
use super::problem::Problem;
use crate::access::{Admission, Presented};
use crate::queue::TokenStore;

/// No answer takes longer: the longest poll and some room for the body.
const LONGEST: Duration = Duration::from_secs(75);

/// Lets a request in, with a word on what it may do for the handlers. Without tokens only requests that
/// name a loopback host are served (contract §6): a web page that resolves its own name to 127.0.0.1 must
/// not reach this door with its visitor's browser.
pub(super) async fn admit(State(front): State<Front>, mut request: Request, next: Next) -> Response {
    // Whether the process lives must not hang on a token that has just been revoked.
    let is_public = is_public(request.uri());
    let presented = match presented(request.headers()) {
        Ok(presented) => presented,
        Err(_) if is_public => None,
        Err(problem) => return problem.into_response(),
    };
    let sent = request.headers().contains_key(AUTHORIZATION);
    let caller = match front.store.admit(presented).await {
        Err(error) => return Problem::from(error).into_response(),
        Ok(Admission::Open) if !names_loopback(request.uri(), request.headers()) => {
            return not_loopback().into_response();
        }
        Ok(Admission::Open) if sent && !is_public => return no_tokens().into_response(),
        Ok(Admission::Open) => Caller::open(),
        Ok(Admission::Granted(grant)) => Caller::of(grant),
        Ok(Admission::Unknown) if is_public => Caller::nobody(),
        Ok(Admission::Unknown) => return unknown(sent).into_response(),
    };
    request.extensions_mut().insert(caller);
    next.run(request).await
}

/// What tells nothing about anybody: whether the process lives, and how it is spoken to.
fn is_public(uri: &Uri) -> bool {
    matches!(uri.path(), "/healthz" | "/readyz" | "/v1/openapi.json")
}

/// The one bearer token of a request (RFC 6750 §2.1), if it has any.
fn presented(headers: &HeaderMap) -> Result<Option<Presented>, Problem> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let scheme = value.to_str().ok().and_then(|value| value.split_once(' '));
    match (scheme, values.next()) {
        (Some((scheme, token)), None) if scheme.eq_ignore_ascii_case("bearer") => {
            Ok(Presented::read(token.trim()))
        }
        (Some(_) | None, Some(_) | None) => Err(Problem::unauthorized(
            "the header is not one bearer token",
            "send Authorization: Bearer TOKEN once",
        )),
    }
}

fn not_loopback() -> Problem {
    Problem::new(
        StatusCode::MISDIRECTED_REQUEST,
        "Host",
        "the Host header does not name a loopback address, and there are no tokens",
        "send the request to 127.0.0.1, [::1] or localhost, or make a token with `octothorpe token create`",
    )
}

/// A request that proves itself by a token would believe that it is held to it.
fn no_tokens() -> Problem {
    Problem::unauthorized(
        "no token was made for this gateway, so that none can be good",
        "leave the header out, or make a token with `octothorpe token create`",
    )
}

fn unknown(sent: bool) -> Problem {
    match sent {
        true => Problem::unauthorized(
            "the token is not one of this gateway, or not any more",
            "send one that `octothorpe token list` shows as good",
        ),
        false => Problem::unauthorized("a token is needed here", "send Authorization: Bearer TOKEN"),
    }
}

/// Ends what takes too long, a body that trickles among it.
pub(super) async fn time_limit(request: Request, next: Next) -> Response {
    match tokio::time::timeout(LONGEST, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            Problem::new(StatusCode::REQUEST_TIMEOUT, "", "the request took too long", "send it at once")
                .into_response()
        }
    }
}

/// Every authority of the request has to be loopback: one `Host`, and the target's own where it is
/// in absolute form (RFC 9112 §3.2.2).
fn names_loopback(uri: &Uri, headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    host.to_str().is_ok_and(is_loopback)
        && uri.authority().is_none_or(|authority| is_loopback(authority.as_str()))
}

/// `localhost` (RFC 6761 §6.3), 127.0.0.0/8 or `[::1]`, with or without a port.
fn is_loopback(authority: &str) -> bool {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        Some(_) | None => authority,
    };
    let address = host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(host);
    host.eq_ignore_ascii_case("localhost") || address.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_authorities_pass() {
        for host in
            ["127.0.0.1", "127.0.0.1:8080", "localhost", "LocalHost:1", "[::1]", "[::1]:8080", "127.9.9.9:80"]
        {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "",
            "example.net",
            "localhost.example.net:8080",
            "10.0.0.1",
            "127.0.0.1.nip.io",
            "127.0.0.1@example.net",
            "[::2]:80",
            "0.0.0.0",
            "example.net:127.0.0.1",
            "127.0.0.1:80:90",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn an_absolute_target_and_a_second_host_are_looked_at_too() {
        let mut headers = HeaderMap::new();
        assert!(!names_loopback(&Uri::from_static("/"), &headers), "no Host at all");
        headers.append(HOST, "127.0.0.1".parse().unwrap());
        assert!(names_loopback(&Uri::from_static("http://127.0.0.1/v1/calls"), &headers));
        assert!(!names_loopback(&Uri::from_static("http://example.net/v1/calls"), &headers));
        headers.append(HOST, "example.net".parse().unwrap());
        assert!(!names_loopback(&Uri::from_static("/"), &headers));
    }
}

//! What every request has to pass before it is looked at.

use std::net::IpAddr;
use std::time::Duration;

use axum::extract::Request;
use axum::http::header::{AUTHORIZATION, HOST};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::problem::Problem;

/// No answer takes longer: the longest poll and some room for the body.
const LONGEST: Duration = Duration::from_secs(75);

/// Without tokens only requests that name a loopback host are served (contract §6): a web page that
/// resolves its own name to 127.0.0.1 must not reach this door with its visitor's browser.
pub(super) async fn loopback_host(request: Request, next: Next) -> Response {
    if names_loopback(request.uri(), request.headers()) {
        return next.run(request).await;
    }
    Problem::new(
        StatusCode::MISDIRECTED_REQUEST,
        "Host",
        "the Host header does not name a loopback address",
        "send the request to 127.0.0.1, [::1] or localhost: bearer tokens are not in this version",
    )
    .into_response()
}

/// A request that proves itself by a token would believe that the token was looked at.
pub(super) async fn no_tokens(request: Request, next: Next) -> Response {
    if request.headers().contains_key(AUTHORIZATION) {
        return Problem::not_built("Authorization (bearer tokens)", "leave the header out").into_response();
    }
    next.run(request).await
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

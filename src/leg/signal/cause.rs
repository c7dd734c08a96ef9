//! What the network said, as a [`Cause`].

use std::time::Duration;

use crate::leg::{Cause, CauseKind, Stage};
use crate::sip::message::{Headers, Name, Reason, Response, Status, Warning};

/// Longest text of a cause, in characters.
const MAX_TEXT: usize = 200;
/// Extension Required (RFC 3261 §21.4.16).
const EXTENSION_REQUIRED: u16 = 421;

/// A cause of ours, without a status.
pub(super) fn ours(kind: CauseKind, stage: Stage, text: impl Into<String>) -> Cause {
    Cause { kind, stage, code: None, q850: None, text: capped(&text.into()), retry_after: None }
}

/// The cause in a final response.
pub(super) fn of_response(kind: CauseKind, stage: Stage, response: &Response) -> Cause {
    let headers = &response.headers;
    let retry_after = headers.retry_after().ok().flatten();
    Cause {
        kind,
        stage,
        code: Some(response.status.code()),
        q850: q850(headers),
        text: text(response),
        retry_after: retry_after.map(|after| Duration::from_secs(after.seconds.into())),
    }
}

/// The cause in a BYE of the far end (RFC 3326).
pub(super) fn of_bye(headers: &Headers) -> Cause {
    let text = reason_text(headers).unwrap_or_default();
    let cause = ours(CauseKind::HungUpByFar, Stage::Answered, text);
    Cause { q850: q850(headers), ..cause }
}

/// The Q.850 cause of a Reason header, which has seven bits (ITU-T Q.850 §2.2.5).
pub(super) fn q850(headers: &Headers) -> Option<u8> {
    headers.q850_cause().and_then(|cause| u8::try_from(cause).ok()).filter(|cause| *cause < 128)
}

/// The reason phrase, and behind it what a 421 requires, a Reason and the Warnings say.
fn text(response: &Response) -> String {
    let mut parts = vec![phrase(response)];
    if response.status.code() == EXTENSION_REQUIRED
        && let Ok(tags) = response.headers.tokens(Name::Require)
    {
        parts.push(format!("requires {}", tags.join(", ")));
    }
    parts.extend(reason_text(&response.headers));
    let warnings = response.headers.list::<Warning>(Name::Warning).unwrap_or_default();
    parts.extend(warnings.into_iter().map(|warning| format!("{} {}", warning.code, warning.text)));
    parts.dedup();
    capped(&parts.join("; "))
}

fn phrase(response: &Response) -> String {
    let said = response.reason.trim();
    if said.is_empty() { response.status.phrase().to_owned() } else { said.to_owned() }
}

fn reason_text(headers: &Headers) -> Option<String> {
    let reasons = headers.reasons().ok()?;
    reasons.iter().find_map(Reason::text).map(|text| text.into_owned())
}

fn capped(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MAX_TEXT).collect()
}

/// Whether a status says that we are not who we should be.
pub(super) fn is_challenge(status: Status) -> bool {
    matches!(status, Status::UNAUTHORIZED | Status::PROXY_AUTHENTICATION_REQUIRED)
}

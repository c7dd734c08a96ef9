//! The order as written: JSON to fields, each of its right type, nothing checked beyond that.

use std::collections::BTreeMap;
use std::net::IpAddr;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::mode::Mode;
use super::problem::{JobRefused, Problem};

/// Contract §2: a job has at most 16 KiB.
pub const MAX_JOB_BYTES: usize = 16 * 1024;

/// What is being confirmed: chooses the context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// A sign-in.
    #[default]
    SignIn,
    /// A new password.
    PasswordReset,
    /// A new account.
    Registration,
}

/// A job as JSON has it. Fields left out are `None`; so are those sent as null.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Job", title = "Job")]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// Version of the format: 1.
    #[schemars(range(min = 1, max = 1))]
    pub v: Option<u64>,
    /// Idempotency key, unique per tenant and kept 7 days; a new ULID if left out.
    #[schemars(regex(pattern = r"^[A-Za-z0-9._:-]{1,64}$"))]
    pub id: Option<String>,
    /// The number: `+`, country code, digits; spaces, dots, dashes, brackets are allowed; an extension after `x`.
    #[schemars(required)]
    pub to: Option<String>,
    /// What the person has to do.
    pub mode: Option<Mode>,
    /// What is being confirmed.
    pub purpose: Option<Purpose>,
    /// BCP 47 tag of the language to speak.
    #[schemars(length(max = 35))]
    pub locale: Option<String>,
    /// Name of a prompt pack.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$"))]
    pub prompts: Option<String>,
    /// The caller id to show, from the configured pool.
    #[schemars(regex(pattern = r"^[A-Za-z0-9+*#._-]{1,64}$"))]
    pub caller_id: Option<String>,
    /// Nothing is dialled after it: RFC 3339, at most 24 h ahead.
    #[schemars(extend("format" = "date-time"))]
    pub expires_at: Option<String>,
    /// A key after it does not verify: RFC 3339, not before `expires_at`.
    #[schemars(extend("format" = "date-time"))]
    pub answer_by: Option<String>,
    /// Upper bound of dials.
    #[schemars(range(min = 1, max = 5))]
    pub attempts: Option<u64>,
    /// Whose job it is.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,64}$"))]
    pub tenant: Option<String>,
    /// Opaque name of the user, at most 128 bytes.
    #[schemars(length(max = 128))]
    pub user: Option<String>,
    /// Where the sign-in comes from.
    pub client_ip: Option<IpAddr>,
    /// 9 first.
    #[schemars(range(max = 9))]
    pub priority: Option<u64>,
    /// Pins one trunk.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$"))]
    pub trunk: Option<String>,
}

/// The fields as sent, by name; those sent as null count as left out.
pub(super) type Sent = BTreeMap<String, Value>;

/// Reads the JSON. Also gives the fields as sent, of which the fingerprint is made.
pub(super) fn read(bytes: &[u8]) -> Result<(Written, Sent), JobRefused> {
    let whole = |problem: String, remedy: &str| JobRefused::one(Problem::new("", problem, remedy));
    if bytes.len() > MAX_JOB_BYTES {
        return Err(whole(format!("the job is longer than {MAX_JOB_BYTES} bytes"), "send less"));
    }
    let sent: Value = serde_json::from_slice(bytes).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        whole(format!("not JSON at line {line}, column {column}"), "send one JSON object in UTF-8")
    })?;
    let Value::Object(sent) = sent else {
        return Err(whole("the job is no object".to_owned(), "send one JSON object in UTF-8"));
    };
    let mut sent: Sent = sent.into_iter().filter(|(_, value)| !value.is_null()).collect();
    newer(&sent)?;
    let mut problems = Vec::new();
    let written = fields(&mut sent, &mut problems);
    twice(bytes, &mut problems);
    if problems.is_empty() { Ok((written, sent)) } else { Err(JobRefused::Malformed(problems)) }
}

/// The version is looked at first: the other fields of a newer one are not ours to judge.
fn newer(sent: &Sent) -> Result<(), JobRefused> {
    match sent.get("v").and_then(Value::as_u64) {
        Some(v) if v > 1 => Err(JobRefused::Newer { v }),
        Some(_) | None => Ok(()),
    }
}

fn fields(sent: &mut Sent, problems: &mut Vec<Problem>) -> Written {
    let mut left: Vec<String> = sent.keys().cloned().collect();
    let mut take = Take { sent, left: &mut left, problems };
    let text = "send a string";
    let number = "send a whole number";
    let written = Written {
        v: take.field("v", "send 1, or leave v out"),
        id: take.field("id", text),
        to: take.field("to", "send the number as a string"),
        mode: take.field("mode", "send a mode of the contract with its own fields and no others"),
        purpose: take.field("purpose", "send sign_in, password_reset or registration"),
        locale: take.field("locale", text),
        prompts: take.field("prompts", text),
        caller_id: take.field("caller_id", text),
        expires_at: take.field("expires_at", "send an RFC 3339 time as a string"),
        answer_by: take.field("answer_by", "send an RFC 3339 time as a string"),
        attempts: take.field("attempts", number),
        tenant: take.field("tenant", text),
        user: take.field("user", text),
        client_ip: take.field("client_ip", "send an IPv4 or IPv6 address as a string"),
        priority: take.field("priority", number),
        trunk: take.field("trunk", text),
    };
    for name in left {
        let name: String = name.chars().take(64).collect();
        problems.push(Problem::new(name, "unknown field", "leave it out, or correct its name"));
    }
    written
}

/// Takes fields out of the object by name and type, and collects what is wrong with them.
struct Take<'a> {
    sent: &'a Sent,
    left: &'a mut Vec<String>,
    problems: &'a mut Vec<Problem>,
}

impl Take<'_> {
    fn field<T: DeserializeOwned>(&mut self, name: &str, remedy: &str) -> Option<T> {
        self.left.retain(|left| left != name);
        let read = T::deserialize(self.sent.get(name)?);
        if read.is_err() {
            self.problems.push(Problem::new(name, "not of the right type or value", remedy));
        }
        read.ok()
    }
}

/// A field sent twice has two readings (RFC 8259 §4), so that it is refused. Only the derived reader
/// sees repetitions; whatever else it has to say has been said by field already.
fn twice(bytes: &[u8], problems: &mut Vec<Problem>) {
    let Err(error) = serde_json::from_slice::<Written>(bytes) else { return };
    let told = error.to_string();
    if let Some(name) = told.strip_prefix("duplicate field `").and_then(|t| t.split('`').next()) {
        problems.push(Problem::new(name, "the field is sent twice", "send it once"));
    }
}

//! The result of a job, exactly as contract §3 has it.

use std::net::IpAddr;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use crate::leg::key::{Distrust, KeyPath};

use crate::job::{Job, JobKey, ModeKind, Purpose, UnixMs};
use crate::number::Number;
use crate::reason::{Fault, Reason, Verdict};

/// A number as results show it: country code and last two digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct MaskedNumber(String);

impl From<&Number> for MaskedNumber {
    fn from(number: &Number) -> Self {
        Self(number.masked())
    }
}

/// What became of one job. What is not known at the verdict is null and follows in the event `ended`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Result", title = "Result")]
pub struct JobResult {
    /// The job's id.
    pub job: String,
    /// Whose job.
    pub tenant: String,
    /// The user, as the job named it.
    pub user: Option<String>,
    /// The mode, by name.
    pub mode: ModeKind,
    /// What was being confirmed.
    pub purpose: Purpose,
    /// Where the sign-in came from.
    pub client_ip: Option<IpAddr>,
    /// The number, masked.
    pub to: MaskedNumber,
    /// Only `verified` lets anybody in.
    pub verdict: Verdict,
    /// Why, in one word; a consumer that does not know it goes by the verdict.
    pub reason: Reason,
    /// One plain sentence for the person at the login page.
    pub message: String,
    /// Whose side the cause lies on.
    pub fault: Fault,
    /// Whether the same order under a new id can do better.
    pub retryable: bool,
    /// When it can, in seconds.
    pub retry_after_s: Option<u32>,
    /// By which modes it can.
    pub allowed_modes: Vec<ModeKind>,
    /// Who or what picked up.
    pub answered_by: Option<AnsweredBy>,
    /// The key that decided.
    pub key: Option<KeyRecord>,
    /// Why there was no key.
    pub input: Option<InputTrouble>,
    /// The locale that was really heard.
    pub locale_played: Option<String>,
    /// The prompt pack that was really heard.
    pub prompts_played: Option<String>,
    /// Every dial, in order.
    pub attempts: Vec<AttemptRecord>,
    /// The gateway that did it.
    pub server: Server,
    /// When the job was durable.
    pub accepted_at: UnixMs,
    /// When the verdict was known.
    pub finished_at: UnixMs,
}

/// Who or what picked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnsweredBy {
    /// A person.
    Human,
    /// A mailbox.
    Machine,
    /// A call screener.
    Screening,
    /// A menu.
    Ivr,
    /// A fax.
    Fax,
    /// It cannot be told.
    Unknown,
}

/// The key that decided; never which digits, except that it was `#`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KeyRecord {
    /// By which paths it reached us.
    pub paths: Vec<KeyPath>,
    /// When its press began, in ms from the answer.
    pub pressed_at_ms: u64,
}

/// Why no key came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InputTrouble {
    /// No trace of one.
    None,
    /// Traces of keys, none whole.
    Damaged,
    /// Loss over 5 % or MOS under 3.
    PoorLine,
}

/// One dial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AttemptRecord {
    /// The trunk's name.
    pub trunk: String,
    /// The Call-ID.
    pub call_id: String,
    /// The caller id shown.
    pub caller_id: Option<String>,
    /// When the first INVITE left.
    pub started_at: UnixMs,
    /// Contract §1 "rung".
    pub rung: bool,
    /// The first sign of ringing, in ms from the start.
    pub ringing_ms: Option<u64>,
    /// The answer, in ms from the start.
    pub answered_ms: Option<u64>,
    /// The end, in ms from the start.
    pub ended_ms: Option<u64>,
    /// Post-dial delay: from the INVITE to the first sign of ringing, in ms.
    pub pdd_ms: Option<u64>,
    /// The final SIP status.
    pub sip_status: Option<u16>,
    /// Its reason phrase.
    pub sip_reason: Option<String>,
    /// The Q.850 cause of a Reason header.
    pub q850: Option<u8>,
    /// What this dial came to; null while it is not known.
    pub reason: Option<Reason>,
    /// `udp`, `tcp` or `tls`.
    pub transport: Option<String>,
    /// What was encrypted.
    pub secured: Secured,
    /// The codec's name, for instance `PCMU`.
    pub codec: Option<String>,
    /// Figures of the line; null until the call is over.
    pub media: Option<MediaFigures>,
    /// Keys that did not count, and why not.
    #[serde(default)]
    pub ignored_keys: Vec<IgnoredKey>,
}

/// A key that did not count; never which one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IgnoredKey {
    /// Why not.
    pub why: Distrust,
    /// The path that told it first; null where it is not known.
    pub path: Option<KeyPath>,
    /// When its press began, in ms from the answer; 0 before it.
    pub pressed_at_ms: u64,
}

/// What of a call was encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Secured {
    /// Nothing.
    #[serde(rename = "none")]
    None,
    /// The signalling.
    #[serde(rename = "tls")]
    Tls,
    /// The media.
    #[serde(rename = "srtp")]
    Srtp,
    /// Both.
    #[serde(rename = "tls+srtp")]
    TlsSrtp,
}

/// Figures of one call's line.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MediaFigures {
    /// RTP packets that left.
    pub packets_sent: u64,
    /// RTP packets that came.
    pub packets_received: u64,
    /// Packets of ours that the far end missed, by its RTCP; null without RTCP.
    pub lost_sent: Option<u64>,
    /// Packets of the far end that we missed.
    pub lost_received: u64,
    /// Interarrival jitter, in ms (RFC 3550 §6.4.1).
    pub jitter_ms: f64,
    /// Packets that came too late to be heard.
    pub late: u64,
    /// Estimated by ITU-T G.107, 1 to 4.5; null without packets.
    pub mos: Option<f64>,
}

/// The gateway as results name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Server {
    /// Its name.
    pub name: String,
    /// Its address.
    pub ip: IpAddr,
    /// Its version.
    pub version: String,
}

/// When a job was accepted and when its verdict was known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// When it was durable.
    pub accepted_at: UnixMs,
    /// When the verdict was known.
    pub finished_at: UnixMs,
}

impl JobResult {
    /// The result that needs nothing but the job, the reason and the dials made: complete for a job
    /// stopped by policy, deadline or order, and what the facts of a call are filled into.
    pub fn new(job: &Job, reason: Reason, attempts: Vec<AttemptRecord>, server: &Server, span: Span) -> Self {
        Self {
            job: job.key.id.clone(),
            tenant: job.key.tenant.clone(),
            user: job.user.clone(),
            mode: job.mode.kind(),
            purpose: job.purpose,
            client_ip: job.client_ip,
            to: MaskedNumber::from(&job.to),
            verdict: reason.verdict(),
            reason,
            message: reason.message(job.locale.as_deref(), None),
            fault: reason.fault(),
            retryable: reason.retryable(),
            retry_after_s: None,
            allowed_modes: if reason.retryable() { vec![job.mode.kind()] } else { Vec::new() },
            answered_by: None,
            key: None,
            input: None,
            locale_played: None,
            prompts_played: None,
            attempts,
            server: server.clone(),
            accepted_at: span.accepted_at,
            finished_at: span.finished_at,
        }
    }

    /// Tells when the same order can do better, also in the sentence for the person; rounded up, so
    /// that nobody comes too early.
    pub fn retry_after(&mut self, job: &Job, after: Option<Duration>) {
        let seconds = |after: Duration| u32::try_from(after.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX);
        self.retry_after_s = after.map(seconds);
        self.message = self.reason.message(job.locale.as_deref(), after);
    }

    /// Tenant and id of the job.
    pub fn key(&self) -> JobKey {
        JobKey { tenant: self.tenant.clone(), id: self.job.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_shows_the_number_masked_and_agrees_with_its_reason() {
        let job = Job::read(br#"{"to":"+14252345667","user":"ann"}"#, "acme", UnixMs(1), 1).unwrap();
        let server = Server { name: "g1".into(), ip: [127, 0, 0, 1].into(), version: "0".into() };
        let span = Span { accepted_at: UnixMs(1), finished_at: UnixMs(2) };
        let result = JobResult::new(&job, Reason::Expired, Vec::new(), &server, span);
        let json = serde_json::to_string(&result).unwrap();
        assert!(!json.contains("2345667") && json.contains("+1********67"), "{json}");
        assert!(json.contains(r#""verdict":"rejected","reason":"expired""#), "{json}");
        assert!(json.contains(r#""finished_at":"1970-01-01T00:00:00.002Z""#), "{json}");
        assert_eq!(serde_json::from_str::<JobResult>(&json).unwrap(), result);
        assert_eq!(result.key(), job.key);
    }

    #[test]
    fn key_paths_and_security_have_the_names_of_the_contract() {
        let names =
            serde_json::to_string(&[KeyPath::InBand, KeyPath::Rfc4733, KeyPath::SipInfo, KeyPath::Modem]);
        assert_eq!(names.unwrap(), r#"["in_band","rfc4733","sip_info","modem"]"#);
        let names = serde_json::to_string(&[Secured::None, Secured::Tls, Secured::Srtp, Secured::TlsSrtp]);
        assert_eq!(names.unwrap(), r#"["none","tls","srtp","tls+srtp"]"#);
    }
}

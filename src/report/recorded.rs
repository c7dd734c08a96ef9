//! The record of a call as it is shown and exported: the result, with what else a reader asks for.

use schemars::JsonSchema;
use serde::Serialize;

use super::record::{AttemptRecord, JobResult};

/// One job's record.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Record {
    /// The result, with what was learnt at the end of the call.
    #[serde(flatten)]
    pub result: JobResult,
    /// Microsoft's code for the reason, where there is one.
    pub microsoft: Option<String>,
    /// The full number, for who may see it and has asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
}

/// The columns of the CSV form; of several attempts the last one stands.
pub const COLUMNS: [&str; 29] = [
    "finished_at",
    "tenant",
    "job",
    "user",
    "to",
    "mode",
    "purpose",
    "verdict",
    "reason",
    "microsoft",
    "message",
    "fault",
    "answered_by",
    "key_paths",
    "pressed_at_ms",
    "input",
    "locale",
    "client_ip",
    "attempts",
    "trunk",
    "call_id",
    "caller_id",
    "rung",
    "answered_ms",
    "ended_ms",
    "sip_status",
    "q850",
    "mos",
    "server",
];

impl Record {
    /// The record of a result.
    pub fn of(result: JobResult, number: Option<String>) -> Record {
        let microsoft = result.reason.microsoft().map(str::to_owned);
        Record { result, microsoft, number }
    }

    /// The record as a line of CSV, in the order of [`COLUMNS`].
    pub fn cells(&self) -> Vec<String> {
        let result = &self.result;
        let key = result.key.as_ref();
        let paths = key.map(|key| key.paths.iter().map(word).collect::<Vec<_>>().join(" "));
        let mut cells = vec![
            result.finished_at.to_string(),
            result.tenant.clone(),
            result.job.clone(),
            harmless(result.user.as_deref().unwrap_or_default()),
            self.number.clone().unwrap_or_else(|| word(&result.to)),
            word(&result.mode),
            word(&result.purpose),
            word(&result.verdict),
            word(&result.reason),
            self.microsoft.clone().unwrap_or_default(),
            result.message.clone(),
            word(&result.fault),
            word(&result.answered_by),
            paths.unwrap_or_default(),
            word(&key.map(|key| key.pressed_at_ms)),
            word(&result.input),
            word(&result.locale_played),
            word(&result.client_ip),
            result.attempts.len().to_string(),
        ];
        cells.extend(attempt_cells(result.attempts.last()));
        cells.push(result.server.name.clone());
        cells
    }
}

fn attempt_cells(attempt: Option<&AttemptRecord>) -> [String; 9] {
    let Some(attempt) = attempt else { return Default::default() };
    [
        attempt.trunk.clone(),
        harmless(&attempt.call_id),
        attempt.caller_id.clone().unwrap_or_default(),
        attempt.rung.to_string(),
        word(&attempt.answered_ms),
        word(&attempt.ended_ms),
        word(&attempt.sip_status),
        word(&attempt.q850),
        word(&attempt.media.and_then(|media| media.mos)),
    ]
}

/// A word or number as JSON has it, without quotes; empty for null.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(serde_json::Value::Null) | Err(_) => String::new(),
        Ok(other) => other.to_string(),
    }
}

/// Text of others that a spreadsheet would take for a formula is told as text.
fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

/// How jobs went that have something in common.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Tally {
    /// What they have in common; empty where it is not known, as the trunk of a job that was not dialled.
    pub of: String,
    /// Jobs.
    pub asked: u64,
    /// Those whose phone rang.
    pub rung: u64,
    /// Those whose call was answered.
    pub answered: u64,
    /// Those that were verified.
    pub verified: u64,
    /// How many ended by which reason.
    pub reasons: std::collections::BTreeMap<String, u64>,
}

/// What jobs are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TallyBy {
    /// The country of the number, or its calling code where no country has it.
    Country,
    /// Calling code and the first three digits behind it.
    Prefix,
    /// The trunk of the last attempt.
    Trunk,
    /// The tenant.
    Tenant,
    /// The language that was played.
    Language,
}

impl TallyBy {
    /// Every kind.
    pub const ALL: [TallyBy; 5] =
        [TallyBy::Country, TallyBy::Prefix, TallyBy::Trunk, TallyBy::Tenant, TallyBy::Language];

    /// The name as it stands in a query.
    pub fn name(self) -> &'static str {
        match self {
            TallyBy::Country => "country",
            TallyBy::Prefix => "prefix",
            TallyBy::Trunk => "trunk",
            TallyBy::Tenant => "tenant",
            TallyBy::Language => "language",
        }
    }

    /// The kind of this name.
    pub fn from_name(name: &str) -> Option<TallyBy> {
        TallyBy::ALL.into_iter().find(|by| by.name() == name)
    }
}

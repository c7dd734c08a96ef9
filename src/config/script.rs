//! `[script]`: the timings of a call.

use std::time::Duration;

use toml::Spanned;

use super::source::Source;
use super::tenant::{ConfirmKey, confirm_key};
use super::written;

const DEFAULT_LEAD_MS: u32 = 200;
const DEFAULT_WAIT_S: u32 = 6;
const DEFAULT_SAYINGS: u32 = 3;
const DEFAULT_FRAUD_KEY: char = '0';
/// The context begins within 1.2 s of the answer (contract §9); what is left is the first packet's.
const LONGEST_LEAD_MS: u32 = 1_000;

/// The timings of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptConfig {
    /// Silence after the answer, before the first saying.
    pub lead: Duration,
    /// How long a key is waited for after each saying.
    pub wait: Duration,
    /// How often the prompt is said at most.
    pub sayings: u32,
    /// The digit that, before `#`, reports fraud: `0` to `9` or `*`.
    pub fraud_key: char,
    /// What confirms where a lone `#` is the answer; a tenant or rule may ask for more.
    pub confirm_key: ConfirmKey,
    /// Whether a job may bring the key of its PIN verifier: for labs.
    pub inline_keys: bool,
}

impl Default for ScriptConfig {
    fn default() -> ScriptConfig {
        ScriptConfig {
            lead: Duration::from_millis(DEFAULT_LEAD_MS.into()),
            wait: Duration::from_secs(DEFAULT_WAIT_S.into()),
            sayings: DEFAULT_SAYINGS,
            fraud_key: DEFAULT_FRAUD_KEY,
            confirm_key: ConfirmKey::default(),
            inline_keys: false,
        }
    }
}

impl ScriptConfig {
    pub(super) fn check(written: written::Script, source: &mut Source) -> Option<ScriptConfig> {
        let lead = source.number("lead_ms", written.lead_ms, DEFAULT_LEAD_MS, 0..=LONGEST_LEAD_MS, "ms");
        let wait = source.number("wait_s", written.wait_s, DEFAULT_WAIT_S, 1..=20, "s");
        let sayings = source.number("sayings", written.sayings, DEFAULT_SAYINGS, 1..=5, "times");
        let fraud_key = match written.fraud_key {
            None => Some(DEFAULT_FRAUD_KEY),
            Some(text) => fraud_key(&text, source),
        };
        let confirm_key = confirm_key(written.confirm_key.as_ref(), source);
        Some(ScriptConfig {
            lead: Duration::from_millis(lead?.into()),
            wait: Duration::from_secs(wait?.into()),
            sayings: sayings?,
            fraud_key: fraud_key?,
            confirm_key: confirm_key?.unwrap_or_default(),
            inline_keys: written.inline_keys.unwrap_or_default(),
        })
    }
}

/// One key of a phone; `#` is the confirmation and cannot be both.
fn fraud_key(text: &Spanned<String>, source: &mut Source) -> Option<char> {
    let mut keys = text.get_ref().chars();
    match (keys.next(), keys.next()) {
        (Some(key), None) if key.is_ascii_digit() || key == '*' => Some(key),
        (_, _) => source.refuse(
            text.span(),
            format!("`fraud_key` is \"{}\", expected one of 0 to 9 or *", text.get_ref()),
            "The pack's instruction has to name the same key",
        ),
    }
}

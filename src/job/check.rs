//! From the order as written to a [`Job`]: every field against its limits.

use std::time::Duration;

use ulid::Ulid;

use super::fingerprint::Content;
use super::mode::{Masked, Mode, Verifier};
use super::problem::{JobRefused, Problem};
use super::words;
use super::written::{self, Written};
use super::{Job, JobKey, UnixMs};
use crate::number::{Malformed, Number};

/// Contract §2: `expires_at` is at most 24 h ahead.
const MAX_AHEAD: Duration = Duration::from_secs(24 * 60 * 60);
/// Contract §2: the default of `expires_at`.
const DEFAULT_EXPIRY: Duration = Duration::from_secs(120);
/// Contract §2: the default of `answer_by`, after `expires_at`.
const DEFAULT_ANSWER: Duration = Duration::from_secs(90);

impl Job {
    /// Reads and checks one order. `tenant` is whose it is if it does not say so itself; `random`
    /// makes the ULID of an order without an id.
    ///
    /// # Errors
    /// [`JobRefused`], with every field that is wrong.
    pub fn read(bytes: &[u8], tenant: &str, now: UnixMs, random: u128) -> Result<Job, JobRefused> {
        let (written, sent) = written::read(bytes)?;
        let mut check = Check { problems: Vec::new() };
        let to = check.to(written.to.as_deref());
        let (expires_at, answer_by) = check.times(&written, now);
        let key = check.key(&written, tenant, now, random);
        let attempts = check.range("attempts", written.attempts, 1..=5, 2);
        let priority = check.range("priority", written.priority, 0..=9, 5);
        check.version(written.v);
        check.names(&written);
        check.mode(&written);
        match to {
            Some(to) if check.problems.is_empty() => Ok(Job {
                key,
                content: Content::new(sent, &to),
                to,
                mode: written.mode.unwrap_or(Mode::Confirm {}),
                purpose: written.purpose.unwrap_or_default(),
                locale: written.locale,
                prompts: written.prompts,
                caller_id: written.caller_id,
                expires_at,
                answer_by,
                attempts,
                user: written.user,
                client_ip: written.client_ip,
                priority,
                trunk: written.trunk,
            }),
            Some(_) | None => Err(JobRefused::Malformed(check.problems)),
        }
    }
}

/// Collects what is wrong, so that all of it is told at once.
struct Check {
    problems: Vec<Problem>,
}

impl Check {
    fn wrong(&mut self, field: &str, problem: impl Into<String>, remedy: &str) {
        self.problems.push(Problem::new(field, problem, remedy));
    }

    fn to(&mut self, written: Option<&str>) -> Option<Number> {
        let Some(text) = written else {
            self.wrong("to", "the field is missing", "send the number as +CC number");
            return None;
        };
        let read = Number::parse(text);
        if let Err(why) = &read {
            let remedy = match why {
                Malformed::ExtensionMalformed => "send 1 to 20 of 0-9 * # , after x",
                Malformed::NoPlus
                | Malformed::StrayCharacter
                | Malformed::NoDigits
                | Malformed::TextTooLong => "send + and the country code, then the number",
            };
            self.wrong("to", why.to_string(), remedy);
        }
        read.ok()
    }

    fn version(&mut self, v: Option<u64>) {
        if v == Some(0) {
            self.wrong("v", "there is no version 0", "send 1, or leave v out");
        }
    }

    fn key(&mut self, written: &Written, tenant: &str, now: UnixMs, random: u128) -> JobKey {
        let alphabet = "use 1 to 64 of A-Z a-z 0-9 . _ : -";
        self.word("id", written.id.as_deref(), words::is_id, alphabet);
        let tenant = written.tenant.as_deref().unwrap_or(tenant);
        self.word("tenant", Some(tenant), words::is_tenant, "use 1 to 64 of A-Z a-z 0-9 _ -");
        let fresh = || Ulid::from_parts(now.0, random).to_string();
        JobKey { tenant: tenant.to_owned(), id: written.id.clone().unwrap_or_else(fresh) }
    }

    fn names(&mut self, written: &Written) {
        let alphabet = "use 1 to 64 of A-Z a-z 0-9 . _ -, not beginning with a dot";
        self.word("prompts", written.prompts.as_deref(), words::is_pack_name, alphabet);
        self.word("trunk", written.trunk.as_deref(), words::is_trunk_name, alphabet);
        let caller_id = "use a number of the pool, 1 to 64 of A-Z a-z 0-9 + * # . _ -";
        self.word("caller_id", written.caller_id.as_deref(), words::is_caller_id, caller_id);
        let locale = "send a BCP 47 tag, for instance en-US";
        self.word("locale", written.locale.as_deref(), words::is_locale, locale);
        let user = |text: &str| text.len() <= 128;
        self.word("user", written.user.as_deref(), user, "send at most 128 bytes");
    }

    fn mode(&mut self, written: &Written) {
        match &written.mode {
            None | Some(Mode::Confirm {}) => {}
            Some(Mode::Challenge { digits }) => {
                self.digits("mode.digits", digits, 2..=4, "send 2 to 4 digits as a string");
            }
            Some(Mode::Code { code, repeat }) => {
                self.digits("mode.code", code, 4..=10, "send 4 to 10 digits as a string");
                self.range("mode.repeat", Some((*repeat).into()), 1..=5, 2);
            }
            Some(Mode::Pin { verifier, tries }) => {
                self.range("mode.tries", Some((*tries).into()), 1..=5, 3);
                self.verifier(verifier);
                if written.user.is_none() {
                    self.wrong("user", "the field is missing", "name the user whose PIN it is");
                }
            }
        }
    }

    fn verifier(&mut self, verifier: &Verifier) {
        let length = |text: &Masked| text.octets().map_or(0, |octets| octets.len());
        if length(&verifier.tag) != 32 {
            self.wrong("mode.verifier.tag", "not 32 octets in Base64", "send HMAC-SHA256(key, PIN digits)");
        }
        let alphabet = "use 1 to 64 of A-Z a-z 0-9 . _ -";
        self.word("mode.verifier.key_id", verifier.key_id.as_deref(), words::is_pack_name, alphabet);
        match (&verifier.key_id, &verifier.key) {
            (Some(_), None) => {}
            (None, Some(key)) if (16..=64).contains(&length(key)) => {}
            (None, Some(_)) => {
                self.wrong(
                    "mode.verifier.key",
                    "not 16 to 64 octets in Base64",
                    "send a longer key, or a key_id",
                );
            }
            (Some(_), Some(_)) | (None, None) => {
                self.wrong("mode.verifier", "names not exactly one key", "send key_id alone");
            }
        }
    }

    fn digits(&mut self, field: &str, text: &Masked, length: std::ops::RangeInclusive<usize>, remedy: &str) {
        let text = text.expose();
        if !length.contains(&text.len()) || !text.bytes().all(|octet| octet.is_ascii_digit()) {
            self.wrong(field, "outside its alphabet or length", remedy);
        }
    }

    fn word(&mut self, field: &str, text: Option<&str>, is: impl Fn(&str) -> bool, remedy: &str) {
        if text.is_some_and(|text| !is(text)) {
            self.wrong(field, "outside its alphabet or length", remedy);
        }
    }

    fn range(
        &mut self,
        field: &str,
        sent: Option<u64>,
        allowed: std::ops::RangeInclusive<u8>,
        default: u8,
    ) -> u8 {
        let Some(sent) = sent else { return default };
        let value = u8::try_from(sent).ok().filter(|value| allowed.contains(value));
        if value.is_none() {
            let remedy = format!("send {} to {}", allowed.start(), allowed.end());
            self.wrong(field, "outside its range", &remedy);
        }
        value.unwrap_or(default)
    }

    fn times(&mut self, written: &Written, now: UnixMs) -> (UnixMs, UnixMs) {
        let expires_at = self.time("expires_at", written.expires_at.as_deref());
        let expires_at = expires_at.unwrap_or(now.plus(DEFAULT_EXPIRY));
        if expires_at > now.plus(MAX_AHEAD) {
            self.wrong("expires_at", "more than 24 hours ahead", "send a time within 24 hours");
        }
        let answer_by = self.time("answer_by", written.answer_by.as_deref());
        let answer_by = answer_by.unwrap_or(expires_at.plus(DEFAULT_ANSWER));
        if answer_by < expires_at {
            self.wrong("answer_by", "before expires_at", "send a time not before expires_at");
        }
        (expires_at, answer_by)
    }

    fn time(&mut self, field: &str, text: Option<&str>) -> Option<UnixMs> {
        let time = UnixMs::from_rfc3339(text?);
        if time.is_none() {
            self.wrong(field, "not an RFC 3339 time", "send for instance 2026-11-21T22:30:45Z");
        }
        time
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;

//! Every mode through SIP and RTP: PIN, challenge and code by each key path, and the recordings that must
//! not be taken for a person.

use std::time::Duration;

use serde_json::{Value, json};

use super::support::media::{self, RATE_HZ, beep, silence, speech};
use super::support::net::Namespace;
use super::support::pins::{self, challenge, pin};
use super::support::process::Process;
use super::support::site::{Outcome, Site};
use super::support::wav;

pub(super) const PATHS: [(&str, &str); 3] =
    [("in-band", "in_band"), ("rfc4733", "rfc4733"), ("info", "sip_info")];

/// One call of `mode` to a phone that is told to do so.
pub(super) struct Meeting<'a> {
    pub(super) mode: Value,
    pub(super) phone: &'a [&'a str],
    /// What the phone says, in 8 kHz samples.
    pub(super) says: Vec<i16>,
    /// Further lines under `[script]`.
    pub(super) script: &'a str,
}

impl Meeting<'_> {
    #[track_caller]
    pub(super) fn outcome(&self) -> Outcome {
        let network = Namespace::new();
        network.enter();
        let site = Site::new("modes", "127.0.0.1");
        site.trunk("carrier", "sip:127.0.0.1:5070;transport=udp", "");
        self.configure(&site);
        let _phone = self.answer(&site);
        let mode = self.mode.to_string();
        let call = site.call("+19995550123", &["--mode", &mode, "--user", "ann"]);
        site.outcome(call, Duration::from_secs(110))
    }

    fn configure(&self, site: &Site) {
        pins::configure(site, self.script);
        site.scratch.write("says.wav", wav::bytes(&self.says));
    }

    #[track_caller]
    fn answer(&self, site: &Site) -> Process {
        let says = site.scratch.path().join("says.wav");
        let mut arguments = vec!["phone", "--listen", "127.0.0.1:5070", "--ring-ms", "100"];
        if !self.says.is_empty() {
            arguments.extend(["--play", says.to_str().expect("a scratch directory has a plain name")]);
        }
        arguments.extend(self.phone);
        site.listen(&arguments, 5070)
    }
}

/// A person who keys this, from 4 s after the answer on: the context is up to 3 s long.
fn person(mode: &Value, path: &str, keys: &str) -> Outcome {
    let phone = ["--path", path, "--press", keys, "--after-ms", "4000"];
    Meeting { mode: mode.clone(), phone: &phone, says: Vec::new(), script: "" }.outcome()
}

#[track_caller]
fn assert_by_each_path(mode: &Value, keys: &str, verdict: &str, reason: &str) {
    for (path, told) in PATHS {
        let outcome = person(mode, path, keys);
        outcome.assert_ended(verdict, reason);
        assert_eq!(outcome.paths(), told, "{outcome}");
        assert_eq!(outcome.result["mode"], mode["type"], "{outcome}");
    }
}

#[test]
fn a_challenge_is_keyed_by_each_path() {
    assert_by_each_path(&challenge("42"), "42#", "verified", "challenge_matched");
}

#[test]
fn a_pin_is_keyed_by_each_path() {
    assert_by_each_path(&pin("2580"), "2580#", "verified", "pin_matched");
}

#[test]
fn a_code_is_read_out_after_the_hash_by_each_path() {
    let code = json!({"type": "code", "code": "4207", "repeat": 1});
    assert_by_each_path(&code, "#", "delivered", "code_delivered");
}

#[test]
fn wrong_entries_are_asked_for_again_and_the_last_one_ends_the_call() {
    // So long that no id holds them by chance.
    let secrets = ["25804617", "11110983"];
    let [right, wrong] = secrets;
    let outcome = person(&pin(right), "rfc4733", &format!("{wrong}#,,,,{right}#"));
    outcome.assert_ended("verified", "pin_matched");
    assert!(!secrets.iter().any(|secret| outcome.stderr.contains(secret)), "{outcome}");
    let outcome = person(&challenge("42"), "rfc4733", "43#,,,,24#");
    outcome.assert_ended("denied", "challenge_wrong");
}

/// Contract §2: `0#` reports fraud in every mode; issue: `1` blocks voice for that user and number.
#[test]
fn fraud_is_reported_in_an_entry_and_1_blocks() {
    let outcome = person(&pin("2580"), "rfc4733", "0#,,,1");
    outcome.assert_ended("denied", "fraud_reported");
    assert!(outcome.events.iter().any(|event| event["event"] == "blocked"), "{outcome}");
    let outcome = person(&pin("2580"), "rfc4733", "0#,,,2");
    assert!(!outcome.events.iter().any(|event| event["event"] == "blocked"), "{outcome}");
}

/// Keys of 120 ms, 120 ms apart.
pub(super) fn keys(keys: &str) -> Vec<i16> {
    keys.chars().flat_map(|key| [media::key(key, 960), silence(120)].concat()).collect()
}

/// `keys` laid over `sound` at a moment.
pub(super) fn under(mut sound: Vec<i16>, at_ms: usize, keys: &[i16]) -> Vec<i16> {
    let at = at_ms * RATE_HZ / 1_000;
    for (sample, key) in sound[at..].iter_mut().zip(keys) {
        *sample = sample.saturating_add(*key);
    }
    sound
}

/// A mailbox whose greeting holds these keys before, under and after its speech, and after the beep.
pub(super) fn mailbox(pressed: &str) -> Vec<i16> {
    let pressed = keys(pressed);
    let spoken = under(speech(7), 4_000, &pressed);
    let parts =
        [silence(200), pressed.clone(), silence(200), spoken, silence(400), pressed.clone(), silence(1_200)];
    [parts.concat(), pressed.clone(), silence(800), beep(), silence(1_500), pressed, silence(30_000)].concat()
}

/// A recording answers; `extra` are further options of the phone.
pub(super) fn recording(mode: Value, says: Vec<i16>, script: &str) -> Outcome {
    let phone = ["--press", "", "--answer", "human"];
    Meeting { mode, phone: &phone, says, script }.outcome()
}

fn why(outcome: &Outcome) -> Vec<&str> {
    let ignored = outcome.attempt("ignored_keys").as_array();
    ignored.into_iter().flatten().filter_map(|key| key["why"].as_str()).collect()
}

/// Vigo, DEF CON 26: a voicemail greeting that contains keypad tones.
#[test]
fn a_greeting_with_the_pound_key_in_it_is_never_verified() {
    let outcome = recording(json!({"type": "confirm"}), mailbox("#"), "");
    outcome.assert_ended("denied", "input_untrusted");
    assert!(why(&outcome).contains(&"before_gate"), "{outcome}");
    let pressed = [silence(6_000), keys("#")].concat().repeat(6);
    let without_beep = [silence(300), speech(4), pressed, silence(30_000)].concat();
    let outcome = recording(json!({"type": "confirm"}), without_beep, "");
    outcome.assert_ended("denied", "input_untrusted");
    assert!(why(&outcome).contains(&"unclean"), "after the speech a # is not enough: {outcome}");
    let outcome = recording(challenge("42"), mailbox("42#"), "");
    assert_eq!(outcome.result["verdict"], "denied", "{outcome}");
}

#[test]
fn a_greeting_with_the_fraud_key_in_it_blocks_nobody() {
    let outcome = recording(json!({"type": "confirm"}), mailbox("0#"), "");
    outcome.assert_ended("denied", "fraud_reported");
    assert!(!outcome.events.iter().any(|event| event["event"] == "blocked"), "{outcome}");
}

#[test]
fn nothing_of_a_code_is_left_on_a_mailbox() {
    let outcome = recording(json!({"type": "code", "code": "4207"}), mailbox("#"), "");
    outcome.assert_ended("denied", "input_untrusted");
}

/// The limit that the README states: silence with a `#` in it cannot be told from a person by what it says.
#[test]
fn a_silent_greeting_verifies_by_hash_and_not_by_spoken_digits() {
    let says =
        || [4_000, 8_000, 12_000].iter().fold(silence(40_000), |sound, at| under(sound, *at, &keys("#")));
    recording(json!({"type": "confirm"}), says(), "").assert_ended("verified", "key_pressed");
    let outcome = recording(json!({"type": "confirm"}), says(), "confirm_key = \"spoken\"");
    assert_ne!(outcome.result["verdict"], "verified", "{outcome}");
}

//! An office behind `phone --attendant`: the gateway keys the extension, waits for the person, and is not
//! taken in by the attendant.

use std::time::Duration;

use serde_json::{Value, json};

use super::modes::PATHS;
use super::support::media::{silence, sines};
use super::support::net::Namespace;
use super::support::office::record;
use super::support::pins::{self, challenge, pin};
use super::support::process::Process;
use super::support::site::{Outcome, Site};
use super::support::{wait_until, wav};

/// The office's number, and the one extension that it has: so long that no id holds it by chance.
const OFFICE: &str = "+19995550123";
const KEYS: &str = "420713";
const ATTENDANT: u16 = 5070;
const PHONE: u16 = 5072;

/// An office and one call to it.
struct Office<'a> {
    /// Behind the number.
    extension: &'a str,
    mode: Value,
    /// Further options of the attendant.
    attendant: &'a [&'a str],
    /// Options of the phone at the extension; it says hello.
    phone: &'a [&'a str],
    /// `tenants/default.toml`.
    tenant: &'a str,
}

impl Office<'_> {
    /// The call's outcome, and the events of the attendant.
    #[track_caller]
    fn call(&self) -> (Outcome, Vec<Value>) {
        self.call_to(|_| ())
    }

    /// The same, where the office says something else.
    #[track_caller]
    fn call_to(&self, change: impl FnOnce(&Site)) -> (Outcome, Vec<Value>) {
        let network = Namespace::new();
        network.enter();
        let site = Site::new("attendant", "127.0.0.1");
        site.trunk("carrier", &format!("sip:127.0.0.1:{ATTENDANT};transport=udp"), "");
        pins::configure(&site, "");
        site.scratch.write("tenants/default.toml", self.tenant);
        record(&site);
        change(&site);
        let file = |name: &str| site.scratch.path().join(name).to_string_lossy().into_owned();
        let (directory, hello) = (file("office"), file("hello.wav"));
        let (listen, behind) =
            (format!("127.0.0.1:{ATTENDANT}"), format!("{KEYS}=sip:ann@127.0.0.1:{PHONE}"));
        let mut attendant = vec!["phone", "--json", "--listen", &listen, "--attendant", &directory];
        attendant.extend(["--extension", &behind, "--ring-ms", "100"]);
        attendant.extend(self.attendant);
        let mut attendant = site.listen(&attendant, ATTENDANT);
        let at = format!("127.0.0.1:{PHONE}");
        let mut phone = vec!["phone", "--listen", &at, "--play", &hello, "--ports", "30000-33000"];
        phone.extend(self.phone);
        let mut phone = site.listen(&phone, PHONE);
        let mode = self.mode.to_string();
        let number = format!("{OFFICE}x{}", self.extension);
        let call = site.call(&number, &["--mode", &mode, "--user", "ann"]);
        let outcome = site.outcome(call, Duration::from_secs(110));
        // Both calls end: the attendant's is told, and a phone that still talked would not stop.
        let ended =
            |attendant: &mut Process| attendant.objects().iter().any(|(_, event)| event["event"] == "ended");
        let _ = wait_until(Duration::from_secs(5), || ended(&mut attendant));
        let events = attendant.objects().into_iter().map(|(_, event)| event).collect();
        assert!(phone.is_running(), "{outcome}");
        (outcome, events)
    }
}

/// Rings for 2.5 s, says hello and keys this 6 s later, by this path.
fn person<'a>(keys: &'a str, path: &'a str) -> [&'a str; 8] {
    ["--ring-ms", "2500", "--after-ms", "6000", "--press", keys, "--path", path]
}

fn tells(events: &[Value], name: &str) -> Vec<Value> {
    events.iter().filter(|event| event["event"] == name).cloned().collect()
}

fn secret_free(outcome: &Outcome) {
    let told = format!("{}{:?}", outcome.stderr, outcome.events);
    assert!(!told.contains(KEYS), "the extension is masked: {outcome}");
}

/// Issue: "PIN and challenge by all three key paths".
#[test]
fn a_pin_and_a_challenge_are_keyed_behind_an_attendant_by_each_path() {
    for (mode, keys, reason) in
        [(pin("2580"), "2580#", "pin_matched"), (challenge("42"), "42#", "challenge_matched")]
    {
        for (path, told) in PATHS {
            let phone = person(keys, path);
            let office =
                Office { extension: KEYS, mode: mode.clone(), attendant: &[], phone: &phone, tenant: "" };
            let (outcome, events) = office.call();
            outcome.assert_ended("verified", reason);
            assert_eq!(outcome.paths(), told, "{outcome}");
            assert_eq!(tells(&events, "put_through")[0]["keyed"], KEYS, "each key once: {events:?}");
            assert_eq!(tells(&events, "ended").len(), 1, "{events:?}");
            assert_eq!(outcome.result["to"], "+1********23x******", "{outcome}");
            secret_free(&outcome);
        }
    }
}

/// An attendant presses `#` too: before, while and after it transfers.
#[test]
fn an_attendant_that_presses_the_pound_key_is_not_verified() {
    for path in ["in-band", "rfc4733", "info"] {
        let pound = ["--press", "#,,,,#,,,,#,,,,#,,,,#", "--path", path, "--after-ms", "1000"];
        let office = Office {
            extension: KEYS,
            mode: challenge("42"),
            attendant: &pound,
            phone: &person("", path),
            tenant: "",
        };
        let (outcome, _) = office.call();
        assert_ne!(outcome.result["verdict"], "verified", "{outcome}");
        assert_eq!(outcome.result["verdict"], "denied", "{outcome}");
    }
    let confirm = Office {
        extension: KEYS,
        mode: json!({"type": "confirm"}),
        attendant: &["--press", "#,,#,,#,,#,,#"],
        phone: &["--press", ""],
        tenant: "",
    };
    let (outcome, events) = confirm.call();
    outcome.assert_ended("rejected", "method_not_allowed");
    assert_eq!(outcome.result["allowed_modes"], json!(["challenge", "pin"]));
    assert_eq!(events.len(), 1, "nothing is dialled: {events:?}");
}

/// A tenant that says otherwise has its `#`, from the person behind the attendant.
#[test]
fn a_tenant_may_confirm_behind_an_attendant() {
    let office = Office {
        extension: KEYS,
        mode: json!({"type": "confirm"}),
        attendant: &[],
        phone: &person("#", "rfc4733"),
        tenant: "extension_modes = [\"confirm\"]",
    };
    office.call().0.assert_ended("verified", "key_pressed");
}

#[test]
fn an_unknown_extension_and_one_where_nobody_answers_verify_nobody_and_end() {
    let ends = |extension: &str, phone: &[&str]| {
        let (outcome, events) =
            Office { extension, mode: challenge("42"), attendant: &[], phone, tenant: "" }.call();
        assert!(matches!(outcome.reason(), "hung_up" | "no_answer" | "no_input"), "{outcome}");
        assert_eq!(tells(&events, "put_through").len(), 0);
        assert_eq!(tells(&events, "ended").len(), 1, "{events:?}");
    };
    ends("99", &[]);
    ends(KEYS, &["--answer", "busy"]);
}

/// Contract §4: a busy tone says what a 486 does, and is told before the person's time has run out.
#[test]
fn a_busy_tone_behind_an_attendant_is_busy() {
    let (outcome, events) =
        Office { extension: "99", mode: challenge("42"), attendant: &[], phone: &[], tenant: "" }.call_to(
            |site| {
                let burst = [sines(&[(480.0, 4_000.0), (620.0, 4_000.0)], 4_000), silence(500)].concat();
                site.scratch.write("office/unknown.wav", wav::bytes(&burst.repeat(20)));
            },
        );
    outcome.assert_ended("unreached", "busy");
    assert_eq!(tells(&events, "ended").len(), 1, "{events:?}");
}

//! Each reason of the contract once: the real binary, SIP to far ends of every kind, and the record that
//! is left. Ends with the list, and says why of what is not in it.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use octothorpe::job::UnixMs;
use octothorpe::reason::Reason;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::http::{FRONT_DOOR, is_ready, request};
use crate::support::listener::{self, press, two_digits};
use crate::support::media::{fax, menu};
use crate::support::net::Namespace;
use crate::support::pins::{self, challenge, pin};
use crate::support::process::Process;
use crate::support::sipp::Sipp;
use crate::support::site::Site;
use crate::support::uas::{self, Uas};
use crate::support::{wait_until, wav};

/// The first far end's port; the next ones follow, with room for SIPp's media between them.
const FIRST_PORT: u16 = 5_100;
const PORT_STEP: usize = 10;
/// The last word of a call, and of a job that waits for one.
const PATIENCE: Duration = Duration::from_secs(110);

/// What this gateway gives in no call, and why.
const NEVER: [(Reason, &str); 2] = [
    (Reason::SecurityUnmet, "TLS and SRTP towards trunks are not in this version"),
    (Reason::Internal, "a fault of our own that is not known"),
];

/// Phones, by the name of the trunk that leads to them.
const PHONES: [(&str, &[&str]); 16] = [
    ("hash", &["--press", "#"]),
    ("fraud", &["--press", "0#"]),
    ("challenge", &["--press", "42#"]),
    ("wrong-challenge", &["--press", "43#,,,,,,24#"]),
    ("pin", &["--press", "2580#"]),
    ("wrong-pin", &["--press", "1111#"]),
    ("half-a-pin", &["--press", "25"]),
    ("another-key", &["--press", "5"]),
    ("early-key", &["--press", "#", "--after-ms", "300"]),
    ("silent", &["--answer", "silent"]),
    ("hangs-up", &["--press", "1", "--after-ms", "30000", "--hang-up-ms", "2500"]),
    ("rings", &["--ring-ms", "90000"]),
    ("mailbox", &["--answer", "voicemail"]),
    ("screener", &["--answer", "screening", "--put-on-s", "5", "--press", ""]),
    ("menu", &["--press", "", "--play", "menu.wav"]),
    ("fax", &["--press", "", "--play", "fax.wav"]),
];

/// Carriers: trunk, scenario, its final status and a further header field.
const CARRIERS: [(&str, &str, &str, &str); 13] = [
    ("busy", "final", "486 Busy Here", ""),
    ("no-answer", "final", "480 Temporarily Unavailable", "Reason: Q.850;cause=19"),
    ("unreachable", "final", "480 Temporarily Unavailable", ""),
    ("not-in-service", "final", "404 Not Found", ""),
    ("forwarded", "final", "302 Moved Temporarily", "Contact: <sip:elsewhere@127.0.0.1:5999>"),
    ("blocked", "final", "608 Rejected", ""),
    ("failed", "final", "500 Server Internal Error", ""),
    (
        "auth",
        "final",
        "407 Proxy Authentication Required",
        "Proxy-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"",
    ),
    ("capacity", "final", "503 Service Unavailable", "Retry-After: 3"),
    ("codec", "final", "415 Unsupported Media Type", ""),
    ("declined", "final_after_ringing", "603 Decline", ""),
    ("no-media", "no_media", "", ""),
    ("listener", "", "", ""),
];

/// Files of the policy and of the tenants.
const FILES: [(&str, &str); 9] = [
    ("policy.toml", "[lock]\ntries = 1\n\n[tenants]\nunknown = \"refuse\"\n"),
    ("rates.csv", "prefix,price_per_minute,increment_s\n1,0.010,6\n"),
    ("tenants/default.toml", ""),
    ("tenants/other.toml", ""),
    ("tenants/spoken.toml", "confirm_key = \"spoken\"\n"),
    ("tenants/tight.toml", "user_limits = [\"1/5m\"]\n"),
    ("tenants/night.toml", "[quiet_hours]\nfrom = \"00:00\"\nto = \"23:59\"\n"),
    ("tenants/pins.toml", "modes = [\"pin\"]\n"),
    ("tenants/poor.toml", "budget_per_day = 0.001\n"),
];

/// The gateway and every far end in one network.
struct Town {
    site: Site,
    gateway: Process,
    _phones: Vec<(Site, Process)>,
    _carriers: Vec<Sipp>,
    listener: Uas,
    _network: Namespace,
}

impl Town {
    fn new() -> Town {
        let network = Namespace::new();
        network.enter();
        let site = Site::new("reasons", "127.0.0.1");
        let config = site.scratch.read("octothorpe.toml").replace("[\"US\"]", "[\"US\", \"GB\"]");
        site.scratch.write("octothorpe.toml", config);
        pins::configure(&site, "wait_s = 2\nsayings = 2");
        for (name, text) in FILES {
            site.scratch.write(name, text);
        }
        let ports = (FIRST_PORT..).step_by(PORT_STEP);
        let phones = ports.clone().zip(PHONES).map(|(port, (name, habits))| phone(&site, port, name, habits));
        let phones = phones.collect();
        let carriers = ports.skip(PHONES.len()).zip(CARRIERS).filter_map(|(port, carrier)| {
            let (name, scenario, status, extra) = carrier;
            trunk(&site, name, if scenario.is_empty() { uas::PORT } else { port });
            let keys = [("status", status), ("extra", extra)];
            (!scenario.is_empty()).then(|| Sipp::serve_at(port, scenario, "127.0.0.1", "udp", &keys, &[]))
        });
        let carriers = carriers.collect();
        let (listener, gateway) = (Uas::listen("udp"), site.start(&["serve"]));
        let town = Town { site, gateway, _phones: phones, _carriers: carriers, listener, _network: network };
        town.wait_until_ready();
        town
    }

    fn wait_until_ready(&self) {
        assert!(
            wait_until(Duration::from_secs(60), is_ready),
            "{}",
            self.site.scratch.read("octothorpe.err")
        );
    }

    fn start_again(&mut self) {
        self.gateway = self.site.start(&["serve"]);
        self.wait_until_ready();
    }

    fn block(&self, kind: &str, whom: &str) {
        let arguments = ["block", kind, whom, "--reason", "test", "--url", "http://127.0.0.1:8080"];
        assert_eq!(self.site.start(&arguments).wait(PATIENCE), Some(0), "{whom} is blocked");
    }
}

fn trunk(site: &Site, name: &str, port: u16) {
    site.trunk(name, &format!("sip:127.0.0.1:{port}"), "ring_timeout_s = 60");
}

fn phone(site: &Site, port: u16, name: &str, habits: &[&str]) -> (Site, Process) {
    trunk(site, name, port);
    let own = Site::new(&format!("reasons-{name}"), "127.0.0.1");
    let sound = |file: &str| own.scratch.path().join(file).display().to_string();
    let habits: Vec<String> =
        habits.iter().map(|h| if h.ends_with(".wav") { sound(h) } else { (*h).to_owned() }).collect();
    own.scratch.write("menu.wav", wav::bytes(&menu()));
    own.scratch.write("fax.wav", wav::bytes(&fax()));
    let listen = format!("127.0.0.1:{port}");
    let media = 20_000 + (port - FIRST_PORT) * PORT_STEP as u16;
    let media = format!("{media}-{}", media + 99);
    let mut arguments = vec!["phone", "--listen", &listen, "--ports", &media];
    arguments.extend(habits.iter().map(String::as_str));
    let process = own.listen(&arguments, port);
    (own, process)
}

/// A job named after the reason that it is to end with.
fn submit(reason: &str, mut order: Value) -> (String, String) {
    order["id"] = json!(reason);
    let tenant = order["tenant"].as_str().unwrap_or("default").to_owned();
    let answer = request(FRONT_DOOR, "POST", "/v1/calls", Some(&order)).expect("an answer");
    assert_eq!(answer.status, 202, "{reason}: {}", answer.text);
    (reason.to_owned(), tenant)
}

/// The record of a job that has ended.
fn record(id: &str, tenant: &str) -> Value {
    let mut record = Value::Null;
    wait_until(PATIENCE, || {
        let answer = request(FRONT_DOOR, "GET", &format!("/v1/records/{id}?tenant={tenant}"), None);
        record = answer.filter(|answer| answer.status == 200).map_or(Value::Null, |answer| answer.body);
        !record.is_null()
    });
    record
}

/// A lab's number, which counts in no limit.
fn lab(trunk: &str) -> Value {
    json!({"to": "+1 999 555 0142", "trunk": trunk, "attempts": 1})
}

/// `order` with these further fields.
fn with(mut order: Value, fields: Value) -> Value {
    let fields = fields.as_object().expect("an object").clone();
    order.as_object_mut().expect("an object").extend(fields);
    order
}

/// What one order alone brings about, each with a number of its own: one call at a time goes to a number.
fn alone() -> Vec<(&'static str, Value)> {
    let one_try = |digits| {
        let mut mode = pin(digits);
        mode["tries"] = json!(1);
        json!({"mode": mode, "user": "pam"})
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    let soon = UnixMs(now.as_millis() as u64).plus(Duration::from_secs(3)).to_string();
    let keyed = json!({"mode": challenge("42")});
    let mut orders = vec![
        ("key_pressed", lab("hash")),
        ("challenge_matched", with(lab("challenge"), keyed.clone())),
        ("spoken_matched", with(lab("listener"), json!({"tenant": "spoken"}))),
        ("pin_matched", with(lab("pin"), one_try("2580"))),
        ("fraud_reported", lab("fraud")),
        ("pin_missing", with(lab("hash"), one_try("2580"))),
        ("challenge_wrong", with(lab("wrong-challenge"), keyed)),
        ("entry_incomplete", with(lab("half-a-pin"), one_try("2580"))),
        ("no_input", lab("silent")),
        ("invalid_input", lab("another-key")),
        ("input_untrusted", lab("early-key")),
        ("hung_up", lab("hangs-up")),
        ("declined", lab("declined")),
        ("code_delivered", with(lab("hash"), json!({"mode": {"type": "code", "code": "4207"}}))),
        ("cancelled", lab("rings")),
        ("expired", with(lab("hash"), json!({"expires_at": soon, "answer_by": soon}))),
        ("caller_id_rejected", with(lab("hash"), json!({"caller_id": "+14255550199"}))),
        ("no_route", lab("nowhere")),
        ("prompt_missing", with(lab("hash"), json!({"prompts": "nobody-has-it"}))),
        ("number_invalid", json!({"to": "+1 25300"})),
        ("extension_invalid", json!({"to": "+1 425 234 5606x,,", "mode": challenge("42")})),
        ("country_blocked", json!({"to": "+49 30 123456"})),
        ("prefix_risk", json!({"to": "+44 70 1234 5678"})),
        ("number_blocked", json!({"to": "+1 425 555 0100"})),
        ("user_blocked", json!({"to": "+1 425 234 5601", "user": "una"})),
        ("method_not_allowed", json!({"to": "+1 425 234 5602", "tenant": "pins"})),
        ("quiet_hours", json!({"to": "+1 425 234 5603", "tenant": "night"})),
        ("budget_exceeded", json!({"to": "+1 425 234 5604", "tenant": "poor"})),
        ("job_invalid", json!({"to": "+1 425 234 5605", "tenant": "stranger"})),
        ("voicemail", lab("mailbox")),
        ("call_screening", lab("screener")),
        ("ivr", lab("menu")),
        ("fax", lab("fax")),
    ];
    for (trunk, reason) in [
        ("busy", "busy"),
        ("no-answer", "no_answer"),
        ("unreachable", "unreachable"),
        ("not-in-service", "not_in_service"),
        ("forwarded", "forwarded"),
        ("blocked", "carrier_blocked"),
        ("failed", "trunk_failed"),
        ("auth", "trunk_auth"),
        ("capacity", "trunk_capacity"),
        ("codec", "media_mismatch"),
        ("no-media", "no_media"),
    ] {
        orders.push((reason, lab(trunk)));
    }
    for (n, (_, order)) in orders.iter_mut().enumerate().filter(|(_, (_, order))| order["trunk"].is_string())
    {
        order["to"] = json!(format!("+1 999 555 {n:04}"));
    }
    orders
}

/// What a job of the same person or number brings about while another is up, or after it.
fn one_after_another() -> Vec<(String, String)> {
    let mut pin = pin("2580");
    pin["tries"] = json!(1);
    let paul = |trunk: &str| json!({"to": "+1 425 234 5610", "user": "paul", "trunk": trunk, "mode": pin});
    let tim = |to: &str| json!({"to": to, "user": "tim", "tenant": "tight", "trunk": "hash"});
    let both = |tenant: &str| json!({"to": "+1 425 234 5613", "tenant": tenant, "trunk": "hash"});
    let mut told = vec![submit("pin_wrong", paul("wrong-pin"))];
    submit("first-of-tim", tim("+1 425 234 5611"));
    submit("first-of-two", both("default"));
    std::thread::sleep(Duration::from_millis(500));
    told.push(submit("throttled", tim("+1 425 234 5612")));
    told.push(submit("in_progress", both("other")));
    record("pin_wrong", "default");
    // The farewell of the call that locked may still be playing.
    std::thread::sleep(Duration::from_secs(4));
    told.push(submit("pin_locked", paul("pin")));
    told
}

/// What the gateway's own end brings about: told politely, and by `kill -9`.
fn at_the_end(town: &mut Town) -> Vec<(String, String)> {
    let rings = |n: u32| json!({"to": format!("+1 999 555 90{n:02}"), "trunk": "rings"});
    let is_ringing = |id: &str| {
        let rung = wait_until(PATIENCE, || {
            let view = request(FRONT_DOOR, "GET", &format!("/v1/calls/{id}"), None);
            view.is_some_and(|view| view.body["state"] == "ringing")
        });
        assert!(rung, "{id} does not ring");
    };
    let draining = submit("draining", rings(1));
    is_ringing("draining");
    town.gateway.signal(Signal::TERM);
    std::thread::sleep(Duration::from_millis(500));
    town.gateway.signal(Signal::TERM);
    town.gateway.wait(Duration::from_secs(40));
    town.start_again();
    let unknown = submit("outcome_unknown", rings(2));
    is_ringing("outcome_unknown");
    town.gateway.signal(Signal::KILL);
    town.gateway.wait(Duration::from_secs(10));
    town.start_again();
    vec![draining, unknown]
}

/// Keys `#` when the context is over, and then the two digits that it hears.
fn listen(far: &mut Uas) {
    far.take_call();
    let answer = far.response("200 OK", true);
    far.send(answer.as_bytes());
    far.expect("ACK");
    std::thread::sleep(Duration::from_millis(4_500));
    press(far, "#", 1);
    let digits = two_digits(far);
    std::thread::sleep(Duration::from_millis(1_000));
    press(far, &format!("{digits}#"), 10);
    let bye = far.expect("BYE");
    far.accept(&bye);
}

/// One line: what a consumer, and an operator, would look at first.
fn line(record: &Value) -> String {
    let word = |value: &Value| value.as_str().map_or(value.to_string(), str::to_owned);
    let attempt = record["attempts"].as_array().and_then(|attempts| attempts.last());
    let [trunk, status, rung] =
        ["trunk", "sip_status", "rung"].map(|field| attempt.map_or("-".to_owned(), |a| word(&a[field])));
    let [reason, verdict, fault, microsoft, message] =
        ["reason", "verdict", "fault", "microsoft", "message"].map(|field| word(&record[field]));
    format!("| {reason} | {verdict} | {fault} | {microsoft} | {trunk} | {status} | {rung} | {message} |")
}

fn word(reason: Reason) -> String {
    serde_json::to_value(reason).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Issue: "Each reason of the contract that this gateway can give, produced once by the real binary
/// through SIP and shown with its record: a list with none missing; the rest named with why."
#[test]
fn each_reason_is_given_once_and_leaves_its_record() {
    listener::learn();
    let mut town = Town::new();
    town.block("user", "una");
    let mut asked: Vec<(String, String)> =
        alone().into_iter().map(|(reason, order)| submit(reason, order)).collect();
    listen(&mut town.listener);
    asked.extend(one_after_another());
    let cancelled = request(FRONT_DOOR, "DELETE", "/v1/calls/cancelled", None).expect("an answer");
    assert!(cancelled.status < 300, "{}", cancelled.text);
    let mut records: BTreeMap<String, Value> =
        asked.into_iter().map(|(id, tenant)| (id.clone(), record(&id, &tenant))).collect();
    let last = at_the_end(&mut town);
    records.extend(last.into_iter().map(|(id, tenant)| (id.clone(), record(&id, &tenant))));

    println!("\n| reason | verdict | fault | Microsoft's | trunk | SIP | rang | to the person |");
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    let mut missing = Vec::new();
    for reason in Reason::ALL {
        let name = word(reason);
        match (records.get(&name), NEVER.iter().find(|(never, _)| *never == reason)) {
            (Some(record), None) => {
                println!("{}", line(record));
                assert!(record["message"].as_str().is_some_and(|message| !message.is_empty()), "{record:#}");
                if record["reason"] != name {
                    missing.push(format!("{name}: {record:#}"));
                }
            }
            (None, Some((_, why))) => println!("| {name} | never given: {why} | | | | | | |"),
            (Some(_), Some(_)) | (None, None) => missing.push(name),
        }
    }
    assert!(missing.is_empty(), "{}\n{}", missing.join("\n"), town.site.scratch.read("octothorpe.err"));
}

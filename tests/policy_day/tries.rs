//! The real binary: five tries in five minutes, `kill -9` among them, and blocks by the command line.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::http::{FRONT_DOOR, is_ready, request};
use crate::support::net::Namespace;
use crate::support::pins::{self, pin};
use crate::support::process::Process;
use crate::support::serving::result_of;
use crate::support::site::Site;
use crate::support::wait_until;

/// A number of the country that is open, so that the limits hold for it.
const ANN: &str = "+1 425 234 5667";

/// A gateway with short sayings, and a phone of these habits.
struct Lab {
    site: Site,
    gateway: Option<Process>,
    _phone: Process,
    _network: Namespace,
}

impl Lab {
    fn new(label: &str, phone: &[&str]) -> Lab {
        Lab::with_policy(label, phone, "")
    }

    /// By a policy file of its own.
    fn with_policy(label: &str, phone: &[&str], policy: &str) -> Lab {
        let network = Namespace::new();
        network.enter();
        let site = Site::new(label, "127.0.0.1");
        site.trunk("carrier", "sip:127.0.0.1:5070", "ring_timeout_s = 5");
        pins::configure(&site, "wait_s = 1\nsayings = 1");
        site.scratch.write("policy.toml", policy);
        let phone = site.listen(&[&["phone", "--json", "--listen", "127.0.0.1:5070"], phone].concat(), 5070);
        let mut lab = Lab { site, gateway: None, _phone: phone, _network: network };
        lab.start();
        lab
    }

    /// Starts the gateway, or kills it and starts it again.
    fn start(&mut self) {
        self.gateway = None;
        self.gateway = Some(self.site.start(&["serve"]));
        assert!(
            wait_until(Duration::from_secs(40), is_ready),
            "{}",
            self.site.scratch.read("octothorpe.err")
        );
    }

    /// Hands a job in and waits for its result.
    fn job(&self, id: &str, order: &Value) -> Value {
        let mut order = order.clone();
        order["id"] = json!(id);
        let answer = request(FRONT_DOOR, "POST", "/v1/calls", Some(&order)).expect("an answer");
        assert_eq!(answer.status, 202, "{}", answer.text);
        result_of(&format!("/v1/calls/{id}"), Duration::from_secs(60))
    }

    fn command(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let mut process =
            self.site.start(&[arguments, &["--url", "http://127.0.0.1:8080", "--json"]].concat());
        let exit = process.wait(Duration::from_secs(60));
        let told: Vec<String> = process.objects().into_iter().map(|(_, line)| line.to_string()).collect();
        (exit, told.join("\n"))
    }
}

/// "Five tries in five minutes from a new user all ring; the sixth as configured", with a `kill -9`
/// after the third.
fn five_ring(label: &str, phone: &[&str], reason: &str) {
    let mut lab = Lab::new(label, phone);
    let order = json!({"to": ANN, "user": "ann", "client_ip": "192.0.2.1"});
    for n in 1..=5 {
        let result = lab.job(&format!("try-{n}"), &order);
        assert_eq!(result["reason"], reason, "try {n}: {result:#}");
        assert_eq!(result["attempts"][0]["rung"], true, "try {n}");
        // The farewell of a call that was answered may still be playing.
        std::thread::sleep(Duration::from_secs(3));
        if n == 3 {
            lab.start();
        }
    }
    let sixth = lab.job("try-6", &order);
    assert_eq!((&sixth["verdict"], &sixth["reason"]), (&json!("rejected"), &json!("throttled")), "{sixth:#}");
    let wait_s = sixth["retry_after_s"].as_u64().expect("it says when to come again");
    assert!((1..=300).contains(&wait_s), "{wait_s}");
    let minutes = wait_s.div_ceil(60);
    let unit = if minutes == 1 { "minute" } else { "minutes" };
    let message = format!(
        "You've hit our limit on verification calls. Try again in {minutes} {unit} or use another method."
    );
    assert_eq!(sixth["message"], message);
    assert_eq!(sixth["attempts"], json!([]), "nothing was dialled");
    let id = std::process::id();
    println!("{label} ({id}): five {reason}, then throttled for {wait_s} s");
}

#[test]
fn five_calls_without_a_key_ring() {
    five_ring("tries-no-input", &["--answer", "silent"], "no_input");
}

#[test]
fn five_calls_that_are_hung_up_ring() {
    five_ring("tries-hung-up", &["--press", "1", "--after-ms", "30000", "--hang-up-ms", "2500"], "hung_up");
}

#[test]
fn five_calls_that_nobody_answers_ring() {
    five_ring("tries-no-answer", &["--ring-ms", "60000"], "no_answer");
}

/// No limit of calls, so that what comes after them shows.
const UNLIMITED: &str = "[limits]\nuser = []\nnumber = []\n";

/// Attack: a PIN guessed over many calls. Five wrong ones lock the user, whatever number is called, and
/// the number, whoever is called there.
fn guessed(label: &str, mode: &Value, wrong: &str) {
    let lab = Lab::with_policy(label, &["--press", "1111#"], UNLIMITED);
    let order = |to: &str, user: &str| json!({"to": to, "user": user, "mode": mode});
    for n in 1..=5 {
        let result = lab.job(&format!("guess-{n}"), &order(ANN, "ann"));
        assert_eq!(result["reason"], wrong, "guess {n}: {result:#}");
        std::thread::sleep(Duration::from_secs(4));
    }
    for (id, to, user) in
        [("same", ANN, "ann"), ("elsewhere", "+1 425 234 5668", "ann"), ("other", ANN, "bob")]
    {
        let result = lab.job(id, &order(to, user));
        assert_eq!(
            (&result["reason"], &result["attempts"]),
            (&json!("pin_locked"), &json!([])),
            "{id}: {result:#}"
        );
    }
    println!("{label}: five {wrong}, then pin_locked for user and number");
}

#[test]
fn a_pin_cannot_be_guessed_over_many_calls() {
    let mut mode = pin("2580");
    mode["tries"] = json!(1);
    guessed("guessed-pin", &mode, "pin_wrong");
}

#[test]
fn a_challenge_cannot_be_guessed_over_many_calls() {
    guessed("guessed-challenge", &json!({"type": "challenge", "digits": "42"}), "challenge_wrong");
}

/// Attack: "call a hundred times at 1 am". After five calls that nobody takes only the login screen's
/// digits confirm: nobody gives in by `#`.
#[test]
fn who_is_called_again_and_again_cannot_give_in_by_one_key() {
    let lab = Lab::with_policy("fatigue", &["--ring-ms", "60000"], UNLIMITED);
    let order = json!({"to": ANN, "user": "ann"});
    for n in 1..=5 {
        assert_eq!(lab.job(&format!("call-{n}"), &order)["reason"], "no_answer", "call {n}");
    }
    let sixth = lab.job("call-6", &order);
    assert_eq!(sixth["reason"], "method_not_allowed", "{sixth:#}");
    assert_eq!(
        (&sixth["allowed_modes"], &sixth["attempts"]),
        (&json!(["challenge"]), &json!([])),
        "{sixth:#}"
    );
    println!("fatigue: five no_answer, then challenge alone");
}

#[test]
fn two_jobs_to_one_number_and_one_key_are_one_verified() {
    let lab = Lab::new("one-press", &["--press", "#"]);
    let order = |id: &str, tenant: &str| json!({"id": id, "to": ANN, "tenant": tenant});
    let post =
        |order: &Value| request(FRONT_DOOR, "POST", "/v1/calls", Some(order)).map(|answer| answer.status);
    assert_eq!(post(&order("first", "default")), Some(202));
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(post(&order("second", "other")), Some(202));
    let result = |path: &str| result_of(path, Duration::from_secs(30));
    let (first, second) = (result("/v1/calls/first"), result("/v1/calls/second?tenant=other"));
    assert_eq!((&first["verdict"], &second["reason"]), (&json!("verified"), &json!("in_progress")));
    assert!(second["retry_after_s"].as_u64().is_some_and(|wait| wait >= 5), "{second:#}");
    drop(lab);
}

#[test]
fn a_blocked_number_is_not_called_until_it_is_unblocked_whatever_happens_between() {
    let mut lab = Lab::new("blocks", &["--press", "#"]);
    let (exit, told) =
        lab.command(&["block", "number", ANN, "--reason", "abuse", "--scope", "all", "--actor", "ops"]);
    assert_eq!(exit, Some(0), "{told}");
    lab.start();
    let order = json!({"to": ANN, "user": "ann"});
    let blocked = lab.job("blocked", &order);
    assert_eq!(blocked["reason"], "number_blocked", "{blocked:#}");
    let (_, listed) = lab.command(&["blocks"]);
    assert!(listed.contains("+1********67") && !listed.contains("2345667"), "{listed}");
    let (exit, told) = lab.command(&["unblock", "number", ANN, "--reason", "over", "--scope", "all"]);
    assert_eq!(exit, Some(0), "{told}");
    assert_eq!(lab.job("free", &order)["reason"], "key_pressed");
    let (_, audit) = lab.command(&["blocks", "--audit"]);
    assert!(audit.contains("unblocked") && audit.contains("\"ops\""), "{audit}");

    let line = |n: usize| {
        if n % 10_000 == 9 { "nonsense\n".to_owned() } else { format!("+1425{:07}\n", 2_000_000 + n) }
    };
    let list: String = (0..100_000).map(line).collect();
    let file = lab.site.scratch.write("list.csv", list);
    let list = [
        "block",
        "--list",
        file.to_str().expect("a plain path"),
        "--reason",
        "bought list",
        "--scope",
        "all",
    ];
    let (exit, told) = lab.command(&list);
    assert_eq!(exit, Some(1), "{told}");
    assert!(
        told.contains("\"taken\":0") && told.contains("\"bad\":10") && told.contains("\"line\":10"),
        "{told}"
    );
    let (exit, told) = lab.command(&[&list[..], &["--partial"]].concat());
    assert_eq!(exit, Some(1), "{told}");
    assert!(told.contains("\"taken\":99990"), "{told}");
    assert_eq!(lab.job("listed", &json!({"to": "+14252000123"}))["reason"], "number_blocked");
}

//! Keys of real phones over a bad network, each phone and gateway in namespaces of their own: the
//! live call's verdict, and which keys the ear heard, told by `replay` on what got through.
//!
//! It has no test harness: the rows run side by side, and the table is printed when all have ended.

#![allow(clippy::disallowed_methods, reason = "a process under test lives on the wall clock")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the table is what this test is for")]

#[allow(dead_code, reason = "every test binary uses its own part of what they share")]
mod support;

use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use support::impairment::{BadNetwork, Impairment, Loss};
use support::net::Namespace;
use support::peers::{Baresip, Linphone, LinphoneKeys};
use support::site::{Site, binary};

/// From the answer to the first key: the gate opens after the context, which is up to 3 s long.
const BEFORE_KEYS: Duration = Duration::from_secs(4);
/// From one key to the next.
const BETWEEN_KEYS: Duration = Duration::from_millis(450);
/// From the other keys to the `#`, so that it is lone (contract, section 2).
const LONE: Duration = Duration::from_millis(3_300);
/// Calls at a time: they wait far more than they compute.
const ABREAST: usize = 8;
/// What is pressed before the `#`, a call each.
const HALVES: [&str; 2] = ["01234567", "89*ABCD"];

/// How the keys come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hand {
    Events,
    Tones,
    Info,
}

/// One call.
#[derive(Debug, Clone, Copy)]
struct Trial {
    hand: Hand,
    loss: Loss,
    keys: &'static str,
    seed: u64,
}

/// What came of it.
#[derive(Debug)]
struct Came {
    trial: Trial,
    /// Which keys the ear heard.
    heard: String,
    verdict: String,
}

impl Trial {
    fn run(self) -> Came {
        let (peers, gateway) = Namespace::pair();
        let site = Site::new(&format!("impaired-{}-{:?}", self.seed, self.hand), "10.99.7.2");
        let number = "+19995551000";
        peers.enter();
        let mut phone = Phone::start(self.hand, &site, number);
        gateway.enter();
        let capture = site.scratch.path().join("received.pcap");
        let jitter = Duration::from_millis(40);
        let network = BadNetwork::begin(Impairment { loss: self.loss, jitter, seed: self.seed }, &capture);
        let port = if self.hand == Hand::Info { 5091 } else { 5071 };
        site.trunk("carrier", &format!("sip:10.99.7.1:{port}"), "");
        let call = site.call(number, &[]);
        phone.press(self.keys);
        let outcome = site.outcome(call, Duration::from_secs(70));
        let heard = heard(&network.end());
        let verdict = outcome.result["verdict"].as_str().unwrap_or_default().to_owned();
        Came { trial: self, heard, verdict }
    }
}

enum Phone {
    Baresip(Baresip, Hand),
    Linphone(Linphone),
}

impl Phone {
    fn start(hand: Hand, site: &Site, user: &str) -> Phone {
        match hand {
            Hand::Events | Hand::Tones => Phone::Baresip(Baresip::start(&site.scratch, user), hand),
            Hand::Info => Phone::Linphone(Linphone::start(&site.scratch, LinphoneKeys::Info)),
        }
    }

    /// Waits for the call and for the gate, then presses.
    fn press(&mut self, keys: &str) {
        let answered = match self {
            Phone::Baresip(phone, _) => phone.wait_answered(),
            Phone::Linphone(phone) => phone.wait_answered(),
        };
        assert!(answered, "the phone sees the call");
        thread::sleep(BEFORE_KEYS);
        if let Phone::Baresip(phone, Hand::Tones) = self {
            phone.press_tones(keys);
            thread::sleep(Duration::from_secs(1) + keys.len() as u32 * Duration::from_millis(500));
        } else {
            for key in keys.chars() {
                self.press_one(key);
                thread::sleep(BETWEEN_KEYS);
            }
        }
        thread::sleep(LONE - BETWEEN_KEYS);
        match self {
            Phone::Baresip(phone, Hand::Tones) => phone.press_tones("#"),
            Phone::Baresip(..) | Phone::Linphone(_) => self.press_one('#'),
        }
    }

    fn press_one(&mut self, key: char) {
        match self {
            Phone::Baresip(phone, _) => phone.press_key(key),
            Phone::Linphone(phone) => phone.press_key(key),
        }
    }
}

/// The keys that the ear hears in what got through.
fn heard(capture: &Path) -> String {
    let output = Command::new(binary()).arg("replay").arg(capture).arg("--json").output();
    let output = output.expect("the binary runs");
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    let keys = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    keys.filter_map(|key| Some(key["digit"].as_str()?.to_owned())).collect()
}

/// One line of the table, and whether it is as it must be.
fn row(title: &str, came: &[&Came], bursts: bool) -> bool {
    let pressed: usize = came.iter().map(|came| came.trial.keys.len() + 1).sum();
    let expected = |came: &Came| format!("{}#", came.trial.keys);
    let right = came.iter().filter(|came| came.heard == expected(came)).count();
    let heard: usize = came.iter().map(|came| came.heard.len()).sum();
    let wrong = came.iter().filter(|came| !is_part_of(&came.heard, &expected(came))).count();
    let verified = came.iter().filter(|came| came.verdict == "verified").count();
    println!("| {title} | {} | {pressed} | {heard} | {right} | {wrong} | {verified} |", came.len());
    for came in came.iter().filter(|came| came.heard != expected(came)) {
        println!("  seed {}: pressed {}, heard {}", came.trial.seed, expected(came), came.heard);
    }
    wrong == 0 && (bursts || right == came.len())
}

/// Whether `heard` is `pressed` with keys left out: none wrong, none doubled.
fn is_part_of(heard: &str, pressed: &str) -> bool {
    let mut left = pressed.chars();
    heard.chars().all(|key| left.any(|pressed| pressed == key))
}

const LOSSES: [(&str, Loss); 3] = [
    ("5 % random", Loss::Random(0.05)),
    ("bursts of 2 in 40", Loss::Bursts(2, 40)),
    ("bursts of 10 in 200", Loss::Bursts(10, 200)),
];

fn main() -> ExitCode {
    let seed = std::env::var("OCTOTHORPE_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_267);
    let calls = if std::env::var_os("OCTOTHORPE_LONG").is_some() { 20 } else { 1 };
    println!("impaired: seed {seed}");
    let mut trials = Vec::new();
    for hand in [Hand::Events, Hand::Tones, Hand::Info] {
        for (_, loss) in LOSSES {
            for call in 0..calls * HALVES.len() {
                let seed = seed + trials.len() as u64;
                trials.push(Trial { hand, loss, keys: HALVES[call % HALVES.len()], seed });
            }
        }
    }
    let (next, came) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..ABREAST {
            scope.spawn(|| {
                while let Some(trial) = trials.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let done = trial.run();
                    came.lock().expect("no holder panics").push(done);
                }
            });
        }
    });
    let came = came.into_inner().expect("no holder panics");
    println!(
        "| keys, network | calls | pressed | heard | all right | with a wrong or doubled key | verified |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    let (mut passed, mut failed) = (0, 0);
    for hand in [Hand::Events, Hand::Tones, Hand::Info] {
        for (name, loss) in LOSSES {
            let of = came.iter().filter(|came| came.trial.hand == hand && came.trial.loss == loss);
            let good = row(&format!("{hand:?}, {name}"), &of.collect::<Vec<_>>(), name.contains("10 in"));
            *(if good { &mut passed } else { &mut failed }) += 1;
        }
    }
    println!("test result: impaired. {passed} passed; {failed} failed; of the rows");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

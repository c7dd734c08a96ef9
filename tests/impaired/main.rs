//! Keys of real phones over a bad network, each phone and gateway in namespaces of their own: the live
//! call's verdict, and which keys the ear heard, told by `replay` on what got through. What was not
//! heard must have been lost on the way.
//!
//! It has no test harness: the rows run side by side, and the table is printed when all have ended.

#![allow(clippy::disallowed_methods, reason = "a process under test lives on the wall clock")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the table is what this test is for")]

mod losses;
#[allow(dead_code, reason = "every test binary uses its own part of what they share")]
#[path = "../support/mod.rs"]
mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use losses::SentKey;
use serde_json::Value;
use support::hand::{Hand, Means};
use support::impairment::{BadNetwork, Impairment, Loss, Sent};
use support::net::Namespace;
use support::site::{Site, binary};

/// From the other keys to the `#`, so that it is lone (contract, section 2).
const LONE: Duration = Duration::from_millis(3_300);
/// Calls at a time: they wait far more than they compute.
const ABREAST: usize = 8;
/// What is pressed before the `#`, a call each.
const HALVES: [&str; 2] = ["01234567", "89*ABCD"];
const MEANS: [Means; 3] = [Means::BaresipEvents, Means::BaresipTones, Means::LinphoneInfo];
const LOSSES: [(&str, Loss); 3] = [
    ("5 % random", Loss::Random(0.05)),
    ("bursts of 2 in 40", Loss::Bursts(2, 40)),
    ("bursts of 10 in 200", Loss::Bursts(10, 200)),
];

/// One call.
#[derive(Debug, Clone, Copy)]
struct Trial {
    means: Means,
    loss: Loss,
    keys: &'static str,
    seed: u64,
}

/// What came of it.
#[derive(Debug)]
struct Came {
    trial: Trial,
    /// Which keys the phone sent, and what of each was lost.
    sent: Vec<SentKey>,
    /// Which keys the ear heard.
    heard: String,
    verdict: String,
}

impl Trial {
    fn run(self) -> Came {
        let (peers, gateway) = Namespace::pair();
        let site = Site::new(&format!("impaired-{}-{:?}", self.seed, self.means), "10.99.7.2");
        let number = "+19995551000";
        peers.enter();
        let mut hand = Hand::start(self.means, &site.scratch, number);
        gateway.enter();
        let capture = site.scratch.path().join("received.pcap");
        let jitter = Duration::from_millis(40);
        let network = BadNetwork::begin(Impairment { loss: self.loss, jitter, seed: self.seed }, &capture);
        site.trunk("carrier", &format!("sip:10.99.7.1:{}", self.means.port()), "");
        let call = site.call(number, &[]);
        assert!(hand.wait_for_gate(), "the phone sees the call");
        hand.press(self.keys);
        thread::sleep(LONE);
        hand.press("#");
        let outcome = site.outcome(call, Duration::from_secs(70));
        let (capture, sent) = network.end();
        let verdict = outcome.result["verdict"].as_str().unwrap_or_default().to_owned();
        let sent = self.sent_keys(&sent);
        let keys: String = sent.iter().map(|sent| sent.key).collect();
        assert_eq!(keys, self.pressed(), "what the phone sent");
        Came { trial: self, sent, heard: heard(&capture), verdict }
    }

    fn pressed(&self) -> String {
        format!("{}#", self.keys)
    }

    fn sent_keys(&self, sent: &[Sent]) -> Vec<SentKey> {
        match self.means {
            Means::BaresipEvents | Means::LinphoneEvents => losses::by_events(sent),
            Means::BaresipTones => losses::by_tones(sent),
            Means::LinphoneInfo => losses::by_info(sent),
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

impl Came {
    fn is_right(&self) -> bool {
        self.heard == self.trial.pressed()
    }

    /// Whether `heard` is what was pressed with keys left out: none wrong, none doubled.
    fn is_part(&self) -> bool {
        let pressed = self.trial.pressed();
        let mut left = pressed.chars();
        self.heard.chars().all(|key| left.any(|pressed| pressed == key))
    }

    /// The keys that were not heard although enough of them got through.
    fn unexplained(&self) -> String {
        let is_excused = |key: char| {
            let is_tone = self.trial.means == Means::BaresipTones;
            self.sent.iter().any(|sent| sent.key == key && losses::is_excuse(*sent, is_tone))
        };
        // A call presses each key once.
        let missed = |key: &char| !self.heard.contains(*key) && !is_excused(*key);
        self.trial.pressed().chars().filter(missed).collect()
    }
}

/// One line of the table, and whether it is as it must be.
fn row(title: &str, calls: usize, came: &[&Came], may_miss: bool) -> bool {
    let count = |is: fn(&Came) -> bool| came.iter().filter(|came| is(came)).count();
    let pressed: usize = came.iter().map(|came| came.trial.pressed().len()).sum();
    let heard: usize = came.iter().map(|came| came.heard.len()).sum();
    let right = count(Came::is_right);
    let wrong = came.len() - count(Came::is_part);
    let unexplained = came.iter().filter(|came| !came.unexplained().is_empty()).count();
    let verified = count(|came| came.verdict == "verified");
    println!("| {title} | {calls} | {pressed} | {heard} | {right} | {wrong} | {unexplained} | {verified} |");
    for came in came.iter().filter(|came| !came.is_right()) {
        let Trial { seed, .. } = came.trial;
        let lost: String = came.sent.iter().map(|sent| format!(" {}:{:.2}", sent.key, sent.lost)).collect();
        let (pressed, unexplained) = (came.trial.pressed(), came.unexplained());
        println!(
            "  seed {seed}: pressed {pressed}, heard {}, unexplained '{unexplained}', lost{lost}",
            came.heard
        );
    }
    came.len() == calls && wrong == 0 && unexplained == 0 && (may_miss || right == calls)
}

/// All calls, so many at a time; one that fails is told and has no part in the table.
fn run_all(trials: &[Trial]) -> Vec<Came> {
    let (next, came) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..ABREAST {
            scope.spawn(|| {
                while let Some(trial) = trials.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Ok(done) = catch_unwind(AssertUnwindSafe(|| trial.run())) {
                        came.lock().expect("no holder panics").push(done);
                    } else {
                        eprintln!("{trial:?} failed");
                    }
                }
            });
        }
    });
    came.into_inner().expect("no holder panics")
}

fn main() -> ExitCode {
    let seed = support::seed::asked().unwrap_or(20_267);
    let rounds = if std::env::var_os("OCTOTHORPE_LONG").is_some() { 20 } else { 1 };
    println!("impaired: seed {seed}");
    let calls = rounds * HALVES.len();
    let mut trials = Vec::new();
    for means in MEANS {
        for (_, loss) in LOSSES {
            for call in 0..calls {
                let seed = seed + trials.len() as u64;
                trials.push(Trial { means, loss, keys: HALVES[call % HALVES.len()], seed });
            }
        }
    }
    let came = run_all(&trials);
    println!(
        "| keys, network | calls | pressed | heard | all right | with a wrong or doubled key | with a miss that nothing explains | verified |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    let (mut passed, mut failed) = (0, 0);
    for means in MEANS {
        for (name, loss) in LOSSES {
            let of: Vec<&Came> =
                came.iter().filter(|came| came.trial.means == means && came.trial.loss == loss).collect();
            let good = row(&format!("{means:?}, {name}"), calls, &of, name.contains("10 in"));
            *(if good { &mut passed } else { &mut failed }) += 1;
        }
    }
    println!("test result: impaired. {passed} passed; {failed} failed; of the rows");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

//! The real binary against phones and a carrier's proxy that nobody here wrote, in networks of their
//! own, and the table of what came out: peer, path, transport, verdict.
//!
//! It has no test harness: the rows run side by side, and the table is printed when all have ended.

#![allow(clippy::disallowed_methods, reason = "a process under test lives on the wall clock")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the table is what this test is for")]

#[allow(dead_code, reason = "every test binary uses its own part of what they share")]
mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use support::hand::{Hand, Means};
use support::net::{self, Namespace};
use support::peers::Kamailio;
use support::process::Process;
use support::site::{Outcome, Site};
use support::{office, pins, wait_until, wav};

/// Rows at a time: they wait far more than they compute.
const ABREAST: usize = 12;

/// One line of the table.
#[derive(Debug, Clone, Copy)]
struct Row {
    /// Through Kamailio, with credentials, or straight to the phone.
    trunk: bool,
    /// Who answers, and how the key comes; nobody does where Kamailio refuses.
    phone: Option<Means>,
    /// Behind an office's attendant, this is asked of whoever sits there.
    asked: Option<Asked>,
    /// The last four digits, by which Kamailio chooses.
    digits: &'static str,
    transport: &'static str,
    verdict: &'static str,
    reason: &'static str,
}

/// What is asked behind an attendant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Pin,
    Challenge,
}

/// The office's one extension, and where its attendant is called.
const EXTENSION: &str = "4207";
const ATTENDANT: u16 = 5070;
/// A phone that answers at once and says nothing is asked 4 to 6 s after it was put through.
const SILENT_ANSWER: Duration = Duration::from_secs(7);

const fn verified(trunk: bool, phone: Means, digits: &'static str, transport: &'static str) -> Row {
    let (verdict, reason) = ("verified", "key_pressed");
    Row { trunk, phone: Some(phone), asked: None, digits, transport, verdict, reason }
}

const fn behind(phone: Means, asked: Asked) -> Row {
    let reason = match asked {
        Asked::Pin => "pin_matched",
        Asked::Challenge => "challenge_matched",
    };
    let row = verified(false, phone, "0123", "udp");
    Row { asked: Some(asked), reason, ..row }
}

const fn refused(
    digits: &'static str,
    transport: &'static str,
    verdict: &'static str,
    reason: &'static str,
) -> Row {
    Row { trunk: true, phone: None, asked: None, digits, transport, verdict, reason }
}

/// Long rows first, so that they do not end alone.
const ROWS: &[Row] = &[
    refused("0408", "udp", "unreached", "unreachable"),
    refused("0408", "tcp", "unreached", "unreachable"),
    behind(Means::BaresipEvents, Asked::Pin),
    behind(Means::BaresipTones, Asked::Pin),
    behind(Means::LinphoneEvents, Asked::Pin),
    behind(Means::LinphoneInfo, Asked::Pin),
    behind(Means::BaresipEvents, Asked::Challenge),
    behind(Means::BaresipTones, Asked::Challenge),
    behind(Means::LinphoneEvents, Asked::Challenge),
    behind(Means::LinphoneInfo, Asked::Challenge),
    verified(false, Means::BaresipEvents, "1000", "udp"),
    verified(false, Means::BaresipTones, "1000", "udp"),
    verified(false, Means::BaresipEvents, "1000", "tcp"),
    verified(false, Means::LinphoneEvents, "1009", "udp"),
    verified(false, Means::LinphoneInfo, "1009", "udp"),
    verified(true, Means::BaresipEvents, "1000", "udp"),
    verified(true, Means::BaresipTones, "1000", "udp"),
    verified(true, Means::BaresipEvents, "1000", "tcp"),
    verified(true, Means::LinphoneEvents, "1009", "udp"),
    verified(true, Means::LinphoneInfo, "1009", "tcp"),
    verified(true, Means::BaresipEvents, "0200", "udp"),
    verified(true, Means::BaresipTones, "0200", "tcp"),
    verified(true, Means::BaresipTones, "0300", "udp"),
    refused("0503", "udp", "failed", "trunk_capacity"),
    refused("0503", "tcp", "failed", "trunk_capacity"),
    refused("0404", "udp", "unreached", "not_in_service"),
    refused("0404", "tcp", "unreached", "not_in_service"),
    refused("0480", "udp", "unreached", "unreachable"),
    refused("0480", "tcp", "unreached", "unreachable"),
    refused("0486", "udp", "unreached", "busy"),
    refused("0486", "tcp", "unreached", "busy"),
    refused("0603", "udp", "unreached", "unreachable"),
    refused("0603", "tcp", "unreached", "unreachable"),
];

impl Row {
    fn peer(&self) -> String {
        let phone = match self.phone {
            None => self.digits,
            Some(Means::BaresipEvents | Means::BaresipTones) => "baresip",
            Some(Means::LinphoneEvents | Means::LinphoneInfo) => "linphone",
        };
        let relay = match &self.digits[..2] {
            "02" => " + rtpengine",
            "03" => " + rtpengine, PCMA without telephone-event",
            _ => "",
        };
        match (self.trunk, self.asked) {
            (true, _) => format!("Kamailio{relay} > {phone}"),
            (false, None) => phone.to_owned(),
            (false, Some(asked)) => format!("attendant > {phone}, {asked:?}"),
        }
    }

    /// The key path that the result must name.
    fn path(&self) -> &'static str {
        self.phone.map_or("", Means::path)
    }

    /// Starts the attendant in the network of this thread, with the phone behind it.
    fn attendant(&self, site: &Site) -> Option<Process> {
        let phone = self.phone.filter(|_| self.asked.is_some())?;
        office::record(site);
        let directory = site.scratch.path().join("office");
        let listen = format!("10.99.7.1:{ATTENDANT}");
        let user = if phone.port() == Means::LinphoneInfo.port() { "linphone" } else { "callee" };
        let behind = format!("{EXTENSION}=sip:{user}@10.99.7.1:{}", phone.port());
        let directory = directory.to_string_lossy();
        let arguments = [
            "phone",
            "--listen",
            &listen,
            "--attendant",
            &directory,
            "--extension",
            &behind,
            "--ring-ms",
            "100",
        ];
        let attendant = site.start(&arguments);
        assert!(wait_until(Duration::from_secs(20), || net::is_bound("udp", ATTENDANT)), "no attendant");
        Some(attendant)
    }

    /// What the call asks, and what answers it.
    fn asks(&self) -> (Vec<String>, &'static str) {
        let mode =
            |mode: serde_json::Value| vec!["--user".into(), "ann".into(), "--mode".into(), mode.to_string()];
        match self.asked {
            None => (Vec::new(), "#"),
            Some(Asked::Pin) => (mode(pins::pin("2580")), "2580#"),
            Some(Asked::Challenge) => (mode(pins::challenge("42")), "42#"),
        }
    }

    /// Places the call and lets the phone press; panics where the result is another than the row's.
    fn run(&self) -> Outcome {
        let dialled = format!("+1999555{}", self.digits);
        let number = if self.asked.is_some() { format!("{dialled}x{EXTENSION}") } else { dialled.clone() };
        let (peers, gateway) = Namespace::pair();
        let site = Site::new(&format!("peer-{}-{}", self.digits, self.transport), "10.99.7.2");
        pins::configure(&site, "");
        let user = if self.trunk || self.asked.is_some() { "callee" } else { &dialled };

        peers.enter();
        let _trunk = self.trunk.then(|| Kamailio::start(&site.scratch));
        let mut hand = self.phone.map(|means| Hand::start(means, &site.scratch, user));

        let attendant = self.attendant(&site);
        if attendant.is_some() {
            // Who has been put through says nothing: what is said behind an attendant may be a greeting.
            site.scratch.write("baresip/speech.wav", wav::bytes(&[0; 160_000]));
        }
        gateway.enter();
        let port = self.phone.filter(|_| !self.trunk).map_or(5060, Means::port);
        let port = if attendant.is_some() { ATTENDANT } else { port };
        let credentials = if self.trunk { "username = \"gateway\"\npassword_file = \"secret\"" } else { "" };
        let target = format!("sip:10.99.7.1:{port};transport={}", self.transport);
        site.trunk("carrier", &target, &format!("ring_timeout_s = 5\n{credentials}"));
        let (options, keys) = self.asks();
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        let call = site.call(&number, &options);
        let answered = hand.as_mut().is_none_or(Hand::wait_for_gate);
        if let Some(hand) = hand.as_mut().filter(|_| answered) {
            thread::sleep(if attendant.is_some() { SILENT_ANSWER } else { Duration::ZERO });
            hand.press(keys);
        }
        let outcome = site.outcome(call, Duration::from_secs(70));
        assert!(answered, "the phone saw no call: {outcome}");
        outcome.assert_ended(self.verdict, self.reason);
        assert_eq!(outcome.paths(), self.path(), "the key's paths; {outcome}");
        assert_eq!(outcome.attempt("transport"), self.transport, "{outcome}");
        if self.digits.starts_with("03") {
            assert_eq!(outcome.attempt("codec"), "PCMA", "{outcome}");
        }
        outcome
    }
}

/// Runs the rows whose table line holds the argument, if there is one; all else is listed as usual.
fn main() -> ExitCode {
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    let rows: Vec<&Row> = ROWS.iter().filter(|row| row.title().contains(&wanted)).collect();
    let next = AtomicUsize::new(0);
    let done = Mutex::new(vec![None; rows.len()]);
    thread::scope(|scope| {
        for _ in 0..ABREAST {
            scope.spawn(|| {
                while let Some((index, row)) = take(&next, &rows) {
                    let line = row.line();
                    done.lock().expect("no holder panics")[index] = Some(line);
                }
            });
        }
    });
    let lines: Vec<(bool, String)> =
        done.into_inner().expect("no holder panics").into_iter().flatten().collect();
    println!("| peer | path | transport | verdict |\n| --- | --- | --- | --- |");
    lines.iter().for_each(|(_, line)| println!("{line}"));
    let passed = lines.iter().filter(|(passed, _)| *passed).count();
    let failed = lines.len() - passed;
    let word = if failed == 0 { "ok" } else { "FAILED" };
    println!("test result: {word}. {passed} passed; {failed} failed; of the peers");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn take<'a>(next: &AtomicUsize, rows: &[&'a Row]) -> Option<(usize, &'a Row)> {
    let index = next.fetch_add(1, Ordering::Relaxed);
    Some((index, *rows.get(index)?))
}

impl Row {
    fn title(&self) -> String {
        format!("| {} | {} | {} ", self.peer(), self.path(), self.transport)
    }

    /// The row's line of the table, and whether it is as it must be.
    fn line(&self) -> (bool, String) {
        match catch_unwind(AssertUnwindSafe(|| self.run())) {
            Ok(outcome) => {
                let verdict = outcome.result["verdict"].as_str().unwrap_or_default();
                (true, format!("{}| {verdict}: {} |", self.title(), outcome.reason()))
            }
            Err(_) => {
                (false, format!("{}| WRONG, expected {}: {} |", self.title(), self.verdict, self.reason))
            }
        }
    }
}

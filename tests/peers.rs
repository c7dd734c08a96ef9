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

use support::net::Namespace;
use support::peers::{Baresip, Kamailio, Linphone, LinphoneKeys};
use support::site::{Outcome, Site};

/// From the answer to the press: the context is up to 3 s long, and the gate opens after it.
const BEFORE_KEY: Duration = Duration::from_secs(4);
/// Rows at a time: they wait far more than they compute.
const ABREAST: usize = 12;

/// Who answers, and how the key comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phone {
    Nobody,
    BaresipEvent,
    BaresipTone,
    LinphoneEvent,
    LinphoneInfo,
}

/// One line of the table.
#[derive(Debug, Clone, Copy)]
struct Row {
    /// Through Kamailio, with credentials, or straight to the phone.
    trunk: bool,
    phone: Phone,
    /// The last four digits, by which Kamailio chooses.
    digits: &'static str,
    transport: &'static str,
    verdict: &'static str,
    reason: &'static str,
}

const fn verified(trunk: bool, phone: Phone, digits: &'static str, transport: &'static str) -> Row {
    Row { trunk, phone, digits, transport, verdict: "verified", reason: "key_pressed" }
}

const fn refused(
    digits: &'static str,
    transport: &'static str,
    verdict: &'static str,
    reason: &'static str,
) -> Row {
    Row { trunk: true, phone: Phone::Nobody, digits, transport, verdict, reason }
}

/// Long rows first, so that they do not end alone.
const ROWS: &[Row] = &[
    refused("0408", "udp", "unreached", "unreachable"),
    refused("0408", "tcp", "unreached", "unreachable"),
    verified(false, Phone::BaresipEvent, "1000", "udp"),
    verified(false, Phone::BaresipTone, "1000", "udp"),
    verified(false, Phone::BaresipEvent, "1000", "tcp"),
    verified(false, Phone::LinphoneEvent, "1009", "udp"),
    verified(false, Phone::LinphoneInfo, "1009", "udp"),
    verified(true, Phone::BaresipEvent, "1000", "udp"),
    verified(true, Phone::BaresipTone, "1000", "udp"),
    verified(true, Phone::BaresipEvent, "1000", "tcp"),
    verified(true, Phone::LinphoneEvent, "1009", "udp"),
    verified(true, Phone::LinphoneInfo, "1009", "tcp"),
    verified(true, Phone::BaresipEvent, "0200", "udp"),
    verified(true, Phone::BaresipTone, "0200", "tcp"),
    verified(true, Phone::BaresipTone, "0300", "udp"),
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
            Phone::Nobody => self.digits,
            Phone::BaresipEvent | Phone::BaresipTone => "baresip",
            Phone::LinphoneEvent | Phone::LinphoneInfo => "linphone",
        };
        let relay = match &self.digits[..2] {
            "02" => " + rtpengine",
            "03" => " + rtpengine, PCMA without telephone-event",
            _ => "",
        };
        if self.trunk { format!("Kamailio{relay} > {phone}") } else { phone.to_owned() }
    }

    /// The key path that the result must name.
    fn path(&self) -> &'static str {
        match self.phone {
            Phone::Nobody => "",
            Phone::BaresipEvent | Phone::LinphoneEvent => "rfc4733",
            Phone::BaresipTone => "in_band",
            Phone::LinphoneInfo => "sip_info",
        }
    }

    /// Places the call and lets the phone press; panics where the result is another than the row's.
    fn run(&self) -> Outcome {
        let number = format!("+1999555{}", self.digits);
        let (peers, gateway) = Namespace::pair();
        let site = Site::new(&format!("peer-{}-{}", self.digits, self.transport), "10.99.7.2");
        let user = if self.trunk { "callee" } else { &number };

        peers.enter();
        let _trunk = self.trunk.then(|| Kamailio::start(&site.scratch));
        let mut hand = Hand::start(self.phone, &site, user);

        gateway.enter();
        let port = match (self.trunk, self.phone) {
            (true, _) => 5060,
            (false, Phone::LinphoneEvent | Phone::LinphoneInfo) => 5091,
            (false, Phone::Nobody | Phone::BaresipEvent | Phone::BaresipTone) => 5071,
        };
        let credentials = if self.trunk { "username = \"gateway\"\npassword_file = \"secret\"" } else { "" };
        let target = format!("sip:10.99.7.1:{port};transport={}", self.transport);
        site.trunk("carrier", &target, &format!("ring_timeout_s = 5\n{credentials}"));
        let call = site.call(&number, &[]);
        let answered = hand.press();
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

/// The hand that presses.
#[derive(Debug)]
enum Hand {
    None,
    Event(Baresip),
    Tone(Baresip),
    Linphone(Linphone),
}

impl Hand {
    fn start(phone: Phone, site: &Site, user: &str) -> Hand {
        match phone {
            Phone::Nobody => Hand::None,
            Phone::BaresipEvent => Hand::Event(Baresip::start(&site.scratch, user)),
            Phone::BaresipTone => Hand::Tone(Baresip::start(&site.scratch, user)),
            Phone::LinphoneEvent => Hand::Linphone(Linphone::start(&site.scratch, LinphoneKeys::Events)),
            Phone::LinphoneInfo => Hand::Linphone(Linphone::start(&site.scratch, LinphoneKeys::Info)),
        }
    }

    /// Waits for the call and for the gate, then presses; whether a call came.
    fn press(&mut self) -> bool {
        let answered = match self {
            Hand::None => return true,
            Hand::Event(phone) | Hand::Tone(phone) => phone.wait_answered(),
            Hand::Linphone(phone) => phone.wait_answered(),
        };
        if answered {
            thread::sleep(BEFORE_KEY);
        }
        match self {
            Hand::None => {}
            Hand::Event(phone) => phone.press_event(),
            Hand::Tone(phone) => phone.press_tone(),
            Hand::Linphone(phone) => phone.press(),
        }
        answered
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

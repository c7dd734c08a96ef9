//! Who answered, through SIP and RTP: what is no person is told as such, and the person whom a call screener
//! puts on is verified.

use std::net::{SocketAddr, UdpSocket};
use std::thread::sleep;
use std::time::{Duration, Instant};

use octothorpe::dsp::g711::Law;
use serde_json::json;

use super::modes::{Meeting, recording};
use super::support::listener::{press, two_digits};
use super::support::media::{self, beep, silence, speech};
use super::support::site::Outcome;
use super::support::uas::{Uas, frame};
use super::{GATE, call, let_go};

#[track_caller]
fn assert_told(says: Vec<i16>, reason: &str, label: &str) -> Outcome {
    let outcome = recording(json!({"type": "confirm"}), says, "");
    outcome.assert_ended("unreached", reason);
    assert_eq!(outcome.result["answered_by"], label, "{outcome}");
    outcome
}

/// Issue: "Voicemail is told, nothing secret is left on it, the call ends at the beep or sooner."
#[test]
fn a_mailbox_is_told_and_hung_up_on_at_its_beep() {
    let greeting = [silence(400), speech(4), silence(900)].concat();
    let beep_ends_ms = 5_800;
    let outcome = assert_told([greeting, beep(), silence(60_000)].concat(), "voicemail", "machine");
    let at = |field| outcome.attempt(field).as_i64().expect("the call was answered and ended");
    let lasted = at("ended_ms") - at("answered_ms");
    assert!((5_000..beep_ends_ms + 500).contains(&lasted), "it lasted {lasted} ms; {outcome}");
}

#[test]
fn a_menu_that_talks_on_is_told() {
    assert_told(media::menu(), "ivr", "ivr");
}

/// ITU-T T.30: a fax machine answers with 2,100 Hz for about 3 s.
#[test]
fn a_fax_machine_is_told() {
    assert_told(media::fax(), "fax", "fax");
}

/// An assistant asks who calls and why; the person whom it puts on presses nothing.
#[test]
fn a_screened_call_that_nobody_confirms_is_told() {
    let phone = ["--answer", "screening", "--put-on-s", "5", "--press", ""];
    let mode = json!({"type": "confirm"});
    let outcome = Meeting { mode, phone: &phone, says: Vec::new(), script: "" }.outcome();
    outcome.assert_ended("unreached", "call_screening");
    assert_eq!(outcome.result["answered_by"], "screening", "{outcome}");
}

/// It asked, was told who calls and why, and nobody came on: no person declined anything.
#[test]
fn a_screener_that_puts_nobody_on_is_told() {
    let says = [silence(300), speech(4), silence(100_000)].concat();
    let outcome = recording(json!({"type": "confirm"}), says, "");
    outcome.assert_ended("unreached", "call_screening");
    assert_eq!(outcome.result["answered_by"], "unknown", "{outcome}");
}

/// Begins to say this, packet by packet.
fn say(from: &Uas, said: Vec<i16>) {
    let socket: UdpSocket = from.rtp.try_clone().expect("a socket can be shared");
    let to: SocketAddr = from.gateway_media();
    std::thread::spawn(move || {
        let began = Instant::now();
        for (number, samples) in (0u16..).zip(said.chunks(160)) {
            let due = began + Duration::from_millis(20) * u32::from(number);
            sleep(due.saturating_duration_since(Instant::now()));
            let octets: Vec<u8> = samples.iter().map(|sample| Law::Mu.encode(*sample)).collect();
            let packet = frame(7, number, &octets);
            // The gateway may have hung up.
            let _ = socket.send_to(&packet, to);
        }
    });
}

/// What a screener says first, from the answer to the end of its question.
const ASKS: Duration = Duration::from_millis(300 + 4_000);
/// How long it listens.
const LISTENS: Duration = Duration::from_millis(1_500);
/// What the person says who comes on.
const HELLO: Duration = Duration::from_secs(1);

/// Asks for 4 s, listens for 1.5 s, waits, and puts a person on who keys what is asked for.
fn screened(wait: Duration) -> Outcome {
    let waits = silence((LISTENS + wait).as_millis() as usize);
    let said = [silence(300), speech(4), waits, speech(1), silence(60_000)].concat();
    call("udp", |far| {
        far.take_call();
        let (ringing, answer) = (far.response("180 Ringing", false), far.response("200 OK", true));
        far.send(ringing.as_bytes());
        far.send(answer.as_bytes());
        far.expect("ACK");
        say(far, said);
        sleep(ASKS + LISTENS + wait + HELLO + GATE);
        press(far, "#", 1);
        let digits = two_digits(far);
        sleep(Duration::from_millis(1_000));
        press(far, &format!("{digits}#"), 10);
        let_go(far);
    })
}

/// When the prompt was begun, counted from the answer.
fn prompted(outcome: &Outcome) -> Vec<Duration> {
    let of = |name| outcome.events.iter().filter(move |event| event["event"] == name);
    let at = |event: &serde_json::Value| -> jiff::Timestamp {
        event["at"].as_str().and_then(|at| at.parse().ok()).expect("every event has its time")
    };
    let answered = of("answered").map(at).next().expect("the call was answered");
    of("prompting").map(|event| at(event).duration_since(answered).unsigned_abs()).collect()
}

/// Issue: "A screening that speaks 4 s, listens 1.5 s and puts a person on 5 to 20 s later: verified."
#[track_caller]
fn assert_put_on_and_verified(wait: Duration) {
    let outcome = screened(wait);
    outcome.assert_ended("verified", "spoken_matched");
    assert_eq!(outcome.result["answered_by"], "screening", "{outcome}");
    let prompted = prompted(&outcome);
    let is_within =
        |from: Duration, span: Duration| prompted.iter().any(|at| (from..from + span).contains(at));
    assert!(is_within(ASKS, LISTENS), "who calls and why, while it listens: {prompted:?}");
    let comes_on = ASKS + LISTENS + wait;
    assert!(is_within(comes_on, HELLO * 2), "the prompt anew, for whoever came on: {prompted:?}");
}

#[test]
fn a_person_put_on_soon_by_a_screener_is_verified() {
    assert_put_on_and_verified(Duration::from_secs(5));
}

#[test]
fn a_person_put_on_late_by_a_screener_is_verified() {
    assert_put_on_and_verified(Duration::from_secs(20));
}

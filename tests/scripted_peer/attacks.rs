//! Who would be let in without pressing a key: each attack against the real binary, in one table.

use std::net::UdpSocket;
use std::thread;
use std::time::{Duration, Instant};

use octothorpe::dsp::g711::Law;
use serde_json::json;

use super::modes::{keys, mailbox, recording, under};
use super::support::media::{beep, silence, speech};
use super::support::net::Namespace;
use super::support::pins::challenge;
use super::support::site::{Outcome, Site};
use super::support::uas::{PORT, Uas, frame};
use super::{GATE, call, event, let_go};

/// Longer than a call without a key.
const LIMIT: Duration = Duration::from_secs(110);
/// µ-law silence.
const SILENCE: u8 = 0xff;
const FRAME: usize = 160;

/// One attack, and how it ends.
struct Attack {
    what: &'static str,
    /// Any of these reasons.
    reasons: &'static [&'static str],
    run: fn() -> Outcome,
}

/// The limits that the README states are the two that verify.
const ATTACKS: [Attack; 14] = [
    Attack {
        what: "a greeting with speech, a beep and `#` before, under and after them",
        reasons: &["input_untrusted", "voicemail"],
        run: || recording(json!({"type": "confirm"}), mailbox("#"), ""),
    },
    Attack {
        what: "the same with `0#` in it: reported, nobody blocked",
        reasons: &["fraud_reported", "voicemail"],
        run: || recording(json!({"type": "confirm"}), mailbox("0#"), ""),
    },
    Attack {
        what: "the same with the challenge's digits in it",
        reasons: &["input_untrusted", "challenge_wrong", "entry_incomplete", "voicemail"],
        run: || recording(challenge("42"), mailbox("42#"), ""),
    },
    Attack {
        what: "the same in mode `code`: nothing of the code after the beep",
        reasons: &["input_untrusted", "voicemail"],
        run: || recording(json!({"type": "code", "code": "4207"}), mailbox("#"), ""),
    },
    Attack {
        what: "a beep, and `#` 2 s behind it",
        reasons: &["input_untrusted", "voicemail"],
        run: || recording(json!({"type": "confirm"}), beep_and_key(), ""),
    },
    Attack {
        what: "a late greeting of a word or two, `#` 0.9 s behind it, and a beep",
        reasons: &["input_untrusted", "voicemail"],
        run: || recording(json!({"type": "confirm"}), a_word_and_key(), ""),
    },
    Attack {
        what: "a silent greeting with `#` at 4, 8 and 12 s, `confirm_key = \"spoken\"`",
        reasons: &["input_untrusted", "no_input", "entry_incomplete"],
        run: || recording(json!({"type": "confirm"}), silent_greeting(), "confirm_key = \"spoken\""),
    },
    Attack {
        what: "the same by `hash`: a limit, told in the README",
        reasons: &["key_pressed"],
        run: || recording(json!({"type": "confirm"}), silent_greeting(), ""),
    },
    Attack {
        what: "a merged call that presses before the gate",
        reasons: &["input_untrusted"],
        run: || call("udp", |far| pressed_after(far, Duration::from_millis(300))),
    },
    Attack {
        what: "a merged call that presses after the gate: a limit, told in the README",
        reasons: &["key_pressed"],
        run: || call("udp", |far| pressed_after(far, GATE)),
    },
    Attack { what: "a stranger's RTP with an event and a tone", reasons: &["no_input"], run: strangers_rtp },
    Attack { what: "forged INFO and BYE", reasons: &["input_untrusted"], run: forged_requests },
    Attack { what: "our own echo, 3 dB down", reasons: &["no_input", "voicemail"], run: own_echo },
    Attack {
        what: "RTP and SIP of an earlier call, sent again",
        reasons: &["no_input", "input_untrusted"],
        run: earlier_call_again,
    },
];

fn beep_and_key() -> Vec<i16> {
    [speech(4), silence(1_200), beep(), silence(2_000), keys("#"), silence(40_000)].concat()
}

/// Too late and too short to be told as a greeting by itself.
fn a_word_and_key() -> Vec<i16> {
    let word = speech(1)[..7_200].to_vec();
    let behind = [silence(900), keys("#"), silence(300), beep(), silence(40_000)].concat();
    [silence(3_300), word, behind].concat()
}

fn silent_greeting() -> Vec<i16> {
    [4_000, 8_000, 12_000].iter().fold(silence(40_000), |sound, at| under(sound, *at, &keys("#")))
}

/// Answers without ringing, so that the moment of the answer is sure.
fn take(far: &mut Uas) {
    far.take_call();
    let answer = far.response("200 OK", true);
    far.send(answer.as_bytes());
    far.expect("ACK");
}

fn pressed_after(far: &mut Uas, pause: Duration) {
    take(far);
    thread::sleep(pause);
    let key = far.pound_info(1);
    far.send(key.as_bytes());
    far.expect("INFO");
    until_the_bye(far);
}

/// The call goes on until the gateway ends it.
fn until_the_bye(far: &mut Uas) {
    far.be_patient(LIMIT);
    loop {
        // What was forged is answered too.
        let message = far.receive();
        if message.method() == Some("BYE") {
            return far.accept(&message);
        }
    }
}

/// The far end's own stream, the one that also [`event`]s are of.
const STREAM: u8 = 7;

/// Sends silence until the gate is open, so that the source of the media is sure.
fn be_silent(far: &Uas, stream: u8) {
    for number in 0..(GATE.as_millis() / 20) as u16 {
        far.rtp
            .send_to(&frame(stream, number, &[SILENCE; FRAME]), far.gateway_media())
            .expect("loopback takes it");
        thread::sleep(Duration::from_millis(20));
    }
}

fn strangers_rtp() -> Outcome {
    call("udp", |far| {
        take(far);
        be_silent(far, STREAM);
        let strangers = ["127.0.0.9:6000", "127.0.0.1:6002"];
        for stranger in strangers.map(|address| UdpSocket::bind(address).expect("a port of this network")) {
            let tone = keys("#").into_iter().map(|sample| Law::Mu.encode(sample)).collect::<Vec<u8>>();
            let frames =
                tone.as_chunks::<FRAME>().0.iter().zip(300_u16..).map(|(octets, n)| frame(STREAM, n, octets));
            for packet in (0..4).map(event).chain(frames) {
                // The kernel may tell the stranger that nobody is there for it.
                let _ = stranger.send_to(&packet, far.gateway_media());
                thread::sleep(Duration::from_millis(20));
            }
        }
        until_the_bye(far);
    })
}

fn forged_requests() -> Outcome {
    call("udp", |far| {
        take(far);
        be_silent(far, STREAM);
        let forger = UdpSocket::bind("127.0.0.1:5099").expect("a port of this network");
        let (key, bye) = (far.pound_info(1), far.request("BYE", 2, "", ""));
        for forged in [&key, &bye].map(|text| text.replace(";tag=far", ";tag=forged")) {
            forger.send_to(forged.as_bytes(), ("127.0.0.1", 5060)).expect("loopback takes it");
            // And as if from the trunk itself.
            far.send(forged.as_bytes());
        }
        thread::sleep(Duration::from_secs(1));
        until_the_bye(far);
    })
}

fn own_echo() -> Outcome {
    call("udp", |far| {
        take(far);
        far.rtp.set_read_timeout(Some(Duration::from_millis(500))).expect("the time-out is not zero");
        let (mut packet, end) = ([0; 2_048], Instant::now() + Duration::from_secs(14));
        let mut number = 0_u16;
        while Instant::now() < end {
            let Ok(length) = far.rtp.recv(&mut packet) else { break };
            let mut octets = [SILENCE; FRAME];
            for (echo, octet) in octets.iter_mut().zip(&packet[12..length]) {
                *echo = Law::Mu.encode((f32::from(Law::Mu.decode(*octet)) * 0.708) as i16);
            }
            far.rtp.send_to(&frame(STREAM, number, &octets), far.gateway_media()).expect("loopback takes it");
            number += 1;
        }
        until_the_bye(far);
    })
}

/// The first call is confirmed; what confirmed it confirms no second one.
fn earlier_call_again() -> Outcome {
    let network = Namespace::new();
    network.enter();
    let mut far = Uas::listen("udp");
    let site = Site::new("earlier", "127.0.0.1");
    site.trunk("carrier", &format!("sip:127.0.0.1:{PORT}"), "");
    let first = site.call("+19995550123", &[]);
    take(&mut far);
    be_silent(&far, STREAM);
    let key = far.pound_info(1);
    far.send(key.as_bytes());
    (0..4).for_each(|packet| {
        let _ = far.rtp.send_to(&event(packet), far.gateway_media());
    });
    let_go(&mut far);
    site.outcome(first, LIMIT).assert_ended("verified", "key_pressed");

    let second = site.call("+19995550124", &["--sip-listen", "127.0.0.1:5060"]);
    take(&mut far);
    be_silent(&far, STREAM + 1);
    far.send(key.as_bytes());
    for packet in 0..4 {
        far.rtp.send_to(&event(packet), far.gateway_media()).expect("loopback takes it");
    }
    until_the_bye(&mut far);
    site.outcome(second, LIMIT)
}

/// Issue: "Each attack that reaches this issue, run against the real binary. Not one verified", but for
/// the two whose limit the README states.
#[test]
fn no_attack_lets_anybody_in() {
    let outcomes = ATTACKS.map(|attack| thread::spawn(attack.run));
    let mut wrong = Vec::new();
    println!("\n| attack | result | reason |\n| --- | --- | --- |");
    for (attack, outcome) in ATTACKS.iter().zip(outcomes) {
        let Ok(outcome) = outcome.join() else {
            wrong.push(format!("{}: did not run", attack.what));
            continue;
        };
        let verdict = outcome.result["verdict"].as_str().unwrap_or_default();
        println!("| {} | {verdict} | {} |", attack.what, outcome.reason());
        let is_limit = attack.reasons == ["key_pressed"];
        if !attack.reasons.contains(&outcome.reason()) || (verdict == "verified") != is_limit {
            wrong.push(format!("{}: {outcome}", attack.what));
        }
        if outcome.events.iter().any(|event| event["event"] == "blocked") {
            wrong.push(format!("{}: somebody was blocked", attack.what));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

//! The real binary against a far end written by hand: messages split and joined on TCP, and keys that
//! arrive in one breath with the BYE.

#![allow(clippy::disallowed_methods, reason = "a process under test lives on the wall clock")]
#![allow(clippy::print_stdout, reason = "the table of attacks is what it is for")]
#![allow(clippy::print_stderr, reason = "a failed test names the directory that it leaves")]

#[allow(dead_code, reason = "every test binary uses its own part of what they share")]
mod support;

#[path = "scripted_peer/answered.rs"]
mod answered;
#[path = "scripted_peer/attacks.rs"]
mod attacks;
#[path = "scripted_peer/attendant.rs"]
mod attendant;
#[path = "scripted_peer/farewell.rs"]
mod farewell;
#[path = "scripted_peer/listener.rs"]
mod listener;
#[path = "scripted_peer/modes.rs"]
mod modes;

use std::thread::sleep;
use std::time::Duration;

use support::net::Namespace;
use support::site::{Outcome, Site};
use support::uas::{PORT, Uas};

/// From the answer until a key counts: the context is up to 3 s long.
const GATE: Duration = Duration::from_millis(4500);

/// One call by `transport` against a far end that does as `script` says.
#[track_caller]
fn call(transport: &str, script: impl FnOnce(&mut Uas)) -> Outcome {
    let network = Namespace::new();
    network.enter();
    let mut far = Uas::listen(transport);
    let site = Site::new(&format!("scripted-{transport}"), "127.0.0.1");
    site.trunk("carrier", &format!("sip:127.0.0.1:{PORT};transport={transport}"), "");
    let call = site.call("+19995550123", &[]);
    script(&mut far);
    site.outcome(call, Duration::from_secs(60))
}

/// Rings, answers, and sends sound until the gate is open.
fn answer(far: &mut Uas) {
    far.take_call();
    let (ringing, answer) = (far.response("180 Ringing", false), far.response("200 OK", true));
    far.send(ringing.as_bytes());
    far.send(answer.as_bytes());
    far.expect("ACK");
    sleep(GATE);
}

/// Waits for the BYE and answers it.
fn let_go(far: &mut Uas) {
    let bye = far.expect("BYE");
    far.accept(&bye);
}

/// RFC 3261 §18.3: a stream has no message borders; one byte a segment is as good as any.
#[test]
fn a_byte_at_a_time() {
    call("tcp", |far| {
        let drip = |far: &mut Uas, text: String| {
            for byte in text.bytes() {
                far.send(&[byte]);
                sleep(Duration::from_micros(300));
            }
        };
        far.take_call();
        drip(far, far.response("180 Ringing", false));
        drip(far, far.response("200 OK", true));
        far.expect("ACK");
        sleep(GATE);
        drip(far, far.pound_info(1));
        far.expect("INFO");
        let_go(far);
    })
    .assert_verified_by("sip_info");
}

#[test]
fn three_messages_in_one_segment() {
    call("tcp", |far| {
        far.take_call();
        let answers = [("100 Trying", false), ("180 Ringing", false), ("200 OK", true)];
        let segment: String = answers.iter().map(|(status, sdp)| far.response(status, *sdp)).collect();
        far.send(segment.as_bytes());
        far.expect("ACK");
        sleep(GATE);
        far.send(far.pound_info(1).as_bytes());
        far.expect("INFO");
        let_go(far);
    })
    .assert_verified_by("sip_info");
}

/// Cuts in the empty line, in the body, and in the next message's first line; keep-alives between.
#[test]
fn cuts_where_they_hurt() {
    call("tcp", |far| {
        far.take_call();
        let ringing = far.response("180 Ringing", false);
        let answer = far.response("200 OK", true);
        let blank = ringing.find("\r\n\r\n").unwrap();
        let body = answer.find("\r\n\r\n").unwrap() + 30;
        // RFC 3261 §7.5: empty lines before a start line are ignored; RFC 5626 §3.5.1 sends two.
        let stream = format!("\r\n\r\n{ringing}{answer}\r\n\r\n");
        let cuts = [4 + blank + 2, 4 + ringing.len() + 5, 4 + ringing.len() + body];
        let mut start = 0;
        for end in cuts.into_iter().chain([stream.len()]) {
            far.send(&stream.as_bytes()[start..end]);
            sleep(Duration::from_millis(100));
            start = end;
        }
        far.expect("ACK");
        sleep(GATE);
        far.send(far.pound_info(1).as_bytes());
        far.expect("INFO");
        let_go(far);
    })
    .assert_verified_by("sip_info");
}

/// A proxy restarts in the middle of a call: the BYE goes over a new connection (RFC 3261 §18.1.1).
#[test]
fn a_connection_that_breaks_does_not_end_the_call() {
    call("tcp", |far| {
        answer(far);
        far.send(far.pound_info(1).as_bytes());
        far.expect("INFO");
        far.disconnect();
        let_go(far);
    })
    .assert_verified_by("sip_info");
}

#[test]
fn a_key_and_the_bye_in_one_segment() {
    call("tcp", |far| {
        answer(far);
        let segment = far.pound_info(1) + &far.request("BYE", 2, "", "");
        far.send(segment.as_bytes());
        far.expect("BYE");
    })
    .assert_verified_by("sip_info");
}

#[test]
fn a_key_and_the_bye_back_to_back() {
    call("udp", |far| {
        answer(far);
        let (key, bye) = (far.pound_info(1), far.request("BYE", 2, "", ""));
        far.send(key.as_bytes());
        far.send(bye.as_bytes());
        far.expect("BYE");
    })
    .assert_verified_by("sip_info");
}

/// The key's packets are still in the socket when the BYE is read: they came before it, they count.
#[test]
fn an_event_and_the_bye_back_to_back() {
    call("udp", |far| {
        answer(far);
        let bye = far.request("BYE", 1, "", "");
        for packet in 0..4 {
            far.rtp.send_to(&event(packet), far.gateway_media()).unwrap();
        }
        far.send(bye.as_bytes());
        far.expect("BYE");
    })
    .assert_verified_by("rfc4733");
}

/// RFC 4733 §2.3: `#` (event 11), volume 10, longer by 20 ms with each packet; no end packet.
fn event(packet: u8) -> Vec<u8> {
    let duration = (u16::from(packet) + 1) * 160;
    let marker = if packet == 0 { 0x80 } else { 0 };
    let mut bytes = vec![0x80, marker | 101, 0, packet, 0, 0, 0x10, 0, 0, 0, 0, 7, 11, 10];
    bytes.extend(duration.to_be_bytes());
    bytes
}

/// RFC 3261 §15.1.2: a BYE is answered although our ACK is still on its way.
#[test]
fn a_bye_right_behind_the_200() {
    let outcome = call("udp", |far| {
        far.take_call();
        let (answer, bye) = (far.response("200 OK", true), far.request("BYE", 1, "", ""));
        far.send(answer.as_bytes());
        far.send(bye.as_bytes());
        let mut heard = [far.receive(), far.receive()]
            .map(|message| (message.method().map(str::to_owned), message.status()));
        heard.sort();
        assert_eq!(heard, [(None, Some(200)), (Some("ACK".to_owned()), None)]);
    });
    // Whoever hangs up at once sends no packet: by the contract's words that is a line without media.
    assert!(matches!(outcome.reason(), "hung_up" | "no_media"), "{outcome}");
}

/// A length that no message can have is no message: the stream cannot be read on, the call ends.
#[test]
fn a_length_beyond_every_bound_ends_the_connection() {
    let outcome = call("tcp", |far| {
        far.take_call();
        let ringing =
            far.response("180 Ringing", false).replace("Content-Length: 0", "Content-Length: 4000000000");
        far.send(ringing.as_bytes());
    });
    assert_eq!(outcome.result["verdict"], "failed", "{outcome}");
}

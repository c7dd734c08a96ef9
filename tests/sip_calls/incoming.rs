//! The answering phone's side.

use std::time::Duration;

use octothorpe::leg::SignalEvent;
use octothorpe::leg::key::Digit;
use octothorpe::leg::signal::{DTMF, DTMF_RELAY, Incoming, IncomingSetup};
use octothorpe::sip::message::{Message, Response, Status, Transport};

use crate::harness::*;

const OFFER: &str = "Content-Type: application/sdp

    v=0
    o=alice 1 1 IN IP4 192.0.2.1
    s=-
    c=IN IP4 192.0.2.1
    t=0 0
    m=audio 20000 RTP/AVP 0 101
    a=rtpmap:101 telephone-event/8000";

fn invite(extra: &str) -> String {
    format!(
        "INVITE sip:phone@192.0.2.9 SIP/2.0
         Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKinvite;rport
         Record-Route: <sip:192.0.2.77;lr>
         Max-Forwards: 70
         From: <sip:alice@192.0.2.1>;tag=alice
         To: <sip:phone@192.0.2.9>
         Call-ID: call-1
         CSeq: 1 INVITE
         Contact: <sip:alice@192.0.2.1:5060>
         {extra}"
    )
}

fn take(text: &str) -> Result<Stage<Incoming>, Box<Response>> {
    let Message::Request(request) = read(text) else { panic!("a request") };
    let setup = IncomingSetup { us: us(), media: media(), seed: 7 };
    let start = zero();
    let leg = Incoming::new(start, request, &peer(Transport::Udp, TRUNK), setup)?;
    Ok(Stage::new(leg, start))
}

fn caller(method: &str, cseq: u32, extra: &str) -> String {
    let branch = if method == "CANCEL" { "invite".to_owned() } else { format!("{method}{cseq}") };
    let tag = if method == "CANCEL" { "" } else { ";tag={US}" };
    let head = format!(
        "{method} sip:phone@192.0.2.9 SIP/2.0
         Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK{branch};rport
         From: <sip:alice@192.0.2.1>;tag=alice
         To: <sip:phone@192.0.2.9>{tag}
         Call-ID: call-1
         CSeq: {cseq} {method}"
    );
    if extra.is_empty() { head } else { format!("{head}\n{extra}") }
}

/// A call that is up.
fn up() -> Stage<Incoming> {
    let mut stage = take(&invite(OFFER)).unwrap();
    stage.leg.answer(stage.now);
    assert_eq!(stage.sent_lines(), ["100 Trying (1 INVITE)", "200 OK (1 INVITE)"]);
    stage.receive(&caller("ACK", 1, ""));
    assert_eq!(stage.events(), ["answered 20000"]);
    stage
}

#[test]
fn it_tries_rings_plays_and_answers_in_exact_messages() {
    let mut stage = take(&invite(OFFER)).unwrap();
    stage.leg.ring(stage.now);
    stage.leg.progress(stage.now);
    stage.leg.answer(stage.now);
    let sent = stage.sent();
    assert_eq!(sent.len(), 4);
    assert!(sent[0].starts_with("SIP/2.0 100 Trying\r\n") && !sent[0].contains("Contact"));
    assert_message(
        &sent[1],
        "SIP/2.0 180 Ringing
         Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKinvite;rport=5060;received=192.0.2.1
         From: <sip:alice@192.0.2.1>;tag=alice
         To: <sip:phone@192.0.2.9>;tag={US}
         Call-ID: call-1
         CSeq: 1 INVITE
         Record-Route: <sip:192.0.2.77;lr>
         Contact: <sip:gateway@192.0.2.9:5060>
         Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE
         Server: Octothorpe",
    );
    let body = |text: &str| text.split_once("\r\n\r\n").unwrap().1.to_owned();
    assert!(sent[2].starts_with("SIP/2.0 183 ") && sent[3].starts_with("SIP/2.0 200 OK\r\n"));
    assert_eq!(body(&sent[2]), body(&sent[3]), "the 200 repeats the answer of the 183");
    assert_eq!(stage.events(), ["early 20000", "answered 20000"]);
    // §13.3.1.4: the 200 until its ACK.
    let at: Vec<u64> = stage.run(4_000).into_iter().map(|(at, _)| at).collect();
    assert_eq!(at, [500, 1_500, 3_500]);
    // RFC 6026 §7.1: a repeated INVITE is absorbed.
    stage.receive(&invite(OFFER));
    assert_eq!(stage.sent_lines(), [""; 0]);
    stage.receive(&caller("ACK", 1, ""));
    assert_eq!(stage.run(31_000), []);
}

#[test]
fn a_200_without_an_ack_is_given_up() {
    let mut stage = take(&invite(OFFER)).unwrap();
    stage.leg.answer(stage.now);
    stage.sent();
    assert_eq!(stage.run(31_999).len(), 10);
    assert_eq!(stage.run(32_000), [(32_000, "BYE sip:alice@192.0.2.1:5060".to_owned())]);
    assert_eq!(stage.events(), ["answered 20000", "ended TimedOut Answered -"]);
    assert!(stage.is_freed_by(64_000));
}

#[test]
fn a_call_hung_up_before_the_ack_waits_for_it_with_the_bye() {
    // §15: "the callee's UA MUST NOT send a BYE on a confirmed dialog until it has received an ACK for
    // its 2xx response or until the server transaction times out."
    let mut stage = take(&invite(OFFER)).unwrap();
    stage.leg.answer(stage.now);
    stage.sent();
    stage.leg.hang_up(stage.now);
    assert_eq!(stage.sent_lines(), [""; 0]);
    stage.receive(&caller("ACK", 1, ""));
    let bye = stage.sent_one();
    // §12.1.1: the callee's route set is the Record-Route in its order.
    assert_message(
        &bye,
        "BYE sip:alice@192.0.2.1:5060 SIP/2.0
         Via: SIP/2.0/UDP 192.0.2.9:5060;branch={B1};rport
         Max-Forwards: 70
         From: <sip:phone@192.0.2.9>;tag={US}
         To: <sip:alice@192.0.2.1>;tag=alice
         Call-ID: call-1
         CSeq: 1 BYE
         Route: <sip:192.0.2.77;lr>
         User-Agent: Octothorpe",
    );
    stage.receive(&response(&bye, "200 OK", "", ""));
    assert_eq!(stage.events(), ["answered 20000", "ended HungUpByUs Answered -"]);
    assert!(stage.is_freed_by(32_000));
}

#[test]
fn a_refusal_is_repeated_until_its_ack() {
    let mut stage = take(&invite(OFFER)).unwrap();
    stage.leg.reject(stage.now, Status::BUSY_HERE);
    assert_eq!(stage.sent_lines(), ["100 Trying (1 INVITE)", "486 Busy Here (1 INVITE)"]);
    assert_eq!(stage.events(), ["ended HungUpByUs Trying -"]);
    assert_eq!(stage.run(1_500).len(), 2);
    stage.receive(&caller("ACK", 1, "").replace("ACK1", "invite"));
    assert_eq!(stage.run(30_000), []);
    assert!(stage.is_freed_by(30_000));
}

#[test]
fn a_cancel_ends_a_ringing_call_and_comes_too_late_for_an_answered_one() {
    // §9.2.
    let mut stage = take(&invite(OFFER)).unwrap();
    stage.leg.ring(stage.now);
    stage.sent();
    stage.receive(&caller("CANCEL", 1, "Reason: SIP;cause=200;text=\"Call completed elsewhere\""));
    assert_eq!(stage.sent_lines(), ["200 OK (1 CANCEL)", "487 Request Terminated (1 INVITE)"]);
    assert_eq!(stage.events(), ["hung up Ringing"]);
    stage.leg.answer(stage.now);
    assert_eq!(stage.sent_lines(), [""; 0]);
    let mut stage = up();
    stage.receive(&caller("CANCEL", 1, ""));
    assert_eq!(stage.sent_lines(), ["200 OK (1 CANCEL)"]);
    assert_eq!(stage.events(), [""; 0]);
    stage.receive(&caller("CANCEL", 1, "").replace("bKinvite", "bKother"));
    assert_eq!(stage.sent_lines(), ["481 Call/Transaction Does Not Exist (1 CANCEL)"]);
}

#[test]
fn a_bye_before_the_answer_ends_the_invite_too() {
    // §15.1.2: the UAS "MUST still respond to any pending requests … RECOMMENDED that a 487".
    let mut stage = take(&invite(OFFER)).unwrap();
    stage.leg.ring(stage.now);
    stage.sent();
    stage.receive(&caller("BYE", 2, ""));
    assert_eq!(stage.sent_lines(), ["200 OK (2 BYE)", "487 Request Terminated (1 INVITE)"]);
    assert_eq!(stage.events(), ["hung up Ringing"]);
}

#[test]
fn a_second_invite_before_the_answer_is_to_come_again() {
    // §14.2: 500 with a Retry-After of 0 to 10 seconds.
    let mut stage = take(&invite(OFFER)).unwrap();
    stage.leg.ring(stage.now);
    stage.sent();
    stage.receive(&caller("INVITE", 2, OFFER));
    let refusal = stage.sent_one();
    assert!(refusal.starts_with("SIP/2.0 500 "), "{refusal}");
    assert!(header(&refusal, "Retry-After").unwrap().parse::<u32>().unwrap() <= 10);
}

#[test]
fn an_invite_without_sdp_gets_our_offer_and_its_ack_the_answer() {
    let mut stage = take(&invite("User-Agent: x")).unwrap();
    stage.leg.progress(stage.now);
    stage.leg.answer(stage.now);
    let sent = stage.sent();
    assert!(!sent[1].contains("m=audio") && sent[2].contains("m=audio 10000 RTP/AVP 0 8 101"));
    assert_eq!(stage.events(), [""; 0]);
    stage.receive(&caller("ACK", 1, OFFER));
    assert_eq!(stage.events(), ["answered 20000"]);
}

#[test]
fn an_ack_without_the_answer_that_is_due_ends_the_call() {
    let mut stage = take(&invite("User-Agent: x")).unwrap();
    stage.leg.answer(stage.now);
    stage.sent();
    stage.receive(&caller("ACK", 1, ""));
    assert_eq!(stage.sent_lines(), ["BYE sip:alice@192.0.2.1:5060"]);
    assert_eq!(stage.events(), ["ended NoUsableMedia Answered -"]);
}

#[test]
fn an_invite_that_cannot_be_taken_is_refused_at_once() {
    let refused = |text: &str| take(text).err().expect("a refusal");
    assert_eq!(refused(&invite(&OFFER.replace("0 101", "18"))).status.code(), 488);
    assert_eq!(refused(&invite("Content-Type: text/plain\n\nhello")).status.code(), 415);
    assert_eq!(refused(&invite(&format!("Require: 100rel\n{OFFER}"))).status.code(), 420);
}

#[test]
fn keys_leave_by_info_in_both_bodies() {
    let mut stage = up();
    stage.leg.press_info(stage.now, DTMF_RELAY, Digit::HASH, Duration::from_millis(160));
    let info = stage.sent_one();
    assert_eq!(header(&info, "Content-Type"), Some("application/dtmf-relay"));
    assert!(plain(&info).ends_with("\n\nSignal=#\nDuration=160"), "{info}");
    stage.receive(&response(&info, "200 OK", "", ""));
    stage.leg.press_info(stage.now, DTMF, Digit::HASH, Duration::from_millis(160));
    let info = stage.sent_one();
    assert_eq!(header(&info, "Content-Type"), Some("application/dtmf"));
    assert!(plain(&info).ends_with("\n\n#"), "{info}");
    // Before the answer there is no dialog to press in.
    let mut stage = take(&invite(OFFER)).unwrap();
    stage.sent();
    stage.leg.press_info(stage.now, DTMF, Digit::HASH, Duration::ZERO);
    assert_eq!(stage.sent_lines(), [""; 0]);
}

#[test]
fn a_dialog_that_the_far_end_has_forgotten_is_ended() {
    // §12.2.1.2: a 481 or 408, or no response at all, ends the dialog.
    for silent in [false, true] {
        let mut stage = up();
        stage.leg.press_info(stage.now, DTMF, Digit::HASH, Duration::ZERO);
        let info = stage.sent_one();
        if silent {
            stage.run(32_000);
        } else {
            stage.receive(&response(&info, "481 Call Does Not Exist", "", ""));
            assert_eq!(stage.sent_lines(), ["BYE sip:alice@192.0.2.1:5060"]);
        }
        let end = if silent { "ended TimedOut Answered -" } else { "ended Refused Answered 481" };
        assert_eq!(stage.events(), [end]);
    }
}

#[test]
fn the_caller_hangs_up_holds_and_moves_like_anybody() {
    let mut stage = up();
    stage.receive(&caller("INVITE", 2, &format!("{OFFER}\na=sendonly")));
    assert_eq!(stage.sent_lines(), ["200 OK (2 INVITE)"]);
    stage.receive(&caller("ACK", 2, ""));
    assert_eq!(stage.events(), ["renegotiated 20000", "held true"]);
    stage.receive(&caller("BYE", 3, ""));
    assert_eq!(stage.sent_lines(), ["200 OK (3 BYE)"]);
    assert!(matches!(stage.last_event(), SignalEvent::HungUp(_)));
    assert!(stage.is_freed_by(64_000));
}

#[test]
fn a_stranger_with_the_right_call_id_is_told_nothing() {
    let mut stage = up();
    stage.receive(&caller("BYE", 9, "").replace("tag=alice", "tag=mallory"));
    assert_eq!(stage.sent_lines(), ["481 Call/Transaction Does Not Exist (9 BYE)"]);
    assert_eq!(stage.events(), [""; 0]);
}

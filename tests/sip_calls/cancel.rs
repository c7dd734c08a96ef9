//! Calling off: CANCEL and its races.

use octothorpe::leg::signal::{OutgoingSetup, RecordRequest};

use crate::harness::*;

#[test]
fn a_ringing_call_is_cancelled_in_exact_messages() {
    let (mut stage, invite) = Stage::calling(setup());
    stage.receive(&response(&invite, "180 Ringing", "bob", ""));
    stage.leg.hang_up(stage.now);
    let cancel = stage.sent_one();
    assert_message(
        &cancel,
        "CANCEL sip:+14255550123@192.0.2.1 SIP/2.0
         Via: SIP/2.0/UDP 192.0.2.9:5060;branch={B1};rport
         Max-Forwards: 70
         From: <sip:+14255550100@192.0.2.9>;tag={US}
         To: <sip:+14255550123@192.0.2.1>
         Call-ID: {CALL}
         CSeq: 1 CANCEL",
    );
    // The end is not told before the network says it.
    assert_eq!(stage.events(), ["trying", "ringing"]);
    stage.receive(&response(&cancel, "200 OK", "bob", ""));
    assert_eq!(stage.events(), [""; 0]);
    stage.receive(&response(&invite, "487 Request Terminated", "bob", ""));
    assert_eq!(stage.sent_lines(), ["ACK sip:+14255550123@192.0.2.1"]);
    assert_eq!(stage.events(), ["ended HungUpByUs Ringing 487"]);
    assert!(stage.is_freed_by(32_000));
}

#[test]
fn no_cancel_leaves_before_a_provisional_answer() {
    // §9.1: "If no provisional response has been received, the CANCEL request MUST NOT be sent; rather,
    // the client MUST wait for the arrival of a provisional response before sending the request."
    let (mut stage, invite) = Stage::calling(setup());
    stage.leg.hang_up(stage.now);
    assert_eq!(stage.sent_lines(), [""; 0]);
    let repeats = stage.run(3_000);
    assert!(repeats.iter().all(|(_, line)| line.starts_with("INVITE")), "{repeats:?}");
    stage.receive(&response(&invite, "100 Trying", "", ""));
    assert_eq!(stage.sent_lines(), ["CANCEL sip:+14255550123@192.0.2.1"]);
}

#[test]
fn a_call_called_off_that_nobody_answers_ends_by_timer_b() {
    let (mut stage, _) =
        Stage::calling(OutgoingSetup { targets: vec![setup().targets[0].clone(); 2], ..setup() });
    stage.leg.hang_up(stage.now);
    assert!(stage.run(32_000).iter().all(|(_, line)| line.starts_with("INVITE")));
    assert_eq!(stage.events(), ["ended HungUpByUs Sent -"]);
    // No further target is tried for a call that nobody wants.
    assert_eq!(stage.leg.poll_record(), None);
    assert!(stage.is_freed_by(32_000));
}

#[test]
fn the_ringing_limit_cancels_to_the_millisecond() {
    let (mut stage, invite) = Stage::calling(setup());
    stage.receive(&response(&invite, "180 Ringing", "bob", ""));
    assert_eq!(stage.run(29_999), []);
    let cancel = "CANCEL sip:+14255550123@192.0.2.1".to_owned();
    assert_eq!(stage.run(30_000), [(30_000, cancel)]);
    stage.receive(&response(&invite, "487 Request Terminated", "bob", ""));
    assert_eq!(stage.events(), ["trying", "ringing", "ended HungUpByUs Ringing 487"]);
}

#[test]
fn the_ringing_limit_without_any_ringing_is_a_time_out() {
    let (mut stage, invite) = Stage::calling(setup());
    stage.receive(&response(&invite, "100 Trying", "", ""));
    stage.run(30_000);
    stage.receive(&response(&invite, "487 Request Terminated", "x", ""));
    assert_eq!(stage.events(), ["trying", "ended TimedOut Trying 487"]);
}

#[test]
fn a_provisional_past_the_ringing_limit_is_cancelled_at_once() {
    let (mut stage, invite) = Stage::calling(setup());
    assert!(stage.run(31_000).iter().all(|(_, line)| line.starts_with("INVITE")));
    stage.receive(&response(&invite, "180 Ringing", "bob", ""));
    assert_eq!(stage.run(31_000), [(31_000, "CANCEL sip:+14255550123@192.0.2.1".to_owned())]);
}

#[test]
fn a_peer_that_ignores_the_cancel_is_given_up_after_64_t1() {
    // §9.1: "If there is no final response for the original request in 64*T1 seconds … the client SHOULD
    // then consider the original transaction cancelled and SHOULD destroy the client transaction".
    let (mut stage, invite) = Stage::calling(setup());
    stage.receive(&response(&invite, "180 Ringing", "bob", ""));
    stage.leg.hang_up(stage.now);
    assert_eq!(stage.sent_lines(), ["CANCEL sip:+14255550123@192.0.2.1"]);
    let sent: Vec<u64> = stage.run(31_999).into_iter().map(|(at, _)| at).collect();
    // Timer E of the CANCEL.
    assert_eq!(sent, [500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]);
    assert_eq!(stage.events(), ["trying", "ringing"]);
    stage.run(32_000);
    assert_eq!(stage.events(), ["ended HungUpByUs Ringing -"]);
    assert!(stage.is_freed_by(32_000));
}

#[test]
fn a_200_that_crosses_the_cancel_is_acknowledged_and_hung_up() {
    let (mut stage, invite) = Stage::calling(setup());
    stage.receive(&response(&invite, "180 Ringing", "bob", ""));
    stage.leg.hang_up(stage.now);
    let cancel = stage.sent_one();
    stage.receive(&response(&invite, "200 OK", "bob", &sdp(20_000, "")));
    assert_eq!(stage.sent_lines(), ["ACK sip:bob@192.0.2.4:5080", "BYE sip:bob@192.0.2.4:5080"]);
    assert!(
        matches!(stage.leg.poll_record(), Some(RecordRequest::Answered(_))),
        "a BYE that is lost with us is sent again by the next process"
    );
    assert_eq!(stage.events(), ["trying", "ringing", "ended HungUpByUs Answered -"]);
    stage.receive(&response(&cancel, "481 Call Does Not Exist", "", ""));
    // The 200 was repeated before our ACK came.
    stage.receive(&response(&invite, "200 OK", "bob", &sdp(20_000, "")));
    assert_eq!(stage.sent_lines(), ["ACK sip:bob@192.0.2.4:5080"]);
    assert!(stage.is_freed_by(64_000));
}

#[test]
fn an_answer_before_the_cancel_could_leave_is_hung_up_too() {
    let (mut stage, invite) = Stage::calling(setup());
    stage.leg.hang_up(stage.now);
    stage.receive(&response(&invite, "200 OK", "bob", &sdp(20_000, "")));
    assert_eq!(stage.sent_lines(), ["ACK sip:bob@192.0.2.4:5080", "BYE sip:bob@192.0.2.4:5080"]);
    assert_eq!(stage.events(), ["ended HungUpByUs Answered -"]);
}

#[test]
fn a_challenge_is_not_answered_for_a_call_that_nobody_wants() {
    let credentials = Some(octothorpe::sip::digest::Credentials::new("a", "b"));
    let (mut stage, invite) = Stage::calling(OutgoingSetup { credentials, ..setup() });
    stage.leg.hang_up(stage.now);
    let challenge = "WWW-Authenticate: Digest realm=\"x\", nonce=\"y\"";
    stage.receive(&response(&invite, "401 Unauthorized", "x", challenge));
    assert_eq!(stage.sent_lines(), ["ACK sip:+14255550123@192.0.2.1"]);
    assert_eq!(stage.events(), ["ended HungUpByUs Sent 401"]);
    assert_eq!(stage.leg.poll_record(), None);
}

#[test]
fn a_transport_error_while_it_rings_is_no_end() {
    let (mut stage, invite) = Stage::calling(setup());
    stage.receive(&response(&invite, "180 Ringing", "bob", ""));
    stage.leg.handle_transport_error(stage.now, "connection reset");
    assert_eq!(stage.events(), ["trying", "ringing"]);
    stage.receive(&response(&invite, "200 OK", "bob", &sdp(20_000, "")));
    assert_eq!(stage.events(), ["answered 20000"]);
}

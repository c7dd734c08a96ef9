//! What the far end may do in a call that is up.

use std::time::Duration;

use octothorpe::leg::SignalEvent;
use octothorpe::leg::signal::Outgoing;

use crate::harness::*;

/// A description that changes the one of [`Stage::up`].
fn offer(port: u16, attributes: &str) -> String {
    sdp(port, attributes)
}

#[test]
fn a_bye_is_answered_at_once_and_only_then_told() {
    let (mut stage, _) = Stage::up(setup());
    stage.receive(&request("BYE", 1, "bob", "Reason: Q.850;cause=16;text=\"Normal call clearing\""));
    assert_message(
        &stage.sent_one(),
        "SIP/2.0 200 OK
         Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKfarBYE1;rport=5060;received=192.0.2.1
         From: <sip:+14255550123@192.0.2.1>;tag=bob
         To: <sip:+14255550100@192.0.2.9>;tag={US}
         Call-ID: {CALL}
         CSeq: 1 BYE
         Server: Octothorpe",
    );
    let SignalEvent::HungUp(cause) = stage.last_event() else { panic!("a hang-up") };
    assert_eq!((cause.q850, cause.text.as_str()), (Some(16), "Normal call clearing"));
    assert_eq!(stage.leg.facts().q850, Some(16));
    // A lost 200: the BYE comes again and is answered again, told to nobody (§17.2.2).
    stage.receive(&request("BYE", 1, "bob", ""));
    assert_eq!(stage.sent_lines(), ["200 OK (1 BYE)"]);
    assert_eq!(stage.events(), [""; 0]);
    // The dialog is gone for anything else.
    stage.receive(&request("INFO", 2, "bob", ""));
    assert_eq!(stage.sent_lines(), ["481 Call/Transaction Does Not Exist (2 INFO)"]);
    assert!(!stage.is_freed_by(31_999) && stage.is_freed_by(32_000));
}

#[test]
fn byes_that_cross_end_both_sides() {
    let (mut stage, _) = Stage::up(setup());
    stage.leg.hang_up(stage.now);
    let bye = stage.sent_one();
    stage.receive(&request("BYE", 1, "bob", ""));
    assert_eq!(stage.sent_lines(), ["200 OK (1 BYE)"]);
    stage.receive(&response(&bye, "481 Call Does Not Exist", "", ""));
    assert_eq!(stage.events(), ["ended HungUpByUs Answered -"]);
    assert!(stage.is_freed_by(32_000));
}

#[test]
fn a_bye_that_nobody_answers_ends_by_timer_f() {
    let (mut stage, _) = Stage::up(setup());
    stage.leg.hang_up(stage.now);
    stage.sent();
    assert_eq!(stage.run(31_999).len(), 10);
    assert!(!stage.leg.is_finished() && stage.is_freed_by(32_000));
}

#[test]
fn a_bye_that_overtakes_the_200_ends_the_call_when_it_comes() {
    let (mut stage, invite) = Stage::calling(setup());
    stage.receive(&response(&invite, "180 Ringing", "bob", "Contact: <sip:bob@192.0.2.4:5080>"));
    stage.receive(&request("BYE", 1, "bob", ""));
    assert_eq!(stage.sent_lines(), ["200 OK (1 BYE)"]);
    stage.receive(&response(&invite, "200 OK", "bob", &sdp(20_000, "")));
    assert_eq!(stage.sent_lines(), ["ACK sip:bob@192.0.2.4:5080"]);
    assert_eq!(stage.events(), ["trying", "ringing", "hung up Answered"]);
    assert!(stage.is_freed_by(64_000));
}

#[test]
fn hold_and_unhold_in_all_their_spellings() {
    // RFC 3264 §8.4: sendonly, inactive, and the old connection address 0.0.0.0.
    let (mut stage, _) = Stage::up(setup());
    let address = |body: String| body.replace("c=IN IP4 192.0.2.4", "c=IN IP4 0.0.0.0");
    let held = [
        (offer(20_000, "\na=sendonly"), "20000", "a=recvonly"),
        (offer(20_000, "\na=inactive"), "20000", "a=inactive"),
        (address(offer(20_000, "")), "none", "a=sendrecv"),
    ];
    let mut cseq = 0;
    for (body, port, answer) in held {
        for (body, events) in [
            (body, [format!("renegotiated {port}"), "held true".to_owned()]),
            (offer(20_000, ""), ["renegotiated 20000".to_owned(), "held false".to_owned()]),
        ] {
            cseq += 1;
            stage.receive(&request("INVITE", cseq, "bob", &body));
            let ok = stage.sent_one();
            assert!(ok.starts_with("SIP/2.0 200 OK\r\n"), "{ok}");
            let expected = if events[1] == "held true" { answer } else { "a=sendrecv" };
            assert!(ok.contains(expected) || answer == "a=sendrecv", "{ok}");
            assert_eq!(header(&ok, "Contact"), Some("<sip:gateway@192.0.2.9:5060>"));
            assert_eq!(stage.events(), events);
            stage.receive(&request("ACK", cseq, "bob", ""));
        }
    }
    assert_eq!(stage.run(10_000), [], "all 200s were acknowledged");
}

#[test]
fn a_new_address_is_taken_and_the_codec_kept() {
    let (mut stage, _) = Stage::up(setup());
    let moved = offer(30_000, "").replace("RTP/AVP 0 101", "RTP/AVP 8 0 101");
    let moved = moved.replace("bob@192.0.2.4:5080", "bob@192.0.2.44:5090");
    stage.receive(&request("INVITE", 1, "bob", &moved));
    let SignalEvent::Renegotiated(format) = stage.last_event() else { panic!("an agreement") };
    assert_eq!(format.remote, Some("192.0.2.4:30000".parse().unwrap()));
    assert_eq!(format.codec, octothorpe::leg::Codec::Pcmu);
    assert_eq!(stage.sent_lines(), ["200 OK (1 INVITE)"]);
    stage.receive(&request("ACK", 1, "bob", ""));
    // §12.2.2: the Contact of a target refresh request is the remote target from now on.
    stage.leg.hang_up(stage.now);
    let place = "UDP:192.0.2.44:5090".to_owned();
    assert_eq!(stage.sent_where(), [(place, "BYE sip:bob@192.0.2.44:5090".to_owned())]);
}

#[test]
fn a_reinvite_without_sdp_gets_our_offer_and_its_ack_brings_the_answer() {
    let (mut stage, _) = Stage::up(setup());
    stage.receive(&request("INVITE", 1, "bob", "Contact: <sip:bob@192.0.2.4:5080>"));
    let ok = stage.sent_one();
    assert!(ok.contains("m=audio 10000 RTP/AVP 0 8 101"), "{ok}");
    assert_eq!(stage.events(), [""; 0]);
    // RFC 3311 §5.2: while our offer waits, an UPDATE with an offer gets 491; so does an INVITE.
    stage.receive(&request("UPDATE", 2, "bob", &offer(30_000, "")));
    stage.receive(&request("INVITE", 3, "bob", &offer(30_000, "")));
    assert_eq!(stage.sent_lines(), ["491 Request Pending (2 UPDATE)", "491 Request Pending (3 INVITE)"]);
    stage.receive(&request("ACK", 1, "bob", &offer(40_000, "\na=sendonly")));
    assert_eq!(stage.events(), ["renegotiated 40000", "held true"]);
    // The ACK again, and the ACK to the 491, change nothing.
    stage.receive(&request("ACK", 1, "bob", &offer(50_000, "")));
    stage.receive(&request("ACK", 3, "bob", "").replace("farACK3", "farINVITE3"));
    assert_eq!((stage.events(), stage.run(30_000)), (vec![], vec![]));
}

#[test]
fn a_200_to_a_reinvite_is_repeated_until_its_ack_and_then_the_call_is_given_up() {
    // §13.3.1.4: "The 2xx response is passed to the transport with an interval that starts at T1 seconds
    // and doubles for each retransmission until it reaches T2 seconds"; without an ACK for 64*T1 the
    // session is ended with a BYE.
    let (mut stage, _) = Stage::up(setup());
    stage.receive(&request("INVITE", 1, "bob", &offer(20_000, "")));
    assert_eq!(stage.sent_lines(), ["200 OK (1 INVITE)"]);
    let (at, lines): (Vec<u64>, Vec<String>) = stage.run(31_999).into_iter().unzip();
    assert_eq!(at, [500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]);
    assert!(lines.iter().all(|line| line == "200 OK (1 INVITE)"));
    stage.events();
    assert_eq!(stage.run(32_000), [(32_000, "BYE sip:bob@192.0.2.4:5080".to_owned())]);
    assert_eq!(stage.events(), ["ended TimedOut Answered -"]);
    assert!(stage.is_freed_by(96_000));
}

#[test]
fn fax_and_video_alone_are_refused_and_the_call_goes_on() {
    let (mut stage, _) = Stage::up(setup());
    let fax = offer(20_000, "").replace("m=audio 20000 RTP/AVP 0 101", "m=image 20002 udptl t38");
    let video = offer(20_000, "").replace("m=audio 20000 RTP/AVP 0 101", "m=video 20002 RTP/AVP 96");
    for (cseq, body) in [(1, fax), (2, video)] {
        for method in ["INVITE", "UPDATE"] {
            let cseq = cseq * 2 + u32::from(method == "UPDATE");
            stage.receive(&request(method, cseq, "bob", &body));
            let refusal = stage.sent_one();
            assert!(refusal.starts_with("SIP/2.0 488 Not Acceptable Here"), "{refusal}");
            assert!(header(&refusal, "Warning").unwrap().contains("no audio stream"));
        }
    }
    assert_eq!(stage.events(), [""; 0]);
}

#[test]
fn update_moves_media_with_sdp_and_only_the_target_without() {
    let (mut stage, _) = Stage::up(setup());
    stage.receive(&request("UPDATE", 1, "bob", &offer(30_000, "")));
    assert_eq!(stage.events(), ["renegotiated 30000"]);
    assert!(stage.sent_one().contains("m=audio 10000 RTP/AVP 0 101"));
    stage.receive(&request("UPDATE", 2, "bob", "Contact: <sip:bob@192.0.2.99>"));
    assert_eq!(stage.sent_lines(), ["200 OK (2 UPDATE)"]);
    assert_eq!(stage.events(), [""; 0]);
    stage.leg.hang_up(stage.now);
    assert_eq!(stage.sent_lines(), ["BYE sip:bob@192.0.2.99"]);
}

#[test]
fn offers_before_the_answer() {
    // §14.2: our INVITE is in progress: 491. RFC 3311 §5.2: an UPDATE too, until the offer is answered.
    let (mut stage, invite) = Stage::calling(setup());
    stage.receive(&response(&invite, "180 Ringing", "bob", "Contact: <sip:bob@192.0.2.4:5080>"));
    stage.receive(&request("INVITE", 1, "bob", &offer(30_000, "")));
    stage.receive(&request("UPDATE", 2, "bob", &offer(30_000, "")));
    assert_eq!(stage.sent_lines(), ["491 Request Pending (1 INVITE)", "491 Request Pending (2 UPDATE)"]);
    stage.receive(&response(&invite, "183 Session Progress", "bob", &offer(20_000, "")));
    stage.receive(&request("UPDATE", 3, "bob", &offer(30_000, "")));
    assert_eq!(stage.sent_lines(), ["200 OK (3 UPDATE)"]);
    // The 200 repeats the answer that the UPDATE has moved on from.
    stage.receive(&response(&invite, "200 OK", "bob", &offer(20_000, "")));
    assert_eq!(stage.events(), ["trying", "ringing", "early 20000", "early 30000", "answered 30000"]);
}

fn info(cseq: u32, kind: &str, body: &str) -> String {
    request("INFO", cseq, "bob", &format!("Content-Type: {kind}\n\n{body}"))
}

#[test]
fn keys_come_by_info_in_both_bodies_and_began_before_they_came() {
    let (mut stage, _) = Stage::up(setup());
    stage.run(5_000);
    stage.receive(&info(1, "application/dtmf-relay", "Signal=#\nDuration=160"));
    assert_eq!(stage.sent_lines(), ["200 OK (1 INFO)"]);
    let SignalEvent::Key(press) = stage.last_event() else { panic!("a key") };
    assert_eq!(press.digit.as_char(), '#');
    assert_eq!(press.began, stage.now - Duration::from_millis(160));
    stage.receive(&info(2, "application/dtmf", "5"));
    assert_eq!(stage.events(), ["key 5"]);
    // A repeated INFO is one press; so is a copy by another way, which bears the same CSeq.
    stage.receive(&info(2, "application/dtmf", "5"));
    stage.receive(&info(2, "application/dtmf", "5").replace("farINFO2", "other"));
    assert_eq!(stage.events(), [""; 0]);
    let lines = ["200 OK (2 INFO)", "200 OK (2 INFO)", "500 Server Internal Error (2 INFO)"];
    assert_eq!(stage.sent_lines(), lines);
}

#[test]
fn what_is_no_key_is_none() {
    // Pain 5: hook-flash or out-of-call INFO taken as a key (hass-sip#44).
    let (mut stage, invite) = Stage::calling(setup());
    stage.receive(&response(&invite, "180 Ringing", "bob", "Contact: <sip:bob@192.0.2.4:5080>"));
    stage.events();
    stage.receive(&info(1, "application/dtmf-relay", "Signal=#\nDuration=160"));
    assert_eq!(stage.events(), [""; 0], "before the answer");
    stage.receive(&response(&invite, "200 OK", "bob", &offer(20_000, "")));
    stage.sent();
    stage.events();
    stage.receive(&info(2, "application/dtmf-relay", "Signal=hf\nDuration=160"));
    stage.receive(&info(3, "application/hook-flash", "x"));
    stage.receive(&request("INFO", 4, "bob", ""));
    assert_eq!(stage.sent_lines(), ["200 OK (2 INFO)", "200 OK (3 INFO)", "200 OK (4 INFO)"]);
    stage.receive(&info(5, "application/media_control+xml", "<x/>"));
    let refusal = stage.sent_one();
    assert!(refusal.starts_with("SIP/2.0 415 "), "{refusal}");
    assert_eq!(header(&refusal, "Accept"), Some("application/dtmf-relay, application/dtmf"));
    assert_eq!(stage.events(), [""; 0]);
}

#[test]
fn a_request_with_the_wrong_tags_or_an_old_cseq_changes_nothing() {
    // Attacks, "Forged INFO or BYE": dialog tags and CSeq are checked.
    let (mut stage, _) = Stage::up(setup());
    for forged in [request("BYE", 7, "mallory", ""), request("BYE", 7, "bob", "").replace("{US}", "guess")] {
        stage.receive(&forged);
        assert_eq!(stage.sent_lines(), ["481 Call/Transaction Does Not Exist (7 BYE)"]);
    }
    stage.receive(&info(8, "application/dtmf", "1"));
    stage.receive(&info(5, "application/dtmf", "#"));
    let lines = ["200 OK (8 INFO)", "500 Server Internal Error (5 INFO)"];
    assert_eq!(stage.sent_lines(), lines);
    assert_eq!(stage.events(), ["key 1", "ignored Stale"]);
    // A key of another dialog counts no more than one that was sent before, and is told too.
    stage.receive(&request("INFO", 9, "mallory", "Content-Type: application/dtmf\n\n#"));
    assert_eq!(stage.sent_lines(), ["481 Call/Transaction Does Not Exist (9 INFO)"]);
    assert_eq!(stage.events(), ["ignored ForeignSource"]);
    stage.receive(&request("INFO", 10, "mallory", "Content-Type: application/hook-flash\n\nx"));
    stage.sent();
    assert_eq!(stage.events(), [""; 0], "no key is none");
    // An ACK of no dialog is never answered.
    stage.receive(&request("ACK", 9, "mallory", ""));
    assert_eq!(stage.sent_lines(), [""; 0]);
}

#[test]
fn options_extensions_and_unknown_methods_are_answered_as_section_8_has_it() {
    let (mut stage, _) = Stage::up(setup());
    stage.receive(&request("OPTIONS", 1, "bob", ""));
    let ok = stage.sent_one();
    assert!(ok.starts_with("SIP/2.0 200 OK\r\n"));
    assert_eq!(header(&ok, "Allow"), Some("INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE"));
    stage.receive(&request("INVITE", 2, "bob", &format!("Require: 100rel, timer\n{}", offer(30_000, ""))));
    let refusal = stage.sent_one();
    assert!(refusal.starts_with("SIP/2.0 420 Bad Extension\r\n"));
    assert_eq!(header(&refusal, "Unsupported"), Some("100rel, timer"));
    for (cseq, method) in [(3, "REFER"), (4, "SUBSCRIBE"), (5, "MESSAGE"), (6, "PRACK"), (7, "DANCE")] {
        stage.receive(&request(method, cseq, "bob", ""));
        let refusal = stage.sent_one();
        assert!(refusal.starts_with("SIP/2.0 405 Method Not Allowed\r\n"), "{refusal}");
        assert!(header(&refusal, "Allow").is_some());
    }
    stage.receive(&request("CANCEL", 8, "bob", ""));
    assert_eq!(stage.sent_lines(), ["481 Call/Transaction Does Not Exist (8 CANCEL)"]);
    assert_eq!(stage.events(), [""; 0]);
}

#[test]
fn our_own_invite_come_back_is_a_loop() {
    let (mut stage, invite) = Stage::calling(setup());
    let looped = plain(&invite).replace("branch={B1};rport", "branch=z9hG4bKproxy");
    stage.receive(&looped);
    assert_eq!(stage.sent_lines(), ["482 Loop Detected (1 INVITE)"]);
}

#[test]
fn a_flood_of_requests_is_bounded() {
    let (mut stage, _) = Stage::up(setup());
    for cseq in 1..2_000 {
        stage.receive(&request("OPTIONS", cseq, "bob", ""));
    }
    assert_eq!(stage.sent().len(), 1_999);
    // The newest answers are kept for their repeats, the oldest are forgotten.
    stage.receive(&request("OPTIONS", 1_999, "bob", ""));
    stage.receive(&request("OPTIONS", 1, "bob", ""));
    assert_eq!(stage.sent_lines(), ["200 OK (1999 OPTIONS)", "500 Server Internal Error (1 OPTIONS)"]);
    assert!(std::mem::size_of::<Outgoing>() < 4_096);
    stage.receive(&request("BYE", 5_000, "bob", ""));
    assert!(stage.is_freed_by(32_000));
}

#[test]
fn requests_go_to_the_contact_or_where_it_is_no_address_to_the_trunk() {
    // Deviation: RFC 3263 §4 would look a name up. Pain 17: a wrong Contact address.
    let places = [
        ("sip:bob@192.0.2.4:5080", "UDP:192.0.2.4:5080"),
        ("sip:bob@192.0.2.4;transport=tcp", "TCP:192.0.2.4:5060"),
        ("sip:bob@pbx.example.net", "UDP:192.0.2.1:5060"),
        ("sip:bob@0.0.0.0", "UDP:192.0.2.1:5060"),
        ("sip:bob@[2001:db8::4]", "UDP:192.0.2.1:5060"),
        ("tel:+14255550123", "UDP:192.0.2.1:5060"),
    ];
    for (contact, place) in places {
        let (mut stage, invite) = Stage::calling(setup());
        let answer = sdp(20_000, "").replace("sip:bob@192.0.2.4:5080", contact);
        stage.receive(&response(&invite, "200 OK", "bob", &answer));
        assert_eq!(stage.sent_where(), [(place.to_owned(), format!("ACK {contact}"))]);
    }
}

#[test]
fn a_call_over_ipv6_and_tcp_repeats_nothing_but_its_2xx() {
    let mut setup = setup();
    setup.targets = vec![target(octothorpe::sip::message::Transport::Tcp, "[2001:db8::1]:5060")];
    setup.media.address = "[2001:db8::9]:10000".parse().unwrap();
    let (mut stage, invite) = Stage::calling(setup);
    stage.source = peer(octothorpe::sip::message::Transport::Tcp, "[2001:db8::1]:40000");
    assert_eq!(stage.run(20_000), []);
    assert!(invite.contains("c=IN IP6 2001:db8::9"), "{invite}");
    let answer = sdp(20_000, "").replace("IP4 192.0.2.4", "IP6 2001:db8::4");
    let answer = answer.replace("192.0.2.4:5080", "[2001:db8::4]");
    stage.receive(&response(&invite, "200 OK", "bob", &answer));
    assert_eq!(stage.events(), ["answered 20000"]);
    let place = "TCP:[2001:db8::4]:5060".to_owned();
    assert_eq!(stage.sent_where(), [(place, "ACK sip:bob@[2001:db8::4]".to_owned())]);
    // §18.2.2: on a stream the response goes back by the request's connection.
    stage.receive(&request("INVITE", 1, "bob", &answer));
    let place = "TCP:[2001:db8::1]:40000".to_owned();
    assert_eq!(stage.sent_where(), [(place, "200 OK (1 INVITE)".to_owned())]);
    // §13.3.1.4: the 2xx is repeated on every transport, since a hop further on may be UDP.
    assert_eq!(stage.run(20_500), [(20_500, "200 OK (1 INVITE)".to_owned())]);
    stage.receive(&request("ACK", 1, "bob", ""));
    stage.leg.hang_up(stage.now);
    assert_eq!(stage.sent_lines(), ["BYE sip:bob@[2001:db8::4]"]);
    assert_eq!(stage.run(60_000), []);
    assert!(stage.is_freed_by(60_000));
}

//! Placing a call: the INVITE, its repeats, its refusals.

use std::time::Duration;

use octothorpe::leg::record::{LegRecord, RecordStage};
use octothorpe::leg::signal::{Outgoing, OutgoingSetup, RecordRequest, Target, TargetNews, Us};
use octothorpe::leg::{CauseKind, SignalEvent, Stage as Progress};
use octothorpe::sip::digest::Credentials;
use octothorpe::sip::message::{NameAddr, Transport};

use crate::harness::*;

#[test]
fn the_invite_says_who_calls_whom_and_nothing_that_we_do_not_support() {
    let identity = Some(NameAddr::new(sip("+14255550100", "example.net")));
    let (_, invite) = Stage::calling(OutgoingSetup { asserted_identity: identity, ..setup() });
    assert_message(
        &invite,
        "INVITE sip:+14255550123@192.0.2.1 SIP/2.0
         Via: SIP/2.0/UDP 192.0.2.9:5060;branch={B1};rport
         Max-Forwards: 70
         From: <sip:+14255550100@192.0.2.9>;tag={US}
         To: <sip:+14255550123@192.0.2.1>
         Call-ID: {CALL}
         CSeq: 1 INVITE
         Contact: <sip:gateway@192.0.2.9:5060>
         P-Asserted-Identity: <sip:+14255550100@example.net>
         Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE
         Accept: application/sdp
         User-Agent: Octothorpe
         Content-Type: application/sdp

         v=0
         o=- {SID} 1 IN IP4 192.0.2.9
         s=-
         c=IN IP4 192.0.2.9
         t=0 0
         m=audio 10000 RTP/AVP 0 8 101
         a=sendrecv
         a=rtpmap:0 PCMU/8000
         a=rtpmap:8 PCMA/8000
         a=rtpmap:101 telephone-event/8000
         a=fmtp:101 0-15
         a=ptime:20",
    );
}

#[test]
fn no_invite_leaves_before_its_record_is_durable() {
    // Contract §7: "Before an INVITE leaves, the attempt is recorded durably".
    let start = zero();
    let mut stage = Stage::new(Outgoing::new(setup()), start);
    stage.leg.start(start);
    assert_eq!(stage.run(60_000), []);
    let Some(RecordRequest::BeforeInvite(LegRecord::Sip(record))) = stage.leg.poll_record() else {
        panic!("a record")
    };
    stage.leg.handle_recorded(stage.now);
    let invite = stage.sent_one();
    assert_eq!(stage.hide(&record.via), header(&invite, "Via").unwrap());
    assert_eq!(stage.hide(&record.from), header(&invite, "From").unwrap());
    assert_eq!(record.to, header(&invite, "To").unwrap());
    assert_eq!(record.request_uri, "sip:+14255550123@192.0.2.1");
    assert_eq!((record.cseq, record.stage), (1, RecordStage::Inviting));
    assert_eq!(record.destination, TRUNK.parse().unwrap());
    // A second confirmation sends nothing.
    stage.leg.handle_recorded(stage.now);
    assert_eq!(stage.sent_lines(), [""; 0]);
}

#[test]
fn a_call_called_off_before_its_record_never_leaves() {
    let start = zero();
    let mut stage = Stage::new(Outgoing::new(setup()), start);
    stage.leg.start(start);
    stage.leg.hang_up(start);
    stage.leg.handle_recorded(start);
    assert_eq!(stage.sent_lines(), [""; 0]);
    assert_eq!(stage.events(), ["ended HungUpByUs Unsent -"]);
    assert!(stage.is_freed_by(0));
}

#[test]
fn ringing_answer_and_hang_up_in_exact_messages() {
    let (mut stage, invite) = Stage::calling(setup());
    stage.receive(&response(&invite, "100 Trying", "", ""));
    stage.run(2_000);
    stage.receive(&response(&invite, "180 Ringing", "bob", "Contact: <sip:bob@192.0.2.4:5080>"));
    stage.run(7_000);
    stage.receive(
        "SIP/2.0 200 OK
         Via: SIP/2.0/UDP 192.0.2.9:5060;branch={B1};rport=5060;received=192.0.2.9
         Record-Route: <sip:192.0.2.7;lr>, <sip:192.0.2.1;lr;r2=on>
         From: <sip:+14255550100@192.0.2.9>;tag={US}
         To: <sip:+14255550123@192.0.2.1>;tag=bob
         Call-ID: {CALL}
         CSeq: 1 INVITE
         Contact: <sip:bob@192.0.2.4:5080>
         Content-Type: application/sdp

         v=0
         o=bob 1 1 IN IP4 192.0.2.4
         s=-
         c=IN IP4 192.0.2.4
         t=0 0
         m=audio 20000 RTP/AVP 0 101
         a=rtpmap:101 telephone-event/8000",
    );
    assert_eq!(stage.events(), ["trying", "ringing", "answered 20000"]);
    // §12.1.2: the route set is the Record-Route "taken in reverse order"; §13.2.2.4: the ACK has the
    // CSeq number of the INVITE and its own branch.
    assert_message(
        &stage.sent_one(),
        "ACK sip:bob@192.0.2.4:5080 SIP/2.0
         Via: SIP/2.0/UDP 192.0.2.9:5060;branch={B2};rport
         Max-Forwards: 70
         From: <sip:+14255550100@192.0.2.9>;tag={US}
         To: <sip:+14255550123@192.0.2.1>;tag=bob
         Call-ID: {CALL}
         CSeq: 1 ACK
         Route: <sip:192.0.2.1;lr;r2=on>
         Route: <sip:192.0.2.7;lr>
         User-Agent: Octothorpe",
    );
    stage.run(17_000);
    stage.leg.hang_up(stage.now);
    assert_eq!(stage.events(), ["ended HungUpByUs Answered -"]);
    let bye = stage.sent_one();
    assert_message(
        &bye,
        "BYE sip:bob@192.0.2.4:5080 SIP/2.0
         Via: SIP/2.0/UDP 192.0.2.9:5060;branch={B3};rport
         Max-Forwards: 70
         From: <sip:+14255550100@192.0.2.9>;tag={US}
         To: <sip:+14255550123@192.0.2.1>;tag=bob
         Call-ID: {CALL}
         CSeq: 2 BYE
         Route: <sip:192.0.2.1;lr;r2=on>
         Route: <sip:192.0.2.7;lr>
         User-Agent: Octothorpe",
    );
    let facts = stage.leg.facts().clone();
    assert_eq!(facts.pdd(), Some(Duration::from_secs(2)));
    assert_eq!(facts.ringing(stage.now), Some(Duration::from_secs(5)));
    assert!(facts.rung());
    assert_eq!((facts.sip_status, facts.sip_reason.as_deref()), (Some(200), Some("OK")));
    stage.receive(&response(&bye, "200 OK", "", ""));
    assert!(stage.is_freed_by(60_000));
}

#[test]
fn a_route_set_that_begins_with_a_strict_router_moves_the_target_into_route() {
    // §12.2.1.1: "the UAC MUST place the first URI from the route set into the Request-URI … The UAC MUST
    // then place the remote target URI into the Route header field as the last value."
    let (mut stage, invite) = Stage::calling(setup());
    let routes =
        "Record-Route: <sip:192.0.2.7;lr>\nRecord-Route: <sip:strict@192.0.2.8:5070;method=INVITE>\n";
    stage.receive(&response(&invite, "200 OK", "bob", &(routes.to_owned() + &sdp(20_000, ""))));
    let sent = stage.leg.transmit().unwrap();
    assert_eq!(sent.destination, "192.0.2.8:5070".parse().unwrap());
    let ack = stage.hide(std::str::from_utf8(&sent.bytes).unwrap());
    assert!(ack.starts_with("ACK sip:strict@192.0.2.8:5070 SIP/2.0\r\n"), "{ack}");
    let routes: Vec<&str> = ack.lines().filter(|line| line.starts_with("Route")).collect();
    assert_eq!(routes, ["Route: <sip:192.0.2.7;lr>", "Route: <sip:bob@192.0.2.4:5080>"]);
}

#[test]
fn silence_is_asked_again_by_timer_a_and_ends_by_timer_b() {
    let (mut stage, _) = Stage::calling(setup());
    let sent: Vec<u64> = stage.run(31_999).into_iter().map(|(at, _)| at).collect();
    assert_eq!(sent, [500, 1_500, 3_500, 7_500, 15_500, 31_500]);
    assert_eq!(stage.events(), [""; 0]);
    assert_eq!(stage.run(32_000), []);
    assert_eq!(stage.events(), ["ended TimedOut Sent -"]);
    assert!(stage.is_freed_by(32_000));
}

#[test]
fn each_refusal_is_acknowledged_and_ends_with_what_the_network_said() {
    let (mut stage, invite) = Stage::calling(setup());
    stage.receive(&response(&invite, "180 Ringing", "bob", ""));
    let said =
        "Reason: Q.850;cause=17;text=\"User busy\"\nRetry-After: 60 (later)\nWarning: 399 pbx \"line 2\"";
    stage.receive(&response(&invite, "486 Busy Here", "bob", said));
    assert_message(
        &stage.sent_one(),
        "ACK sip:+14255550123@192.0.2.1 SIP/2.0
         Via: SIP/2.0/UDP 192.0.2.9:5060;branch={B1};rport
         Max-Forwards: 70
         From: <sip:+14255550100@192.0.2.9>;tag={US}
         To: <sip:+14255550123@192.0.2.1>;tag=bob
         Call-ID: {CALL}
         CSeq: 1 ACK",
    );
    let SignalEvent::Ended(cause) = stage.last_event() else { panic!("an end") };
    assert_eq!((cause.kind, cause.stage), (CauseKind::Refused, Progress::Ringing));
    assert_eq!((cause.code, cause.q850), (Some(486), Some(17)));
    assert_eq!(cause.text, "Busy Here; User busy; 399 line 2");
    assert_eq!(cause.retry_after, Some(Duration::from_secs(60)));
    // §17.1.1.2: a repeated final answer is ACKed again and told to nobody.
    stage.receive(&response(&invite, "486 Busy Here", "bob", ""));
    assert_eq!(stage.sent_lines(), ["ACK sip:+14255550123@192.0.2.1"]);
    assert_eq!(stage.events(), [""; 0]);
    assert!(!stage.is_freed_by(31_999) && stage.is_freed_by(32_000));
}

#[test]
fn a_redirection_is_not_followed() {
    let (mut stage, invite) = Stage::calling(setup());
    stage.receive(&response(&invite, "302 Moved", "x", "Contact: <sip:mallory@198.51.100.1>"));
    assert_eq!(stage.sent_lines(), ["ACK sip:+14255550123@192.0.2.1"]);
    assert_eq!(stage.events(), ["ended Refused Sent 302"]);
}

#[test]
fn a_421_names_what_it_wants() {
    let (mut stage, invite) = Stage::calling(setup());
    stage.receive(&response(&invite, "421 Extension Required", "x", "Require: 100rel, timer"));
    let SignalEvent::Ended(cause) = stage.last_event() else { panic!("an end") };
    assert_eq!(cause.text, "Extension Required; requires 100rel, timer");
    // What is said twice is told once.
    let (mut stage, invite) = Stage::calling(setup());
    stage.receive(&response(
        &invite,
        "603 Network Blocked",
        "x",
        "Reason: SIP;cause=603;text=\"Network Blocked\"",
    ));
    let SignalEvent::Ended(cause) = stage.last_event() else { panic!("an end") };
    assert_eq!(cause.text, "Network Blocked");
}

const CHALLENGE: &str =
    "Proxy-Authenticate: Digest realm=\"trunk\", nonce=\"n1\", algorithm=MD5, qop=\"auth\"";

fn with_credentials() -> OutgoingSetup {
    let credentials = Some(Credentials::new("gateway", "secret"));
    OutgoingSetup { credentials, ..setup() }
}

#[test]
fn a_challenge_is_answered_once_and_its_repeat_is_recorded_first() {
    let (mut stage, invite) = Stage::calling(with_credentials());
    stage.receive(&response(&invite, "407 Proxy Authentication Required", "p", CHALLENGE));
    assert_eq!(stage.sent_lines(), ["ACK sip:+14255550123@192.0.2.1"]);
    assert_eq!(stage.run(5_000), []);
    let Some(RecordRequest::BeforeInvite(LegRecord::Sip(record))) = stage.leg.poll_record() else {
        panic!("a record of the repeat")
    };
    assert_eq!(record.cseq, 2);
    stage.leg.handle_recorded(stage.now);
    let second = stage.sent_one();
    assert_eq!(header(&second, "CSeq"), Some("2 INVITE"));
    assert_eq!(header(&second, "From"), header(&invite, "From"));
    assert_ne!(header(&second, "Via"), header(&invite, "Via"));
    let signed = header(&second, "Proxy-Authorization").unwrap();
    assert!(signed.contains("username=\"gateway\"") && signed.contains("nc=00000001"), "{signed}");
    // The credentials are refused: no third try.
    stage.receive(&response(&second, "407 Proxy Authentication Required", "p", CHALLENGE));
    assert_eq!(stage.events(), ["ended Unauthorised Sent 407"]);
    assert_eq!(stage.leg.poll_record(), None);
}

#[test]
fn a_stale_nonce_is_renewed_and_a_second_asker_gets_its_own() {
    let (mut stage, invite) = Stage::calling(with_credentials());
    stage.receive(&response(&invite, "407 Proxy", "p", CHALLENGE));
    stage.sent();
    let second = stage.permit();
    let stale = CHALLENGE.replace("n1", "n2") + ", stale=true";
    stage.receive(&response(&second, "407 Proxy", "p", &stale));
    stage.sent();
    let third = stage.permit();
    assert!(header(&third, "Proxy-Authorization").unwrap().contains("nonce=\"n2\""));
    let server = CHALLENGE.replace("Proxy-Authenticate", "WWW-Authenticate").replace("trunk", "pbx");
    stage.receive(&response(&third, "401 Unauthorized", "p", &server));
    stage.sent();
    let fourth = stage.permit();
    assert!(header(&fourth, "Authorization").unwrap().contains("realm=\"pbx\""));
    assert!(header(&fourth, "Proxy-Authorization").unwrap().contains("realm=\"trunk\""));
    assert_eq!(header(&fourth, "CSeq"), Some("4 INVITE"));
    // §13.2.2.4: "the ACK MUST contain the same credentials as the INVITE"; the BYE signs anew.
    stage.receive(&response(&fourth, "200 OK", "bob", &sdp(20_000, "")));
    let ack = stage.sent_one();
    assert_eq!(header(&ack, "Authorization"), header(&fourth, "Authorization"));
    assert_eq!(header(&ack, "CSeq"), Some("4 ACK"));
    stage.leg.hang_up(stage.now);
    let bye = stage.sent_one();
    assert_eq!(header(&bye, "CSeq"), Some("5 BYE"));
    assert!(header(&bye, "Authorization").is_some());
    // A BYE that is challenged is sent again: nobody is left on the line.
    let fresh = server.replace("n1", "n9") + ", stale=true";
    stage.receive(&response(&bye, "401 Unauthorized", "", &fresh));
    let again = stage.sent_one();
    assert_eq!(header(&again, "CSeq"), Some("6 BYE"));
    assert!(header(&again, "Authorization").unwrap().contains("nonce=\"n9\""));
}

#[test]
fn a_challenge_without_credentials_ends() {
    let (mut stage, invite) = Stage::calling(setup());
    stage.receive(&response(
        &invite,
        "401 Unauthorized",
        "p",
        "WWW-Authenticate: Digest realm=\"x\", nonce=\"y\"",
    ));
    assert_eq!(stage.events(), ["ended Unauthorised Sent 401"]);
}

#[test]
fn a_488_or_606_leads_once_to_a_plainer_offer() {
    for status in ["488 Not Acceptable Here", "606 Not Acceptable"] {
        let (mut stage, invite) = Stage::calling(setup());
        stage.receive(&response(&invite, status, "x", ""));
        assert_eq!(stage.sent_lines(), ["ACK sip:+14255550123@192.0.2.1"]);
        let second = stage.permit();
        assert!(!second.contains("telephone-event") && second.contains("a=ptime:20"), "{second}");
        assert!(second.contains("o=- {SID} 2 IN IP4") && second.contains("CSeq: 2 INVITE"), "{second}");
        stage.receive(&response(&second, status, "x", ""));
        let code = &status[..3];
        assert_eq!(stage.events(), [format!("ended Refused Sent {code}")]);
        assert_eq!(stage.leg.poll_record(), None);
    }
}

fn two_targets() -> OutgoingSetup {
    let targets = vec![target(Transport::Udp, TRUNK), target(Transport::Tcp, "192.0.2.2:5060")];
    OutgoingSetup { targets, ..setup() }
}

#[test]
fn the_next_target_is_tried_after_a_503_a_transport_error_and_silence() {
    // RFC 3263 §4.3: the same request again, with another branch, is a new transaction.
    for failure in ["503", "error", "silence"] {
        let (mut stage, invite) = Stage::calling(two_targets());
        match failure {
            "503" => {
                stage.receive(&response(&invite, "100 Trying", "", ""));
                stage.receive(&response(&invite, "503 Service Unavailable", "x", ""));
                assert_eq!(stage.sent_lines(), ["ACK sip:+14255550123@192.0.2.1"]);
            }
            "error" => stage.leg.handle_transport_error(stage.now, "refused"),
            _ => drop(stage.run(32_000)),
        }
        // Whoever answers 503 is there.
        let first = peer(Transport::Udp, TRUNK);
        let news = if failure == "503" { TargetNews::Answered(first) } else { TargetNews::Failed(first) };
        assert_eq!(stage.leg.poll_target(), Some(news), "after {failure}");
        let Some(RecordRequest::BeforeInvite(LegRecord::Sip(record))) = stage.leg.poll_record() else {
            panic!("a record for the second target after {failure}")
        };
        assert_eq!((record.transport.as_str(), record.cseq), ("TCP", 1));
        stage.leg.handle_recorded(stage.now);
        let place = "TCP:192.0.2.2:5060".to_owned();
        assert_eq!(stage.sent_where(), [(place, "INVITE sip:+14255550123@192.0.2.1".to_owned())]);
        stage.leg.handle_transport_error(stage.now, "connection refused");
        assert_eq!(
            stage.events().last().unwrap(),
            &format!("ended Transport {} -", if failure == "503" { "Trying" } else { "Sent" })
        );
    }
}

#[test]
fn a_phone_that_gave_a_sign_is_not_dialled_by_another_way() {
    let (mut stage, invite) = Stage::calling(two_targets());
    stage.receive(&response(&invite, "180 Ringing", "bob", ""));
    stage.receive(&response(&invite, "503 Service Unavailable", "bob", ""));
    assert_eq!(stage.events(), ["trying", "ringing", "ended Refused Ringing 503"]);
    assert_eq!(stage.leg.poll_record(), None);
}

#[test]
fn a_183_rings_only_where_the_trunk_says_so() {
    for (means, events) in
        [(false, vec!["trying", "early 20000"]), (true, vec!["trying", "ringing", "early 20000"])]
    {
        let (mut stage, invite) = Stage::calling(OutgoingSetup { ringing_means_183: means, ..setup() });
        stage.receive(&response(&invite, "183 Session Progress", "bob", &sdp(20_000, "")));
        assert_eq!(stage.events(), events);
        assert_eq!(stage.leg.facts().rung(), means);
        // The same 183 again says nothing new.
        stage.receive(&response(&invite, "183 Session Progress", "bob", &sdp(20_000, "")));
        assert_eq!(stage.events(), [""; 0]);
    }
}

/// An attacker who forwards the victim's number answers himself: what the network tells of that is told
/// once, whichever message tells it. A History-Info entry that only records the way tells nothing.
#[test]
fn a_diversion_told_by_the_network_is_told() {
    let elsewhere = "<sip:+14255550199@192.0.2.4";
    for (status, extra, told) in [
        ("181 Call Is Being Forwarded", String::new(), true),
        ("180 Ringing", format!("Diversion: {elsewhere}>;reason=unconditional"), true),
        ("180 Ringing", format!("History-Info: {elsewhere};cause=302>;index=1.1"), true),
        ("180 Ringing", format!("History-Info: {elsewhere}>;index=1.1;mp=1"), true),
        ("180 Ringing", format!("History-Info: {elsewhere}>;index=1.1"), false),
        ("180 Ringing", String::new(), false),
    ] {
        let (mut stage, invite) = Stage::calling(setup());
        stage.receive(&response(&invite, status, "bob", &extra));
        stage.receive(&response(&invite, status, "bob", &extra));
        let diverted = stage.events().iter().filter(|event| *event == "diverted").count();
        assert_eq!(diverted, usize::from(told), "{status}, {extra:?}");
    }
    let (mut stage, invite) = Stage::calling(setup());
    let answer = format!("Diversion: {elsewhere}>\n{}", sdp(20_000, ""));
    stage.receive(&response(&invite, "200 OK", "bob", &answer));
    assert_eq!(stage.events(), ["diverted", "answered 20000"]);
}

#[test]
fn a_provisional_that_requires_100rel_is_used_without_prack() {
    let (mut stage, invite) = Stage::calling(setup());
    let extra = "Require: 100rel\nRSeq: 1\n".to_owned() + &sdp(20_000, "");
    stage.receive(&response(&invite, "183 Session Progress", "bob", &extra));
    assert_eq!(stage.events(), ["trying", "early 20000"]);
    assert_eq!(stage.sent_lines(), [""; 0]);
}

#[test]
fn the_2xx_moves_the_media_and_one_without_sdp_keeps_it() {
    // Deviation: RFC 3261 §13.2.1; carriers move media in the 200.
    for (second, port) in [(sdp(30_000, ""), 30_000), ("Contact: <sip:bob@192.0.2.4>".to_owned(), 20_000)] {
        let (mut stage, invite) = Stage::calling(setup());
        stage.receive(&response(&invite, "183 Session Progress", "bob", &sdp(20_000, "")));
        stage.receive(&response(&invite, "200 OK", "bob", &second));
        assert_eq!(stage.events(), ["trying".to_owned(), "early 20000".into(), format!("answered {port}")]);
    }
}

#[test]
fn a_2xx_without_usable_sdp_is_acknowledged_and_hung_up() {
    let unusable = [
        ("no SDP", "Contact: <sip:bob@192.0.2.4:5080>".to_owned()),
        ("port 0", sdp(0, "")),
        ("wrong codec", sdp(20_000, "").replace("RTP/AVP 0 101", "RTP/AVP 18")),
        ("garbage", sdp(20_000, "").replace("m=audio", "m=nonsense")),
        ("another type", sdp(20_000, "").replace("application/sdp", "text/html")),
    ];
    for (what, extra) in unusable {
        let (mut stage, invite) = Stage::calling(setup());
        stage.receive(&response(&invite, "200 OK", "bob", &extra));
        assert_eq!(stage.events(), ["ended NoUsableMedia Answered 200"], "{what}");
        assert_eq!(
            stage.sent_lines(),
            ["ACK sip:bob@192.0.2.4:5080", "BYE sip:bob@192.0.2.4:5080"],
            "{what}"
        );
        assert!(stage.is_freed_by(64_000), "{what}");
    }
}

#[test]
fn an_answer_that_holds_us_is_an_answer_and_a_hold() {
    let (mut stage, invite) = Stage::calling(setup());
    stage.receive(&response(&invite, "200 OK", "bob", &sdp(20_000, "\na=sendonly")));
    assert_eq!(stage.events(), ["answered 20000", "held true"]);
}

#[test]
fn a_lost_ack_is_sent_again_with_each_2xx() {
    // §13.2.2.4: the ACK is passed down "every time a retransmission of the 2xx final response that
    // triggered the ACK arrives".
    let (mut stage, invite) = Stage::up(setup());
    for _ in 0..3 {
        stage.receive(&response(&invite, "200 OK", "bob", &sdp(20_000, "")));
        assert_eq!(stage.sent_lines(), ["ACK sip:bob@192.0.2.4:5080"]);
    }
    // A provisional that was overtaken says nothing any more.
    stage.receive(&response(&invite, "180 Ringing", "bob", ""));
    assert_eq!(stage.events(), [""; 0]);
}

#[test]
fn responses_that_are_not_ours_are_dropped() {
    // §17.1.3: branch and CSeq method name the transaction; §8.1.3.3: one Via only.
    let (mut stage, invite) = Stage::calling(setup());
    let ringing = response(&invite, "180 Ringing", "bob", "");
    stage.receive(&ringing.replace("{B1}", "z9hG4bKother"));
    stage.receive(&ringing.replace("1 INVITE", "7 INVITE"));
    stage.receive(&ringing.replace("1 INVITE", "1 BYE"));
    stage.receive(&ringing.replace("From:", "Via: SIP/2.0/UDP 192.0.2.66\nFrom:"));
    assert_eq!(stage.events(), [""; 0]);
    stage.receive(&ringing);
    assert_eq!(stage.events(), ["trying", "ringing"]);
}

#[test]
fn a_value_that_would_break_its_line_is_never_sent() {
    let us = Us { user_agent: "a\r\nX-Evil: 1".into(), ..(*us()).clone() };
    let targets = vec![Target { us: us.into(), ..target(Transport::Udp, TRUNK) }];
    let mut stage = Stage::new(Outgoing::new(OutgoingSetup { targets, ..setup() }), zero());
    stage.leg.start(stage.now);
    assert_eq!(stage.leg.poll_record(), None);
    assert_eq!(stage.events(), ["ended Transport Unsent -"]);
    assert!(stage.is_freed_by(0));
}

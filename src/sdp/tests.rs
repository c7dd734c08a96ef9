//! Offers and answers as peers write them, asserted by what the call would do.

use std::net::SocketAddr;
use std::time::Duration;

use super::*;

fn local() -> Local {
    Local { address: "192.0.2.1".parse().unwrap(), port: 10_000 }
}

fn session() -> Session {
    Session::new(84, local(), Settings::default())
}

fn offered() -> Session {
    let mut session = session();
    session.offer();
    session
}

fn answered(lines: &str) -> Result<Agreed, SdpError> {
    offered().handle_answer(body(lines).as_bytes())
}

fn body(lines: &str) -> String {
    format!("v=0\no=- 1 1 IN IP4 198.51.100.7\ns=-\nt=0 0\n{lines}").replace('\n', "\r\n")
}

fn address(text: &str) -> Option<SocketAddr> {
    Some(text.parse().unwrap())
}

const PLAIN: &str = "c=IN IP4 198.51.100.7\nm=audio 4000 RTP/AVP 0 101\n\
                     a=rtpmap:0 PCMU/8000\na=rtpmap:101 telephone-event/8000\na=fmtp:101 0-15\n";

#[test]
fn our_offer_reads_as_rfc_8866_has_it() {
    let text = session().offer();
    let expected = "v=0\r\no=- 42 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
         m=audio 10000 RTP/AVP 0 8 101\r\na=sendrecv\r\na=rtpmap:0 PCMU/8000\r\n\
         a=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n\
         a=ptime:20\r\n";
    assert_eq!(text, expected);
}

#[test]
fn the_second_try_after_488_offers_no_events() {
    let mut session = offered();
    session.drop_events();
    let text = session.offer();
    assert!(!text.contains("telephone-event") && !text.contains("101"), "{text}");
    assert!(text.contains("a=ptime:20\r\n"));
    assert!(text.contains("o=- 42 2 "), "RFC 3264 §8: a change raises the version: {text}");
}

#[test]
fn an_unchanged_offer_keeps_its_version() {
    let mut session = offered();
    assert!(session.offer().contains("o=- 42 1 "));
}

#[test]
fn ipv6_is_offered_and_answered() {
    let local = Local { address: "2001:db8::1".parse().unwrap(), port: 10_002 };
    let mut session = Session::new(2, local, Settings::default());
    assert!(session.offer().contains("c=IN IP6 2001:db8::1\r\n"));
    let answer = body("c=IN IP6 2001:db8::2\nm=audio 4000 RTP/AVP 0\n");
    let agreed = session.handle_answer(answer.as_bytes()).unwrap();
    assert_eq!(agreed.remote_rtp, address("[2001:db8::2]:4000"));
}

#[test]
fn a_plain_answer_is_taken_as_it_is() {
    let agreed = answered(PLAIN).unwrap();
    let expected = Agreed {
        remote_rtp: address("198.51.100.7:4000"),
        remote_rtcp: address("198.51.100.7:4001"),
        encoding: Encoding::Pcmu,
        send_payload: 0,
        receive_payloads: vec![(0, Encoding::Pcmu), (8, Encoding::Pcma)],
        send_events: Some(101),
        receive_events: Some(101),
        ptime: Duration::from_millis(20),
        direction: Direction::SendRecv,
    };
    assert_eq!(agreed, expected);
}

/// rtpengine's relay: PCMA only and no telephone-event (users' pain 4).
#[test]
fn an_answer_may_drop_telephone_event() {
    let agreed = answered("c=IN IP4 198.51.100.7\nm=audio 4000 RTP/AVP 8\n").unwrap();
    assert_eq!((agreed.encoding, agreed.send_payload), (Encoding::Pcma, 8));
    assert_eq!(agreed.send_events, None);
    assert_eq!(agreed.receive_events, Some(101), "a key that comes all the same is a key");
}

#[test]
fn an_answer_may_change_the_payload_numbers() {
    let agreed = answered(
        "c=IN IP4 198.51.100.7\nm=audio 4000 RTP/AVP 97 96\na=rtpmap:97 pcma/8000\n\
         a=rtpmap:96 telephone-event/8000\n",
    );
    let agreed = agreed.unwrap();
    assert_eq!((agreed.encoding, agreed.send_payload), (Encoding::Pcma, 97));
    assert_eq!(agreed.send_events, Some(96));
    assert!(agreed.receive_payloads.contains(&(97, Encoding::Pcma)));
    assert!(agreed.receive_payloads.contains(&(8, Encoding::Pcma)));
}

/// rtpengine #2044: events at two rates; only the audio's own clock is ours.
#[test]
fn events_at_another_rate_are_left_alone() {
    let agreed = answered(
        "c=IN IP4 198.51.100.7\nm=audio 4000 RTP/AVP 0 97 98\n\
         a=rtpmap:97 telephone-event/48000\na=rtpmap:98 telephone-event/8000\n",
    );
    assert_eq!(agreed.unwrap().send_events, Some(98));
}

#[test]
fn the_ptime_is_honoured_from_10_to_60_ms() {
    let cases = [("10", 10), ("30", 30), ("60", 60), ("25", 20), ("200", 60), ("0", 20), ("x", 20)];
    for (written, used) in cases {
        let agreed = answered(&format!("{PLAIN}a=ptime:{written}\n")).unwrap();
        assert_eq!(agreed.ptime, Duration::from_millis(used), "a=ptime:{written}");
    }
    let agreed = answered(&format!("{PLAIN}a=maxptime:10\n")).unwrap();
    assert_eq!(agreed.ptime, Duration::from_millis(10));
}

#[test]
fn a_refused_line_is_told() {
    let refused = answered("c=IN IP4 198.51.100.7\nm=audio 0 RTP/AVP 0\n");
    assert_eq!(refused, Err(SdpError::Refused));
}

#[test]
fn hold_in_all_its_spellings_stops_our_sending() {
    for (lines, direction) in [
        ("a=sendonly\n", Direction::RecvOnly),
        ("a=inactive\n", Direction::Inactive),
        ("a=recvonly\n", Direction::SendOnly),
    ] {
        let agreed = answered(&format!("{PLAIN}{lines}")).unwrap();
        assert_eq!(agreed.direction, direction);
    }
    let at_session = answered(&format!("a=sendonly\n{PLAIN}")).unwrap();
    assert_eq!(at_session.direction, Direction::RecvOnly, "RFC 8866 §6.7: the session's default");
    // RFC 3264 §8.4: the older hold.
    let old = answered("c=IN IP4 0.0.0.0\nm=audio 4000 RTP/AVP 0\n").unwrap();
    assert_eq!((old.remote_rtp, old.remote_rtcp), (None, None));
    assert!(!old.direction.sends());
}

#[test]
fn the_medias_own_address_and_rtcp_win() {
    let agreed = answered(
        "c=IN IP4 198.51.100.7\nm=audio 4000 RTP/AVP 0\nc=IN IP4 198.51.100.8\n\
         a=rtcp:5001 IN IP4 198.51.100.9\n",
    );
    let agreed = agreed.unwrap();
    assert_eq!(agreed.remote_rtp, address("198.51.100.8:4000"));
    assert_eq!(agreed.remote_rtcp, address("198.51.100.9:5001"));
    let agreed = answered("c=IN IP4 198.51.100.7\nm=audio 4000 RTP/AVP 0\na=rtcp:5001\n").unwrap();
    assert_eq!(agreed.remote_rtcp, address("198.51.100.7:5001"));
}

#[test]
fn addresses_that_no_packet_can_reach_are_refused() {
    let connections = [
        "IN IP4 224.2.1.1/127",
        "IN IP4 255.255.255.255",
        "IN IP4 0.1.2.3",
        "IN IP4 media.example.net",
        "IN IP6 2001:db8::2",
    ];
    for connection in connections {
        let refused = answered(&format!("c={connection}\nm=audio 4000 RTP/AVP 0\n"));
        assert_eq!(refused, Err(SdpError::Address), "{connection}");
    }
    assert_eq!(answered("m=audio 4000 RTP/AVP 0\n"), Err(SdpError::Address), "no c= at all");
}

#[test]
fn answers_without_our_codec_or_profile_are_refused() {
    let none = answered("c=IN IP4 198.51.100.7\nm=audio 4000 RTP/AVP 18 101\n");
    assert_eq!(none, Err(SdpError::NoCodec));
    let secure = answered("c=IN IP4 198.51.100.7\nm=audio 4000 RTP/SAVP 0\n");
    assert_eq!(secure, Err(SdpError::Profile));
    let remapped = answered("c=IN IP4 198.51.100.7\nm=audio 4000 RTP/AVP 0\na=rtpmap:0 G722/8000\n");
    assert_eq!(remapped, Err(SdpError::NoCodec), "an rtpmap wins over the static meaning");
}

/// Lines that ezk-sdp-types cannot read must not cost a call.
#[test]
fn faults_in_lines_that_we_do_not_use_do_no_harm() {
    let text = "v=0\no=broken\nc=IN IP4 198.51.100.7\nm=audio 4000 RTP/AVP 0 101 \na=crypto:x\n\
                a=candidate:nonsense\na=rtpmap:101\na=rtpmap:nonsense\na=fingerprint:?\n\
                a=ssrc:x\na=sendrecv \nb=x\n";
    let agreed = offered().handle_answer(text.as_bytes()).unwrap();
    assert_eq!(agreed.remote_rtp, address("198.51.100.7:4000"));
    let latin = [b"i=caf\xe9\r\n", body(PLAIN).as_bytes()].concat();
    assert!(offered().handle_answer(&latin).is_ok());
}

#[test]
fn an_answer_needs_an_offer() {
    let body = body(PLAIN);
    let mut session = session();
    assert_eq!(session.handle_answer(body.as_bytes()), Err(SdpError::Unexpected));
    session.offer();
    assert!(session.handle_answer(body.as_bytes()).is_ok());
    assert_eq!(session.handle_answer(body.as_bytes()), Err(SdpError::Unexpected));
}

#[test]
fn an_offers_other_lines_come_back_with_port_0() {
    let offer = body(
        "c=IN IP4 198.51.100.7\nm=image 5000 udptl t38\nm=audio 4002 RTP/AVP 18 96 8 0\n\
         a=rtpmap:96 telephone-event/8000\nm=video 4004 RTP/AVPF 97\n",
    );
    let answer = session().handle_offer(offer.as_bytes()).unwrap();
    let lines: Vec<&str> = answer.body.lines().filter(|line| line.starts_with("m=")).collect();
    assert_eq!(
        lines,
        ["m=image 0 udptl t38", "m=audio 10000 RTP/AVP 8 96", "m=video 0 RTP/AVPF 97"],
        "RFC 3264 §6: as many lines as the offer, in its order"
    );
    assert_eq!(answer.agreed.encoding, Encoding::Pcma, "RFC 3264 §6.1: the offer's order");
    assert_eq!((answer.agreed.send_events, answer.agreed.receive_events), (Some(96), Some(96)));
    assert_eq!(answer.agreed.remote_rtp, address("198.51.100.7:4002"));
}

#[test]
fn t38_video_and_srtp_alone_are_refused_and_change_nothing() {
    let mut session = offered();
    session.handle_answer(body(PLAIN).as_bytes()).unwrap();
    let before = session.clone().offer();
    for (lines, error) in [
        ("c=IN IP4 198.51.100.7\nm=image 5000 udptl t38\n", SdpError::NoAudio),
        ("c=IN IP4 198.51.100.7\nm=video 5000 RTP/AVP 97\n", SdpError::NoAudio),
        ("c=IN IP4 198.51.100.7\nm=audio 5000 RTP/SAVP 0\n", SdpError::Profile),
        ("c=IN IP4 198.51.100.7\nm=audio 5000 UDP/TLS/RTP/SAVPF 0\n", SdpError::Profile),
        ("c=IN IP4 198.51.100.7\nm=audio 5000 RTP/AVP 18\n", SdpError::NoCodec),
        ("c=IN IP4 198.51.100.7\nm=audio 0 RTP/AVP 0\n", SdpError::Refused),
        ("", SdpError::NoAudio),
    ] {
        assert_eq!(session.handle_offer(body(lines).as_bytes()), Err(error), "{lines}");
    }
    assert_eq!(session.offer(), before);
}

/// Pain 17 and the issue: on a re-INVITE the codec is kept though the offer's order differs.
#[test]
fn a_reoffer_keeps_the_codec_and_holds_and_moves() {
    let mut session = offered();
    session.handle_answer(body("c=IN IP4 198.51.100.7\nm=audio 4000 RTP/AVP 8\n").as_bytes()).unwrap();
    let hold = body("c=IN IP4 198.51.100.8\nm=audio 4006 RTP/AVPF 0 8\na=sendonly\n");
    let answer = session.handle_offer(hold.as_bytes()).unwrap();
    assert_eq!(answer.agreed.encoding, Encoding::Pcma);
    assert_eq!(answer.agreed.direction, Direction::RecvOnly);
    assert_eq!(answer.agreed.remote_rtp, address("198.51.100.8:4006"));
    assert!(answer.body.contains("a=recvonly\r\n") && answer.body.contains("RTP/AVPF 8\r\n"));
    assert!(answer.body.contains("o=- 42 2 "), "{}", answer.body);
    let again = session.handle_offer(hold.as_bytes()).unwrap();
    assert_eq!(again.body, answer.body, "the same offer again: the same version");
}

#[test]
fn our_later_offer_keeps_the_places_of_all_lines() {
    let mut session = session();
    let offer = body("c=IN IP4 198.51.100.7\nm=image 5000 udptl t38\nm=audio 4002 RTP/AVP 8\n");
    session.handle_offer(offer.as_bytes()).unwrap();
    let ours = session.offer();
    let lines: Vec<&str> = ours.lines().filter(|line| line.starts_with("m=")).collect();
    assert_eq!(lines, ["m=image 0 udptl t38", "m=audio 10000 RTP/AVP 8 0 101"]);
    let answer = body("c=IN IP4 198.51.100.7\nm=image 0 udptl t38\nm=audio 4002 RTP/AVP 8\n");
    assert!(session.handle_answer(answer.as_bytes()).is_ok());
}

#[test]
fn forks_answer_for_themselves() {
    let mut first = offered();
    let mut second = first.clone();
    first.handle_answer(body(PLAIN).as_bytes()).unwrap();
    let other = body("c=IN IP4 198.51.100.9\nm=audio 4000 RTP/AVP 8\n");
    assert_eq!(second.handle_answer(other.as_bytes()).unwrap().encoding, Encoding::Pcma);
}

#[test]
fn sizes_are_capped() {
    let long = body(&format!("{PLAIN}a=x:{}\n", "y".repeat(20_000)));
    assert_eq!(offered().handle_answer(long.as_bytes()), Err(SdpError::TooLarge));
    let many = body(&"a=x\n".repeat(500));
    assert_eq!(offered().handle_answer(many.as_bytes()), Err(SdpError::TooLarge));
    let sections = body(&"m=audio 1 RTP/AVP 0\n".repeat(17));
    assert_eq!(offered().handle_answer(sections.as_bytes()), Err(SdpError::TooLarge));
}

#[test]
fn a_refusal_cannot_smuggle_a_line_into_our_answer() {
    let offer = body("c=IN IP4 198.51.100.7\nm=video 1 RTP/AVP 0\x0bx\nm=audio 4002 RTP/AVP 8\n");
    assert_eq!(session().handle_offer(offer.as_bytes()), Err(SdpError::Malformed));
}

proptest::proptest! {
    /// Whatever the network sends: no panic, and what is accepted names a sane place.
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..600)) {
        let _ = offered().handle_answer(&bytes);
        let _ = session().handle_offer(&bytes);
    }

    #[test]
    fn mutated_descriptions_never_panic(at in 0usize..160, byte in proptest::num::u8::ANY, cut in 0usize..200) {
        let mut bytes = body(PLAIN).into_bytes();
        let place = at % bytes.len();
        bytes[place] = byte;
        bytes.truncate(bytes.len().saturating_sub(cut % 40));
        if let Ok(answer) = session().handle_offer(&bytes) {
            proptest::prop_assert!(answer.agreed.remote_rtp.is_none_or(|remote| remote.port() != 0));
            proptest::prop_assert!(answer.body.matches("m=").count() >= 1);
        }
    }
}

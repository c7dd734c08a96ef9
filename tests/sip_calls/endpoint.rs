//! Messages that belong to no call.

use std::net::SocketAddr;

use octothorpe::sip::endpoint::{Admission, Dropped, Endpoint, Routing, response_target};
use octothorpe::sip::message::{Message, Transport};

use crate::harness::*;

fn source() -> SocketAddr {
    TRUNK.parse().unwrap()
}

fn outside(method: &str, extra: &str) -> String {
    let head = format!(
        "{method} sip:gateway@192.0.2.9 SIP/2.0
         Via: SIP/2.0/UDP pbx.example.net;branch=z9hG4bKx;rport
         Max-Forwards: 0
         From: <sip:a@192.0.2.1>;tag=a
         To: <sip:gateway@192.0.2.9>
         Call-ID: stray
         CSeq: 1 {method}"
    );
    if extra.is_empty() { head } else { format!("{head}\n{extra}") }
}

fn route(text: &str, is_trunk: bool) -> Routing {
    let endpoint = Endpoint::new(Admission::NoCalls, "Octothorpe", 5);
    endpoint.route(&read(text), source(), is_trunk, |call_id| call_id == "known")
}

fn answer(text: &str) -> String {
    let Routing::Answer(response) = route(text, true) else { panic!("an answer to {text}") };
    String::from_utf8(response.write().unwrap()).unwrap()
}

#[test]
fn a_known_call_id_is_routed_from_anywhere() {
    let known = outside("BYE", "").replace("stray", "known");
    assert_eq!(route(&known, false), Routing::Call("known".to_owned()));
    let known = "SIP/2.0 200 OK\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKy\nFrom: <sip:a@h>;tag=1\nTo: <sip:b@h>;tag=2\nCall-ID: known\nCSeq: 1 BYE";
    assert_eq!(route(known, false), Routing::Call("known".to_owned()));
}

#[test]
fn strangers_learn_nothing() {
    for method in ["OPTIONS", "INVITE", "REGISTER", "BYE", "CANCEL", "ACK", "DANCE"] {
        assert_eq!(route(&outside(method, ""), false), Routing::Drop(Dropped::Stranger), "{method}");
    }
}

#[test]
fn a_trunk_is_answered_as_section_8_has_it() {
    // Max-Forwards 0 is no matter for the last hop: §16.3 has proxies refuse with 483, §11 has OPTIONS
    // answered.
    let options = answer(&outside("OPTIONS", ""));
    assert!(options.starts_with("SIP/2.0 200 OK\r\n"), "{options}");
    assert!(options.contains("Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE\r\n"));
    assert!(
        options
            .contains("Via: SIP/2.0/UDP pbx.example.net;branch=z9hG4bKx;rport=5060;received=192.0.2.1\r\n")
    );
    for (method, status) in [
        ("INVITE", "403 Forbidden"),
        ("REGISTER", "405 Method Not Allowed"),
        ("SUBSCRIBE", "405 Method Not Allowed"),
        ("BYE", "405 Method Not Allowed"),
        ("DANCE", "405 Method Not Allowed"),
        ("CANCEL", "481 Call/Transaction Does Not Exist"),
    ] {
        let response = answer(&outside(method, ""));
        assert!(response.starts_with(&format!("SIP/2.0 {status}\r\n")), "{response}");
        assert_eq!(response.contains("Allow:"), status.starts_with("405"), "{response}");
    }
    assert_eq!(route(&outside("ACK", ""), true), Routing::Drop(Dropped::UnknownAck));
    // §12.2.2: a To tag that names no dialog.
    for method in ["BYE", "INVITE", "OPTIONS"] {
        let lost = outside(method, "").replace("@192.0.2.9>\n", "@192.0.2.9>;tag=gone\n");
        assert!(answer(&lost).starts_with("SIP/2.0 481 "), "{method}");
    }
    let refused = answer(&outside("OPTIONS", "Require: foo, bar"));
    assert!(refused.starts_with("SIP/2.0 420 ") && refused.contains("Unsupported: foo, bar\r\n"));
    let scheme = outside("OPTIONS", "").replace("OPTIONS sip:gateway@192.0.2.9", "OPTIONS urn:service:sos");
    assert!(answer(&scheme).starts_with("SIP/2.0 416 "));
}

#[test]
fn a_stateless_answer_is_the_same_for_each_retransmission() {
    // §8.2.7: "To header tags MUST be generated for responses in a stateless manner - in a manner that
    // will generate the same tag for the same request consistently."
    let tag = |text: &str| answer(text).split(";tag=").nth(2).unwrap()[..16].to_owned();
    assert_eq!(tag(&outside("OPTIONS", "")), tag(&outside("OPTIONS", "")));
    assert_ne!(tag(&outside("OPTIONS", "")), tag(&outside("OPTIONS", "").replace("bKx", "bKz")));
}

#[test]
fn a_response_to_nothing_is_dropped() {
    let stray = "SIP/2.0 200 OK\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKy\nFrom: <sip:a@h>;tag=1\nTo: <sip:b@h>;tag=2\nCall-ID: stray\nCSeq: 1 INVITE";
    assert_eq!(route(stray, true), Routing::Drop(Dropped::UnknownResponse));
}

#[test]
fn what_is_malformed_is_answered_only_if_it_can_be_and_only_to_a_trunk() {
    let endpoint = Endpoint::new(Admission::NoCalls, "Octothorpe", 5);
    let text = outside("OPTIONS", "").replace("         ", "").replace('\n', "\r\n");
    let wrong = text.replace("1 OPTIONS", "1 INVITE") + "\r\n\r\n";
    let error = Message::read(wrong.as_bytes()).unwrap_err();
    let Routing::Answer(response) = endpoint.route_malformed(error.clone(), source(), true) else {
        panic!("an answer")
    };
    assert_eq!(response.status.code(), 400);
    assert_eq!(response_target(&response, &Transport::Udp, source()), source());
    let dropped = Routing::Drop(Dropped::Malformed);
    assert_eq!(endpoint.route_malformed(error, source(), false), dropped);
    let garbage = Message::read(b"\0\0\0\0").unwrap_err();
    assert_eq!(endpoint.route_malformed(garbage, source(), true), dropped);
}

#[test]
fn the_phone_takes_calls() {
    let endpoint = Endpoint::new(Admission::AllCalls, "phone", 5);
    let route = |text: &str| endpoint.route(&read(text), source(), true, |_| false);
    assert_eq!(route(&outside("INVITE", "")), Routing::NewCall);
    assert!(matches!(route(&outside("OPTIONS", "")), Routing::Answer(_)));
}

#[test]
fn a_response_goes_where_rfc_3581_says() {
    let Message::Request(mut request) = read(&outside("OPTIONS", "")) else { panic!("a request") };
    let nat: SocketAddr = "198.51.100.7:41000".parse().unwrap();
    request.headers.stamp_source(nat);
    let response = octothorpe::sip::endpoint::capabilities(&request);
    assert_eq!(response_target(&response, &Transport::Udp, source()), nat);
    assert_eq!(response_target(&response, &Transport::Tcp, source()), source());
    // Without rport the port is that of sent-by, the address the one seen.
    let Message::Request(mut request) = read(&outside("OPTIONS", "").replace(";rport", "")) else {
        panic!("a request")
    };
    request.headers.stamp_source(nat);
    let response = octothorpe::sip::endpoint::capabilities(&request);
    let expected = "198.51.100.7:5060".parse().unwrap();
    assert_eq!(response_target(&response, &Transport::Udp, nat), expected);
}

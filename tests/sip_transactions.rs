//! The transaction machines of RFC 3261 §17 and RFC 6026 in virtual time.
//!
//! Each test repeats the sentence that it proves. Times are milliseconds from the start.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::time::{Duration, Instant};

use bytes::Bytes;
use octothorpe::sip::transaction::{
    Deadline, Effects, InviteClient, InviteServer, NonInviteClient, NonInviteServer,
};

const UDP: bool = false;
const TCP: bool = true;

/// A machine under test, whichever of the four.
trait Machine {
    fn deadline(&self) -> Option<Deadline>;
    fn fire(&mut self, now: Instant) -> Effects;
}

macro_rules! machine {
    ($($name:ident),*) => {$(
        impl Machine for $name {
            fn deadline(&self) -> Option<Deadline> { self.poll_timeout() }
            fn fire(&mut self, now: Instant) -> Effects { self.handle_timeout(now) }
        }
    )*};
}
machine!(InviteClient, InviteServer, NonInviteClient, NonInviteServer);

/// Virtual time: what a machine does by itself until a moment.
struct Clock(Instant);

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "any Instant serves as the zero of virtual time")]
    fn new() -> Clock {
        Clock(Instant::now())
    }

    fn at(&self, ms: u64) -> Instant {
        self.0 + Duration::from_millis(ms)
    }

    /// Fires every timer due up to and with `ms`; what was sent, and what else happened.
    fn run(&self, machine: &mut impl Machine, ms: u64) -> Vec<(u64, String)> {
        let mut seen = Vec::new();
        while let Some((due, _)) = machine.deadline().filter(|(due, _)| *due <= self.at(ms)) {
            let effects = machine.fire(due);
            let at = u64::try_from((due - self.0).as_millis()).unwrap();
            seen.extend(words(&effects).into_iter().map(|word| (at, word)));
        }
        seen
    }
}

/// The effects as words: the bytes sent, what the user is told, `end`.
fn words(effects: &Effects) -> Vec<String> {
    let mut words = Vec::new();
    if let Some(bytes) = &effects.send {
        words.push(String::from_utf8(bytes.to_vec()).unwrap());
    }
    words.extend(effects.inform.map(|inform| format!("{inform:?}")));
    words.extend(effects.ended.then(|| "end".to_owned()));
    words
}

fn script(steps: &[(u64, &str)]) -> Vec<(u64, String)> {
    steps.iter().map(|(at, word)| (*at, (*word).to_owned())).collect()
}

fn bytes(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

fn ack() -> Bytes {
    bytes("ACK")
}

fn no_ack() -> Bytes {
    panic!("no ACK is the transaction's here")
}

// INVITE client, §17.1.1

#[test]
fn timer_a_doubles_without_a_limit_until_timer_b_ends_the_invite() {
    // §17.1.1.2: "When timer A fires, the client transaction MUST retransmit the request by passing it to
    // the transport layer, and MUST reset the timer with a value of 2*T1"; "This process MUST continue so
    // that the request is retransmitted with intervals that double after each transmission."; at Timer B
    // "the client transaction SHOULD inform the TU that a timeout has occurred."
    let clock = Clock::new();
    let (mut machine, started) = InviteClient::start(clock.at(0), bytes("INVITE"), UDP);
    assert_eq!(words(&started), ["INVITE"]);
    assert_eq!(clock.run(&mut machine, 499), script(&[]));
    let expected = script(&[
        (500, "INVITE"),
        (1_500, "INVITE"),
        (3_500, "INVITE"),
        (7_500, "INVITE"),
        (15_500, "INVITE"),
        (31_500, "INVITE"),
    ]);
    assert_eq!(clock.run(&mut machine, 31_999), expected);
    assert_eq!(clock.run(&mut machine, 32_000), script(&[(32_000, "Timeout"), (32_000, "end")]));
    assert!(machine.is_ended() && machine.poll_timeout().is_none());
}

#[test]
fn timer_a_does_not_run_on_a_reliable_transport() {
    // §17.1.1.2: "If a reliable transport is being used, the client transaction SHOULD NOT start
    // timer A".
    let clock = Clock::new();
    let (mut machine, _) = InviteClient::start(clock.at(0), bytes("INVITE"), TCP);
    assert_eq!(clock.run(&mut machine, 31_999), script(&[]));
    assert_eq!(clock.run(&mut machine, 32_000), script(&[(32_000, "Timeout"), (32_000, "end")]));
}

#[test]
fn a_provisional_stops_the_retransmissions_and_timer_b() {
    // §17.1.1.2: "If the client transaction receives a provisional response while in the "Calling"
    // state, it transitions to the "Proceeding" state. In the "Proceeding" state, the client
    // transaction SHOULD NOT retransmit the request any longer."
    let clock = Clock::new();
    let (mut machine, _) = InviteClient::start(clock.at(0), bytes("INVITE"), UDP);
    assert_eq!(clock.run(&mut machine, 600).len(), 1);
    assert_eq!(words(&machine.handle_response(clock.at(700), 100, no_ack)), ["Message"]);
    assert!(machine.is_proceeding());
    assert_eq!(clock.run(&mut machine, 600_000), script(&[]));
    // "any further provisional responses MUST be passed up to the TU while in the "Proceeding" state."
    assert_eq!(words(&machine.handle_response(clock.at(600_000), 180, no_ack)), ["Message"]);
}

#[test]
fn a_refusal_is_acknowledged_again_and_again_for_timer_d() {
    // §17.1.1.2: "reception of a response with status code from 300-699 MUST cause the client
    // transaction to transition to "Completed". The client transaction MUST pass the received
    // response up to the TU, and the client transaction MUST generate an ACK request … Any
    // retransmissions of the final response that are received while in the "Completed" state MUST
    // cause the ACK to be re-passed to the transport layer … but the newly received response MUST
    // NOT be passed up to the TU."
    let clock = Clock::new();
    let (mut machine, _) = InviteClient::start(clock.at(0), bytes("INVITE"), UDP);
    assert_eq!(words(&machine.handle_response(clock.at(100), 486, ack)), ["ACK", "Message"]);
    assert_eq!(words(&machine.handle_response(clock.at(600), 486, no_ack)), ["ACK"]);
    assert_eq!(words(&machine.handle_response(clock.at(700), 180, no_ack)), [""; 0]);
    assert_eq!(words(&machine.handle_response(clock.at(800), 200, no_ack)), [""; 0]);
    assert_eq!(clock.run(&mut machine, 32_099), script(&[]));
    assert_eq!(words(&machine.handle_response(clock.at(32_099), 486, no_ack)), ["ACK"]);
    assert_eq!(clock.run(&mut machine, 32_100), script(&[(32_100, "end")]));
    assert_eq!(words(&machine.handle_response(clock.at(32_101), 486, no_ack)), [""; 0]);
}

#[test]
fn timer_d_is_zero_on_a_reliable_transport() {
    // §17.1.1.2: "a value of zero seconds for reliable transports".
    let clock = Clock::new();
    let (mut machine, _) = InviteClient::start(clock.at(0), bytes("INVITE"), TCP);
    let effects = machine.handle_response(clock.at(100), 486, ack);
    assert_eq!(words(&effects), ["ACK", "Message", "end"]);
}

#[test]
fn every_2xx_reaches_the_user_for_timer_m() {
    // RFC 6026 §7.2: in Accepted every 2xx goes to the user, which ACKs it, until Timer M fires 64·T1
    // after the first; nothing else is told any more.
    let clock = Clock::new();
    for reliable in [UDP, TCP] {
        let (mut machine, _) = InviteClient::start(clock.at(0), bytes("INVITE"), reliable);
        assert_eq!(words(&machine.handle_response(clock.at(100), 200, no_ack)), ["Message"]);
        assert_eq!(words(&machine.handle_response(clock.at(600), 200, no_ack)), ["Message"]);
        assert_eq!(words(&machine.handle_response(clock.at(700), 180, no_ack)), [""; 0]);
        assert_eq!(words(&machine.handle_response(clock.at(800), 487, no_ack)), [""; 0]);
        assert_eq!(clock.run(&mut machine, 32_099), script(&[]));
        assert_eq!(words(&machine.handle_response(clock.at(32_099), 200, no_ack)), ["Message"]);
        assert_eq!(clock.run(&mut machine, 32_100), script(&[(32_100, "end")]));
    }
}

#[test]
fn a_transport_error_ends_an_invite_on_its_way_only() {
    // §17.1.4: "The client transaction SHOULD inform the TU that a transport failure has occurred,
    // and the client transaction SHOULD transition directly to the "Terminated" state."
    let clock = Clock::new();
    let (mut machine, _) = InviteClient::start(clock.at(0), bytes("INVITE"), UDP);
    assert_eq!(words(&machine.handle_transport_error()), ["TransportError", "end"]);
    for status in [180, 200] {
        let (mut machine, _) = InviteClient::start(clock.at(0), bytes("INVITE"), UDP);
        let _ = machine.handle_response(clock.at(1), status, no_ack);
        assert_eq!(words(&machine.handle_transport_error()), [""; 0]);
        assert!(!machine.is_ended());
    }
}

// Non-INVITE client, §17.1.2

#[test]
fn timer_e_doubles_up_to_t2_until_timer_f() {
    // §17.1.2.2: "For the default values of T1 and T2, this results in intervals of 500 ms, 1 s,
    // 2 s, 4 s, 4 s, 4 s, etc."
    let clock = Clock::new();
    let (mut machine, started) = NonInviteClient::start(clock.at(0), bytes("BYE"), UDP);
    assert_eq!(words(&started), ["BYE"]);
    assert_eq!(clock.run(&mut machine, 499), script(&[]));
    let times: Vec<u64> = clock.run(&mut machine, 31_999).iter().map(|(at, _)| *at).collect();
    assert_eq!(times, [500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]);
    assert_eq!(clock.run(&mut machine, 32_000), script(&[(32_000, "Timeout"), (32_000, "end")]));
}

#[test]
fn timer_e_is_t2_in_proceeding_and_timer_f_goes_on() {
    // §17.1.2.2: "If Timer E fires while in the "Proceeding" state, the request MUST be passed to
    // the transport layer for retransmission, and Timer E MUST be reset with a value of T2 seconds."
    let clock = Clock::new();
    let (mut machine, _) = NonInviteClient::start(clock.at(0), bytes("BYE"), UDP);
    assert_eq!(words(&machine.handle_response(clock.at(100), 100)), ["Message"]);
    let times: Vec<u64> = clock.run(&mut machine, 31_999).iter().map(|(at, _)| *at).collect();
    assert_eq!(times, [500, 4_500, 8_500, 12_500, 16_500, 20_500, 24_500, 28_500]);
    assert_eq!(clock.run(&mut machine, 32_000), script(&[(32_000, "Timeout"), (32_000, "end")]));
}

#[test]
fn timer_k_buffers_repeated_answers() {
    // §17.1.2.2: "The "Completed" state exists to buffer any additional response retransmissions
    // that may be received … timer K … T4 seconds for unreliable transports, and zero".
    let clock = Clock::new();
    let (mut machine, _) = NonInviteClient::start(clock.at(0), bytes("BYE"), UDP);
    assert_eq!(words(&machine.handle_response(clock.at(100), 200)), ["Message"]);
    assert!(!machine.is_pending());
    assert_eq!(words(&machine.handle_response(clock.at(200), 200)), [""; 0]);
    assert_eq!(clock.run(&mut machine, 5_099), script(&[]));
    assert_eq!(clock.run(&mut machine, 5_100), script(&[(5_100, "end")]));
    let (mut machine, _) = NonInviteClient::start(clock.at(0), bytes("BYE"), TCP);
    assert_eq!(clock.run(&mut machine, 31_999), script(&[]));
    assert_eq!(words(&machine.handle_response(clock.at(31_999), 200)), ["Message", "end"]);
}

#[test]
fn a_transport_error_ends_a_request_that_waits() {
    // §17.1.4, as above.
    let clock = Clock::new();
    let (mut machine, _) = NonInviteClient::start(clock.at(0), bytes("BYE"), UDP);
    assert_eq!(words(&machine.handle_transport_error()), ["TransportError", "end"]);
    assert_eq!(words(&machine.handle_transport_error()), [""; 0]);
}

// INVITE server, §17.2.1

#[test]
fn a_repeated_invite_draws_the_last_provisional() {
    // §17.2.1: "If a request retransmission is received while in the "Proceeding" state, the most
    // recent provisional response that was received from the TU MUST be passed to the transport
    // layer for retransmission."
    let clock = Clock::new();
    let mut machine = InviteServer::new(UDP);
    assert_eq!(words(&machine.handle_retransmission()), [""; 0]);
    assert_eq!(words(&machine.respond(clock.at(0), 100, bytes("100"))), ["100"]);
    assert_eq!(words(&machine.respond(clock.at(1), 180, bytes("180"))), ["180"]);
    assert_eq!(words(&machine.handle_retransmission()), ["180"]);
    assert!(machine.poll_timeout().is_none());
}

#[test]
fn timer_g_repeats_a_refusal_until_timer_h() {
    // §17.2.1: "If timer G fires, the response is passed to the transport layer once more for
    // retransmission, and timer G is set to fire in MIN(2*T1, T2) seconds."; Timer H "determines when the
    // server transaction abandons retransmitting the response."
    let clock = Clock::new();
    let mut machine = InviteServer::new(UDP);
    assert_eq!(words(&machine.respond(clock.at(0), 486, bytes("486"))), ["486"]);
    assert_eq!(clock.run(&mut machine, 499), script(&[]));
    let times: Vec<u64> = clock.run(&mut machine, 31_999).iter().map(|(at, _)| *at).collect();
    assert_eq!(times, [500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]);
    assert_eq!(words(&machine.handle_retransmission()), ["486"]);
    assert_eq!(clock.run(&mut machine, 32_000), script(&[(32_000, "Timeout"), (32_000, "end")]));
}

#[test]
fn timer_g_does_not_run_on_a_reliable_transport_but_timer_h_does() {
    // §17.2.1: "timer G … is not set to fire for reliable transports … Timer H MUST be set to fire
    // in 64*T1 seconds for all transports."
    let clock = Clock::new();
    let mut machine = InviteServer::new(TCP);
    let _ = machine.respond(clock.at(0), 486, bytes("486"));
    assert_eq!(clock.run(&mut machine, 31_999), script(&[]));
    assert_eq!(clock.run(&mut machine, 32_000), script(&[(32_000, "Timeout"), (32_000, "end")]));
}

#[test]
fn timer_i_absorbs_further_acks() {
    // §17.2.1: "The purpose of the "Confirmed" state is to absorb any additional ACK messages that
    // arrive … timer I is set to fire in T4 seconds for unreliable transports, and zero".
    let clock = Clock::new();
    let mut machine = InviteServer::new(UDP);
    let _ = machine.respond(clock.at(0), 486, bytes("486"));
    assert_eq!(words(&machine.handle_ack(clock.at(100))), ["Message"]);
    assert_eq!(words(&machine.handle_ack(clock.at(101))), [""; 0]);
    assert_eq!(words(&machine.handle_retransmission()), [""; 0]);
    assert_eq!(clock.run(&mut machine, 5_099), script(&[]));
    assert_eq!(clock.run(&mut machine, 5_100), script(&[(5_100, "end")]));
    let mut machine = InviteServer::new(TCP);
    let _ = machine.respond(clock.at(0), 486, bytes("486"));
    assert_eq!(words(&machine.handle_ack(clock.at(100))), ["Message", "end"]);
}

#[test]
fn an_accepted_invite_is_absorbed_for_timer_l() {
    // RFC 6026 §7.1: in Accepted repeats of the INVITE are absorbed and the user's repeats of the 2xx go
    // out, until Timer L fires 64·T1 after the first.
    let clock = Clock::new();
    let mut machine = InviteServer::new(UDP);
    assert_eq!(words(&machine.respond(clock.at(0), 200, bytes("200"))), ["200"]);
    assert_eq!(words(&machine.handle_retransmission()), [""; 0]);
    assert_eq!(words(&machine.respond(clock.at(500), 200, bytes("200"))), ["200"]);
    assert_eq!(words(&machine.respond(clock.at(500), 486, bytes("486"))), [""; 0]);
    assert_eq!(words(&machine.handle_ack(clock.at(600))), ["Message"]);
    assert_eq!(clock.run(&mut machine, 31_999), script(&[]));
    assert_eq!(clock.run(&mut machine, 32_000), script(&[(32_000, "end")]));
}

#[test]
fn a_transport_error_ends_an_invite_that_was_refused_only() {
    // RFC 6026 §7.1, figure 7: a transport error is told to the user, and leads from Completed to
    // Terminated; it changes no other state.
    let clock = Clock::new();
    let mut machine = InviteServer::new(UDP);
    assert_eq!(words(&machine.handle_transport_error()), ["TransportError"]);
    let _ = machine.respond(clock.at(0), 486, bytes("486"));
    assert_eq!(words(&machine.handle_transport_error()), ["TransportError", "end"]);
    let mut machine = InviteServer::new(UDP);
    let _ = machine.respond(clock.at(0), 200, bytes("200"));
    assert_eq!(words(&machine.handle_transport_error()), ["TransportError"]);
}

// Non-INVITE server, §17.2.2

#[test]
fn timer_j_repeats_the_answer_for_repeated_requests() {
    // §17.2.2: "While in the "Completed" state, the server transaction MUST pass the final response
    // to the transport layer for retransmission whenever a retransmission of the request is
    // received … The server transaction remains in this state until Timer J fires".
    let clock = Clock::new();
    let mut machine = NonInviteServer::new(UDP);
    assert_eq!(words(&machine.handle_retransmission()), [""; 0]);
    assert_eq!(words(&machine.respond(clock.at(0), 200, bytes("200"))), ["200"]);
    assert_eq!(words(&machine.respond(clock.at(1), 500, bytes("500"))), [""; 0]);
    assert_eq!(words(&machine.handle_retransmission()), ["200"]);
    assert_eq!(clock.run(&mut machine, 31_999), script(&[]));
    assert_eq!(words(&machine.handle_retransmission()), ["200"]);
    assert_eq!(clock.run(&mut machine, 32_000), script(&[(32_000, "end")]));
    assert_eq!(words(&machine.handle_retransmission()), [""; 0]);
}

#[test]
fn timer_j_is_zero_on_a_reliable_transport() {
    // §17.2.2: "and zero seconds for reliable transports."
    let clock = Clock::new();
    let mut machine = NonInviteServer::new(TCP);
    assert_eq!(words(&machine.respond(clock.at(0), 200, bytes("200"))), ["200", "end"]);
}

#[test]
fn a_provisional_answer_is_repeated_too() {
    // §17.2.2: "If a retransmission of the request is received while in the "Proceeding" state, the
    // most recently sent provisional response MUST be passed to the transport layer".
    let clock = Clock::new();
    let mut machine = NonInviteServer::new(UDP);
    assert_eq!(words(&machine.respond(clock.at(0), 100, bytes("100"))), ["100"]);
    assert_eq!(words(&machine.handle_retransmission()), ["100"]);
    assert_eq!(words(&machine.handle_transport_error()), ["TransportError", "end"]);
}

//! The real binary against carriers with one peculiarity each, played by SIPp: the scenario asserts
//! the messages, the test asserts the verdict. Every test has a network of its own.

#![allow(clippy::disallowed_methods, reason = "a process under test lives on the wall clock")]
#![allow(clippy::print_stderr, reason = "a failed test names the directory that it leaves")]

#[allow(dead_code, reason = "every test binary uses its own part of what they share")]
mod support;

use std::net::UdpSocket;
use std::time::Duration;

use serde_json::{Value, json};
use support::net::Namespace;
use support::serving::{self, Gateway};
use support::sipp::{self, Finished, Sipp};
use support::site::{Outcome, Site};
use support::trace::Message;

const NUMBER: &str = "+19995550123";

/// One call against one scenario.
struct Case {
    scenario: &'static str,
    keys: Vec<(&'static str, &'static str)>,
    trunk: &'static str,
    address: &'static str,
    transport: &'static str,
    /// Further options of SIPp.
    options: &'static [&'static str],
    limit: Duration,
}

/// What both ends saw of it.
struct Run {
    outcome: Outcome,
    carrier: Finished,
    _site: Site,
}

fn case(scenario: &'static str) -> Case {
    Case {
        scenario,
        keys: Vec::new(),
        trunk: "",
        address: "127.0.0.1",
        transport: "udp",
        options: &[],
        limit: Duration::from_secs(60),
    }
}

/// A scenario that answers with one final status, after `extra` header fields.
fn refusal(scenario: &'static str, status: &'static str, extra: &'static str) -> Case {
    // A field must stand in the place of [extra].
    let extra = if extra.is_empty() { "X-Nothing: more" } else { extra };
    Case { keys: vec![("status", status), ("extra", extra)], ..case(scenario) }
}

impl Case {
    fn trunk(self, trunk: &'static str) -> Case {
        Case { trunk, ..self }
    }

    fn limit_s(self, seconds: u64) -> Case {
        Case { limit: Duration::from_secs(seconds), ..self }
    }

    #[track_caller]
    fn run(&self) -> Run {
        self.run_beside(|_| ())
    }

    /// Runs the call, and `beside` it what else the test does in the same network.
    #[track_caller]
    fn run_beside(&self, beside: impl FnOnce(&Sipp)) -> Run {
        let network = Namespace::new();
        network.enter();
        let carrier = Sipp::serve(self.scenario, self.address, self.transport, &self.keys, self.options);
        let host =
            if self.address.contains(':') { format!("[{}]", self.address) } else { self.address.to_owned() };
        let site = Site::new(self.scenario, self.address);
        let target = format!("sip:{host}:{};transport={}", sipp::PORT, self.transport);
        site.trunk("carrier", &target, self.trunk);
        let listen = format!("{host}:5060");
        let call = site.call(NUMBER, &["--sip-listen", &listen]);
        beside(&carrier);
        let outcome = site.outcome(call, self.limit);
        Run { outcome, carrier: carrier.finish(), _site: site }
    }

    /// The call is verified by a key that came as INFO.
    #[track_caller]
    fn assert_verified(&self) -> Run {
        self.run().asserted("verified", "key_pressed", "sip_info")
    }

    /// The call ends with this verdict and reason, without a key that counted.
    #[track_caller]
    fn assert_ends(&self, verdict: &str, reason: &str) -> Run {
        self.run().asserted(verdict, reason, "")
    }
}

impl Run {
    /// The carrier saw the messages of its scenario, and the caller's result is this one.
    #[track_caller]
    fn asserted(self, verdict: &str, reason: &str, paths: &str) -> Run {
        if let Err(error) = &self.carrier.followed {
            panic!("the carrier's scenario was not followed: {error}\nthe caller: {}", self.outcome);
        }
        self.outcome.assert_ended(verdict, reason);
        assert_eq!(self.outcome.paths(), paths, "the key's paths; {}", self.outcome);
        self
    }

    /// The gateway's requests with this method.
    fn requests(&self, method: &str) -> Vec<&Message> {
        self.carrier.trace.requests(method)
    }

    /// Seconds from the first request with this method to each.
    fn times(&self, method: &str) -> Vec<f64> {
        let messages = self.requests(method);
        messages.iter().map(|message| message.at_s - messages[0].at_s).collect()
    }

    /// A field of the first attempt in the result.
    fn attempt(&self, field: &str) -> &Value {
        self.outcome.attempt(field)
    }
}

/// Timers are late on a busy machine, but never early.
#[track_caller]
fn assert_times(seen: &[f64], expected: &[f64]) {
    assert_eq!(seen.len(), expected.len(), "expected {expected:?} s, saw {seen:?} s");
    for (seen, expected) in seen.iter().zip(expected) {
        let late = seen - expected;
        assert!((-0.05..0.4).contains(&late), "expected at {expected} s, came at {seen:.3} s");
    }
}

/// The port of the audio line.
fn media_port(message: &Message) -> u16 {
    let line = message.body().lines().find(|line| line.starts_with("m=audio "));
    let port = line.and_then(|line| line.split(' ').nth(1)?.parse().ok());
    port.unwrap_or_else(|| panic!("no audio line in {}", message.text))
}

// --- What we send -------------------------------------------------------------------------------

/// Contract §9 and RFC 3261 §8.1.1: the INVITE as a trunk with the defaults expects it.
#[test]
fn the_invite_is_what_the_trunk_file_says() {
    let run = case("plain").assert_verified();
    let invite = run.requests("INVITE")[0];
    assert!(invite.text.starts_with("INVITE sip:+19995550123@127.0.0.1"), "{}", invite.text);
    assert!(invite.header("From").is_some_and(|from| from.contains("sip:+14255550100@")), "{}", invite.text);
    assert_eq!(invite.header("Max-Forwards"), Some("70"));
    assert!(invite.header("Allow").is_some_and(|allow| allow.contains("UPDATE")), "{}", invite.text);
    assert!(!invite.header("Supported").unwrap_or_default().contains("100rel"), "PRACK is not offered");
    assert!(
        invite.body().contains("RTP/AVP 0 8 ") || invite.body().contains("RTP/AVP 8 0 "),
        "both laws: {}",
        invite.text
    );
    assert!(invite.body().contains("telephone-event/8000"), "{}", invite.text);
    assert!(media_port(invite).is_multiple_of(2), "RTP has the even port (RFC 3550 §11)");
}

/// RFC 3261 §18.2.1 and contract §3: the same call over TCP, and the result says so.
#[test]
fn a_call_over_tcp() {
    let run = Case { transport: "tcp", ..case("plain") }.assert_verified();
    assert_eq!(run.attempt("transport"), "tcp");
}

/// RFC 3261 §7.3, RFC 4566 §5.7: brackets in URIs and Via, `IN IP6` in the SDP.
#[test]
fn a_call_over_ipv6() {
    let run = Case { address: "::1", ..case("plain") }.assert_verified();
    let invite = run.requests("INVITE")[0];
    assert!(invite.header("Via").is_some_and(|via| via.contains("[::1]")), "{}", invite.text);
    assert!(invite.body().contains("c=IN IP6 ::1"), "{}", invite.text);
}

// --- Before the answer --------------------------------------------------------------------------

#[test]
fn early_media_before_the_answer() {
    let run = case("early_media").assert_verified();
    assert_eq!(*run.attempt("rung"), true, "an answered call has rung");
}

#[test]
fn a_200_without_sdp_keeps_the_answer_of_the_183() {
    case("early_then_answer_without_sdp").assert_verified();
}

/// Contract §1, "rung": a 183 is no ringing unless the trunk's file says so.
#[test]
fn an_announcement_and_then_486_rang_nowhere() {
    let run = case("early_then_busy").assert_ends("unreached", "busy");
    assert_eq!(*run.attempt("rung"), false, "{}", run.outcome);
}

#[test]
fn an_18x_that_requires_100rel_is_used_without_prack() {
    let run = case("require_100rel").assert_verified();
    assert!(run.requests("PRACK").is_empty(), "100rel was never offered");
    assert_eq!(*run.attempt("rung"), true);
}

#[test]
fn the_second_phone_of_a_fork_is_hung_up() {
    let run = case("forked_200").assert_verified();
    assert_eq!(run.requests("BYE").len(), 2, "one a dialog");
}

#[test]
fn offers_before_our_own_is_answered_meet_491() {
    let run = case("glare").assert_verified();
    assert_eq!(run.carrier.trace.responses_to("UPDATE"), [491]);
}

// --- CANCEL and its races -----------------------------------------------------------------------

#[test]
fn a_phone_that_nobody_picks_up_is_cancelled() {
    let run = case("ring_out").trunk("ring_timeout_s = 5").assert_ends("unreached", "no_answer");
    assert_eq!(*run.attempt("rung"), true);
    let (invite, cancel) = (run.requests("INVITE")[0], run.requests("CANCEL")[0]);
    // RFC 3261 §9.1: the CANCEL carries the one Via of its INVITE.
    assert_eq!(invite.header("Via"), cancel.header("Via"));
}

#[test]
fn a_100_and_then_nothing_is_unreachable() {
    let run = case("trying_only").trunk("ring_timeout_s = 5").assert_ends("unreached", "unreachable");
    assert_eq!(*run.attempt("rung"), false);
}

#[test]
fn no_cancel_leaves_before_a_provisional() {
    let run = case("late_provisional").trunk("ring_timeout_s = 5").assert_ends("unreached", "no_answer");
    let position = |wanted: &dyn Fn(&Message) -> bool| run.carrier.trace.0.iter().position(wanted);
    let ringing = position(&|message| message.status() == Some(180));
    let cancel = position(&|message| message.method() == Some("CANCEL"));
    assert!(ringing < cancel, "180 is message {ringing:?}, CANCEL {cancel:?}");
}

/// Nobody heard the prompt: an answer that our CANCEL crossed is no answer.
#[test]
fn a_200_that_crosses_our_cancel_is_hung_up() {
    case("cancel_race").trunk("ring_timeout_s = 5").assert_ends("unreached", "no_answer");
}

// --- Loss ---------------------------------------------------------------------------------------

/// RFC 3261 §17.1.1.2: "the INVITE is retransmitted with intervals that double after each
/// transmission"; Timer B ends it after 64 × T1.
#[test]
fn a_silent_trunk_sees_every_repeat_until_timer_b() {
    let run = case("silent").limit_s(110).assert_ends("failed", "trunk_failed");
    assert_times(&run.times("INVITE"), &[0.0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5]);
    assert!(run.requests("CANCEL").is_empty(), "nothing was heard that could be cancelled");
}

#[test]
fn every_repeat_of_the_200_is_acknowledged() {
    // SIPp takes a repeated ACK for a demand to repeat its 200, unless told to repeat nothing.
    let run = Case { options: &["-nr"], ..case("lost_ack") }.assert_verified();
    assert_eq!(run.requests("ACK").len(), 3);
}

/// RFC 3261 §17.1.1.2 and §17.1.2.2: INVITE and BYE are repeated until their answers come.
#[test]
fn a_lost_200_is_waited_for() {
    let run = case("lost_200").assert_verified();
    assert_times(&run.times("INVITE"), &[0.0, 0.5, 1.5]);
    assert_times(&run.times("BYE"), &[0.0, 0.5, 1.5, 3.5]);
}

#[test]
fn nobody_listens_at_the_trunk() {
    let network = Namespace::new();
    network.enter();
    let site = Site::new("nobody", "127.0.0.1");
    site.trunk("carrier", "sip:127.0.0.1:5070", "");
    let outcome = site.outcome(site.call(NUMBER, &[]), Duration::from_secs(110));
    outcome.assert_ended("failed", "trunk_failed");
}

// --- Refusals: the table of contract §4 ---------------------------------------------------------

macro_rules! refusals {
    ($($name:ident: $status:literal $(, $extra:literal)? => $verdict:literal, $reason:literal;)*) => {$(
        #[test]
        fn $name() {
            let extra = [$($extra,)? ""][0];
            let run = refusal("final", $status, extra).assert_ends($verdict, $reason);
            let status: u16 = $status[..3].parse().unwrap();
            assert_eq!(*run.attempt("sip_status"), status, "{}", run.outcome);
            assert_eq!(*run.attempt("rung"), false, "{}", run.outcome);
        }
    )*};
}

refusals! {
    a_302_is_forwarded: "302 Moved Temporarily", "Contact: <sip:elsewhere@127.0.0.1:5999>" => "unreached", "forwarded";
    a_403_is_the_trunks: "403 Forbidden" => "failed", "trunk_failed";
    a_404_is_not_in_service: "404 Not Found" => "unreached", "not_in_service";
    a_410_is_not_in_service: "410 Gone" => "unreached", "not_in_service";
    a_415_is_the_media: "415 Unsupported Media Type" => "failed", "media_mismatch";
    a_421_is_the_trunks: "421 Extension Required", "Require: 100rel" => "failed", "trunk_failed";
    a_480_is_unreachable: "480 Temporarily Unavailable" => "unreached", "unreachable";
    a_480_with_q850_18_is_no_answer: "480 Temporarily Unavailable", "Reason: Q.850;cause=18;text=\"No user responding\"" => "unreached", "no_answer";
    a_480_with_q850_19_is_no_answer: "480 Temporarily Unavailable", "Reason: Q.850 ;cause=19" => "unreached", "no_answer";
    a_480_with_q850_20_is_unreachable: "480 Temporarily Unavailable", "Reason: SIP;cause=480, Q.850;cause=20" => "unreached", "unreachable";
    a_484_is_not_in_service: "484 Address Incomplete" => "unreached", "not_in_service";
    a_486_is_busy: "486 Busy Here" => "unreached", "busy";
    a_500_is_the_trunks: "500 Server Internal Error" => "failed", "trunk_failed";
    a_500_with_q850_1_is_not_in_service: "500 Server Internal Error", "Reason: Q.850;cause=1" => "unreached", "not_in_service";
    a_500_with_q850_34_is_capacity: "500 Server Internal Error", "Reason: Q.850;cause=34" => "failed", "trunk_capacity";
    a_503_is_the_trunks: "503 Service Unavailable" => "failed", "trunk_failed";
    a_503_with_retry_after_is_capacity: "503 Service Unavailable", "Retry-After: 3" => "failed", "trunk_capacity";
    a_600_is_busy: "600 Busy Everywhere" => "unreached", "busy";
    a_603_that_never_rang_is_unreachable: "603 Decline" => "unreached", "unreachable";
    a_603_network_blocked: "603 Network Blocked" => "unreached", "carrier_blocked";
    a_604_is_not_in_service: "604 Does Not Exist Anywhere" => "unreached", "not_in_service";
    a_607_that_never_rang_is_unreachable: "607 Unwanted" => "unreached", "unreachable";
    a_608_is_the_carriers: "608 Rejected" => "unreached", "carrier_blocked";
}

#[test]
fn a_603_after_ringing_is_the_persons_no() {
    let run = refusal("final_after_ringing", "603 Decline", "").assert_ends("denied", "declined");
    assert_eq!(*run.attempt("rung"), true);
}

/// Contract §4: a phone that has rung is not dialled again, whatever the trunk says after it.
#[test]
fn a_500_after_ringing_is_not_tried_again() {
    let run =
        refusal("final_after_ringing", "500 Server Internal Error", "").assert_ends("failed", "trunk_failed");
    assert_eq!(run.requests("INVITE").len(), 1);
}

/// Contract §4: a further attempt follows after Retry-After, under a Call-ID of its own.
#[test]
fn a_503_with_retry_after_is_tried_again() {
    let network = Namespace::new();
    network.enter();
    let refusal = [("status", "503 Service Unavailable"), ("extra", "Retry-After: 3")];
    let carrier = Sipp::serve("final", "127.0.0.1", "udp", &refusal, &[]);
    let mut gateway = Gateway::new("retry", 10);
    gateway.start();
    assert!(serving::submit("retry", NUMBER));
    let mut page = Vec::new();
    support::wait_until(Duration::from_secs(30), || {
        page = serving::fetch("books", 1).unwrap_or_default();
        !page.is_empty()
    });
    let carrier = carrier.finish();
    assert_eq!(carrier.followed, Ok(()));
    let result = &page[0].1;
    assert_eq!(
        (&result["reason"], &result["attempts"][1]["sip_status"]),
        (&json!("trunk_capacity"), &json!(503))
    );
    let invites = carrier.trace.requests("INVITE");
    assert_eq!(invites.len(), 2, "two attempts by default");
    assert_ne!(invites[0].header("Call-ID"), invites[1].header("Call-ID"));
    let gap_s = invites[1].at_s - invites[0].at_s;
    assert!(gap_s >= 3.0, "Retry-After was 3 s, we waited {gap_s:.2} s");
}

// --- A plainer offer ----------------------------------------------------------------------------

#[test]
fn a_488_leads_to_a_plainer_offer() {
    let run = refusal("offer_again", "488 Not Acceptable Here", "").assert_verified();
    let invites = run.requests("INVITE");
    // RFC 3261 §8.1.3.5: the same Call-ID and From, the CSeq one higher.
    assert_eq!(invites[0].header("Call-ID"), invites[1].header("Call-ID"));
    assert_eq!(invites[0].header("From"), invites[1].header("From"));
}

#[test]
fn a_606_leads_to_a_plainer_offer() {
    refusal("offer_again", "606 Not Acceptable", "").assert_verified();
}

#[test]
fn a_second_488_is_the_last() {
    let run = case("refused_twice").assert_ends("failed", "media_mismatch");
    assert_eq!(run.requests("INVITE").len(), 2);
}

// --- Credentials --------------------------------------------------------------------------------

const CREDENTIALS: &str = "username = \"gateway\"\npassword_file = \"secret\"";

/// SIPp checks the response with a digest of its own.
#[test]
fn a_401_is_answered_with_credentials() {
    let run = case("auth_401").trunk(CREDENTIALS).assert_verified();
    assert!(run.requests("INVITE")[1].header("Authorization").is_some());
}

#[test]
fn a_407_is_answered_with_credentials() {
    let run = case("auth_407").trunk(CREDENTIALS).assert_verified();
    assert!(run.requests("INVITE")[1].header("Proxy-Authorization").is_some());
}

#[test]
fn a_stale_nonce_is_replaced() {
    let run = case("auth_stale").trunk(CREDENTIALS).assert_verified();
    let nonce = run.requests("INVITE")[2].header("Proxy-Authorization").unwrap_or_default();
    assert!(nonce.contains("nonce=\"new\""), "{nonce}");
}

#[test]
fn wrong_credentials_are_not_sent_again() {
    let run = case("auth_refused").trunk(CREDENTIALS).assert_ends("failed", "trunk_auth");
    assert_eq!(run.requests("INVITE").len(), 2);
}

/// Contract §4: 401 and 407 *after* our credentials; a trunk without a username has none to give.
#[test]
fn a_challenge_without_credentials_to_answer_it() {
    let extra = "Proxy-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"";
    refusal("final", "407 Proxy Authentication Required", extra).assert_ends("failed", "trunk_auth");
}

// --- Answers that cannot be used ----------------------------------------------------------------

#[test]
fn a_200_without_sdp_is_hung_up() {
    case("no_sdp").assert_ends("failed", "media_mismatch");
}

#[test]
fn a_codec_that_was_not_offered_is_hung_up() {
    case("wrong_codec").assert_ends("failed", "media_mismatch");
}

#[test]
fn a_refused_audio_line_is_hung_up() {
    case("port_0").assert_ends("failed", "media_mismatch");
}

/// No route leads to the media's address: each send fails, and the call ends by its script.
#[test]
fn media_that_no_route_leads_to() {
    case("unroutable").limit_s(75).assert_ends("failed", "no_media");
}

// --- In the dialog ------------------------------------------------------------------------------

#[test]
fn hold_and_resume() {
    case("hold_resume").assert_verified();
}

#[test]
fn hold_by_a_null_address() {
    case("hold_by_null_address").assert_verified();
}

#[test]
fn media_that_moves() {
    case("moved_media").assert_verified();
}

#[test]
fn an_update_without_sdp() {
    case("update_without_sdp").assert_verified();
}

#[test]
fn hold_and_resume_by_update() {
    case("update_with_sdp").assert_verified();
}

#[test]
fn a_reinvite_without_sdp_gets_our_offer() {
    case("reinvite_without_sdp").assert_verified();
}

#[test]
fn t38_is_refused_and_the_call_goes_on() {
    case("t38").assert_verified();
}

#[test]
fn video_alone_is_refused_and_the_call_goes_on() {
    case("video_alone").assert_verified();
}

#[test]
fn options_in_the_dialog() {
    case("options").assert_verified();
}

#[test]
fn a_request_that_requires_100rel_meets_420() {
    case("require_in_request").assert_verified();
}

#[test]
fn a_method_that_nobody_knows_meets_405() {
    case("unknown_method").assert_verified();
}

// --- Keys and hanging up ------------------------------------------------------------------------

#[test]
fn a_key_as_application_dtmf() {
    case("info_dtmf").assert_verified();
}

#[test]
fn an_info_of_an_unknown_type_is_no_key() {
    case("info_unknown").assert_verified();
}

#[test]
fn a_key_as_a_tone_where_events_were_dropped() {
    case("in_band").run().asserted("verified", "key_pressed", "in_band");
}

#[test]
fn zero_and_pound_report_a_fraud() {
    case("fraud").run().asserted("denied", "fraud_reported", "sip_info");
}

/// Contract §1, "gate": pressed before it, a key is recorded and does not count.
#[test]
fn a_key_before_the_gate_does_not_verify() {
    let run = case("key_before_gate").limit_s(90).run();
    assert_eq!((run.outcome.reason(), run.outcome.exit), ("input_untrusted", Some(1)), "{}", run.outcome);
}

/// Contract §9: a call in which nobody says or presses anything ends within 60 s.
#[test]
fn a_line_with_sound_and_no_key_is_no_input() {
    case("no_key").limit_s(90).assert_ends("denied", "no_input");
}

#[test]
fn a_line_without_one_packet_is_no_media() {
    case("no_media").limit_s(90).assert_ends("failed", "no_media");
}

#[test]
fn hanging_up_during_the_prompt() {
    case("bye_during_prompt").assert_ends("denied", "hung_up");
}

// --- Strangers ----------------------------------------------------------------------------------

/// Bytes that are no SIP, at the SIP port and at the media port, from the trunk's own address.
#[test]
fn garbage_between_the_messages_changes_nothing() {
    let garbage = |carrier: &Sipp| {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port is free");
        assert!(support::wait_until(Duration::from_secs(10), || !carrier
            .trace()
            .requests("INVITE")
            .is_empty()));
        let media = media_port(carrier.trace().requests("INVITE")[0]);
        for round in 0..200_u32 {
            for bytes in hostile(round) {
                for port in [5060, media, media + 1] {
                    socket.send_to(&bytes, ("127.0.0.1", port)).expect("loopback takes it");
                }
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    let run = case("plain").run_beside(garbage).asserted("verified", "key_pressed", "sip_info");
    assert_eq!(run.requests("INVITE").len(), 1);
}

/// Issue 2, bad input: hostile bytes at any port are dropped and counted. A stranger's datagram to a
/// running call finds no socket of ours, since that admits its peer alone: the kernel's count rises.
#[test]
fn strangers_datagrams_to_a_running_call_are_counted() {
    const STRANGERS: f64 = 50.0;
    const COUNT: &str = "octothorpe_host_udp_datagrams_dropped_total{why=\"no_socket\"}";
    let network = Namespace::new();
    network.enter();
    let carrier = Sipp::serve("plain", "127.0.0.1", "udp", &[], &[]);
    let mut gateway = Gateway::new("strangers", 10);
    gateway.start();
    assert!(serving::submit("strangers", NUMBER));
    let heard = support::wait_until(Duration::from_secs(15), || !carrier.trace().requests("ACK").is_empty());
    assert!(heard, "the call is up");
    // A second of sound, after which the far end's address is sure.
    std::thread::sleep(Duration::from_secs(1));
    let before = serving::metric(COUNT).expect("the figure is told from the start");
    let media = media_port(carrier.trace().requests("INVITE")[0]);
    let stranger = UdpSocket::bind("127.0.0.9:0").expect("a port is free");
    for _ in 0..STRANGERS as usize {
        // The kernel tells the stranger that nobody is there, in place of a later datagram.
        while stranger.send_to(&[0x80, 0, 0, 1], ("127.0.0.1", media)).is_err() {}
    }
    let mut risen = 0.0;
    let counted = support::wait_until(Duration::from_secs(4), || {
        risen = serving::metric(COUNT).unwrap_or_default() - before;
        risen >= STRANGERS
    });
    assert!(counted, "{risen} of {STRANGERS} were counted");
    assert_eq!(carrier.finish().followed, Ok(()), "the call went on to its end");
}

/// Datagrams that look a little like what is expected there.
fn hostile(round: u32) -> Vec<Vec<u8>> {
    let noise: Vec<u8> =
        (0..64_u32).map(|n| (round.wrapping_mul(2_654_435_761).wrapping_add(n * n) >> 7) as u8).collect();
    let rtp = [&[0x80, 101][..], &noise].concat();
    vec![
        noise,
        rtp,
        b"\r\n\r\n".to_vec(),
        b"SIP/2.0 200 OK\r\n\r\n".to_vec(),
        b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nCall-ID: nobody's\r\nCSeq: 1 INVITE\r\nContent-Length: 99999\r\n\r\n".to_vec(),
        b"INVITE sip:x SIP/2.0\r\nVia: \r\nContent-Length: -1\r\n\r\n".to_vec(),
    ]
}

/// Outside a dialog: an address that is no trunk's is dropped in silence; a trunk gets 200 for
/// OPTIONS, 403 for an INVITE, 405 for the rest.
#[test]
fn requests_outside_a_dialog() {
    let strangers = |carrier: &Sipp| {
        assert!(support::wait_until(Duration::from_secs(10), || !carrier
            .trace()
            .requests("INVITE")
            .is_empty()));
        for method in ["OPTIONS", "INVITE", "MESSAGE", "BYE"] {
            assert_eq!(ask("127.0.0.2", method), None, "{method} from a stranger");
        }
        assert_eq!(ask("127.0.0.1", "OPTIONS"), Some(200));
        assert_eq!(ask("127.0.0.1", "INVITE"), Some(403));
        assert_eq!(ask("127.0.0.1", "MESSAGE"), Some(405));
    };
    case("plain").run_beside(strangers).asserted("verified", "key_pressed", "sip_info");
}

/// Sends a request from an address and waits 400 ms for the status of a final response.
fn ask(from: &str, method: &str) -> Option<u16> {
    let socket = UdpSocket::bind((from, 0)).expect("a port is free");
    socket.set_read_timeout(Some(Duration::from_millis(400))).expect("the time-out is not zero");
    let port = socket.local_addr().expect("the socket is bound").port();
    let request = format!(
        "{method} sip:gateway@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {from}:{port};branch=z9hG4bK{method}{port};rport\r\n\
         Max-Forwards: 70\r\nFrom: <sip:stranger@{from}>;tag={port}\r\nTo: <sip:gateway@127.0.0.1>\r\n\
         Call-ID: {method}-{port}@{from}\r\nCSeq: 1 {method}\r\nContact: <sip:stranger@{from}:{port}>\r\nContent-Length: 0\r\n\r\n"
    );
    socket.send_to(request.as_bytes(), "127.0.0.1:5060").expect("loopback takes it");
    let mut buffer = [0; 4096];
    loop {
        let length = socket.recv(&mut buffer).ok()?;
        let text = String::from_utf8_lossy(&buffer[..length]);
        let status = text.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()?;
        if status >= 200 {
            return Some(status);
        }
    }
}

//! A far end that listens to what it is told, and keys it: the two digits of an unclean call.

use std::time::{Duration, Instant};

use octothorpe::clip::Clip;
use octothorpe::dsp::g711::Law;
use octothorpe::prompt::{ClipName, Pack};

use super::support::uas::Uas;
use super::{call, let_go};

/// A stretch of a digit's clip that no other one holds, in octets.
const STRETCH: usize = 800;
/// Longer than any call waits for a key.
const PATIENCE: Duration = Duration::from_secs(30);

/// The digits of a clip by their G.711, as they come over loopback.
fn digits() -> Vec<(char, Vec<u8>)> {
    let prompts = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("prompts/en-US");
    let pack = Pack::load(&prompts).expect("the shipped pack can be read");
    let middle = |clip: &Clip| {
        let octets = clip.octets(Law::Mu);
        octets[octets.len() / 2..octets.len() / 2 + STRETCH].to_vec()
    };
    ('0'..='9')
        .zip(ClipName::DIGITS)
        .map(|(digit, name)| (digit, middle(pack.clip(name).expect("the pack has its digits"))))
        .collect()
}

/// Listens until two digits were said.
#[track_caller]
pub(super) fn two_digits(far: &Uas) -> String {
    let known = digits();
    let (mut heard, mut told) = (Vec::new(), String::new());
    far.rtp.set_read_timeout(Some(Duration::from_secs(2))).expect("the time-out is not zero");
    let end = Instant::now() + PATIENCE;
    while told.len() < 2 {
        assert!(Instant::now() < end, "no two digits were said; heard {told:?}");
        let mut packet = [0; 2_048];
        let length = far.rtp.recv(&mut packet).expect("the gateway sends from answer to BYE");
        heard.extend_from_slice(&packet[12..length]);
        let said = known.iter().find(|(_, octets)| heard.windows(STRETCH).any(|window| window == octets));
        if let Some((digit, _)) = said {
            told.push(*digit);
            heard.clear();
        }
    }
    told
}

pub(super) fn press(far: &mut Uas, keys: &str, cseq: u32) {
    for (number, key) in (0..).zip(keys.chars()) {
        let body = format!("Signal={key}\r\nDuration=100\r\n");
        let info = far.request("INFO", cseq + number, "application/dtmf-relay", &body);
        far.send(info.as_bytes());
        far.expect("INFO");
        std::thread::sleep(Duration::from_millis(300));
    }
}

/// The network says that the call was led elsewhere: a `#` is not enough, the two digits are.
#[test]
fn who_listens_on_a_diverted_call_is_verified_by_the_two_digits() {
    let outcome = call("udp", |far| {
        far.take_call();
        let (forwarded, answer) =
            (far.response("181 Call Is Being Forwarded", false), far.response("200 OK", true));
        far.send(forwarded.as_bytes());
        far.send(answer.as_bytes());
        far.expect("ACK");
        std::thread::sleep(super::GATE);
        press(far, "#", 1);
        let digits = two_digits(far);
        // The first digits may be pressed when both were said, not before.
        std::thread::sleep(Duration::from_millis(1_000));
        press(far, &format!("{digits}#"), 10);
        let_go(far);
    });
    outcome.assert_ended("verified", "spoken_matched");
}

#[test]
fn who_presses_the_pound_key_alone_on_a_diverted_call_is_not() {
    let outcome = call("udp", |far| {
        far.take_call();
        let ringing = far.response("180 Ringing", false);
        let diverted =
            ringing.replacen("Content-Length", "Diversion: <sip:+14255550111@x>\r\nContent-Length", 1);
        far.send(diverted.as_bytes());
        let answer = far.response("200 OK", true);
        far.send(answer.as_bytes());
        far.expect("ACK");
        for cseq in 1..=3 {
            std::thread::sleep(super::GATE);
            press(far, "#", cseq);
        }
        let_go(far);
    });
    outcome.assert_ended("denied", "input_untrusted");
}

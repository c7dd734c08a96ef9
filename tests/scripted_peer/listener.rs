//! A call that was led elsewhere: the two digits that are said in it have to be keyed.

use super::support::listener::{press, two_digits};
use super::{call, let_go};

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
        std::thread::sleep(std::time::Duration::from_millis(1_000));
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

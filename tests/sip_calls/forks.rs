//! One INVITE, several phones.

use crate::harness::*;

fn at(contact: &str, port: u16) -> String {
    sdp(port, "").replace("bob@192.0.2.4:5080", contact)
}

#[test]
fn each_fork_has_its_own_answer_and_a_second_200_is_hung_up() {
    // §13.2.2.4: a UAC may accept one of several 2xx and "MUST" ACK them all; the others get a BYE.
    let (mut stage, invite) = Stage::calling(setup());
    stage.receive(&response(&invite, "183 Session Progress", "a", &at("a@192.0.2.10", 20_010)));
    stage.receive(&response(&invite, "183 Session Progress", "b", &at("b@192.0.2.11", 20_011)));
    assert_eq!(stage.events(), ["trying", "early 20010", "early 20011"]);
    // The first to answer has no SDP: its own 183 counts, not the other's.
    stage.receive(&response(&invite, "200 OK", "a", "Contact: <sip:a@192.0.2.10>"));
    assert_eq!(stage.events(), ["answered 20010"]);
    assert_eq!(stage.sent_where(), [("UDP:192.0.2.10:5060".to_owned(), "ACK sip:a@192.0.2.10".to_owned())]);
    stage.receive(&response(&invite, "200 OK", "b", &at("b@192.0.2.11", 20_011)));
    let (ack, bye) = ("ACK sip:b@192.0.2.11".to_owned(), "BYE sip:b@192.0.2.11".to_owned());
    let place = "UDP:192.0.2.11:5060".to_owned();
    assert_eq!(stage.sent_where(), [(place.clone(), ack.clone()), (place.clone(), bye)]);
    assert_eq!(stage.events(), [""; 0]);
    // It repeats its 200 until our ACK arrives.
    stage.receive(&response(&invite, "200 OK", "b", &at("b@192.0.2.11", 20_011)));
    assert_eq!(stage.sent_where(), [(place, ack)]);
    // The call goes on.
    stage.receive(&request("BYE", 5, "a", ""));
    assert_eq!(stage.sent_lines(), ["200 OK (5 BYE)"]);
    assert_eq!(stage.events(), ["hung up Answered"]);
    assert!(stage.is_freed_by(64_000));
}

#[test]
fn a_2xx_without_sdp_of_a_fork_that_said_none_is_of_no_use() {
    let (mut stage, invite) = Stage::calling(setup());
    stage.receive(&response(&invite, "183 Session Progress", "a", &at("a@192.0.2.10", 20_010)));
    stage.receive(&response(&invite, "200 OK", "b", "Contact: <sip:b@192.0.2.11>"));
    assert_eq!(stage.sent_lines(), ["ACK sip:b@192.0.2.11", "BYE sip:b@192.0.2.11"]);
    assert_eq!(stage.events()[2..], ["ended NoUsableMedia Answered 200"]);
}

#[test]
fn a_fork_that_answers_after_the_end_is_hung_up_for_timer_m() {
    let (mut stage, invite) = Stage::up(setup());
    stage.leg.hang_up(stage.now);
    let bye = stage.sent_one();
    stage.receive(&response(&bye, "200 OK", "", ""));
    stage.run(31_000);
    stage.receive(&response(&invite, "200 OK", "late", &at("late@192.0.2.12", 20_012)));
    assert_eq!(stage.sent_lines(), ["ACK sip:late@192.0.2.12", "BYE sip:late@192.0.2.12"]);
    assert!(!stage.is_freed_by(33_000), "the late BYE is still to be answered");
    assert!(stage.is_freed_by(63_000));
}

#[test]
fn a_flood_of_forks_is_bounded_and_the_one_that_answers_is_heard() {
    let (mut stage, invite) = Stage::calling(setup());
    for fork in 0..1_000 {
        let tag = format!("f{fork}");
        stage.receive(&response(&invite, "183 Session Progress", &tag, &sdp(20_000, "")));
    }
    assert!(stage.events().len() < 20);
    stage.receive(&response(&invite, "200 OK", "f999", &sdp(20_000, "")));
    assert_eq!(stage.events(), ["answered 20000"]);
}

#[test]
fn an_old_peer_without_to_tag_is_a_dialog_too() {
    // §12.1.2: a response without a To tag comes from an RFC 2543 phone, and its tag is null.
    let (mut stage, invite) = Stage::calling(setup());
    stage.receive(&response(&invite, "200 OK", "", &sdp(20_000, "")));
    assert_eq!(stage.events(), ["answered 20000"]);
    let bye = request("BYE", 1, "x", "").replace(";tag=x", "");
    stage.receive(&bye);
    assert_eq!(stage.events(), ["hung up Answered"]);
}

#[test]
fn the_early_dialogs_of_a_refused_invite_are_gone() {
    // §13.2.2.3: "all early dialogs are considered terminated upon reception of the non-2xx final response."
    let (mut stage, invite) = Stage::calling(setup());
    stage.receive(&response(&invite, "183 Session Progress", "a", &at("a@192.0.2.10", 20_010)));
    stage.receive(&response(&invite, "488 Not Acceptable Here", "a", ""));
    stage.sent();
    let second = stage.permit();
    stage.receive(&request("UPDATE", 1, "a", &at("a@192.0.2.10", 20_012)));
    assert_eq!(stage.sent_lines(), ["481 Call/Transaction Does Not Exist (1 UPDATE)"]);
    stage.receive(&response(&second, "200 OK", "a", "Contact: <sip:a@192.0.2.10>"));
    assert_eq!(stage.events(), ["trying", "early 20010", "ended NoUsableMedia Answered 200"]);
}

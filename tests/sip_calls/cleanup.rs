//! A leg that a dead process left up is ended from its record.

use octothorpe::leg::record::LegRecord;
use octothorpe::leg::signal::{Cleanup, Outgoing, RecordRequest};

use crate::harness::*;

/// The record and the INVITE of a process that died.
fn died(answered: bool) -> (LegRecord, String, Stage<Outgoing>) {
    let start = zero();
    let mut stage = Stage::new(Outgoing::new(setup()), start);
    stage.leg.start(start);
    let Some(RecordRequest::BeforeInvite(before)) = stage.leg.poll_record() else { panic!("a record") };
    stage.leg.handle_recorded(start);
    let invite = stage.sent_one();
    if !answered {
        return (before, invite, stage);
    }
    let routes = "Record-Route: <sip:192.0.2.7;lr>\nRecord-Route: <sip:192.0.2.1;lr>\n".to_owned();
    stage.receive(&response(&invite, "200 OK", "bob", &(routes + &sdp(20_000, ""))));
    assert_eq!(stage.sent_lines().len(), 1, "the ACK has not waited for the record");
    let Some(RecordRequest::Answered(record)) = stage.leg.poll_record() else { panic!("a record") };
    (record, invite, stage)
}

/// The next process, which has read the record back from the store.
fn restart(record: &LegRecord, dead: &mut Stage<Outgoing>) -> Stage<Cleanup> {
    let stored = serde_json::to_string(record).unwrap();
    let record: LegRecord = serde_json::from_str(&stored).unwrap();
    let start = zero();
    let cleanup = Cleanup::new(start, &record, us(), None, 99).unwrap();
    let mut stage = Stage::new(cleanup, start);
    stage.adopt(dead);
    stage
}

#[test]
fn a_call_that_was_up_gets_a_bye() {
    let (record, _, mut dead) = died(true);
    let mut stage = restart(&record, &mut dead);
    let bye = stage.sent_one();
    assert_message(
        &bye,
        "BYE sip:bob@192.0.2.4:5080 SIP/2.0
         Via: SIP/2.0/UDP 192.0.2.9:5060;branch={B3};rport
         Max-Forwards: 70
         From: <sip:+14255550100@192.0.2.9>;tag={US}
         To: <sip:+14255550123@192.0.2.1>;tag=bob
         Call-ID: {CALL}
         CSeq: 18 BYE
         Route: <sip:192.0.2.1;lr>
         Route: <sip:192.0.2.7;lr>
         User-Agent: Octothorpe",
    );
    assert_eq!(stage.run(1_500).len(), 2, "Timer E");
    assert!(!stage.leg.has_parted());
    stage.receive(&response(&bye, "200 OK", "", ""));
    assert!(stage.leg.has_parted(), "the record may go");
    assert!(!stage.is_freed_by(31_999) && stage.is_freed_by(32_000));
}

#[test]
fn a_call_that_rang_gets_a_cancel_even_without_a_provisional_on_record() {
    // Deviation: RFC 3261 §9.1.
    let (record, invite, mut dead) = died(false);
    let mut stage = restart(&record, &mut dead);
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
    assert_eq!(stage.run(500).len(), 1, "Timer E");
    stage.receive(&response(&cancel, "200 OK", "bob", ""));
    assert!(!stage.leg.has_parted(), "a CANCEL is answered even where it has no effect");
    for _ in 0..2 {
        stage.receive(&response(&invite, "487 Request Terminated", "bob", ""));
        assert_eq!(stage.sent_lines(), ["ACK sip:+14255550123@192.0.2.1"]);
    }
    assert!(stage.leg.has_parted());
    assert!(stage.run(31_999).is_empty(), "no BYE for a call that was refused");
    assert!(stage.is_freed_by(32_000));
}

/// The dead process ACKed the 2xx and died before the record of it was durable: no 2xx is repeated, and
/// the record knows of no tag.
#[test]
fn a_call_that_was_answered_right_before_the_crash_gets_a_bye() {
    let (record, _, mut dead) = died(false);
    let mut stage = restart(&record, &mut dead);
    let cancel = stage.sent_one();
    // RFC 3261 §9.2: "the To tag of the response to the CANCEL and the To tag in the response to the
    // original request SHOULD be the same."
    stage.receive(&response(&cancel, "200 OK", "bob", ""));
    assert!(stage.run(1_999).is_empty(), "a refusal of the INVITE may still come");
    let (due, _) = stage.leg.deadline().unwrap();
    stage.leg.timeout(due);
    let bye = stage.sent_one();
    assert_message(
        &bye,
        "BYE sip:+14255550123@192.0.2.1 SIP/2.0
         Via: SIP/2.0/UDP 192.0.2.9:5060;branch={B2};rport
         Max-Forwards: 70
         From: <sip:+14255550100@192.0.2.9>;tag={US}
         To: <sip:+14255550123@192.0.2.1>;tag=bob
         Call-ID: {CALL}
         CSeq: 18 BYE
         User-Agent: Octothorpe",
    );
    assert!(!stage.leg.has_parted(), "its answer is awaited");
    stage.receive(&response(&bye, "200 OK", "", ""));
    assert!(stage.leg.has_parted());
}

/// RFC 3261 §17.1.3: a lost BYE is repeated, so that its record has to stay until it is answered.
#[test]
fn a_record_is_needed_until_the_far_end_knows_or_its_time_is_over() {
    let (record, _, mut dead) = died(true);
    let mut stage = restart(&record, &mut dead);
    stage.sent();
    stage.run(31_999);
    assert!(!stage.leg.has_parted(), "Timer F");
    stage.run(32_000);
    assert!(stage.leg.has_parted());
    let (record, _, mut dead) = died(false);
    let mut stage = restart(&record, &mut dead);
    stage.sent();
    stage.run(31_999);
    assert!(!stage.leg.has_parted());
    stage.run(32_000);
    assert!(stage.leg.has_parted());
}

#[test]
fn a_2xx_that_is_still_repeated_is_acknowledged_and_hung_up() {
    for answered in [false, true] {
        let (record, invite, mut dead) = died(answered);
        let mut stage = restart(&record, &mut dead);
        stage.sent();
        stage.run(10_000);
        stage.receive(&response(&invite, "200 OK", "bob", &sdp(20_000, "")));
        let lines = stage.sent_lines();
        assert_eq!(lines[0], "ACK sip:bob@192.0.2.4:5080");
        // Where the record told of the answer its BYE is on the way already.
        assert_eq!(lines[1..], if answered { vec![] } else { vec!["BYE sip:bob@192.0.2.4:5080"] });
        stage.receive(&response(&invite, "200 OK", "bob", &sdp(20_000, "")));
        assert_eq!(stage.sent_lines(), ["ACK sip:bob@192.0.2.4:5080"]);
        assert!(stage.is_freed_by(42_000));
    }
}

#[test]
fn the_far_end_hanging_up_itself_is_answered() {
    let (record, _, mut dead) = died(true);
    let mut stage = restart(&record, &mut dead);
    stage.sent();
    stage.receive(&request("BYE", 1, "bob", ""));
    stage.receive(&request("BYE", 1, "mallory", ""));
    let lines = ["200 OK (1 BYE)", "481 Call/Transaction Does Not Exist (1 BYE)"];
    assert_eq!(stage.sent_lines(), lines);
}

#[test]
fn a_record_that_no_process_of_ours_wrote_is_refused() {
    let (LegRecord::Sip(record), ..) = died(false);
    let broken = LegRecord::Sip(octothorpe::leg::record::SipRecord { via: "nonsense".into(), ..record });
    assert!(Cleanup::new(zero(), &broken, us(), None, 1).is_err());
}

//! What a person says after the verdict, as outsiders follow it.

use std::thread::sleep;
use std::time::Duration;

use super::support::http::{FRONT_DOOR, request};
use super::support::listener::press;
use super::support::serving::Gateway;
use super::{answer, let_go};

/// Issue: "During the goodbye the verdict stays, the event is published and the block set."
#[test]
fn fraud_reported_in_the_farewell_is_an_event_and_the_verdict_stays() {
    let (_network, mut far, _gateway) = Gateway::calling("regretted", 10);
    answer(&mut far);
    press(&mut far, "#", 1);
    press(&mut far, "0#", 2);
    let_go(&mut far);
    sleep(Duration::from_millis(300));
    let path = "/v1/calls/regretted/events";
    let events = request(FRONT_DOOR, "GET", path, None).expect("the stream ends with the job's last event");
    let told: Vec<&str> = events.text.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
    let last = told.iter().rev().take(3).rev().copied().collect::<Vec<_>>();
    assert_eq!(last, ["finished", "fraud_reported", "ended"], "{told:?}");
    let job = request(FRONT_DOOR, "GET", "/v1/calls/regretted", None).expect("the front door answers").body;
    assert_eq!(
        (job["state"].as_str(), job["result"]["verdict"].as_str()),
        (Some("finished"), Some("verified"))
    );
}

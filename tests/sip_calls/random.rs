//! Whatever comes in whatever order: the leg ends once, and everything is freed.

use octothorpe::leg::SignalEvent;
use octothorpe::leg::signal::{Outgoing, OutgoingSetup};
use octothorpe::sip::digest::Credentials;
use octothorpe::sip::message::Transport;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::harness::*;

const RESPONSES: [&str; 18] = [
    "100 Trying",
    "180 Ringing",
    "183 Session Progress",
    "199 Early Dialog Terminated",
    "200 OK",
    "200 OK",
    "200 OK",
    "200 OK",
    "200 OK",
    "200 OK",
    "302 Moved",
    "401 Unauthorized",
    "407 Proxy",
    "486 Busy",
    "487 Terminated",
    "488 No",
    "503 Busy",
    "606 No",
];
const REQUESTS: [&str; 9] = ["BYE", "INFO", "INVITE", "UPDATE", "ACK", "OPTIONS", "CANCEL", "PRACK", "DANCE"];

fn any<'a>(rng: &mut StdRng, list: &[&'a str]) -> &'a str {
    list[rng.random_range(0..list.len())]
}

fn extra(rng: &mut StdRng) -> String {
    match rng.random_range(0..9) {
        0 => String::new(),
        1 => "Contact: <sip:bob@0.0.0.0>".to_owned(),
        2 => sdp(0, ""),
        3 => sdp(20_000, "\na=inactive"),
        4 => "WWW-Authenticate: Digest realm=\"x\", nonce=\"y\", qop=\"auth\"".to_owned(),
        _ => sdp(20_000, ""),
    }
}

fn setup_of(rng: &mut StdRng, seed: u64) -> OutgoingSetup {
    let transport = if rng.random() { Transport::Udp } else { Transport::Tcp };
    let targets = vec![target(transport.clone(), TRUNK), target(transport, "192.0.2.2:5060")];
    let credentials = rng.random::<bool>().then(|| Credentials::new("a", "b"));
    OutgoingSetup { targets, credentials, seed, ..setup() }
}

/// One thing that happens to a leg. `sent` are the requests of ours that the far end has seen.
fn step(rng: &mut StdRng, stage: &mut Stage<Outgoing>, sent: &mut Vec<String>) {
    match rng.random_range(0..10) {
        0..=4 if !sent.is_empty() => {
            let at = rng.random_range(0..sent.len());
            let (status, tag) = (any(rng, &RESPONSES), any(rng, &["a", "b", ""]));
            let text = response(&sent[at], status, tag, &extra(rng));
            stage.receive(&text);
        }
        5 | 6 if !sent.is_empty() => {
            let (method, tag) = (any(rng, &REQUESTS), any(rng, &["a", "b", "x"]));
            let text = request(method, rng.random_range(1..9), tag, &extra(rng));
            stage.receive(&text);
        }
        7 => stage.leg.handle_recorded(stage.now),
        8 if rng.random_range(0..4) == 0 => stage.leg.handle_transport_error(stage.now, "reset"),
        8 if rng.random_range(0..4) == 0 => stage.leg.hang_up(stage.now),
        _ => {
            let ms = stage.ms() + rng.random_range(0..20_000);
            stage.run(ms);
        }
    }
    let requests = stage.sent().into_iter().filter(|text| !text.starts_with("SIP/2.0"));
    sent.extend(requests.filter(|text| !text.starts_with("ACK")));
}

fn life(seed: u64) -> Vec<SignalEvent> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut stage = Stage::new(Outgoing::new(setup_of(&mut rng, seed)), zero());
    stage.leg.start(stage.now);
    stage.leg.handle_recorded(stage.now);
    let mut sent = stage.sent();
    let mut events = Vec::new();
    for _ in 0..rng.random_range(1..40) {
        step(&mut rng, &mut stage, &mut sent);
        events.extend(std::iter::from_fn(|| stage.leg.poll_event()));
    }
    stage.leg.hang_up(stage.now);
    for _ in 0..4 {
        let ms = stage.ms() + 100_000;
        stage.run(ms);
        while stage.leg.poll_record().is_some() {
            stage.leg.handle_recorded(stage.now);
        }
        events.extend(std::iter::from_fn(|| stage.leg.poll_event()));
    }
    assert!(stage.leg.is_finished(), "seed {seed}: {:?}", stage.leg);
    events
}

#[test]
fn every_life_of_a_leg_ends_once_and_frees_everything() {
    let first = 0x0c70_7407;
    println!("seeds {first} and the 1,000 after it");
    let mut answered = 0;
    for seed in first..first + 1_000 {
        let events = life(seed);
        let is_end = |event: &SignalEvent| matches!(event, SignalEvent::Ended(_) | SignalEvent::HungUp(_));
        assert_eq!(events.iter().filter(|event| is_end(event)).count(), 1, "seed {seed}: {events:?}");
        assert!(is_end(events.last().unwrap()), "seed {seed}: {events:?}");
        let up = |event: &&SignalEvent| matches!(event, SignalEvent::Answered(_));
        let ups = events.iter().filter(up).count();
        assert!(ups <= 1, "seed {seed}: {events:?}");
        answered += ups;
    }
    assert!((100..900).contains(&answered), "the lives are too much alike: {answered} answered");
}

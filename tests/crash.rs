//! `kill -9`, again and again, under 20 jobs a second: nothing is lost, nobody is rung twice, and no
//! call is left up (contract §7, points 1 to 3).
//!
//! Five kills; fifty with `OCTOTHORPE_LONG`. `OCTOTHORPE_SEED` repeats a run.

#![allow(clippy::disallowed_methods, reason = "a process under test lives on the wall clock")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the figures are what this test is for")]

#[allow(dead_code, reason = "every test binary uses its own part of what they share")]
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use support::net::Namespace;
use support::serving::{Gateway, Phone, Results, Rung, acknowledge, fetch, result_of, submit};
use support::wait_until;

const BETWEEN_JOBS: Duration = Duration::from_millis(50);
/// What the consumer does with a page before it acknowledges it.
const CONSUMERS_WORK: Duration = Duration::from_millis(300);
/// A kill this soon after the press is one "at the key".
const AT_THE_KEY: Duration = Duration::from_millis(300);

/// What the far side of the test knows at any moment.
#[derive(Default)]
struct Books {
    /// Accepted jobs with their numbers.
    accepted: Mutex<BTreeMap<String, String>>,
    results: Mutex<Results>,
    acknowledged: Mutex<BTreeSet<String>>,
    submitting: AtomicBool,
    consuming: AtomicBool,
}

#[test]
fn kill_minus_nine_loses_nothing_and_rings_nobody_twice() {
    let kills = if std::env::var_os("OCTOTHORPE_LONG").is_some() { 50 } else { 5 };
    let mut random = Random::seeded();
    let network = Namespace::new();
    network.enter();
    let phone = Phone::start("crash");
    let mut gateway = Gateway::new("crash", 200);
    let books = Books::default();
    books.submitting.store(true, Ordering::Relaxed);
    books.consuming.store(true, Ordering::Relaxed);
    let mut hits = Vec::new();
    scope(|threads| {
        threads.spawn(|| submit_steadily(&books));
        threads.spawn(|| consume(&books));
        let _stop = Stop(&books);
        for _ in 0..kills {
            gateway.start();
            sleep(Duration::from_millis(500 + random.below(8_500)));
            gateway.kill();
            hits.push(kinds(&books, &phone));
        }
        gateway.start();
        books.submitting.store(false, Ordering::Relaxed);
        wait_until(Duration::from_secs(150), || untold(&books).is_empty());
        wait_until(Duration::from_secs(40), || phone.is_quiet());
    });
    report(&books, &hits);
    assert_eq!(untold(&books), BTreeSet::new(), "lost");
    assert_nobody_rang_twice(&phone);
    assert_eq!(left_up(&books, &phone), BTreeMap::new(), "calls left up, by the reason that was told");
    assert_reasons(&books);
}

/// What would end a leg after a crash goes with the leg, and with it the last copy of the number: a
/// gateway that is started again has nothing to end.
#[test]
fn a_gateway_that_ended_politely_keeps_no_number() {
    let network = Namespace::new();
    network.enter();
    let phone = Phone::start("drained");
    let mut gateway = Gateway::new("drained", 200);
    gateway.start();
    let digits = ["19990000001", "19990000002"];
    for (number, digits) in digits.iter().enumerate() {
        assert!(submit(&format!("drained-{number}"), &format!("+{digits}")));
    }
    let answered = || phone.calls().into_values().filter(|call| call.answered.is_some()).count();
    assert!(wait_until(Duration::from_secs(20), || answered() == 2), "both calls are up");
    assert!(digits.iter().all(|digits| gateway.has_on_disk(digits)), "the test looks in the right place");
    assert_eq!(gateway.stop(), Some(0), "calls that are up finish");
    assert!(phone.is_quiet());
    assert!(!digits.iter().any(|digits| gateway.has_on_disk(digits)), "the leg's record was left");
}

/// A job that waits for its next attempt needs nothing of a gateway that ends: it is given back.
#[test]
fn a_job_between_two_attempts_does_not_hold_up_the_end() {
    let (_network, mut far, mut gateway) = Gateway::calling("between", 200);
    far.take_call();
    let busy = far.response("503 Service Unavailable", false);
    far.send(busy.replace("Content-Length", "Retry-After: 60\r\nContent-Length").as_bytes());
    far.expect("ACK");
    // The attempt's end is written before the waiting begins.
    sleep(Duration::from_millis(500));
    assert_eq!(gateway.stop(), Some(0), "it ends at once, and not after the 60 s that the trunk asked for");
    gateway.start();
    // The next gateway dials it: the phone has not rung yet.
    far.take_call();
}

/// RFC 3261 §9.1: a 200 may cross our CANCEL; it is ACKed and BYEd. If that BYE is lost, and we with it,
/// the next process sends another: the answer was recorded.
#[test]
fn a_200_that_crossed_our_cancel_is_hung_up_on_after_a_crash() {
    let (_network, mut far, mut gateway) = Gateway::calling("crossing", 200);
    far.take_call();
    let (ringing, answer) = (far.response("180 Ringing", false), far.response("200 OK", true));
    far.send(ringing.as_bytes());
    assert_eq!(gateway.client(&["cancel", "crossing"]).wait(Duration::from_secs(10)), Some(0));
    far.expect("CANCEL");
    far.send(answer.as_bytes());
    far.expect("ACK");
    let lost = far.expect("BYE");
    // The record is written meanwhile; the BYE would be repeated after 500 ms.
    sleep(Duration::from_millis(300));
    gateway.kill();
    gateway.start();
    let again =
        std::iter::repeat_with(|| far.expect("BYE")).find(|bye| bye.header("Via") != lost.header("Via"));
    assert_eq!(again.and_then(|bye| bye.header("To").map(str::to_owned)).as_deref(), lost.header("To"));
}

/// "One call at a time to a number, across tenants": also to one that a process called which died. It is
/// free again as soon as the far end says that the call is over.
#[test]
fn a_number_whose_call_a_crash_left_is_in_progress_until_the_far_end_says_otherwise() {
    let (_network, mut far, mut gateway) = Gateway::calling("left", 200);
    far.take_call();
    let (ringing, ended) =
        (far.response("180 Ringing", false), far.response("487 Request Terminated", false));
    far.send(ringing.as_bytes());
    sleep(Duration::from_millis(300));
    gateway.kill();
    gateway.start();
    let cancel = far.expect("CANCEL");
    assert!(submit("meanwhile", "+1 (999) 000-0001"));
    let refused = result_of("/v1/calls/meanwhile", Duration::from_secs(20));
    assert_eq!(refused["reason"], "in_progress", "{refused}");
    // At most the ring time-out of 30 s and the longest call of 120 s from the dial.
    let again = refused["retry_after_s"].as_u64().expect("it is told when to come again");
    assert!((90..=150).contains(&again), "{refused}");
    far.accept(&cancel);
    far.send(ended.as_bytes());
    far.expect("ACK");
    assert!(submit("after", "+19990000001"));
    far.take_call();
}

/// Ends the threads however the test ends: a scope waits for them.
struct Stop<'a>(&'a Books);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.submitting.store(false, Ordering::Relaxed);
        self.0.consuming.store(false, Ordering::Relaxed);
    }
}

/// One job every 50 ms. One whose answer was lost with the gateway is handed in again under its id.
fn submit_steadily(books: &Books) {
    let mut number = 0_u32;
    while books.submitting.load(Ordering::Relaxed) {
        let next = Instant::now() + BETWEEN_JOBS;
        let (id, to) = (format!("crash-{number}"), format!("+1999{number:07}"));
        number += 1;
        while !submit(&id, &to) {
            if !books.submitting.load(Ordering::Relaxed) {
                return;
            }
            sleep(Duration::from_millis(100));
        }
        books.accepted.lock().expect("no holder panics").insert(id, to);
        sleep(next.saturating_duration_since(Instant::now()));
    }
}

/// Takes results and, some work later, acknowledges them, page by page.
fn consume(books: &Books) {
    while books.consuming.load(Ordering::Relaxed) {
        let Some(page) = fetch("books", 1) else {
            sleep(Duration::from_millis(100));
            continue;
        };
        let mut results = books.results.lock().expect("no holder panics");
        page.iter().for_each(|(_, result)| results.insert(result));
        drop(results);
        sleep(CONSUMERS_WORK);
        if let Some((cursor, _)) = page.last()
            && acknowledge("books", cursor)
        {
            let jobs = page.iter().filter_map(|(_, result)| result["job"].as_str().map(str::to_owned));
            books.acknowledged.lock().expect("no holder panics").extend(jobs);
        }
    }
}

/// Accepted jobs without a result.
fn untold(books: &Books) -> BTreeSet<String> {
    let results = books.results.lock().expect("no holder panics");
    let accepted = books.accepted.lock().expect("no holder panics");
    accepted.keys().filter(|id| !results.0.contains_key(*id)).cloned().collect()
}

/// Where the jobs in hand stood at a kill: how many of each kind.
fn kinds(books: &Books, phone: &Phone) -> BTreeMap<&'static str, usize> {
    let now = Instant::now();
    let by_number: BTreeMap<String, Rung> =
        phone.calls().into_values().map(|call| (call.number.clone(), call)).collect();
    let accepted = books.accepted.lock().expect("no holder panics");
    let results = books.results.lock().expect("no holder panics");
    let acknowledged = books.acknowledged.lock().expect("no holder panics");
    let mut counts = BTreeMap::new();
    for (id, number) in accepted.iter().filter(|(id, _)| !acknowledged.contains(*id)) {
        let is_told = results.0.contains_key(id);
        *counts.entry(kind(by_number.get(number), is_told, now)).or_default() += 1;
    }
    counts
}

/// A call that was killed stays what it was: its last event says how far it had come.
fn kind(call: Option<&Rung>, is_told: bool, now: Instant) -> &'static str {
    match call {
        Some(Rung { pressed: Some(at), .. }) if now - *at <= AT_THE_KEY => "at the key",
        _ if is_told => "between finish and acknowledgement",
        None => "before the permit",
        Some(Rung { ended: Some(_), .. }) => "after the call",
        Some(Rung { pressed: Some(_), .. }) => "after the key",
        Some(Rung { answered: Some(_), .. }) => "while talking",
        Some(_) => "while ringing",
    }
}

/// Numbers whose call is still up, by the reason that their jobs were told with.
fn left_up(books: &Books, phone: &Phone) -> BTreeMap<String, Vec<String>> {
    let results = books.results.lock().expect("no holder panics");
    let accepted = books.accepted.lock().expect("no holder panics");
    let jobs: BTreeMap<&String, &String> = accepted.iter().map(|(id, number)| (number, id)).collect();
    let mut numbers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for call in phone.calls().into_values().filter(|call| call.ended.is_none()) {
        let result = jobs.get(&call.number).and_then(|id| results.0.get(*id));
        let reason = result.and_then(|result| result["reason"].as_str()).unwrap_or("none");
        numbers.entry(reason.to_owned()).or_default().push(call.number);
    }
    numbers
}

fn report(books: &Books, hits: &[BTreeMap<&'static str, usize>]) {
    println!("| killed | kills that hit such a job | jobs |\n| --- | --- | --- |");
    let names: BTreeSet<&str> = hits.iter().flat_map(|kinds| kinds.keys().copied()).collect();
    for name in names {
        let counts: Vec<usize> = hits.iter().filter_map(|kinds| kinds.get(name)).copied().collect();
        println!("| {name} | {} of {} | {} |", counts.len(), hits.len(), counts.iter().sum::<usize>());
    }
    let results = books.results.lock().expect("no holder panics");
    let reasons = results.by_reason();
    let unknown = *reasons.get("outcome_unknown").unwrap_or(&0);
    let share = 100.0 * unknown as f64 / results.0.len() as f64;
    println!("{} jobs: {reasons:?}; outcome_unknown {share:.1} %", results.0.len());
}

fn assert_nobody_rang_twice(phone: &Phone) {
    let mut rings: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (call_id, call) in phone.calls().into_iter().filter(|(_, call)| call.ring.is_some()) {
        rings.entry(call.number).or_default().push(call_id);
    }
    let twice: Vec<_> = rings.iter().filter(|(_, calls)| calls.len() > 1).collect();
    assert!(!rings.is_empty(), "the phone counts its rings");
    assert!(twice.is_empty(), "rung twice: {twice:?}");
}

/// A job was verified, or its gateway died under it; there is no third way.
fn assert_reasons(books: &Books) {
    let reasons = books.results.lock().expect("no holder panics").by_reason();
    let others: Vec<_> = reasons
        .iter()
        .filter(|(reason, _)| !["key_pressed", "outcome_unknown"].contains(&reason.as_str()))
        .collect();
    assert!(others.is_empty(), "other ends than a verdict and a crash: {others:?}");
    assert!(reasons.contains_key("key_pressed"), "nothing was verified: {reasons:?}");
}

/// A small generator: what it draws only has to differ from run to run.
struct Random(u64);

impl Random {
    /// Seeded by `OCTOTHORPE_SEED`, else by the clock; prints the seed.
    fn seeded() -> Random {
        let clock = SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| since.as_nanos() as u64);
        let seed = support::seed::asked().unwrap_or(clock).max(1);
        println!("OCTOTHORPE_SEED={seed}");
        Random(seed)
    }

    /// Uniform enough from 0 up to the limit (Marsaglia's xorshift64).
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

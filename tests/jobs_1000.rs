//! A thousand jobs from `POST /v1/calls` to results that a consumer acknowledges which dies twice on
//! the way: none is missing, none is lost, and none is told differently the second time.

#![allow(clippy::disallowed_methods, reason = "a process under test lives on the wall clock")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the figures are what this test is for")]

#[allow(dead_code, reason = "every test binary uses its own part of what they share")]
mod support;

use std::collections::BTreeSet;
use std::thread::scope;
use std::time::{Duration, Instant};

use support::net::Namespace;
use support::process::Process;
use support::serving::{Gateway, Phone, Results, fetch, submit};
use support::wait_until;

const JOBS: usize = 1000;
const CONSUMER: &str = "books";

#[test]
fn a_thousand_jobs_to_a_consumer_that_dies_and_comes_back() {
    let network = Namespace::new();
    network.enter();
    let phone = Phone::start("jobs");
    let mut gateway = Gateway::new("jobs", 50);
    gateway.start();
    let start = Instant::now();
    let ids = submit_all();
    println!("{JOBS} jobs accepted in {:.1} s", start.elapsed().as_secs_f64());

    let mut results = Results::default();
    let mut lines = 0;
    // It dies with a third, and with two thirds, of the results read; then it lives to the end.
    for enough in [JOBS / 3, 2 * JOBS / 3, JOBS] {
        lines += consume(&gateway, &mut results, enough);
    }
    println!("{} results in {lines} lines, {:.1} s", results.0.len(), start.elapsed().as_secs_f64());

    let told: BTreeSet<String> = results.0.keys().cloned().collect();
    let missing: Vec<&String> = ids.difference(&told).collect();
    assert!(missing.is_empty(), "missing: {missing:?}");
    assert_eq!(results.0.len(), JOBS, "a result that nobody ordered");
    assert_eq!(results.by_reason().into_iter().collect::<Vec<_>>(), [("key_pressed".to_owned(), JOBS)]);
    // What it read before it died it may be told again; what it acknowledged, it may not.
    let acknowledged =
        wait_until(Duration::from_secs(10), || fetch(CONSUMER, 0).is_some_and(|page| page.is_empty()));
    assert!(acknowledged, "results are left that the consumer has read");
    assert!(wait_until(Duration::from_secs(20), || phone.is_quiet()), "calls are left up");
}

/// Hands them in from eight clients at once; their ids.
fn submit_all() -> BTreeSet<String> {
    let id = |number: usize| format!("job-{number}");
    scope(|threads| {
        for client in 0..8 {
            threads.spawn(move || {
                for number in (client..JOBS).step_by(8) {
                    assert!(submit(&id(number), &format!("+1999{number:07}")), "job {number} is accepted");
                }
            });
        }
    });
    (0..JOBS).map(id).collect()
}

/// Runs `octothorpe results` until `enough` jobs are told, and kills it; how many lines it wrote.
fn consume(gateway: &Gateway, results: &mut Results, enough: usize) -> usize {
    let mut client = gateway.client(&["results", "--consumer", CONSUMER, "--json"]);
    let told = |client: &Process| {
        let jobs =
            client.objects().into_iter().filter_map(|(_, line)| line["job"].as_str().map(str::to_owned));
        jobs.filter(|job| !results.0.contains_key(job)).collect::<BTreeSet<_>>().len()
    };
    let missing = enough.saturating_sub(results.0.len());
    assert!(
        wait_until(Duration::from_secs(120), || told(&client) >= missing),
        "{} of {missing} came",
        told(&client)
    );
    if enough == JOBS {
        // It lives on for as long as its last acknowledgement takes.
        wait_until(Duration::from_secs(5), || fetch(CONSUMER, 0).is_some_and(|page| page.is_empty()));
    }
    client.kill();
    let lines = client.objects();
    lines.iter().for_each(|(_, line)| results.insert(line));
    lines.len()
}

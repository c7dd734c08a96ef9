//! A gateway that serves, a phone that counts its rings, and a consumer of results: what the tests of
//! durability run, in the network of the thread that asks.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::{Value, json};

use super::http::{FRONT_DOOR, is_ready, request};
use super::net::Namespace;
use super::process::Process;
use super::site::Site;
use super::uas::Uas;
use super::wait_until;

/// How long the phone rings, so that some calls are killed while they do.
const RING_MS: &str = "700";
/// From the answer to the key: the context is up to 3 s long, so that a call takes 4 to 6 s.
const PRESS_AFTER_MS: &str = "3600";

/// `octothorpe serve`, which may die and come back on the same store.
#[derive(Debug)]
pub(crate) struct Gateway {
    site: Site,
    process: Option<Process>,
}

impl Gateway {
    /// Started, with a far end where its phone would be, and a job that calls it there. They live in that
    /// network.
    #[track_caller]
    pub(crate) fn calling(job: &str, max_cps: u32) -> (Namespace, Uas, Gateway) {
        let network = Namespace::new();
        network.enter();
        let far = Uas::listen("udp");
        let mut gateway = Gateway::new(job, max_cps);
        gateway.start();
        assert!(submit(job, "+19990000001"));
        (network, far, gateway)
    }

    /// With one trunk to the [`Phone`]; not started yet.
    pub(crate) fn new(label: &str, max_cps: u32) -> Gateway {
        let site = Site::new(label, "127.0.0.1");
        site.trunk("carrier", "sip:127.0.0.1:5070", &format!("max_cps = {max_cps}"));
        Gateway { site, process: None }
    }

    /// Starts it, and returns when it is ready.
    #[track_caller]
    pub(crate) fn start(&mut self) {
        let process = self.process.insert(self.site.start(&["serve"]));
        let ready = wait_until(Duration::from_secs(30), || !process.is_running() || is_ready());
        assert!(
            ready && process.is_running(),
            "serve is not ready: {}",
            self.site.scratch.read("octothorpe.err")
        );
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        self.process = None;
    }

    /// Asks it to end politely; its exit code, if it does in time.
    pub(crate) fn stop(&mut self) -> Option<i32> {
        let mut process = self.process.take()?;
        process.signal(Signal::TERM);
        process.wait(Duration::from_secs(40))
    }

    /// Whether a file of its store holds this text.
    pub(crate) fn has_on_disk(&self, text: &str) -> bool {
        let files = std::fs::read_dir(self.site.scratch.path().join("var")).expect("the store is there");
        let bytes = files.map(|file| std::fs::read(file.expect("it is listed").path()).unwrap_or_default());
        bytes.into_iter().any(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
    }

    /// A client command on this gateway.
    pub(crate) fn client(&self, arguments: &[&str]) -> Process {
        self.site.start(&[arguments, &["--url", "http://127.0.0.1:8080"]].concat())
    }
}

/// Hands in one job; whether it was accepted (or had been before).
pub(crate) fn submit(id: &str, to: &str) -> bool {
    let job = json!({"id": id, "to": to});
    let answer = request(FRONT_DOOR, "POST", "/v1/calls", Some(&job));
    let status = answer.as_ref().map(|answer| answer.status);
    assert!(matches!(status, None | Some(200 | 202 | 429 | 503)), "{id}: {answer:?}");
    matches!(status, Some(200 | 202))
}

/// Results by job. A job that is told twice must be told the same.
#[derive(Debug, Default)]
pub(crate) struct Results(pub(crate) BTreeMap<String, Value>);

impl Results {
    /// Takes one result in.
    pub(crate) fn insert(&mut self, result: &Value) {
        let job = result["job"].as_str().expect("every result names its job");
        let known = self.0.entry(job.to_owned()).or_insert_with(|| result.clone());
        assert_eq!(known, result, "two results for one job");
    }

    /// How many jobs ended with each reason.
    pub(crate) fn by_reason(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for result in self.0.values() {
            *counts.entry(result["reason"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
        }
        counts
    }
}

/// A figure of `/metrics`, by its name with its labels.
pub(crate) fn metric(name: &str) -> Option<f64> {
    let answer = request(FRONT_DOOR, "GET", "/metrics", None)?;
    let value = |line: &str| line.strip_prefix(name)?.trim().parse().ok();
    answer.text.lines().find_map(value)
}

/// The result of a job, once it has one; null if it has none in time. `path` is the job's.
pub(crate) fn result_of(path: &str, limit: Duration) -> Value {
    let mut result = Value::Null;
    wait_until(limit, || {
        let view = request(FRONT_DOOR, "GET", path, None);
        result = view.map_or(Value::Null, |view| view.body["result"].clone());
        !result.is_null()
    });
    result
}

/// Fetches a page of results as `consumer`; `None` while the gateway is away.
pub(crate) fn fetch(consumer: &str, wait_s: u32) -> Option<Vec<(String, Value)>> {
    let path = format!("/v1/results?consumer={consumer}&wait={wait_s}&limit=100");
    let answer = request(FRONT_DOOR, "GET", &path, None).filter(|answer| answer.status == 200)?;
    let rows = answer.body["results"].as_array()?.iter();
    rows.map(|row| Some((row["cursor"].as_str()?.to_owned(), row["result"].clone()))).collect()
}

/// Acknowledges everything up to a cursor; whether the gateway said so.
pub(crate) fn acknowledge(consumer: &str, cursor: &str) -> bool {
    let body = json!({"consumer": consumer, "cursor": cursor});
    let answer = request(FRONT_DOOR, "POST", "/v1/results/ack", Some(&body));
    answer.is_some_and(|answer| answer.status < 300)
}

/// `octothorpe phone`: answers every call and presses `#`. One line of JSON for each thing that
/// happens to a call.
#[derive(Debug)]
pub(crate) struct Phone {
    process: Process,
    _site: Site,
}

/// What happened to one call at the phone, and when.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rung {
    /// The number that rang.
    pub(crate) number: String,
    /// When the INVITE came.
    pub(crate) ring: Option<Instant>,
    /// When it was picked up.
    pub(crate) answered: Option<Instant>,
    /// When the key was pressed.
    pub(crate) pressed: Option<Instant>,
    /// When the call was over.
    pub(crate) ended: Option<Instant>,
}

impl Phone {
    /// Listens at 127.0.0.1:5070.
    pub(crate) fn start(label: &str) -> Phone {
        let site = Site::new(&format!("{label}-phone"), "127.0.0.1");
        let mut arguments = vec!["phone", "--json", "--listen", "127.0.0.1:5070", "--ring-ms", RING_MS];
        arguments.extend(["--press", "#", "--path", "rfc4733", "--after-ms", PRESS_AFTER_MS]);
        let process = site.listen(&arguments, 5070);
        Phone { process, _site: site }
    }

    /// All calls so far, by Call-ID.
    pub(crate) fn calls(&self) -> BTreeMap<String, Rung> {
        let mut calls: BTreeMap<String, Rung> = BTreeMap::new();
        for (at, line) in self.process.objects() {
            let Some(call_id) = line["call_id"].as_str() else { continue };
            let call = calls.entry(call_id.to_owned()).or_default();
            match line["event"].as_str().unwrap_or_default() {
                "ring" => {
                    call.number = line["number"].as_str().unwrap_or_default().to_owned();
                    call.ring = Some(at);
                }
                "answered" => call.answered = Some(at),
                "pressed" => call.pressed = Some(at),
                "ended" => call.ended = Some(at),
                // The phone may tell more than this test needs.
                _ => {}
            }
        }
        calls
    }

    /// Whether every call is over.
    pub(crate) fn is_quiet(&self) -> bool {
        self.calls().values().all(|call| call.ended.is_some())
    }
}

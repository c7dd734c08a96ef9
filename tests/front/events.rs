//! Contract §6: server-sent events, in order and numbered, resumable by `Last-Event-ID`.

use std::time::Duration;

use octothorpe::access::Role;
use octothorpe::job::{Job, UnixMs};
use octothorpe::queue::{After, CallEnd, Claim, EventFilter, EventStore, JobStore, Store, embedded};
use octothorpe::reason::Reason;
use octothorpe::report::progress::Progress;
use octothorpe::report::record::{AttemptRecord, JobResult, Span};
use serde_json::{Value, json};

use super::front::{Door, NOW, leg, server, settings};
use super::order;
use super::tokens::token;

/// One frame of a stream.
#[derive(Debug, Default, PartialEq)]
struct Frame {
    id: String,
    event: String,
    data: Value,
}

/// A stream that is being read.
struct Stream {
    response: reqwest::Response,
    text: String,
}

impl Stream {
    async fn open(door: &Door, path: &str, after: Option<&str>) -> Stream {
        let request = reqwest::Client::new().get(format!("http://{}{path}", door.address));
        let request = match after {
            Some(after) => request.header("last-event-id", after),
            None => request,
        };
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Stream { response, text: String::new() }
    }

    /// The next frame; `None` at the end of the stream.
    async fn next(&mut self) -> Option<Frame> {
        loop {
            if let Some((frame, rest)) = self.text.split_once("\n\n") {
                let read = read(frame);
                self.text = rest.to_owned();
                return Some(read);
            }
            let chunk = tokio::time::timeout(Duration::from_secs(60), self.response.chunk()).await;
            let chunk = chunk.expect("something comes, or the stream ends").unwrap()?;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// Every frame up to the stream's end.
    async fn rest(&mut self) -> Vec<Frame> {
        let mut frames = Vec::new();
        while let Some(frame) = self.next().await {
            frames.push(frame);
        }
        frames
    }
}

fn read(text: &str) -> Frame {
    let mut frame = Frame::default();
    for line in text.lines() {
        match line.split_once(": ") {
            Some(("id", id)) => frame.id = id.to_owned(),
            Some(("event", event)) => frame.event = event.to_owned(),
            Some(("data", data)) => frame.data = serde_json::from_str(data).unwrap(),
            Some(_) | None => {}
        }
    }
    frame
}

fn names(frames: &[Frame]) -> Vec<(String, String)> {
    frames.iter().map(|frame| (frame.id.clone(), frame.event.clone())).collect()
}

fn attempt(ended_ms: Option<u64>) -> AttemptRecord {
    serde_json::from_value(json!({
        "trunk": "lab", "call_id": "c@lab", "started_at": NOW, "rung": true, "answered_ms": 900,
        "ended_ms": ended_ms, "secured": "none", "not_counted": [],
        "media": ended_ms.map(|_| json!({ "packets_sent": 5, "packets_received": 4, "lost_received": 1,
            "jitter_ms": 0.5, "late": 0 })),
    }))
    .unwrap()
}

async fn claimed(store: &Store) -> Claim {
    store.claim(1, NOW).await.unwrap().claims.pop().expect("a job waits")
}

/// A call as the gateway tells it, up to the key.
pub(crate) async fn dial(store: &Store) -> Claim {
    let claim = claimed(store).await;
    let key = claim.job.key.clone();
    store.progress(&key, Progress::Dialling, NOW);
    store.begin_dial(&claim, leg(), NOW).await.unwrap().unwrap();
    for (event, ms) in [(Progress::Ringing, 1), (Progress::Answered, 2), (Progress::Prompting, 3)] {
        store.progress(&key, event, UnixMs(NOW.0 + ms));
    }
    claim
}

/// The key, the result, and the end of the call, as the gateway tells them.
pub(crate) async fn press(store: &Store, claim: &Claim) {
    verify(store, claim).await;
    end(store, claim);
}

/// The key and the result.
async fn verify(store: &Store, claim: &Claim) {
    store.progress(&claim.job.key, Progress::Key, UnixMs(NOW.0 + 4));
    let span = Span { accepted_at: claim.accepted_at, finished_at: UnixMs(NOW.0 + 4) };
    let result = JobResult::new(&claim.job, Reason::KeyPressed, vec![attempt(None)], &server(), span);
    store.finish(claim, result).await.unwrap();
}

fn end(store: &Store, claim: &Claim) {
    store.call_ended(claim, CallEnd { attempt: attempt(Some(5_000)), key: None }, UnixMs(NOW.0 + 5));
}

const WHOLE: [(u32, &str); 9] = [
    (1, "accepted"),
    (2, "queued"),
    (3, "dialling"),
    (4, "ringing"),
    (5, "answered"),
    (6, "prompting"),
    (7, "key"),
    (8, "finished"),
    (9, "ended"),
];

fn whole_after(n: u32) -> Vec<(String, String)> {
    let rest = WHOLE.iter().filter(|(number, _)| *number > n);
    rest.map(|(number, name)| (number.to_string(), (*name).to_owned())).collect()
}

/// The result comes the moment it is durable, the end of the call with its figures behind it.
#[tokio::test]
async fn a_job_is_followed_from_its_first_event_to_its_last() {
    let door = Door::open().await;
    door.post("/v1/calls", order("a")).await;
    let mut live = Stream::open(&door, "/v1/calls/a/events", None).await;
    assert_eq!(live.next().await.unwrap().event, "accepted");
    assert_eq!(live.next().await.unwrap().event, "queued");
    let claim = dial(&door.store).await;
    for expected in ["dialling", "ringing", "answered", "prompting"] {
        let frame = live.next().await.unwrap();
        assert_eq!((frame.event.as_str(), &frame.data["job"]), (expected, &json!("a")));
    }
    press(&door.store, &claim).await;
    let rest = live.rest().await;
    assert_eq!(names(&rest), whole_after(6));
    assert_eq!(rest[1].data["result"]["verdict"], "verified");
    assert_eq!(rest[1].data["result"]["attempts"][0]["media"], Value::Null);
    assert_eq!(rest[2].data["attempt"]["media"]["packets_received"], 4, "{rest:?}");
    assert_eq!(rest[2].data["n"], 9);
    // Whoever was cut, or comes late, gets the same, from where it was cut.
    for after in [0, 3, 8] {
        let again = Stream::open(&door, "/v1/calls/a/events", Some(&after.to_string())).await.rest().await;
        assert_eq!(names(&again), whole_after(after));
    }
    // Nothing can follow any more, and an `EventSource` is told not to come again.
    let request = reqwest::Client::new().get(format!("http://{}/v1/calls/a/events", door.address));
    assert_eq!(request.header("last-event-id", "9").send().await.unwrap().status(), 204);
    assert!(!door.get("/v1/calls/a/events").await.text.contains("4252345667"), "the number is shown");
}

/// Issue: "During the goodbye the verdict stays, the event is published": at once, to whoever follows.
#[tokio::test]
async fn fraud_that_is_reported_in_the_farewell_is_told_behind_the_result() {
    let door = Door::open().await;
    door.post("/v1/calls", order("a")).await;
    let claim = dial(&door.store).await;
    verify(&door.store, &claim).await;
    let mut all = Stream::open(&door, "/v1/events", None).await;
    let mut live = Stream::open(&door, "/v1/calls/a/events", Some("8")).await;
    all.next().await.unwrap();
    door.store.fraud_reported(&claim, UnixMs(NOW.0 + 5));
    for stream in [&mut all, &mut live] {
        let told = stream.next().await.unwrap();
        assert_eq!(
            (told.event.as_str(), &told.data["job"], &told.data["n"]),
            ("fraud_reported", &json!("a"), &json!(9))
        );
    }
    end(&door.store, &claim);
    assert_eq!(names(&live.rest().await), [("10".to_owned(), "ended".to_owned())]);
    let job: Value = serde_json::from_str(&door.get("/v1/calls/a").await.text).unwrap();
    assert_eq!((&job["state"], &job["result"]["verdict"]), (&json!("finished"), &json!("verified")));
    door.get("/v1/calls?state=fraud_reported").await.assert_problem(400, "state", "no such state");
    // Whoever comes late is told too.
    let again = Stream::open(&door, "/v1/calls/a/events", Some("8")).await.rest().await;
    assert_eq!(again[0].event, "fraud_reported");
}

/// Nobody follows: the events are there all the same, and after a restart of the gateway too.
#[tokio::test]
async fn events_outlive_a_restart_and_no_number_is_given_twice() {
    let (settings, _scratch) = settings(10);
    let open = || Store::Embedded(embedded::Embedded::open(&settings, [7; 32]).unwrap());
    let store = open();
    let job = Job::read(br#"{"id":"a","to":"+14252345667"}"#, "acme", NOW, 1).unwrap();
    let key = job.key.clone();
    store.submit(job, NOW).await.unwrap();
    let claim = dial(&store).await;
    press(&store, &claim).await;
    let of_job = EventFilter::Job(key);
    let read = async |store: &Store| {
        let page = store.events(of_job.clone(), After::Number(0)).await.unwrap().unwrap();
        let events = page.events.into_iter().map(|placed| (placed.event.n, placed.event.event.name()));
        events.collect::<Vec<_>>()
    };
    drop((store, claim));
    assert_eq!(read(&open()).await, WHOLE);
}

#[tokio::test]
async fn all_events_of_a_tenant_come_in_one_stream_that_resumes() {
    let door = Door::open().await;
    let mut all = Stream::open(&door, "/v1/events?tenant=*", None).await;
    let mut acme = Stream::open(&door, "/v1/events?tenant=acme", None).await;
    let [first, begun] = [all.next().await.unwrap(), acme.next().await.unwrap()];
    assert!(first.event.is_empty() && first.id == begun.id, "an id to resume from before there is any event");
    for (id, tenant) in [("a", "acme"), ("b", "other"), ("c", "acme")] {
        door.post(&format!("/v1/calls?tenant={tenant}"), order(id)).await;
    }
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(acme.next().await.unwrap());
    }
    let of = |frame: &Frame| format!("{} {}", frame.data["job"].as_str().unwrap(), frame.event);
    assert_eq!(seen.iter().map(of).collect::<Vec<_>>(), ["a accepted", "a queued", "c accepted", "c queued"]);
    for expected in ["a accepted", "a queued", "b accepted"] {
        assert_eq!(of(&all.next().await.unwrap()), expected);
    }
    let mut resumed = Stream::open(&door, "/v1/events?tenant=acme", Some(&seen[1].id)).await;
    resumed.next().await.unwrap();
    assert_eq!(of(&resumed.next().await.unwrap()), "c accepted");
    let mut from_start = Stream::open(&door, "/v1/events?tenant=other", Some(&first.id)).await;
    from_start.next().await.unwrap();
    assert_eq!(of(&from_start.next().await.unwrap()), "b accepted");
    door.closing.send_replace(true);
    assert_eq!(all.rest().await.len(), 3, "a closing door ends its streams");
}

#[tokio::test]
async fn what_cannot_be_followed_is_told_before_a_stream_begins() {
    let door = Door::open().await;
    door.get("/v1/calls/nobody/events").await.assert_problem(404, "", "no job");
    door.post("/v1/calls?tenant=acme", order("a")).await;
    let other = token(&door, "other", &[Role::Read]).await;
    let submit = token(&door, "acme", &[Role::Submit]).await;
    let own = token(&door, "acme", &[Role::Read]).await;
    for path in ["/v1/calls/a/events", "/v1/calls/a/events?tenant=acme", "/v1/events?tenant=acme"] {
        door.send_as(&other, reqwest::Method::GET, path, None).await.assert_problem_of(404);
        door.send_as(&submit, reqwest::Method::GET, path, None).await.assert_problem_of(403);
        door.get(path).await.assert_problem_of(401);
    }
    for (path, id) in [("/v1/calls/a/events", "-1"), ("/v1/calls/a/events", "e5"), ("/v1/events", "12")] {
        let request = reqwest::Client::new().get(format!("http://{}{path}", door.address));
        let sent = request.bearer_auth(&own).header("last-event-id", id).send().await.unwrap();
        super::Answer::of(sent).await.assert_problem(400, "Last-Event-ID", "not given out");
    }
}

//! Contract §6 over a real socket and a real store: statuses, objects, problems, long polls.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

#[path = "front/events.rs"]
mod events;
#[allow(dead_code, reason = "each test file uses its part")]
mod front;
#[path = "front/records.rs"]
mod records;
#[path = "front/tokens.rs"]
mod tokens;

use std::sync::Arc;
use std::time::Duration;

use octothorpe::reason::Reason;
use octothorpe::report::snapshot::{Counter, GatewaySnapshot, Lateness, TrunkSnapshot, TrunkState};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use front::Door;

/// What these tests ask of a door.
impl Door {
    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        self.send_as("", method, path, body).await
    }

    /// The same with a bearer token, unless it is empty.
    async fn send_as(&self, token: &str, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let request = reqwest::Client::new().request(method, format!("http://{}{path}", self.address));
        let request = if token.is_empty() { request } else { request.bearer_auth(token) };
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        Answer::of(request.send().await.unwrap()).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(&body)).await
    }

    /// Sends bytes as they are and reads until the far end closes.
    async fn raw(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        String::from_utf8(answer).unwrap()
    }

    fn tell(&self, change: impl FnOnce(&mut GatewaySnapshot)) {
        let mut snapshot = GatewaySnapshot { ready: true, ..GatewaySnapshot::default() };
        change(&mut snapshot);
        self.gateway.send_replace(Arc::new(snapshot));
    }
}

/// A response, read whole.
#[derive(Debug)]
struct Answer {
    status: StatusCode,
    headers: reqwest::header::HeaderMap,
    text: String,
}

impl Answer {
    async fn of(response: reqwest::Response) -> Answer {
        let (status, headers) = (response.status(), response.headers().clone());
        Answer { status, headers, text: response.text().await.unwrap() }
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    #[track_caller]
    fn assert_problem_of(&self, status: u16) {
        assert_eq!((self.status.as_u16(), self.header("content-type")), (status, "application/problem+json"));
    }

    /// Asserts a problem document (RFC 9457) that names this field and has a remedy.
    #[track_caller]
    fn assert_problem(&self, status: u16, field: &str, words: &str) {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["status"], status);
        assert_eq!(problem["type"], "about:blank");
        let fault = &problem["problems"][0];
        assert_eq!(fault["field"].as_str().unwrap_or_default(), field, "{problem}");
        assert!(!fault["remedy"].as_str().unwrap().is_empty(), "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains(words), "{problem} does not say {words:?}");
    }
}

fn order(id: &str) -> Value {
    json!({ "id": id, "to": "+1 425 234 5667" })
}

fn challenge(digits: &str) -> Value {
    json!({ "to": "+14252345667", "mode": { "type": "challenge", "digits": digits } })
}

#[tokio::test]
async fn a_job_is_202_then_200_then_409_with_other_content() {
    let door = Door::open().await;
    let new = door.post("/v1/calls", order("a-1")).await;
    assert_eq!(new.status, StatusCode::ACCEPTED);
    assert_eq!(new.json(), json!({ "id": "a-1", "state": "queued", "result": null }));
    assert_eq!(new.header("location"), "/v1/calls/a-1?tenant=default");
    // Written otherwise, the number is the same one (contract §2, `id`).
    let same = door.post("/v1/calls", json!({ "id": "a-1", "to": "+14252345667" })).await;
    assert_eq!((same.status, &same.json()["id"]), (StatusCode::OK, &json!("a-1")));
    let other = door.post("/v1/calls", json!({ "id": "a-1", "to": "+14252345668" })).await;
    other.assert_problem(409, "id", "new id");
    let nameless = door.post("/v1/calls", json!({ "to": "+14252345667" })).await;
    assert_eq!(nameless.json()["id"].as_str().unwrap().len(), 26, "a new ULID");
}

#[tokio::test]
async fn a_malformed_order_is_400_with_field_and_remedy_and_makes_no_job() {
    let door = Door::open().await;
    for (body, field, words) in [
        (json!({}), "to", "missing"),
        (json!({ "to": "4252345667" }), "to", "+"),
        (json!({ "to": "+14252345667", "purpos": "sign_in" }), "purpos", "unknown field"),
        (json!({ "to": "+14252345667", "mode": { "type": "pin" } }), "mode", "not of the right type"),
        // Contract §2: a challenge never begins with the fraud key.
        (challenge("04"), "mode.digits", "reports fraud"),
        (challenge("42424"), "mode.digits", "alphabet or length"),
        (json!({ "to": "+14252345667x12a" }), "to", "1 to 20"),
        (json!({ "to": "+14252345667", "attempts": 6 }), "attempts", ""),
        (json!([1]), "", "object"),
    ] {
        door.post("/v1/calls", body).await.assert_problem(400, field, words);
    }
    let bad = door
        .raw("POST /v1/calls HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: 1\r\n\r\n{")
        .await;
    assert!(bad.starts_with("HTTP/1.1 400 ") && bad.contains("not JSON"), "{bad}");
    assert_eq!(door.get("/v1/calls").await.json()["jobs"], json!([]));
    // Two faults are told at once.
    let two = door.post("/v1/calls", json!({ "attempts": 0, "priority": 10, "to": "+1425" })).await.json();
    assert_eq!(two["problems"].as_array().unwrap().len(), 2, "{two}");
}

#[tokio::test]
async fn a_number_of_nobody_is_an_order_all_the_same() {
    // Contract §6: what policy decides is 202 and then a result.
    let door = Door::open().await;
    assert_eq!(door.post("/v1/calls", json!({ "to": "+1 25300" })).await.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn only_json_of_at_most_16_kib_is_taken() {
    let door = Door::open().await;
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "application/problem+json", ""] {
        for path in ["/v1/calls", "/v1/results/ack"] {
            let request = reqwest::Client::new().post(format!("http://{}{path}", door.address));
            let request = request.header("content-type", content_type).body(order("x").to_string());
            Answer::of(request.send().await.unwrap()).await.assert_problem(
                415,
                "Content-Type",
                "application/json",
            );
        }
    }
    let request = reqwest::Client::new().post(format!("http://{}/v1/calls", door.address));
    let request =
        request.header("content-type", "Application/JSON; charset=utf-8").body(order("x").to_string());
    assert_eq!(request.send().await.unwrap().status(), StatusCode::ACCEPTED);
    let mut padded = order("y").to_string();
    padded.push_str(&" ".repeat(16 * 1024 - padded.len()));
    for (body, status) in [(padded.clone(), 202), (padded + " ", 413)] {
        let request = reqwest::Client::new().post(format!("http://{}/v1/calls", door.address));
        let request = request.header("content-type", "application/json").body(body);
        assert_eq!(request.send().await.unwrap().status().as_u16(), status);
    }
    // The same past the limit in chunks, whose length nobody announces.
    let chunk = format!("1000\r\n{}\r\n", " ".repeat(0x1000)).repeat(5);
    let told = door
        .raw(&format!(
            "POST /v1/calls HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n{chunk}0\r\n\r\n"
        ))
        .await;
    assert!(told.starts_with("HTTP/1.1 413 "), "{told}");
}

/// Contract §6: without tokens `Host` must be loopback too.
#[tokio::test]
async fn a_host_that_is_not_loopback_is_turned_away() {
    let door = Door::open().await;
    for (head, status) in [
        ("GET /healthz HTTP/1.1\r\nHost: localhost:8080", 200),
        ("GET /healthz HTTP/1.1\r\nHost: [::1]", 200),
        ("GET /healthz HTTP/1.1\r\nHost: rebound.example.net", 421),
        ("GET /v1/results?consumer=a HTTP/1.1\r\nHost: rebound.example.net:8080", 421),
        ("GET http://rebound.example.net/metrics HTTP/1.1\r\nHost: 127.0.0.1", 421),
        ("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: rebound.example.net", 421),
        ("GET /healthz HTTP/1.0", 421),
    ] {
        let told = door.raw(&format!("{head}\r\nConnection: close\r\n\r\n")).await;
        assert_eq!(told.split(' ').nth(1), Some(status.to_string().as_str()), "{head}: {told}");
    }
}

#[tokio::test]
async fn tenants_see_their_own_jobs_and_results_alone() {
    let door = Door::open().await;
    assert_eq!(door.post("/v1/calls?tenant=acme", order("a")).await.status, StatusCode::ACCEPTED);
    assert_eq!(door.get("/v1/calls/a?tenant=acme").await.status, StatusCode::OK);
    door.get("/v1/calls/a").await.assert_problem(404, "", "tenant");
    door.send(Method::DELETE, "/v1/calls/a?tenant=other", None).await.assert_problem(404, "", "tenant");
    assert_eq!(door.get("/v1/calls").await.json()["jobs"], json!([]));
    assert_eq!(door.get("/v1/calls?tenant=acme").await.json()["jobs"][0]["id"], "a");
    door.finish_one(Reason::KeyPressed).await;
    assert_eq!(door.get("/v1/results?consumer=c").await.json(), json!({ "results": [] }));
    let own = door.get("/v1/results?consumer=c&tenant=acme").await.json();
    assert_eq!(own["results"][0]["result"]["tenant"], "acme");
    let mut foreign = order("b");
    foreign["tenant"] = json!("other");
    door.post("/v1/calls?tenant=acme", foreign.clone()).await.assert_problem(403, "tenant", "another tenant");
    assert_eq!(
        door.post("/v1/calls", foreign).await.status,
        StatusCode::ACCEPTED,
        "the field names it alone"
    );
    door.get("/v1/calls?tenant=a.b").await.assert_problem(400, "tenant", "A-Z");
}

#[tokio::test]
async fn a_job_is_shown_cancelled_and_final() {
    let door = Door::open().await;
    door.post("/v1/calls", order("a")).await;
    door.get("/v1/calls/nobody").await.assert_problem(404, "", "no job");
    let shown = door.get("/v1/calls/a").await;
    assert_eq!((shown.status, &shown.json()["result"]), (StatusCode::OK, &Value::Null));
    for _ in 0..2 {
        let cancelled = door.send(Method::DELETE, "/v1/calls/a", None).await;
        assert_eq!(cancelled.status, StatusCode::OK);
        assert_eq!(cancelled.json()["state"], "finished");
        assert_eq!(cancelled.json()["result"]["reason"], "cancelled");
    }
    let number = "4252345667";
    assert!(!door.get("/v1/calls/a").await.text.contains(number), "the number is shown");
}

#[tokio::test]
async fn jobs_are_listed_in_pages() {
    let door = Door::open().await;
    for id in ["a", "b", "c"] {
        door.post("/v1/calls", order(id)).await;
    }
    door.finish_one(Reason::NoAnswer).await;
    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let page = door.get(&format!("/v1/calls?limit=2&after={after}")).await.json();
        seen.extend(
            page["jobs"].as_array().unwrap().iter().map(|job| job["id"].as_str().unwrap().to_owned()),
        );
        match page["next"].as_str() {
            Some(next) => after = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(seen, ["a", "b", "c"]);
    assert_eq!(door.get("/v1/calls?state=finished").await.json()["jobs"].as_array().unwrap().len(), 1);
    for (path, field) in [
        ("/v1/calls?state=done", "state"),
        ("/v1/calls?limit=0", "limit"),
        ("/v1/calls?limit=501", "limit"),
        ("/v1/calls?limit=many", "limit"),
        ("/v1/calls?after=nowhere", "cursor"),
        ("/v1/calls?stat=x", "stat"),
        ("/v1/calls?limit=1&limit=2", "limit"),
    ] {
        door.get(path).await.assert_problem(400, field, "");
    }
}

#[tokio::test]
async fn results_come_in_order_until_they_are_acknowledged() {
    let door = Door::open().await;
    for id in ["a", "b", "c"] {
        door.post("/v1/calls", order(id)).await;
        door.finish_one(Reason::KeyPressed).await;
    }
    let page = door.get("/v1/results?consumer=core&limit=2").await.json();
    let ids: Vec<&str> =
        page["results"].as_array().unwrap().iter().map(|r| r["result"]["job"].as_str().unwrap()).collect();
    assert_eq!(ids, ["a", "b"]);
    assert_eq!(page["results"][0]["result"]["verdict"], "verified");
    // Not acknowledged, so delivered again.
    assert_eq!(door.get("/v1/results?consumer=core&limit=2").await.json(), page);
    let cursor = page["results"][1]["cursor"].clone();
    let ack = door.post("/v1/results/ack", json!({ "consumer": "core", "cursor": cursor })).await;
    assert_eq!(ack.status, StatusCode::NO_CONTENT);
    let rest = door.get("/v1/results?consumer=core").await.json();
    assert_eq!(rest["results"].as_array().unwrap().len(), 1);
    assert_eq!(rest["results"][0]["result"]["job"], "c");
    // Another consumer starts at the oldest kept.
    assert_eq!(door.get("/v1/results?consumer=late").await.json()["results"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn what_is_wrong_with_a_poll_or_an_ack_is_named() {
    let door = Door::open().await;
    door.get("/v1/results").await.assert_problem(400, "consumer", "missing");
    door.get("/v1/results?consumer=a%20b").await.assert_problem(400, "consumer", "A-Z");
    door.get("/v1/results?consumer=a&wait=61").await.assert_problem(400, "wait", "0 to 60");
    door.post("/v1/results/ack", json!({ "consumer": "a" })).await.assert_problem(400, "cursor", "missing");
    door.post("/v1/results/ack", json!({ "consumer": "a", "cursor": "x" }))
        .await
        .assert_problem(400, "cursor", "");
    door.post("/v1/results/ack", json!(["a", "e1"])).await.assert_problem(400, "", "no JSON object");
    let unknown = json!({ "consumer": "a", "cursor": "e1", "all": true });
    door.post("/v1/results/ack", unknown).await.assert_problem(400, "all", "unknown field");
}

#[tokio::test]
async fn a_long_poll_answers_the_moment_there_is_a_result() {
    let door = Door::open().await;
    door.post("/v1/calls", order("a")).await;
    let (polled, ()) = tokio::join!(door.get("/v1/results?consumer=core&wait=60"), async {
        // Once the consumer is known the poll waits; there is no other sign of it from outside.
        door.finish_one(Reason::Busy).await;
    });
    assert_eq!(polled.json()["results"][0]["result"]["reason"], "busy");
}

#[tokio::test]
async fn a_closing_door_answers_its_long_polls_and_ends() {
    let mut door = Door::open().await;
    let mut poll = TcpStream::connect(door.address).await.unwrap();
    let request = "GET /v1/results?consumer=core&wait=60 HTTP/1.1\r\nHost: localhost\r\n\r\n";
    poll.write_all(request.as_bytes()).await.unwrap();
    // Connections are taken in order: once a later one is answered, the poll waits.
    assert_eq!(door.get("/healthz").await.status, StatusCode::OK);
    door.closing.send_replace(true);
    let mut answer = String::new();
    let read = tokio::time::timeout(Duration::from_secs(20), poll.read_to_string(&mut answer)).await;
    read.expect("the poll is cut short").unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("{\"results\":[]}"), "{answer}");
    (&mut door.served).await.unwrap().unwrap();
    assert!(TcpStream::connect(door.address).await.is_err(), "the door still listens");
}

#[tokio::test]
async fn a_full_queue_is_429_and_a_closing_intake_503_with_the_time_to_come_again() {
    let door = Door::with_room_for(1).await;
    assert_eq!(door.post("/v1/calls", order("a")).await.status, StatusCode::ACCEPTED);
    let full = door.post("/v1/calls", order("b")).await;
    full.assert_problem(429, "", "Retry-After");
    assert!(full.header("retry-after").parse::<u32>().unwrap() > 0);
    assert_eq!(door.post("/v1/calls", order("a")).await.status, StatusCode::OK, "the same job is no new one");
    door.tell(|gateway| gateway.draining = true);
    let closing = door.post("/v1/calls", order("c")).await;
    closing.assert_problem(503, "", "shutting down");
    assert!(closing.header("retry-after").parse::<u32>().unwrap() > 0);
    door.get("/readyz").await.assert_problem(503, "", "shutting down");
    assert_eq!(door.get("/v1/calls/a").await.status, StatusCode::OK, "reading goes on");
}

#[tokio::test]
async fn an_idempotency_key_that_is_not_the_id_is_refused() {
    let door = Door::open().await;
    for (key, status) in [("a", 202), ("b", 400)] {
        let request = reqwest::Client::new().post(format!("http://{}/v1/calls", door.address));
        let request = request.header("idempotency-key", key).json(&order("a"));
        assert_eq!(request.send().await.unwrap().status().as_u16(), status);
    }
}

/// The contract's head: what is not built is refused by name.
#[tokio::test]
async fn what_is_not_built_is_refused_by_name() {
    let door = Door::open().await;
    let answer = door.get("/v1/webhooks").await;
    answer.assert_problem(400, "", "not in this version");
    assert!(answer.text.contains("webhooks"));
    door.get("/v2").await.assert_problem(404, "", "nothing at this path");
    let wrong = door.send(Method::PUT, "/v1/calls", None).await;
    wrong.assert_problem(405, "", "method");
    assert_eq!(wrong.header("allow"), "POST,GET,HEAD");
}

#[tokio::test]
async fn readiness_trunks_and_metrics_tell_the_latest_snapshot() {
    let door = Door::open().await;
    assert_eq!(door.get("/readyz").await.json(), json!({ "status": "ready" }));
    door.tell(|gateway| gateway.ready = false);
    door.get("/readyz").await.assert_problem(503, "", "starting");
    assert_eq!(door.get("/healthz").await.status, StatusCode::OK);
    let count = |label, value| Counter { name: "results", help: "Results by reason", label, value };
    door.tell(|gateway| {
        gateway.calls = 3;
        gateway.lateness = Lateness {
            p50: Duration::from_micros(100),
            p99: Duration::from_millis(4),
            max: Duration::from_millis(9),
        };
        gateway.counters = vec![
            count(Some(("reason", "busy".to_owned())), 2),
            Counter { name: "sip_dropped", help: "Datagrams dropped", label: None, value: 7 },
            count(Some(("reason", "key_pressed".to_owned())), 5),
        ];
        gateway.trunks = vec![TrunkSnapshot {
            name: "lab".to_owned(),
            state: TrunkState::Up,
            asr: Some(0.5),
            acd_s: None,
            ner: None,
            pdd_p50_ms: Some(120),
            pdd_p95_ms: Some(900),
            verified_rate: None,
            key_loss: None,
            mos: Some(4.4),
            cps: 1,
            channels: 3,
        }];
    });
    door.post("/v1/calls", order("a")).await;
    let trunk = door.get("/v1/trunks").await.json()["trunks"][0].clone();
    assert_eq!(
        (&trunk["name"], &trunk["state"], &trunk["asr"], &trunk["acd_s"]),
        (&json!("lab"), &json!("up"), &json!(0.5), &Value::Null)
    );
    let metrics = door.get("/metrics").await;
    assert_eq!(metrics.header("content-type"), "application/openmetrics-text; version=1.0.0; charset=utf-8");
    for line in [
        "# TYPE octothorpe_results counter",
        "octothorpe_results_total{reason=\"busy\"} 2",
        "octothorpe_results_total{reason=\"key_pressed\"} 5",
        "octothorpe_sip_dropped_total 7",
        "octothorpe_calls 3",
        "octothorpe_waiting_jobs 1",
        "octothorpe_tick_lateness_seconds{quantile=\"0.99\"} 0.004",
        "octothorpe_trunk_asr_ratio{trunk=\"lab\"} 0.5",
        "octothorpe_trunk_pdd_p95_seconds{trunk=\"lab\"} 0.9",
        "# EOF",
    ] {
        assert!(metrics.text.lines().any(|told| told == line), "{line:?} is not in\n{}", metrics.text);
    }
    assert!(!metrics.text.contains("acd"), "a figure that is not known is not told");
    assert_eq!(metrics.text.matches("# TYPE octothorpe_results").count(), 1, "one family a name");
}

/// The document has every call of contract §6 and every reference in it leads somewhere.
#[tokio::test]
async fn the_openapi_document_is_whole() {
    let door = Door::open().await;
    let document = door.get("/v1/openapi.json").await.json();
    assert_eq!(document["openapi"], "3.1.0");
    for path in [
        "/v1/calls",
        "/v1/calls/{id}",
        "/v1/results",
        "/v1/results/ack",
        "/v1/trunks",
        "/healthz",
        "/readyz",
        "/metrics",
    ] {
        assert!(document["paths"][path].is_object(), "{path}");
    }
    let job = &document["components"]["schemas"]["Job"];
    assert_eq!(job["additionalProperties"], json!(false));
    assert!(job["properties"]["expires_at"].is_object(), "{job}");
    assert!(document["components"]["schemas"]["Result"]["properties"]["verdict"].is_object());
    let mut values = vec![&document];
    while let Some(value) = values.pop() {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
        }
        match value {
            Value::Array(items) => values.extend(items),
            Value::Object(members) => values.extend(members.values()),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

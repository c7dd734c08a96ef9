//! Durable submits a second with 1, 32 and 128 producers, and whole jobs a second: submit, claim,
//! dial permit, finish, acknowledge. `cargo bench --bench queue`, on the disk of `TMPDIR`.

#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "a bench reads the clock and prints")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use octothorpe::job::{Job, UnixMs};
use octothorpe::leg::record::{LegRecord, RecordStage, SipRecord};
use octothorpe::queue::embedded::{Embedded, Settings};
use octothorpe::queue::{Claim, Consumer, JobStore, Store, Submitted};
use octothorpe::reason::Reason;
use octothorpe::report::record::{JobResult, Server, Span};

const NOW: UnixMs = UnixMs(1_795_300_245_000);
const RUN: Duration = Duration::from_secs(3);

fn server() -> Server {
    Server { name: "bench".into(), ip: [127, 0, 0, 1].into(), version: "0".into() }
}

fn open(directory: &Path) -> Store {
    let settings = Settings {
        directory: directory.to_owned(),
        reserve_bytes: 0,
        results_kept: Duration::from_secs(7 * 24 * 3600),
        records_kept: Duration::from_secs(90 * 24 * 3600),
        max_waiting: 10_000_000,
        server: server(),
    };
    Store::Embedded(Embedded::open(&settings, [1; 32]).expect("the bench's directory is its own"))
}

/// An order of some 400 bytes, as a backend sends it.
fn order(id: &str) -> Job {
    let user = "u".repeat(100);
    let text = format!(
        r#"{{"v":1,"id":"{id}","to":"+1 425 234 5667","mode":{{"type":"confirm"}},"purpose":"sign_in",
        "locale":"en-US","tenant":"acme","user":"{user}","client_ip":"192.0.2.7","priority":5}}"#
    );
    Job::read(text.as_bytes(), "acme", NOW, 0).expect("the order is well-formed")
}

fn leg() -> LegRecord {
    LegRecord::Sip(SipRecord {
        stage: RecordStage::Inviting,
        request_uri: "sip:+14252345667@192.0.2.1".into(),
        route: Vec::new(),
        via: "SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bK0123456789abcdef;rport".into(),
        call_id: "0123456789abcdef0123456789abcdef@192.0.2.2".into(),
        from: "<sip:+14255550100@192.0.2.2>;tag=0123456789abcdef".into(),
        to: "<sip:+14252345667@192.0.2.1>".into(),
        cseq: 1,
        transport: "udp".into(),
        destination: ([192, 0, 2, 1], 5060).into(),
        local: ([192, 0, 2, 2], 5060).into(),
    })
}

fn main() {
    let directory = std::env::temp_dir().join(format!("octothorpe-bench-{}", std::process::id()));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let start = Instant::now();
    order("first");
    println!("first number read: {:.0} ms", start.elapsed().as_secs_f64() * 1e3);
    let start = Instant::now();
    (0..2000).for_each(|n| drop(order(&n.to_string())));
    println!("order read and checked: {:.1} us", start.elapsed().as_secs_f64() * 1e6 / 2000.0);
    for clients in [1, 32, 128] {
        let store = open(&directory.join(format!("submit-{clients}")));
        runtime.block_on(submits(store, clients));
    }
    let store = open(&directory.join("cycles"));
    runtime.block_on(cycles(store, 32));
    std::fs::remove_dir_all(&directory).expect("the bench's directory is its own");
}

async fn submits(store: Store, clients: usize) {
    let start = Instant::now();
    let tasks = (0..clients).map(|client| tokio::spawn(submitter(store.clone(), client, start)));
    let mut waits: Vec<Duration> = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        waits.extend(task.await.expect("a submitter ends"));
    }
    let rate = waits.len() as f64 / start.elapsed().as_secs_f64();
    waits.sort();
    let at = |q: f64| waits[((waits.len() - 1) as f64 * q) as usize].as_secs_f64() * 1e3;
    println!(
        "durable submits, {clients} clients: {rate:.0}/s, p50 {:.2} ms, p99 {:.2} ms",
        at(0.5),
        at(0.99)
    );
}

async fn submitter(store: Store, client: usize, start: Instant) -> Vec<Duration> {
    let mut waits = Vec::new();
    let mut job = order("x");
    while start.elapsed() < RUN {
        // The same content under a new id: reading an order is measured apart.
        job.key.id = format!("{client}-{}", waits.len());
        let sent = Instant::now();
        let taken = store.submit(job.clone(), NOW).await.expect("the store works");
        assert!(matches!(taken, Submitted::New(_)));
        waits.push(sent.elapsed());
    }
    waits
}

async fn cycles(store: Store, clients: usize) {
    let start = Instant::now();
    let done = Arc::new(AtomicUsize::new(0));
    let tasks: Vec<_> =
        (0..clients).map(|client| tokio::spawn(submitter(store.clone(), client, start))).collect();
    let worker = tokio::spawn(worker(store.clone(), Arc::clone(&done)));
    let consumer = tokio::spawn(consume(store.clone()));
    for task in tasks {
        task.await.expect("a submitter ends");
    }
    let rate = done.load(Ordering::Relaxed) as f64 / start.elapsed().as_secs_f64();
    println!("whole jobs beside {clients} producers at full speed: {rate:.0}/s");
    worker.abort();
    consumer.abort();
    let drained = open_loop(&store, &done).await;
    println!("whole jobs without producers, claimed by the hundred: {drained:.0}/s");
}

async fn worker(store: Store, done: Arc<AtomicUsize>) {
    loop {
        let claims = store.claim(100, NOW).await.expect("the store works").claims;
        if claims.is_empty() {
            store.work().await;
        }
        one_batch(&store, claims, &done).await;
    }
}

async fn one_batch(store: &Store, claims: Vec<Claim>, done: &Arc<AtomicUsize>) {
    let calls: Vec<_> = claims
        .into_iter()
        .map(|claim| {
            let (store, done) = (store.clone(), Arc::clone(done));
            tokio::spawn(async move {
                let dial = store.begin_dial(&claim, leg(), NOW).await.expect("the store works");
                let permit = dial.expect("the claim is ours");
                let span = Span { accepted_at: claim.accepted_at, finished_at: NOW };
                let result = JobResult::new(&claim.job, Reason::KeyPressed, Vec::new(), &server(), span);
                store.finish(permit.claim(), result).await.expect("the store works");
                store.leg_over(permit.dial());
                done.fetch_add(1, Ordering::Relaxed);
            })
        })
        .collect();
    for call in calls {
        call.await.expect("a call ends");
    }
}

async fn open_loop(store: &Store, done: &Arc<AtomicUsize>) -> f64 {
    let (start, before) = (Instant::now(), done.load(Ordering::Relaxed));
    while start.elapsed() < RUN {
        let claims = store.claim(100, NOW).await.expect("the store works").claims;
        if claims.is_empty() {
            break;
        }
        one_batch(store, claims, done).await;
    }
    (done.load(Ordering::Relaxed) - before) as f64 / start.elapsed().as_secs_f64()
}

async fn consume(store: Store) {
    let core = Consumer::new(None, "core").expect("a proper name");
    loop {
        let results = store.results(&core, 100, RUN).await.expect("the store works");
        if let Some(last) = results.last() {
            store.ack(&core, last.cursor.clone()).await.expect("a cursor of this store");
        }
    }
}

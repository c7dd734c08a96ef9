//! A store in a directory of its own, and the orders that the queue's tests hand in.

#![allow(dead_code, reason = "each test file uses its part")]

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use octothorpe::job::{Job, JobKey, UnixMs};
use octothorpe::leg::record::{LegRecord, RecordStage, SipRecord};
use octothorpe::queue::embedded::{Embedded, OpenError, Settings};
use octothorpe::queue::{Claim, JobStore, Store, Submitted};
use octothorpe::reason::Reason;
use octothorpe::report::record::{AttemptRecord, JobResult, Secured, Server, Span};

/// 2026-11-21T22:30:45Z; the stores' clocks are arguments.
pub(crate) const NOW: UnixMs = UnixMs(1_795_300_245_000);

pub(crate) fn later(ms: u64) -> UnixMs {
    UnixMs(NOW.0 + ms)
}

/// A directory that goes with the test.
pub(crate) struct Directory(pub(crate) PathBuf);

impl Directory {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("octothorpe-store-{}-{n}", std::process::id());
        // Below the build's directory, where nobody else tidies up while a test runs.
        Self(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn server() -> Server {
    Server { name: "g1".into(), ip: [127, 0, 0, 1].into(), version: "0.1.0".into() }
}

pub(crate) fn settings(directory: &Path) -> Settings {
    Settings {
        directory: directory.to_owned(),
        reserve_bytes: 1 << 20,
        results_kept: Duration::from_secs(7 * 24 * 3600),
        records_kept: Duration::from_secs(90 * 24 * 3600),
        max_waiting: 100_000,
        server: server(),
    }
}

pub(crate) fn embedded(settings: &Settings) -> Result<Store, OpenError> {
    Embedded::open(settings, [9; 32]).map(Store::Embedded)
}

/// An order by its id, with further fields as JSON (`,"priority":9`).
pub(crate) fn order(id: &str, more: &str) -> Job {
    let text = format!(r#"{{"to":"+1 425 234 5667","id":"{id}"{more}}}"#);
    Job::read(text.as_bytes(), "acme", NOW, 1).unwrap()
}

pub(crate) fn key(id: &str) -> JobKey {
    JobKey { tenant: "acme".into(), id: id.into() }
}

pub(crate) async fn submit(store: &Store, id: &str, more: &str) {
    let taken = store.submit(order(id, more), NOW).await.unwrap();
    assert!(matches!(taken, Submitted::New(_)), "{id}: {taken:?}");
}

pub(crate) async fn claim(store: &Store, capacity: usize, now: UnixMs) -> Vec<Claim> {
    store.claim(capacity, now).await.unwrap().claims
}

pub(crate) async fn claim_one(store: &Store) -> Claim {
    let mut claims = claim(store, 1, NOW).await;
    assert_eq!(claims.len(), 1);
    claims.remove(0)
}

pub(crate) fn ids(claims: &[Claim]) -> Vec<String> {
    claims.iter().map(|c| c.job.key.id.clone()).collect()
}

pub(crate) fn leg(stage: RecordStage, cseq: u32) -> LegRecord {
    leg_of("c1", stage, cseq)
}

pub(crate) fn leg_of(call_id: &str, stage: RecordStage, cseq: u32) -> LegRecord {
    LegRecord::Sip(SipRecord {
        stage,
        request_uri: "sip:+14252345667@192.0.2.1".into(),
        route: Vec::new(),
        via: format!("SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK{cseq}"),
        call_id: call_id.into(),
        from: "<sip:+14255550100@192.0.2.2>;tag=a".into(),
        to: "<sip:+14252345667@192.0.2.1>".into(),
        cseq,
        transport: "udp".into(),
        destination: ([192, 0, 2, 1], 5060).into(),
        local: ([192, 0, 2, 2], 5060).into(),
    })
}

pub(crate) fn answered() -> RecordStage {
    RecordStage::Answered {
        to_tag: "b".into(),
        remote_target: "sip:bob@192.0.2.1".into(),
        route_set: Vec::new(),
    }
}

pub(crate) fn attempt(trunk: &str) -> AttemptRecord {
    AttemptRecord {
        trunk: trunk.into(),
        call_id: "c1".into(),
        caller_id: None,
        started_at: NOW,
        rung: false,
        ringing_ms: None,
        answered_ms: None,
        ended_ms: Some(40),
        pdd_ms: None,
        sip_status: Some(503),
        sip_reason: None,
        q850: None,
        reason: Some(Reason::TrunkFailed),
        transport: Some("udp".into()),
        secured: Secured::None,
        codec: None,
        media: None,
        ignored_keys: Vec::new(),
    }
}

pub(crate) fn result(claim: &Claim, reason: Reason, at: UnixMs) -> JobResult {
    let span = Span { accepted_at: claim.accepted_at, finished_at: at };
    JobResult::new(&claim.job, reason, claim.attempts.clone(), &server(), span)
}

//! A front door over a store of its own, for the tests that speak to it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use octothorpe::gateway::AdmissionControl;
use octothorpe::http::{self, Front};
use octothorpe::job::{JobRules, UnixMs};
use octothorpe::leg::record::{LegRecord, RecordStage, SipRecord};
use octothorpe::policy::Settings;
use octothorpe::queue::{JobStore, Store, embedded};
use octothorpe::reason::Reason;
use octothorpe::report::record::{JobResult, Server, Span};
use octothorpe::report::reload::NotReloaded;
use octothorpe::report::snapshot::GatewaySnapshot;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// 2026-11-21T22:30:45.007Z.
pub(crate) const NOW: UnixMs = UnixMs(1_795_300_245_007);

fn now() -> UnixMs {
    NOW
}

pub(crate) fn server() -> Server {
    Server { name: "test".to_owned(), ip: [127, 0, 0, 1].into(), version: "0".to_owned() }
}

/// A front door over a store of its own; the directory goes when the test ends.
pub(crate) struct Door {
    pub(crate) address: SocketAddr,
    pub(crate) store: Store,
    pub(crate) gateway: watch::Sender<Arc<GatewaySnapshot>>,
    pub(crate) closing: watch::Sender<bool>,
    pub(crate) served: tokio::task::JoinHandle<std::io::Result<()>>,
    _scratch: Scratch,
}

impl Door {
    /// A door whose store has room.
    pub(crate) async fn open() -> Door {
        Door::with_room_for(1_000).await
    }

    /// A door whose store lets so many jobs wait.
    pub(crate) async fn with_room_for(max_waiting: usize) -> Door {
        // The tests' client speaks by the same as the product's; another test may have said so before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (settings, scratch) = settings(max_waiting);
        let store = Store::Embedded(embedded::Embedded::open(&settings, [7; 32]).unwrap());
        let ready = GatewaySnapshot { ready: true, ..GatewaySnapshot::default() };
        let (gateway, gateway_seen) = watch::channel(Arc::new(ready));
        let (closing, closing_seen) = watch::channel(false);
        let admission = AdmissionControl::open(Settings::default(), store.clone()).await.unwrap();
        let rules = JobRules { fraud_key: '0', key_ids: vec!["pins".into()], inline_keys: false };
        let front = Front {
            store: store.clone(),
            gateway: gateway_seen,
            admission,
            rules: watch::Sender::new(std::sync::Arc::new(rules)).subscribe(),
            now,
            reload: std::sync::Arc::new(|| Box::pin(async { Err(vec![not_reloaded()]) })),
            closing: closing_seen,
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let served = tokio::spawn(http::serve(listener, None, front));
        Door { address, store, gateway, closing, served, _scratch: scratch }
    }

    /// Claims one job and finishes it, as the gateway does.
    pub(crate) async fn finish_one(&self, reason: Reason) {
        let claimed = self.store.claim(1, NOW).await.unwrap();
        let claim = claimed.claims.into_iter().next().expect("a job waits");
        let span = Span { accepted_at: claim.accepted_at, finished_at: NOW };
        let result = JobResult::new(&claim.job, reason, Vec::new(), &server(), span);
        self.store.finish(&claim, result).await.unwrap();
    }
}

/// What this door's gateway says to every reload.
fn not_reloaded() -> NotReloaded {
    let [place, problem, remedy] = ["policy.toml:3", "`countries` is 1", "Write a list"].map(str::to_owned);
    NotReloaded { place, problem, remedy }
}

/// What an INVITE leaves behind before it is sent.
pub(crate) fn leg() -> LegRecord {
    LegRecord::Sip(SipRecord {
        stage: RecordStage::Inviting,
        request_uri: "sip:+14252345667@192.0.2.1".into(),
        route: Vec::new(),
        via: "SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bK0".into(),
        call_id: "c@lab".into(),
        from: "<sip:+14255550100@192.0.2.2>;tag=0".into(),
        to: "<sip:+14252345667@192.0.2.1>".into(),
        cseq: 1,
        transport: "udp".into(),
        destination: ([192, 0, 2, 1], 5060).into(),
        local: ([192, 0, 2, 2], 5060).into(),
    })
}

/// A directory that goes with its owner.
pub(crate) struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A store of its own, which lets so many jobs wait.
pub(crate) fn settings(max_waiting: usize) -> (embedded::Settings, Scratch) {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let directory = std::env::temp_dir().join(format!("octothorpe-http-{}-{number}", std::process::id()));
    let settings = embedded::Settings {
        directory: directory.clone(),
        reserve_bytes: 0,
        results_kept: Duration::from_secs(86_400),
        records_kept: Duration::from_secs(90 * 86_400),
        max_waiting,
        server: server(),
    };
    (settings, Scratch(directory))
}

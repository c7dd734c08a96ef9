//! A front door over a store of its own, for the tests that speak to it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use octothorpe::gateway::AdmissionControl;
use octothorpe::http::{self, Front};
use octothorpe::job::UnixMs;
use octothorpe::policy::Settings;
use octothorpe::queue::{JobStore, Store, embedded};
use octothorpe::reason::Reason;
use octothorpe::report::record::{JobResult, Server, Span};
use octothorpe::report::snapshot::GatewaySnapshot;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// 2026-11-21T22:30:45.007Z.
const NOW: UnixMs = UnixMs(1_795_300_245_007);

fn now() -> UnixMs {
    NOW
}

fn server() -> Server {
    Server { name: "test".to_owned(), ip: [127, 0, 0, 1].into(), version: "0".to_owned() }
}

/// A front door over a store of its own; the directory goes when the test ends.
pub(crate) struct Door {
    pub(crate) address: SocketAddr,
    pub(crate) store: Store,
    pub(crate) gateway: watch::Sender<Arc<GatewaySnapshot>>,
    pub(crate) closing: watch::Sender<bool>,
    pub(crate) served: tokio::task::JoinHandle<std::io::Result<()>>,
    directory: PathBuf,
}

impl Door {
    /// A door whose store has room.
    pub(crate) async fn open() -> Door {
        Door::with_room_for(1_000).await
    }

    /// A door whose store lets so many jobs wait.
    pub(crate) async fn with_room_for(max_waiting: usize) -> Door {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let directory = std::env::temp_dir().join(format!("octothorpe-http-{}-{number}", std::process::id()));
        let settings = embedded::Settings {
            directory: directory.clone(),
            reserve_bytes: 0,
            results_kept: Duration::from_secs(86_400),
            max_waiting,
            server: server(),
        };
        let store = Store::Embedded(embedded::Embedded::open(&settings, [7; 32]).unwrap());
        let ready = GatewaySnapshot { ready: true, ..GatewaySnapshot::default() };
        let (gateway, gateway_seen) = watch::channel(Arc::new(ready));
        let (closing, closing_seen) = watch::channel(false);
        let admission = AdmissionControl::open(Settings::default(), store.clone()).await.unwrap();
        let front =
            Front { store: store.clone(), gateway: gateway_seen, admission, now, closing: closing_seen };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let served = tokio::spawn(http::serve(listener, front));
        Door { address, store, gateway, closing, served, directory }
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

impl Drop for Door {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

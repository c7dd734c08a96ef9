//! What `serve`, `call`, `demo` and `load` start: prompts, store, gateway.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::RngExt;

use super::exit::Failure;
use crate::config::{Config, QueueConfig};
use crate::gateway::{self, Gateway, clock};
use crate::prompt::{DEFAULT_LOCALE, Library};
use crate::queue::Store;
use crate::queue::embedded::{Embedded, Settings};

/// Jobs that may wait to be claimed; past it intake answers 503 (contract §7.5).
const MOST_WAITING: usize = 100_000;
/// Threads of the runtime: one for the event loop, the front door and the drivers.
const RUNTIME_THREADS: usize = 1;
/// The runtime goes to sleep at most this often: what comes in meanwhile is done in one go, as waking
/// up costs more than most of it. The first thing after a quiet time is done at once.
const REST: Duration = Duration::from_millis(5);

/// A gateway with its store.
pub(super) struct Started {
    pub(super) gateway: Gateway,
    pub(super) store: Store,
}

/// Opens everything that the configuration names and begins to work on jobs.
pub(super) async fn start(config: Config) -> Result<Started, Failure> {
    let packs = load_packs(&config).map_err(Failure::usage)?;
    let store = open_store(&config)?;
    let gateway = Gateway::start(config, store.clone(), packs).await;
    let gateway = gateway.map_err(|error| Failure::cannot_run(error.to_string()))?;
    Ok(Started { gateway, store })
}

/// The prompt packs of a configuration.
pub(super) fn load_packs(config: &Config) -> Result<Arc<Library>, String> {
    let packs = Library::load(&config.prompts.path, DEFAULT_LOCALE).map_err(|error| error.to_string())?;
    let packs = packs.with_tenants(&config.prompts.tenants).map_err(|error| error.to_string())?;
    Ok(Arc::new(packs))
}

fn open_store(config: &Config) -> Result<Store, Failure> {
    let settings = Settings {
        directory: config.queue.path.clone(),
        reserve_bytes: config.queue.reserve_bytes,
        results_kept: config.queue.results_kept,
        records_kept: config.queue.records_kept,
        max_waiting: MOST_WAITING,
        server: gateway::server(config),
    };
    let store = Embedded::open(&settings, rand::rng().random());
    Ok(Store::Embedded(store.map_err(|error| Failure::cannot_run(error.to_string()))?))
}

/// Runs a command that carries calls.
pub(super) fn on_threads<T>(command: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime =
        builder.worker_threads(RUNTIME_THREADS).enable_all().on_thread_park(rest_between_wakes).build();
    runtime.map_err(|error| Failure::cannot_run(format!("no runtime: {error}")))?.block_on(command)
}

/// Called before a thread of the runtime waits: sleeps out what is left of its [`REST`].
fn rest_between_wakes() {
    thread_local! {
        static LAST: Cell<Option<Instant>> = const { Cell::new(None) };
    }
    let now = clock::now();
    let left = LAST.get().and_then(|last| (last + REST).checked_duration_since(now));
    if let Some(left) = left {
        std::thread::sleep(left);
    }
    LAST.set(Some(clock::now()));
}

/// A directory for one run, removed with it.
#[derive(Debug)]
pub(super) struct Scratch(PathBuf);

impl Scratch {
    pub(super) fn new(command: &str) -> Result<Scratch, Failure> {
        let name = format!("octothorpe-{command}-{}-{:08x}", std::process::id(), rand::rng().random::<u32>());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path)
            .map_err(|error| Failure::cannot_run(format!("{}: {error}", path.display())))?;
        Ok(Scratch(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// A store of this run's own.
    pub(super) fn queue(&self) -> QueueConfig {
        QueueConfig::at(self.0.join("var"))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed lies in the system's own directory for such things.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

//! The edge: the event loop, sockets, media threads, drivers of jobs, clocks, shutdown.
//!
//! [`Gateway::start`] opens everything; [`Shutdown::drain`] stops dialling and lets calls finish;
//! [`Shutdown::end_calls`] ends them politely; [`Gateway::finished`] returns when all is done.

mod admission;
mod blocking;
mod channels;
pub mod clock;
mod driver;
mod event_loop;
mod figures;
mod host_udp;
mod intake;
mod ladder;
pub(crate) mod legs;
mod line;
mod lines;
pub mod media;
pub mod observer;
mod orphans;
mod plan;
pub mod probe;
mod resolver;
mod terms;
pub(crate) mod timers;
pub mod transport;

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rand::RngExt;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::call::script::{ConfirmKey, ScriptLimits};
use crate::config::{self, Config, ScriptConfig, Transport};
use crate::job::JobRules;
use crate::leg::key::Digit;
use crate::number::Number;
use crate::policy::Settings;
use crate::prompt::Library;
use crate::queue::{Store, StoreError};
use crate::report::record::Server;
use crate::report::snapshot::{Counter, GatewaySnapshot};
use crate::sip::endpoint::{Admission, Endpoint};
use crate::sip::message;
pub use admission::AdmissionControl;
pub use blocking::{Listed, NotBlocked};
use channels::Channels;
use event_loop::{EventLoop, Inputs};
use figures::Figures;
use host_udp::HostUdp;
use legs::{LegMaker, USER_AGENT};
use lines::Lines;
use media::{MediaEngine, MediaError, MediaHandle};
use observer::Observer;
use resolver::Resolver;
pub use terms::Renewal;
use terms::Terms;
use transport::{ListenError, Sockets};

/// How often the snapshot is made anew.
const SNAPSHOT: Duration = Duration::from_secs(1);

/// A number that any numbering plan can be asked for.
const ANY_NUMBER: &str = "+14252345667";

/// What drivers, intake and the event loop share.
pub(crate) struct Shared {
    store: Store,
    terms: watch::Sender<Terms>,
    admission: AdmissionControl,
    rules: watch::Sender<Arc<JobRules>>,
    server: Server,
    channels: Channels,
    lines: Lines,
    resolver: Arc<Resolver>,
    figures: Arc<Figures>,
    observer: Observer,
    phase: watch::Receiver<Phase>,
}

/// How far shutdown has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    /// Jobs are worked on.
    Running,
    /// No new dial; calls finish.
    Draining,
    /// Calls are ended politely.
    Ending,
}

/// Orders the shutdown of a gateway, from anywhere.
#[derive(Debug, Clone)]
pub struct Shutdown(watch::Sender<Phase>);

impl Shutdown {
    /// No new dial; calls that are up finish, claimed jobs that were not dialled go back.
    pub fn drain(&self) {
        self.advance(Phase::Draining);
    }

    /// Ends the calls that are up, politely.
    pub fn end_calls(&self) {
        self.advance(Phase::Ending);
    }

    fn advance(&self, phase: Phase) {
        self.0.send_if_modified(|now| {
            let later = phase > *now;
            *now = phase.max(*now);
            later
        });
    }
}

impl Shared {
    /// Returns once no new dial may be made.
    async fn drained(&self) {
        self.reached(Phase::Draining).await;
    }

    /// Returns once shutdown has come this far.
    async fn reached(&self, wanted: Phase) {
        let mut phase = self.phase.clone();
        // The only error is that the gateway is gone, which has come further.
        let _ = phase.wait_for(|phase| *phase >= wanted).await;
    }
}

/// Why a gateway could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An address of signalling.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The media engine.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// What earlier runs left for the limits.
    #[error("the limits cannot be read: {0}")]
    Limits(#[from] StoreError),
}

/// A running gateway.
pub struct Gateway {
    shared: Arc<Shared>,
    shutdown: Shutdown,
    snapshot: watch::Receiver<Arc<GatewaySnapshot>>,
    intake: JoinHandle<()>,
    event_loop: JoinHandle<()>,
    snapshots: JoinHandle<()>,
}

impl Gateway {
    /// Opens sockets and media, ends what an earlier run left up, and begins to work on jobs.
    ///
    /// # Errors
    /// [`StartError`] names what cannot be opened.
    pub async fn start(config: Config, store: Store, packs: Arc<Library>) -> Result<Gateway, StartError> {
        warm_up();
        let (sockets, inbound) = Sockets::open(&config.sip.listen).await?;
        let (media, media_events) = MediaEngine::start(&config.media)?;
        let capacity = media.capacity();
        let (lines, commands) = Lines::new();
        let (shutdown, phase) = watch::channel(Phase::Running);
        let shared = Arc::new(Shared {
            admission: AdmissionControl::open(Settings::of(&config), store.clone()).await?,
            store,
            terms: watch::Sender::new(Terms::new(&config, packs)),
            server: server(&config),
            rules: watch::Sender::new(Arc::new(job_rules(&config))),
            channels: Channels::new(config.trunks.clone()),
            lines,
            resolver: Arc::new(Resolver::new(&config.sip.listen, &config.media)),
            figures: Arc::default(),
            observer: Observer::default(),
            phase,
        });
        let (published, snapshot) = watch::channel(Arc::default());
        let dropped = sockets.dropped();
        let event_loop = EventLoop {
            endpoint: Endpoint::new(Admission::NoCalls, USER_AGENT, rand::rng().random()),
            lines: HashMap::new(),
            cleanups: HashMap::new(),
            parting: HashMap::new(),
            held: HashMap::new(),
            admission: shared.admission.clone(),
            by_call_id: HashMap::new(),
            by_job: HashMap::new(),
            timers: timers::Timers::default(),
            trunk_addresses: config.trunks.iter().filter_map(|trunk| trunk.target.host.ip()).collect(),
            legs: LegMaker::new(config.sip, config.media, config.trunks),
            store: shared.store.clone(),
            observer: shared.observer.clone(),
            resolver: shared.resolver.clone(),
            figures: shared.figures.clone(),
            sockets,
            media: media.clone(),
        };
        let event_loop = tokio::spawn(event_loop.run(Inputs { inbound, media: media_events, commands }));
        let intake = tokio::spawn(intake::run(shared.clone(), capacity));
        let snapshots = tokio::spawn(publish(shared.clone(), media, dropped, published));
        Ok(Gateway { shared, shutdown: Shutdown(shutdown), snapshot, intake, event_loop, snapshots })
    }

    /// What happens to jobs, for whoever watches.
    pub fn observer(&self) -> &Observer {
        &self.shared.observer
    }

    /// Who may be called.
    pub fn admission(&self) -> AdmissionControl {
        self.shared.admission.clone()
    }

    /// What puts another policy and other prompts in force.
    pub fn renewal(&self) -> Renewal {
        let Shared { terms, rules, admission, .. } = &*self.shared;
        Renewal { terms: terms.clone(), rules: rules.clone(), admission: admission.clone() }
    }

    /// What it asks of an order besides the contract, now and after a reload.
    pub fn rules(&self) -> watch::Receiver<Arc<JobRules>> {
        self.shared.rules.subscribe()
    }

    /// The gateway as it told last.
    pub fn snapshots(&self) -> watch::Receiver<Arc<GatewaySnapshot>> {
        self.snapshot.clone()
    }

    /// What orders its shutdown.
    pub fn shutdown(&self) -> Shutdown {
        self.shutdown.clone()
    }

    /// Returns when the last call has ended and its result is durable.
    pub async fn finished(self) {
        let Gateway { shared, shutdown: _, snapshot: _, intake, event_loop, snapshots } = self;
        let _ = intake.await;
        snapshots.abort();
        let _ = snapshots.await;
        drop(shared);
        let _ = event_loop.await;
    }
}

/// The numbering plan is read with the first number, which takes some hundred milliseconds: here,
/// rather than while a producer waits or a call runs.
fn warm_up() {
    let _ = Number::parse(ANY_NUMBER).map(|number| number.validity(&[]));
}

fn script_limits(script: &ScriptConfig) -> ScriptLimits {
    ScriptLimits {
        lead: script.lead,
        wait: script.wait,
        sayings: script.sayings,
        fraud_key: Digit::from_char(script.fraud_key).expect("the configuration admits only keys"),
        confirm_key: confirm_key(script.confirm_key),
    }
}

/// What the configuration calls by the same name.
fn confirm_key(configured: config::ConfirmKey) -> ConfirmKey {
    match configured {
        config::ConfirmKey::Hash => ConfirmKey::Hash,
        config::ConfirmKey::Spoken => ConfirmKey::Spoken,
    }
}

/// What this gateway asks of an order besides the contract.
pub fn job_rules(config: &Config) -> JobRules {
    JobRules {
        fraud_key: config.script.fraud_key,
        key_ids: config.keys.ids().map(str::to_owned).collect(),
        inline_keys: config.script.inline_keys,
    }
}

/// Who we are in every result.
pub fn server(config: &Config) -> Server {
    let ip =
        config.sip.listen.first().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |listen| listen.address.ip());
    Server {
        name: rustix::system::uname().nodename().to_string_lossy().into_owned(),
        ip,
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// Makes the snapshot anew each second.
async fn publish(
    shared: Arc<Shared>,
    media: MediaHandle,
    dropped: Arc<AtomicU64>,
    published: watch::Sender<Arc<GatewaySnapshot>>,
) {
    let host_udp = HostUdp::new();
    let mut ticks = tokio::time::interval(SNAPSHOT);
    loop {
        ticks.tick().await;
        let draining = *shared.phase.borrow() != Phase::Running;
        let channels = shared.channels.in_use();
        let calls = channels.iter().map(|(_, in_use)| in_use).sum::<usize>();
        let snapshot = GatewaySnapshot {
            ready: !draining,
            draining,
            calls: u32::try_from(calls).unwrap_or(u32::MAX),
            capacity: u32::try_from(media.capacity()).unwrap_or(u32::MAX),
            lateness: media.lateness(),
            counters: [
                shared.figures.counters(dropped.load(Ordering::Relaxed)),
                vec![Counter {
                    name: "prefixes_stopped",
                    help: "Prefixes that were taken to be pumped and were stopped",
                    label: None,
                    value: shared.admission.prefixes_stopped(),
                }],
                host_udp.counters().to_vec(),
            ]
            .concat(),
            trunks: shared.figures.trunks(channels),
        };
        published.send_replace(Arc::new(snapshot));
    }
}

/// The transport of a message as the configuration names it; we send by no other.
pub(crate) fn transport_of(transport: &message::Transport) -> Option<Transport> {
    match transport {
        message::Transport::Udp => Some(Transport::Udp),
        message::Transport::Tcp => Some(Transport::Tcp),
        message::Transport::Tls
        | message::Transport::Sctp
        | message::Transport::Ws
        | message::Transport::Wss
        | message::Transport::Other(_) => None,
    }
}

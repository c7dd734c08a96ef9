//! The engine as the event loop sees it.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::mpsc;

use super::lateness::Histogram;
use super::limits::{capacity, raise_open_files};
use super::port_pool::{NoPort, PortPool};
use super::realtime;
use super::slot::Slot;
use super::sockets::Sockets;
use super::thread::{Order, Worker};
use crate::config::MediaConfig;
use crate::gateway::clock;
use crate::leg::media::Line;
use crate::leg::{MediaCommand, MediaEvent};
use crate::report::snapshot::Lateness;

/// Orders that wait for one thread, which looks every 5 ms; whoever gives more has to wait.
const ORDERS: usize = 4_096;
/// Events that wait for the event loop; further ones wait in their lines.
const EVENTS: usize = 8_192;
/// Ports tried for one line; another program may hold some of the range.
const TRIES: usize = 16;

/// What may differ from run to run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Media threads.
    pub threads: usize,
    /// Whether to ask for SCHED_FIFO.
    pub realtime: bool,
    /// How long a port rests after its call: longer than packets are under way, and than a far
    /// end goes on sending after its BYE was answered.
    pub port_rest: Duration,
    /// Whether to count how far apart packets come, by the kernel's stamps. For the far end of a
    /// load run.
    pub watch_spacing: bool,
    /// The share of the packets to be sent that is lost on purpose, 0 to 1. For the test phone.
    pub loss: f32,
}

impl Default for Options {
    /// A core is left to signalling.
    fn default() -> Options {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let threads = cores.saturating_sub(1).max(1);
        Options {
            threads,
            realtime: true,
            port_rest: Duration::from_secs(5),
            watch_spacing: false,
            loss: 0.0,
        }
    }
}

/// Why there is no media engine.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// A thread could not be started.
    #[error("cannot start a media thread: {0}")]
    Thread(#[source] io::Error),
    /// The machine's limits leave room for no call at all.
    #[error("open files ({open_files}) and the port range leave room for no call")]
    NoRoom {
        /// The limit of open files that holds.
        open_files: u64,
    },
}

/// The addresses of an open line, as bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalMedia {
    /// Where RTP comes in: an even port.
    pub rtp: SocketAddr,
    /// Where RTCP comes in: the next port.
    pub rtcp: SocketAddr,
}

/// Starts engines.
#[derive(Debug)]
pub struct MediaEngine;

impl MediaEngine {
    /// Starts an engine with the default options.
    ///
    /// # Errors
    /// [`MediaError`] tells what the machine refuses.
    pub fn start(
        config: &MediaConfig,
    ) -> Result<(MediaHandle, mpsc::Receiver<(u64, MediaEvent)>), MediaError> {
        MediaEngine::start_with(config, Options::default())
    }

    /// Starts an engine. Its threads end with the last clone of the handle.
    ///
    /// # Errors
    /// [`MediaError`] tells what the machine refuses.
    pub fn start_with(
        config: &MediaConfig,
        options: Options,
    ) -> Result<(MediaHandle, mpsc::Receiver<(u64, MediaEvent)>), MediaError> {
        let open_files = raise_open_files();
        let capacity = capacity(open_files, config.ports.pairs());
        if capacity == 0 {
            return Err(MediaError::NoRoom { open_files });
        }
        let ports = Arc::new(Mutex::new(PortPool::new(config.ports, options.port_rest)));
        let (events, receiver) = mpsc::channel(EVENTS);
        let threads = (0..options.threads.max(1))
            .map(|n| start_thread(n, options, events.clone(), ports.clone()))
            .collect::<io::Result<Vec<_>>>()
            .map_err(MediaError::Thread)?;
        let (ipv4, ipv6) = (config.ipv4, config.ipv6);
        let spacing = options.watch_spacing.then(Arc::default);
        let shared = Shared { threads, spacing, ports, capacity, ipv4, ipv6 };
        Ok((MediaHandle { shared: Arc::new(shared) }, receiver))
    }
}

/// Hands lines and orders to the media threads.
#[derive(Debug, Clone)]
pub struct MediaHandle {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    threads: Vec<Thread>,
    /// How far apart packets came, if that is wanted.
    spacing: Option<Arc<Histogram>>,
    ports: Arc<Mutex<PortPool>>,
    capacity: usize,
    ipv4: Option<IpAddr>,
    ipv6: Option<IpAddr>,
}

#[derive(Debug)]
struct Thread {
    orders: SyncSender<Order>,
    lateness: Arc<Histogram>,
}

impl MediaHandle {
    /// Opens the sockets of line `id`, of the IP family that its far end has.
    ///
    /// # Errors
    /// [`NoPort`] if none is free now, or media has no address of that family.
    pub fn open(&self, id: u64, is_ipv4: bool) -> Result<LocalMedia, NoPort> {
        let address = if is_ipv4 { self.shared.ipv4 } else { self.shared.ipv6 };
        let address = address.ok_or(NoPort)?;
        let (port, mut sockets) = self.bind(address)?;
        if let Some(spacing) = &self.shared.spacing {
            sockets.watch(spacing.clone());
        }
        let line = Line::new(clock::now(), &mut rand::rng());
        let slot = Slot { id, port, sockets, line };
        self.order(id, Order::Open(Box::new(slot)));
        let (rtp, rtcp) = (SocketAddr::new(address, port), SocketAddr::new(address, port + 1));
        Ok(LocalMedia { rtp, rtcp })
    }

    /// Gives line `id` an order. Waits if its thread is thousands of orders behind.
    pub fn command(&self, id: u64, command: MediaCommand) {
        self.order(id, Order::Command(id, command));
    }

    /// Lines that ports and open files allow at one time.
    pub fn capacity(&self) -> usize {
        self.shared.capacity
    }

    /// How late packets left since the start.
    pub fn lateness(&self) -> Lateness {
        Histogram::snapshot(self.shared.threads.iter().map(|thread| &*thread.lateness))
    }

    /// How far apart packets came, where [`Options::watch_spacing`] says to look.
    pub fn spacing(&self) -> Lateness {
        Histogram::snapshot(self.shared.spacing.iter().map(|spacing| &**spacing))
    }

    fn order(&self, id: u64, order: Order) {
        let count = self.shared.threads.len() as u64;
        let thread = &self.shared.threads[(id % count) as usize];
        // A thread ends only after the last handle.
        let _ = thread.orders.send(order);
    }

    fn bind(&self, address: IpAddr) -> Result<(u16, Sockets), NoPort> {
        for _ in 0..TRIES {
            let port = self.ports().take(clock::now(), &mut rand::rng())?;
            match Sockets::bind(address, port) {
                Ok(sockets) => return Ok((port, sockets)),
                // Somebody else has it: it rests, and may be free later.
                Err(error) => {
                    tracing::debug!(port, %error, "media port not free");
                    self.ports().give_back(clock::now(), port);
                }
            }
        }
        Err(NoPort)
    }

    fn ports(&self) -> MutexGuard<'_, PortPool> {
        self.shared.ports.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn start_thread(
    number: usize,
    options: Options,
    events: mpsc::Sender<(u64, MediaEvent)>,
    ports: Arc<Mutex<PortPool>>,
) -> io::Result<Thread> {
    let (orders, receiver) = sync_channel(ORDERS);
    let lateness = Arc::<Histogram>::default();
    let worker = Worker::new(receiver, events, lateness.clone(), options.loss, ports);
    thread::Builder::new().name(format!("media-{number}")).spawn(move || {
        if options.realtime {
            realtime::claim();
        }
        worker.run();
    })?;
    Ok(Thread { orders, lateness })
}

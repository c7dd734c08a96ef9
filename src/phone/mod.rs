//! The answering phone, for the demo, tests and load: made of the rooms that the gateway is made of.
//!
//! It takes every call that comes to its addresses, meets it as its [`Behaviour`] says, and tells
//! what happened as [`CallNews`]. One process answers thousands of calls.

mod attendant;
mod behaviour;
mod desk;
mod event_loop;
mod line;
mod news;
mod onward;
mod sounds;
mod station;

use std::net::SocketAddr;

use rand::RngExt;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

pub use attendant::recordings::{Recordings, RecordingsError};
pub use attendant::{Extension, Office};
pub use behaviour::{Answer, Behaviour, Stroke};
pub use news::{CallNews, PhoneEvent};

use crate::config::{Listen, MediaConfig, Transport};
use crate::gateway::legs::USER_AGENT;
use crate::gateway::media::{MediaEngine, MediaError, MediaHandle, Options};
use crate::gateway::transport::{ListenError, Sockets};
use crate::report::snapshot::Lateness;
use crate::sip::endpoint::{Admission, Endpoint};
use event_loop::EventLoop;
use news::News;

/// Events kept for a slow reader.
const NEWS: usize = 65_536;

/// Where the phone lives.
#[derive(Debug, Clone)]
pub struct PhoneConfig {
    /// Addresses of signalling.
    pub listen: Vec<Listen>,
    /// Addresses and ports of media.
    pub media: MediaConfig,
    /// Options of the media engine.
    pub engine: Options,
    /// Whose attendant answers in place of a person.
    pub office: Option<Office>,
}

/// Why a phone could not start.
#[derive(Debug, thiserror::Error)]
pub enum PhoneError {
    /// An address of signalling.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The media engine.
    #[error(transparent)]
    Media(#[from] MediaError),
}

/// A phone that answers.
#[derive(Debug)]
pub struct Phone {
    addresses: Vec<(Transport, SocketAddr)>,
    media: MediaHandle,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Phone {
    /// Opens the phone's addresses and answers from now on. What happens arrives at the receiver.
    ///
    /// # Errors
    /// [`PhoneError`] names what cannot be opened.
    pub async fn start(
        config: PhoneConfig,
        behaviour: Behaviour,
    ) -> Result<(Phone, mpsc::Receiver<CallNews>), PhoneError> {
        let (sockets, inbound) = Sockets::open(&config.listen).await?;
        let (media, media_events) = MediaEngine::start_with(&config.media, config.engine)?;
        let (news, receiver) = mpsc::channel(NEWS);
        let (stop, stopped) = watch::channel(false);
        let addresses = sockets.addresses().collect();
        let endpoint = Endpoint::new(Admission::AllCalls, USER_AGENT, rand::rng().random());
        let event_loop =
            EventLoop::new(sockets, media.clone(), endpoint, behaviour, config.office, News(news));
        let task = tokio::spawn(event_loop.run(inbound, media_events, stopped));
        Ok((Phone { addresses, media, stop, task }, receiver))
    }

    /// The address that it listens on by this transport.
    pub fn address(&self, transport: Transport) -> Option<SocketAddr> {
        self.addresses.iter().find(|(of, _)| *of == transport).map(|(_, address)| *address)
    }

    /// How far apart packets came, where the engine's options say to look.
    pub fn spacing(&self) -> Lateness {
        self.media.spacing()
    }

    /// Hangs up every call and returns when the last one is over.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        // A phone that has panicked has no call left either.
        let _ = self.task.await;
    }
}

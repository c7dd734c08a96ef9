//! Is a trunk there? One OPTIONS to each of its addresses (RFC 3261 §11), for `check --online`.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rand::RngExt;
use tokio::sync::mpsc;

use super::legs::{USER_AGENT, wire};
use super::resolver::Resolver;
use super::transport::{Inbound, ListenError, Sockets};
use super::{clock, transport_of};
use crate::config::{Listen, MediaConfig, Transport, Trunk};
use crate::leg::signal::Peer;
use crate::sip::locate::{Hop, NotFound};
use crate::sip::message::{Message, Method, Name, NameAddr, Request, SipUri, Uri, Via};
use crate::sip::transaction::NonInviteClient;

/// Nobody waits longer for an answer on a terminal; Timer F would be 32 s.
const PATIENCE: Duration = Duration::from_secs(4);

/// What a trunk's address said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answered {
    /// A final status, and after how long.
    Status(u16, Duration),
    /// Nothing within a few seconds.
    Nothing,
    /// The address cannot be reached.
    Unreachable(String),
}

/// Why a trunk could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The DNS leads nowhere.
    #[error(transparent)]
    NotFound(#[from] NotFound),
    /// No socket could be opened.
    #[error(transparent)]
    Listen(#[from] ListenError),
}

/// Asks every next hop of a trunk, in the order in which calls try them, from the sockets in `listen`.
///
/// # Errors
/// [`ProbeError`] says why nothing could be asked.
pub async fn probe(
    trunk: &Trunk,
    listen: &[Listen],
    media: &MediaConfig,
) -> Result<Vec<(Hop, Answered)>, ProbeError> {
    let (mut sockets, mut inbound) = Sockets::open(listen).await?;
    let hops = Resolver::new(listen, media).locate(&trunk.target, rand::rng().random()).await?;
    let mut told = Vec::new();
    for hop in hops {
        let answered = match transport_of(&hop.transport) {
            Some(transport) => ask(transport, hop.address, &mut sockets, &mut inbound).await,
            None => Answered::Unreachable(format!("{} is not in this version", hop.transport)),
        };
        told.push((hop, answered));
    }
    Ok(told)
}

async fn ask(
    transport: Transport,
    address: SocketAddr,
    sockets: &mut Sockets,
    inbound: &mut mpsc::Receiver<Inbound>,
) -> Answered {
    let Some(local) = sockets.local_address(transport, address) else {
        return Answered::Unreachable("[sip] listen has no address of its transport and family".into());
    };
    let (call_id, bytes) = match options(transport, address, local) {
        Ok(written) => written,
        Err(text) => return Answered::Unreachable(text),
    };
    let began = clock::now();
    let peer = Peer { transport: wire(transport), address };
    let (mut machine, mut effects) =
        NonInviteClient::start(began, bytes.into(), peer.transport.is_reliable());
    loop {
        if let (Some(bytes), Some(transport)) = (effects.send.take(), transport_of(&peer.transport)) {
            sockets.send(transport, address, bytes);
        }
        let wake = machine.poll_timeout().map_or(began + PATIENCE, |(at, _)| at.min(began + PATIENCE));
        effects = tokio::select! {
            Some(inbound) = inbound.recv() => match inbound {
                Inbound::Message { bytes, .. } => match final_status(&bytes, &call_id) {
                    Some(status) => return Answered::Status(status, since(began)),
                    None => continue,
                },
                Inbound::Broken { text, .. } => return Answered::Unreachable(text),
            },
            () = tokio::time::sleep_until(wake.into()) => {
                if since(began) >= PATIENCE {
                    return Answered::Nothing;
                }
                machine.handle_timeout(clock::now())
            }
        };
    }
}

fn options(
    transport: Transport,
    address: SocketAddr,
    local: SocketAddr,
) -> Result<(String, Vec<u8>), String> {
    let word = || format!("{:016x}", rand::rng().random::<u64>());
    let host = |of: SocketAddr| Uri::Sip(SipUri::new(of.ip().into()).with_port(Some(of.port())));
    let via = Via::new(wire(transport), local, &word());
    let from = NameAddr::new(host(local)).with_tag(&word());
    let (to, call_id) = (NameAddr::new(host(address)), word());
    let mut request = Request::with_basics(Method::Options, host(address), &via, &from, &to, &call_id, 1);
    request.headers.push(Name::Accept, "application/sdp");
    request.headers.push(Name::UserAgent, USER_AGENT);
    Ok((call_id, request.write().map_err(|error| error.to_string())?))
}

/// The status of a final response to our OPTIONS; `None` for anything else.
fn final_status(bytes: &[u8], call_id: &str) -> Option<u16> {
    match Message::read(bytes).ok()? {
        Message::Response(response) => {
            let ours = response.headers.call_id().ok() == Some(call_id);
            Some(response.status.code()).filter(|status| ours && *status >= 200)
        }
        Message::Request(_) => None,
    }
}

fn since(began: Instant) -> Duration {
    clock::now().saturating_duration_since(began)
}

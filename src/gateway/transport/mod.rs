//! The sockets of signalling: bytes in with their source, bytes out to a destination.
//!
//! Each socket has a task that reads; all of them feed one bounded queue. UDP past the bound is
//! dropped and counted, because SIP repeats what matters (RFC 3261 §17); a TCP connection waits,
//! which is the far end's back-pressure.

mod tcp;
mod udp;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use tokio::sync::mpsc;

use super::legs::wire;
use crate::config::{Listen, Transport};
use crate::sip::endpoint::response_target;
use crate::sip::message::Response;

/// Messages between the sockets and the loop; a burst of a thousand calls' answers fits.
const INBOUND: usize = 8_192;

/// What came in.
#[derive(Debug)]
pub enum Inbound {
    /// One whole message.
    Message {
        /// What carried it.
        transport: Transport,
        /// Who sent it.
        source: SocketAddr,
        /// Its bytes.
        bytes: Bytes,
    },
    /// A connection to this destination could not be made or broke.
    Broken {
        /// Where it led.
        destination: SocketAddr,
        /// What the system said.
        text: String,
    },
}

/// A socket that could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {listen}: {source}")]
pub struct ListenError {
    listen: Listen,
    source: std::io::Error,
}

/// All sockets of signalling.
#[derive(Debug)]
pub struct Sockets {
    udp: Vec<udp::UdpPort>,
    tcp: tcp::TcpPorts,
    dropped: Arc<AtomicU64>,
}

impl Sockets {
    /// Opens every address; what comes in arrives at the receiver.
    ///
    /// # Errors
    /// The first address that cannot be opened.
    pub async fn open(listen: &[Listen]) -> Result<(Sockets, mpsc::Receiver<Inbound>), ListenError> {
        let (inbound, receiver) = mpsc::channel(INBOUND);
        let dropped = Arc::new(AtomicU64::new(0));
        let mut sockets =
            Sockets { udp: Vec::new(), tcp: tcp::TcpPorts::new(inbound.clone()), dropped: dropped.clone() };
        for &address in listen {
            let opened = match address.transport {
                Transport::Udp => sockets.listen_udp(address.address, inbound.clone()).await,
                Transport::Tcp => sockets.tcp.listen(address.address).await,
            };
            opened.map_err(|source| ListenError { listen: address, source })?;
        }
        Ok((sockets, receiver))
    }

    async fn listen_udp(
        &mut self,
        address: SocketAddr,
        inbound: mpsc::Sender<Inbound>,
    ) -> std::io::Result<()> {
        self.udp.push(udp::UdpPort::open(address, inbound, self.dropped.clone()).await?);
        Ok(())
    }

    /// Every address that is listened on, as bound.
    pub fn addresses(&self) -> impl Iterator<Item = (Transport, SocketAddr)> {
        let udp = self.udp.iter().map(|port| (Transport::Udp, port.address()));
        udp.chain(self.tcp.addresses().map(|address| (Transport::Tcp, address)))
    }

    /// Our own address towards this destination: that of the socket, or of the route to it where
    /// the socket is bound to every address.
    pub fn local_address(&self, transport: Transport, destination: SocketAddr) -> Option<SocketAddr> {
        let fits = |address: &SocketAddr| address.is_ipv4() == destination.is_ipv4();
        let bound = match transport {
            Transport::Udp => self.udp.iter().map(udp::UdpPort::address).find(fits),
            Transport::Tcp => self.tcp.addresses().find(fits),
        }?;
        if !bound.ip().is_unspecified() {
            return Some(bound);
        }
        route_to(destination).map(|ip| SocketAddr::new(ip, bound.port()))
    }

    /// Sends one message. What cannot be sent over TCP is told as [`Inbound::Broken`]; over UDP it
    /// is lost, as it may be anywhere on its way.
    pub fn send(&mut self, transport: Transport, destination: SocketAddr, bytes: Bytes) {
        match transport {
            Transport::Udp => {
                let port = self.udp.iter().find(|port| port.address().is_ipv4() == destination.is_ipv4());
                if !port.is_some_and(|port| port.send(destination, &bytes)) {
                    self.dropped.fetch_add(1, Ordering::Relaxed);
                }
            }
            Transport::Tcp => self.tcp.send(destination, bytes),
        }
    }

    /// Sends a stateless answer to where its request came from (RFC 3261 §18.2.2).
    pub fn answer(&mut self, response: &Response, transport: Transport, source: SocketAddr) {
        let target = response_target(response, &wire(transport), source);
        // What cannot be written would break out of its line: it is not sent at all.
        if let Ok(bytes) = response.write() {
            self.send(transport, target, bytes.into());
        }
    }

    /// Datagrams dropped because a queue or a socket buffer was full.
    pub fn dropped(&self) -> Arc<AtomicU64> {
        self.dropped.clone()
    }
}

/// The address of ours from which packets to this destination leave; nothing is sent.
pub fn route_to(destination: SocketAddr) -> Option<IpAddr> {
    let any: SocketAddr = if destination.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0; 8], 0).into() };
    let probe = std::net::UdpSocket::bind(any).ok()?;
    probe.connect(destination).ok()?;
    probe.local_addr().ok().map(|address| address.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A first INVITE that is not sent costs the person half a second (Timer A).
    #[tokio::test]
    async fn the_first_datagram_leaves_at_once() {
        let loopback = Listen { transport: Transport::Udp, address: ([127, 0, 0, 1], 0).into() };
        let (mut sender, _) = Sockets::open(&[loopback]).await.unwrap();
        let (receiver, mut inbound) = Sockets::open(&[loopback]).await.unwrap();
        let (_, destination) = receiver.addresses().next().unwrap();
        sender.send(Transport::Udp, destination, Bytes::from_static(b"first"));
        assert_eq!(sender.dropped().load(Ordering::Relaxed), 0);
        let Some(Inbound::Message { bytes, .. }) = inbound.recv().await else { panic!("a datagram") };
        assert_eq!(bytes, "first");
    }
}

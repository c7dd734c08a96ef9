//! The two sockets of one line.

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd as _;
use std::sync::Arc;
use std::time::Duration;

use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt::ReceiveTimestampns,
};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};
use socket2::{Domain, Protocol, SockRef, Socket, Type};

use super::lateness::Histogram;

/// Kernel memory for datagrams that wait, a socket: more than a second of G.711 with what the
/// kernel adds to each, and a bound for whoever floods the port.
const RECEIVE_BUFFER: usize = 64 * 1024;

/// A line's sockets, not blocking.
#[derive(Debug)]
pub(super) struct Sockets {
    rtp: UdpSocket,
    pub(super) rtcp: UdpSocket,
    /// The peer that the RTP socket is connected to.
    connected: Option<SocketAddr>,
    /// Whether all that waited at the connecting was read: only then is every datagram the peer's.
    is_pure: bool,
    watch: Option<Box<Watch>>,
}

/// Counts how far apart datagrams came, by the kernel's stamps.
#[derive(Debug)]
struct Watch {
    spacing: Arc<Histogram>,
    /// When the last one came, on the machine's wall clock.
    last: Option<Duration>,
    /// Room for one stamp.
    control: Vec<u8>,
}

impl Sockets {
    /// Binds the pair that begins at an even `port`.
    pub(super) fn bind(address: IpAddr, port: u16) -> io::Result<Sockets> {
        let rtp = bind(SocketAddr::new(address, port))?;
        let rtcp = bind(SocketAddr::new(address, port + 1))?;
        Ok(Sockets { rtp, rtcp, connected: None, is_pure: false, watch: None })
    }

    /// Counts from now on how far apart datagrams come.
    pub(super) fn watch(&mut self, spacing: Arc<Histogram>) {
        if setsockopt(&self.rtp, ReceiveTimestampns, &true).is_ok() {
            let control = nix::cmsg_space!(nix::sys::time::TimeSpec);
            self.watch = Some(Box::new(Watch { spacing, last: None, control }));
        }
    }

    /// Connects to the only peer there can be, which spares the kernel a look-up a packet and us
    /// everybody else's packets; undone when that peer is no longer sure.
    pub(super) fn connect(&mut self, peer: Option<SocketAddr>) {
        if peer == self.connected {
            return;
        }
        let done = match peer {
            Some(peer) => self.rtp.connect(peer).is_ok(),
            None => rustix::net::connect_unspec(&self.rtp).is_ok(),
        };
        // A peer that cannot be connected to may still be sent to.
        self.connected = peer.filter(|_| done);
        self.is_pure = false;
    }

    /// Receives one datagram of the RTP port; `None` when none waits.
    pub(super) fn receive(&mut self, buffer: &mut [u8]) -> Option<(SocketAddr, usize)> {
        if let Some(watch) = &mut self.watch {
            return watch.receive(&self.rtp, buffer);
        }
        let Some(peer) = self.connected.filter(|_| self.is_pure) else {
            let received = receive(&self.rtp, buffer);
            self.is_pure = received.is_none();
            return received;
        };
        loop {
            // The kernel admits nobody else, so the sender's address need not be asked for.
            match rustix::net::recv(&self.rtp, &mut *buffer, RecvFlags::empty()) {
                Err(Errno::CONNREFUSED) => {}
                received => return received.ok().map(|(_, len)| (peer, len)),
            }
        }
    }

    /// Sends a datagram; what cannot be sent now is lost, as on any network.
    pub(super) fn send(&self, to: SocketAddr, datagram: &[u8]) {
        if self.connected != Some(to) {
            let _ = self.rtp.send_to(datagram, to);
        } else if rustix::net::send(&self.rtp, datagram, SendFlags::empty()) == Err(Errno::CONNREFUSED) {
            // An ICMP error of an earlier packet was told instead of sending this one.
            let _ = self.rtp.send(datagram);
        }
    }
}

impl Watch {
    fn receive(&mut self, socket: &UdpSocket, buffer: &mut [u8]) -> Option<(SocketAddr, usize)> {
        let mut room = [IoSliceMut::new(buffer)];
        let received = loop {
            let control = Some(&mut self.control[..]);
            match recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut room, control, MsgFlags::empty()) {
                Err(nix::errno::Errno::ECONNREFUSED) => {}
                received => break received.ok()?,
            }
        };
        let mut messages = received.cmsgs().ok()?;
        let stamp = messages.find_map(|message| {
            let ControlMessageOwned::ScmTimestampns(at) = message else { return None };
            Some(Duration::from(at))
        });
        if let Some((at, last)) = stamp.and_then(|at| Some((at, self.last?))) {
            self.spacing.count(at.saturating_sub(last));
        }
        self.last = stamp.or(self.last);
        Some((address(received.address.as_ref()?)?, received.bytes))
    }
}

fn address(of: &SockaddrStorage) -> Option<SocketAddr> {
    let ipv4 = of.as_sockaddr_in().map(|ipv4| SocketAddr::V4((*ipv4).into()));
    ipv4.or_else(|| of.as_sockaddr_in6().map(|ipv6| SocketAddr::V6((*ipv6).into())))
}

/// Receives one datagram; `None` when none waits. An ICMP error is cleared and passed over: it
/// never ends a call.
pub(super) fn receive(socket: &UdpSocket, buffer: &mut [u8]) -> Option<(SocketAddr, usize)> {
    loop {
        match socket.recv_from(buffer) {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
            received => return received.ok().map(|(len, from)| (from, len)),
        }
    }
}

fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if address.is_ipv6() {
        // The IPv4 port of the same number is another line's.
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    // Less than asked for is no reason to refuse the call.
    let _ = SockRef::from(&socket).set_recv_buffer_size(RECEIVE_BUFFER);
    Ok(socket.into())
}

//! The two sockets of one line.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};

use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};
use socket2::{Domain, Protocol, SockRef, Socket, Type};

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
}

impl Sockets {
    /// Binds the pair that begins at an even `port`.
    pub(super) fn bind(address: IpAddr, port: u16) -> io::Result<Sockets> {
        let rtp = bind(SocketAddr::new(address, port))?;
        let rtcp = bind(SocketAddr::new(address, port + 1))?;
        Ok(Sockets { rtp, rtcp, connected: None, is_pure: false })
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

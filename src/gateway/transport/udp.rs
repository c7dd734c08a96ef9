//! One UDP socket of signalling.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use socket2::{Domain, Socket, Type};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::Inbound;
use crate::config::Transport;

/// Kernel buffer each way: answers to a burst of INVITEs wait here while the loop works.
const SOCKET_BUFFER: usize = 4 << 20;
/// The longest UDP datagram.
const LONGEST: usize = 65_535;

#[derive(Debug)]
pub(super) struct UdpPort {
    address: SocketAddr,
    socket: Arc<UdpSocket>,
    reader: JoinHandle<()>,
}

impl UdpPort {
    pub(super) async fn open(
        address: SocketAddr,
        inbound: mpsc::Sender<Inbound>,
        dropped: Arc<AtomicU64>,
    ) -> std::io::Result<UdpPort> {
        let socket = Arc::new(bind(address)?);
        // Until the runtime knows that it can be written to, a first send would be refused.
        socket.writable().await?;
        let address = socket.local_addr()?;
        let reader = tokio::spawn(read(socket.clone(), inbound, dropped));
        Ok(UdpPort { address, socket, reader })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether the kernel took the datagram.
    pub(super) fn send(&self, destination: SocketAddr, bytes: &[u8]) -> bool {
        self.socket.try_send_to(bytes, destination).is_ok()
    }
}

impl Drop for UdpPort {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

fn bind(address: SocketAddr) -> std::io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, None)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    // The kernel cuts this to its own limit, which is no reason not to start.
    let _ = socket.set_recv_buffer_size(SOCKET_BUFFER);
    let _ = socket.set_send_buffer_size(SOCKET_BUFFER);
    socket.bind(&address.into())?;
    UdpSocket::from_std(socket.into())
}

async fn read(socket: Arc<UdpSocket>, inbound: mpsc::Sender<Inbound>, dropped: Arc<AtomicU64>) {
    let mut buffer = vec![0; LONGEST];
    loop {
        // An ICMP error of an earlier datagram shows here; the transaction's timers deal with it.
        let Ok((length, source)) = socket.recv_from(&mut buffer).await else { continue };
        let bytes = Bytes::copy_from_slice(&buffer[..length]);
        let message = Inbound::Message { transport: Transport::Udp, source, bytes };
        match inbound.try_send(message) {
            Ok(()) => {}
            Err(mpsc::error::TrySendError::Full(_)) => {
                dropped.fetch_add(1, Ordering::Relaxed);
            }
            Err(mpsc::error::TrySendError::Closed(_)) => return,
        }
    }
}

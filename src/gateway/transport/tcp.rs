//! TCP connections of signalling, made on demand and reused (RFC 3261 §18).

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use super::Inbound;
use crate::config::Transport;
use crate::sip::framing::{Frame, StreamFramer};

/// Messages waiting for one connection; a peer that reads no more loses the connection.
const OUTBOUND: usize = 1_024;
/// Connections that others may hold open at a time.
const ACCEPTED: usize = 1_024;
/// A connection that is not made in this time is told as broken, well before Timer B.
const CONNECT: Duration = Duration::from_secs(5);
/// An accepted connection that says nothing for this long is closed.
const IDLE: Duration = Duration::from_secs(600);
const READ: usize = 16 << 10;

/// Writers of the connections by their far end.
type Writers = Arc<std::sync::Mutex<HashMap<SocketAddr, mpsc::Sender<Bytes>>>>;

#[derive(Debug)]
pub(super) struct TcpPorts {
    addresses: Vec<SocketAddr>,
    inbound: mpsc::Sender<Inbound>,
    writers: Writers,
    tasks: JoinSet<()>,
}

impl TcpPorts {
    pub(super) fn new(inbound: mpsc::Sender<Inbound>) -> TcpPorts {
        TcpPorts { addresses: Vec::new(), inbound, writers: Writers::default(), tasks: JoinSet::new() }
    }

    pub(super) async fn listen(&mut self, address: SocketAddr) -> std::io::Result<()> {
        let listener = TcpListener::bind(address).await?;
        self.addresses.push(listener.local_addr()?);
        self.tasks.spawn(accept(listener, self.inbound.clone(), self.writers.clone()));
        Ok(())
    }

    pub(super) fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.addresses.iter().copied()
    }

    pub(super) fn send(&mut self, destination: SocketAddr, bytes: Bytes) {
        while self.tasks.try_join_next().is_some() {}
        let mut writers = lock(&self.writers);
        let writer = match writers.get(&destination).filter(|writer| !writer.is_closed()) {
            Some(writer) => writer.clone(),
            None => {
                let (writer, queue) = mpsc::channel(OUTBOUND);
                writers.insert(destination, writer.clone());
                self.tasks.spawn(connect(destination, queue, self.inbound.clone(), self.writers.clone()));
                writer
            }
        };
        if writer.try_send(bytes).is_err() {
            // Dropping the writer closes the connection; its reader tells that it broke.
            writers.remove(&destination);
        }
    }
}

fn lock(writers: &Writers) -> std::sync::MutexGuard<'_, HashMap<SocketAddr, mpsc::Sender<Bytes>>> {
    writers.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

async fn accept(listener: TcpListener, inbound: mpsc::Sender<Inbound>, writers: Writers) {
    let places = Arc::new(Semaphore::new(ACCEPTED));
    loop {
        let Ok((stream, source)) = listener.accept().await else { continue };
        // Past the bound a connection is closed at once, so that nobody can hold us.
        let Ok(place) = places.clone().try_acquire_owned() else { continue };
        let (writer, queue) = mpsc::channel(OUTBOUND);
        lock(&writers).insert(source, writer);
        let (inbound, writers) = (inbound.clone(), writers.clone());
        tokio::spawn(async move {
            let _ = serve(stream, source, queue, &inbound, &writers).await;
            lock(&writers).remove(&source);
            drop(place);
        });
    }
}

async fn connect(
    destination: SocketAddr,
    queue: mpsc::Receiver<Bytes>,
    inbound: mpsc::Sender<Inbound>,
    writers: Writers,
) {
    let text = match tokio::time::timeout(CONNECT, TcpStream::connect(destination)).await {
        Ok(Ok(stream)) => match serve(stream, destination, queue, &inbound, &writers).await {
            Ok(()) => "the far end closed the connection".to_owned(),
            Err(error) => error.to_string(),
        },
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no connection within {} s", CONNECT.as_secs()),
    };
    let _ = inbound.send(Inbound::Broken { destination, text }).await;
}

/// Reads and writes until either side ends.
async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    queue: mpsc::Receiver<Bytes>,
    inbound: &mpsc::Sender<Inbound>,
    writers: &Writers,
) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let (reader, writer) = stream.into_split();
    tokio::select! {
        read = read(reader, peer, inbound, writers) => read,
        written = write(writer, queue) => written,
    }
}

async fn write(mut writer: OwnedWriteHalf, mut queue: mpsc::Receiver<Bytes>) -> std::io::Result<()> {
    while let Some(bytes) = queue.recv().await {
        writer.write_all(&bytes).await?;
    }
    Ok(())
}

/// RFC 5626 §3.5.1: a keep-alive is answered. One that finds the queue full is not worth a wait.
fn pong(writers: &Writers, peer: SocketAddr) {
    if let Some(writer) = lock(writers).get(&peer) {
        let _ = writer.try_send(Bytes::from_static(b"\r\n"));
    }
}

async fn read(
    mut reader: OwnedReadHalf,
    source: SocketAddr,
    inbound: &mpsc::Sender<Inbound>,
    writers: &Writers,
) -> std::io::Result<()> {
    let mut framer = StreamFramer::default();
    let mut buffer = vec![0; READ];
    loop {
        let length = tokio::time::timeout(IDLE, reader.read(&mut buffer))
            .await
            .map_err(|_| std::io::Error::from(std::io::ErrorKind::TimedOut))??;
        if length == 0 {
            return Ok(());
        }
        framer.push(&buffer[..length]);
        while let Some(frame) = framer.next_frame().map_err(std::io::Error::other)? {
            match frame {
                Frame::Message(bytes) => {
                    let bytes = bytes.into();
                    let message = Inbound::Message { transport: Transport::Tcp, source, bytes };
                    if inbound.send(message).await.is_err() {
                        return Ok(());
                    }
                }
                Frame::Ping => pong(writers, source),
            }
        }
    }
}

//! Connections with a bound on their number and on their idling.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep};

use super::stream::Stream;
use super::tls::Served;

/// Further connections wait in the listener's backlog.
const MOST: usize = 1_024;
/// A connection on which nothing moves for so long is closed; longer than the longest poll, and than the
/// pause between two heartbeats of a stream.
const IDLE: Duration = Duration::from_secs(90);

/// A listener that holds at most [`MOST`] connections at one time.
pub(super) struct Bounded {
    listener: TcpListener,
    places: Arc<Semaphore>,
    /// Where the door speaks TLS: by what it is spoken from now on.
    tls: Option<Served>,
}

impl Bounded {
    pub(super) fn new(listener: TcpListener, tls: Option<Served>) -> Bounded {
        Bounded { listener, places: Arc::new(Semaphore::new(MOST)), tls }
    }
}

impl Listener for Bounded {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let place = self.places.clone().acquire_owned().await.expect("the semaphore is never closed");
        // axum's own accept repeats after an error, with a pause where files have run out.
        let (stream, address) = Listener::accept(&mut self.listener).await;
        // Answers are small and awaited: none is to wait for the acknowledgement of the one before.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY is not set");
        }
        let stream = match &self.tls {
            None => Stream::Plain(stream),
            Some(tls) => Stream::by_tls(stream, tls.borrow().clone()),
        };
        (Connection { stream, idle: Box::pin(sleep(IDLE)), _place: place }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that ends when nothing has come or gone for [`IDLE`], and then frees its place. A far end
/// that does not read what it asked for is cut in the same way.
pub(super) struct Connection {
    stream: Stream,
    idle: Pin<Box<Sleep>>,
    _place: OwnedSemaphorePermit,
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.stream).poll_read(cx, buffer) {
            Poll::Ready(read) => {
                self.idle.as_mut().reset(Instant::now() + IDLE);
                Poll::Ready(read)
            }
            Poll::Pending => self.idle.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into())),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.stream).poll_write(cx, bytes) {
            Poll::Ready(written) => {
                self.idle.as_mut().reset(Instant::now() + IDLE);
                Poll::Ready(written)
            }
            Poll::Pending => self.idle.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

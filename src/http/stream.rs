//! A connection's bytes, in the clear or by TLS.
//!
//! The handshake is done when the connection is first read, not when it is accepted: whoever takes long
//! over it holds up nobody else.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;
use tokio_rustls::{Accept, TlsAcceptor};

/// What a connection reads and writes.
pub(super) enum Stream {
    /// In the clear.
    Plain(TcpStream),
    /// Before TLS is agreed.
    Greeting(Box<Accept<TcpStream>>),
    /// By TLS.
    Secured(Box<TlsStream<TcpStream>>),
}

impl Stream {
    pub(super) fn by_tls(stream: TcpStream, config: Arc<ServerConfig>) -> Stream {
        Stream::Greeting(Box::new(TlsAcceptor::from(config).accept(stream)))
    }

    /// Agrees on TLS where that is to be done yet.
    fn poll_greeted(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Stream::Greeting(accept) = self {
            let secured = ready!(Pin::new(&mut **accept).poll(cx))?;
            *self = Stream::Secured(Box::new(secured));
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_greeted(cx))?;
        match &mut *self {
            Stream::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Stream::Secured(stream) => Pin::new(&mut **stream).poll_read(cx, buffer),
            Stream::Greeting(_) => Poll::Pending,
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_greeted(cx))?;
        match &mut *self {
            Stream::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Stream::Secured(stream) => Pin::new(&mut **stream).poll_write(cx, bytes),
            Stream::Greeting(_) => Poll::Pending,
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Secured(stream) => Pin::new(&mut **stream).poll_flush(cx),
            Stream::Greeting(_) => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Secured(stream) => Pin::new(&mut **stream).poll_shutdown(cx),
            Stream::Greeting(_) => Poll::Ready(Ok(())),
        }
    }
}

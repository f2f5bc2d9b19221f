//! A connection to an app, in the shape that Pingora takes.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use pingora::protocols::raw_connect::ProxyDigest;
use pingora::protocols::{
    GetProxyDigest, GetSocketDigest, GetTimingDigest, Peek, Shutdown, SocketDigest, Ssl,
    TimingDigest, UniqueID, UniqueIDType,
};
use pingora::{Error, ErrorType, Result};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

/// An open connection.
#[derive(Debug)]
pub(in crate::proxy) struct Connection {
    stream: TcpStream,
    /// What was read from it already, to be read once more: see [`Connection::begin_anew`].
    again: Bytes,
    /// Whether what is written was written already.
    written: bool,
    /// Ends what takes too long. It stays from one request to the next: to move it on costs less than a new one.
    late: Option<Pin<Box<Sleep>>>,
}

impl Connection {
    /// Opens one within `limit`.
    pub(in crate::proxy) async fn open(address: SocketAddr, limit: Duration) -> Result<Self> {
        let opened = tokio::time::timeout(limit, TcpStream::connect(address));
        let opened = opened.await.map_err(|_| {
            Error::explain(ErrorType::ConnectTimedout, format!("connecting to {address}"))
        })?;
        let stream = opened.map_err(|cause| {
            let kind = match cause.kind() {
                io::ErrorKind::ConnectionRefused => ErrorType::ConnectRefused,
                io::ErrorKind::TimedOut => ErrorType::ConnectTimedout,
                io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
                    ErrorType::ConnectNoRoute
                }
                _ => ErrorType::ConnectError,
            };
            Error::because(kind, format!("connecting to {address}"), cause)
        })?;
        // A head is written as a whole: there is nothing to wait for.
        let _ = stream.set_nodelay(true);
        Ok(Self { stream, again: Bytes::new(), written: false, late: None })
    }

    /// Reads what there is, or comes within `limit`. It may be dropped and asked for again.
    pub(super) async fn read_within(
        &mut self,
        buf: &mut BytesMut,
        limit: Duration,
    ) -> io::Result<usize> {
        let Self { stream, late, .. } = self;
        within(late, limit, stream.read_buf(buf)).await
    }

    /// Writes all of `bytes` within `limit`.
    pub(super) async fn write_within(&mut self, bytes: &[u8], limit: Duration) -> io::Result<()> {
        let Self { stream, late, .. } = self;
        within(late, limit, stream.write_all(bytes)).await
    }

    /// Whether it is still open, and nothing came that nobody asked for (S50).
    pub(in crate::proxy) fn is_quiet(&self) -> bool {
        let read = self.stream.try_read(&mut [0]);
        self.again.is_empty()
            && matches!(read, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }

    /// For somebody who begins with it when the request was written and `read` of the answer: writes nothing, and reads
    /// that first.
    pub(in crate::proxy) fn begin_anew(self, read: Bytes) -> Self {
        Self { again: read, written: true, ..self }
    }

    /// For the next request.
    pub(in crate::proxy) fn for_the_next(self) -> Self {
        Self { written: false, ..self }
    }
}

/// What comes of some input or output within `limit`.
async fn within<T>(
    late: &mut Option<Pin<Box<Sleep>>>,
    limit: Duration,
    work: impl Future<Output = io::Result<T>>,
) -> io::Result<T> {
    let mut work = pin!(work);
    let mut waits = false;
    poll_fn(|cx| {
        if let Poll::Ready(done) = work.as_mut().poll(cx) {
            return Poll::Ready(done);
        }
        let late = late.get_or_insert_with(|| Box::pin(sleep(limit)));
        if !std::mem::replace(&mut waits, true) {
            late.as_mut().reset(Instant::now() + limit);
        }
        late.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    })
    .await
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.again.is_empty() {
            return Pin::new(&mut self.stream).poll_read(cx, buf);
        }
        let count = self.again.len().min(buf.remaining());
        let first = self.again.split_to(count);
        buf.put_slice(&first);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.written {
            return Poll::Ready(Ok(buf.len()));
        }
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[async_trait]
impl Shutdown for Connection {
    async fn shutdown(&mut self) {
        let _ = AsyncWriteExt::shutdown(self).await;
    }
}

impl UniqueID for Connection {
    fn id(&self) -> UniqueIDType {
        self.stream.as_raw_fd()
    }
}

impl GetSocketDigest for Connection {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        None
    }
}

impl GetTimingDigest for Connection {
    fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
        Vec::new()
    }
}

impl GetProxyDigest for Connection {
    fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
        None
    }
}

impl Ssl for Connection {}
impl Peek for Connection {}

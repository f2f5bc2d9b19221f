//! A connection from downstream, in the shape that Pingora takes.

use std::io;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use async_trait::async_trait;
use pingora::protocols::raw_connect::ProxyDigest;
use pingora::protocols::{
    ALPN, GetProxyDigest, GetSocketDigest, GetTimingDigest, Peek, Shutdown, SocketDigest, Ssl,
    TimingDigest, UniqueID, UniqueIDType,
};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_rustls::server::TlsStream;

use super::frames::FrameWatch;
use super::gather::Gather;
use super::head::HeadWatch;
use crate::telemetry::metrics::{SecurityEvent, metrics};

/// A connection, over TLS or not. A request's head that does not arrive in time ends it (S53): Pingora itself would
/// wait for the rest for ever.
#[derive(Debug)]
pub(super) struct Downstream {
    io: Io,
    id: UniqueIDType,
    socket: Arc<SocketDigest>,
    watch: Arc<HeadWatch>,
    /// What watches the frames, where the conversation is HTTP/2: its heads come beside each other, and bodies between.
    frames: Option<Box<FrameWatch>>,
    /// When the head that is arriving must be there.
    head_ends: Option<Instant>,
    /// Made when a head comes in pieces: the usual one is whole with its first read.
    timer: Option<Pin<Box<Sleep>>>,
}

#[derive(Debug)]
enum Io {
    Plain(Gather<TcpStream>),
    Tls(Box<Gather<TlsStream<TcpStream>>>),
}

impl Downstream {
    pub(super) fn plain(stream: TcpStream, peer: SocketAddr, watch: Arc<HeadWatch>) -> Self {
        let identity = identify(&stream, peer);
        Self::new(Io::Plain(Gather::new(stream)), identity, watch)
    }

    pub(super) fn tls(
        stream: TlsStream<TcpStream>,
        peer: SocketAddr,
        watch: Arc<HeadWatch>,
    ) -> Self {
        let identity = identify(stream.get_ref().0, peer);
        let agreed = stream.get_ref().1.alpn_protocol();
        let frames = (agreed == Some(b"h2")).then(|| Box::new(FrameWatch::new(Instant::now())));
        Self { frames, ..Self::new(Io::Tls(Box::new(Gather::new(stream))), identity, watch) }
    }

    fn new(io: Io, (id, socket): (UniqueIDType, Arc<SocketDigest>), watch: Arc<HeadWatch>) -> Self {
        let head_ends = Some(Instant::now() + HeadWatch::LIMIT);
        Self { io, id, socket, watch, frames: None, head_ends, timer: None }
    }

    /// Whether the time for the head is over. `began` says that bytes of one came just now.
    fn head_is_late(&mut self, began: bool, cx: &mut Context<'_>) -> bool {
        if !self.watch.expects_head() {
            (self.head_ends, self.timer) = (None, None);
            return false;
        }
        if began {
            self.head_ends.get_or_insert_with(|| Instant::now() + HeadWatch::LIMIT);
            return false;
        }
        // Between two requests no head has begun: Pingora's keep-alive limit holds there.
        self.is_over(self.head_ends, cx)
    }

    /// Notes what has come by HTTP/2; an `Err` ends the connection.
    fn watch_frames(
        &mut self,
        read: &Poll<io::Result<()>>,
        bytes: &[u8],
        cx: &mut Context<'_>,
    ) -> io::Result<()> {
        let Some(frames) = &mut self.frames else { return Ok(()) };
        if read.is_ready() {
            return frames.read(bytes, Instant::now()).map_err(|flood| {
                metrics().security_event(SecurityEvent::Flood);
                tracing::debug!("an HTTP/2 connection was ended: too many {}", flood.0);
                io::Error::other(flood.0)
            });
        }
        let due = frames.due();
        if due.is_none() {
            self.timer = None;
        }
        if self.is_over(due, cx) { Err(io::ErrorKind::TimedOut.into()) } else { Ok(()) }
    }

    /// Whether that instant has come; else whoever reads is woken when it does.
    fn is_over(&mut self, ends: Option<Instant>, cx: &mut Context<'_>) -> bool {
        let Some(ends) = ends else { return false };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(ends)));
        if timer.deadline() != ends {
            timer.as_mut().reset(ends);
        }
        timer.as_mut().poll(cx).is_ready()
    }
}

fn identify(stream: &TcpStream, peer: SocketAddr) -> (UniqueIDType, Arc<SocketDigest>) {
    let fd = stream.as_raw_fd();
    let digest = SocketDigest::from_raw_fd(fd);
    let _ = digest.peer_addr.set(Some(peer.into()));
    (fd, Arc::new(digest))
}

impl AsyncRead for Downstream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = match &mut self.io {
            Io::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Io::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        };
        if self.frames.is_some() {
            let new = buf.filled().get(before..).unwrap_or_default();
            self.watch_frames(&read, new, cx)?;
            return read;
        }
        if self.head_is_late(read.is_ready(), cx) {
            // As if the client had gone: idle connections end without a word in the log.
            return Poll::Ready(Ok(()));
        }
        read
    }
}

impl AsyncWrite for Downstream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = match &mut self.io {
            Io::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Io::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
        };
        if let (Some(frames), Poll::Ready(Ok(count))) = (&mut self.frames, &written) {
            frames.written(buf.get(..*count).unwrap_or_default());
        }
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = match &mut self.io {
            Io::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            Io::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
        };
        if let (Some(frames), Poll::Ready(Ok(count))) = (&mut self.frames, &written) {
            let mut left = *count;
            for buf in bufs {
                let part = buf.get(..left.min(buf.len())).unwrap_or_default();
                frames.written(part);
                left -= part.len();
            }
        }
        written
    }

    fn is_write_vectored(&self) -> bool {
        match &self.io {
            Io::Plain(stream) => stream.is_write_vectored(),
            Io::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.io {
            Io::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Io::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.io {
            Io::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Io::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

#[async_trait]
impl Shutdown for Downstream {
    async fn shutdown(&mut self) {
        let _ = AsyncWriteExt::shutdown(self).await;
    }
}

impl UniqueID for Downstream {
    fn id(&self) -> UniqueIDType {
        self.id
    }
}

impl GetSocketDigest for Downstream {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        Some(Arc::clone(&self.socket))
    }
}

impl GetTimingDigest for Downstream {
    fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
        Vec::new()
    }
}

impl GetProxyDigest for Downstream {
    fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
        None
    }
}

impl Ssl for Downstream {
    fn selected_alpn_proto(&self) -> Option<ALPN> {
        self.frames.is_some().then_some(ALPN::H2)
    }
}

impl Peek for Downstream {}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::AsyncReadExt as _;
    use tokio::net::TcpListener;

    use super::*;

    async fn connected() -> (TcpStream, Downstream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (accepted, peer) = listener.accept().await.unwrap();
        (client, Downstream::plain(accepted, peer, Arc::default()))
    }

    #[tokio::test]
    async fn s53_a_head_that_does_not_arrive_in_time_ends_the_connection() {
        let (mut client, mut ours) = connected().await;
        ours.head_ends = Some(Instant::now() + Duration::from_millis(50));
        client.write_all(b"G").await.unwrap();
        assert_eq!(ours.read_u8().await.unwrap(), b'G');
        let reading = tokio::time::timeout(Duration::from_secs(10), ours.read(&mut [0; 1])).await;
        assert_eq!(reading.unwrap().unwrap(), 0, "it has ended");
    }

    #[tokio::test]
    async fn s53_what_follows_a_head_takes_its_time() {
        let (mut client, mut ours) = connected().await;
        ours.head_ends = Some(Instant::now());
        let watch = Arc::clone(&ours.watch);
        watch.over(async { super::super::head::arrived() }).await;
        let answers = async {
            tokio::task::yield_now().await;
            client.write_all(b"x").await
        };
        let (read, written) = tokio::join!(ours.read_u8(), answers);
        assert_eq!((read.unwrap(), written.unwrap()), (b'x', ()));
        assert!(ours.head_ends.is_none(), "the next head has a time of its own");
    }
}

//! A connection from downstream, in the shape that Pingora takes.

use std::io;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
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
use super::head::{Awaited, HeadWatch};
use super::pace::Pacer;
use crate::telemetry::metrics::{ConnectionEnd, SecurityEvent, metrics};

/// A connection, over TLS or not, whose client has to keep a pace (S53): Pingora itself would wait for the rest of a
/// head for ever, for the next byte of a body or answer a minute each.
#[derive(Debug)]
pub(super) struct Downstream {
    io: Io,
    id: UniqueIDType,
    /// Whose it is.
    peer: SocketAddr,
    socket: Arc<SocketDigest>,
    watch: Arc<HeadWatch>,
    /// What was read from it already, to be read once more by somebody else.
    again: Bytes,
    /// What watches the frames, where the conversation is HTTP/2: its heads come beside each other, and bodies between.
    frames: Option<Box<FrameWatch>>,
    head: ArrivingHead,
    reading: Pacer,
    writing: Pacer,
}

/// The head that arrives.
#[derive(Debug, Default)]
struct ArrivingHead {
    /// How many came before it.
    after: u32,
    /// When it must be there; between two requests none has begun, and Pingora's keep-alive limit holds.
    ends: Option<Instant>,
    bytes: u64,
    /// Made when a head comes in pieces: the usual one is whole with its first read.
    timer: Option<Pin<Box<Sleep>>>,
}

impl ArrivingHead {
    /// Whether its time is over. `arrived` is what came of it just now.
    fn is_late(&mut self, limit: Duration, arrived: Poll<usize>, cx: &mut Context<'_>) -> bool {
        if let Poll::Ready(bytes) = arrived {
            self.bytes += bytes as u64;
            self.ends.get_or_insert_with(|| Instant::now() + limit);
            return false;
        }
        self.is_over(self.ends, cx)
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

/// What a head without an end is answered with: nobody has understood it, so there is no language to answer in.
const HEAD_TOO_LARGE: &[u8] =
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

#[derive(Debug)]
enum Io {
    Plain(Gather<TcpStream>),
    Tls(Box<Gather<TlsStream<TcpStream>>>),
}

impl Downstream {
    pub(super) fn plain(stream: TcpStream, peer: SocketAddr, watch: Arc<HeadWatch>) -> Self {
        let (id, socket) = identify(&stream, peer);
        Self::new(Io::Plain(Gather::new(stream)), (id, peer, socket), watch)
    }

    pub(super) fn tls(
        stream: TlsStream<TcpStream>,
        peer: SocketAddr,
        watch: Arc<HeadWatch>,
    ) -> Self {
        let (id, socket) = identify(stream.get_ref().0, peer);
        let agreed = stream.get_ref().1.alpn_protocol();
        let frames = (agreed == Some(b"h2")).then(|| Box::new(FrameWatch::new(Instant::now())));
        let io = Io::Tls(Box::new(Gather::new(stream)));
        Self { frames, ..Self::new(io, (id, peer, socket), watch) }
    }

    fn new(
        io: Io,
        (id, peer, socket): (UniqueIDType, SocketAddr, Arc<SocketDigest>),
        watch: Arc<HeadWatch>,
    ) -> Self {
        let ends = Some(Instant::now() + watch.head.timeout);
        let head = ArrivingHead { ends, ..ArrivingHead::default() };
        let (reading, writing) = (Pacer::default(), Pacer::default());
        let again = Bytes::new();
        Self { io, id, peer, socket, watch, again, frames: None, head, reading, writing }
    }

    /// Whether the conversation is HTTP/2.
    pub(super) const fn is_http2(&self) -> bool {
        self.frames.is_some()
    }

    /// Whose connection it is.
    pub(super) const fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Whether small writes wait for the next, as Pingora's do: see [`Gather`].
    pub(super) fn gathers(&mut self, gathers: bool) {
        match &mut self.io {
            Io::Plain(stream) => stream.holds(gathers),
            Io::Tls(stream) => stream.holds(gathers),
        }
    }

    /// Has the next reads begin with `read`, which was read already and is not counted again.
    pub(super) fn read_again(&mut self, read: Bytes) {
        self.again = read;
    }

    /// Whether more of a head is read than one may have.
    fn head_is_too_large(&mut self) -> bool {
        if self.head.after != self.watch.heads() {
            self.head = ArrivingHead { after: self.watch.heads(), ..ArrivingHead::default() };
        }
        self.watch.awaits() == Awaited::Head && self.head.bytes > self.watch.head.size.bytes()
    }

    /// What becomes of a read, once it is known whether the client keeps the pace.
    fn paced_read(
        &mut self,
        moved: Poll<usize>,
        read: Poll<io::Result<()>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        match self.watch.awaits() {
            Awaited::Head if self.head.is_late(self.watch.head.timeout, moved, cx) => {
                metrics().connection_ended(ConnectionEnd::HeadTimeout);
                // As if the client had gone: idle connections end without a word in the log.
                Poll::Ready(Ok(()))
            }
            Awaited::Body if self.reading.is_late(self.watch.body, moved, cx) => {
                metrics().connection_ended(ConnectionEnd::BodyTimeout);
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
            Awaited::Body | Awaited::Head => read,
            Awaited::Nothing => {
                self.reading.rest();
                read
            }
        }
    }

    /// What becomes of a write, likewise.
    fn paced_write(
        &mut self,
        written: Poll<io::Result<usize>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let moved = match &written {
            Poll::Ready(Ok(bytes)) => Poll::Ready(*bytes),
            Poll::Ready(Err(_)) => return written,
            Poll::Pending => Poll::Pending,
        };
        if self.writing.is_late(self.watch.answer, moved, cx) {
            metrics().connection_ended(ConnectionEnd::SendTimeout);
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        written
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
            let before = frames.heads();
            frames.read(bytes, Instant::now()).map_err(|flood| {
                metrics().security_event(SecurityEvent::Flood);
                tracing::debug!("an HTTP/2 connection was ended: too many {}", flood.0);
                io::Error::other(flood.0)
            })?;
            self.watch.has_brought(before, frames.heads());
            return Ok(());
        }
        let due = frames.due(self.watch.head.timeout);
        if due.is_none() {
            self.head.timer = None;
        }
        if self.head.is_over(due, cx) { Err(io::ErrorKind::TimedOut.into()) } else { Ok(()) }
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
        if !self.again.is_empty() {
            let count = self.again.len().min(buf.remaining());
            buf.put_slice(&self.again.split_to(count));
            return Poll::Ready(Ok(()));
        }
        if self.frames.is_none() && self.head_is_too_large() {
            metrics().connection_ended(ConnectionEnd::HeadSize);
            // As much of it as leaves at once.
            let _ = self.as_mut().poll_write(cx, HEAD_TOO_LARGE);
            let _ = self.as_mut().poll_flush(cx);
            return Poll::Ready(Ok(()));
        }
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
        let moved = match &read {
            Poll::Ready(_) => Poll::Ready(buf.filled().len() - before),
            Poll::Pending => Poll::Pending,
        };
        self.paced_read(moved, read, cx)
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
        self.paced_write(written, cx)
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
        self.paced_write(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        match &self.io {
            Io::Plain(stream) => stream.is_write_vectored(),
            Io::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = match &mut self.io {
            Io::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Io::Tls(stream) => Pin::new(stream).poll_flush(cx),
        };
        if flushed.is_ready() {
            self.writing.rest();
            return flushed;
        }
        self.paced_write(Poll::Pending, cx).map_ok(drop)
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
        ours.head.ends = Some(Instant::now() + Duration::from_millis(50));
        client.write_all(b"G").await.unwrap();
        assert_eq!(ours.read_u8().await.unwrap(), b'G');
        let reading = tokio::time::timeout(Duration::from_secs(10), ours.read(&mut [0; 1])).await;
        assert_eq!(reading.unwrap().unwrap(), 0, "it has ended");
    }

    #[tokio::test]
    async fn s53_what_follows_a_head_takes_its_time() {
        let (mut client, mut ours) = connected().await;
        ours.head.ends = Some(Instant::now());
        let watch = Arc::clone(&ours.watch);
        watch.over(async { super::super::head::arrived() }).await;
        let answers = async {
            tokio::task::yield_now().await;
            client.write_all(b"x").await
        };
        let (read, written) = tokio::join!(ours.read_u8(), answers);
        assert_eq!((read.unwrap(), written.unwrap()), (b'x', ()));
        assert!(ours.head.ends.is_none(), "the next head has a time of its own");
    }
}

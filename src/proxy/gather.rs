//! Small writes held back until they can go out with the next: the head of an answer leaves with its body, in one
//! system call and one packet or TLS record instead of two.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The most bytes that are held back: the head of an answer, or a small answer as a whole.
const HELD: usize = 2048;

/// A connection whose small writes wait for the next write or the next flush. Pingora flushes whatever somebody may
/// be waiting for: interim answers, answers without a length, ends of bodies.
#[derive(Debug)]
pub(super) struct Gather<W> {
    inner: W,
    /// Empty, and without memory, between two answers.
    held: Vec<u8>,
    /// How much of `held` has gone out.
    sent: usize,
    /// Whether anything is held back.
    holds: bool,
}

impl<W: AsyncWrite + Unpin> Gather<W> {
    pub(super) const fn new(inner: W) -> Self {
        Self { inner, held: Vec::new(), sent: 0, holds: true }
    }

    /// Whether small writes are held back from now on: whoever gathers them already wants them gone.
    pub(super) const fn holds(&mut self, holds: bool) {
        self.holds = holds;
    }

    /// Keeps `bufs`, if they are small enough.
    fn hold(&mut self, bufs: &[IoSlice<'_>]) -> Option<usize> {
        if !self.holds {
            return None;
        }
        let length = bufs.iter().map(|buf| buf.len()).sum();
        // What has begun to go out is never added to, so that a slow client cannot have it grow.
        if self.sent > 0 || self.held.len() + length > HELD {
            return None;
        }
        for buf in bufs {
            self.held.extend_from_slice(buf);
        }
        Some(length)
    }

    /// Writes what is held and then `buf`. Says how much of `buf` went with it; nothing is held afterwards.
    fn poll_release(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        while let Some(held) = self.held.get(self.sent..).filter(|held| !held.is_empty()) {
            let both = [IoSlice::new(held), IoSlice::new(buf)];
            let (length, inner) = (held.len(), Pin::new(&mut self.inner));
            match ready!(inner.poll_write_vectored(cx, &both))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written if written < length => self.sent += written,
                written => {
                    (self.held, self.sent) = (Vec::new(), 0);
                    return Poll::Ready(Ok(written - length));
                }
            }
        }
        Poll::Ready(Ok(0))
    }
}

impl<W: AsyncWrite + Unpin> AsyncWrite for Gather<W> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if let Some(length) = self.hold(&[IoSlice::new(buf)]) {
            return Poll::Ready(Ok(length));
        }
        match ready!(self.poll_release(cx, buf))? {
            0 => Pin::new(&mut self.inner).poll_write(cx, buf),
            written => Poll::Ready(Ok(written)),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let Some(length) = self.hold(bufs) {
            return Poll::Ready(Ok(length));
        }
        ready!(self.poll_release(cx, &[]))?;
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_release(cx, &[]))?;
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_release(cx, &[]))?;
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

impl<W: AsyncRead + Unpin> AsyncRead for Gather<W> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;

    use super::*;

    /// Notes each write, of which it takes `limit` bytes at most.
    struct Wire {
        writes: Vec<Vec<u8>>,
        limit: usize,
    }

    impl AsyncWrite for Wire {
        fn poll_write(
            self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buf: &[u8],
        ) -> Poll<io::Result<usize>> {
            self.poll_write_vectored(cx, &[IoSlice::new(buf)])
        }

        fn poll_write_vectored(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bufs: &[IoSlice<'_>],
        ) -> Poll<io::Result<usize>> {
            let mut all = bufs.iter().flat_map(|buf| buf.to_vec()).collect::<Vec<u8>>();
            all.truncate(self.limit);
            let length = all.len();
            self.writes.push(all);
            Poll::Ready(Ok(length))
        }

        fn is_write_vectored(&self) -> bool {
            true
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    fn wire(limit: usize) -> Gather<Wire> {
        Gather::new(Wire { writes: Vec::new(), limit })
    }

    #[tokio::test]
    async fn a_head_leaves_with_its_body_whatever_the_size_of_that() {
        for body in [vec![b'x'; 100], vec![b'x'; 100_000]] {
            let mut wire = wire(usize::MAX);
            wire.write_all(b"head").await.unwrap();
            assert!(wire.inner.writes.is_empty());
            wire.write_all(&body).await.unwrap();
            wire.flush().await.unwrap();
            assert_eq!(wire.inner.writes, [[b"head".to_vec(), body].concat()]);
            assert_eq!(wire.held.capacity(), 0, "memory is kept between two answers");
        }
    }

    #[tokio::test]
    async fn what_is_flushed_does_not_wait() {
        let mut wire = wire(usize::MAX);
        for part in [&b"interim"[..], b"event"] {
            wire.write_all(part).await.unwrap();
            wire.flush().await.unwrap();
            assert_eq!(wire.inner.writes.last().unwrap(), part);
        }
    }

    #[tokio::test]
    async fn a_wire_that_takes_little_at_a_time_gets_every_byte_once_and_in_order() {
        let body: Vec<u8> = (0..5000_u32).map(|place| (place % 251) as u8).collect();
        for limit in [1, 3, 4, 7, 2048, 4999] {
            let mut wire = wire(limit);
            wire.write_all(b"head").await.unwrap();
            wire.write_all(&body).await.unwrap();
            wire.write_all_buf(&mut &b"tail"[..]).await.unwrap();
            wire.shutdown().await.unwrap();
            assert_eq!(wire.inner.writes.concat(), [b"head", &body[..], b"tail"].concat());
        }
    }
}

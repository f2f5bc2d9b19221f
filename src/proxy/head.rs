//! One deadline for a whole head. Pingora has one for each read, so that a head that drips in byte by byte would hold
//! its connection for ever (S53).

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use pingora::http::ResponseHeader;
use pingora::protocols::Digest;
use pingora::protocols::raw_connect::ProxyDigest;
use tokio::time::{Sleep, sleep};

/// The longest that a head may take, from its first byte to its last.
const HEAD: Duration = Duration::from_secs(10);

/// Whether a head is awaited on a connection: even while one is, odd once it was read. Each head has a number of its
/// own.
#[derive(Debug)]
struct Awaited(AtomicU64);

/// The deadline of the head that is being read, kept by the connection. The request that has read it says so by
/// [`head_is_read`]: the two share Pingora's digest of the connection, the one thing that a request can reach.
#[derive(Debug)]
pub(super) struct HeadDeadline {
    shared: Arc<ProxyDigest>,
    head: u64,
    ends: Option<Pin<Box<Sleep>>>,
}

impl HeadDeadline {
    pub(super) fn new() -> io::Result<Self> {
        let unused = ResponseHeader::build(200, Some(0)).map_err(io::Error::other)?;
        let awaited = Box::new(Awaited(AtomicU64::new(0)));
        let shared = Arc::new(ProxyDigest::new(Box::new(unused), Some(awaited)));
        Ok(Self { shared, head: 0, ends: None })
    }

    /// Awaits another head. Pingora asks for the digest once for each request, before it reads.
    pub(super) fn await_head(&self) -> Arc<ProxyDigest> {
        if let Some(awaited) = awaited(&self.shared) {
            let next = |head: u64| Some((head | 1).wrapping_add(1));
            let _ = awaited.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, next);
        }
        Arc::clone(&self.shared)
    }

    /// Reads by `read`, unless the head that is awaited has had its time; then that is an error.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        read: impl FnOnce(&mut Context<'_>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let head = awaited(&self.shared).map_or(1, |awaited| awaited.0.load(Ordering::Acquire));
        if head != self.head {
            (self.head, self.ends) = (head, None);
        }
        if let Some(ends) = &mut self.ends
            && ends.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let read = read(cx);
        if matches!(read, Poll::Ready(Ok(1..))) && self.ends.is_none() && head.is_multiple_of(2) {
            self.ends = Some(Box::pin(sleep(HEAD)));
        }
        read
    }
}

/// The head of the request on this connection was read: what follows has deadlines of its own.
pub(super) fn head_is_read(digest: Option<&Digest>) {
    if let Some(awaited) = digest.and_then(|digest| awaited(digest.proxy_digest.as_deref()?)) {
        awaited.0.fetch_or(1, Ordering::AcqRel);
    }
}

fn awaited(digest: &ProxyDigest) -> Option<&Awaited> {
    digest.user_data.as_ref()?.downcast_ref()
}

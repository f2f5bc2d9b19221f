//! How HTTP/2 is spoken with browsers (S53): limits on what one connection may hold, and an end for those that rest.

use std::sync::OnceLock;
use std::time::Duration;

use pingora::apps::HttpServerOptions;
use pingora::protocols::http::v2::server::{H2Options, default_h2_options};
use pingora::proxy::HttpProxy;

use super::Gateway;

/// What one request may bring beyond what the app has taken; enough for 5 MB a second at 50 ms.
const STREAM_WINDOW: u32 = 256 * 1024;
/// The same for all requests of a connection together.
const CONNECTION_WINDOW: u32 = 512 * 1024;
/// What of one answer waits for a client that reads slowly.
const SEND_BUFFER: usize = 64 * 1024;
/// How long a part of an answer may wait for a client that has stopped reading.
pub(super) const STALLED: Duration = Duration::from_secs(60);

/// Sets the limits. Those on heads (64 KiB) and on requests at a time (100) are Pingora's.
pub fn limit(proxy: &mut HttpProxy<Gateway>) {
    proxy.h2_options = Some(options());
}

/// How long a connection without a request stays. Pingora borrows this for as long as it runs, so that what was said before
/// stays as well: a few bytes for each reload that says something else.
pub struct Idle {
    options: HttpServerOptions,
    later: OnceLock<Box<Idle>>,
}

impl Idle {
    /// So long.
    pub fn new(keep_alive: Duration) -> Self {
        let mut options = HttpServerOptions::default();
        options.h2_idle_timeout = Some(keep_alive);
        Self { options, later: OnceLock::new() }
    }

    /// So long, for connections that begin from now on.
    pub fn renew(&self, keep_alive: Duration) {
        let last = self.last();
        if last.options.h2_idle_timeout != Some(keep_alive) {
            // Nobody else says so at the same time: one reload comes after another.
            let _ = last.later.set(Box::new(Self::new(keep_alive)));
        }
    }

    pub(super) fn options(&self) -> &HttpServerOptions {
        &self.last().options
    }

    fn last(&self) -> &Self {
        let mut last = self;
        while let Some(later) = last.later.get() {
            last = later;
        }
        last
    }
}

fn options() -> H2Options {
    let mut options = default_h2_options();
    options.initial_window_size(STREAM_WINDOW);
    options.initial_connection_window_size(CONNECTION_WINDOW);
    options.max_send_buffer_size(SEND_BUFFER);
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_rest_as_long_as_was_said_last() {
        let second = Duration::from_secs(1);
        let idle = Idle::new(75 * second);
        let said = || idle.options().h2_idle_timeout;
        assert_eq!(said(), Some(75 * second));
        for (keep_alive, later) in [(75, false), (9, true), (9, true), (75, true)] {
            idle.renew(keep_alive * second);
            assert_eq!(said(), Some(keep_alive * second));
            assert_eq!(idle.later.get().is_some(), later, "the same takes no room");
        }
    }
}

//! How HTTP/2 is spoken with browsers (S53): limits on what one connection may hold, and an end for those that rest.

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
/// How long a connection without a request stays.
const IDLE: Duration = Duration::from_secs(75);
/// How long a part of an answer may wait for a client that has stopped reading.
pub(super) const STALLED: Duration = Duration::from_secs(60);

/// Sets the limits. Those on heads (64 KiB) and on requests at a time (100) are Pingora's.
pub fn limit(proxy: &mut HttpProxy<Gateway>) {
    proxy.h2_options = Some(options());
    let mut server = HttpServerOptions::default();
    server.h2_idle_timeout = Some(IDLE);
    proxy.server_options = Some(server);
}

fn options() -> H2Options {
    let mut options = default_h2_options();
    options.initial_window_size(STREAM_WINDOW);
    options.initial_connection_window_size(CONNECTION_WINDOW);
    options.max_send_buffer_size(SEND_BUFFER);
    options
}

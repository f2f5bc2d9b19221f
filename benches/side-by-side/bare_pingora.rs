//! Pingora as it comes, as a plain proxy: what doorward would be if it asked nobody anything.
//!
//! `bare_pingora LISTEN APP`, two addresses.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark stops where it fails"
)]

use async_trait::async_trait;
use pingora::prelude::{HttpPeer, ProxyHttp, Server, Session, http_proxy_service};
use pingora::server::configuration::ServerConf;

/// The allocator of doorward.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

struct Bare {
    app: HttpPeer,
}

#[async_trait]
impl ProxyHttp for Bare {
    type CTX = ();

    fn new_ctx(&self) {}

    async fn upstream_peer(&self, _: &mut Session, (): &mut ()) -> pingora::Result<Box<HttpPeer>> {
        Ok(Box::new(self.app.clone()))
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let conf = ServerConf {
        threads: std::thread::available_parallelism().unwrap().get(),
        upstream_keepalive_pool_size: 2048,
        grace_period_seconds: Some(0),
        graceful_shutdown_timeout_seconds: Some(0),
        ..ServerConf::default()
    };
    let mut server = Server::new_with_opt_and_conf(None, conf);
    server.bootstrap();
    let app = HttpPeer::new(arguments[2].as_str(), false, String::new());
    let mut service = http_proxy_service(&server.configuration, Bare { app });
    service.add_tcp(&arguments[1]);
    server.add_service(service);
    server.run_forever();
}

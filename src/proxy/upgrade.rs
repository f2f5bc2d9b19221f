//! The connection to an app over which a WebSocket begins.
//!
//! An app may answer before Pingora has taken note that a request without a body is over. Pingora 0.9 then takes the
//! end of that request for the end of the WebSocket and closes it as soon as it is open (its issue 946). So the answer
//! waits here until Pingora is done with the request.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use pingora::connectors::l4::Connect;
use pingora::protocols::l4::socket::SocketAddr;
use pingora::protocols::l4::stream::Stream;
use pingora::protocols::l4::virt::{VirtualSockOpt, VirtualSocket, VirtualSocketStream};
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, ErrorType, OrErr as _, Result};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Keeps these connections apart from the others of the same app.
const GROUP: u64 = 1;
/// Pingora flushes after a request's head, and again when it is done with the request.
const FLUSHES: u8 = 2;

/// Has the answer to one request wait, once its connection is there.
#[derive(Debug)]
pub(super) struct AnswerInOrder {
    connected: Arc<AtomicBool>,
}

impl AnswerInOrder {
    /// Over a connection of its own. The request must be one without a body.
    pub(super) fn over(peer: &mut HttpPeer) -> Self {
        let connected = Arc::<AtomicBool>::default();
        let limit = peer.options.total_connection_timeout;
        peer.options.custom_l4 = Some(Arc::new(Way { connected: Arc::clone(&connected), limit }));
        // An app that refused may get the next request over another one: this order is good for one answer.
        peer.options.idle_timeout = Some(Duration::ZERO);
        peer.group_key |= GROUP;
        // A WebSocket begins by an upgrade, which HTTP/2 does not know.
        if peer.is_tls() {
            peer.options.set_http_version(1, 1);
        }
        Self { connected }
    }

    /// The connection is there, TLS included: what is flushed from now on is the request.
    pub(super) fn connected(&self) {
        self.connected.store(true, Ordering::Relaxed);
    }
}

#[derive(Debug)]
struct Way {
    connected: Arc<AtomicBool>,
    limit: Option<Duration>,
}

#[async_trait]
impl Connect for Way {
    async fn connect(&self, address: &SocketAddr) -> Result<Stream> {
        let Some(address) = address.as_inet() else {
            return Error::e_explain(ErrorType::ConnectError, "the app has no address");
        };
        let connecting = TcpStream::connect(address);
        let stream = match self.limit {
            Some(limit) => timeout(limit, connecting)
                .await
                .or_err(ErrorType::ConnectTimedout, "while connecting to the app")?,
            None => connecting.await,
        };
        let stream = stream.or_err(ErrorType::ConnectError, "while connecting to the app")?;
        let connected = Arc::clone(&self.connected);
        let socket = Ordered { stream, connected, flushes: 0, reader: None };
        Ok(VirtualSocketStream::new(Box::new(socket)).into())
    }
}

/// A connection that is not read before the request has gone out as a whole.
#[derive(Debug)]
struct Ordered {
    stream: TcpStream,
    connected: Arc<AtomicBool>,
    flushes: u8,
    /// Who waits for the answer.
    reader: Option<Waker>,
}

impl Ordered {
    fn sends_request(&self) -> bool {
        self.flushes < FLUSHES && self.connected.load(Ordering::Relaxed)
    }
}

impl AsyncRead for Ordered {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.sends_request() {
            self.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Ordered {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.sends_request() {
            self.flushes += 1;
            if !self.sends_request()
                && let Some(reader) = self.reader.take()
            {
                reader.wake();
            }
        }
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl VirtualSocket for Ordered {
    fn set_socket_option(&self, option: VirtualSockOpt) -> io::Result<()> {
        match option {
            VirtualSockOpt::NoDelay => self.stream.set_nodelay(true),
            // No other is asked for.
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use pingora::connectors::TransportConnector;
    use pingora::http::RequestHeader;
    use pingora::protocols::http::v1::client::HttpSession;
    use rustls::ServerConfig;
    use rustls::pki_types::PrivateKeyDer;
    use tokio::io::AsyncWriteExt as _;
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    use super::*;

    const SWITCHES: &[u8] =
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";

    fn acceptor() -> TlsAcceptor {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let config = ServerConfig::builder().with_no_client_auth();
        TlsAcceptor::from(Arc::new(
            config.with_single_cert(vec![made.cert.der().clone()], key).unwrap(),
        ))
    }

    /// An app that answers as soon as somebody has connected.
    async fn app(tls: bool) -> std::net::SocketAddr {
        let acceptor = tls.then(acceptor);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let Some(acceptor) = acceptor else {
                stream.write_all(SWITCHES).await.unwrap();
                return std::future::pending::<()>().await;
            };
            let mut stream = acceptor.accept(stream).await.unwrap();
            stream.write_all(SWITCHES).await.unwrap();
            std::future::pending::<()>().await;
        });
        address
    }

    #[tokio::test]
    async fn an_answer_is_not_read_before_the_request_is_over_with_tls_or_without() {
        for tls in [false, true] {
            let mut peer = HttpPeer::new(app(tls).await, tls, "localhost".to_owned());
            peer.options.verify_cert = false;
            peer.options.verify_hostname = false;
            let in_order = AnswerInOrder::over(&mut peer);
            let stream = TransportConnector::new(None).new_stream(&peer).await.unwrap();
            in_order.connected();
            let mut session = HttpSession::new(stream);
            let mut request = RequestHeader::build("GET", b"/ws", None).unwrap();
            request.insert_header("Connection", "Upgrade").unwrap();
            request.insert_header("Upgrade", "websocket").unwrap();
            session.write_request_header(Box::new(request)).await.unwrap();
            let early = timeout(Duration::from_millis(200), session.read_response()).await;
            assert!(early.is_err(), "the answer was read, TLS: {tls}");
            session.finish_body().await.unwrap();
            let answered = timeout(Duration::from_secs(10), session.read_response()).await;
            answered.expect("the answer is there").unwrap();
            assert_eq!(session.get_status().unwrap(), 101, "TLS: {tls}");
        }
    }

    #[tokio::test]
    async fn who_waits_for_the_answer_is_woken() {
        let mut peer = HttpPeer::new(app(false).await, false, String::new());
        let in_order = AnswerInOrder::over(&mut peer);
        let stream = TransportConnector::new(None).new_stream(&peer).await.unwrap();
        in_order.connected();
        let (mut reads, mut writes) = tokio::io::split(stream);
        let mut byte = [0; 1];
        let reading = tokio::io::AsyncReadExt::read_exact(&mut reads, &mut byte);
        let writing = async {
            tokio::task::yield_now().await;
            for _ in 0..FLUSHES {
                writes.flush().await.unwrap();
            }
        };
        let both = async { tokio::join!(reading, writing) };
        let (read, ()) = timeout(Duration::from_secs(10), both).await.expect("it is woken");
        assert_eq!((read.unwrap(), byte), (1, *b"H"));
    }
}

//! Proxies that pass bytes on and say whose they are, by the PROXY protocol: HAProxy, and bytes that no proxy sends.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::support::browser::Request;
use crate::support::http::{PATIENCE, Response, read_response};
use crate::support::proxy::Kind;
use crate::support::site::{Setup, Site};
use crate::support::tools::{eventually, free_port};

/// A site with a second listener where 127.0.0.1 tells whose connections are; its address.
async fn told_site() -> (Site, SocketAddr) {
    let told: SocketAddr = ([127, 0, 0, 1], free_port()).into();
    let listen = vec![format!("{{ address: \"{told}\", proxy_protocol: true }}")];
    let top = vec![
        "trusted_proxies: [\"127.0.0.1\"]".to_owned(),
        "connections: { per_address: 8 }".to_owned(),
    ];
    let site = Site::with(Setup { people: vec![], listen, top, ..Setup::default() }).await;
    (site, told)
}

async fn connect(source: &str, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{source}:0").parse().unwrap()).unwrap();
    timeout(PATIENCE, socket.connect(to)).await.unwrap().unwrap()
}

/// What comes back for a page, after these bytes; `None` where the connection was refused.
async fn ask(stream: &mut TcpStream, header: &[u8], host: &str) -> Option<Response> {
    let request = Request::get("/public/a").header("X-Forwarded-For", "6.6.6.6").bytes(host);
    let _ = stream.write_all(&[header, &request].concat()).await;
    let mut pending = Vec::new();
    let answer = read_response(stream, &mut pending, false);
    timeout(PATIENCE, answer).await.expect("an answer or an end").ok()
}

fn version_2(command: u8, family: u8, told: &[u8]) -> Vec<u8> {
    let length = u16::try_from(told.len()).unwrap().to_be_bytes();
    [b"\r\n\r\n\0\r\nQUIT\n".as_slice(), &[0x20 | command, family], &length, told].concat()
}

const IPV4: [u8; 12] = [192, 0, 2, 7, 10, 0, 0, 1, 0xd4, 0x31, 1, 0xbb];

#[tokio::test]
async fn s45_a_trusted_proxy_says_whose_a_connection_is_and_nobody_else_does() {
    let (site, told) = told_site().await;
    let tlv = [&IPV4[..], &[0x02, 0, 1, b'x'], &[0x20, 0, 5, 1, 0, 0, 0, 0]].concat();
    for (header, client) in [
        (b"PROXY TCP4 192.0.2.7 10.0.0.1 54321 443\r\n".to_vec(), "192.0.2.7"),
        (b"PROXY TCP6 2001:db8::7 ::1 54321 443\r\n".to_vec(), "2001:db8::7"),
        (version_2(1, 0x11, &IPV4), "192.0.2.7"),
        (version_2(1, 0x11, &tlv), "192.0.2.7"),
    ] {
        let answer = ask(&mut connect("127.0.0.1", told).await, &header, &site.host).await;
        answer.expect("it is served").expect(200);
        let reached = site.upstream.last();
        assert_eq!(reached.header("x-forwarded-for"), Some(client), "{}", reached.head);
        site.upstream.forget();
    }
    // What is the proxy's own is served, too.
    for own in [b"PROXY UNKNOWN\r\n".to_vec(), version_2(0, 0, &[]), version_2(1, 0, &[1, 2, 3])] {
        let answer = ask(&mut connect("127.0.0.1", told).await, &own, &site.host).await;
        answer.expect("it is served").expect(200);
    }
    site.upstream.forget();
    let header = version_2(1, 0x11, &IPV4);
    let stranger = ask(&mut connect("127.0.0.2", told).await, &header, &site.host).await;
    assert!(stranger.is_none(), "somebody who is no proxy was believed: {stranger:?}");
    for none in [&b""[..], b"PROXY TCP4 192.0.2.7\r\n", b"PROXY ", &header[1..]] {
        let answer = ask(&mut connect("127.0.0.1", told).await, none, &site.host).await;
        assert!(answer.is_none(), "{}: {answer:?}", none.escape_ascii());
    }
    // Where it is not expected it is no HTTP.
    let elsewhere = ask(&mut connect("127.0.0.1", site.address).await, &header, &site.host).await;
    assert!(elsewhere.is_none_or(|answer| answer.status == 400));
    assert!(site.upstream.received().is_empty());
    let metrics = site.metrics().await;
    let ended = metrics.sum("doorward_connections_ended_total", &[("reason", "proxy_protocol")]);
    assert_eq!(ended, 5.0);
}

#[tokio::test]
async fn s53_a_header_that_drips_is_not_waited_for_and_each_client_has_its_own_share() {
    let (site, told) = told_site().await;
    let mut dripping = connect("127.0.0.1", told).await;
    dripping.write_all(b"PROXY TC").await.unwrap();
    let header = version_2(1, 0x11, &IPV4);
    let mut kept = Vec::new();
    for _ in 0..8 {
        let mut stream = connect("127.0.0.1", told).await;
        assert!(ask(&mut stream, &header, &site.host).await.is_some());
        kept.push(stream);
    }
    let ninth = ask(&mut connect("127.0.0.1", told).await, &header, &site.host).await;
    assert!(ninth.is_none(), "one client had more than its share through the proxy");
    let other = b"PROXY TCP4 192.0.2.8 10.0.0.1 54321 443\r\n";
    let other = ask(&mut connect("127.0.0.1", told).await, other, &site.host).await;
    assert!(other.is_some(), "the proxy itself has no such share");
    let end = timeout(PATIENCE, dripping.read(&mut [0; 1])).await.expect("it ends in time");
    assert!(!matches!(end, Ok(1..)));
}

/// HAProxy with two doors to the site, one for each version.
struct HaProxy {
    child: Child,
    _folder: TempDir,
}

impl Drop for HaProxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn s45_haproxy_says_whose_a_connection_is_in_both_versions() {
    let Some(program) = Kind::HaProxy.program() else { return };
    let (site, told) = told_site().await;
    let folder = tempfile::Builder::new().prefix("doorward-proxy-").tempdir().unwrap();
    let doors = [("send-proxy", free_port()), ("send-proxy-v2", free_port())];
    let mut config =
        "defaults\n  mode tcp\n  timeout connect 5s\n  timeout client 30s\n  timeout server 30s\n"
            .to_owned();
    for (version, port) in doors {
        config.push_str(&format!(
            "listen {version}\n  bind 127.0.0.1:{port}\n  server doorward {told} {version}\n"
        ));
    }
    let file = folder.path().join("haproxy.cfg");
    std::fs::write(&file, config).unwrap();
    let child = Command::new(program)
        .args(["-db", "-f"])
        .arg(&file)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("HAProxy starts");
    let _haproxy = HaProxy { child, _folder: folder };
    for (version, port) in doors {
        let door = SocketAddr::from(([127, 0, 0, 1], port));
        let mut stream =
            eventually("HAProxy to listen", async || TcpStream::connect(door).await.ok()).await;
        drop(stream);
        stream = connect("127.0.0.3", door).await;
        ask(&mut stream, b"", &site.host).await.expect("it is served").expect(200);
        let reached = site.upstream.last();
        assert_eq!(reached.header("x-forwarded-for"), Some("127.0.0.3"), "{version}");
    }
}

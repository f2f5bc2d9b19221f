//! Certificates that are ordered, kept and renewed by doorward itself, at a real authority (Pebble).

use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::time::Duration;

use tokio::io::{AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::client::TlsStream;

use crate::support::browser::Request;
use crate::support::http::{exchange, read_response};
use crate::support::pebble::Pebble;
use crate::support::secure::{HOST, connect};
use crate::support::site::{Setup, Site};
use crate::support::tools::{eventually, free_port};

const BLOG: &str = "blog.example.com";
const DAY: Duration = Duration::from_secs(86_400);

/// A gateway that leaves its certificates to an authority.
struct Certified {
    site: Site,
    tls: SocketAddr,
    /// Where plain HTTP is sent on, and challenges are answered.
    plain: SocketAddr,
}

impl Certified {
    /// Everything but the running process.
    async fn prepared(authority: &Pebble, plain: u16) -> Self {
        let tls = free_port();
        let acme = format!(
            "acme: {{ agree_to_terms: true, directory: \"{}\", ca: \"{}\", email: ops@example.com }}",
            authority.directory(),
            authority.ca().display()
        );
        let setup = Setup {
            origin: Some("https://wiki.example.com"),
            first_host: HOST,
            listen: vec![
                format!("{{ address: \"127.0.0.1:{tls}\", tls: acme }}"),
                format!("{{ address: \"127.0.0.1:{plain}\", redirect_to_https: true }}"),
            ],
            top: vec![acme],
            people: vec![],
            ..Setup::default()
        };
        let site = Site::prepared(&setup).await;
        let at = |port: u16| SocketAddr::from(([127, 0, 0, 1], port));
        Self { site, tls: at(tls), plain: at(plain) }
    }

    /// A connection that trusts what the authority signs, if one comes about.
    async fn try_connect(&self, authority: &Pebble, host: &str) -> Option<TlsStream<TcpStream>> {
        let root = self.site.path("root.pem");
        authority.write_root(&root).await;
        connect(self.tls, host, &[], &root).await.ok()
    }

    /// The same, once there is a certificate for the host.
    async fn connected(&self, authority: &Pebble, host: &str) -> TlsStream<TcpStream> {
        let what = format!("a certificate for {host}");
        eventually(&what, async || self.try_connect(authority, host).await).await
    }

    /// A file of the folder of the authority.
    fn kept(&self, name: &str) -> Option<PathBuf> {
        let folders = std::fs::read_dir(self.site.path("acme")).ok()?.filter_map(Result::ok);
        folders.map(|folder| folder.path().join(name)).find(|path| path.is_file())
    }

    async fn orders(&self, result: &str) -> f64 {
        self.site.metrics().await.sum("doorward_acme_orders_total", &[("result", result)])
    }
}

async fn gets(stream: &mut TlsStream<TcpStream>, target: &str) -> u16 {
    stream.write_all(&Request::get(target).bytes(HOST)).await.unwrap();
    read_response(stream, &mut Vec::new(), false).await.unwrap().status
}

/// The server's own certificate.
fn shown(stream: &TlsStream<TcpStream>) -> Vec<u8> {
    stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
}

#[tokio::test]
async fn an_authority_that_is_away_is_asked_again_and_the_first_certificate_is_used() {
    let plain = free_port();
    let Some(mut authority) = Pebble::prepared(plain) else { return };
    let mut gateway = Certified::prepared(&authority, plain).await;
    gateway.site.serve().await;

    // Without a certificate nobody is sent to a handshake that fails, and the rest goes on.
    let site = &gateway.site;
    let told = exchange(gateway.plain, &Request::get("/a").bytes(HOST)).await.expect(503);
    assert_eq!(told.header("retry-after"), Some("10"));
    assert!(told.text().contains("The certificate of wiki.example.com is being made"));
    exchange(gateway.plain, &Request::get("/a").bytes("evil.example.com")).await.expect(421);
    exchange(site.address, &Request::get("/public/x").bytes(HOST)).await.expect(200);
    let failed = async || site.logged("no certificate was issued").into_iter().next();
    let line = eventually("a word about the authority", failed).await;
    assert_eq!(line["host"], HOST);
    assert_eq!(line["good_until"], "there is none");
    let wait = line["retry.seconds"].as_u64().unwrap();
    assert!((60..=72).contains(&wait), "{line}");
    assert_eq!(gateway.orders("failed").await, 1.0);

    authority.run().await;
    assert!(gateway.try_connect(&authority, HOST).await.is_none(), "no handshake without one");
    site.travel(Duration::from_secs(80));
    let mut stream = gateway.connected(&authority, HOST).await;
    assert_eq!(gets(&mut stream, "/public/x").await, 200);
    let sent_on = exchange(gateway.plain, &Request::get("/a").bytes(HOST)).await.expect(308);
    assert_eq!(sent_on.location(), "https://wiki.example.com/a");
    assert!(gateway.try_connect(&authority, BLOG).await.is_none(), "none of another name is shown");

    assert_eq!(gateway.orders("issued").await, 1.0);
    eventually("the end of the certificate in the metrics", async || {
        let left = site.metrics().await;
        let left = left.sum("doorward_tls_certificate_expiry_seconds", &[("certificate", HOST)]);
        (left > 80.0 * 86_400.0).then_some(())
    })
    .await;

    // S54, S12: keys are their owner's alone and stand nowhere else.
    for name in ["account.key", "wiki.example.com.pem"] {
        let path = gateway.kept(name).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600, "{name}");
        let text = std::fs::read_to_string(&path).unwrap();
        let key = text.lines().nth(1).unwrap();
        assert!(key.len() >= 60 && text.starts_with("-----BEGIN PRIVATE KEY"), "{name}");
        assert!(!site.log().contains(key), "{name}");
    }
    let unknown = Request::get("/.well-known/acme-challenge/x").bytes(HOST);
    exchange(gateway.plain, &unknown).await.expect(308);
}

#[tokio::test]
async fn kill_9_in_the_midst_of_an_order_leaves_one_account_and_renewal_comes_before_the_end() {
    // The authority's challenge passes the test, which holds the first one up.
    let passing = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let Some(authority) = Pebble::start(passing.local_addr().unwrap().port()).await else { return };
    let mut gateway = Certified::prepared(&authority, free_port()).await;
    gateway.site.serve().await;
    let held = passing.accept().await.unwrap();
    gateway.site.kill9();
    drop(held);
    let plain = gateway.plain;
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = passing.accept().await {
            // Those that have waited since then may come too early.
            let Ok(mut onward) = TcpStream::connect(plain).await else { continue };
            tokio::spawn(async move { copy_bidirectional(&mut stream, &mut onward).await });
        }
    });
    let key = std::fs::read(gateway.kept("account.key").unwrap()).unwrap();
    assert!(gateway.kept("wiki.example.com.pem").is_none());

    gateway.site.serve().await;
    let first = shown(&gateway.connected(&authority, HOST).await);
    let accounts = |log: &str| log.matches("accounts in memory").count();
    assert_eq!(accounts(&authority.log()), 1, "{}", authority.log());
    assert_eq!(std::fs::read(gateway.kept("account.key").unwrap()).unwrap(), key);

    // What is kept is shown at once, and nothing is ordered.
    gateway.site.kill9();
    gateway.site.serve().await;
    let mut kept = gateway.try_connect(&authority, HOST).await.unwrap();
    assert_eq!(shown(&kept), first);
    assert_eq!(gateway.orders("issued").await, 0.0);

    gateway.site.travel(DAY * 70);
    eventually("another certificate", async || {
        let stream = gateway.try_connect(&authority, HOST).await?;
        (shown(&stream) != first).then_some(())
    })
    .await;
    assert_eq!(gateway.orders("issued").await, 1.0);
    assert_eq!(gets(&mut kept, "/public/x").await, 200, "the connection of before goes on");
    assert_eq!(accounts(&authority.log()), 1, "{}", authority.log());
}

#[tokio::test]
async fn a_host_that_a_reload_adds_gets_a_certificate_and_one_that_it_takes_shows_none() {
    let plain = free_port();
    let Some(authority) = Pebble::start(plain).await else { return };
    let mut gateway = Certified::prepared(&authority, plain).await;
    gateway.site.serve().await;
    let first = shown(&gateway.connected(&authority, HOST).await);

    let site = &gateway.site;
    let app = site.upstream.address;
    let blog = format!(
        "sites:\n  - {{ host: {BLOG}, upstreams: [\"http://{app}\"], rules: [{{ policy: bypass }}] }}\n"
    );
    site.edit("sites:\n", &blog);
    site.wait_for_reloads("applied", 1).await;
    let mut stream = gateway.connected(&authority, BLOG).await;
    stream.write_all(&Request::get("/x").bytes(BLOG)).await.unwrap();
    read_response(&mut stream, &mut Vec::new(), false).await.unwrap().expect(200);
    let wiki = gateway.try_connect(&authority, HOST).await.unwrap();
    assert_eq!(shown(&wiki), first, "nobody else's is renewed for that");

    site.edit(&blog, "sites:\n");
    site.wait_for_reloads("applied", 2).await;
    eventually("no certificate of a host that is gone", async || {
        gateway.try_connect(&authority, BLOG).await.is_none().then_some(())
    })
    .await;
    let wiki = gateway.try_connect(&authority, HOST).await.unwrap();
    assert_eq!(shown(&wiki), first);
}

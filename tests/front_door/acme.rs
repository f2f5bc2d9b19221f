//! Certificates from an authority that speaks ACME: a real one, Pebble.

use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

use tokio::net::TcpStream;

use crate::support::browser::Request;
use crate::support::http::exchange;
use crate::support::pebble::Pebble;
use crate::support::secure::{HOST, connect};
use crate::support::site::{Setup, Site};
use crate::support::tools::{eventually, free_port, within};

/// How long an order may take on a machine that is busy.
const ORDER: Duration = Duration::from_secs(60);

struct Ordered {
    site: Site,
    tls: SocketAddr,
    http: SocketAddr,
}

/// A gateway that gets its certificates there.
async fn ordering(directory: &str, ca: &Path, http: u16) -> Ordered {
    let tls = free_port();
    let setup = Setup {
        people: vec![],
        origin: Some("https://wiki.example.com"),
        first_host: HOST,
        more_sites: vec![
            "{ host: blog.example.com, upstreams: [\"UPSTREAM\"], rules: [{ policy: bypass }] }".into(),
        ],
        listen: vec![
            format!("{{ address: \"127.0.0.1:{tls}\", tls: acme }}"),
            format!("{{ address: \"127.0.0.1:{http}\", redirect_to_https: true }}"),
        ],
        top: vec![format!(
            "acme: {{ directory: \"{directory}\", agree_to_terms: true, contact: ops@example.com, \
             folder: acme, ca: {} }}",
            ca.display()
        )],
        ..Setup::default()
    };
    let mut site = Site::prepared(&setup).await;
    site.serve().await;
    Ordered { site, tls: ([127, 0, 0, 1], tls).into(), http: ([127, 0, 0, 1], http).into() }
}

/// The serial number and all of the certificate that is shown for `host`, if whoever trusts `root` takes it.
async fn shown(address: SocketAddr, host: &str, root: &Path) -> Option<Vec<u8>> {
    let stream = connect(address, host, &[b"h2"], root).await.ok()?;
    Some(stream.get_ref().1.peer_certificates()?.first()?.to_vec())
}

#[tokio::test]
async fn certificates_are_ordered_kept_and_renewed() {
    let http = free_port();
    let Some(mut pebble) = Pebble::start(http).await else { return };
    let mut ordered = ordering(&pebble.directory, &pebble.ca(), http).await;
    let root = ordered.site.path("root.pem");
    pebble.write_root(&root).await;
    let issued = within(ORDER, "a certificate", async || shown(ordered.tls, HOST, &root).await).await;
    let blog = within(ORDER, "the other", async || {
        shown(ordered.tls, "blog.example.com", &root).await
    })
    .await;
    assert_ne!(issued, blog, "each host has its own");

    // S54: what is kept is its owner's alone.
    let mut kept = 0;
    for folder in std::fs::read_dir(ordered.site.path("acme")).unwrap() {
        let folder = folder.unwrap();
        assert_eq!(folder.metadata().unwrap().mode() & 0o777, 0o700);
        for file in std::fs::read_dir(folder.path()).unwrap() {
            assert_eq!(file.unwrap().metadata().unwrap().mode() & 0o777, 0o600);
            kept += 1;
        }
    }
    assert_eq!(kept, 3, "an account and two certificates");
    let metrics = ordered.site.metrics().await;
    let left =
        metrics.sum("doorward_tls_certificate_expiry_seconds", &[("certificate", HOST)]);
    assert!(left > 80.0 * 86_400.0, "{left}");

    // Renewed in time: not after a month, but well before the end of its ninety days.
    let after = async |days: u64| {
        ordered.site.travel(Duration::from_secs(days * 86_400));
        ordered.site.now()
    };
    after(80).await;
    let renewed = within(ORDER, "a renewal", async || {
        shown(ordered.tls, HOST, &root).await.filter(|shown| *shown != issued)
    })
    .await;

    // Kept over a restart, without the authority; and nothing of a challenge is left to be asked for.
    pebble.stop();
    assert!(ordered.site.stop().await.success());
    ordered.site.serve().await;
    assert_eq!(shown(ordered.tls, HOST, &root).await.unwrap(), renewed);
    let stranger = Request::get("/.well-known/acme-challenge/x").bytes(HOST);
    exchange(ordered.http, &stranger).await.expect(308);
}

#[tokio::test]
async fn without_its_authority_everything_but_tls_works_and_the_log_says_why() {
    let nobody = format!("https://localhost:{}/dir", free_port());
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    let pair = crate::support::secure::self_signed(&["localhost"]);
    std::fs::write(&ca, pair.cert.pem()).unwrap();
    let ordered = ordering(&nobody, &ca, free_port()).await;
    eventually("a word about it", async || {
        ordered.site.log().contains("no certificate was issued").then_some(())
    })
    .await;
    // No certificate of our own making: nobody is taught to click through a warning.
    TcpStream::connect(ordered.tls).await.expect("it listens");
    assert!(shown(ordered.tls, HOST, &ca).await.is_none());
    ordered.site.send(Request::get("/public/x")).await.expect(200);
    let asked = Request::get("/a?b").bytes(HOST);
    exchange(ordered.http, &asked).await.expect(308);
}

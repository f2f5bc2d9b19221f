//! Certificates that are ordered, kept and renewed by doorward itself, at a real authority (Pebble).

use std::net::SocketAddr;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use tokio::io::{AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::client::TlsStream;

use crate::support::authority::Authority;
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

/// The ports of a gateway: that of TLS, and that of plain HTTP if it has one.
#[derive(Clone, Copy)]
struct Ports {
    tls: u16,
    plain: Option<u16>,
}

impl Ports {
    fn both() -> Self {
        Self { tls: free_port(), plain: Some(free_port()) }
    }
}

impl Certified {
    /// Everything but the running process.
    async fn prepared(authority: &Pebble, ports: Ports) -> Self {
        Self::at(&authority.directory(), &authority.ca(), "email: ops@example.com", ports).await
    }

    /// The same with `more` about the authority.
    async fn at(directory: &str, ca: &Path, more: &str, ports: Ports) -> Self {
        let Ports { tls, plain } = ports;
        let ca = ca.display();
        let acme = format!(
            "acme: {{ agree_to_terms: true, directory: \"{directory}\", ca: \"{ca}\", {more} }}"
        );
        let redirects = plain
            .map(|plain| format!("{{ address: \"127.0.0.1:{plain}\", redirect_to_https: true }}"));
        let listens = [format!("{{ address: \"127.0.0.1:{tls}\", tls: acme }}")];
        let setup = Setup {
            origin: Some("https://wiki.example.com"),
            first_host: HOST,
            listen: listens.into_iter().chain(redirects).collect(),
            top: vec![acme],
            people: vec![],
            ..Setup::default()
        };
        let site = Site::prepared(&setup).await;
        let at = |port: u16| SocketAddr::from(([127, 0, 0, 1], port));
        Self { site, tls: at(tls), plain: at(plain.unwrap_or_default()) }
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
    let ports = Ports::both();
    let Some(mut authority) = Pebble::prepared(ports.plain.unwrap(), free_port()) else { return };
    let mut gateway = Certified::prepared(&authority, ports).await;
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
    let asked = passing.local_addr().unwrap().port();
    let Some(authority) = Pebble::start(asked, free_port()).await else { return };
    let mut gateway = Certified::prepared(&authority, Ports::both()).await;
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
    let ports = Ports::both();
    let Some(authority) = Pebble::start(ports.plain.unwrap(), free_port()).await else { return };
    let mut gateway = Certified::prepared(&authority, ports).await;
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

#[tokio::test]
async fn without_plain_http_the_authority_asks_by_tls_and_nobody_else_gets_anything_by_that() {
    let ports = Ports { tls: free_port(), plain: None };
    let Some(authority) = Pebble::start(free_port(), ports.tls).await else { return };
    let mut gateway = Certified::prepared(&authority, ports).await;
    gateway.site.serve().await;
    let mut stream = gateway.connected(&authority, HOST).await;
    assert_eq!(gets(&mut stream, "/public/x").await, 200);
    let config = gateway.site.config();
    let checked = gateway.site.run(&["check", config.to_str().unwrap()], "").await;
    let checked = String::from_utf8(checked.stdout).unwrap();
    assert!(checked.contains("for wiki.example.com (tls-alpn-01)"), "{checked}");

    // Who speaks the authority's protocol gets no certificate of a site, and HTTP is not spoken by it.
    let root = gateway.site.path("root.pem");
    for offered in [&[&b"acme-tls/1"[..]][..], &[&b"h2"[..], b"acme-tls/1"]] {
        for host in [HOST, BLOG] {
            assert!(connect(gateway.tls, host, offered, &root).await.is_err(), "{host}");
        }
    }
    let spoken = connect(gateway.tls, HOST, &[b"h2"], &root).await.unwrap();
    assert_eq!(spoken.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
}

/// Writes a secret beside the configuration.
fn keep(site: &Site, name: &str, secret: &str) {
    std::fs::write(site.path(name), format!("{secret}\n")).unwrap();
    std::fs::set_permissions(site.path(name), std::fs::Permissions::from_mode(0o600)).unwrap();
}

const KEY_ID: &str = "kid-of-ops";
const EXTERNAL: &str = "external_account: { key_id: kid-of-ops, hmac_key_file: eab }";

#[tokio::test]
async fn s12_an_account_is_asked_for_with_the_operators_own_and_its_key_stands_nowhere() {
    let authority = Authority::start().await;
    let key: Vec<u8> = (100..164).collect();
    let typed = BASE64URL_NOPAD.encode(&key);
    let directory = authority.directory();
    let mut gateway = Certified::at(&directory, &authority.ca(), EXTERNAL, Ports::both()).await;
    keep(&gateway.site, "eab", &typed);
    gateway.site.serve().await;
    let site = &gateway.site;
    let failed = async || site.logged("no certificate was issued").into_iter().next();
    eventually("an order that is not taken", failed).await;

    let asked = authority.accounts();
    let [request] = &asked[..] else { panic!("one account: {asked:#?}") };
    let part = |jws: &Value, name: &str| -> Value {
        let text = jws[name].as_str().unwrap();
        serde_json::from_slice(&BASE64URL_NOPAD.decode(text.as_bytes()).unwrap()).unwrap()
    };
    let (head, payload) = (part(request, "protected"), part(request, "payload"));
    assert_eq!(payload["termsOfServiceAgreed"], true);
    // RFC 8555 section 7.3.4: the key of the account, signed with that of the operator's own.
    let bound = &payload["externalAccountBinding"];
    let about = part(bound, "protected");
    let url = format!("https://localhost:{}/account", authority.address.port());
    assert_eq!(about, json!({ "alg": "HS256", "kid": KEY_ID, "url": url }));
    assert_eq!(part(bound, "payload"), head["jwk"]);
    let signed =
        format!("{}.{}", bound["protected"].as_str().unwrap(), bound["payload"].as_str().unwrap());
    let signature = bound["signature"].as_str().unwrap();
    let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &key);
    ring::hmac::verify(&key, signed.as_bytes(), &signature).expect("signed with the key");

    assert!(gateway.kept("account.key").is_some(), "the key of the account is kept");
    let config = site.config();
    let shown = site.run(&["check", "--print", config.to_str().unwrap()], "").await;
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains(KEY_ID) && !shown.contains(&typed), "{shown}");
    for (path, bytes) in site.written() {
        let holds = bytes.windows(typed.len()).any(|window| window == typed.as_bytes());
        assert!(!holds || path.ends_with("eab"), "the key stands in {}", path.display());
    }

    // A restart finds the account by its key, and does not ask for another one.
    gateway.site.kill9();
    gateway.site.serve().await;
    let found = async || (authority.accounts().len() > 1).then(|| authority.accounts().remove(1));
    let payload = part(&eventually("the account again", found).await, "payload");
    assert_eq!(payload["onlyReturnExisting"], true, "{payload}");
}

#[tokio::test]
async fn an_authority_that_signs_for_known_customers_alone_signs_once_a_reload_names_the_account() {
    let ports = Ports::both();
    let key = BASE64URL_NOPAD.encode(&[7; 32]);
    let holders = [(KEY_ID, key.as_str())];
    let authority = Pebble::for_holders_of(&holders, ports.plain.unwrap(), free_port());
    let Some(mut authority) = authority else { return };
    authority.run().await;
    let mut gateway = Certified::prepared(&authority, ports).await;
    gateway.site.serve().await;
    let site = &gateway.site;
    let failed = async || site.logged("no certificate was issued").into_iter().next();
    let line = eventually("a word about the account", failed).await;
    assert!(line["error"].as_str().unwrap().contains("externalAccountRequired"), "{line}");

    // Another key than theirs is told, too; theirs is tried without waiting for the next time.
    keep(site, "eab", &BASE64URL_NOPAD.encode(&[8; 32]));
    site.edit("email: ops@example.com", &format!("email: ops@example.com, {EXTERNAL}"));
    site.wait_for_reloads("applied", 1).await;
    eventually("a word about the key", async || {
        (site.logged("no certificate was issued").len() > 1).then_some(())
    })
    .await;
    keep(site, "eab", &key);
    site.wait_for_reloads("applied", 2).await;
    let told = site.logged("is in effect").remove(1);
    assert_eq!(told["changed"], "acme.external_account.hmac_key_file", "{told}");
    gateway.connected(&authority, HOST).await;
    let accounts = authority.log().matches("accounts in memory").count();
    assert_eq!(accounts, 1, "{}", authority.log());
}

#[tokio::test]
async fn a_reload_names_another_authority_and_what_the_first_signed_is_shown_until_that_one_has() {
    let ports = Ports::both();
    let http = ports.plain.unwrap();
    let Some(first) = Pebble::start(http, free_port()).await else { return };
    let mut second = Pebble::prepared(http, free_port()).unwrap();
    let mut gateway = Certified::prepared(&first, ports).await;
    gateway.site.serve().await;
    let of_first = shown(&gateway.connected(&first, HOST).await);

    // S54: a folder that is of no use is told at the reload, and the one of before goes on.
    let site = &gateway.site;
    let name = format!("localhost_{}_dir", first.port());
    std::fs::create_dir_all(site.path("elsewhere").join(&name)).unwrap();
    let readable = site.path("elsewhere").join(name).join("account.key");
    std::fs::write(&readable, "x").unwrap();
    std::fs::set_permissions(&readable, std::fs::Permissions::from_mode(0o644)).unwrap();
    site.edit("email: ops@example.com", "email: ops@example.com, folder: elsewhere");
    site.wait_for_reloads("refused", 1).await;
    let told = site.logged("is refused").remove(0);
    assert!(told["error"].as_str().unwrap().contains("chmod 600"), "{told}");

    site.edit(", folder: elsewhere", "");
    site.wait_for_reloads("applied", 1).await;
    let text = std::fs::read_to_string(site.config()).unwrap();
    let other = text
        .replace(&first.directory(), &second.directory())
        .replace(&first.ca().display().to_string(), &second.ca().display().to_string());
    site.edit(&text, &other);
    site.wait_for_reloads("applied", 2).await;
    let told = site.logged("is in effect").pop().unwrap();
    assert_eq!(told["changed"], "acme.ca, acme.directory", "{told}");

    // The second one is away: the first one's goes on, and its own comes when it is there.
    let failed = async || site.logged("no certificate was issued").into_iter().next();
    eventually("a word about the second authority", failed).await;
    let still = gateway.try_connect(&first, HOST).await.expect("the first one's is shown");
    assert_eq!(shown(&still), of_first);
    second.run().await;
    site.travel(Duration::from_secs(80));
    let mut stream = gateway.connected(&second, HOST).await;
    assert_ne!(shown(&stream), of_first);
    assert_eq!(gets(&mut stream, "/public/x").await, 200);

    // Back again: what is kept of the first is shown, and nothing is ordered.
    let orders = gateway.orders("issued").await;
    site.edit(&other, &text);
    site.wait_for_reloads("applied", 3).await;
    let back = async || {
        let stream = gateway.try_connect(&first, HOST).await?;
        (shown(&stream) == of_first).then_some(())
    };
    eventually("the certificate of the first authority", back).await;
    assert_eq!(gateway.orders("issued").await, orders);
}

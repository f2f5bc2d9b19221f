//! Certificates by name, renewed while connections go on; what browsers are told about HTTPS.

use std::net::SocketAddr;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::sync::Arc;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{
    ClientConfig, ProtocolVersion, RootCertStore, SupportedProtocolVersion,
};

use crate::support::browser::{Browser, Request};
use crate::support::http::{exchange, read_response};
use crate::support::secure::{HOST, Secure, connect, self_signed, write_pair};
use crate::support::site::{ADA, Setup, Site};
use crate::support::tools::{eventually, free_port};

/// Nobody has an account.
fn empty() -> Setup {
    Setup { people: vec![], ..Setup::default() }
}

/// Whether whoever trusts this certificate alone gets a connection as `host`.
async fn shows(address: SocketAddr, host: &str, trusted: &Path) -> bool {
    connect(address, host, &[], trusted).await.is_ok()
}

#[tokio::test]
async fn each_name_gets_its_certificate_and_any_other_the_first() {
    let port = free_port();
    let pair = |name: &str| format!("{{ certificate: FOLDER/{name}.crt, key: FOLDER/{name}.key }}");
    let listen = format!(
        "{{ address: \"127.0.0.1:{port}\", tls: [{}, {}, {}] }}",
        pair("first"),
        pair("second"),
        pair("wild")
    );
    let more = "{ host: blog.example.com, upstreams: [\"UPSTREAM\"], rules: [{ policy: bypass }] }";
    let setup = Setup {
        origin: Some("https://wiki.example.com"),
        first_host: HOST,
        more_sites: vec![more.to_owned()],
        listen: vec![listen],
        ..empty()
    };
    let mut site = Site::prepared(&setup).await;
    for (name, hosts) in [
        ("first", &[HOST][..]),
        ("second", &["blog.example.com", "old.example.com"]),
        ("wild", &["*.apps.example.com"]),
    ] {
        write_pair(&site.path(name), &self_signed(hosts));
    }
    site.serve().await;
    let address = ([127, 0, 0, 1], port).into();
    let of = |name: &str| site.path(name).with_extension("crt");
    assert!(shows(address, HOST, &of("first")).await);
    assert!(shows(address, "blog.example.com", &of("second")).await);
    assert!(shows(address, "x.apps.example.com", &of("wild")).await);
    assert!(!shows(address, "blog.example.com", &of("first")).await);
    // A name that is nobody's, and no name at all, get the first.
    for host in ["nobody.example.com", "127.0.0.1"] {
        let refused = connect(address, host, &[], &of("first")).await.unwrap_err().to_string();
        assert!(refused.contains("not valid for name"), "{host}: {refused}");
    }
    // A connection is good for whatever site its certificate is for, and a site's rules are its own anyway.
    let mut stream = connect(address, HOST, &[], &of("first")).await.unwrap();
    stream.write_all(&Request::get("/x").bytes("blog.example.com")).await.unwrap();
    assert_eq!(read_response(&mut stream, &mut Vec::new(), false).await.unwrap().status, 200);
    let log = site.log();
    assert!(log.contains("the certificate for *.apps.example.com is for no site"), "{log}");

    let metrics = site.metrics().await;
    let left = |name: &str| {
        metrics.sum("doorward_tls_certificate_expiry_seconds", &[("certificate", name)])
    };
    assert!(left("blog.example.com") > 86_400.0 && left(HOST) > 86_400.0);
}

#[tokio::test]
async fn a_renewed_certificate_is_taken_up_and_no_connection_is_dropped() {
    let secure = Secure::start().await;
    let ada = secure.signed_in(&ADA).await;
    let cookies = String::from_utf8(ada.prepare(Request::get("/private").navigate())).unwrap();
    let before = secure.site.path("before.crt");
    std::fs::copy(secure.site.path("tls.crt"), &before).unwrap();
    let mut kept = connect(secure.address, HOST, &[], &before).await.unwrap();

    // What is of no use is told of, and changes nothing: a key of another certificate, then one that others may read.
    let renewed = self_signed(&[HOST]);
    write_pair(&secure.site.path("new"), &renewed);
    std::fs::copy(secure.site.path("new.key"), secure.site.path("tls.key")).unwrap();
    eventually("a word about the pair", async || {
        secure.site.log().contains("of no use; those of before go on").then_some(())
    })
    .await;
    assert!(shows(secure.address, HOST, &before).await);
    let open = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(secure.site.path("tls.key"), open).unwrap();
    std::fs::copy(secure.site.path("new.crt"), secure.site.path("tls.crt")).unwrap();
    eventually("a word about the key", async || {
        secure.site.log().contains("is a key that others may read").then_some(())
    })
    .await;
    assert!(shows(secure.address, HOST, &before).await);

    // A good pair is taken up; the connection of before is still good.
    write_pair(&secure.site.path("tls"), &self_signed(&[HOST]));
    let after = secure.site.path("tls.crt");
    eventually("the new certificate", async || {
        shows(secure.address, HOST, &after).await.then_some(())
    })
    .await;
    assert!(!shows(secure.address, HOST, &before).await);
    kept.write_all(cookies.as_bytes()).await.unwrap();
    let answer = read_response(&mut kept, &mut Vec::new(), false).await.unwrap();
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn another_list_of_certificates_is_taken_over_by_a_reload_and_no_connection_is_dropped() {
    let secure = Secure::with(empty()).await;
    let site = &secure.site;
    let first = site.path("tls.crt");
    let mut kept = connect(secure.address, HOST, &[], &first).await.unwrap();
    write_pair(&site.path("blog"), &self_signed(&["blog.example.com"]));
    write_pair(&site.path("other"), &self_signed(&["other.example.com"]));
    let pair = |certificate: &str, key: &str| {
        let file = |name: &str| site.path(name).display().to_string();
        format!("{{ certificate: {}, key: {} }}", file(certificate), file(key))
    };
    let before = pair("tls.crt", "tls.key");

    // A list of which a part is of no use is refused as a whole.
    site.edit(&before, &format!("[{before}, {}]", pair("blog.crt", "other.key")));
    site.wait_for_reloads("refused", 1).await;
    assert!(shows(secure.address, HOST, &first).await);
    assert!(!shows(secure.address, "blog.example.com", &site.path("blog.crt")).await);
    site.edit(&pair("blog.crt", "other.key"), &pair("blog.crt", "blog.key"));
    site.wait_for_reloads("applied", 1).await;
    assert!(shows(secure.address, HOST, &first).await);
    assert!(shows(secure.address, "blog.example.com", &site.path("blog.crt")).await);
    let told = site.logged("is in effect");
    assert_eq!(told.last().unwrap()["changed"], format!("listen[{}].tls", secure.address));

    // The files of the new list are followed, too.
    let old = site.path("old.crt");
    std::fs::copy(site.path("blog.crt"), &old).unwrap();
    write_pair(&site.path("blog"), &self_signed(&["blog.example.com"]));
    eventually("the renewed certificate", async || {
        shows(secure.address, "blog.example.com", &site.path("blog.crt")).await.then_some(())
    })
    .await;
    assert!(!shows(secure.address, "blog.example.com", &old).await);

    let applied = site.reloads("applied").await as u32;
    let list = format!("[{before}, {}]", pair("blog.crt", "blog.key"));
    site.edit(&list, &pair("other.crt", "other.key"));
    site.wait_for_reloads("applied", applied + 1).await;
    assert!(!shows(secure.address, HOST, &first).await);
    kept.write_all(&Request::get("/public/x").bytes(HOST)).await.unwrap();
    let answer = read_response(&mut kept, &mut Vec::new(), false).await.unwrap();
    assert_eq!(answer.status, 200, "the connection of before goes on");

    // The rest of a listener is bound, and takes a restart.
    let other = pair("other.crt", "other.key");
    site.edit(&other, &format!("{other}, min_tls_version: \"1.3\""));
    site.wait_for_reloads("needs_restart", 1).await;
    let told = site.logged("before a restart");
    assert_eq!(told[0]["error"], "listen changed, which takes a restart");
}

#[tokio::test]
async fn a_day_in_the_life_of_certbot() {
    let (mut secure, _) = Secure::prepared(empty()).await;
    let folder = secure.site.path("letsencrypt");
    let (archive, live) = (folder.join("archive"), folder.join("live"));
    std::fs::create_dir_all(&archive).unwrap();
    std::fs::create_dir_all(&live).unwrap();
    // As certbot does it: numbered files in archive/, links in live/ that are put anew one after the other.
    let renew = |number: u32| {
        let base = archive.join(format!("wiki{number}"));
        write_pair(&base, &self_signed(&[HOST]));
        for (name, of) in [("fullchain.pem", "crt"), ("privkey.pem", "key")] {
            let link = live.join(name);
            let _ = std::fs::remove_file(&link);
            symlink(Path::new("../archive").join(format!("wiki{number}.{of}")), &link).unwrap();
        }
        base.with_extension("crt")
    };
    let first = renew(1);
    let yaml = std::fs::read_to_string(secure.site.config()).unwrap();
    let own = secure.site.path("tls").display().to_string();
    let yaml = yaml
        .replace(&format!("{own}.crt"), &live.join("fullchain.pem").display().to_string())
        .replace(&format!("{own}.key"), &live.join("privkey.pem").display().to_string());
    std::fs::write(secure.site.config(), yaml).unwrap();
    secure.site.serve().await;
    assert!(shows(secure.address, HOST, &first).await);
    let second = renew(2);
    eventually("the renewed certificate", async || {
        shows(secure.address, HOST, &second).await.then_some(())
    })
    .await;
    assert!(!secure.site.log().contains("of no use"), "{}", secure.site.log());
}

async fn speak(
    address: SocketAddr,
    trusted: &Path,
    versions: &[&'static SupportedProtocolVersion],
) -> std::io::Result<TlsStream<TcpStream>> {
    use tokio_rustls::rustls::pki_types::CertificateDer;
    use tokio_rustls::rustls::pki_types::pem::PemObject as _;
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(trusted).unwrap()).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions);
    let config = config.unwrap().with_root_certificates(roots).with_no_client_auth();
    let stream = TcpStream::connect(address).await?;
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from(HOST).unwrap(), stream).await
}

#[tokio::test]
async fn tls_1_2_is_spoken_unless_1_3_alone_is_asked_for() {
    let port = free_port();
    let strict = format!(
        "{{ address: \"127.0.0.1:{port}\", min_tls_version: \"1.3\", \
         tls: {{ certificate: FOLDER/tls.crt, key: FOLDER/tls.key }} }}"
    );
    let secure = Secure::with(Setup { listen: vec![strict], ..empty() }).await;
    let trusted = secure.site.path("tls.crt");
    let strict: SocketAddr = ([127, 0, 0, 1], port).into();
    let old = speak(secure.address, &trusted, &[&TLS12]).await.unwrap();
    assert_eq!(old.get_ref().1.protocol_version(), Some(ProtocolVersion::TLSv1_2));
    let suite = format!("{:?}", old.get_ref().1.negotiated_cipher_suite().unwrap().suite());
    assert!(suite.contains("ECDHE"), "{suite}");
    let new = speak(strict, &trusted, &[&TLS13, &TLS12]).await.unwrap();
    assert_eq!(new.get_ref().1.protocol_version(), Some(ProtocolVersion::TLSv1_3));
    let refused = speak(strict, &trusted, &[&TLS12]).await.unwrap_err().to_string();
    assert!(refused.to_lowercase().contains("protocolversion"), "{refused}");
}

#[tokio::test]
async fn browsers_are_told_to_come_by_https_alone_as_long_as_the_site_says() {
    let more = "{ origin: \"http://plain.localhost\", upstreams: [\"UPSTREAM\"], \
                rules: [{ policy: bypass }] }";
    let forget = "{ host: leaving.example.com, upstreams: [\"UPSTREAM\"], hsts: 0s, \
                  rules: [{ policy: bypass }] }";
    let setup = Setup { more_sites: vec![more.into(), forget.into()], ..empty() };
    let secure = Secure::with(setup).await;
    let told = async |host: &str, target: &str| {
        let answer = Browser::at(secure.site.address, host).get(target).await;
        answer.header("strict-transport-security").map(str::to_owned)
    };
    let month = Some("max-age=2592000".to_owned());
    for target in ["/public/x", "/private", "/_doorward/login", "/closed/x"] {
        assert_eq!(told(HOST, target).await, month, "{target}");
    }
    assert_eq!(told("leaving.example.com", "/x").await.as_deref(), Some("max-age=0"));
    assert_eq!(told("plain.localhost", "/x").await, None);
    assert_eq!(told("nobody.example.com", "/x").await, None);
}

#[tokio::test]
async fn plain_http_is_sent_on_with_path_and_query_and_method() {
    let port = free_port();
    let redirect = format!("{{ address: \"127.0.0.1:{port}\", redirect_to_https: true }}");
    let secure = Secure::with(Setup { listen: vec![redirect], ..empty() }).await;
    let to: SocketAddr = ([127, 0, 0, 1], port).into();
    for method in ["GET", "HEAD", "POST"] {
        let request = Request::new(method, "/a/b%20c?d=e&f=%2F").bytes(HOST);
        // 308 keeps method and body where 301 would make a GET of it.
        let answer = exchange(to, &request).await.expect(308);
        assert_eq!(answer.location(), "https://wiki.example.com/a/b%20c?d=e&f=%2F");
        assert_eq!(answer.header("strict-transport-security"), None, "never over http");
    }
    let lost = Request::get("/x").bytes("evil.example.com");
    exchange(to, &lost).await.expect(421);
    drop(secure);
}

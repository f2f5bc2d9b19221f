//! Apps behind TLS: a real server of Python's, and every way in which its certificate or ours can be the wrong one.

use std::process::Command;

use tempfile::TempDir;

use crate::support::app::App;
use crate::support::browser::Request;
use crate::support::certificates::{Authority, Certified};
use crate::support::http::{Response, exchange};
use crate::support::site::{Setup, Site};
use crate::support::tools::{eventually, python};

async fn tls_app(certified: &Certified, clients_of: Option<&Authority>) -> App {
    let address = App::free_address();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/front_door/support/tls_app.py");
    let authority = clients_of.map(Authority::file);
    App::start(address, |_| {
        let mut command = Command::new(python());
        command.arg(script).arg(address.port().to_string());
        command.arg(&certified.certificate).arg(&certified.key).args(authority);
        command
    })
    .await
}

/// A site of its own for each way to trust an app, all behind one gateway.
struct Sites {
    site: Site,
}

impl Sites {
    async fn start(ways: &[(&str, String, String)]) -> Self {
        let more = ways.iter().map(|(name, url, tls)| {
            format!(
                "{{ host: {name}.localhost, upstreams: [\"{url}\"], timeouts: {{ handshake: 3s }}, \
                 {tls} rules: [{{ policy: bypass }}] }}"
            )
        });
        let setup = Setup {
            more_sites: more.collect(),
            portal: Some("single_sign_on: false"),
            people: Vec::new(),
            ..Setup::default()
        };
        Self { site: Site::with(setup).await }
    }

    async fn ask(&self, name: &str) -> Response {
        let host = format!("{name}.localhost:{}", self.site.address.port());
        exchange(self.site.address, &Request::get("/").bytes(&host)).await
    }

    #[track_caller]
    fn assert_logged(&self, what: &str) {
        assert!(self.site.log().contains(what), "the log says nothing of {what}");
    }
}

fn trusting(authority: &Authority, more: &str) -> String {
    format!("upstream_tls: {{ ca: {}{more} }},", authority.file().display())
}

fn showing(certified: &Certified) -> String {
    let (certificate, key) = (certified.certificate.display(), certified.key.display());
    format!(", certificate: {certificate}, key: {key}")
}

fn folder() -> TempDir {
    tempfile::Builder::new().prefix("doorward-tls-").tempdir().unwrap()
}

#[tokio::test]
async fn an_app_is_reached_only_with_the_certificate_that_it_should_have() {
    let folder = folder();
    let (ours, theirs) =
        (Authority::new(folder.path(), "ours"), Authority::new(folder.path(), "theirs"));
    let named = tls_app(&ours.sign(&["app.internal"]), None).await;
    let local = tls_app(&ours.sign(&["localhost", "127.0.0.1"]), None).await;
    let expired = tls_app(&ours.sign_expired(&["127.0.0.1"]), None).await;
    let by_address = |app: &App| format!("https://{}", app.address);
    let by_name = |app: &App| format!("https://localhost:{}", app.address.port());
    let name = ", server_name: app.internal";
    let any = "upstream_tls: { danger_accept_any_certificate: true },".to_owned();
    let ways = [
        ("right", by_address(&local), trusting(&ours, "")),
        ("right-name", by_name(&local), trusting(&ours, "")),
        ("told-name", by_address(&named), trusting(&ours, name)),
        ("wrong-name", by_address(&named), trusting(&ours, "")),
        ("other-name", by_address(&local), trusting(&ours, name)),
        ("wrong-authority", by_address(&local), trusting(&theirs, "")),
        ("wrong-authority-named", by_address(&named), trusting(&theirs, name)),
        ("system", by_address(&local), String::new()),
        ("expired", by_address(&expired), trusting(&ours, "")),
        ("any", by_address(&expired), any),
    ];
    let sites = Sites::start(&ways).await;
    // First those that are right, so that their connections are there to be taken by mistake.
    for name in ["right", "right-name", "told-name", "any"] {
        let answer = sites.ask(name).await.expect(200);
        assert!(answer.text().contains("of nobody"), "{name}: {}", answer.text());
        eventually("a connection that is kept", async || {
            let (one, two) = (sites.ask(name).await, sites.ask(name).await.expect(200));
            (one.text() == two.text()).then_some(())
        })
        .await;
    }
    for name in [
        "wrong-name",
        "other-name",
        "wrong-authority",
        "wrong-authority-named",
        "system",
        "expired",
    ] {
        let answer = sites.ask(name).await;
        assert_eq!(answer.status, 502, "{name}: {}", answer.text());
        assert_eq!(answer.json()["error"], "upstream_unreachable");
        sites.ask(name).await.expect(502);
    }
    let failed = sites.site.metrics().await;
    let labels = [("site", "expired.localhost"), ("reason", "tls")];
    assert_eq!(failed.sum("doorward_upstream_failures_total", &labels), 2.0);
    sites.assert_logged("danger_accept_any_certificate");
    let warned = sites.site.log().matches("danger_accept_any_certificate").count();
    assert_eq!(warned, 1, "only of the site that says so");
}

#[tokio::test]
async fn an_app_that_asks_for_a_certificate_gets_ours_and_nobody_elses() {
    let folder = folder();
    let (ours, theirs) =
        (Authority::new(folder.path(), "ours"), Authority::new(folder.path(), "theirs"));
    let app = tls_app(&ours.sign(&["127.0.0.1"]), Some(&ours)).await;
    let url = format!("https://{}", app.address);
    let (gateway, other) = (ours.sign(&["gateway.internal"]), ours.sign(&["other.internal"]));
    let stranger = theirs.sign(&["gateway.internal"]);
    let with = |certified: &Certified| trusting(&ours, &showing(certified));
    let ways = [
        ("gateway", url.clone(), with(&gateway)),
        ("other", url.clone(), with(&other)),
        ("stranger", url.clone(), with(&stranger)),
        ("none", url, trusting(&ours, "")),
    ];
    let sites = Sites::start(&ways).await;
    for (name, shown) in [
        ("gateway", "gateway.internal"),
        ("other", "other.internal"),
        ("gateway", "gateway.internal"),
    ] {
        let answer = sites.ask(name).await.expect(200);
        assert!(answer.text().contains(&format!("of {shown} ")), "{}", answer.text());
    }
    for name in ["stranger", "none"] {
        sites.ask(name).await.expect(502);
    }
}

#[tokio::test]
async fn a_handshake_that_does_not_end_is_given_up() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let sites = Sites::start(&[("silent", url, String::new())]).await;
    let began = std::time::Instant::now();
    let answer = sites.ask("silent").await.expect(504);
    assert_eq!(answer.json()["error"], "upstream_timeout");
    assert!((2.5..6.0).contains(&began.elapsed().as_secs_f64()), "{:?}", began.elapsed());
    drop(listener);
}

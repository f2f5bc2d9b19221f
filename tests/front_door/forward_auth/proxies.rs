//! The same through real proxies, with the configurations of examples/deployments.

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::headers::{forged, identity_of};
use crate::support::browser::Request;
use crate::support::http::{PATIENCE, Response, exchange};
use crate::support::page::percent_decode;
use crate::support::proxy::{Fronted, Kind};
use crate::support::signature::verify;
use crate::support::site::{ADA, GRACE, Person, Setup};

/// Each promise for each proxy, as a test of its own.
macro_rules! through_each {
    ($($promise:ident),+ $(,)?) => {
        through_each!(@ nginx Nginx $($promise)+);
        through_each!(@ caddy Caddy $($promise)+);
        through_each!(@ haproxy HaProxy $($promise)+);
        through_each!(@ envoy Envoy $($promise)+);
    };
    (@ $proxy:ident $kind:ident $($promise:ident)+) => {
        mod $proxy {
            use crate::support::proxy::Kind;
            $(
                #[tokio::test]
                async fn $promise() {
                    super::$promise(Kind::$kind).await;
                }
            )+
        }
    };
}

through_each!(
    people_sign_in_and_the_app_knows_them,
    s35_s39_whoever_is_signed_out_revoked_or_disabled_is_out,
    s46_s47_no_identity_of_a_clients_own_reaches_the_app,
    s48_what_is_protected_stays_protected_however_it_is_spelt,
    s45_s49_what_clients_say_of_the_request_counts_for_nothing,
    s51_nobody_is_sent_elsewhere_after_signing_in,
    s50_no_other_protocol_begins_in_what_was_decided_on,
    web_sockets_pass,
);

async fn people_sign_in_and_the_app_knows_them(kind: Kind) {
    let zoe = Person {
        username: "zoe",
        email: "zoe@example.org",
        full_name: "Zo\u{eb} \u{c5}ngstr\u{f6}m \u{4f60}",
        password: "wavelengths of light, ten",
        groups: &[],
    };
    let setup = Setup { people: vec![ADA, zoe], ..Setup::default() };
    let Some(fronted) = Fronted::start(kind, setup).await else { return };
    let (site, app) = (&fronted.site, &fronted.site.upstream);
    let ada = fronted.browser();
    let page = ada.get("/wiki/Home?edit=1&x=%2F").await.expect(303);
    let (path, rd) = page.location().split_once("?rd=").expect("the page to come back to");
    assert_eq!(path, "/_doorward/login");
    assert_eq!(percent_decode(rd), "/wiki/Home?edit=1&x=%2F");
    let told = ada.fetch("/wiki/Home").await.expect(401).json();
    assert_eq!(
        (told["error"].as_str(), told["sign_in"].as_str()),
        (Some("unauthorized"), Some("/_doorward/login"))
    );
    ada.get("/api/things").await.expect(401);
    ada.get("/closed/page").await.expect(403);
    assert!(app.received().is_empty(), "nothing of it reached the app");
    ada.get("/public/page").await.expect(200);
    assert!(app.last().all_folded("Remote-User").is_empty());

    ada.sign_in(site, &ADA).await;
    ada.set_cookie("theme", Some("dark"));
    let (_, key) = site.signing_key().await;
    ada.get("/wiki/Home?edit=1&x=%2F").await.expect(200);
    let request = app.last();
    assert_eq!(request.target(), "/wiki/Home?edit=1&x=%2F");
    for (name, value) in [
        ("Remote-User", "ada"),
        ("Remote-Email", "ada@example.org"),
        ("Remote-Name", "Ada Lovelace"),
        ("Remote-Groups", "admins,staff"),
        ("Cookie", "theme=dark"),
        ("Host", &site.host),
    ] {
        assert_eq!(request.header(name), Some(value), "{name}\n{}", request.head);
    }
    let assertion = request.header("X-Doorward-Assertion").expect("an assertion");
    assert_eq!(assertion.split('.').count(), 3, "{}", request.head);
    // Envoy names an address of this machine in place of the loopback one.
    assert_eq!(request.all("X-Forwarded-For").len(), 1, "{}", request.head);
    verify(&request, &key).unwrap_or_else(|error| panic!("{error}\n{}", request.head));

    // With as many cookies as a request may well have.
    ada.set_cookie("theme", Some(&"x".repeat(6000)));
    ada.get("/wiki/Home").await.expect(200);
    assert!(app.last().header("Cookie").is_some_and(|cookies| cookies.len() == 6006));

    // With a body, which the app gets whole.
    let body = vec![b'u'; 300_000];
    let echoed =
        ada.send(Request::post("/echo?x").body("application/octet-stream", body.clone())).await;
    assert!(echoed.expect(200).body == body, "what came back is not what was sent");
    let request = app.last();
    verify(&request, &key).unwrap_or_else(|error| panic!("{error}\n{}", request.head));

    // Names in other letters come as they are, and whoever is in no group has no such header.
    let browser = fronted.browser();
    browser.sign_in(site, &zoe).await;
    browser.get("/private").await.expect(200);
    let request = app.last();
    assert_eq!(request.header("Remote-Name"), Some(zoe.full_name), "{}", request.head);
    assert!(request.all_folded("Remote-Groups").is_empty(), "{}", request.head);
}

async fn s35_s39_whoever_is_signed_out_revoked_or_disabled_is_out(kind: Kind) {
    let Some(fronted) = Fronted::start(kind, Setup::default()).await else { return };
    let site = &fronted.site;
    let leaving = fronted.browser();
    leaving.sign_in(site, &ADA).await;
    assert!(leaving.is_signed_in().await);
    let stolen = leaving.stolen();
    leaving.sign_out().await.expect(303);
    assert!(!leaving.is_signed_in().await && !stolen.is_signed_in().await);

    let ada = fronted.browser();
    ada.sign_in(site, &ADA).await;
    site.cli(&["sessions", "revoke", "--account", "ada"], "").await;
    assert!(!ada.is_signed_in().await, "a revoked session is over");

    let grace = fronted.browser();
    grace.sign_in(site, &GRACE).await;
    assert!(grace.is_signed_in().await);
    site.cli(&["accounts", "disable", "grace"], "").await;
    assert!(!grace.is_signed_in().await, "a disabled account is out");
}

async fn s46_s47_no_identity_of_a_clients_own_reaches_the_app(kind: Kind) {
    let Some(fronted) = Fronted::start(kind, Setup::default()).await else { return };
    let (site, app) = (&fronted.site, &fronted.site.upstream);
    let nobody = fronted.browser();
    let grace = fronted.browser();
    grace.sign_in(site, &GRACE).await;
    for (browser, name) in [(&nobody, None), (&grace, Some("grace"))] {
        for path in
            ["/public/a", "/private"].iter().filter(|path| name.is_some() || **path != "/private")
        {
            // All at once, and one by one: a proxy may refuse a request for one of them, and pass the others.
            let mut requests = vec![forged(Request::get(path))];
            requests.extend(
                crate::headers::FORGERIES
                    .iter()
                    .map(|(name, value)| Request::get(path).header(name, value)),
            );
            for named in ["Remote-User", "remote-user, remote-groups", "Signature, Signature-Input"]
            {
                requests.push(
                    Request::get(path).header("Remote-Groups", "root").header("Connection", named),
                );
            }
            for request in requests {
                app.forget();
                let sent = format!("{:?}", request.headers);
                let answer = browser.send(request).await;
                if answer.status != 200 {
                    assert!(matches!(answer.status, 400 | 403), "{path} {}: {sent}", answer.status);
                    continue;
                }
                let request = app.last();
                for (header, values) in identity_of(&request) {
                    let expected = match (header, name) {
                        ("Remote-User", Some(name)) => vec![name.to_owned()],
                        ("Remote-Email", Some(name)) => vec![format!("{name}@example.org")],
                        ("Remote-Name", Some(_)) => vec!["Grace Hopper".to_owned()],
                        ("Remote-User" | "Remote-Email" | "Remote-Name" | "Remote-Groups", _) => {
                            vec![]
                        }
                        (_, _) => {
                            assert!(
                                values.len() < 2
                                    && !values.iter().any(|value| value.ends_with("AA:")
                                        || *value == "doorward=()"
                                        || *value == "ey.."),
                                "{header}: {values:?}"
                            );
                            continue;
                        }
                    };
                    assert_eq!(values, expected, "{path} {header} of {sent}\n{}", request.head);
                }
            }
        }
    }
}

async fn s48_what_is_protected_stays_protected_however_it_is_spelt(kind: Kind) {
    let rules = [
        r#"{ path: "/public/**", policy: bypass }"#,
        r#"{ path: "/admin/**", policy: deny }"#,
        "{ policy: two_factor }",
    ];
    let setup =
        Setup { rules: rules.map(str::to_owned).to_vec(), people: vec![], ..Setup::default() };
    let Some(fronted) = Fronted::start(kind, setup).await else { return };
    let (site, app) = (&fronted.site, &fronted.site.upstream);
    for target in crate::gateway::DISGUISED {
        let answer = exchange(fronted.address, &Request::get(target).bytes(&site.host)).await;
        for reached in app.received() {
            // Some proxies tidy a path up before they do anything with it: then that is what is decided on.
            let path = reached.target().split('?').next().unwrap_or_default().to_owned();
            let disguised = ["..", "\\", ";", "%2e", "%2f", "%5c", "%25", "%0"];
            assert!(
                path.starts_with("/public/")
                    && !disguised.iter().any(|part| path.to_ascii_lowercase().contains(part)),
                "{target} reached the app as {path}"
            );
        }
        app.forget();
        assert!(
            matches!(answer.status, 200 | 301 | 307 | 308 | 400 | 401 | 403 | 404),
            "{target}: {}",
            answer.status
        );
    }
    for target in ["/public/", "/public/a%20b?x=..//%2f", "/public/%E4%BD%A0"] {
        exchange(fronted.address, &Request::get(target).bytes(&site.host)).await.expect(200);
        assert_eq!(app.last().target(), target, "what is passed on is what came");
    }
}

async fn s45_s49_what_clients_say_of_the_request_counts_for_nothing(kind: Kind) {
    let rules = [
        r#"{ path: "/public/**", policy: bypass }"#,
        r#"{ path: "/near/**", networks: ["203.0.113.0/24"], policy: bypass }"#,
        r#"{ path: "/read/**", methods: [GET], policy: bypass }"#,
        "{ policy: two_factor }",
    ];
    let open = r#"{ host: open.localhost, upstreams: ["UPSTREAM"], rules: [{ policy: bypass }] }"#;
    let asked = format!(
        "{{ host: asked.localhost, forward_auth: {}, rules: [{{ policy: bypass }}] }}",
        kind.name()
    );
    let setup = Setup {
        rules: rules.map(str::to_owned).to_vec(),
        more_sites: vec![open.to_owned(), asked],
        people: vec![],
        ..Setup::default()
    };
    let Some(fronted) = Fronted::start(kind, setup).await else { return };
    let (site, app) = (&fronted.site, &fronted.site.upstream);
    let status = async |request: Request| {
        refused_by_caddy(exchange(fronted.address, &request.bytes(&site.host)).await).status
    };
    let all = |request: Request, uri: &str, host: &str| {
        request
            .header("X-Forwarded-Uri", uri)
            .header("X-Forwarded-Host", host)
            .header("X-Forwarded-Method", "GET")
            .header("X-Forwarded-Proto", "http")
            .header("X-Forwarded-For", "203.0.113.7")
    };
    for path in ["/private", "/near/x"] {
        for request in [
            all(Request::get(path), "/public/x", &site.host),
            all(Request::get(path), "/private", "asked.localhost"),
            all(Request::get(path), "/public/x", "open.localhost"),
            Request::get(path).header("X-Forwarded-For", "203.0.113.7"),
            Request::get(path).header("X-Forwarded-For", "203.0.113.7, 127.0.0.1"),
            Request::get(path)
                .header("X-Real-IP", "203.0.113.7")
                .header("Forwarded", "for=203.0.113.7;host=asked.localhost"),
            Request::get(path)
                .header("X-Original-URL", "http://asked.localhost/public/x")
                .header("X-Original-Method", "GET"),
            Request::get(path).header("X-Original-URL", &format!("http://{}/public/x", site.host)),
            Request::get(path)
                .header("X-Original-URI", "/public/x")
                .header("X-Rewrite-URL", "/public/x"),
            Request::get(path)
                .header("X_Forwarded_Uri", "/public/x")
                .header("X.Forwarded.Host", "asked.localhost"),
            Request::get(path).header(
                "Connection",
                "X-Forwarded-For, X-Forwarded-Uri, X-Original-URL, X-Forwarded-Host",
            ),
            // The request line and the header name different hosts.
            Request::get(&format!("http://{}{path}", site.host)).header("Host", "asked.localhost"),
            Request::get(&format!("http://asked.localhost{path}")),
            Request::get(path).header("Host", &site.host).header("Host", "asked.localhost"),
            Request::get(path).header("Host", "asked.localhost"),
            Request::get(path).header("Host", &format!("asked.localhost#{}", site.host)),
            Request::get(path).header("Host", &format!("asked.localhost/public/x?{}", site.host)),
        ] {
            let sent = format!("{} {:?}", request.target, request.headers);
            let answer = status(request).await;
            assert!(matches!(answer, 400 | 401 | 403 | 404 | 421 | 500 | 502), "{sent}: {answer}");
        }
    }
    for request in [
        Request::post("/read/x").header("X-Forwarded-Method", "GET"),
        Request::post("/read/x").header("X-Original-Method", "GET"),
        Request::post("/read/x").header("X-HTTP-Method-Override", "GET"),
    ] {
        let answer = status(request.header("Content-Length", "0")).await;
        assert!(matches!(answer, 400 | 401 | 403), "{answer}");
    }
    assert!(app.received().is_empty(), "{:?}", app.received());
    assert_eq!(status(Request::get("/read/x")).await, 200);

    // What only proxies ask is not for clients to ask through one.
    for target in [
        "/_doorward/verify",
        "/_doorward/verify/",
        "/_doorward/verify/public/x",
        "/_doorward/%76erify",
        "/_doorward/Verify",
        "/x/../_doorward/verify/public/x",
        "//_doorward/verify",
    ] {
        for request in [
            Request::get(target),
            all(Request::get(target), "/public/x", &site.host),
            Request::get(target)
                .header("X-Original-URL", &format!("http://{}/public/x", site.host))
                .header("X-Original-Method", "GET"),
        ] {
            let answer = exchange(fronted.address, &request.bytes(&site.host)).await;
            assert!(answer.status >= 301, "{target}: {}", answer.status);
            assert!(answer.header("signature").is_none(), "{target}");
        }
    }
}

/// For a host that it has no site for Caddy has an empty page.
fn refused_by_caddy(mut answer: Response) -> Response {
    if answer.status == 200 && answer.body.is_empty() && answer.header("server") == Some("Caddy") {
        answer.status = 421;
    }
    answer
}

async fn s51_nobody_is_sent_elsewhere_after_signing_in(kind: Kind) {
    let setup = Setup { people: vec![], ..Setup::default() };
    let Some(fronted) = Fronted::start(kind, setup).await else { return };
    let nobody = fronted.browser();
    for target in [
        "//evil.example",
        "/\\evil.example",
        "/%2f%2fevil.example",
        "/%5cevil.example",
        "/%09/evil.example",
        "/.//evil.example",
        "http://evil.example/",
        "/a\tb",
        "/private?rd=//evil.example",
    ] {
        let answer = refused_by_caddy(nobody.get(target).await);
        assert!(
            matches!(answer.status, 301..=308 | 400..=404 | 421),
            "{target}: {}",
            answer.status
        );
        if let Some(location) = answer.header("location") {
            let path = location.strip_prefix(&nobody.origin()).unwrap_or(location);
            assert!(
                path.starts_with('/') && !path.starts_with("//") && !path.starts_with("/\\"),
                "{target} → {location}"
            );
            let rd = path.split_once("?rd=").map_or("/".to_owned(), |(_, rd)| percent_decode(rd));
            assert!(
                rd.starts_with('/') && !rd.starts_with("//") && !rd.starts_with("/\\"),
                "{target} → {location}"
            );
        }
    }
}

async fn s50_no_other_protocol_begins_in_what_was_decided_on(kind: Kind) {
    let Some(fronted) = Fronted::start(kind, Setup { people: vec![], ..Setup::default() }).await
    else {
        return;
    };
    for (upgrade, connection) in [
        ("h2c", "Upgrade, HTTP2-Settings"),
        ("H2C", "upgrade"),
        ("h2c, websocket", "Upgrade, HTTP2-Settings"),
        ("websocket, h2c", "Upgrade"),
        ("TLS/1.0", "Upgrade"),
    ] {
        let request = Request::get("/public/page")
            .header("Connection", connection)
            .header("Upgrade", upgrade)
            .header("HTTP2-Settings", "AAMAAABkAARAAAAAAAIAAAAA");
        let answer = fronted.browser().send(request).await;
        if answer.status != 200 {
            assert!(matches!(answer.status, 400 | 403 | 426), "{upgrade}: {}", answer.status);
            continue;
        }
        let reached = fronted.site.upstream.last();
        assert!(reached.all_folded("Upgrade").is_empty(), "{upgrade}\n{}", reached.head);
        assert!(reached.all_folded("HTTP2-Settings").is_empty(), "{upgrade}\n{}", reached.head);
    }
}

async fn web_sockets_pass(kind: Kind) {
    let Some(fronted) = Fronted::start(kind, Setup::default()).await else { return };
    let ada = fronted.browser();
    ada.sign_in(&fronted.site, &ADA).await;
    let cookie = format!("doorward={}", ada.cookie("doorward").expect("a session"));
    let connect = async |origin: &str, cookie: &str| {
        let url = format!("ws://{}/ws", fronted.site.host);
        let mut request = url.into_client_request().expect("a request");
        request.headers_mut().insert("origin", origin.parse().expect("a value"));
        if !cookie.is_empty() {
            request.headers_mut().insert("cookie", cookie.parse().expect("a value"));
        }
        let stream = TcpStream::connect(fronted.address).await.expect("the proxy listens");
        timeout(PATIENCE, tokio_tungstenite::client_async(request, stream))
            .await
            .expect("an answer")
    };
    let (mut socket, _) = connect(&ada.origin(), &cookie).await.expect("the socket opens");
    socket.send(Message::text("hello")).await.expect("it is sent");
    let heard = timeout(PATIENCE, socket.next()).await.expect("an answer");
    assert_eq!(
        heard.expect("a message").expect("no error").into_text().expect("text").as_str(),
        "hello"
    );
    assert_eq!(fronted.site.upstream.last().header("remote-user"), Some("ada"));
    let before = fronted.site.upstream.received().len();
    assert!(connect(&ada.origin(), "").await.is_err(), "nobody's socket");
    assert!(connect("http://evil.localhost", &cookie).await.is_err(), "another site's socket");
    assert_eq!(fronted.site.upstream.received().len(), before);
}

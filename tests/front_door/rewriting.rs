//! What is changed on the way: prefixes of paths, redirects and cookies on their way back, headers and sizes of answers.

use std::process::Command;

use crate::support::browser::{Browser, Request};
use crate::support::scripted::{Act, Scripted};
use crate::support::signature::verify;
use crate::support::site::{ADA, Setup, Site};
use crate::support::tools::{python, run};

fn with(site: &[&str], rules: &[&str]) -> Setup {
    Setup {
        site: site.iter().map(|line| (*line).to_owned()).collect(),
        rules: rules.iter().map(|rule| (*rule).to_owned()).collect(),
        people: vec![ADA],
        ..Setup::default()
    }
}

#[tokio::test]
async fn s48_a_prefix_is_taken_off_once_the_policy_has_decided_and_the_app_gets_what_is_signed() {
    let rules = [
        r#"{ path: "/wiki/open/**", policy: bypass }"#,
        // What the path would be at the app opens nothing outside.
        r#"{ path: "/private/**", policy: bypass }"#,
        "{ policy: two_factor }",
    ];
    let site = Site::with(with(&["strip_prefix: /wiki", "add_prefix: /base"], &rules)).await;
    let (_, key) = site.signing_key().await;
    let lie = Request::get("/wiki/open/a%20b?x=/y&z").header("X-Forwarded-Prefix", "/evil");
    site.send(lie).await.expect(200);
    let received = site.upstream.last();
    assert_eq!(received.target(), "/base/open/a%20b?x=/y&z");
    assert_eq!(received.header("x-forwarded-prefix"), Some("/wiki"));
    verify(&received, &key).expect("the signature is for the path that the app got");

    site.upstream.forget();
    for (target, status) in [
        ("/private/a", 404),
        ("/wiki/private/a", 401),
        ("/wiki/open/../private/a", 400),
        ("/wiki/open/%2e%2e/private/a", 400),
        ("/wiki//private/a", 400),
        ("/wiki%2fprivate/a", 400),
        ("/wiki/open%2f..%2fprivate", 400),
        ("/%77iki/open/a", 404),
        ("/wikis/open/a", 401),
        ("/wiki", 401),
    ] {
        assert_eq!(site.send(Request::get(target)).await.status, status, "{target}");
    }
    assert_eq!(site.upstream.received().len(), 0);

    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    for (target, at_app) in
        [("/wiki", "/base"), ("/wiki/", "/base/"), ("/wiki/private/a", "/base/private/a")]
    {
        ada.get(target).await.expect(200);
        let received = site.upstream.last();
        assert_eq!(received.target(), at_app);
        assert_eq!(received.header("remote-user"), Some("ada"));
        verify(&received, &key).expect("the signature holds");
    }
    ada.get("/elsewhere").await.expect(404);
}

#[tokio::test]
async fn redirects_and_cookies_of_an_app_lead_to_where_it_is_outside() {
    let app = Scripted::start(|head, _| {
        let target = head.split(' ').nth(1).unwrap_or_default();
        let location = target.split_once("?to=").map_or("", |(_, to)| to).replace("APP", &host_in(head));
        Act::Send(
            format!(
                "HTTP/1.1 302 Found\r\nLocation: {location}\r\nSet-Cookie: a=1; Path=/; HttpOnly\r\n\
                 Set-Cookie: doorward=stolen; Path=/\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n"
            )
            .into_bytes(),
        )
    })
    .await;
    let rules = ["{ policy: bypass }"];
    let mut setup = with(&["strip_prefix: /wiki", "preserve_host: false"], &rules);
    setup.upstream = Some(app.address);
    let site = Site::with(setup).await;
    let outside = format!("http://{}", site.host);
    for (to, location) in [
        ("/login", "/wiki/login".to_owned()),
        ("/wiki/login", "/wiki/login".to_owned()),
        ("login", "login".to_owned()),
        ("http://APP/login", format!("{outside}/wiki/login")),
        ("https://evil.example/login", "https://evil.example/login".to_owned()),
        ("//evil.example/login", "//evil.example/login".to_owned()),
    ] {
        let answer = site.send(Request::get(&format!("/wiki/a?to={to}"))).await.expect(302);
        assert_eq!(answer.location(), location, "{to}");
        assert_eq!(answer.all("set-cookie"), ["a=1; Path=/wiki; HttpOnly", "b=2"]);
    }
}

fn host_in(head: &str) -> String {
    let line = head.lines().find(|line| line.to_lowercase().starts_with("host:"));
    line.and_then(|line| line.split_once(": ")).map(|(_, host)| host.to_owned()).unwrap_or_default()
}

#[tokio::test]
async fn headers_of_answers_are_changed_as_the_operator_says_and_not_those_of_doorward() {
    let app = Scripted::start(|_, _| {
        Act::Send(
            b"HTTP/1.1 200 OK\r\nServer: Secret/1.0\r\nX-Frame-Options: ALLOWALL\r\nX-Old: 1\r\nX-Old: 2\r\n\
              Content-Length: 2\r\n\r\nok"
                .to_vec(),
        )
    })
    .await;
    let changes = "response_headers: [{ set: X-Frame-Options, value: DENY }, { add: X-Old, value: '3' }, { remove: Server }]";
    let mut setup = with(&[changes], &["{ policy: bypass }"]);
    setup.upstream = Some(app.address);
    let site = Site::with(setup).await;
    let answer = site.send(Request::get("/a")).await.expect(200);
    assert_eq!(answer.all("x-frame-options"), ["DENY"]);
    assert_eq!(answer.all("x-old"), ["1", "2", "3"]);
    assert_eq!(answer.header("server"), None);
    let own = site.send(Request::get("/_doorward/login").navigate()).await.expect(200);
    assert_eq!(own.all("x-old"), Vec::<&str>::new());
}

#[tokio::test]
async fn texts_are_compressed_where_that_is_asked_for_and_only_whole_ones() {
    let text = "All work and no play makes Jack a dull boy. ".repeat(400);
    let body = text.clone();
    let app = Scripted::start(move |head, _| {
        let target = head.split(' ').nth(1).unwrap_or_default();
        let (kind, more) = match target {
            "/image" => ("image/png", ""),
            "/done" => ("text/plain", "Content-Encoding: x-own\r\n"),
            "/kept" => ("text/plain", "Cache-Control: no-transform\r\n"),
            _ => ("text/plain", "ETag: \"a\"\r\nAccept-Ranges: bytes\r\nVary: Cookie\r\n"),
        };
        let status = if target == "/part" { "206 Partial Content" } else { "200 OK" };
        let head_only = head.starts_with("HEAD ");
        let body = if head_only { "" } else { &body };
        let length = body.len();
        if target == "/stream" {
            let chunked = format!("{length:x}\r\n{body}\r\n0\r\n\r\n");
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n";
            return Act::Send(format!("{head}{chunked}").into_bytes());
        }
        Act::Send(
            format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{more}Content-Length: {length}\r\n\r\n{body}")
                .into_bytes(),
        )
    })
    .await;
    let mut setup = with(&["compress: true"], &["{ policy: bypass }"]);
    setup.upstream = Some(app.address);
    let plain = "{ host: plain.localhost, upstreams: [\"UPSTREAM\"], rules: [{ policy: bypass }] }";
    setup.more_sites = vec![plain.to_owned()];
    setup.portal = Some("single_sign_on: false");
    let site = Site::with(setup).await;
    let asking = |target: &str| {
        Request::get(target).instead("Accept-Encoding", "deflate, gzip;q=0.8, br;q=0")
    };

    let small = site.send(asking("/text")).await.expect(200);
    assert_eq!(small.header("content-encoding"), Some("gzip"));
    assert_eq!(small.header("etag"), Some("W/\"a\""));
    assert_eq!(small.all("vary"), ["Cookie", "Accept-Encoding"]);
    assert_eq!((small.header("accept-ranges"), small.header("content-length")), (None, None));
    assert!(small.body.len() < 500, "{}", small.body.len());
    let file = site.path("small.gz");
    std::fs::write(&file, &small.body).unwrap();
    let mut unzip = Command::new(python());
    unzip
        .args(["-c", "import gzip, sys; sys.stdout.buffer.write(gzip.open(sys.argv[1]).read())"])
        .arg(&file);
    let output = run(unzip).await.unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), text);

    for target in ["/image", "/done", "/kept", "/part", "/stream"] {
        let answer = site.send(asking(target)).await;
        assert_eq!(answer.text(), text, "{target}");
        assert!(
            answer.header("content-encoding").is_none_or(|coding| coding == "x-own"),
            "{target}"
        );
    }
    let unasked = site.send(Request::get("/text").without("Accept-Encoding")).await.expect(200);
    assert_eq!((unasked.text(), unasked.header("etag")), (text.clone(), Some("\"a\"")));
    assert_eq!(unasked.all("vary"), ["Cookie", "Accept-Encoding"]);

    // Off unless it is asked for.
    let host = format!("plain.localhost:{}", site.address.port());
    let off = crate::support::http::exchange(site.address, &asking("/text").bytes(&host)).await;
    assert_eq!((off.text(), off.header("content-encoding")), (text, None));
}

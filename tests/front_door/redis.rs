//! What passes in Redis: a real server, through the real binary.

use std::time::{Duration, Instant};

use doorward::domain::time::Timestamp;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::support::browser::Browser;
use crate::support::certificates::Authority;
use crate::support::redis::{KEEPS, Redis};
use crate::support::site::{ADA, GRACE, Setup, Site};
use crate::support::tools::{eventually, free_port};

/// The usual setup with what passes there.
fn over(state: &str) -> Setup {
    Setup { top: vec![format!("state: {{ redis: {state} }}")], ..Setup::default() }
}

#[tokio::test]
async fn people_sign_in_with_redis_and_stay_so_whatever_is_killed() {
    let Some(mut redis) = Redis::start() else { return };
    let mut site = Site::with(over(&format!("\"{}\"", redis.url()))).await;
    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    assert!(ada.is_signed_in().await);
    let grace = Browser::new(&site);
    let code = grace.half_sign_in(&site, &GRACE).await;

    site.kill9();
    redis.kill();
    redis.start_again();
    site.serve().await;
    assert!(ada.is_signed_in().await, "the session outlives both");
    let before = grace.stolen();
    grace.submit_code(&code).await.expect(303);
    assert!(grace.is_signed_in().await, "and so does the half-signed-in browser");
    before.submit_code_anyway(&code).await;
    assert!(!before.is_signed_in().await, "whose code works once");

    let listed = site.cli(&["sessions", "list", "--account", "ada", "--json"], "").await;
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed.as_array().unwrap().len(), 1, "{listed}");
    site.cli(&["sessions", "revoke", "--account", "ada"], "").await;
    assert!(!ada.is_signed_in().await, "S35: its next request is signed out");
    assert!(grace.is_signed_in().await);

    assert!(redis.ask(&["DBSIZE"]).trim().parse::<u64>().unwrap() > 5);
    assert_eq!(site.mails_waiting().await, 0, "the file of the accounts has none of it");
    assert_eq!(site.ask_admin("/readyz").await.expect(200).json()["ready"], true);
}

#[tokio::test]
async fn s57_redis_is_reached_over_tls_with_its_certificate_checked_and_a_password_of_a_file() {
    let site = Site::prepared(&Setup::default()).await;
    let ours = Authority::new(site.path("").as_path(), "ours");
    let theirs = Authority::new(site.path("").as_path(), "theirs");
    for (name, is_right) in [("127.0.0.1", true), ("cache.example.com", false)] {
        let made = ours.sign(&[name]);
        let tls_port = free_port();
        let arguments = [
            "--appendonly",
            "yes",
            "--tls-port",
            &tls_port.to_string(),
            "--tls-auth-clients",
            "no",
            "--tls-cert-file",
            &made.certificate.display().to_string(),
            "--tls-key-file",
            &made.key.display().to_string(),
            "--tls-ca-cert-file",
            &ours.file().display().to_string(),
            "--requirepass",
            "a password of Redis",
        ];
        let Some(_redis) = Redis::start_with(&arguments) else { return };
        for (authority, scheme) in
            [(Some(&ours), "rediss"), (Some(&theirs), "rediss"), (None, "rediss"), (None, "redis")]
        {
            let ca = authority
                .map_or(String::new(), |authority| format!(", ca: {}", authority.file().display()));
            let state = format!(
                "{{ url: \"{scheme}://127.0.0.1:{tls_port}\", password_file: password{ca} }}"
            );
            let site = Site::prepared(&over(&state)).await;
            private(&site, "password", "a password of Redis\n");
            let listed = run(&site, &["sessions", "list", "--account", "ada"]).await;
            let told = String::from_utf8_lossy(&listed.stderr).into_owned();
            let lets_in =
                is_right && authority.is_some_and(|authority| authority.file() == ours.file());
            assert_eq!(!told.contains("Redis cannot be used"), lets_in, "{state}: {told}");
            assert!(!told.contains("a password of"), "{told}");
            assert!(!lets_in || told.contains("ada"), "it was asked: {told}");
        }
    }
}

async fn run(site: &Site, arguments: &[&str]) -> std::process::Output {
    let config = site.config().display().to_string();
    site.run(&[arguments, &["-c", &config]].concat(), "").await
}

#[tokio::test]
async fn a_session_in_use_is_read_again_beside_its_requests_and_keeps_its_assertion_of_the_minute()
{
    let Some(redis) = Redis::start() else { return };
    let site = Site::with(over(&format!("\"{}\"", redis.url()))).await;
    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    let read =
        async |how: &str| site.metrics().await.sum("doorward_store_seconds_count", &[("op", how)]);
    let asserted = async || {
        assert!(ada.is_signed_in().await);
        site.upstream.last().header("x-doorward-assertion").expect("an assertion").to_owned()
    };
    let first = asserted().await;
    let (by_requests, beside) = (read("find_session").await, read("find_sessions_of").await);
    // Nothing is relied on for more than five seconds, however it is used.
    let mut all = std::collections::BTreeSet::from([first]);
    eventually("to be read again, three times", async || {
        all.insert(asserted().await);
        (read("find_sessions_of").await >= beside + 3.0).then_some(())
    })
    .await;
    let waited = read("find_session").await - by_requests;
    assert!(waited <= 1.0, "{waited} requests waited for Redis: one may, whose push came late");
    // A minute may have ended meanwhile, and the push of the sign-in itself came late.
    assert!(all.len() <= 2, "{} assertions", all.len());
}

#[tokio::test]
async fn s38_uses_hold_up_no_request_and_the_last_are_written_before_the_process_ends() {
    let Some(redis) = Redis::start() else { return };
    let mut site = Site::with(over(&format!("\"{}\"", redis.url()))).await;
    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    for _ in 0..3 {
        assert!(ada.is_signed_in().await);
    }
    site.travel(Duration::from_secs(120));
    let used_at = Timestamp::from_millis(site.now() * 1000).rfc3339();
    // Scripts and writes wait, and everything else is answered.
    redis.ask(&["CLIENT", "PAUSE", "60000", "WRITE"]);
    let began = Instant::now();
    assert!(ada.is_signed_in().await);
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    site.signal("TERM");
    eventually("no more connections to be taken", async || {
        TcpStream::connect(site.address).await.is_err().then_some(())
    })
    .await;
    redis.ask(&["CLIENT", "UNPAUSE"]);
    assert!(site.ended().await.success());
    let listed = site.cli(&["sessions", "list", "--account", "ada", "--json"], "").await;
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    assert!(listed[0]["last_used_at"].as_str().unwrap() >= used_at.as_str(), "{listed}");
}

fn private(site: &Site, name: &str, contents: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(site.path(name), contents).unwrap();
    std::fs::set_permissions(site.path(name), std::fs::Permissions::from_mode(0o600)).unwrap();
}

#[tokio::test]
async fn what_a_restart_of_redis_would_forget_is_told_at_the_start_with_a_remedy() {
    const NEITHER: &str = "neither an append-only file nor snapshots";
    const SNAPSHOTS: &str = "takes snapshots and writes no append-only file";
    const UNSEEN: &str = "whether it takes snapshots cannot be looked at";
    let snapshots = ["--save", "3600", "1"];
    let cases: [(&[&str], &str, Option<&str>); 4] = [
        (KEEPS, "-config", None),
        (&[], "+config|get", Some(NEITHER)),
        (&snapshots, "+config|get", Some(SNAPSHOTS)),
        (&snapshots, "-config", Some(UNSEEN)),
    ];
    for (arguments, may, told) in cases {
        let Some(redis) = Redis::start_with(arguments) else { return };
        let user = ["doorward", "on", ">a password of Redis", "~*", "&*", "+@all", "-config", may];
        assert!(redis.ask(&[&["ACL", "SETUSER"], &user[..]].concat()).contains("OK"));
        let state = format!(
            "{{ url: \"{}\", username: doorward, password: a password of Redis }}",
            redis.url()
        );
        let site = Site::with(over(&state)).await;
        let logged = site.logged("append-only file");
        for which in [NEITHER, SNAPSHOTS, UNSEEN] {
            let says = logged.iter().any(|line| line["message"].as_str().unwrap().contains(which));
            assert_eq!(says, told == Some(which), "{arguments:?} {may}: {logged:?}");
        }
        assert!(logged.iter().all(|line| line["level"] == "WARN"), "{logged:?}");
        let remedied = |line: &serde_json::Value| line.to_string().contains("Set appendonly yes");
        assert!(logged.iter().all(remedied), "{logged:?}");
    }
}

#[tokio::test]
async fn a_redis_that_is_too_old_is_refused_by_its_version() {
    let Some(redis) = Redis::start() else { return };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let port = redis.port();
    // An old one is not to be had: this one passes for one.
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            tokio::spawn(older(client, server));
        }
    });
    let site = Site::prepared(&over(&format!("\"redis://{address}\""))).await;
    let started = run(&site, &["serve"]).await;
    let told = String::from_utf8_lossy(&started.stderr).into_owned();
    assert!(!started.status.success(), "{told}");
    assert!(told.contains("is too old: doorward needs 7.0 or later"), "{told}");
}

/// Carries a connection, on which the server says that its version begins with a 6.
async fn older(client: TcpStream, server: TcpStream) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let asks = tokio::io::copy(&mut from_client, &mut to_server);
    let answers = async {
        let mut bytes = vec![0; 64 * 1024];
        while let Ok(read @ 1..) = from_server.read(&mut bytes).await {
            let told = &mut bytes[..read];
            let named = b"redis_version:";
            if let Some(at) = told.windows(named.len()).position(|part| part == named) {
                told[at + named.len()] = b'6';
            }
            if to_client.write_all(told).await.is_err() {
                return;
            }
        }
    };
    tokio::join!(asks, answers).0.ok();
}

#[tokio::test]
async fn a_redis_that_throws_keys_away_is_told_of_at_the_start() {
    let lossy = ["--maxmemory", "64mb", "--maxmemory-policy", "volatile-lru"];
    let Some(redis) = Redis::start_with(&lossy) else { return };
    let site = Site::prepared(&over(&format!("\"{}\"", redis.url()))).await;
    let started = run(&site, &["serve"]).await;
    let told = String::from_utf8_lossy(&started.stderr).into_owned();
    assert!(
        !started.status.success() && told.contains("Set maxmemory-policy noeviction"),
        "{told}"
    );
}

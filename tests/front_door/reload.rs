//! Another configuration in the place of the running one, without a restart.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::browser::{Browser, Request};
use crate::support::http::{PATIENCE, exchange, read_chunk, read_head};
use crate::support::site::{ADA, GRACE, Setup, Site};
use crate::support::tools::{eventually, free_port};

#[tokio::test]
async fn a_signal_takes_over_rules_sites_limits_and_names_while_people_stay_signed_in() {
    let setup = Setup { portal: Some("single_sign_on: false"), ..Setup::default() };
    let mut site = Site::with(setup).await;
    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    ada.get("/closed/x").await.expect(403);
    let new_host = format!("new.localhost:{}", site.address.port());
    exchange(site.address, &Request::get("/").bytes(&new_host)).await.expect(421);

    let app = site.upstream.address;
    site.edit("path: \"/closed/**\", policy: deny", "path: \"/closed/**\", policy: bypass");
    site.edit("Example Wiki", "Another Wiki");
    site.edit("sites:\n", &format!("sites:\n  - {{ host: new.localhost, upstreams: [\"http://{app}\"], rules: [{{ policy: bypass }}] }}\n"));
    site.signal("HUP");
    site.wait_for_reloads("applied", 1).await;

    ada.get("/closed/x").await.expect(200);
    assert!(ada.is_signed_in().await, "the session goes on");
    exchange(site.address, &Request::get("/").bytes(&new_host)).await.expect(200);
    let page = Browser::new(&site).get("/_doorward/login").await.expect(200).text();
    assert!(page.contains("Another Wiki") && !page.contains("Example Wiki"), "{page}");
    let grace = Browser::new(&site);
    grace.submit_password(GRACE.username, GRACE.password).await.expect(303);
    let mail = site.mailbox.next_code_to(GRACE.email).await;
    assert!(mail.header("from").unwrap().contains("Another Wiki"), "{}", mail.head());

    let told = site.logged("is in effect");
    assert_eq!(told.len(), 1, "{told:?}");
    let port = site.address.port();
    assert_eq!(
        told[0]["changed"],
        format!(
            "mail.from, portal.name, sites[new.localhost:{port}], sites[wiki.localhost:{port}].rules"
        )
    );
    assert_eq!(told[0]["because"], "a signal");
    let metrics = site.metrics().await;
    assert_eq!(metrics.sum("doorward_config_last_reload_successful", &[]), 1.0);
    let read_at = metrics.sum("doorward_config_last_reload_success_timestamp_seconds", &[]) as i64;
    assert!((site.now() - read_at).abs() <= 60, "{read_at}");
    assert!(site.stop().await.success());
}

#[tokio::test]
async fn a_changed_file_is_taken_over_by_itself_and_so_are_those_that_it_names() {
    let setup = Setup { portal: Some("templates: looks"), ..Setup::default() };
    let mut site = Site::prepared(&setup).await;
    let looks = site.path("looks/pages");
    std::fs::create_dir_all(&looks).unwrap();
    site.serve().await;
    let login = async || Browser::new(&site).get("/_doorward/login").await.text();

    site.edit("name: Example Wiki", "name: Another Wiki");
    site.wait_for_reloads("applied", 1).await;
    assert!(login().await.contains("Another Wiki"));
    assert_eq!(site.logged("is in effect")[0]["because"], "a changed file");

    let words = site.path("looks/locales/en");
    std::fs::create_dir_all(&words).unwrap();
    let embedded =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/pages/login.html"))
            .unwrap();
    std::fs::write(looks.join("login.html"), embedded.replace("</form>", "</form><!--ours-->"))
        .unwrap();
    site.wait_for_reloads("applied", 2).await;
    assert!(login().await.contains("<!--ours-->"), "a template of our own");

    // One that is broken is refused, and the one of before goes on.
    std::fs::write(looks.join("login.html"), "{% if %}").unwrap();
    site.wait_for_reloads("refused", 1).await;
    assert!(login().await.contains("<!--ours-->"));
    let told = site.logged("is refused");
    assert!(told[0]["error"].as_str().unwrap().contains("login.html"), "{told:?}");
    std::fs::remove_file(looks.join("login.html")).unwrap();
    site.wait_for_reloads("applied", 3).await;
    assert!(!login().await.contains("<!--ours-->"), "it is gone");
    assert_eq!(site.reloads("refused").await, 1.0, "told once");
}

#[tokio::test]
async fn s54_a_wrong_configuration_is_refused_with_file_line_and_column_and_the_one_of_before_goes_on()
 {
    let site = Site::start().await;
    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    let sound = std::fs::read_to_string(site.config()).unwrap();
    std::fs::write(site.path("password"), "open to all").unwrap();
    let wrong = [
        ("name: Example Wiki", "nam: Example Wiki"),
        ("log:", "otp: { lifetime: 0s }\nlog:"),
        // A secret that others may read (its mode is 0644).
        (
            "files: ",
            "smtp: { host: localhost, tls: none, username: a, password_file: password }, files: ",
        ),
        ("policy: deny", "policy: denied"),
        (sound.as_str(), ""),
    ];
    for (count, (old, new)) in wrong.into_iter().enumerate() {
        site.edit(old, new);
        site.signal("HUP");
        site.wait_for_reloads("refused", u32::try_from(count).unwrap() + 1).await;
        let checked = site.run(&["check", site.config().to_str().unwrap()], "").await;
        assert_eq!(checked.status.code(), Some(2), "{new}");
        let said = String::from_utf8(checked.stderr).unwrap();
        let told = site.logged("is refused");
        let told = told.last().unwrap()["error"].as_str().unwrap();
        assert!(said.starts_with(told), "the log says\n{told}\nand `doorward check`\n{said}");
        if !new.is_empty() {
            assert!(told.contains("doorward.yaml:"), "{told}");
        }
        ada.get("/private").await.expect(200);
        ada.get("/closed/x").await.expect(403);
        std::fs::write(site.config(), &sound).unwrap();
        site.signal("HUP");
        site.wait_for_reloads("applied", u32::try_from(count).unwrap() + 1).await;
    }
    assert!(!site.log().contains("open to all"), "no secret is logged");

    // Without a signal it is told once, however often it is looked at.
    let refused = site.reloads("refused").await;
    site.edit("policy: deny", "policy: denied");
    site.wait_for_reloads("refused", refused as u32 + 1).await;
    assert_eq!(site.metrics().await.sum("doorward_config_last_reload_successful", &[]), 0.0);
    let applied = site.reloads("applied").await as u32;
    std::fs::write(site.config(), &sound).unwrap();
    site.wait_for_reloads("applied", applied + 1).await;
    assert_eq!(site.reloads("refused").await, refused + 1.0);
}

#[tokio::test]
async fn what_takes_a_restart_is_named_and_nothing_of_it_is_in_effect_before() {
    let mut site = Site::start().await;
    site.edit(
        &format!("listen: [{{ address: \"{}\" }}]", site.address),
        &format!("listen: [{{ address: \"127.0.0.1:{}\" }}]", free_port()),
    );
    site.edit("policy: deny", "policy: bypass");
    site.edit("filter: \"debug\"", "filter: \"info\"");
    site.wait_for_reloads("needs_restart", 1).await;
    let told = site.logged("before a restart");
    assert_eq!(told[0]["error"], "listen, log.filter changed, which takes a restart");
    let closed = Browser::new(&site).get("/closed/x").await;
    assert_eq!(closed.status, 403, "what is in effect is one configuration, and not parts of two");

    // The same file may hold another secret.
    site.edit("filter: \"info\"", "filter: \"debug\"");
    let address = site.address;
    let text = std::fs::read_to_string(site.config()).unwrap();
    let listen = text.lines().next().unwrap().to_owned();
    site.edit(&listen, &format!("listen: [{{ address: \"{address}\" }}]"));
    site.wait_for_reloads("applied", 1).await;
    std::fs::write(site.path("secret"), "07".repeat(32)).unwrap();
    site.signal("HUP");
    site.wait_for_reloads("needs_restart", 2).await;
    let told = site.logged("before a restart");
    assert_eq!(told[1]["error"], "the secret in secret_file changed, which takes a restart");
    assert!(site.stop().await.success());
}

#[tokio::test]
async fn s57_what_was_counted_against_a_limit_counts_on_over_a_reload() {
    let limits = "{ sign_in: 3/10m }".to_owned();
    let site = Site::with(Setup { limits: Some(limits), ..Setup::default() }).await;
    let guess = async |name: &str| Browser::new(&site).submit_password(name, "wrong").await.status;
    for name in ["one", "two", "three"] {
        assert_eq!(guess(name).await, 401);
    }
    for count in 1..=3 {
        site.signal("HUP");
        site.wait_for_reloads("applied", count).await;
        assert_eq!(guess("four").await, 429, "after reload {count}");
    }
    // Another limit holds for what is counted from now on; what was counted is not forgotten for it.
    site.edit("sign_in: 3/10m", "sign_in: 100/1m");
    site.signal("HUP");
    site.wait_for_reloads("applied", 4).await;
    assert_eq!(guess("five").await, 429);
    site.travel(Duration::from_secs(600));
    for _ in 0..5 {
        assert_eq!(guess("five").await, 401);
    }
}

#[tokio::test]
async fn mails_that_wait_go_the_new_way() {
    let nobody = free_port();
    let smtp = format!(
        "{{ from: no-reply@wiki.example, smtp: {{ host: localhost, port: {nobody}, tls: none }} }}"
    );
    let site = Site::with(Setup { mail: Some(smtp.clone()), ..Setup::default() }).await;
    let ada = Browser::new(&site);
    ada.submit_password(ADA.username, ADA.password).await.expect(303);
    eventually("a mail that was put off", async || {
        (site.metrics().await.sum("doorward_mails_total", &[("result", "deferred")]) > 0.0)
            .then_some(())
    })
    .await;
    std::fs::create_dir_all(site.path("mails")).unwrap();
    site.edit(&smtp, "{ from: no-reply@wiki.example, files: mails }");
    site.wait_for_reloads("applied", 1).await;
    let code = site.mailbox.next_code_to(ADA.email).await.code();
    ada.submit_code(&code).await.expect(303);
    assert!(ada.is_signed_in().await);
    site.outbox_is_empty().await;
    assert_eq!(site.metrics().await.sum("doorward_mails_total", &[("result", "delivered")]), 1.0);
}

#[tokio::test]
async fn requests_under_way_end_by_the_configuration_of_their_beginning() {
    let site = Site::start().await;
    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    stream.write_all(&ada.prepare(Request::get("/stream"))).await.unwrap();
    let mut pending = Vec::new();
    let head = timeout(PATIENCE, read_head(&mut stream, &mut pending)).await;
    assert_eq!(head.unwrap().unwrap().0, 200);

    let asked = std::sync::atomic::AtomicUsize::new(0);
    let asks = async {
        loop {
            ada.get("/private").await.expect(200);
            asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
    };
    let reloads = async {
        for count in 1..=5 {
            site.signal("HUP");
            site.wait_for_reloads("applied", count).await;
        }
    };
    tokio::select! {
        () = asks => unreachable!("it asks for ever"),
        done = timeout(Duration::from_secs(60), reloads) => done.unwrap(),
    }
    assert!(asked.load(std::sync::atomic::Ordering::Relaxed) > 10);

    // A rule that asks for a recent sign-in asks of the next request; one that lets nobody in ends what is open (cut.rs).
    site.edit("- { policy: two_factor }", "- { policy: two_factor, fresh: 1m }");
    site.signal("HUP");
    site.wait_for_reloads("applied", 6).await;
    site.travel(Duration::from_secs(90));
    ada.get("/private").await.expect(303);
    site.upstream.release_one();
    let chunk = timeout(PATIENCE, read_chunk(&mut stream, &mut pending)).await;
    assert!(!chunk.unwrap().unwrap().is_empty(), "what was begun goes on");
}

//! Accounts in PostgreSQL: a real server, shared by several doorwards.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Output;

use serde_json::Value;
use sqlx::postgres::PgConnection;
use sqlx::{Connection, SqliteConnection};

use crate::support::browser::Browser;
use crate::support::certificates::Authority;
use crate::support::people::has_code;
use crate::support::postgres::{PASSWORD, Postgres};
use crate::support::site::{ADA, GRACE, Setup, Site};
use crate::support::tools::{eventually, free_port};

/// The usual setup with the accounts there.
fn over(postgres: &Postgres) -> Setup {
    Setup { accounts: Some(format!("{{ database: \"{}\" }}", postgres.url())), ..Setup::default() }
}

/// Another node of the same accounts; they are there already.
fn beside(postgres: &Postgres) -> Setup {
    Setup { people: Vec::new(), ..over(postgres) }
}

#[tokio::test]
async fn people_sign_in_with_accounts_in_postgresql_and_stay_so_after_a_restart() {
    let Some(postgres) = Postgres::start() else { return };
    let mut site = Site::with(over(&postgres)).await;
    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    assert!(ada.is_signed_in().await);
    site.kill9();
    site.serve().await;
    assert!(ada.is_signed_in().await, "the session outlives the process");

    let mut server = PgConnection::connect(&postgres.url()).await.unwrap();
    let names: Vec<String> =
        sqlx::query_scalar("SELECT username FROM doorward.accounts ORDER BY username")
            .fetch_all(&mut server)
            .await
            .unwrap();
    assert_eq!(names, ["ada", "grace"]);
    let file = format!("sqlite://{}", site.path("state.db").display());
    let mut file = SqliteConnection::connect(&file).await.unwrap();
    let in_file: i64 =
        sqlx::query_scalar("SELECT count(*) FROM accounts").fetch_one(&mut file).await.unwrap();
    assert_eq!(in_file, 0);
    assert!(!site.path("doorward.db").exists());
    let readiness = site.ask_admin("/readyz").await.expect(200);
    assert_eq!(readiness.json()["ready"], true);
    assert!(!site.log().contains(&postgres.url()), "the password is not logged");
}

#[tokio::test]
async fn s39_an_account_that_is_disabled_at_one_node_is_signed_out_at_every_other() {
    let Some(postgres) = Postgres::start() else { return };
    let first = Site::with(over(&postgres)).await;
    let second = Site::with(beside(&postgres)).await;
    let (at_first, at_second) = (Browser::new(&first), Browser::new(&second));
    at_first.sign_in(&first, &ADA).await;
    at_second.sign_in(&second, &ADA).await;
    assert!(at_first.is_signed_in().await && at_second.is_signed_in().await);
    first.cli(&["accounts", "disable", "ada"], "").await;
    assert!(!at_first.is_signed_in().await);
    assert!(!at_second.is_signed_in().await, "its next request is refused");
}

#[tokio::test]
async fn s5_failures_at_one_node_count_at_every_other() {
    let Some(postgres) = Postgres::start() else { return };
    let first = Site::with(over(&postgres)).await;
    let second = Site::with(beside(&postgres)).await;
    // Ten wrong guesses of the day, at the two in turn.
    for turn in 0..10 {
        let site = if turn % 2 == 0 { &first } else { &second };
        let browser = Browser::new(site);
        let code = browser.half_sign_in(site, &GRACE).await;
        browser.submit_code(if code == "000000" { "000001" } else { "000000" }).await.expect(401);
    }
    for site in [&first, &second] {
        let browser = Browser::new(site);
        browser.submit_password(GRACE.username, GRACE.password).await.expect(303);
        let mail = site.mailbox.next_code_to(GRACE.email).await;
        assert!(!has_code(&mail), "no eleventh guess: the mail has the link alone");
    }
}

#[tokio::test]
async fn a_new_password_of_the_database_is_taken_over_by_a_reload_and_one_that_it_refuses_is_not() {
    let Some(postgres) = Postgres::start() else { return };
    let url = postgres.url().replace(&format!(":{}@", PASSWORD.replace(' ', "%20")), "@");
    let accounts = format!("{{ database: \"{url}\", password_file: password }}");
    let setup = Setup { accounts: Some(accounts), ..Setup::default() };
    let mut site = Site::prepared(&setup).await;
    let path = site.path("password");
    let keep = |password: &str| {
        std::fs::write(&path, format!("{password}\n")).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    };
    keep(PASSWORD);
    for person in [ADA, GRACE] {
        site.add_account(&person).await;
    }
    site.serve().await;
    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;

    std::fs::write(site.path("password"), "another one\n").unwrap();
    site.wait_for_reloads("refused", 1).await;
    let told = site.logged("the new configuration is refused");
    let why = told[0]["error"].as_str().unwrap();
    assert!(why.contains("cannot open the database") && !why.contains("another one"), "{why}");

    // Whoever was let in with the password of before is put out.
    let mut server = PgConnection::connect(&postgres.url()).await.unwrap();
    let put_out = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'doorward'";
    let mut put_out = async |change: &'static str| -> i64 {
        sqlx::query(change).execute(&mut server).await.unwrap();
        sqlx::query_scalar(put_out).fetch_one(&mut server).await.unwrap()
    };
    assert!(put_out("SELECT 1").await > 0);
    let signs_in = async || Browser::new(&site).sign_in(&site, &GRACE).await;
    signs_in().await;

    let was_put_out = async {
        let put_out = put_out("ALTER ROLE doorward PASSWORD 'the next one'").await;
        keep("the next one");
        site.wait_for_reloads("applied", 1).await;
        put_out
    };
    assert!(was_put_out.await > 0);
    assert_eq!(site.logged("is in effect")[0]["changed"], "accounts.password");
    signs_in().await;
    assert!(ada.is_signed_in().await);
    // Others are heard again as well.
    site.cli(&["accounts", "disable", "ada"], "").await;
    eventually("to be signed out", async || (!ada.is_signed_in().await).then_some(())).await;
    assert!(!site.log().contains("the next one"), "no password is logged");
}

/// What `accounts export` tells, a record a line.
async fn exported(site: &Site) -> Vec<Value> {
    let told = site.cli(&["accounts", "export", "--with-hashes"], "").await;
    told.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn accounts_move_from_sqlite_to_postgresql_and_back_as_they_are() {
    let Some(postgres) = Postgres::start() else { return };
    let from = Site::with(Setup::default()).await;
    from.cli(&["accounts", "disable", "grace"], "").await;
    let before = exported(&from).await;
    assert_eq!(before.len(), 2);
    let across = Site::prepared(&over(&postgres)).await;
    let back = Site::prepared(&Setup::default()).await;
    let mut records = from.cli(&["accounts", "export", "--with-hashes"], "").await;
    for site in [&across, &back] {
        std::fs::write(site.path("accounts.jsonl"), &records).unwrap();
        let file = site.path("accounts.jsonl").display().to_string();
        site.cli(&["accounts", "import", &file], "").await;
        records = site.cli(&["accounts", "export", "--with-hashes"], "").await;
        assert_eq!(exported(site).await, before);
    }
    let mut across = across;
    across.serve().await;
    let ada = Browser::new(&across);
    ada.sign_in(&across, &ADA).await;
    assert!(ada.is_signed_in().await, "with the password of before");
}

/// `accounts list` with this database.
async fn listing(site: &Site, url: &str) -> Output {
    let config = site.path("other.yaml");
    let yaml = std::fs::read_to_string(site.config()).unwrap();
    let lines = yaml.lines().map(|line| match line.starts_with("accounts:") {
        true => format!("accounts: {{ database: \"{url}\" }}\n"),
        false => format!("{line}\n"),
    });
    std::fs::write(&config, lines.collect::<String>()).unwrap();
    site.run(&["accounts", "list", "-c", &config.display().to_string()], "").await
}

#[tokio::test]
async fn s57_a_server_whose_certificate_is_not_right_gets_no_password() {
    let site = Site::prepared(&Setup::default()).await;
    let ours = Authority::new(site.path("").as_path(), "ours");
    let theirs = Authority::new(site.path("").as_path(), "theirs");
    for (names, is_right) in [(["127.0.0.1"], true), (["db.example.com"], false)] {
        let port = free_port();
        let made = ours.sign(&names);
        let read = |path: &std::path::Path| std::fs::read_to_string(path).unwrap();
        let files = [
            ("server.crt", read(&made.certificate)),
            ("server.key", read(&made.key)),
            // Without TLS nobody is let in.
            ("pg_hba.conf", "hostssl all all 127.0.0.1/32 scram-sha-256\n".to_owned()),
        ];
        let files = files.each_ref().map(|(name, contents)| (*name, contents.as_str()));
        let settings = ["listen_addresses=127.0.0.1", "ssl=on", "log_connections=on"];
        let Some(server) = Postgres::start_with(port, &settings, &files) else { return };
        let with = |more: String| Postgres::url_at(port, &more);
        let verified = |authority: &Authority| {
            with(format!("sslmode=verify-full&sslrootcert={}", authority.file().display()))
        };
        let listed = listing(&site, &verified(&ours)).await;
        assert_eq!(listed.status.success(), is_right, "{listed:?}");
        let mut refused = vec![
            verified(&theirs),
            with("sslmode=verify-full".to_owned()),
            with("sslmode=disable".to_owned()),
        ];
        if !is_right {
            refused.push(verified(&ours));
        }
        let log = server.socket().join("log");
        let let_in = || read(&log).matches("connection authenticated").count();
        let before = let_in();
        for url in refused {
            let listed = listing(&site, &url).await;
            let told = String::from_utf8_lossy(&listed.stderr).into_owned();
            assert!(!listed.status.success(), "{url}");
            assert!(told.contains("postgres at 127.0.0.1"), "{told}");
            assert!(!told.contains("a password of"), "{told}");
        }
        assert_eq!(let_in(), before, "nobody has shown it a password");
    }
}

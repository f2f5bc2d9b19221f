//! PostgreSQL goes away, by each way in which a server can, and comes back.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use serde_json::Value;

use crate::support::browser::Browser;
use crate::support::faults::{Faults, Network};
use crate::support::page::{hidden, words};
use crate::support::postgres::Postgres;
use crate::support::site::{ADA, GRACE, Person, Setup, Site};
use crate::support::tools::{eventually, free_port};

/// A site whose accounts are in a PostgreSQL behind a network with faults.
struct Distant {
    site: Site,
    network: Faults,
    postgres: Postgres,
}

impl Distant {
    /// `None` where PostgreSQL is not installed.
    async fn start(setup: Setup) -> Option<Self> {
        let port = free_port();
        let postgres = Postgres::start_at(port)?;
        let network = Faults::before(([127, 0, 0, 1], port).into()).await;
        let url = Postgres::url_at(network.address.port(), "sslmode=disable");
        let accounts = Some(format!("{{ database: \"{url}\" }}"));
        let site = Site::with(Setup { accounts, ..setup }).await;
        Some(Self { site, network, postgres })
    }

    /// What `/readyz` says, and of the store of accounts.
    async fn readiness(&self) -> (u16, Value) {
        let answer = self.site.ask_admin("/readyz").await;
        (answer.status, answer.json()["parts"]["accounts"]["state"].clone())
    }

    async fn wait_until(&self, status: u16, state: &str) {
        let what = format!("/readyz to say {status} {state}");
        eventually(&what, async || {
            (self.readiness().await == (status, state.into())).then_some(())
        })
        .await;
    }
}

/// A sign-in as far as the password, whose answer is a page with status 503.
async fn is_refused_for_now(site: &Site, language: &str) -> String {
    let browser = Browser::new(site).always("Accept-Language", language);
    let answer = browser.submit_password(ADA.username, ADA.password).await.expect(503);
    assert!(answer.retry_after() > 0);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(browser.cookie("doorward"), None);
    answer.text()
}

async fn nobody_new_gets_in_and_nothing_is_forgotten_while_it_is(network: Network) {
    let Some(away) = Distant::start(Setup::default()).await else { return };
    let site = &away.site;
    let signed_in = Browser::new(site);
    signed_in.sign_in(site, &GRACE).await;
    assert!(signed_in.is_signed_in().await);
    let half = Browser::new(site);
    let code = half.half_sign_in(site, &ADA).await;
    let csrf = half.code_token().await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    half.submit("/_doorward/code", &[("code", wrong), ("csrf", &csrf)]).await.expect(401);

    away.network.set(network);
    let told = is_refused_for_now(site, "en").await;
    assert!(words(&told).len() > 20, "people are told what to do: {told}");
    for inside in ["postgres", "sqlx", "database"] {
        assert!(!told.to_lowercase().contains(inside), "{told}");
    }
    assert_ne!(words(&told), words(&is_refused_for_now(site, "de").await));
    let answer =
        half.submit("/_doorward/code", &[("code", &code), ("csrf", &csrf)]).await.expect(503);
    assert!(answer.retry_after() > 0);
    assert_eq!(half.cookie("doorward"), None, "nothing is accepted because a check could not run");

    // Who is signed in goes on, for the grace; the load balancer is told so.
    away.wait_until(200, "away").await;
    eventually("the breaker", async || {
        let up = site.metrics().await.sum("doorward_store_up", &[("store", "accounts")]);
        (up < 0.5).then_some(())
    })
    .await;
    for _ in 0..20 {
        assert!(signed_in.is_signed_in().await);
    }
    site.travel(std::time::Duration::from_secs(61));
    away.wait_until(503, "down").await;
    signed_in.fetch("/private").await.expect(503);

    away.network.set(Network::Sound);
    away.wait_until(200, "up").await;
    assert!(signed_in.is_signed_in().await);
    // The guess from before is still counted, and the code still works.
    let page = words(&half.get("/_doorward/code").await.expect(200).text());
    assert!(page.contains("4 "), "{page}");
    half.submit_code(&code).await.expect(303);
}

#[tokio::test]
async fn s57_with_postgresql_cut_off_nobody_new_gets_in_and_nothing_is_forgotten() {
    nobody_new_gets_in_and_nothing_is_forgotten_while_it_is(Network::Cut).await;
}

#[tokio::test]
async fn s57_with_postgresql_silent_nobody_new_gets_in_and_nothing_is_forgotten() {
    nobody_new_gets_in_and_nothing_is_forgotten_while_it_is(Network::Silent).await;
}

#[tokio::test]
async fn s57_without_a_grace_nobody_goes_on_who_cannot_be_checked() {
    let setup = Setup { top: vec!["state: { outage_grace: 0s }".to_owned()], ..Setup::default() };
    let Some(away) = Distant::start(setup).await else { return };
    let signed_in = Browser::new(&away.site);
    signed_in.sign_in(&away.site, &ADA).await;
    assert!(signed_in.is_signed_in().await);
    away.network.set(Network::Cut);
    away.wait_until(503, "down").await;
    eventually("to be refused", async || {
        (signed_in.fetch("/private").await.status == 503).then_some(())
    })
    .await;
    away.network.set(Network::Sound);
    away.wait_until(200, "up").await;
    assert!(signed_in.is_signed_in().await);
}

#[tokio::test]
async fn s35_what_was_revoked_while_a_node_heard_nothing_is_refused_once_it_hears_again() {
    let Some(away) = Distant::start(Setup::default()).await else { return };
    let site = &away.site;
    let ada = Browser::new(site);
    ada.sign_in(site, &ADA).await;
    assert!(ada.is_signed_in().await);
    // Another node, with a network of its own.
    let accounts = Some(format!("{{ database: \"{}\" }}", away.postgres.url()));
    let other = Site::prepared(&Setup { accounts, ..Setup::default() }).await;
    away.network.set(Network::Cut);
    away.wait_until(200, "away").await;
    other.cli(&["accounts", "disable", "ada"], "").await;
    away.network.set(Network::Sound);
    away.wait_until(200, "up").await;
    eventually("to be refused", async || (ada.fetch("/private").await.status == 401).then_some(()))
        .await;
}

#[tokio::test]
async fn a_server_that_is_away_is_asked_now_and_then_by_one_and_met_by_few_when_it_is_back() {
    let Some(away) = Distant::start(Setup::default()).await else { return };
    let site = &away.site;
    let browser = Browser::new(site);
    let csrf = browser.login_token().await;
    away.network.set(Network::Cut);
    let fields = [("username", "ada"), ("password", "x"), ("csrf", csrf.as_str()), ("rd", "/")];
    browser.submit("/_doorward/login", &fields).await.expect(503);
    away.wait_until(200, "away").await;
    let (before, began) = (away.network.taken(), Instant::now());
    for _ in 0..300 {
        browser.submit("/_doorward/login", &fields).await.expect(503);
    }
    let (tries, took) = (away.network.taken() - before, began.elapsed());
    // A few at the beginning, then one each time that a pause is over; and who listens for changes.
    assert!(tries <= 12 + took.as_secs() as usize * 2, "{tries} in {took:?}");

    let before = away.network.taken();
    away.network.set(Network::Sound);
    let at_once = (0..100).map(|_| {
        let bytes = browser.prepare(browser.form("/_doorward/login", &fields));
        let address = site.address;
        tokio::spawn(async move { crate::support::http::exchange(address, &bytes).await.status })
    });
    for one in at_once.collect::<Vec<_>>() {
        assert!(matches!(one.await.unwrap(), 401 | 429 | 503));
    }
    away.wait_until(200, "up").await;
    let made = away.network.taken() - before;
    assert!(made <= 14, "{made} connections: the pool has nine, and one listens");
}

#[tokio::test]
async fn what_was_acknowledged_outlasts_kill_9_of_postgresql_in_the_middle_of_sign_ins() {
    let Some(mut away) = Distant::start(Setup::default()).await else { return };
    let (site, postgres) = (&away.site, &mut away.postgres);
    let (going, done) = (AtomicBool::new(true), AtomicUsize::new(0));
    let sign_in_on_and_on = async |person: &Person| {
        let (mut signed_in, mut refused) = (Vec::new(), 0);
        while going.load(Ordering::Relaxed) {
            let browser = Browser::new(site);
            match try_to_sign_in(&browser, site, person).await {
                true => {
                    done.fetch_add(1, Ordering::Relaxed);
                    signed_in.push(browser);
                }
                false => {
                    assert_eq!(browser.cookie("doorward"), None);
                    refused += 1;
                    // A code may be on its way all the same: it is nothing for the next browser.
                    site.outbox_is_empty().await;
                    while site.mailbox.take(person.email).is_some() {}
                }
            }
        }
        (signed_in, refused)
    };
    let more_sign_in = async |more: usize| {
        let least = done.load(Ordering::Relaxed) + more;
        let what = format!("{more} more to sign in");
        eventually(&what, async || (done.load(Ordering::Relaxed) >= least).then_some(())).await;
    };
    let kill_now_and_then = async {
        let mut recoveries = Vec::new();
        for _ in 0..3 {
            more_sign_in(3).await;
            postgres.kill9();
            postgres.start_again();
            let back = Instant::now();
            more_sign_in(1).await;
            recoveries.push(back.elapsed());
        }
        more_sign_in(2).await;
        going.store(false, Ordering::Relaxed);
        recoveries
    };
    let (recoveries, of_ada, of_grace) =
        tokio::join!(kill_now_and_then, sign_in_on_and_on(&ADA), sign_in_on_and_on(&GRACE));
    let refused = of_ada.1 + of_grace.1;
    let signed_in = of_ada.0.into_iter().chain(of_grace.0);
    let mut all = 0;
    for browser in signed_in {
        assert!(browser.is_signed_in().await, "an acknowledged sign-in is lost");
        all += 1;
    }
    assert!(all >= 14, "{all}");
    println!("{all} signed in, {refused} refused, the first one after {recoveries:?}");
}

/// Signs in; `false` where it is told to come back later. Anything else is a failed test.
async fn try_to_sign_in(browser: &Browser, site: &Site, person: &Person) -> bool {
    let answer = browser.submit_password(person.username, person.password).await;
    if answer.status == 503 {
        return false;
    }
    answer.expect(303);
    let code = site.mailbox.next_code_to(person.email).await.code();
    let page = browser.get("/_doorward/code").await;
    if page.status == 503 {
        return false;
    }
    let csrf = hidden(&page.expect(200).text(), "csrf");
    let answer = browser.submit("/_doorward/code", &[("code", &code), ("csrf", &csrf)]).await;
    match answer.status {
        303 => true,
        503 => false,
        other => panic!("{other}: {}", answer.text()),
    }
}

//! Redis goes away, by each way in which a server can, and comes back.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::browser::Browser;
use crate::support::faults::{Faults, Network};
use crate::support::page::words;
use crate::support::redis::Redis;
use crate::support::site::{ADA, GRACE, Person, Setup, Site};
use crate::support::tools::{eventually, within};

/// A site with what passes in a Redis behind a network with faults.
struct Distant {
    site: Site,
    network: Faults,
    redis: Redis,
}

impl Distant {
    /// `None` where Redis is not installed.
    async fn start(more: &str) -> Option<Self> {
        let redis = Redis::start()?;
        let network = Faults::before(([127, 0, 0, 1], redis.port()).into()).await;
        let state = format!("state: {{ redis: \"redis://{}\"{more} }}", network.address);
        let site = Site::with(Setup { top: vec![state], ..Setup::default() }).await;
        Some(Self { site, network, redis })
    }

    /// What `/readyz` says, and of the store of what passes.
    async fn readiness(&self) -> (u16, Value) {
        let answer = self.site.ask_admin("/readyz").await;
        (answer.status, answer.json()["parts"]["flow"]["state"].clone())
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
    assert_eq!(browser.cookie("doorward"), None);
    answer.text()
}

async fn nobody_new_gets_in_and_nothing_is_forgotten_while_it_is(network: Network) {
    let Some(away) = Distant::start("").await else { return };
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
    assert!(!told.to_lowercase().contains("redis"), "{told}");
    assert_ne!(words(&told), words(&is_refused_for_now(site, "de").await));
    let answer =
        half.submit("/_doorward/code", &[("code", &code), ("csrf", &csrf)]).await.expect(503);
    assert!(answer.retry_after() > 0);
    assert_eq!(half.cookie("doorward"), None, "nothing is accepted because a check could not run");

    // Who is signed in goes on, for the grace; the load balancer is told so.
    away.wait_until(200, "away").await;
    eventually("the breaker", async || {
        let up = site.metrics().await.sum("doorward_store_up", &[("store", "flow")]);
        (up < 0.5).then_some(())
    })
    .await;
    for _ in 0..20 {
        assert!(signed_in.is_signed_in().await);
    }
    let public = signed_in.fetch("/public/page").await;
    assert_eq!(public.status, 200);
    site.travel(Duration::from_secs(61));
    away.wait_until(503, "down").await;
    signed_in.fetch("/private").await.expect(503);

    away.network.set(Network::Sound);
    away.wait_until(200, "up").await;
    assert!(signed_in.is_signed_in().await);
    // The guess from before is still counted, and the code still works, once.
    let page = words(&half.get("/_doorward/code").await.expect(200).text());
    assert!(page.contains("4 "), "{page}");
    let before = half.stolen();
    half.submit_code(&code).await.expect(303);
    before.submit_code_anyway(&code).await;
    assert_eq!(before.cookie("doorward"), None);
}

#[tokio::test]
async fn s57_with_redis_cut_off_nobody_new_gets_in_and_nothing_is_forgotten() {
    nobody_new_gets_in_and_nothing_is_forgotten_while_it_is(Network::Cut).await;
}

#[tokio::test]
async fn s57_with_redis_silent_nobody_new_gets_in_and_nothing_is_forgotten() {
    nobody_new_gets_in_and_nothing_is_forgotten_while_it_is(Network::Silent).await;
}

#[tokio::test]
async fn s57_without_a_grace_nobody_goes_on_whom_redis_does_not_confirm() {
    let Some(away) = Distant::start(", outage_grace: 0s").await else { return };
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
async fn s35_what_ended_while_a_node_heard_nothing_is_refused_once_it_hears_again() {
    let Some(away) = Distant::start("").await else { return };
    let site = &away.site;
    let ada = Browser::new(site);
    ada.sign_in(site, &ADA).await;
    assert!(ada.is_signed_in().await);
    away.network.set(Network::Cut);
    away.wait_until(200, "away").await;
    assert!(ada.is_signed_in().await, "in its grace");
    // Another node, with a network of its own, ends it: here, by taking it away as its script does.
    let direct = std::fs::read_to_string(site.config()).unwrap();
    let direct = direct
        .replace(&away.network.address.to_string(), &format!("127.0.0.1:{}", away.redis.port()));
    std::fs::write(site.path("direct.yaml"), direct).unwrap();
    let config = site.path("direct.yaml").display().to_string();
    let revoked = site.run(&["sessions", "revoke", "--account", "ada", "-c", &config], "").await;
    assert!(revoked.status.success(), "{revoked:?}");
    away.network.set(Network::Sound);
    away.wait_until(200, "up").await;
    eventually("to be refused", async || (ada.fetch("/private").await.status == 401).then_some(()))
        .await;
}

#[tokio::test]
async fn a_redis_that_is_away_is_asked_now_and_then_by_one_and_met_by_few_when_it_is_back() {
    let Some(away) = Distant::start("").await else { return };
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
    assert!(tries <= 12 + took.as_secs() as usize * 4, "{tries} in {took:?}");
    println!("{tries} connections in {took:?} for 300 requests");

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
    assert!(made <= 8, "{made} connections: one for all, one that listens, and who asks where");
}

#[tokio::test]
async fn what_was_acknowledged_outlasts_kill_9_and_a_freeze_of_redis_in_the_middle_of_sign_ins() {
    let Some(mut away) = Distant::start("").await else { return };
    let (site, redis) = (&away.site, &mut away.redis);
    let (going, done) = (AtomicBool::new(true), AtomicUsize::new(0));
    let sign_in_on_and_on = async |person: &Person| {
        let (mut signed_in, mut refused) = (Vec::new(), 0);
        while going.load(Ordering::Relaxed) {
            let browser = Browser::new(site);
            match try_to_sign_in(&browser, site, person).await {
                Some(spent) => {
                    done.fetch_add(1, Ordering::Relaxed);
                    signed_in.push((browser, spent));
                }
                None => {
                    assert_eq!(browser.cookie("doorward"), None);
                    refused += 1;
                }
            }
        }
        (signed_in, refused)
    };
    let more_sign_in = async |more: usize| {
        let least = done.load(Ordering::Relaxed) + more;
        let what = format!("{more} more to sign in");
        within(Duration::from_secs(60), &what, async || {
            (done.load(Ordering::Relaxed) >= least).then_some(())
        })
        .await;
    };
    let harm_now_and_then = async {
        let mut recoveries = Vec::new();
        for round in 0..4 {
            more_sign_in(3).await;
            if round % 2 == 0 {
                redis.kill();
                redis.start_again();
            } else {
                redis.freeze();
                // Until it is known to be away.
                eventually("the breaker", async || {
                    let up = site.metrics().await.sum("doorward_store_up", &[("store", "flow")]);
                    (up < 0.5).then_some(())
                })
                .await;
                redis.thaw();
            }
            let back = Instant::now();
            more_sign_in(1).await;
            recoveries.push(back.elapsed());
        }
        more_sign_in(2).await;
        going.store(false, Ordering::Relaxed);
        recoveries
    };
    let (recoveries, of_ada, of_grace) =
        tokio::join!(harm_now_and_then, sign_in_on_and_on(&ADA), sign_in_on_and_on(&GRACE));
    let refused = of_ada.1 + of_grace.1;
    let mut all = 0;
    for (browser, (before, code)) in of_ada.0.into_iter().chain(of_grace.0) {
        assert!(browser.is_signed_in().await, "an acknowledged sign-in is lost");
        before.submit_code_anyway(&code).await;
        assert_eq!(before.cookie("doorward"), None, "a code worked twice");
        all += 1;
    }
    assert!(all >= 15, "{all}");
    println!("{all} signed in, {refused} refused, the first one after {recoveries:?}");
}

/// Signs in; gives the browser as it was before its code, and the code. `None` where it is told to come back later, or its
/// code was used up by an answer that never came. Anything else is a failed test.
async fn try_to_sign_in(
    browser: &Browser,
    site: &Site,
    person: &Person,
) -> Option<(Browser, String)> {
    let page = browser.get("/_doorward/login").await;
    let csrf = crate::support::page::find_hidden(&page.text(), "csrf")?;
    let fields = [
        ("username", person.username),
        ("password", person.password),
        ("csrf", csrf.as_str()),
        ("rd", "/"),
    ];
    let answer = browser.submit("/_doorward/login", &fields).await;
    if answer.status == 503 {
        return None;
    }
    answer.expect(303);
    // Mails of sign-ins that were broken off may come in between: the one for this browser is among them.
    for _ in 0..20 {
        // A mail whose lease was granted by an answer that never came is due again when that ends.
        let mail = within(Duration::from_secs(60), "a code", async || {
            site.mailbox.take_code(person.email)
        });
        let code = mail.await.code();
        let page = browser.get("/_doorward/code").await;
        let csrf = crate::support::page::find_hidden(&page.text(), "csrf")?;
        let before = browser.stolen();
        let answer = browser.submit("/_doorward/code", &[("code", &code), ("csrf", &csrf)]).await;
        match answer.status {
            303 => return Some((before, code)),
            401 => {}
            503 | 410 => return None,
            other => panic!("{other}: {}", answer.text()),
        }
    }
    None
}

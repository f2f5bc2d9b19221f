//! Short-window limits, and the waits after wrong passwords.

use std::time::Duration;

use crate::support::browser::Browser;
use crate::support::http::{Response, exchange};
use crate::support::page::{alerts, hidden, words};
use crate::support::people::{anywhere, ask_by_mail, browser_at, sign_in_and_trust, told};
use crate::support::site::{ADA, GRACE, Person, Setup, Site};

/// The limits as they are when nobody sets them, and addresses as the test wants them.
async fn site_with_default_limits() -> Site {
    Site::with(Setup { limits: None, ..anywhere() }).await
}

/// A wrong password for a name of its own, so that only the address is counted.
async fn try_sign_in(site: &Site, address: &str, which: usize) -> Response {
    browser_at(site, address).submit_password(&format!("nobody{which}"), "wrong").await
}

#[track_caller]
fn assert_limited(answer: &Response, at_most: u64) -> u64 {
    assert_eq!(answer.status, 429, "{}", answer.text());
    let wait = answer.retry_after();
    assert!((1..=at_most).contains(&wait), "{wait} s, and not more than {at_most}");
    assert_eq!(alerts(&answer.text()).len(), 1, "people are told: {}", answer.text());
    wait
}

#[tokio::test]
async fn r17_five_sign_ins_in_five_minutes_from_an_address_and_then_one_a_minute() {
    let site = site_with_default_limits().await;
    for which in 0..5 {
        try_sign_in(&site, "198.51.100.1", which).await.expect(401);
    }
    let wait = assert_limited(&try_sign_in(&site, "198.51.100.1", 5).await, 60);
    try_sign_in(&site, "198.51.100.2", 6).await.expect(401);
    site.travel(Duration::from_secs(wait));
    try_sign_in(&site, "198.51.100.1", 7).await.expect(401);
    assert_limited(&try_sign_in(&site, "198.51.100.1", 8).await, 60);
    // A right password is counted and refused alike.
    assert_limited(
        &browser_at(&site, "198.51.100.1").submit_password("ada", ADA.password).await,
        60,
    );
    browser_at(&site, "198.51.100.3").submit_password("ada", ADA.password).await.expect(303);
    let limited = site.metrics().await.sum("doorward_limits_total", &[("limit", "sign_in")]);
    assert_eq!(limited, 3.0);
}

#[tokio::test]
async fn r17_an_ipv6_client_is_counted_by_its_64() {
    let site = site_with_default_limits().await;
    for which in 0..5 {
        let address = format!("2001:db8:1:2:{which}:{which}::{which}");
        try_sign_in(&site, &address, which).await.expect(401);
    }
    assert_limited(&try_sign_in(&site, "2001:db8:1:2:ffff:ffff:ffff:ffff", 5).await, 60);
    try_sign_in(&site, "2001:db8:1:3::1", 6).await.expect(401);
    for which in 7..11 {
        try_sign_in(&site, "192.0.2.7", which).await.expect(401);
    }
    // The same address as IPv6 writes it.
    try_sign_in(&site, "::ffff:192.0.2.7", 11).await.expect(401);
    assert_limited(&try_sign_in(&site, "::ffff:c000:207", 12).await, 60);
}

#[tokio::test]
async fn s45_a_hundred_forged_addresses_from_a_peer_that_nobody_trusts_are_one() {
    let site = Site::with(Setup { limits: None, ..Setup::default() }).await;
    let browser = Browser::new(&site);
    let csrf = browser.login_token().await;
    let (mut tried, mut limited) = (0, 0);
    for at in 0..100_u32 {
        let name = format!("nobody{at}");
        let fields = [("username", name.as_str()), ("password", "x"), ("csrf", &csrf), ("rd", "/")];
        let address = format!("{}.{}.{}.{at}", 11 + at, at * 2, 255 - at);
        let header =
            ["X-Forwarded-For", "X-Real-IP", "Forwarded", "CF-Connecting-IP"][at as usize % 4];
        let value = if header == "Forwarded" { format!("for={address}") } else { address };
        let form = browser.form("/_doorward/login", &fields).header(header, &value);
        match browser.send(form).await.status {
            401 => tried += 1,
            429 => limited += 1,
            other => panic!("{other}"),
        }
    }
    assert_eq!((tried, limited), (5, 95));
}

#[tokio::test]
async fn s45_of_a_chain_the_rightmost_address_that_is_not_trusted_counts() {
    let site = site_with_default_limits().await;
    for which in 0..5 {
        let chain = format!("203.0.113.{which}, 198.51.100.1, 127.0.0.9");
        try_sign_in(&site, &chain, which).await.expect(401);
    }
    assert_limited(&try_sign_in(&site, "203.0.113.77, 198.51.100.1", 5).await, 60);
}

#[tokio::test]
async fn r17_ten_typed_codes_in_five_minutes_from_an_address() {
    let site = site_with_default_limits().await;
    let browser = browser_at(&site, "192.0.2.1");
    let code = browser.half_sign_in(&site, &ADA).await;
    let csrf = browser.code_token().await;
    let fields = [("code", "12"), ("csrf", csrf.as_str())];
    for _ in 0..10 {
        browser.submit("/_doorward/code", &fields).await.expect(400);
    }
    let wait = assert_limited(&browser.submit("/_doorward/code", &fields).await, 30);
    assert_limited(
        &browser.submit("/_doorward/code", &[("code", &code), ("csrf", &csrf)]).await,
        30,
    );
    assert_eq!(browser.cookie("doorward"), None);
    site.travel(Duration::from_secs(wait));
    browser.submit("/_doorward/code", &[("code", &code), ("csrf", &csrf)]).await.expect(303);
}

#[tokio::test]
async fn r17_three_resends_in_ten_minutes_from_an_address() {
    let top = ["trusted_proxies: [\"127.0.0.0/8\"]", "otp: { cool_down: 1s, sends: 10 }"];
    let top = top.map(str::to_owned).to_vec();
    let site = Site::with(Setup { limits: None, top, ..Setup::default() }).await;
    let browser = browser_at(&site, "192.0.2.1");
    browser.half_sign_in(&site, &ADA).await;
    let csrf = browser.code_token().await;
    let resend = async || browser.submit("/_doorward/code/resend", &[("csrf", &csrf)]).await;
    for wait in [2, 3, 5] {
        site.travel(Duration::from_secs(wait));
        resend().await.expect(303);
        site.mailbox.next_code_to(ADA.email).await;
    }
    site.travel(Duration::from_secs(9));
    let wait = assert_limited(&resend().await, 200);
    site.outbox_is_empty().await;
    assert!(site.mailbox.take(ADA.email).is_none(), "no mail was sent");
    site.travel(Duration::from_secs(wait));
    resend().await.expect(303);
    site.mailbox.next_code_to(ADA.email).await;
}

#[tokio::test]
async fn s10_a_resend_inside_the_cool_down_is_refused_and_uses_up_nothing() {
    let site = site_with_default_limits().await;
    let browser = browser_at(&site, "192.0.2.1");
    browser.half_sign_in(&site, &ADA).await;
    for _ in 0..6 {
        let wait = assert_limited(&browser.resend().await, 30);
        assert!(wait > 5, "it is the wait of the challenge: {wait}");
    }
    assert!(site.mailbox.take(ADA.email).is_none(), "no mail was sent");
    site.travel(Duration::from_secs(30));
    browser.resend().await.expect(303);
    site.mailbox.next_code_to(ADA.email).await;
}

#[tokio::test]
async fn r17_and_s15_five_codes_an_hour_for_an_account_by_whichever_name() {
    let site = site_with_default_limits().await;
    let names = ["ada", "ADA", "ada@example.org", "Ada@Example.Org", " ada "];
    for (at, name) in names.iter().enumerate() {
        let browser = browser_at(&site, &format!("198.51.100.{at}"));
        ask_by_mail(&browser, name).await.expect(303);
        site.mailbox.next_code_to(ADA.email).await;
    }
    for (at, name) in names.iter().enumerate() {
        let browser = browser_at(&site, &format!("198.51.100.{}", 10 + at));
        assert_limited(&ask_by_mail(&browser, name).await, 720);
    }
    site.outbox_is_empty().await;
    assert!(site.mailbox.take(ADA.email).is_none(), "no mail was sent");
    ask_by_mail(&browser_at(&site, "198.51.100.20"), "grace").await.expect(303);
    site.travel(Duration::from_secs(720));
    ask_by_mail(&browser_at(&site, "198.51.100.21"), "ada").await.expect(303);
}

#[tokio::test]
async fn s56_codes_that_strangers_ask_for_keep_the_owner_from_none() {
    let site = site_with_default_limits().await;
    let known = browser_at(&site, "192.0.2.1");
    sign_in_and_trust(&known, &site, &ADA, false).await;
    known.sign_out().await.expect(303);
    site.travel(Duration::from_secs(3600));
    for at in 0..6 {
        ask_by_mail(&browser_at(&site, &format!("198.51.100.{at}")), "ada").await;
    }
    site.outbox_is_empty().await;
    while site.mailbox.take(ADA.email).is_some() {}
    for address in ["192.0.2.1", "192.0.2.2"] {
        // In the known browser, and in one that shows nothing but the right password.
        let browser =
            if address == "192.0.2.1" { known.stolen() } else { browser_at(&site, address) };
        browser.submit_password(ADA.username, ADA.password).await.expect(303);
        let code = site.mailbox.next_code_to(ADA.email).await.code();
        browser.submit_code(&code).await.expect(303);
        assert!(browser.is_signed_in().await);
    }
}

#[tokio::test]
async fn wrong_passwords_wait_twice_as_long_each_time_and_the_owner_is_told_once() {
    let site = Site::with(anywhere()).await;
    let at = std::cell::Cell::new(0);
    let wrong = async |name: &str| {
        at.set(at.get() + 1);
        let browser = browser_at(&site, &format!("198.51.100.{}", at.get()));
        browser.submit_password(name, "wrong").await
    };
    for name in ["ada", "ADA", "ada@example.org", "Ada@Example.Org", "ada", "ada"] {
        wrong(name).await.expect(401);
    }
    for most in [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900] {
        let answer = wrong("ada@example.org").await;
        let wait = assert_limited(&answer, most);
        assert!(wait > most / 2, "{wait} s of {most}");
        assert!(words(&answer.text()).contains("unknown browsers"), "{}", words(&answer.text()));
        site.travel(Duration::from_secs(wait));
        wrong("ada").await.expect(401);
    }
    let notices = told(&site, ADA.email, "Wrong passwords").await;
    assert_eq!(notices.len(), 1);
    assert!(site.mailbox.all().len() == 1, "nobody else was told");
    // Others are not held up; a name that nobody has waits like any (S23).
    wrong("grace").await.expect(401);
    for _ in 0..6 {
        wrong("nobody").await.expect(401);
    }
    assert_limited(&wrong("nobody").await, 2);

    // The right password has to wait as well, and then ends the count.
    let owner = browser_at(&site, "192.0.2.1");
    assert_limited(&owner.submit_password("ada", ADA.password).await, 900);
    site.travel(Duration::from_secs(900));
    owner.submit_password("ada", ADA.password).await.expect(303);
    for _ in 0..5 {
        wrong("ada").await.expect(401);
    }
    owner.submit_password("ada", ADA.password).await.expect(303);
}

#[tokio::test]
async fn wrong_passwords_at_the_same_instant_do_not_step_over_the_one_that_is_told() {
    let limits = Some("{ sign_in: 60000/1m }".to_owned());
    let site = Site::with(Setup { limits, ..anywhere() }).await;
    let stranger = Browser::new(&site);
    let csrf = stranger.login_token().await;
    let address = site.address;
    for _ in 0..6 {
        let strikes: Vec<_> = (0..20)
            .map(|_| {
                let fields =
                    [("username", "ada"), ("password", "wrong"), ("csrf", &csrf), ("rd", "/")];
                let bytes = stranger.prepare(stranger.form("/_doorward/login", &fields));
                tokio::spawn(async move { exchange(address, &bytes).await.status })
            })
            .collect();
        for strike in strikes {
            let status = strike.await.unwrap();
            assert!(matches!(status, 401 | 429), "{status}");
        }
        site.travel(Duration::from_secs(900));
    }
    assert_eq!(told(&site, ADA.email, "Wrong passwords").await.len(), 1);
}

#[tokio::test]
async fn s56_a_thousand_wrong_passwords_of_strangers_keep_the_owners_browser_from_nothing() {
    let site = Site::with(Setup {
        limits: Some(
            "{ sign_in: 60000/1m, code_request: 1000/1h, mails_account: 1000/1h }".to_owned(),
        ),
        log: "warn".to_owned(),
        ..anywhere()
    })
    .await;
    let owner = browser_at(&site, "192.0.2.1");
    sign_in_and_trust(&owner, &site, &ADA, false).await;
    owner.sign_out().await.expect(303);
    let stranger = Browser::new(&site);
    let csrf = stranger.login_token().await;
    let before = site.metrics().await.sum("doorward_password_hash_seconds_count", &[]);
    let address = site.address;
    let (mut wrong, mut delayed) = (0, 0);
    for round in 0..50 {
        let strikes: Vec<_> = (0..20)
            .map(|at| {
                let name = ["ada", "ADA@example.org"][at % 2];
                let fields =
                    [("username", name), ("password", "wrong"), ("csrf", &csrf), ("rd", "/")];
                let form = stranger.form("/_doorward/login", &fields);
                let form = form.header("X-Forwarded-For", &format!("198.51.{round}.{at}"));
                let bytes = stranger.prepare(form);
                tokio::spawn(async move { exchange(address, &bytes).await.status })
            })
            .collect();
        for strike in strikes {
            match strike.await.unwrap() {
                401 => wrong += 1,
                429 => delayed += 1,
                other => panic!("{other}"),
            }
        }
    }
    assert_eq!(wrong + delayed, 1000);
    assert!(delayed >= 900, "{delayed} had to wait");
    let after = site.metrics().await.sum("doorward_password_hash_seconds_count", &[]);
    assert_eq!((after - before) as u32, wrong, "whoever has to wait costs no hash");
    let unknown = browser_at(&site, "192.0.2.2").submit_password("ada", ADA.password).await;
    assert_limited(&unknown, 900);
    owner.submit_password("ada", ADA.password).await.expect(303);
    let code = site.mailbox.next_code_to(ADA.email).await.code();
    owner.submit_code(&code).await.expect(303);
    assert!(owner.is_signed_in().await);
    // Its own failures are its own.
    let page = owner.stolen();
    page.set_cookie("doorward", None);
    page.submit_password("ada", "mistyped").await.expect(401);
    page.submit_password("ada", ADA.password).await.expect(303);
}

#[tokio::test]
async fn s58_while_sign_ins_are_shed_who_is_signed_in_is_answered() {
    let site = Site::with(Setup { people: vec![GRACE], ..Setup::default() }).await;
    let grace = Browser::new(&site);
    grace.sign_in(&site, &GRACE).await;
    let mut site = site;
    site.stop().await;
    let yaml = std::fs::read_to_string(site.config()).unwrap();
    let slow = yaml.replace(
        "password_hash: { memory_kib: 7168, iterations: 5 }",
        "password_hash: { memory_kib: 131072, iterations: 3, threads: 1, queue: 2 }",
    );
    assert_ne!(slow, yaml);
    std::fs::write(site.config(), slow).unwrap();
    site.serve().await;
    let stranger = Browser::new(&site);
    let csrf = hidden(&stranger.get("/_doorward/login").await.text(), "csrf");
    let address = site.address;
    let flood: Vec<_> = (0..30)
        .map(|at| {
            let name = format!("nobody{at}");
            let fields =
                [("username", name.as_str()), ("password", "x"), ("csrf", &csrf), ("rd", "/")];
            let bytes = stranger.prepare(stranger.form("/_doorward/login", &fields));
            tokio::spawn(async move { exchange(address, &bytes).await })
        })
        .collect();
    let mut answered = 0;
    while flood.iter().any(|one| !one.is_finished()) {
        assert!(grace.is_signed_in().await);
        answered += 1;
    }
    assert!(answered >= 3, "{answered} requests were answered while hashes were made");
    let mut shed = 0;
    for one in flood {
        let answer = one.await.unwrap();
        match answer.status {
            503 => {
                shed += 1;
                assert!(answer.retry_after() >= 1);
            }
            401 => {}
            other => panic!("{other}"),
        }
    }
    assert!(shed >= 20, "{shed} of 30 were shed");
    stranger.submit_password("nobody", "x").await.expect(401);
}

/// For how long all threads of this name had a processor, in nanoseconds.
#[cfg(target_os = "linux")]
fn worked(pid: u32, name: &str) -> u64 {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten();
    let read = |task: &std::path::Path, file: &str| std::fs::read_to_string(task.join(file)).ok();
    let of = |task: &std::path::Path| {
        read(task, "comm")?.starts_with(name).then_some(())?;
        read(task, "schedstat")?.split(' ').next()?.parse::<u64>().ok()
    };
    tasks.filter_map(|task| of(&task.path())).sum()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn s58_pages_are_filled_in_beside_the_threads_that_serve_apps() {
    let site = Site::with(Setup { people: vec![], ..Setup::default() }).await;
    let stranger = Browser::new(&site);
    stranger.get("/_doorward/login").await.expect(200);
    let now = || (worked(site.pid(), "serve-"), worked(site.pid(), "tokio-rt"));
    let before = now();
    for _ in 0..50 {
        stranger.get("/_doorward/login").await.expect(200);
    }
    let after = now();
    let (serving, beside) = (after.0 - before.0, after.1 - before.1);
    assert!(beside > serving / 5, "{beside} ns beside {serving} ns");
}

/// A site whose only limit is this one on mails; every other is out of the way.
async fn site_with_mail_limit(limit: &str) -> Site {
    let setup = anywhere();
    let limits = setup.limits.clone().expect("wide limits");
    let name = limit.split(':').next().unwrap();
    let others = limits.split(',').filter(|other| !other.contains(name));
    let others: Vec<&str> = others.map(|other| other.trim_matches(['{', '}', ' '])).collect();
    let limits = format!("{{ {}, {limit} }}", others.join(", "));
    Site::with(Setup { limits: Some(limits), ..setup }).await
}

async fn password_from(site: &Site, address: &str, person: &Person) -> Response {
    browser_at(site, address).submit_password(person.username, person.password).await
}

#[tokio::test]
async fn r2_ten_mails_a_day_go_to_an_account_wherever_they_are_asked_for() {
    let site = site_with_mail_limit("mails_account: 10/1d").await;
    for which in 1..=10 {
        password_from(&site, &format!("192.0.2.{which}"), &ADA).await.expect(303);
    }
    let wait = assert_limited(&password_from(&site, "192.0.2.11", &ADA).await, 8640);
    password_from(&site, "192.0.2.11", &GRACE).await.expect(303);
    assert_eq!(told(&site, ADA.email, "Your sign-in").await.len(), 10);
    site.travel(Duration::from_secs(wait));
    password_from(&site, "192.0.2.11", &ADA).await.expect(303);
}

#[tokio::test]
async fn r17_an_address_has_so_many_codes_mailed_to_whomever() {
    let site = site_with_mail_limit("mails_address: 3/1h").await;
    for person in [&ADA, &GRACE, &ADA] {
        password_from(&site, "192.0.2.1", person).await.expect(303);
    }
    assert_limited(&password_from(&site, "192.0.2.1", &GRACE).await, 1200);
    password_from(&site, "192.0.2.2", &GRACE).await.expect(303);
}

#[tokio::test]
async fn r17_no_more_mails_go_out_in_all_than_the_provider_allows() {
    let site = site_with_mail_limit("mails_total: 4/1h").await;
    for which in 1..=4 {
        password_from(&site, &format!("192.0.2.{which}"), &ADA).await.expect(303);
    }
    assert_limited(&password_from(&site, "192.0.2.9", &GRACE).await, 900);
}

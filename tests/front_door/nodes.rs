//! Three doorwards behind a load balancer: accounts in PostgreSQL, what passes in Redis.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::net::TcpListener;

use crate::support::balancer::{Balancer, Node};
use crate::support::browser::{Browser, Request};
use crate::support::page::find_hidden;
use crate::support::postgres::Postgres;
use crate::support::redis::{Cluster, Redis};
use crate::support::site::{ADA, GRACE, Person, Setup, Site};
use crate::support::tools::within;

/// What passes, in one server or in a Cluster.
enum State {
    Single(Redis),
    Cluster(Cluster),
}

impl State {
    fn section(&self) -> String {
        match self {
            Self::Single(redis) => format!("state: {{ redis: \"{}\" }}", redis.url()),
            Self::Cluster(cluster) => {
                let urls: Vec<String> =
                    cluster.0.iter().take(3).map(|redis| format!("\"{}\"", redis.url())).collect();
                format!("state: {{ redis: {{ cluster: [{}] }} }}", urls.join(", "))
            }
        }
    }
}

/// The nodes, what they share, and the one address of all of them.
struct Nodes {
    sites: Vec<Site>,
    balancer: Balancer,
    state: State,
    postgres: Postgres,
}

impl Nodes {
    async fn start(state: State) -> Option<Self> {
        let postgres = Postgres::start()?;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let origin: &'static str =
            Box::leak(format!("http://wiki.localhost:{port}").into_boxed_str());
        let setup = |people: Vec<Person>, mail: Option<String>| Setup {
            people,
            mail,
            origin: Some(origin),
            accounts: Some(format!("{{ database: \"{}\" }}", postgres.url())),
            top: vec![state.section()],
            ..Setup::default()
        };
        let first = Site::with(setup(vec![ADA, GRACE], None)).await;
        let mail = format!(
            "{{ from: \"Example Wiki <no-reply@wiki.example>\", files: {} }}",
            first.path("mails").display()
        );
        let mut sites = vec![first];
        for _ in 0..2 {
            let mut site = Site::prepared(&setup(Vec::new(), Some(mail.clone()))).await;
            for shared in ["secret", "keys.json"] {
                std::fs::copy(sites[0].path(shared), site.path(shared)).unwrap();
            }
            site.serve().await;
            sites.push(site);
        }
        let nodes = sites.iter().map(|site| Node { address: site.address, admin: None });
        let balancer = Balancer::start(listener, nodes.collect());
        Some(Self { sites, balancer, state, postgres })
    }

    /// A browser that comes by the load balancer.
    fn browser(&self) -> Browser {
        Browser::at(self.balancer.address, &self.sites[0].host)
    }
}

#[tokio::test]
async fn s35_who_signs_out_at_one_node_is_signed_out_at_every_other_at_once() {
    let Some(redis) = Redis::start() else { return };
    let Some(nodes) = Nodes::start(State::Single(redis)).await else { return };
    let mut latest = Duration::ZERO;
    for round in 0..10 {
        let browser = nodes.browser();
        browser.sign_in(&nodes.sites[0], &ADA).await;
        let at: Vec<Browser> =
            nodes.sites.iter().map(|site| browser.stolen().at_gateway(site.address)).collect();
        for _ in 0..3 {
            for browser in &at {
                assert!(browser.is_signed_in().await, "signed in at one, used at every other");
            }
        }
        at[round % 3].sign_out().await;
        let ended = Instant::now();
        for site in &nodes.sites {
            let thief = browser.stolen().at_gateway(site.address);
            within(Duration::from_secs(10), "to be signed out", async || {
                (thief.fetch("/private").await.status == 401).then_some(())
            })
            .await;
        }
        latest = latest.max(ended.elapsed());
    }
    println!("the last of three nodes refuses {latest:?} after the answer");
    assert!(
        latest < Duration::from_secs(2),
        "{latest:?}: by the push, not by the end of its trust"
    );
}

#[tokio::test]
async fn an_operator_revokes_at_one_node_what_three_have_cached() {
    let Some(redis) = Redis::start() else { return };
    let Some(nodes) = Nodes::start(State::Single(redis)).await else { return };
    let browser = nodes.browser();
    browser.sign_in(&nodes.sites[0], &ADA).await;
    let other = nodes.browser();
    other.sign_in(&nodes.sites[0], &GRACE).await;
    for _ in 0..6 {
        assert!(browser.is_signed_in().await && other.is_signed_in().await);
    }
    nodes.sites[2].cli(&["sessions", "revoke", "--account", "ada"], "").await;
    for site in &nodes.sites {
        let there = browser.stolen().at_gateway(site.address);
        within(Duration::from_secs(2), "to be signed out", async || {
            (there.fetch("/private").await.status == 401).then_some(())
        })
        .await;
        assert!(other.stolen().at_gateway(site.address).is_signed_in().await, "and nobody else");
    }
}

/// What came of a sign-in that was tried while things break.
enum Tried {
    /// It was acknowledged: the browser, itself before its code, the code.
    SignedIn(Box<(Browser, Browser, String)>),
    /// It was refused for now, or nobody answered.
    Refused,
}

#[tokio::test]
async fn with_nodes_and_stores_killed_under_load_nothing_acknowledged_is_lost_and_no_code_works_twice()
 {
    let Some(cluster) = tokio::task::spawn_blocking(Cluster::start).await.unwrap() else { return };
    let Some(mut nodes) = Nodes::start(State::Cluster(cluster)).await else { return };
    let (browsers, mailbox) = (
        nodes.balancer.address,
        Arc::new(crate::support::mail::Mailbox::new(&nodes.sites[0].path("mails"))),
    );
    let host = nodes.sites[0].host.clone();
    let (requests, failures) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let going = Arc::new(std::sync::atomic::AtomicBool::new(true));
    let done = Arc::new(AtomicUsize::new(0));
    let mut load = tokio::task::JoinSet::new();
    for person in [ADA, GRACE] {
        let (host, mailbox) = (host.clone(), Arc::clone(&mailbox));
        let (requests, failures, going, done) =
            (requests.clone(), failures.clone(), going.clone(), done.clone());
        load.spawn(async move {
            let mut signed_in = Vec::new();
            while going.load(Ordering::Relaxed) {
                let browser = Browser::at(browsers, &host);
                match sign_in(browser, &mailbox, &person, (&requests, &failures)).await {
                    Tried::SignedIn(kept) => {
                        done.fetch_add(1, Ordering::Relaxed);
                        signed_in.push(*kept);
                    }
                    Tried::Refused => tokio::task::yield_now().await,
                }
            }
            signed_in
        });
    }
    let more = async |more: usize| {
        let least = done.load(Ordering::Relaxed) + more;
        let began = Instant::now();
        within(Duration::from_secs(90), "more to sign in", async || {
            (done.load(Ordering::Relaxed) >= least).then_some(())
        })
        .await;
        began.elapsed()
    };
    more(4).await;
    // A node, of three.
    nodes.sites[1].kill9();
    let node = more(2).await;
    nodes.sites[1].serve().await;
    // PostgreSQL.
    nodes.postgres.kill9();
    nodes.postgres.start_again();
    let postgres = more(2).await;
    // A replica and then a primary of the Cluster, which come back with what they had.
    let State::Cluster(cluster) = &mut nodes.state else { unreachable!() };
    let primaries = cluster.primaries();
    let replica = (0..6).find(|at| !primaries.contains(at)).unwrap();
    cluster.0[replica].kill();
    let of_replica = more(2).await;
    cluster.0[replica].start_again();
    cluster.settle();
    cluster.0[primaries[0]].kill();
    cluster.0[primaries[0]].start_again();
    let of_primary = more(2).await;
    going.store(false, Ordering::Relaxed);
    let signed_in: Vec<_> = load.join_all().await.into_iter().flatten().collect();
    println!(
        "{} requests, {} refused or unanswered; seconds to the second sign-in after: a node {:.1}, PostgreSQL {:.1}, a replica {:.1}, \
         a primary {:.1}",
        requests.load(Ordering::Relaxed),
        failures.load(Ordering::Relaxed),
        node.as_secs_f64(),
        postgres.as_secs_f64(),
        of_replica.as_secs_f64(),
        of_primary.as_secs_f64(),
    );
    assert!(signed_in.len() >= 12, "{}", signed_in.len());
    for (browser, before, code) in signed_in {
        for site in &nodes.sites {
            assert!(
                browser.stolen().at_gateway(site.address).is_signed_in().await,
                "an acknowledged session is lost"
            );
        }
        before.submit_code_anyway(&code).await;
        assert_eq!(before.cookie("doorward"), None, "a code worked twice");
    }
    // Whoever is not signed in is not let in anywhere.
    for site in &nodes.sites {
        assert!(!Browser::at(site.address, &host).is_signed_in().await);
    }
    nodes.sites[0].cli(&["accounts", "show", "ada"], "").await;
}

async fn sign_in(
    browser: Browser,
    mailbox: &crate::support::mail::Mailbox,
    person: &Person,
    counts: (&AtomicUsize, &AtomicUsize),
) -> Tried {
    let send = async |request: Request| {
        counts.0.fetch_add(1, Ordering::Relaxed);
        let answer = browser.try_send(request).await.ok().filter(|answer| answer.status < 500);
        if answer.is_none() {
            counts.1.fetch_add(1, Ordering::Relaxed);
        }
        answer
    };
    let tried = async {
        let csrf =
            find_hidden(&send(Request::get("/_doorward/login").navigate()).await?.text(), "csrf")?;
        let fields = [
            ("username", person.username),
            ("password", person.password),
            ("csrf", csrf.as_str()),
            ("rd", "/"),
        ];
        send(browser.form("/_doorward/login", &fields)).await?.expect(303);
        // Mails of sign-ins that were broken off may come before the one for this browser. Their codes would be wrong
        // guesses here, of which an account has ten a day; whose a link is can be asked for nothing.
        let mail = loop {
            send(Request::get("/_doorward/code").navigate()).await?;
            let Some(mail) = mailbox.take_code(person.email) else { continue };
            let link = mail.text.lines().find(|line| line.contains("/_doorward/link/"))?;
            let path = &link[link.find("/_doorward/")?..];
            send(Request::get(path.trim()).navigate()).await?.expect(303);
            let page = send(Request::get("/_doorward/link").navigate()).await?.text();
            if page.contains("action=\"/_doorward/link\"") {
                break mail;
            }
        };
        let csrf =
            find_hidden(&send(Request::get("/_doorward/code").navigate()).await?.text(), "csrf")?;
        let (before, code) = (browser.stolen(), mail.code());
        let fields = [("code", code.as_str()), ("csrf", csrf.as_str())];
        let answer = send(browser.form("/_doorward/code", &fields)).await?;
        (answer.status == 303).then_some((before, code))
    };
    match tried.await {
        Some((before, code)) => Tried::SignedIn(Box::new((browser, before, code))),
        None => Tried::Refused,
    }
}

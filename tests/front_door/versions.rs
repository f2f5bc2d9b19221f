//! Two versions of doorward on the same stores, as they are while nodes are replaced one after another.
//!
//! Both nodes are of this build: what another version leaves in the stores stands in for it, here and in `formats` of the
//! contract of the stores.

use std::time::Duration;

use sqlx::Connection;
use sqlx::postgres::PgConnection;
use tokio::net::TcpListener;

use crate::support::balancer::{Balancer, Node};
use crate::support::browser::{Browser, Request};
use crate::support::load::Load;
use crate::support::mail::Mailbox;
use crate::support::postgres::Postgres;
use crate::support::redis::Redis;
use crate::support::site::{ADA, GRACE, Person, Setup, Site};
use crate::support::tools::{free_port, within};

/// What nodes share.
struct Stores {
    postgres: Postgres,
    redis: Redis,
    /// Where people reach all of them.
    origin: &'static str,
}

impl Stores {
    fn start(port: u16) -> Option<Self> {
        let origin = Box::leak(format!("http://wiki.localhost:{port}").into_boxed_str());
        Some(Self { postgres: Postgres::start()?, redis: Redis::start()?, origin })
    }

    fn setup(&self, people: Vec<Person>, mail: Option<String>) -> Setup {
        Setup {
            people,
            mail,
            origin: Some(self.origin),
            accounts: Some(format!("{{ database: \"{}\" }}", self.postgres.url())),
            top: vec![
                format!("state: {{ redis: \"{}\" }}", self.redis.url()),
                "shutdown: { delay: 1s }".to_owned(),
            ],
            log: "info,doorward::access=warn".to_owned(),
            ..Setup::default()
        }
    }

    /// The first node, which serves.
    async fn first(&self) -> Site {
        Site::with(self.setup(vec![ADA, GRACE], None)).await
    }

    /// Another, with the same keys and the same place for mails; it does not serve yet.
    async fn beside(&self, first: &Site) -> Site {
        let mails = first.path("mails");
        let mail = format!("{{ from: no-reply@wiki.example, files: {} }}", mails.display());
        let site = Site::prepared(&self.setup(Vec::new(), Some(mail))).await;
        for shared in ["secret", "keys.json"] {
            std::fs::copy(first.path(shared), site.path(shared)).unwrap();
        }
        site
    }
}

#[tokio::test]
async fn nodes_are_replaced_one_after_another_under_load_and_no_request_is_lost() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let Some(stores) = Stores::start(listener.local_addr().unwrap().port()) else { return };
    let mut leaving = stores.first().await;
    let mut coming = stores.beside(&leaving).await;
    let mails = Mailbox::new(&leaving.path("mails"));
    let node = |site: &Site| Node { address: site.address, admin: Some(site.admin) };
    let balancer = Balancer::start(listener, vec![node(&leaving), node(&coming)]);
    let ada = Browser::at(balancer.address, &leaving.host);
    ada.sign_in(&leaving, &ADA).await;
    let load =
        Load::start(balancer.address, &ada.prepare(Request::get("/private").navigate()), 6, 2);
    load.wait_for_more(100).await;

    for _ in 0..2 {
        let grace = Browser::at(leaving.address, &leaving.host);
        grace.submit_password(GRACE.username, GRACE.password).await.expect(303);
        let code = mails.next_code_to(GRACE.email).await.code();
        coming.serve().await;
        load.wait_for_more(200).await;
        assert!(leaving.stop().await.success());
        // What was begun at the one is ended at the other.
        let grace = grace.at_gateway(coming.address);
        grace.submit_code(&code).await.expect(303);
        assert!(grace.is_signed_in().await);
        load.wait_for_more(100).await;
        std::mem::swap(&mut leaving, &mut coming);
    }
    let (answered, lost) = load.end().await;
    eprintln!("two nodes in turn: {answered} requests answered, {} lost", lost.len());
    assert!(lost.is_empty(), "{} of {answered} lost: {lost:?}", lost.len());
    assert!(mails.take_code(GRACE.email).is_none(), "no mail went twice");
    assert!(ada.is_signed_in().await);
}

/// What a newer doorward makes of the accounts as it starts, and as it works.
const NEWER: [&str; 4] = [
    "INSERT INTO doorward._sqlx_migrations (version, description, success, checksum, execution_time)
     VALUES (900, 'a later step', TRUE, '', 0)",
    "ALTER TABLE doorward.accounts ADD COLUMN shoe_size BIGINT",
    "CREATE TABLE doorward.shoes (account_id BYTEA NOT NULL PRIMARY KEY)",
    "INSERT INTO doorward.audit (at, event, result, user_agent) VALUES (1800000000000, 'shoes_tied', 'loosely', 'x')",
];

#[tokio::test]
async fn an_older_doorward_goes_on_beside_a_newer_one_and_starts_beside_it_unless_that_one_forbids()
{
    let Some(stores) = Stores::start(free_port()) else { return };
    let first = stores.first().await;
    let ada = Browser::new(&first);
    ada.sign_in(&first, &ADA).await;

    let mut database = PgConnection::connect(&stores.postgres.url()).await.unwrap();
    for statement in NEWER {
        sqlx::query(statement).execute(&mut database).await.unwrap();
    }
    // Keys of another format under the same prefix, and none of the older one's scripts.
    let redis = &stores.redis;
    assert!(redis.ask(&["SET", "doorward:s2:{ms3}a session", "of another form"]).contains("OK"));
    assert!(redis.ask(&["ZADD", "doorward:e2:{ms3}s", "1", "a session"]).contains('1'));
    assert!(redis.ask(&["SCRIPT", "FLUSH"]).contains("OK"));

    assert!(ada.is_signed_in().await);
    let grace = Browser::new(&first);
    grace.sign_in(&first, &GRACE).await;
    let audited = first.cli(&["audit"], "").await;
    assert!(audited.lines().any(|line| line.contains("shoes_tied") && line.contains("loosely")));
    assert!(
        audited.lines().last().unwrap().contains("signed_in"),
        "and what came after: {audited}"
    );

    let mut second = stores.beside(&first).await;
    second.serve().await;
    assert_eq!(second.logged("a newer doorward has changed the database").len(), 1);
    let there = grace.stolen().at_gateway(second.address);
    assert!(there.is_signed_in().await);
    there.sign_out().await;
    within(Duration::from_secs(2), "to be signed out at the other", async || {
        (!grace.is_signed_in().await).then_some(())
    })
    .await;
    second.kill9();

    let forbids = "UPDATE doorward.compatibility SET compatible_from = 900";
    sqlx::query(forbids).execute(&mut database).await.unwrap();
    let config = second.config().display().to_string();
    let refused = second.run(&["serve", "-c", &config], "").await;
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && told.contains("is of a newer doorward"), "{told}");
    let again = Browser::new(&first);
    again.sign_in(&first, &GRACE).await;
    assert!(again.is_signed_in().await && ada.is_signed_in().await, "one that runs goes on");
    assert!(redis.ask(&["EXISTS", "doorward:s2:{ms3}a session"]).contains('1'), "it is not ours");
}

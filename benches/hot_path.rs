//! What doorward itself costs a request that is forwarded, without connections: all of it, and its larger parts.

#![allow(clippy::unwrap_used, reason = "a benchmark stops where it fails")]

use std::future::Future;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use divan::{Bencher, black_box};
use http::Method;
use pingora::http::RequestHeader;

use doorward::app::Core;
use doorward::auth::password::Serves;
use doorward::auth::tokens;
use doorward::domain::account::{Account, Identity, NewAccount};
use doorward::domain::assertion::{AssertionAlgorithm, KeptAssertions};
use doorward::domain::client::{Client, UserAgent};
use doorward::domain::entropy::OsEntropy;
use doorward::domain::id::{AccountId, FamilyId, SessionId};
use doorward::domain::path::RequestPath;
use doorward::domain::secret::SessionToken;
use doorward::domain::session::{Method as SignInMethod, Methods, NewSession, Session};
use doorward::domain::time::{Clock as _, SystemClock, Timestamp};
use doorward::identity::assertion::{Asserter, Subject};
use doorward::identity::headers::{AliasFilter, IdentityHeaderNames, IdentityValues};
use doorward::identity::signature::{SignedParts, Signer};
use doorward::policy::SitePolicy;
use doorward::portal::pages::{Look, Pages};
use doorward::portal::{Hosts, Portal, PortalSite};
use doorward::proxy::{
    Balance, Ejection, Gateway, GatewaySettings, GatewaySite, PathRewrite, UpstreamHttp,
    UpstreamPool, UpstreamSettings, UpstreamTimeouts, UpstreamTls,
};
use doorward::telemetry::metrics::{DecisionLabel, RequestSummary, metrics};
use doorward::templates::Templates;

/// The allocator of the binary.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() {
    divan::main();
}

/// A signed-in browser's request: head → facts → cookie → session → decision → stripping → identity → signature.
#[divan::bench]
fn signed_in_request(bencher: Bencher) {
    let bench = Bench::new();
    bench.time(bencher, bench.request("/index.php/Some_page_of_the_wiki?action=edit&section=3"));
}

/// The same for a path that is open to everybody.
#[divan::bench]
fn bypassed_request(bencher: Bencher) {
    let bench = Bench::new();
    let mut request = bench.request("/public/style.css?v=3");
    request.remove_header("cookie");
    bench.time(bencher, request);
}

/// The same with a path that a server could read in two ways, which costs the policy a second look.
#[divan::bench]
fn signed_in_request_of_an_encoded_path(bencher: Bencher) {
    let bench = Bench::new();
    bench.time(bencher, bench.request("/index.php/%C3%9Cber_%2575ns;v=1?action=edit&section=3"));
}

#[divan::bench(args = ["/index.php/Some_page_of_the_wiki?action=edit", "/wiki/%C3%9Cber_uns"])]
fn parse_a_path(bencher: Bencher, target: &str) {
    bencher.bench_local(|| RequestPath::parse(black_box(target)));
}

#[divan::bench]
fn find_the_session_of_a_cookie(bencher: Bencher) {
    let bench = Bench::new();
    let _inside = bench.runtime.enter();
    let (host, now) = (HOST.parse().unwrap(), SystemClock.now());
    bench.runtime.block_on(bench.core.auth.authenticate(&bench.cookie, &host, now)).unwrap();
    bencher.bench_local(|| {
        at_once(bench.core.auth.authenticate(black_box(&bench.cookie), &host, now)).unwrap()
    });
}

#[divan::bench]
fn sign_a_request(bencher: Bencher) {
    let bench = Bench::new();
    let signer = Signer::new(bench.core.keys.identity_keys(&HOST.parse().unwrap()).remove(0));
    let (names, values) = (names(), IdentityValues::new(&Identity::from(&bench.account)));
    let now = SystemClock.now();
    bencher.bench_local(|| {
        let headers = values.named(&names, None);
        let request = SignedParts {
            method: &Method::GET,
            authority: HOST,
            path: black_box("/index.php/Some_page_of_the_wiki"),
            query: Some("action=edit&section=3"),
            headers: &headers,
        };
        signer.sign(&request, now, [7; 16])
    });
}

/// What a request takes of an assertion that is less than a minute old, and what one a minute takes to make.
#[divan::bench(args = [true, false])]
fn assert_an_identity(bencher: Bencher, kept_before: bool) {
    let bench = Bench::new();
    let asserter = Asserter {
        issuer: format!("https://{HOST}"),
        audience: format!("https://{HOST}"),
        algorithm: AssertionAlgorithm::EdDsa,
        lifetime: Duration::from_secs(120),
    };
    let (identity, now) = (Identity::from(&bench.account), SystemClock.now());
    let session = session_of(&bench.account, now);
    let subject = Subject {
        identity: &identity,
        session: session.id,
        methods: &session.methods,
        authenticated_at: now,
    };
    let kept = KeptAssertions::default();
    bencher.bench_local(|| {
        let new = KeptAssertions::default();
        let kept = if kept_before { &kept } else { &new };
        asserter.assertion(black_box(&subject), &bench.core.ring.get(), kept, now)
    });
}

#[divan::bench]
fn look_at_the_names_of_all_headers(bencher: Bencher) {
    let filter = AliasFilter::new(&names());
    bencher.bench_local(|| {
        black_box(&BROWSER).iter().filter(|(name, _)| filter.is_alias(name)).count()
    });
}

#[divan::bench]
fn record_a_request(bencher: Bencher) {
    let site = metrics().site(HOST);
    let request = RequestSummary {
        decision: DecisionLabel::Forward,
        status: 200,
        total: Duration::from_micros(900),
        gateway: Duration::from_micros(12),
        upstream: Some(Duration::from_micros(880)),
    };
    bencher.bench_local(|| site.record(black_box(&request)));
}

/// A gateway over a real store, and one browser that is signed in.
struct Bench {
    gateway: Gateway,
    core: Core,
    account: Account,
    cookie: String,
    runtime: tokio::runtime::Runtime,
    _folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("doorward.yaml");
        std::fs::write(&file, CONFIGURATION).unwrap();
        let settings = doorward::config::load(&file).unwrap();
        let core =
            runtime.block_on(Core::open(&settings, Arc::new(SystemClock), Serves::People)).unwrap();
        let (account, cookie) = runtime.block_on(sign_in(&core));
        let site = settings.sites.into_iter().next().unwrap();
        let patience = Duration::from_secs(5);
        let timeouts = UpstreamTimeouts {
            connect: patience,
            handshake: patience,
            read: patience,
            write: patience,
            idle: patience,
        };
        let upstreams = UpstreamSettings {
            addresses: Vec::new(),
            balance: Balance::RoundRobin,
            timeouts,
            ejection: Ejection { failures: 3, time: patience, longest: patience },
            check: None,
            tls: UpstreamTls::default(),
            http: UpstreamHttp::One,
            max_h2_streams: 1,
        };
        let look = Look { name: "Wiki".into(), accent: None, logo: None };
        let pages = Arc::new(Pages::new(&Templates::default(), look).unwrap());
        let site = GatewaySite {
            max_body: None,
            bearer: doorward::domain::bearer::Bearer::default(),
            asked_by: None,
            upstreams: UpstreamPool::new(site.host().as_str(), upstreams),
            names: names(),
            asserter: Asserter {
                issuer: settings.portal.origin.to_string(),
                audience: site.origin.to_string(),
                algorithm: AssertionAlgorithm::EdDsa,
                lifetime: Duration::from_secs(120),
            },
            key: core.keys.identity_keys(site.host()).remove(0),
            preserve_host: true,
            hsts: Duration::ZERO,
            path: PathRewrite::default(),
            response_rules: Vec::new(),
            compress: false,
            portal: Arc::new(PortalSite::new(site.origin, SitePolicy::new(site.rules))),
        };
        let gateway = Gateway::new(
            GatewaySettings {
                limits: doorward::domain::connections::ConnectionLimits::default(),
                sites: vec![site],
                trusted_proxies: settings.trusted_proxies,
                auth: Arc::clone(&core.auth),
                portal: Portal::new(
                    Arc::clone(&core.auth),
                    Arc::clone(&pages),
                    Arc::clone(&core.ring),
                )
                .service(),
                ring: Arc::clone(&core.ring),
                pages,
                hosts: Arc::new(Hosts::each_alone(Arc::clone(&core.keys))),
                short_way: true,
            },
            Arc::new(SystemClock),
            Arc::new(OsEntropy),
        );
        Self { gateway, core, account, cookie, runtime, _folder: folder }
    }

    /// A page load, as a browser sends it.
    fn request(&self, target: &str) -> RequestHeader {
        let mut head = RequestHeader::build("GET", target.as_bytes(), None).unwrap();
        for (name, value) in BROWSER {
            head.append_header(name, value).unwrap();
        }
        let cookies = format!("theme=dark; __Host-doorward={}; wiki_session=0123abcd", self.cookie);
        head.append_header("Cookie", cookies).unwrap();
        head
    }

    fn time(&self, bencher: Bencher, request: RequestHeader) {
        let _inside = self.runtime.enter();
        let peer: IpAddr = "192.0.2.1".parse().unwrap();
        // The first request reads the session from the store, as it does in a running doorward.
        self.runtime.block_on(self.gateway.rehearse(request.clone(), peer)).unwrap();
        bencher
            .with_inputs(|| request.clone())
            .bench_local_values(|head| at_once(self.gateway.rehearse(head, peer)).unwrap());
    }
}

/// The result of a future that waits for nothing.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => unreachable!("the hot path waited"),
    }
}

async fn sign_in(core: &Core) -> (Account, String) {
    let now = SystemClock.now();
    let new = NewAccount {
        id: AccountId::generate(&OsEntropy, now),
        username: "ada".parse().unwrap(),
        email: "ada@example.org".parse().unwrap(),
        full_name: Some("Ada Lovelace".parse().unwrap()),
        groups: vec!["admins".parse().unwrap(), "editors".parse().unwrap()],
        password: None,
        created_at: now,
    };
    let id = new.id;
    core.accounts.insert_account(new).await.unwrap();
    let account = core.accounts.find_account(id).await.unwrap().unwrap();
    let token = SessionToken::generate(&OsEntropy);
    let session = session_of(&account, now);
    let cookie = tokens::encode_session(&core.keys, &token, &session.host);
    let new = NewSession { token: token.hash(), session, replaces: None, refresh: None };
    core.flow.create_session(new).await.unwrap();
    (account, cookie)
}

fn session_of(account: &Account, now: Timestamp) -> Session {
    let id = SessionId::generate(&OsEntropy, now);
    Session {
        id,
        family: FamilyId::begun_by(id),
        account: account.id,
        epoch: account.epoch,
        host: HOST.parse().unwrap(),
        methods: Methods::new([SignInMethod::Password, SignInMethod::MailCode]),
        authenticated_at: now,
        created_at: now,
        seen_at: now,
        expires_at: now + Duration::from_secs(12 * 3600),
        idle: Duration::from_secs(3600),
        remembered: false,
        client: Client {
            address: "192.0.2.1".parse().unwrap(),
            user_agent: UserAgent::from("Firefox"),
        },
    }
}

fn names() -> IdentityHeaderNames {
    let names = doorward::config::settings::IdentityHeaders::default();
    IdentityHeaderNames {
        user: names.user,
        email: names.email,
        name: names.name,
        groups: names.groups,
        assertion: names.assertion,
    }
}

const HOST: &str = "wiki.example.com";

const CONFIGURATION: &str = r#"
listen: [{ address: "127.0.0.1:0" }]
portal: { origin: "https://wiki.example.com" }
secret_file: secret
accounts: { database: "sqlite://doorward.db" }
mail: { from: "no-reply@example.com", files: "." }
sites:
  - host: wiki.example.com
    upstreams: ["http://127.0.0.1:8080"]
    rules:
      - { path: "/public/**", policy: bypass }
      - { path: "/health", methods: [GET, HEAD], policy: bypass }
      - { path: "/admin/**", policy: two_factor, groups: [admins], fresh: 10m }
      - { path: "/api/**", policy: one_factor, unauthenticated: "401" }
      - { policy: two_factor }
"#;

/// What a browser sends beside its cookies.
const BROWSER: [(&str, &str); 15] = [
    ("Host", HOST),
    ("Connection", "keep-alive"),
    ("Cache-Control", "max-age=0"),
    ("sec-ch-ua", r#""Chromium";v="140", "Not=A?Brand";v="24""#),
    ("sec-ch-ua-mobile", "?0"),
    ("sec-ch-ua-platform", r#""Linux""#),
    ("Upgrade-Insecure-Requests", "1"),
    (
        "User-Agent",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
    ),
    (
        "Accept",
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    ),
    ("Sec-Fetch-Site", "same-origin"),
    ("Sec-Fetch-Mode", "navigate"),
    ("Sec-Fetch-Dest", "document"),
    ("Referer", "https://wiki.example.com/index.php/Another_page"),
    ("Accept-Encoding", "gzip, deflate, br, zstd"),
    ("Accept-Language", "en-GB,en;q=0.9,de;q=0.8"),
];

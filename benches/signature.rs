//! What the identity costs each request: the signature, and the look at every header's name.

#![allow(clippy::unwrap_used, reason = "a benchmark stops where it fails")]

use divan::{Bencher, black_box};
use http::{HeaderName, Method};

use doorward::domain::account::Identity;
use doorward::domain::entropy::OsEntropy;
use doorward::domain::id::AccountId;
use doorward::domain::keys::{KeyRing, ServerSecret};
use doorward::domain::time::Timestamp;
use doorward::identity::headers::{AliasFilter, IdentityHeaderNames, IdentityValues};
use doorward::identity::signature::{SignedParts, Signer};
use doorward::telemetry::metrics::{DecisionLabel, RequestSummary, metrics};

fn main() {
    divan::main();
}

fn names() -> IdentityHeaderNames {
    IdentityHeaderNames {
        user: HeaderName::from_static("remote-user"),
        email: HeaderName::from_static("remote-email"),
        name: HeaderName::from_static("remote-name"),
        groups: HeaderName::from_static("remote-groups"),
    }
}

fn ada() -> Identity {
    Identity {
        account: AccountId::generate(&OsEntropy, Timestamp::from_millis(0)),
        username: "ada".parse().unwrap(),
        email: "ada@example.org".parse().unwrap(),
        full_name: Some("Ada Lovelace".parse().unwrap()),
        groups: vec!["admins".parse().unwrap(), "editors".parse().unwrap()],
    }
}

#[divan::bench]
fn sign_a_request(bencher: Bencher) {
    let ring = KeyRing::derive(ServerSecret::new(vec![7; 32]).unwrap(), None);
    let host = "wiki.example.com".parse().unwrap();
    let signer = Signer::new(ring.identity_keys(&host).remove(0));
    let (names, values) = (names(), IdentityValues::new(&ada()));
    let now = Timestamp::from_millis(1_795_203_045_678);
    bencher.bench_local(|| {
        let headers = values.named(&names);
        let request = SignedParts {
            method: &Method::GET,
            authority: "wiki.example.com",
            path: black_box("/index.php/Some_page_of_the_wiki"),
            query: Some("action=edit&section=3"),
            headers: &headers,
        };
        signer.sign(&request, now, [7; 16])
    });
}

#[divan::bench]
fn look_at_the_names_of_sixteen_headers(bencher: Bencher) {
    let filter = AliasFilter::new(&names());
    let browser = [
        "host",
        "connection",
        "cache-control",
        "sec-ch-ua",
        "sec-ch-ua-mobile",
        "sec-ch-ua-platform",
        "upgrade-insecure-requests",
        "user-agent",
        "accept",
        "sec-fetch-site",
        "sec-fetch-mode",
        "sec-fetch-dest",
        "referer",
        "accept-encoding",
        "accept-language",
        "cookie",
    ];
    bencher.bench_local(|| black_box(&browser).iter().filter(|name| filter.is_alias(name)).count());
}

#[divan::bench]
fn record_a_request(bencher: Bencher) {
    let site = metrics().site("wiki.example.com");
    let request = RequestSummary {
        decision: DecisionLabel::Forward,
        status: 200,
        total: std::time::Duration::from_micros(900),
        gateway: std::time::Duration::from_micros(12),
        upstream: Some(std::time::Duration::from_micros(880)),
    };
    bencher.bench_local(|| site.record(black_box(&request)));
}

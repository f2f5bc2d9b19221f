//! `sites[].upstreams` and what belongs to them.

use std::time::Duration;

use doorward::config::effective_yaml;
use doorward::config::settings::{Balance, HttpVersion, ResponseHeader};

use crate::support::{Files, LEAST, faults, read_in, refused, sound};

/// [`LEAST`] with one more line of its site, on line 7.
fn site(line: &str) -> String {
    format!("{LEAST}    {line}\n")
}

/// [`LEAST`] with these upstreams, on line 6.
fn upstreams(value: &str) -> String {
    LEAST.replace("[\"http://127.0.0.1:8080\"]", value)
}

#[test]
fn an_app_is_named_by_its_address_or_with_its_weight() {
    let settings = sound(&upstreams(
        "[\"http://127.0.0.1:8080\", { url: \"https://app.internal\", weight: 3 }]",
    ));
    let [one, two] = settings.sites[0].upstreams.as_slice() else { panic!("two apps") };
    assert_eq!((one.tls, one.port, one.weight.get()), (false, 8080, 1));
    assert_eq!((two.tls, two.port, two.weight.get()), (true, 443, 3));
    assert_eq!(settings.sites[0].balance, Balance::RoundRobin);
    assert_eq!(settings.sites[0].http, HttpVersion::One);
    let printed = effective_yaml(&settings);
    assert_eq!(effective_yaml(&sound(&printed)), printed);
}

#[test]
fn s54_an_app_that_cannot_be_meant_is_refused_with_its_place() {
    let twice = upstreams("[\"http://a:80\", { url: \"http://a:80\", weight: 2 }]");
    refused(&twice, 6, 32, "is named above already", "take one of them out");
    refused(&upstreams("[{ weight: 2 }]"), 6, 17, "is missing", "say where the app is");
    refused(
        &upstreams("[{ url: \"http://a:80\", weight: 0 }]"),
        6,
        47,
        "must be from 1 to 100",
        "share",
    );
    refused(&upstreams("[{ url: \"http://a:80\", wieght: 2 }]"), 6, 39, "unknown key", "weight");
    refused(&upstreams("[[]]"), 6, 17, "not a list", "single value");
    refused(&site("balance: random"), 7, 14, "must be one of: round_robin", "round_robin");
}

#[test]
fn s54_checks_that_would_never_succeed_are_refused() {
    let check = |keys: &str| site(&format!("health: {{ check: {{ {keys} }} }}"));
    let settings = sound(&check("path: \"/healthz?a=b\", status: 204, interval: 1s, passes: 1"));
    let found = settings.sites[0].health.check.clone().expect("a check");
    assert_eq!((found.status, found.interval), (204..=204, Duration::from_secs(1)));
    for (keys, message) in [
        ("path: healthz", "is not a path"),
        ("path: /a/../b", "is not a path"),
        ("status: 99", "is no status"),
        ("status: 399-200", "is no status"),
        ("interval: 0s", "must be from 100ms to 1h"),
        ("failures: 0", "must be from 1 to 100"),
    ] {
        let found = faults(&check(keys));
        assert!(found.len() == 1 && found[0].message.contains(message), "{keys}: {found:?}");
    }
    let less = faults(&site("health: { out_for: 1m, out_at_most: 30s }"));
    assert!(less[0].message.contains("must be from 1m to 1h"), "{less:?}");
}

#[test]
fn s54_tls_to_apps_is_checked_before_it_is_needed() {
    let files = Files::new();
    files.certificate(0o600);
    let with = |keys: &str| {
        let https = LEAST.replace("http://127.0.0.1:8080", "https://127.0.0.1:8080");
        format!("{https}    upstream_tls: {{ {keys} }}\n")
    };
    let right = "ca: tls.crt, server_name: app.internal, certificate: tls.crt, key: tls.key";
    let settings =
        read_in(&with(right), files.folder()).unwrap_or_else(|errors| panic!("{errors}"));
    assert!(!format!("{settings:?}").contains("PRIVATE"), "keys do not print");
    let printed = effective_yaml(&settings);
    assert!(printed.contains("server_name: app.internal"), "{printed}");

    files.write("other.key", &rcgen::KeyPair::generate().unwrap().serialize_pem(), 0o600);
    files.write("junk.pem", "junk", 0o600);
    for (keys, message) in [
        ("server_name: ''", "no name that a certificate"),
        ("server_name: 'a b'", "no name that a certificate"),
        ("ca: junk.pem", "holds no certificate"),
        ("ca: none.pem", "cannot be read"),
        ("certificate: tls.crt", "is missing"),
        ("key: tls.key", "is missing"),
        ("certificate: tls.crt, key: other.key", "does not go with the certificate"),
        ("danger_accept_any_certificate: true, ca: tls.crt", "any certificate is taken"),
        ("danger_accept_any_certificate: yes", "must be true or false"),
        ("verify: false", "unknown key"),
    ] {
        let fault = files.fault(&with(keys));
        assert!(fault.message.contains(message), "{keys}: {fault:?}");
    }
    let none = site("upstream_tls: { server_name: a }");
    refused(&none, 7, 19, "no app of the site has https", "write https://");
    files.write(
        "tls.key",
        &std::fs::read_to_string(files.folder().join("tls.key")).unwrap(),
        0o644,
    );
    let open = files.fault(&with("certificate: tls.crt, key: tls.key"));
    assert!(open.message.contains("others may read"), "{open:?}");
}

#[test]
fn s48_s54_prefixes_and_header_rules_that_could_do_harm_are_refused() {
    let settings = sound(&format!(
        "{}    add_prefix: /base\n    response_headers: [{{ remove: Server }}, {{ set: X-A, value: '1' }}]\n",
        site("strip_prefix: /wiki/")
    ));
    let rewriting = settings.sites[0].rewriting.clone();
    assert_eq!(rewriting.strip_prefix.as_deref(), Some("/wiki"));
    assert_eq!(rewriting.response_headers[0], ResponseHeader::Remove("server".parse().unwrap()));
    let printed = effective_yaml(&settings);
    assert_eq!(effective_yaml(&sound(&printed)), printed);
    for (line, message) in [
        ("strip_prefix: wiki", "is no beginning of a path"),
        ("strip_prefix: /", "is no beginning of a path"),
        ("strip_prefix: /a/../b", "is no beginning of a path"),
        ("strip_prefix: /a%20b", "more than one way"),
        ("add_prefix: '/a?b'", "more than one way"),
        ("strip_prefix: /_doorward", "is doorward's own"),
        ("response_headers: [{ set: Set-Cookie, value: a }]", "Set-Cookie is not changed here"),
        ("response_headers: [{ remove: Content-Length }]", "is not changed here"),
        ("response_headers: [{ add: X-Doorward-User, value: a }]", "is not changed here"),
        ("response_headers: [{ set: X-A }]", "is not one change to one header"),
        ("response_headers: [{ set: X-A, value: '1', remove: X-B }]", "is not one change"),
        ("response_headers: [{ set: 'X A', value: '1' }]", "is no name of a header"),
    ] {
        let found = faults(&site(line));
        assert!(found.len() == 1 && found[0].message.contains(message), "{line}: {found:?}");
    }
}

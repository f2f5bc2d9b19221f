//! The apps of a site, from the settings.

use crate::config::settings::{self, Site};
use crate::proxy::{
    Balance, Check, ClientCertificate, Ejection, PathRewrite, ResponseRule, UpstreamAddress,
    UpstreamHttp, UpstreamPool, UpstreamSettings, UpstreamTimeouts, UpstreamTls,
};

/// The apps of `site`.
pub(super) fn pool(site: &Site) -> UpstreamPool {
    let address = |upstream: &settings::Upstream| UpstreamAddress {
        tls: upstream.tls,
        host: upstream.host.clone(),
        port: upstream.port,
        weight: upstream.weight,
    };
    let settings = UpstreamSettings {
        addresses: site.upstreams.iter().map(address).collect(),
        balance: match site.balance {
            settings::Balance::RoundRobin => Balance::RoundRobin,
            settings::Balance::LeastConnections => Balance::LeastConnections,
            settings::Balance::ByAccount => Balance::ByAccount,
        },
        timeouts: timeouts(&site.timeouts),
        ejection: Ejection {
            failures: site.health.failures,
            time: site.health.out_for,
            longest: site.health.out_at_most,
        },
        tls: tls(site),
        http: match site.http {
            settings::HttpVersion::One => UpstreamHttp::One,
            settings::HttpVersion::Two => UpstreamHttp::Two,
            settings::HttpVersion::Auto => UpstreamHttp::Auto,
        },
        max_h2_streams: usize::try_from(site.max_h2_streams).unwrap_or(usize::MAX),
        check: site.health.check.clone().map(|check| check_of(site, check)),
    };
    UpstreamPool::new(site.host().as_str(), settings)
}

/// The path of requests to `site` at its app.
pub(super) fn path_rewrite(site: &Site) -> PathRewrite {
    let rewriting = &site.rewriting;
    PathRewrite::new(rewriting.strip_prefix.as_deref(), rewriting.add_prefix.as_deref())
}

/// What is changed in the headers of the app's answers.
pub(super) fn response_rules(site: &Site) -> Vec<ResponseRule> {
    let rule = |rule: &settings::ResponseHeader| match rule.clone() {
        settings::ResponseHeader::Set(name, value) => ResponseRule::Set(name, value),
        settings::ResponseHeader::Add(name, value) => ResponseRule::Add(name, value),
        settings::ResponseHeader::Remove(name) => ResponseRule::Remove(name),
    };
    site.rewriting.response_headers.iter().map(rule).collect()
}

fn tls(site: &Site) -> UpstreamTls {
    let settings = &site.upstream_tls;
    let mut tls = UpstreamTls::checked(settings.server_name.clone());
    if settings.accept_any {
        tracing::warn!(
            site = site.host().as_str(),
            "the certificates of its apps are not checked (danger_accept_any_certificate): whoever can come between \
             reads and changes everything"
        );
        tls = UpstreamTls::unchecked();
    }
    if let Some(ca) = &settings.ca {
        tls = tls.signed_by(&ca.der);
    }
    match &settings.client {
        Some(client) => {
            tls.showing(&ClientCertificate { chain: &client.chain.der, key: client.key.reveal() })
        }
        None => tls,
    }
}

const fn timeouts(timeouts: &settings::UpstreamTimeouts) -> UpstreamTimeouts {
    UpstreamTimeouts {
        connect: timeouts.connect,
        handshake: timeouts.handshake,
        read: timeouts.read,
        write: timeouts.write,
        idle: timeouts.idle,
    }
}

fn check_of(site: &Site, check: settings::Check) -> Check {
    // The app is told the host that it is told with requests.
    let host = site.preserve_host.then(|| site.origin.authority().to_string());
    Check {
        path: check.path,
        host,
        status: check.status,
        interval: check.interval,
        timeout: check.timeout,
        passes: check.passes,
        failures: check.failures,
    }
}

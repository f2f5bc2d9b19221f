//! The apps of a site, from the settings.

use crate::config::settings::{self, Site};
use crate::proxy::{
    Balance, Check, Ejection, UpstreamAddress, UpstreamPool, UpstreamSettings, UpstreamTimeouts,
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
        check: site.health.check.clone().map(|check| check_of(site, check)),
    };
    UpstreamPool::new(site.host().as_str(), settings)
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

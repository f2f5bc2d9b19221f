//! `session.domain`: the domain whose hosts share a session cookie.

use std::net::IpAddr;

use super::context::{Context, Place};
use super::located::Text;
use crate::config::settings;
use crate::domain::host::{HostName, Origin};

/// The domain, unless its cookie would be everybody's.
pub(super) fn domain(field: Option<Text>, context: &Context<'_>) -> Option<Option<HostName>> {
    let Some(text) = field else { return Some(None) };
    let help = "write the domain that all sites are under, without a dot before it: example.com";
    let domain: HostName = context.parse(&text, help)?;
    if domain.as_str().starts_with('[') || domain.as_str().parse::<IpAddr>().is_ok() {
        return context.refuse(&text.at, "is an address, which has nothing under it", help);
    }
    // A cookie of a public suffix would go to whoever has a name under it; browsers refuse it (RFC 6265 section 5.3).
    if psl::domain(domain.as_str().as_bytes()).is_none() {
        let message =
            format!("{domain} is a public suffix: names under it are of different owners");
        return context.refuse(&text.at, message, help);
    }
    Some(Some(domain))
}

/// Whether the portal and every site are under the domain.
pub(super) fn covers(
    domain: &HostName,
    at: &Place,
    portal: &Origin,
    sites: &[settings::Site],
    context: &Context<'_>,
) -> Option<()> {
    if let Some(site) = sites.iter().find(|site| site.origin.scheme != portal.scheme) {
        let message = format!("{} and {portal} keep cookies of different names", site.origin);
        return context.refuse(at, message, "give all sites the scheme of the portal");
    }
    let hosts = std::iter::once(&portal.host).chain(sites.iter().map(settings::Site::host));
    let outside = hosts.into_iter().find(|host| !is_under(host, domain));
    match outside {
        None => Some(()),
        Some(host) => {
            let help = "take session.domain out: hosts of any domain share a sign-in without it, each with a cookie \
                        of its own";
            context.refuse(at, format!("{host} is not under {domain}"), help)
        }
    }
}

fn is_under(host: &HostName, domain: &HostName) -> bool {
    host == domain
        || host.as_str().strip_suffix(domain.as_str()).is_some_and(|rest| rest.ends_with('.'))
}

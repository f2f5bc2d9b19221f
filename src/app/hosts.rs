//! The hosts that the gateway answers for, and which of them share a sign-in.

use std::sync::Arc;

use crate::config::settings::{self, Settings};
use crate::domain::host::Origin;
use crate::domain::keys::KeyRing;
use crate::policy::SitePolicy;
use crate::portal::{Hosts, PortalSite};
use crate::proxy::GatewaySite;

/// A site as the portal sees it.
pub(super) fn portal_site(origin: &Origin, policy: SitePolicy, settings: &Settings) -> PortalSite {
    let site = PortalSite::new(origin.clone(), policy);
    match &settings.session.domain {
        Some(domain) => site.with_session_domain(domain.clone()),
        None => site,
    }
}

/// The portal's own host, where people sign in at it and no app is there.
pub(super) fn portal_alone(
    settings: &Settings,
    make: impl Fn(&settings::Site) -> Option<GatewaySite>,
) -> Option<GatewaySite> {
    let origin = &settings.portal.origin;
    let is_site = settings.sites.iter().any(|site| site.host() == &origin.host);
    if is_site || !settings.portal.single_sign_on {
        return None;
    }
    // It has no app, and nothing of it is open: all that is there is the portal's.
    let like_others = settings.sites.first()?.clone();
    let site = settings::Site {
        origin: origin.clone(),
        upstreams: Vec::new(),
        rules: Vec::new(),
        forward_auth: None,
        ..like_others
    };
    let portal = portal_site(origin, SitePolicy::new(Vec::new()), settings).without_app();
    Some(GatewaySite { portal: Arc::new(portal), ..make(&site)? })
}

/// Who signs in where.
pub(super) fn hosts(settings: &Settings, sites: &[GatewaySite], keys: &Arc<KeyRing>) -> Hosts {
    let keys = Arc::clone(keys);
    let (portals, others): (Vec<_>, Vec<_>) = sites
        .iter()
        .map(|site| Arc::clone(&site.portal))
        .partition(|site| site.host() == &settings.portal.origin.host);
    match portals.into_iter().next() {
        Some(portal) if settings.portal.single_sign_on => Hosts::together(portal, others, keys),
        _ => Hosts::each_alone(keys),
    }
}

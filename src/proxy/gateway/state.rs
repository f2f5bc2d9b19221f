//! What the configuration comes to: replaced as a whole when it is read again, so that a request is judged by one
//! configuration from its first line to its last.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use http::HeaderValue;
use pingora::http::RequestHeader;

use super::settings::{GatewaySettings, GatewaySite};
use crate::auth::Auth;
use crate::domain::address::TrustedProxies;
use crate::domain::asking_proxy::AskingProxy;
use crate::domain::bearer::Bearer;
use crate::domain::connections::ConnectionLimits;
use crate::domain::entropy::SharedEntropy;
use crate::domain::host::HostName;
use crate::domain::size::ByteSize;
use crate::identity::headers::AliasFilter;
use crate::identity::live::LiveRing;
use crate::identity::signature::Signer;
use crate::portal::pages::Pages;
use crate::portal::{Hosts, PortalService, PortalSite};
use crate::proxy::check;
use crate::proxy::facts::{BadRequest, RequestFacts};
use crate::proxy::headers::{self, IdentityWriter};
use crate::proxy::response_rules::ResponseRule;
use crate::proxy::rewrite::PathRewrite;
use crate::proxy::upstream::UpstreamPool;
use crate::telemetry::metrics::{Metrics, SiteMetrics, metrics};

/// One configuration, ready to decide.
pub(in crate::proxy) struct State {
    pub(super) sites: HashMap<HostName, Arc<Site>>,
    /// Counts what is of no site.
    pub(super) nowhere: Arc<SiteMetrics>,
    pub(super) trusted_proxies: TrustedProxies,
    pub(super) limits: ConnectionLimits,
    pub(super) auth: Arc<Auth>,
    pub(super) pages: Arc<Pages>,
    pub(super) portal: PortalService,
    pub(super) ring: Arc<LiveRing>,
    pub(super) hosts: Arc<Hosts>,
    pub(super) entropy: SharedEntropy,
}

/// One site.
pub(in crate::proxy) struct Site {
    pub(super) portal: Arc<PortalSite>,
    pub(super) upstreams: UpstreamPool,
    pub(super) bearer: Bearer,
    pub(super) max_body: Option<ByteSize>,
    pub(super) path: PathRewrite,
    pub(super) response_rules: Vec<ResponseRule>,
    pub(super) compress: bool,
    pub(super) identity: IdentityWriter,
    pub(super) preserve_host: bool,
    /// Of a site with an https origin.
    pub(super) hsts: Option<HeaderValue>,
    pub(super) asked_by: Option<AskingProxy>,
    pub(super) metrics: Arc<SiteMetrics>,
}

/// A request that is understood and whose site is known.
pub(in crate::proxy) struct Accepted {
    pub(super) facts: RequestFacts,
    pub(super) site: Arc<Site>,
}

impl Accepted {
    /// Whether there is an app, and the path has one there.
    pub(super) fn is_at_app(&self) -> bool {
        !self.site.upstreams.is_empty() && self.site.path.covers(self.facts.path.path())
    }
}

impl State {
    /// What these settings come to.
    pub(in crate::proxy) fn new(settings: GatewaySettings, entropy: SharedEntropy) -> Self {
        let site = |site: GatewaySite| {
            let host = site.portal.host().clone();
            let metrics = metrics().site(host.as_str());
            let identity = IdentityWriter {
                aliases: AliasFilter::new(&site.names),
                names: site.names,
                host: host.clone(),
                asserter: site.asserter,
                signer: Signer::new(site.key),
            };
            let hsts = site.portal.origin.is_secure().then(|| headers::hsts(site.hsts));
            let site = Site {
                hsts,
                portal: site.portal,
                upstreams: site.upstreams,
                bearer: site.bearer,
                max_body: site.max_body,
                path: site.path,
                response_rules: site.response_rules,
                compress: site.compress,
                identity,
                preserve_host: site.preserve_host,
                asked_by: site.asked_by,
                metrics,
            };
            (host, Arc::new(site))
        };
        Self {
            sites: settings.sites.into_iter().map(site).collect(),
            nowhere: metrics().site(Metrics::NO_SITE),
            trusted_proxies: settings.trusted_proxies,
            limits: settings.limits,
            auth: settings.auth,
            pages: settings.pages,
            portal: settings.portal,
            ring: settings.ring,
            hosts: settings.hosts,
            entropy,
        }
    }

    /// Begins to follow the names of apps and to check them, and ends that of the configuration `before`: what it has
    /// found out of the same apps is kept.
    pub(in crate::proxy) fn start_upstreams(&self, before: Option<&Self>) {
        let same = |host| before.and_then(|before| before.sites.get(host));
        for (host, site) in &self.sites {
            site.upstreams.start(same(host).map(|site| &site.upstreams));
        }
        let gone = before.into_iter().flat_map(|before| &before.sites);
        for (_, site) in gone.filter(|(host, _)| !self.sites.contains_key(*host)) {
            site.upstreams.stop();
        }
    }

    pub(in crate::proxy) fn read(
        &self,
        head: &RequestHeader,
        peer: Option<IpAddr>,
    ) -> std::result::Result<Accepted, BadRequest> {
        self.accept(self.read_facts(head, peer)?)
    }

    pub(in crate::proxy) fn read_facts(
        &self,
        head: &RequestHeader,
        peer: Option<IpAddr>,
    ) -> std::result::Result<RequestFacts, BadRequest> {
        check::size(head, &self.limits.head)?;
        RequestFacts::read(head, peer.ok_or(BadRequest::Headers)?, &self.trusted_proxies)
    }

    /// Finds the site of a request.
    pub(in crate::proxy) fn accept(
        &self,
        facts: RequestFacts,
    ) -> std::result::Result<Accepted, BadRequest> {
        let site = self.sites.get(&facts.authority.host).ok_or(BadRequest::UnknownSite)?;
        Ok(Accepted { facts, site: Arc::clone(site) })
    }
}

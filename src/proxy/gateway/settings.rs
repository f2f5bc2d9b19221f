//! What a gateway is made of.

use std::sync::Arc;
use std::time::Duration;

use crate::auth::Auth;
use crate::domain::address::TrustedProxies;
use crate::domain::asking_proxy::AskingProxy;
use crate::domain::bearer::Bearer;
use crate::domain::connections::ConnectionLimits;
use crate::domain::keys::IdentityKey;
use crate::domain::size::ByteSize;
use crate::identity::assertion::Asserter;
use crate::identity::headers::IdentityHeaderNames;
use crate::identity::live::LiveRing;
use crate::portal::pages::Pages;
use crate::portal::{Hosts, PortalService, PortalSite};
use crate::proxy::response_rules::ResponseRule;
use crate::proxy::rewrite::PathRewrite;
use crate::proxy::upstream::UpstreamPool;

/// What the gateway is made of.
pub struct GatewaySettings {
    /// The sites.
    pub sites: Vec<GatewaySite>,
    /// The proxies in front that are believed.
    pub trusted_proxies: TrustedProxies,
    /// What requests may cost.
    pub limits: ConnectionLimits,
    /// The use cases.
    pub auth: Arc<Auth>,
    /// The pages, for errors.
    pub pages: Arc<Pages>,
    /// The portal.
    pub portal: PortalService,
    /// The keys that sign identity.
    pub ring: Arc<LiveRing>,
    /// Which sites share a sign-in.
    pub hosts: Arc<Hosts>,
    /// Whether most requests go the short way to their app. Tests try everything without it, too.
    pub short_way: bool,
}

/// One site.
pub struct GatewaySite {
    /// Its origin, rules and cookies.
    pub portal: Arc<PortalSite>,
    /// The apps behind it.
    pub upstreams: UpstreamPool,
    /// Whether access tokens open it.
    pub bearer: Bearer,
    /// The largest body of a request, if there is such a limit.
    pub max_body: Option<ByteSize>,
    /// The path of requests at the app.
    pub path: PathRewrite,
    /// What is changed in the headers of the app's answers.
    pub response_rules: Vec<ResponseRule>,
    /// Whether the app's answers are made smaller.
    pub compress: bool,
    /// The names of its identity headers.
    pub names: IdentityHeaderNames,
    /// What makes its assertions.
    pub asserter: Asserter,
    /// The key that its app shares until the ring has another.
    pub key: IdentityKey,
    /// Whether the app is told the host that the browser asked for, or its own.
    pub preserve_host: bool,
    /// How long browsers that came over HTTPS are to come by nothing else.
    pub hsts: Duration,
    /// The proxy that may ask for it by forward-auth, if one does.
    pub asked_by: Option<AskingProxy>,
}

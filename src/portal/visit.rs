//! What the gateway knows of a request when it hands it to the portal.

use std::sync::Arc;

use http::Method;

use crate::auth::sessions::SignedIn;
use crate::auth::sign_in::{Context, Wanted};
use crate::auth::tokens::DeviceCookie;
use crate::domain::client::Client;
use crate::domain::host::{Authority, HostName, Origin};
use crate::domain::id::RequestId;
use crate::domain::language::Language;
use crate::domain::path::RequestPath;
use crate::domain::return_to::ReturnTo;
use crate::domain::rule::Requirement;
use crate::domain::time::Timestamp;
use crate::policy::{Decision, Facts, SitePolicy, Visitor};

use super::cookies::CookieNames;

/// One site, as the portal sees it.
#[derive(Debug)]
pub struct PortalSite {
    /// How browsers know it.
    pub origin: Origin,
    /// The same as text, for mails.
    pub origin_text: String,
    /// Its rules.
    pub policy: SitePolicy,
    /// The names of its cookies.
    pub cookies: CookieNames,
}

impl PortalSite {
    /// The site at `origin` under `policy`.
    pub fn new(origin: Origin, policy: SitePolicy) -> Self {
        let cookies = CookieNames::of(&origin);
        Self { origin_text: origin.to_string(), cookies, policy, origin }
    }

    /// The host by which requests find it.
    pub const fn host(&self) -> &HostName {
        &self.origin.host
    }

    /// Whether `origin`, as a browser sent it, is the site's own: as configured, or as the request reached it by
    /// `authority` (another port of the same host, say).
    pub fn is_own_origin(&self, origin: &str, authority: &Authority) -> bool {
        let Ok(origin) = origin.parse::<Origin>() else { return false };
        let reached = format!("{}://{authority}", self.origin.scheme.as_str());
        origin == self.origin || reached.parse().is_ok_and(|reached: Origin| reached == origin)
    }
}

/// A request that is the portal's own.
#[derive(Clone, Debug)]
pub struct Visit {
    /// The site.
    pub site: Arc<PortalSite>,
    /// What `Host` said, parsed.
    pub authority: Authority,
    /// Who asks.
    pub client: Client,
    /// The name of the request in logs and error pages.
    pub request_id: RequestId,
    /// What was asked for, path and query: where somebody who chooses another language comes back to.
    pub here: String,
    /// The language of the answer, and of mails that the request sets off.
    pub language: Language,
    /// The instant of the request.
    pub now: Timestamp,
    /// The session, if somebody is signed in.
    pub signed_in: Option<Arc<SignedIn>>,
    /// The device that the browser shows, if it shows one.
    pub device: Option<DeviceCookie>,
}

impl Visit {
    /// The context of a use case that ends at `return_to`.
    pub fn context(&self, return_to: ReturnTo) -> Context<'_> {
        Context {
            host: self.site.host(),
            origin: &self.site.origin_text,
            client: &self.client,
            return_to,
            replaces: self.signed_in.as_ref().map(|signed_in| signed_in.session.id),
            device: self.device.clone(),
            language: self.language,
            now: self.now,
        }
    }

    /// Who the policy sees.
    pub fn visitor(&self) -> Option<Visitor<'_>> {
        self.signed_in.as_deref().map(visitor_of)
    }

    /// What becomes of a page load of `target`, as things stand.
    pub fn decide(&self, target: &ReturnTo) -> Decision {
        match path_of(target) {
            Some(path) => self.site.policy.decide(&self.facts(&path), self.visitor(), self.now),
            None => Decision::Forbidden,
        }
    }

    /// What a sign-in has to ask for so that `target` opens. Where nothing says otherwise: password and code.
    pub fn wanted(&self, target: &ReturnTo) -> Wanted {
        let requirement = path_of(target)
            .and_then(|path| {
                let rule = self.site.policy.deciding_rule(&self.facts(&path))?;
                Some(rule.1.requirement)
            })
            .unwrap_or(Requirement::TwoFactor);
        match requirement {
            Requirement::OneFactor => Wanted::Password,
            Requirement::OtpOnly => Wanted::MailCode,
            Requirement::Bypass | Requirement::TwoFactor | Requirement::Deny => Wanted::Both,
        }
    }

    /// Whether a trusted device may stand in for the code at `target`.
    pub fn takes_trusted_device(&self, target: &ReturnTo) -> bool {
        path_of(target).is_some_and(|path| {
            let rule = self.site.policy.deciding_rule(&self.facts(&path));
            rule.is_none_or(|(_, rule)| rule.trusted_device)
        })
    }

    fn facts<'a>(&'a self, path: &'a RequestPath) -> Facts<'a> {
        Facts { method: &Method::GET, path, client: self.client.address, loads_page: true }
    }
}

/// A session as the policy sees it.
pub fn visitor_of(signed_in: &SignedIn) -> Visitor<'_> {
    Visitor {
        identity: &signed_in.identity,
        methods: &signed_in.session.methods,
        authenticated_at: signed_in.session.authenticated_at,
        second_step: signed_in.second_step,
    }
}

fn path_of(target: &ReturnTo) -> Option<RequestPath> {
    let without_fragment = target.as_str().split('#').next().unwrap_or_default();
    RequestPath::parse(without_fragment).ok()
}

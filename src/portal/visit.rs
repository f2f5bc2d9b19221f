//! What the gateway knows of a request when it hands it to the portal.

use std::sync::Arc;

use http::Method;

use crate::auth::fresh::{Gate, gate};
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
use crate::policy::{Decision, Facts, SitePolicy, Step, Visitor};

use super::Portal;
use super::cookies::CookieNames;
use super::routes::account;

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

    /// What somebody who is signed in still has to show before `target` opens.
    pub fn missing(&self, target: &ReturnTo) -> Missing {
        match self.place_of(target) {
            Place::Guarded => match self.signed_in.as_deref().map(|own| gate(own, self.now)) {
                Some(Gate::Open(_)) => Missing::Nothing,
                Some(Gate::SecondFactor) => Missing::Code,
                Some(Gate::Again) | None => Missing::Everything,
            },
            Place::Portal => Missing::Nothing,
            Place::App => match self.decide(target) {
                // What is refused to somebody signed in is refused by the page itself, with a reason: no sign-in helps.
                Decision::Forward(_) | Decision::Forbidden => Missing::Nothing,
                Decision::SignIn(Step::SecondFactor)
                | Decision::Unauthorized(Step::SecondFactor) => Missing::Code,
                Decision::SignIn(_) | Decision::Unauthorized(_) => Missing::Everything,
            },
        }
    }

    fn decide(&self, target: &ReturnTo) -> Decision {
        match path_of(target) {
            Some(path) => self.site.policy.decide(&self.facts(&path), self.visitor(), self.now),
            None => Decision::Forbidden,
        }
    }

    /// Whose page `target` is.
    fn place_of(&self, target: &ReturnTo) -> Place {
        let path = target.as_str().split(['?', '#']).next().unwrap_or_default();
        match path {
            guarded if account::is_guarded(guarded) => Place::Guarded,
            own if Portal::owns(own) => Place::Portal,
            _ => Place::App,
        }
    }

    /// What a sign-in has to ask for so that `target` opens. Where nothing says otherwise: password and code. To doorward's
    /// own pages people sign in as to the front page, or with everything where they change what guards their account.
    pub fn wanted(&self, target: &ReturnTo) -> Wanted {
        match self.place_of(target) {
            Place::App => self.wanted_by_app(target),
            Place::Portal => self.wanted_by_app(&ReturnTo::front_page()),
            Place::Guarded => Wanted::Both,
        }
    }

    fn wanted_by_app(&self, target: &ReturnTo) -> Wanted {
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
        let front_page = ReturnTo::front_page();
        let target = match self.place_of(target) {
            Place::App => target,
            Place::Portal => &front_page,
            Place::Guarded => return false,
        };
        path_of(target).is_some_and(|path| {
            let rule = self.site.policy.deciding_rule(&self.facts(&path));
            rule.is_none_or(|(_, rule)| rule.trusted_device)
        })
    }

    fn facts<'a>(&'a self, path: &'a RequestPath) -> Facts<'a> {
        Facts { method: &Method::GET, path, client: self.client.address, loads_page: true }
    }
}

/// What somebody who is signed in still has to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Nothing.
    Nothing,
    /// A code.
    Code,
    /// Everything, once more.
    Everything,
}

/// Whose page it is.
enum Place {
    /// The app's.
    App,
    /// doorward's own.
    Portal,
    /// doorward's own, behind the fresh gate (S36).
    Guarded,
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

//! What the gateway knows of a request when it hands it to the portal.

use std::sync::Arc;

use http::Method;

use crate::auth::fresh::{Gate, gate};
use crate::auth::sessions::SignedIn;
use crate::auth::sign_in::{Context, Keeps, Wanted};
use crate::auth::ticket::Shown;
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

use super::cookies::CookieNames;
use super::hosts::Hosts;
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
    /// The domain whose hosts share a session cookie, if they do.
    session_domain: Option<HostName>,
    /// Whether an app is there, beside the portal's pages.
    pub has_app: bool,
}

impl PortalSite {
    /// The site at `origin` under `policy`.
    pub fn new(origin: Origin, policy: SitePolicy) -> Self {
        let cookies = CookieNames::of(&origin);
        let origin_text = origin.to_string();
        Self { origin_text, cookies, policy, origin, session_domain: None, has_app: true }
    }

    /// The same, where all that is there is the portal's.
    #[must_use]
    pub fn without_app(self) -> Self {
        Self { has_app: false, ..self }
    }

    /// The same, with a session cookie that all hosts of `domain` share.
    #[must_use]
    pub fn with_session_domain(self, domain: HostName) -> Self {
        let cookies = self.cookies.with_shared_session();
        Self { cookies, session_domain: Some(domain), ..self }
    }

    /// The host that its sessions are of: its own, or the domain whose hosts share them.
    pub fn session_host(&self) -> &HostName {
        self.session_domain.as_ref().unwrap_or_else(|| self.host())
    }

    /// Whether a session of this site is one of `other` as well.
    pub(super) fn shares_cookie_with(&self, other: &Self) -> bool {
        self.session_domain.is_some() && self.session_domain == other.session_domain
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
    /// The sites that share a sign-in.
    pub hosts: Arc<Hosts>,
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
    /// What the client keeps of a session.
    pub keeps: Keeps,
}

impl Visit {
    /// The context of a use case that ends at `return_to`.
    pub fn context(&self, return_to: ReturnTo) -> Context<'_> {
        Context {
            host: self.site.host(),
            session_host: self.site.session_host(),
            origin: &self.site.origin_text,
            client: &self.client,
            return_to,
            replaces: self.signed_in.as_ref().map(|signed_in| signed_in.session.id),
            device: self.device.clone(),
            keeps: self.keeps,
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
        match whose(target) {
            Whose::Guarded => match self.signed_in.as_deref().map(|own| gate(own, self.now)) {
                Some(Gate::Open(_)) => Missing::Nothing,
                Some(Gate::SecondFactor) => Missing::Code,
                Some(Gate::Again) | None => Missing::Everything,
            },
            Whose::Account => Missing::Nothing,
            Whose::App => match self.decide(target) {
                // What is refused to somebody signed in is refused by the page itself, with a reason: no sign-in helps.
                Decision::Forward(_) | Decision::Forbidden => Missing::Nothing,
                Decision::SignIn(Step::SecondFactor)
                | Decision::Unauthorized(Step::SecondFactor) => Missing::Code,
                Decision::SignIn(_) | Decision::Unauthorized(_) => Missing::Everything,
            },
        }
    }

    /// Whether people sign in for this site at another host.
    pub(super) fn signs_in_elsewhere(&self) -> bool {
        self.hosts.sign_in_of(&self.site).is_some()
    }

    /// What becomes of a page load of `target`, as things stand. Where that leads to another host, its rules count.
    pub fn decide(&self, target: &ReturnTo) -> Decision {
        let place = self.place(target);
        let decision = match &place.path {
            Some(path) => {
                let facts = self.facts(path, &place.method);
                place.site.policy.decide(&facts, self.visitor(), self.now)
            }
            None => Decision::Forbidden,
        };
        let had = self.signed_in.as_ref().map(|signed_in| Shown::by(&signed_in.session));
        // That host has seen this very sign-in and wants more, for a reason that cannot be seen from here.
        if place.not_enough.is_some() && place.not_enough == had {
            match decision {
                Decision::Forward(_) | Decision::Forbidden => Decision::SignIn(Step::Again),
                asks @ (Decision::SignIn(_) | Decision::Unauthorized(_)) => asks,
            }
        } else {
            decision
        }
    }

    /// What a sign-in has to ask for so that `target` opens. Where nothing says otherwise: password and code. To the
    /// account page people sign in as to the front page, or with everything where they change what guards their account.
    pub fn wanted(&self, target: &ReturnTo) -> Wanted {
        match whose(target) {
            Whose::App => self.wanted_by_app(target),
            Whose::Account => self.wanted_by_app(&ReturnTo::front_page()),
            Whose::Guarded => Wanted::Both,
        }
    }

    fn wanted_by_app(&self, target: &ReturnTo) -> Wanted {
        let place = self.place(target);
        let requirement = place
            .path
            .as_ref()
            .and_then(|path| {
                let facts = self.facts(path, &place.method);
                let rule = place.site.policy.deciding_rule(&facts)?;
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
        let target = match whose(target) {
            Whose::App => target,
            Whose::Account => &front_page,
            Whose::Guarded => return false,
        };
        let place = self.place(target);
        place.path.is_some_and(|path| {
            let facts = self.facts(&path, &place.method);
            let rule = place.site.policy.deciding_rule(&facts);
            rule.is_none_or(|(_, rule)| rule.trusted_device)
        })
    }

    /// Where `target` leads in the end: a page of this site, or of the host whose question it is.
    fn place(&self, target: &ReturnTo) -> Place<'_> {
        let asked = self.hosts.is_portal(&self.site).then(|| self.hosts.asked_by(target)).flatten();
        match asked {
            Some((request, site)) => {
                let (method, path) = request_to(&request.return_to);
                Place { site, method, path, not_enough: request.not_enough }
            }
            None => {
                let (method, path) = request_to(target);
                Place { site: &self.site, method, path, not_enough: None }
            }
        }
    }

    fn facts<'a>(&'a self, path: &'a RequestPath, method: &'a Method) -> Facts<'a> {
        Facts { method, path, client: self.client.address, loads_page: true, preflight: false }
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
enum Whose {
    /// The app's, or a question of another host about one.
    App,
    /// One of the account's.
    Account,
    /// One of the account's, behind the fresh gate (S36).
    Guarded,
}

fn whose(target: &ReturnTo) -> Whose {
    let path = target.as_str().split(['?', '#']).next().unwrap_or_default();
    if account::is_guarded(path) {
        Whose::Guarded
    } else if account::owns(path) {
        Whose::Account
    } else {
        Whose::App
    }
}

/// Where somebody wants to go.
struct Place<'a> {
    site: &'a PortalSite,
    method: Method,
    path: Option<RequestPath>,
    /// What was shown there and was not enough.
    not_enough: Option<Shown>,
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

/// What the policy is asked about: a load of the page itself, or a post to where a form that waits for a sign-in is for. What that says is
/// only whom to ask for what: when the form is sent, the policy decides on where it goes.
fn request_to(target: &ReturnTo) -> (Method, Option<RequestPath>) {
    let (method, target) = match form_target(target) {
        Some(form) => (Method::POST, form),
        None => (Method::GET, target.clone()),
    };
    let without_fragment = target.as_str().split('#').next().unwrap_or_default();
    (method, RequestPath::parse(without_fragment).ok())
}

fn form_target(target: &ReturnTo) -> Option<ReturnTo> {
    let (_, query) = target.as_str().strip_prefix(super::RESUME)?.split_once('?')?;
    let (_, to) = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "to")?;
    to.parse().ok()
}

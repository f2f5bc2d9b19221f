//! The hosts that share one sign-in, and where that is.

use std::collections::HashMap;
use std::sync::Arc;

use http::Uri;

use crate::auth::ticket::{LONGEST_PAGE, Shown, TicketRequest};
use crate::domain::host::HostName;
use crate::domain::keys::KeyRing;
use crate::domain::return_to::ReturnTo;
use crate::domain::session::Session;
use crate::domain::ticket::TicketBrowser;
use crate::domain::time::Timestamp;

use super::BASE;
use super::visit::PortalSite;

/// Where the portal answers what other hosts ask.
pub(super) const QUESTIONS: &str = "/_doorward/sso";

/// The pages that are at the portal alone. The sign-in page itself asks the portal instead.
const AT_THE_PORTAL: [&str; 6] = ["account", "code", "invitation", "link", "register", "reset"];

/// The hosts that share one sign-in: people sign in at the portal's, and are carried to the others.
#[derive(Debug)]
pub struct Hosts {
    shared: Option<Shared>,
    keys: Arc<KeyRing>,
}

#[derive(Debug)]
struct Shared {
    portal: Arc<PortalSite>,
    others: HashMap<HostName, Arc<PortalSite>>,
}

impl Hosts {
    /// Each host has a sign-in of its own.
    pub const fn each_alone(keys: Arc<KeyRing>) -> Self {
        Self { shared: None, keys }
    }

    /// The `others` share the sign-in of `portal`.
    pub fn together(
        portal: Arc<PortalSite>,
        others: impl IntoIterator<Item = Arc<PortalSite>>,
        keys: Arc<KeyRing>,
    ) -> Self {
        let others = others.into_iter().map(|site| (site.host().clone(), site)).collect();
        Self { shared: Some(Shared { portal, others }), keys }
    }

    /// Where people sign in for `site`, if that is elsewhere.
    pub(super) fn sign_in_of(&self, site: &PortalSite) -> Option<&PortalSite> {
        let shared = self.shared.as_ref()?;
        shared.others.contains_key(site.host()).then_some(&*shared.portal)
    }

    /// The site whose API gives the access tokens of `site`: where people sign in for it.
    pub fn gives_tokens_for<'a>(&'a self, site: &'a PortalSite) -> &'a PortalSite {
        self.sign_in_of(site).unwrap_or(site)
    }

    /// The sites for which people sign in at `site`, that one among them.
    pub(super) fn signing_in_at<'a>(
        &'a self,
        site: &'a PortalSite,
    ) -> impl Iterator<Item = &'a PortalSite> {
        let others = self.shared.as_ref().filter(|_| self.is_portal(site));
        let others = others.into_iter().flat_map(|shared| shared.others.values());
        std::iter::once(site).chain(others.map(|other| &**other))
    }

    /// The same page at the portal, where it is one that has its place there alone: nobody signs in, registers, resets a
    /// password or changes an account at another host, so that no session is begun there but by a ticket.
    pub(super) fn page_at_portal(&self, site: &PortalSite, target: &Uri) -> Option<String> {
        let portal = self.sign_in_of(site)?;
        let page = target.path().strip_prefix(BASE)?.split('/').next()?;
        let here = AT_THE_PORTAL.contains(&page);
        here.then(|| format!("{}{target}", portal.origin_text))
    }

    /// Whether `site` answers the questions of others.
    pub(super) fn is_portal(&self, site: &PortalSite) -> bool {
        self.shared.as_ref().is_some_and(|shared| shared.portal.host() == site.host())
    }

    /// The site of another host, if it shares the sign-in.
    pub(super) fn other(&self, host: &HostName) -> Option<&Arc<PortalSite>> {
        self.shared.as_ref()?.others.get(host)
    }

    /// The address at the portal that asks for a ticket to `return_to` at `site`.
    pub(super) fn question(&self, question: &Question<'_>) -> Option<String> {
        let portal = self.sign_in_of(question.site)?;
        let fits = question.return_to.as_str().len() <= LONGEST_PAGE;
        let request = TicketRequest {
            host: question.site.host().clone(),
            browser: question.browser,
            return_to: if fits { question.return_to.clone() } else { ReturnTo::front_page() },
            asked_at: question.now,
            not_enough: question.present.map(Shown::by),
        };
        Some(format!("{}{QUESTIONS}?request={}", portal.origin_text, request.encode(&self.keys)))
    }

    /// The question in the query of [`QUESTIONS`], if one of our hosts asked it.
    pub(super) fn asked(&self, query: &str) -> Option<(TicketRequest, &Arc<PortalSite>)> {
        let text = query.strip_prefix("request=")?;
        let request = TicketRequest::decode(&self.keys, text)?;
        let site = self.other(&request.host)?;
        Some((request, site))
    }

    /// The question that `target` is, where it is one.
    pub(super) fn asked_by(&self, target: &ReturnTo) -> Option<(TicketRequest, &Arc<PortalSite>)> {
        self.asked(target.as_str().strip_prefix(QUESTIONS)?.strip_prefix('?')?)
    }
}

/// What a host asks.
pub(super) struct Question<'a> {
    pub(super) site: &'a PortalSite,
    pub(super) browser: TicketBrowser,
    pub(super) return_to: &'a ReturnTo,
    /// The session that there is and that is not enough.
    pub(super) present: Option<&'a Session>,
    pub(super) now: Timestamp,
}

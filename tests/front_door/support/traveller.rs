//! One browser at several hosts: it keeps the cookies of each apart, and goes where it is sent.

use std::collections::BTreeMap;

use super::browser::{Browser, Request};
use super::http::Response;
use super::page::hidden;
use super::site::{Person, Site};

/// A browser that goes from host to host.
pub struct Traveller {
    hosts: BTreeMap<String, Browser>,
    portal: String,
}

/// Where a way ends, and every address on it.
pub struct Arrival {
    pub host: String,
    pub answer: Response,
    pub trail: Vec<String>,
}

/// More redirects in a row than browsers follow.
const MOST_REDIRECTS: usize = 20;

impl Traveller {
    /// A browser that has never been anywhere, and will go to these hosts; the site's own is the portal's.
    pub fn new(site: &Site, others: &[&str]) -> Self {
        let hosts = others.iter().copied().chain([site.host.as_str()]);
        let hosts = hosts.map(|host| (host.to_owned(), Browser::at(site.address, host))).collect();
        Self { hosts, portal: site.host.clone() }
    }

    /// The browser as this host knows it.
    #[track_caller]
    pub fn at(&self, host: &str) -> &Browser {
        self.hosts
            .get(host)
            .unwrap_or_else(|| panic!("it was sent to {host}, which is none of ours"))
    }

    /// The browser as the portal knows it.
    pub fn at_portal(&self) -> &Browser {
        self.at(&self.portal)
    }

    /// Loads a page of a host and goes on until no redirect follows.
    pub async fn open(&self, host: &str, target: &str) -> Arrival {
        self.follow(host.to_owned(), target.to_owned(), "none").await
    }

    /// Goes on from an answer of the portal to a form.
    pub async fn go_on(&self, answer: Response) -> Arrival {
        let location = answer.location().to_owned();
        self.follow(self.portal.clone(), location, "same-origin").await
    }

    async fn follow(&self, mut host: String, mut target: String, mut from: &str) -> Arrival {
        let mut trail = vec![format!("{host}{target}")];
        while trail.len() <= MOST_REDIRECTS {
            let request = Request::get(&target).navigate().instead("Sec-Fetch-Site", from);
            let answer = self.at(&host).send(request).await;
            let refresh = answer.header("refresh").and_then(|value| value.strip_prefix("0; url="));
            let Some(next) = answer.header("location").or(refresh) else {
                return Arrival { host, answer, trail };
            };
            match next.split_once("://") {
                None => target = next.to_owned(),
                Some((_, rest)) => {
                    let path = rest.find('/').expect("an address with a path");
                    (host, target) = (rest[..path].to_owned(), rest[path..].to_owned());
                    from = "cross-site";
                }
            }
            trail.push(format!("{host}{target}"));
        }
        panic!("it goes in circles: {trail:#?}");
    }

    /// Opens a page of a host, signs in where it is sent to, and arrives.
    pub async fn sign_in_for(
        &self,
        site: &Site,
        person: &Person,
        host: &str,
        target: &str,
    ) -> Arrival {
        let asked = self.open(host, target).await;
        assert_eq!(asked.host, self.portal, "people sign in at the portal: {:#?}", asked.trail);
        let page = asked.answer.expect(200).text();
        let (csrf, rd) = (hidden(&page, "csrf"), hidden(&page, "rd"));
        let is_step_up = page.contains("action=\"/_doorward/code/start\"");
        let form = if is_step_up { "/_doorward/code/start" } else { "/_doorward/login" };
        let mut fields = vec![("username", person.username), ("csrf", &csrf), ("rd", &rd)];
        if page.contains("name=\"password\"") {
            fields.push(("password", person.password));
        }
        let answer = self.at_portal().submit(form, &fields).await.expect(303);
        if answer.location() != "/_doorward/code" {
            return self.go_on(answer).await;
        }
        let code = site.mailbox.next_code_to(person.email).await.code();
        self.go_on(self.at_portal().submit_code(&code).await.expect(303)).await
    }
}

impl Arrival {
    /// The address with a ticket that was on the way, as host and path.
    #[track_caller]
    pub fn ticket(&self) -> (&str, &str) {
        let found = self.trail.iter().find(|address| address.contains("/_doorward/ticket/"));
        let address = found.unwrap_or_else(|| panic!("no ticket on {:#?}", self.trail));
        address.split_at(address.find('/').expect("a path"))
    }
}

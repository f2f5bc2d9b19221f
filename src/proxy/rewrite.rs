//! Paths that are one outside and another at the app: a prefix that browsers see and the app does not, one that the app
//! wants and browsers do not see, and the way back in redirects and cookies. The policy decides on the path outside,
//! the signature covers the one that the app gets (ADR 0017).

use std::borrow::Cow;

use http::uri::PathAndQuery;
use http::{HeaderName, HeaderValue, Uri, header};
use pingora::http::ResponseHeader;

use super::headers;
use super::outgoing::{Outgoing, Spelled};
use crate::domain::host::Origin;

const X_FORWARDED_PREFIX: Spelled =
    Spelled::new(HeaderName::from_static("x-forwarded-prefix"), "X-Forwarded-Prefix");

/// The prefix outside and the one at the app: empty, or a path without a slash at its end.
#[derive(Clone, Debug, Default)]
pub struct PathRewrite {
    outside: String,
    inside: String,
}

/// What redirects of an app may name as their host, and what stands there outside.
pub(super) struct Hosts<'a> {
    /// The app's own host.
    pub(super) app: Option<&'a HeaderValue>,
    /// The site.
    pub(super) site: &'a Origin,
}

impl PathRewrite {
    /// Takes `strip` off the path of requests and puts `add` before it.
    pub fn new(strip: Option<&str>, add: Option<&str>) -> Self {
        let prefix =
            |typed: Option<&str>| typed.unwrap_or_default().trim_end_matches('/').to_owned();
        Self { outside: prefix(strip), inside: prefix(add) }
    }

    /// Whether paths are the same on both sides.
    pub(super) fn is_none(&self) -> bool {
        self.outside.is_empty() && self.inside.is_empty()
    }

    /// Whether a path outside has one at the app.
    pub(super) fn covers(&self, path: &str) -> bool {
        below(&self.outside, path).is_some()
    }

    /// The path at the app. The prefix is compared as it is written: whatever is spelled otherwise is not below it.
    pub(super) fn at_app<'a>(&self, path: &'a str) -> Option<Cow<'a, str>> {
        moved(&self.outside, &self.inside, path)
    }

    /// Makes a request one for the path at the app, and tells it what is before that outside.
    pub(super) fn forward(&self, request: &mut impl Outgoing, path: &str) -> pingora::Result<()> {
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        let mut parts = request.uri().clone().into_parts();
        // A path that was parsed stays one when a prefix changes.
        parts.path_and_query = PathAndQuery::try_from(format!("{path}{query}")).ok();
        if let Ok(uri) = Uri::from_parts(parts) {
            request.lead_to(uri);
        }
        if !self.outside.is_empty() {
            request.put(X_FORWARDED_PREFIX, headers::text(self.outside.clone())?)?;
        }
        Ok(())
    }

    /// Redirects and cookies of the app, as they are outside.
    pub(super) fn back(
        &self,
        response: &mut ResponseHeader,
        hosts: &Hosts<'_>,
    ) -> pingora::Result<()> {
        for name in [header::LOCATION, header::CONTENT_LOCATION] {
            let found = response.headers.get(&name).and_then(|value| value.to_str().ok());
            if let Some(outside) = found.and_then(|found| self.location(found, hosts)) {
                response.insert_header(name, outside)?;
            }
        }
        if self.is_none() || !response.headers.contains_key(header::SET_COOKIE) {
            return Ok(());
        }
        self.cookies(response, &header::SET_COOKIE)
    }

    fn cookies(&self, response: &mut ResponseHeader, name: &HeaderName) -> pingora::Result<()> {
        let cookies: Vec<HeaderValue> = response.headers.get_all(name).iter().cloned().collect();
        response.remove_header(name);
        for cookie in cookies {
            let outside = cookie.to_str().ok().and_then(|text| self.cookie(text));
            let outside = outside.and_then(|text| HeaderValue::from_str(&text).ok());
            response.append_header(name.clone(), outside.unwrap_or(cookie))?;
        }
        Ok(())
    }

    /// A redirect's target outside; `None` where it is the same.
    fn location(&self, target: &str, hosts: &Hosts<'_>) -> Option<String> {
        if target.starts_with("//") {
            return None;
        }
        if target.starts_with('/') {
            return self.outside_of(target);
        }
        let (_, rest) = target.split_once("://").filter(|(scheme, _)| is_http(scheme))?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (host, path) = rest.split_at(end);
        let site = hosts.site.authority().to_string();
        let is_app =
            hosts.app.is_some_and(|app| app.as_bytes().eq_ignore_ascii_case(host.as_bytes()));
        if !is_app && !site.eq_ignore_ascii_case(host) {
            return None;
        }
        let outside = match path.starts_with('/') {
            true => self.outside_of(path),
            false => None,
        };
        if !is_app && outside.is_none() {
            return None;
        }
        Some(format!("{}{}", hosts.site, outside.as_deref().unwrap_or(path)))
    }

    /// A path of the app outside, what follows it included. One that knows of the prefix already stays as it is.
    fn outside_of(&self, target: &str) -> Option<String> {
        let end = target.find(['?', '#']).unwrap_or(target.len());
        let (path, rest) = target.split_at(end);
        if self.inside.is_empty() && below(&self.outside, path).is_some() {
            return None;
        }
        moved(&self.inside, &self.outside, path).map(|path| format!("{path}{rest}"))
    }

    /// A cookie with its path outside; `None` where it is the same. One that must be for all of a host stays so.
    fn cookie(&self, cookie: &str) -> Option<String> {
        if cookie.trim_start().starts_with("__Host-") {
            return None;
        }
        let mut changed = false;
        let parts = cookie.split(';').enumerate().map(|(place, part)| {
            let path = part
                .split_once('=')
                .filter(|(key, _)| place > 0 && key.trim().eq_ignore_ascii_case("path"));
            match path.and_then(|(_, path)| self.outside_of(path.trim())) {
                Some(path) => {
                    changed = true;
                    let path = if path.len() > 1 { path.trim_end_matches('/') } else { &path };
                    format!(" Path={path}")
                }
                None => part.to_owned(),
            }
        });
        let parts: Vec<String> = parts.collect();
        changed.then(|| parts.join(";"))
    }
}

/// What is left of `path` below `prefix`: nothing, or something that begins with a slash.
fn below<'a>(prefix: &str, path: &'a str) -> Option<&'a str> {
    path.strip_prefix(prefix).filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn moved<'a>(from: &str, to: &str, path: &'a str) -> Option<Cow<'a, str>> {
    let rest = below(from, path)?;
    Some(match (to.is_empty(), rest.is_empty()) {
        (true, true) => Cow::Borrowed("/"),
        (true, false) => Cow::Borrowed(rest),
        (false, _) => Cow::Owned(format!("{to}{rest}")),
    })
}

fn is_http(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strip() -> PathRewrite {
        PathRewrite::new(Some("/wiki"), None)
    }

    #[test]
    fn s48_only_what_is_written_below_the_prefix_reaches_the_app_and_without_it() {
        let both = PathRewrite::new(Some("/wiki/"), Some("/base"));
        for (path, stripped, with_base) in [
            ("/wiki", Some("/"), Some("/base")),
            ("/wiki/", Some("/"), Some("/base/")),
            ("/wiki/a/b", Some("/a/b"), Some("/base/a/b")),
            ("/wiki/wiki", Some("/wiki"), Some("/base/wiki")),
            ("/wikis", None, None),
            ("/%77iki/a", None, None),
            ("/WIKI/a", None, None),
            ("/", None, None),
        ] {
            assert_eq!(strip().at_app(path).as_deref(), stripped, "{path}");
            assert_eq!(both.at_app(path).as_deref(), with_base, "{path}");
            assert_eq!(strip().covers(path), stripped.is_some(), "{path}");
        }
        let add = PathRewrite::new(None, Some("/base"));
        assert_eq!(add.at_app("/a").as_deref(), Some("/base/a"));
        assert_eq!(PathRewrite::default().at_app("/a").as_deref(), Some("/a"));
    }

    #[test]
    fn redirects_lead_to_where_the_app_is_outside_and_nowhere_else() {
        let site: Origin = "https://example.com".parse().unwrap();
        let app = HeaderValue::from_static("10.0.0.1:8080");
        let hosts = Hosts { app: Some(&app), site: &site };
        let both = PathRewrite::new(Some("/wiki"), Some("/base"));
        for (target, stripped, with_base) in [
            ("/login?a=/b", Some("/wiki/login?a=/b"), None),
            ("/", Some("/wiki/"), None),
            ("/wiki/login", None, None),
            ("/base/login", Some("/wiki/base/login"), Some("/wiki/login")),
            ("login", None, None),
            ("//evil.example/a", None, None),
            ("https://evil.example/a", None, None),
            (
                "http://10.0.0.1:8080/base/a#b",
                Some("https://example.com/wiki/base/a#b"),
                Some("https://example.com/wiki/a#b"),
            ),
            ("https://example.com/a", Some("https://example.com/wiki/a"), None),
            ("javascript://example.com/a", None, None),
        ] {
            assert_eq!(strip().location(target, &hosts).as_deref(), stripped, "{target}");
            assert_eq!(both.location(target, &hosts).as_deref(), with_base, "{target}");
        }
    }

    #[test]
    fn cookies_are_for_where_the_app_is_outside() {
        for (cookie, outside) in [
            ("a=1; Path=/; HttpOnly", Some("a=1; Path=/wiki; HttpOnly")),
            ("a=1;path=/b/", Some("a=1; Path=/wiki/b")),
            ("a=1; Path=/wiki", None),
            ("path=/; Secure", None),
            ("__Host-a=1; Path=/; Secure", None),
            ("a=1", None),
        ] {
            assert_eq!(strip().cookie(cookie).as_deref(), outside, "{cookie}");
        }
        let add = PathRewrite::new(None, Some("/base"));
        assert_eq!(add.cookie("a=1; Path=/base").as_deref(), Some("a=1; Path=/"));
    }
}

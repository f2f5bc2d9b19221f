//! `sites`: the apps that doorward stands in front of.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::budgets::SPAN;
use super::connections::{self, SIZE};
use super::context::{Context, Place};
use super::located::{Located, Text, TextOr};
use super::{api, headers, health, portal, rewriting, rules, upstream_tls, upstreams};
use crate::config::settings;
use crate::domain::asking_proxy::AskingProxy;
use crate::domain::host::{Authority, HostName, Origin, Scheme};

/// One site.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Site {
    /// Its host name, such as wiki.example.com. Scheme and port are the portal's. Either this or origin.
    host: Option<Text>,
    /// Scheme, host and port, where they are not the portal's. Either this or host.
    origin: Option<Text>,
    /// The apps behind, each scheme, host and port: http://127.0.0.1:8080. At least one, unless there is forward_auth.
    #[schemars(length(min = 1))]
    upstreams: Option<Located<Vec<Located<TextOr<upstreams::Upstream>>>>>,
    /// Which of several apps a request goes to.
    #[schemars(extend("default" = "round_robin"))]
    balance: Option<Located<upstreams::Balance>>,
    /// When an app that fails is left out, and how it is asked whether it is well.
    health: Option<Located<health::Health>>,
    /// How apps behind https are recognised, and recognise doorward.
    upstream_tls: Option<Located<upstream_tls::UpstreamTls>>,
    /// The version of HTTP that the apps speak: 1.1, 2 (gRPC needs it; over http:// without negotiation), or auto, which
    /// lets apps behind https choose.
    #[schemars(extend("default" = "1.1"))]
    http: Option<Located<upstreams::HttpVersion>>,
    /// How many requests one HTTP/2 connection to an app carries at a time.
    #[schemars(extend("default" = 100))]
    max_h2_streams: Option<Located<u64>>,
    /// The beginning of paths that browsers see and the app does not, such as /wiki; other paths are not found. Redirects
    /// and cookies of the app are given it back.
    strip_prefix: Option<Text>,
    /// The beginning of paths that the app wants and browsers do not see, such as /app.
    add_prefix: Option<Text>,
    /// Changes to the headers of the app's answers, in this order.
    response_headers: Option<Located<Vec<Located<rewriting::RawResponseHeader>>>>,
    /// Whether texts that the app answers are compressed (br, zstd, gzip) where it has not done so. Pages that hold a
    /// secret and repeat what somebody else may choose then tell of the secret by their length.
    #[schemars(extend("default" = false))]
    compress: Option<Located<bool>>,
    /// The rules; the first that matches a request decides, and one that none matches is denied. Left out, all of the
    /// site needs a password and a code.
    #[schemars(length(min = 1))]
    rules: Option<Located<Vec<Located<rules::RawRule>>>>,
    /// The names of the identity headers.
    headers: Option<Located<headers::Headers>>,
    /// Whether the app is told the host that the browser asked for; otherwise it is told its own.
    #[schemars(extend("default" = true))]
    preserve_host: Option<Located<bool>>,
    /// The proxy that asks doorward about each request (/_doorward/verify) and passes it on itself. It has to be among
    /// trusted_proxies. Left out: nobody may ask.
    forward_auth: Option<Located<Asking>>,
    /// Whether the access tokens that the API gives open the site as a session cookie does, under the same rules.
    #[schemars(extend("default" = false))]
    bearer: Option<Located<bool>>,
    /// Whether the app gets the access token, too. It can do with it whatever its owner can.
    #[schemars(extend("default" = false))]
    pass_bearer: Option<Located<bool>>,
    /// The largest body of a request, such as 100MiB; larger ones get 413. Left out: the app alone decides.
    #[schemars(extend("pattern" = SIZE))]
    max_body: Option<Text>,
    /// How long the app may take.
    timeouts: Option<Located<upstreams::Timeouts>>,
    /// How long browsers that came over HTTPS are to come by nothing else (HSTS). 0s has them forget it.
    #[schemars(extend("default" = "30d", "pattern" = SPAN))]
    hsts: Option<Text>,
}

/// A proxy that asks.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(super) enum Asking {
    Nginx,
    Traefik,
    Caddy,
    Haproxy,
    Envoy,
}

/// What a site is checked against.
pub(super) struct Around<'a> {
    /// The portal's origin, unless that was faulty.
    pub(super) portal: Option<&'a Origin>,
    /// Where doorward listens.
    pub(super) listen: &'a [settings::Listen],
    /// Whether the API is on, unless what says so was faulty.
    pub(super) api: Option<bool>,
    /// Whether some proxy in front is believed, unless what says so was faulty.
    pub(super) trusts_proxies: Option<bool>,
}

pub(super) fn sites(
    field: Option<Located<Vec<Located<Site>>>>,
    around: &Around<'_>,
    context: &Context<'_>,
) -> Option<Vec<settings::Site>> {
    let help = "say what is behind: sites: [{ host: wiki.example.com, upstreams: [\"http://127.0.0.1:8080\"] }]";
    let (at, typed) = context.required(field, &Place::file(), "sites", help)?;
    if typed.is_empty() {
        return context.refuse(&at, "names no site", help);
    }
    let mut hosts: Vec<(HostName, usize)> = Vec::new();
    let mut sites = Vec::with_capacity(typed.len());
    let count = typed.len();
    for one in typed {
        let Some(typed) = one.value else { continue };
        let (host_at, origin) = origin(&typed, &one.at, around, context).unzip();
        if let (Some(at), Some(origin)) = (&host_at, &origin) {
            once(&mut hosts, at, &origin.host, context);
        }
        sites.extend(site(typed, &one.at, origin, around, context));
    }
    (sites.len() == count).then_some(sites)
}

fn site(
    typed: Site,
    at: &Place,
    origin: Option<Origin>,
    around: &Around<'_>,
    context: &Context<'_>,
) -> Option<settings::Site> {
    let forward_auth = forward_auth(typed.forward_auth, around, context);
    let upstreams = match (typed.upstreams, &forward_auth) {
        (None, Some(Some(_)) | None) => Some(Vec::new()),
        (typed, _) => upstreams::upstreams(typed, at, around, context),
    };
    let rules = rules::rules(typed.rules, context);
    let headers = headers::headers(typed.headers, context);
    let bearer = api::bearer(typed.bearer, typed.pass_bearer, around.api, context);
    let max_body = connections::max_body(typed.max_body, context);
    let timeouts = upstreams::timeouts(typed.timeouts, context);
    let balance = upstreams::balance(typed.balance);
    let health = health::health(typed.health, context);
    let any_https = upstreams.as_ref().is_none_or(|all| all.iter().any(|one| one.tls));
    let upstream_tls = upstream_tls::upstream_tls(typed.upstream_tls, any_https, context);
    let http = upstreams::http(typed.http);
    let strip_prefix = rewriting::prefix(typed.strip_prefix, context);
    let add_prefix = rewriting::prefix(typed.add_prefix, context);
    let response_headers = rewriting::response_headers(typed.response_headers, context);
    let compress = typed.compress.map_or(Some(false), |field| field.value);
    let why = "more of them share the fate of one connection";
    let max_h2_streams = context.number(typed.max_h2_streams, 100, 1..=10_000, why);
    let hsts = context.duration(typed.hsts, HSTS, Duration::ZERO..=MOST_HSTS, HSTS_WHY);
    let preserve_host = typed.preserve_host.map_or(Some(true), |field| field.value);
    Some(settings::Site {
        origin: origin?,
        upstreams: upstreams?,
        rules: rules?,
        headers: headers?,
        preserve_host: preserve_host?,
        forward_auth: forward_auth?,
        bearer: bearer?,
        max_body: max_body?,
        timeouts: timeouts?,
        balance: balance?,
        health: health?,
        upstream_tls: upstream_tls?,
        http: http?,
        max_h2_streams: max_h2_streams?,
        hsts: hsts?,
        rewriting: settings::Rewriting {
            strip_prefix: strip_prefix?,
            add_prefix: add_prefix?,
            response_headers: response_headers?,
            compress: compress?,
        },
    })
}

/// Who comes once a month stays protected, and who has to give HTTPS up again is kept out for no longer.
const HSTS: Duration = Duration::from_secs(30 * 86_400);
const MOST_HSTS: Duration = Duration::from_secs(2 * 366 * 86_400);
const HSTS_WHY: &str = "browsers that were told so cannot be told otherwise over plain HTTP, so that a site that gives HTTPS \
     up is out of reach for as long";

/// A request finds its site by the host alone, so no two sites may have the same.
fn once(hosts: &mut Vec<(HostName, usize)>, at: &Place, host: &HostName, context: &Context<'_>) {
    match hosts.iter().find(|(known, _)| known == host) {
        Some((_, line)) => {
            let message = format!("{host} is a site already, on line {line}");
            context.fault(
                at,
                message,
                "put the rules of both under one site, or give this one another host",
            );
        }
        None => hosts.push((host.clone(), at.spot.line)),
    }
}

fn origin(
    typed: &Site,
    at: &Place,
    around: &Around<'_>,
    context: &Context<'_>,
) -> Option<(Place, Origin)> {
    match (&typed.host, &typed.origin) {
        (Some(_), Some(origin)) => {
            context.refuse(&origin.at, "there is `host`, too", "take one of the two out")
        }
        (Some(host), None) => origin_of_host(host, around, context).map(|o| (host.at.clone(), o)),
        (None, Some(text)) => {
            let origin = portal::origin(text, context)?;
            if let Some(portal) = around.portal.filter(|p| p.host == origin.host && **p != origin) {
                let help = "use `host`, or make both origins the same";
                return context.refuse(
                    &text.at,
                    format!("the portal has this host as {portal}"),
                    help,
                );
            }
            Some((text.at.clone(), origin))
        }
        (None, None) => context.refuse(
            &at.inside("host"),
            "is missing",
            "say how browsers know the site: host: wiki.example.com",
        ),
    }
}

fn origin_of_host(text: &Text, around: &Around<'_>, context: &Context<'_>) -> Option<Origin> {
    let typed = text.value.as_deref()?;
    let host: HostName = match typed.parse() {
        Ok(host) => host,
        Err(error) => {
            let help = match typed.split_once("://") {
                Some(_) => format!("write the host alone, or `origin: {typed}`"),
                None if typed.contains('*') => {
                    "name each host: patterns are not taken, nor ordered with `tls: acme`, which would take dns-01"
                        .to_owned()
                }
                None if typed.parse::<Authority>().is_ok() => {
                    "write the host without its port, or `origin: https://host:port`".to_owned()
                }
                None => "write a host name of letters, digits, dots and dashes".to_owned(),
            };
            return context.refuse(&text.at, error, help);
        }
    };
    let portal = around.portal?;
    if portal.scheme == Scheme::Http && !host.is_loopback() {
        let help = "give the portal an https origin, or the site one of its own (origin: https://…); plain http is \
                    for localhost";
        return context.refuse(
            &text.at,
            "would be reached over plain http, as the portal is",
            help,
        );
    }
    Some(Origin { scheme: portal.scheme, host, port: portal.port })
}

fn forward_auth(
    field: Option<Located<Asking>>,
    around: &Around<'_>,
    context: &Context<'_>,
) -> Option<Option<AskingProxy>> {
    let Some(field) = field else { return Some(None) };
    let proxy = match field.value? {
        Asking::Nginx => AskingProxy::Nginx,
        Asking::Traefik => AskingProxy::Traefik,
        Asking::Caddy => AskingProxy::Caddy,
        Asking::Haproxy => AskingProxy::HaProxy,
        Asking::Envoy => AskingProxy::Envoy,
    };
    if around.trusts_proxies == Some(false) {
        let help = "name the addresses from which it asks: trusted_proxies: [127.0.0.1]";
        return context.refuse(&field.at, "is for a proxy, and trusted_proxies names none", help);
    }
    Some(Some(proxy))
}

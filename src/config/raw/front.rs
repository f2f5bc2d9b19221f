//! `listen`, `admin`, `trusted_proxies`, `log`: what stands towards the network and the operator.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::Deserialize;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use super::context::{Context, Place};
use super::located::{Located, Text};
use super::tls::{self, MinVersion, Tls};
use super::{files, near};
use crate::config::settings;
use crate::domain::address::TrustedProxies;

/// One listening address.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Listen {
    /// Address and port, such as 0.0.0.0:443 or [::]:443.
    #[schemars(required)]
    address: Option<Text>,
    /// The certificate with which to speak TLS, or a list of several: browsers get the one for the name that they ask
    /// for, and the first where no name fits. Their files are followed: a renewed certificate is taken up by itself. The
    /// word acme: an authority signs them, see `acme`. Left out: plain HTTP.
    tls: Option<Located<Tls>>,
    /// The oldest version of TLS that is spoken: 1.2, or 1.3 alone.
    #[schemars(extend("default" = "1.2"))]
    min_tls_version: Option<Located<MinVersion>>,
    /// Whether each connection begins with the PROXY protocol (version 1 or 2), by which a proxy that passes bytes on says
    /// from whom they are. It is believed from trusted_proxies; all others, and connections without it, are refused.
    #[schemars(extend("default" = false))]
    proxy_protocol: Option<Located<bool>>,
    /// Whether everything here is sent on to the same address over HTTPS.
    #[schemars(extend("default" = false))]
    redirect_to_https: Option<Located<bool>>,
}

/// Where metrics and health are served.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Admin {
    /// Address and port; keep it where only your monitoring reaches it, such as 127.0.0.1:9180.
    #[schemars(required)]
    address: Option<Text>,
}

/// What is logged, and how.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Log {
    /// json: one object a line, for machines. human: for a terminal.
    #[schemars(extend("default" = "json"))]
    format: Option<Located<LogFormat>>,
    /// How much: trace, debug, info, warn, error, or a list such as info,doorward=debug.
    #[schemars(extend("default" = "info"))]
    filter: Option<Text>,
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(super) enum LogFormat {
    Json,
    Human,
}

pub(super) fn listen(
    field: Option<Located<Vec<Located<Listen>>>>,
    trusts_proxies: bool,
    context: &Context<'_>,
) -> Option<Vec<settings::Listen>> {
    let help = "say where requests come in: listen: [{ address: \"127.0.0.1:8000\" }]";
    let (at, typed) = context.required(field, &Place::file(), "listen", help)?;
    if typed.is_empty() {
        return context.refuse(&at, "names no address", help);
    }
    let mut listeners: Vec<settings::Listen> = Vec::with_capacity(typed.len());
    let mut complete = true;
    for one in typed {
        let at = one.at.clone();
        let Some(listener) = listener(one, trusts_proxies, context) else {
            complete = false;
            continue;
        };
        let address = listener.address;
        if address.port() != 0 && listeners.iter().any(|other| other.address == address) {
            context.fault(
                &at,
                format!("{address} is listened on above already"),
                "take one of them out",
            );
            complete = false;
        }
        listeners.push(listener);
    }
    complete.then_some(listeners)
}

/// Whether proxies say whose a connection is, which only those can that are trusted.
fn told(field: &Located<bool>, trusts_proxies: bool, context: &Context<'_>) -> Option<bool> {
    let told = field.value?;
    if told && !trusts_proxies {
        let help = "name the proxy that speaks it: trusted_proxies: [10.0.0.5]";
        return context.refuse(&field.at, "nobody would be believed", help);
    }
    Some(told)
}

fn listener(
    typed: Located<Listen>,
    trusts_proxies: bool,
    context: &Context<'_>,
) -> Option<settings::Listen> {
    let (at, typed) = (typed.at, typed.value?);
    let address = socket_address(typed.address, &at, context);
    let redirect = typed.redirect_to_https.as_ref().is_some_and(|field| field.value == Some(true));
    let mode = match (typed.tls, redirect) {
        (Some(tls), true) => {
            let help = "give TLS an address of its own, or take redirect_to_https out";
            context.refuse(&tls.at, "there is nothing to redirect where TLS is spoken", help)
        }
        (Some(tls), false) => {
            tls::tls(tls, typed.min_tls_version, context).map(settings::ListenMode::Tls)
        }
        (None, _) if typed.min_tls_version.is_some() => {
            let at = &typed.min_tls_version.as_ref().map_or(&at, |field| &field.at).clone();
            context.refuse(at, "there is no TLS here", "give `tls` a certificate, or take this out")
        }
        (None, true) => Some(settings::ListenMode::RedirectToHttps),
        (None, false) => Some(settings::ListenMode::Plain),
    };
    let proxy_protocol = match typed.proxy_protocol {
        None => Some(false),
        Some(field) => told(&field, trusts_proxies, context),
    };
    Some(settings::Listen { address: address?, proxy_protocol: proxy_protocol?, mode: mode? })
}

fn socket_address(
    field: Option<Text>,
    parent: &Place,
    context: &Context<'_>,
) -> Option<SocketAddr> {
    let help = "write an IP address and a port: \"127.0.0.1:8000\", or \"0.0.0.0:443\" or \"[::]:443\" for all addresses";
    let (at, typed) = context.required(field, parent, "address", help)?;
    match typed.parse() {
        Ok(address) => Some(address),
        Err(_) => context.refuse(&at, "is not an IP address with a port", help),
    }
}

pub(super) fn admin(
    section: Option<Located<Admin>>,
    listeners: &[settings::Listen],
    context: &Context<'_>,
) -> Option<Option<SocketAddr>> {
    let Some(section) = section else { return Some(None) };
    let at = section.at;
    let address = socket_address(section.value?.address, &at, context)?;
    // S55: what is for the operator does not answer in public.
    if address.port() != 0 && listeners.iter().any(|listener| listener.address == address) {
        return context.refuse(
            &at,
            "is an address of `listen`",
            "give it one of its own: 127.0.0.1:9180",
        );
    }
    Some(Some(address))
}

pub(super) fn trusted_proxies(
    field: Option<Located<Vec<Text>>>,
    context: &Context<'_>,
) -> Option<TrustedProxies> {
    let Some(field) = field else { return Some(TrustedProxies::default()) };
    let typed = field.value?;
    let count = typed.len();
    let networks: Vec<IpNet> = typed.iter().filter_map(|text| proxies(text, context)).collect();
    (networks.len() == count).then(|| TrustedProxies::new(networks))
}

fn proxies(text: &Text, context: &Context<'_>) -> Option<IpNet> {
    let found = network(text, context)?;
    if found.prefix_len() == 0 {
        // S45: then anybody could claim any address.
        let help = "name the addresses of your own proxies alone, such as 10.0.0.5";
        return context.refuse(&text.at, "believes the whole Internet", help);
    }
    Some(found)
}

/// A network, or a single address as one.
pub(super) fn network(text: &Text, context: &Context<'_>) -> Option<IpNet> {
    let typed = text.value.as_deref()?;
    let network =
        typed.parse::<IpNet>().ok().or_else(|| typed.parse::<IpAddr>().ok().map(IpNet::from));
    let help = "write 10.0.0.5, 10.0.0.0/8 or 2001:db8::/32";
    network.or_else(|| context.refuse(&text.at, "is not an IP address or network", help))
}

pub(super) fn log(section: Option<Located<Log>>, context: &Context<'_>) -> Option<settings::Log> {
    let (_, section) = context.section(section, "log")?;
    let format = match section.format {
        None => Some(settings::LogFormat::Json),
        Some(found) => found.value.map(|format| match format {
            LogFormat::Json => settings::LogFormat::Json,
            LogFormat::Human => settings::LogFormat::Human,
        }),
    };
    let filter = match section.filter {
        None => Some("info".to_owned()),
        Some(text) => log_filter(&text, context),
    };
    Some(settings::Log { format: format?, filter: filter? })
}

fn log_filter(text: &Text, context: &Context<'_>) -> Option<String> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let filter = text.value.as_deref()?;
    // A word alone is a level or a module to tracing; `inof` would be a module, and silence the log.
    let odd = filter.split(',').map(str::trim).find(|directive| {
        !directive.contains(['=', '[']) && directive.parse::<LevelFilter>().is_err()
    });
    if let Some(odd) = odd {
        return context.refuse(&text.at, "is not a level of logging", near::remedy(odd, &LEVELS));
    }
    match EnvFilter::builder().parse(filter) {
        Ok(_) => Some(filter.to_owned()),
        Err(_) => {
            let help = "write a level (info), or levels by module (info,doorward=debug)";
            context.refuse(&text.at, "is not a filter of log lines", help)
        }
    }
}

/// In which country an address is.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GeoIp {
    /// A file in MaxMind's format with countries, such as GeoLite2-Country.mmdb.
    #[schemars(required)]
    database: Option<Text>,
}

pub(super) fn geoip(
    section: Option<Located<GeoIp>>,
    context: &Context<'_>,
) -> Option<Option<PathBuf>> {
    let Some(section) = section else { return Some(None) };
    let at = section.at.clone();
    let help = "name the file: geoip: { database: /var/lib/GeoIP/GeoLite2-Country.mmdb }";
    let Some(text) = section.value?.database else {
        return context.refuse(&at, "names no database", help);
    };
    let path = context.path(&text)?;
    files::readable(&path, &text.at, context)?;
    Some(Some(path))
}

//! `state.redis`: one server, the primary that sentinels name, or a Cluster.

use std::path::PathBuf;

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use super::context::{Context, Place};
use super::located::{Located, Text};
use super::postgres::decoded;
use super::{files, secret};
use crate::config::settings::{self, RedisAddress, RedisServers};

const PREFIX: &str = "doorward:";
const PORT: u16 = 6379;
const SENTINEL_PORT: u16 = 26_379;

/// Redis, from 7.0: exactly one of url, sentinel and cluster.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Redis {
    /// One server: redis://host:6379, or rediss://host:6379 over TLS with its certificate checked.
    url: Option<Text>,
    /// The primary that sentinels name; another is followed to.
    sentinel: Option<Located<Sentinel>>,
    /// Some servers of a Cluster; they name the others.
    cluster: Option<Located<Vec<Text>>>,
    /// The ACL user. Left out: Redis' own default.
    username: Option<Text>,
    /// The password; better in a file (password_file) or a variable (${REDIS_PASSWORD}).
    password: Option<Text>,
    /// The file of the password; its owner alone may read it.
    password_file: Option<Text>,
    /// A file of certificates (PEM) to trust in place of the system's; for rediss.
    ca: Option<Text>,
    /// What every key begins with: doorwards with different prefixes are strangers to each other.
    #[schemars(extend("default" = PREFIX))]
    prefix: Option<Text>,
    /// The number of the database; a Cluster has no other than 0.
    #[schemars(extend("default" = 0))]
    database: Option<Located<u64>>,
}

/// Sentinels.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Sentinel {
    /// What they call the primary.
    #[schemars(required)]
    primary: Option<Text>,
    /// The sentinels: redis://host:26379 or rediss://host:26379.
    #[schemars(required)]
    servers: Option<Located<Vec<Text>>>,
    /// Who doorward is to the sentinels, where they ask.
    username: Option<Text>,
    /// The password for the sentinels.
    password: Option<Text>,
    /// The file of the password for the sentinels; its owner alone may read it.
    password_file: Option<Text>,
}

/// A server as its address names it.
struct Named {
    address: RedisAddress,
    tls: bool,
    url: Url,
}

impl Redis {
    /// What the address of one server alone says.
    pub(super) fn at(url: Text) -> Self {
        Self { url: Some(url), ..Self::default() }
    }
}

pub(super) fn redis(typed: Redis, at: &Place, context: &Context<'_>) -> Option<settings::Redis> {
    let beside =
        secret::typed_or_of_file("password", typed.password, typed.password_file, context)?;
    let username = match typed.username {
        None => None,
        Some(text) => Some(text.value?),
    };
    let database =
        context.number(typed.database, 0, 0..=1023, "Redis counts its databases from 0")?;
    let prefix = prefix(typed.prefix, context)?;
    let (servers, tls, (username, password, database)) =
        match (typed.url, typed.sentinel, typed.cluster) {
            (Some(text), None, None) => {
                let named = named(&text, PORT, context)?;
                let login = login(&named, &text, (username, beside, database), context)?;
                (RedisServers::Single(named.address), named.tls, login)
            }
            (None, Some(found), None) => {
                let (servers, tls) = sentinel(found, context)?;
                (servers, tls, (username, beside.map(|(_, password)| password), database))
            }
            (None, None, Some(found)) if database == 0 => {
                let (addresses, tls) = several(found, PORT, context)?;
                let login = (username, beside.map(|(_, password)| password), database);
                (RedisServers::Cluster(addresses), tls, login)
            }
            (None, None, Some(found)) => {
                return context.refuse(
                    &found.at,
                    "a Cluster has database 0 alone",
                    "take `database` out",
                );
            }
            (None, None, None) => {
                return context.refuse(&at.inside("url"), "is missing", HELP);
            }
            _ => {
                return context.refuse(
                    at,
                    "there is more than one of url, sentinel and cluster",
                    HELP,
                );
            }
        };
    let ca = ca(typed.ca, tls, context)?;
    Some(settings::Redis { servers, tls, ca, username, password, database, prefix })
}

/// Who doorward is there, and in which database, of the address and what stands beside it.
fn login(
    named: &Named,
    text: &Text,
    (username, beside, database): (Option<String>, Option<(Place, SecretString)>, u32),
    context: &Context<'_>,
) -> Option<(Option<String>, Option<SecretString>, u32)> {
    let refuse = |message: &str, help: &str| context.refuse(&text.at, message, help);
    let typed = Some(named.url.username()).filter(|name| !name.is_empty()).map(decoded);
    let username = match (typed, username) {
        (Some(_), Some(_)) => {
            return refuse("has a user, and there is `username`, too", "take one of the two out");
        }
        (typed, beside) => typed.or(beside),
    };
    let password = match (named.url.password(), beside) {
        (Some(_), Some((at, _))) => {
            return context.refuse(
                &at,
                "there is one in the address, too",
                "take one of the two out",
            );
        }
        (Some(encoded), None) => Some(decoded(encoded).into()),
        (None, beside) => beside.map(|(_, password)| password),
    };
    let database = match (named.url.path().trim_matches('/'), database) {
        ("", database) => database,
        (typed, 0) => match typed.parse() {
            Ok(number @ 0..=1023) => number,
            _ => return refuse("has a path that is no number of a database", HELP),
        },
        _ => {
            return refuse(
                "has a database, and there is `database`, too",
                "take one of the two out",
            );
        }
    };
    Some((username, password, database))
}

fn sentinel(found: Located<Sentinel>, context: &Context<'_>) -> Option<(RedisServers, bool)> {
    let (at, typed) = (found.at, found.value?);
    let help =
        "say what the sentinels call the primary, as after `sentinel monitor` in their files";
    let (_, primary) = context.required(typed.primary, &at, "primary", help)?;
    let Some(servers) = typed.servers else {
        return context.refuse(&at.inside("servers"), "is missing", SENTINELS);
    };
    let (sentinels, tls) = several(servers, SENTINEL_PORT, context)?;
    let password =
        secret::typed_or_of_file("password", typed.password, typed.password_file, context)?;
    let username = match typed.username {
        None => None,
        Some(text) => Some(text.value?),
    };
    let password = password.map(|(_, password)| password);
    Some((RedisServers::Sentinel { sentinels, primary, username, password }, tls))
}

/// Servers that are reached in the same way.
fn several(
    found: Located<Vec<Text>>,
    port: u16,
    context: &Context<'_>,
) -> Option<(Vec<RedisAddress>, bool)> {
    let mut addresses = Vec::new();
    let mut tls = None;
    for text in found.value? {
        let named = named(&text, port, context)?;
        let refuse = |message: &str, help: &str| context.refuse(&text.at, message, help);
        if !named.url.username().is_empty() || named.url.password().is_some() {
            return refuse(
                "has a user or a password",
                "write username and password_file beside the list",
            );
        }
        if !named.url.path().trim_matches('/').is_empty() {
            return refuse("has a path", "end it after the port");
        }
        if *tls.get_or_insert(named.tls) != named.tls {
            return refuse(
                "is not reached as the one before is",
                "write redis or rediss at all of them",
            );
        }
        addresses.push(named.address);
    }
    match tls {
        Some(tls) => Some((addresses, tls)),
        None => {
            context.refuse(&found.at, "names no server", "write at least one: redis://host:port")
        }
    }
}

/// The server at an address. Nothing of the address is told in a fault: there may be a password in it.
fn named(text: &Text, port: u16, context: &Context<'_>) -> Option<Named> {
    let refuse = |message: &str| context.refuse(&text.at, message, HELP);
    let Ok(url) = Url::parse(text.value.as_deref()?) else {
        return refuse("is no address of Redis");
    };
    let tls = match url.scheme() {
        "redis" => false,
        "rediss" => true,
        _ => {
            return refuse(
                "is no address of Redis of the form redis://host:port or rediss://host:port",
            );
        }
    };
    if url.query().is_some() || url.fragment().is_some() {
        return refuse("has `?` or `#`");
    }
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    if host.is_empty() {
        return refuse("names no server");
    }
    let address = RedisAddress { host, port: url.port().unwrap_or(port) };
    Some(Named { address, tls, url })
}

fn ca(field: Option<Text>, tls: bool, context: &Context<'_>) -> Option<Option<PathBuf>> {
    let Some(text) = field else { return Some(None) };
    if !tls {
        return context.refuse(
            &text.at,
            "does nothing without TLS",
            "take it out, or write rediss://",
        );
    }
    let path = context.path(&text)?;
    files::certificates(&path, &text.at, context)?;
    Some(Some(path))
}

fn prefix(field: Option<Text>, context: &Context<'_>) -> Option<String> {
    let Some(text) = field else { return Some(PREFIX.to_owned()) };
    let typed = text.value?;
    // Braces would decide where a Cluster puts the key.
    if typed.is_empty()
        || typed.len() > 64
        || typed.contains(|c: char| !c.is_ascii_graphic() || "{}*?[]\\".contains(c))
    {
        let help = "up to 64 letters, digits and signs, such as doorward: or wiki:doorward:";
        return context.refuse(&text.at, "is no beginning of a key", help);
    }
    Some(typed)
}

const HELP: &str = "write redis: { url: \"rediss://cache.example.com:6379\", username: doorward, password_file: … }, or sentinel or cluster in place of url";
const SENTINELS: &str = "name them: servers: [\"redis://10.0.0.1:26379\", \"redis://10.0.0.2:26379\", \"redis://10.0.0.3:26379\"]";

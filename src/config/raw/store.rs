//! `secret_file`, `accounts`, `state`: what is kept, and where.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use super::context::Context;
use super::files;
use super::located::{Anything, Located, Text};
use super::mail;
use crate::config::settings::{Database, PostgresDatabase};

pub(super) const SECRET_FILE: &str = "/var/lib/doorward/secret";
const DATABASE: &str = "sqlite:///var/lib/doorward/doorward.db";

/// Where accounts live.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Accounts {
    /// The database: sqlite:// and its file, which is made at first start, or postgres://user@host/database for several
    /// nodes. PostgreSQL is reached over TLS with its certificate checked (sslmode=verify-full), unless it is on this machine
    /// or the address asks for another sslmode.
    #[schemars(extend("default" = DATABASE))]
    database: Option<Text>,
    /// The password of PostgreSQL's user; better in a file (password_file) or a variable (${PGPASSWORD}).
    password: Option<Text>,
    /// A file with the password of PostgreSQL's user.
    password_file: Option<Text>,
    /// The most connections to PostgreSQL that one node keeps.
    #[schemars(extend("default" = CONNECTIONS))]
    connections: Option<Located<u32>>,
}

/// Where sessions and codes live.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    /// In a file of SQLite's: that of the accounts, or one of its own where accounts are in PostgreSQL.
    #[schemars(extend("default" = true))]
    embedded: Option<Located<bool>>,
    /// That file, where accounts are in PostgreSQL: sqlite:// and its path. Default: state.db beside the server secret.
    database: Option<Text>,
    #[schemars(skip)]
    redis: Option<Located<Anything>>,
}

/// The file of the secret, and that of the secret before. The first need not be there yet.
pub(super) fn secret_files(
    secret: Option<Text>,
    previous: Option<Text>,
    context: &Context<'_>,
) -> (Option<PathBuf>, Option<Option<PathBuf>>) {
    let current = match &secret {
        None => Some(PathBuf::from(SECRET_FILE)),
        Some(text) => context.path(text).filter(|path| {
            !path.exists()
                || (files::readable(path, &text.at, context).is_some()
                    && files::private(path, &text.at, context).is_some())
        }),
    };
    let before = match previous {
        None => Some(None),
        Some(text) => context
            .path(&text)
            .filter(|path| files::secret(path, &text.at, context).is_some())
            .map(Some),
    };
    (current, before)
}

pub(super) fn accounts(
    section: Option<Located<Accounts>>,
    context: &Context<'_>,
) -> Option<Database> {
    let (_, section) = context.section(section, "accounts")?;
    let default = || Some(Database::Sqlite(DATABASE.trim_start_matches("sqlite://").into()));
    let Some(text) = &section.database else {
        let alone = [
            section.password.as_ref().map(|text| &text.at),
            section.password_file.as_ref().map(|text| &text.at),
            section.connections.as_ref().map(|found| &found.at),
        ];
        return match alone.into_iter().flatten().next() {
            None => default(),
            Some(at) => context.refuse(at, "is for PostgreSQL", FOR_POSTGRES),
        };
    };
    match text.value.as_deref()?.split_once("://") {
        Some(("postgres" | "postgresql", _)) => postgres(section, context).map(Database::Postgres),
        _ => {
            let alone = section.password.as_ref().or(section.password_file.as_ref());
            if let Some(at) = alone.map(|text| &text.at) {
                return context.refuse(at, "is for PostgreSQL", FOR_POSTGRES);
            }
            sqlite_file(text, context).map(Database::Sqlite)
        }
    }
}

/// The path of `sqlite:///path`.
fn sqlite_file(text: &Text, context: &Context<'_>) -> Option<PathBuf> {
    let refuse = |message: &str| {
        context.refuse(&text.at, message, format!("write the path of a file: {DATABASE}"))
    };
    match text.value.as_deref()?.split_once("://") {
        Some(("sqlite", "")) => refuse("names no file"),
        Some(("sqlite", path)) if path.contains(['?', '#']) => {
            refuse("has `?` or `#`: doorward sets the options of SQLite itself")
        }
        Some(("sqlite", path)) => {
            context.path(&Text { at: text.at.clone(), value: Some(path.to_owned()) })
        }
        _ => refuse("is no address of a database of the form sqlite:///path"),
    }
}

fn postgres(section: Accounts, context: &Context<'_>) -> Option<PostgresDatabase> {
    let text = section.database?;
    let refuse = |message: &str, help: &str| context.refuse(&text.at, message, help);
    // The address is not told: there may be a password in it.
    let Ok(mut url) = Url::parse(text.value.as_deref()?) else {
        return refuse("is no address of a database", FOR_POSTGRES);
    };
    if url.host_str().is_none_or(str::is_empty) || url.path().trim_matches('/').is_empty() {
        return refuse("names no server, or no database", FOR_POSTGRES);
    }
    if url.username().is_empty() {
        return refuse("names no user", FOR_POSTGRES);
    }
    if let Some((key, _)) = url.query_pairs().find(|(key, _)| !OPTIONS.contains(&&**key)) {
        let message = format!("has the option {key}, which doorward does not hand on");
        return refuse(
            &message,
            "only sslmode, sslrootcert, sslcert, sslkey and host may stand after the `?`",
        );
    }
    let option = |url: &Url, name: &str| {
        url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    };
    match option(&url, "sslmode").as_deref() {
        None if !is_here(&url) && option(&url, "host").is_none() => {
            url.query_pairs_mut().append_pair("sslmode", "verify-full");
        }
        None | Some("disable" | "require" | "verify-ca" | "verify-full") => {}
        Some(_) => {
            return refuse(
                "has an sslmode that does without TLS whenever somebody between here and there wants it",
                "write verify-full; or disable, where nobody can stand between",
            );
        }
    }
    let typed = mail::password(section.password, section.password_file, context)?;
    let password = match (typed, url.password()) {
        (Some((at, _)), Some(_)) => {
            return context.refuse(
                &at,
                "there is one in the address, too",
                "take one of the two out",
            );
        }
        (Some((_, password)), None) => Some(password),
        (None, Some(password)) => Some(percent(password).into()),
        (None, None) => None,
    };
    url.set_password(None).ok()?;
    let connections = match section.connections {
        None => CONNECTIONS,
        Some(found) => match found.value? {
            few @ 2..=200 => few,
            _ => {
                return context.refuse(
                    &found.at,
                    "is not between 2 and 200",
                    "10 are enough for most",
                );
            }
        },
    };
    Some(PostgresDatabase { url, password, connections })
}

fn percent(typed: &str) -> String {
    let query = format!("p={}", typed.replace('+', "%2B"));
    url::form_urlencoded::parse(query.as_bytes()).next().map_or_else(String::new, |(_, p)| p.into())
}

fn is_here(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

const FOR_POSTGRES: &str =
    "write database: postgres://doorward@db.example.com/doorward, and password_file beside it";
const OPTIONS: [&str; 5] = ["sslmode", "sslrootcert", "sslcert", "sslkey", "host"];
const CONNECTIONS: u32 = 10;

/// The file of what passes: that of the accounts, or its own beside the secret where those are elsewhere.
pub(super) fn state(
    section: Option<Located<State>>,
    accounts: Option<&Database>,
    secret: Option<&Path>,
    context: &Context<'_>,
) -> Option<PathBuf> {
    let (_, section) = context.section(section, "state")?;
    let help = "write { embedded: true }, or leave `state` out";
    if let Some(redis) = section.redis {
        return context.refuse(&redis.at, "Redis is not yet in this version", help);
    }
    if let Some(embedded) = section.embedded
        && !embedded.value?
    {
        return context.refuse(&embedded.at, "there is no other way in this version", help);
    }
    match (accounts?, section.database) {
        (Database::Sqlite(path), None) => Some(path.clone()),
        (Database::Sqlite(_), Some(text)) => {
            let help = "take it out: what passes is in the file of the accounts";
            context.refuse(&text.at, "is for accounts in PostgreSQL", help)
        }
        (Database::Postgres(_), Some(text)) => sqlite_file(&text, context),
        (Database::Postgres(_), None) => Some(secret?.with_file_name("state.db")),
    }
}

//! `secret_file`, `accounts`, `state`: what is kept, and where.

use std::path::{Path, PathBuf};
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::budgets::SPAN;
use super::context::Context;
use super::files;
use super::located::{Located, Text, TextOr};
use super::postgres;
use super::redis::{Redis, redis};
use crate::config::settings::{self, Database};

pub(super) const SECRET_FILE: &str = "/var/lib/doorward/secret";
const DATABASE: &str = "sqlite:///var/lib/doorward/doorward.db";
const OUTAGE_GRACE: Duration = Duration::from_secs(60);

/// Where accounts live.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Accounts {
    /// The database: sqlite:// and its file, which is made at first start; or postgres://user@host/database, which any
    /// number of nodes share. PostgreSQL is reached over TLS and its certificate is checked (sslmode=verify-full), unless it
    /// is on this machine or the address names another sslmode.
    #[schemars(extend("default" = DATABASE))]
    database: Option<Text>,
    /// The password of PostgreSQL's user; better in a file (password_file) or a variable (${PGPASSWORD}).
    password: Option<Text>,
    /// A file with the password of PostgreSQL's user, readable by nobody else.
    password_file: Option<Text>,
    /// The most connections to PostgreSQL that one node keeps, from 2 to 200.
    #[schemars(extend("default" = postgres::CONNECTIONS))]
    connections: Option<Located<u64>>,
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
    /// How long who is signed in goes on while a store is away, which cannot say then whether the session was ended or the account
    /// disabled; 0s: not at all.
    #[schemars(extend("default" = "60s", "pattern" = SPAN))]
    outage_grace: Option<Text>,
    /// In Redis, for any number of nodes: its address, or more about it.
    redis: Option<Located<TextOr<Redis>>>,
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

/// The database of the accounts.
pub(super) fn accounts(
    section: Option<Located<Accounts>>,
    context: &Context<'_>,
) -> Option<Database> {
    let (_, section) = context.section(section, "accounts")?;
    let Accounts { database, password, password_file, connections } = section;
    let server = postgres::Server { password, password_file, connections };
    match &database {
        Some(text) if postgres::is_meant(text.value.as_deref()?) => {
            postgres::database(text, server, context).map(Database::Postgres)
        }
        Some(text) => {
            server.is_not_meant(context)?;
            sqlite_file(text, context).map(Database::Sqlite)
        }
        None => {
            server.is_not_meant(context)?;
            Some(Database::Sqlite(DATABASE.trim_start_matches("sqlite://").into()))
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
        _ => refuse(
            "is no address of a database of the form sqlite:///path or postgres://user@host/database",
        ),
    }
}

/// Where what passes is kept: in the file of the accounts, or in its own beside the secret where those are elsewhere.
pub(super) fn state(
    section: Option<Located<State>>,
    accounts: Option<&Database>,
    secret: Option<&Path>,
    context: &Context<'_>,
) -> Option<(settings::State, Duration)> {
    let (_, section) = context.section(section, "state")?;
    let grace = context.duration(
        section.outage_grace,
        OUTAGE_GRACE,
        Duration::ZERO..=Duration::from_secs(3600),
        "for as long may somebody go on whose account was disabled in the meantime",
    );
    let embedded = match section.embedded {
        None => None,
        Some(found) => Some((found.at, found.value?)),
    };
    if let Some(found) = section.redis {
        if let Some((at, true)) = embedded {
            return context.refuse(&at, "there is `redis`, too", "take one of the two out");
        }
        if let Some(text) = section.database {
            let help = "take it out: nothing that passes is in a file";
            return context.refuse(&text.at, "there is `redis`, too", help);
        }
        let typed = match found.value? {
            TextOr::Group(typed) => typed,
            TextOr::Text(url) => Redis::at(Text { at: found.at.clone(), value: Some(url) }),
        };
        return redis(typed, &found.at, context)
            .zip(grace)
            .map(|(server, grace)| (settings::State::Redis(server), grace));
    }
    if let Some((at, false)) = embedded {
        let help = "write { embedded: true }, or redis: and its address";
        return context.refuse(&at, "there is nothing in its place", help);
    }
    let file = match (accounts?, section.database) {
        (Database::Sqlite(path), None) => path.clone(),
        (Database::Sqlite(_), Some(text)) => {
            let help = "take it out: what passes is in the file of the accounts";
            return context.refuse(&text.at, "is for accounts in PostgreSQL", help);
        }
        (Database::Postgres(_), Some(text)) => sqlite_file(&text, context)?,
        (Database::Postgres(_), None) => secret?.with_file_name("state.db"),
    };
    Some((settings::State::Embedded(file), grace?))
}

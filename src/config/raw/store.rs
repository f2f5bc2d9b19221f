//! `secret_file`, `accounts`, `state`: what is kept, and where.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::context::Context;
use super::files;
use super::located::{Anything, Located, Text};
use crate::config::settings::Database;

pub(super) const SECRET_FILE: &str = "/var/lib/doorward/secret";
const DATABASE: &str = "sqlite:///var/lib/doorward/doorward.db";

/// Where accounts live.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Accounts {
    /// The database, sqlite:// and its file, which is made at first start.
    #[schemars(extend("default" = DATABASE))]
    database: Option<Text>,
}

/// Where sessions and codes live.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    /// In the same database as the accounts.
    #[schemars(extend("default" = true))]
    embedded: Option<Located<bool>>,
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
    let Some(text) = section.database else {
        return Some(Database::Sqlite(DATABASE.trim_start_matches("sqlite://").into()));
    };
    let url = text.value.as_deref()?;
    let refuse = |message: &str| {
        context.refuse(&text.at, message, format!("write the path of a file: {DATABASE}"))
    };
    match url.split_once("://") {
        Some(("sqlite", "")) => refuse("names no file"),
        Some(("sqlite", path)) if path.contains(['?', '#']) => {
            refuse("has `?` or `#`: doorward sets the options of SQLite itself")
        }
        Some(("sqlite", path)) => {
            let path = Text { at: text.at.clone(), value: Some(path.to_owned()) };
            context.path(&path).map(Database::Sqlite)
        }
        Some(("postgres" | "postgresql", _)) => refuse("PostgreSQL is not yet in this version"),
        _ => refuse("is no address of a database of the form sqlite:///path"),
    }
}

/// There is one way so far; this sees that nobody counts on another.
pub(super) fn state(section: Option<Located<State>>, context: &Context<'_>) -> Option<()> {
    let (_, section) = context.section(section, "state")?;
    let help = "write { embedded: true }, or leave `state` out";
    if let Some(redis) = section.redis {
        return context.refuse(&redis.at, "Redis is not yet in this version", help);
    }
    match section.embedded {
        Some(embedded) if !embedded.value? => {
            context.refuse(&embedded.at, "there is no other way in this version", help)
        }
        _ => Some(()),
    }
}

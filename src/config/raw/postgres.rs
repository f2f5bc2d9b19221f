//! `accounts.database`, where it is a server of PostgreSQL's.

use std::net::IpAddr;
use std::path::Path;

use secrecy::SecretString;
use url::Url;

use super::context::Context;
use super::located::{Located, Text};
use super::{files, secret};
use crate::config::settings::PostgresDatabase;

/// The most connections of a node, where nothing is said.
pub(super) const CONNECTIONS: u32 = 10;

/// What is said of the server beside its address.
pub(super) struct Server {
    pub(super) password: Option<Text>,
    pub(super) password_file: Option<Text>,
    pub(super) connections: Option<Located<u64>>,
}

impl Server {
    /// Refuses what is said of a server where there is none.
    pub(super) fn is_not_meant(&self, context: &Context<'_>) -> Option<()> {
        let said = [
            self.password.as_ref().map(|text| &text.at),
            self.password_file.as_ref().map(|text| &text.at),
            self.connections.as_ref().map(|number| &number.at),
        ];
        match said.into_iter().flatten().next() {
            None => Some(()),
            Some(at) => context.refuse(at, "is for accounts in PostgreSQL", HELP),
        }
    }
}

/// Whether the address names a server of PostgreSQL's.
pub(super) fn is_meant(address: &str) -> bool {
    matches!(address.split_once("://"), Some(("postgres" | "postgresql", _)))
}

/// The database at the address `text`. Nothing of the address is told in a fault: there may be a password in it.
pub(super) fn database(
    text: &Text,
    server: Server,
    context: &Context<'_>,
) -> Option<PostgresDatabase> {
    let refuse = |message: &str, help: &str| context.refuse(&text.at, message, help);
    let Ok(mut url) = Url::parse(text.value.as_deref()?) else {
        return refuse("is no address of a database", HELP);
    };
    if url.host_str().is_none_or(str::is_empty) || url.path().trim_matches('/').is_empty() {
        return refuse("names no server, or no database", HELP);
    }
    if url.username().is_empty() {
        return refuse("names no user", HELP);
    }
    if let Some((key, _)) = url.query_pairs().find(|(key, _)| !OPTIONS.contains(&&**key)) {
        let message = format!("has the option {key}, which doorward does not hand on");
        return refuse(
            &message,
            "only sslmode, sslrootcert, sslcert, sslkey and host may stand behind the `?`",
        );
    }
    encrypted(&mut url, text, context)?;
    let password = password(&url, server.password, server.password_file, context)?;
    url.set_password(None).ok()?;
    let connections = context.number(
        server.connections,
        CONNECTIONS,
        2..=200,
        "one is kept for what other nodes tell, and the server gives a hundred to all of its clients",
    )?;
    Some(PostgresDatabase { url, password, connections })
}

/// Has the connection be encrypted and the server's certificate be checked, unless it never leaves this machine or the
/// address says otherwise in so many words.
fn encrypted(url: &mut Url, text: &Text, context: &Context<'_>) -> Option<()> {
    let refuse = |message: &str, help: &str| context.refuse(&text.at, message, help);
    let option = |name: &str| {
        let found = url.query_pairs().find(|(key, _)| key == name);
        found.map(|(_, value)| value.into_owned())
    };
    let socket = option("host");
    if socket.as_ref().is_some_and(|folder| !folder.starts_with('/')) {
        return refuse(
            "has a host behind the `?` that is no folder of a socket",
            "write the name of the server before the database: postgres://user@host/database",
        );
    }
    for name in ["sslrootcert", "sslcert", "sslkey"] {
        let Some(path) = option(name) else { continue };
        let path = Path::new(&path);
        if !path.is_absolute() {
            let message = format!("has an {name} that is no whole path");
            return refuse(&message, "write the path from the root: /etc/doorward/postgres-ca.pem");
        }
        match name {
            "sslkey" => files::private_key(path, &text.at, context)?,
            _ => files::certificates(path, &text.at, context)?,
        }
    }
    match option("sslmode").as_deref() {
        Some("disable" | "require" | "verify-ca" | "verify-full") => Some(()),
        Some(_) => refuse(
            "has an sslmode that goes on without TLS whenever somebody on the way wants it so",
            "write verify-full; or disable, where nobody can be on the way",
        ),
        None if socket.is_some() || is_here(url) => Some(()),
        None => {
            url.query_pairs_mut().append_pair("sslmode", "verify-full");
            Some(())
        }
    }
}

/// The password: of the address, or beside it, or none.
fn password(
    url: &Url,
    typed: Option<Text>,
    file: Option<Text>,
    context: &Context<'_>,
) -> Option<Option<SecretString>> {
    match (secret::typed_or_of_file("password", typed, file, context)?, url.password()) {
        (Some((at, _)), Some(_)) => {
            context.refuse(&at, "there is one in the address, too", "take one of the two out")
        }
        (Some((_, password)), None) => Some(Some(password)),
        (None, Some(encoded)) => Some(Some(decoded(encoded).into())),
        (None, None) => Some(None),
    }
}

/// The text that stands percent-encoded in an address.
pub(super) fn decoded(encoded: &str) -> String {
    let pair = format!("p={}", encoded.replace('+', "%2B"));
    let mut pairs = url::form_urlencoded::parse(pair.as_bytes());
    pairs.next().map_or_else(String::new, |(_, text)| text.into_owned())
}

fn is_here(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

const HELP: &str =
    "write database: postgres://doorward@db.example.com/doorward, and password_file beside it";
const OPTIONS: [&str; 5] = ["sslmode", "sslrootcert", "sslcert", "sslkey", "host"];

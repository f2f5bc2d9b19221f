//! `mail`: from whom, and by which way.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;

use super::context::{Context, Place};
use super::files;
use super::located::{Located, Text};
use super::secret;
use crate::config::settings;
use crate::domain::email::EmailAddress;
use crate::domain::host::HostName;

const WAYS: &str = "give one: smtp: { host: smtp.example.com, username: …, password_file: … }, or files: /a/folder for development";

/// How mail goes out: exactly one of smtp and files.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Mail {
    /// The sender, such as no-reply@example.com or "Example Wiki <no-reply@example.com>".
    #[schemars(required)]
    from: Option<Text>,
    /// A mail server.
    smtp: Option<Located<Smtp>>,
    /// A folder into which mails go as .eml files, for development.
    files: Option<Text>,
}

/// A mail server.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Smtp {
    /// A known provider, for host, port and tls: gmail (with an app password), sendgrid (with an API key), mailgun.
    preset: Option<Located<Preset>>,
    /// Its host, which its certificate must be for.
    host: Option<Text>,
    /// Its port. Left out: 587, or 465 with tls, or 25 with none.
    #[schemars(range(min = 1, max = 65535))]
    port: Option<Located<u64>>,
    /// starttls: required, never skipped. tls: from the first byte. none: for loopback hosts alone.
    #[schemars(extend("default" = "starttls"))]
    tls: Option<Located<Protection>>,
    /// Who signs in to it. Left out: nobody (sendgrid: apikey).
    username: Option<Text>,
    /// The password; better in a file (password_file) or a variable (${SMTP_PASSWORD}).
    password: Option<Text>,
    /// The file of the password; its owner alone may read it.
    password_file: Option<Text>,
    /// A file of certificates (PEM) to trust beside the system's.
    ca: Option<Text>,
    /// How long one step of the conversation may take.
    #[schemars(extend("default" = "30s"))]
    timeout: Option<Text>,
}

/// A known provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(super) enum Preset {
    Gmail,
    Sendgrid,
    Mailgun,
}

impl Preset {
    const fn host(self) -> &'static str {
        match self {
            Self::Gmail => "smtp.gmail.com",
            Self::Sendgrid => "smtp.sendgrid.net",
            Self::Mailgun => "smtp.mailgun.org",
        }
    }
}

/// How the conversation is protected.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(super) enum Protection {
    Starttls,
    Tls,
    None,
}

pub(super) fn mail(
    section: Option<Located<Mail>>,
    context: &Context<'_>,
) -> Option<settings::MailSettings> {
    let help = "say how codes reach people: mail: { from: no-reply@example.com, smtp: { host: smtp.example.com } }";
    let (at, section) = context.required(section, &Place::file(), "mail", help)?;
    let sender = context
        .required(section.from, &at, "from", "give the sender's address: no-reply@example.com")
        .and_then(|(at, typed)| sender(&at, &typed, context));
    let transport = match (section.smtp, section.files) {
        (Some(server), None) => smtp(server, context).map(settings::MailTransport::Smtp),
        (None, Some(text)) => folder(&text, context).map(settings::MailTransport::Files),
        (Some(_), Some(text)) => {
            context.refuse(&text.at, "there is `smtp`, too", "take one of the two out")
        }
        (None, None) => context.refuse(&at, "has no way for mails to go", WAYS),
    };
    let (from_name, from) = sender?;
    Some(settings::MailSettings { from_name, from, transport: transport? })
}

/// `Name <address>`, or an address.
fn sender(
    at: &Place,
    typed: &str,
    context: &Context<'_>,
) -> Option<(Option<String>, EmailAddress)> {
    let typed = typed.trim();
    let (name, address) = match typed.strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
        Some((name, address)) => (name.trim().trim_matches('"').trim(), address),
        None => ("", typed),
    };
    let help = "write no-reply@example.com, or \"Example Wiki <no-reply@example.com>\"";
    if name.chars().any(char::is_control) || name.contains(['<', '>', '"']) || name.len() > 128 {
        return context.refuse(at, "has a name that cannot stand in a mail", help);
    }
    match address.parse() {
        Ok(address) => Some(((!name.is_empty()).then(|| name.to_owned()), address)),
        Err(error) => context.refuse::<(Option<String>, EmailAddress)>(at, error, help),
    }
}

fn folder(text: &Text, context: &Context<'_>) -> Option<PathBuf> {
    let path = context.path(text)?;
    if path.exists() {
        files::folder(&path, &text.at, context)?;
    }
    Some(path)
}

fn smtp(server: Located<Smtp>, context: &Context<'_>) -> Option<settings::Smtp> {
    let (at, server) = (server.at, server.value?);
    let preset = match server.preset {
        None => Some(None),
        Some(found) => found.value.map(Some),
    };
    let host = host(server.host, preset, &at, context);
    let (tls, tls_at) = match server.tls {
        None => (Some(settings::SmtpTls::StartTls), at.clone()),
        Some(found) => (found.value.map(Protection::meant), found.at),
    };
    let default_port = match tls {
        Some(settings::SmtpTls::Tls) => 465,
        Some(settings::SmtpTls::None) => 25,
        _ => 587,
    };
    let port = context.number(server.port, default_port, 1..=65_535, "a port of the mail server");
    let ca = certificates(server.ca, tls, context);
    let least = Duration::from_secs(1);
    let most = Duration::from_secs(300);
    let why = "a server that is slower than that will not get mails through in time";
    let timeout = context.duration(server.timeout, Duration::from_secs(30), least..=most, why);
    let password =
        secret::typed_or_of_file("password", server.password, server.password_file, context);
    let credentials = credentials(server.username, password, preset.flatten(), &at, context);
    let (host, tls) = (host?, tls?);
    if tls == settings::SmtpTls::None && !is_loopback(&host) {
        // S22
        let help = "write tls: starttls (or tls); none is for a mail server on this machine";
        return context.refuse(&tls_at, "codes and the password would travel in the clear", help);
    }
    Some(settings::Smtp {
        host,
        port: port?,
        tls,
        credentials: credentials?,
        ca: ca?,
        timeout: timeout?,
    })
}

impl Protection {
    const fn meant(self) -> settings::SmtpTls {
        match self {
            Self::Starttls => settings::SmtpTls::StartTls,
            Self::Tls => settings::SmtpTls::Tls,
            Self::None => settings::SmtpTls::None,
        }
    }
}

/// The host, from the preset when none is typed. `preset` is `None` when it was faulty.
fn host(
    field: Option<Text>,
    preset: Option<Option<Preset>>,
    at: &Place,
    context: &Context<'_>,
) -> Option<String> {
    if let (None, Some(preset)) = (&field, preset?) {
        return Some(preset.host().to_owned());
    }
    let help = "give the name of the mail server: smtp.example.com (the port has a key of its own)";
    let (at, typed) = context.required(field, at, "host", help)?;
    if typed.parse::<HostName>().is_ok() || typed.parse::<IpAddr>().is_ok() {
        Some(typed)
    } else {
        context.refuse(&at, "is not the name or address of a host", help)
    }
}

fn is_loopback(host: &str) -> bool {
    host.parse::<HostName>().is_ok_and(|host| host.is_loopback())
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn certificates(
    field: Option<Text>,
    tls: Option<settings::SmtpTls>,
    context: &Context<'_>,
) -> Option<Option<PathBuf>> {
    let Some(text) = field else { return Some(None) };
    if tls == Some(settings::SmtpTls::None) {
        return context.refuse(
            &text.at,
            "does nothing with tls: none",
            "take it out, or write tls: starttls",
        );
    }
    let path = context.path(&text)?;
    files::certificates(&path, &text.at, context)?;
    Some(Some(path))
}

fn credentials(
    username: Option<Text>,
    password: Option<Option<(Place, SecretString)>>,
    preset: Option<Preset>,
    at: &Place,
    context: &Context<'_>,
) -> Option<Option<settings::SmtpCredentials>> {
    let username = match username {
        None if preset == Some(Preset::Sendgrid) => Some("apikey".to_owned()),
        None => None,
        Some(text) => Some(text.value?),
    };
    match (username, password?) {
        (Some(username), Some((_, password))) => {
            Some(Some(settings::SmtpCredentials { username, password }))
        }
        (Some(_), None) => context.refuse(
            &at.inside("password_file"),
            "is missing",
            "a username needs password_file or password",
        ),
        (None, Some((at, _))) => {
            context.refuse(&at, "has no username beside it", "add username: …")
        }
        (None, None) if preset.is_some() => context.refuse(
            &at.inside("username"),
            "is missing",
            "this provider wants username and password_file",
        ),
        (None, None) => Some(None),
    }
}

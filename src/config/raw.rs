//! The configuration as somebody typed it, and the way from there to [`Settings`].
//!
//! `yaml` makes the text a tree with places, `typed` makes the tree the types below, and each section checks itself
//! and becomes a part of the settings. No step stops at the first fault.

mod acme;
mod api;
mod budgets;
mod captcha;
mod connections;
mod context;
mod domain;
mod expand;
mod files;
mod front;
mod headers;
mod health;
mod identity;
mod located;
mod mail;
pub(super) mod near;
mod passwords;
mod portal;
mod postgres;
mod presets;
mod redis;
mod registration;
mod rewriting;
mod rules;
mod secret;
mod several;
mod shutdown;
mod sites;
mod sms;
mod store;
mod tls;
mod typed;
mod upstream_tls;
mod upstreams;
mod web;
mod yaml;

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

use self::context::{Context, Place};
use self::located::{Located, Text};
use super::errors::ConfigErrors;
use super::settings::Settings;

pub(super) use self::expand::escape;
pub(super) use self::headers::NO_HEADER;
pub(super) use self::secret::MASKED_SECRET;

/// What came of reading a configuration file.
#[derive(Debug)]
pub struct Reading {
    /// What it says, or what is wrong with it.
    pub outcome: Result<Settings, ConfigErrors>,
    /// The files and folders on which that depends, the file itself among them.
    pub depends_on: Vec<PathBuf>,
}

/// Reads the configuration file at `path`, with the variables of this process's environment.
pub fn load(path: &Path) -> Result<Settings, ConfigErrors> {
    read(path).outcome
}

/// The same, and on which files it depends.
pub fn read(path: &Path) -> Reading {
    let mut reading = match std::fs::read_to_string(path) {
        Ok(text) => parse_text(&text, path, &environment),
        Err(cause) => {
            let outcome = Err(ConfigErrors::unreadable(path, &cause));
            Reading { outcome, depends_on: Vec::new() }
        }
    };
    reading.depends_on.push(path.to_owned());
    reading
}

#[expect(clippy::disallowed_methods, reason = "the one place where ${VAR} gets its value")]
fn environment(variable: &str) -> Option<String> {
    std::env::var(variable).ok()
}

/// Reads `text` as the configuration file `name`, with the variables of this process's environment. Relative paths in
/// it are taken from the folder of `name`.
pub fn parse(text: &str, name: &Path) -> Result<Settings, ConfigErrors> {
    parse_with(text, name, &environment)
}

/// Whether people ask for output without colour (`NO_COLOR`, see no-color.org).
#[expect(clippy::disallowed_methods, reason = "the environment is read here alone")]
pub fn no_colour() -> bool {
    std::env::var("NO_COLOR").is_ok_and(|value| !value.is_empty())
}

/// The variable that tells a process that it succeeds another of doorward.
pub const SUCCESSOR: &str = "DOORWARD_SUCCESSOR";

/// Whether this process succeeds another.
#[expect(clippy::disallowed_methods, reason = "the environment is read here alone")]
pub fn succeeds() -> bool {
    std::env::var(SUCCESSOR).is_ok_and(|value| !value.is_empty())
}

/// The file that moves the clock of a binary built for tests.
#[cfg(feature = "test-clock")]
#[expect(clippy::disallowed_methods, reason = "the environment is read here alone")]
pub fn test_clock_file() -> Option<PathBuf> {
    std::env::var("DOORWARD_TEST_CLOCK").ok().map(PathBuf::from)
}

/// Whether requests may go the short way to their app: always, but for a binary built for tests that is told otherwise.
#[cfg(feature = "test-clock")]
#[expect(clippy::disallowed_methods, reason = "the environment is read here alone")]
pub fn short_way() -> bool {
    std::env::var("DOORWARD_TEST_LONG_WAY").is_err()
}

/// Whether requests may go the short way to their app: always, but for a binary built for tests that is told otherwise.
#[cfg(not(feature = "test-clock"))]
pub const fn short_way() -> bool {
    true
}

/// For what those who are signed in must not feel; at least 1.
pub fn half_of_the_processors() -> usize {
    std::thread::available_parallelism().map_or(1, |processors| (processors.get() / 2).max(1))
}

/// How many threads serve connections, where a binary built for tests is told; else as many as there are processors.
#[cfg(feature = "test-clock")]
#[expect(clippy::disallowed_methods, reason = "the environment is read here alone")]
pub fn serving_threads() -> Option<usize> {
    std::env::var("DOORWARD_TEST_THREADS").ok()?.parse().ok()
}

/// How many threads serve connections, where a binary built for tests is told; else as many as there are processors.
#[cfg(not(feature = "test-clock"))]
pub const fn serving_threads() -> Option<usize> {
    None
}

/// The same as [`parse`], with other variables.
pub fn parse_with(
    text: &str,
    name: &Path,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<Settings, ConfigErrors> {
    parse_text(text, name, environment).outcome
}

fn parse_text(text: &str, name: &Path, environment: &dyn Fn(&str) -> Option<String>) -> Reading {
    let context = Context::new(environment, folder_of(name));
    let (tree, not_yaml) = yaml::read(text);
    if let Some(error) = not_yaml {
        let at = Place { spot: error.spot, key: String::new() };
        context.fault(&at, error.message, error.help);
    }
    let file: Option<File> = tree.and_then(|tree| typed::read(&tree, &context));
    let settings = file.and_then(|file| file.into_settings(&context));
    let (faults, depends_on) = context.into_findings();
    let outcome = match settings {
        Some(settings) if faults.is_empty() => Ok(settings),
        _ => Err(ConfigErrors::new(name, text, faults)),
    };
    Reading { outcome, depends_on }
}

fn folder_of(name: &Path) -> PathBuf {
    let folder = name.parent().unwrap_or(Path::new(""));
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned())
}

/// The configuration of doorward, a login in front of web apps.
///
/// Spans of time are written 500ms, 30s, 10m, 12h or 30d. `${VAR}` and `${VAR:-default}` in any value stand for a
/// variable of the environment, `$${` for these characters themselves. Relative paths begin at the folder of this file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "doorward.yaml")]
pub(super) struct File {
    /// Where requests come in; at least one address.
    #[schemars(required, length(min = 1))]
    listen: Option<Located<Vec<Located<front::Listen>>>>,
    /// Who signs the certificates of listeners with `tls: acme`.
    acme: Option<Located<acme::Acme>>,
    /// Where metrics and health are served. Left out: nowhere.
    admin: Option<Located<front::Admin>>,
    /// What people see of doorward.
    #[schemars(required)]
    portal: Option<Located<portal::Portal>>,
    /// The addresses or networks of the proxies in front whose forwarded headers are believed. Left out: nobody is.
    trusted_proxies: Option<Located<Vec<Text>>>,
    /// The file of the server secret. It is made at first start; its owner alone may read it.
    #[schemars(extend("default" = store::SECRET_FILE))]
    secret_file: Option<Text>,
    /// The file of the secret before, while a new one takes its place: what it signed is still good.
    previous_secret_file: Option<Text>,
    /// The file of the keys that sign identity. It is made at first start; its owner alone may read it. Left out:
    /// keys.json beside the server secret.
    #[schemars(extend("default" = "/var/lib/doorward/keys.json"))]
    keys_file: Option<Text>,
    /// How apps can tell that doorward says who is asking.
    identity: Option<Located<identity::Identity>>,
    /// Where accounts live.
    accounts: Option<Located<store::Accounts>>,
    /// Where sessions and codes live.
    state: Option<Located<store::State>>,
    /// How mail goes out.
    #[schemars(required)]
    mail: Option<Located<mail::Mail>>,
    /// Who may make an account without being invited.
    registration: Option<Located<registration::Registration>>,
    /// The JSON API for programs.
    api: Option<Located<api::Api>>,
    /// How text messages go out. Left out: they do not.
    sms: Option<Located<sms::Sms>>,
    /// What forms ask for, so that programs do not send them in masses.
    captcha: Option<Located<captcha::Captcha>>,
    /// How many connections there may be, and what each may take.
    connections: Option<Located<connections::Connections>>,
    /// How often something may be tried; each is number/period, such as 5/5m.
    limits: Option<Located<budgets::Limits>>,
    /// The codes that are mailed.
    otp: Option<Located<budgets::Otp>>,
    /// How long people stay signed in.
    session: Option<Located<budgets::Session>>,
    /// Browsers that people trust.
    devices: Option<Located<budgets::Devices>>,
    /// In which country an address is.
    geoip: Option<Located<front::GeoIp>>,
    /// What new passwords have to be.
    passwords: Option<Located<passwords::Passwords>>,
    /// How passwords are hashed (Argon2id).
    password_hash: Option<Located<budgets::PasswordHash>>,
    /// How doorward ends once it is told to.
    shutdown: Option<Located<shutdown::Shutdown>>,
    /// The sites that doorward stands in front of; at least one, no two of the same host.
    #[schemars(required, length(min = 1))]
    sites: Option<Located<Vec<Located<sites::Site>>>>,
    /// What is logged, and how.
    log: Option<Located<front::Log>>,
}

impl File {
    /// Checks everything, and only then gives up where something is wrong.
    fn into_settings(self, context: &Context<'_>) -> Option<Settings> {
        let trusted_proxies = front::trusted_proxies(self.trusted_proxies, context);
        // Where what says so is faulty, that is told.
        let trusts = trusted_proxies.as_ref().is_none_or(|trusted| !trusted.networks().is_empty());
        let listen = front::listen(self.listen, trusts, context);
        let admin = front::admin(self.admin, listen.as_deref().unwrap_or_default(), context);
        let several_sites = self
            .sites
            .as_ref()
            .and_then(|sites| sites.value.as_ref())
            .is_some_and(|sites| sites.len() > 1);
        let portal = portal::portal(self.portal, several_sites, context);
        let (secret_file, previous_secret_file) =
            store::secret_files(self.secret_file, self.previous_secret_file, context);
        let acme = acme::acme(
            self.acme,
            listen.as_deref().unwrap_or_default(),
            secret_file.as_deref(),
            context,
        );
        let keys_file = identity::keys_file(self.keys_file, secret_file.as_deref(), context);
        let assertion = identity::identity(self.identity, context);
        let accounts = store::accounts(self.accounts, context);
        let state = store::state(self.state, accounts.as_ref(), secret_file.as_deref(), context);
        let mail = mail::mail(self.mail, context);
        let registration = registration::registration(self.registration, context);
        let api = api::api(self.api, context);
        let sms = sms::sms(self.sms, context);
        let captcha = captcha::captcha(self.captcha, context);
        let connections = connections::connections(self.connections, context);
        let limits = budgets::limits(self.limits, context);
        let otp = budgets::otp(self.otp, context);
        let domain_at = budgets::place_of_domain(self.session.as_ref());
        let session = budgets::session(self.session, context);
        let devices = budgets::devices(self.devices, context);
        let geoip = front::geoip(self.geoip, context);
        let passwords = passwords::passwords(self.passwords, context);
        let password_hash = budgets::password_hash(self.password_hash, context);
        let shutdown = shutdown::shutdown(self.shutdown, context);
        let around = sites::Around {
            portal: portal.as_ref().map(|portal| &portal.origin),
            listen: listen.as_deref().unwrap_or_default(),
            api: api.as_ref().map(|api| api.enabled),
            trusts_proxies: trusted_proxies.as_ref().map(|trusted| !trusted.networks().is_empty()),
        };
        let sites = sites::sites(self.sites, &around, context);
        let log = front::log(self.log, context);
        let domain = session.as_ref().and_then(|session| session.domain.as_ref());
        if let (Some(domain), Some(at), Some(portal), Some(sites)) =
            (domain, domain_at, &portal, &sites)
        {
            domain::covers(domain, &at, &portal.origin, sites, context)?;
        }
        let (state, outage_grace) = state?;
        Some(Settings {
            listen: listen?,
            acme: acme?,
            admin: admin?,
            portal: portal?,
            trusted_proxies: trusted_proxies?,
            secret_file: secret_file?,
            previous_secret_file: previous_secret_file?,
            keys_file: keys_file?,
            assertion: assertion?,
            accounts: accounts?,
            state,
            outage_grace,
            mail: mail?,
            registration: registration?,
            api: api?,
            sms: sms?,
            captcha: captcha?,
            connections: connections?,
            limits: limits?,
            otp: otp?,
            session: session?,
            devices: devices?,
            geoip: geoip?,
            passwords: passwords?,
            password_hash: password_hash?,
            shutdown: shutdown?,
            sites: sites?,
            log: log?,
        })
    }
}

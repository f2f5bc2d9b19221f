//! The configuration, complete: nothing is optional that has a default, nothing is a text that has a type.

use std::net::SocketAddr;
use std::num::{NonZeroU8, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretSlice, SecretString};
use url::Url;

use crate::domain::address::TrustedProxies;
use crate::domain::asking_proxy::AskingProxy;
use crate::domain::assertion::AssertionAlgorithm;
use crate::domain::bearer::Bearer;
use crate::domain::breach::OnFailure;
use crate::domain::captcha::{CaptchaRules, WidgetOf};
use crate::domain::connections::ConnectionLimits;
use crate::domain::email::EmailAddress;
use crate::domain::host::{HostName, Origin};
use crate::domain::phone::SmsRule;
use crate::domain::quota::Rate;
use crate::domain::registration::RegistrationRule;
use crate::domain::rule::Rule;
use crate::domain::size::ByteSize;

mod upstream_tls;
mod upstreams;

pub use upstream_tls::{Certificates, ClientCertificate, TlsKey, UpstreamTls};
pub use upstreams::{
    Balance, Check, Health, HttpVersion, ResponseHeader, Rewriting, Upstream, UpstreamTimeouts,
};

/// Everything that a configuration file says.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where requests come in; at least one.
    pub listen: Vec<Listen>,
    /// Who signs the certificates of listeners that leave it to ACME.
    pub acme: Option<Acme>,
    /// Where metrics and health are served, if anywhere.
    pub admin: Option<SocketAddr>,
    /// What people see.
    pub portal: Portal,
    /// The proxies in front whose forwarded headers are believed.
    pub trusted_proxies: TrustedProxies,
    /// The file of the server secret. Made at first start.
    pub secret_file: PathBuf,
    /// The file of the secret before, which still verifies.
    pub previous_secret_file: Option<PathBuf>,
    /// The file of the keys that sign identity. Made at first start.
    pub keys_file: PathBuf,
    /// The assertion that apps get.
    pub assertion: Assertion,
    /// The database of the accounts.
    pub accounts: Database,
    /// Where what passes is kept.
    pub state: State,
    /// How long who is signed in goes on while a store is away.
    pub outage_grace: Duration,
    /// How mail goes out.
    pub mail: MailSettings,
    /// Who may register.
    pub registration: RegistrationRule,
    /// The API for programs.
    pub api: Api,
    /// What forms ask for, so that programs do not send them.
    pub captcha: Captcha,
    /// What connections may cost.
    pub connections: ConnectionLimits,
    /// How text messages go out, if they do.
    pub sms: Option<Sms>,
    /// The short-window limits.
    pub limits: Limits,
    /// The codes.
    pub otp: Otp,
    /// The sessions.
    pub session: Sessions,
    /// The trusted devices.
    pub devices: Devices,
    /// The file that knows the countries of addresses (MaxMind's format), if there is one.
    pub geoip: Option<PathBuf>,
    /// What new passwords have to be.
    pub passwords: Passwords,
    /// How passwords are hashed.
    pub password_hash: PasswordHashing,
    /// How it ends.
    pub shutdown: Shutdown,
    /// The sites; at least one, no two of the same host.
    pub sites: Vec<Site>,
    /// What is logged.
    pub log: Log,
}

/// One listening address.
#[derive(Clone, Debug)]
pub struct Listen {
    /// The address; port 0 means any free one.
    pub address: SocketAddr,
    /// Whether trusted proxies say by the PROXY protocol whose each connection is.
    pub proxy_protocol: bool,
    /// What answers there.
    pub mode: ListenMode,
}

/// What answers at a listening address.
#[derive(Clone, Debug)]
pub enum ListenMode {
    /// The sites, over plain HTTP.
    Plain,
    /// The sites, over TLS.
    Tls(ListenTls),
    /// A redirect to the same address over HTTPS.
    RedirectToHttps,
}

/// How TLS is spoken at a listening address.
#[derive(Clone, Debug)]
pub struct ListenTls {
    /// Where the certificates come from.
    pub certificates: CertificateSource,
    /// The oldest version.
    pub min_version: TlsVersion,
}

/// Where the certificates of a listener come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateSource {
    /// These files; at least one pair. The first is for whoever asks for no name that another has.
    Files(Vec<CertificateFiles>),
    /// The authority that [`Settings::acme`] names.
    Acme,
}

/// The certificate authority that signs for this doorward (ACME, RFC 8555). The operator has agreed to its terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acme {
    /// Its directory.
    pub directory: Url,
    /// Whom it may write to.
    pub email: Option<EmailAddress>,
    /// Where account and certificates are kept.
    pub folder: PathBuf,
    /// What the directory's own certificate is checked against, in place of the system's authorities.
    pub ca: Option<PathBuf>,
    /// The account that the operator has there already, to which this doorward's is bound.
    pub external_account: Option<ExternalAccount>,
    /// How it sees that a name is ours.
    pub challenge: AcmeChallenge,
}

/// An account at a certificate authority that was made there (RFC 8555 section 7.3.4).
#[derive(Clone, Debug)]
pub struct ExternalAccount {
    /// How the authority calls its key.
    pub key_id: String,
    /// Where the key is.
    pub key_file: PathBuf,
    /// The key.
    pub key: SecretSlice<u8>,
}

impl PartialEq for ExternalAccount {
    fn eq(&self, other: &Self) -> bool {
        (&self.key_id, &self.key_file, self.key.expose_secret())
            == (&other.key_id, &other.key_file, other.key.expose_secret())
    }
}

impl Eq for ExternalAccount {}

/// How a certificate authority sees that a name is ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AcmeChallenge {
    /// By plain HTTP at port 80 (RFC 8555 section 8.3).
    Http01,
    /// By a TLS handshake at port 443 (RFC 8737).
    TlsAlpn01,
}

impl AcmeChallenge {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http01 => "http-01",
            Self::TlsAlpn01 => "tls-alpn-01",
        }
    }
}

/// A certificate and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The certificate chain, PEM.
    pub certificate: PathBuf,
    /// Its private key, PEM; readable by its owner alone.
    pub key: PathBuf,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsVersion {
    /// RFC 5246.
    Tls12,
    /// RFC 8446.
    Tls13,
}

/// What people see of doorward.
#[derive(Clone, Debug)]
pub struct Portal {
    /// Where sign-in lives; names in mails come from here.
    pub origin: Origin,
    /// The name above the card.
    pub name: String,
    /// A logo (SVG, PNG or WebP) shown above the card instead of the name alone.
    pub logo: Option<PathBuf>,
    /// The accent colour, `#rrggbb`.
    pub accent: Option<String>,
    /// A folder whose templates take the place of those in the binary.
    pub templates: Option<PathBuf>,
    /// Whether people sign in at `origin` for every site.
    pub single_sign_on: bool,
}

/// The assertion that apps get.
#[derive(Clone, Copy, Debug)]
pub struct Assertion {
    /// How it is signed.
    pub algorithm: AssertionAlgorithm,
    /// How long one is good.
    pub lifetime: Duration,
}

/// The database of the accounts.
#[derive(Clone, Debug)]
pub enum Database {
    /// A file of SQLite's. Made at first start.
    Sqlite(PathBuf),
    /// A database of PostgreSQL's, for any number of nodes.
    Postgres(PostgresDatabase),
}

/// Where what passes is kept: sessions, challenges, the outbox.
#[derive(Clone, Debug)]
pub enum State {
    /// A file of SQLite's; that of the accounts, if they have one.
    Embedded(PathBuf),
    /// Redis, for any number of nodes.
    Redis(Redis),
}

/// Redis, and who doorward is there.
#[derive(Clone, Debug)]
pub struct Redis {
    /// The servers.
    pub servers: RedisServers,
    /// Whether TLS is spoken, and certificates are checked.
    pub tls: bool,
    /// Certificates to trust in place of the system's.
    pub ca: Option<PathBuf>,
    /// The ACL user.
    pub username: Option<String>,
    /// The password.
    pub password: Option<SecretString>,
    /// The number of the database.
    pub database: u32,
    /// What every key begins with.
    pub prefix: String,
}

/// The servers of Redis.
#[derive(Clone, Debug)]
pub enum RedisServers {
    /// One.
    Single(RedisAddress),
    /// The primary that sentinels name.
    Sentinel {
        /// The sentinels.
        sentinels: Vec<RedisAddress>,
        /// What they call it.
        primary: String,
        /// Who doorward is to them.
        username: Option<String>,
        /// The password for them.
        password: Option<SecretString>,
    },
    /// Some servers of a Cluster.
    Cluster(Vec<RedisAddress>),
}

/// A server of Redis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedisAddress {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
}

/// A database of PostgreSQL's.
#[derive(Clone, Debug)]
pub struct PostgresDatabase {
    /// Server, database, user and how TLS is spoken; no password.
    pub url: Url,
    /// The password of the user, if there is one.
    pub password: Option<SecretString>,
    /// The most connections of one node.
    pub connections: u32,
}

/// How mail goes out.
#[derive(Clone, Debug)]
pub struct MailSettings {
    /// The name beside the sender's address.
    pub from_name: Option<String>,
    /// The sender's address.
    pub from: EmailAddress,
    /// The way.
    pub transport: MailTransport,
}

/// The way that mail goes.
#[derive(Clone, Debug)]
pub enum MailTransport {
    /// To a server.
    Smtp(Smtp),
    /// As `.eml` files into a folder, for development.
    Files(PathBuf),
    /// Into the inbox page of `doorward demo`.
    Inbox,
}

/// A mail server.
#[derive(Clone, Debug)]
pub struct Smtp {
    /// Its host, which its certificate must be for.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the conversation is protected.
    pub tls: SmtpTls,
    /// Who signs in to it.
    pub credentials: Option<SmtpCredentials>,
    /// A file of certificates (PEM) to trust beside the system's.
    pub ca: Option<PathBuf>,
    /// How long one step of the conversation may take.
    pub timeout: Duration,
}

/// How a conversation with a mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpTls {
    /// STARTTLS, required: a server that does not offer it gets no mail.
    StartTls,
    /// TLS from the first byte.
    Tls,
    /// Nothing; for loopback servers alone (S22).
    None,
}

/// Who signs in to a mail server.
#[derive(Clone, Debug)]
pub struct SmtpCredentials {
    /// The user name.
    pub username: String,
    /// The password.
    pub password: SecretString,
}

/// What forms ask for, so that programs do not send them.
#[derive(Clone, Debug)]
pub struct Captcha {
    /// What each form asks for.
    pub rules: CaptchaRules,
    /// The provider, if there is one.
    pub provider: Option<CaptchaProvider>,
}

/// A provider of captchas.
#[derive(Clone, Debug)]
pub struct CaptchaProvider {
    /// What pages load.
    pub widget: WidgetOf,
    /// The secret by which it knows doorward.
    pub secret: SecretString,
    /// Where it is asked about tokens.
    pub verify: Url,
    /// How long its answer may take.
    pub timeout: Duration,
    /// The least score that is taken, in hundredths; only of reCAPTCHA v3.
    pub least_score: u8,
}

/// How text messages go out.
#[derive(Clone, Debug)]
pub struct Sms {
    /// The account that sends them.
    pub twilio: Twilio,
    /// Where they may go, and what for.
    pub rule: SmsRule,
}

/// An account at Twilio, or at somebody who speaks like it.
#[derive(Clone, Debug)]
pub struct Twilio {
    /// Where the API is.
    pub url: Url,
    /// The account's SID.
    pub account: String,
    /// Its token.
    pub token: SecretString,
    /// Who the messages are from.
    pub from: SmsFrom,
    /// How long an answer may take.
    pub timeout: Duration,
}

/// Who text messages are from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SmsFrom {
    /// A number, or a name where countries allow one.
    Sender(String),
    /// Whatever this messaging service chooses.
    Service(String),
}

/// The short-window limits (R17).
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Sign-ins of one address.
    pub sign_in: Rate,
    /// Registrations from one address.
    pub registration: Rate,
    /// New passwords asked for from one address.
    pub reset: Rate,
    /// Codes typed from one address.
    pub verify: Rate,
    /// Further codes asked for from one address.
    pub resend: Rate,
    /// Codes requested for one destination.
    pub code_request: Rate,
    /// Codes mailed to one account.
    pub mails_account: Rate,
    /// Codes that one address has mailed.
    pub mails_address: Rate,
    /// Codes mailed in all.
    pub mails_total: Rate,
    /// Text messages to one number.
    pub sms_number: Rate,
    /// Text messages that one address has sent.
    pub sms_address: Rate,
    /// Text messages in all.
    pub sms_total: Rate,
}

/// The codes.
#[derive(Clone, Copy, Debug)]
pub struct Otp {
    /// How long a code works.
    pub lifetime: Duration,
    /// The guesses that a challenge allows.
    pub attempts: NonZeroU8,
    /// The codes that a challenge sends, the first included.
    pub sends: NonZeroU8,
    /// The wait before the second code; it doubles after that.
    pub cool_down: Duration,
}

/// The sessions.
#[derive(Clone, Debug)]
pub struct Sessions {
    /// When a session ends, whatever happens.
    pub lifetime: Duration,
    /// When an unused session ends.
    pub idle: Duration,
    /// When a remembered session ends; it has no idle end of its own.
    pub remember: Duration,
    /// The domain whose hosts share a session cookie, if they do.
    pub domain: Option<HostName>,
}

/// The trusted devices.
#[derive(Clone, Copy, Debug)]
pub struct Devices {
    /// How long a trusted device is spared the code.
    pub lifetime: Duration,
}

/// What new passwords have to be.
#[derive(Clone, Debug)]
pub struct Passwords {
    /// The fewest characters.
    pub min_length: usize,
    /// The list of stolen passwords that is asked, if one is.
    pub breached: Option<Breached>,
}

/// A list of stolen passwords.
#[derive(Clone, Debug)]
pub struct Breached {
    /// Where its ranges are; ends in a slash.
    pub url: Url,
    /// How long an answer may take.
    pub timeout: Duration,
    /// What happens when there is none.
    pub on_failure: OnFailure,
}

/// The API for programs.
#[derive(Clone, Debug)]
pub struct Api {
    /// Whether there is one.
    pub enabled: bool,
    /// The origins of pages elsewhere whose scripts may use it.
    pub origins: Vec<Origin>,
    /// Whether it is asked by GraphQL, too.
    pub graphql: bool,
    /// Whether GraphQL tells what there is to ask for.
    pub introspection: bool,
    /// How long an access token is good.
    pub access_token: Duration,
    /// How long a program stays signed in by its refresh tokens.
    pub refresh_token: Duration,
}

/// How passwords are hashed (Argon2id).
#[derive(Clone, Copy, Debug)]
pub struct PasswordHashing {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes.
    pub iterations: u32,
    /// Lanes.
    pub parallelism: u32,
    /// Hashes made at the same time.
    pub threads: NonZeroUsize,
    /// Hashes that may wait; past that sign-ins get 503 (S58).
    pub queue: usize,
}

/// How doorward ends once it is told to.
#[derive(Clone, Copy, Debug)]
pub struct Shutdown {
    /// How long requests under way may go on.
    pub grace: Duration,
    /// How long connections are still taken after the word.
    pub delay: Duration,
}

/// One site.
#[derive(Clone, Debug)]
pub struct Site {
    /// How browsers know it.
    pub origin: Origin,
    /// The apps behind; at least one, unless a proxy asks about the site.
    pub upstreams: Vec<Upstream>,
    /// The rules; the first that matches decides, and where none does the request is denied.
    pub rules: Vec<Rule>,
    /// The names of the identity headers.
    pub headers: IdentityHeaders,
    /// How the app behind is told the host.
    pub preserve_host: bool,
    /// The proxy that asks about requests to it, if one does.
    pub forward_auth: Option<AskingProxy>,
    /// Whether access tokens open it.
    pub bearer: Bearer,
    /// The largest body of a request, if there is such a limit.
    pub max_body: Option<ByteSize>,
    /// How long the app behind may take.
    pub timeouts: UpstreamTimeouts,
    /// Which of several apps a request goes to.
    pub balance: Balance,
    /// When an app that fails is left out, and how it is checked.
    pub health: Health,
    /// How apps are recognised over TLS.
    pub upstream_tls: UpstreamTls,
    /// The version of HTTP that apps speak.
    pub http: HttpVersion,
    /// How many requests one HTTP/2 connection to an app carries at a time.
    pub max_h2_streams: u32,
    /// How long browsers are to reach it over HTTPS alone; zero has them forget that they were told so.
    pub hsts: Duration,
    /// What is changed between browsers and the app.
    pub rewriting: Rewriting,
}

impl Site {
    /// The host by which requests find it.
    pub const fn host(&self) -> &HostName {
        &self.origin.host
    }
}

/// The names under which an app gets the identity; in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityHeaders {
    /// The username.
    pub user: http::HeaderName,
    /// The e-mail address.
    pub email: http::HeaderName,
    /// The full name.
    pub name: http::HeaderName,
    /// The groups, separated by commas.
    pub groups: http::HeaderName,
    /// The assertion, if the app gets one.
    pub assertion: Option<http::HeaderName>,
}

/// The name of the assertion's header, unless the site has another.
pub const ASSERTION: &str = "x-doorward-assertion";

impl Default for IdentityHeaders {
    fn default() -> Self {
        Self {
            user: http::HeaderName::from_static("remote-user"),
            email: http::HeaderName::from_static("remote-email"),
            name: http::HeaderName::from_static("remote-name"),
            groups: http::HeaderName::from_static("remote-groups"),
            assertion: Some(http::HeaderName::from_static(ASSERTION)),
        }
    }
}

/// What is logged.
#[derive(Clone, Debug)]
pub struct Log {
    /// In which form.
    pub format: LogFormat,
    /// How much: a `tracing` filter such as `info` or `doorward=debug`.
    pub filter: String,
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people at a terminal.
    Human,
}

impl Default for Api {
    fn default() -> Self {
        Self {
            enabled: false,
            origins: Vec::new(),
            graphql: false,
            introspection: false,
            access_token: Duration::from_secs(15 * 60),
            refresh_token: Duration::from_secs(30 * 86_400),
        }
    }
}

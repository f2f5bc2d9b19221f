//! Mail to a server by SMTP (RFC 5321), submission as RFC 6409 and RFC 8314 have it.
//!
//! The conversation is lettre's; the connections are kept here. lettre's own asynchronous pool knows no time limit
//! past connecting, takes a connection back whose delivery was cancelled in the middle of a mail, and does not tell a
//! refused password from a refused mail. Here every step has its limit and its name, and a connection is used
//! again only after a mail that went through.

use std::future::Future;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{
    AsyncSmtpConnection, Certificate, TlsParameters, TlsParametersBuilder,
};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

use super::message::RenderedMail;
use super::reply::{Step, failure, too_slow};
use super::transport::{DeliveryError, TransportError};

/// A mail server, and how to talk to it.
#[derive(Clone, Debug)]
pub struct SmtpSettings {
    /// Its host: a name or an address, which its certificate must be for.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the conversation is protected.
    pub security: SmtpSecurity,
    /// Who signs in to it.
    pub credentials: Option<SmtpCredentials>,
    /// A file of certificates (PEM) to trust beside the system's.
    pub ca: Option<PathBuf>,
    /// How long one step of the conversation may take. The worker bounds all of them together by its lease.
    pub timeout: Duration,
}

/// How a conversation with a mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpSecurity {
    /// STARTTLS, required: a server that does not offer it gets no mail and no password.
    StartTls,
    /// TLS from the first byte.
    Tls,
    /// Nothing; goes to loopback addresses alone, whatever the host's name resolves to (S22).
    Plaintext,
}

/// Who signs in to a mail server.
#[derive(Clone, Debug)]
pub struct SmtpCredentials {
    /// The user name.
    pub username: String,
    /// The password.
    pub password: SecretString,
}

/// The way to a mail server.
pub struct Smtp {
    settings: SmtpSettings,
    tls: Option<TlsParameters>,
    credentials: Option<Credentials>,
    hello: ClientId,
    idle: Mutex<Vec<Idle>>,
}

struct Idle {
    connection: AsyncSmtpConnection,
    since: Instant,
}

impl Smtp {
    /// The most connections that wait for a further mail.
    const MAX_IDLE: usize = 4;
    /// How long one waits. Servers hang up after five minutes (RFC 5321 section 4.5.3.2), some sooner.
    const IDLE_FOR: Duration = Duration::from_secs(30);

    /// The way that `settings` describe. Reads the certificates to trust; connects to nothing.
    pub fn new(settings: SmtpSettings) -> Result<Self, TransportError> {
        let tls = match settings.security {
            SmtpSecurity::StartTls | SmtpSecurity::Tls => Some(tls_parameters(&settings)?),
            SmtpSecurity::Plaintext => None,
        };
        let credentials = settings.credentials.as_ref().map(|credentials| {
            let password = credentials.password.expose_secret().to_owned();
            Credentials::new(credentials.username.clone(), password)
        });
        let (hello, idle) = (ClientId::default(), Mutex::default());
        Ok(Self { settings, tls, credentials, hello, idle })
    }

    /// Hands the mail over to the server. Cancel-safe: a connection is this delivery's own until the mail is through.
    pub async fn deliver(&self, mail: &RenderedMail) -> Result<(), DeliveryError> {
        let mut connection = match self.waiting().await {
            Some(connection) => connection,
            None => self.connect(mail).await?,
        };
        match self.converse(&mut connection, mail).await {
            Ok(()) => {
                self.keep(connection);
                Ok(())
            }
            Err(error) => {
                // A word of farewell, if the server still listens; the mail's fate is known already.
                let _ = tokio::time::timeout(Duration::from_secs(1), connection.abort()).await;
                Err(error)
            }
        }
    }

    async fn connect(&self, mail: &RenderedMail) -> Result<AsyncSmtpConnection, DeliveryError> {
        let addresses = self.resolve().await?;
        let mut connection = self.step(Step::Connect, mail, self.open(&addresses)).await?;
        if let Some(credentials) = &self.credentials {
            let signing_in = connection.auth(DEFAULT_MECHANISMS, credentials);
            self.step(Step::SignIn, mail, signing_in).await?;
        }
        Ok(connection)
    }

    /// The server's addresses. Without TLS nothing leaves this machine, even when `localhost` resolves to another
    /// one (S22).
    async fn resolve(&self) -> Result<Vec<SocketAddr>, DeliveryError> {
        let SmtpSettings { host, port, timeout, .. } = &self.settings;
        let looking = tokio::net::lookup_host((bare(host), *port));
        let found = match tokio::time::timeout(*timeout, looking).await {
            Ok(Ok(found)) => found,
            Ok(Err(error)) => {
                return Err(DeliveryError::Transient(format!("looking up {host}: {error}")));
            }
            Err(_) => return Err(too_slow(Step::Connect, *timeout)),
        };
        let plaintext = self.settings.security == SmtpSecurity::Plaintext;
        let allowed: Vec<_> =
            found.filter(|at| !plaintext || at.ip().to_canonical().is_loopback()).collect();
        if allowed.is_empty() {
            let error = format!("{host} has no address that mail may go to without TLS");
            return Err(DeliveryError::Misconfigured(error));
        }
        Ok(allowed)
    }

    async fn open(&self, addresses: &[SocketAddr]) -> Result<AsyncSmtpConnection, SmtpError> {
        // Each address gets its share of the time, so that a dead one does not hide the next.
        let share = self.settings.timeout / u32::try_from(addresses.len()).unwrap_or(1).max(1);
        let connect = |tls| {
            AsyncSmtpConnection::connect_tokio1(addresses, Some(share), &self.hello, tls, None)
        };
        match (self.settings.security, self.tls.clone()) {
            (SmtpSecurity::StartTls, Some(tls)) => {
                let mut connection = connect(None).await?;
                connection.starttls(tls, &self.hello).await?;
                Ok(connection)
            }
            (_, tls) => connect(tls).await,
        }
    }

    async fn converse(
        &self,
        connection: &mut AsyncSmtpConnection,
        mail: &RenderedMail,
    ) -> Result<(), DeliveryError> {
        let message = mail.as_lettre();
        let envelope = message.envelope();
        let content = message.formatted();
        let eight_bit = !content.is_ascii()
            && connection.server_info().supports_feature(Extension::EightBitMime);
        let options = if eight_bit {
            vec![MailParameter::Body(MailBodyParameter::EightBitMime)]
        } else {
            vec![]
        };
        let sender = Mail::new(envelope.from().cloned(), options);
        self.step(Step::Sender, mail, connection.command(sender)).await?;
        for recipient in envelope.to() {
            let recipient = Rcpt::new(recipient.clone(), vec![]);
            self.step(Step::Recipient, mail, connection.command(recipient)).await?;
        }
        self.step(Step::Content, mail, connection.command(Data)).await?;
        self.step(Step::Content, mail, connection.message(&content)).await?;
        Ok(())
    }

    /// Does one step of the conversation in its time.
    async fn step<T>(
        &self,
        step: Step,
        mail: &RenderedMail,
        doing: impl Future<Output = Result<T, SmtpError>>,
    ) -> Result<T, DeliveryError> {
        match tokio::time::timeout(self.settings.timeout, doing).await {
            Ok(done) => done.map_err(|error| failure(step, &error, mail.to())),
            Err(_) => Err(too_slow(step, self.settings.timeout)),
        }
    }

    /// A connection that waits for a further mail and still answers.
    async fn waiting(&self) -> Option<AsyncSmtpConnection> {
        loop {
            let mut waiting = self.idle().pop()?;
            let fresh = waiting.since.elapsed() < Self::IDLE_FOR;
            let answering =
                tokio::time::timeout(Duration::from_secs(2), waiting.connection.test_connected());
            if fresh && answering.await.unwrap_or(false) {
                return Some(waiting.connection);
            }
        }
    }

    fn keep(&self, connection: AsyncSmtpConnection) {
        let mut idle = self.idle();
        idle.retain(|waiting| waiting.since.elapsed() < Self::IDLE_FOR);
        if idle.len() < Self::MAX_IDLE && !connection.has_broken() {
            idle.push(Idle { connection, since: Instant::now() });
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Smtp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Smtp").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// Certificate and host name are checked always (S22); the settings have no way to say otherwise.
fn tls_parameters(settings: &SmtpSettings) -> Result<TlsParameters, TransportError> {
    let mut builder = TlsParametersBuilder::new(bare(&settings.host).to_owned());
    if let Some(path) = &settings.ca {
        builder = builder.add_root_certificate(certificates(path)?);
    }
    builder.build_rustls().map_err(TransportError::Tls)
}

fn certificates(path: &Path) -> Result<Certificate, TransportError> {
    let pem = std::fs::read(path)
        .map_err(|cause| TransportError::File { path: path.to_owned(), cause })?;
    let has_one = pem.windows(27).any(|window| window == b"-----BEGIN CERTIFICATE-----");
    let parsed = Certificate::from_pem(&pem).ok().filter(|_| has_one);
    parsed.ok_or_else(|| TransportError::NoCertificates(path.to_owned()))
}

/// An IPv6 address without the brackets that it has beside a port.
fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host)
}

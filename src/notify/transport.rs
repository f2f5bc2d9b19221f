//! The ways that a mail goes, and what may come of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use tokio::io::AsyncWriteExt;

use super::inbox::Inbox;
use super::message::RenderedMail;
use super::smtp::{Smtp, SmtpSettings};

/// Takes mails on their way.
#[async_trait]
pub trait Deliver: Send + Sync {
    /// Hands the mail over, whole and once, to whoever brings it further. Cancel-safe: a delivery that is given up
    /// halfway does no harm to the next.
    async fn deliver(&self, mail: &RenderedMail) -> Result<(), DeliveryError>;
}

/// A mail was not taken. The text is for the log: it holds no address and no code (S12).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// It never will be: trying again is of no use.
    #[error("refused for good: {0}")]
    Permanent(String),
    /// Not now: the other side is away, busy or slow.
    #[error("not taken now: {0}")]
    Transient(String),
    /// Not before somebody has changed a setting, here or there: the certificate, the password, the sender.
    #[error("cannot be delivered as things are set up: {0}")]
    Misconfigured(String),
}

/// Which way mails are to go.
#[derive(Clone, Debug)]
pub enum TransportSettings {
    /// To a mail server.
    Smtp(SmtpSettings),
    /// As `.eml` files into a folder, for development. Made if it is not there.
    Files(PathBuf),
    /// Into the inbox of the demo.
    Inbox(Arc<Inbox>),
}

/// A way that mails go.
#[derive(Debug)]
pub enum Transport {
    /// To a mail server.
    Smtp(Box<Smtp>),
    /// As `.eml` files into a folder.
    Files(PathBuf),
    /// Into the inbox of the demo.
    Inbox(Arc<Inbox>),
}

/// The settings of a transport do not work.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// A file or folder cannot be used.
    #[error("cannot use {}: {cause}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        cause: std::io::Error,
    },
    /// The certificates to trust are none.
    #[error("{} holds no certificates to trust (PEM)", .0.display())]
    NoCertificates(PathBuf),
    /// TLS could not be set up.
    #[error("TLS to the mail server cannot be set up: {0}")]
    Tls(lettre::transport::smtp::Error),
}

impl Transport {
    /// The transport of these settings. No mail server is asked yet: it may be away when doorward starts.
    pub fn new(settings: TransportSettings) -> Result<Self, TransportError> {
        match settings {
            TransportSettings::Smtp(settings) => Ok(Self::Smtp(Box::new(Smtp::new(settings)?))),
            TransportSettings::Files(folder) => match std::fs::create_dir_all(&folder) {
                Ok(()) => Ok(Self::Files(folder)),
                Err(cause) => Err(TransportError::File { path: folder, cause }),
            },
            TransportSettings::Inbox(inbox) => Ok(Self::Inbox(inbox)),
        }
    }
}

#[async_trait]
impl Deliver for Transport {
    async fn deliver(&self, mail: &RenderedMail) -> Result<(), DeliveryError> {
        match self {
            Self::Smtp(smtp) => smtp.deliver(mail).await,
            Self::Files(folder) => write_file(folder, mail).await.map_err(|error| {
                DeliveryError::Transient(format!("cannot write to {}: {error}", folder.display()))
            }),
            Self::Inbox(inbox) => {
                inbox.keep(mail);
                Ok(())
            }
        }
    }
}

/// Whoever watches the folder sees a mail whole or not at all; nobody else on the machine reads its code.
async fn write_file(folder: &Path, mail: &RenderedMail) -> std::io::Result<()> {
    let unfinished = folder.join(format!(".{}.tmp", mail.id()));
    let mut options = tokio::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    options.mode(0o600);
    let mut file = options.open(&unfinished).await?;
    file.write_all(&mail.as_lettre().formatted()).await?;
    file.sync_all().await?;
    tokio::fs::rename(&unfinished, folder.join(format!("{}.eml", mail.id()))).await
}

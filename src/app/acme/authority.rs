//! The certificate authority, as it is asked: the account, orders, and when it would have a certificate renewed.

use std::sync::Arc;
use std::time::Duration;

use instant_acme::{
    Account, AuthorizationStatus, CertificateIdentifier, ChallengeType, Identifier, Key, NewOrder,
    Order, OrderStatus, RetryPolicy,
};
use rustls::pki_types::PrivatePkcs8KeyDer;
use zeroize::Zeroizing;

use super::folder::{Folder, FolderError};
use crate::config::settings;
use crate::domain::host::HostName;
use crate::domain::time::Timestamp;
use crate::proxy::tls::{Certificate, CertificateError, Challenges};

/// How long the authority may take to see that a name is ours, and to sign.
const PATIENCE: RetryPolicy = RetryPolicy::new()
    .initial_delay(Duration::from_millis(500))
    .backoff(1.5)
    .timeout(Duration::from_secs(60));
/// How long it may take to say when to renew.
const ASK: Duration = Duration::from_secs(20);
/// How long one order may take as a whole.
const ORDER: Duration = Duration::from_secs(180);

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub(super) enum OrderError {
    /// The key of the account cannot be kept.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The authority refused, or could not be asked.
    #[error("the authority: {0}")]
    Authority(#[from] instant_acme::Error),
    /// It does not take what we can answer.
    #[error("the authority offers no http-01 challenge")]
    NoChallenge,
    /// It did not find its challenge answered.
    #[error(
        "the authority did not see that the name is ours ({0}): port 80 of the name has to reach a listener with \
         redirect_to_https"
    )]
    NotOurs(String),
    /// What it sent is no certificate.
    #[error("what the authority sent: {0}")]
    Certificate(#[from] CertificateError),
    /// It is one for somebody else.
    #[error("what the authority sent is not for this name")]
    OfAnother,
    /// It took too long.
    #[error("the authority took longer than {} seconds", ORDER.as_secs())]
    Late,
}

/// Key and chain in one text, as they are kept, and what they come to.
pub(super) struct Issued {
    pub(super) pem: Zeroizing<String>,
    pub(super) certificate: Certificate,
}

/// The authority.
pub(super) struct Authority {
    settings: settings::Acme,
    challenges: Arc<Challenges>,
    account: Option<Account>,
}

impl Authority {
    pub(super) fn new(settings: settings::Acme) -> Self {
        Self { settings, challenges: Arc::default(), account: None }
    }

    /// What it asks to see that a name is ours, while an order is under way.
    pub(super) fn challenges(&self) -> Arc<Challenges> {
        Arc::clone(&self.challenges)
    }

    /// Has a certificate made.
    pub(super) async fn certify(
        &mut self,
        name: &HostName,
        folder: &Folder,
    ) -> Result<Issued, OrderError> {
        let ordered = tokio::time::timeout(ORDER, self.order(name, folder)).await;
        self.challenges.clear();
        let ordered = ordered.unwrap_or(Err(OrderError::Late));
        if ordered.is_err() {
            // It may no longer know the account: it is looked for anew the next time.
            self.account = None;
        }
        ordered
    }

    async fn order(&mut self, name: &HostName, folder: &Folder) -> Result<Issued, OrderError> {
        let account = self.account(folder).await?;
        let identifiers = [identifier(name)];
        let mut order = account.new_order(&NewOrder::new(&identifiers)).await?;
        let mut authorizations = order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let mut authorization = authorization?;
            if authorization.status == AuthorizationStatus::Valid {
                continue;
            }
            let challenge = authorization.challenge(ChallengeType::Http01);
            let mut challenge = challenge.ok_or(OrderError::NoChallenge)?;
            self.challenges.set(&challenge.token, challenge.key_authorization().as_str());
            challenge.set_ready().await?;
        }
        match order.poll_ready(&PATIENCE).await {
            Ok(OrderStatus::Ready) => {}
            Ok(_) => return Err(not_ours(&mut order, None).await),
            Err(error) => return Err(not_ours(&mut order, Some(error)).await),
        }
        let key = Zeroizing::new(order.finalize().await?);
        let chain = order.poll_certificate(&PATIENCE).await?;
        let pem = Zeroizing::new(format!("{}\n{chain}", key.trim_end()));
        let certificate = Certificate::from_pem(pem.as_bytes(), pem.as_bytes())?;
        if !certificate.covers(name.as_str()) {
            return Err(OrderError::OfAnother);
        }
        Ok(Issued { pem, certificate })
    }

    /// The time in which it would have a certificate renewed (RFC 9773), if it says so.
    pub(super) async fn proposes(
        &mut self,
        certificate: &Certificate,
        folder: &Folder,
    ) -> Option<(Timestamp, Timestamp)> {
        let id = CertificateIdentifier::try_from(certificate.own()?).ok()?;
        let asking = async { self.account(folder).await.ok()?.renewal_info(&id).await.ok() };
        let (info, _) = tokio::time::timeout(ASK, asking).await.ok()??;
        let window = info.suggested_window;
        let at = |seconds: i64| Timestamp::from_millis(seconds.saturating_mul(1000));
        Some((at(window.start.unix_timestamp()), at(window.end.unix_timestamp())))
    }

    /// The account of the key that is kept. The key is kept before the authority hears of it, and an account is found by its
    /// key: whatever ends the process in between, there is one account.
    async fn account(&mut self, folder: &Folder) -> Result<Account, OrderError> {
        if let Some(account) = &self.account {
            return Ok(account.clone());
        }
        let (key, pkcs8) = match folder.account_key()? {
            Some(pkcs8) => (Key::from_pkcs8_der(pkcs8.clone_key())?, pkcs8),
            None => {
                let (key, pkcs8) = Key::generate_pkcs8()?;
                folder.keep_account_key(&pkcs8)?;
                (key, pkcs8)
            }
        };
        let builder = match &self.settings.ca {
            Some(ca) => Account::builder_with_root(ca)?,
            None => Account::builder()?,
        };
        // It says that the terms are agreed to; the configuration is not read without the operator's word.
        let key = (key, pkcs8_of(pkcs8));
        let (account, _) =
            builder.create_from_key(key, self.settings.directory.to_string()).await?;
        if let Some(email) = &self.settings.email {
            account.update_contacts(&[&format!("mailto:{email}")]).await?;
        }
        Ok(self.account.insert(account).clone())
    }
}

fn pkcs8_of(key: PrivatePkcs8KeyDer<'static>) -> rustls::pki_types::PrivateKeyDer<'static> {
    key.into()
}

/// Why the authority says that a name is not ours; `error` is why it could not be asked.
async fn not_ours(order: &mut Order, error: Option<instant_acme::Error>) -> OrderError {
    let mut authorizations = order.authorizations();
    while let Some(Ok(authorization)) = authorizations.next().await {
        let failed = authorization.challenges.iter().find_map(|one| one.error.as_ref());
        if let Some(problem) = failed {
            return OrderError::NotOurs(problem.to_string());
        }
    }
    match error {
        Some(error) => error.into(),
        None => OrderError::NotOurs("it gives no reason".to_owned()),
    }
}

fn identifier(name: &HostName) -> Identifier {
    let bare = name.as_str().trim_start_matches('[').trim_end_matches(']');
    bare.parse().map_or_else(|_| Identifier::Dns(name.to_string()), Identifier::Ip)
}

//! The certificate authority, as it is asked: the account, orders, and when it would have a certificate renewed.

use std::sync::Arc;
use std::time::Duration;

use instant_acme::{
    Account, AccountBuilder, AuthorizationStatus, CertificateIdentifier, ChallengeType,
    ExternalAccountKey, Identifier, Key, NewAccount, NewOrder, Order, OrderStatus, RetryPolicy,
};
use secrecy::ExposeSecret;
use url::Url;
use zeroize::Zeroizing;

use super::folder::{Folder, FolderError};
use crate::config::settings::{self, AcmeChallenge};
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
    #[error("there is no {0} challenge for this name")]
    NoChallenge(&'static str),
    /// It did not find its challenge answered.
    #[error(
        "the authority did not see that the name is ours ({0}): port 80 of the name has to reach a listener with \
         redirect_to_https, or, where there is none, port 443 the one with `tls: acme`"
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

    /// The authority that `settings` name now; it is answered as it was.
    pub(super) fn renew(&mut self, settings: settings::Acme) {
        let challenge = self.settings.challenge;
        self.settings = settings::Acme { challenge, ..settings };
        self.account = None;
    }

    /// By what it is told from others: its directory.
    pub(super) fn is_at(&self, directory: &Url) -> bool {
        self.settings.directory == *directory
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
            let kind = self.settings.challenge;
            let challenge = authorization.challenge(match kind {
                AcmeChallenge::Http01 => ChallengeType::Http01,
                AcmeChallenge::TlsAlpn01 => ChallengeType::TlsAlpn01,
            });
            let mut challenge = challenge.ok_or(OrderError::NoChallenge(kind.as_str()))?;
            let answer = challenge.key_authorization();
            match kind {
                AcmeChallenge::Http01 => self.challenges.set(&challenge.token, answer.as_str()),
                AcmeChallenge::TlsAlpn01 => {
                    if !self.challenges.set_certificate(name.as_str(), answer.digest().as_ref()) {
                        return Err(OrderError::NoChallenge(kind.as_str()));
                    }
                }
            }
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

    /// The account of the key that is kept, or a new one.
    async fn account(&mut self, folder: &Folder) -> Result<Account, OrderError> {
        if let Some(account) = &self.account {
            return Ok(account.clone());
        }
        let account = match self.settings.external_account.clone() {
            None => self.account_of_its_own(folder).await?,
            Some(external) => self.account_bound_to(&external, folder).await?,
        };
        if let Some(email) = &self.settings.email {
            account.update_contacts(&[&format!("mailto:{email}")]).await?;
        }
        Ok(self.account.insert(account).clone())
    }

    /// The key is kept before the authority hears of it, and an account is found by its key: whatever ends the process in
    /// between, there is one account.
    async fn account_of_its_own(&self, folder: &Folder) -> Result<Account, OrderError> {
        let (key, pkcs8) = match folder.account_key()? {
            Some(pkcs8) => (Key::from_pkcs8_der(pkcs8.clone_key())?, pkcs8),
            None => {
                let (key, pkcs8) = Key::generate_pkcs8()?;
                folder.keep_account_key(&pkcs8)?;
                (key, pkcs8)
            }
        };
        // It says that the terms are agreed to; the configuration is not read without the operator's word.
        let key = (key, pkcs8.into());
        let created = self.builder()?.create_from_key(key, self.settings.directory.to_string());
        Ok(created.await?.0)
    }

    /// The same where the authority wants to know whose it is (RFC 8555 section 7.3.4). The library makes the key of an
    /// account that is bound itself, so it is kept a moment later.
    async fn account_bound_to(
        &self,
        external: &settings::ExternalAccount,
        folder: &Folder,
    ) -> Result<Account, OrderError> {
        let directory = self.settings.directory.to_string();
        if let Some(pkcs8) = folder.account_key()? {
            let key = (Key::from_pkcs8_der(pkcs8.clone_key())?, pkcs8.into());
            match self.builder()?.from_key(key, directory.clone()).await {
                Ok((account, _)) => return Ok(account),
                Err(instant_acme::Error::Api(problem)) if is_unknown(&problem) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let new =
            NewAccount { contact: &[], terms_of_service_agreed: true, only_return_existing: false };
        let key = ExternalAccountKey::new(external.key_id.clone(), external.key.expose_secret());
        let created = self.builder()?.create(&new, directory, Some(&key)).await?;
        let (account, credentials) = created;
        folder.keep_account_key(credentials.private_key())?;
        Ok(account)
    }

    fn builder(&self) -> Result<AccountBuilder, OrderError> {
        Ok(match &self.settings.ca {
            Some(ca) => Account::builder_with_root(ca)?,
            None => Account::builder()?,
        })
    }
}

/// Whether the authority has no account of a key.
fn is_unknown(problem: &instant_acme::Problem) -> bool {
    problem.r#type.as_deref() == Some("urn:ietf:params:acme:error:accountDoesNotExist")
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

//! The use cases: each takes what somebody wants and says what came of it. No page, no header, no socket.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use crate::domain::address::counted_as;
use crate::domain::audit::{AuditEvent, AuditResult};
use crate::domain::budget::{DelayRule, GuessBudget};
use crate::domain::challenge::ResendRule;
use crate::domain::entropy::SharedEntropy;
use crate::domain::keys::KeyRing;
use crate::domain::phone::SmsRule;
use crate::domain::place::Places;
use crate::domain::quota::{Quota, Rate};
use crate::domain::registration::RegistrationRule;
use crate::domain::secret::FlowSecret;
use crate::domain::session::Lifetime;
use crate::store::{Accounts, Flow, LimitName};
use crate::telemetry::metrics::metrics;

pub mod account;
pub mod answer;
mod audit;
mod backup_codes;
pub mod captcha;
mod challenge;
pub mod code;
pub mod device;
pub mod draft;
pub mod fresh;
pub mod invite;
pub mod link;
pub mod new_password;
pub mod not_me;
mod notice;
pub mod number;
pub mod own_account;
pub mod own_email;
pub mod own_password;
pub mod password;
pub mod phone;
mod read_again;
pub mod refresh;
pub mod register;
pub mod register_verified;
pub mod reset;
pub mod second_step;
mod session_cache;
pub mod sessions;
pub mod sign_in;
pub mod sign_out;
pub mod streams;
pub mod ticket;
pub mod tokens;
mod unusual;
mod uses;

pub use crate::store::StoreError;

use audit::Attempt;
use captcha::Captchas;
use new_password::PasswordChecks;
use password::PasswordHasher;
pub use session_cache::Hearing;
use session_cache::SessionCache;
use sign_in::Context;
use uses::Uses;

/// What the use cases need to know of the configuration.
#[derive(Clone, Copy, Debug)]
pub struct AuthSettings {
    /// How long a code works.
    pub code_lifetime: Duration,
    /// The guesses that a challenge allows.
    pub attempts: std::num::NonZeroU8,
    /// When a further code may be sent.
    pub resend: ResendRule,
    /// How long a session lives.
    pub session: Lifetime,
    /// How long a remembered session lives.
    pub remembered: Lifetime,
    /// How long a session lives that a program keeps, as long as it asks for new access tokens.
    pub program: Lifetime,
    /// How long a trusted device is spared the code.
    pub trusted_for: Duration,
    /// The guesses at codes that an account takes.
    pub budget: GuessBudget,
    /// The waits after wrong passwords.
    pub delay: DelayRule,
    /// The short-window limits.
    pub limits: RateLimits,
    /// How long who is signed in goes on while a store is away.
    pub outage_grace: Duration,
}

/// The short-window limits (R17).
#[derive(Clone, Copy, Debug)]
pub struct RateLimits {
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
    /// Forms from one address that waited in place of a sum.
    pub waits_address: Rate,
    /// The same in all.
    pub waits_total: Rate,
}

impl RateLimits {
    const fn rate(&self, limit: LimitName) -> Rate {
        match limit {
            LimitName::SignIn => self.sign_in,
            LimitName::Registration => self.registration,
            LimitName::Reset => self.reset,
            LimitName::Verify => self.verify,
            LimitName::Resend => self.resend,
            LimitName::CodeRequest => self.code_request,
            LimitName::MailsAccount => self.mails_account,
            LimitName::MailsAddress => self.mails_address,
            LimitName::SmsNumber => self.sms_number,
            LimitName::SmsAddress => self.sms_address,
            // Each beginning of numbers has a cap of its own.
            LimitName::SmsTotal | LimitName::SmsPrefix => self.sms_total,
            LimitName::WaitsAddress => self.waits_address,
            LimitName::WaitsTotal => self.waits_total,
            // Notes and captchas have rates of their own.
            LimitName::MailsTotal | LimitName::Noted | LimitName::Captcha => self.mails_total,
        }
    }
}

/// Everything that the use cases work with.
pub struct Auth {
    accounts: Arc<dyn Accounts>,
    flow: Arc<dyn Flow>,
    keys: Arc<KeyRing>,
    hasher: Arc<PasswordHasher>,
    passwords: PasswordChecks,
    captchas: Captchas,
    sms: Option<SmsRule>,
    cache: Arc<SessionCache>,
    uses: Arc<Uses>,
    entropy: SharedEntropy,
    settings: AuthSettings,
    registration: RegistrationRule,
    mail_waits: Arc<Notify>,
    places: Arc<dyn Places>,
}

/// What [`Auth`] is made of.
pub struct AuthParts {
    /// The durable store.
    pub accounts: Arc<dyn Accounts>,
    /// The store of what passes.
    pub flow: Arc<dyn Flow>,
    /// The keys.
    pub keys: Arc<KeyRing>,
    /// The pool that hashes passwords.
    pub hasher: PasswordHasher,
    /// What new passwords have to pass.
    pub passwords: PasswordChecks,
    /// What forms ask for, so that programs do not send them.
    pub captchas: Captchas,
    /// Text messages, if any are sent.
    pub sms: Option<SmsRule>,
    /// The source of randomness.
    pub entropy: SharedEntropy,
    /// The configuration.
    pub settings: AuthSettings,
    /// Who may register.
    pub registration: RegistrationRule,
    /// Told when a mail was written to the outbox.
    pub mail_waits: Arc<Notify>,
    /// Knows countries.
    pub places: Arc<dyn Places>,
    /// The longest time for which what was read of a session is relied on, where other processes may change it.
    pub trusted_for: Option<Duration>,
}

/// What another configuration makes different.
pub struct AuthChanges {
    /// Another pool that hashes passwords, if it is to have other settings.
    pub hasher: Option<PasswordHasher>,
    /// What new passwords have to pass.
    pub passwords: PasswordChecks,
    /// What forms ask for, so that programs do not send them.
    pub captchas: Captchas,
    /// Text messages, if any are sent.
    pub sms: Option<SmsRule>,
    /// The configuration.
    pub settings: AuthSettings,
    /// Who may register.
    pub registration: RegistrationRule,
    /// Knows countries.
    pub places: Arc<dyn Places>,
}

/// A request past its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limited {
    /// When to come back.
    pub retry_after: Duration,
}

impl Auth {
    /// The use cases over `parts`.
    pub fn new(parts: AuthParts) -> Self {
        Self {
            accounts: parts.accounts,
            flow: parts.flow,
            keys: parts.keys,
            hasher: Arc::new(parts.hasher),
            passwords: parts.passwords,
            captchas: parts.captchas,
            sms: parts.sms,
            cache: Arc::new(SessionCache::new(parts.trusted_for)),
            uses: Arc::default(),
            entropy: parts.entropy,
            settings: parts.settings,
            registration: parts.registration,
            mail_waits: parts.mail_waits,
            places: parts.places,
        }
    }

    /// The same use cases as another configuration wants them: over the same stores and keys, and with the same
    /// sessions in the cache. What is counted goes on, so that nobody gains a guess by it (S57); so does the pool that
    /// hashes passwords, unless `changes` brings another.
    pub fn reconfigured(&self, changes: AuthChanges) -> Self {
        Self {
            accounts: Arc::clone(&self.accounts),
            flow: Arc::clone(&self.flow),
            keys: Arc::clone(&self.keys),
            hasher: changes.hasher.map_or_else(|| Arc::clone(&self.hasher), Arc::new),
            passwords: changes.passwords,
            captchas: changes.captchas,
            sms: changes.sms,
            cache: Arc::clone(&self.cache),
            uses: Arc::clone(&self.uses),
            entropy: Arc::clone(&self.entropy),
            settings: changes.settings,
            registration: changes.registration,
            mail_waits: Arc::clone(&self.mail_waits),
            places: changes.places,
        }
    }

    /// The keys.
    pub fn keys(&self) -> &KeyRing {
        &self.keys
    }

    /// A secret for a browser that has none yet.
    pub fn new_flow(&self) -> FlowSecret {
        FlowSecret::generate(&*self.entropy)
    }

    /// Hears for the cache of sessions what others change in one store.
    pub fn hearing(&self) -> Hearing {
        self.cache.hearing()
    }

    /// Forgets every cached session: what is asserted of them may be so no longer.
    pub fn forget_cached(&self) {
        self.cache.clear();
    }

    /// Counts one event of `key`; an `Err` in the `Ok` says that the limit is passed.
    async fn within(
        &self,
        limit: LimitName,
        key: &str,
        context: &Context<'_>,
    ) -> Result<Result<(), Limited>, StoreError> {
        let rate = self.settings.limits.rate(limit);
        match self.flow.count_quota(limit, key, rate, context.now).await? {
            Quota::Within => Ok(Ok(())),
            Quota::Exceeded { retry_after } => {
                metrics().limit(limit.as_str());
                self.note_limit(limit, key, context).await?;
                Ok(Err(Limited { retry_after }))
            }
        }
    }

    /// Remembers that a limit was passed: once a minute for each who does, so that a flood does not fill the audit.
    async fn note_limit(
        &self,
        limit: LimitName,
        key: &str,
        context: &Context<'_>,
    ) -> Result<(), StoreError> {
        let Some(rate) = Rate::new(NonZeroU32::MIN, Duration::from_secs(60)) else { return Ok(()) };
        let key = format!("{} {key}", limit.as_str());
        match self.flow.count_quota(LimitName::Noted, &key, rate, context.now).await? {
            Quota::Exceeded { .. } => Ok(()),
            Quota::Within => {
                let passed = Attempt::of(AuditEvent::RateLimit, AuditResult::Limited, None);
                self.remember(passed, context).await
            }
        }
    }

    /// Whether one more code may be mailed: by the limits of who asks for it, of whom it is for, and of all (R2).
    async fn may_mail(
        &self,
        counted: &str,
        context: &Context<'_>,
    ) -> Result<Result<(), Limited>, StoreError> {
        let address = counted_as(context.client.address).to_string();
        for (limit, key) in [
            // First, so that an address past its own limit uses up nobody else's.
            (LimitName::MailsAddress, address.as_str()),
            (LimitName::MailsAccount, counted),
            (LimitName::MailsTotal, ""),
        ] {
            if let Err(limited) = self.within(limit, key, context).await? {
                return Ok(Err(limited));
            }
        }
        Ok(Ok(()))
    }
}

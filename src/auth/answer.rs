//! A challenge is answered, by code or by link: what comes of it.

use crate::domain::account::Account;
use crate::domain::audit::{AuditEvent, AuditResult};
use crate::domain::challenge::{Aim, Challenge, Grant, Purpose, Subject};
use crate::domain::id::SessionId;
use crate::domain::phone::CodesBy;
use crate::domain::return_to::ReturnTo;
use crate::domain::secret::FlowSecret;
use crate::domain::session::{Assurance, Method, Session};
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::telemetry::metrics::{CodeEvent, SigninResult, SigninStep, metrics};

use super::Auth;
use super::audit::Attempt;
use super::code::CodeOutcome;
use super::sessions::{Opened, Proof};
use super::sign_in::Context;

/// What a right answer gave.
#[derive(Debug)]
pub enum Answered {
    /// The account has another e-mail address.
    EmailChanged {
        /// Where the browser goes.
        return_to: ReturnTo,
    },
    /// The account has a telephone number.
    PhoneSet {
        /// Where the browser goes.
        return_to: ReturnTo,
    },
    /// The second step of the account is on or off.
    SecondStep {
        /// Whether it is on.
        on: bool,
        /// The session with which this browser goes on.
        opened: Opened,
        /// Where it goes.
        return_to: ReturnTo,
    },
    /// The browser is signed in.
    SignedIn {
        /// Its session.
        opened: Opened,
        /// Where it goes.
        return_to: ReturnTo,
    },
    /// The browser may choose a new password, with this secret.
    MayChoosePassword(FlowSecret),
    /// The browser may choose another name for its registration, with this secret.
    MayChooseName(FlowSecret),
    /// The client may make an account with the address that it has shown to be its owner's, with this secret.
    MayRegister(FlowSecret),
}

/// A right answer.
pub(super) struct Answer<'a> {
    /// To what.
    pub(super) challenge: &'a Challenge,
    /// Whether the code or the link was used.
    pub(super) step: SigninStep,
    /// Whether the browser is to be trusted from now on.
    pub(super) trust_device: bool,
}

impl Answer<'_> {
    /// What the audit calls it.
    pub(super) const fn event(&self) -> AuditEvent {
        match self.step {
            SigninStep::Link => AuditEvent::Link,
            SigninStep::BackupCode => AuditEvent::BackupCode,
            SigninStep::Password | SigninStep::Code | SigninStep::Device => AuditEvent::Code,
        }
    }
}

impl Auth {
    /// The challenge is answered and spent. Gives what it is for, if that can still be given.
    pub(super) async fn accept(
        &self,
        answer: Answer<'_>,
        context: &Context<'_>,
    ) -> Result<CodeOutcome, StoreError> {
        if answer.step != SigninStep::BackupCode {
            metrics().code(answer.challenge.purpose(), CodeEvent::Verified);
        }
        match &answer.challenge.aim {
            Aim::SignIn(grant) => self.answered_sign_in(&answer, grant, context).await,
            Aim::EmailChange { new, return_to } => {
                self.answered_email_change(&answer, (new, return_to), context).await
            }
            Aim::Phone { new, return_to } => {
                self.answered_phone(&answer, (new, return_to), context).await
            }
            Aim::SecondStep { on, return_to } => {
                self.answered_second_step(&answer, (*on, return_to), context).await
            }
            Aim::SignUp { return_to, .. } => {
                self.answered_sign_up(&answer, return_to, context).await
            }
            Aim::ProveAddress { email, return_to } => {
                self.answered_proof(&answer, (email, return_to), context).await
            }
            Aim::Reset { return_to } => self.answered_reset(&answer, return_to, context).await,
        }
    }

    /// The browser is signed in, and known from now on.
    async fn answered_sign_in(
        &self,
        answer: &Answer<'_>,
        grant: &Grant,
        context: &Context<'_>,
    ) -> Result<CodeOutcome, StoreError> {
        let step = answer.step;
        let Some(account) = self.answering_account(answer, context).await? else {
            metrics().signin(step, SigninResult::Refused);
            return Ok(CodeOutcome::Lost);
        };
        let who = self.guesser(Some(&account), context).await?;
        let raised = match grant.raises {
            false => None,
            true => match self.raised_session(&account, grant.replaces, context.now).await? {
                Some(session) => Some(session),
                None => {
                    metrics().signin(step, SigninResult::Refused);
                    let spent = Attempt::of(answer.event(), AuditResult::Spent, Some(&account));
                    self.remember(spent.by(who), context).await?;
                    return Ok(CodeOutcome::Lost);
                }
            },
        };
        let right = Attempt::of(answer.event(), AuditResult::Ok, Some(&account));
        self.remember(right.by(who), context).await?;
        let methods = grant.methods.and(match step {
            SigninStep::BackupCode => Method::BackupCode,
            SigninStep::Code if grant.by == CodesBy::Sms => Method::SmsCode,
            _ => Method::MailCode,
        });
        let both = methods.assurance() == Assurance::TwoFactor;
        let context = Context { replaces: grant.replaces, ..context.clone() };
        // A raised session is as old as its password: a code alone makes no sign-in fresh.
        let authenticated_at = raised.map_or(context.now, |session| session.authenticated_at);
        let proof = Proof { methods, authenticated_at };
        let opened = self.open_session(&account, proof, grant.remember, &context).await?;
        let device = if both {
            self.meet_device(&account, answer.trust_device, &context).await?
        } else {
            None
        };
        if step == SigninStep::BackupCode {
            self.tell_of_backup_code(&account, &context).await?;
        }
        metrics().signin(step, SigninResult::Accepted);
        let (opened, return_to) = (Opened { device, ..opened }, grant.return_to.clone());
        Ok(CodeOutcome::Answered(Answered::SignedIn { opened, return_to }))
    }

    /// The account that an answer is about, if it may still be answered for; remembers when it may not.
    pub(super) async fn answering_account(
        &self,
        answer: &Answer<'_>,
        context: &Context<'_>,
    ) -> Result<Option<Account>, StoreError> {
        let account = self.account_of(answer.challenge).await?;
        if account.is_none() {
            let whose = Some(answer.challenge.subject.id());
            let refused = Attempt::of(answer.event(), AuditResult::Disabled, None);
            self.remember(Attempt { account: whose, ..refused }, context).await?;
        }
        Ok(account)
    }

    /// The session that is raised, if it goes on: a revoked one is not replaced by a better one (S35).
    async fn raised_session(
        &self,
        account: &Account,
        raised: Option<SessionId>,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        let sessions = self.flow.sessions_of(account.id, now).await?;
        Ok(sessions.into_iter().find(|session| raised == Some(session.id)))
    }

    /// The account that a challenge is about, if it may still be used: active, and in the epoch of the challenge.
    pub(super) async fn account_of(
        &self,
        challenge: &Challenge,
    ) -> Result<Option<Account>, StoreError> {
        // Asked for a decoy as well, which finds nobody (S24).
        let account = self.accounts.find_account(challenge.subject.id()).await?;
        Ok(match challenge.subject {
            Subject::Decoy { .. } => None,
            Subject::Account { epoch, .. } => {
                account.filter(|account| account.is_active() && account.epoch == epoch)
            }
        })
    }
}

/// Counts a step that signs somebody in; other purposes have codes alone.
pub(super) fn count_step(purpose: Purpose, step: SigninStep, result: SigninResult) {
    if purpose == Purpose::SignIn {
        metrics().signin(step, result);
    }
}

//! The code: shown, typed, sent once more.

use crate::domain::account::Account;
use crate::domain::address::counted_as;
use crate::domain::audit::{AuditEvent, AuditResult};
use crate::domain::budget::BudgetState;
use crate::domain::challenge::{
    Challenge, ChallengeState, Purpose, Redeemed, Reissue, Reissued, Resend, Subject,
};
use crate::domain::code::TypedCode;
use crate::domain::device::Guesser;
use crate::domain::mail::Message;
use crate::domain::return_to::ReturnTo;
use crate::domain::secret::FlowSecret;
use crate::domain::session::{Assurance, Method, Session};
use crate::domain::time::Timestamp;
use crate::store::{Guessed, LimitName, StoreError};
use crate::telemetry::metrics::{CodeEvent, SecurityEvent, SigninResult, SigninStep, metrics};

use super::audit::Attempt;
use super::sessions::{Opened, Proof};
use super::sign_in::{Context, FreshCode, Whose, code_key};
use super::{Auth, Limited};

/// A challenge as the code page shows it.
#[derive(Clone, Debug)]
pub struct PendingCode {
    /// The challenge.
    pub challenge: Challenge,
    /// How it stands.
    pub state: ChallengeState,
    /// Whether a further code may be sent.
    pub resend: Resend,
    /// Whether typed codes are taken; the link always is.
    pub budget: BudgetState,
}

/// What came of a typed code.
#[derive(Debug)]
pub enum CodeOutcome {
    /// It was right: the browser is signed in.
    SignedIn {
        /// Its session.
        opened: Opened,
        /// Where it goes.
        return_to: ReturnTo,
    },
    /// It was wrong; guesses are left.
    Wrong,
    /// What was typed is no code. Nothing was counted.
    NotACode,
    /// Typed codes are not taken from this browser now; the link in the mail is.
    BudgetSpent,
    /// The challenge takes no guess any more; [`PendingCode`] says why.
    Closed,
    /// This browser has no challenge, or its account may not sign in any more.
    Lost,
    /// Too many codes were typed.
    Limited(Limited),
}

/// What came of asking for a further code.
#[derive(Debug)]
pub enum ResendOutcome {
    /// It is on its way.
    Sent,
    /// Not now, or not any more.
    Refused(Resend),
    /// This browser has no challenge.
    Lost,
    /// Too many codes were asked for.
    Limited(Limited),
}

impl Auth {
    /// The challenge of this browser on this host, however it stands.
    pub async fn pending_code(
        &self,
        flow: &FlowSecret,
        context: &Context<'_>,
    ) -> Result<Option<PendingCode>, StoreError> {
        let found = self.flow.find_challenge(&flow.hash(), Purpose::SignIn).await?;
        let Some(challenge) = found.filter(|challenge| challenge.host == *context.host) else {
            return Ok(None);
        };
        let account = self.account_of(&challenge).await?;
        let who = self.guesser(account.as_ref(), context).await?;
        let id = challenge.subject.budget_of();
        let budget = self.accounts.guess_budget(id, who, self.settings.budget, context.now).await?;
        Ok(Some(PendingCode {
            state: challenge.state(context.now),
            resend: self.settings.resend.check(&challenge, context.now),
            budget,
            challenge,
        }))
    }

    /// Takes a typed code for the challenge of this browser. The guess is counted against the account's budget, then
    /// against the challenge, then compared; what was right, or not compared at all, is taken back from the budget.
    pub async fn verify_code(
        &self,
        flow: &FlowSecret,
        typed: &str,
        trust_device: bool,
        context: &Context<'_>,
    ) -> Result<CodeOutcome, StoreError> {
        let address = counted_as(context.client.address).to_string();
        if let Err(limited) = self.within(LimitName::Verify, &address, context).await? {
            metrics().signin(SigninStep::Code, SigninResult::Limited);
            return Ok(CodeOutcome::Limited(limited));
        }
        let Ok(code) = typed.parse::<TypedCode>() else { return Ok(CodeOutcome::NotACode) };
        let Some(pending) = self.pending_code(flow, context).await? else {
            metrics().signin(SigninStep::Code, SigninResult::Refused);
            self.remember(Attempt::of(AuditEvent::Code, AuditResult::Spent, None), context).await?;
            return Ok(CodeOutcome::Lost);
        };
        let account = self.account_of(&pending.challenge).await?;
        let who = self.guesser(account.as_ref(), context).await?;
        // What is over takes no guess, and so none of the budget.
        if let Some(over) = over(pending.state) {
            let told = told(&over);
            metrics().signin(SigninStep::Code, told.result);
            let attempt = Attempt::of(AuditEvent::Code, told.remembered, account.as_ref()).by(who);
            self.remember(attempt, context).await?;
            return Ok(told.outcome);
        }
        let budget_of = pending.challenge.subject.budget_of();
        let budget = self.settings.budget;
        let counted = match self.accounts.count_guess(budget_of, who, budget, context.now).await? {
            Guessed::Counted(counted) => counted,
            Guessed::Spent { until, tell } => {
                self.budget_spent(account.as_ref(), (until, tell), who, context).await?;
                return Ok(CodeOutcome::BudgetSpent);
            }
        };
        let guess = self.keys.code_guess(flow, Purpose::SignIn, context.host, &code);
        let redeemed =
            self.flow.redeem_code(&flow.hash(), Purpose::SignIn, &guess, context.now).await?;
        let was_wrong = matches!(redeemed, Redeemed::Wrong { .. } | Redeemed::WrongAndExhausted);
        if !was_wrong {
            self.accounts.forgive_guess(counted).await?;
        }
        let told = told(&redeemed);
        if let Redeemed::Accepted(challenge) = &redeemed {
            return self.accept(challenge, SigninStep::Code, trust_device, context).await;
        }
        if let Some(event) = told.event {
            metrics().code(Purpose::SignIn, event);
        }
        metrics().signin(SigninStep::Code, told.result);
        let attempt = Attempt::of(AuditEvent::Code, told.remembered, account.as_ref()).by(who);
        self.remember(attempt, context).await?;
        if is_second_wrong(&redeemed, &pending.challenge)
            && pending.challenge.grant.methods.has(Method::Password)
        {
            self.tell_of_wrong_code(account.as_ref(), context).await?;
        }
        Ok(told.outcome)
    }

    /// The right password and wrong codes: somebody may know the password. Told once a challenge, at its second wrong
    /// code, as one is easily mistyped (S37).
    async fn tell_of_wrong_code(
        &self,
        account: Option<&Account>,
        context: &Context<'_>,
    ) -> Result<(), StoreError> {
        let Some(account) = account else { return Ok(()) };
        let message =
            Message::WrongCodeNotice { site: context.origin.to_owned(), asked_by: context.asked() };
        self.notify(account, message, context).await
    }

    async fn budget_spent(
        &self,
        account: Option<&Account>,
        (until, tell): (Timestamp, bool),
        who: Guesser,
        context: &Context<'_>,
    ) -> Result<(), StoreError> {
        metrics().signin(SigninStep::Code, SigninResult::Exhausted);
        metrics().security_event(SecurityEvent::BudgetSpent);
        let refused = Attempt::of(AuditEvent::Code, AuditResult::Limited, account);
        self.remember(refused.by(who), context).await?;
        let Some(account) = account.filter(|_| tell) else { return Ok(()) };
        let spent = Attempt::of(AuditEvent::BudgetSpent, AuditResult::Limited, Some(account));
        self.remember(spent.by(who), context).await?;
        let message = Message::GuessesSpent {
            until,
            site: context.origin.to_owned(),
            asked_by: context.asked(),
        };
        self.notify(account, message, context).await
    }

    /// The challenge is answered: the browser is signed in, and known from now on.
    pub(super) async fn accept(
        &self,
        challenge: &Challenge,
        step: SigninStep,
        trust_device: bool,
        context: &Context<'_>,
    ) -> Result<CodeOutcome, StoreError> {
        metrics().code(Purpose::SignIn, CodeEvent::Verified);
        let event = match step {
            SigninStep::Link => AuditEvent::Link,
            SigninStep::BackupCode => AuditEvent::BackupCode,
            SigninStep::Password | SigninStep::Code | SigninStep::Device => AuditEvent::Code,
        };
        let whose = Some(challenge.subject.budget_of());
        let Some(account) = self.account_of(challenge).await? else {
            metrics().signin(step, SigninResult::Refused);
            let refused = Attempt::of(event, AuditResult::Disabled, None);
            self.remember(Attempt { account: whose, ..refused }, context).await?;
            return Ok(CodeOutcome::Lost);
        };
        let who = self.guesser(Some(&account), context).await?;
        let raised = match challenge.grant.raises {
            false => None,
            true => match self.raised_session(&account, challenge, context.now).await? {
                Some(session) => Some(session),
                None => {
                    metrics().signin(step, SigninResult::Refused);
                    let spent = Attempt::of(event, AuditResult::Spent, Some(&account));
                    self.remember(spent.by(who), context).await?;
                    return Ok(CodeOutcome::Lost);
                }
            },
        };
        let right = Attempt::of(event, AuditResult::Ok, Some(&account));
        self.remember(right.by(who), context).await?;
        let methods = challenge.grant.methods.and(Method::MailCode);
        let both = methods.assurance() == Assurance::TwoFactor;
        let context = Context { replaces: challenge.grant.replaces, ..context.clone() };
        // A raised session is as old as its password: a code alone makes no sign-in fresh.
        let authenticated_at = raised.map_or(context.now, |session| session.authenticated_at);
        let proof = Proof { methods, authenticated_at };
        let opened = self.open_session(&account, proof, challenge.grant.remember, &context).await?;
        let device =
            if both { self.meet_device(&account, trust_device, &context).await? } else { None };
        metrics().signin(step, SigninResult::Accepted);
        let return_to = challenge.grant.return_to.clone();
        Ok(CodeOutcome::SignedIn { opened: Opened { device, ..opened }, return_to })
    }

    /// The session that the challenge raises, if it goes on: a revoked one is not replaced by a better one (S35).
    async fn raised_session(
        &self,
        account: &Account,
        challenge: &Challenge,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        let sessions = self.flow.sessions_of(account.id, now).await?;
        Ok(sessions.into_iter().find(|session| challenge.grant.replaces == Some(session.id)))
    }

    /// The account that a challenge is about, if it may still sign in: active, and in the epoch of the challenge.
    async fn account_of(&self, challenge: &Challenge) -> Result<Option<Account>, StoreError> {
        // Asked for a decoy as well, which finds nobody (S24).
        let account = self.accounts.find_account(challenge.subject.budget_of()).await?;
        Ok(match challenge.subject {
            Subject::Decoy { .. } => None,
            Subject::Account { epoch, .. } => {
                account.filter(|account| account.is_active() && account.epoch == epoch)
            }
        })
    }

    /// Sends a further code for the challenge of this browser, in place of the one before.
    pub async fn resend_code(
        &self,
        flow: &FlowSecret,
        context: &Context<'_>,
    ) -> Result<ResendOutcome, StoreError> {
        let address = counted_as(context.client.address).to_string();
        let Some(pending) = self.pending_code(flow, context).await? else {
            return Ok(ResendOutcome::Lost);
        };
        if pending.resend != Resend::Allowed {
            return Ok(ResendOutcome::Refused(pending.resend));
        }
        if let Err(limited) = self.within(LimitName::Resend, &address, context).await? {
            return Ok(ResendOutcome::Limited(limited));
        }
        let account = self.account_of(&pending.challenge).await?;
        let who = self.guesser(account.as_ref(), context).await?;
        let before = &pending.challenge.grant.methods;
        let counted = code_key(pending.challenge.subject.budget_of(), before, who);
        if let Err(limited) = self.may_mail(&counted, context).await? {
            return Ok(ResendOutcome::Limited(limited));
        }
        let nobody = Whose::Nobody(pending.challenge.subject.budget_of());
        let whose = account.as_ref().map_or(nobody, Whose::Account);
        let passwordless = !pending.challenge.grant.methods.has(Method::Password);
        let FreshCode { code, link, mail } =
            self.new_code(whose, passwordless, flow, context).await?;
        let expires_at = context.now + self.settings.code_lifetime;
        let reissue = Reissue { code, link, mail, expires_at };
        let rule = self.settings.resend;
        let reissued = self
            .flow
            .reissue_code(&flow.hash(), Purpose::SignIn, reissue, rule, context.now)
            .await?;
        match reissued {
            Reissued::Sent(_) => {
                metrics().code(Purpose::SignIn, CodeEvent::Issued);
                let sent = Attempt::of(AuditEvent::CodeSent, AuditResult::Ok, account.as_ref());
                self.remember(sent, context).await?;
                self.mail_waits.notify_one();
                Ok(ResendOutcome::Sent)
            }
            Reissued::Refused(why) => Ok(ResendOutcome::Refused(why)),
            Reissued::Unknown => Ok(ResendOutcome::Lost),
        }
    }
}

/// Whether this guess was the second wrong one of its challenge, or the only one there is. Of guesses at the same instant
/// exactly one is, as the store has counted them; what was read before would not know.
fn is_second_wrong(redeemed: &Redeemed, challenge: &Challenge) -> bool {
    let allowed = challenge.max_attempts.get();
    match redeemed {
        Redeemed::Wrong { attempts_left } => allowed.saturating_sub(attempts_left.get()) == 2,
        Redeemed::WrongAndExhausted => allowed <= 2,
        _ => false,
    }
}

/// What a guess that signed nobody in is to the browser, the metrics and the audit.
struct Told {
    outcome: CodeOutcome,
    event: Option<CodeEvent>,
    result: SigninResult,
    remembered: AuditResult,
}

/// What a guess at a challenge that is over comes to.
const fn over(state: ChallengeState) -> Option<Redeemed> {
    match state {
        ChallengeState::Pending { .. } => None,
        ChallengeState::Expired => Some(Redeemed::Expired),
        ChallengeState::Exhausted => Some(Redeemed::Exhausted),
        ChallengeState::Consumed => Some(Redeemed::Spent),
    }
}

fn told(redeemed: &Redeemed) -> Told {
    let (outcome, event, result, remembered) = match redeemed {
        Redeemed::Accepted(_) => {
            (CodeOutcome::Lost, Some(CodeEvent::Verified), SigninResult::Accepted, AuditResult::Ok)
        }
        Redeemed::Wrong { .. } => {
            (CodeOutcome::Wrong, Some(CodeEvent::Wrong), SigninResult::Refused, AuditResult::Wrong)
        }
        Redeemed::WrongAndExhausted => (
            CodeOutcome::Closed,
            Some(CodeEvent::Exhausted),
            SigninResult::Exhausted,
            AuditResult::Wrong,
        ),
        Redeemed::Expired => (
            CodeOutcome::Closed,
            Some(CodeEvent::Expired),
            SigninResult::Expired,
            AuditResult::Expired,
        ),
        Redeemed::Exhausted => {
            (CodeOutcome::Closed, None, SigninResult::Exhausted, AuditResult::Spent)
        }
        Redeemed::Spent => (CodeOutcome::Closed, None, SigninResult::Refused, AuditResult::Spent),
        Redeemed::Unknown => (CodeOutcome::Lost, None, SigninResult::Refused, AuditResult::Spent),
    };
    Told { outcome, event, result, remembered }
}

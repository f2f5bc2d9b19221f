//! The code: shown, typed, sent once more.

use crate::domain::account::Account;
use crate::domain::address::counted_as;
use crate::domain::aim::Proves;
use crate::domain::audit::{AuditEvent, AuditResult};
use crate::domain::budget::BudgetState;
use crate::domain::challenge::{Challenge, ChallengeState, Redeemed, Reissue, Reissued, Resend};
use crate::domain::code::TypedCode;
use crate::domain::device::Guesser;
use crate::domain::mail::Message;
use crate::domain::phone::CodesBy;
use crate::domain::secret::FlowSecret;
use crate::domain::session::Method;
use crate::domain::time::Timestamp;
use crate::store::{Guessed, LimitName, StoreError};
use crate::telemetry::metrics::{CodeEvent, SecurityEvent, SigninResult, SigninStep, metrics};

use super::answer::{Answer, Answered, count_step};
use super::audit::Attempt;
use super::challenge::{FreshCode, Mailed, Recipient};
use super::sign_in::Context;
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
    /// It was right.
    Answered(Answered),
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
        let found = self.flow.find_challenge(&flow.hash()).await?;
        let Some(challenge) = found.filter(|challenge| challenge.host == *context.host) else {
            return Ok(None);
        };
        let account = self.account_of(&challenge).await?;
        let who = self.guesser_at(&challenge.aim, account.as_ref(), context).await?;
        let id = self.guesses_at(challenge.subject, &challenge.aim);
        let budget = self.accounts.guess_budget(id, who, self.settings.budget, context.now).await?;
        Ok(Some(PendingCode {
            state: challenge.state(context.now),
            resend: match challenge.aim.is_by_number_alone() {
                // What a further one counts would tell whether anybody has the number (S23).
                true => Resend::NoneLeft,
                false => self.settings.resend.check(&challenge, context.now),
            },
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
        let (aim, purpose) = (&pending.challenge.aim, pending.challenge.purpose());
        if !purpose.takes(&code) {
            return Ok(CodeOutcome::NotACode);
        }
        let account = self.account_of(&pending.challenge).await?;
        let who = self.guesser_at(aim, account.as_ref(), context).await?;
        // What is over takes no guess, and so none of the budget.
        if let Some(over) = over(pending.state) {
            let told = told(&over);
            count_step(purpose, SigninStep::Code, told.result);
            let attempt = Attempt::of(AuditEvent::Code, told.remembered, account.as_ref()).by(who);
            self.remember(attempt, context).await?;
            return Ok(told.outcome);
        }
        let (id, budget) = (self.guesses_at(pending.challenge.subject, aim), self.settings.budget);
        let counted = match self.accounts.count_guess(id, who, budget, context.now).await? {
            Guessed::Counted(counted) => counted,
            Guessed::Spent { until, tell } => {
                count_step(purpose, SigninStep::Code, SigninResult::Exhausted);
                // What is spent of a mailbox that is to be shown as theirs is nothing to the owner of the account.
                let tell = tell && aim.proves().is_none();
                self.budget_spent(account.as_ref(), (until, tell), who, context).await?;
                return Ok(CodeOutcome::BudgetSpent);
            }
        };
        let (step, event) = step_of(&code);
        let redeemed = match &code {
            TypedCode::Backup(backup) => {
                let about = (&pending.challenge, account.as_ref());
                self.redeem_backup_code(flow, backup, about, context).await?
            }
            TypedCode::Code(_) | TypedCode::Relay(_) => {
                let guess = self.keys.code_guess(flow, purpose, context.host, &code);
                self.flow.redeem_code(&flow.hash(), purpose, &guess, context.now).await?
            }
        };
        let was_wrong = matches!(redeemed, Redeemed::Wrong { .. } | Redeemed::WrongAndExhausted);
        if !was_wrong {
            self.accounts.forgive_guess(counted).await?;
        }
        let told = told(&redeemed);
        if let Redeemed::Accepted(challenge) = &redeemed {
            let answer = Answer { challenge, step, trust_device };
            return self.accept(answer, context).await;
        }
        if let Some(event) = told.event {
            metrics().code(purpose, event);
        }
        count_step(purpose, step, told.result);
        let attempt = Attempt::of(event, told.remembered, account.as_ref()).by(who);
        self.remember(attempt, context).await?;
        if is_second_wrong(&redeemed, &pending.challenge) && aim.methods().has(Method::Password) {
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
        let Challenge { subject, aim, .. } = &pending.challenge;
        let recipient = self.again(&pending.challenge, account.as_ref()).await?;
        let counted = self.counted_as(*subject, aim, account.as_ref(), context).await?;
        if let Mailed::Sms(number) = &recipient.mailed
            && let Err(limited) = self.under_caps(number, context).await?
        {
            return Ok(ResendOutcome::Limited(limited));
        }
        if let Err(limited) = self.may_go(&counted, &recipient, aim, context).await? {
            return Ok(ResendOutcome::Limited(limited));
        }
        let FreshCode { code, link, mail } = self.new_code(&recipient, aim, flow, context).await?;
        let expires_at = context.now + self.code_lifetime(aim);
        let reissue = Reissue { code, link, mail, expires_at };
        let (purpose, rule) = (aim.purpose(), self.settings.resend);
        let reissued =
            self.flow.reissue_code(&flow.hash(), purpose, reissue, rule, context.now).await?;
        match reissued {
            Reissued::Sent(_) => {
                self.code_sent(purpose, account.as_ref(), context).await?;
                Ok(ResendOutcome::Sent)
            }
            Reissued::Refused(why) => Ok(ResendOutcome::Refused(why)),
            Reissued::Unknown => Ok(ResendOutcome::Lost),
        }
    }
}

impl Auth {
    /// Who gets a further code of the challenge: nobody where the account may not be used any more, or has no number any
    /// more where the code is to go to one.
    async fn again<'a>(
        &self,
        challenge: &Challenge,
        account: Option<&'a Account>,
    ) -> Result<Recipient<'a>, StoreError> {
        let nobody = Recipient::nobody(challenge.subject.id());
        let subject = challenge.subject;
        Ok(match (challenge.aim.proves(), account) {
            (Some(_), _) if subject.is_decoy() => nobody,
            (Some(Proves::Mailbox(address)), _) => {
                Recipient { account, subject, mailed: Mailed::Code(address.clone()) }
            }
            (Some(Proves::Phone(number)), _) => {
                Recipient { account, subject, mailed: Mailed::Sms(number.clone()) }
            }
            (None, None) => nobody,
            (None, Some(account)) if challenge.aim.codes_by() == CodesBy::Mail => {
                Recipient::account(account)
            }
            (None, Some(account)) => match self.accounts.find_phone(account.id).await? {
                Some(phone) => {
                    let mailed = Mailed::Sms(phone.number);
                    Recipient { mailed, ..Recipient::account(account) }
                }
                None => nobody,
            },
        })
    }
}

/// What metrics and audit call a typed code.
const fn step_of(code: &TypedCode) -> (SigninStep, AuditEvent) {
    match code {
        TypedCode::Backup(_) => (SigninStep::BackupCode, AuditEvent::BackupCode),
        TypedCode::Code(_) | TypedCode::Relay(_) => (SigninStep::Code, AuditEvent::Code),
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

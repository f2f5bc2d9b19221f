//! Asking for codes: made, mailed, and waited for in the browser that asked.

use crate::domain::account::{Account, LoginName};
use crate::domain::aim::Proves;
use crate::domain::audit::{AuditEvent, AuditResult};
use crate::domain::budget::BudgetState;
use crate::domain::challenge::{
    Aim, Challenge, CodeForm, Grant, NewChallenge, NewLink, Purpose, Subject,
};
use crate::domain::code::{Code, RelayCode, TypedCode};
use crate::domain::device::Guesser;
use crate::domain::email::{EmailAddress, mask};
use crate::domain::id::{AccountId, ChallengeId, MailId};
use crate::domain::keys::MailFrame;
use crate::domain::language::Language;
use crate::domain::mail::{LinkAddress, Mail, Message, SealedMail};
use crate::domain::phone::{CodesBy, PhoneNumber};
use crate::domain::secret::{CodeMac, FlowSecret, LinkToken};
use crate::domain::session::Method;
use crate::domain::sms::Sms;
use crate::domain::time::Timestamp;
use crate::store::{LimitName, StoreError};
use crate::telemetry::metrics::{CodeEvent, metrics};

use super::audit::Attempt;
use super::notice::WORTH_SENDING;
use super::sign_in::Context;
use super::{Auth, Limited, tokens};

/// Whom a code is for.
pub(super) struct Recipient<'a> {
    /// The account, if there is one that answers.
    pub(super) account: Option<&'a Account>,
    /// Whom its challenge is about.
    pub(super) subject: Subject,
    /// Where its mail goes.
    pub(super) mailed: Mailed,
}

/// Where the mail of a code goes.
pub(super) enum Mailed {
    /// The code goes there.
    Code(EmailAddress),
    /// The code goes there as a text message.
    Sms(PhoneNumber),
    /// Nobody gets the code; the owner of the address is told instead (S25).
    Notice(EmailAddress, Box<Message>),
    /// Nobody gets anything.
    Nothing,
}

impl<'a> Recipient<'a> {
    /// The account, at its own address.
    pub(super) fn account(account: &'a Account) -> Self {
        let subject = Subject::Account { id: account.id, epoch: account.epoch };
        Self { account: Some(account), subject, mailed: Mailed::Code(account.email.clone()) }
    }

    /// Nobody: the same work, and no mail (S26).
    pub(super) const fn nobody(stands_for: AccountId) -> Self {
        let subject = Subject::Decoy { stands_for };
        Self { account: None, subject, mailed: Mailed::Nothing }
    }
}

/// A code and a link that were just made.
pub(super) struct FreshCode {
    pub(super) code: CodeMac,
    pub(super) link: NewLink,
    pub(super) mail: Option<SealedMail>,
}

impl Auth {
    /// Sends a code to the account's own address, within the limits.
    pub(super) async fn code_for(
        &self,
        account: &Account,
        aim: Aim,
        context: &Context<'_>,
    ) -> Result<Result<FlowSecret, Limited>, StoreError> {
        let recipient = Recipient::account(account);
        // Text messages cost, so only a password has one sent.
        let grant = match aim {
            Aim::SignIn(grant) if grant.methods.has(Method::Password) => grant,
            aim => return self.code_to(recipient, account.email.masked(), aim, context).await,
        };
        let number = match self.phone_for_codes(account, context).await? {
            Some(number) => number,
            None => {
                let (aim, destination) = (Aim::SignIn(grant), account.email.masked());
                return self.code_to(recipient, destination, aim, context).await;
            }
        };
        let destination = number.masked();
        let recipient = Recipient { mailed: Mailed::Sms(number), ..recipient };
        let aim = Aim::SignIn(Grant { by: CodesBy::Sms, ..grant });
        self.code_to(recipient, destination, aim, context).await
    }

    /// Sends a code to whoever has this name, if anybody has. It behaves the same if nobody has (S23, S24, S26).
    pub(super) async fn code_by_name(
        &self,
        typed: &str,
        aim: Aim,
        context: &Context<'_>,
    ) -> Result<Result<FlowSecret, Limited>, StoreError> {
        let login: Option<LoginName> = typed.parse().ok();
        let found = self.find_login(login.as_ref()).await?.map(|found| found.account);
        let account = found.filter(Account::is_active);
        // One counter for each account, however it is named; a name without an account has one of its own (S15, S26).
        let name = login
            .as_ref()
            .map_or_else(|| typed.chars().take(254).collect::<String>(), LoginName::key);
        let nobody = Recipient::nobody(self.keys.decoy_account(&name));
        let recipient = account.as_ref().map_or(nobody, Recipient::account);
        // What was typed, never what is known: the page must not tell whether there is an account (S23).
        let destination = match &login {
            Some(LoginName::Email(typed)) => typed.masked(),
            _ => mask(&typed.chars().take(64).collect::<String>()),
        };
        self.code_to(recipient, destination, aim, context).await
    }

    /// Sends a code to `recipient`, within the limits. The page says that it went to `destination`.
    pub(super) async fn code_to(
        &self,
        recipient: Recipient<'_>,
        destination: String,
        aim: Aim,
        context: &Context<'_>,
    ) -> Result<Result<FlowSecret, Limited>, StoreError> {
        if let Err(limited) = self.may_send(&recipient, &aim, context).await? {
            return Ok(Err(limited));
        }
        self.open_challenge(recipient, destination, aim, context).await.map(Ok)
    }

    /// Counts a code that is to be sent to `recipient`, or says when the next one may be.
    pub(super) async fn may_send(
        &self,
        recipient: &Recipient<'_>,
        aim: &Aim,
        context: &Context<'_>,
    ) -> Result<Result<(), Limited>, StoreError> {
        let counted = self.counted_as(recipient.subject, aim, recipient.account, context).await?;
        if let Err(limited) = self.within(LimitName::CodeRequest, &counted, context).await? {
            return Ok(Err(limited));
        }
        self.may_go(&counted, recipient, aim, context).await
    }

    /// Counts the mail or the text message of a code.
    pub(super) async fn may_go(
        &self,
        counted: &str,
        recipient: &Recipient<'_>,
        aim: &Aim,
        context: &Context<'_>,
    ) -> Result<Result<(), Limited>, StoreError> {
        match (&recipient.mailed, aim.proves()) {
            // Also where it is another's and nothing is sent (S23).
            (Mailed::Sms(number), _) | (_, Some(Proves::Phone(number))) => {
                self.may_text(number, context).await
            }
            _ => self.may_mail(counted, context).await,
        }
    }

    /// Opens a challenge for a new flow secret, so that each step has a new one (S28).
    pub(super) async fn open_challenge(
        &self,
        recipient: Recipient<'_>,
        destination: String,
        aim: Aim,
        context: &Context<'_>,
    ) -> Result<FlowSecret, StoreError> {
        let flow = FlowSecret::generate(&*self.entropy);
        let FreshCode { code, link, mail } =
            self.new_code(&recipient, &aim, &flow, context).await?;
        let (purpose, expires_at) = (aim.purpose(), context.now + self.code_lifetime(&aim));
        let challenge = Challenge {
            id: ChallengeId::generate(&*self.entropy, context.now),
            subject: recipient.subject,
            host: context.host.clone(),
            destination,
            aim,
            created_at: context.now,
            expires_at,
            sent_at: context.now,
            sends: 1,
            attempts: 0,
            max_attempts: self.settings.attempts,
            consumed_at: None,
        };
        let new = NewChallenge { flow: flow.hash(), challenge, code, link, mail };
        self.flow.open_challenge(new).await?;
        self.code_sent(purpose, recipient.account, context).await?;
        Ok(flow)
    }

    /// A code is in the outbox.
    pub(super) async fn code_sent(
        &self,
        purpose: Purpose,
        account: Option<&Account>,
        context: &Context<'_>,
    ) -> Result<(), StoreError> {
        metrics().code(purpose, CodeEvent::Issued);
        let sent = Attempt::of(AuditEvent::CodeSent, AuditResult::Ok, account);
        self.remember(sent, context).await?;
        self.mail_waits.notify_one();
        Ok(())
    }

    /// A code and a link, as their MACs and as the sealed mail that carries them; the link alone where the guess budget
    /// is spent. A decoy's are made and sealed the same way, for an address that nobody has, and thrown away.
    pub(super) async fn new_code(
        &self,
        recipient: &Recipient<'_>,
        aim: &Aim,
        flow: &FlowSecret,
        context: &Context<'_>,
    ) -> Result<FreshCode, StoreError> {
        let who = self.guesser_at(aim, recipient.account, context).await?;
        let id = self.guesses_at(recipient.subject, aim);
        let budget = self.accounts.guess_budget(id, who, self.settings.budget, context.now).await?;
        let code = self.draw_code(aim.purpose().code_form());
        let token = LinkToken::generate(&*self.entropy);
        let mac = |typed: &TypedCode| self.keys.code_mac(flow, aim.purpose(), context.host, typed);
        let relay = mac(&TypedCode::Relay(self.keys.relay_code(&token)));
        let link = NewLink { token: token.hash(), relay };
        let code_mac = mac(&code);
        let not_after = context.now + self.code_lifetime(aim);
        let address = format!("{}/_doorward/link/{}", context.origin, tokens::encode_link(&token));
        let code = (budget == BudgetState::Within).then_some(code);
        let id = MailId::generate(&*self.entropy, context.now);
        if let (Mailed::Sms(number), Some(TypedCode::Code(code))) = (&recipient.mailed, &code) {
            let sms = Sms {
                account: recipient.account.map(|account| account.id),
                number: number.clone(),
                language: language(recipient.account, context),
                purpose: aim.purpose(),
                code: code.clone(),
                site: context.origin.to_owned(),
                expires_at: not_after,
            };
            let flow = Some(flow.hash());
            let frame = MailFrame { id, flow, created_at: context.now, not_after };
            let mail = Some(self.keys.seal_sms(&sms, &*self.entropy, frame));
            return Ok(FreshCode { code: code_mac, link, mail });
        }
        let message = code_message(aim, code, address.into(), not_after, context);
        let (to, message) = match &recipient.mailed {
            Mailed::Code(to) => (Some(to.clone()), message),
            Mailed::Notice(to, notice) => (Some(to.clone()), (**notice).clone()),
            // No code is taken: the account's owner gets the link, by mail.
            Mailed::Sms(_) => {
                let own = recipient.account.filter(|_| aim.proves().is_none());
                (own.map(|account| account.email.clone()), message)
            }
            Mailed::Nothing => (None, message),
        };
        let mail = Mail {
            to: to.clone().unwrap_or_else(EmailAddress::nobody),
            language: language(recipient.account, context),
            message,
        };
        // A notice is of use without the challenge that set it off.
        let (flow, not_after) = match &recipient.mailed {
            Mailed::Notice(..) => (None, context.now + WORTH_SENDING),
            Mailed::Code(_) | Mailed::Sms(_) | Mailed::Nothing => (Some(flow.hash()), not_after),
        };
        let frame = MailFrame { id, flow, created_at: context.now, not_after };
        let sealed = self.keys.seal(&mail, &*self.entropy, frame);
        Ok(FreshCode { code: code_mac, link, mail: to.map(|_| sealed) })
    }

    fn draw_code(&self, form: CodeForm) -> TypedCode {
        match form {
            CodeForm::Digits => TypedCode::Code(Code::generate(&*self.entropy)),
            CodeForm::Letters => TypedCode::Relay(RelayCode::generate(&*self.entropy)),
        }
    }

    /// Whose guesses count together: those at the account's codes, or those at the codes of the mailbox that is to be
    /// shown as somebody's, whoever claims it: nobody guesses their way to an address by opening ever new challenges.
    pub(super) fn guesses_at(&self, subject: Subject, aim: &Aim) -> AccountId {
        match aim.proves() {
            None => subject.id(),
            Some(Proves::Mailbox(address)) => self.keys.mailbox(address),
            Some(Proves::Phone(number)) => self.keys.telephone(number),
        }
    }

    /// Who guesses. At a mailbox that is still to be shown as theirs, everybody is a stranger.
    pub(super) async fn guesser_at(
        &self,
        aim: &Aim,
        account: Option<&Account>,
        context: &Context<'_>,
    ) -> Result<Guesser, StoreError> {
        let who = self.guesser(account, context).await?;
        Ok(if aim.proves().is_some() { Guesser::Unknown } else { who })
    }

    /// Under which key codes are counted: those after a password apart from those that the name alone asks for, each
    /// purpose apart from the others, and each device's apart, so that nobody's requests keep the owner from a code (S56).
    pub(super) async fn counted_as(
        &self,
        subject: Subject,
        aim: &Aim,
        account: Option<&Account>,
        context: &Context<'_>,
    ) -> Result<String, StoreError> {
        let who = self.guesser_at(aim, account, context).await?;
        let id = self.guesses_at(subject, aim);
        let after = match aim {
            Aim::SignIn(grant) if grant.methods.has(Method::Password) => "password",
            Aim::SignIn(_) => "name",
            Aim::SignUp { .. }
            | Aim::ProveAddress { .. }
            | Aim::Reset { .. }
            | Aim::EmailChange { .. }
            | Aim::Phone { .. }
            | Aim::SecondStep { .. } => aim.purpose().as_str(),
        };
        Ok(format!("{id} {after} {who}"))
    }
}

/// The account's own language, or that of the request.
pub(super) fn language(account: Option<&Account>, context: &Context<'_>) -> Language {
    account.and_then(|account| account.language).unwrap_or(context.language)
}

/// The mail with this code, or with the link alone.
fn code_message(
    aim: &Aim,
    code: Option<TypedCode>,
    link: LinkAddress,
    expires_at: Timestamp,
    context: &Context<'_>,
) -> Message {
    let (site, asked_by) = (context.origin.to_owned(), context.asked());
    let purpose = aim.purpose();
    match (aim, code) {
        (Aim::SignIn(grant), Some(TypedCode::Code(code))) => {
            let passwordless = !grant.methods.has(Method::Password);
            Message::SignInCode { code, link, passwordless, site, expires_at, asked_by }
        }
        (Aim::SignIn(grant), _) => {
            let passwordless = !grant.methods.has(Method::Password);
            Message::SignInLink { link, passwordless, site, expires_at, asked_by }
        }
        (_, Some(code)) => Message::ConfirmCode { purpose, code, link, site, expires_at, asked_by },
        (_, None) => Message::ConfirmLink { purpose, link, site, expires_at, asked_by },
    }
}

//! Name and password, or the name alone where the mail is the only factor.

use crate::domain::account::{Account, AccountWithPassword, LoginName};
use crate::domain::address::counted_as;
use crate::domain::audit::{AuditEvent, AuditResult};
use crate::domain::budget::BudgetState;
use crate::domain::challenge::{Challenge, Grant, NewChallenge, NewLink, Purpose, Subject};
use crate::domain::client::Client;
use crate::domain::code::{Code, TypedCode};
use crate::domain::device::Guesser;
use crate::domain::email::{EmailAddress, mask};
use crate::domain::host::HostName;
use crate::domain::id::{AccountId, ChallengeId, MailId, SessionId};
use crate::domain::keys::MailFrame;
use crate::domain::mail::{Mail, Message, SealedMail};
use crate::domain::return_to::ReturnTo;
use crate::domain::secret::{CodeMac, FlowSecret, LinkToken, Password};
use crate::domain::session::{Method, Methods};
use crate::domain::time::Timestamp;
use crate::store::{LimitName, StoreError};
use crate::telemetry::metrics::{CodeEvent, SigninResult, SigninStep, metrics};

use super::audit::Attempt;
use super::device::Trust;
use super::password::{Busy, Verdict};
use super::sessions::{Opened, Proof, SignedIn};
use super::tokens::{self, DeviceCookie};
use super::{Auth, Limited};

/// Where and when something is asked for.
#[derive(Clone, Debug)]
pub struct Context<'a> {
    /// The site.
    pub host: &'a HostName,
    /// The host that its sessions are of: the site's, or the domain whose hosts share them.
    pub session_host: &'a HostName,
    /// The site's origin as configured, for mails (S19).
    pub origin: &'a str,
    /// Who asks.
    pub client: &'a Client,
    /// Where to go then.
    pub return_to: ReturnTo,
    /// The session that the browser has, which ends when it gets another.
    pub replaces: Option<SessionId>,
    /// The device that the browser shows, if it shows one.
    pub device: Option<DeviceCookie>,
    /// The instant of the request.
    pub now: Timestamp,
}

/// What the page that somebody wants asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A password.
    Password,
    /// A code by mail, and no password.
    MailCode,
    /// A password and a code.
    Both,
}

/// A sign-in form.
#[derive(Debug)]
pub struct SignIn<'a> {
    /// What was typed as username or e-mail address.
    pub login: &'a str,
    /// What was typed as password; nothing where [`Wanted::MailCode`].
    pub password: Option<Password>,
    /// Whether the session is to outlive the browser window.
    pub remember: bool,
    /// What the page asks for.
    pub wanted: Wanted,
    /// Whether a trusted device may stand in for the code there.
    pub trusted_device: bool,
}

/// What came of a sign-in form.
#[derive(Debug)]
pub enum SignInOutcome {
    /// The password was enough, or the device stood in for the code.
    SignedIn(Opened),
    /// The browser is half signed in, with this secret.
    CodeSent(FlowSecret),
    /// Name or password is wrong. Which of them is not told (S23).
    Rejected,
    /// The password is right and the account is disabled. Told only to who knows the password.
    Disabled,
    /// Too many attempts.
    Limited(Limited),
    /// Too many wrong passwords from clients like this one; the owner's devices are not held up (S56).
    Delayed(Limited),
    /// Too many people sign in at this moment.
    Busy(Busy),
}

/// What came of asking for a code to a session that has its password already.
#[derive(Debug)]
pub enum StepUpOutcome {
    /// The browser is half signed in, with this secret.
    CodeSent(FlowSecret),
    /// Too many codes were asked for.
    Limited(Limited),
    /// The account is gone or disabled.
    Rejected,
}

impl Auth {
    /// Signs somebody in, or brings them half the way. Known and unknown names take the same steps (S23, S24).
    pub async fn sign_in(
        &self,
        form: SignIn<'_>,
        context: &Context<'_>,
    ) -> Result<SignInOutcome, StoreError> {
        let address = counted_as(context.client.address).to_string();
        if let Err(limited) = self.within(LimitName::SignIn, &address, context).await? {
            metrics().signin(SigninStep::Password, SigninResult::Limited);
            return Ok(SignInOutcome::Limited(limited));
        }
        let login: Option<LoginName> = form.login.parse().ok();
        match form.wanted {
            Wanted::MailCode => self.sign_in_by_mail(form, login, context).await,
            Wanted::Password | Wanted::Both => self.sign_in_by_password(form, login, context).await,
        }
    }

    async fn sign_in_by_password(
        &self,
        form: SignIn<'_>,
        login: Option<LoginName>,
        context: &Context<'_>,
    ) -> Result<SignInOutcome, StoreError> {
        let Some(password) = form.password.clone() else { return Ok(SignInOutcome::Rejected) };
        if let Err(busy) = self.hasher.has_room() {
            metrics().signin(SigninStep::Password, SigninResult::Overloaded);
            return Ok(SignInOutcome::Busy(busy));
        }
        let found = self.find_login(login.as_ref()).await?;
        let (account, kept) =
            found.map_or((None, None), |found| (Some(found.account), found.password));
        let who = self.guesser(account.as_ref(), context).await?;
        let failures = failure_key(account.as_ref(), login.as_ref(), &form, who);
        let turn = match self.take_turn(&failures, who, context.now).await? {
            taken @ (Turn::Counted { .. } | Turn::Taken) => taken,
            Turn::Wait { until, in_a_row } => {
                metrics().signin(SigninStep::Password, SigninResult::Limited);
                let limited =
                    Attempt::of(AuditEvent::Password, AuditResult::Limited, account.as_ref());
                self.remember(limited.by(who), context).await?;
                self.tell_of_failures(account.as_ref(), in_a_row, context).await?;
                let retry_after = context.now.until(until);
                return Ok(SignInOutcome::Delayed(Limited { retry_after }));
            }
        };
        let verdict = match self.hasher.verify(password, kept.clone()).await {
            Ok(verdict) => verdict,
            Err(busy) => {
                metrics().signin(SigninStep::Password, SigninResult::Overloaded);
                if let Turn::Counted { in_a_row } = turn {
                    self.tell_of_failures(account.as_ref(), in_a_row, context).await?;
                }
                return Ok(SignInOutcome::Busy(busy));
            }
        };
        let (Verdict::Right { upgraded }, Some(account)) = (verdict, &account) else {
            let in_a_row = match turn {
                Turn::Counted { in_a_row } => in_a_row,
                Turn::Taken | Turn::Wait { .. } => {
                    let delay = self.settings.delay;
                    let counted =
                        self.accounts.count_password_failure(&failures, delay, context.now);
                    counted.await?.count
                }
            };
            return self.wrong_password(account.as_ref(), in_a_row, who, context).await;
        };
        if !account.is_active() {
            metrics().signin(SigninStep::Password, SigninResult::Refused);
            let disabled = Attempt::of(AuditEvent::Password, AuditResult::Disabled, Some(account));
            self.remember(disabled.by(who), context).await?;
            return Ok(SignInOutcome::Disabled);
        }
        if let Some((old, new)) = kept.zip(upgraded) {
            self.accounts.upgrade_password_hash(account.id, &old, new).await?;
        }
        self.accounts.clear_password_failures(&failures).await?;
        metrics().signin(SigninStep::Password, SigninResult::Accepted);
        let right = Attempt::of(AuditEvent::Password, AuditResult::Ok, Some(account));
        self.remember(right.by(who), context).await?;
        self.after_password(&form, account, context).await
    }

    /// Counts a stranger's try as a failure before it is compared, so that tries at the same instant count each other; a
    /// right password takes it back. The owner's own devices, whose tabs may well try at the same instant, are counted
    /// when they were wrong.
    async fn take_turn(
        &self,
        failures: &str,
        who: Guesser,
        now: Timestamp,
    ) -> Result<Turn, StoreError> {
        let until = self.accounts.next_password_try(failures, now).await?;
        if until > now {
            return Ok(Turn::Wait { until, in_a_row: 0 });
        }
        if who != Guesser::Unknown {
            return Ok(Turn::Taken);
        }
        let counted =
            self.accounts.count_password_failure(failures, self.settings.delay, now).await?;
        Ok(if counted.taken_from > now {
            Turn::Wait { until: counted.next_try, in_a_row: counted.count }
        } else {
            Turn::Counted { in_a_row: counted.count }
        })
    }

    /// The password is right: what is still missing for the page that is wanted?
    async fn after_password(
        &self,
        form: &SignIn<'_>,
        account: &Account,
        context: &Context<'_>,
    ) -> Result<SignInOutcome, StoreError> {
        let methods = Methods::new([Method::Password]);
        if form.wanted == Wanted::Password {
            let proof = Proof::now(methods, context);
            let opened = self.open_session(account, proof, form.remember, context).await?;
            return Ok(SignInOutcome::SignedIn(opened));
        }
        if form.trusted_device
            && let Trust::Given(keep) = self.use_trusted_device(account, context).await?
        {
            metrics().signin(SigninStep::Device, SigninResult::Accepted);
            let proof = Proof::now(methods.and(Method::TrustedDevice), context);
            let opened = self.open_session(account, proof, form.remember, context).await?;
            return Ok(SignInOutcome::SignedIn(Opened { device: keep, ..opened }));
        }
        let grant = Grant {
            methods,
            remember: form.remember,
            replaces: context.replaces,
            raises: false,
            return_to: context.return_to.clone(),
        };
        self.code_for(account, grant, context).await.map(|sent| match sent {
            Ok(flow) => SignInOutcome::CodeSent(flow),
            Err(limited) => SignInOutcome::Limited(limited),
        })
    }

    /// Answers a wrong password. Unknown names are counted the same way, for nobody (S23, S24).
    async fn wrong_password(
        &self,
        account: Option<&Account>,
        in_a_row: u32,
        who: Guesser,
        context: &Context<'_>,
    ) -> Result<SignInOutcome, StoreError> {
        metrics().signin(SigninStep::Password, SigninResult::Refused);
        let result = if account.is_some() { AuditResult::Wrong } else { AuditResult::UnknownName };
        self.remember(Attempt::of(AuditEvent::Password, result, account).by(who), context).await?;
        self.tell_of_failures(account, in_a_row, context).await?;
        Ok(SignInOutcome::Rejected)
    }

    /// Tells the owner when there are many failures in a row, at the very one that makes them many. Every one that is
    /// counted comes by here, compared or not: tries at the same instant must not step over it.
    async fn tell_of_failures(
        &self,
        account: Option<&Account>,
        in_a_row: u32,
        context: &Context<'_>,
    ) -> Result<(), StoreError> {
        let Some(account) = account.filter(|_| in_a_row == TELL_AFTER) else { return Ok(()) };
        let message = Message::PasswordFailuresNotice {
            site: context.origin.to_owned(),
            asked_by: context.asked(),
        };
        self.notify(account, message, context).await
    }

    async fn sign_in_by_mail(
        &self,
        form: SignIn<'_>,
        login: Option<LoginName>,
        context: &Context<'_>,
    ) -> Result<SignInOutcome, StoreError> {
        let found = self.find_login(login.as_ref()).await?.map(|found| found.account);
        let account = found.filter(Account::is_active);
        // One counter for each account, however it is named; a name without an account has one of its own (S15, S26).
        let typed = login
            .as_ref()
            .map_or_else(|| form.login.chars().take(254).collect::<String>(), LoginName::key);
        let decoy = self.keys.decoy_account(&typed);
        let methods = Methods::new([]);
        let who = self.guesser(account.as_ref(), context).await?;
        let counted = code_key(account.as_ref().map_or(decoy, |account| account.id), &methods, who);
        if let Err(limited) = self.within(LimitName::CodeRequest, &counted, context).await? {
            return Ok(SignInOutcome::Limited(limited));
        }
        if let Err(limited) = self.may_mail(&counted, context).await? {
            return Ok(SignInOutcome::Limited(limited));
        }
        let grant = Grant {
            methods,
            remember: form.remember,
            replaces: context.replaces,
            raises: false,
            return_to: context.return_to.clone(),
        };
        // What was typed, never what is known: the page must not tell whether there is an account (S23).
        let destination = match &login {
            Some(LoginName::Email(typed)) => typed.masked(),
            _ => mask(&form.login.chars().take(64).collect::<String>()),
        };
        let whose = account.as_ref().map_or(Whose::Nobody(decoy), Whose::Account);
        let flow = self.open_challenge(whose, destination, grant, context).await?;
        Ok(SignInOutcome::CodeSent(flow))
    }

    /// Sends a code to somebody whose session has its password already.
    pub async fn step_up(
        &self,
        signed_in: &SignedIn,
        context: &Context<'_>,
    ) -> Result<StepUpOutcome, StoreError> {
        let Some(account) = self.accounts.find_account(signed_in.session.account).await? else {
            return Ok(StepUpOutcome::Rejected);
        };
        if !account.is_active() {
            return Ok(StepUpOutcome::Rejected);
        }
        let grant = Grant {
            methods: signed_in.session.methods.clone(),
            remember: signed_in.session.remembered,
            replaces: Some(signed_in.session.id),
            raises: true,
            return_to: context.return_to.clone(),
        };
        let sent = self.code_for(&account, grant, context).await?;
        Ok(sent.map_or_else(StepUpOutcome::Limited, StepUpOutcome::CodeSent))
    }

    async fn code_for(
        &self,
        account: &Account,
        grant: Grant,
        context: &Context<'_>,
    ) -> Result<Result<FlowSecret, Limited>, StoreError> {
        let who = self.guesser(Some(account), context).await?;
        let counted = code_key(account.id, &grant.methods, who);
        if let Err(limited) = self.within(LimitName::CodeRequest, &counted, context).await? {
            return Ok(Err(limited));
        }
        if let Err(limited) = self.may_mail(&counted, context).await? {
            return Ok(Err(limited));
        }
        let destination = account.email.masked();
        self.open_challenge(Whose::Account(account), destination, grant, context).await.map(Ok)
    }

    /// Opens a challenge for a new flow secret, so that each step has a new one (S28). Without an account it is a
    /// decoy: the same work, and no mail (S26).
    async fn open_challenge(
        &self,
        whose: Whose<'_>,
        destination: String,
        grant: Grant,
        context: &Context<'_>,
    ) -> Result<FlowSecret, StoreError> {
        let flow = FlowSecret::generate(&*self.entropy);
        let expires_at = context.now + self.settings.code_lifetime;
        let passwordless = !grant.methods.has(Method::Password);
        let fresh = self.new_code(whose, passwordless, &flow, context).await?;
        let challenge = Challenge {
            id: ChallengeId::generate(&*self.entropy, context.now),
            purpose: Purpose::SignIn,
            subject: whose.subject(),
            host: context.host.clone(),
            destination,
            grant,
            created_at: context.now,
            expires_at,
            sent_at: context.now,
            sends: 1,
            attempts: 0,
            max_attempts: self.settings.attempts,
            consumed_at: None,
        };
        let FreshCode { code, link, mail } = fresh;
        let new = NewChallenge { flow: flow.hash(), challenge, code, link, mail };
        self.flow.open_challenge(new).await?;
        metrics().code(Purpose::SignIn, CodeEvent::Issued);
        let sent = Attempt::of(AuditEvent::CodeSent, AuditResult::Ok, whose.account());
        self.remember(sent, context).await?;
        self.mail_waits.notify_one();
        Ok(flow)
    }

    /// A code and a link, as their MACs and as the sealed mail that carries them; the link alone where the guess budget
    /// is spent. A decoy's are made and sealed the same way, for an address that nobody has, and thrown away.
    pub(super) async fn new_code(
        &self,
        whose: Whose<'_>,
        passwordless: bool,
        flow: &FlowSecret,
        context: &Context<'_>,
    ) -> Result<FreshCode, StoreError> {
        let who = self.guesser(whose.account(), context).await?;
        let id = whose.subject().budget_of();
        let budget = self.accounts.guess_budget(id, who, self.settings.budget, context.now).await?;
        let code = Code::generate(&*self.entropy);
        let token = LinkToken::generate(&*self.entropy);
        let mac =
            |typed: &TypedCode| self.keys.code_mac(flow, Purpose::SignIn, context.host, typed);
        let relay = mac(&TypedCode::Relay(self.keys.relay_code(&token)));
        let link = NewLink { token: token.hash(), relay };
        let code_mac = mac(&TypedCode::Code(code.clone()));
        let not_after = context.now + self.settings.code_lifetime;
        let address = format!("{}/_doorward/link/{}", context.origin, tokens::encode_link(&token));
        let message = match budget {
            BudgetState::Within => Message::SignInCode {
                code,
                link: address.into(),
                passwordless,
                site: context.origin.to_owned(),
                expires_at: not_after,
                asked_by: context.asked(),
            },
            BudgetState::Spent { .. } => Message::SignInLink {
                link: address.into(),
                passwordless,
                site: context.origin.to_owned(),
                expires_at: not_after,
                asked_by: context.asked(),
            },
        };
        let to = whose.account().map(|account| account.email.clone());
        let mail = Mail { to: to.clone().unwrap_or_else(EmailAddress::nobody), message };
        let frame = MailFrame {
            id: MailId::generate(&*self.entropy, context.now),
            flow: Some(flow.hash()),
            created_at: context.now,
            not_after,
        };
        let sealed = self.keys.seal(&mail, &*self.entropy, frame);
        Ok(FreshCode { code: code_mac, link, mail: to.map(|_| sealed) })
    }

    /// The account of this name. What can be nobody's name costs the same question (S24).
    async fn find_login(
        &self,
        login: Option<&LoginName>,
    ) -> Result<Option<AccountWithPassword>, StoreError> {
        match login {
            Some(login) => self.accounts.find_login(login).await,
            None => {
                let nobody = LoginName::Email(EmailAddress::nobody());
                self.accounts.find_login(&nobody).await.map(|_| None)
            }
        }
    }
}

/// The failures in a row after which the owner is told.
const TELL_AFTER: u32 = 10;

/// Whether a password is compared now.
enum Turn {
    /// It is, and is counted as this many failures in a row unless it is right.
    Counted { in_a_row: u32 },
    /// It is, and is counted once it was wrong.
    Taken,
    /// It is not, because of the failures before it: so many in a row, if this one was counted with them.
    Wait { until: Timestamp, in_a_row: u32 },
}

/// Whose code it is.
#[derive(Clone, Copy)]
pub(super) enum Whose<'a> {
    Account(&'a Account),
    Nobody(AccountId),
}

impl<'a> Whose<'a> {
    pub(super) const fn account(self) -> Option<&'a Account> {
        match self {
            Self::Account(account) => Some(account),
            Self::Nobody(_) => None,
        }
    }

    const fn subject(self) -> Subject {
        match self {
            Self::Account(account) => Subject::Account { id: account.id, epoch: account.epoch },
            Self::Nobody(stands_for) => Subject::Decoy { stands_for },
        }
    }
}

/// A code and a link that were just made.
pub(super) struct FreshCode {
    pub(super) code: CodeMac,
    pub(super) link: NewLink,
    pub(super) mail: Option<SealedMail>,
}

/// Under which key the codes for an account are counted: those after a password apart from those that the name alone
/// asks for, and each device's apart, so that nobody's requests keep the owner from a code (S56).
pub(super) fn code_key(account: AccountId, before: &Methods, who: Guesser) -> String {
    let after = if before.has(Method::Password) { "password" } else { "name" };
    format!("{account} {after} {who}")
}

/// Under which key wrong passwords are counted: the account's, for each of its devices apart, or the name's where there
/// is no account.
fn failure_key(
    account: Option<&Account>,
    login: Option<&LoginName>,
    form: &SignIn<'_>,
    who: Guesser,
) -> String {
    match (account, login) {
        (Some(account), _) => format!("account {} {who}", account.id),
        (None, Some(login)) => format!("name {}", login.key()),
        (None, None) => format!("name {}", form.login.chars().take(254).collect::<String>()),
    }
}

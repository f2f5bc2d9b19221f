//! Name and password, or the name alone where the mail is the only factor.

use crate::domain::account::{Account, AccountWithPassword, LoginName};
use crate::domain::address::counted_as;
use crate::domain::audit::{AuditEvent, AuditResult};
use crate::domain::captcha::CaptchaPlace;
use crate::domain::challenge::{Aim, Grant};
use crate::domain::client::Client;
use crate::domain::device::Guesser;
use crate::domain::email::EmailAddress;
use crate::domain::host::HostName;
use crate::domain::id::{AccountId, SessionId};
use crate::domain::language::Language;
use crate::domain::mail::Message;
use crate::domain::phone::CodesBy;
use crate::domain::return_to::ReturnTo;
use crate::domain::secret::{FlowSecret, Password};
use crate::domain::session::{Method, Methods};
use crate::domain::time::Timestamp;
use crate::store::{LimitName, StoreError};
use crate::telemetry::metrics::{SigninResult, SigninStep, metrics};

use super::audit::Attempt;
use super::captcha::{CaptchaFault, Evidence};
use super::device::Trust;
use super::password::{Busy, Verdict};
use super::sessions::{Opened, Proof, SignedIn};
use super::tokens::DeviceCookie;
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
    /// What the client keeps of a session that it gets.
    pub keeps: Keeps,
    /// The language of the request; mails to accounts without one of their own are written in it.
    pub language: Language,
    /// The instant of the request.
    pub now: Timestamp,
}

/// What a client keeps of its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeps {
    /// A cookie: it is a browser.
    Cookie,
    /// An access token and a refresh token: it is a program.
    Tokens,
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
    /// What shows that no program sends it, where that is asked for.
    pub evidence: Evidence<'a>,
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
    /// After failures: what shows that no program sends it is not enough.
    Captcha(CaptchaFault),
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
        if form.wanted != Wanted::MailCode
            && let Err(busy) = self.hasher.has_room()
        {
            metrics().signin(SigninStep::Password, SigninResult::Overloaded);
            return Ok(SignInOutcome::Busy(busy));
        }
        let address = counted_as(context.client.address).to_string();
        if let Err(limited) = self.within(LimitName::SignIn, &address, context).await? {
            metrics().signin(SigninStep::Password, SigninResult::Limited);
            return Ok(SignInOutcome::Limited(limited));
        }
        match form.wanted {
            Wanted::MailCode => self.sign_in_by_mail(form, context).await,
            Wanted::Password | Wanted::Both => self.sign_in_by_password(form, context).await,
        }
    }

    async fn sign_in_by_password(
        &self,
        form: SignIn<'_>,
        context: &Context<'_>,
    ) -> Result<SignInOutcome, StoreError> {
        let login: Option<LoginName> = form.login.parse().ok();
        let Some(password) = form.password.clone() else { return Ok(SignInOutcome::Rejected) };
        let found = self.find_login(login.as_ref()).await?;
        let (account, kept) =
            found.map_or((None, None), |found| (Some(found.account), found.password));
        let who = self.guesser(account.as_ref(), context).await?;
        let failures = failure_key(account.as_ref(), login.as_ref(), &form, who);
        if let Err(fault) = self.shown_at_sign_in(&form, who, &failures, context).await? {
            metrics().signin(SigninStep::Password, SigninResult::Limited);
            return Ok(SignInOutcome::Captcha(fault));
        }
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
            let in_a_row = self.count_failure(turn, &failures, context.now).await?;
            self.count_for_captcha(&failures, context).await?;
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

    /// Whether the form shows what it has to after failures. The owner's own devices are not held up by those of others
    /// (S56).
    async fn shown_at_sign_in(
        &self,
        form: &SignIn<'_>,
        who: Guesser,
        failures: &str,
        context: &Context<'_>,
    ) -> Result<Result<(), CaptchaFault>, StoreError> {
        if who != Guesser::Unknown || !self.wants_captcha(failures, context).await? {
            return Ok(Ok(()));
        }
        match self.look_at(CaptchaPlace::SignIn, &form.evidence, context) {
            Ok(shown) => self.accept_shown(CaptchaPlace::SignIn, shown, context).await,
            Err(fault) => Ok(Err(fault)),
        }
    }

    /// Counts a wrong password, unless its turn counted it before it was compared. Says how many there are in a row.
    pub(super) async fn count_failure(
        &self,
        turn: Turn,
        failures: &str,
        now: Timestamp,
    ) -> Result<u32, StoreError> {
        match turn {
            Turn::Counted { in_a_row } => Ok(in_a_row),
            Turn::Taken | Turn::Wait { .. } => {
                let delay = self.settings.delay;
                Ok(self.accounts.count_password_failure(failures, delay, now).await?.count)
            }
        }
    }

    /// Counts a stranger's try as a failure before it is compared, so that tries at the same instant count each other; a
    /// right password takes it back. The owner's own devices, whose tabs may well try at the same instant, are counted
    /// when they were wrong.
    pub(super) async fn take_turn(
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
        if form.wanted == Wanted::Password && !account.second_step {
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
            by: CodesBy::Mail,
            return_to: context.return_to.clone(),
        };
        let sent = self.code_for(account, Aim::SignIn(grant), context).await?;
        Ok(sent.map_or_else(SignInOutcome::Limited, SignInOutcome::CodeSent))
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
    pub(super) async fn tell_of_failures(
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
        context: &Context<'_>,
    ) -> Result<SignInOutcome, StoreError> {
        let grant = Grant {
            methods: Methods::new([]),
            remember: form.remember,
            replaces: context.replaces,
            raises: false,
            by: CodesBy::Mail,
            return_to: context.return_to.clone(),
        };
        let sent = self.code_by_name(form.login, Aim::SignIn(grant), context).await?;
        Ok(sent.map_or_else(SignInOutcome::Limited, SignInOutcome::CodeSent))
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
            methods: signed_in.session.methods,
            remember: signed_in.session.remembered,
            replaces: Some(signed_in.session.id),
            raises: true,
            by: CodesBy::Mail,
            return_to: context.return_to.clone(),
        };
        let sent = self.code_for(&account, Aim::SignIn(grant), context).await?;
        Ok(sent.map_or_else(StepUpOutcome::Limited, StepUpOutcome::CodeSent))
    }

    /// The account of this name. What can be nobody's name costs the same question (S24).
    pub(super) async fn find_login(
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
pub(super) enum Turn {
    /// It is, and is counted as this many failures in a row unless it is right.
    Counted { in_a_row: u32 },
    /// It is, and is counted once it was wrong.
    Taken,
    /// It is not, because of the failures before it: so many in a row, if this one was counted with them.
    Wait { until: Timestamp, in_a_row: u32 },
}

/// The same for an account that there is.
pub(super) fn account_failure_key(account: AccountId, who: Guesser) -> String {
    format!("account {account} {who}")
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
        (Some(account), _) => account_failure_key(account.id, who),
        (None, Some(login)) => format!("name {}", login.key()),
        (None, None) => format!("name {}", form.login.chars().take(254).collect::<String>()),
    }
}

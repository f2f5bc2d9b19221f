//! Name and password, or the name alone where the mail is the only factor.

use crate::domain::account::{Account, AccountWithPassword, LoginName};
use crate::domain::address::counted_as;
use crate::domain::challenge::{Challenge, Grant, NewChallenge, Purpose, Subject};
use crate::domain::client::Client;
use crate::domain::code::Code;
use crate::domain::email::{EmailAddress, mask};
use crate::domain::host::HostName;
use crate::domain::id::{ChallengeId, MailId, SessionId};
use crate::domain::keys::MailFrame;
use crate::domain::mail::{Asked, Mail, Message, SealedMail};
use crate::domain::return_to::ReturnTo;
use crate::domain::secret::{CodeMac, FlowSecret, Password};
use crate::domain::session::{Method, Methods};
use crate::domain::time::Timestamp;
use crate::store::{LimitName, StoreError};
use crate::telemetry::metrics::{CodeEvent, SigninResult, SigninStep, metrics};

use super::password::{Busy, Verdict};
use super::sessions::{Opened, SignedIn};
use super::{Auth, Limited};

/// Where and when something is asked for.
#[derive(Clone, Debug)]
pub struct Context<'a> {
    /// The site.
    pub host: &'a HostName,
    /// The site's origin as configured, for mails (S19).
    pub origin: &'a str,
    /// Who asks.
    pub client: &'a Client,
    /// Where to go then.
    pub return_to: ReturnTo,
    /// The session that the browser has, which ends when it gets another.
    pub replaces: Option<SessionId>,
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
}

/// What came of a sign-in form.
#[derive(Debug)]
pub enum SignInOutcome {
    /// The password was enough.
    SignedIn(Opened),
    /// The browser is half signed in, with this secret.
    CodeSent(FlowSecret),
    /// Name or password is wrong. Which of them is not told (S23).
    Rejected,
    /// The password is right and the account is disabled. Told only to who knows the password.
    Disabled,
    /// Too many attempts.
    Limited(Limited),
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
        if let Err(limited) = self.within(LimitName::SignIn, &address, context.now).await? {
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
        let Some(password) = form.password else { return Ok(SignInOutcome::Rejected) };
        let found = self.find_login(login.as_ref()).await?;
        let (account, kept) =
            found.map_or((None, None), |found| (Some(found.account), found.password));
        let verdict = match self.hasher.verify(password, kept.clone()).await {
            Ok(verdict) => verdict,
            Err(busy) => {
                metrics().signin(SigninStep::Password, SigninResult::Overloaded);
                return Ok(SignInOutcome::Busy(busy));
            }
        };
        let (Verdict::Right { upgraded }, Some(account)) = (verdict, account) else {
            metrics().signin(SigninStep::Password, SigninResult::Refused);
            return Ok(SignInOutcome::Rejected);
        };
        if !account.is_active() {
            metrics().signin(SigninStep::Password, SigninResult::Refused);
            return Ok(SignInOutcome::Disabled);
        }
        if let Some((old, new)) = kept.zip(upgraded) {
            self.accounts.upgrade_password_hash(account.id, &old, new).await?;
        }
        metrics().signin(SigninStep::Password, SigninResult::Accepted);
        let methods = Methods::new([Method::Password]);
        if form.wanted == Wanted::Password {
            let opened = self.open_session(&account, methods, form.remember, context).await?;
            return Ok(SignInOutcome::SignedIn(opened));
        }
        let grant = Grant {
            methods,
            remember: form.remember,
            replaces: context.replaces,
            raises: false,
            return_to: context.return_to.clone(),
        };
        self.code_for(&account, grant, context).await.map(|sent| match sent {
            Ok(flow) => SignInOutcome::CodeSent(flow),
            Err(limited) => SignInOutcome::Limited(limited),
        })
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
        let counted = match (&account, &login) {
            (Some(account), _) => account.id.to_string(),
            (None, Some(login)) => login.key(),
            (None, None) => form.login.chars().take(254).collect(),
        };
        if let Err(limited) = self.within(LimitName::CodeRequest, &counted, context.now).await? {
            return Ok(SignInOutcome::Limited(limited));
        }
        let grant = Grant {
            methods: Methods::new([]),
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
        let flow = self.open_challenge(account.as_ref(), destination, grant, context).await?;
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
        let counted = account.id.to_string();
        if let Err(limited) = self.within(LimitName::CodeRequest, &counted, context.now).await? {
            return Ok(Err(limited));
        }
        let destination = account.email.masked();
        self.open_challenge(Some(account), destination, grant, context).await.map(Ok)
    }

    /// Opens a challenge for a new flow secret, so that each step has a new one (S28). Without an account it is a
    /// decoy: the same work, and no mail (S26).
    async fn open_challenge(
        &self,
        account: Option<&Account>,
        destination: String,
        grant: Grant,
        context: &Context<'_>,
    ) -> Result<FlowSecret, StoreError> {
        let flow = FlowSecret::generate(&*self.entropy);
        let expires_at = context.now + self.settings.code_lifetime;
        let (code, mail) = self.new_code(account.map(|account| &account.email), &flow, context);
        let challenge = Challenge {
            id: ChallengeId::generate(&*self.entropy, context.now),
            purpose: Purpose::SignIn,
            subject: account.map_or(Subject::Decoy, |account| Subject::Account {
                id: account.id,
                epoch: account.epoch,
            }),
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
        let new = NewChallenge { flow: flow.hash(), challenge, code, mail };
        self.flow.open_challenge(new).await?;
        metrics().code(Purpose::SignIn, CodeEvent::Issued);
        self.mail_waits.notify_one();
        Ok(flow)
    }

    /// A code as its MAC and as the sealed mail that carries it. A decoy's is made and sealed the same way, for an
    /// address that nobody has, and thrown away.
    pub(super) fn new_code(
        &self,
        to: Option<&EmailAddress>,
        flow: &FlowSecret,
        context: &Context<'_>,
    ) -> (CodeMac, Option<SealedMail>) {
        let code = Code::generate(&*self.entropy);
        let mac = self.keys.code_mac(flow, Purpose::SignIn, context.host, &code);
        let not_after = context.now + self.settings.code_lifetime;
        let mail = Mail {
            to: to.cloned().unwrap_or_else(EmailAddress::nobody),
            message: Message::SignInCode {
                code,
                site: context.origin.to_owned(),
                expires_at: not_after,
                asked_by: Asked { at: context.now, client: context.client.clone() },
            },
        };
        let frame = MailFrame {
            id: MailId::generate(&*self.entropy, context.now),
            flow: Some(flow.hash()),
            created_at: context.now,
            not_after,
        };
        let sealed = self.keys.seal(&mail, &*self.entropy, frame);
        (mac, to.map(|_| sealed))
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

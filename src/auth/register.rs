//! Registering: an account of one's own, once the address is shown to be one's own (R1).

use zeroize::Zeroizing;

use crate::domain::account::{Account, Epoch, FullName, LoginName, Username};
use crate::domain::address::counted_as;
use crate::domain::audit::{AuditEvent, AuditResult};
use crate::domain::captcha::CaptchaPlace;
use crate::domain::challenge::{Aim, Subject};
use crate::domain::email::EmailAddress;
use crate::domain::id::AccountId;
use crate::domain::mail::Message;
use crate::domain::password_rules::{Owner, PasswordFault};
use crate::domain::permit::Permitted;
use crate::domain::registration::{Activated, NewRegistration, Registration, RegistrationRule};
use crate::domain::return_to::ReturnTo;
use crate::domain::secret::FlowSecret;
use crate::domain::session::{Method, Methods};
use crate::store::{LimitName, StoreError};

use super::answer::{Answer, Answered};
use super::audit::Attempt;
use super::captcha::{CaptchaFault, Evidence};
use super::challenge::{Mailed, Recipient};
use super::code::CodeOutcome;
use super::password::{BUSY, Busy};
use super::sessions::{Opened, Proof};
use super::sign_in::Context;
use super::{Auth, Limited};

/// A registration form.
pub struct Register<'a> {
    /// The name to sign in with.
    pub username: Username,
    /// Where its mail is to go.
    pub email: EmailAddress,
    /// The name that apps show.
    pub full_name: Option<FullName>,
    /// What was typed as password.
    pub password: Zeroizing<String>,
    /// What shows that no program sends it.
    pub evidence: Evidence<'a>,
}

/// What came of a registration form.
#[derive(Debug)]
pub enum RegisterOutcome {
    /// The browser waits for the code, with this secret. Whether name or address are taken is not told (S23, S25).
    CodeSent(FlowSecret),
    /// Nobody may register.
    Off,
    /// Addresses of that domain may not.
    OtherDomain,
    /// The password is not taken.
    Password(PasswordFault),
    /// What shows that no program sends it is not enough.
    Captcha(CaptchaFault),
    /// Too many registrations, or too many codes.
    Limited(Limited),
    /// Too many passwords wait to be hashed.
    Busy(Busy),
}

/// What came of choosing another name.
#[derive(Debug)]
pub enum ChooseNameOutcome {
    /// The account is made, and the browser signed in.
    SignedIn {
        /// Its session.
        opened: Opened,
        /// Where it goes.
        return_to: ReturnTo,
    },
    /// That name is another account's too.
    Taken,
    /// There is nothing to choose a name for, or not any more.
    Over,
    /// Too many tries.
    Limited(Limited),
}

impl Auth {
    /// Who may register.
    pub const fn registration(&self) -> &RegistrationRule {
        &self.registration
    }

    /// Keeps the registration and mails a code to its address. An address that has an account takes the same steps: its
    /// owner is told instead, and the code that nobody gets answers nothing (S23, S24, S25).
    pub async fn register(
        &self,
        form: Register<'_>,
        context: &Context<'_>,
    ) -> Result<RegisterOutcome, StoreError> {
        let Register { username, email, full_name, password, evidence } = form;
        if !self.registration.is_on() {
            return Ok(RegisterOutcome::Off);
        }
        if !self.registration.allows(&email) {
            return Ok(RegisterOutcome::OtherDomain);
        }
        let shown = match self.look_at(CaptchaPlace::Registration, &evidence, context) {
            Ok(shown) => shown,
            Err(fault) => return Ok(RegisterOutcome::Captcha(fault)),
        };
        let owner = Owner {
            username: Some(username.clone()),
            email: Some(email.clone()),
            full_name: full_name.clone(),
        };
        let password = match self.new_password(password, owner).await {
            Ok(Ok(password)) => password,
            Ok(Err(fault)) => return Ok(RegisterOutcome::Password(fault)),
            Err(busy) => return Ok(RegisterOutcome::Busy(busy)),
        };
        let address = counted_as(context.client.address).to_string();
        if let Err(limited) = self.within(LimitName::Registration, &address, context).await? {
            return Ok(RegisterOutcome::Limited(limited));
        }
        if let Err(fault) = self.accept_shown(CaptchaPlace::Registration, shown, context).await? {
            return Ok(RegisterOutcome::Captcha(fault));
        }
        let password = match self.hasher.hash(password.into_password()).await {
            Ok(Some(hash)) => hash,
            Ok(None) => return Ok(RegisterOutcome::Busy(BUSY)),
            Err(busy) => return Ok(RegisterOutcome::Busy(busy)),
        };
        let recipient = self.newcomer(&email, context).await?;
        let id = recipient.subject.id();
        let destination = email.masked();
        let aim = Aim::SignUp { email: email.clone(), return_to: context.return_to.clone() };
        // First, so that whoever may have no mail sent has no row written either.
        if let Err(limited) = self.may_send(&recipient, &aim, context).await? {
            return Ok(RegisterOutcome::Limited(limited));
        }
        let registration = Registration { id, username, email, full_name, created_at: context.now };
        self.accounts.insert_registration(NewRegistration { registration, password }).await?;
        let flow = self.open_challenge(recipient, destination, aim, context).await?;
        Ok(RegisterOutcome::CodeSent(flow))
    }

    /// Who wants an account with this address: somebody new, or a decoy of whom its owner is told.
    pub(super) async fn newcomer(
        &self,
        email: &EmailAddress,
        context: &Context<'_>,
    ) -> Result<Recipient<'static>, StoreError> {
        let owner = self.accounts.find_login(&LoginName::Email(email.clone())).await?;
        let id = AccountId::generate(&*self.entropy, context.now);
        Ok(match owner {
            None => Recipient {
                account: None,
                subject: Subject::Account { id, epoch: Epoch(0) },
                mailed: Mailed::Code(email.clone()),
            },
            Some(owner) => Recipient {
                account: None,
                subject: Subject::Decoy { stands_for: id },
                mailed: Mailed::Notice(owner.account.email, Box::new(taken(context))),
            },
        })
    }

    /// The address is shown to be theirs: the registration becomes an account, and its owner is signed in. Where somebody
    /// else has taken the name meanwhile, the browser may choose another.
    pub(super) async fn answered_sign_up(
        &self,
        answer: &Answer<'_>,
        return_to: &ReturnTo,
        context: &Context<'_>,
    ) -> Result<CodeOutcome, StoreError> {
        let Subject::Account { id, .. } = answer.challenge.subject else {
            return Ok(CodeOutcome::Lost);
        };
        Ok(match self.accounts.activate_registration(id, None, context.now).await? {
            Activated::Active(account) => {
                let right = Attempt::of(answer.event(), AuditResult::Ok, Some(&account));
                self.remember(right, context).await?;
                let made = AuditEvent::Registered;
                let opened = self.welcome(&account, made, answer.trust_device, context).await?;
                let return_to = return_to.clone();
                CodeOutcome::Answered(Answered::SignedIn { opened, return_to })
            }
            Activated::UsernameTaken => {
                let other_name = Permitted::OtherName { registration: id };
                let flow = self.permit(other_name, return_to, context).await?;
                CodeOutcome::Answered(Answered::MayChooseName(flow))
            }
            // Somebody else has shown the address to be theirs before.
            Activated::EmailTaken | Activated::Gone => {
                let spent = Attempt::of(answer.event(), AuditResult::Spent, None);
                self.remember(spent, context).await?;
                CodeOutcome::Lost
            }
        })
    }

    /// The registration that this browser may choose another name for.
    pub async fn nameless_registration(
        &self,
        flow: &FlowSecret,
        context: &Context<'_>,
    ) -> Result<Option<Registration>, StoreError> {
        let permit = self.permitted(flow, context).await?;
        let Some(Permitted::OtherName { registration }) = permit.map(|permit| permit.allows) else {
            return Ok(None);
        };
        self.accounts.find_registration(registration, context.now).await
    }

    /// Makes the account of a registration under another name, and signs its owner in.
    pub async fn choose_name(
        &self,
        flow: &FlowSecret,
        name: &Username,
        context: &Context<'_>,
    ) -> Result<ChooseNameOutcome, StoreError> {
        let address = counted_as(context.client.address).to_string();
        if let Err(limited) = self.within(LimitName::Verify, &address, context).await? {
            return Ok(ChooseNameOutcome::Limited(limited));
        }
        let Some(permit) = self.permitted(flow, context).await? else {
            return Ok(ChooseNameOutcome::Over);
        };
        let Permitted::OtherName { registration } = permit.allows else {
            return Ok(ChooseNameOutcome::Over);
        };
        let named = self.accounts.activate_registration(registration, Some(name), context.now);
        Ok(match named.await? {
            Activated::Active(account) => {
                self.flow.take_permit(&flow.permit_hash(), context.now).await?;
                let opened = self.welcome(&account, AuditEvent::Registered, false, context).await?;
                ChooseNameOutcome::SignedIn { opened, return_to: permit.return_to }
            }
            Activated::UsernameTaken => ChooseNameOutcome::Taken,
            Activated::EmailTaken | Activated::Gone => ChooseNameOutcome::Over,
        })
    }

    /// Signs the owner of a new account in, in the browser that has just shown both: the password, which was chosen there,
    /// and the mailbox.
    pub(super) async fn welcome(
        &self,
        account: &Account,
        made: AuditEvent,
        trust_device: bool,
        context: &Context<'_>,
    ) -> Result<Opened, StoreError> {
        self.remember(Attempt::of(made, AuditResult::Ok, Some(account)), context).await?;
        let methods = Methods::new([Method::Password, Method::MailCode]);
        let proof = Proof::now(methods, context);
        let opened = self.open_session(account, proof, false, context).await?;
        let device = self.meet_device(account, trust_device, context).await?;
        Ok(Opened { device, ..opened })
    }
}

/// What the owner of an address is told when somebody else registers with it.
fn taken(context: &Context<'_>) -> Message {
    Message::AddressTaken { site: context.origin.to_owned(), asked_by: context.asked() }
}

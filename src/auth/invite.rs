//! Invitations: an account for whoever gets the mail, whoever else may register.

use std::time::Duration;

use zeroize::Zeroizing;

use crate::domain::account::{FullName, Group, LoginName, Username};
use crate::domain::audit::AuditEvent;
use crate::domain::client::Client;
use crate::domain::email::EmailAddress;
use crate::domain::id::{AccountId, InvitationId, MailId};
use crate::domain::keys::MailFrame;
use crate::domain::language::Language;
use crate::domain::mail::{Asked, Mail, Message};
use crate::domain::password_rules::{Owner, PasswordFault};
use crate::domain::registration::{Acceptance, Activated, Invitation, NewInvitation};
use crate::domain::secret::InvitationToken;
use crate::domain::time::Timestamp;
use crate::store::StoreError;

use super::password::{BUSY, Busy};
use super::sessions::Opened;
use super::sign_in::Context;
use super::{Auth, tokens};

/// How long an invitation works.
const WORKS_FOR: Duration = Duration::from_secs(7 * 86_400);

/// Whom to invite.
#[derive(Clone, Debug)]
pub struct InvitationDraft {
    /// Where the mail goes.
    pub email: EmailAddress,
    /// The name to sign in with; left out, whoever is invited chooses it.
    pub username: Option<Username>,
    /// The name that apps show.
    pub full_name: Option<FullName>,
    /// What the account will belong to.
    pub groups: Vec<Group>,
}

/// What came of inviting somebody.
#[derive(Clone, Debug)]
pub enum InviteOutcome {
    /// The mail is in the outbox.
    Invited(Invitation),
    /// An account has that name.
    UsernameTaken,
    /// An account has that address.
    EmailTaken,
}

/// What whoever is invited typed.
pub struct Accept {
    /// The name to sign in with, where it is asked for.
    pub username: Option<Username>,
    /// The name that apps show, where it is asked for.
    pub full_name: Option<FullName>,
    /// What was typed as password.
    pub password: Zeroizing<String>,
}

/// What came of accepting an invitation.
#[derive(Debug)]
pub enum AcceptOutcome {
    /// The account is made, and the browser signed in.
    SignedIn(Opened),
    /// No name was chosen.
    NameMissing,
    /// Another account has the name.
    UsernameTaken,
    /// The password is not taken.
    Password(PasswordFault),
    /// Too many passwords wait to be hashed.
    Busy(Busy),
    /// There is no such invitation, or not any more.
    Over,
}

impl Auth {
    /// Invites somebody by mail, with a link to `origin` that works once, for a week.
    pub async fn invite(
        &self,
        draft: InvitationDraft,
        origin: &str,
        now: Timestamp,
    ) -> Result<InviteOutcome, StoreError> {
        if self.find_account(&LoginName::Email(draft.email.clone())).await?.is_some() {
            return Ok(InviteOutcome::EmailTaken);
        }
        if let Some(name) = &draft.username
            && self.find_account(&LoginName::Username(name.clone())).await?.is_some()
        {
            return Ok(InviteOutcome::UsernameTaken);
        }
        let token = InvitationToken::generate(&*self.entropy);
        let invitation = Invitation {
            id: InvitationId::generate(&*self.entropy, now),
            email: draft.email,
            username: draft.username,
            full_name: draft.full_name,
            groups: draft.groups,
            created_at: now,
            expires_at: now + WORKS_FOR,
        };
        let new = NewInvitation { invitation: invitation.clone(), token: token.hash() };
        self.accounts.insert_invitation(new).await?;
        self.mail_invitation(&invitation, &token, origin, now).await?;
        self.remember_command(AuditEvent::Invited, (None, None), now).await?;
        Ok(InviteOutcome::Invited(invitation))
    }

    async fn mail_invitation(
        &self,
        invitation: &Invitation,
        token: &InvitationToken,
        origin: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let link = format!("{origin}/_doorward/invitation/{}", tokens::encode_invitation(token));
        let nowhere = std::net::IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED);
        let message = Message::Invitation {
            link: link.into(),
            site: origin.to_owned(),
            expires_at: invitation.expires_at,
            asked_by: Asked { at: now, client: Client { address: nowhere, user_agent: "".into() } },
        };
        let mail = Mail { to: invitation.email.clone(), language: Language::default(), message };
        let frame = MailFrame {
            id: MailId::generate(&*self.entropy, now),
            flow: None,
            created_at: now,
            not_after: invitation.expires_at,
        };
        self.flow.write_mail(self.keys.seal(&mail, &*self.entropy, frame)).await?;
        self.mail_waits.notify_one();
        Ok(())
    }

    /// The invitation of this token. Changes nothing, however often it is asked (S16).
    pub async fn find_invitation(
        &self,
        token: &InvitationToken,
        now: Timestamp,
    ) -> Result<Option<Invitation>, StoreError> {
        self.accounts.find_invitation(&token.hash(), now).await
    }

    /// Makes the account that somebody was invited to, and signs them in: the token has shown the mailbox to be theirs, so
    /// that no code is asked for.
    pub async fn accept_invitation(
        &self,
        token: &InvitationToken,
        form: Accept,
        context: &Context<'_>,
    ) -> Result<AcceptOutcome, StoreError> {
        let Some(invitation) = self.find_invitation(token, context.now).await? else {
            return Ok(AcceptOutcome::Over);
        };
        let Some(username) = invitation.username.or(form.username) else {
            return Ok(AcceptOutcome::NameMissing);
        };
        let full_name = invitation.full_name.or(form.full_name);
        let owner = Owner {
            username: Some(username.clone()),
            email: Some(invitation.email),
            full_name: full_name.clone(),
        };
        let password = match self.new_password(form.password, owner).await {
            Ok(Ok(password)) => password,
            Ok(Err(fault)) => return Ok(AcceptOutcome::Password(fault)),
            Err(busy) => return Ok(AcceptOutcome::Busy(busy)),
        };
        let password = match self.hasher.hash(password.into_password()).await {
            Ok(Some(hash)) => hash,
            Ok(None) => return Ok(AcceptOutcome::Busy(BUSY)),
            Err(busy) => return Ok(AcceptOutcome::Busy(busy)),
        };
        let id = AccountId::generate(&*self.entropy, context.now);
        let chosen = Acceptance { id, username, full_name, password };
        Ok(match self.accounts.accept_invitation(&token.hash(), chosen, context.now).await? {
            Activated::Active(account) => {
                let accepted = AuditEvent::InvitationAccepted;
                AcceptOutcome::SignedIn(self.welcome(&account, accepted, false, context).await?)
            }
            Activated::UsernameTaken => AcceptOutcome::UsernameTaken,
            // The address has an account by now, so there is nothing to be invited to.
            Activated::EmailTaken | Activated::Gone => AcceptOutcome::Over,
        })
    }

    /// The invitations that work, the latest first.
    pub async fn invitations(&self, now: Timestamp) -> Result<Vec<Invitation>, StoreError> {
        self.accounts.invitations(now).await
    }

    /// Takes an invitation back. Gives it, if there was one.
    pub async fn revoke_invitation(
        &self,
        id: InvitationId,
        now: Timestamp,
    ) -> Result<Option<Invitation>, StoreError> {
        let removed = self.accounts.remove_invitation(id).await?;
        if removed.is_some() {
            self.remember_command(AuditEvent::InvitationRevoked, (None, None), now).await?;
        }
        Ok(removed)
    }
}

//! Registrations and invitations in PostgreSQL.

use async_trait::async_trait;
use sqlx::PgConnection;
use sqlx::postgres::PgRow;

use super::super::observe::Cause;
use super::super::{Inserted, RegistrationStore, StoreError};
use super::accounts::{account, insert_if_free};
use super::rows::{Columns, json};
use super::{PostgresStore, lock};
use crate::domain::account::{FullName, NewAccount, Username};
use crate::domain::email::EmailAddress;
use crate::domain::id::{AccountId, InvitationId};
use crate::domain::registration::{
    Acceptance, Activated, Invitation, NewInvitation, NewRegistration, REGISTRATION_KEPT,
    Registration,
};
use crate::domain::secret::{InvitationTokenHash, PasswordHash};
use crate::domain::time::Timestamp;

#[async_trait]
impl RegistrationStore for PostgresStore {
    async fn insert_registration(&self, new: NewRegistration) -> Result<(), StoreError> {
        self.breaker.ask("insert_registration", async {
            let Registration { id, username, email, full_name, created_at } = new.registration;
            let mut write = self.write().await?;
            sqlx::query(
                "INSERT INTO registrations (id, username, email, email_key, full_name, password_hash,
                 created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            )
            .bind(id.as_uuid().as_bytes().as_slice())
            .bind(username.as_str())
            .bind(email.as_str())
            .bind(email.key())
            .bind(full_name.as_ref().map(FullName::as_str))
            .bind(new.password.as_phc())
            .bind(created_at.as_millis())
            .execute(&mut *write)
            .await?;
            Ok(write.commit().await?)
        })
        .await
    }

    async fn find_registration(
        &self,
        id: AccountId,
        now: Timestamp,
    ) -> Result<Option<Registration>, StoreError> {
        self.breaker
            .ask("find_registration", async {
                let row = sqlx::query(concat!(
                    "SELECT ",
                    columns!(registrations),
                    " FROM registrations WHERE id = $1 AND created_at > $2"
                ))
                .bind(id.as_uuid().as_bytes().as_slice())
                .bind(now.before(REGISTRATION_KEPT).as_millis())
                .fetch_optional(&self.pool)
                .await?;
                row.as_ref().map(registration).transpose()
            })
            .await
    }

    async fn registrations(
        &self,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<Registration>, StoreError> {
        self.breaker
            .ask("registrations", async {
                let rows = sqlx::query(concat!(
                    "SELECT ",
                    columns!(registrations),
                    " FROM registrations WHERE created_at > $1
                 ORDER BY created_at DESC, id DESC LIMIT $2"
                ))
                .bind(now.before(REGISTRATION_KEPT).as_millis())
                .bind(i64::from(limit))
                .fetch_all(&self.pool)
                .await?;
                rows.iter().map(registration).collect()
            })
            .await
    }

    async fn activate_registration(
        &self,
        id: AccountId,
        name: Option<&Username>,
        now: Timestamp,
    ) -> Result<Activated, StoreError> {
        self.breaker
            .ask("activate_registration", async {
                let mut write = self.write().await?;
                lock(&mut write, "activation", b"").await?;
                let row = sqlx::query(concat!(
                    "SELECT ",
                    columns!(registrations),
                    " FROM registrations WHERE id = $1 AND created_at > $2"
                ))
                .bind(id.as_uuid().as_bytes().as_slice())
                .bind(now.before(REGISTRATION_KEPT).as_millis())
                .fetch_optional(&mut *write)
                .await?;
                let Some(row) = row else { return Ok(Activated::Gone) };
                let Registration { id, username, email, full_name, .. } = registration(&row)?;
                let new = NewAccount {
                    id,
                    username: name.cloned().unwrap_or(username),
                    email,
                    full_name,
                    groups: Vec::new(),
                    password: Some(PasswordHash::from_phc(
                        Columns(&row).get::<String>("password_hash")?,
                    )),
                    created_at: now,
                };
                let activated = activate(&mut write, new).await?;
                write.commit().await?;
                Ok(activated)
            })
            .await
    }

    async fn insert_invitation(&self, new: NewInvitation) -> Result<(), StoreError> {
        self.breaker.ask("insert_invitation", async {
            let invitation = &new.invitation;
            let mut write = self.write().await?;
            sqlx::query(
                "INSERT INTO invitations (id, token_hash, email, email_key, username, full_name, groups,
                 created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            )
            .bind(invitation.id.as_uuid().as_bytes().as_slice())
            .bind(new.token.as_bytes().as_slice())
            .bind(invitation.email.as_str())
            .bind(invitation.email.key())
            .bind(invitation.username.as_ref().map(Username::as_str))
            .bind(invitation.full_name.as_ref().map(FullName::as_str))
            .bind(json(&invitation.groups)?)
            .bind(invitation.created_at.as_millis())
            .bind(invitation.expires_at.as_millis())
            .execute(&mut *write)
            .await?;
            Ok(write.commit().await?)
        })
        .await
    }

    async fn find_invitation(
        &self,
        token: &InvitationTokenHash,
        now: Timestamp,
    ) -> Result<Option<Invitation>, StoreError> {
        self.breaker
            .ask("find_invitation", async {
                let row = sqlx::query(FIND_INVITATION)
                    .bind(token.as_bytes().as_slice())
                    .bind(now.as_millis())
                    .fetch_optional(&self.pool)
                    .await?;
                row.as_ref().map(invitation).transpose()
            })
            .await
    }

    async fn accept_invitation(
        &self,
        token: &InvitationTokenHash,
        chosen: Acceptance,
        now: Timestamp,
    ) -> Result<Activated, StoreError> {
        self.breaker
            .ask("accept_invitation", async {
                let mut write = self.write().await?;
                lock(&mut write, "activation", b"").await?;
                let row = sqlx::query(FIND_INVITATION)
                    .bind(token.as_bytes().as_slice())
                    .bind(now.as_millis())
                    .fetch_optional(&mut *write)
                    .await?;
                let Some(row) = row else { return Ok(Activated::Gone) };
                let invited = invitation(&row)?;
                let new = NewAccount {
                    id: chosen.id,
                    username: invited.username.unwrap_or(chosen.username),
                    email: invited.email,
                    full_name: invited.full_name.or(chosen.full_name),
                    groups: invited.groups,
                    password: Some(chosen.password),
                    created_at: now,
                };
                let activated = activate(&mut write, new).await?;
                write.commit().await?;
                Ok(activated)
            })
            .await
    }

    async fn invitations(&self, now: Timestamp) -> Result<Vec<Invitation>, StoreError> {
        self.breaker
            .ask("invitations", async {
                let rows = sqlx::query(concat!(
                    "SELECT ",
                    columns!(invitations),
                    " FROM invitations WHERE expires_at > $1 ORDER BY created_at DESC, id DESC"
                ))
                .bind(now.as_millis())
                .fetch_all(&self.pool)
                .await?;
                rows.iter().map(invitation).collect()
            })
            .await
    }

    async fn remove_invitation(&self, id: InvitationId) -> Result<Option<Invitation>, StoreError> {
        self.breaker
            .ask("remove_invitation", async {
                let mut write = self.write().await?;
                let row = sqlx::query(concat!(
                    "DELETE FROM invitations WHERE id = $1 RETURNING ",
                    columns!(invitations)
                ))
                .bind(id.as_uuid().as_bytes().as_slice())
                .fetch_optional(&mut *write)
                .await?;
                let removed = row.as_ref().map(invitation).transpose()?;
                write.commit().await?;
                Ok(removed)
            })
            .await
    }
}

const FIND_INVITATION: &str = concat!(
    "SELECT ",
    columns!(invitations),
    " FROM invitations WHERE token_hash = $1 AND expires_at > $2"
);

/// Makes the account as a part of `write`, and drops everything else that its address was to become.
async fn activate(write: &mut PgConnection, new: NewAccount) -> Result<Activated, Cause> {
    let (id, email): (AccountId, EmailAddress) = (new.id, new.email.clone());
    match insert_if_free(write, new).await? {
        Inserted::Created => {}
        Inserted::UsernameTaken => return Ok(Activated::UsernameTaken),
        Inserted::EmailTaken => return Ok(Activated::EmailTaken),
    }
    for others in [
        "DELETE FROM registrations WHERE email_key = $1",
        "DELETE FROM invitations WHERE email_key = $1",
    ] {
        sqlx::query(others).bind(email.key()).execute(&mut *write).await?;
    }
    let row = sqlx::query(concat!("SELECT ", columns!(accounts), " FROM accounts WHERE id = $1"))
        .bind(id.as_uuid().as_bytes().as_slice())
        .fetch_one(&mut *write)
        .await?;
    Ok(Activated::Active(Box::new(account(&row)?)))
}

fn registration(row: &PgRow) -> Result<Registration, Cause> {
    let columns = Columns(row);
    Ok(Registration {
        id: columns.uuid("id").map(AccountId::from_uuid)?,
        username: columns.text("username")?,
        email: columns.text("email")?,
        full_name: columns.text_or_none("full_name")?,
        created_at: columns.instant("created_at")?,
    })
}

fn invitation(row: &PgRow) -> Result<Invitation, Cause> {
    let columns = Columns(row);
    Ok(Invitation {
        id: columns.uuid("id").map(InvitationId::from_uuid)?,
        email: columns.text("email")?,
        username: columns.text_or_none("username")?,
        full_name: columns.text_or_none("full_name")?,
        groups: columns.json("groups")?,
        created_at: columns.instant("created_at")?,
        expires_at: columns.instant("expires_at")?,
    })
}

//! Accounts in SQLite.

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{SqliteConnection, SqlitePool};

use super::super::observe::{Cause, observe};
use super::super::{AccountSource, AccountStore, Imported, Inserted, StoreError};
use super::rows::{Columns, json};
use super::{ACCOUNTS, SqliteStore};
use crate::domain::account::{
    Account, AccountStatus, AccountWithPassword, EmailChange, Epoch, FullName, GroupChange,
    ImportedAccount, LoginName, NewAccount,
};
use crate::domain::email::EmailAddress;
use crate::domain::id::AccountId;
use crate::domain::language::Language;
use crate::domain::secret::PasswordHash;

#[async_trait]
impl AccountStore for SqliteStore {
    async fn insert_account(&self, account: NewAccount) -> Result<Inserted, StoreError> {
        observe(ACCOUNTS, "insert_account", async {
            let mut write = self.write().await?;
            let inserted = insert_if_free(&mut write, account).await?;
            write.commit().await?;
            Ok(inserted)
        })
        .await
    }

    async fn import_accounts(&self, source: &mut dyn AccountSource) -> Result<(), StoreError> {
        observe(ACCOUNTS, "import_accounts", async {
            let mut write = self.write().await?;
            while let Some(imported) = source.next() {
                let came = import(&mut write, imported).await?;
                source.came(came);
            }
            if source.keep() {
                write.commit().await?;
            }
            Ok(())
        })
        .await
    }

    async fn find_login(
        &self,
        login: &LoginName,
    ) -> Result<Option<AccountWithPassword>, StoreError> {
        observe(ACCOUNTS, "find_login", async {
            let statement = match login {
                LoginName::Username(_) => {
                    concat!("SELECT ", columns!(accounts), " FROM accounts WHERE username_key = ?1")
                }
                LoginName::Email(_) => {
                    concat!("SELECT ", columns!(accounts), " FROM accounts WHERE email_key = ?1")
                }
            };
            let found = sqlx::query(statement).bind(login.key());
            let row = found.fetch_optional(&self.readers).await?;
            row.as_ref().map(account_with_password).transpose()
        })
        .await
    }

    async fn find_account(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        observe(ACCOUNTS, "find_account", async {
            let row =
                sqlx::query(concat!("SELECT ", columns!(accounts), " FROM accounts WHERE id = ?1"))
                    .bind(id.as_uuid().as_bytes().as_slice())
                    .fetch_optional(&self.readers)
                    .await?;
            row.as_ref().map(account).transpose()
        })
        .await
    }

    async fn list_accounts(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Account>, StoreError> {
        observe(ACCOUNTS, "list_accounts", async {
            let rows = list(&self.readers, after, limit).await?;
            rows.iter().map(account).collect()
        })
        .await
    }

    async fn list_accounts_with_passwords(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<AccountWithPassword>, StoreError> {
        observe(ACCOUNTS, "list_accounts_with_passwords", async {
            let rows = list(&self.readers, after, limit).await?;
            rows.iter().map(account_with_password).collect()
        })
        .await
    }

    async fn set_status(
        &self,
        id: AccountId,
        status: AccountStatus,
    ) -> Result<Option<Account>, StoreError> {
        let disabled_at = match status {
            AccountStatus::Active => None,
            AccountStatus::Disabled { at } => Some(at.as_millis()),
        };
        observe(ACCOUNTS, "set_status", async {
            let mut write = self.write().await?;
            let row = sqlx::query(concat!(
                "UPDATE accounts SET disabled_at = ?2, epoch = epoch + (?2 IS NOT NULL)
                 WHERE id = ?1 RETURNING ",
                columns!(accounts)
            ))
            .bind(id.as_uuid().as_bytes().as_slice())
            .bind(disabled_at)
            .fetch_optional(&mut *write)
            .await?;
            write.commit().await?;
            row.as_ref().map(account).transpose()
        })
        .await
    }

    async fn set_password(
        &self,
        id: AccountId,
        hash: PasswordHash,
    ) -> Result<Option<Account>, StoreError> {
        observe(ACCOUNTS, "set_password", async {
            let mut write = self.write().await?;
            let row = sqlx::query(
                concat!("UPDATE accounts SET password_hash = ?2, epoch = epoch + 1 WHERE id = ?1 RETURNING ", columns!(accounts)),
            )
            .bind(id.as_uuid().as_bytes().as_slice())
            .bind(hash.as_phc())
            .fetch_optional(&mut *write)
            .await?;
            write.commit().await?;
            row.as_ref().map(account).transpose()
        })
        .await
    }

    async fn set_password_in(
        &self,
        id: AccountId,
        epoch: Epoch,
        hash: PasswordHash,
    ) -> Result<Option<Account>, StoreError> {
        observe(ACCOUNTS, "set_password_in", async {
            let mut write = self.write().await?;
            let row = sqlx::query(concat!(
                "UPDATE accounts SET password_hash = ?3, epoch = epoch + 1
                 WHERE id = ?1 AND epoch = ?2 RETURNING ",
                columns!(accounts)
            ))
            .bind(id.as_uuid().as_bytes().as_slice())
            .bind(epoch.0)
            .bind(hash.as_phc())
            .fetch_optional(&mut *write)
            .await?;
            write.commit().await?;
            row.as_ref().map(account).transpose()
        })
        .await
    }

    async fn set_second_step(
        &self,
        id: AccountId,
        epoch: Epoch,
        on: bool,
    ) -> Result<Option<Account>, StoreError> {
        observe(ACCOUNTS, "set_second_step", async {
            let mut write = self.write().await?;
            let row = sqlx::query(concat!(
                "UPDATE accounts SET second_step = ?3, epoch = epoch + 1
                 WHERE id = ?1 AND epoch = ?2 RETURNING ",
                columns!(accounts)
            ))
            .bind(id.as_uuid().as_bytes().as_slice())
            .bind(epoch.0)
            .bind(on)
            .fetch_optional(&mut *write)
            .await?;
            write.commit().await?;
            row.as_ref().map(account).transpose()
        })
        .await
    }

    async fn change_groups(
        &self,
        id: AccountId,
        change: &GroupChange,
    ) -> Result<Option<(Account, Account)>, StoreError> {
        observe(ACCOUNTS, "change_groups", async {
            let mut write = self.write().await?;
            let found =
                sqlx::query(concat!("SELECT ", columns!(accounts), " FROM accounts WHERE id = ?1"))
                    .bind(id.as_uuid().as_bytes().as_slice())
                    .fetch_optional(&mut *write)
                    .await?;
            let Some(before) = found.as_ref().map(account).transpose()? else { return Ok(None) };
            let after = before.clone().with(change);
            sqlx::query("UPDATE accounts SET groups = ?2, epoch = ?3 WHERE id = ?1")
                .bind(id.as_uuid().as_bytes().as_slice())
                .bind(json(&after.groups)?)
                .bind(after.epoch.0)
                .execute(&mut *write)
                .await?;
            write.commit().await?;
            Ok(Some((before, after)))
        })
        .await
    }

    async fn set_email(
        &self,
        id: AccountId,
        epoch: Epoch,
        email: EmailAddress,
    ) -> Result<EmailChange, StoreError> {
        observe(ACCOUNTS, "set_email", async {
            let mut write = self.write().await?;
            let found = sqlx::query(concat!(
                "SELECT ",
                columns!(accounts),
                " FROM accounts WHERE id = ?1 AND epoch = ?2"
            ))
            .bind(id.as_uuid().as_bytes().as_slice())
            .bind(epoch.0)
            .fetch_optional(&mut *write)
            .await?;
            let Some(before) = found.as_ref().map(account).transpose()? else {
                return Ok(EmailChange::Gone);
            };
            let taken = sqlx::query("SELECT 1 FROM accounts WHERE email_key = ?2 AND id != ?1")
                .bind(id.as_uuid().as_bytes().as_slice())
                .bind(email.key())
                .fetch_optional(&mut *write)
                .await?;
            if taken.is_some() {
                return Ok(EmailChange::Taken);
            }
            sqlx::query("UPDATE accounts SET email = ?2, email_key = ?3 WHERE id = ?1")
                .bind(id.as_uuid().as_bytes().as_slice())
                .bind(email.as_str())
                .bind(email.key())
                .execute(&mut *write)
                .await?;
            write.commit().await?;
            let account = Account { email, ..before.clone() };
            Ok(EmailChange::Changed { account: Box::new(account), before: before.email })
        })
        .await
    }

    async fn set_full_name(
        &self,
        id: AccountId,
        full_name: Option<FullName>,
    ) -> Result<Option<Account>, StoreError> {
        observe(ACCOUNTS, "set_full_name", async {
            let mut write = self.write().await?;
            let row = sqlx::query(concat!(
                "UPDATE accounts SET full_name = ?2 WHERE id = ?1 RETURNING ",
                columns!(accounts)
            ))
            .bind(id.as_uuid().as_bytes().as_slice())
            .bind(full_name.as_ref().map(FullName::as_str))
            .fetch_optional(&mut *write)
            .await?;
            write.commit().await?;
            row.as_ref().map(account).transpose()
        })
        .await
    }

    async fn set_language(
        &self,
        id: AccountId,
        language: Option<Language>,
    ) -> Result<Option<Account>, StoreError> {
        observe(ACCOUNTS, "set_language", async {
            let mut write = self.write().await?;
            let row = sqlx::query(concat!(
                "UPDATE accounts SET language = ?2 WHERE id = ?1 RETURNING ",
                columns!(accounts)
            ))
            .bind(id.as_uuid().as_bytes().as_slice())
            .bind(language.map(Language::tag))
            .fetch_optional(&mut *write)
            .await?;
            write.commit().await?;
            row.as_ref().map(account).transpose()
        })
        .await
    }

    async fn upgrade_password_hash(
        &self,
        id: AccountId,
        old: &PasswordHash,
        new: PasswordHash,
    ) -> Result<bool, StoreError> {
        observe(ACCOUNTS, "upgrade_password_hash", async {
            let mut write = self.write().await?;
            let done = sqlx::query(
                "UPDATE accounts SET password_hash = ?3 WHERE id = ?1 AND password_hash = ?2",
            )
            .bind(id.as_uuid().as_bytes().as_slice())
            .bind(old.as_phc())
            .bind(new.as_phc())
            .execute(&mut *write)
            .await?;
            write.commit().await?;
            Ok(done.rows_affected() > 0)
        })
        .await
    }
}

/// Makes the account as a part of `write`, unless its username or address is another's.
pub(super) async fn insert_if_free(
    write: &mut SqliteConnection,
    account: NewAccount,
) -> Result<Inserted, Cause> {
    let (username_key, email_key) = (account.username.key(), account.email.key());
    let taken: Option<bool> = sqlx::query_scalar(
        "SELECT username_key = ?1 FROM accounts WHERE username_key = ?1 OR email_key = ?2
         ORDER BY username_key = ?1 DESC LIMIT 1",
    )
    .bind(&username_key)
    .bind(&email_key)
    .fetch_optional(&mut *write)
    .await?;
    match taken {
        Some(true) => return Ok(Inserted::UsernameTaken),
        Some(false) => return Ok(Inserted::EmailTaken),
        None => {}
    }
    let mut groups = account.groups;
    groups.sort_unstable();
    groups.dedup();
    sqlx::query(
        "INSERT INTO accounts (id, username, username_key, email, email_key, full_name, groups,
         password_hash, epoch, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, ?9)",
    )
    .bind(account.id.as_uuid().as_bytes().as_slice())
    .bind(account.username.as_str())
    .bind(&username_key)
    .bind(account.email.as_str())
    .bind(&email_key)
    .bind(account.full_name.as_ref().map(FullName::as_str))
    .bind(json(&groups)?)
    .bind(account.password.as_ref().map(PasswordHash::as_phc))
    .bind(account.created_at.as_millis())
    .execute(write)
    .await?;
    Ok(Inserted::Created)
}

/// Makes the account unless something of it is another's, in the one statement that most need.
async fn import(
    write: &mut SqliteConnection,
    imported: ImportedAccount,
) -> Result<Imported, Cause> {
    let ImportedAccount { account, status, second_step, language } = imported;
    let (username_key, email_key) = (account.username.key(), account.email.key());
    let mut groups = account.groups;
    groups.sort_unstable();
    groups.dedup();
    let made = sqlx::query(
        "INSERT INTO accounts (id, username, username_key, email, email_key, full_name, groups,
         password_hash, epoch, disabled_at, created_at, second_step, language)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, ?9, ?10, ?11, ?12) ON CONFLICT DO NOTHING",
    )
    .bind(account.id.as_uuid().as_bytes().as_slice())
    .bind(account.username.as_str())
    .bind(&username_key)
    .bind(account.email.as_str())
    .bind(&email_key)
    .bind(account.full_name.as_ref().map(FullName::as_str))
    .bind(json(&groups)?)
    .bind(account.password.as_ref().map(PasswordHash::as_phc))
    .bind(match status {
        AccountStatus::Active => None,
        AccountStatus::Disabled { at } => Some(at.as_millis()),
    })
    .bind(account.created_at.as_millis())
    .bind(second_step)
    .bind(language.map(Language::tag))
    .execute(&mut *write)
    .await?;
    if made.rows_affected() > 0 {
        return Ok(Imported::Created);
    }
    let taken: Option<(bool, bool)> = sqlx::query_as(
        "SELECT username_key = ?1, email_key = ?2 FROM accounts
         WHERE username_key = ?1 OR email_key = ?2 ORDER BY username_key = ?1 DESC LIMIT 1",
    )
    .bind(&username_key)
    .bind(&email_key)
    .fetch_optional(write)
    .await?;
    Ok(match taken {
        Some((true, _)) => Imported::UsernameTaken,
        Some((false, _)) => Imported::EmailTaken,
        None => Imported::IdTaken,
    })
}

async fn list(
    readers: &SqlitePool,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<SqliteRow>, sqlx::Error> {
    sqlx::query(concat!(
        "SELECT ",
        columns!(accounts),
        " FROM accounts WHERE ?1 IS NULL OR username_key > ?1
         ORDER BY username_key LIMIT ?2"
    ))
    .bind(after.map(str::to_ascii_lowercase))
    .bind(i64::from(limit))
    .fetch_all(readers)
    .await
}

pub(super) fn account(row: &SqliteRow) -> Result<Account, Cause> {
    let columns = Columns(row);
    Ok(Account {
        id: columns.uuid("id").map(AccountId::from_uuid)?,
        username: columns.text("username")?,
        email: columns.text("email")?,
        full_name: columns.text_or_none("full_name")?,
        groups: columns.json("groups")?,
        status: match columns.instant_or_none("disabled_at")? {
            None => AccountStatus::Active,
            Some(at) => AccountStatus::Disabled { at },
        },
        epoch: columns.get("epoch").map(Epoch)?,
        second_step: columns.get("second_step")?,
        language: columns.get::<Option<String>>("language")?.map(Language::try_from).transpose()?,
        created_at: columns.instant("created_at")?,
    })
}

fn account_with_password(row: &SqliteRow) -> Result<AccountWithPassword, Cause> {
    let password: Option<String> = Columns(row).get("password_hash")?;
    Ok(AccountWithPassword {
        account: account(row)?,
        password: password.map(PasswordHash::from_phc),
    })
}

//! Accounts in PostgreSQL.

use async_trait::async_trait;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{PgConnection, PgPool, Postgres};

use super::super::observe::{Cause, observe};
use super::super::{AccountSource, AccountStore, Imported, Inserted, StoreError};
use super::rows::{Columns, json};
use super::{ACCOUNTS, PostgresStore, lock};
use crate::domain::account::{
    Account, AccountStatus, AccountWithPassword, EmailChange, Epoch, FullName, GroupChange,
    ImportedAccount, LoginName, NewAccount,
};
use crate::domain::email::EmailAddress;
use crate::domain::id::AccountId;
use crate::domain::language::Language;
use crate::domain::secret::PasswordHash;

#[async_trait]
impl AccountStore for PostgresStore {
    async fn insert_account(&self, account: NewAccount) -> Result<Inserted, StoreError> {
        self.breaker
            .ask("insert_account", async {
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
            // One import at a time: two that overlap would wait for each other. It may take as long as its source does.
            lock(&mut write, "import", b"").await?;
            sqlx::query("SET LOCAL idle_in_transaction_session_timeout = 0")
                .execute(&mut *write)
                .await?;
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
        self.breaker
            .ask("find_login", async {
                let statement = match login {
                    LoginName::Username(_) => concat!(
                        "SELECT ",
                        columns!(accounts),
                        " FROM accounts WHERE username_key = $1"
                    ),
                    LoginName::Email(_) => concat!(
                        "SELECT ",
                        columns!(accounts),
                        " FROM accounts WHERE email_key = $1"
                    ),
                };
                let found = sqlx::query(statement).bind(login.key());
                let row = found.fetch_optional(&self.pool).await?;
                row.as_ref().map(account_with_password).transpose()
            })
            .await
    }

    async fn find_account(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        self.breaker
            .ask("find_account", async {
                let row = sqlx::query(concat!(
                    "SELECT ",
                    columns!(accounts),
                    " FROM accounts WHERE id = $1"
                ))
                .bind(id.as_uuid().as_bytes().as_slice())
                .fetch_optional(&self.pool)
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
        self.breaker
            .ask("list_accounts", async {
                let rows = list(&self.pool, after, limit).await?;
                rows.iter().map(account).collect()
            })
            .await
    }

    async fn list_accounts_with_passwords(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<AccountWithPassword>, StoreError> {
        self.breaker
            .ask("list_accounts_with_passwords", async {
                let rows = list(&self.pool, after, limit).await?;
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
        self.breaker.ask("set_status", async {
            let change = sqlx::query(
                concat!("UPDATE accounts SET disabled_at = $2, epoch = epoch + CASE WHEN $2 IS NULL THEN 0 ELSE 1 END
                 WHERE id = $1 RETURNING ", columns!(accounts)),
            )
            .bind(id.as_uuid().as_bytes().as_slice())
            .bind(disabled_at);
            self.change(change).await
        })
        .await
    }

    async fn set_password(
        &self,
        id: AccountId,
        hash: PasswordHash,
    ) -> Result<Option<Account>, StoreError> {
        self.breaker.ask("set_password", async {
            let change = sqlx::query(
                concat!("UPDATE accounts SET password_hash = $2, epoch = epoch + 1 WHERE id = $1 RETURNING ", columns!(accounts)),
            )
            .bind(id.as_uuid().as_bytes().as_slice())
            .bind(hash.as_phc());
            self.change(change).await
        })
        .await
    }

    async fn set_password_in(
        &self,
        id: AccountId,
        epoch: Epoch,
        hash: PasswordHash,
    ) -> Result<Option<Account>, StoreError> {
        self.breaker
            .ask("set_password_in", async {
                let change = sqlx::query(concat!(
                    "UPDATE accounts SET password_hash = $3, epoch = epoch + 1
                 WHERE id = $1 AND epoch = $2 RETURNING ",
                    columns!(accounts)
                ))
                .bind(id.as_uuid().as_bytes().as_slice())
                .bind(epoch.0)
                .bind(hash.as_phc());
                self.change(change).await
            })
            .await
    }

    async fn set_second_step(
        &self,
        id: AccountId,
        epoch: Epoch,
        on: bool,
    ) -> Result<Option<Account>, StoreError> {
        self.breaker
            .ask("set_second_step", async {
                let change = sqlx::query(concat!(
                    "UPDATE accounts SET second_step = $3, epoch = epoch + 1
                 WHERE id = $1 AND epoch = $2 RETURNING ",
                    columns!(accounts)
                ))
                .bind(id.as_uuid().as_bytes().as_slice())
                .bind(epoch.0)
                .bind(on);
                self.change(change).await
            })
            .await
    }

    async fn change_groups(
        &self,
        id: AccountId,
        change: &GroupChange,
    ) -> Result<Option<(Account, Account)>, StoreError> {
        self.breaker
            .ask("change_groups", async {
                let mut write = self.write().await?;
                let found = sqlx::query(concat!(
                    "SELECT ",
                    columns!(accounts),
                    " FROM accounts WHERE id = $1 FOR UPDATE"
                ))
                .bind(id.as_uuid().as_bytes().as_slice())
                .fetch_optional(&mut *write)
                .await?;
                let Some(before) = found.as_ref().map(account).transpose()? else {
                    return Ok(None);
                };
                let after = before.clone().with(change);
                sqlx::query("UPDATE accounts SET groups = $2, epoch = $3 WHERE id = $1")
                    .bind(id.as_uuid().as_bytes().as_slice())
                    .bind(json(&after.groups)?)
                    .bind(after.epoch.0)
                    .execute(&mut *write)
                    .await?;
                self.tell_others(&mut write).await?;
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
        self.breaker
            .ask("set_email", async {
                let mut write = self.write().await?;
                let found = sqlx::query(concat!(
                    "SELECT ",
                    columns!(accounts),
                    " FROM accounts WHERE id = $1 AND epoch = $2 FOR UPDATE"
                ))
                .bind(id.as_uuid().as_bytes().as_slice())
                .bind(epoch.0)
                .fetch_optional(&mut *write)
                .await?;
                let Some(before) = found.as_ref().map(account).transpose()? else {
                    return Ok(EmailChange::Gone);
                };
                let taken = sqlx::query("SELECT 1 FROM accounts WHERE email_key = $2 AND id != $1")
                    .bind(id.as_uuid().as_bytes().as_slice())
                    .bind(email.key())
                    .fetch_optional(&mut *write)
                    .await?;
                if taken.is_some() {
                    return Ok(EmailChange::Taken);
                }
                let changed =
                    sqlx::query("UPDATE accounts SET email = $2, email_key = $3 WHERE id = $1")
                        .bind(id.as_uuid().as_bytes().as_slice())
                        .bind(email.as_str())
                        .bind(email.key())
                        .execute(&mut *write)
                        .await;
                match changed {
                    Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
                        return Ok(EmailChange::Taken);
                    }
                    changed => changed?,
                };
                self.tell_others(&mut write).await?;
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
        self.breaker
            .ask("set_full_name", async {
                let change = sqlx::query(concat!(
                    "UPDATE accounts SET full_name = $2 WHERE id = $1 RETURNING ",
                    columns!(accounts)
                ))
                .bind(id.as_uuid().as_bytes().as_slice())
                .bind(full_name.as_ref().map(FullName::as_str));
                self.change(change).await
            })
            .await
    }

    async fn set_language(
        &self,
        id: AccountId,
        language: Option<Language>,
    ) -> Result<Option<Account>, StoreError> {
        self.breaker
            .ask("set_language", async {
                let change = sqlx::query(concat!(
                    "UPDATE accounts SET language = $2 WHERE id = $1 RETURNING ",
                    columns!(accounts)
                ))
                .bind(id.as_uuid().as_bytes().as_slice())
                .bind(language.map(Language::tag));
                self.change(change).await
            })
            .await
    }

    async fn upgrade_password_hash(
        &self,
        id: AccountId,
        old: &PasswordHash,
        new: PasswordHash,
    ) -> Result<bool, StoreError> {
        self.breaker
            .ask("upgrade_password_hash", async {
                let mut write = self.write().await?;
                let done = sqlx::query(
                    "UPDATE accounts SET password_hash = $3 WHERE id = $1 AND password_hash = $2",
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

impl PostgresStore {
    /// Has the statement change an account, and the other nodes hear of it. Gives the account as it is then.
    async fn change(
        &self,
        change: Query<'_, Postgres, PgArguments>,
    ) -> Result<Option<Account>, Cause> {
        let mut write = self.write().await?;
        let Some(row) = change.fetch_optional(&mut *write).await? else { return Ok(None) };
        self.tell_others(&mut write).await?;
        write.commit().await?;
        account(&row).map(Some)
    }
}

/// Makes the account as a part of `write`, unless its username or address is another's. The unique indexes decide: of
/// two nodes that want one name, the second waits for the first and is then told.
pub(super) async fn insert_if_free(
    write: &mut PgConnection,
    account: NewAccount,
) -> Result<Inserted, Cause> {
    let imported = ImportedAccount {
        account,
        status: AccountStatus::Active,
        second_step: false,
        language: None,
    };
    match import(write, imported).await? {
        Imported::Created => Ok(Inserted::Created),
        Imported::UsernameTaken => Ok(Inserted::UsernameTaken),
        Imported::EmailTaken => Ok(Inserted::EmailTaken),
        Imported::IdTaken => Err("an account has that identifier".into()),
    }
}

/// Makes the account unless something of it is another's, in the one statement that most need.
async fn import(write: &mut PgConnection, imported: ImportedAccount) -> Result<Imported, Cause> {
    let ImportedAccount { account, status, second_step, language } = imported;
    let (username_key, email_key) = (account.username.key(), account.email.key());
    let mut groups = account.groups;
    groups.sort_unstable();
    groups.dedup();
    let made = sqlx::query(
        "INSERT INTO accounts (id, username, username_key, email, email_key, full_name, groups,
         password_hash, epoch, disabled_at, created_at, second_step, language)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10, $11, $12) ON CONFLICT DO NOTHING",
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
        "SELECT username_key = $1, email_key = $2 FROM accounts
         WHERE username_key = $1 OR email_key = $2 ORDER BY username_key = $1 DESC LIMIT 1",
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

async fn list(pool: &PgPool, after: Option<&str>, limit: u32) -> Result<Vec<PgRow>, sqlx::Error> {
    sqlx::query(concat!(
        "SELECT ",
        columns!(accounts),
        " FROM accounts WHERE $1::text IS NULL OR username_key > $1
         ORDER BY username_key LIMIT $2"
    ))
    .bind(after.map(str::to_ascii_lowercase))
    .bind(i64::from(limit))
    .fetch_all(pool)
    .await
}

pub(super) fn account(row: &PgRow) -> Result<Account, Cause> {
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

fn account_with_password(row: &PgRow) -> Result<AccountWithPassword, Cause> {
    let password: Option<String> = Columns(row).get("password_hash")?;
    Ok(AccountWithPassword {
        account: account(row)?,
        password: password.map(PasswordHash::from_phc),
    })
}

//! An account as files have it, and the way to an account as doorward has it.

use crate::auth::password::{KeptHash, NotVerifiable};
use crate::domain::account::{
    AccountStatus, AccountWithPassword, FullName, Group, ImportedAccount, NewAccount, NotAFullName,
    NotAGroup, NotAUsername,
};
use crate::domain::email::NotAnEmailAddress;
use crate::domain::id::AccountId;
use crate::domain::language::Language;
use crate::domain::secret::PasswordHash;
use crate::domain::time::Timestamp;
use crate::store::Imported;

/// Texts, not yet looked at. It has a hash in it and does not print.
#[derive(Default)]
pub(super) struct Record {
    pub(super) id: Option<String>,
    pub(super) username: String,
    pub(super) email: String,
    pub(super) name: Option<String>,
    pub(super) groups: Vec<String>,
    pub(super) status: Option<String>,
    pub(super) disabled_at: Option<String>,
    pub(super) created_at: Option<String>,
    pub(super) second_step: Option<String>,
    pub(super) language: Option<String>,
    pub(super) password_hash: Option<String>,
}

/// The names of all that a record has, in files: first what each must have.
pub(super) const KEYS: [&str; 11] = [
    "username",
    "email",
    "name",
    "groups",
    "status",
    "disabled_at",
    "created_at",
    "id",
    "second_step",
    "language",
    "password_hash",
];

/// Why a record is no account. No text says what stands in the record: it may be a secret in the wrong place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    #[error("is no record: {0}")]
    NoRecord(&'static str),
    #[error("has the key `{0}`, which is not known; known are {known}", known = KEYS.join(", "))]
    UnknownKey(String),
    #[error("{0}: must be {1}")]
    Kind(&'static str, &'static str),
    #[error("id: is not a UUID")]
    Id,
    #[error("username: {0}")]
    Username(#[from] NotAUsername),
    #[error("email: {0}")]
    Email(#[from] NotAnEmailAddress),
    #[error("name: {0}")]
    Name(#[from] NotAFullName),
    #[error("groups: {0}")]
    Group(#[from] NotAGroup),
    #[error("groups: belongs to a group that is not in the file; dump auth.group as well")]
    UnknownGroup,
    #[error("status: must be active or disabled")]
    Status,
    #[error("second_step: must be on or off")]
    SecondStep,
    #[error("language: is none that doorward speaks")]
    Language,
    #[error("{0}: is not an instant such as 2026-11-25T12:00:00Z")]
    Instant(&'static str),
    #[error("password_hash: {0}")]
    Hash(#[from] NotVerifiable),
    #[error("id: another account has it")]
    IdTaken,
    #[error("username: another account has it, letter case aside")]
    UsernameTaken,
    #[error("email: another account has it, letter case aside")]
    EmailTaken,
}

impl Refused {
    /// The reason that the store gives, if it gives one.
    pub(super) const fn of(imported: Imported) -> Option<Self> {
        match imported {
            Imported::Created => None,
            Imported::IdTaken => Some(Self::IdTaken),
            Imported::UsernameTaken => Some(Self::UsernameTaken),
            Imported::EmailTaken => Some(Self::EmailTaken),
        }
    }
}

impl Record {
    /// The account, made `now` and called `new_id` where the record says nothing of it.
    pub(super) fn into_account(
        self,
        now: Timestamp,
        new_id: impl FnOnce() -> AccountId,
    ) -> Result<ImportedAccount, Refused> {
        let id = match given(self.id) {
            None => new_id(),
            Some(text) => text.parse().map_err(|_| Refused::Id)?,
        };
        let name = given(self.name).map(|name| name.parse::<FullName>()).transpose()?;
        let groups: Result<Vec<Group>, NotAGroup> =
            self.groups.iter().map(|group| group.parse()).collect();
        let disabled_at = instant(given(self.disabled_at), "disabled_at")?;
        let status = match (given(self.status).as_deref(), disabled_at) {
            (None | Some("active"), None) => AccountStatus::Active,
            (None | Some("disabled"), Some(at)) => AccountStatus::Disabled { at },
            (Some("disabled"), None) => AccountStatus::Disabled { at: now },
            _ => return Err(Refused::Status),
        };
        let second_step = match given(self.second_step).as_deref() {
            None | Some("off") => false,
            Some("on") => true,
            Some(_) => return Err(Refused::SecondStep),
        };
        let language = match given(self.language) {
            None => None,
            Some(tag) => Some(Language::try_from(tag).map_err(|_| Refused::Language)?),
        };
        let password = given(self.password_hash).map(PasswordHash::from_phc);
        if let Some(hash) = &password {
            KeptHash::read_foreign(hash)?;
        }
        let account = NewAccount {
            id,
            username: self.username.trim().parse()?,
            email: self.email.trim().parse()?,
            full_name: name,
            groups: groups?,
            password,
            created_at: instant(given(self.created_at), "created_at")?.unwrap_or(now),
        };
        Ok(ImportedAccount { account, status, second_step, language })
    }
}

impl From<AccountWithPassword> for Record {
    fn from(AccountWithPassword { account, password }: AccountWithPassword) -> Self {
        let (status, disabled_at) = match account.status {
            AccountStatus::Active => ("active", None),
            AccountStatus::Disabled { at } => ("disabled", Some(at.rfc3339_exact())),
        };
        Self {
            id: Some(account.id.to_string()),
            username: account.username.into(),
            email: account.email.into(),
            name: account.full_name.map(String::from),
            groups: account.groups.into_iter().map(String::from).collect(),
            status: Some(status.to_owned()),
            disabled_at,
            created_at: Some(account.created_at.rfc3339_exact()),
            second_step: Some(if account.second_step { "on" } else { "off" }.to_owned()),
            language: account.language.map(|language| language.tag().to_owned()),
            password_hash: password.map(|hash| hash.as_phc().to_owned()),
        }
    }
}

/// What is there and not empty.
fn given(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn instant(text: Option<String>, key: &'static str) -> Result<Option<Timestamp>, Refused> {
    let read = |text: String| Timestamp::from_rfc3339(&text).ok_or(Refused::Instant(key));
    text.map(read).transpose()
}

//! Accounts: who they are, and what the app behind is told of them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::email::{EmailAddress, mask};
use super::id::AccountId;
use super::language::Language;
use super::secret::PasswordHash;
use super::time::Timestamp;

/// A name to sign in with: 1 to 64 of `a-z 0-9 . _ -`, any case, beginning with a letter or digit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Username(String);

/// Why a text is not a username.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a username is 1 to 64 letters, digits, dots, dashes or underscores, beginning with a letter or digit"
)]
pub struct NotAUsername;

impl Username {
    /// The name as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form by which names are compared.
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl FromStr for Username {
    type Err = NotAUsername;

    fn from_str(text: &str) -> Result<Self, NotAUsername> {
        let well_formed = (1..=64).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
        if well_formed { Ok(Self(text.to_owned())) } else { Err(NotAUsername) }
    }
}

impl TryFrom<String> for Username {
    type Error = NotAUsername;

    fn try_from(text: String) -> Result<Self, NotAUsername> {
        text.parse()
    }
}

impl From<Username> for String {
    fn from(name: Username) -> Self {
        name.0
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What somebody typed to say who they are: a username or an e-mail address. Both lead to one account and one
/// set of counters (S15).
#[derive(Clone, PartialEq, Eq)]
pub enum LoginName {
    /// A username.
    Username(Username),
    /// An e-mail address.
    Email(EmailAddress),
}

/// What was typed can be nobody's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("neither a username nor an e-mail address")]
pub struct NotALoginName;

impl LoginName {
    /// The form by which a store looks it up.
    pub fn key(&self) -> String {
        match self {
            Self::Username(name) => name.key(),
            Self::Email(address) => address.key(),
        }
    }
}

impl FromStr for LoginName {
    type Err = NotALoginName;

    fn from_str(typed: &str) -> Result<Self, NotALoginName> {
        let typed = typed.trim();
        if typed.contains('@') {
            typed.parse().map(Self::Email).map_err(|_| NotALoginName)
        } else {
            typed.parse().map(Self::Username).map_err(|_| NotALoginName)
        }
    }
}

impl fmt::Debug for LoginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LoginName(…)")
    }
}

/// A group's name: 1 to 64 of `a-z A-Z 0-9 . _ - :`, so that a list of them can stand in one header.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Group(String);

/// Why a text is not a group's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a group is 1 to 64 letters, digits, dots, dashes, colons or underscores")]
pub struct NotAGroup;

impl Group {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Group {
    type Err = NotAGroup;

    fn from_str(text: &str) -> Result<Self, NotAGroup> {
        let well_formed = (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-:".contains(&b));
        if well_formed { Ok(Self(text.to_owned())) } else { Err(NotAGroup) }
    }
}

impl TryFrom<String> for Group {
    type Error = NotAGroup;

    fn try_from(text: String) -> Result<Self, NotAGroup> {
        text.parse()
    }
}

impl From<Group> for String {
    fn from(group: Group) -> Self {
        group.0
    }
}

/// A person's full name, as apps show it: 1 to 128 characters, none of them a control character.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FullName(String);

/// Why a text is not a full name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a full name is 1 to 128 characters without control characters")]
pub struct NotAFullName;

impl FullName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for FullName {
    type Err = NotAFullName;

    fn from_str(text: &str) -> Result<Self, NotAFullName> {
        let text = text.trim();
        let well_formed =
            (1..=128).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if well_formed { Ok(Self(text.to_owned())) } else { Err(NotAFullName) }
    }
}

impl TryFrom<String> for FullName {
    type Error = NotAFullName;

    fn try_from(text: String) -> Result<Self, NotAFullName> {
        text.parse()
    }
}

impl From<FullName> for String {
    fn from(name: FullName) -> Self {
        name.0
    }
}

/// Counts the changes that end everything signed in before them: a new password, a disabling. Sessions and
/// devices carry the epoch they were made in and are dead in a later one (S33, S39).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(pub i64);

impl Epoch {
    /// The one after it.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// Whether an account may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountStatus {
    /// It may sign in.
    Active,
    /// An operator has disabled it; nothing signs it in.
    Disabled {
        /// When that was.
        at: Timestamp,
    },
}

/// An account, without the hash of its password.
#[derive(Clone, Debug)]
pub struct Account {
    /// What never changes.
    pub id: AccountId,
    /// The name to sign in with.
    pub username: Username,
    /// Where its mail goes.
    pub email: EmailAddress,
    /// The name that apps show, if one was given.
    pub full_name: Option<FullName>,
    /// What it belongs to, in order of their names.
    pub groups: Vec<Group>,
    /// Whether it may be used.
    pub status: AccountStatus,
    /// The epoch that its sessions must be of.
    pub epoch: Epoch,
    /// Whether it asks for the code also where a password would be enough.
    pub second_step: bool,
    /// The language of its pages and mails, if its owner has chosen one.
    pub language: Option<Language>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Account {
    /// Whether it may sign in.
    pub const fn is_active(&self) -> bool {
        matches!(self.status, AccountStatus::Active)
    }

    /// The account with other groups. If it loses one a new epoch begins: what it was let into may be closed to it now.
    #[must_use]
    pub fn with(mut self, change: &GroupChange) -> Self {
        let count = self.groups.len();
        self.groups.retain(|group| change.given.contains(group) || !change.taken.contains(group));
        if self.groups.len() < count {
            self.epoch = self.epoch.next();
        }
        self.groups.extend(change.given.iter().cloned());
        self.groups.sort_unstable();
        self.groups.dedup();
        self
    }
}

/// What becomes of an account's groups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupChange {
    /// What it belongs to from now on; also where it is taken at once.
    pub given: Vec<Group>,
    /// What it does not belong to any more.
    pub taken: Vec<Group>,
}

/// An account together with the hash that its password is checked against.
#[derive(Clone, Debug)]
pub struct AccountWithPassword {
    /// The account.
    pub account: Account,
    /// The hash, or `None` for an account that has no password.
    pub password: Option<PasswordHash>,
}

/// An account about to be made.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Its identifier.
    pub id: AccountId,
    /// The name to sign in with.
    pub username: Username,
    /// Where its mail goes.
    pub email: EmailAddress,
    /// The name that apps show.
    pub full_name: Option<FullName>,
    /// What it belongs to.
    pub groups: Vec<Group>,
    /// The hash of its password.
    pub password: Option<PasswordHash>,
    /// When it is made.
    pub created_at: Timestamp,
}

/// An account that comes from elsewhere, with how it stood there.
#[derive(Clone, Debug)]
pub struct ImportedAccount {
    /// The account.
    pub account: NewAccount,
    /// Whether it may be used.
    pub status: AccountStatus,
    /// Whether it asks for the code also where a password would be enough.
    pub second_step: bool,
    /// The language of its pages and mails, if its owner has chosen one.
    pub language: Option<Language>,
}

/// What came of giving an account another e-mail address.
#[derive(Clone, Debug)]
pub enum EmailChange {
    /// It has the new one.
    Changed {
        /// The account as it is now.
        account: Box<Account>,
        /// The address that it had.
        before: EmailAddress,
    },
    /// Another account has that address, letter case aside.
    Taken,
    /// There is no such account, or it is in a later epoch.
    Gone,
}

/// The backup codes of an account, as far as anybody can know them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BackupCodesLeft {
    /// How many were not used.
    pub left: u32,
    /// When those were made; `None` where there are none.
    pub made_at: Option<Timestamp>,
}

/// What the app behind is told of the one who asks, as it is kept for each session in use: in one piece of text.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    account: AccountId,
    /// Username, address, full name, and the groups with commas between them: none has one in it.
    text: Box<str>,
    email_at: u16,
    full_name_at: u16,
    groups_at: u16,
}

impl Identity {
    /// Who this is.
    pub fn new(
        account: AccountId,
        (username, email): (&Username, &EmailAddress),
        full_name: Option<&FullName>,
        groups: &[Group],
    ) -> Self {
        let mut text = String::from(username.as_str());
        // A username, an address and a full name have a thousand bytes at the most.
        let length = |text: &String| u16::try_from(text.len()).unwrap_or(u16::MAX);
        let email_at = length(&text);
        text.push_str(email.as_str());
        let full_name_at = length(&text);
        text.push_str(full_name.map_or("", FullName::as_str));
        let groups_at = length(&text);
        for (place, group) in groups.iter().enumerate() {
            text.push_str(if place == 0 { "" } else { "," });
            text.push_str(group.as_str());
        }
        Self { account, text: text.into(), email_at, full_name_at, groups_at }
    }

    /// The account's identifier.
    pub const fn account(&self) -> AccountId {
        self.account
    }

    /// The username.
    pub fn username(&self) -> &str {
        self.part(0, self.email_at)
    }

    /// The e-mail address.
    pub fn email(&self) -> &str {
        self.part(self.email_at, self.full_name_at)
    }

    /// Enough of the address for its owner to know it, and no more.
    pub fn masked_email(&self) -> String {
        mask(self.email())
    }

    /// The full name, if one is known.
    pub fn full_name(&self) -> Option<&str> {
        Some(self.part(self.full_name_at, self.groups_at)).filter(|name| !name.is_empty())
    }

    /// The names of the groups in their order, with commas between them.
    pub fn group_list(&self) -> &str {
        self.text.get(usize::from(self.groups_at)..).unwrap_or_default()
    }

    /// The names of the groups, in their order.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.group_list().split(',').filter(|group| !group.is_empty())
    }

    fn part(&self, from: u16, to: u16) -> &str {
        self.text.get(usize::from(from)..usize::from(to)).unwrap_or_default()
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Identity").field(&self.account).field(&self.username()).finish()
    }
}

impl From<&Account> for Identity {
    fn from(account: &Account) -> Self {
        let names = (&account.username, &account.email);
        Self::new(account.id, names, account.full_name.as_ref(), &account.groups)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_name_is_a_username_or_an_address() {
        assert!(matches!("Ada".parse(), Ok(LoginName::Username(_))));
        assert!(matches!(" ada@example.org ".parse(), Ok(LoginName::Email(_))));
        for nobody in ["", "a b", "-ada", "mıke", "a@b@c", "a\r\nb", &"x".repeat(65)] {
            assert!(nobody.parse::<LoginName>().is_err(), "{nobody:?} was taken");
        }
    }

    #[test]
    fn an_identity_says_what_the_account_does() {
        let username: Username = "ada".parse().unwrap();
        let email: EmailAddress = "ada@example.org".parse().unwrap();
        let name: FullName = "Ada, Countess of Lovelace".parse().unwrap();
        let groups: Vec<Group> = ["staff", "wiki:admin"].map(|name| name.parse().unwrap()).into();
        let id = AccountId::from_uuid(uuid::Uuid::from_bytes([7; 16]));
        let whole = Identity::new(id, (&username, &email), Some(&name), &groups);
        assert_eq!((whole.username(), whole.email()), ("ada", "ada@example.org"));
        assert_eq!(whole.full_name(), Some("Ada, Countess of Lovelace"));
        assert_eq!(whole.groups().collect::<Vec<_>>(), ["staff", "wiki:admin"]);
        assert_eq!(whole.group_list(), "staff,wiki:admin");
        let bare = Identity::new(id, (&username, &email), None, &[]);
        assert_eq!((bare.username(), bare.email()), ("ada", "ada@example.org"));
        assert_eq!((bare.full_name(), bare.groups().count()), (None, 0));
        assert_ne!(bare, whole);
    }
}

//! Accounts that are to be: registered and not yet shown to be anybody's, or invited.

use std::time::Duration;

use super::account::{Account, FullName, Group, Username};
use super::email::EmailAddress;
use super::id::{AccountId, InvitationId};
use super::secret::{InvitationTokenHash, PasswordHash};
use super::time::Timestamp;

/// How long a registration waits to be shown as its owner's.
pub const REGISTRATION_KEPT: Duration = Duration::from_secs(86_400);

/// Who may register, without being invited.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RegistrationRule {
    /// Nobody.
    #[default]
    Off,
    /// Whoever has an address.
    Everybody,
    /// Whoever has an address of one of these domains, in lower case.
    Domains(Vec<String>),
}

impl RegistrationRule {
    /// Whether anybody may.
    pub const fn is_on(&self) -> bool {
        !matches!(self, Self::Off)
    }

    /// Whether the owner of `address` may.
    pub fn allows(&self, address: &EmailAddress) -> bool {
        match self {
            Self::Off => false,
            Self::Everybody => true,
            Self::Domains(domains) => domains.contains(&address.domain()),
        }
    }

    /// The domains that are asked for, if it matters.
    pub fn domains(&self) -> &[String] {
        match self {
            Self::Off | Self::Everybody => &[],
            Self::Domains(domains) => domains,
        }
    }
}

/// A registration as a store keeps it, without the hash of its password. It signs nobody in and holds nothing: neither its
/// name nor its address is taken before its owner has shown that the address is theirs (S41).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// The identifier that the account will have.
    pub id: AccountId,
    /// The name that its owner chose to sign in with.
    pub username: Username,
    /// The address that its owner gave.
    pub email: EmailAddress,
    /// The name that apps will show.
    pub full_name: Option<FullName>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Registration {
    /// Whether it is too old to become an account.
    pub fn is_over(&self, now: Timestamp) -> bool {
        now >= self.created_at + REGISTRATION_KEPT
    }
}

/// A registration about to be made.
#[derive(Clone, Debug)]
pub struct NewRegistration {
    /// The registration.
    pub registration: Registration,
    /// The hash of its password.
    pub password: PasswordHash,
}

/// What came of making an account of a registration or of an invitation.
#[derive(Clone, Debug)]
pub enum Activated {
    /// It is one.
    Active(Box<Account>),
    /// Another account has the name. The registration or invitation stays.
    UsernameTaken,
    /// Another account has the address.
    EmailTaken,
    /// There is none, or not any more.
    Gone,
}

/// An invitation as a store keeps it, without its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Its name on the command line.
    pub id: InvitationId,
    /// Whom it was mailed to. The account will have this address.
    pub email: EmailAddress,
    /// The name to sign in with, if whoever invited has chosen it.
    pub username: Option<Username>,
    /// The name that apps will show, if it was given.
    pub full_name: Option<FullName>,
    /// What the account will belong to.
    pub groups: Vec<Group>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// An invitation about to be made.
#[derive(Clone, Debug)]
pub struct NewInvitation {
    /// The invitation.
    pub invitation: Invitation,
    /// What the token of its link hashes to.
    pub token: InvitationTokenHash,
}

/// What whoever is invited has chosen.
#[derive(Clone, Debug)]
pub struct Acceptance {
    /// The identifier that the account gets.
    pub id: AccountId,
    /// The name to sign in with, where the invitation leaves it open.
    pub username: Username,
    /// The name that apps show, where the invitation leaves it open.
    pub full_name: Option<FullName>,
    /// The hash of the password.
    pub password: PasswordHash,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_very_domains_may_register() {
        let rule = RegistrationRule::Domains(vec!["example.org".into()]);
        let allows = |address: &str| rule.allows(&address.parse().unwrap());
        assert!(allows("ada@example.org") && allows("ada@EXAMPLE.org"));
        for other in ["ada@sub.example.org", "ada@example.org.evil", "ada@anexample.org"] {
            assert!(!allows(other), "{other}");
        }
        assert!(!RegistrationRule::Off.allows(&"ada@example.org".parse().unwrap()));
    }
}

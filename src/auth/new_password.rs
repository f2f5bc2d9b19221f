//! A new password, before it is anybody's.

use std::sync::Arc;

use zeroize::Zeroizing;

use crate::domain::breach::{BreachedPasswords, OnFailure};
use crate::domain::password_rules::{NewPassword, Owner, PasswordFault, PasswordRules};

use super::Auth;
use super::password::Busy;

/// What a new password has to pass.
pub struct PasswordChecks {
    /// The rules of the site.
    pub rules: PasswordRules,
    /// The list of stolen passwords, if one is asked.
    pub breached: Option<Breached>,
}

/// The list of stolen passwords.
pub struct Breached {
    /// Who knows it.
    pub list: Arc<dyn BreachedPasswords>,
    /// What happens when it does not answer.
    pub on_failure: OnFailure,
}

impl Auth {
    /// Takes what was typed as a new password of `owner`, or says why not. Every new password comes by here, from pages
    /// and from the command line (R20, S42, S43). The rules take a turn of the hashing pool, for they cost some
    /// milliseconds too (S58).
    pub async fn new_password(
        &self,
        typed: Zeroizing<String>,
        owner: Owner,
    ) -> Result<Result<NewPassword, PasswordFault>, Busy> {
        let rules = self.passwords.rules.clone();
        let judged = self.hasher.judge(move || rules.accept(&typed, &owner)).await?;
        let accepted = match judged {
            Some(Ok(accepted)) => accepted,
            Some(Err(fault)) => return Ok(Err(fault)),
            None => return Ok(Err(PasswordFault::Unchecked)),
        };
        let Some(breached) = &self.passwords.breached else { return Ok(Ok(accepted)) };
        let known = breached.list.knows(accepted.as_password()).await;
        Ok(match (known, breached.on_failure) {
            (Ok(false), _) => Ok(accepted),
            (Ok(true), _) => Err(PasswordFault::Breached),
            (Err(error), on_failure) => {
                tracing::warn!(%error, "a new password was not looked up");
                match on_failure {
                    OnFailure::Allow => Ok(accepted),
                    OnFailure::Refuse => Err(PasswordFault::Unchecked),
                }
            }
        })
    }

    /// The fewest characters of a new password.
    pub fn min_password_length(&self) -> usize {
        self.passwords.rules.min_length()
    }
}

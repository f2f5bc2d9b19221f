//! E-mail addresses, as mail goes to them and as they are compared.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One mailbox: `local@domain`, ASCII, without quotes, comments or lists (S20, S21).
///
/// Kept as it was typed; compared by [`EmailAddress::key`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress(String);

/// Why a text is not a mailbox that doorward sends to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an e-mail address of the form name@example.com")]
pub struct NotAnEmailAddress;

impl EmailAddress {
    /// An address that no mail reaches (RFC 2606), for work that must look like somebody's.
    pub fn nobody() -> Self {
        Self("nobody@invalid".to_owned())
    }

    /// The address as it was typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form by which addresses are compared: ASCII lower case. Only ASCII is accepted, so no fold of
    /// another alphabet can make two people one (S27).
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// The domain, in lower case.
    pub fn domain(&self) -> String {
        self.0.rsplit('@').next().unwrap_or_default().to_ascii_lowercase()
    }

    /// Enough of the address for its owner to know it, and no more: `a•••@example.com`.
    pub fn masked(&self) -> String {
        mask(&self.0)
    }
}

/// The mask of an address, or of a name that was typed where an address could stand.
pub fn mask(typed: &str) -> String {
    let (local, domain) = typed.split_once('@').unwrap_or((typed, ""));
    let first: String = local.chars().take(1).collect();
    if domain.is_empty() {
        format!("{first}•••")
    } else {
        format!("{first}•••@{domain}")
    }
}

impl FromStr for EmailAddress {
    type Err = NotAnEmailAddress;

    fn from_str(text: &str) -> Result<Self, NotAnEmailAddress> {
        let (local, domain) = text.split_once('@').ok_or(NotAnEmailAddress)?;
        let well_formed = text.len() <= 254 && is_local_part(local) && is_domain(domain);
        if well_formed { Ok(Self(text.to_owned())) } else { Err(NotAnEmailAddress) }
    }
}

/// RFC 5321 section 4.1.2: a dot-string of at most 64 octets.
fn is_local_part(local: &str) -> bool {
    local.len() <= 64
        && local.split('.').all(|atom| {
            !atom.is_empty()
                && atom
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b))
        })
}

fn is_domain(domain: &str) -> bool {
    domain.len() <= 253
        && domain.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        })
}

impl TryFrom<String> for EmailAddress {
    type Error = NotAnEmailAddress;

    fn try_from(text: String) -> Result<Self, NotAnEmailAddress> {
        text.parse()
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> Self {
        address.0
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for EmailAddress {
    /// Logs carry no personal data: only the mask shows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EmailAddress({})", self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s20_s21_only_one_clean_mailbox_is_an_address() {
        for good in
            ["ada@example.org", "a.b+c@x.example", "o'brien@sub.example.co", "ada@localhost"]
        {
            assert!(good.parse::<EmailAddress>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "ada",
            "@x",
            "ada@",
            "a@b@c",
            "a@x,b@y",
            "a b@x",
            ".a@x",
            "a.@x",
            "a..b@x",
            "a@.x",
            "a@x.",
            "a@-x",
            "a@x\r\nBcc: b@y",
            "a\0@x",
            "mıke@x",
            "a@ex ample",
            "\"a\"@x",
            "a@[127.0.0.1]",
        ] {
            assert!(bad.parse::<EmailAddress>().is_err(), "{bad:?} was taken");
        }
    }

    #[test]
    fn s27_letter_case_is_no_difference() {
        let address: EmailAddress = "MIKE@X.example".parse().unwrap();
        assert_eq!(address.key(), "mike@x.example");
        assert_eq!(address.masked(), "M•••@X.example");
        assert_eq!(format!("{address:?}"), "EmailAddress(M•••@X.example)");
    }
}

//! Telephone numbers, and where text messages may go.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::quota::Rate;
use super::time::Timestamp;

/// A telephone number as E.164 writes it: `+` and 7 to 15 digits, the country's first.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PhoneNumber(String);

/// Why a text is not a telephone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a telephone number with + and the country's digits in front, such as +41 79 123 45 67"
)]
pub struct NotAPhoneNumber;

impl PhoneNumber {
    /// The number, `+` in front.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As pages show it: the first three characters, by which a country is known, and the last two digits.
    pub fn masked(&self) -> String {
        let digits = self.0.len();
        let first = self.0.get(..3).unwrap_or_default();
        let last = self.0.get(digits.saturating_sub(2)..).unwrap_or_default();
        format!("{first} ••• {last}")
    }
}

impl FromStr for PhoneNumber {
    type Err = NotAPhoneNumber;

    /// Takes what people write between the digits: spaces, dashes, dots, slashes and parentheses.
    fn from_str(typed: &str) -> Result<Self, NotAPhoneNumber> {
        if typed.len() > 64 {
            return Err(NotAPhoneNumber);
        }
        let rest = typed.trim().strip_prefix('+').ok_or(NotAPhoneNumber)?;
        let between = |c: char| matches!(c, ' ' | '-' | '.' | '/' | '(' | ')' | '\u{a0}');
        let digits: String = rest.chars().filter(|c| !between(*c)).collect();
        let is_one = (7..=15).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0');
        if is_one { Ok(Self(format!("+{digits}"))) } else { Err(NotAPhoneNumber) }
    }
}

impl TryFrom<String> for PhoneNumber {
    type Error = NotAPhoneNumber;

    fn try_from(text: String) -> Result<Self, NotAPhoneNumber> {
        text.parse()
    }
}

impl From<PhoneNumber> for String {
    fn from(number: PhoneNumber) -> Self {
        number.0
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PhoneNumber(…)")
    }
}

/// How the codes of sign-ins come to the owner of an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodesBy {
    /// By mail.
    #[default]
    Mail,
    /// By text message.
    Sms,
}

/// What was changed about the number of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PhoneChange {
    /// A number was given, in place of any other.
    Set,
    /// The number was taken away.
    Removed,
    /// Codes come by text message from now on.
    BySms,
    /// They come by mail again.
    ByMail,
}

impl PhoneChange {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Set, Self::Removed, Self::BySms, Self::ByMail];

    /// The name in templates.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::Removed => "removed",
            Self::BySms => "by-sms",
            Self::ByMail => "by-mail",
        }
    }
}

/// The number of an account, which its owner has shown to be theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phone {
    /// The number.
    pub number: PhoneNumber,
    /// How the codes of sign-ins come.
    pub codes_by: CodesBy,
    /// When it was shown to be theirs.
    pub verified_at: Timestamp,
}

/// What operators say of text messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmsRule {
    /// Where they may go.
    pub prefixes: Vec<PrefixRule>,
    /// How long their codes work.
    pub lifetime: Duration,
    /// Whether people may have the codes of their sign-ins come so.
    pub second_step: bool,
    /// Whether the number of somebody who wants that is enough to have a code sent, without a password.
    pub number_alone: bool,
}

/// Numbers that begin so may get text messages, so many a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrefixRule {
    prefix: String,
    /// How many.
    pub cap: Rate,
}

/// Why a text is not the beginning of telephone numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the beginning of telephone numbers, such as +41 or +1415")]
pub struct NotAPrefix;

impl PrefixRule {
    /// The rule of numbers that begin with `prefix`, `+` in front.
    pub fn new(prefix: &str, cap: Rate) -> Result<Self, NotAPrefix> {
        let digits = prefix.strip_prefix('+').ok_or(NotAPrefix)?;
        let is_one = (1..=15).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0');
        if is_one { Ok(Self { prefix: prefix.to_owned(), cap }) } else { Err(NotAPrefix) }
    }

    /// The beginning, `+` in front.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }
}

/// The rule of `number`: that with the longest beginning. Without one it gets nothing.
pub fn rule_of<'a>(rules: &'a [PrefixRule], number: &PhoneNumber) -> Option<&'a PrefixRule> {
    let own = rules.iter().filter(|rule| number.0.starts_with(&rule.prefix));
    own.max_by_key(|rule| rule.prefix.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_people_write_it_and_kept_as_e164() {
        for typed in ["+41791234567", " +41 79 123 45 67", "+41 (79) 123-45.67", "+41/79/1234567"] {
            assert_eq!(typed.parse::<PhoneNumber>().unwrap().as_str(), "+41791234567", "{typed}");
        }
        for bad in [
            "",
            "+",
            "0791234567",
            "0041791234567",
            "+0791234567",
            "+41",
            "+123456",
            "+1234567890123456",
            "+41 79 123 45 67 x",
            "+41791234567\r\nTo: x",
            "+４１791234567",
            "+41;79123",
            "++41791234567",
        ] {
            assert!(bad.parse::<PhoneNumber>().is_err(), "{bad:?}");
        }
        assert!(format!("+{}", "1".repeat(70)).parse::<PhoneNumber>().is_err());
    }

    #[test]
    fn s12_a_number_is_masked_and_does_not_print() {
        let number: PhoneNumber = "+41791234567".parse().unwrap();
        assert_eq!(number.masked(), "+41 ••• 67");
        assert_eq!(format!("{number:?}"), "PhoneNumber(…)");
    }

    #[test]
    fn the_longest_beginning_decides_and_none_is_nothing() {
        let rule = |prefix, cap: &str| PrefixRule::new(prefix, cap.parse().unwrap()).unwrap();
        let rules = [rule("+1", "100/1d"), rule("+1868", "1/1d"), rule("+41", "50/1d")];
        let prefix =
            |number: &str| rule_of(&rules, &number.parse().unwrap()).map(PrefixRule::prefix);
        assert_eq!(prefix("+14155550100"), Some("+1"));
        assert_eq!(prefix("+18685550100"), Some("+1868"));
        assert_eq!(prefix("+41791234567"), Some("+41"));
        assert_eq!(prefix("+882123456789"), None);
        for bad in ["", "+", "41", "+0", "+41x", "+1234567890123456"] {
            assert!(PrefixRule::new(bad, "1/1d".parse().unwrap()).is_err(), "{bad}");
        }
    }
}

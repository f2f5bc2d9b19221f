//! Which passwords are taken for new ones (R20, S42, S43).
//!
//! Length decides, and no kind of character is asked for (ASVS 6.2.5). A password is kept as it was typed: every
//! character counts, spaces at its ends too, and nothing is normalised, so that what is typed is what is compared.

use std::fmt;

use zxcvbn::Score;

use super::account::{Account, FullName, Username};
use super::email::EmailAddress;
use super::secret::Password;

/// The fewest characters that an operator may ask for: less falls to guessing even with hashes as slow as these.
pub const LEAST_MIN_LENGTH: usize = 8;
/// The fewest characters that are asked for where the operator says nothing.
pub const DEFAULT_MIN_LENGTH: usize = 12;

/// The characters that have to be left of a password without the names in it.
const LEFT: usize = 8;
/// The characters that are looked at in one piece for what is guessed early.
const LOOKED_AT: usize = 24;
/// The shortest part of a name that is looked for; shorter ones stand in too many words.
const SHORTEST_PART: usize = 3;

/// The rules of a site.
#[derive(Clone, Debug)]
pub struct PasswordRules {
    min_length: usize,
    site_name: String,
}

/// Whose password it is to be, as far as that is known.
#[derive(Clone, Debug, Default)]
pub struct Owner {
    /// The name to sign in with.
    pub username: Option<Username>,
    /// The e-mail address.
    pub email: Option<EmailAddress>,
    /// The full name.
    pub full_name: Option<FullName>,
}

impl From<&Account> for Owner {
    fn from(account: &Account) -> Self {
        Self {
            username: Some(account.username.clone()),
            email: Some(account.email.clone()),
            full_name: account.full_name.clone(),
        }
    }
}

/// A password that keeps the rules. Only they make one.
#[derive(Clone, Debug)]
pub struct NewPassword(Password);

impl NewPassword {
    /// The password, for hashing.
    pub fn into_password(self) -> Password {
        self.0
    }

    /// The same, to look at.
    pub const fn as_password(&self) -> &Password {
        &self.0
    }
}

/// Why a password is not taken: the first reason found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordFault {
    /// It has too few characters.
    TooShort {
        /// The fewest that it may have.
        least: usize,
    },
    /// It has too many bytes.
    TooLong {
        /// The most that it may have.
        most_bytes: usize,
    },
    /// It has nothing but digits, and what stands between digits in dates and telephone numbers.
    OnlyDigits,
    /// It is little more than the username.
    LikeUsername,
    /// It is little more than the e-mail address.
    LikeEmail,
    /// It is little more than the full name.
    LikeFullName,
    /// It is little more than the name of the site.
    LikeSiteName,
    /// It is among the first that anybody tries: a common password, a run of keys, a repetition, a date.
    Common,
    /// It is in a list of passwords that were stolen elsewhere.
    Breached,
    /// Whether it is in such a list could not be asked, and the operator wants it asked.
    Unchecked,
}

impl PasswordFault {
    /// The word for it, in keys of texts and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TooShort { .. } => "too-short",
            Self::TooLong { .. } => "too-long",
            Self::OnlyDigits => "only-digits",
            Self::LikeUsername => "like-username",
            Self::LikeEmail => "like-email",
            Self::LikeFullName => "like-full-name",
            Self::LikeSiteName => "like-site-name",
            Self::Common => "common",
            Self::Breached => "breached",
            Self::Unchecked => "unchecked",
        }
    }
}

/// The reason for an operator at a terminal; pages have words of their own.
impl fmt::Display for PasswordFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort { least } => write!(f, "a password has at least {least} characters"),
            Self::TooLong { most_bytes } => write!(f, "a password has at most {most_bytes} bytes"),
            Self::OnlyDigits => f.write_str("a password of digits alone is guessed quickly"),
            Self::LikeUsername => f.write_str("the password is too much like the username"),
            Self::LikeEmail => f.write_str("the password is too much like the e-mail address"),
            Self::LikeFullName => f.write_str("the password is too much like the full name"),
            Self::LikeSiteName => f.write_str("the password is too much like the site's name"),
            Self::Common => f.write_str("the password is among the first that anybody tries"),
            Self::Breached => f.write_str("the password was stolen elsewhere and is on a list"),
            Self::Unchecked => {
                f.write_str("the list of stolen passwords does not answer; try again in a while")
            }
        }
    }
}

impl PasswordRules {
    /// Rules that ask for `min_length` characters, [`LEAST_MIN_LENGTH`] at least.
    pub fn new(min_length: usize, site_name: String) -> Self {
        Self { min_length: min_length.max(LEAST_MIN_LENGTH), site_name }
    }

    /// The fewest characters that a password may have.
    pub const fn min_length(&self) -> usize {
        self.min_length
    }

    /// Takes what was typed as the new password of `owner`, or says why not. Takes some milliseconds.
    pub fn accept(&self, typed: &str, owner: &Owner) -> Result<NewPassword, PasswordFault> {
        let too_short = PasswordFault::TooShort { least: self.min_length };
        if typed.is_empty() {
            return Err(too_short);
        }
        let too_long = PasswordFault::TooLong { most_bytes: Password::MAX_BYTES };
        let password = Password::new(typed.to_owned()).ok_or(too_long)?;
        let text = password.expose();
        if text.chars().count() < self.min_length {
            return Err(too_short);
        }
        if is_digits(text) {
            return Err(PasswordFault::OnlyDigits);
        }
        let names = self.names(owner);
        if let Some(fault) = likeness(text, &names) {
            return Err(fault);
        }
        if is_guessed_early(text, &names) {
            return Err(PasswordFault::Common);
        }
        Ok(NewPassword(password))
    }

    /// Every name that a password may be like, and what it is like then.
    fn names(&self, owner: &Owner) -> Vec<(PasswordFault, String)> {
        let email = owner.email.as_ref().map(EmailAddress::as_str).unwrap_or_default();
        let (mailbox, domain) = email.split_once('@').unwrap_or_default();
        let provider = domain.rsplit_once('.').map_or(domain, |(name, _)| name);
        let username = owner.username.as_ref().map(Username::as_str).unwrap_or_default();
        let full_name = owner.full_name.as_ref().map(FullName::as_str).unwrap_or_default();
        [
            (PasswordFault::LikeUsername, username),
            (PasswordFault::LikeFullName, full_name),
            (PasswordFault::LikeEmail, email),
            (PasswordFault::LikeEmail, mailbox),
            (PasswordFault::LikeEmail, provider),
            (PasswordFault::LikeSiteName, &self.site_name),
        ]
        .into_iter()
        .flat_map(|(fault, name)| {
            let parts = name.split(|c: char| !c.is_alphanumeric());
            std::iter::once(name).chain(parts).map(move |part| (fault, part.to_owned()))
        })
        .collect()
    }
}

fn is_digits(text: &str) -> bool {
    text.chars().all(|c| c.is_numeric() || c.is_whitespace() || "-./:+()".contains(c))
        && text.chars().any(char::is_numeric)
}

/// What the password is like: the longest of the names in it, if too little is left without them. Letter case,
/// punctuation and digits that stand for letters make no difference, and neither does writing backwards.
fn likeness(password: &str, names: &[(PasswordFault, String)]) -> Option<PasswordFault> {
    let mut left = folded(password);
    let mut parts: Vec<(PasswordFault, String)> = names
        .iter()
        .map(|(fault, name)| (*fault, folded(name)))
        .filter(|(_, part)| part.chars().count() >= SHORTEST_PART)
        .collect();
    // Stable: of names of one length the first in the list gives the reason.
    parts.sort_by_key(|(_, part)| std::cmp::Reverse(part.chars().count()));
    let mut like = None;
    for (fault, part) in &parts {
        let backwards: String = part.chars().rev().collect();
        for form in [part, &backwards] {
            if left.contains(form.as_str()) {
                left = left.replace(form.as_str(), "");
                like = like.or(Some(*fault));
            }
        }
    }
    like.filter(|_| left.chars().count() < LEFT)
}

/// Letters and digits in one case, those that look alike made one.
fn folded(text: &str) -> String {
    let lower = text.chars().flat_map(char::to_lowercase);
    lower.map(looks_like).filter(|c| c.is_alphanumeric()).collect()
}

const fn looks_like(c: char) -> char {
    match c {
        '4' | '@' => 'a',
        '3' => 'e',
        '1' | '!' | '|' | 'l' => 'i',
        '0' => 'o',
        '5' | '$' => 's',
        '7' | '+' => 't',
        other => other,
    }
}

/// Whether fewer than 10^8 guesses find it, by zxcvbn's model of how people make passwords and others guess them (its
/// score 3): a bare list would have none of `password1234`, `qwertyuiop[]`, `abcabcabcabc` and `11.12.2013ab`.
///
/// Its work grows with more than the square of the length, to seconds where anybody may ask for it, so it sees the beginning and
/// the end alone: a part that takes that many guesses is enough, for the whole takes more.
fn is_guessed_early(password: &str, names: &[(PasswordFault, String)]) -> bool {
    let names: Vec<&str> = names.iter().map(|(_, name)| name.as_str()).collect();
    let weak = |part: String| zxcvbn::zxcvbn(&part, &names).score() < Score::Three;
    let from_the_end: Vec<char> = password.chars().rev().take(LOOKED_AT).collect();
    weak(password.chars().take(LOOKED_AT).collect())
        && weak(from_the_end.into_iter().rev().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> PasswordRules {
        PasswordRules::new(DEFAULT_MIN_LENGTH, "Example Wiki".to_owned())
    }

    fn ada() -> Owner {
        Owner {
            username: "countess.ada".parse().ok(),
            email: "a.byron@ockham.example".parse().ok(),
            full_name: "Ada King Lovelace".parse().ok(),
        }
    }

    #[track_caller]
    fn refused(typed: &str, expected: PasswordFault) {
        let fault = rules().accept(typed, &ada()).err();
        assert_eq!(fault, Some(expected), "{typed:?}");
    }

    #[track_caller]
    fn taken(typed: &str) {
        let accepted = rules().accept(typed, &ada());
        let accepted = accepted.unwrap_or_else(|fault| panic!("{typed:?} was refused: {fault}"));
        assert_eq!(accepted.as_password().expose(), typed, "it is kept as it was typed");
    }

    #[test]
    fn s42_length_is_counted_in_characters_and_64_of_them_and_more_are_taken() {
        let least = DEFAULT_MIN_LENGTH;
        refused("", PasswordFault::TooShort { least });
        refused("dwmxqzk blo", PasswordFault::TooShort { least });
        taken("dwmxqzk blot");
        taken("Fünf öde Äpf");
        taken("钥匙放在门外的红色花盆下");
        let sixty_four: String =
            "violet tram under nine quiet harbours ".chars().cycle().take(64).collect();
        taken(&sixty_four);
        taken(&sixty_four.repeat(16));
        refused(
            &format!("{}x", sixty_four.repeat(16)),
            PasswordFault::TooLong { most_bytes: 1024 },
        );
    }

    #[test]
    fn spaces_and_marks_are_kept_as_they_were_typed() {
        taken("  violet tram, nine harbours ");
        taken("e\u{301}tude pour neuf harpes");
    }

    #[test]
    fn s43_digits_alone_are_refused() {
        for digits in ["835102947361", "0049 30 901820 4471", "+49 (30) 901820-44", "٣٨٢٩١٠٤٧٥٦٢٨"]
        {
            refused(digits, PasswordFault::OnlyDigits);
        }
    }

    #[test]
    fn s43_what_is_like_a_name_is_refused_with_the_name() {
        refused("Countess.Ada1", PasswordFault::LikeUsername);
        refused("c0unte55-ada!", PasswordFault::LikeUsername);
        refused("ada.ssetnuoc.99", PasswordFault::LikeUsername);
        refused("Lovelace 1843!", PasswordFault::LikeFullName);
        refused("l0vel4ceL0VEL4CE", PasswordFault::LikeFullName);
        refused("ecalevol ecalevol", PasswordFault::LikeFullName);
        refused("a.byron@ockham.example", PasswordFault::LikeEmail);
        refused("my-ockham-byron", PasswordFault::LikeEmail);
        refused("ExampleWiki2026", PasswordFault::LikeSiteName);
        refused("our example wiki", PasswordFault::LikeSiteName);
    }

    #[test]
    fn a_name_in_a_long_password_is_no_likeness() {
        taken("lovelace under nine quiet harbours");
        taken("canada: violet trams");
    }

    #[test]
    fn s43_what_anybody_tries_first_is_refused() {
        for common in [
            "password1234",
            "Password1234!",
            "P@ssw0rd1234",
            "qwertyuiop[]",
            "1qaz2wsx3edc",
            "aaaaaaaaaaaaaaaa",
            "abcabcabcabc",
            "abcdefghijkl",
            "iloveyou1234",
            "letmeinletmein",
            "            ",
            "11.12.2013ab",
            "unbelievable",
        ] {
            refused(common, PasswordFault::Common);
        }
    }

    #[test]
    fn s58_the_most_laborious_passwords_are_judged_in_no_time() {
        let laborious = "4@8({[<3690!1|75+$%2".repeat(51);
        let began = std::time::Instant::now();
        assert!(rules().accept(&laborious, &ada()).is_ok());
        assert!(rules().accept(&"p4$$w0rd!1|7".repeat(80), &ada()).is_err());
        // A whole look at the first took 8 seconds in a build like that of tests.
        assert!(began.elapsed() < std::time::Duration::from_secs(3), "{:?}", began.elapsed());
    }

    #[test]
    fn a_weak_beginning_or_end_does_no_harm_to_the_rest() {
        taken("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa violet tram, nine harbours");
        taken("violet tram, nine harbours aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    }

    #[test]
    fn an_operator_may_ask_for_more_or_less_but_never_for_less_than_eight() {
        let of = |least: usize| PasswordRules::new(least, String::new()).min_length();
        assert_eq!((of(20), of(8), of(7), of(0)), (20, 8, 8, 8));
    }
}

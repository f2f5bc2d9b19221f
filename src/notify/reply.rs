//! What a mail server's refusal means for the mail, and how it is told without telling whose mail it was.

use std::error::Error;
use std::time::Duration;

use lettre::transport::smtp::Error as SmtpError;

use super::transport::DeliveryError;
use crate::domain::email::EmailAddress;

/// A step of the conversation with a mail server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Reaching it, TLS, its greeting.
    Connect,
    /// Our password.
    SignIn,
    /// `MAIL FROM`.
    Sender,
    /// `RCPT TO`.
    Recipient,
    /// `DATA` and the mail itself.
    Content,
}

impl Step {
    const fn in_words(self) -> &'static str {
        match self {
            Self::Connect => "connecting to the mail server",
            Self::SignIn => "signing in to the mail server",
            Self::Sender => "naming the sender",
            Self::Recipient => "naming the recipient",
            Self::Content => "handing over the mail",
        }
    }
}

/// What `error` at `step` means for the mail to `to`.
///
/// A 5xx to the recipient or the mail is final (RFC 5321 section 4.2.1). A 5xx to anything before is about us: our
/// certificate store, password or sender. The operator is to hear of it, and the mail waits.
pub(super) fn failure(step: Step, error: &SmtpError, to: &EmailAddress) -> DeliveryError {
    let said = error.source().map(ToString::to_string).unwrap_or_default();
    let said = without_people(&said, to);
    let doing = step.in_words();
    let Some(code) = error.status() else {
        return if is_tls(error) || error.is_client() {
            DeliveryError::Misconfigured(format!("{doing}: {said}"))
        } else {
            DeliveryError::Transient(format!("{doing}: {said}"))
        };
    };
    // A server may echo what it did not understand, and while signing in that is the password.
    let said = if step == Step::SignIn { String::new() } else { said };
    let text = format!("{doing}: {code} {said}").trim_end().to_owned();
    if error.is_transient() {
        DeliveryError::Transient(text)
    } else if matches!(step, Step::Recipient | Step::Content) && !asks_to_sign_in(code.into()) {
        DeliveryError::Permanent(text)
    } else {
        DeliveryError::Misconfigured(text)
    }
}

/// A step took longer than it may.
pub(super) fn too_slow(step: Step, limit: Duration) -> DeliveryError {
    DeliveryError::Transient(format!("{} took longer than {limit:?}", step.in_words()))
}

/// RFC 4954 section 6, and 530 of RFC 3207: authentication or TLS is missing or too weak.
const fn asks_to_sign_in(code: u16) -> bool {
    matches!(code, 530 | 534 | 535 | 538)
}

/// Whether TLS itself failed: a certificate that is not trusted, or for another host.
fn is_tls(error: &SmtpError) -> bool {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(found) = cause {
        let inside = found
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref)
            .is_some_and(|inner| inner.is::<rustls::Error>());
        if inside || found.is::<rustls::Error>() {
            return true;
        }
        cause = found.source();
    }
    error.is_tls()
}

/// What a server said, fit for a log: no address, no local part of the recipient's, nothing that could be a code, no
/// line breaks, and not long.
fn without_people(said: &str, to: &EmailAddress) -> String {
    const LONGEST: usize = 200;
    let local = to.as_str().split('@').next().unwrap_or_default();
    let is_personal = |word: &str| {
        let core = word.trim_matches(|c: char| !c.is_alphanumeric());
        word.contains('@')
            || core.eq_ignore_ascii_case(local)
            || word.split(|c: char| !c.is_ascii_digit()).any(|digits| digits.len() >= 6)
    };
    let words = said.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty());
    let clean: Vec<&str> = words.map(|w| if is_personal(w) { "•••" } else { w }).collect();
    clean.join(" ").chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s12_a_servers_words_are_told_without_whose_mail_it_was() {
        let to = "Ada.L@example.org".parse().unwrap();
        for (said, told) in [
            ("5.1.1 <ada.l@example.org>: unknown", "5.1.1 ••• unknown"),
            ("mailbox \"ada.l\" is full", "mailbox ••• is full"),
            ("rejected body: 048213", "rejected body: •••"),
            ("a\r\nb\0c", "a b c"),
            ("4.7.1 Try again later", "4.7.1 Try again later"),
        ] {
            assert_eq!(without_people(said, &to), told);
        }
        assert_eq!(without_people(&"x ".repeat(9999), &to).len(), 200);
    }
}

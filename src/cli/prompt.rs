//! Reading a password.

use std::io::{BufRead, IsTerminal};

use zeroize::Zeroizing;

use super::Failure;
use crate::domain::secret::Password;

/// The fewest characters of a new password (R20).
const MIN_CHARACTERS: usize = 12;

/// The first line of standard input, as a new password.
pub(super) fn new_password() -> Result<Password, Failure> {
    if std::io::stdin().is_terminal() {
        return Err(Failure::Usage(
            "--password-stdin reads the password from a pipe: printf '%s' \"$PASSWORD\" | doorward …".into(),
        ));
    }
    let mut line = Zeroizing::new(String::new());
    std::io::stdin().lock().read_line(&mut line)?;
    let text = line.trim_end_matches(['\r', '\n']);
    if text.chars().count() < MIN_CHARACTERS {
        return Err(Failure::Refused(format!(
            "a password has at least {MIN_CHARACTERS} characters"
        )));
    }
    Password::new(text.to_owned()).ok_or_else(|| {
        Failure::Refused(format!("a password has at most {} bytes", Password::MAX_BYTES))
    })
}
